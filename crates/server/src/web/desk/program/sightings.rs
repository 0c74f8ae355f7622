//! Sightings: what was seen outside of any case, a new one, and what sensors can look for.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::case::Sighted;
use domain::ids::CaseId;
use domain::person::Role;
use maud::{Markup, html};

use super::form::{Fields, Sent, field, sent};
use super::sighting::FORMS;
use crate::extract::Multipart;
use crate::web::parts::{Field, count, empty, error_summary, table, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// The list.
pub async fn list(visit: Visit) -> Page {
    let mut seen: Vec<(&CaseId, &Sighted)> = visit
        .state
        .cases
        .values()
        .flat_map(|case| case.sightings().iter().map(|own| (case.id(), own)))
        .collect();
    seen.sort_by_key(|(_, own)| std::cmp::Reverse(own.at));
    let rows: Vec<_> = seen
        .iter()
        .map(|(case, own)| {
            vec![
                html! { a href={ "/sightings/" (case) "/" (own.sighting) } { (own.sighting) } },
                html! { a href={ "/cases/" (case) } { (case) } },
                html! { (when(own.at, &visit.zone)) },
            ]
        })
        .collect();
    let may = visit.has(Role::Coordinator) || visit.has(Role::Investigator);
    let begin = html! { @if may { a class="button primary" href="/sightings/new" { "Look through a log or a feed" } } };
    let content = html! {
        @if rows.is_empty() {
            (empty("Nothing of any case was seen outside yet.", begin))
        } @else {
            p { (begin) }
            (table("Newest first", &["Sighting", "Case", "Recorded"], &rows))
        }
        h2 { "For sensors" }
        (detection(&visit, may))
    };
    page(&visit, "Sightings", content)
}

/// Detection content of every pressed case.
fn detection(visit: &Visit, may: bool) -> Markup {
    let rows: Vec<_> = visit
        .state
        .cases
        .values()
        .filter(|case| case.is_pressed())
        .map(|case| {
            vec![
                html! { (case.id()) },
                html! { (case.stage()) },
                html! {
                    @for (name, words, ..) in FORMS {
                        a class="choice" href={ "/detection/" (case.id()) "/" (name) } { (words) } " "
                    }
                },
            ]
        })
        .collect();
    html! {
        p {
            "The values that only copies of a case hold, as rules. They name no partner, no case and no product: who sees "
            "them learns that certain values matter, and nothing else."
        }
        @if rows.is_empty() {
            (empty("No case was pressed yet, so there is nothing to look for.", html! { a href="/cases" { "To the cases" } }))
        } @else if may {
            (table("Downloads", &["Case", "Stage", "As"], &rows))
        } @else {
            p class="fine" { "A coordinator or an investigator downloads them." }
        }
    }
}

/// The form.
pub async fn ask(visit: Visit) -> Result<Page, Problem> {
    visit.key()?;
    Ok(asked(&visit, &Fields::new(), None, None))
}

/// Looks through what was handed in, and records what was seen, case by case.
pub async fn record(visit: Visit, form: Multipart) -> Result<Response, Problem> {
    let key = visit.key()?;
    let by = visit.actor()?;
    let sent = sent(form).await?;
    let feed = feed(&sent);
    let refused = |name: &'static str, error: &str| {
        let page = asked(&visit, &sent.fields, Some((name, error)), None);
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    };
    if feed.is_empty() {
        return Ok(refused("text", "paste the lines, or choose the log's file"));
    }
    let case = match field(&sent.fields, "case") {
        "" => None,
        given => match CaseId::parse(given) {
            Ok(case) => Some(case),
            Err(error) => return Ok(refused("case", &error.to_string())),
        },
    };
    let size = feed.len();
    let seen = match visit.desk.look(&key, feed, case.as_ref()).await {
        Ok(seen) => seen,
        Err(failure) if failure.code == "no-embargo" => {
            return Ok(refused(
                "case",
                "no case is under embargo now: name the case to look for",
            ));
        }
        Err(failure) => return Err(failure.into()),
    };
    let mut last = None;
    for own in &seen {
        let sighted = visit.desk.sight_as(&own.case, &own.kept, &by).await?;
        last = Some(format!("/sightings/{}/{}", own.case, sighted.sighting));
    }
    Ok(match (last, seen.len()) {
        (Some(one), 1) => Redirect::to(&one).into_response(),
        (Some(_), _) => Redirect::to("/sightings").into_response(),
        (None, _) => asked(&visit, &Fields::new(), None, Some(size)).into_response(),
    })
}

fn feed(sent: &Sent) -> Vec<u8> {
    let text = sent.fields.get("text").map_or("", String::as_str);
    let mut feed = text.replace("\r\n", "\n").into_bytes();
    for file in &sent.files {
        if !feed.is_empty() {
            feed.push(b'\n');
        }
        feed.extend_from_slice(&file.bytes);
    }
    match feed.iter().all(u8::is_ascii_whitespace) {
        true => Vec::new(),
        false => feed,
    }
}

/// `looked`: bytes of a feed in which nothing was seen.
fn asked(
    visit: &Visit,
    fields: &Fields,
    error: Option<(&str, &str)>,
    looked: Option<usize>,
) -> Page {
    let errors: Vec<(&str, String)> = error
        .iter()
        .map(|(name, error)| (*name, (*error).to_owned()))
        .collect();
    let of = |name: &str| {
        error
            .filter(|(known, _)| *known == name)
            .map(|(_, error)| error)
    };
    let pressed: Vec<String> = visit
        .state
        .cases
        .values()
        .filter(|case| case.is_pressed())
        .map(|case| case.id().to_string())
        .collect();
    let mut options = vec![("", "Every case under embargo")];
    options.extend(pressed.iter().map(|id| (id.as_str(), id.as_str())));
    let content = html! {
        (error_summary(&errors))
        @if let Some(bytes) = looked {
            div class="notice" role="status" {
                p {
                    "Nothing was seen in " (count(bytes, "byte")) ". That says nothing of what is not in this log: prose, "
                    "and values that were changed, are found by tracing."
                }
            }
        }
        p {
            "Records of a sensor, a proxy, a web server, a sandbox. A record counts when it shows a value that only copies "
            "hold, or two weaker ones. What was seen is sealed to the program key and recorded with the case."
        }
        form method="post" action="/sightings" enctype="multipart/form-data" {
            (Field::new("text", "Paste lines").error(of("text")).area(field(fields, "text"), 8))
            (Field::new("file", "Or choose a log or a feed").hint("40 MiB at once; for more there is headstart watch.").file(false, true))
            (Field::new("case", "Of").error(of("case")).choice(&options, field(fields, "case")))
            p class="buttons" {
                button type="submit" class="primary" { "Look" }
                a href="/sightings" { "Back" }
            }
        }
    };
    page(visit, "Look through a log", content)
}
