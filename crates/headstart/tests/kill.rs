//! The process is killed at 200 random moments; afterwards nothing is half done, nothing was given out that the log
//! does not hold, and nothing that was acknowledged is missing.
//!
//! The moments are seeded, half of them anywhere in the command, half of them around the moment at which it commits.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it tried"
)]

mod support;

use std::process::Stdio;
use std::time::{Duration, Instant};

use domain::sealed::Digest;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use support::{CASE, Office, RELEASE, Template, VALIDATE, demo_file, words};

/// Kills of each command, 200 in all; a press takes the longest.
const IMPORTS: u32 = 60;
const PRESSES: u32 = 20;
const OPENINGS: u32 = 60;
const FETCHES: u32 = 60;

/// Chooses when to kill, and learns when a command commits.
struct Moments {
    rng: ChaCha20Rng,
    whole: Duration,
    /// Where the command commits, as a share of `whole`.
    commit: f64,
    turn: u32,
    killed: u32,
    done: u32,
}

impl Moments {
    /// `whole`: the longest of three undisturbed runs on copies of `template`.
    fn new(seed: u64, template: &Template, command: &str) -> Self {
        let run = || {
            let office = template.office();
            let start = Instant::now();
            office.say(command).exits(0);
            start.elapsed()
        };
        Self {
            rng: ChaCha20Rng::seed_from_u64(seed),
            whole: (0..3).map(|_| run()).max().unwrap(),
            commit: 0.7,
            turn: 0,
            killed: 0,
            done: 0,
        }
    }

    fn next(&mut self) -> Duration {
        let share = f64::from(self.rng.next_u32()) / f64::from(u32::MAX);
        self.turn += 1;
        let at = if self.turn.is_multiple_of(2) {
            share * 1.05
        } else {
            self.commit + (share - 0.5) * 0.2
        };
        self.whole.mul_f64(at.max(0.0))
    }

    /// Kills the command at the next moment. True when it had acknowledged: it exited by itself, with 0.
    fn kill(&mut self, office: &Office, command: &str) -> bool {
        let split: Vec<&str> = command.split_whitespace().collect();
        let mut child = office
            .command(&split)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (start, at) = (Instant::now(), self.next());
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if start.elapsed() >= at {
                break None;
            }
            std::thread::sleep(Duration::from_millis(1).min(at.saturating_sub(start.elapsed())));
        };
        if let Some(status) = ended {
            // It was faster than thought: other programs share the machine.
            self.whole = self.whole.mul_f64(0.7) + start.elapsed().mul_f64(0.3);
            assert_eq!(status.code(), Some(0), "{command} failed by itself");
            return true;
        }
        self.whole = self.whole.max(start.elapsed());
        // It may end by itself in this very moment: then there is nothing to kill.
        let _ = child.kill();
        let code = child.wait().unwrap().code();
        assert!(matches!(code, None | Some(0)), "{command} failed by itself");
        self.killed += u32::from(code.is_none());
        code.is_some()
    }

    fn learn(&mut self, is_done: bool) {
        self.done += u32::from(is_done);
        let step = if is_done { -0.03 } else { 0.03 };
        self.commit = (self.commit + step).clamp(0.05, 1.05);
    }

    /// The number of the next run; none after `kills` kills. Runs that end before they are killed do not count.
    fn another(&self, kills: u32) -> Option<u32> {
        assert!(
            self.turn < kills * 4,
            "{} of {} runs were killed",
            self.killed,
            self.turn
        );
        (self.killed < kills).then_some(self.turn)
    }

    /// The kills must have hit both sides of the commit, or they showed nothing.
    fn close(&self, command: &str) {
        let (runs, done) = (self.turn, self.done);
        println!(
            "{command}: {:?} undisturbed, {} of {runs} runs killed, {done} had committed",
            self.whole, self.killed
        );
        assert!(
            done >= 3 && done + 3 <= runs,
            "{done} of {runs} had committed"
        );
    }
}

