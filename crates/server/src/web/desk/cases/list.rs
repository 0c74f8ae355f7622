//! The list of cases.

use domain::case::{Case, Stage};
use domain::person::Role;
use maud::{Markup, html};
use serde::Deserialize;

use super::about::{coming, release, stage, wave_name};
use super::title_of;
use crate::extract::Query;
use crate::web::parts::{count, distance, empty, table};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// What is asked of the list.
#[derive(Deserialize)]
pub struct Asked {
    stage: Option<String>,
    page: Option<usize>,
}

/// Cases on one page.
const SHOWN_MAX: usize = 100;

const STAGES: [(Stage, &str); 6] = [
    (Stage::Draft, "Drafts"),
    (Stage::Planned, "Waiting for approval"),
    (Stage::Approved, "Approved"),
    (Stage::Open, "Open"),
    (Stage::Released, "Released"),
    (Stage::EndedEarly, "Ended early"),
];

/// The page.
pub async fn show(visit: Visit, Query(asked): Query<Asked>) -> Result<Page, Problem> {
    let wanted = asked.stage.as_deref();
    let wanted = STAGES
        .iter()
        .map(|(stage, _)| *stage)
        .find(|stage| Some(stage.as_str()) == wanted);
    let cases: Vec<&Case> = visit
        .state
        .cases
        .values()
        .rev()
        .map(|case| &**case)
        .filter(|case| wanted.is_none_or(|stage| case.stage() == stage))
        .collect();
    let from = asked.page.unwrap_or(0).saturating_mul(SHOWN_MAX);
    let all = cases.len();
    let columns = ["Case", "Title", "Stage", "Label", "Release", "Next"];
    let rows: Vec<_> = cases
        .iter()
        .skip(from)
        .take(SHOWN_MAX)
        .map(|case| row(&visit, case))
        .collect();
    let content = html! {
        @if visit.has(Role::Coordinator) {
            p class="buttons" { a class="button primary" href="/cases/new" { "New case" } }
        }
        (filter(&visit, wanted))
        @if visit.state.cases.is_empty() {
            (empty("No case yet.", html! { p { a href="/cases/new" { "Begin a case" } " from an advisory, or by hand." } }))
        } @else if rows.is_empty() {
            (empty("No case is at this stage.", html! { p { a href="/cases" { "Show all" } } }))
        } @else {
            (table(&count(all, "case"), &columns, &rows))
            (pages(wanted, asked.page.unwrap_or(0), all))
        }
        @if !visit.app.is_unlocked() && !rows.is_empty() {
            p class="fine" { "Titles show once the program key is unlocked under " a href="/settings" { "Settings" } "." }
        }
    };
    Ok(page(&visit, "Cases", content))
}

/// Links to newer and older cases, where there are more than one page has.
fn pages(wanted: Option<Stage>, page: usize, all: usize) -> Markup {
    let stage = wanted
        .map(|stage| format!("stage={stage}&"))
        .unwrap_or_default();
    let older = page.saturating_add(1);
    html! {
        @if all > SHOWN_MAX {
            p class="buttons" {
                @if page > 0 { a class="button" href={ "/cases?" (stage) "page=" (page - 1) } { "Newer" } }
                @if older.saturating_mul(SHOWN_MAX) < all { a class="button" href={ "/cases?" (stage) "page=" (older) } { "Older" } }
            }
        }
    }
}

fn filter(visit: &Visit, wanted: Option<Stage>) -> Markup {
    let number = |stage| {
        let of = visit.state.cases.values();
        of.filter(|case| case.stage() == stage).count()
    };
    html! {
        nav aria-label="Stage" {
            ul class="tabs" {
                li { a href="/cases" aria-current=[wanted.is_none().then_some("page")] {
                    "All " span class="fine" { (visit.state.cases.len()) }
                } }
                @for (stage, name) in STAGES {
                    @let own = number(stage);
                    @if own > 0 {
                        li { a href={ "/cases?stage=" (stage) } aria-current=[(wanted == Some(stage)).then_some("page")] {
                            (name) " " span class="fine" { (own) }
                        } }
                    }
                }
            }
        }
    }
}

fn row(visit: &Visit, case: &Case) -> Vec<Markup> {
    let now = visit.desk.now();
    let next = coming(case, now).into_iter().next();
    vec![
        html! { a class="keep" href={ "/cases/" (case.id()) } { (case.id()) } },
        html! { @match title_of(visit, case) { Some(title) => (title), None => span class="fine" { "sealed" } } },
        stage(case),
        html! { span class="keep" { (case.tlp()) } },
        release(visit, case),
        html! {
            @match next {
                Some(wave) => { (wave_name(wave.wave)) " " (distance(now, wave.at)) },
                None => "–",
            }
        },
    ]
}
