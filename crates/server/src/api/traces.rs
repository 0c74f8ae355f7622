//! Leaks: handed in, traced, and their evidence.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::{Found, ReadLeak};
use domain::case::{Traced, VerdictWord};
use domain::ids::{CaseId, TraceId};
use domain::sealed::Digest;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::cases::{case_id, time};
use super::extract::{Ask, At, Body};
use super::jobs::Begun;
use super::page::{Slice, Window};
use crate::{Problem, Visit};

/// A leak to be traced.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"files": [{"name": "leak.md", "base64": "VGhlIHRva2VuIGlzIG5vdCBjaGVja2VkLgo="}]}))]
pub struct NewTrace {
    /// Its files: documents, archives, logs, captures.
    pub files: Vec<LeakedFile>,
    /// The case, where somebody knows it; otherwise it is looked for.
    pub case: Option<String>,
    /// When the leak was seen first, where somebody else can vouch for it; with hour and zone.
    #[serde(default)]
    pub seen_at: Option<String>,
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

/// What a leak proves: the answer to a trace.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TraceAnswer {
    /// Its id.
    pub trace: String,
    /// The case; nothing when the leak is of none.
    pub case: Option<String>,
    /// `accuse`, `withhold` or `no_case`.
    pub verdict: String,
    /// Who is named.
    pub accused: Vec<TraceCandidate>,
    /// Candidates between the program's bar and 1e-3, which nobody may call accused.
    pub leads: Vec<TraceCandidate>,
    /// The sites of the case's artifacts.
    pub sites: SitesRead,
    /// Bits that naming somebody takes.
    pub needed_bits: Option<f64>,
    /// Bits that can be read.
    pub available_bits: f64,
    /// How many who pool their copies it resolves.
    pub coalition_max: u64,
    /// Why it withholds.
    pub reason: Option<String>,
    /// The program's bar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bar: Option<TraceBar>,
    /// What naming a partner takes, and what can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_question: Option<TraceQuestion>,
    /// What naming a seat takes, and what can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat_question: Option<TraceQuestion>,
    /// Cases that were tried.
    pub cases_tried: u64,
    /// Words of the leak.
    pub words: u64,
    /// What was read of each artifact.
    pub artifacts: Vec<ArtifactRead>,
    /// The texts that were handed in.
    pub files: Vec<FileRead>,
    /// What was not read.
    pub skipped: Skipped,
}

/// Somebody whose copy the leak may come from.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TraceCandidate {
    /// The partner.
    pub partner: String,
    /// The seat; nothing where only the partner can be named.
    pub seat: Option<String>,
    /// The risk for the whole trace that this is false.
    pub innocent_risk: f64,
    /// Bits of evidence.
    pub evidence_bits: f64,
}

/// How many sites were read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SitesRead {
    /// Of all artifacts.
    pub total: u64,
    /// That were read.
    pub read: u64,
    /// That were not.
    pub erased: u64,
}

/// The bars for naming somebody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TraceBar {
    /// For an accusation.
    pub innocent_risk: f64,
    /// For a lead.
    pub lead_risk: f64,
}

/// What it takes to name somebody, and what there is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TraceQuestion {
    /// Bits that it takes; nothing when no number of bits is enough.
    pub needed_bits: Option<f64>,
    /// Bits that can be read.
    pub available_bits: f64,
}

/// What was read of one artifact.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ArtifactRead {
    /// Its id.
    pub artifact: String,
    /// Its file name.
    pub file: String,
    /// Its sites.
    pub total: u64,
    /// Those that were read.
    pub read: u64,
    /// Each of them.
    pub readings: Vec<SiteRead>,
}

/// A site that was read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SiteRead {
    /// Its line in the master, from 1.
    pub line: u64,
    /// Its column, from 1.
    pub column: u64,
    /// Its carrier.
    pub carrier: String,
    /// What stood there.
    pub seen: Option<String>,
}

/// A text that was handed in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FileRead {
    /// Its name.
    pub name: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Its bytes.
    pub bytes: u64,
    /// The file that it was read from; nothing where it is that file.
    pub origin: Option<FileOrigin>,
}

/// Where a text was read from.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FileOrigin {
    /// The file.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// How it was read.
    pub how: String,
}

/// What of a leak was not read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Skipped {
    /// Each, with its reason.
    pub listed: Vec<SkippedFile>,
    /// How many more.
    pub more: u64,
}

/// A file that was not read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SkippedFile {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
}

impl TraceAnswer {
    /// An answer, and what was handed in for it.
    ///
    /// # Errors
    /// Never: what the desk says of a trace has this shape.
    pub fn of(traced: &desk::Traced, leak: &ReadLeak) -> Result<Self, desk::Failure> {
        let mut document = traced.to_json();
        let files = leak.files.iter().map(|file| {
            json!({
                "name": file.name, "sha256": Digest::of(&file.bytes).to_string(), "bytes": file.bytes.len(),
                "origin": file.origin.as_ref().map(|origin| json!({
                    "file": origin.file, "sha256": origin.sha256.to_string(), "how": origin.how,
                })),
            })
        });
        let skipped = leak.skipped.iter();
        let skipped = skipped.map(|(name, why)| json!({"name": name, "why": why}));
        document["files"] = files.collect();
        document["skipped"] =
            json!({"listed": skipped.collect::<Vec<_>>(), "more": leak.skipped_more});
        serde_json::from_value(document)
            .map_err(|error| desk::Failure::machine("trace", error.to_string()))
    }
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
    let seen_at = new.seen_at.as_deref().map(time).transpose()?;
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
                seen_at,
                by: &by,
            };
            let watcher = |share: f64, step: &str| progress.at(share, step);
            let traced = desk.trace_watched(&key, &ask, &watcher).await?;
            progress.answer(&TraceAnswer::of(&traced, &leak)?);
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

/// What evidence shows beside the trace.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// Sizes of checkpoints that others keep, with commas between: it is shown that the log grew from each.
    #[param(example = "64,120")]
    pub since: Option<String>,
}

/// The evidence of a trace, one file that anybody verifies offline.
#[utoipa::path(get, path = "/api/v1/traces/{trace}/evidence", tag = "traces",
    params(("trace" = String, Path), Since),
    responses((status = 200, content_type = "application/json", body = serde_json::Value)))]
pub async fn evidence(
    visit: Visit,
    At(trace): At<String>,
    Ask(since): Ask<Since>,
) -> Result<Response, Problem> {
    let id = TraceId::parse(&trace).map_err(|_| Problem::nothing_here())?;
    if !recorded(&visit).iter().any(|known| known.trace == trace) {
        return Err(Problem::nothing_here());
    }
    let sizes = since.since.unwrap_or_default();
    let sizes = sizes
        .split(',')
        .filter(|size| !size.is_empty())
        .map(|size| {
            size.parse().map_err(|_| {
                Problem::input("since", "a size of a checkpoint is a number of entries")
            })
        });
    let sizes: Vec<u64> = sizes.collect::<Result<_, _>>()?;
    let evidence = visit.desk.evidence(&*visit.key()?, &id, &sizes).await?;
    tracing::info!(trace = %id, by = %visit.actor()?, "evidence was made");
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, evidence.to_text()).into_response())
}
