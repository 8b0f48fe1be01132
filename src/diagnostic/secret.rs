//! Pure. Lines that may hold a secret: how they are known, and what may still be said of them.
//!
//! Secrets are pasted anywhere: into a comment, a label, the wrong key. Of a line that speaks of one, and of whatever
//! stands under [smtp], nothing is shown or repeated but what is certainly none: a host, an address, a port.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::{LONGEST_LINE, Problem, Words, nearest, say};

/// What the name of a key holds that is a secret's.
const KEYS: [&str; 11] = [
    "pass",
    "secret",
    "token",
    "pwd",
    "mdp",
    "credential",
    "psw",
    "sesame",
    "api_key",
    "apikey",
    "heartbeat",
];

/// Words that speak of a secret wherever they stand.
const SPOKEN: &str = "pass passwd password passwords passwort passphrase passcode motdepasse motpasse mdp pwd psw psswd \
    secret secrets secrete token tokens credential credentials apikey sesame digicode";

/// The same, of several words.
const PHRASES: [&str; 7] =
    ["mot de passe", "mots de passe", "mot passe", "code d acces", "code acces", "cle api", "api key"];

/// The parts of an address of a page that let one in.
const QUERIES: [&str; 6] = ["key", "sig", "signature", "auth", "code", "pin"];

/// The keys of [smtp], and what to write for each.
const RELAY: [(&str, &str); 10] = [
    ("host", "host = \"smtp.example.org\""),
    ("port", "port = 587"),
    ("tls", "tls = \"starttls\""),
    ("username", "username = \"recrutement@example.org\""),
    ("password", "password = { file = \"smtp.password\" }"),
    ("auth", "auth = [\"plain\"]"),
    ("rate", "rate = [\"30/min\", \"500/day\"]"),
    ("connections", "connections = 3"),
    ("ca_file", "ca_file = \"ca.pem\""),
    ("token_command", "token_command = [\"/usr/local/bin/token\"]"),
];

/// Words of the house, which are repeated without a thought.
const HOUSE: &str = "title organisation recruiters contract location url reference published apply status announce \
    accept until before on between label place link duration panel candidate cancelled done event on_day after at \
    day_off to email cc subject away leaves cover digest from operator reply_to bounces recipients outbox host port \
    tls username password rate connections auth ca_file token_command keep postings templates late_limit in_doubt hours name id \
    time_zone language holidays days_off work_days deadline interview start end milestone remind people teams mail \
    smtp delivery ledger monitoring heartbeat metrics preflight credential file env mot passe starttls implicit none plain login xoauth2 true false min day \
    hour https http mailto tel sqlite postgres jalon toml";

/// Whether a line may hold a secret: by one of its keys, also a misspelt one, by a word that speaks of one wherever it
/// stands, or in an address. Then it is never shown, and nothing of it is repeated.
#[must_use]
pub fn speaks_of_a_secret(line: &str) -> bool {
    if line.len() > 4 * LONGEST_LINE {
        return true; // nobody would read it
    }
    let lower = line.to_lowercase();
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    // Keys stand before `=` or `:`; a line without either, and a table's head, may be anything.
    let plain = !lower.contains(['=', ':']) || lower.trim_start().starts_with('[');
    let keys: Vec<&str> = if plain {
        lower.split(|c| !is_word(c)).collect()
    } else {
        let before =
            lower.match_indices(['=', ':']).map(|(at, _)| lower[..at].trim_end_matches(|c| !is_word(c)));
        before.filter_map(|text| text.rsplit(|c| !is_word(c)).next()).collect()
    };
    let near = |name: &str| {
        name.chars().count() > 4 && nearest(name, ["password", "passwd", "motdepasse", "heartbeat"]).is_some()
    };
    keys.iter().any(|key| KEYS.iter().any(|word| key.contains(word)) || near(key))
        || says_so(line)
        || lets_in(&lower)
}

/// Whether a word stands in a list of words.
fn is_among(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}

/// Whether a word of a line speaks of a secret.
fn says_so(line: &str) -> bool {
    let words: Vec<String> =
        runs(line).into_iter().filter(|(_, is_word)| *is_word).map(|(text, _)| fold(text)).collect();
    // Nearer than a key: « passeport » and « passion » are words of postings.
    let near = |word: &String| {
        word.len() > 6
            && ["password", "motdepasse"].iter().any(|known| strsim::damerau_levenshtein(word, known) <= 2)
    };
    let spaced = words.join(" ");
    words.iter().any(|word| is_among(SPOKEN, word) || near(word))
        || PHRASES.iter().any(|phrase| spaced.contains(phrase))
}

