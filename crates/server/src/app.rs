//! What all requests of one process share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, RwLock};

use desk::{Desk, State};
use domain::advisory::CaseDetails;
use domain::case::Case;
use domain::sealed::Digest;
use seal::ProgramKey;

use crate::Problem;
use crate::door::{Ceremonies, Sessions};
use crate::jobs::Jobs;
use crate::limits::Limits;
use crate::visit::Who;

/// Which side a process serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serving {
    /// Both sides.
    All,
    /// The program's side: it may hold the program key.
    Desk,
    /// The partners' side: it never holds the program key.
    Portal,
}

impl Serving {
    /// Whether the program's side is served.
    pub fn has_desk(self) -> bool {
        self != Self::Portal
    }

    /// Whether somebody is of a side that is served: on the portal a person of the program is nobody.
    pub fn serves(self, who: &Who) -> bool {
        match who {
            Who::Person { .. } => self.has_desk(),
            Who::Seat { .. } => self.has_portal(),
        }
    }

    /// Whether the partners' side is served.
    pub fn has_portal(self) -> bool {
        self != Self::Desk
    }
}

/// How a process serves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which side.
    pub serving: Serving,
    /// Scheme, host and port as browsers see them, such as `https://psirt.example`: passkeys are bound to it, and
    /// forms that come from elsewhere are refused.
    pub origin: String,
}

/// Cases whose details are kept opened.
const OPENED_MAX: usize = 4096;

/// What all requests share. Clones are cheap.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    desk: Desk,
    options: Options,
    key: RwLock<Option<Arc<ProgramKey>>>,
    /// What cases are about, opened while the key is unlocked, by the digest of what is sealed.
    about: Mutex<BTreeMap<Digest, Arc<CaseDetails>>>,
    sessions: Sessions,
    ceremonies: Ceremonies,
    limits: OnceLock<Limits>,
    jobs: Jobs,
}

impl App {
    /// An application over an open program. `key`: the program key, when it is unlocked at the start.
    ///
    /// A portal drops the key: nothing that it is asked can be answered with it.
    pub fn new(desk: Desk, options: Options, key: Option<ProgramKey>) -> Self {
        let key = key.filter(|_| options.serving.has_desk()).map(Arc::new);
        Self(Arc::new(Inner {
            sessions: Sessions::new(desk.clone()),
            ceremonies: Ceremonies::new(desk.clone(), &options.origin),
            limits: OnceLock::new(),
            desk,
            options,
            key: RwLock::new(key),
            about: Mutex::default(),
            jobs: Jobs::default(),
        }))
    }

    /// How this process serves.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// The program at this moment, and what its events tell.
    ///
    /// # Errors
    /// A clock that runs backwards, or a database that fails.
    pub async fn now(&self) -> Result<(Desk, State), Problem> {
        Ok(self.0.desk.renew_with_state().await?)
    }

    /// Who is signed in.
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Passkeys that are being made or shown.
    pub(crate) fn ceremonies(&self) -> &Ceremonies {
        &self.0.ceremonies
    }

    /// Sets how much is answered; it can be set once, before the first request.
    pub fn set_limits(&self, limits: Limits) {
        let _ = self.0.limits.set(limits);
    }

    /// How much is answered.
    pub(crate) fn limits(&self) -> &Limits {
        self.0.limits.get_or_init(Limits::default)
    }

    /// Long work.
    pub fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }

    /// Whether the program key is unlocked here.
    pub fn is_unlocked(&self) -> bool {
        self.held().is_some()
    }

    /// The program key.
    ///
    /// # Errors
    /// `locked`, with where to unlock it; on a portal, that it has none and gets none.
    pub fn key(&self) -> Result<Arc<ProgramKey>, Problem> {
        self.held().ok_or_else(|| match self.0.options.serving {
            Serving::Portal => Problem::new(
                403,
                "no-program-key",
                "this side never holds the program key",
            )
            .hint("ask at the desk"),
            _ => Problem::new(409, "locked", "the program key is locked")
                .hint("unlock it under Settings, or start with --passphrase-file"),
        })
    }

    /// Unlocks the program key with its passphrase.
    ///
    /// # Errors
    /// A wrong passphrase; a portal refuses every one.
    pub async fn unlock(&self, passphrase: zeroize::Zeroizing<String>) -> Result<(), Problem> {
        if !self.0.options.serving.has_desk() {
            self.key()?;
        }
        let desk = self.0.desk.clone();
        // scrypt is slow on purpose.
        let key = tokio::task::spawn_blocking(move || desk.unlock(&passphrase))
            .await
            .map_err(|_| Problem::machine("the key could not be opened"))??;
        *self
            .0
            .key
            .write()
            .unwrap_or_else(|poison| poison.into_inner()) = Some(Arc::new(key));
        Ok(())
    }

    /// Forgets the program key, and what was opened with it.
    pub fn lock(&self) {
        *self
            .0
            .key
            .write()
            .unwrap_or_else(|poison| poison.into_inner()) = None;
        self.opened().clear();
    }

    /// What a case is about: opened once, and kept until the key is locked.
    ///
    /// # Errors
    /// A key that is locked, or that does not open it.
    pub fn details(&self, case: &Case) -> Result<Arc<CaseDetails>, Problem> {
        let key = self.key()?;
        let place = Digest::of(case.details().ciphertext());
        if let Some(known) = self.opened().get(&place) {
            return Ok(known.clone());
        }
        let details = Arc::new(self.0.desk.details(case, &key)?);
        let mut opened = self.opened();
        if opened.len() >= OPENED_MAX {
            opened.clear();
        }
        // Nothing is kept for a key that was locked meanwhile.
        if self.is_unlocked() {
            opened.insert(place, details.clone());
        }
        Ok(details)
    }

    fn opened(&self) -> MutexGuard<'_, BTreeMap<Digest, Arc<CaseDetails>>> {
        // The map is whole whatever a thread did that held it.
        self.0
            .about
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
    }

    fn held(&self) -> Option<Arc<ProgramKey>> {
        self.0
            .key
            .read()
            .unwrap_or_else(|poison| poison.into_inner())
            .clone()
    }
}
