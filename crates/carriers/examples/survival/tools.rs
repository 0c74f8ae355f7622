//! Other people's programs.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(120);

/// A program of PATH, or of what `cargo xtask tools` made.
pub fn find(program: &str) -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let tools = target.unwrap_or(own).join("tools");
    let mut folders = vec![tools.join("python/bin"), tools.join("node_modules/.bin")];
    folders.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    folders.push("/usr/sbin".into());
    folders
        .into_iter()
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// Runs a program to its end and returns what it printed, or what went wrong.
pub fn run(program: &str, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
    run_in(Path::new("."), program, arguments, input)
}

/// The same in a folder.
pub fn run_in(
    folder: &Path,
    program: &str,
    arguments: &[&str],
    input: &[u8],
) -> Result<Vec<u8>, String> {
    let path = find(program)
        .ok_or_else(|| format!("{program} is not installed; run `cargo xtask tools`"))?;
    let mut child = Command::new(path)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A program that does not read is no failure of ours.
        let _ = stdin.write_all(&input);
    });
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut out = Vec::new();
        let _ = stdout.read_to_end(&mut out);
        out
    });
    let mut stderr = child.stderr.take().unwrap();
    let complaint = std::thread::spawn(move || {
        let mut out = Vec::new();
        let _ = stderr.read_to_end(&mut out);
        out
    });
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > TIMEOUT {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{program} did not end within {TIMEOUT:?}"));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let _ = writer.join();
    let out = reader.join().unwrap();
    if status.success() {
        return Ok(out);
    }
    let complaint = String::from_utf8_lossy(&complaint.join().unwrap()).into_owned();
    let last = complaint.trim().lines().last().unwrap_or_default();
    Err(format!("{program} ended with {status}: {last}"))
}
