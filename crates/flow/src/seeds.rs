//! The seeds of one press: a tree whose root stands in the press's roster, and so in the log before the beacon.
//!
//! Its entries are the new seats in the order of their slots, then the new partners in the order of their groups, so
//! that each number has one place and the rosters say how many there are. Each is a salted commitment to a
//! [`SeedLeaf`]: opening one says nothing of the others.

use domain::commitment::Commitment;
use domain::ids::{CaseId, PartnerId};
use domain::sealed::Digest;
use fingerprint::Key;
use tlog::{MemoryTree, inclusion_proof, leaf_hash};

use crate::evidence::OpenedLeaf;
use crate::keys::CaseSecret;
use crate::leaf::{Owner, SeedLeaf};
use crate::seats::Seats;

impl SeedLeaf {
    /// The key that this seed and the press's beacon make.
    pub fn key(&self, beacon: &Digest) -> Key {
        match &self.owner {
            Owner::Partner => self
                .seed
                .partner_key(beacon, &self.case, self.group, &self.partner),
            Owner::Seat { seat, slot } => self.seed.seat_key(beacon, &self.case, *slot, seat),
        }
    }
}

/// The seeds of one press.
#[derive(Debug, Clone)]
pub struct Seeds {
    entries: Vec<Commitment>,
    tree: MemoryTree,
}

impl Seeds {
    /// The seeds of press number `press` (from 0); a press that is not there has none.
    pub fn of(case: &CaseId, secret: &CaseSecret, seats: &Seats, press: usize) -> Self {
        let mut entries = Vec::new();
        for seating in seats.new_seats(press) {
            let seed = secret.seed_of_seat(seating.slot, &seating.seat);
            let leaf = SeedLeaf {
                case: case.clone(),
                partner: seating.partner.clone(),
                group: seats
                    .group_of(&seating.partner)
                    .expect("a seat's partner has a number"),
                owner: Owner::Seat {
                    seat: seating.seat.clone(),
                    slot: seating.slot,
                },
                seed,
            };
            let label = format!("seed of slot {} {}", seating.slot, seating.seat);
            entries.push(Commitment::new(
                leaf.to_text().into_bytes(),
                secret.salt(&label),
            ));
        }
        for (group, partner) in seats.new_partners(press) {
            let seed = secret.seed_of_partner(group, partner);
            let leaf = SeedLeaf {
                case: case.clone(),
                partner: partner.clone(),
                group,
                owner: Owner::Partner,
                seed,
            };
            let label = format!("seed of group {group} {partner}");
            entries.push(Commitment::new(
                leaf.to_text().into_bytes(),
                secret.salt(&label),
            ));
        }
        let tree = MemoryTree::from_leaves(
            entries
                .iter()
                .map(|entry| leaf_hash(&entry.leaf().entry_bytes())),
        );
        Self { entries, tree }
    }

    /// What the roster says of them.
    pub fn root(&self) -> Digest {
        Digest::from_bytes(self.tree.root().to_bytes())
    }

    /// An entry opened, with its proof in this tree; `None` for a place that it does not have.
    pub fn open(&self, place: usize) -> Option<OpenedLeaf> {
        let entry = self.entries.get(place)?;
        let index = u64::try_from(place).ok()?;
        let proof = inclusion_proof(&self.tree, index, self.tree.size()).ok()?;
        Some(OpenedLeaf {
            text: String::from_utf8_lossy(entry.content()).into_owned(),
            salt: Digest::from_bytes(*entry.salt()).to_string(),
            index,
            proof: proof.hashes.iter().map(tlog::Hash::to_base64).collect(),
        })
    }
}

/// A partner's seed, opened in the press that gave it its number.
pub fn of_partner(
    case: &CaseId,
    secret: &CaseSecret,
    seats: &Seats,
    partner: &PartnerId,
) -> Option<OpenedLeaf> {
    let group = seats.group_of(partner)?;
    let press = seats.press_of_group(group)?;
    let place = seats
        .new_partners(press)
        .position(|(own, _)| own == group)?;
    Seeds::of(case, secret, seats, press).open(seats.new_seats(press).len() + place)
}

/// A seat's seed, opened in the press that gave it its number.
pub fn of_seat(case: &CaseId, secret: &CaseSecret, seats: &Seats, slot: u32) -> Option<OpenedLeaf> {
    let press = seats.press_of_slot(slot)?;
    let place = seats
        .new_seats(press)
        .iter()
        .position(|seating| seating.slot == slot)?;
    Seeds::of(case, secret, seats, press).open(place)
}
