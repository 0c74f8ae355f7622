//! One sighting with its records, and the content by which sensors look.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::ids::{CaseId, SightingId};
use domain::person::Role;
use flow::detection::Form;
use maud::html;

use crate::extract::Path;
use crate::web::parts::{facts, size, when};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// Bytes of records that a page shows; the download has all.
const SHOWN_BYTES_MAX: usize = 64 << 10;

/// The forms of detection content: the word in the address, for people, and the file's ending.
pub const FORMS: [(&str, &str, &str, Form); 5] = [
    ("suricata", "Suricata", "rules", Form::Suricata),
    ("yara", "YARA", "yar", Form::Yara),
    ("sigma", "Sigma", "yml", Form::Sigma),
    ("kql", "KQL", "kql", Form::Kql),
    ("tokens", "headstart watch", "txt", Form::Tokens),
];

/// The page.
pub async fn show(
    visit: Visit,
    Path((case, sighting)): Path<(String, String)>,
) -> Result<Page, Problem> {
    let (case, sighting) = known(&case, &sighting)?;
    let key = visit.key()?;
    let records = visit.desk.sighting(&case, &sighting, &key).await?;
    let own = visit.state.case(&case).ok_or_else(Problem::nothing_here)?;
    let seen = own.sightings().iter().find(|own| own.sighting == sighting);
    let lines = records.iter().filter(|byte| **byte == b'\n').count();
    let shown = records.get(..SHOWN_BYTES_MAX).unwrap_or(&records);
    let content = html! {
        p { a href="/sightings" { "All sightings" } }
        (facts(&[
            ("Case", html! { a href={ "/cases/" (case) } { (case) } }),
            ("Recorded", html! { @if let Some(seen) = seen { (when(seen.at, &visit.zone)) } }),
            ("Records", html! { (lines) ", " (size(records.len() as u64)) }),
        ]))
        p class="buttons" {
            a class="button" href={ "/sightings/" (case) "/" (sighting) "/records" } { "Download the records" }
        }
        @if visit.has(Role::Investigator) {
            form method="post" action="/investigations" enctype="multipart/form-data" {
                input type="hidden" name="case" value=(case);
                input type="hidden" name="sighting" value=(sighting);
                button type="submit" class="primary" { "Trace whose copy it was" }
            }
        }
        h2 { "What was seen" }
        pre { (String::from_utf8_lossy(shown)) }
        @if shown.len() < records.len() { p class="fine" { "Only the first part; the download has all." } }
    };
    let title = format!("Sighting {sighting}");
    Ok(Sheet::new(&visit, &title).tlp(own.tlp()).content(content))
}

/// The records as a file.
pub async fn records(
    visit: Visit,
    Path((case, sighting)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (case, sighting) = known(&case, &sighting)?;
    let key = visit.key()?;
    let records = visit.desk.sighting(&case, &sighting, &key).await?;
    Ok(attached(&format!("{sighting}.log"), records))
}

/// The content by which sensors look for a case's copies.
pub async fn detection(
    visit: Visit,
    Path((case, form)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let case = CaseId::parse(&case).map_err(|_| Problem::nothing_here())?;
    let found = FORMS.iter().find(|(word, ..)| *word == form);
    let (_, _, ending, form) = *found.ok_or_else(Problem::nothing_here)?;
    let key = visit.key()?;
    let detection = visit.desk.detection(&case, &key).await?;
    if !detection.is_enough_for(form) {
        return Err(Problem::new(
            409,
            "nothing-to-detect",
            "the copies of this case have no value that says enough alone in this form",
        )
        .hint(
            "declare a nonce in the PoC or the traffic; YARA and the list combine weaker values",
        ));
    }
    // The name tells no case either.
    let name = format!("{}.{ending}", detection.reference);
    Ok(attached(&name, detection.render(form).into_bytes()))
}

fn known(case: &str, sighting: &str) -> Result<(CaseId, SightingId), Problem> {
    let case = CaseId::parse(case).map_err(|_| Problem::nothing_here())?;
    let sighting = SightingId::parse(sighting).map_err(|_| Problem::nothing_here())?;
    Ok((case, sighting))
}

fn attached(name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, bytes).into_response()
}
