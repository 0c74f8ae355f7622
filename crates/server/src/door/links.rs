//! Signing in by a link that works once, and signing out.

use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::session::forgotten_cookie;
use crate::extract::Path;
use crate::visit::Who;
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// Where somebody who is signed in begins.
pub fn first_page(who: Option<&Who>) -> &'static str {
    match who {
        Some(Who::Person { .. }) => "/today",
        Some(Who::Seat { .. }) => "/inbox",
        None => "/sign-in",
    }
}

/// `/`: where somebody begins.
pub async fn home(visit: Visit) -> Redirect {
    Redirect::to(first_page(visit.who.as_ref()))
}

/// Asks before a link is used up: programs that look at links in mails only read.
pub async fn show_link(visit: Visit, Path(secret): Path<String>) -> Result<Page, Problem> {
    let link = visit
        .app
        .sessions()
        .peek_link(&secret)
        .await?
        .ok_or_else(spent)?;
    Ok(page(
        &visit,
        "Sign in",
        html! {
            p { "This link signs you in once, as " strong { (link.account.to_string()) } "." }
            form method="post" {
                button type="submit" class="primary" { "Sign in" }
            }
        },
    ))
}

/// Uses a link up.
pub async fn follow_link(visit: Visit, Path(secret): Path<String>) -> Result<Response, Problem> {
    let link = visit
        .app
        .sessions()
        .use_link(&secret)
        .await?
        .ok_or_else(spent)?;
    if let Some(old) = &visit.session {
        visit.app.sessions().end(old).await?;
    }
    let cookie = visit.app.sessions().begin(link.account, false).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

/// Ends the session.
pub async fn sign_out(visit: Visit) -> Result<Response, Problem> {
    if let Some(session) = &visit.session {
        visit.app.sessions().end(session).await?;
    }
    let headers = [(header::SET_COOKIE, forgotten_cookie())];
    Ok((headers, Redirect::to("/sign-in")).into_response())
}

fn spent() -> Problem {
    Problem::new(
        404,
        "link",
        "this link was used already, or its time is over",
    )
    .hint("ask whoever gave it to you for a new one")
}
