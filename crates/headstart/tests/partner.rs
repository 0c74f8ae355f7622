//! A partner's side: what its client remembers of the log, what it refuses, and what it can show to others.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use support::{Answer, CASE, Office, Template, VALIDATE, answer, words};

const SEAT: &str = "p-01.s1";
const OTHER: &str = "p-02.s1";

/// Two partners whose wave is open.
fn opened() -> Office {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE
        .get_or_init(|| {
            let office = Office::small(&[("p-01", 2), ("p-02", 1), ("p-03", 1)]);
            office.done(&format!("wave open {CASE} --now {VALIDATE}"));
            office.template()
        })
        .office()
}

/// Fetches a package to `name` with a client that remembers in the folder `state`.
fn fetch(office: &Office, seat: &str, name: &str, state: &Path) -> Answer {
    let words = [
        "package", "fetch", CASE, "--seat", seat, "--out", name, "--json", "--state",
    ];
    office.run(&[&words[..], &[state.to_str().unwrap()]].concat())
}

fn log_key(office: &Office) -> String {
    office.done("log show")["log_key"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// An office without data, as a partner or a judge has it.
fn elsewhere(office: &Office, names: &[&str]) -> Office {
    let place = Office::empty();
    for name in names {
        place.write(name, office.read(name));
    }
    place
}

#[test]
fn a_client_remembers_the_log_and_cosigns_what_only_grew() {
    let office = opened();
    let state = office.path("state");
    let first = fetch(&office, SEAT, "a.age", &state).exits(0).json();
    assert_eq!(first["log"]["seen"], "first-seen");
    assert_eq!(
        first["log"]["missed"], 1,
        "the package's own entry came before the receipt"
    );
    // Somebody else's receipt lies between.
    office.done(&format!(
        "package fetch {CASE} --seat {OTHER} --out other.age"
    ));
    let second = fetch(&office, SEAT, "b.age", &state).exits(0).json();
    assert_eq!(second["log"]["seen"], "grew");
    assert_eq!(second["log"]["remembered_size"], first["log_size"]);
    assert_eq!(second["log"]["missed"], 0);
    assert_eq!(
        first["witness_key"], second["witness_key"],
        "one client is one witness"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(state.join("client.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // The cosignature beside the package is one of this very checkpoint, by this client's key.
    let note = tlog::Note::from_bytes(&office.read("b.age.cosigned")).unwrap();
    let vkey = second["witness_key"].as_str().unwrap();
    let cosignature = tlog::CosignerKey::parse(vkey)
        .unwrap()
        .verify(&note)
        .unwrap();
    let at: jiff::Timestamp = VALIDATE.parse().unwrap();
    assert_eq!(cosignature.time_s, at.as_second() as u64);
    let checkpoint = tlog::Checkpoint::parse(note.text()).unwrap();
    assert_eq!(checkpoint.size(), second["log_size"].as_u64().unwrap());
    // The package opens elsewhere, with what came beside it.
    let key = office.key_file(SEAT);
    let partner = elsewhere(&office, &["b.age", "b.age.proof", &key]);
    let words = [
        "package",
        "open",
        "b.age",
        "--identity",
        &key,
        "--out",
        "b",
        "--json",
    ];
    let shown = answer(
        partner.command(&[&words[..], &["--log-key", &log_key(&office)]].concat()),
        "open",
    );
    let shown = shown.exits(0).json();
    assert_eq!(shown["signature_checked"], true);
    assert_eq!(shown["commitment_checked"], true);
    assert_eq!(shown["proof"]["receipt_index"], second["receipt_index"]);
    assert_eq!(shown["proof"]["package_index"], second["package_index"]);
    assert_eq!(
        shown["proof"]["ordinal"], 3,
        "package, first receipt, second receipt"
    );
    assert_eq!(
        shown["log"],
        Value::Null,
        "nothing is remembered of a test clock's program"
    );
    assert!(
        !partner.path("xdg").exists(),
        "and nothing is written for it"
    );
    // A client that saw the second fetch finds the first one's checkpoint older, and goes on.
    let open = [
        "package",
        "open",
        "a.age",
        "--identity",
        &key,
        "--out",
        "a",
        "--json",
        "--state",
    ];
    let older = office
        .run(&[&open[..], &[state.to_str().unwrap()]].concat())
        .exits(0)
        .json();
    assert_eq!(older["log"]["seen"], "older");
    assert_eq!(older["log_key_from"], "remembered");
}

/// Two programs with one key, as a forger would run them.
fn forked() -> (Office, Office) {
    let office = opened();
    let template = office.template();
    (office, template.office())
}

#[test]
fn a_forked_log_is_shown_with_both_checkpoints_and_convicted_by_anybody() {
    for later in [1, 2, 3] {
        let (one, other) = forked();
        let state = one.path("state");
        fetch(&one, SEAT, "a.age", &state).exits(0);
        // The other history: as many entries, or more.
        for number in 0..later {
            other.done(&format!(
                "package fetch {CASE} --seat {OTHER} --out {number}.age"
            ));
        }
        let refused = fetch(&other, SEAT, "b.age", &state).exits(1);
        assert_eq!(refused.out, "");
        refused.says(&[
            "seen before",
            "shown now",
            "convict",
            "b.age.fork",
            "check-fork",
        ]);
        assert_eq!(
            refused.err.matches("— headstart/example-psirt/").count(),
            2,
            "{refused:#?}"
        );
        assert!(!other.path("b.age").exists(), "no byte of the package");
        let receipts = other.done(&format!("receipts {CASE}"));
        let own = receipts["receipts"].as_array().unwrap();
        let own = own.iter().find(|own| own["seat"] == SEAT).unwrap();
        assert_eq!(
            own["fetches"], 0,
            "a log that forked gets no receipt from us"
        );
        // Anybody checks the report, with nothing else.
        let judge = elsewhere(&other, &["b.age.fork"]);
        let shown = judge
            .say("log check-fork b.age.fork --json")
            .exits(0)
            .json();
        assert_eq!(shown["convicts"], true, "{shown}");
        judge.say("verify b.age.fork").exits(0);
        // The honest log goes on.
        fetch(&one, SEAT, "c.age", &state).exits(0);
    }
}

#[test]
fn a_log_that_was_rolled_back_is_refused_and_said_to_convict_nobody() {
    let (one, other) = forked();
    let state = one.path("state");
    fetch(&one, SEAT, "a.age", &state).exits(0);
    let refused = fetch(&other, SEAT, "b.age", &state).exits(1);
    refused.says(&["the log had", "now shows", "convicts nobody"]);
    assert!(!other.path("b.age").exists());
    let shown = other
        .say("log check-fork b.age.fork --json")
        .exits(1)
        .json();
    assert_eq!(shown["convicts"], false);
}

#[test]
fn a_fork_is_also_seen_when_a_package_is_opened() {
    let (one, other) = forked();
    let state = one.path("state");
    fetch(&one, SEAT, "a.age", &state).exits(0);
    other.done(&format!("package fetch {CASE} --seat {OTHER} --out o.age"));
    other.done(&format!("package fetch {CASE} --seat {SEAT} --out b.age"));
    let key = other.key_file(SEAT);
    let words = [
        "package",
        "open",
        "b.age",
        "--identity",
        &key,
        "--out",
        "b",
        "--state",
    ];
    let refused = other
        .run(&[&words[..], &[state.to_str().unwrap()]].concat())
        .exits(1);
    refused.says(&["shown now", "b.age.fork"]);
    assert!(!other.path("b").exists(), "nothing is opened");
}

#[test]
fn another_log_key_of_the_same_program_is_refused_loudly() {
    let (one, other) = (opened(), Office::small(&[("p-01", 1)]));
    other.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let state = one.path("state");
    fetch(&one, SEAT, "a.age", &state).exits(0);
    let refused = fetch(&other, SEAT, "b.age", &state).exits(1);
    refused.says(&[
        &log_key(&one),
        &log_key(&other),
        "passing himself off",
        "--log-key",
    ]);
    assert!(!other.path("b.age").exists());
    // Also when the other's package is only opened.
    other.done(&format!("package fetch {CASE} --seat {SEAT} --out b.age"));
    let key = other.key_file(SEAT);
    let state = state.to_str().unwrap();
    let words = [
        "package",
        "open",
        "b.age",
        "--identity",
        &key,
        "--out",
        "b",
        "--state",
        state,
    ];
    other.run(&words).exits(1).says(&["passing himself off"]);
    // Whoever was told the new key by another way goes on with it, and from then on it is known.
    let given = ["--log-key", &log_key(&other)];
    other.run(&[&words[..], &given].concat()).exits(0);
    let again = [
        "package",
        "open",
        "b.age",
        "--identity",
        &key,
        "--out",
        "c",
        "--json",
        "--state",
        state,
    ];
    let shown = other.run(&again).exits(0).json();
    assert_eq!(shown["log_key_from"], "remembered");
    // A key that is not the package's own opens nothing.
    let wrong = ["--log-key", &log_key(&one)];
    let words = ["package", "open", "b.age", "--identity", &key, "--out", "d"];
    other
        .run(&[&words[..], &wrong].concat())
        .exits(1)
        .says(&["signature"]);
}

#[test]
fn a_memory_that_is_damaged_or_cannot_be_kept_stops_the_fetch() {
    let office = opened();
    let state = office.path("state");
    fetch(&office, SEAT, "a.age", &state).exits(0);
    let memory = support::files_of(&state.join("logs")).pop().unwrap();
    let good = fs::read_to_string(&memory).unwrap();
    for bad in [
        good.replacen("seat ", "seat  ", 1),
        good[..good.len() - 9].to_owned(),
        String::new(),
    ] {
        fs::write(&memory, &bad).unwrap();
        fetch(&office, SEAT, "b.age", &state)
            .exits(4)
            .says(&["is not as it was written", "put it aside"]);
        assert_eq!(
            fs::read_to_string(&memory).unwrap(),
            bad,
            "it is not replaced"
        );
        assert!(!office.path("b.age").exists());
    }
    office.write("file", "not a folder");
    fetch(&office, SEAT, "b.age", &office.path("file")).exits(4);
    assert!(!office.path("b.age").exists());
}

#[test]
fn a_package_opens_without_its_proof_and_says_what_was_not_checked() {
    let office = opened();
    office.done(&format!("package fetch {CASE} --seat {SEAT} --out a.age"));
    office.done(&format!("package fetch {CASE} --seat {OTHER} --out o.age"));
    let key = office.key_file(SEAT);
    let partner = elsewhere(&office, &["a.age", "o.age.proof", &key]);
    let shown = partner
        .say(&format!("package open a.age --identity {key} --out a"))
        .exits(0);
    assert!(
        shown
            .out
            .contains("not checked: whether the log holds this package"),
        "{shown:#?}"
    );
    // Another package's proof shows nothing of this one.
    let words = format!("package open a.age --identity {key} --out b --proof o.age.proof");
    partner.say(&words).exits(1).says(&["another package"]);
    assert!(!partner.path("b").exists());
    // A proof that was altered.
    let text = String::from_utf8(office.read("a.age.proof")).unwrap();
    partner.write("a.age.proof", text.replacen("index ", "index 1", 1));
    partner
        .say(&format!("package open a.age --identity {key} --out c"))
        .exits(1);
}

#[test]
fn an_entry_is_proved_and_checked_offline_by_whoever_has_the_key() {
    let office = opened();
    let fetched = office.done(&format!("package fetch {CASE} --seat {SEAT} --out a.age"));
    let index = fetched["package_index"].as_u64().unwrap();
    let vkey = log_key(&office);
    let by_index = office.done(&format!("log prove {index}"));
    let by_file = office.done("log prove a.age");
    let by_seat = office.done(&format!("log prove --case {CASE} --seat {SEAT}"));
    assert_eq!(by_index, by_file);
    assert_eq!(by_index, by_seat);
    let judge = Office::empty();
    judge.write("proof", by_index["proof"].as_str().unwrap());
    judge.write(
        "entry",
        format!("{}\n", by_index["entry"].as_str().unwrap()),
    );
    judge.write(
        "other",
        format!(
            "{}\n",
            office.done("log prove 0")["entry"].as_str().unwrap()
        ),
    );
    let check = |words: &str| judge.say(&format!("log check proof --log-key {vkey} {words}"));
    let shown = check("--entry entry --json").exits(0).json();
    assert_eq!(shown["index"], index);
    check("--entry other").exits(1);
    check("").exits(2);
    // What comes with a package carries its entry.
    judge.write("a.age.proof", office.read("a.age.proof"));
    judge
        .say(&format!("log check a.age.proof --log-key {vkey}"))
        .exits(0);
    office.refused(2, "log prove 999");
    office.refused(2, "log prove write-up.md");
    let entries = office.done("log show");
    assert_eq!(entries["newest"][0]["kind"], "receipt");
    assert_eq!(entries["newest"][0]["seat"], SEAT);
    assert_eq!(entries["kinds"]["package"], 4);
}

#[test]
fn a_seats_record_is_checked_offline_and_a_gap_shows() {
    let office = opened();
    for number in 0..3 {
        office.done(&format!(
            "package fetch {CASE} --seat {SEAT} --out {number}.age"
        ));
        office.done(&format!(
            "package fetch {CASE} --seat {OTHER} --out o{number}.age"
        ));
    }
    let vkey = log_key(&office);
    let made = office.done(&format!("record --seat {SEAT} --out seat.json"));
    assert_eq!(made["entries"], 4);
    let partner = office.done("record --partner p-01 --out partner.json");
    assert_eq!(words(&partner["seats"]), [SEAT, "p-01.s2"]);
    assert_eq!(partner["entries"], 5);
    let text = String::from_utf8(office.read("partner.json")).unwrap();
    for other in ["p-02", "p-03"] {
        assert!(!text.contains(other), "a record says nothing of {other}");
    }
    // In an empty folder, without a data directory.
    let key = office.key_file(SEAT);
    let judge = elsewhere(&office, &["seat.json", &key]);
    fs::create_dir(judge.path("kept")).unwrap();
    for number in 0..3 {
        for name in [format!("{number}.age"), format!("{number}.age.proof")] {
            judge.write(&format!("kept/{name}"), office.read(&name));
        }
    }
    let check = |name: &str, more: &str| {
        judge.say(&format!(
            "record check {name} --log-key {vkey} --json {more}"
        ))
    };
    let shown = check("seat.json", &format!("--packages kept --identity {key}"))
        .exits(0)
        .json();
    assert_eq!(shown["packages_compared"].as_array().unwrap().len(), 3);
    let entries = &shown["seats"][0]["entries"];
    assert_eq!(entries.as_array().unwrap().len(), 4);
    assert_eq!(entries[0]["kind"], "package");
    assert_eq!(entries[3]["ordinal"], 4);
    // Whatever is left out in the middle, or replaced, shows; also when the program signs it again.
    let record = flow::record::Record::parse(&office.read("seat.json")).unwrap();
    let signer = tlog::Signer::parse(
        String::from_utf8(office.read("data/log.key"))
            .unwrap()
            .trim(),
    )
    .unwrap();
    let signed = |alter: &dyn Fn(&mut flow::record::RecordBody)| {
        let mut body = record.body.clone();
        alter(&mut body);
        let signature = signer.sign(&body.signed_text()).unwrap();
        judge.write(
            "altered.json",
            flow::record::Record { body, signature }.to_text(),
        );
        let answer = check("altered.json", "--packages kept").exits(1).json();
        answer["reason"].as_str().unwrap().to_owned()
    };
    for left_out in 0..3 {
        let reason = signed(&|body| {
            body.seats[0].entries.remove(left_out);
        });
        assert!(
            reason.contains("left out or was replaced"),
            "{left_out}: {reason}"
        );
    }
    let reason = signed(&|body| {
        body.seats[0].entries.pop();
    });
    assert!(
        reason.contains("has a receipt, and the record does not"),
        "{reason}"
    );
    let reason = signed(&|body| body.seats[0].entries.clear());
    assert!(reason.contains("in no entry of this record"), "{reason}");
    let reason = signed(&|body| body.seats[0].seat = "p-01.s2".to_owned());
    assert!(reason.contains("is of seat p-01.s1"), "{reason}");
    // Nobody but the program signs one.
    let mut unsigned = record.clone();
    unsigned.body.made_at = "2026-12-24T18:00:00Z".to_owned();
    judge.write("unsigned.json", unsigned.to_text());
    check("unsigned.json", "").exits(1);
    judge.say("record check seat.json").exits(0);
    let other = tlog::Signer::from_seed("elsewhere", [1; 32])
        .unwrap()
        .vkey();
    judge
        .say(&format!("record check seat.json --log-key {other}"))
        .exits(1);
    judge.say(&format!("record check {key}")).exits(2);
    // A package of somebody else is not in it.
    judge.write("kept/o.age", office.read("o0.age"));
    check("seat.json", "--packages kept").exits(1);
}

#[test]
fn a_seats_chain_runs_through_all_of_its_cases() {
    let office = opened();
    office.write(
        "second.md",
        "Larkspur Share {~turns|converts~} files, and {~then|later~} sends them.\n",
    );
    office.done("case create --title Second --release 2026-12-20T18:00:00Z");
    let second = "HS-2026-0002";
    office.done(&format!("artifact add {second} second.md"));
    office.done(&format!("wave plan {second}"));
    office.done(&format!("wave approve {second} --as Ada"));
    office.done(&format!("wave approve {second} --as Grace"));
    office.done(&format!("press {second}"));
    office.done(&format!("package fetch {CASE} --seat {SEAT} --out a.age"));
    office.done(&format!("record --seat {SEAT} --out seat.json"));
    let shown = office.done("record check seat.json");
    let entries = shown["seats"][0]["entries"].as_array().unwrap();
    let cases: Vec<&str> = entries
        .iter()
        .map(|entry| entry["case"].as_str().unwrap())
        .collect();
    assert_eq!(cases, [CASE, second, CASE]);
}

/// A disk that refuses further bytes, at every point of the way: no byte is given that the log does not hold.
#[test]
#[cfg(unix)]
fn a_fetch_gives_nothing_when_the_log_cannot_be_written() {
    let template = opened().template();
    let mut codes = [0; 2];
    for blocks in [
        0, 1, 4, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 128, 192, 256, 512, 4096,
    ] {
        let office = template.office();
        // The signal that would kill the process is ignored, so that each write fails as on a full disk.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut command = Command::new("bash");
        let program = office.command(&[]);
        command
            .args(["-c", &script])
            .arg(program.get_program())
            .args(["package", "fetch", CASE, "--seat", SEAT, "--out", "a.age"])
            .current_dir(program.get_current_dir().unwrap());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let answer = answer(command, &format!("fetch with {blocks} KiB"));
        let receipts = office.done(&format!("receipts {CASE}"));
        let fetches = receipts["receipts"][0]["fetches"].as_u64().unwrap();
        assert_eq!(receipts["receipts"][0]["seat"], SEAT);
        match answer.code {
            0 => assert_eq!(fetches, 1),
            4 => {
                assert_eq!(answer.out, "", "{answer:#?}");
                assert!(!office.path("a.age").exists(), "{answer:#?}");
            }
            _ => panic!("{answer:#?}"),
        }
        codes[usize::from(answer.code == 4)] += 1;
        assert_eq!(office.done("log audit")["intact"], true);
        // And it is not stuck afterwards.
        office.done(&format!("package fetch {CASE} --seat {SEAT} --out b.age"));
    }
    assert!(codes[0] > 0 && codes[1] > 3, "{codes:?}");
}

/// The seat that leaked, what the program holds against it, and what it kept itself.
fn accused() -> (Office, Office, String) {
    let office = opened();
    office.done(&format!("package fetch {CASE} --seat {OTHER} --out o.age"));
    let files = office.fetch_and_open(CASE, SEAT);
    office.done(&format!("record --seat {SEAT} --out record.json"));
    office.write("leak.md", &files["write-up.md"]);
    let trace = office.done("trace leak.md");
    assert_eq!(trace["accused"][0]["seat"], SEAT);
    let trace = trace["trace"].as_str().unwrap();
    office.done(&format!("evidence {trace} --out evidence.json"));
    let key = office.key_file(SEAT);
    let package = format!("{SEAT}.age");
    let proof = format!("{SEAT}.age.proof");
    let names = [
        "evidence.json",
        "leak.md",
        "record.json",
        "o.age",
        &package,
        &proof,
        &key,
    ];
    let judge = elsewhere(&office, &names);
    (office, judge, trace.to_owned())
}

#[test]
fn evidence_is_compared_with_everything_that_the_accused_holds() {
    let (office, judge, _) = accused();
    let vkey = log_key(&office);
    let verify = |more: &str| {
        judge.say(&format!(
            "verify evidence.json --log-key {vkey} --json {more}"
        ))
    };
    let alone = verify("").exits(0).json();
    assert_eq!(
        words(&alone["not_compared"]),
        ["found", "witnesses", "kept", "packages", "record"]
    );
    let all = format!(
        "--leak leak.md --package {SEAT}.age --identity {SEAT}.key --kept {SEAT}.age.proof --record record.json"
    );
    let compared = verify(&all).exits(0).json();
    assert_eq!(words(&compared["not_compared"]), ["witnesses"]);
    let fails = |step: &str, more: &str| {
        let answer = verify(more).exits(1).json();
        assert_eq!(answer["step"], step, "{more}: {answer}");
    };
    fails("found", "--leak record.json");
    fails("packages", "--package o.age");
    // A witness that saw nothing of this log.
    let stranger = tlog::Cosigner::from_seed("witness.example", [3; 32]).unwrap();
    fails("witnesses", &format!("--witness {}", stranger.vkey()));
    // Another history by the same key: what was kept of it, and what the program once signed of it.
    let other = opened();
    other.done(&format!(
        "package fetch {CASE} --seat {SEAT} --out {SEAT}.age"
    ));
    let forked = judge.write("forked.proof", other.read(&format!("{SEAT}.age.proof")));
    assert!(forked.exists());
    // The two data directories are of one template: one key, two histories.
    assert_eq!(log_key(&other), vkey);
    let refused = verify("--kept forked.proof").exits(1).json();
    assert_eq!(refused["step"], "kept", "{refused}");
    other.done(&format!("record --seat {SEAT} --out other.json"));
    judge.write("other.json", other.read("other.json"));
    fails("kept", "--record other.json");
    judge.refused(
        2,
        "verify evidence.json --package leak.md --identity nothing",
    );
    judge.refused(2, "verify evidence.json --kept leak.md");
    judge.say("verify evidence.json --quorum 1").exits(2);
}

#[test]
fn a_checkpoint_that_the_evidence_does_not_show_is_asked_for_by_its_size() {
    let (office, judge, trace) = accused();
    // The accused kept a later checkpoint than any that the evidence shows on its own.
    let state = office.path("state");
    fetch(&office, "p-01.s2", "later.age", &state).exits(0);
    fetch(&office, "p-03.s1", "latest.age", &state).exits(0);
    judge.write("later.cosigned", office.read("later.age.cosigned"));
    let vkey = log_key(&office);
    let words = format!("verify evidence.json --log-key {vkey} --kept later.cosigned --json");
    let refused = judge.say(&words).exits(1).json();
    assert_eq!(refused["step"], "kept");
    assert!(
        refused["reason"]
            .as_str()
            .unwrap()
            .contains("does not show")
    );
    let note = tlog::Note::from_bytes(&judge.read("later.cosigned")).unwrap();
    let size = tlog::Checkpoint::parse(note.text()).unwrap().size();
    fs::remove_file(judge.path("evidence.json")).unwrap();
    office.done(&format!("evidence {trace} --out newer.json --since {size}"));
    judge.write("evidence.json", office.read("newer.json"));
    judge.say(&words).exits(0);
    // A size that the program never signed: it cannot show it.
    office.refused(1, &format!("evidence {trace} --out none.json --since 999"));
    assert!(!office.path("none.json").exists());
}

#[test]
fn a_clients_cosignature_is_collected_and_counts_for_whoever_trusts_that_client() {
    let office = opened();
    let state = office.path("state");
    let fetched = fetch(&office, SEAT, "a.age", &state).exits(0).json();
    let client = fetched["witness_key"].as_str().unwrap();
    let collected = office.done(&format!("log collect a.age.cosigned --key {client}"));
    assert_eq!(collected["log_size"], fetched["log_size"]);
    let key = office.key_file(SEAT);
    office.done(&format!("package open a.age --identity {key} --out a"));
    let trace = office.done("trace a/write-up.md");
    let trace = trace["trace"].as_str().unwrap();
    office.done(&format!("evidence {trace} --out evidence.json"));
    let judge = elsewhere(&office, &["evidence.json"]);
    let verify = |more: &str| {
        judge.say(&format!(
            "verify evidence.json --json --witness {client} {more}"
        ))
    };
    let shown = verify("--seen 2026-11-30T00:00:00Z").exits(0).json();
    let times: Vec<&str> = shown["witnessed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|seen| seen["by"].as_str().unwrap())
        .collect();
    assert_eq!(
        times, [VALIDATE; 6],
        "secret, roster, code, two packages, receipt: {shown}"
    );
    // This client came after the secret was mixed, and that is said.
    assert_eq!(shown["secret_mixing_witnessed"], false);
    // A leak that was seen before anybody witnessed the copy.
    let shown = verify("--seen 2026-11-23T00:00:00Z").exits(1).json();
    assert_eq!(shown["step"], "witnesses", "{shown}");
    // A cosignature by another key, of another log, or altered, is not taken.
    let other = tlog::Cosigner::from_seed("witness.example", [3; 32]).unwrap();
    office.refused(
        1,
        &format!("log collect a.age.cosigned --key {}", other.vkey()),
    );
    let text = String::from_utf8(office.read("a.age.cosigned")).unwrap();
    office.write("altered", text.replacen("headstart/", "headstart-", 1));
    office.refused(1, &format!("log collect altered --key {client}"));
    let elsewhere = opened();
    elsewhere.write("a.age.cosigned", &text);
    elsewhere.refused(1, &format!("log collect a.age.cosigned --key {client}"));
    assert_eq!(office.done("log audit")["intact"], true);
}
