//! Questions: a thread between one partner and the program about one case.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::letter::Words;
use domain::open::open;
use domain::person::Actor;
use domain::thread::Message;
use maud::{Markup, html};
use serde::Deserialize;

use super::own::{Own, honesty, key_panel, own, sealed, seated, told, without_script};
use crate::extract::{Form, Path};
use crate::web::parts::{Field, count, empty, error_summary, state, table, when};
use crate::web::{Page, Sheet, page};
use crate::{Problem, Visit};

/// What was typed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    text: String,
}

/// On the case's page.
pub fn section(_visit: &Visit, own: &Own) -> Markup {
    let thread = own.case.threads().of(&own.partner);
    html! {
        section {
            h2 { "Questions" }
            p { (standing_of(thread)) }
            p { a class="button" href={ (own.path()) "/questions" } { "Ask or read" } }
        }
    }
}

fn standing_of(thread: &[Message]) -> Markup {
    match thread.last() {
        None => {
            html! { "You have asked nothing. Only the program and your own seats read what you write." }
        }
        Some(last) if last.is_partners() => html! {
            (state("wait", "Waits for an answer")) ", " (count(thread.len(), "message"))
        },
        Some(_) => html! { (state("good", "Answered")) ", " (count(thread.len(), "message")) },
    }
}

/// `/questions`: every case that is open to the seat, with its thread.
pub async fn all(visit: Visit) -> Result<Page, Problem> {
    let (seat, partner) = seated(&visit)?;
    let (program, now) = (&visit.state.program, visit.desk.now());
    let rows: Vec<_> = visit
        .state
        .cases
        .values()
        .filter(|case| open(case, program, visit.desk.policy(), &seat, now).is_ok())
        .map(|case| {
            let thread = case.threads().of(&partner);
            vec![
                html! { a href={ "/inbox/" (case.id()) "/questions" } { (case.id()) } },
                standing_of(thread),
                html! { @if let Some(last) = thread.last() { (when(last.at, &visit.zone)) } @else { "–" } },
            ]
        })
        .collect();
    let content = html! {
        @if rows.is_empty() {
            (empty("You can ask about a case that is open for you, and none is.", html! {
                p { a href="/inbox" { "To your inbox" } }
            }))
        } @else {
            (table("Your threads with the program", &["Case", "State", "Last message"], &rows))
        }
    };
    Ok(page(&visit, "Questions", content))
}

/// The thread of one case.
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let own = own(&visit, &id)?;
    Ok(drawn(&visit, &own, &Typed::default(), None))
}

/// Takes a question.
pub async fn ask(
    visit: Visit,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let own = own(&visit, &id)?;
    let words = match Words::parse(&typed.text) {
        Ok(words) => words,
        Err(error) => {
            let page = drawn(&visit, &own, &typed, Some(error.to_string()));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let by = Actor::Seat(own.seat.clone());
    visit
        .desk
        .write_message(own.case.id(), &own.partner, &by, &words)
        .await
        .map_err(told)?;
    Ok(Redirect::to(&format!("{}/questions", own.path())).into_response())
}

fn drawn(visit: &Visit, own: &Own, typed: &Typed, error: Option<String>) -> Page {
    let thread = own.case.threads().of(&own.partner);
    let errors: Vec<(&str, String)> = error.iter().map(|error| ("text", error.clone())).collect();
    let content = html! {
        p { a href=(own.path()) { "Back to " (own.case.id()) } }
        (error_summary(&errors))
        @if thread.is_empty() {
            (empty("Nothing was asked yet.", html! {
                p { "Ask whatever keeps you from building a protection. Only the program and your own seats read it." }
            }))
        } @else {
            (without_script("Messages are sealed to your seats. Save the sealed text and open it with age, or allow JavaScript."))
            details class="panel" data-needs-script="" hidden {
                summary { "Read the messages with your key" }
                (key_panel(visit, "Read here"))
                (honesty())
            }
            ol class="thread" { @for message in thread { (shown(visit, own, message)) } }
        }
        h2 { "Write to the program" }
        form method="post" {
            (Field::new("text", "Your message").hint("It is encrypted as it arrives: to the program, and to the seats of your organisation to which the case is open.")
                .error(error.as_deref()).area(&typed.text, 6))
            p class="buttons" { button type="submit" class="primary" { "Send" } }
        }
    };
    let title = format!("Questions about {}", own.case.id());
    Sheet::new(visit, &title)
        .tlp(own.case.tlp())
        .scripts(&["open.js"])
        .content(content)
}

fn shown(visit: &Visit, own: &Own, message: &Message) -> Markup {
    let (class, who, by) = match &message.by {
        Actor::Seat(seat) if *seat == own.seat => {
            ("said ours", "You".to_owned(), format!("seat:{seat}"))
        }
        Actor::Seat(seat) => ("said ours", seat.to_string(), format!("seat:{seat}")),
        // Who of the program it was, the letter says to those who read it.
        _ => (
            "said theirs",
            "The program".to_owned(),
            "program".to_owned(),
        ),
    };
    html! {
        li class=(class) {
            p class="fine" { strong { (who) } ", " (when(message.at, &visit.zone)) }
            (sealed(own, &message.text, &by))
        }
    }
}
