//! The log for anybody, as C2SP tlog-tiles says: checkpoint, tiles, entries. Commitments only, nothing secret.

use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use tlog::Resource;

use crate::extract::Path;
use crate::{Problem, Visit};

/// What stands below `/log/tiles/`.
pub async fn resource(visit: Visit, Path(path): Path<String>) -> Result<Response, Problem> {
    let resource = Resource::parse(&path).map_err(|_| Problem::nothing_here())?;
    let bytes = match visit.desk.resource(&resource).await {
        Ok(bytes) => bytes.ok_or_else(Problem::nothing_here)?,
        Err(failure) if failure.code == "no-checkpoint" => return Err(Problem::nothing_here()),
        Err(failure) => return Err(failure.into()),
    };
    let (kind, cache) = match resource {
        Resource::Checkpoint => ("text/plain; charset=utf-8", "no-cache"),
        // What is under a checkpoint never changes.
        Resource::Tile(_) | Resource::Entries(_) => (
            "application/octet-stream",
            "public, max-age=31536000, immutable",
        ),
    };
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, cache),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ];
    Ok((headers, bytes).into_response())
}
