//! What the portal shows a seat of its own entries of the log. It needs no program key, and opens nothing.

use std::collections::BTreeMap;

use domain::chain::{Chain, Given};
use domain::commitment::{Commitment, Leaf};
use domain::ids::{CaseId, SeatId};
use domain::open::is_known;
use domain::sealed::Sealed;
use flow::record::{Record, SeatRecord};
use jiff::Timestamp;
use tlog::{InclusionProof, leaf_hash};

use crate::known::State;
use crate::record::Openings;
use crate::{Desk, Failure};

/// The entries of a seat, with proofs under one checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRecord {
    /// The signed checkpoint, with the cosignatures that it has.
    pub checkpoint: String,
    /// Entries of the log under it.
    pub size: u64,
    /// The seat's, in the order of its chain, without those of cases that the seat may not know of yet.
    pub entries: Vec<OwnEntry>,
}

/// One entry of a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnEntry {
    /// Its number in the seat's chain, from 1.
    pub ordinal: u64,
    /// The case.
    pub case: CaseId,
    /// What it is.
    pub given: Given,
    /// When it was made.
    pub at: Timestamp,
    /// The entry.
    pub leaf: Leaf,
    /// That it is in the log.
    pub inclusion: InclusionProof,
}

impl Desk {
    /// A seat's own entries, each with its proof.
    ///
    /// # Errors
    /// A log without a checkpoint, or a database that fails.
    pub async fn own_record(&self, state: &State, seat: &SeatId) -> Result<OwnRecord, Failure> {
        // The checkpoint first: what is made meanwhile is not in the record.
        let checkpoint = self.checkpoint().await?;
        let size = self.size_of(&checkpoint)?;
        let chain = self.chain(seat).await?;
        let known: Vec<_> = chain
            .entries()
            .iter()
            .zip(1u64..)
            .filter(|(entry, _)| self.knows(state, seat, &entry.case))
            .collect();
        let hashes: Vec<_> = known
            .iter()
            .map(|(entry, _)| leaf_hash(&entry.leaf.entry_bytes()))
            .collect();
        let proofs = self.store().inclusions(&hashes, size).await?;
        let mut entries = Vec::new();
        for ((entry, ordinal), inclusion) in known.into_iter().zip(proofs) {
            let Some(inclusion) = inclusion else {
                // It stands above the checkpoint, or the log has lost it.
                self.position(&entry.leaf).await?;
                break;
            };
            entries.push(OwnEntry {
                ordinal,
                case: entry.case.clone(),
                given: entry.given,
                at: entry.at,
                leaf: entry.leaf,
                inclusion,
            });
        }
        Ok(OwnRecord {
            checkpoint,
            size,
            entries,
        })
    }

    /// The opening of one of a seat's own entries: sealed to the program, and, since the portal exists, to the seat.
    ///
    /// `None` for an entry that is not there, or of a case that the seat may not know of yet.
    ///
    /// # Errors
    /// An entry whose opening is not there, or a database that fails.
    pub async fn own_opening(
        &self,
        state: &State,
        seat: &SeatId,
        ordinal: u64,
    ) -> Result<Option<Sealed>, Failure> {
        let chain = self.chain(seat).await?;
        let place = ordinal
            .checked_sub(1)
            .and_then(|at| usize::try_from(at).ok());
        let entry = place.and_then(|at| chain.entries().get(at));
        let Some(entry) = entry.filter(|entry| self.knows(state, seat, &entry.case)) else {
            return Ok(None);
        };
        let sealed = Openings::default()
            .of(self, &entry.case, &entry.leaf)
            .await?;
        Ok(Some(sealed))
    }

    /// Everything that the log has of a seat and that the seat may know of, opened by the seat, and signed.
    ///
    /// `openings`: what each entry commits to, by its number; the seat has opened them with its key, and each is
    /// compared with the entry. So a record is made where the program key is not.
    /// Where an entry is not open to the seat yet, the record ends at a checkpoint before it: a record says that the
    /// log has nothing else of the seat below its checkpoint, and must not say what is false.
    ///
    /// # Errors
    /// `opening` for one that is missing or is of another entry; a database that fails.
    pub async fn sign_own_record(
        &self,
        state: &State,
        seat: &SeatId,
        openings: &BTreeMap<u64, Commitment>,
    ) -> Result<Record, Failure> {
        let known = state.program.seat(seat);
        let partner = known
            .map(|seat| seat.partner().clone())
            .ok_or_else(|| Failure::usage("unknown-seat", format!("there is no seat `{seat}`")))?;
        let chain = self.chain(seat).await?;
        let checkpoint = self.checkpoint_before_hidden(state, seat, &chain).await?;
        let size = self.size_of(&checkpoint)?;
        let mut entries = Vec::new();
        for (entry, ordinal) in chain.entries().iter().zip(1u64..) {
            if self.position(&entry.leaf).await? >= size {
                break;
            }
            let opening = openings
                .get(&ordinal)
                .filter(|opening| opening.verify(&entry.leaf))
                .ok_or_else(|| {
                    Failure::usage(
                        "opening",
                        format!("entry {ordinal} is not opened by what was sent"),
                    )
                    .hint("open all entries with the seat's key, then ask again")
                })?;
            entries.push(self.opened(opening, &checkpoint).await?);
        }
        let record = SeatRecord {
            seat: seat.to_string(),
            entries,
        };
        self.signed_record(&partner, checkpoint, vec![record])
    }

    /// The published checkpoint, or the newest one before the first entry that the seat may not know of.
    async fn checkpoint_before_hidden(
        &self,
        state: &State,
        seat: &SeatId,
        chain: &Chain,
    ) -> Result<String, Failure> {
        let published = self.checkpoint().await?;
        let mut entries = chain.entries().iter();
        let Some(hidden) = entries.find(|entry| !self.knows(state, seat, &entry.case)) else {
            return Ok(published);
        };
        let place = self.position(&hidden.leaf).await?;
        if place >= self.size_of(&published)? {
            return Ok(published);
        }
        let all = self.checkpoints().await?;
        let before = all.into_iter().rfind(|(size, _)| *size <= place);
        before.map(|(_, note)| note).ok_or_else(|| {
            Failure::machine(
                "checkpoint",
                "no checkpoint is older than an entry of the seat",
            )
        })
    }

    /// Where an entry stands in the log.
    ///
    /// # Errors
    /// An entry that is not in it, or a database that fails.
    pub async fn place_of(&self, leaf: &Leaf) -> Result<u64, Failure> {
        self.position(leaf).await
    }

    fn knows(&self, state: &State, seat: &SeatId, case: &CaseId) -> bool {
        state
            .case(case)
            .is_some_and(|case| is_known(case, &state.program, self.policy(), seat, self.now()))
    }
}
