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
    Need {
        package: "tesseract-ocr",
        what_for: "words in pictures are recognised, with its English data",
        present: tesseract_reads_english,
    },
    Need {
        package: "git",
        what_for: "the history of a leaked repository is read",
        present: || runs("git", "--version"),
    },
    Need {
        package: "chromium",
        what_for: "the pages are tested in a real browser",
        present: || runs("chromium", "--version"),
    },
    Need {
        package: "chromium-driver",
        what_for: "drives that browser",
        present: || runs("chromedriver", "--version"),
    },
    Need {
        package: "fonts-dejavu-core",
        what_for: "letters for that browser",
        present: || Path::new("/usr/share/fonts/truetype/dejavu").exists(),
    },
    Need {
        package: "python3-venv",
        what_for: "schemathesis asks the API everything that its document allows",
        present: has_ensurepip,
    },
    Need {
        package: "npm",
        what_for: "axe looks for what bars people from a page",
        present: || runs("npm", "--version"),
    },
];

/// What the tests need from PyPI and from npm, with versions: a newer one finds other things.
const TEST_PYTHON: &str = "schemathesis==4.*";
const TEST_NODE: &str = "axe-core@4";

/// Other people's programs that examples run: `cargo run --release -p carriers --example survival` needs all.
const TOOLS: &[Need] = &[
    Need {
        package: "pandoc",
        what_for: "copies as HTML and DOCX",
        present: || runs("pandoc", "--version"),
    },
    Need {
        package: "chromium",
        what_for: "copies as PDF",
        present: || runs("chromium", "--version"),
    },
    Need {
        package: "poppler-utils",
        what_for: "pages as pictures",
        present: || runs("pdftoppm", "-v"),
    },
    Need {
        package: "tesseract-ocr",
        what_for: "text of pictures",
        present: || runs("tesseract", "--version"),
    },
    Need {
        package: "fonts-dejavu-core",
        what_for: "letters for PDF",
        present: || Path::new("/usr/share/fonts/truetype/dejavu").exists(),
    },
    Need {
        package: "nginx-light",
        what_for: "requests through a proxy",
        present: || Path::new("/usr/sbin/nginx").exists(),
    },
    Need {
        package: "haproxy",
        what_for: "requests through another proxy",
        present: || Path::new("/usr/sbin/haproxy").exists(),
    },
    Need {
        package: "curl",
        what_for: "requests carried over to curl",
        present: || runs("curl", "--version"),
    },
    Need {
        package: "tcpdump",
        what_for: "captures written anew",
        present: || runs("tcpdump", "--version"),
    },
    Need {
        package: "yara",
        what_for: "compiled YARA rules",
        present: || runs("yarac", "--version"),
    },
    Need {
        package: "gcc",
        what_for: "compiled C",
        present: || runs("gcc", "--version"),
    },
    Need {
        package: "binutils",
        what_for: "strings of compiled files",
        present: || runs("strings", "--version"),
    },
    Need {
        package: "ripgrep",
        what_for: "the peer of `cargo bench -p carriers --bench watch`",
        present: || runs("rg", "--version"),
    },
    Need {
        package: "python3-venv",
        what_for: "tools from PyPI",
        present: || has_ensurepip(),
    },
    Need {
        package: "npm",
        what_for: "tools from npm",
        present: || runs("npm", "--version"),
    },
];
/// Tools from PyPI.
const PYTHON_TOOLS: &[&str] = &[
    "black",
    "python-minifier",
    "mdformat",
    "requests",
    "sigma-cli",
    "pysigma-backend-splunk",
    "suricata-update",
];
/// Tools from npm.
const NODE_TOOLS: &[&str] = &["terser", "prettier"];

/// Installs what is missing when this process may; otherwise says exactly what to install.
///
/// What does not come from Debian goes below `target/test-tools`.
pub fn install_missing() -> Result<()> {
    install(NEEDS)?;
    let tools = target().join("test-tools");
    if !tools.join("bin/schemathesis").exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&tools))?;
        run(Command::new(tools.join("bin/pip")).args(["install", "-q", TEST_PYTHON]))?;
    }
    if !tools.join("node_modules/axe-core/axe.min.js").exists() {
        run(Command::new("npm")
            .args(["install", "--silent", "--ignore-scripts", "--prefix"])
            .arg(&tools)
            .arg(TEST_NODE))?;
    }
    Ok(())
}

/// Where Cargo builds.
fn target() -> std::path::PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), std::path::PathBuf::from)
}

/// Installs the programs that examples run: Debian's for the machine, the others below `target/tools`.
pub fn install_tools() -> Result<()> {
    install(TOOLS)?;
    let tools = target().join("tools");
    std::fs::create_dir_all(&tools).context("cannot make a folder for tools")?;
    let python = tools.join("python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&python))?;
    }
    run(Command::new(python.join("bin/pip"))
        .args(["install", "-q"])
        .args(PYTHON_TOOLS))?;
    run(Command::new("npm")
        .args(["install", "--silent", "--ignore-scripts", "--prefix"])
        .arg(&tools)
        .args(NODE_TOOLS))
}

fn run(command: &mut Command) -> Result<()> {
    eprintln!("{command:?}");
    let status = command
        .stdin(Stdio::null())
        .status()
        .context("it did not start")?;
    if !status.success() {
        bail!("it ended with {status}");
    }
    Ok(())
}

fn install(needs: &[Need]) -> Result<()> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.present)()).collect();
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

/// Debian ships the module that makes virtual environments apart from Python.
fn has_ensurepip() -> bool {
    Command::new("python3")
        .args(["-c", "import ensurepip"])
        .stdin(Stdio::null())
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

fn tesseract_reads_english() -> bool {
    Command::new("tesseract")
        .arg("--list-langs")
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| {
            let said = [output.stdout, output.stderr].concat();
            String::from_utf8_lossy(&said)
                .lines()
                .any(|line| line == "eng")
        })
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
