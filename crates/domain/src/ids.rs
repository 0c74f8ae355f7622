//! Names that are parsed once, at the door.

use crate::explain::Explain;
use crate::sealed::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// A name that does not have the shape of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{given}` is not a {kind}")]
pub struct IdError {
    /// What was expected, for people: "partner id", "seat id", …
    pub kind: &'static str,
    /// What was given, shortened to 80 characters.
    pub given: String,
    /// The shape that was expected.
    pub shape: &'static str,
}

impl Explain for IdError {
    fn code(&self) -> &str {
        "malformed-name"
    }

    fn hint(&self) -> String {
        format!("A {} is {}.", self.kind, self.shape)
    }
}

/// Shortens hostile input for an error message.
pub(crate) fn excerpt(text: &str) -> String {
    const EXCERPT_CHARS_MAX: usize = 80;
    let mut short: String = text
        .chars()
        .take(EXCERPT_CHARS_MAX)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(EXCERPT_CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $shape:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Reads a ", $kind, ".\n\n# Errors\n[`IdError`] unless it is ", $shape, ".")]
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { kind: $kind, given: excerpt(text), shape: $shape })
                }
            }

            /// The text, as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    };
}

text_id!(
    /// A security partner, for example `p-07`.
    PartnerId,
    "partner id",
    "a lowercase letter or digit and up to 63 more of a-z, 0-9, `.`, `_` and `-`",
    |text| is_slug(text, 64)
);

text_id!(
    /// One seat (one person or mailbox) of a partner, for example `p-07.s1`.
    SeatId,
    "seat id",
    "a lowercase letter or digit and up to 79 more of a-z, 0-9, `.`, `_` and `-`",
    |text| is_slug(text, 80)
);

text_id!(
    /// A case: `HS-`, the year that it was created in, and a number, for example `HS-2026-0001`.
    CaseId,
    "case id",
    "`HS-`, a year and a number of four to nine digits, for example HS-2026-0001",
    |text| case_parts(text).is_some()
);

text_id!(
    /// An artifact within its case, for example `a1`.
    ArtifactId,
    "artifact id",
    "`a` and a number without leading zeros, for example a1",
    |text| text.strip_prefix('a').is_some_and(|n| is_number(n, 1, 6) && !n.starts_with('0'))
);

text_id!(
    /// A trace: `T-` and 16 hex digits of a digest, so that equal questions have equal names.
    TraceId,
    "trace id",
    "`T-` and 16 lowercase hex digits",
    |text| text.strip_prefix("T-").is_some_and(|d| d.len() == 16 && d.bytes().all(is_hex))
);

text_id!(
    /// A CVE id, for example `CVE-2026-12345`.
    ///
    /// # Source
    /// CVE record format 5.1, definition `cveId`.
    CveId,
    "CVE id",
    "`CVE-`, a year of four digits, `-`, and four to nineteen digits",
    |text| {
        text.strip_prefix("CVE-")
            .and_then(|rest| rest.split_once('-'))
            .is_some_and(|(year, n)| is_number(year, 4, 4) && is_number(n, 4, 19))
    }
);

text_id!(
    /// A version of the agreement (NDA), for example `1` or `2026-07`.
    AgreementVersion,
    "agreement version",
    "one to 32 of a-z, 0-9, `.`, `_` and `-`, starting with a letter or digit",
    |text| is_slug(text, 32)
);

text_id!(
    /// A sighting: `S-` and 16 hex digits of a digest, so that what was seen twice has one name.
    SightingId,
    "sighting id",
    "`S-` and 16 lowercase hex digits",
    |text| text.strip_prefix("S-").is_some_and(|d| d.len() == 16 && d.bytes().all(is_hex))
);

fn is_slug(text: &str, length_max: usize) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.len() <= length_max
        && text.bytes().next().is_some_and(plain)
        && text
            .bytes()
            .all(|b| plain(b) || matches!(b, b'.' | b'_' | b'-'))
}

fn is_number(text: &str, digits_min: usize, digits_max: usize) -> bool {
    (digits_min..=digits_max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn case_parts(text: &str) -> Option<(i16, u32)> {
    let (year, number) = text.strip_prefix("HS-")?.split_once('-')?;
    let shaped = is_number(year, 4, 4)
        && is_number(number, 4, 9)
        && (number.len() == 4 || !number.starts_with('0'));
    if shaped {
        Some((year.parse().ok()?, number.parse().ok()?))
    } else {
        None
    }
}

impl SeatId {
    /// The name of a partner's `number`-th seat: `p-07` and 1 make `p-07.s1`.
    pub fn numbered(partner: &PartnerId, number: u32) -> Self {
        Self(format!("{partner}.s{number}"))
    }
}

impl CaseId {
    /// The id of the next case: the year of `now` in UTC, and one more than the highest
    /// number that `existing` has in that year.
    pub fn after<'a>(existing: impl IntoIterator<Item = &'a CaseId>, now: Timestamp) -> Self {
        let year = now.to_zoned(jiff::tz::TimeZone::UTC).year().clamp(0, 9999);
        let highest = existing
            .into_iter()
            .filter_map(|case| case_parts(case.as_str()))
            .filter(|(of, _)| *of == year)
            .map(|(_, number)| number)
            .max()
            .unwrap_or(0);
        Self(format!("HS-{year:04}-{:04}", highest.saturating_add(1)))
    }

    /// The name of the event stream of this case: `case/HS-2026-0001`.
    pub fn stream(&self) -> String {
        format!("case/{self}")
    }
}

impl ArtifactId {
    /// The name of a case's `number`-th artifact.
    pub(crate) fn numbered(number: usize) -> Self {
        Self(format!("a{number}"))
    }
}

impl TraceId {
    /// The name of the trace whose question has this digest.
    pub fn of(digest: &Digest) -> Self {
        let hex: String = digest.to_string().chars().take(16).collect();
        Self(format!("T-{hex}"))
    }
}

impl SightingId {
    /// The name of the sighting whose records have this digest.
    pub fn of(digest: &Digest) -> Self {
        let hex: String = digest.to_string().chars().take(16).collect();
        Self(format!("S-{hex}"))
    }
}

/// The SHA-256 of a stored blob's bytes, which is also its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlobId(Digest);

impl BlobId {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Digest::of(bytes))
    }

    /// Takes a digest that was computed elsewhere.
    pub fn from_digest(digest: Digest) -> Self {
        Self(digest)
    }

    /// The digest of the blob's bytes.
    pub fn digest(&self) -> Digest {
        self.0
    }

    /// Reads 64 lowercase hex digits.
    ///
    /// # Errors
    /// [`IdError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        Digest::parse(text).map(Self).ok_or_else(|| IdError {
            kind: "blob id",
            given: excerpt(text),
            shape: "64 lowercase hex digits",
        })
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Longest name of a person, in characters.
pub const PERSON_NAME_CHARS_MAX: usize = 100;

