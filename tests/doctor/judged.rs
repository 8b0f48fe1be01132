//! What is made of what was found: a machine on which all is well, and each thing on it turned bad once.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::calendar::Zone;
use jalon::calendar::tzif::Parting;
use jalon::cli::Exit;
use jalon::cli::doctor::facts::{
    Config, Domain, Facts, Force, Ledger, Open, Place, Relay, Secret, Shared, Tried, What,
};
use jalon::cli::doctor::finding::{Check, State as How, exit};
use jalon::cli::doctor::judge::judge;
use jalon::diagnostic::{Words, say};
use jalon::files::rights::{Rights, Room};
use jalon::files::zoneinfo::Compared;
use jalon::ledger::{StoredHost, StoredRelay};
use jalon::plan::Key;
use jalon::plan::complaint::Complaint;
use jalon::plan::outcome::{Outcome, Phase, Reply};
use jalon::plan::row::{Row, State};

fn now() -> DateTime<Utc> {
    "2026-06-21T08:00:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> DateTime<Utc> {
    now() - TimeDelta::minutes(minutes)
}

fn words(text: &str) -> Words {
    say(text, text)
}

fn place(what: What, path: &str, mode: u32) -> Place {
    let rights = Rights { mode, owner: 0, group: 0 };
    Place { what, path: path.into(), rights, group: "recruteurs".to_owned() }
}

fn row(state: State, due: DateTime<Utc>) -> Row {
    Row {
        key: Key::from_text("p/deadline/2026-06-28/-7d/camille"),
        reader: "camille".into(),
        email: "camille@example.org".into(),
        due,
        late_after: now() + TimeDelta::days(7),
        state,
        reason: None,
        wanted: true,
        attempts: 0,
        doubts: 0,
        in_doubt: false,
        not_before: None,
        message_id: None,
        sent_at: None,
        reply: None,
        born: ago(60 * 24 * 30),
        changed: ago(60 * 24 * 30),
        why: String::new(),
    }
}

fn relay() -> Relay {
    Relay {
        name: "smtp.example.org".into(),
        host: "smtp.example.org".into(),
        port: 587,
        username: Some("recrutement".into()),
        secret: Secret::Password,
        unfit: None,
        tried: Some(Tried {
            addresses: vec!["192.0.2.7".parse().unwrap()],
            answered: Some(("192.0.2.7:587".parse().unwrap(), Duration::from_millis(12))),
            secured: Some("TLS 1.3".into()),
            certified_until: Some(now() + TimeDelta::days(60)),
            logged_in: true,
            failed: None,
        }),
        remembered: None,
    }
}

/// A machine on which all is well.
fn well() -> Facts {
    Facts {
        zone: Zone::parse("Europe/Paris").unwrap(),
        config: Config {
            file: "/etc/jalon/jalon.toml".into(),
            postings: (2, 2),
            reminders: 7,
            ..Config::default()
        },
        rights: vec![
            place(What::Settings, "/etc/jalon", 0o755),
            place(What::Settings, "/etc/jalon/jalon.toml", 0o644),
            place(What::Postings, "/etc/jalon/postings", 0o2775),
            place(What::State, "/var/lib/jalon", 0o755),
            place(What::Ledger, "/var/lib/jalon/jalon.db", 0o600),
            place(What::Outbox, "/var/lib/jalon/outbox", 0o750),
        ],
        service: Some(Rights { mode: 0o600, owner: 998, group: 998 }),
        relays: vec![relay()],
        outbox: None,
        sender: Some(("example.org".into(), Domain::Has)),
        ledger: Ledger::Open(Box::new(Open {
            path: "/var/lib/jalon/jalon.db".into(),
            schema: 2,
            size: 1 << 20,
            pretended: false,
            held: true,
            last_round: Some(ago(3)),
            copied: Some(ago(60 * 20)),
            rows: vec![row(State::Planned, ago(-600)), row(State::Sent, ago(600))],
            shared: None,
        })),
        made: Some(ago(60 * 24 * 90)),
        synchronised: Some(true),
        zones: Compared { zones: 2, known: 2, version: Some("2026a".into()), ..Compared::default() },
        rooms: vec![(
            PathBuf::from("/var/lib/jalon"),
            Room { free: 100_000_000, read_only: false, system: 1 },
        )],
    }
}

fn open(facts: &mut Facts) -> &mut Open {
    match &mut facts.ledger {
        Ledger::Open(open) => open,
        other => panic!("{other:?}"),
    }
}

