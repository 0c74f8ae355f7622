//! A SQLite store whose disk loses its power at every moment, or fails.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::{Path, PathBuf};

use store::{Batch, CommitError, Growing, LogError, Store, StoreError, blob_id};
use support::disk::{Disk, Fault, Keep, Kind, Note};
use support::{event, leaves, signer};
use tlog::{Checkpoint, leaf_hash};

/// Marks at and above this number are sizes of checkpoints that were published.
const PUBLISHED: u64 = 1_000_000;

fn entry(version: u64, number: u64) -> Vec<u8> {
    format!("entry {number} of version {version}").into_bytes()
}

/// Version 4 fills an entry bundle.
fn entries(version: u64) -> u64 {
    if version == 4 { 256 } else { 2 }
}

fn batch(version: u64) -> Batch {
    let blob = entry(version, 0);
    Batch {
        events: vec![event("case/1", version)],
        supposes: vec![("case/1".into(), version - 1)],
        blobs: vec![(blob_id(&blob), blob)],
        leaves: (0..entries(version)).map(|n| entry(version, n)).collect(),
        index: vec![("case/1".into(), version.to_string().into())],
        meta: vec![("version".into(), version.to_string())],
        seen_at: None,
    }
}

async fn new_store(folder: &Path) -> PathBuf {
    let path = folder.join("store.db");
    Store::create(&path).await.unwrap().close().await;
    path
}

fn read_note(note: &str) -> Checkpoint {
    Checkpoint::open(note, &signer().verifier()).unwrap()
}

/// Everything that was acknowledged is there and whole, and the log goes on from it.
async fn check(path: &Path, marks: &[u64]) -> u64 {
    let store = Store::open(path).await.unwrap();
    let version = marks
        .iter()
        .filter(|mark| **mark < PUBLISHED)
        .max()
        .copied();
    let published = marks.iter().filter(|mark| **mark >= PUBLISHED).max();
    let stored = store.events("case/1", 0).await.unwrap().len() as u64;
    assert!(stored >= version.unwrap_or(0), "{stored} of {version:?}");
    store.audit(&signer().verifier()).await.unwrap();
    let size = store.log_size().await.unwrap();
    assert!(published.is_none_or(|published| size >= published - PUBLISHED));
    // Whatever step it died in, the next run puts everything under a checkpoint that grows from the last one.
    let before = store.checkpoint().await.unwrap();
    store.integrate(&signer()).await.unwrap();
    let mut index = 0;
    for version in 1..=stored {
        let blob = entry(version, 0);
        assert_eq!(store.blob(&blob_id(&blob)).await.unwrap(), Some(blob));
        for number in 0..entries(version) {
            let leaf = leaf_hash(&entry(version, number));
            if number < 2 {
                assert_eq!(store.leaf_index(&leaf).await.unwrap(), Some(index));
            }
            index += 1;
        }
    }
    assert_eq!(store.log_size().await.unwrap(), index);
    if let (Some(before), Some(after)) = (before, store.checkpoint().await.unwrap()) {
        let (before, after) = (read_note(&before), read_note(&after));
        let proof = store
            .consistency(before.size(), after.size())
            .await
            .unwrap();
        tlog::check_growth(&before, &after, &proof).unwrap();
    }
    store.audit(&signer().verifier()).await.unwrap();
    store.close().await;
    stored
}

