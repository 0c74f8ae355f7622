//! Fork reports: what is read is written byte for byte, and an honest log is never convicted.
#![no_main]

use headstart_fuzz::case;
use libfuzzer_sys::fuzz_target;
use tlog::{Checkpoint, ForkReport, Hash, MemoryTree, Note, consistency_proof, leaf_hash};

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = std::str::from_utf8(input)
        && let Ok(report) = ForkReport::parse(text)
    {
        assert_eq!(report.to_text(), text);
        let _ = report.check();
    }
    // Two checkpoints of one log that only grew, with whatever beginning and proof: nobody is convicted.
    let [old, new, rest @ ..] = input else { return };
    let (old, new) = (u64::from(*old % 40) + 1, u64::from(*new % 60) + 1);
    let mut hashes = rest.chunks_exact(32).filter_map(Hash::from_slice);
    let mut report = ForkReport {
        key: case::log().verifier(),
        known: note(old),
        offered: note(new),
        beginning: hashes.next(),
        proof: tlog::ConsistencyProof {
            hashes: hashes.take(70).collect(),
        },
    };
    let convicts = |report: &ForkReport| report.check().is_ok_and(|shown| shown.is_proof());
    assert!(!convicts(&report));
    let (small, large) = (old.min(new), old.max(new));
    report.proof = consistency_proof(&tree(large), small, large).expect("it grew");
    assert!(!convicts(&report));
});

fn tree(size: u64) -> MemoryTree {
    MemoryTree::from_leaves((0..size).map(|leaf| leaf_hash(&leaf.to_be_bytes())))
}

fn note(size: u64) -> Note {
    let tree = tree(size);
    Checkpoint::new(case::log().name(), tree.size(), tree.root())
        .expect("the origin is one")
        .sign(&case::log())
        .expect("a checkpoint is short")
}
