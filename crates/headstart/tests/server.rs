//! The command line against a server: the same commands, the same answers, as over the data directory itself.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use desk::{DataDir, Desk, digest_of_secret};
use domain::account::AccountCommand;
use domain::ids::{PersonName, SeatId};
use domain::person::Actor;
use jiff::Timestamp;
use serde_json::Value;
use support::{Answer, CASE, Office, VALIDATE, answer, demo_file};

/// What a token may do.
const SCOPES: [&str; 5] = ["approve", "fetch", "read", "trace", "write"];

/// A server over an office's data directory, until it is dropped.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn over(office: &Office) -> Self {
        Self::by(office.command(&["serve", "--listen", "127.0.0.1:0"]))
    }

    fn by(mut serve: Command) -> Self {
        let mut child = serve
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("serving at ").unwrap().to_owned();
        Self { child, url }
    }

    /// The command with these words, as whoever the token is of.
    fn command(&self, office: &Office, who: &str, words: &str) -> Command {
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut command = office.command(&words);
        command
            .env_remove("HEADSTART_DATA")
            .env_remove("HEADSTART_PASSPHRASE_FILE")
            .env("HEADSTART_SERVER", &self.url)
            .env("HEADSTART_TOKEN_FILE", office.path(&format!("{who}.token")));
        command
    }

    fn say(&self, office: &Office, who: &str, words: &str) -> Answer {
        answer(self.command(office, who, words), words)
    }

    #[track_caller]
    fn done(&self, office: &Office, who: &str, words: &str) -> Value {
        self.say(office, who, &format!("{words} --json"))
            .exits(0)
            .json()
    }

    /// Runs a command that changes nothing here and there: both say the same, as text and as JSON.
    #[track_caller]
    fn same(&self, office: &Office, who: &str, words: &str) -> Value {
        for words in [words.to_owned(), format!("{words} --json")] {
            let (there, here) = (self.say(office, who, &words), office.say(&words));
            assert_eq!(there.out, here.out, "{words}");
            assert_eq!(there.code, here.code, "{words}");
        }
        office.done(words)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a token for somebody, in the file `<name>.token`.
fn token(office: &Office, name: &str, actor: Actor) {
    let secret = format!("hst_{name}-{}", "x".repeat(43 - name.len()));
    let command = AccountCommand::MakeToken {
        label: "test".to_owned(),
        digest: digest_of_secret(&secret),
        scopes: SCOPES.map(str::to_owned).into_iter().collect(),
        from: Timestamp::now(),
        days: 2,
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let desk = Desk::open(DataDir::at(office.data()), None).await.unwrap();
        desk.account_command(&actor, command, &actor).await.unwrap();
    });
    office.write(&format!("{name}.token"), format!("{secret}\n"));
}

/// A program with people, three partners and their seats, and nothing else; with a token for each.
fn staffed() -> Office {
    let mut office = Office::new();
    office.import(
        "partners.csv",
        b"id,name,tier,country,obligations\n\
          p-01,Alder Security,validate,DE,\n\
          p-02,Birch Networks,advance,US,\n\
          p-03,Cedar Labs,entry,CN,cn-rmsv\n",
    );
    for (name, role) in [
        ("Ada", "coordinator"),
        ("Ada", "approver"),
        ("Grace", "approver"),
        ("Ines", "investigator"),
        ("Otto", "administrator"),
    ] {
        office.done(&format!("person add {name} --role {role}"));
    }
    for partner in ["p-01", "p-02", "p-03"] {
        office.add_seat(partner, &format!("analyst@{partner}.example"));
    }
    for name in ["Ada", "Grace", "Ines", "Otto"] {
        let actor = Actor::Person(PersonName::parse(name).unwrap());
        token(&office, name, actor);
    }
    for seat in ["p-01.s1", "p-02.s1"] {
        token(&office, seat, Actor::Seat(SeatId::parse(seat).unwrap()));
    }
    office
}

/// The seats' own folder of what they saw of logs.
fn state(office: &Office) -> String {
    office.path("state").display().to_string()
}

