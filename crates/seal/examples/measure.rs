//! Measures what a press of 300 seats, a command that unlocks, receipts, and a trace among 10,000 cases ask of this crate.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example prints its measurements"
)]

use std::time::Instant;

use seal::{FileEntry, ProgramKey, Sealer, generate_identity, pack, seal_to_program};

fn main() {
    let key = ProgramKey::generate();
    let start = Instant::now();
    let locked = key.lock("a passphrase").unwrap();
    println!("lock the program key {:>24.1?}", start.elapsed());
    let start = Instant::now();
    let key = ProgramKey::unlock(&locked, "a passphrase").unwrap();
    println!("unlock the program key {:>22.1?}", start.elapsed());

    let manifest = FileEntry {
        name: "manifest.json".into(),
        bytes: vec![b'{'; 2000],
    };
    let files: Vec<FileEntry> = (0..5)
        .map(|n| FileEntry {
            name: format!("artifact-{n}.md"),
            bytes: vec![b'x'; 12_000],
        })
        .collect();
    let recipients: Vec<_> = (0..300).map(|_| generate_identity().1).collect();
    let start = Instant::now();
    for recipient in &recipients {
        pack(recipient, &manifest, &files, 0).unwrap();
    }
    println!("300 packages of 5 files, 62 kB {:>14.1?}", start.elapsed());

    let records: Vec<(String, Vec<u8>)> = (0..10_000)
        .map(|n| {
            let context = format!("index/HS-2026-{n:05}");
            let record = key.vault().seal(&context, &[7; 2000]).unwrap();
            (context, record)
        })
        .collect();
    let start = Instant::now();
    for (context, record) in &records {
        key.vault().open(context, record).unwrap();
    }
    println!(
        "10,000 vault records of 2 kB opened {:>9.1?}",
        start.elapsed()
    );

    let reader = &recipients[..1];
    let start = Instant::now();
    for _ in 0..1000 {
        let sealer = Sealer::new(&key.recipient(), reader).unwrap();
        sealer.seal(&[7; 400]).unwrap();
    }
    println!(
        "1,000 receipts, each with a header {:>10.1?}",
        start.elapsed()
    );
    let sealer = Sealer::new(&key.recipient(), reader).unwrap();
    let start = Instant::now();
    for _ in 0..1000 {
        sealer.seal(&[7; 400]).unwrap();
    }
    println!("1,000 receipts under one header {:>13.1?}", start.elapsed());

    let sealed = seal_to_program(&key.recipient(), &[7; 30_000]).unwrap();
    let start = Instant::now();
    for _ in 0..100 {
        key.open(&sealed).unwrap();
    }
    println!(
        "100 sealed masters of 30 kB opened {:>10.1?}",
        start.elapsed()
    );
}
