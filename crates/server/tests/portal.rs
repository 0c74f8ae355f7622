//! What a partner sees at the router: its own open cases, and nothing else, at any path.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "support/portal.rs"]
mod support;

use axum::http::StatusCode;
use domain::ids::{PartnerId, PersonName};
use domain::person::Actor;
use domain::program::ProgramCommand;
use domain::sealed::Digest;
use flow::delivery::Delivery;
use support::{Office, seat};

const VAL: &str = "seat:val.s1";
const MATE: &str = "seat:val.s2";
const ENT: &str = "seat:ent.s1";
const ADA: &str = "person:Ada";

async fn office() -> Office {
    signed_in(Office::portal().await).await
}

async fn signed_in(mut office: Office) -> Office {
    for id in ["val.s1", "val.s2", "ent.s1"] {
        office.sign_in(Actor::Seat(seat(id))).await;
    }
    let ada = PersonName::parse("Ada").unwrap();
    office.sign_in(Actor::Person(ada)).await;
    office
}

/// Every path below a case, with its method.
const BELOW: [(&str, &str); 12] = [
    ("GET", ""),
    ("POST", "/acknowledge"),
    ("POST", "/package"),
    ("GET", "/embargo.ics"),
    ("GET", "/protections"),
    ("POST", "/protections"),
    ("GET", "/protections/1"),
    ("POST", "/protections/1"),
    ("GET", "/questions"),
    ("POST", "/questions"),
    (
        "GET",
        "/letters/41ffd8b76afc92a65758fd9a080ae80421c196f251263b87cbfb6e567dda0879",
    ),
    ("GET", "/letters/x"),
];

const FORM: &str =
    "tlp=AMBER%2BSTRICT&release=2026-12-08T18%3A00%3A00Z&as=age&text=hello&product=p&coverage=none";

#[tokio::test]
async fn what_cannot_be_read_is_a_page_for_people_and_says_nothing_of_the_case() {
    let office = office().await;
    let twice = "as=age&as=age";
    let mut answers = Vec::new();
    for case in [office.open.as_str(), office.draft.as_str(), "nonsense"] {
        let path = format!("/inbox/{case}/package");
        answers.push(office.post(VAL, &path, twice).await);
    }
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = answer.text();
        assert!(
            text.contains("<h1>Please check what you sent</h1>"),
            "{text}"
        );
        assert!(!text.contains("duplicate field"), "{text}");
        assert_eq!(answer, &answers[0]);
    }
    let path = format!("/inbox/{}/protections/first", office.open);
    let nothing = office.get(VAL, "/inbox/HS-2026-0999").await;
    assert_eq!(office.get(VAL, &path).await, nothing);
    let twice = office.get(VAL, "/sign-in?to=a&to=b").await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        twice.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let other = office
        .post_json(VAL, &format!("/inbox/{}/questions", office.open), "{}")
        .await;
    assert_eq!(other.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(
        other.text().contains("is not taken here"),
        "{}",
        other.text()
    );
}

