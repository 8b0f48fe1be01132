//! What people do: the steps of script.toml, whose head explains them.

use std::fs;
use std::path::Path;

use chrono::NaiveDateTime;
use toml::{Table, Value};

use crate::moment;

/// What happens to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    Cut,
    On,
    Cycle,
}

/// One moment of the year.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// In Paris.
    pub(crate) at: NaiveDateTime,
    what: String,
    folder: Option<String>,
    delete: Vec<String>,
    rename: Vec<Vec<String>>,
    write: Vec<(String, String)>,
    replace: Vec<Vec<String>>,
    pub(crate) relay_down: Option<bool>,
    pub(crate) refuse: Option<Vec<String>>,
    pub(crate) power: Option<Power>,
}

/// Reads the script. The first step sets jalon up, and starts it.
pub(crate) fn script(text: &str) -> Vec<Step> {
    let script: Table = text.parse().unwrap();
    let mut steps: Vec<Step> = script["step"].as_array().unwrap().iter().map(step).collect();
    assert!(steps.is_sorted_by_key(|step| step.at), "the steps stand in order");
    steps.first_mut().unwrap().power = Some(Power::On);
    steps
}

fn step(value: &Value) -> Step {
    let mut step = Step::default();
    for (key, value) in value.as_table().unwrap() {
        match (key.as_str(), value.as_str()) {
            ("at", _) => step.at = moment(&value.as_datetime().unwrap().to_string()),
            ("what", Some(text)) => text.clone_into(&mut step.what),
            ("folder", Some(text)) => step.folder = Some(text.to_owned()),
            ("relay", Some(text)) => step.relay_down = Some(text == "down"),
            ("power", Some("cut")) => step.power = Some(Power::Cut),
            ("power", Some("on")) => step.power = Some(Power::On),
            ("power", Some("cycle")) => step.power = Some(Power::Cycle),
            ("delete", _) => step.delete = texts(value),
            ("refuse", _) => step.refuse = Some(texts(value)),
            ("rename", _) => step.rename = value.as_array().unwrap().iter().map(texts).collect(),
            ("replace", _) => step.replace = value.as_array().unwrap().iter().map(texts).collect(),
            ("write", _) => {
                let files = value.as_table().unwrap().iter();
                step.write =
                    files.map(|(path, text)| (path.clone(), text.as_str().unwrap().to_owned())).collect();
            }
            _ => panic!("a step knows no {key} = {value:?}"),
        }
    }
    assert!(!step.what.is_empty(), "{}: what happens?", step.at);
    step
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

impl Step {
    /// Does the edit, in the folder that holds `config/`; what is taken away for a while is kept in `aside/`.
    pub(crate) fn edit(&self, root: &Path) {
        let (config, aside) = (root.join("config"), root.join("aside"));
        let postings = config.join("postings");
        match self.folder.as_deref() {
            Some("empty") => fs::rename(&postings, &aside).and_then(|()| fs::create_dir(&postings)).unwrap(),
            Some("restore") => {
                fs::remove_dir(&postings).and_then(|()| fs::rename(&aside, &postings)).unwrap();
            }
            Some(other) => panic!("{}: a folder knows no {other}", self.at),
            None => {}
        }
        for path in &self.delete {
            fs::remove_file(config.join(path)).unwrap();
        }
        for pair in &self.rename {
            fs::rename(config.join(&pair[0]), config.join(&pair[1])).unwrap();
        }
        for (path, text) in &self.write {
            let path = config.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        for change in &self.replace {
            let [path, old, new] = &change[..] else { panic!("{}: path, old, new", self.at) };
            let path = config.join(path);
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(text.matches(old).count(), 1, "{}: {old:?} must be there once:\n{text}", self.at);
            fs::write(path, text.replacen(old, new, 1)).unwrap();
        }
    }
}
