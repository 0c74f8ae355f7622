//! A new draft: a text or a file, opened in the editor.

use axum::response::{IntoResponse, Redirect, Response};
use desk::{DRAFT_BYTES_MAX, DraftText};
use domain::case::Case;
use maud::html;

use super::artifacts::{KINDS, Upload, kind};
use super::{case_of, desk_of, tabs};
use crate::extract::{Multipart, Path};
use crate::web::parts::{Field, error_summary, size};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// What the form of a new draft sends, again after an error.
#[derive(Default)]
struct New {
    file_name: String,
    kind: String,
    source: String,
}

/// The form of a new draft.
pub async fn ask(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    Ok(new_form(&visit, &case, &New::default(), &[]))
}

fn new_form(visit: &Visit, case: &Case, new: &New, errors: &[(&str, String)]) -> Page {
    let of = |name: &str| {
        let found = errors.iter().find(|(field, _)| *field == name);
        found.map(|(_, error)| error.as_str())
    };
    let content = html! {
        (tabs(visit, case))
        (error_summary(errors))
        p { "A draft is sealed and is no part of the case until you add it." }
        form method="post" action={ "/cases/" (case.id()) "/artifacts/new" } enctype="multipart/form-data" {
            (Field::new("file_name", "File name").hint("Its ending says what it is: write-up.md, poc.py, larkspur.rules. Partners get it under this name.")
                .error(of("file_name")).text(&new.file_name))
            (Field::new("kind", "Kind").error(of("kind")).choice(&KINDS, &new.kind))
            (Field::new("source", "Text").hint("Marks can wait: the editor suggests them.").error(of("source")).area(&new.source, 14))
            (Field::new("file", "Or a file").hint("Instead of the text above.").file(false, false))
            p class="buttons" {
                button type="submit" class="primary" { "Open in the editor" }
                a href={ "/cases/" (case.id()) "/artifacts" } { "Back" }
            }
        }
    };
    let title = format!("New artifact of {}", case.id());
    Sheet::new(visit, &title).tlp(case.tlp()).content(content)
}

/// Begins a draft.
pub async fn create(
    visit: Visit,
    Path(id): Path<String>,
    form: Multipart,
) -> Result<Response, Problem> {
    let case = case_of(&visit, &id)?;
    let upload = Upload::read(form).await?;
    let mut errors = Vec::new();
    let mut new = New {
        file_name: upload.field("file_name").trim().to_owned(),
        kind: upload.field("kind").to_owned(),
        source: upload.field("source").replace("\r\n", "\n"),
    };
    if let Some((name, bytes)) = upload.files.into_iter().next() {
        if new.file_name.is_empty() {
            new.file_name = name;
        }
        match String::from_utf8(bytes) {
            Ok(text) => new.source = text,
            Err(_) => errors.push((
                "source",
                "the file is not text; upload it as it is".to_owned(),
            )),
        }
    }
    let kind = kind(&new.kind, &new.file_name).map_err(|error| errors.push(("kind", error)));
    if new.file_name.is_empty() {
        errors.push(("file_name", "give it a name".to_owned()));
    }
    if new.source.is_empty() && errors.is_empty() {
        errors.push(("source", "write a text, or choose a file".to_owned()));
    }
    if new.source.len() > DRAFT_BYTES_MAX {
        let most = size(DRAFT_BYTES_MAX as u64);
        errors.push((
            "source",
            format!("the editor takes {most} at most; upload it as it is"),
        ));
    }
    let (Ok(kind), true) = (kind, errors.is_empty()) else {
        return Ok(new_form(&visit, &case, &new, &errors).into_response());
    };
    let text = DraftText {
        file_name: new.file_name,
        kind,
        source: new.source,
        replaces: None,
    };
    let draft = desk_of(&visit)?.begin_draft(case.id(), &text).await?;
    Ok(Redirect::to(&format!("/cases/{}/drafts/{draft}", case.id())).into_response())
}
