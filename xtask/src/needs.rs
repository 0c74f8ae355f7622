//! What the tests need from the operating system, and how to get it.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Something of Debian's packages that a test runs.
struct Need {
    package: &'static str,
    what_for: &'static str,
    present: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need {
        package: "postgresql",
        what_for: "the store's conformance suite runs on PostgreSQL as well as on SQLite",
        present: postgresql_is_there,
    },
    Need {
        package: "age",
        what_for: "packages must open with the stock `age` program",
        present: || runs("age", "--version"),
    },
    Need {
        package: "python3",
        what_for: "every marked copy of the Python PoC must still compile",
        present: || runs("python3", "--version"),
    },
];

/// Installs what is missing when this process may; otherwise says exactly what to install.
pub fn install_missing() -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.present)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    for need in &missing {
        eprintln!("missing: {} ({})", need.package, need.what_for);
    }
    let by_hand = format!(
        "install it by hand: sudo apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    );
    if !runs("apt-get", "--version") || !is_root()? {
        bail!("this user may not install packages; {by_hand}");
    }
    apt_get(&["update"]).with_context(|| by_hand.clone())?;
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(&packages);
    apt_get(&install).with_context(|| by_hand.clone())?;
    for need in missing {
        if !(need.present)() {
            bail!(
                "{} was installed and still cannot be run; {by_hand}",
                need.package
            );
        }
    }
    Ok(())
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    eprintln!("apt-get {}", arguments.join(" "));
    let status = Command::new("apt-get")
        .args(["-o", "DPkg::Lock::Timeout=600", "-q"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("apt-get did not start")?;
    if !status.success() {
        bail!("apt-get {} failed with {status}", arguments.join(" "));
    }
    Ok(())
}

fn runs(program: &str, argument: &str) -> bool {
    Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn is_root() -> Result<bool> {
    let output = Command::new("id")
        .arg("-u")
        .output()
        .context("`id -u` did not run")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim() == "0")
}

/// Debian keeps the server's programs below /usr/lib/postgresql/VERSION/bin, outside PATH.
fn postgresql_is_there() -> bool {
    let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") else {
        return false;
    };
    versions
        .flatten()
        .any(|version| Path::new(&version.path()).join("bin/initdb").exists())
}
