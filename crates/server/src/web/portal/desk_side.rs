//! The program's side of what partners write: threads to answer, and protections to read.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use desk::Written;
use domain::case::Case;
use domain::ids::{CaseId, PartnerId};
use domain::letter::{Letter, Words};
use domain::open::open;
use domain::person::Actor;
use domain::thread::Message;
use maud::{Markup, html};
use serde::Deserialize;

use super::protections::{coverage, ships};
use crate::extract::{Form, Path};
use crate::web::desk::cases::tabs;
use crate::web::parts::{Field, count, empty, error_summary, state, table, when};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// What was typed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    text: String,
}

fn case_of(visit: &Visit, id: &str) -> Result<Arc<Case>, Problem> {
    let id = CaseId::parse(id).map_err(|_| Problem::nothing_here())?;
    let case = visit.state.case(&id).ok_or_else(Problem::nothing_here)?;
    Ok(case.clone())
}

/// `/cases/{case}/questions`: every partner with whom one can write.
pub async fn threads(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    let mut partners: Vec<_> = visit
        .state
        .program
        .partners()
        .filter(|partner| {
            !case.threads().of(partner.id()).is_empty() || has_reader(&visit, &case, partner.id())
        })
        .collect();
    // Who waits for an answer comes first, then whoever wrote at all.
    partners.sort_by_key(|partner| {
        let waits = case.threads().waits_for_program(partner.id());
        let is_silent = case.threads().of(partner.id()).is_empty();
        (!waits, is_silent)
    });
    let rows: Vec<_> = partners
        .into_iter()
        .map(|partner| {
            let thread = case.threads().of(partner.id());
            let path = format!("/cases/{}/questions/{}", case.id(), partner.id());
            vec![
                html! { a href=(path) { (partner.name()) } },
                standing_of(&case, partner.id(), thread),
                html! { @if let Some(last) = thread.last() { (when(last.at, &visit.zone)) } @else { "–" } },
            ]
        })
        .collect();
    let content = html! {
        (tabs(&visit, &case))
        @if rows.is_empty() {
            (empty("The case is open to nobody, so nobody can ask.", html! {
                p { "A partner can write, and be written to, from the hour at which its wave opens." }
            }))
        } @else {
            (table("Threads, each seen by one partner alone", &["Partner", "State", "Last message"], &rows))
        }
    };
    let title = format!("Questions about {}", case.id());
    Ok(Sheet::new(&visit, &title).tlp(case.tlp()).content(content))
}

fn standing_of(case: &Case, partner: &PartnerId, thread: &[Message]) -> Markup {
    let messages = count(thread.len(), "message");
    if thread.is_empty() {
        state("calm", "Nothing written")
    } else if case.threads().waits_for_program(partner) {
        html! { (state("wait", "Waits for an answer")) ", " (messages) }
    } else {
        html! { (state("good", "Answered")) ", " (messages) }
    }
}

/// Whether any seat of a partner may read of the case now.
pub fn has_reader(visit: &Visit, case: &Case, partner: &PartnerId) -> bool {
    let (program, policy, now) = (&visit.state.program, visit.desk.policy(), visit.desk.now());
    program
        .seats_of(partner)
        .any(|seat| open(case, program, policy, seat.id(), now).is_ok())
}

/// One thread.
pub async fn thread(
    visit: Visit,
    Path((id, partner)): Path<(String, String)>,
) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    let partner = partner_of(&visit, &partner)?;
    drawn(&visit, &case, &partner, &Typed::default(), None).await
}

