//! The API through the router: what the pages do, what a token may not, and what a partner does not see.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what failed by stopping there"
)]

#[allow(dead_code, reason = "pages are asked for by other tests")]
#[path = "support/program.rs"]
mod support;

use std::path::Path;

use axum::body::Body;
use axum::http::{Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::account::AccountCommand;
use domain::ids::PersonName;
use domain::person::Actor;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use support::{ADA, INES, JONAS, LEAKER, Office};
use tower::ServiceExt as _;

/// What a request was answered.
struct Answer {
    status: u16,
    bytes: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    #[track_caller]
    fn ok(self) -> Value {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        assert!((200..300).contains(&self.status), "{}: {text}", self.status);
        match self.bytes.is_empty() {
            true => Value::Null,
            false => self.json(),
        }
    }

    /// A problem with this status and code.
    #[track_caller]
    fn problem(self, status: u16, code: &str) {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        assert_eq!(
            (self.status, &self.json()["code"]),
            (status, &json!(code)),
            "{text}"
        );
    }
}

/// Asks the API. `who`: a cookie, or a token.
async fn ask(office: &Office, who: &str, request: &str, body: Option<Value>, key: &str) -> Answer {
    let (method, path) = request.split_once(' ').unwrap();
    let name = match who.starts_with("hst_") {
        true => header::AUTHORIZATION,
        false => header::COOKIE,
    };
    let value = match who.starts_with("hst_") {
        true => format!("Bearer {who}"),
        false => who.to_owned(),
    };
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(name, value);
    if !key.is_empty() {
        request = request.header("idempotency-key", key);
    }
    let body = match body {
        Some(body) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    let router = server::router(office.app.clone());
    let response = router.oneshot(request.body(body).unwrap()).await.unwrap();
    Answer {
        status: response.status().as_u16(),
        bytes: response
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .to_vec(),
    }
}

async fn get(office: &Office, who: &str, path: &str) -> Answer {
    ask(office, who, &format!("GET {path}"), None, "").await
}

async fn post(office: &Office, who: &str, path: &str, body: Value) -> Answer {
    ask(office, who, &format!("POST {path}"), Some(body), "").await
}

/// A token that may do everything that its owner may.
async fn token(office: &Office, name: &str) -> String {
    let secret = format!("hst_{}", "t".repeat(43));
    let actor = Actor::Person(PersonName::parse(name).unwrap());
    let command = AccountCommand::MakeToken {
        label: "test".to_owned(),
        digest: desk::digest_of_secret(&secret),
        scopes: ["approve", "read", "trace", "write"]
            .map(str::to_owned)
            .into(),
        from: Timestamp::now(),
        days: 2,
    };
    let made = office.desk.account_command(&actor, command, &actor).await;
    made.unwrap();
    secret
}

/// Whether any file below a folder holds these bytes.
fn holds(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => holds(&path, needle),
            false => std::fs::read(&path)
                .unwrap()
                .windows(needle.len())
                .any(|part| part == needle),
        }
    })
}

#[tokio::test]
async fn a_secret_is_shown_once_and_kept_nowhere_and_a_token_makes_none() {
    let office = Office::new(true).await;
    let ada = office.person(ADA).await;
    let new = json!({"label": "export", "scopes": ["read"], "days": 3});
    let asked = |who: String| ask_with_key(&office, who, new.clone());
    let made = asked(ada.clone()).await.ok();
    let secret = made["secret"].as_str().unwrap();
    get(&office, secret, "/me").await.ok();
    asked(ada.clone()).await.problem(409, "shown-once");
    let tokens = get(&office, &ada, "/tokens").await.ok();
    assert_eq!(tokens["items"].as_array().unwrap().len(), 1);
    // The database is open: what it holds is in its files and its log of writes.
    let folder = office.desk.dir().path();
    assert!(
        holds(folder, b"Harrowgate"),
        "the files are those of the database"
    );
    for part in [
        secret.as_bytes(),
        STANDARD.encode(made.to_string()).as_bytes(),
    ] {
        assert!(!holds(folder, part));
    }

    let token = token(&office, ADA).await;
    post(&office, &token, "/tokens", new.clone())
        .await
        .problem(403, "by-token");
    let seat = json!({"email": "new@p-01.example"});
    let invitations = "/partners/p-01/invitations";
    post(&office, &token, invitations, seat.clone())
        .await
        .problem(403, "by-token");
    let invited = post(&office, &ada, invitations, seat).await.ok();
    assert!(invited["link"].as_str().unwrap().contains("/invitation/"));
    let waiting = get(&office, &token, invitations).await.ok();
    let id = waiting["items"][0]["invitation"].as_str().unwrap();
    let revoke = format!("{invitations}/{id}/revoke");
    post(&office, &token, &revoke, json!({})).await.ok();
    let waiting = get(&office, &token, invitations).await.ok();
    assert_eq!(waiting["items"], json!([]));
    let recovery = json!({"account": INES, "reason": "phone lost"});
    post(&office, &token, "/recoveries", recovery)
        .await
        .problem(403, "no-passkey");
    let case = office.case.to_string();
    let ending = json!({"case": case, "reason": "details-public", "why": "a blog"});
    let path = format!("/cases/{case}/ending");
    post(&office, &token, &path, ending)
        .await
        .problem(403, "no-passkey");
    assert_eq!(
        get(&office, &token, &path).await.ok()["asked_by"],
        Value::Null
    );
    let name = tokens["items"][0]["token"].as_str().unwrap();
    let path = format!("/tokens/{name}/revoke");
    post(&office, &token, &path, json!({})).await.ok();
    get(&office, secret, "/me").await.problem(401, "sign-in");
}

