//! What is suggested for prose, and what the author's decisions write.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    reason = "a test reads the texts of the repository"
)]

use std::path::Path;

use author::suggest::{Class, Decision, Edit, Strength, Suggestion, apply, count_words, suggest};
use carriers::{Format, Master};
use proptest::prelude::*;

fn of(text: &str) -> Vec<Suggestion> {
    suggest("a.md", text.as_bytes()).unwrap()
}

/// `place → alternatives` of each suggestion.
fn told(text: &str) -> Vec<String> {
    of(text).iter().map(|s| s.alternatives.join("|")).collect()
}

fn default_copy(name: &str, master: &[u8]) -> Vec<u8> {
    let master = Master::parse(name, master).unwrap();
    master.embed(&vec![0; master.sites().len()]).unwrap()
}

/// The texts of this repository that people wrote: none is used in the lists.
fn texts() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut out = Vec::new();
    for folder in [
        "crates/carriers/examples/precision/held-out",
        "crates/headstart/trials/unrelated",
        "crates/headstart/demo",
        "docs",
    ] {
        let mut files: Vec<_> = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|e| e.unwrap().path())
            .filter(|path| path.is_file())
            .collect();
        files.sort();
        for file in files {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            let bytes = std::fs::read(&file).unwrap();
            if Format::of(&name).is_prose() && suggest(&name, &bytes).is_ok() {
                out.push((name, bytes));
            }
        }
    }
    assert!(out.len() > 8, "{}", out.len());
    out
}

#[test]
fn every_class_finds_its_places() {
    let cases = [
        ("The server sends a new key with each reply.", "each|every"),
        ("We do not know it.", "do not|don't"),
        (
            "Call the function `foo` and wait.",
            "function `foo`|`foo` function",
        ),
        ("It reads the file that is given.", "that|which"),
        ("It waits for two weeks.", "two|2"),
        ("It waited until 3 May 2026.", "3 May 2026|May 3, 2026"),
        (
            "It keeps copies of keys and files.",
            "keys and files|files and keys",
        ),
        ("We think that it works.", "that |"),
        ("Restart it in order to load the file.", "in order to|to"),
        ("The username is wrong.", "username|user name"),
    ];
    for (text, expected) in cases {
        let found = told(text);
        assert!(found.iter().any(|f| f == expected), "{text}: {found:?}");
    }
}

#[test]
fn a_bullet_list_is_offered_as_a_shuffle() {
    let text = "Look for:\n\n- a request with two names\n- a reply without a body\n- a very long line\n\nThen stop.\n";
    let list = of(text)
        .into_iter()
        .find(|s| s.class == Class::Order)
        .unwrap();
    assert_eq!(list.values, 6);
    let marked = apply("a.md", text.as_bytes(), &[Decision::Accept(list.id)]).unwrap();
    let marked = String::from_utf8(marked).unwrap();
    assert_eq!(
        marked,
        text.replace("- a request", "<!--~ shuffle -->\n- a request")
            .replace("long line\n", "long line\n<!--~ end -->\n")
    );
    assert_eq!(default_copy("a.md", marked.as_bytes()), text.as_bytes());
}

#[test]
fn a_list_at_the_very_end_gets_the_line_break_that_it_lacks() {
    let text = "Signs of it:\n\n- a request with two tickets\n- a file of that name\n- an entry in the audit log";
    let list = of(text)
        .into_iter()
        .find(|s| s.original.contains("audit log"));
    let decision = Decision::Accept(list.unwrap().id);
    let marked = apply("a.md", text.as_bytes(), &[decision]).unwrap();
    let copy = default_copy("a.md", &marked);
    assert_eq!(String::from_utf8(copy).unwrap(), format!("{text}\n"));
}

