//! A program that is set up and used by commands alone, as a person does it.
#![allow(
    dead_code,
    reason = "each test program uses a part of what stands here"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The time at which every program here begins.
pub const START: &str = "2026-11-20T09:00:00Z";
/// When the waves of the demo's advisory open.
pub const VALIDATE: &str = "2026-11-24T18:00:00Z";
/// Five days before the release.
pub const ADVANCE: &str = "2026-12-03T18:00:00Z";
/// A day before the release.
pub const ENTRY: &str = "2026-12-07T18:00:00Z";
/// The release of the demo's advisory.
pub const RELEASE: &str = "2026-12-08T18:00:00Z";
/// The first case of a program that begins at [`START`].
pub const CASE: &str = "HS-2026-0001";
/// The passphrase of every program key here.
pub const PASSPHRASE: &str = "quartz-lantern-meadow-4471";

/// The masters of the demo, in the order in which they are added.
pub const MASTERS: [&str; 5] = [
    "write-up.md",
    "poc.py",
    "larkspur.rules",
    "larkspur.yml",
    "indicators.csv",
];

/// The folder of the demo's material.
pub fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo")
}

/// A file of the demo.
pub fn demo_file(name: &str) -> Vec<u8> {
    fs::read(demo().join(name)).unwrap()
}

/// What a command answered.
#[derive(Debug)]
pub struct Answer {
    /// The words of the command.
    pub words: String,
    /// Its exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Answer {
    /// The answer, which must have this exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The message of a failure: standard output is empty, and there is a hint.
    #[track_caller]
    pub fn complaint(&self) -> &str {
        assert_eq!(self.out, "", "{self:#?}");
        let message = self.err.strip_prefix("headstart: ");
        assert!(self.err.contains("hint: "), "{self:#?}");
        message.unwrap_or_else(|| panic!("{self:#?}"))
    }

    /// Whether the message or its hint contains all of these.
    #[track_caller]
    pub fn says(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.err.contains(part), "`{part}` is missing: {self:#?}");
        }
    }
}

/// A folder with a data directory `data`, a passphrase file, and the secret keys of the seats.
pub struct Office {
    folder: TempDir,
    /// Secret keys as age identity files, by seat.
    pub keys: BTreeMap<String, String>,
}

/// An office in memory, so that many tests begin where one build of it ended.
pub struct Template {
    files: Vec<(PathBuf, Vec<u8>)>,
    keys: BTreeMap<String, String>,
}

impl Office {
    /// A folder with nothing but the passphrase file.
    pub fn empty() -> Self {
        let office = Self {
            folder: tempfile::Builder::new()
                .prefix("headstart-test-")
                .tempdir()
                .unwrap(),
            keys: BTreeMap::new(),
        };
        office.write("pass", format!("{PASSPHRASE}\n"));
        office
    }

    /// A program with a test clock at [`START`].
    pub fn new() -> Self {
        let office = Self::empty();
        office
            .run(&[
                "init",
                "--program",
                "Example PSIRT",
                "--test-clock",
                "--now",
                START,
            ])
            .exits(0);
        office
    }

    /// The demo's 24 partners and 60 seats.
    pub fn staffed() -> Self {
        let mut office = Self::new();
        office.import("partners.csv", &demo_file("partners.csv"));
        let seats = String::from_utf8(demo_file("seats.csv")).unwrap();
        for line in seats.lines().skip(1) {
            let (partner, email) = line.split_once(',').unwrap();
            office.add_seat(partner, email);
        }
        office
    }

    /// The demo's case with its five masters, planned and approved by two people.
    pub fn with_demo_case(self) -> Self {
        self.write("advisory.json", demo_file("advisory.json"));
        assert_eq!(self.done("case import advisory.json")["case"], CASE);
        for name in MASTERS {
            self.write(name, demo_file(name));
        }
        self.done(&format!("artifact add {CASE} {}", MASTERS.join(" ")));
        self.done(&format!(
            "wave plan {CASE} --tier validate=14d --tier advance=5d --tier entry=24h"
        ));
        self.done(&format!("wave approve {CASE} --as Ada"));
        self.done(&format!("wave approve {CASE} --as Grace"));
        self
    }

    /// The demo's case, pressed for 60 seats; no wave is open.
    pub fn pressed() -> Self {
        let office = Self::staffed().with_demo_case();
        office.done(&format!("press {CASE}"));
        office
    }

