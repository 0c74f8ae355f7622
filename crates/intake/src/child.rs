//! A helper program with limits: time, memory, and how much it may say.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Why;
use crate::why::one_line;

/// Bytes of complaints that are kept.
const COMPLAINT_BYTES_MAX: u64 = 4096;

/// One run of a program.
pub(crate) struct Run<'a> {
    /// The program.
    pub(crate) program: &'a OsString,
    /// What a missing program means.
    pub(crate) missing: Why,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// Its environment, beside `PATH`, `HOME` and the place of Tesseract's data.
    pub(crate) environment: Vec<(&'static str, OsString)>,
    /// What it reads.
    pub(crate) input: &'a [u8],
    /// How long it may take, and the limit's name.
    pub(crate) time_max: (Duration, &'static str),
    /// How much memory it may take, and the limit's name.
    pub(crate) memory_bytes_max: (u64, &'static str),
    /// How much it may say, and the limit's name.
    pub(crate) output_bytes_max: (u64, &'static str),
}

/// What a program said.
pub(crate) struct Said {
    pub(crate) status: ExitStatus,
    pub(crate) output: Vec<u8>,
    pub(crate) complaint: String,
}

impl Run<'_> {
    /// Runs the program. It gets nothing to read before its limits are set, and it is killed when it passes one.
    pub(crate) fn run(self) -> Result<Said, Why> {
        let name = self.program.to_string_lossy().into_owned();
        let failed = |error: io::Error| Why::Program {
            program: name.clone(),
            reason: format!("did not run: {error}"),
        };
        let mut command = Command::new(self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(
                ["PATH", "HOME", "TESSDATA_PREFIX", "SYSTEMROOT"]
                    .into_iter()
                    .filter_map(|key| Some((key, std::env::var_os(key)?))),
            )
            .envs(self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(self.missing),
            Err(error) => return Err(failed(error)),
        };
        if let Err(error) = confine(&child, self.memory_bytes_max.0, self.time_max.0) {
            kill(&mut child);
            return Err(failed(error));
        }
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            kill(&mut child);
            return Err(failed(io::Error::other("its pipes are missing")));
        };
        let deadline = Instant::now() + self.time_max.0;
        let output_max = self.output_bytes_max.0;
        let input = self.input;
        thread::scope(|scope| {
            scope.spawn(move || {
                // A program that has read enough closes its end.
                let _ = stdin.write_all(input);
            });
            let said = scope.spawn(move || read(stdout, output_max + 1));
            let complained = scope.spawn(move || read(stderr, COMPLAINT_BYTES_MAX));
            let status = loop {
                match child.try_wait() {
                    Ok(Some(status)) => break Some(status),
                    Ok(None) if Instant::now() < deadline => {
                        thread::sleep(Duration::from_millis(3));
                    }
                    _ => break None,
                }
            };
            if status.is_none() {
                kill(&mut child);
            }
            let output = said.join().unwrap_or_default();
            let complaint = complained.join().unwrap_or_default();
            let stopped = |reason: String| Why::Program {
                program: name.clone(),
                reason,
            };
            if output.len() as u64 > output_max {
                return Err(Why::limit(
                    "what it says",
                    self.output_bytes_max.1,
                    output_max,
                ));
            }
            let Some(status) = status else {
                return Err(stopped(format!(
                    "was stopped after {} seconds ({})",
                    self.time_max.0.as_secs(),
                    self.time_max.1
                )));
            };
            if status.code().is_none() {
                return Err(stopped(format!(
                    "was ended by the system: more than {} seconds of work ({}), more than {} MiB of memory ({}), or a fault",
                    self.time_max.0.as_secs(),
                    self.time_max.1,
                    self.memory_bytes_max.0 >> 20,
                    self.memory_bytes_max.1
                )));
            }
            Ok(Said {
                status,
                output,
                complaint: one_line(&String::from_utf8_lossy(&complaint)),
            })
        })
    }
}

fn read(from: impl io::Read, bytes_max: u64) -> Vec<u8> {
    let mut out = Vec::new();
    // What was said before a failure is kept; the status tells of the failure.
    let _ = from.take(bytes_max).read_to_end(&mut out);
    out
}

/// Ends the program and everything that it started.
fn kill(child: &mut Child) {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::kill_process_group(
        rustix::process::Pid::from_child(child),
        rustix::process::Signal::KILL,
    );
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// Limits the address space and the processor time of a program that runs already, and still waits for its input.
#[cfg(target_os = "linux")]
fn confine(child: &Child, memory_bytes_max: u64, time_max: Duration) -> io::Result<()> {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let pid = Pid::from_child(child);
    let seconds = time_max.as_secs().max(1) + 1;
    for (resource, max) in [
        (Resource::As, memory_bytes_max),
        (Resource::Cpu, seconds),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
    ] {
        let both = Rlimit {
            current: Some(max),
            maximum: Some(max),
        };
        match prlimit(Some(pid), resource, both) {
            // One that has ended already needs no limit.
            Ok(_) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Elsewhere only the time is limited, by whoever waits.
#[cfg(not(target_os = "linux"))]
fn confine(_: &Child, _: u64, _: Duration) -> io::Result<()> {
    Ok(())
}
