//! Witnesses: real processes that cosign, are away, come back, and catch a log that was put back or forked.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use support::{CASE, Office, VALIDATE, files_of};
use tlog::{
    BundlePath, Checkpoint, Note, Tile, TileReader, VerifiedTiles, Verifier, decode_entries,
    leaf_hash,
};

/// A witness's process, ended when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It is ended either way; that it had ended already is no failure.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A witness with a folder and an address of its own.
struct Witness {
    name: String,
    key: String,
    url: String,
    running: Option<Running>,
}

impl Witness {
    /// Makes one that trusts the office's log, serves, and is named by the program.
    fn named(office: &Office, name: &str) -> Self {
        let log_key = office.done("log show")["log_key"]
            .as_str()
            .unwrap()
            .to_owned();
        let made = office.done(&format!("witness init --dir {name} --name {name}.example"));
        office.done(&format!("witness trust --dir {name} {log_key}"));
        let mut witness = Self {
            name: name.to_owned(),
            key: made["key"].as_str().unwrap().to_owned(),
            url: "http://127.0.0.1:0".to_owned(),
            running: None,
        };
        witness.serve(office);
        let (key, url) = (&witness.key, &witness.url);
        office.done(&format!("log witness add --key {key} --url {url}"));
        witness
    }

    /// Serves at the address that it had before, or at a new one.
    fn serve(&mut self, office: &Office) {
        let listen = self.url.strip_prefix("http://").unwrap().to_owned();
        let mut child = office
            .command(&[
                "witness", "serve", "--dir", &self.name, "--listen", &listen, "--json",
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !said.ends_with("}\n") {
            said += &lines.next().unwrap().unwrap();
            said += "\n";
        }
        let said: Value = serde_json::from_str(&said).unwrap();
        self.url = said["listening"].as_str().unwrap().to_owned();
        self.running = Some(Running(child));
    }

    fn stop(&mut self) {
        self.running = None;
    }
}

fn office() -> Office {
    Office::small(&[("p-01", 1), ("p-02", 1)])
}

/// An office whose case is not pressed yet.
fn unpressed() -> Office {
    let mut office = Office::new();
    office.import(
        "partners.csv",
        b"id,name,tier,country,obligations\np-01,One,validate,GB,\np-02,Two,validate,GB,\n",
    );
    for partner in ["p-01", "p-02"] {
        office.add_seat(partner, &format!("s@{partner}.example"));
    }
    office.write("advisory.json", support::demo_file("advisory.json"));
    office.done("case import advisory.json");
    for name in ["write-up.md", "poc.py"] {
        office.write(name, support::demo_file(name));
    }
    office.done(&format!("artifact add {CASE} write-up.md poc.py"));
    office.done(&format!("wave plan {CASE}"));
    office.done(&format!("wave approve {CASE} --as Ada"));
    office.done(&format!("wave approve {CASE} --as Grace"));
    office
}

fn copy(from: &Path, to: &Path) {
    for path in files_of(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&path, target).unwrap();
    }
}

fn put_back(office: &Office, copied: &Path) {
    std::fs::remove_dir_all(office.data()).unwrap();
    copy(copied, &office.data());
}

fn cosigners(note: &str) -> usize {
    Note::parse(note).unwrap().signatures().len() - 1
}

#[test]
fn with_its_quorum_a_case_is_pressed_opened_given_and_proved() {
    let office = unpressed();
    let one = Witness::named(&office, "one");
    let two = Witness::named(&office, "two");
    assert_eq!(office.done("log quorum 2")["quorum"], 2);
    office.done(&format!("press {CASE}"));
    let opened = office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    assert_eq!(support::words(&opened["opened"][0]["seats"]).len(), 2);
    let files = office.fetch_and_open(CASE, "p-01.s1");
    assert!(files.contains_key("write-up.md"));
    let shown = office.done("log show");
    assert_eq!(cosigners(shown["checkpoint"].as_str().unwrap()), 2);
    let listed = office.done("log witness list");
    assert_eq!(listed["witnesses"][0]["key"], one.key.as_str());
    assert_eq!(listed["witnesses"][1]["url"], two.url.as_str());
    let seen = office.done("witness show --dir one");
    assert_eq!(seen["logs"][0]["size"], office.done("log cosign")["size"]);
    assert_eq!(seen["logs"][0]["forks"], serde_json::json!([]));

    let trace = office.done("trace p-01.s1/write-up.md p-01.s1/poc.py");
    assert_eq!(trace["verdict"], "accuse", "{trace:#}");
    let name = trace["trace"].as_str().unwrap();
    office.done(&format!("evidence {name} --out e.json"));
    let log_key = shown["log_key"].as_str().unwrap();
    office.done(&format!("verify e.json --log-key {log_key}"));
    // These witnesses had a part in every key: the program could not choose them.
    let with = format!("--witness {} --witness {}", one.key, two.key);
    let shown = office.done(&format!("verify e.json --log-key {log_key} {with}"));
    assert_eq!(shown["secret_mixing_witnessed"], true, "{shown:#}");
    let evidence: Value = serde_json::from_slice(&office.read("e.json")).unwrap();
    let beacon = evidence["body"]["presses"][0]["beacon"]["checkpoint"]
        .as_str()
        .unwrap();
    assert_eq!(cosigners(beacon), 2);
    let watch = evidence["body"]["presses"][0]["witnesses"]["text"]
        .as_str()
        .unwrap();
    assert!(watch.contains("quorum 2\n") && watch.contains(&format!("witness {}\n", two.key)));
    assert_eq!(
        cosigners(evidence["body"]["checkpoint"].as_str().unwrap()),
        2
    );
    office.done("log audit");
}

#[test]
fn a_wave_waits_for_a_witness_that_is_away_and_two_people_may_go_on_without_it() {
    let office = office();
    let _one = Witness::named(&office, "one");
    let mut two = Witness::named(&office, "two");
    office.done("log quorum 2");
    two.stop();
    let refused = office.refused(4, &format!("wave open {CASE} --now {VALIDATE}"));
    refused.says(&[
        "1 of the 2 cosignatures",
        "`two.example`",
        &two.url,
        "log cosign",
    ]);
    let fetch = format!("package fetch {CASE} --seat p-01.s1 --out p.age");
    office.refused(3, &fetch).says(&["has not been opened"]);
    assert!(!office.path("p.age").exists());
    // The answer names who did not sign; what one has signed is kept.
    let asked = office.say("log cosign --json").exits(1).json();
    assert_eq!(asked["reached"], false);
    assert!(asked["answers"][0]["cosigned_at"].is_string());
    assert!(asked["answers"][1]["reason"].is_string());

    office
        .refused(3, "log quorum 1")
        .says(&["two people", "--as PERSON"]);
    assert_eq!(office.done("log quorum 1 --as Ada")["happened"], false);
    office
        .refused(3, "log quorum 1 --as Ada")
        .says(&["agreed to this already"]);
    assert_eq!(office.done("log quorum 1 --as Grace")["happened"], true);
    office.done(&format!("wave open {CASE}"));
    office.done(&fetch);

    // It comes back, and cosigns everything that it missed.
    two.serve(&office);
    assert_eq!(office.done("log cosign")["reached"], true);
    assert_eq!(
        cosigners(office.done("log show")["checkpoint"].as_str().unwrap()),
        2
    );
}

#[test]
fn a_witness_whose_state_was_put_back_is_named() {
    let office = Office::new();
    office.done("case create --title One");
    let mut one = Witness::named(&office, "one");
    office.done("log cosign");
    one.stop();
    copy(&office.path("one"), &office.path("kept"));
    one.serve(&office);
    office.done("case create --title Two");
    let cosigned = office.done("log cosign")["size"].as_u64().unwrap();
    one.stop();
    copy(&office.path("kept"), &office.path("one"));
    one.serve(&office);
    let answer = &office.done("log cosign")["answers"][0];
    assert_eq!(answer["forgot"]["cosigned"], cosigned);
    assert!(
        answer["forgot"]["knew"].as_u64().unwrap() < cosigned,
        "{answer:#}"
    );
    assert_eq!(
        office.done("log cosign")["answers"][0]["forgot"],
        Value::Null
    );
}

#[test]
fn a_case_is_not_pressed_while_nobody_cosigns_what_is_mixed_into_its_secret() {
    let office = unpressed();
    let mut one = Witness::named(&office, "one");
    office.done("log quorum 1");
    one.stop();
    let others = || office.done("log show")["kinds"]["secrets and rosters"].clone();
    let before = others().as_u64().unwrap();
    office
        .refused(4, &format!("press {CASE}"))
        .says(&["0 of the 1", "one.example"]);
    // The roster is in the log, with the seeds, and the press that comes later uses it and logs no other.
    assert_eq!(others(), before + 1);
    office.refused(4, &format!("press {CASE}"));
    one.serve(&office);
    office.done(&format!("press {CASE}"));
    assert_eq!(others(), before + 1);
    // What was cosigned just before is given also while the witness is away: its package is under that checkpoint.
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    one.stop();
    office.done(&format!("package fetch {CASE} --seat p-01.s1 --out p.age"));
}

#[test]
fn a_database_that_was_put_back_is_noticed_and_nothing_opens() {
    let office = office();
    let _one = Witness::named(&office, "one");
    office.done("log quorum 1");
    let copied = office.path("copied");
    copy(&office.data(), &copied);
    let before = office.done("log cosign")["size"].as_u64().unwrap();
    office.done("case create --title Other");
    let after = office.done("log cosign")["size"].as_u64().unwrap();
    assert!(after > before);
    put_back(&office, &copied);
    let plain = format!("has seen size {after}, this log has {before}");
    for words in [
        format!("wave open {CASE} --now {VALIDATE}"),
        "case create --title Third".to_owned(),
        "log cosign".to_owned(),
        format!("press {CASE}"),
    ] {
        let refused = office.say(&words);
        if words.starts_with("press") {
            // Everybody has a copy: that is said first, and nothing is signed for it.
            refused.exits(3);
            continue;
        }
        refused
            .exits(4)
            .says(&["one.example", &plain, "restore the newest one"]);
    }
    assert_eq!(
        office.done("log show")["log_key"],
        office.done("log show")["log_key"]
    );
    // The log signed nothing new: no fork came of it.
    assert_eq!(
        office.done("witness show --dir one")["logs"][0]["forks"],
        serde_json::json!([])
    );
}

#[test]
fn a_package_is_not_given_from_a_database_that_was_put_back() {
    let office = office();
    let _one = Witness::named(&office, "one");
    office.done("log quorum 1");
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let copied = office.path("copied");
    copy(&office.data(), &copied);
    office.done(&format!(
        "package fetch {CASE} --seat p-01.s1 --out first.age"
    ));
    put_back(&office, &copied);
    let fetch = format!("package fetch {CASE} --seat p-02.s1 --out second.age");
    office
        .refused(4, &fetch)
        .says(&["has seen size", "this log has"]);
    assert!(!office.path("second.age").exists());
}

#[test]
fn a_forked_log_is_refused_and_both_checkpoints_are_shown() {
    let office = office();
    let mut one = Witness::named(&office, "one");
    office.done("log quorum 1");
    let copied = office.path("copied");
    copy(&office.data(), &copied);
    office.done("case create --title Other");
    let seen = office.done("log cosign")["checkpoint"]
        .as_str()
        .unwrap()
        .to_owned();
    put_back(&office, &copied);
    // Behind the witness's back another history grows to the same size.
    one.stop();
    office.done("case create --title Another");
    one.serve(&office);
    let refused = office.refused(4, "log cosign");
    refused.says(&["has seen other entries", "one.example", "/forks"]);
    office.refused(4, &format!("wave open {CASE} --now {VALIDATE}"));

    let shown = office.done("witness show --dir one");
    let fork = &shown["logs"][0]["forks"][0];
    assert_eq!(fork["is_evidence"], true, "{shown:#}");
    let log_key = office.done("log show")["log_key"]
        .as_str()
        .unwrap()
        .to_owned();
    let log = Verifier::parse(&log_key).unwrap();
    let known = Checkpoint::open(fork["known"].as_str().unwrap(), &log).unwrap();
    let offered = Checkpoint::open(fork["offered"].as_str().unwrap(), &log).unwrap();
    assert_eq!(known, Checkpoint::open(&seen, &log).unwrap());
    assert_eq!(known.size(), offered.size());
    assert_ne!(known.root(), offered.root());
    // For people, too.
    let text = office.say("witness show --dir one").exits(0).out;
    assert!(
        text.contains("FORK") && text.contains(&known.root().to_string()),
        "{text}"
    );
    assert!(text.contains(&offered.root().to_string()), "{text}");
}

/// Tiles of a published folder.
struct Folder<'a>(&'a Path);

