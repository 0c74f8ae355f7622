//! The JSON API: everything that the pages do, for programs.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::access::{Need, Route, api};
use crate::visit::Who;
use crate::{App, Problem, Visit};

/// What its routes need.
pub const ROUTES: &[Route] = &[api("GET", "/api/v1/me", Need::SignedIn, "read")];

/// The routes below `/api/v1`.
pub fn routes() -> Router<App> {
    Router::new().route("/api/v1/me", get(me))
}

/// Who asks, and what they may.
async fn me(visit: Visit) -> Result<Json<Value>, Problem> {
    let who = visit.who.as_ref().ok_or_else(Problem::nothing_here)?;
    Ok(Json(match who {
        Who::Person { name, roles } => json!({"person": name.to_string(), "roles": roles}),
        Who::Seat {
            seat,
            partner,
            is_lead,
        } => {
            json!({"seat": seat.as_str(), "partner": partner.as_str(), "lead": is_lead})
        }
    }))
}
