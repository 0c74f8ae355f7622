//! What a store promises, on SQLite and on PostgreSQL. Each query runs here on both.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use store::{AuditError, Batch, CommitError, LogError, Store, StoreError, Ticket, blob_id};
use support::{Home, event, events, leaves, signer};
use tlog::{Checkpoint, MemoryTree, leaf_hash};

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
    a_store_is_made_once_and_never_silently
    events_come_back_as_they_were_written
    a_version_is_written_once
    a_batch_is_all_or_nothing
    of_two_stores_that_decide_on_the_same_state_one_wins
    blobs_are_kept_under_their_digest
    index_records_and_settings_are_replaced
    of_several_values_the_last_one_is_kept
    what_a_decision_rests_on_is_seen_again_when_it_is_committed
    what_the_database_refuses_touches_no_other_batch
    a_writer_that_goes_away_leaves_nothing_open
    the_latest_time_never_goes_back
    the_log_grows_and_proves_it
    many_proofs_are_read_at_once
    each_batch_is_told_where_its_entries_stand
    several_integrations_at_once_make_one_tree
    a_log_that_no_longer_matches_its_checkpoint_is_not_signed
    history_cannot_be_changed_with_sql
    an_audit_names_what_was_changed_behind_the_stores_back
    limits_and_names_are_refused_with_the_reason
    streams_are_found_by_prefix_byte_by_byte
    no_entry_is_acknowledged_without_its_place
    a_store_of_the_first_schema_is_brought_up_to_date
    a_ticket_is_taken_once_and_ends_by_itself
}

async fn a_store_is_made_once_and_never_silently(home: Home) {
    let error = Store::open(home.address.clone()).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    assert!(error.hint().contains("headstart init"));
    let store = Store::create(home.address.clone()).await.unwrap();
    store.set_meta("program", "Example PSIRT").await.unwrap();
    let error = Store::create(home.address.clone()).await.unwrap_err();
    assert!(matches!(error, StoreError::Exists { .. }), "{error}");
    store.close().await;
    let store = Store::open(home.address.clone()).await.unwrap();
    assert_eq!(
        store.meta("program").await.unwrap().as_deref(),
        Some("Example PSIRT")
    );
    home.execute("INSERT INTO schema_version (version) VALUES (999)")
        .await
        .unwrap();
    let error = Store::open(home.address.clone()).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 999, .. }),
        "{error}"
    );
}

async fn events_come_back_as_they_were_written(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let mut odd = event("case/1", 2);
    odd.body = "{\"title\":\"ß 漢 \u{1f512} '; DROP TABLE events; --\"}".into();
    odd.at = "-000044-03-15T08:00:00Z".parse().unwrap();
    let batch = events(vec![event("case/1", 1), event("case/2", 1), odd.clone()]);
    store.commit(&batch).await.unwrap();
    let stored = store.events("case/1", 0).await.unwrap();
    assert_eq!(stored.len(), 2);
    assert_eq!((stored[1].sequence, stored[1].version), (3, 2));
    assert_eq!(
        (&stored[1].body, stored[1].at, &stored[1].kind),
        (&odd.body, odd.at, &odd.kind)
    );
    assert_eq!(store.events("case/1", 1).await.unwrap(), stored[1..]);
    assert!(store.events("case/3", 0).await.unwrap().is_empty());
    let journal = store.journal(0, 10).await.unwrap();
    assert_eq!(
        journal.iter().map(|e| e.sequence).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(store.journal(1, 1).await.unwrap(), journal[1..2]);
    assert_eq!(store.journal(u64::MAX, u64::MAX).await.unwrap(), []);
}

async fn a_version_is_written_once(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    store
        .commit(&events(vec![event("case/1", 1)]))
        .await
        .unwrap();
    for version in [0, 1, 3, u64::MAX] {
        let error = store
            .commit(&events(vec![event("case/1", version)]))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, CommitError::Conflict { stream, found: 1, .. } if stream == "case/1"),
            "{version}: {error}"
        );
    }
    store
        .commit(&events(vec![event("case/1", 2), event("case/1", 3)]))
        .await
        .unwrap();
    assert_eq!(store.streams("").await.unwrap(), [("case/1".to_owned(), 3)]);
}

