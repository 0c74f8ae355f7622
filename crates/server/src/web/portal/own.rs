//! What all pages of a partner stand on: the case that is open to the seat, or nothing.

use std::sync::Arc;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use desk::{Class, Failure};
use domain::case::Case;
use domain::ids::{BlobId, CaseId, PartnerId, SeatId};
use domain::letter::Letter;
use domain::open::{open, standing};
use domain::person::Actor;
use domain::tlp::Tlp;
use maud::{Markup, html};

use crate::extract::Path;
use crate::web::parts::Field;
use crate::{Problem, Visit};

/// A case that is open to the seat that asks.
pub struct Own {
    /// The case.
    pub case: Arc<Case>,
    /// The seat.
    pub seat: SeatId,
    /// Its partner.
    pub partner: PartnerId,
}

impl Own {
    /// Where its page is.
    pub fn path(&self) -> String {
        format!("/inbox/{}", self.case.id())
    }
}

/// The seat that asks and its partner, when anything at all may be open to it.
///
/// # Errors
/// The seat's own standing.
pub fn seated(visit: &Visit) -> Result<(SeatId, PartnerId), Problem> {
    let (seat, partner) = visit.seat()?;
    standing(&visit.state.program, visit.desk.policy(), seat).map_err(Problem::of_partner)?;
    Ok((seat.clone(), partner.clone()))
}

/// A case that is open to the seat that asks, now.
///
/// # Errors
/// The seat's standing; for a case that is not there, another partner's or not open yet, one and the same answer.
pub fn own(visit: &Visit, id: &str) -> Result<Own, Problem> {
    let (seat, partner) = seated(visit)?;
    let id = CaseId::parse(id).map_err(|_| Problem::nothing_here())?;
    let case = visit.state.case(&id).ok_or_else(Problem::nothing_here)?;
    let (program, now) = (&visit.state.program, visit.desk.now());
    open(case, program, visit.desk.policy(), &seat, now).map_err(|_| Problem::nothing_here())?;
    Ok(Own {
        case: case.clone(),
        seat,
        partner,
    })
}

/// What a partner is told of a failure: what the machine and its own input did wrong, and of the rest that there is
/// nothing here.
pub fn told(failure: Failure) -> Problem {
    match failure.class {
        Class::Machine => Problem::machine("this could not be written down, so nothing was done"),
        Class::Usage if !failure.code.starts_with("unknown-") => Problem::from(failure),
        _ => Problem::nothing_here(),
    }
}

/// A letter's ciphertext, for a seat that it is sealed to.
pub async fn letter(
    visit: Visit,
    Path((id, blob)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let own = own(&visit, &id)?;
    let blob = BlobId::parse(&blob).map_err(|_| Problem::nothing_here())?;
    let letter = own
        .case
        .letter_for(&own.partner, &own.seat, &blob)
        .ok_or_else(Problem::nothing_here)?;
    let bytes = visit.desk.letter_bytes(letter).await.map_err(told)?;
    Ok(attachment(&format!("{}-letter.age", own.case.id()), bytes))
}

/// Bytes to be saved under a name.
pub fn attachment(name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, bytes).into_response()
}

/// Where a sealed text stands: the page's script shows it, once it has the key; without a script it can be saved.
pub fn sealed(own: &Own, letter: &Letter, by: &str) -> Markup {
    let can_read = letter.readers.contains(&own.seat);
    let path = format!("{}/letters/{}", own.path(), letter.blob);
    html! {
        @if can_read {
            div class="sealed" data-letter=(path) data-case=(own.case.id()) data-partner=(own.partner) data-by=(by) {
                p class="fine" { "Sealed. " a href=(path) { "Save the sealed text" } }
            }
        } @else {
            p class="fine" { "Sealed before your seat could read it. A colleague who was there can open it." }
        }
    }
}

