//! Where marks stand, and what says that no mark is wanted.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use carriers::{Master, layout};

fn copy(name: &str, source: &str) -> String {
    let master = Master::parse(name, source.as_bytes()).unwrap();
    assert!(master.sites().is_empty());
    String::from_utf8(master.embed(&[]).unwrap()).unwrap()
}

#[test]
fn a_kept_wording_is_no_site_and_copies_show_it_alone() {
    let source = "It {~=must~} {~=a\\|b~} do.\n";
    assert_eq!(copy("a.md", source), "It must a|b do.\n");
    let found = layout("a.md", source.as_bytes()).unwrap();
    let shown: Vec<&str> = found.written.iter().map(|w| w.shown.as_str()).collect();
    assert_eq!(shown, ["must", "a|b"]);
    assert_eq!(
        &source[found.written[0].start..found.written[0].end],
        "{~=must~}"
    );
}

#[test]
fn alternatives_that_begin_with_an_equals_sign_are_still_alternatives() {
    let master = Master::parse("a.md", b"x {~=one|two~} y").unwrap();
    assert_eq!(master.sites()[0].choices, ["=one", "two"]);
    assert!(Master::parse("a.md", b"x {~=~} y").is_err());
    assert!(Master::parse("a.md", b"x {~one~} y").is_err());
}

#[test]
fn a_keep_directive_stands_in_no_copy_and_names_its_line() {
    let source = "<!--~ keep order -->\n- one\n- two\n";
    assert_eq!(copy("a.md", source), "- one\n- two\n");
    let found = layout("a.md", source.as_bytes()).unwrap();
    assert_eq!(found.kept.len(), 1);
    assert_eq!(found.kept[0].class.as_deref(), Some("order"));
    assert_eq!(&source[found.kept[0].start..found.kept[0].end], "- one\n");
    let code = "x = 1  #~ keep\ny = 2\n";
    assert_eq!(copy("a.py", code), "x = 1\ny = 2\n");
    let found = layout("a.py", code.as_bytes()).unwrap();
    assert_eq!(found.kept[0].class, None);
    assert_eq!(found.kept[0].start, 0);
    assert!(Master::parse("a.py", b"x = 1  #~ keep Two words\n").is_err());
}

#[test]
fn marks_directives_and_items_are_found_where_they_stand() {
    let source = "A {~b|c~}.\n<!--~ shuffle -->\n- one\n- two\n<!--~ end -->\n";
    let found = layout("a.md", source.as_bytes()).unwrap();
    let written: Vec<&str> = found
        .written
        .iter()
        .map(|w| &source[w.start..w.end])
        .collect();
    assert_eq!(
        written,
        ["{~b|c~}", "<!--~ shuffle -->\n", "<!--~ end -->\n"]
    );
    let items: Vec<&str> = found.items.iter().map(|i| &source[i.0..i.1]).collect();
    assert_eq!(items, ["one", "two"]);
}

#[test]
fn a_master_with_wrong_marks_has_no_layout_and_no_text_has_an_empty_one() {
    assert!(layout("a.md", b"x {~one").is_err());
    assert!(layout("a.bin", &[0xff, 0, 1]).unwrap().written.is_empty());
}
