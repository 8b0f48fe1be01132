//! `jalon token`, and the daemon that runs it: the real binary against a token endpoint and a relay on 127.0.0.1.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/endpoint.rs"]
mod endpoint;
#[path = "support/running.rs"]
mod running;
#[path = "support/server.rs"]
mod server;
#[path = "support/xoauth2.rs"]
mod xoauth2;

use std::fs;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use endpoint::Endpoint;
use running::{Daemon, ended, jalon, text};
use xoauth2::TokenRelay;

const SECRET: &str = "a-Secret~0";
const REFRESH: &str = "1//0gRefresh";

/// A folder with a configuration folder, a secret and a refresh token in it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("config")).unwrap();
    secret(&folder.path().join("config/app.secret"), SECRET);
    secret(&folder.path().join("config/refresh.secret"), REFRESH);
    fs::write(folder.path().join("config/jalon.toml"), "time_zone = \"Europe/Paris\"\n").unwrap();
    folder
}

fn secret(path: &Path, text: &str) {
    use std::io::Write as _;
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    writeln!(file, "{text}").unwrap();
}

fn token(folder: &Path, words: &[&str]) -> Output {
    jalon(folder).arg("token").args(words).output().unwrap()
}

const MICROSOFT: [&str; 7] =
    ["microsoft", "--tenant", "contoso.example", "--client-id", "app-1", "--secret-file", "app.secret"];
const GOOGLE: [&str; 7] =
    ["google", "--client-id", "app-2", "--secret-file", "app.secret", "--refresh-file", "refresh.secret"];

fn at<'a>(words: &[&'a str], url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [words, &["--endpoint", url], more].concat()
}

