//! The arrows between the rooms, checked against what Cargo itself says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Which rooms of ours a room may use. A room that is not listed here has no place yet.
const ARROWS: &[(&str, &[&str])] = &[
    ("tlog", &[]),
    ("fingerprint", &[]),
    ("carriers", &["fingerprint"]),
    ("domain", &["tlog"]),
    ("flow", &["tlog", "fingerprint", "carriers", "domain"]),
    ("seal", &["domain"]),
    ("store", &["domain", "tlog"]),
    ("author", &["carriers"]),
    ("intake", &["carriers"]),
    ("witness", &["tlog"]),
    (
        "headstart",
        &[
            "tlog",
            "fingerprint",
            "carriers",
            "domain",
            "flow",
            "seal",
            "store",
            "author",
            "intake",
            "witness",
            "desk",
            "server",
        ],
    ),
    (
        "server",
        &[
            "tlog",
            "fingerprint",
            "carriers",
            "domain",
            "flow",
            "seal",
            "store",
            "author",
            "intake",
            "witness",
            "desk",
        ],
    ),
    ("browser", &[]),
    (
        "desk",
        &[
            "tlog",
            "fingerprint",
            "carriers",
            "domain",
            "flow",
            "seal",
            "store",
            "author",
            "intake",
            "witness",
        ],
    ),
    ("xtask", &[]),
];

/// Rooms without clock, disk, network, database, async or ambient randomness.
const PURE: &[&str] = &[
    "tlog",
    "fingerprint",
    "carriers",
    "domain",
    "flow",
    "author",
];

/// Crates that a pure room may not depend on, except for its own tests.
const IMPURE_CRATES: &[&str] = &[
    "age",
    "async-std",
    "getrandom",
    "mio",
    "rand",
    "reqwest",
    "sqlx",
    "tempfile",
    "tokio",
    "tracing",
];

/// Words that may not stand in the source of a pure room, beside what its clippy.toml bans.
const IMPURE_WORDS: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env::",
    "std::process",
    "std::thread::spawn",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "OsRng",
    "async fn",
];

/// Checks every arrow and the purity of the pure rooms.
///
/// # Errors
/// All findings at once, each with what to do.
pub fn check() -> Result<()> {
    let metadata = metadata()?;
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists no packages")?;
    let rooms: Vec<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let mut findings = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(may_use) = allowed.get(name) else {
            findings.push(format!(
                "room `{name}` is not in xtask/src/rooms.rs: say there what it may use"
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or_default();
            let only_for_tests = dependency["kind"].as_str() == Some("dev");
            if rooms.contains(&used) && !may_use.contains(&used) && !only_for_tests {
                findings.push(format!(
                    "`{name}` uses `{used}`: no such arrow in docs/ARCHITECTURE.md"
                ));
            }
            if PURE.contains(&name) && IMPURE_CRATES.contains(&used) && !only_for_tests {
                findings.push(format!(
                    "pure room `{name}` depends on `{used}`: take the value as a parameter instead"
                ));
            }
        }
        if PURE.contains(&name) {
            let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap_or_default());
            let source = manifest
                .parent()
                .context("a manifest without a folder")?
                .join("src");
            look_for_impure_words(name, &source, &mut findings)?;
        }
    }
    for finding in &findings {
        eprintln!("rooms: {finding}");
    }
    if !findings.is_empty() {
        bail!("{} arrows or habits are wrong", findings.len());
    }
    println!("rooms: {} crates, every arrow allowed", packages.len());
    Ok(())
}

fn metadata() -> Result<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("cargo metadata did not start")?;
    if !output.status.success() {
        bail!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")
}

fn look_for_impure_words(room: &str, folder: &Path, findings: &mut Vec<String>) -> Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            look_for_impure_words(room, &path, findings)?;
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in IMPURE_WORDS.iter().filter(|word| code.contains(*word)) {
                findings.push(format!(
                    "pure room `{room}` says `{word}` at {}:{}",
                    path.display(),
                    number + 1
                ));
            }
        }
    }
    Ok(())
}
