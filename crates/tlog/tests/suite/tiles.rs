//! Tiles: places, paths, and reading from tiles that nobody vouches for.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tlog::{
    BundlePath, Growth, HashReader, MemoryTree, Resource, Tile, TileError, VerifiedTiles,
    consistency_proof, decode_entries, encode_entries, inclusion_proof, leaf_hash, root,
    tiles_after_growth, tiles_for_consistency, tiles_for_inclusion, tiles_for_root,
};

use crate::tree;

type Tiles = BTreeMap<Tile, Vec<u8>>;

fn tiles_of(tree: &MemoryTree, size: u64) -> Tiles {
    tiles_after_growth(0, size)
        .into_iter()
        .map(|tile| (tile, tile.read(tree).unwrap()))
        .collect()
}

#[test]
fn the_specifications_example_index_has_its_path() {
    let tile = Tile::new(0, 1_234_067, 256).unwrap();
    assert_eq!(tile.path(), "tile/0/x001/x234/067");
    assert_eq!(Tile::parse("tile/0/x001/x234/067"), Ok(tile));
    assert_eq!(Tile::new(1, 0, 17).unwrap().path(), "tile/1/000.p/17");
    assert_eq!(Tile::new(63, 999, 255).unwrap().path(), "tile/63/999.p/255");
    assert_eq!(
        BundlePath::new(1_234_067, 1).unwrap().path(),
        "tile/entries/x001/x234/067.p/1"
    );
    assert_eq!(Resource::parse("checkpoint"), Ok(Resource::Checkpoint));
}

#[test]
fn each_resource_has_one_spelling() {
    for path in [
        "",
        "/checkpoint",
        "checkpoint/",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/1",
        "tile/0/0001",
        "tile/0/x001",
        "tile/0/001/067",
        "tile/0/x000/067",
        "tile/0/x001/x067",
        "tile/0/x1/067",
        "tile/0/X001/067",
        "tile/00/067",
        "tile/64/067",
        "tile/-1/067",
        "tile/+1/067",
        "tile/0/067.p/0",
        "tile/0/067.p/01",
        "tile/0/067.p/256",
        "tile/0/067.p/",
        "tile/0/067.p",
        "tile/0/067.p/1/",
        "tile/0/067.p/1.p/1",
        "tile/0/0６7",
        "tile/entries/67",
        "tile/entries/067.p/256",
        "tile/data/067",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/../067",
    ] {
        assert!(
            matches!(Resource::parse(path), Err(TileError::Path { .. })),
            "{path}"
        );
    }
    let last = Tile::new(0, u64::MAX, 256).unwrap();
    assert_eq!(last.path(), "tile/0/x018/x446/x744/x073/x709/x551/615");
    assert_eq!(Tile::parse(&last.path()), Ok(last));
}

#[test]
fn a_tree_of_70_000_has_the_specifications_tiles() {
    let tiles = tiles_after_growth(0, 70_000);
    let full = |level: u8| {
        tiles
            .iter()
            .filter(|tile| tile.level() == level && tile.is_full())
            .count()
    };
    let partial = |level: u8| -> Vec<u16> {
        tiles
            .iter()
            .filter(|tile| tile.level() == level && !tile.is_full())
            .map(Tile::width)
            .collect()
    };
    assert_eq!((full(0), partial(0)), (273, vec![112]));
    assert_eq!((full(1), partial(1)), (1, vec![17]));
    assert_eq!((full(2), partial(2)), (0, vec![1]));
    assert_eq!(tiles.len(), 273 + 1 + 1 + 1 + 1);
}

