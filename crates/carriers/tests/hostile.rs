//! Any bytes are read without a panic, and limits are named.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like tests")]

use carriers::find::{self, Sketch};
use carriers::{LEAK_BYTES_MAX, Leak, LeakError, Master, read};
use proptest::prelude::*;

const POC: &str = include_str!("../vectors/larkspur/poc.py");
const WRITE_UP: &str = include_str!("../vectors/larkspur/write-up.md");

const NAMES: [&str; 6] = ["a.txt", "a.html", "eve.json", "access.log", "a.md", "a"];

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            "GET /preview/v2/render?ticket=",
            "POST ",
            " HTTP/1.1",
            "\r\n",
            "\n",
            "\n\n",
            "c41d9e7a",
            "%41",
            "%",
            "%zz",
            "+",
            "&",
            "=",
            "\"",
            "{\"http\":{\"url\":\"/preview/v2/render\"",
            "}",
            "]",
            "[",
            "{",
            ",",
            ":",
            "<p",
            ">",
            "<script>",
            "</script",
            "<!--",
            "&#x10ffff;",
            "&amp",
            "&#xd800;",
            "\u{202e}",
            "é",
            "漢",
            "\u{fffd}",
            "ticket",
            "doc",
            "x_lk_origin",
            "QQQQQQQQQQQQQQQQQQQQQQQQQQ",
            "-",
            "_",
            "'t",
            "~",
            "\\",
            "payload",
            "eyJhIjoiYiJ9eyJhIjoiYiJ9",
            "Cookie: a=b; c",
            "the preview service ",
            "](",
            ")",
            "0x",
            "99999999999999999999",
        ]),
        0..80,
    )
    .prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_leak_of_any_bytes_is_read(bytes in prop::collection::vec(any::<u8>(), 0..600), name in prop::sample::select(&NAMES[..])) {
        let leak = Leak::parse(name, &bytes).unwrap();
        let poc = Master::parse("poc.py", POC.as_bytes()).unwrap();
        prop_assert_eq!(read(&poc, &leak).len(), poc.sites().len());
        find::rank([&Sketch::of(&[&poc])], &leak, 3);
    }

    #[test]
    fn a_leak_of_any_pieces_of_logs_and_pages_is_read(text in pieces(), name in prop::sample::select(&NAMES[..])) {
        let leak = Leak::parse(name, text.as_bytes()).unwrap();
        for (file, source) in [("poc.py", POC), ("write-up.md", WRITE_UP)] {
            let master = Master::parse(file, source.as_bytes()).unwrap();
            let first = read(&master, &leak);
            prop_assert_eq!(first.len(), master.sites().len());
            prop_assert_eq!(&first, &read(&master, &leak));
        }
        prop_assert!(Leak::join(vec![leak.clone(), leak.clone()]).words() >= leak.words());
    }

    #[test]
    fn a_sketch_of_any_bytes_is_refused_or_round_trips(tail in prop::collection::vec(any::<u8>(), 0..64)) {
        let of_version = |magic: &[u8]| [magic, &tail].concat();
        for bytes in [of_version(b"hs-sk-1\n"), of_version(b"hs-sk-2\n"), tail.clone()] {
            if let Ok(sketch) = Sketch::from_bytes(&bytes) {
                prop_assert_eq!(sketch.to_bytes(), bytes);
            }
        }
    }
}

#[test]
fn a_leak_that_is_too_large_is_refused_by_name() {
    let bytes = vec![b'a'; LEAK_BYTES_MAX + 1];
    let error = Leak::parse("dump.txt", &bytes).unwrap_err();
    assert!(matches!(
        error,
        LeakError::TooLarge {
            max: LEAK_BYTES_MAX,
            ..
        }
    ));
    assert!(error.to_string().contains("`dump.txt`") && !error.hint().is_empty());
}

#[test]
fn repetitions_do_not_take_for_ever() {
    let poc = Master::parse("poc.py", POC.as_bytes()).unwrap();
    let write_up = Master::parse("write-up.md", WRITE_UP.as_bytes()).unwrap();
    for unit in [
        "<a=\"<b='",
        "&&&&",
        "{\"a\":",
        "the preview service of the server ",
        "GET / HTTP/1.1\n",
        "%%25",
        "QQQQ",
        "c41d9e7a ",
    ] {
        let text = unit.repeat((1 << 19) / unit.len());
        for name in ["a.html", "a.txt"] {
            let leak = Leak::parse(name, text.as_bytes()).unwrap();
            assert_eq!(read(&poc, &leak).len(), poc.sites().len());
            assert_eq!(read(&write_up, &leak).len(), write_up.sites().len());
        }
    }
}

#[test]
fn utf_16_is_read_as_text() {
    let text = "The preview service answers twice.";
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let plain = Leak::parse("a.txt", text.as_bytes()).unwrap();
    assert_eq!(Leak::parse("a.txt", &bytes).unwrap(), plain);
    assert_eq!(plain.words(), 5);
}

#[test]
fn a_large_master_of_one_thing_repeated_ends_soon() {
    for (name, unit) in [
        ("a.md", "```\n"),
        ("a.md", "#~ int 1..2 "),
        ("a.md", "{~a|b~}"),
        ("a.md", "{~@x a|b~}{~@x a|b|c~}\n"),
        ("a.py", "a = 1  #~ int 1..9\n"),
        ("a.py", "#~ name a: b\n"),
        ("a.py", "#~ shuffle\na\nb\n#~ end\n"),
        ("a.py", "'"),
        // Each of these quotes was searched to the end of the line.
        ("a.py", "x = '"),
        ("a.js", "'\\"),
        ("a.c", "/*"),
        ("a.md", "\\"),
        ("a.md", "{~"),
    ] {
        let source = unit.repeat((1 << 19) / unit.len());
        match Master::parse(name, source.as_bytes()) {
            Ok(master) => assert_eq!(master.sites().len(), 0),
            Err(errors) => assert!(!errors.0.is_empty()),
        }
    }
}

#[test]
fn a_cluster_of_thousands_of_linked_marks_took_quadratic_time() {
    let source = format!("x {}\n", "{~@x a|b~}".repeat(1 << 15));
    let master = Master::parse("a.md", source.as_bytes()).unwrap();
    let leak = Leak::parse("a.txt", &master.embed(&[1]).unwrap()).unwrap();
    assert_eq!(read(&master, &leak).len(), 1);
}
