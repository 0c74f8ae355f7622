//! Witnesses on the loopback, asked over HTTP as a log asks them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tlog::{
    Checkpoint, ConsistencyProof, CosignerKey, MemoryTree, Note, Quorum, Signer, consistency_proof,
    leaf_hash,
};
use tokio::net::TcpListener;
use witness::{AskError, Asked, Client, StateDir, Witness, WitnessUrl, origin_hash, serve};

const NOON: u64 = 1_767_225_600;

/// A log with leaves that `salt` decides: two salts are two histories.
struct Log {
    signer: Signer,
    tree: MemoryTree,
}

impl Log {
    fn new() -> Self {
        Self {
            signer: Signer::from_seed("log.example/cases", [7; 32]).unwrap(),
            tree: MemoryTree::new(),
        }
    }

    fn grow(&mut self, salt: &str, to: u64) {
        for index in self.tree.size()..to {
            self.tree
                .append(leaf_hash(format!("{salt} {index}").as_bytes()));
        }
    }

    fn note(&self) -> Note {
        Checkpoint::new("log.example/cases", self.tree.size(), self.tree.root())
            .unwrap()
            .sign(&self.signer)
            .unwrap()
    }

    async fn prove(&self, old: u64) -> Result<ConsistencyProof, tlog::ProveError> {
        consistency_proof(&self.tree, old, self.tree.size())
    }
}

/// A witness that serves until it is stopped or the test ends, and a clock that stands still.
struct Running {
    asked: Asked,
    clock: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Ends it, and waits until it holds its folder no more.
    async fn stop(self) {
        self.task.abort();
        // An aborted task ends with an error, which is what was wanted.
        let _ = self.task.await;
    }
}

fn made(dir: &Path, name: &str, log: &Log) -> StateDir {
    let (state, _) = StateDir::create(dir, name).unwrap();
    state.trust(&log.signer.vkey()).unwrap();
    state
}

