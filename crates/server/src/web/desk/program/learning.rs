//! What the program learns about itself: how much of a head start it gives, and what it risks.

use domain::case::Case;
use maud::{Markup, html};

use super::lead::{Lead, at_least, hours_to_suspension, leads, leaks, median};
use crate::web::parts::{chart, empty, svg, table};
use crate::web::{Page, page};
use crate::{Problem, Visit};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 44.0;

/// The page.
pub async fn show(visit: Visit) -> Result<Page, Problem> {
    let history = visit.desk.program_history().await?;
    let cases = || visit.state.cases.values().map(AsRef::<Case>::as_ref);
    let leads = leads(cases());
    let leaks = leaks(cases());
    let suspended = hours_to_suspension(cases(), &history);
    let refused: usize = cases().map(|case| case.refused().len()).sum();
    let content = html! {
        p { a href="/exposure" { "Who had opened what" } }
        h2 { "The head start" }
        @if leads.is_empty() {
            (empty(
                "No wave was opened ahead of a release yet.",
                html! { a href="/cases" { "To the cases" } },
            ))
        } @else {
            (head_start(&leads))
        }
        h2 { "The risk" }
        ul class="figures" {
            li { b { (leaks.sightings) } span { (if leaks.sightings == 1 { "sighting" } else { "sightings" }) } }
            li { b { (leaks.named) } span { "traces that name a copy" } }
            li { b { (leaks.withheld) } span { "traces without enough evidence" } }
            li {
                b { @match median(&suspended) { Some(hours) => (duration(hours)), None => "–" } }
                span { "from a named copy to the next suspension (median)" }
            }
            li { b { (refused) } span { "fetches refused" } }
        }
        p class="fine" {
            "Counted from events. Whom a verdict names is sealed, so the time to a suspension is that to the next one of "
            "any partner."
        }
    };
    Ok(page(&visit, "What the program gives and risks", content))
}

fn head_start(leads: &[Lead]) -> Markup {
    let hours: Vec<f64> = leads.iter().filter_map(|lead| lead.hours).collect();
    let waited: Vec<f64> = leads.iter().filter_map(|lead| lead.waited_hours).collect();
    let (half, most) = (
        at_least(&hours, leads.len(), 0.5),
        at_least(&hours, leads.len(), 0.9),
    );
    let words = |hours: Option<f64>| hours.map_or("–".to_owned(), duration);
    html! {
        ul class="figures" {
            li { b { (hours.len()) " of " (leads.len()) } span { "partners opened the details before they were public" } }
            li { b { (words(half)) } span { "or more had half of the partners (p50)" } }
            li { b { (words(most)) } span { "or more had nine of ten (p90)" } }
            li { b { (words(median(&waited))) } span { "from a wave to the first fetch (median)" } }
        }
        (curve(&hours, leads.len(), half, most))
    }
}

/// The share of partners that had at least so much time.
fn curve(hours: &[f64], all: usize, half: Option<f64>, most: Option<f64>) -> Markup {
    let mut sorted = hours.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let longest = sorted.first().copied().unwrap_or(0.0).max(24.0) * 1.05;
    let x = |hours: f64| LEFT + hours / longest * (WIDTH - LEFT - RIGHT);
    let y = |share: f64| HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    let mut line = format!("M{:.1} {:.1}", x(longest), y(0.0));
    for (place, hours) in sorted.iter().enumerate() {
        let (before, after) = (place as f64 / all as f64, (place + 1) as f64 / all as f64);
        line += &format!(
            "L{:.1} {:.1}L{:.1} {:.1}",
            x(*hours),
            y(before),
            x(*hours),
            y(after)
        );
    }
    line += &format!("L{:.1} {:.1}", x(0.0), y(sorted.len() as f64 / all as f64));
    let title = "How many partners had at least so much time";
    let description = "Days before the details became public, from none at the left to the longest at the right; the line \
                       is the share of partners that had opened them by then. One partner in one case counts once.";
    let drawing = html! {
        @for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
            line class="grid" x1=(n(LEFT)) x2=(n(WIDTH - RIGHT)) y1=(n(y(share))) y2=(n(y(share))) {}
            text class="soft" x=(n(LEFT - 8.0)) y=(n(y(share) + 4.0)) text-anchor="end" { (format!("{:.0} %", share * 100.0)) }
        }
        @for days in day_ticks(longest) {
            text class="soft" x=(n(x(days * 24.0))) y=(n(HEIGHT - BOTTOM + 18.0)) text-anchor="middle" { (days) }
        }
        text class="soft" x=(n(WIDTH - RIGHT)) y=(n(HEIGHT - 6.0)) text-anchor="end" { "days before the details were public" }
        path class="mark" d=(line) {}
        @for (value, name, share) in [(half, "p50", 0.5), (most, "p90", 0.9)] {
            @if let Some(value) = value {
                circle class="bar" cx=(n(x(value))) cy=(n(y(share))) r="5" {}
                // Near the right end the words stand before the point.
                @let is_last = x(value) > WIDTH - RIGHT - 90.0;
                text x=(n(x(value) + if is_last { -9.0 } else { 9.0 })) y=(n(y(share) - 7.0))
                    text-anchor=(if is_last { "end" } else { "start" }) { (name) " " (duration(value)) }
            }
        }
    };
    let picture = svg(
        "lead",
        title,
        description,
        WIDTH as u32,
        HEIGHT as u32,
        drawing,
    );
    let rows: Vec<_> = [1.0, 24.0, 72.0, 120.0, 168.0, 240.0, 336.0]
        .into_iter()
        .map(|least| {
            let with = hours.iter().filter(|own| **own >= least).count();
            vec![
                html! { "at least " (duration(least)) },
                html! { (with) " of " (all) },
                html! { (format!("{:.0} %", 100.0 * with as f64 / all as f64)) },
            ]
        })
        .collect();
    let figures = table(
        "Time before the details were public",
        &["Time", "Partners", "Share"],
        &rows,
    );
    chart(title, description, picture, figures)
}

fn day_ticks(longest_hours: f64) -> Vec<f64> {
    let days = longest_hours / 24.0;
    let step = [1.0, 2.0, 5.0, 7.0, 14.0, 30.0]
        .into_iter()
        .find(|step| days / step <= 10.0)
        .unwrap_or(90.0);
    let last = (days / step).floor() as u32;
    (0..=last).map(|tick| f64::from(tick) * step).collect()
}

/// Hours in words: `5 h`, `14 days`.
fn duration(hours: f64) -> String {
    match hours {
        h if h < 1.0 => format!("{:.0} min", h * 60.0),
        h if h < 48.0 => format!("{h:.0} h"),
        h => format!("{:.0} days", h / 24.0),
    }
}

fn n(value: f64) -> String {
    format!("{value:.1}")
}
