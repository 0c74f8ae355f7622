//! An authenticated case page and a package download, beside what axum and SQLite alone reach on the same machine.
//!
//! `cargo bench -p server --bench http` (`-- --quick` for a version under a minute).
//!
//! The ceiling does with axum and SQLite what the work cannot do without, and nothing else:
//! - *page*: it looks a session up in a table, reads 50 rows, and answers as many bytes as our page has;
//! - *download*: it looks a session up, writes one row durably (`synchronous=FULL`, a transaction for each request), reads
//!   the package from a table, and answers it.
//!
//! Each client is one seat, or one person, that asks again and again; so a seat's key is used once, to begin sealing its
//! receipts.
//!
//! Both are served by the same listener code, and asked by the same clients over connections that stay open, in turns in
//! one run. The latency is measured at half load, with requests sent at fixed times, and counted from the time at which
//! each was due. Half load is half of the rate that was reached, and at most half of the ceiling's, so that it is no worse
//! to be faster. Where ours is the faster one, its latency at half of its own rate stands below, and in the last line
//! too. Beside each stands the ceiling's at the same rate, which shows what the
//! machine does to any server, and how many answers took longer than the goal.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark prints its table"
)]

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use desk::{ClockKind, DataDir, Desk};
use domain::decide::CaseCommand;
use domain::ids::{CaseId, PartnerId, PersonName, SeatId};
use domain::person::{Actor, Role};
use domain::program::ProgramCommand;
use server::{App, Limits, Options, Rate, Rates, Served, Serving};
use sqlx::Row as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const PASSPHRASE: &str = "only for the benchmark";
/// Connections that ask at once.
const CLIENTS: usize = 32;
const GOAL_SHARE: f64 = 0.5;
const GOAL_P99_MS: f64 = 5.0;
const SEATS: usize = 40;
/// The row of ours at half of its own rate, where that is more than half load.
const OWN_HALF: &str = "ours, half of its own";

/// One request, as bytes on the wire.
#[derive(Clone)]
struct Asking {
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
}

fn main() -> ExitCode {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure(if is_quick { 2.0 } else { 10.0 }))
}

async fn measure(seconds: f64) -> ExitCode {
    let dir = tempfile::tempdir().unwrap();
    let ours = Ours::new(dir.path()).await;
    let page = ours.page_bytes().await;
    let package = ours.package.len();
    let ceiling = Ceiling::new(dir.path(), page, &ours.package).await;
    println!(
        "{CLIENTS} connections, {SEATS} seats; page of {page} bytes, package of {package} bytes"
    );
    println!(
        "{:<10} {:>9} {:>10} {:>6}   {:<28} {:>6} {:>8} {:>8} {:>8}",
        "", "ours /s", "ceiling /s", "share", "half load", "/s", "p50 ms", "p99 ms", "> 5 ms"
    );
    let mut worst_share = f64::INFINITY;
    let mut worst_p99: f64 = 0.0;
    let mut at_own_half = String::new();
    for (name, asked, peer) in [
        ("page", ours.page(), ceiling.page()),
        ("download", ours.download(), ceiling.download()),
    ] {
        // In turns, so that whatever else the machine does meets both.
        let (mut own, mut other) = (0.0, 0.0);
        let rounds = 3;
        for _ in 0..rounds {
            own += flood(&asked, seconds / rounds as f64).await;
            other += flood(&peer, seconds / rounds as f64).await;
        }
        let (own, other) = (own / rounds as f64, other / rounds as f64);
        let share = own / other;
        let half = own.min(other) / 2.0;
        let mut rows = vec![
            ("ours", &asked, half, Vec::new()),
            ("the ceiling", &peer, half, Vec::new()),
        ];
        if own > other {
            rows.push((OWN_HALF, &asked, own / 2.0, Vec::new()));
            rows.push(("the ceiling", &peer, own / 2.0, Vec::new()));
        } else {
            rows.push((
                "the ceiling, half of its own",
                &peer,
                other / 2.0,
                Vec::new(),
            ));
        }
        for _ in 0..rounds {
            for (_, asked, rate, times) in &mut rows {
                times.extend(paced(asked, *rate, seconds / rounds as f64).await);
            }
        }
        let mut start = format!("{name:<10} {own:>9.0} {other:>10.0} {share:>6.2}");
        for (whose, _, rate, mut times) in rows {
            times.sort_by(f64::total_cmp);
            let (p50, p99) = (percentile(&times, 0.5), percentile(&times, 0.99));
            let late = times.iter().filter(|time| **time > GOAL_P99_MS).count();
            let late = 100.0 * late as f64 / times.len() as f64;
            println!("{start:<38}   {whose:<28} {rate:>6.0} {p50:>8.2} {p99:>8.2} {late:>7.2}%");
            start.clear();
            if whose == "ours" {
                worst_p99 = worst_p99.max(p99);
            } else if whose == OWN_HALF {
                at_own_half +=
                    &format!("; {name} {p99:.2} ms at half of its own rate, {rate:.0}/s");
            }
        }
        worst_share = worst_share.min(share);
    }
    let holds = worst_share >= GOAL_SHARE && worst_p99 <= GOAL_P99_MS;
    let word = if holds { "holds" } else { "falls short" };
    println!(
        "{word}: {worst_share:.2} of the ceiling (goal {GOAL_SHARE}), p99 {worst_p99:.2} ms at half load (goal {GOAL_P99_MS}){at_own_half}"
    );
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}

