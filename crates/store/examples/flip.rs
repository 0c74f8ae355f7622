//! Changes every byte of a small store in turn, and looks whether the change is noticed.
//!
//! `cargo run --release -p store --example flip`; `-- --every N` takes every Nth byte, `-- --quick` every 53rd;
//! `-- --only database` and `-- --only log` go through one of the two files; `-- --part 2/8` takes the second eighth of
//! the bytes, so that a long run can be made in pieces.
//!
//! Two files are gone through. **The database** of a store that was closed: with events, blobs, settings, index records,
//! staged and integrated entries, several checkpoints, more than one tile and a full bundle. **The write-ahead log** that
//! a process leaves behind when it is killed after some more commits. Each byte is changed twice, once in its lowest bit
//! and once in all bits. Then the store is opened, audited, and everything in it is read. A change is *noticed* when one
//! of these fails, and *harmless* when all that is read is as it was; anything else would be *accepted as something
//! else*, and there may be none. SQLite's file has no checksums of its own.
//!
//! One kind of change is counted by itself: a change within the last transaction of the log. Nobody can tell it from a
//! power cut in the middle of that transaction, before it was acknowledged; the store is then exactly as it was before.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example prints what it finds, and fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use store::{Batch, NewEvent, Store, StoreError, blob_id};
use tlog::{Signer, leaf_hash};

/// Entries that are integrated, in steps, and one that is staged.
const SIZES: [u64; 4] = [1, 3, 300, 309];
const ENTRIES: u64 = SIZES[3] + 1;
/// Changes that are looked at side by side by one thread: some wait.
const ABREAST: usize = 16;

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
            supposes: vec![],
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

/// A store whose bytes are changed.
struct Case {
    what: &'static str,
    /// The database, and its write-ahead log if there is one.
    files: Vec<(&'static str, Vec<u8>)>,
    /// What is read from it as it is.
    whole: Vec<String>,
    /// What was read before the last transaction of its log.
    before_last: Option<Vec<String>>,
}

impl Case {
    /// The bytes that are changed: those of the last file.
    fn bytes(&self) -> &[u8] {
        &self.files.last().unwrap().1
    }

    fn write(&self, path: &Path, at: usize, change: u8) {
        for (index, (end, bytes)) in self.files.iter().enumerate() {
            let mut bytes = bytes.clone();
            if index + 1 == self.files.len() {
                bytes[at] ^= change;
            }
            std::fs::write(with_end(path, end), bytes).unwrap();
        }
    }
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}{end}", path.display()))
}

fn remove(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(with_end(path, end));
    }
}

async fn closed(folder: &Path) -> Case {
    let path = folder.join("closed.db");
    make(&path).await;
    let bytes = std::fs::read(&path).unwrap();
    let store = Store::open(&path).await.unwrap();
    let audit = store.audit(&signer().verifier()).await.unwrap();
    assert_eq!(
        (audit.entries, audit.staged),
        (SIZES[3], ENTRIES - SIZES[3])
    );
    let whole = read(&store).await.unwrap();
    store.close().await;
    Case {
        what: "the database",
        files: vec![("", bytes)],
        whole,
        before_last: None,
    }
}

