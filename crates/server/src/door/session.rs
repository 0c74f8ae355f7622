//! Sessions: a random cookie, its digest in the database, and a short memory so that not every request asks for it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use desk::Desk;
use domain::person::Actor;
use domain::program::Program;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::Ticket;

use crate::Problem;
use crate::visit::{Who, cookie};

/// The cookie. `__Host-`: only over TLS or on this machine, for this host, for all paths.
pub const COOKIE: &str = "__Host-headstart";
/// How long a session lasts.
const SESSION_LIFE: Duration = Duration::from_secs(12 * 3600);
/// How long an answer about a session is believed: revocation takes effect within it.
const MEMORY: Duration = Duration::from_millis(500);
/// How many sessions are remembered at once.
const MEMORY_MAX: usize = 10_000;

const SESSION: &str = "session";
const LINK: &str = "link";

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The digest of its secret, by which it is ended.
    #[serde(skip)]
    pub id: String,
    /// Whose it is.
    pub account: Actor,
    /// When it began.
    pub began_at: Timestamp,
    /// When a passkey was last shown; nothing when it began by a link.
    pub shown_at: Option<Timestamp>,
    /// What a token may do; nothing for a session of a browser, which may do all that its account may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
}

/// A link that signs somebody in once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Link {
    /// Whom.
    pub account: Actor,
}

impl Session {
    /// Who this is now: roles and standing are asked anew for every request.
    pub fn who(&self, program: &Program) -> Option<Who> {
        match &self.account {
            Actor::Person(name) => {
                let person = program.person(name)?;
                Some(Who::Person {
                    name: name.clone(),
                    roles: person.roles.clone(),
                })
            }
            Actor::Seat(id) => {
                let seat = program.seat(id)?;
                if seat.retired_at().is_some() {
                    return None;
                }
                let first = program
                    .seats_of(seat.partner())
                    .find(|seat| seat.retired_at().is_none());
                Some(Who::Seat {
                    seat: id.clone(),
                    partner: seat.partner().clone(),
                    is_lead: first.is_some_and(|first| first.id() == id),
                })
            }
            Actor::Desk | Actor::Timer => None,
        }
    }

    /// Whether a route with this scope may be asked for.
    pub fn covers(&self, scope: Option<&str>) -> bool {
        match (&self.scopes, scope) {
            (None, _) => true,
            (Some(scopes), Some(scope)) => scopes.iter().any(|known| known == scope),
            (Some(_), None) => false,
        }
    }
}

/// All sessions of the program.
pub struct Sessions {
    desk: Desk,
    memory: Mutex<HashMap<String, (Instant, Option<Session>)>>,
}

impl Sessions {
    pub(crate) fn new(desk: Desk) -> Self {
        Self {
            desk,
            memory: Mutex::default(),
        }
    }

    /// The session that a request's cookie names; `None` when it names none that lasts.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn of(&self, headers: &HeaderMap) -> Result<Option<Session>, Problem> {
        let Some(secret) = cookie(headers, COOKIE) else {
            return Ok(None);
        };
        let id = digest(secret);
        if let Some(remembered) = self.remembered(&id) {
            return Ok(remembered);
        }
        let ticket = self
            .desk
            .store()
            .ticket(SESSION, &id, Timestamp::now())
            .await
            .map_err(failed)?;
        let session = ticket.and_then(|ticket| read(&ticket));
        self.remember(&id, session.clone());
        Ok(session)
    }

    /// Begins a session; the answer is the value of the `Set-Cookie` header.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn begin(&self, account: Actor, has_shown_key: bool) -> Result<String, Problem> {
        let now = Timestamp::now();
        let secret = secret()?;
        let session = Session {
            id: String::new(),
            account,
            began_at: now,
            shown_at: has_shown_key.then_some(now),
            scopes: None,
        };
        let ticket = ticket(&secret, &session.account, &session, SESSION_LIFE, now)?;
        self.desk
            .store()
            .put_ticket(SESSION, &ticket, now)
            .await
            .map_err(failed)?;
        Ok(format!(
            "{COOKIE}={secret}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Lax",
            SESSION_LIFE.as_secs()
        ))
    }

    /// Ends one session, at once in this process and within half a second in others.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn end(&self, session: &Session) -> Result<(), Problem> {
        self.desk
            .store()
            .take_ticket(SESSION, &session.id, Timestamp::now())
            .await
            .map_err(failed)?;
        self.remember(&session.id, None);
        Ok(())
    }

    /// Ends all sessions of an account.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn end_all(&self, account: &Actor) -> Result<u64, Problem> {
        let ended = self
            .desk
            .store()
            .drop_tickets_of(SESSION, &account.to_string())
            .await
            .map_err(failed)?;
        let mut memory = self
            .memory
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        memory.clear();
        Ok(ended)
    }

    /// Makes a link that signs somebody in once; the answer is its secret.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn make_link(&self, account: Actor, life: Duration) -> Result<String, Problem> {
        let now = Timestamp::now();
        let secret = secret()?;
        let link = Link {
            account: account.clone(),
        };
        let ticket = ticket(&secret, &account, &link, life, now)?;
        self.desk
            .store()
            .put_ticket(LINK, &ticket, now)
            .await
            .map_err(failed)?;
        Ok(secret)
    }

    /// Whom a link signs in, without using it up.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn peek_link(&self, secret: &str) -> Result<Option<Link>, Problem> {
        let ticket = self
            .desk
            .store()
            .ticket(LINK, &digest(secret), Timestamp::now())
            .await
            .map_err(failed)?;
        Ok(ticket.and_then(|ticket| serde_json::from_str(&ticket.body).ok()))
    }

    /// Uses a link up: of several that try, one is signed in.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn use_link(&self, secret: &str) -> Result<Option<Link>, Problem> {
        let ticket = self
            .desk
            .store()
            .take_ticket(LINK, &digest(secret), Timestamp::now())
            .await
            .map_err(failed)?;
        Ok(ticket.and_then(|ticket| serde_json::from_str(&ticket.body).ok()))
    }

    fn remembered(&self, id: &str) -> Option<Option<Session>> {
        let memory = self
            .memory
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        let (at, session) = memory.get(id)?;
        (at.elapsed() < MEMORY).then(|| session.clone())
    }

    fn remember(&self, id: &str, session: Option<Session>) {
        let mut memory = self
            .memory
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        if memory.len() >= MEMORY_MAX {
            memory.clear();
        }
        memory.insert(id.to_owned(), (Instant::now(), session));
    }
}

fn read(ticket: &Ticket) -> Option<Session> {
    let session: Session = serde_json::from_str(&ticket.body).ok()?;
    Some(Session {
        id: ticket.id.clone(),
        ..session
    })
}

fn ticket<T: Serialize>(
    secret: &str,
    owner: &Actor,
    body: &T,
    life: Duration,
    now: Timestamp,
) -> Result<Ticket, Problem> {
    let body = serde_json::to_string(body)
        .map_err(|_| Problem::machine("a ticket could not be written"))?;
    Ok(Ticket {
        id: digest(secret),
        owner: owner.to_string(),
        body,
        ends_ms: now.as_millisecond() + i64::try_from(life.as_millis()).unwrap_or(i64::MAX / 2),
    })
}

fn secret() -> Result<String, Problem> {
    Ok(URL_SAFE_NO_PAD.encode(desk::random()?))
}

/// What is stored of a secret.
pub(crate) fn digest(secret: &str) -> String {
    Sha256::digest(secret.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(crate) fn failed(error: store::StoreError) -> Problem {
    Problem::from(desk::Failure::from(error))
}
