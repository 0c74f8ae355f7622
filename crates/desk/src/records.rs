//! What the program keeps sealed to its own key: JSON inside, opened only at the desk.

use domain::commitment::Commitment;
use domain::ids::ArtifactId;
use domain::sealed::{Digest, Sealed};
use flow::evidence::Bytes;
use flow::sight::{LeakFile, Origin};
use seal::{ProgramKey, Sealer};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Desk, Failure};

/// The secret of a case, and the opening of its leaf.
#[derive(Serialize, Deserialize)]
pub(crate) struct SecretRecord {
    /// 32 bytes, hexadecimal.
    pub(crate) secret: String,
    /// The opened leaf.
    pub(crate) leaf: Commitment,
}

/// What describes an artifact beside its kind.
#[derive(Serialize, Deserialize)]
pub(crate) struct NameRecord {
    /// The master's file name.
    pub(crate) file_name: String,
}

/// The codebook of a case as of one press.
#[derive(Serialize, Deserialize)]
pub(crate) struct PressRecord {
    /// The opened leaf of the code.
    pub(crate) code_leaf: Commitment,
    /// The opened leaf of the roster after this press.
    pub(crate) roster_leaf: Commitment,
    /// The opened leaf of the list of witnesses that the roster names.
    pub(crate) watch_leaf: Option<Commitment>,
    /// The code's canonical bytes.
    pub(crate) code: Bytes,
    /// The checkpoint that was mixed into the keys of this press.
    pub(crate) beacon: String,
    /// The artifacts in the order of their sites.
    pub(crate) artifacts: Vec<ArtifactId>,
    /// The bar that the code leaf fixed.
    pub(crate) innocent_risk: f64,
}

/// A trace, so that its evidence can be made later.
#[derive(Serialize, Deserialize)]
pub(crate) struct TraceRecord {
    /// The leak's files.
    pub(crate) files: Vec<LeakRecord>,
    /// How many cases were tried.
    pub(crate) alignments: u64,
    /// When the leak was first seen, by the word of who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seen_at: Option<jiff::Timestamp>,
    /// What the program was told, as JSON.
    pub(crate) answer: serde_json::Value,
}

/// One file of a leak.
#[derive(Serialize, Deserialize)]
pub(crate) struct LeakRecord {
    /// Its name.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: Bytes,
    /// What it was read from; nothing when these bytes are what was handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<OriginRecord>,
}

/// What a text of a leak was read from.
#[derive(Serialize, Deserialize)]
pub(crate) struct OriginRecord {
    /// The original's name.
    pub(crate) file: String,
    /// SHA-256 of the original, hexadecimal.
    pub(crate) sha256: String,
    /// What was done to get the text.
    pub(crate) how: String,
}

impl From<&LeakFile> for LeakRecord {
    fn from(file: &LeakFile) -> Self {
        Self {
            name: file.name.clone(),
            bytes: Bytes(file.bytes.clone()),
            origin: file.origin.as_ref().map(|origin| OriginRecord {
                file: origin.file.clone(),
                sha256: origin.sha256.to_string(),
                how: origin.how.clone(),
            }),
        }
    }
}

impl LeakRecord {
    /// The file again; `None` for an origin without a digest.
    pub(crate) fn into_file(self) -> Option<LeakFile> {
        let origin = match self.origin {
            Some(origin) => Some(Origin {
                sha256: Digest::parse(&origin.sha256)?,
                file: origin.file,
                how: origin.how,
            }),
            None => None,
        };
        Some(LeakFile {
            name: self.name,
            bytes: self.bytes.0,
            origin,
        })
    }
}

impl Desk {
    /// Seals bytes to the program key; needs no passphrase.
    pub(crate) fn seal_bytes(&self, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
        seal::seal_to_program(self.recipient(), bytes).map_err(unsealed)
    }

    /// What seals the openings of a seat's entries to the program key and to the seat, which may then check the entries
    /// itself.
    pub(crate) fn sealer(&self, seat: &seal::Recipient) -> Result<Sealer, Failure> {
        Sealer::new(self.recipient(), std::slice::from_ref(seat)).map_err(unsealed)
    }

    /// Seals a record to the program key.
    pub(crate) fn seal<T: Serialize>(&self, record: &T) -> Result<Sealed, Failure> {
        self.seal_bytes(&json(record)?).map(Sealed::from_ciphertext)
    }
}

/// Seals the opening of a seat's entry.
pub(crate) fn seal_opening(sealer: &Sealer, opening: &Commitment) -> Result<Sealed, Failure> {
    let sealed = sealer.seal(&json(opening)?).map_err(unsealed)?;
    Ok(Sealed::from_ciphertext(sealed))
}

fn json<T: Serialize>(record: &T) -> Result<zeroize::Zeroizing<Vec<u8>>, Failure> {
    serde_json::to_vec(record)
        .map(zeroize::Zeroizing::new)
        .map_err(|error| Failure::machine("seal", error.to_string()))
}

fn unsealed(error: seal::SealError) -> Failure {
    Failure::usage("seal", error.to_string()).hint(error.hint())
}

/// Opens a sealed record.
pub(crate) fn open<T: DeserializeOwned>(
    key: &ProgramKey,
    what: &str,
    sealed: &Sealed,
) -> Result<T, Failure> {
    let json = open_bytes(key, what, sealed.ciphertext())?;
    serde_json::from_slice(&json).map_err(|error| {
        Failure::machine("damaged-record", format!("{what} cannot be read: {error}"))
            .hint("restore a backup; `headstart log audit` names what was changed")
    })
}

/// Opens sealed bytes.
pub(crate) fn open_bytes(
    key: &ProgramKey,
    what: &str,
    ciphertext: &[u8],
) -> Result<zeroize::Zeroizing<Vec<u8>>, Failure> {
    key.open(ciphertext).map_err(|error| {
        Failure::machine("sealed-record", format!("{what} cannot be opened: {error}"))
            .hint(error.hint())
    })
}
