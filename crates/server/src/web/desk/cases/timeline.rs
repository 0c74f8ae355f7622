//! The embargo as a picture: waves, legal clocks, sightings, the release, and now.

use domain::case::Case;
use domain::wave::WaveName;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::about::{is_running, wave_name};
use crate::Visit;
use crate::web::parts::{chart, count, distance, svg, table, when};

/// Height of one bar with its label, in units of the picture.
const ROW: i64 = 40;
/// Room above the first row.
const TOP: i64 = 14;
/// Room below the last row: markers, axis and its words.
const BOTTOM: i64 = 66;
/// Room at both sides.
const SIDE: f64 = 14.0;
/// Width of a character of the words, about.
const CHARACTER: f64 = 6.6;
/// Half the width of a day and its month below the axis, with some air.
const TICK_HALF: f64 = 26.0;
/// Days between two words of the axis that are tried.
const STEPS_DAYS: [i64; 8] = [1, 2, 5, 7, 14, 30, 60, 180];

/// One bar.
struct Bar {
    label: String,
    class: &'static str,
    from: Timestamp,
    to: Timestamp,
}

/// What is drawn.
struct Drawing {
    bars: Vec<Bar>,
    sightings: Vec<Timestamp>,
    release: Option<Timestamp>,
    now: Timestamp,
    from: Timestamp,
    to: Timestamp,
}

/// The picture with its figures; nothing for a case without release and clocks.
pub fn draw(visit: &Visit, case: &Case) -> Markup {
    let Some(drawing) = drawing(visit, case) else {
        return html! {};
    };
    let description = format!(
        "{}, {}{}.",
        count(drawing.bars.len(), "bar"),
        count(drawing.sightings.len(), "triangle"),
        match drawing.release {
            Some(at) => format!(", release {}", distance(drawing.now, at)),
            None => String::new(),
        }
    );
    let pictures = html! {
        div class="wide" { (picture("timeline", &drawing, &description, 960)) }
        div class="narrow" { (picture("timeline-narrow", &drawing, &description, 340)) }
        p class="legend fine" {
            span { "▭ wave to come" } " " span { "▬ open" } " " span { "▨ legal clock" } " "
            span { "▲ sighting or traced leak" } " " span { "◇ release" } " " span { "┆ now" }
        }
    };
    chart("Embargo", &description, pictures, figures(visit, case))
}

fn drawing(visit: &Visit, case: &Case) -> Option<Drawing> {
    let now = visit.desk.now();
    let mut bars = Vec::new();
    if let (Some(plan), Some(release)) = (case.plan(), case.release()) {
        for wave in WaveName::ALL {
            let (Some(at), true) = (plan.opens_at(wave), wave != WaveName::Release) else {
                continue;
            };
            let seats = plan.seats.iter().filter(|seat| seat.wave == wave).count();
            let is_open = case.waves().contains_key(&wave);
            let state = match is_open {
                true => "open".to_owned(),
                false if is_running(case) => distance(now, at),
                false => "did not open".to_owned(),
            };
            bars.push(Bar {
                label: format!("{} · {} · {state}", wave_name(wave), count(seats, "seat")),
                class: if is_open { "open" } else { "coming" },
                from: at,
                to: release.max(at),
            });
        }
    }
    for clock in case.legal_clocks() {
        let state = match clock.reported_at {
            Some(_) => "reported".to_owned(),
            None => format!("due {}", distance(now, clock.due)),
        };
        bars.push(Bar {
            label: format!("{} · {state}", clock.row.title),
            class: "clock",
            from: clock.from,
            to: clock.due,
        });
    }
    let seen = case.sightings().iter().map(|seen| seen.at);
    let traced = case.traces().iter().map(|traced| traced.at);
    let sightings: Vec<Timestamp> = seen.chain(traced).collect();
    let release = case.release();
    let begins = bars.iter().map(|bar| bar.from);
    let ends = bars.iter().map(|bar| bar.to);
    let moments = sightings.iter().copied().chain(release);
    let all: Vec<Timestamp> = begins.chain(ends).chain(moments).chain([now]).collect();
    if bars.is_empty() && release.is_none() {
        return None;
    }
    let (from, to) = (*all.iter().min()?, *all.iter().max()?);
    let margin = SignedDuration::from_secs((to.duration_since(from).as_secs() / 40).max(3_600));
    Some(Drawing {
        bars,
        sightings,
        release,
        now,
        from: from.checked_sub(margin).ok()?,
        to: to.checked_add(margin).ok()?,
    })
}

impl Drawing {
    /// Where a moment is, from the left.
    fn x(&self, at: Timestamp, width: u32) -> f64 {
        let all = self.to.duration_since(self.from).as_secs_f64();
        let own = at.duration_since(self.from).as_secs_f64();
        let x = SIDE + (f64::from(width) - 2.0 * SIDE) * own / all.max(1.0);
        (x * 10.0).round() / 10.0
    }

    /// Midnights, UTC, under which the axis has words.
    fn ticks(&self, width: u32) -> Vec<Timestamp> {
        let days = self.to.duration_since(self.from).as_secs() / 86_400;
        let room = i64::from(width / 80).max(1);
        let step = STEPS_DAYS
            .into_iter()
            .find(|step| days / step <= room)
            .unwrap_or(365);
        let first = self.from.as_second().div_euclid(86_400) + 1;
        (0..=days / step)
            .filter_map(|number| Timestamp::from_second((first + number * step) * 86_400).ok())
            .filter(|at| *at < self.to)
            .collect()
    }
}