#[test]
fn a_tree_of_256_has_a_full_tile_and_one_above_it() {
    let paths: Vec<String> = tiles_after_growth(0, 256).iter().map(Tile::path).collect();
    assert_eq!(paths, ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(tiles_after_growth(256, 256), []);
    assert_eq!(tiles_after_growth(0, 0), []);
}

#[test]
fn tiles_give_the_proofs_that_memory_gives() {
    const SIZE: u64 = 66_000;
    let tree = tree(SIZE);
    let tiles = tiles_of(&tree, SIZE);
    let verified = VerifiedTiles::new(&tiles, SIZE, &tree.root()).unwrap();
    for index in [
        0, 1, 255, 256, 257, 32_767, 65_279, 65_535, 65_536, 65_791, 65_792, 65_999,
    ] {
        assert_eq!(
            inclusion_proof(&verified, index, SIZE),
            inclusion_proof(&tree, index, SIZE)
        );
        assert_eq!(
            consistency_proof(&verified, index, SIZE),
            consistency_proof(&tree, index, SIZE)
        );
    }
    // An older tree's proofs, too.
    assert_eq!(
        inclusion_proof(&verified, 77, 40_000),
        inclusion_proof(&tree, 77, 40_000)
    );
    assert_eq!(root(&verified, 40_000), root(&tree, 40_000));
    assert!(matches!(
        verified.read(0, SIZE),
        Err(TileError::OutOfTree { .. })
    ));
    assert!(matches!(
        verified.read(17, 0),
        Err(TileError::OutOfTree { .. })
    ));
    assert!(matches!(
        verified.read(255, 0),
        Err(TileError::OutOfTree { .. })
    ));
    assert_eq!(verified.read(16, 0).ok(), tree.hash(16, 0));
}

#[test]
fn a_dropped_partial_tile_is_replaced_by_its_full_one() {
    let tree = tree(1000);
    let old_root = root(&tree, 700).unwrap();
    let tiles = tiles_of(&tree, 1000);
    assert!(
        !tiles.contains_key(&Tile::new(0, 2, 188).unwrap()),
        "only the full tile is left"
    );
    let verified = VerifiedTiles::new(&tiles, 700, &old_root);
    // Level 1 is still partial, and no wider one was ever full: it must be there as it was.
    assert!(matches!(verified, Err(TileError::Missing { .. })));
    let mut tiles = tiles;
    let upper = Tile::new(1, 0, 2).unwrap();
    tiles.insert(upper, upper.read(&tree).unwrap());
    let verified = VerifiedTiles::new(&tiles, 700, &old_root).unwrap();
    assert_eq!(
        inclusion_proof(&verified, 650, 700),
        inclusion_proof(&tree, 650, 700)
    );
}

#[test]
fn another_root_is_noticed_at_once() {
    let tree = tree(300);
    let tiles = tiles_of(&tree, 300);
    let other = root(&tree, 299).unwrap();
    assert!(matches!(
        VerifiedTiles::new(&tiles, 300, &other),
        Err(TileError::OtherRoot { .. })
    ));
    let empty = Tiles::new();
    assert!(matches!(
        VerifiedTiles::new(&empty, 300, &tree.root()),
        Err(TileError::Missing { .. })
    ));
    assert!(VerifiedTiles::new(&empty, 0, &tlog::empty_root()).is_ok());
}

#[test]
fn a_log_grows_across_three_levels_of_tiles() {
    const OLD_SIZE: u64 = 65_500;
    let tree = tree(66_000);
    let stored = tiles_of(&tree, OLD_SIZE);
    let mut growth = Growth::resume(&stored, OLD_SIZE, &root(&tree, OLD_SIZE).unwrap()).unwrap();
    for index in OLD_SIZE..66_000 {
        growth.append(crate::leaf(index)).unwrap();
    }
    assert_eq!(growth.root(), tree.root());
    let made = growth.into_tiles();
    assert!(made.keys().eq(&tiles_after_growth(OLD_SIZE, 66_000)));
    assert!(
        made.iter()
            .all(|(tile, bytes)| *bytes == tile.read(&tree).unwrap())
    );
    assert!(made.contains_key(&Tile::new(2, 0, 1).unwrap()));
}

#[test]
fn a_log_does_not_grow_on_false_tiles() {
    let tree = tree(300);
    let mut stored = tiles_of(&tree, 300);
    let edge = Tile::new(0, 1, 44).unwrap();
    stored.get_mut(&edge).unwrap()[5] ^= 1;
    assert!(matches!(
        Growth::resume(&stored, 300, &tree.root()),
        Err(TileError::OtherRoot { .. })
    ));
    stored.get_mut(&edge).unwrap().pop();
    assert!(matches!(
        Growth::resume(&stored, 300, &tree.root()),
        Err(TileError::Size { .. })
    ));
    stored.remove(&edge);
    assert!(matches!(
        Growth::resume(&stored, 300, &tree.root()),
        Err(TileError::Missing { .. })
    ));
}

#[test]
fn the_bundle_of_an_entry_is_as_wide_as_the_log_allows() {
    assert_eq!(BundlePath::of_entry(0, 1), BundlePath::new(0, 1).ok());
    assert_eq!(BundlePath::of_entry(255, 256), BundlePath::new(0, 256).ok());
    assert_eq!(BundlePath::of_entry(256, 300), BundlePath::new(1, 44).ok());
    assert_eq!(BundlePath::of_entry(5, 300), BundlePath::new(0, 256).ok());
    assert_eq!(BundlePath::of_entry(300, 300), None);
    assert!(BundlePath::of_entry(u64::MAX - 1, u64::MAX).is_some());
}

#[test]
fn entries_beyond_the_limits_are_refused() {
    let largest = vec![7; 65_535];
    let bundle = encode_entries(std::slice::from_ref(&largest)).unwrap();
    assert_eq!(bundle.len(), 65_537);
    assert_eq!(decode_entries(&bundle, 1).unwrap(), [largest.as_slice()]);
    assert!(encode_entries(&[vec![7; 65_536]]).is_err());
    assert!(encode_entries(&vec![b""; 257]).is_err());
    assert!(decode_entries(&vec![0; 257 * 2], 256).is_err());
    assert!(decode_entries(&bundle, 2).is_err());
    assert!(decode_entries(&bundle[..65_536], 1).is_err());
    assert!(decode_entries(&[0], 1).is_err());
    assert!(decode_entries(&[], 1).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_tiles_that_are_asked_for_are_all_that_is_needed(
        (size, index, old_size) in (1u64..1500).prop_flat_map(|size| (Just(size), 0..size, 0..=size)),
    ) {
        let tree = tree(size);
        let tiles = tiles_of(&tree, size);
        let some = |wanted: &std::collections::BTreeSet<Tile>| -> Tiles {
            wanted.iter().map(|tile| (*tile, tiles.get(tile).cloned().unwrap())).collect()
        };
        let wanted = tiles_for_inclusion(index, size).unwrap();
        prop_assert!(wanted.is_superset(&tiles_for_root(size)));
        let verified = VerifiedTiles::new(some(&wanted), size, &tree.root()).unwrap();
        prop_assert_eq!(inclusion_proof(&verified, index, size), inclusion_proof(&tree, index, size));

        let wanted = tiles_for_consistency(old_size, size).unwrap();
        let verified = VerifiedTiles::new(some(&wanted), size, &tree.root()).unwrap();
        prop_assert_eq!(consistency_proof(&verified, old_size, size), consistency_proof(&tree, old_size, size));
    }

    #[test]
    fn no_hash_gets_out_of_a_changed_tile(
        size in 1u64..1500,
        tile in any::<prop::sample::Index>(),
        byte in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let tree = tree(size);
        let mut tiles = tiles_of(&tree, size);
        let keys: Vec<Tile> = tiles.keys().copied().collect();
        let changed = keys[tile.index(keys.len())];
        let bytes = tiles.get_mut(&changed).unwrap();
        let place = byte.index(bytes.len());
        bytes[place] ^= 1 << bit;
        if let Ok(verified) = VerifiedTiles::new(&tiles, size, &tree.root()) {
            let mut refused = 0;
            for level in 0..11u8 {
                for index in 0..size >> level {
                    match verified.read(level, index) {
                        Ok(hash) => prop_assert_eq!(Some(hash), tree.hash(level, index)),
                        Err(TileError::OtherHashes { tile, .. }) => {
                            prop_assert_eq!(tile, changed);
                            refused += 1;
                        }
                        Err(error) => prop_assert!(false, "{}", error),
                    }
                }
            }
            prop_assert!(refused > 0);
        }
    }

    #[test]
    fn growth_in_steps_writes_what_growth_at_once_writes(
        (size, middle) in (0u64..3000).prop_flat_map(|size| (Just(size), 0..=size)),
    ) {
        let steps: std::collections::BTreeSet<Tile> =
            tiles_after_growth(0, middle).into_iter().chain(tiles_after_growth(middle, size)).collect();
        for tile in tiles_after_growth(0, size) {
            prop_assert!(steps.contains(&tile), "{}", tile);
        }
    }

    #[test]
    fn a_log_that_grows_in_steps_is_the_log_that_was_built_at_once(
        sizes in prop::collection::btree_set(0u64..1400, 1..5),
    ) {
        let mut stored = Tiles::new();
        let mut old_size = 0;
        let mut old_root = tlog::empty_root();
        for size in sizes {
            let mut growth = Growth::resume(&stored, old_size, &old_root).unwrap();
            for index in old_size..size {
                prop_assert_eq!(growth.append(crate::leaf(index)), Ok(index));
            }
            let tree = tree(size);
            prop_assert_eq!((growth.size(), growth.root()), (size, tree.root()));
            old_root = growth.root();
            let made = growth.into_tiles();
            prop_assert!(made.keys().eq(&tiles_after_growth(old_size, size)));
            for (tile, bytes) in &made {
                prop_assert_eq!(bytes, &tile.read(&tree).unwrap());
            }
            stored.extend(made);
            old_size = size;
        }
    }

    #[test]
    fn paths_come_back(level in 0u8..=63, index: u64, width in 1u16..=256) {
        let tile = Tile::new(level, index, width).unwrap();
        prop_assert_eq!(Tile::parse(&tile.path()), Ok(tile));
        let bundle = BundlePath::new(index, width).unwrap();
        prop_assert_eq!(Resource::parse(&bundle.path()), Ok(Resource::Entries(bundle)));
    }

    #[test]
    fn a_path_that_is_read_is_written_alike(path in "(tile/|checkpoint)?(entries|[0-9]{1,3})?/?(x[0-9]{3}/){0,8}[0-9]{0,4}(\\.p/[0-9]{0,4})?") {
        if let Ok(resource) = Resource::parse(&path) {
            prop_assert_eq!(resource.path(), path);
        }
    }

    #[test]
    fn entries_come_back_and_hash_to_their_leaves(
        entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..=256),
    ) {
        let bundle = encode_entries(&entries).unwrap();
        let read = decode_entries(&bundle, entries.len() as u16).unwrap();
        let tree = MemoryTree::from_leaves(read.iter().map(|entry| leaf_hash(entry)));
        prop_assert_eq!(&read, &entries);
        prop_assert_eq!(tree.root(), MemoryTree::from_leaves(entries.iter().map(|entry| leaf_hash(entry))).root());
    }
}
