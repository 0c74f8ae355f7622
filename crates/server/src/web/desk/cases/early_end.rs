//! Ending a case before its release: the typed id, a reason, a fresh passkey, and a second person.

use axum::response::{IntoResponse, Redirect, Response};
use domain::case::{AskedEnding, Case, EndReason};
use domain::decide::CaseCommand;
use maud::{Markup, html};
use serde::Deserialize;

use super::about::coming;
use super::{case_of, tabs, work};
use crate::extract::{Form, Path};
use crate::web::parts::{Field, count, error_summary, facts, when};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// Longest reason in one's own words, in characters.
const WHY_CHARS_MAX: usize = 2_000;

/// What the forms send.
#[derive(Deserialize, Default)]
pub struct Sent {
    #[serde(default)]
    typed: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    why: String,
}

/// The page: the form to ask, or what was asked for and waits.
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    draw(&visit, &case, &Sent::default(), &[])
}

fn draw(
    visit: &Visit,
    case: &Case,
    sent: &Sent,
    errors: &[(&str, String)],
) -> Result<Page, Problem> {
    let content = html! {
        (tabs(visit, case))
        (error_summary(errors))
        @match (case.asked_ending(), super::about::is_running(case)) {
            (_, false) => p { "The case is over: " (super::about::stage(case)) "." },
            (Some(asked), true) => (waiting(visit, case, asked, errors)?),
            (None, true) => {
                div class="notice bad" {
                    p { (consequence(visit, case)) }
                    p { "It takes two people: you ask, another confirms. It cannot be undone." }
                }
                (form(case, sent, errors))
            }
        }
    };
    let title = format!("End {} early", case.id());
    Ok(Sheet::new(visit, &title).tlp(case.tlp()).content(content))
}

/// What stays closed for ever.
fn consequence(visit: &Visit, case: &Case) -> String {
    let waves = coming(case, visit.desk.now());
    let seats: usize = waves.iter().map(|wave| wave.seats).sum();
    match seats {
        0 => "No further wave opens. What partners have, they keep.".to_owned(),
        seats => format!(
            "No further wave opens: {} that wait for one get nothing of this case. What partners have, they keep.",
            count(seats, "seat")
        ),
    }
}

fn error_of<'a>(errors: &'a [(&str, String)], name: &str) -> Option<&'a str> {
    let found = errors.iter().find(|(field, _)| *field == name);
    found.map(|(_, error)| error.as_str())
}

fn typed_field(case: &Case, typed: &str, errors: &[(&str, String)]) -> Markup {
    let hint = format!("Type {}.", case.id());
    Field::new("typed", "Id of the case")
        .hint(&hint)
        .error(error_of(errors, "typed"))
        .text(typed)
}

fn form(case: &Case, sent: &Sent, errors: &[(&str, String)]) -> Markup {
    let reasons = [
        (EndReason::DetailsPublic.as_str(), "Details are public"),
        (
            EndReason::ExploitationSeen.as_str(),
            "Exploitation was seen",
        ),
    ];
    html! {
        form method="post" action={ "/cases/" (case.id()) "/end" } {
            (Field::new("reason", "Reason").error(error_of(errors, "reason")).choice(&reasons, &sent.reason))
            (Field::new("why", "In your own words").hint("What is known, and from where. It is sealed.")
                .error(error_of(errors, "why")).area(&sent.why, 4))
            (typed_field(case, &sent.typed, errors))
            p class="fine" { "Your passkey must have been shown within the last five minutes." }
            p class="buttons" {
                button type="submit" class="danger" { "Ask to end the case" }
                a href={ "/cases/" (case.id()) } { "Back, change nothing" }
            }
        }
    }
}

