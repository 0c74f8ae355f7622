//! What convicts a log: two checkpoints that it signed, in a file that anybody checks.

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::{Hash, HashParseError, preview};
use crate::key::{KeyError, Verifier};
use crate::note::{NOTE_BYTES_MAX, Note, NoteError};
use crate::proof::{ConsistencyProof, ProofParseError, parse_hashes, verify_consistency};

/// Most bytes of a report: two of the largest notes, with room for the proof.
pub const FORK_REPORT_BYTES_MAX: usize = 2 * NOTE_BYTES_MAX + (1 << 14);

/// First line of a report.
const HEADER: &str = "headstart fork report v1";

/// Two checkpoints that one key signed and that somebody could not bring together.
///
/// As text:
/// ```text
/// headstart fork report v1
/// key VKEY
/// beginning ROOT          root of the first leaves of the later log, as many as the smaller tree has; may be left out
/// HASH                    the proof that the larger tree begins with ROOT, one hash a line, base64
///
/// (the signed checkpoint that was known)
///
/// (the signed checkpoint that was offered)
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkReport {
    /// The log's key.
    pub key: Verifier,
    /// The checkpoint that was seen first.
    pub known: Note,
    /// The checkpoint that was seen later.
    pub offered: Note,
    /// Root of the beginning of the larger tree, as many leaves as the smaller one has.
    pub beginning: Option<Hash>,
    /// That the larger tree begins so.
    pub proof: ConsistencyProof,
}

/// What a report shows to somebody who trusts nobody but the mathematics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForkShown {
    /// The log signed two trees of one size.
    TwoTrees {
        /// Leaves in both.
        size: u64,
    },
    /// The log signed a larger tree that does not begin with the smaller one.
    OtherBeginning {
        /// Leaves of the smaller tree.
        size: u64,
        /// Leaves of the larger one.
        larger: u64,
    },
    /// The later checkpoint is smaller: the log was rolled back, or somebody passed an old checkpoint on.
    /// This alone convicts nobody.
    Shrunk {
        /// Leaves of the first.
        size: u64,
        /// Leaves of the later one.
        smaller: u64,
    },
    /// Nothing shows that the larger tree is the growth of the smaller one, and nothing shows that it is not.
    /// This alone convicts nobody.
    NotShown {
        /// Leaves of the smaller tree.
        size: u64,
        /// Leaves of the larger one.
        larger: u64,
    },
}

impl ForkShown {
    /// Whether it convinces anybody that the holder of the log's key broke its promise.
    pub fn is_proof(&self) -> bool {
        matches!(self, Self::TwoTrees { .. } | Self::OtherBeginning { .. })
    }
}

impl std::fmt::Display for ForkShown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TwoTrees { size } => write!(f, "the log signed two trees of {size} entries"),
            Self::OtherBeginning { size, larger } => write!(
                f,
                "the log signed a tree of {larger} entries whose first {size} are not those that it signed before"
            ),
            Self::Shrunk { size, smaller } => {
                write!(f, "the log had {size} entries, and now shows {smaller}")
            }
            Self::NotShown { size, larger } => write!(
                f,
                "nothing shows that the log of {larger} entries grew from that of {size}"
            ),
        }
    }
}

impl ForkReport {
    /// Checks the report: both checkpoints are signed by the key, and what they show.
    ///
    /// # Errors
    /// [`ForkReportError`] when they are not, or go together: the report shows nothing then.
    pub fn check(&self) -> Result<ForkShown, ForkReportError> {
        let known = Checkpoint::open_note(&self.known, &self.key)?;
        let offered = Checkpoint::open_note(&self.offered, &self.key)?;
        if known.size() == offered.size() {
            if known.root() == offered.root() {
                return Err(ForkReportError::Same { size: known.size() });
            }
            return Ok(ForkShown::TwoTrees { size: known.size() });
        }
        let (small, large) = if known.size() < offered.size() {
            (&known, &offered)
        } else {
            (&offered, &known)
        };
        let shown = self.beginning.filter(|beginning| {
            let (size, root) = (small.size(), large.root());
            verify_consistency(size, beginning, large.size(), &root, &self.proof).is_ok()
        });
        match shown {
            Some(beginning) if beginning == small.root() && offered.size() > known.size() => {
                Err(ForkReportError::Grown {
                    size: small.size(),
                    larger: large.size(),
                })
            }
            Some(beginning) if beginning != small.root() => Ok(ForkShown::OtherBeginning {
                size: small.size(),
                larger: large.size(),
            }),
            _ if offered.size() < known.size() => Ok(ForkShown::Shrunk {
                size: known.size(),
                smaller: offered.size(),
            }),
            _ => Ok(ForkShown::NotShown {
                size: small.size(),
                larger: large.size(),
            }),
        }
    }

