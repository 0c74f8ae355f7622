//! Salted commitments: what the log's entries say without telling anything.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// First word of every entry that this program puts into a log.
pub const ENTRY_PREFIX: &str = "headstart/v1 ";

/// An entry of the log: `headstart/v1 ` and the base64 of a SHA-256, as one line without its end.
///
/// Nothing can be read from it; whoever is shown the [`Commitment`] can check it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Leaf([u8; 32]);

impl Leaf {
    /// The exact bytes of the log's entry.
    pub fn entry_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// Reads an entry; `None` for one of another shape.
    pub fn parse(entry: &str) -> Option<Self> {
        let encoded = entry.strip_prefix(ENTRY_PREFIX)?;
        if encoded.len() != 44 {
            return None;
        }
        STANDARD.decode(encoded).ok()?.try_into().ok().map(Self)
    }
}

impl tlog::Entry for Leaf {
    fn entry_bytes(&self) -> Vec<u8> {
        Leaf::entry_bytes(self)
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ENTRY_PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl From<Leaf> for String {
    fn from(leaf: Leaf) -> Self {
        leaf.to_string()
    }
}

impl TryFrom<String> for Leaf {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("an entry is `headstart/v1 ` and 44 characters of base64")
    }
}

/// What a leaf commits to: canonical content, and the salt that hides it.
///
/// The leaf is SHA-256(content || salt); the salt is always 32 bytes, so that the two cannot be
/// shifted against each other.
/// Hiding and binding are those of SHA-256 with 256 bits of salt from the operating system or a PRF.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Commitment {
    content: Vec<u8>,
    salt: [u8; 32],
}

#[derive(Serialize, Deserialize)]
struct Wire {
    content: String,
    salt: String,
}

/// Content above this size is not read back from JSON.
pub const CONTENT_BYTES_MAX: usize = 1 << 20;

impl Commitment {
    /// Commits to `content`, hidden by `salt`, which must be used once and be unknown to others.
    pub fn new(content: Vec<u8>, salt: [u8; 32]) -> Self {
        Self { content, salt }
    }

    /// The entry that says nothing.
    pub fn leaf(&self) -> Leaf {
        let mut hash = Sha256::new();
        hash.update(&self.content);
        hash.update(self.salt);
        Leaf(hash.finalize().into())
    }

    /// The content, when `leaf` is really its entry.
    pub fn open(&self, leaf: &Leaf) -> Option<&[u8]> {
        self.verify(leaf).then_some(self.content.as_slice())
    }

    /// Whether `leaf` is this commitment's entry.
    pub fn verify(&self, leaf: &Leaf) -> bool {
        self.leaf() == *leaf
    }

    /// The content, unchecked.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// The salt.
    pub fn salt(&self) -> &[u8; 32] {
        &self.salt
    }
}

impl tlog::Entry for Commitment {
    fn entry_bytes(&self) -> Vec<u8> {
        self.leaf().entry_bytes()
    }
}

impl fmt::Debug for Commitment {
    /// Shows the leaf alone: content and salt stay hidden.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Commitment({})", self.leaf())
    }
}

impl From<Commitment> for Wire {
    fn from(commitment: Commitment) -> Self {
        Self {
            content: STANDARD.encode(commitment.content),
            salt: STANDARD.encode(commitment.salt),
        }
    }
}

impl TryFrom<Wire> for Commitment {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        if wire.content.len() > CONTENT_BYTES_MAX * 4 / 3 + 4 {
            return Err("the content of a commitment has at most 1 MiB");
        }
        let content = STANDARD
            .decode(wire.content)
            .map_err(|_| "the content of a commitment is not base64")?;
        let salt = STANDARD
            .decode(wire.salt)
            .ok()
            .and_then(|salt| salt.try_into().ok())
            .ok_or("the salt of a commitment is 32 bytes of base64")?;
        Ok(Self { content, salt })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_leaf_is_one_short_line_and_reads_back() {
        let leaf = Commitment::new(b"content".to_vec(), [7; 32]).leaf();
        let line = leaf.to_string();
        assert!(line.starts_with("headstart/v1 ") && line.len() == 57);
        assert_eq!(Leaf::parse(&line), Some(leaf));
        assert_eq!(Leaf::parse(&format!("{line}\n")), None);
        assert_eq!(Leaf::parse("headstart/v1 AAAA"), None);
    }

    proptest! {
        #[test]
        fn a_commitment_opens_its_own_leaf_and_no_other(
            content in proptest::collection::vec(any::<u8>(), 0..80),
            salt in any::<[u8; 32]>(),
            flip in any::<(u8, u8)>(),
        ) {
            let commitment = Commitment::new(content.clone(), salt);
            let leaf = commitment.leaf();
            prop_assert_eq!(commitment.open(&leaf), Some(content.as_slice()));
            let mut other = salt;
            other[usize::from(flip.0 % 32)] ^= 1 << (flip.1 % 8);
            prop_assert!(!Commitment::new(content, other).verify(&leaf));
            let json = serde_json::to_string(&commitment).unwrap();
            prop_assert_eq!(serde_json::from_str::<Commitment>(&json).unwrap(), commitment);
        }

        #[test]
        fn hostile_entries_never_panic(text in ".{0,80}") {
            let _ = Leaf::parse(&text);
            let _ = Leaf::parse(&format!("{ENTRY_PREFIX}{text}"));
        }
    }
}