fn waiting(
    visit: &Visit,
    case: &Case,
    asked: &AskedEnding,
    errors: &[(&str, String)],
) -> Result<Markup, Problem> {
    let words = match visit.key() {
        Ok(key) => visit.desk.ending_words(case, &key)?.unwrap_or_default(),
        Err(_) => "sealed until the program key is unlocked".to_owned(),
    };
    let is_own = *visit.person()? == asked.person;
    Ok(html! {
        div class="notice bad" { p { (consequence(visit, case)) } p { "It cannot be undone." } }
        (facts(&[
            ("Asked by", html! { (asked.person) }),
            ("When", html! { (when(asked.at, &visit.zone)) }),
            ("Reason", html! { (work::reason(asked.reason)) }),
            ("In their words", html! { div class="prose" { (words) } }),
        ]))
        @if is_own {
            p { "You asked for this. Another person confirms it." }
        } @else {
            form method="post" action={ "/cases/" (case.id()) "/end/confirm" } {
                input type="hidden" name="reason" value=(asked.reason);
                (typed_field(case, "", errors))
                p class="fine" { "Your passkey must have been shown within the last five minutes." }
                p class="buttons" { button type="submit" class="danger" { "Confirm: end the case" } }
            }
        }
        form method="post" action={ "/cases/" (case.id()) "/end/withdraw" } {
            p class="buttons" {
                button type="submit" { "Take it back" }
                a href={ "/cases/" (case.id()) } { "Back, change nothing" }
            }
        }
    })
}

fn check_typed(case: &Case, typed: &str, errors: &mut Vec<(&'static str, String)>) {
    if typed.trim() != case.id().as_str() {
        errors.push(("typed", format!("type `{}`, exactly", case.id())));
    }
}

/// Asks to end the case.
pub async fn ask(
    visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let case = case_of(&visit, &id)?;
    let mut errors = Vec::new();
    let reason = EndReason::parse(&sent.reason);
    if reason.is_none() {
        errors.push(("reason", "choose a reason".to_owned()));
    }
    let why = sent.why.trim();
    if why.is_empty() || why.chars().count() > WHY_CHARS_MAX {
        errors.push((
            "why",
            format!("say why, in 1 to {WHY_CHARS_MAX} characters"),
        ));
    }
    check_typed(&case, &sent.typed, &mut errors);
    let (Some(reason), true) = (reason, errors.is_empty()) else {
        return Ok(draw(&visit, &case, &sent, &errors)?.into_response());
    };
    crate::door::fresh_to(&visit, &format!("/cases/{id}/end"))?;
    let person = visit.person()?.clone();
    visit
        .desk
        .ask_ending(case.id(), &person, reason, why)
        .await?;
    Ok(Redirect::to(&format!("/cases/{}/end", case.id())).into_response())
}

/// Confirms what another person asked for.
pub async fn confirm(
    visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let case = case_of(&visit, &id)?;
    let mut errors = Vec::new();
    check_typed(&case, &sent.typed, &mut errors);
    if !errors.is_empty() {
        return Ok(draw(&visit, &case, &sent, &errors)?.into_response());
    }
    let reason = EndReason::parse(&sent.reason)
        .ok_or_else(|| Problem::input("reason", "there is no such reason"))?;
    crate::door::fresh_to(&visit, &format!("/cases/{id}/end"))?;
    let person = visit.person()?.clone();
    let command = CaseCommand::ConfirmEnding { person, reason };
    visit
        .desk
        .command(case.id(), command, &visit.actor()?)
        .await?;
    Ok(Redirect::to(&format!("/cases/{}", case.id())).into_response())
}

/// Takes back what was asked for.
pub async fn withdraw(visit: Visit, Path(id): Path<String>) -> Result<Redirect, Problem> {
    let case = case_of(&visit, &id)?;
    let person = visit.person()?.clone();
    let command = CaseCommand::WithdrawEnding { person };
    visit
        .desk
        .command(case.id(), command, &visit.actor()?)
        .await?;
    Ok(Redirect::to(&format!("/cases/{}", case.id())))
}
