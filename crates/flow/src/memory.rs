//! What a client remembers of one log: its key, the last checkpoint that it saw, and where each seat's chain stood.
//!
//! One file a log, as text:
//! ```text
//! headstart log memory v1
//! program NAME
//! key VKEY
//! from WHERE                  the data directory or address that it came from; left out when there was none
//! seat SEAT ORDINAL DIGEST    the last entry of a seat's chain that was seen
//!
//! (the last signed checkpoint, left out while none was seen)
//! ```

use std::collections::BTreeMap;

use domain::chain::Link;
use domain::ids::SeatId;
use domain::sealed::Digest;
use tlog::{
    Checkpoint, CheckpointError, ForkReport, KeyError, NOTE_BYTES_MAX, Note, NoteError, Verifier,
    verify_consistency,
};

use crate::delivery::Grown;

/// Largest memory of one log, in bytes.
pub const MEMORY_BYTES_MAX: usize = NOTE_BYTES_MAX + (1 << 20);

const HEADING: &str = "headstart log memory v1";

/// What is remembered of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// The program's name.
    pub program: String,
    /// The log's key.
    pub key: Verifier,
    /// Where it came from.
    pub from: Option<String>,
    /// The last entry of each seat's chain that was seen: its number, and the digest of the entry.
    pub seats: BTreeMap<SeatId, (u64, Digest)>,
    /// The last signed checkpoint.
    pub checkpoint: Option<Note>,
}

/// What a new checkpoint is against the remembered one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The first one of this log.
    First,
    /// The same tree.
    Same,
    /// The log grew, and it is shown.
    Grew {
        /// Entries that were remembered.
        from: u64,
    },
    /// An older checkpoint than the remembered one, of the same log as far as is shown: fine for a file that was
    /// kept, and a rollback when it is said to be the newest.
    Older {
        /// Entries that were remembered.
        remembered: u64,
    },
    /// They do not go together, or are not shown to.
    Apart(Box<ForkReport>),
}