/// The files while the store is open are those that a killed process leaves.
async fn killed(folder: &Path) -> Case {
    let path = folder.join("killed.db");
    make(&path).await;
    let store = Store::open(&path).await.unwrap();
    let mut before_last = Vec::new();
    for n in 0..4_u64 {
        before_last = read(&store).await.unwrap();
        let mut batch = Batch {
            leaves: vec![entry(ENTRIES + n)],
            ..Batch::default()
        };
        if n == 1 {
            batch.meta = vec![("setting-1".into(), "another value".into())];
        }
        store.commit(&batch).await.unwrap();
    }
    let files = ["", "-wal"].map(|end| (end, std::fs::read(with_end(&path, end)).unwrap()));
    let whole = read(&store).await.unwrap();
    store.close().await;
    assert_ne!(before_last, whole);
    Case {
        what: "the write-ahead log",
        files: files.to_vec(),
        whole,
        before_last: Some(before_last),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    AtOpen,
    ByAudit,
    ByRead,
    Harmless,
    AsACut,
    Accepted,
}

const OUTCOMES: [(Outcome, &str); 6] = [
    (Outcome::AtOpen, "noticed when it is opened"),
    (Outcome::ByAudit, "noticed by the audit"),
    (Outcome::ByRead, "noticed when it is read"),
    (Outcome::Harmless, "harmless"),
    (Outcome::AsACut, "as a power cut in the last commit"),
    (Outcome::Accepted, "accepted as something else"),
];

/// Changes the bytes of one share, each in a file of its own name: what a failed disk has stopped stays stopped.
async fn flip(
    case: Arc<Case>,
    folder: PathBuf,
    offsets: impl Iterator<Item = usize>,
) -> Vec<(Outcome, usize, u8)> {
    let mut found = Vec::new();
    let mut under_way = tokio::task::JoinSet::new();
    for (at, change) in offsets.flat_map(|at| [(at, 0x01), (at, 0xff)]) {
        if under_way.len() == ABREAST {
            found.extend(under_way.join_next().await.map(Result::unwrap));
        }
        let name = format!("{}-{at}-{change}.db", case.files.len());
        let (case, path) = (Arc::clone(&case), folder.join(name));
        under_way.spawn(async move {
            case.write(&path, at, change);
            let outcome = one(&path, &case).await;
            remove(&path);
            (outcome, at, change)
        });
    }
    found.extend(under_way.join_all().await);
    found
}

async fn one(path: &Path, case: &Case) -> Outcome {
    let Ok(store) = Store::open(path).await else {
        return Outcome::AtOpen;
    };
    let outcome = match store.audit(&signer().verifier()).await {
        Err(_) => Outcome::ByAudit,
        Ok(_) => match read(&store).await {
            Err(_) => Outcome::ByRead,
            Ok(found) if found == case.whole => Outcome::Harmless,
            Ok(found) if Some(&found) == case.before_last.as_ref() => Outcome::AsACut,
            Ok(_) => Outcome::Accepted,
        },
    };
    store.close().await;
    outcome
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Goes through a case on all cores, and says what came of it; how many changes, and how many were accepted.
fn go_through(case: Case, folder: &Path, step: usize, part: (usize, usize)) -> (u64, u64, u64) {
    let start = Instant::now();
    let case = Arc::new(case);
    let length = case.bytes().len();
    let (from, to) = (length * (part.0 - 1) / part.1, length * part.0 / part.1);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let found: Vec<(Outcome, usize, u8)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|thread| {
                let offsets = (from + thread * step..to).step_by(threads * step);
                let share = flip(Arc::clone(&case), folder.to_owned(), offsets);
                scope.spawn(move || runtime().block_on(share))
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    println!(
        "{}: one byte in {step} from {from} to {to} of {length}, {} changes, {:.0?}",
        case.what,
        found.len(),
        start.elapsed()
    );
    let mut counts: BTreeMap<Outcome, u64> = BTreeMap::new();
    for (outcome, ..) in &found {
        *counts.entry(*outcome).or_default() += 1;
    }
    for (outcome, text) in OUTCOMES {
        println!(
            "  {text:<34} {:>8}",
            counts.get(&outcome).copied().unwrap_or(0)
        );
    }
    let accepted = found
        .iter()
        .filter(|(outcome, ..)| *outcome == Outcome::Accepted);
    for (_, at, change) in accepted.take(20) {
        println!("    byte {at} ^ {change:#04x}");
    }
    let count = |outcome| counts.get(&outcome).copied().unwrap_or(0);
    (
        found.len() as u64,
        count(Outcome::AsACut),
        count(Outcome::Accepted),
    )
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let step = match arguments.iter().position(|argument| argument == "--every") {
        Some(at) => arguments[at + 1].parse().unwrap(),
        None if arguments.iter().any(|argument| argument == "--quick") => 53,
        None => 1,
    };
    // In memory where there is such a folder: nothing here is about disks.
    let folder = match tempfile::tempdir_in("/dev/shm") {
        Ok(folder) => folder,
        Err(_) => tempfile::tempdir().unwrap(),
    };
    let cases = runtime().block_on(async {
        let none = Store::open(folder.path().join("none.db")).await;
        assert!(matches!(none, Err(StoreError::Missing { .. })));
        [closed(folder.path()).await, killed(folder.path()).await]
    });
    let only = arguments.iter().position(|argument| argument == "--only");
    let only = only.map(|at| arguments[at + 1].as_str());
    let part = arguments.iter().position(|argument| argument == "--part");
    let part = part.map_or((1, 1), |at| {
        let (part, of) = arguments[at + 1].split_once('/').unwrap();
        (part.parse().unwrap(), of.parse().unwrap())
    });
    let (mut changes, mut cut, mut accepted) = (0, 0, 0);
    let wanted = cases
        .into_iter()
        .filter(|case| only.is_none_or(|only| case.what.ends_with(only)));
    for case in wanted {
        let (more, as_cut, as_else) = go_through(case, folder.path(), step, part);
        changes += more;
        cut += as_cut;
        accepted += as_else;
    }
    let verdict = format!(
        "of {changes} changes, {accepted} were accepted as something else (goal 0); {cut} cannot be told from a power cut in the last commit"
    );
    if accepted == 0 {
        println!("holds: {verdict}");
        return ExitCode::SUCCESS;
    }
    println!("falls short: {verdict}");
    ExitCode::FAILURE
}
