//! Long work: how far it is, whether somebody looks or not.

use maud::{Markup, html};

use super::history::who;
use crate::extract::Path;
use crate::jobs::JobState;
use crate::web::parts::{empty, facts, sentence, state, table, when};
use crate::web::{Page, Sheet, page};
use crate::{Problem, Visit};

/// Seconds after which a page of running work loads itself again.
const REFRESH_SECONDS: u32 = 2;

/// All work that this process remembers.
pub async fn list(visit: Visit) -> Result<Page, Problem> {
    let jobs = visit.app.jobs().all();
    let rows: Vec<_> = jobs
        .iter()
        .map(|job| {
            vec![
                html! { a href={ "/jobs/" (job.id) } { (name(job)) } },
                word(job),
                html! { (when(job.began_at, &visit.zone)) },
                html! { (who(&job.by)) },
            ]
        })
        .collect();
    let content = html! {
        @if rows.is_empty() {
            (empty("No long work since the server started.", html! { p { "A press or a trace shows here while it runs, and afterwards." } }))
        } @else {
            (table("Newest first", &["Work", "State", "Began", "By"], &rows))
        }
    };
    Ok(page(&visit, "Work", content))
}

/// One work.
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let job = id.parse().ok().and_then(|id| visit.app.jobs().job(id));
    let job = job.ok_or_else(|| {
        Problem::new(404, "unknown-job", "this process knows no such work")
            .hint("work is forgotten when the server restarts; its case shows what became of it")
    })?;
    let content = html! {
        @if !job.is_ended() { (running(&job)) }
        @if let Some(problem) = &job.problem {
            div class="notice bad" role="alert" {
                p { "It did not finish." }
                @for line in problem.title.split("\n\n") { pre { (line) } }
                @if let Some(hint) = &problem.hint { p { (sentence(hint)) } }
            }
        }
        @if let Some(result) = &job.result {
            div class="notice good" role="status" { p { "Done. " a href=(result) { "See the result" } } }
        }
        (facts(&[
            ("About", html! { (job.about) }),
            ("State", word(&job)),
            ("Began", html! { (when(job.began_at, &visit.zone)) " by " (who(&job.by)) }),
            ("Ended", html! { @match job.ended_at { Some(at) => (when(at, &visit.zone)), None => "not yet" } }),
        ]))
        p { a href="/jobs" { "All work" } }
    };
    let refresh = (!job.is_ended()).then_some(REFRESH_SECONDS);
    let title = name(&job);
    Ok(Sheet::new(&visit, &title).refresh(refresh).content(content))
}

/// Links to what is going on, about one case or about anything.
pub fn going_on(visit: &Visit, about: Option<&str>) -> Markup {
    let jobs = visit.app.jobs().all();
    let running: Vec<&JobState> = jobs
        .iter()
        .filter(|job| !job.is_ended() && about.is_none_or(|about| job.about == about))
        .collect();
    html! {
        @for job in running {
            div class="notice" role="status" {
                p {
                    a href={ "/jobs/" (job.id) } { (name(job)) } " goes on"
                    @if let Some(share) = job.share { ", " (format!("{:.0} %", share * 100.0)) }
                    "."
                }
            }
        }
    }
}

fn running(job: &JobState) -> Markup {
    let percent = job.share.map(|share| (share * 100.0).round());
    html! {
        div class="running" role="status" {
            p { label for="progress" { (sentence(&job.step)) } }
            progress id="progress" max="100" value=[percent] {}
            p class="fine" {
                @if let Some(percent) = percent { (percent) " %. " }
                @if let Some(left) = job.seconds_left { "About " (seconds(left)) " to go. " }
                "You can leave this page and come back to it."
            }
        }
    }
}

fn seconds(left: f64) -> String {
    match left.ceil() {
        left if left < 90.0 => format!("{left} s"),
        left => format!("{} min", (left / 60.0).ceil()),
    }
}

fn name(job: &JobState) -> String {
    let mut kind = job.kind.clone();
    if let Some(first) = kind.get(0..1) {
        let upper = first.to_uppercase();
        kind.replace_range(0..1, &upper);
    }
    format!("{kind} {}", job.about)
}

fn word(job: &JobState) -> Markup {
    match (&job.problem, job.is_ended()) {
        (Some(_), _) => state("bad", "failed"),
        (None, true) => state("good", "done"),
        (None, false) => state("wait", "running"),
    }
}
