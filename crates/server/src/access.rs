//! Who may ask for what: one table for all routes, and the decision on it.
//!
//! A route that does not stand here answers nobody. What an object allows (another partner's, not yet open, suspended)
//! is decided by `domain`, in the handler; here it is only whether somebody with such a role may ask at all.

use axum::http::Method;
use domain::person::Role;

use crate::Serving;
use crate::door::Session;
use crate::visit::Who;

use Role::{Administrator, Approver, Auditor, Coordinator, Investigator};

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: anybody on the network.
    Anybody,
    /// Somebody who is signed in, of either side.
    SignedIn,
    /// Somebody of the program with one of these roles.
    Program(&'static [Role]),
    /// A seat of a partner.
    Partner,
    /// A seat that leads its partner's team.
    Lead,
}

/// Every role of the program.
pub const PROGRAM: Need =
    Need::Program(&[Coordinator, Approver, Investigator, Auditor, Administrator]);
/// Who writes cases and deals with partners.
pub const COORDINATOR: Need = Need::Program(&[Coordinator]);
/// Who approves.
pub const APPROVER: Need = Need::Program(&[Approver]);
/// Who traces leaks.
pub const INVESTIGATOR: Need = Need::Program(&[Investigator]);
/// Who sees investigations.
pub const READS_TRACES: Need = Need::Program(&[Investigator, Auditor]);
/// Who changes people and settings.
pub const ADMINISTRATOR: Need = Need::Program(&[Administrator]);

/// One route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// As it is registered, with `{name}` for what varies.
    pub path: &'static str,
    /// What it needs.
    pub need: Need,
    /// A word that an API token must be scoped to; nothing when tokens cannot ask at all.
    pub scope: Option<&'static str>,
}

/// A page, which tokens cannot ask for.
pub const fn page(method: &'static str, path: &'static str, need: Need) -> Route {
    Route {
        method,
        path,
        need,
        scope: None,
    }
}

/// A route of the API, which a token with this scope may ask for.
pub const fn api(
    method: &'static str,
    path: &'static str,
    need: Need,
    scope: &'static str,
) -> Route {
    Route {
        method,
        path,
        need,
        scope: Some(scope),
    }
}

/// The routes that belong to no page.
const BASE: &[Route] = &[
    page("GET", "/healthz", Need::Anybody),
    page("GET", "/metrics", Need::Anybody),
    page("GET", "/assets/{name}", Need::Anybody),
];

/// Every route of both sides; each room has a table of its own beside its handlers.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    let api = crate::api::TABLES.iter().copied();
    let pages = [
        crate::web::desk::cases::ROUTES,
        crate::web::desk::program::ROUTES,
        crate::web::portal::ROUTES,
    ];
    let first = [BASE, crate::door::ROUTES].into_iter();
    first.chain(api).chain(pages).flatten()
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is let in.
    Enter,
    /// Somebody must sign in first.
    SignIn,
    /// There is nothing here, for this one or at all.
    NotHere,
    /// It is there, and needs another role of the program.
    NotYou,
}

/// Whether a request is let in.
///
/// A partner never learns that the program's side has a page; a person of the program may know of a page that needs
/// another role.
pub fn decide(
    method: &Method,
    route: Option<&str>,
    serving: Serving,
    who: Option<&Who>,
    session: Option<&Session>,
) -> Verdict {
    let method = if method == Method::HEAD {
        "GET"
    } else {
        method.as_str()
    };
    let found =
        route.and_then(|path| routes().find(|known| known.path == path && known.method == method));
    let Some(found) = found else {
        return Verdict::NotHere;
    };
    let is_served = match found.need {
        Need::Program(_) => serving.has_desk(),
        Need::Partner | Need::Lead => serving.has_portal(),
        Need::Anybody | Need::SignedIn => true,
    };
    if !is_served {
        return Verdict::NotHere;
    }
    if found.need == Need::Anybody {
        return Verdict::Enter;
    }
    let Some(who) = who else {
        return Verdict::SignIn;
    };
    let is_scoped = session.is_some_and(|session| session.covers(found.scope));
    if !is_scoped {
        return Verdict::NotHere;
    }
    match (found.need, who) {
        (Need::Anybody | Need::SignedIn, _) => Verdict::Enter,
        (Need::Program(allowed), Who::Person { roles, .. }) => {
            if allowed.iter().any(|role| roles.contains(role)) {
                Verdict::Enter
            } else {
                Verdict::NotYou
            }
        }
        (Need::Partner, Who::Seat { .. }) => Verdict::Enter,
        (Need::Lead, Who::Seat { is_lead, .. }) => {
            if *is_lead {
                Verdict::Enter
            } else {
                Verdict::NotYou
            }
        }
        _ => Verdict::NotHere,
    }
}
