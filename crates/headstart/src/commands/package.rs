//! `headstart package …`: a seat fetches its package, and opens it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use desk::Failure;
use domain::ids::{CaseId, SeatId};
use flow::delivery::Delivered;
use flow::memory::Seen;
use serde_json::{Value, json};
use tlog::{Note, Verifier};

use super::Context;
use super::context::{check_new_file, id, write_new_file};
use super::open;
use crate::cli::{Client, Package};
use crate::client::{Accepted, Place, Session};
use crate::reach::{Given, LogOwner, Reach};

/// Runs one of the package commands.
pub async fn run(context: &Context, command: Package) -> Result<u8, Failure> {
    match command {
        Package::Fetch {
            case,
            seat,
            out,
            client,
        } => fetch(context, &case, &seat, &out, &client).await,
        Package::Open {
            file,
            identity,
            out,
            proof,
            witness,
            client,
        } => {
            let arguments = open::Arguments {
                file: &file,
                identity: &identity,
                out: &out,
                proof: proof.as_deref(),
                witness: &witness,
                client: &client,
            };
            open::run(context, &arguments)
        }
    }
}

/// The name of a file with more behind it: `p.age` becomes `p.age.proof`.
pub fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

async fn fetch(
    context: &Context,
    case: &str,
    seat: &str,
    out: &Path,
    client: &Client,
) -> Result<u8, Failure> {
    let reach = Reach::open(context).await?;
    let (proof, cosigned) = (beside(out, "proof"), beside(out, "cosigned"));
    for file in [out, &proof, &cosigned] {
        check_new_file(file)?;
    }
    let owner = reach.log_owner().await?;
    let mut session = begin(&owner, client)?;
    let report = beside(out, "fork");
    if let Some(session) = &session {
        // Before anything is asked for: a log that does not keep its promise gets no receipt from us.
        ask(&reach, session, &report).await?;
    }
    let (id, seat) = (id(case)?, super::context::id(seat)?);
    let known = session.as_ref().map(Session::size);
    let fetched = reach.fetch(&id, &seat, known).await?;
    let delivered = checked(&fetched, &owner, &id, &seat)?;
    let accepted = match &mut session {
        Some(session) => {
            let link = delivered.receipt.link;
            let now = reach.cosigning_time();
            Some(session.accept(&fetched.delivery, &seat, &link, true, now, &report)?)
        }
        None => None,
    };
    let text = fetched
        .delivery
        .to_text()
        .map_err(|error| Failure::machine("proof", error.to_string()).hint(error.hint()))?;
    // CRASH: the receipt is in the log by now; a package that was not written can be fetched again.
    write_new_file(out, &fetched.bytes)?;
    // CRASH: from here on the package is there without its proof; it opens as it is, and can be fetched again.
    write_new_file(&proof, text.as_bytes())?;
    let note = accepted.as_ref().and_then(|own| own.cosigned.as_ref());
    if let Some(note) = note {
        write_new_file(&cosigned, note.to_text().as_bytes())?;
    }
    let index = fetched.delivery.inclusion.index;
    let document = json!({
        "case": case,
        "seat": seat.as_str(),
        "file": out.display().to_string(),
        "bytes": fetched.bytes.len(),
        "sha256": fetched.sha256.to_string(),
        "receipt_index": fetched.receipt_index,
        "at": fetched.at,
        "proof": proof.display().to_string(),
        "package_index": index,
        "log_size": delivered.checkpoint.size(),
        "log": remembered(accepted.as_ref()),
        "cosigned": note.map(|_| cosigned.display().to_string()),
        "witness_key": session.as_ref().map(Session::vkey),
    });
    let warning = session.as_ref().and_then(|own| own.warning.clone());
    context.output.result(&document, |style| {
        let mut text = format!(
            "{} written, {} KiB; it is entry {index} of the log, and the receipt is entry {}\n",
            out.display(),
            fetched.bytes.len() / 1024,
            fetched.receipt_index,
        );
        text += &format!("{} {}", style.good("ok"), grown(accepted.as_ref()));
        text += &missed(accepted.as_ref());
        if note.is_some() {
            text += &format!(
                "{} is this client's cosignature: give it to the program and to whoever else keeps checkpoints\n",
                cosigned.display()
            );
        }
        if let Some(warning) = &warning {
            text += &format!("{} {warning}\n", style.careful("note"));
        }
        text + &format!(
            "Next: headstart package open {} --identity KEYFILE --out FOLDER\n",
            out.display()
        )
    });
    Ok(0)
}

