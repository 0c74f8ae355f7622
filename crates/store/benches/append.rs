//! Appends that are acknowledged after they are durable, beside SQLite itself; and how fast a log is audited.
//!
//! `cargo bench -p store --bench append`, `-- --quick` for less than a minute.
//!
//! The peer is the same SQLite, called directly: one thread, one prepared insert of the same bytes into a table with
//! nothing else, committed with WAL and `synchronous=FULL` in transactions of as many rows as there are writers. It
//! hands nothing over between threads, answers nobody, and hashes nothing.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its measurements"
)]
#![allow(
    unsafe_code,
    reason = "the peer is SQLite itself, without a layer that could slow it down"
)]

use std::ffi::{CString, c_int};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use libsqlite3_sys as sqlite;
use store::{Batch, Store};

/// Bytes of an entry.
const ENTRY: usize = 300;
/// Writers, and the share of the peer's speed that is wanted.
const GOALS: [(u64, f64); 3] = [(1, 0.50), (64, 0.40), (1024, 0.40)];
/// Appends before anything is measured.
const WARM: u64 = 120_000;
/// Leaves that an audit must read a second.
const AUDIT_GOAL: f64 = 1e6;

fn entry(n: u64) -> Vec<u8> {
    let mut bytes = vec![0; ENTRY];
    // Bytes that do not repeat, so that nothing gains by that.
    let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for chunk in bytes.chunks_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        chunk.copy_from_slice(&state.to_le_bytes()[..chunk.len()]);
    }
    bytes
}

/// SQLite's own speed, with settings that are as good as any for this.
struct Peer {
    database: *mut sqlite::sqlite3,
}

impl Peer {
    fn open(path: &Path, settings: &str) -> Peer {
        let mut database = std::ptr::null_mut();
        let name = CString::new(path.to_str().unwrap()).unwrap();
        // SAFETY: the name ends with NUL, and the pointer is written before it is read.
        let code = unsafe { sqlite::sqlite3_open(name.as_ptr(), &raw mut database) };
        assert_eq!(code, sqlite::SQLITE_OK);
        let peer = Peer { database };
        peer.run(settings);
        peer.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
        peer.run("CREATE TABLE entries (idx INTEGER PRIMARY KEY, entry BLOB NOT NULL)");
        peer
    }

    fn run(&self, sql: &str) {
        let sql = CString::new(sql).unwrap();
        let none = std::ptr::null_mut();
        // SAFETY: the database is open, the statement ends with NUL.
        let code =
            unsafe { sqlite::sqlite3_exec(self.database, sql.as_ptr(), None, none, none.cast()) };
        assert_eq!(code, sqlite::SQLITE_OK, "{sql:?}");
    }

    /// Appends in transactions of `rows` until the time is over; appends a second.
    fn measure(&self, rows: u64, time: Duration, next: &mut u64) -> f64 {
        let entries: Vec<Vec<u8>> = (0..rows).map(entry).collect();
        let sql = CString::new("INSERT INTO entries (idx, entry) VALUES (?1, ?2)").unwrap();
        let mut statement = std::ptr::null_mut();
        // SAFETY: the database is open, the statement ends with NUL and is finalised below.
        let code = unsafe {
            sqlite::sqlite3_prepare_v2(
                self.database,
                sql.as_ptr(),
                -1,
                &raw mut statement,
                std::ptr::null_mut(),
            )
        };
        assert_eq!(code, sqlite::SQLITE_OK);
        let (start, before) = (Instant::now(), *next);
        while start.elapsed() < time {
            self.run("BEGIN IMMEDIATE");
            for entry in &entries {
                // SAFETY: the statement is prepared; the bytes live until it has run (a null destructor copies nothing).
                unsafe {
                    sqlite::sqlite3_bind_int64(statement, 1, next.cast_signed());
                    let length = c_int::try_from(entry.len()).unwrap();
                    sqlite::sqlite3_bind_blob(statement, 2, entry.as_ptr().cast(), length, None);
                    assert_eq!(sqlite::sqlite3_step(statement), sqlite::SQLITE_DONE);
                    sqlite::sqlite3_reset(statement);
                }
                *next += 1;
            }
            self.run("COMMIT");
        }
        let speed = (*next - before) as f64 / start.elapsed().as_secs_f64();
        // SAFETY: prepared above, and not used again.
        unsafe { sqlite::sqlite3_finalize(statement) };
        speed
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // SAFETY: opened by `open`, all statements are finalised.
        unsafe { sqlite::sqlite3_close(self.database) };
    }
}

