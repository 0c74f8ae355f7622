//! schemathesis asks the API everything that its document allows: no answer of the kind 5xx, none that the document
//! does not describe.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::process::{Command, Stdio};
use std::time::Duration;

use domain::ids::{PersonName, SeatId};
use domain::person::Actor;
use server::{Limits, Rate, Rates};
use support::program::Program;
use support::target;

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_keeps_to_its_document_for_both_sides() {
    let program = Program::serve().await;
    // Everything comes from one peer, and no limit is what is tested.
    let much = Rate {
        burst: u32::MAX,
        every: Duration::from_nanos(1),
    };
    program.app.set_limits(Limits::new(Rates {
        peer: much,
        account: much,
        door: much,
        is_behind_proxy: false,
    }));
    program.open_case().await;
    for account in [
        Actor::Person(PersonName::parse("Ada").unwrap()),
        Actor::Person(PersonName::parse("Mei").unwrap()),
        Actor::Person(PersonName::parse("Ines").unwrap()),
        Actor::Seat(SeatId::parse("p-01.s1").unwrap()),
    ] {
        let set = program
            .app
            .sessions()
            .begin(account.clone(), false)
            .await
            .unwrap();
        let cookie = set.split(';').next().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("schemathesis.toml");
        std::fs::write(&settings, format!("[headers]\nCookie = \"{cookie}\"\n")).unwrap();
        let url = format!("{}/api/v1/openapi.json", program.url);
        let said = tokio::task::spawn_blocking(move || {
            Command::new(target().join("test-tools/bin/schemathesis"))
                .arg("--config-file")
                .arg(&settings)
                .args([
                    "run",
                    "--checks",
                    CHECKS,
                    "--max-examples",
                    "12",
                    "--seed",
                    "1",
                ])
                .args([
                    "--phases",
                    "examples,coverage,fuzzing",
                    "--continue-on-failure",
                    "--no-color",
                ])
                .args(["--suppress-health-check", "all", "--warnings", "off"])
                // Locking the program key would turn off what stands behind it; it has a test of its own.
                .args(["--exclude-path", "/api/v1/settings/lock"])
                .arg(url)
                .current_dir(folder.path())
                .stdin(Stdio::null())
                .output()
                .expect("schemathesis is there: `cargo xtask test` installs it")
        })
        .await
        .unwrap();
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(
            said.status.success(),
            "as {account}:\n{text}\n{}",
            String::from_utf8_lossy(&said.stderr)
        );
        assert!(
            text.contains("passed") || text.contains("No issues found"),
            "{text}"
        );
    }
}
