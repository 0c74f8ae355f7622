//! Cases: today, the list, one case, its artifacts and marks, its waves, press and release.

mod today;

use axum::Router;
use axum::routing::get;

use crate::App;
use crate::access::{PROGRAM, Route, page};

/// What its routes need.
pub const ROUTES: &[Route] = &[page("GET", "/today", PROGRAM)];

/// The routes of cases.
pub fn routes() -> Router<App> {
    Router::new().route("/today", get(today::show))
}
