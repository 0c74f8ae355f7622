//! What was seen outside, what sensors can look for, and who had opened what.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::case::Case;
use domain::ids::{CaseId, SightingId};
use flow::detection::{Detection, Form};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::cases::{case_id, known, time};
use super::extract::{Ask, At, Body};
use super::page::{Slice, Window};
use crate::access::{PROGRAM, Route, api};
use crate::web::desk::program::{FORMS, READS_SIGHTINGS, SIGHTS, lead};
use crate::{App, Problem, Visit};

/// What its routes need.
pub const ROUTES: &[Route] = &[
    api("GET", "/api/v1/sightings", READS_SIGHTINGS, "read"),
    api("POST", "/api/v1/sightings", SIGHTS, "write"),
    api(
        "GET",
        "/api/v1/sightings/{case}/{sighting}",
        READS_SIGHTINGS,
        "read",
    ),
    api(
        "GET",
        "/api/v1/sightings/{case}/{sighting}/records",
        READS_SIGHTINGS,
        "read",
    ),
    api(
        "GET",
        "/api/v1/cases/{case}/detection/{form}",
        SIGHTS,
        "read",
    ),
    api("GET", "/api/v1/exposure", PROGRAM, "read"),
    api("GET", "/api/v1/learning", PROGRAM, "read"),
];

/// Those without an idempotency key.
pub fn plain() -> Router<App> {
    let at = |rest: &str| format!("/api/v1{rest}");
    Router::new()
        .route(&at("/sightings/{case}/{sighting}"), get(show))
        .route(&at("/sightings/{case}/{sighting}/records"), get(records))
        .route(&at("/cases/{case}/detection/{form}"), get(detection))
        .route(&at("/exposure"), get(exposure))
        .route(&at("/learning"), get(learning))
}

/// Those that take an idempotency key.
pub fn keyed() -> Router<App> {
    Router::new().route("/api/v1/sightings", get(list).post(look))
}

/// Their part of the document.
#[derive(OpenApi)]
#[openapi(paths(list, look, show, records, detection, exposure, learning))]
pub struct Paths;

/// Records that were seen outside.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SightingSummary {
    /// The case.
    pub case: String,
    /// Its id.
    pub sighting: String,
    /// When it was recorded, UTC.
    pub at: String,
}

/// A log or a feed to be looked through.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"base64": "R0VUIC9zaGFyZS8/dG9rZW49YQo="}))]
pub struct NewSighting {
    /// Its lines, in base64.
    pub base64: String,
    /// The case; without it, every case under embargo.
    pub case: Option<String>,
}

/// What a feed showed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Looked {
    /// Bytes that were looked through.
    pub bytes: usize,
    /// What was recorded; none when nothing was seen.
    pub sightings: Vec<NewlySeen>,
}

/// What a feed showed of one case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewlySeen {
    /// The case.
    pub case: String,
    /// The sighting.
    pub sighting: String,
    /// Records that show enough.
    pub records: u64,
    /// Whether the same records were recorded before.
    pub known: bool,
}

/// The moment that is asked about.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Moment {
    /// With hour and zone; without it, now.
    pub at: Option<String>,
    /// Where the last page ended, as its `next` said.
    pub cursor: Option<String>,
    /// Entries at most: 1 to 200; 50 when nothing is said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<usize>,
}

/// A seat that has a package of a case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Exposed {
    /// The case.
    pub case: String,
    /// The partner.
    pub partner: String,
    /// The seat.
    pub seat: String,
    /// When it had fetched first by then, UTC; nothing when it had not.
    pub fetched_at: Option<String>,
}

/// What the program learns about itself, counted from events.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Learning {
    /// Partners to whom something was opened ahead; one in one case counts once.
    pub partners: usize,
    /// Those that had opened the details before they were public.
    pub opened: usize,
    /// Hours before the details were public that half of the partners had at least.
    pub lead_hours_p50: Option<f64>,
    /// That nine of ten had at least.
    pub lead_hours_p90: Option<f64>,
    /// From a wave to the first fetch, median.
    pub waited_hours: Option<f64>,
    /// Sightings.
    pub sightings: usize,
    /// Traces that name a copy.
    pub named: usize,
    /// Traces without enough evidence.
    pub withheld: usize,
    /// From a named copy to the next suspension, median.
    pub hours_to_suspension: Option<f64>,
    /// Fetches that were refused.
    pub refused: usize,
}

