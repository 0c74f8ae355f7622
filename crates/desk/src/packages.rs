//! A seat fetches its package: refused with a reason, or logged before the first byte.
//!
//! Many seats come at the same moment, when a wave opens. Their receipts are entries of one log, and each needs the
//! log signed before its bytes may leave; so those who wait while one is served are served together, with one
//! transaction and one signature.

use std::sync::{Arc, Mutex};

use domain::case::CaseEvent;
use domain::chain::{Chain, Given};
use domain::commitment::Commitment;
use domain::decide::{CaseCommand, Context};
use domain::explain::Explain;
use domain::ids::{CaseId, SeatId};
use domain::open::{Denial, Open, open};
use domain::package::{Package, deliver};
use domain::person::Actor;
use domain::sealed::Digest;
use flow::delivery::Delivery;
use jiff::Timestamp;
use tlog::Logged;
use tokio::sync::oneshot;

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

/// How often a group is decided anew when another process wrote first.
const CONFLICTS_MAX: usize = 50;

/// Seats that wait for their packages, and whose turn it is to serve them.
#[derive(Default)]
pub(crate) struct Counter {
    waiting: Mutex<Vec<Waiting>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A seat that waits.
struct Waiting {
    case: CaseId,
    seat: SeatId,
    answer: oneshot::Sender<Result<Fetched, Failure>>,
}

/// A seat that may have its package, once its receipt is in the log.
struct Granted {
    opened: Open,
    logged: Logged<Package>,
    bytes: Vec<u8>,
    receipt: Commitment,
}

impl Counter {
    fn push(&self, waiting: Waiting) {
        self.lock().push(waiting);
    }

    fn take(&self) -> Vec<Waiting> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        // The list is whole whatever a thread did that held it.
        self.waiting
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
    }
}

