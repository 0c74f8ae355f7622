//! The keys of one case: from its secret to a seed for each partner and seat, and with a beacon to their codewords.
//!
//! The seeds are fixed in the log before the beacon is known ([`seeds`](crate::seeds)), and each names whose it is.
//! So nobody, the program least of all, can choose a key by what it does to a copy, or give two seats one key.

use domain::ids::{CaseId, PartnerId, SeatId};
use domain::sealed::Digest;
use fingerprint::Key;

/// The secret of a case, from which every seed and salt of it is made. It is committed to the log first.
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

    /// What goes into the log when the case is made.
    pub fn commitment(&self) -> [u8; 32] {
        self.0.commitment()
    }

    /// The seed of a partner's layer.
    pub fn seed_of_partner(&self, group: u32, partner: &PartnerId) -> Seed {
        let context = format!("{group}\n{partner}\n");
        Seed(
            self.0
                .derive("headstart partner seed v1", context.as_bytes()),
        )
    }

    /// The seed of a seat's layer.
    pub fn seed_of_seat(&self, slot: u32, seat: &SeatId) -> Seed {
        let context = format!("{slot}\n{seat}\n");
        Seed(self.0.derive("headstart seat seed v1", context.as_bytes()))
    }

    /// The salt of a leaf; `label` says which leaf.
    pub fn salt(&self, label: &str) -> [u8; 32] {
        *self
            .0
            .derive("headstart leaf salt v1", label.as_bytes())
            .expose()
    }
}

/// What a key is made of, once the beacon is known. Whoever is shown one makes the key himself.
///
/// Redacted in `Debug` and zeroised, as every [`Key`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed(Key);

impl Seed {
    /// Wraps 32 bytes: what evidence opens.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Key::from_bytes(bytes))
    }

    /// The seed's bytes, for the text that is committed to.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// The key of a partner's layer, the same for all its seats.
    ///
    /// Number and name are part of it: two partners have two keys, whatever their seeds.
    pub fn partner_key(
        &self,
        beacon: &Digest,
        case: &CaseId,
        group: u32,
        partner: &PartnerId,
    ) -> Key {
        let context = format!("{beacon}\n{case}\n{group}\n{partner}\n");
        self.0
            .derive("headstart partner layer v2", context.as_bytes())
    }

    /// The key of a seat's layer.
    ///
    /// Number and name are part of it: two seats have two keys, whatever their seeds.
    pub fn seat_key(&self, beacon: &Digest, case: &CaseId, slot: u32, seat: &SeatId) -> Key {
        let context = format!("{beacon}\n{case}\n{slot}\n{seat}\n");
        self.0.derive("headstart seat layer v2", context.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8, beacon: &[u8], slot: u32, seat: &str) -> [u8; 32] {
        let case = "HS-2026-0001".parse().unwrap();
        let key = Seed::from_bytes([seed; 32]).seat_key(
            &Digest::of(beacon),
            &case,
            slot,
            &seat.parse().unwrap(),
        );
        *key.expose()
    }

    #[test]
    fn another_seed_beacon_number_or_name_makes_another_key() {
        let one = key(7, b"one", 3, "p-01.s1");
        for other in [
            key(8, b"one", 3, "p-01.s1"),
            key(7, b"two", 3, "p-01.s1"),
            key(7, b"one", 4, "p-01.s1"),
            key(7, b"one", 3, "p-01.s2"),
        ] {
            assert_ne!(one, other);
        }
    }

    /// Made apart from this code, by HKDF-SHA256 of RFC 5869 with the info that [`Key::derive`] documents.
    #[test]
    fn a_seat_key_is_the_one_that_others_make() {
        let found = Digest::from_bytes(key(7, b"beacon", 3, "p-01.s1"));
        assert_eq!(
            found.to_string(),
            "4c96c9634352749c8a81b21281b4c2a1e05ae23762a1ecf6c6fc47cb602543c8"
        );
        let partner = Seed::from_bytes([7; 32]).partner_key(
            &Digest::of(b"beacon"),
            &"HS-2026-0001".parse().unwrap(),
            3,
            &"p-01".parse().unwrap(),
        );
        let found = Digest::from_bytes(*partner.expose());
        assert_eq!(
            found.to_string(),
            "bd9b044c3ff1c7334f42d923a873180d1e630404f76a533d8bb231dbd25a9c80"
        );
    }
}
