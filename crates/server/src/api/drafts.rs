//! Masters that are being written: drafts, their findings, suggestions and decisions; and masters as they stand.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::{Draft, DraftText};
use domain::artifact::ArtifactKind;
use domain::case::Case;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::cases::known;
use super::extract::{Ask, At, Body};
use super::page::{Slice, Window};
use crate::access::{COORDINATOR, PROGRAM, Route, api};
use crate::web::desk::cases::READS_MASTERS;
use crate::web::desk::cases::artifacts::{artifact_of, draft_of};
use crate::web::desk::cases::editor::{
    Decided, Looked, Told, base_of, decided, found, looked, saved, wanted,
};
use crate::{App, Problem, Visit};

/// What its routes need.
pub const ROUTES: &[Route] = &[
    api(
        "GET",
        "/api/v1/cases/{case}/artifacts/{artifact}",
        READS_MASTERS,
        "read",
    ),
    api(
        "POST",
        "/api/v1/cases/{case}/artifacts/{artifact}/draft",
        COORDINATOR,
        "write",
    ),
    api("GET", "/api/v1/cases/{case}/drafts", COORDINATOR, "read"),
    api("POST", "/api/v1/cases/{case}/drafts", COORDINATOR, "write"),
    api(
        "GET",
        "/api/v1/cases/{case}/drafts/{draft}",
        COORDINATOR,
        "read",
    ),
    api(
        "PATCH",
        "/api/v1/cases/{case}/drafts/{draft}",
        COORDINATOR,
        "write",
    ),
    api(
        "GET",
        "/api/v1/cases/{case}/drafts/{draft}/suggestions",
        COORDINATOR,
        "read",
    ),
    api(
        "POST",
        "/api/v1/cases/{case}/drafts/{draft}/decide",
        COORDINATOR,
        "write",
    ),
    api(
        "POST",
        "/api/v1/cases/{case}/drafts/{draft}/add",
        COORDINATOR,
        "write",
    ),
    api(
        "POST",
        "/api/v1/cases/{case}/drafts/{draft}/drop",
        COORDINATOR,
        "write",
    ),
    api("POST", "/api/v1/lint", PROGRAM, "read"),
];

/// Those without an idempotency key.
pub fn plain() -> Router<App> {
    let at = |rest: &str| format!("/api/v1/cases/{{case}}{rest}");
    Router::new()
        .route(&at("/artifacts/{artifact}"), get(master))
        .route(&at("/drafts/{draft}"), get(show).patch(save))
        .route(&at("/drafts/{draft}/suggestions"), get(suggestions))
        .route("/api/v1/lint", post(lint))
}

/// Those that take an idempotency key.
pub fn keyed() -> Router<App> {
    let at = |rest: &str| format!("/api/v1/cases/{{case}}{rest}");
    Router::new()
        .route(&at("/artifacts/{artifact}/draft"), post(edit))
        .route(&at("/drafts"), get(list).post(begin))
        .route(&at("/drafts/{draft}/decide"), post(decide))
        .route(&at("/drafts/{draft}/add"), post(add))
        .route(&at("/drafts/{draft}/drop"), post(drop_it))
}

/// Their part of the document.
#[derive(OpenApi)]
#[openapi(paths(
    master,
    edit,
    list,
    begin,
    show,
    save,
    suggestions,
    decide,
    add,
    drop_it,
    lint
))]
pub struct Paths;

/// A draft, without its text.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DraftSummary {
    /// Its id.
    pub draft: String,
    /// The master's file name.
    pub file: String,
    /// Its kind.
    pub kind: String,
    /// The artifact whose place it takes; nothing for a new one.
    pub replaces: Option<String>,
    /// Who changed it last: `person:…` or `desk`.
    pub by: String,
    /// When, UTC.
    pub changed_at: String,
}

/// A draft whole.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WholeDraft {
    /// What it is.
    pub about: DraftSummary,
    /// The master's source with its marks.
    pub source: String,
    /// What a change of the source must name, so that nobody writes over another's.
    pub base: String,
    /// Marks that it has; nothing while some are wrong.
    pub sites: Option<usize>,
    /// What the parser and the lint say.
    pub findings: Vec<Finding>,
    /// Why it cannot go into the case.
    pub blocked: Option<String>,
}

/// One finding.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// `error` or `warning`; an error blocks a press.
    pub severity: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Characters.
    pub length: u32,
    /// What it is.
    pub what: String,
    /// What to do.
    pub hint: String,
}