#[test]
fn lists_with_an_order_are_left_alone() {
    for text in [
        "Do these steps:\n\n- open it\n- close it\n",
        "1. open it\n2. close it\n",
        "We did:\n\n- open it\n- then close it\n",
        "- 2026-01-01: found\n- 2026-01-02: fixed\n",
        "Some:\n\n- open it\n- close it,\n",
    ] {
        assert!(
            of(text).iter().all(|s| s.class != Class::Order),
            "{text}: {:?}",
            told(text)
        );
    }
}

#[test]
fn articles_and_capitals_follow() {
    assert_eq!(told("It is a simple way to do it."), ["a simple|an easy"]);
    assert_eq!(told("Nobody knows."), ["Nobody|No one"]);
    assert_eq!(told("However, the key is old."), ["However,|But|Still,"]);
}

#[test]
fn inflected_verbs_keep_their_form() {
    for (text, expected) in [
        ("It allows the user to read.", "allows|permits"),
        ("Users are allowed to read.", "allowed|permitted"),
        ("It tried to read it.", "tried|attempted"),
        ("It began to read.", "began|started"),
        ("It has begun to read.", "begun|started"),
        ("The leader is chosen by vote.", "chosen|selected"),
    ] {
        assert_eq!(told(text), [expected], "{text}");
    }
}

#[test]
fn what_is_no_prose_is_never_touched() {
    for text in [
        "# Nobody knows however\n",
        "```\nNobody knows however\n```\n",
        "    Nobody knows, for example\n",
        "> Nobody knows, for example\n",
        "He wrote \"nobody knows, for example\" to us.\n",
        "It prints `nobody knows, for example` here.\n",
        "| nobody | for example |\n",
        "---\ntitle: nobody knows, for example\n---\n",
        "See <https://example.com/nobody> or https://example.com/nobody/for.\n",
        "Nobody knows\n============\n",
        "See [it](nobody.md).\n",
        "<pre>nobody knows</pre>\n",
        "You MUST NOT do it. SOMEBODY does.\n",
        "CVE-2026-99001 was assigned on a Friday.\n",
        "An attacker exploits the vulnerability with malware.\n",
    ] {
        assert_eq!(told(text), Vec::<String>::new(), "{text}");
    }
    let mail = "From: nobody\nSubject: for example\n\nText.\n";
    assert!(suggest("a.eml", mail.as_bytes()).unwrap().is_empty());
    let page = "<html><head><title>Nobody</title></head><body><h1>Nobody</h1><p>Somebody knows.</p><script>nobody</script></body></html>";
    let found = suggest("a.html", page.as_bytes()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].original, "Somebody");
}

#[test]
fn marks_that_are_there_keep_two_words_of_distance() {
    assert!(told("It {~runs|works~} for example here.").is_empty());
    assert!(told("For example {~runs|works~} well.").is_empty());
    assert_eq!(
        told("It {~runs|works~} quite well here, for example."),
        ["for example|for instance"]
    );
    let text = "Nobody knows whether somebody did it for example because of this.";
    let mut end = 0;
    for s in of(text) {
        assert!(end == 0 || text[end..s.start].split_whitespace().count() >= 2);
        end = s.end;
    }
}

#[test]
fn a_refusal_does_not_come_again_and_copies_do_not_show_it() {
    let text = "Nobody knows this well, for example.\n";
    let first = of(text);
    assert_eq!(first.len(), 2);
    let refused = apply(
        "a.md",
        text.as_bytes(),
        &[Decision::Refuse(first[0].id.clone())],
    )
    .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&refused),
        "{~=Nobody~} knows this well, for example.\n"
    );
    assert_eq!(default_copy("a.md", &refused), text.as_bytes());
    let again = suggest("a.md", &refused).unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].id, first[1].id, "ids stay when marks are written");
    let list = "Some:\n\n- one thing\n- two things\n";
    let found = of(list);
    let refused = apply(
        "a.md",
        list.as_bytes(),
        &[Decision::Refuse(found[0].id.clone())],
    )
    .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&refused),
        "Some:\n\n<!--~ keep order -->\n- one thing\n- two things\n"
    );
    assert!(suggest("a.md", &refused).unwrap().is_empty());
    assert_eq!(default_copy("a.md", &refused), list.as_bytes());
}

