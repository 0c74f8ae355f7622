//! What the lint finds, where, and what it leaves alone.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use author::lint::{FindingKind, Findings, SAMPLES_MAX, Severity, lint, narrow, samples};
use carriers::Master;
use proptest::prelude::*;

/// The masters of the demo and of the trials: written before there was a lint.
const MASTERS: [(&str, &str); 10] = [
    (
        "write-up.md",
        include_str!("../../headstart/demo/write-up.md"),
    ),
    ("poc.py", include_str!("../../headstart/demo/poc.py")),
    (
        "larkspur.rules",
        include_str!("../../headstart/demo/larkspur.rules"),
    ),
    (
        "larkspur.yml",
        include_str!("../../headstart/demo/larkspur.yml"),
    ),
    (
        "write-up.md",
        include_str!("../../headstart/trials/write-up.md"),
    ),
    ("poc.py", include_str!("../../headstart/trials/poc.py")),
    (
        "sync.rules",
        include_str!("../../headstart/trials/sync.rules"),
    ),
    ("sync.yml", include_str!("../../headstart/trials/sync.yml")),
    (
        "write-up.md",
        include_str!("../../carriers/vectors/larkspur/write-up.md"),
    ),
    (
        "poc.py",
        include_str!("../../carriers/vectors/larkspur/poc.py"),
    ),
];

fn found(name: &str, source: &str) -> Findings {
    lint(name, source.as_bytes()).unwrap_or_else(|e| panic!("{}", e.render(name, source)))
}

#[test]
fn the_masters_of_the_demo_and_the_trials_have_no_errors() {
    let mut told = String::new();
    for (name, source) in MASTERS {
        told += &found(name, source).render(name, source);
    }
    assert_eq!(told, "");
}

