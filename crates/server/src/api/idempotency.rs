//! Idempotency keys: a request that is sent again with the same key is answered as the first time, and done once.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{TICKET_BYTES_MAX, Ticket};

use crate::{Problem, Visit};

/// The header.
pub const HEADER: &str = "idempotency-key";
/// Characters of a key.
const KEY_CHARS_MAX: usize = 100;
/// How long an answer is kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Bytes of a request or an answer that are held; bodies are bounded at the door already.
const BODY_BYTES_MAX: usize = 64 << 20;
const KIND: &str = "idempotency";

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Digest of what was asked.
    asked: String,
    /// The answer; nothing while it is being made.
    answer: Option<Answer>,
    /// Whether it was answered with a secret, which is shown once and kept nowhere.
    #[serde(default)]
    is_secret: bool,
}

/// On an answer that has a secret in it: it is not kept.
#[derive(Debug, Clone, Copy)]
pub struct ShownOnce;

#[derive(Serialize, Deserialize)]
struct Answer {
    status: u16,
    kind: String,
    body: String,
}

/// Around the routes that create something.
pub async fn once(visit: Visit, request: Request, next: Next) -> Response {
    let Some(key) = key_of(request.method(), request.headers()) else {
        return next.run(request).await;
    };
    match answered(&visit, key, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

fn key_of(method: &Method, headers: &HeaderMap) -> Option<String> {
    if method != Method::POST {
        return None;
    }
    let key = headers.get(HEADER)?;
    Some(String::from_utf8_lossy(key.as_bytes()).into_owned())
}

async fn answered(
    visit: &Visit,
    key: String,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if key.is_empty() || key.chars().count() > KEY_CHARS_MAX {
        let reason = format!("an idempotency key has 1 to {KEY_CHARS_MAX} characters");
        return Err(Problem::input("idempotency-key", reason));
    }
    let account = visit.actor()?.to_string();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| Problem::new(413, "too-large", "the request is broken, or too large"))?;
    let asked = hex(&[
        parts.method.as_str().as_bytes(),
        parts.uri.to_string().as_bytes(),
        &body,
    ]);
    let id = hex(&[account.as_bytes(), key.as_bytes()]);
    let store = visit.desk.store();
    let now = Timestamp::now();
    let pending = ticket(&id, &account, &Kept::pending(&asked), now)?;
    let is_first = store
        .put_ticket(KIND, &pending, now)
        .await
        .map_err(crate::door::failed)?;
    if !is_first {
        let known = store
            .ticket(KIND, &id, now)
            .await
            .map_err(crate::door::failed)?;
        return replay(known, &asked);
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let is_secret = response.extensions().get::<ShownOnce>().is_some();
    // CRASH: the work is done and its answer not kept: a repeat is told that it is going on, and does nothing twice.
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    if parts.status.is_server_error() || body.len() > TICKET_BYTES_MAX / 2 {
        // Nothing that can be repeated was answered; the key is free again.
        store
            .take_ticket(KIND, &id, now)
            .await
            .map_err(crate::door::failed)?;
    } else {
        let kind = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let answer = Answer {
            status: parts.status.as_u16(),
            kind: kind.unwrap_or("application/octet-stream").to_owned(),
            body: STANDARD.encode(&body),
        };
        let kept = match is_secret {
            true => ticket(&id, &account, &Kept::secret(&asked), now)?,
            false => ticket(&id, &account, &Kept::answered(&asked, answer), now)?,
        };
        store
            .change_ticket(KIND, &kept, now)
            .await
            .map_err(crate::door::failed)?;
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(known: Option<Ticket>, asked: &str) -> Result<Response, Problem> {
    let kept: Kept = known
        .and_then(|ticket| serde_json::from_str(&ticket.body).ok())
        .ok_or_else(|| Problem::machine("what was answered to this key is gone"))?;
    if kept.asked != asked {
        return Err(
            Problem::input("idempotency-key", "this key was used for something else")
                .hint("take a new key for each request that creates something"),
        );
    }
    if kept.is_secret {
        return Err(Problem::new(
            409,
            "shown-once",
            "this was done, and what was answered is shown once",
        )
        .hint("if nobody has it, take it back, and ask anew with another key"));
    }
    let Some(answer) = kept.answer else {
        return Err(Problem::new(
            409,
            "going-on",
            "the first request with this key is still being answered",
        )
        .hint("ask again in a moment"));
    };
    let body = STANDARD.decode(answer.body).unwrap_or_default();
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = [
        (header::CONTENT_TYPE, answer.kind),
        (
            header::HeaderName::from_static("idempotent-replay"),
            "true".to_owned(),
        ),
    ];
    Ok((status, headers, Bytes::from(body)).into_response())
}

impl Kept {
    fn pending(asked: &str) -> Self {
        Self {
            asked: asked.to_owned(),
            answer: None,
            is_secret: false,
        }
    }

    fn answered(asked: &str, answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            ..Self::pending(asked)
        }
    }

    fn secret(asked: &str) -> Self {
        Self {
            is_secret: true,
            ..Self::pending(asked)
        }
    }
}

fn ticket(id: &str, account: &str, kept: &Kept, now: Timestamp) -> Result<Ticket, Problem> {
    let body =
        serde_json::to_string(kept).map_err(|_| Problem::machine("an answer could not be kept"))?;
    Ok(Ticket {
        id: id.to_owned(),
        owner: account.to_owned(),
        body,
        ends_ms: (now + KEPT_FOR).as_millisecond(),
    })
}

fn hex(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
