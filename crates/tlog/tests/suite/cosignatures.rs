//! Witnesses' cosignatures, against a checkpoint of a public log.

use tlog::{
    Checkpoint, Cosignature, CosignatureError, Cosigner, CosignerKey, Hash, KeyError, Note, Quorum,
    QuorumError, Signature, Signer, TIME_MAX_S, Verifier, VerifyError,
};

/// A checkpoint of a public Certificate Transparency staging log with its witnesses' cosignatures.
/// Its first signature is of a type that is not read here (0x05).
const PUBLIC_NOTE: &str = "arche2025h1.staging.ct.transparency.dev\n\
    1432088532\n\
    U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\
    \n\
    — arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n\
    — arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n\
    — transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n\
    — witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n\
    — remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n\
    — witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n";
const PUBLIC_LOG: &str =
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
const PUBLIC_WITNESSES: [&str; 4] = [
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
];

/// Witnesses of the note, by their keys.
fn witnesses() -> Vec<CosignerKey> {
    PUBLIC_WITNESSES
        .iter()
        .map(|vkey| CosignerKey::parse(vkey).unwrap())
        .collect()
}

fn note() -> Note {
    let log = Signer::from_seed("log.example", [1; 32]).unwrap();
    Checkpoint::new("log.example", 3, Hash::from_bytes([7; 32]))
        .unwrap()
        .sign(&log)
        .unwrap()
}

#[test]
fn a_public_checkpoint_and_its_witnesses_are_verified() {
    let note = Note::parse(PUBLIC_NOTE).unwrap();
    assert_eq!(note.to_text(), PUBLIC_NOTE);
    let checkpoint = Checkpoint::open(PUBLIC_NOTE, &Verifier::parse(PUBLIC_LOG).unwrap()).unwrap();
    assert_eq!(checkpoint.size(), 1_432_088_532);
    let cosignatures = Quorum::new(witnesses(), 4).unwrap().verify(&note).unwrap();
    assert_eq!(cosignatures.len(), 4);
    assert!(
        cosignatures
            .iter()
            .all(|cosignature| cosignature.time_s == 0x6a12_2120)
    );
}

#[test]
fn a_changed_public_checkpoint_is_refused_by_each_key() {
    let note = Note::parse(&PUBLIC_NOTE.replacen("1432088532", "1432088533", 1)).unwrap();
    for key in witnesses() {
        assert!(matches!(
            key.verify(&note),
            Err(CosignatureError::Verify(VerifyError::Invalid { .. }))
        ));
    }
    assert!(Checkpoint::open_note(&note, &Verifier::parse(PUBLIC_LOG).unwrap()).is_err());
}

#[test]
fn a_cosignature_is_framed_as_the_specification_says() {
    let line = note();
    let cosigner = Cosigner::from_seed("witness.example/w", [2; 32]).unwrap();
    let signature = cosigner.cosign(&line, 1_679_315_147).unwrap();
    assert_eq!(signature.bytes().len(), 8 + 64);
    assert_eq!(signature.bytes()[..8], 1_679_315_147u64.to_be_bytes());
    // The signed message is the one of the specification: a plain key over the same bytes agrees.
    let plain = Signer::from_seed("witness.example/w", [2; 32]).unwrap();
    let message = format!("cosignature/v1\ntime 1679315147\n{}", line.text());
    let expected = Note::sign(&message, &plain).unwrap().signatures()[0]
        .bytes()
        .to_vec();
    assert_eq!(signature.bytes()[8..], expected);
    // But the ids differ, so that neither is ever taken for the other.
    assert_ne!(signature.key_id(), plain.verifier().key_id());
}

#[test]
fn a_cosignature_covers_time_text_and_extension_lines() {
    let log = Signer::from_seed("log.example", [1; 32]).unwrap();
    let root = Hash::from_bytes([7; 32]);
    let cosigner = Cosigner::from_seed("witness.example", [2; 32]).unwrap();
    let extended =
        Checkpoint::with_extensions("log.example", 3, root, vec!["ext".to_owned()]).unwrap();
    let mut note = extended.sign(&log).unwrap();
    note.add(cosigner.cosign(&note, 5).unwrap()).unwrap();
    let cosigned = Cosignature {
        witness: "witness.example".to_owned(),
        time_s: 5,
    };
    assert_eq!(cosigner.key().verify(&note), Ok(cosigned));

    let without_extension = note.to_text().replacen("\next\n", "\n", 1);
    assert!(
        cosigner
            .key()
            .verify(&Note::parse(&without_extension).unwrap())
            .is_err()
    );

    let line = note.signatures()[1].clone();
    for bit in 0..line.bytes().len() * 8 {
        let mut bytes = line.bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let mut changed = note.clone();
        changed
            .add(Signature::new(line.name(), line.key_id(), bytes).unwrap())
            .unwrap();
        assert!(cosigner.key().verify(&changed).is_err(), "bit {bit}");
    }
}