fn tried(facts: &mut Facts) -> &mut Tried {
    facts.relays[0].tried.as_mut().unwrap()
}

/// That after this change just these lines are not well, each with these words and a remedy, in both languages; and how
/// the command ends.
fn expect(name: &str, expected: &[(Check, How, &str)], ends: Exit, change: impl FnOnce(&mut Facts)) {
    let mut facts = well();
    change(&mut facts);
    let found = judge(&facts, now());
    let bad: Vec<_> = found.iter().filter(|one| one.state != How::Ok).collect();
    let seen: Vec<_> = bad.iter().map(|one| (one.check, one.state)).collect();
    let wanted: Vec<_> = expected.iter().map(|(check, how, _)| (*check, *how)).collect();
    assert_eq!(seen, wanted, "{name}: {bad:#?}");
    for (one, (.., words)) in bad.iter().zip(expected) {
        assert!(one.sentence.en.contains(words), "{name}: {:?} without {words:?}", one.sentence.en);
        let remedy = one.remedy.as_ref().unwrap_or_else(|| panic!("{name}: no remedy"));
        assert!(remedy.fr.len() > 8 && remedy.en.len() > 8 && one.sentence.fr.len() > 8, "{name}");
    }
    for one in &found {
        let plain = [": ", "; ", "? ", "! "].map(|sign| format!(" {}", sign.trim_end()));
        assert!(!plain.iter().any(|sign| one.sentence.fr.contains(sign.as_str())), "{:?}", one.sentence.fr);
    }
    assert_eq!(exit(&found), ends, "{name}");
}

#[test]
fn on_a_machine_where_all_is_well_every_check_says_so_once() {
    use Check::{
        Clock, Config, Copies, Credential, Daemon, Disk, Ledger, Next, RelayLogin, RelayName, RelayRoute,
        RelayTls, Rights, Sender, Zones,
    };
    let found = judge(&well(), now());
    let checks: Vec<_> = found.iter().map(|one| one.check).collect();
    let all = [
        Config, Rights, Credential, RelayName, RelayRoute, RelayTls, RelayLogin, Sender, Ledger, Daemon,
        Copies, Clock, Zones, Disk, Next,
    ];
    assert_eq!(checks, all, "{found:#?}");
    assert!(found.iter().all(|one| one.state == How::Ok && one.remedy.is_none()), "{found:#?}");
    assert_eq!(exit(&found), Exit::Done);
    let said = |check| &found.iter().find(|one| one.check == check).unwrap().sentence;
    assert_eq!(said(Rights).en, "postings are written by the group recruteurs, the rest by its owner");
    assert_eq!(said(RelayRoute).en, "192.0.2.7:587 answers in 12 ms");
    assert!(said(RelayTls).fr.contains("valable 60 jours, jusqu'au 20 août 2026, 10\u{a0}h\u{a0}00"));
    assert_eq!(said(Next).fr, "prochain départ le 21 juin 2026, 20\u{a0}h\u{a0}00");
    assert!(said(Zones).en.contains("and this machine (2026a) agree for two years, on 2 of 2"));
}

#[test]
fn the_files() {
    let wrong = |check, words| [(check, How::Wrong, words)];
    expect("odd", &[(Check::Config, How::Warning, "0 error, 4 warnings")], Exit::Done, |facts| {
        facts.config.warnings = vec![words("w"); 4];
    });
    expect("wrong", &wrong(Check::Config, "2 errors, 1 warning"), Exit::Configuration, |facts| {
        facts.config.errors = vec![words("e"); 2];
        facts.config.warnings = vec![words("w")];
    });
    let both = [
        (Check::Config, How::Wrong, "1 error"),
        (Check::InForce, How::Wrong, "its last good version is followed"),
    ];
    expect("copy", &both, Exit::Configuration, |facts| {
        (facts.config.errors, facts.config.force) = (vec![words("e")], Force::Copy);
    });
    expect("older", &[(Check::InForce, How::Warning, "follows an older version")], Exit::Done, |facts| {
        facts.config.force = Force::Older;
    });
    let mut facts = well();
    (facts.config.errors, facts.config.force) = (vec![words("e"); 9], Force::Nothing);
    let found = judge(&facts, now());
    assert_eq!(found.iter().map(|one| one.check).collect::<Vec<_>>(), [Check::Config, Check::InForce]);
    assert_eq!(found[0].details.len(), 3, "the first few are shown");
    assert!(found[1].sentence.en.contains("the rest could not be looked at"));
}