#[test]
fn a_whole_case_is_run_at_a_server_and_read_alike_here_and_there() {
    let office = staffed();
    let server = Served::over(&office);
    let ada = |words: &str| server.done(&office, "Ada", words);
    let alike = |words: &str| server.same(&office, "Ada", words);

    office.write("advisory.json", demo_file("advisory.json"));
    assert_eq!(ada("case import advisory.json")["case"], CASE);
    for name in ["write-up.md", "poc.py"] {
        office.write(name, demo_file(name));
    }
    let added = ada(&format!("artifact add {CASE} write-up.md poc.py"));
    assert_eq!(added["added"][1]["file"], "poc.py");
    alike("case list");
    alike(&format!("case show {CASE}"));
    alike("partner list");
    alike("partner show p-03");
    alike("seat list");

    let planned = ada(&format!("wave plan {CASE}"));
    assert_eq!(planned["approved"], false);
    ada(&format!("wave approve {CASE} --as Ada"));
    let approved = server.done(&office, "Grace", &format!("wave approve {CASE} --as Grace"));
    assert_eq!(approved["approved"], true);
    alike(&format!("wave show {CASE}"));
    alike(&format!("sites {CASE}"));
    let pressed = ada(&format!("press {CASE}"));
    assert_eq!(pressed["seats"].as_array().unwrap().len(), 3);
    alike("log show");
    alike(&format!("log prove --case {CASE} --seat p-01.s1"));
    alike("log prove 0");

    seats_fetch(&office, &server);
    alike(&format!("receipts {CASE}"));
    a_seat_writes_its_own_record(&office, &server);
    a_feed_is_watched(&office, &server);
    a_leak_is_traced(&office, &server);
    ada("partner suspend p-02 --reason audit");
    alike("partner show p-02");
    server
        .say(
            &office,
            "p-02.s1",
            &format!("package fetch {CASE} --seat p-02.s1 --out no.age"),
        )
        .exits(3);
    assert_eq!(
        ada("partner resume p-02 --reason audited")["status"],
        "active"
    );
}

/// Nothing before the wave; then what an outsider can check, remembered.
fn seats_fetch(office: &Office, server: &Served) {
    let fetch = |seat: &str, out: &str| {
        let state = state(office);
        format!("package fetch {CASE} --seat {seat} --out {out} --state {state}")
    };
    let early = server
        .say(office, "p-01.s1", &fetch("p-01.s1", "early.age"))
        .exits(3);
    early.complaint();
    assert!(!office.path("early.age").exists());
    assert_eq!(
        server.done(office, "p-01.s1", "inbox")["cases"],
        serde_json::json!([])
    );

    office.done(&format!("case list --now {VALIDATE}"));
    server.done(office, "Ada", &format!("wave open {CASE}"));
    let inbox = server.done(office, "p-01.s1", "inbox");
    assert_eq!(inbox, office.done("inbox --seat p-01.s1"));
    assert_eq!(inbox["cases"][0]["case"], CASE);

    let first = server.done(office, "p-01.s1", &fetch("p-01.s1", "one.age"));
    assert_eq!(first["log"]["seen"], "first-seen");
    let second = server.done(office, "p-01.s1", &fetch("p-01.s1", "two.age"));
    assert_eq!(second["log"]["seen"], "grew");
    assert_eq!(second["log"]["missed"], 0);
    assert_eq!(office.read("one.age"), office.read("two.age"));
    for file in ["one.age.proof", "one.age.cosigned", "two.age.cosigned"] {
        assert!(office.path(file).exists(), "{file}");
    }
    let key = office.key_file("p-01.s1");
    office.done(&format!(
        "package open one.age --identity {key} --out opened"
    ));
    assert!(office.path("opened/write-up.md").exists());

    // Another seat than the token's, and a case that is not open for it.
    let other = server
        .say(office, "p-01.s1", &fetch("p-02.s1", "x.age"))
        .exits(2);
    other.says(&["p-01.s1"]);
    server
        .say(office, "p-02.s1", &fetch("p-02.s1", "x.age"))
        .exits(3);
}

