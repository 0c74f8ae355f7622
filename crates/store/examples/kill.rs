//! Kills a process under load, and cuts the power, and looks whether anything acknowledged is lost.
//!
//! `cargo run --release -p store --example kill`: 2,000 kills and 200 power cuts. `-- --trials N` for another number of
//! kills, with a tenth as many cuts; `-- --quick` for less than a minute; `-- --lazyfs PROGRAM` for as many cuts again
//! through LazyFS, a file system of others that forgets what was not synced (PROGRAM is its binary; it needs FUSE).
//!
//! **Kills.** A child process commits from several writers, integrates, and prints what it was told: every entry that
//! was acknowledged, every checkpoint that was published. It is killed at a random moment (SIGKILL), and a new one goes
//! on with the same database, all the way through. **Power cuts.** The same load runs above a layer that notes every
//! write and sync of SQLite; the files are made as a power cut at a random moment would leave them, with none, all or a
//! random part of what was not synced, torn at 512 bytes. With LazyFS, the process is killed as above and the file system
//! then forgets; the next process goes on with what is left. **The controls** do the same with `synchronous=NORMAL`, and
//! must lose acknowledged entries: otherwise the cuts could not show that anything is lost.
//!
//! The verifier shares nothing with the store but the table layout: it reads rows, and uses the log's mathematics of
//! `tlog` from entries up. It checks that every acknowledged entry is there, and under the newest checkpoint after the
//! next integration; that every checkpoint ever printed is the beginning of every later one; that every tile and every
//! bundle of every checkpoint is there with the right hashes.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example prints what it finds, and fails by panicking"
)]

#[cfg(unix)]
#[path = "../tests/support/disk.rs"]
mod disk;
#[path = "kill/lazyfs.rs"]
mod lazyfs;
#[path = "kill/load.rs"]
mod load;
#[path = "kill/verifier.rs"]
mod verifier;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use disk::{Disk, Keep, Note};
use lazyfs::LazyFs;
use store::Store;
use verifier::Promises;

/// What a process of this program is asked for by its first argument.
const CHILD: &str = "child";
const CONTROL: &str = "control";
/// A database of a kill is used for so many kills; then a new one is begun.
const KILLS_EACH: u32 = 25;
/// Power cuts for one run of the load.
const CUTS_EACH: u32 = 20;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, path, seed] = arguments.as_slice()
        && first == CHILD
    {
        load::run_until_killed(Path::new(path), seed.parse().unwrap()).await;
        return ExitCode::SUCCESS;
    }
    if let [first, path, _] = arguments.as_slice()
        && first == CONTROL
    {
        load::append_without_sync(Path::new(path), u64::MAX, load::say).await;
        return ExitCode::SUCCESS;
    }
    let forgetful = arguments.iter().position(|argument| argument == "--lazyfs");
    let forgetful = forgetful.map(|at| PathBuf::from(&arguments[at + 1]));
    let trials = match arguments.iter().position(|argument| argument == "--trials") {
        Some(at) => arguments[at + 1].parse().unwrap(),
        None if arguments.iter().any(|argument| argument == "--quick") => 60,
        None => 2000,
    };
    let start = Instant::now();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let kills = kills(trials, &mut random).await;
    println!("{kills}");
    let count = (trials / 10).max(1);
    let cuts = cuts(count, &mut random).await;
    println!("{cuts}");
    let control = cuts_control(count, &mut random).await;
    println!("{control}");
    let (mut tried, mut controls) = (vec![kills, cuts], vec![control]);
    if let Some(program) = forgetful {
        let cuts = cuts_of_file_system(&program, count, &mut random).await;
        println!("{cuts}");
        let control = control_of_file_system(&program, count, &mut random).await;
        println!("{control}");
        tried.push(cuts);
        controls.push(control);
    }
    println!("took {:.0?}", start.elapsed());
    verdict(&tried, &controls)
}