/// Whether an address holds a name and a password, or a key that lets one in.
fn lets_in(lower: &str) -> bool {
    let queries = || {
        let named = lower.split(['?', '&']).skip(1).filter_map(|query| query.split_once('='));
        named.into_iter().any(|(name, _)| QUERIES.contains(&name))
    };
    lower.split_once("://").is_some_and(|(_, rest)| rest.contains('@')) || queries()
}

/// Whether a line is a table's head, or a key and the beginning of its value: not what goes on from the line before.
#[must_use]
pub fn begins_a_statement(line: &str) -> bool {
    let value = |rest: &str| !rest.trim().is_empty() && !rest.starts_with('=');
    line.trim_start().starts_with('[') || line.split_once('=').is_some_and(|(_, rest)| value(rest))
}

/// What may be shown of a line, given it and those before it, upwards: nothing when it speaks of a secret, or goes on
/// from one that does; under `[smtp]` what is certainly none, without its comment; else all of it.
pub fn fit_to_show<'t>(upwards: impl Iterator<Item = &'t str>) -> Option<&'t str> {
    let (mut begun, mut whole) = (false, "");
    for (n, line) in upwards.take(300).enumerate() {
        if !begun && speaks_of_a_secret(line) {
            return None;
        }
        if n == 0 {
            whole = line;
            if let Some(harmless) = harmless(line) {
                return Some(harmless);
            }
        }
        let is_head = line.trim_start().starts_with('[');
        if is_head {
            let name = line.trim().trim_matches(['[', ']', ' ']).split('.').next().unwrap_or_default();
            let relay = nearest(name, ["smtp", "relay", "relais", "serveur"]).is_some();
            return (n == 0 || !relay).then_some(whole);
        }
        if !begun && begins_a_statement(line) {
            begun = true;
            let key = key(line).to_lowercase();
            if key == "smtp" || ["smtp.", "user", "login"].iter().any(|word| key.contains(word)) {
                return None;
            }
        }
    }
    Some(whole)
}

/// What stands before the first equals sign.
fn key(line: &str) -> &str {
    line.split('=').next().unwrap_or_default().trim().trim_matches(['"', '\''])
}

/// A line of [smtp] without its comment, if its value is what its key wants, or nearly, and so no secret.
fn harmless(line: &str) -> Option<&str> {
    let code = line.split('#').next().unwrap_or_default();
    let (_, value) = code.split_once('=')?;
    let safe = RELAY.iter().map(|(key, _)| *key).filter(|key| !["password", "token_command"].contains(key));
    let key = nearest(key(code), safe)?;
    is_fit(key, value).then_some(code.trim_end())
}

/// Whether all of a value is what a key of [smtp] wants, or nearly.
fn is_fit(key: &str, value: &str) -> bool {
    let digits = |word: &str| word.len() <= 6 && word.chars().all(|c| c.is_ascii_digit());
    let near = |word: &str, known: &[&'static str]| nearest(word, known.iter().copied()).is_some();
    let fit = |word: &str| match key {
        "host" => looks_like_a_host(word),
        "username" => looks_like_an_address(word),
        "port" | "connections" => digits(word),
        "tls" => {
            near(word, &["starttls", "implicit", "none", "smtps", "ssl", "tls", "true", "false", "aucun"])
        }
        "auth" => near(word, &["plain", "login", "xoauth2", "oauth2", "cram-md5", "digest-md5", "ntlm"]),
        "rate" => word.split('/').all(|part| digits(part) || RATES.contains(&part)),
        "ca_file" => looks_like_a_path(word),
        _ => false,
    };
    let mark = |c: char| c.is_whitespace() || "\"'[],“”’«»".contains(c);
    value.split(mark).filter(|word| !word.is_empty()).all(fit)
}

/// What stands in a rate besides numbers.
const RATES: [&str; 17] = [
    "s", "sec", "second", "seconde", "m", "min", "minute", "minutes", "h", "hour", "heure", "d", "day", "j",
    "jour", "par", "per",
];

/// Whether a text can be the name or the address of a machine, with its port or without.
#[must_use]
pub fn looks_like_a_host(text: &str) -> bool {
    let host = text.split_once("://").map_or(text, |(_, host)| host);
    let port = |port: &str| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
    let host = host.rsplit_once(':').filter(|(_, end)| port(end)).map_or(host, |(host, _)| host);
    let label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let ends = |(_, end): (&str, &str)| end.len() > 1 && end.chars().all(|c| c.is_ascii_alphabetic());
    host == "localhost"
        || text.parse::<std::net::IpAddr>().is_ok()
        || host.parse::<std::net::IpAddr>().is_ok()
        || host.split('.').all(label) && host.rsplit_once('.').is_some_and(ends)
}

fn looks_like_an_address(text: &str) -> bool {
    let local = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && name.chars().all(local) && !host.contains(':') && looks_like_a_host(host)
    })
}

