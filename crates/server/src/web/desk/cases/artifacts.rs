//! The artifacts of a case: the list, masters uploaded as they are, and each master as it stands.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use desk::{DRAFT_BYTES_MAX, DraftText, Failure};
use domain::artifact::ArtifactKind;
use domain::case::Case;
use domain::ids::ArtifactId;
use domain::person::Role;
use maud::{Markup, html};
use serde::Deserialize;

use super::about::is_running;
use super::editor::{self, View};
use super::new::not_readable;
use super::{case_of, desk_of, tabs};
use crate::extract::{Form, Multipart, Path, Query};
use crate::web::parts::{Field, count, distance, empty, error_summary, sentence, table};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// The kinds, as a form offers them; the first says that the file's name tells it.
pub const KINDS: [(&str, &str); 6] = [
    ("", "As the file name says"),
    ("writeup", "Write-up"),
    ("poc", "Proof of concept"),
    ("rule", "Detection rule"),
    ("traffic", "Traffic"),
    ("indicators", "Indicators"),
];

/// A kind as people call it.
pub fn kind_name(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Writeup => "write-up",
        ArtifactKind::Poc => "proof of concept",
        ArtifactKind::Rule => "detection rule",
        ArtifactKind::Traffic => "traffic",
        ArtifactKind::Indicators => "indicators",
    }
}

/// Whether masters can still be written.
pub fn can_change(visit: &Visit, case: &Case) -> bool {
    visit.has(Role::Coordinator) && is_running(case) && !case.is_pressed()
}

/// The page.
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    draw(&visit, &case, &[], None).await
}

async fn draw(
    visit: &Visit,
    case: &Case,
    errors: &[(&str, String)],
    refused: Option<&Failure>,
) -> Result<Page, Problem> {
    let key = visit.key().ok();
    let names = match &key {
        Some(key) => visit.desk.file_names(case, key)?,
        None => Vec::new(),
    };
    let base = format!("/cases/{}", case.id());
    let rows: Vec<_> = case
        .artifacts()
        .iter()
        .enumerate()
        .map(|(index, artifact)| {
            let name = names.get(index);
            vec![
                html! { a href={ (base) "/artifacts/" (artifact.artifact) } {
                    (name.map_or("sealed", String::as_str))
                } },
                html! { (kind_name(artifact.kind)) },
                html! { (artifact.sites) },
                html! { (artifact.artifact) },
            ]
        })
        .collect();
    let can_change = can_change(visit, case);
    let content = html! {
        (tabs(visit, case))
        (error_summary(errors))
        @if let Some(failure) = refused { (told(failure)) }
        @if key.is_none() {
            div class="notice wait" { p { "The program key is locked, so names and texts stay sealed. " a href="/settings" { "Unlock it under Settings" } } }
        }
        @if case.is_pressed() { p { "Copies were pressed, so the artifacts are frozen." } }
        @if rows.is_empty() {
            (empty("No artifact yet.", html! { p { "Write one with its marks, or upload masters that have them." } }))
        } @else {
            (table(&count(rows.len(), "artifact"), &["File", "Kind", "Marks", "Id"], &rows))
        }
        @if let (Some(key), true) = (&key, can_change) { (drafts(visit, case, key).await?) }
        @if can_change { (ways(case, errors)) }
    };
    let title = format!("Artifacts of {}", case.id());
    Ok(Sheet::new(visit, &title).tlp(case.tlp()).content(content))
}

/// What is wrong with the files, as a compiler says it.
fn told(failure: &Failure) -> Markup {
    html! {
        div class="notice bad" role="alert" tabindex="-1" {
            h2 { "Nothing was added" }
            pre { (failure.message) }
            @if let Some(hint) = &failure.hint { p { (sentence(hint)) } }
        }
    }
}

async fn drafts(visit: &Visit, case: &Case, key: &seal::ProgramKey) -> Result<Markup, Problem> {
    let drafts = visit.desk.drafts(case.id(), key).await?;
    let now = jiff::Timestamp::now();
    let rows: Vec<_> = drafts
        .iter()
        .map(|draft| {
            vec![
                html! { a href={ "/cases/" (case.id()) "/drafts/" (draft.id) } { (draft.text.file_name) } },
                html! { (kind_name(draft.text.kind)) },
                html! { @match &draft.text.replaces { Some(artifact) => { "replaces " (artifact) }, None => "new" } },
                html! { (super::history::who(&draft.by)) ", " (distance(now, draft.changed_at)) },
            ]
        })
        .collect();
    Ok(html! {
        @if !rows.is_empty() {
            (table("Drafts: not in the case yet", &["File", "Kind", "For", "Changed by"], &rows))
        }
    })
}

