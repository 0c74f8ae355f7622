//! Our record: every entry of the log that was made for this seat, with proofs that the page checks.

use std::collections::BTreeMap;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use desk::{OwnEntry, OwnRecord};
use domain::chain::Given;
use domain::commitment::Commitment;
use domain::ids::SeatId;
use maud::{Markup, html};
use serde::Deserialize;
use tlog::{Note, TlogProof};

use super::own::{attachment, command, honesty, key_panel, seated, told, without_script};
use crate::extract::{Path, Said};
use crate::web::parts::{empty, when};
use crate::web::{Page, Sheet, page};
use crate::{Problem, Visit};

/// The page.
pub async fn show(visit: Visit) -> Result<Page, Problem> {
    let (seat, _) = seated(&visit)?;
    let record = visit
        .desk
        .own_record(&visit.state, &seat)
        .await
        .map_err(told)?;
    if record.entries.is_empty() {
        let content = empty(
            "Nothing was given to your seat yet.",
            html! { p { "When a package is open for you, and when you fetch it, its entries of the log stand here." } },
        );
        return Ok(page(&visit, "Our record", content));
    }
    Ok(Sheet::new(&visit, "Our record")
        .scripts(&["record.js"])
        .content(drawn(&visit, &seat, &record)))
}

fn drawn(visit: &Visit, seat: &SeatId, record: &OwnRecord) -> Markup {
    let log_key = &visit.desk.config().log_key;
    html! {
        p class="lead" {
            "What the program's log holds for " strong { (seat) } ": each package that was made for it, and each time that it was fetched."
        }
        (without_script("Checking the proofs in the page needs JavaScript. Save them and check them with the command below."))
        div id="record" data-seat=(seat) data-log-key=(log_key) {
            p id="record-status" role="status" {}
            (entries(visit, record))
            details {
                summary { "The signed checkpoint that the proofs lead to, of " (record.size) " entries" }
                pre id="checkpoint" { (record.checkpoint) }
            }
        }
        section class="panel" data-needs-script="" hidden {
            h2 { "Read the entries with your key" }
            p {
                "In the log an entry is only a digest. With your key the page opens what each commits to, and checks that "
                "it is of your seat, and that each names the one before it."
            }
            (key_panel(visit, "Read the entries"))
            p id="signed" hidden {
                button type="button" id="sign" { "Save the signed record" } " "
                span class="fine" { "For this, what the entries commit to is sent to the server, which compares it with the log and signs it. Your key is not sent." }
            }
            (honesty())
        }
        section {
            h2 { "Check it without this page" }
            p {
                "The page checks with a script and a log key that this server sent. Compare the key with the one that the "
                "program publishes elsewhere, or check the saved proofs with the command line:"
            }
            (command(&format!("headstart log check ENTRY.tlog-proof --entry ENTRY.entry --log-key '{log_key}'")))
            p { "The signed record, which you can save once the entries are read, is checked with your kept packages:" }
            (command(&format!("headstart record check {seat}.record --log-key '{log_key}' --packages DIR --identity KEYFILE")))
        }
    }
}

fn entries(visit: &Visit, record: &OwnRecord) -> Markup {
    html! {
        table class="stack" {
            caption { "Entries of your seat, oldest first" }
            thead { tr {
                @for column in ["No.", "What", "Case", "At", "Entry of the log", "Checked", "Save"] {
                    th scope="col" { (column) }
                }
            } }
            tbody {
                @for entry in &record.entries {
                    @let hashes: Vec<String> = entry.inclusion.hashes.iter().map(|hash| hash.to_base64()).collect();
                    tr data-ordinal=(entry.ordinal) data-index=(entry.inclusion.index) data-leaf=(entry.leaf)
                        data-hashes=(hashes.join(" ")) data-case=(entry.case) data-heading=(heading(entry.given))
                        data-opening={ "/record/" (entry.ordinal) "/opening" } {
                        th scope="row" data-column="No." { (entry.ordinal) }
                        td data-column="What" { (what(entry.given)) }
                        td data-column="Case" { a href={ "/inbox/" (entry.case) } { (entry.case) } }
                        td data-column="At" { (when(entry.at, &visit.zone)) }
                        td data-column="Entry of the log" { (entry.inclusion.index) }
                        td data-column="Checked" class="checked" { "not yet" }
                        td data-column="Save" {
                            a href={ "/record/" (entry.ordinal) "/proof" } { "proof" } " "
                            a href={ "/record/" (entry.ordinal) "/entry" } { "entry" }
                        }
                    }
                    tr class="more" hidden { td colspan="7" {} }
                }
            }
        }
        p class="fine" {
            "Numbers that are missing belong to what is not open to you yet. Each entry names the one before it, which the "
            "page checks once it has your key."
        }
    }
}

/// The first line of what such an entry commits to.
fn heading(given: Given) -> &'static str {
    match given {
        Given::Package => flow::leaf::PACKAGE,
        Given::Receipt => flow::leaf::RECEIPT,
    }
}

fn what(given: Given) -> &'static str {
    match given {
        Given::Package => "Package made for you",
        Given::Receipt => "You fetched it",
    }
}

/// What the seat opened with its key, by the entries' numbers.
#[derive(Deserialize)]
pub struct Openings {
    openings: BTreeMap<u64, Commitment>,
}

/// A record that the program signs, from what the seat itself opened.
pub async fn signed(visit: Visit, Said(sent): Said<Openings>) -> Result<Response, Problem> {
    let (seat, _) = seated(&visit)?;
    let record = visit
        .desk
        .sign_own_record(&visit.state, &seat, &sent.openings)
        .await
        .map_err(told)?;
    Ok(attachment(
        &format!("{seat}.record"),
        record.to_text().into_bytes(),
    ))
}

async fn find(visit: &Visit, ordinal: u64) -> Result<(OwnEntry, String), Problem> {
    let (seat, _) = seated(visit)?;
    let record = visit
        .desk
        .own_record(&visit.state, &seat)
        .await
        .map_err(told)?;
    let found = record
        .entries
        .into_iter()
        .find(|entry| entry.ordinal == ordinal);
    Ok((found.ok_or_else(Problem::nothing_here)?, record.checkpoint))
}

/// What an entry commits to, sealed to the seat.
pub async fn opening(visit: Visit, Path(ordinal): Path<u64>) -> Result<Response, Problem> {
    let (seat, _) = seated(&visit)?;
    let sealed = visit
        .desk
        .own_opening(&visit.state, &seat, ordinal)
        .await
        .map_err(told)?
        .ok_or_else(Problem::nothing_here)?;
    let name = format!("{seat}-{ordinal}.age");
    Ok(attachment(&name, sealed.ciphertext().to_vec()))
}

/// A proof as a C2SP tlog-proof.
pub async fn proof(visit: Visit, Path(ordinal): Path<u64>) -> Result<Response, Problem> {
    let (entry, checkpoint) = find(&visit, ordinal).await?;
    let failed = || Problem::machine("the proof could not be put together");
    let note = Note::parse(&checkpoint).map_err(|_| failed())?;
    let proof = TlogProof::new(entry.inclusion, note).map_err(|_| failed())?;
    Ok(attachment(
        &format!("{}-{ordinal}.tlog-proof", entry.case),
        proof.to_text().into_bytes(),
    ))
}

/// An entry's bytes, as they stand in the log.
pub async fn entry(visit: Visit, Path(ordinal): Path<u64>) -> Result<Response, Problem> {
    let (entry, _) = find(&visit, ordinal).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}-{ordinal}.entry\"", entry.case),
        ),
    ];
    Ok((headers, entry.leaf.entry_bytes()).into_response())
}
