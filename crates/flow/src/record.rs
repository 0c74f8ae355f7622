//! Everything that was ever given to a partner or to one of its seats, with proofs: checked offline by whoever got it.
//!
//! Each seat's entries form a chain ([`domain::chain`]): they are numbered, and each names the one before it.
//! So nothing can be left out of the middle. The program signs the record: what it leaves out at the end, below the
//! record's checkpoint, is a statement that can be held against it.

use domain::chain::{Link, entry_digest};
use domain::ids::{PartnerId, SeatId};
use domain::sealed::Digest;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tlog::{Checkpoint, Hash, InclusionProof, Note, Verifier, leaf_hash, verify_inclusion};

use crate::delivery::Delivery;
use crate::evidence::OpenedLeaf;
use crate::leaf::{PackageLeaf, ReceiptLeaf};

/// The `format` of every record that this version writes and reads.
pub const RECORD_FORMAT: &str = "headstart-record-1";

/// Largest record, in bytes.
pub const RECORD_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How far two times of the program's own clock may be out of order: of two commands that run at once, the one that
/// began later may be stored first.
pub const TIME_SLACK: SignedDuration = SignedDuration::from_mins(10);

/// What no record shows; stated by every check.
pub const RECORD_LIMITS: [&str; 3] = [
    "It ends at its checkpoint: what was made for the seat later is in a later record.",
    "It shows what the program logged. What it gave by another way, or under the name of another seat, is not here.",
    "A receipt is the program's word that the seat asked; the seat did not sign it.",
];

/// A record with the program's signature over it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// What was given.
    pub body: RecordBody,
    /// A signed note over the digest of `body`, by the log key.
    pub signature: String,
}

/// What was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordBody {
    /// [`RECORD_FORMAT`].
    pub format: String,
    /// The program's name.
    pub program: String,
    /// The program's log key.
    pub log_key: String,
    /// The partner.
    pub partner: String,
    /// When the record was made, RFC 3339 in UTC.
    pub made_at: String,
    /// The signed checkpoint that every proof here leads to, with its cosignatures.
    pub checkpoint: String,
    /// The seats of the partner that this record is of.
    pub seats: Vec<SeatRecord>,
}

/// Everything that the log has of one seat, from the first entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeatRecord {
    /// The seat.
    pub seat: String,
    /// Its packages and receipts, opened, in the order of its chain.
    pub entries: Vec<OpenedLeaf>,
}

/// Why a record does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Too large.
    #[error("the file has {size_bytes} bytes; a record has at most {RECORD_BYTES_MAX}")]
    TooLarge {
        /// Its size.
        size_bytes: usize,
    },
    /// Not the JSON of a record.
    #[error("this is not a record: {reason}")]
    Shape {
        /// Where and why.
        reason: String,
    },
    /// The key is none, or another than expected.
    #[error("the log key: {reason}")]
    Key {
        /// Why.
        reason: String,
    },
    /// The checkpoint is not signed by the key.
    #[error("the checkpoint: {reason}")]
    Checkpoint {
        /// Why.
        reason: String,
    },
    /// The program did not sign this record.
    #[error("the signature: {reason}")]
    Signature {
        /// Why.
        reason: String,
    },
    /// An entry does not hold.
    #[error("entry {ordinal} of seat `{seat}`: {reason}")]
    Entry {
        /// The seat.
        seat: String,
        /// The entry's number in the record.
        ordinal: u64,
        /// Why.
        reason: String,
    },
    /// A package that was kept, or the proof that came with it, is not in the record.
    #[error("{reason}")]
    Missing {
        /// What is missing.
        reason: String,
    },
}

impl RecordError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::Shape { .. } => {
                "`headstart record --seat SEAT --out FILE` writes a record"
            }
            Self::Key { .. } => "compare the key with the one that the program publishes",
            Self::Checkpoint { .. } | Self::Signature { .. } | Self::Entry { .. } => {
                "keep this file, and ask the program for another: a record that fails is evidence too"
            }
            Self::Missing { .. } => {
                "keep the record and the package with its proof: together they show what was left out"
            }
        }
    }
}

/// An entry of a record that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// Its place in the log.
    pub index: u64,
    /// Its place in the seat's chain.
    pub link: Link,
    /// Digest of the entry as it stands in the log.
    pub entry: Digest,
    /// What it says.
    pub what: What,
}

/// What an entry of a record says.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A package was made for the seat.
    Package(PackageLeaf),
    /// The seat fetched it.
    Receipt(ReceiptLeaf),
}

/// A record that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedRecord {
    /// The log's key.
    pub key: Verifier,
    /// The checkpoint's note, with its cosignatures.
    pub note: Note,
    /// What it states.
    pub checkpoint: Checkpoint,
    /// The partner.
    pub partner: PartnerId,
    /// When the program says that it was made.
    pub made_at: Timestamp,
    /// Each seat's entries.
    pub seats: Vec<(SeatId, Vec<Given>)>,
}

