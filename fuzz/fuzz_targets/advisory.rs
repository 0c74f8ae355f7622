//! Advisories: CSAF 2.0 and CVE 5 documents are read or refused; what was read keeps the named limits.
#![no_main]

use domain::advisory::{
    CVES_MAX, PRODUCTS_MAX, SCORES_MAX, SUMMARY_CHARS_MAX, TEXT_CHARS_MAX, read_advisory,
    release_from,
};
use domain::explain::Explain as _;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    match read_advisory(input) {
        Ok(details) => {
            assert!(details.cves.len() <= CVES_MAX);
            assert!(details.products.len() <= PRODUCTS_MAX);
            assert!(details.scores.len() <= SCORES_MAX);
            assert!(details.title.chars().count() <= TEXT_CHARS_MAX);
            let summary = details.summary.as_deref().unwrap_or_default();
            assert!(summary.chars().count() <= SUMMARY_CHARS_MAX);
            assert!(
                details
                    .scores
                    .iter()
                    .all(|score| (0.0..=10.0).contains(&score.value()))
            );
            release_from(&details, headstart_fuzz::case::now());
            let json = serde_json::to_vec(&details).expect("details are JSON");
            let again = serde_json::from_slice(&json).expect("details are read back");
            assert_eq!(details, again);
        }
        Err(error) => {
            assert!(!error.to_string().contains('\n'));
            assert!(error.to_string().len() <= 2000);
            assert!(!error.hint().is_empty() && !error.code().is_empty());
        }
    }
});