#[tokio::test]
async fn a_closed_case_and_one_that_is_not_there_give_the_same_bytes() {
    let office = office().await;
    // Another partner has written, so that there would be something to see.
    let path = format!("/inbox/{}/questions", office.open);
    let asked = office.post(VAL, &path, "text=ours").await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    let (open, draft) = (office.open.to_string(), office.draft.to_string());
    let mut answers = Vec::new();
    for case in [open.as_str(), &draft, "HS-2026-0999", "nonsense"] {
        for (method, below) in BELOW {
            let path = format!("/inbox/{case}{below}");
            let answer = match method {
                "GET" => office.get(ENT, &path).await,
                _ => office.post(ENT, &path, FORM).await,
            };
            answers.push((path, answer));
        }
    }
    let (_, first) = &answers[0];
    assert_eq!(first.status, StatusCode::NOT_FOUND);
    for (path, answer) in &answers {
        assert_eq!(answer, first, "{path}");
    }
    // The program's side is not there either, for nobody, on a portal.
    for path in [format!("/cases/{open}/questions"), "/cases".to_owned()] {
        for who in [ENT, VAL, ADA] {
            let answer = office.get(who, &path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{who} {path}");
        }
    }
    for page in ["/inbox", "/questions", "/record"] {
        let text = office.get(ENT, page).await.text();
        assert!(!text.contains("HS-2026"), "{page} names a case");
    }
    // The control: for the partner to whom it is open, the same paths do answer.
    let own = office.get(VAL, &format!("/inbox/{open}")).await;
    assert_eq!(own.status, StatusCode::OK);
    assert!(office.get(VAL, "/inbox").await.text().contains(&open));
}

#[tokio::test]
async fn a_refused_fetch_is_recorded_and_gives_nothing() {
    let office = office().await;
    let path = format!("/inbox/{}/package", office.open);
    let refused = office.post(ENT, &path, "as=age").await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    for _ in 0..200 {
        let (_, state) = office.desk().await;
        let case = state.case(&office.open).unwrap();
        if let [refused] = case.refused() {
            assert_eq!(refused.seat, seat("ent.s1"));
            assert_eq!(refused.rule, "before-wave");
            assert!(case.receipts().is_empty());
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the refusal was not recorded");
}

#[tokio::test]
async fn a_package_comes_with_a_receipt_that_the_log_already_holds() {
    let office = office().await;
    let (desk, _) = office.desk().await;
    let before = desk.store().log_size().await.unwrap();
    let path = format!("/inbox/{}/package", office.open);
    let plain = office.post(VAL, &path, "as=age").await;
    assert_eq!(plain.status, StatusCode::OK);
    let index: u64 = plain.header("headstart-receipt").unwrap().parse().unwrap();
    assert_eq!(index, before);
    let digest = Digest::of(&plain.body).to_string();
    assert_eq!(
        plain.header("headstart-package-sha256"),
        Some(digest.as_str())
    );
    let opened = seal::open_package(&plain.body, &office.keys["val.s1"]).unwrap();
    assert!(opened.iter().any(|file| file.name == "write-up.md"));
    assert!(seal::open_package(&plain.body, &office.keys["val.s2"]).is_err());

    let both = office.post(VAL, &path, "as=tar").await;
    let mut tar = tar::Archive::new(&both.body[..]);
    let files: Vec<(String, Vec<u8>)> = tar
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().display().to_string();
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
            (name, bytes)
        })
        .collect();
    assert_eq!(files[0].1, plain.body);
    let proof = Delivery::parse(std::str::from_utf8(&files[1].1).unwrap()).unwrap();
    let shown = proof.check(&desk.log_key()).unwrap();
    assert_eq!(shown.receipt.seat, seat("val.s1"));
    assert_eq!(proof.receipt_inclusion.index, before + 1);
}

#[tokio::test]
async fn what_is_written_between_partner_and_program_is_read_by_them_alone() {
    let office = signed_in(Office::unlocked().await).await;
    let case = &office.open;
    let (question, product) = ("is+4.1+affected", "Sentry+Nine");
    let asked = office
        .post(
            VAL,
            &format!("/inbox/{case}/questions"),
            &format!("text={question}"),
        )
        .await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    let report = format!("product={product}&rules=2064001&coverage=planned&ships=&note=");
    let reported = office
        .post(VAL, &format!("/inbox/{case}/protections"), &report)
        .await;
    assert_eq!(reported.status, StatusCode::SEE_OTHER);
    let answered = office
        .post(
            ADA,
            &format!("/cases/{case}/questions/val"),
            "text=since+4.0",
        )
        .await;
    assert_eq!(answered.status, StatusCode::SEE_OTHER);

    // The program reads both.
    let thread = office
        .get(ADA, &format!("/cases/{case}/questions/val"))
        .await;
    assert!(thread.text().contains("is 4.1 affected"));
    let reports = office.get(ADA, &format!("/cases/{case}/protections")).await;
    assert!(reports.text().contains("Sentry Nine"));
    // The partner's pages carry ciphertext, which each of its seats opens.
    let (desk, state) = office.desk().await;
    let val = PartnerId::parse("val").unwrap();
    let thread = state.case(case).unwrap().threads().of(&val);
    assert_eq!(thread.len(), 2);
    for (who, key) in [(VAL, "val.s1"), (MATE, "val.s2")] {
        let page = office.get(who, &format!("/inbox/{case}/questions")).await;
        assert!(!page.text().contains("is 4.1 affected"));
        let path = format!("/inbox/{case}/letters/{}", thread[0].text.blob);
        assert!(page.text().contains(&path));
        let sealed = office.get(who, &path).await;
        assert_eq!(sealed.status, StatusCode::OK);
        let text = age::decrypt(&identity(&office, key), &sealed.body).unwrap();
        assert!(String::from_utf8(text).unwrap().contains("is 4.1 affected"));
    }
    // A portal that holds no key shows the program's people nothing either.
    office.app.lock();
    let locked = office
        .get(ADA, &format!("/cases/{case}/questions/val"))
        .await;
    assert!(!locked.text().contains("is 4.1 affected"));
    // And what lies on the disk says none of it.
    desk.store().close().await;
    let bytes = office.bytes();
    for word in ["is 4.1 affected", "Sentry Nine", "2064001", "since 4.0"] {
        let found = bytes
            .windows(word.len())
            .any(|part| part == word.as_bytes());
        assert!(!found, "`{word}` is on the disk");
    }
    // The control: who wrote stands there for all to read.
    assert!(bytes.windows(11).any(|part| part == b"seat:val.s1"));
}

#[tokio::test]
async fn a_partner_that_is_suspended_while_a_page_is_open_gets_nothing_more() {
    let office = office().await;
    let case = office.open.clone();
    let page = office.get(VAL, &format!("/inbox/{case}")).await;
    assert_eq!(page.status, StatusCode::OK);
    office
        .post(VAL, &format!("/inbox/{case}/questions"), "text=hello")
        .await;
    let fetched = office
        .post(VAL, &format!("/inbox/{case}/package"), "as=age")
        .await;
    assert_eq!(fetched.status, StatusCode::OK);
    let (desk, state) = office.desk().await;
    let val = PartnerId::parse("val").unwrap();
    let letter = state.case(&case).unwrap().threads().of(&val)[0].text.blob;
    let suspend = ProgramCommand::Suspend {
        partner: val,
        reason: "an example".to_owned(),
    };
    desk.decide(suspend, &Actor::Desk).await.unwrap();

    let inbox = office.get(VAL, "/inbox").await.text();
    assert!(inbox.contains("not active"));
    assert!(!inbox.contains(case.as_str()));
    let mut paths: Vec<(&str, String)> = BELOW
        .iter()
        .map(|(method, below)| (*method, format!("/inbox/{case}{below}")))
        .collect();
    paths.push(("GET", format!("/inbox/{case}/letters/{letter}")));
    for own in [
        "/questions",
        "/record",
        "/record/1/opening",
        "/record/1/proof",
        "/record/1/entry",
    ] {
        paths.push(("GET", own.to_owned()));
    }
    for (method, path) in paths {
        let answer = match method {
            "GET" => office.get(VAL, &path).await,
            _ => office.post(VAL, &path, FORM).await,
        };
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(answer.text().contains("not active"), "{path}");
    }
}

#[tokio::test]
async fn terms_that_changed_since_they_were_shown_are_not_acknowledged() {
    let office = office().await;
    let path = format!("/inbox/{}/acknowledge", office.open);
    let stale = office
        .post(VAL, &path, "tlp=GREEN&release=2026-12-08T18%3A00%3A00Z")
        .await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, state) = office.desk().await;
    let case = state.case(&office.open).unwrap();
    assert_eq!(case.acknowledgements().iter().count(), 0);
    let shown = office.post(VAL, &path, FORM).await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER);
    let (_, state) = office.desk().await;
    let case = state.case(&office.open).unwrap();
    assert_eq!(case.acknowledgements().iter().count(), 1);
}