impl CheckedRecord {
    /// The entries of one seat; `None` when the record is not of this seat.
    pub fn of(&self, seat: &SeatId) -> Option<&[Given]> {
        let found = self.seats.iter().find(|(own, _)| own == seat)?;
        Some(&found.1)
    }

    /// Whether a package that was kept is in the record.
    ///
    /// # Errors
    /// [`RecordError::Missing`].
    pub fn has_package(&self, name: &str, package: Digest) -> Result<(), RecordError> {
        let has = self
            .entries()
            .any(|given| matches!(&given.what, What::Package(leaf) if leaf.package == package));
        if has {
            return Ok(());
        }
        Err(RecordError::Missing {
            reason: format!(
                "the package `{name}` (SHA-256 {package}) is in no entry of this record"
            ),
        })
    }

    /// Whether what came with a package is in the record, at the same places.
    ///
    /// # Errors
    /// [`RecordError::Missing`]; a proof that is newer than the record says nothing of it.
    pub fn has_delivery(&self, name: &str, delivery: &Delivery) -> Result<(), RecordError> {
        let missing = |what: &str| RecordError::Missing {
            reason: format!("`{name}` has {what}, and the record does not"),
        };
        delivery
            .check(&self.key)
            .map_err(|error| RecordError::Missing {
                reason: format!("`{name}`: {error}"),
            })?;
        let shown = [
            (
                "a package's entry",
                delivery.inclusion.index,
                entry_digest(&delivery.entry),
            ),
            (
                "a receipt",
                delivery.receipt_inclusion.index,
                entry_digest(&delivery.receipt.leaf()),
            ),
        ];
        for (what, index, entry) in shown {
            let has = self
                .entries()
                .any(|given| given.index == index && given.entry == entry);
            if index < self.checkpoint.size() && !has {
                return Err(missing(what));
            }
        }
        Ok(())
    }

    fn entries(&self) -> impl Iterator<Item = &Given> {
        self.seats.iter().flat_map(|(_, entries)| entries)
    }
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    /// [`RecordError::TooLarge`] and [`RecordError::Shape`] for anything that is not a record of [`RECORD_FORMAT`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(RecordError::TooLarge {
                size_bytes: bytes.len(),
            });
        }
        let shape = |reason: String| RecordError::Shape { reason };
        let record: Self =
            serde_json::from_slice(bytes).map_err(|error| shape(error.to_string()))?;
        if record.body.format == RECORD_FORMAT {
            Ok(record)
        } else {
            let found: String = record.body.format.chars().take(80).collect();
            Err(shape(format!(
                "its format is `{found}`; this version reads `{RECORD_FORMAT}`"
            )))
        }
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("a record has no map keys to refuse");
        text.push('\n');
        text
    }

    /// Checks every proof and every chain.
    ///
    /// `expected_log_key`: the program's published log key; without one the key inside is used.
    ///
    /// # Errors
    /// [`RecordError`] with the first thing that does not hold.
    pub fn check(&self, expected_log_key: Option<&str>) -> Result<CheckedRecord, RecordError> {
        let body = &self.body;
        let key = |reason: String| RecordError::Key { reason };
        if expected_log_key.is_some_and(|expected| expected.trim() != body.log_key) {
            return Err(key(format!(
                "the record names `{}`, another key than expected",
                body.log_key
            )));
        }
        let log = Verifier::parse(&body.log_key).map_err(|error| key(error.to_string()))?;
        let checkpoint = |reason: String| RecordError::Checkpoint { reason };
        let note = Note::parse(&body.checkpoint).map_err(|error| checkpoint(error.to_string()))?;
        let under =
            Checkpoint::open_note(&note, &log).map_err(|error| checkpoint(error.to_string()))?;
        let partner: PartnerId = body.partner.parse().map_err(|_| RecordError::Shape {
            reason: "the partner is no id".to_owned(),
        })?;
        let made_at: Timestamp = body.made_at.parse().map_err(|_| RecordError::Shape {
            reason: "the time at which it was made is no time".to_owned(),
        })?;
        let mut seats: Vec<(SeatId, Vec<Given>)> = Vec::new();
        for record in &body.seats {
            let seat: SeatId = record.seat.parse().map_err(|_| RecordError::Shape {
                reason: "a seat is no id".to_owned(),
            })?;
            if seats.iter().any(|(known, _)| *known == seat) {
                return Err(RecordError::Shape {
                    reason: format!("seat {seat} stands there twice"),
                });
            }
            let entries = chain(&seat, &partner, &record.entries, &under)?;
            seats.push((seat, entries));
        }
        self.signed(&log)?;
        Ok(CheckedRecord {
            key: log,
            note,
            checkpoint: under,
            partner,
            made_at,
            seats,
        })
    }

    fn signed(&self, log: &Verifier) -> Result<(), RecordError> {
        let wrong = |reason: String| RecordError::Signature { reason };
        let note = Note::parse(&self.signature).map_err(|error| wrong(error.to_string()))?;
        note.verify(log).map_err(|error| wrong(error.to_string()))?;
        if note.text() == self.body.signed_text() {
            Ok(())
        } else {
            Err(wrong("it is of another record".to_owned()))
        }
    }
}

