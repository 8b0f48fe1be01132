//! The outbox: whole files under safe names, one a Message-ID, and plain words when the disk will not have them.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;

use jalon::plan::outcome::{Outcome, Reply};
use jalon::transport::Letter;
use jalon::transport::Transport;
use jalon::transport::folder::Outbox;

fn letter<'a>(message_id: &'a str, bytes: &'a [u8]) -> Letter<'a> {
    Letter { from: "jalon@example.org", to: "camille@example.org", message_id, bytes }
}

fn names(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_mail_is_a_file_and_the_same_mail_the_same_file() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("var/outbox");
    let mut transport = Transport::Folder(Outbox::new(folder.clone()));
    transport.ready().await.unwrap();
    assert!(!folder.exists(), "made when it is needed");
    for text in ["first", "second"] {
        let kept = folder.join("j.1-2_3@example.org.eml");
        assert_eq!(
            transport.send(letter("j.1-2_3@example.org", text.as_bytes())).await,
            Outcome::Accepted(Reply::new(250, &format!("kept as {}", kept.display())))
        );
        assert_eq!(fs::read_to_string(kept).unwrap(), text);
    }
    transport.close().await;
    assert_eq!(names(&folder), ["j.1-2_3@example.org.eml"]);
}

#[test]
fn no_name_leads_elsewhere() {
    let place = tempfile::tempdir().unwrap();
    let outbox = Outbox::new(place.path().join("outbox"));
    for id in ["../../etc/x@y", "a/b\\c d\0é<>@z", "..", "-rf *"] {
        assert!(matches!(outbox.send(letter(id, b"x")), Outcome::Accepted(_)), "{id:?}");
    }
    assert_eq!(names(place.path()), ["outbox"]);
    assert_eq!(
        names(&place.path().join("outbox")),
        ["-rf__.eml", "...eml", ".._.._etc_x@y.eml", "a_b_c_d____@z.eml"]
    );
}

#[test]
fn what_a_crash_left_aside_is_replaced() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join(".a@b.tmp"), "half a ma").unwrap();
    let outbox = Outbox::new(place.path().to_owned());
    assert!(matches!(outbox.send(letter("a@b", b"whole")), Outcome::Accepted(_)));
    assert_eq!(names(place.path()), ["a@b.eml"]);
    assert_eq!(fs::read(place.path().join("a@b.eml")).unwrap(), b"whole");
}

#[test]
fn a_disk_that_will_not_have_it() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    // A file where a folder should be; a folder where the mail should be; a name that is too long.
    fs::create_dir_all(place.path().join("box/a@b.eml/x")).unwrap();
    let long = "x".repeat(300);
    for (folder, id) in [("file", "a@b"), ("file/below", "a@b"), ("box", "a@b"), ("box", &long)] {
        let outcome = Outbox::new(place.path().join(folder)).send(letter(id, b"x"));
        let Outcome::Unwritable(words) = outcome else { panic!("{folder}: {outcome:?}") };
        assert!(words.contains(&*place.path().join(folder).to_string_lossy()), "{words}");
        assert!(words.contains("cannot be written"), "{words}");
    }
    // A full disk, as far as one can be had.
    if std::path::Path::new("/dev/full").exists() {
        let outbox = place.path().join("full");
        fs::create_dir(&outbox).unwrap();
        std::os::unix::fs::symlink("/dev/full", outbox.join(".a@b.tmp")).unwrap();
        let outcome = Outbox::new(outbox.clone()).send(letter("a@b", b"x"));
        assert!(matches!(outcome, Outcome::Unwritable(_)), "{outcome:?}");
        assert!(!outbox.join("a@b.eml").exists());
    }
}
