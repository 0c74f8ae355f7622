//! `headstart package …`: a seat fetches its package, and opens it.

use std::path::Path;

use desk::Failure;
use domain::sealed::Digest;
use flow::manifest::{self, MANIFEST_NAME};
use seal::{FileEntry, WriteError};
use serde_json::{Value, json};
use tlog::{Note, Verifier};

use super::Context;
use super::context::{check_new_file, id, read_file, write_new_file};
use crate::cli::Package;
use crate::output::count;

/// Largest identity file.
const IDENTITY_BYTES_MAX: u64 = 64 * 1024;

/// Runs one of the package commands.
pub async fn run(context: &Context, command: Package) -> Result<u8, Failure> {
    match command {
        Package::Fetch { case, seat, out } => fetch(context, &case, &seat, &out).await,
        Package::Open {
            file,
            identity,
            out,
            log_key,
        } => open(context, &file, &identity, &out, log_key.as_deref()),
    }
}

async fn fetch(context: &Context, case: &str, seat: &str, out: &Path) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    check_new_file(out)?;
    let fetched = desk.fetch(&id(case)?, &id(seat)?).await?;
    // CRASH: the receipt is in the log by now; a package that was not written can be fetched again.
    write_new_file(out, &fetched.bytes)?;
    let document = json!({
        "case": case,
        "seat": seat,
        "file": out.display().to_string(),
        "bytes": fetched.bytes.len(),
        "sha256": fetched.sha256.to_string(),
        "receipt_index": fetched.receipt_index,
        "at": fetched.at.to_string(),
    });
    context.output.result(&document, |_| {
        format!(
            "{} written, {} KiB; the receipt is entry {} of the log\n\
             Next: headstart package open {} --identity KEYFILE --out FOLDER\n",
            out.display(),
            fetched.bytes.len() / 1024,
            fetched.receipt_index,
            out.display(),
        )
    });
    Ok(0)
}

fn open(
    context: &Context,
    file: &Path,
    identity: &Path,
    out: &Path,
    log_key: Option<&str>,
) -> Result<u8, Failure> {
    let bytes = read_file(file, seal::PACKAGE_BYTES_MAX)?;
    let identity = zeroize::Zeroizing::new(read_file(identity, IDENTITY_BYTES_MAX)?);
    let identity = std::str::from_utf8(&identity).map_err(|_| {
        Failure::usage("identity", "the identity file is not text")
            .hint("give the file that `age-keygen` or `ssh-keygen -t ed25519` wrote")
    })?;
    let entries = seal::open_package(&bytes, identity).map_err(|error| {
        Failure::usage("package", format!("`{}`: {error}", file.display())).hint(error.hint())
    })?;
    let checked = check(&entries, log_key)?;
    seal::write_into(out, &entries).map_err(unwritable)?;
    let files: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let mut document = json!({
        "out": out.display().to_string(),
        "files": files,
        "signed_by": checked.signed_by,
        "signature_checked": checked.is_checked,
    });
    for (word, value) in checked.facts.iter().filter(|(word, _)| word != "leaf") {
        document[word.as_str()] = Value::from(value.as_str());
    }
    context.output.result(&document, |out_style| {
        let mut text = String::new();
        for (word, value) in &checked.facts {
            if word != "leaf-salt" && word != "leaf" {
                text += &format!("{word:<14}{value}\n");
            }
        }
        text += &format!(
            "{} in {}: {}\n",
            count(files.len(), "file"),
            out.display(),
            files.join(", ")
        );
        text += &if checked.is_checked {
            format!("{} signed by the given log key\n", out_style.good("ok"))
        } else {
            format!(
                "signed by {}; give --log-key VKEY to check the signature\n",
                checked.signed_by.as_deref().unwrap_or("nobody")
            )
        };
        text
    });
    Ok(0)
}

/// Only a disk that refuses is the machine's fault; a wrong target is the caller's.
fn unwritable(error: WriteError) -> Failure {
    let failure = match &error {
        WriteError::Io { .. } => Failure::machine("unwritable-folder", error.to_string()),
        WriteError::Exists { .. } | WriteError::NotAFolder { .. } => {
            Failure::usage("folder-exists", error.to_string())
        }
        WriteError::Archive(_) => Failure::usage("package", error.to_string()),
    };
    failure.hint(error.hint())
}

struct Checked {
    facts: Vec<(String, String)>,
    signed_by: Option<String>,
    is_checked: bool,
}

/// The manifest must list exactly the files, and its signature must hold where a key was given.
fn check(entries: &[FileEntry], log_key: Option<&str>) -> Result<Checked, Failure> {
    let wrong = |what: String| {
        Failure::no("manifest", what)
            .hint("do not use this package; fetch it again, and tell the program")
    };
    let manifest = entries
        .iter()
        .find(|entry| entry.name == MANIFEST_NAME)
        .ok_or_else(|| wrong("the package has no manifest".to_owned()))?;
    let note = Note::from_bytes(&manifest.bytes)
        .map_err(|error| wrong(format!("the manifest is not signed: {error}")))?;
    let read = manifest::read(note.text())
        .ok_or_else(|| wrong("the manifest cannot be read".to_owned()))?;
    let files: Vec<&FileEntry> = entries
        .iter()
        .filter(|entry| entry.name != MANIFEST_NAME)
        .collect();
    let is_listed = |file: &&FileEntry| {
        read.files
            .iter()
            .any(|listed| listed.name == file.name && listed.digest == Digest::of(&file.bytes))
    };
    if files.len() != read.files.len() || !files.iter().all(is_listed) {
        return Err(wrong(
            "the package's files are not those that the manifest lists".to_owned(),
        ));
    }
    if let Some(key) = log_key {
        let verifier = Verifier::parse(key.trim()).map_err(|error| {
            Failure::usage("log-key", error.to_string())
                .hint("`headstart log show` prints the key that the program publishes")
        })?;
        note.verify(&verifier)
            .map_err(|error| wrong(format!("the manifest's signature: {error}")))?;
    }
    Ok(Checked {
        facts: read.facts,
        signed_by: note.signatures().first().map(|s| s.name().to_owned()),
        is_checked: log_key.is_some(),
    })
}
