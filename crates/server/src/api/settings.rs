//! The program's own settings, its key, and its agreement.

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::agreement::Agreement;
use domain::ids::AgreementVersion;
use domain::partner::Tier;
use domain::program::{Program, ProgramCommand};
use domain::sealed::Digest;
use domain::settings::Settings;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};
use zeroize::Zeroizing;

use super::extract::{Ask, Body};
use super::page::{Slice, Window};
use crate::access::{ADMINISTRATOR, PROGRAM, Route, api};
use crate::web::desk::program::UNLOCKS;
use crate::{App, Problem, Visit};

/// What its routes need.
pub const ROUTES: &[Route] = &[
    api("GET", "/api/v1/settings", PROGRAM, "read"),
    api("PATCH", "/api/v1/settings", ADMINISTRATOR, "write"),
    api("POST", "/api/v1/settings/unlock", UNLOCKS, "write"),
    api("POST", "/api/v1/settings/lock", UNLOCKS, "write"),
    api("GET", "/api/v1/agreements", PROGRAM, "read"),
    api("POST", "/api/v1/agreements", ADMINISTRATOR, "write"),
];

/// Those that change something again when they are asked again, or are given a secret that is not kept.
pub fn plain() -> Router<App> {
    Router::new()
        .route("/api/v1/settings", get(show).patch(change))
        .route("/api/v1/settings/unlock", post(unlock))
        .route("/api/v1/settings/lock", post(lock))
}

/// Those that take an idempotency key.
pub fn keyed() -> Router<App> {
    Router::new().route("/api/v1/agreements", get(agreements).post(publish))
}

/// Their part of the document.
#[derive(OpenApi)]
#[openapi(paths(show, change, unlock, lock, agreements, publish))]
pub struct Paths;

/// What the program has decided for itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProgramSettings {
    /// The program's name.
    pub program: String,
    /// When it was founded, UTC.
    pub founded_at: Option<String>,
    /// Whether its clock stands still until a command moves it.
    pub test_clock: bool,
    /// The log's published verifier key.
    pub log_key: String,
    /// The age recipient of the program key.
    pub program_key: String,
    /// Whether the program key is unlocked in this process.
    pub unlocked: bool,
    /// The accepted chance, for one whole trace, that anybody innocent is named.
    pub innocent_risk: f64,
    /// Up to here a candidate is a lead, which nobody may call accused.
    pub lead_risk: f64,
    /// How long before the release each tier is told by default, such as `validate=14d`.
    pub tiers: Vec<String>,
    /// The agreement that partners must have accepted.
    pub agreement: Option<String>,
}

/// What of the settings is changed.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"innocent_risk": 1e-6, "tiers": ["validate=14d"]}))]
pub struct SettingsChange {
    /// Above 0, at most 0.001.
    pub innocent_risk: Option<f64>,
    /// Between the innocent risk and 0.05.
    pub lead_risk: Option<f64>,
    /// Such as `validate=14d`; tiers that are not named stay as they are.
    pub tiers: Option<Vec<String>>,
}

/// The passphrase of the program key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"passphrase": "quartz-lantern-meadow-4471"}))]
pub struct Passphrase {
    /// It is not kept, and stands in no log.
    #[schema(value_type = String)]
    passphrase: Zeroizing<String>,
}

/// A version of the agreement.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgreementSummary {
    /// Its name.
    pub version: String,
    /// SHA-256 of its text.
    pub sha256: Option<String>,
    /// When it was published, UTC.
    pub published_at: String,
    /// The partners that accepted it.
    pub accepted_by: Vec<String>,
}

/// A version to be published.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"version": "2026-11", "base64": "VGhlIGFncmVlbWVudC4K"}))]
pub struct NewAgreement {
    /// Its name: small letters, digits, dots, dashes.
    pub version: String,
    /// Its text, in base64, whose digest is recorded.
    pub base64: String,
}

impl AgreementSummary {
    /// A version, and who accepted it.
    pub fn of(program: &Program, one: &Agreement) -> Self {
        let accepted = program
            .partners()
            .filter(|partner| partner.accepted().contains_key(&one.version));
        Self {
            version: one.version.to_string(),
            sha256: one.text.map(|digest| digest.to_string()),
            published_at: one.published_at.to_string(),
            accepted_by: accepted.map(|partner| partner.id().to_string()).collect(),
        }
    }
}

fn settings(visit: &Visit, program: &Program) -> ProgramSettings {
    let (settings, config) = (program.settings(), visit.desk.config());
    ProgramSettings {
        program: config.program.clone(),
        founded_at: program.founded_at().map(|at| at.to_string()),
        test_clock: program.test_clock(),
        log_key: config.log_key.clone(),
        program_key: config.recipient.to_string(),
        unlocked: visit.app.is_unlocked(),
        innocent_risk: settings.accusation_risk(),
        lead_risk: settings.lead_risk(),
        tiers: Tier::ALL
            .into_iter()
            .map(|tier| format!("{tier}={}", settings.offsets().of(tier)))
            .collect(),
        agreement: program.current_agreement().map(ToString::to_string),
    }
}

