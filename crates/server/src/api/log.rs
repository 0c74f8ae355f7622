//! The transparency log, for programs.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use desk::Round;
use domain::ids::{BlobId, SeatId};
use flow::delivery::Grown;
use serde::{Deserialize, Serialize};
use tlog::{ConsistencyProof, Hash};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Ask, At};
use super::jobs::Begun;
use crate::web::parts::grouped;
use crate::{Problem, Visit};

/// The log as it stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LogState {
    /// The program's name.
    pub program: String,
    /// The published verifier key.
    pub key: String,
    /// The newest signed checkpoint, a C2SP signed note.
    pub checkpoint: String,
    /// Its entries.
    pub size: u64,
    /// How it grew from the entries that were asked about; nothing where it has fewer.
    pub grown: Option<Growth>,
}

/// How a log grew, as it shows it itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Growth {
    /// The entries that were asked about.
    pub size: u64,
    /// The root of as many entries as the log has them now, in base64.
    pub root: String,
    /// The consistency proof from there to the checkpoint, one hash in base64 each.
    pub hashes: Vec<String>,
}

impl Growth {
    fn of(grown: &Grown) -> Self {
        let hashes = grown.proof.hashes.iter().map(|hash| hash.to_base64());
        Self {
            size: grown.size,
            root: grown.root.to_base64(),
            hashes: hashes.collect(),
        }
    }

    /// The proof that it is; nothing where a hash is none.
    pub fn read(&self) -> Option<Grown> {
        let hashes = self.hashes.iter().map(|hash| Hash::from_base64(hash).ok());
        Some(Grown {
            size: self.size,
            root: Hash::from_base64(&self.root).ok()?,
            proof: ConsistencyProof {
                hashes: hashes.collect::<Option<_>>()?,
            },
        })
    }
}

/// What the reader knows of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Known {
    /// Entries that the reader has seen; how the log grew from there comes with the answer.
    pub known: Option<u64>,
}

/// That an entry is in the log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Proof {
    /// The entry's place.
    pub index: u64,
    /// The C2SP tlog-proof.
    pub proof: String,
}

/// The newest checkpoint and the key that checks it.
#[utoipa::path(get, path = "/api/v1/log", tag = "log", params(Known),
    responses((status = 200, body = LogState)))]
pub async fn show(visit: Visit, Ask(known): Ask<Known>) -> Result<Json<LogState>, Problem> {
    let checkpoint = visit.desk.newest().await?;
    let grown = visit
        .desk
        .grown(known.known.unwrap_or(0), &checkpoint)
        .await?;
    Ok(Json(LogState {
        program: visit.desk.config().program.clone(),
        grown: grown.as_ref().map(Growth::of),
        key: visit.desk.config().log_key.clone(),
        checkpoint,
        size: visit
            .desk
            .store()
            .log_size()
            .await
            .map_err(crate::door::failed)?,
    }))
}

/// The proof that an entry is in the log.
#[utoipa::path(get, path = "/api/v1/log/{index}/proof", tag = "log", params(("index" = u64, Path)),
    responses((status = 200, body = Proof)))]
pub async fn prove(visit: Visit, At(index): At<u64>) -> Result<Json<Proof>, Problem> {
    let size = visit
        .desk
        .store()
        .log_size()
        .await
        .map_err(crate::door::failed)?;
    if index >= size {
        return Err(Problem::nothing_here());
    }
    let proved = visit.desk.prove(index).await?;
    Ok(Json(Proof {
        index,
        proof: proved.proof.to_text(),
    }))
}

/// An entry of the log, as this program's events name it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Its place.
    pub index: u64,
    /// `code`, `package`, `receipt` or `other`.
    pub kind: String,
    /// The case.
    pub case: Option<String>,
    /// The seat.
    pub seat: Option<String>,
    /// When it was decided, UTC.
    pub at: Option<String>,
}

impl Entry {
    /// What events say of an entry.
    pub fn of(entry: &desk::LogEntry) -> Self {
        Self {
            index: entry.index,
            kind: entry.kind.to_owned(),
            case: entry.case.as_ref().map(ToString::to_string),
            seat: entry.seat.as_ref().map(ToString::to_string),
            at: entry.at.map(|at| at.to_string()),
        }
    }
}

