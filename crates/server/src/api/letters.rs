//! What partners and the program write to each other about a case, from both sides.
//!
//! The program's side reads with the program key. The partner's side gets what is sealed to its seat, and opens it
//! itself.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use desk::Written;
use domain::case::Case;
use domain::ids::{BlobId, PartnerId, SeatId};
use domain::letter::{Letter, Words};
use domain::protection::{Protection, Version};
use domain::thread::Message;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::cases::known;
use super::extract::{Ask, At, Body};
use super::inbox::NewMessage;
use super::page::{Slice, Window};
use super::partners::id_of;
use crate::access::{COORDINATOR, Need, Route, api};
use crate::web::portal::own::{own, told};
use crate::{App, Problem, Visit};

/// What its routes need.
pub const ROUTES: &[Route] = &[
    api("GET", "/api/v1/cases/{case}/threads", COORDINATOR, "read"),
    api(
        "GET",
        "/api/v1/cases/{case}/threads/{partner}",
        COORDINATOR,
        "read",
    ),
    api(
        "POST",
        "/api/v1/cases/{case}/threads/{partner}",
        COORDINATOR,
        "write",
    ),
    api(
        "GET",
        "/api/v1/cases/{case}/protections",
        COORDINATOR,
        "read",
    ),
    api(
        "GET",
        "/api/v1/inbox/{case}/messages",
        Need::Partner,
        "read",
    ),
    api(
        "GET",
        "/api/v1/inbox/{case}/protections",
        Need::Partner,
        "read",
    ),
    api(
        "GET",
        "/api/v1/inbox/{case}/letters/{letter}",
        Need::Partner,
        "read",
    ),
];

/// Those without an idempotency key.
pub fn plain() -> Router<App> {
    let at = |rest: &str| format!("/api/v1{rest}");
    Router::new()
        .route(&at("/cases/{case}/threads"), get(threads))
        .route(&at("/cases/{case}/protections"), get(protections))
        .route(&at("/inbox/{case}/letters/{letter}"), get(letter))
}

/// Those that take an idempotency key.
pub fn keyed() -> Router<App> {
    Router::new().route(
        "/api/v1/cases/{case}/threads/{partner}",
        get(thread).post(answer),
    )
}

/// Their part of the document.
#[derive(OpenApi)]
#[openapi(paths(
    threads,
    thread,
    answer,
    protections,
    own_messages,
    own_protections,
    letter
))]
pub struct Paths;

/// A thread with a partner about a case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ThreadSummary {
    /// The partner.
    pub partner: String,
    /// Its messages.
    pub messages: usize,
    /// Whether the partner wrote last.
    pub waits: bool,
    /// When something was written last, UTC.
    pub last_at: Option<String>,
}

/// A message, as the program reads it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReadMessage {
    /// Its number in the thread, from 1.
    pub number: u64,
    /// Who wrote it: `person:…` or `seat:…`.
    pub by: String,
    /// When, UTC.
    pub at: String,
    /// Its text; nothing while the program key is locked.
    pub text: Option<String>,
}

/// A protection, as the program reads it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReadProtection {
    /// The partner.
    pub partner: String,
    /// Its number among the partner's of the case, from 1.
    pub number: u32,
    /// `full`, `partial`, `planned` or `none`.
    pub coverage: String,
    /// When it shipped, or will, UTC.
    pub ships_at: Option<String>,
    /// The seat that reported it last.
    pub seat: String,
    /// When, UTC.
    pub at: String,
    /// How often it was reported.
    pub reports: usize,
    /// The product; nothing while the program key is locked, as for what follows.
    pub product: Option<String>,
    /// The ids of its rules.
    pub rules: Vec<String>,
    /// What else there is to say.
    pub note: Option<String>,
}

/// A message of the own thread. Its text is sealed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SealedMessage {
    /// Its number in the thread, from 1.
    pub number: u64,
    /// `program`, or the own seat that wrote it, `seat:…`.
    pub by: String,
    /// When, UTC.
    pub at: String,
    /// Where its sealed text is, under `letters`; nothing where it was sealed before this seat could read it.
    pub letter: Option<String>,
}

/// A protection of the own organisation. Product and rules are sealed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SealedProtection {
    /// Its number, from 1.
    pub number: u32,
    /// What was reported, oldest first.
    pub reports: Vec<SealedReport>,
}

