//! What somebody sees who does not know the commands yet: help, empty lists, and what comes next.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use clap::{Command, CommandFactory, Parser};
use headstart::cli::Cli;
use support::{CASE, Office, RELEASE, demo_file};

/// Every command with the words that lead to it.
fn commands(command: &Command, words: &str, all: &mut Vec<(String, Command)>) {
    all.push((words.to_owned(), command.clone()));
    for inner in command.get_subcommands() {
        let words = format!("{words} {}", inner.get_name());
        commands(inner, words.trim(), all);
    }
}

fn all_commands() -> Vec<(String, Command)> {
    let mut all = Vec::new();
    commands(&Cli::command(), "", &mut all);
    all
}

/// A clash of names would only show when somebody uses the command.
#[test]
fn no_two_flags_of_a_command_have_one_name() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_and_every_flag_says_what_it_is() {
    for (words, command) in all_commands() {
        assert!(command.get_about().is_some(), "`{words}` says nothing");
        for argument in command.get_arguments() {
            let help = argument
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            let name = argument.get_id();
            assert!(!help.is_empty(), "`{words}`: `{name}` says nothing");
        }
    }
}

#[test]
fn every_command_prints_its_help_on_standard_output() {
    let office = Office::empty();
    let mut count = 0;
    for (words, _) in all_commands() {
        let answer = office.say(&format!("{words} --help")).exits(0);
        assert_eq!(answer.err, "", "{words}");
        for part in [
            "Usage: headstart",
            "Options of every command:",
            "--data <DIR>",
            "--json",
        ] {
            assert!(answer.out.contains(part), "`{words}` lacks `{part}`");
        }
        count += 1;
    }
    assert!(count > 40, "{count}");
}

/// Scripts outside the project drive these words.
#[test]
fn the_settled_commands_parse() {
    for line in [
        "init --program Example",
        "init --program Example --test-clock --now 2026-11-20T09:00:00Z",
        "partner import partners.csv",
        "partner suspend p-01 --reason R",
        "partner resume p-01 --reason R",
        "partner remove p-01 --reason R",
        "seat add --partner p-01 --email E --recipient age1x",
        "case import advisory.json",
        "case import advisory.json --release 2026-12-08T18:00:00Z",
        "case create --title T --release 2026-12-08T18:00:00Z",
        "case set HS-2026-0001 --release 2026-12-08T18:00:00Z",
        "artifact add HS-2026-0001 a.md b.py",
        "artifact add HS-2026-0001 a.md --kind writeup",
        "sites HS-2026-0001",
        "wave plan HS-2026-0001 --tier validate=14d --tier advance=5d --tier entry=24h",
        "wave approve HS-2026-0001 --as PERSON",
        "press HS-2026-0001",
        "wave open HS-2026-0001",
        "wave open HS-2026-0001 --now 2026-11-24T18:00:00Z",
        "package fetch HS-2026-0001 --seat p-01.s1 --out FILE",
        "package open FILE --identity KEYFILE --out DIR",
        "trace a.md b.json",
        "trace a.md --case HS-2026-0001 --json",
        "evidence T-0123456789abcdef --out FILE",
        "verify FILE",
        "receipts HS-2026-0001",
        "suggest a.md",
        "suggest a.md --class synonym,order --robust",
        "suggest a.md --accept all --refuse 0123abcd --change 4567cdef=a|b --in-place",
        "suggest a.md --review --out b.md",
        "demo --dir DIR --no-serve",
        "demo",
    ] {
        let words = ["headstart"].into_iter().chain(line.split(' '));
        for more in [
            &[][..],
            &["--data", "d"],
            &["--json"],
            &["--passphrase-file", "f"],
        ] {
            let words = words.clone().chain(more.iter().copied());
            // The last flag may be there already.
            if line.ends_with("--json") && more == ["--json"] {
                continue;
            }
            let parsed = Cli::try_parse_from(words);
            assert!(parsed.is_ok(), "{line} {more:?}: {}", parsed.unwrap_err());
        }
    }
}

#[test]
fn the_first_help_shows_the_way_of_a_case() {
    let help = Office::empty().say("--help").exits(0).out;
    let mut rest = help.as_str();
    for step in [
        "headstart init",
        "partner import",
        "seat add",
        "case import",
        "artifact add",
        "wave plan",
        "wave approve",
        "press",
        "wave open",
        "package fetch",
        "trace",
        "evidence",
        "verify",
        "demo",
    ] {
        let start = rest
            .find(step)
            .unwrap_or_else(|| panic!("`{step}` is missing"));
        rest = &rest[start..];
    }
    assert!(help.contains("Exit codes: 0 done, 1 the answer is no"));
}

