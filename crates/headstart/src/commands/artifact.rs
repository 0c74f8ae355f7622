//! `headstart artifact add`: masters, with their marks.

use std::path::Path;

use desk::Failure;
use domain::artifact::ArtifactKind;
use serde_json::{Value, json};
use server::wire::AddedArtifact;

use super::Context;
use super::context::{id, read_file};
use crate::cli::Artifact;
use crate::output::{count, table};
use crate::reach::Reach;

/// Largest master.
const MASTER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Runs one of the artifact commands.
pub async fn run(context: &Context, command: Artifact) -> Result<u8, Failure> {
    let Artifact::Add { case, files, kind } = command;
    let case = id(&case)?;
    let kind = kind.as_deref().map(named_kind).transpose()?;
    let mut masters = Vec::new();
    for path in &files {
        masters.push(load(path, kind)?);
    }
    let reach = Reach::open(context).await?;
    let added = reach.add_artifacts(&case, &masters).await?.added;
    for one in &added {
        eprint!("{}", one.warnings);
    }
    let documents: Vec<Value> = added
        .iter()
        .map(|one| {
            json!({
                "artifact": one.artifact, "kind": one.kind, "file": one.file, "sites": one.sites,
                "warnings": one.warnings_count, "commands": one.commands,
            })
        })
        .collect();
    context
        .output
        .result(&json!({"case": case.as_str(), "added": documents}), |_| {
            let mut rows = vec![
                ["ARTIFACT", "KIND", "FILE", "SITES"]
                    .map(str::to_owned)
                    .to_vec(),
            ];
            for one in &added {
                rows.push(vec![
                    one.artifact.clone(),
                    one.kind.clone(),
                    one.file.clone(),
                    count(one.sites, "site"),
                ]);
            }
            let runs = press_runs(&added);
            format!("{}{runs}Next: headstart sites {case}\n", table(&rows))
        });
    Ok(0)
}

/// What a press will run, said before anybody presses.
fn press_runs(added: &[AddedArtifact]) -> String {
    let commands: Vec<String> = added
        .iter()
        .flat_map(|one| one.commands.iter().map(|c| format!("  {c}\n")))
        .collect();
    if commands.is_empty() {
        return String::new();
    }
    format!(
        "A press runs, over sampled copies and without a shell (now: headstart lint --run-checks FILE):\n{}",
        commands.concat()
    )
}

fn load(
    path: &Path,
    kind: Option<ArtifactKind>,
) -> Result<(String, ArtifactKind, Vec<u8>), Failure> {
    let (name, bytes) = named(path)?;
    let kind = match kind.or_else(|| desk::kind_of(&name)) {
        Some(kind) => kind,
        None => {
            return Err(Failure::usage(
                "unknown-kind",
                format!("what kind of artifact is `{name}`?"),
            )
            .hint(format!("say it with --kind {}", kinds("|"))));
        }
    };
    Ok((name, kind, bytes))
}

/// A master's name and bytes.
pub(super) fn named(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| {
            Failure::usage(
                "file-name",
                format!("`{}` names no file in plain text", path.display()),
            )
            .hint("rename the file: its name goes into every package")
        })?;
    Ok((name.to_owned(), read_file(path, MASTER_BYTES_MAX)?))
}

fn named_kind(text: &str) -> Result<ArtifactKind, Failure> {
    ArtifactKind::parse(text).ok_or_else(|| {
        Failure::usage(
            "unknown-kind",
            format!("`{text}` is not a kind of artifact"),
        )
        .hint(format!("the kinds are {}", kinds(", ")))
    })
}

fn kinds(between: &str) -> String {
    let known: Vec<&str> = ArtifactKind::ALL.iter().map(|kind| kind.as_str()).collect();
    known.join(between)
}