/// The log as the program sees it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LogReport {
    /// The published verifier key.
    pub log_key: String,
    /// The signed checkpoint that is published; nothing before the first entry. While the quorum was never reached it
    /// is the newest one, which the log's key alone signed.
    pub checkpoint: Option<String>,
    /// The witnesses' verifier keys, in the order in which they were named.
    pub witnesses: Vec<String>,
    /// Cosignatures that are needed before anything opens.
    pub quorum: u32,
    /// Entries by kind.
    pub kinds: BTreeMap<String, u64>,
    /// The newest entries, newest first.
    pub newest: Vec<Entry>,
}

impl LogReport {
    /// The log of a program, with so many of its newest entries.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn of(desk: &desk::Desk, newest: u64) -> Result<Self, desk::Failure> {
        // A new program has a key to publish before there is anything to sign.
        let checkpoint = match desk.checkpoint().await {
            Ok(checkpoint) => Some(checkpoint),
            Err(failure) if failure.code == "no-checkpoint" => None,
            Err(failure) if failure.code == "not-cosigned" => Some(desk.newest().await?),
            Err(failure) => return Err(failure),
        };
        let program = desk.program().await?;
        let watch = program.watch();
        let kinds = desk.entries_by_kind().await?;
        let newest = desk.newest_entries(newest).await?;
        Ok(Self {
            log_key: desk.config().log_key.clone(),
            checkpoint,
            witnesses: watch
                .witnesses()
                .iter()
                .map(|one| one.key().vkey())
                .collect(),
            quorum: watch.needed(),
            kinds: kinds
                .into_iter()
                .map(|(kind, number)| (kind.to_owned(), number))
                .collect(),
            newest: newest.iter().map(Entry::of).collect(),
        })
    }
}

/// Newest entries that a report lists.
pub const NEWEST: u64 = 12;

/// The log as the program sees it: what is published, its witnesses, its entries by kind.
#[utoipa::path(get, path = "/api/v1/log/report", tag = "log", responses((status = 200, body = LogReport)))]
pub async fn report(visit: Visit) -> Result<Json<LogReport>, Problem> {
    Ok(Json(LogReport::of(&visit.desk, NEWEST).await?))
}

/// One entry with its proof.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProvedEntry {
    /// What it is.
    pub about: Entry,
    /// Its bytes, as they stand in the log.
    pub entry: String,
    /// The C2SP tlog-proof.
    pub proof: String,
}

/// What of the log is to be proved: the package of a seat, or a package by its digest.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The case, with `seat`.
    pub case: Option<String>,
    /// The seat, with `case`.
    pub seat: Option<String>,
    /// SHA-256 of a package file.
    pub sha256: Option<String>,
}

/// The place of an entry.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EntryPlace {
    /// From 0.
    pub index: u64,
}

/// Where the entry of a package stands.
#[utoipa::path(get, path = "/api/v1/log/place", tag = "log", params(Wanted),
    responses((status = 200, body = EntryPlace)))]
pub async fn place(visit: Visit, Ask(wanted): Ask<Wanted>) -> Result<Json<EntryPlace>, Problem> {
    let index = match (&wanted.case, &wanted.seat, &wanted.sha256) {
        (Some(case), Some(seat), None) => {
            let case = super::cases::known(&visit, case)?;
            let seat = SeatId::parse(seat).map_err(|_| Problem::nothing_here())?;
            visit.desk.package_index(case.id(), &seat).await?
        }
        (None, None, Some(digest)) => {
            let blob = BlobId::parse(digest)
                .map_err(|_| Problem::input("sha256", "a digest has 64 hexadecimal digits"))?;
            visit.desk.index_of_package(&blob).await?
        }
        _ => {
            return Err(Problem::input("which-entry", "which entry is meant?")
                .hint("send `case` and `seat`, or `sha256`"));
        }
    };
    Ok(Json(EntryPlace { index }))
}

/// One entry: what it is, its bytes, its proof.
#[utoipa::path(get, path = "/api/v1/log/{index}", tag = "log", params(("index" = u64, Path)),
    responses((status = 200, body = ProvedEntry)))]
pub async fn entry(visit: Visit, At(index): At<u64>) -> Result<Json<ProvedEntry>, Problem> {
    let size = visit
        .desk
        .store()
        .log_size()
        .await
        .map_err(crate::door::failed)?;
    if index >= size {
        return Err(Problem::nothing_here());
    }
    let proved = visit.desk.prove(index).await?;
    let known = visit.desk.log_entry(index).await?;
    Ok(Json(ProvedEntry {
        about: Entry::of(&known),
        entry: String::from_utf8_lossy(&proved.entry).into_owned(),
        proof: proved.proof.to_text(),
    }))
}

