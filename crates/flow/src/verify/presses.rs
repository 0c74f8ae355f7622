//! The presses of the case: who got numbers and seeds, and what was mixed in afterwards.

use domain::chain::{Link, entry_digest};
use domain::sealed::Digest;
use fingerprint::Key;
use tlog::{Checkpoint, Hash, InclusionProof, Note, Verifier, leaf_hash, verify_inclusion};

use super::{Failed, Judge, Step, failed, hashes};
use crate::beacon::Beacon;
use crate::evidence::{OpenedLeaf, Press};
use crate::leaf::{CodeLeaf, Owner, RosterLeaf, SecretLeaf, SeedLeaf, WatchLeaf, text_digest};

/// Most presses of one case that evidence shows.
pub const PRESSES_MAX: usize = 4096;

/// What was mixed into the keys of a press, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mixed {
    /// Which press, from 1.
    pub press: u64,
    /// The roster's place in the log: it holds the seeds.
    pub roster: u64,
    /// The checkpoint's note with the log's line and those cosignatures alone that are mixed in.
    pub note: Note,
    /// What it states.
    pub checkpoint: Checkpoint,
    /// The witnesses whose cosignatures count, as the program had named them before.
    pub witnesses: Option<WatchLeaf>,
}

/// A press whose roster is in the log before its beacon.
pub(super) struct Fixed {
    pub roster: RosterLeaf,
    /// Digest of the roster's entry.
    pub entry: Digest,
    pub mixed: Mixed,
    pub beacon: Digest,
    /// The slots and the groups that it gave: the first, and the one after the last.
    slots: Range,
    groups: Range,
    /// How many seats of each group got a slot.
    new: Vec<u64>,
}

/// Every press, from the first.
pub(super) struct Presses(pub Vec<Fixed>);

/// A seed that its press fixed, and the key that it makes.
pub(super) struct Grown {
    pub seed: SeedLeaf,
    pub key: Key,
    /// The press, from 0.
    pub press: usize,
}

impl Presses {
    /// The roster that is counted with: the last.
    pub fn counted(&self) -> &RosterLeaf {
        &self.0.last().expect("there is at least one press").roster
    }

    /// The first press.
    pub fn first(&self) -> &Fixed {
        self.0.first().expect("there is at least one press")
    }

    /// Seats that the first press gave copies.
    pub fn first_seats(&self) -> u64 {
        self.first().slots.1
    }

    /// Opens a seed in the tree of the press that gave its number, and makes its key.
    pub fn grow(&self, opened: &OpenedLeaf) -> Result<Grown, Failed> {
        let wrong = |reason: String| failed(Step::Keys, reason);
        let seed = SeedLeaf::parse(&opened.text).map_err(|error| wrong(error.to_string()))?;
        let within = |range: (u64, u64), number: u32| {
            (range.0..range.1)
                .contains(&u64::from(number))
                .then(|| u64::from(number) - range.0)
        };
        let found = self.0.iter().enumerate().find_map(|(press, fixed)| {
            let place = match seed.owner {
                Owner::Seat { slot, .. } => within(fixed.slots, slot)?,
                Owner::Partner => fixed.slots.1 - fixed.slots.0 + within(fixed.groups, seed.group)?,
            };
            Some((press, fixed, place))
        });
        let (press, fixed, place) =
            found.ok_or_else(|| wrong("a seed has a number that no press gave".to_owned()))?;
        let is_of_group = match seed.owner {
            Owner::Seat { .. } => group_of(&fixed.new, place) == Some(seed.group),
            Owner::Partner => true,
        };
        if seed.case != fixed.roster.case || !is_of_group {
            return Err(wrong("a seed is of another case or partner".to_owned()));
        }
        if opened.index != place {
            return Err(wrong(
                "a seed stands at another place than its number has".to_owned(),
            ));
        }
        let entry = opened
            .commitment()
            .ok_or_else(|| wrong("a salt is not 64 digits".to_owned()))?;
        let proof = InclusionProof {
            index: opened.index,
            hashes: hashes(&opened.proof, Step::Keys)?,
        };
        verify_inclusion(
            &leaf_hash(&entry.leaf().entry_bytes()),
            &proof,
            (fixed.slots.1 - fixed.slots.0) + (fixed.groups.1 - fixed.groups.0),
            &Hash::from_bytes(*fixed.roster.seeds.as_bytes()),
        )
        .map_err(|error| {
            wrong(format!(
                "a seed is not the one that was fixed before the value that was mixed in: {error}"
            ))
        })?;
        Ok(Grown {
            key: seed.key(&fixed.beacon),
            seed,
            press,
        })
    }
}

