//! The only `now()`, and waiting for an instant of the wall clock.
//!
//! A monotonic sleep stands still in suspend and ignores clock steps; so the real clock waits on a timerfd of
//! CLOCK_REALTIME, absolute, cancelled when the clock is set: whoever waits wakes, looks again and waits anew.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use tokio::io::unix::AsyncFd;

/// A clock.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's, shifted by so much (zero for the real one).
    Running {
        /// How far ahead of the machine's clock it is.
        ahead: TimeDelta,
    },
    /// One that stands until it is moved: waiting for an instant moves it there.
    Jumping(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn real() -> Self {
        Self::Running { ahead: TimeDelta::zero() }
    }

    /// A clock that begins at an instant and runs on.
    #[must_use]
    pub fn as_of(start: DateTime<Utc>) -> Self {
        Self::Running { ahead: start - machine() }
    }

    /// A clock that stands at an instant, and jumps to whatever instant is waited for.
    #[must_use]
    pub fn jumping(start: DateTime<Utc>) -> Self {
        Self::Jumping(Arc::new(AtomicI64::new(start.timestamp_millis())))
    }

    /// Now, to the millisecond, as the ledger keeps it.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::Running { ahead } => (machine() + *ahead).trunc_subsecs(3),
            Self::Jumping(at) => {
                DateTime::from_timestamp_millis(at.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }

    /// How long the machine has been up, suspend included: what no setting of the clock changes.
    #[must_use]
    pub fn since_boot() -> std::time::Duration {
        let at = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        std::time::Duration::new(at.tv_sec.unsigned_abs(), u32::try_from(at.tv_nsec).unwrap_or_default())
    }

    /// CLOCK_MONOTONIC: what the service manager counts in. No setting of the clock changes it, and it stands in suspend.
    #[must_use]
    pub fn monotonic() -> std::time::Duration {
        let at = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        std::time::Duration::new(at.tv_sec.unsigned_abs(), u32::try_from(at.tv_nsec).unwrap_or_default())
    }

    /// Waits until an instant has come, or until the clock was set: look at [`Clock::now`] again.
    pub async fn wait_until(&self, instant: DateTime<Utc>) {
        match self {
            Self::Jumping(at) => {
                at.fetch_max(instant.timestamp_millis(), Ordering::SeqCst);
            }
            Self::Running { ahead } => {
                let target = instant - *ahead;
                if wait_for_wall_clock(target).await.is_err() {
                    // No timerfd (a sandbox, an exhausted table of files): a short sleep, then the caller looks again.
                    let left = (target - machine()).to_std().unwrap_or_default();
                    tokio::time::sleep(left.min(std::time::Duration::from_mins(1))).await;
                }
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
fn machine() -> DateTime<Utc> {
    Utc::now()
}

async fn wait_for_wall_clock(target: DateTime<Utc>) -> std::io::Result<()> {
    let fd: OwnedFd = rustix::time::timerfd_create(
        TimerfdClockId::Realtime,
        TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
    )?;
    let at = Timespec {
        // Zero would disarm the timer: an instant at or before the epoch has come at any rate.
        tv_sec: target.timestamp().max(1),
        tv_nsec: i64::from(target.timestamp_subsec_nanos()),
    };
    let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: at };
    rustix::time::timerfd_settime(&fd, TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET, &once)?;
    #[expect(deprecated, reason = "its successor is unsafe; an OwnedFd has the I/O safety that it asks for")]
    let fd = AsyncFd::new(fd)?;
    // Readable means: the instant has come, or the clock was set (read gives ECANCELED). Either way, look again.
    fd.readable().await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jumping_clock_goes_where_it_is_waited_for_and_never_back() {
        let clock = Clock::jumping(DateTime::UNIX_EPOCH);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(clock.wait_until(DateTime::UNIX_EPOCH + TimeDelta::days(9)));
        runtime.block_on(clock.wait_until(DateTime::UNIX_EPOCH + TimeDelta::days(3)));
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH + TimeDelta::days(9));
    }

    #[test]
    fn a_running_clock_waits_for_the_wall_clock() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let clock = Clock::as_of("2030-01-01T00:00:00Z".parse().unwrap());
        let target = clock.now() + TimeDelta::milliseconds(30);
        runtime.block_on(clock.wait_until(target));
        assert!(clock.now() >= target);
        runtime.block_on(clock.wait_until(DateTime::UNIX_EPOCH - TimeDelta::days(400)));
    }
}