    /// Reads what [`ForkReport::to_text`] writes, and verifies nothing yet.
    ///
    /// # Errors
    /// [`ForkReportError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, ForkReportError> {
        if text.len() > FORK_REPORT_BYTES_MAX {
            return Err(ForkReportError::TooLarge);
        }
        let parts: Vec<&str> = text.splitn(6, "\n\n").collect();
        let [head, text_1, lines_1, text_2, lines_2] = parts.as_slice() else {
            return Err(ForkReportError::Parts);
        };
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(ForkReportError::Header);
        }
        let line = lines.next().unwrap_or_default();
        let key = line.strip_prefix("key ").ok_or(ForkReportError::Line {
            found: preview(line),
        })?;
        let beginning = lines
            .next_if(|line| line.starts_with("beginning "))
            .and_then(|line| line.strip_prefix("beginning "))
            .map(Hash::from_base64)
            .transpose()?;
        Ok(Self {
            key: Verifier::parse(key)?,
            beginning,
            proof: ConsistencyProof {
                hashes: parse_hashes(lines)?,
            },
            known: Note::parse(&format!("{text_1}\n\n{lines_1}\n"))?,
            offered: Note::parse(&format!("{text_2}\n\n{lines_2}"))?,
        })
    }

    /// The report as a file.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\nkey {}\n", self.key.vkey());
        if let Some(beginning) = &self.beginning {
            text.push_str(&format!("beginning {}\n", beginning.to_base64()));
        }
        for hash in &self.proof.hashes {
            text.push_str(&hash.to_base64());
            text.push('\n');
        }
        format!(
            "{text}\n{}\n{}",
            self.known.to_text(),
            self.offered.to_text()
        )
    }
}

/// Why a file is no fork report, or shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForkReportError {
    /// Larger than any report.
    #[error("the report is larger than {FORK_REPORT_BYTES_MAX} bytes")]
    TooLarge,
    /// Not a head and two notes.
    #[error("the report does not have a head and two signed checkpoints")]
    Parts,
    /// Another first line.
    #[error("the file does not begin with the line `{HEADER}`")]
    Header,
    /// A line of the head is wrong.
    #[error("`{found}` is not the line of the log's key")]
    Line {
        /// The beginning of the line.
        found: String,
    },
    /// The key is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A root or hash is no hash.
    #[error(transparent)]
    Hash(#[from] HashParseError),
    /// The proof is no proof.
    #[error(transparent)]
    Proof(#[from] ProofParseError),
    /// A checkpoint is no note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A checkpoint is not signed by the key, or no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Both state the same tree.
    #[error("both checkpoints state the same tree of {size} entries: there is no fork")]
    Same {
        /// Its size.
        size: u64,
    },
    /// The later one is the growth of the earlier one.
    #[error("the log of {larger} entries grew from that of {size}: there is no fork")]
    Grown {
        /// Leaves of the smaller tree.
        size: u64,
        /// Leaves of the larger one.
        larger: u64,
    },
}

impl ForkReportError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooLarge | Self::Parts | Self::Header | Self::Line { .. } => {
                "pass a fork report as `headstart package` writes it"
            }
            Self::Key(error) => error.hint(),
            Self::Hash(error) => error.hint(),
            Self::Proof(error) => error.hint(),
            Self::Note(error) => error.hint(),
            Self::Checkpoint(error) => error.hint(),
            Self::Same { .. } | Self::Grown { .. } => "the log kept its promise here",
        }
    }
}
