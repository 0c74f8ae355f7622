//! A seat fetches its package: refused with a reason, or logged before the first byte.
//!
//! Many seats come at the same moment, when a wave opens. Each needs its receipt on the disk before its bytes may leave,
//! so those who wait while one is served are served together, with one transaction. When their receipts are signed for is
//! said in `signing.rs`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::case::CaseEvent;
use domain::chain::{Chain, Given, Link};
use domain::commitment::{Commitment, Leaf};
use domain::decide::{CaseCommand, Context};
use domain::explain::Explain;
use domain::ids::{BlobId, CaseId, SeatId};
use domain::open::{Denial, Open, open};
use domain::package::{Package, deliver};
use domain::person::Actor;
use domain::program::PROGRAM_STREAM;
use domain::sealed::{Digest, Sealed};
use flow::delivery::Delivery;
use jiff::Timestamp;
use store::Batch;
use tlog::Logged;
use tokio::sync::oneshot;

use crate::config::random;
use crate::desk::{Beside, Loaded, too_busy};
use crate::known::State;
use crate::ledger::{note, unconfirmed};
use crate::records::seal_opening;
use crate::sealers::reader_of;
use crate::{Desk, Failure};

/// A package that may be given, now that its receipt is in the log.
#[derive(Clone)]
pub struct Fetched {
    /// The age file.
    pub bytes: Vec<u8>,
    /// Its digest.
    pub sha256: Digest,
    /// When the fetch was granted.
    pub at: Timestamp,
    /// Where the receipt stands in the log.
    pub receipt_index: u64,
    /// The package's entry in the log.
    entry: Leaf,
    /// The receipt, opened.
    receipt: Commitment,
}

impl std::fmt::Debug for Fetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Fetched({}, receipt {})",
            self.sha256, self.receipt_index
        )
    }
}

/// How often a group is decided anew when another process wrote first.
const CONFLICTS_MAX: usize = 50;

/// Seats that are served with one transaction, at most.
const GROUP_MAX: usize = 64;

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
    /// The time of the request.
    at: Timestamp,
    receipt: Option<Receipt>,
    answer: oneshot::Sender<Result<Fetched, Failure>>,
}

/// A package that a seat may have, known to be in the log.
struct May {
    opened: Open,
    logged: Logged<Package>,
    blob: BlobId,
}

/// A receipt, sealed to the program and the seat.
struct Receipt {
    /// Its place in the seat's chain.
    link: Link,
    /// The package that it is of.
    blob: BlobId,
    /// When the fetch was granted.
    at: Timestamp,
    opened: Commitment,
    reader: String,
    sealed: Sealed,
}

/// What is written when seats are served, and the answer to each, in order.
struct Served {
    batch: Batch,
    answers: Vec<Result<Granted, Failure>>,
}

