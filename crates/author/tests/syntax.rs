//! Files that read as their language, and files that do not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use author::syntax::{Language, SYNTAX_BYTES_MAX, SYNTAX_ERRORS_MAX, check, check_as};
use proptest::prelude::*;
use samples::SAMPLES;

/// File name, what of the sample is replaced by what, and how the error is told.
const BROKEN: [(&str, &str, &str, &str); 42] = [
    (
        "share_check.py",
        "def main():",
        "def main(:",
        "51:10: `)` is missing",
    ),
    (
        "share_check.py",
        "    return {\n        \"Accept\"",
        "    return {\n        \"Accept",
        "not Python",
    ),
    (
        "share_check.py",
        "{404: \"vulnerable\"",
        "{404 \"vulnerable\"",
        "not Python",
    ),
    (
        "share-check.mjs",
        "async function ask(address) {",
        "async function ask(address {",
        "17:27: `)` is missing",
    ),
    (
        "share-check.mjs",
        "width: 640,",
        "width 640,",
        "not JavaScript",
    ),
    (
        "share-check.ts",
        "colour: string;\n}",
        "colour: string;\n",
        "8:6: `}` is missing",
    ),
    (
        "share_check.c",
        "FILLER_LENGTH);",
        "FILLER_LENGTH;",
        "is missing",
    ),
    (
        "share_check.c",
        ".height = 480,\n    };",
        ".height = 480,\n    ;",
        "34:23: `}` is missing",
    ),
    ("Test-Share.ps1", "} catch {", "} catch ", "PowerShell"),
    (
        "Test-Share.ps1",
        "@{ status = $status;",
        "@{ status = ;",
        "PowerShell",
    ),
    ("share-check.sh", "esac", "done", "shell"),
    ("share-check.sh", "$(head -c 263", "$((head -c 263", "shell"),
    (
        "share.rules",
        "rev:2; metadata",
        "rev:2 metadata",
        "`2 metadata:attack_target…` is no number",
    ),
    (
        "share.rules",
        "Critical;)",
        "Critical;",
        "the rule does not end with `)`",
    ),
    (
        "share.rules",
        "Critical;)",
        "Critical)",
        "does not end with `;`",
    ),
    (
        "share.rules",
        "|20|",
        "|2|",
        "bytes in hexadecimal have two digits each",
    ),
    (
        "share.rules",
        "|20|",
        "|20",
        "between `|` stand bytes in hexadecimal",
    ),
    (
        "share.rules",
        "sid:9926003",
        "sid:9926001",
        "4:1: a second rule with sid 9926001",
    ),
    ("share.rules", "sid:9926003; ", "", "the rule has no sid"),
    (
        "share.rules",
        "-> $HTTP_SERVERS any",
        "> $HTTP_SERVERS any",
        "`>` is no direction",
    ),
    (
        "share.rules",
        "alert tcp",
        "alarm tcp",
        "4:1: `alarm` is no action",
    ),
    (
        "share.rules",
        "[80,443,8080]",
        "[80,443,8080",
        "options in brackets",
    ),
    (
        "share.rules",
        "flow:established",
        "flow:establish",
        "`establish` is nothing that `flow` knows",
    ),
    (
        "share.rules",
        "content:\"|4c 4b 0D|\"; ",
        "",
        "there is no content before `offset`",
    ),
    (
        "share.rules",
        "(?:\\+|%20)",
        "(?:\\+|%20",
        "the expression has a bracket that is not closed",
    ),
    ("share.yar", "nocase\n", "nocasing\n", "not YARA"),
    (
        "share.yar",
        "#path > 0",
        "#route > 0",
        "there is no string `$route`",
    ),
    (
        "share.yar",
        "all of ($ti*)",
        "all of ($zz*)",
        "there is no string `$zz*`",
    ),
    (
        "share.yar",
        "$marker at 0",
        "filesize > 0",
        "the string `$marker` is not used",
    ),
    (
        "share.yar",
        "rule larkspur_worker_dump",
        "rule larkspur_preview_cache",
        "a second rule `larkspur_preview_cache`",
    ),
    ("share.yar", "[4-8]", "[4-", "not YARA"),
    (
        "share.yml",
        "  category: webserver",
        " category: [webserver",
        "not YAML",
    ),
    (
        "share.yml",
        "not filter_monitor",
        "not filter_other",
        "the detection has no `filter_other`",
    ),
    (
        "share.yml",
        "cs-method: POST",
        "sc-status: 200",
        "a second key `sc-status`",
    ),
    (
        "share.yml",
        "level: high",
        "level: huge",
        "`huge` is no level of Sigma",
    ),
    ("share.yml", "8f1c20d9e6b4", "8f1c20d9e6bx", "is no UUID"),
    (
        "share.kql",
        "split(RequestURL, \"?\")",
        "split(RequestURL, \"?)",
        "a string that is not closed",
    ),
    (
        "share.kql",
        "| where Requests > 0",
        "| where Requests >",
        "nothing follows `>`",
    ),
    (
        "share.kql",
        "has_any (preview_paths)",
        "has_any (preview_paths))",
        "`)` closes nothing",
    ),
    (
        "share.kql",
        "| sort by FirstSeen asc",
        "|",
        "nothing follows `|`",
    ),
    (
        "request.json",
        "640,",
        "640",
        "9:5: not JSON: expected `,` or `}`",
    ),
    (
        "request.json",
        "\"grey\"\n  }\n",
        "\"grey\"\n  \n",
        "not JSON",
    ),
];