/// Where the page takes the seat's key: it stays in the browser, and is sent nowhere.
pub fn key_panel(visit: &Visit, button: &str) -> Markup {
    let seat = visit.seat().ok().map(|(seat, _)| seat);
    let known = seat.and_then(|seat| visit.state.program.seat(seat));
    let recipient = known.map_or("", |seat| seat.recipient().as_str());
    let account = seat.map(|seat| visit.state.accounts.of(&Actor::Seat(seat.clone())));
    let passkeys: Vec<&str> = account
        .iter()
        .flat_map(|account| account.passkeys())
        .map(|passkey| passkey.id.as_str())
        .collect();
    html! {
        div class="key-panel" data-needs-script="" hidden data-seat=(seat.map(SeatId::as_str).unwrap_or_default()) data-recipient=(recipient)
            data-passkeys=(passkeys.join(" ")) {
            div id="key-kept" hidden {
                p { "This device keeps your key, locked by your passkey." }
                p class="buttons" {
                    button type="button" id="use-kept" class="primary" { (button) " with your passkey" }
                    button type="button" id="use-file" { "Use the key file" }
                    button type="button" id="forget-key" class="quiet" { "Forget it on this device" }
                }
            }
            div id="key-given" { (given(button)) }
            p id="key-status" role="status" {}
        }
    }
}

fn given(button: &str) -> Markup {
    html! {
            (Field::new("keyfile", "Your seat's key file")
                .hint("The file with the line AGE-SECRET-KEY-1… It is read by this page, and sent nowhere.")
                .file(false, false))
            details {
                summary { "Paste the key instead" }
                div class="field" {
                    label for="keytext" { "Secret key" }
                    textarea id="keytext" rows="2" autocomplete="off" spellcheck="false" {}
                }
            }
            div id="keep-offer" hidden {
                label class="check" {
                    input type="checkbox" id="keep-key" aria-describedby="keep-hint";
                    "Keep this key on this device, locked by my passkey"
                }
                p class="hint fine" id="keep-hint" {
                    "The browser keeps it encrypted. To open, you show your passkey instead of the key file. Keep the file all the "
                    "same: without it and without this device, packages stay closed."
                }
            }
            p class="buttons" { button type="button" id="use-key" class="primary" { (button) } }
    }
}

/// What is said where there is no script.
pub fn without_script(what: &str) -> Markup {
    html! { noscript { p class="notice wait" { (what) } } }
}

/// What this page's way of opening protects against, and what not.
pub fn honesty() -> Markup {
    html! {
        details {
            summary { "What opening in the page protects against" }
            ul {
                li { "The server keeps only ciphertext: whoever steals its disk or database reads nothing of this." }
                li {
                    "It does not protect against a server that was taken over and serves an altered script: that "
                    "script could take your key. The command line is the stronger path, because its program does not "
                    "come from this server each time."
                }
                li { "The key stays in this page until you leave it. It is not sent, and not stored unless you choose to keep it." }
                li {
                    "A key that is kept on this device is encrypted with what only your passkey can answer. Whoever copies the "
                    "browser's storage reads nothing of it. It does not protect against an altered script at the moment at which "
                    "you show the passkey, nor against whoever can use this device and your passkey."
                }
            }
        }
    }
}

/// What a label asks of its reader (FIRST, TLP 2.0).
pub fn meaning(tlp: Tlp) -> &'static str {
    match tlp {
        Tlp::Clear => "There is no limit on who may be told.",
        Tlp::Green => "Only your community may be told, and not in public.",
        Tlp::Amber => {
            "Only people of your organisation and its clients who need to know may be told."
        }
        Tlp::AmberStrict => "Only people of your organisation who need to know may be told.",
        Tlp::Red => "Only you may know. Nobody else may be told.",
    }
}

/// A command to copy.
pub fn command(text: &str) -> Markup {
    html! {
        div class="command" {
            pre { code { (text) } }
            button type="button" data-copy=(text) data-needs-script="" hidden { "Copy" }
        }
    }
}
