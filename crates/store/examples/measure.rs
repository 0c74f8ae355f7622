//! Measures how long a store takes for what one press of 300 seats writes.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example prints its measurements"
)]

use std::time::Instant;

use store::{Batch, NewEvent, Store, blob_id};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let signer = tlog::Signer::from_seed("log.example/bench", [1; 32]).unwrap();
    let at: jiff::Timestamp = "2026-11-03T12:00:00Z".parse().unwrap();

    let start = Instant::now();
    let store = Store::create(&path).await.unwrap();
    println!("create {:>28.1?}", start.elapsed());

    let batch = Batch {
        events: (1..=301)
            .map(|version| NewEvent {
                stream: "case/HS-2026-0001".into(),
                version,
                at,
                kind: "package-pressed".into(),
                body: "{}".repeat(200),
            })
            .collect(),
        blobs: (0..300u32)
            .map(|n| {
                let bytes: Vec<u8> = n.to_le_bytes().into_iter().cycle().take(64 << 10).collect();
                (blob_id(&bytes), bytes)
            })
            .collect(),
        leaves: (0..300 * 5u32)
            .map(|n| n.to_le_bytes().repeat(32))
            .collect(),
        ..Batch::default()
    };
    let start = Instant::now();
    store.commit(&batch).await.unwrap();
    println!(
        "commit 301 events, 300 blobs of 64 KiB, 1,500 leaves {:>10.1?}",
        start.elapsed()
    );
    let start = Instant::now();
    store.integrate(&signer).await.unwrap();
    println!("integrate 1,500 leaves {:>12.1?}", start.elapsed());
    let start = Instant::now();
    for index in 0..1500 {
        store.inclusion(index, 1500).await.unwrap();
    }
    println!("1,500 inclusion proofs {:>12.1?}", start.elapsed());
    let index = Batch {
        index: (0..10_000)
            .map(|n| (format!("HS-2026-{n:05}"), vec![0; 2048]))
            .collect(),
        ..Batch::default()
    };
    store.commit(&index).await.unwrap();
    let start = Instant::now();
    assert_eq!(store.index_records().await.unwrap().len(), 10_000);
    println!(
        "read 10,000 index records of 2 KiB {:>12.1?}",
        start.elapsed()
    );
    store.close().await;
    let start = Instant::now();
    let store = Store::open(&path).await.unwrap();
    println!("open {:>28.1?}", start.elapsed());
    let start = Instant::now();
    for version in 1..=200 {
        let one = Batch {
            events: vec![NewEvent {
                stream: "case/x".into(),
                version,
                at,
                kind: "k".into(),
                body: "{}".into(),
            }],
            ..Batch::default()
        };
        store.commit(&one).await.unwrap();
    }
    println!(
        "200 commits of one event, synced {:>12.1?}",
        start.elapsed()
    );
    let start = Instant::now();
    store.audit(&signer.verifier()).await.unwrap();
    println!("audit {:>28.1?}", start.elapsed());
}