#[test]
fn rights() {
    let right = |how, words| [(Check::Rights, how, words)];
    for (at, mode, how, words, ends) in [
        (0, 0o757, How::Wrong, "anybody may write /etc/jalon (mode 757)", Exit::Failed),
        (1, 0o646, How::Wrong, "anybody may write /etc/jalon/jalon.toml", Exit::Failed),
        (2, 0o777, How::Warning, "anybody may write /etc/jalon/postings", Exit::Done),
        (3, 0o757, How::Wrong, "anybody may write /var/lib/jalon ", Exit::Failed),
        (4, 0o640, How::Wrong, "which holds addresses", Exit::Failed),
        (4, 0o604, How::Wrong, "which holds addresses", Exit::Failed),
        (5, 0o755, How::Warning, "which holds mails", Exit::Done),
    ] {
        expect(words, &right(how, words), ends, |facts| facts.rights[at].rights.mode = mode);
    }
    expect("a folder in which nobody removes what is another's", &[], Exit::Done, |facts| {
        facts.rights[3].rights.mode = 0o1777;
    });
    let account = right(How::Warning, "the service's account may write /etc/jalon/jalon.toml");
    expect("owner", &account, Exit::Done, |facts| facts.rights[1].rights.owner = 998);
    expect("group", &account, Exit::Done, |facts| {
        (facts.rights[1].rights.mode, facts.rights[1].rights.group) = (0o664, 998);
    });
    expect("may not, though it owns it", &[], Exit::Done, |facts| {
        (facts.rights[1].rights.mode, facts.rights[1].rights.owner) = (0o444, 998);
    });
    expect("a person tries jalon out", &[], Exit::Done, |facts| {
        facts.service.as_mut().unwrap().owner = 1000;
        facts.rights[1].rights.owner = 1000;
    });
}

#[test]
fn secrets() {
    let (why, what) = (words("there is no password"), words("write one"));
    let said = |how| [(Check::Credential, how, "there is no password")];
    expect("missing", &said(How::Wrong), Exit::Configuration, |facts| {
        facts.relays[0].secret = Secret::Missing(why.clone(), what.clone());
    });
    expect("not from here", &said(How::Warning), Exit::Done, |facts| {
        facts.relays[0].secret = Secret::Elsewhere(why.clone(), what.clone());
        tried(facts).logged_in = false;
    });
    let none = [(Check::Credential, How::Wrong, "there is no token for smtp.example.org: no.")];
    expect("no token", &none, Exit::Configuration, |facts| {
        facts.relays[0].secret = Secret::NoToken("no.".into(), None);
    });
    let mut facts = well();
    tried(&mut facts).logged_in = false;
    let untried = judge(&facts, now());
    assert!(
        !untried.iter().any(|one| one.check == Check::RelayLogin),
        "nothing is said of what was not tried"
    );
    expect("a token", &[], Exit::Done, |facts| {
        facts.relays[0].secret = Secret::Token(Some(Duration::from_mins(54)));
    });
}