/// A seat that may have its package, once its receipt is in the log.
struct Granted {
    may: May,
    receipt: Receipt,
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
    /// When this returns, the receipt has its place in the log for good and is on the disk. Where the program has named
    /// witnesses, they were asked to cosign a checkpoint over it; where it has none, a signature that nobody else sees
    /// would add nothing, and one follows within some milliseconds, or when [`Desk::delivery`] asks for it.
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
            at: self.now(),
            // Sealing takes longer than all else, and is done before it is this seat's turn.
            receipt: self.foreseen(id, seat),
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
            let (mut same, others): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|one| one.case == case);
            waiting = others;
            // Their packages are in memory until they are given.
            waiting.extend(same.split_off(same.len().min(GROUP_MAX)));
            let (mut seats, mut waiters) = (Vec::new(), Vec::new());
            let mut latest = self.now();
            for one in same {
                latest = latest.max(one.at);
                seats.push((one.seat, one.receipt));
                waiters.push(one.answer);
            }
            let answers = match self.serve(&case, &mut seats, latest).await {
                Ok(answers) => answers,
                Err(failure) => seats.iter().map(|_| Err(failure.clone())).collect(),
            };
            for (waiter, answer) in waiters.into_iter().zip(answers) {
                // Whoever asked may have gone away.
                let _ = waiter.send(answer);
            }
        }
    }

    /// One answer for each seat, in order, as of the time of the latest of them or later.
    async fn serve(
        &self,
        id: &CaseId,
        seats: &mut [(SeatId, Option<Receipt>)],
        latest: Timestamp,
    ) -> Result<Vec<Result<Fetched, Failure>>, Failure> {
        // Where all get their packages by what this process knows, the commit sees whether it knows the newest.
        if let Some((desk, state)) = self.recent()? {
            let desk = desk.at(desk.now().max(latest));
            if let Some(answers) = desk.try_serve(id, state, seats, true).await? {
                return Ok(answers);
            }
        }
        for _ in 0..CONFLICTS_MAX {
            let (desk, state) = self.renew_with_state().await?;
            // Whoever waited may have come later than whoever serves: it is never earlier than for any of them.
            let desk = desk.at(desk.now().max(latest));
            if let Some(answers) = desk.try_serve(id, state, seats, false).await? {
                return Ok(answers);
            }
        }
        Err(too_busy())
    }

    /// `None` when it must be decided anew: another process wrote first, or somebody is refused by a state that
    /// `may_be_old`.
    async fn try_serve(
        &self,
        id: &CaseId,
        state: State,
        seats: &mut [(SeatId, Option<Receipt>)],
        may_be_old: bool,
    ) -> Result<Option<Vec<Result<Fetched, Failure>>>, Failure> {
        let loaded = match state.loaded(id) {
            Err(_) if may_be_old => return Ok(None),
            loaded => loaded?,
        };
        let program = state.version(PROGRAM_STREAM);
        let asked = self
            .asked(&loaded, program, seats.iter().map(|(seat, _)| seat))
            .await?;
        if may_be_old && asked.iter().any(Result::is_err) {
            return Ok(None);
        }
        let blobs: Vec<BlobId> = asked.iter().flatten().map(|may| may.blob).collect();
        // Read while the rest is made: the bytes are in hand before a receipt says that they were given.
        let (bytes, served) = tokio::join!(self.blobs(&blobs), async {
            self.served(&loaded, &state, seats, asked)
        });
        let Served { batch, answers } = served?;
        let mut bytes = bytes?.into_iter();
        let gives = answers.iter().any(Result::is_ok);
        if gives {
            self.before_receipts().await?;
        }
        // CRASH: before, nothing happened; after, there are receipts of packages that were perhaps not given:
        // that errs on the safe side, since the seats may fetch again.
        let Some(placed) = self.committed_at(&batch).await? else {
            return Ok(None);
        };
        let is_watched = !loaded.program.watch().witnesses().is_empty();
        // What nobody holds any more is changed where it stands; else the whole case would be copied.
        drop((loaded, state));
        self.learn(&batch, placed.event);
        if gives && is_watched {
            self.integrate().await?;
        } else if gives {
            self.integrate_soon();
        }
        let first = placed.entry.unwrap_or(0);
        let mut places = first..;
        let given = answers.into_iter().map(|answer| {
            let Granted { may, receipt } = answer?;
            Ok(Fetched {
                entry: *may.logged.value().leaf(),
                bytes: bytes.next().ok_or_else(broken_off)?,
                sha256: receipt.blob.digest(),
                at: receipt.at,
                receipt_index: places.next().unwrap_or(first),
                receipt: receipt.opened,
            })
        });
        Ok(Some(given.collect()))
    }

    /// What is written when these seats are served, and the answer to each.
    fn served(
        &self,
        loaded: &Loaded,
        state: &State,
        seats: &mut [(SeatId, Option<Receipt>)],
        asked: Vec<Result<May, Denial>>,
    ) -> Result<Served, Failure> {
        let id = loaded.case.id();
        let mut events: Vec<CaseEvent> = Vec::new();
        let mut beside = Beside::default();
        let mut answers: Vec<Result<Granted, Failure>> = Vec::new();
        let mut links: BTreeMap<SeatId, Link> = BTreeMap::new();
        for ((seat, foreseen), asked) in seats.iter_mut().zip(asked) {
            let by = Actor::Seat(seat.clone());
            let context = self.context(&loaded.program, &by);
            match asked {
                Ok(may) => {
                    // The same seat may ask twice at once: its second receipt follows its first.
                    let known = links.get(seat).copied();
                    let link = known.unwrap_or_else(|| state.link(seat));
                    let receipt = match foreseen.take() {
                        Some(receipt) if self.still_holds(&receipt, loaded, seat, &may, link) => {
                            receipt
                        }
                        _ => self.receipt(loaded, seat, &may.opened, link)?,
                    };
                    let leaf = receipt.opened.leaf();
                    let command = CaseCommand::Fetch {
                        seat: seat.clone(),
                        receipt: leaf,
                        opening: Some(receipt.sealed.clone()),
                    };
                    events.extend(decided(loaded, command, &context)?);
                    let made = Chain::made(id, Given::Receipt, leaf, &by, self.now());
                    beside.leaves.push(leaf);
                    beside.chains.push((seat.clone(), link, made));
                    links.insert(seat.clone(), link.next(&leaf));
                    answers.push(Ok(Granted { may, receipt }));
                }
                Err(denial) => {
                    if let Some(command) = refusal(seat, &denial) {
                        events.extend(decided(loaded, command, &context)?);
                    }
                    answers.push(Err(Failure::from_refusal(denial)));
                }
            }
        }
        let mut batch = self.batch(&id.stream(), loaded.version, &events, beside)?;
        // A partner that was suspended meanwhile, or a rule that has changed, is an event of the program.
        let program = state.version(PROGRAM_STREAM);
        batch.supposes.push((PROGRAM_STREAM.to_owned(), program));
        Ok(Served { batch, answers })
    }

    /// For each seat, in order, whether it may have its package now, and then the package, known to be in the log.
    async fn asked(
        &self,
        loaded: &Loaded,
        program: u64,
        seats: impl Iterator<Item = &SeatId>,
    ) -> Result<Vec<Result<May, Denial>>, Failure> {
        let case = &loaded.case;
        let now = self.now();
        let asked: Vec<Result<(Open, Package), Denial>> = seats
            .map(|seat| {
                let opened = open(case, &loaded.program, self.policy(), seat, now)?;
                let not_pressed = || Denial::NotPressed { seat: seat.clone() };
                let package = case.package(seat).ok_or_else(not_pressed)?;
                Ok((opened, package))
            })
            .collect();
        let packages: Vec<Package> = asked
            .iter()
            .flatten()
            .map(|(_, package)| package.clone())
            .collect();
        if packages.is_empty() {
            let refused = asked.into_iter().filter_map(Result::err);
            return Ok(refused.map(Err).collect());
        }
        let mut logged = self
            .seen_in_log(loaded, program, packages)
            .await?
            .into_iter();
        let mut granted = Vec::new();
        for asked in asked {
            granted.push(match asked {
                Ok((opened, _)) => {
                    let logged = logged.next().ok_or_else(broken_off)?;
                    let blob = deliver(&logged, &opened)
                        .map_err(Failure::from_refusal)?
                        .blob();
                    Ok(May {
                        opened,
                        logged,
                        blob,
                    })
                }
                Err(denial) => Err(denial),
            });
        }
        Ok(granted)
    }

    /// The receipt that a fetch at this moment would have, by what this process knows; `None` where it knows nothing of
    /// it, or the seat gets nothing. Whether it still holds is seen when it is the seat's turn.
    fn foreseen(&self, id: &CaseId, seat: &SeatId) -> Option<Receipt> {
        let state = self.known();
        let loaded = state.loaded(id).ok()?;
        let opened = open(
            &loaded.case,
            &loaded.program,
            self.policy(),
            seat,
            self.now(),
        );
        self.receipt(&loaded, seat, &opened.ok()?, state.link(seat))
            .ok()
    }

    fn still_holds(
        &self,
        receipt: &Receipt,
        loaded: &Loaded,
        seat: &SeatId,
        may: &May,
        link: Link,
    ) -> bool {
        let reader = reader_of(loaded, seat);
        receipt.link == link
            && receipt.blob == may.opened.blob()
            && receipt.at <= may.opened.at()
            && reader.is_ok_and(|reader| reader == receipt.reader)
    }

    /// The receipt of a fetch at its place in the seat's chain.
    fn receipt(
        &self,
        loaded: &Loaded,
        seat: &SeatId,
        opened: &Open,
        link: Link,
    ) -> Result<Receipt, Failure> {
        let partner = loaded.program.seat(seat).map(|seat| seat.partner().clone());
        let partner = partner
            .ok_or_else(|| Failure::machine("seat", format!("there is no seat `{seat}`")))?;
        let case = loaded.case.id();
        let (blob, at) = (opened.blob(), opened.at());
        let leaf = flow::receive::receipt_leaf(case, &partner, seat, link, blob.digest(), at);
        let opened = Commitment::new(leaf.to_text().into_bytes(), random()?);
        Ok(Receipt {
            link,
            blob,
            at,
            sealed: seal_opening(&*self.sealer_to(loaded, seat)?, &opened)?,
            reader: reader_of(loaded, seat)?.to_owned(),
            opened,
        })
    }

    /// What shows that a package and its receipt are in the log; how it grew is added by [`Desk::grown`] for whoever has
    /// seen it before.
    ///
    /// # Errors
    /// A log that cannot be signed, or a database that fails.
    pub async fn delivery(&self, fetched: &Fetched) -> Result<Delivery, Failure> {
        self.integrate().await?;
        // With whatever cosignatures it has: whoever fetches must get a checkpoint that covers the receipt.
        let checkpoint = self.newest().await?;
        let trusted = self.trusted(&checkpoint, None)?;
        let leaves = [fetched.entry, fetched.receipt.leaf()];
        let proofs = self.proofs(&leaves, trusted.checkpoint().size()).await?;
        let [inclusion, receipt_inclusion] =
            <[_; 2]>::try_from(proofs).map_err(|_| broken_off())?;
        for (leaf, proof) in leaves.iter().zip([&inclusion, &receipt_inclusion]) {
            trusted.confirm(leaf, proof).map_err(unconfirmed)?;
        }
        Ok(Delivery {
            log_key: self.log_key(),
            entry: fetched.entry,
            inclusion,
            checkpoint: note(&checkpoint)?,
            grown: None,
            receipt: fetched.receipt.clone(),
            receipt_inclusion,
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
