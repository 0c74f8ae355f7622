//! The transparency log, for programs.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::At;
use crate::{Problem, Visit};

/// The log as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogState {
    /// The published verifier key.
    pub key: String,
    /// The newest signed checkpoint, a C2SP signed note.
    pub checkpoint: String,
    /// Its entries.
    pub size: u64,
}

/// That an entry is in the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Proof {
    /// The entry's place.
    pub index: u64,
    /// The C2SP tlog-proof.
    pub proof: String,
}

/// The newest checkpoint and the key that checks it.
#[utoipa::path(get, path = "/api/v1/log", tag = "log", responses((status = 200, body = LogState)))]
pub async fn show(visit: Visit) -> Result<Json<LogState>, Problem> {
    let checkpoint = visit.desk.newest().await?;
    Ok(Json(LogState {
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
