//! An artifact of a case: one master, written once.

use crate::ids::{ArtifactId, BlobId};
use crate::sealed::Sealed;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an artifact is, which decides who may have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArtifactKind {
    /// A description in prose.
    Writeup,
    /// A proof of concept.
    Poc,
    /// A detection rule.
    Rule,
    /// Captured or described traffic.
    Traffic,
    /// Indicators of compromise.
    Indicators,
}

impl ArtifactKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Writeup,
        Self::Poc,
        Self::Rule,
        Self::Traffic,
        Self::Indicators,
    ];

    /// The kind's name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Writeup => "writeup",
            Self::Poc => "poc",
            Self::Rule => "rule",
            Self::Traffic => "traffic",
            Self::Indicators => "indicators",
        }
    }

    /// Reads a kind; `None` for a word that is not one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for ArtifactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An artifact as the case's events record it. What it is called and says is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its id within the case.
    pub artifact: ArtifactId,
    /// What it is.
    pub kind: ArtifactKind,
    /// File name and whatever else describes it, sealed to the program.
    pub name: Sealed,
    /// The sealed master.
    pub master: BlobId,
    /// How many mark sites the master has.
    pub sites: u32,
}
