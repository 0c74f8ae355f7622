//! Masters that are being written: sealed to the program key, and forgotten unless they are added to their case.

use author::lint::Findings;
use carriers::Master;
use domain::artifact::{Artifact, ArtifactKind};
use domain::case::{Case, CaseEvent, CaseFact};
use domain::ids::{ArtifactId, BlobId, CaseId};
use domain::person::Actor;
use domain::sealed::Sealed;
use flow::book::BookMaster;
use flow::meter::Meter;
use jiff::{SignedDuration, Timestamp};
use seal::ProgramKey;
use serde::{Deserialize, Serialize};
use store::Ticket;

use crate::config::random;
use crate::records::open;
use crate::{Added, Desk, Failure};

/// Bytes that a draft may have; a larger master is added as it is.
pub const DRAFT_BYTES_MAX: usize = 384 << 10;
/// How long a draft is kept after it was changed last.
pub const DRAFT_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Drafts that a case can have at once.
pub const DRAFTS_MAX: usize = 50;

const DRAFT: &str = "draft";

/// A master that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: String,
    /// Who changed it last.
    pub by: Actor,
    /// When.
    pub changed_at: Timestamp,
    /// What it says.
    pub text: DraftText,
}

/// What a draft says. It is stored sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftText {
    /// The master's file name.
    pub file_name: String,
    /// Its kind.
    pub kind: ArtifactKind,
    /// The master's source, with its marks: the single truth.
    pub source: String,
    /// The artifact that it takes the place of; none for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<ArtifactId>,
}

/// A draft as a ticket has it.
#[derive(Serialize, Deserialize)]
struct Body {
    by: Actor,
    changed_at: Timestamp,
    text: Sealed,
}

impl Desk {
    /// Begins a draft; the answer is its id.
    ///
    /// # Errors
    /// A file name that cannot go into a package, a source that is too large, too many drafts.
    pub async fn begin_draft(&self, case: &CaseId, text: &DraftText) -> Result<String, Failure> {
        let known = self
            .store()
            .tickets_of(DRAFT, case.as_str(), Timestamp::now());
        if known.await?.len() >= DRAFTS_MAX {
            return Err(Failure::not_allowed(
                "limit-reached",
                format!("a case can have at most {DRAFTS_MAX} drafts"),
            )
            .hint("add drafts to the case, or drop some"));
        }
        let id: String = random()?
            .iter()
            .take(16)
            .map(|b| format!("{b:02x}"))
            .collect();
        let ticket = self.draft_ticket(case, &id, text)?;
        self.store()
            .put_ticket(DRAFT, &ticket, Timestamp::now())
            .await?;
        Ok(id)
    }

    /// The drafts of a case, by id.
    ///
    /// # Errors
    /// A draft that the key does not open, or a database that fails.
    pub async fn drafts(&self, case: &CaseId, key: &ProgramKey) -> Result<Vec<Draft>, Failure> {
        let tickets = self
            .store()
            .tickets_of(DRAFT, case.as_str(), Timestamp::now())
            .await?;
        tickets.iter().map(|ticket| read(ticket, key)).collect()
    }

    /// One draft of a case.
    ///
    /// # Errors
    /// `unknown-draft`, also for a draft of another case and one whose time is over.
    pub async fn draft(&self, case: &CaseId, id: &str, key: &ProgramKey) -> Result<Draft, Failure> {
        let ticket = self.store().ticket(DRAFT, id, Timestamp::now()).await?;
        let ticket = ticket.filter(|ticket| ticket.owner == case.as_str());
        read(&ticket.ok_or_else(unknown)?, key)
    }

    /// Writes a draft anew.
    ///
    /// Of two people who save at the same time, the later one is kept.
    ///
    /// # Errors
    /// As [`Desk::begin_draft`], and `unknown-draft`.
    pub async fn save_draft(
        &self,
        case: &CaseId,
        id: &str,
        text: &DraftText,
    ) -> Result<(), Failure> {
        let ticket = self.draft_ticket(case, id, text)?;
        let saved = self
            .store()
            .change_ticket(DRAFT, &ticket, Timestamp::now())
            .await?;
        if saved { Ok(()) } else { Err(unknown()) }
    }