/// A text to be written on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"file": "write-up.md", "source": "The {~token~key~} is not checked.\n"}))]
pub struct NewDraft {
    /// The master's file name, whose ending says what it is.
    pub file: String,
    /// `writeup`, `poc`, `rule`, `traffic` or `indicators`; by the file's name when nothing is said.
    pub kind: Option<String>,
    /// Its source, with marks or without.
    pub source: String,
}

/// The source of a draft, written anew.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"base": "0123456789abcdef", "source": "The {~token~key~} is not checked.\n"}))]
pub struct DraftChange {
    /// The `base` of the draft that was read.
    pub base: String,
    /// The whole source.
    pub source: String,
}

/// A place that could carry a mark.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SuggestedMark {
    /// By what it is decided on.
    pub suggestion: String,
    /// What kind of difference it is.
    pub class: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The text that stands there.
    pub original: String,
    /// The wordings, the original first; none where the values are numbers, nonces or orders.
    pub alternatives: Vec<String>,
    /// Number of values that the site would have.
    pub values: u64,
    /// Why it says the same.
    pub why: String,
    /// Whether it survives what happens to a leak.
    pub robust: bool,
}

/// Which suggestions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// A class of differences, or `robust`; all without it.
    pub class: Option<String>,
    /// Where the last page ended, as its `next` said.
    pub cursor: Option<String>,
    /// Entries at most: 1 to 200; 50 when nothing is said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<usize>,
}

/// A decision on a suggestion, or on all.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"decision": "accept", "suggestion": "0123abcd"}))]
pub struct NewDecision {
    /// `accept`, `refuse`, `change`, `accept-all` or `refuse-all`.
    pub decision: String,
    /// The suggestion; not for all.
    #[serde(default)]
    pub suggestion: String,
    /// For `change`: the wordings with `|` between them.
    #[serde(default)]
    pub wordings: String,
    /// For all: of this class alone.
    pub class: Option<String>,
}

/// A master that was added to its case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AddedArtifact {
    /// Its id.
    pub artifact: String,
    /// Its kind.
    pub kind: String,
    /// Its file name.
    pub file: String,
    /// Its mark sites.
    pub sites: usize,
    /// What the lint warns of, as text for people.
    pub warnings: String,
    /// How many warnings.
    pub warnings_count: usize,
    /// Commands that a press runs over sampled copies.
    pub commands: Vec<String>,
}

/// A file to be looked at.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "write-up.md", "base64": "VGhlIHt+dG9rZW5+a2V5fn0gaXMgbm90IGNoZWNrZWQuCg=="}))]
pub struct LintAsked {
    /// Its name, whose ending says what it is.
    pub name: String,
    /// Its bytes with their marks, in base64.
    pub base64: String,
}

/// What the parser and the lint say of a master.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Linted {
    /// Marks that it has; nothing while some are wrong.
    pub sites: Option<usize>,
    /// What they say.
    pub findings: Vec<Finding>,
}

impl AddedArtifact {
    /// What was added; `source` is the master's, to show warnings in.
    pub fn of(added: &desk::Added, source: &[u8]) -> Self {
        let source = String::from_utf8_lossy(source);
        Self {
            artifact: added.artifact.to_string(),
            kind: added.kind.as_str().to_owned(),
            file: added.file_name.clone(),
            sites: added.sites,
            warnings: added.warnings.render(&added.file_name, &source),
            warnings_count: added.warnings.0.len(),
            commands: added.commands.clone(),
        }
    }
}

impl Finding {
    fn all(looked: &Looked) -> Vec<Self> {
        let told = looked.told().into_iter().map(|one: Told| Self {
            severity: if one.is_error { "error" } else { "warning" }.to_owned(),
            line: one.line,
            column: one.column,
            length: one.length,
            what: one.what,
            hint: one.hint,
        });
        told.collect()
    }
}

fn sites(looked: &Looked) -> Option<usize> {
    match looked {
        Looked::Read { master, .. } => Some(master.sites().len()),
        Looked::Wrong { .. } => None,
    }
}

fn summary(draft: &Draft) -> DraftSummary {
    DraftSummary {
        draft: draft.id.clone(),
        file: draft.text.file_name.clone(),
        kind: draft.text.kind.as_str().to_owned(),
        replaces: draft.text.replaces.as_ref().map(ToString::to_string),
        by: draft.by.to_string(),
        changed_at: draft.changed_at.to_string(),
    }
}

async fn whole(draft: &Draft) -> Result<Json<WholeDraft>, Problem> {
    let looked = looked(&draft.text).await?;
    Ok(Json(WholeDraft {
        about: summary(draft),
        source: draft.text.source.clone(),
        base: base_of(&draft.text.source),
        sites: sites(&looked),
        findings: Finding::all(&looked),
        blocked: looked.blocks(),
    }))
}

