//! The numbers of a copy in its case's code, hidden in its leaf: a seat that is shown its own leaf must not learn
//! from them how many others there are.

use domain::sealed::Digest;

/// Group and slot of a copy, with the salt that hides them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The engine's number of the partner.
    pub group: u32,
    /// The number of the copy.
    pub slot: u32,
    /// 32 bytes that nobody else knows.
    pub salt: [u8; 32],
}

impl Place {
    /// What the leaf of the copy's package says of its place.
    pub fn digest(&self) -> Digest {
        let mut text = format!(
            "headstart place v1\ngroup {}\nslot {}\n",
            self.group, self.slot
        )
        .into_bytes();
        text.extend_from_slice(&self.salt);
        Digest::of(&text)
    }
}

impl std::fmt::Debug for Place {
    /// Without the salt.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Place(group {}, slot {})", self.group, self.slot)
    }
}
