//! A leak on the command line: what was handed in, how it was read, and what was not.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use desk::{Failure, Found, ReadLeak};
use flow::evidence::{Body, File};
use flow::originals::Outcome;
use serde_json::{Value, json};
use server::wire::{FileRead, Skipped};

use crate::output::{Output, count, table};

/// Texts and reasons that are shown one by one; `--json` has them all.
const SHOWN_MAX: usize = 12;

/// The name of what is read from standard input.
pub const STANDARD_INPUT: &str = "standard-input";

/// Reads what was handed in; `-` is standard input.
pub fn read(paths: &[PathBuf]) -> Result<ReadLeak, Failure> {
    let mut found = Vec::new();
    for path in paths {
        found.push(if path == Path::new("-") {
            Found::Bytes {
                name: STANDARD_INPUT.into(),
                bytes: standard_input()?,
            }
        } else {
            Found::Path(path.clone())
        });
    }
    desk::read_leak(&found, &desk::tools())
}

/// What stands on standard input.
pub fn standard_input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(desk::LEAK_INPUT_BYTES_MAX.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage("unreadable-file", format!("standard input: {error}")))?;
    Ok(bytes)
}

/// What was handed in, for people.
pub fn describe(out: &Output, files: &[FileRead], skipped: &Skipped) -> String {
    let mut text = "\nWhat was handed in\n".to_owned();
    let rows = files.iter().take(SHOWN_MAX).map(|file| {
        let origin = file.origin.as_ref();
        vec![
            format!("  {}", file.name),
            count(usize::try_from(file.bytes).unwrap_or(usize::MAX), "byte"),
            origin.map_or("as it is", |origin| &origin.how).to_owned(),
        ]
    });
    text += &table(&rows.collect::<Vec<_>>());
    text += &and_more(files.len());
    if skipped.listed.is_empty() {
        return text;
    }
    text += &format!("\n{}\n", out.careful("What was not read"));
    for one in skipped.listed.iter().take(SHOWN_MAX) {
        text += &format!("  {}: {}\n", one.name, one.why);
    }
    let more = usize::try_from(skipped.more).unwrap_or(usize::MAX);
    text + &and_more(skipped.listed.len().saturating_add(more))
}

fn and_more(all: usize) -> String {
    match all.saturating_sub(SHOWN_MAX) {
        0 => String::new(),
        more => format!("  and {more} more; --json lists them\n"),
    }
}

/// Reads the originals of a leak again, as far as they can be read here.
///
/// # Errors
/// Not one file is there.
pub fn read_originals(paths: &[PathBuf]) -> Result<ReadLeak, Failure> {
    let leak = desk::read_originals(paths, &desk::tools());
    if leak.originals.is_empty() {
        let (name, why) = leak.skipped.into_iter().next().unwrap_or_default();
        return Err(
            Failure::usage("unreadable-file", format!("cannot read `{name}`: {why}"))
                .hint("check the path and its permissions"),
        );
    }
    Ok(leak)
}

/// The texts of a leak with their origins, and what came of comparing them, if they were compared.
pub struct Originals {
    outcomes: Vec<Outcome>,
}

impl Originals {
    /// Of what was compared; nothing when it was not.
    pub fn of(outcomes: Vec<Outcome>) -> Self {
        Self { outcomes }
    }

    /// Each text with its origin, as other programs read it.
    pub fn to_json(&self, body: &Body) -> Value {
        let texts = body.leak.iter().enumerate().map(|(at, file)| {
            json!({
                "name": file.name, "sha256": file.sha256,
                "origin": file.origin.as_ref().map(|origin| json!({
                    "file": origin.file, "sha256": origin.sha256, "how": origin.how,
                })),
                "original": self.outcome(at).map(Outcome::as_str),
            })
        });
        texts.collect()
    }

    fn outcome(&self, at: usize) -> Option<Outcome> {
        self.outcomes.get(at).copied()
    }

    /// Each text with its origin, for people.
    pub fn describe(&self, out: &Output, body: &Body) -> String {
        let mut text = "\nWhat the leak is:\n".to_owned();
        for (at, file) in body.leak.iter().enumerate() {
            if at >= SHOWN_MAX {
                break;
            }
            text += &origin(file);
            if let Some(outcome) = self.outcome(at) {
                text += &format!("    {} {}\n", out.good("ok"), outcome.as_str());
            }
        }
        text + &and_more(body.leak.len())
    }
}

fn origin(file: &File) -> String {
    match &file.origin {
        None => format!("  {}, as it is, SHA-256 {}\n", file.name, file.sha256),
        Some(origin) => format!(
            "  {}, read from {}, SHA-256 {}\n    how: {}\n",
            file.name, origin.file, origin.sha256, origin.how
        ),
    }
}
