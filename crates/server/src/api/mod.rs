//! The JSON API: everything that the pages do, for programs. Its document is at `/api/v1/openapi.json`.

mod cases;
mod drafts;
mod ending;
mod extract;
mod history;
mod idempotency;
mod inbox;
mod invitations;
mod jobs;
mod letters;
mod log;
mod masters;
mod page;
#[cfg(test)]
mod parity;
mod partners;
mod people;
mod press;
mod record;
mod settings;
mod sightings;
mod sites;
mod team;
mod traces;
mod waves;
pub mod wire;

use axum::middleware::from_fn;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::access::{
    APPROVER, COORDINATOR, INVESTIGATOR, Need, PROGRAM, READS_TRACES, Route, api, page,
};
use crate::door::SEATS;
use crate::visit::Who;
use crate::web::desk::cases::{COORDINATOR_OR_APPROVER, READS_MASTERS};
use crate::web::desk::program::SUSPENDS;
use crate::{App, Problem, Visit};

/// What all its routes need, room by room.
pub const TABLES: &[&[Route]] = &[
    ROUTES,
    drafts::ROUTES,
    ending::ROUTES,
    invitations::ROUTES,
    letters::ROUTES,
    people::ROUTES,
    record::ROUTES,
    settings::ROUTES,
    sightings::ROUTES,
    team::ROUTES,
];

/// What the routes of cases, waves, traces, partners, the log and the inbox need.
const ROUTES: &[Route] = &[
    page("GET", "/api/v1/openapi.json", Need::Anybody),
    api("GET", "/api/v1/me", Need::SignedIn, "read"),
    api("GET", "/api/v1/jobs", PROGRAM, "read"),
    api("GET", "/api/v1/jobs/{job}", Need::SignedIn, "read"),
    api("GET", "/api/v1/cases", PROGRAM, "read"),
    api("POST", "/api/v1/cases", COORDINATOR, "write"),
    api("GET", "/api/v1/cases/{case}", PROGRAM, "read"),
    api("PATCH", "/api/v1/cases/{case}", COORDINATOR, "write"),
    api("GET", "/api/v1/cases/{case}/history", PROGRAM, "read"),
    api("GET", "/api/v1/cases/{case}/waves", PROGRAM, "read"),
    api("POST", "/api/v1/cases/{case}/waves", COORDINATOR, "write"),
    api(
        "POST",
        "/api/v1/cases/{case}/approvals",
        APPROVER,
        "approve",
    ),
    api(
        "POST",
        "/api/v1/cases/{case}/open",
        COORDINATOR_OR_APPROVER,
        "write",
    ),
    api("POST", "/api/v1/cases/{case}/press", COORDINATOR, "write"),
    api("GET", "/api/v1/cases/{case}/receipts", PROGRAM, "read"),
    api("GET", "/api/v1/cases/{case}/refusals", PROGRAM, "read"),
    api(
        "POST",
        "/api/v1/cases/{case}/artifacts",
        COORDINATOR,
        "write",
    ),
    api("GET", "/api/v1/cases/{case}/meter", COORDINATOR, "read"),
    api("GET", "/api/v1/cases/{case}/sites", READS_MASTERS, "read"),
    api("GET", "/api/v1/traces", READS_TRACES, "read"),
    api("POST", "/api/v1/traces", INVESTIGATOR, "trace"),
    api("GET", "/api/v1/traces/{trace}", READS_TRACES, "read"),
    api(
        "GET",
        "/api/v1/traces/{trace}/evidence",
        READS_TRACES,
        "trace",
    ),
    api("GET", "/api/v1/partners", PROGRAM, "read"),
    api("POST", "/api/v1/partners", COORDINATOR, "write"),
    api("GET", "/api/v1/partners/{partner}", PROGRAM, "read"),
    api(
        "POST",
        "/api/v1/partners/{partner}/suspend",
        SUSPENDS,
        "write",
    ),
    api(
        "POST",
        "/api/v1/partners/{partner}/resume",
        COORDINATOR,
        "write",
    ),
    api(
        "POST",
        "/api/v1/partners/{partner}/remove",
        COORDINATOR,
        "write",
    ),
    api(
        "POST",
        "/api/v1/partners/{partner}/admit",
        COORDINATOR,
        "write",
    ),
    api(
        "POST",
        "/api/v1/partners/{partner}/accept",
        COORDINATOR,
        "write",
    ),
    api(
        "POST",
        "/api/v1/partners/{partner}/seats/{seat}/lead",
        SEATS,
        "write",
    ),
    api(
        "POST",
        "/api/v1/partners/{partner}/seats/{seat}/retire",
        COORDINATOR,
        "write",
    ),
    api(
        "POST",
        "/api/v1/partners/{partner}/seats",
        COORDINATOR,
        "write",
    ),
    api("GET", "/api/v1/log", Need::SignedIn, "read"),
    api("GET", "/api/v1/log/report", PROGRAM, "read"),
    api("GET", "/api/v1/log/place", PROGRAM, "read"),
    api("POST", "/api/v1/log/witnesses", PROGRAM, "write"),
    api("POST", "/api/v1/log/audit", PROGRAM, "write"),
    api("GET", "/api/v1/log/{index}", PROGRAM, "read"),
    api("GET", "/api/v1/log/{index}/proof", PROGRAM, "read"),
    api("GET", "/api/v1/inbox", Need::Partner, "read"),
    api(
        "POST",
        "/api/v1/inbox/{case}/acknowledgement",
        Need::Partner,
        "write",
    ),
    api(
        "POST",
        "/api/v1/inbox/{case}/protections",
        Need::Partner,
        "write",
    ),
    api(
        "POST",
        "/api/v1/inbox/{case}/messages",
        Need::Partner,
        "write",
    ),
    api("GET", "/api/v1/inbox/{case}", Need::Partner, "read"),
    api(
        "POST",
        "/api/v1/inbox/{case}/package",
        Need::Partner,
        "fetch",
    ),
    api(
        "POST",
        "/api/v1/inbox/{case}/delivery",
        Need::Partner,
        "fetch",
    ),
];

