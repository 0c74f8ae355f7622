//! `headstart record`: everything that was ever given to a partner or a seat, with proofs, checked offline.

use std::path::{Path, PathBuf};

use desk::{Failure, Whose};
use domain::describe::describe_utc;
use domain::sealed::Digest;
use flow::delivery::Delivery;
use flow::record::{CheckedRecord, RECORD_BYTES_MAX, RECORD_LIMITS, Record as RecordFile, What};
use serde_json::{Value, json};
use tlog::TLOG_PROOF_BYTES_MAX;

use super::Context;
use super::context::{check_new_file, id, read_file, write_new_file};
use super::package::beside;
use super::{cosigned, open};
use crate::cli::{Record, RecordCommand};
use crate::output::{count, folded, table};
use crate::reach::Reach;

/// Most packages that are compared with a record.
const PACKAGES_MAX: usize = 10_000;

/// Writes or checks a record.
pub async fn run(context: &Context, arguments: Record) -> Result<u8, Failure> {
    match (arguments.check, arguments.out) {
        (
            Some(RecordCommand::Check {
                file,
                log_key,
                packages,
                identity,
                witness,
                quorum,
            }),
            _,
        ) => {
            let held = Kept {
                log_key: log_key.as_deref(),
                packages: packages.as_deref(),
                identity: identity.as_deref(),
                witness: &witness,
                quorum,
            };
            check(context, &file, &held)
        }
        (None, Some(out)) => {
            let whose = match (&arguments.seat, &arguments.partner) {
                (Some(seat), _) => Whose::Seat(id(seat)?),
                (None, Some(partner)) => Whose::Partner(id(partner)?),
                (None, None) => {
                    return Err(Failure::usage("whose", "whose record is it?")
                        .hint("give --seat SEAT or --partner ID"));
                }
            };
            write(context, &whose, arguments.identity.as_deref(), &out).await
        }
        (None, None) => Err(Failure::usage("no-file", "where should the record go?")
            .hint("give --out FILE, or `headstart record check FILE`")),
    }
}

async fn write(
    context: &Context,
    whose: &Whose,
    identity: Option<&Path>,
    out: &Path,
) -> Result<u8, Failure> {
    check_new_file(out)?;
    let reach = Reach::open(context).await?;
    let record = reach.record(whose, identity).await?;
    let text = record.to_text();
    write_new_file(out, text.as_bytes())?;
    let entries: usize = record.body.seats.iter().map(|own| own.entries.len()).sum();
    let document = json!({
        "file": out.display().to_string(),
        "bytes": text.len(),
        "partner": record.body.partner,
        "seats": record.body.seats.iter().map(|own| own.seat.as_str()).collect::<Vec<_>>(),
        "entries": entries,
    });
    context.output.result(&document, |_| {
        format!(
            "{} written: {} of {}\n\
             It opens what was committed for {}, and says nothing of anybody else.\n\
             Anybody checks it with: headstart record check {} --log-key {}\n",
            out.display(),
            count(entries, "entry").replace("entrys", "entries"),
            count(record.body.seats.len(), "seat"),
            record.body.partner,
            out.display(),
            record.body.log_key,
        )
    });
    Ok(0)
}

/// What the record is checked against.
struct Kept<'a> {
    log_key: Option<&'a str>,
    packages: Option<&'a Path>,
    identity: Option<&'a Path>,
    witness: &'a [String],
    quorum: usize,
}

fn check(context: &Context, file: &Path, kept: &Kept<'_>) -> Result<u8, Failure> {
    let bytes = read_file(file, RECORD_BYTES_MAX as u64)?;
    let record = RecordFile::parse(&bytes).map_err(|error| {
        Failure::usage("not-a-record", format!("`{}`: {error}", file.display())).hint(error.hint())
    })?;
    let quorum = cosigned::quorum(kept.witness, kept.quorum)?;
    let known = cosigned::keys(kept.witness)?;
    let fails = |reason: String, hint: &str| {
        let document = json!({"holds": false, "reason": reason});
        context.output.result(&document, |out| {
            format!(
                "{} {reason}\n\nThis record does not hold: {hint}.\n",
                out.bad("FAILS")
            )
        });
        Ok(1)
    };
    let checked = match record.check(kept.log_key) {
        Ok(checked) => checked,
        Err(error) => return fails(error.to_string(), error.hint()),
    };
    if let Err(error) = quorum.verify(&checked.note) {
        return fails(format!("the checkpoint: {error}"), error.hint());
    }
    let lines = cosigned::lines(&checked.note, checked.key.name(), &known)?;
    let mut compared = Vec::new();
    for package in packages(kept.packages)? {
        let bytes = read_file(&package, seal::PACKAGE_BYTES_MAX)?;
        let name = package.display().to_string();
        let digest = Digest::of(&bytes);
        let mut found = checked.has_package(&name, digest);
        if let Some(delivery) = delivery_beside(&package)? {
            found = found.and_then(|()| checked.has_delivery(&name, &delivery));
        }
        if let Err(error) = found {
            return fails(error.to_string(), error.hint());
        }
        if let Some(identity) = kept.identity
            && let Some(reason) = other_copies(&checked, &package, identity, digest)?
        {
            return fails(
                reason,
                "keep the package and the record: together they show it",
            );
        }
        compared.push(name);
    }
    let document = document(&record, &checked, &compared, &lines);
    context.output.result(&document, |out| {
        let ok = out.good("ok");
        let mut text = format!(
            "{ok} signed by {}\n{ok} every entry is in the log, under its checkpoint of {} entries\n\
             {ok} each seat's entries are numbered without a gap, and each names the one before it\n",
            checked.key.name(),
            checked.checkpoint.size(),
        );
        text += &cosigned::to_text(&lines);
        for name in &compared {
            text += &format!("{ok} {name} is in it\n");
        }
        for (seat, entries) in &checked.seats {
            text += &format!("\n{seat}\n");
            text += &table(&rows(entries));
        }
        text += "\nWhat this does not show:\n";
        for limit in RECORD_LIMITS {
            let body = folded(limit, 92, "    ");
            text += &format!("  - {}", body.trim_start());
        }
        if kept.log_key.is_none() {
            text += &format!(
                "\n{} the log key was taken from the file. Compare it with the one that the program publishes:\n  {}\n",
                out.careful("note"),
                record.body.log_key
            );
        }
        text
    });
    Ok(0)
}

