//! Waves: who gets what when; two people approve; what is due opens.

use axum::Json;
use domain::case::{Case, CaseEvent, CaseFact};
use domain::decide::CaseCommand;
use domain::plan::{Exception, PlanRow};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cases::known;
use super::extract::{At, Body};
use crate::{Problem, Visit};

/// Who gets what when.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Waves {
    /// The case.
    pub case: String,
    /// Digest of the plan, which an approval names.
    pub plan: String,
    /// When the embargo ends, UTC.
    pub release: Option<String>,
    /// The TLP 2.0 label that the plan is for.
    pub tlp: String,
    /// The waves.
    pub waves: Vec<PlannedWave>,
    /// Who gets less than their wave, and why.
    pub exceptions: Vec<PlannedException>,
    /// Who approved.
    pub approvals: Vec<String>,
    /// Whether two people did.
    pub approved: bool,
    /// Whether copies were pressed.
    pub pressed: bool,
}

/// One wave of a plan.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlannedException {
    /// The seat.
    pub seat: String,
    /// Its partner.
    pub partner: String,
    /// What it does not get.
    pub kind: String,
    /// The rule.
    pub rule: String,
    /// The reason, in words.
    pub reason: String,
}

/// When waves open, before the release.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tiers": ["validate=14d", "advance=5d", "entry=24h"]}))]
pub struct NewPlan {
    /// Such as `validate=14d`; the program's own for tiers that are not named.
    #[serde(default)]
    pub tiers: Vec<String>,
}

/// An approval names the plan that it is for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"plan": "0000000000000000000000000000000000000000000000000000000000000000"}))]
pub struct NewApproval {
    /// The plan's digest, as `waves` says it: nobody approves another plan than the one that they saw.
    pub plan: String,
}

impl Waves {
    /// The plan of a case; nothing where there is none.
    pub fn of(case: &Case) -> Option<Self> {
        let plan = case.plan()?;
        Some(Self {
            case: case.id().to_string(),
            plan: plan.digest().to_string(),
            release: plan.release.map(|at| at.to_string()),
            tlp: plan.tlp.to_string(),
            waves: plan.rows().iter().map(PlannedWave::of).collect(),
            exceptions: plan.exceptions.iter().map(PlannedException::of).collect(),
            approvals: case
                .approvals()
                .iter()
                .map(|approval| approval.person.to_string())
                .collect(),
            approved: case.is_approved(),
            pressed: case.is_pressed(),
        })
    }
}

impl PlannedWave {
    fn of(row: &PlanRow) -> Self {
        let kinds = row.kinds.iter().map(|kind| kind.as_str().to_owned());
        Self {
            wave: row.wave.to_string(),
            opens_at: row.opens_at.map(|at| at.to_string()),
            kinds: kinds.collect(),
            partners: row.partners.iter().map(ToString::to_string).collect(),
            seats: row.seats.iter().map(ToString::to_string).collect(),
        }
    }
}

impl PlannedException {
    fn of(exception: &Exception) -> Self {
        Self {
            seat: exception.seat.to_string(),
            partner: exception.partner.to_string(),
            kind: exception.kind.as_str().to_owned(),
            rule: exception.rule.clone(),
            reason: exception.reason.clone(),
        }
    }
}

fn waves_of(case: &Case) -> Result<Waves, Problem> {
    Waves::of(case).ok_or_else(|| {
        let title = format!("the waves of {} are not planned", case.id());
        Problem::new(409, "not-planned", title).hint("plan them first")
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

/// What was opened just now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JustOpened {
    /// The case.
    pub case: String,
    /// The waves that opened, with their seats; none when nothing was due.
    pub opened: Vec<WaveSeats>,
    /// The wave that opens next.
    pub next: Option<NextWave>,
    /// The case's stage now.
    pub stage: String,
}

/// A wave and its seats.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WaveSeats {
    /// The wave.
    pub wave: String,
    /// Its seats.
    pub seats: Vec<String>,
}

/// A wave that is to come.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NextWave {
    /// The wave.
    pub wave: String,
    /// When it opens, UTC.
    pub opens_at: String,
}

impl JustOpened {
    /// What these events opened, and what `case` still has to come.
    pub fn of(events: &[CaseEvent], case: &Case, now: Timestamp) -> Self {
        let opened = events.iter().filter_map(|event| match &event.fact {
            CaseFact::WaveOpened { wave, seats, .. } => Some(WaveSeats {
                wave: wave.to_string(),
                seats: seats.iter().map(ToString::to_string).collect(),
            }),
            _ => None,
        });
        let rows = case.plan().map(|plan| plan.rows()).unwrap_or_default();
        let coming = rows
            .iter()
            .filter_map(|row| Some((row.opens_at?, row.wave)))
            .filter(|(at, _)| *at > now);
        Self {
            case: case.id().to_string(),
            opened: opened.collect(),
            next: coming.min().map(|(at, wave)| NextWave {
                wave: wave.to_string(),
                opens_at: at.to_string(),
            }),
            stage: case.stage().to_string(),
        }
    }
}

/// Opens what is due.
#[utoipa::path(post, path = "/api/v1/cases/{case}/open", tag = "waves", params(("case" = String, Path)),
    responses((status = 200, body = JustOpened)))]
pub async fn open(visit: Visit, At(case): At<String>) -> Result<Json<JustOpened>, Problem> {
    let id = known(&visit, &case)?.id().clone();
    let events = visit
        .desk
        .command(&id, CaseCommand::OpenWaves, &visit.actor()?)
        .await?;
    let case = visit.desk.case(&id).await?;
    Ok(Json(JustOpened::of(&events, &case, visit.desk.now())))
}
