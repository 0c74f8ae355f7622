//! A SQLite store whose processes are killed, run side by side, or whose file is damaged.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use store::{Address, Batch, Store, blob_id};
use support::{Home, event, signer};
use tlog::leaf_hash;

const STORE: &str = "HEADSTART_TEST_STORE";
const STREAM: &str = "HEADSTART_TEST_STREAM";
const LIMIT: &str = "HEADSTART_TEST_LIMIT";

/// The entry, and the blob, that go with one version of a stream.
fn entry(stream: &str, version: u64) -> Vec<u8> {
    format!("{stream} {version}").into_bytes()
}

fn batch(stream: &str, version: u64) -> Batch {
    let entry = entry(stream, version);
    Batch {
        events: vec![event(stream, version)],
        blobs: vec![(blob_id(&entry), entry.clone())],
        leaves: vec![entry],
        index: vec![(stream.into(), version.to_string().into())],
        ..Batch::default()
    }
}

/// Appends to one stream, and prints each version once it is acknowledged. Integrates after every third.
async fn append(store: &Store, stream: &str, limit: u64, mut acknowledge: impl FnMut(u64)) {
    let mut version = store.events(stream, 0).await.unwrap().len() as u64;
    while version < limit {
        version += 1;
        store.commit(&batch(stream, version)).await.unwrap();
        acknowledge(version);
        if version.is_multiple_of(3) {
            store.integrate(&signer()).await.unwrap();
        }
    }
}

/// Everything up to `acknowledged` must be there, each event with its blob and its log entry, and nothing be half there.
async fn check(store: &Store, streams: &[(&str, u64)]) -> u64 {
    // A server may still be at the commit of a client that is dead; this waits for the writers' lock.
    store.see_time(event("x", 1).at).await.unwrap();
    let audit = store.audit(&signer().verifier()).await.unwrap();
    let mut sum = 0;
    for &(stream, acknowledged) in streams {
        let events = store.events(stream, 0).await.unwrap();
        let stored = events.len() as u64;
        assert!(
            stored >= acknowledged,
            "{stream}: {stored} of {acknowledged}"
        );
        // One batch can be committed and not yet acknowledged.
        assert!(
            stored <= acknowledged + 1,
            "{stream}: {stored} of {acknowledged}"
        );
        for event in &events {
            let entry = entry(stream, event.version);
            assert_eq!(store.blob(&blob_id(&entry)).await.unwrap(), Some(entry));
        }
        sum += stored;
    }
    assert_eq!((audit.events, audit.blobs), (sum, sum));
    assert_eq!(audit.entries + audit.staged, sum);
    sum
}

/// In a process of its own (see `child`), this appends until it is killed; alone, it is the same without a kill.
#[tokio::test]
async fn appends_until_it_is_stopped() {
    let Ok(path) = std::env::var(STORE) else {
        let home = Home::sqlite().await;
        let store = Store::create(home.address.clone()).await.unwrap();
        let mut acknowledged = 0;
        append(&store, "alone", 10, |version| acknowledged = version).await;
        assert_eq!(check(&store, &[("alone", acknowledged)]).await, 10);
        return;
    };
    let store = Store::open(path.as_str()).await.unwrap();
    let stream = std::env::var(STREAM).unwrap();
    let limit = std::env::var(LIMIT).unwrap().parse().unwrap();
    append(&store, &stream, limit, |version| {
        let mut out = std::io::stderr();
        writeln!(out, "acknowledged {version}").unwrap();
    })
    .await;
}

fn text(address: &Address) -> String {
    match address {
        Address::Sqlite(path) => path.display().to_string(),
        Address::Postgres(url) => url.clone(),
    }
}

