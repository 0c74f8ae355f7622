//! A seat fetches its package: refused with a reason, or logged before the first byte.

use domain::chain::{Chain, Given};
use domain::commitment::Commitment;
use domain::decide::CaseCommand;
use domain::explain::Explain;
use domain::ids::{CaseId, SeatId};
use domain::open::{Denial, open};
use domain::package::deliver;
use domain::person::Actor;
use domain::sealed::Digest;
use flow::delivery::Delivery;
use jiff::Timestamp;

use crate::config::random;
use crate::desk::{Beside, Loaded, too_busy};
use crate::ledger::note;
use crate::{Desk, Failure};

/// A package that may be given, now that its receipt is in the log.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The age file.
    pub bytes: Vec<u8>,
    /// Its digest.
    pub sha256: Digest,
    /// When the fetch was granted.
    pub at: Timestamp,
    /// Where the receipt stands in the log.
    pub receipt_index: u64,
    /// That package and receipt are in the log; how it grew is added by [`Desk::grown`] for whoever has seen it before.
    pub delivery: Delivery,
}

/// How often a fetch is decided anew when another process wrote first.
const CONFLICTS_MAX: usize = 50;

impl Desk {
    /// Gives a seat its package, or refuses; a refusal is an event too.
    ///
    /// # Errors
    /// Exit class 3 before the wave, when suspended, or against policy: no byte is given.
    /// Exit class 4 when the log cannot be written: no byte is given either.
    pub async fn fetch(&self, id: &CaseId, seat: &SeatId) -> Result<Fetched, Failure> {
        for _ in 0..CONFLICTS_MAX {
            let loaded = self.load(id).await?;
            if let Some(fetched) = self.try_fetch(&loaded, seat).await? {
                return Ok(fetched);
            }
        }
        Err(too_busy())
    }

    /// Records that a seat was refused its package, where it is; a seat that may have it by now leaves nothing.
    ///
    /// # Errors
    /// An unknown case, or a database that fails.
    pub async fn refused_fetch(&self, id: &CaseId, seat: &SeatId) -> Result<(), Failure> {
        for _ in 0..CONFLICTS_MAX {
            let loaded = self.load(id).await?;
            let (case, program) = (&loaded.case, &loaded.program);
            let Err(denial) = open(case, program, self.policy(), seat, self.now()) else {
                return Ok(());
            };
            if self.note_refusal(&loaded, seat, &denial).await? {
                return Ok(());
            }
        }
        Err(too_busy())
    }

    async fn try_fetch(&self, loaded: &Loaded, seat: &SeatId) -> Result<Option<Fetched>, Failure> {
        let case = &loaded.case;
        let opened = match open(case, &loaded.program, self.policy(), seat, self.now()) {
            Ok(opened) => opened,
            Err(denial) => return self.refuse(loaded, seat, denial).await,
        };
        let Some(package) = case.package(seat) else {
            let denial = Denial::NotPressed { seat: seat.clone() };
            return self.refuse(loaded, seat, denial).await;
        };
        let quorum = loaded.program.watch().quorum();
        let checkpoint = match &quorum {
            // A package that was pressed while the witnesses were away is not under the published checkpoint yet.
            Some(_) => self.published_over(package.leaf()).await?,
            None => self.checkpoint().await?,
        };
        let logged = self
            .confirmed(package, &checkpoint, quorum.as_ref())
            .await?;
        self.before_growth().await?;
        let delivery = deliver(&logged, &opened).map_err(Failure::from_refusal)?;
        let bytes = self.blob(&delivery.blob()).await?;

        let partner = loaded
            .program
            .seat(seat)
            .map(|seat| seat.partner().clone())
            .ok_or_else(|| Failure::machine("seat", format!("there is no seat `{seat}`")))?;
        let recipient = self.recipient_of(loaded, seat)?;
        let sha256 = delivery.blob().digest();
        let chain = self.chain(seat).await?;
        let link = chain.next();
        let leaf =
            flow::receive::receipt_leaf(case.id(), &partner, seat, link, sha256, opened.at());
        let receipt = Commitment::new(leaf.to_text().into_bytes(), random()?);
        let command = CaseCommand::Fetch {
            seat: seat.clone(),
            receipt: receipt.leaf(),
            opening: Some(self.seal_opening(&receipt, &recipient)?),
        };
        let by = Actor::Seat(seat.clone());
        let made = Chain::made(case.id(), Given::Receipt, receipt.leaf(), &by, self.now());
        let beside = Beside {
            leaves: vec![receipt.leaf()],
            chains: vec![(seat.clone(), chain.len(), made)],
            ..Beside::default()
        };
        // CRASH: before, nothing happened; after, there is a receipt of a package that was perhaps not given:
        // that errs on the safe side, since the seat may fetch again.
        let decided = self.decide_case(loaded, command, &by, beside).await?;
        if decided.is_none() {
            return Ok(None);
        }
        self.integrate().await?;
        let checkpoint = self.newest().await?;
        let receipt_inclusion = self.proof(&receipt.leaf(), &checkpoint).await?;
        let receipt_index = receipt_inclusion.index;
        let delivery = Delivery {
            log_key: self.log_key(),
            entry: *logged.value().leaf(),
            inclusion: self.proof(logged.value().leaf(), &checkpoint).await?,
            checkpoint: note(&checkpoint)?,
            grown: None,
            receipt,
            receipt_inclusion,
        };
        Ok(Some(Fetched {
            delivery,
            bytes,
            sha256,
            at: opened.at(),
            receipt_index,
        }))
    }

    /// Records a refusal, and answers with it; `None` when everything must be decided anew.
    async fn refuse(
        &self,
        loaded: &Loaded,
        seat: &SeatId,
        denial: Denial,
    ) -> Result<Option<Fetched>, Failure> {
        match self.note_refusal(loaded, seat, &denial).await? {
            true => Err(Failure::from_refusal(denial)),
            false => Ok(None),
        }
    }

    /// Records a refusal; a seat that does not exist leaves no event in a case that it may not know of.
    async fn note_refusal(
        &self,
        loaded: &Loaded,
        seat: &SeatId,
        denial: &Denial,
    ) -> Result<bool, Failure> {
        if matches!(denial, Denial::UnknownSeat { .. }) {
            return Ok(true);
        }
        let command = CaseCommand::RefuseFetch {
            seat: seat.clone(),
            rule: denial.code().to_owned(),
        };
        let by = Actor::Seat(seat.clone());
        let decided = self
            .decide_case(loaded, command, &by, Beside::default())
            .await?;
        Ok(decided.is_some())
    }
}
