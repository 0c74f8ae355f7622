//! A small program behind a router: two partners, a case that is open to one of them, and a draft.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use desk::{ClockKind, DataDir, Desk};
use domain::advisory::CaseDetails;
use domain::artifact::ArtifactKind;
use domain::decide::CaseCommand;
use domain::ids::{CaseId, PartnerId, PersonName, SeatId};
use domain::person::{Actor, Role};
use domain::program::ProgramCommand;
use domain::tlp::Tlp;
use domain::wave::Offsets;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use server::{App, Options, Serving, router};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;
use tempfile::TempDir;
use tower::ServiceExt as _;

const START: &str = "2026-11-20T09:00:00Z";
/// Two weeks before the release: the wave of the tier `validate`.
const VALIDATE: &str = "2026-11-24T18:00:00Z";
const RELEASE: &str = "2026-12-08T18:00:00Z";
const PASSPHRASE: &str = "quartz-lantern-meadow-4471";
const WRITE_UP: &[u8] = include_bytes!("../../../headstart/demo/write-up.md");

/// The program, and an application that serves it.
pub struct Office {
    pub folder: TempDir,
    pub app: App,
    pub open: CaseId,
    pub draft: CaseId,
    /// Secret keys as age identity files, by seat.
    pub keys: BTreeMap<String, String>,
    cookies: BTreeMap<String, String>,
}

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }
}

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn seat(id: &str) -> SeatId {
    SeatId::parse(id).unwrap()
}

/// What is made once, and copied for each test.
struct Template {
    files: Vec<(PathBuf, Vec<u8>)>,
    open: CaseId,
    draft: CaseId,
    keys: BTreeMap<String, String>,
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    // A thread of its own: whoever asks first is inside a runtime already.
    let build = || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(Template::build())
    };
    std::thread::spawn(build).join().unwrap()
});

impl Template {
    /// `val` has two seats and its wave is open; `ent` has one and its wave is not.
    async fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::at(folder.path().join("data"));
        let start = Some(time(START));
        let desk = desk::init(&dir, "Example PSIRT", ClockKind::Test, PASSPHRASE, start)
            .await
            .unwrap();
        let keys = staff(&desk).await;
        let key = desk.unlock(PASSPHRASE).unwrap();
        let open = a_case(&desk).await;
        let draft = a_case(&desk).await;
        let masters = [(
            "write-up.md".to_owned(),
            ArtifactKind::Writeup,
            WRITE_UP.to_vec(),
        )];
        desk.add_artifacts(&open, &masters).await.unwrap();
        let plan = CaseCommand::PlanWaves(Offsets::default());
        desk.command(&open, plan, &Actor::Desk).await.unwrap();
        for name in ["Ada", "Grace"] {
            let person = PersonName::parse(name).unwrap();
            let by = Actor::Person(person.clone());
            let approve = CaseCommand::Approve { person, plan: None };
            desk.command(&open, approve, &by).await.unwrap();
        }
        desk.press(&open, &key).await.unwrap();
        let later = Desk::open(dir.clone(), Some(time(VALIDATE))).await.unwrap();
        later
            .command(&open, CaseCommand::OpenWaves, &Actor::Desk)
            .await
            .unwrap();
        later.store().close().await;
        desk.store().close().await;
        Self {
            files: files_of(dir.path()),
            open,
            draft,
            keys,
        }
    }
}

fn files_of(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| path.is_file());
    files
        .map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            (path.file_name().unwrap().into(), bytes)
        })
        .collect()
}

impl Office {
    /// The partners' side alone, which never holds the program key.
    pub async fn portal() -> Self {
        Self::copied(Serving::Portal, false).await
    }

    /// Both sides, with the program key.
    pub async fn unlocked() -> Self {
        Self::copied(Serving::All, true).await
    }

