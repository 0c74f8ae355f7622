//! Ending a case before its release, and the legal clocks of one that is exploited.

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::case::{Case, EndReason};
use domain::decide::CaseCommand;
use domain::legal::ReportStep;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::cases::{known, time};
use super::extract::{At, Body};
use crate::access::{COORDINATOR, PROGRAM, Route, api};
use crate::door::fresh_to;
use crate::web::desk::cases::COORDINATOR_OR_APPROVER;
use crate::{App, Problem, Visit};

/// What its routes need.
pub const ROUTES: &[Route] = &[
    api(
        "GET",
        "/api/v1/cases/{case}/ending",
        COORDINATOR_OR_APPROVER,
        "read",
    ),
    api(
        "POST",
        "/api/v1/cases/{case}/ending",
        COORDINATOR_OR_APPROVER,
        "write",
    ),
    api(
        "POST",
        "/api/v1/cases/{case}/ending/confirm",
        COORDINATOR_OR_APPROVER,
        "approve",
    ),
    api(
        "POST",
        "/api/v1/cases/{case}/ending/withdraw",
        COORDINATOR_OR_APPROVER,
        "write",
    ),
    api("GET", "/api/v1/cases/{case}/legal", PROGRAM, "read"),
    api(
        "POST",
        "/api/v1/cases/{case}/legal/exploited",
        COORDINATOR,
        "write",
    ),
    api(
        "POST",
        "/api/v1/cases/{case}/legal/reports",
        COORDINATOR,
        "write",
    ),
];

/// Its routes.
pub fn keyed() -> Router<App> {
    let at = |rest: &str| format!("/api/v1/cases/{{case}}{rest}");
    Router::new()
        .route(&at("/ending"), get(show).post(ask))
        .route(&at("/ending/confirm"), post(confirm))
        .route(&at("/ending/withdraw"), post(withdraw))
        .route(&at("/legal"), get(legal))
        .route(&at("/legal/exploited"), post(exploited))
        .route(&at("/legal/reports"), post(reported))
}

/// Their part of the document.
#[derive(OpenApi)]
#[openapi(paths(show, ask, confirm, withdraw, legal, exploited, reported))]
pub struct Paths;

/// Longest reason in one's own words, in characters.
const WHY_CHARS_MAX: usize = 2_000;

/// Whether a case is to end before its release.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Ending {
    /// The case.
    pub case: String,
    /// Who asked; nothing while nobody does.
    pub asked_by: Option<String>,
    /// When, UTC.
    pub asked_at: Option<String>,
    /// `details-public` or `exploitation-seen`.
    pub reason: Option<String>,
    /// In their own words; nothing while the program key is locked.
    pub why: Option<String>,
    /// When it ended early, UTC.
    pub ended_at: Option<String>,
}

/// That a case should end.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"case": "HS-2026-0001", "reason": "details-public", "why": "a blog post names the function"}))]
pub struct NewEnding {
    /// The case's id once more, so that nobody ends another one than they mean.
    pub case: String,
    /// `details-public` or `exploitation-seen`.
    pub reason: String,
    /// What is known, and from where, in 1 to 2,000 characters. It is sealed.
    pub why: String,
}

/// That what another person asked for is right.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"case": "HS-2026-0001", "reason": "details-public"}))]
pub struct EndingConfirmed {
    /// The case's id once more.
    pub case: String,
    /// The reason that was asked with.
    pub reason: String,
}

/// The legal clocks of a case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Legal {
    /// The case.
    pub case: String,
    /// Since when it is known to be exploited, UTC; nothing while nobody recorded that.
    pub exploited_since: Option<String>,
    /// The clocks that run or ran.
    pub clocks: Vec<LegalClock>,
}

/// One clock.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LegalClock {
    /// The report, as a stable word.
    pub step: String,
    /// Its name.
    pub title: String,
    /// Where it is written.
    pub source: String,
    /// Since when it is counted, UTC.
    pub from: String,
    /// By when the report is due, UTC.
    pub due: String,
    /// When it was recorded as made, UTC.
    pub reported_at: Option<String>,
}

/// That a vulnerability is exploited.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"since": "2026-11-20T09:00:00Z"}))]
pub struct Exploited {
    /// Since when that is known, with hour and zone. The first record counts: it cannot be changed.
    pub since: String,
}

/// That a report was made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"step": "early-warning"}))]
pub struct NewReport {
    /// The report, as `legal` names it.
    pub step: String,
}

fn ending(visit: &Visit, case: &Case) -> Result<Json<Ending>, Problem> {
    let asked = case.asked_ending();
    let why = match visit.key() {
        Ok(key) => visit.desk.ending_words(case, &key)?,
        Err(_) => None,
    };
    Ok(Json(Ending {
        case: case.id().to_string(),
        asked_by: asked.map(|asked| asked.person.to_string()),
        asked_at: asked.map(|asked| asked.at.to_string()),
        reason: asked.map(|asked| asked.reason.to_string()),
        why,
        ended_at: case.ended().map(|ended| ended.at.to_string()),
    }))
}

fn reason_of(word: &str) -> Result<EndReason, Problem> {
    EndReason::parse(word).ok_or_else(|| {
        Problem::input("reason", "there is no such reason")
            .hint("say `details-public` or `exploitation-seen`")
    })
}

fn meant(case: &Case, typed: &str) -> Result<(), Problem> {
    match typed == case.id().as_str() {
        true => Ok(()),
        false => Err(Problem::input("case", "this is the id of another case")
            .hint("send the case's own id, exactly")),
    }
}