#[test]
fn times_beyond_the_specifications_limit_are_refused() {
    let cosigner = Cosigner::from_seed("witness.example", [2; 32]).unwrap();
    assert!(cosigner.cosign(&note(), TIME_MAX_S).is_ok());
    assert_eq!(
        cosigner.cosign(&note(), TIME_MAX_S + 1),
        Err(CosignatureError::Time {
            time_s: TIME_MAX_S + 1
        })
    );
}

#[test]
fn a_sound_signature_over_a_time_beyond_the_limit_is_refused() {
    // The same key, asked for a plain signature, signs whatever message there is.
    let (cosigner, plain) = (
        Cosigner::from_seed("witness.example", [2; 32]).unwrap(),
        Signer::from_seed("witness.example", [2; 32]).unwrap(),
    );
    for (time_s, accepted) in [
        (TIME_MAX_S, true),
        (TIME_MAX_S + 1, false),
        (u64::MAX, false),
    ] {
        let mut note = note();
        let message = format!("cosignature/v1\ntime {time_s}\n{}", note.text());
        let signed = Note::sign(&message, &plain).unwrap();
        let mut bytes = time_s.to_be_bytes().to_vec();
        bytes.extend_from_slice(signed.signatures()[0].bytes());
        note.add(Signature::new("witness.example", cosigner.key().key_id(), bytes).unwrap())
            .unwrap();
        assert_eq!(cosigner.key().verify(&note).is_ok(), accepted, "{time_s}");
    }
}

#[test]
fn only_checkpoints_are_cosigned() {
    let cosigner = Cosigner::from_seed("witness.example", [2; 32]).unwrap();
    let other = Note::sign(
        "not a checkpoint\n",
        &Signer::from_seed("log.example", [1; 32]).unwrap(),
    )
    .unwrap();
    assert!(matches!(
        cosigner.cosign(&other, 5),
        Err(CosignatureError::Checkpoint(_))
    ));
}

#[test]
fn keys_of_one_kind_are_not_read_as_the_other() {
    let cosigner = Cosigner::from_seed("witness.example", [2; 32]).unwrap();
    let wrong = |found, expected| KeyError::Type { found, expected };
    assert_eq!(Verifier::parse(&cosigner.vkey()), Err(wrong(4, 1)));
    assert_eq!(
        Signer::parse(&cosigner.secret()).map(|_| ()),
        Err(wrong(4, 1))
    );
    assert_eq!(CosignerKey::parse(PUBLIC_LOG), Err(wrong(1, 4)));
    assert_eq!(
        Cosigner::parse(&cosigner.secret()).unwrap().vkey(),
        cosigner.vkey()
    );
    assert!(format!("{cosigner:?}").contains("redacted"));
}

#[test]
fn a_quorum_counts_each_witness_once() {
    let (one, two) = (
        Cosigner::from_seed("w/one", [2; 32]).unwrap(),
        Cosigner::from_seed("w/two", [3; 32]).unwrap(),
    );
    let quorum = Quorum::new(vec![one.key(), two.key()], 2).unwrap();
    let mut note = note();
    note.add(one.cosign(&note, 5).unwrap()).unwrap();
    assert_eq!(
        quorum.verify(&note),
        Err(QuorumError::NotEnough {
            found: 1,
            needed: 2
        })
    );
    // The same witness again, in a second line, is still one witness.
    let twice = format!(
        "{}{}\n",
        note.to_text(),
        one.cosign(&note, 9).unwrap().to_line()
    );
    let twice = Note::parse(&twice).unwrap();
    assert_eq!(
        quorum.verify(&twice),
        Err(QuorumError::NotEnough {
            found: 1,
            needed: 2
        })
    );
    assert_eq!(one.key().verify(&twice).unwrap().time_s, 9);
    note.add(two.cosign(&note, 6).unwrap()).unwrap();
    assert_eq!(quorum.verify(&note).unwrap().len(), 2);
}

#[test]
fn a_quorum_of_one_holder_under_two_names_is_impossible() {
    let (one, alias) = (
        Cosigner::from_seed("w/one", [2; 32]).unwrap(),
        Cosigner::from_seed("w/alias", [2; 32]).unwrap(),
    );
    let namesake = Cosigner::from_seed("w/one", [4; 32]).unwrap();
    assert!(matches!(
        Quorum::new(vec![one.key(), alias.key()], 1),
        Err(QuorumError::SameWitness { .. })
    ));
    assert!(matches!(
        Quorum::new(vec![one.key(), namesake.key()], 1),
        Err(QuorumError::SameWitness { .. })
    ));
    assert!(matches!(
        Quorum::new(vec![one.key()], 2),
        Err(QuorumError::TooFewWitnesses { .. })
    ));
    assert!(
        Quorum::new(Vec::new(), 0)
            .unwrap()
            .verify(&note())
            .unwrap()
            .is_empty()
    );
}