/// The power cuts after an operation that leave something else than those before it.
fn kept(notes: &[Note], count: usize) -> Vec<Keep> {
    match notes[count - 1] {
        // What is synced is the same with all of it and with nothing more.
        Note::Sync(_) | Note::Mark(_) => vec![Keep::Nothing],
        Note::Lost(_) | Note::Remove(..) => vec![Keep::Nothing, Keep::All],
        Note::Write(..) | Note::Cut(..) if count.is_multiple_of(4) => {
            vec![Keep::All, Keep::Some(count as u64)]
        }
        Note::Write(..) | Note::Cut(..) => vec![Keep::All],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_may_fail_at_every_write_of_every_step() {
    let home = tempfile::tempdir().unwrap();
    let path = new_store(home.path()).await;
    let disk = Disk::watch(home.path());
    let first = disk.len();
    let store = Store::open(&path).await.unwrap();
    let log = signer().verifier();
    for version in 1..=5 {
        // Stage and commit.
        store.commit(&batch(version)).await.unwrap();
        disk.mark(version);
        if version == 2 {
            continue;
        }
        let Growing::Grown(grown) = store.grow(&log).await.unwrap() else {
            panic!("nothing grew");
        };
        let signed = store.sign(grown, &signer()).await.unwrap();
        let checkpoint = store.publish(signed).await.unwrap();
        disk.mark(PUBLISHED + checkpoint.size());
    }
    store.close().await;
    let last = disk.len();
    disk.stop();
    assert!(last - first > 60, "{}", last - first);
    let notes = disk.notes();
    let images = tempfile::tempdir().unwrap();
    let mut most = 0;
    for count in first..=last {
        // After each write it is kept or not, with those before it that were not synced; or a part of them is.
        for keep in kept(&notes, count) {
            let folder = images.path().join(format!("{count}-{keep:?}"));
            let marks = disk.image(count, keep, &folder);
            most = most.max(check(&folder.join("store.db"), &marks).await);
            std::fs::remove_dir_all(folder).unwrap();
        }
    }
    assert_eq!(most, 5);
}

/// Entries alone are written by one statement.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_may_fail_at_every_write_of_commits_of_entries_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = new_store(home.path()).await;
    let disk = Disk::watch(home.path());
    let first = disk.len();
    let store = Store::open(&path).await.unwrap();
    // The third has pages of its own.
    let sizes: [u32; 4] = [1, 2, 600, 1];
    let mut next = 0;
    for size in sizes {
        store.commit(&leaves(next..next + size)).await.unwrap();
        next += size;
        disk.mark(u64::from(next));
    }
    store.close().await;
    let last = disk.len();
    disk.stop();
    let notes = disk.notes();
    let images = tempfile::tempdir().unwrap();
    let mut most = 0;
    for count in first..=last {
        for keep in kept(&notes, count) {
            let folder = images.path().join(format!("{count}-{keep:?}"));
            let acknowledged = disk.image(count, keep, &folder).last().copied();
            let store = Store::open(folder.join("store.db")).await.unwrap();
            let found = store.staged().await.unwrap();
            assert!(
                found >= acknowledged.unwrap_or(0),
                "{count} {keep:?}: {found}"
            );
            let whole = [0, 1, 3, 603, 604];
            assert!(whole.contains(&found), "{count} {keep:?}: {found}");
            let audit = store.audit(&signer().verifier()).await.unwrap();
            assert_eq!(audit.staged, found);
            store.close().await;
            most = most.max(found);
        }
    }
    assert_eq!(most, 604);
}

#[tokio::test]
async fn a_sync_that_failed_once_under_entries_alone_stops_the_process_too() {
    let home = tempfile::tempdir().unwrap();
    let path = new_store(home.path()).await;
    let disk = Disk::watch(home.path());
    let store = Store::open(&path).await.unwrap();
    store.commit(&leaves(0..3)).await.unwrap();
    disk.fail(Fault {
        kind: Kind::Sync,
        suffix: "-wal",
        after: 0,
        times: 1,
    });
    for _ in 0..2 {
        assert!(matches!(
            store.commit(&leaves(3..4)).await,
            Err(CommitError::Store(StoreError::Halted { .. }))
        ));
    }
    assert_eq!(disk.failed(), 1);
    let cut = home.path().join("cut");
    disk.image(disk.len(), Keep::Nothing, &cut);
    disk.stop();
    let store = Store::open(cut.join("store.db")).await.unwrap();
    assert_eq!(store.staged().await.unwrap(), 3);
    store.audit(&signer().verifier()).await.unwrap();
}

#[tokio::test]
async fn without_a_sync_at_each_commit_the_same_check_fails() {
    let home = tempfile::tempdir().unwrap();
    let path = new_store(home.path()).await;
    let disk = Disk::watch(home.path());
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Normal);
    let mut connection: sqlx::SqliteConnection =
        sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query("INSERT INTO meta (name, value, digest) VALUES ('a', 'b', zeroblob(32))")
        .execute(&mut connection)
        .await
        .unwrap();
    let folder = home.path().join("image");
    disk.image(disk.len(), Keep::Nothing, &folder);
    disk.stop();
    let store = Store::open(folder.join("store.db")).await.unwrap();
    let left: u64 = store.audit(&signer().verifier()).await.unwrap().events;
    assert_eq!(left, 0);
    let kept = std::fs::metadata(folder.join("store.db-wal")).map_or(0, |log| log.len());
    assert_eq!(
        kept, 0,
        "what was acknowledged with NORMAL was synced after all"
    );
}