/// The two ways to a new artifact.
fn ways(case: &Case, errors: &[(&str, String)]) -> Markup {
    let of = |name: &str| {
        let found = errors.iter().find(|(field, _)| *field == name);
        found.map(|(_, error)| error.as_str())
    };
    html! {
        div class="columns" {
            section aria-labelledby="write" {
                h2 id="write" { "Write one" }
                p { "The mark editor suggests places that could differ from copy to copy, shows two copies side by side, and says what the marks prove." }
                p class="buttons" { a class="button primary" href={ "/cases/" (case.id()) "/artifacts/new" } { "New draft" } }
            }
            section aria-labelledby="upload" {
                h2 id="upload" { "Upload masters" }
                form method="post" action={ "/cases/" (case.id()) "/artifacts" } enctype="multipart/form-data" {
                    (Field::new("files", "Files").hint("With their marks; they are added as they are, all or none.").error(of("files")).file(true, true))
                    (Field::new("kind", "Kind").choice(&KINDS, ""))
                    p class="buttons" { button type="submit" { "Add to the case" } }
                }
            }
        }
    }
}

/// Files of a form, and its other fields.
pub struct Upload {
    /// Names and bytes.
    pub files: Vec<(String, Vec<u8>)>,
    fields: Vec<(String, String)>,
}

impl Upload {
    /// Reads a form whole.
    ///
    /// # Errors
    /// A form that broke off, or was too large.
    pub async fn read(mut form: Multipart) -> Result<Self, Problem> {
        let mut upload = Self {
            files: Vec::new(),
            fields: Vec::new(),
        };
        while let Some(field) = form.next_field().await.map_err(not_readable)? {
            let name = field.name().unwrap_or_default().to_owned();
            match field.file_name().map(str::to_owned) {
                Some(file) => {
                    let bytes = field.bytes().await.map_err(not_readable)?;
                    // A file field that nobody filled is sent with an empty name.
                    if !file.is_empty() {
                        upload.files.push((file, bytes.to_vec()));
                    }
                }
                None => {
                    let text = field.text().await.map_err(not_readable)?;
                    upload.fields.push((name, text));
                }
            }
        }
        Ok(upload)
    }

    /// A field; nothing when it was not sent.
    pub fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, text)| text.as_str())
    }
}

/// The kind that was chosen, or that the file's name tells.
///
/// # Errors
/// One line for the form.
pub fn kind(chosen: &str, file_name: &str) -> Result<ArtifactKind, String> {
    ArtifactKind::parse(chosen)
        .or_else(|| desk::kind_of(file_name))
        .ok_or_else(|| format!("choose a kind: the name `{file_name}` does not tell it"))
}

