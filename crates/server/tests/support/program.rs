//! A small program with a pressed and opened case, and the router in front of it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use desk::{ClockKind, DataDir, Desk};
use domain::decide::CaseCommand;
use domain::ids::{CaseId, PersonName, SeatId};
use domain::person::{Actor, Role};
use domain::program::ProgramCommand;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use server::{App, Options, Serving};
use tempfile::TempDir;
use tower::ServiceExt as _;

pub const PASSPHRASE: &str = "quartz-lantern-meadow-4471";
pub const ADA: &str = "Ada Lindqvist";
pub const INES: &str = "Ines Moreau";
pub const JONAS: &str = "Jonas Aalto";
const GRACE: &str = "Grace Okoye";
/// The seat whose copy leaks in these tests.
pub const LEAKER: &str = "p-02.s1";
const PARTNERS: &str = "id,name,tier,country,obligations\n\
    p-01,Harrowgate Sensors,validate,GB,\n\
    p-02,Nordlicht Netzschutz,validate,DE,eu-cra\n\
    p-03,Bluefinch Security,advance,US,\n\
    p-04,Qingshan Cloud Shield,entry,CN,cn-rmsv\n";

/// What a request was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Whether the body holds all of these.
    #[track_caller]
    pub fn says(&self, parts: &[&str]) {
        let text = self.text();
        for part in parts {
            assert!(text.contains(part), "`{part}` is missing: {text}");
        }
    }
}

/// A program that is served in this process.
pub struct Office {
    _folder: TempDir,
    pub desk: Desk,
    pub app: App,
    router: Router,
    pub case: CaseId,
    /// The copies of the write-up, by seat, of those that fetched.
    pub copies: BTreeMap<String, String>,
}

fn person(name: &str) -> Actor {
    Actor::Person(PersonName::parse(name).unwrap())
}

fn at(time: &str) -> Option<Timestamp> {
    Some(time.parse().unwrap())
}

impl Office {
    /// Four partners; a case that the tier `validate` has fetched, two days ago.
    pub async fn new(is_unlocked: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::at(folder.path().join("data"));
        let desk = desk::init(
            &dir,
            "Example PSIRT",
            ClockKind::Test,
            PASSPHRASE,
            at("2026-11-20T09:00:00Z"),
        )
        .await
        .unwrap();
        let people = [
            (ADA, vec![Role::Coordinator, Role::Approver]),
            (GRACE, vec![Role::Approver]),
            (INES, vec![Role::Investigator]),
            (JONAS, vec![Role::Auditor]),
        ];
        for (name, roles) in people {
            let command = ProgramCommand::AddPerson {
                person: PersonName::parse(name).unwrap(),
                roles: roles.into_iter().collect(),
            };
            desk.decide(command, &Actor::Desk).await.unwrap();
        }
        let mut keys = BTreeMap::new();
        for partner in desk.import_partners(PARTNERS.as_bytes()).await.unwrap() {
            for _ in 0..2 {
                let (identity, recipient) = seal::generate_identity();
                let email = format!("someone@{partner}.example");
                let seat = desk.add_seat(&partner, &email, recipient.as_str()).await;
                keys.insert(seat.unwrap(), identity);
            }
        }
        let key = desk.unlock(PASSPHRASE).unwrap();
        let advisory = include_bytes!("../../../headstart/demo/advisory.json");
        let release = at("2026-12-08T18:00:00Z");
        let (case, _, _) = desk.import_case(advisory, release).await.unwrap();
        let master = include_bytes!("../../../headstart/demo/write-up.md").to_vec();
        let kind = desk::kind_of("write-up.md").unwrap();
        let masters = [("write-up.md".to_owned(), kind, master)];
        desk.add_artifacts(&case, &masters).await.unwrap();
        approve(&desk, &case).await;
        desk.press(&case, &key).await.unwrap();

        let opened = Desk::open(dir.clone(), at("2026-11-24T18:00:00Z"))
            .await
            .unwrap();
        let open = opened.command(&case, CaseCommand::OpenWaves, &Actor::Timer);
        open.await.unwrap();
        let mut copies = BTreeMap::new();
        for (seat, identity) in &keys {
            if opened.case(&case).await.unwrap().opened_at(seat).is_none() {
                continue;
            }
            let fetched = opened.fetch(&case, seat).await.unwrap();
            let files = seal::open_package(&fetched.bytes, identity).unwrap();
            let copy = files
                .into_iter()
                .find(|file| file.name == "write-up.md")
                .unwrap();
            copies.insert(seat.to_string(), String::from_utf8(copy.bytes).unwrap());
        }
        let desk = Desk::open(dir, at("2026-11-26T12:00:00Z")).await.unwrap();
        let options = Options {
            serving: Serving::All,
            origin: "http://localhost:8080".to_owned(),
        };
        let app = App::new(desk.clone(), options, is_unlocked.then_some(key));
        Self {
            _folder: folder,
            desk,
            router: server::router(app.clone()),
            app,
            case,
            copies,
        }
    }

    /// The cookie of somebody who is signed in.
    pub async fn sign_in(&self, account: Actor) -> String {
        let cookie = self.app.sessions().begin(account, false).await.unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// The cookie of somebody of the program.
    pub async fn person(&self, name: &str) -> String {
        self.sign_in(person(name)).await
    }

    /// The cookie of a seat.
    pub async fn seat(&self, name: &str) -> String {
        self.sign_in(Actor::Seat(SeatId::parse(name).unwrap()))
            .await
    }

    /// Asks for a page.
    pub async fn get(&self, cookie: &str, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, cookie);
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form.
    pub async fn post(&self, cookie: &str, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(form.to_owned())).unwrap())
            .await
    }

    /// Sends a form as browsers send one with files.
    pub async fn send(&self, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = String::new();
        for (name, value) in fields {
            body += &format!(
                "--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        body += "--frontier--\r\n";
        let request = Request::post(path).header(header::COOKIE, cookie).header(
            header::CONTENT_TYPE,
            "multipart/form-data; boundary=frontier",
        );
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let location = response.headers().get(header::LOCATION);
        Answer {
            status: response.status(),
            location: location.map(|to| to.to_str().unwrap().to_owned()),
            bytes: response
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .to_vec(),
        }
    }

    /// Waits for the job to which an answer leads; the answer is where its result is to be seen.
    pub async fn result(&self, answer: &Answer) -> String {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let location = answer.location.as_deref().unwrap();
        let id: u64 = location.strip_prefix("/jobs/").unwrap().parse().unwrap();
        for _ in 0..1_200 {
            let job = self.app.jobs().job(id).unwrap();
            if let Some(problem) = job.problem {
                panic!("{problem:?}");
            }
            if let Some(result) = job.result {
                return result;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the job did not end");
    }
}

async fn approve(desk: &Desk, case: &CaseId) {
    let offsets = desk.program().await.unwrap().settings().offsets().clone();
    let plan = desk.command(case, CaseCommand::PlanWaves(offsets), &Actor::Desk);
    plan.await.unwrap();
    for name in [ADA, GRACE] {
        let command = CaseCommand::Approve {
            person: PersonName::parse(name).unwrap(),
            plan: desk.case(case).await.unwrap().plan_digest(),
        };
        desk.command(case, command, &person(name)).await.unwrap();
    }
}
