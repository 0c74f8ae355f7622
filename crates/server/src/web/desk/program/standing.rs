//! A partner's standing: suspended and resumed in one step, removed after a second look; agreements on paper.

use axum::response::Redirect;
use domain::agreement::Means;
use domain::ids::{AgreementVersion, SeatId};
use domain::partner::{Partner, Status};
use domain::person::Role;
use domain::program::ProgramCommand;
use maud::{Markup, html};

use super::form::{Fields, field};
use super::partner::{consequence, is_here, known};
use crate::extract::{Form, Path};
use crate::web::parts::{CheckAnswers, Field, sentence};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// Suspends at once: what was open closes with this answer.
pub async fn suspend(
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Problem> {
    let partner = known(&visit, &id)?.id().clone();
    let reason = field(&fields, "reason").to_owned();
    decide(
        &visit,
        &id,
        ProgramCommand::Suspend { partner, reason },
        "suspended",
    )
    .await
}

/// Takes a suspension back.
pub async fn resume(
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Problem> {
    let partner = known(&visit, &id)?.id().clone();
    let reason = field(&fields, "reason").to_owned();
    decide(
        &visit,
        &id,
        ProgramCommand::Resume { partner, reason },
        "resumed",
    )
    .await
}

/// Admits an applicant.
pub async fn admit(visit: Visit, Path(id): Path<String>) -> Result<Redirect, Problem> {
    let partner = known(&visit, &id)?.id().clone();
    decide(&visit, &id, ProgramCommand::Activate(partner), "admitted").await
}

/// Records that the current agreement was signed on paper.
pub async fn accept(
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Problem> {
    let partner = known(&visit, &id)?.id().clone();
    let version = AgreementVersion::parse(field(&fields, "version"))
        .map_err(|error| Problem::input("agreement", error.to_string()))?;
    let command = ProgramCommand::AcceptAgreement {
        partner,
        version,
        signatory: field(&fields, "signatory").to_owned(),
        means: Means::Paper,
    };
    decide(&visit, &id, command, "accepted").await
}

/// The page before a removal.
pub async fn check_removal(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let partner = known(&visit, &id)?;
    let back = format!("/partners/{id}");
    let consequence = format!(
        "{} Its seats retire, and it comes back only by a fresh application.",
        consequence(&visit, partner)
    );
    let check = CheckAnswers {
        action: &format!("/partners/{id}/remove"),
        consequence: &consequence,
        rows: &[
            ("Partner", html! { (partner.id()) " " (partner.name()) }),
            ("Status now", html! { (partner.status()) }),
        ],
        hidden: &[],
        fields: Field::new("reason", "Why")
            .hint("It stands in the program's history.")
            .text(""),
        button: "Remove this partner",
        back: &back,
    };
    Ok(page(&visit, "Check: remove a partner", check.draw()))
}

/// Removes a partner.
pub async fn remove(
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Problem> {
    let partner = known(&visit, &id)?.id().clone();
    let reason = field(&fields, "reason").to_owned();
    decide(
        &visit,
        &id,
        ProgramCommand::Remove { partner, reason },
        "removed",
    )
    .await
}

/// The page before a seat retires.
pub async fn check_retirement(
    visit: Visit,
    Path((id, seat)): Path<(String, String)>,
) -> Result<Page, Problem> {
    let (partner, seat) = seat_of(&visit, &id, &seat)?;
    let back = format!("/partners/{id}");
    let consequence = format!(
        "The seat {seat} gets nothing any more, and cannot be taken into use again. It keeps what it fetched."
    );
    let check = CheckAnswers {
        action: &format!("/partners/{id}/seats/{seat}/retire"),
        consequence: &consequence,
        rows: &[
            ("Seat", html! { (seat) }),
            ("Partner", html! { (partner.id()) " " (partner.name()) }),
        ],
        hidden: &[],
        fields: Field::new("reason", "Why").text(""),
        button: "Retire this seat",
        back: &back,
    };
    Ok(page(&visit, "Check: retire a seat", check.draw()))
}

/// Retires a seat.
pub async fn retire(
    visit: Visit,
    Path((id, seat)): Path<(String, String)>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Problem> {
    let (_, seat) = seat_of(&visit, &id, &seat)?;
    let reason = field(&fields, "reason").to_owned();
    decide(
        &visit,
        &id,
        ProgramCommand::RetireSeat { seat, reason },
        "retired",
    )
    .await
}

fn seat_of<'a>(visit: &'a Visit, id: &str, seat: &str) -> Result<(&'a Partner, SeatId), Problem> {
    let partner = known(visit, id)?;
    let seat = SeatId::parse(seat).map_err(|_| Problem::nothing_here())?;
    let own = visit.state.program.seat(&seat);
    let is_own = own.is_some_and(|own| own.partner() == partner.id());
    match is_own {
        true => Ok((partner, seat)),
        false => Err(Problem::nothing_here()),
    }
}

async fn decide(
    visit: &Visit,
    id: &str,
    command: ProgramCommand,
    done: &str,
) -> Result<Redirect, Problem> {
    visit.desk.decide(command, &visit.actor()?).await?;
    Ok(Redirect::to(&format!("/partners/{id}?done={done}")))
}

/// What has just been done, as far as the partner's standing bears it out, with the way back.
pub fn told(partner: &Partner, done: &str) -> Markup {
    let words = match (done, partner.status()) {
        ("suspended", Status::Suspended) => {
            "Suspended. Nothing is given to it from now on, by any way; what it fetched before it keeps. \
             Undo it below by resuming the partner."
        }
        ("resumed", Status::Active) => "Resumed. What is open for it can be fetched again.",
        ("admitted", Status::Active) => {
            "Admitted. It takes part from the next wave of its tier on."
        }
        ("removed", Status::Removed) => "Removed. Its seats are retired.",
        ("accepted", _) => "The agreement is recorded.",
        ("retired", _) => "The seat is retired.",
        _ => return html! {},
    };
    html! { div class="notice good" role="status" { p { (sentence(words)) } } }
}

/// What this person can do about the standing.
pub fn actions(visit: &Visit, partner: &Partner) -> Markup {
    let is_coordinator = visit.has(Role::Coordinator);
    let suspends = is_coordinator || visit.has(Role::Investigator);
    let id = partner.id();
    html! {
        @match partner.status() {
            Status::Active => @if suspends {
                form method="post" action={ "/partners/" (id) "/suspend" } {
                    (Field::new("reason", "Why it is suspended")
                        .hint("It acts at once, and can be undone.").text(""))
                    button type="submit" { "Suspend" }
                }
            } @else {
                p { "A coordinator or an investigator can suspend it." }
            },
            Status::Suspended => @if is_coordinator {
                form method="post" action={ "/partners/" (id) "/resume" } {
                    (Field::new("reason", "Why it takes part again").text(""))
                    button type="submit" { "Resume" }
                }
            } @else {
                p { "A coordinator can resume it." }
            },
            Status::Applicant => @if is_coordinator {
                form method="post" action={ "/partners/" (id) "/admit" } { button type="submit" class="primary" { "Admit" } }
            } @else {
                p { "A coordinator can admit it." }
            },
            Status::Removed => p { "It comes back only by a fresh application." },
        }
        @if is_coordinator && is_here(partner) {
            (agreement(visit, partner))
            p class="buttons" { a href={ "/partners/" (id) "/remove" } { "Remove this partner" } }
        }
    }
}

fn agreement(visit: &Visit, partner: &Partner) -> Markup {
    let current = visit.state.program.current_agreement();
    let missing = current.filter(|version| !partner.accepted().contains_key(version));
    html! {
        @if let Some(version) = missing {
            form method="post" action={ "/partners/" (partner.id()) "/accept" } {
                input type="hidden" name="version" value=(version);
                (Field::new("signatory", &format!("Who signed version {version} of the agreement on paper")).text(""))
                button type="submit" { "Record the signature" }
            }
        }
    }
}
