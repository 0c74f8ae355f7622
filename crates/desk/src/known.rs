//! What the events have told so far, kept between two requests of one process.
//!
//! A server asks the same questions again and again; replaying every event for each would take time that grows with
//! the life of the program. One short read says whether there are newer events, and only those are applied.
//! A decision that rests on it is committed with the versions that it rests on, and made anew where the database has
//! others.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::account::{ACCOUNT_PREFIX, AccountEvent, Accounts};
use domain::case::{Case, CaseEvent, CaseFact};
use domain::chain::{ChainEvent, ChainFact, Link};
use domain::ids::{CaseId, SeatId};
use domain::person::Actor;
use domain::program::{PROGRAM_STREAM, Program, ProgramEvent};
use jiff::Timestamp;
use store::{Batch, JOURNAL_PAGE_MAX, Recorded};

use crate::desk::{Loaded, read_clock, read_event, unknown_case};
use crate::{Desk, Failure};

/// The program and its cases, as of one place in the journal. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The place of the last event that is in here.
    pub sequence: u64,
    /// The program.
    pub program: Arc<Program>,
    /// By what people and seats sign in.
    pub accounts: Arc<Accounts>,
    /// Every case, by id.
    pub cases: Arc<BTreeMap<CaseId, Arc<Case>>>,
    /// How many events each stream has.
    versions: Arc<BTreeMap<String, u64>>,
    /// Where each seat's next entry stands.
    links: Arc<BTreeMap<SeatId, Link>>,
}

/// The newest state that this process has made.
#[derive(Debug, Default)]
pub(crate) struct Known {
    state: State,
    /// The latest time that any process had stored when this one last looked.
    latest: Option<Timestamp>,
}

/// One event of a case: when, by whom, and what.
pub type Deed = (Timestamp, Actor, CaseFact);

/// The histories of cases that were asked for, each as long as it was then: events are only ever added.
pub(crate) type Histories = BTreeMap<CaseId, Arc<Vec<Deed>>>;

/// Cases whose histories are kept.
const HISTORIES_MAX: usize = 64;

impl State {
    /// A case; `None` when there is none with this id.
    pub fn case(&self, id: &CaseId) -> Option<&Arc<Case>> {
        self.cases.get(id)
    }

    /// How many events a stream has, of the program, a case or a seat.
    pub(crate) fn version(&self, stream: &str) -> u64 {
        self.versions.get(stream).copied().unwrap_or(0)
    }

    /// Where the next entry of a seat's chain stands.
    pub(crate) fn link(&self, seat: &SeatId) -> Link {
        self.links.get(seat).copied().unwrap_or(Link::FIRST)
    }

    /// What a decision of a case is made on.
    pub(crate) fn loaded(&self, id: &CaseId) -> Result<Loaded, Failure> {
        Ok(Loaded {
            case: self.case(id).cloned().ok_or_else(|| unknown_case(id))?,
            version: self.version(&id.stream()),
            program: self.program.clone(),
        })
    }

    fn apply(&mut self, recorded: &Recorded) -> Result<(), Failure> {
        self.sequence = recorded.sequence;
        let versions = Arc::make_mut(&mut self.versions);
        versions.insert(recorded.stream.clone(), recorded.version);
        if let Some(seat) = recorded.stream.strip_prefix("seat/")
            && let Ok(seat) = SeatId::parse(seat)
        {
            let event: ChainEvent = read_event(recorded)?;
            let ChainFact::EntryMade { leaf, .. } = &event.fact;
            let link = self.link(&seat).next(leaf);
            Arc::make_mut(&mut self.links).insert(seat, link);
            return Ok(());
        }
        if recorded.stream == PROGRAM_STREAM {
            let event: ProgramEvent = read_event(recorded)?;
            Arc::make_mut(&mut self.program).apply(&event);
            Arc::make_mut(&mut self.accounts).apply_program(&event);
            return Ok(());
        }
        if recorded.stream.starts_with(ACCOUNT_PREFIX) {
            let event: AccountEvent = read_event(recorded)?;
            Arc::make_mut(&mut self.accounts).apply(&event);
            return Ok(());
        }
        let Some(id) = recorded.stream.strip_prefix("case/") else {
            return Ok(());
        };
        let Ok(id) = CaseId::parse(id) else {
            return Ok(());
        };
        let event: CaseEvent = read_event(recorded)?;
        let cases = Arc::make_mut(&mut self.cases);
        if let Some(case) = cases.get_mut(&id) {
            Arc::make_mut(case).apply(&event);
        } else if let Some(case) = Case::begin(&event) {
            cases.insert(id, Arc::new(case));
        }
        Ok(())
    }
}