/// File, source, and what is told: line, column, length, severity, and words of the message.
const TOLD: [(&str, &str, &[&str]); 34] = [
    // Articles, with the word before and after the mark.
    (
        "a.md",
        "It is a {~issue|flaw~} here.",
        &["1:9+14 error a copy would say `a issue`"],
    ),
    (
        "a.md",
        "It is an {~issue|flaw~} here.",
        &["1:10+14 error a copy would say `an flaw`"],
    ),
    (
        "a.md",
        "It is {~a|one~} issue here.",
        &["1:7+9 error a copy would say `a issue`"],
    ),
    (
        "a.md",
        "A {~|really ~}odd answer.",
        &["1:3+12 error a copy would say `A odd`"],
    ),
    (
        "a.md",
        "It needs a {~|HTTP ~}request.",
        &["1:12+10 error a copy would say `a HTTP`"],
    ),
    (
        "a.md",
        "We saw {~a|an~} {~issue|flaw~} there.",
        &["`a issue`", "`an flaw`"],
    ),
    (
        "a.md",
        "With a `{~hour|minute~}` of waiting, plan A {~issues|waits~}.",
        &["1:9+15 error a copy would say `a hour`"],
    ),
    (
        "a.md",
        "It is {~an issue|a flaw~} and a {~user|unique~} one, an {~#hour|8~}.",
        &[],
    ),
    (
        "a.rules",
        "alert tcp any any -> any any (msg:\"a {~probe|attempt~}\"; sid:1;)",
        &["1:38+17 error a copy would say `a attempt`"],
    ),
    (
        "a.py",
        "print('a {~probe|attempt~}')",
        &["1:10+17 warning a copy would say `a attempt`"],
    ),
    // Facts.
    (
        "a.md",
        "Since {~8.2.6|8.2.7~} it works.",
        &["1:7+15 error `8.2.6` says `8.2.6`, and `8.2.7` says `8.2.7`"],
    ),
    (
        "a.md",
        "Within {~24 hours|a day~} or {~3|three~} days.",
        &["1:8+18 error `24 hours` says `24`, and `a day` says `1`"],
    ),
    (
        "a.md",
        "Within {~#24 hours|a day~}, on {~2026-12-08|8 December 2026~}.",
        &[],
    ),
    (
        "a.md",
        "See {~CVE-2026-99001|CVE-2026-99002~}.",
        &["`CVE-2026-99001`, and"],
    ),
    ("a.md", "It is {~|in 8.2 ~}so.", &[]),
    (
        "a.md",
        "From {~192.0.2.1|192.0.2.9~} came {~#@w two|three~} and {~@w two|three~}.",
        &["1:6+23 error", "`three` says `3`"],
    ),
    (
        "a.yml",
        "description: {~CVE-2026-99001|cve-2026-99003~}\n",
        &["1:14+33 error"],
    ),
    ("a.yml", "description: {~400|401~} and {~/x|1/x|2/~}\n", &[]),
    // Order.
    (
        "a.md",
        "<!--~ shuffle -->\n- first of all\n- the page above\n- a third\n<!--~ end -->\n",
        &[
            "2:3+1 warning the items change places, and this one says `above`",
            "`first`",
        ],
    ),
    (
        "a.md",
        "<!--~ shuffle -->\n- it {~finally|now~} ends\n- two\n<!--~ end -->\n",
        &["says `finally`"],
    ),
    // Alternatives that do not parse, and those that do.
    (
        "a.py",
        "x = {~1|(1~}\ny = {~a|b~}\n",
        &["1:5+8 error with `(1` a copy is not Python"],
    ),
    (
        "a.py",
        "x = {~\"a|'a~}{~\"|'~}\n",
        &["1:5+9 error with `'a`", "1:14+7 error with `'`"],
    ),
    (
        "a.py",
        "def f(:\n    {~a|b~}()\n",
        &["1:1+1 warning without any mark this file is not Python already"],
    ),
    (
        "a.c",
        "int main(void) { return {~0|0;~} }\n",
        &["warning without any mark this file is not C"],
    ),
    (
        "a.rules",
        "alert tcp any any -> any any (content:\"{~a|\\|2~}\"; sid:1;)",
        &["with `|2` a copy is not Suricata or Snort rules: 1:39: `|` is not closed"],
    ),
    (
        "a.yar",
        "rule a { strings: $x = \"{~a|b\"~}\" condition: $x }",
        &["with `b\"` a copy is not YARA"],
    ),
    (
        "a.kql",
        "T | where {~A == 1|A == ~}",
        &["with `A == ` a copy is not KQL: 1:13: nothing follows `==`"],
    ),
    ("a.yml", "a: {~b|[b~}\n", &["with `[b` a copy is not YAML"]),
    // Names.
    (
        "a.py",
        "#~ name sink: class|len|out\nsink = 1\n",
        &[
            "2:1+4 error `class` means something in Python already",
            "`len` means",
            "with `class` a copy is not Python",
        ],
    ),
    (
        "a.py",
        "#~ name data: payload\nimport requests\ndata = 1\nrequests.post('x', data=data)\n",
        &["3:1+4 error `data` is also a keyword of a call on line 3, which would be renamed too"],
    ),
    (
        "a.py",
        "#~ name width: breadth\nwidth = 1\nx = dict(width=width)\ndef f(width):\n    return f(width=width)\n",
        &[],
    ),
    (
        "a.ps1",
        "#~ name Body: Payload|RESULT\n$Body = 1\n$result = $Body + $body\n",
        &[
            "2:2+4 error `RESULT` is `result` to PowerShell, and the file uses that",
            "2:2+4 error to PowerShell line 2 has `Body` in another case",
        ],
    ),
    (
        "a.yml",
        "#~ name sel_a: sel_b|other\ntitle: T\nlogsource: {category: x}\ndetection:\n  sel_a: {a: 1}\n  condition: 1 of sel_*\n",
        &[
            "5:3+5 error `other` is not matched by `sel_*`, and `sel_a` is",
            "with `other` a copy is not YAML",
        ],
    ),
    (
        "a.sh",
        "#~ name time: span\ntime=3\ncurl --max-time \"$time\" x\n",
        &["`time` is also a word of a command on line 2"],
    ),
];

