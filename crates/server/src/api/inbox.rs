//! The partners' side: what is open for a seat, and its package.

use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::Fetched;
use domain::case::Case;
use domain::ids::{CaseId, SeatId};
use domain::letter::Words;
use domain::open::open;
use domain::person::Actor;
use domain::program::Program;
use domain::protection::{Coverage, ProtectionDetails};
use domain::tlp::Tlp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cases::time;
use super::extract::{Ask, At, Body};
use super::log::Known;
use super::page::{Slice, Window};
use crate::web::portal::own::{own, seated, told};
use crate::{Problem, Visit};

/// A case that is open for the seat that asks. Its title is in the package, and nowhere here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
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

impl OpenCase {
    /// A case as a seat sees it; nothing where it is not open for it.
    pub fn of(desk: &desk::Desk, program: &Program, case: &Case, seat: &SeatId) -> Option<Self> {
        let opened = open(case, program, desk.policy(), seat, desk.now()).ok()?;
        let (wave, at) = case.opened_at(seat)?;
        let receipt = case.receipts().of(seat);
        Some(Self {
            case: case.id().to_string(),
            tlp: case.tlp().to_string(),
            wave: wave.to_string(),
            opened_at: at.to_string(),
            release: case.release().map(|at| at.to_string()),
            first_fetched: receipt.map(|receipt| receipt.first().at.to_string()),
            package_sha256: opened.blob().to_string(),
        })
    }
}

fn seen(visit: &Visit, case: &Case, seat: &SeatId) -> Option<OpenCase> {
    OpenCase::of(&visit.desk, &visit.state.program, case, seat)
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
    let id = CaseId::parse(&case).map_err(|_| Problem::nothing_here())?;
    let fetched = granted(&visit, &id).await?;
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

/// A package with everything that shows that it was given, and given in the log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeliveredPackage {
    /// The case.
    pub case: String,
    /// The seat.
    pub seat: String,
    /// When the fetch was granted, UTC.
    pub at: String,
    /// Where its receipt stands in the log.
    pub receipt_index: u64,
    /// SHA-256 of the package.
    pub sha256: String,
    /// The age file, in base64.
    pub package: String,
    /// The text of `FILE.proof`: a C2SP tlog-proof of the package's entry, with the receipt, its proof, and how the
    /// log grew from the entries that the client knows.
    pub proof: String,
}

/// The seat's package with its proofs, as `headstart package fetch` takes it. The fetch is in the log before the first
/// byte of the answer.
#[utoipa::path(post, path = "/api/v1/inbox/{case}/delivery", tag = "inbox",
    params(("case" = String, Path), Known), responses((status = 200, body = DeliveredPackage)))]
pub async fn deliver(
    visit: Visit,
    At(case): At<String>,
    known: Result<Ask<Known>, Problem>,
) -> Result<Json<DeliveredPackage>, Problem> {
    let id = CaseId::parse(&case).map_err(|_| Problem::nothing_here())?;
    let fetched = granted(&visit, &id).await?;
    let mut delivery = visit.desk.delivery(&fetched).await.map_err(told)?;
    // What a query says is looked at only where there is something for it.
    let size = known.map_or(0, |Ask(known)| known.known.unwrap_or(0));
    let note = delivery.checkpoint.to_text();
    delivery.grown = visit.desk.grown(size, &note).await.map_err(told)?;
    let proof = delivery
        .to_text()
        .map_err(|_| Problem::machine("the proof could not be put together"))?;
    Ok(Json(DeliveredPackage {
        case: id.to_string(),
        seat: visit.seat()?.0.to_string(),
        at: fetched.at.to_string(),
        receipt_index: fetched.receipt_index,
        sha256: fetched.sha256.to_string(),
        package: STANDARD.encode(&fetched.bytes),
        proof,
    }))
}

/// The seat's package, or its own standing, or nothing; a refusal is recorded.
async fn granted(visit: &Visit, id: &CaseId) -> Result<Fetched, Problem> {
    let seat = match seated(visit) {
        Ok((seat, _)) => seat,
        Err(standing) => {
            if visit.state.case(id).is_some() {
                visit.desk.refused_fetch(id, visit.seat()?.0).await?;
            }
            return Err(standing);
        }
    };
    visit.desk.fetch(id, &seat).await.map_err(told)
}

