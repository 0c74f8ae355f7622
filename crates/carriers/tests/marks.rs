//! Marks: vectors with what is expected at their head, and properties of copies.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like tests")]

use carriers::{Carrier, EmbedError, Erasure, Leak, Master, Piece, error, read};
use fingerprint::Reading;
use proptest::prelude::*;

const VECTORS: [(&str, &str); 12] = [
    (
        "every_error_of_prose",
        include_str!("../vectors/marks/every_error_of_prose.txt"),
    ),
    (
        "every_error_of_code",
        include_str!("../vectors/marks/every_error_of_code.txt"),
    ),
    (
        "prose_forms",
        include_str!("../vectors/marks/prose_forms.txt"),
    ),
    (
        "code_forms",
        include_str!("../vectors/marks/code_forms.txt"),
    ),
    (
        "rule_forms",
        include_str!("../vectors/marks/rule_forms.txt"),
    ),
    (
        "sigma_forms",
        include_str!("../vectors/marks/sigma_forms.txt"),
    ),
    (
        "check_forms",
        include_str!("../vectors/marks/check_forms.txt"),
    ),
    ("c_forms", include_str!("../vectors/marks/c_forms.txt")),
    (
        "every_error_of_values",
        include_str!("../vectors/marks/every_error_of_values.txt"),
    ),
    (
        "http_forms",
        include_str!("../vectors/marks/http_forms.txt"),
    ),
    (
        "stix_forms",
        include_str!("../vectors/marks/stix_forms.txt"),
    ),
    ("csv_forms", include_str!("../vectors/marks/csv_forms.txt")),
];

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let start = format!("{name}: ");
    head.lines().find_map(|l| l.strip_prefix(start.as_str()))
}

/// What the pieces show by default.
fn default_of(pieces: &[Piece<'_>], source: &str, master: &Master, out: &mut String) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Choice { mark, wordings, .. } => {
                assert_eq!(master.marks()[*mark].site, site_of(piece));
                out.push_str(&wordings[0]);
            }
            Piece::Value { mark, .. } => {
                let span = master.marks()[*mark];
                out.push_str(&source[span.start..span.end]);
            }
            Piece::Shuffle { items, between, .. } => {
                for (place, item) in items.iter().enumerate() {
                    default_of(item, source, master, out);
                    if let Some(gap) = between.get(place) {
                        default_of(gap, source, master, out);
                    }
                }
            }
        }
    }
}

fn site_of(piece: &Piece<'_>) -> usize {
    match piece {
        Piece::Choice { site, .. } | Piece::Value { site, .. } => *site,
        _ => usize::MAX,
    }
}

#[test]
fn the_pieces_of_every_vector_stand_where_its_marks_say() {
    for (name, vector) in VECTORS {
        let (head, rest) = vector.split_once("---\n").unwrap();
        let Some((source, _)) = rest.split_once("--- copy\n") else {
            continue;
        };
        let master = Master::parse(field(head, "file").unwrap(), source.as_bytes()).unwrap();
        let mut shown = String::new();
        default_of(&master.pieces(), source, &master, &mut shown);
        let values_as_lowest = master
            .sites()
            .iter()
            .any(|s| matches!(s.carrier, Carrier::Integer | Carrier::Nonce));
        if !values_as_lowest {
            let default = master.embed(&vec![0; master.sites().len()]).unwrap();
            assert_eq!(shown.as_bytes(), default, "{name}");
        }
        for (mark, span) in master.marks().iter().enumerate() {
            let text = &source[span.start..span.end];
            let site = &master.sites()[span.site];
            let fits = match site.carrier {
                Carrier::Alternative | Carrier::Linked | Carrier::Literal => {
                    text.starts_with("{~") && text.ends_with("~}")
                }
                Carrier::Name => text == site.choices[0],
                _ => text.chars().all(|c| c.is_ascii_graphic()),
            };
            assert!(fits, "{name}: mark {mark} is `{text}`");
            assert_eq!(
                span.declares_facts,
                text.starts_with("{~#") || site.choices.is_empty()
            );
        }
    }
}

