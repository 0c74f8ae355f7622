//! The door: sessions, and how somebody comes to have one.

mod links;
mod session;

use axum::Router;
use axum::routing::{get, post};

use crate::App;
use crate::access::{Need, Route, page};

pub(crate) use session::failed;
pub use session::{Link, Session, Sessions};

/// What its routes need.
pub const ROUTES: &[Route] = &[
    page("GET", "/", Need::Anybody),
    page("GET", "/sign-in", Need::Anybody),
    page("GET", "/sign-in/link/{secret}", Need::Anybody),
    page("POST", "/sign-in/link/{secret}", Need::Anybody),
    page("POST", "/sign-out", Need::SignedIn),
];

/// The routes of the door.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(links::home))
        .route("/sign-in", get(links::sign_in))
        .route(
            "/sign-in/link/{secret}",
            get(links::show_link).post(links::follow_link),
        )
        .route("/sign-out", post(links::sign_out))
}