fn verdict(tried: &[Outcome], controls: &[Outcome]) -> ExitCode {
    let faults: Vec<&String> = tried.iter().flat_map(|outcome| &outcome.faults).collect();
    for fault in &faults {
        println!("{fault}");
    }
    let trials: Vec<String> = tried
        .iter()
        .map(|outcome| format!("{} {}", outcome.trials, outcome.unit))
        .collect();
    let trials = trials.join(", ");
    let lost: Vec<String> = controls
        .iter()
        .map(|control| format!("{} of {}", control.lost, control.acknowledged))
        .collect();
    let lost = lost.join(" and ");
    let acknowledged: u64 = tried.iter().map(|outcome| outcome.acknowledged).sum();
    if faults.is_empty()
        && controls.iter().all(|control| control.lost > 0)
        && tried.iter().all(|outcome| outcome.acknowledged > 0)
    {
        println!(
            "holds: {trials} lost 0 of {acknowledged} acknowledged entries, with no fork and no missing tile; the control lost {lost}"
        );
        return ExitCode::SUCCESS;
    }
    println!(
        "falls short: {} faults in {trials}; the control lost {lost} (goal: 0 faults, and more than 0 lost by the control)",
        faults.len(),
    );
    ExitCode::FAILURE
}

/// What a number of trials came to.
#[derive(Default)]
struct Outcome {
    what: &'static str,
    unit: &'static str,
    trials: u32,
    /// Entries whose loss would have been seen, over all trials.
    acknowledged: u64,
    checkpoints: u64,
    lost: u64,
    faults: Vec<String>,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:<36} {:>5} trials, {:>8} acknowledged entries and {:>6} published checkpoints checked, {} entries lost, {} faults",
            self.what,
            self.trials,
            self.acknowledged,
            self.checkpoints,
            self.lost,
            self.faults.len()
        )
    }
}

async fn kills(trials: u32, random: &mut Random) -> Outcome {
    let mut outcome = Outcome {
        what: "killed",
        unit: "kills",
        ..Outcome::default()
    };
    while outcome.trials < trials && outcome.faults.is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        Store::create(&path).await.unwrap().close().await;
        let mut promises = Promises::default();
        for _ in 0..KILLS_EACH.min(trials - outcome.trials) {
            let before = promises.entries.len();
            kill_one(CHILD, &path, random, &mut promises);
            outcome.trials += 1;
            outcome.acknowledged += (promises.entries.len() - before) as u64;
            if let Err(fault) = verifier::check(&path, &promises).await {
                outcome
                    .faults
                    .push(format!("kill {}: {fault}", outcome.trials));
                break;
            }
        }
        outcome.checkpoints += promises.checkpoints.len() as u64;
        if outcome.faults.is_empty()
            && let Err(fault) = verifier::check_finished(&path, &mut promises).await
        {
            outcome
                .faults
                .push(format!("after kill {}: {fault}", outcome.trials));
        }
    }
    outcome
}

/// Runs the load in a process of its own, and kills it somewhere between its start and some tens of milliseconds of work.
fn kill_one(what: &str, path: &Path, random: &mut Random, promises: &mut Promises) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg(what)
        .arg(path)
        .arg(random.next().to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    // Two of three are killed at work, the others also while they open and take up what the last one left.
    if !random.next().is_multiple_of(3) {
        for _ in 0..=random.next() % 60 {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            promises.add(line.trim_end());
        }
    }
    std::thread::sleep(Duration::from_micros(random.next() % 40_000));
    child.kill().unwrap();
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        // A line that was cut by the kill has no end, and promises nothing.
        if line.ends_with('\n') {
            promises.add(line.trim_end());
        }
        line.clear();
    }
    child.wait().unwrap();
}

/// Runs the load above the noting layer, and cuts the power at random moments of it.
async fn cuts(trials: u32, random: &mut Random) -> Outcome {
    let mut outcome = Outcome {
        what: "power cut",
        unit: "power cuts",
        ..Outcome::default()
    };
    while outcome.trials < trials && outcome.faults.is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        Store::create(&path).await.unwrap().close().await;
        let disk = Disk::watch(folder.path());
        let first = disk.len();
        let said = Arc::new(Mutex::new(Vec::new()));
        let store = Store::open(&path).await.unwrap();
        let say = {
            let (disk, said) = (disk.clone(), Arc::clone(&said));
            move |line: String| {
                // Marked under the same lock, so that marks have the order of what was said.
                let mut said = said.lock().unwrap();
                disk.mark(said.len() as u64);
                said.push(line);
            }
        };
        load::run(
            store.clone(),
            random.next(),
            Duration::from_millis(400),
            say,
        )
        .await;
        store.close().await;
        let (notes, said) = (disk.notes(), said.lock().unwrap().clone());
        disk.stop();
        for _ in 0..CUTS_EACH.min(trials - outcome.trials) {
            let images = tempfile::tempdir().unwrap();
            let (promises, path) = cut_one(&notes, first, &said, random, images.path());
            outcome.trials += 1;
            outcome.acknowledged += promises.entries.len() as u64;
            outcome.checkpoints += promises.checkpoints.len() as u64;
            let mut promises = promises;
            let mut result = verifier::check(&path, &promises).await;
            if result.is_ok() {
                result = verifier::check_finished(&path, &mut promises).await;
            }
            if let Err(fault) = result {
                outcome
                    .faults
                    .push(format!("power cut {}: {fault}", outcome.trials));
                break;
            }
        }
    }
    outcome
}