async fn changed(
    visit: &Visit,
    case: &Case,
    command: CaseCommand,
) -> Result<Json<Ending>, Problem> {
    visit
        .desk
        .command(case.id(), command, &visit.actor()?)
        .await?;
    ending(visit, &visit.desk.case(case.id()).await?)
}

/// Whether somebody asked to end a case early.
#[utoipa::path(get, path = "/api/v1/cases/{case}/ending", tag = "cases", params(("case" = String, Path)),
    responses((status = 200, body = Ending)))]
pub async fn show(visit: Visit, At(case): At<String>) -> Result<Json<Ending>, Problem> {
    ending(&visit, known(&visit, &case)?)
}

/// Asks to end a case early; another person confirms it. Asks for a fresh passkey, which a token has not.
#[utoipa::path(post, path = "/api/v1/cases/{case}/ending", tag = "cases",
    params(("case" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewEnding, responses((status = 201, body = Ending)))]
pub async fn ask(
    visit: Visit,
    At(case): At<String>,
    Body(new): Body<NewEnding>,
) -> Result<(StatusCode, Json<Ending>), Problem> {
    let case = known(&visit, &case)?;
    meant(case, &new.case)?;
    let reason = reason_of(&new.reason)?;
    let why = new.why.trim();
    if why.is_empty() || why.chars().count() > WHY_CHARS_MAX {
        let title = format!("say why, in 1 to {WHY_CHARS_MAX} characters");
        return Err(Problem::input("why", title));
    }
    fresh_to(&visit, &format!("/cases/{}/end", case.id()))?;
    let person = visit.person()?.clone();
    visit
        .desk
        .ask_ending(case.id(), &person, reason, why)
        .await?;
    let now = ending(&visit, &visit.desk.case(case.id()).await?)?;
    Ok((StatusCode::CREATED, now))
}

/// Confirms what another person asked for: the case ends. Asks for a fresh passkey, which a token has not.
#[utoipa::path(post, path = "/api/v1/cases/{case}/ending/confirm", tag = "cases",
    params(("case" = String, Path)), request_body = EndingConfirmed,
    responses((status = 200, body = Ending)))]
pub async fn confirm(
    visit: Visit,
    At(case): At<String>,
    Body(sent): Body<EndingConfirmed>,
) -> Result<Json<Ending>, Problem> {
    let case = known(&visit, &case)?;
    meant(case, &sent.case)?;
    let reason = reason_of(&sent.reason)?;
    fresh_to(&visit, &format!("/cases/{}/end", case.id()))?;
    let person = visit.person()?.clone();
    changed(&visit, case, CaseCommand::ConfirmEnding { person, reason }).await
}

/// Takes back that a case should end.
#[utoipa::path(post, path = "/api/v1/cases/{case}/ending/withdraw", tag = "cases",
    params(("case" = String, Path)), responses((status = 200, body = Ending)))]
pub async fn withdraw(visit: Visit, At(case): At<String>) -> Result<Json<Ending>, Problem> {
    let case = known(&visit, &case)?;
    let person = visit.person()?.clone();
    changed(&visit, case, CaseCommand::WithdrawEnding { person }).await
}

impl Legal {
    fn of(case: &Case) -> Self {
        let clocks = case.legal_clocks().into_iter().map(|clock| LegalClock {
            step: clock.row.step.to_string(),
            title: clock.row.title.to_owned(),
            source: clock.row.source.to_owned(),
            from: clock.from.to_string(),
            due: clock.due.to_string(),
            reported_at: clock.reported_at.map(|at| at.to_string()),
        });
        Self {
            case: case.id().to_string(),
            exploited_since: case.exploited().map(|at| at.to_string()),
            clocks: clocks.collect(),
        }
    }
}

/// The legal clocks of a case.
#[utoipa::path(get, path = "/api/v1/cases/{case}/legal", tag = "cases", params(("case" = String, Path)),
    responses((status = 200, body = Legal)))]
pub async fn legal(visit: Visit, At(case): At<String>) -> Result<Json<Legal>, Problem> {
    Ok(Json(Legal::of(known(&visit, &case)?)))
}

/// Records that the vulnerability is exploited: the clocks begin.
#[utoipa::path(post, path = "/api/v1/cases/{case}/legal/exploited", tag = "cases",
    params(("case" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = Exploited, responses((status = 201, body = Legal)))]
pub async fn exploited(
    visit: Visit,
    At(case): At<String>,
    Body(new): Body<Exploited>,
) -> Result<(StatusCode, Json<Legal>), Problem> {
    let id = known(&visit, &case)?.id();
    let aware_at = time(&new.since)?;
    if aware_at > visit.desk.now() {
        return Err(Problem::input("since", "that time is still to come"));
    }
    let command = CaseCommand::RecordExploitation { aware_at };
    visit.desk.command(id, command, &visit.actor()?).await?;
    Ok((
        StatusCode::CREATED,
        Json(Legal::of(&visit.desk.case(id).await?)),
    ))
}

/// Records that a legal report was made.
#[utoipa::path(post, path = "/api/v1/cases/{case}/legal/reports", tag = "cases",
    params(("case" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewReport, responses((status = 201, body = Legal)))]
pub async fn reported(
    visit: Visit,
    At(case): At<String>,
    Body(new): Body<NewReport>,
) -> Result<(StatusCode, Json<Legal>), Problem> {
    let id = known(&visit, &case)?.id();
    let step = ReportStep::parse(&new.step)
        .ok_or_else(|| Problem::input("unknown-report", "there is no such report"))?;
    visit
        .desk
        .command(id, CaseCommand::RecordReport(step), &visit.actor()?)
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(Legal::of(&visit.desk.case(id).await?)),
    ))
}
