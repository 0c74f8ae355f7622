//! Proofs hold for what is there, and for nothing else.

use proptest::prelude::*;
use tlog::{
    ConsistencyProof, Frontier, Hash, HashReader, InclusionProof, Node, PROOF_HASHES_MAX,
    consistency_length, consistency_proof, empty_root, inclusion_length, inclusion_proof,
    node_hash, root, verify_consistency, verify_inclusion,
};

use crate::{flip, leaf, tree};

#[test]
fn every_leaf_of_every_tree_up_to_260_is_proved() {
    let tree = tree(260);
    for size in 1..=260 {
        let root = root(&tree, size).unwrap();
        for index in 0..size {
            let proof = inclusion_proof(&tree, index, size).unwrap();
            assert_eq!(proof.hashes.len(), inclusion_length(index, size));
            assert_eq!(
                verify_inclusion(&leaf(index), &proof, size, &root),
                Ok(()),
                "leaf {index} of {size}"
            );
        }
    }
}

#[test]
fn every_growth_up_to_260_is_proved() {
    let tree = tree(260);
    let roots: Vec<Hash> = (0..=260).map(|size| root(&tree, size).unwrap()).collect();
    for new_size in 0..=260 {
        for old_size in 0..=new_size {
            let proof = consistency_proof(&tree, old_size, new_size).unwrap();
            assert_eq!(proof.hashes.len(), consistency_length(old_size, new_size));
            let (old, new) = (&roots[old_size as usize], &roots[new_size as usize]);
            assert_eq!(
                verify_consistency(old_size, old, new_size, new, &proof),
                Ok(()),
                "{old_size} to {new_size}"
            );
        }
    }
}

#[test]
fn a_growth_is_not_shown_from_any_other_old_root() {
    let tree = tree(66);
    let roots: Vec<Hash> = (0..=66).map(|size| root(&tree, size).unwrap()).collect();
    for new_size in 0..=66u64 {
        for old_size in 0..=new_size {
            let proof = consistency_proof(&tree, old_size, new_size).unwrap();
            for (other_size, other) in roots
                .iter()
                .enumerate()
                .filter(|(size, _)| *size as u64 != old_size)
            {
                let new = &roots[new_size as usize];
                assert!(
                    verify_consistency(old_size, other, new_size, new, &proof).is_err(),
                    "{old_size} to {new_size} with the root of {other_size}"
                );
            }
        }
    }
}

#[test]
fn the_empty_tree_is_the_beginning_of_every_tree() {
    let empty = ConsistencyProof::default();
    let grown = root(&tree(5), 5).unwrap();
    assert_eq!(
        verify_consistency(0, &empty_root(), 5, &grown, &empty),
        Ok(())
    );
    assert_eq!(
        verify_consistency(0, &empty_root(), 0, &empty_root(), &empty),
        Ok(())
    );
    assert!(verify_consistency(0, &grown, 5, &grown, &empty).is_err());
    assert!(verify_consistency(0, &empty_root(), 0, &grown, &empty).is_err());
    assert!(
        verify_consistency(
            0,
            &empty_root(),
            5,
            &grown,
            &ConsistencyProof {
                hashes: vec![grown]
            }
        )
        .is_err()
    );
}

#[test]
fn nothing_is_proved_beyond_the_tree() {
    let tree = tree(8);
    assert!(inclusion_proof(&tree, 8, 8).is_err());
    assert!(inclusion_proof(&tree, 0, 0).is_err());
    assert!(inclusion_proof(&tree, 3, 9).is_err());
    assert!(consistency_proof(&tree, 5, 4).is_err());
    assert!(consistency_proof(&tree, 5, 9).is_err());
    let root = tree.root();
    assert!(
        verify_inclusion(
            &leaf(8),
            &InclusionProof {
                index: 8,
                hashes: Vec::new()
            },
            8,
            &root
        )
        .is_err()
    );
    assert!(verify_consistency(5, &root, 4, &root, &ConsistencyProof::default()).is_err());
}