#[test]
fn a_change_keeps_the_original_first_and_is_checked() {
    let text = b"Nobody knows.\n";
    let id = || of("Nobody knows.\n")[0].id.clone();
    let change = |words: &[&str]| {
        apply(
            "a.md",
            text,
            &[Decision::Change(
                id(),
                words.iter().map(|w| (*w).to_owned()).collect(),
            )],
        )
    };
    assert_eq!(
        change(&["Not one of us", "No one"]).unwrap(),
        b"{~Nobody|Not one of us|No one~} knows.\n"
    );
    assert_eq!(
        change(&["a|b", "Nobody"]).unwrap(),
        b"{~/Nobody/a|b/~} knows.\n"
    );
    for wrong in [&["nobody"][..], &[], &["a\nb"]] {
        let error = change(wrong).unwrap_err();
        assert!(error.to_string().contains(&id()), "{error}");
        assert!(!error.hint().is_empty());
    }
    let unknown = apply("a.md", text, &[Decision::Accept("0".into())]).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "there is no suggestion `0` for this file"
    );
    let twice = [Decision::Accept(id()), Decision::Refuse(id())];
    assert!(apply("a.md", text, &twice).is_err());
}

#[test]
fn line_and_column_point_at_the_place() {
    let found = of("Ä line.\nÄ line for example.\n");
    assert_eq!((found[0].line, found[0].column), (2, 8));
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_stay() {
    let text = "\u{feff}- one thing\r\n- another one\r\n\r\nNobody knows.\r\n";
    let all: Vec<Decision> = of(text)
        .into_iter()
        .map(|s| Decision::Accept(s.id))
        .collect();
    let master = apply("a.md", text.as_bytes(), &all).unwrap();
    assert_eq!(default_copy("a.md", &master), text.as_bytes());
    assert!(
        !String::from_utf8_lossy(&master)
            .replace("\r\n", "")
            .contains('\n')
    );
}

/// The promise of the room: whatever is accepted, the master parses and its default copy is the text.
#[test]
fn all_suggestions_of_every_text_are_written_and_change_nothing_by_default() {
    let mut sites = 0;
    for (name, bytes) in texts() {
        let plain = default_copy(&name, &bytes);
        let found = suggest(&name, &bytes).unwrap();
        let all: Vec<Decision> = found
            .iter()
            .map(|s| Decision::Accept(s.id.clone()))
            .collect();
        let master = apply(&name, &bytes, &all).unwrap();
        assert_eq!(default_copy(&name, &master), plain, "{name}");
        let before = Master::parse(&name, &bytes).unwrap().sites().len();
        let after = Master::parse(&name, &master).unwrap();
        assert_eq!(after.sites().len(), before + found.len(), "{name}");
        for (number, one) in found.iter().enumerate() {
            assert!(one.edit != Edit::Mark || one.alternatives[0] == one.original);
            assert!(!one.original.contains('\n') || one.edit != Edit::Mark);
            if number % 16 > 0 {
                continue;
            }
            let alone = apply(&name, &bytes, &[Decision::Accept(one.id.clone())]).unwrap();
            assert_eq!(default_copy(&name, &alone), plain, "{name}: {one:?}");
        }
        sites += found.len();
    }
    assert!(sites > 400, "{sites}");
}

#[test]
fn robust_alternatives_differ_by_words_and_fragile_ones_are_said_so() {
    for (name, bytes) in texts() {
        for one in suggest(&name, &bytes).unwrap() {
            let letters = |w: &String| {
                w.chars()
                    .filter(|c| c.is_alphanumeric())
                    .collect::<String>()
                    .to_lowercase()
            };
            let mut seen = std::collections::BTreeSet::new();
            let differ = one.alternatives.iter().all(|a| seen.insert(letters(a)));
            assert_eq!(differ, one.strength == Strength::Robust, "{one:?}");
        }
    }
}

#[test]
fn refusing_everything_ends_the_questions() {
    for (name, bytes) in texts().into_iter().take(6) {
        let mut source = bytes;
        for round in 0.. {
            let found = suggest(&name, &source).unwrap();
            if found.is_empty() {
                break;
            }
            assert!(round < 12, "{name}: {found:?}");
            let all: Vec<Decision> = found.into_iter().map(|s| Decision::Refuse(s.id)).collect();
            let refused = apply(&name, &source, &all).unwrap();
            assert_eq!(default_copy(&name, &refused), default_copy(&name, &source));
            source = refused;
        }
    }
}

#[test]
fn a_source_that_is_too_large_or_wrongly_marked_is_refused() {
    let large = vec![b'a'; author::suggest::SOURCE_BYTES_MAX + 1];
    let error = suggest("a.md", &large).unwrap_err();
    assert!(error.to_string().contains("4194305"), "{error}");
    assert!(suggest("a.md", b"x {~one").is_err());
    assert!(suggest("a.md", &[0xff, 0x00]).unwrap().is_empty());
}

#[test]
fn a_large_text_of_one_thing_repeated_ends_soon() {
    for piece in [
        "`",
        "\"",
        "<",
        "<b",
        "<code>",
        "nobody knows ",
        "- a\n",
        "[](",
        "{",
        "\n",
        "a|b\n",
        "----\n\n",
        "````\n",
        "<!--",
        "’",
        "about 3 ",
        "keys, ",
    ] {
        let text = piece.repeat((1 << 18) / piece.len());
        let found = suggest("a.md", text.as_bytes()).unwrap();
        assert!(found.len() <= author::suggest::SUGGESTIONS_MAX);
    }
}

#[test]
fn words_are_counted_as_people_count_them() {
    assert_eq!(count_words("It's 3 o'clock — not well-known, `a b`."), 7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_choice_of_decisions_parses_and_shows_the_text_by_default(choices in prop::collection::vec(0u8..4, 200), pick in 0usize..4) {
        let (name, bytes) = texts().swap_remove(pick);
        let found = suggest(&name, &bytes).unwrap();
        let decisions: Vec<Decision> = found
            .iter()
            .zip(choices.iter().cycle())
            .filter_map(|(s, choice)| match choice {
                0 => None,
                1 => Some(Decision::Accept(s.id.clone())),
                2 => Some(Decision::Refuse(s.id.clone())),
                _ if s.edit == Edit::Mark => Some(Decision::Change(s.id.clone(), vec!["something|else".into()])),
                _ => None,
            })
            .collect();
        let master = apply(&name, &bytes, &decisions).unwrap();
        prop_assert_eq!(default_copy(&name, &master), default_copy(&name, &bytes));
        let again = suggest(&name, &master).unwrap();
        let decided: std::collections::BTreeSet<&str> = decisions.iter().map(Decision::id).collect();
        prop_assert!(again.iter().all(|s| !decided.contains(s.id.as_str())));
    }

    #[test]
    fn any_text_is_read_without_harm(text in "(nobody|do not|each one|about 3|`|\"|\\{~|~\\}|\\||\\\\|<|>|\n|\n\n|- | |that is|the function `a`|#|keys, files and hosts|3 May 2026|—|’|é|\t){0,60}") {
        if let Ok(found) = suggest("a.md", text.as_bytes()) {
            let all: Vec<Decision> = found.iter().map(|s| Decision::Accept(s.id.clone())).collect();
            let plain = default_copy("a.md", text.as_bytes());
            let master = apply("a.md", text.as_bytes(), &all).unwrap();
            prop_assert_eq!(default_copy("a.md", &master), plain.clone());
            let none: Vec<Decision> = found.iter().map(|s| Decision::Refuse(s.id.clone())).collect();
            let master = apply("a.md", text.as_bytes(), &none).unwrap();
            prop_assert_eq!(default_copy("a.md", &master), plain);
        }
    }
}
