//! Accepting an invitation: a passkey is made, and for a new seat a key for its packages.

use axum::Json;
use axum::response::Response;
use desk::{Invitation, Invited, digest_of_secret};
use domain::account::AccountCommand;
use domain::person::Actor;
use maud::{Markup, html};
use serde_json::Value;

use super::ceremony::Purpose;
use super::own::Made;
use super::passkey::{button, enter};
use crate::extract::{Path, Said};
use crate::web::parts::{Field, facts, when};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// The page. Looking at it takes nothing: programs that look at links in messages only read.
pub async fn show(visit: Visit, Path(secret): Path<String>) -> Result<Page, Problem> {
    let invitation = visit.desk.invitation(&secret).await?.ok_or_else(spent)?;
    let begin = format!("/invitation/{secret}/begin");
    let finish = format!("/invitation/{secret}/finish");
    let needs_key = matches!(invitation.to, Invited::NewSeat { .. });
    let program = visit.state.program.name().unwrap_or("the program");
    let content = html! {
        p class="lead" { "You are invited to " strong { (program) } "." }
        (facts(&[
            ("You are", invited(&visit, &invitation)),
            ("Invited by", html! { (by(&invitation.by)) }),
            ("Until", when(invitation.ends_at, &visit.zone)),
        ]))
        @if needs_key { (packages_key()) }
        h2 { "Your passkey" }
        p { "Your device makes it and keeps it. Signing in will ask for nothing else. The invitation works once." }
        (Field::new("label", "Name of the passkey").hint("Such as: laptop, or key on my keyring").input("text", "", false))
        (button(&visit, "Make a passkey and sign in", &begin, &finish, None))
    };
    let scripts: &[&str] = match needs_key {
        true => &["age-key.js", "passkey.js"],
        false => &["passkey.js"],
    };
    Ok(Sheet::new(&visit, "Invitation")
        .scripts(scripts)
        .content(content))
}

fn packages_key() -> Markup {
    html! {
        h2 { "Your key for packages" }
        p {
            "What you are given is sealed to a key of your own. Its secret half stays with you: this server never gets "
            "it, so nobody here can read your packages, and nobody here can replace the key if you lose it."
        }
        p class="buttons" {
            button type="button" disabled data-make-key { "Make a key in this page" }
            a class="button" data-key-file download="headstart-seat.key" hidden { "Save the key file" }
        }
        p class="notice wait" role="status" data-key-said hidden {}
        (Field::new("recipient", "Public key for packages")
            .hint("Filled in when you make one here. Or paste your own: age1… or ssh-ed25519 …")
            .text(""))
    }
}

/// Begins to make the passkey.
pub async fn begin(visit: Visit, Path(secret): Path<String>) -> Result<Json<Value>, Problem> {
    let invitation = visit.desk.invitation(&secret).await?.ok_or_else(spent)?;
    let name = match &invitation.to {
        Invited::Account {
            account: Actor::Person(name),
        } => name.to_string(),
        Invited::Account { account } => account.to_string().replacen("seat:", "", 1),
        Invited::NewSeat { email, .. } => email.to_string(),
    };
    let purpose = Purpose::Invitation(digest_of_secret(&secret));
    Ok(Json(
        visit
            .app
            .ceremonies()
            .begin_make(purpose, &name, None)
            .await?,
    ))
}

/// Ends it: the passkey is checked first, then the invitation is taken, then the account has it.
pub async fn finish(
    visit: Visit,
    Path(secret): Path<String>,
    Said(made): Said<Made>,
) -> Result<Response, Problem> {
    let recipient = made
        .recipient
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let waiting = visit.desk.invitation(&secret).await?.ok_or_else(spent)?;
    if matches!(waiting.to, Invited::NewSeat { .. }) {
        check_recipient(recipient)?;
    }
    let passkey = visit
        .app
        .ceremonies()
        .finish_make(
            &made.answer.ceremony,
            &made.answer.credential,
            &Purpose::Invitation(digest_of_secret(&secret)),
        )
        .await?;
    // CRASH: from here the invitation is gone. Whoever invited makes another; the other order could let two in.
    let invitation = visit
        .desk
        .take_invitation(&secret)
        .await?
        .ok_or_else(spent)?;
    // CRASH: a new seat without a passkey is there to be invited again, or retired.
    let account = visit
        .desk
        .seat_of_invitation(&invitation, recipient)
        .await?;
    let command = AccountCommand::AddPasskey {
        passkey: passkey.id,
        label: made.label(),
        credential: passkey.credential,
        only_first: true,
    };
    visit
        .desk
        .account_command(&account, command, &account)
        .await?;
    metrics::counter!("headstart_invitations_accepted_total").increment(1);
    enter(&visit, account, None, None).await
}

fn check_recipient(recipient: Option<&str>) -> Result<(), Problem> {
    let recipient = recipient.ok_or_else(|| {
        Problem::input("recipient", "a key for your packages is missing")
            .hint("make one in the page, or paste the public half of yours")
    })?;
    seal::Recipient::parse(recipient)
        .map(drop)
        .map_err(|error| Problem::input("recipient", error.to_string()).hint(error.hint()))
}

fn invited(visit: &Visit, invitation: &Invitation) -> Markup {
    let partner_name = |id| {
        let known = visit.state.program.partner(id);
        known.map_or_else(String::new, |partner| partner.name().to_owned())
    };
    match &invitation.to {
        Invited::Account {
            account: Actor::Person(name),
        } => html! { (name) ", of the program" },
        Invited::Account {
            account: Actor::Seat(seat),
        } => {
            let partner = visit.state.program.seat(seat).map(|seat| seat.partner());
            html! { (seat) @if let Some(partner) = partner { ", at " (partner_name(partner)) } }
        }
        Invited::Account { account } => html! { (account) },
        Invited::NewSeat { partner, email } => {
            html! { (email) ", a new seat at " (partner_name(partner)) }
        }
    }
}

/// Who invited, as the invited may know it.
fn by(actor: &Actor) -> String {
    match actor {
        Actor::Person(name) => name.to_string(),
        Actor::Seat(seat) => format!("{seat}, who leads your team"),
        Actor::Desk | Actor::Timer => "the program".to_owned(),
    }
}

/// The same words for a link that was never made, was used, was revoked, or whose time is over.
fn spent() -> Problem {
    Problem::new(
        404,
        "invitation",
        "this invitation was used already, was taken back, or its time is over",
    )
    .hint("ask whoever gave it to you for a new one")
}
