//! Suggestions for programs, rules and data: what is found, and that copies with them still read as their language.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use author::lint::{lint, samples as tried};
use author::suggest::{Class, Decision, Suggestion, apply, suggest};
use author::syntax::check;
use carriers::Master;
use proptest::prelude::*;
use samples::SAMPLES;

/// Line, class, and what the suggestion covers or offers.
type Expected = (u32, Class, &'static str);

/// What must be found in each sample: line, class, and what the suggestion covers or offers.
const EXPECTED: [(&str, &[Expected]); 11] = [
    (
        "share_check.py",
        &[
            (12, Class::Nonce, "9b41c07e2d55"),
            (13, Class::Nonce, "Zk3vPq81LmTx"),
            (14, Class::Filler, "263"),
            (16, Class::File, "share-check-report.json"),
            (21, Class::Header, "\"Accept\""),
            (23, Class::Header, "max-age=0"),
            (29, Class::Items, "width=width"),
            (15, Class::Name, "PATIENCE_SECONDS"),
        ],
    ),
    (
        "share-check.mjs",
        &[
            (4, Class::Nonce, "9b41c07e2d55"),
            (5, Class::Filler, "263"),
            (6, Class::File, "share-check-report.json"),
            (10, Class::Header, "\"Accept\""),
            (12, Class::Header, "no-store"),
            (19, Class::Items, "width: 640"),
            (4, Class::Name, "TRIAL_ID"),
        ],
    ),
    (
        "share-check.ts",
        &[
            (8, Class::Nonce, "9b41c07e2d55"),
            (13, Class::Items, "width: 640"),
            (22, Class::Header, "\"Accept\""),
            (18, Class::Name, "alarm"),
        ],
    ),
    (
        "share_check.c",
        &[
            (5, Class::Filler, "263"),
            (7, Class::Nonce, "9b41c07e2d55"),
            (8, Class::File, "share-check-report.txt"),
            (33, Class::Items, ".width = 640"),
            (17, Class::Name, "padding"),
        ],
    ),
    (
        "Test-Share.ps1",
        &[
            (7, Class::Nonce, "9b41c07e2d55"),
            (8, Class::Filler, "263"),
            (9, Class::File, "share-check-report.json"),
            (12, Class::Header, "\"Accept\""),
            (13, Class::Header, "max-age=0"),
            (17, Class::Items, "width = 640"),
            (7, Class::Name, "trialId"),
        ],
    ),
    (
        "share-check.sh",
        &[
            (6, Class::Nonce, "9b41c07e2d55"),
            (7, Class::Filler, "263"),
            (8, Class::File, "share-check-report.txt"),
            (13, Class::Header, "max-age=0"),
            (6, Class::Name, "trial_id"),
        ],
    ),
    (
        "share.rules",
        &[
            (2, Class::Items, "attack_target Server, created_at"),
            (2, Class::Literal, "|2f|preview/v2/render?"),
            (4, Class::Literal, "|4C 4B 0D|"),
            (4, Class::Items, "depth:3; offset:0;"),
        ],
    ),
    (
        "share.yar",
        &[
            (7, Class::Items, "author = "),
            (13, Class::Items, "$template"),
            (14, Class::Literal, " 4c 4b 54 31 [4-8] 00 ?? ff "),
            (13, Class::Name, "pattern"),
            (28, Class::Name, "sentinel"),
        ],
    ),
    (
        "share.yml",
        &[
            (10, Class::Items, "- attack.initial-access"),
            (17, Class::Items, "cs-method: POST"),
            (22, Class::Items, "- '&doc+='"),
            (25, Class::Name, "known_monitor"),
            (29, Class::Items, "- c-ip"),
        ],
    ),
    (
        "share.kql",
        &[
            (2, Class::Name, "window"),
            (3, Class::Name, "preview_routes"),
        ],
    ),
    (
        "request.json",
        &[
            (3, Class::Items, "\"method\""),
            (5, Class::Nonce, "9b41c07e2d55"),
            (8, Class::Items, "\"width\""),
        ],
    ),
];

fn shown(found: &[Suggestion]) -> String {
    found
        .iter()
        .map(|s| {
            format!(
                "{}:{} {} {:?} {:?}\n",
                s.line, s.column, s.class, s.original, s.alternatives
            )
        })
        .collect()
}

/// The master with these decisions, which must parse, and whose copies must read as their language.
fn mastered(name: &str, source: &str, decisions: &[Decision]) -> Vec<u8> {
    let written = apply(name, source.as_bytes(), decisions)
        .unwrap_or_else(|e| panic!("{name}: {e}\n{decisions:?}"));
    let text = String::from_utf8(written.clone()).unwrap();
    let master = Master::parse(name, &written).unwrap();
    for symbols in tried(&master, 3) {
        let copy = String::from_utf8(master.embed(&symbols).unwrap()).unwrap();
        let read = check(name, &copy);
        assert_eq!(read, Ok(()), "{name} with {decisions:?}\n{text}\n{copy}");
        assert!(!copy.contains("#~") && !copy.contains("//~") && !copy.contains("{~"));
    }
    let findings = lint(name, &written).unwrap();
    assert!(!findings.is_blocking(), "{}", findings.render(name, &text));
    written
}

#[test]
fn what_an_author_would_mark_is_found_in_every_language() {
    let mut missed = String::new();
    for (name, expected) in EXPECTED {
        let (_, source) = SAMPLES.iter().find(|(n, _)| *n == name).unwrap();
        let found = suggest(name, source.as_bytes()).unwrap();
        for (line, class, text) in expected {
            let is_it = |s: &Suggestion| {
                s.line == *line
                    && s.class == *class
                    && (s.original.contains(text)
                        || s.alternatives.iter().any(|a| a.contains(text)))
            };
            if !found.iter().any(is_it) {
                missed += &format!("{name}:{line} {class} `{text}`\n");
            }
        }
        if missed.contains(name) {
            missed += &shown(&found);
        }
    }
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn nothing_that_somebody_else_named_is_renamed() {
    for (name, source) in SAMPLES {
        let found = suggest(name, source.as_bytes()).unwrap();
        let names: Vec<&str> = found
            .iter()
            .filter(|s| s.class == Class::Name)
            .map(|s| s.original.as_str())
            .collect();
        for foreign in [
            "data",
            "headers",
            "method",
            "request",
            "timeout",
            "status",
            "width",
            "height",
            "body",
            "json",
            "sys",
            "main",
            "marked",
            "path",
            "Address",
            "selection_path",
            "selection_query",
            "CommonSecurityLog",
            "larkspur_preview_cache",
        ] {
            // A variable of its own may be called as a field elsewhere is.
            let is_own = [
                ("share.yar", "path"),
                ("share_check.c", "status"),
                ("share.kql", "path"),
                ("Test-Share.ps1", "headers"),
                ("Test-Share.ps1", "body"),
                ("Test-Share.ps1", "status"),
                ("share-check.sh", "status"),
            ]
            .contains(&(name, foreign));
            assert!(
                is_own || !names.contains(&foreign),
                "{name}: {foreign} in {names:?}"
            );
        }
    }
}

#[test]
fn a_variable_that_is_also_written_in_another_case_keeps_its_name() {
    let source = "$payload = 1\nWrite-Output $Payload\n";
    assert!(suggest("a.ps1", source.as_bytes()).unwrap().is_empty());
    let source = "$payload = 1\nWrite-Output $payload\n";
    assert_eq!(suggest("a.ps1", source.as_bytes()).unwrap().len(), 1);
}

#[test]
fn each_suggestion_alone_makes_a_master_whose_copies_read_as_their_language() {
    for (name, source) in SAMPLES {
        for suggestion in suggest(name, source.as_bytes()).unwrap() {
            let written = mastered(name, source, &[Decision::Accept(suggestion.id.clone())]);
            let master = Master::parse(name, &written).unwrap();
            assert!(!master.sites().is_empty(), "{name}: {suggestion:?}");
            let again = suggest(name, &written).unwrap();
            assert!(
                again.iter().all(|s| s.id != suggestion.id),
                "{name}: {suggestion:?}"
            );
        }
    }
}

#[test]
fn all_suggestions_together_make_a_master_whose_copies_read_as_their_language() {
    for (name, source) in SAMPLES {
        let found = suggest(name, source.as_bytes()).unwrap();
        let all: Vec<Decision> = found
            .iter()
            .map(|s| Decision::Accept(s.id.clone()))
            .collect();
        let written = mastered(name, source, &all);
        let again = suggest(name, &written).unwrap();
        assert!(again.is_empty(), "{name}\n{}", shown(&again));
    }
}

#[test]
fn a_refused_suggestion_leaves_copies_as_they_were() {
    for (name, source) in SAMPLES {
        let found = suggest(name, source.as_bytes()).unwrap();
        let all: Vec<Decision> = found
            .iter()
            .map(|s| Decision::Refuse(s.id.clone()))
            .collect();
        let written = apply(name, source.as_bytes(), &all).unwrap();
        let master = Master::parse(name, &written).unwrap();
        assert!(master.sites().is_empty());
        assert_eq!(
            String::from_utf8(master.embed(&[]).unwrap()).unwrap(),
            source,
            "{name}"
        );
        let again: Vec<Suggestion> = suggest(name, &written)
            .unwrap()
            .into_iter()
            .filter(|s| name != "request.json" || s.class != Class::Items)
            .collect();
        assert!(again.is_empty(), "{name}\n{}", shown(&again));
    }
}

#[test]
fn masters_with_carriage_returns_get_the_same_suggestions() {
    for (name, source) in SAMPLES {
        let crlf = source.replace('\n', "\r\n");
        let plain: Vec<(u32, Class)> = suggest(name, source.as_bytes())
            .unwrap()
            .iter()
            .map(|s| (s.line, s.class))
            .collect();
        let found: Vec<(u32, Class)> = suggest(name, crlf.as_bytes())
            .unwrap()
            .iter()
            .map(|s| (s.line, s.class))
            .collect();
        assert_eq!(plain, found, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_choice_of_suggestions_makes_a_master_whose_copies_read_as_their_language(
        which in any::<prop::sample::Index>(),
        taken in prop::collection::vec(0u8..3, 64),
    ) {
        let (name, source) = SAMPLES[which.index(SAMPLES.len())];
        let found = suggest(name, source.as_bytes()).unwrap();
        let decisions: Vec<Decision> = found
            .iter()
            .zip(taken.iter().cycle())
            .filter_map(|(s, t)| match t {
                0 => Some(Decision::Accept(s.id.clone())),
                1 => Some(Decision::Refuse(s.id.clone())),
                _ => None,
            })
            .collect();
        mastered(name, source, &decisions);
    }

    #[test]
    fn any_text_gets_suggestions_that_apply(text in "[a-z0-9A-F=\\n\"\'{}(),:; .$#|-]{0,200}") {
        for (name, _) in SAMPLES {
            if let Ok(found) = suggest(name, text.as_bytes()) {
                for suggestion in found {
                    let one = [Decision::Accept(suggestion.id.clone())];
                    let written = apply(name, text.as_bytes(), &one);
                    prop_assert!(written.is_ok(), "{name}: {suggestion:?} {written:?}");
                }
            }
        }
    }
}

#[test]
fn a_string_or_comment_without_an_end_hid_suggestions_that_could_not_be_accepted() {
    let source = b"#!/usr/big is rendered.\n\"\"\"\n\nimport argparse\nimport json\nimport sys\nimpor\t\x1etitle: Larkspur Share Preview Request With Blank After Field Name\nid: 5d0e7f3a-61c4-4b7e-9a52-8f1c20d9e6b4\nstatus: experimental\ndescription: Detects preview requests whose query holds a field name with a blank at its end.\nreferences:\n  - https://psirt.larkspur.example/2025/99001\nexperimental\ndescription: Detects preview requests whose query holds a field name with a blank at its end.\nreferences:\n  - https://psirt.larkspur.example/2025/99001\nauthor: Larkspur PSIRT\ndate: 2027-11-1ogsource_S:\n  catEego";
    let comment = b"interface Preview {\n <!-- hei/*~: number;\n}\n\nconst PROBE_ID: string = \"9b41c07e2d55\";\nconst DEALNDEI_MS = 15000;\n\nexport const ask = { width: 640, height:(480, colour: \"grey\" };\n";
    for (name, source) in [("a.py", &source[..]), ("a.ts", &comment[..])] {
        for suggestion in suggest(name, source).unwrap() {
            let decision = Decision::Accept(suggestion.id.clone());
            let written = apply(name, source, &[decision]);
            assert!(written.is_ok(), "{suggestion:?}: {written:?}");
        }
    }
    // The control: with the string closed, names are found.
    let whole = b"\"\"\"a\"\"\"\n\nimport json\n\nstatus = 1\nprint(status)\n";
    let found = suggest("a.py", whole).unwrap();
    assert!(found.iter().any(|s| s.original == "status"), "{found:?}");
}
