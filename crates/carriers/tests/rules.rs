//! Detection rules: encodings, options and operands are carried, and read back from a copy that was laid out anew.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like tests")]

use carriers::{Carrier, Leak, Master, read};
use fingerprint::Reading;
use proptest::prelude::*;

const SURICATA: &str = "#~ encode preview\n#~ shuffle options\nalert http any any -> $HOME_NET any (msg:\"Larkspur Share preview worker abuse\"; flow:established,to_server; http.uri; content:\"/preview/v2/render\"; http.header; content:\"X-Lk-Origin|3a 20|\"; classtype:web-application-attack; reference:url,share.larkspur.example/advisories/1; sid:4100017; rev:3; metadata:created_at 2026_03_01;)  #~ encode X-Lk\n";
const YARA: &str = "rule larkspur_probe {\n  strings:\n    $path = \"/preview/v2/render\"  //~ encode\n    $mark = { 4c 4b 0a 9f c4 1d }  //~ encode\n    $wide = \"lark-sync\" wide\n  condition:\n    $path and #mark > 2 and $wide  //~ shuffle and\n}\n";
const SIGMA: &str = "title: Larkspur Share preview worker abuse\ndetection:\n  selection_path:\n    cs-uri-stem|contains: /preview/v2/render\n  selection_header:\n    cs-x-lk-origin: desktop\n  selection_agent:\n    c-useragent|startswith: lark-sync/\n  condition: selection_path and selection_header and selection_agent  #~ shuffle and\n";
const KQL: &str = "DeviceNetworkEvents\n| where RemoteUrl has \"/preview/v2/render\" and InitiatingProcessFileName =~ \"lark-sync\" and RemotePort == 443  //~ shuffle and\n| project Timestamp, DeviceName, RemoteUrl\n";

const MASTERS: [(&str, &str, &[u64]); 4] = [
    ("larkspur.rules", SURICATA, &[3, 3, 60]),
    ("larkspur.yar", YARA, &[3, 2, 6]),
    ("larkspur.yml", SIGMA, &[6]),
    ("larkspur.kql", KQL, &[6]),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn encodings_and_orders_are_read_back(seed in any::<u64>(), spaced in any::<bool>()) {
        for (name, source, values) in MASTERS {
            let master = Master::parse(name, source.as_bytes()).unwrap_or_else(|e| panic!("{}", e.render(name, source)));
            let mut found: Vec<u64> = master.sites().iter().map(|s| s.values).collect();
            found.sort_unstable();
            let mut expected = values.to_vec();
            expected.sort_unstable();
            prop_assert_eq!(found, expected, "{}", name);
            let symbols: Vec<u64> = master.sites().iter().enumerate().map(|(i, s)| (seed >> (8 * i)) % s.values).collect();
            let mut copy = String::from_utf8(master.embed(&symbols).unwrap()).unwrap();
            if spaced && name.ends_with("yar") {
                copy = copy.replace("  ", "\t").replace(" = ", "=");
            }
            let leak = Leak::parse(name, copy.as_bytes()).unwrap();
            for ((reading, site), symbol) in read(&master, &leak).iter().zip(master.sites()).zip(&symbols) {
                match &reading.reading {
                    Reading::Values { values, .. } => prop_assert_eq!(values, &[*symbol], "{} {}\n{}", name, site.label, copy),
                    other => {
                        // What an aligner does not see is left open, never wrong.
                        prop_assert!(site.carrier == Carrier::Shuffle, "{name} {}: {other:?}\n{copy}", site.label);
                    }
                }
            }
        }
    }
}

#[test]
fn copies_mean_the_same_bytes() {
    let master = Master::parse("larkspur.rules", SURICATA.as_bytes()).unwrap();
    let copies: Vec<String> = (0..3)
        .map(|value| String::from_utf8(master.embed(&[value, value % 2, 0]).unwrap()).unwrap())
        .collect();
    assert!(
        copies[1].contains("content:\"|2f 70 72 65 76 69 65 77 2f 76 32 2f 72 65 6e 64 65 72|\"")
    );
    assert!(copies[2].contains("content:\"|2F 70 72"));
    assert!(copies[1].contains("content:\"|58 2d 4c 6b 2d"));
    assert!(copies.iter().all(|c| !c.contains("#~")));
    let master = Master::parse("larkspur.yar", YARA.as_bytes()).unwrap();
    let copy = String::from_utf8(master.embed(&[2, 1, 5]).unwrap()).unwrap();
    assert!(
        copy.contains("$path = { 2F 70 72 65 76") && copy.contains("$mark = { 4C 4B 0A 9F C4 1D }")
    );
    assert!(
        copy.contains("    $wide and #mark > 2 and $path\n"),
        "{copy}"
    );
}

#[test]
fn what_cannot_be_encoded_is_told() {
    for (name, source, expected) in [
        (
            "a.yar",
            "$a = \"text\" nocase //~ encode\n",
            "nothing on this line fits `encode`",
        ),
        (
            "a.yar",
            "$a = { 4d ?? } //~ encode\n",
            "nothing on this line fits `encode`",
        ),
        (
            "a.yar",
            "$a = { 31 32 00 } //~ encode\n",
            "a mark needs at least two alternatives, and this one has 1",
        ),
        (
            "a.rules",
            "alert (content:\"a|3a\"; sid:1;) #~ encode\n",
            "nothing on this line fits `encode`",
        ),
        (
            "a.rules",
            "alert (content:\"ab\"; content:\"cd\"; sid:1;) #~ encode\n",
            "2 literals on this line fit `encode`",
        ),
        (
            "a.rules",
            "alert (content:\"ab\"; sid:1;) #~ shuffle options\n",
            "no list `options` on this line or the next",
        ),
        (
            "a.yml",
            "condition: a and b or c #~ shuffle and\n",
            "no list `and` on this line or the next",
        ),
        (
            "a.py",
            "x = \"ab\"  #~ encode\n",
            "nothing on this line fits `encode`",
        ),
    ] {
        let errors = Master::parse(name, source.as_bytes()).unwrap_err();
        assert_eq!(errors.0[0].kind.to_string(), expected, "{source}");
        assert!(!errors.hint().is_empty());
    }
}