/// With its own key, which stays here; anybody checks it.
fn a_seat_writes_its_own_record(office: &Office, server: &Served) {
    let key = office.key_file("p-01.s1");
    let write = format!("record --seat p-01.s1 --identity {key} --out own.record");
    let written = server.done(office, "p-01.s1", &write);
    assert_eq!(
        written["entries"], 3,
        "a package and two receipts: {written}"
    );
    let here = office.done("record --seat p-01.s1 --out here.record");
    assert_eq!(here["entries"], written["entries"]);
    let log_key = office.done("log show")["log_key"]
        .as_str()
        .unwrap()
        .to_owned();
    let check = [
        "record",
        "check",
        "own.record",
        "--log-key",
        &log_key,
        "--json",
    ];
    assert_eq!(office.run(&check).exits(0).json()["holds"], true);
    // Another seat's, a whole partner's, another key, and no key.
    let other = office.key_file("p-02.s1");
    for (words, who) in [
        (
            format!("record --seat p-02.s1 --identity {key} --out x.record"),
            "p-01.s1",
        ),
        (
            format!("record --partner p-01 --identity {key} --out x.record"),
            "p-01.s1",
        ),
        (
            format!("record --seat p-01.s1 --identity {other} --out x.record"),
            "p-01.s1",
        ),
        ("record --seat p-01.s1 --out x.record".to_owned(), "p-01.s1"),
    ] {
        server.say(office, who, &words).exits(2).complaint();
    }
    office
        .say(&write.replace("own.record", "x.record"))
        .exits(2)
        .complaint();
    assert!(!office.path("x.record").exists());
}

fn a_feed_is_watched(office: &Office, server: &Served) {
    let poc = String::from_utf8(office.read("opened/poc.py")).unwrap();
    let value = |name: &str| {
        let line = poc.lines().find(|line| line.starts_with(name)).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    };
    let (ticket, doc) = (value("TICKET"), value("DOC"));
    let log = format!(
        "203.0.113.9 - - [07/Dec/2026:05:36:01 +0000] \"POST /preview/v2/render?ticket={ticket}&doc={doc} HTTP/1.1\" 404 196\n"
    );
    office.write("access.log", log);
    office.write("quiet.log", "192.0.2.7 - - \"GET / HTTP/1.1\" 200 5120\n");
    let there = server.done(office, "Ines", "watch access.log");
    let here = office.done("watch access.log");
    assert_eq!(there["records"], here["records"]);
    assert_eq!(
        there["sightings"][0]["sighting"],
        here["sightings"][0]["sighting"]
    );
    assert_eq!(there["sightings"][0]["known_before"], false);
    assert_eq!(here["sightings"][0]["known_before"], true);
    server.say(office, "Ines", "watch quiet.log").exits(1);
}

#[test]
fn the_program_is_kept_at_a_server_but_for_what_a_passkey_opens() {
    let office = staffed();
    let server = Served::over(&office);
    office.write("agreement.txt", "Nothing is told before the release.\n");
    server.done(
        &office,
        "Otto",
        "agreement publish 2026-11 --text agreement.txt",
    );
    server.done(&office, "Otto", "settings set --innocent-risk 1e-5");
    server.done(&office, "Ada", "case create --title T");
    let audited = server.done(&office, "Ada", "log audit");
    assert_eq!(audited["intact"], true);
    for words in [
        "agreement list",
        "settings show",
        "person list",
        "log audit",
    ] {
        server.same(&office, "Ada", words);
    }
    // Nobody cosigns this log.
    server
        .say(&office, "Ada", "log cosign")
        .exits(2)
        .complaint();
    server
        .say(&office, "Ada", "settings set --innocent-risk 1e-4")
        .exits(3);
    server
        .say(&office, "Otto", "settings set --innocent-risk 0.5")
        .exits(2)
        .complaint();
    let origin = "--origin https://psirt.example";
    for words in [
        "person add Mallory --role administrator".to_owned(),
        format!("person invite Grace {origin}"),
        format!("seat invite p-01.s1 {origin}"),
        format!("case end {CASE} --reason details-public --as Otto"),
    ] {
        let answer = server.say(&office, "Otto", &words).exits(2);
        answer.says(&["passkey", &server.url]);
    }
    let people = office.done("person list");
    assert_eq!(people["people"].as_array().unwrap().len(), 4);
}

