//! The agreement (NDA) between program and partners, in versions.

use crate::ids::AgreementVersion;
use crate::sealed::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A published version of the agreement. The newest one is current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// The version's name.
    pub version: AgreementVersion,
    /// SHA-256 of its text; none for the agreements that were made on paper before the program
    /// kept their text.
    pub text: Option<Digest>,
    /// When it became the current one.
    pub published_at: Timestamp,
}

/// How a partner said yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// Signed on paper, recorded by the program.
    Paper,
    /// Accepted by a seat, on line.
    Online,
}

/// That a partner accepted one version: by whom and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Who signed for the partner, as recorded.
    pub signatory: String,
    /// On paper or on line.
    pub means: Means,
    /// When it was recorded.
    pub at: Timestamp,
}
