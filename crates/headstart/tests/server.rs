//! The command line against a server: the same commands, the same answers, as over the data directory itself.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader};
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
        let mut child = office
            .command(&["serve", "--listen", "127.0.0.1:0"])
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
    ] {
        office.done(&format!("person add {name} --role {role}"));
    }
    for partner in ["p-01", "p-02", "p-03"] {
        office.add_seat(partner, &format!("analyst@{partner}.example"));
    }
    for name in ["Ada", "Grace", "Ines"] {
        let actor = Actor::Person(PersonName::parse(name).unwrap());
        token(&office, name, actor);
    }
    for seat in ["p-01.s1", "p-02.s1"] {
        token(&office, seat, Actor::Seat(SeatId::parse(seat).unwrap()));
    }
    office
}

#[test]
fn a_whole_case_is_run_at_a_server_and_read_alike_here_and_there() {
    let office = staffed();
    let server = Served::over(&office);
    let ada = |words: &str| server.done(&office, "Ada", words);

    office.write("advisory.json", demo_file("advisory.json"));
    assert_eq!(ada("case import advisory.json")["case"], CASE);
    server.same(&office, "Ada", "case list");
    server.same(&office, "Ada", &format!("case show {CASE}"));
    server.same(&office, "Ada", "partner list");
    server.same(&office, "Ada", "partner show p-03");
    server.same(&office, "Ada", "seat list");
}
