//! The witness over HTTP: plain, for the loopback or behind a proxy that speaks TLS.
//!
//! | request | answer |
//! |---|---|
//! | `POST /add-checkpoint` | as c2sp.org/tlog-witness says |
//! | `GET /<sha256 of origin>/checkpoint` | the last cosigned checkpoint, as c2sp.org/tlog-witness says |
//! | `GET /<sha256 of origin>/forks` | a JSON list of forks, each with both signed checkpoints |
//! | `GET /` | the witness's verifier key |

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::fork::Fork;
use crate::request::REQUEST_BYTES_MAX;
use crate::state::StateError;
use crate::witness::Witness;

/// Connections that are served at a time; further ones wait.
pub const CONNECTIONS_MAX: usize = 256;
/// How long a client may take to send its head, and then its body.
pub const SENDING_MAX: Duration = Duration::from_secs(10);
/// How long a connection stays open in all.
const CONNECTION_MAX: Duration = Duration::from_secs(120);

/// Tells the time, in POSIX seconds.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The machine's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    })
}

#[derive(Clone)]
struct Served {
    witness: Arc<Witness>,
    clock: Clock,
}

/// The routes of a witness.
pub fn router(witness: Arc<Witness>, clock: Clock) -> Router {
    Router::new()
        .route("/", get(key))
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{origin}/checkpoint", get(checkpoint))
        .route("/{origin}/forks", get(forks))
        .with_state(Served { witness, clock })
}

/// Serves until the future is dropped, which ends the open connections too.
///
/// # Errors
/// A listener that fails.
pub async fn serve(
    listener: TcpListener,
    witness: Arc<Witness>,
    clock: Clock,
) -> std::io::Result<()> {
    let router = router(witness, clock);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(place) = places.clone().acquire_owned().await else {
            return Ok(());
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // One connection that breaks, or too many open files for a moment, must not end the witness.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(SENDING_MAX)
                .serve_connection(TokioIo::new(stream), service);
            // What a client does to its own connection is its own affair.
            let _ = tokio::time::timeout(CONNECTION_MAX, connection).await;
            drop(place);
        });
    }
}

async fn key(State(served): State<Served>) -> Response {
    text(StatusCode::OK, served.witness.vkey() + "\n")
}

async fn add_checkpoint(State(served): State<Served>, request: Request) -> Response {
    let body = tokio::time::timeout(
        SENDING_MAX,
        to_bytes(request.into_body(), REQUEST_BYTES_MAX),
    );
    let body = match body.await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            let reason = format!("the request is broken, or over {REQUEST_BYTES_MAX} bytes\n");
            return text(StatusCode::PAYLOAD_TOO_LARGE, reason);
        }
        Err(_) => {
            return text(
                StatusCode::REQUEST_TIMEOUT,
                "the request is too slow\n".into(),
            );
        }
    };
    let answered = on_disk(move || {
        let now_s = (served.clock)();
        served.witness.add_checkpoint(&body, now_s)
    })
    .await;
    match answered {
        Some(Ok(line)) => text(StatusCode::OK, line),
        Some(Err(refusal)) => {
            if refusal.status() == 500 {
                eprintln!("witness: {refusal}");
            }
            let status =
                StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let kind = [(header::CONTENT_TYPE, refusal.content_type())];
            (status, kind, refusal.body()).into_response()
        }
        None => broken(),
    }
}

async fn checkpoint(State(served): State<Served>, Path(origin): Path<String>) -> Response {
    match on_disk(move || served.witness.checkpoint(&origin)).await {
        Some(Ok(Some(note))) => text(StatusCode::OK, note),
        Some(Ok(None)) => text(
            StatusCode::NOT_FOUND,
            "no checkpoint of this log was cosigned here\n".into(),
        ),
        Some(Err(error)) => failed(&error),
        None => broken(),
    }
}

async fn forks(State(served): State<Served>, Path(origin): Path<String>) -> Response {
    match on_disk(move || served.witness.forks(&origin)).await {
        Some(Ok(forks)) => {
            let kind = [(header::CONTENT_TYPE, "application/json")];
            (StatusCode::OK, kind, list(&forks)).into_response()
        }
        Some(Err(error)) => failed(&error),
        None => broken(),
    }
}

fn list(forks: &[Fork]) -> String {
    serde_json::to_string_pretty(forks).unwrap_or_default() + "\n"
}

/// Runs what waits for the disk where it holds up no other request.
async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

fn failed(error: &StateError) -> Response {
    eprintln!("witness: {error}");
    broken()
}

fn broken() -> Response {
    let reason = "the witness cannot answer at present\n".to_owned();
    text(StatusCode::INTERNAL_SERVER_ERROR, reason)
}

fn text(status: StatusCode, body: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, kind, Body::from(body)).into_response()
}
