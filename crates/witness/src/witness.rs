//! The witness: it cosigns a log's checkpoint once it has seen that the log only grew.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use tlog::{
    Checkpoint, CheckpointError, CosignatureError, Cosigner, Note, Signature, Verifier,
    check_growth,
};

use crate::fork::Fork;
use crate::request::{AddCheckpoint, RequestError};
use crate::state::{StateDir, StateError, origin_hash};

/// For how long the same checkpoint gets the same cosignature again, in seconds.
///
/// A log mixes cosignatures into its secrets, as something that it cannot choose.
/// A new one for each time that it asks would let it draw until it likes what it gets.
pub const SAME_AGAIN_S: u64 = 600;

/// A witness that serves: it holds its folder's lock.
pub struct Witness {
    state: StateDir,
    key: Cosigner,
    /// By the hash of the origin.
    logs: Mutex<BTreeMap<String, Arc<Mutex<Seen>>>>,
    _lock: File,
}

/// What this process itself has seen of a log.
#[derive(Debug, Default)]
struct Seen {
    /// The last size that was cosigned. A file that says less was put back behind our back.
    size: u64,
}

impl Witness {
    /// Takes up the witness of a folder; one process alone can.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(state: StateDir) -> Result<Self, StateError> {
        Ok(Self {
            _lock: state.lock()?,
            key: state.cosigner()?,
            logs: Mutex::default(),
            state,
        })
    }

    /// The public key, as `name+id+base64`.
    pub fn vkey(&self) -> String {
        self.key.vkey()
    }

    /// Answers an add-checkpoint request: the signature line, with its newline. `now_s` is in POSIX seconds.
    ///
    /// # Errors
    /// [`Refusal`]; nothing is signed then.
    ///
    /// # Source
    /// <https://c2sp.org/tlog-witness>, "add-checkpoint".
    pub fn add_checkpoint(&self, body: &[u8], now_s: u64) -> Result<String, Refusal> {
        let request = AddCheckpoint::parse(body)?;
        let origin = request.note.text().lines().next().unwrap_or_default();
        let hash = origin_hash(origin);
        let keys = self.state.keys_of(&hash)?;
        if keys.is_empty() {
            return Err(Refusal::UnknownLog {
                origin: origin.chars().take(80).collect(),
            });
        }
        let signed_by = request
            .note
            .verify_any(&keys)
            .map_err(|error| Refusal::NotSigned {
                reason: error.to_string(),
            })?;
        let checkpoint = Checkpoint::parse(request.note.text()).map_err(|error| match error {
            CheckpointError::EmptyRoot { .. } => Refusal::Inconsistent {
                reason: error.to_string(),
                fork: None,
            },
            error => Refusal::NoCheckpoint(error),
        })?;
        if request.old_size > checkpoint.size() {
            return Err(Refusal::OldSizeTooLarge {
                old_size: request.old_size,
                size: checkpoint.size(),
            });
        }
        let signed = only_by(&request.note, &signed_by)?;

        // From here to the end one request at a time for each log.
        let seen = self.seen(&hash);
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = self.latest_of(&hash, &keys)?;
        let latest_size = latest.as_ref().map_or(0, |(_, known)| known.size());
        if latest_size < seen.size {
            return Err(Refusal::StateWentBack {
                found: latest_size,
                cosigned: seen.size,
            });
        }
        seen.size = latest_size;
        let split = match &latest {
            Some((note, known)) => self.split(&hash, note, known, &signed, &checkpoint, now_s)?,
            None => None,
        };
        if request.old_size != latest_size {
            return Err(Refusal::Conflict { size: latest_size });
        }
        if let Some(fork) = split {
            return Err(Refusal::Inconsistent {
                reason: fork.reason.clone(),
                fork: Some(Box::new(fork)),
            });
        }
        let shown = self.shown_growth(&request, latest.as_ref(), &checkpoint);
        if let Err(reason) = shown {
            let fork = latest.as_ref().map(|(known, _)| Fork {
                seen_at_s: now_s,
                reason: reason.clone(),
                is_evidence: false,
                known: known.to_text(),
                offered: signed.to_text(),
                proof: request
                    .proof
                    .hashes
                    .iter()
                    .map(|hash| hash.to_base64())
                    .collect(),
            });
            if let Some(fork) = &fork {
                self.state.keep_fork(&hash, fork)?;
            }
            return Err(Refusal::Inconsistent {
                reason,
                fork: fork.map(Box::new),
            });
        }
        if let Some((known, _)) = &latest {
            let earlier = self.own_line(known);
            if let Some((line, time_s)) = earlier {
                if now_s < time_s {
                    return Err(Refusal::ClockWentBack { now_s, time_s });
                }
                if known.text() == signed.text() && now_s - time_s < SAME_AGAIN_S {
                    return Ok(line.to_line() + "\n");
                }
            }
        }
        let line = self.key.cosign(&signed, now_s).map_err(Refusal::Cosign)?;
        let mut kept = signed;
        kept.add(line.clone())
            .map_err(|error| Refusal::Cosign(error.into()))?;
        // CRASH: before this is on the disk nothing is signed as far as anybody knows; afterwards a restart knows it,
        // and the log that never got the answer asks again with the size that it is told.
        self.state.keep_latest(&hash, &kept.to_text())?;
        seen.size = checkpoint.size();
        Ok(line.to_line() + "\n")
    }

    /// The last cosigned checkpoint of the log whose origin has this hash, for monitors.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn checkpoint(&self, hash: &str) -> Result<Option<String>, StateError> {
        if !is_hash(hash) {
            return Ok(None);
        }
        self.state.latest(hash)
    }

    /// The forks that were seen of the log whose origin has this hash.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn forks(&self, hash: &str) -> Result<Vec<Fork>, StateError> {
        if !is_hash(hash) {
            return Ok(Vec::new());
        }
        self.state.forks(hash)
    }

    fn seen(&self, hash: &str) -> Arc<Mutex<Seen>> {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.entry(hash.to_owned()).or_default().clone()
    }

    /// What the folder says was cosigned last; it must be signed by the log and by this witness.
    fn latest_of(
        &self,
        hash: &str,
        keys: &[Verifier],
    ) -> Result<Option<(Note, Checkpoint)>, Refusal> {
        let Some(text) = self.state.latest(hash)? else {
            return Ok(None);
        };
        let damaged = || Refusal::Damaged;
        let note = Note::parse(&text).map_err(|_| damaged())?;
        note.verify_any(keys).map_err(|_| damaged())?;
        self.key.key().verify(&note).map_err(|_| damaged())?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(|_| damaged())?;
        Ok(Some((note, checkpoint)))
    }

    /// Two trees of one size are a fork, whatever else the request says: it is kept even when the answer must be
    /// a conflict.
    fn split(
        &self,
        hash: &str,
        known_note: &Note,
        known: &Checkpoint,
        offered_note: &Note,
        offered: &Checkpoint,
        now_s: u64,
    ) -> Result<Option<Fork>, Refusal> {
        if known.size() != offered.size() || known.root() == offered.root() {
            return Ok(None);
        }
        let fork = Fork {
            seen_at_s: now_s,
            reason: format!(
                "the log signed two trees of {} leaves, with the roots `{}` and `{}`",
                known.size(),
                known.root(),
                offered.root()
            ),
            is_evidence: true,
            known: known_note.to_text(),
            offered: offered_note.to_text(),
            proof: Vec::new(),
        };
        self.state.keep_fork(hash, &fork)?;
        Ok(Some(fork))
    }

    fn shown_growth(
        &self,
        request: &AddCheckpoint,
        latest: Option<&(Note, Checkpoint)>,
        checkpoint: &Checkpoint,
    ) -> Result<(), String> {
        match latest {
            Some((_, known)) if known.size() > 0 => {
                check_growth(known, checkpoint, &request.proof).map_err(|fork| fork.to_string())
            }
            _ if !request.proof.hashes.is_empty() => {
                Err("a proof from an empty tree has no hashes".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// This witness's own line under a note that it cosigned, with its time.
    fn own_line<'n>(&self, note: &'n Note) -> Option<(&'n Signature, u64)> {
        let key = self.key.key();
        let time_s = key.verify(note).ok()?.time_s;
        let line = note
            .signatures()
            .iter()
            .find(|line| line.name() == key.name() && line.key_id() == key.key_id())?;
        Some((line, time_s))
    }
}

/// The note with the lines of the log's keys alone.
fn only_by(note: &Note, keys: &[&Verifier]) -> Result<Note, Refusal> {
    let lines: String = note
        .signatures()
        .iter()
        .filter(|line| {
            keys.iter()
                .any(|key| key.name() == line.name() && key.key_id() == line.key_id())
        })
        .map(|line| line.to_line() + "\n")
        .collect();
    Note::parse(&format!("{}\n{lines}", note.text()))
        .map_err(|error| Refusal::Malformed(error.into()))
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Why a checkpoint was not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No request.
    #[error(transparent)]
    Malformed(#[from] RequestError),
    /// The note's text is no checkpoint.
    #[error(transparent)]
    NoCheckpoint(CheckpointError),
    /// The proof would be from a larger tree.
    #[error("the old size {old_size} is larger than the checkpoint's, {size}")]
    OldSizeTooLarge {
        /// As it was sent.
        old_size: u64,
        /// Of the checkpoint.
        size: u64,
    },
    /// A log that is not trusted.
    #[error("the log `{origin}` is not known here")]
    UnknownLog {
        /// The beginning of its origin.
        origin: String,
    },
    /// No signature by a key of the log, or a false one.
    #[error("{reason}")]
    NotSigned {
        /// Which of the two.
        reason: String,
    },
    /// Another tree was cosigned last than the request supposes.
    #[error("the last tree that was cosigned has {size} leaves")]
    Conflict {
        /// Its size.
        size: u64,
    },
    /// The log is not shown to have only grown.
    #[error("{reason}")]
    Inconsistent {
        /// What is wrong.
        reason: String,
        /// What was kept of it.
        fork: Option<Box<Fork>>,
    },
    /// The witness's own file is smaller than what it cosigned while it ran.
    #[error("the witness cosigned {cosigned} leaves, and its file says {found}: it was put back")]
    StateWentBack {
        /// What the file says.
        found: u64,
        /// What was cosigned.
        cosigned: u64,
    },
    /// The witness's own file is not as it was written.
    #[error("the witness's record of this log is not as it was written")]
    Damaged,
    /// The machine's clock went back.
    #[error("the clock says {now_s}, and {time_s} was signed before")]
    ClockWentBack {
        /// POSIX seconds.
        now_s: u64,
        /// POSIX seconds.
        time_s: u64,
    },
    /// The line could not be made.
    #[error(transparent)]
    Cosign(CosignatureError),
    /// The disk failed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Refusal {
    /// The status of the HTTP answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::NoCheckpoint(_) | Self::OldSizeTooLarge { .. } => 400,
            Self::NotSigned { .. } => 403,
            Self::UnknownLog { .. } => 404,
            Self::Conflict { .. } => 409,
            Self::Inconsistent { .. } => 422,
            _ => 500,
        }
    }

    /// The type of the HTTP answer's body.
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "text/x.tlog.size",
            _ => "text/plain; charset=utf-8",
        }
    }

    /// The HTTP answer's body: the size for a conflict, both checkpoints for a fork, else the reason.
    /// What failed on the witness's own machine is not told to strangers.
    pub fn body(&self) -> String {
        match self {
            Self::Conflict { size } => format!("{size}\n"),
            Self::Inconsistent {
                fork: Some(fork), ..
            } => fork.to_text(),
            refusal if refusal.status() == 500 => "the witness cannot sign at present\n".to_owned(),
            refusal => format!("{refusal}\n"),
        }
    }
}