/// Why a memory cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// Larger than any.
    #[error("the memory of a log is larger than {MEMORY_BYTES_MAX} bytes")]
    TooLarge,
    /// A line is wrong.
    #[error("line {line} is not as it was written")]
    Line {
        /// The line, from 1.
        line: usize,
    },
    /// The key is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The checkpoint is no note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The checkpoint is not signed by the log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl Memory {
    /// A log of which nothing but its key is known.
    pub fn new(program: &str, key: Verifier, from: Option<String>) -> Self {
        let one_line = |text: &str| -> String {
            let kept = text.chars().map(|c| if c.is_control() { ' ' } else { c });
            kept.take(4096).collect()
        };
        Self {
            program: one_line(program),
            key,
            from: from.as_deref().map(one_line),
            seats: BTreeMap::new(),
            checkpoint: None,
        }
    }

    /// Entries of the log when it was last seen; 0 before.
    pub fn size(&self) -> u64 {
        let remembered = self.checkpoint.as_ref().map(Note::text);
        let checkpoint = remembered.and_then(|text| Checkpoint::parse(text).ok());
        checkpoint.map_or(0, |checkpoint| checkpoint.size())
    }

    /// Compares a new checkpoint with the remembered one. Keeps nothing yet: see [`Memory::keep`].
    ///
    /// `grown`: how the log says that it grew. `is_newest`: whether the log says that this is its newest checkpoint.
    ///
    /// # Errors
    /// A checkpoint that the log's key did not sign.
    pub fn compare(
        &self,
        note: &Note,
        grown: Option<&Grown>,
        is_newest: bool,
    ) -> Result<Seen, CheckpointError> {
        let new = Checkpoint::open_note(note, &self.key)?;
        let Some(known_note) = &self.checkpoint else {
            return Ok(Seen::First);
        };
        let known = Checkpoint::open_note(known_note, &self.key)?;
        let apart = || {
            let grown = grown.filter(|grown| grown.size == known.size());
            Ok(Seen::Apart(Box::new(ForkReport {
                key: self.key.clone(),
                known: known_note.clone(),
                offered: note.clone(),
                beginning: grown.map(|grown| grown.root),
                proof: grown.map(|grown| grown.proof.clone()).unwrap_or_default(),
            })))
        };
        if new.size() == known.size() {
            return if new.root() == known.root() {
                Ok(Seen::Same)
            } else {
                apart()
            };
        }
        if new.size() < known.size() {
            return if is_newest {
                apart()
            } else {
                Ok(Seen::Older {
                    remembered: known.size(),
                })
            };
        }
        if known.size() == 0 {
            return Ok(Seen::Grew { from: 0 });
        }
        let is_shown = grown.is_some_and(|grown| {
            let (size, root) = (known.size(), known.root());
            grown.size == size
                && verify_consistency(size, &root, new.size(), &new.root(), &grown.proof).is_ok()
        });
        if is_shown {
            Ok(Seen::Grew { from: known.size() })
        } else {
            apart()
        }
    }

    /// Remembers a checkpoint that [`Memory::compare`] found to be the first, the same, or grown.
    pub fn keep(&mut self, note: Note) {
        self.checkpoint = Some(note);
    }

    /// Remembers an entry of a seat's chain, and says what is wrong with it: an entry before it that is another one
    /// than was seen. Entries that were missed are counted.
    ///
    /// # Errors
    /// [`ChainBroken`] when the seat's chain was rewritten.
    pub fn see(&mut self, seat: &SeatId, link: &Link, entry: Digest) -> Result<u64, ChainBroken> {
        let Some(&(ordinal, digest)) = self.seats.get(seat) else {
            self.seats.insert(seat.clone(), (link.ordinal, entry));
            return Ok(link.ordinal.saturating_sub(1));
        };
        let broken = (link.ordinal == ordinal && entry != digest)
            || (link.ordinal == ordinal.saturating_add(1) && link.previous != Some(digest));
        if broken {
            return Err(ChainBroken {
                seat: seat.clone(),
                ordinal: link.ordinal,
            });
        }
        if link.ordinal <= ordinal {
            return Ok(0);
        }
        self.seats.insert(seat.clone(), (link.ordinal, entry));
        Ok(link.ordinal - ordinal - 1)
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{HEADING}\nprogram {}\nkey {}\n",
            self.program,
            self.key.vkey()
        );
        if let Some(from) = &self.from {
            text.push_str(&format!("from {from}\n"));
        }
        for (seat, (ordinal, digest)) in &self.seats {
            text.push_str(&format!("seat {seat} {ordinal} {digest}\n"));
        }
        text.push('\n');
        if let Some(note) = &self.checkpoint {
            text.push_str(&note.to_text());
        }
        text
    }

    /// Reads what [`Memory::to_text`] writes; the checkpoint must be signed by the key.
    ///
    /// # Errors
    /// [`MemoryError`] for anything else: a memory that is damaged is not used, and not replaced.
    pub fn parse(text: &str) -> Result<Self, MemoryError> {
        if text.len() > MEMORY_BYTES_MAX {
            return Err(MemoryError::TooLarge);
        }
        let wrong = |line: usize| MemoryError::Line { line: line + 1 };
        let (head, note) = text.split_once("\n\n").ok_or(wrong(0))?;
        let mut lines = head.split('\n').enumerate().peekable();
        let mut line = |word: &str| {
            let (number, line) = lines.next().unwrap_or((0, ""));
            line.strip_prefix(word)
                .and_then(|rest| rest.strip_prefix(' '))
                .ok_or(wrong(number))
        };
        line("headstart").and_then(|rest| {
            let is_ours = HEADING.strip_prefix("headstart ") == Some(rest);
            is_ours.then_some(()).ok_or(wrong(0))
        })?;
        let program = line("program")?.to_owned();
        let key = Verifier::parse(line("key")?)?;
        let from = lines
            .next_if(|(_, line)| line.starts_with("from "))
            .and_then(|(_, line)| line.strip_prefix("from ").map(str::to_owned));
        let mut seats = BTreeMap::new();
        for (number, line) in lines {
            let mut words = line.split(' ');
            let parts = [words.next(), words.next(), words.next(), words.next()];
            let [Some("seat"), Some(seat), Some(ordinal), Some(digest)] = parts else {
                return Err(wrong(number));
            };
            let seat: SeatId = seat.parse().map_err(|_| wrong(number))?;
            let ordinal: u64 = ordinal.parse().map_err(|_| wrong(number))?;
            let digest = Digest::parse(digest).ok_or(wrong(number))?;
            seats.insert(seat, (ordinal, digest));
        }
        let checkpoint = match note {
            "" => None,
            note => Some(Note::parse(note)?),
        };
        if let Some(note) = &checkpoint {
            Checkpoint::open_note(note, &key)?;
        }
        let memory = Self {
            program,
            key,
            from,
            seats,
            checkpoint,
        };
        // Anything that is written differently was not written by this program.
        if memory.to_text() == text {
            Ok(memory)
        } else {
            Err(wrong(0))
        }
    }
}

/// A seat's chain has another entry where one was seen before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {ordinal} of the chain of seat {seat} does not fit what was seen before")]
pub struct ChainBroken {
    /// The seat.
    pub seat: SeatId,
    /// The number of the entry.
    pub ordinal: u64,
}
