//! The desk and the portal as two processes would be: each with a data directory of its own, over one PostgreSQL.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "../../store/tests/support/postgres.rs"]
mod postgres;
#[path = "support/door.rs"]
mod support;

use std::fs;

use axum::http::StatusCode;
use desk::{Address, ClockKind, DataDir, Desk};
use domain::ids::PartnerId;
use domain::person::Actor;
use domain::program::ProgramCommand;
use server::{App, Options, Serving};
use support::{Hand, ORIGIN, PASSPHRASE, ask, seat};

#[tokio::test]
async fn the_portal_shares_the_database_and_cannot_open_what_is_in_it() {
    let server = postgres::server().await;
    let address = Address::from(server.new_database("apart").await.as_str());
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| DataDir::at(dir.path().join(name)).with_database(address.clone());
    let now = Some("2026-11-20T09:00:00Z".parse().unwrap());
    let desk = desk::init(
        &at("desk"),
        "Larkspur PSIRT",
        ClockKind::Test,
        PASSPHRASE,
        now,
    )
    .await
    .unwrap();
    assert!(!dir.path().join("desk/headstart.sqlite3").exists());
    desk.import_partners(b"id,name,tier,country,obligations\np-01,Borealis,validate,SE,\n")
        .await
        .unwrap();
    let partner = PartnerId::parse("p-01").unwrap();
    let (_, recipient) = seal::generate_identity();
    desk.add_seat(&partner, "a@partner.example", recipient.as_str())
        .await
        .unwrap();

    // What a portal is given: the public facts and the log's key, never the program's.
    fs::create_dir(dir.path().join("portal")).unwrap();
    for name in ["config.json", "log.key"] {
        fs::copy(
            dir.path().join("desk").join(name),
            dir.path().join("portal").join(name),
        )
        .unwrap();
    }
    let there = Desk::open(at("portal"), None).await.unwrap();
    assert_eq!(
        there.unlock(PASSPHRASE).unwrap_err().code,
        "unreadable-file"
    );
    let options = |serving| Options {
        serving,
        origin: ORIGIN.to_owned(),
    };
    let portal = App::new(there, options(Serving::Portal), None);
    assert_eq!(
        portal
            .unlock(PASSPHRASE.to_owned().into())
            .await
            .unwrap_err()
            .code,
        "no-program-key"
    );
    let portal_router = server::router(portal.clone());

    let cookie = portal
        .sessions()
        .begin(seat("p-01.s1"), true)
        .await
        .unwrap();
    let hand = Hand {
        cookie: cookie.split(';').next().map(str::to_owned),
        ..Hand::default()
    };
    let team = ask(&portal_router, "GET", "/team", &hand, None, "").await;
    assert_eq!(team.status, StatusCode::OK);
    // What the desk decides, the portal's next answer knows.
    let retire = ProgramCommand::RetireSeat {
        seat: domain::ids::SeatId::parse("p-01.s1").unwrap(),
        reason: "left".to_owned(),
    };
    desk.decide(retire, &Actor::Desk).await.unwrap();
    let after = ask(&portal_router, "GET", "/team", &hand, None, "").await;
    assert_eq!(after.location(), "/sign-in?to=/team");
    // The desk's process over the same database still opens its key.
    let app = App::new(desk, options(Serving::Desk), None);
    app.unlock(PASSPHRASE.to_owned().into()).await.unwrap();
    assert!(app.is_unlocked());
}
