//! The program beside its cases: partners, exposure, sightings, investigations, the log, settings.

mod agreement;
mod entry;
mod exposure;
mod form;
mod investigation;
mod investigations;
pub(crate) mod lead;
mod learning;
mod log;
mod moment;
mod partner;
mod partners;
mod readings;
mod risk;
mod settings;
mod sighting;
mod sightings;
mod standing;
mod suspicion;
mod tiles;
mod zone;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use domain::person::{Actor, Role};

use crate::App;
use crate::access::{
    ADMINISTRATOR, COORDINATOR, INVESTIGATOR, Need, PROGRAM, READS_TRACES, Route, page,
};

pub(crate) use sighting::FORMS;

/// Who unlocks the program key, if they know its passphrase.
const UNLOCKS_ROLES: &[Role] = &[Role::Coordinator, Role::Investigator, Role::Administrator];
pub(crate) const UNLOCKS: Need = Need::Program(UNLOCKS_ROLES);
/// Who suspends a partner: whoever deals with it, and whoever traced a leak to its copy.
pub(crate) const SUSPENDS: Need = Need::Program(&[Role::Coordinator, Role::Investigator]);
/// Who deals with what is seen outside.
pub(crate) const SIGHTS: Need = Need::Program(&[Role::Coordinator, Role::Investigator]);
/// Who knows of it.
pub(crate) const READS_SIGHTINGS: Need =
    Need::Program(&[Role::Coordinator, Role::Investigator, Role::Auditor]);

/// What its routes need.
pub const ROUTES: &[Route] = &[
    page("GET", "/partners", PROGRAM),
    page("GET", "/partners/import", COORDINATOR),
    page("POST", "/partners/import", COORDINATOR),
    page("GET", "/partners/{id}", PROGRAM),
    page("POST", "/partners/{id}/suspend", SUSPENDS),
    page("POST", "/partners/{id}/resume", COORDINATOR),
    page("POST", "/partners/{id}/admit", COORDINATOR),
    page("POST", "/partners/{id}/accept", COORDINATOR),
    page("GET", "/partners/{id}/remove", COORDINATOR),
    page("POST", "/partners/{id}/remove", COORDINATOR),
    page("GET", "/partners/{id}/seats/{seat}/retire", COORDINATOR),
    page("POST", "/partners/{id}/seats/{seat}/retire", COORDINATOR),
    page("GET", "/exposure", PROGRAM),
    page("GET", "/learning", PROGRAM),
    page("GET", "/sightings", READS_SIGHTINGS),
    page("GET", "/sightings/new", SIGHTS),
    page("POST", "/sightings", SIGHTS),
    page("GET", "/sightings/{case}/{sighting}", READS_SIGHTINGS),
    page(
        "GET",
        "/sightings/{case}/{sighting}/records",
        READS_SIGHTINGS,
    ),
    page("GET", "/detection/{case}/{form}", SIGHTS),
    page("GET", "/investigations", READS_TRACES),
    page("GET", "/investigations/new", INVESTIGATOR),
    page("POST", "/investigations", INVESTIGATOR),
    page("GET", "/investigations/{trace}", READS_TRACES),
    page("POST", "/investigations/{trace}/evidence", READS_TRACES),
    page("GET", "/log", PROGRAM),
    page("POST", "/log/witnesses", PROGRAM),
    page("POST", "/log/audit", PROGRAM),
    page("GET", "/log/{index}", PROGRAM),
    page("GET", "/log/{index}/proof", PROGRAM),
    // The log is public: it holds commitments alone.
    page("GET", "/log/tiles/{*path}", Need::Anybody),
    page("GET", "/settings", PROGRAM),
    page("POST", "/settings/unlock", UNLOCKS),
    page("POST", "/settings/lock", UNLOCKS),
    page("GET", "/settings/zone", Need::SignedIn),
    page("POST", "/settings/zone", Need::SignedIn),
    page("GET", "/settings/risk", ADMINISTRATOR),
    page("POST", "/settings/risk", ADMINISTRATOR),
    page("GET", "/settings/agreement", ADMINISTRATOR),
    page("POST", "/settings/agreement", ADMINISTRATOR),
];

/// The routes of the program.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(of_partners())
        .merge(of_leaks())
        .merge(of_log())
        .merge(of_settings())
        .route("/exposure", get(exposure::show))
        .route("/learning", get(learning::show))
        // The router's own limit holds for all of these; axum's would be far below a leak.
        .layer(DefaultBodyLimit::disable())
}

fn of_partners() -> Router<App> {
    Router::new()
        .route("/partners", get(partners::list))
        .route(
            "/partners/import",
            get(partners::ask).post(partners::import),
        )
        .route("/partners/{id}", get(partner::show))
        .route("/partners/{id}/suspend", post(standing::suspend))
        .route("/partners/{id}/resume", post(standing::resume))
        .route("/partners/{id}/admit", post(standing::admit))
        .route("/partners/{id}/accept", post(standing::accept))
        .route(
            "/partners/{id}/remove",
            get(standing::check_removal).post(standing::remove),
        )
        .route(
            "/partners/{id}/seats/{seat}/retire",
            get(standing::check_retirement).post(standing::retire),
        )
}

fn of_leaks() -> Router<App> {
    Router::new()
        .route("/sightings", get(sightings::list).post(sightings::record))
        .route("/sightings/new", get(sightings::ask))
        .route("/sightings/{case}/{sighting}", get(sighting::show))
        .route(
            "/sightings/{case}/{sighting}/records",
            get(sighting::records),
        )
        .route("/detection/{case}/{form}", get(sighting::detection))
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
}

fn of_log() -> Router<App> {
    Router::new()
        .route("/log", get(log::show))
        .route("/log/witnesses", post(log::ask_witnesses))
        .route("/log/audit", post(log::audit))
        .route("/log/{index}", get(entry::show))
        .route("/log/{index}/proof", get(entry::proof))
        .route("/log/tiles/{*path}", get(tiles::resource))
}

fn of_settings() -> Router<App> {
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
}

/// Who did something, for people.
fn who(by: &Actor) -> String {
    match by {
        Actor::Desk => "the command line".to_owned(),
        Actor::Timer => "a timer".to_owned(),
        Actor::Person(name) => name.to_string(),
        Actor::Seat(seat) => format!("seat {seat}"),
    }
}
