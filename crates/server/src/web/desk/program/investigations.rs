//! Investigations: what was traced, and a new leak handed in.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use desk::{Ask, Desk, Found, Watcher};
use domain::case::{Traced, VerdictWord};
use domain::ids::{CaseId, SightingId};
use domain::person::{Actor, Role};
use jiff::Timestamp;
use maud::{Markup, html};

use super::form::{Fields, Sent, field, sent};
use crate::extract::Multipart;
use crate::web::parts::{Field, empty, error_summary, table, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// The list.
pub async fn list(visit: Visit) -> Page {
    let traces = traces(&visit);
    let rows: Vec<_> = traces
        .iter()
        .map(|(case, own)| {
            vec![
                html! { a href={ "/investigations/" (own.trace) } { (own.trace) } },
                html! { (word(own.verdict)) },
                html! { a href={ "/cases/" (case) } { (case) } },
                html! { (when(own.at, &visit.zone)) },
            ]
        })
        .collect();
    let begin = html! { a class="button primary" href="/investigations/new" { "Trace a leak" } };
    let content = html! {
        @if visit.has(Role::Investigator) && !rows.is_empty() { p { (begin) } }
        (running(&visit))
        @if rows.is_empty() {
            (empty(
                "No leak was traced yet.",
                html! {
                    p { "Hand in what was found outside: a text, a file, an archive. The answer is whose copy it was, or "
                        "that it does not prove enough." }
                    @if visit.has(Role::Investigator) { (begin) }
                },
            ))
        } @else {
            (table("Leaks that were traced, newest first", &["Trace", "Answer", "Case", "When"], &rows))
            p class="fine" { "A leak that is like no case is not recorded." }
        }
    };
    page(&visit, "Investigations", content)
}

/// The newest record of every trace, newest first.
pub fn traces(visit: &Visit) -> Vec<(CaseId, Traced)> {
    let mut found: Vec<(CaseId, Traced)> = Vec::new();
    for case in visit.state.cases.values() {
        for own in case.traces().iter().rev() {
            if !found.iter().any(|(_, known)| known.trace == own.trace) {
                found.push((case.id().clone(), own.clone()));
            }
        }
    }
    found.sort_by_key(|(_, own)| std::cmp::Reverse(own.at));
    found
}

/// The answer in two words, with a mark.
pub fn word(verdict: VerdictWord) -> Markup {
    html! {
        @match verdict {
            VerdictWord::Accuse => span class="state named" { span aria-hidden="true" { "◆ " } "names a copy" },
            VerdictWord::Withhold => span class="state calm" {
                span aria-hidden="true" { "○ " } "not enough evidence"
            },
        }
    }
}

/// Traces that go on now.
fn running(visit: &Visit) -> Markup {
    let jobs = visit.app.jobs().all();
    let own: Vec<_> = jobs
        .iter()
        .filter(|job| job.kind == "trace" && !job.is_ended())
        .collect();
    html! {
        @if !own.is_empty() {
            div class="notice" {
                @for job in own {
                    p { a href={ "/jobs/" (job.id) } { "A leak is being traced" } ": " (job.step) }
                }
            }
        }
    }
}

/// The form.
pub async fn ask(visit: Visit) -> Result<Page, Problem> {
    visit.key()?;
    Ok(asked(&visit, &Fields::new(), &[]))
}

/// Begins a trace, which goes on by itself.
pub async fn begin(visit: Visit, form: Multipart) -> Result<Response, Problem> {
    let key = visit.key()?;
    let sent = sent(form).await?;
    let mut errors = Vec::new();
    let case = case_of(&sent.fields, &mut errors);
    let seen_at = seen_at(&visit, &sent.fields, &mut errors);
    let found = match field(&sent.fields, "sighting") {
        "" => found(&sent),
        sighting => match &case {
            Some(case) => vec![records(&visit, case, sighting).await?],
            None => Vec::new(),
        },
    };
    if found.is_empty() {
        errors.push(("text", "paste the leak, or choose its files".to_owned()));
    }
    if !errors.is_empty() {
        let page = asked(&visit, &sent.fields, &errors);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let by = visit.actor()?;
    let desk = visit.desk.clone();
    let about = case
        .as_ref()
        .map_or("a leak".to_owned(), ToString::to_string);
    let job = visit
        .app
        .jobs()
        .begin("trace", &about, by.clone(), |progress| async move {
            let watcher = move |share: f64, step: &str| progress.at(share, step);
            let question = Question {
                found,
                case,
                seen_at,
                by,
            };
            trace(&desk, &key, question, &watcher).await
        });
    Ok(Redirect::to(&format!("/jobs/{job}")).into_response())
}

/// What was handed in.
struct Question {
    found: Vec<Found>,
    case: Option<CaseId>,
    seen_at: Option<Timestamp>,
    by: Actor,
}

/// The whole work; the answer is where its result is to be seen.
async fn trace(
    desk: &Desk,
    key: &seal::ProgramKey,
    question: Question,
    watcher: Watcher<'_>,
) -> Result<String, Problem> {
    watcher(0.0, "opening what was handed in");
    let found = question.found;
    let leak = tokio::task::spawn_blocking(move || desk::read_leak(&found, &desk::tools()))
        .await
        .map_err(|_| Problem::machine("the leak could not be read"))??;
    let ask = Ask {
        files: &leak.files,
        case: question.case.as_ref(),
        seen_at: question.seen_at,
        by: &question.by,
    };
    let traced = desk.trace_watched(key, &ask, watcher).await?;
    if traced.verdict.is_none() {
        return Err(Problem::new(
            409,
            "no-case",
            "the leak is like nothing that was given out in any case",
        )
        .hint("nothing was recorded; name the case if you know it, or hand in a longer part"));
    }
    Ok(format!("/investigations/{}", traced.trace))
}

fn found(sent: &Sent) -> Vec<Found> {
    let text = sent.fields.get("text").map_or("", String::as_str);
    let mut found = Vec::new();
    if !text.trim().is_empty() {
        // Browsers send the ends of lines as CR LF.
        found.push(Found::Bytes {
            name: "pasted.txt".to_owned(),
            bytes: text.replace("\r\n", "\n").into_bytes(),
        });
    }
    for file in &sent.files {
        let name = match file.name.as_str() {
            "" => "unnamed".to_owned(),
            name => name.to_owned(),
        };
        found.push(Found::Bytes {
            name,
            bytes: file.bytes.clone(),
        });
    }
    found
}

/// The records of a sighting, to be traced.
async fn records(visit: &Visit, case: &CaseId, sighting: &str) -> Result<Found, Problem> {
    let sighting = SightingId::parse(sighting)
        .map_err(|_| Problem::input("sighting", "this is no sighting"))?;
    let bytes = visit.desk.sighting(case, &sighting, &*visit.key()?).await?;
    Ok(Found::Bytes {
        name: format!("{sighting}.log"),
        bytes,
    })
}

fn case_of(fields: &Fields, errors: &mut Vec<(&'static str, String)>) -> Option<CaseId> {
    match field(fields, "case") {
        "" => None,
        given => match CaseId::parse(given) {
            Ok(case) => Some(case),
            Err(error) => {
                errors.push(("case", error.to_string()));
                None
            }
        },
    }
}

fn seen_at(
    visit: &Visit,
    fields: &Fields,
    errors: &mut Vec<(&'static str, String)>,
) -> Option<Timestamp> {
    let given = field(fields, "seen_at");
    if given.is_empty() {
        return None;
    }
    match super::moment::parse(given) {
        Some(at) if at <= visit.desk.now() => Some(at),
        Some(_) => {
            errors.push(("seen_at", "this time has not come yet".to_owned()));
            None
        }
        None => {
            let error = format!("`{given}` is no time such as 2026-12-07 14:30 UTC");
            errors.push(("seen_at", error));
            None
        }
    }
}

fn asked(visit: &Visit, fields: &Fields, errors: &[(&str, String)]) -> Page {
    let error = |name: &str| {
        errors
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, error)| error.as_str())
    };
    let pressed: Vec<String> = visit
        .state
        .cases
        .values()
        .filter(|case| case.is_pressed())
        .map(|case| case.id().to_string())
        .collect();
    let mut options = vec![("", "Find it")];
    options.extend(pressed.iter().map(|id| (id.as_str(), id.as_str())));
    let content = html! {
        (error_summary(errors))
        p {
            "Hand in the leak as it was found. What you hand in is read, never run; it is sealed to the program key and "
            "kept with the answer."
        }
        form method="post" action="/investigations" enctype="multipart/form-data" {
            (Field::new("text", "Paste a text")
                .hint("A forum post, a chat, a request from a log. The longer the part, the more it can prove.")
                .error(error("text")).area(field(fields, "text"), 10))
            (Field::new("files", "Or choose files")
                .hint("Documents, archives, pictures, mails, captures, rules, source: 40 MiB together.")
                .file(false, true))
            (Field::new("case", "Case")
                .hint("Name it only if you know it: a leak that is tried on fewer cases needs less correction.")
                .error(error("case")).choice(&options, field(fields, "case")))
            (Field::new("seen_at", "When it was first seen (if somebody else can vouch for it)")
                .hint("In UTC, such as 2026-12-07 14:30. Who had no copy by then is not named.")
                .error(error("seen_at")).input("text", field(fields, "seen_at"), false))
            p class="buttons" {
                button type="submit" class="primary" { "Trace" }
                a href="/investigations" { "Back" }
            }
        }
    };
    page(visit, "Trace a leak", content)
}