async fn a_batch_is_all_or_nothing(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let batch = Batch {
        events: vec![event("case/1", 1), event("case/1", 3)],
        supposes: vec![],
        blobs: vec![(blob_id(b"copy"), b"copy".to_vec())],
        leaves: vec![b"leaf".to_vec()],
        index: vec![("case/1".into(), b"sketch".to_vec())],
        meta: vec![("name".into(), "value".into())],
        seen_at: Some("2026-11-03T12:00:00Z".parse().unwrap()),
    };
    assert!(matches!(
        store.commit(&batch).await,
        Err(CommitError::Conflict { .. })
    ));
    assert_eq!(store.journal(0, 10).await.unwrap(), []);
    assert_eq!(store.blob(&blob_id(b"copy")).await.unwrap(), None);
    assert_eq!(store.staged().await.unwrap(), 0);
    assert_eq!(store.index_records().await.unwrap(), []);
    assert_eq!(store.meta("name").await.unwrap(), None);
    assert_eq!(store.latest_time().await.unwrap(), None);
    let right = Batch {
        events: vec![event("case/1", 1)],
        ..batch
    };
    store.commit(&right).await.unwrap();
    assert_eq!(
        store.blob(&blob_id(b"copy")).await.unwrap().as_deref(),
        Some(&b"copy"[..])
    );
    assert_eq!(store.staged().await.unwrap(), 1);
    assert_eq!(store.latest_time().await.unwrap(), right.seen_at);
}

async fn of_two_stores_that_decide_on_the_same_state_one_wins(home: Home) {
    let first = Store::create(home.address.clone()).await.unwrap();
    let second = Store::open(home.address.clone()).await.unwrap();
    for version in 1..=20 {
        let (mine, theirs) = (
            events(vec![event("case/1", version)]),
            events(vec![event("case/1", version)]),
        );
        let (mine, theirs) = tokio::join!(first.commit(&mine), second.commit(&theirs));
        let conflicts = [&mine, &theirs]
            .iter()
            .filter(|result| matches!(result, Err(CommitError::Conflict { .. })))
            .count();
        assert_eq!(
            (mine.is_ok() as u32 + theirs.is_ok() as u32, conflicts),
            (1, 1),
            "{mine:?} {theirs:?}"
        );
    }
    assert_eq!(first.events("case/1", 0).await.unwrap().len(), 20);
}

async fn blobs_are_kept_under_their_digest(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let bytes = vec![0xab; 300_000];
    let id = blob_id(&bytes);
    let batch = Batch {
        blobs: vec![(id.clone(), bytes.clone())],
        ..Batch::default()
    };
    store.commit(&batch).await.unwrap();
    store.commit(&batch).await.unwrap();
    assert_eq!(store.blob(&id).await.unwrap(), Some(bytes));
    assert_eq!(store.blob("nothing").await.unwrap(), None);
    let small = blob_id(b"small");
    let other = Batch {
        blobs: vec![(small.clone(), b"small".to_vec())],
        ..Batch::default()
    };
    store.commit(&other).await.unwrap();
    assert_eq!(store.blobs(&[]).await.unwrap(), Vec::new());
    let asked = [small.clone(), "nothing".to_owned(), id.clone(), small];
    let found = store.blobs(&asked).await.unwrap();
    let sizes: Vec<_> = found
        .iter()
        .map(|bytes| bytes.as_ref().map(Vec::len))
        .collect();
    assert_eq!(sizes, [Some(5), None, Some(300_000), Some(5)]);
    let wrong = Batch {
        blobs: vec![(id.clone(), b"other".to_vec())],
        ..Batch::default()
    };
    assert!(
        matches!(store.commit(&wrong).await, Err(CommitError::BlobMismatch { id: found }) if found == id)
    );
}

async fn index_records_and_settings_are_replaced(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    for value in ["one", "two"] {
        let batch = Batch {
            index: vec![("b".into(), value.into()), ("a".into(), b"\0".to_vec())],
            meta: vec![("name".into(), value.into())],
            ..Batch::default()
        };
        store.commit(&batch).await.unwrap();
    }
    let expected = [
        ("a".to_owned(), b"\0".to_vec()),
        ("b".to_owned(), b"two".to_vec()),
    ];
    assert_eq!(store.index_records().await.unwrap(), expected);
    assert_eq!(store.meta("name").await.unwrap().as_deref(), Some("two"));
    assert_eq!(store.meta("store/latest-time").await.unwrap(), None);
}

