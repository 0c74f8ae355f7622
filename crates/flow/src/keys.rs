//! The keys of one case: from its secret and a beacon to each partner's and each seat's codeword.

use fingerprint::Key;
use sha2::{Digest as _, Sha256};

/// The secret of a case before the beacon is known. It is committed to the log first.
///
/// Redacted in `Debug` and zeroised, as every [`Key`] is.
#[derive(Debug, Clone)]
pub struct CaseSecret(Key);

impl CaseSecret {
    /// Wraps 32 bytes from the operating system's random source.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Key::from_bytes(bytes))
    }

    /// The secret's bytes, to be sealed to the program key.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// What goes into the log before the beacon is known.
    pub fn commitment(&self) -> [u8; 32] {
        self.0.commitment()
    }

    /// The key of the case's codewords.
    ///
    /// `beacon`: the signed checkpoint that already holds [`CaseSecret::commitment`].
    /// Because it is fixed later than the secret, nobody can try secrets until the codewords suit him.
    pub fn mix(&self, beacon: &[u8]) -> CaseKey {
        CaseKey(
            self.0
                .derive("headstart case key v1", &Sha256::digest(beacon)),
        )
    }
}

/// The key from which every codeword of a case is derived.
#[derive(Debug, Clone)]
pub struct CaseKey(Key);

impl CaseKey {
    /// The key of a partner's layer, the same for all its seats.
    pub fn of_partner(&self, partner: &str) -> Key {
        self.0
            .derive("headstart partner layer v1", partner.as_bytes())
    }

    /// The key of a seat's layer.
    pub fn of_seat(&self, slot: u32, seat: &str) -> Key {
        let mut context = slot.to_be_bytes().to_vec();
        context.extend_from_slice(seat.as_bytes());
        self.0.derive("headstart seat layer v1", &context)
    }

    /// The salt of a leaf; `label` says which leaf.
    pub fn salt(&self, label: &str) -> [u8; 32] {
        *self
            .0
            .derive("headstart leaf salt v1", label.as_bytes())
            .expose()
    }

    /// The public seed that spreads the bias classes over the sites.
    pub fn permutation_seed(beacon: &[u8]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"headstart site permutation v1\0");
        hasher.update(beacon);
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_beacon_makes_another_key() {
        let secret = CaseSecret::from_bytes([7; 32]);
        let one = secret.mix(b"one").of_partner("p-01").commitment();
        let two = secret.mix(b"two").of_partner("p-01").commitment();
        assert_ne!(one, two);
    }
}