#[test]
fn relays() {
    let wrong = |check, words| [(check, How::Wrong, words)];
    let fails = |outcome: Outcome, words: &'static str, check: Check, clear: fn(&mut Tried)| {
        expect(words, &wrong(check, words), Exit::Unreachable, |facts| {
            let tried = tried(facts);
            clear(tried);
            (tried.failed, tried.logged_in) = (Some((outcome, None)), false);
        });
    };
    let lost = |phase, said: &str| Outcome::Lost(phase, said.to_owned());
    let refused = |phase, said: &str| Outcome::Refused(phase, Reply::new(535, said));
    fails(lost(Phase::Connect, "unknown"), "the name smtp.example.org: failed", Check::RelayName, |tried| {
        (tried.addresses, tried.answered, tried.secured) = (vec![], None, None);
    });
    fails(lost(Phase::Connect, "no"), "smtp.example.org, port 587: failed", Check::RelayRoute, |tried| {
        (tried.answered, tried.secured) = (None, None);
    });
    fails(refused(Phase::Connect, "busy"), "failed; 535 busy", Check::RelayRoute, |tried| {
        tried.secured = None;
    });
    for outcome in [Outcome::Untrusted("expired".into()), lost(Phase::Tls, "x"), refused(Phase::Tls, "x")] {
        fails(outcome, "the link with smtp.example.org: failed", Check::RelayTls, |tried| {
            tried.secured = None;
        });
    }
    fails(refused(Phase::Auth, "who?"), "failed; 535 who?", Check::RelayLogin, |_| {});
    fails(lost(Phase::Auth, "gone"), "failed; gone", Check::RelayLogin, |_| {});
    let soon = [(Check::RelayTls, How::Warning, "good for 13 days")];
    for (left, expected) in
        [(TimeDelta::days(14), &[][..]), (TimeDelta::days(14) - TimeDelta::seconds(1), &soon)]
    {
        expect("certificate", expected, Exit::Done, |facts| {
            tried(facts).certified_until = Some(now() + left);
        });
    }
    expect("unfit", &wrong(Check::RelayTls, "no authority"), Exit::Unreachable, |facts| {
        facts.relays[0].unfit = Some((words("no authority"), words("install some")));
        facts.relays[0].tried = None;
    });
    let rests =
        |rest_until, trouble| StoredRelay { name: "x".into(), rest_until, failures: 1, trouble, tried: None };
    let why = || Some((ago(60), Complaint::Away, "connect: no".to_owned()));
    for (remembered, expected) in [
        (rests(Some(ago(-5)), why()), Some("takes nothing before 21 June 2026, 10:05: connect: no")),
        (rests(Some(ago(5)), why()), Some("fails since 21 June 2026, 09:00: connect: no")),
        (rests(Some(ago(5)), None), None),
    ] {
        let expected: Vec<_> =
            expected.map(|words| (Check::RelayRest, How::Warning, words)).into_iter().collect();
        expect("rest", &expected, Exit::Done, |facts| facts.relays[0].remembered = Some(remembered));
    }
    for (known, said) in [
        (Domain::Lacks("none".into()), "there is no address for example.org"),
        (Domain::Unknown("later".into()), "could not be looked up: later"),
    ] {
        expect("sender", &[(Check::Sender, How::Warning, said)], Exit::Done, |facts| {
            facts.sender.as_mut().unwrap().1 = known;
        });
    }
    expect("outbox", &[(Check::Outbox, How::Warning, "nobody receives anything")], Exit::Done, |facts| {
        (facts.outbox, facts.relays, facts.sender) = (Some("/var/lib/jalon/outbox".into()), vec![], None);
    });
}

#[test]
fn the_ledger_its_daemon_and_its_copies() {
    let ledger = |how, words| [(Check::Ledger, how, words)];
    let path = PathBuf::from("/var/lib/jalon/jalon.db");
    for (state, how, words, ends) in [
        (
            Ledger::Missing { path: path.clone(), copies: false },
            How::Warning,
            "does not exist yet",
            Exit::Done,
        ),
        (
            Ledger::Missing { path: path.clone(), copies: true },
            How::Wrong,
            "is gone, and there are",
            Exit::Unreachable,
        ),
        (Ledger::Forbidden { path: path.clone() }, How::Wrong, "you may not look at", Exit::Unreachable),
        (Ledger::Unusable(words("it is damaged"), None), How::Wrong, "it is damaged", Exit::Unreachable),
    ] {
        expect(words, &ledger(how, words), ends, |facts| facts.ledger = state);
    }
    let daemon = |how, words| [(Check::Daemon, how, words)];
    expect("off", &daemon(How::Warning, "no jalon is at work since"), Exit::Done, |facts| {
        open(facts).held = false;
    });
    expect("off, and a mail waits", &daemon(How::Wrong, "and one mail waits"), Exit::Failed, |facts| {
        open(facts).held = false;
        open(facts).rows.push(row(State::Planned, ago(1)));
    });
    expect(
        "what waits for later does not wait for a daemon",
        &daemon(How::Warning, "no jalon"),
        Exit::Done,
        |facts| {
            open(facts).held = false;
            let row = Row { not_before: Some(ago(-60)), ..row(State::Planned, ago(1)) };
            open(facts).rows.push(row);
        },
    );
    for (minutes, how) in [(10, None), (11, Some(How::Warning))] {
        let expected: Vec<_> =
            how.map(|how| (Check::Daemon, how, "has looked at nothing since")).into_iter().collect();
        expect("silent", &expected, Exit::Done, |facts| open(facts).last_round = Some(ago(minutes)));
    }
    expect(
        "hangs",
        &daemon(How::Wrong, "nothing since 21 June 2026, 09:49, and 2 mails wait"),
        Exit::Failed,
        |facts| {
            open(facts).last_round = Some(ago(11));
            open(facts).rows.extend([row(State::Planned, ago(1)), row(State::Planned, ago(2))]);
        },
    );
    expect("pretended", &daemon(How::Warning, "pretended clock"), Exit::Done, |facts| {
        open(facts).pretended = true;
    });
    let copies = [(Check::Copies, How::Warning, "copy of the ledger")];
    for (copied, expected) in
        [(Some(ago(2 * 24 * 60)), &[][..]), (Some(ago(2 * 24 * 60 + 1)), &copies), (None, &copies)]
    {
        expect("copies", expected, Exit::Done, |facts| open(facts).copied = copied);
    }
    expect("it has just begun", &[], Exit::Done, |facts| {
        (open(facts).copied, open(facts).last_round) = (None, None);
    });
}

