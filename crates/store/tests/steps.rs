//! The steps integrate, sign, publish: between them a process may die, sleep, or find its entries changed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use store::{Address, Growing, Grown, LogError, Store};
use support::{Home, leaves, signer};
use tlog::Checkpoint;

/// One test on each database for each case.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Home::sqlite().await).await; })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() { super::$name(super::Home::postgres().await).await; })*
        }
    };
}

on_both! {
    what_was_done_before_a_step_failed_is_done_again_by_the_next_process
    a_holder_that_slept_over_its_lease_stores_nothing
    an_entry_that_changed_after_it_was_committed_is_never_signed
    a_tile_that_changed_before_it_was_signed_is_never_signed
    of_many_commits_at_once_each_has_its_own_answer
}

const SHORT: Duration = Duration::from_millis(60);
/// Long enough that nothing between two lines of a test takes as long, on a machine that is busy with other work.
const SLEPT_OVER: Duration = Duration::from_secs(3);

async fn grown(store: &Store) -> Grown {
    match store.grow(&signer().verifier()).await.unwrap() {
        Growing::Grown(grown) => grown,
        other => panic!("{other:?}"),
    }
}

async fn size(store: &Store) -> u64 {
    let note = store.checkpoint().await.unwrap();
    note.map_or(0, |note| {
        Checkpoint::open(&note, &signer().verifier())
            .unwrap()
            .size()
    })
}

async fn what_was_done_before_a_step_failed_is_done_again_by_the_next_process(home: Home) {
    let store = Store::create(home.address.clone())
        .await
        .unwrap()
        .with_lease(SHORT);
    let mut expected = 0;
    for steps in 0..3 {
        store
            .commit(&leaves(expected..expected + 300))
            .await
            .unwrap();
        let before = expected;
        expected += 300;
        if steps > 0 {
            let grown = grown(&store).await;
            if steps > 1 {
                store.sign(grown, &signer()).await.unwrap();
            }
        }
        // Here it dies. Nobody was shown a checkpoint over what is not finished.
        assert_eq!(size(&store).await, u64::from(before));
        assert_eq!(store.entry(u64::from(before)).await.unwrap(), None);
        assert_eq!(
            store.tree_hashes(0, u64::from(before), 1).await.unwrap(),
            []
        );
        store.audit(&signer().verifier()).await.unwrap();
        let next = Store::open(home.address.clone()).await.unwrap();
        next.commit(&leaves(expected..expected + 1)).await.unwrap();
        expected += 1;
        next.integrate(&signer()).await.unwrap();
        assert_eq!(size(&next).await, u64::from(expected));
        next.audit(&signer().verifier()).await.unwrap();
    }
}

async fn a_holder_that_slept_over_its_lease_stores_nothing(home: Home) {
    let sleeper = Store::create(home.address.clone())
        .await
        .unwrap()
        .with_lease(SLEPT_OVER);
    let other = Store::open(home.address.clone()).await.unwrap();
    sleeper.commit(&leaves(0..3)).await.unwrap();
    let grown = grown(&sleeper).await;
    let held = other.grow(&signer().verifier()).await.unwrap();
    assert!(matches!(held, Growing::Held), "{held:?}");
    let signed = sleeper.sign(grown, &signer()).await.unwrap();
    // This waits until the lease is over.
    other.commit(&leaves(3..5)).await.unwrap();
    other.integrate(&signer()).await.unwrap().unwrap();
    let note = other.checkpoint().await.unwrap();
    let error = sleeper.publish(signed.clone()).await.unwrap_err();
    assert!(matches!(error, LogError::LeaseLost), "{error}");
    assert_eq!(other.checkpoint().await.unwrap(), note);
    // Also not when it has the lease again: that is another lease.
    sleeper.commit(&leaves(5..6)).await.unwrap();
    let Growing::Grown(newer) = sleeper.grow(&signer().verifier()).await.unwrap() else {
        panic!("nothing grew");
    };
    let error = sleeper.publish(signed).await.unwrap_err();
    assert!(matches!(error, LogError::LeaseLost), "{error}");
    let newer = sleeper.sign(newer, &signer()).await.unwrap();
    assert_eq!(sleeper.publish(newer).await.unwrap().size(), 6);
    let audit = other.audit(&signer().verifier()).await.unwrap();
    assert_eq!((audit.entries, audit.checkpoints), (6, 2));
}

/// The log of 2022: one entry was not the one that had been hashed, and the signed root could never be shown again.
async fn an_entry_that_changed_after_it_was_committed_is_never_signed(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    store.commit(&leaves(0..5)).await.unwrap();
    store.integrate(&signer()).await.unwrap();
    let note = store.checkpoint().await.unwrap();
    store.commit(&leaves(5..9)).await.unwrap();
    // Entries are `entry N` after two bytes: the last byte of the second.
    let changed = home
        .force(match home.address {
            Address::Sqlite(_) => {
                "UPDATE log_staged SET entries = CAST(substr(entries, 1, 17) || x'b6' || substr(entries, 19) AS BLOB) WHERE first = 5"
            }
            Address::Postgres(_) => {
                "UPDATE log_staged SET entries = set_byte(entries, 17, 182) WHERE first = 5"
            }
        })
        .await;
    assert_eq!(changed, 1);
    for _ in 0..2 {
        let error = store.integrate(&signer()).await.unwrap_err();
        assert!(matches!(error, LogError::Entry { index: 6 }), "{error}");
        assert!(error.hint().contains("restore a backup"));
        assert_eq!(store.checkpoint().await.unwrap(), note);
    }
    let error = store.audit(&signer().verifier()).await.unwrap_err();
    assert_eq!(error.to_string(), "log entry 6 has another leaf hash");
}