async fn of_several_values_the_last_one_is_kept(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let blob = |bytes: &[u8]| (blob_id(bytes), bytes.to_vec());
    let batch = Batch {
        blobs: vec![blob(b"one"), blob(b"two"), blob(b"one")],
        index: vec![("a".into(), b"1".to_vec()), ("a".into(), b"2".to_vec())],
        meta: vec![("m".into(), "1".into()), ("m".into(), "2".into())],
        ..Batch::default()
    };
    store.commit(&batch).await.unwrap();
    assert_eq!(
        store.index_records().await.unwrap(),
        [("a".to_owned(), b"2".to_vec())]
    );
    assert_eq!(store.meta("m").await.unwrap().as_deref(), Some("2"));
    // Those that wait share a transaction; so many names and blobs as no single statement asks for.
    let many: Vec<Vec<u8>> = (0..1500_u32).map(|n| n.to_be_bytes().to_vec()).collect();
    let mut tasks = Vec::new();
    for writer in 0..30_u32 {
        let (store, many) = (store.clone(), many.clone());
        tasks.push(tokio::spawn(async move {
            let batch = Batch {
                events: vec![event(&format!("case/{}", writer % 20), 1)],
                blobs: many
                    .iter()
                    .map(|bytes| (blob_id(bytes), bytes.clone()))
                    .collect(),
                index: vec![("a".into(), writer.to_string().into())],
                meta: vec![
                    ("m".into(), writer.to_string()),
                    (format!("m{writer}"), String::new()),
                ],
                ..Batch::default()
            };
            store.commit(&batch).await
        }));
    }
    let mut refused = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => {}
            Err(CommitError::Conflict {
                version: 1,
                found: 1,
                ..
            }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 10);
    let audit = store.audit(&signer().verifier()).await.unwrap();
    assert_eq!((audit.events, audit.blobs), (20, 1502));
}

async fn what_a_decision_rests_on_is_seen_again_when_it_is_committed(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    store
        .commit(&events(vec![event("program", 1)]))
        .await
        .unwrap();
    let rests_on = |version| Batch {
        supposes: vec![("program".into(), version), ("seat/1".into(), 0)],
        events: vec![event("case/1", 1)],
        leaves: vec![b"leaf".to_vec()],
        ..Batch::default()
    };
    for wrong in [0, 2, u64::MAX] {
        let error = store.commit(&rests_on(wrong)).await.unwrap_err();
        assert!(
            matches!(&error, CommitError::Conflict { stream, version, found: 1 } if stream == "program" && *version == wrong),
            "{error}"
        );
        assert!(!error.hint().is_empty());
    }
    let alone = Batch {
        events: vec![],
        ..rests_on(2)
    };
    assert!(store.commit(&alone).await.is_err());
    assert_eq!(store.staged().await.unwrap(), 0);
    store.commit(&rests_on(1)).await.unwrap();
    let nameless = Batch {
        supposes: vec![(String::new(), 1)],
        ..Batch::default()
    };
    let error = store.commit(&nameless).await.unwrap_err();
    assert!(matches!(error, CommitError::Name { .. }), "{error}");
}

async fn what_the_database_refuses_touches_no_other_batch(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    home.script(match home.address {
        store::Address::Sqlite(_) => {
            "CREATE TRIGGER no BEFORE INSERT ON events WHEN NEW.stream LIKE 'bad/%'
             BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        }
        store::Address::Postgres(_) => {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
             CREATE TRIGGER no BEFORE INSERT ON events FOR EACH ROW
             WHEN (NEW.stream LIKE 'bad/%') EXECUTE FUNCTION refuse()"
        }
    })
    .await;
    let mut tasks = Vec::new();
    for writer in 0..30_u32 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let is_bad = writer % 10 == 3;
            let mut batch = leaves(writer..writer + 1);
            let kind = if is_bad { "bad" } else { "case" };
            batch.events = vec![event(&format!("{kind}/{writer}"), 1)];
            (is_bad, store.commit(&batch).await)
        }));
    }
    for task in tasks {
        let (is_bad, result) = task.await.unwrap();
        assert_eq!(is_bad, result.is_err(), "{result:?}");
        if let Err(error) = result {
            assert!(error.to_string().contains("not this one"), "{error}");
        }
    }
    // Nothing is left open: another process can write at once.
    let other = Store::open(home.address.clone()).await.unwrap();
    let soon = Duration::from_secs(10);
    let more = events(vec![event("case/other", 1)]);
    tokio::time::timeout(soon, other.commit(&more))
        .await
        .unwrap()
        .unwrap();
    store.integrate(&signer()).await.unwrap();
    home.script(match home.address {
        store::Address::Sqlite(_) => "DROP TRIGGER no",
        store::Address::Postgres(_) => "DROP TRIGGER no ON events",
    })
    .await;
    let audit = store.audit(&signer().verifier()).await.unwrap();
    assert_eq!((audit.events, audit.entries), (28, 27));
}

