//! Waves: how long before the release each tier is told.

use crate::explain::Explain;
use crate::ids::excerpt;
use crate::partner::Tier;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// A wave of a case: the one of a tier, or the release itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum WaveName {
    /// The wave of a tier, some time before the release.
    Tier(Tier),
    /// At the release.
    Release,
}

impl WaveName {
    /// Every wave, earliest by default first.
    pub const ALL: [Self; 4] = [
        Self::Tier(Tier::Validate),
        Self::Tier(Tier::Advance),
        Self::Tier(Tier::Entry),
        Self::Release,
    ];

    /// The wave's name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tier(tier) => tier.as_str(),
            Self::Release => "release",
        }
    }

    /// Reads a wave's name; `None` for a word that is not one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wave| wave.as_str() == text)
    }
}

impl fmt::Display for WaveName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<WaveName> for String {
    fn from(wave: WaveName) -> Self {
        wave.as_str().to_owned()
    }
}

impl TryFrom<String> for WaveName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{}` is not a wave", excerpt(&text)))
    }
}

/// Longest time that a tier can be told before the release, in minutes: 400 days.
pub const OFFSET_MINUTES_MAX: u32 = 400 * 24 * 60;

/// A time before the release, in whole minutes: `14d`, `24h`, `90m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Offset {
    minutes: u32,
}

/// Text that does not say which tier is told how long before the release.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OffsetError {
    /// Not a number with a unit.
    #[error("`{given}` is not a time before the release")]
    Shape {
        /// What was given, shortened.
        given: String,
    },
    /// Longer than [`OFFSET_MINUTES_MAX`].
    #[error("`{given}` is longer than 400 days")]
    TooLong {
        /// What was given, shortened.
        given: String,
    },
    /// Not `TIER=TIME`.
    #[error("`{given}` is not a tier and its time before the release")]
    Pair {
        /// What was given, shortened.
        given: String,
    },
    /// A tier that does not exist.
    #[error("`{given}` is not a tier")]
    Tier {
        /// What was given, shortened.
        given: String,
    },
    /// One tier, two times.
    #[error("the tier `{tier}` is given twice")]
    Twice {
        /// The tier.
        tier: Tier,
    },
}

impl Explain for OffsetError {
    fn code(&self) -> &str {
        match self {
            Self::Shape { .. } => "malformed-offset",
            Self::TooLong { .. } => "offset-too-long",
            Self::Pair { .. } => "malformed-tier-offset",
            Self::Tier { .. } => "unknown-tier",
            Self::Twice { .. } => "tier-given-twice",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Shape { .. } | Self::TooLong { .. } => {
                "Write a whole number and d, h or m, for example 14d, 24h or 90m."
            }
            Self::Pair { .. } | Self::Twice { .. } => "Write for example validate=14d.",
            Self::Tier { .. } => "Tiers are validate, advance and entry.",
        }
        .to_owned()
    }
}

impl Offset {
    /// An offset of this many minutes.
    ///
    /// # Errors
    /// [`OffsetError::TooLong`] above [`OFFSET_MINUTES_MAX`].
    pub fn from_minutes(minutes: u32) -> Result<Self, OffsetError> {
        if minutes > OFFSET_MINUTES_MAX {
            return Err(OffsetError::TooLong {
                given: format!("{minutes}m"),
            });
        }
        Ok(Self { minutes })
    }

    /// Reads a whole number with a unit: `14d`, `24h`, `90m`.
    ///
    /// # Errors
    /// [`OffsetError`] for another shape, or more than 400 days.
    pub fn parse(text: &str) -> Result<Self, OffsetError> {
        let shape = || OffsetError::Shape {
            given: excerpt(text),
        };
        let too_long = || OffsetError::TooLong {
            given: excerpt(text),
        };
        let (digits, unit) = match text.as_bytes().last() {
            Some(b'd') => (text.strip_suffix('d'), 24 * 60),
            Some(b'h') => (text.strip_suffix('h'), 60),
            Some(b'm') => (text.strip_suffix('m'), 1),
            _ => return Err(shape()),
        };
        let digits = digits.unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(shape());
        }
        let number: u32 = digits.parse().map_err(|_| too_long())?;
        let minutes = number.checked_mul(unit).ok_or_else(too_long)?;
        Self::from_minutes(minutes).map_err(|_| too_long())
    }

    /// Whole minutes.
    pub fn minutes(self) -> u32 {
        self.minutes
    }

    /// The time that is this long before `release`; none when it would leave the calendar.
    pub fn before(self, release: Timestamp) -> Option<Timestamp> {
        release
            .checked_sub(SignedDuration::from_mins(i64::from(self.minutes)))
            .ok()
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: u32 = 24 * 60;
        match self.minutes {
            minutes if minutes > DAY && minutes % DAY == 0 => write!(f, "{}d", minutes / DAY),
            minutes if minutes > 0 && minutes % 60 == 0 => write!(f, "{}h", minutes / 60),
            minutes => write!(f, "{minutes}m"),
        }
    }
}

