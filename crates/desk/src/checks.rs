//! What must hold of copies before a press: the lint, and the commands that the master itself names.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use author::lint::{Findings, Severity, lint_master, narrow, samples, value};
use author::syntax;
use carriers::{Check, Master};
use domain::case::Case;
use flow::book::BookMaster;
use flow::press::Copy;
use seal::ProgramKey;

use crate::{Desk, Failure, check_master};

/// How long one command may take for one copy.
pub const CHECK_TIME_MAX: Duration = Duration::from_secs(20);
/// How much of a command's output is kept, in bytes of each of its two streams.
pub const CHECK_OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// How many lines of it are shown.
const SHOWN_LINES: usize = 12;
/// How many differing values are named.
const NAMED_MAX: usize = 4;

/// Reads a master, and lints it.
///
/// # Errors
/// Every wrong mark, or every finding that blocks a press, with line and column, as a compiler shows them.
pub fn lint_file(file_name: &str, bytes: &[u8]) -> Result<(Master, Findings), Failure> {
    let master = check_master(file_name, bytes)?;
    let findings = lint_master(&master, bytes);
    if findings.is_blocking() {
        return Err(blocked(file_name, bytes, &findings));
    }
    Ok((master, findings))
}

fn blocked(file_name: &str, bytes: &[u8], findings: &Findings) -> Failure {
    let shown = findings.render(file_name, &String::from_utf8_lossy(bytes));
    let errors = findings.errors();
    let noun = if errors == 1 { "error" } else { "errors" };
    Failure::usage(
        "lint",
        format!(
            "{errors} {noun} in the marks of `{file_name}` would show in copies\n\n{}",
            shown.trim_end()
        ),
    )
    .hint("each finding says what to do; a press would refuse the same")
}

/// What the checks of a master did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// Commands that the master names.
    pub commands: usize,
    /// Copies that each of them passed.
    pub copies: usize,
}

/// Runs the commands that a master names over sampled copies of it, each in a private folder that is removed afterwards.
///
/// A command is started as it is, without a shell, in that folder, with no environment but `PATH`, `HOME` and `TMPDIR`
/// (the folder) and `LANG`; after [`CHECK_TIME_MAX`] it is killed with everything that it started in its process group.
/// Which copies are tried depends on the source alone.
///
/// # Errors
/// The first copy that a command does not pass, with what it shows and the first lines of the output; a program that
/// is not there; a folder that cannot be made.
pub fn run_checks(master: &Master, source: &[u8]) -> Result<Checked, Failure> {
    let tried = samples(master, seed(source));
    for check in master.checks() {
        for symbols in &tried {
            let Some(outcome) = run(master, check, symbols)? else {
                continue;
            };
            return Err(failed(master, check, symbols, &outcome));
        }
    }
    Ok(Checked {
        commands: master.checks().len(),
        copies: tried.len(),
    })
}

