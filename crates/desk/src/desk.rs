//! An open program: its store, its clock, its log key, and the loop of load, decide, commit.

use domain::case::{Case, CaseEvent};
use domain::chain::{self, Chain, ChainEvent, Link};
use domain::clock::{Clock, Reading};
use domain::decide::{CaseCommand, Context};
use domain::explain::Explain;
use domain::ids::{CaseId, SeatId};
use domain::package::Package;
use domain::person::Actor;
use domain::policy::Policy;
use domain::program::{Program, ProgramCommand, ProgramEvent, ProgramFact};
use jiff::Timestamp;
use seal::{ProgramKey, ProgramRecipient};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use store::{Batch, CommitError, LogError, NewEvent, Placed, Recorded, Store, StoreError};

use tlog::{Logged, Signer, Verifier};

use crate::Failure;
use crate::config::{ClockKind, Config, DataDir, unreadable};
use crate::known::{Histories, Known};
use crate::packages::Counter;
use crate::sealers::Sealers;
use crate::seen::Seen;

/// How often a decision is made anew when another process wrote first.
const CONFLICTS_MAX: usize = 20;

/// An open program at one moment. Clones are cheap, and share everything but the moment.
#[derive(Clone)]
pub struct Desk {
    shared: Arc<Shared>,
    now: Timestamp,
    by: Actor,
}

/// What does not change from one moment to the next.
pub(crate) struct Shared {
    dir: DataDir,
    config: Config,
    store: Store,
    signer: Signer,
    recipient: ProgramRecipient,
    policy: Policy,
    /// Whether the witnesses were asked before this process grew the log.
    is_checked: AtomicBool,
    /// What the events told up to a place in the journal.
    pub(crate) known: Mutex<Known>,
    /// Held by the request that reads what is new.
    pub(crate) catching_up: tokio::sync::Mutex<()>,
    /// What happened in cases that were asked for.
    pub(crate) histories: Mutex<Histories>,
    /// Seats that wait for their packages.
    pub(crate) counter: Counter,
    /// Packages that this process has seen in the log.
    pub(crate) seen: Mutex<Seen>,
    /// What seals to seats that fetched a moment ago.
    pub(crate) sealers: Mutex<Sealers>,
    /// Whether receipts wait for a signature.
    pub(crate) is_signing: AtomicBool,
    /// Whether the last signature over receipts failed.
    pub(crate) is_behind: AtomicBool,
}

/// What a decision of a case is made on.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) case: Arc<Case>,
    pub(crate) version: u64,
    pub(crate) program: Arc<Program>,
}

/// What goes into one transaction beside the events of a decision.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Blobs, by their bytes.
    pub(crate) blobs: Vec<Vec<u8>>,
    /// Leaves to stage.
    pub(crate) leaves: Vec<domain::commitment::Leaf>,
    /// The case's record in the index of pressed cases.
    pub(crate) index: Option<Vec<u8>>,
    /// Settings by name.
    pub(crate) meta: Vec<(String, String)>,
    /// New entries of seats' chains, each with its place.
    pub(crate) chains: Vec<(SeatId, Link, ChainEvent)>,
}