#[test]
fn every_answer_of_a_new_program_names_what_comes_next() {
    let office = Office::new();
    let next = |words: &str, command: &str| {
        let answer = office.say(words).exits(0);
        let line = format!("Next: headstart {command}");
        assert!(answer.out.contains(&line), "{answer:#?}");
    };
    next("partner list", "partner import");
    next("seat list", "seat add");
    next("person list", "person add");
    next("case list", "case import");
    office.write("partners.csv", demo_file("partners.csv"));
    next("partner import partners.csv", "seat add --partner p-01");
    office.write("advisory.json", demo_file("advisory.json"));
    next("case import advisory.json", &format!("artifact add {CASE}"));
    next(&format!("receipts {CASE}"), &format!("press {CASE}"));
    office.write("write-up.md", demo_file("write-up.md"));
    next(
        &format!("artifact add {CASE} write-up.md"),
        &format!("sites {CASE}"),
    );
    next(
        &format!("wave plan {CASE}"),
        &format!("wave approve {CASE} --as PERSON"),
    );
    next(
        &format!("wave approve {CASE} --as Ada"),
        &format!("wave approve {CASE} --as ANOTHER"),
    );
    next(
        &format!("wave approve {CASE} --as Grace"),
        &format!("press {CASE}"),
    );
}

#[test]
fn steps_out_of_order_name_the_step_that_is_missing() {
    let office = Office::new();
    let missing = |code: i32, words: &str, hint: &str| office.refused(code, words).says(&[hint]);
    missing(2, &format!("sites {CASE}"), "headstart case list");
    office.run(&["case", "create", "--title", "x"]).exits(0);
    missing(2, &format!("press {CASE}"), "headstart artifact add");
    missing(
        2,
        &format!("wave show {CASE}"),
        &format!("headstart wave plan {CASE}"),
    );
    missing(
        3,
        &format!("wave approve {CASE} --as Ada"),
        "headstart wave plan",
    );
    missing(3, &format!("wave open {CASE}"), "headstart case set");
    office.write("plain.md", "No marks here.\n");
    office.done(&format!("artifact add {CASE} plain.md"));
    missing(2, &format!("sites {CASE}"), "write marks");
    office.write("marked.md", "It {~turns|converts~} things.\n");
    office.done(&format!("artifact add {CASE} marked.md"));
    missing(3, &format!("press {CASE}"), "partners need seats");
    office.done(&format!("case set {CASE} --release {RELEASE}"));
    missing(2, "settings set", "--innocent-risk");
    missing(2, "settings set --innocent-risk 0.5", "1e-6");
    missing(
        2,
        "evidence T-0123456789abcdef --out e.json",
        "headstart trace FILE",
    );
    missing(2, "wave plan HS-2026-0001 --tier validate=soon", "14d");
    missing(
        2,
        "wave plan HS-2026-0001 --tier gold=14d",
        "validate, advance and entry",
    );
    missing(2, "case create --title x --tlp PURPLE", "AMBER+STRICT");
    missing(
        2,
        "artifact add HS-2026-0001 marked.md --kind novel",
        "writeup",
    );
    missing(2, "person add Ada --role king", "coordinator");
}

#[test]
fn a_new_program_shows_its_log_key_before_anything_is_logged() {
    let office = Office::new();
    let answer = office.say("log show").exits(0);
    assert!(answer.out.contains("no checkpoint yet"), "{answer:?}");
    let shown = office.done("log show");
    assert!(shown["checkpoint"].is_null());
    assert!(shown["log_key"].as_str().unwrap().starts_with("headstart/"));
    office.run(&["case", "create", "--title", "x"]).exits(0);
    let shown = office.done("log show");
    assert!(shown["checkpoint"].as_str().unwrap().contains("\n1\n"));
}

#[test]
fn a_leak_of_nothing_is_said_in_a_whole_sentence() {
    let office = Office::new();
    office.write("leak.txt", "word");
    let answer = office.say("trace leak.txt").exits(1);
    assert!(
        answer
            .out
            .contains("The leak (1 word) is like nothing that was given out"),
        "{answer:?}"
    );
}

#[test]
fn output_that_is_piped_has_no_colours() {
    let office = Office::small(&[("p-01", 1), ("p-02", 1)]);
    for words in [
        "partner list",
        "partner show p-01",
        &format!("case show {CASE}"),
        &format!("sites {CASE}"),
        &format!("wave show {CASE}"),
        "policy",
        "log audit",
        "--help",
    ] {
        let answer = office.say(words).exits(0);
        assert!(!answer.out.contains('\u{1b}'), "{words}");
        assert!(!answer.err.contains('\u{1b}'), "{words}");
    }
}

#[test]
fn what_is_printed_for_scripts_is_one_json_document_and_nothing_else() {
    let office = Office::small(&[("p-01", 1), ("p-02", 1)]);
    for words in [
        "partner list",
        "partner show p-01",
        "seat list",
        "person list",
        "agreement list",
        "case list",
        &format!("case show {CASE}"),
        &format!("sites {CASE}"),
        &format!("wave show {CASE}"),
        &format!("wave open {CASE}"),
        &format!("receipts {CASE}"),
        "settings show",
        "policy",
        "log show",
        "log audit",
    ] {
        let answer = office.say(&format!("{words} --json")).exits(0);
        assert!(answer.json().is_object(), "{words}");
        assert_eq!(answer.err, "", "{words}");
    }
}