/// Writers that each append one entry and wait until it is durable, over and over; appends a second, and appends.
async fn measure(store: &Store, writers: u64, time: Duration) -> (f64, u64) {
    let done = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (store, done) = (store.clone(), Arc::clone(&done));
            let batch = Batch {
                leaves: vec![entry(writer)],
                ..Batch::default()
            };
            tokio::spawn(async move {
                while start.elapsed() < time {
                    store.commit(&batch).await.unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let done = done.load(Ordering::Relaxed);
    (done as f64 / start.elapsed().as_secs_f64(), done)
}

/// Seconds of processor time that this process has used, where the system tells.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_ascii_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// Leaves a second of an integration of all, and of the fastest of three audits; leaves for each second that a
/// processor worked at the audits.
async fn audit(folder: &Path, leaves: u64) -> (f64, f64, f64) {
    let signer = tlog::Signer::from_seed("log.example/bench", [1; 32]).unwrap();
    let path = folder.join("audit.db");
    let store = Store::create(&path).await.unwrap();
    let mut integrating = Duration::ZERO;
    let each = leaves / 100;
    for checkpoint in 0..100 {
        let batch = Batch {
            leaves: (checkpoint * each..(checkpoint + 1) * each)
                .map(entry)
                .collect(),
            ..Batch::default()
        };
        store.commit(&batch).await.unwrap();
        let start = Instant::now();
        store.integrate(&signer).await.unwrap().unwrap();
        integrating += start.elapsed();
    }
    store.close().await;
    let mut fastest = f64::MAX;
    let before = processor_seconds();
    for _ in 0..3 {
        let store = Store::open(&path).await.unwrap();
        let start = Instant::now();
        let audit = store.audit(&signer.verifier()).await.unwrap();
        fastest = fastest.min(start.elapsed().as_secs_f64());
        assert_eq!((audit.entries, audit.checkpoints), (leaves, 100));
        store.close().await;
    }
    (
        leaves as f64 / integrating.as_secs_f64(),
        leaves as f64 / fastest,
        3.0 * leaves as f64 / (processor_seconds() - before),
    )
}

fn main() -> ExitCode {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let (time, rounds, leaves) = match is_quick {
        true => (Duration::from_millis(500), 3, 200_000),
        false => (Duration::from_secs(1), 10, 1_000_000),
    };
    // The build folder is on a disk, where a folder for temporary files may be in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();

    // The peer keeps the file to itself, which saves it locks; of these page sizes and sizes of the write-ahead log, it
    // is given the fastest.
    let peers: Vec<Peer> = [(4096, 4), (4096, 16), (16_384, 8)]
        .iter()
        .map(|(page, log_mib)| {
            let pages = (log_mib << 20) / page;
            let settings = format!(
                "PRAGMA page_size={page}; PRAGMA locking_mode=EXCLUSIVE; PRAGMA wal_autocheckpoint={pages};
                 PRAGMA cache_size=-65536"
            );
            Peer::open(&folder.path().join(format!("peer-{page}-{log_mib}.db")), &settings)
        })
        .collect();
    let store = runtime
        .block_on(Store::create(folder.path().join("store.db")))
        .unwrap();

    // The write-ahead logs have their size before anything is measured: a file that grows is slower to sync.
    let mut next = 0;
    for peer in &peers {
        let end = next + WARM;
        while next < end {
            peer.measure(4096, Duration::from_millis(1), &mut next);
        }
    }
    runtime.block_on(async {
        let store = store.clone();
        let warm = async move {
            let mut done = 0;
            while done < WARM {
                done += measure(&store, 1024, time / 4).await.1;
            }
        };
        tokio::spawn(warm).await.unwrap();
    });

    println!("writers      store/s       peer/s   ratio    goal");
    let mut misses = Vec::new();
    for (writers, goal) in GOALS {
        // In turns, and the best of each: what else the machine does disturbs both alike.
        let (mut ours, mut theirs) = (0_f64, 0_f64);
        for _ in 0..rounds {
            ours = ours.max(runtime.block_on(async {
                let store = store.clone();
                tokio::spawn(async move { measure(&store, writers, time).await.0 })
                    .await
                    .unwrap()
            }));
            for peer in &peers {
                theirs = theirs.max(peer.measure(writers, time, &mut next));
            }
        }
        let ratio = ours / theirs;
        println!("{writers:>7} {ours:>12.0} {theirs:>12.0} {ratio:>7.2} {goal:>7.2}");
        if ratio < goal {
            misses.push(format!(
                "{ratio:.2} of SQLite at {writers} writers (goal {goal:.2})"
            ));
        }
    }
    runtime.block_on(store.close());
    let (integrated, audited, worked) = runtime.block_on(audit(folder.path(), leaves));
    println!("\n{leaves} leaves of {ENTRY} bytes under 100 checkpoints");
    println!("integrate  {integrated:>12.0} leaves/s");
    println!("audit      {audited:>12.0} leaves/s, goal {AUDIT_GOAL:.0}");
    println!("           {worked:>12.0} leaves for each second of one processor's work");
    if audited < AUDIT_GOAL {
        misses.push(format!(
            "an audit of {audited:.0} leaves/s (goal {AUDIT_GOAL:.0})"
        ));
    }
    if misses.is_empty() {
        println!(
            "holds: appends at 0.50 of SQLite or more for 1 writer and 0.40 for 64 and 1,024; audit of {:.2} million leaves/s (goal 1)",
            audited / 1e6
        );
        return ExitCode::SUCCESS;
    }
    println!("falls short: {}", misses.join("; "));
    ExitCode::FAILURE
}
