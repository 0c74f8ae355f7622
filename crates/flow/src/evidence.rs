//! The evidence file: one JSON document that anybody checks without the program's database.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::commitment::Commitment;
use domain::sealed::Digest;
use serde::{Deserialize, Serialize};

use crate::sight::LeakFile;

/// The `format` of every evidence file that this version writes and verifies.
pub const FORMAT: &str = "headstart-evidence-3";

/// Largest evidence file, in bytes.
pub const EVIDENCE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The whole file: what is claimed, and the program's signature over it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What is claimed and shown.
    pub body: Body,
    /// A signed note over the digest of `body`, by the log key.
    pub signature: String,
}

/// What is claimed and shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// [`FORMAT`].
    pub format: String,
    /// The program's name.
    pub program: String,
    /// The program's published log key, as a C2SP verifier key.
    pub log_key: String,
    /// The trace.
    pub trace: String,
    /// When the evidence was made, RFC 3339 in UTC.
    pub made_at: String,
    /// The case.
    pub case: String,
    /// The answer: always `accuse`; a trace that withholds proves nothing.
    pub verdict: String,
    /// The texts of the leak, as they were read; a judge reads the same, without any converter.
    pub leak: Vec<File>,
    /// The masters of the case, in the order of their sites.
    pub masters: Vec<MasterFile>,
    /// The code's canonical bytes.
    pub code: Bytes,
    /// The opened leaf that fixed code and masters before any copy was given.
    pub code_leaf: OpenedLeaf,
    /// The opened leaf that committed to the case's secret when the case was made.
    pub secret_leaf: OpenedLeaf,
    /// Every press of the case in order, up to the one whose roster is counted with.
    pub presses: Vec<Press>,
    /// The bar of this trace.
    pub bar: Bar,
    /// One for each site.
    pub readings: Vec<Reading>,
    /// Who is named, with what proves it.
    pub accused: Vec<Accused>,
    /// The signed checkpoint that every inclusion proof here leads to.
    pub checkpoint: String,
    /// Earlier checkpoints that this one grew from: when code, packages and receipts were first signed over, with
    /// the witnesses of that time.
    pub history: Vec<Earlier>,
    /// What this evidence does not prove; sentences for people.
    pub limits: Vec<String>,
}

/// One press of the case: who got copies, and the public value that was mixed into their keys afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Press {
    /// The opened leaf of its roster, which fixes the numbers and the seeds.
    pub roster: OpenedLeaf,
    /// The opened leaf that lists the witnesses whose cosignatures are mixed in; none where the roster names none.
    pub witnesses: Option<OpenedLeaf>,
    /// The signed checkpoint that was mixed in, with its cosignatures, and the proof that the evidence's own grew from
    /// it. It is younger than the roster.
    pub beacon: Earlier,
}

/// A text of the leak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where it stands inside the leak; for a file that was handed in by itself, its name without folders.
    pub name: String,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// The bytes.
    pub bytes: Bytes,
    /// What it was read from; nothing when these bytes are what was handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<FileOrigin>,
}

/// What a text of the leak was read from: the program's statement, which `verify --leak` checks against the original.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileOrigin {
    /// The original's name.
    pub file: String,
    /// SHA-256 of the original, hexadecimal.
    pub sha256: String,
    /// What was done to get the text; empty when the text is the original.
    pub how: String,
}

/// A master of the case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MasterFile {
    /// The artifact.
    pub artifact: String,
    /// Its kind.
    pub kind: String,
    /// The master's file name, which decides how its marks are read.
    pub name: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// A leaf whose text and salt are shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedLeaf {
    /// The canonical text that the leaf commits to.
    pub text: String,
    /// The salt, hexadecimal.
    pub salt: String,
    /// Position in the log, from 0.
    pub index: u64,
    /// The inclusion proof, each hash in base64.
    pub proof: Vec<String>,
}

/// A checkpoint from which the evidence's own grew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// The signed checkpoint, with the cosignatures that it has.
    pub checkpoint: String,
    /// The consistency proof from it to the evidence's checkpoint, each hash in base64.
    pub proof: Vec<String>,
}

/// The bar of a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bar {
    /// The accepted risk for the whole trace.
    pub innocent_risk: f64,
    /// Up to this risk a candidate is a lead.
    pub lead_risk: f64,
    /// How many cases were tried for this leak.
    pub alignments: u64,
}

/// What the leak shows at one site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Reading {
    /// Nothing.
    Erased,
    /// One of these values.
    Values {
        /// The values.
        values: Vec<u64>,
        /// The model's chance that the reading is spurious.
        noise: f64,
    },
    /// Values with weights.
    Soft {
        /// Value and weight.
        weights: Vec<(u64, f64)>,
        /// The model's chance that the reading is spurious.
        noise: f64,
    },
}

