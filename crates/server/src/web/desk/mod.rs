//! The program's pages: one file a page.

pub mod cases;
pub mod program;

use axum::Router;

use crate::App;

/// Their routes.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(cases::routes())
        .merge(program::routes())
}
