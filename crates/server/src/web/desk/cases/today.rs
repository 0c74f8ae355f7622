//! Today: what waits for whom, what opens next, and what happened in the last day.

use domain::case::{Case, VerdictWord};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::about::{coming, needs, wave_name};
use super::{title_of, work};
use crate::web::parts::{count, distance, empty, state, table, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// Waves that are listed.
const COMING_MAX: usize = 12;
/// Events of the last day that are listed.
const EVENTS_MAX: usize = 40;

/// The page.
pub async fn show(visit: Visit) -> Result<Page, Problem> {
    let content = html! {
        (super::jobs::going_on(&visit, None))
        (required(&visit))
        (opening(&visit))
        (lately(&visit))
    };
    Ok(page(&visit, "Today", content))
}

fn required(visit: &Visit) -> Markup {
    let items = work::items(visit);
    html! {
        section aria-labelledby="required" {
            h2 id="required" class="first" { "Action required" }
            @if !visit.app.is_unlocked() {
                div class="notice wait" {
                    p {
                        strong { "The program key is locked." }
                        " Titles stay hidden, and nothing can be pressed or traced. "
                        a href="/settings" { "Unlock it under Settings" }
                    }
                }
            }
            @if items.is_empty() {
                p class="fine" { "Nothing waits for anybody." }
            } @else {
                (list(&items))
            }
        }
    }
}

/// Things that wait, as a list with one link each.
pub fn list(items: &[work::Item]) -> Markup {
    html! {
        ul class="work" {
            @for item in items {
                li class=(item.tone) {
                    p {
                        @if item.is_yours { span class="yours" { "yours" } " " }
                        (item.what)
                    }
                    a href=(item.href) { (item.action) }
                }
            }
        }
    }
}

fn opening(visit: &Visit) -> Markup {
    let now = visit.desk.now();
    let mut waves: Vec<_> = visit
        .state
        .cases
        .values()
        .flat_map(|case| coming(case, now).into_iter().map(move |wave| (case, wave)))
        .collect();
    waves.sort_by_key(|(_, wave)| wave.at);
    let more = waves.len().saturating_sub(COMING_MAX);
    let rows: Vec<_> = waves
        .iter()
        .take(COMING_MAX)
        .map(|(case, wave)| {
            vec![
                html! { strong class="keep" { (distance(now, wave.at)) } },
                html! { (case_link(visit, case)) },
                html! { span class="keep" { (wave_name(wave.wave)) } },
                html! {
                    @if wave.seats == 0 { "nobody new" } @else {
                        (count(wave.partners, "partner")) ", " (count(wave.seats, "seat"))
                    }
                },
                html! { (when(wave.at, &visit.zone)) },
                html! { @match needs(case) {
                    None => (state("good", "ready")),
                    Some(needs) => (state("wait", &needs)),
                } },
            ]
        })
        .collect();
    html! {
        section aria-labelledby="opening" {
            h2 id="opening" { "What opens next" }
            @if rows.is_empty() {
                (empty("No wave is planned.", html! { p { a href="/cases" { "See the cases" } " or " a href="/cases/new" { "begin one" } } }))
            } @else {
                (table("Waves to come", &["Opens", "Case", "What", "For", "At", "State"], &rows))
                @if more > 0 { p class="fine" { "And " (more) " more, later." } }
            }
        }
    }
}

/// A link to a case with its title, as far as that can be told.
pub fn case_link(visit: &Visit, case: &Case) -> Markup {
    html! {
        a href={ "/cases/" (case.id()) } { (case.id()) }
        @if let Some(title) = title_of(visit, case) { " " span class="fine" { (title) } }
    }
}

struct Event {
    at: Timestamp,
    tone: &'static str,
    what: Markup,
}

fn lately(visit: &Visit) -> Markup {
    let now = visit.desk.now();
    let since = now
        .checked_sub(SignedDuration::from_hours(24))
        .unwrap_or(Timestamp::MIN);
    let mut events: Vec<(Event, &Case)> = visit
        .state
        .cases
        .values()
        .flat_map(|case| of_case(case).into_iter().map(move |event| (event, &**case)))
        .filter(|(event, _)| event.at > since)
        .collect();
    events.sort_by_key(|(event, _)| std::cmp::Reverse(event.at));
    let more = events.len().saturating_sub(EVENTS_MAX);
    let rows: Vec<_> = events
        .iter()
        .take(EVENTS_MAX)
        .map(|(event, case)| {
            vec![
                html! { (when(event.at, &visit.zone)) },
                html! { a href={ "/cases/" (case.id()) } { (case.id()) } },
                html! { (state(event.tone, "")) (event.what) },
            ]
        })
        .collect();
    html! {
        section aria-labelledby="lately" {
            h2 id="lately" { "The last 24 hours" }
            @if rows.is_empty() {
                p class="fine" { "No wave opened, nothing was sighted, traced or refused." }
            } @else {
                (table("What happened, newest first", &["When", "Case", "What"], &rows))
                @if more > 0 { p class="fine" { "And " (more) " more; each case shows its own." } }
            }
        }
    }
}

/// What may matter of a case, whenever it was.
fn of_case(case: &Case) -> Vec<Event> {
    let mut events = Vec::new();
    for sighted in case.sightings() {
        let what = html! { "its values were " a href="/sightings" { "seen outside" } };
        events.push(event(sighted.at, "bad", what));
    }
    for traced in case.traces() {
        let what = html! {
            "a leak was traced: "
            a href={ "/investigations/" (traced.trace) } {
                @match traced.verdict {
                    VerdictWord::Accuse => "somebody is named",
                    VerdictWord::Withhold => "not enough evidence",
                }
            }
        };
        events.push(event(traced.at, "bad", what));
    }
    for refused in case.refused() {
        let what =
            html! { "seat " (refused.seat) " was refused its package: " code { (refused.rule) } };
        events.push(event(refused.at, "wait", what));
    }
    for (wave, opened) in case.waves() {
        let what = html! { (wave_name(*wave)) " opened" };
        events.push(event(opened.opened_at, "good", what));
    }
    if let Some(ended) = case.ended() {
        let what = html! { "the embargo ended early: " (work::reason(ended.reason)) };
        events.push(event(ended.at, "bad", what));
    }
    let fetched = case.receipts().iter();
    for (seat, receipt) in fetched {
        let what = html! { "seat " (seat) " fetched its package for the first time" };
        events.push(event(receipt.first().at, "calm", what));
    }
    events
}

fn event(at: Timestamp, tone: &'static str, what: Markup) -> Event {
    Event { at, tone, what }
}
