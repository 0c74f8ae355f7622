//! `confirm` is the only way to `Logged`, and a monitor's check of growth.

use tlog::{
    Checkpoint, CheckpointError, ConfirmError, Cosigner, ENTRY_BYTES_MAX, Entry, Fork,
    InclusionProof, MemoryTree, Note, Quorum, Signer, TlogProof, VerifyError, check_growth,
    confirm, confirm_cosigned, consistency_proof, inclusion_proof, leaf_hash, root,
};

use crate::flip;

#[derive(Debug, Clone, PartialEq)]
struct Parcel(Vec<u8>);

impl Entry for Parcel {
    fn entry_bytes(&self) -> Vec<u8> {
        self.0.clone()
    }
}

struct Log {
    signer: Signer,
    tree: MemoryTree,
}

impl Log {
    fn of(parcels: &[Parcel]) -> Log {
        Log {
            signer: Signer::from_seed("log.example", [1; 32]).unwrap(),
            tree: MemoryTree::from_leaves(
                parcels
                    .iter()
                    .map(|parcel| leaf_hash(&parcel.entry_bytes())),
            ),
        }
    }

    fn checkpoint(&self, size: u64) -> Checkpoint {
        Checkpoint::new("log.example", size, root(&self.tree, size).unwrap()).unwrap()
    }

    fn note(&self) -> Note {
        self.checkpoint(self.tree.size())
            .sign(&self.signer)
            .unwrap()
    }
}

fn parcels(number: u8) -> Vec<Parcel> {
    (0..number).map(|byte| Parcel(vec![byte; 3])).collect()
}

#[test]
fn every_logged_parcel_is_confirmed_at_its_own_place_only() {
    let parcels = parcels(20);
    let log = Log::of(&parcels);
    let note = log.note().to_text();
    for (index, parcel) in parcels.iter().enumerate() {
        let proof = inclusion_proof(&log.tree, index as u64, 20).unwrap();
        let logged = confirm(parcel.clone(), &proof, &note, &log.signer.verifier()).unwrap();
        assert_eq!((logged.value(), logged.index()), (parcel, index as u64));
        assert_eq!(logged.checkpoint(), &log.checkpoint(20));
        assert!(logged.cosignatures().is_empty());
        for other in parcels.iter().filter(|other| *other != parcel) {
            let refused = confirm(other, &proof, &note, &log.signer.verifier());
            assert!(matches!(refused, Err(ConfirmError::Inclusion(_))));
        }
        let elsewhere = InclusionProof {
            index: (index as u64 + 1) % 20,
            ..proof
        };
        assert!(confirm(parcel, &elsewhere, &note, &log.signer.verifier()).is_err());
    }
}

#[test]
fn nothing_is_confirmed_by_another_key_or_an_unsigned_checkpoint() {
    let parcels = parcels(5);
    let log = Log::of(&parcels);
    let proof = inclusion_proof(&log.tree, 2, 5).unwrap();
    let note = log.note().to_text();
    let impostor = Signer::from_seed("log.example", [9; 32]).unwrap();
    assert!(matches!(
        confirm(&parcels[2], &proof, &note, &impostor.verifier()),
        Err(ConfirmError::Checkpoint(CheckpointError::Verify(
            VerifyError::NotSigned
        )))
    ));
    let other_log = Signer::from_seed("other.example", [1; 32]).unwrap();
    let other_note = other_log.sign(&log.checkpoint(5).to_text()).unwrap();
    assert!(matches!(
        confirm(&parcels[2], &proof, &other_note, &other_log.verifier()),
        Err(ConfirmError::Checkpoint(CheckpointError::OtherLog { .. }))
    ));
    let unsigned = log.checkpoint(5).to_text();
    assert!(confirm(&parcels[2], &proof, &unsigned, &log.signer.verifier()).is_err());
    let changed = note.replacen("\n5\n", "\n6\n", 1);
    assert!(confirm(&parcels[2], &proof, &changed, &log.signer.verifier()).is_err());
}

#[test]
fn an_entry_too_large_for_any_bundle_is_not_confirmed() {
    let large = Parcel(vec![0; ENTRY_BYTES_MAX + 1]);
    let log = Log::of(std::slice::from_ref(&large));
    let proof = inclusion_proof(&log.tree, 0, 1).unwrap();
    let refused = confirm(large, &proof, &log.note().to_text(), &log.signer.verifier());
    assert_eq!(
        refused.map(|_| ()),
        Err(ConfirmError::EntryTooLarge {
            found: ENTRY_BYTES_MAX + 1
        })
    );
}

#[test]
fn a_quorum_is_needed_where_it_is_asked_for() {
    let parcels = parcels(5);
    let log = Log::of(&parcels);
    let proof = inclusion_proof(&log.tree, 2, 5).unwrap();
    let witness = Cosigner::from_seed("witness.example", [2; 32]).unwrap();
    let quorum = Quorum::new(vec![witness.key()], 1).unwrap();
    let mut note = log.note();
    let verifier = log.signer.verifier();
    let refused = confirm_cosigned(&parcels[2], &proof, &note.to_text(), &verifier, &quorum);
    assert!(matches!(refused, Err(ConfirmError::Quorum(_))));
    note.add(witness.cosign(&note, 1_700_000_000).unwrap())
        .unwrap();
    let logged =
        confirm_cosigned(&parcels[2], &proof, &note.to_text(), &verifier, &quorum).unwrap();
    assert_eq!(logged.cosignatures().len(), 1);
    assert_eq!(logged.cosignatures()[0].time_s, 1_700_000_000);
    assert_eq!(logged.into_value(), &parcels[2]);
}

