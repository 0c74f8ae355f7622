//! `headstart package open`: a package opened and checked, without a data directory.

use std::path::Path;

use desk::Failure;
use domain::describe::describe_utc;
use domain::sealed::Digest;
use flow::delivery::{Delivered, Delivery};
use flow::leaf::PackageLeaf;
use flow::manifest::{self, MANIFEST_NAME, Read};
use jiff::Timestamp;
use seal::{FileEntry, WriteError};
use serde_json::{Value, json};
use tlog::{Note, TLOG_PROOF_BYTES_MAX, Verifier};

use super::Context;
use super::context::{read_file, write_new_file};
use super::cosigned::{self, Line};
use super::package::{beside, given_key, grown, missed, remembered, unless_usual};
use crate::cli::Client;
use crate::client::{Accepted, Place, Session};
use crate::output::{Output, count};

/// Largest identity file.
pub const IDENTITY_BYTES_MAX: u64 = 64 * 1024;

/// What the command was given.
pub struct Arguments<'a> {
    /// The package.
    pub file: &'a Path,
    /// The seat's secret key.
    pub identity: &'a Path,
    /// The folder to make.
    pub out: &'a Path,
    /// The proof, where one is named.
    pub proof: Option<&'a Path>,
    /// Witnesses' keys.
    pub witness: &'a [String],
    /// What the client remembers.
    pub client: &'a Client,
}

/// Whose key checked the manifest's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// The caller named it.
    Given,
    /// It was remembered.
    Remembered,
    /// It came with the package, and is remembered from now on.
    FirstUse,
    /// It came with the package.
    Unknown,
    /// There is none.
    None,
}

/// A package that was decrypted, with its manifest.
pub struct Opened {
    /// Everything in it.
    pub entries: Vec<FileEntry>,
    /// The manifest as a signed note.
    pub note: Note,
    /// What it says.
    pub manifest: Read,
    /// SHA-256 of the sealed package.
    pub digest: Digest,
}

/// Opens a package into a folder.
pub fn run(context: &Context, arguments: &Arguments<'_>) -> Result<u8, Failure> {
    let opened = decrypt(arguments.file, arguments.identity)?;
    let delivery = read_proof(arguments)?;
    let (key, given) = log_key(&opened, arguments.client)?;
    let leaf = own_leaf(&opened)?;
    let known = cosigned::keys(arguments.witness)?;
    let mut delivered = None;
    let mut lines = Vec::new();
    if let (Some(delivery), Some(key)) = (&delivery, &key) {
        delivered = Some(matching(&opened, delivery, key, leaf.as_ref())?);
        lines = cosigned::lines(&delivery.checkpoint, key.name(), &known)?;
    }
    let mut session = match &key {
        Some(key) => begin(&opened, key, given, arguments.client)?,
        None => None,
    };
    let mut accepted = None;
    if let Some(session) = &mut session {
        accepted = accept(
            session,
            arguments,
            &opened,
            delivery.as_ref(),
            delivered.as_ref(),
        )?;
    }
    let trust = match (&key, given, &session) {
        (None, ..) => Trust::None,
        (_, true, _) => Trust::Given,
        (_, _, Some(session)) if session.is_known => Trust::Remembered,
        (_, _, Some(_)) => Trust::FirstUse,
        _ => Trust::Unknown,
    };
    seal::write_into(arguments.out, &opened.entries).map_err(unwritable)?;
    let shown = Shown {
        opened: &opened,
        key: key.as_ref(),
        trust,
        delivery: delivery.as_ref(),
        delivered: delivered.as_ref(),
        accepted: accepted.as_ref(),
        lines: &lines,
        leaf: leaf.as_ref(),
        session: session.as_ref(),
    };
    let document = shown.document(arguments);
    context
        .output
        .result(&document, |style| shown.text(arguments, style));
    Ok(0)
}

