//! Pure. Who speaks in a mail: French, English, or a folder of templates for any other language.

use super::Templates;
use super::english::English;
use super::french::French;
use super::spoken::Speaker;
use super::tongue::Tongue;
use crate::calendar::Language;
use crate::diagnostic::Problem;

/// Whoever words one mail, or one calendar.
#[derive(Debug)]
pub struct Voice<'a>(Who<'a>);

#[derive(Debug)]
enum Who<'a> {
    French(French),
    English(English),
    Folder(Speaker<'a>),
}

impl Voice<'static> {
    /// That of a language that jalon speaks itself; English for any other.
    #[must_use]
    pub fn of(language: Language) -> Self {
        Self(match language {
            Language::French => Who::French(French),
            Language::English | Language::Other(_) => Who::English(English),
        })
    }
}

impl Voice<'_> {
    /// The language that is spoken.
    #[must_use]
    pub fn language(&self) -> Language {
        self.tongue().language()
    }

    pub(super) fn tongue(&self) -> &dyn Tongue {
        match &self.0 {
            Who::French(tongue) => tongue,
            Who::English(tongue) => tongue,
            Who::Folder(tongue) => tongue,
        }
    }

    /// What went wrong with the words of a folder since it speaks: something was left out then.
    #[must_use]
    pub fn fault(&self) -> Option<Problem> {
        match &self.0 {
            Who::French(_) | Who::English(_) => None,
            Who::Folder(speaker) => speaker.fault(),
        }
    }
}

impl Templates {
    /// Whoever speaks a language here; English where nobody does.
    #[must_use]
    pub fn voice(&self, language: Language) -> Voice<'_> {
        match self.words.get(&language) {
            Some(words) => Voice(Who::Folder(words.speaker())),
            None => Voice::of(language),
        }
    }

    /// What is said in a language; what jalon says itself where the words of a folder fail.
    pub fn speak<T>(&self, language: Language, say: impl Fn(&Voice<'_>) -> T) -> T {
        let voice = self.voice(language);
        let said = say(&voice);
        if voice.fault().is_none() { said } else { say(&Voice::of(language)) }
    }
}
