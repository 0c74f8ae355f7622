//! One request: who asks, and the program at that moment.

use std::collections::BTreeSet;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use desk::Desk;
use domain::advisory::CaseDetails;
use domain::case::Case;
use domain::ids::{PartnerId, PersonName, SeatId};
use domain::person::{Actor, Role};
use jiff::tz::TimeZone;
use seal::ProgramKey;
use std::sync::Arc;

use crate::access::{self, Verdict};
use crate::around::AskedBy;
use crate::door::Session;
use crate::problem::Aside;
use crate::{App, Problem, limits, web};

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Somebody of the program.
    Person {
        /// The name.
        name: PersonName,
        /// What the person does.
        roles: BTreeSet<Role>,
    },
    /// A seat of a partner.
    Seat {
        /// The seat.
        seat: SeatId,
        /// Its partner.
        partner: PartnerId,
        /// Whether it leads the partner's team.
        is_lead: bool,
    },
}

impl Who {
    /// Who did it, for events.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Person { name, .. } => Actor::Person(name.clone()),
            Self::Seat { seat, .. } => Actor::Seat(seat.clone()),
        }
    }

    /// Whether this is a person of the program with this role.
    pub fn has(&self, role: Role) -> bool {
        matches!(self, Self::Person { roles, .. } if roles.contains(&role))
    }

    /// The name to show.
    pub fn name(&self) -> String {
        match self {
            Self::Person { name, .. } => name.to_string(),
            Self::Seat { seat, .. } => seat.to_string(),
        }
    }
}

/// One request.
#[derive(Clone)]
pub struct Visit {
    /// What all requests share.
    pub app: App,
    /// The program at this moment.
    pub desk: Desk,
    /// What its events tell.
    pub state: desk::State,
    /// Who asks; nobody on pages that are open to all.
    pub who: Option<Who>,
    /// The session or token by which they ask.
    pub session: Option<Session>,
    /// The zone in which times are repeated beside UTC.
    pub zone: TimeZone,
    /// The path that was asked for, for the navigation.
    pub path: String,
}

impl Visit {
    /// The person of the program who asks.
    ///
    /// # Errors
    /// `nothing-here` for anybody else; the table of routes lets nobody else come this far.
    pub fn person(&self) -> Result<&PersonName, Problem> {
        match &self.who {
            Some(Who::Person { name, .. }) => Ok(name),
            _ => Err(Problem::nothing_here()),
        }
    }

    /// The seat that asks, and its partner.
    ///
    /// # Errors
    /// `nothing-here` for anybody else.
    pub fn seat(&self) -> Result<(&SeatId, &PartnerId), Problem> {
        match &self.who {
            Some(Who::Seat { seat, partner, .. }) => Ok((seat, partner)),
            _ => Err(Problem::nothing_here()),
        }
    }

    /// Who did it, for events.
    ///
    /// # Errors
    /// `nothing-here` when nobody is signed in.
    pub fn actor(&self) -> Result<Actor, Problem> {
        self.who
            .as_ref()
            .map(Who::actor)
            .ok_or_else(Problem::nothing_here)
    }

    /// The program key.
    ///
    /// # Errors
    /// As [`App::key`].
    pub fn key(&self) -> Result<Arc<ProgramKey>, Problem> {
        self.app.key()
    }

    /// What a case is about.
    ///
    /// # Errors
    /// A key that is locked, or that is never held here.
    pub fn details(&self, case: &Case) -> Result<Arc<CaseDetails>, Problem> {
        self.app.details(case)
    }

    /// Whether the person has the role.
    pub fn has(&self, role: Role) -> bool {
        self.who.as_ref().is_some_and(|who| who.has(role))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Problem::nothing_here)
    }
}