impl Judge<'_> {
    /// The case's secret, every roster and what was mixed in are in the log, and belong to this case and code.
    pub(super) fn presses(&self, log: &Verifier, code_leaf: &CodeLeaf) -> Result<Presses, Failed> {
        let wrong = |reason: &str| failed(Step::Code, reason);
        let shown = &self.body.presses;
        if shown.is_empty() || shown.len() > PRESSES_MAX {
            return Err(failed(
                Step::Code,
                format!(
                    "{} presses of the case; there must be 1 to {PRESSES_MAX}",
                    shown.len()
                ),
            ));
        }
        let mut presses: Vec<Fixed> = Vec::new();
        for press in shown {
            let next = self.press(log, code_leaf, press, presses.last())?;
            presses.push(next);
        }
        let presses = Presses(presses);
        let first = presses.first();
        if first.beacon != code_leaf.beacon {
            return Err(wrong("another checkpoint was mixed into the case's secret"));
        }
        self.included(&self.body.secret_leaf)?;
        let secret = SecretLeaf::parse(&self.body.secret_leaf.text)
            .map_err(|error| failed(Step::Inclusion, error))?;
        if secret.case != code_leaf.case || secret.secret != code_leaf.secret {
            return Err(wrong("the code is of another secret than was committed"));
        }
        Ok(presses)
    }

    /// The log has the secret before the first roster, the rosters one after another, each after the witnesses that
    /// it names and before what was mixed in, and the first of these values before the code.
    pub(super) fn order_of_presses(&self, presses: &Presses) -> Result<(), Failed> {
        let wrong = |reason: &str| failed(Step::Order, reason);
        let mut before = self.body.secret_leaf.index;
        for (fixed, shown) in presses.0.iter().zip(&self.body.presses) {
            let roster = fixed.mixed.roster;
            if roster <= before {
                return Err(wrong("a roster stands in the log before what it follows"));
            }
            if shown
                .witnesses
                .as_ref()
                .is_some_and(|leaf| leaf.index >= roster)
            {
                return Err(wrong("the witnesses were named after the seeds were fixed"));
            }
            if fixed.mixed.checkpoint.size() <= roster {
                return Err(wrong(
                    "what was mixed in at a press is older than its roster",
                ));
            }
            before = roster;
        }
        if presses.first().mixed.checkpoint.size() > self.body.code_leaf.index {
            return Err(wrong("what was mixed in is younger than the code"));
        }
        Ok(())
    }

    fn press(
        &self,
        log: &Verifier,
        code_leaf: &CodeLeaf,
        shown: &Press,
        before: Option<&Fixed>,
    ) -> Result<Fixed, Failed> {
        let wrong = |reason: &str| failed(Step::Code, reason);
        self.included(&shown.roster)?;
        let roster = RosterLeaf::parse(&shown.roster.text)
            .map_err(|error| failed(Step::Inclusion, error))?;
        let entry = entry_of(&shown.roster)?;
        if roster.case != code_leaf.case {
            return Err(wrong("a roster is of another case"));
        }
        if roster.text != text_digest(&code_leaf.masters, code_leaf.innocent_risk) {
            return Err(failed(
                Step::Masters,
                "masters or bar are not those that were fixed before what was mixed in",
            ));
        }
        let expected = Link {
            ordinal: before.map_or(1, |before| before.mixed.press + 1),
            previous: before.map(|before| before.entry),
        };
        if roster.press != expected {
            return Err(wrong("a roster is left out, or stands at another place"));
        }
        let Growth { slots, groups, new } = grown(&roster, before)
            .ok_or_else(|| wrong("a roster is not larger than the one before it"))?;
        let witnesses = self.witnesses(shown, &roster)?;
        let point = self.point(log, &shown.beacon.checkpoint, &shown.beacon.proof)?;
        let beacon = Beacon::of(&point.note, witnesses.as_ref())
            .map_err(|error| failed(Step::Code, format!("what was mixed in: {error}")))?;
        Ok(Fixed {
            entry,
            mixed: Mixed {
                press: expected.ordinal,
                roster: shown.roster.index,
                note: only(&point.note, log, &beacon)?,
                checkpoint: point.checkpoint,
                witnesses,
            },
            roster,
            beacon: beacon.value,
            slots,
            groups,
            new,
        })
    }

    /// The list of witnesses that a roster names.
    fn witnesses(&self, shown: &Press, roster: &RosterLeaf) -> Result<Option<WatchLeaf>, Failed> {
        let (leaf, named) = match (&shown.witnesses, roster.witnesses) {
            (None, None) => return Ok(None),
            (Some(leaf), Some(named)) => (leaf, named),
            _ => {
                return Err(failed(
                    Step::Code,
                    "the list of witnesses is not the one that the roster names",
                ));
            }
        };
        self.included(leaf)?;
        if entry_of(leaf)? != named {
            return Err(failed(
                Step::Code,
                "the list of witnesses is not the one that the roster names",
            ));
        }
        let watch = WatchLeaf::parse(&leaf.text).map_err(|error| failed(Step::Inclusion, error))?;
        Ok(Some(watch))
    }
}

