//! Licences, bans and sources of every dependency, by cargo-deny.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs `cargo deny check licenses bans sources`, and builds cargo-deny below `target/tools` when it is missing.
///
/// A debug build is enough: it checks a few hundred manifests once, and is built in half the time.
pub fn check() -> Result<()> {
    let program = match installed() {
        Some(program) => program,
        None => build()?,
    };
    // Manifests of other platforms' crates are read too, and no build has fetched those.
    let fetched = Command::new(env!("CARGO"))
        .args(["fetch", "--locked", "--quiet"])
        .status()
        .context("cargo fetch did not start")?;
    if !fetched.success() {
        bail!(
            "the crates of Cargo.lock could not be fetched; run `cargo fetch --locked` to see why"
        );
    }
    let status = Command::new(&program)
        .args(["--offline", "check", "licenses", "bans", "sources"])
        .status()
        .with_context(|| format!("`{}` did not start", program.display()))?;
    if !status.success() {
        bail!("cargo deny found something; deny.toml says what is allowed and why");
    }
    Ok(())
}

fn tools() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    target.join("tools")
}

fn installed() -> Option<PathBuf> {
    let candidates = [
        PathBuf::from("cargo-deny"),
        tools().join("bin").join("cargo-deny"),
    ];
    candidates.into_iter().find(|program| {
        Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

fn build() -> Result<PathBuf> {
    let root = tools();
    eprintln!("building cargo-deny into `{}`", root.display());
    let status = Command::new(env!("CARGO"))
        .args([
            "install",
            "--quiet",
            "--locked",
            "--debug",
            "cargo-deny",
            "--root",
        ])
        .arg(&root)
        .status()
        .context("cargo install did not start")?;
    if !status.success() {
        bail!(
            "cargo-deny could not be built; install it by hand: cargo install --locked cargo-deny"
        );
    }
    Ok(root.join("bin").join("cargo-deny"))
}
