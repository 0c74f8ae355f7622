//! Traffic Light Protocol 2.0 labels.

use crate::explain::Explain;
use crate::ids::excerpt;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// A TLP 2.0 label, ordered from open to closed: a greater label may be shown to fewer people.
///
/// Labels never go down on the way out, so joining two of them is `max`.
///
/// # Source
/// FIRST, Traffic Light Protocol, version 2.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tlp {
    /// Disclosure is not limited.
    #[serde(rename = "CLEAR")]
    Clear,
    /// Limited to the community.
    #[serde(rename = "GREEN")]
    Green,
    /// Limited to the recipients' organisations and their clients, as they need to know.
    #[serde(rename = "AMBER")]
    Amber,
    /// Limited to the recipients' organisations.
    #[serde(rename = "AMBER+STRICT")]
    AmberStrict,
    /// For the eyes and ears of individual recipients only.
    #[serde(rename = "RED")]
    Red,
}

/// A label that TLP does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{given}` is not a TLP label")]
pub struct TlpError {
    /// What was given, shortened.
    pub given: String,
}

impl Explain for TlpError {
    fn code(&self) -> &str {
        "unknown-tlp-label"
    }

    fn hint(&self) -> String {
        "TLP 2.0 has CLEAR, GREEN, AMBER, AMBER+STRICT and RED.".to_owned()
    }
}

impl Tlp {
    /// The label of a case for which nobody chose one: details under embargo stay within the
    /// partners' organisations.
    pub const UNDER_EMBARGO: Self = Self::AmberStrict;

    /// Every label, from open to closed.
    pub const ALL: [Self; 5] = [
        Self::Clear,
        Self::Green,
        Self::Amber,
        Self::AmberStrict,
        Self::Red,
    ];

    /// Reads a label, with or without `TLP:`, in any case; `WHITE` of TLP 1 is `CLEAR`.
    ///
    /// # Errors
    /// [`TlpError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, TlpError> {
        let upper = text.trim().to_ascii_uppercase();
        match upper.strip_prefix("TLP:").unwrap_or(&upper) {
            "CLEAR" | "WHITE" => Ok(Self::Clear),
            "GREEN" => Ok(Self::Green),
            "AMBER" => Ok(Self::Amber),
            "AMBER+STRICT" => Ok(Self::AmberStrict),
            "RED" => Ok(Self::Red),
            _ => Err(TlpError {
                given: excerpt(text),
            }),
        }
    }

    /// The label without its prefix: `AMBER+STRICT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "CLEAR",
            Self::Green => "GREEN",
            Self::Amber => "AMBER",
            Self::AmberStrict => "AMBER+STRICT",
            Self::Red => "RED",
        }
    }
}

impl fmt::Display for Tlp {
    /// As TLP wants it written: `TLP:AMBER+STRICT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLP:{}", self.as_str())
    }
}

impl std::str::FromStr for Tlp {
    type Err = TlpError;

    fn from_str(text: &str) -> Result<Self, TlpError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_ordered_read_back_and_white_is_clear() {
        assert!(Tlp::ALL.is_sorted());
        for label in Tlp::ALL {
            assert_eq!(Tlp::parse(&label.to_string()).unwrap(), label);
            let json = serde_json::to_string(&label).unwrap();
            assert_eq!(json, format!("\"{}\"", label.as_str()));
        }
        assert_eq!(Tlp::parse("white").unwrap(), Tlp::Clear);
        assert!(Tlp::parse("PINK").is_err());
    }
}
