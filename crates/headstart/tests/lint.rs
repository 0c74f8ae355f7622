//! What an author is told before anything is pressed, and what no press lets through.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::{CASE, MASTERS, Office, demo_file};

fn with_case() -> Office {
    let mut office = Office::new();
    office.import(
        "partners.csv",
        b"id,name,tier,country,obligations\nacme,Acme,validate,GB,\n",
    );
    office.add_seat("acme", "s1@acme.example");
    office.write("advisory.json", demo_file("advisory.json"));
    office.done("case import advisory.json");
    office
}

fn approve(office: &Office) {
    office.done(&format!("wave plan {CASE}"));
    office.done(&format!("wave approve {CASE} --as Ada"));
    office.done(&format!("wave approve {CASE} --as Grace"));
}

#[test]
fn the_masters_of_the_demo_pass_the_lint() {
    let office = Office::empty();
    for name in MASTERS {
        office.write(name, demo_file(name));
    }
    let document = office.done(&format!("lint {} --run-checks", MASTERS.join(" ")));
    let files = document["files"].as_array().unwrap();
    assert_eq!(files.len(), MASTERS.len());
    for file in files {
        assert_eq!(file["warnings"].as_array().unwrap().len(), 0, "{file}");
    }
}

#[test]
fn all_findings_of_all_files_are_told_at_once_with_their_places() {
    let office = Office::empty();
    office.write(
        "note.md",
        "It is a {~issue|flaw~}, since {~8.2.6|8.2.7~}.\n",
    );
    office.write("tool.py", "x = {~1|(1~}\n");
    office.write("fine.py", "x = {~1|1 + 0~}\n");
    let answer = office.refused(2, "lint note.md fine.py tool.py");
    answer.says(&[
        "2 errors in the marks of `note.md`",
        "error: a copy would say `a issue`\n --> note.md:1:9",
        "error: `8.2.6` says `8.2.6`, and `8.2.7` says `8.2.7`\n --> note.md:1:31",
        "error: with `(1` a copy is not Python: 1:1: not Python: `x = (1`",
        " --> tool.py:1:5",
    ]);
    office.say("lint fine.py").exits(0);
}

#[test]
fn an_artifact_that_a_press_would_refuse_is_not_added() {
    let office = with_case();
    office.write("note.md", "It is a {~issue|flaw~}.\n");
    office.write("fine.md", "It is {~an issue|a flaw~}.\n");
    let answer = office.refused(2, &format!("artifact add {CASE} fine.md note.md"));
    answer.says(&["a copy would say `a issue`", "note.md:1:9"]);
    let shown = office.done(&format!("case show {CASE}"));
    assert!(!shown.to_string().contains("fine.md"), "{shown}");
    office.done(&format!("artifact add {CASE} fine.md"));
}

#[test]
fn adding_an_artifact_shows_warnings_and_says_what_a_press_will_run() {
    let office = with_case();
    office.write(
        "tool.py",
        "#~ check python3 -m py_compile {}\nprint('a {~probe|attempt~}')\n",
    );
    let answer = office.say(&format!("artifact add {CASE} tool.py")).exits(0);
    assert!(answer.out.contains("A press runs"), "{answer:#?}");
    assert!(
        answer.out.contains("  python3 -m py_compile tool.py\n"),
        "{answer:#?}"
    );
    assert!(
        answer.err.contains("warning: a copy would say `a attempt`"),
        "{answer:#?}"
    );
    let ran = office.say("lint --run-checks tool.py").exits(0);
    assert!(
        ran.out.contains("1 check passed by 2 copies, 1 warning"),
        "{ran:#?}"
    );
}

#[test]
fn a_copy_that_does_not_pass_its_check_blocks_the_press() {
    let office = with_case();
    // Valid for the grammar, and not for Python itself.
    office.write(
        "tool.py",
        "#~ check python3 -m py_compile {}\n{~x = 1|return 1|x = 2~}\nTOKEN = \"c41d9e7a\"  #~ nonce hex 8\n",
    );
    office.done(&format!("artifact add {CASE} tool.py"));
    approve(&office);
    for _ in 0..2 {
        let answer = office.refused(2, &format!("press {CASE}"));
        answer.says(&[
            "`tool.py` does not pass its check on line 1",
            "python3 -m py_compile tool.py",
            "it shows `return 1` at tool.py:2:1",
            "outside function",
        ]);
        assert!(
            !answer.err.contains("value "),
            "the nonce is not to blame: {answer:#?}"
        );
    }
    let log = office.done("log show");
    let answer = office.refused(2, "lint --run-checks tool.py");
    answer.says(&["it shows `return 1`"]);
    assert_eq!(office.done("log show"), log);
}

#[test]
fn a_case_whose_copies_pass_their_checks_is_pressed() {
    let office = with_case();
    office.write("write-up.md", demo_file("write-up.md"));
    let poc = String::from_utf8(demo_file("poc.py")).unwrap();
    office.write(
        "poc.py",
        poc.replacen(
            "import json",
            "#~ check python3 -m py_compile {}\nimport json",
            1,
        ),
    );
    office.done(&format!("artifact add {CASE} write-up.md poc.py"));
    approve(&office);
    assert_eq!(office.done(&format!("press {CASE}"))["copies"], 2);
}