fn picture(id: &str, drawing: &Drawing, description: &str, width: u32) -> Markup {
    let rows = drawing.bars.len() as i64;
    let axis = TOP + rows * ROW + 24;
    let height = u32::try_from(TOP + rows * ROW + BOTTOM).unwrap_or(u32::MAX);
    let hatch = format!("{id}-hatch");
    let content = html! {
        defs {
            pattern id=(hatch) patternUnits="userSpaceOnUse" width="7" height="7" {
                path class="hatch" d="M-1 1L1 -1M0 7L7 0M6 8L8 6" {}
            }
        }
        @let here = drawing.x(drawing.now, width);
        @for at in drawing.ticks(width) {
            @let x = drawing.x(at, width);
            line class="grid" x1=(x) x2=(x) y1=(TOP) y2=(axis) {}
            // Words that the line of this moment would strike out are left away.
            @if (x - here).abs() > TICK_HALF {
                text class="soft" x=(x) y=(axis + 18) text-anchor=(anchor(x, width)) { (at.strftime("%-d %b")) }
            }
        }
        line class="now" x1=(here) x2=(here) y1=(TOP - 8) y2=(axis + 24) {}
        text class="now" x=(here) y=(axis + 38) text-anchor=(anchor(here, width)) { "now" }
        @for (row, bar) in drawing.bars.iter().enumerate() {
            @let y = TOP + row as i64 * ROW;
            @let (x, end) = (drawing.x(bar.from, width), drawing.x(bar.to, width));
            text class="over" x=(label_x(x, &bar.label, width)) y=(y + 12) { (bar.label) }
            @if bar.class == "clock" {
                rect class="clock" x=(x) y=(y + 17) width=((end - x).max(3.0)) height="12" fill={ "url(#" (hatch) ")" } {}
            } @else {
                rect class=(bar.class) x=(x) y=(y + 17) width=((end - x).max(3.0)) height="12" {}
            }
        }
        line class="axis" x1=(SIDE) x2=(f64::from(width) - SIDE) y1=(axis) y2=(axis) {}
        @for at in &drawing.sightings {
            @let x = drawing.x(*at, width);
            path class="alarm" d={ "M" (x - 7.0) " " (axis - 1) "h14l-7 -13z" } {}
        }
        @if let Some(at) = drawing.release {
            @let x = drawing.x(at, width);
            path class="mark release" d={ "M" (x) " " (axis - 9) "l8 9l-8 9l-8 -9z" } {}
        }
    };
    svg(id, "Embargo", description, width, height, content)
}

/// Where a bar's words begin: at the bar, or so far to the left that they stay inside.
fn label_x(bar: f64, label: &str, width: u32) -> f64 {
    let room = f64::from(width) - SIDE - label.chars().count() as f64 * CHARACTER;
    bar.min(room).max(SIDE)
}

/// Words near an end stay inside.
fn anchor(x: f64, width: u32) -> &'static str {
    match x {
        x if x < 40.0 => "start",
        x if x > f64::from(width) - 40.0 => "end",
        _ => "middle",
    }
}

fn figures(visit: &Visit, case: &Case) -> Markup {
    let mut rows: Vec<(Timestamp, Vec<Markup>)> = Vec::new();
    let mut add = |at: Timestamp, what: Markup, more: Markup| {
        rows.push((at, vec![html! { (when(at, &visit.zone)) }, what, more]));
    };
    let now = visit.desk.now();
    if let Some(plan) = case.plan() {
        for wave in WaveName::ALL {
            if let Some(at) = plan.opens_at(wave) {
                let seats = plan.seats.iter().filter(|seat| seat.wave == wave).count();
                let state = case.waves().get(&wave);
                let state = state.map(|opened| opened.opened_at);
                add(
                    at,
                    html! { (wave_name(wave)) ", " (count(seats, "seat")) },
                    html! { @match state { Some(at) => { "opened " (when(at, &visit.zone)) }, None => (distance(now, at)) } },
                );
            }
        }
    } else if let Some(at) = case.release() {
        add(at, html! { "Release" }, html! { (distance(now, at)) });
    }
    for clock in case.legal_clocks() {
        let state = match clock.reported_at {
            Some(at) => html! { "reported " (when(at, &visit.zone)) },
            None => html! { (distance(now, clock.due)) },
        };
        add(
            clock.due,
            html! { (clock.row.title) " due (" (clock.row.source) ")" },
            state,
        );
    }
    for seen in case.sightings() {
        add(
            seen.at,
            html! { "Sighting " (seen.sighting) },
            html! { (distance(now, seen.at)) },
        );
    }
    for traced in case.traces() {
        add(
            traced.at,
            html! { "Leak traced " a href={ "/investigations/" (traced.trace) } { (traced.trace) } },
            html! { (distance(now, traced.at)) },
        );
    }
    rows.sort_by_key(|(at, _)| *at);
    let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
    table("The embargo in figures", &["When", "What", "State"], &rows)
}
