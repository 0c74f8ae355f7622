//! A release time: an hour and a zone, never a mere day.

use crate::explain::Explain;
use crate::ids::excerpt;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::{Disambiguation, TimeZoneDatabase};
use thiserror::Error;

/// Longest text that is read as a time, in bytes.
pub const TIME_BYTES_MAX: usize = 100;

/// Text that does not say an hour with a zone.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReleaseError {
    /// A day without an hour.
    #[error("`{given}` is a day without an hour and a zone")]
    NoHour {
        /// What was given, shortened.
        given: String,
    },
    /// An hour without a zone.
    #[error("`{given}` has no zone")]
    NoZone {
        /// What was given, shortened.
        given: String,
    },
    /// A zone that does not exist.
    #[error("`{given}` names a zone that is not known")]
    UnknownZone {
        /// What was given, shortened.
        given: String,
    },
    /// A local time that the zone skips or has twice, or that its offset contradicts.
    #[error("`{given}` is not one moment in its zone")]
    Ambiguous {
        /// What was given, shortened.
        given: String,
    },
    /// More than [`TIME_BYTES_MAX`] bytes.
    #[error("`{given}` has more than {TIME_BYTES_MAX} bytes, and no time has")]
    TooLong {
        /// What was given, shortened.
        given: String,
    },
    /// Not a time.
    #[error("`{given}` is not a time")]
    Shape {
        /// What was given, shortened.
        given: String,
    },
}

impl Explain for ReleaseError {
    fn code(&self) -> &str {
        match self {
            Self::NoHour { .. } => "time-without-hour",
            Self::NoZone { .. } => "time-without-zone",
            Self::UnknownZone { .. } => "unknown-zone",
            Self::Ambiguous { .. } => "ambiguous-time",
            Self::TooLong { .. } | Self::Shape { .. } => "malformed-time",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Ambiguous { .. } => {
                "Write it in UTC, for example 2026-12-08T18:00:00Z: clocks change about then."
            }
            _ => {
                "Write an hour and a zone: 2026-12-08T18:00:00Z, 2026-12-08T19:00:00+01:00 or 2026-12-08T19:00[Europe/Paris]."
            }
        }
        .to_owned()
    }
}

/// Reads a time with an hour and a zone: `2026-12-08T18:00:00Z`, with an offset, or with the name
/// of a zone in brackets.
///
/// Zones come from the bundled IANA database, so that equal text means an equal moment everywhere.
///
/// # Errors
/// [`ReleaseError`], by what is missing.
pub fn parse_release(text: &str) -> Result<Timestamp, ReleaseError> {
    let text = text.trim();
    let given = || excerpt(text);
    if text.len() > TIME_BYTES_MAX {
        return Err(ReleaseError::TooLong { given: given() });
    }
    if text.contains('[') {
        return in_zone(text);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if text.len() <= 10 && text.parse::<Date>().is_ok() {
        return Err(ReleaseError::NoHour { given: given() });
    }
    if text.parse::<DateTime>().is_ok() {
        return Err(ReleaseError::NoZone { given: given() });
    }
    Err(ReleaseError::Shape { given: given() })
}

fn in_zone(text: &str) -> Result<Timestamp, ReleaseError> {
    let given = || excerpt(text);
    let (local, zone) = text
        .strip_suffix(']')
        .and_then(|text| text.split_once('['))
        .ok_or_else(|| ReleaseError::Shape { given: given() })?;
    let zones = TimeZoneDatabase::bundled();
    if zones.get(zone).is_err() {
        return Err(ReleaseError::UnknownZone { given: given() });
    }
    if local.len() <= 10 && local.parse::<Date>().is_ok() {
        return Err(ReleaseError::NoHour { given: given() });
    }
    if local.parse::<DateTime>().is_err() && local.parse::<Timestamp>().is_err() {
        return Err(ReleaseError::Shape { given: given() });
    }
    let parser = DateTimeParser::new().disambiguation(Disambiguation::Reject);
    parser
        .parse_zoned_with(&zones, text)
        .map(|zoned| zoned.timestamp())
        .map_err(|_| ReleaseError::Ambiguous { given: given() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_release_is_read_with_utc_an_offset_or_a_named_zone() {
        for text in [
            "2026-12-08T18:00:00Z",
            "2026-12-08T18:00Z",
            " 2026-12-08 18:00:00Z",
            "2026-12-08T19:00:00+01:00",
            "2026-12-08T19:00[Europe/Paris]",
            "2026-12-08T19:00:00+01:00[Europe/Paris]",
        ] {
            let time = parse_release(text).unwrap();
            assert_eq!(time.to_string(), "2026-12-08T18:00:00Z", "{text}");
        }
    }

    #[test]
    fn a_release_without_hour_or_zone_is_refused() {
        for (text, code) in [
            ("2026-12-08", "time-without-hour"),
            ("2026-12-08[Europe/Paris]", "time-without-hour"),
            ("2026-12-08T18:00:00", "time-without-zone"),
            ("2026-12-08 18:00", "time-without-zone"),
            ("2026-12-08T18:00[Mars/Olympus]", "unknown-zone"),
            ("2026-03-29T02:30[Europe/Paris]", "ambiguous-time"),
            ("2026-10-25T02:30[Europe/Paris]", "ambiguous-time"),
            ("2026-12-08T19:00:00+05:00[Europe/Paris]", "ambiguous-time"),
            ("tomorrow", "malformed-time"),
            ("", "malformed-time"),
            ("2026-13-08T18:00:00Z", "malformed-time"),
        ] {
            let error = parse_release(text).unwrap_err();
            assert_eq!(error.code(), code, "{text}");
            assert!(!error.hint().is_empty());
        }
    }

    #[test]
    fn a_time_that_is_too_long_is_refused_by_its_limit() {
        let error = parse_release(&"2".repeat(TIME_BYTES_MAX + 1)).unwrap_err();
        assert!(matches!(error, ReleaseError::TooLong { .. }));
        assert!(error.to_string().contains("more than 100 bytes"));
        assert!(matches!(
            parse_release(" "),
            Err(ReleaseError::Shape { .. })
        ));
    }

    proptest! {
        #[test]
        fn hostile_times_never_panic(text in ".{0,120}", tail in "[0-9TZ:+\\-\\[\\]A-Za-z/ .]{0,60}") {
            let _ = parse_release(&text);
            let _ = parse_release(&format!("2026-12-08{tail}"));
        }
    }
}
