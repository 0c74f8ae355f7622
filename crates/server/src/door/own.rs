//! `/account`: an account's own passkeys, sessions and tokens.

use std::collections::BTreeSet;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use domain::account::{Account, AccountCommand, TOKEN_DAYS_MAX};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ceremony::Purpose;
use super::fresh::fresh_to;
use super::passkey::{Answer, button};
use super::session::{Session, TOKEN_PREFIX, secret};
use crate::access;
use crate::extract::{Form, Path, Said};
use crate::web::parts::{Field, distance, empty, state, table, when};
use crate::web::{Page, Sheet, page};
use crate::{Problem, Visit};

const HERE: &str = "/account";

/// What a scope allows, in words.
fn scope_words(scope: &str) -> &'static str {
    match scope {
        "read" => "read what the account may see",
        "write" => "do what the account may do, but for approving, fetching and tracing",
        "approve" => "approve plans of waves",
        "fetch" => "fetch packages, with a receipt in the log each time",
        "trace" => "trace leaks, and download their evidence",
        "metrics" => "read the server's figures at /metrics",
        _ => "as the API's description says",
    }
}

/// The scopes that routes ask for, and the one of the figures.
pub fn scopes() -> BTreeSet<&'static str> {
    access::routes()
        .filter_map(|route| route.scope)
        .chain(["metrics"])
        .collect()
}

/// The page.
pub async fn show(visit: Visit) -> Result<Page, Problem> {
    let actor = visit.actor()?;
    let account = visit.state.accounts.of(&actor);
    let sessions = visit
        .app
        .sessions()
        .of_account(&actor, &visit.state)
        .await?;
    let name = visit.who.as_ref().map(|who| who.name()).unwrap_or_default();
    let content = html! {
        p class="lead" { "Signed in as " strong { (name) } "." }
        @if !account.has_passkey() {
            div class="notice wait" {
                p {
                    "This account has no passkey: it was opened by a link. Add one now; without it you cannot confirm "
                    "the gravest things, and cannot come back once this session ends."
                }
            }
        }
        (passkeys(&visit, &account))
        (open_sessions(&visit, &sessions))
        (tokens(&visit, &account))
    };
    Ok(Sheet::new(&visit, "Your account")
        .scripts(&["passkey.js"])
        .content(content))
}

fn passkeys(visit: &Visit, account: &Account) -> Markup {
    let count = account.passkeys().count();
    let rows: Vec<Vec<Markup>> = account
        .passkeys()
        .map(|passkey| {
            vec![
                html! { (passkey.label) },
                when(passkey.added_at, &visit.zone),
                match passkey.shown_at {
                    Some(at) => when(at, &visit.zone),
                    None => html! { "not yet" },
                },
                html! {
                    @if count > 1 {
                        form method="post" action={ (HERE) "/passkeys/" (passkey.id) "/remove" } {
                            button type="submit" { "Remove " (passkey.label) }
                        }
                    } @else { "the only one" }
                },
            ]
        })
        .collect();
    html! {
        h2 id="passkeys" { "Passkeys" }
        @if rows.is_empty() {
            (empty("No passkey yet.", html! { p { "Give it a name and add one below." } }))
        } @else {
            (table("What opens this account", &["Name", "Added", "Last shown", "Change"], &rows))
        }
        (Field::new("label", "Name of the new passkey").hint("Such as: laptop, or key on my keyring").input("text", "", false))
        (button(visit, "Add a passkey", "/account/passkeys/begin", "/account/passkeys/finish", Some("/account")))
    }
}

