//! The texts of leaves: what is read is written again byte for byte.
#![no_main]

use flow::leaf::{
    CodeLeaf, PackageLeaf, ReceiptLeaf, RosterLeaf, SecretLeaf, SeedLeaf, WatchLeaf,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let read = [
        CodeLeaf::parse(text).map(|leaf| {
            assert!(leaf.innocent_risk > 0.0 && leaf.innocent_risk < 1.0);
            leaf.to_text()
        }),
        RosterLeaf::parse(text).map(|leaf| leaf.to_text()),
        PackageLeaf::parse(text).map(|leaf| leaf.to_text()),
        ReceiptLeaf::parse(text).map(|leaf| leaf.to_text()),
        SeedLeaf::parse(text).map(|leaf| leaf.to_text()),
        SecretLeaf::parse(text).map(|leaf| leaf.to_text()),
        WatchLeaf::parse(text).map(|leaf| leaf.to_text()),
    ];
    for written in read.iter().flatten() {
        assert_eq!(written, text);
    }
    assert!(
        read.iter().flatten().count() <= 1,
        "one text is two kinds of leaves"
    );
});
