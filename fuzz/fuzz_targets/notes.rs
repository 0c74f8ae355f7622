//! Signed notes, checkpoints and cosignatures: what is read is written again byte for byte.
#![no_main]

use std::sync::LazyLock;

use headstart_fuzz::case;
use libfuzzer_sys::fuzz_target;
use tlog::{Checkpoint, Cosigner, CosignerKey, Note, SIGNATURES_MAX, Verifier};

static KEYS: LazyLock<(Verifier, CosignerKey)> = LazyLock::new(|| {
    let witness = Cosigner::from_seed("witness.example", [9; 32]).expect("the name is one");
    (case::log().verifier(), witness.key())
});

fuzz_target!(|input: &[u8]| {
    let (log, witness) = &*KEYS;
    if let Ok(note) = Note::from_bytes(input) {
        assert_eq!(note.to_text().as_bytes(), input);
        assert!(note.signatures().len() <= SIGNATURES_MAX);
        let _ = note.verify(log);
        let _ = witness.verify(&note);
        if let Ok(checkpoint) = Checkpoint::open_note(&note, log) {
            assert_eq!(checkpoint.to_text(), note.text());
        }
    }
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_text(), text);
        let signed = checkpoint.sign(&case::log());
        assert_eq!(signed.is_ok(), checkpoint.origin() == log.name());
        if let Ok(note) = signed {
            let opened = Checkpoint::open(&note.to_text(), log).expect("its signature holds");
            assert_eq!(opened, checkpoint);
        }
    }
});
