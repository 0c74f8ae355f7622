//! The whole path by commands alone, with exit codes, messages and the JSON that scripts read.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use support::{
    ADVANCE, CASE, ENTRY, MASTERS, Office, RELEASE, START, Template, VALIDATE, answer, demo_file,
    fields, words,
};

fn pressed() -> Office {
    static PRESSED: OnceLock<Template> = OnceLock::new();
    PRESSED
        .get_or_init(|| Office::pressed().template())
        .office()
}

fn staffed() -> Office {
    static STAFFED: OnceLock<Template> = OnceLock::new();
    STAFFED
        .get_or_init(|| Office::staffed().template())
        .office()
}

fn fetch(office: &Office, seat: &str, out: &str) -> support::Answer {
    office.say(&format!("package fetch {CASE} --seat {seat} --out {out}"))
}

/// The receipts row of a seat.
fn receipt(office: &Office, seat: &str) -> Value {
    let receipts = office.done(&format!("receipts {CASE}"));
    let rows = receipts["receipts"].as_array().unwrap();
    rows.iter().find(|row| row["seat"] == seat).unwrap().clone()
}

#[test]
fn the_whole_path_from_init_to_verified_evidence() {
    let mut office = Office::empty();
    let made = office
        .run(&[
            "init",
            "--program",
            "Example PSIRT",
            "--test-clock",
            "--now",
            START,
            "--json",
        ])
        .exits(0)
        .json();
    let log_key = made["log_key"].as_str().unwrap().to_owned();
    assert!(log_key.starts_with("headstart/example-psirt/"));

    let imported = office.import("partners.csv", &demo_file("partners.csv"));
    assert_eq!(imported["imported"], 24);
    for partner in ["p-01", "p-01", "p-07", "p-15", "p-20"] {
        office.add_seat(partner, &format!("desk@{partner}.example"));
    }
    let seats: Vec<&String> = office.keys.keys().collect();
    assert_eq!(
        seats,
        ["p-01.s1", "p-01.s2", "p-07.s1", "p-15.s1", "p-20.s1"]
    );

    office.write("advisory.json", demo_file("advisory.json"));
    let case = office.done("case import advisory.json");
    assert_eq!(case["case"], CASE);
    assert_eq!(case["release"], RELEASE);
    for name in MASTERS {
        office.write(name, demo_file(name));
    }
    let added = office.done(&format!("artifact add {CASE} {}", MASTERS.join(" ")));
    let kinds: Vec<&Value> = added["added"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["kind"])
        .collect();
    assert_eq!(kinds, ["writeup", "poc", "rule", "rule", "indicators"]);
    let sites = office.done(&format!("sites {CASE}"));
    assert_eq!(sites["case"], CASE);
    assert_eq!(sites["artifacts"].as_array().unwrap().len(), 5);

    let plan = office.done(&format!(
        "wave plan {CASE} --tier validate=14d --tier advance=5d --tier entry=24h"
    ));
    let opens: Vec<(&Value, &Value)> = plan["waves"]
        .as_array()
        .unwrap()
        .iter()
        .map(|wave| (&wave["wave"], &wave["opens_at"]))
        .collect();
    assert_eq!(
        opens,
        [
            (&json!("validate"), &json!(VALIDATE)),
            (&json!("advance"), &json!(ADVANCE)),
            (&json!("entry"), &json!(ENTRY)),
            (&json!("release"), &json!(RELEASE)),
        ]
    );
    assert_eq!(
        office.done(&format!("wave approve {CASE} --as Ada"))["approved"],
        false
    );
    assert_eq!(
        office.done(&format!("wave approve {CASE} --as Grace"))["approved"],
        true
    );
    let pressed = office.done(&format!("press {CASE}"));
    assert_eq!(words(&pressed["seats"]).len(), 5);

    let opened = office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    assert_eq!(opened["opened"][0]["wave"], "validate");
    assert_eq!(words(&opened["opened"][0]["seats"]), ["p-01.s1", "p-01.s2"]);
    let files = office.fetch_and_open(CASE, "p-01.s1");
    let mut names: Vec<&str> = files.keys().map(String::as_str).collect();
    names.retain(|name| *name != "MANIFEST");
    let mut expected = MASTERS.to_vec();
    expected.sort_unstable();
    assert_eq!(names, expected);

    office.write("leak.md", &files["write-up.md"]);
    let trace = office.done("trace leak.md");
    assert_eq!(trace["verdict"], "accuse");
    assert_eq!(trace["case"], CASE);
    assert_eq!(trace["accused"][0]["partner"], "p-01");
    assert_eq!(trace["accused"][0]["seat"], "p-01.s1");
    assert_eq!(trace["accused"].as_array().unwrap().len(), 1);
    let name = trace["trace"].as_str().unwrap();
    assert_eq!(
        office.done(&format!("trace leak.md --case {CASE}"))["trace"],
        name
    );

    let written = office.done(&format!("evidence {name} --out evidence.json"));
    assert_eq!(written["trace"], name);
    // Somebody else verifies: another folder, without data and without a passphrase.
    let judge = Office::empty();
    judge.write("evidence.json", office.read("evidence.json"));
    let verified = judge
        .say(&format!("verify evidence.json --log-key {log_key} --json"))
        .exits(0)
        .json();
    assert_eq!(verified["verified"], true);
    assert_eq!(verified["log_key_expected"], true);
    assert_eq!(verified["accused"][0]["seat"], "p-01.s1");
    assert_eq!(
        verified["accused"][0]["innocent_risk"],
        trace["accused"][0]["innocent_risk"]
    );
    assert!(!judge.data().exists());
    let other = made["log_key"]
        .as_str()
        .unwrap()
        .replace("example", "another");
    let failed = judge
        .say(&format!("verify evidence.json --log-key {other} --json"))
        .exits(1)
        .json();
    assert_eq!(failed["step"], "log key");

    let row = receipt(&office, "p-01.s1");
    assert_eq!(
        (&row["first"], &row["last"]),
        (&json!(VALIDATE), &json!(VALIDATE))
    );
    assert_eq!(row["fetches"], 1);
    assert_eq!(office.done("log audit")["intact"], true);
}

