//! Pure. The phrases that a language must have.

/// A phrase: a macro of the file of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// Its name.
    pub name: &'static str,
    /// What it is given, by name; and of which type.
    pub takes: &'static [(&'static str, &'static str)],
    /// What it says, and when.
    pub said: &'static str,
}

impl Phrase {
    /// How its macro begins: `between(first, last)`.
    #[must_use]
    pub fn signature(&self) -> String {
        let names: Vec<&str> = self.takes.iter().map(|(name, _)| *name).collect();
        format!("{}({})", self.name, names.join(", "))
    }
}

const fn phrase(
    name: &'static str,
    takes: &'static [(&'static str, &'static str)],
    said: &'static str,
) -> Phrase {
    Phrase { name, takes, said }
}

/// Every phrase, in the order of the model.
pub const PHRASES: &[Phrase] = &[
    phrase("short_month", &[("day", "day")], "The month of a day in short, for the leaf of a calendar."),
    phrase("short_weekday", &[("day", "day")], "Its day of the week in short, likewise."),
    phrase("date", &[("day", "day")], "A date without its day of the week."),
    phrase("days", &[("days", "list of days")], "Whole days, one or several."),
    phrase("span", &[("first", "day"), ("last", "day")], "Three days or more without a gap."),
    phrase("starts", &[("days", "list of days with hours")], "When something begins, day by day."),
    phrase("through", &[("day", "day")], "The last day of a deadline, which closes at midnight."),
    phrase("between", &[("first", "day"), ("last", "day")], "Some day of these, not fixed yet."),
    phrase(
        "short",
        &[("day", "day"), ("hour", "hour, or none")],
        "A day, with its hour if it has one that matters.",
    ),
    phrase("hours", &[("hours", "list of hours")], "Hours of a day."),
    phrase(
        "closing",
        &[("hour", "hour, or none")],
        "Until when applications are accepted on a day; until midnight without an hour.",
    ),
    phrase(
        "zone",
        &[("name", "text"), ("kind", "`city`, `utc` or `other`"), ("id", "text: the IANA name")],
        "Whose time it is. `name` is a city or an island, UTC or UTC+4, or an abbreviation.",
    ),
    phrase("duration", &[("hours", "number"), ("minutes", "number: 0 to 59")], "A length of time."),
    phrase(
        "days_away",
        &[("days", "number"), ("past", "true or false")],
        "How far away a day is: 0 is today, 1 is tomorrow, or yesterday if it is past.",
    ),
    phrase(
        "time_away",
        &[("hours", "number"), ("minutes", "number: 0 to 59")],
        "How far away an hour is that is near and to come.",
    ),
    phrase("list", &[("items", "list of texts")], "Things in a row: names."),
    phrase(
        "that_is",
        &[("label", "text"), ("when", "text")],
        "The posting's words for a date, and the date.",
    ),
    phrase("to_be_fixed", &[], "Instead of a date of which nothing is known."),
    phrase(
        "what",
        &[
            ("kind", "`deadline`, `interview`, `start`, `end` or `milestone`"),
            ("tense", "`coming`, `past` or `vague` (its day is not fixed)"),
            ("several", "true or false"),
            ("inside", "true when it stands inside a sentence"),
        ],
        "What happens. In a headline a distance follows it, unless its day is not fixed.",
    ),
    phrase("named", &[("what", "text"), ("name", "text")], "What happens, by its name."),
    phrase("headline", &[("what", "text"), ("distance", "text")], "What happens and how far away it is."),
    phrase(
        "vaguely",
        &[("what", "text"), ("past", "true or false")],
        "What happens on a day that is not fixed; or was to, if that time is past.",
    ),
    phrase("more", &[("others", "number")], "How many reminders follow the first, in a subject."),
    phrase(
        "rest",
        &[
            ("reminders", "number, or 0"),
            ("notices", "number"),
            ("other", "true when the first thing is a notice too"),
        ],
        "What follows the first thing of a mail, in a subject: not reminders alone.",
    ),
    phrase("more_troubles", &[("others", "number")], "How many troubles follow the first, in a subject."),
    phrase(
        "why",
        &[("postings", "number")],
        "Why somebody receives reminders of so many recruitments. It follows the word \"because\" of templates.",
    ),
    phrase(
        "why_digest",
        &[("all", "true or false")],
        "Why somebody receives a summary of all recruitments, or of their own. It follows \"because\".",
    ),
    phrase(
        "why_absent",
        &[("names", "list of texts")],
        "Why somebody receives what was meant for others. It follows \"because\".",
    ),
    phrase(
        "absent",
        &[("names", "list of texts"), ("also", "true when it is for the reader too")],
        "In whose place somebody receives something: a sentence.",
    ),
    phrase(
        "changed",
        &[
            ("turn", "see below"),
            ("kind", "as in `what`"),
            ("several", "true or false"),
            ("first", "text: what changed, at the beginning of a sentence"),
            ("inside", "text: the same inside a sentence"),
            ("to", "text, or none: the new date, by `short`"),
            ("detail", "text, or none: by `detail`"),
        ],
        "What became of an event.",
    ),
    phrase(
        "detail",
        &[("what", "`place`, `link`, `panel` or `several`"), ("became", "`known`, `other` or `unknown`")],
        "A detail that is otherwise; of several there is one phrase, `other`.",
    ),
    phrase("new_posting", &[("heading", "text")], "A new recruitment."),
    phrase(
        "missed",
        &[("reminders", "number"), ("changes", "number"), ("total", "number")],
        "So many reminders and notices of changes could not leave.",
    ),
    phrase("not_reached", &[("who", "text")], "Somebody whose address is refused."),
    phrase("about", &[("headline", "text"), ("what", "text")], "A headline, and what it is about."),
    phrase(
        "digest",
        &[("first", "day"), ("last", "day"), ("all", "true or false")],
        "The days of a summary of all recruitments, or of the reader's own.",
    ),
    phrase(
        "failure",
        &[("why", "`lapsed`, `refused`, `held` or `delayed`"), ("words", "text, or none: the mail server's")],
        "Why a mail did not leave.",
    ),
    phrase(
        "to_correct",
        &[
            ("file", "text"),
            ("line", "number, or none"),
            ("errors", "number"),
            ("others", "number: errors but one"),
        ],
        "A file that is wrong: its first line that is, and how many errors there are.",
    ),
    phrase("more_errors", &[("others", "number")], "How many errors are not shown."),
    phrase(
        "version",
        &[("day", "day"), ("hour", "hour, or none")],
        "Which version of a file holds: with an hour, today's. It follows the words of `parts/slip`.",
    ),
    phrase(
        "no_more",
        &[("what", "text"), ("event", "true or false")],
        "In a calendar: a date that is no more; of an event that is cancelled, if `event`.",
    ),
    phrase(
        "fact",
        &[("fact", "`panel`, `application`, `link` or `posting`"), ("what", "text")],
        "In a calendar: a fact after its name.",
    ),
    phrase(
        "no_length",
        &[],
        "In a calendar: how long something lasts is not known, and an hour is set aside.",
    ),
    phrase(
        "feed",
        &[("who", "text, or none")],
        "What a calendar is called to which somebody subscribes; without a name, that of all recruitments.",
    ),
];

/// The phrase of a name.
pub(super) fn phrase_of(name: &str) -> Option<&'static Phrase> {
    PHRASES.iter().find(|phrase| phrase.name == name)
}
