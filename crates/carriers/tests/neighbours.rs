//! Places that look alike: lines of one shape, items that begin alike, and orders that somebody else has made.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like tests")]

use carriers::{Erasure, Leak, Master, SiteReading, read};
use fingerprint::Reading;

const HTTP: &str = include_str!("../examples/survival/masters/share-request.http");
const BUNDLE: &str = include_str!("../examples/survival/masters/stix-bundle.json");
const PROBE: &str = include_str!("../examples/survival/masters/share_probe.c");
const SIGMA: &str = include_str!("../../headstart/demo/larkspur.yml");

fn master(name: &str, source: &str) -> Master {
    Master::parse(name, source.as_bytes()).unwrap_or_else(|e| panic!("{}", e.render(name, source)))
}

/// Symbols from a seed, one for each site.
fn symbols(master: &Master, seed: u64) -> Vec<u64> {
    let mut state = seed.wrapping_add(77);
    let sites = master.sites().iter();
    sites
        .map(|site| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 16) % site.values
        })
        .collect()
}

fn copy(master: &Master, symbols: &[u64]) -> String {
    String::from_utf8(master.embed(symbols).unwrap()).unwrap()
}

fn readings(master: &Master, leak: &str) -> Vec<SiteReading> {
    read(master, &Leak::parse("found.txt", leak.as_bytes()).unwrap())
}

fn is(reading: &SiteReading, symbol: u64) -> bool {
    matches!(&reading.reading, Reading::Values { values, .. } if values == &[symbol])
}

/// What is read holds what the copy has, or nothing is.
fn may_be(reading: &SiteReading, symbol: u64) -> bool {
    match &reading.reading {
        Reading::Erased => true,
        Reading::Values { values, .. } => values.contains(&symbol),
        Reading::Soft { weights, .. } => weights.iter().any(|w| w.0 == symbol),
    }
}

#[test]
fn nonces_in_lines_of_one_shape_are_each_read() {
    let master = master("share_probe.c", PROBE);
    for seed in 0..40 {
        let symbols = symbols(&master, seed);
        let readings = readings(&master, &copy(&master, &symbols));
        for (site, (reading, symbol)) in readings.iter().zip(&symbols).enumerate() {
            let label = &master.sites()[site].label;
            assert!(is(reading, *symbol), "seed {seed}, {label}: {reading:?}");
        }
    }
}

#[test]
fn lines_of_one_shape_that_changed_places_are_not_taken_for_each_other() {
    let master = master("share_probe.c", PROBE);
    for seed in 0..40 {
        let symbols = symbols(&master, seed);
        let copy = copy(&master, &symbols);
        let mut lines: Vec<&str> = copy.lines().collect();
        let first = lines.iter().position(|l| l.contains("ticket[]")).unwrap();
        lines.swap(first, first + 1);
        for (reading, symbol) in readings(&master, &lines.join("\n")).iter().zip(&symbols) {
            assert!(may_be(reading, *symbol), "seed {seed}: {reading:?}");
        }
    }
}

#[test]
fn items_that_begin_alike_are_read_in_every_order() {
    let source = "The following signs are weaker, but they can be helpful when the audit log of the server is gone:\n\n\
        <!--~ shuffle -->\n\
        - a visitor session {~that|which~} is older than one day and still opens files\n\
        - a visitor session {~that|which~} is used from more than one network\n\
        - requests for a link from a client {~that|which~} never loads the page of the link itself\n\
        <!--~ end -->\n\n\
        None of them proves anything alone, and all of them together have never been seen in an ordinary week.\n";
    let master = master("signs.md", source);
    // Three readings of one side are no certainty, so both sides are there.
    for (order, sides) in (0..6).flat_map(|order| (1..7u64).map(move |sides| (order, sides))) {
        let symbols = [order, sides & 1, sides >> 1 & 1, sides >> 2];
        let text = copy(&master, &symbols);
        for (site, (reading, symbol)) in readings(&master, &text).iter().zip(symbols).enumerate() {
            assert!(is(reading, symbol), "site {site} of {text}: {reading:?}");
        }
    }
}