/// Asks as fast as answers come; the answer is requests a second.
async fn flood(asked: &Asking, seconds: f64) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let begin = Instant::now();
    let clients = (0..CLIENTS).map(|client| {
        let (asked, done) = (asked.clone(), done.clone());
        tokio::spawn(async move {
            let mut connection = Connection::open(asked.address).await;
            let request = &asked.requests[client % asked.requests.len()];
            while Instant::now() < end {
                connection.ask(request).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    done.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64()
}

/// Asks at fixed times; the answer is how long after its time each request was answered, in milliseconds.
///
/// The times are kept by a thread of its own: those of the runtime are a millisecond apart.
async fn paced(asked: &Asking, rate: f64, seconds: f64) -> Vec<f64> {
    let mut turns = Vec::new();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (turn, mut turned) = tokio::sync::mpsc::unbounded_channel::<Instant>();
            turns.push(turn);
            let asked = asked.clone();
            tokio::spawn(async move {
                let mut connection = Connection::open(asked.address).await;
                let request = &asked.requests[client % asked.requests.len()];
                let mut times = Vec::new();
                while let Some(due) = turned.recv().await {
                    connection.ask(request).await;
                    times.push(due.elapsed().as_secs_f64() * 1000.0);
                }
                times
            })
        })
        .collect();
    let pacing = std::thread::spawn(move || {
        let begin = Instant::now() + Duration::from_millis(50);
        for (number, turn) in (0u32..).zip(turns.iter().cycle()) {
            let due = begin + Duration::from_secs_f64(f64::from(number) / rate);
            if due.duration_since(begin).as_secs_f64() >= seconds {
                return;
            }
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            turn.send(due).unwrap();
        }
    });
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.await.unwrap());
    }
    pacing.join().unwrap();
    all
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// A connection that stays open.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: vec![0; 1 << 16],
        }
    }

    /// Sends a request and reads its answer to the end; anything but 200 ends the benchmark.
    async fn ask(&mut self, request: &[u8]) -> Vec<u8> {
        self.stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        let mut whole = usize::MAX;
        while answer.len() < whole {
            let read = self.stream.read(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            answer.extend_from_slice(&self.buffer[..read]);
            if whole == usize::MAX
                && let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n")
            {
                let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
                assert!(head.starts_with("http/1.1 200"), "{head}");
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .unwrap();
                whole = end + 4 + length.trim().parse::<usize>().unwrap();
            }
        }
        answer
    }
}

fn request(method: &str, path: &str, cookie: &str) -> Vec<u8> {
    let length = if method == "POST" {
        "Content-Length: 0\r\n"
    } else {
        ""
    };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nAccept: text/html\r\n{length}Cookie: {cookie}\r\n\r\n")
        .into_bytes()
}

/// Our program: a case that is open for many seats.
struct Ours {
    address: SocketAddr,
    case: CaseId,
    person: String,
    seats: Vec<String>,
    package: Vec<u8>,
}

