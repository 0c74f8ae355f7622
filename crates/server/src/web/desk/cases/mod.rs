//! Cases: today, the list, one case, its artifacts and marks, its waves, press and release, and long work.

mod about;
pub(crate) mod artifacts;
mod case;
mod change;
mod early_end;
pub(crate) mod editor;
mod history;
mod jobs;
mod legal;
mod list;
mod moment;
mod new;
mod new_draft;
mod partner_view;
mod press;
mod timeline;
mod today;
mod waves;
mod work;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use domain::case::Case;
use domain::ids::CaseId;
use maud::{Markup, html};

pub(in crate::web) use artifacts::kind_name;

use crate::access::{APPROVER, COORDINATOR, Need, PROGRAM, Route, page};
use crate::{App, Problem, Visit};

use domain::person::Role::{Approver, Auditor, Coordinator, Investigator};

/// Who opens waves, and who stops a case.
pub(crate) const COORDINATOR_OR_APPROVER: Need = Need::Program(&[Coordinator, Approver]);
/// Who reads masters: everybody but who only changes people and settings.
pub(crate) const READS_MASTERS: Need =
    Need::Program(&[Coordinator, Approver, Investigator, Auditor]);

/// What its routes need.
pub const ROUTES: &[Route] = &[
    page("GET", "/today", PROGRAM),
    page("GET", "/cases", PROGRAM),
    page("GET", "/cases/new", COORDINATOR),
    page("POST", "/cases/new", COORDINATOR),
    page("POST", "/cases/import", COORDINATOR),
    page("GET", "/cases/{case}", PROGRAM),
    page("GET", "/cases/{case}/as", PROGRAM),
    page("GET", "/cases/{case}/change", COORDINATOR),
    page("POST", "/cases/{case}/release", COORDINATOR),
    page("POST", "/cases/{case}/label", COORDINATOR),
    page("POST", "/cases/{case}/details", COORDINATOR),
    page("GET", "/cases/{case}/legal", PROGRAM),
    page("POST", "/cases/{case}/legal/exploited", COORDINATOR),
    page("POST", "/cases/{case}/legal/reported", COORDINATOR),
    page("GET", "/cases/{case}/end", COORDINATOR_OR_APPROVER),
    page("POST", "/cases/{case}/end", COORDINATOR_OR_APPROVER),
    page("POST", "/cases/{case}/end/confirm", COORDINATOR_OR_APPROVER),
    page(
        "POST",
        "/cases/{case}/end/withdraw",
        COORDINATOR_OR_APPROVER,
    ),
    page("GET", "/cases/{case}/artifacts", PROGRAM),
    page("POST", "/cases/{case}/artifacts", COORDINATOR),
    page("GET", "/cases/{case}/artifacts/new", COORDINATOR),
    page("POST", "/cases/{case}/artifacts/new", COORDINATOR),
    page("GET", "/cases/{case}/artifacts/{artifact}", READS_MASTERS),
    page(
        "POST",
        "/cases/{case}/artifacts/{artifact}/edit",
        COORDINATOR,
    ),
    page("GET", "/cases/{case}/drafts/{draft}", COORDINATOR),
    page("POST", "/cases/{case}/drafts/{draft}", COORDINATOR),
    page("POST", "/cases/{case}/drafts/{draft}/decide", COORDINATOR),
    page("POST", "/cases/{case}/drafts/{draft}/add", COORDINATOR),
    page("POST", "/cases/{case}/drafts/{draft}/drop", COORDINATOR),
    page("GET", "/cases/{case}/waves", PROGRAM),
    page("POST", "/cases/{case}/waves/plan", COORDINATOR),
    page("GET", "/cases/{case}/waves/approve", APPROVER),
    page("POST", "/cases/{case}/waves/approve", APPROVER),
    page("GET", "/cases/{case}/press", COORDINATOR),
    page("POST", "/cases/{case}/press", COORDINATOR),
    page("GET", "/cases/{case}/waves/open", COORDINATOR_OR_APPROVER),
    page("POST", "/cases/{case}/waves/open", COORDINATOR_OR_APPROVER),
    page("GET", "/jobs", PROGRAM),
    page("GET", "/jobs/{id}", PROGRAM),
];