#[test]
fn a_check_knows_its_words_and_leaves_no_trace_in_a_copy() {
    let source = "#~ check python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' {}\nx = 1  #~ int 1..2 #~ check true --file={}\n";
    let master = Master::parse("a.py", source.as_bytes()).unwrap();
    let [first, second] = master.checks() else {
        panic!("{:?}", master.checks())
    };
    assert_eq!((first.line, first.column, second.line), (1, 1, 2));
    assert_eq!(first.words.len(), 4);
    assert_eq!(
        second.command("/tmp/x y.py"),
        ["true", "--file=/tmp/x y.py"]
    );
    assert_eq!(master.embed(&[1]).unwrap(), b"x = 2\n");
    let many = "#~ check true {}\n".repeat(error::CHECKS_MAX + 1);
    let errors = Master::parse("a.py", many.as_bytes()).unwrap_err();
    assert!(matches!(
        errors.0[0].kind,
        error::MarkErrorKind::TooManyChecks { .. }
    ));
}

#[test]
fn every_vector_gives_what_its_head_expects() {
    for (name, vector) in VECTORS {
        let (head, rest) = vector.split_once("---\n").unwrap();
        let file = field(head, "file").unwrap();
        if let Some(expected) = head.split_once("errors:\n").map(|p| p.1) {
            let errors = Master::parse(file, rest.as_bytes()).unwrap_err();
            let found: String = errors
                .0
                .iter()
                .map(|e| format!("{}:{} {}\n", e.line, e.column, e.kind))
                .collect();
            assert_eq!(found, expected, "{name}");
            assert!(
                errors
                    .0
                    .iter()
                    .all(|e| !e.kind.hint().is_empty() && e.length > 0)
            );
            continue;
        }
        let (source, copy) = rest.split_once("--- copy\n").unwrap();
        for crlf in [false, true] {
            let breaks = |t: &str| {
                if crlf {
                    t.replace('\n', "\r\n")
                } else {
                    t.to_owned()
                }
            };
            let source = breaks(source);
            let master = Master::parse(file, source.as_bytes())
                .unwrap_or_else(|e| panic!("{name}\n{}", e.render(file, &source)));
            let sites: Vec<String> = master
                .sites()
                .iter()
                .map(|s| format!("{} {}", s.carrier, s.values))
                .collect();
            assert_eq!(sites.join(", "), field(head, "sites").unwrap(), "{name}");
            let symbols: Vec<u64> = field(head, "symbols")
                .unwrap()
                .split(' ')
                .map(|s| s.parse().unwrap())
                .collect();
            let found = String::from_utf8(master.embed(&symbols).unwrap()).unwrap();
            assert_eq!(found, breaks(copy), "{name}");
        }
    }
}

#[test]
fn errors_are_told_as_a_compiler_tells_them() {
    let source = "fine\nWe got in {~via~} the door\n";
    let errors = Master::parse("note.md", source.as_bytes()).unwrap_err();
    assert_eq!(
        errors.render("note.md", source),
        "error: a mark needs at least two alternatives, and this one has 1\n \
         --> note.md:2:11\n  \
         |\n2 | We got in {~via~} the door\n  \
         |           ^^^^^^^\n  \
         = hint: write `{~one|two~}`, or `{~|optional ~}` for text that may be left out\n"
    );
    assert_eq!(errors.to_string(), "1 error in the marks");
}

#[test]
fn limits_are_named() {
    let many = (0..=error::ALTERNATIVES_MAX)
        .map(|i| format!("w{i}"))
        .collect::<Vec<_>>();
    let cases = [
        ("a".repeat(error::MASTER_BYTES_MAX + 1), "4194304"),
        (format!("{{~{}~}}", many.join("|")), "64"),
        (
            format!("{{~a|{}~}}", "b".repeat(error::WORDING_BYTES_MAX + 1)),
            "2048",
        ),
        ("{~a|b~} ".repeat(error::SITES_MAX + 1), "8192"),
        (
            format!(
                "<!--~ shuffle -->\n{}<!--~ end -->\n",
                (0..13).map(|i| format!("- item {i}\n")).collect::<String>()
            ),
            "12",
        ),
    ];
    for (source, limit) in cases {
        let errors = Master::parse("a.md", source.as_bytes()).unwrap_err();
        assert!(errors.0[0].kind.to_string().contains(limit), "{errors:?}");
    }
}

