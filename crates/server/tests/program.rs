//! The desk's pages for the program, through the router.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what failed by stopping there"
)]

#[path = "support/program.rs"]
mod support;

use axum::http::StatusCode;
use desk::Class;
use domain::ids::SeatId;
use flow::evidence::Evidence;
use flow::verify::verify;
use support::{ADA, INES, JONAS, LEAKER, Office, PASSPHRASE};
use tlog::{Checkpoint, MemoryTree, leaf_hash};

#[tokio::test]
async fn a_pasted_leak_becomes_a_verdict_whose_evidence_verifies() {
    let office = Office::new(true).await;
    let ines = office.person(INES).await;
    // A browser sends the ends of lines its own way.
    let leak = office.copies[LEAKER].replace('\n', "\r\n");
    let fields = [("text", leak.as_str()), ("case", ""), ("seen_at", "")];
    let begun = office.send(&ines, "/investigations", &fields).await;
    let page = office.result(&begun).await;
    let shown = office.get(&ines, &page).await;
    assert_eq!(shown.status, StatusCode::OK);
    shown.says(&[
        "The readings are those of the copy of seat p-02.s1",
        "not about a person",
        "What this does not prove",
        "Suspicion: seats",
        "Independent discovery",
        "does not explain the marks",
    ]);
    assert!(!shown.text().to_lowercase().contains("guilty"));
    let given = office
        .post(&ines, &format!("{page}/evidence"), "since=")
        .await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.text());
    let evidence = Evidence::parse(&given.bytes).unwrap();
    let verified = verify(&evidence, Some(&office.desk.config().log_key)).unwrap();
    let accused: Vec<_> = verified
        .body
        .accused
        .iter()
        .map(|own| own.seat.as_deref())
        .collect();
    assert_eq!(accused, [Some(LEAKER)]);

    // Somebody vouches that the leak was there before the seat had its copy: then it came from elsewhere.
    let early = [
        ("text", leak.as_str()),
        ("case", ""),
        ("seen_at", "2026-11-24 17:59"),
    ];
    let begun = office.send(&ines, "/investigations", &early).await;
    let page = office.result(&begun).await;
    let shown = office.get(&ines, &page).await;
    shown.says(&[
        "Not enough evidence to name anybody",
        "only after the leak was seen",
    ]);
    let refused = office.post(&ines, &format!("{page}/evidence"), "").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn investigations_are_for_investigators_and_auditors_alone() {
    let office = Office::new(true).await;
    let pages = ["/investigations", "/investigations/T-0123456789abcdef"];
    let asks = [
        (
            office.person(ADA).await,
            [StatusCode::FORBIDDEN, StatusCode::FORBIDDEN],
        ),
        (
            office.person(JONAS).await,
            [StatusCode::OK, StatusCode::NOT_FOUND],
        ),
        (
            office.person(INES).await,
            [StatusCode::OK, StatusCode::NOT_FOUND],
        ),
        (
            office.seat(LEAKER).await,
            [StatusCode::NOT_FOUND, StatusCode::NOT_FOUND],
        ),
        (
            String::new(),
            [StatusCode::SEE_OTHER, StatusCode::SEE_OTHER],
        ),
    ];
    for (cookie, expected) in asks {
        for (page, status) in pages.iter().zip(expected) {
            assert_eq!(office.get(&cookie, page).await.status, status, "{page}");
        }
    }
    let jonas = office.person(JONAS).await;
    let begun = office
        .send(&jonas, "/investigations", &[("text", "a leak")])
        .await;
    assert_eq!(begun.status, StatusCode::FORBIDDEN);
    let unlocked = office
        .post(&jonas, "/settings/unlock", "passphrase=x")
        .await;
    assert_eq!(unlocked.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_locked_key_says_where_it_is_unlocked_and_its_passphrase_opens_it() {
    let office = Office::new(false).await;
    let ines = office.person(INES).await;
    let locked = office.get(&ines, "/investigations/new").await;
    assert_eq!(locked.status, StatusCode::CONFLICT);
    locked.says(&["The program key is locked", "Settings"]);
    let wrong = office
        .post(&ines, "/settings/unlock", "passphrase=not-the-right-one")
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!wrong.text().contains("not-the-right-one"));
    assert!(
        !wrong.text().contains("program.key.age"),
        "{}",
        wrong.text()
    );
    assert!(!office.app.is_unlocked());
    let right = format!("passphrase={PASSPHRASE}");
    let unlocked = office.post(&ines, "/settings/unlock", &right).await;
    assert_eq!(unlocked.status, StatusCode::SEE_OTHER);
    assert_eq!(
        office.get(&ines, "/investigations/new").await.status,
        StatusCode::OK
    );
    office.post(&ines, "/settings/lock", "").await;
    assert!(!office.app.is_unlocked());
}

#[tokio::test]
async fn a_partner_that_is_suspended_on_its_page_gets_nothing_from_then_on() {
    let office = Office::new(false).await;
    let ada = office.person(ADA).await;
    let seat = SeatId::parse(LEAKER).unwrap();
    office.desk.fetch(&office.case, &seat).await.unwrap();
    let done = office
        .post(&ada, "/partners/p-02/suspend", "reason=a+copy+was+seen")
        .await;
    assert_eq!(
        done.location.as_deref(),
        Some("/partners/p-02?done=suspended")
    );
    let refused = office.desk.fetch(&office.case, &seat).await.unwrap_err();
    assert_eq!(refused.class, Class::NotAllowed);
    let page = office.get(&ada, "/partners/p-02?done=suspended").await;
    page.says(&[
        "Suspended. Nothing is given",
        "a copy was seen",
        ADA,
        "Resume",
    ]);
    office
        .post(&ada, "/partners/p-02/resume", "reason=a+mistake")
        .await;
    office.desk.fetch(&office.case, &seat).await.unwrap();
    let without = office.post(&ada, "/partners/p-02/suspend", "reason=").await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// A package is given by what this process knows; what another process has decided meanwhile is seen at the commit.
#[tokio::test]
async fn what_another_process_decided_holds_for_the_next_fetch() {
    let office = Office::new(false).await;
    let seat = SeatId::parse(LEAKER).unwrap();
    let partner = domain::ids::PartnerId::parse("p-02").unwrap();
    let given = async || {
        let before = office.desk.chain(&seat).await.unwrap().len();
        let fetched = office.desk.fetch(&office.case, &seat).await;
        let after = office.desk.chain(&seat).await.unwrap().len();
        assert_eq!(after - before, u64::from(fetched.is_ok()));
        fetched.map(|_| ()).map_err(|failure| failure.class)
    };
    given().await.unwrap();
    let elsewhere = desk::Desk::open(office.desk.dir().clone(), None)
        .await
        .unwrap();
    let ada = domain::person::Actor::Person(domain::ids::PersonName::parse(ADA).unwrap());
    let suspend = domain::program::ProgramCommand::Suspend {
        partner: partner.clone(),
        reason: "a copy was seen".to_owned(),
    };
    elsewhere.decide(suspend, &ada).await.unwrap();
    assert_eq!(given().await.unwrap_err(), Class::NotAllowed);
    let resume = domain::program::ProgramCommand::Resume {
        partner,
        reason: "a mistake".to_owned(),
    };
    elsewhere.decide(resume, &ada).await.unwrap();
    given().await.unwrap();
    // Another process gives the same seat its package too: both receipts stand in one chain.
    elsewhere.fetch(&office.case, &seat).await.unwrap();
    given().await.unwrap();
    // Both at once, again and again: none is lost, and none is given twice the same place.
    let mut places = Vec::new();
    for _ in 0..10 {
        let both = tokio::join!(
            office.desk.fetch(&office.case, &seat),
            elsewhere.fetch(&office.case, &seat)
        );
        places.extend([both.0.unwrap().receipt_index, both.1.unwrap().receipt_index]);
    }
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 20);
    let records = office.desk.chain(&seat).await.unwrap();
    assert!(records.len() >= 24);
    elsewhere.sign_staged().await.unwrap();
    assert!(office.desk.audit().await.unwrap().difference.is_none());
}

/// A receipt is signed for after its package was given, where nobody waits for it: what goes wrong then goes wrong for
/// the next fetch, and nothing more is given.
#[tokio::test]
async fn a_signature_that_failed_stops_the_next_fetch_and_one_that_succeeds_lets_it_go_on() {
    let office = Office::new(false).await;
    let seat = SeatId::parse(LEAKER).unwrap();
    let store::Address::Sqlite(file) = office.desk.dir().database() else {
        panic!("the office is a file");
    };
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut database = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let row = "SELECT name, count, digest FROM heads WHERE name = 'checkpoints'";
    let (name, count, digest): (String, i64, Vec<u8>) =
        sqlx::query_as(row).fetch_one(&mut database).await.unwrap();
    let given = async || {
        let chain = office.desk.chain(&seat).await.unwrap();
        (chain.len(), office.desk.fetch(&office.case, &seat).await)
    };
    // No checkpoint can be stored; entries still have their places.
    sqlx::query("DELETE FROM heads WHERE name = 'checkpoints'")
        .execute(&mut database)
        .await
        .unwrap();
    let (_, first) = given().await;
    first.unwrap();
    let mut refused = None;
    for _ in 0..200 {
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        if let (before, Err(failure)) = given().await {
            refused = Some((before, failure));
            break;
        }
    }
    let (before, failure) = refused.unwrap();
    assert_eq!(failure.class, Class::Machine);
    // It stays so, and no receipt says that something was given.
    let (after, again) = given().await;
    assert_eq!(after, before);
    assert_eq!(again.unwrap_err().class, Class::Machine);
    sqlx::query("INSERT INTO heads (name, count, digest) VALUES ($1, $2, $3)")
        .bind(name)
        .bind(count)
        .bind(digest)
        .execute(&mut database)
        .await
        .unwrap();
    let (_, once_more) = given().await;
    office.desk.delivery(&once_more.unwrap()).await.unwrap();
    assert!(office.desk.audit().await.unwrap().difference.is_none());
}

#[tokio::test]
async fn a_roster_with_faults_is_refused_line_by_line_and_nothing_of_it_is_there() {
    let office = Office::new(false).await;
    let ada = office.person(ADA).await;
    let header = "id,name,tier,country,obligations\n";
    let faulty = format!(
        "{header}p-90,Kiwara,gold,NZ,\np-91,Yarra,entry,AU,us-xyz\np-92,Vistula,entry,PL,\n"
    );
    let refused = office
        .send(&ada, "/partners/import", &[("text", &faulty)])
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.says(&["2 faults", "`gold` is not a tier", "`us-xyz` is not a duty"]);
    assert_eq!(
        office.get(&ada, "/partners/p-92").await.status,
        StatusCode::NOT_FOUND
    );
    let sound = format!("{header}p-92,Vistula,entry,PL,\n");
    office
        .send(&ada, "/partners/import", &[("text", &sound)])
        .await;
    office
        .get(&ada, "/partners/p-92")
        .await
        .says(&["Vistula", "imported as active", ADA]);
}

#[tokio::test]
async fn exposure_counts_what_had_been_fetched_by_the_chosen_hour() {
    let office = Office::new(false).await;
    let ada = office.person(ADA).await;
    let before = office
        .get(&ada, "/exposure?at=2026-11-24T17:59")
        .await
        .text();
    let after = office
        .get(&ada, "/exposure?at=2026-11-24T18:00")
        .await
        .text();
    assert_eq!(
        (
            before.matches("0 of 2").count(),
            before.matches("2 of 2").count()
        ),
        (8, 0)
    );
    // Two partners of the first wave, each in its case and in all cases.
    assert_eq!(
        (
            after.matches("0 of 2").count(),
            after.matches("2 of 2").count()
        ),
        (4, 4)
    );
    assert!(after.contains("4 of 8"), "{after}");
}

#[tokio::test]
async fn the_log_is_served_as_tiles_to_anybody() {
    let office = Office::new(false).await;
    let note = office.get("", "/log/tiles/checkpoint").await.text();
    let checkpoint = Checkpoint::open(&note, &office.desk.log_key()).unwrap();
    let (size, root) = (checkpoint.size(), checkpoint.root());
    let path = format!("/log/tiles/tile/entries/000.p/{size}");
    let bundle = office.get("", &path).await;
    let mut tree = MemoryTree::new();
    for entry in tlog::decode_entries(&bundle.bytes, u16::try_from(size).unwrap()).unwrap() {
        tree.append(leaf_hash(entry));
    }
    assert_eq!(tlog::root(&tree, size).unwrap(), root);
    let hashes = office
        .get("", &format!("/log/tiles/tile/0/000.p/{size}"))
        .await;
    assert_eq!(hashes.bytes.len() as u64, size * 32);
    for path in [
        "tile/0/000",
        "tile/0/001.p/1",
        "tile/8/000.p/1",
        "tile/0/0",
        "secrets",
    ] {
        let answer = office.get("", &format!("/log/tiles/{path}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}
