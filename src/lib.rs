//! jalon keeps the dates of recruitments: postings in TOML, reminders in a ledger, mails that leave once.
//!
//! # The house
//!
//! Rooms carry the words of the trade, in the order in which data travels. **A room imports only rooms to its
//! left; left of the wall nothing touches the world**: no I/O, no clock, no log; `now` is a parameter.
//! `tests/house.rs` holds every line to it.
//!
//! ```text
//! diagnostic · calendar · settings · plan · message · draft ‖ fail_point · clock · files · ledger · transport · telemetry · daemon · cli · main
//! ```
//!
//! # The data's path
//!
//! ```text
//! files ─text─▶ calendar::read ─Leaf─▶ daemon::deciding: which postings stir ◀─Head─ ledger.glance; of these:
//!       ─text─▶ calendar::read ─Posting─┬▶ plan::lay ─Reminder─┬▶ Wanted ─▶ plan::reconcile ─Change─▶ ledger.bring
//!               plan::told ◀─Posting────┴▶ plan::notice ───────┘                ▲ ledger.known_of
//! text ─▶ draft::draft ─Draft─▶ draft::page ─posting─▶ people
//! ledger.claim ─Mail─▶ message::facts ▶ render ▶ compose ─bytes─▶ ledger.turn(hand) ▶ transport.send ─Outcome─▶
//!     plan::next ─Verdict─▶ ledger.turn(settle)
//! ```
//!
//! # Where to put your foot
//!
//! | to … | open | and |
//! |---|---|---|
//! | add a key to postings | `calendar/read/mod.rs` or `event.rs` | its field in `calendar/mod.rs`, its line in `cli/schema/posting.rs` |
//! | add a key to jalon.toml | `settings/read.rs` | its field in `settings/mod.rs`, its line in `config/jalon.toml` and in `cli/schema/settings.rs` |
//! | change what a date means | `plan/lay.rs`, `calendar/zone.rs` | `tests/plan.rs` |
//! | change what counts as a change, or who hears of it | `plan/said.rs`, `plan/notice/change.rs` | `tests/revisions.rs`, `tests/year/` |
//! | add a notice | `plan/notice/`, a `Sort` in `plan/mod.rs` | `daemon/composing.rs`, a part in `templates/`; which rows and postings it is made from, `daemon/rounds.rs` |
//! | have rows depend on something more | `circumstances` in `daemon/deciding.rs` | `tests/scope.rs` |
//! | have something wait for a person's word | `cli/accept.rs` | its verb in `ledger/mod.rs` |
//! | tell the operator of something | `daemon/troubles.rs` | – |
//! | give those who watch over the service another sign | `daemon/monitor.rs` | `settings/monitoring.rs`, README |
//! | change when we try again, or give up | `plan/next.rs` | `tests/faults.rs` |
//! | add a variable for templates | `message/facts.rs` | – (its comment is the manual) |
//! | change what a table of the ledger holds | the next `ledger/sqlite/000N.sql` | the ledger as it was, in `tests/ledgers/` |
//! | say what ails a ledger, and what to do | `ledger/ailment.rs` | – |
//! | explain a refusal of a provider's | `message/advice/` | `tests/advice.rs` |
//! | add a store | `ledger/NAME.rs`, the verbs in their order | one line in `tests/ledger/main.rs` |
//! | have `draft` read one more phrase | `draft/cues.rs`, `draft/expressions.rs` | `tests/draft/` |
//! | have `doctor` look at more | `cli/doctor/facts.rs`, `gather.rs` | its judgement in `cli/doctor/judge/`, its turn in `tests/doctor/` |
//! | change what calendars show | `message/icalendar/component.rs`; of feeds `feed.rs` | `tests/ics.rs`, `tests/lab/calendars` |
//! | add a command | `cli/NAME.rs` | one variant in `cli/mod.rs` |
//! | change how often we wake | `daemon/pacemaker.rs` | – |
//! | change how a problem reads | `diagnostic.rs` | – |
//! | change a line of the log | `daemon/log.rs`, `daemon/log/mails.rs` | the README's table of events |
//! | change what systemd is told | `daemon/status.rs`, `telemetry/manager.rs` | `tests/service.rs` |
//! | have a loop of the daemon take longer | its promise, `daemon/pulse.rs` | – |

pub mod diagnostic;

pub mod calendar;
pub mod settings;
pub mod plan;
pub mod message;
pub mod draft;

pub mod fail_point;
pub mod clock;
pub mod files;
pub mod ledger;
pub mod transport;
pub mod telemetry;
pub mod daemon;
pub mod cli;
