//! Manifests: the notes that travel in packages.
#![no_main]

use flow::manifest;
use libfuzzer_sys::fuzz_target;
use tlog::Note;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Some(read) = manifest::read(text) {
        assert!(read.facts.len() + read.files.len() < text.lines().count());
        assert!(
            read.facts
                .iter()
                .all(|(word, value)| read.fact(word).is_some() && !value.contains('\n'))
        );
    }
    if let Ok(note) = Note::parse(text) {
        manifest::read(note.text());
    }
});
