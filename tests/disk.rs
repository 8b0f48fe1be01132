//! Files as disks hold them: each is read, or refused with a clear answer, and none stops the others.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use jalon::diagnostic::{Language, Severity};
use jalon::files::{Loaded, load};

const JALON: &str = "time_zone = \"Europe/Paris\"\n[people.camille]\nemail = \"camille@example.org\"\n";
const GOOD: &str = "title = \"Été\"\nrecruiters = [\"camille\"]\n[start]\non = 2026-09-02\n";

/// A configuration with one good posting, and what `more` puts beside it.
fn loaded(more: impl Fn(&Path)) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let postings = folder.path().join("postings");
    fs::create_dir(&postings).unwrap();
    fs::write(folder.path().join("jalon.toml"), JALON).unwrap();
    fs::write(postings.join("good.toml"), GOOD).unwrap();
    more(&postings);
    let loaded = load(folder.path());
    let ids: Vec<_> = loaded.folder.postings.iter().map(|posting| posting.id.as_str()).collect();
    assert!(ids.contains(&"good"), "the others are read: {ids:?}");
    loaded
}

/// What is said of `x.toml`, as `code line:column sentence = remedy`, in French and in English.
fn said(more: impl Fn(&Path)) -> Vec<(&'static str, String)> {
    let loaded = loaded(more);
    let of_x = loaded.problems.iter().filter(|problem| problem.file.ends_with("x.toml"));
    of_x.map(|problem| {
        assert_eq!(problem.severity, Severity::Error, "{problem:?}");
        let place =
            problem.place.as_ref().map_or(String::new(), |place| format!("{}:{} ", place.line, place.column));
        let words = [Language::French, Language::English].map(|language| {
            format!("{} = {}", problem.sentence.say(language), problem.remedy.as_ref().unwrap().say(language))
        });
        (problem.code, format!("{place}{}", words.join(" | ")))
    })
    .collect()
}

fn file(bytes: &[u8]) -> impl Fn(&Path) {
    move |postings: &Path| fs::write(postings.join("x.toml"), bytes).unwrap()
}

#[test]
fn what_is_no_text_is_told_as_what_it_is() {
    let utf8 = "this file is not UTF-8: its accents cannot be read = save it with the encoding UTF-8";
    for (bytes, code, expected) in [
        (&b"title = \"T\"\nlocation = \"Cr\xe9st\"\n"[..], "not-utf8", utf8),
        (b"title = \"\xf0\x9f\x98\"\n", "not-utf8", utf8),
        (b"\xff\xfet\0i\0t\0l\0e\0", "not-utf8", "this file is UTF-16"),
        (b"\xfe\xff\0t\0i\0t\0l\0e", "not-utf8", "this file is UTF-16"),
        (b"", "empty-file", "this file is empty = write at least title = "),
        (b"\xef\xbb\xbf\n  \n", "empty-file", "this file is empty"),
        (b"# nothing yet\n", "empty-file", "this file holds nothing but comments"),
        (
            b"title\0= \"T\"\nrecruiters = [\"camille\"]\n",
            "syntax",
            "an invisible character (U+0000) hides here",
        ),
        (
            b"title = \"T\"\rrecruiters = [\"camille\"]\r",
            "syntax",
            "the line endings of this file are those of an old Mac",
        ),
    ] {
        let said = said(file(bytes));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].0 == code && said[0].1.contains(expected), "{expected}: {said:?}");
    }
    assert!(said(file(b"title = \"T\"\nlocation = \"Cr\xe9st\"\n"))[0].1.starts_with("2:15 "));
}