    /// Forgets a draft.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn drop_draft(&self, id: &str) -> Result<(), Failure> {
        self.store()
            .take_ticket(DRAFT, id, Timestamp::now())
            .await?;
        Ok(())
    }

    /// Adds a draft to its case, or puts it in the place of the artifact that it replaces, and forgets it.
    ///
    /// # Errors
    /// As [`Desk::add_artifacts`] and [`Desk::replace_master`]; the draft stays then.
    pub async fn add_draft(&self, case: &CaseId, draft: &Draft) -> Result<Added, Failure> {
        let DraftText {
            file_name,
            kind,
            source,
            replaces,
        } = draft.text.clone();
        let added = match replaces {
            Some(artifact) => {
                self.replace_master(case, &artifact, &file_name, source.as_bytes())
                    .await?
            }
            None => {
                let files = [(file_name, kind, source.into_bytes())];
                let added = self.add_artifacts(case, &files).await?;
                let first = added.into_iter().next();
                first.ok_or_else(|| Failure::machine("artifact", "no artifact was added"))?
            }
        };
        // CRASH: the artifact is in the case and the draft is there still; adding it again adds a second one.
        self.drop_draft(&draft.id).await?;
        Ok(added)
    }

    /// What the sites of a case would prove with a draft among its masters.
    ///
    /// # Errors
    /// As [`Desk::meter`].
    pub async fn meter_with(
        &self,
        case: &Case,
        text: &DraftText,
        master: Master,
        key: &ProgramKey,
    ) -> Result<Meter, Failure> {
        let mut masters = self.masters(case, key).await?;
        let artifact = text
            .replaces
            .clone()
            .unwrap_or_else(|| case.next_artifact());
        // Who would get copies depends on the kinds that the case has, the draft's among them.
        let mut whole = case.clone();
        if text.replaces.is_none() {
            whole.apply(&CaseEvent {
                at: self.now(),
                by: self.by().clone(),
                fact: CaseFact::ArtifactAdded {
                    artifact: Artifact {
                        artifact: artifact.clone(),
                        kind: text.kind,
                        name: Sealed::from_ciphertext(Vec::new()),
                        master: BlobId::of(text.source.as_bytes()),
                        sites: 0,
                    },
                },
            });
        }
        let draft = BookMaster {
            artifact: artifact.clone(),
            kind: text.kind,
            source: text.source.clone().into_bytes(),
            master,
        };
        match masters.iter_mut().find(|one| one.artifact == artifact) {
            Some(known) => *known = draft,
            None => masters.push(draft),
        }
        self.meter_of(&whole, masters).await
    }

    fn draft_ticket(&self, case: &CaseId, id: &str, text: &DraftText) -> Result<Ticket, Failure> {
        seal::check_name(&text.file_name).map_err(|error| {
            Failure::usage("file-name", error.to_string())
                .hint("rename the file: its name goes into every package")
        })?;
        if text.source.len() > DRAFT_BYTES_MAX {
            return Err(Failure::usage(
                "draft-too-large",
                format!(
                    "the text has {} bytes, and a draft has at most {DRAFT_BYTES_MAX}",
                    text.source.len()
                ),
            )
            .hint("upload it as it is, or split it into several artifacts"));
        }
        let now = Timestamp::now();
        let body = Body {
            by: self.by().clone(),
            changed_at: now,
            text: self.seal(text)?,
        };
        let body = serde_json::to_string(&body)
            .map_err(|error| Failure::machine("draft", error.to_string()))?;
        Ok(Ticket {
            id: id.to_owned(),
            owner: case.to_string(),
            body,
            ends_ms: now
                .as_millisecond()
                .saturating_add(i64::try_from(DRAFT_LIFE.as_millis()).unwrap_or(i64::MAX)),
        })
    }
}

/// What is wrong with a master's source, or of what its lint warns.
///
/// # Errors
/// The marks that are wrong in themselves.
pub fn looked_at(
    file_name: &str,
    source: &str,
) -> Result<(Master, Findings), carriers::MarkErrors> {
    let master = Master::parse(file_name, source.as_bytes())?;
    let findings = author::lint::lint_master(&master, source.as_bytes());
    Ok((master, findings))
}

fn read(ticket: &Ticket, key: &ProgramKey) -> Result<Draft, Failure> {
    let body: Body = serde_json::from_str(&ticket.body)
        .map_err(|error| Failure::machine("draft", error.to_string()))?;
    Ok(Draft {
        id: ticket.id.clone(),
        by: body.by,
        changed_at: body.changed_at,
        text: open(key, "a draft", &body.text)?,
    })
}

fn unknown() -> Failure {
    Failure::usage("unknown-draft", "there is no such draft")
        .hint("drafts are forgotten 30 days after they were changed last, and once they are added")
}