#[test]
fn the_machine() {
    let clock = |how, words| [(Check::Clock, how, words)];
    expect("behind", &clock(How::Wrong, "119 min behind"), Exit::Failed, |facts| {
        open(facts).last_round = Some(now() + TimeDelta::minutes(119));
    });
    expect("a minute is no trouble", &[], Exit::Done, |facts| {
        open(facts).last_round = Some(now() + TimeDelta::minutes(1));
    });
    let ahead = [
        (Check::Daemon, How::Warning, "has looked at nothing since"),
        (Check::Clock, How::Wrong, "25 h ahead of"),
    ];
    expect("ahead", &ahead, Exit::Failed, |facts| open(facts).last_round = Some(ago(25 * 60)));
    expect("before its time", &clock(How::Wrong, "before this program was made"), Exit::Failed, |facts| {
        facts.made = Some(now() + TimeDelta::days(2));
    });
    expect("free", &clock(How::Warning, "no time server has set it"), Exit::Done, |facts| {
        facts.synchronised = Some(false);
    });
    expect("nobody knows", &[], Exit::Done, |facts| facts.synchronised = None);
    let zone = Zone::parse("Europe/Paris").unwrap();
    let parting = |days, ours| Parting { zone, at: now() + TimeDelta::days(days), ours, theirs: 7200 };
    let zones = [(Check::Zones, How::Warning, "Europe/Paris: from 24 June 2026, 10:00 on jalon (")];
    expect("zones", &zones, Exit::Done, |facts| {
        facts.zones.partings = vec![parting(5, 3600), parting(3, 3600)];
    });
    expect("no zones", &[], Exit::Done, |facts| facts.zones = Compared { zones: 2, ..Compared::default() });
    let disk = |how, words| [(Check::Disk, how, words)];
    expect("little", &disk(How::Warning, "99 MB are left"), Exit::Done, |facts| facts.rooms[0].1.free -= 1);
    expect(
        "little for so large a ledger",
        &disk(How::Warning, "there should be 500 MB"),
        Exit::Done,
        |facts| {
            open(facts).size = 100_000_000;
            facts.rooms[0].1.free = 499_999_999;
        },
    );
    expect("read-only", &disk(How::Wrong, "mounted read-only"), Exit::Failed, |facts| {
        facts.rooms[0].1.read_only = true;
    });
}

#[test]
fn what_is_in_the_ledger() {
    let warning = |check, words| [(check, How::Warning, words)];
    for (state, minutes, words) in [
        (State::Planned, 16, Some("1 mail late, the oldest since 21 June 2026, 09:44 (16 min)")),
        (State::Planned, 15, None),
        (State::Handed, 120, Some("1 mail late")),
        (State::Sent, 120, None),
    ] {
        let expected: Vec<_> = words.map(|words| (Check::Overdue, How::Warning, words)).into_iter().collect();
        expect("overdue", &expected, Exit::Done, |facts| open(facts).rows.push(row(state, ago(minutes))));
    }
    expect(
        "later",
        &warning(Check::Overdue, "; tried again 21 June 2026, 10:20; rcpt: 450 later"),
        Exit::Done,
        |facts| {
            let late = row(State::Planned, ago(60));
            open(facts).rows.push(Row {
                not_before: Some(ago(-20)),
                reply: Some("rcpt: 450 later".into()),
                ..late
            });
        },
    );
    expect(
        "held",
        &warning(Check::Held, "1 mail may have left, and waits for a person"),
        Exit::Done,
        |facts| {
            open(facts).rows.push(row(State::Held, ago(60)));
        },
    );
    expect("failed", &warning(Check::Failed, "2 refused mails would still be of use"), Exit::Done, |facts| {
        let failed = row(State::Failed, ago(60));
        let over = Row { late_after: now(), ..failed.clone() };
        open(facts).rows.extend([failed.clone(), failed, over]);
    });
    expect(
        "doubts",
        &warning(Check::Doubts, "will leave again with the same Message-ID"),
        Exit::Done,
        |facts| {
            open(facts).rows.push(Row { in_doubt: true, ..row(State::Planned, ago(-60)) });
        },
    );
    let mut facts = well();
    open(&mut facts).rows.clear();
    assert_eq!(judge(&facts, now()).last().unwrap().sentence.fr, "rien n'est prévu");
}