impl TileReader for Folder<'_> {
    fn tile(&self, tile: Tile) -> Option<Vec<u8>> {
        std::fs::read(self.0.join(tile.path())).ok()
    }
}

/// Every entry of a published folder, each checked against the root that the log signed.
fn published(folder: &Path, log_key: &str) -> Vec<Vec<u8>> {
    let note = std::fs::read_to_string(folder.join("checkpoint")).unwrap();
    let checkpoint = Checkpoint::open(&note, &Verifier::parse(log_key).unwrap()).unwrap();
    let size = checkpoint.size();
    let tiles = VerifiedTiles::new(Folder(folder), size, &checkpoint.root()).unwrap();
    let mut entries = Vec::new();
    while (entries.len() as u64) < size {
        let bundle = BundlePath::of_entry(entries.len() as u64, size).unwrap();
        let bytes = std::fs::read(folder.join(bundle.path())).unwrap();
        for entry in decode_entries(&bytes, bundle.width()).unwrap() {
            let leaf = tiles.read(0, entries.len() as u64).unwrap();
            assert_eq!(leaf, leaf_hash(entry));
            entries.push(entry.to_vec());
        }
    }
    entries
}

fn add_entries(office: &Office, from: u64, to: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = store::Store::open(office.data().join("headstart.sqlite3"))
            .await
            .unwrap();
        let leaves = (from..to).map(|index| format!("entry {index}").into_bytes());
        let batch = store::Batch {
            leaves: leaves.collect(),
            ..store::Batch::default()
        };
        store.commit(&batch).await.unwrap();
        store.close().await;
    });
}

