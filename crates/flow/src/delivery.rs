//! What comes with a package as `FILE.proof`: that the log holds the package and its receipt, and how the log grew.
//!
//! The file is a C2SP tlog-proof of the package's entry, which any reader of that format checks.
//! Its extra data is text of this program, one `word value` a line:
//! ```text
//! headstart delivery v1
//! log-key VKEY                     the program's log key, for a client that knows none yet
//! entry headstart/v1 …             the package's entry
//! grown SIZE ROOT                  where the client's last checkpoint stood; left out when it had none
//! grown-hash HASH                  the consistency proof from there, one hash a line
//! receipt INDEX                    the receipt's place in the log
//! receipt-hash HASH                its inclusion proof, one hash a line
//! receipt-salt DIGITS              what opens the receipt's entry: 64 hexadecimal digits
//! receipt-text BASE64              and its text
//! ```
//! Nothing signs the extra data: each part is checked against the checkpoint.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::commitment::{Commitment, Leaf};
use domain::sealed::Digest;
use tlog::{
    Checkpoint, CheckpointError, ConsistencyProof, Hash, InclusionError, InclusionProof, KeyError,
    Note, PROOF_HASHES_MAX, TlogProof, TlogProofError, Verifier, leaf_hash, verify_inclusion,
};

use crate::leaf::{LEAF_BYTES_MAX, LeafError, ReceiptLeaf};

const HEADING: &str = "headstart delivery v1";

/// The extension of such a file's name.
pub const EXTENSION: &str = "proof";

/// That a package and its receipt are in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The program's log key. Nobody vouches for it here.
    pub log_key: Verifier,
    /// The signed checkpoint, with the cosignatures that it has.
    pub checkpoint: Note,
    /// The package's entry.
    pub entry: Leaf,
    /// That it is in the log.
    pub inclusion: InclusionProof,
    /// How the log grew from the client's last checkpoint; `None` when it had none.
    pub grown: Option<Grown>,
    /// What the receipt commits to.
    pub receipt: Commitment,
    /// That the receipt is in the log.
    pub receipt_inclusion: InclusionProof,
}

/// The growth of a log, as the log itself shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grown {
    /// Entries that the client knew of.
    pub size: u64,
    /// The root of as many entries, as the log has them now. Where it is not the client's, the log forked.
    pub root: Hash,
    /// That the checkpoint's tree begins with them.
    pub proof: ConsistencyProof,
}

/// What a delivery shows, once checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// What the log's key signed.
    pub checkpoint: Checkpoint,
    /// The receipt.
    pub receipt: ReceiptLeaf,
}

/// Why a file is no such proof, or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// No tlog-proof.
    #[error(transparent)]
    Proof(#[from] TlogProofError),
    /// A tlog-proof without what this program adds.
    #[error("the proof is not one that came with a package: its extra data has no `{expected}`")]
    Extra {
        /// The word that should stand there.
        expected: &'static str,
    },
    /// The key is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The checkpoint is not signed by the key.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The package's entry is not shown to be in the log.
    #[error("the package is not shown to be in the log: {0}")]
    Package(InclusionError),
    /// The receipt's entry is not shown to be in the log.
    #[error("the receipt is not shown to be in the log: {0}")]
    Receipt(InclusionError),
    /// What the receipt's entry commits to is no receipt.
    #[error("the receipt cannot be read: {0}")]
    Text(#[from] LeafError),
}

impl DeliveryError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Proof(error) => error.hint(),
            Self::Extra { .. } => {
                "`headstart log check` reads any tlog-proof; `package fetch` writes this kind"
            }
            Self::Key(error) => error.hint(),
            Self::Checkpoint(error) => error.hint(),
            Self::Package(error) | Self::Receipt(error) => error.hint(),
            Self::Text(_) => "fetch the package again, and tell the program",
        }
    }
}

impl Delivery {
    /// Checks everything that the file shows by itself: signature of the key, entry and receipt in the log.
    ///
    /// # Errors
    /// [`DeliveryError`] with the first part that does not hold.
    pub fn check(&self, key: &Verifier) -> Result<Delivered, DeliveryError> {
        let checkpoint = Checkpoint::open_note(&self.checkpoint, key)?;
        let (size, root) = (checkpoint.size(), checkpoint.root());
        let entry = leaf_hash(&self.entry.entry_bytes());
        verify_inclusion(&entry, &self.inclusion, size, &root).map_err(DeliveryError::Package)?;
        let receipt = leaf_hash(&self.receipt.leaf().entry_bytes());
        verify_inclusion(&receipt, &self.receipt_inclusion, size, &root)
            .map_err(DeliveryError::Receipt)?;
        let text = std::str::from_utf8(self.receipt.content()).unwrap_or_default();
        Ok(Delivered {
            checkpoint,
            receipt: ReceiptLeaf::parse(text)?,
        })
    }