#[test]
fn microsoft_is_asked_by_the_applications_own_secret() {
    let folder = folder();
    let endpoint =
        Endpoint::start(&[(200, r#"{"token_type":"Bearer","expires_in":3599,"access_token":"eyJ0"}"#)]);
    let output = token(folder.path(), &at(&MICROSOFT, &endpoint.url(), &[]));
    let (code, out, err) = ended(&output);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, "{\"access_token\":\"eyJ0\",\"expires_in\":3599}\n");
    let [asked] = &endpoint.asked()[..] else { panic!() };
    assert_eq!(asked.line, "POST /token HTTP/1.1");
    let form: Vec<(&str, &str)> =
        asked.form.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(
        form,
        [
            ("client_id", "app-1"),
            ("client_secret", SECRET),
            ("scope", "https://outlook.office365.com/.default"),
            ("grant_type", "client_credentials"),
        ]
    );
}

#[test]
fn google_is_asked_by_a_refresh_token() {
    let folder = folder();
    let endpoint = Endpoint::start(&[(200, r#"{"access_token":"ya29.x","expires_in":3599,"scope":"s"}"#)]);
    let (code, out, err) = ended(&token(folder.path(), &at(&GOOGLE, &endpoint.url(), &[])));
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, "{\"access_token\":\"ya29.x\",\"expires_in\":3599}\n");
    let asked = &endpoint.asked()[0];
    assert_eq!(asked.field("grant_type"), Some("refresh_token"));
    assert_eq!(asked.field("refresh_token"), Some(REFRESH));
    assert_eq!(asked.field("client_secret"), Some(SECRET));
    assert_eq!(asked.field("scope"), None);
}

#[test]
fn a_secret_comes_from_a_credential_or_a_variable_too() {
    let folder = folder();
    let endpoint = Endpoint::start(&[(200, r#"{"access_token":"a"}"#)]);
    let url = endpoint.url();
    let words = ["token", "microsoft", "--tenant", "t", "--client-id", "c", "--endpoint", &url];
    let credentials = folder.path().join("credentials");
    fs::create_dir(&credentials).unwrap();
    fs::write(credentials.join("app"), "from-credential").unwrap();
    let by_credential = jalon(folder.path())
        .args(words)
        .args(["--secret-credential", "app"])
        .env("CREDENTIALS_DIRECTORY", &credentials)
        .output()
        .unwrap();
    assert_eq!(
        ended(&by_credential),
        (0, "{\"access_token\":\"a\",\"expires_in\":null}\n".to_owned(), String::new())
    );
    let by_variable = jalon(folder.path())
        .args(words)
        .args(["--secret-env", "APP"])
        .env("APP", "from-env")
        .output()
        .unwrap();
    assert_eq!(ended(&by_variable).0, 0);
    let secrets: Vec<_> =
        endpoint.asked().iter().map(|asked| asked.field("client_secret").unwrap().to_owned()).collect();
    assert_eq!(secrets, ["from-credential", "from-env"]);
}

#[test]
fn a_refresh_token_that_changes_is_kept_until_a_person_gives_another() {
    let folder = folder();
    let endpoint = Endpoint::start(&[
        (200, r#"{"access_token":"a","refresh_token":"second"}"#),
        (200, r#"{"access_token":"b","refresh_token":"third"}"#),
        (200, r#"{"access_token":"c"}"#),
        (200, r#"{"access_token":"d","refresh_token":"fifth"}"#),
        (400, r#"{"error":"invalid_grant"}"#),
        (200, r#"{"access_token":"e"}"#),
    ]);
    let url = endpoint.url();
    let words = [
        "microsoft",
        "--tenant",
        "t",
        "--client-id",
        "c",
        "--refresh-file",
        "refresh.secret",
        "--state",
        "state/m365",
    ];
    let ask = || ended(&token(folder.path(), &at(&words, &url, &[]))).0;
    let state = folder.path().join("state/m365");
    assert_eq!((ask(), ask(), ask()), (0, 0, 0));
    let about = fs::metadata(&state).unwrap();
    assert_eq!(about.permissions().mode() & 0o777, 0o600);
    secret(&folder.path().join("config/refresh.secret"), "given anew");
    assert_eq!((ask(), ask(), ask()), (0, 78, 0));
    let used: Vec<_> =
        endpoint.asked().iter().map(|asked| asked.field("refresh_token").unwrap().to_owned()).collect();
    assert_eq!(used, [REFRESH, "second", "third", "given anew", "fifth", "fifth"], "a refusal loses nothing");
    let asked = &endpoint.asked()[0];
    assert_eq!(asked.field("scope"), Some("https://outlook.office.com/SMTP.Send offline_access"));
    assert_eq!(asked.field("client_secret"), None, "a public application has none");
    let left: Vec<_> =
        fs::read_dir(state.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["m365"], "nothing is left aside");
    assert!(!fs::read_to_string(&state).unwrap().contains("given anew"), "only its fingerprint");
}

#[test]
fn what_cannot_be_kept_is_not_asked_for() {
    let folder = folder();
    let endpoint = Endpoint::start(&[(200, r#"{"access_token":"a","refresh_token":"b"}"#)]);
    fs::write(folder.path().join("file"), "").unwrap();
    let (code, out, err) = ended(&token(
        folder.path(),
        &at(&GOOGLE, &endpoint.url(), &["--state", "file/state", "--lang", "en"]),
    ));
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("cannot be kept (--state)"), "{err}");
    assert!(endpoint.asked().is_empty(), "the provider would have ended the old one");
}

#[test]
fn refusals_are_explained_in_both_languages_and_show_no_secret() {
    let folder = folder();
    let expired = r#"{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app 'app-1' are expired.\r\nTrace ID: 1 Correlation ID: 2","error_codes":[7000222]}"#;
    let echoed = format!(r#"{{"error":"odd_code","error_description":"what is {SECRET} with {REFRESH}?"}}"#);
    for (status, body, code, en, fr) in [
        (
            401,
            expired,
            78,
            "jalon: The application's secret has expired: make a new one in Entra (App registrations, the application, Certificates & secrets), and put its value in place of the old one. (invalid_client, AADSTS7000222)\n",
            "a expiré",
        ),
        (
            400,
            r#"{"error":"invalid_grant","error_description":"Bad Request"}"#,
            78,
            "(invalid_grant)\n",
            "sept jours",
        ),
        (
            400,
            r#"{"error":"unauthorized_client","error_description":"AADSTS700016: Application not found"}"#,
            78,
            "check --client-id",
            "locataire",
        ),
        (400, &echoed, 78, "jalon: the provider refuses: odd_code: what is […] with […]?\n", "refuse"),
        (
            404,
            "<html>",
            78,
            "jalon: 127.0.0.1 does not answer like a token endpoint (HTTP 404)\n",
            "fournisseur de jetons",
        ),
        (503, "", 69, "jalon: 127.0.0.1 cannot be reached: HTTP 503\n", "ne répond pas"),
        (429, r#"{"error":"x"}"#, 69, "HTTP 429", "HTTP 429"),
        (0, "", 69, "cannot be reached", "ne répond pas"),
    ] {
        let endpoint = Endpoint::start(&[(status, body)]);
        let url = endpoint.url();
        let words = if status == 400 { at(&GOOGLE, &url, &[]) } else { at(&MICROSOFT, &url, &[]) };
        for (language, wanted) in [("en", en), ("fr", fr)] {
            let (exit, out, err) =
                ended(&token(folder.path(), &[&words[..], &["--lang", language]].concat()));
            assert_eq!((exit, out.as_str()), (code, ""), "{body}: {err}");
            assert!(err.contains(wanted), "{body}: {err}");
            assert!(!err.contains(SECRET) && !err.contains(REFRESH), "{err}");
            assert_eq!(err.lines().count(), 1, "{err}");
        }
    }
}

#[test]
fn a_redirect_takes_no_secret_elsewhere() {
    let folder = folder();
    let elsewhere = Endpoint::start(&[(200, r#"{"access_token":"stolen"}"#)]);
    for status in [301, 302, 307, 308] {
        let endpoint = Endpoint::start(&[(status, &elsewhere.url())]);
        let (code, out, _) = ended(&token(folder.path(), &at(&MICROSOFT, &endpoint.url(), &[])));
        assert_eq!((code, out.as_str()), (78, ""), "{status}");
    }
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn a_proxy_is_not_told_what_is_in_the_clear() {
    let folder = folder();
    let (endpoint, proxy) =
        (Endpoint::start(&[(200, r#"{"access_token":"a"}"#)]), Endpoint::start(&[(200, "{}")]));
    let url = endpoint.url();
    let words = [&["token"], &at(&MICROSOFT, &url, &[])[..]].concat();
    let output = jalon(folder.path()).args(words).env("ALL_PROXY", proxy.url()).output().unwrap();
    assert_eq!(ended(&output).0, 0);
    assert!(proxy.asked().is_empty());
}

#[test]
fn what_is_missing_is_said_and_nothing_is_asked() {
    let folder = folder();
    let endpoint = Endpoint::start(&[(200, r#"{"access_token":"a"}"#)]);
    let url = endpoint.url();
    fs::set_permissions(folder.path().join("config/refresh.secret"), fs::Permissions::from_mode(0o644))
        .unwrap();
    for (words, code, said) in [
        (&["microsoft", "--tenant", "t", "--client-id", "c"][..], 2, "--secret-credential is missing"),
        (
            &["microsoft", "--tenant", "t/../x", "--client-id", "c", "--secret-file", "app.secret"],
            2,
            "--tenant",
        ),
        (
            &["microsoft", "--tenant", "t", "--client-id", "c", "--refresh-file", "app.secret"],
            2,
            "--state is missing",
        ),
        (
            &["google", "--client-id", "c", "--secret-file", "app.secret"],
            2,
            "--refresh-credential is missing",
        ),
        (
            &["google", "--client-id", "c", "--refresh-file", "app.secret"],
            2,
            "--secret-credential is missing",
        ),
        (
            &["microsoft", "--tenant", "t", "--client-id", "c", "--secret-file", "none"],
            78,
            "this file does not exist",
        ),
        (&["microsoft", "--tenant", "t", "--client-id", "c", "--secret-env", "NONE"], 78, "not set"),
        (
            &[
                "google",
                "--client-id",
                "c",
                "--secret-file",
                "app.secret",
                "--refresh-file",
                "refresh.secret",
            ],
            78,
            "can be read by others",
        ),
        (
            &["microsoft", "--tenant", "t", "--client-id", "c", "--secret-env", "A", "--secret-file", "b"],
            2,
            "cannot be used with",
        ),
        (
            &["microsoft", "--tenant", "t", "--client-id", "c", "--secret", "literal"],
            2,
            "unexpected argument",
        ),
    ] {
        let (exit, out, err) = ended(&token(folder.path(), &at(words, &url, &["--lang", "en"])));
        assert_eq!((exit, out.as_str()), (code, ""), "{words:?}: {err}");
        assert!(err.contains(said), "{words:?}: {err}");
    }
    assert!(endpoint.asked().is_empty());
    for address in ["http://login.example/token", "ftp://127.0.0.1/", "x"] {
        let (exit, _, err) = ended(&token(folder.path(), &at(&MICROSOFT, address, &["--lang", "en"])));
        assert_eq!(exit, 2, "{address}: {err}");
        assert!(err.contains("in https, or http on this machine"), "{err}");
    }
}

/// A house with one posting, whose relay wants tokens, which `jalon token` gets from this endpoint.
fn house(relay: &TokenRelay, endpoint: &Endpoint) -> tempfile::TempDir {
    let folder = folder();
    fs::create_dir(folder.path().join("config/postings")).unwrap();
    fs::write(
        folder.path().join("config/jalon.toml"),
        format!(
            "time_zone = \"Europe/Paris\"\nlanguage = \"fr\"\n[mail]\nfrom = \"rh@example.org\"\noperator = \"admin@example.org\"\n[smtp]\nhost = \"localhost\"\nport = {}\ntls = \"none\"\nusername = \"rh@example.org\"\ntoken_command = [\"jalon\", \"token\", \"microsoft\", \"--tenant\", \"t\", \"--client-id\", \"c\", \"--secret-file\", \"app.secret\", \"--endpoint\", \"{}\"]\n[people.camille]\nemail = \"camille@example.org\"\n",
            relay.port,
            endpoint.url()
        ),
    )
    .unwrap();
    fs::write(
        folder.path().join("config/postings/p.toml"),
        "title = \"Trésorier·ère\"\nrecruiters = [\"camille\"]\nannounce = false\n[deadline]\nuntil = 2026-06-25\n",
    )
    .unwrap();
    let mut first = run(folder.path(), "2026-06-01T10:00:00");
    first.until("event=\"planned\"");
    first.stop();
    folder
}

/// Whether the mail to the operator about the relay is due now, and not in an hour.
fn told_at_once(folder: &Path) -> bool {
    let row = until("a mail to the operator", || {
        let words = ["history", "--ledger", "sqlite:jalon.db", "--format", "json"];
        let rows = text(&jalon(folder).args(words).output().unwrap().stdout);
        let rows: Vec<serde_json::Value> = serde_json::from_str(&rows).unwrap();
        rows.into_iter().find(|row| row["key"].as_str().unwrap().contains("relay-localhost"))
    });
    row["due"].as_str().unwrap().starts_with("2026-06-18T07:0")
}

/// The next line of the log that holds this.
fn line(daemon: &mut Daemon, wanted: &str) -> String {
    daemon.until(wanted).pop().unwrap()
}

fn run(folder: &Path, as_of: &str) -> Daemon {
    Daemon::start(folder, &["--as-of", as_of, "--ledger", "sqlite:jalon.db"])
}

#[test]
fn the_daemon_sends_by_the_shipped_command() {
    let relay = TokenRelay::start(&["token-2"]);
    let endpoint = Endpoint::start(&[
        (200, r#"{"access_token":"token-1","expires_in":3599}"#),
        (200, r#"{"access_token":"token-2","expires_in":3599}"#),
    ]);
    let folder = house(&relay, &endpoint);
    let mut daemon = run(folder.path(), "2026-06-18T08:59:59");
    daemon.until("event=\"sent\"");
    daemon.stop();
    assert_eq!(relay.tokens(), ["token-1", "token-2"], "the first was refused, and renewed at once");
    assert_eq!(relay.users(), ["rh@example.org"; 2]);
    assert_eq!(relay.mails().len(), 1);
    assert_eq!(endpoint.asked()[0].field("client_secret"), Some(SECRET), "relative to jalon.toml");
}

#[test]
fn a_daemon_that_is_told_to_stop_leaves_no_program_behind() {
    let relay = TokenRelay::start(&[]);
    let folder = house(&relay, &Endpoint::start(&[(200, "{}")]));
    let settings = folder.path().join("config/jalon.toml");
    let script = folder.path().join("stuck.sh");
    fs::write(&script, "cd \"$1\"\nsleep 3600 &\necho $! > new; echo $$ >> new; mv new pids\nwait\n")
        .unwrap();
    let words = format!("token_command = [\"/bin/sh\", {script:?}, {:?}]", folder.path());
    let text = fs::read_to_string(&settings).unwrap();
    let lines =
        text.lines().map(|line| if line.starts_with("token_command") { words.as_str() } else { line });
    fs::write(&settings, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let daemon = run(folder.path(), "2026-06-18T08:59:59");
    let pids = until("it runs", || fs::read_to_string(folder.path().join("pids")).ok());
    daemon.stop();
    for pid in pids.lines() {
        let stat = Path::new("/proc").join(pid).join("stat");
        until("it is gone", || {
            let dead = |stat: String| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'));
            fs::read_to_string(&stat).map_or(true, dead).then_some(())
        });
    }
}

/// Looks again and again until there is something.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn the_operator_hears_what_a_refused_login_means() {
    let relay = TokenRelay::start(&[]).refusing("535 5.7.3 Authentication unsuccessful [MR2P264CA0001]");
    let folder = house(&relay, &Endpoint::start(&[(200, r#"{"access_token":"token-4"}"#)]));
    let mut daemon = run(folder.path(), "2026-06-18T08:59:59");
    let rests = line(&mut daemon, "event=\"relay-rests\"");
    assert!(rests.contains("auth: 535 5.7.3") && rests.contains("permission SMTP.SendAsApp"), "{rests}");
    daemon.hang_up();
    let trouble = line(&mut daemon, "event=\"trouble\"");
    assert!(trouble.contains("Microsoft refuses the login. With token_command"), "at once: {trouble}");
    assert!(!trouble.contains("Microsoft refuse la"), "the log is in English: {trouble}");
    assert!(told_at_once(folder.path()));
    daemon.stop();
    assert_eq!(relay.tokens(), ["token-4"; 2], "renewed once");
}

#[test]
fn the_operator_hears_why_there_is_no_token_and_no_mail_pays_for_it() {
    let relay = TokenRelay::start(&["token-3"]);
    let refusal = r#"{"error":"invalid_client","error_description":"AADSTS7000222: expired"}"#;
    let good = r#"{"access_token":"token-3","expires_in":3599}"#;
    let endpoint = Endpoint::start(&[(401, refusal)]);
    let folder = house(&relay, &endpoint);
    let mut daemon = run(folder.path(), "2026-06-18T08:59:59");
    let line = line(&mut daemon, "event=\"relay-rests\"");
    assert!(line.contains("AADSTS7000222") && line.contains("make a new one in Entra"), "{line}");
    assert!(
        line.contains("Le secret de l'application a expiré"),
        "it complains in the service's language: {line}"
    );
    assert!(!line.contains(SECRET), "{line}");
    // Five seconds later again; then the operator hears of it as soon as the plan is looked at.
    daemon.until("event=\"relay-rests\"");
    daemon.hang_up();
    let trouble = self::line(&mut daemon, "event=\"trouble\"");
    assert_eq!(trouble.matches("a expiré").count(), 1, "said once: {trouble}");
    assert!(told_at_once(folder.path()));
    daemon.stop();
    assert_eq!(relay.tokens(), [""; 0], "nobody is connected to without a token");
    endpoint.answer(200, good);
    let mut daemon = run(folder.path(), "2026-06-18T10:00:00");
    daemon.until("event=\"sent\"");
    daemon.stop();
    let history = jalon(folder.path())
        .args(["history", "--ledger", "sqlite:jalon.db", "--format", "json"])
        .output()
        .unwrap();
    let history = text(&history.stdout);
    assert!(history.contains("\"attempts\": 0") && !history.contains("\"attempts\": 1"), "{history}");
}
