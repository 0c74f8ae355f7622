//! Leaks: handed in, traced, and their evidence.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::Found;
use domain::case::{Traced, VerdictWord};
use domain::ids::{CaseId, TraceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cases::case_id;
use super::extract::{Ask, At, Body};
use super::jobs::Begun;
use super::page::{Slice, Window};
use crate::{Problem, Visit};

/// A leak to be traced.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTrace {
    /// Its files: documents, archives, logs, captures.
    pub files: Vec<LeakedFile>,
    /// The case, where somebody knows it; otherwise it is looked for.
    pub case: Option<String>,
}

/// One file of a leak.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeakedFile {
    /// Its name, whose ending says what it is.
    pub name: String,
    /// Its bytes, in base64.
    pub base64: String,
}

/// A trace that was recorded.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TraceSummary {
    /// Its id.
    pub trace: String,
    /// The case.
    pub case: String,
    /// `accuse` or `withhold`.
    pub verdict: String,
    /// When, UTC.
    pub at: String,
}

fn summary(case: &CaseId, traced: &Traced) -> TraceSummary {
    TraceSummary {
        trace: traced.trace.to_string(),
        case: case.to_string(),
        verdict: match traced.verdict {
            VerdictWord::Accuse => "accuse".to_owned(),
            VerdictWord::Withhold => "withhold".to_owned(),
        },
        at: traced.at.to_string(),
    }
}

fn recorded(visit: &Visit) -> Vec<TraceSummary> {
    let mut all: Vec<TraceSummary> = Vec::new();
    for case in visit.state.cases.values() {
        all.extend(
            case.traces()
                .iter()
                .map(|traced| summary(case.id(), traced)),
        );
    }
    all.sort_by(|one, other| one.trace.cmp(&other.trace));
    all.dedup_by(|one, other| one.trace == other.trace);
    all
}

/// All traces, by id.
#[utoipa::path(get, path = "/api/v1/traces", tag = "traces", params(Window),
    responses((status = 200, body = Slice<TraceSummary>)))]
pub async fn list(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<TraceSummary>>, Problem> {
    Ok(Json(
        window.cut(recorded(&visit), |trace| trace.trace.clone())?,
    ))
}

/// One trace.
#[utoipa::path(get, path = "/api/v1/traces/{trace}", tag = "traces", params(("trace" = String, Path)),
    responses((status = 200, body = TraceSummary)))]
pub async fn show(visit: Visit, At(trace): At<String>) -> Result<Json<TraceSummary>, Problem> {
    let found = recorded(&visit)
        .into_iter()
        .find(|known| known.trace == trace);
    Ok(Json(found.ok_or_else(Problem::nothing_here)?))
}

/// Begins to trace a leak; the work is followed under `jobs`.
#[utoipa::path(post, path = "/api/v1/traces", tag = "traces", request_body = NewTrace,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 202, body = Begun)))]
pub async fn begin(
    visit: Visit,
    Body(new): Body<NewTrace>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let key = visit.key()?;
    let case = new.case.as_deref().map(case_id).transpose()?;
    if new.files.is_empty() {
        return Err(Problem::input("files", "there is no file in it"));
    }
    let mut found = Vec::new();
    for file in new.files {
        let bytes = STANDARD
            .decode(&file.base64)
            .map_err(|_| Problem::input("base64", "the bytes of a file are not base64"))?;
        found.push(Found::Bytes {
            name: file.name,
            bytes,
        });
    }
    let (desk, by) = (visit.desk.clone(), visit.actor()?);
    let about = case
        .as_ref()
        .map_or("a leak".to_owned(), ToString::to_string);
    let job = visit
        .app
        .jobs()
        .begin("trace", &about, by.clone(), move |progress| async move {
            progress.at(0.0, "opening what was handed in");
            let read = tokio::task::spawn_blocking(move || desk::read_leak(&found, &desk::tools()));
            let leak = read
                .await
                .map_err(|_| Problem::machine("the leak could not be read"))??;
            let ask = desk::Ask {
                files: &leak.files,
                case: case.as_ref(),
                seen_at: None,
                by: &by,
            };
            let watcher = |share: f64, step: &str| progress.at(share, step);
            let traced = desk.trace_watched(&key, &ask, &watcher).await?;
            match traced.verdict {
                Some(_) => Ok(format!("/api/v1/traces/{}", traced.trace)),
                None => Err(Problem::new(
                    409,
                    "no-case",
                    "the leak is like nothing that was given out in any case",
                )),
            }
        });
    Ok((StatusCode::ACCEPTED, Json(Begun::of(job))))
}

/// The evidence of a trace, one file that anybody verifies offline.
#[utoipa::path(get, path = "/api/v1/traces/{trace}/evidence", tag = "traces", params(("trace" = String, Path)),
    responses((status = 200, content_type = "application/json", body = serde_json::Value)))]
pub async fn evidence(visit: Visit, At(trace): At<String>) -> Result<Response, Problem> {
    let id = TraceId::parse(&trace).map_err(|_| Problem::nothing_here())?;
    if !recorded(&visit).iter().any(|known| known.trace == trace) {
        return Err(Problem::nothing_here());
    }
    let evidence = visit.desk.evidence(&*visit.key()?, &id, &[]).await?;
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, evidence.to_text()).into_response())
}
