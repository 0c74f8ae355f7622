//! The partners' side: what is open for a seat, and its package.

use axum::Json;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use domain::case::Case;
use domain::ids::{CaseId, SeatId};
use domain::open::open;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::{Ask, At};
use super::page::{Slice, Window};
use crate::{Problem, Visit};

/// A case that is open for the seat that asks. Its title is in the package, and nowhere here.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenCase {
    /// Its id.
    pub case: String,
    /// Its TLP 2.0 label.
    pub tlp: String,
    /// The wave in which it opened.
    pub wave: String,
    /// When, UTC.
    pub opened_at: String,
    /// When the embargo ends, UTC.
    pub release: Option<String>,
    /// When this seat fetched first, UTC.
    pub first_fetched: Option<String>,
    /// SHA-256 of the seat's package.
    pub package_sha256: String,
}

fn seen(visit: &Visit, case: &Case, seat: &SeatId) -> Option<OpenCase> {
    let opened = open(
        case,
        &visit.state.program,
        visit.desk.policy(),
        seat,
        visit.desk.now(),
    )
    .ok()?;
    let (wave, at) = case.opened_at(seat)?;
    Some(OpenCase {
        case: case.id().to_string(),
        tlp: case.tlp().to_string(),
        wave: wave.to_string(),
        opened_at: at.to_string(),
        release: case.release().map(|at| at.to_string()),
        first_fetched: case
            .receipts()
            .of(seat)
            .map(|receipt| receipt.first().at.to_string()),
        package_sha256: opened.blob().to_string(),
    })
}

/// What is open for the seat that asks, by id.
#[utoipa::path(get, path = "/api/v1/inbox", tag = "inbox", params(Window),
    responses((status = 200, body = Slice<OpenCase>)))]
pub async fn list(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<OpenCase>>, Problem> {
    let (seat, _) = visit.seat()?;
    let cases = visit
        .state
        .cases
        .values()
        .filter_map(|case| seen(&visit, case, seat));
    Ok(Json(window.cut(cases, |case| case.case.clone())?))
}

/// One case that is open for the seat that asks.
#[utoipa::path(get, path = "/api/v1/inbox/{case}", tag = "inbox", params(("case" = String, Path)),
    responses((status = 200, body = OpenCase)))]
pub async fn show(visit: Visit, At(case): At<String>) -> Result<Json<OpenCase>, Problem> {
    let (seat, _) = visit.seat()?;
    let id = CaseId::parse(&case).map_err(|_| Problem::nothing_here())?;
    let case = visit.state.case(&id).ok_or_else(Problem::nothing_here)?;
    Ok(Json(
        seen(&visit, case, seat).ok_or_else(Problem::nothing_here)?,
    ))
}

/// The seat's package, an age file. The fetch is in the log before the first byte of the answer.
#[utoipa::path(post, path = "/api/v1/inbox/{case}/package", tag = "inbox", params(("case" = String, Path)),
    responses((status = 200, content_type = "application/age", body = Vec<u8>)))]
pub async fn fetch(visit: Visit, At(case): At<String>) -> Result<Response, Problem> {
    let (seat, _) = visit.seat()?;
    let id = CaseId::parse(&case).map_err(|_| Problem::nothing_here())?;
    let case = visit.state.case(&id).ok_or_else(Problem::nothing_here)?;
    // Asked here too, so that a partner is told no more than domain says that it may be told.
    if let Err(denial) = open(
        case,
        &visit.state.program,
        visit.desk.policy(),
        seat,
        visit.desk.now(),
    ) {
        let refused = visit.desk.fetch(&id, seat).await;
        return match refused {
            Err(failure) if failure.class == desk::Class::Machine => Err(failure.into()),
            _ => Err(Problem::of_partner(denial.for_partner())),
        };
    }
    let fetched = visit
        .desk
        .fetch(&id, seat)
        .await
        .map_err(|failure| match failure.class {
            desk::Class::Machine => Problem::from(failure),
            _ => Problem::nothing_here(),
        })?;
    let headers = [
        (header::CONTENT_TYPE, "application/age".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{id}.age\""),
        ),
        (
            HeaderName::from_static("headstart-receipt"),
            fetched.receipt_index.to_string(),
        ),
        (
            HeaderName::from_static("headstart-sha256"),
            fetched.sha256.to_string(),
        ),
    ];
    Ok((headers, fetched.bytes).into_response())
}
