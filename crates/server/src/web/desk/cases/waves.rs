//! Waves: who gets what when, who does not and by which rule, and the approval of two people.

use std::collections::{BTreeMap, BTreeSet};

use axum::response::{IntoResponse, Redirect, Response};
use domain::case::{APPROVALS_NEEDED, Case};
use domain::decide::CaseCommand;
use domain::partner::Tier;
use domain::person::Role;
use domain::plan::WavePlan;
use domain::sealed::Digest;
use domain::wave::{Offset, Offsets};
use maud::{Markup, html};
use serde::Deserialize;

use super::about::{is_running, wave_name};
use super::artifacts::kind_name;
use super::{case_of, tabs};
use crate::extract::{Form, Path};
use crate::web::parts::{
    CheckAnswers, Field, count, distance, empty, error_summary, sentence, state, table, when,
};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// The page.
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    let offsets = match case.plan() {
        Some(plan) => plan.offsets.clone(),
        None => visit.state.program.settings().offsets().clone(),
    };
    let words = Tier::ALL.map(|tier| offsets.of(tier).to_string());
    Ok(draw(&visit, &case, &words, &[]))
}

fn draw(visit: &Visit, case: &Case, offsets: &[String; 3], errors: &[(&str, String)]) -> Page {
    let content = html! {
        (tabs(visit, case))
        (error_summary(errors))
        (super::jobs::going_on(visit, Some(case.id().as_str())))
        @match case.plan() {
            Some(plan) => {
                (progress(visit, case))
                (rows(visit, case, plan))
                (exceptions(visit, plan))
            }
            None => (empty(
                "The waves are not planned, or the plan is out of date: the release, the label or the artifacts changed.",
                html! { p { "Choose below how long before the release each tier is told." } },
            )),
        }
        @if visit.has(Role::Coordinator) && is_running(case) { (form(case, offsets, errors)) }
    };
    Sheet::new(visit, &format!("Waves of {}", case.id()))
        .tlp(case.tlp())
        .content(content)
}

/// The three things that must be there before anything opens, and the next step.
fn progress(visit: &Visit, case: &Case) -> Markup {
    let base = format!("/cases/{}", case.id());
    let names: Vec<String> = case
        .approvals()
        .iter()
        .map(|approval| approval.person.to_string())
        .collect();
    let is_done = has_approved(visit, case);
    let waiting = case.entitlements(&visit.state.program, visit.desk.policy());
    let due = case.due(&visit.state.program, visit.desk.policy(), visit.desk.now());
    let runs = is_running(case);
    let is_coordinator = visit.has(Role::Coordinator);
    let is_approver = visit.has(Role::Approver);
    let approves = runs && !case.is_approved() && is_approver && !is_done;
    let presses = runs && !waiting.is_empty() && is_coordinator;
    let opens = runs && !due.is_empty() && (is_coordinator || is_approver);
    html! {
        ul class="figures" {
            li { b { (names.len()) " of " (APPROVALS_NEEDED) } span { "approvals" @if !names.is_empty() { ": " (names.join(", ")) } } }
            li { b { (case.packages().count()) } span { (if case.packages().count() == 1 { "package pressed" } else { "packages pressed" }) @if !waiting.is_empty() { ", " (waiting.len()) " to press" } } }
            li { b { (case.waves().len()) } span { (if case.waves().len() == 1 { "wave opened" } else { "waves opened" }) } }
        }
        @if approves || presses || opens {
            p class="buttons" {
                @if approves { a class="button primary" href={ (base) "/waves/approve" } { "Look and approve" } }
                @if presses { a class="button primary" href={ (base) "/press" } { "Press " (count(waiting.len(), "package")) } }
                @if opens { a class="button primary" href={ (base) "/waves/open" } { "Open what is due" } }
            }
        }
        @if is_done && !case.is_approved() { p { "You approved this plan. A second, different person has to approve it too." } }
    }
}

fn has_approved(visit: &Visit, case: &Case) -> bool {
    visit
        .person()
        .is_ok_and(|name| case.approvals().iter().any(|by| by.person == *name))
}

