//! The data directory without the program key and the seats' keys says nothing of what a case is about.
//!
//! Every byte of every file is searched, also in other encodings, and also while the database has a write-ahead log.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use support::{
    ADVANCE, Answer, CASE, MASTERS, Office, PASSPHRASE, RELEASE, VALIDATE, answer, demo_file,
    files_of,
};

/// Shortest text that is searched for.
const BYTES_MIN: usize = 6;

/// Where a needle was found.
type Find = (String, &'static str, String);

/// A plaintext with the ways in which it could lie on the disk.
fn disguises(needle: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = needle.as_bytes();
    let little: Vec<u8> = needle.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = needle.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![
        ("plain", bytes.to_vec()),
        ("lower case", needle.to_lowercase().into_bytes()),
        (
            "JSON",
            serde_json::to_string(needle)
                .unwrap()
                .trim_matches('"')
                .into(),
        ),
        ("UTF-16LE", little),
        ("UTF-16BE", big),
        ("upper hex", hex.to_uppercase().into_bytes()),
        ("hex", hex.into_bytes()),
    ];
    // In base64 a text looks different at each of three offsets; the digits that its neighbours change are cut off.
    for offset in 0..3 {
        let padded = [&vec![0u8; offset][..], bytes].concat();
        let digits = STANDARD.encode(&padded).replace('=', "");
        let from = [0, 2, 3][offset];
        let until = digits.len() - usize::from(!padded.len().is_multiple_of(3));
        all.push(("base64", digits.as_bytes()[from..until].to_vec()));
    }
    all
}

/// All needles in all their disguises, by their first two bytes: every byte of every file is looked at once.
struct Needles {
    disguises: Vec<(String, &'static str, Vec<u8>)>,
    by_start: Vec<Vec<usize>>,
}

impl Needles {
    fn new(needles: &[String]) -> Self {
        let mut all = Self {
            disguises: Vec::new(),
            by_start: vec![Vec::new(); 1 << 16],
        };
        for needle in needles {
            for (how, disguise) in disguises(needle) {
                // Anything shorter would be found in ciphertext by chance.
                if disguise.len() >= BYTES_MIN {
                    let start = usize::from(u16::from_le_bytes([disguise[0], disguise[1]]));
                    all.by_start[start].push(all.disguises.len());
                    all.disguises.push((needle.clone(), how, disguise));
                }
            }
        }
        all
    }

    fn find(&self, name: &str, bytes: &[u8], finds: &mut Vec<Find>) {
        for (at, start) in bytes.windows(2).enumerate() {
            for &candidate in &self.by_start[usize::from(u16::from_le_bytes([start[0], start[1]]))]
            {
                let (needle, how, disguise) = &self.disguises[candidate];
                if bytes[at..].starts_with(disguise) {
                    finds.push((name.to_owned(), how, needle.clone()));
                }
            }
        }
    }
}

fn search(folder: &Path, needles: &[String]) -> Vec<Find> {
    let all = Needles::new(needles);
    let mut finds = Vec::new();
    for path in files_of(folder) {
        let name = path.strip_prefix(folder).unwrap().display().to_string();
        let bytes = fs::read(&path).unwrap();
        all.find(&name, &bytes, &mut finds);
        let named = needles.iter().filter(|needle| name.contains(*needle));
        finds.extend(named.map(|needle| (name.clone(), "file name", needle.clone())));
    }
    finds.sort();
    finds.dedup();
    finds
}

/// What says what the case is about: names, sentences, marked values, indicators.
fn subject() -> Vec<String> {
    let mut needles: Vec<String> = [
        "Larkspur",
        "render ticket",
        "CVE-2026-99001",
        "CVSS:3.1/AV:N",
        "7.6.11",
        "vers:semver",
        "psirt.larkspur.example",
        "preview process",
        "doc%20=",
        "X-Lk-Deadline",
        "lk-render",
        "/preview/v2/render",
        "metadata:attack_target",
        "c41d9e7a",
        "7f03b6d2",
        "lk_session",
        "http.client",
        "{~turns",
        "#~ nonce",
    ]
    .map(str::to_owned)
    .to_vec();
    needles.extend(MASTERS.map(str::to_owned));
    // Of every master each long word, and each piece of text between two marks.
    for name in MASTERS {
        let text = String::from_utf8(demo_file(name)).unwrap();
        let words = text.split(|c: char| !c.is_alphabetic());
        needles.extend(words.filter(|word| word.len() >= 11).map(str::to_owned));
        for piece in text.split("~}").filter_map(|part| part.split("{~").next()) {
            needles.extend(
                piece
                    .lines()
                    .map(|line| line.trim().chars().take(24).collect()),
            );
        }
    }
    needles.retain(|needle| needle.len() >= 7 && (needle.len() >= 12 || !needle.contains(' ')));
    needles.sort();
    needles.dedup();
    needles
}

/// Secrets that no output and no file may show: the passphrase and the seats' keys.
fn secrets(office: &Office) -> Vec<String> {
    let keys = office.keys.values().flat_map(|file| file.lines());
    let mut secrets: Vec<String> = keys
        .filter(|line| line.starts_with("AGE-SECRET-KEY-"))
        .map(str::to_owned)
        .collect();
    secrets.push(PASSPHRASE.to_owned());
    secrets
}

/// Sentences and values of the copies that were fetched.
fn of_copies(office: &Office, seat: &str) -> Vec<String> {
    let files = office.fetch_and_open(CASE, seat);
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    let prose = text("write-up.md");
    let mut needles: Vec<String> = prose
        .split(". ")
        .filter(|sentence| sentence.len() > 40)
        .map(|sentence| sentence.replace('\n', " ").chars().take(30).collect())
        .collect();
    if files.contains_key("poc.py") {
        let poc = text("poc.py");
        let values = poc.lines().filter_map(|line| line.split_once(" = \""));
        needles.extend(
            values
                .filter(|(name, _)| ["TICKET", "DOC", "VISIT"].contains(name))
                .map(|(_, value)| value.trim_end_matches('"').to_owned()),
        );
    }
    needles
}

#[test]
fn nothing_in_the_data_directory_says_what_a_case_is_about() {
    let office = Office::pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let mut needles = subject();
    assert!(needles.len() > 100, "{}", needles.len());
    needles.extend(of_copies(&office, "p-01.s1"));
    office.done(&format!("wave open {CASE} --now {RELEASE}"));
    needles.extend(of_copies(&office, "p-15.s1"));
    // A trace is kept too: what leaked is as secret as what was given.
    office.write("leak.md", office.read("p-01.s1/write-up.md"));
    let trace = office.done("trace leak.md");
    let name = trace["trace"].as_str().unwrap();
    office.done(&format!("evidence {name} --out evidence.json"));
    office.done(&format!("case set {CASE} --tlp RED"));
    needles.extend(secrets(&office));
    // `verdict` and `case` are words that the database may hold; the leak's file name is not one of them.
    needles.push("leak.md".to_owned());
    // A sketch that is not sealed begins so, and whoever reads one can check guesses at what a master says.
    needles.extend(["hs-sk-1\n", "hs-sk-2\n"].map(str::to_owned));
    assert_eq!(search(&office.data(), &needles), []);
}

#[test]
fn a_plaintext_in_any_disguise_is_found() {
    let office = Office::empty();
    let needle = "render ticket".to_owned();
    let data = office.data();
    fs::create_dir(&data).unwrap();
    for (how, disguise) in disguises(&needle) {
        let file = data.join("planted");
        fs::write(
            &file,
            [&b"\x00\x17noise"[..], &disguise, b"more noise"].concat(),
        )
        .unwrap();
        let finds = search(&data, std::slice::from_ref(&needle));
        assert!(finds.iter().any(|find| find.1 == how), "{how}: {finds:?}");
        fs::remove_file(file).unwrap();
    }
    for offset in 0..6 {
        let text = format!("{}a render ticket that is read twice", "x".repeat(offset));
        fs::write(data.join("planted"), STANDARD.encode(text)).unwrap();
        let finds = search(&data, std::slice::from_ref(&needle));
        assert!(finds.iter().any(|find| find.1 == "base64"), "{offset}");
    }
    fs::write(data.join("planted"), "").unwrap();
    assert_eq!(search(&data, std::slice::from_ref(&needle)), []);
    fs::write(data.join("a render ticket.txt"), "").unwrap();
    assert_eq!(search(&data, &[needle])[0].1, "file name");
}

#[test]
fn what_is_public_of_a_program_is_found_so_the_search_reads_the_database() {
    let office = Office::pressed();
    let finds = search(&office.data(), &["Harrowgate Sensors".to_owned()]);
    assert!(
        finds
            .iter()
            .any(|(file, how, _)| file.starts_with("headstart.sqlite3") && *how == "plain"),
        "{finds:?}"
    );
}

#[test]
fn a_case_that_is_being_made_is_never_written_in_plain() {
    // Every intermediate state is searched as well, not only the last one.
    let office = Office::staffed();
    let needles = subject();
    let nothing = |after: &str| assert_eq!(search(&office.data(), &needles), [], "{after}");
    office.write("advisory.json", demo_file("advisory.json"));
    office.done("case import advisory.json");
    nothing("case import");
    for name in MASTERS {
        office.write(name, demo_file(name));
        office.done(&format!("artifact add {CASE} {name}"));
        nothing(name);
    }
    office.done(&format!("sites {CASE}"));
    nothing("sites");
    office.done(&format!("wave plan {CASE}"));
    office.done(&format!("press {CASE}"));
    nothing("press");
    office
        .say(&format!(
            "package fetch {CASE} --seat p-01.s1 --out early.age"
        ))
        .exits(3);
    nothing("a refused fetch");
}

#[test]
fn no_command_prints_the_passphrase_or_a_secret_key() {
    let office = Office::pressed();
    let key = office.key_file("p-01.s1");
    let answers: RefCell<Vec<Answer>> = RefCell::default();
    let say = |words: &str| {
        answers.borrow_mut().push(office.say(words));
        answers
            .borrow_mut()
            .push(office.say(&format!("{words} --json")));
    };
    say(&format!("wave open {CASE} --now {VALIDATE}"));
    for words in [
        "partner list",
        "partner show p-01",
        "seat list",
        "case list",
        &format!("case show {CASE}"),
        &format!("sites {CASE}"),
        &format!("wave show {CASE}"),
        &format!("press {CASE}"),
        &format!("receipts {CASE}"),
        "settings show",
        "policy",
        "log show",
        "log audit",
        "agreement list",
        "person list",
    ] {
        say(words);
    }
    say(&format!("package fetch {CASE} --seat p-01.s1 --out p.age"));
    say(&format!("package open p.age --identity {key} --out p"));
    say(&format!(
        "package open p.age --identity {} --out q",
        office.key_file("p-02.s1")
    ));
    say("package open p.age --identity pass --out q");
    say(&format!("trace {key}"));
    say("trace p/write-up.md");
    say("verify pass");
    // The secret key where a recipient belongs, the passphrase where a command belongs, a key as a roster.
    let secret = office.keys["p-01.s1"].lines().last().unwrap().to_owned();
    let words = [
        "seat",
        "add",
        "--partner",
        "p-01",
        "--email",
        "a@b.example",
        "--recipient",
        &secret,
    ];
    answers.borrow_mut().push(office.run(&words));
    say(&format!("partner import {key}"));
    say(&format!("case import {key}"));
    say("case import pass");
    office.write("pass", "another-passphrase\n");
    say(&format!("case show {CASE}"));
    let answers = answers.into_inner();
    for secret in secrets(&office) {
        for answer in &answers {
            let shown = answer.out.contains(&secret) || answer.err.contains(&secret);
            assert!(!shown, "`{}` shows a secret: {answer:#?}", answer.words);
        }
    }
    let log_key = String::from_utf8(office.read("data/log.key")).unwrap();
    for answer in &answers {
        assert!(!answer.out.contains(log_key.trim()) && !answer.err.contains(log_key.trim()));
    }
    assert!(answers.iter().filter(|answer| answer.code == 0).count() > 30);
}

#[test]
fn a_secret_is_never_a_flag() {
    let office = Office::empty();
    for words in [
        "--help",
        "init --help",
        "case show --help",
        "package open --help",
    ] {
        let help = office.say(words).exits(0).out;
        assert!(!help.contains("--passphrase "), "{help}");
        assert!(!help.contains("--password"), "{help}");
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_data_directory_and_what_is_opened() {
    use std::os::unix::fs::PermissionsExt;
    let office = Office::small(&[("p-01", 1)]);
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    office.fetch_and_open(CASE, "p-01.s1");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o077;
    assert_eq!(mode(&office.data()), 0);
    for file in files_of(&office.data()) {
        assert_eq!(mode(&file), 0, "{}", file.display());
    }
    assert_eq!(mode(&office.path("p-01.s1")), 0);
    for file in files_of(&office.path("p-01.s1")) {
        assert_eq!(mode(&file), 0, "{}", file.display());
    }
    assert_eq!(mode(&office.path("p-01.s1.age")), 0);
}

#[test]
fn a_data_directory_that_was_cut_off_while_writing_says_no_more() {
    // A process that is killed leaves the database's write-ahead log behind; it is searched like the rest.
    let office = Office::staffed().with_demo_case();
    let needles = subject();
    for delay_ms in [60, 120, 180, 240] {
        let mut child = office
            .command(&["press", CASE])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay_ms));
        // The process may have ended by itself: then there is nothing to kill.
        let _ = child.kill();
        child.wait().unwrap();
        assert_eq!(search(&office.data(), &needles), [], "after {delay_ms} ms");
    }
    let words = format!("wave open {CASE} --now {ADVANCE}");
    let split: Vec<&str> = words.split(' ').collect();
    answer(office.command(&split), &words);
    assert_eq!(search(&office.data(), &needles), []);
}