/// That package and receipt are in the log, and are what was asked for.
fn checked(
    given: &Given,
    owner: &LogOwner,
    case: &CaseId,
    seat: &SeatId,
) -> Result<Delivered, Failure> {
    let delivered = given
        .delivery
        .check(&owner.key)
        .map_err(|error| Failure::no("proof", error.to_string()).hint(error.hint()))?;
    let receipt = &delivered.receipt;
    if receipt.case == *case && receipt.seat == *seat && receipt.package == given.sha256 {
        return Ok(delivered);
    }
    Err(Failure::no(
        "other-receipt",
        format!(
            "the receipt is of {} for {}, and of a package with the digest {}",
            receipt.case, receipt.seat, receipt.package
        ),
    )
    .hint("do not use what came with it, and ask the program"))
}

/// What this client remembers of the program's log; nothing of a data directory with a test clock, unless a folder is
/// named.
fn begin(owner: &LogOwner, client: &Client) -> Result<Option<Session>, Failure> {
    let key = &owner.key;
    let is_given = given_key(client)?.map(|given| given == *key);
    if is_given == Some(false) {
        return Err(Failure::no(
            "other-log-key",
            format!(
                "the program's log key is `{}`, not the given one",
                key.vkey()
            ),
        )
        .hint("ask the program by another way which key is right"));
    }
    let Some(place) = Place::find(client.state.as_deref()) else {
        return Ok(None);
    };
    if !place.is_named() && owner.is_test {
        return Ok(None);
    }
    let is_given = is_given.is_some();
    let session = Session::begin(&place, &owner.program, key, is_given, Some(&owner.from));
    unless_usual(&place, session)
}

/// The user's own folder may be closed to this process; a named one must be usable.
pub fn unless_usual(
    place: &Place,
    session: Result<Session, Failure>,
) -> Result<Option<Session>, Failure> {
    match session {
        Err(failure) if !place.is_named() && failure.code == "unusable-state" => {
            eprintln!("headstart: nothing is remembered: {}", failure.message);
            Ok(None)
        }
        session => session.map(Some),
    }
}

/// The log key that the caller named.
///
/// # Errors
/// A text that is no key.
pub fn given_key(client: &Client) -> Result<Option<Verifier>, Failure> {
    let Some(text) = &client.log_key else {
        return Ok(None);
    };
    Verifier::parse(text.trim()).map(Some).map_err(|error| {
        Failure::usage("log-key", error.to_string())
            .hint("`headstart log show` prints the key that the program publishes")
    })
}

/// Compares the newest checkpoint with what is remembered.
async fn ask(reach: &Reach<'_>, session: &Session, report: &Path) -> Result<Seen, Failure> {
    let newest = reach.newest_log(session.size()).await?;
    let note = Note::parse(&newest.checkpoint)
        .map_err(|error| Failure::machine("checkpoint", error.to_string()).hint(error.hint()))?;
    session.compare(&note, newest.grown.as_ref(), true, report)
}

/// What was remembered, for programs.
pub fn remembered(accepted: Option<&Accepted>) -> Value {
    let Some(accepted) = accepted else {
        return Value::Null;
    };
    let (word, from) = match accepted.seen {
        Seen::First => ("first-seen", None),
        Seen::Same => ("same", None),
        Seen::Grew { from } => ("grew", Some(from)),
        Seen::Older { remembered } => ("older", Some(remembered)),
        Seen::Apart(_) => ("fork", None),
    };
    json!({"seen": word, "remembered_size": from, "missed": accepted.missed})
}

/// How the log stands to what was remembered, for people.
pub fn grown(accepted: Option<&Accepted>) -> String {
    match accepted.map(|own| &own.seen) {
        None => "the proof holds by itself; nothing is remembered of this log here\n".to_owned(),
        Some(Seen::First) => {
            "the log is seen for the first time, and remembered from now on\n".to_owned()
        }
        Some(Seen::Same) => "the log is as it was seen last\n".to_owned(),
        Some(Seen::Grew { from }) => {
            format!("the log grew from the {from} entries that were seen last\n")
        }
        Some(Seen::Older { remembered }) => format!(
            "the checkpoint is older than the one of {remembered} entries that is remembered; it was not compared with it\n"
        ),
        Some(Seen::Apart(_)) => "the log forked\n".to_owned(),
    }
}

/// Whether the seat's chain has entries that this client never saw.
pub fn missed(accepted: Option<&Accepted>) -> String {
    match accepted.and_then(|own| own.missed) {
        Some(missed) if missed > 0 => format!(
            "{missed} earlier entries of this seat's chain were not seen here: `headstart record` of the program shows them\n"
        ),
        _ => String::new(),
    }
}