fn place(case: &str, sighting: &str) -> Result<(CaseId, SightingId), Problem> {
    let sighting = SightingId::parse(sighting).map_err(|_| Problem::nothing_here())?;
    Ok((case_id(case)?, sighting))
}

/// Everything that was seen outside, by case.
#[utoipa::path(get, path = "/api/v1/sightings", tag = "sightings", params(Window),
    responses((status = 200, body = Slice<SightingSummary>)))]
pub async fn list(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<SightingSummary>>, Problem> {
    let seen = visit.state.cases.values().flat_map(|case| {
        let own = case.sightings().iter();
        own.map(|seen| SightingSummary {
            case: case.id().to_string(),
            sighting: seen.sighting.to_string(),
            at: seen.at.to_string(),
        })
    });
    let mut seen: Vec<SightingSummary> = seen.collect();
    let key = |row: &SightingSummary| format!("{}/{}", row.case, row.sighting);
    seen.sort_by_key(key);
    Ok(Json(window.cut(seen, key)?))
}

/// Looks through a log or a feed for the values of copies; what shows enough is sealed and recorded.
#[utoipa::path(post, path = "/api/v1/sightings", tag = "sightings", request_body = NewSighting,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = Looked)))]
pub async fn look(visit: Visit, Body(new): Body<NewSighting>) -> Result<Json<Looked>, Problem> {
    let (key, by) = (visit.key()?, visit.actor()?);
    let case = match &new.case {
        Some(case) => Some(known(&visit, case)?.id().clone()),
        None => None,
    };
    let feed = STANDARD
        .decode(&new.base64)
        .map_err(|_| Problem::input("base64", "the feed is not base64"))?;
    if feed.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::input("base64", "there is nothing in it"));
    }
    let bytes = feed.len();
    let mut sightings = Vec::new();
    for own in visit.desk.look(&key, feed, case.as_ref()).await? {
        let sighted = visit.desk.sight_as(&own.case, &own.kept, &by).await?;
        sightings.push(NewlySeen {
            case: own.case.to_string(),
            sighting: sighted.sighting.to_string(),
            records: own.records,
            known: sighted.is_known,
        });
    }
    Ok(Json(Looked { bytes, sightings }))
}

/// One sighting.
#[utoipa::path(get, path = "/api/v1/sightings/{case}/{sighting}", tag = "sightings",
    params(("case" = String, Path), ("sighting" = String, Path)),
    responses((status = 200, body = SightingSummary)))]
pub async fn show(
    visit: Visit,
    At((case, sighting)): At<(String, String)>,
) -> Result<Json<SightingSummary>, Problem> {
    let (_, id) = place(&case, &sighting)?;
    let case = known(&visit, &case)?;
    let mut seen = case.sightings().iter();
    let found = seen.find(|seen| seen.sighting == id);
    let found = found.ok_or_else(Problem::nothing_here)?;
    Ok(Json(SightingSummary {
        case: case.id().to_string(),
        sighting: found.sighting.to_string(),
        at: found.at.to_string(),
    }))
}

/// The records of a sighting, as they were seen.
#[utoipa::path(get, path = "/api/v1/sightings/{case}/{sighting}/records", tag = "sightings",
    params(("case" = String, Path), ("sighting" = String, Path)),
    responses((status = 200, content_type = "text/plain", body = String)))]
pub async fn records(
    visit: Visit,
    At((case, sighting)): At<(String, String)>,
) -> Result<Response, Problem> {
    let (_, id) = place(&case, &sighting)?;
    let case = known(&visit, &case)?;
    if !case.sightings().iter().any(|seen| seen.sighting == id) {
        return Err(Problem::nothing_here());
    }
    let records = visit.desk.sighting(case.id(), &id, &*visit.key()?).await?;
    Ok(plain_text(records))
}

fn plain_text(bytes: Vec<u8>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (kind, bytes).into_response()
}

