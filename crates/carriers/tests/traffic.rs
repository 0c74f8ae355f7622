//! Requests and indicators: copies still read, lengths follow, and every mark is read back from files and from logs.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like tests")]

use carriers::{Leak, Master, read};
use fingerprint::Reading;
use proptest::prelude::*;

const HTTP: &str = include_str!("../vectors/traffic/probe.http");
const HAR: &str = include_str!("../vectors/traffic/session.har");
const CURL: &str = include_str!("../vectors/traffic/probe.curl");
const STIX: &str = include_str!("../vectors/traffic/bundle.json");
const CSV: &str = include_str!("../vectors/traffic/indicators.csv");

const MASTERS: [(&str, &str); 5] = [
    ("probe.http", HTTP),
    ("session.har", HAR),
    ("probe.curl", CURL),
    ("bundle.json", STIX),
    ("indicators.csv", CSV),
];

fn master(name: &str, source: &str) -> Master {
    Master::parse(name, source.as_bytes()).unwrap_or_else(|e| panic!("{}", e.render(name, source)))
}

/// Symbols from a seed, one for each site.
fn symbols(master: &Master, seed: u64) -> Vec<u64> {
    let mut state = seed;
    master
        .sites()
        .iter()
        .map(|site| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 16) % site.values
        })
        .collect()
}

/// Right, wrong and open sites of a leak.
fn counted(master: &Master, symbols: &[u64], leak: &Leak) -> (usize, usize, Vec<String>) {
    let (mut right, mut wrong, mut open) = (0, 0, Vec::new());
    for ((reading, site), symbol) in read(master, leak).iter().zip(master.sites()).zip(symbols) {
        match &reading.reading {
            Reading::Values { values, .. } if values == &[*symbol] => right += 1,
            Reading::Values { values, .. } if !values.contains(symbol) => wrong += 1,
            _ => open.push(format!("{} {:?}", site.label, reading.why_erased)),
        }
    }
    (right, wrong, open)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_copy_that_is_leaked_whole_is_read_whole(seed in any::<u64>()) {
        for (name, source) in MASTERS {
            let master = master(name, source);
            let symbols = symbols(&master, seed);
            let copy = master.embed(&symbols).unwrap();
            prop_assert_eq!(master.check_copy(&copy), Ok(()), "{}", name);
            let leak = Leak::parse(name, &copy).unwrap();
            let (right, wrong, open) = counted(&master, &symbols, &leak);
            // An order that sorting makes says nothing.
            let said = open.iter().all(|o| o.starts_with("shuffle") && o.ends_with("Some(Order)"));
            prop_assert!(wrong == 0 && right + open.len() == master.sites().len() && said, "{}: {:?}", name, open);
        }
    }

    #[test]
    fn json_written_anew_keeps_all_but_the_order_of_keys(seed in any::<u64>()) {
        for (name, source) in [("session.har", HAR), ("bundle.json", STIX)] {
            let master = master(name, source);
            let symbols = symbols(&master, seed);
            let copy = master.embed(&symbols).unwrap();
            // Keys in alphabetical order, two spaces, other escapes.
            let value: serde_json::Value = serde_json::from_slice(&copy).unwrap();
            let leak = Leak::parse("leak.json", serde_json::to_string_pretty(&value).unwrap().as_bytes()).unwrap();
            let (right, wrong, open) = counted(&master, &symbols, &leak);
            prop_assert!(wrong == 0, "{name}: {open:?}");
            prop_assert!(right * 10 >= master.sites().len() * 8, "{name}: {open:?}");
        }
    }

    #[test]
    fn a_request_is_read_from_the_log_of_a_server(seed in any::<u64>()) {
        for (name, source) in [("probe.http", HTTP), ("session.har", HAR), ("probe.curl", CURL)] {
            let master = master(name, source);
            let symbols = symbols(&master, seed);
            let copy = String::from_utf8(master.embed(&symbols).unwrap()).unwrap();
            let start = copy.find("/preview/v2/render?").unwrap();
            let target: String = copy[start..].chars().take_while(|c| !matches!(c, ' ' | '\'' | '"')).collect();
            let agent = copy[copy.find("lark-sync/").unwrap()..].chars().take_while(|c| !matches!(c, '\r' | '\n' | '\'' | '"')).collect::<String>();
            let log = format!(
                "192.0.2.4 - - [01/Mar/2026:10:00:00 +0000] \"GET /favicon.ico HTTP/1.1\" 200 914 \"-\" \"Mozilla/5.0\"\n192.0.2.10 - - [01/Mar/2026:10:20:30 +0000] \"POST {target} HTTP/1.1\" 200 512 \"-\" \"{agent}\"\n"
            );
            let (right, wrong, _) = counted(&master, &symbols, &Leak::parse("access.log", log.as_bytes()).unwrap());
            prop_assert!(wrong == 0 && right >= 3, "{name}: {right} right, {wrong} wrong");
        }
    }
}

