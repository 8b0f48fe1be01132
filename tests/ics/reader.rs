//! A strict reader of iCalendar (RFC 5545): what is not exactly as it should be is a failed test.

use std::collections::BTreeMap;

/// A component: its properties by name, parameters kept with the name (`DTSTART;VALUE=DATE`), each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component(BTreeMap<String, String>);

impl Component {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.keys().any(|known| known.split(';').next() == Some(name))
    }

    /// When it is, what it is called, how it stands.
    pub fn line(&self) -> String {
        let start = self.get("DTSTART").or(self.get("DTSTART;VALUE=DATE")).unwrap();
        let end = self.get("DTEND").or(self.get("DTEND;VALUE=DATE")).unwrap_or("-");
        format!(
            "{start} {end} {} {} {}",
            self.get("SEQUENCE").unwrap(),
            self.get("STATUS").unwrap(),
            self.get("TRANSP").unwrap()
        )
    }
}

/// A calendar: its own properties, and its events.
#[derive(Debug, Default)]
pub struct Calendar {
    pub own: Component,
    pub events: Vec<Component>,
}

/// Reads a calendar.
pub fn read(text: &str) -> Calendar {
    assert!(text.ends_with("\r\n"), "the last line ends too");
    let physical: Vec<&str> = text.strip_suffix("\r\n").unwrap().split("\r\n").collect();
    let mut lines: Vec<String> = Vec::new();
    for line in physical {
        assert!(line.len() <= 75, "{} octets: {line:?}", line.len());
        assert!(!line.chars().any(char::is_control), "{line:?}");
        match line.strip_prefix(' ') {
            Some(rest) => lines.last_mut().expect("nothing to go on from").push_str(rest),
            None => lines.push(line.to_owned()),
        }
    }
    let mut calendar = Calendar::default();
    let mut open: Vec<&str> = Vec::new();
    let mut event = None;
    for line in &lines {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("{line:?}"));
        assert!(name.bytes().all(|b| b.is_ascii_uppercase() || b"-;=".contains(&b)), "{line:?}");
        match (name, value) {
            ("BEGIN", "VCALENDAR") => assert!(open.is_empty()),
            ("BEGIN", "VEVENT") => {
                assert_eq!(open, ["VCALENDAR"]);
                event = Some(Component::default());
            }
            ("END", what) => {
                assert_eq!(open.pop(), Some(what));
                calendar.events.extend(event.take());
                continue;
            }
            ("BEGIN", other) => panic!("{other} has no place here"),
            (name, value) => {
                let into = event.as_mut().unwrap_or(&mut calendar.own);
                let text = ["SUMMARY", "DESCRIPTION", "LOCATION", "NAME", "X-WR-CALNAME"].contains(&name);
                let value = if text { unescaped(value) } else { value.to_owned() };
                assert!(into.0.insert(name.to_owned(), value).is_none(), "twice: {name}");
                continue;
            }
        }
        open.push(value);
    }
    assert!(open.is_empty(), "{open:?} does not end");
    for (name, value) in [("VERSION", "2.0"), ("CALSCALE", "GREGORIAN"), ("METHOD", "PUBLISH")] {
        assert_eq!(calendar.own.get(name), Some(value));
    }
    for event in &calendar.events {
        assert!(["UID", "DTSTAMP", "DTSTART", "SUMMARY"].iter().all(|name| event.has(name)), "{event:?}");
        assert!(!event.has("ORGANIZER") && !event.has("ATTENDEE") && !event.has("CATEGORIES"));
        for name in ["DTSTAMP", "DTSTART", "DTEND"] {
            assert!(event.get(name).is_none_or(is_utc), "{event:?}");
        }
        for name in ["DTSTART;VALUE=DATE", "DTEND;VALUE=DATE"] {
            assert!(event.get(name).is_none_or(|date| date.len() == 8 && is_number(date)), "{event:?}");
        }
    }
    calendar
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn is_utc(text: &str) -> bool {
    let local = text.strip_suffix('Z').and_then(|text| text.split_once('T'));
    local.is_some_and(|(date, time)| date.len() == 8 && time.len() == 6 && is_number(date) && is_number(time))
}

/// A TEXT value (§3.3.11).
fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(c @ ('\\' | ';' | ',')) => text.push(c),
                other => panic!("\\{other:?} in {value:?}"),
            },
            ';' | ',' => panic!("{c} stands bare in {value:?}"),
            c => text.push(c),
        }
    }
    text
}
