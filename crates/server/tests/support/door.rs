//! A small program behind its door, and whoever knocks.
#![allow(
    dead_code,
    reason = "each test program uses a part of what stands here"
)]

use std::collections::BTreeSet;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, StatusCode, header};
use desk::{ClockKind, DataDir, Desk};
use domain::ids::{PartnerId, PersonName, SeatId};
use domain::person::{Actor, Role};
use domain::program::ProgramCommand;
use http_body_util::BodyExt as _;
use serde_json::Value;
use server::{App, Options, Serving};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// What browsers see.
pub const ORIGIN: &str = "https://psirt.example";
/// The passphrase of the program key.
pub const PASSPHRASE: &str = "quartz-lantern-meadow-4471";

/// A program in a folder of its own.
pub struct Place {
    pub dir: TempDir,
    pub data: DataDir,
    pub app: App,
    pub router: Router,
}

/// Somebody's cookie or token.
#[derive(Clone, Default)]
pub struct Hand {
    pub cookie: Option<String>,
    pub token: Option<String>,
    pub peer: Option<SocketAddr>,
    pub headers: Vec<(&'static str, String)>,
}

/// What was answered.
pub struct Answer {
    pub status: StatusCode,
    pub response: Response<()>,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    pub fn header(&self, name: &str) -> &str {
        self.response
            .headers()
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The session that the answer begins.
    pub fn hand(&self) -> Hand {
        let cookie = self
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        assert!(
            cookie.starts_with("__Host-headstart="),
            "no session: {}",
            self.body
        );
        Hand {
            cookie: Some(cookie),
            ..Hand::default()
        }
    }
}

pub fn person(name: &str) -> Actor {
    Actor::Person(PersonName::parse(name).unwrap())
}

pub fn seat(id: &str) -> Actor {
    Actor::Seat(SeatId::parse(id).unwrap())
}

/// A program with five people, two partners, and three seats.
pub async fn place(serving: Serving) -> Place {
    let dir = tempfile::tempdir().unwrap();
    let data = DataDir::at(dir.path().join("program"));
    let now = Some("2026-11-20T09:00:00Z".parse().unwrap());
    let desk = desk::init(&data, "Larkspur PSIRT", ClockKind::Test, PASSPHRASE, now)
        .await
        .unwrap();
    for (name, role) in [
        ("Ada", Role::Coordinator),
        ("Grace", Role::Approver),
        ("Ines", Role::Investigator),
        ("Jonas", Role::Auditor),
        ("Mei", Role::Administrator),
    ] {
        let command = ProgramCommand::AddPerson {
            person: PersonName::parse(name).unwrap(),
            roles: BTreeSet::from([role]),
        };
        desk.decide(command, &Actor::Desk).await.unwrap();
    }
    let csv =
        b"id,name,tier,country,obligations\np-01,Borealis,validate,SE,\np-02,Cumulus,entry,DE,\n";
    desk.import_partners(csv).await.unwrap();
    for partner in ["p-01", "p-01", "p-02"] {
        let (_, recipient) = seal::generate_identity();
        let partner = PartnerId::parse(partner).unwrap();
        desk.add_seat(&partner, "a@partner.example", recipient.as_str())
            .await
            .unwrap();
    }
    served(dir, data, desk, serving)
}

fn served(dir: TempDir, data: DataDir, desk: Desk, serving: Serving) -> Place {
    let options = Options {
        serving,
        origin: ORIGIN.to_owned(),
    };
    let app = App::new(desk, options, None);
    Place {
        dir,
        data,
        router: server::router(app.clone()),
        app,
    }
}

impl Place {
    /// Another process over the same program.
    pub async fn beside(&self, serving: Serving) -> (App, Router) {
        let desk = Desk::open(self.data.clone(), None).await.unwrap();
        let options = Options {
            serving,
            origin: ORIGIN.to_owned(),
        };
        let app = App::new(desk, options, None);
        (app.clone(), server::router(app))
    }

    /// A session of an account that began by a link.
    pub async fn session(&self, account: &Actor) -> Hand {
        let cookie = self
            .app
            .sessions()
            .begin(account.clone(), false)
            .await
            .unwrap();
        Hand {
            cookie: cookie.split(';').next().map(str::to_owned),
            ..Hand::default()
        }
    }

    /// A session in which a passkey was shown just now.
    pub async fn fresh(&self, account: &Actor) -> Hand {
        let cookie = self
            .app
            .sessions()
            .begin(account.clone(), true)
            .await
            .unwrap();
        Hand {
            cookie: cookie.split(';').next().map(str::to_owned),
            ..Hand::default()
        }
    }

    pub async fn desk(&self) -> Desk {
        self.app.now().await.unwrap().0
    }

    pub async fn get(&self, path: &str, hand: &Hand) -> Answer {
        ask(&self.router, "GET", path, hand, None, "").await
    }

    pub async fn form(&self, path: &str, hand: &Hand, body: &str) -> Answer {
        ask(
            &self.router,
            "POST",
            path,
            hand,
            Some("application/x-www-form-urlencoded"),
            body,
        )
        .await
    }

    pub async fn post(&self, path: &str, hand: &Hand, body: &Value) -> Answer {
        ask(
            &self.router,
            "POST",
            path,
            hand,
            Some("application/json"),
            &body.to_string(),
        )
        .await
    }
}

/// Asks a router.
pub async fn ask(
    router: &Router,
    method: &str,
    path: &str,
    hand: &Hand,
    kind: Option<&str>,
    body: &str,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "psirt.example");
    if let Some(cookie) = &hand.cookie {
        request = request.header(header::COOKIE, cookie);
    }
    if let Some(token) = &hand.token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
        if kind == "application/json" {
            request = request.header(header::ACCEPT, kind);
        }
    }
    for (name, value) in &hand.headers {
        request = request.header(*name, value);
    }
    let mut request = request.body(Body::from(body.to_owned())).unwrap();
    if let Some(peer) = hand.peer {
        request.extensions_mut().insert(ConnectInfo(peer));
    }
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answer {
        status: parts.status,
        response: Response::from_parts(parts, ()),
        body,
    }
}