async fn run(state: StateDir) -> Running {
    let witness = Arc::new(Witness::open(state).unwrap());
    let key = CosignerKey::parse(&witness.vkey()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let clock = Arc::new(AtomicU64::new(NOON));
    let told = clock.clone();
    let clock_of = Arc::new(move || told.load(Ordering::SeqCst));
    let task = tokio::spawn(async move {
        serve(listener, witness, clock_of).await.unwrap();
    });
    Running {
        asked: Asked {
            key,
            url: WitnessUrl::parse(&url).unwrap(),
        },
        clock,
        task,
    }
}

fn client() -> Client {
    Client::new(Duration::from_secs(20))
}

/// One request by hand: status, type and body.
async fn post(url: &WitnessUrl, body: &str) -> (u16, String, String) {
    raw(url, &format!(
        "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
    .await
}

async fn get(url: &WitnessUrl, path: &str) -> (u16, String, String) {
    raw(
        url,
        &format!("GET {path} HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n"),
    )
    .await
}

async fn raw(url: &WitnessUrl, request: &str) -> (u16, String, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = url.as_str().strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let kind = head
        .lines()
        .find_map(|line| line.strip_prefix("content-type: "))
        .unwrap_or_default();
    (status, kind.to_owned(), body.to_owned())
}

fn body(old: u64, proof: &ConsistencyProof, note: &Note) -> String {
    witness::AddCheckpoint {
        old_size: old,
        proof: proof.clone(),
        note: note.clone(),
    }
    .to_text()
}

fn none() -> ConsistencyProof {
    ConsistencyProof { hashes: Vec::new() }
}

fn asynchronous<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(test)
}

#[test]
fn a_growing_log_is_cosigned_step_by_step_and_a_restart_keeps_what_was_seen() {
    asynchronous(async {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::new();
        let state = made(folder.path(), "witness.example/w1", &log);
        let client = client();
        let mut known = 0;
        for size in [1, 2, 5, 300, 1000] {
            // A new process for each step: only the folder remembers.
            let running = run(state.clone()).await;
            log.grow("a", size);
            let note = log.note();
            let got = client
                .cosign(&running.asked, &note, 0, |old| log.prove(old))
                .await
                .unwrap();
            assert_eq!(got.old_size, known);
            assert_eq!(got.cosignature.time_s, NOON);
            let mut cosigned = note.clone();
            cosigned.add(got.line).unwrap();
            let quorum = Quorum::new(vec![running.asked.key.clone()], 1).unwrap();
            assert_eq!(quorum.verify(&cosigned).unwrap().len(), 1);
            let shown = client.latest(&running.asked, &log.signer.verifier()).await;
            let (latest, checkpoint) = shown.unwrap().unwrap();
            assert_eq!(checkpoint.size(), size);
            assert_eq!(latest, cosigned);
            known = size;
            running.stop().await;
        }
    });
}

#[test]
fn each_answer_has_the_specifications_status() {
    asynchronous(async {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::new();
        let running = run(made(folder.path(), "w1", &log)).await;
        let url = running.asked.url.clone();
        log.grow("a", 10);
        let ten = log.note();
        let stranger = Signer::from_seed("other.example", [8; 32]).unwrap();
        let other = Checkpoint::new("other.example", 10, log.tree.root())
            .unwrap()
            .sign(&stranger)
            .unwrap();
        assert_eq!(post(&url, &body(0, &none(), &other)).await.0, 404);
        let impostor = Signer::from_seed("log.example/cases", [9; 32]).unwrap();
        let unsigned = Note::sign(ten.text(), &impostor).unwrap();
        assert_eq!(post(&url, &body(0, &none(), &unsigned)).await.0, 403);
        let altered = ten.to_text().replacen("\n10\n", "\n11\n", 1);
        let altered = Note::parse(&altered).unwrap();
        assert_eq!(post(&url, &body(0, &none(), &altered)).await.0, 403);
        assert_eq!(post(&url, "old 0\nnonsense").await.0, 400);
        assert_eq!(post(&url, &body(11, &none(), &ten)).await.0, 400);
        assert_eq!(post(&url, &"x".repeat(200_000)).await.0, 413);
        let (status, kind, size) = post(&url, &body(5, &none(), &ten)).await;
        assert_eq!(
            (status, kind.as_str(), size.as_str()),
            (409, "text/x.tlog.size", "0\n")
        );
        // A proof from nothing must be empty.
        let proof = log.prove(4).await.unwrap();
        assert_eq!(post(&url, &body(0, &proof, &ten)).await.0, 422);
        let hash = origin_hash("log.example/cases");
        assert_eq!(get(&url, &format!("/{hash}/checkpoint")).await.0, 404);

        let (status, kind, line) = post(&url, &body(0, &none(), &ten)).await;
        assert_eq!((status, kind.as_str()), (200, "text/plain; charset=utf-8"));
        assert!(
            line.starts_with("\u{2014} w1 ") && line.ends_with('\n'),
            "{line}"
        );
        assert_eq!(get(&url, &format!("/{hash}/checkpoint")).await.0, 200);
        assert_eq!(get(&url, "/").await.2, running.asked.key.vkey() + "\n");
        for bad in [
            "/..%2f..%2fwitness.key/checkpoint",
            "/x/checkpoint",
            "/witness.key",
        ] {
            assert_eq!(get(&url, bad).await.0, 404, "{bad}");
        }

        log.grow("a", 20);
        let twenty = log.note();
        let (status, _, size) = post(&url, &body(0, &none(), &twenty)).await;
        assert_eq!((status, size.as_str()), (409, "10\n"));
        assert_eq!(post(&url, &body(10, &none(), &twenty)).await.0, 422);
        let proof = log.prove(10).await.unwrap();
        assert_eq!(post(&url, &body(10, &proof, &twenty)).await.0, 200);
        // The smaller tree was true once; it is never cosigned again.
        let (status, _, size) = post(&url, &body(10, &none(), &ten)).await;
        assert_eq!((status, size.as_str()), (409, "20\n"));
        assert_eq!(post(&url, &body(20, &none(), &ten)).await.0, 400);
    });
}

#[test]
fn the_root_of_an_empty_tree_is_its_own() {
    asynchronous(async {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::new();
        let running = run(made(folder.path(), "w1", &log)).await;
        let false_root = format!("log.example/cases\n0\n{}\n", leaf_hash(b"x").to_base64());
        let false_root = Note::sign(&false_root, &log.signer).unwrap();
        assert_eq!(
            post(&running.asked.url, &body(0, &none(), &false_root))
                .await
                .0,
            422
        );
        let empty = log.note();
        assert_eq!(
            post(&running.asked.url, &body(0, &none(), &empty)).await.0,
            200
        );
        log.grow("a", 3);
        let note = log.note();
        let got = client()
            .cosign(&running.asked, &note, 0, |old| log.prove(old))
            .await;
        assert_eq!(got.unwrap().old_size, 0);
    });
}

#[test]
fn a_fork_is_refused_and_shown_with_both_checkpoints() {
    asynchronous(async {
        let folder = tempfile::tempdir().unwrap();
        let mut honest = Log::new();
        let state = made(folder.path(), "w1", &honest);
        let running = run(state.clone()).await;
        let client = client();
        honest.grow("a", 8);
        let seen = honest.note();
        client
            .cosign(&running.asked, &seen, 0, |old| honest.prove(old))
            .await
            .unwrap();

        let mut forked = Log::new();
        forked.grow("a", 5);
        forked.grow("b", 8);
        let split = forked.note();
        let refused = client
            .cosign(&running.asked, &split, 8, |old| forked.prove(old))
            .await;
        let Err(AskError::Inconsistent { answer }) = refused else {
            panic!("{refused:?}");
        };
        for note in [&seen, &split] {
            assert!(answer.contains(note.text()), "{answer}");
        }
        forked.grow("b", 12);
        let grown = forked.note();
        let refused = client
            .cosign(&running.asked, &grown, 8, |old| forked.prove(old))
            .await;
        assert!(
            matches!(refused, Err(AskError::Inconsistent { .. })),
            "{refused:?}"
        );

        // Everybody who can reach the witness sees it, and a second time adds nothing.
        post(&running.asked.url, &body(8, &none(), &split)).await;
        post(&running.asked.url, &body(3, &none(), &split)).await;
        let path = format!("/{}/forks", origin_hash("log.example/cases"));
        let (status, kind, json) = get(&running.asked.url, &path).await;
        assert_eq!((status, kind.as_str()), (200, "application/json"));
        let forks: Vec<witness::Fork> = serde_json::from_str(&json).unwrap();
        assert_eq!(forks.len(), 2, "{json}");
        let evidence = forks.iter().find(|fork| fork.is_evidence).unwrap();
        let log_key = honest.signer.verifier();
        let known = Checkpoint::open(&evidence.known, &log_key).unwrap();
        let offered = Checkpoint::open(&evidence.offered, &log_key).unwrap();
        assert_eq!(known.size(), offered.size());
        assert_ne!(known.root(), offered.root());
        assert_eq!(state.logs().unwrap()[0].forks.len(), 2);

        // The honest history goes on being cosigned.
        honest.grow("a", 9);
        let note = honest.note();
        client
            .cosign(&running.asked, &note, 8, |old| honest.prove(old))
            .await
            .unwrap();
    });
}

#[test]
fn a_log_that_was_put_back_learns_what_the_witness_has_seen() {
    asynchronous(async {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::new();
        let running = run(made(folder.path(), "w1", &log)).await;
        let client = client();
        log.grow("a", 30);
        let note = log.note();
        client
            .cosign(&running.asked, &note, 0, |old| log.prove(old))
            .await
            .unwrap();
        let mut restored = Log::new();
        restored.grow("a", 20);
        let old = restored.note();
        let refused = client
            .cosign(&running.asked, &old, 20, |old| restored.prove(old))
            .await;
        assert_eq!(
            refused,
            Err(AskError::Ahead {
                known: 30,
                size: 20
            })
        );
        let shown = client
            .latest(&running.asked, &log.signer.verifier())
            .await
            .unwrap();
        assert_eq!(shown.unwrap().0.text(), note.text());
    });
}

#[test]
fn a_witness_whose_file_was_put_back_signs_nothing() {
    asynchronous(async {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::new();
        let running = run(made(folder.path(), "w1", &log)).await;
        let client = client();
        let latest = folder
            .path()
            .join("logs")
            .join(origin_hash("log.example/cases"))
            .join("latest");
        log.grow("a", 4);
        let note = log.note();
        client
            .cosign(&running.asked, &note, 0, |old| log.prove(old))
            .await
            .unwrap();
        let before = std::fs::read(&latest).unwrap();
        log.grow("a", 6);
        let note = log.note();
        client
            .cosign(&running.asked, &note, 4, |old| log.prove(old))
            .await
            .unwrap();
        std::fs::write(&latest, &before).unwrap();
        let refused = client
            .cosign(&running.asked, &note, 4, |old| log.prove(old))
            .await;
        assert!(
            matches!(refused, Err(AskError::Refused { status: 500, .. })),
            "{refused:?}"
        );
        // Nor one whose file was changed.
        let text = String::from_utf8(before).unwrap();
        std::fs::write(&latest, text.replacen("\n4\n", "\n5\n", 1)).unwrap();
        let refused = client
            .cosign(&running.asked, &note, 4, |old| log.prove(old))
            .await;
        assert!(
            matches!(refused, Err(AskError::Refused { status: 500, .. })),
            "{refused:?}"
        );
    });
}

#[test]
fn asking_again_draws_no_other_cosignature_for_a_while() {
    asynchronous(async {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::new();
        let running = run(made(folder.path(), "w1", &log)).await;
        let client = client();
        log.grow("a", 4);
        let note = log.note();
        let ask = || client.cosign(&running.asked, &note, 4, |old| log.prove(old));
        let first = ask().await.unwrap();
        running
            .clock
            .store(NOON + witness::SAME_AGAIN_S - 1, Ordering::SeqCst);
        assert_eq!(ask().await.unwrap().line, first.line);
        running
            .clock
            .store(NOON + witness::SAME_AGAIN_S, Ordering::SeqCst);
        let later = ask().await.unwrap();
        assert_eq!(later.cosignature.time_s, NOON + witness::SAME_AGAIN_S);
        // A clock that went back signs nothing.
        running.clock.store(NOON, Ordering::SeqCst);
        assert!(matches!(
            ask().await,
            Err(AskError::Refused { status: 500, .. })
        ));
    });
}

#[test]
fn of_requests_at_once_one_grows_the_tree_and_the_others_learn_its_size() {
    asynchronous(async {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::new();
        let running = run(made(folder.path(), "w1", &log)).await;
        let mut requests = Vec::new();
        for size in 1..=16u64 {
            log.grow("a", size);
            requests.push(body(0, &none(), &log.note()));
        }
        let mut tasks = Vec::new();
        for request in requests {
            let url = running.asked.url.clone();
            tasks.push(tokio::spawn(async move { post(&url, &request).await.0 }));
        }
        let mut statuses = Vec::new();
        for task in tasks {
            statuses.push(task.await.unwrap());
        }
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
        assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 15);
    });
}

#[test]
fn a_witness_that_is_down_slow_or_another_is_named_as_such() {
    asynchronous(async {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::new();
        let running = run(made(folder.path(), "w1", &log)).await;
        log.grow("a", 4);
        let note = log.note();
        let short = Client::new(Duration::from_millis(200));
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut asked = running.asked.clone();
        asked.url = WitnessUrl::parse(&format!("http://{}", silent.local_addr().unwrap())).unwrap();
        let refused = short.cosign(&asked, &note, 0, |old| log.prove(old)).await;
        assert!(
            matches!(refused, Err(AskError::TooSlow { .. })),
            "{refused:?}"
        );
        drop(silent);
        let refused = client()
            .cosign(&asked, &note, 0, |old| log.prove(old))
            .await;
        assert!(
            matches!(refused, Err(AskError::Unreachable { .. })),
            "{refused:?}"
        );
        let mut other = running.asked.clone();
        other.key = tlog::Cosigner::from_seed("w2", [3; 32]).unwrap().key();
        let refused = client()
            .cosign(&other, &note, 0, |old| log.prove(old))
            .await;
        assert_eq!(refused, Err(AskError::OtherKey));
    });
}

#[test]
fn one_process_alone_serves_a_folder_and_no_key_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new();
    let state = made(folder.path(), "w1", &log);
    let first = Witness::open(state.clone()).unwrap();
    let second = Witness::open(state.clone());
    assert!(matches!(second, Err(witness::StateError::Served { .. })));
    drop(first);
    let again = StateDir::create(folder.path(), "w1");
    assert!(matches!(again, Err(witness::StateError::Exists { .. })));
    let missing = StateDir::open(&folder.path().join("nothing"));
    assert!(matches!(missing, Err(witness::StateError::Missing { .. })));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join("witness.key")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o077, 0);
    }
}

#[test]
fn addresses_that_are_none_are_refused_with_the_reason() {
    for (text, reason) in [
        ("127.0.0.1:80", "http"),
        ("ftp://w.example", "http://"),
        ("http://user:word@w.example", "`w.example` is no address"),
        ("http://w.example/?a=b", "query"),
        ("http://w.example/#a", "fragment"),
        ("http:///path", "no"),
        ("", "no"),
    ] {
        let error = WitnessUrl::parse(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
        assert!(!error.contains("user:word"), "{error}");
    }
    let long = format!("http://w.example/{}", "a".repeat(300));
    assert!(WitnessUrl::parse(&long).is_err());
    let prefix = WitnessUrl::parse("http://w.example/log/").unwrap();
    assert_eq!(prefix.as_str(), "http://w.example/log");
    assert_eq!(
        WitnessUrl::parse("https://w.example").is_ok(),
        cfg!(feature = "tls")
    );
}
