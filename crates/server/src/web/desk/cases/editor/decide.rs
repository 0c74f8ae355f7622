//! What an author decides: the source saved, a suggestion accepted, changed or refused.

use author::suggest::{Decision, apply};
use axum::response::Redirect;
use desk::{Draft, DraftText};
use domain::case::Case;
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::Mutex;

use super::base_of;
use super::suggestions::{found, wanted};
use crate::extract::{Form, Path};
use crate::web::desk::cases::artifacts::DraftPath;
use crate::web::desk::cases::{case_of, desk_of};
use crate::{Problem, Visit};

/// One change of a draft after the other, in this process: each is made on what the last one left.
static CHANGES: Mutex<()> = Mutex::const_new(());

/// What saving the source sends.
#[derive(Deserialize)]
pub struct Saved {
    source: String,
    base: String,
}

async fn taken_up(visit: &Visit, id: &str, draft: &str) -> Result<(Arc<Case>, Draft), Problem> {
    let case = case_of(visit, id)?;
    let draft = visit.desk.draft(case.id(), draft, &*visit.key()?).await?;
    Ok((case, draft))
}

/// Saves the source, unless somebody else did so since it was shown.
pub async fn save(
    visit: Visit,
    Path((id, draft)): DraftPath,
    Form(sent): Form<Saved>,
) -> Result<Redirect, Problem> {
    let (case, draft) = saved(&visit, (&id, &draft), sent.source, &sent.base).await?;
    Ok(Redirect::to(&format!(
        "/cases/{}/drafts/{}?view=source",
        case.id(),
        draft.id
    )))
}

/// Saves the source of a draft, unless somebody else did so since it was shown.
///
/// `base`: as [`base_of`] says it of the source that was shown.
///
/// # Errors
/// `draft-changed`; as [`desk::Desk::save_draft`].
pub(crate) async fn saved(
    visit: &Visit,
    (id, draft): (&str, &str),
    source: String,
    base: &str,
) -> Result<(Arc<Case>, Draft), Problem> {
    let _one = CHANGES.lock().await;
    let (case, draft) = taken_up(visit, id, draft).await?;
    if base != base_of(&draft.text.source) {
        return Err(Problem::new(
            409,
            "draft-changed",
            "somebody saved this draft since you opened it",
        )
        .hint("go back, copy what you wrote, and open the draft anew"));
    }
    // A browser sends every line break as two characters.
    let source = match draft.text.source.contains("\r\n") {
        true => source,
        false => source.replace("\r\n", "\n"),
    };
    let draft = with_source(visit, &case, draft, source).await?;
    Ok((case, draft))
}

async fn with_source(
    visit: &Visit,
    case: &Case,
    draft: Draft,
    source: String,
) -> Result<Draft, Problem> {
    let text = DraftText {
        source,
        ..draft.text
    };
    desk_of(visit)?
        .save_draft(case.id(), &draft.id, &text)
        .await?;
    Ok(Draft { text, ..draft })
}

/// What a button of a suggestion sends.
#[derive(Deserialize)]
pub struct Decided {
    #[serde(default)]
    pub(crate) suggestion: String,
    pub(crate) decision: String,
    #[serde(default)]
    pub(crate) wordings: String,
    pub(crate) class: Option<String>,
}

/// Writes a decision into the source, as an ordinary mark.
pub async fn decide(
    visit: Visit,
    Path((id, draft)): DraftPath,
    Form(sent): Form<Decided>,
) -> Result<Redirect, Problem> {
    let (case, draft) = decided(&visit, (&id, &draft), &sent).await?;
    let back = format!("/cases/{}/drafts/{}?view=suggest", case.id(), draft.id);
    Ok(Redirect::to(&match sent.class.as_deref() {
        Some(class) if class.bytes().all(|byte| byte.is_ascii_lowercase()) => {
            format!("{back}&class={class}")
        }
        _ => back,
    }))
}

/// Writes a decision into a draft.
///
/// # Errors
/// A decision that is none, or on a suggestion that is not there any more.
pub(crate) async fn decided(
    visit: &Visit,
    (id, draft): (&str, &str),
    sent: &Decided,
) -> Result<(Arc<Case>, Draft), Problem> {
    let _one = CHANGES.lock().await;
    let (case, draft) = taken_up(visit, id, draft).await?;
    let one = sent.suggestion.clone();
    let class = sent.class.as_deref();
    let decisions = match sent.decision.as_str() {
        "accept" => vec![Decision::Accept(one)],
        "refuse" => vec![Decision::Refuse(one)],
        "change" => vec![Decision::Change(one, split(&sent.wordings))],
        "accept-all" => of_all(&draft.text, class, Decision::Accept).await?,
        "refuse-all" => of_all(&draft.text, class, Decision::Refuse).await?,
        _ => return Err(Problem::input("decision", "accept, change or refuse")),
    };
    let text = draft.text.clone();
    let work = tokio::task::spawn_blocking(move || {
        apply(&text.file_name, text.source.as_bytes(), &decisions)
    });
    let written = work
        .await
        .map_err(|_| Problem::machine("the decision broke off"))?
        .map_err(|error| Problem::input("decision", error.to_string()).hint(error.hint()))?;
    let source = String::from_utf8(written)
        .map_err(|_| Problem::machine("marks made a text that is no text"))?;
    let draft = with_source(visit, &case, draft, source).await?;
    Ok((case, draft))
}

async fn of_all(
    text: &DraftText,
    class: Option<&str>,
    decision: fn(String) -> Decision,
) -> Result<Vec<Decision>, Problem> {
    let all = found(text).await?;
    let chosen = all.into_iter().filter(|one| wanted(one, class));
    Ok(chosen.map(|one| decision(one.id)).collect())
}

/// Wordings at `|`; `\|` is the character itself.
fn split(wordings: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut chars = wordings.chars().peekable();
    while let Some(c) = chars.next() {
        let last = out.last_mut().expect("there is always a last wording");
        match c {
            '\\' if chars.peek() == Some(&'|') => {
                chars.next();
                last.push('|');
            }
            '|' => out.push(String::new()),
            c => last.push(c),
        }
    }
    out
}
