//! Pages: rendered here, whole, and usable without a script.

mod assets;
pub mod desk;
mod layout;
pub mod parts;
pub mod portal;

use axum::Router;
use axum::http::Uri;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use crate::{App, Problem, Visit};

pub use layout::{Page, Sheet, page, problem_page};

/// The routes of all pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/assets/{name}", get(assets::asset))
        .merge(desk::routes())
        .merge(portal::routes())
}

/// What is answered where there is no route.
pub async fn nothing_here(_visit: Visit) -> Problem {
    Problem::nothing_here()
}

/// To the sign-in page, and back to what was asked for afterwards.
pub fn to_sign_in(uri: &Uri) -> Response {
    let back = uri.path();
    let target = if back == "/" {
        "/sign-in".to_owned()
    } else {
        format!("/sign-in?to={back}")
    };
    Redirect::to(&target).into_response()
}