impl RecordBody {
    /// The text that the program signs: the digest of the body's compact JSON.
    pub fn signed_text(&self) -> String {
        let json = serde_json::to_string(self).expect("a record has no map keys to refuse");
        format!(
            "headstart record v1\n{}\n{}\n",
            self.partner,
            Digest::of(json.as_bytes())
        )
    }
}

/// A seat's entries: each in the log, in the order of the chain, and none missing before the last.
fn chain(
    seat: &SeatId,
    partner: &PartnerId,
    entries: &[OpenedLeaf],
    under: &Checkpoint,
) -> Result<Vec<Given>, RecordError> {
    let mut chain: Vec<Given> = Vec::new();
    let mut next = Link::FIRST;
    for (opened, ordinal) in entries.iter().zip(1u64..) {
        let wrong = |reason: String| RecordError::Entry {
            seat: seat.to_string(),
            ordinal,
            reason,
        };
        let given = included(opened, under).map_err(wrong)?;
        let (of_seat, of_partner) = match &given.what {
            What::Package(leaf) => (&leaf.seat, &leaf.partner),
            What::Receipt(leaf) => (&leaf.seat, &leaf.partner),
        };
        if of_seat != seat || of_partner != partner {
            return Err(wrong(format!("it is of seat {of_seat} of {of_partner}")));
        }
        if given.link != next {
            return Err(wrong(format!(
                "it says that it is number {}, and number {} should stand here: an entry is left out or was replaced",
                given.link, next
            )));
        }
        if chain.last().is_some_and(|last| last.index >= given.index) {
            return Err(wrong(
                "the log has it before the one that it follows".to_owned(),
            ));
        }
        if let What::Receipt(receipt) = &given.what {
            let has_package = chain.iter().any(|earlier| {
                matches!(&earlier.what, What::Package(leaf)
                    if leaf.package == receipt.package && leaf.case == receipt.case)
            });
            if !has_package {
                return Err(wrong(
                    "it is the receipt of a package that was not made".to_owned(),
                ));
            }
            if let Some(last) = latest_time(&chain)
                && is_before(receipt.at, last)
            {
                return Err(wrong(format!(
                    "it is of {}, and an earlier entry of {last}",
                    receipt.at
                )));
            }
        }
        next = Link {
            ordinal: ordinal.saturating_add(1),
            previous: Some(given.entry),
        };
        chain.push(given);
    }
    Ok(chain)
}

fn latest_time(chain: &[Given]) -> Option<Timestamp> {
    let times = chain.iter().filter_map(|given| match &given.what {
        What::Receipt(receipt) => Some(receipt.at),
        What::Package(_) => None,
    });
    times.max()
}

/// Whether a time is before another by more than [`TIME_SLACK`].
pub(crate) fn is_before(time: Timestamp, other: Timestamp) -> bool {
    time.saturating_add(TIME_SLACK)
        .is_ok_and(|latest| latest < other)
}

/// An opened entry that is in the log.
fn included(opened: &OpenedLeaf, under: &Checkpoint) -> Result<Given, String> {
    let commitment = opened
        .commitment()
        .ok_or("its salt is not 64 hexadecimal digits")?;
    let leaf = commitment.leaf();
    let mut hashes = Vec::new();
    for hash in &opened.proof {
        hashes.push(Hash::from_base64(hash).map_err(|error| error.to_string())?);
    }
    let proof = InclusionProof {
        index: opened.index,
        hashes,
    };
    verify_inclusion(
        &leaf_hash(&leaf.entry_bytes()),
        &proof,
        under.size(),
        &under.root(),
    )
    .map_err(|error| error.to_string())?;
    let (link, what) = match PackageLeaf::parse(&opened.text) {
        Ok(package) => (package.link, What::Package(package)),
        Err(_) => {
            let receipt = ReceiptLeaf::parse(&opened.text).map_err(|error| error.to_string())?;
            (receipt.link, What::Receipt(receipt))
        }
    };
    Ok(Given {
        index: opened.index,
        link,
        entry: entry_digest(&leaf),
        what,
    })
}