async fn a_writer_that_goes_away_leaves_nothing_open(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let other = Store::open(home.address.clone()).await.unwrap();
    let mut kept = 0;
    for round in 0..30_u64 {
        // So large that whoever commits it writes it.
        let bytes: Vec<u8> = (0..300_000_u64)
            .flat_map(|n| (n ^ round).to_le_bytes())
            .collect();
        let batch = Batch {
            events: vec![event(&format!("case/{round}"), 1)],
            blobs: vec![(blob_id(&bytes), bytes)],
            ..Batch::default()
        };
        let gone = {
            let store = store.clone();
            tokio::spawn(async move { store.commit(&batch).await })
        };
        tokio::time::sleep(Duration::from_micros(700 * round)).await;
        gone.abort();
        if let Ok(result) = gone.await {
            result.unwrap();
            kept += 1;
        }
        let soon = Duration::from_secs(10);
        let next = events(vec![event("case/other", round + 1)]);
        tokio::time::timeout(soon, other.commit(&next))
            .await
            .unwrap()
            .unwrap();
    }
    let more = events(vec![event("case/more", 1)]);
    store.commit(&more).await.unwrap();
    let audit = store.audit(&signer().verifier()).await.unwrap();
    // One that went away may have been stored, as after a crash.
    assert!((31 + kept..=61).contains(&audit.events), "{kept} {audit:?}");
    assert_eq!(audit.events, 31 + audit.blobs);
}

async fn the_latest_time_never_goes_back(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let (early, late) = (time("2026-11-03T12:00:00Z"), time("2026-11-03T12:00:00.5Z"));
    assert_eq!(store.latest_time().await.unwrap(), None);
    assert_eq!(store.see_time(late).await.unwrap(), late);
    assert_eq!(store.see_time(early).await.unwrap(), late);
    let batch = Batch {
        seen_at: Some(early),
        ..Batch::default()
    };
    store.commit(&batch).await.unwrap();
    assert_eq!(store.latest_time().await.unwrap(), Some(late));
    // A setting that has the same name is another thing.
    store
        .set_meta("store/latest-time", "1970-01-01T00:00:00Z")
        .await
        .unwrap();
    assert_eq!(store.latest_time().await.unwrap(), Some(late));
}

async fn the_log_grows_and_proves_it(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    assert_eq!(store.integrate(&signer()).await.unwrap(), None);
    assert_eq!(store.checkpoint().await.unwrap(), None);
    let mut tree = MemoryTree::new();
    let mut roots = vec![];
    let mut next = 0;
    for step in [1, 1, 5, 250, 700, 1] {
        store.commit(&leaves(next..next + step)).await.unwrap();
        assert_eq!(store.staged().await.unwrap(), u64::from(step));
        // What is staged is not in the tree.
        let staged = leaf_hash(format!("entry {next}").as_bytes());
        assert_eq!(store.leaf_index(&staged).await.unwrap(), None);
        assert_eq!(store.entry(u64::from(next)).await.unwrap(), None);
        let checkpoint = store.integrate(&signer()).await.unwrap().unwrap();
        (next..next + step).for_each(|n| tree.append(leaf_hash(format!("entry {n}").as_bytes())));
        next += step;
        assert_eq!(
            (checkpoint.size(), checkpoint.root()),
            (tree.size(), tree.root())
        );
        roots.push((checkpoint.size(), checkpoint.root()));
    }
    assert_eq!(store.integrate(&signer()).await.unwrap(), None);
    let note = store.checkpoint().await.unwrap().unwrap();
    let checkpoint = Checkpoint::open(&note, &signer().verifier()).unwrap();
    let (size, root) = (checkpoint.size(), checkpoint.root());
    for index in [0, 1, 2, 6, 255, 256, 257, 511, 512, 956, 957] {
        let entry = store.entry(index).await.unwrap().unwrap();
        let leaf = leaf_hash(&entry);
        assert_eq!(store.leaf_index(&leaf).await.unwrap(), Some(index));
        let proof = store.inclusion(index, size).await.unwrap();
        tlog::verify_inclusion(&leaf, &proof, size, &root).unwrap();
    }
    for (old_size, old_root) in roots {
        let proof = store.consistency(old_size, size).await.unwrap();
        tlog::verify_consistency(old_size, &old_root, size, &root, &proof).unwrap();
    }
    assert!(matches!(
        store.inclusion(0, size + 1).await,
        Err(LogError::NotYet { .. })
    ));
    assert!(matches!(
        store.inclusion(size, size).await,
        Err(LogError::Refused { .. })
    ));
    assert!(matches!(
        store.consistency(2, 1).await,
        Err(LogError::Refused { .. })
    ));
    assert_eq!(store.tree_hashes(0, 256, 256).await.unwrap().len(), 256);
    assert_eq!(store.tree_hashes(8, 0, 256).await.unwrap().len(), 3);
    assert_eq!(store.entries(900, 256).await.unwrap().len(), 58);
    let audit = store.audit(&signer().verifier()).await.unwrap();
    assert_eq!(
        (audit.entries, audit.staged, audit.checkpoints),
        (958, 0, 6)
    );
}