fn open_sessions(visit: &Visit, sessions: &[Session]) -> Markup {
    let own = visit.session.as_ref().map(|session| session.id.as_str());
    let now = Timestamp::now();
    let rows: Vec<Vec<Markup>> = sessions
        .iter()
        .map(|session| {
            let is_this = own == Some(session.id.as_str());
            vec![
                html! { (when(session.began_at, &visit.zone)) " (" (distance(now, session.began_at)) ")" },
                html! { @if session.shown_at.is_some() { "passkey" } @else { "link" } },
                html! {
                    @if is_this { (state("good", "this one")) } @else {
                        form method="post" action={ (HERE) "/sessions/" (session.id) "/end" } {
                            button type="submit" { "End it" }
                        }
                    }
                },
            ]
        })
        .collect();
    html! {
        h2 id="sessions" { "Sessions" }
        (table("Browsers that are signed in", &["Since", "By", "Change"], &rows))
        form method="post" action="/account/sessions/end" {
            p class="buttons" { button type="submit" { "End all others" } }
        }
        p class="fine" { "A session that is ended answers nothing any more within a second, and lasts at most 12 hours." }
    }
}

fn tokens(visit: &Visit, account: &Account) -> Markup {
    let now = Timestamp::now();
    let rows: Vec<Vec<Markup>> = account
        .tokens()
        .map(|token| {
            let scopes: Vec<&str> = token.scopes.iter().map(String::as_str).collect();
            vec![
                html! { (token.label) },
                html! { (scopes.join(", ")) },
                html! {
                    @if token.ends_at > now { (when(token.ends_at, &visit.zone)) } @else { (state("bad", "ended")) }
                },
                html! {
                    form method="post" action={ (HERE) "/tokens/" (token.id) "/revoke" } {
                        button type="submit" { "Revoke " (token.label) }
                    }
                },
            ]
        })
        .collect();
    html! {
        h2 id="tokens" { "Tokens for programs" }
        @if rows.is_empty() {
            (empty("No token yet.", html! { p { "A program that talks to the API sends one. It is shown once." } }))
        } @else {
            (table("What programs may use", &["Name", "May", "Ends", "Change"], &rows))
        }
        form method="post" action="/account/tokens" {
            (Field::new("token-label", "Name of the new token").hint("Such as: nightly export").text(""))
            fieldset class="narrow" {
                legend { "It may" }
                @for scope in scopes() {
                    label class="check" {
                        input type="checkbox" name={ "scope-" (scope) } value="yes";
                        strong { (scope) } ": " (scope_words(scope))
                    }
                }
            }
            (Field::new("days", "Days that it lasts").input("number", "30", true))
            p class="buttons" { button type="submit" { "Make a token" } }
        }
    }
}

/// Adding to what opens an account needs a passkey that was shown just now, once there is one: a stolen session must
/// not become a stolen account. The answer is whether there is one.
fn guard(visit: &Visit) -> Result<bool, Problem> {
    let has_passkey = visit.state.accounts.of(&visit.actor()?).has_passkey();
    if has_passkey {
        fresh_to(visit, HERE)?;
    }
    Ok(has_passkey)
}

/// Begins to make a further passkey.
pub async fn begin(visit: Visit) -> Result<Json<Value>, Problem> {
    guard(&visit)?;
    let actor = visit.actor()?;
    let account = visit.state.accounts.of(&actor);
    let name = visit.who.as_ref().map(|who| who.name()).unwrap_or_default();
    let purpose = Purpose::Account(actor);
    Ok(Json(
        visit
            .app
            .ceremonies()
            .begin_make(purpose, &name, Some(&account))
            .await?,
    ))
}

/// What a browser answers when a passkey was made.
#[derive(Debug, Deserialize)]
pub struct Made {
    #[serde(flatten)]
    pub answer: Answer,
    /// What its owner calls it.
    #[serde(default)]
    pub label: String,
    /// A new seat's public key for packages.
    pub recipient: Option<String>,
}

impl Made {
    /// The name of the passkey, if none was typed.
    pub fn label(&self) -> String {
        match self.label.trim() {
            "" => "passkey".to_owned(),
            label => label.to_owned(),
        }
    }
}

/// Ends it.
pub async fn finish(visit: Visit, Said(made): Said<Made>) -> Result<Json<Value>, Problem> {
    let has_passkey = guard(&visit)?;
    let actor = visit.actor()?;
    let passkey = visit
        .app
        .ceremonies()
        .finish_make(
            &made.answer.ceremony,
            &made.answer.credential,
            &Purpose::Account(actor.clone()),
        )
        .await?;
    let command = AccountCommand::AddPasskey {
        passkey: passkey.id,
        label: made.label(),
        credential: passkey.credential,
        only_first: !has_passkey,
    };
    visit.desk.account_command(&actor, command, &actor).await?;
    Ok(Json(json!({"to": HERE})))
}