/// Decrypts a package; its manifest lists exactly its files.
///
/// # Errors
/// A package that the key does not open, or a manifest that does not fit.
pub fn decrypt(file: &Path, identity: &Path) -> Result<Opened, Failure> {
    let bytes = read_file(file, seal::PACKAGE_BYTES_MAX)?;
    let identity = zeroize::Zeroizing::new(read_file(identity, IDENTITY_BYTES_MAX)?);
    let identity = std::str::from_utf8(&identity).map_err(|_| {
        Failure::usage("identity", "the identity file is not text")
            .hint("give the file that `age-keygen` or `ssh-keygen -t ed25519` wrote")
    })?;
    let entries = seal::open_package(&bytes, identity).map_err(|error| {
        Failure::usage("package", format!("`{}`: {error}", file.display())).hint(error.hint())
    })?;
    let manifest = entries
        .iter()
        .find(|entry| entry.name == MANIFEST_NAME)
        .ok_or_else(|| wrong("the package has no manifest".to_owned()))?;
    let note = Note::from_bytes(&manifest.bytes)
        .map_err(|error| wrong(format!("the manifest is not signed: {error}")))?;
    let manifest = manifest::read(note.text())
        .ok_or_else(|| wrong("the manifest cannot be read".to_owned()))?;
    let files: Vec<&FileEntry> = copies(&entries).collect();
    let is_listed = |file: &&FileEntry| {
        manifest
            .files
            .iter()
            .any(|listed| listed.name == file.name && listed.digest == Digest::of(&file.bytes))
    };
    if files.len() != manifest.files.len() || !files.iter().all(is_listed) {
        return Err(wrong(
            "the package's files are not those that the manifest lists".to_owned(),
        ));
    }
    Ok(Opened {
        digest: Digest::of(&bytes),
        note,
        manifest,
        entries,
    })
}

/// The files of a package without its manifest.
pub fn copies(entries: &[FileEntry]) -> impl Iterator<Item = &FileEntry> {
    entries.iter().filter(|entry| entry.name != MANIFEST_NAME)
}

fn wrong(what: String) -> Failure {
    Failure::no("manifest", what)
        .hint("do not use this package; fetch it again, and tell the program")
}

/// The proof that is named, or the one beside the package.
fn read_proof(arguments: &Arguments<'_>) -> Result<Option<Delivery>, Failure> {
    let usual = beside(arguments.file, flow::delivery::EXTENSION);
    let path = match arguments.proof {
        Some(path) => path,
        None if usual.exists() => &usual,
        None => return Ok(None),
    };
    let bytes = read_file(path, TLOG_PROOF_BYTES_MAX as u64)?;
    Delivery::parse(&String::from_utf8_lossy(&bytes))
        .map(Some)
        .map_err(|error| {
            Failure::no("proof", format!("`{}`: {error}", path.display())).hint(error.hint())
        })
}

/// The log key, and whether the caller named it. The manifest must be signed by it.
fn log_key(opened: &Opened, client: &Client) -> Result<(Option<Verifier>, bool), Failure> {
    let given = given_key(client)?;
    let is_given = given.is_some();
    let own = opened.manifest.fact("log-key").map(Verifier::parse);
    let key = match (given, own) {
        (Some(key), _) => Some(key),
        (None, Some(Ok(key))) => Some(key),
        (None, Some(Err(error))) => {
            return Err(wrong(format!("the log key in the manifest: {error}")));
        }
        (None, None) => None,
    };
    if let Some(key) = &key {
        opened
            .note
            .verify(key)
            .map_err(|error| wrong(format!("the manifest's signature: {error}")))?;
    }
    Ok((key, is_given))
}