impl Desk {
    /// The same program at this moment, and its state.
    ///
    /// # Errors
    /// A clock that runs backwards, a database that fails, or an event of a newer version.
    pub async fn renew_with_state(&self) -> Result<(Self, State), Failure> {
        let (newest, latest) = self.store().pulse().await?;
        let reading = read_clock(self.config().clock, latest, None)?;
        let desk = self.at(reading.now);
        let state = desk.state_up_to(newest).await?;
        let mut known = self.lock_known();
        known.latest = known.latest.max(latest);
        drop(known);
        Ok((desk, state))
    }

    /// The same as far as this process knows, without asking the database; `None` when it knows nothing.
    ///
    /// # Errors
    /// A clock that runs backwards.
    pub(crate) fn recent(&self) -> Result<Option<(Self, State)>, Failure> {
        let (state, latest) = {
            let known = self.lock_known();
            (known.state.clone(), known.latest)
        };
        if state.sequence == 0 {
            return Ok(None);
        }
        let reading = read_clock(self.config().clock, latest, None)?;
        Ok(Some((self.at(reading.now), state)))
    }

    /// Takes over what this process has just committed, whose first event has this place in the journal, unless
    /// others' events come before that are not known yet.
    pub(crate) fn learn(&self, batch: &Batch, first: Option<u64>) {
        let mut known = self.lock_known();
        if first != Some(known.state.sequence + 1) {
            return;
        }
        // Taken out, so that it is changed where it stands if nobody else holds it.
        let mut state = std::mem::take(&mut known.state);
        let events = batch.events.iter().zip(state.sequence + 1..);
        let mut learned = events.map(|(event, sequence)| Recorded {
            sequence,
            stream: event.stream.clone(),
            version: event.version,
            at: event.at,
            kind: event.kind.clone(),
            body: event.body.clone(),
        });
        if learned.all(|event| state.apply(&event).is_ok()) {
            known.state = state;
        }
        // Otherwise the next request reads the journal from its beginning, and says what is wrong.
    }

    /// The newest state.
    ///
    /// # Errors
    /// A database that fails, or an event of a newer version.
    pub async fn state(&self) -> Result<State, Failure> {
        let (newest, _) = self.store().pulse().await?;
        self.state_up_to(newest).await
    }

    async fn state_up_to(&self, newest: u64) -> Result<State, Failure> {
        let known = self.known();
        if known.sequence >= newest {
            return Ok(known);
        }
        // One request reads what is new, and the others take it over from there.
        let _turn = self.shared().catching_up.lock().await;
        let mut state = self.known();
        if state.sequence >= newest {
            return Ok(state);
        }
        loop {
            let page = self
                .store()
                .journal(state.sequence, JOURNAL_PAGE_MAX)
                .await?;
            for recorded in &page {
                state.apply(recorded)?;
            }
            if (page.len() as u64) < JOURNAL_PAGE_MAX {
                break;
            }
        }
        self.keep_state(&state);
        Ok(state)
    }

    /// The newest state, when this process keeps one; a single command reads only the streams that it needs.
    ///
    /// # Errors
    /// As [`Desk::state`].
    pub(crate) async fn kept_state(&self) -> Result<Option<State>, Failure> {
        match self.known().sequence {
            0 => Ok(None),
            _ => self.state().await.map(Some),
        }
    }

    pub(crate) fn known_history(&self, id: &CaseId) -> Arc<Vec<Deed>> {
        self.histories().get(id).cloned().unwrap_or_default()
    }

    pub(crate) fn keep_history(&self, id: &CaseId, history: &Arc<Vec<Deed>>) {
        let mut kept = self.histories();
        if kept.len() >= HISTORIES_MAX && !kept.contains_key(id) {
            kept.clear();
        }
        let is_newer = kept.get(id).is_none_or(|known| known.len() < history.len());
        if is_newer {
            kept.insert(id.clone(), history.clone());
        }
    }

    fn histories(&self) -> std::sync::MutexGuard<'_, Histories> {
        // The map is whole whatever a thread did that held it.
        let histories = self.shared().histories.lock();
        histories.unwrap_or_else(|poison| poison.into_inner())
    }

    /// What this process knows, however old.
    pub(crate) fn known(&self) -> State {
        self.lock_known().state.clone()
    }

    fn lock_known(&self) -> std::sync::MutexGuard<'_, Known> {
        let known = self.shared().known.lock();
        // A thread that panicked while it held the lock left a whole state or none: it is put in place in one step, and
        // where there is none the journal is read from its beginning.
        known.unwrap_or_else(|poison| poison.into_inner())
    }

    fn keep_state(&self, state: &State) {
        let mut known = self.lock_known();
        if known.state.sequence < state.sequence {
            known.state = state.clone();
        }
    }
}
