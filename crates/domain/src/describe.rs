//! The one way to print a time.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2026-12-08 18:00 UTC`; with seconds only when they are not zero.
pub fn describe_utc(time: Timestamp) -> String {
    let zoned = time.to_zoned(TimeZone::UTC);
    let pattern = if zoned.second() == 0 {
        "%Y-%m-%d %H:%M UTC"
    } else {
        "%Y-%m-%d %H:%M:%S UTC"
    };
    zoned.strftime(pattern).to_string()
}

/// UTC, then the same time in a person's zone: `2026-12-08 18:00 UTC · Tue 8 Dec 19:00 CET`.
pub fn describe_in(time: Timestamp, zone: &TimeZone) -> String {
    let local = time.to_zoned(zone.clone());
    format!(
        "{} · {}",
        describe_utc(time),
        local.strftime("%a %-d %b %H:%M %Z")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_in_utc_and_then_for_a_person() {
        let time: Timestamp = "2026-12-08T18:00:00Z".parse().unwrap();
        assert_eq!(describe_utc(time), "2026-12-08 18:00 UTC");
        let paris = jiff::tz::TimeZoneDatabase::bundled()
            .get("Europe/Paris")
            .unwrap();
        assert_eq!(
            describe_in(time, &paris),
            "2026-12-08 18:00 UTC · Tue 8 Dec 19:00 CET"
        );
        let odd: Timestamp = "2026-12-08T18:00:07.9Z".parse().unwrap();
        assert_eq!(describe_utc(odd), "2026-12-08 18:00:07 UTC");
    }
}
