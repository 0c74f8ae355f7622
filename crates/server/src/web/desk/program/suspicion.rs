//! The suspicion plot: every copy's score, the line that naming takes, and the band in which nobody is named.

use std::collections::BTreeMap;

use desk::Examined;
use maud::{Markup, html};

use crate::web::parts::{chart, svg, table};

/// Copies that the table lists; the picture has all.
const LISTED_MAX: usize = 25;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 34.0;

/// What a copy is in this verdict.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Named,
    Lead,
    Other,
}

/// One copy's place.
struct Dot<'a> {
    seat: &'a str,
    partner: &'a str,
    bits: f64,
    kind: Kind,
}

/// The picture with its figures; a sentence where nothing was scored.
pub fn draw(examined: &Examined) -> Markup {
    let engine = &examined.verdict.engine;
    let dots = dots(examined);
    if dots.is_empty() {
        return html! {
            p {
                "No copy was scored: what can be read carries " (format!("{:.1}", engine.available_bits + 0.0))
                " bits, and naming anyone takes " (format!("{:.1}", engine.needed_bits)) ", whoever it was."
            }
        };
    }
    let description = format!(
        "{} copies, sorted by how well the readings fit. The line at {:.1} bits is what naming takes at least; below it, in the \
         band, is not enough evidence. Who stands above it is named only when the exact test says so too.",
        dots.len(),
        engine.needed_bits
    );
    let picture = svg(
        "suspicion",
        "How well each copy explains the readings",
        &description,
        WIDTH as u32,
        HEIGHT as u32,
        picture(&dots, engine.needed_bits),
    );
    chart(
        "How well each copy explains the readings",
        &description,
        picture,
        figures(examined, &dots),
    )
}

fn dots(examined: &Examined) -> Vec<Dot<'_>> {
    let mut kinds: BTreeMap<&str, Kind> = BTreeMap::new();
    let verdict = &examined.verdict;
    for (candidates, kind) in [
        (&verdict.leads, Kind::Lead),
        (&verdict.accused, Kind::Named),
    ] {
        for seat in candidates.iter().filter_map(|own| own.seat.as_ref()) {
            kinds.insert(seat.as_str(), kind);
        }
    }
    let mut dots: Vec<Dot<'_>> = examined
        .copies
        .iter()
        .zip(&verdict.engine.scores)
        .map(|(copy, bits)| Dot {
            seat: copy.seat.as_str(),
            partner: copy.partner.as_str(),
            bits: *bits,
            kind: kinds
                .get(copy.seat.as_str())
                .copied()
                .unwrap_or(Kind::Other),
        })
        .collect();
    dots.sort_by(|a, b| b.bits.total_cmp(&a.bits).then(a.seat.cmp(b.seat)));
    dots
}

fn picture(dots: &[Dot<'_>], needed: f64) -> Markup {
    let best = dots.first().map_or(0.0, |dot| dot.bits);
    let worst = dots.last().map_or(0.0, |dot| dot.bits);
    let high = best.max(needed) * 1.12;
    // Copies that the readings speak against far below zero would press all others together at the top.
    let low = worst.min(0.0).max(-high);
    let y = |bits: f64| {
        let share = (bits.clamp(low, high) - low) / (high - low);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    };
    let step = (WIDTH - LEFT - RIGHT) / dots.len() as f64;
    let x = |index: usize| LEFT + (index as f64 + 0.5) * step;
    let radius = (step * 0.4).clamp(1.5, 4.0);
    html! {
        rect class="band" x=(n(LEFT)) y=(n(y(needed))) width=(n(WIDTH - LEFT - RIGHT)) height=(n(y(0.0) - y(needed))) {}
        text class="soft" x=(n(WIDTH - RIGHT - 6.0)) y=(n(y(needed) + 16.0)) text-anchor="end" { "not enough evidence" }
        @for tick in ticks(low, high) {
            line class="grid" x1=(n(LEFT)) x2=(n(WIDTH - RIGHT)) y1=(n(y(tick as f64))) y2=(n(y(tick as f64))) {}
            text class="soft" x=(n(LEFT - 8.0)) y=(n(y(tick as f64) + 4.0)) text-anchor="end" { (tick) }
        }
        line class="axis" x1=(n(LEFT)) x2=(n(WIDTH - RIGHT)) y1=(n(y(0.0))) y2=(n(y(0.0))) {}
        line class="threshold" x1=(n(LEFT)) x2=(n(WIDTH - RIGHT)) y1=(n(y(needed))) y2=(n(y(needed))) {}
        text x=(n(WIDTH - RIGHT - 6.0)) y=(n(y(needed) - 6.0)) text-anchor="end" {
            "naming takes " (format!("{needed:.1}")) " bits"
        }
        text class="soft" x="4" y="14" { "bits" }
        text class="soft" x=(n(LEFT)) y=(n(HEIGHT - 10.0)) { "best fit" }
        text class="soft" x=(n(WIDTH - RIGHT)) y=(n(HEIGHT - 10.0)) text-anchor="end" { "worst fit" }
        @for (index, dot) in dots.iter().enumerate() {
            @let (cx, cy) = (x(index), y(dot.bits));
            @match dot.kind {
                Kind::Named => {
                    path class="alarm" d=(diamond(cx, cy, 7.0)) {}
                    text x=(n(cx + 12.0)) y=(n(cy + 4.0)) { (dot.seat) }
                },
                Kind::Lead => path class="mark" d=(diamond(cx, cy, 6.0)) {},
                Kind::Other => circle class="dot" cx=(n(cx)) cy=(n(cy)) r=(n(radius)) {},
            }
        }
    }
}

fn diamond(x: f64, y: f64, size: f64) -> String {
    format!(
        "M{} {}L{} {}L{} {}L{} {}Z",
        n(x),
        n(y - size),
        n(x + size),
        n(y),
        n(x),
        n(y + size),
        n(x - size),
        n(y)
    )
}

/// Round numbers of bits for the axis.
fn ticks(low: f64, high: f64) -> Vec<i64> {
    let span = high - low;
    let step = [5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000]
        .into_iter()
        .find(|step| span / f64::from(*step) <= 7.0)
        .map_or(10_000, i64::from);
    let first = (low / step as f64).ceil() as i64;
    let last = (high / step as f64).floor() as i64;
    (first..=last).map(|tick| tick * step).collect()
}

/// A coordinate with one digit after the point.
fn n(value: f64) -> String {
    format!("{value:.1}")
}

fn figures(examined: &Examined, dots: &[Dot<'_>]) -> Markup {
    let rows: Vec<_> = dots
        .iter()
        .take(LISTED_MAX)
        .map(|dot| {
            let copy = examined
                .copies
                .iter()
                .find(|copy| copy.seat.as_str() == dot.seat);
            let fetched = copy.and_then(|copy| copy.first_fetched_at);
            vec![
                html! { (dot.seat) },
                html! { (dot.partner) },
                html! { (format!("{:.1}", dot.bits)) },
                html! {
                    @match dot.kind {
                        Kind::Named => "named",
                        Kind::Lead => "lead, not an accusation",
                        Kind::Other => "no",
                    }
                },
                html! { @if fetched.is_some() { "yes" } @else { "never fetched" } },
            ]
        })
        .collect();
    html! {
        (table("Best first", &["Seat", "Partner", "Bits", "Named", "Fetched"], &rows))
        @if dots.len() > LISTED_MAX { p class="fine" { "And " (dots.len() - LISTED_MAX) " more, each below these." } }
    }
}