#[test]
fn the_json_of_a_trace_has_the_settled_shape() {
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let files = office.fetch_and_open(CASE, "p-02.s1");
    office.write("leak.md", &files["write-up.md"]);
    let trace = office.done("trace leak.md");
    let settled = [
        "accused",
        "available_bits",
        "case",
        "coalition_max",
        "leads",
        "needed_bits",
        "reason",
        "sites",
        "trace",
        "verdict",
    ];
    for field in settled {
        assert!(
            fields(&trace).contains(&field),
            "`{field}` is missing: {trace:#}"
        );
    }
    assert!(trace["trace"].as_str().unwrap().starts_with("T-"));
    assert_eq!(trace["verdict"], "accuse");
    assert_eq!(trace["reason"], Value::Null);
    assert_eq!(
        fields(&trace["accused"][0]),
        ["evidence_bits", "innocent_risk", "partner", "seat"]
    );
    assert!(trace["accused"][0]["innocent_risk"].as_f64().unwrap() <= 1e-6);
    assert!(trace["accused"][0]["evidence_bits"].as_f64().unwrap() > 0.0);
    assert_eq!(trace["leads"], json!([]));
    let sites = &trace["sites"];
    assert_eq!(fields(sites), ["erased", "read", "total"]);
    assert_eq!(
        sites["total"].as_u64().unwrap(),
        sites["read"].as_u64().unwrap() + sites["erased"].as_u64().unwrap()
    );
    assert!(trace["needed_bits"].as_f64().unwrap() < trace["available_bits"].as_f64().unwrap());
    assert!(trace["coalition_max"].is_u64());

    // A sentence of it is of the case, and too little to name anybody.
    let text = String::from_utf8(files["write-up.md"].clone()).unwrap();
    let sentence = text
        .lines()
        .find(|line| line.starts_with("Two more") || line.starts_with("Here two"))
        .unwrap();
    let few: Vec<&str> = sentence.split_whitespace().take(40).collect();
    office.write("few.txt", few.join(" "));
    let withheld = office
        .say(&format!("trace few.txt --case {CASE} --json"))
        .exits(1)
        .json();
    assert_eq!(withheld["verdict"], "withhold");
    assert_eq!(withheld["accused"], json!([]));
    assert!(
        withheld["reason"].as_str().unwrap().contains("too little"),
        "{withheld:#}"
    );

    office.write("unrelated.md", demo_file("unrelated-advisory.md"));
    let nothing = office.say("trace unrelated.md --json").exits(1).json();
    assert_eq!(nothing["verdict"], "no_case");
    assert_eq!(nothing["case"], Value::Null);
    assert_eq!(nothing["accused"], json!([]));
    for field in settled {
        assert!(
            fields(&nothing).contains(&field),
            "`{field}` is missing: {nothing:#}"
        );
    }
}

#[test]
fn press_and_approval_come_in_either_order() {
    let office = staffed().with_demo_case();
    office.done(&format!("press {CASE}"));
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    assert_eq!(fetch(&office, "p-01.s1", "a.age").code, 0);

    let office = staffed();
    office.write("advisory.json", demo_file("advisory.json"));
    office.done("case import advisory.json");
    office.write("write-up.md", demo_file("write-up.md"));
    office.done(&format!("artifact add {CASE} write-up.md"));
    office.done(&format!("press {CASE}"));
    office.done(&format!("wave plan {CASE}"));
    office.done(&format!("wave approve {CASE} --as Ada --now {VALIDATE}"));
    office.say(&format!("wave open {CASE}"));
    assert_eq!(fetch(&office, "p-01.s1", "a.age").code, 3);
    office.done(&format!("wave approve {CASE} --as Grace"));
    office.done(&format!("wave open {CASE}"));
    assert_eq!(fetch(&office, "p-01.s1", "a.age").code, 0);
}

#[test]
fn with_one_approval_nothing_opens() {
    let office = staffed();
    office.write("advisory.json", demo_file("advisory.json"));
    office.done("case import advisory.json");
    office.write("write-up.md", demo_file("write-up.md"));
    office.done(&format!("artifact add {CASE} write-up.md"));
    office.done(&format!("wave plan {CASE}"));
    office.done(&format!("press {CASE}"));
    office.done(&format!("wave approve {CASE} --as Ada"));
    let refused = office.refused(3, &format!("wave open {CASE} --now {RELEASE}"));
    refused.says(&["approv"]);
    fetch(&office, "p-01.s1", "a.age")
        .exits(3)
        .says(&["approv"]);
    assert!(!office.path("a.age").exists());
}

