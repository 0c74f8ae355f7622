//! Evidence files: any bytes, and honest evidence with bytes exchanged; only what says the same as the honest file holds.
//!
//! An input that begins with `!` is a list of edits of the honest file: four bytes of place, one of length, the new
//! bytes. Any other input is the file itself.
#![no_main]

use std::sync::LazyLock;

use flow::evidence::Evidence;
use flow::verify::verify;
use headstart_fuzz::case;
use libfuzzer_sys::fuzz_target;

static HONEST: LazyLock<(Evidence, Vec<u8>, String)> = LazyLock::new(|| {
    let evidence = case::evidence();
    let key = case::log().vkey();
    verify(&evidence, Some(&key)).expect("honest evidence holds");
    let json = serde_json::to_vec(&evidence).expect("evidence is JSON");
    (evidence, json, key)
});

fuzz_target!(|input: &[u8]| {
    let (honest, json, key) = &*HONEST;
    let edited = match input.strip_prefix(b"!") {
        Some(edits) => edit(json.clone(), edits),
        None => input.to_vec(),
    };
    let Ok(evidence) = Evidence::parse(&edited) else {
        return;
    };
    let again = Evidence::parse(evidence.to_text().as_bytes()).expect("evidence is read back");
    assert_eq!(evidence, again);
    let _ = verify(&evidence, None);
    if verify(&evidence, Some(key)).is_ok() {
        assert_eq!(evidence.body, honest.body, "altered evidence holds");
    }
});

fn edit(mut json: Vec<u8>, mut edits: &[u8]) -> Vec<u8> {
    while let Some((head, rest)) = edits.split_first_chunk::<5>() {
        let [a, b, c, d, length] = *head;
        let (new, rest) = rest.split_at(usize::from(length).min(rest.len()));
        let place = u32::from_le_bytes([a, b, c, d]) as usize % json.len();
        for (old, new) in json.iter_mut().skip(place).zip(new) {
            *old = *new;
        }
        edits = rest;
    }
    json
}
