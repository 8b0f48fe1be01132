//! Pure. The sentences about slips of the pen.

use crate::diagnostic::{Words, say};

/// What is wrong, and what to write.
pub(super) type Said = (Words, Words);

/// On a line that may hold a password, nothing is repeated.
pub(super) fn of_a_secret() -> Words {
    say("cette ligne n'est pas écrite comme il faut", "this line is not written as it should be")
}

/// `write …`, the same in both languages.
pub(super) fn write(what: &str) -> Words {
    let short: String = what.trim().chars().take(120).collect();
    say(format!("écrivez {short}"), format!("write {short}"))
}

pub(super) fn no_value(key: &str) -> Said {
    (
        say(format!("« {key} » n'a pas de valeur"), format!("`{key}` has no value")),
        say(
            "écrivez-en une après le signe =, ou mettez un # devant la ligne",
            "write one after the = sign, or put a # before the line",
        ),
    )
}

pub(super) fn no_quotes() -> (&'static str, &'static str) {
    ("un texte s'écrit entre guillemets droits", "a text stands between straight quotes")
}

pub(super) fn smart_quotes() -> (&'static str, &'static str) {
    (
        "ces guillemets sont ceux d'un traitement de texte\u{a0}: ici, il en faut des droits",
        "these are a word processor's quotes: straight ones are needed here",
    )
}

pub(super) fn comma_before(line: usize) -> Said {
    (
        both(no_comma()),
        say(
            format!("ajoutez une virgule à la fin de la ligne {line}"),
            format!("add a comma at the end of line {line}"),
        ),
    )
}

pub(super) fn json() -> Said {
    (
        say("ce fichier a l'air d'être du JSON", "this file looks like JSON"),
        say(
            "une fiche s'écrit en TOML\u{a0}: title = \"Chargé·e de mission\", une clé par ligne",
            "a posting is written in TOML: title = \"Project officer\", one key a line",
        ),
    )
}

pub(super) fn both(words: (&str, &str)) -> Words {
    say(words.0, words.1)
}

pub(super) fn unclosed_text(written: &str) -> Said {
    (say("ces guillemets ne sont jamais fermés", "these quotes are never closed"), write(written))
}

pub(super) fn unclosed_long_text(quotes: &str) -> Said {
    (
        say("ce texte n'est jamais fermé", "this text is never closed"),
        say(
            format!("ajoutez {quotes} à la fin, ou écrivez-le sur une ligne entre \"…\""),
            format!("add {quotes} at its end, or write it on one line between \"…\""),
        ),
    )
}

pub(super) fn inner_quotes() -> (&'static str, &'static str) {
    ("il y a des guillemets droits à l'intérieur de ce texte", "there are straight quotes within this text")
}

pub(super) fn inner_apostrophe() -> (&'static str, &'static str) {
    ("l'apostrophe ferme ce texte trop tôt", "the apostrophe closes this text too early")
}

pub(super) fn backslash() -> (&'static str, &'static str) {
    ("une barre oblique inversée (\\) a ici un sens spécial", "a backslash (\\) means something special here")
}

pub(super) fn unclosed_bracket(opener: char, line: usize) -> Said {
    let (fr, en, closer) = if opener == '[' {
        ("ce crochet n'est jamais fermé", "this bracket is never closed", ']')
    } else {
        ("cette accolade n'est jamais fermée", "this brace is never closed", '}')
    };
    (
        say(fr, en),
        say(
            format!("ajoutez {closer} à la fin de la ligne {line}"),
            format!("add {closer} at the end of line {line}"),
        ),
    )
}

pub(super) fn table_brackets() -> (&'static str, &'static str) {
    ("les crochets de ce titre ne vont pas par paires", "the brackets of this heading do not match")
}

pub(super) fn after_a_table(rest: &str, secret: bool) -> Said {
    let rest: String = if secret { "…".to_owned() } else { rest.trim().chars().take(80).collect() };
    (
        say(
            "un titre entre crochets est seul sur sa ligne",
            "a heading in brackets stands alone on its line",
        ),
        say(format!("mettez « {rest} » sur la ligne suivante"), format!("put `{rest}` on the next line")),
    )
}

pub(super) fn colon() -> (&'static str, &'static str) {
    (
        "entre une clé et sa valeur, il faut le signe = et non deux-points",
        "between a key and its value stands the = sign, not a colon",
    )
}

pub(super) fn no_equals() -> (&'static str, &'static str) {
    ("il manque le signe = entre la clé et sa valeur", "the = sign between key and value is missing")
}

pub(super) fn equals() -> (&'static str, &'static str) {
    ("un seul signe = suffit", "one = sign is enough")
}

pub(super) fn comment() -> (&'static str, &'static str) {
    ("un commentaire commence par #", "a comment begins with #")
}

