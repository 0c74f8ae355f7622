//! What one seat would see of a case now, asked of the same check that stands in front of every delivery.

use domain::case::Case;
use domain::explain::Explain;
use domain::ids::SeatId;
use domain::open::open;
use maud::{Markup, html};
use serde::Deserialize;

use super::about::wave_name;
use super::artifacts::kind_name;
use super::{case_of, tabs, title_of};
use crate::extract::{Path, Query};
use crate::web::parts::{Field, empty, facts, sentence, state, when};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// Which seat.
#[derive(Deserialize)]
pub struct Asked {
    seat: Option<String>,
}

/// The page.
pub async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    let chosen = asked.seat.as_deref();
    let chosen = chosen.and_then(|text| SeatId::parse(text).ok());
    let chosen = chosen.filter(|seat| visit.state.program.seat(seat).is_some());
    let content = html! {
        (tabs(&visit, &case))
        p { "What a seat sees of this case at this moment. Nobody is told that you look, and nothing is recorded." }
        (choice(&visit, chosen.as_ref()))
        @if let Some(seat) = &chosen { (seen(&visit, &case, seat)?) }
    };
    let title = format!("{} as a partner", case.id());
    Ok(Sheet::new(&visit, &title).tlp(case.tlp()).content(content))
}

fn choice(visit: &Visit, chosen: Option<&SeatId>) -> Markup {
    let names: Vec<(String, String)> = visit
        .state
        .program
        .seats()
        .map(|seat| {
            let partner = visit.state.program.partner(seat.partner());
            let name = partner.map_or("", |partner| partner.name());
            (seat.id().to_string(), format!("{} · {name}", seat.id()))
        })
        .collect();
    let options: Vec<(&str, &str)> = names
        .iter()
        .map(|(id, name)| (id.as_str(), name.as_str()))
        .collect();
    if options.is_empty() {
        return empty(
            "The program has no seats yet.",
            html! { p { a href="/partners" { "Partners" } " have seats." } },
        );
    }
    let chosen = chosen.map(SeatId::as_str).unwrap_or_default();
    html! {
        form method="get" {
            (Field::new("seat", "Seat").choice(&options, chosen))
            p class="buttons" { button type="submit" class="primary" { "Look" } }
        }
    }
}

fn seen(visit: &Visit, case: &Case, seat: &SeatId) -> Result<Markup, Problem> {
    let now = visit.desk.now();
    let policy = visit.desk.policy();
    let opened = open(case, &visit.state.program, policy, seat, now);
    let denial = match opened {
        Ok(_) => return Ok(package(visit, case, seat)),
        Err(denial) => denial,
    };
    let told = denial.for_partner();
    let planned = case.plan().and_then(|plan| plan.seat(seat));
    let mut rows = vec![
        (
            "The seat sees",
            html! {
                (sentence(&told.text))
                @if told.code == "nothing-here" { " The same words as for a case that does not exist." }
            },
        ),
        (
            "The reason, which it is not told",
            html! { (sentence(&denial.to_string())) " " code { (denial.code()) } },
        ),
        ("What to do", html! { (sentence(&denial.hint())) }),
    ];
    if let Some(planned) = planned {
        let kinds: Vec<&str> = planned.kinds.iter().map(|kind| kind_name(*kind)).collect();
        rows.push((
            "Planned",
            html! {
                (wave_name(planned.wave))
                @if let Some(at) = planned.opens_at { ", " (when(at, &visit.zone)) }
                ": " (kinds.join(", "))
            },
        ));
    }
    Ok(html! {
        h2 { "Closed for " (seat) }
        (facts(&rows))
    })
}

fn package(visit: &Visit, case: &Case, seat: &SeatId) -> Markup {
    let pressed = case.pressed_for(seat);
    let names = visit
        .key()
        .ok()
        .and_then(|key| visit.desk.file_names(case, &key).ok());
    let held = |index: usize| {
        let artifact = case.artifacts().get(index);
        artifact
            .zip(pressed)
            .is_some_and(|(artifact, package)| package.artifacts.contains(&artifact.artifact))
    };
    let files: Vec<String> = case
        .artifacts()
        .iter()
        .enumerate()
        .filter(|(index, _)| held(*index))
        .map(|(index, artifact)| {
            let name = names.as_ref().and_then(|names| names.get(index));
            name.cloned()
                .unwrap_or_else(|| format!("{} ({})", artifact.artifact, artifact.kind))
        })
        .collect();
    let receipt = case.receipts().of(seat);
    html! {
        h2 { "Open for " (seat) }
        (facts(&[
            ("Title", html! { (title_of(visit, case).unwrap_or_else(|| "sealed until the program key is unlocked".to_owned())) }),
            ("Label", html! { (case.tlp()) }),
            ("Files", html! { @for name in &files { span class="mono" { (name) } br; } }),
            ("Opened", html! { @if let Some((wave, at)) = case.opened_at(seat) { (wave_name(wave)) ", " (when(at, &visit.zone)) } }),
            ("Fetched", html! { @match receipt {
                Some(receipt) => { (state("good", "yes")) ", first " (when(receipt.first().at, &visit.zone)) },
                None => (state("wait", "not yet")),
            } }),
        ]))
        p class="fine" { "Its copies differ from everybody else's, and are not shown here: they are sealed to its key." }
    }
}
