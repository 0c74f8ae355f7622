//! A small program, served on the loopback.

use std::path::PathBuf;
use std::time::Duration;

use desk::{ClockKind, DataDir, Desk};
use domain::decide::CaseCommand;
use domain::ids::{CaseId, PartnerId, PersonName, SeatId};
use domain::person::{Actor, Role};
use domain::program::ProgramCommand;
use jiff::Timestamp;
use server::{App, Options, Served, Serving};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The passphrase of its program key.
pub const PASSPHRASE: &str = "only for tests";

const PARTNERS: &[u8] = b"id,name,tier,country,obligations\n\
    p-01,Alder Security,validate,DE,\n\
    p-02,Birch Networks,advance,US,\n\
    p-03,Cedar Labs,entry,CN,cn-rmsv\n\
    p-04,Damson Defence,validate,FR,\n";

/// A seat and the secret half of its key.
pub struct Keyed {
    pub seat: SeatId,
    pub identity: String,
}

/// A program that is served until it is dropped.
pub struct Program {
    pub url: String,
    pub app: App,
    pub seats: Vec<Keyed>,
    pub dir: TempDir,
    folder: PathBuf,
    stop: Option<oneshot::Sender<()>>,
}

impl Program {
    /// A program with people of every role and four partners with two seats each.
    pub async fn serve() -> Self {
        let program = Self::serve_idle().await;
        tokio::spawn(server::run_timers(program.app.clone()));
        program
    }