#[test]
fn every_finding_is_told_where_it_stands_and_with_what_to_do() {
    let mut missed = Vec::new();
    for (name, source, expected) in TOLD {
        let findings = found(name, source);
        let told: Vec<String> = findings
            .0
            .iter()
            .map(|f| {
                format!(
                    "{}:{}+{} {} {}",
                    f.line, f.column, f.length, f.severity, f.kind
                )
            })
            .collect();
        let fits = expected.iter().all(|e| told.iter().any(|t| t.contains(e)));
        if !fits || told.len() != expected.len() {
            missed.push(format!("{source}\n  wanted {expected:?}\n  told {told:#?}"));
        }
        assert!(findings.0.iter().all(|f| !f.kind.hint().is_empty()));
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_finding_is_shown_as_a_compiler_shows_it() {
    let source = "One line.\nIt is a {~issue|flaw~} here.\n";
    assert_eq!(
        found("note.md", source).render("note.md", source),
        "error: a copy would say `a issue`\n \
         --> note.md:2:9\n  \
         |\n2 | It is a {~issue|flaw~} here.\n  \
         |         ^^^^^^^^^^^^^^\n  \
         = hint: take the article into the mark: `{~an issue|a flaw~}`\n"
    );
}

#[test]
fn only_errors_block_a_press() {
    assert!(!found("a.py", "print('a {~probe|attempt~}')").is_blocking());
    assert!(found("a.md", "It is a {~issue|flaw~}.").is_blocking());
    assert_eq!(found("a.md", "It is a {~issue|flaw~}.").errors(), 1);
}

#[test]
fn values_that_fail_only_together_are_told_together() {
    let source = "x = [1{~|,~}{~|, ~}]\n";
    let findings = found("a.py", source);
    assert_eq!(findings.errors(), 1);
    let message = findings.0[0].kind.to_string();
    assert!(
        message.starts_with("together, `,`, `, ` make a copy that is not Python: 1:"),
        "{message}"
    );
}

#[test]
fn marks_that_are_wrong_in_themselves_come_first() {
    assert!(lint("a.md", b"It is {~via|via~}.").is_err());
}

#[test]
fn a_file_that_is_no_text_has_no_findings() {
    assert_eq!(
        lint("a.bin", &[0, 159, 146, 150]).unwrap(),
        Findings::default()
    );
}

#[test]
fn samples_show_every_alternative_and_the_ends_of_every_range() {
    for (name, source) in MASTERS {
        let master = Master::parse(name, source.as_bytes()).unwrap();
        let tried = samples(&master, 7);
        assert_eq!(tried, samples(&master, 7));
        assert!(tried.len() <= SAMPLES_MAX);
        assert!(tried[0].iter().all(|s| *s == 0));
        for (site, shape) in master.sites().iter().enumerate() {
            let shown = |symbol: u64| tried.iter().any(|t| t[site] == symbol);
            if shape.values <= SAMPLES_MAX as u64 {
                assert!((0..shape.values).all(shown), "{name}: {}", shape.label);
            } else {
                assert!(
                    shown(0) && shown(shape.values - 1),
                    "{name}: {}",
                    shape.label
                );
            }
        }
        for symbols in &tried {
            assert!(master.embed(symbols).is_ok());
        }
    }
    let plain = Master::parse("a.md", b"no marks").unwrap();
    assert_eq!(samples(&plain, 1), [Vec::<u64>::new()]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn narrowing_finds_the_one_value_that_fails(sites in 1usize..200, culprit in any::<prop::sample::Index>(), value in 1u64..5) {
        let culprit = culprit.index(sites);
        let mut symbols = vec![1; sites];
        symbols[culprit] = value;
        let mut runs = 0;
        let left = narrow(&symbols, |tried| {
            runs += 1;
            tried[culprit] == value
        });
        prop_assert_eq!(left, vec![culprit]);
        prop_assert!(runs <= 2 * (usize::BITS - sites.leading_zeros()) as usize);
    }

    #[test]
    fn any_master_that_parses_is_linted(text in "[a-z{~|}# \n:0-9()\"A']{0,200}") {
        for name in ["a.md", "a.py", "a.rules", "a.yml", "a.yar", "a.kql", "a.sh", "a.ps1", "a.js", "a.c", "a.json"] {
            if let Ok(findings) = lint(name, text.as_bytes()) {
                let shown = findings.render(name, &text);
                prop_assert_eq!(shown.matches(" = hint: ").count(), findings.0.len());
            }
        }
    }
}

#[test]
fn a_long_file_with_many_marks_is_linted_in_bounded_work() {
    let mut source = String::new();
    for line in 1..3000 {
        source += &format!("value_{line} = {{~{line}|{line} + 0|0 + {line}~}}\n");
    }
    let findings = found("a.py", &source);
    let kinds: Vec<&FindingKind> = findings.0.iter().map(|f| &f.kind).collect();
    assert!(
        matches!(kinds.as_slice(), [FindingKind::NotAllParsed { left }] if *left > 1000),
        "{kinds:?}"
    );
    assert!(findings.0.iter().all(|f| f.severity == Severity::Warning));
}
