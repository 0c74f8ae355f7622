//! Exposure: who had opened what at a chosen hour.

use std::collections::BTreeMap;

use domain::case::Case;
use domain::ids::{CaseId, PartnerId};
use domain::wave::WaveName;
use jiff::Timestamp;
use maud::{Markup, html};

use super::form::{Fields, field};
use super::moment;
use crate::extract::Query;
use crate::web::parts::{Field, count, empty, error_summary, when, when_text};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// Presets that are shown before the others fold away.
const PRESETS_SHOWN: usize = 8;

/// Seats of one partner in one case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cell {
    /// That had fetched their package by then.
    opened: usize,
    /// That have a package.
    seats: usize,
}

/// All partners and cases that have to do with each other.
struct Matrix {
    cases: Vec<CaseId>,
    rows: BTreeMap<PartnerId, BTreeMap<CaseId, Cell>>,
}

/// The page.
pub async fn show(visit: Visit, Query(query): Query<Fields>) -> Result<Page, Problem> {
    let now = visit.desk.now();
    let given = field(&query, "at");
    let (at, error) = match (given, moment::parse(given)) {
        ("", _) => (now, None),
        (_, Some(at)) => (at.min(now), None),
        (given, None) => {
            let error = format!("`{given}` is no time such as 2026-12-07 14:30; this is now");
            (now, Some(error))
        }
    };
    let errors: Vec<(&str, String)> = error.iter().map(|e| ("at", e.clone())).collect();
    let matrix = Matrix::at(visit.state.cases.values().map(AsRef::as_ref), at);
    let content = html! {
        (error_summary(&errors))
        p class="lead" { "Who had opened what by " strong { (when(at, &visit.zone)) } }
        (chooser(&visit, at, error.as_deref()))
        @if matrix.rows.is_empty() {
            (empty(
                "No case was pressed yet, so nobody can have opened anything.",
                html! { a href="/cases" { "To the cases" } },
            ))
        } @else {
            (matrix.draw(&visit))
            p class="fine" {
                "Each cell: seats that had fetched their package, of those that have one. A fetch is a receipt in the log; "
                "it stays here also when a partner leaves."
            }
            p { a href="/learning" { "What the program gives and risks, in figures" } }
        }
    };
    Ok(page(&visit, "Exposure", content))
}

impl Matrix {
    fn at<'a>(cases: impl Iterator<Item = &'a Case>, at: Timestamp) -> Self {
        let mut matrix = Self {
            cases: Vec::new(),
            rows: BTreeMap::new(),
        };
        for case in cases.filter(|case| case.is_pressed()) {
            matrix.cases.push(case.id().clone());
            for package in case.packages() {
                let row = matrix.rows.entry(package.partner.clone()).or_default();
                let cell = row.entry(case.id().clone()).or_default();
                cell.seats += 1;
                let first = case.receipts().of(&package.seat).map(|own| own.first().at);
                cell.opened += usize::from(first.is_some_and(|first| first <= at));
            }
        }
        matrix
    }

    fn draw(&self, visit: &Visit) -> Markup {
        html! {
            div class="matrix" role="region" aria-label="Partners and cases" tabindex="0" {
                table {
                    caption { (count(self.rows.len(), "partner")) ", " (count(self.cases.len(), "case")) }
                    thead {
                        tr {
                            th scope="col" { "Partner" }
                            @for case in &self.cases { th scope="col" { a href={ "/cases/" (case) } { (case) } } }
                            th scope="col" { "All cases" }
                        }
                    }
                    tbody { @for (partner, row) in &self.rows { (self.row(visit, partner, row)) } }
                    tfoot {
                        tr {
                            th scope="row" { "All partners" }
                            @for case in &self.cases { (self.of_case(case).draw()) }
                            (sum(self.rows.values().flat_map(BTreeMap::values)).draw())
                        }
                    }
                }
            }
            (legend())
        }
    }

    fn row(&self, visit: &Visit, partner: &PartnerId, row: &BTreeMap<CaseId, Cell>) -> Markup {
        let known = visit.state.program.partner(partner);
        html! {
            tr {
                th scope="row" {
                    a href={ "/partners/" (partner) } { (partner) }
                    @if let Some(known) = known { " " span class="fine" { (known.name()) } }
                }
                @for case in &self.cases { (row.get(case).copied().unwrap_or_default().draw()) }
                (sum(row.values()).draw())
            }
        }
    }

    fn of_case(&self, case: &CaseId) -> Cell {
        sum(self.rows.values().filter_map(|row| row.get(case)))
    }
}