async fn a_tile_that_changed_before_it_was_signed_is_never_signed(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    store.commit(&leaves(0..5)).await.unwrap();
    let grown = grown(&store).await;
    let changed = home
        .force(match home.address {
            Address::Sqlite(_) => {
                "UPDATE log_tiles SET hashes = CAST(substr(hashes, 1, 40) || x'00' || substr(hashes, 42) AS BLOB)"
            }
            Address::Postgres(_) => "UPDATE log_tiles SET hashes = set_byte(hashes, 40, 0)",
        })
        .await;
    assert_eq!(changed, 1);
    let error = store.sign(grown, &signer()).await.unwrap_err();
    assert!(matches!(error, LogError::Diverged { size: 5 }), "{error}");
    let error = store.integrate(&signer()).await.unwrap_err();
    assert!(
        matches!(error, LogError::Tile { level: 0, index: 0 }),
        "{error}"
    );
    assert_eq!(store.checkpoint().await.unwrap(), None);
}

async fn of_many_commits_at_once_each_has_its_own_answer(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let batches: Vec<_> = (0..60_u32)
        .map(|n| {
            let mut batch = leaves(n..n + 1);
            // Every third supposes a version that is not there; every fifth has a setting.
            batch.events = vec![support::event(
                &format!("case/{n}"),
                if n % 3 == 0 { 2 } else { 1 },
            )];
            if n % 5 == 0 {
                batch.meta = vec![("last".into(), n.to_string())];
            }
            batch
        })
        .collect();
    let tasks: Vec<_> = batches
        .into_iter()
        .map(|batch| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(&batch).await })
        })
        .collect();
    for (n, task) in (0..).zip(tasks) {
        let result = task.await.unwrap();
        let is_conflict = matches!(&result, Err(store::CommitError::Conflict { stream, version: 2, found: 0 }) if *stream == format!("case/{n}"));
        assert_eq!(is_conflict, n % 3 == 0, "{n}: {result:?}");
        assert_eq!(result.is_ok(), n % 3 != 0, "{n}: {result:?}");
    }
    assert_eq!(store.staged().await.unwrap(), 40);
    assert_eq!(store.journal(0, 100).await.unwrap().len(), 40);
    // Whichever was last: they came at once.
    let last = store.meta("last").await.unwrap().unwrap();
    let last: u32 = last.parse().unwrap();
    assert!(last.is_multiple_of(5) && !last.is_multiple_of(3), "{last}");
    store.integrate(&signer()).await.unwrap();
    store.audit(&signer().verifier()).await.unwrap();
}

const STORE: &str = "HEADSTART_TEST_STEPS";
const LEASE: &str = "HEADSTART_TEST_LEASE_MS";

/// In a process of its own (see `holder`), this signs a checkpoint, waits for a line, and publishes; alone, it does
/// nothing.
#[tokio::test]
async fn signs_and_waits() {
    let Ok(path) = std::env::var(STORE) else {
        return;
    };
    let lease = Duration::from_millis(std::env::var(LEASE).unwrap().parse().unwrap());
    let store = Store::open(path.as_str()).await.unwrap().with_lease(lease);
    let grown = grown(&store).await;
    let signed = store.sign(grown, &signer()).await.unwrap();
    let mut out = std::io::stderr();
    writeln!(out, "signed").unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
    match store.publish(signed).await {
        Ok(checkpoint) => writeln!(out, "published {}", checkpoint.size()).unwrap(),
        Err(LogError::LeaseLost) => writeln!(out, "lost").unwrap(),
        Err(error) => panic!("{error}"),
    }
}

fn holder(home: &Home, lease_ms: u64) -> (Child, BufReader<std::process::ChildStderr>) {
    let Address::Sqlite(path) = &home.address else {
        unreachable!()
    };
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "signs_and_waits", "--nocapture"])
        .env(STORE, path)
        .env(LEASE, lease_ms.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    wait_for(&mut lines, "signed");
    (child, lines)
}

fn wait_for(lines: &mut impl BufRead, wanted: &str) {
    let mut all = String::new();
    while !all.lines().any(|line| line == wanted) {
        assert!(lines.read_line(&mut all).unwrap() > 0, "{all}");
    }
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[cfg(unix)]
#[tokio::test]
async fn a_process_that_was_stopped_over_its_lease_publishes_nothing_when_it_goes_on() {
    let home = Home::sqlite().await;
    let store = Store::create(home.address.clone()).await.unwrap();
    store.commit(&leaves(0..3)).await.unwrap();
    let (mut child, mut lines) = holder(&home, 300);
    signal(&child, "-STOP");
    // The other process lives, so this waits for the end of its lease.
    store.commit(&leaves(3..5)).await.unwrap();
    let checkpoint = store.integrate(&signer()).await.unwrap().unwrap();
    assert_eq!(checkpoint.size(), 5);
    let note = store.checkpoint().await.unwrap();
    signal(&child, "-CONT");
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    wait_for(&mut lines, "lost");
    child.wait().unwrap();
    assert_eq!(store.checkpoint().await.unwrap(), note);
    assert_eq!(
        store.audit(&signer().verifier()).await.unwrap().checkpoints,
        1
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_that_died_with_the_lease_is_followed_at_once() {
    let home = Home::sqlite().await;
    let store = Store::create(home.address.clone()).await.unwrap();
    store.commit(&leaves(0..3)).await.unwrap();
    let (mut child, _) = holder(&home, 60_000);
    let held = store.grow(&signer().verifier()).await.unwrap();
    assert!(matches!(held, Growing::Held), "{held:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(grown(&store).await.size(), 3);
    store.integrate(&signer()).await.unwrap().unwrap();
    store.audit(&signer().verifier()).await.unwrap();
}