/// A partner or a seat that is named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accused {
    /// The partner.
    pub partner: String,
    /// The seat, where the seat's own evidence passes the bar.
    pub seat: Option<String>,
    /// The engine's numbers.
    pub finding: Finding,
    /// How the engine came to the finding, in its own canonical bytes.
    pub method: Bytes,
    /// The seed of the partner's layer, opened in the press that gave the partner its number.
    pub partner_seed: OpenedLeaf,
    /// Every seat of this partner that had a copy, in the order of their slots.
    pub seats: Vec<OpenedSeat>,
    /// One for each copy of others that the finding is conditioned on, in the order of `method`.
    pub given: Vec<OpenedSeat>,
    /// The receipts of these seats: their first and last fetch, in the order of the seats and then of the log.
    pub receipts: Vec<OpenedLeaf>,
}

/// One seat's opened commitments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedSeat {
    /// The seat.
    pub seat: String,
    /// The leaf of its package.
    pub leaf: OpenedLeaf,
    /// Its seed, opened in the tree of the press that its package names: `index` and `proof` are of that tree. For a
    /// copy that a finding against a partner is conditioned on, its partner's seed.
    pub seed: OpenedLeaf,
}

/// The engine's numbers for one accused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Evidence in bits.
    pub evidence_bits: f64,
    /// The e-value in bits.
    pub e_value_bits: f64,
    /// Exact tail before correction.
    pub tail_risk: f64,
    /// The risk for the whole trace, after every correction.
    pub innocent_risk: f64,
}

/// Bytes, as standard base64 in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bytes(pub Vec<u8>);

impl From<Bytes> for String {
    fn from(bytes: Bytes) -> Self {
        STANDARD.encode(bytes.0)
    }
}

impl TryFrom<String> for Bytes {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        STANDARD.decode(text).map(Self)
    }
}

impl From<&LeakFile> for File {
    fn from(file: &LeakFile) -> Self {
        Self {
            name: file.name.clone(),
            sha256: Digest::of(&file.bytes).to_string(),
            bytes: Bytes(file.bytes.clone()),
            origin: file.origin.as_ref().map(|origin| FileOrigin {
                file: origin.file.clone(),
                sha256: origin.sha256.to_string(),
                how: origin.how.clone(),
            }),
        }
    }
}

impl From<&fingerprint::Reading> for Reading {
    fn from(reading: &fingerprint::Reading) -> Self {
        match reading {
            fingerprint::Reading::Erased => Self::Erased,
            fingerprint::Reading::Values { values, noise } => Self::Values {
                values: values.clone(),
                noise: *noise,
            },
            fingerprint::Reading::Soft { weights, noise } => Self::Soft {
                weights: weights.clone(),
                noise: *noise,
            },
        }
    }
}

impl From<&fingerprint::Finding> for Finding {
    fn from(finding: &fingerprint::Finding) -> Self {
        Self {
            evidence_bits: finding.evidence_bits,
            e_value_bits: finding.e_value_bits,
            tail_risk: finding.tail_risk,
            innocent_risk: finding.innocent_risk,
        }
    }
}

/// A file that is not evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotEvidence {
    /// Too large.
    #[error("the file has {size_bytes} bytes; evidence has at most {EVIDENCE_BYTES_MAX}")]
    TooLarge {
        /// Its size.
        size_bytes: usize,
    },
    /// Not the JSON of evidence.
    #[error("this is not an evidence file: {reason}")]
    Shape {
        /// Where and why.
        reason: String,
    },
    /// Evidence of another version.
    #[error("evidence of format `{found}`; this version verifies `{FORMAT}`")]
    Format {
        /// The format that was found.
        found: String,
    },
}

impl Evidence {
    /// Reads an evidence file.
    ///
    /// # Errors
    /// [`NotEvidence`] for anything that is not a whole evidence file of [`FORMAT`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NotEvidence> {
        if bytes.len() > EVIDENCE_BYTES_MAX {
            return Err(NotEvidence::TooLarge {
                size_bytes: bytes.len(),
            });
        }
        let evidence: Self = serde_json::from_slice(bytes).map_err(|error| NotEvidence::Shape {
            reason: error.to_string(),
        })?;
        if evidence.body.format != FORMAT {
            return Err(NotEvidence::Format {
                found: evidence.body.format.chars().take(80).collect(),
            });
        }
        Ok(evidence)
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("evidence has no map keys to refuse");
        text.push('\n');
        text
    }
}

impl OpenedLeaf {
    /// What the leaf commits to; `None` when the salt is no salt.
    pub fn commitment(&self) -> Option<Commitment> {
        let salt = Digest::parse(&self.salt)?;
        Some(Commitment::new(
            self.text.as_bytes().to_vec(),
            *salt.as_bytes(),
        ))
    }
}

impl Body {
    /// The text that the program signs: the digest of the body's compact JSON.
    pub fn signed_text(&self) -> String {
        let json = serde_json::to_string(self).expect("evidence has no map keys to refuse");
        format!(
            "headstart evidence v1\n{}\n{}\n",
            self.trace,
            Digest::of(json.as_bytes())
        )
    }
}