/// The door in front of every route: finds out who asks, and asks the table whether they may.
pub async fn enter(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_api = is_for_programs(&request);
    let is_door = request
        .extensions()
        .get::<MatchedPath>()
        .is_some_and(|path| crate::door::is_narrow(request.method(), path.as_str()));
    if let Err(problem) = app.limits().peer(&request, is_door) {
        return shown(problem, is_api, None);
    }
    let visit = match visit(&app, request.headers(), request.uri().path()).await {
        Ok(visit) => visit,
        Err(problem) => return shown(problem, is_api, None),
    };
    let asked_by = visit.who.as_ref().map(|who| AskedBy(who.actor()));
    let mut response = match admitted(&app, &visit, request, is_api) {
        Ok(mut request) => {
            request.extensions_mut().insert(visit.clone());
            let mut response = next.run(request).await;
            match response.extensions_mut().remove::<Problem>() {
                Some(problem) => shown(problem, is_api, Some(&visit)),
                None => response,
            }
        }
        Err(refused) => *refused,
    };
    if let Some(by) = asked_by {
        response.extensions_mut().insert(by);
    }
    response
}

/// The request, bounded, or what is answered instead of it.
fn admitted(
    app: &App,
    visit: &Visit,
    request: Request,
    is_api: bool,
) -> Result<Request, Box<Response>> {
    let refuse = |problem, seen| Box::new(shown(problem, is_api, seen));
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let verdict = access::decide(
        request.method(),
        route.as_deref(),
        app.options().serving,
        visit.who.as_ref(),
        visit.session.as_ref(),
    );
    match verdict {
        Verdict::Enter => {}
        Verdict::SignIn if !is_api => return Err(Box::new(web::to_sign_in(request.uri()))),
        Verdict::SignIn => {
            let problem = Problem::new(401, "sign-in", "sign in first")
                .hint("send a token as `Authorization: Bearer …`");
            return Err(refuse(problem, None));
        }
        Verdict::NotHere => return Err(refuse(Problem::nothing_here(), Some(visit))),
        Verdict::NotYou => {
            let problem = Problem::new(403, "role", "this needs a role that you do not have")
                .hint("an administrator of the program can change roles");
            return Err(refuse(problem, Some(visit)));
        }
    }
    if let Some(who) = &visit.who {
        app.limits()
            .account(&who.actor())
            .map_err(|problem| refuse(problem, Some(visit)))?;
    }
    limits::bound(request, visit.who.is_some()).map_err(|problem| refuse(problem, Some(visit)))
}

async fn visit(app: &App, headers: &HeaderMap, path: &str) -> Result<Visit, Problem> {
    let (desk, state) = app.now().await?;
    let session = app.sessions().of(headers, &state).await?;
    let serving = app.options().serving;
    let who = session
        .as_ref()
        .and_then(|session| session.who(&state.program))
        .filter(|who| serving.serves(who));
    // What the desk's verbs record, and what they allow, is that of whoever asks.
    let desk = match &who {
        Some(who) => desk.acting(who.actor()),
        None => desk,
    };
    Ok(Visit {
        app: app.clone(),
        desk,
        state,
        who,
        session,
        zone: zone(headers),
        path: path.to_owned(),
    })
}

pub(crate) fn is_for_programs(request: &Request) -> bool {
    let path = request.uri().path();
    let wants_json = request
        .headers()
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"));
    path.starts_with("/api/") || path == "/metrics" || path == "/healthz" || wants_json
}

/// A problem, as a page for people and as JSON for programs.
pub(crate) fn shown(problem: Problem, is_api: bool, visit: Option<&Visit>) -> Response {
    let aside = problem.aside.clone();
    match aside.as_deref() {
        Some(Aside::Go(path)) if !is_api => Redirect::to(path).into_response(),
        Some(Aside::RetryAfter(seconds)) => {
            let mut response = written(problem, is_api, visit);
            let seconds = HeaderValue::from(*seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            response
        }
        _ => written(problem, is_api, visit),
    }
}

fn written(problem: Problem, is_api: bool, visit: Option<&Visit>) -> Response {
    if !is_api {
        return web::problem_page(visit, &problem);
    }
    let mut response = problem.into_response();
    response.extensions_mut().remove::<Problem>();
    response
}

/// The zone that the browser's user chose, from the cookie `zone`; UTC when there is none, or it is not known.
fn zone(headers: &HeaderMap) -> TimeZone {
    cookie(headers, "zone")
        .and_then(|name| TimeZone::get(&name.replace("%2F", "/")).ok())
        .unwrap_or(TimeZone::UTC)
}

/// A cookie's value.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}
