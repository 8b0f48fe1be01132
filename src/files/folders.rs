//! A folder that jalon.toml names and that is not there: which line names it, and which one may be meant.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::diagnostic::{Problem, Words, nearest, say};
use crate::settings::place::place;

/// What is wrong with a folder, at the line of jalon.toml (its text) that names it by this key.
pub(super) fn trouble(config: &Path, dir: &Path, key: &str, text: &str) -> Option<Problem> {
    let (fr, en) = if key == "postings" { ("des fiches", "postings") } else { ("des modèles", "templates") };
    let shown = dir.display();
    let (sentence, remedy) = match fs::metadata(dir) {
        Ok(about) if about.is_dir() => return None,
        Ok(_) => (
            say(
                format!("le dossier {fr} serait {shown}, qui est un fichier"),
                format!("the folder of {en} would be {shown}, which is a file"),
            ),
            near(dir, key).unwrap_or_else(|| name_it(key)),
        ),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => (
            say(
                format!("le dossier {fr} n'existe pas\u{a0}: {shown}"),
                format!("the folder of {en} does not exist: {shown}"),
            ),
            near(dir, key).unwrap_or_else(|| {
                if dir.ends_with(key) {
                    return say("créez ce dossier", "make this folder");
                }
                say(
                    format!("créez ce dossier, ou nommez le bon\u{a0}: {key} = \"{key}\""),
                    format!("make this folder, or name the right one: {key} = \"{key}\""),
                )
            }),
        ),
        // Whoever lists it says what is wrong.
        Err(_) => return None,
    };
    let jalon_toml = config.join("jalon.toml").display().to_string();
    let problem = Problem::error("unreadable-folder", jalon_toml, sentence).remedy(remedy);
    Some(match place(text, None, key) {
        Some(place) => problem.at(place),
        None => problem,
    })
}

fn name_it(key: &str) -> Words {
    say(format!("nommez un dossier\u{a0}: {key} = \"{key}\""), format!("name a folder: {key} = \"{key}\""))
}

/// The folder beside it that is called nearly the same, or as folders of its kind are.
fn near(dir: &Path, key: &str) -> Option<Words> {
    let wanted = dir.file_name()?.to_string_lossy().into_owned();
    let beside =
        fs::read_dir(dir.parent()?).ok()?.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
    let beside: Vec<String> = beside.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let names = || beside.iter().map(String::as_str).filter(|name| *name != wanted);
    let name = nearest(&wanted, names()).or_else(|| names().find(|name| *name == key))?;
    Some(say(
        format!("vouliez-vous dire {key} = \"{name}\"\u{a0}?"),
        format!("did you mean {key} = \"{name}\"?"),
    ))
}