#[test]
fn a_sample_of_every_language_reads_as_its_language() {
    for (name, text) in SAMPLES {
        assert_eq!(check(name, text), Ok(()), "{name}");
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(check(name, &crlf), Ok(()), "{name} with carriage returns");
        assert_eq!(
            check(name, &format!("\u{feff}{text}")),
            Ok(()),
            "{name} with a byte order mark"
        );
    }
}

#[test]
fn what_does_not_read_as_its_language_is_told_where_it_stands() {
    let mut missed = Vec::new();
    for (name, from, to, told) in BROKEN {
        let (_, text) = SAMPLES.iter().find(|(n, _)| *n == name).unwrap();
        assert!(text.contains(from), "{name}: `{from}`");
        let Err(errors) = check(name, &text.replacen(from, to, 1)) else {
            missed.push(format!("{name}: `{to}` passes"));
            continue;
        };
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        if !all.iter().any(|e| e.contains(told)) {
            missed.push(format!("{name}: `{to}` told {all:?}"));
        }
        assert!(
            errors
                .iter()
                .all(|e| e.line > 0 && e.column > 0 && !e.what.contains('\n'))
        );
        assert!(errors.len() <= SYNTAX_ERRORS_MAX);
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_file_of_an_unknown_language_passes() {
    assert_eq!(check("notes.md", "(((("), Ok(()));
    assert_eq!(check("Makefile", "(((("), Ok(()));
    assert_eq!(Language::of("a/b.PY"), Some(Language::Python));
}

#[test]
fn a_file_that_is_too_large_is_told_as_such() {
    let large = " ".repeat(SYNTAX_BYTES_MAX + 1);
    let errors = check("a.py", &large).unwrap_err();
    assert!(errors[0].what.contains("at most"), "{errors:?}");
}

#[test]
fn deep_nesting_is_answered_in_every_language() {
    let depth = 3_000;
    let nests = [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("$(", ")"),
        ("{\"a\":", "}"),
        ("not ", ""),
        ("- ", ""),
        ("!", ""),
    ];
    let mut told = 0;
    for (open, close) in nests {
        let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        for language in Language::ALL {
            told += usize::from(check_as(language, &text).is_err());
            told += usize::from(check_as(language, &format!("x = {text}\n")).is_err());
            let rule = format!("rule a {{ condition: {text} }}");
            told += usize::from(check_as(language, &rule).is_err());
            told += usize::from(check_as(language, &open.repeat(depth)).is_err());
        }
    }
    assert!(told > 100, "{told}");
}

#[test]
fn no_beginning_of_a_sample_makes_a_parser_fail() {
    for (name, text) in SAMPLES {
        let mut wrong = 0;
        for end in (0..text.len()).step_by(11) {
            wrong += usize::from(check(name, &text[..end]).is_err());
        }
        assert!(wrong > 3, "{name}: {wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_text_is_answered_in_every_language(text in "[ -~\n\t{}()\"'|;é]{0,300}") {
        for language in Language::ALL {
            if let Err(errors) = check_as(language, &text) {
                prop_assert!(!errors.is_empty());
                prop_assert!(errors.iter().all(|e| e.line as usize <= text.lines().count() + 1));
            }
        }
    }
}