    /// A program of three partners, each with as many seats as are listed, and a pressed case with the demo's
    /// write-up and PoC.
    pub fn small(seats: &[(&str, usize)]) -> Self {
        let mut office = Self::new();
        let mut csv = "id,name,tier,country,obligations\n".to_owned();
        for (partner, _) in seats {
            csv += &format!("{partner},Partner {partner},validate,GB,\n");
        }
        office.import("partners.csv", csv.as_bytes());
        for (partner, count) in seats {
            for number in 1..=*count {
                office.add_seat(partner, &format!("s{number}@{partner}.example"));
            }
        }
        office.write("advisory.json", demo_file("advisory.json"));
        office.done("case import advisory.json");
        for name in ["write-up.md", "poc.py"] {
            office.write(name, demo_file(name));
        }
        office.done(&format!("artifact add {CASE} write-up.md poc.py"));
        office.done(&format!("wave plan {CASE}"));
        office.done(&format!("wave approve {CASE} --as Ada"));
        office.done(&format!("wave approve {CASE} --as Grace"));
        office.done(&format!("press {CASE}"));
        office
    }

    /// Its whole content.
    pub fn template(&self) -> Template {
        let files = files_of(self.folder.path());
        let relative = |path: &Path| path.strip_prefix(self.folder.path()).unwrap().to_owned();
        Template {
            files: files
                .iter()
                .map(|path| (relative(path), fs::read(path).unwrap()))
                .collect(),
            keys: self.keys.clone(),
        }
    }

    /// A path within the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Reads a file of the folder.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The command with these words, in this folder, with this folder's data and passphrase.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headstart"));
        command
            .args(words)
            .current_dir(self.folder.path())
            .env("HEADSTART_DATA", self.data())
            .env("HEADSTART_PASSPHRASE_FILE", self.path("pass"))
            .env("XDG_STATE_HOME", self.path("xdg"))
            .env_remove("HEADSTART_STATE")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command.
    pub fn run(&self, words: &[&str]) -> Answer {
        answer(self.command(words), &words.join(" "))
    }

    /// Runs a command whose words are split at blanks.
    pub fn say(&self, words: &str) -> Answer {
        self.run(&words.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs a command with `--json`, which must succeed.
    #[track_caller]
    pub fn done(&self, words: &str) -> Value {
        self.say(&format!("{words} --json")).exits(0).json()
    }

    /// Runs a command that must fail with this exit code, a message and a hint.
    #[track_caller]
    pub fn refused(&self, code: i32, words: &str) -> Answer {
        let answer = self.say(words).exits(code);
        answer.complaint();
        answer
    }

    /// Imports partners.
    #[track_caller]
    pub fn import(&self, name: &str, csv: &[u8]) -> Value {
        self.write(name, csv);
        self.done(&format!("partner import {name}"))
    }

    /// Adds a seat with a new key.
    #[track_caller]
    pub fn add_seat(&mut self, partner: &str, email: &str) -> String {
        let (identity, recipient) = seal::generate_identity();
        self.add_seat_with(partner, email, recipient.as_str(), &identity)
    }

    /// Adds a seat with this recipient, whose secret key is kept.
    #[track_caller]
    pub fn add_seat_with(
        &mut self,
        partner: &str,
        email: &str,
        recipient: &str,
        identity: &str,
    ) -> String {
        let words = ["seat", "add", "--partner", partner, "--email", email];
        let answer = self
            .run(&[&words[..], &["--recipient", recipient, "--json"]].concat())
            .exits(0);
        let seat = answer.json()["seat"].as_str().unwrap().to_owned();
        self.keys.insert(seat.clone(), identity.to_owned());
        seat
    }

    /// The file of a seat's secret key, written on demand.
    pub fn key_file(&self, seat: &str) -> String {
        let name = format!("{seat}.key");
        if !self.path(&name).exists() {
            self.write(&name, &self.keys[seat]);
        }
        name
    }

    /// Fetches a seat's package of a case to `<seat>.age` and opens it to the folder `<seat>`.
    #[track_caller]
    pub fn fetch_and_open(&self, case: &str, seat: &str) -> BTreeMap<String, Vec<u8>> {
        self.done(&format!(
            "package fetch {case} --seat {seat} --out {seat}.age"
        ));
        let key = self.key_file(seat);
        self.done(&format!(
            "package open {seat}.age --identity {key} --out {seat}"
        ));
        contents(&self.path(seat))
    }
}

impl Template {
    /// A folder with this content.
    pub fn office(&self) -> Office {
        let office = Office {
            folder: tempfile::Builder::new()
                .prefix("headstart-test-")
                .tempdir()
                .unwrap(),
            keys: self.keys.clone(),
        };
        for (path, bytes) in &self.files {
            let path = office.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        office
    }
}

/// Runs a command to its end.
pub fn answer(mut command: Command, words: &str) -> Answer {
    let output = command.output().unwrap();
    Answer {
        words: words.to_owned(),
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Every file beneath a folder, sorted.
pub fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_of(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The files directly in a folder, by name.
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// The words of a list in JSON.
pub fn words(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect()
}

/// The keys of a JSON object, sorted.
pub fn fields(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}