async fn many_proofs_are_read_at_once(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    assert_eq!(store.inclusions_now(&[]).await.unwrap(), None);
    let unknown = leaf_hash(b"unknown");
    assert_eq!(store.inclusions_now(&[unknown]).await.unwrap(), None);
    store.commit(&leaves(0..700)).await.unwrap();
    store.integrate(&signer()).await.unwrap();
    let smaller = store.checkpoint().await.unwrap().unwrap();
    // Once more what is there, and something new.
    store.commit(&leaves(3..4)).await.unwrap();
    store.commit(&leaves(700..1300)).await.unwrap();
    store.integrate(&signer()).await.unwrap();
    store.commit(&leaves(1300..1301)).await.unwrap();
    let leaf = |n: u32| leaf_hash(format!("entry {n}").as_bytes());
    let asked: Vec<_> = (0..1301)
        .rev()
        .map(leaf)
        .chain([unknown, leaf(3)])
        .collect();
    let (note, proofs) = store.inclusions_now(&asked).await.unwrap().unwrap();
    let opened = |note: &str| Checkpoint::open(note, &signer().verifier()).unwrap();
    let newest = opened(&note);
    assert_eq!(newest.size(), 1301);
    assert_eq!(proofs.len(), asked.len());
    for (number, proof) in (0..1301_u32).rev().zip(&proofs) {
        let place = match number {
            0..700 => Some(u64::from(number)),
            700..1300 => Some(u64::from(number) + 1),
            _ => None,
        };
        assert_eq!(proof.as_ref().map(|proof| proof.index), place, "{number}");
    }
    assert_eq!(proofs[1301], None);
    assert_eq!(proofs[1302].as_ref().unwrap().index, 3);
    for (leaf, proof) in asked
        .iter()
        .zip(&proofs)
        .filter_map(|(leaf, proof)| Some((leaf, proof.as_ref()?)))
    {
        tlog::verify_inclusion(leaf, proof, newest.size(), &newest.root()).unwrap();
    }
    // In an older tree, what came later is not there.
    let older = opened(&smaller);
    let proofs = store.inclusions(&asked, older.size()).await.unwrap();
    assert_eq!(proofs.iter().flatten().count(), 701);
    for (leaf, proof) in asked
        .iter()
        .zip(&proofs)
        .filter_map(|(leaf, proof)| Some((leaf, proof.as_ref()?)))
    {
        tlog::verify_inclusion(leaf, proof, older.size(), &older.root()).unwrap();
    }
    assert!(matches!(
        store.inclusions(&asked, 1302).await,
        Err(LogError::NotYet { size: 1302 })
    ));
}

async fn each_batch_is_told_where_its_entries_stand(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let mut tasks = Vec::new();
    for writer in 0..40_u32 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let own = writer * 10..writer * 10 + writer % 4;
            let mut batch = leaves(own.clone());
            // Some with events beside, some of entries alone, and some that are refused.
            if writer % 3 != 0 {
                batch.events = vec![event(
                    &format!("case/{writer}"),
                    1 + u64::from(writer % 5 == 4),
                )];
            }
            (own, store.commit_placed(&batch).await)
        }));
    }
    let mut placed = 0;
    let mut told = Vec::new();
    let mut journal = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            (own, Ok(batch)) => {
                assert_eq!(batch.entry.is_some(), !own.is_empty());
                placed += own.len() as u64;
                told.extend((batch.entry.unwrap_or(0)..).zip(own));
                if let Some(event) = batch.event {
                    let stored = &store.journal(event - 1, 1).await.unwrap()[0];
                    assert_eq!((stored.sequence, stored.version), (event, 1));
                    journal.push(event);
                }
            }
            (_, Err(error)) => assert!(matches!(error, CommitError::Conflict { .. }), "{error}"),
        }
    }
    store.integrate(&signer()).await.unwrap();
    assert_eq!(store.log_size().await.unwrap(), placed);
    assert_eq!(told.len() as u64, placed);
    journal.sort_unstable();
    let events = store.journal(0, 100).await.unwrap();
    assert!(
        journal
            .iter()
            .eq(events.iter().map(|event| &event.sequence))
    );
    for (index, number) in told {
        let entry = store.entry(index).await.unwrap().unwrap();
        assert_eq!(entry, format!("entry {number}").into_bytes());
    }
}

async fn several_integrations_at_once_make_one_tree(home: Home) {
    let first = Store::create(home.address.clone()).await.unwrap();
    let second = Store::open(home.address.clone()).await.unwrap();
    let mut grown = 0;
    for round in 0..10 {
        let (mine, theirs) = (
            leaves(round * 10..round * 10 + 5),
            leaves(round * 10 + 5..round * 10 + 10),
        );
        let (mine, theirs) = tokio::join!(first.commit(&mine), second.commit(&theirs));
        mine.unwrap();
        theirs.unwrap();
        let key = signer();
        let (mine, theirs) = tokio::join!(first.integrate(&key), second.integrate(&key));
        grown += [mine.unwrap(), theirs.unwrap()].iter().flatten().count();
    }
    assert_eq!(grown, 10);
    let audit = first.audit(&signer().verifier()).await.unwrap();
    assert_eq!((audit.entries, audit.checkpoints), (100, 10));
}

