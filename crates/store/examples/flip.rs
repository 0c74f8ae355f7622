//! Changes every byte of a small store in turn, and looks whether the change is noticed.
//!
//! `cargo run --release -p store --example flip`; `-- --every N` takes every Nth byte, `-- --quick` every 53rd.
//!
//! The file of a store with events, blobs, settings, index records, staged and integrated entries, several checkpoints,
//! more than one tile and a full bundle. Each byte is changed twice, once in its lowest bit and once in all bits. Then
//! the store is opened, audited, and everything in it is read. A change is *noticed* when one of these fails, and
//! *harmless* when all that is read is as it was; anything else would be *accepted as something else*, and there may be
//! none. SQLite's file has no checksums of its own.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example prints what it finds, and fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use store::{Batch, NewEvent, Store, StoreError, blob_id};
use tlog::{Signer, leaf_hash};

/// Entries that are integrated, in steps, and one that is staged.
const SIZES: [u64; 4] = [1, 3, 300, 309];
const ENTRIES: u64 = SIZES[3] + 1;

fn signer() -> Signer {
    Signer::from_seed("log.example/flip", [5; 32]).unwrap()
}

fn entry(n: u64) -> Vec<u8> {
    format!("entry {n}").into_bytes()
}

fn blobs() -> [Vec<u8>; 2] {
    [b"a small blob".to_vec(), vec![0x5a; 5_000]]
}

async fn make(path: &Path) {
    let store = Store::create(path).await.unwrap();
    let mut from = 0;
    for (version, size) in (1..).zip(SIZES) {
        let batch = Batch {
            events: vec![NewEvent {
                stream: "case/HS-2026-0001".into(),
                version,
                at: "2026-11-03T12:00:00Z".parse().unwrap(),
                kind: "tested".into(),
                body: format!("{{\"n\":{version}}}"),
            }],
            leaves: (from..size).map(entry).collect(),
            index: vec![(format!("case/{version}"), vec![7; 90])],
            meta: vec![(format!("setting-{version}"), "a value".into())],
            seen_at: Some("2026-11-03T12:00:01Z".parse().unwrap()),
            blobs: blobs().map(|blob| (blob_id(&blob), blob)).to_vec(),
        };
        store.commit(&batch).await.unwrap();
        store.integrate(&signer()).await.unwrap();
        from = size;
    }
    let staged = Batch {
        leaves: vec![entry(from)],
        ..Batch::default()
    };
    store.commit(&staged).await.unwrap();
    store.close().await;
}

/// Everything that can be read, as text.
async fn read(store: &Store) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut all = Vec::new();
    all.push(format!("{:?}", store.journal(0, 100).await?));
    all.push(format!("{:?}", store.events("case/HS-2026-0001", 0).await?));
    all.push(format!("{:?}", store.events_under("case/", 0).await?));
    all.push(format!("{:?}", store.streams("").await?));
    for blob in blobs() {
        all.push(format!("{:?}", store.blob(&blob_id(&blob)).await?));
    }
    all.push(format!("{:?}", store.index_records().await?));
    for version in 1..=4 {
        all.push(format!(
            "{:?}",
            store.meta(&format!("setting-{version}")).await?
        ));
    }
    all.push(format!("{:?}", store.latest_time().await?));
    all.push(format!("{:?}", store.checkpoints().await?));
    all.push(format!(
        "{:?} {}",
        store.checkpoint().await?,
        store.staged().await?
    ));
    for first in [0, 256] {
        all.push(format!("{:?}", store.entries(first, 256).await?));
        all.push(format!("{:?}", store.tree_hashes(0, first, 256).await?));
    }
    all.push(format!("{:?}", store.tree_hashes(8, 0, 256).await?));
    for index in [0, 2, 255, 256, SIZES[3] - 1] {
        all.push(format!(
            "{:?}",
            store.leaf_index(&leaf_hash(&entry(index))).await?
        ));
        all.push(format!("{:?}", store.inclusion(index, SIZES[3]).await?));
    }
    for size in SIZES {
        all.push(format!("{:?}", store.consistency(size, SIZES[3]).await?));
    }
    Ok(all)
}

#[derive(Debug, Default)]
struct Counts {
    at_open: u64,
    by_audit: u64,
    by_read: u64,
    harmless: u64,
    accepted: Vec<String>,
}

