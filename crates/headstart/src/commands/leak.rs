//! A leak on the command line: what was handed in, how it was read, and what was not.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use desk::{Failure, Found, ReadLeak};
use domain::sealed::Digest;
use flow::evidence::{Body, File};
use flow::originals::Outcome;
use flow::sight::LeakFile;
use serde_json::{Value, json};

use crate::output::{Output, count, table};

/// Texts and reasons that are shown one by one; `--json` has them all.
const SHOWN_MAX: usize = 12;

/// Reads what was handed in; `-` is standard input.
pub fn read(paths: &[PathBuf]) -> Result<ReadLeak, Failure> {
    let mut found = Vec::new();
    for path in paths {
        found.push(if path == Path::new("-") {
            Found::Bytes {
                name: "standard-input".into(),
                bytes: standard_input()?,
            }
        } else {
            Found::Path(path.clone())
        });
    }
    desk::read_leak(&found, &desk::tools())
}

fn standard_input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(desk::LEAK_INPUT_BYTES_MAX.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage("unreadable-file", format!("standard input: {error}")))?;
    Ok(bytes)
}

/// Texts and reasons as other programs read them.
pub fn to_json(leak: &ReadLeak) -> (Value, Value) {
    let files = leak.files.iter().map(|file| {
        json!({
            "name": file.name, "sha256": Digest::of(&file.bytes).to_string(), "bytes": file.bytes.len(),
            "origin": file.origin.as_ref().map(|origin| json!({
                "file": origin.file, "sha256": origin.sha256.to_string(), "how": origin.how,
            })),
        })
    });
    let skipped = leak
        .skipped
        .iter()
        .map(|(name, why)| json!({"name": name, "why": why}));
    let skipped = json!({"listed": skipped.collect::<Vec<_>>(), "more": leak.skipped_more});
    (files.collect(), skipped)
}

/// What was handed in, for people.
pub fn describe(out: &Output, leak: &ReadLeak) -> String {
    let mut text = "\nWhat was handed in\n".to_owned();
    let rows = leak.files.iter().take(SHOWN_MAX).map(|file| {
        vec![
            format!("  {}", file.name),
            count(file.bytes.len(), "byte"),
            how(file).to_owned(),
        ]
    });
    text += &table(&rows.collect::<Vec<_>>());
    text += &and_more(leak.files.len());
    if leak.skipped.is_empty() {
        return text;
    }
    text += &format!("\n{}\n", out.careful("What was not read"));
    for (name, why) in leak.skipped.iter().take(SHOWN_MAX) {
        text += &format!("  {name}: {why}\n");
    }
    let skipped = leak.skipped.len() + usize::try_from(leak.skipped_more).unwrap_or(usize::MAX);
    text + &and_more(skipped)
}

fn how(file: &LeakFile) -> &str {
    file.origin
        .as_ref()
        .map_or("as it is", |origin| &origin.how)
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