pub(in super::super) fn not_toml() -> Said {
    (
        say(
            "cette ligne n'est ni « clé = valeur », ni un [titre], ni un # commentaire",
            "this line is neither `key = value`, nor a [heading], nor a # comment",
        ),
        say(
            "mettez un # devant, ou écrivez par exemple\u{a0}: title = \"Chargé·e de mission\"",
            "put a # before it, or write for instance: title = \"Project officer\"",
        ),
    )
}

pub(super) fn heading(shown: &str) -> Said {
    (say("un titre s'écrit entre crochets", "a heading is written in brackets"), write(shown))
}

/// `base`: whether git also shows what both versions come from.
pub(super) fn conflict(base: bool) -> Said {
    let remedy = if base {
        say(
            "gardez l'une des versions, et supprimez les lignes <<<<<<<, |||||||, ======= et >>>>>>>",
            "keep one of the versions, and remove the lines <<<<<<<, |||||||, ======= and >>>>>>>",
        )
    } else {
        say(
            "gardez l'une des deux versions, et supprimez les lignes <<<<<<<, ======= et >>>>>>>",
            "keep one of the two versions, and remove the lines <<<<<<<, ======= and >>>>>>>",
        )
    };
    (say("git a laissé ici un conflit à résoudre", "git left a conflict here, to be resolved"), remedy)
}

pub(super) fn too_long(line: &str) -> Said {
    let count = line.chars().count();
    (
        say(
            format!("cette ligne fait {count} caractères\u{a0}: jalon n'y cherche pas de faute"),
            format!("this line has {count} characters: jalon looks for no mistake in it"),
        ),
        say(
            "a-t-elle été collée ici par erreur\u{a0}? effacez-la, ou raccourcissez-la",
            "was it pasted here by mistake? delete it, or make it shorter",
        ),
    )
}

pub(super) fn broken_text(written: &str) -> Said {
    let sentence = say(
        "ce texte continue à la ligne suivante, et doit tenir sur une seule",
        "this text goes on on the next line, and must stand on one",
    );
    // A remedy that is cut short would be wrong.
    let remedy = if written.chars().count() <= 120 {
        write(written)
    } else {
        say("joignez les deux lignes", "join the two lines")
    };
    (sentence, remedy)
}

pub(super) fn bullet() -> (&'static str, &'static str) {
    (
        "une puce de liste s'est glissée devant cette ligne",
        "the bullet of a list has slipped in before this line",
    )
}

pub(super) fn wide_equals() -> (&'static str, &'static str) {
    ("ce signe ＝ n'est pas le signe = ordinaire", "this sign ＝ is not the ordinary = sign")
}

pub(super) fn square() -> (&'static str, &'static str) {
    ("une liste s'écrit entre crochets", "a list is written in square brackets")
}

pub(super) fn quote_missing() -> (&'static str, &'static str) {
    ("un guillemet manque dans cette liste", "a quote is missing in this list")
}

pub(super) fn dots() -> (&'static str, &'static str) {
    ("des points de suspension ne nomment personne", "an ellipsis names nobody")
}

pub(super) fn remove_dots() -> (&'static str, &'static str) {
    ("effacez-les", "delete it")
}

pub(super) fn no_date(key: &str) -> Said {
    let example = if key == "between" { "[2026-05-15, 2026-06-01]" } else { "2026-06-28" };
    (both(date_form()), {
        let (fr, en) = (
            format!("écrivez par exemple {key} = {example}"),
            format!("write for instance {key} = {example}"),
        );
        say(fr, en)
    })
}

pub(super) fn list_of_names(key: &str) -> Said {
    (
        say("jalon ne comprend pas cette liste", "jalon does not understand this list"),
        say(
            format!("écrivez des noms entre guillemets, par exemple\u{a0}: {key} = [\"camille\", \"sacha\"]"),
            format!("write names between quotes, for instance: {key} = [\"camille\", \"sacha\"]"),
        ),
    )
}

pub(super) fn span_form() -> (&'static str, &'static str) {
    (
        "une période est une liste, avec son premier et son dernier jour",
        "a window is a list, with its first and its last day",
    )
}

pub(super) fn one_date() -> (&'static str, &'static str) {
    ("une seule date peut s'écrire ici", "only one date can stand here")
}

pub(super) fn several_dates() -> Words {
    say(
        "plusieurs dates s'écrivent ainsi\u{a0}: on = [2026-07-06, 2026-07-07]",
        "several dates are written like this: on = [2026-07-06, 2026-07-07]",
    )
}

pub(super) fn hour_form() -> (&'static str, &'static str) {
    (
        "l'heure s'écrit avec deux chiffres et deux-points, après un T",
        "the hour is written with two digits and a colon, after a T",
    )
}

/// Something beside a heading that is no key and value; of a line that may hold a secret, nothing is repeated.
pub(super) fn beside_a_table(heading: &str, rest: &str, secret: bool) -> Said {
    let rest: String = if secret { "…".to_owned() } else { rest.trim().chars().take(80).collect() };
    (
        say(
            "un titre entre crochets est seul sur sa ligne",
            "a heading in brackets stands alone on its line",
        ),
        say(
            format!("effacez « {rest} », ou faites-en un commentaire\u{a0}: {heading}  # {rest}"),
            format!("delete `{rest}`, or make it a comment: {heading}  # {rest}"),
        ),
    )
}