/// Changes the bytes of one share, each in a file of its own name: what a failed disk has stopped stays stopped.
async fn flip(
    whole: &[u8],
    expected: &[String],
    folder: PathBuf,
    offsets: impl Iterator<Item = usize>,
) -> Counts {
    let mut counts = Counts::default();
    for at in offsets {
        for change in [0x01, 0xff] {
            let path = folder.join(format!("{at}-{change}.db"));
            let mut bytes = whole.to_vec();
            bytes[at] ^= change;
            std::fs::write(&path, bytes).unwrap();
            one(
                &path,
                expected,
                format!("byte {at} ^ {change:#04x}"),
                &mut counts,
            )
            .await;
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{end}", path.display()));
            }
        }
    }
    counts
}

async fn one(path: &Path, expected: &[String], what: String, counts: &mut Counts) {
    let store = match Store::open(path).await {
        Ok(store) => store,
        Err(_) => {
            counts.at_open += 1;
            return;
        }
    };
    let audit = store.audit(&signer().verifier()).await;
    if audit.is_err() {
        counts.by_audit += 1;
    } else {
        match read(&store).await {
            Err(_) => counts.by_read += 1,
            Ok(found) if found == expected => counts.harmless += 1,
            Ok(found) => {
                let place = found.iter().zip(expected).position(|(a, b)| a != b);
                counts
                    .accepted
                    .push(format!("{what}: reading {place:?} differs"));
            }
        }
    }
    store.close().await;
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let step = match arguments.iter().position(|argument| argument == "--every") {
        Some(at) => arguments[at + 1].parse().unwrap(),
        None if arguments.iter().any(|argument| argument == "--quick") => 53,
        None => 1,
    };
    let start = Instant::now();
    // In memory where there is such a folder: nothing here is about disks.
    let folder = match tempfile::tempdir_in("/dev/shm") {
        Ok(folder) => folder,
        Err(_) => tempfile::tempdir().unwrap(),
    };
    let path = folder.path().join("whole.db");
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let (whole, expected) = runtime().block_on(async {
        make(&path).await;
        let whole = std::fs::read(&path).unwrap();
        let store = Store::open(&path).await.unwrap();
        let audit = store.audit(&signer().verifier()).await.unwrap();
        assert_eq!(
            (audit.entries, audit.staged),
            (SIZES[3], ENTRIES - SIZES[3])
        );
        let expected = read(&store).await.unwrap();
        store.close().await;
        assert!(matches!(
            Store::open(folder.path().join("none.db")).await,
            Err(StoreError::Missing { .. })
        ));
        (whole, expected)
    });
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let counts: Vec<Counts> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|thread| {
                let (whole, expected) = (&whole, &expected);
                let folder = folder.path().to_owned();
                let offsets = (thread * step..whole.len()).step_by(threads * step);
                scope.spawn(move || runtime().block_on(flip(whole, expected, folder, offsets)))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let sum = |of: fn(&Counts) -> u64| counts.iter().map(of).sum::<u64>();
    let (at_open, by_audit) = (sum(|c| c.at_open), sum(|c| c.by_audit));
    let (by_read, harmless) = (sum(|c| c.by_read), sum(|c| c.harmless));
    let accepted: Vec<&String> = counts.iter().flat_map(|counts| &counts.accepted).collect();
    let changes = at_open + by_audit + by_read + harmless + accepted.len() as u64;
    println!(
        "one byte in {step} of a file of {} bytes, {changes} changes, {:.0?}",
        whole.len(),
        start.elapsed()
    );
    println!("noticed when it is opened     {at_open:>8}");
    println!("noticed by the audit          {by_audit:>8}");
    println!("noticed when it is read       {by_read:>8}");
    println!("harmless                      {harmless:>8}");
    println!("accepted as something else    {:>8}", accepted.len());
    for what in accepted.iter().take(20) {
        println!("  {what}");
    }
    if accepted.is_empty() {
        println!("holds: of {changes} changes, 0 were accepted as something else (goal 0)");
        return ExitCode::SUCCESS;
    }
    println!(
        "falls short: of {changes} changes, {} were accepted as something else (goal 0)",
        accepted.len()
    );
    ExitCode::FAILURE
}
