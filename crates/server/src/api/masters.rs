//! Masters of a case: added as they are; and what their marks prove, in short.

use axum::Json;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cases::known;
use super::drafts::{AddedArtifact, kind_of};
use super::extract::{At, Body};
use crate::{Problem, Visit};

/// A master to be added.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewArtifact {
    /// Its file name, which goes into every package.
    pub name: String,
    /// `writeup`, `poc`, `rule`, `traffic` or `indicators`; by the file's name when nothing is said.
    pub kind: Option<String>,
    /// Its bytes with their marks, in base64.
    pub base64: String,
}

/// What the marks of a case can prove, before anything leaks.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseMeter {
    /// Partners that the figures are for.
    pub partners: u64,
    /// Seats that they are for.
    pub seats: u64,
    /// Shares of all marks, and what a leak of that share proves.
    pub shares: Vec<MeterShare>,
}

/// What a share of a case's marks proves.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeterShare {
    /// Between 0 and 1.
    pub share: f64,
    /// The chance that the leaking partner is named.
    pub names_partner: f64,
    /// The chance that the leaking seat is named.
    pub names_seat: f64,
}

/// Masters to be added.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"files": [{"name": "write-up.md", "base64": "VGhlIHt+dG9rZW5+a2V5fn0gaXMgbm90IGNoZWNrZWQuCg=="}]}))]
pub struct NewArtifacts {
    /// All of them are added, or none.
    pub files: Vec<NewArtifact>,
}

/// Masters that were added.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AddedArtifacts {
    /// The case.
    pub case: String,
    /// In the order in which they were sent.
    pub added: Vec<AddedArtifact>,
}

/// Adds masters to a case that was not pressed yet: all of them, or none.
#[utoipa::path(post, path = "/api/v1/cases/{case}/artifacts", tag = "artifacts", params(("case" = String, Path),
    ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewArtifacts, responses((status = 201, body = AddedArtifacts)))]
pub async fn add_artifacts(
    visit: Visit,
    At(case): At<String>,
    Body(new): Body<NewArtifacts>,
) -> Result<(StatusCode, Json<AddedArtifacts>), Problem> {
    let id = known(&visit, &case)?.id().clone();
    let mut masters = Vec::new();
    for file in new.files {
        let kind = kind_of(file.kind.as_deref(), &file.name)?;
        let bytes = STANDARD
            .decode(&file.base64)
            .map_err(|_| Problem::input("base64", "the bytes of a file are not base64"))?;
        masters.push((file.name, kind, bytes));
    }
    if masters.is_empty() {
        return Err(Problem::input("files", "there is no file in it"));
    }
    let added = visit.desk.add_artifacts(&id, &masters).await?;
    let added = added.iter().zip(&masters);
    Ok((
        StatusCode::CREATED,
        Json(AddedArtifacts {
            case: id.to_string(),
            added: added
                .map(|(one, (_, _, bytes))| AddedArtifact::of(one, bytes))
                .collect(),
        }),
    ))
}

/// What the marks of a case can prove.
#[utoipa::path(get, path = "/api/v1/cases/{case}/meter", tag = "cases", params(("case" = String, Path)),
    responses((status = 200, body = CaseMeter)))]
pub async fn meter(visit: Visit, At(case): At<String>) -> Result<Json<CaseMeter>, Problem> {
    let case = known(&visit, &case)?;
    let meter = visit.desk.meter(case, &*visit.key()?).await?;
    let shares = meter.shares.iter().map(|(share, prospect)| MeterShare {
        share: *share,
        names_partner: prospect.group_catch,
        names_seat: prospect.slot_catch,
    });
    Ok(Json(CaseMeter {
        partners: meter.counts.groups,
        seats: meter.counts.slots,
        shares: shares.collect(),
    }))
}