#[test]
fn opening_waves_again_opens_nothing_twice() {
    let office = pressed();
    let nothing = office.done(&format!("wave open {CASE}"));
    assert_eq!(nothing["opened"], json!([]));
    assert_eq!(nothing["next"]["opens_at"], VALIDATE);
    let first = office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    assert_eq!(first["opened"].as_array().unwrap().len(), 1);
    let again = office.done(&format!("wave open {CASE}"));
    assert_eq!(again["opened"], json!([]));
    let rest = office.done(&format!("wave open {CASE} --now {RELEASE}"));
    let names: Vec<&Value> = rest["opened"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| &o["wave"])
        .collect();
    assert_eq!(names, ["advance", "entry", "release"]);
    assert_eq!(
        office.done(&format!("wave open {CASE}"))["opened"],
        json!([])
    );
}

#[test]
fn a_fetch_before_its_wave_exits_3_gives_no_byte_and_is_recorded() {
    let office = pressed();
    let refused = office.refused(
        3,
        &format!("package fetch {CASE} --seat p-01.s1 --out early.age"),
    );
    refused.says(&["the wave `validate` opens at 2026-11-24 18:00 UTC"]);
    assert!(!office.path("early.age").exists());
    // One second before the wave is before the wave, even if somebody tries to open it.
    office.done(&format!("wave open {CASE} --now 2026-11-24T17:59:59Z"));
    fetch(&office, "p-01.s1", "early.age").exits(3);
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    fetch(&office, "p-07.s1", "early.age")
        .exits(3)
        .says(&["advance"]);
    fetch(&office, "p-20.s1", "early.age")
        .exits(3)
        .says(&["entry"]);
    assert!(!office.path("early.age").exists());
    let row = receipt(&office, "p-01.s1");
    assert_eq!((&row["fetches"], &row["refused"]), (&json!(0), &json!(2)));
    assert_eq!(row["first"], Value::Null);
    let receipts = office.done(&format!("receipts {CASE}"));
    assert_eq!(receipts["refusals"][0]["rule"], "before-wave");
    assert_eq!(receipts["refusals"][0]["at"], START);
    let shown = office.done(&format!("case show {CASE}"));
    let refusals = shown["events"].as_array().unwrap().iter();
    assert_eq!(
        refusals
            .filter(|e| e["what"].as_str().unwrap().contains("was refused"))
            .count(),
        4
    );
}

#[test]
fn receipts_keep_the_first_and_the_last_fetch() {
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let first = fetch(&office, "p-03.s1", "1.age").exits(0);
    assert!(first.out.contains("1.age written"));
    office.done(&format!("wave open {CASE} --now 2026-11-26T08:30:00Z"));
    fetch(&office, "p-03.s1", "2.age").exits(0);
    fetch(&office, "p-03.s1", "3.age").exits(0);
    let row = receipt(&office, "p-03.s1");
    assert_eq!(row["first"], VALIDATE);
    assert_eq!(row["last"], "2026-11-26T08:30:00Z");
    assert_eq!(row["fetches"], 3);
    // Everybody gets the same bytes each time: another copy would be another codeword.
    assert_eq!(office.read("1.age"), office.read("2.age"));
    let text = office.say(&format!("receipts {CASE}")).exits(0).out;
    assert!(text.contains("2026-11-26 08:30 UTC"), "{text}");
}

#[test]
fn a_fetch_never_overwrites_a_file_and_leaves_no_receipt_then() {
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    office.write("mine.age", "my own file");
    office.refused(
        2,
        &format!("package fetch {CASE} --seat p-01.s1 --out mine.age"),
    );
    assert_eq!(office.read("mine.age"), b"my own file");
    // Nor is there a receipt for a file that could never be written.
    let nowhere = office.refused(
        2,
        &format!("package fetch {CASE} --seat p-01.s1 --out nowhere/p.age"),
    );
    nowhere.says(&["there is no folder `nowhere`"]);
    assert_eq!(receipt(&office, "p-01.s1")["fetches"], 0);
}

#[test]
fn a_missing_data_directory_exits_4_and_names_the_next_command() {
    let office = Office::empty();
    for words in [
        "partner list",
        "case list",
        "log show",
        &format!("press {CASE}"),
    ] {
        let answer = office.refused(4, words);
        answer.says(&["there is no data directory at", "headstart init"]);
    }
    assert!(!office.data().exists());
}

#[test]
fn wrong_usage_exits_2() {
    let office = Office::new();
    for words in [
        "",
        "frobnicate",
        "partner",
        "press",
        "seat add --partner p-01",
        "trace",
    ] {
        let answer = office.say(words).exits(2);
        assert_eq!(answer.out, "", "{words}");
        assert!(answer.err.contains("Usage"), "{answer:?}");
    }
    office
        .refused(2, "press HS-2026-0009")
        .says(&["HS-2026-0009", "headstart case list"]);
    office.refused(2, "press ../../etc/passwd");
    office
        .refused(2, "partner import missing.csv")
        .says(&["missing.csv"]);
    office
        .refused(2, "evidence T-0123456789abcdef --out e.json")
        .says(&["there is no trace"]);
    office
        .refused(2, "partner suspend p-99 --reason gone")
        .says(&["p-99"]);
    assert_eq!(office.say("--help").exits(0).err, "");
    assert_eq!(office.say("--version").exits(0).err, "");
}

#[test]
fn init_never_overwrites() {
    let office = Office::new();
    let before = office.read("data/config.json");
    let again = office.run(&["init", "--program", "Another"]).exits(2);
    again.says(&["is there already", "nothing is ever overwritten"]);
    assert_eq!(office.read("data/config.json"), before);
}

