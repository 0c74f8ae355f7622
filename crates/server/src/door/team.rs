//! `/team`: a partner's seats, their keys, and who leads. The lead invites, names and retires.

use axum::response::Redirect;
use desk::Invited;
use domain::ids::{PartnerId, SeatId};
use domain::person::Actor;
use domain::program::ProgramCommand;
use domain::seat::{Email, Seat, SeatRole};
use maud::{Markup, html};
use serde::Deserialize;

use super::people::{end_all, invitation_life, invited, waiting};
use crate::extract::{Form, Path};
use crate::visit::Who;
use crate::web::parts::{CheckAnswers, Field, state, table, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

const HERE: &str = "/team";

/// The page.
pub async fn show(visit: Visit) -> Result<Page, Problem> {
    let (own, partner) = visit.seat()?;
    let is_lead = matches!(&visit.who, Some(Who::Seat { is_lead: true, .. }));
    let invitations = match is_lead {
        true => visit.desk.invitations(Some(partner)).await?,
        false => Vec::new(),
    };
    let content = html! {
        (seats(&visit, own, partner, is_lead))
        p {
            "A package is sealed to its seat's key. A key is never changed: for a new one, a new seat is invited, "
            "and the old one is retired."
        }
        @if is_lead {
            h2 { "Invite a colleague" }
            form method="post" action="/team/invitations" {
                (Field::new("email", "E-mail address").hint("Where the colleague is reached; nothing is sent there from here").input("email", "", true))
                p class="buttons" { button type="submit" class="primary" { "Make an invitation" } }
            }
            (waiting(&visit, &invitations, HERE))
        } @else {
            p class="fine" { "Whoever leads the team invites, names and retires." }
        }
    };
    Ok(page(&visit, "Team and keys", content))
}

fn seats(visit: &Visit, own: &SeatId, partner: &PartnerId, is_lead: bool) -> Markup {
    let rows: Vec<Vec<Markup>> = visit
        .state
        .program
        .seats_of(partner)
        .map(|seat| {
            let account = visit.state.accounts.of(&Actor::Seat(seat.id().clone()));
            vec![
                html! { (seat.id()) @if seat.id() == own { " (you)" } br; span class="fine" { (seat.email()) } },
                html! { code { (seat.recipient().as_str()) } },
                html! {
                    @if let Some(at) = seat.retired_at() { (state("calm", "retired")) " " (when(at, &visit.zone)) }
                    @else if seat.is_lead() { (state("good", "leads")) }
                    @else { (state("calm", "analyst")) }
                },
                html! {
                    @if account.has_passkey() { (state("good", "has a passkey")) }
                    @else if seat.retired_at().is_none() { (state("wait", "has no passkey yet")) }
                },
                html! {
                    @if is_lead && seat.retired_at().is_none() && seat.id() != own { (actions(seat)) }
                },
            ]
        })
        .collect();
    table(
        "Your team",
        &["Seat", "Key", "Role", "Sign-in", "Change"],
        &rows,
    )
}

fn actions(seat: &Seat) -> Markup {
    let here = format!("{HERE}/{}", seat.id());
    let (other, words) = match seat.is_lead() {
        true => ("analyst", "Make analyst"),
        false => ("lead", "Make lead"),
    };
    html! {
        div class="acts" {
            form method="post" action={ (here) "/role" } {
                input type="hidden" name="role" value=(other);
                button type="submit" { (words) }
            }
            form method="post" action={ (here) "/sessions/end" } { button type="submit" { "End sessions" } }
            a href={ (here) "/retire" } { "Retire" }
        }
    }
}

/// The seat of the own team with this id.
fn of_team<'a>(visit: &'a Visit, id: &str) -> Result<&'a Seat, Problem> {
    let (_, partner) = visit.seat()?;
    let seat = SeatId::parse(id).map_err(|_| Problem::nothing_here())?;
    visit
        .state
        .program
        .seat(&seat)
        .filter(|seat| seat.partner() == partner)
        .ok_or_else(Problem::nothing_here)
}

/// An address.
#[derive(Debug, Deserialize)]
pub struct Address {
    email: String,
}

/// Makes an invitation for a colleague.
pub async fn invite(visit: Visit, Form(address): Form<Address>) -> Result<Page, Problem> {
    let (_, partner) = visit.seat()?;
    let email = Email::parse(address.email.trim()).map_err(desk::Failure::from_refusal)?;
    let to = Invited::NewSeat {
        partner: partner.clone(),
        email: email.clone(),
    };
    let secret = visit
        .desk
        .invite(to, &visit.actor()?, invitation_life())
        .await?;
    Ok(invited(&visit, email.as_str(), &secret, HERE))
}

/// Takes an invitation back.
pub async fn revoke(visit: Visit, Path(id): Path<String>) -> Result<Redirect, Problem> {
    let (_, partner) = visit.seat()?;
    visit.desk.revoke_invitation(Some(partner), &id).await?;
    Ok(Redirect::to("/team#invitations"))
}

/// A role.
#[derive(Debug, Deserialize)]
pub struct NewRole {
    role: SeatRole,
}

/// Names a seat lead or analyst.
pub async fn change_role(
    visit: Visit,
    Path(id): Path<String>,
    Form(new): Form<NewRole>,
) -> Result<Redirect, Problem> {
    let command = ProgramCommand::SetSeatRole {
        seat: of_team(&visit, &id)?.id().clone(),
        role: new.role,
    };
    visit.desk.decide(command, &visit.actor()?).await?;
    Ok(Redirect::to(HERE))
}

/// Ends all sessions of a colleague.
pub async fn end_sessions(visit: Visit, Path(id): Path<String>) -> Result<Redirect, Problem> {
    let seat = of_team(&visit, &id)?.id().clone();
    end_all(&visit, &Actor::Seat(seat)).await?;
    Ok(Redirect::to(HERE))
}

/// Asks before a seat is retired.
pub async fn ask_retire(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let seat = of_team(&visit, &id)?;
    let check = CheckAnswers {
        action: &format!("{HERE}/{}/retire", seat.id()),
        consequence: "The seat gets nothing any more, its sessions and tokens end at once, and it cannot come back: a colleague who returns gets a new seat.",
        rows: &[
            ("Seat", html! { (seat.id()) }),
            ("E-mail", html! { (seat.email()) }),
        ],
        hidden: &[],
        fields: Field::new("reason", "Reason, kept for ever").text(""),
        button: "Retire this seat",
        back: HERE,
    };
    Ok(page(&visit, "Retire a seat", check.draw()))
}

/// A reason.
#[derive(Debug, Deserialize)]
pub struct Why {
    reason: String,
}

/// Retires a seat.
pub async fn retire(
    visit: Visit,
    Path(id): Path<String>,
    Form(why): Form<Why>,
) -> Result<Redirect, Problem> {
    let seat = of_team(&visit, &id)?.id().clone();
    let command = ProgramCommand::RetireSeat {
        seat: seat.clone(),
        reason: why.reason,
    };
    visit.desk.decide(command, &visit.actor()?).await?;
    visit.app.sessions().end_all(&Actor::Seat(seat)).await?;
    Ok(Redirect::to(HERE))
}