/// FNV-1a.
fn seed(source: &[u8]) -> u64 {
    source.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// How a command ended that a copy does not pass.
struct Outcome {
    how: String,
    output: String,
}

/// `None` if the copy passes.
fn run(master: &Master, check: &Check, symbols: &[u64]) -> Result<Option<Outcome>, Failure> {
    let copy = master
        .embed(symbols)
        .map_err(|error| Failure::machine("check", error.to_string()).hint(error.hint()))?;
    let folder = private_folder()?;
    let path = folder.path().join(base_name(master.file_name()));
    std::fs::write(&path, copy).map_err(|error| no_folder(&error))?;
    let path = path.to_str().ok_or_else(|| {
        Failure::machine(
            "check-folder",
            "the folder for temporary files has a name that is not UTF-8",
        )
        .hint("set TMPDIR to another folder")
    })?;
    let words = check.command(path);
    let mut words = words.iter();
    let program = words.next().map_or("", String::as_str);
    let mut command = Command::new(program);
    command
        .args(words)
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    own_group(&mut command);
    let mut child = command.spawn().map_err(|error| {
        Failure::usage(
            "check-program",
            format!(
                "the check on line {} of `{}` cannot start `{program}`: {error}",
                check.line,
                master.file_name()
            ),
        )
        .hint(format!(
            "install `{program}`, or name another command in the master"
        ))
    })?;
    let streams = [child.stdout.take().map(keep), child.stderr.take().map(keep)];
    let ended = wait(&mut child, CHECK_TIME_MAX);
    let mut output = String::new();
    for kept in streams.into_iter().flatten() {
        output += &kept.text();
    }
    let output = output.replace(path, base_name(master.file_name()));
    Ok(match ended {
        Ok(Some(status)) if status.success() => None,
        Ok(Some(status)) => Some(Outcome {
            how: format!("ended with {status}"),
            output,
        }),
        Ok(None) => Some(Outcome {
            how: format!("did not end within {} seconds", CHECK_TIME_MAX.as_secs()),
            output,
        }),
        Err(error) => {
            return Err(Failure::machine(
                "check",
                format!("cannot wait for `{program}`: {error}"),
            ));
        }
    })
}

fn base_name(file_name: &str) -> &str {
    file_name.rsplit(['/', '\\']).next().unwrap_or(file_name)
}

/// A folder that only this user can look into.
fn private_folder() -> Result<tempfile::TempDir, Failure> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("headstart-check-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder.tempdir().map_err(|error| no_folder(&error))
}

fn no_folder(error: &std::io::Error) -> Failure {
    Failure::machine(
        "check-folder",
        format!("cannot write a copy to be checked: {error}"),
    )
    .hint("free some space, or set TMPDIR to another folder")
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

#[cfg(unix)]
fn kill_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    // The child leads its group and has not been waited for, so the number is still its own.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

#[cfg(not(unix))]
fn kill_group(child: &mut Child) {
    let _ = child.kill();
}

/// Waits for the end; `None` after `time_max`, when the process and its group were killed.
fn wait(
    child: &mut Child,
    time_max: Duration,
) -> std::io::Result<Option<std::process::ExitStatus>> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() >= time_max {
            kill_group(child);
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// The beginning of a stream, read by a thread until its end.
struct Kept {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: std::thread::JoinHandle<()>,
}

fn keep(mut stream: impl Read + Send + 'static) -> Kept {
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&bytes);
    let reader = std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        // What is too much is read and dropped, so that the program does not stop on a full pipe.
        while let Ok(read) = stream.read(&mut buffer) {
            let (Some(piece), Ok(mut kept)) = (buffer.get(..read), shared.lock()) else {
                return;
            };
            if read == 0 {
                return;
            }
            let room = CHECK_OUTPUT_BYTES_MAX.saturating_sub(kept.len());
            kept.extend(piece.iter().take(room));
        }
    });
    Kept { bytes, reader }
}