impl Desk {
    /// Gives a seat its package, or refuses; a refusal is an event too.
    ///
    /// # Errors
    /// Exit class 3 before the wave, when suspended, or against policy: no byte is given.
    /// Exit class 4 when the log cannot be written: no byte is given either.
    pub async fn fetch(&self, id: &CaseId, seat: &SeatId) -> Result<Fetched, Failure> {
        let (answer, mut answered) = oneshot::channel();
        let counter = &self.shared().counter;
        counter.push(Waiting {
            case: id.clone(),
            seat: seat.clone(),
            answer,
        });
        tokio::select! {
            biased;
            answered = &mut answered => return answered.unwrap_or_else(|_| Err(broken_off())),
            turn = counter.turn.clone().lock_owned() => {
                let desk = self.clone();
                // A task of its own: a client that goes away must not leave others without an answer.
                tokio::spawn(async move {
                    desk.serve_waiting().await;
                    drop(turn);
                });
            }
        }
        answered.await.unwrap_or_else(|_| Err(broken_off()))
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
            let Some(command) = refusal(seat, &denial) else {
                return Ok(());
            };
            let by = Actor::Seat(seat.clone());
            let decided = self.decide_case(&loaded, command, &by, Beside::default());
            if decided.await?.is_some() {
                return Ok(());
            }
        }
        Err(too_busy())
    }

    /// Serves everybody who waits, case by case.
    async fn serve_waiting(&self) {
        let mut waiting = self.shared().counter.take();
        while let Some(first) = waiting.first() {
            let case = first.case.clone();
            let (same, others): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|one| one.case == case);
            waiting = others;
            let seats: Vec<SeatId> = same.iter().map(|one| one.seat.clone()).collect();
            let answers = match self.serve(&case, &seats).await {
                Ok(answers) => answers,
                Err(failure) => seats.iter().map(|_| Err(failure.clone())).collect(),
            };
            for (one, answer) in same.into_iter().zip(answers) {
                // Whoever asked may have gone away.
                let _ = one.answer.send(answer);
            }
        }
    }

    /// One answer for each seat, in order.
    async fn serve(
        &self,
        id: &CaseId,
        seats: &[SeatId],
    ) -> Result<Vec<Result<Fetched, Failure>>, Failure> {
        // Whoever waited may have come later than whoever serves: it is never earlier than for any of them.
        let desk = self.renew().await?;
        for _ in 0..CONFLICTS_MAX {
            let loaded = desk.load(id).await?;
            if let Some(answers) = desk.try_serve(&loaded, seats).await? {
                return Ok(answers);
            }
        }
        Err(too_busy())
    }

    async fn try_serve(
        &self,
        loaded: &Loaded,
        seats: &[SeatId],
    ) -> Result<Option<Vec<Result<Fetched, Failure>>>, Failure> {
        let mut events: Vec<CaseEvent> = Vec::new();
        let mut beside = Beside::default();
        let mut answers: Vec<Result<Granted, Failure>> = Vec::new();
        let mut chains: Vec<(SeatId, Chain)> = Vec::new();
        for seat in seats {
            let by = Actor::Seat(seat.clone());
            let context = self.context(&loaded.program, &by);
            match self.grant(loaded, seat).await? {
                Ok((opened, logged, bytes)) => {
                    let receipt = self
                        .receipt(loaded, seat, &opened, &mut chains, &mut beside)
                        .await?;
                    let command = CaseCommand::Fetch {
                        seat: seat.clone(),
                        receipt: receipt.leaf(),
                        opening: Some(
                            self.seal_opening(&receipt, &self.recipient_of(loaded, seat)?)?,
                        ),
                    };
                    events.extend(decided(loaded, command, &context)?);
                    answers.push(Ok(Granted {
                        opened,
                        logged,
                        bytes,
                        receipt,
                    }));
                }
                Err(denial) => {
                    if let Some(command) = refusal(seat, &denial) {
                        events.extend(decided(loaded, command, &context)?);
                    }
                    answers.push(Err(Failure::from_refusal(denial)));
                }
            }
        }
        let gives = answers.iter().any(Result::is_ok);
        if gives {
            self.before_growth().await?;
        }
        // CRASH: before, nothing happened; after, there are receipts of packages that were perhaps not given:
        // that errs on the safe side, since the seats may fetch again.
        let batch = self.batch(&loaded.case.id().stream(), loaded.version, &events, beside)?;
        if !self.committed(batch).await? {
            return Ok(None);
        }
        let checkpoint = match gives {
            true => {
                self.integrate().await?;
                self.newest().await?
            }
            false => String::new(),
        };
        let mut given = Vec::new();
        for answer in answers {
            given.push(match answer {
                Ok(granted) => self.given(granted, &checkpoint).await,
                Err(failure) => Err(failure),
            });
        }
        Ok(Some(given))
    }

    /// Whether a seat may have its package now, and then the package, known to be in the log.
    async fn grant(
        &self,
        loaded: &Loaded,
        seat: &SeatId,
    ) -> Result<Result<(Open, Logged<Package>, Vec<u8>), Denial>, Failure> {
        let case = &loaded.case;
        let opened = match open(case, &loaded.program, self.policy(), seat, self.now()) {
            Ok(opened) => opened,
            Err(denial) => return Ok(Err(denial)),
        };
        let Some(package) = case.package(seat) else {
            return Ok(Err(Denial::NotPressed { seat: seat.clone() }));
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
        let delivery = deliver(&logged, &opened).map_err(Failure::from_refusal)?;
        let bytes = self.blob(&delivery.blob()).await?;
        Ok(Ok((opened, logged, bytes)))
    }

    /// The receipt of a fetch, with its place in the seat's chain; its leaf goes beside the events.
    async fn receipt(
        &self,
        loaded: &Loaded,
        seat: &SeatId,
        opened: &Open,
        chains: &mut Vec<(SeatId, Chain)>,
        beside: &mut Beside,
    ) -> Result<Commitment, Failure> {
        let partner = loaded.program.seat(seat).map(|seat| seat.partner().clone());
        let partner = partner
            .ok_or_else(|| Failure::machine("seat", format!("there is no seat `{seat}`")))?;
        // The same seat may ask twice at once: its second receipt follows its first.
        let known = chains.iter().position(|(known, _)| known == seat);
        let place = match known {
            Some(place) => place,
            None => {
                chains.push((seat.clone(), self.chain(seat).await?));
                chains.len() - 1
            }
        };
        let chain = &mut chains[place].1;
        let case = loaded.case.id();
        let sha256 = opened.blob().digest();
        let leaf =
            flow::receive::receipt_leaf(case, &partner, seat, chain.next(), sha256, opened.at());
        let receipt = Commitment::new(leaf.to_text().into_bytes(), random()?);
        let by = Actor::Seat(seat.clone());
        let made = Chain::made(case, Given::Receipt, receipt.leaf(), &by, self.now());
        beside.leaves.push(receipt.leaf());
        beside
            .chains
            .push((seat.clone(), chain.len(), made.clone()));
        chain.apply(&made);
        Ok(receipt)
    }

    /// What a seat is given, now that its receipt is in the log.
    async fn given(&self, granted: Granted, checkpoint: &str) -> Result<Fetched, Failure> {
        let leaf = *granted.logged.value().leaf();
        let receipt_inclusion = self.proof(&granted.receipt.leaf(), checkpoint).await?;
        let receipt_index = receipt_inclusion.index;
        let delivery = Delivery {
            log_key: self.log_key(),
            entry: leaf,
            inclusion: self.proof(&leaf, checkpoint).await?,
            checkpoint: note(checkpoint)?,
            grown: None,
            receipt: granted.receipt,
            receipt_inclusion,
        };
        Ok(Fetched {
            delivery,
            bytes: granted.bytes,
            sha256: granted.opened.blob().digest(),
            at: granted.opened.at(),
            receipt_index,
        })
    }
}

/// What is recorded of a refusal; a seat that does not exist leaves no event in a case that it may not know of.
fn refusal(seat: &SeatId, denial: &Denial) -> Option<CaseCommand> {
    match denial {
        Denial::UnknownSeat { .. } => None,
        known => Some(CaseCommand::RefuseFetch {
            seat: seat.clone(),
            rule: known.code().to_owned(),
        }),
    }
}

fn decided(
    loaded: &Loaded,
    command: CaseCommand,
    context: &Context<'_>,
) -> Result<Vec<CaseEvent>, Failure> {
    loaded
        .case
        .decide(command, context)
        .map_err(Failure::from_refusal)
}

fn broken_off() -> Failure {
    Failure::machine("broken-off", "the fetch was broken off")
        .hint("fetch again: nothing was given without being logged")
}