/// The routes below `/api/v1`.
pub fn routes() -> Router<App> {
    // What creates something takes an idempotency key; a package is bytes, and fetching it again is another receipt.
    let keyed = Router::new()
        .route("/api/v1/cases", get(cases::list).post(cases::create))
        .route(
            "/api/v1/cases/{case}/waves",
            get(waves::waves).post(waves::plan),
        )
        .route("/api/v1/cases/{case}/approvals", post(waves::approve))
        .route("/api/v1/cases/{case}/open", post(waves::open))
        .route("/api/v1/cases/{case}/press", post(press::press))
        .route(
            "/api/v1/partners",
            get(partners::list).post(partners::import),
        )
        .route(
            "/api/v1/partners/{partner}/suspend",
            post(partners::suspend),
        )
        .route("/api/v1/partners/{partner}/resume", post(partners::resume))
        .route("/api/v1/partners/{partner}/remove", post(partners::remove))
        .route("/api/v1/partners/{partner}/admit", post(partners::admit))
        .route("/api/v1/partners/{partner}/accept", post(partners::accept))
        .route(
            "/api/v1/partners/{partner}/seats/{seat}/lead",
            post(partners::lead),
        )
        .route(
            "/api/v1/partners/{partner}/seats/{seat}/retire",
            post(partners::retire),
        )
        .route("/api/v1/partners/{partner}/seats", post(partners::add_seat))
        .route(
            "/api/v1/cases/{case}/artifacts",
            post(masters::add_artifacts),
        )
        .route("/api/v1/traces", get(traces::list).post(traces::begin))
        .route(
            "/api/v1/inbox/{case}/acknowledgement",
            post(inbox::acknowledge),
        )
        .route(
            "/api/v1/inbox/{case}/protections",
            get(letters::own_protections).post(inbox::protect),
        )
        .route(
            "/api/v1/inbox/{case}/messages",
            get(letters::own_messages).post(inbox::write),
        )
        .merge(drafts::keyed())
        .merge(ending::keyed())
        .merge(invitations::keyed())
        .merge(letters::keyed())
        .merge(people::keyed())
        .merge(settings::keyed())
        .merge(sightings::keyed())
        .merge(team::keyed())
        .layer(from_fn(idempotency::once));
    Router::new()
        .route("/api/v1/openapi.json", get(document))
        .route("/api/v1/me", get(me))
        .route("/api/v1/jobs", get(jobs::list))
        .route("/api/v1/jobs/{job}", get(jobs::show))
        .route(
            "/api/v1/cases/{case}",
            get(cases::show).patch(cases::change),
        )
        .route("/api/v1/cases/{case}/history", get(history::list))
        .route("/api/v1/cases/{case}/receipts", get(press::receipts))
        .route("/api/v1/cases/{case}/refusals", get(press::refusals))
        .route("/api/v1/cases/{case}/meter", get(masters::meter))
        .route("/api/v1/cases/{case}/sites", get(sites::show))
        .route("/api/v1/traces/{trace}", get(traces::show))
        .route("/api/v1/traces/{trace}/evidence", get(traces::evidence))
        .route("/api/v1/partners/{partner}", get(partners::show))
        .route("/api/v1/log", get(log::show))
        .route("/api/v1/log/report", get(log::report))
        .route("/api/v1/log/place", get(log::place))
        .route("/api/v1/log/witnesses", post(log::ask_witnesses))
        .route("/api/v1/log/audit", post(log::audit))
        .route("/api/v1/log/{index}", get(log::entry))
        .route("/api/v1/log/{index}/proof", get(log::prove))
        .route("/api/v1/inbox", get(inbox::list))
        .route("/api/v1/inbox/{case}", get(inbox::show))
        .route("/api/v1/inbox/{case}/package", post(inbox::fetch))
        .route("/api/v1/inbox/{case}/delivery", post(inbox::deliver))
        .merge(drafts::plain())
        .merge(invitations::plain())
        .merge(letters::plain())
        .merge(people::plain())
        .merge(record::plain())
        .merge(settings::plain())
        .merge(sightings::plain())
        .merge(team::plain())
        .merge(keyed)
}

