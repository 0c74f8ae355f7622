//! What lies around all routes: each request gets an id, a line in the log and its place in the figures, and what a
//! layer refused is said in the same words as what a handler refused.

use std::sync::OnceLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::person::Actor;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::visit::{is_for_programs, shown};
use crate::{App, Problem, Visit};

/// Under which a request's id is sent back.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Upper ends of the buckets of how long answers take, in seconds.
const BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];

/// Who asked, as a response tells the log.
#[derive(Debug, Clone)]
pub(crate) struct AskedBy(pub(crate) Actor);

/// Numbers, logs and counts a request. The log names the route's pattern and never the path, which may hold a secret.
pub(crate) async fn record(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id();
    let method = known_method(request.method().as_str());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let is_api = is_for_programs(&request);
    let mut response = next.run(request).await;
    if let Some(problem) = problem_of(&mut response) {
        response = carried(shown(problem, is_api, None), &response);
    }
    let seconds = began.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    let by = response
        .extensions()
        .get::<AskedBy>()
        .map_or_else(|| "nobody".to_owned(), |by| by.0.to_string());
    metrics::counter!("headstart_requests_total", "route" => route.clone(), "method" => method, "status" => status.to_string())
        .increment(1);
    metrics::histogram!("headstart_request_seconds", "route" => route.clone()).record(seconds);
    tracing::info!(target: "request", %id, method, route, status, ms = seconds * 1e3, by, "answered");
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// What a layer refused, in the words of a problem.
fn problem_of(response: &mut Response) -> Option<Problem> {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return Some(problem);
    }
    let is_said = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| {
            let kind = kind.as_bytes();
            kind.starts_with(b"text/html") || kind.starts_with(b"application/")
        });
    if is_said {
        return None;
    }
    Some(match response.status() {
        StatusCode::GATEWAY_TIMEOUT => {
            Problem::new(504, "too-slow", "this took too long").hint("try again in a moment")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(413, "too-large", "this is too large").hint("send less at a time")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(
            415,
            "content-type",
            "this kind of content is not taken here",
        ),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            Problem::new(422, "malformed", "what was sent cannot be read")
                .hint("load the page again, and send its form")
        }
        _ => return None,
    })
}

/// A new answer with what the old one carried for the layers outside.
fn carried(mut response: Response, old: &Response) -> Response {
    if let Some(by) = old.extensions().get::<AskedBy>() {
        response.extensions_mut().insert(by.clone());
    }
    response
}

/// Methods that are counted apart; anybody can invent others.
fn known_method(method: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

fn request_id() -> String {
    let mut bytes = [0u8; 8];
    // Without randomness there is no id; a request is answered all the same.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What becomes of a form that comes from elsewhere.
pub(crate) fn cross_site(_: tower_http::csrf::ProtectionError) -> Response {
    metrics::counter!("headstart_refused_total", "for" => "cross-site").increment(1);
    Problem::new(403, "cross-site", "this form came from another site")
        .hint("open this server's own page, and send it from there")
        .into_response()
}

/// What becomes of a handler that panics.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    metrics::counter!("headstart_panics_total").increment(1);
    tracing::error!("a handler panicked");
    Problem::new(500, "bug", "something is wrong in this program")
        .hint("nothing was half done; please report what you did, with the time")
        .into_response()
}

/// The figures of this process; the recorder is set once.
pub(crate) fn figures() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets(BUCKETS)
            .unwrap_or_else(|_| PrometheusBuilder::new())
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder has the figures of this process");
        }
        handle
    })
}

/// `/healthz`: the door in front of it has asked the database already, or this is not reached.
pub(crate) async fn healthz(visit: Visit) -> String {
    format!("ok {}\n", visit.state.sequence)
}

/// `/metrics`, for a token of a person of the program with the scope `metrics`, and for nobody else: behind a proxy
/// on the same machine every peer looks as if it were local.
pub(crate) async fn show_figures(visit: Visit) -> Result<Response, Problem> {
    let session = visit.session.as_ref().ok_or_else(Problem::nothing_here)?;
    let has_scope = session
        .scopes
        .as_ref()
        .is_some_and(|scopes| scopes.iter().any(|scope| scope == "metrics"));
    let is_person = match &session.account {
        Actor::Person(name) => visit.state.program.person(name).is_some(),
        _ => false,
    };
    if !has_scope || !is_person {
        return Err(Problem::nothing_here());
    }
    gauge(&visit.app, &visit).await?;
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    let figures = figures();
    figures.run_upkeep();
    Ok((kind, figures.render()).into_response())
}

async fn gauge(app: &App, visit: &Visit) -> Result<(), Problem> {
    let jobs = app.jobs().all();
    let running = jobs.iter().filter(|job| !job.is_ended()).count();
    let log_size = visit
        .desk
        .store()
        .log_size()
        .await
        .map_err(crate::door::failed)?;
    metrics::gauge!("headstart_jobs_running").set(running as f64);
    metrics::gauge!("headstart_log_entries").set(log_size as f64);
    metrics::gauge!("headstart_events").set(visit.state.sequence as f64);
    metrics::gauge!("headstart_unlocked").set(f64::from(u8::from(app.is_unlocked())));
    Ok(())
}