async fn a_log_that_no_longer_matches_its_checkpoint_is_not_signed(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    store.commit(&leaves(0..6)).await.unwrap();
    store.integrate(&signer()).await.unwrap();
    store.commit(&leaves(6..7)).await.unwrap();
    let other = tlog::Signer::from_seed("log.example/store", [8; 32]).unwrap();
    assert!(matches!(
        store.integrate(&other).await,
        Err(LogError::OtherKey)
    ));
    home.force(match home.address {
        store::Address::Sqlite(_) => {
            "UPDATE log_tiles SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB)"
        }
        store::Address::Postgres(_) => {
            "UPDATE log_tiles SET hashes = decode(repeat('00', 32), 'hex') || substr(hashes, 33)"
        }
    })
    .await;
    let error = store.integrate(&signer()).await.unwrap_err();
    assert!(matches!(error, LogError::Diverged { size: 6 }), "{error}");
    assert_eq!(store.log_size().await.unwrap(), 6);
    let error = store.audit(&signer().verifier()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("log entry 0 has another leaf hash than its tile"),
        "{error}"
    );
}

async fn history_cannot_be_changed_with_sql(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let batch = Batch {
        events: vec![event("case/1", 1)],
        blobs: vec![(blob_id(b"copy"), b"copy".to_vec())],
        leaves: vec![b"leaf".to_vec(); 257],
        ..Batch::default()
    };
    store.commit(&batch).await.unwrap();
    store.integrate(&signer()).await.unwrap();
    store.commit(&leaves(0..1)).await.unwrap();
    let mut statements = vec![
        "UPDATE events SET body = '{}'",
        "DELETE FROM events",
        "UPDATE blobs SET id = upper(id)",
        "DELETE FROM blobs",
        "UPDATE log_staged SET entries = leaves",
        "DELETE FROM log_staged",
        "UPDATE log_bundles SET entries = entries",
        "DELETE FROM log_bundles",
        "UPDATE log_tiles SET level = 3",
        "UPDATE log_tiles SET hashes = substr(hashes, 33)",
        "DELETE FROM log_tiles",
        "DELETE FROM log_places",
        "UPDATE log_checkpoints SET note = ''",
        "DELETE FROM log_checkpoints",
        "INSERT INTO log_checkpoints (size, note) VALUES (1, 'again')",
    ];
    match home.address {
        store::Address::Sqlite(_) => statements.extend([
            "INSERT OR REPLACE INTO events SELECT sequence, stream, version, at, kind, '{}', chain FROM events",
            "REPLACE INTO blobs SELECT id, x'00' FROM blobs",
            "REPLACE INTO log_staged SELECT first, count, leaves, x'00' FROM log_staged",
            "REPLACE INTO log_bundles SELECT idx, x'00' FROM log_bundles",
            "REPLACE INTO log_tiles SELECT level, idx, zeroblob(32) FROM log_tiles",
            "REPLACE INTO log_checkpoints SELECT size, '' FROM log_checkpoints",
            "UPDATE OR REPLACE events SET kind = 'x'",
        ]),
        store::Address::Postgres(_) => statements.extend([
            "TRUNCATE events",
            "TRUNCATE blobs",
            "TRUNCATE log_staged, log_bundles, log_tiles, log_checkpoints",
            "INSERT INTO events SELECT * FROM events ON CONFLICT (sequence) DO UPDATE SET body = '{}'",
        ]),
    }
    for statement in statements {
        assert!(home.execute(statement).await.is_err(), "{statement}");
    }
    assert_eq!(store.audit(&signer().verifier()).await.unwrap().events, 1);
    assert_eq!(
        store.events("case/1", 0).await.unwrap()[0].body,
        "{\"n\":1}"
    );
}

