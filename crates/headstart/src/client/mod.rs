//! The seat's side: a client that remembers what it saw of each program's log, and is a witness of it.

mod state;

use std::path::{Path, PathBuf};

use desk::Failure;
use domain::chain::{Link, entry_digest};
use domain::ids::SeatId;
use flow::delivery::{Delivery, Grown};
use flow::memory::{Memory, Seen};
use jiff::Timestamp;
use tlog::{Cosigner, ForkReport, Note, TLOG_PROOF_BYTES_MAX, TlogProof, Verifier};

use crate::commands::read_file;

pub use state::{Place, StateFolder};

/// Where somebody who fetches reaches the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// At its data directory: he stands at the desk.
    Directory(PathBuf),
    /// At its server, by address.
    Server(String),
}

impl Source {
    fn text(&self) -> String {
        match self {
            Self::Directory(path) => path.display().to_string(),
            Self::Server(url) => url.clone(),
        }
    }
}

/// What a client holds of one log while a command runs; other commands of the same folder wait.
pub struct Session {
    folder: StateFolder,
    key: Cosigner,
    memory: Memory,
    /// Whether the log was remembered before this command.
    pub is_known: bool,
    /// What the caller should tell people.
    pub warning: Option<String>,
}

/// How a checkpoint that was accepted stands to what was remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What it is against the remembered one.
    pub seen: Seen,
    /// The checkpoint with this client's cosignature; `None` when the remembered one is newer.
    pub cosigned: Option<Note>,
    /// Entries of the seat's chain that this client never saw; `None` where no receipt came with it.
    pub missed: Option<u64>,
}

impl Session {
    /// Takes up what is remembered of a log, or begins to.
    ///
    /// `key`: the log's key as the package or the data directory has it. `is_given`: whether the caller named this
    /// key himself. `from`: the data directory or the server, when there is one.
    ///
    /// # Errors
    /// Exit class 1 when the program is remembered with another key; class 4 when the folder cannot be used.
    pub fn begin(
        place: &Place,
        program: &str,
        key: &Verifier,
        is_given: bool,
        from: Option<&Source>,
    ) -> Result<Self, Failure> {
        let folder = StateFolder::open(place)?;
        let cosigner = folder.cosigner()?;
        let is_at_desk = matches!(from, Some(Source::Directory(_)));
        let from = from.map(Source::text);
        if let Some(memory) = folder.read(key.name())? {
            if memory.key != *key {
                return Err(other_key(&memory, key));
            }
            return Ok(Self {
                folder,
                key: cosigner,
                memory,
                is_known: true,
                warning: None,
            });
        }
        let mut warning = None;
        for other in folder.all()? {
            let is_same_source = from.is_some() && other.from == from;
            if is_given || (other.program != program && !is_same_source) {
                continue;
            }
            // Somebody who fetches stands at the desk, where a new data directory of the same name is no attack.
            if place.is_named() || !is_at_desk {
                return Err(other_key(&other, key));
            }
            warning = Some(format!(
                "a program named `{}` is remembered with another log key, `{}`; this one is kept apart",
                other.program,
                other.key.vkey()
            ));
        }
        Ok(Self {
            folder,
            key: cosigner,
            memory: Memory::new(program, key.clone(), from),
            is_known: false,
            warning,
        })
    }

    /// Entries of the log when it was last seen.
    pub fn size(&self) -> u64 {
        self.memory.size()
    }

    /// This client's public witness key.
    pub fn vkey(&self) -> String {
        self.key.vkey()
    }

    /// Compares a checkpoint with what is remembered, and keeps nothing.
    ///
    /// # Errors
    /// Exit class 1 when they do not go together; the report is written, and both checkpoints are in the message.
    pub fn compare(
        &self,
        note: &Note,
        grown: Option<&Grown>,
        is_newest: bool,
        report: &Path,
    ) -> Result<Seen, Failure> {
        let seen = self
            .memory
            .compare(note, grown, is_newest)
            .map_err(|error| {
                Failure::no("checkpoint", format!("the log's checkpoint: {error}"))
                    .hint("do not use what came with it, and ask the program")
            })?;
        match seen {
            Seen::Apart(fork) => Err(self.apart(&fork, report)),
            seen => Ok(seen),
        }
    }

    /// Compares, remembers and cosigns a checkpoint, with the place of a receipt in its seat's chain.
    ///
    /// `report`: where a fork is written.
    ///
    /// # Errors
    /// Exit class 1 for a fork, a rollback, or a rewritten chain; class 4 when nothing can be kept.
    pub fn accept(
        &mut self,
        delivery: &Delivery,
        seat: &SeatId,
        link: &Link,
        is_newest: bool,
        now: Timestamp,
        report: &Path,
    ) -> Result<Accepted, Failure> {
        let note = &delivery.checkpoint;
        let seen = self.compare(note, delivery.grown.as_ref(), is_newest, report)?;
        let receipt = entry_digest(&delivery.receipt.leaf());
        let missed = self.memory.see(seat, link, receipt).map_err(|error| {
            Failure::no("chain", error.to_string())
                .hint("keep both packages with their proofs: together they show that an entry was replaced")
        })?;
        let mut cosigned = None;
        match seen {
            Seen::First | Seen::Grew { .. } => {
                let note = self.cosign(note, now)?;
                self.memory.keep(note.clone());
                cosigned = Some(note);
            }
            Seen::Same => cosigned = self.memory.checkpoint.clone(),
            Seen::Older { .. } | Seen::Apart(_) => {}
        }
        // CRASH: until this is on the disk no cosignature leaves the process; afterwards a client that is asked to
        // accept a smaller log refuses.
        self.folder.write(&self.memory)?;
        Ok(Accepted {
            seen,
            cosigned,
            missed: Some(missed),
        })
    }

