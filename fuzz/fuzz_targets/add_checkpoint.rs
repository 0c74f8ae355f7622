//! Requests to a witness: what is read is written again byte for byte, and no other bytes are read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use witness::{AddCheckpoint, PROOF_LINES_MAX, REQUEST_BYTES_MAX, WitnessUrl};

fuzz_target!(|input: &[u8]| {
    match AddCheckpoint::parse(input) {
        Ok(request) => {
            assert_eq!(request.to_text().as_bytes(), input);
            assert!(input.len() <= REQUEST_BYTES_MAX);
            assert!(request.proof.hashes.len() <= PROOF_LINES_MAX);
        }
        Err(error) => {
            assert!(!error.to_string().contains('\n'));
            assert!(!error.hint().is_empty());
        }
    }
    if let Ok(text) = std::str::from_utf8(input)
        && let Ok(url) = WitnessUrl::parse(text)
    {
        assert_eq!(WitnessUrl::parse(url.as_str()), Ok(url));
    }
});