#[test]
fn bytes_that_are_no_text_stay_as_they_are() {
    let bytes = [0x89, b'P', b'N', b'G', 0, 0xff, b'{', b'~', 0xfe];
    let master = Master::parse("picture.png", &bytes).unwrap();
    assert_eq!(
        (master.sites().len(), master.embed(&[]).unwrap()),
        (0, bytes.to_vec())
    );
    assert!(Master::parse("a.md", b"{~a|b~} \xff").is_err());
    let bom = "\u{feff}{~a|b~}\r\n";
    let master = Master::parse("a.md", bom.as_bytes()).unwrap();
    assert_eq!(master.embed(&[1]).unwrap(), "\u{feff}b\r\n".as_bytes());
    assert_eq!((master.sites()[0].line, master.sites()[0].column), (1, 1));
}

#[test]
fn wrong_symbols_are_refused() {
    let master = Master::parse("a.md", b"{~a|b~}").unwrap();
    assert_eq!(
        master.embed(&[]),
        Err(EmbedError::Length {
            expected: 1,
            found: 0
        })
    );
    assert_eq!(
        master.embed(&[2]),
        Err(EmbedError::Symbol {
            site: 0,
            symbol: 2,
            values: 2
        })
    );
}

#[test]
fn plain_code_that_looks_a_little_like_marks_is_left_alone() {
    for (name, source) in [
        ("a.sh", "p=${x#~/}; echo \"${y##~/}\" # don't ~ panic\n"),
        ("a.py", "#~~~~~~~~\nx = {1: ~2}\nprint('it''s {{a|b}}')\n"),
        ("a.js", "const f = ~{}; let t = `${a}//~/b`;\n"),
        ("a.json", "{\"a\": \"#~\", \"b\": [1]}\n"),
        ("a.yml", "k: don't\nv: 'it #~~'\n"),
    ] {
        let master = Master::parse(name, source.as_bytes())
            .unwrap_or_else(|e| panic!("{}", e.render(name, source)));
        assert_eq!(master.sites().len(), 0);
        assert_eq!(master.embed(&[]).unwrap(), source.as_bytes());
    }
}

const WORDS: [&str; 24] = [
    "server", "client", "ticket", "render", "gateway", "document", "preview", "reads", "twice",
    "second", "field", "name", "blank", "worker", "answer", "visitor", "number", "session",
    "header", "parser", "query", "folder", "limit", "cookie",
];
const PAIRS: [(&str, &str, &str); 8] = [
    ("via", "through", "using"),
    ("quickly", "fast", "at once"),
    ("", "really ", "very "),
    ("shows", "reveals", "makes visible"),
    ("begins", "starts", "sets out"),
    ("big", "large", "sizeable"),
    ("do not", "don't", "never"),
    ("in order to", "to", "so as to"),
];

/// A paragraph with a mark after every few words, and the text around the marks.
fn prose() -> impl Strategy<Value = (String, Vec<String>)> {
    let step = (
        prop::collection::vec(0..WORDS.len(), 7..12),
        0..PAIRS.len(),
        any::<bool>(),
    );
    prop::collection::vec(step, 4..16).prop_map(|steps| {
        let mut source = String::new();
        let mut fixed = Vec::new();
        for (place, (words, pair, three)) in steps.into_iter().enumerate() {
            let run: String = words
                .iter()
                .enumerate()
                .map(|(i, w)| format!("{}{} ", WORDS[*w], (place * 31 + i * 7) % 97))
                .collect();
            source.push_str(&run);
            fixed.push(run);
            let (a, b, c) = PAIRS[pair];
            source.push_str(&if three {
                format!("{{~{a}|{b}|{c}~}}")
            } else {
                format!("{{~{a}|{b}~}}")
            });
            if !b.ends_with(' ') {
                source.push(' ');
            }
        }
        source.push_str("and this is how the whole story of it ends today.\n");
        (source, fixed)
    })
}

