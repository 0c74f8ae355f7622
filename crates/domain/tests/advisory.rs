//! Advisories of an invented product, and hostile ones.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use domain::advisory::{
    ADVISORY_BYTES_MAX, AdvisoryError, CaseDetails, Format, read_advisory, release_from,
};
use domain::explain::Explain;
use domain::tlp::Tlp;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

const CSAF: &str = include_str!("../vectors/csaf-larkspur-share.json");
const CVE: &str = include_str!("../vectors/cve-larkspur-share.json");

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_csaf_document_gives_title_cves_affected_products_scores_label_and_release() {
    let details = read_advisory(CSAF.as_bytes()).unwrap();
    assert_eq!(
        details.title,
        "Larkspur Share: files of other tenants can be read"
    );
    assert_eq!(details.cves[0].as_str(), "CVE-2026-90001");
    assert_eq!(
        details.products.len(),
        1,
        "the fixed version is not affected"
    );
    let product = &details.products[0];
    assert_eq!(product.vendor.as_deref(), Some("Larkspur"));
    assert_eq!(product.name, "Larkspur Share");
    assert_eq!(product.version.as_deref(), Some("vers:generic/<4.2.1"));
    assert_eq!(details.scores[0].value(), 8.8);
    assert_eq!(details.tlp, Some(Tlp::AmberStrict));
    assert_eq!(details.release, Some(time("2026-12-08T18:00:00Z")));
    let source = details.source.as_ref().unwrap();
    assert_eq!(
        (source.format, source.id.as_str()),
        (Format::Csaf, "LS-2026-004")
    );
    assert_eq!(
        details.summary.as_deref(),
        Some("A share link opens files of other tenants.")
    );
}

#[test]
fn a_cve_record_gives_the_same_shape() {
    let details = read_advisory(CVE.as_bytes()).unwrap();
    assert_eq!(details.cves[0].as_str(), "CVE-2026-90002");
    assert_eq!(details.products.len(), 1);
    assert_eq!(
        details.products[0].version.as_deref(),
        Some("4.0.0, before 4.2.1")
    );
    let versions: Vec<_> = details.scores.iter().map(|s| s.version()).collect();
    assert_eq!(versions, ["4.0", "3.1"]);
    assert_eq!(
        details.release,
        Some(time("2026-12-08T18:00:00Z")),
        "the date of the details, which the schema says is UTC without a zone"
    );
    assert_eq!(
        details.summary.as_deref(),
        Some("Previews run with the rights of the server.")
    );
}

#[test]
fn details_survive_json() {
    for text in [CSAF, CVE] {
        let details = read_advisory(text.as_bytes()).unwrap();
        let json = serde_json::to_string(&details).unwrap();
        assert_eq!(serde_json::from_str::<CaseDetails>(&json).unwrap(), details);
    }
}

#[test]
fn an_advisory_whose_date_has_passed_gives_no_release() {
    let details = read_advisory(CSAF.as_bytes()).unwrap();
    let release = time("2026-12-08T18:00:00Z");
    assert_eq!(
        release_from(&details, time("2026-12-08T17:59:59Z")),
        Some(release)
    );
    assert_eq!(release_from(&details, release), None);
    assert_eq!(release_from(&CaseDetails::default(), release), None);
}

#[test]
fn a_case_under_embargo_is_never_labelled_more_open_than_amber_strict() {
    let mut details = CaseDetails::default();
    assert_eq!(details.label_under_embargo(), Tlp::AmberStrict);
    details.tlp = Some(Tlp::Clear);
    assert_eq!(details.label_under_embargo(), Tlp::AmberStrict);
    details.tlp = Some(Tlp::Red);
    assert_eq!(details.label_under_embargo(), Tlp::Red);
}

/// The document with one value replaced; null takes it away.
fn with(text: &str, pointer: &str, value: Value) -> Vec<u8> {
    let mut document: Value = serde_json::from_str(text).unwrap();
    *document.pointer_mut(pointer).unwrap() = value;
    serde_json::to_vec(&document).unwrap()
}

