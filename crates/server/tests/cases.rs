//! The desk's pages for cases, asked as a browser asks them.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use desk::{ClockKind, DataDir, Desk};
use domain::case::{Case, Stage};
use domain::ids::{CaseId, PartnerId, PersonName, SeatId};
use domain::person::{Actor, Role};
use domain::program::ProgramCommand;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use server::{App, Options, Serving};
use tower::ServiceExt as _;

const PASSPHRASE: &str = "nine small stones in a row";
const BEGIN: &str = "2026-12-01T09:00:00Z";

/// A text with enough that could be worded differently.
const NOTE: &str = "# Larkspur Share\n\nWe found that the gateway checks each ticket twice, and that the two parsers do \
    not agree. Anybody who can reach the web port can therefore read a document of somebody else. The flaw is in every \
    version since 7.4. We have seen no use of it so far. Update as soon as you can. For example, 8.2.7 is not affected, \
    because it does not use the second parser. Several partners helped us to find out which versions are affected.\n";

/// A program with five people and two partners, and the pages over it.
struct World {
    dir: tempfile::TempDir,
    app: App,
    router: Router,
}

fn person(name: &str) -> PersonName {
    PersonName::parse(name).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::at(dir.path().join("data"));
        let now = Some(time(BEGIN));
        let desk = desk::init(&data, "Larkspur PSIRT", ClockKind::Test, PASSPHRASE, now)
            .await
            .unwrap();
        for (name, role) in [
            ("Ada", Role::Coordinator),
            ("Bo", Role::Approver),
            ("Cy", Role::Approver),
            ("Di", Role::Auditor),
            ("Ed", Role::Administrator),
        ] {
            let command = ProgramCommand::AddPerson {
                person: person(name),
                roles: [role].into(),
            };
            desk.decide(command, &Actor::Desk).await.unwrap();
        }
        let partners =
            b"id,name,tier,country,obligations\np-01,One,validate,DE,\np-02,Two,entry,FR,\n";
        desk.import_partners(partners).await.unwrap();
        for partner in ["p-01", "p-02"] {
            let (_, recipient) = seal::generate_identity();
            let partner = PartnerId::parse(partner).unwrap();
            let added = desk.add_seat(&partner, "ada@partner.example", recipient.as_str());
            added.await.unwrap();
        }
        let key = desk.unlock(PASSPHRASE).unwrap();
        let options = Options {
            serving: Serving::All,
            origin: "http://localhost".to_owned(),
        };
        let app = App::new(desk, options, Some(key));
        let router = server::router(app.clone());
        Self { dir, app, router }
    }

    /// Moves the test clock.
    async fn at(&self, now: &str) {
        let data = DataDir::at(self.dir.path().join("data"));
        Desk::open(data, Some(time(now))).await.unwrap();
    }

    async fn desk(&self) -> Desk {
        self.app.now().await.unwrap().0
    }

    async fn case(&self, id: &str) -> Case {
        let id = CaseId::parse(id).unwrap();
        self.desk().await.case(&id).await.unwrap()
    }

    async fn cookie(&self, account: Actor, has_shown_key: bool) -> String {
        let begun = self.app.sessions().begin(account, has_shown_key);
        let cookie = begun.await.unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// A person whose passkey was shown just now.
    async fn signed_in(&self, name: &str) -> Visitor<'_> {
        let cookie = self.cookie(Actor::Person(person(name)), true).await;
        Visitor {
            world: self,
            cookie,
        }
    }
}

/// Somebody with a browser.
struct Visitor<'a> {
    world: &'a World,
    cookie: String,
}

/// What came back.
struct Answer {
    status: StatusCode,
    location: String,
    body: String,
}