impl Ours {
    async fn new(dir: &std::path::Path) -> Self {
        let data = DataDir::at(dir.join("program"));
        let at = |time: &str| Some(time.parse().unwrap());
        let desk = desk::init(
            &data,
            "Larkspur PSIRT",
            ClockKind::Test,
            PASSPHRASE,
            at("2026-11-20T09:00:00Z"),
        );
        let desk = desk.await.unwrap();
        let ada = PersonName::parse("Ada").unwrap();
        for name in ["Ada", "Grace"] {
            let person = PersonName::parse(name).unwrap();
            let roles = [Role::Coordinator, Role::Approver].into_iter().collect();
            desk.decide(ProgramCommand::AddPerson { person, roles }, &Actor::Desk)
                .await
                .unwrap();
        }
        let mut roster = "id,name,tier,country,obligations\n".to_owned();
        for number in 0..SEATS {
            roster += &format!("p-{number:02},Partner {number},validate,DE,\n");
        }
        desk.import_partners(roster.as_bytes()).await.unwrap();
        let mut seats = Vec::new();
        for number in 0..SEATS {
            let (_, recipient) = seal::generate_identity();
            let partner = PartnerId::parse(&format!("p-{number:02}")).unwrap();
            let email = format!("a@p{number}.example");
            seats.push(
                desk.add_seat(&partner, &email, recipient.as_str())
                    .await
                    .unwrap(),
            );
        }
        let key = desk.unlock(PASSPHRASE).unwrap();
        let case = Self::case(&desk, &key).await;
        let desk = Desk::open(data, at("2026-11-24T18:00:00Z")).await.unwrap();
        desk.command(&case, CaseCommand::OpenWaves, &Actor::Timer)
            .await
            .unwrap();
        let package = desk.fetch(&case, &seats[0]).await.unwrap().bytes;
        Self::serve(desk, key, case, ada, seats, package).await
    }

    async fn case(desk: &Desk, key: &seal::ProgramKey) -> CaseId {
        let advisory = include_bytes!("../../headstart/demo/advisory.json");
        let (case, _, _) = desk.import_case(advisory, None).await.unwrap();
        let masters = [
            (
                "write-up.md",
                include_bytes!("../../headstart/demo/write-up.md").to_vec(),
            ),
            (
                "poc.py",
                include_bytes!("../../headstart/demo/poc.py").to_vec(),
            ),
        ]
        .map(|(name, bytes)| (name.to_owned(), desk::kind_of(name).unwrap(), bytes));
        desk.add_artifacts(&case, &masters).await.unwrap();
        let offsets = desk.program().await.unwrap().settings().offsets().clone();
        desk.command(&case, CaseCommand::PlanWaves(offsets), &Actor::Desk)
            .await
            .unwrap();
        for name in ["Ada", "Grace"] {
            let person = PersonName::parse(name).unwrap();
            let plan = desk.case(&case).await.unwrap().plan_digest();
            let approve = CaseCommand::Approve {
                person: person.clone(),
                plan,
            };
            desk.command(&case, approve, &Actor::Person(person))
                .await
                .unwrap();
        }
        desk.press(&case, key).await.unwrap();
        case
    }

    async fn serve(
        desk: Desk,
        key: seal::ProgramKey,
        case: CaseId,
        ada: PersonName,
        seats: Vec<SeatId>,
        package: Vec<u8>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let options = Options {
            serving: Serving::All,
            origin: format!("http://localhost:{}", address.port()),
        };
        let app = App::new(desk, options, Some(key));
        // All clients are one peer and one account here, and no limit is what is measured.
        let much = Rate {
            burst: u32::MAX,
            every: Duration::from_nanos(1),
        };
        app.set_limits(Limits::new(Rates {
            peer: much,
            account: much,
            door: much,
            is_behind_proxy: false,
        }));
        let cookie = async |account: Actor| {
            let set = app.sessions().begin(account, false).await.unwrap();
            set.split(';').next().unwrap_or_default().to_owned()
        };
        let person = cookie(Actor::Person(ada)).await;
        let mut cookies = Vec::new();
        for seat in seats {
            cookies.push(cookie(Actor::Seat(seat)).await);
        }
        tokio::spawn(server::serve(
            Served::new(listener, server::router(app.clone())),
            std::future::pending(),
        ));
        Self {
            address,
            case,
            person,
            seats: cookies,
            package,
        }
    }

