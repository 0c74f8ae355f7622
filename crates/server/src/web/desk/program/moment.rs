//! A moment as people write it in a form: UTC unless it says otherwise.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads `2026-12-07 14:30`, with or without `UTC` after it, `2026-12-07T14:30` as browsers send it, or a full
/// timestamp with its zone.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let plain = text.strip_suffix("UTC").unwrap_or(text).trim();
    let civil: DateTime = plain.replace(' ', "T").parse().ok()?;
    civil
        .to_zoned(TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// As [`parse`] reads it, to the minute.
pub fn text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::{parse, text};

    #[test]
    fn what_people_write_is_read_as_utc() {
        let at = "2026-12-07T14:30:00Z".parse().unwrap();
        for given in [
            "2026-12-07 14:30",
            " 2026-12-07 14:30 UTC ",
            "2026-12-07T14:30",
            "2026-12-07T15:30:00+01:00",
        ] {
            assert_eq!(parse(given), Some(at), "{given}");
        }
        assert_eq!(parse(&text(at)), Some(at));
        for given in ["", "yesterday", "14:30", "2026-13-01 10:00"] {
            assert_eq!(parse(given), None, "{given}");
        }
    }
}