fn sum<'a>(cells: impl Iterator<Item = &'a Cell>) -> Cell {
    cells.fold(Cell::default(), |sum, cell| Cell {
        opened: sum.opened + cell.opened,
        seats: sum.seats + cell.seats,
    })
}

impl Cell {
    fn draw(self) -> Markup {
        html! {
            @if self.seats == 0 {
                td class="cell none" { "–" }
            } @else {
                td class={ "cell shade-" (self.shade()) } { (self.opened) " of " (self.seats) }
            }
        }
    }

    /// Five steps: none, up to a quarter, up to a half, more, and all.
    fn shade(self) -> usize {
        match (self.opened, self.seats) {
            (0, _) => 0,
            (opened, seats) if opened >= seats => 4,
            (opened, seats) if opened * 4 <= seats => 1,
            (opened, seats) if opened * 2 <= seats => 2,
            _ => 3,
        }
    }
}

fn legend() -> Markup {
    let steps = ["none", "up to a quarter", "up to a half", "more", "all"];
    html! {
        p class="legend" {
            @for (shade, words) in steps.iter().enumerate() { span class={ "cell shade-" (shade) } { (words) } " " }
        }
    }
}

fn chooser(visit: &Visit, at: Timestamp, error: Option<&str>) -> Markup {
    let presets = presets(visit);
    let (shown, folded) = presets.split_at(presets.len().min(PRESETS_SHOWN));
    html! {
        form method="get" action="/exposure" class="inline-form" {
            (Field::new("at", "At this time, in UTC").error(error).text(&moment::text(at)))
            button type="submit" { "Show" }
        }
        ul class="presets" {
            li { a href="/exposure" { "Now" } }
            @for preset in shown { (preset.draw(visit)) }
        }
        @if !folded.is_empty() {
            details {
                summary { (count(folded.len(), "earlier moment")) }
                ul class="presets" { @for preset in folded { (preset.draw(visit)) } }
            }
        }
    }
}

/// A moment worth looking at.
struct Preset {
    at: Timestamp,
    what: String,
}

impl Preset {
    fn draw(&self, visit: &Visit) -> Markup {
        let at = moment::text(self.at);
        html! {
            li { a href={ "/exposure?at=" (self.at) } title=(when_text(self.at, &visit.zone)) { (at) ": " (self.what) } }
        }
    }
}

/// Each wave that opened and each sighting, newest first.
fn presets(visit: &Visit) -> Vec<Preset> {
    let mut presets = Vec::new();
    for case in visit.state.cases.values() {
        for (wave, opened) in case.waves() {
            presets.push(Preset {
                at: opened.opened_at,
                what: match wave {
                    WaveName::Release => format!("release, {}", case.id()),
                    wave => format!("wave {wave}, {}", case.id()),
                },
            });
        }
        for seen in case.sightings() {
            presets.push(Preset {
                at: seen.at,
                what: format!("sighting, {}", case.id()),
            });
        }
        for traced in case.traces() {
            presets.push(Preset {
                at: traced.at,
                what: format!("leak traced, {}", case.id()),
            });
        }
    }
    presets.sort_by_key(|preset| std::cmp::Reverse(preset.at));
    presets.dedup_by(|a, b| a.at == b.at && a.what == b.what);
    presets
}

#[cfg(test)]
mod tests {
    use super::Cell;

    #[test]
    fn a_cell_has_five_steps_and_only_all_is_the_last() {
        let shade = |opened, seats| Cell { opened, seats }.shade();
        assert_eq!(
            [
                shade(0, 8),
                shade(2, 8),
                shade(4, 8),
                shade(7, 8),
                shade(8, 8)
            ],
            [0, 1, 2, 3, 4]
        );
        assert_eq!(shade(1, 1), 4);
    }
}
