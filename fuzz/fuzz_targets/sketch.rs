//! Sketches: what is read is written again byte for byte, and a search through it ends.
//!
//! Fields: leak, sketch.
#![no_main]

use carriers::find::{self, Sketch};
use carriers::{Leak, Master};
use headstart_fuzz::fields::fields;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [text, bytes] = fields(input);
    let leak = Leak::parse("found.txt", text).expect("an input is below every limit");
    let mut sketches = Vec::new();
    if let Ok(master) = Master::parse("master.md", text) {
        let own = Sketch::of(&[&master]);
        let again = Sketch::from_bytes(&own.to_bytes()).expect("a sketch reads its own bytes");
        assert_eq!(own, again);
        sketches.push(own);
    }
    if let Ok(sketch) = Sketch::from_bytes(bytes) {
        assert_eq!(sketch.to_bytes(), bytes);
        sketches.push(sketch);
    }
    let found = find::rank(&sketches, &leak, 2);
    assert!(
        found.len() <= 2
            && found
                .iter()
                .all(|candidate| candidate.index < sketches.len())
    );
});