async fn an_audit_names_what_was_changed_behind_the_stores_back(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let batch = Batch {
        events: vec![event("case/1", 1), event("case/1", 2), event("case/2", 1)],
        blobs: vec![(blob_id(b"copy"), b"copy".to_vec())],
        leaves: vec![b"zero".to_vec(), b"one".to_vec(), b"two".to_vec()],
        ..Batch::default()
    };
    store.commit(&batch).await.unwrap();
    store.integrate(&signer()).await.unwrap();
    // From the last thing that is looked at to the first, so that each becomes the first difference.
    let is_sqlite = matches!(home.address, store::Address::Sqlite(_));
    let changes = [
        (
            "UPDATE log_places SET idx = 7 WHERE idx = 1",
            "the places of leaf hashes",
        ),
        (
            "INSERT INTO log_tiles SELECT 1, 0, substr(hashes, 1, 32) FROM log_tiles",
            "1 hashes are in 1 tiles of level 1",
        ),
        (
            "UPDATE log_tiles SET hashes = substr(hashes, 1, 64) WHERE level = 0",
            "2 leaf hashes are in tiles",
        ),
        (
            "UPDATE log_staged SET entries = leaves",
            "the row of log entries from 0 on",
        ),
        (
            "UPDATE heads SET count = 4 WHERE name = 'entries'",
            "the row of log entries from 0 on",
        ),
        ("DELETE FROM log_staged", "log entry 0 is missing"),
        (
            "UPDATE log_checkpoints SET note = replace(note, 'example', 'exemple')",
            "checkpoint 3",
        ),
        if is_sqlite {
            ("UPDATE blobs SET bytes = x'00'", "the blob ")
        } else {
            ("UPDATE blobs SET bytes = decode('00', 'hex')", "the blob ")
        },
        (
            "DELETE FROM events WHERE sequence = 3",
            "event 3 is missing",
        ),
        (
            "UPDATE events SET stream = 'case/9' WHERE sequence = 2",
            "event 2 is not as it was written",
        ),
        (
            "UPDATE events SET at = '2026-11-03T12:00:00.12345679Z' WHERE sequence = 2",
            "event 2 is not as it was written",
        ),
        (
            "DELETE FROM events WHERE sequence = 1",
            "event 1 is missing",
        ),
    ];
    assert!(store.audit(&signer().verifier()).await.is_ok());
    for (statement, named) in changes {
        assert!(home.force(statement).await > 0, "{statement}");
        let error = store.audit(&signer().verifier()).await.unwrap_err();
        assert!(
            matches!(&error, AuditError::Difference { what } if what.contains(named)),
            "{statement}: {error}"
        );
    }
    let error = store.blob(&blob_id(b"copy")).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }));
}

async fn limits_and_names_are_refused_with_the_reason(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let mut wrong = vec![];
    for stream in [
        "",
        "a b",
        "a\n",
        "\u{e4}",
        "nul\0",
        &"s".repeat(store::NAME_BYTES_MAX + 1),
    ] {
        wrong.push(events(vec![event(stream, 1)]));
    }
    let mut nul = event("case/1", 1);
    nul.body = "\0".into();
    wrong.push(events(vec![nul]));
    wrong.push(Batch {
        leaves: vec![vec![0; store::ENTRY_BYTES_MAX + 1]],
        ..Batch::default()
    });
    wrong.push(Batch {
        meta: vec![("m".into(), "v".repeat(store::BODY_BYTES_MAX + 1))],
        ..Batch::default()
    });
    wrong.push(Batch {
        index: vec![(String::new(), vec![])],
        ..Batch::default()
    });
    for batch in &wrong {
        let error = store.commit(batch).await.unwrap_err();
        assert!(
            matches!(
                error,
                CommitError::Name { .. } | CommitError::TooLarge { .. }
            ),
            "{error}"
        );
        assert!(!error.hint().is_empty());
    }
    let largest = Batch {
        leaves: vec![vec![0; store::ENTRY_BYTES_MAX]],
        ..Batch::default()
    };
    store.commit(&largest).await.unwrap();
}

async fn streams_are_found_by_prefix_byte_by_byte(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let names = [
        "case/10", "case/1", "Case/1", "case", "case0", "case/1%", "case/~", "seat/1",
    ];
    for name in names {
        store.commit(&events(vec![event(name, 1)])).await.unwrap();
    }
    let found =
        |list: Vec<(String, u64)>| list.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(
        found(store.streams("case/").await.unwrap()),
        ["case/1", "case/1%", "case/10", "case/~"]
    );
    assert_eq!(found(store.streams("case/1%").await.unwrap()), ["case/1%"]);
    assert_eq!(found(store.streams("").await.unwrap()).len(), names.len());
    let under = store.events_under("case/1", 0).await.unwrap();
    assert_eq!(
        under.iter().map(|e| e.sequence).collect::<Vec<_>>(),
        [1, 2, 6]
    );
    assert_eq!(store.events_under("case/1", 2).await.unwrap().len(), 1);
}