/// The package's own commitment: the copies in it must be those that the leaf commits to.
fn own_leaf(
    opened: &Opened,
) -> Result<Option<(PackageLeaf, domain::commitment::Commitment)>, Failure> {
    let found = opened
        .manifest
        .leaf(opened.digest)
        .map_err(|error| wrong(format!("the commitment in the manifest: {error}")))?;
    let Some((leaf, commitment)) = found else {
        return Ok(None);
    };
    let facts = &opened.manifest;
    let is_own = facts.fact("case") == Some(leaf.case.as_str())
        && facts.fact("partner") == Some(leaf.partner.as_str())
        && facts.fact("seat") == Some(leaf.seat.as_str());
    let mut inside: Vec<Digest> = copies(&opened.entries)
        .map(|file| Digest::of(&file.bytes))
        .collect();
    let mut committed: Vec<Digest> = leaf.copies.iter().map(|(_, digest)| *digest).collect();
    inside.sort_unstable();
    committed.sort_unstable();
    if !is_own || inside != committed {
        return Err(wrong(
            "the copies in the package are not those that it commits to in the log".to_owned(),
        ));
    }
    Ok(Some((leaf, commitment)))
}

/// The proof must be of this very package.
fn matching(
    opened: &Opened,
    delivery: &Delivery,
    key: &Verifier,
    leaf: Option<&(PackageLeaf, domain::commitment::Commitment)>,
) -> Result<Delivered, Failure> {
    let delivered = delivery
        .check(key)
        .map_err(|error| Failure::no("proof", error.to_string()).hint(error.hint()))?;
    let is_of_this = leaf.is_some_and(|(_, commitment)| commitment.leaf() == delivery.entry);
    let is_received = delivered.receipt.package == opened.digest
        && opened.manifest.fact("seat") == Some(delivered.receipt.seat.as_str());
    if is_of_this && is_received {
        Ok(delivered)
    } else {
        Err(Failure::no(
            "proof",
            "the proof is of another package than this one".to_owned(),
        )
        .hint("give the FILE.proof that was written with this package; without it the package still opens"))
    }
}

fn begin(
    opened: &Opened,
    key: &Verifier,
    is_given: bool,
    client: &Client,
) -> Result<Option<Session>, Failure> {
    let Some(place) = Place::find(client.state.as_deref()) else {
        return Ok(None);
    };
    if !place.is_named() && is_test(opened) {
        return Ok(None);
    }
    let program = opened.manifest.fact("program").unwrap_or("unnamed");
    unless_usual(&place, Session::begin(&place, program, key, is_given, None))
}

fn is_test(opened: &Opened) -> bool {
    opened.manifest.fact("clock") == Some("test")
}

fn accept(
    session: &mut Session,
    arguments: &Arguments<'_>,
    opened: &Opened,
    delivery: Option<&Delivery>,
    delivered: Option<&Delivered>,
) -> Result<Option<Accepted>, Failure> {
    let (Some(delivery), Some(delivered)) = (delivery, delivered) else {
        session.keep_key()?;
        return Ok(None);
    };
    let receipt = &delivered.receipt;
    let now = if is_test(opened) {
        receipt.at
    } else {
        Timestamp::now()
    };
    let report = beside(arguments.file, "fork");
    let accepted = session.accept(delivery, &receipt.seat, &receipt.link, false, now, &report)?;
    let path = beside(arguments.file, "cosigned");
    if let Some(note) = &accepted.cosigned
        && !path.exists()
    {
        // The cosignature is in the client's folder too: a package on a read-only disk opens all the same.
        let _ = write_new_file(&path, note.to_text().as_bytes());
    }
    Ok(Some(accepted))
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

/// Everything that the answer says.
struct Shown<'a> {
    opened: &'a Opened,
    key: Option<&'a Verifier>,
    trust: Trust,
    delivery: Option<&'a Delivery>,
    delivered: Option<&'a Delivered>,
    accepted: Option<&'a Accepted>,
    lines: &'a [Line],
    leaf: Option<&'a (PackageLeaf, domain::commitment::Commitment)>,
    session: Option<&'a Session>,
}