/// Who asks, and what they may.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The person's name, for somebody of the program.
    pub person: Option<String>,
    /// The person's roles.
    pub roles: Vec<String>,
    /// The seat, for somebody of a partner.
    pub seat: Option<String>,
    /// The seat's partner.
    pub partner: Option<String>,
    /// Whether the seat leads its partner's team.
    pub lead: bool,
}

/// Who asks, and what they may.
#[utoipa::path(get, path = "/api/v1/me", tag = "door", responses((status = 200, body = Me)))]
async fn me(visit: Visit) -> Result<Json<Me>, Problem> {
    let who = visit.who.as_ref().ok_or_else(Problem::nothing_here)?;
    Ok(Json(match who {
        Who::Person { name, roles } => Me {
            person: Some(name.to_string()),
            roles: roles.iter().map(ToString::to_string).collect(),
            seat: None,
            partner: None,
            lead: false,
        },
        Who::Seat {
            seat,
            partner,
            is_lead,
        } => Me {
            person: None,
            roles: Vec::new(),
            seat: Some(seat.to_string()),
            partner: Some(partner.to_string()),
            lead: *is_lead,
        },
    }))
}

/// The OpenAPI document of both sides.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "headstart",
        description = "Early disclosure of vulnerabilities to vetted partners. Send a token as `Authorization: Bearer hst_…`. \
            Errors are RFC 9457 problem details with a stable `code`.",
        license(name = "Apache-2.0 OR MIT"),
    ),
    paths(
        me, jobs::list, jobs::show, cases::list, cases::create, cases::show, cases::change, history::list, waves::waves, waves::plan,
        waves::approve, waves::open, press::press, press::receipts, press::refusals, masters::add_artifacts, masters::meter, sites::show, traces::list, traces::show, traces::begin, traces::evidence, partners::list, partners::import, partners::show,
        partners::suspend, partners::resume, partners::remove, partners::admit, partners::accept, partners::lead, partners::retire, partners::add_seat, log::show, log::prove, log::report, log::place, log::ask_witnesses, log::audit, log::entry,
        inbox::list, inbox::show, inbox::fetch, inbox::deliver, inbox::acknowledge, inbox::protect, inbox::write,
    ),
    components(schemas(Problem)),
    security(("token" = [])),
)]
struct Api;

/// Every route may answer with a problem, and all take a token.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let token = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        components.add_security_scheme("token", token);
        let problem = ResponseBuilder::new()
            .description("What went wrong")
            .content(
                "application/problem+json",
                ContentBuilder::new()
                    .schema(Some(Ref::from_schema_name("Problem")))
                    .build(),
            )
            .build();
        for item in document.paths.paths.values_mut() {
            let operations = [&mut item.get, &mut item.post, &mut item.patch];
            for operation in operations.into_iter().flatten() {
                operation
                    .responses
                    .responses
                    .insert("default".to_owned(), problem.clone().into());
            }
        }
    }
}

/// The document of all rooms.
fn whole() -> Document {
    let mut document = Api::openapi();
    for part in [
        drafts::Paths::openapi(),
        ending::Paths::openapi(),
        invitations::Paths::openapi(),
        letters::Paths::openapi(),
        people::Paths::openapi(),
        record::Paths::openapi(),
        settings::Paths::openapi(),
        sightings::Paths::openapi(),
        team::Paths::openapi(),
    ] {
        document.merge(part);
    }
    Problems.modify(&mut document);
    document
}

/// `GET /api/v1/openapi.json`.
async fn document() -> Json<Document> {
    Json(whole())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_route_of_the_table_and_no_other() {
        let document = whole();
        let mut documented = Vec::new();
        for (path, item) in &document.paths.paths {
            for (method, operation) in [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PATCH", &item.patch),
            ] {
                if operation.is_some() {
                    documented.push((method, path.as_str()));
                }
            }
        }
        let mut routes: Vec<(&str, &str)> = TABLES
            .iter()
            .copied()
            .flatten()
            .filter(|route| route.scope.is_some())
            .map(|route| (route.method, route.path))
            .collect();
        documented.sort_unstable();
        routes.sort_unstable();
        assert_eq!(documented, routes);
    }

    #[test]
    fn every_body_that_is_asked_for_has_an_example() {
        let document = serde_json::to_value(whole()).unwrap();
        let mut bodies = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                let Some(name) = schema["$ref"].as_str() else {
                    continue;
                };
                let name = name.strip_prefix("#/components/schemas/").unwrap();
                let example = &document["components"]["schemas"][name]["example"];
                assert!(example.is_object(), "{method} {path}: {name}");
                bodies += 1;
            }
        }
        assert!(bodies > 30, "{bodies}");
    }
}
