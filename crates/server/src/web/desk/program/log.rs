//! The transparency log: its checkpoint, its entries, its witnesses, and an audit of everything.

use axum::response::Redirect;
use desk::Round;
use domain::watch::Witness;
use jiff::Timestamp;
use maud::{Markup, html};
use tlog::{Checkpoint, Note};

use crate::web::parts::{empty, facts, grouped, state, table, when};
use crate::web::{Page, page};
use crate::{JobState, Problem, Visit};

/// Newest entries that are listed.
const NEWEST: u64 = 25;
/// The kind of an audit among jobs.
const AUDIT: &str = "audit";

/// What the program publishes, as far as there is something.
struct Published {
    note: Note,
    checkpoint: Checkpoint,
    /// Whether the quorum is still missing, so that only the log's own key signed it.
    is_waiting: bool,
}

/// The page.
pub async fn show(visit: Visit) -> Result<Page, Problem> {
    let published = published(&visit).await?;
    let content = html! {
        @match &published {
            None => (empty(
                "The log has no entry yet. Its first checkpoint is signed with the first case.",
                html! { a href="/cases/new" { "Begin a case" } },
            )),
            Some(published) => (checkpoint(&visit, published)),
        }
        h2 { "Witnesses" }
        (witnesses(&visit, published.as_ref()))
        h2 id="audit" { "Audit" }
        (audits(&visit))
        @if published.is_some() {
            h2 { "Entries" }
            (entries(&visit).await?)
        }
        h2 { "For the world" }
        (for_the_world(&visit))
    };
    Ok(page(&visit, "Log", content))
}

async fn published(visit: &Visit) -> Result<Option<Published>, Problem> {
    let (text, is_waiting) = match visit.desk.checkpoint().await {
        Ok(text) => (text, false),
        Err(failure) if failure.code == "no-checkpoint" => return Ok(None),
        Err(failure) if failure.code == "not-cosigned" => (visit.desk.newest().await?, true),
        Err(failure) => return Err(failure.into()),
    };
    let broken =
        |error: String| Problem::machine(format!("the checkpoint cannot be read: {error}"));
    let note = Note::parse(&text).map_err(|error| broken(error.to_string()))?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(|error| broken(error.to_string()))?;
    Ok(Some(Published {
        note,
        checkpoint,
        is_waiting,
    }))
}

fn checkpoint(visit: &Visit, published: &Published) -> Markup {
    let needed = visit.state.program.watch().needed();
    html! {
        ul class="figures" {
            li { b { (grouped(published.checkpoint.size())) } span { "entries" } }
            li { b { (published.note.signatures().len().saturating_sub(1)) } span { "cosignatures under it" } }
            li { b { (needed) } span { "are needed before anything opens" } }
        }
        @if published.is_waiting {
            div class="notice wait" {
                p { "The quorum was not reached yet: this checkpoint is signed by the log's own key alone, and nothing opens." }
            }
        }
        (facts(&[
            ("Log key", html! { code { (visit.desk.config().log_key) } }),
            ("Root", html! { code { (published.checkpoint.root().to_base64()) } }),
        ]))
        details { summary { "The signed checkpoint" } pre { (published.note.to_text()) } }
    }
}

fn witnesses(visit: &Visit, published: Option<&Published>) -> Markup {
    let watch = visit.state.program.watch();
    let rows: Vec<_> = watch
        .witnesses()
        .iter()
        .map(|witness| {
            vec![
                html! { (witness.name()) },
                html! { (witness.url()) },
                html! { (when(witness.named_at(), &visit.zone)) },
                cosigned(visit, witness, published),
            ]
        })
        .collect();
    html! {
        @if rows.is_empty() {
            (empty(
                "Nobody watches this log yet.",
                html! { p {
                    "A witness that the program does not control makes it impossible to show two histories. Name one with "
                    code { "headstart log witness add" } "."
                } },
            ))
        } @else {
            (table("Who cosigns", &["Witness", "Asked at", "Named", "This checkpoint"], &rows))
            p { "Quorum: " strong { (watch.needed()) } " of " (rows.len()) "." }
            @for approval in watch.approvals() {
                div class="notice wait" {
                    p { (approval.person) " agreed to " (approval.change.to_string()) "; a second person is needed." }
                }
            }
            form method="post" action="/log/witnesses" { button type="submit" { "Ask the witnesses now" } }
        }
    }
}

/// When a witness cosigned the checkpoint, by its own clock; every line is verified.
fn cosigned(visit: &Visit, witness: &Witness, published: Option<&Published>) -> Markup {
    let found = published.and_then(|published| witness.key().verify(&published.note).ok());
    let at = found
        .and_then(|found| i64::try_from(found.time_s).ok())
        .and_then(|time_s| Timestamp::from_second(time_s).ok());
    html! {
        @match at {
            Some(at) => { (state("good", "cosigned")) " " (when(at, &visit.zone)) },
            None => (state("wait", "not cosigned")),
        }
    }
}

