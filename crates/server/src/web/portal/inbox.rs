//! Inbox: what was opened for this seat.

use maud::html;

use crate::web::parts::{empty, table, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// The page.
pub async fn show(visit: Visit) -> Result<Page, Problem> {
    let (seat, _) = visit.seat()?;
    let policy = visit.desk.policy();
    let rows: Vec<_> = visit
        .state
        .cases
        .values()
        .filter_map(|case| {
            let open =
                domain::open::open(case, &visit.state.program, policy, seat, visit.desk.now())
                    .ok()?;
            let (wave, at) = case.opened_at(seat)?;
            Some(vec![
                html! { a href={ "/inbox/" (open.case()) } { (open.case()) } },
                html! { (case.tlp()) },
                html! { (wave) ", " (when(at, &visit.zone)) },
            ])
        })
        .collect();
    let content = html! {
        @if rows.is_empty() {
            (empty("Nothing is open for you.", html! { p { "You get a mail when something opens." } }))
        } @else {
            (table("Open for you", &["Case", "Label", "Opened"], &rows))
        }
    };
    Ok(page(&visit, "Inbox", content))
}