/// A tree of any size in which all leaves are alike but one, so that no hash need be stored.
struct OneOff {
    at: u64,
}

impl HashReader for OneOff {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        let (mut alike, mut odd) = (leaf(0), leaf(1));
        for below in 0..level {
            let is_right = self.at.checked_shr(u32::from(below)).unwrap_or(0) & 1 == 1;
            odd = if is_right {
                node_hash(&alike, &odd)
            } else {
                node_hash(&odd, &alike)
            };
            alike = node_hash(&alike, &alike);
        }
        Some(
            if self.at.checked_shr(u32::from(level)).unwrap_or(0) == index {
                odd
            } else {
                alike
            },
        )
    }
}

#[test]
fn the_largest_tree_has_proofs_within_the_limit() {
    let tree = OneOff { at: u64::MAX - 1 };
    let root = root(&tree, u64::MAX).unwrap();
    let proof = inclusion_proof(&tree, u64::MAX - 1, u64::MAX).unwrap();
    assert!(proof.hashes.len() <= PROOF_HASHES_MAX);
    assert_eq!(verify_inclusion(&leaf(1), &proof, u64::MAX, &root), Ok(()));
    for index in [0, 1, 1 << 32, 1 << 63, u64::MAX - 2] {
        let proof = inclusion_proof(&tree, index, u64::MAX).unwrap();
        assert!(proof.hashes.len() <= PROOF_HASHES_MAX);
        assert_eq!(verify_inclusion(&leaf(0), &proof, u64::MAX, &root), Ok(()));
        assert!(verify_inclusion(&leaf(1), &proof, u64::MAX, &root).is_err());
    }
}

#[test]
fn a_full_tree_takes_no_further_leaf() {
    let hashes = vec![leaf(0); 64];
    let mut frontier = Frontier::from_hashes(u64::MAX, hashes).unwrap();
    let before = frontier.clone();
    assert_eq!(frontier.append(leaf(1)), Err(tlog::TreeError::Full));
    assert_eq!(frontier, before);
}

