//! What every page has around it.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::assets::path;
use crate::visit::Who;
use crate::{Problem, Visit};

/// A whole page.
pub struct Page(pub Markup);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        (kind, self.0.into_string()).into_response()
    }
}

/// Where the program's people go.
const DESK: &[(&str, &str)] = &[
    ("/today", "Today"),
    ("/cases", "Cases"),
    ("/partners", "Partners"),
    ("/exposure", "Exposure"),
    ("/sightings", "Sightings"),
    ("/investigations", "Investigations"),
    ("/log", "Log"),
    ("/settings", "Settings"),
];

/// Where partners go.
const PORTAL: &[(&str, &str)] = &[
    ("/inbox", "Inbox"),
    ("/questions", "Questions"),
    ("/team", "Team and keys"),
    ("/record", "Our record"),
];

/// A page that is about no case and needs no script.
pub fn page(visit: &Visit, title: &str, content: Markup) -> Page {
    Sheet::new(visit, title).content(content)
}

/// A page that is put together.
pub struct Sheet<'a> {
    visit: Option<&'a Visit>,
    title: &'a str,
    tlp: Option<domain::tlp::Tlp>,
    scripts: &'a [&'a str],
    refresh_seconds: Option<u32>,
}

impl<'a> Sheet<'a> {
    /// A page with a title, which is also its first heading.
    pub fn new(visit: &'a Visit, title: &'a str) -> Self {
        Self {
            visit: Some(visit),
            ..Self::bare(title)
        }
    }

    fn bare(title: &'a str) -> Self {
        Self {
            visit: None,
            title,
            tlp: None,
            scripts: &[],
            refresh_seconds: None,
        }
    }

    /// The label of what it shows, which stands at its top and on every printed page.
    #[must_use]
    pub fn tlp(self, tlp: domain::tlp::Tlp) -> Self {
        Self {
            tlp: Some(tlp),
            ..self
        }
    }

    /// Scripts of `assets/`, by name, beside the one that every page has.
    #[must_use]
    pub fn scripts(self, scripts: &'a [&'a str]) -> Self {
        Self { scripts, ..self }
    }

    /// Loads itself again after some seconds, as long as something is going on.
    #[must_use]
    pub fn refresh(self, seconds: Option<u32>) -> Self {
        Self {
            refresh_seconds: seconds,
            ..self
        }
    }

    /// The whole page.
    pub fn content(self, content: Markup) -> Page {
        let visit = self.visit;
        let program = visit
            .and_then(|visit| visit.state.program.name())
            .unwrap_or("headstart")
            .to_owned();
        let who = visit.and_then(|visit| visit.who.as_ref());
        let label = self.tlp.map(|tlp| tlp.to_string());
        Page(html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if let Some(seconds) = self.refresh_seconds { meta http-equiv="refresh" content=(seconds); }
                    title { (self.title) " · " (program) }
                    link rel="stylesheet" href=(path("style.css"));
                    link rel="icon" href=(path("icon.svg")) type="image/svg+xml";
                    script src=(path("page.js")) defer {}
                    @for script in self.scripts { script src=(path(script)) type="module" {} }
                }
                body {
                    a class="skip" href="#content" { "Skip to the content" }
                    header class="top" {
                        a class="program" href="/" { (program) }
                        @if let Some(who) = who { (navigation(visit, who)) }
                    }
                    @if let Some(label) = &label {
                        section class={ "tlp " (tlp_class(label)) } aria-label="Traffic light protocol" { (label) }
                    }
                    main id="content" tabindex="-1" {
                        h1 { (self.title) }
                        (content)
                    }
                    footer class="bottom" {
                        @if let Some(visit) = visit {
                            p {
                                "It is " (super::parts::when(visit.desk.now(), &visit.zone)) "."
                                @if visit.who.is_some() { " " a href="/settings/zone" { "Time zone" } }
                            }
                        }
                        @if let Some(label) = &label { p class="print-only" { (label) } }
                    }
                }
            }
        })
    }
}

fn navigation(visit: Option<&Visit>, who: &Who) -> Markup {
    html! {
        nav aria-label="Main" {
            ul {
                @for (href, name) in entries(who) {
                    li { a href=(href) aria-current=[is_here(visit, href).then_some("page")] { (name) } }
                }
            }
        }
        form class="who" method="post" action="/sign-out" {
            a class="name" href="/account" { (who.name()) }
            button type="submit" class="quiet" { "Sign out" }
        }
    }
}

/// The class of a label's colours.
pub fn tlp_class(label: &str) -> String {
    label.to_lowercase().replace([':', '+'], "-")
}

fn entries(who: &Who) -> &'static [(&'static str, &'static str)] {
    match who {
        Who::Person { .. } => DESK,
        Who::Seat { .. } => PORTAL,
    }
}

fn is_here(visit: Option<&Visit>, href: &str) -> bool {
    visit.is_some_and(|visit| {
        visit.path == href
            || visit
                .path
                .strip_prefix(href)
                .is_some_and(|rest| rest.starts_with('/'))
    })
}

/// A problem as a page.
pub fn problem_page(visit: Option<&Visit>, problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let title = match problem.status {
        404 => "Nothing here",
        401 | 403 => "Not allowed",
        413 | 415 | 422 => "Please check what you sent",
        429 => "Too fast",
        409 => "Not now",
        _ => "Something failed",
    };
    let content = html! {
        div class="notice bad" role="alert" {
            p { (super::parts::sentence(&problem.title)) }
            @if let Some(hint) = &problem.hint { p { (super::parts::sentence(hint)) } }
        }
        p { a href="/" { "To the first page" } }
        p class="fine" { "Code: " code { (problem.code) } }
    };
    let sheet = Sheet {
        visit,
        ..Sheet::bare(title)
    };
    let mut response = sheet.content(content).into_response();
    *response.status_mut() = status;
    response
}
