//! Packages: an age file from anybody, and a tar from anybody who knows the seat's recipient.
//!
//! The first byte chooses: `a` an age file, `t` a tar, `c` a tar whose headers get their checksums.
#![no_main]

use std::fs;
use std::path::Path;
use std::str::FromStr as _;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use seal::{ENTRIES_MAX, check_name, open_package, write_into};

/// A key for these targets alone; it protects nothing.
const IDENTITY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

static RECIPIENT: LazyLock<age::x25519::Recipient> = LazyLock::new(|| {
    age::x25519::Identity::from_str(IDENTITY)
        .expect("the identity is one")
        .to_public()
});

fuzz_target!(|input: &[u8]| {
    let Some((kind, bytes)) = input.split_first() else {
        return;
    };
    let package = match kind {
        b'a' => bytes.to_vec(),
        b't' => sealed(bytes),
        b'c' => sealed(&with_checksums(bytes.to_vec())),
        _ => return,
    };
    let Ok(files) = open_package(&package, IDENTITY) else {
        return;
    };
    assert!(files.len() <= ENTRIES_MAX);
    assert!(files.iter().all(|file| check_name(&file.name).is_ok()));
    let home = tempfile::tempdir().expect("there is room for a folder");
    let target = home.path().join("out");
    if write_into(&target, &files).is_err() {
        return;
    }
    let mut found = 0;
    count(&target, &mut found);
    assert_eq!(found, files.len(), "as many files as the package has");
    for file in &files {
        let written = fs::read(target.join(&file.name)).expect("every file is in the folder");
        assert_eq!(written, file.bytes);
    }
    let beside: Vec<_> = fs::read_dir(home.path())
        .expect("the folder is there")
        .collect();
    assert_eq!(beside.len(), 1, "nothing is written beside the target");
});

fn sealed(tar: &[u8]) -> Vec<u8> {
    age::encrypt(&*RECIPIENT, tar).expect("encryption in memory does not fail")
}

/// Follows the sizes from header to header as a reader would.
fn with_checksums(mut tar: Vec<u8>) -> Vec<u8> {
    let mut at = 0;
    while let Some(block) = tar.get_mut(at..at + 512) {
        if block.iter().all(|&byte| byte == 0) {
            break;
        }
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|&byte| u64::from(byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let size = block[124..136]
            .iter()
            .take_while(|byte| (b'0'..=b'7').contains(*byte))
            .fold(0usize, |size, digit| size * 8 + usize::from(digit - b'0'));
        at = at
            .saturating_add(512)
            .saturating_add(size.div_ceil(512).saturating_mul(512));
    }
    tar
}

fn count(folder: &Path, found: &mut usize) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let kind = entry.file_type().expect("a kind");
        assert!(!kind.is_symlink());
        if kind.is_dir() {
            count(&entry.path(), found);
        } else {
            *found += 1;
        }
    }
}