impl Visitor<'_> {
    async fn ask(&self, method: Method, path: &str, body: String) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.sent(request).await
    }

    async fn sent(&self, request: Request<Body>) -> Answer {
        let answer = self.world.router.clone().oneshot(request).await.unwrap();
        let location = answer.headers().get(header::LOCATION);
        let location = location
            .map_or("", |value| value.to_str().unwrap())
            .to_owned();
        let status = answer.status();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        Answer {
            status,
            location,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, String::new()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        self.ask(Method::POST, path, body.join("&")).await
    }

    /// A form that was accepted leads somewhere.
    async fn done(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(path, fields).await;
        assert_eq!(
            answer.status,
            StatusCode::SEE_OTHER,
            "{path}: {}",
            answer.body
        );
        answer.location
    }

    /// Uploads one master as it is.
    async fn upload(&self, case: &str, file_name: &str, source: &str) -> Answer {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{file_name}\"\r\n\r\n{source}\r\n--b--\r\n"
        );
        self.multipart(&format!("/cases/{case}/artifacts"), body)
            .await
    }

    async fn multipart(&self, path: &str, body: String) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(Body::from(body))
            .unwrap();
        self.sent(request).await
    }

    async fn draft(&self, case: &str, file_name: &str, source: &str) -> String {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file_name\"\r\n\r\n{file_name}\r\n--b\r\n\
             Content-Disposition: form-data; name=\"kind\"\r\n\r\n\r\n--b\r\n\
             Content-Disposition: form-data; name=\"source\"\r\n\r\n{source}\r\n--b--\r\n"
        );
        let path = format!("/cases/{case}/artifacts/new");
        let answer = self.multipart(&path, body).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.location
    }

    /// A case, by the same form that a person fills in.
    async fn new_case(&self) -> String {
        let fields = [
            ("title", "Larkspur <b>Share</b>"),
            ("tlp", "AMBER+STRICT"),
            ("release", "2026-12-20T19:00"),
            ("release_zone", "Europe/Paris"),
        ];
        let check = self.post("/cases/new", &fields).await;
        assert_eq!(check.status, StatusCode::OK);
        assert!(
            check.body.contains("2026-12-20 18:00 UTC"),
            "the echo is in UTC"
        );
        assert!(
            !check.body.contains("<b>Share"),
            "what somebody typed is text"
        );
        let confirmed = [&fields[..], &[("confirmed", "yes")]].concat();
        let url = self.done("/cases/new", &confirmed).await;
        url.strip_prefix("/cases/").unwrap().to_owned()
    }

    /// A case with a marked note.
    async fn case_with_a_note(&self) -> String {
        let case = self.new_case().await;
        let draft = self.draft(&case, "note.md", NOTE).await;
        let accept = [("decision", "accept-all")];
        self.done(&format!("{draft}/decide"), &accept).await;
        self.done(&format!("{draft}/add"), &[]).await;
        let gone = self.get(&draft).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        case
    }

    async fn plan(&self, case: &str) {
        let offsets = [("validate", "14d"), ("advance", "5d"), ("entry", "24h")];
        let path = format!("/cases/{case}/waves/plan");
        self.done(&path, &offsets).await;
    }

    async fn approve(&self, case: &str) -> Answer {
        let plan = self.world.case(case).await.plan_digest().unwrap();
        let path = format!("/cases/{case}/waves/approve");
        self.post(&path, &[("plan", &plan.to_string())]).await
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_goes_from_a_form_through_marks_two_approvals_and_a_press_to_open_waves() {
    let world = World::new().await;
    let (ada, bo, cy) = (
        world.signed_in("Ada").await,
        world.signed_in("Bo").await,
        world.signed_in("Cy").await,
    );
    let case = ada.case_with_a_note().await;
    assert!(world.case(&case).await.artifacts()[0].sites > 5);
    ada.plan(&case).await;

    assert_eq!(bo.approve(&case).await.status, StatusCode::SEE_OTHER);
    let again = bo.approve(&case).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert!(again.body.contains("approved-before"));
    assert_eq!(world.case(&case).await.approvals().len(), 1);
    let today = cy.get("/today").await.body;
    assert!(today.contains("1 of 2 approvals") && today.contains("yours"));
    assert_eq!(cy.approve(&case).await.status, StatusCode::SEE_OTHER);

    let job = ada.done(&format!("/cases/{case}/press"), &[]).await;
    for _ in 0..600 {
        if ada.get(&job).await.body.contains("See the result") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(world.case(&case).await.packages().count(), 2);
    let history = world
        .desk()
        .await
        .history(world.case(&case).await.id())
        .await;
    let by = Actor::Person(person("Ada"));
    let pressed = history.unwrap().iter().any(|(_, who, fact)| {
        *who == by && matches!(fact, domain::case::CaseFact::CopiesPressed { .. })
    });
    assert!(pressed, "the press stands under the name of who pressed");

    let open = format!("/cases/{case}/waves/open");
    bo.done(&open, &[]).await;
    assert_eq!(
        world.case(&case).await.stage(),
        Stage::Approved,
        "nothing is due yet"
    );
    world.at("2026-12-06T18:00:00Z").await;
    bo.done(&open, &[]).await;
    let known = world.case(&case).await;
    assert_eq!(known.stage(), Stage::Open);
    let early = SeatId::parse("p-01.s1").unwrap();
    let late = SeatId::parse("p-02.s1").unwrap();
    assert!(known.opened_at(&early).is_some() && known.opened_at(&late).is_none());
    let view = ada
        .get(&format!("/cases/{case}/as?seat=p-02.s1"))
        .await
        .body;
    assert!(view.contains("nothing here") && view.contains("before-wave"));
    for page in ["", "/waves", "/artifacts", "/artifacts/a1", "/legal"] {
        let answer = ada.get(&format!("/cases/{case}{page}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_another_role_is_refused_and_a_partner_learns_of_no_page() {
    let world = World::new().await;
    let ada = world.signed_in("Ada").await;
    let case = ada.case_with_a_note().await;
    ada.plan(&case).await;
    let press = format!("/cases/{case}/press");
    let waves = format!("/cases/{case}/waves");
    let master = format!("/cases/{case}/artifacts/a1");

    for (name, path, status) in [
        ("Di", &waves, StatusCode::OK),
        ("Di", &press, StatusCode::FORBIDDEN),
        ("Bo", &press, StatusCode::FORBIDDEN),
        ("Di", &master, StatusCode::OK),
        ("Ed", &master, StatusCode::FORBIDDEN),
    ] {
        let answer = world.signed_in(name).await.get(path).await;
        assert_eq!(answer.status, status, "{name} {path}");
    }
    assert_eq!(ada.approve(&case).await.status, StatusCode::FORBIDDEN);
    assert!(world.case(&case).await.approvals().is_empty());
    let seat = SeatId::parse("p-01.s1").unwrap();
    let partner = Visitor {
        world: &world,
        cookie: world.cookie(Actor::Seat(seat), true).await,
    };
    for path in ["/today", "/cases", &waves, &press, &master, "/jobs/1"] {
        let answer = partner.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let nobody = Visitor {
        world: &world,
        cookie: String::new(),
    };
    let answer = nobody.get(&waves).await;
    assert!(answer.status.is_redirection());
    assert!(answer.location.starts_with("/sign-in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_ends_early_only_by_two_people_with_fresh_passkeys_who_typed_its_id() {
    let world = World::new().await;
    let (ada, bo) = (world.signed_in("Ada").await, world.signed_in("Bo").await);
    let case = ada.case_with_a_note().await;
    let end = format!("/cases/{case}/end");
    let confirm = format!("{end}/confirm");
    let asked = [
        ("reason", "details-public"),
        ("why", "a forum has it"),
        ("typed", &*case),
    ];
    let stale = Visitor {
        world: &world,
        cookie: world.cookie(Actor::Person(person("Ada")), false).await,
    };
    let refused = stale.post(&end, &asked).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let wrong = [asked[0], asked[1], ("typed", "HS-2026-9999")];
    assert_eq!(ada.post(&end, &wrong).await.status, StatusCode::OK);
    assert_eq!(world.case(&case).await.asked_ending(), None);

    ada.done(&end, &asked).await;
    let own = ada.post(&confirm, &asked).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN);
    assert!(own.body.contains("two-people"));
    assert!(bo.get(&end).await.body.contains("a forum has it"));
    assert_ne!(world.case(&case).await.stage(), Stage::EndedEarly);
    bo.done(&confirm, &asked).await;
    assert_eq!(world.case(&case).await.stage(), Stage::EndedEarly);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_keeps_to_its_case_its_last_reader_and_the_terminals_own_commands() {
    let world = World::new().await;
    let ada = world.signed_in("Ada").await;
    let case = ada.case_with_a_note().await;
    let other = ada.case_with_a_note().await;
    let path = ada.draft(&case, "note.md", NOTE).await;
    let elsewhere = path.replace(&case, &other);
    assert_eq!(ada.get(&elsewhere).await.status, StatusCode::NOT_FOUND);

    // The meter counts who would get a copy with the draft in the case, which has nothing else yet.
    let empty = ada.new_case().await;
    let first = ada
        .draft(&empty, "note.md", &NOTE.replace("agree", "{~agree|match~}"))
        .await;
    let proves = ada.get(&format!("{first}?view=strength")).await.body;
    assert!(proves.contains("For 2 partners with 2 seats"), "{proves}");

    let stale = [("source", "Nothing."), ("base", "0123456789abcdef")];
    let refused = ada.post(&path, &stale).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    for view in ["read", "source", "suggest", "copies", "strength"] {
        let answer = ada.get(&format!("{path}?view={view}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{view}");
    }
    let wrong = ada.upload(&case, "more.md", "A {~broken mark.\n").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("more.md:1:3"), "{}", wrong.body);
    assert_eq!(world.case(&case).await.artifacts().len(), 1);
    // A press would run the command on the program's machine.
    let source = "TICKET = \"c41d9e7a\"  #~ nonce hex 8\n#~ check python3 {}\n";
    let probe = ada.draft(&case, "probe.py", source).await;
    let shown = ada.get(&probe).await.body;
    assert!(shown.contains("runs a command"), "{shown}");
    let refused = ada.post(&format!("{probe}/add"), &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("checks-need-terminal"));
    assert_eq!(world.case(&case).await.artifacts().len(), 1);

    // An artifact is edited in a draft that takes its place.
    let before = world.case(&case).await.artifacts()[0].master;
    let edit = ada
        .done(&format!("/cases/{case}/artifacts/a1/edit"), &[])
        .await;
    let id = edit.rsplit('/').next().unwrap();
    let key = world.app.key().unwrap();
    let known = world.case(&case).await;
    let draft = world
        .desk()
        .await
        .draft(known.id(), id, &key)
        .await
        .unwrap();
    let saved = ada.get(&format!("{edit}?view=source")).await.body;
    let base = saved.split("name=\"base\" value=\"").nth(1).unwrap();
    let base = base.split('"').next().unwrap();
    let source = format!("{}One more line.\n", draft.text.source);
    let fields = [("source", source.as_str()), ("base", base)];
    ada.done(&edit, &fields).await;
    ada.done(&format!("{edit}/add"), &[]).await;
    let known = world.case(&case).await;
    assert_eq!(known.artifacts().len(), 1);
    assert_ne!(known.artifacts()[0].master, before);
}
