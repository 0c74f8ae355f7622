//! A new case: from an advisory's file, or by hand with both times shown before it begins.

use axum::response::{IntoResponse, Redirect, Response};
use domain::advisory::CaseDetails;
use domain::tlp::Tlp;
use maud::{Markup, html};
use serde::Deserialize;

use super::{desk_of, moment};
use crate::extract::{Form, Multipart};
use crate::web::parts::{CheckAnswers, Field, error_summary, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// Longest title that is given by hand, in characters.
pub const TITLE_CHARS_MAX: usize = 500;

/// What the form sends.
#[derive(Deserialize, Default)]
pub struct New {
    title: String,
    tlp: String,
    #[serde(default)]
    release: String,
    #[serde(default)]
    release_zone: String,
    #[serde(default)]
    confirmed: Option<String>,
}

/// The form.
pub async fn ask(visit: Visit) -> Result<Page, Problem> {
    let new = New {
        tlp: Tlp::UNDER_EMBARGO.as_str().to_owned(),
        ..New::default()
    };
    Ok(form(&visit, &new, &[]))
}

fn form(visit: &Visit, new: &New, errors: &[(&str, String)]) -> Page {
    let of = |name: &str| {
        let found = errors.iter().find(|(field, _)| *field == name);
        found.map(|(_, error)| error.as_str())
    };
    let content = html! {
        (error_summary(errors))
        div class="columns" {
            section aria-labelledby="import" {
                h2 id="import" { "From an advisory" }
                p { "Title, products, scores and, when it is still to come, the release are read from the document." }
                form method="post" action="/cases/import" enctype="multipart/form-data" {
                    (Field::new("advisory", "Advisory").hint("CSAF 2.0 or CVE 5.x, a JSON file.").file(true, false))
                    p class="buttons" { button type="submit" class="primary" { "Import" } }
                }
            }
            section aria-labelledby="by-hand" {
                h2 id="by-hand" { "By hand" }
                form method="post" action="/cases/new" novalidate {
                    (Field::new("title", "Title").hint("It is sealed; partners read it once their wave opens.")
                        .error(of("title")).text(&new.title))
                    (label_field(&new.tlp, of("tlp")))
                    (moment::field(visit, "release", "Release", (&new.release, &new.release_zone), of("release"), false))
                    p class="buttons" { button type="submit" class="primary" { "Continue" } }
                }
            }
        }
    };
    page(visit, "New case", content)
}

/// The choice of a label.
pub fn label_field(chosen: &str, error: Option<&str>) -> Markup {
    let names: Vec<(String, String)> = Tlp::ALL
        .iter()
        .map(|label| (label.as_str().to_owned(), label.to_string()))
        .collect();
    let options: Vec<(&str, &str)> = names
        .iter()
        .map(|(value, words)| (value.as_str(), words.as_str()))
        .collect();
    Field::new("tlp", "Label")
        .hint("How far recipients may share it. Under embargo, AMBER+STRICT or RED.")
        .error(error)
        .choice(&options, chosen)
}

/// A title as it is kept.
///
/// # Errors
/// One line for the form.
pub fn checked_title(text: &str) -> Result<String, String> {
    let title = text.trim();
    let fits = !title.is_empty()
        && title.chars().count() <= TITLE_CHARS_MAX
        && !title.chars().any(char::is_control);
    match fits {
        true => Ok(title.to_owned()),
        false => Err(format!(
            "a title has 1 to {TITLE_CHARS_MAX} characters on one line"
        )),
    }
}

/// Shows both times, and begins the case once they were seen.
pub async fn create(visit: Visit, Form(new): Form<New>) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let title = checked_title(&new.title).map_err(|error| errors.push(("title", error)));
    let tlp = Tlp::parse(&new.tlp).map_err(|error| errors.push(("tlp", error.to_string())));
    let release = match new.release.trim() {
        "" => Ok(None),
        local => moment::read(local, &new.release_zone).map(Some),
    };
    let release = release
        .and_then(|release| match release {
            Some(at) if at <= visit.desk.now() => {
                Err("the release must be still to come".to_owned())
            }
            release => Ok(release),
        })
        .map_err(|error| errors.push(("release", error)));
    let (Ok(title), Ok(tlp), Ok(release)) = (title, tlp, release) else {
        return Ok(form(&visit, &new, &errors).into_response());
    };
    if new.confirmed.is_none() {
        return Ok(check(&visit, &new, &title, tlp, release).into_response());
    }
    let details = CaseDetails {
        title,
        tlp: Some(tlp),
        release,
        ..CaseDetails::default()
    };
    let case = desk_of(&visit)?.create_case(&details, tlp, release).await?;
    Ok(Redirect::to(&format!("/cases/{case}")).into_response())
}

fn check(
    visit: &Visit,
    new: &New,
    title: &str,
    tlp: Tlp,
    release: Option<jiff::Timestamp>,
) -> Page {
    let release = html! { @match release {
        Some(at) => (when(at, &visit.zone)),
        None => "not set yet: nothing opens before it is",
    } };
    let content = CheckAnswers {
        action: "/cases/new",
        consequence: "The case begins, and its secret is committed to the log. Nothing is given to anybody yet.",
        rows: &[
            ("Title", html! { (title) }),
            ("Label", html! { (tlp) }),
            ("Release", release),
        ],
        hidden: &[
            ("title", title.to_owned()),
            ("tlp", tlp.as_str().to_owned()),
            ("release", new.release.clone()),
            ("release_zone", new.release_zone.clone()),
            ("confirmed", "yes".to_owned()),
        ],
        fields: html! {},
        button: "Begin the case",
        back: "/cases/new",
    };
    page(visit, "Check the new case", content.draw())
}

/// Begins a case from an advisory.
pub async fn import(visit: Visit, mut form: Multipart) -> Result<Redirect, Problem> {
    let mut advisory = None;
    while let Some(field) = form.next_field().await.map_err(not_readable)? {
        if field.name() == Some("advisory") {
            advisory = Some(field.bytes().await.map_err(not_readable)?);
        }
    }
    let bytes = advisory
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| Problem::input("no-file", "no advisory was chosen"))?;
    let (case, _, _) = desk_of(&visit)?.import_case(&bytes, None).await?;
    Ok(Redirect::to(&format!("/cases/{case}")))
}

/// A form with files that broke off, or was too large.
pub fn not_readable(error: axum::extract::multipart::MultipartError) -> Problem {
    Problem::new(
        error.status().as_u16(),
        "upload",
        "the files could not be read",
    )
    .hint(error.body_text())
}
