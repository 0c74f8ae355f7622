//! `headstart lint`: masters checked before they are added.

use std::path::{Path, PathBuf};

use desk::Failure;
use serde_json::{Value, json};

use super::Context;
use super::artifact::named;
use crate::output::count;

/// Lints files; exit 2 when one of them would block a press.
pub fn run(context: &Context, files: &[PathBuf], run_checks: bool) -> Result<u8, Failure> {
    let mut documents = Vec::new();
    let mut text = String::new();
    let mut wrong: Vec<Failure> = Vec::new();
    for path in files {
        match one(path, run_checks) {
            Ok((document, said)) => {
                documents.push(document);
                text += &said;
            }
            Err(failure) => wrong.push(failure),
        }
    }
    if let Some(mut first) = wrong.first().cloned() {
        let messages: Vec<&str> = wrong.iter().map(|w| w.message.as_str()).collect();
        first.message = messages.join("\n\n");
        return Err(first);
    }
    context
        .output
        .result(&json!({ "files": documents }), |_| text);
    Ok(0)
}

fn one(path: &Path, run_checks: bool) -> Result<(Value, String), Failure> {
    let (name, bytes) = named(path)?;
    let (master, findings) = desk::lint_file(&name, &bytes)?;
    let source = String::from_utf8_lossy(&bytes);
    let mut text = findings.render(&name, &source);
    let warnings: Vec<Value> = findings
        .0
        .iter()
        .map(|found| {
            json!({
                "line": found.line, "column": found.column, "length": found.length,
                "message": found.kind.to_string(), "hint": found.kind.hint(),
            })
        })
        .collect();
    let commands = desk::commands(&master);
    let mut document = json!({
        "file": name, "sites": master.sites().len(), "warnings": warnings, "commands": commands,
    });
    let mut said = format!("{name}: {}", count(master.sites().len(), "site"));
    if run_checks {
        let checked = desk::run_checks(&master, &bytes)?;
        if checked.commands > 0 {
            said += &format!(
                ", {} passed by {}",
                count(checked.commands, "check"),
                copies(checked.copies)
            );
        }
        document["checked_copies"] = json!(if checked.commands > 0 {
            checked.copies
        } else {
            0
        });
    } else if !commands.is_empty() {
        said += &format!(", {} to run (--run-checks)", count(commands.len(), "check"));
    }
    let rest = if warnings.is_empty() {
        String::new()
    } else {
        format!(", {}", count(warnings.len(), "warning"))
    };
    text += &format!("{said}{rest}\n");
    Ok((document, text))
}

fn copies(number: usize) -> String {
    match number {
        1 => "1 copy".to_owned(),
        more => format!("{more} copies"),
    }
}