/// Sites of the kinds of [`PAIRS`] that editors unify, where the copy has one side of the kind alone: nobody can tell
/// such a copy from one after a style guide. The second are those where independent choices have that with a chance
/// of at most 2^-5.
fn one_sided(master: &Master, symbols: &[u64]) -> (Vec<usize>, Vec<usize>) {
    let is_filler = |choices: &[String]| choices[0].is_empty();
    let is_contraction = |choices: &[String]| choices == ["do not", "don't"];
    let (mut all, mut unlikely) = (Vec::new(), Vec::new());
    for is_of_kind in [is_filler, is_contraction] {
        let own: Vec<usize> = (0..symbols.len())
            .filter(|i| is_of_kind(&master.sites()[*i].choices))
            .collect();
        let share =
            |side: u64, values: u64| [1.0, (values - 1) as f64][side as usize] / values as f64;
        for side in [0, 1] {
            let chance: f64 = own
                .iter()
                .map(|i| share(side, master.sites()[*i].values))
                .product();
            if own.iter().all(|i| symbols[*i].min(1) == side) {
                all.extend(&own);
                if chance <= 1.0 / 32.0 + 1e-9 {
                    unlikely.extend(&own);
                }
            }
        }
    }
    (all, unlikely)
}

/// Asserts that a whole copy shows every site as it was chosen, but those of [`one_sided`].
fn whole_copy_is_read(source: &str, fixed: &[String], pick: u64) -> Result<(), TestCaseError> {
    let master = Master::parse("note.md", source.as_bytes()).unwrap();
    let symbols: Vec<u64> = master
        .sites()
        .iter()
        .enumerate()
        .map(|(i, s)| pick.rotate_left(7 * i as u32) % s.values)
        .collect();
    let copy = String::from_utf8(master.embed(&symbols).unwrap()).unwrap();
    for trace in ["{~", "~}", "<!--~", "#~"] {
        prop_assert!(!copy.contains(trace));
    }
    for run in fixed {
        prop_assert!(copy.contains(run.trim_end()));
    }
    let (one_sided, unlikely) = one_sided(&master, &symbols);
    let readings = read(&master, &Leak::parse("leak.txt", copy.as_bytes()).unwrap());
    for (site, (reading, symbol)) in readings.iter().zip(&symbols).enumerate() {
        let is_unified = reading.why_erased == Some(Erasure::Unified);
        prop_assert!(is_unified || !unlikely.contains(&site), "site {}", site);
        if one_sided.contains(&site) {
            // Another kind of one side alone makes a style guide likelier.
            let heaviest = match &reading.reading {
                Reading::Soft { weights, .. } => weights
                    .iter()
                    .max_by(|a, b| a.1.total_cmp(&b.1))
                    .map(|w| w.0),
                _ => None,
            };
            prop_assert!(
                is_unified || heaviest == Some(*symbol),
                "site {} of {}",
                site,
                &copy
            );
            continue;
        }
        let whole = Reading::Values {
            values: vec![*symbol],
            noise: 0.01,
        };
        prop_assert_eq!(&reading.reading, &whole, "site {} of {}", site, &copy);
    }
    Ok(())
}

