//! Signed notes and checkpoints, against the published examples.

use tlog::{
    Checkpoint, CheckpointError, Hash, Note, NoteError, Signature, Signer, Verifier, VerifyError,
    empty_root,
};

/// The example of Go's `golang.org/x/mod/sumdb/note`.
const GO_SECRET: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const GO_SECOND_LINE: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=";

/// The example of <https://c2sp.org/signed-note>.
const SPEC_VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const SPEC_NOTE: &str = "This is an example message.\n\
    \n\
    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

/// The example of <https://c2sp.org/tlog-checkpoint>.
const SPEC_CHECKPOINT: &str =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

#[test]
fn go_example_key_signs_go_example_note() {
    let signer = Signer::parse(GO_SECRET).unwrap();
    assert_eq!(signer.sign(GO_TEXT).unwrap(), GO_NOTE);
}

#[test]
fn go_example_note_is_verified_and_cosigned_as_there() {
    let mut note = Note::parse(GO_NOTE).unwrap();
    assert_eq!(note.text(), GO_TEXT);
    assert_eq!(note.verify(&Verifier::parse(GO_VKEY).unwrap()), Ok(()));
    // That example's second key is made of 32 zero bytes.
    let enoch = Signer::from_seed("EnochRoot", [0; 32]).unwrap();
    let line = Note::sign(GO_TEXT, &enoch).unwrap().signatures()[0].clone();
    assert_eq!(line.to_line(), GO_SECOND_LINE);
    note.add(line).unwrap();
    assert_eq!(note.to_text(), format!("{GO_NOTE}{GO_SECOND_LINE}\n"));
    assert_eq!(note.verify(&enoch.verifier()), Ok(()));
    assert_eq!(note.verify(&Verifier::parse(GO_VKEY).unwrap()), Ok(()));
}

#[test]
fn the_specifications_note_is_verified() {
    let note = Note::from_bytes(SPEC_NOTE.as_bytes()).unwrap();
    let key = Verifier::parse(SPEC_VKEY).unwrap();
    assert_eq!(note.verify(&key), Ok(()));
    assert_eq!(note.to_text(), SPEC_NOTE);
    let changed = SPEC_NOTE.replacen("example message", "exampel message", 1);
    assert!(matches!(
        Note::parse(&changed).unwrap().verify(&key),
        Err(VerifyError::Invalid { .. })
    ));
}

#[test]
fn the_specifications_two_part_text_is_split_at_its_last_empty_line() {
    let note = "Ognuno sta solo sul cuor della terra\n\
        trafitto da un raggio di sole:\n\
        \n\
        ed è subito sera.\n\
        \n\
        — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    let parsed = Note::parse(note).unwrap();
    assert!(parsed.text().ends_with("\n\ned è subito sera.\n"));
    assert_eq!(parsed.signatures().len(), 1);
    assert_eq!(parsed.signatures()[0].name(), "quasimodo.example/salvatore");
    assert_eq!(parsed.signatures()[0].bytes().len(), 64);
    assert_eq!(parsed.to_text(), note);
}

#[test]
fn unknown_signatures_are_ignored_but_known_ones_must_verify() {
    let (ada, ben) = (
        Signer::from_seed("ada", [1; 32]).unwrap(),
        Signer::from_seed("ben", [2; 32]).unwrap(),
    );
    let mut note = Note::sign("text\n", &ada).unwrap();
    assert_eq!(note.verify(&ben.verifier()), Err(VerifyError::NotSigned));
    assert_eq!(
        note.verify_any(&[ben.verifier(), ada.verifier()]).unwrap(),
        [&ada.verifier()]
    );

    // A line that only claims to be by ben: harmless to who does not know ben, fatal to who does.
    note.add(Signature::new("ben", ben.verifier().key_id(), vec![0; 64]).unwrap())
        .unwrap();
    assert_eq!(note.verify(&ada.verifier()), Ok(()));
    assert!(matches!(
        note.verify_any(&[ada.verifier(), ben.verifier()]),
        Err(VerifyError::Invalid { .. })
    ));
    assert!(matches!(
        note.verify(&ben.verifier()),
        Err(VerifyError::Invalid { .. })
    ));

    // Another key of the same name, or another name with the same id, is another key.
    let other_ada = Signer::from_seed("ada", [3; 32]).unwrap();
    assert_eq!(
        note.verify(&other_ada.verifier()),
        Err(VerifyError::NotSigned)
    );
}

