//! Legal clocks: that a vulnerability is exploited, and which reports were made since.

use axum::response::{IntoResponse, Redirect, Response};
use domain::case::Case;
use domain::decide::CaseCommand;
use domain::legal::{CountedFrom, REPORTS, ReportStep};
use domain::person::Role;
use maud::{Markup, html};
use serde::Deserialize;

use super::{case_of, moment, tabs};
use crate::extract::{Form, Path};
use crate::web::parts::{CheckAnswers, distance, error_summary, state, table, when};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// The page.
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    Ok(draw(&visit, &case, None))
}

fn draw(visit: &Visit, case: &Case, error: Option<String>) -> Page {
    let errors: Vec<(&str, String)> = error.into_iter().map(|error| ("aware", error)).collect();
    let content = html! {
        (tabs(visit, case))
        (error_summary(&errors))
        @match case.exploited() {
            Some(at) => {
                p class="lead" { "Actively exploited, known since " (when(at, &visit.zone)) "." }
                (clocks(visit, case))
            }
            None => (begin(visit, case, errors.first().map(|(_, error)| error.as_str()))),
        }
        p class="fine" {
            "These are the hours of Regulation (EU) 2024/2847 (Cyber Resilience Act), article 14(2), in force for reports from 11 September 2026. "
            "Whether it binds this program is not decided here, and nothing is sent to anybody: the clocks only count."
        }
    };
    Sheet::new(visit, &format!("Legal clocks of {}", case.id()))
        .tlp(case.tlp())
        .content(content)
}

fn clocks(visit: &Visit, case: &Case) -> Markup {
    let now = visit.desk.now();
    let clocks = case.legal_clocks();
    let is_coordinator = visit.has(Role::Coordinator);
    let rows: Vec<_> = REPORTS
        .iter()
        .map(|row| {
            let clock = clocks.iter().find(|clock| clock.row.step == row.step);
            let counted = match row.from {
                CountedFrom::Awareness => format!("{} h from awareness", row.hours),
                CountedFrom::Measure => format!("{} days from the release", row.hours / 24),
            };
            vec![
                html! { (row.title) },
                html! { (counted) br; span class="fine" { (row.source) } },
                html! { @match clock {
                    Some(clock) => (when(clock.due, &visit.zone)),
                    None => "does not run: there is no release",
                } },
                html! { @match clock {
                    Some(clock) => @match clock.reported_at {
                        Some(at) => { (state("good", "reported")) " " (when(at, &visit.zone)) },
                        None if clock.due <= now => (state("bad", &format!("was due {}", distance(now, clock.due)))),
                        None => (state("wait", &format!("due {}", distance(now, clock.due)))),
                    },
                    None => (state("calm", "waits")),
                } },
                html! {
                    @if is_coordinator && clock.is_some_and(|clock| clock.reported_at.is_none()) {
                        form method="post" action={ "/cases/" (case.id()) "/legal/reported" } {
                            input type="hidden" name="step" value=(row.step);
                            button type="submit" { "Record as made" }
                        }
                    }
                },
            ]
        })
        .collect();
    table(
        "Reports",
        &["Report", "Counted", "Due", "State", "Record"],
        &rows,
    )
}

fn begin(visit: &Visit, case: &Case, error: Option<&str>) -> Markup {
    let now = moment::local(visit.desk.now());
    html! {
        p { "Nobody has recorded that the vulnerability is actively exploited, so no clock runs." }
        @if visit.has(Role::Coordinator) {
            h2 { "Record active exploitation" }
            form method="post" action={ "/cases/" (case.id()) "/legal/exploited" } novalidate {
                (moment::field(visit, "aware", "Known since", (&now, "UTC"), error, true))
                p class="buttons" { button type="submit" { "Continue" } }
            }
        }
    }
}

/// What the form of exploitation sends.
#[derive(Deserialize)]
pub struct Exploited {
    aware: String,
    #[serde(default)]
    aware_zone: String,
    confirmed: Option<String>,
}

/// Records that it is exploited, once both times were seen.
pub async fn exploited(
    visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Exploited>,
) -> Result<Response, Problem> {
    let case = case_of(&visit, &id)?;
    let at = match moment::read(&sent.aware, &sent.aware_zone) {
        Ok(at) if at > visit.desk.now() => Err("that time is still to come".to_owned()),
        read => read,
    };
    let at = match at {
        Ok(at) => at,
        Err(error) => return Ok(draw(&visit, &case, Some(error)).into_response()),
    };
    let back = format!("/cases/{}/legal", case.id());
    if sent.confirmed.is_some() {
        let command = CaseCommand::RecordExploitation { aware_at: at };
        visit
            .desk
            .command(case.id(), command, &visit.actor()?)
            .await?;
        return Ok(Redirect::to(&back).into_response());
    }
    let content = CheckAnswers {
        action: &format!("/cases/{}/legal/exploited", case.id()),
        consequence: "The legal clocks begin. The first record counts: it cannot be changed afterwards.",
        rows: &[
            ("Case", html! { (case.id()) }),
            (
                "Known since",
                html! { strong { (when(at, &visit.zone)) } " (" (distance(visit.desk.now(), at)) ")" },
            ),
        ],
        hidden: &[
            ("aware", sent.aware.clone()),
            ("aware_zone", sent.aware_zone.clone()),
            ("confirmed", "yes".to_owned()),
        ],
        fields: html! {},
        button: "Record active exploitation",
        back: &back,
    };
    let sheet = Sheet::new(&visit, "Check the record").tlp(case.tlp());
    Ok(sheet.content(content.draw()).into_response())
}

/// What the button of a report sends.
#[derive(Deserialize)]
pub struct Reported {
    step: String,
}

/// Records that a report was made.
pub async fn reported(
    visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Reported>,
) -> Result<Redirect, Problem> {
    let case = case_of(&visit, &id)?;
    let step = ReportStep::parse(&sent.step)
        .ok_or_else(|| Problem::input("unknown-report", "there is no such report"))?;
    let command = CaseCommand::RecordReport(step);
    visit
        .desk
        .command(case.id(), command, &visit.actor()?)
        .await?;
    Ok(Redirect::to(&format!("/cases/{}/legal", case.id())))
}