/// Twelve partners, all of the first wave.
fn roster() -> String {
    let mut csv = "id,name,tier,country,obligations\n".to_owned();
    for number in 1..=12 {
        csv += &format!("p-{number:02},Partner {number},validate,GB,\n");
    }
    csv
}

/// Twelve partners with twenty seats, and a case that two people approved.
fn approved() -> Office {
    let mut office = Office::new();
    office.import("partners.csv", roster().as_bytes());
    for number in 0..20 {
        let partner = format!("p-{:02}", number % 12 + 1);
        office.add_seat(&partner, &format!("seat{number}@{partner}.example"));
    }
    office
        .run(&["case", "create", "--title", "A flaw", "--release", RELEASE])
        .exits(0);
    office.write("write-up.md", demo_file("write-up.md"));
    office.done(&format!("artifact add {CASE} write-up.md"));
    office.done(&format!("wave plan {CASE}"));
    office.done(&format!("wave approve {CASE} --as Ada"));
    office.done(&format!("wave approve {CASE} --as Grace"));
    office
}

fn pressed() -> Office {
    let office = approved();
    office.done(&format!("press {CASE}"));
    office
}

/// Everything that is stored is as it was signed.
#[track_caller]
fn audit(office: &Office) {
    let audit = office.done("log audit");
    assert_eq!(audit["intact"], true, "{audit:#}");
}

fn receipts(office: &Office) -> Vec<Value> {
    let receipts = office.done(&format!("receipts {CASE}"));
    receipts["receipts"].as_array().unwrap().clone()
}

#[test]
fn a_killed_import_imports_everything_or_nothing() {
    let command = "partner import partners.csv";
    let office = Office::new();
    office.write("partners.csv", roster());
    let template = office.template();
    let mut moments = Moments::new(1, &template, command);
    while let Some(kill) = moments.another(IMPORTS) {
        let office = template.office();
        let acknowledged = moments.kill(&office, command);
        let count = office.done("partner list")["partners"]
            .as_array()
            .unwrap()
            .len();
        assert!(count == 0 || count == 12, "kill {kill}: {count} partners");
        assert!(
            count == 12 || !acknowledged,
            "kill {kill}: an import was lost"
        );
        audit(&office);
        if count == 0 {
            assert_eq!(office.done(command)["imported"], 12, "kill {kill}");
        } else {
            // Once more would be a second import of the same partners.
            office.refused(2, command);
        }
        moments.learn(count == 12);
    }
    moments.close(command);
}

#[test]
fn a_killed_press_presses_everything_or_nothing_and_can_be_repeated() {
    let command = format!("press {CASE}");
    let template = approved().template();
    let mut moments = Moments::new(2, &template, &command);
    while let Some(kill) = moments.another(PRESSES) {
        let office = template.office();
        let acknowledged = moments.kill(&office, &command);
        let rows = receipts(&office);
        assert!(
            rows.is_empty() || rows.len() == 20,
            "kill {kill}: {} packages",
            rows.len()
        );
        assert!(
            rows.len() == 20 || !acknowledged,
            "kill {kill}: a press was lost"
        );
        audit(&office);
        if rows.is_empty() {
            let pressed = office.done(&command);
            assert_eq!(words(&pressed["seats"]).len(), 20, "kill {kill}");
        } else {
            office.refused(3, &command);
            assert_eq!(receipts(&office), rows, "kill {kill}: packages changed");
        }
        if kill.is_multiple_of(5) {
            office.done(&format!("wave open {CASE} --now {VALIDATE}"));
            let files = office.fetch_and_open(CASE, "p-03.s1");
            assert!(files.contains_key("write-up.md"), "kill {kill}");
        }
        moments.learn(!rows.is_empty());
    }
    moments.close(&command);
}

