//! The load: several writers that commit, one that integrates, and what they were told.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use store::{Batch, NewEvent, Store, blob_id};
use tlog::Signer;

const WRITERS: u64 = 6;

pub fn signer() -> Signer {
    Signer::from_seed("log.example/kill", [3; 32]).unwrap()
}

/// Runs until somebody kills the process; says everything on standard output, each line at once.
pub async fn run_until_killed(path: &Path, seed: u64) {
    let store = Store::open(path).await.unwrap();
    run(store, seed, Duration::from_secs(3600), say).await;
}

/// Says a line on standard output, at once.
pub fn say(line: String) {
    let mut out = std::io::stdout().lock();
    // Whoever reads may be gone; then this process is too, at once.
    let _ = out.write_all(format!("{line}\n").as_bytes());
    let _ = out.flush();
}

/// Commits from several writers and integrates. `say` is told every acknowledged entry (`entry TEXT`), and every
/// published checkpoint (`checkpoint NOTE`, with `|` for the ends of lines).
pub async fn run(
    store: Store,
    seed: u64,
    time: Duration,
    say: impl Fn(String) + Clone + Send + Sync + 'static,
) {
    let over = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for writer in 0..WRITERS {
        let (store, say, over) = (store.clone(), say.clone(), Arc::clone(&over));
        tasks.push(tokio::spawn(async move {
            let mut number = 0;
            while !over.load(Ordering::Relaxed) {
                number += 1;
                let leaves: Vec<Vec<u8>> = (0..1 + (writer + number) % 4)
                    .map(|leaf| format!("{seed:x}.{writer}.{number}.{leaf}").into_bytes())
                    .collect();
                store
                    .commit(&batch(seed, writer, number, &leaves))
                    .await
                    .unwrap();
                for leaf in leaves {
                    say(format!("entry {}", String::from_utf8(leaf).unwrap()));
                }
            }
        }));
    }
    let signer = signer();
    let stop = tokio::time::sleep(time);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            () = tokio::time::sleep(Duration::from_millis(2)) => {}
        }
        if store.integrate(&signer).await.unwrap().is_some() {
            let note = store.checkpoint().await.unwrap().unwrap();
            say(format!("checkpoint {}", note.replace('\n', "|")));
        }
    }
    over.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
}

/// Half of the writers only stage leaves; the others write everything that a batch can have.
fn batch(seed: u64, writer: u64, number: u64, leaves: &[Vec<u8>]) -> Batch {
    let leaves = leaves.to_vec();
    if writer.is_multiple_of(2) {
        return Batch {
            leaves,
            ..Batch::default()
        };
    }
    let blob = format!("blob {seed:x} {writer} {number}").into_bytes();
    Batch {
        events: vec![NewEvent {
            stream: format!("case/{seed:x}.{writer}"),
            version: number,
            at: "2026-11-03T12:00:00Z".parse().unwrap(),
            kind: "tested".into(),
            body: "{}".into(),
        }],
        supposes: vec![(format!("case/{seed:x}.{writer}"), number - 1)],
        blobs: vec![(blob_id(&blob), blob)],
        leaves,
        index: vec![(format!("case/{writer}"), number.to_string().into())],
        meta: vec![(format!("writer/{writer}"), number.to_string())],
        seen_at: None,
    }
}

/// The control: staged rows as the store writes them, with `synchronous=NORMAL`.
pub async fn append_without_sync(path: &Path, count: u64, mut say: impl FnMut(String)) {
    use sqlx::{ConnectOptions as _, Connection as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Normal);
    let mut connection = options.connect().await.unwrap();
    for number in 0..count {
        let entry = format!("control.{number}");
        let length = u16::try_from(entry.len()).unwrap().to_be_bytes();
        let row = [&length[..], entry.as_bytes()].concat();
        sqlx::query(
            "INSERT INTO log_staged (first, count, leaves, entries) VALUES ($1, 1, $2, $3)",
        )
        .bind(number.cast_signed())
        .bind(tlog::leaf_hash(entry.as_bytes()).as_bytes().to_vec())
        .bind(row)
        .execute(&mut connection)
        .await
        .unwrap();
        say(format!("entry {entry}"));
    }
    connection.close().await.unwrap();
}
