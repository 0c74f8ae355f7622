//! Moments as RFC 3339 writes them, a few seconds earlier or later in each copy.

/// The value of a moment: whole seconds around the one written, in its spelling.
///
/// Fractions of a second and the zone stay as the master has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeForm {
    /// Seconds of value 0 since 1970-01-01, in the zone as written.
    low: i64,
    /// Number of values.
    pub(crate) values: u64,
    /// `T` or a space.
    between: char,
    /// What follows the seconds: `.123Z`, `+02:00`.
    tail: String,
}

/// Bytes of `2026-03-01T10:20:30`.
pub(crate) const MOMENT_BYTES: usize = 19;

impl TimeForm {
    /// `text` as written, and up to `seconds` before and after it.
    pub(crate) fn around(text: &str, seconds: u64) -> Option<TimeForm> {
        let (written, between, tail) = moment(text)?;
        let seconds = i64::try_from(seconds).ok()?;
        let low = written.checked_sub(seconds)?;
        let high = written.checked_add(seconds)?;
        let years = civil(0)..civil(9999);
        let fits = years.contains(&low) && years.contains(&high);
        fits.then(|| TimeForm {
            low,
            values: 2 * seconds.unsigned_abs() + 1,
            between,
            tail: tail.to_owned(),
        })
    }

    pub(crate) fn render(&self, symbol: u64) -> String {
        let seconds = self.low.saturating_add_unsigned(symbol);
        let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = date(days);
        format!(
            "{year:04}-{month:02}-{day:02}{}{:02}:{:02}:{:02}{}",
            self.between,
            clock / 3600,
            clock / 60 % 60,
            clock % 60,
            self.tail
        )
    }

    /// The symbol of a moment in the same zone; fractions are not compared, for they are often cut off.
    pub(crate) fn parse(&self, text: &str) -> Option<u64> {
        let (seconds, _, tail) = moment(text)?;
        let zone = |tail: &str| {
            tail.trim_start_matches(['.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
                .to_owned()
        };
        if !tail.is_empty() && zone(tail) != zone(&self.tail) {
            return None;
        }
        let symbol = u64::try_from(seconds.checked_sub(self.low)?).ok()?;
        (symbol < self.values).then_some(symbol)
    }
}

/// Seconds in the zone as written, what stands between date and time, and what follows the seconds.
fn moment(text: &str) -> Option<(i64, char, &str)> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = bytes.get(from..to)?;
        digits.iter().all(u8::is_ascii_digit).then_some(())?;
        text.get(from..to)?.parse().ok()
    };
    let is = |at: usize, byte: u8| bytes.get(at) == Some(&byte);
    let between = match bytes.get(10)? {
        b'T' => 'T',
        b't' => 't',
        b' ' => ' ',
        _ => return None,
    };
    if !(is(4, b'-') && is(7, b'-') && is(13, b':') && is(16, b':')) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let days = days(year, month, day);
    if !(1..=12).contains(&month) || date(days) != (year, month, day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let tail = text.get(MOMENT_BYTES..)?;
    if !is_tail(tail) {
        return None;
    }
    Some((
        days * 86_400 + hour * 3600 + minute * 60 + second,
        between,
        tail,
    ))
}

/// An optional fraction, then nothing, `Z`, or `+hh:mm`.
fn is_tail(tail: &str) -> bool {
    let zone = match tail.strip_prefix('.') {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 || digits > 9 {
                return false;
            }
            rest.get(digits..).unwrap_or_default()
        }
        None => tail,
    };
    match zone.as_bytes() {
        [] | [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|d| d.is_ascii_digit()),
        _ => false,
    }
}

/// First second of a year.
fn civil(year: i64) -> i64 {
    days(year, 1, 1) * 86_400
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
///
/// # Source
/// Howard Hinnant, chrono-Compatible Low-Level Date Algorithms, `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day; the inverse of [`days`].
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_around_a_leap_day_render_and_read_back() {
        let form = TimeForm::around("2024-02-29T23:59:30.250Z", 60).unwrap();
        assert_eq!(form.values, 121);
        assert_eq!(form.render(60), "2024-02-29T23:59:30.250Z");
        assert_eq!(form.render(120), "2024-03-01T00:00:30.250Z");
        for symbol in 0..121 {
            let shown = form.render(symbol);
            assert_eq!(form.parse(&shown), Some(symbol));
            assert_eq!(form.parse(&shown.replace(".250", "")), Some(symbol));
        }
        assert_eq!(form.parse("2024-03-01T00:00:31Z"), None);
        assert_eq!(form.parse("2024-02-29T23:59:30+01:00"), None);
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+1",
            "\u{e9}024-01-01T00:00:00Z",
        ] {
            assert_eq!(TimeForm::around(text, 5), None, "{text}");
        }
        assert_eq!(TimeForm::around("0000-01-01T00:00:00Z", 5), None);
    }
}