impl Desk {
    /// Opens a data directory. `now`: what `--now` said, for a test clock.
    ///
    /// Leaves that a killed process staged are integrated here, before anything else happens.
    ///
    /// # Errors
    /// A missing or broken directory, a clock that runs backwards, a database that fails.
    pub async fn open(dir: DataDir, now: Option<Timestamp>) -> Result<Self, Failure> {
        let config = dir.read_config()?;
        let store = Store::open(dir.database()).await?;
        let latest = store.latest_time().await?;
        let reading = read_clock(config.clock, latest, now)?;
        if reading.keep && latest.is_none_or(|latest| latest < reading.now) {
            store.see_time(reading.now).await?;
        }
        let path = dir.log_key();
        let secret = zeroize::Zeroizing::new(
            std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?,
        );
        let signer = Signer::parse(secret.trim()).map_err(|error| {
            Failure::machine("broken-log-key", format!("`{}`: {error}", path.display()))
                .hint("restore it from a backup; without it nothing can be logged")
        })?;
        config.check(&signer.verifier())?;
        check_founding(&config, &store).await?;
        let recipient = ProgramRecipient::parse(&config.recipient).map_err(|error| {
            Failure::machine("broken-config", format!("the program's recipient: {error}"))
                .hint("restore config.json from a backup")
        })?;
        let desk = Self {
            shared: Arc::new(Shared {
                dir,
                config,
                store,
                signer,
                recipient,
                policy: Policy::default(),
                is_checked: AtomicBool::new(false),
                known: Mutex::default(),
                catching_up: tokio::sync::Mutex::default(),
                histories: Mutex::default(),
                counter: Counter::default(),
                seen: Mutex::default(),
                sealers: Mutex::default(),
                is_signing: AtomicBool::new(false),
                is_behind: AtomicBool::new(false),
            }),
            now: reading.now,
            by: Actor::Desk,
        };
        if desk.store().staged().await? > 0 {
            match desk.integrate().await {
                // The log is not this database's to grow. What only reads must still say so, and each verb that
                // needs the log fails with the same reason.
                Err(failure) if is_other_history(&failure) => {}
                integrated => integrated?,
            }
        }
        Ok(desk)
    }

    /// The same program at this moment, for a process that lives longer than one command.
    ///
    /// # Errors
    /// A clock that runs backwards, or a database that fails.
    pub async fn renew(&self) -> Result<Self, Failure> {
        Ok(self.renew_with_state().await?.0)
    }

    /// The time of this command, UTC.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The data directory.
    pub fn dir(&self) -> &DataDir {
        &self.shared.dir
    }

    /// The public facts of the data directory.
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// The published log key.
    pub fn log_key(&self) -> Verifier {
        self.shared.signer.verifier()
    }

    /// Opens the program key.
    ///
    /// # Errors
    /// A wrong passphrase, or a key file that is missing or damaged.
    pub fn unlock(&self, passphrase: &str) -> Result<ProgramKey, Failure> {
        let path = self.shared.dir.program_key();
        let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
        ProgramKey::unlock(&bytes, passphrase).map_err(|error| {
            let failure = Failure::usage("program-key", format!("`{}`: {error}", path.display()));
            failure.hint(error.hint())
        })
    }

    /// The program as its events tell it.
    ///
    /// # Errors
    /// A database that fails, or an event of a newer version.
    pub async fn program(&self) -> Result<Program, Failure> {
        Ok(self.load_program().await?.0)
    }

    /// A case as its events tell it.
    ///
    /// # Errors
    /// An unknown case, a database that fails, or an event of a newer version.
    pub async fn case(&self, id: &CaseId) -> Result<Case, Failure> {
        Ok(self.load_case(id).await?.0)
    }

    /// Every case, by id.
    ///
    /// # Errors
    /// A database that fails, or an event of a newer version.
    pub async fn cases(&self) -> Result<Vec<Case>, Failure> {
        let mut cases = Vec::new();
        for id in self.case_ids().await? {
            cases.push(self.case(&id).await?);
        }
        Ok(cases)
    }

    /// The ids of all cases.
    pub(crate) async fn case_ids(&self) -> Result<Vec<CaseId>, Failure> {
        let streams = self.store().streams("case/").await?;
        let ids = streams.iter().filter_map(|(stream, _)| {
            let id = stream.strip_prefix("case/")?;
            CaseId::parse(id).ok()
        });
        Ok(ids.collect())
    }

