//! Today: what opens next, what is due, what waits for somebody.

use maud::html;

use crate::web::parts::{count, empty, table, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// The page.
pub async fn show(visit: Visit) -> Result<Page, Problem> {
    let rows: Vec<_> = visit
        .state
        .cases
        .values()
        .map(|case| {
            vec![
                html! { a href={ "/cases/" (case.id()) } { (case.id()) } },
                html! { (case.stage()) },
                html! { @match case.release() { Some(at) => (when(at, &visit.zone)), None => "not set" } },
            ]
        })
        .collect();
    let content = html! {
        p { (count(rows.len(), "case")) }
        @if rows.is_empty() {
            (empty("No case yet.", html! { a href="/cases/new" { "Begin a case" } }))
        } @else {
            (table("Cases", &["Case", "Stage", "Release"], &rows))
        }
    };
    Ok(page(&visit, "Today", content))
}
