//! The partners' pages: one file a page. And the program's side of what partners write.
//!
//! Nothing here uses the program key but `desk_side`: what a partner sees is sealed to its seats.

mod case;
mod desk_side;
mod inbox;
pub(crate) mod own;
mod protections;
mod questions;
mod record;

pub use desk_side::has_reader;

use axum::Router;
use axum::routing::{get, post};

use crate::App;
use crate::access::{COORDINATOR, Need, Route, page};

/// What its routes need.
pub const ROUTES: &[Route] = &[
    page("GET", "/inbox", Need::Partner),
    page("GET", "/inbox/{case}", Need::Partner),
    page("POST", "/inbox/{case}/acknowledge", Need::Partner),
    page("POST", "/inbox/{case}/package", Need::Partner),
    page("GET", "/inbox/{case}/embargo.ics", Need::Partner),
    page("GET", "/inbox/{case}/letters/{blob}", Need::Partner),
    page("GET", "/inbox/{case}/protections", Need::Partner),
    page("POST", "/inbox/{case}/protections", Need::Partner),
    page("GET", "/inbox/{case}/protections/{number}", Need::Partner),
    page("POST", "/inbox/{case}/protections/{number}", Need::Partner),
    page("GET", "/inbox/{case}/questions", Need::Partner),
    page("POST", "/inbox/{case}/questions", Need::Partner),
    page("GET", "/questions", Need::Partner),
    page("GET", "/record", Need::Partner),
    page("POST", "/record/signed", Need::Partner),
    page("GET", "/record/{ordinal}/opening", Need::Partner),
    page("GET", "/record/{ordinal}/proof", Need::Partner),
    page("GET", "/record/{ordinal}/entry", Need::Partner),
    page("GET", "/cases/{case}/questions", COORDINATOR),
    page("GET", "/cases/{case}/questions/{partner}", COORDINATOR),
    page("POST", "/cases/{case}/questions/{partner}", COORDINATOR),
    page("GET", "/cases/{case}/protections", COORDINATOR),
];

/// Their routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/inbox", get(inbox::show))
        .route("/inbox/{case}", get(case::show))
        .route("/inbox/{case}/acknowledge", post(case::acknowledge))
        .route("/inbox/{case}/package", post(case::package))
        .route("/inbox/{case}/embargo.ics", get(case::calendar))
        .route("/inbox/{case}/letters/{blob}", get(own::letter))
        .route(
            "/inbox/{case}/protections",
            get(protections::show).post(protections::report),
        )
        .route(
            "/inbox/{case}/protections/{number}",
            get(protections::edit).post(protections::report_anew),
        )
        .route(
            "/inbox/{case}/questions",
            get(questions::show).post(questions::ask),
        )
        .route("/questions", get(questions::all))
        .route("/record", get(record::show))
        .route("/record/signed", post(record::signed))
        .route("/record/{ordinal}/opening", get(record::opening))
        .route("/record/{ordinal}/proof", get(record::proof))
        .route("/record/{ordinal}/entry", get(record::entry))
        .route("/cases/{case}/questions", get(desk_side::threads))
        .route(
            "/cases/{case}/questions/{partner}",
            get(desk_side::thread).post(desk_side::answer),
        )
        .route("/cases/{case}/protections", get(desk_side::protections))
}
