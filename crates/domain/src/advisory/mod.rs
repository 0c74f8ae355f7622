//! Advisories that a case begins from: CSAF 2.0 and CVE 5.x, read into one shape.

mod csaf;
mod cve;
mod node;
mod score;

pub use node::{AdvisoryError, JsonPath};
pub use score::{Score, ScoreError, VECTOR_BYTES_MAX};

use crate::ids::CveId;
use crate::tlp::Tlp;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Largest advisory, in bytes: 32 MiB.
pub const ADVISORY_BYTES_MAX: usize = 32 << 20;
/// Most affected products of an advisory.
pub const PRODUCTS_MAX: usize = 50_000;
/// Most CVE ids of an advisory.
pub const CVES_MAX: usize = 5_000;
/// Most scores of an advisory.
pub const SCORES_MAX: usize = 10_000;
/// Longest title, product name or version, in characters.
pub const TEXT_CHARS_MAX: usize = 2_000;
/// Longest summary, in characters.
pub const SUMMARY_CHARS_MAX: usize = 200_000;

/// What a case is about. Serialised by whoever seals it; no event holds it in the clear.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CaseDetails {
    /// Its title.
    pub title: String,
    /// CVE ids, in the document's order, each once.
    #[serde(default)]
    pub cves: Vec<CveId>,
    /// Affected products, in the document's order, each once.
    #[serde(default)]
    pub products: Vec<AffectedProduct>,
    /// CVSS scores, each once.
    #[serde(default)]
    pub scores: Vec<Score>,
    /// The label that the document carries.
    #[serde(default)]
    pub tlp: Option<Tlp>,
    /// When the document says that it is or was published.
    #[serde(default)]
    pub release: Option<Timestamp>,
    /// The document that this was read from.
    #[serde(default)]
    pub source: Option<Source>,
    /// What it is about, in prose.
    #[serde(default)]
    pub summary: Option<String>,
}

/// A product that is affected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AffectedProduct {
    /// Who makes it.
    #[serde(default)]
    pub vendor: Option<String>,
    /// Its name.
    pub name: String,
    /// The version or range, in the document's own words.
    #[serde(default)]
    pub version: Option<String>,
}

/// A format that advisories are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// OASIS Common Security Advisory Framework 2.0.
    Csaf,
    /// CVE record format 5.x.
    Cve,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csaf => "CSAF 2.0",
            Self::Cve => "CVE 5",
        })
    }
}

/// The document that details were read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its format.
    pub format: Format,
    /// Its own id: the tracking id, or the CVE id.
    pub id: String,
}

impl CaseDetails {
    /// The label of the case: never more open than the document, and never more open than
    /// [`Tlp::UNDER_EMBARGO`], whatever label the document will be published with.
    pub fn label_under_embargo(&self) -> Tlp {
        self.tlp
            .unwrap_or(Tlp::UNDER_EMBARGO)
            .max(Tlp::UNDER_EMBARGO)
    }
}

/// The release that a document gives its case: the document's own date when that is still to come.
///
/// A date that has passed says nothing about an embargo, so such a case gets none.
pub fn release_from(details: &CaseDetails, now: Timestamp) -> Option<Timestamp> {
    details.release.filter(|release| *release > now)
}

/// Reads an advisory of either format, found by its content.
///
/// # Errors
/// [`AdvisoryError`] names the line and column of broken JSON, or the path of a value that is
/// missing, of the wrong type, or above a limit.
pub fn read_advisory(bytes: &[u8]) -> Result<CaseDetails, AdvisoryError> {
    if bytes.len() > ADVISORY_BYTES_MAX {
        return Err(AdvisoryError::TooLarge {
            bytes_max: ADVISORY_BYTES_MAX,
        });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: serde_json::Value = serde_json::from_slice(bytes)?;
    let root = node::Node::root(&value);
    if root.optional("containers")?.is_some() || root.optional("cveMetadata")?.is_some() {
        cve::read(&root)
    } else if root.optional("document")?.is_some() {
        csaf::read(&root)
    } else {
        Err(AdvisoryError::UnknownFormat)
    }
}

/// Adds to a list what is not in it yet, up to a limit.
pub(crate) struct Gather<T> {
    list: Vec<T>,
    seen: std::collections::BTreeSet<T>,
    what: &'static str,
    max: usize,
}

impl<T: Ord + Clone> Gather<T> {
    fn new(what: &'static str, max: usize) -> Self {
        Self {
            list: Vec::new(),
            seen: std::collections::BTreeSet::new(),
            what,
            max,
        }
    }

    fn add(&mut self, item: T) -> Result<(), AdvisoryError> {
        if self.seen.insert(item.clone()) {
            if self.list.len() >= self.max {
                return Err(AdvisoryError::TooMany {
                    what: self.what,
                    max: self.max,
                });
            }
            self.list.push(item);
        }
        Ok(())
    }
}