impl Shown<'_> {
    fn facts(&self) -> impl Iterator<Item = &(String, String)> {
        let facts = self.opened.manifest.facts.iter();
        facts.filter(|(word, _)| word != "leaf" && word != "log-key")
    }

    fn signed_by(&self) -> Option<&str> {
        let first = self.opened.note.signatures().first();
        first.map(|signature| signature.name())
    }

    fn is_checked(&self) -> bool {
        matches!(self.trust, Trust::Given | Trust::Remembered)
    }

    fn files(&self) -> Vec<&str> {
        let entries = self.opened.entries.iter();
        entries.map(|entry| entry.name.as_str()).collect()
    }

    fn document(&self, arguments: &Arguments<'_>) -> Value {
        let proof = self.delivered.zip(self.delivery).map(|(shown, delivery)| {
            json!({
                "package_index": delivery.inclusion.index,
                "receipt_index": delivery.receipt_inclusion.index,
                "receipt_at": shown.receipt.at.to_string(),
                "ordinal": shown.receipt.link.ordinal,
                "log_size": shown.checkpoint.size(),
                "cosigned": cosigned::to_json(self.lines),
            })
        });
        let mut document = json!({
            "out": arguments.out.display().to_string(),
            "files": self.files(),
            "signed_by": self.signed_by(),
            "signature_checked": self.is_checked(),
            "log_key": self.key.map(Verifier::vkey),
            "log_key_from": match self.trust {
                Trust::Given => "given",
                Trust::Remembered => "remembered",
                Trust::FirstUse => "first-use",
                Trust::Unknown => "package",
                Trust::None => "none",
            },
            "commitment_checked": self.leaf.is_some(),
            "proof": proof,
            "log": remembered(self.accepted),
        });
        for (word, value) in self.facts() {
            document[word.as_str()] = Value::from(value.as_str());
        }
        document
    }

    fn text(&self, arguments: &Arguments<'_>, style: &Output) -> String {
        let (ok, not) = (style.good("ok"), style.careful("not checked"));
        let mut text = String::new();
        for (word, value) in self.facts() {
            if word != "leaf-salt" {
                text += &format!("{word:<14}{value}\n");
            }
        }
        let files = self.files();
        text += &format!(
            "{} in {}: {}\n",
            count(files.len(), "file"),
            arguments.out.display(),
            files.join(", ")
        );
        let key = self.key.map(Verifier::vkey).unwrap_or_default();
        text += &match self.trust {
            Trust::Given => format!("{ok} signed by the given log key\n"),
            Trust::Remembered => {
                format!("{ok} signed by the log key that is remembered of this program\n")
            }
            Trust::FirstUse => format!(
                "{} signed by a log key that is seen for the first time, and remembered from now on; compare it with the one that the program publishes:\n  {key}\n",
                style.careful("note")
            ),
            Trust::Unknown => format!(
                "{not}: who signed it. The log key came with the package; give --log-key VKEY as the program publishes it:\n  {key}\n"
            ),
            Trust::None => format!(
                "{not}: signed by {}; give --log-key VKEY to check the signature\n",
                self.signed_by().unwrap_or("nobody")
            ),
        };
        let Some((shown, delivery)) = self.delivered.zip(self.delivery) else {
            text += &format!(
                "{not}: whether the log holds this package; `package fetch` writes FILE.proof, which shows it\n"
            );
            return text;
        };
        text += &format!(
            "{ok} the log holds this package as entry {}, with these copies\n\
             {ok} its receipt is entry {}, {}: number {} of everything that was logged for this seat\n",
            delivery.inclusion.index,
            delivery.receipt_inclusion.index,
            describe_utc(shown.receipt.at),
            shown.receipt.link.ordinal,
        );
        let line = grown(self.accepted);
        text += &match self.accepted {
            None => format!(
                "{not}: whether this is the log that others see; name a folder with --state DIR to remember it\n"
            ),
            Some(_) => format!("{ok} {line}"),
        };
        text += &missed(self.accepted);
        text += &format!("The checkpoint of {} entries:\n", shown.checkpoint.size());
        text += &cosigned::to_text(self.lines);
        if let Some(warning) = self.session.and_then(|own| own.warning.as_ref()) {
            text += &format!("{} {warning}\n", style.careful("note"));
        }
        text
    }
}
