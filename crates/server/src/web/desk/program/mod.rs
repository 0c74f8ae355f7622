//! The program beside its cases: partners, exposure, sightings, investigations, the log, settings.

use axum::Router;

use crate::App;
use crate::access::Route;

/// What its routes need.
pub const ROUTES: &[Route] = &[];

/// The routes of the program.
pub fn routes() -> Router<App> {
    Router::new()
}
