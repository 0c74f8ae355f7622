//! The program beside its cases: partners, exposure, sightings, investigations, the log, settings.

mod agreement;
mod form;
mod investigation;
mod investigations;
mod moment;
mod readings;
mod risk;
mod settings;
mod suspicion;
mod zone;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::App;
use crate::access::{
    ADMINISTRATOR, INVESTIGATOR, Need, PROGRAM, READS_TRACES, Route, UNLOCKS, page,
};

/// What its routes need.
pub const ROUTES: &[Route] = &[
    page("GET", "/settings", PROGRAM),
    page("POST", "/settings/unlock", UNLOCKS),
    page("POST", "/settings/lock", UNLOCKS),
    page("GET", "/settings/zone", Need::SignedIn),
    page("POST", "/settings/zone", Need::SignedIn),
    page("GET", "/settings/risk", ADMINISTRATOR),
    page("POST", "/settings/risk", ADMINISTRATOR),
    page("GET", "/settings/agreement", ADMINISTRATOR),
    page("POST", "/settings/agreement", ADMINISTRATOR),
    page("GET", "/investigations", READS_TRACES),
    page("GET", "/investigations/new", INVESTIGATOR),
    page("POST", "/investigations", INVESTIGATOR),
    page("GET", "/investigations/{trace}", READS_TRACES),
    page("POST", "/investigations/{trace}/evidence", READS_TRACES),
];

/// The routes of the program.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/settings", get(settings::show))
        .route("/settings/unlock", post(settings::unlock))
        .route("/settings/lock", post(settings::lock))
        .route("/settings/zone", get(zone::show).post(zone::set))
        .route("/settings/risk", get(risk::show).post(risk::set))
        .route(
            "/settings/agreement",
            get(agreement::show).post(agreement::publish),
        )
        .route(
            "/investigations",
            get(investigations::list).post(investigations::begin),
        )
        .route("/investigations/new", get(investigations::ask))
        .route("/investigations/{trace}", get(investigation::show))
        .route(
            "/investigations/{trace}/evidence",
            post(investigation::evidence),
        )
        // The router's own limit holds for all of these; axum's would be far below a leak.
        .layer(DefaultBodyLimit::disable())
}