#[test]
fn a_frontier_needs_one_hash_for_each_one_bit_of_its_size() {
    let frontier = Frontier::read(&tree(21), 21).unwrap();
    assert_eq!(frontier.hashes().len(), 3);
    assert_eq!(
        Frontier::from_hashes(21, frontier.hashes().to_vec()),
        Ok(frontier.clone())
    );
    assert!(Frontier::from_hashes(20, frontier.hashes().to_vec()).is_err());
    assert!(Frontier::from_hashes(0, frontier.hashes().to_vec()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_changed_bit_breaks_an_inclusion_proof(
        (size, index) in (2u64..300).prop_flat_map(|size| (Just(size), 0..size)),
        bit in 0usize..256,
        at in any::<prop::sample::Index>(),
    ) {
        let tree = tree(size);
        let root = tree.root();
        let proof = inclusion_proof(&tree, index, size).unwrap();
        let mut changed = proof.clone();
        let place = at.index(changed.hashes.len());
        changed.hashes[place] = flip(&changed.hashes[place], bit);
        prop_assert!(verify_inclusion(&leaf(index), &changed, size, &root).is_err());
        prop_assert!(verify_inclusion(&flip(&leaf(index), bit), &proof, size, &root).is_err());
        prop_assert!(verify_inclusion(&leaf(index), &proof, size, &flip(&root, bit)).is_err());

        for other in (0..size).filter(|other| *other != index) {
            let moved = InclusionProof { index: other, ..proof.clone() };
            prop_assert!(verify_inclusion(&leaf(index), &moved, size, &root).is_err());
        }
        let mut short = proof.clone();
        short.hashes.remove(place);
        prop_assert!(verify_inclusion(&leaf(index), &short, size, &root).is_err());
        let mut long = proof;
        long.hashes.insert(place, root);
        prop_assert!(verify_inclusion(&leaf(index), &long, size, &root).is_err());
    }

    #[test]
    fn any_changed_bit_breaks_a_consistency_proof(
        (new_size, old_size) in (2u64..300).prop_flat_map(|size| (Just(size), 1..size)),
        bit in 0usize..256,
        at in any::<prop::sample::Index>(),
    ) {
        let tree = tree(new_size);
        let (old, new) = (root(&tree, old_size).unwrap(), tree.root());
        let proof = consistency_proof(&tree, old_size, new_size).unwrap();
        let place = at.index(proof.hashes.len());
        let mut changed = proof.clone();
        changed.hashes[place] = flip(&changed.hashes[place], bit);
        prop_assert!(verify_consistency(old_size, &old, new_size, &new, &changed).is_err());
        prop_assert!(verify_consistency(old_size, &flip(&old, bit), new_size, &new, &proof).is_err());
        prop_assert!(verify_consistency(old_size, &old, new_size, &flip(&new, bit), &proof).is_err());
        let mut short = proof.clone();
        short.hashes.remove(place);
        prop_assert!(verify_consistency(old_size, &old, new_size, &new, &short).is_err());
        let mut long = proof;
        long.hashes.insert(place, old);
        prop_assert!(verify_consistency(old_size, &old, new_size, &new, &long).is_err());
    }

    #[test]
    fn proofs_hold_in_trees_of_any_size(
        (size, at, old_size) in (1..=u64::MAX).prop_flat_map(|size| (Just(size), 0..size, 1..=size)),
    ) {
        let tree = OneOff { at };
        let new = root(&tree, size).unwrap();
        let proof = inclusion_proof(&tree, at, size).unwrap();
        prop_assert_eq!(proof.hashes.len(), inclusion_length(at, size));
        prop_assert_eq!(verify_inclusion(&leaf(1), &proof, size, &new), Ok(()));
        let old = root(&tree, old_size).unwrap();
        let proof = consistency_proof(&tree, old_size, size).unwrap();
        prop_assert_eq!(proof.hashes.len(), consistency_length(old_size, size));
        prop_assert_eq!(verify_consistency(old_size, &old, size, &new, &proof), Ok(()));
    }

    #[test]
    fn verification_never_panics(
        index: u64, old_size: u64, size: u64,
        hashes in prop::collection::vec(any::<[u8; 32]>().prop_map(Hash::from_bytes), 0..70),
    ) {
        let root = leaf(1);
        let proof = InclusionProof { index, hashes: hashes.clone() };
        prop_assert!(verify_inclusion(&leaf(0), &proof, size, &root).is_err());
        let proof = ConsistencyProof { hashes };
        prop_assert!(verify_consistency(old_size, &leaf(0), size, &root, &proof).is_err());
    }

    #[test]
    fn an_append_makes_exactly_the_subtrees_that_it_completes(size in 0u64..600) {
        let larger = tree(size + 1);
        let smaller = tree(size);
        let made = Frontier::read(&smaller, size).unwrap().append(leaf(size)).unwrap();
        let mut expected = Vec::new();
        for level in 0..12u8 {
            let index = ((size + 1) >> level).wrapping_sub(1);
            if smaller.hash(level, index).is_none() && let Some(hash) = larger.hash(level, index) {
                expected.push(Node { level, index, hash });
            }
        }
        prop_assert_eq!(made, expected);
    }

    #[test]
    fn a_consistency_proof_comes_back_from_its_text(
        hashes in prop::collection::vec(any::<[u8; 32]>().prop_map(Hash::from_bytes), 0..=64),
    ) {
        let proof = ConsistencyProof { hashes };
        prop_assert_eq!(ConsistencyProof::from_text(&proof.to_text()), Ok(proof));
    }
}

#[test]
fn the_length_of_a_consistency_proof_from_a_larger_tree_overflowed() {
    assert_eq!(consistency_length(187, 0), 0);
    assert_eq!(consistency_length(u64::MAX, 1), 0);
    assert_eq!(consistency_length(7, 7), 0);
}