/// The terms that a seat was shown, and acknowledges.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tlp": "TLP:AMBER+STRICT", "release": "2026-12-08T18:00:00Z"}))]
pub struct Terms {
    /// The label.
    pub tlp: String,
    /// When the embargo ends, as it was shown.
    pub release: Option<String>,
}

/// A protection that a partner has built.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"product": "Harrowgate IDS", "rules": ["HG-1024"], "coverage": "full", "ships_at": "2026-12-01T09:00:00Z"}))]
pub struct NewProtection {
    /// The protection that is reported anew; none for another one.
    #[schema(minimum = 1, maximum = 200)]
    pub number: Option<u32>,
    /// The product.
    pub product: String,
    /// The ids of its rules.
    #[serde(default)]
    pub rules: Vec<String>,
    /// What else there is to say.
    #[serde(default)]
    pub note: String,
    /// `full`, `partial`, `planned` or `none`.
    pub coverage: String,
    /// When it shipped, or will; with hour and zone.
    pub ships_at: Option<String>,
}

/// A message to the program.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Which versions before 3 are affected?"}))]
pub struct NewMessage {
    /// Its text.
    pub text: String,
}

/// Acknowledges label and embargo as they were shown.
#[utoipa::path(post, path = "/api/v1/inbox/{case}/acknowledgement", tag = "inbox", params(("case" = String, Path)),
    request_body = Terms, responses((status = 204)))]
pub async fn acknowledge(
    visit: Visit,
    At(case): At<String>,
    body: Result<Body<Terms>, Problem>,
) -> Result<StatusCode, Problem> {
    let own = own(&visit, &case)?;
    // What a body says is looked at only where there is something for it.
    let Body(terms) = body?;
    let tlp = Tlp::parse(&terms.tlp).map_err(|error| Problem::input("tlp", error.to_string()))?;
    let release = terms.release.as_deref().map(time).transpose()?;
    visit
        .desk
        .acknowledge(own.case.id(), &own.seat, (tlp, release))
        .await
        .map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reports a protection; its words are sealed to the program and to the partner's seats.
#[utoipa::path(post, path = "/api/v1/inbox/{case}/protections", tag = "inbox", params(("case" = String, Path)),
    request_body = NewProtection, responses((status = 204)))]
pub async fn protect(
    visit: Visit,
    At(case): At<String>,
    body: Result<Body<NewProtection>, Problem>,
) -> Result<StatusCode, Problem> {
    let own = own(&visit, &case)?;
    // What a body says is looked at only where there is something for it.
    let Body(new) = body?;
    let details = ProtectionDetails::parse(&new.product, &new.rules.join("\n"), &new.note)
        .map_err(desk::Failure::from_refusal)?;
    let coverage = Coverage::parse(&new.coverage).ok_or_else(|| {
        Problem::input("coverage", "a coverage is full, partial, planned or none")
    })?;
    let ships_at = new.ships_at.as_deref().map(time).transpose()?;
    let what = (coverage, ships_at);
    visit
        .desk
        .report_protection(own.case.id(), &own.seat, new.number, what, &details)
        .await
        .map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes to the program about a case.
#[utoipa::path(post, path = "/api/v1/inbox/{case}/messages", tag = "inbox", params(("case" = String, Path)),
    request_body = NewMessage, responses((status = 204)))]
pub async fn write(
    visit: Visit,
    At(case): At<String>,
    body: Result<Body<NewMessage>, Problem>,
) -> Result<StatusCode, Problem> {
    let own = own(&visit, &case)?;
    // What a body says is looked at only where there is something for it.
    let Body(new) = body?;
    let words =
        Words::parse(&new.text).map_err(|error| Problem::input("text", error.to_string()))?;
    let by = Actor::Seat(own.seat.clone());
    visit
        .desk
        .write_message(own.case.id(), &own.partner, &by, &words)
        .await
        .map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}