#[test]
fn four_optional_words_that_a_copy_leaves_out_by_chance_are_unified_and_the_rest_is_read() {
    const SOURCE: &str = "server0 server7 server14 server21 server28 server35 server42 {~via|through~} server31 server38 server45 server52 server59 server66 server73 {~via|through~} server62 server69 server76 server83 server90 server0 server7 {~|really ~}server93 server3 server10 server17 server24 server31 server38 {~|really |very ~}server27 server34 server41 server48 server55 server62 server69 {~via|through~} server58 server65 server72 server79 server86 server93 server3 {~via|through~} server89 server96 server6 server13 server20 server27 server34 {~via|through~} server23 server30 server37 server44 server51 server58 server65 {~via|through~} server54 server61 server68 server75 server82 server89 server96 {~|really |very ~}server85 server92 server2 server9 server16 server23 server30 {~via|through~} server19 server26 server33 server40 server47 server54 server61 {~shows|reveals~} server50 server57 server64 server71 client78 folder85 blank92 {~|really ~}and this is how the whole story of it ends today.\n";
    let master = Master::parse("note.md", SOURCE.as_bytes()).unwrap();
    let pick = 11_913_020_820_883_438_758u64;
    let symbols: Vec<u64> = (0..12)
        .map(|i| pick.rotate_left(7 * i as u32) % master.sites()[i].values)
        .collect();
    assert_eq!(one_sided(&master, &symbols).1, [2, 3, 8, 11]);
    whole_copy_is_read(SOURCE, &[], pick).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_was_embedded_is_read_from_the_whole_copy((source, fixed) in prose(), pick in any::<u64>()) {
        whole_copy_is_read(&source, &fixed, pick)?;
    }

    #[test]
    fn marks_of_any_text_parse_or_fail_and_never_panic(
        name in prop::sample::select(vec!["a.md", "a.py", "a.c", "a.rules", "a.yml", "a.html", "a.sh", "a.sql", "a.bin", "a.js"]),
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{~", "~}", "|", "\\", "/", "@", "a", "b ", "\n", "\r\n", "#~ ", "//~ ", "<!--~ ", "-->", "/*~ ", "*/", "int 1..9",
            "nonce hex 8", "name a: b|c", "shuffle", "shuffle a", "end", "5", "\"", "'", "```\n", "- ", "é", "\u{feff}", "(", ")",
            "[", ",", ":", "=", "\t", "deadbeef", "{", "}", "$", "\"\"\"", "`", "\u{200b}", "metadata: x, y;",
        ]), 0..60),
    ) {
        let source = pieces.concat();
        match Master::parse(name, source.as_bytes()) {
            Ok(master) => {
                let top: Vec<u64> = master.sites().iter().map(|s| s.values - 1).collect();
                for symbols in [vec![0; top.len()], top] {
                    let copy = master.embed(&symbols).unwrap();
                    let readings = read(&master, &Leak::parse("x.txt", &copy).unwrap());
                    prop_assert_eq!(readings.len(), symbols.len());
                }
            }
            Err(errors) => {
                prop_assert!(!errors.0.is_empty());
                prop_assert!(!errors.render(name, &source).is_empty());
            }
        }
    }

    #[test]
    fn a_master_of_any_bytes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in ["a.md", "a.py", "a"] {
            if let Ok(master) = Master::parse(name, &bytes)
                && master.sites().is_empty()
                && !bytes.windows(2).any(|w| w == b"{~" || w == b"~}" || w == b"#~" || w == b"-~")
            {
                prop_assert_eq!(master.embed(&[]).unwrap(), bytes.clone());
            }
        }
    }
}

#[test]
fn sections_are_paragraphs_of_prose_and_one_of_code() {
    let prose = Master::parse("a.md", b"\n{~a|b~}\n\n# x\n{~a|b~} {~c|d~}\n\n\n{~a|b~}").unwrap();
    let sections: Vec<u32> = prose.sites().iter().map(|s| s.section).collect();
    assert_eq!(sections, [0, 1, 1, 2]);
    let code = Master::parse("a.py", b"x = 1  #~ int 1..9\n\n\ny = '{~a|b~}'\n").unwrap();
    assert!(code.sites().iter().all(|s| s.section == 0));
    assert!(code.sites().iter().all(|s| s.carrier.is_functional()));
    assert!(!Carrier::Alternative.is_functional());
}
