//! Cases: what they are, their waves, approvals, press, receipts.

use axum::Json;
use axum::http::StatusCode;
use domain::advisory::CaseDetails;
use domain::case::Case;
use domain::decide::CaseCommand;
use domain::ids::CaseId;
use domain::tlp::Tlp;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Ask, At, Body};
use super::jobs::Begun;
use super::page::{Slice, Window};
use crate::{Problem, Visit};

/// A case.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseSummary {
    /// Its id, such as `HS-2026-0001`.
    pub case: String,
    /// Its title; nothing while the program key is locked.
    pub title: Option<String>,
    /// `draft`, `planned`, `approved`, `open`, `released` or `ended-early`.
    pub stage: String,
    /// Its TLP 2.0 label.
    pub tlp: String,
    /// When the embargo ends, UTC.
    pub release: Option<String>,
    /// When it was made, UTC.
    pub created_at: String,
    /// Its artifacts.
    pub artifacts: Vec<ArtifactSummary>,
    /// Who approved the current plan.
    pub approvals: Vec<String>,
    /// Whether two people did.
    pub approved: bool,
    /// Whether copies were pressed.
    pub pressed: bool,
    /// Waves that have opened.
    pub opened: Vec<OpenedWave>,
    /// Sightings of values of its copies.
    pub sightings: usize,
    /// Traces of leaks.
    pub traces: usize,
}

/// An artifact, without its name: that is sealed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArtifactSummary {
    /// Its id.
    pub artifact: String,
    /// `writeup`, `poc`, `rule`, `traffic` or `indicators`.
    pub kind: String,
    /// Its mark sites.
    pub sites: u64,
}

/// A wave that has opened.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenedWave {
    /// Its name.
    pub wave: String,
    /// When it was due, UTC.
    pub due_at: String,
    /// When it was opened, UTC.
    pub opened_at: String,
}

/// What a new case is about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    /// Its title; not with `advisory`.
    pub title: Option<String>,
    /// A CSAF 2.0 or CVE 5 document.
    pub advisory: Option<serde_json::Value>,
    /// When the embargo ends, with hour and zone.
    pub release: Option<String>,
    /// Its TLP 2.0 label; `TLP:AMBER` when nothing is said.
    pub tlp: Option<String>,
}

/// What of a case is changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseChange {
    /// When the embargo ends, with hour and zone.
    pub release: Option<String>,
    /// Its TLP 2.0 label; it never goes down.
    pub tlp: Option<String>,
}

/// Who gets what when.
#[derive(Debug, Serialize, ToSchema)]
pub struct Waves {
    /// The case.
    pub case: String,
    /// Digest of the plan, which an approval names.
    pub plan: String,
    /// When the embargo ends, UTC.
    pub release: Option<String>,
    /// The waves.
    pub waves: Vec<PlannedWave>,
    /// Who gets less than their wave, and why.
    pub exceptions: Vec<PlannedException>,
    /// Who approved.
    pub approvals: Vec<String>,
    /// Whether two people did.
    pub approved: bool,
}

/// One wave of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlannedWave {
    /// Its name.
    pub wave: String,
    /// When it opens, UTC.
    pub opens_at: Option<String>,
    /// What its seats get.
    pub kinds: Vec<String>,
    /// For whom.
    pub partners: Vec<String>,
    /// For which seats.
    pub seats: Vec<String>,
}

/// A seat that gets less, and by which rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlannedException {
    /// The seat.
    pub seat: String,
    /// What it does not get.
    pub kind: String,
    /// The rule.
    pub rule: String,
    /// The reason, in words.
    pub reason: String,
}

/// When waves open, before the release.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    /// Such as `validate=14d`; the program's own for tiers that are not named.
    #[serde(default)]
    pub tiers: Vec<String>,
}

/// An approval names the plan that it is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApproval {
    /// The plan's digest, as `waves` says it: nobody approves another plan than the one that they saw.
    pub plan: String,
}

/// Who fetched what.
#[derive(Debug, Serialize, ToSchema)]
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

pub(super) fn case_id(text: &str) -> Result<CaseId, Problem> {
    CaseId::parse(text).map_err(|_| Problem::nothing_here())
}

