//! `jalon rehearse --gallery`: the page for whoever edits templates, as the command writes it and as a browser shows it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const JALON: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\n";

/// A folder with a configuration, and templates that replace built-in ones.
fn service(templates: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    fs::create_dir_all(config.join("postings")).unwrap();
    fs::write(config.join("jalon.toml"), JALON).unwrap();
    for (name, text) in templates {
        let path = config.join("templates").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn gallery(folder: &Path, more: &[&str]) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_jalon"))
        .args(["rehearse", "--gallery", "--out", "page"])
        .args(more)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    (output, fs::read_to_string(folder.join("page/index.html")).unwrap_or_default())
}

#[test]
fn one_page_has_every_kind_in_every_language_by_the_templates_in_force() {
    let folder = service(&[("fr/parts/deadline.txt", "Le mien : {{ reminder.when }}\n")]);
    let (output, page) = gallery(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let count = page.matches("<article ").count();
    assert!(count >= 80 && page.contains(&format!("<h1>Templates: {count} mails</h1>")), "{count}");
    assert_eq!(page.matches("<iframe sandbox ").count(), 2 * count, "as on a desk, and as on a telephone");
    for shape in [
        "A late reminder",
        "Several reminders",
        "A date that moved",
        "Start: a window",
        "Interview: open date",
        "A summary",
        "A new recruitment",
        "A file that never was right",
        "A reminder that could not leave",
        "An address that is refused",
        "Operator: well again",
        "In somebody&#39;s place",
        "A reader in another zone",
    ] {
        let shape = shape.replace("&#39;", "'");
        for language in ["fr", "en"] {
            let title = format!("<h2>{shape} <small>({language})</small></h2>");
            assert!(page.contains(&title), "{title}");
        }
    }
    assert!(page.contains("Le mien\u{a0}: ") && !page.contains("<script"));
}

#[test]
fn a_template_that_fails_says_so_in_the_place_of_its_mail() {
    let folder = service(&[("en/parts/slip.html", "{{ slip.fil }}")]);
    let (output, page) = gallery(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(78));
    assert_eq!(page.matches("<pre class=\"wrong\">").count(), 3, "every sample of a wrong file, in English");
    assert!(page.contains("did you mean file?") && page.contains("A late reminder"));
    let folder = service(&[("en/reminder.txt", "{% if %}")]);
    let (output, page) = gallery(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(78), "a template that cannot be read");
    assert!(page.contains("A late reminder") && !output.stderr.is_empty());
}

#[test]
fn a_span_and_a_gallery_are_two_things_and_a_folder_of_somebody_elses_is_left() {
    let folder = service(&[]);
    assert_eq!(gallery(folder.path(), &["--from", "2026-01-01"]).0.status.code(), Some(2));
    fs::create_dir(folder.path().join("page")).unwrap();
    fs::write(folder.path().join("page/index.html"), "a site").unwrap();
    let (output, page) = gallery(folder.path(), &[]);
    assert_eq!((output.status.code(), page.as_str()), (Some(1), "a site"));
}

/// What a browser makes of a page, or nothing where there is none. `JALON_CHROMIUM` names another one.
fn browse(folder: &Path, page: &str, more: &[&str]) -> Option<Output> {
    let browser = std::env::var("JALON_CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let out = fs::File::create(folder.join("dom.html")).unwrap();
    let child = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .args([
            "--disable-sync",
            "--hide-scrollbars",
            "--window-size=1500,2400",
            "--virtual-time-budget=10000",
        ])
        .arg(format!("--user-data-dir={}", folder.join("browser").display()))
        .args(more)
        .arg(format!("file://{}", folder.join(page).display()))
        .stdout(out)
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: chromium is missing (apt-get install chromium)");
        return None;
    };
    let deadline = Instant::now() + Duration::from_mins(2);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("the browser does not come to an end");
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let stdout = fs::read(folder.join("dom.html")).unwrap();
    Some(Output { status, stdout, stderr: Vec::new() })
}

/// Measures each frame and writes it down beside what it was given.
const MEASURE: &str = "<script>onload = () => { for (const frame of document.querySelectorAll('iframe')) { \
    const page = frame.contentDocument.documentElement; frame.removeAttribute('srcdoc'); \
    frame.setAttribute('data-is', `${page.offsetHeight} ${page.scrollWidth} ${parseInt(frame.style.height)} ${parseInt(frame.style.width)}`); } }</script></body>";

#[test]
fn a_browser_shows_every_mail_as_high_as_it_is_and_no_wider_than_its_frame() {
    let folder = service(&[]);
    let (_, page) = gallery(folder.path(), &[]);
    // Frames that can be looked into, in a page that may run what measures them.
    let open = page
        .replace("sandbox loading=\"lazy\" ", "")
        .replace("default-src 'none'", "script-src 'unsafe-inline'")
        .replace("</body>", MEASURE);
    fs::write(folder.path().join("open.html"), &open).unwrap();
    let Some(output) = browse(folder.path(), "open.html", &["--dump-dom"]) else { return };
    let seen = String::from_utf8(output.stdout).unwrap();
    let measured: Vec<Vec<f64>> = seen
        .split("data-is=\"")
        .skip(1)
        .map(|rest| {
            rest.split('"').next().unwrap().split(' ').map(|figure| figure.parse().unwrap()).collect()
        })
        .collect();
    assert_eq!(measured.len(), page.matches("<iframe ").count());
    for figures in measured {
        let [is, wide, given, width] = figures[..] else { panic!("{figures:?}") };
        assert!(is > 200.0, "an empty mail: {figures:?}");
        assert!(wide <= width, "a mail that must be scrolled sideways: {figures:?}");
        // Fonts differ from machine to machine.
        assert!(given > is * 0.85 && given < is * 1.6, "a frame of another height: {figures:?}");
    }
    let shot = format!("--screenshot={}", folder.path().join("page.png").display());
    assert!(browse(folder.path(), "page/index.html", &[&shot]).unwrap().status.success());
    assert!(fs::read(folder.path().join("page.png")).unwrap().len() > 50_000, "a page with nothing on it");
}