/// Whether a text can be the path of a file, and not the secret that should stand in it.
#[must_use]
pub fn looks_like_a_path(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_alphanumeric() || "._-/~ ".contains(c));
    let begins = ["/", "./", "../", "~/"].iter().any(|start| text.starts_with(start));
    let ending =
        |(_, end): (&str, &str)| (1..=8).contains(&end.len()) && end.chars().all(|c| c.is_ascii_lowercase());
    plain && (begins || text.rsplit_once('.').is_some_and(ending))
}

impl Problem {
    /// The same, repeating nothing of a statement that may hold a secret.
    #[must_use]
    pub fn discreet(mut self, statement: &str) -> Self {
        let hidden = Hidden::of(statement);
        self.sentence = hidden.without(&self.sentence);
        if let Some(remedy) = self.remedy.take() {
            let same = hidden.without(&remedy) == remedy;
            self.remedy = Some(if same { remedy } else { unsaid(statement) });
        }
        self
    }
}

/// What to do about a statement of which nothing may be repeated.
#[must_use]
pub fn unsaid(statement: &str) -> Words {
    let key = key(statement.lines().next().unwrap_or_default());
    match RELAY.iter().find(|(known, _)| *known == key) {
        Some((_, example)) => say(
            format!(
                "la valeur n'est pas montrée, car elle peut contenir un secret\u{a0}; écrivez par exemple {example}"
            ),
            format!("the value is not shown, because it may hold a secret; write for instance {example}"),
        ),
        None => say(
            "la valeur n'est pas montrée, car elle peut contenir un secret\u{a0}: vérifiez guillemets et accolades",
            "the value is not shown, because it may hold a secret: check quotes and braces",
        ),
    }
}

/// Whether something repeats what stands in a statement that may hold a secret.
#[must_use]
pub fn repeats(words: &Words, statement: &str) -> bool {
    Hidden::of(statement).without(words) != *words
}

/// Whether a name is that of a key, or nearly, or of what is called so elsewhere: all of it, for a secret may stand
/// beside such a word.
fn is_a_key(name: &str) -> bool {
    let name = fold(name.trim().trim_matches(['"', '\'']));
    let called = |word: &str| {
        KEYS.iter().chain(&["user", "login", "utilisateur"]).any(|part| word.contains(part))
            || is_among(SPOKEN, word)
            || word == "de"
            || is_among(HOUSE, word)
    };
    let mut words = runs(&name).into_iter().filter(|(_, is_word)| *is_word).map(|(word, _)| word);
    nearest(&name, HOUSE.split_whitespace()).is_some() || words.all(called)
}

/// What a statement holds that may not be repeated.
struct Hidden {
    /// What stands between blanks and quotes, marks and all; the longest first.
    pieces: Vec<String>,
    /// Letters and digits in a row, folded.
    words: Vec<String>,
}

impl Hidden {
    fn of(statement: &str) -> Self {
        let known = |word: &str| is_among(HOUSE, word) || is_date(word);
        // The name of a key is said, if it is one.
        let (name, rest) = statement.split_once('=').unwrap_or(("", statement));
        let text = if is_a_key(name) { rest } else { statement };
        let pieces = text.split(|c: char| c.is_whitespace() || "\"'“”«»{}[],=".contains(c));
        let odd = |piece: &&str| piece.chars().count() > 3 && piece.contains(|c: char| !c.is_alphanumeric());
        let strange = |(run, is_word): &(&str, bool)| *is_word && !known(&fold(run));
        let mut pieces: Vec<String> = pieces
            .flat_map(|piece| rests(piece))
            .filter(odd)
            .filter(|piece| !is_date(piece) && runs(piece).iter().any(strange))
            .map(str::to_owned)
            .collect();
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
        let words = runs(text).into_iter().filter(|(_, is_word)| *is_word).map(|(run, _)| fold(run));
        let words = words.filter(|word| word.len() > 2 && !known(word)).collect();
        Self { pieces, words }
    }

    fn without(&self, words: &Words) -> Words {
        say(self.cut(&words.fr), self.cut(&words.en))
    }