#[test]
fn a_killed_wave_opening_opens_a_wave_for_all_its_seats_or_for_none() {
    let command = format!("wave open {CASE} --now {VALIDATE}");
    let template = pressed().template();
    let mut moments = Moments::new(3, &template, &command);
    while let Some(kill) = moments.another(OPENINGS) {
        let office = template.office();
        let acknowledged = moments.kill(&office, &command);
        let first = office.say(&format!(
            "package fetch {CASE} --seat p-01.s1 --out first.age"
        ));
        let is_open = first.code == 0;
        assert!(is_open || first.code == 3, "kill {kill}: {first:#?}");
        assert!(is_open || !acknowledged, "kill {kill}: an opening was lost");
        let last = office.say(&format!(
            "package fetch {CASE} --seat p-12.s1 --out last.age"
        ));
        assert_eq!(last.code, first.code, "kill {kill}: half a wave is open");
        audit(&office);
        let again = office.done(&command);
        if is_open {
            assert_eq!(again["opened"], json!([]), "kill {kill}");
        } else {
            assert_eq!(words(&again["opened"][0]["seats"]).len(), 20, "kill {kill}");
        }
        office.done(&format!(
            "package fetch {CASE} --seat p-02.s1 --out after.age"
        ));
        moments.learn(is_open);
    }
    moments.close(&command);
}

#[test]
fn a_killed_fetch_gives_out_nothing_that_the_log_does_not_hold() {
    let command = format!("package fetch {CASE} --seat p-05.s1 --out package.age");
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let template = office.template();
    let mut moments = Moments::new(4, &template, &command);
    let mut given = 0;
    while let Some(kill) = moments.another(FETCHES) {
        let office = template.office();
        let acknowledged = moments.kill(&office, &command);
        let row = receipts(&office)
            .into_iter()
            .find(|row| row["seat"] == "p-05.s1")
            .unwrap();
        let fetches = row["fetches"].as_u64().unwrap();
        let is_written = office.path("package.age").exists();
        assert!(is_written || !acknowledged, "kill {kill}: no file");
        audit(&office);
        if is_written {
            // The receipt is there before the first byte, and the file is there whole.
            assert_eq!(fetches, 1, "kill {kill}: a package without a receipt");
            let digest = Digest::of(&office.read("package.age")).to_string();
            assert!(
                row["package_sha256"].as_str().unwrap().ends_with(&digest),
                "kill {kill}: half a package"
            );
            given += 1;
            if given <= 3 {
                both_leaves_are_in_the_log(&office, &digest);
            }
        } else {
            // A receipt without a package errs on the safe side: the seat fetches again.
            office.done(&command);
            let row = receipts(&office);
            let row = row.iter().find(|row| row["seat"] == "p-05.s1").unwrap();
            assert_eq!(row["fetches"], fetches + 1, "kill {kill}");
        }
        moments.learn(is_written);
    }
    moments.close(&command);
}

/// Evidence opens the leaves of package and receipt; both name the file that was given, and are in the log.
#[track_caller]
fn both_leaves_are_in_the_log(office: &Office, digest: &str) {
    let key = office.key_file("p-05.s1");
    office.done(&format!(
        "package open package.age --identity {key} --out opened"
    ));
    let trace = office.done("trace opened/write-up.md");
    assert_eq!(trace["accused"][0]["seat"], "p-05.s1");
    let name = trace["trace"].as_str().unwrap();
    office.done(&format!("evidence {name} --out evidence.json"));
    office.done("verify evidence.json");
    let evidence: Value = serde_json::from_slice(&office.read("evidence.json")).unwrap();
    let accused = &evidence["body"]["accused"][0];
    let line = format!("package {digest}\n");
    let seats = accused["seats"].as_array().unwrap();
    assert!(
        seats
            .iter()
            .any(|s| s["leaf"]["text"].as_str().unwrap().contains(&line))
    );
    assert!(
        accused["receipts"][0]["text"]
            .as_str()
            .unwrap()
            .contains(&line)
    );
}