fn rows(visit: &Visit, case: &Case, plan: &WavePlan) -> Markup {
    let now = visit.desk.now();
    let rows: Vec<_> = plan
        .rows()
        .into_iter()
        .map(|row| {
            let kinds: Vec<&str> = row.kinds.iter().map(|kind| kind_name(*kind)).collect();
            let opened = case.waves().get(&row.wave);
            vec![
                html! { (wave_name(row.wave)) },
                html! { @match row.opens_at {
                    Some(at) => { (when(at, &visit.zone)) " " span class="fine" { (distance(now, at)) } },
                    None => "no release",
                } },
                html! { (row.partners.len()) },
                html! { (row.seats.len()) },
                html! { @if kinds.is_empty() { "–" } @else { (kinds.join(", ")) } },
                html! { @match opened { Some(_) => (state("good", "open")), None => (state("wait", "closed")) } },
            ]
        })
        .collect();
    html! {
        (table("Who gets what when", &["Wave", "Opens", "Partners", "Seats", "Gets", "State"], &rows))
        (seats(visit, plan))
    }
}

/// Every seat of the plan, folded away.
fn seats(visit: &Visit, plan: &WavePlan) -> Markup {
    let rows: Vec<_> = plan
        .seats
        .iter()
        .map(|planned| {
            let partner = visit.state.program.partner(&planned.partner);
            let kinds: Vec<&str> = planned.kinds.iter().map(|kind| kind_name(*kind)).collect();
            vec![
                html! { (planned.seat) },
                html! { (partner.map_or_else(|| planned.partner.to_string(), |partner| partner.name().to_owned())) },
                html! { (wave_name(planned.wave)) },
                html! { (kinds.join(", ")) },
            ]
        })
        .collect();
    html! {
        @if !rows.is_empty() {
            details {
                summary { "Every seat of the plan: " (rows.len()) }
                (table("Seats", &["Seat", "Partner", "Wave", "Gets"], &rows))
            }
        }
    }
}

/// Who does not get what, one row for a rule and a kind.
fn exceptions(visit: &Visit, plan: &WavePlan) -> Markup {
    type Row<'a> = (BTreeSet<String>, usize, &'a str);
    let mut by_rule: BTreeMap<(&str, &str), Row<'_>> = BTreeMap::new();
    for exception in &plan.exceptions {
        let key = (exception.rule.as_str(), kind_name(exception.kind));
        let own = by_rule
            .entry(key)
            .or_insert_with(|| (BTreeSet::new(), 0, &exception.reason));
        let partner = visit.state.program.partner(&exception.partner);
        own.0.insert(partner.map_or_else(
            || exception.partner.to_string(),
            |partner| partner.name().to_owned(),
        ));
        own.1 += 1;
    }
    let rows: Vec<_> = by_rule
        .into_iter()
        .map(|((rule, kind), (partners, seats, reason))| {
            let all: Vec<String> = partners.into_iter().collect();
            vec![
                html! { "no " (kind) },
                html! {
                    @if all.len() <= 4 { (all.join(", ")) } @else {
                        details { summary { (count(all.len(), "partner")) } (all.join(", ")) }
                    }
                },
                html! { (seats) },
                html! { (sentence(reason)) },
                html! { code { (rule) } },
            ]
        })
        .collect();
    html! {
        @if !rows.is_empty() {
            h2 { "Exceptions" }
            (table("Who does not get what", &["What", "Who", "Seats", "Why", "Rule"], &rows))
        }
    }
}

const FIELDS: [(&str, &str); 3] = [
    ("validate", "Tier validate"),
    ("advance", "Tier advance"),
    ("entry", "Tier entry"),
];

fn form(case: &Case, offsets: &[String; 3], errors: &[(&str, String)]) -> Markup {
    let is_void = case.plan().is_some() && !case.approvals().is_empty();
    html! {
        h2 { @if case.plan().is_some() { "Plan anew" } @else { "Plan the waves" } }
        @if is_void {
            p class="fine" { "A plan that differs from this one voids its " (count(case.approvals().len(), "approval")) "." }
        }
        form method="post" action={ "/cases/" (case.id()) "/waves/plan" } {
            div class="row" {
                @for ((name, label), value) in FIELDS.iter().zip(offsets) {
                    @let error = errors.iter().find(|(field, _)| field == name).map(|(_, error)| error.as_str());
                    (Field::new(name, label).hint("Before the release: 14d, 24h, 90m.").error(error).text(value))
                }
            }
            p class="buttons" { button type="submit" class=[case.plan().is_none().then_some("primary")] { "Plan the waves" } }
        }
    }
}