/// The kind that is named, or that the file's name tells.
pub(super) fn kind_of(named: Option<&str>, file: &str) -> Result<ArtifactKind, Problem> {
    let kind = match named {
        Some(word) => ArtifactKind::parse(word),
        None => desk::kind_of(file),
    };
    kind.ok_or_else(|| {
        Problem::input("kind", "this is no kind of artifact")
            .hint("say `writeup`, `poc`, `rule`, `traffic` or `indicators`")
    })
}

async fn draft_at(visit: &Visit, case: &Case, draft: &str) -> Result<Draft, Problem> {
    let key = visit.key()?;
    Ok(visit.desk.draft(case.id(), draft, &key).await?)
}

/// A master as its author wrote it, with its marks.
#[utoipa::path(get, path = "/api/v1/cases/{case}/artifacts/{artifact}", tag = "artifacts",
    params(("case" = String, Path), ("artifact" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
pub async fn master(
    visit: Visit,
    At((case, artifact)): At<(String, String)>,
) -> Result<Response, Problem> {
    let case = known(&visit, &case)?;
    let artifact = artifact_of(case, &artifact)?;
    let key = visit.key()?;
    let (name, bytes) = visit.desk.master(case, &artifact.artifact, &key).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        // A file's name may be any text; in a header it stands in base64.
        (
            HeaderName::from_static("headstart-file-base64"),
            STANDARD.encode(name),
        ),
    ];
    Ok((headers, bytes).into_response())
}

/// The draft that takes an artifact's place; it is begun where there is none.
#[utoipa::path(post, path = "/api/v1/cases/{case}/artifacts/{artifact}/draft", tag = "artifacts",
    params(("case" = String, Path), ("artifact" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = WholeDraft)))]
pub async fn edit(
    visit: Visit,
    At((case, artifact)): At<(String, String)>,
) -> Result<Json<WholeDraft>, Problem> {
    let case = known(&visit, &case)?;
    let draft = draft_of(&visit, case, &artifact).await?;
    whole(&draft_at(&visit, case, &draft).await?).await
}

/// The drafts of a case.
#[utoipa::path(get, path = "/api/v1/cases/{case}/drafts", tag = "artifacts",
    params(("case" = String, Path), Window), responses((status = 200, body = Slice<DraftSummary>)))]
pub async fn list(
    visit: Visit,
    At(case): At<String>,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<DraftSummary>>, Problem> {
    let case = known(&visit, &case)?;
    let drafts = visit.desk.drafts(case.id(), &*visit.key()?).await?;
    let mut drafts: Vec<DraftSummary> = drafts.iter().map(summary).collect();
    drafts.sort_by(|one, other| one.draft.cmp(&other.draft));
    Ok(Json(window.cut(drafts, |draft| draft.draft.clone())?))
}

/// Begins a draft; it is sealed, and no part of the case until it is added.
#[utoipa::path(post, path = "/api/v1/cases/{case}/drafts", tag = "artifacts",
    params(("case" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewDraft, responses((status = 201, body = WholeDraft)))]
pub async fn begin(
    visit: Visit,
    At(case): At<String>,
    Body(new): Body<NewDraft>,
) -> Result<(StatusCode, Json<WholeDraft>), Problem> {
    let case = known(&visit, &case)?;
    let text = DraftText {
        kind: kind_of(new.kind.as_deref(), &new.file)?,
        file_name: new.file,
        source: new.source,
        replaces: None,
    };
    let draft = visit.desk.begin_draft(case.id(), &text).await?;
    let draft = draft_at(&visit, case, &draft).await?;
    Ok((StatusCode::CREATED, whole(&draft).await?))
}

/// One draft, with what is wrong with it.
#[utoipa::path(get, path = "/api/v1/cases/{case}/drafts/{draft}", tag = "artifacts",
    params(("case" = String, Path), ("draft" = String, Path)),
    responses((status = 200, body = WholeDraft)))]
pub async fn show(
    visit: Visit,
    At((case, draft)): At<(String, String)>,
) -> Result<Json<WholeDraft>, Problem> {
    let case = known(&visit, &case)?;
    whole(&draft_at(&visit, case, &draft).await?).await
}

/// Writes the source of a draft anew, unless somebody else did so in between.
#[utoipa::path(patch, path = "/api/v1/cases/{case}/drafts/{draft}", tag = "artifacts",
    params(("case" = String, Path), ("draft" = String, Path)), request_body = DraftChange,
    responses((status = 200, body = WholeDraft)))]
