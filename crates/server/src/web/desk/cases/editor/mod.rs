//! The mark editor: one master from five sides. The source with its marks is the single truth; every other view is
//! made from it here, on the server.

mod copies;
mod decide;
mod findings;
mod reading;
mod strength;
mod suggestions;

pub(crate) use decide::{Decided, decided, saved};
pub use decide::{decide, save};
pub(crate) use findings::{Looked, Told};
pub(crate) use suggestions::{found, wanted};

use carriers::Master;
use desk::{Draft, DraftText};
use domain::case::Case;
use maud::{Markup, html};
use sha2::{Digest as _, Sha256};

use super::artifacts::{Asked, DraftPath, kind_name};
use super::{case_of, tabs};
use crate::extract::{Path, Query};
use crate::web::parts::{count, facts, size};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// One side of a master.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The text with its marks underlined.
    Read,
    /// The source in a field.
    Source,
    /// What could be marked.
    Suggest,
    /// Two random copies.
    Copies,
    /// What the marks prove.
    Strength,
}

impl View {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Read, "read", "Read"),
        (Self::Source, "source", "Source"),
        (Self::Suggest, "suggest", "Suggestions"),
        (Self::Copies, "copies", "Two copies"),
        (Self::Strength, "strength", "What it proves"),
    ];

    fn of(word: Option<&str>) -> Self {
        let found = Self::ALL.iter().find(|(_, known, _)| Some(*known) == word);
        found.map_or(Self::Read, |(view, ..)| *view)
    }

    /// A view of what stands in the case: there is nothing to write or to decide.
    pub fn of_stored(word: Option<&str>) -> Self {
        match Self::of(word) {
            Self::Source | Self::Suggest => Self::Read,
            view => view,
        }
    }
}

/// The views as tabs.
fn views(path: &str, here: View, all: bool) -> Markup {
    let shown = View::ALL
        .iter()
        .filter(move |(view, ..)| all || !matches!(view, View::Source | View::Suggest));
    html! {
        nav aria-label="Views of the master" {
            ul class="tabs" {
                @for (view, word, name) in shown {
                    li { a href={ (path) "?view=" (word) } aria-current=[(*view == here).then_some("page")] { (name) } }
                }
            }
        }
    }
}

/// A mark of what a source says, by which a form knows whether somebody saved in between.
pub(crate) fn base_of(source: &str) -> String {
    let digest = Sha256::digest(source.as_bytes());
    digest.iter().take(8).map(|b| format!("{b:02x}")).collect()
}

/// Parses and lints apart from the requests of others.
pub(crate) async fn looked(text: &DraftText) -> Result<Looked, Problem> {
    let text = text.clone();
    let work = tokio::task::spawn_blocking(move || Looked::at(&text.file_name, &text.source));
    work.await
        .map_err(|_| Problem::machine("the lint broke off"))
}

/// A draft.
pub async fn show(
    visit: Visit,
    Path((id, draft)): DraftPath,
    Query(asked): Query<Asked>,
) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    let draft = visit.desk.draft(case.id(), &draft, &*visit.key()?).await?;
    let view = View::of(asked.view.as_deref());
    let path = format!("/cases/{}/drafts/{}", case.id(), draft.id);
    let looked = looked(&draft.text).await?;
    let body = match (view, &looked) {
        (View::Source, _) => source(&path, &draft),
        (_, Looked::Wrong { .. }) => html! {
            p { "Some marks are wrong, so there is nothing else to show. "
                a href={ (path) "?view=source" } { "Repair them in the source" } "." }
        },
        (View::Suggest, _) => suggestions::draw(&path, &draft.text, &asked).await?,
        (_, Looked::Read { master, .. }) => side(&visit, &case, &draft.text, master, view).await?,
    };
    let content = html! {
        (tabs(&visit, &case))
        (head(&case, &draft, &looked))
        (views(&path, view, true))
        (looked.draw(&path, &draft.text.source))
        (body)
        (end(&path, &draft, &looked))
    };
    let title = format!("Draft of {}", draft.text.file_name);
    let sheet = Sheet::new(&visit, &title)
        .tlp(case.tlp())
        .scripts(&["editor.js"]);
    Ok(sheet.content(content))
}

