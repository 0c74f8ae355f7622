//! Cosignatures: a witness's statement that, at a time, this was the largest consistent tree of a log that it knew.

use std::fmt;

use ed25519_dalek::SIGNATURE_LENGTH;
use zeroize::Zeroizing;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::key::{KeyError, KeyType, PublicKey, SecretKey};
use crate::note::{Note, NoteError, Signature, VerifyError};

/// Latest time that a cosignature can carry, in POSIX seconds.
pub const TIME_MAX_S: u64 = (1 << 63) - 1;

/// Cosigns checkpoints with an Ed25519 key (signature type 0x04).
///
/// A witness must cosign only after it has checked, with [`check_growth`](crate::check_growth), that the new tree
/// begins with the last one that it cosigned, and has stored the new one. Each cosigner needs a key of its own.
pub struct Cosigner(SecretKey);

impl Cosigner {
    /// The key of this 32-byte Ed25519 seed, under this name.
    ///
    /// # Errors
    /// [`KeyError::Name`] for a name that no signature line can carry.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Cosigner, KeyError> {
        SecretKey::from_seed(name, Zeroizing::new(seed), KeyType::Cosignature).map(Cosigner)
    }

    /// Reads `PRIVATE+KEY+name+id+base64` with the type byte 0x04.
    ///
    /// # Errors
    /// [`KeyError`]; no error carries any of the secret.
    pub fn parse(secret: &str) -> Result<Cosigner, KeyError> {
        SecretKey::parse(secret, KeyType::Cosignature).map(Cosigner)
    }

    /// The private form that [`Cosigner::parse`] reads. Keep it out of logs and flags.
    pub fn secret(&self) -> Zeroizing<String> {
        self.0.encode()
    }

    /// The public form: `name+id+base64` with the type byte 0x04.
    pub fn vkey(&self) -> String {
        self.0.public.encode()
    }

    /// The public half.
    pub fn key(&self) -> CosignerKey {
        CosignerKey(self.0.public.clone())
    }

    /// Makes the signature line for a checkpoint's note. `time_s` is now, in POSIX seconds.
    ///
    /// # Errors
    /// [`CosignatureError::Time`] beyond [`TIME_MAX_S`]; [`CosignatureError::Checkpoint`] when the note's text
    /// is no checkpoint.
    pub fn cosign(&self, note: &Note, time_s: u64) -> Result<Signature, CosignatureError> {
        if time_s > TIME_MAX_S {
            return Err(CosignatureError::Time { time_s });
        }
        Checkpoint::parse(note.text())?;
        let mut bytes = time_s.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.0.sign(message(note.text(), time_s).as_bytes()));
        Ok(Signature::new(
            &self.0.public.name,
            self.0.public.key_id,
            bytes,
        )?)
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cosigner({}, secret redacted)", self.vkey())
    }
}

/// Verifies the cosignatures of one witness (signature type 0x04).
#[derive(Clone, PartialEq, Eq)]
pub struct CosignerKey(PublicKey);

/// A witness's statement about a checkpoint, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// Name of the witness.
    pub witness: String,
    /// When it cosigned, in POSIX seconds by its own clock.
    pub time_s: u64,
}

impl CosignerKey {
    /// Reads `name+id+base64` with the type byte 0x04.
    ///
    /// # Errors
    /// As for [`Verifier::parse`](crate::Verifier::parse).
    pub fn parse(vkey: &str) -> Result<CosignerKey, KeyError> {
        PublicKey::parse(vkey, KeyType::Cosignature).map(CosignerKey)
    }

    /// The text form that [`CosignerKey::parse`] reads.
    pub fn vkey(&self) -> String {
        self.0.encode()
    }

    /// Name of the witness.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Short identifier of the key, as signature lines carry it.
    pub fn key_id(&self) -> u32 {
        self.0.key_id
    }

    /// Checks that this witness has cosigned the checkpoint in the note. Every line with this key's name and id
    /// must verify; of several, the latest time is returned.
    ///
    /// The time is the witness's word. Whether it lies in the future is for the caller, who has a clock.
    ///
    /// # Errors
    /// [`CosignatureError::Verify`] without such a line, or when one does not verify;
    /// [`CosignatureError::Checkpoint`] when the note's text is no checkpoint.
    pub fn verify(&self, note: &Note) -> Result<Cosignature, CosignatureError> {
        let mut latest = None;
        for signature in note.signatures_by(self.name(), self.key_id()) {
            let time_s = self
                .verified_time(note.text(), signature.bytes())
                .ok_or_else(|| VerifyError::invalid(self.name(), self.key_id()))?;
            latest = latest.max(Some(time_s));
        }
        let time_s = latest.ok_or(VerifyError::NotSigned)?;
        Checkpoint::parse(note.text())?;
        Ok(Cosignature {
            witness: self.name().to_owned(),
            time_s,
        })
    }

