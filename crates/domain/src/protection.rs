//! Protections: what a partner reports to have built for a case. Products and rules are sealed; coverage and times are not.

use crate::explain::Explain;
use crate::ids::{PartnerId, SeatId};
use crate::letter::{Letter, Words, WordsError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;

/// Protections that one partner reports of one case.
pub const PROTECTIONS_MAX: usize = 200;
/// Versions of one protection.
pub const VERSIONS_MAX: usize = 100;
/// Longest name of a product, in bytes.
pub const PRODUCT_BYTES_MAX: usize = 200;
/// Longest id of a rule, in bytes.
pub const RULE_BYTES_MAX: usize = 100;
/// Rules of one protection.
pub const RULES_MAX: usize = 100;

/// How much of the vulnerability a product stops or finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// All that the partner knows of.
    Full,
    /// Some of it.
    Partial,
    /// Nothing yet; something is being built.
    Planned,
    /// Nothing, and nothing is being built.
    None,
}

impl Coverage {
    /// Every word, from the most to the least.
    pub const ALL: [Self; 4] = [Self::Full, Self::Partial, Self::Planned, Self::None];

    /// The word, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Planned => "planned",
            Self::None => "none",
        }
    }

    /// Reads a word; `None` for another.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.as_str() == text)
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One report of a protection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The seat that reported it.
    pub seat: SeatId,
    /// How much it covers.
    pub coverage: Coverage,
    /// When it reached the partner's customers, or is planned to.
    pub ships_at: Option<Timestamp>,
    /// Product, rules and remarks.
    pub details: Letter,
    /// When it was reported.
    pub at: Timestamp,
}

/// A protection with its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    number: u32,
    versions: Vec<Version>,
}

impl Protection {
    /// Its number among its partner's, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Every report, oldest first; there is at least one.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// What was reported last.
    pub fn newest(&self) -> &Version {
        self.versions
            .last()
            .expect("a protection begins with its first report")
    }
}

/// The protections of a case, by partner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Protections(BTreeMap<PartnerId, Vec<Protection>>);

impl Protections {
    /// Folds one report in; a number that is neither known nor the next is left out.
    pub(crate) fn add(&mut self, partner: PartnerId, number: u32, version: Version) {
        let own = self.0.entry(partner).or_default();
        if let Some(known) = own.iter_mut().find(|known| known.number == number) {
            known.versions.push(version);
        } else if number == next_number(own) {
            own.push(Protection {
                number,
                versions: vec![version],
            });
        }
    }

    /// A partner's, in the order in which they were first reported.
    pub fn of(&self, partner: &PartnerId) -> &[Protection] {
        self.0.get(partner).map_or(&[], Vec::as_slice)
    }

    /// The number of a partner's next one.
    pub fn next_of(&self, partner: &PartnerId) -> u32 {
        next_number(self.of(partner))
    }

    /// Every partner that reported any.
    pub fn iter(&self) -> impl Iterator<Item = (&PartnerId, &[Protection])> {
        self.0
            .iter()
            .map(|(partner, own)| (partner, own.as_slice()))
    }

    /// When a partner first reported anything.
    pub fn first_of(&self, partner: &PartnerId) -> Option<Timestamp> {
        let first = self.of(partner).first()?;
        first.versions.first().map(|version| version.at)
    }
}

fn next_number(own: &[Protection]) -> u32 {
    u32::try_from(own.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1)
}

/// What is sealed of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectionDetails {
    /// The product.
    pub product: String,
    /// The ids of its rules or signatures.
    pub rules: Vec<String>,
    /// Remarks; empty when there are none.
    pub note: String,
}

/// What is wrong with a report, field by field.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProtectionError {
    /// The product.
    #[error("the product's name: {0}")]
    Product(WordsError),
    /// One of the rules.
    #[error("a rule's id: {0}")]
    Rule(WordsError),
    /// More than [`RULES_MAX`].
    #[error("there are {count} rules, and the limit is {RULES_MAX}")]
    Rules {
        /// How many.
        count: usize,
    },
    /// The remarks.
    #[error("the remarks: {0}")]
    Note(WordsError),
}

impl Explain for ProtectionError {
    fn code(&self) -> &str {
        match self {
            Self::Product(_) => "product",
            Self::Rule(_) | Self::Rules { .. } => "rules",
            Self::Note(_) => "note",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Product(error) | Self::Rule(error) | Self::Note(error) => error.hint(),
            Self::Rules { .. } => "Report the rest as a protection of its own.".to_owned(),
        }
    }
}

impl ProtectionDetails {
    /// Reads a report's words. `rules`: one id a line, empty lines left out.
    ///
    /// # Errors
    /// [`ProtectionError`] with the field.
    pub fn parse(product: &str, rules: &str, note: &str) -> Result<Self, ProtectionError> {
        let product = Words::line(product, PRODUCT_BYTES_MAX).map_err(ProtectionError::Product)?;
        let mut ids = Vec::new();
        for line in rules.lines().filter(|line| !line.trim().is_empty()) {
            let id = Words::line(line, RULE_BYTES_MAX).map_err(ProtectionError::Rule)?;
            ids.push(id.as_str().to_owned());
        }
        if ids.len() > RULES_MAX {
            return Err(ProtectionError::Rules { count: ids.len() });
        }
        let note = match Words::parse(note) {
            Ok(words) => words.as_str().to_owned(),
            Err(WordsError::Empty) => String::new(),
            Err(error) => return Err(ProtectionError::Note(error)),
        };
        Ok(Self {
            product: product.as_str().to_owned(),
            rules: ids,
            note,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_which_field_cannot_be_used() {
        let parse = ProtectionDetails::parse;
        let details = parse(" Sentry 9 ", "2064001\r\n\n 2064002\n", "").unwrap();
        assert_eq!(details.product, "Sentry 9");
        assert_eq!(details.rules, ["2064001", "2064002"]);
        assert_eq!(parse("", "", "").unwrap_err().code(), "product");
        assert_eq!(
            parse("a", &"x".repeat(101), "").unwrap_err().code(),
            "rules"
        );
        assert_eq!(
            parse("a", &"x\n".repeat(101), "").unwrap_err().code(),
            "rules"
        );
        assert_eq!(parse("a", "", "\u{0}").unwrap_err().code(), "note");
    }
}
