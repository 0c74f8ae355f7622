//! The reader's own time zone, beside UTC: one page for both sides.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::tz::{self, TimeZone};
use maud::html;

use super::form::{Fields, field};
use crate::extract::Form;
use crate::web::parts::{Field, error_summary, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// How long a browser keeps it, in seconds: a year.
const KEPT_SECONDS: u32 = 365 * 24 * 3600;

/// The name of the zone that this reader chose.
pub fn name(visit: &Visit) -> String {
    visit.zone.iana_name().unwrap_or("UTC").to_owned()
}

/// The page.
pub async fn show(visit: Visit) -> Page {
    let chosen = name(&visit);
    asked(&visit, &chosen, None)
}

/// Keeps the zone in a cookie: it is this browser's, and says nothing to anybody else.
pub async fn set(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Problem> {
    let given = field(&fields, "zone");
    let known = TimeZone::get(given).ok();
    let Some(name) = known.as_ref().and_then(TimeZone::iana_name) else {
        let error = format!("`{given}` is no time zone that is known here");
        let page = asked(&visit, given, Some(error));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let cookie =
        format!("zone={name}; Path=/; Max-Age={KEPT_SECONDS}; Secure; HttpOnly; SameSite=Lax");
    let to = Redirect::to("/");
    Ok(([(header::SET_COOKIE, cookie)], to).into_response())
}

fn asked(visit: &Visit, value: &str, error: Option<String>) -> Page {
    let errors: Vec<(&str, String)> = error.iter().map(|e| ("zone", e.clone())).collect();
    let content = html! {
        (error_summary(&errors))
        p { "Every time is shown in UTC. Beside it stands the time of your zone, which only this browser remembers." }
        p { "Now: " (when(visit.desk.now(), &visit.zone)) }
        form method="post" {
            (Field::new("zone", "Time zone")
                .hint("A name such as Europe/Berlin, America/New_York or UTC.")
                .error(error.as_deref())
                .list("zones", value))
            datalist id="zones" {
                @for zone in tz::db().available() { option value=(zone.as_str()) {} }
            }
            button type="submit" class="primary" { "Use this zone" }
        }
    };
    page(visit, "Time zone", content)
}