#[test]
fn the_log_is_published_as_tiles_step_by_step() {
    let office = Office::new();
    office.done("case create --title One");
    let log_key = office.done("log show")["log_key"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut files: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    let mut added = 0;
    for (more, tiles) in [
        (0, &["tile/0/000.p/1", "tile/entries/000.p/1"][..]),
        (254, &["tile/0/000.p/255"]),
        (1, &["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]),
        (0, &["tile/0/000"]),
        (
            500,
            &["tile/0/002.p/244", "tile/1/000.p/2", "tile/entries/001"],
        ),
    ] {
        if more > 0 {
            add_entries(&office, added, added + more);
        }
        added += more;
        let done = office.done("log publish --out public");
        assert_eq!(done["size"], added + 1);
        assert_eq!(
            published(&office.path("public"), &log_key).len() as u64,
            added + 1
        );
        for tile in tiles {
            assert!(office.path("public").join(tile).exists(), "{tile}");
        }
        // What was once published stays as it was, but for the checkpoint.
        for (path, bytes) in &files {
            if !path.ends_with("checkpoint") {
                assert_eq!(std::fs::read(path).unwrap(), *bytes, "{path:?}");
            }
        }
        files = files_of(&office.path("public"))
            .into_iter()
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect();
        assert!(
            files
                .keys()
                .all(|path| !path.to_string_lossy().ends_with(".draft"))
        );
    }
    // A publication that died before its checkpoint is done again.
    add_entries(&office, added, added + 20);
    office.done("log publish --out public");
    let at_once = office.path("public/checkpoint");
    std::fs::write(&at_once, &files[&at_once]).unwrap();
    std::fs::remove_file(office.path("public/tile/0/003.p/8")).unwrap_or_default();
    office.done("log publish --out public");
    assert_eq!(
        published(&office.path("public"), &log_key).len() as u64,
        added + 21
    );

    // Another log never writes over it.
    let other = Office::new();
    other.done("case create --title Other");
    let folder = office.path("public");
    let words = format!("log publish --out {}", folder.display());
    other.refused(2, &words).says(&["not of this log"]);
}

#[test]
fn a_witness_needs_no_data_directory_and_says_what_is_wrong() {
    let office = Office::empty();
    let outside = |words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headstart"));
        command
            .args(words.split(' '))
            .current_dir(office.path(""))
            .stdin(Stdio::null());
        support::answer(command, words)
    };
    outside("witness init --dir w --name w.example").exits(0);
    outside("witness init --dir w --name w.example")
        .exits(2)
        .says(&["never overwritten"]);
    outside("witness init --dir v --name with+plus")
        .exits(2)
        .says(&["key name"]);
    outside("witness trust --dir w nonsense")
        .exits(2)
        .says(&["not a verifier key"]);
    outside("witness show --dir nothing")
        .exits(2)
        .says(&["witness init"]);
    outside("witness serve --dir nothing")
        .exits(2)
        .says(&["witness init"]);
}

#[test]
fn a_restored_older_backup_is_whole_and_still_noticed_by_the_witnesses() {
    let office = office();
    let _one = Witness::named(&office, "one");
    office.done("log quorum 1");
    let before = office.done("log cosign")["size"].as_u64().unwrap();
    office.done("backup --out b.age");
    office.done("case create --title Other");
    let after = office.done("log cosign")["size"].as_u64().unwrap();
    assert!(after > before);
    let restored = |words: &str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut command = office.command(&words);
        command.env("HEADSTART_DATA", office.path("again"));
        support::answer(command, &words.join(" "))
    };
    restored("restore b.age").exits(0);
    // Nothing is wrong with it by itself.
    restored("log audit").exits(0);
    let plain = format!("has seen size {after}, this log has {before}");
    for words in [
        format!("wave open {CASE} --now {VALIDATE}"),
        "case create --title Third".to_owned(),
        "log cosign".to_owned(),
    ] {
        restored(&words)
            .exits(4)
            .says(&["one.example", &plain, "restore the newest one"]);
    }
    // The first one goes on.
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
}