    fn cut(&self, text: &str) -> String {
        let mut cut = text.to_owned();
        for piece in &self.pieces {
            cut = cut.replace(piece.as_str(), "…").replace(&piece.to_lowercase(), "…");
        }
        let is_hidden = |run: &str| {
            let run = fold(run);
            self.words.iter().any(|word| {
                *word == run
                    || word.len() > 4 && run.contains(word)
                    || run.len() > 3 && word.starts_with(&run)
            })
        };
        let shown = |(run, is_word): (&str, bool)| {
            if is_word && is_hidden(run) { "…".to_owned() } else { run.to_owned() }
        };
        closed_up(&runs(&cut).into_iter().map(shown).collect::<String>())
    }
}

/// One … where there are several with next to nothing between them.
fn closed_up(text: &str) -> String {
    let parts: Vec<&str> = text.split('…').collect();
    let joint = |part: &str| part.len() <= 3 && part.chars().all(|c| " -_./@:?&+,;=".contains(c));
    let mut closed = String::new();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 && n + 1 < parts.len() && joint(part) {
            continue;
        }
        if n > 0 {
            closed.push('…');
        }
        closed.push_str(part);
    }
    closed
}

/// A piece, and of an address also what a colon or a slash leaves of it.
fn rests(piece: &str) -> Vec<&str> {
    let marks = piece.match_indices([':', '/', '@', '?', '&']).take(20);
    let after = marks.map(|(at, mark)| &piece[at + mark.len()..]);
    std::iter::once(piece).chain(after).chain(piece.split([':', '/', '@'])).collect()
}

/// A date as TOML writes it.
fn is_date(text: &str) -> bool {
    let mut parts = text.split(['-', 'T', 't', ':']);
    let digits = |part: &str, length| part.len() == length && part.chars().all(|c| c.is_ascii_digit());
    parts.next().is_some_and(|year| digits(year, 4) && (year.starts_with("19") || year.starts_with("20")))
        && parts.all(|part| digits(part, 2))
}

/// Letters and digits in a row, and what stands between them, in order.
fn runs(text: &str) -> Vec<(&str, bool)> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let is_word = first.is_alphanumeric();
        let end = rest.find(|c: char| c.is_alphanumeric() != is_word).unwrap_or(rest.len());
        found.push((&rest[..end], is_word));
        rest = &rest[end..];
    }
    found
}

