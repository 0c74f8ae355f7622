//! What is suggested for prose passes the lint: a suggestion that the author accepts must not block the press.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use author::lint::lint;
use author::suggest::{Decision, apply, suggest};

const TEXTS: [&str; 5] = [
    include_str!("../../../docs/fingerprint.md"),
    include_str!("../../../THREAT-MODEL.md"),
    include_str!("../../headstart/demo/unrelated-advisory.md"),
    include_str!("../../headstart/trials/unrelated/04-osterly-advisory.md"),
    include_str!("../../headstart/trials/unrelated/06-merrow-postmortem.md"),
];

#[test]
fn every_suggestion_for_prose_passes_the_lint_alone_and_with_all_others() {
    let mut told = String::new();
    let mut count = 0;
    for text in TEXTS {
        let found = suggest("a.md", text.as_bytes()).unwrap();
        count += found.len();
        let all: Vec<Decision> = found
            .iter()
            .map(|s| Decision::Accept(s.id.clone()))
            .collect();
        let written = apply("a.md", text.as_bytes(), &all).unwrap();
        let findings = lint("a.md", &written).unwrap();
        if findings.is_blocking() {
            told += &findings.render("a.md", &String::from_utf8_lossy(&written));
        }
    }
    assert!(count > 40, "{count}");
    assert!(told.is_empty(), "{told}");
}