fn child(address: &Address, stream: &str, limit: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "appends_until_it_is_stopped", "--nocapture"])
        .env(STORE, text(address))
        .env(STREAM, stream)
        .env(LIMIT, limit.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// The next version that a process acknowledged; `None` at its end.
fn next_acknowledged(stderr: &mut impl BufRead) -> Option<u64> {
    loop {
        let mut line = String::new();
        if stderr.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        // A line that was cut by the kill has no number.
        if let Some(version) = line.trim_end().strip_prefix("acknowledged ")
            && let Ok(version) = version.parse()
        {
            return Some(version);
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_thirty_kills_on_sqlite() {
    what_was_acknowledged_survives_kills(Home::sqlite().await, 30).await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_fifteen_kills_of_clients_on_postgres() {
    what_was_acknowledged_survives_kills(Home::postgres().await, 15).await;
}

async fn what_was_acknowledged_survives_kills(home: Home, kills: u64) {
    Store::create(home.address.clone())
        .await
        .unwrap()
        .close()
        .await;
    let mut acknowledged = 0;
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..kills {
        // xorshift64: the moments differ, and are the same in every run.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut process = child(&home.address, "killed", u64::MAX).spawn().unwrap();
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        // Every third is killed at any moment, the others at work.
        if !round.is_multiple_of(3) {
            acknowledged = next_acknowledged(&mut stderr).unwrap();
        }
        std::thread::sleep(Duration::from_micros(random % 40_000));
        process.kill().unwrap();
        while let Some(version) = next_acknowledged(&mut stderr) {
            acknowledged = version;
        }
        process.wait().unwrap();
        let store = Store::open(home.address.clone()).await.unwrap();
        acknowledged = check(&store, &[("killed", acknowledged)]).await;
        store.close().await;
    }
    assert!(acknowledged > kills / 2, "{acknowledged}");
    let store = Store::open(home.address.clone()).await.unwrap();
    store.integrate(&signer()).await.unwrap();
    for version in 1..=acknowledged {
        let leaf = leaf_hash(&entry("killed", version));
        assert_eq!(store.leaf_index(&leaf).await.unwrap(), Some(version - 1));
    }
}

#[tokio::test]
async fn several_processes_make_one_journal_and_one_tree() {
    let home = Home::sqlite().await;
    let store = Store::create(home.address.clone()).await.unwrap();
    let streams = ["one", "two", "three"];
    let processes: Vec<_> = streams
        .iter()
        .map(|stream| child(&home.address, stream, 40).spawn().unwrap())
        .collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}");
        assert!(text.contains("acknowledged 40\n"), "{text}");
    }
    assert_eq!(
        check(&store, &streams.map(|stream| (stream, 40))).await,
        120
    );
}

#[tokio::test]
#[cfg(unix)]
async fn the_files_can_be_read_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::sqlite().await;
    let store = Store::create(home.address.clone()).await.unwrap();
    store.commit(&batch("case/1", 1)).await.unwrap();
    let store::Address::Sqlite(path) = home.address.clone() else {
        unreachable!()
    };
    let mut names = vec![];
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{:?}",
            file.path()
        );
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["store.db", "store.db-shm", "store.db-wal"]);
}

#[tokio::test]
async fn every_changed_byte_of_the_file_is_noticed_or_harmless() {
    let home = Home::sqlite().await;
    let store::Address::Sqlite(path) = home.address.clone() else {
        unreachable!()
    };
    let store = Store::create(&path).await.unwrap();
    append(&store, "case/1", 20, |_| {}).await;
    let expected = store.journal(0, 100).await.unwrap();
    let note = store.checkpoint().await.unwrap();
    store.close().await;
    let whole = std::fs::read(&path).unwrap();
    let damaged_path = path.with_extension("damaged");
    let (mut noticed, mut harmless) = (0, 0);
    // A step that is coprime to the page size meets every part of a page.
    for at in (0..whole.len()).step_by(977) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x11;
        std::fs::write(&damaged_path, &damaged).unwrap();
        let Ok(store) = Store::open(&damaged_path).await else {
            noticed += 1;
            continue;
        };
        if store.audit(&signer().verifier()).await.is_err() {
            noticed += 1;
        } else {
            assert_eq!(store.journal(0, 100).await.unwrap(), expected, "byte {at}");
            assert_eq!(
                store.events("case/1", 0).await.unwrap(),
                expected,
                "byte {at}"
            );
            assert_eq!(store.checkpoint().await.unwrap(), note, "byte {at}");
            for version in 1..=18 {
                let leaf = leaf_hash(&entry("case/1", version));
                assert_eq!(
                    store.leaf_index(&leaf).await.unwrap(),
                    Some(version - 1),
                    "byte {at}"
                );
            }
            harmless += 1;
        }
        store.close().await;
        for end in ["-wal", "-shm"] {
            let mut name = damaged_path.clone().into_os_string();
            name.push(end);
            let _ = std::fs::remove_file(name);
        }
    }
    assert!(noticed > 10, "{noticed} noticed, {harmless} harmless");
}

/// Where each transaction of a write-ahead log ends: frames of 24 bytes and a page, the last of each with a size.
fn commits(log: &[u8]) -> Vec<usize> {
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let frame = 24 + number(8) as usize;
    (32..log.len())
        .step_by(frame)
        .filter(|&at| log[at + 8..at + 16] == log[16..24] && number(at + 4) != 0)
        .map(|at| at + frame)
        .collect()
}

