//! What PostgreSQL and the way to it say, as errors of a ledger.

use std::error::Error;
use std::io;

use tokio_postgres::error::SqlState;
use tokio_rustls::rustls::CertificateError;
use tokio_rustls::rustls::Error as TlsError;

use crate::diagnostic::{Words, say};
use crate::ledger::LedgerError;
use crate::ledger::ailment::Ailment;
use crate::ledger::failure::Cause;

/// Why a statement came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The server, or the way to it, says no.
    #[error("{}", said(.0))]
    Sql(#[from] tokio_postgres::Error),
    /// The server did not answer in time.
    #[error("the database does not answer")]
    Silent,
    /// What was found is not what this program writes.
    #[error("{0}")]
    Odd(String),
    /// Another host plans now: nothing was written.
    #[error("another host plans now")]
    OffDuty,
    /// What was found is no ledger, or not one that whoever asks can use.
    #[error("{}", .0.en)]
    Unfit(Words),
    /// A newer program made it.
    #[error("it has schema {0}")]
    Newer(i64),
    /// It could not be connected to.
    #[error("{0}")]
    Unreachable(String),
}

impl Fault {
    /// What the server said, if it was the server.
    fn code(&self) -> Option<&SqlState> {
        if let Self::Sql(error) = self { error.code() } else { None }
    }

    /// Whether the connection is of no use any more.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Sql(error) => error.as_db_error().is_none_or(|error| {
                ["57P01", "57P02", "57P03", "25P03", "57P05"].contains(&error.code().code())
                    || error.code().code().starts_with("08")
            }),
            Self::Silent | Self::Unreachable(_) => true,
            Self::Odd(_) | Self::Unfit(_) | Self::OffDuty | Self::Newer(_) => false,
        }
    }

    /// Whether the same transaction may well succeed when it is made again: nothing of it was written.
    pub(super) fn is_passing(&self) -> bool {
        self.code().is_some_and(|code| {
            [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code)
        })
    }

    /// Whether the transaction may be made again at once, on another connection where this one is lost. Not after silence:
    /// somebody waited long enough.
    pub(super) fn is_worth_a_try(&self) -> bool {
        self.is_passing() || matches!(self, Self::Sql(_)) && self.is_lost() && !self.is_refusal()
    }

    /// Whether nothing is to be hoped for from trying to connect again at once: the server answered, and refused us.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Odd(_) | Self::Unfit(_) | Self::Newer(_))
            || matches!(self, Self::Sql(error) if before_it_was_asked(error).is_some())
            || self.code().is_some_and(|code| {
                let code = code.code();
                code.starts_with("28") || code.starts_with("3D") || code.starts_with("42")
            })
    }

    fn ailment(&self) -> Ailment {
        let Some(code) = self.code().map(SqlState::code) else {
            return match self {
                Self::Odd(_) | Self::Unfit(_) | Self::OffDuty | Self::Newer(_) => Ailment::Unknown,
                Self::Sql(error) => before_it_was_asked(error).unwrap_or(Ailment::Away),
                _ => Ailment::Away,
            };
        };
        match code {
            "28P01" | "28000" => Ailment::Login,
            "3D000" => Ailment::NoDatabase,
            "42501" => Ailment::Rights,
            "25006" => Ailment::Standby,
            "53100" => Ailment::Full,
            "XX001" | "XX002" => Ailment::Disk,
            _ if code.starts_with("57P") || code.starts_with("08") || code.starts_with("53") => Ailment::Away,
            "55P03" | "57014" => Ailment::Occupied,
            _ => Ailment::Unknown,
        }
    }
}

/// What is wrong with the server, or with what we have for it, before it was asked for anything: not what passes by itself.
/// tokio-postgres tells its own errors apart by their words alone.
fn before_it_was_asked(error: &tokio_postgres::Error) -> Option<Ailment> {
    let source = error.source()?;
    let inner = source.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match inner.and_then(|inner| inner.downcast_ref::<TlsError>()) {
        Some(TlsError::InvalidCertificate(why)) => return Some(refused(why)),
        Some(_) => return None,
        None => {}
    }
    match (error.to_string().as_str(), source.to_string().as_str()) {
        (_, "server does not support TLS") => Some(Ailment::NoTls),
        ("authentication error", _) | (_, "password missing") => Some(Ailment::Login),
        _ => None,
    }
}

/// Why a certificate is refused.
fn refused(why: &CertificateError) -> Ailment {
    match why {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Ailment::Expired,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Ailment::OtherName
        }
        _ => Ailment::Untrusted,
    }
}

/// What is said of an error: the server's own words where there are any. tokio-postgres says only "db error".
fn said(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return format!("{} ({})", error.message(), error.code().code());
    }
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words
}

/// A ledger that cannot be used, with what ails it as far as the fault can tell.
pub(super) fn unusable(ledger: &str, fault: Fault) -> LedgerError {
    match fault {
        Fault::OffDuty => LedgerError::OffDuty { ledger: ledger.to_owned() },
        Fault::Newer(found) => {
            LedgerError::Newer { ledger: ledger.to_owned(), found, known: super::schema::KNOWN }
        }
        fault => LedgerError::Unusable {
            ledger: ledger.to_owned(),
            ailment: fault.ailment(),
            source: match fault {
                Fault::Unfit(words) => Cause::Ours(words),
                Fault::Silent => Cause::Ours(say("la base ne répond pas", fault.to_string())),
                fault => Cause::Theirs(Box::new(fault)),
            },
        },
    }
}