fn a_leak_is_traced(office: &Office, server: &Served) {
    office.write("leak.md", office.read("opened/write-up.md"));
    let ines = |words: &str| server.done(office, "Ines", words);
    let traced = ines("trace leak.md");
    assert_eq!(traced["accused"][0]["seat"], "p-01.s1");
    server.same(office, "Ines", "trace leak.md");
    let trace = traced["trace"].as_str().unwrap();
    ines(&format!("evidence {trace} --out evidence.json"));
    let key = office.done("log show")["log_key"]
        .as_str()
        .unwrap()
        .to_owned();
    office
        .run(&["verify", "evidence.json", "--log-key", &key, "--json"])
        .exits(0);
    office.write(
        "weather.md",
        "It rained on the hills, and nobody was surprised by it.\n",
    );
    for words in ["trace weather.md", "trace weather.md --json"] {
        let (there, here) = (server.say(office, "Ines", words), office.say(words));
        assert_eq!((there.code, there.out), (1, here.out));
    }
    // A coordinator traces nothing, and is told that it takes another role.
    server.say(office, "Ada", "trace leak.md").exits(3);
    ines(&format!("detection {CASE} --form yara --out sensors.yar"));
    server.same(office, "Ines", &format!("sighting list {CASE}"));
}

/// A certificate authority of this test alone, and a certificate of it for `localhost`.
fn certificates(office: &Office) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let (authority, own) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&authority).unwrap();
    let issuer = Issuer::new(params, authority);
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let chain = params.signed_by(&own, &issuer).unwrap();
    office.write("root.pem", root.pem());
    office.write("chain.pem", chain.pem());
    office.write("key.pem", own.serialize_pem());
}

#[test]
fn a_server_is_asked_by_tls_and_one_without_a_known_certificate_is_not() {
    let office = staffed();
    certificates(&office);
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--tls-cert",
        "chain.pem",
        "--tls-key",
        "key.pem",
    ];
    let server = Served::by(office.command(&serve));
    assert!(
        server.url.starts_with("https://localhost:"),
        "{}",
        server.url
    );
    let mut known = server.command(&office, "Ada", "case create --title Sealed --json");
    known.env("SSL_CERT_FILE", office.path("root.pem"));
    assert_eq!(answer(known, "case create").exits(0).json()["case"], CASE);
    let mut unknown = server.command(&office, "Ada", "case create --title Open");
    office.write("other.pem", "");
    unknown
        .env("SSL_CERT_FILE", office.path("other.pem"))
        .env("SSL_CERT_DIR", office.path("nowhere"));
    answer(unknown, "case create")
        .exits(4)
        .says(&["certificate"]);
    // Nobody speaks in the clear there.
    let mut clear = server.command(&office, "Ada", "case list");
    clear.env("HEADSTART_SERVER", server.url.replace("https", "http"));
    answer(clear, "case list").exits(4).complaint();
    drop(server);
    assert_eq!(
        office.done("case list")["cases"].as_array().unwrap().len(),
        1
    );
    // A key that is not the certificate's.
    office.write(
        "key.pem",
        rcgen::KeyPair::generate().unwrap().serialize_pem(),
    );
    office.run(&serve).exits(2).complaint();
}

