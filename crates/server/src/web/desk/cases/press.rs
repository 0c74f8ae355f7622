//! The press, as long work with progress; and opening what is due.

use axum::response::Redirect;
use domain::decide::CaseCommand;
use maud::html;

use super::about::wave_name;
use super::{case_of, desk_of, tabs};
use crate::extract::Path;
use crate::web::parts::{CheckAnswers, count, when};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// What a press is called among long work.
const PRESS: &str = "press";

/// The page before a press.
pub async fn ask(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    let waiting = case.entitlements(&visit.state.program, visit.desk.policy());
    let partners: std::collections::BTreeSet<_> = waiting.iter().map(|may| &may.partner).collect();
    let copies: usize = waiting.iter().map(|may| may.artifacts.len()).sum();
    let first = match case.is_pressed() {
        true => "The artifacts were frozen by the first press.",
        false => {
            "With the first press the artifacts are frozen: nothing of them can be changed afterwards."
        }
    };
    let consequence = format!(
        "{} for {}; every copy is different, and each package is committed to the log. {first} Nothing opens by this.",
        count(waiting.len(), "package"),
        count(partners.len(), "partner"),
    );
    let check = CheckAnswers {
        action: &format!("/cases/{}/press", case.id()),
        consequence: &consequence,
        rows: &[
            ("Case", html! { (super::today::case_link(&visit, &case)) }),
            ("Label on every copy", html! { (case.tlp()) }),
            (
                "Artifacts",
                html! {
                    (count(case.artifacts().len(), "artifact")) ", "
                    (count(case.artifacts().iter().map(|one| one.sites as usize).sum(), "mark"))
                },
            ),
            ("Copies", html! { (copies) }),
            (
                "Program key",
                html! {
                    @if visit.app.is_unlocked() { "unlocked" } @else {
                        "locked: " a href="/settings" { "unlock it under Settings" } " first"
                    }
                },
            ),
        ],
        hidden: &[],
        fields: html! {},
        button: "Press",
        back: &format!("/cases/{}/waves", case.id()),
    };
    let content = html! {
        (tabs(&visit, &case))
        @if waiting.is_empty() {
            p {
                @if case.artifacts().is_empty() { "The case has no artifacts to press." }
                @else if case.is_pressed() { "Every seat that may have a copy has one." }
                @else { "Nobody may have anything of this case: active partners need seats, and the policy must give them something." }
            }
            p { a href={ "/cases/" (case.id()) "/waves" } { "Back to the waves" } }
        } @else {
            (check.draw())
        }
    };
    let title = format!("Press {}", case.id());
    Ok(Sheet::new(&visit, &title).tlp(case.tlp()).content(content))
}

/// Begins a press, and shows how far it is.
pub async fn begin(visit: Visit, Path(id): Path<String>) -> Result<Redirect, Problem> {
    let case = case_of(&visit, &id)?.id().clone();
    let going_on = visit
        .app
        .jobs()
        .all()
        .into_iter()
        .find(|job| job.kind == PRESS && job.about == case.as_str() && !job.is_ended());
    if let Some(job) = going_on {
        return Ok(Redirect::to(&format!("/jobs/{}", job.id)));
    }
    let key = visit.key()?;
    let desk = desk_of(&visit)?;
    let result = format!("/cases/{case}/waves");
    let about = case.to_string();
    let job = visit
        .app
        .jobs()
        .begin(PRESS, &about, visit.actor()?, |progress| {
            crate::jobs::apart(async move {
                let tell = |share: f64, step: &str| progress.at(share, step);
                desk.press_telling(&case, &key, &tell).await?;
                Ok(result)
            })
        });
    Ok(Redirect::to(&format!("/jobs/{job}")))
}

/// The page before waves that are due are opened.
pub async fn ask_opening(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    let due = case.due(&visit.state.program, visit.desk.policy(), visit.desk.now());
    let seats: usize = due.iter().map(|wave| wave.seats.len()).sum();
    let partners: std::collections::BTreeSet<_> = due
        .iter()
        .flat_map(|wave| &wave.seats)
        .filter_map(|seat| visit.state.program.seat(seat))
        .map(|seat| seat.partner())
        .collect();
    let consequence = format!(
        "{}, {} get their packages; cannot be recalled.",
        count(partners.len(), "partner"),
        count(seats, "person").replace("persons", "people"),
    );
    let mut rows = vec![("Case", html! { (super::today::case_link(&visit, &case)) })];
    for wave in &due {
        rows.push((
            "Opens",
            html! { (wave_name(wave.wave)) ", due " (when(wave.opens_at, &visit.zone)) ", " (count(wave.seats.len(), "seat")) },
        ));
    }
    let check = CheckAnswers {
        action: &format!("/cases/{}/waves/open", case.id()),
        consequence: &consequence,
        rows: &rows,
        hidden: &[],
        fields: html! {},
        button: "Open what is due",
        back: &format!("/cases/{}/waves", case.id()),
    };
    let content = html! {
        (tabs(&visit, &case))
        @if due.is_empty() {
            p { "Nothing is due. Waves open by themselves when their time comes." }
            p { a href={ "/cases/" (case.id()) "/waves" } { "Back to the waves" } }
        } @else {
            (check.draw())
        }
    };
    let title = format!("Open waves of {}", case.id());
    Ok(Sheet::new(&visit, &title).tlp(case.tlp()).content(content))
}

/// Opens what is due.
pub async fn open(visit: Visit, Path(id): Path<String>) -> Result<Redirect, Problem> {
    let case = case_of(&visit, &id)?;
    visit
        .desk
        .command(case.id(), CaseCommand::OpenWaves, &visit.actor()?)
        .await?;
    Ok(Redirect::to(&format!("/cases/{}/waves", case.id())))
}
