//! Suggestions for programs, rules and data: each can be accepted alone, and then is not made again.
//!
//! Fields: a byte that chooses the kind of file, source.
#![no_main]

use author::suggest::{Decision, apply, suggest};
use carriers::Master;
use headstart_fuzz::fields::fields;
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 12] = [
    "a.py", "a.js", "a.ts", "a.tsx", "a.c", "a.ps1", "a.sh", "a.rules", "a.yar", "a.yml", "a.kql", "a.json",
];

fuzz_target!(|input: &[u8]| {
    let [choice, source] = fields(input);
    let name = NAMES[choice.first().copied().unwrap_or(0) as usize % NAMES.len()];
    let Ok(found) = suggest(name, source) else {
        return;
    };
    assert_eq!(Ok(&found), suggest(name, source).as_ref());
    let before = Master::parse(name, source).expect("suggestions were made for it").sites().len();
    // Each is written alone: two may want the same line.
    for suggestion in found.iter().take(16) {
        assert!(suggestion.values >= 2 && suggestion.end > suggestion.start);
        let accepted = apply(name, source, &[Decision::Accept(suggestion.id.clone())]);
        let written = accepted.unwrap_or_else(|error| panic!("{error}: {suggestion:?}"));
        let master = Master::parse(name, &written).expect("apply has parsed it");
        assert!(master.sites().len() > before, "{suggestion:?}");
    }
});