fn cut_one(
    notes: &[Note],
    first: usize,
    said: &[String],
    random: &mut Random,
    to: &Path,
) -> (Promises, std::path::PathBuf) {
    let count = first + usize::try_from(random.next()).unwrap() % (notes.len() - first + 1);
    let keep = match random.next() % 4 {
        0 => Keep::Nothing,
        1 => Keep::All,
        _ => Keep::Some(random.next()),
    };
    let mut promises = Promises::default();
    for mark in disk::image(&notes[..count], keep, to) {
        promises.add(&said[usize::try_from(mark).unwrap()]);
    }
    (promises, to.join("store.db"))
}

/// The same cuts with `synchronous=NORMAL`: entries that were acknowledged and are lost.
async fn cuts_control(trials: u32, random: &mut Random) -> Outcome {
    let mut outcome = Outcome {
        what: "control, synchronous=NORMAL",
        ..Outcome::default()
    };
    while outcome.trials < trials {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        Store::create(&path).await.unwrap().close().await;
        let disk = Disk::watch(folder.path());
        let first = disk.len();
        let mut said = Vec::new();
        load::append_without_sync(&path, 300, |line| {
            disk.mark(said.len() as u64);
            said.push(line);
        })
        .await;
        let notes = disk.notes();
        disk.stop();
        for _ in 0..CUTS_EACH.min(trials - outcome.trials) {
            let images = tempfile::tempdir().unwrap();
            let (promises, path) = cut_one(&notes, first, &said, random, images.path());
            outcome.trials += 1;
            outcome.acknowledged += promises.entries.len() as u64;
            outcome.lost += verifier::lost(&path, &promises).await;
        }
    }
    outcome
}

/// Kills the load above a file system that then forgets what was not synced; the next process goes on with the rest.
async fn cuts_of_file_system(program: &Path, trials: u32, random: &mut Random) -> Outcome {
    let mut outcome = Outcome {
        what: "power cut by LazyFS",
        unit: "power cuts by LazyFS",
        ..Outcome::default()
    };
    while outcome.trials < trials && outcome.faults.is_empty() {
        let mut file_system = LazyFs::mount(program);
        let path = file_system.path().join("store.db");
        Store::create(&path).await.unwrap().close().await;
        let mut promises = Promises::default();
        for _ in 0..CUTS_EACH.min(trials - outcome.trials) {
            let before = promises.entries.len();
            kill_one(CHILD, &path, random, &mut promises);
            file_system.cut();
            outcome.trials += 1;
            outcome.acknowledged += (promises.entries.len() - before) as u64;
            if let Err(fault) = verifier::check(&path, &promises).await {
                outcome
                    .faults
                    .push(format!("LazyFS {}: {fault}", outcome.trials));
                break;
            }
        }
        outcome.checkpoints += promises.checkpoints.len() as u64;
        if outcome.faults.is_empty()
            && let Err(fault) = verifier::check_finished(&path, &mut promises).await
        {
            outcome
                .faults
                .push(format!("after LazyFS {}: {fault}", outcome.trials));
        }
    }
    outcome
}

/// The same with `synchronous=NORMAL`, each with a database of its own.
async fn control_of_file_system(program: &Path, trials: u32, random: &mut Random) -> Outcome {
    let mut outcome = Outcome {
        what: "control by LazyFS, synchronous=NORMAL",
        ..Outcome::default()
    };
    let mut file_system = LazyFs::mount(program);
    while outcome.trials < trials {
        let path = file_system.path().join(format!("{}.db", outcome.trials));
        Store::create(&path).await.unwrap().close().await;
        let mut promises = Promises::default();
        kill_one(CONTROL, &path, random, &mut promises);
        file_system.cut();
        outcome.trials += 1;
        outcome.acknowledged += promises.entries.len() as u64;
        outcome.lost += verifier::lost(&path, &promises).await;
    }
    outcome
}

/// xorshift64: the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 8
    }
}
