//! What waits for somebody: read from the cases, decided by nobody here.

use domain::case::{APPROVALS_NEEDED, Case, EndReason};
use domain::person::Role;
use maud::{Markup, html};

use super::about::{is_running, wave_name};
use crate::Visit;
use crate::web::parts::{count, distance};
use crate::web::portal::has_reader;

/// One thing that waits.
pub struct Item {
    /// Its tone: `bad` for what is late, `wait` for the rest.
    pub tone: &'static str,
    /// What waits.
    pub what: Markup,
    /// Where it is done.
    pub href: String,
    /// What is done there.
    pub action: &'static str,
    /// Whether the visitor is one of those who can do it.
    pub is_yours: bool,
}

/// Everything that waits, late things first, the visitor's own before others'.
pub fn items(visit: &Visit) -> Vec<Item> {
    let mut items: Vec<Item> = visit
        .state
        .cases
        .values()
        .flat_map(|case| of_case(visit, case))
        .collect();
    items.sort_by_key(|item| (item.tone != "bad", !item.is_yours));
    items
}

/// What waits in one case.
pub fn of_case(visit: &Visit, case: &Case) -> Vec<Item> {
    let mut items = clocks(visit, case);
    items.extend(questions(visit, case));
    if is_running(case) {
        items.extend(ending(visit, case));
        items.extend(late_waves(visit, case));
        items.extend(preparation(visit, case));
    }
    items
}

/// Why a case ends early, in words.
pub fn reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::DetailsPublic => "details are public",
        EndReason::ExploitationSeen => "exploitation was seen",
    }
}

fn link(case: &Case, rest: &str) -> String {
    format!("/cases/{}{rest}", case.id())
}

fn ending(visit: &Visit, case: &Case) -> Option<Item> {
    let asked = case.asked_ending()?;
    let is_own = visit.person().is_ok_and(|name| *name == asked.person);
    Some(Item {
        tone: "bad",
        what: html! {
            (asked.person) " asked to end " (case.id()) " early, " (distance(visit.desk.now(), asked.at))
            ": " (reason(asked.reason)) ". A second person confirms."
        },
        href: link(case, "/end"),
        action: "Look at it",
        is_yours: !is_own && (visit.has(Role::Coordinator) || visit.has(Role::Approver)),
    })
}

/// Threads in which a partner wrote last, as long as it could read an answer.
fn questions<'a>(visit: &'a Visit, case: &'a Case) -> impl Iterator<Item = Item> + 'a {
    let partners = visit.state.program.partners();
    let waiting = partners.filter(|partner| {
        case.threads().waits_for_program(partner.id()) && has_reader(visit, case, partner.id())
    });
    waiting.map(|partner| Item {
        tone: "wait",
        what: html! { (partner.name()) " asked about " (case.id()) " and waits for an answer." },
        href: link(case, &format!("/questions/{}", partner.id())),
        action: "Read and answer",
        is_yours: visit.has(Role::Coordinator),
    })
}

fn clocks(visit: &Visit, case: &Case) -> Vec<Item> {
    let now = visit.desk.now();
    let running = case.legal_clocks().into_iter();
    let running = running.filter(|clock| clock.reported_at.is_none());
    running
        .map(|clock| Item {
            tone: if clock.due <= now { "bad" } else { "wait" },
            what: html! {
                (clock.row.title) " of " (case.id())
                @if clock.due <= now { " was due " } @else { " is due " }
                (distance(now, clock.due)) "."
            },
            href: link(case, "/legal"),
            action: "Clocks",
            is_yours: visit.has(Role::Coordinator),
        })
        .collect()
}

fn late_waves(visit: &Visit, case: &Case) -> Vec<Item> {
    let now = visit.desk.now();
    let due = case.due(&visit.state.program, visit.desk.policy(), now);
    let first = due.into_iter().next();
    first
        .map(|due| {
            let needs = super::about::needs(case);
            Item {
                tone: "bad",
                what: html! {
                    (wave_name(due.wave)) " of " (case.id()) " was due " (distance(now, due.opens_at))
                    " and is not open"
                    @if let Some(needs) = &needs { ": " (needs) }
                    "."
                },
                href: link(case, "/waves"),
                action: "Waves",
                is_yours: needs.is_none()
                    && (visit.has(Role::Coordinator) || visit.has(Role::Approver)),
            }
        })
        .into_iter()
        .collect()
}

/// The next steps on the way to the first wave.
fn preparation(visit: &Visit, case: &Case) -> Vec<Item> {
    let is_coordinator = visit.has(Role::Coordinator);
    let step = |what: Markup, rest: &str, action, is_yours| Item {
        tone: "wait",
        what,
        href: link(case, rest),
        action,
        is_yours,
    };
    let mut items = Vec::new();
    if case.release().is_none() {
        let what = html! { (case.id()) " has no release time, so nothing of it opens." };
        items.push(step(what, "/change", "Set it", is_coordinator));
    }
    if case.artifacts().is_empty() {
        let what = html! { (case.id()) " has no artifacts." };
        items.push(step(what, "/artifacts", "Add artifacts", is_coordinator));
        return items;
    }
    if case.plan().is_none() {
        let what =
            html! { "The waves of " (case.id()) " are not planned, or the plan is out of date." };
        items.push(step(what, "/waves", "Plan them", is_coordinator));
    } else if !case.is_approved() {
        let have = case.approvals().len();
        let is_done = visit
            .person()
            .is_ok_and(|name| case.approvals().iter().any(|by| by.person == *name));
        let what = html! {
            "The plan of " (case.id()) " has " (have) " of " (APPROVALS_NEEDED) " approvals."
        };
        let is_yours = visit.has(Role::Approver) && !is_done;
        let rest = if is_yours { "/waves/approve" } else { "/waves" };
        let action = if is_yours {
            "Look and approve"
        } else {
            "Waves"
        };
        items.push(step(what, rest, action, is_yours));
    }
    let waiting = case.entitlements(&visit.state.program, visit.desk.policy());
    if !waiting.is_empty() {
        let what = match case.is_pressed() {
            false => html! { (case.id()) " is not pressed." },
            true => html! {
                (count(waiting.len(), "seat")) " may have a copy of " (case.id()) " and "
                @if waiting.len() == 1 { "has" } @else { "have" } " none."
            },
        };
        let rest = if is_coordinator { "/press" } else { "/waves" };
        let action = if is_coordinator { "Press" } else { "Waves" };
        items.push(step(what, rest, action, is_coordinator));
    }
    items
}
