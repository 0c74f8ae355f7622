//! The certificate-transparency reference vectors, and RFC 6962's definitions written out.

use tlog::{
    ConsistencyProof, Frontier, Hash, InclusionProof, consistency_proof, empty_root,
    inclusion_proof, leaf_hash, node_hash, root, verify_consistency, verify_inclusion,
};

/// The reference leaves, in hex.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// Roots of the trees of the first 0 to 8 reference leaves.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// (old size, new size, proof).
const CONSISTENCY: [(u64, u64, &[&str]); 4] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

/// (index, size, proof).
const INCLUSION: [(u64, u64, &[&str]); 2] = [
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
];

fn reference_leaves() -> Vec<Hash> {
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    };
    LEAVES.iter().map(|hex| leaf_hash(&bytes(hex))).collect()
}

fn hashes(hex: &[&str]) -> Vec<Hash> {
    hex.iter().map(|hex| Hash::from_hex(hex).unwrap()).collect()
}

#[test]
fn roots_of_the_reference_leaves_are_the_published_ones() {
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root().to_hex(), ROOTS[0]);
    for (leaf, expected) in reference_leaves().into_iter().zip(&ROOTS[1..]) {
        frontier.append(leaf).unwrap();
        assert_eq!(frontier.root().to_hex(), *expected);
    }
}

#[test]
fn reference_inclusion_proofs_are_made_and_verified() {
    let leaves = reference_leaves();
    let tree = tlog::MemoryTree::from_leaves(leaves.clone());
    for (index, size, expected) in INCLUSION {
        let proof = InclusionProof {
            index,
            hashes: hashes(expected),
        };
        assert_eq!(inclusion_proof(&tree, index, size), Ok(proof.clone()));
        let root = Hash::from_hex(ROOTS[size as usize]).unwrap();
        assert_eq!(
            verify_inclusion(&leaves[index as usize], &proof, size, &root),
            Ok(())
        );
    }
}

#[test]
fn reference_consistency_proofs_are_made_and_verified() {
    let tree = tlog::MemoryTree::from_leaves(reference_leaves());
    for (old_size, new_size, expected) in CONSISTENCY {
        let proof = ConsistencyProof {
            hashes: hashes(expected),
        };
        assert_eq!(
            consistency_proof(&tree, old_size, new_size),
            Ok(proof.clone())
        );
        let root = |size: u64| Hash::from_hex(ROOTS[size as usize]).unwrap();
        assert_eq!(
            verify_consistency(old_size, &root(old_size), new_size, &root(new_size), &proof),
            Ok(())
        );
    }
}

/// Largest power of two below `n`.
fn k(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

/// MTH of RFC 6962, section 2.1, over leaf hashes.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(k(leaves.len()));
            node_hash(&mth(left), &mth(right))
        }
    }
}

/// PATH of RFC 6962, section 2.1.1.
fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(k(leaves.len()));
    let (mut path, sibling) = if m < left.len() {
        (path(m, left), mth(right))
    } else {
        (path(m - left.len(), right), mth(left))
    };
    path.push(sibling);
    path
}

/// SUBPROOF of RFC 6962, section 2.1.2.
fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { Vec::new() } else { vec![mth(leaves)] };
    }
    let (left, right) = leaves.split_at(k(leaves.len()));
    let (mut proof, sibling) = if m <= left.len() {
        (subproof(m, left, whole), mth(right))
    } else {
        (subproof(m - left.len(), right, false), mth(left))
    };
    proof.push(sibling);
    proof
}

#[test]
fn roots_and_proofs_are_those_of_the_definitions() {
    let leaves: Vec<Hash> = (0..70).map(crate::leaf).collect();
    let tree = crate::tree(70);
    for size in 0..=leaves.len() {
        let part = &leaves[..size];
        assert_eq!(root(&tree, size as u64), Ok(mth(part)), "size {size}");
        for index in 0..size {
            let proof = inclusion_proof(&tree, index as u64, size as u64).unwrap();
            assert_eq!(proof.hashes, path(index, part), "leaf {index} of {size}");
        }
        for old_size in 1..=size {
            let proof = consistency_proof(&tree, old_size as u64, size as u64).unwrap();
            assert_eq!(
                proof.hashes,
                subproof(old_size, part, true),
                "{old_size} to {size}"
            );
        }
    }
}