    async fn copied(serving: Serving, has_key: bool) -> Self {
        let template = &*TEMPLATE;
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        for (name, bytes) in &template.files {
            let path = data.join(name);
            std::fs::write(&path, bytes).unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let private = std::fs::Permissions::from_mode(0o600);
                std::fs::set_permissions(&path, private).unwrap();
            }
        }
        let desk = Desk::open(DataDir::at(data), None).await.unwrap();
        let key = has_key.then(|| desk.unlock(PASSPHRASE).unwrap());
        let options = Options {
            serving,
            origin: "http://localhost".to_owned(),
        };
        Self {
            folder,
            app: App::new(desk, options, key),
            open: template.open.clone(),
            draft: template.draft.clone(),
            keys: template.keys.clone(),
            cookies: BTreeMap::new(),
        }
    }

    /// Signs an account in by a link that works once.
    pub async fn sign_in(&mut self, account: Actor) {
        let name = account.to_string();
        let life = Duration::from_secs(60);
        let secret = self.app.sessions().make_link(account, life).await.unwrap();
        let link = format!("/sign-in/link/{secret}");
        let answer = self.send("POST", &link, None, "").await;
        let cookie = answer.header("set-cookie").unwrap();
        let (cookie, _) = cookie.split_once(';').unwrap();
        self.cookies.insert(name, cookie.to_owned());
    }

    pub async fn get(&self, who: &str, path: &str) -> Answer {
        self.send("GET", path, Some(who), "").await
    }

    pub async fn post(&self, who: &str, path: &str, form: &str) -> Answer {
        self.send("POST", path, Some(who), form).await
    }

    pub async fn post_json(&self, who: &str, path: &str, json: &str) -> Answer {
        self.ask("POST", path, Some(who), json, "application/json")
            .await
    }

    async fn send(&self, method: &str, path: &str, who: Option<&str>, form: &str) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        self.ask(method, path, who, form, kind).await
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        who: Option<&str>,
        form: &str,
        kind: &str,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, kind);
        if let Some(who) = who {
            request = request.header(header::COOKIE, &self.cookies[who]);
        }
        let request = request.body(Body::from(form.to_owned())).unwrap();
        let response = router(self.app.clone()).oneshot(request).await.unwrap();
        let status = response.status();
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = response
            .headers()
            .iter()
            // Every answer has a number of its own, by which it is found in the log.
            .filter(|(name, _)| *name != "x-request-id")
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        let body = response.into_body().collect().await.unwrap();
        Answer {
            status,
            headers,
            body: body.to_bytes().to_vec(),
        }
    }

    /// The program as it is now.
    pub async fn desk(&self) -> (Desk, desk::State) {
        self.app.now().await.unwrap()
    }

    /// Every byte of the data directory.
    pub fn bytes(&self) -> Vec<u8> {
        let files = files_of(&self.folder.path().join("data"));
        files.into_iter().flat_map(|(_, bytes)| bytes).collect()
    }
}

async fn staff(desk: &Desk) -> BTreeMap<String, String> {
    let csv =
        "id,name,tier,country,obligations\nval,Validators,validate,DE,\nent,Entrants,entry,FR,\n";
    desk.import_partners(csv.as_bytes()).await.unwrap();
    let mut keys = BTreeMap::new();
    for (partner, email) in [
        ("val", "a@val.example"),
        ("val", "b@val.example"),
        ("ent", "c@ent.example"),
    ] {
        let (identity, recipient) = seal::generate_identity();
        let partner = PartnerId::parse(partner).unwrap();
        let seat = desk
            .add_seat(&partner, email, recipient.as_str())
            .await
            .unwrap();
        keys.insert(seat.to_string(), identity.to_string());
    }
    let person = PersonName::parse("Ada").unwrap();
    let roles = BTreeSet::from([Role::Coordinator]);
    let command = ProgramCommand::AddPerson { person, roles };
    desk.decide(command, &Actor::Desk).await.unwrap();
    keys
}

async fn a_case(desk: &Desk) -> CaseId {
    let details = CaseDetails {
        title: "Larkspur Share: a render ticket that is read twice".to_owned(),
        ..CaseDetails::default()
    };
    desk.create_case(&details, Tlp::AmberStrict, Some(time(RELEASE)))
        .await
        .unwrap()
}