async fn no_entry_is_acknowledged_without_its_place(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    store.commit(&leaves(0..1)).await.unwrap();
    home.force("DELETE FROM heads WHERE name = 'entries'").await;
    let mut with_event = leaves(1..2);
    with_event.events = vec![event("case/1", 1)];
    for batch in [leaves(1..2), leaves(1..10_000), with_event] {
        let error = store.commit(&batch).await.unwrap_err();
        assert!(
            matches!(error, CommitError::Store(StoreError::Damaged { .. })),
            "{error}"
        );
    }
    assert_eq!(store.journal(0, 10).await.unwrap(), []);
}

async fn a_store_of_the_first_schema_is_brought_up_to_date(home: Home) {
    let made = match home.address {
        store::Address::Sqlite(_) => include_str!("../src/schema/sqlite_1.sql"),
        store::Address::Postgres(_) => include_str!("../src/schema/postgres_1.sql"),
    };
    home.script(made).await;
    let staged = match home.address {
        store::Address::Sqlite(_) => "INSERT INTO log_staged VALUES (0, 1, x'LEAF', x'ROW')",
        store::Address::Postgres(_) => {
            "INSERT INTO log_staged VALUES (0, 1, decode('LEAF', 'hex'), decode('ROW', 'hex'))"
        }
    };
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let staged = staged
        .replace("LEAF", &hex(leaf_hash(b"entry 0").as_bytes()))
        .replace("ROW", &hex(b"\0\x07entry 0"));
    home.script(&staged).await;
    // As the first schema's writers did it.
    home.script("UPDATE heads SET count = 1 WHERE name = 'entries'")
        .await;
    home.script("INSERT INTO schema_version (version) VALUES (1)")
        .await;
    let store = Store::open(home.address.clone()).await.unwrap();
    assert_eq!(store.staged().await.unwrap(), 1);
    store.commit(&leaves(1..3)).await.unwrap();
    let mut with_event = leaves(3..4);
    with_event.events = vec![event("case/1", 1)];
    store.commit(&with_event).await.unwrap();
    let checkpoint = store.integrate(&signer()).await.unwrap().unwrap();
    let mut tree = MemoryTree::new();
    (0..4).for_each(|n| tree.append(leaf_hash(format!("entry {n}").as_bytes())));
    assert_eq!((checkpoint.size(), checkpoint.root()), (4, tree.root()));
    store.audit(&signer().verifier()).await.unwrap();
    // Whoever opens it next finds it as new.
    store.close().await;
    let store = Store::open(home.address.clone()).await.unwrap();
    store.audit(&signer().verifier()).await.unwrap();
}

async fn a_ticket_is_taken_once_and_ends_by_itself(home: Home) {
    let store = Store::create(home.address.clone()).await.unwrap();
    let now: jiff::Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
    let later = now + jiff::SignedDuration::from_secs(60);
    let ticket = |id: &str, body: &str| Ticket {
        id: id.to_owned(),
        owner: "person:Ada".to_owned(),
        body: body.to_owned(),
        ends_ms: later.as_millisecond(),
    };
    assert!(
        store
            .put_ticket("link", &ticket("a", "1"), now)
            .await
            .unwrap()
    );
    assert!(
        !store
            .put_ticket("link", &ticket("a", "2"), now)
            .await
            .unwrap()
    );
    assert!(
        store
            .put_ticket("other", &ticket("a", "3"), now)
            .await
            .unwrap()
    );
    assert!(
        store
            .change_ticket("link", &ticket("a", "4"), now)
            .await
            .unwrap()
    );
    assert!(
        !store
            .change_ticket("link", &ticket("b", "4"), now)
            .await
            .unwrap()
    );
    let takers = (0..8).map(|_| store.take_ticket("link", "a", now));
    let mut taken = Vec::new();
    for taker in takers
        .map(|taker| async move { taker.await.unwrap() })
        .collect::<Vec<_>>()
    {
        taken.extend(taker.await);
    }
    assert_eq!(taken, [ticket("a", "4")]);
    assert_eq!(store.ticket("link", "a", now).await.unwrap(), None);
    assert_eq!(store.ticket("other", "a", later).await.unwrap(), None);
    assert!(
        store
            .put_ticket("other", &ticket("a", "5"), later)
            .await
            .unwrap()
    );
    assert!(
        store
            .put_ticket("link", &ticket("c", "6"), now)
            .await
            .unwrap()
    );
    assert_eq!(
        store.tickets_of("link", "person:Ada", now).await.unwrap(),
        [ticket("c", "6")]
    );
    assert_eq!(
        store.drop_tickets_of("link", "person:Ada").await.unwrap(),
        1
    );
    assert_eq!(store.drop_ended_tickets(later).await.unwrap(), 1);
    let large = ticket("d", &"x".repeat(store::TICKET_BYTES_MAX + 1));
    let refused = store.put_ticket("link", &large, now).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::TicketTooLarge { .. }),
        "{refused}"
    );
    assert_eq!(store.pulse().await.unwrap(), (0, None));
}