    /// The time in a `timestamped_signature`, if the signature holds for it.
    fn verified_time(&self, text: &str, bytes: &[u8]) -> Option<u64> {
        let (time, signature) = bytes.split_first_chunk::<8>()?;
        let time_s = u64::from_be_bytes(*time);
        let sound = signature.len() == SIGNATURE_LENGTH
            && time_s <= TIME_MAX_S
            && self.0.verifies(message(text, time_s).as_bytes(), signature);
        sound.then_some(time_s)
    }
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosignerKey({})", self.vkey())
    }
}

/// How many of which witnesses must have cosigned a checkpoint before it is relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    witnesses: Vec<CosignerKey>,
    needed: usize,
}

impl Quorum {
    /// `needed` of these witnesses. `needed` may be 0: then only signatures that do not verify are refused.
    ///
    /// # Errors
    /// [`QuorumError::TooFewWitnesses`] when `needed` are not there, [`QuorumError::SameWitness`] when two keys
    /// could be counted for one witness: same name, or same public key.
    pub fn new(witnesses: Vec<CosignerKey>, needed: usize) -> Result<Quorum, QuorumError> {
        if needed > witnesses.len() {
            return Err(QuorumError::TooFewWitnesses {
                needed,
                known: witnesses.len(),
            });
        }
        for (position, witness) in witnesses.iter().enumerate() {
            let earlier = witnesses.iter().take(position);
            if let Some(other) = earlier
                .into_iter()
                .find(|other| witness.0.is_same_holder(&other.0))
            {
                return Err(QuorumError::SameWitness {
                    name: witness.0.shown_name(),
                    other: other.0.shown_name(),
                });
            }
        }
        Ok(Quorum { witnesses, needed })
    }

    /// Checks that enough witnesses have cosigned, and none of them wrongly. Returns who did, in the quorum's order.
    ///
    /// # Errors
    /// [`QuorumError::NotEnough`], or [`QuorumError::Cosignature`] when a line of a known witness does not verify.
    pub fn verify(&self, note: &Note) -> Result<Vec<Cosignature>, QuorumError> {
        let mut cosignatures = Vec::new();
        for witness in &self.witnesses {
            match witness.verify(note) {
                Ok(cosignature) => cosignatures.push(cosignature),
                Err(CosignatureError::Verify(VerifyError::NotSigned)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if cosignatures.len() < self.needed {
            return Err(QuorumError::NotEnough {
                found: cosignatures.len(),
                needed: self.needed,
            });
        }
        Ok(cosignatures)
    }
}

/// The message that an Ed25519 witness signs.
///
/// # Source
/// <https://c2sp.org/tlog-cosignature>, "Ed25519 signed message".
fn message(checkpoint_text: &str, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{checkpoint_text}")
}

/// Why a checkpoint could not be cosigned, or is not cosigned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// Beyond the latest time that a cosignature can carry.
    #[error("the time {time_s} s is beyond {TIME_MAX_S} s")]
    Time {
        /// POSIX seconds.
        time_s: u64,
    },
    /// The text is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Not cosigned, or wrongly.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The line cannot be written.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl CosignatureError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            CosignatureError::Time { .. } => "set the clock, and give the time in seconds",
            CosignatureError::Checkpoint(error) => error.hint(),
            CosignatureError::Verify(VerifyError::NotSigned) => {
                "send the checkpoint to the witness first"
            }
            CosignatureError::Verify(error) => error.hint(),
            CosignatureError::Note(error) => error.hint(),
        }
    }
}

/// Why a quorum is impossible, or not reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuorumError {
    /// More are needed than there are.
    #[error("{needed} witnesses are needed, but only {known} are known")]
    TooFewWitnesses {
        /// Cosignatures needed.
        needed: usize,
        /// Witnesses known.
        known: usize,
    },
    /// Two witnesses share a name or a public key.
    #[error("the witnesses `{name}` and `{other}` may be one and the same")]
    SameWitness {
        /// Name of the one.
        name: String,
        /// Name of the other.
        other: String,
    },
    /// Too few have cosigned.
    #[error("{found} of the {needed} cosignatures that are needed are there")]
    NotEnough {
        /// Cosignatures found.
        found: usize,
        /// Cosignatures needed.
        needed: usize,
    },
    /// A line of a known witness does not verify.
    #[error(transparent)]
    Cosignature(#[from] CosignatureError),
}

impl QuorumError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            QuorumError::TooFewWitnesses { .. } => "add witnesses, or need fewer",
            QuorumError::SameWitness { .. } => "name each witness once, with a key of its own",
            QuorumError::NotEnough { .. } => {
                "wait for more witnesses to cosign, then fetch the checkpoint again"
            }
            QuorumError::Cosignature(error) => error.hint(),
        }
    }
}
