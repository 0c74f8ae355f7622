//! Sessions: a random cookie, its digest in the database, and a short memory so that not every request asks for it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use desk::{Desk, State, digest_of_secret as digest};
use domain::person::Actor;
use domain::program::Program;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
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

/// How a token begins, so that it is found where it should not be.
pub const TOKEN_PREFIX: &str = "hst_";

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
    /// How often all sessions of the account had been ended when it began: it is over once that number has grown.
    #[serde(default)]
    pub epoch: u64,
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
    /// A session that nobody has, to ask who somebody would be.
    pub(crate) fn probe(account: Actor) -> Self {
        Self {
            id: String::new(),
            account,
            began_at: Timestamp::UNIX_EPOCH,
            shown_at: None,
            epoch: 0,
            scopes: None,
        }
    }

    /// Whether it stands for a token, and no browser.
    pub fn is_token(&self) -> bool {
        self.scopes.is_some()
    }

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
                Some(Who::Seat {
                    seat: id.clone(),
                    partner: seat.partner().clone(),
                    is_lead: seat.is_lead(),
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

    /// The session that a request's cookie names, or that its token stands for; `None` when it names none that lasts.
    ///
    /// A request with a token is the token's alone: its cookie is not looked at.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn of(&self, headers: &HeaderMap, state: &State) -> Result<Option<Session>, Problem> {
        if let Some(authorization) = headers.get(header::AUTHORIZATION) {
            let token = authorization.to_str().ok().and_then(bearer);
            return Ok(token.and_then(|token| token_session(token, state)));
        }
        let Some(secret) = cookie(headers, COOKIE) else {
            return Ok(None);
        };
        let session = self.named(&digest(secret)).await?;
        Ok(session.filter(|session| session.epoch == state.accounts.epoch(&session.account)))
    }

    async fn named(&self, id: &str) -> Result<Option<Session>, Problem> {
        if let Some(remembered) = self.remembered(id) {
            return Ok(remembered);
        }
        let ticket = self
            .desk
            .store()
            .ticket(SESSION, id, Timestamp::now())
            .await
            .map_err(failed)?;
        let session = ticket.and_then(|ticket| read(&ticket));
        self.remember(id, session.clone());
        Ok(session)
    }

    /// The sessions of an account that last, newest first.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn of_account(
        &self,
        account: &Actor,
        state: &State,
    ) -> Result<Vec<Session>, Problem> {
        let tickets = self
            .desk
            .store()
            .tickets_of(SESSION, &owner(account), Timestamp::now())
            .await
            .map_err(failed)?;
        let epoch = state.accounts.epoch(account);
        let mut sessions: Vec<Session> = tickets.iter().filter_map(read).collect();
        sessions.retain(|session| session.epoch == epoch);
        sessions.sort_by_key(|session| std::cmp::Reverse(session.began_at));
        Ok(sessions)
    }

    /// Notes that a passkey was shown in a session at this moment.
    ///
    /// # Errors
    /// A session that is over, or a database that fails.
    pub async fn has_shown(&self, session: &Session) -> Result<(), Problem> {
        let now = Timestamp::now();
        let shown = Session {
            shown_at: Some(now),
            ..session.clone()
        };
        let ends_ms = session.began_at.as_millisecond()
            + i64::try_from(SESSION_LIFE.as_millis()).unwrap_or(i64::MAX / 2);
        let ticket = Ticket {
            id: session.id.clone(),
            owner: owner(&session.account),
            body: written(&shown)?,
            ends_ms,
        };
        let is_there = self
            .desk
            .store()
            .change_ticket(SESSION, &ticket, now)
            .await
            .map_err(failed)?;
        if !is_there {
            return Err(Problem::nothing_here());
        }
        self.remember(&session.id, Some(shown));
        metrics::counter!("headstart_passkeys_shown_total").increment(1);
        Ok(())
    }

    /// Begins a session; the answer is the value of the `Set-Cookie` header.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn begin(&self, account: Actor, has_shown_key: bool) -> Result<String, Problem> {
        let shown_at = has_shown_key.then(Timestamp::now);
        self.begin_as(account, shown_at).await
    }

    /// The same, with when a passkey was last shown.
    pub(crate) async fn begin_as(
        &self,
        account: Actor,
        shown_at: Option<Timestamp>,
    ) -> Result<String, Problem> {
        let now = Timestamp::now();
        let secret = secret()?;
        let epoch = self.desk.state().await?.accounts.epoch(&account);
        metrics::counter!("headstart_sessions_begun_total", "with" => if shown_at.is_some() { "passkey" } else { "link" })
            .increment(1);
        let session = Session {
            id: String::new(),
            account,
            began_at: now,
            shown_at,
            epoch,
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
            .drop_tickets_of(SESSION, &owner(account))
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
    Ok(Ticket {
        id: digest(secret),
        owner: self::owner(owner),
        body: written(body)?,
        ends_ms: now.as_millisecond() + i64::try_from(life.as_millis()).unwrap_or(i64::MAX / 2),
    })
}

/// The value of `Set-Cookie` that makes a browser forget the session.
pub(crate) fn forgotten_cookie() -> String {
    format!("{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
}

fn written<T: Serialize>(body: &T) -> Result<String, Problem> {
    serde_json::to_string(body).map_err(|_| Problem::machine("a ticket could not be written"))
}

/// Two spellings of one name are one account.
fn owner(account: &Actor) -> String {
    domain::account::key(account).unwrap_or_else(|| account.to_string())
}

/// The token of `Bearer hst_…`; the scheme's letters are of either case (RFC 9110, section 11.1).
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// What a token stands for at this moment. It is found by its digest, so how long the search takes says nothing of it.
fn token_session(token: &str, state: &State) -> Option<Session> {
    let id = token.starts_with(TOKEN_PREFIX).then(|| digest(token))?;
    let (account, token) = state.accounts.by_token(&id)?;
    (token.ends_at > Timestamp::now()).then(|| Session {
        account: account.actor().clone(),
        began_at: token.made_at,
        shown_at: None,
        epoch: account.epoch(),
        scopes: Some(token.scopes.iter().cloned().collect()),
        id,
    })
}

/// A new secret of 256 bits, base64url.
pub(crate) fn secret() -> Result<String, Problem> {
    Ok(URL_SAFE_NO_PAD.encode(desk::random()?))
}

pub(crate) fn failed(error: store::StoreError) -> Problem {
    Problem::from(desk::Failure::from(error))
}