    fn page(&self) -> Asking {
        let path = format!("/cases/{}", self.case);
        Asking {
            address: self.address,
            requests: Arc::new(vec![request("GET", &path, &self.person)]),
        }
    }

    fn download(&self) -> Asking {
        let path = format!("/api/v1/inbox/{}/package", self.case);
        let requests = self
            .seats
            .iter()
            .map(|cookie| request("POST", &path, cookie))
            .collect();
        Asking {
            address: self.address,
            requests: Arc::new(requests),
        }
    }

    async fn page_bytes(&self) -> usize {
        let asked = self.page();
        let answer = Connection::open(self.address)
            .await
            .ask(&asked.requests[0])
            .await;
        let end = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap();
        answer.len() - end - 4
    }
}

/// What axum and SQLite alone do.
#[derive(Clone)]
struct Peer {
    read: SqlitePool,
    write: SqlitePool,
    body: Arc<String>,
}

struct Ceiling {
    address: SocketAddr,
}

impl Ceiling {
    async fn new(dir: &std::path::Path, page_bytes: usize, package: &[u8]) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(dir.join("ceiling.sqlite3"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .unwrap();
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .unwrap();
        for statement in [
            "CREATE TABLE sessions (id TEXT PRIMARY KEY, account TEXT NOT NULL)",
            "CREATE TABLE events (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL)",
            "CREATE TABLE receipts (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL)",
            "CREATE TABLE packages (id TEXT PRIMARY KEY, bytes BLOB NOT NULL)",
            "INSERT INTO sessions VALUES ('s', 'person:Ada')",
        ] {
            sqlx::query(statement).execute(&write).await.unwrap();
        }
        for _ in 0..50 {
            let insert = sqlx::query("INSERT INTO events (body) VALUES ($1)").bind("e".repeat(200));
            insert.execute(&write).await.unwrap();
        }
        let insert = sqlx::query("INSERT INTO packages VALUES ('p', $1)").bind(package);
        insert.execute(&write).await.unwrap();
        let peer = Peer {
            read,
            write,
            body: Arc::new("x".repeat(page_bytes)),
        };
        let router = Router::new()
            .route("/page", get(Self::show))
            .route("/package", post(Self::give))
            .with_state(peer);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(server::serve(
            Served::new(listener, router),
            std::future::pending(),
        ));
        Self { address }
    }

    async fn session(peer: &Peer, headers: &HeaderMap) {
        let id = headers["cookie"].to_str().unwrap();
        let found = sqlx::query("SELECT account FROM sessions WHERE id = $1").bind(id);
        found.fetch_one(&peer.read).await.unwrap();
    }

    async fn show(State(peer): State<Peer>, headers: HeaderMap) -> String {
        Self::session(&peer, &headers).await;
        let rows = sqlx::query("SELECT body FROM events ORDER BY sequence LIMIT 50");
        let rows = rows.fetch_all(&peer.read).await.unwrap();
        let bytes: usize = rows.iter().map(|row| row.get::<String, _>(0).len()).sum();
        assert!(bytes > 0);
        String::clone(&peer.body)
    }

    async fn give(State(peer): State<Peer>, headers: HeaderMap) -> Vec<u8> {
        Self::session(&peer, &headers).await;
        let insert = sqlx::query("INSERT INTO receipts (body) VALUES ($1)").bind("r".repeat(300));
        insert.execute(&peer.write).await.unwrap();
        let row = sqlx::query("SELECT bytes FROM packages WHERE id = 'p'")
            .fetch_one(&peer.read)
            .await
            .unwrap();
        row.get(0)
    }

    fn page(&self) -> Asking {
        Asking {
            address: self.address,
            requests: Arc::new(vec![request("GET", "/page", "s")]),
        }
    }

    fn download(&self) -> Asking {
        Asking {
            address: self.address,
            requests: Arc::new(vec![request("POST", "/package", "s")]),
        }
    }
}
