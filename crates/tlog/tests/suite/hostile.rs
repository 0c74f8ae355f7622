//! Whatever bytes come in, parsers answer; and what they accept, they write back byte for byte.

use proptest::prelude::*;
use tlog::{
    Checkpoint, ConsistencyProof, Cosigner, Note, Resource, Signature, Signer, TlogProof,
    decode_entries, inclusion_proof,
};

use crate::tree;

/// A cosigned proof with everything in it.
fn sample() -> String {
    let tree = tree(37);
    let log = Signer::from_seed("log.example", [1; 32]).unwrap();
    let checkpoint =
        Checkpoint::with_extensions("log.example", 37, tree.root(), vec!["extension".to_owned()])
            .unwrap();
    let mut note = checkpoint.sign(&log).unwrap();
    note.add(
        Cosigner::from_seed("witness.example", [2; 32])
            .unwrap()
            .cosign(&note, 77)
            .unwrap(),
    )
    .unwrap();
    TlogProof::with_extra(
        inclusion_proof(&tree, 5, 37).unwrap(),
        note,
        b"extra".to_vec(),
    )
    .unwrap()
    .to_text()
}

/// The sample with a few changes of the kind that a careless or hostile messenger makes.
fn mangled() -> impl Strategy<Value = String> {
    let change = (
        any::<prop::sample::Index>(),
        0..6usize,
        "[ \\n—+=A0x\\u{0}\\u{a0}]{0,3}",
    );
    prop::collection::vec(change, 0..4).prop_map(|changes| {
        let mut chars: Vec<char> = sample().chars().collect();
        for (at, removed, inserted) in changes {
            let start = at.index(chars.len());
            let end = (start + removed).min(chars.len());
            chars.splice(start..end, inserted.chars());
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_proof_that_is_read_is_written_alike(text in mangled()) {
        if let Ok(proof) = TlogProof::from_text(&text) {
            prop_assert_eq!(proof.to_text(), text);
        }
    }

    #[test]
    fn a_note_that_is_read_is_written_alike(text in mangled()) {
        if let Ok(note) = Note::parse(&text) {
            prop_assert_eq!(note.to_text(), text);
            if let Ok(checkpoint) = Checkpoint::parse(note.text()) {
                prop_assert_eq!(checkpoint.to_text(), note.text());
            }
        }
    }

    #[test]
    fn a_checkpoint_that_is_read_is_written_alike(text in "[a \\n]{0,3}\\n[0-9]{0,21}\\n[A-Za-z0-9+/]{42,43}=?\\n([a \\n]{0,3}\\n){0,2}") {
        if let Ok(checkpoint) = Checkpoint::parse(&text) {
            prop_assert_eq!(checkpoint.to_text(), text);
        }
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,200}", width: u16) {
        let _ = Note::from_bytes(&bytes);
        let _ = decode_entries(&bytes, width);
        for text in [text.as_str(), &String::from_utf8_lossy(&bytes)] {
            let _ = Note::parse(text);
            let _ = Signature::parse(text);
            let _ = Checkpoint::parse(text);
            let _ = TlogProof::from_text(text);
            let _ = ConsistencyProof::from_text(text);
            let _ = Resource::parse(text);
        }
    }

    #[test]
    fn a_signed_text_is_refused_once_any_of_it_changes(
        text in "([a-z —]{0,20}\\n){1,4}",
        at in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let signer = Signer::from_seed("log.example", [1; 32]).unwrap();
        let note = signer.sign(&text).unwrap();
        prop_assert!(Note::parse(&note).unwrap().verify(&signer.verifier()).is_ok());
        let mut bytes = note.into_bytes();
        let place = at.index(bytes.len());
        bytes[place] ^= 1 << bit;
        if let Ok(changed) = Note::from_bytes(&bytes) {
            prop_assert!(changed.verify(&signer.verifier()).is_err());
        }
    }
}