/// What the form of the plan sends.
#[derive(Deserialize)]
pub struct Planned {
    validate: String,
    advance: String,
    entry: String,
}

/// Plans the waves.
pub async fn plan(
    visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Planned>,
) -> Result<Response, Problem> {
    let case = case_of(&visit, &id)?;
    let words = [sent.validate, sent.advance, sent.entry];
    let mut errors = Vec::new();
    let mut offsets = Vec::new();
    for ((name, _), text) in FIELDS.iter().zip(&words) {
        match Offset::parse(text.trim()) {
            Ok(offset) => offsets.push(offset),
            Err(error) => errors.push((*name, error.to_string())),
        }
    }
    let [validate, advance, entry] = offsets[..] else {
        return Ok(draw(&visit, &case, &words, &errors).into_response());
    };
    let offsets = Offsets {
        validate,
        advance,
        entry,
    };
    let command = CaseCommand::PlanWaves(offsets);
    visit
        .desk
        .command(case.id(), command, &visit.actor()?)
        .await?;
    Ok(Redirect::to(&format!("/cases/{}/waves", case.id())).into_response())
}

/// Partners and seats of a plan.
fn people(plan: &WavePlan) -> (usize, usize) {
    let partners: BTreeSet<_> = plan.seats.iter().map(|seat| &seat.partner).collect();
    (partners.len(), plan.seats.len())
}

/// The page before an approval: the plan once more, and what follows.
pub async fn ask_approval(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    let (Some(plan), Some(digest)) = (case.plan(), case.plan_digest()) else {
        return Err(Problem::new(
            409,
            "not-planned",
            "the waves of the case are not planned, or the plan is out of date",
        )
        .hint("a coordinator plans them"));
    };
    let (partners, seats) = people(plan);
    let have = case.approvals().len() + 1;
    let consequence = format!(
        "{}, {}; what was opened cannot be recalled. With your approval the plan has {} of {APPROVALS_NEEDED}.",
        count(partners, "partner"),
        count(seats, "person").replace("persons", "people"),
        have.min(APPROVALS_NEEDED),
    );
    let release = super::about::release(&visit, &case);
    let check = CheckAnswers {
        action: &format!("/cases/{}/waves/approve", case.id()),
        consequence: &consequence,
        rows: &[
            ("Case", html! { (super::today::case_link(&visit, &case)) }),
            ("Label", html! { (plan.tlp) }),
            ("Release", release),
            (
                "Artifacts",
                html! { (count(plan.artifacts.len(), "artifact")) },
            ),
            ("Approving", html! { (visit.person()?) }),
            (
                "Digest of the plan",
                html! { span class="mono" { (digest) } },
            ),
        ],
        hidden: &[("plan", digest.to_string())],
        fields: html! {},
        button: "Approve this plan",
        back: &format!("/cases/{}/waves", case.id()),
    };
    let content = html! {
        (tabs(&visit, &case))
        (rows(&visit, &case, plan))
        (exceptions(&visit, plan))
        h2 { "Your approval" }
        // Nothing is offered that the domain would refuse.
        @if has_approved(&visit, &case) {
            p { "You approved this plan; a second approval of yours does not count." }
            p { a href={ "/cases/" (case.id()) "/waves" } { "Back to the waves" } }
        } @else {
            (check.draw())
        }
    };
    let title = format!("Approve the waves of {}", case.id());
    Ok(Sheet::new(&visit, &title).tlp(case.tlp()).content(content))
}

/// What the form of an approval sends.
#[derive(Deserialize)]
pub struct Approval {
    plan: String,
}

/// Approves the plan that was shown, under the visitor's own name.
pub async fn approve(
    visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Approval>,
) -> Result<Redirect, Problem> {
    let case = case_of(&visit, &id)?;
    let plan = Digest::parse(&sent.plan)
        .ok_or_else(|| Problem::input("plan", "the form does not say which plan was shown"))?;
    let command = CaseCommand::Approve {
        person: visit.person()?.clone(),
        plan: Some(plan),
    };
    visit
        .desk
        .command(case.id(), command, &visit.actor()?)
        .await?;
    Ok(Redirect::to(&format!("/cases/{}/waves", case.id())))
}
