//! Runs every test of the workspace and closes with one summary line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::needs;

/// Installs what is missing, runs `cargo test --workspace`, and prints `N passed, N failed`.
///
/// `more`: arguments that are handed to `cargo test`.
pub fn run(more: &[String]) -> Result<()> {
    needs::install_missing()?;
    let mut child = Command::new(env!("CARGO"))
        .args(["test", "--workspace", "--no-fail-fast", "--locked"])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo test did not start")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    let mut tally = Tally::default();
    let mut out = std::io::stdout().lock();
    for line in BufReader::new(output).lines() {
        let line = line.context("the output of cargo test could not be read")?;
        tally.add(&line);
        writeln!(out, "{line}")?;
    }
    let status = child.wait()?;
    writeln!(out, "{} passed, {} failed", tally.passed, tally.failed)?;
    if tally.ignored > 0 {
        bail!(
            "{} tests were ignored; no test is skipped here",
            tally.ignored
        );
    }
    if tally.passed == 0 {
        bail!("no test ran");
    }
    if !status.success() || tally.failed > 0 {
        bail!("cargo test failed with {status}");
    }
    Ok(())
}

/// Takes the pictures of the manual: the test that looks at their pages writes them when it is told to.
pub fn take_pictures() -> Result<()> {
    needs::install_missing()?;
    for arguments in [
        &["build", "--locked", "--package", "headstart"][..],
        &[
            "test",
            "--locked",
            "--package",
            "browser",
            "--test",
            "pictures",
            "every_picture_is_of_a_page_as_it_is",
        ],
    ] {
        let status = Command::new(env!("CARGO"))
            .args(arguments)
            .env("HEADSTART_PICTURES", "1")
            .status()
            .context("cargo did not start")?;
        if !status.success() {
            bail!("cargo {} failed with {status}", arguments.join(" "));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Tally {
    /// Reads one line such as `test result: ok. 12 passed; 0 failed; 0 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in rest.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(count), Some(what)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(count) = count.parse::<u64>() else {
                continue;
            };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod checks {
    use super::*;

    #[test]
    fn the_summary_lines_of_several_test_programs_are_added_up() {
        let mut tally = Tally::default();
        tally.add("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s");
        tally.add("test something ... ok");
        tally.add(
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
        );
        assert_eq!((tally.passed, tally.failed, tally.ignored), (15, 2, 1));
    }
}