pub(super) fn known<'a>(visit: &'a Visit, id: &str) -> Result<&'a Case, Problem> {
    let id = case_id(id)?;
    visit
        .state
        .case(&id)
        .map(std::sync::Arc::as_ref)
        .ok_or_else(Problem::nothing_here)
}

pub(super) fn time(text: &str) -> Result<Timestamp, Problem> {
    Ok(domain::parse_release(text).map_err(desk::Failure::from_refusal)?)
}

fn label(text: &str) -> Result<Tlp, Problem> {
    Tlp::parse(text).map_err(|error| Problem::input("tlp", error.to_string()))
}

/// Characters of a title.
const TITLE_CHARS_MAX: usize = 500;

fn titled(title: &str) -> Result<CaseDetails, Problem> {
    let title = title.trim();
    if title.is_empty() || title.chars().count() > TITLE_CHARS_MAX {
        return Err(Problem::input(
            "title",
            format!("a title has 1 to {TITLE_CHARS_MAX} characters"),
        ));
    }
    Ok(CaseDetails {
        title: title.to_owned(),
        cves: Vec::new(),
        products: Vec::new(),
        scores: Vec::new(),
        tlp: None,
        release: None,
        source: None,
        summary: None,
    })
}

fn summary(visit: &Visit, case: &Case) -> CaseSummary {
    let title = visit
        .key()
        .ok()
        .and_then(|key| visit.desk.details(case, &key).ok())
        .map(|details| details.title);
    CaseSummary {
        case: case.id().to_string(),
        title,
        stage: case.stage().to_string(),
        tlp: case.tlp().to_string(),
        release: case.release().map(|at| at.to_string()),
        created_at: case.created_at().to_string(),
        artifacts: case
            .artifacts()
            .iter()
            .map(|artifact| ArtifactSummary {
                artifact: artifact.artifact.to_string(),
                kind: artifact.kind.as_str().to_owned(),
                sites: u64::from(artifact.sites),
            })
            .collect(),
        approvals: case
            .approvals()
            .iter()
            .map(|approval| approval.person.to_string())
            .collect(),
        approved: case.is_approved(),
        pressed: case.is_pressed(),
        opened: case
            .waves()
            .iter()
            .map(|(name, wave)| OpenedWave {
                wave: name.to_string(),
                due_at: wave.opens_at.to_string(),
                opened_at: wave.opened_at.to_string(),
            })
            .collect(),
        sightings: case.sightings().len(),
        traces: case.traces().len(),
    }
}

async fn fresh(visit: &Visit, id: &CaseId) -> Result<Json<CaseSummary>, Problem> {
    Ok(Json(summary(visit, &visit.desk.case(id).await?)))
}

/// All cases, by id.
#[utoipa::path(get, path = "/api/v1/cases", tag = "cases", params(Window),
    responses((status = 200, body = Slice<CaseSummary>)))]
pub async fn list(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<CaseSummary>>, Problem> {
    let cases = visit.state.cases.values().cloned();
    let slice = window.cut(cases, |case| case.id().to_string())?;
    Ok(Json(Slice {
        items: slice
            .items
            .iter()
            .map(|case| summary(&visit, case))
            .collect(),
        next: slice.next,
    }))
}

/// One case.
#[utoipa::path(get, path = "/api/v1/cases/{case}", tag = "cases", params(("case" = String, Path)),
    responses((status = 200, body = CaseSummary)))]
pub async fn show(visit: Visit, At(case): At<String>) -> Result<Json<CaseSummary>, Problem> {
    Ok(Json(summary(&visit, known(&visit, &case)?)))
}

/// Begins a case, from an advisory or a title.
#[utoipa::path(post, path = "/api/v1/cases", tag = "cases", request_body = NewCase,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = CaseSummary)))]
pub async fn create(
    visit: Visit,
    Body(new): Body<NewCase>,
) -> Result<(StatusCode, Json<CaseSummary>), Problem> {
    let release = new.release.as_deref().map(time).transpose()?;
    let tlp = new.tlp.as_deref().map(label).transpose()?;
    let case = match (new.title, new.advisory) {
        (None, Some(advisory)) => {
            let bytes = advisory.to_string().into_bytes();
            let (case, _, _) = visit.desk.import_case(&bytes, release).await?;
            case
        }
        (Some(title), None) => {
            let details = titled(&title)?;
            visit
                .desk
                .create_case(&details, tlp.unwrap_or(Tlp::Amber), release)
                .await?
        }
        _ => {
            return Err(
                Problem::input("new-case", "a new case has either a title or an advisory")
                    .hint("send `title` or `advisory`, and not both"),
            );
        }
    };
    Ok((StatusCode::CREATED, fresh(&visit, &case).await?))
}