/// Removes a passkey.
pub async fn remove(visit: Visit, Path(passkey): Path<String>) -> Result<Redirect, Problem> {
    guard(&visit)?;
    let actor = visit.actor()?;
    let command = AccountCommand::RemovePasskey(passkey);
    visit.desk.account_command(&actor, command, &actor).await?;
    Ok(Redirect::to("/account#passkeys"))
}

/// Ends one session of the account.
pub async fn end(visit: Visit, Path(id): Path<String>) -> Result<Redirect, Problem> {
    let sessions = visit.app.sessions();
    let own = sessions.of_account(&visit.actor()?, &visit.state).await?;
    let session = own
        .into_iter()
        .find(|session| session.id == id)
        .ok_or_else(Problem::nothing_here)?;
    sessions.end(&session).await?;
    Ok(Redirect::to("/account#sessions"))
}

/// Ends all sessions of the account, and begins this one anew.
pub async fn end_others(visit: Visit) -> Result<Response, Problem> {
    let actor = visit.actor()?;
    let shown_at = visit.session.as_ref().and_then(|session| session.shown_at);
    visit
        .desk
        .account_command(&actor, AccountCommand::EndSessions, &actor)
        .await?;
    let sessions = visit.app.sessions();
    sessions.end_all(&actor).await?;
    let cookie = sessions.begin_as(actor, shown_at).await?;
    Ok((
        [(header::SET_COOKIE, cookie)],
        Redirect::to("/account#sessions"),
    )
        .into_response())
}

/// Makes a token; the answer is its secret. Asks for a fresh passkey, once the account has one.
///
/// # Errors
/// A passkey that was not shown just now; scopes or days that cannot be.
pub(crate) async fn new_token(
    visit: &Visit,
    label: String,
    scopes: BTreeSet<String>,
    days: u16,
) -> Result<String, Problem> {
    guard(visit)?;
    let token = format!("{TOKEN_PREFIX}{}", secret()?);
    let actor = visit.actor()?;
    let command = AccountCommand::MakeToken {
        label,
        digest: desk::digest_of_secret(&token),
        scopes,
        from: Timestamp::now(),
        days,
    };
    visit.desk.account_command(&actor, command, &actor).await?;
    Ok(token)
}

/// Makes a token, and shows it this once.
pub async fn make_token(
    visit: Visit,
    Form(fields): Form<std::collections::BTreeMap<String, String>>,
) -> Result<Page, Problem> {
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let chosen: BTreeSet<String> = scopes()
        .into_iter()
        .filter(|scope| fields.contains_key(&format!("scope-{scope}")))
        .map(str::to_owned)
        .collect();
    let label = field("token-label").to_owned();
    let days = field("days").trim().parse().unwrap_or(TOKEN_DAYS_MAX + 1);
    let token = new_token(&visit, label, chosen.clone(), days).await?;
    let scopes: Vec<&str> = chosen.iter().map(String::as_str).collect();
    Ok(page(
        &visit,
        "Your new token",
        html! {
            p { "This is the only time that it is shown. Whoever has it can " (scopes.join(", ")) " in your name until it ends or is revoked." }
            pre class="secret" { (token) }
            p { "Programs send it as " code { "Authorization: Bearer hst_…" } "; keep it in a file that only they can read." }
            p { a href="/account#tokens" { "Back to your account" } }
        },
    ))
}

/// Revokes a token.
pub async fn revoke(visit: Visit, Path(token): Path<String>) -> Result<Redirect, Problem> {
    let actor = visit.actor()?;
    let command = AccountCommand::RevokeToken(token);
    visit.desk.account_command(&actor, command, &actor).await?;
    Ok(Redirect::to("/account#tokens"))
}
