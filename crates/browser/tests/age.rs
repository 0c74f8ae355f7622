//! What opens packages in the page: the C2SP age test vectors, and alterations of a package that it must refuse.
//!
//! The vectors are those that the `age` crate carries: they are read from where Cargo keeps it, and not kept here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::Browser;
use support::program::Program;

const AGE: &str = include_str!("../../server/src/web/assets/age.js");
const PROOF: &str = include_str!("../../server/src/web/assets/proof.js");
const VECTORS: &str = include_str!("age_vectors.js");
const ALTERATIONS: &str = include_str!("package_checks.js");
/// Vectors that apply, at least: fewer were read than there are, if there are fewer.
const VECTORS_MIN: usize = 85;
/// Alterations that are tried, at least: a few for each file, and two for each line of the proof.
const ALTERATIONS_MIN: u64 = 50;

/// Modules as one script: what they export, as names of one object.
fn bundle(modules: &[&str], names: &[&str]) -> String {
    let source = modules.concat().replace("export ", "");
    format!(
        "(() => {{ {source}\n return {{{}}}; }})()",
        names.join(", ")
    )
}

/// Where the `age` crate keeps the vectors.
fn testkit() -> PathBuf {
    let said = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&said.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let age = packages
        .iter()
        .find(|package| package["name"] == "age")
        .unwrap();
    let manifest = PathBuf::from(age["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().join("tests/testdata/testkit")
}

async fn run(browser: &Browser, script: &str, arguments: Vec<Value>) -> Value {
    let script = format!(
        "const done = arguments[arguments.length - 1]; const given = Array.from(arguments).slice(0, -1); \
         const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)); \
         (async () => {{ {script} }})().then(done, (error) => done({{broke: String(error.stack || error)}}));"
    );
    let answer = browser
        .driver
        .execute_async(&script, arguments)
        .await
        .unwrap();
    answer.json().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_opens_files_as_the_age_vectors_say() {
    let program = Program::serve().await;
    let browser = Browser::start().await;
    browser.goto(&format!("{}/sign-in", program.url)).await;
    let mut vectors = Vec::new();
    for entry in std::fs::read_dir(testkit()).expect("the age crate carries the vectors") {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        vectors.push(json!([
            name,
            STANDARD.encode(std::fs::read(&path).unwrap())
        ]));
    }
    let age = bundle(&[AGE], &["AgeError", "readIdentities", "decrypt", "chunks"]);
    let runner = bundle(&[VECTORS], &["check"]);
    let script = format!(
        "const age = {age}; const runner = {runner}; \
         return runner.check(age, given[0].map(([name, text]) => [name, bytes(text)]));"
    );
    let answer = run(&browser, &script, vec![Value::Array(vectors)]).await;
    browser.quit().await;
    let list = |name: &str| {
        answer[name]
            .as_array()
            .unwrap_or_else(|| panic!("{answer}"))
            .clone()
    };
    assert_eq!(list("failed"), Vec::<Value>::new());
    assert!(
        list("held").len() >= VECTORS_MIN,
        "only {} applied",
        list("held").len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_altered_package_is_shown() {
    let program = Program::serve().await;
    let case = program.open_case().await;
    let browser = Browser::start().await;
    browser.goto(&program.seat("p-01.s1").await).await;
    browser.click("main button").await;
    browser.find(".who").await;
    browser.goto(&format!("{}/inbox/{case}", program.url)).await;
    let page = bundle(
        &[AGE, PROOF],
        &[
            "readTar",
            "decrypt",
            "readIdentities",
            "checkPackage",
            "readKey",
        ],
    );
    let runner = bundle(&[ALTERATIONS], &["alter"]);
    let script = format!(
        "const page = {page}; const runner = {runner}; \
         const answer = await fetch(given[0], {{method: 'POST', body: new URLSearchParams({{as: 'tar'}})}}); \
         if (!answer.ok) throw new Error('the package was refused: ' + answer.status); \
         const tar = new Uint8Array(await answer.arrayBuffer()); \
         return runner.alter(page, {{tar, identity: given[1], logKey: given[2], own: given[3]}});"
    );
    let log_key = program.app.now().await.unwrap().0.config().log_key.clone();
    let answer = run(
        &browser,
        &script,
        vec![
            json!(format!("/inbox/{case}/package")),
            json!(program.identity("p-01.s1")),
            json!(log_key),
            json!({
                "case": case.as_str(), "seat": "p-01.s1", "partner": "p-01",
                "manifestHeading": flow::manifest::HEADING, "leafHeading": flow::leaf::PACKAGE,
            }),
        ],
    )
    .await;
    browser.quit().await;
    assert_eq!(answer["accepted"], json!([]), "{answer}");
    assert!(
        answer["refused"].as_u64().unwrap() >= ALTERATIONS_MIN,
        "{answer}"
    );
}
