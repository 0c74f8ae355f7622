//! The transparency log, for programs.

use axum::Json;
use flow::delivery::Grown;
use serde::{Deserialize, Serialize};
use tlog::{ConsistencyProof, Hash};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Ask, At};
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