    /// Decides a command of the program and stores what follows from it.
    ///
    /// # Errors
    /// The refusal, or a database that fails.
    pub async fn decide(
        &self,
        command: ProgramCommand,
        by: &Actor,
    ) -> Result<Vec<ProgramEvent>, Failure> {
        for _ in 0..CONFLICTS_MAX {
            let (program, version) = self.load_program().await?;
            let events = program
                .decide(command.clone(), by, self.now)
                .map_err(Failure::from_refusal)?;
            let batch = self.batch(
                domain::program::PROGRAM_STREAM,
                version,
                &events,
                Beside::default(),
            )?;
            if self.committed(batch).await? {
                return Ok(events);
            }
        }
        Err(too_busy())
    }

    /// Decides a command of a case and stores what follows from it, together with `beside`.
    /// `None` when another process wrote first and everything must be decided anew.
    ///
    /// # Errors
    /// The refusal, or a database that fails.
    pub(crate) async fn decide_case(
        &self,
        loaded: &Loaded,
        command: CaseCommand,
        by: &Actor,
        beside: Beside,
    ) -> Result<Option<Vec<CaseEvent>>, Failure> {
        self.decide_logged(loaded, command, by, beside, &[]).await
    }

    /// As [`Desk::decide_case`], with packages that are known to be in the log.
    pub(crate) async fn decide_logged(
        &self,
        loaded: &Loaded,
        command: CaseCommand,
        by: &Actor,
        beside: Beside,
        logged: &[Logged<Package>],
    ) -> Result<Option<Vec<CaseEvent>>, Failure> {
        let context = Context {
            logged,
            ..self.context(&loaded.program, by)
        };
        let events = loaded
            .case
            .decide(command, &context)
            .map_err(Failure::from_refusal)?;
        let stream = loaded.case.id().stream();
        let batch = self.batch(&stream, loaded.version, &events, beside)?;
        Ok(self.committed(batch).await?.then_some(events))
    }

    /// Decides a command of a case with nothing beside it, and decides anew when another process wrote first.
    ///
    /// # Errors
    /// The refusal, or a database that fails.
    pub async fn command(
        &self,
        id: &CaseId,
        command: CaseCommand,
        by: &Actor,
    ) -> Result<Vec<CaseEvent>, Failure> {
        for _ in 0..CONFLICTS_MAX {
            let loaded = self.load(id).await?;
            let logged = match command {
                CaseCommand::OpenWaves => self.logged_for_waves(&loaded).await?,
                _ => Vec::new(),
            };
            let decided = self
                .decide_logged(&loaded, command.clone(), by, Beside::default(), &logged)
                .await?;
            if let Some(events) = decided {
                return Ok(events);
            }
        }
        Err(too_busy())
    }

    /// A case, the program, and the versions on which a decision is made.
    pub(crate) async fn load(&self, id: &CaseId) -> Result<Loaded, Failure> {
        if let Some(state) = self.kept_state().await? {
            return state.loaded(id);
        }
        let (case, version) = self.load_case(id).await?;
        let program = self.program().await?;
        Ok(Loaded {
            case: Arc::new(case),
            version,
            program: Arc::new(program),
        })
    }