#[tokio::test]
async fn a_seats_record_shows_no_entry_of_a_case_that_is_not_open_to_it() {
    let office = office().await;
    // `ent` has a package in the log already, of a wave that is to come.
    let (desk, state) = office.desk().await;
    assert_eq!(desk.chain(&seat("ent.s1")).await.unwrap().len(), 1);
    let empty = office.get(ENT, "/record").await;
    assert!(empty.text().contains("Nothing was given"));
    for path in ["/record/1/opening", "/record/1/proof", "/record/1/entry"] {
        assert_eq!(
            office.get(ENT, path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
        assert_eq!(office.get(VAL, path).await.status, StatusCode::OK, "{path}");
    }
    let own = desk.own_record(&state, &seat("val.s1")).await.unwrap();
    let log = desk.log_key();
    let checkpoint = tlog::Checkpoint::open(&own.checkpoint, &log).unwrap();
    for entry in &own.entries {
        let leaf = tlog::leaf_hash(&entry.leaf.entry_bytes());
        tlog::verify_inclusion(&leaf, &entry.inclusion, own.size, &checkpoint.root()).unwrap();
    }
    assert_eq!(own.entries.len(), 1);
}

fn identity(office: &Office, seat: &str) -> age::x25519::Identity {
    let lines = office.keys[seat].lines();
    let key = lines
        .into_iter()
        .find(|line| line.starts_with("AGE-SECRET-KEY-1"));
    key.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_record_that_a_seat_opened_itself_is_signed_and_checks_offline() {
    let office = office().await;
    let fetched = office
        .post(VAL, &format!("/inbox/{}/package", office.open), "as=age")
        .await;
    let identity = identity(&office, "val.s1");
    let mut openings = serde_json::Map::new();
    for ordinal in 1..=2u64 {
        let sealed = office.get(VAL, &format!("/record/{ordinal}/opening")).await;
        let padded = age::decrypt(&identity, &sealed.body).unwrap();
        let length = u64::from_le_bytes(padded[1..9].try_into().unwrap());
        let json = &padded[9..9 + usize::try_from(length).unwrap()];
        openings.insert(ordinal.to_string(), serde_json::from_slice(json).unwrap());
    }
    let sent = serde_json::json!({"openings": &openings}).to_string();
    let signed = office.post_json(VAL, "/record/signed", &sent).await;
    assert_eq!(signed.status, StatusCode::OK);
    let (desk, _) = office.desk().await;
    let record = flow::record::Record::parse(&signed.body).unwrap();
    let checked = record.check(Some(&desk.config().log_key)).unwrap();
    assert_eq!(checked.of(&seat("val.s1")).unwrap().len(), 2);
    let package = Digest::of(&fetched.body);
    checked.has_package("kept", package).unwrap();
    // An opening of another entry is not signed, and neither is a record of another seat.
    let first = openings["1"].clone();
    openings.insert("2".to_owned(), first);
    let sent = serde_json::json!({"openings": &openings}).to_string();
    let refused = office.post_json(VAL, "/record/signed", &sent).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let other = office.post_json(MATE, "/record/signed", &sent).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    // What is not open to a seat is in no record of it: the record ends at a checkpoint before it.
    let none = office
        .post_json(ENT, "/record/signed", "{\"openings\": {}}")
        .await;
    let record = flow::record::Record::parse(&none.body).unwrap();
    let checked = record.check(Some(&desk.config().log_key)).unwrap();
    assert_eq!(checked.of(&seat("ent.s1")).unwrap(), []);
    let hidden = desk.chain(&seat("ent.s1")).await.unwrap().entries()[0].leaf;
    assert!(checked.checkpoint.size() <= desk.place_of(&hidden).await.unwrap());
}
