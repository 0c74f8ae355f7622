//! Archives: zip, tar and gzip within named limits; every name stays inside, and the answer is the same every time.
#![no_main]

use intake::{Found, Limits, Tools, survey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let limits = Limits {
        unpacked_bytes_max: 8 << 20,
        members_max: 200,
        // No helper program is started from here.
        pictures_max: 0,
        ..Limits::default()
    };
    let found = [Found::Bytes {
        name: "a".to_owned(),
        bytes: input.to_vec(),
    }];
    let tools = Tools::new(Vec::new());
    let intake = survey(&found, &tools, &limits);
    assert_eq!(intake, survey(&found, &tools, &limits));
    let bytes: usize = intake.parts.iter().map(|part| part.bytes.len()).sum();
    assert!(bytes <= (8 << 20) + input.len());
    for part in &intake.parts {
        assert!(part.name == "a" || part.name.starts_with("a/") || part.name.starts_with("a."));
        assert!(!part.name.split('/').any(|piece| piece == ".."));
        assert!(!part.name.chars().any(char::is_control));
    }
    for skipped in &intake.skipped {
        let text = skipped.why.to_string();
        assert!(!text.contains('\n') && !skipped.why.hint().is_empty());
    }
});
