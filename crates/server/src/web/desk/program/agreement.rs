//! A new version of the agreement: everything closes for partners until they accept it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::ids::AgreementVersion;
use domain::partner::Status;
use domain::program::ProgramCommand;
use domain::sealed::Digest;
use maud::html;

use super::form::{Fields, field, sent};
use crate::extract::Multipart;
use crate::web::parts::{Field, count, error_summary};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// The form.
pub async fn show(visit: Visit) -> Page {
    asked(&visit, "", None)
}

/// Shows what would close, and publishes when that was confirmed.
pub async fn publish(visit: Visit, form: Multipart) -> Result<Response, Problem> {
    let sent = sent(form).await?;
    let given = field(&sent.fields, "version");
    let version = match AgreementVersion::parse(given) {
        Ok(version) => version,
        Err(error) => return Ok(refused(&visit, given, error.to_string())),
    };
    let is_known = visit
        .state
        .program
        .agreements()
        .iter()
        .any(|known| known.version == version);
    if is_known {
        let error = format!("the version `{version}` was published already");
        return Ok(refused(&visit, given, error));
    }
    let text = sent.files.first().map(|file| Digest::of(&file.bytes));
    let confirmed = field(&sent.fields, "confirmed");
    if confirmed.is_empty() {
        let Some(text) = text else {
            let error = "choose the file with its text".to_owned();
            return Ok(refused(&visit, given, error));
        };
        return Ok(confirm(&visit, &version, &text).into_response());
    }
    let text = Digest::parse(confirmed)
        .ok_or_else(|| Problem::input("digest", "the digest of the text is none"))?;
    let command = ProgramCommand::PublishAgreement {
        version,
        text: Some(text),
    };
    visit.desk.decide(command, &visit.actor()?).await?;
    Ok(Redirect::to("/settings").into_response())
}

fn refused(visit: &Visit, given: &str, error: String) -> Response {
    let page = asked(visit, given, Some(error));
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

fn asked(visit: &Visit, version: &str, error: Option<String>) -> Page {
    let errors: Vec<(&str, String)> = error.iter().map(|e| ("version", e.clone())).collect();
    let content = html! {
        (error_summary(&errors))
        form method="post" enctype="multipart/form-data" {
            (Field::new("version", "Name of the version")
                .hint("Such as 2 or 2026-07: small letters, digits, dots, dashes.")
                .error(error.as_deref()).text(version))
            (Field::new("text", "Its text")
                .hint("The program keeps the SHA-256 of this file, so that nobody can change later what was accepted.")
                .file(true, false))
            p class="buttons" {
                button type="submit" class="primary" { "Go on" }
                a href="/settings" { "Back, change nothing" }
            }
        }
    };
    page(visit, "Publish a version of the agreement", content)
}

fn confirm(visit: &Visit, version: &AgreementVersion, text: &Digest) -> Page {
    let active = visit
        .state
        .program
        .partners()
        .filter(|partner| partner.status() == Status::Active)
        .count();
    let consequence = format!(
        "{} get nothing until they accept this version. It cannot be recalled; a later version can replace it.",
        count(active, "active partner")
    );
    let fields: Fields = [("version".to_owned(), version.to_string())].into();
    let content = html! {
        div class="notice wait" role="note" { p { (consequence) } }
        (crate::web::parts::facts(&[
            ("Version", html! { (version) }),
            ("SHA-256 of its text", html! { code { (text) } }),
        ]))
        form method="post" enctype="multipart/form-data" {
            @for (name, value) in &fields { input type="hidden" name=(name) value=(value); }
            input type="hidden" name="confirmed" value=(text);
            p class="buttons" {
                button type="submit" class="danger" { "Publish" }
                a href="/settings/agreement" { "Back, change nothing" }
            }
        }
    };
    page(visit, "Check: a new agreement", content)
}