/// Takes an answer.
pub async fn answer(
    visit: Visit,
    Path((id, partner)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let case = case_of(&visit, &id)?;
    let partner = partner_of(&visit, &partner)?;
    let words = match Words::parse(&typed.text) {
        Ok(words) => words,
        Err(error) => {
            let page = drawn(&visit, &case, &partner, &typed, Some(error.to_string())).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let by = visit.actor()?;
    visit
        .desk
        .write_message(case.id(), &partner, &by, &words)
        .await?;
    let path = format!("/cases/{}/questions/{partner}", case.id());
    Ok(Redirect::to(&path).into_response())
}

fn partner_of(visit: &Visit, id: &str) -> Result<PartnerId, Problem> {
    let id = PartnerId::parse(id).map_err(|_| Problem::nothing_here())?;
    let known = visit.state.program.partner(&id);
    known.ok_or_else(Problem::nothing_here)?;
    Ok(id)
}

async fn drawn(
    visit: &Visit,
    case: &Case,
    partner: &PartnerId,
    typed: &Typed,
    error: Option<String>,
) -> Result<Page, Problem> {
    let name = visit.state.program.partner(partner);
    let name = name.map_or_else(|| partner.to_string(), |known| known.name().to_owned());
    let errors: Vec<(&str, String)> = error.iter().map(|error| ("text", error.clone())).collect();
    let mut messages = Vec::new();
    for message in case.threads().of(partner) {
        let text = read(visit, case, partner, &message.text).await;
        messages.push((message, text));
    }
    let can_write = has_reader(visit, case, partner);
    let content = html! {
        (tabs(visit, case))
        p { a href={ "/cases/" (case.id()) "/questions" } { "All threads about " (case.id()) } }
        (error_summary(&errors))
        @if messages.is_empty() {
            (empty("Nothing was written yet.", html! { p { "What you write here, only this partner's seats and the program read." } }))
        } @else {
            ol class="thread" {
                @for (message, text) in &messages { (shown(visit, &name, message, text)) }
            }
        }
        @if can_write {
            h2 { "Write to " (name) }
            form method="post" {
                (Field::new("text", "Your message")
                    .hint("It carries no marks: what you write here cannot be traced. Point to the package instead of repeating its details.")
                    .error(error.as_deref()).area(&typed.text, 6))
                p class="buttons" { button type="submit" class="primary" { "Send to " (name) } }
            }
        } @else {
            div class="notice wait" { p { "No seat of " (name) " may read about this case now, so nothing can be written." } }
        }
    };
    let title = format!("{name} about {}", case.id());
    Ok(Sheet::new(visit, &title).tlp(case.tlp()).content(content))
}

/// What a letter says, or why it cannot be shown.
async fn read(
    visit: &Visit,
    case: &Case,
    partner: &PartnerId,
    letter: &Letter,
) -> Result<Written, Problem> {
    let key = visit.key()?;
    let body = visit
        .desk
        .read_letter(&key, case.id(), partner, letter)
        .await?;
    Ok(body.written)
}

fn shown(visit: &Visit, name: &str, message: &Message, text: &Result<Written, Problem>) -> Markup {
    let (class, who) = match &message.by {
        Actor::Seat(seat) => ("said theirs", format!("{name} ({seat})")),
        Actor::Person(person) => ("said ours", person.to_string()),
        by @ (Actor::Desk | Actor::Timer) => ("said ours", by.to_string()),
    };
    html! {
        li class=(class) {
            p class="fine" { strong { (who) } ", " (when(message.at, &visit.zone)) }
            (words(text))
        }
    }
}

fn words(text: &Result<Written, Problem>) -> Markup {
    match text {
        Ok(Written::Message { text }) => html! { p class="words" { (text) } },
        Ok(Written::Protection(details)) => html! {
            p { strong { (details.product) } }
            @if !details.rules.is_empty() { p { "Rules: " code { (details.rules.join(", ")) } } }
            @if !details.note.is_empty() { p class="words" { (details.note) } }
        },
        Err(problem) => html! { p class="fine" { "Sealed: " (problem.title) "." } },
    }
}

/// `/cases/{case}/protections`: what partners report.
pub async fn protections(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    let mut rows = Vec::new();
    for (partner, known) in case.protections().iter() {
        let name = visit.state.program.partner(partner);
        let name = name.map_or_else(|| partner.to_string(), |known| known.name().to_owned());
        for one in known {
            let newest = one.newest();
            let text = read(&visit, &case, partner, &newest.details).await;
            rows.push(vec![
                html! { (name) },
                html! { (coverage(newest.coverage)) br; (ships(&visit, newest)) },
                words(&text),
                html! { (when(newest.at, &visit.zone)) br; span class="fine" { (newest.seat) ", " (count(one.versions().len(), "report")) } },
            ]);
        }
    }
    let content = html! {
        (tabs(&visit, &case))
        @if rows.is_empty() {
            (empty("No partner has reported a protection yet.", html! {
                p { "Partners report on their page of the case, once they have acknowledged it." }
            }))
        } @else {
            (table("What partners report, newest report of each", &["Partner", "Coverage", "Product and rules", "Reported"], &rows))
        }
    };
    let title = format!("Protections for {}", case.id());
    Ok(Sheet::new(&visit, &title).tlp(case.tlp()).content(content))
}
