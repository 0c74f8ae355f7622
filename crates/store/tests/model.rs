//! Random commits against a model in memory.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use store::{Batch, CommitError, Store, blob_id};
use support::{Home, event, signer};
use tlog::{MemoryTree, leaf_hash};

#[derive(Debug, Clone)]
enum Step {
    /// Streams of the events with how far each is from the version that would be right, and the leaves.
    Commit(Vec<(u8, i8)>, Vec<Vec<u8>>),
    Integrate,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let events = prop::collection::vec(
        (
            0u8..3,
            prop::sample::select(vec![0i8, 0, 0, 0, 0, 0, 0, 1, -1]),
        ),
        0..4,
    );
    let leaves = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..8), 0..5);
    prop_oneof![
        6 => (events, leaves).prop_map(|(events, leaves)| Step::Commit(events, leaves)),
        2 => Just(Step::Integrate),
        1 => Just(Step::Reopen),
    ]
}

async fn run(steps: Vec<Step>) {
    let home = Home::sqlite().await;
    let mut store = Store::create(home.address.clone()).await.unwrap();
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    let (mut entries, mut covered): (Vec<Vec<u8>>, usize) = (vec![], 0);
    let mut tree = MemoryTree::new();
    for step in steps {
        match step {
            Step::Commit(wanted, leaves) => {
                let mut after = versions.clone();
                let mut right = true;
                let mut batch = Batch {
                    leaves: leaves.clone(),
                    ..Batch::default()
                };
                for (stream, error) in wanted {
                    let stream = format!("stream/{stream}");
                    let version = after.entry(stream.clone()).or_default();
                    *version += 1;
                    right &= error == 0;
                    batch
                        .events
                        .push(event(&stream, version.saturating_add_signed(error.into())));
                }
                batch.blobs = leaves
                    .iter()
                    .map(|leaf| (blob_id(leaf), leaf.clone()))
                    .collect();
                match store.commit_placed(&batch).await {
                    Ok(placed) => {
                        assert!(right);
                        let place = (!leaves.is_empty()).then_some(entries.len() as u64);
                        assert_eq!(placed.entry, place);
                        let before: u64 = versions.values().sum();
                        let is_event = !batch.events.is_empty();
                        assert_eq!(placed.event, is_event.then_some(before + 1));
                        versions = after;
                        entries.extend(leaves);
                    }
                    Err(CommitError::Conflict { .. }) => assert!(!right),
                    Err(error) => panic!("{error}"),
                }
            }
            Step::Integrate => {
                let grown = store.integrate(&signer()).await.unwrap();
                entries[covered..]
                    .iter()
                    .for_each(|entry| tree.append(leaf_hash(entry)));
                assert_eq!(grown.is_some(), covered < entries.len());
                if let Some(checkpoint) = grown {
                    assert_eq!(
                        (checkpoint.size(), checkpoint.root()),
                        (tree.size(), tree.root())
                    );
                }
                covered = entries.len();
            }
            Step::Reopen => {
                store.close().await;
                store = Store::open(home.address.clone()).await.unwrap();
            }
        }
    }
    versions.retain(|_, version| *version > 0);
    let streams: BTreeMap<String, u64> = store.streams("").await.unwrap().into_iter().collect();
    assert_eq!(streams, versions);
    let audit = store.audit(&signer().verifier()).await.unwrap();
    assert_eq!(audit.events, versions.values().sum::<u64>());
    assert_eq!(
        (audit.entries, audit.staged),
        (covered as u64, (entries.len() - covered) as u64)
    );
    for (index, entry) in entries[..covered].iter().enumerate() {
        let leaf = leaf_hash(entry);
        let first = entries.iter().position(|other| other == entry).unwrap() as u64;
        assert_eq!(store.leaf_index(&leaf).await.unwrap(), Some(first));
        let proof = store.inclusion(index as u64, covered as u64).await.unwrap();
        tlog::verify_inclusion(&leaf, &proof, tree.size(), &tree.root()).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_commits_leave_what_the_model_has(steps in prop::collection::vec(step(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}