    /// The file's text.
    ///
    /// # Errors
    /// [`DeliveryError::Proof`] beyond the limits of the format.
    pub fn to_text(&self) -> Result<String, DeliveryError> {
        let mut extra = format!(
            "{HEADING}\nlog-key {}\nentry {}\n",
            self.log_key.vkey(),
            self.entry
        );
        let mut line = |word: &str, value: String| {
            writeln!(extra, "{word} {value}").expect("writing to a string does not fail");
        };
        if let Some(grown) = &self.grown {
            line(
                "grown",
                format!("{} {}", grown.size, grown.root.to_base64()),
            );
            for hash in &grown.proof.hashes {
                line("grown-hash", hash.to_base64());
            }
        }
        line("receipt", self.receipt_inclusion.index.to_string());
        for hash in &self.receipt_inclusion.hashes {
            line("receipt-hash", hash.to_base64());
        }
        let salt = Digest::from_bytes(*self.receipt.salt());
        line("receipt-salt", salt.to_string());
        line("receipt-text", STANDARD.encode(self.receipt.content()));
        let proof = TlogProof::with_extra(
            self.inclusion.clone(),
            self.checkpoint.clone(),
            extra.into_bytes(),
        )?;
        Ok(proof.to_text())
    }

    /// Reads what [`Delivery::to_text`] writes, and verifies nothing yet.
    ///
    /// # Errors
    /// [`DeliveryError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, DeliveryError> {
        let proof = TlogProof::from_text(text)?;
        let extra = std::str::from_utf8(proof.extra()).map_err(|_| wrong(HEADING))?;
        let mut lines = Lines(extra.lines().peekable());
        if lines.0.next() != Some(HEADING) {
            return Err(wrong(HEADING));
        }
        let log_key = Verifier::parse(lines.value("log-key")?)?;
        let entry = Leaf::parse(lines.value("entry")?).ok_or(wrong("entry"))?;
        let grown = match lines.stands_next("grown ") {
            true => Some(lines.grown()?),
            false => None,
        };
        let index = number(lines.value("receipt")?).ok_or(wrong("receipt"))?;
        let hashes = lines.hashes("receipt-hash")?;
        let salt = Digest::parse(lines.value("receipt-salt")?).ok_or(wrong("receipt-salt"))?;
        let content = STANDARD
            .decode(lines.value("receipt-text")?)
            .ok()
            .filter(|content| content.len() <= LEAF_BYTES_MAX)
            .ok_or(wrong("receipt-text"))?;
        let delivery = Self {
            log_key,
            checkpoint: proof.checkpoint().clone(),
            entry,
            inclusion: proof.inclusion().clone(),
            grown,
            receipt: Commitment::new(content, *salt.as_bytes()),
            receipt_inclusion: InclusionProof { index, hashes },
        };
        if lines.0.next().is_some() {
            return Err(wrong("end"));
        }
        Ok(delivery)
    }
}

fn wrong(expected: &'static str) -> DeliveryError {
    DeliveryError::Extra { expected }
}

/// A decimal in its only spelling.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

struct Lines<'a>(std::iter::Peekable<std::str::Lines<'a>>);

impl<'a> Lines<'a> {
    fn stands_next(&mut self, word: &str) -> bool {
        self.0.peek().is_some_and(|line| line.starts_with(word))
    }

    fn value(&mut self, word: &'static str) -> Result<&'a str, DeliveryError> {
        self.0
            .next()
            .and_then(|line| line.strip_prefix(word)?.strip_prefix(' '))
            .ok_or(wrong(word))
    }

    fn hashes(&mut self, word: &'static str) -> Result<Vec<Hash>, DeliveryError> {
        let mut hashes = Vec::new();
        while self.stands_next(word) && hashes.len() < PROOF_HASHES_MAX {
            let hash = Hash::from_base64(self.value(word)?).map_err(|_| wrong(word))?;
            hashes.push(hash);
        }
        Ok(hashes)
    }

    fn grown(&mut self) -> Result<Grown, DeliveryError> {
        let (size, root) = self.value("grown")?.split_once(' ').ok_or(wrong("grown"))?;
        Ok(Grown {
            size: number(size).ok_or(wrong("grown"))?,
            root: Hash::from_base64(root).map_err(|_| wrong("grown"))?,
            proof: ConsistencyProof {
                hashes: self.hashes("grown-hash")?,
            },
        })
    }
}
