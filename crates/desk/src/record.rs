//! Everything that was ever given to a partner or to one of its seats, with proofs.

use std::collections::BTreeMap;

use domain::case::CaseFact;
use domain::commitment::{Commitment, Leaf};
use domain::ids::{CaseId, PartnerId, SeatId};
use domain::sealed::Sealed;
use flow::record::{RECORD_FORMAT, Record, RecordBody, SeatRecord};
use seal::ProgramKey;

use crate::records::open;
use crate::{Desk, Failure};

/// Whose record it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// One seat's.
    Seat(SeatId),
    /// All seats' of a partner, also of those that were removed.
    Partner(PartnerId),
}

impl Desk {
    /// Puts a record together and signs it.
    ///
    /// # Errors
    /// An unknown seat or partner, an entry whose opening is not there, or a database that fails.
    pub async fn record_of(&self, key: &ProgramKey, whose: &Whose) -> Result<Record, Failure> {
        let program = self.program().await?;
        let (partner, seats) = match whose {
            Whose::Seat(id) => {
                let seat = program.seat(id).ok_or_else(|| {
                    Failure::usage("unknown-seat", format!("there is no seat `{id}`"))
                        .hint("`headstart seat list` shows the seats")
                })?;
                (seat.partner().clone(), vec![id.clone()])
            }
            Whose::Partner(id) => {
                program.partner(id).ok_or_else(|| {
                    Failure::usage("unknown-partner", format!("there is no partner `{id}`"))
                        .hint("`headstart partner list` shows the partners")
                })?;
                let own = program.seats().filter(|seat| seat.partner() == id);
                (id.clone(), own.map(|seat| seat.id().clone()).collect())
            }
        };
        // The checkpoint first: what is made meanwhile is not in the record.
        let checkpoint = self.checkpoint().await?;
        let size = self.size_of(&checkpoint)?;
        let mut openings = Openings::default();
        let mut records = Vec::new();
        for seat in seats {
            let mut entries = Vec::new();
            for entry in self.chain(&seat).await?.entries() {
                if self.position(&entry.leaf).await? >= size {
                    break;
                }
                let sealed = openings.of(self, &entry.case, &entry.leaf).await?;
                let commitment: Commitment = open(key, "an entry of a seat", &sealed)?;
                entries.push(self.opened(&commitment, &checkpoint).await?);
            }
            records.push(SeatRecord {
                seat: seat.to_string(),
                entries,
            });
        }
        self.signed_record(&partner, checkpoint, records)
    }

    /// Signs a record of what stands under a checkpoint.
    pub(crate) fn signed_record(
        &self,
        partner: &PartnerId,
        checkpoint: String,
        seats: Vec<SeatRecord>,
    ) -> Result<Record, Failure> {
        let body = RecordBody {
            format: RECORD_FORMAT.to_owned(),
            program: self.config().program.clone(),
            log_key: self.config().log_key.clone(),
            partner: partner.to_string(),
            made_at: self.now().to_string(),
            checkpoint,
            seats,
        };
        let signature = self
            .signer()
            .sign(&body.signed_text())
            .map_err(|error| Failure::machine("signature", error.to_string()))?;
        Ok(Record { body, signature })
    }
}

/// The sealed openings of entries, case by case as they are needed.
#[derive(Default)]
pub(crate) struct Openings(BTreeMap<CaseId, BTreeMap<Leaf, Sealed>>);

impl Openings {
    pub(crate) async fn of(
        &mut self,
        desk: &Desk,
        case: &CaseId,
        leaf: &Leaf,
    ) -> Result<Sealed, Failure> {
        if !self.0.contains_key(case) {
            let mut openings = BTreeMap::new();
            for (_, _, fact) in desk.recorded(case).await? {
                match fact {
                    CaseFact::CopiesPressed { packages, .. } => {
                        let known = packages.into_iter();
                        openings.extend(known.filter_map(|own| Some((own.leaf, own.opening?))));
                    }
                    CaseFact::PackageFetched {
                        receipt,
                        opening: Some(opening),
                        ..
                    } => {
                        openings.insert(receipt, opening);
                    }
                    _ => {}
                }
            }
            self.0.insert(case.clone(), openings);
        }
        let opening = self.0.get(case).and_then(|known| known.get(leaf));
        opening.cloned().ok_or_else(|| {
            Failure::machine(
                "no-opening",
                format!("case {case} has no opening of `{leaf}`"),
            )
            .hint("restore a backup; `headstart log audit` names what was changed")
        })
    }
}
