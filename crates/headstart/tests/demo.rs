//! The demo: what the README promises of it, on fresh keys each time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Stdio};

use serde_json::Value;

fn headstart(folder: &std::path::Path, words: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_headstart"))
        .args(words)
        .current_dir(folder)
        .env_remove("HEADSTART_DATA")
        .env_remove("HEADSTART_PASSPHRASE_FILE")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn the_four_leaks_of_the_demo_are_named_named_withheld_and_of_no_case() {
    let folder = tempfile::tempdir().unwrap();
    let told = headstart(folder.path(), &["demo", "--json", "--no-serve"]);
    assert!(told.status.success(), "{told:?}");
    let story: Value = serde_json::from_slice(&told.stdout).unwrap();
    let traces = story["traces"].as_array().unwrap();
    let verdicts: Vec<&str> = traces
        .iter()
        .map(|t| t["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["accuse", "accuse", "withhold", "no_case"]);
    assert_eq!(traces[0]["accused"][0]["partner"], "p-11");
    assert_eq!(traces[1]["accused"][0]["partner"], "p-04");
    for trace in &traces[..2] {
        assert_eq!(trace["accused"].as_array().unwrap().len(), 1);
        assert!(trace["accused"][0]["innocent_risk"].as_f64().unwrap() <= 1e-6);
    }
    assert!(
        traces[2]["reason"]
            .as_str()
            .unwrap()
            .contains("more readable sites")
    );
    assert_eq!(traces[3]["case"], Value::Null);

    let verified = headstart(
        folder.path(),
        &["verify", story["evidence"].as_str().unwrap()],
    );
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn in_a_pipe_the_story_is_plain_text_and_ends_with_commands_that_work() {
    let folder = tempfile::tempdir().unwrap();
    let told = headstart(folder.path(), &["demo", "--no-serve"]);
    assert!(told.status.success(), "{told:?}");
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(!text.contains('\u{1b}'));
    let (_, commands) = text.split_once("Look around\n").unwrap();
    let data = folder.path().join("headstart-demo/program");
    let passphrase = folder.path().join("headstart-demo/passphrase");
    let mut tried = 0;
    for line in commands.lines().filter(|line| !line.contains("export ")) {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let answer = Command::new(env!("CARGO_BIN_EXE_headstart"))
            .args(&words)
            .current_dir(folder.path())
            .env("HEADSTART_DATA", &data)
            .env("HEADSTART_PASSPHRASE_FILE", &passphrase)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(answer.status.success(), "{words:?}: {answer:?}");
        tried += 1;
    }
    assert!(tried >= 8, "{commands}");
}
