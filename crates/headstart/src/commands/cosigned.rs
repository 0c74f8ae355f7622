//! Who cosigned a checkpoint, as far as can be checked here.

use desk::Failure;
use domain::describe::describe_utc;
use jiff::Timestamp;
use serde_json::{Value, json};
use tlog::{CosignerKey, Note, Quorum};

/// One cosignature under a checkpoint.
pub struct Line {
    name: String,
    at: Option<Timestamp>,
    is_checked: bool,
}

/// Reads witnesses' keys.
///
/// # Errors
/// A text that is no witness's key.
pub fn keys(witnesses: &[String]) -> Result<Vec<CosignerKey>, Failure> {
    witnesses
        .iter()
        .map(|vkey| {
            CosignerKey::parse(vkey.trim()).map_err(|error| {
                Failure::usage("witness", format!("`{vkey}`: {error}")).hint(error.hint())
            })
        })
        .collect()
}

/// Witnesses of whom `needed` must agree.
///
/// # Errors
/// Too few witnesses, or two that may be one.
pub fn quorum(witnesses: &[String], needed: usize) -> Result<Quorum, Failure> {
    Quorum::new(keys(witnesses)?, needed)
        .map_err(|error| Failure::usage("quorum", error.to_string()).hint(error.hint()))
}

/// Who cosigned: each line that is not the log's own. A line of a known witness must hold.
///
/// # Errors
/// Exit class 1 for a false cosignature of a known witness.
pub fn lines(note: &Note, log: &str, known: &[CosignerKey]) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for line in note.signatures().iter().filter(|line| line.name() != log) {
        let key = known
            .iter()
            .find(|key| key.name() == line.name() && key.key_id() == line.key_id());
        let at = match key {
            Some(key) => {
                let found = key.verify(note).map_err(|error| {
                    Failure::no("cosignature", format!("`{}`: {error}", key.name()))
                        .hint("do not rely on this checkpoint")
                })?;
                i64::try_from(found.time_s).ok()
            }
            // A cosignature begins with its time: 8 bytes, then the signature.
            None => line
                .bytes()
                .split_first_chunk::<8>()
                .filter(|(_, rest)| rest.len() == 64)
                .and_then(|(time, _)| i64::try_from(u64::from_be_bytes(*time)).ok()),
        };
        lines.push(Line {
            name: line.name().chars().take(80).collect(),
            at: at.and_then(|time_s| Timestamp::from_second(time_s).ok()),
            is_checked: key.is_some(),
        });
    }
    Ok(lines)
}

/// The lines as programs read them.
pub fn to_json(lines: &[Line]) -> Value {
    lines
        .iter()
        .map(|line| {
            json!({
                "witness": line.name,
                "at": line.at.map(|at| at.to_string()),
                "checked": line.is_checked,
            })
        })
        .collect()
}

/// The lines for people, each with an indent.
pub fn to_text(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        let at = line.at.map_or("at no known time".to_owned(), describe_utc);
        text += &if line.is_checked {
            format!("  cosigned by {}, {at}\n", line.name)
        } else {
            format!(
                "  a cosignature by {}, {at}; not checked, give --witness VKEY\n",
                line.name
            )
        };
    }
    if lines.is_empty() {
        text += "  no witness has cosigned it yet\n";
    }
    text
}
