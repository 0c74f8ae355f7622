//! A client's memory of a log: canonical text alone is read; nothing makes a remembered log smaller.
#![no_main]

use flow::delivery::Grown;
use flow::memory::{Memory, Seen};
use headstart_fuzz::case;
use libfuzzer_sys::fuzz_target;
use tlog::{ConsistencyProof, Hash, Note};

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(memory) = Memory::parse(text) {
        assert_eq!(memory.to_text(), text);
        if let Some(note) = &memory.checkpoint {
            assert_eq!(memory.compare(note, None, true), Ok(Seen::Same));
        }
    }
    // A log of two entries is remembered; the checkpoint in the input is signed by nobody.
    let mut texts = case::Texts::default();
    texts.commit("one".to_owned());
    texts.commit("two".to_owned());
    let (checkpoint, _) = texts.close();
    let mut memory = Memory::new("Example PSIRT", case::log().verifier(), None);
    memory.keep(Note::parse(&checkpoint).expect("it is signed"));
    assert_eq!(Memory::parse(&memory.to_text()).as_ref(), Ok(&memory));
    if let Ok(note) = Note::parse(text) {
        assert!(memory.compare(&note, None, true).is_err() || note.text() == checkpoint_text(&checkpoint));
    }
    // The log grew, with whatever proof: only the right one is believed.
    texts.commit("three".to_owned());
    let (later, _) = texts.close();
    let note = Note::parse(&later).expect("it is signed");
    let mut hashes = input.chunks_exact(32).filter_map(Hash::from_slice);
    let root = hashes.next().unwrap_or_else(|| tlog::leaf_hash(b""));
    let grown = Grown {
        size: 2,
        root,
        proof: ConsistencyProof {
            hashes: hashes.take(70).collect(),
        },
    };
    let seen = memory.compare(&note, Some(&grown), true).expect("it is signed");
    assert!(matches!(seen, Seen::Apart(_)), "{seen:?}");
});

fn checkpoint_text(note: &str) -> String {
    let (text, _) = note.split_once("\n\n").expect("it is a note");
    format!("{text}\n")
}
