//! Settings: the program key, what naming somebody takes, the agreement, who the program is.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::partner::Tier;
use domain::person::Role;
use maud::{Markup, html};
use zeroize::{Zeroize as _, Zeroizing};

use super::UNLOCKS_ROLES;
use super::form::Fields;
use crate::extract::Form;
use crate::visit::Who;
use crate::web::parts::{Field, error_summary, facts, one_in, state, table, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// The page.
pub async fn show(visit: Visit) -> Page {
    settings(&visit, None)
}

/// Opens the program key with its passphrase, for this process and until it is locked again.
pub async fn unlock(visit: Visit, Form(mut fields): Form<Fields>) -> Result<Response, Problem> {
    let person = visit.person()?.clone();
    let passphrase = Zeroizing::new(fields.remove("passphrase").unwrap_or_default());
    for value in fields.values_mut() {
        value.zeroize();
    }
    match visit.app.unlock(passphrase).await {
        Ok(()) => {
            tracing::info!(%person, "the program key was unlocked");
            Ok(Redirect::to("/settings").into_response())
        }
        Err(problem) if problem.code == "program-key" => {
            tracing::warn!(%person, "the program key was not unlocked");
            let page = settings(&visit, Some(without_path(&problem.title)));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// Forgets the program key.
pub async fn lock(visit: Visit) -> Result<Redirect, Problem> {
    let person = visit.person()?;
    visit.app.lock();
    tracing::info!(%person, "the program key was locked");
    Ok(Redirect::to("/settings"))
}

/// Where the key's file lies on the server is nobody's business in a browser.
fn without_path(message: &str) -> String {
    match message.strip_prefix('`').and_then(|m| m.split_once("`: ")) {
        Some((_, reason)) => reason.to_owned(),
        None => message.to_owned(),
    }
}

fn settings(visit: &Visit, error: Option<String>) -> Page {
    let errors: Vec<(&str, String)> = error
        .iter()
        .map(|error| ("passphrase", error.clone()))
        .collect();
    let content = html! {
        (error_summary(&errors))
        div class="columns" {
            section aria-labelledby="key" {
                h2 id="key" { "Program key" }
                (key(visit, error.as_deref()))
            }
            section aria-labelledby="you" {
                h2 id="you" { "You" }
                (you(visit))
            }
        }
        h2 { "What naming somebody takes" }
        (risk(visit))
        h2 { "Waves, unless a case plans others" }
        (offsets(visit))
        h2 { "Agreement" }
        (agreements(visit))
        h2 { "The program" }
        (program(visit))
    };
    page(visit, "Settings", content)
}

fn key(visit: &Visit, error: Option<&str>) -> Markup {
    let may = UNLOCKS_ROLES.iter().any(|role| visit.has(*role));
    html! {
        @if visit.app.is_unlocked() {
            p { (state("good", "Unlocked")) " in this process, until it ends or somebody locks it." }
            p { "Titles, masters, marks and verdicts can be read here." }
            @if may {
                form method="post" action="/settings/lock" {
                    button type="submit" { "Lock the program key" }
                }
            }
        } @else {
            p { (state("wait", "Locked")) }
            p {
                "Titles, masters, marks and verdicts are sealed. Lists, dates and receipts can be read; nothing can be "
                "pressed or traced."
            }
            @if may {
                form method="post" action="/settings/unlock" autocomplete="off" {
                    (Field::new("passphrase", "Passphrase of the program key")
                        .hint("It is used once to open the key, and kept nowhere.")
                        .error(error)
                        .input("password", "", true))
                    button type="submit" class="primary" { "Unlock" }
                }
            } @else {
                p { "A coordinator, an investigator or an administrator who knows the passphrase unlocks it." }
            }
        }
    }
}

fn you(visit: &Visit) -> Markup {
    let roles = match &visit.who {
        Some(Who::Person { roles, .. }) => roles
            .iter()
            .map(|role| role.as_str())
            .collect::<Vec<_>>()
            .join(", "),
        _ => String::new(),
    };
    let name = visit.who.as_ref().map(Who::name).unwrap_or_default();
    html! {
        (facts(&[
            ("Name", html! { (name) }),
            ("Roles", html! { (roles) }),
            ("Your time zone", html! {
                (super::zone::name(visit)) " · " a href="/settings/zone" { "Change" }
            }),
        ]))
        p { a href="/settings/people" { "People, invitations, sign-in" } }
    }
}

fn risk(visit: &Visit) -> Markup {
    let settings = visit.state.program.settings();
    html! {
        (facts(&[
            ("Accusation bar", html! {
                (format!("{:e}", settings.accusation_risk())) " (" (one_in(settings.accusation_risk())) ")"
                p class="fine" {
                    "The accepted chance, for one whole trace, that anybody innocent is named. A case keeps the bar that "
                    "was logged with its first press; of the two the stricter one counts."
                }
            }),
            ("Lead bar", html! {
                (format!("{:e}", settings.lead_risk())) " (" (one_in(settings.lead_risk())) ")"
                p class="fine" { "Up to here a copy is listed as a lead, which nobody may call accused." }
            }),
        ]))
        @if visit.has(Role::Administrator) { p { a href="/settings/risk" { "Change bars and waves" } } }
    }
}

fn offsets(visit: &Visit) -> Markup {
    let offsets = visit.state.program.settings().offsets();
    let rows: Vec<_> = Tier::ALL
        .into_iter()
        .map(|tier| {
            vec![
                html! { (tier) },
                html! { (offsets.of(tier)) " before the release" },
            ]
        })
        .collect();
    table("When each tier is told", &["Tier", "Told"], &rows)
}

fn agreements(visit: &Visit) -> Markup {
    let program = &visit.state.program;
    let current = program.current_agreement();
    let rows: Vec<_> = program
        .agreements()
        .iter()
        .rev()
        .map(|own| {
            let accepted = program
                .partners()
                .filter(|partner| partner.accepted().contains_key(&own.version))
                .count();
            vec![
                html! { (own.version) },
                html! { @if current == Some(&own.version) { (state("good", "current")) } @else { "earlier" } },
                html! { (when(own.published_at, &visit.zone)) },
                html! { (accepted) },
                html! { @match &own.text { Some(text) => code { (text) }, None => "on paper, before texts were kept" } },
            ]
        })
        .collect();
    html! {
        (table(
            "Versions",
            &["Version", "State", "Published", "Partners that accepted it", "SHA-256 of its text"],
            &rows,
        ))
        @if visit.has(Role::Administrator) { p { a href="/settings/agreement" { "Publish a new version" } } }
    }
}

fn program(visit: &Visit) -> Markup {
    let program = &visit.state.program;
    let config = visit.desk.config();
    let clock = match program.test_clock() {
        true => "a test clock, which stands still until a command moves it",
        false => "the machine's clock",
    };
    html! {
        (facts(&[
            ("Name", html! { (program.name().unwrap_or_default()) }),
            ("Founded", html! { @if let Some(at) = program.founded_at() { (when(at, &visit.zone)) } }),
            ("Clock", html! { (clock) }),
            ("Log key", html! { code { (config.log_key) } }),
            ("Program key", html! { code { (config.recipient) } }),
        ]))
    }
}