/// What the witnesses answered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WitnessRound {
    /// Entries under the checkpoint that they were asked about; nothing when there is nobody to ask.
    pub size: Option<u64>,
    /// The checkpoint, with every cosignature that it has.
    pub checkpoint: Option<String>,
    /// Cosignatures that are needed.
    pub needed: u32,
    /// Whether there are as many.
    pub enough: bool,
    /// One for each witness.
    pub answers: Vec<WitnessAnswer>,
}

/// What one witness answered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WitnessAnswer {
    /// Its name.
    pub witness: String,
    /// Where it was asked.
    pub url: String,
    /// The time that it signed, in POSIX seconds.
    pub signed_s: Option<u64>,
    /// Why it did not sign.
    pub reason: Option<String>,
    /// The two sizes, when it knew fewer entries than it had cosigned before.
    pub forgot: Option<Forgot>,
}

/// What a witness had cosigned, and what it knew of when it was asked again: its state was put back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Forgot {
    /// Entries that it had cosigned.
    pub cosigned: u64,
    /// Entries that it knew of.
    pub knew: u64,
}

impl WitnessRound {
    /// What the witnesses answered; nothing when there is nobody to ask.
    pub fn of(round: Option<&Round>, needed: u32) -> Self {
        let Some(round) = round else {
            return Self {
                size: None,
                checkpoint: None,
                needed,
                enough: needed == 0,
                answers: Vec::new(),
            };
        };
        let answers = round.answers.iter().map(|answer| WitnessAnswer {
            witness: answer.witness.clone(),
            url: answer.url.clone(),
            signed_s: answer.signed.as_ref().ok().copied(),
            reason: answer.signed.as_ref().err().cloned(),
            forgot: answer
                .forgot
                .map(|(cosigned, knew)| Forgot { cosigned, knew }),
        });
        Self {
            size: Some(round.size),
            checkpoint: Some(round.note.clone()),
            needed: round.needed,
            enough: round.is_enough(),
            answers: answers.collect(),
        }
    }
}

/// Asks every witness to cosign the newest checkpoint.
#[utoipa::path(post, path = "/api/v1/log/witnesses", tag = "log", responses((status = 200, body = WitnessRound)))]
pub async fn ask_witnesses(visit: Visit) -> Result<Json<WitnessRound>, Problem> {
    let needed = visit.state.program.watch().needed();
    let round = visit.desk.ask_witnesses().await?;
    Ok(Json(WitnessRound::of(round.as_ref(), needed)))
}

/// What an audit read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Audited {
    /// Whether everything is as it was signed.
    pub intact: bool,
    /// Entries that were replayed.
    pub entries: u64,
    /// Events that were replayed.
    pub events: u64,
    /// The first thing that differs.
    pub difference: Option<String>,
}

/// Begins to replay every event, blob, entry, hash and checkpoint; the work is followed under `jobs`.
#[utoipa::path(post, path = "/api/v1/log/audit", tag = "log", responses((status = 202, body = Begun)))]
pub async fn audit(visit: Visit) -> Result<(StatusCode, Json<Begun>), Problem> {
    let desk = visit.desk.clone();
    let job = visit
        .app
        .jobs()
        .begin("audit", "the log", visit.actor()?, |progress| async move {
            progress.at(
                0.0,
                "replaying every event, blob, entry, hash and checkpoint",
            );
            let audited = desk.audit().await?;
            progress.answer(&Audited {
                intact: audited.difference.is_none(),
                entries: audited.entries,
                events: audited.events,
                difference: audited.difference.clone(),
            });
            let step = format!(
                "{} entries and {} events replayed: everything is as it was signed",
                grouped(audited.entries),
                grouped(audited.events)
            );
            match audited.difference {
                None => {
                    progress.at(1.0, &step);
                    Ok("/log#audit".to_owned())
                }
                Some(difference) => Err(Problem::new(409, "log-differs", difference).hint(
                    "stop here: keep the database as it is, and compare it with the newest backup",
                )),
            }
        });
    Ok((StatusCode::ACCEPTED, Json(Begun::of(job))))
}