impl Kept {
    /// What was read, a moment after the end: something that left the process group may hold the stream open.
    fn text(self) -> String {
        let begun = Instant::now();
        while !self.reader.is_finished() && begun.elapsed() < Duration::from_secs(1) {
            std::thread::sleep(Duration::from_millis(2));
        }
        let bytes = self
            .bytes
            .lock()
            .map(|kept| kept.clone())
            .unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn failed(master: &Master, check: &Check, symbols: &[u64], outcome: &Outcome) -> Failure {
    let file = master.file_name();
    let is_default = symbols.iter().all(|s| *s == 0);
    let mut text = format!(
        "a copy of `{file}` does not pass its check on line {}\n\n  {}\n  {}\n",
        check.line,
        check.command(base_name(file)).join(" "),
        outcome.how,
    );
    let hint = if is_default {
        text += "  it is the default copy, with every mark as written first\n";
        "the marks are not to blame: try the command on the file itself"
    } else {
        let fails = |tried: &[u64]| matches!(run(master, check, tried), Ok(Some(_)));
        let culprits = narrow(symbols, fails);
        let sites = master.sites();
        for site in culprits.iter().take(NAMED_MAX) {
            if let (Some(shape), Some(symbol)) = (sites.get(*site), symbols.get(*site)) {
                text += &format!(
                    "  it shows {} at {file}:{}:{}\n",
                    value(shape, *symbol),
                    shape.line,
                    shape.column
                );
            }
        }
        if culprits.len() > NAMED_MAX {
            text += &format!(
                "  and {} more values that differ from the default copy\n",
                culprits.len() - NAMED_MAX
            );
        }
        "change or remove what it shows; the default copy passes"
    };
    let lines: Vec<&str> = outcome
        .output
        .lines()
        .filter(|l| !l.trim().is_empty())
        .collect();
    for line in lines.iter().take(SHOWN_LINES) {
        let clean: String = line.chars().filter(|c| !c.is_control()).take(160).collect();
        text += &format!("  | {clean}\n");
    }
    if lines.len() > SHOWN_LINES {
        text += &format!("  | … {} more lines\n", lines.len() - SHOWN_LINES);
    }
    Failure::usage("check", text.trim_end()).hint(hint)
}

/// Which of a case's files read as their language without any mark: their copies must, too.
pub(crate) struct Readable(Vec<String>);

impl Readable {
    pub(crate) fn of(masters: &[BookMaster]) -> Readable {
        let mut names = Vec::new();
        for master in masters {
            let symbols = vec![0; master.master.sites().len()];
            let default = master.master.embed(&symbols).unwrap_or_default();
            let name = master.master.file_name();
            let reads = syntax::check(name, &String::from_utf8_lossy(&default)).is_ok();
            if reads && syntax::Language::of(name).is_some() {
                names.push(name.to_owned());
            }
        }
        Readable(names)
    }

    /// Checks the copies of one seat.
    ///
    /// # Errors
    /// A copy that does not read as its language, whose default copy does.
    pub(crate) fn check(&self, copies: &[Copy]) -> Result<(), Failure> {
        for copy in copies.iter().filter(|c| self.0.contains(&c.file_name)) {
            let errors = syntax::check(&copy.file_name, &String::from_utf8_lossy(&copy.bytes));
            if let Some(first) = errors.err().and_then(|e| e.first().cloned()) {
                return Err(Failure::usage(
                    "copy",
                    format!(
                        "a copy of `{}` would not read as its language: {first}",
                        copy.file_name
                    ),
                )
                .hint("`headstart lint FILE` shows which mark makes it so"));
            }
        }
        Ok(())
    }
}

impl Desk {
    /// Lints the masters of a case that is not pressed yet, and runs their checks.
    ///
    /// # Errors
    /// What blocks the press, of all masters that are wrong.
    pub(crate) async fn check_case(&self, case: &Case, key: &ProgramKey) -> Result<(), Failure> {
        let masters = self.masters(case, key).await?;
        let checking = tokio::task::spawn_blocking(move || check_all(&masters));
        checking
            .await
            .map_err(|error| Failure::machine("check", error.to_string()))?
    }
}

fn check_all(masters: &[BookMaster]) -> Result<(), Failure> {
    let mut shown = Vec::new();
    for one in masters {
        let findings = lint_master(&one.master, &one.source);
        if findings.is_blocking() {
            let mut errors = findings;
            errors.0.retain(|f| f.severity == Severity::Error);
            shown.push(blocked(one.master.file_name(), &one.source, &errors).message);
        }
    }
    if !shown.is_empty() {
        return Err(Failure::usage("lint", shown.join("\n\n")).hint(
            "repair the artifact in the mark editor, or add the repaired files to a new case",
        ));
    }
    for one in masters {
        run_checks(&one.master, &one.source)?;
    }
    Ok(())
}

/// What a press will run for a master, one line each: the words of its checks.
pub fn commands(master: &Master) -> Vec<String> {
    let name = Path::new(base_name(master.file_name()));
    let name = name.display().to_string();
    master
        .checks()
        .iter()
        .map(|check| check.command(&name).join(" "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(source: &str) -> Result<Checked, Failure> {
        let master = Master::parse("probe.sh", source.as_bytes()).unwrap();
        run_checks(&master, source.as_bytes())
    }

    #[test]
    fn copies_that_pass_are_counted() {
        let source = "#~ check sh -n {}\n#~ check grep -q echo {}\necho {~one|two|three~}\n";
        let passed = checked(source).unwrap();
        assert_eq!((passed.commands, passed.copies), (2, 3));
    }

    #[test]
    fn the_value_that_fails_is_named_with_its_place_and_the_output() {
        let source =
            "#~ check grep -c -v gamma {}\necho {~one|two~} \\\n  {~alpha|beta|gamma~} {~x|y~}\n";
        let lone = "#~ check sh -c 'grep gamma \"$0\" >&2 && exit 3; exit 0' {}\necho {~one|two~} {~alpha|beta|gamma~}\n";
        assert!(checked(source).is_ok());
        let failure = checked(lone).unwrap_err();
        assert_eq!(failure.code, "check");
        for part in [
            "`probe.sh` does not pass its check on line 1",
            "ended with exit status: 3",
            "it shows `gamma` at probe.sh:2:18",
            "  | echo ",
        ] {
            assert!(failure.message.contains(part), "{}", failure.message);
        }
        assert!(
            !failure.message.contains("it shows `two`"),
            "{}",
            failure.message
        );
        assert!(
            !failure.message.contains("headstart-check-"),
            "{}",
            failure.message
        );
    }

    #[test]
    fn a_check_that_the_default_copy_fails_does_not_blame_the_marks() {
        let failure = checked("#~ check grep -q nothing {}\necho {~one|two~}\n").unwrap_err();
        assert!(failure.message.contains("the default copy"));
        assert!(failure.hint.unwrap().contains("not to blame"));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = checked("#~ check no-such-program-9926 {}\necho {~one|two~}\n").unwrap_err();
        assert_eq!(failure.code, "check-program");
        assert!(failure.message.contains("`no-such-program-9926`"));
    }

    #[test]
    fn nothing_of_a_command_is_read_by_a_shell() {
        // Were there a shell, `exit 0` would follow the false test.
        let failure = checked("#~ check test ! -f {} ; exit 0\necho {~one|two~}\n").unwrap_err();
        assert_eq!(failure.code, "check");
    }

    #[test]
    fn a_command_sees_no_environment_of_ours() {
        // Cargo sets several variables for every test.
        assert!(std::env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with("CARGO")));
        let source = "#~ check sh -c 'env | grep -v -e ^PATH= -e ^HOME= -e ^TMPDIR= -e ^LANG= -e ^PWD= -e ^SHLVL= -e ^_= && exit 1; test \"$HOME\" = \"$(dirname \"$0\")\" && test \"$(stat -c %a \"$HOME\")\" = 700' {}\necho {~one|two~}\n";
        assert_eq!(checked(source).unwrap().commands, 1);
    }

    #[test]
    fn a_command_that_does_not_end_is_killed_with_its_children() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 600 & sleep 600"])
            .stdout(Stdio::piped());
        own_group(&mut command);
        let mut child = command.spawn().unwrap();
        let kept = keep(child.stdout.take().unwrap());
        assert!(
            wait(&mut child, Duration::from_millis(100))
                .unwrap()
                .is_none()
        );
        // The stream ends only when nobody holds it any more.
        kept.reader.join().unwrap();
    }

    #[test]
    fn more_output_than_is_kept_does_not_stop_a_command() {
        let source = "#~ check sh -c 'head -c 3000000 /dev/zero | tr \"\\0\" x; exit 1' {}\necho {~one|two~}\n";
        let failure = checked(source).unwrap_err();
        assert!(failure.message.len() < 4096, "{}", failure.message.len());
    }
}
