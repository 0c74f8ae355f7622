//! What the portal shows a seat of its own entries of the log. It needs no program key, and opens nothing.

use domain::chain::Given;
use domain::commitment::Leaf;
use domain::ids::{CaseId, SeatId};
use domain::open::is_known;
use domain::sealed::Sealed;
use jiff::Timestamp;
use tlog::InclusionProof;

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
        let mut entries = Vec::new();
        for (entry, ordinal) in self.chain(seat).await?.entries().iter().zip(1u64..) {
            if !self.knows(state, seat, &entry.case) {
                continue;
            }
            if self.position(&entry.leaf).await? >= size {
                break;
            }
            entries.push(OwnEntry {
                ordinal,
                case: entry.case.clone(),
                given: entry.given,
                at: entry.at,
                leaf: entry.leaf,
                inclusion: self.proof(&entry.leaf, &checkpoint).await?,
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