#[test]
fn the_worst_decides_how_it_ends_and_the_configuration_first() {
    let ends = |change: fn(&mut Facts)| {
        let mut facts = well();
        change(&mut facts);
        exit(&judge(&facts, now()))
    };
    assert_eq!(ends(|facts| facts.rights[4].rights.mode = 0o644), Exit::Failed);
    assert_eq!(
        ends(|facts| {
            facts.rights[4].rights.mode = 0o644;
            facts.ledger = Ledger::Forbidden { path: PathBuf::new() };
        }),
        Exit::Unreachable
    );
    assert_eq!(
        ends(|facts| {
            facts.config.errors = vec![words("e")];
            facts.ledger = Ledger::Forbidden { path: PathBuf::new() };
        }),
        Exit::Configuration
    );
}

#[test]
fn of_a_shared_ledger_it_is_said_who_plans_and_what_is_otherwise_elsewhere() {
    let host = |name: &str, plans: bool| StoredHost {
        id: name.into(),
        name: name.into(),
        program: "0.1.0".into(),
        digest: "a".into(),
        readable: true,
        ahead: TimeDelta::zero(),
        seen: now(),
        lives: true,
        plans,
    };
    let hosts = || vec![host("web1", true), host("web2", false)];
    let shared =
        |hosts: Vec<StoredHost>| Shared { version: "15.18".into(), durable: true, open: false, hosts };
    let share = |facts: &mut Facts, hosts| open(facts).shared = Some(shared(hosts));
    let mut facts = well();
    share(&mut facts, hosts());
    let found = judge(&facts, now());
    let said = |check| &found.iter().find(|one| one.check == check).unwrap().sentence.en;
    assert!(said(Check::Hosts).contains("2 at work (web1, web2); web1 plans"), "{found:#?}");
    assert!(said(Check::Ledger).contains("PostgreSQL 15.18"));
    assert!(found.iter().all(|one| one.check != Check::Copies), "who keeps the database copies it");
    let warning = |words| [(Check::Hosts, How::Warning, words)];
    expect("other files", &warning("the files of web2 are not those of web1"), Exit::Done, |facts| {
        let mut hosts = hosts();
        hosts[1].digest = "b".into();
        share(facts, hosts);
    });
    expect("blind", &warning("web2 cannot read all of its files"), Exit::Done, |facts| {
        let mut hosts = hosts();
        hosts[1].readable = false;
        share(facts, hosts);
    });
    expect("nobody plans", &warning("no host plans"), Exit::Done, |facts| {
        share(facts, vec![host("web2", false)]);
    });
    expect("versions", &warning("the same version"), Exit::Done, |facts| {
        let mut hosts = hosts();
        hosts[1].program = "0.2.0".into();
        share(facts, hosts);
    });
    let clock = [(Check::Clock, How::Warning, "the clock of web2 is 30 s behind PostgreSQL's")];
    expect("clock", &clock, Exit::Done, |facts| {
        let mut hosts = hosts();
        hosts[1].ahead = TimeDelta::seconds(-30);
        share(facts, hosts);
    });
    let ledger = |words| [(Check::Ledger, How::Warning, words)];
    expect("fsync", &ledger("may lose what it confirmed"), Exit::Done, |facts| {
        open(facts).shared = Some(Shared { durable: false, ..shared(hosts()) });
    });
    expect("in the clear", &ledger("not encrypted"), Exit::Done, |facts| {
        open(facts).shared = Some(Shared { open: true, ..shared(hosts()) });
    });
}