pub(in super::super) fn hidden(c: char) -> Said {
    let (fr, en) = crate::diagnostic::name_of(c);
    (
        say(
            format!("un caractère invisible ({fr}) se cache ici"),
            format!("an invisible character ({en}) hides here"),
        ),
        say("effacez-le, ou retapez la ligne", "delete it, or type the line again"),
    )
}

pub(super) fn odd_space() -> Said {
    (
        say(
            "une espace insécable s'est glissée ici, hors des guillemets",
            "a no-break space has slipped in here, outside the quotes",
        ),
        say("remplacez-la par une espace ordinaire", "put an ordinary space in its place"),
    )
}

pub(super) fn key_twice(key: &str, first: Option<usize>) -> Said {
    let (fr, en) = first.map_or_else(Default::default, |line| {
        (format!("\u{a0}: la première fois ligne {line}"), format!(": first on line {line}"))
    });
    (
        say(format!("« {key} » est écrit deux fois{fr}"), format!("`{key}` is written twice{en}")),
        say("gardez une seule des deux lignes", "keep one of the two lines"),
    )
}

pub(super) fn table_twice(table: &str, first: Option<usize>) -> Said {
    let (fr, en) = first.map_or_else(Default::default, |line| {
        (format!("\u{a0}: la première fois ligne {line}"), format!(": first on line {line}"))
    });
    let remedy = match table {
        "interview" | "milestone" => say(
            format!("quand il y en a plusieurs, écrivez [[{table}]] pour chacun, avec un name"),
            format!("where there are several, write [[{table}]] for each, with a name"),
        ),
        "remind" => say(
            "quand il y en a plusieurs, écrivez [[remind]] pour chacun",
            "where there are several, write [[remind]] for each",
        ),
        "smtp" => say(
            "réunissez-les sous un seul [smtp]\u{a0}; pour deux relais, écrivez [[smtp]] deux fois, avec host dans chacun",
            "put them together under one [smtp]; for two relays, write [[smtp]] twice, with host in each",
        ),
        _ if table.starts_with("people.") => say(
            "si c'est une autre personne, changez son nom entre les crochets\u{a0}; sinon, gardez un seul des deux",
            "if it is another person, change the name in the brackets; otherwise keep one of the two",
        ),
        _ => say(
            format!("réunissez-les sous un seul [{table}]"),
            format!("put them together under one [{table}]"),
        ),
    };
    (say(format!("[{table}] est écrit deux fois{fr}"), format!("[{table}] is written twice{en}")), remedy)
}

pub(super) fn date_form() -> (&'static str, &'static str) {
    ("une date s'écrit année-mois-jour, sans guillemets", "a date is written year-month-day, without quotes")
}

pub(super) fn time_form() -> (&'static str, &'static str) {
    ("une heure s'écrit avec deux chiffres et deux-points", "a time is written with two digits and colons")
}

pub(super) fn no_such_time() -> Said {
    (
        say("cette heure n'existe pas", "there is no such time"),
        say("les heures vont de 00:00:00 à 23:59:59", "times go from 00:00:00 to 23:59:59"),
    )
}

pub(super) fn list_brackets() -> (&'static str, &'static str) {
    ("plusieurs valeurs forment une liste, entre crochets", "several values make a list, in brackets")
}

pub(super) fn no_comma() -> (&'static str, &'static str) {
    ("il manque une virgule ici", "a comma is missing here")
}

pub(super) fn commas() -> (&'static str, &'static str) {
    ("une virgule, et une seule, sépare les éléments", "one comma, and only one, stands between elements")
}

pub(super) fn boolean() -> (&'static str, &'static str) {
    ("oui et non s'écrivent true et false", "yes and no are written true and false")
}

pub(super) fn number() -> Said {
    (
        say("ce nombre n'est pas écrit comme il faut", "this number is not written as it should be"),
        say(
            "écrivez des chiffres seuls\u{a0}: ni espace, ni virgule, ni zéro devant",
            "write digits alone: no space, no comma, no zero in front",
        ),
    )
}

pub(super) fn something_after() -> (&'static str, &'static str) {
    ("il y a quelque chose de trop après la valeur", "there is something too much after the value")
}

pub(super) fn two_on_a_line() -> Said {
    (
        say("il y a deux clés sur cette ligne", "there are two keys on this line"),
        say("mettez la seconde sur la ligne suivante", "put the second one on the next line"),
    )
}

pub(super) fn fallback() -> Said {
    (
        say("jalon ne comprend pas cette ligne", "jalon does not understand this line"),
        say(
            "vérifiez ses guillemets, ses crochets et ses virgules\u{a0}; une date s'écrit 2026-06-28",
            "check its quotes, brackets and commas; a date is written 2026-06-28",
        ),
    )
}
