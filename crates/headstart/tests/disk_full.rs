//! The disk fills up while partners fetch: who gets no receipt gets no byte, and what was given is in the log.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use desk::{DataDir, Desk};
use domain::ids::SeatId;
use domain::person::Actor;
use server::{App, Options, Serving};
use support::{CASE, Office, VALIDATE};

const SEAT: &str = "p-01.s1";
/// How large any file may become, in units of 512 bytes: more than the shared memory of the write-ahead log needs,
/// less than a few fetches write.
const BLOCKS: u32 = 256;
const AGE: &[u8] = b"age-encryption.org/v1";

/// A server that may write no file beyond [`BLOCKS`], as on a full disk.
struct Server {
    child: Child,
    address: String,
    cookie: String,
}

impl Server {
    fn start(office: &Office, cookie: String) -> Self {
        let serve = office.command(&[
            "serve",
            "--role",
            "portal",
            "--listen",
            "127.0.0.1:0",
            "--json",
        ]);
        let mut limited = Command::new("sh");
        // Without a handler the signal of a file that is too large would end the process; a full disk sends none.
        limited.args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$@\""),
            "sh",
        ]);
        limited.arg(serve.get_program()).args(serve.get_args());
        for (name, value) in serve.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        let mut child = limited
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        while serde_json::from_str::<serde_json::Value>(&said).is_err() {
            assert_ne!(out.read_line(&mut said).unwrap(), 0, "serve ended: {said}");
        }
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        let url = said["listening"].as_str().unwrap();
        let (_, port) = url.rsplit_once(':').unwrap();
        Self {
            child,
            address: format!("127.0.0.1:{}", port.trim_end_matches('/')),
            cookie,
        }
    }

    /// The whole answer: its head, and its body as bytes.
    fn ask(&self, method: &str, path: &str, form: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.cookie,
            form.len()
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|part| part == b"\r\n\r\n");
        let body = answer.split_off(end.unwrap() + 4);
        (String::from_utf8(answer).unwrap(), body)
    }

    fn fetch(&self) -> (String, Vec<u8>) {
        self.ask("POST", &format!("/inbox/{CASE}/package"), "as=age")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

fn seat() -> SeatId {
    SeatId::parse(SEAT).unwrap()
}

/// A session of the seat, as its cookie.
fn signed_in(office: &Office) -> String {
    runtime().block_on(async {
        let desk = Desk::open(DataDir::at(office.data()), None).await.unwrap();
        let options = Options {
            serving: Serving::Portal,
            origin: "http://localhost".to_owned(),
        };
        let app = App::new(desk.clone(), options, None);
        let set = app.sessions().begin(Actor::Seat(seat()), false);
        let set = set.await.unwrap();
        desk.store().close().await;
        set.split(';').next().unwrap().to_owned()
    })
}

fn holds_age(bytes: &[u8]) -> bool {
    bytes.windows(AGE.len()).any(|part| part == AGE)
}

#[test]
fn when_the_log_cannot_be_written_the_answer_is_503_and_no_byte_of_the_package() {
    let office = Office::small(&[("p-01", 1), ("p-02", 1)]);
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let server = Server::start(&office, signed_in(&office));

    let mut receipts = BTreeSet::new();
    let mut refused = 0;
    for _ in 0..200 {
        let (head, body) = server.fetch();
        let status = head.split(' ').nth(1).unwrap();
        match status {
            "200" => {
                assert_eq!(refused, 0, "after a failed write nothing is given:\n{head}");
                assert!(holds_age(&body));
                let receipt = head
                    .lines()
                    .find_map(|line| line.strip_prefix("headstart-receipt: "));
                assert!(receipts.insert(receipt.unwrap().parse::<u64>().unwrap()));
            }
            "503" => {
                refused += 1;
                assert!(!holds_age(&body), "{head}");
                assert!(!head.contains("headstart-receipt"), "{head}");
                let text = String::from_utf8_lossy(&body);
                let path = office.data().display().to_string();
                assert!(!text.contains(&path), "a partner reads where it lies");
            }
            _ => panic!("{head}\n{}", String::from_utf8_lossy(&body)),
        }
        if refused == 3 {
            break;
        }
    }
    assert!(!receipts.is_empty(), "the control: at first there was room");
    assert_eq!(refused, 3, "the limit never came: {} given", receipts.len());
    let (head, _) = server.ask("GET", "/healthz", "");
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    drop(server);

    // With room again: everything that was given is in the log, in the seat's own chain, and the log is whole.
    office.say("log audit").exits(0);
    runtime().block_on(async {
        let desk = Desk::open(DataDir::at(office.data()), None).await.unwrap();
        let size = desk.store().log_size().await.unwrap();
        assert!(receipts.iter().all(|index| *index < size));
        let chain = desk.chain(&seat()).await.unwrap();
        // The first is the package itself; receipts of answers that never left may be there too.
        assert!(chain.len() > receipts.len() as u64);
        desk.store().close().await;
    });
    office.fetch_and_open(CASE, SEAT);
}