/// One report of a protection.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SealedReport {
    /// The seat that reported.
    pub seat: String,
    /// When, UTC.
    pub at: String,
    /// `full`, `partial`, `planned` or `none`.
    pub coverage: String,
    /// When it shipped, or will, UTC.
    pub ships_at: Option<String>,
    /// Where its sealed text is, under `letters`; nothing where it was sealed before this seat could read it.
    pub letter: Option<String>,
}

/// What a letter says, where the program key is unlocked.
async fn read(
    visit: &Visit,
    case: &Case,
    partner: &PartnerId,
    letter: &Letter,
) -> Result<Option<Written>, Problem> {
    let Ok(key) = visit.key() else {
        return Ok(None);
    };
    let body = visit
        .desk
        .read_letter(&key, case.id(), partner, letter)
        .await?;
    Ok(Some(body.written))
}

/// Threads about a case, by partner.
#[utoipa::path(get, path = "/api/v1/cases/{case}/threads", tag = "threads",
    params(("case" = String, Path), Window), responses((status = 200, body = Slice<ThreadSummary>)))]
pub async fn threads(
    visit: Visit,
    At(case): At<String>,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<ThreadSummary>>, Problem> {
    let case = known(&visit, &case)?;
    let rows = case
        .threads()
        .iter()
        .map(|(partner, thread)| ThreadSummary {
            partner: partner.to_string(),
            messages: thread.len(),
            waits: case.threads().waits_for_program(partner),
            last_at: thread.last().map(|last| last.at.to_string()),
        });
    Ok(Json(window.cut(rows, |row| row.partner.clone())?))
}

async fn messages(
    visit: &Visit,
    case: &Case,
    partner: &PartnerId,
) -> Result<Vec<ReadMessage>, Problem> {
    let mut rows = Vec::new();
    for (message, number) in case.threads().of(partner).iter().zip(1u64..) {
        let text = match read(visit, case, partner, &message.text).await? {
            Some(Written::Message { text }) => Some(text),
            _ => None,
        };
        rows.push(ReadMessage {
            number,
            by: message.by.to_string(),
            at: message.at.to_string(),
            text,
        });
    }
    Ok(rows)
}

/// The thread with a partner about a case, oldest first.
#[utoipa::path(get, path = "/api/v1/cases/{case}/threads/{partner}", tag = "threads",
    params(("case" = String, Path), ("partner" = String, Path), Window),
    responses((status = 200, body = Slice<ReadMessage>)))]
pub async fn thread(
    visit: Visit,
    At((case, partner)): At<(String, String)>,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<ReadMessage>>, Problem> {
    let case = known(&visit, &case)?;
    let partner = id_of(&visit, &partner)?;
    let rows = messages(&visit, case, &partner).await?;
    Ok(Json(window.cut(rows, |row| format!("{:012}", row.number))?))
}

/// Writes to a partner about a case; only its seats to which the case is open read it.
#[utoipa::path(post, path = "/api/v1/cases/{case}/threads/{partner}", tag = "threads",
    params(("case" = String, Path), ("partner" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewMessage, responses((status = 204)))]
pub async fn answer(
    visit: Visit,
    At((case, partner)): At<(String, String)>,
    Body(new): Body<NewMessage>,
) -> Result<axum::http::StatusCode, Problem> {
    let case = known(&visit, &case)?;
    let partner = id_of(&visit, &partner)?;
    let words =
        Words::parse(&new.text).map_err(|error| Problem::input("text", error.to_string()))?;
    let by = visit.actor()?;
    visit
        .desk
        .write_message(case.id(), &partner, &by, &words)
        .await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// What partners report about a case: the newest report of each protection.
#[utoipa::path(get, path = "/api/v1/cases/{case}/protections", tag = "threads",
    params(("case" = String, Path), Window), responses((status = 200, body = Slice<ReadProtection>)))]
