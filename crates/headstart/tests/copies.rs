//! Copies as partners get them: exact renderings, different for each seat, without a trace of marks.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::OnceLock;

use support::{CASE, MASTERS, Office, RELEASE, demo_file};

type Copies = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

/// The opened packages of twenty seats of the demo, of all tiers.
fn copies() -> &'static Copies {
    static COPIES: OnceLock<Copies> = OnceLock::new();
    COPIES.get_or_init(|| {
        let office = Office::pressed();
        office.done(&format!("wave open {CASE} --now {RELEASE}"));
        let seats = office.keys.keys().step_by(3);
        let opened = seats.map(|seat| (seat.clone(), office.fetch_and_open(CASE, seat)));
        opened.collect()
    })
}

/// What a master says outside its marks, in order.
fn unmarked(master: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    for line in master
        .lines()
        .filter(|line| !line.contains("#~") && !line.contains("<!--~"))
    {
        for part in line.split("~}") {
            pieces.push(part.split("{~").next().unwrap());
        }
        pieces.push("\n");
    }
    pieces
}

#[test]
fn copies_differ_between_seats_and_never_show_a_mark() {
    let copies = copies();
    assert_eq!(copies.len(), 20);
    for name in MASTERS {
        let mut seen = BTreeSet::new();
        let mut count = 0;
        for (seat, files) in copies {
            let Some(bytes) = files.get(name) else {
                continue;
            };
            count += 1;
            seen.insert(bytes.clone());
            let text = std::str::from_utf8(bytes).unwrap();
            for mark in ["{~", "~}", "#~", "<!--~", "~/", "/~"] {
                assert!(!text.contains(mark), "{name} of {seat} shows `{mark}`");
            }
            for word in ["nonce hex", "shuffle", "int 240..320"] {
                assert!(!text.contains(word), "{name} of {seat} shows `{word}`");
            }
            let line_ends = demo_file(name).last() == Some(&b'\n');
            assert_eq!(text.ends_with('\n'), line_ends, "{name} of {seat}");
        }
        assert!(count >= 10, "{name}: {count}");
        // Write-up and PoC are told apart by every seat's copy; of short files some may be alike.
        if name == "write-up.md" || name == "poc.py" {
            assert_eq!(seen.len(), count, "{name}");
        } else {
            assert!(seen.len() > count / 2, "{name}: {} of {count}", seen.len());
        }
    }
}

#[test]
fn what_is_not_marked_is_equal_in_every_copy() {
    let copies = copies();
    for name in ["write-up.md", "indicators.csv"] {
        let master = String::from_utf8(demo_file(name)).unwrap();
        for (seat, files) in copies {
            let copy = std::str::from_utf8(&files[name]).unwrap();
            let shuffled = name == "write-up.md";
            let mut rest = copy;
            for piece in unmarked(&master) {
                if shuffled {
                    assert!(copy.contains(piece), "{name} of {seat} lacks `{piece}`");
                    continue;
                }
                let at = rest.find(piece);
                let at = at.unwrap_or_else(|| panic!("{name} of {seat} lacks `{piece}`"));
                rest = &rest[at + piece.len()..];
            }
        }
    }
    // Outside its twelve sites the PoC is the master, line by line; lines of a shuffle come in any order.
    let master = String::from_utf8(demo_file("poc.py")).unwrap();
    let wanted = sorted_lines(&master);
    let with_poc = copies
        .iter()
        .filter(|(_, files)| files.contains_key("poc.py"));
    for (seat, files) in with_poc {
        let copy = sorted_lines(std::str::from_utf8(&files["poc.py"]).unwrap());
        let changed = wanted.iter().filter(|line| !copy.contains(line)).count();
        assert!(changed <= 12, "{seat}: {changed} lines differ");
        assert_eq!(copy.len(), wanted.len(), "{seat}");
    }
}

/// Lines without directives, sorted.
fn sorted_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("#~"))
        .map(|line| line.split("  #~").next().unwrap().to_owned())
        .collect();
    lines.sort();
    lines
}

#[test]
fn every_copy_of_the_poc_compiles() {
    let copies = copies();
    let office = Office::empty();
    let mut files = Vec::new();
    for (seat, copy) in copies {
        if let Some(poc) = copy.get("poc.py") {
            let name = format!("{seat}.py");
            office.write(&name, poc);
            files.push(name);
        }
    }
    assert!(files.len() >= 10);
    let output = Command::new("python3")
        .args(["-m", "py_compile"])
        .args(&files)
        .current_dir(office.path(""))
        .output()
        .expect("`python3` is missing: `cargo xtask test` installs it");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // The check itself: a mark that was left in a copy does not compile.
    office.write("broken.py", "LIMIT = {~1|2~}\n");
    let broken = Command::new("python3")
        .args(["-m", "py_compile", "broken.py"])
        .current_dir(office.path(""))
        .output()
        .unwrap();
    assert!(!broken.status.success());
}