/// Asks every witness for the newest checkpoint, and shows what each answered.
pub async fn ask_witnesses(visit: Visit) -> Result<Page, Problem> {
    let round = visit.desk.ask_witnesses().await?;
    let content = html! {
        @match &round {
            None => p { "There is nobody to ask, or nothing to cosign yet." },
            Some(round) => (answers(&visit, round)),
        }
        p { a href="/log" { "Back to the log" } }
    };
    Ok(page(&visit, "What the witnesses answered", content))
}

fn answers(visit: &Visit, round: &Round) -> Markup {
    let rows: Vec<_> = round
        .answers
        .iter()
        .map(|answer| {
            let at = answer
                .signed
                .as_ref()
                .ok()
                .and_then(|time_s| i64::try_from(*time_s).ok())
                .and_then(|time_s| Timestamp::from_second(time_s).ok());
            vec![
                html! { (answer.witness) },
                html! {
                    @match (&answer.signed, at) {
                        (Ok(_), Some(at)) => { (state("good", "cosigned")) " " (when(at, &visit.zone)) },
                        (Ok(_), None) => (state("good", "cosigned")),
                        (Err(reason), _) => { (state("bad", "no")) ": " (reason) },
                    }
                },
                html! {
                    @if let Some((before, now)) = answer.forgot {
                        (state("bad", "forgot")) ": it had cosigned " (before) " entries, and knew " (now) " now"
                    }
                },
            ]
        })
        .collect();
    html! {
        p {
            (round.given()) " of " (round.answers.len()) " cosigned the checkpoint of " (grouped(round.size))
            " entries; " (round.needed) " are needed. "
            @if round.is_enough() { (state("good", "The quorum is reached")) } @else { (state("bad", "The quorum is not reached")) }
        }
        (table("Answers", &["Witness", "Answer", "Notice"], &rows))
    }
}

/// Replays everything, as a job.
pub async fn audit(visit: Visit) -> Result<Redirect, Problem> {
    let desk = visit.desk.clone();
    let job = visit
        .app
        .jobs()
        .begin(AUDIT, "the log", visit.actor()?, |progress| async move {
            progress.at(
                0.0,
                "replaying every event, blob, entry, hash and checkpoint",
            );
            let audited = desk.audit().await?;
            if let Some(difference) = audited.difference {
                return Err(Problem::new(409, "log-differs", difference).hint(
                    "stop here: keep the database as it is, and compare it with the newest backup",
                ));
            }
            let step = format!(
                "{} entries and {} events replayed: everything is as it was signed",
                grouped(audited.entries),
                grouped(audited.events)
            );
            progress.at(1.0, &step);
            Ok("/log#audit".to_owned())
        });
    Ok(Redirect::to(&format!("/jobs/{job}")))
}

fn audits(visit: &Visit) -> Markup {
    let jobs = visit.app.jobs().all();
    let last = jobs.iter().find(|job| job.kind == AUDIT);
    html! {
        @match last {
            None => p { "No audit since this process began." },
            Some(job) => (audited(visit, job)),
        }
        form method="post" action="/log/audit" { button type="submit" { "Audit everything" } }
    }
}

fn audited(visit: &Visit, job: &JobState) -> Markup {
    html! {
        p {
            "The last one began " (when(job.began_at, &visit.zone)) ": "
            @match (&job.problem, job.is_ended()) {
                (Some(problem), _) => { (state("bad", "something differs")) ". " (problem.title) },
                (None, true) => { (state("good", "intact")) ". " (job.step) },
                (None, false) => a href={ "/jobs/" (job.id) } { "it goes on" },
            }
        }
    }
}

async fn entries(visit: &Visit) -> Result<Markup, Problem> {
    let kinds = visit.desk.entries_by_kind().await?;
    let newest = visit.desk.newest_entries(NEWEST).await?;
    let kinds: Vec<_> = kinds
        .iter()
        .map(|(kind, number)| vec![html! { (kind) }, html! { (grouped(*number)) }])
        .collect();
    let rows: Vec<_> = newest
        .iter()
        .map(|own| {
            vec![
                html! { a href={ "/log/" (own.index) } { (own.index) } },
                html! { (own.kind) },
                html! { @if let Some(case) = &own.case { a href={ "/cases/" (case) } { (case) } } @else { "–" } },
                html! { @if let Some(seat) = &own.seat { (seat) } @else { "–" } },
                html! { @if let Some(at) = own.at { (when(at, &visit.zone)) } @else { "–" } },
            ]
        })
        .collect();
    Ok(html! {
        (table("By kind, as this program's events name them", &["Kind", "Entries"], &kinds))
        (table(
            &format!("The newest {}", rows.len()),
            &["Entry", "What", "Case", "Seat", "Decided"],
            &rows,
        ))
        p class="fine" {
            "An entry is a salted commitment: from the log alone nobody reads a case, a seat or a mark. What stands beside "
            "it here is known to the program only."
        }
    })
}

fn for_the_world(visit: &Visit) -> Markup {
    html! {
        p {
            "Anybody may read the log, without signing in, as C2SP tlog-tiles: "
            a href="/log/tiles/checkpoint" { code { (visit.app.options().origin) "/log/tiles/checkpoint" } }
            ", and its tiles and entries beside it. It holds commitments alone."
        }
    }
}
