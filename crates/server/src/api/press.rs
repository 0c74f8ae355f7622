//! The press, and who fetched what it made.

use axum::Json;
use axum::http::StatusCode;
use domain::case::Case;
use domain::ids::CaseId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cases::known;
use super::extract::{Ask, At};
use super::jobs::Begun;
use super::page::{Slice, Window};
use crate::{Problem, Visit};

/// The kind of a press among jobs, as the pages have it.
const PRESS: &str = "press";

/// Who fetched what.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReceiptRow {
    /// The seat.
    pub seat: String,
    /// Its partner.
    pub partner: String,
    /// When it fetched first, UTC.
    pub first: Option<String>,
    /// When it fetched last, UTC.
    pub last: Option<String>,
    /// How often.
    pub fetches: u64,
    /// How often it was refused.
    pub refused: usize,
    /// SHA-256 of its package.
    pub package_sha256: String,
}

/// A seat that was refused its package.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// Its number in the case, from 1.
    pub number: u64,
    /// The seat.
    pub seat: String,
    /// Why, as a stable word.
    pub rule: String,
    /// When, UTC.
    pub at: String,
}

/// Who fetched what, and who was refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Receipts {
    /// By seat.
    pub receipts: Vec<ReceiptRow>,
    /// In the order in which it happened.
    pub refusals: Vec<Refusal>,
}

impl Receipts {
    /// Those of a case.
    pub fn of(case: &Case) -> Self {
        let rows = case.packages().map(|package| {
            let receipt = case.receipts().of(&package.seat);
            let refused = case.refused().iter();
            ReceiptRow {
                seat: package.seat.to_string(),
                partner: package.partner.to_string(),
                first: receipt.map(|receipt| receipt.first().at.to_string()),
                last: receipt.map(|receipt| receipt.last().at.to_string()),
                fetches: receipt.map_or(0, |receipt| receipt.fetches()),
                refused: refused
                    .filter(|refused| refused.seat == package.seat)
                    .count(),
                package_sha256: package.blob.to_string(),
            }
        });
        let mut receipts: Vec<ReceiptRow> = rows.collect();
        receipts.sort_by(|one, other| one.seat.cmp(&other.seat));
        let refusals = case.refused().iter().zip(1u64..);
        Self {
            receipts,
            refusals: refusals
                .map(|(refused, number)| Refusal {
                    number,
                    seat: refused.seat.to_string(),
                    rule: refused.rule.clone(),
                    at: refused.at.to_string(),
                })
                .collect(),
        }
    }
}

/// What a press made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Pressed {
    /// The case.
    pub case: String,
    /// The seats that got a package.
    pub seats: Vec<String>,
    /// Copies that were made.
    pub copies: usize,
    /// Bytes of all packages.
    pub package_bytes: u64,
    /// Entries of the log afterwards.
    pub log_size: u64,
}

impl Pressed {
    /// What a press of a case made.
    pub fn of(case: &CaseId, pressed: &desk::Pressed) -> Self {
        Self {
            case: case.to_string(),
            seats: pressed.seats.iter().map(ToString::to_string).collect(),
            copies: pressed.copies,
            package_bytes: pressed.bytes,
            log_size: pressed.log_size,
        }
    }
}

/// Begins to make every seat's copies; the work is followed under `jobs`. One that goes on is not begun again.
#[utoipa::path(post, path = "/api/v1/cases/{case}/press", tag = "cases",
    params(("case" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = Begun)))]
pub async fn press(
    visit: Visit,
    At(case): At<String>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let id = known(&visit, &case)?.id().clone();
    let jobs = visit.app.jobs();
    let going_on = jobs
        .all()
        .into_iter()
        .find(|job| job.kind == PRESS && job.about == id.as_str() && !job.is_ended());
    if let Some(job) = going_on {
        return Ok((StatusCode::ACCEPTED, Json(Begun::of(job.id))));
    }
    let key = visit.key()?;
    let (desk, about) = (visit.desk.clone(), id.to_string());
    let job = jobs.begin(PRESS, &about, visit.actor()?, |progress| {
        crate::jobs::apart(async move {
            let tell = |share: f64, step: &str| progress.at(share, step);
            let pressed = desk.press_telling(&id, &key, &tell).await?;
            progress.answer(&Pressed::of(&id, &pressed));
            Ok(format!("/api/v1/cases/{id}"))
        })
    });
    Ok((StatusCode::ACCEPTED, Json(Begun::of(job))))
}

/// Who fetched what, first and last.
#[utoipa::path(get, path = "/api/v1/cases/{case}/receipts", tag = "cases",
    params(("case" = String, Path), Window), responses((status = 200, body = Slice<ReceiptRow>)))]
pub async fn receipts(
    visit: Visit,
    At(case): At<String>,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<ReceiptRow>>, Problem> {
    let rows = Receipts::of(known(&visit, &case)?).receipts;
    Ok(Json(window.cut(rows, |row| row.seat.clone())?))
}

/// Who was refused a package, in the order in which it happened.
#[utoipa::path(get, path = "/api/v1/cases/{case}/refusals", tag = "cases",
    params(("case" = String, Path), Window), responses((status = 200, body = Slice<Refusal>)))]
pub async fn refusals(
    visit: Visit,
    At(case): At<String>,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<Refusal>>, Problem> {
    let rows = Receipts::of(known(&visit, &case)?).refusals;
    Ok(Json(window.cut(rows, |row| format!("{:012}", row.number))?))
}