/// What sensors can look for: values of a case's copies, which name no partner, no case and no product.
///
/// `form`: `suricata`, `yara`, `sigma`, `kql` or `tokens`.
#[utoipa::path(get, path = "/api/v1/cases/{case}/detection/{form}", tag = "sightings",
    params(("case" = String, Path), ("form" = String, Path)),
    responses((status = 200, body = DetectionContent)))]
pub async fn detection(
    visit: Visit,
    At((case, form)): At<(String, String)>,
) -> Result<Json<DetectionContent>, Problem> {
    let case = known(&visit, &case)?;
    let found = FORMS.iter().find(|(word, ..)| *word == form);
    let (_, _, _, form) = *found.ok_or_else(Problem::nothing_here)?;
    let detection = visit.desk.detection(case.id(), &*visit.key()?).await?;
    Ok(Json(DetectionContent::of(&detection, form)))
}

/// What sensors can look for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DetectionContent {
    /// The name under which the values stand: it tells nothing of the case.
    pub reference: String,
    /// Values that say enough alone.
    pub strong: usize,
    /// Values of which two must be in one record.
    pub weak: usize,
    /// The content; nothing where the values do not say enough in this form.
    pub content: Option<String>,
}

impl DetectionContent {
    /// A case's values in a form.
    pub fn of(detection: &Detection, form: Form) -> Self {
        let is_enough = detection.is_enough_for(form);
        Self {
            reference: detection.reference.to_string(),
            strong: detection.strong().count(),
            weak: detection.weak().count(),
            content: is_enough.then(|| detection.render(form)),
        }
    }
}

/// Who had opened what at a moment: every seat that has a package.
#[utoipa::path(get, path = "/api/v1/exposure", tag = "sightings", params(Moment),
    responses((status = 200, body = Slice<Exposed>)))]
pub async fn exposure(
    visit: Visit,
    Ask(moment): Ask<Moment>,
) -> Result<Json<Slice<Exposed>>, Problem> {
    let now = visit.desk.now();
    let at = match &moment.at {
        Some(at) => time(at)?.min(now),
        None => now,
    };
    let exposed = visit.state.cases.values().flat_map(|case| {
        case.packages().map(move |package| {
            let first = case.receipts().of(&package.seat).map(|own| own.first().at);
            Exposed {
                case: case.id().to_string(),
                partner: package.partner.to_string(),
                seat: package.seat.to_string(),
                fetched_at: first.filter(|first| *first <= at).map(|at| at.to_string()),
            }
        })
    });
    let mut exposed: Vec<Exposed> = exposed.collect();
    let key = |row: &Exposed| format!("{}/{}", row.case, row.seat);
    exposed.sort_by_key(key);
    let window = Window {
        cursor: moment.cursor,
        limit: moment.limit,
    };
    Ok(Json(window.cut(exposed, key)?))
}

/// How much of a head start the program gives, and what it risks.
#[utoipa::path(get, path = "/api/v1/learning", tag = "sightings",
    responses((status = 200, body = Learning)))]
pub async fn learning(visit: Visit) -> Result<Json<Learning>, Problem> {
    let history = visit.desk.program_history().await?;
    let cases = || visit.state.cases.values().map(AsRef::<Case>::as_ref);
    let leads = lead::leads(cases());
    let leaks = lead::leaks(cases());
    let hours: Vec<f64> = leads.iter().filter_map(|lead| lead.hours).collect();
    let waited: Vec<f64> = leads.iter().filter_map(|lead| lead.waited_hours).collect();
    let suspended = lead::hours_to_suspension(cases(), &history);
    Ok(Json(Learning {
        partners: leads.len(),
        opened: hours.len(),
        lead_hours_p50: lead::at_least(&hours, leads.len(), 0.5),
        lead_hours_p90: lead::at_least(&hours, leads.len(), 0.9),
        waited_hours: lead::median(&waited),
        sightings: leaks.sightings,
        named: leaks.named,
        withheld: leaks.withheld,
        hours_to_suspension: lead::median(&suspended),
        refused: cases().map(|case| case.refused().len()).sum(),
    }))
}