/// SQLite would read the log up to the damage, and throw away every acknowledged commit after it.
#[tokio::test]
async fn a_byte_that_changed_in_the_log_of_a_killed_process_is_noticed_before_anything_is_thrown_away()
 {
    let home = Home::sqlite().await;
    let store::Address::Sqlite(path) = home.address.clone() else {
        unreachable!()
    };
    let store = Store::create(&path).await.unwrap();
    append(&store, "case/1", 4, |_| {}).await;
    for version in 5..=7 {
        let batch = Batch {
            leaves: vec![entry("case/1", version)],
            ..Batch::default()
        };
        store.commit(&batch).await.unwrap();
    }
    // While it is open, its files are as a killed process leaves them.
    let with_end = |path: &std::path::Path, end: &str| format!("{}{end}", path.display());
    let whole = std::fs::read(&path).unwrap();
    let log = std::fs::read(with_end(&path, "-wal")).unwrap();
    store.close().await;
    let ends = commits(&log);
    let synced = ends[ends.len() - 2];
    assert!(ends.len() > 8, "{}", ends.len());
    let (mut noticed, mut as_cut) = (0, 0);
    // Every part of a frame is met, and all of the header.
    for at in (0..32).chain((32..log.len()).step_by(331)) {
        let other = path.with_file_name(format!("{at}.db"));
        let mut changed = log.clone();
        changed[at] ^= 0x20;
        std::fs::write(&other, &whole).unwrap();
        std::fs::write(with_end(&other, "-wal"), &changed).unwrap();
        match Store::open(&other).await {
            Err(store::StoreError::Damaged { what }) => {
                assert!(what.contains("write-ahead log"), "{what}");
                assert!(at < synced, "byte {at}");
                // Whoever looks for what is lost finds the log as it was.
                assert_eq!(std::fs::read(with_end(&other, "-wal")).unwrap(), changed);
                assert_eq!(std::fs::read(&other).unwrap(), whole);
                noticed += 1;
            }
            Err(error) => panic!("byte {at}: {error}"),
            // A power cut in the middle of the last commit looks the same.
            Ok(store) => {
                assert!(at >= synced, "byte {at} of {synced}");
                store.audit(&signer().verifier()).await.unwrap();
                assert_eq!(store.staged().await.unwrap(), 3, "byte {at}");
                store.close().await;
                as_cut += 1;
            }
        }
    }
    assert!(noticed > 100 && as_cut > 5, "{noticed} {as_cut}");
}

/// An index whose second row leads nowhere answers with the same rows whatever it is asked for.
#[tokio::test]
async fn an_audit_of_a_damaged_index_comes_to_an_end() {
    use sqlx::Connection as _;
    let home = Home::sqlite().await;
    let store::Address::Sqlite(path) = home.address.clone() else {
        unreachable!()
    };
    let store = Store::create(&path).await.unwrap();
    // Two rows in each index: what follows the first leads nowhere.
    append(&store, "case/1", 1, |_| {}).await;
    append(&store, "case/2", 1, |_| {}).await;
    store.integrate(&signer()).await.unwrap();
    store.close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut connection = sqlx::SqliteConnection::connect_with(&options)
        .await
        .unwrap();
    let pages: Vec<i64> = sqlx::query_scalar(
        "SELECT rootpage FROM sqlite_schema WHERE name LIKE 'sqlite_autoindex_%' OR name = 'log_places'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    let (mut noticed, mut all) = (0, 0);
    for page in pages {
        let page_at = usize::try_from(page - 1).unwrap() * 4096;
        let pointer = |at: usize| {
            let bytes = [whole[page_at + at], whole[page_at + at + 1]];
            usize::from(u16::from_be_bytes(bytes))
        };
        // The pointers to the first two rows of a leaf, and the lengths of their names.
        for at in (8..12).chain([pointer(8) + 2, pointer(10) + 2]) {
            for change in [1, 2, 4, 0xff] {
                let mut damaged = whole.clone();
                damaged[page_at + at] ^= change;
                let other = path.with_file_name(format!("{page}-{at}-{change}.db"));
                std::fs::write(&other, damaged).unwrap();
                all += 1;
                let Ok(store) = Store::open(&other).await else {
                    noticed += 1;
                    continue;
                };
                let audit = async {
                    let audit = store.audit(&signer().verifier()).await;
                    let _ = store.leaf_index(&leaf_hash(&entry("case/1", 1))).await;
                    audit
                };
                let audit = tokio::time::timeout(Duration::from_secs(60), audit).await;
                let audit = audit.unwrap_or_else(|_| panic!("page {page}, byte {at} ^ {change}"));
                noticed += u32::from(audit.is_err());
                store.close().await;
            }
        }
    }
    // Some pages have but one row, and no second pointer.
    assert!(noticed > 20, "{noticed} of {all}");
}

#[tokio::test]
async fn a_file_of_something_else_is_no_store() {
    let home = Home::sqlite().await;
    let store::Address::Sqlite(path) = home.address.clone() else {
        unreachable!()
    };
    for content in [&b""[..], b"hello", b"SQLite format 3\0 but not more"] {
        std::fs::write(&path, content).unwrap();
        assert!(Store::open(&path).await.is_err());
        assert!(matches!(
            Store::create(&path).await,
            Err(store::StoreError::Exists { .. })
        ));
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
}