async fn ask_with_key(office: &Office, who: String, new: Value) -> Answer {
    ask(office, &who, "POST /tokens", Some(new), "one").await
}

#[tokio::test]
async fn a_thread_is_read_by_the_program_and_by_nobody_else() {
    let office = Office::new(true).await;
    let case = office.case.to_string();
    let seat = office.seat(LEAKER).await;
    let text = json!({"text": "Which versions before 3?"});
    post(&office, &seat, &format!("/inbox/{case}/messages"), text)
        .await
        .ok();
    let shipped = json!({
        "product": "Nordlicht IDS", "rules": ["NL-1"], "coverage": "planned", "note": "",
        "ships_at": "2026-12-01T09:00:00Z",
    });
    post(
        &office,
        &seat,
        &format!("/inbox/{case}/protections"),
        shipped,
    )
    .await
    .ok();

    let ada = office.person(ADA).await;
    let threads = get(&office, &ada, &format!("/cases/{case}/threads"))
        .await
        .ok();
    assert_eq!(threads["items"][0]["partner"], "p-02");
    assert_eq!(threads["items"][0]["waits"], true);
    let thread = format!("/cases/{case}/threads/p-02");
    let read = get(&office, &ada, &thread).await.ok();
    assert_eq!(read["items"][0]["text"], "Which versions before 3?");
    let answer = json!({"text": "All of them."});
    post(&office, &ada, &thread, answer).await.ok();
    let protections = get(&office, &ada, &format!("/cases/{case}/protections"))
        .await
        .ok();
    assert_eq!(protections["items"][0]["product"], "Nordlicht IDS");

    let own = get(&office, &seat, &format!("/inbox/{case}/messages"))
        .await
        .ok();
    assert_eq!(own["items"][1]["by"], "program");
    let letter = own["items"][1]["letter"].as_str().unwrap();
    let path = format!("/inbox/{case}/letters/{letter}");
    let sealed = get(&office, &seat, &path).await;
    assert!(sealed.bytes.starts_with(b"age-encryption.org/v1"));
    let own = get(&office, &seat, &format!("/inbox/{case}/protections"))
        .await
        .ok();
    assert_eq!(own["items"][0]["reports"][0]["coverage"], "planned");

    // Another partner to which the case is open sees none of it, and one to which it is not open sees no case.
    let other = office.seat("p-01.s1").await;
    for list in ["messages", "protections"] {
        let path = format!("/inbox/{case}/{list}");
        assert_eq!(get(&office, &other, &path).await.ok()["items"], json!([]));
    }
    let closed = office.seat("p-03.s1").await;
    let nothing = get(&office, &closed, "/inbox/HS-2026-0099").await;
    for path in [
        path.clone(),
        format!("/inbox/{case}/messages"),
        format!("/inbox/{case}/messages?limit=0"),
        format!("/inbox/{case}/protections"),
    ] {
        let hidden = get(&office, &closed, &path).await;
        assert_eq!(
            (hidden.status, &hidden.bytes),
            (404, &nothing.bytes),
            "{path}"
        );
    }
    let hidden = get(&office, &other, &path).await;
    assert_eq!((hidden.status, &hidden.bytes), (404, &nothing.bytes));
    let delivery = format!("/inbox/{case}/delivery?known=x");
    let hidden = ask(&office, &closed, &format!("POST {delivery}"), None, "").await;
    assert_eq!((hidden.status, &hidden.bytes), (404, &nothing.bytes));
}