/// Changes release or label.
#[utoipa::path(patch, path = "/api/v1/cases/{case}", tag = "cases", params(("case" = String, Path)),
    request_body = CaseChange, responses((status = 200, body = CaseSummary)))]
pub async fn change(
    visit: Visit,
    At(case): At<String>,
    Body(change): Body<CaseChange>,
) -> Result<Json<CaseSummary>, Problem> {
    let id = known(&visit, &case)?.id().clone();
    let release = change.release.as_deref().map(time).transpose()?;
    let tlp = change.tlp.as_deref().map(label).transpose()?;
    if release.is_none() && tlp.is_none() {
        return Err(Problem::input("nothing-to-set", "nothing was given to set")
            .hint("send `release` or `tlp`"));
    }
    let by = visit.actor()?;
    if let Some(tlp) = tlp {
        visit
            .desk
            .command(&id, CaseCommand::SetTlp(tlp), &by)
            .await?;
    }
    if let Some(release) = release {
        visit
            .desk
            .command(&id, CaseCommand::SetRelease(release), &by)
            .await?;
    }
    fresh(&visit, &id).await
}

fn waves_of(case: &Case) -> Result<Waves, Problem> {
    let plan = case.plan().ok_or_else(|| {
        Problem::new(
            409,
            "not-planned",
            format!("the waves of {} are not planned", case.id()),
        )
        .hint("plan them first")
    })?;
    Ok(Waves {
        case: case.id().to_string(),
        plan: plan.digest().to_string(),
        release: plan.release.map(|at| at.to_string()),
        waves: plan
            .rows()
            .iter()
            .map(|row| PlannedWave {
                wave: row.wave.to_string(),
                opens_at: row.opens_at.map(|at| at.to_string()),
                kinds: row
                    .kinds
                    .iter()
                    .map(|kind| kind.as_str().to_owned())
                    .collect(),
                partners: row.partners.iter().map(ToString::to_string).collect(),
                seats: row.seats.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        exceptions: plan
            .exceptions
            .iter()
            .map(|exception| PlannedException {
                seat: exception.seat.to_string(),
                kind: exception.kind.as_str().to_owned(),
                rule: exception.rule.clone(),
                reason: exception.reason.clone(),
            })
            .collect(),
        approvals: case
            .approvals()
            .iter()
            .map(|approval| approval.person.to_string())
            .collect(),
        approved: case.is_approved(),
    })
}

/// Who gets what when.
#[utoipa::path(get, path = "/api/v1/cases/{case}/waves", tag = "waves", params(("case" = String, Path)),
    responses((status = 200, body = Waves)))]
pub async fn waves(visit: Visit, At(case): At<String>) -> Result<Json<Waves>, Problem> {
    Ok(Json(waves_of(known(&visit, &case)?)?))
}

/// Plans the waves; earlier approvals are for another plan, and no longer count.
#[utoipa::path(post, path = "/api/v1/cases/{case}/waves", tag = "waves", params(("case" = String, Path)),
    request_body = NewPlan, responses((status = 200, body = Waves)))]
pub async fn plan(
    visit: Visit,
    At(case): At<String>,
    Body(new): Body<NewPlan>,
) -> Result<Json<Waves>, Problem> {
    let id = known(&visit, &case)?.id().clone();
    let offsets = visit
        .state
        .program
        .settings()
        .offsets()
        .with(new.tiers.iter().map(String::as_str))
        .map_err(desk::Failure::from_refusal)?;
    visit
        .desk
        .command(&id, CaseCommand::PlanWaves(offsets), &visit.actor()?)
        .await?;
    Ok(Json(waves_of(&visit.desk.case(&id).await?)?))
}