#[test]
fn lengths_that_were_right_follow_in_every_copy() {
    let master = master("probe.http", HTTP);
    for seed in 0..200 {
        let copy = String::from_utf8(master.embed(&symbols(&master, seed)).unwrap()).unwrap();
        for message in copy.split("###\r\n") {
            let (head, body) = message.split_once("\r\n\r\n").unwrap();
            let body = body.strip_suffix("\r\n").unwrap_or(body);
            let stated = head
                .lines()
                .find_map(|l| l.strip_prefix("Content-Length: "));
            if let Some(stated) = stated {
                let right = if head.contains("X-Probe: smuggled") {
                    4
                } else {
                    body.len()
                };
                assert_eq!(stated.parse(), Ok(right), "{message}");
            }
        }
    }
}

#[test]
fn the_sizes_of_a_har_follow_in_every_copy() {
    let master = master("session.har", HAR);
    for seed in 0..200 {
        let copy = master.embed(&symbols(&master, seed)).unwrap();
        let har: serde_json::Value = serde_json::from_slice(&copy).unwrap();
        let entry = &har["log"]["entries"][0];
        let (request, response) = (&entry["request"], &entry["response"]);
        let body = request["postData"]["text"].as_str().unwrap().len();
        assert_eq!(request["bodySize"], body);
        let header = |of: &serde_json::Value, name: &str| {
            of["headers"]
                .as_array()
                .unwrap()
                .iter()
                .find(|h| h["name"] == name)
                .unwrap()["value"]
                .clone()
        };
        assert_eq!(header(request, "Content-Length"), body.to_string());
        let head: usize = request["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|h| h["name"].as_str().unwrap().len() + h["value"].as_str().unwrap().len() + 4)
            .sum();
        let target = request["url"]
            .as_str()
            .unwrap()
            .strip_prefix("https://share.larkspur.example")
            .unwrap();
        assert_eq!(
            request["headersSize"],
            "POST  HTTP/1.1\r\n\r\n".len() + target.len() + head
        );
        let content = response["content"]["text"].as_str().unwrap().len();
        assert_eq!(response["content"]["size"], content);
        // Compressed on the way: it was no length of the text, and stays.
        assert_eq!(response["bodySize"], 61);
        assert_eq!(response["headersSize"], -1);
        // What stands encoded elsewhere follows.
        let ticket = request["queryString"][0]["value"].as_str().unwrap();
        assert!(
            target.contains(&format!("ticket={ticket}&"))
                && request["postData"]["text"]
                    .as_str()
                    .unwrap()
                    .contains(ticket)
        );
    }
}

#[test]
fn a_table_keeps_its_rows_and_a_bundle_its_times() {
    let master = master("indicators.csv", CSV);
    let rows = |bytes: &[u8]| {
        let mut reader = csv::Reader::from_reader(bytes);
        let mut rows: Vec<Vec<String>> = reader
            .records()
            .map(|r| r.unwrap().iter().take(2).map(str::to_owned).collect())
            .collect();
        rows.sort();
        rows
    };
    let first = rows(&master.embed(&symbols(&master, 0)).unwrap());
    for seed in 1..50 {
        assert_eq!(rows(&master.embed(&symbols(&master, seed)).unwrap()), first);
    }
    let master = self::master("bundle.json", STIX);
    for seed in 0..50 {
        let bundle: serde_json::Value =
            serde_json::from_slice(&master.embed(&symbols(&master, seed)).unwrap()).unwrap();
        for object in bundle["objects"].as_array().unwrap() {
            let (created, modified) = (
                object["created"].as_str().unwrap(),
                object["modified"].as_str().unwrap(),
            );
            assert!(created <= modified && created.ends_with("Z"));
            let id = object["id"].as_str().unwrap();
            assert!(id.starts_with(&format!("{}--", object["type"].as_str().unwrap())));
            assert_eq!(
                (
                    id.as_bytes()[id.len() - 22],
                    id.len() - id.find("--").unwrap()
                ),
                (b'4', 38)
            );
        }
    }
}

#[test]
fn a_copy_that_is_no_longer_its_format_is_told_with_its_place() {
    for (name, source, line, what) in [
        ("a.json", "{\n \"a\": {~1|x~}}", 2, "not JSON"),
        (
            "a.har",
            "{\"log\": {~{}|[]~}}",
            1,
            "no `log` with `entries`",
        ),
        (
            "a.csv",
            "a,b\n1,{~2|2,3~}\n",
            2,
            "a row of 3 fields, and the first has 2",
        ),
        ("a.csv", "a,b\n1,{~2|\"2~}\n", 2, "a quote is not closed"),
        (
            "a.http",
            "GET / HTTP/1.1\nHost{~:|~} a\n\n",
            2,
            "a header line is written `Name: value`",
        ),
        ("a.http", "{~GET|get it~} /\n", 1, "no request line"),
        (
            "a.curl",
            "curl 'https://a.example/{~x|y'z~}'",
            1,
            "a quote is not closed",
        ),
        (
            "a.curl",
            "{~curl|wget~} https://a.example/",
            1,
            "the command does not begin with `curl`",
        ),
    ] {
        let master = master(name, source);
        let fault = master.check_copy(&master.embed(&[1]).unwrap()).unwrap_err();
        assert_eq!((fault.line, fault.what.as_str()), (line, what), "{source}");
        assert!(!fault.hint().is_empty());
    }
}
