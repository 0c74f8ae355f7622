//! Proofs, tiles and bundles of entries from a server that need not be trusted.
//!
//! The first two bytes are a width; the rest is what is read.
#![no_main]

use headstart_fuzz::case;
use libfuzzer_sys::fuzz_target;
use tlog::{
    BundlePath, ConsistencyProof, Growth, Hash, Resource, Tile, TlogProof, VerifiedTiles,
    consistency_length, decode_entries, encode_entries, inclusion_length, tiles_for_inclusion,
    verify_consistency, verify_inclusion,
};

fuzz_target!(|input: &[u8]| {
    let Some((head, bytes)) = input.split_first_chunk::<2>() else {
        return;
    };
    let width = u16::from_le_bytes(*head);
    if let Ok(entries) = decode_entries(bytes, width) {
        assert_eq!(entries.len(), usize::from(width));
        assert_eq!(
            encode_entries(&entries).expect("they were in one bundle"),
            bytes
        );
    }
    tiles(width, bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(resource) = Resource::parse(text) {
        assert_eq!(resource.path(), text);
    }
    if let Ok(tile) = Tile::parse(text) {
        assert_eq!(tile.path(), text);
        assert!(BundlePath::new(tile.index(), tile.width()).is_ok());
    }
    if let Ok(proof) = TlogProof::from_text(text) {
        assert_eq!(proof.to_text(), text);
        let (index, size) = (proof.inclusion().index, u64::from(width));
        inclusion_length(index, size);
        let root = Hash::from_bytes([1; 32]);
        assert!(verify_inclusion(&root, proof.inclusion(), size, &root).is_err() || size == 1);
        let _ = proof.checkpoint().verify(&case::log().verifier());
    }
    if let Ok(proof) = ConsistencyProof::from_text(text) {
        let (old, new) = (u64::from(width & 0xff), u64::from(width >> 8));
        consistency_length(old, new);
        let root = Hash::from_bytes([1; 32]);
        let _ = verify_consistency(old, &root, new, &root, &proof);
        assert_eq!(
            ConsistencyProof::from_text(&proof.to_text()).expect("it is read back"),
            proof
        );
    }
    let _ = (Hash::from_base64(text), Hash::from_hex(text));
});

/// Tiles of wrong bytes: refused, whatever size is claimed.
fn tiles(width: u16, bytes: &[u8]) {
    let Some((size, rest)) = bytes.split_first_chunk::<8>() else {
        return;
    };
    let size = u64::from_le_bytes(*size);
    let _ = tiles_for_inclusion(u64::from(width), size);
    let reader = std::collections::BTreeMap::from_iter(
        tlog::tiles_for_root(size)
            .into_iter()
            .map(|tile| (tile, rest.to_vec())),
    );
    let root = Hash::from_bytes([1; 32]);
    assert!(VerifiedTiles::new(&reader, size, &root).is_err());
    assert!(Growth::resume(&reader, size, &root).is_err());
    if let Ok(tile) = Tile::new(0, 0, width) {
        let _ = tile.hashes(rest);
    }
}
