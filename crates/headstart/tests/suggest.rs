//! Suggestions from the command line: what is listed, what is written, and what is refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Stdio;

use support::Office;

const TEXT: &str = "# Nobody\n\nNobody knows this well, for example. Later on the username is written to `nobody.log`.\n";

fn office() -> Office {
    let office = Office::empty();
    office.write("a.md", TEXT);
    office
}

/// Ids of the suggestions with this original.
fn id(office: &Office, file: &str, original: &str) -> String {
    let listed = office.done(&format!("suggest {file}"));
    let all = listed["suggestions"].as_array().unwrap();
    let one = all.iter().find(|s| s["original"] == original);
    one.unwrap_or_else(|| panic!("{original}: {listed:#}"))["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn suggestions_are_listed_with_their_sentence_and_a_summary_and_nothing_is_written() {
    let office = office();
    let answer = office.say("suggest a.md").exits(0);
    assert_eq!(answer.err, "");
    for part in [
        "3:1      ",
        "[Nobody] knows this well, for example.",
        "→ Nobody | No one",
        "an everyday word with the same meaning here",
        "→ username | user name",
        "spelling, fragile",
        "3 suggestions in 15 words: 200.0 for each 1,000 words, 2 of them robust; accepting all gives 3.0 bits",
        "Next: headstart suggest a.md --review --in-place",
    ] {
        assert!(
            answer.out.contains(part),
            "`{part}` is missing: {}",
            answer.out
        );
    }
    assert_eq!(office.read("a.md"), TEXT.as_bytes());
    assert!(!office.data().exists());
}

#[test]
fn filters_leave_a_class_or_the_robust_ones() {
    let office = office();
    let number = |words: &str| office.done(words)["suggestions"].as_array().unwrap().len();
    assert_eq!(number("suggest a.md"), 3);
    assert_eq!(number("suggest a.md --robust"), 2);
    assert_eq!(number("suggest a.md --class phrase,spelling"), 2);
    let answer = office.refused(2, "suggest a.md --class adverb");
    answer.says(&["`adverb` is no class", "synonym, phrase, optional"]);
}

#[test]
fn decisions_are_written_in_place_or_to_a_new_file() {
    let office = office();
    let nobody = id(&office, "a.md", "Nobody");
    let example = id(&office, "a.md", "for example");
    let answer = office.done(&format!(
        "suggest a.md --accept all --refuse {nobody} --change {example}=for|say --out b.md"
    ));
    assert_eq!(answer["accepted"], 1);
    assert_eq!(answer["changed"], 1);
    assert_eq!(answer["refused"], 1);
    assert_eq!(answer["left"], 0);
    assert_eq!(
        String::from_utf8(office.read("b.md")).unwrap(),
        "# Nobody\n\n{~=Nobody~} knows this well, {~for example|for|say~}. Later on the {~username|user name~} is written to `nobody.log`.\n"
    );
    assert_eq!(office.read("a.md"), TEXT.as_bytes());
    let answer = office
        .say(&format!("suggest a.md --accept {example} --in-place"))
        .exits(0);
    assert_eq!(
        answer.out,
        "a.md: 1 accepted, 0 changed, 0 refused; 2 suggestions left\n"
    );
    assert!(
        String::from_utf8(office.read("a.md"))
            .unwrap()
            .contains("well, {~for example|for instance~}. Later")
    );
}

#[test]
fn wrong_decisions_write_nothing() {
    let office = office();
    let nobody = id(&office, "a.md", "Nobody");
    for (words, parts) in [
        ("--accept all".to_owned(), "--in-place, or --out FILE"),
        ("--in-place".to_owned(), "nothing to write"),
        (
            "--accept 00000000 --in-place".to_owned(),
            "no suggestion `00000000`",
        ),
        (
            format!("--accept {nobody} --refuse {nobody} --in-place"),
            "two decisions",
        ),
        (
            format!("--change {nobody}=nobody --in-place"),
            "make no mark",
        ),
        (format!("--change {nobody} --in-place"), "names no wordings"),
        (
            "--accept all --refuse all --in-place".to_owned(),
            "both accepted and refused",
        ),
        ("--accept all --out a.md".to_owned(), "is there already"),
        (
            "--review --in-place".to_owned(),
            "a review needs a terminal",
        ),
    ] {
        office
            .refused(2, &format!("suggest a.md {words}"))
            .says(&[parts]);
        assert_eq!(office.read("a.md"), TEXT.as_bytes());
    }
    let answer = office.say("suggest a.md --out b.md --in-place").exits(2);
    assert!(answer.err.contains("cannot be used with"), "{answer:?}");
}

#[test]
fn a_file_that_cannot_be_read_or_has_wrong_marks_is_told() {
    let office = office();
    office
        .refused(2, "suggest none.md")
        .says(&["cannot read `none.md`"]);
    office.write("wrong.md", "It {~runs well.\n");
    office
        .refused(2, "suggest wrong.md")
        .says(&["1 error in the marks of `wrong.md`", "--> wrong.md:1:4"]);
    office.write("plain.md", "Word.\n");
    let answer = office.say("suggest plain.md").exits(0);
    assert!(answer.out.contains("0 suggestions in 1 word"), "{answer:?}");
}

#[test]
fn what_is_accepted_can_be_pressed() {
    let office = Office::new();
    office.write("a.md", TEXT);
    office.done("suggest a.md --accept all --in-place");
    office.run(&["case", "create", "--title", "x"]).exits(0);
    let added = office.done(&format!("artifact add {} a.md", support::CASE));
    assert_eq!(added["added"][0]["sites"], 3);
}

#[test]
fn input_that_is_no_terminal_answers_no_question() {
    let office = office();
    let mut command = office.command(&["suggest", "a.md", "--review", "--in-place"]);
    command.stdin(Stdio::piped());
    let answer = support::answer(command, "suggest --review").exits(2);
    assert!(answer.err.contains("terminal"), "{answer:?}");
}