/// Without accents and capitals, as slugs are.
fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Place, Severity};
    use super::*;

    #[test]
    fn a_line_of_a_secret_is_known_by_its_key_its_words_and_its_address() {
        for line in [
            "password = hunter2",
            "pasword = \"hunter2\"",
            "mot_de_passe = \"hunter2\"",
            "paswrod = 1",
            "mot de passe : hunter2",
            "password hunter2",
            "relay = { host = \"h\", password = \"hunter2\" }",
            "[smtp.password]",
            "url = \"postgres://u:hunter2@host/db\"",
            "url = \"host=db user=jalon password=hunter2\"",
            "url = \"example.org/poste?token=hunter2\"",
            "link = \"https://example.org/j/1?pwd=hunter2\"",
            "link = \"https://example.org/j/1?a=1&sig=hunter2\"",
            "# password hunter2",
            "tls = \"starttls\" # le mot de passe est hunter2",
            "host = \"h\" mot-de-passe hunter2",
            "place = Zoom, code secret hunter2",
            "label = \"lundi 6, pasword hunter2\"",
            "place = \"Zoom (code d'accès hunter2)\"",
        ] {
            assert!(speaks_of_a_secret(line), "{line}");
        }
        for line in [
            "title = \"Chargé·e\"",
            "title = \"Secrétaire de mairie\"",
            "name = \"Passation\"",
            "label = \"passage de relais, passeport, passion\"",
            "accept = [\"past\"]",
            "place = \"Crest\"",
            "url = \"https://example.org/?page=2\"",
            "",
        ] {
            assert!(!speaks_of_a_secret(line), "{line}");
        }
    }

    #[test]
    fn under_smtp_only_what_its_key_wants_is_shown() {
        let shown =
            |line: &'static str| fit_to_show([line, "port = 25", "[smtp]", "password = 1"].into_iter());
        for line in [
            "host = \"smtp.example.org\"",
            "host = smtp.example.org:587",
            "host = \"[::1]\"",
            "port = 70000",
            "prot = 25",
            "tls = \"startls\"",
            "username = \"recrutement@example.org\"",
            "auth = [\"plain\", \"cram-md5\"]",
            "rate = [\"30 par minute\", \"500/day\"]",
            "ca_file = \"tls/ca.pem\"",
        ] {
            assert_eq!(shown(line), Some(line));
        }
        assert_eq!(shown("port = 70000  # hunter2"), Some("port = 70000"));
        for line in [
            "host = \"hunter2\"",
            "host = \"u:hunter2@smtp.example.org\"",
            "host = \"smtp.example.org\" hunter2",
            "port = \"hunter2\"",
            "tls = \"hunter2\"",
            "username = \"hunter2\"",
            "username = recrutement@example.org / hunter2",
            "username2 = \"hunter2\"",
            "auth = \"hunter2\"",
            "rate = [\"hunter2\"]",
            "ca_file = \"hunter2\"",
            "hunter2",
            "hunter2 = 25",
        ] {
            assert_eq!(shown(line), None, "{line}");
        }
        assert_eq!(fit_to_show(["smtp.auth = [\"hunter2\"]"].into_iter()), None);
        assert_eq!(fit_to_show(["hunter2", "password = \"\"\""].into_iter()), None);
        assert_eq!(fit_to_show(["[end]", "[smtp]"].into_iter()), Some("[end]"));
    }

    #[test]
    fn what_is_said_of_a_secret_repeats_nothing_of_it() {
        let said = |sentence: &str, remedy: &str, statement: &str| {
            let problem = Problem::error("x", "f", say(sentence, sentence)).remedy(say(remedy, remedy));
            let problem = problem.discreet(statement);
            (problem.sentence.fr, problem.remedy.unwrap().fr)
        };
        let link = "url = \"https://camille:Hunter-2!@example.org/poste poste\"";
        let wrong = "« https://camille:Hunter-2!@example.org/poste poste » n'est pas un lien";
        assert_eq!(
            said(wrong, "un lien commence par https://", link),
            ("« … » n'est pas un lien".to_owned(), "un lien commence par https://".to_owned())
        );
        // Not as a slug, in small letters, cut short or as a part of something longer, either.
        for repeated in ["écrivez hunter-2", "écrivez HUNTER", "écrivez hunt", "écrivez xhunter2x"] {
            let (sentence, remedy) = said(repeated, repeated, "place = \"mot de passe : Hünter 2\"");
            assert!(!sentence.to_lowercase().contains("hunt"), "{sentence}");
            assert!(remedy.starts_with("la valeur n'est pas montrée"), "{remedy}");
        }
        let relay = said("« rate »", "écrivez rate = [\"hunter2\"]", "rate = \"hunter2\"");
        assert!(relay.0 == "« rate »" && relay.1.ends_with("rate = [\"30/min\", \"500/day\"]"), "{relay:?}");
        assert_eq!(said("« hunter2 » n'a pas de valeur", "", "hunter2 =").0, "« … » n'a pas de valeur");
        assert_eq!(said("« pasword » est inconnu", "", "pasword = 1").0, "« pasword » est inconnu");
        assert_eq!(said("https = \"//u:a!B?c+1@h", "", "https://u:a!B?c+1@h x").0, "https = \"…");
        assert_eq!(said("a!B?c#1", "", "pwd = \"a!B?c#1\"").0, "…");
        assert_eq!(said("le 2026-06-28", "", "until = 2026-06-28 # mot de passe 1").0, "le 2026-06-28");
    }

    #[test]
    fn a_path_is_told_from_a_secret() {
        for path in ["smtp.password", "/run/secrets/smtp", "../smtp", "secrets/smtp.txt"] {
            assert!(looks_like_a_path(path), "{path}");
        }
        for secret in ["hunter2", "Tr0ub4dor-XyZ-s3cr3t", "a.B!c", "dGVzdA=="] {
            assert!(!looks_like_a_path(secret), "{secret}");
        }
    }

    #[test]
    fn a_line_is_shown_in_its_text_unless_it_holds_a_secret() {
        let place = |line| Place { line, column: 1, width: 1, text: String::new() };
        let shown = |line| {
            let text = "a\n  [end]\nlabel = \"lundi, mot de passe hunter2\"\n[smtp]\nauth = \"hunter2\"\n";
            let problem = Problem::warning("x", "f", say("hunter2", "hunter2"));
            assert_eq!(problem.severity, Severity::Warning);
            let problem = problem.at(place(line)).in_its_text(text);
            (problem.place.unwrap(), problem.sentence.fr)
        };
        assert_eq!((shown(2).0.column, shown(2).0.width, shown(2).0.text.as_str()), (3, 5, "  [end]"));
        assert_eq!(shown(3), (place(3), "…".to_owned()));
        assert_eq!(shown(5), (place(5), "…".to_owned()));
        assert_eq!(shown(9).0, place(9));
    }
}
