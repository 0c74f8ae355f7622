//! Any bytes are read without a panic, and nothing that was altered holds.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like tests")]

mod case;

use std::sync::LazyLock;

use flow::evidence::{EVIDENCE_BYTES_MAX, Evidence, NotEvidence};
use flow::leaf::{CodeLeaf, PackageLeaf, ReceiptLeaf, RosterLeaf, SecretLeaf, SeedLeaf, WatchLeaf};
use flow::manifest;
use flow::verify::verify;
use proptest::prelude::*;
use serde_json::Value;

static HONEST: LazyLock<Evidence> = LazyLock::new(case::evidence);

#[test]
fn honest_evidence_holds() {
    let verified = verify(&HONEST, Some(&case::log().vkey())).unwrap();
    assert_eq!(verified.body.accused[0].seat.as_deref(), Some("p-2.s2"));
}

#[test]
fn evidence_that_is_too_large_is_refused_by_its_limit() {
    let error = Evidence::parse(&vec![b' '; EVIDENCE_BYTES_MAX + 1]).unwrap_err();
    assert!(matches!(error, NotEvidence::TooLarge { .. }));
    assert!(error.to_string().contains(&EVIDENCE_BYTES_MAX.to_string()));
}

/// Every value of a JSON document that holds no other.
fn ends(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(items) => items.iter_mut().flat_map(ends).collect(),
        Value::Object(fields) => fields.values_mut().flat_map(ends).collect(),
        end => vec![end],
    }
}

fn wrong_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        "[A-Za-z0-9+/]{0,40}={0,2}".prop_map(Value::from),
        "[0-9a-f]{64}".prop_map(Value::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn evidence_of_any_bytes_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Evidence::parse(&bytes).is_err());
    }

    #[test]
    fn evidence_with_any_other_value_anywhere_is_refused_or_fails(
        place in any::<prop::sample::Index>(),
        wrong in wrong_value(),
    ) {
        let mut json = serde_json::to_value(&*HONEST).unwrap();
        let mut ends = ends(&mut json);
        **place.get_mut(&mut ends) = wrong;
        if let Ok(evidence) = Evidence::parse(&serde_json::to_vec(&json).unwrap()) {
            let _ = verify(&evidence, None);
            let holds = verify(&evidence, Some(&case::log().vkey())).is_ok();
            prop_assert!(!holds || evidence.body == HONEST.body);
        }
    }

    #[test]
    fn evidence_with_a_cut_or_an_exchanged_byte_is_refused_or_fails(
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        is_cut in any::<bool>(),
    ) {
        let mut json = serde_json::to_vec(&*HONEST).unwrap();
        let at = place.index(json.len());
        if is_cut {
            json.truncate(at);
        } else {
            json[at] = byte;
        }
        if let Ok(evidence) = Evidence::parse(&json) {
            let holds = verify(&evidence, Some(&case::log().vkey())).is_ok();
            prop_assert!(!holds || evidence.body == HONEST.body);
        }
    }

    #[test]
    fn a_leaf_of_any_lines_is_refused_or_canonical(
        lines in prop::collection::vec(prop::sample::select(vec![
            "headstart code v2", "headstart roster v2", "headstart package v3", "headstart receipt v2",
            "headstart seed v1", "headstart secret v1", "headstart witnesses v1", "press 1 after nothing",
            "witnesses nothing", "case HS-2026-0001", "partner p-07", "seat p-07.s1", "group 2", "slot 3", "size 1", "size +1", "risk 1e-6",
            "risk NaN", "decoder 1", "at 2026-11-24T18:00:00Z", "at 2026-11-24T18:00:00+00:00", "",
            "code 0000000000000000000000000000000000000000000000000000000000000000",
            "seeds 0000000000000000000000000000000000000000000000000000000000000000",
            "seed 0000000000000000000000000000000000000000000000000000000000000000",
            "secret 0000000000000000000000000000000000000000000000000000000000000000",
            "copy a1 0000000000000000000000000000000000000000000000000000000000000000",
        ]), 0..9),
        end in prop::sample::select(vec!["", "\n", "\r\n", "é"]),
    ) {
        let text = lines.join("\n") + end;
        for written in [
            CodeLeaf::parse(&text).map(|leaf| leaf.to_text()),
            RosterLeaf::parse(&text).map(|leaf| leaf.to_text()),
            PackageLeaf::parse(&text).map(|leaf| leaf.to_text()),
            ReceiptLeaf::parse(&text).map(|leaf| leaf.to_text()),
            SeedLeaf::parse(&text).map(|leaf| leaf.to_text()),
            SecretLeaf::parse(&text).map(|leaf| leaf.to_text()),
            WatchLeaf::parse(&text).map(|leaf| leaf.to_text()),
        ].into_iter().flatten() {
            prop_assert_eq!(&written, &text);
        }
    }

    #[test]
    fn a_manifest_of_any_text_is_refused_or_read(tail in "(file: [0-9a-f]{64} [0-9]{1,25} .{0,9}\n|.{0,40}\n){0,4}") {
        if let Some(read) = manifest::read(&format!("headstart manifest v1\n{tail}")) {
            prop_assert_eq!(read.facts.len() + read.files.len(), tail.lines().count());
        }
    }
}