pub async fn protections(
    visit: Visit,
    At(case): At<String>,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<ReadProtection>>, Problem> {
    let case = known(&visit, &case)?;
    let mut rows = Vec::new();
    for (partner, all) in case.protections().iter() {
        for one in all {
            let newest = one.newest();
            let details = match read(&visit, case, partner, &newest.details).await? {
                Some(Written::Protection(details)) => Some(details),
                _ => None,
            };
            rows.push(ReadProtection {
                partner: partner.to_string(),
                number: one.number(),
                coverage: newest.coverage.as_str().to_owned(),
                ships_at: newest.ships_at.map(|at| at.to_string()),
                seat: newest.seat.to_string(),
                at: newest.at.to_string(),
                reports: one.versions().len(),
                product: details.as_ref().map(|details| details.product.clone()),
                note: details.as_ref().map(|details| details.note.clone()),
                rules: details.map_or(Vec::new(), |details| details.rules),
            });
        }
    }
    Ok(Json(window.cut(rows, |row| {
        format!("{}/{:06}", row.partner, row.number)
    })?))
}

fn readable(letter: &Letter, seat: &SeatId) -> Option<String> {
    letter
        .readers
        .contains(seat)
        .then(|| letter.blob.to_string())
}

fn sealed_message(message: &Message, number: u64, seat: &SeatId) -> SealedMessage {
    SealedMessage {
        number,
        // Who of the program it was, the letter says to those who read it.
        by: match message.is_partners() {
            true => message.by.to_string(),
            false => "program".to_owned(),
        },
        at: message.at.to_string(),
        letter: readable(&message.text, seat),
    }
}

fn sealed_report(version: &Version, seat: &SeatId) -> SealedReport {
    SealedReport {
        seat: version.seat.to_string(),
        at: version.at.to_string(),
        coverage: version.coverage.as_str().to_owned(),
        ships_at: version.ships_at.map(|at| at.to_string()),
        letter: readable(&version.details, seat),
    }
}

/// The own thread with the program about a case, oldest first.
#[utoipa::path(get, path = "/api/v1/inbox/{case}/messages", tag = "inbox",
    params(("case" = String, Path), Window), responses((status = 200, body = Slice<SealedMessage>)))]
pub async fn own_messages(
    visit: Visit,
    At(case): At<String>,
    window: Result<Ask<Window>, Problem>,
) -> Result<Json<Slice<SealedMessage>>, Problem> {
    let own = own(&visit, &case)?;
    // What a query says is looked at only where there is something for it.
    let Ask(window) = window?;
    let thread = own.case.threads().of(&own.partner).iter().zip(1u64..);
    let rows = thread.map(|(message, number)| sealed_message(message, number, &own.seat));
    Ok(Json(window.cut(rows, |row| format!("{:012}", row.number))?))
}

/// The protections that the own organisation reported about a case.
#[utoipa::path(get, path = "/api/v1/inbox/{case}/protections", tag = "inbox",
    params(("case" = String, Path), Window), responses((status = 200, body = Slice<SealedProtection>)))]
pub async fn own_protections(
    visit: Visit,
    At(case): At<String>,
    window: Result<Ask<Window>, Problem>,
) -> Result<Json<Slice<SealedProtection>>, Problem> {
    let own = own(&visit, &case)?;
    // What a query says is looked at only where there is something for it.
    let Ask(window) = window?;
    let all = own.case.protections().of(&own.partner).iter();
    let rows = all.map(|one: &Protection| SealedProtection {
        number: one.number(),
        reports: one
            .versions()
            .iter()
            .map(|version| sealed_report(version, &own.seat))
            .collect(),
    });
    Ok(Json(window.cut(rows, |row| format!("{:06}", row.number))?))
}

/// A sealed text, an age file, for a seat that it is sealed to.
#[utoipa::path(get, path = "/api/v1/inbox/{case}/letters/{letter}", tag = "inbox",
    params(("case" = String, Path), ("letter" = String, Path)),
    responses((status = 200, content_type = "application/age", body = Vec<u8>)))]
pub async fn letter(
    visit: Visit,
    At((case, blob)): At<(String, String)>,
) -> Result<Response, Problem> {
    let own = own(&visit, &case)?;
    let blob = BlobId::parse(&blob).map_err(|_| Problem::nothing_here())?;
    let letter = own
        .case
        .letter_for(&own.partner, &own.seat, &blob)
        .ok_or_else(Problem::nothing_here)?;
    let bytes = visit.desk.letter_bytes(letter).await.map_err(told)?;
    let kind = [(header::CONTENT_TYPE, "application/age")];
    Ok((kind, bytes).into_response())
}
