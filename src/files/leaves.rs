//! Postings read leaf by leaf: each text is read and looked through as ever, and then let go. The daemon follows ten
//! thousand postings so, and asks for a text again when it has to do with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::kept::Kept;
use super::{Keep, Loaded, files_of_postings, folders, load_by_keeping, load_keeping, read, text_of};
use crate::calendar::read::{Folder, Leaf, Text, fingerprint, folder};
use crate::calendar::{House, Posting};
use crate::diagnostic::Problem;
use crate::settings::Settings;

/// As [`load`](super::load), leaf by leaf. Of files that look as they did when others were `before`, under the same
/// jalon.toml, what was seen then is taken over.
#[must_use]
pub fn load(config: &Path, before: Option<&Loaded>) -> Loaded {
    load_keeping(config, Keep::Leaves(before))
}

/// As [`load_by`](super::load_by), likewise.
#[must_use]
pub fn load_by(config: &Path, kept: &Kept, before: Option<&Loaded>) -> Option<Loaded> {
    load_by_keeping(config, kept, Keep::Leaves(before))
}

/// The codes of what is wrong between files.
const BETWEEN: [&str; 2] = ["id-twice", "same-posting"];

impl Loaded {
    pub(super) fn read_leaves(&mut self, config: &Path, settings: &Settings, before: Option<&Loaded>) {
        self.lean = true;
        let dir = config.join(&settings.postings);
        if let Some(problem) = folders::trouble(config, &dir, "postings", &self.text) {
            self.problems.push(problem);
            return;
        }
        let house = &settings.house;
        let mut seen = Before::of(before.filter(|before| before.lean && before.text == self.text));
        let mut folder = Folder::default();
        for path in files_of_postings(&dir, self, &house.accept) {
            let file = path.display().to_string();
            let as_before =
                seen.leaf(&file).filter(|_| seen.loaded.is_some_and(|b| self.looks.same(&path, &b.looks)));
            if let Some(leaf) = as_before {
                folder.leaves.push(leaf.clone());
                folder.problems.extend(seen.problems.remove(file.as_str()).into_iter().flatten().cloned());
            } else {
                folder.add(&text_of(&path), house);
            }
        }
        let common = folder.in_common();
        if !common.is_empty() {
            let texts: Vec<Text> = common.iter().map(|file| text_of(Path::new(file))).collect();
            folder.join(&common, super::folder(&texts, house));
        }
        folder.postings.clear();
        self.folder = folder;
    }

    /// The text of a file, as it was when its leaf was seen; none when it was written since.
    #[must_use]
    pub fn text(&self, leaf: &Leaf) -> Option<String> {
        let text = match self.texts.iter().find(|text| text.file == leaf.file) {
            Some(text) => text.contents.clone(),
            None => read(Path::new(&leaf.file)),
        };
        text.ok().filter(|text| fingerprint(text) == leaf.text)
    }

    /// The postings as another house reads them, with their texts: all at once.
    #[must_use]
    pub fn by_house(&self, house: &House) -> (Folder, Vec<Text>) {
        if !self.lean {
            return (folder(&self.texts, house), self.texts.clone());
        }
        let there = self.folder.leaves.iter().map(|leaf| &leaf.file);
        let files: BTreeSet<&String> =
            there.chain(self.folder.broken.iter().map(|broken| &broken.file)).collect();
        let texts: Vec<Text> = files.into_iter().map(|file| text_of(Path::new(file))).collect();
        (folder(&texts, house), texts)
    }

    /// The postings that can be used, read again where they were not kept.
    #[must_use]
    pub fn postings(&self) -> Vec<Posting> {
        match &self.settings {
            Some(settings) if self.lean => self.by_house(&settings.house).0.postings,
            _ => self.folder.postings.clone(),
        }
    }
}

/// What was seen before.
struct Before<'a> {
    loaded: Option<&'a Loaded>,
    leaves: BTreeMap<&'a str, &'a Leaf>,
    problems: BTreeMap<&'a str, Vec<&'a Problem>>,
}

impl<'a> Before<'a> {
    fn of(loaded: Option<&'a Loaded>) -> Self {
        let mut before = Self { loaded, leaves: BTreeMap::new(), problems: BTreeMap::new() };
        let Some(loaded) = loaded else { return before };
        before.leaves = loaded.folder.leaves.iter().map(|leaf| (leaf.file.as_str(), leaf)).collect();
        for problem in loaded.problems.iter().filter(|problem| !BETWEEN.contains(&problem.code)) {
            before.problems.entry(&problem.file).or_default().push(problem);
        }
        before
    }

    fn leaf(&self, file: &str) -> Option<&'a Leaf> {
        self.leaves.get(file).copied()
    }
}
