//! What the log has of the seat that asks.

use std::collections::BTreeMap;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::commitment::Commitment;
use serde::{Deserialize, Serialize};
use tlog::{Note, TlogProof};
use utoipa::{OpenApi, ToSchema};

use super::extract::{Ask, At, Body};
use super::page::{Slice, Window};
use crate::access::{Need, Route, api};
use crate::web::portal::own::{seated, told};
use crate::{App, Problem, Visit};

/// What its routes need.
pub const ROUTES: &[Route] = &[
    api("GET", "/api/v1/record", Need::Partner, "read"),
    api(
        "GET",
        "/api/v1/record/{ordinal}/opening",
        Need::Partner,
        "read",
    ),
    api("POST", "/api/v1/record/signed", Need::Partner, "read"),
];

/// Its routes.
pub fn plain() -> Router<App> {
    Router::new()
        .route("/api/v1/record", get(list))
        .route("/api/v1/record/{ordinal}/opening", get(opening))
        .route("/api/v1/record/signed", post(signed))
}

/// Their part of the document.
#[derive(OpenApi)]
#[openapi(paths(list, opening, signed))]
pub struct Paths;

/// An entry of the log that was made for the seat.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecordEntry {
    /// Its number in the seat's chain, from 1. Numbers that are missing belong to what is not open yet.
    pub ordinal: u64,
    /// The case.
    pub case: String,
    /// `package` or `receipt`.
    pub given: String,
    /// When it was made, UTC.
    pub at: String,
    /// Its place in the log.
    pub index: u64,
    /// Its bytes, as they stand in the log.
    pub entry: String,
    /// The C2SP tlog-proof that it is there, with the signed checkpoint.
    pub proof: String,
}

/// What the seat opened with its key.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"openings": {}}))]
pub struct OpenedEntries {
    /// What each entry commits to, by its number, as the opened file has it.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub openings: BTreeMap<u64, Commitment>,
}

/// Every entry of the log that was made for the seat that asks, oldest first, with proofs under one checkpoint.
#[utoipa::path(get, path = "/api/v1/record", tag = "record", params(Window),
    responses((status = 200, body = Slice<RecordEntry>)))]
pub async fn list(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<RecordEntry>>, Problem> {
    let (seat, _) = seated(&visit)?;
    let record = visit
        .desk
        .own_record(&visit.state, &seat)
        .await
        .map_err(told)?;
    let failed = || Problem::machine("a proof could not be put together");
    let note = Note::parse(&record.checkpoint).map_err(|_| failed())?;
    let mut rows = Vec::new();
    for entry in record.entries {
        let index = entry.inclusion.index;
        let proof = TlogProof::new(entry.inclusion, note.clone()).map_err(|_| failed())?;
        rows.push(RecordEntry {
            ordinal: entry.ordinal,
            case: entry.case.to_string(),
            given: entry.given.as_str().to_owned(),
            at: entry.at.to_string(),
            index,
            entry: String::from_utf8_lossy(&entry.leaf.entry_bytes()).into_owned(),
            proof: proof.to_text(),
        });
    }
    Ok(Json(
        window.cut(rows, |row| format!("{:012}", row.ordinal))?,
    ))
}

/// What an entry commits to, sealed to the seat: an age file.
#[utoipa::path(get, path = "/api/v1/record/{ordinal}/opening", tag = "record",
    params(("ordinal" = u64, Path)),
    responses((status = 200, content_type = "application/age", body = Vec<u8>)))]
pub async fn opening(visit: Visit, At(ordinal): At<u64>) -> Result<Response, Problem> {
    let (seat, _) = seated(&visit)?;
    let sealed = visit
        .desk
        .own_opening(&visit.state, &seat, ordinal)
        .await
        .map_err(told)?
        .ok_or_else(Problem::nothing_here)?;
    let kind = [(header::CONTENT_TYPE, "application/age")];
    Ok((kind, sealed.ciphertext().to_vec()).into_response())
}

/// A record that the program signs, from what the seat itself opened.
#[utoipa::path(post, path = "/api/v1/record/signed", tag = "record", request_body = OpenedEntries,
    responses((status = 200, content_type = "text/plain", body = String)))]
pub async fn signed(
    visit: Visit,
    body: Result<Body<OpenedEntries>, Problem>,
) -> Result<Response, Problem> {
    let (seat, _) = seated(&visit)?;
    // What a body says is looked at only where there is something for it.
    let Body(sent) = body?;
    let record = visit
        .desk
        .sign_own_record(&visit.state, &seat, &sent.openings)
        .await
        .map_err(told)?;
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, record.to_text()).into_response())
}