/// What the program has decided for itself.
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings",
    responses((status = 200, body = ProgramSettings)))]
pub async fn show(visit: Visit) -> Json<ProgramSettings> {
    Json(settings(&visit, &visit.state.program))
}

/// Changes the bars for naming somebody, and when each tier is told by default.
#[utoipa::path(patch, path = "/api/v1/settings", tag = "settings", request_body = SettingsChange,
    responses((status = 200, body = ProgramSettings)))]
pub async fn change(
    visit: Visit,
    Body(change): Body<SettingsChange>,
) -> Result<Json<ProgramSettings>, Problem> {
    let before = visit.state.program.settings();
    let tiers = change.tiers.unwrap_or_default();
    let offsets = before
        .offsets()
        .with(tiers.iter().map(String::as_str))
        .map_err(desk::Failure::from_refusal)?;
    let accusation = change.innocent_risk.unwrap_or(before.accusation_risk());
    let lead = change
        .lead_risk
        .unwrap_or(before.lead_risk().max(accusation));
    let changed = Settings::new(accusation, lead, offsets).map_err(desk::Failure::from_refusal)?;
    let command = ProgramCommand::ChangeSettings(changed);
    visit.desk.decide(command, &visit.actor()?).await?;
    Ok(Json(settings(&visit, &visit.desk.program().await?)))
}

/// Unlocks the program key in this process.
#[utoipa::path(post, path = "/api/v1/settings/unlock", tag = "settings", request_body = Passphrase,
    responses((status = 200, body = ProgramSettings)))]
pub async fn unlock(
    visit: Visit,
    Body(sent): Body<Passphrase>,
) -> Result<Json<ProgramSettings>, Problem> {
    let person = visit.person()?.clone();
    match visit.app.unlock(sent.passphrase).await {
        Ok(()) => tracing::info!(%person, "the program key was unlocked"),
        Err(problem) if problem.code == "program-key" => {
            tracing::warn!(%person, "the program key was not unlocked");
            // The desk's words name a path of the server.
            return Err(Problem::input(
                "passphrase",
                "the program key does not open with this passphrase",
            ));
        }
        Err(problem) => return Err(problem),
    }
    Ok(Json(settings(&visit, &visit.state.program)))
}

/// Forgets the program key in this process.
#[utoipa::path(post, path = "/api/v1/settings/lock", tag = "settings",
    responses((status = 200, body = ProgramSettings)))]
pub async fn lock(visit: Visit) -> Result<Json<ProgramSettings>, Problem> {
    let person = visit.person()?;
    visit.app.lock();
    tracing::info!(%person, "the program key was locked");
    Ok(Json(settings(&visit, &visit.state.program)))
}

/// The versions of the agreement, and who accepted which, by name.
#[utoipa::path(get, path = "/api/v1/agreements", tag = "settings", params(Window),
    responses((status = 200, body = Slice<AgreementSummary>)))]
pub async fn agreements(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<AgreementSummary>>, Problem> {
    let program = &visit.state.program;
    let all = program.agreements().iter();
    let mut all: Vec<_> = all.map(|one| AgreementSummary::of(program, one)).collect();
    all.sort_by(|one, other| one.version.cmp(&other.version));
    Ok(Json(window.cut(all, |one| one.version.clone())?))
}

/// Publishes a version: nobody gets anything until they accept it.
#[utoipa::path(post, path = "/api/v1/agreements", tag = "settings", request_body = NewAgreement,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = AgreementSummary)))]
pub async fn publish(
    visit: Visit,
    Body(new): Body<NewAgreement>,
) -> Result<(StatusCode, Json<AgreementSummary>), Problem> {
    let version = AgreementVersion::parse(&new.version).map_err(desk::Failure::from_refusal)?;
    let text = STANDARD
        .decode(&new.base64)
        .map_err(|_| Problem::input("base64", "the text is not base64"))?;
    let command = ProgramCommand::PublishAgreement {
        version: version.clone(),
        text: Some(Digest::of(&text)),
    };
    visit.desk.decide(command, &visit.actor()?).await?;
    let program = visit.desk.program().await?;
    let mut all = program.agreements().iter();
    let published = all.find(|one| one.version == version);
    let published = published.ok_or_else(Problem::nothing_here)?;
    let published = AgreementSummary::of(&program, published);
    Ok((StatusCode::CREATED, Json(published)))
}