#[test]
fn a_header_that_a_client_placed_itself_leaves_the_order_open() {
    let master = master("share-request.http", HTTP);
    let order = master
        .sites()
        .iter()
        .position(|s| s.label.starts_with("shuffle (4"))
        .unwrap();
    for seed in 0..master.sites()[order].values {
        let mut symbols = symbols(&master, 1);
        symbols[order] = seed;
        let copy = copy(&master, &symbols);
        let (accept, others): (Vec<&str>, Vec<&str>) =
            copy.lines().partition(|l| l.starts_with("Accept:"));
        let [request, rest @ ..] = others.as_slice() else {
            panic!("{copy}");
        };
        let sent = [
            &[
                *request,
                "User-Agent: python-requests/2.32",
                "Accept-Encoding: gzip, deflate",
            ],
            accept.as_slice(),
            &["Connection: keep-alive"],
            rest,
        ]
        .concat()
        .join("\r\n");
        let reading = &readings(&master, &sent)[order];
        assert!(may_be(reading, seed), "{sent}: {reading:?}");
    }
}

#[test]
fn a_sorted_order_is_read_where_the_line_before_shows_that_nobody_sorted() {
    // So that the sorted order of the keys is one that copies have.
    let layout = r#","layout":"{~lk-plain.tpl|lk-grid.tpl|lk-single.tpl~}""#;
    let source = HTTP.replace(layout, "");
    let source = source.replace(r#","format""#, &format!(r#"{layout},"format""#));
    let master = master("share-request.http", &source);
    let lists: Vec<usize> = (0..master.sites().len())
        .filter(|s| master.sites()[*s].label.starts_with("shuffle"))
        .collect();
    let [headers, keys] = lists.as_slice() else {
        panic!("two lists");
    };
    let mut erased = 0;
    for order in 0..master.sites()[*headers].values {
        let mut symbols = symbols(&master, 1);
        (symbols[*headers], symbols[*keys]) = (order, order);
        let readings = readings(&master, &copy(&master, &symbols));
        // `Host` stands before them, and sorting would have put it behind.
        assert!(is(&readings[*headers], order), "{:?}", readings[*headers]);
        // The keys of the body are all of it.
        match readings[*keys].why_erased {
            Some(why) => assert_eq!((why, erased), (Erasure::Order, 0)),
            None => assert!(is(&readings[*keys], order)),
        }
        erased += usize::from(readings[*keys].why_erased.is_some());
    }
    assert_eq!(erased, 1);
}

#[test]
fn times_and_operands_of_a_pasted_bundle_are_each_read() {
    let master = master("stix-bundle.json", BUNDLE);
    for seed in 0..60 {
        let symbols = symbols(&master, seed);
        let readings = readings(&master, &copy(&master, &symbols));
        for (site, (reading, symbol)) in readings.iter().zip(&symbols).enumerate() {
            let label = &master.sites()[site].label;
            assert!(is(reading, *symbol), "seed {seed}, {label}: {reading:?}");
        }
    }
}

#[test]
fn objects_of_a_bundle_that_changed_places_keep_their_times() {
    let master = master("stix-bundle.json", BUNDLE);
    for seed in 0..60 {
        let symbols = symbols(&master, seed);
        let mut bundle: serde_json::Value = serde_json::from_str(&copy(&master, &symbols)).unwrap();
        bundle["objects"].as_array_mut().unwrap().reverse();
        for (reading, symbol) in readings(&master, &bundle.to_string()).iter().zip(&symbols) {
            assert!(may_be(reading, *symbol), "seed {seed}: {reading:?}");
        }
    }
}

#[test]
fn one_nonce_of_two_without_a_name_is_nobodys() {
    let master = master("share_probe.c", PROBE);
    let symbols = symbols(&master, 3);
    let copy = copy(&master, &symbols);
    // What `strings` shows of a program: values alone. That of the first nonce is not among them.
    let literals = |line: &str| line.split('"').nth(1).map(str::to_owned);
    let shown: Vec<String> = copy
        .lines()
        .filter(|l| l.contains("missing[]") || l.contains("trail[]"))
        .filter_map(literals)
        .collect();
    let tail = "POST /preview/v2/render?doc=welcome&ticket=%s&doc+=%s HTTP/1.1\nX-Lk-Client: sync-desktop\nlk-plain.tpl\n";
    let readings = readings(&master, &format!("{}\n{tail}", shown.join("\n")));
    for (site, (reading, symbol)) in readings.iter().zip(&symbols).enumerate() {
        if master.sites()[site].label.starts_with("nonce") {
            assert!(may_be(reading, *symbol), "{reading:?}");
        }
    }
}

#[test]
fn a_rule_put_together_line_by_line_shows_no_order_of_lines() {
    let master = master("larkspur.yml", SIGMA);
    let lists: Vec<usize> = (0..master.sites().len())
        .filter(|s| master.sites()[*s].label.starts_with("shuffle"))
        .collect();
    let [tags, fields] = lists.as_slice() else {
        panic!("two lists");
    };
    let orders = master.sites()[*tags].values;
    let mut erased = 0;
    for (one, other) in (0..orders).flat_map(|a| (0..orders).map(move |b| (a, b))) {
        let with = |order: u64, fields_order: u64| {
            let mut symbols = symbols(&master, 5);
            (symbols[*tags], symbols[*fields]) = (order, fields_order);
            copy(&master, &symbols)
        };
        // The second item of the fields differs: the merged list has one twice.
        let merged = line_by_line(&with(one, 0), &with(other, 2));
        let readings = readings(&master, &merged);
        let reading = &readings[*tags];
        assert_eq!(reading.why_erased, Some(Erasure::Order), "{merged}");
        erased += 1;
    }
    assert_eq!(erased, orders * orders);
}

#[test]
fn two_rules_put_together_line_by_line_showed_an_order_that_neither_has() {
    let master = master("larkspur.yml", SIGMA);
    let is_list = |s: &usize| master.sites()[*s].label.starts_with("shuffle");
    let tags = (0..master.sites().len()).find(is_list).unwrap();
    let orders = master.sites()[tags].values;
    let with = |order: u64| {
        let mut symbols = symbols(&master, 5);
        symbols[tags] = order;
        copy(&master, &symbols)
    };
    let mut read = 0;
    // Everything else is the same in both copies: nothing but the order itself can tell.
    for (one, other) in (0..orders).flat_map(|a| (0..orders).map(move |b| (a, b))) {
        let reading = &readings(&master, &line_by_line(&with(one), &with(other)))[tags];
        if reading.why_erased.is_none() {
            assert!(is(reading, one) || is(reading, other), "{reading:?}");
            read += 1;
        }
        assert!(one != other || reading.why_erased.is_none());
    }
    assert!(read < orders * orders / 4, "{read} read");
}

#[test]
fn a_number_that_a_picture_took_apart_is_no_number() {
    let source = "import sys\n\n# Clients of this product ask for so many rows of the table at once.\n\
        ROWS = 487  #~ int 20..600\n# The second part of the table is asked for by its name alone.\n\
        PART = \"tail\"\nprint(sys.argv, ROWS, PART)\n";
    let master = master("a.py", source);
    let copy = copy(&master, &[467]);
    assert!(is(&readings(&master, &copy)[0], 467));
    for apart in ["4 87", "48 7", "4 8 7"] {
        let reading = &readings(&master, &copy.replace("487", apart))[0];
        assert!(reading.why_erased.is_some(), "{apart}: {reading:?}");
    }
    // Numbered lines are no such numbers.
    let numbered: Vec<String> = copy
        .lines()
        .enumerate()
        .map(|(at, line)| format!("{:>3} {line}", at + 1))
        .collect();
    assert!(is(&readings(&master, &numbered.join("\n"))[0], 467));
}

fn line_by_line(one: &str, other: &str) -> String {
    let both = one.lines().zip(other.lines()).enumerate();
    let merged: Vec<&str> = both
        .map(|(at, (a, b))| if at % 2 == 0 { a } else { b })
        .collect();
    merged.join("\n")
}