#[test]
fn failures_at_a_server_have_the_exit_codes_of_the_manual() {
    let office = staffed();
    let server = Served::over(&office);
    let said = |who: &str, words: &str, code: i32| {
        let answer = server.say(&office, who, words).exits(code);
        answer.complaint();
        answer
    };
    said("Ada", "case show HS-2026-0099", 2);
    said("Ada", "wave show HS-2026-0099", 2);
    said("Grace", "case create --title T", 3);
    said("p-01.s1", "case list", 2);
    said("Ada", "case create --title T --tlp PURPLE", 2);
    said("Ada", "case list --now 2026-11-21T09:00:00Z", 2);
    // Another person than the token's.
    server.done(&office, "Ada", "case create --title T");
    office.write("write-up.md", demo_file("write-up.md"));
    server.done(&office, "Ada", &format!("artifact add {CASE} write-up.md"));
    server.done(&office, "Ada", &format!("wave plan {CASE}"));
    said("Ada", &format!("wave approve {CASE} --as Grace"), 2).says(&["Ada"]);
    // What works on a data directory alone.
    for words in [
        "init --program X",
        "serve",
        "backup --out x",
        "demo",
        "log publish --out x",
        "log quorum 1",
    ] {
        said("Ada", words, 2).says(&["--server"]);
    }
    assert!(!office.path("x").exists());
    // A token that is none, one that is not known, and no server.
    office.write("none.token", "not a token\n");
    said("none", "case list", 2);
    office.write("unknown.token", format!("hst_{}\n", "u".repeat(43)));
    said("unknown", "case list", 3).says(&["token"]);
    let (url, port) = (server.url.clone(), "http://127.0.0.1:9");
    drop(server);
    for address in [url.as_str(), port] {
        let mut command = office.command(&["case", "list"]);
        command
            .args(["--server", address, "--token-file", "Ada.token"])
            .env_remove("HEADSTART_DATA");
        answer(command, "case list").exits(4).complaint();
    }
    let mut command = office.command(&["case", "list"]);
    command.args([
        "--server",
        "http://desk.example",
        "--token-file",
        "Ada.token",
    ]);
    answer(command, "case list").exits(2).complaint();
}

/// A way to the server on which the answer of the first request that creates something is lost.
fn losing(server: &Served) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let port = server.url.rsplit_once(':').unwrap().1.to_owned();
    std::thread::spawn(move || {
        let mut is_lost = false;
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let request = request_of(&mut client);
            let mut server = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
            server.write_all(&request).unwrap();
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).unwrap();
            if request.starts_with(b"POST") && !is_lost {
                is_lost = true;
                continue;
            }
            let _ = client.write_all(&answer);
        }
    });
    url
}

/// One whole request, which asks for one answer on its connection.
fn request_of(client: &mut TcpStream) -> Vec<u8> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = said.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut request = format!("{head}Connection: close\r\n\r\n").into_bytes();
    request.extend(body);
    request
}

#[test]
fn what_is_created_on_a_connection_that_is_lost_is_created_once() {
    let office = staffed();
    let server = Served::over(&office);
    let mut command = server.command(&office, "Ada", "case create --title Once --json");
    command.env("HEADSTART_SERVER", losing(&server));
    assert_eq!(answer(command, "case create").exits(0).json()["case"], CASE);
    let cases = office.done("case list");
    assert_eq!(cases["cases"].as_array().unwrap().len(), 1, "{cases}");
}

#[test]
fn a_server_that_shows_another_history_gets_no_receipt() {
    let office = staffed();
    office.write("advisory.json", demo_file("advisory.json"));
    office.done("case import advisory.json");
    office.write("write-up.md", demo_file("write-up.md"));
    office.done(&format!("artifact add {CASE} write-up.md"));
    office.done(&format!("wave plan {CASE}"));
    office.done(&format!("wave approve {CASE} --as Ada"));
    office.done(&format!("wave approve {CASE} --as Grace"));
    office.done(&format!("press {CASE}"));
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    // The same program once more, whose log goes on in another way from here.
    let other = office.template().office();
    for title in ["One", "Two", "Three", "Four"] {
        other.done(&format!("case create --title {title}"));
    }
    let state = state(&office);
    let fetch = |out: &str| {
        format!("package fetch {CASE} --seat p-01.s1 --out {out} --state {state} --json")
    };
    let server = Served::over(&office);
    server.say(&office, "p-01.s1", &fetch("one.age")).exits(0);
    drop(server);
    let forked = Served::over(&other);
    let before = other.done(&format!("receipts {CASE}"));
    let answer = forked.say(&other, "p-01.s1", &fetch("two.age")).exits(1);
    answer.says(&["two.age.fork"]);
    assert!(!other.path("two.age").exists());
    assert_eq!(other.done(&format!("receipts {CASE}")), before);
}