/// Approves the plan, under the name of whoever is signed in.
#[utoipa::path(post, path = "/api/v1/cases/{case}/approvals", tag = "waves", params(("case" = String, Path)),
    request_body = NewApproval, responses((status = 200, body = Waves)))]
pub async fn approve(
    visit: Visit,
    At(case): At<String>,
    Body(new): Body<NewApproval>,
) -> Result<Json<Waves>, Problem> {
    let id = known(&visit, &case)?.id().clone();
    let plan = domain::sealed::Digest::parse(&new.plan)
        .ok_or_else(|| Problem::input("plan", "a plan is named by 64 hexadecimal digits"))?;
    let command = CaseCommand::Approve {
        person: visit.person()?.clone(),
        plan: Some(plan),
    };
    visit.desk.command(&id, command, &visit.actor()?).await?;
    Ok(Json(waves_of(&visit.desk.case(&id).await?)?))
}

/// Opens what is due.
#[utoipa::path(post, path = "/api/v1/cases/{case}/open", tag = "waves", params(("case" = String, Path)),
    responses((status = 200, body = CaseSummary)))]
pub async fn open(visit: Visit, At(case): At<String>) -> Result<Json<CaseSummary>, Problem> {
    let id = known(&visit, &case)?.id().clone();
    visit
        .desk
        .command(&id, CaseCommand::OpenWaves, &visit.actor()?)
        .await?;
    fresh(&visit, &id).await
}

/// Begins to make every seat's copies; the work is followed under `jobs`.
#[utoipa::path(post, path = "/api/v1/cases/{case}/press", tag = "cases", params(("case" = String, Path)),
    responses((status = 202, body = Begun)))]
pub async fn press(
    visit: Visit,
    At(case): At<String>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let id = known(&visit, &case)?.id().clone();
    let key = visit.key()?;
    let (desk, about) = (visit.desk.clone(), id.to_string());
    let job = visit.app.jobs().begin(
        "press",
        &about,
        visit.actor()?,
        move |progress| async move {
            progress.at(0.0, "making copies");
            desk.press(&id, &key).await?;
            Ok(format!("/cases/{id}/waves"))
        },
    );
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
    let case = known(&visit, &case)?;
    let mut rows: Vec<ReceiptRow> = case
        .packages()
        .map(|package| {
            let receipt = case.receipts().of(&package.seat);
            ReceiptRow {
                seat: package.seat.to_string(),
                partner: package.partner.to_string(),
                first: receipt.map(|receipt| receipt.first().at.to_string()),
                last: receipt.map(|receipt| receipt.last().at.to_string()),
                fetches: receipt.map_or(0, |receipt| receipt.fetches()),
                refused: case
                    .refused()
                    .iter()
                    .filter(|refused| refused.seat == package.seat)
                    .count(),
                package_sha256: package.blob.to_string(),
            }
        })
        .collect();
    rows.sort_by(|one, other| one.seat.cmp(&other.seat));
    Ok(Json(window.cut(rows, |row| row.seat.clone())?))
}

/// A master to be added.
#[derive(Debug, Deserialize, ToSchema)]
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

/// Adds a master to a case that was not pressed yet.
#[utoipa::path(post, path = "/api/v1/cases/{case}/artifacts", tag = "cases", params(("case" = String, Path),
    ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewArtifact, responses((status = 201, body = CaseSummary)))]
pub async fn add_artifact(
    visit: Visit,
    At(case): At<String>,
    Body(new): Body<NewArtifact>,
) -> Result<(StatusCode, Json<CaseSummary>), Problem> {
    use base64::Engine as _;
    let id = known(&visit, &case)?.id().clone();
    let kind = match &new.kind {
        Some(word) => domain::artifact::ArtifactKind::parse(word),
        None => desk::kind_of(&new.name),
    };
    let kind = kind.ok_or_else(|| {
        Problem::input("kind", "this is no kind of artifact")
            .hint("say `writeup`, `poc`, `rule`, `traffic` or `indicators`")
    })?;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(&new.base64)
        .map_err(|_| Problem::input("base64", "the bytes of the file are not base64"))?;
    visit
        .desk
        .add_artifacts(&id, &[(new.name, kind, bytes)])
        .await?;
    Ok((StatusCode::CREATED, fresh(&visit, &id).await?))
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