/// An artifact as it stands in the case.
pub async fn stored(
    visit: &Visit,
    case: &Case,
    text: &DraftText,
    path: &str,
    view: View,
    head: Markup,
) -> Result<Page, Problem> {
    let looked = looked(text).await?;
    let body = match &looked {
        Looked::Read { master, .. } => side(visit, case, text, master, view).await?,
        Looked::Wrong { .. } => html! { p { "The marks of this master cannot be read any more." } },
    };
    let content = html! {
        (head)
        (views(path, view, false))
        (looked.draw(path, &text.source))
        (body)
    };
    Ok(Sheet::new(visit, &text.file_name)
        .tlp(case.tlp())
        .content(content))
}

/// The views that drafts and artifacts share.
async fn side(
    visit: &Visit,
    case: &Case,
    text: &DraftText,
    master: &Master,
    view: View,
) -> Result<Markup, Problem> {
    match view {
        View::Copies => copies::draw(master),
        View::Strength => strength::draw(visit, case, text, master).await,
        View::Read | View::Source | View::Suggest => Ok(reading::draw(master, &text.source)),
    }
}

fn head(case: &Case, draft: &Draft, looked: &Looked) -> Markup {
    let marks = match looked {
        Looked::Read { master, .. } => count(master.sites().len(), "mark"),
        Looked::Wrong { .. } => "not readable yet".to_owned(),
    };
    let place = match &draft.text.replaces {
        Some(artifact) => format!("takes the place of {artifact} in {}", case.id()),
        None => format!("new, not in {} yet", case.id()),
    };
    facts(&[
        ("Draft", html! { (place) }),
        (
            "Kind",
            html! { (kind_name(draft.text.kind)) ", " (size(draft.text.source.len() as u64)) },
        ),
        ("Marks", html! { (marks) }),
    ])
}

fn source(path: &str, draft: &Draft) -> Markup {
    html! {
        form method="post" action=(path) {
            input type="hidden" name="base" value=(base_of(&draft.text.source));
            div class="field whole" {
                label for="source" { "Source" }
                p class="hint" id="source-hint" {
                    "A mark is " code { "{~one wording|another~}" } ". Line and column of the findings are those of this text."
                }
                // The first line break after the tag belongs to HTML, not to the text.
                textarea id="source" name="source" rows="28" spellcheck="false" aria-describedby="source-hint" { "\n" (draft.text.source) }
            }
            p class="buttons" { button type="submit" class="primary" { "Save the draft" } }
        }
    }
}

/// What becomes of a draft.
fn end(path: &str, draft: &Draft, looked: &Looked) -> Markup {
    let consequence = match &draft.text.replaces {
        Some(artifact) => {
            format!("Takes the place of {artifact}. A plan of the waves becomes void.")
        }
        None => "A plan of the waves becomes void, and is made again.".to_owned(),
    };
    html! {
        section class="becomes" aria-labelledby="becomes" {
            h2 id="becomes" { "Into the case" }
            @match looked.blocks() {
                Some(why) => p { (why) },
                None => {
                    p { (consequence) " Until the press it can still be replaced." }
                    form method="post" action={ (path) "/add" } {
                        p class="buttons" { button type="submit" class="primary" { @if draft.text.replaces.is_some() { "Replace the artifact" } @else { "Add to the case" } } }
                    }
                }
            }
            details {
                summary { "Drop this draft" }
                form method="post" action={ (path) "/drop" } {
                    label class="check" { input type="checkbox" name="sure" value="yes" required; "Drop it; it cannot be had back" }
                    p class="buttons" { button type="submit" { "Drop the draft" } }
                }
            }
        }
    }
}