#[test]
fn a_test_clock_never_goes_back() {
    let office = Office::new();
    office.done(&format!("partner list --now {VALIDATE}"));
    let back = office.refused(2, &format!("partner list --now {START}"));
    back.says(&["earlier than the latest time seen", "2026-11-24 18:00 UTC"]);
    // It stands where it stood: the case's year and every event's time come from it.
    office
        .run(&["case", "create", "--title", "x", "--release", RELEASE])
        .exits(0);
    assert_eq!(
        office.done(&format!("case show {CASE}"))["events"][0]["at"],
        VALIDATE
    );
}

#[test]
fn now_without_a_test_clock_is_an_error() {
    let office = Office::empty();
    let words = ["init", "--program", "Example PSIRT", "--now", START];
    office.run(&words).exits(2).says(&["--test-clock"]);
    assert!(!office.data().exists());
    office.run(&["init", "--program", "Example PSIRT"]).exits(0);
    let answer = office.refused(2, &format!("partner list --now {START}"));
    answer.says(&["not a test clock", "--test-clock"]);
    office.say("partner list").exits(0);
}

#[test]
fn a_time_without_a_zone_is_refused() {
    let office = Office::new();
    for time in ["2026-12-08", "2026-12-08T18:00:00", "tomorrow"] {
        let words = ["case", "create", "--title", "x", "--release", time];
        let answer = office.run(&words).exits(2);
        answer.complaint();
        answer.says(&[time]);
    }
    assert_eq!(office.done("case list")["cases"], json!([]));
}

#[test]
fn a_case_is_made_by_hand_and_numbered_after_the_last() {
    let office = Office::new();
    let words = [
        "case",
        "create",
        "--title",
        "A second flaw",
        "--release",
        RELEASE,
        "--json",
    ];
    let first = office.run(&words).exits(0).json();
    assert_eq!(first["case"], CASE);
    assert_eq!(first["title"], "A second flaw");
    let second = office.run(&words).exits(0).json();
    assert_eq!(second["case"], "HS-2026-0002");
    let east = [
        "case",
        "create",
        "--title",
        "x",
        "--release",
        "2026-12-08T20:00:00+02:00",
        "--json",
    ];
    assert_eq!(office.run(&east).exits(0).json()["release"], RELEASE);
}

#[test]
fn an_imported_advisory_whose_date_has_passed_gets_no_release() {
    let office = staffed();
    office.write("advisory.json", demo_file("advisory.json"));
    let late = "2027-01-10T00:00:00Z";
    let case = office.done(&format!("case import advisory.json --now {late}"));
    assert_eq!(case["case"], "HS-2027-0001");
    assert_eq!(case["release"], Value::Null);
    office.write("write-up.md", demo_file("write-up.md"));
    office.done("artifact add HS-2027-0001 write-up.md");
    office.done("press HS-2027-0001");
    let refused = office.refused(3, "package fetch HS-2027-0001 --seat p-01.s1 --out a.age");
    refused.says(&["no release time", "case set"]);
    let set = office.done("case set HS-2027-0001 --release 2027-02-01T12:00:00Z");
    assert_eq!(set["release"], "2027-02-01T12:00:00Z");
    // The flag of the import does the same at once.
    let case = office.done("case import advisory.json --release 2027-02-01T12:00:00Z");
    assert_eq!(case["release"], "2027-02-01T12:00:00Z");
}

#[test]
fn a_partner_that_reports_to_a_state_gets_no_poc_and_the_rest_at_the_release() {
    let office = pressed();
    let plan = office.done(&format!("wave show {CASE}"));
    let release = plan["waves"]
        .as_array()
        .unwrap()
        .iter()
        .find(|w| w["wave"] == "release")
        .unwrap();
    assert!(words(&release["partners"]).contains(&"p-15"));
    let refusals = plan["exceptions"].as_array().unwrap();
    assert!(
        refusals.iter().any(|e| e["partner"] == "p-15"
            && e["kind"] == "poc"
            && e["rule"] == "state-report-poc")
    );
    office.done(&format!("wave open {CASE} --now {ENTRY}"));
    // Its tier's wave is open to others of the tier, and not to it.
    fetch(&office, "p-20.s1", "other.age").exits(0);
    let early = fetch(&office, "p-15.s1", "early.age").exits(3);
    early.says(&["release", "2026-12-08 18:00 UTC"]);
    assert!(!office.path("early.age").exists());
    office.done(&format!("wave open {CASE} --now {RELEASE}"));
    let files = office.fetch_and_open(CASE, "p-15.s1");
    assert!(!files.contains_key("poc.py"));
    for name in [
        "write-up.md",
        "larkspur.rules",
        "larkspur.yml",
        "indicators.csv",
    ] {
        assert!(files.contains_key(name), "{name}");
    }
}

#[test]
fn suspending_a_partner_closes_everything_at_once_and_resuming_reopens() {
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    fetch(&office, "p-01.s1", "1.age").exits(0);
    let suspended = office
        .run(&[
            "partner",
            "suspend",
            "p-01",
            "--reason",
            "a leak is looked into",
            "--json",
        ])
        .exits(0)
        .json();
    assert_eq!(suspended["status"], "suspended");
    for seat in ["p-01.s1", "p-01.s2", "p-01.s3"] {
        let refused = fetch(&office, seat, "2.age").exits(3);
        refused.says(&["not active"]);
    }
    assert!(!office.path("2.age").exists());
    // Nobody else is touched.
    fetch(&office, "p-02.s1", "3.age").exits(0);
    office.done("partner resume p-01 --reason cleared");
    fetch(&office, "p-01.s1", "2.age").exits(0);
    assert_eq!(office.read("1.age"), office.read("2.age"));
}