/// The sync of 2018: it fails once, the next one succeeds, and what was to be written is on no disk.
#[tokio::test]
async fn a_sync_that_failed_once_stops_the_process_and_nothing_acknowledged_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let path = new_store(home.path()).await;
    let disk = Disk::watch(home.path());
    let store = Store::open(&path).await.unwrap();
    for version in 1..=3 {
        store.commit(&batch(version)).await.unwrap();
    }
    disk.fail(Fault {
        kind: Kind::Sync,
        suffix: "-wal",
        after: 0,
        times: 1,
    });
    let error = store.commit(&batch(4)).await.unwrap_err();
    assert!(
        matches!(error, CommitError::Store(StoreError::Halted { .. })),
        "{error}"
    );
    assert!(error.hint().contains("start headstart again"));
    assert_eq!(disk.failed(), 1);
    // The disk is well again. The process is not: what it reads may be on no disk.
    for _ in 0..2 {
        assert!(matches!(
            store.commit(&batch(4)).await,
            Err(CommitError::Store(StoreError::Halted { .. }))
        ));
        assert!(matches!(
            store.events("case/1", 0).await,
            Err(StoreError::Halted { .. })
        ));
        assert!(matches!(
            store.integrate(&signer()).await,
            Err(LogError::Store(StoreError::Halted { .. }))
        ));
        assert!(matches!(
            Store::open(&path).await,
            Err(StoreError::Halted { .. })
        ));
    }
    let synced = home.path().join("synced");
    disk.image(disk.len(), Keep::Nothing, &synced);
    disk.stop();

    // A power cut now: the three that were acknowledged are there, and the one that failed is not.
    let cut = home.path().join("cut");
    copy(&synced, &cut);
    assert_eq!(check(&cut.join("store.db"), &[3]).await, 3);

    // A new process instead, which is shown bytes that are on no disk; and the power fails at any later moment.
    let next = home.path().join("next");
    copy(home.path(), &next);
    let disk = Disk::watch_with(&next, &synced);
    let first = disk.len();
    let store = Store::open(next.join("store.db")).await.unwrap();
    let shown = store.events("case/1", 0).await.unwrap().len() as u64;
    assert_eq!(shown, 4, "SQLite reads back what it could not sync");
    for version in shown + 1..=6 {
        store.commit(&batch(version)).await.unwrap();
        disk.mark(version);
    }
    let last = disk.len();
    let notes = disk.notes();
    disk.stop();
    for count in first..=last {
        for keep in kept(&notes, count) {
            let folder = home.path().join(format!("{count}-{keep:?}"));
            let mut marks = disk.image(count, keep, &folder);
            marks.push(3);
            check(&folder.join("store.db"), &marks).await;
            std::fs::remove_dir_all(folder).unwrap();
        }
    }
}

/// What a new process is shown: all files but the memory that processes share.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() && !path.to_string_lossy().ends_with("-shm") {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// The log of 2025: two transient errors of its storage, and tiles that were missing for ever.
#[tokio::test]
async fn after_transient_write_errors_no_tile_is_missing_under_any_checkpoint() {
    let mut halted = 0;
    for (kind, after) in (0..14).flat_map(|n| [(Kind::Write, n), (Kind::Sync, n)]) {
        let home = tempfile::tempdir().unwrap();
        let path = new_store(home.path()).await;
        let disk = Disk::watch(home.path());
        let store = Store::open(&path).await.unwrap();
        store.commit(&leaves(0..300)).await.unwrap();
        store.integrate(&signer()).await.unwrap();
        store.commit(&leaves(300..700)).await.unwrap();
        disk.fail(Fault {
            kind,
            suffix: "",
            after,
            times: 2,
        });
        let mut shown = store.checkpoint().await.unwrap();
        for _ in 0..3 {
            if store.integrate(&signer()).await.is_ok() {
                shown = store.checkpoint().await.unwrap();
            }
        }
        halted += u64::from(store.log_size().await.is_err());
        disk.stop();
        // The next process has the same files, and a disk that is well.
        let next = home.path().join("next");
        copy(home.path(), &next);
        let store = Store::open(next.join("store.db")).await.unwrap();
        store.audit(&signer().verifier()).await.unwrap();
        store.integrate(&signer()).await.unwrap();
        let audit = store.audit(&signer().verifier()).await.unwrap();
        assert_eq!((audit.entries, audit.staged), (700, 0), "{kind:?} {after}");
        let old = read_note(&shown.unwrap());
        let new = read_note(&store.checkpoint().await.unwrap().unwrap());
        let proof = store.consistency(old.size(), new.size()).await.unwrap();
        tlog::check_growth(&old, &new, &proof).unwrap();
    }
    assert!(halted > 5, "{halted}");
}