fn document(
    record: &RecordFile,
    checked: &CheckedRecord,
    compared: &[String],
    lines: &[cosigned::Line],
) -> Value {
    let seats: Vec<Value> = checked
        .seats
        .iter()
        .map(|(seat, entries)| {
            let entries: Vec<Value> = entries
                .iter()
                .map(|given| match &given.what {
                    What::Package(leaf) => json!({
                        "ordinal": given.link.ordinal, "index": given.index, "kind": "package",
                        "case": leaf.case.as_str(), "package_sha256": leaf.package.to_string(),
                        "copies": leaf.copies.iter().map(|(artifact, digest)| json!({
                            "artifact": artifact.as_str(), "sha256": digest.to_string(),
                        })).collect::<Vec<_>>(),
                    }),
                    What::Receipt(leaf) => json!({
                        "ordinal": given.link.ordinal, "index": given.index, "kind": "receipt",
                        "case": leaf.case.as_str(), "package_sha256": leaf.package.to_string(),
                        "at": leaf.at.to_string(),
                    }),
                })
                .collect();
            json!({"seat": seat.as_str(), "entries": entries})
        })
        .collect();
    json!({
        "holds": true,
        "partner": checked.partner.as_str(),
        "program": record.body.program,
        "made_at": record.body.made_at,
        "log_key": record.body.log_key,
        "log_size": checked.checkpoint.size(),
        "cosigned": cosigned::to_json(lines),
        "seats": seats,
        "packages_compared": compared,
        "limits": RECORD_LIMITS,
    })
}

fn rows(entries: &[flow::record::Given]) -> Vec<Vec<String>> {
    let heading = ["NO", "ENTRY", "WHAT", "CASE", "AT", "PACKAGE"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for given in entries {
        let (what, case, at, package) = match &given.what {
            What::Package(leaf) => ("package made", &leaf.case, "-".to_owned(), leaf.package),
            What::Receipt(leaf) => ("fetched", &leaf.case, describe_utc(leaf.at), leaf.package),
        };
        let mut package = package.to_string();
        package.truncate(16);
        rows.push(vec![
            given.link.ordinal.to_string(),
            given.index.to_string(),
            what.to_owned(),
            case.to_string(),
            at,
            package,
        ]);
    }
    rows
}

/// The packages in a folder: every file but proofs, cosignatures and reports.
fn packages(folder: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let Some(folder) = folder else {
        return Ok(Vec::new());
    };
    let unreadable = |error: std::io::Error| {
        Failure::usage(
            "unreadable-folder",
            format!("cannot read `{}`: {error}", folder.display()),
        )
        .hint("check the path and its permissions")
    };
    let mut packages = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "age") {
            packages.push(path);
        }
        if packages.len() > PACKAGES_MAX {
            return Err(Failure::usage(
                "too-many-packages",
                format!(
                    "`{}` has more than {PACKAGES_MAX} packages",
                    folder.display()
                ),
            )
            .hint("check them in several folders"));
        }
    }
    packages.sort();
    Ok(packages)
}

/// What lies beside a package as its proof.
///
/// # Errors
/// A proof that cannot be read.
pub fn delivery_beside(package: &Path) -> Result<Option<Delivery>, Failure> {
    let path = beside(package, flow::delivery::EXTENSION);
    if !path.exists() {
        return Ok(None);
    }
    let bytes = read_file(&path, TLOG_PROOF_BYTES_MAX as u64)?;
    Delivery::parse(&String::from_utf8_lossy(&bytes))
        .map(Some)
        .map_err(|error| {
            Failure::usage("proof", format!("`{}`: {error}", path.display())).hint(error.hint())
        })
}

/// What is wrong with the copies inside a package; nothing, when they are those of the record.
fn other_copies(
    checked: &CheckedRecord,
    package: &Path,
    identity: &Path,
    digest: Digest,
) -> Result<Option<String>, Failure> {
    let opened = open::decrypt(package, identity)?;
    let mut inside: Vec<Digest> = open::copies(&opened.entries)
        .map(|file| Digest::of(&file.bytes))
        .collect();
    inside.sort_unstable();
    for (_, entries) in &checked.seats {
        for given in entries {
            if let What::Package(leaf) = &given.what
                && leaf.package == digest
            {
                let mut committed: Vec<Digest> =
                    leaf.copies.iter().map(|(_, copy)| *copy).collect();
                committed.sort_unstable();
                if committed != inside {
                    return Ok(Some(format!(
                        "`{}` holds other copies than the log committed to",
                        package.display()
                    )));
                }
            }
        }
    }
    Ok(None)
}
