//! Backups: made while others work, restored to the same root, and refused when anything was changed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use support::{CASE, Office, PASSPHRASE, Template, VALIDATE, answer, demo_file, files_of};

fn office() -> Office {
    static PRESSED: OnceLock<Template> = OnceLock::new();
    PRESSED
        .get_or_init(|| {
            let office = Office::small(&[("p-01", 2), ("p-02", 1)]);
            office.done(&format!("wave open {CASE} --now {VALIDATE}"));
            office.template()
        })
        .office()
}

fn restore(office: &Office, file: &str, data: &str) -> support::Answer {
    let mut command = office.command(&["restore", file, "--json"]);
    command.env("HEADSTART_DATA", office.path(data));
    answer(command, "restore")
}

fn audit(office: &Office, data: &str) -> serde_json::Value {
    let mut command = office.command(&["log", "audit", "--json"]);
    command.env("HEADSTART_DATA", office.path(data));
    answer(command, "log audit").exits(0).json()
}

#[test]
fn a_backup_made_while_packages_are_fetched_is_restored_to_a_root_that_was_signed() {
    let office = office();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            let mut fetched = 0;
            while !stop.load(Ordering::Relaxed) {
                office.done(&format!(
                    "package fetch {CASE} --seat p-01.s1 --out {fetched}.age"
                ));
                fetched += 1;
            }
            fetched
        });
        for round in 0..3 {
            let made = office.done(&format!("backup --out b{round}.age"));
            let restored = restore(&office, &format!("b{round}.age"), &format!("again{round}"))
                .exits(0)
                .json();
            assert_eq!(restored["log_size"], made["log_size"]);
            assert_eq!(restored["root"], made["root"]);
        }
        stop.store(true, Ordering::Relaxed);
        assert!(
            busy.join().unwrap() > 0,
            "nothing happened beside the backups"
        );
    });
    let last = audit(&office, "again2");
    assert_eq!(last["intact"], true);
    let now = audit(&office, "data");
    assert!(last["entries"].as_u64() <= now["entries"].as_u64());

    // The restored program can do what the first one could: its keys and its case are there.
    let mut command = office.command(&["sites", CASE, "--json"]);
    command.env("HEADSTART_DATA", office.path("again2"));
    assert_eq!(answer(command, "sites").exits(0).json()["case"], CASE);
    let left: Vec<_> = files_of(&office.data())
        .into_iter()
        .filter(|path| path.display().to_string().contains(".backup-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_changed_or_cut_backup_makes_nothing() {
    let office = office();
    office.done("backup --out b.age");
    let whole = office.read("b.age");
    for at in [0, 100, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        office.write("changed.age", &changed);
        office.write("changed.age.key", office.read("b.age.key"));
        let refused = restore(&office, "changed.age", "again");
        assert!([1, 2].contains(&refused.code), "{refused:#?}");
        refused.complaint();
        assert!(!office.path("again").exists(), "at {at}");
    }
    for length in [0, 300, whole.len() / 2, whole.len() - 1] {
        office.write("changed.age", &whole[..length]);
        let refused = restore(&office, "changed.age", "again");
        assert!([1, 2].contains(&refused.code), "{refused:#?}");
        assert!(!office.path("again").exists(), "cut at {length}");
    }
    let drafts: Vec<_> = files_of(&office.path("."))
        .into_iter()
        .filter(|path| path.display().to_string().contains(".again.draft"))
        .collect();
    assert!(drafts.is_empty(), "{drafts:?}");
    restore(&office, "b.age", "again").exits(0);
}

#[test]
fn a_backup_shows_nothing_of_what_it_holds_and_nothing_is_overwritten() {
    let office = office();
    office.done("backup --out b.age");
    let bytes = office.read("b.age");
    for secret in [
        "Partner p-01",
        "p-02.s1",
        "SQLite format 3",
        "PRIVATE+KEY",
        PASSPHRASE,
    ] {
        let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
        assert!(!found, "the backup shows `{secret}`");
    }
    let title = demo_file("advisory.json");
    assert!(!title.is_empty() && !bytes.windows(8).any(|w| w == b"Larkspur"));
    office
        .refused(2, "backup --out b.age")
        .says(&["b.age", "nothing is ever overwritten"]);
    let refused = restore(&office, "b.age", "data").exits(2);
    assert!(refused.complaint().contains("is there already"));
}

#[test]
fn a_wrong_passphrase_or_another_programs_key_is_told_apart_from_a_damaged_backup() {
    let office = office();
    office.done("backup --out b.age");
    office.write("pass", "another passphrase\n");
    let refused = restore(&office, "b.age", "again").exits(2);
    assert!(refused.complaint().contains("passphrase"), "{refused:#?}");

    let other = Office::new();
    office.write("pass", format!("{PASSPHRASE}\n"));
    office.write(
        "b.age.key",
        std::fs::read(other.data().join("program.key.age")).unwrap(),
    );
    let refused = restore(&office, "b.age", "again").exits(2);
    assert!(
        refused.complaint().contains("another program key"),
        "{refused:#?}"
    );
}