#[test]
fn a_removed_partner_gets_nothing_and_stays_removed() {
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    assert_eq!(
        office.done("partner remove p-01 --reason left")["status"],
        "removed"
    );
    fetch(&office, "p-01.s1", "1.age").exits(3);
    office
        .refused(3, "partner resume p-01 --reason back")
        .says(&["p-01"]);
    assert!(!office.path("1.age").exists());
}

#[test]
fn a_partner_suspended_before_the_wave_opens_gets_nothing_when_it_opens() {
    let office = pressed();
    office.done("partner suspend p-01 --reason r");
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    fetch(&office, "p-01.s1", "1.age").exits(3);
    office.done("partner resume p-01 --reason r");
    office.say(&format!("wave open {CASE}")).exits(0);
    fetch(&office, "p-01.s1", "1.age").exits(0);
}

#[test]
fn a_retired_seat_gets_nothing() {
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    office.done("seat retire p-01.s1 --reason left");
    fetch(&office, "p-01.s1", "1.age")
        .exits(3)
        .says(&["retired"]);
    fetch(&office, "p-01.s2", "2.age").exits(0);
}

#[test]
fn a_new_agreement_blocks_packages_until_it_is_accepted() {
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    fetch(&office, "p-01.s1", "1.age").exits(0);
    office.write("agreement.txt", "what partners promise\n");
    office.done("agreement publish 2026-12 --text agreement.txt");
    let refused = office.refused(
        3,
        &format!("package fetch {CASE} --seat p-01.s1 --out 2.age"),
    );
    refused.says(&["agreement"]);
    let accepted = office.run(&["partner", "accept", "p-01", "--by", "M. Ellison"]);
    accepted.exits(0);
    fetch(&office, "p-01.s1", "2.age").exits(0);
    fetch(&office, "p-02.s1", "3.age").exits(3);
    let listed = office.done("agreement list");
    let current = listed["agreements"].as_array().unwrap().last().unwrap();
    assert_eq!(words(&current["accepted_by"]), ["p-01"]);
}

#[test]
fn the_same_person_in_another_spelling_does_not_approve_twice() {
    let office = staffed();
    office.write("advisory.json", demo_file("advisory.json"));
    office.done("case import advisory.json");
    office.write("write-up.md", demo_file("write-up.md"));
    office.done(&format!("artifact add {CASE} write-up.md"));
    office.done(&format!("wave plan {CASE}"));
    office
        .run(&["wave", "approve", CASE, "--as", "Ada Byron"])
        .exits(0);
    for spelling in [
        "Ada Byron",
        "ada byron",
        " ADA  BYRON ",
        "Ada\u{a0}Byron",
        "Ａda Byron",
    ] {
        let answer = office.run(&["wave", "approve", CASE, "--as", spelling]);
        assert_ne!(answer.code, 0, "{spelling:?}");
        assert_eq!(
            office.done(&format!("wave show {CASE}"))["approved"],
            false,
            "{spelling:?}"
        );
    }
    office
        .run(&["wave", "approve", CASE, "--as", "Grace"])
        .exits(0);
    assert_eq!(office.done(&format!("wave show {CASE}"))["approved"], true);
}

#[test]
fn a_changed_plan_needs_both_approvals_again() {
    let office = pressed();
    office.done(&format!("wave plan {CASE} --tier validate=15d"));
    assert_eq!(
        office.done(&format!("wave show {CASE}"))["approvals"],
        json!([])
    );
    office.refused(3, &format!("wave open {CASE} --now {VALIDATE}"));
    fetch(&office, "p-01.s1", "1.age").exits(3);
}

#[test]
fn unknown_obligations_list_the_known_ones() {
    let office = Office::new();
    office.write(
        "partners.csv",
        "id,name,tier,country,obligations\np-01,One,validate,GB,eu-cra;uk-nothing\n",
    );
    let answer = office.refused(2, "partner import partners.csv");
    answer.says(&[
        "line 2, column 5 (obligations)",
        "uk-nothing",
        "cn-rmsv",
        "eu-cra",
        "eu-nis2",
    ]);
}

