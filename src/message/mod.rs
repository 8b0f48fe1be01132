//! Pure. From reminders and notices to the bytes of a mail.
//!
//! ```text
//! [`matter`] for one reader ─[`facts`]─▶ words ─[`render`]─▶ subject, text, HTML ─[`mime`]─▶ bytes
//!                                └─[`icalendar`]─▶ the .ics that goes with it ──────────────┘
//! ```
//! `facts` decides what is said: the true date and the true distance at the moment of writing, in the
//! recipient's language, with their own clock beside the posting's. Templates (in `templates/`, or a folder of
//! one's own) decide where it stands: `reminder.*` in a mail of reminders alone, `notice.*` as soon as there is
//! anything else, `operator.*` for whoever runs jalon. `mime` wraps it. The same matter at the same moment gives
//! the same bytes, down to the boundary between the parts, so that a mail that is sent twice is the same mail twice.
//!
//! What may not happen here: asking what time it is, reading a file (templates come as text), logging. What a
//! posting says is data: it is never read as a template, and HTML escapes it. A template that fails is a
//! [`Problem`](crate::diagnostic::Problem) with its file and line, and no mail.
//!
//! | to … | open |
//! |---|---|
//! | add a template variable | `facts`; of a change `changed`, of a new posting `news`, of a wrong file `slip`, of a digest `digest` |
//! | change which sentence a change is | `changed`, then `french::notices` and `english::notices` |
//! | change how dates, hours and distances read | `french`, `english` |
//! | change what counts as past, near or vague | `moment` |
//! | add a language | templates/README.md: a folder is enough; to say something more in each, `tongue` |
//! | change what templates may do | `sandbox` |
//! | change a header | `mime` |
//! | change what calendars show | `icalendar` |

pub mod advice;
pub mod changed;
pub mod digest;
mod english;
pub mod facts;
pub mod gallery;
mod fault;
mod french;
pub mod icalendar;
pub mod identity;
pub mod leaf;
pub mod matter;
pub mod mime;
mod moment;
pub mod news;
pub mod operator;
pub mod probe;
mod quoted;
pub mod render;
pub mod refusal;
pub mod samples;
mod sandbox;
mod season;
pub mod slip;
pub mod spoken;
mod told;
mod tongue;
pub mod trial;
pub mod typography;
pub mod voice;
mod worded;
pub mod writing;

pub use facts::{Facts, facts};
pub use icalendar::{CalendarFile, Dates};
pub use identity::message_id;
pub use matter::{
    Addressee, Changed, Digest, Item, Matter, Missed, New, Past, PostingRef, Refusal, Slip, Trouble, Why,
};
pub use mime::{ComposeError, compose, compose_with};
pub use operator::{OperatorFacts, operator_facts};
pub use render::{Rendered, Templates};
pub use trial::trial;
pub use voice::Voice;
pub use writing::{Written, write, write_operator};