#[test]
fn one_false_line_among_a_keys_lines_is_enough_to_refuse() {
    let ada = Signer::from_seed("ada", [1; 32]).unwrap();
    let good = Note::sign("text\n", &ada).unwrap().to_text();
    let bad = Signature::new("ada", ada.verifier().key_id(), vec![9; 64])
        .unwrap()
        .to_line();
    for note in [
        format!("{good}{bad}\n"),
        good.replacen("\n\n", &format!("\n\n{bad}\n"), 1),
    ] {
        let note = Note::parse(&note).unwrap();
        assert_eq!(note.signatures().len(), 2);
        assert!(matches!(
            note.verify(&ada.verifier()),
            Err(VerifyError::Invalid { .. })
        ));
    }
}

#[test]
fn the_same_key_given_twice_is_counted_once() {
    let ada = Signer::from_seed("ada", [1; 32]).unwrap();
    let note = Note::sign("text\n", &ada).unwrap();
    assert_eq!(
        note.verify_any(&[ada.verifier(), ada.verifier()])
            .unwrap()
            .len(),
        1
    );
    assert_eq!(note.verify_any(&[]), Err(VerifyError::NotSigned));
}

#[test]
fn a_new_line_of_a_key_takes_the_place_of_its_old_one() {
    let ada = Signer::from_seed("ada", [1; 32]).unwrap();
    let mut note = Note::sign("text\n", &ada).unwrap();
    let line = note.signatures()[0].clone();
    note.add(line).unwrap();
    assert_eq!(note.signatures().len(), 1);
}

#[test]
fn texts_that_no_note_can_carry_are_not_signed() {
    let ada = Signer::from_seed("ada", [1; 32]).unwrap();
    assert_eq!(ada.sign("no newline"), Err(NoteError::NoNewline));
    assert_eq!(ada.sign(""), Err(NoteError::NoNewline));
    assert_eq!(
        ada.sign("a\ttab\n"),
        Err(NoteError::ControlCharacter { code: 9 })
    );
    assert_eq!(
        ada.sign("a\r\n"),
        Err(NoteError::ControlCharacter { code: 13 })
    );
    assert_eq!(
        ada.sign(&format!("{}\n", "a".repeat(tlog::NOTE_BYTES_MAX))),
        Err(NoteError::TooLarge)
    );
    assert_eq!(
        ada.sign(&format!("{}\n", "a".repeat(tlog::NOTE_BYTES_MAX - 10))),
        Err(NoteError::TooLarge)
    );
    assert!(ada.sign("\n").is_ok());
}

#[test]
fn malformed_notes_are_refused_with_the_reason() {
    let line = GO_SECOND_LINE;
    let cases = [
        (format!("text\n{line}\n"), "the note has no signature lines"),
        ("text\n\n".to_owned(), "the note has no signature lines"),
        (String::new(), "the note has no signature lines"),
        (
            format!("text\n\n{line}"),
            "the note does not end with a newline",
        ),
        (
            format!("te\u{0}xt\n\n{line}\n"),
            "the note has the control character U+0000",
        ),
        (format!("text\n\n{line}\r\n"), "is not a signature line"),
        (
            format!("text\n\n{}\n", line.replacen('—', "-", 1)),
            "is not a signature line",
        ),
        (
            format!("text\n\n{}\n", line.replacen("EnochRoot", "Enoch+Root", 1)),
            "is not a signature line",
        ),
        (
            format!("text\n\n{}\n", line.replacen("EnochRoot", "", 1)),
            "is not a signature line",
        ),
        (
            format!("text\n\n{}\n", line.trim_end_matches('=')),
            "is not a signature line",
        ),
        (format!("text\n\n{line} \n"), "is not a signature line"),
        (
            "text\n\n— ada AAAAAA==\n".to_owned(),
            "is not a signature line",
        ),
        ("text\n\n— ada\n".to_owned(), "is not a signature line"),
        (
            format!("text\n\n{}", format!("{line}\n").repeat(101)),
            "the note has more than 100 signatures",
        ),
    ];
    for (note, reason) in cases {
        let error = Note::parse(&note).unwrap_err();
        assert!(error.to_string().contains(reason), "{note:?}: {error}");
        assert!(!error.hint().is_empty());
    }
    assert_eq!(Note::from_bytes(b"\xff\n\n"), Err(NoteError::NotUtf8));
    assert_eq!(
        Note::from_bytes(&vec![b'a'; tlog::NOTE_BYTES_MAX + 1]),
        Err(NoteError::TooLarge)
    );
    assert!(Note::parse(&format!("text\n\n{}", format!("{line}\n").repeat(100))).is_ok());
}

