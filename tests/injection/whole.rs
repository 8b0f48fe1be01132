//! The whole way, by the real binary: hostile postings that the reader accepts, rehearsed, and every file read again.

use std::fs;
use std::process::Command;

use super::*;

#[test]
fn what_the_reader_accepts_leaves_as_a_mail_of_one_recipient() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    fs::create_dir_all(config.join("postings")).unwrap();
    let house = "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\n[mail]\nfrom = \"R, H <r@example.org>\"\n[people.zoe]\nname = \"Zoé, ou \\\"Z\\\" =?utf-8?q?=2C?=\"\nemail = \"zoe@example.org\"\n";
    fs::write(config.join("jalon.toml"), house).unwrap();
    for (n, trick) in hostile::TRICKS.iter().enumerate() {
        // What TOML itself cannot hold is escaped; what the reader refuses changes nothing.
        let text: String = trick
            .chars()
            .flat_map(|c| {
                if c.is_control() {
                    c.to_string().replace(c, " ").chars().collect::<Vec<_>>()
                } else {
                    vec![c]
                }
            })
            .collect();
        let toml = format!("'''x {} x'''", text.replace("'''", "''"));
        let posting = format!(
            "title = {toml}\norganisation = {toml}\nrecruiters = [\"zoe\"]\ncontract = {toml}\nlocation = {toml}\nreference = {toml}\n[deadline]\nuntil = 2026-06-28\nlabel = {toml}\n[[interview]]\nid = \"i\"\nname = {toml}\non = 2026-07-06\nplace = {toml}\ncandidate = {toml}\n"
        );
        fs::write(config.join(format!("postings/p{n}.toml")), posting).unwrap();
    }
    let out = folder.path().join("out");
    let run = Command::new(env!("CARGO_BIN_EXE_jalon"))
        .current_dir(folder.path())
        .env_clear()
        .args(["--config", "config", "rehearse", "--from", "2026-06-20", "--until", "2026-07-08", "--out"])
        .arg(&out)
        .output()
        .unwrap();
    assert!(out.is_dir(), "{}", String::from_utf8_lossy(&run.stderr));
    let mut mails = Vec::new();
    let mut folders = vec![out];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "eml") {
                mails.push(entry);
            }
        }
    }
    assert!(mails.len() >= 4, "{} mails\n{}", mails.len(), String::from_utf8_lossy(&run.stderr));
    for path in mails {
        let bytes = fs::read(&path).unwrap();
        let ours = strict::read(&bytes).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
        assert_eq!(ours.to, [("Zoé, ou \"Z\" =?utf-8?q?=2C?=".to_owned(), "zoe@example.org".to_owned())]);
        assert_eq!(ours.from, [("R, H".to_owned(), "r@example.org".to_owned())]);
        html::links(&ours.html).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
        agree(&bytes, ours);
    }
}
