//! Two independent implementations agree with this one: the crates `tlog_tiles` and `signed_note`.

use std::cell::RefCell;

use proptest::prelude::*;
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use tlog::{
    Checkpoint, Hash, InclusionProof, Note, Signer, Tile, consistency_proof, inclusion_proof, root,
    tiles_after_growth, verify_inclusion,
};
use tlog_tiles::{HashReader as _, TileHashReader};

use crate::{leaf, tree};

/// The other crate's stored hashes, in its own order.
#[derive(Default)]
struct Stored(RefCell<Vec<tlog_tiles::Hash>>);

impl Stored {
    fn tree(size: u64) -> Stored {
        let stored = Stored::default();
        for index in 0..size {
            let made = tlog_tiles::stored_hashes(index, &index.to_be_bytes(), &stored).unwrap();
            stored.0.borrow_mut().extend(made);
        }
        stored
    }
}

impl tlog_tiles::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let stored = self.0.borrow();
        Ok(indexes
            .iter()
            .map(|index| stored[*index as usize])
            .collect())
    }
}

/// Our tiles, served to the other crate.
struct Served(tlog::MemoryTree);

impl tlog_tiles::TileReader for Served {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let read = |tile: &tlog_tiles::Tile| {
            let tile = Tile::new(tile.level(), tile.level_index(), tile.width() as u16).unwrap();
            tile.read(&self.0).unwrap()
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _tiles: &[tlog_tiles::Tile], _data: &[Vec<u8>]) {}
}

fn theirs(hash: &Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(hash.to_bytes())
}

fn ours(hashes: &[tlog_tiles::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash::from_bytes(hash.0)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn roots_and_proofs_agree(
        (size, index, old_size) in (1u64..700).prop_flat_map(|size| (Just(size), 0..size, 1..=size)),
    ) {
        let (tree, stored) = (tree(size), Stored::tree(size));
        prop_assert_eq!(theirs(&tree.root()).0, tlog_tiles::tree_hash(size, &stored).unwrap().0);

        let proof = inclusion_proof(&tree, index, size).unwrap();
        let other = tlog_tiles::prove_record(size, index, &stored).unwrap();
        prop_assert_eq!(&proof.hashes, &ours(&other));
        tlog_tiles::check_record(&other, size, theirs(&tree.root()), index, theirs(&leaf(index))).unwrap();
        let proof = InclusionProof { index, hashes: ours(&other) };
        prop_assert_eq!(verify_inclusion(&leaf(index), &proof, size, &tree.root()), Ok(()));

        let proof = consistency_proof(&tree, old_size, size).unwrap();
        prop_assert_eq!(proof.hashes, ours(&tlog_tiles::prove_tree(size, old_size, &stored).unwrap()));
        prop_assert_eq!(root(&tree, old_size).unwrap().to_bytes(), tlog_tiles::tree_hash(old_size, &stored).unwrap().0);
    }

    #[test]
    fn our_tiles_satisfy_the_other_reader(
        (size, level, index) in (1u64..1500).prop_flat_map(|size| (Just(size), 0u8..10, any::<prop::sample::Index>())),
    ) {
        let tree = tree(size);
        let count = size >> level;
        prop_assume!(count > 0);
        let index = index.index(count as usize) as u64;
        let (tree_root, expected) = (theirs(&tree.root()), tlog::HashReader::hash(&tree, level, index).unwrap());
        let served = Served(tree);
        let reader = TileHashReader::new(size, tree_root, &served);
        let read = reader.read_hashes(&[tlog_tiles::stored_hash_index(level, index)]).unwrap();
        prop_assert_eq!(ours(&read), vec![expected]);
    }

    #[test]
    fn the_same_tiles_are_written_for_a_growth(
        (new_size, old_size) in (0u64..200_000).prop_flat_map(|size| (Just(size), 0..=size)),
    ) {
        let mut others: Vec<Tile> = tlog_tiles::Tile::new_tiles(8, old_size, new_size)
            .iter()
            .map(|tile| Tile::new(tile.level(), tile.level_index(), tile.width() as u16).unwrap())
            .collect();
        others.sort();
        prop_assert_eq!(tiles_after_growth(old_size, new_size), others);
    }

    #[test]
    fn paths_agree(level in 0u8..=63, index in 0..u64::MAX / 2, width in 1u16..=256) {
        // That crate writes the tile's height, too, as the Go checksum database does.
        let other = tlog_tiles::Tile::new(8, level, index, u32::from(width), false).path();
        let ours = Tile::new(level, index, width).unwrap().path();
        prop_assert_eq!(other.replacen("tile/8/", "tile/", 1), ours);
    }

    #[test]
    fn checkpoints_agree(text in "[a-z+ ]{0,8}\\n(0|[0-9]{1,21})\\n[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\\n([a-z\\t]{0,3}\\n){0,2}") {
        let (mine, other) = (Checkpoint::parse(&text), tlog_tiles::Checkpoint::from_bytes(text.as_bytes()));
        match (&mine, &other) {
            (Ok(mine), Ok(other)) => {
                prop_assert_eq!(mine.origin(), other.origin());
                prop_assert_eq!(mine.size(), other.size());
                prop_assert_eq!(mine.root().to_bytes(), other.hash().0);
                prop_assert_eq!(mine.to_text().into_bytes(), other.to_bytes());
            }
            // Stricter here: control characters, which no note may have, and the empty tree's root.
            (Err(_), Ok(other)) => prop_assert!(text.contains('\t') || other.size() == 0, "{:?}", text),
            (Ok(_), Err(_)) => prop_assert!(false, "only accepted here: {:?}", text),
            (Err(_), Err(_)) => {}
        }
    }

    #[test]
    fn notes_and_keys_are_understood_in_both_directions(seed: [u8; 32], name in "[a-z./]{1,20}", text in "([ -~]{0,20}\\n){1,4}") {
        let mine = Signer::from_seed(&name, seed).unwrap();
        let other = StandardSigner::new(&mine.secret()).unwrap();
        let known = VerifierList::new(vec![Box::new(StandardVerifier::new(&mine.vkey()).unwrap())]);

        let my_note = mine.sign(&text).unwrap();
        let read = signed_note::Note::from_bytes(my_note.as_bytes()).unwrap();
        prop_assert_eq!(read.text(), text.as_bytes());
        prop_assert_eq!(read.verify(&known).unwrap().0.len(), 1);

        let mut other_note = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        other_note.add_sigs(&[&other]).unwrap();
        prop_assert_eq!(other_note.to_bytes(), my_note.clone().into_bytes());
        prop_assert_eq!(Note::from_bytes(&other_note.to_bytes()).unwrap().verify(&mine.verifier()), Ok(()));
    }
}