#[tokio::test]
async fn a_draft_is_written_decided_on_and_added() {
    let office = Office::new(true).await;
    let ada = office.person(ADA).await;
    let new = json!({"title": "Another", "tlp": "TLP:RED", "cves": ["CVE-2026-1234"]});
    let case = post(&office, &ada, "/cases", new).await.ok();
    assert_eq!(case["cves"], json!(["CVE-2026-1234"]));
    let at = format!("/cases/{}", case["case"].as_str().unwrap());
    let source = "# Note\n\nAn attacker can quickly read all of the files, because the token is not checked.\n";
    let new = json!({"file": "note.md", "source": source});
    let draft = post(&office, &ada, &format!("{at}/drafts"), new).await.ok();
    let path = format!("{at}/drafts/{}", draft["about"]["draft"].as_str().unwrap());
    let found = get(&office, &ada, &format!("{path}/suggestions"))
        .await
        .ok();
    let first = found["items"][0]["suggestion"].as_str().unwrap();
    let decided = json!({"decision": "accept", "suggestion": first});
    let decided = post(&office, &ada, &format!("{path}/decide"), decided)
        .await
        .ok();
    assert_eq!(decided["sites"], 1);
    let stale = json!({"base": draft["base"], "source": "other"});
    let request = format!("PATCH {path}");
    ask(&office, &ada, &request, Some(stale), "")
        .await
        .problem(409, "draft-changed");
    let added = post(&office, &ada, &format!("{path}/add"), json!({}))
        .await
        .ok();
    assert_eq!(added["sites"], 1);
    get(&office, &ada, &path)
        .await
        .problem(404, "unknown-draft");
    let artifact = added["artifact"].as_str().unwrap();
    let master = get(&office, &ada, &format!("{at}/artifacts/{artifact}")).await;
    assert_eq!(
        String::from_utf8(master.bytes).unwrap(),
        decided["source"].as_str().unwrap()
    );
    let sites = get(&office, &ada, &format!("{at}/sites")).await.ok();
    assert_eq!(sites["artifacts"][0]["sites"].as_array().unwrap().len(), 1);
    let history = get(&office, &ada, &format!("{at}/history?limit=1"))
        .await
        .ok();
    assert!(history["next"].is_string());
    // What runs on the program's machine comes from its own terminal.
    let runs = json!({"files": [{
        "name": "poc.py", "base64": STANDARD.encode("#~ check true {}\nprint('x')\n"),
    }]});
    let path = format!("{at}/artifacts");
    post(&office, &ada, &path, runs)
        .await
        .problem(403, "checks-need-terminal");
}

#[tokio::test]
async fn what_the_program_knows_of_itself_is_told_by_role() {
    let office = Office::new(true).await;
    let (ada, jonas) = (office.person(ADA).await, office.person(JONAS).await);
    let settings = get(&office, &jonas, "/settings").await.ok();
    assert_eq!(settings["unlocked"], true);
    let change = json!({"innocent_risk": 1e-4});
    ask(&office, &ada, "PATCH /settings", Some(change), "")
        .await
        .problem(403, "role");
    let exposed = get(&office, &jonas, "/exposure").await.ok();
    assert_eq!(exposed["items"][0]["fetched_at"], "2026-11-24T18:00:00Z");
    let before = get(&office, &jonas, "/exposure?at=2026-11-24T17:59:59Z")
        .await
        .ok();
    assert_eq!(before["items"][0]["fetched_at"], Value::Null);
    let learning = get(&office, &jonas, "/learning").await.ok();
    assert_eq!(learning["opened"], 2);
    let entry = get(&office, &jonas, "/log/0").await.ok();
    assert!(
        entry["proof"]
            .as_str()
            .unwrap()
            .starts_with("c2sp.org/tlog-proof")
    );
    let size = get(&office, &jonas, "/log").await.ok()["size"].clone();
    get(&office, &jonas, &format!("/log/{size}"))
        .await
        .problem(404, "nothing-here");
    let grown = get(&office, &jonas, "/log?known=1").await.ok();
    assert_eq!(grown["grown"]["size"], 1);

    post(&office, &ada, "/settings/lock", json!({})).await.ok();
    let title = &get(&office, &jonas, "/cases").await.ok()["items"][0]["title"].clone();
    assert_eq!(title, &Value::Null);
    let wrong = json!({"passphrase": "wrong"});
    post(&office, &ada, "/settings/unlock", wrong)
        .await
        .problem(422, "passphrase");
    let right = json!({"passphrase": support::PASSPHRASE});
    assert_eq!(
        post(&office, &ada, "/settings/unlock", right).await.ok()["unlocked"],
        true
    );

    // A job's answer is for whoever began it.
    let leak = json!({"files": [{
        "name": "leak.md", "base64": STANDARD.encode(&office.copies[LEAKER]),
    }]});
    let ines = office.person(INES).await;
    let job = post(&office, &ines, "/traces", leak).await.ok()["job"].clone();
    let path = format!("/jobs/{job}");
    let traced = loop {
        let job = get(&office, &ines, &path).await.ok();
        if job["state"] != "going" {
            break job;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert_eq!(traced["answer"]["accused"][0]["seat"], LEAKER);
    assert_eq!(get(&office, &ada, &path).await.ok()["answer"], Value::Null);
}