#[test]
fn a_wrong_row_is_named_by_line_and_column_and_nothing_is_half_imported() {
    let office = Office::new();
    let rows = [
        ("p-02,Two,platinum,GB,", "line 3, column 3 (tier)"),
        ("p-02,Two,entry,Atlantis,", "line 3, column 4 (country)"),
        ("p 02,Two,entry,GB,", "line 3, column 1 (id)"),
        ("p-02,,entry,GB,", "line 3, column 2 (name)"),
        ("p-01,Again,entry,GB,", "line 3, column 1 (id)"),
        ("p-02,Two,entry", "line 3"),
    ];
    for (row, place) in rows {
        let csv = format!("id,name,tier,country,obligations\np-01,One,validate,GB,\n{row}\n");
        office.write("partners.csv", csv);
        office
            .refused(2, "partner import partners.csv")
            .says(&[place]);
        assert_eq!(office.done("partner list")["partners"], json!([]), "{row}");
    }
    office.write("partners.csv", "id;name;tier\np-01;One;validate\n");
    office
        .refused(2, "partner import partners.csv")
        .says(&["line 1"]);
    office.write("partners.csv", [0xff, 0xfe, 0x00, 0x41]);
    office.refused(2, "partner import partners.csv");
    // A partner that is there already stops the whole file.
    office.import(
        "good.csv",
        b"id,name,tier,country,obligations\np-01,One,validate,GB,\n",
    );
    office.write(
        "partners.csv",
        "id,name,tier,country,obligations\np-02,Two,validate,GB,\np-01,One,validate,GB,\n",
    );
    office
        .refused(2, "partner import partners.csv")
        .says(&["line 3"]);
    assert_eq!(
        office.done("partner list")["partners"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn imported_partners_are_active_unless_the_file_says_otherwise() {
    let office = Office::new();
    office.import(
        "partners.csv",
        b"id,name,tier,country,obligations,status,agreement\n\
          p-01,One,validate,GB,,active,paper\n\
          p-02,Two,validate,GB,,applicant,none\n\
          p-03,Three,validate,GB,,suspended,paper\n",
    );
    office.import(
        "more.csv",
        b"id,name,tier,country,obligations\np-04,Four,entry,CN,cn-rmsv\n",
    );
    let list = office.done("partner list");
    let states: Vec<&Value> = list["partners"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["status"])
        .collect();
    assert_eq!(states, ["active", "applicant", "suspended", "active"]);
    let four = office.done("partner show p-04");
    assert_eq!(words(&four["obligations"]), ["cn-rmsv"]);
    assert_eq!(four["accepted"].as_array().unwrap().len(), 1);
    assert_eq!(office.done("partner show p-02")["accepted"], json!([]));
    office.done("partner admit p-02 --reason vetted");
    assert_eq!(office.done("partner show p-02")["status"], "active");
}

/// An OpenSSH key pair as `ssh-keygen -t ed25519 -N ''` writes it: the private key file and the public line.
fn ssh_key_pair(seed: [u8; 32]) -> (String, String) {
    let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
    let key = SigningKey::from_bytes(&seed);
    let public = [
        string(b"ssh-ed25519"),
        string(key.verifying_key().as_bytes()),
    ]
    .concat();
    let both = [seed.as_slice(), key.verifying_key().as_bytes()].concat();
    let check = 0x5eed_1e55_u32.to_be_bytes();
    let mut private = [
        check.as_slice(),
        &check,
        &public,
        &string(&both),
        &string(b"seat"),
    ]
    .concat();
    for pad in 1.. {
        if private.len().is_multiple_of(8) {
            break;
        }
        private.push(pad);
    }
    let file = [
        b"openssh-key-v1\0".as_slice(),
        &string(b"none"),
        &string(b"none"),
        &string(b""),
        &1u32.to_be_bytes(),
        &string(&public),
        &string(&private),
    ]
    .concat();
    let mut text = "-----BEGIN OPENSSH PRIVATE KEY-----\n".to_owned();
    for line in STANDARD.encode(file).as_bytes().chunks(70) {
        text += std::str::from_utf8(line).unwrap();
        text.push('\n');
    }
    text += "-----END OPENSSH PRIVATE KEY-----\n";
    (
        text,
        format!("ssh-ed25519 {} seat@partner", STANDARD.encode(public)),
    )
}

#[test]
fn a_seat_with_an_ssh_ed25519_key_opens_its_package() {
    let mut office = staffed();
    let (secret, public) = ssh_key_pair([7; 32]);
    let seat = office.add_seat_with("p-01", "ssh@harrowgate.example", &public, &secret);
    let office = office.with_demo_case();
    office.done(&format!("press {CASE}"));
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let files = office.fetch_and_open(CASE, &seat);
    assert_eq!(files.len(), MASTERS.len() + 1);
    office.write("leak.md", &files["write-up.md"]);
    assert_eq!(office.done("trace leak.md")["accused"][0]["seat"], seat);
    // Another seat's key does not open it.
    let other = office.key_file("p-01.s1");
    let words = format!("package open {seat}.age --identity {other} --out other");
    office.refused(2, &words);
    assert!(!office.path("other").exists());
}

#[test]
fn recipients_that_are_refused_say_why() {
    let office = staffed();
    let refused = |recipient: &str, parts: &[&str]| {
        let words = ["seat", "add", "--partner", "p-01", "--email", "a@b.example"];
        let answer = office
            .run(&[&words[..], &["--recipient", recipient]].concat())
            .exits(2);
        answer.complaint();
        answer.says(parts);
    };
    refused(
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ me",
        &["ssh-rsa", "ed25519"],
    );
    refused("age1nothing", &["age1"]);
    refused("", &["recipient"]);
    let secret = office.keys["p-01.s1"].clone();
    let line = secret.lines().last().unwrap();
    let words = [
        "seat",
        "add",
        "--partner",
        "p-01",
        "--email",
        "a@b.example",
        "--recipient",
        line,
    ];
    let answer = office.run(&words).exits(2);
    // A secret key that was pasted by mistake is not repeated.
    assert!(!answer.err.contains(line), "{answer:?}");
    assert_eq!(
        office.done("seat list")["seats"].as_array().unwrap().len(),
        60
    );
}

#[test]
fn a_key_that_another_seat_has_already_is_pointed_out() {
    let office = staffed();
    let listed = office.done("seat list");
    let recipient = listed["seats"][0]["recipient"].as_str().unwrap();
    let words = format!(
        "seat add --partner p-02 --email other@nordlicht.example --recipient {recipient} --json"
    );
    let answer = office.say(&words).exits(0);
    assert_eq!(answer.json()["same_key_as"], json!(["p-01.s1"]));
    answer.says(&["note: p-02.s4 has the same key as p-01.s1"]);
}

#[test]
fn a_wrong_mark_is_named_by_line_and_column_and_nothing_is_added() {
    let office = Office::new();
    office
        .run(&["case", "create", "--title", "x", "--release", RELEASE])
        .exits(0);
    office.write("good.md", "It {~turns|converts~} things.\n");
    office.write("bad.md", "One line.\nIt {~turns|converts things.\n");
    let answer = office.refused(2, &format!("artifact add {CASE} good.md bad.md"));
    answer.says(&["bad.md:2:4"]);
    assert_eq!(
        office.done(&format!("case show {CASE}"))["artifacts"],
        json!([])
    );
    office.write("what.bin", "It {~turns|converts~} things.\n");
    office
        .refused(2, &format!("artifact add {CASE} what.bin"))
        .says(&["--kind", "writeup"]);
    let added = office.done(&format!("artifact add {CASE} what.bin --kind writeup"));
    assert_eq!(added["added"][0]["kind"], "writeup");
}

#[test]
fn hostile_and_broken_advisories_get_a_clear_error() {
    let office = Office::new();
    for (name, text) in [
        ("empty.json", ""),
        ("text.json", "not json"),
        ("list.json", "[]"),
        ("other.json", r#"{"hello": "world"}"#),
        ("deep.json", &"[".repeat(100_000)),
        (
            "half.json",
            r#"{"document": {"category": "csaf_base", "title":"#,
        ),
    ] {
        office.write(name, text);
        office.refused(2, &format!("case import {name}"));
    }
    assert_eq!(office.done("case list")["cases"], json!([]));
}

#[test]
fn a_seat_that_joins_late_is_pressed_by_the_same_command() {
    let mut office = pressed();
    let seat = office.add_seat("p-01", "late@harrowgate.example");
    let pressed = office.done(&format!("press {CASE}"));
    assert_eq!(words(&pressed["seats"]), [seat.as_str()]);
    office.refused(3, &format!("press {CASE}"));
    // A new plan takes the seat in, and two people approve it.
    office.done(&format!("wave plan {CASE}"));
    office.done(&format!("wave approve {CASE} --as Ada"));
    office.done(&format!("wave approve {CASE} --as Grace"));
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let late = office.fetch_and_open(CASE, &seat);
    let early = office.fetch_and_open(CASE, "p-01.s1");
    for (files, who) in [(late, seat.as_str()), (early, "p-01.s1")] {
        office.write("leak.md", &files["write-up.md"]);
        let trace = office.done("trace leak.md");
        assert_eq!(trace["accused"][0]["seat"], who);
        let name = trace["trace"].as_str().unwrap();
        office.done(&format!("evidence {name} --out {who}.json"));
        office.done(&format!("verify {who}.json"));
    }
}

#[test]
fn a_leak_that_matches_a_package_nobody_fetched_accuses_nobody_outside() {
    let office = pressed();
    let judge = pressed();
    judge.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let files = judge.fetch_and_open(CASE, "p-02.s1");
    office.write("leak.md", &files["write-up.md"]);
    let trace = office.say("trace leak.md --json").exits(1).json();
    assert_eq!(trace["verdict"], "withhold");
    assert_eq!(trace["accused"], json!([]));
    let reason = trace["reason"].as_str().unwrap();
    assert!(reason.contains("never handed out"), "{reason}");
    let name = trace["trace"].as_str().unwrap();
    office
        .say(&format!("evidence {name} --out e.json"))
        .exits(1);
    assert!(!office.path("e.json").exists());
}

#[test]
fn a_case_that_ends_early_opens_nothing_more() {
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    office.done(&format!("case end {CASE} --reason details-public --as Ada"));
    fetch(&office, "p-01.s1", "1.age").exits(0);
    fetch(&office, "p-07.s1", "2.age").exits(3).says(&["ended"]);
    let shown = office.done(&format!("case show {CASE}"));
    assert_eq!(shown["ended_early"], "details-public");
}

#[test]
fn the_passphrase_is_asked_for_only_where_it_is_needed() {
    let office = pressed();
    let without = |words: &str| {
        let split: Vec<&str> = words.split_whitespace().collect();
        let mut command = office.command(&split);
        command.env_remove("HEADSTART_PASSPHRASE_FILE");
        answer(command, words)
    };
    without(&format!("wave open {CASE} --now {VALIDATE}")).exits(0);
    without(&format!("package fetch {CASE} --seat p-01.s1 --out 1.age")).exits(0);
    without(&format!("receipts {CASE}")).exits(0);
    let refused = without(&format!("case show {CASE}")).exits(2);
    refused.says(&["passphrase", "--passphrase-file"]);
    office.write("pass", "something else\n");
    let wrong = office.refused(2, &format!("case show {CASE}"));
    wrong.says(&["passphrase"]);
    office.write("pass", "");
    office
        .refused(2, &format!("case show {CASE}"))
        .says(&["empty"]);
}

#[test]
fn the_data_directory_is_named_by_flag_environment_or_default() {
    let office = Office::new();
    let at = |words: &[&str], data: Option<&str>| {
        let mut command = office.command(words);
        command.env_remove("HEADSTART_DATA");
        if let Some(data) = data {
            command.env("HEADSTART_DATA", data);
        }
        answer(command, &words.join(" "))
    };
    at(&["partner", "list"], None)
        .exits(4)
        .says(&["./headstart-data"]);
    at(&["--data", "data", "partner", "list"], None).exits(0);
    at(&["partner", "list", "--data", "data"], None).exits(0);
    at(&["partner", "list"], Some("data")).exits(0);
    at(&["init", "--program", "Default"], None).exits(0);
    at(&["partner", "list"], None).exits(0);
    assert!(office.path("headstart-data/config.json").exists());
}

#[test]
fn seats_that_fetch_at_the_same_moment_all_get_their_package_and_a_receipt() {
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let seats: Vec<&String> = office
        .keys
        .keys()
        .filter(|seat| seat.as_str() < "p-05")
        .collect();
    assert!(seats.len() >= 8);
    let fetching: Vec<_> = seats
        .iter()
        .map(|seat| {
            let words = format!("package fetch {CASE} --seat {seat} --out {seat}.age");
            let split: Vec<&str> = words.split(' ').collect();
            let mut command = office.command(&split);
            command.stdout(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in fetching {
        assert!(child.wait().unwrap().success());
    }
    for seat in seats {
        assert!(office.path(&format!("{seat}.age")).exists(), "{seat}");
        assert_eq!(receipt(&office, seat)["fetches"], 1, "{seat}");
    }
    assert_eq!(office.done("log audit")["intact"], true);
}

#[test]
fn two_presses_at_the_same_moment_press_once() {
    let office = staffed().with_demo_case();
    let start = || {
        office
            .command(&["press", CASE])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let both = [start(), start()];
    let mut codes: Vec<Option<i32>> = both.map(|mut child| child.wait().unwrap().code()).to_vec();
    codes.sort_unstable();
    // The second finds that everybody has a copy already.
    assert_eq!(codes, [Some(0), Some(3)]);
    let receipts = office.done(&format!("receipts {CASE}"));
    assert_eq!(receipts["receipts"].as_array().unwrap().len(), 60);
    assert_eq!(office.done("log audit")["intact"], true);
}

#[test]
fn a_stricter_bar_counts_at_once_and_a_looser_one_only_for_later_cases() {
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let files = office.fetch_and_open(CASE, "p-02.s2");
    office.write("leak.md", &files["write-up.md"]);
    for (risk, used) in [("1e-9", 1e-9), ("1e-4", 1e-6)] {
        office.done(&format!("settings set --innocent-risk {risk}"));
        let trace = office.done("trace leak.md");
        assert_eq!(trace["bar"]["innocent_risk"], used);
        assert_eq!(trace["accused"][0]["seat"], "p-02.s2");
        let name = trace["trace"].as_str().unwrap();
        office.done(&format!("evidence {name} --out {risk}.json"));
        office.done(&format!("verify {risk}.json"));
    }
}

#[test]
fn a_leak_of_several_files_is_read_as_one() {
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let files = office.fetch_and_open(CASE, "p-04.s1");
    let text = String::from_utf8(files["write-up.md"].clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    office.write("first.txt", lines[..lines.len() / 2].join("\n"));
    office.write("rest.txt", lines[lines.len() / 2..].join("\n"));
    office.write("poc.txt", &files["poc.py"]);
    let trace = office.done("trace first.txt rest.txt poc.txt");
    assert_eq!(trace["accused"][0]["seat"], "p-04.s1");
    let name = trace["trace"].as_str().unwrap();
    office.done(&format!("evidence {name} --out e.json"));
    office.done("verify e.json");
}

#[test]
fn files_that_are_no_leak_are_answered_and_never_crash() {
    let office = pressed();
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    for (name, content) in [
        ("empty.txt", &b""[..]),
        ("zeros.bin", &[0; 5000]),
        ("bytes.bin", &bytes),
        ("half.json", b"{\"a\": [1, 2"),
        ("open.html", b"<p <p <p <!-- <script"),
        ("line.log", &[b'a'; 300_000]),
    ] {
        office.write(name, content);
        let answer = office.say(&format!("trace {name} --json"));
        assert!(answer.code == 1 || answer.code == 2, "{answer:#?}");
        if answer.code == 1 {
            assert_eq!(answer.json()["verdict"], "no_case", "{name}");
        }
        let of_case = office.say(&format!("trace {name} --case {CASE} --json"));
        if name == "zeros.bin" {
            // Nothing in it can be read at all, and that is said.
            let of_case = of_case.exits(2);
            assert!(
                of_case.err.contains("there is no text to read"),
                "{of_case:#?}"
            );
            continue;
        }
        assert_eq!(of_case.exits(1).json()["accused"], json!([]), "{name}");
    }
    office.refused(2, "trace nothing-there.txt");
}

#[test]
fn a_suspended_partner_is_still_named_by_its_copy() {
    let office = pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let files = office.fetch_and_open(CASE, "p-06.s1");
    office.write("leak.md", &files["write-up.md"]);
    office.done("partner suspend p-06 --reason r");
    office.done("seat retire p-06.s1 --reason r");
    assert_eq!(
        office.done("trace leak.md")["accused"][0]["seat"],
        "p-06.s1"
    );
    office.done("partner remove p-06 --reason r");
    let trace = office.done("trace leak.md");
    assert_eq!(trace["accused"][0]["seat"], "p-06.s1");
    let name = trace["trace"].as_str().unwrap();
    office.done(&format!("evidence {name} --out e.json"));
    office.done("verify e.json");
}