impl From<Offset> for String {
    fn from(offset: Offset) -> Self {
        offset.to_string()
    }
}

impl TryFrom<String> for Offset {
    type Error = OffsetError;

    fn try_from(text: String) -> Result<Self, OffsetError> {
        Self::parse(&text)
    }
}

/// How long before the release each tier is told. Default: 14 days, 5 days, 24 hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offsets {
    /// For the tier `validate`.
    pub validate: Offset,
    /// For the tier `advance`.
    pub advance: Offset,
    /// For the tier `entry`.
    pub entry: Offset,
}

impl Default for Offsets {
    fn default() -> Self {
        Self {
            validate: Offset {
                minutes: 14 * 24 * 60,
            },
            advance: Offset {
                minutes: 5 * 24 * 60,
            },
            entry: Offset { minutes: 24 * 60 },
        }
    }
}

impl Offsets {
    /// These offsets, with some tiers replaced as `TIER=TIME` says, for example `validate=14d`.
    ///
    /// # Errors
    /// [`OffsetError`] names the first wrong one.
    pub fn with<'a>(&self, given: impl IntoIterator<Item = &'a str>) -> Result<Self, OffsetError> {
        let mut offsets = self.clone();
        let mut seen = Vec::new();
        for text in given {
            let (tier, offset) = text.split_once('=').ok_or_else(|| OffsetError::Pair {
                given: excerpt(text),
            })?;
            let tier = Tier::parse(tier.trim()).ok_or_else(|| OffsetError::Tier {
                given: excerpt(tier),
            })?;
            if seen.contains(&tier) {
                return Err(OffsetError::Twice { tier });
            }
            seen.push(tier);
            *offsets.of_mut(tier) = Offset::parse(offset.trim())?;
        }
        Ok(offsets)
    }

    /// The offset of a tier.
    pub fn of(&self, tier: Tier) -> Offset {
        match tier {
            Tier::Validate => self.validate,
            Tier::Advance => self.advance,
            Tier::Entry => self.entry,
        }
    }

    fn of_mut(&mut self, tier: Tier) -> &mut Offset {
        match tier {
            Tier::Validate => &mut self.validate,
            Tier::Advance => &mut self.advance,
            Tier::Entry => &mut self.entry,
        }
    }

    /// When a wave opens; none when that would leave the calendar.
    pub fn opens_at(&self, wave: WaveName, release: Timestamp) -> Option<Timestamp> {
        match wave {
            WaveName::Tier(tier) => self.of(tier).before(release),
            WaveName::Release => Some(release),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn offsets_are_whole_numbers_of_days_hours_or_minutes() {
        for (text, minutes, shown) in [
            ("14d", 20_160, "14d"),
            ("24h", 1_440, "24h"),
            ("1d", 1_440, "24h"),
            ("90m", 90, "90m"),
            ("0m", 0, "0m"),
        ] {
            let offset = Offset::parse(text).unwrap();
            assert_eq!(offset.minutes(), minutes);
            assert_eq!(offset.to_string(), shown);
        }
        for bad in [
            "",
            "d",
            "14",
            "1.5d",
            "-1d",
            "+1d",
            "1w",
            "14 d",
            "401d",
            "99999999999d",
        ] {
            assert!(Offset::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tiers_that_are_not_named_keep_their_defaults() {
        let offsets = Offsets::default().with(["advance=36h"]).unwrap();
        assert_eq!(offsets.validate.to_string(), "14d");
        assert_eq!(offsets.advance.to_string(), "36h");
        let release: Timestamp = "2026-12-08T18:00:00Z".parse().unwrap();
        let opens = offsets
            .opens_at(WaveName::Tier(Tier::Advance), release)
            .unwrap();
        assert_eq!(opens.to_string(), "2026-12-07T06:00:00Z");
        for bad in ["advance", "gold=1d", "advance=soon"] {
            assert!(Offsets::default().with([bad]).is_err(), "{bad}");
        }
        assert_eq!(
            Offsets::default()
                .with(["entry=1h", "entry=2h"])
                .unwrap_err(),
            OffsetError::Twice { tier: Tier::Entry }
        );
    }

    #[test]
    fn an_offset_that_leaves_the_calendar_opens_never() {
        assert_eq!(Offset::parse("400d").unwrap().before(Timestamp::MIN), None);
    }

    proptest! {
        #[test]
        fn an_offset_reads_back_what_it_shows(minutes in 0..=OFFSET_MINUTES_MAX) {
            let offset = Offset::from_minutes(minutes).unwrap();
            prop_assert_eq!(Offset::parse(&offset.to_string()).unwrap(), offset);
        }

        #[test]
        fn hostile_offsets_never_panic(text in ".{0,40}") {
            let _ = Offset::parse(&text);
            let _ = Offsets::default().with([text.as_str()]);
        }
    }
}