    /// Remembers the key alone, where no proof came with a package.
    ///
    /// # Errors
    /// Exit class 4 when nothing can be kept.
    pub fn keep_key(&self) -> Result<(), Failure> {
        if self.is_known {
            return Ok(());
        }
        self.folder.write(&self.memory)
    }

    fn cosign(&self, note: &Note, now: Timestamp) -> Result<Note, Failure> {
        let wrong = |error: String| Failure::machine("cosign", error);
        let time_s = u64::try_from(now.as_second()).unwrap_or(0);
        let line = self
            .key
            .cosign(note, time_s)
            .map_err(|error| wrong(error.to_string()).hint(error.hint()))?;
        let mut cosigned = note.clone();
        cosigned
            .add(line)
            .map_err(|error| wrong(error.to_string()).hint(error.hint()))?;
        Ok(cosigned)
    }

    /// Two checkpoints that do not go together: written down, and shown.
    fn apart(&self, fork: &ForkReport, report: &Path) -> Failure {
        let shown = match fork.check() {
            Ok(shown) => shown,
            Err(error) => {
                return Failure::no("checkpoint", error.to_string()).hint(error.hint());
            }
        };
        let kept = self.folder.keep_fork(fork);
        let written = std::fs::write(report, fork.to_text())
            .map(|()| report.display().to_string())
            .or_else(|_| kept.map(|path| path.display().to_string()));
        let place = match written {
            Ok(path) => format!("the report is `{path}`"),
            Err(_) => "the report could not be written: keep this text".to_owned(),
        };
        let verdict = if shown.is_proof() {
            "These two checkpoints convict the holder of the log's key."
        } else {
            "This alone convicts nobody: an old checkpoint may have been passed on, or a proof damaged on its way."
        };
        Failure::no(
            if shown.is_proof() { "fork" } else { "not-grown" },
            format!(
                "{shown}\n{verdict}\n{place}\n\n--- the checkpoint that was seen before ---\n{}\n--- the checkpoint that was shown now ---\n{}",
                fork.known.to_text(),
                fork.offered.to_text()
            ),
        )
        .hint("use nothing that came with it; publish the report, and ask the program. Anybody checks it with `headstart log check-fork REPORT`")
    }
}

fn other_key(known: &Memory, key: &Verifier) -> Failure {
    Failure::no(
        "other-log-key",
        format!(
            "the program `{}` is known here with the log key\n  {}\nand now shows\n  {}\nSomebody may be passing himself off as the program",
            known.program,
            known.key.vkey(),
            key.vkey()
        ),
    )
    .hint("ask the program by another way; if the new key is right, give it with --log-key VKEY")
}

/// What somebody kept of a log.
pub struct Kept {
    /// Signed checkpoints.
    pub checkpoints: Vec<Note>,
    /// What came with a package.
    pub delivery: Option<Delivery>,
}

/// Signed checkpoints that somebody kept of the log with this key: a checkpoint, a `FILE.proof`, or a client's folder.
///
/// # Errors
/// A file that is neither; a folder that remembers nothing of this log.
pub fn kept_checkpoints(path: &Path, log_key: &str) -> Result<Kept, Failure> {
    if path.is_dir() {
        let folder = StateFolder::open(&Place::Named(path.to_owned()))?;
        let mut kept = Vec::new();
        for memory in folder.all()? {
            if memory.key.vkey() == log_key {
                kept.extend(memory.checkpoint);
            }
        }
        if kept.is_empty() {
            return Err(Failure::usage(
                "nothing-kept",
                format!(
                    "`{}` remembers no checkpoint of `{log_key}`",
                    path.display()
                ),
            )
            .hint(
                "name the folder that `package fetch` and `package open` were given with --state",
            ));
        }
        return Ok(Kept {
            checkpoints: kept,
            delivery: None,
        });
    }
    let bytes = read_file(path, TLOG_PROOF_BYTES_MAX as u64)?;
    let text = String::from_utf8_lossy(&bytes);
    if let Ok(proof) = TlogProof::from_text(&text) {
        return Ok(Kept {
            checkpoints: vec![proof.checkpoint().clone()],
            delivery: Delivery::parse(&text).ok(),
        });
    }
    let note = Note::parse(&text).map_err(|error| {
        Failure::usage("not-a-checkpoint", format!("`{}`: {error}", path.display()))
            .hint("give a signed checkpoint, a FILE.proof or FILE.cosigned, or a client's folder")
    })?;
    Ok(Kept {
        checkpoints: vec![note],
        delivery: None,
    })
}
