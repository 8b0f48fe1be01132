//! What holds of any text: the page is a posting, its quotations are true, and the time grows with the length only.

use chrono::NaiveDate;
use jalon::draft::draft;
use proptest::prelude::*;

use crate::goldens::texts;
use crate::promises::keep;

/// What postings are made of, and what confuses their readers.
const PIECES: [&str; 64] = [
    "1er",
    "31",
    "2026",
    "juin",
    "février",
    "May",
    "mardi",
    "lundi 12",
    "30 février 2026",
    "28/06/26",
    "5/10",
    "2026-13-45",
    "12 ou 13 août",
    "du",
    "au",
    "entre",
    "et",
    "avant le",
    "jusqu'au",
    "à partir du",
    "mi-",
    "début",
    "semaine du",
    "semaine 53",
    "w/c",
    "minuit",
    "24h",
    "17 h 30",
    "12:00 noon",
    "11.59pm",
    "Date limite :",
    "Entretiens",
    "second tour",
    "Prise de poste",
    "CDD",
    "fin de contrat",
    "closing date",
    "interviews",
    "apply by",
    "\n",
    "\n\n",
    "|",
    "- ",
    "•",
    "<td>",
    "</p>",
    "<a href=\"mailto:a@b.example\">",
    "&nbsp;",
    "&#0;",
    "a@b.example",
    "a at b.example",
    "[at]",
    "copie à Léa Exemple",
    "objet : « X »",
    "title: \"",
    "\"\"\"",
    "\\",
    "\u{202e}",
    "\0",
    "\u{fffd}",
    "É",
    "Ã©",
    "l er",
    "recrute un",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => (0..PIECES.len()).prop_map(|at| PIECES[at].to_owned()),
        1 => "\\PC{0,6}",
        1 => "[0-9]{1,5}[/.:-]?",
    ];
    proptest::collection::vec((piece, prop_oneof![4 => Just(" "), 1 => Just("")]), 0..40)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, blank)| [piece, blank.to_owned()]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_text_becomes_a_posting(text in text(), published in proptest::option::of(0_u64..40_000)) {
        let day = published.map(|n| NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + chrono::Days::new(n));
        keep(&text, day);
    }

    #[test]
    fn any_characters_become_a_posting(text in any::<String>()) {
        keep(&text, None);
    }

    #[test]
    fn a_posting_cut_anywhere_becomes_a_posting(which in any::<proptest::sample::Index>(), from in any::<proptest::sample::Index>(), to in any::<proptest::sample::Index>()) {
        let all = texts();
        let text = &all[which.index(all.len())].1;
        let (from, to) = (from.index(text.len()), to.index(text.len()));
        let boundary = |at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        keep(&text[boundary(from.min(to))..boundary(from.max(to))], None);
    }
}

/// How often a word may be looked at, for each byte of the text: one that holds nothing but what costs most.
const LOOKS: usize = 200;

#[test]
fn the_time_grows_with_the_length_only() {
    let costly = [
        "1",
        "1.",
        "1/",
        "du 1er au ",
        "1er juin ",
        "1er juin 2026 et ",
        "1 juin 2026, ",
        "a@",
        "a at b.c ",
        "<a ",
        "](x",
        "&",
        "avant le ",
        "entretien 1 juin ",
        "| 1 juin 2026 | entretien ",
        "1 juin\n",
        "entretiens :\n\n",
        "à 12h ",
        "12:00 noon ",
        "lundi ",
        "semaine du ",
        "recrute un ",
        "est une A ",
        "cdd ",
        "mi-",
        "l er ",
        "12 - ",
        "a-",
        "1 juin   x   1 juin   x\n",
        "| 1 juin | x |\n",
        "recherche un chargé de mission : \n",
        "avec pour objet « X » a@b.example ",
        "a@b.example même adresse candidature ",
    ];
    for piece in costly {
        let of = |bytes: usize| draft(&piece.repeat(bytes / piece.len()), None).steps;
        let (small, large) = (of(8_000), of(32_000));
        assert!(small / 8_000 < LOOKS, "{piece:?}: {small} looks at 8 kB");
        assert!(large < small * 5, "{piece:?}: {small} looks at 8 kB, {large} at 32 kB");
    }
}