/// A person of the program, as written after `--as`.
///
/// Kept as it was typed, trimmed, with inner white space collapsed and in Unicode NFC.
/// Two names are equal when they differ only in case, white space or compatibility forms, so
/// that `Ada` and `ada ` are one person who cannot approve twice.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName {
    shown: String,
    key: String,
}

impl PersonName {
    /// Reads a person's name.
    ///
    /// # Errors
    /// [`IdError`] when it is empty, longer than [`PERSON_NAME_CHARS_MAX`], has no letter or
    /// digit, or holds control or invisible characters (which would make two names of one person).
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let refuse = || IdError {
            kind: "person's name",
            given: excerpt(text),
            shape: "one to 100 visible characters with at least one letter or digit",
        };
        if text.chars().take(PERSON_NAME_CHARS_MAX * 4 + 1).count() > PERSON_NAME_CHARS_MAX * 4 {
            return Err(refuse());
        }
        let composed: String = text.nfc().collect();
        let shown = composed.split_whitespace().collect::<Vec<_>>().join(" ");
        let sound = (1..=PERSON_NAME_CHARS_MAX).contains(&shown.chars().count())
            && shown.chars().any(char::is_alphanumeric)
            && !shown.chars().any(|c| c.is_control() || is_invisible(c));
        if !sound {
            return Err(refuse());
        }
        let folded: String = shown.nfkc().flat_map(char::to_lowercase).collect();
        let key: String = folded.nfkc().filter(|c| !c.is_whitespace()).collect();
        Ok(Self { shown, key })
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// The form that is compared: two names with one key are one person.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Characters that draw nothing, or turn the writing direction.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

impl PartialEq for PersonName {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for PersonName {}

impl PartialOrd for PersonName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PersonName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.shown
    }
}

impl TryFrom<String> for PersonName {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl std::str::FromStr for PersonName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_parsed_at_the_door() {
        for good in ["p-07", "a", "0", "acme.eu_2"] {
            assert_eq!(PartnerId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "-a", "P-07", "a b", "é", &"a".repeat(65)] {
            assert!(PartnerId::parse(bad).is_err(), "{bad}");
        }
        for bad in [
            "HS-26-0001",
            "HS-2026-001",
            "hs-2026-0001",
            "HS-2026-00001",
            "HS-2026-0001 ",
        ] {
            assert!(CaseId::parse(bad).is_err(), "{bad}");
        }
        assert!(CaseId::parse("HS-2026-12345").is_ok());
        assert!(ArtifactId::parse("a01").is_err());
        assert!(CveId::parse("CVE-2026-0001").is_ok());
        assert!(CveId::parse("CVE-2026-001").is_err());
    }

    #[test]
    fn the_next_case_counts_within_its_year() {
        let now: Timestamp = "2026-12-08T18:00:00Z".parse().unwrap();
        assert_eq!(CaseId::after([], now).as_str(), "HS-2026-0001");
        let existing = [
            CaseId::parse("HS-2025-0009").unwrap(),
            CaseId::parse("HS-2026-0041").unwrap(),
            CaseId::parse("HS-2026-0007").unwrap(),
        ];
        assert_eq!(CaseId::after(&existing, now).as_str(), "HS-2026-0042");
    }

    #[test]
    fn one_person_has_one_name_however_it_is_typed() {
        let ada = PersonName::parse("Ada").unwrap();
        for same in ["ada ", " ADA", "\tAda\n", "Ａｄａ"] {
            assert_eq!(PersonName::parse(same).unwrap(), ada, "{same:?}");
        }
        assert_eq!(
            PersonName::parse("Zoe\u{308}").unwrap(),
            PersonName::parse("ZO\u{cb}").unwrap()
        );
        assert_ne!(PersonName::parse("Grace").unwrap(), ada);
        for bad in [
            "",
            "   ",
            "A\u{200b}da",
            "Ada\u{0}",
            "...",
            &"x".repeat(101),
        ] {
            assert!(PersonName::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn hostile_names_never_panic_and_what_parses_survives_json(text in ".{0,200}") {
            if let Ok(name) = PersonName::parse(&text) {
                let json = serde_json::to_string(&name).unwrap();
                prop_assert_eq!(serde_json::from_str::<PersonName>(&json).unwrap(), name);
            }
            let _ = CaseId::parse(&text);
            let _ = TraceId::parse(&text);
            let _ = CveId::parse(&text);
            let _ = BlobId::parse(&text);
        }
    }
}