#[test]
fn every_copy_of_the_poc_keeps_its_functional_values_in_range() {
    let copies = copies();
    for (seat, files) in copies.iter().filter(|(_, f)| f.contains_key("poc.py")) {
        let text = std::str::from_utf8(&files["poc.py"]).unwrap();
        let value = |name: &str| {
            let start = format!("{name} = ");
            let line = text.lines().find_map(|line| line.strip_prefix(&start));
            line.unwrap_or_else(|| panic!("{seat} has no {name}"))
        };
        for name in ["TICKET", "DOC", "VISIT"] {
            let digits = value(name).trim_matches('"');
            assert!(
                digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()),
                "{seat}: {name} = {digits}"
            );
        }
        for (name, range) in [
            ("LIMIT", 20..=83),
            ("WIDTH", 760..=1015),
            ("DEADLINE", 12..=27),
        ] {
            let number: u32 = value(name).parse().unwrap();
            assert!(range.contains(&number), "{seat}: {name} = {number}");
        }
        assert!(value("FILLER").starts_with("\"Q\" * "));
    }
}

/// Suricata's and Sigma's own parsers are not here; this checks what a parser needs: balanced and complete lines.
#[test]
fn every_copy_of_the_rules_keeps_their_structure() {
    let copies = copies();
    for (seat, files) in copies {
        let rules = std::str::from_utf8(&files["larkspur.rules"]).unwrap();
        let alerts: Vec<&str> = rules.lines().filter(|l| l.starts_with("alert ")).collect();
        assert_eq!(alerts.len(), 2, "{seat}");
        for alert in alerts {
            assert!(alert.ends_with(";)"), "{seat}: {alert}");
            assert_eq!(alert.matches('"').count() % 2, 0, "{seat}: {alert}");
            let options = alert.split_once(" (").unwrap().1;
            for needed in ["msg:\"", "content:\"", "sid:99260", "rev:2;", "metadata:"] {
                assert_eq!(
                    options.matches(needed).count().min(1),
                    1,
                    "{seat}: {needed}"
                );
            }
            let metadata = options.split_once("metadata:").unwrap().1;
            let words: BTreeSet<&str> = metadata.split([',', ';']).map(str::trim).collect();
            assert!(
                words.contains("created_at 2026_11_10"),
                "{seat}: {metadata}"
            );
        }

        let yaml = std::str::from_utf8(&files["larkspur.yml"]).unwrap();
        let top: Vec<&str> = yaml
            .lines()
            .filter(|line| !line.starts_with([' ', '#', '-']) && !line.is_empty())
            .map(|line| {
                line.split_once(':')
                    .unwrap_or_else(|| panic!("{seat}: {line}"))
                    .0
            })
            .collect();
        assert_eq!(
            top,
            [
                "title",
                "id",
                "status",
                "description",
                "references",
                "author",
                "date",
                "tags",
                "logsource",
                "detection",
                "falsepositives",
                "level"
            ],
            "{seat}"
        );
        assert!(!yaml.contains('\t'), "{seat}");
        // The condition names the selection that is there.
        let condition = yaml.split_once("condition: ").unwrap().1;
        let selection = condition.lines().next().unwrap().trim();
        assert!(
            yaml.contains(&format!("\n  {selection}:\n")),
            "{seat}: {selection}"
        );
        for line in [
            "    cs-method: POST",
            "    cs-uri-stem: /preview/v2/render",
            "  - attack.t1190",
        ] {
            assert!(yaml.lines().any(|l| l == line), "{seat}: {line}");
        }

        let indicators = std::str::from_utf8(&files["indicators.csv"]).unwrap();
        for line in indicators.lines() {
            assert_eq!(line.matches(',').count(), 3, "{seat}: {line}");
        }
    }
}

#[test]
fn the_manifest_lists_exactly_the_files_with_their_digests() {
    let copies = copies();
    for (seat, files) in copies {
        let manifest = std::str::from_utf8(&files["MANIFEST"]).unwrap();
        let listed: BTreeMap<&str, &str> = manifest
            .lines()
            .filter_map(|line| line.strip_prefix("file: "))
            .map(|line| {
                let mut parts = line.splitn(3, ' ');
                let (digest, _, name) = (parts.next(), parts.next(), parts.next());
                (name.unwrap(), digest.unwrap())
            })
            .collect();
        assert_eq!(listed.len() + 1, files.len(), "{seat}");
        for (name, digest) in listed {
            let found = domain::sealed::Digest::of(&files[name]).to_string();
            assert_eq!(found, digest, "{seat}: {name}");
        }
        assert!(manifest.contains(&format!("\nseat: {seat}\n")));
    }
}