pub async fn save(
    visit: Visit,
    At((case, draft)): At<(String, String)>,
    Body(new): Body<DraftChange>,
) -> Result<Json<WholeDraft>, Problem> {
    known(&visit, &case)?;
    let (_, draft) = saved(&visit, (&case, &draft), new.source, &new.base).await?;
    whole(&draft).await
}

/// Places of a draft that could carry a mark, in the order of the text.
#[utoipa::path(get, path = "/api/v1/cases/{case}/drafts/{draft}/suggestions", tag = "artifacts",
    params(("case" = String, Path), ("draft" = String, Path), Which),
    responses((status = 200, body = Slice<SuggestedMark>)))]
pub async fn suggestions(
    visit: Visit,
    At((case, draft)): At<(String, String)>,
    Ask(which): Ask<Which>,
) -> Result<Json<Slice<SuggestedMark>>, Problem> {
    let case = known(&visit, &case)?;
    let draft = draft_at(&visit, case, &draft).await?;
    let all = found(&draft.text).await?;
    let mut rows: Vec<SuggestedMark> = all
        .into_iter()
        .filter(|one| wanted(one, which.class.as_deref()))
        .map(|one| SuggestedMark {
            class: one.class.as_str().to_owned(),
            robust: one.strength == author::suggest::Strength::Robust,
            suggestion: one.id,
            line: one.line,
            column: one.column,
            original: one.original,
            alternatives: one.alternatives,
            values: one.values,
            why: one.why,
        })
        .collect();
    let key = |row: &SuggestedMark| format!("{:08}/{:08}/{}", row.line, row.column, row.suggestion);
    rows.sort_by_key(key);
    let window = Window {
        cursor: which.cursor,
        limit: which.limit,
    };
    Ok(Json(window.cut(rows, key)?))
}

/// Writes a decision on a suggestion into the draft, as an ordinary mark.
#[utoipa::path(post, path = "/api/v1/cases/{case}/drafts/{draft}/decide", tag = "artifacts",
    params(("case" = String, Path), ("draft" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewDecision, responses((status = 200, body = WholeDraft)))]
pub async fn decide(
    visit: Visit,
    At((case, draft)): At<(String, String)>,
    Body(new): Body<NewDecision>,
) -> Result<Json<WholeDraft>, Problem> {
    known(&visit, &case)?;
    let sent = Decided {
        suggestion: new.suggestion,
        decision: new.decision,
        wordings: new.wordings,
        class: new.class,
    };
    let (_, draft) = decided(&visit, (&case, &draft), &sent).await?;
    whole(&draft).await
}

/// Adds a draft to its case, or puts it in the place of the artifact that it replaces.
#[utoipa::path(post, path = "/api/v1/cases/{case}/drafts/{draft}/add", tag = "artifacts",
    params(("case" = String, Path), ("draft" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = AddedArtifact)))]
pub async fn add(
    visit: Visit,
    At((case, draft)): At<(String, String)>,
) -> Result<(StatusCode, Json<AddedArtifact>), Problem> {
    let case = known(&visit, &case)?;
    let draft = draft_at(&visit, case, &draft).await?;
    let added = visit.desk.add_draft(case.id(), &draft).await?;
    let added = AddedArtifact::of(&added, draft.text.source.as_bytes());
    Ok((StatusCode::CREATED, Json(added)))
}

/// Forgets a draft.
#[utoipa::path(post, path = "/api/v1/cases/{case}/drafts/{draft}/drop", tag = "artifacts",
    params(("case" = String, Path), ("draft" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 204)))]
pub async fn drop_it(
    visit: Visit,
    At((case, draft)): At<(String, String)>,
) -> Result<StatusCode, Problem> {
    let case = known(&visit, &case)?;
    let draft = draft_at(&visit, case, &draft).await?;
    visit.desk.drop_draft(&draft.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Looks at a master: its marks, and what copies would show. Nothing is kept.
#[utoipa::path(post, path = "/api/v1/lint", tag = "artifacts", request_body = LintAsked,
    responses((status = 200, body = Linted)))]
pub async fn lint(Body(asked): Body<LintAsked>) -> Result<Json<Linted>, Problem> {
    let bytes = STANDARD
        .decode(&asked.base64)
        .map_err(|_| Problem::input("base64", "the bytes of the file are not base64"))?;
    let source = String::from_utf8(bytes)
        .map_err(|_| Problem::input("not-text", "this master is no text"))?;
    let text = DraftText {
        file_name: asked.name,
        kind: ArtifactKind::Writeup,
        source,
        replaces: None,
    };
    let looked = looked(&text).await?;
    Ok(Json(Linted {
        sites: sites(&looked),
        findings: Finding::all(&looked),
    }))
}
