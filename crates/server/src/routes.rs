//! Every route with its handler, and what lies around all of them.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::{App, api, around, door, visit, web};

/// How long an answer may take; long work goes on as a job.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// What pages may load and do. Nothing comes from elsewhere, and no script or style stands in a page.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// All routes of an application.
pub fn router(app: App) -> Router {
    around::figures();
    let csrf = CsrfLayer::new();
    // A proxy in front may rewrite `Host`; the origin is what browsers see.
    let csrf = csrf
        .clone()
        .add_trusted_origin(&app.options().origin)
        .unwrap_or(csrf)
        .with_rejection_response(around::cross_site);
    Router::new()
        .route("/healthz", get(around::healthz))
        .route("/metrics", get(around::show_figures))
        .merge(web::routes())
        .merge(door::routes())
        .merge(api::routes())
        .fallback(web::nothing_here)
        .layer(from_fn_with_state(app.clone(), visit::enter))
        // Bodies are bounded at the door, by who sends them.
        .layer(DefaultBodyLimit::disable())
        .layer(csrf)
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, ANSWER_MAX))
        .layer(CatchPanicLayer::custom(around::panicked))
        .layer(from_fn(around::record))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // For browsers that know no `frame-ancestors`.
        .layer(fixed(header::X_FRAME_OPTIONS, "DENY"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000"))
        .layer(fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(fixed(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(fixed(
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), publickey-credentials-get=(self), publickey-credentials-create=(self)",
        ))
        // What a page says of a case is for this moment and this person; assets say otherwise themselves.
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .with_state(app)
}

fn fixed(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