#[test]
fn a_stored_proof_is_confirmed_from_its_text() {
    let parcels = parcels(12);
    let log = Log::of(&parcels);
    let proof = TlogProof::new(inclusion_proof(&log.tree, 7, 12).unwrap(), log.note()).unwrap();
    let text = proof.to_text();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 7\n"));
    let read = TlogProof::from_text(&text).unwrap();
    assert_eq!(read, proof);
    let note = read.checkpoint().to_text();
    assert!(confirm(&parcels[7], read.inclusion(), &note, &log.signer.verifier()).is_ok());
}

#[test]
fn a_proofs_extra_data_has_its_own_line() {
    let log = Log::of(&parcels(1));
    let inclusion = inclusion_proof(&log.tree, 0, 1).unwrap();
    let proof = TlogProof::with_extra(inclusion.clone(), log.note(), b"salt".to_vec()).unwrap();
    let text = proof.to_text();
    assert!(
        text.starts_with("c2sp.org/tlog-proof@v1\nextra c2FsdA==\nindex 0\n\nlog.example\n1\n")
    );
    assert_eq!(TlogProof::from_text(&text).unwrap().extra(), b"salt");
    assert!(
        TlogProof::with_extra(inclusion, log.note(), vec![0; tlog::EXTRA_BYTES_MAX + 1]).is_err()
    );
}

#[test]
fn malformed_proofs_are_refused_with_the_reason() {
    let log = Log::of(&parcels(1));
    let note = log.note().to_text();
    let hash = leaf_hash(b"x").to_base64();
    let cases = [
        (format!("index 0\n\n{note}"), "does not begin with the line"),
        (
            format!("c2sp.org/tlog-proof@v2\nindex 0\n\n{note}"),
            "does not begin with the line",
        ),
        (
            format!("c2sp.org/tlog-proof@v1\n\n\n{note}"),
            "is not an index line",
        ),
        (
            format!("c2sp.org/tlog-proof@v1\nindex 00\n\n{note}"),
            "is not an index line",
        ),
        (
            format!("c2sp.org/tlog-proof@v1\nindex -5\n\n{note}"),
            "is not an index line",
        ),
        (
            format!("c2sp.org/tlog-proof@v1\nindex 18446744073709551616\n\n{note}"),
            "is not an index line",
        ),
        (
            format!("c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n{note}"),
            "is not a line of extra data",
        ),
        (
            format!("c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\n{note}"),
            "is not a line of extra data",
        ),
        (
            format!("c2sp.org/tlog-proof@v1\nindex 0\nextra c2FsdA==\n\n{note}"),
            "is not the base64 of a 32-byte hash",
        ),
        (
            format!("c2sp.org/tlog-proof@v1\nindex 0\n{}\n\n{note}", &hash[..40]),
            "is not the base64 of a 32-byte hash",
        ),
        (
            format!(
                "c2sp.org/tlog-proof@v1\nindex 0\n{}\n{note}",
                format!("{hash}\n").repeat(65)
            ),
            "more than 64 hashes",
        ),
        (
            "c2sp.org/tlog-proof@v1\nindex 0\n".to_owned(),
            "the proof has no checkpoint",
        ),
        (
            "c2sp.org/tlog-proof@v1\nindex 0\n\nlog.example\n".to_owned(),
            "the note has no signature lines",
        ),
        (
            "c2sp.org/tlog-proof@v1\n".to_owned() + &"a".repeat(tlog::TLOG_PROOF_BYTES_MAX),
            "is larger than",
        ),
    ];
    for (text, reason) in cases {
        let error = TlogProof::from_text(&text).unwrap_err();
        assert!(
            error.to_string().contains(reason),
            "{error} where `{reason}` was due"
        );
        assert!(!error.hint().is_empty());
    }
}

#[test]
fn a_monitor_follows_growth_and_names_each_kind_of_fork() {
    let log = Log::of(&parcels(20));
    let (old, new) = (log.checkpoint(7), log.checkpoint(20));
    let proof = consistency_proof(&log.tree, 7, 20).unwrap();
    assert_eq!(check_growth(&old, &new, &proof), Ok(()));
    assert_eq!(check_growth(&old, &old, &Default::default()), Ok(()));
    assert_eq!(
        check_growth(&log.checkpoint(0), &new, &Default::default()),
        Ok(())
    );

    assert_eq!(
        check_growth(&new, &old, &proof),
        Err(Fork::Shrunk {
            old_size: 20,
            new_size: 7
        })
    );
    let elsewhere = Checkpoint::new("other.example", 20, new.root()).unwrap();
    assert!(matches!(
        check_growth(&old, &elsewhere, &proof),
        Err(Fork::OtherLog { .. })
    ));

    let split = Checkpoint::new("log.example", 7, flip(&old.root(), 3)).unwrap();
    let fork = check_growth(&old, &split, &Default::default()).unwrap_err();
    assert!(matches!(fork, Fork::Split { size: 7, .. }) && fork.is_evidence());

    let rewritten = Checkpoint::new("log.example", 20, flip(&new.root(), 3)).unwrap();
    let fork = check_growth(&old, &rewritten, &proof).unwrap_err();
    assert!(matches!(fork, Fork::NotShown(_)) && !fork.is_evidence());
}