/// Adds masters as they are.
pub async fn upload(
    visit: Visit,
    Path(id): Path<String>,
    form: Multipart,
) -> Result<Response, Problem> {
    let case = case_of(&visit, &id)?;
    let upload = Upload::read(form).await?;
    let chosen = upload.field("kind").to_owned();
    let mut masters = Vec::new();
    for (name, bytes) in upload.files {
        match kind(&chosen, &name) {
            Ok(kind) => masters.push((name, kind, bytes)),
            Err(error) => {
                let page = draw(&visit, &case, &[("files", error)], None).await?;
                return Ok(page.into_response());
            }
        }
    }
    if masters.is_empty() {
        let error = ("files", "choose at least one file".to_owned());
        return Ok(draw(&visit, &case, &[error], None).await?.into_response());
    }
    let added = desk_of(&visit)?.add_artifacts(case.id(), &masters).await;
    if let Err(failure) = &added
        && matches!(failure.code.as_str(), "marks" | "lint")
    {
        let page = draw(&visit, &case, &[], Some(failure)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    added?;
    Ok(Redirect::to(&format!("/cases/{}/artifacts", case.id())).into_response())
}

/// Which view.
#[derive(Deserialize)]
pub struct Asked {
    /// Its word.
    pub view: Option<String>,
    /// The kind of suggestions.
    pub class: Option<String>,
}

/// One artifact as it stands in the case.
pub async fn master(
    visit: Visit,
    Path((id, artifact)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    let artifact = artifact_of(&case, &artifact)?;
    let key = visit.key()?;
    let (file_name, bytes) = visit.desk.master(&case, &artifact.artifact, &key).await?;
    let path = format!("/cases/{}/artifacts/{}", case.id(), artifact.artifact);
    let Ok(source) = String::from_utf8(bytes) else {
        let content = html! {
            (tabs(&visit, &case))
            p { "This master is no text: it has " (count(artifact.sites as usize, "mark")) ", and is not shown here." }
        };
        return Ok(Sheet::new(&visit, &file_name)
            .tlp(case.tlp())
            .content(content));
    };
    let text = DraftText {
        file_name,
        kind: artifact.kind,
        source,
        replaces: Some(artifact.artifact.clone()),
    };
    let can_edit = can_change(&visit, &case) && text.source.len() <= DRAFT_BYTES_MAX;
    let head = html! {
        (tabs(&visit, &case))
        @if can_edit {
            form method="post" action={ (path) "/edit" } {
                p class="buttons" { button type="submit" { "Edit in a draft" } }
            }
        }
    };
    let view = View::of_stored(asked.view.as_deref());
    editor::stored(&visit, &case, &text, &path, view, head).await
}

pub(crate) fn artifact_of<'a>(
    case: &'a Case,
    id: &str,
) -> Result<&'a domain::artifact::Artifact, Problem> {
    let id = ArtifactId::parse(id).ok();
    let found = id.and_then(|id| case.artifacts().iter().find(|one| one.artifact == id));
    found.ok_or_else(|| {
        Problem::new(404, "unknown-artifact", "the case has no such artifact")
            .hint("the case's page lists its artifacts")
    })
}

/// Copies an artifact into a draft that takes its place.
pub async fn edit(
    visit: Visit,
    Path((id, artifact)): Path<(String, String)>,
) -> Result<Redirect, Problem> {
    let case = case_of(&visit, &id)?;
    let draft = draft_of(&visit, &case, &artifact).await?;
    Ok(Redirect::to(&format!(
        "/cases/{}/drafts/{draft}",
        case.id()
    )))
}

/// The draft that takes an artifact's place, which is begun where there is none.
///
/// # Errors
/// An unknown artifact, or one that is no text.
pub(crate) async fn draft_of(
    visit: &Visit,
    case: &Case,
    artifact: &str,
) -> Result<String, Problem> {
    let artifact = artifact_of(case, artifact)?;
    let key = visit.key()?;
    let drafts = visit.desk.drafts(case.id(), &key).await?;
    let known = drafts
        .into_iter()
        .find(|draft| draft.text.replaces.as_ref() == Some(&artifact.artifact));
    if let Some(draft) = known {
        return Ok(draft.id);
    }
    let (file_name, bytes) = visit.desk.master(case, &artifact.artifact, &key).await?;
    let source = String::from_utf8(bytes)
        .map_err(|_| Problem::input("not-text", "this master is no text"))?;
    let text = DraftText {
        file_name,
        kind: artifact.kind,
        source,
        replaces: Some(artifact.artifact.clone()),
    };
    Ok(desk_of(visit)?.begin_draft(case.id(), &text).await?)
}

/// A draft's address.
pub type DraftPath = Path<(String, String)>;

/// Adds a draft to its case.
pub async fn add(visit: Visit, Path((id, draft)): DraftPath) -> Result<Redirect, Problem> {
    let case = case_of(&visit, &id)?;
    let draft = visit.desk.draft(case.id(), &draft, &*visit.key()?).await?;
    desk_of(&visit)?.add_draft(case.id(), &draft).await?;
    Ok(Redirect::to(&format!("/cases/{}/artifacts", case.id())))
}

/// What the button to drop a draft sends.
#[derive(Deserialize)]
pub struct Drop {
    sure: Option<String>,
}

/// Forgets a draft.
pub async fn drop(
    visit: Visit,
    Path((id, draft)): DraftPath,
    Form(sent): Form<Drop>,
) -> Result<Redirect, Problem> {
    let case = case_of(&visit, &id)?;
    if sent.sure.is_none() {
        return Err(Problem::input("not-sure", "tick the box to drop the draft"));
    }
    let draft = visit.desk.draft(case.id(), &draft, &*visit.key()?).await?;
    visit.desk.drop_draft(&draft.id).await?;
    Ok(Redirect::to(&format!("/cases/{}/artifacts", case.id())))
}
