//! What time it is, decided from what the world says and what was seen before.

use crate::describe::describe_utc;
use crate::explain::{Class, Explain};
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// How far the machine's clock may be behind the latest time seen, for example on another server,
/// before it is refused; within it, the latest time seen counts. In seconds.
pub const CLOCK_SKEW_SECONDS_MAX: i64 = 5;

/// The clock of a data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The machine's clock.
    Machine {
        /// The latest time seen.
        latest: Option<Timestamp>,
    },
    /// A clock that stands still and moves only when it is told to.
    Test {
        /// The latest time that it was told.
        latest: Option<Timestamp>,
    },
}

/// Why a time was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClockRefusal {
    /// The machine's clock cannot be told the time.
    #[error("the time cannot be set: this is not a test clock")]
    NotATestClock,
    /// Earlier than what was seen before.
    #[error("{} is earlier than the latest time seen, {}", describe_utc(*given), describe_utc(*latest))]
    Backwards {
        /// The time given.
        given: Timestamp,
        /// The latest time seen.
        latest: Timestamp,
    },
}

impl Explain for ClockRefusal {
    fn code(&self) -> &str {
        match self {
            Self::NotATestClock => "not-a-test-clock",
            Self::Backwards { .. } => "clock-backwards",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::NotATestClock => {
                "Only a data directory made with `headstart init --test-clock` takes `--now`."
            }
            Self::Backwards { .. } => "Time never goes back: set the clock right and try again.",
        }
        .to_owned()
    }

    fn class(&self) -> Class {
        Class::Usage
    }
}

/// The time that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Now.
    pub now: Timestamp,
    /// Whether it must be kept as the latest time seen. Not for a test clock that was never told
    /// the time: it shows the machine's, and may still be told any.
    pub keep: bool,
}

impl Clock {
    /// What time it is. `machine` is the machine's clock; `given` is what `--now` said.
    ///
    /// # Errors
    /// [`ClockRefusal`] for a time given to the machine's clock, or one that goes back.
    pub fn read(
        self,
        machine: Timestamp,
        given: Option<Timestamp>,
    ) -> Result<Reading, ClockRefusal> {
        let kept = |now| Ok(Reading { now, keep: true });
        match (self, given) {
            (Self::Machine { .. }, Some(_)) => Err(ClockRefusal::NotATestClock),
            (Self::Machine { latest: None }, None) => kept(machine),
            (
                Self::Machine {
                    latest: Some(latest),
                },
                None,
            ) => {
                let behind = latest.duration_since(machine);
                if behind > SignedDuration::from_secs(CLOCK_SKEW_SECONDS_MAX) {
                    return Err(ClockRefusal::Backwards {
                        given: machine,
                        latest,
                    });
                }
                kept(machine.max(latest))
            }
            (
                Self::Test {
                    latest: Some(latest),
                },
                Some(given),
            ) if given < latest => Err(ClockRefusal::Backwards { given, latest }),
            (Self::Test { .. }, Some(given)) => kept(given),
            (
                Self::Test {
                    latest: Some(latest),
                },
                None,
            ) => kept(latest),
            (Self::Test { latest: None }, None) => Ok(Reading {
                now: machine,
                keep: false,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_test_clock_stands_still_and_never_goes_back() {
        let machine = time("2030-01-01T00:00:00Z");
        let (early, late) = (time("2026-01-01T00:00:00Z"), time("2026-06-01T00:00:00Z"));
        let new = Clock::Test { latest: None };
        assert_eq!(
            new.read(machine, None).unwrap(),
            Reading {
                now: machine,
                keep: false
            }
        );
        assert_eq!(new.read(machine, Some(early)).unwrap().now, early);
        let told = Clock::Test { latest: Some(late) };
        assert_eq!(told.read(machine, None).unwrap().now, late);
        assert_eq!(told.read(machine, Some(late)).unwrap().now, late);
        let refusal = told.read(machine, Some(early)).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "2026-01-01 00:00 UTC is earlier than the latest time seen, 2026-06-01 00:00 UTC"
        );
    }

    #[test]
    fn the_machines_clock_cannot_be_told_and_never_runs_back() {
        let now = time("2026-06-01T00:00:00Z");
        let clock = Clock::Machine { latest: Some(now) };
        assert_eq!(clock.read(now, Some(now)), Err(ClockRefusal::NotATestClock));
        let a_little = now - SignedDuration::from_secs(5);
        assert_eq!(clock.read(a_little, None).unwrap().now, now);
        let a_lot = now - SignedDuration::from_secs(6);
        assert!(matches!(
            clock.read(a_lot, None),
            Err(ClockRefusal::Backwards { .. })
        ));
        let later = now + SignedDuration::from_secs(1);
        assert_eq!(clock.read(later, None).unwrap().now, later);
    }
}