#[test]
fn a_byte_order_mark_and_windows_line_endings_are_read() {
    for text in [
        format!("\u{feff}{GOOD}"),
        GOOD.replace('\n', "\r\n"),
        format!("\u{feff}{}", GOOD.replace('\n', "\r\n")),
        GOOD.trim_end().to_owned(),
    ] {
        let loaded = loaded(file(
            format!("id = \"x\"\n{text}").replace("id = \"x\"\n\u{feff}", "\u{feff}id = \"x\"\n").as_bytes(),
        ));
        assert_eq!(loaded.folder.postings.len(), 2, "{:?}", loaded.problems);
    }
    // Places are those of the file, whatever ends its lines.
    let text = "title = \"Été\"\r\nrecruteurs = [\"camille\"]\r\n[deadline]\r\nuntil = 28/06/2026\r\n";
    let places = |text: &str| {
        said(file(text.as_bytes()))
            .into_iter()
            .map(|(code, said)| format!("{code} {}", said.split(' ').next().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(places(text), ["unknown-key 2:1", "syntax 4:9"]);
    assert_eq!(places(&text.replace("\r\n", "\n")), places(text));
}

#[test]
fn a_file_of_fifty_megabytes_is_refused_without_being_read() {
    let begun = std::time::Instant::now();
    let said = said(|postings| {
        let file = fs::File::create(postings.join("x.toml")).unwrap();
        file.set_len(50_000_000).unwrap(); // sparse: nothing is written
    });
    assert_eq!(said.len(), 1);
    assert!(
        said[0].0 == "file-too-large" && said[0].1.contains("50000000 bytes; jalon reads at most 1000000"),
        "{said:?}"
    );
    assert!(begun.elapsed().as_secs() < 2);
}

#[test]
fn the_largest_file_that_is_read_is_read_in_no_time_whatever_is_in_it() {
    for line in [
        "x",
        "[",
        "\"",
        "a = [\n",
        "a b\n",
        "[[interview]]\non = 31/06\n",
        "title = Chargé de mission\n",
        "'''\n",
        "a = {b = {",
        "=\n",
    ] {
        let text = line.repeat(1_000_000 / line.len());
        let begun = std::time::Instant::now();
        let problems = said(file(text.as_bytes()));
        assert!(!problems.is_empty(), "{line:?}");
        assert!(begun.elapsed().as_secs() < 30, "{line:?} took {:?}", begun.elapsed());
    }
}

#[test]
fn links_and_folders_are_told_as_what_they_are() {
    let one = |more: &dyn Fn(&Path)| said(more).remove(0);
    let (code, said) = one(&|postings| symlink("x.toml", postings.join("x.toml")).unwrap());
    assert!(code == "unreadable-file" && said.contains("ce lien tourne en rond = supprimez-le"), "{said}");
    assert!(said.contains("this link goes in a circle"), "{said}");
    let (_, said) = one(&|postings| {
        symlink("y.toml~", postings.join("x.toml")).unwrap();
        symlink("x.toml", postings.join("y.toml~")).unwrap();
    });
    assert!(said.contains("this link goes in a circle"), "{said}");
    let (_, said) = one(&|postings| symlink("gone", postings.join("x.toml")).unwrap());
    assert!(said.contains("this link leads to no file"), "{said}");
    let (_, said) = one(&|postings| symlink("/dev/zero", postings.join("x.toml")).unwrap());
    assert!(said.contains("this is not an ordinary file = put a text file in its place"), "{said}");
    let loaded = loaded(|postings| {
        fs::create_dir(postings.join("x.toml")).unwrap();
        symlink(".", postings.join("circle.toml")).unwrap();
        symlink("good.toml", postings.join("linked.toml")).unwrap();
    });
    let ignored: Vec<_> = loaded.ignored.iter().map(|file| file.rsplit('/').next().unwrap()).collect();
    assert_eq!(ignored, ["circle.toml", "x.toml"], "sub-folders are not looked into");
    assert_eq!(loaded.folder.postings.len(), 2, "a link to a file is that file");
}

#[test]
fn bidirectional_controls_are_told_wherever_they_hide() {
    for (line, code) in [
        ("location = \"a\u{202e}b\"", "unfit-text"),
        ("\"loc\u{2066}ation\" = \"b\"", "unknown-key"),
        ("loc\u{2067}ation = \"b\"", "syntax"),
    ] {
        let codes: Vec<_> =
            said(file(format!("{line}\n{GOOD}").as_bytes())).into_iter().map(|(code, _)| code).collect();
        assert_eq!(codes, [code], "{line:?}");
    }
    // In a comment it changes nothing that is read: a warning, and the posting is used.
    let loaded = loaded(file(format!("# a\u{202e}b\nid = \"x\"\n{GOOD}").as_bytes()));
    let codes: Vec<_> = loaded.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["hidden-character", "same-posting"]);
    let shown = loaded.problems[0].show(Language::English);
    assert!(!shown.contains('\u{202e}') && shown.contains("(U+202E, direction of writing)"), "{shown}");
}

#[test]
fn a_posting_under_a_name_that_is_not_read_is_told() {
    let told = |name: &'static str, accept: &str| {
        let folder = tempfile::tempdir().unwrap();
        let postings = folder.path().join("postings");
        fs::create_dir(&postings).unwrap();
        fs::write(folder.path().join("jalon.toml"), format!("{accept}{JALON}")).unwrap();
        fs::write(postings.join(name), GOOD).unwrap();
        let loaded = load(folder.path());
        assert!(loaded.folder.postings.is_empty(), "{name}");
        let shown = loaded.problems.iter().map(|problem| problem.show(Language::French));
        shown.collect::<String>()
    };
    for (name, meant) in
        [("fiche.toml.txt", "fiche.toml"), ("FICHE.TOML", "fiche.toml"), ("fiche.Toml.TXT", "fiche.toml")]
    {
        let said = told(name, "");
        assert!(said.contains(&format!("renommez-le en {meant}")), "{name}: {said}");
        assert!(said.contains("en haut de jalon.toml\u{a0}: accept = [\"not-a-posting\"]"), "{said}");
        assert_eq!(told(name, "accept = [\"not-a-posting\"]\n"), "", "{name}");
    }
    for name in ["notes.txt", "fiche.toml~", "_fiche.toml.txt", ".toml", "fiche.tomlx"] {
        assert_eq!(told(name, ""), "", "{name}");
    }
    // The good one is there already: it is not to be written over.
    let beside = loaded(|postings| fs::write(postings.join("good.toml.txt"), GOOD).unwrap());
    assert!(
        beside.problems[0].show(Language::French).contains("good.toml existe déjà"),
        "{:?}",
        beside.problems
    );
}

#[test]
fn files_of_a_word_processor_are_told_as_what_they_are() {
    for bytes in [&b"PK\x03\x04\x14\x00\xff"[..], b"\xd0\xcf\x11\xe0\xa1", b"{\\rtf1 \xe9}"] {
        let said = said(file(bytes));
        assert_eq!(said.len(), 1);
        assert!(said[0].0 == "not-a-text" && said[0].1.contains("traitement de texte"), "{said:?}");
    }
}

#[test]
fn the_name_of_a_copy_is_told_as_one() {
    for name in
        ["good - Copie.toml", "good (1).toml", "good copie.toml", "Copie de good.toml", "good copy 2.toml"]
    {
        let loaded = loaded(|postings| fs::write(postings.join(name), GOOD).unwrap());
        let said: Vec<_> = loaded.problems.iter().map(|problem| problem.show(Language::French)).collect();
        let copy = said.len() == 1 && said[0].contains("a l'air du nom d'une copie de « good »");
        assert_eq!(copy, !name.contains('2'), "{name}: {said:?}");
    }
}

#[test]
fn two_files_with_one_id_name_each_other() {
    let loaded = loaded(|postings| {
        for name in ["x.toml", "y.toml"] {
            fs::write(postings.join(name), format!("id = \"same\"\n{GOOD}")).unwrap();
        }
    });
    assert_eq!(loaded.folder.postings.len(), 1, "neither is used");
    for (file, other) in [("x.toml", "y.toml"), ("y.toml", "x.toml")] {
        let problem = loaded.problems.iter().find(|problem| problem.file.ends_with(file)).unwrap();
        assert!(problem.code == "id-twice" && problem.sentence.fr.contains(other), "{problem:?}");
        assert_eq!(problem.remedy.as_ref().unwrap().fr, "donnez un autre id à l'un des deux");
    }
}

#[test]
fn a_line_with_a_secret_is_not_shown_in_whatever_encoding() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("jalon.toml"),
        b"time_zone = \"Europe/Paris\"\n[smtp]\npassword = \"hunter2\xe9\"\n",
    )
    .unwrap();
    let loaded = load(folder.path());
    assert_eq!(loaded.problems[0].code, "not-utf8");
    assert!(!format!("{:?}", loaded.problems).contains("hunter2"));
}
