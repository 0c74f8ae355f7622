//! Cases: what they are, their waves, approvals, press, receipts.

use axum::Json;
use axum::http::StatusCode;
use domain::advisory::{AffectedProduct, CVES_MAX, CaseDetails, SUMMARY_CHARS_MAX, Score};
use domain::case::{Case, CaseEvent, CaseFact};
use domain::decide::CaseCommand;
use domain::ids::{CaseId, CveId};
use domain::plan::{Exception, PlanRow};
use domain::tlp::Tlp;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::drafts::{AddedArtifact, kind_of};
use super::extract::{Ask, At, Body};
use super::jobs::Begun;
use super::page::{Slice, Window};
use crate::{Problem, Visit};

/// A case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CaseSummary {
    /// Its id, such as `HS-2026-0001`.
    pub case: String,
    /// Its title; nothing while the program key is locked.
    pub title: Option<String>,
    /// Its CVE ids; none while the program key is locked.
    pub cves: Vec<String>,
    /// The products that it affects; none while the program key is locked.
    pub products: Vec<String>,
    /// Its CVSS scores; none while the program key is locked.
    pub cvss: Vec<CvssScore>,
    /// What it is about; nothing while the program key is locked.
    pub summary: Option<String>,
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
    /// Packages that were pressed.
    pub packages: usize,
    /// Why it ended before its release: `details-public` or `exploitation-seen`.
    pub ended_early: Option<String>,
    /// Waves that have opened.
    pub opened: Vec<OpenedWave>,
    /// Sightings of values of its copies.
    pub sightings: usize,
    /// Traces of leaks.
    pub traces: usize,
}

/// A CVSS score.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CvssScore {
    /// The vector.
    pub vector: String,
    /// 0 to 10.
    pub score: f64,
}

/// An artifact.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ArtifactSummary {
    /// Its id.
    pub artifact: String,
    /// `writeup`, `poc`, `rule`, `traffic` or `indicators`.
    pub kind: String,
    /// Its file name, which is sealed: nothing while the program key is locked, and in lists.
    pub file: Option<String>,
    /// Its mark sites.
    pub sites: u64,
}

/// A wave that has opened.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OpenedWave {
    /// Its name.
    pub wave: String,
    /// When it was due, UTC.
    pub due_at: String,
    /// When it was opened, UTC.
    pub opened_at: String,
}

/// What a new case is about.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
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
    /// CVE ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cves: Option<Vec<String>>,
    /// Names of the products that it affects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub products: Option<Vec<String>>,
    /// CVSS vectors, 2.0 to 4.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss: Option<Vec<String>>,
    /// What it is about, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}

/// What a case is about, beside its title: what was sent of it.
struct About {
    cves: Option<Vec<String>>,
    products: Option<Vec<String>>,
    cvss: Option<Vec<String>>,
    summary: Option<String>,
}

impl About {
    fn is_empty(&self) -> bool {
        self.cves.is_none()
            && self.products.is_none()
            && self.cvss.is_none()
            && self.summary.is_none()
    }

    /// What was sent replaces what was there.
    fn replace(self, details: &mut CaseDetails) -> Result<(), Problem> {
        if let Some(cves) = self.cves {
            let read: Result<Vec<CveId>, _> = cves.iter().map(|cve| CveId::parse(cve)).collect();
            details.cves = read.map_err(desk::Failure::from_refusal)?;
            if details.cves.len() > CVES_MAX {
                return Err(Problem::input(
                    "cves",
                    format!("a case has at most {CVES_MAX} CVE ids"),
                ));
            }
        }
        if let Some(products) = self.products {
            let read = products.into_iter().map(|name| {
                checked_title(&name).map(|name| AffectedProduct {
                    vendor: None,
                    name,
                    version: None,
                })
            });
            details.products = read.collect::<Result<_, _>>()?;
        }
        if let Some(cvss) = self.cvss {
            let read: Result<Vec<Score>, _> =
                cvss.iter().map(|vector| Score::new(vector, None)).collect();
            details.scores = read.map_err(desk::Failure::from_refusal)?;
        }
        if let Some(summary) = self.summary {
            let summary = summary.replace("\r\n", "\n").trim().to_owned();
            if summary.chars().count() > SUMMARY_CHARS_MAX {
                return Err(Problem::input(
                    "summary",
                    format!("a summary has at most {SUMMARY_CHARS_MAX} characters"),
                ));
            }
            details.summary = (!summary.is_empty()).then_some(summary);
        }
        Ok(())
    }
}

/// What of a case is changed.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseChange {
    /// Its title; packages that were pressed keep the one that they have.
    pub title: Option<String>,
    /// CVE ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cves: Option<Vec<String>>,
    /// Names of the products that it affects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub products: Option<Vec<String>>,
    /// CVSS vectors, 2.0 to 4.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss: Option<Vec<String>>,
    /// What it is about, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// When the embargo ends, with hour and zone.
    pub release: Option<String>,
    /// Its TLP 2.0 label; it never goes down.
    pub tlp: Option<String>,
}

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
pub struct NewPlan {
    /// Such as `validate=14d`; the program's own for tiers that are not named.
    #[serde(default)]
    pub tiers: Vec<String>,
}

