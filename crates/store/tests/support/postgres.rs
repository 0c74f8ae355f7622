//! A PostgreSQL server of our own, for as long as a test needs it.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::Connection as _;
use tokio::sync::Mutex;

pub struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    user: Option<(u32, u32)>,
    process: Child,
}

/// The server that other tests are using at the moment, or a new one.
pub async fn server() -> Arc<Server> {
    static RUNNING: Mutex<Weak<Server>> = Mutex::const_new(Weak::new());
    let mut running = RUNNING.lock().await;
    if let Some(server) = running.upgrade() {
        return server;
    }
    let server = Arc::new(Server::start().await);
    *running = Arc::downgrade(&server);
    server
}

impl Server {
    async fn start() -> Server {
        let programs = programs();
        let folder = tempfile::Builder::new()
            .prefix("hs-pg-")
            .tempdir_in("/tmp")
            .unwrap();
        let user = unprivileged(folder.path());
        let data = folder.path().join("data");
        let made = command(&programs.join("initdb"), user, folder.path())
            .args([
                "--no-sync",
                "-A",
                "trust",
                "-U",
                "headstart",
                "-E",
                "UTF8",
                "--locale=C",
                "-D",
            ])
            .arg(&data)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success(), "initdb failed");
        let process = command(&programs.join("postgres"), user, folder.path())
            // Without -F the tests would measure the disk; what is synced is PostgreSQL's own business.
            .args(["-F", "-c", "listen_addresses=", "-c"])
            .arg(format!(
                "unix_socket_directories={}",
                folder.path().display()
            ))
            .arg("-D")
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let server = Server {
            folder,
            programs,
            user,
            process,
        };
        for _ in 0..600 {
            if sqlx::PgConnection::connect(&server.url("postgres"))
                .await
                .is_ok()
            {
                return server;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
        panic!("PostgreSQL did not start: {log}");
    }

    fn url(&self, database: &str) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://headstart@{socket}/{database}")
    }

    pub async fn new_database(&self, name: &str) -> String {
        let mut connection = sqlx::PgConnection::connect(&self.url("postgres"))
            .await
            .unwrap();
        let statement: &'static str = format!("CREATE DATABASE {name}").leak();
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
        self.url(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = command(&self.programs.join("pg_ctl"), self.user, self.folder.path())
            .args(["stop", "-s", "-m", "immediate", "-D"])
            .arg(self.folder.path().join("data"))
            .status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// The newest installed server's programs.
fn programs() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            let programs = path.join("bin");
            programs
                .join("initdb")
                .exists()
                .then_some((version, programs))
        })
        .collect();
    found.sort();
    found
        .pop()
        .expect("PostgreSQL is missing: `cargo xtask test` installs it, or `apt-get install postgresql`")
        .1
}

/// PostgreSQL refuses to run as root: then the user and group of `postgres` or `nobody`, who get the folder.
fn unprivileged(folder: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    // A new file belongs to whom we are.
    if fs::metadata(folder).unwrap().uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = ["postgres", "nobody"].iter().find_map(|name| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(|field| field.parse().ok());
        Some((fields.next()??, fields.next()??))
    });
    let (uid, gid) = user.expect("there is no user `postgres` or `nobody` to run PostgreSQL as");
    std::os::unix::fs::chown(folder, Some(uid), Some(gid)).unwrap();
    Some((uid, gid))
}

fn command(program: &Path, user: Option<(u32, u32)>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("LC_ALL", "C");
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}