/// The note with the log's own line and those that are mixed in: others say nothing of who could have known the value.
fn only(note: &Note, log: &Verifier, beacon: &Beacon) -> Result<Note, Failed> {
    let own = note
        .signatures()
        .iter()
        .filter(|line| line.name() == log.name() && line.key_id() == log.key_id());
    let lines: String = own
        .chain(&beacon.lines)
        .map(|line| line.to_line() + "\n")
        .collect();
    Note::parse(&format!("{}\n{lines}", note.text()))
        .map_err(|error| failed(Step::Checkpoint, error))
}

fn entry_of(leaf: &OpenedLeaf) -> Result<Digest, Failed> {
    let commitment = leaf
        .commitment()
        .ok_or_else(|| failed(Step::Inclusion, "a salt is not 64 digits"))?;
    Ok(entry_digest(&commitment.leaf()))
}

type Range = (u64, u64);

/// What a press gave.
struct Growth {
    slots: Range,
    groups: Range,
    new: Vec<u64>,
}

/// The slots and the groups that a press gave: no partner has fewer seats than before, and somebody has more.
fn grown(roster: &RosterLeaf, before: Option<&Fixed>) -> Option<Growth> {
    let none = Vec::new();
    let old = before.map_or(&none, |before| &before.roster.sizes);
    if roster.sizes.len() < old.len() || roster.sizes.contains(&0) {
        return None;
    }
    let mut new = Vec::new();
    for (now, then) in roster
        .sizes
        .iter()
        .zip(old.iter().chain(std::iter::repeat(&0)))
    {
        new.push(u64::from(now.checked_sub(*then)?));
    }
    let first: u64 = old.iter().map(|size| u64::from(*size)).sum();
    let given: u64 = new.iter().sum();
    (given > 0).then_some(Growth {
        slots: (first, first + given),
        groups: (old.len() as u64, roster.sizes.len() as u64),
        new,
    })
}

/// The group of the seat at a place among a press's new seats: they stand in the order of their groups, so that nobody
/// chooses later whose seat a slot is.
fn group_of(new: &[u64], place: u64) -> Option<u32> {
    let mut end = 0;
    let group = new.iter().position(|count| {
        end += count;
        place < end
    });
    u32::try_from(group?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_of_two_rosters_say_whose_each_new_seat_is() {
        let found: Vec<_> = (0..7).map(|place| group_of(&[2, 0, 1, 3], place)).collect();
        let known = [Some(0), Some(0), Some(2), Some(3), Some(3), Some(3), None];
        assert_eq!(found, known);
    }
}
