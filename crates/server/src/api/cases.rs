//! Cases: what they are about, their release and label.

use axum::Json;
use axum::http::StatusCode;
use domain::advisory::{AffectedProduct, CVES_MAX, CaseDetails, SUMMARY_CHARS_MAX, Score};
use domain::case::Case;
use domain::ids::{CaseId, CveId};
use domain::tlp::Tlp;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Ask, At, Body};
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
#[schema(example = json!({"title": "Ticket previews are not bound", "release": "2026-12-08T18:00:00Z", "tlp": "TLP:AMBER+STRICT", "cves": ["CVE-2026-1234"], "products": ["Larkspur Share 3"]}))]
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
#[schema(example = json!({"release": "2026-12-08T18:00:00Z"}))]
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
    CaseSummary::of(case, visit.details(case).ok().as_deref())
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
        let mut details = CaseDetails::clone(&*visit.details(known(&visit, &case)?)?);
        if let Some(title) = &change.title {
            details.title = checked_title(title)?;
        }
        about.replace(&mut details)?;
        visit.desk.set_details(&id, &details).await?;
    }
    visit.desk.set_case(&id, release, tlp).await?;
    fresh(&visit, &id).await
}