#[test]
fn a_broken_document_is_refused_by_the_path_of_the_fault() {
    let vulnerability = "/vulnerabilities/0";
    for (text, pointer, value, error) in [
        (
            CSAF,
            "/document/title",
            Value::Null,
            "`document.title` is missing",
        ),
        (
            CSAF,
            "/document/title",
            json!(7),
            "`document.title` is not a string",
        ),
        (
            CSAF,
            "/document/title",
            json!("  "),
            "`document.title`: the text is empty",
        ),
        (CSAF, "/document", json!([]), "`document` is not an object"),
        (
            CSAF,
            "/document/csaf_version",
            json!("1.2"),
            "`document.csaf_version`: version `1.2` is not one that is read (2.0)",
        ),
        (
            CSAF,
            "/document/distribution/tlp/label",
            json!("PINK"),
            "`document.distribution.tlp.label`: `PINK` is not a TLP label",
        ),
        (
            CSAF,
            "/document/tracking/initial_release_date",
            json!("2026-12-08"),
            "`document.tracking.initial_release_date`: `2026-12-08` is not a time with a zone",
        ),
        (
            CSAF,
            &format!("{vulnerability}/cve"),
            json!("CVE-1"),
            "`vulnerabilities[0].cve`: `CVE-1` is not a CVE id",
        ),
        (
            CSAF,
            &format!("{vulnerability}/product_status/known_affected/0"),
            json!("NO"),
            "`vulnerabilities[0].product_status.known_affected[0]`: product `NO` is not in the product tree",
        ),
        (
            CSAF,
            "/vulnerabilities",
            json!({}),
            "`vulnerabilities` is not a list",
        ),
        (
            CVE,
            "/dataVersion",
            json!("4.0"),
            "`dataVersion`: version `4.0` is not one that is read (5.x)",
        ),
        (
            CVE,
            "/cveMetadata/state",
            json!("REJECTED"),
            "the CVE record `CVE-2026-90002` is rejected, and has nothing to import",
        ),
        (
            CVE,
            "/containers/cna",
            Value::Null,
            "`containers.cna` is missing",
        ),
        (
            CVE,
            "/containers/cna/affected/0/product",
            Value::Null,
            "`containers.cna.affected[0].product` is missing",
        ),
    ] {
        let refused = read_advisory(&with(text, pointer, value)).unwrap_err();
        assert_eq!(refused.to_string(), error);
        assert!(!refused.hint().is_empty());
    }
    let vector = "/vulnerabilities/0/scores/0/cvss_v3/vectorString";
    let refused = read_advisory(&with(CSAF, vector, json!("CVSS:3.1/AV:N"))).unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("`vulnerabilities[0].scores[0].cvss_v3.vectorString`: "),
        "{refused}"
    );
}

#[test]
fn broken_json_is_refused_by_line_and_column() {
    let refused = read_advisory(b"{\n  \"document\": nope\n}").unwrap_err();
    assert_eq!(refused.to_string(), "line 2, column 16: expected ident");
    assert_eq!(
        read_advisory(b"[1]").unwrap_err().to_string(),
        "`$` is not an object"
    );
    assert_eq!(
        read_advisory(b"{}").unwrap_err(),
        AdvisoryError::UnknownFormat
    );
}

#[test]
fn limits_are_named() {
    let huge = vec![b' '; ADVISORY_BYTES_MAX + 1];
    assert_eq!(
        read_advisory(&huge).unwrap_err().to_string(),
        "the file has more than 33554432 bytes"
    );
    let deep = "[".repeat(100_000);
    let refused = read_advisory(deep.as_bytes()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "line 1, column 128: recursion limit exceeded"
    );
    let cves: Vec<Value> = (0..5_001)
        .map(|n| json!({"cve": format!("CVE-2026-{n:05}")}))
        .collect();
    let refused = read_advisory(&with(CSAF, "/vulnerabilities", json!(cves))).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the document has more than 5000 CVE ids"
    );
    let long = json!("x".repeat(2_001));
    let refused = read_advisory(&with(CSAF, "/document/title", long)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`document.title`: the text is longer than 2000 characters"
    );
}

/// Any JSON, small.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,8}", inner, 0..3)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Pointers of every value of a document.
fn pointers(value: &Value, at: String, all: &mut Vec<String>) {
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, inner)| pointers(inner, format!("{at}/{key}"), all)),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(index, inner)| pointers(inner, format!("{at}/{index}"), all)),
        _ => {}
    }
    all.push(at);
}

proptest! {
    #[test]
    fn any_value_anywhere_in_a_document_is_read_or_refused_and_never_panics(
        text in prop_oneof![Just(CSAF), Just(CVE)],
        place in any::<prop::sample::Index>(),
        value in any_json(),
    ) {
        let mut all = Vec::new();
        pointers(&serde_json::from_str(text).unwrap(), String::new(), &mut all);
        let pointer = place.get(&all);
        if let Err(error) = read_advisory(&with(text, pointer, value)) {
            let shown = error.to_string();
            prop_assert!(!shown.contains('\n') && !shown.ends_with('.'), "{}", shown);
        }
    }

    #[test]
    fn a_cut_or_flipped_document_never_panics(
        text in prop_oneof![Just(CSAF), Just(CVE)],
        place in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let mut bytes = text.trim_end().as_bytes().to_vec();
        let at = place.index(bytes.len());
        prop_assert!(read_advisory(&bytes[..at]).is_err());
        bytes[at] ^= 1 << bit;
        let _ = read_advisory(&bytes);
    }
}