#[test]
fn a_full_note_takes_no_further_signature() {
    let mut note = Note::parse("text\n\n— w0 AAAAAAA=\n").unwrap();
    for number in 1..100 {
        note.add(Signature::new(&format!("w{number}"), 0, vec![0]).unwrap())
            .unwrap();
    }
    let before = note.clone();
    assert_eq!(
        note.add(Signature::new("one-more", 0, vec![0]).unwrap()),
        Err(NoteError::TooManySignatures)
    );
    assert_eq!(
        note.add(Signature::new("w5", 0, vec![0; tlog::NOTE_BYTES_MAX]).unwrap()),
        Err(NoteError::TooLarge)
    );
    assert_eq!(note, before);
}

#[test]
fn the_specifications_checkpoint_comes_back() {
    let checkpoint = Checkpoint::parse(SPEC_CHECKPOINT).unwrap();
    assert_eq!(checkpoint.origin(), "example.com/behind-the-sofa");
    assert_eq!(checkpoint.size(), 20_852_163);
    assert_eq!(
        checkpoint.root().to_base64(),
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    );
    assert_eq!(checkpoint.extensions(), [""; 0]);
    assert_eq!(checkpoint.to_text(), SPEC_CHECKPOINT);
}

#[test]
fn a_checkpoint_has_one_spelling() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    for text in [
        String::new(),
        "\n".to_owned(),
        "log\n".to_owned(),
        "log\n1\n".to_owned(),
        format!("log\n1\n{root}"),
        format!("\n1\n{root}\n"),
        format!("log\n01\n{root}\n"),
        format!("log\n+1\n{root}\n"),
        format!("log\n-1\n{root}\n"),
        format!("log\n 1\n{root}\n"),
        format!("log\n1 \n{root}\n"),
        format!("log\n\n{root}\n"),
        format!("log\n1e3\n{root}\n"),
        format!("log\n１\n{root}\n"),
        format!("log\n18446744073709551616\n{root}\n"),
        format!("log\n00\n{}\n", empty_root().to_base64()),
        format!("log\n0\n{root}\n"),
        format!("log\n1\n{root} \n"),
        format!("log\n1\n{}\n", &root[..43]),
        format!("log\n1\n{root}\n\n"),
        format!("log\n1\n{root}\next\n\n"),
        format!("log\n1\n{root}\n\next\n"),
        format!("log\r\n1\n{root}\n"),
        format!("log\n1\n{root}\nex\tt\n"),
    ] {
        assert!(Checkpoint::parse(&text).is_err(), "{text:?}");
    }
    for text in [
        format!("log\n18446744073709551615\n{root}\n"),
        format!("log\n0\n{}\n", empty_root().to_base64()),
        format!("log with spaces+plus\n1\n{root}\nextension\nanother one\n"),
    ] {
        assert_eq!(Checkpoint::parse(&text).unwrap().to_text(), text);
    }
}

#[test]
fn only_the_logs_own_key_opens_or_signs_its_checkpoint() {
    let log = Signer::from_seed("log.example/a", [1; 32]).unwrap();
    let other = Signer::from_seed("log.example/b", [2; 32]).unwrap();
    let checkpoint = Checkpoint::new("log.example/a", 1, Hash::from_bytes([7; 32])).unwrap();
    let note = checkpoint.sign(&log).unwrap();
    assert_eq!(
        Checkpoint::open(&note.to_text(), &log.verifier()),
        Ok(checkpoint.clone())
    );
    assert!(matches!(
        checkpoint.sign(&other),
        Err(CheckpointError::OtherLog { .. })
    ));
    assert!(matches!(
        Checkpoint::open(&note.to_text(), &other.verifier()),
        Err(CheckpointError::Verify(VerifyError::NotSigned))
    ));
    // The other log's key may sign any text, but never speaks for this log.
    let forged = other.sign(&checkpoint.to_text()).unwrap();
    assert!(matches!(
        Checkpoint::open(&forged, &other.verifier()),
        Err(CheckpointError::OtherLog { .. })
    ));
    let impostor = Signer::from_seed("log.example/a", [3; 32])
        .unwrap()
        .sign(&checkpoint.to_text())
        .unwrap();
    assert!(Checkpoint::open(&impostor, &log.verifier()).is_err());
}