    /// As [`Self::serve`], and nothing opens by itself.
    pub async fn serve_idle() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::at(dir.path().join("program"));
        let now: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let desk = desk::init(
            &data,
            "Larkspur PSIRT",
            ClockKind::Test,
            PASSPHRASE,
            Some(now),
        )
        .await
        .unwrap();
        for (name, roles) in [
            ("Ada", vec![Role::Coordinator, Role::Approver]),
            ("Grace", vec![Role::Approver]),
            ("Ines", vec![Role::Investigator]),
            ("Jonas", vec![Role::Auditor]),
            ("Mei", vec![Role::Administrator]),
        ] {
            let command = ProgramCommand::AddPerson {
                person: PersonName::parse(name).unwrap(),
                roles: roles.into_iter().collect(),
            };
            desk.decide(command, &Actor::Desk).await.unwrap();
        }
        desk.import_partners(PARTNERS).await.unwrap();
        let mut seats = Vec::new();
        for partner in ["p-01", "p-02", "p-03", "p-04"] {
            for number in 1..3 {
                let (identity, recipient) = seal::generate_identity();
                let partner = PartnerId::parse(partner).unwrap();
                let email = format!("analyst{number}@{partner}.example");
                let seat = desk
                    .add_seat(&partner, &email, recipient.as_str())
                    .await
                    .unwrap();
                seats.push(Keyed {
                    seat,
                    identity: identity.to_string(),
                });
            }
        }
        Self::over(desk, PASSPHRASE, dir, "program", seats).await
    }

    /// Serves a program that is there already, with the keys of some of its seats; nothing opens by itself.
    /// `folder`: the data directory, below `dir`.
    pub async fn over(
        desk: Desk,
        passphrase: &str,
        dir: TempDir,
        folder: &str,
        seats: Vec<Keyed>,
    ) -> Self {
        let folder = dir.path().join(folder);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let key = desk.unlock(passphrase).unwrap();
        let options = Options {
            serving: Serving::All,
            origin: url.clone(),
        };
        let app = App::new(desk, options, Some(key));
        let (stop, stopped) = oneshot::channel();
        let served = Served::new(listener, server::router(app.clone()));
        tokio::spawn(async move {
            server::serve(served, async {
                let _ = stopped.await;
            })
            .await;
        });
        Self {
            url,
            app,
            seats,
            dir,
            folder,
            stop: Some(stop),
        }
    }

    /// The data directory.
    pub fn data(&self) -> DataDir {
        DataDir::at(self.folder.clone())
    }

    /// Moves the test clock.
    pub async fn at(&self, time: &str) -> Desk {
        Desk::open(self.data(), Some(time.parse().unwrap()))
            .await
            .unwrap()
    }

    /// A link that signs a person in.
    pub async fn person(&self, name: &str) -> String {
        self.link(Actor::Person(PersonName::parse(name).unwrap()))
            .await
    }

    /// A link that signs a seat in.
    pub async fn seat(&self, name: &str) -> String {
        self.link(Actor::Seat(SeatId::parse(name).unwrap())).await
    }

    async fn link(&self, account: Actor) -> String {
        let secret = self
            .app
            .sessions()
            .make_link(account, Duration::from_secs(3600))
            .await
            .unwrap();
        format!("{}/sign-in/link/{secret}", self.url)
    }

    /// The secret half of a seat's key.
    pub fn identity(&self, seat: &str) -> &str {
        let found = self.seats.iter().find(|keyed| keyed.seat.as_str() == seat);
        &found.unwrap().identity
    }

    /// A leak of a seat's copy, traced; the answer is the trace.
    pub async fn trace(&self, case: &CaseId, seat: &str) -> String {
        let desk = self.at("2026-11-25T09:00:00Z").await;
        let key = desk.unlock(PASSPHRASE).unwrap();
        let text = self.copy(case, seat, "write-up.md").await;
        let leak = [flow::sight::LeakFile::new("paste.txt", text.into_bytes())];
        let traced = desk.trace(&key, &leak, Some(case)).await.unwrap();
        traced.trace.to_string()
    }

    /// A file of a seat's copy, as the seat reads it.
    pub async fn copy(&self, case: &CaseId, seat: &str, file: &str) -> String {
        let desk = self.app.now().await.unwrap().0;
        let fetched = desk
            .fetch(case, &SeatId::parse(seat).unwrap())
            .await
            .unwrap();
        let files = seal::open_package(&fetched.bytes, self.identity(seat)).unwrap();
        let found = files.into_iter().find(|entry| entry.name == file).unwrap();
        String::from_utf8(found.bytes).unwrap()
    }

    /// A case with the demo's masters, planned, approved and pressed, with its first wave open.
    pub async fn open_case(&self) -> CaseId {
        let desk = self.at("2026-11-20T10:00:00Z").await;
        let (case, _, _) = desk.import_case(ADVISORY, None).await.unwrap();
        self.plan(&case).await;
        self.approve(&case, &["Ada", "Grace"]).await;
        let key = desk.unlock(PASSPHRASE).unwrap();
        desk.press(&case, &key).await.unwrap();
        let desk = self.at("2026-11-24T18:00:00Z").await;
        desk.command(&case, CaseCommand::OpenWaves, &Actor::Timer)
            .await
            .unwrap();
        case
    }

    /// The demo's masters into a case, and a plan of its waves.
    pub async fn plan(&self, case: &CaseId) {
        self.plan_with(case, str::to_owned).await;
    }

    /// As [`Self::plan`], with masters that say something else.
    pub async fn plan_with(&self, case: &CaseId, edit: impl Fn(&str) -> String) {
        let desk = self.app.now().await.unwrap().0;
        let masters = MASTERS
            .iter()
            .map(|(name, bytes)| {
                (
                    (*name).to_owned(),
                    desk::kind_of(name).unwrap(),
                    edit(std::str::from_utf8(bytes).unwrap()).into_bytes(),
                )
            })
            .collect::<Vec<_>>();
        desk.add_artifacts(case, &masters).await.unwrap();
        let offsets = desk.program().await.unwrap().settings().offsets().clone();
        desk.command(case, CaseCommand::PlanWaves(offsets), &Actor::Desk)
            .await
            .unwrap();
    }

    /// Approvals of a plan.
    pub async fn approve(&self, case: &CaseId, people: &[&str]) {
        let desk = self.app.now().await.unwrap().0;
        for name in people {
            let person = PersonName::parse(name).unwrap();
            let known = desk.case(case).await.unwrap();
            let command = CaseCommand::Approve {
                person: person.clone(),
                plan: known.plan_digest(),
            };
            desk.command(case, command, &Actor::Person(person))
                .await
                .unwrap();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

pub const ADVISORY: &[u8] = include_bytes!("../../../headstart/demo/advisory.json");
pub const MASTERS: &[(&str, &[u8])] = &[
    (
        "write-up.md",
        include_bytes!("../../../headstart/demo/write-up.md"),
    ),
    ("poc.py", include_bytes!("../../../headstart/demo/poc.py")),
];
