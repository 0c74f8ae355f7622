//! The suspicion plots: every seat's and every partner's evidence, the line from which one is named, and the band in
//! which nobody is.

use std::collections::{BTreeMap, BTreeSet};

use desk::Examined;
use flow::trace::Candidate;
use maud::{Markup, html};

use crate::web::parts::{chart, svg, table};

/// Candidates that the table lists; the picture has all.
const LISTED_MAX: usize = 25;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 34.0;

/// What a candidate is in this verdict.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Named,
    Lead,
    Other,
}

/// One candidate's place.
struct Dot {
    name: String,
    bits: f64,
    kind: Kind,
    has_fetched: bool,
}

/// One question: which partner, or which seat.
struct Panel {
    id: &'static str,
    title: &'static str,
    what: &'static str,
    needed: f64,
    dots: Vec<Dot>,
}

/// Both pictures with their figures; a sentence where nothing was scored.
pub fn draw(examined: &Examined) -> Markup {
    let engine = &examined.verdict.engine;
    if engine.slot_e_value_bits.is_empty() {
        return html! {
            p {
                "No copy was scored: what can be read carries " (format!("{:.1}", engine.available_bits + 0.0))
                " bits, and naming anyone takes " (format!("{:.1}", engine.needed_bits)) ", whoever it was."
            }
        };
    }
    html! { div class="columns" { (seats(examined).draw()) (partners(examined).draw()) } }
}

/// By the seats' own layer of marks alone, so that a colleague's copy gains nothing.
fn seats(examined: &Examined) -> Panel {
    let verdict = &examined.verdict;
    let kind = |seat: &str| {
        let is = |own: &Candidate| own.seat.as_ref().is_some_and(|own| own.as_str() == seat);
        kind(verdict.accused.iter().any(is), verdict.leads.iter().any(is))
    };
    let dots = examined
        .copies
        .iter()
        .zip(&verdict.engine.slot_e_value_bits)
        .map(|(copy, bits)| Dot {
            name: copy.seat.to_string(),
            bits: *bits,
            kind: kind(copy.seat.as_str()),
            has_fetched: copy.first_fetched_at.is_some(),
        });
    Panel {
        id: "seats",
        title: "Suspicion: seats",
        what: "seat",
        needed: verdict.engine.slot.needed_bits,
        dots: sorted(dots.collect()),
    }
}

/// By the partner's layer, joined with what its seats' layers say.
fn partners(examined: &Examined) -> Panel {
    let verdict = &examined.verdict;
    let mut names = BTreeMap::new();
    let mut fetched = BTreeSet::new();
    for copy in &examined.copies {
        let number = names.len();
        names.entry(copy.partner.as_str()).or_insert(number);
        if copy.first_fetched_at.is_some() {
            fetched.insert(copy.partner.as_str());
        }
    }
    let kind = |partner: &str| {
        let is = |own: &Candidate| own.partner.as_str() == partner;
        kind(verdict.accused.iter().any(is), verdict.leads.iter().any(is))
    };
    let dots = names.into_iter().filter_map(|(name, number)| {
        let number = u32::try_from(number).ok()?;
        Some(Dot {
            name: name.to_owned(),
            bits: *verdict.engine.group_e_value_bits.get(&number)?,
            kind: kind(name),
            has_fetched: fetched.contains(name),
        })
    });
    Panel {
        id: "partners",
        title: "Suspicion: partners",
        what: "partner",
        needed: verdict.engine.group.needed_bits,
        dots: sorted(dots.collect()),
    }
}

fn kind(is_named: bool, is_lead: bool) -> Kind {
    match (is_named, is_lead) {
        (true, _) => Kind::Named,
        (false, true) => Kind::Lead,
        (false, false) => Kind::Other,
    }
}

fn sorted(mut dots: Vec<Dot>) -> Vec<Dot> {
    dots.sort_by(|a, b| b.bits.total_cmp(&a.bits).then(a.name.cmp(&b.name)));
    dots
}

impl Panel {
    fn draw(&self) -> Markup {
        let description = format!(
            "Each dot is one {}, best first: the evidence for it in bits, averaged over the ways in which copies can be \
             used. The line at {:.1} bits is what naming takes at least; in the band below it is not enough evidence, and \
             below zero the readings speak against it. Who is named is decided by the exact test, and drawn as a filled \
             diamond.",
            self.what, self.needed
        );
        let picture = svg(
            self.id,
            self.title,
            &description,
            WIDTH as u32,
            HEIGHT as u32,
            picture(&self.dots, self.needed),
        );
        chart(self.title, &description, picture, self.figures())
    }

    fn figures(&self) -> Markup {
        let rows: Vec<_> = self.dots.iter().take(LISTED_MAX).map(row).collect();
        html! {
            (table("Best first", &["Who", "Bits", "Named", "Fetched"], &rows))
            @if self.dots.len() > LISTED_MAX {
                p class="fine" { "And " (self.dots.len() - LISTED_MAX) " more, each below these." }
            }
        }
    }
}

fn row(dot: &Dot) -> Vec<Markup> {
    vec![
        html! { (dot.name) },
        html! { (format!("{:.1}", dot.bits + 0.0)) },
        html! {
            @match dot.kind {
                Kind::Named => "yes",
                Kind::Lead => "lead, not an accusation",
                Kind::Other => "no",
            }
        },
        html! { @if dot.has_fetched { "yes" } @else { "never" } },
    ]
}

fn picture(dots: &[Dot], needed: f64) -> Markup {
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
                    text x=(n(cx + 12.0)) y=(n(cy + 4.0)) { (dot.name) }
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
