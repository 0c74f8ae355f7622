//! Signing in by a passkey, and showing one again.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::account::AccountCommand;
use domain::person::Actor;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ceremony::{Shown, not_known};
use super::fresh::{FRESH_MINUTES, safe_path};
use super::links::first_page;
use super::session::Session;
use crate::extract::{Query, Said};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// Where to go afterwards.
#[derive(Debug, Deserialize)]
pub struct Back {
    to: Option<String>,
}

/// What a browser answers.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// Which ceremony.
    pub ceremony: String,
    /// What the device said.
    pub credential: Value,
    /// Where to go afterwards.
    pub to: Option<String>,
}

/// A button that begins and ends a ceremony at these paths, with what is said when it cannot work.
pub fn button(visit: &Visit, words: &str, begin: &str, finish: &str, to: Option<&str>) -> Markup {
    if !visit.app.ceremonies().are_possible() {
        return html! {
            p class="notice wait" { "Passkeys need a host name, and you opened this server by an address." }
        };
    }
    html! {
        p class="buttons" {
            button type="button" class="primary" disabled data-passkey data-begin=(begin) data-finish=(finish)
                data-to=[to] { (words) }
        }
        p class="notice bad" role="alert" data-passkey-problem hidden {}
        noscript { p class="notice wait" { "Passkeys need JavaScript. Every other page works without it." } }
    }
}

/// How to sign in.
pub async fn sign_in(visit: Visit, Query(back): Query<Back>) -> Page {
    let to = back.to.as_deref().and_then(safe_path);
    Sheet::new(&visit, "Sign in")
        .scripts(&["passkey.js"])
        .content(html! {
            @if visit.who.is_some() {
                p class="notice" { "You are signed in. " a href="/" { "To your first page" } }
            }
            p { "Your device knows your passkey and who you are here; you type no name." }
            @if visit.who.is_none() {
                // The script shows it where the browser lists passkeys under a field.
                div class="field" data-autofill hidden {
                    label for="passkey-name" { "Your passkey" }
                    p class="hint" id="passkey-name-hint" { "Choose it from the list that your browser offers here, or press the button." }
                    input type="text" id="passkey-name" name="username" autocomplete="username webauthn" aria-describedby="passkey-name-hint";
                }
            }
            (button(&visit, "Sign in with a passkey", "/sign-in/passkey/begin", "/sign-in/passkey/finish", to))
            h2 { "If you have no passkey yet" }
            p { "Open the invitation that you were given. It works once; whoever gave it to you can make another." }
            h2 { "If you lost your passkey" }
            p { "Ask the program. Two of its people must agree before your account is opened anew." }
        })
}

/// Begins to sign in: the answer is the same for everybody.
pub async fn begin(visit: Visit) -> Result<Json<Value>, Problem> {
    Ok(Json(visit.app.ceremonies().begin_sign_in().await?))
}

/// Ends it.
pub async fn finish(visit: Visit, Said(answer): Said<Answer>) -> Result<Response, Problem> {
    let accounts = &visit.state.accounts;
    let (account, shown) = visit
        .app
        .ceremonies()
        .finish_sign_in(&answer.ceremony, &answer.credential, |id| {
            accounts.by_passkey(id)
        })
        .await?;
    enter(&visit, account, Some(shown), answer.to.as_deref()).await
}

/// Lets somebody in whose passkey was checked; `shown`: what is recorded of it, unless it was only just made.
pub(super) async fn enter(
    visit: &Visit,
    account: Actor,
    shown: Option<Shown>,
    to: Option<&str>,
) -> Result<Response, Problem> {
    // The program may have changed since the request began: a seat may have been added by it.
    let state = visit.desk.state().await?;
    let probe = Session::probe(account.clone());
    let serving = visit.app.options().serving;
    let who = probe
        .who(&state.program)
        .filter(|who| serving.serves(who))
        .ok_or_else(not_known)?;
    if let Some(shown) = shown {
        let command = AccountCommand::ShowPasskey {
            passkey: shown.id,
            credential: shown.changed,
        };
        visit
            .desk
            .account_command(&account, command, &account)
            .await?;
    }
    // A session that the browser had is not gone on with: nobody can have put it there beforehand.
    if let Some(old) = &visit.session {
        visit.app.sessions().end(old).await?;
    }
    let cookie = visit.app.sessions().begin(account, true).await?;
    let to = to
        .and_then(safe_path)
        .unwrap_or_else(|| first_page(Some(&who)));
    Ok(([(header::SET_COOKIE, cookie)], Json(json!({"to": to}))).into_response())
}

/// Asks for a passkey again.
pub async fn again(visit: Visit, Query(back): Query<Back>) -> Result<Page, Problem> {
    let account = visit.state.accounts.of(&visit.actor()?);
    if !account.has_passkey() {
        return Err(super::fresh::no_passkey());
    }
    let to = back.to.as_deref().and_then(safe_path);
    Ok(Sheet::new(&visit, "Show your passkey again")
        .scripts(&["passkey.js"])
        .content(html! {
            p {
                "What you are about to do cannot be undone by an open browser alone. Your passkey counts for "
                (FRESH_MINUTES) " minutes; then go on where you were."
            }
            (button(&visit, "Show passkey", "/sign-in/again/begin", "/sign-in/again/finish", to))
            p { a href=(to.unwrap_or("/")) { "Back, change nothing" } }
        }))
}

/// Begins to ask again.
pub async fn begin_again(visit: Visit) -> Result<Json<Value>, Problem> {
    let account = visit.state.accounts.of(&visit.actor()?);
    Ok(Json(visit.app.ceremonies().begin_again(&account).await?))
}

/// Ends it.
pub async fn finish_again(
    visit: Visit,
    Said(answer): Said<Answer>,
) -> Result<Json<Value>, Problem> {
    let actor = visit.actor()?;
    let account = visit.state.accounts.of(&actor);
    let shown = visit
        .app
        .ceremonies()
        .finish_again(&answer.ceremony, &answer.credential, &account)
        .await?;
    let command = AccountCommand::ShowPasskey {
        passkey: shown.id,
        credential: shown.changed,
    };
    visit.desk.account_command(&actor, command, &actor).await?;
    let session = visit.session.as_ref().ok_or_else(Problem::nothing_here)?;
    visit.app.sessions().has_shown(session).await?;
    let to = answer.to.as_deref().and_then(safe_path).unwrap_or("/");
    Ok(Json(json!({"to": to})))
}