/// An approval names the plan that it is for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApproval {
    /// The plan's digest, as `waves` says it: nobody approves another plan than the one that they saw.
    pub plan: String,
}

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

/// The kind of a press among jobs, as the pages have it.
const PRESS: &str = "press";
/// Characters of a title.
const TITLE_CHARS_MAX: usize = 500;

fn checked_title(title: &str) -> Result<String, Problem> {
    let title = title.trim();
    let fits = !title.is_empty()
        && title.chars().count() <= TITLE_CHARS_MAX
        && !title.chars().any(char::is_control);
    if !fits {
        return Err(Problem::input(
            "title",
            format!("a title or a product has 1 to {TITLE_CHARS_MAX} characters on one line"),
        ));
    }
    Ok(title.to_owned())
}

fn titled(title: &str) -> Result<CaseDetails, Problem> {
    Ok(CaseDetails {
        title: checked_title(title)?,
        cves: Vec::new(),
        products: Vec::new(),
        scores: Vec::new(),
        tlp: None,
        release: None,
        source: None,
        summary: None,
    })
}

impl CaseSummary {
    /// What events tell of a case, and what it is about where somebody could read that.
    pub fn of(case: &Case, details: Option<&CaseDetails>) -> Self {
        Self {
            case: case.id().to_string(),
            title: details.map(|details| details.title.clone()),
            cves: details.map_or(Vec::new(), |details| {
                details.cves.iter().map(ToString::to_string).collect()
            }),
            products: details.map_or(Vec::new(), |details| {
                details.products.iter().map(product).collect()
            }),
            cvss: details.map_or(Vec::new(), |details| {
                details
                    .scores
                    .iter()
                    .map(|score| CvssScore {
                        vector: score.vector().to_owned(),
                        score: score.value(),
                    })
                    .collect()
            }),
            summary: details.and_then(|details| details.summary.clone()),
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
                    file: None,
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
            packages: case.packages().count(),
            ended_early: case.ended().map(|ended| ended.reason.to_string()),
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

    /// With the file names of its artifacts, in their order.
    #[must_use]
    pub fn named(mut self, names: Vec<String>) -> Self {
        for (artifact, name) in self.artifacts.iter_mut().zip(names) {
            artifact.file = Some(name);
        }
        self
    }
}

fn product(product: &AffectedProduct) -> String {
    let parts = [
        product.vendor.as_deref(),
        Some(product.name.as_str()),
        product.version.as_deref(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn summary(visit: &Visit, case: &Case) -> CaseSummary {
    let details = visit
        .key()
        .ok()
        .and_then(|key| visit.desk.details(case, &key).ok());
    CaseSummary::of(case, details.as_ref())
}

/// With the names of its files, where they can be read.
fn whole(visit: &Visit, case: &Case) -> CaseSummary {
    let names = visit
        .key()
        .ok()
        .and_then(|key| visit.desk.file_names(case, &key).ok());
    summary(visit, case).named(names.unwrap_or_default())
}

async fn fresh(visit: &Visit, id: &CaseId) -> Result<Json<CaseSummary>, Problem> {
    Ok(Json(whole(visit, &visit.desk.case(id).await?)))
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
    Ok(Json(whole(&visit, known(&visit, &case)?)))
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
    let about = About {
        cves: new.cves,
        products: new.products,
        cvss: new.cvss,
        summary: new.summary,
    };
    let case = match (new.title, new.advisory) {
        (None, Some(advisory)) if about.is_empty() => {
            let bytes = advisory.to_string().into_bytes();
            let (case, _, _) = visit.desk.import_case(&bytes, release).await?;
            case
        }
        (Some(title), None) => {
            let mut details = titled(&title)?;
            about.replace(&mut details)?;
            let tlp = tlp.unwrap_or(Tlp::Amber);
            (details.tlp, details.release) = (Some(tlp), release);
            visit.desk.create_case(&details, tlp, release).await?
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

/// Changes release, label, or what it is about.
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
    let about = About {
        cves: change.cves,
        products: change.products,
        cvss: change.cvss,
        summary: change.summary,
    };
    let changes_details = change.title.is_some() || !about.is_empty();
    if release.is_none() && tlp.is_none() && !changes_details {
        return Err(Problem::input("nothing-to-set", "nothing was given to set")
            .hint("send `release`, `tlp`, `title`, `cves`, `products`, `cvss` or `summary`"));
    }
    if changes_details {
        let mut details = visit.desk.details(known(&visit, &case)?, &*visit.key()?)?;
        if let Some(title) = &change.title {
            details.title = checked_title(title)?;
        }
        about.replace(&mut details)?;
        visit.desk.set_details(&id, &details).await?;
    }
    visit.desk.set_case(&id, release, tlp).await?;
    fresh(&visit, &id).await
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
    use base64::Engine as _;
    let id = known(&visit, &case)?.id().clone();
    let mut masters = Vec::new();
    for file in new.files {
        let kind = kind_of(file.kind.as_deref(), &file.name)?;
        let bytes = base64::engine::general_purpose::STANDARD
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
