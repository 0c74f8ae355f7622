//! Fork reports: what they show, and that nobody is convicted by one that shows nothing.

use proptest::prelude::*;
use tlog::{
    Checkpoint, ConsistencyProof, ForkReport, ForkReportError, ForkShown, MemoryTree, Note, Signer,
    consistency_proof, leaf_hash,
};

const NAME: &str = "log.example/forked";

fn signer() -> Signer {
    Signer::from_seed(NAME, [5; 32]).unwrap()
}

/// A log of `size` leaves whose leaves from `from` on are of another world.
fn tree(size: u64, from: u64) -> MemoryTree {
    MemoryTree::from_leaves((0..size).map(|leaf| {
        let world = if leaf >= from { "other" } else { "one" };
        leaf_hash(format!("{world} {leaf}").as_bytes())
    }))
}

fn note(tree: &MemoryTree) -> Note {
    Checkpoint::new(NAME, tree.size(), tree.root())
        .unwrap()
        .sign(&signer())
        .unwrap()
}

/// The report of whoever knew `known` and was shown `offered`, with the proof that the log of `offered` gives.
fn report(known: &MemoryTree, offered: &MemoryTree, world_of_larger: u64) -> ForkReport {
    let (small, large) = (
        known.size().min(offered.size()),
        known.size().max(offered.size()),
    );
    let larger = if known.size() > offered.size() {
        known
    } else {
        offered
    };
    ForkReport {
        key: signer().verifier(),
        known: note(known),
        offered: note(offered),
        beginning: Some(tree(small, world_of_larger).root()),
        proof: consistency_proof(larger, small, large).unwrap(),
    }
}

#[test]
fn a_forked_log_is_convicted_and_an_honest_one_is_not() {
    // Every pair of small sizes, also powers of two, whose proofs leave the old root out.
    for old in 1..20u64 {
        for new in old + 1..24 {
            let honest = report(&tree(old, 99), &tree(new, 99), 99);
            assert_eq!(
                honest.check(),
                Err(ForkReportError::Grown {
                    size: old,
                    larger: new
                })
            );
            let forked = report(&tree(old, 99), &tree(new, old - 1), old - 1);
            assert_eq!(
                forked.check(),
                Ok(ForkShown::OtherBeginning {
                    size: old,
                    larger: new
                })
            );
            // With a false proof nobody is convicted, whoever is to blame.
            let unproven = ForkReport {
                proof: ConsistencyProof::default(),
                beginning: Some(tree(old, 3).root()),
                ..honest
            };
            let shown = unproven.check().unwrap();
            assert!(!shown.is_proof(), "{old} {new}: {shown:?}");
        }
        let split = report(&tree(old, 99), &tree(old, old - 1), old - 1);
        assert_eq!(split.check(), Ok(ForkShown::TwoTrees { size: old }));
        assert_eq!(
            report(&tree(old, 99), &tree(old, 99), 99).check(),
            Err(ForkReportError::Same { size: old })
        );
    }
}

#[test]
fn a_smaller_log_is_said_and_convicts_nobody_unless_it_was_rewritten() {
    let rolled_back = report(&tree(9, 99), &tree(6, 99), 99);
    let shown = rolled_back.check().unwrap();
    assert_eq!(
        shown,
        ForkShown::Shrunk {
            size: 9,
            smaller: 6
        }
    );
    assert!(!shown.is_proof());
    let rewritten = report(&tree(9, 99), &tree(6, 2), 99);
    assert!(rewritten.check().unwrap().is_proof());
}

#[test]
fn a_report_of_another_key_shows_nothing() {
    let mut report = report(&tree(5, 99), &tree(5, 3), 3);
    report.key = Signer::from_seed(NAME, [6; 32]).unwrap().verifier();
    assert!(matches!(
        report.check(),
        Err(ForkReportError::Checkpoint(_))
    ));
}

#[test]
fn a_report_reads_back() {
    for (known, offered) in [(5, 5), (5, 9), (8, 11), (9, 6)] {
        let report = report(&tree(known, 99), &tree(offered, 3), 3);
        assert_eq!(ForkReport::parse(&report.to_text()), Ok(report.clone()));
        let bare = ForkReport {
            beginning: None,
            proof: ConsistencyProof::default(),
            ..report
        };
        assert_eq!(ForkReport::parse(&bare.to_text()), Ok(bare));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_hostile_report_never_panics(cut in 0usize..900, byte in any::<u8>(), text in ".{0,200}") {
        let mut bytes = report(&tree(5, 99), &tree(9, 3), 3).to_text().into_bytes();
        let at = cut % bytes.len();
        bytes[at] = byte;
        if let Ok(read) = ForkReport::parse(&String::from_utf8_lossy(&bytes)) {
            let _ = read.check();
        }
        let _ = ForkReport::parse(&text);
    }
}
