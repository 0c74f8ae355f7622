//! The partners' pages: one file a page.

mod inbox;

use axum::Router;
use axum::routing::get;

use crate::App;
use crate::access::{Need, Route, page};

/// What its routes need.
pub const ROUTES: &[Route] = &[page("GET", "/inbox", Need::Partner)];

/// Their routes.
pub fn routes() -> Router<App> {
    Router::new().route("/inbox", get(inbox::show))
}
