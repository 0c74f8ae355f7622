//! Inbox: what is open for this seat, and what it has not done yet.

use domain::case::Case;
use domain::funnel::Step;
use domain::ids::{PartnerId, SeatId};
use domain::open::{PartnerView, open, standing};
use maud::{Markup, html};

use super::own::meaning;
use crate::web::layout::tlp_class;
use crate::web::parts::{distance, empty, sentence, state, table, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// The page.
pub async fn show(visit: Visit) -> Result<Page, Problem> {
    let (seat, partner) = visit.seat()?;
    let policy = visit.desk.policy();
    if let Err(view) = standing(&visit.state.program, policy, seat) {
        return Ok(page(&visit, "Inbox", closed(&view)));
    }
    let now = visit.desk.now();
    let mut cases: Vec<&Case> = visit
        .state
        .cases
        .values()
        .map(|case| &**case)
        .filter(|case| open(case, &visit.state.program, policy, seat, now).is_ok())
        .collect();
    cases.sort_by_key(|case| std::cmp::Reverse(case.opened_for_seat_at(seat)));
    let rows: Vec<_> = cases
        .iter()
        .map(|case| row(&visit, case, seat, partner))
        .collect();
    let content = html! {
        @if rows.is_empty() {
            (empty("Nothing is open for you.", html! {
                p { "When a wave opens for your seat, its case stands here. Until then, make sure that you can open a package: "
                    a href="/team" { "look at your team's keys" } "." }
            }))
        } @else {
            p class="lead" { (summary(&cases, seat, partner)) }
            (table("Open for you", &["Case", "To do", "Label", "Opened", "Embargo ends"], &rows))
            p class="fine" {
                "Titles are sealed like everything else that says what a case is about: you see them when you open it."
            }
        }
    };
    Ok(page(&visit, "Inbox", content))
}

fn closed(view: &PartnerView) -> Markup {
    html! {
        div class="notice bad" { p { (sentence(&view.text)) } }
        p { "While this is so, nothing is open to your seat. Ask your contact at the program what to do." }
    }
}

fn summary(cases: &[&Case], seat: &SeatId, partner: &PartnerId) -> String {
    let waiting = cases
        .iter()
        .filter(|case| case.next_step(seat, partner).is_some())
        .count();
    match waiting {
        0 => "Nothing waits for you.".to_owned(),
        1 => "One case waits for you.".to_owned(),
        many => format!("{many} cases wait for you."),
    }
}

fn row(visit: &Visit, case: &Case, seat: &SeatId, partner: &PartnerId) -> Vec<Markup> {
    let label = case.tlp().to_string();
    let opened = case.opened_for_seat_at(seat);
    let wave = case.opened_at(seat).map(|(wave, _)| wave);
    vec![
        html! { a class="case-id" href={ "/inbox/" (case.id()) } { (case.id()) } },
        html! {
            (step(case.next_step(seat, partner)))
            @if has_answer(case, partner) { br; (state("wait", "Answer to read")) }
        },
        html! { span class={ "tlp " (tlp_class(&label)) } title=(meaning(case.tlp())) { (label) } },
        html! {
            @if let Some(at) = opened { (when(at, &visit.zone)) }
            @if let Some(wave) = wave { br; span class="fine" { "wave " (wave) } }
        },
        html! {
            @match case.release() {
                Some(release) => {
                    (when(release, &visit.zone)) br;
                    span class="fine" { (distance(visit.desk.now(), release)) }
                }
                None => "not set: it goes on"
            }
        },
    ]
}

fn step(step: Option<Step>) -> Markup {
    match step {
        Some(Step::Acknowledge) => state("wait", "Acknowledge"),
        Some(Step::Open) => state("wait", "Open the package"),
        Some(Step::Report) => state("wait", "Report protections"),
        None => state("good", "Done"),
    }
}

/// Whether the last word of the partner's thread is the program's.
fn has_answer(case: &Case, partner: &PartnerId) -> bool {
    let last = case.threads().of(partner).last();
    last.is_some_and(|message| !message.is_partners())
}