    /// What a decision of a case depends on beside the case.
    pub(crate) fn context<'a>(&'a self, program: &'a Program, by: &'a Actor) -> Context<'a> {
        Context {
            program,
            policy: &self.shared.policy,
            by,
            now: self.now,
            logged: &[],
        }
    }

    /// Stores the first events of a new stream, or says that somebody else made it.
    pub(crate) async fn found(
        &self,
        stream: &str,
        events: &[CaseEvent],
        beside: Beside,
    ) -> Result<bool, Failure> {
        let batch = self.batch(stream, 0, events, beside)?;
        self.committed(batch).await
    }

    pub(crate) async fn load_program(&self) -> Result<(Program, u64), Failure> {
        let events: Vec<ProgramEvent> = self.events(domain::program::PROGRAM_STREAM).await?;
        Ok((Program::replay(&events), events.len() as u64))
    }

    pub(crate) async fn load_case(&self, id: &CaseId) -> Result<(Case, u64), Failure> {
        let events: Vec<CaseEvent> = self.events(&id.stream()).await?;
        let version = events.len() as u64;
        if events.is_empty() {
            return Err(unknown_case(id));
        }
        let case = Case::replay(&events)
            .map_err(|error| Failure::machine("damaged-case", format!("case `{id}`: {error}")))?;
        Ok((case, version))
    }

    /// Everything that the log ever got for one seat.
    ///
    /// # Errors
    /// A database that fails, or an event of a newer version.
    pub async fn chain(&self, seat: &SeatId) -> Result<Chain, Failure> {
        let events: Vec<ChainEvent> = self.events(&chain::stream(seat)).await?;
        Ok(Chain::replay(&events))
    }

    /// Where the next entry of a seat's chain stands.
    pub(crate) async fn link(&self, seat: &SeatId) -> Result<Link, Failure> {
        match self.kept_state().await? {
            Some(state) => Ok(state.link(seat)),
            None => Ok(self.chain(seat).await?.next()),
        }
    }

    /// The program as its events tell it, from what this process keeps where it keeps something.
    pub(crate) async fn current_program(&self) -> Result<Arc<Program>, Failure> {
        match self.kept_state().await? {
            Some(state) => Ok(state.program),
            None => Ok(Arc::new(self.program().await?)),
        }
    }

    pub(crate) async fn events<E: DeserializeOwned>(
        &self,
        stream: &str,
    ) -> Result<Vec<E>, Failure> {
        self.events_after(stream, 0).await
    }

    /// The events of a stream after so many.
    pub(crate) async fn events_after<E: DeserializeOwned>(
        &self,
        stream: &str,
        after: u64,
    ) -> Result<Vec<E>, Failure> {
        let recorded = self.store().events(stream, after).await?;
        recorded.iter().map(read_event).collect()
    }

    /// The next events of a stream and what belongs to them, as one transaction.
    pub(crate) fn batch<E: Serialize>(
        &self,
        stream: &str,
        version: u64,
        events: &[E],
        beside: Beside,
    ) -> Result<Batch, Failure> {
        let mut batch = Batch {
            seen_at: Some(self.now),
            ..Batch::default()
        };
        for (event, version) in events.iter().zip(version + 1..) {
            let body = serde_json::to_value(event).map_err(unwritable_event)?;
            batch.events.push(NewEvent {
                stream: stream.to_owned(),
                version,
                at: self.now,
                kind: body["type"].as_str().unwrap_or("event").to_owned(),
                body: body.to_string(),
            });
        }
        // A seat's chain is a stream of its own: whoever decided on an older state of it is refused, like the case's.
        for (seat, link, event) in beside.chains {
            let body = serde_json::to_value(&event).map_err(unwritable_event)?;
            batch.events.push(NewEvent {
                stream: chain::stream(&seat),
                version: link.ordinal,
                at: self.now,
                kind: body["type"].as_str().unwrap_or("event").to_owned(),
                body: body.to_string(),
            });
        }
        for bytes in beside.blobs {
            batch.blobs.push((store::blob_id(&bytes), bytes));
        }
        for leaf in beside.leaves {
            batch.leaves.push(leaf.entry_bytes());
        }
        if let Some(record) = beside.index {
            batch.index.push((stream.to_owned(), record));
        }
        batch.meta = beside.meta;
        Ok(batch)
    }

    /// Commits; `false` when another process wrote to the stream first and the decision must be made anew.
    pub(crate) async fn committed(&self, batch: Batch) -> Result<bool, Failure> {
        Ok(self.committed_at(&batch).await?.is_some())
    }

    /// The same, with where the batch stands; `None` when the decision must be made anew.
    pub(crate) async fn committed_at(&self, batch: &Batch) -> Result<Option<Placed>, Failure> {
        if batch.events.is_empty() {
            return Ok(Some(Placed::default()));
        }
        match self.store().commit_placed(batch).await {
            Ok(placed) => Ok(Some(placed)),
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn is_checked(&self) -> bool {
        self.shared.is_checked.load(Ordering::Relaxed)
    }

    pub(crate) fn set_checked(&self) {
        self.shared.is_checked.store(true, Ordering::Relaxed);
    }

    /// The policy that decides who may have what.
    pub fn policy(&self) -> &Policy {
        &self.shared.policy
    }

    pub(crate) fn at(&self, now: Timestamp) -> Self {
        Self {
            shared: self.shared.clone(),
            now,
            by: self.by.clone(),
        }
    }

    /// The same program at the same moment, with somebody else at the desk: what its verbs record is theirs.
    ///
    /// Verbs that take an actor of their own record that one.
    #[must_use]
    pub fn acting(&self, by: Actor) -> Self {
        Self { by, ..self.clone() }
    }

    /// Who is at the desk: [`Actor::Desk`] unless [`Desk::acting`] said otherwise.
    pub fn by(&self) -> &Actor {
        &self.by
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The store, for what is no event: tickets.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    pub(crate) fn signer(&self) -> &Signer {
        &self.shared.signer
    }

    pub(crate) fn recipient(&self) -> &ProgramRecipient {
        &self.shared.recipient
    }
}

/// That the configuration says of the program what its first event says.
async fn check_founding(config: &Config, store: &Store) -> Result<(), Failure> {
    let Some(first) = store.journal(0, 1).await?.pop() else {
        return Ok(());
    };
    let event: ProgramEvent = read_event(&first)?;
    let ProgramFact::ProgramFounded { name, test_clock } = event.fact else {
        return Ok(());
    };
    let is_test = config.clock == ClockKind::Test;
    if (name.as_str(), test_clock) == (config.program.as_str(), is_test) {
        return Ok(());
    }
    Err(Config::broken(&format!(
        "the program in the database is `{name}`, or runs by another clock"
    )))
}

pub(crate) fn read_clock(
    kind: ClockKind,
    latest: Option<Timestamp>,
    told: Option<Timestamp>,
) -> Result<Reading, Failure> {
    let clock = match kind {
        ClockKind::System => Clock::Machine { latest },
        ClockKind::Test => Clock::Test { latest },
    };
    clock
        .read(Timestamp::now(), told)
        .map_err(Failure::from_refusal)
}

/// Whether a witness showed a history that this database does not have.
pub(crate) fn is_other_history(failure: &Failure) -> bool {
    matches!(failure.code.as_str(), "log-rolled-back" | "log-forked")
}

pub(crate) fn unknown_case(id: &CaseId) -> Failure {
    Failure::usage("unknown-case", format!("there is no case `{id}`"))
        .hint("`headstart case list` shows the cases")
}

pub(crate) fn too_busy() -> Failure {
    Failure::machine("busy", "other processes kept changing the same thing")
        .hint("try again in a moment")
}

pub(crate) fn read_event<E: DeserializeOwned>(recorded: &Recorded) -> Result<E, Failure> {
    serde_json::from_str(&recorded.body).map_err(|error| {
        Failure::machine(
            "unreadable-event",
            format!(
                "event {} of `{}` cannot be read: {error}",
                recorded.version, recorded.stream
            ),
        )
        .hint("it may be of a newer version of headstart; use that one")
    })
}

fn unwritable_event(error: serde_json::Error) -> Failure {
    Failure::machine("unwritable-event", error.to_string())
}

impl Failure {
    /// A refusal of the domain.
    pub fn from_refusal(refusal: impl Explain) -> Self {
        let failure = match refusal.class() {
            domain::explain::Class::Usage => Self::usage(refusal.code(), refusal.to_string()),
            domain::explain::Class::NotAllowed => {
                Self::not_allowed(refusal.code(), refusal.to_string())
            }
        };
        failure.hint(refusal.hint())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::machine("store", error.to_string()).hint(error.hint())
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self::machine("log", error.to_string()).hint(error.hint())
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        Self::machine("store", error.to_string()).hint(error.hint())
    }
}