/// The routes of cases.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/today", get(today::show))
        .route("/cases", get(list::show))
        .route("/cases/new", get(new::ask).post(new::create))
        .route("/cases/import", post(new::import))
        .route("/cases/{case}", get(case::show))
        .route("/cases/{case}/as", get(partner_view::show))
        .route("/cases/{case}/change", get(change::show))
        .route("/cases/{case}/release", post(change::release))
        .route("/cases/{case}/label", post(change::label))
        .route("/cases/{case}/details", post(change::details))
        .route("/cases/{case}/legal", get(legal::show))
        .route("/cases/{case}/legal/exploited", post(legal::exploited))
        .route("/cases/{case}/legal/reported", post(legal::reported))
        .route(
            "/cases/{case}/end",
            get(early_end::show).post(early_end::ask),
        )
        .route("/cases/{case}/end/confirm", post(early_end::confirm))
        .route("/cases/{case}/end/withdraw", post(early_end::withdraw))
        .route(
            "/cases/{case}/artifacts",
            get(artifacts::show).post(artifacts::upload),
        )
        .route(
            "/cases/{case}/artifacts/new",
            get(new_draft::ask).post(new_draft::create),
        )
        .route("/cases/{case}/artifacts/{artifact}", get(artifacts::master))
        .route(
            "/cases/{case}/artifacts/{artifact}/edit",
            post(artifacts::edit),
        )
        .route(
            "/cases/{case}/drafts/{draft}",
            get(editor::show).post(editor::save),
        )
        .route("/cases/{case}/drafts/{draft}/decide", post(editor::decide))
        .route("/cases/{case}/drafts/{draft}/add", post(artifacts::add))
        .route("/cases/{case}/drafts/{draft}/drop", post(artifacts::drop))
        .route("/cases/{case}/waves", get(waves::show))
        .route("/cases/{case}/waves/plan", post(waves::plan))
        .route(
            "/cases/{case}/waves/approve",
            get(waves::ask_approval).post(waves::approve),
        )
        .route("/cases/{case}/press", get(press::ask).post(press::begin))
        .route(
            "/cases/{case}/waves/open",
            get(press::ask_opening).post(press::open),
        )
        .route("/jobs", get(jobs::list))
        .route("/jobs/{id}", get(jobs::show))
        // Masters and advisories are larger than a form; all requests have a limit around them.
        .layer(DefaultBodyLimit::disable())
}

/// The case of a path.
///
/// # Errors
/// `unknown-case`, also for what is no id.
fn case_of(visit: &Visit, id: &str) -> Result<Arc<Case>, Problem> {
    let case = CaseId::parse(id).ok().and_then(|id| visit.state.case(&id));
    case.cloned().ok_or_else(|| {
        Problem::new(404, "unknown-case", "there is no such case")
            .hint("the list of cases shows all of them")
    })
}

/// The case's title, while the program key is unlocked.
fn title_of(visit: &Visit, case: &Case) -> Option<String> {
    visit.details(case).ok().map(|about| about.title.clone())
}

/// The program with the visitor at the desk: what its verbs record is theirs.
fn desk_of(visit: &Visit) -> Result<desk::Desk, Problem> {
    Ok(visit.desk.acting(visit.actor()?))
}

/// The pages of a case.
pub(in crate::web) fn tabs(visit: &Visit, case: &Case) -> Markup {
    let base = format!("/cases/{}", case.id());
    let own = visit.path.strip_prefix(&base).unwrap_or_default();
    let pages: [(&str, &str, &[&str]); 5] = [
        ("", "Overview", &[]),
        ("/artifacts", "Artifacts", &["/artifacts", "/drafts"]),
        ("/waves", "Waves", &["/waves", "/press"]),
        ("/questions", "Questions", &["/questions"]),
        ("/protections", "Protections", &["/protections"]),
    ];
    // What partners write is for coordinators.
    let shown = if visit.has(Coordinator) { 5 } else { 3 };
    html! {
        nav aria-label="Case" {
            ul class="tabs" {
                @for (path, name, below) in pages.into_iter().take(shown) {
                    @let is_here = own == path || below.iter().any(|path| own.starts_with(path));
                    li { a href={ (base) (path) } aria-current=[is_here.then_some("page")] { (name) } }
                }
            }
        }
    }
}
