//! The story of one case as its people click it: made, marked, approved, pressed, opened, leaked, traced, closed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::process::Command;

use domain::ids::SeatId;
use support::acts::downloaded;
use support::office::{
    LEAKER, Office, mark_a_note, plan_and_approve, press, the_wave_opens, trace, upload_a_write_up,
};
use support::{Browser, headstart};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_clicked_from_its_creation_to_evidence_that_verifies_and_a_partner_that_gets_nothing_more()
 {
    let office = Office::open(Browser::start().await, Browser::start().await).await;
    upload_a_write_up(&office).await;
    mark_a_note(&office).await;
    plan_and_approve(&office).await;
    press(&office).await;
    the_wave_opens(&office).await;
    let copy = open_in_the_page(&office).await;
    read_the_record(&office).await;
    let page = trace(&office, &copy).await;
    the_evidence_verifies(&office, &page).await;
    suspend_while_the_page_is_open(&office).await;

    // Refusals are answers too: of the second approval, before the wave, and after the suspension.
    let twice =
        "/waves/approve - Failed to load resource: the server responded with a status of 403";
    let of_desk = office.desk.complaints(&[twice]).await;
    let refused = ["with a status of 403", "with a status of 404"];
    let of_other = office.other.complaints(&refused).await;
    office.desk.quit().await;
    office.other.quit().await;
    assert!(of_desk.is_empty(), "{of_desk:#?}");
    assert!(of_other.is_empty(), "{of_other:#?}");
}

/// Acknowledges, and opens the package in the page; answers the text of the write-up, as the page shows it.
async fn open_in_the_page(office: &Office) -> String {
    let Office { program, other, .. } = office;
    other.goto(&format!("{}/inbox", program.url)).await;
    other.click("a.case-id").await;
    other.wait_for("Acknowledge first").await;
    other.press("I acknowledge label and embargo").await;
    other.wait_for("Open your package").await;
    other.click(".key-panel summary").await;
    other.paste("#keytext", program.identity(LEAKER)).await;
    other.press("Open here").await;
    other.wait_for("Opened and checked").await;
    let shown = other.property("#opened article pre", "textContent").await;

    // What the command line opens is the same, byte for byte.
    let (desk, _) = program.app.now().await.unwrap();
    let seat = SeatId::parse(LEAKER).unwrap();
    let fetched = desk.fetch(&office.case, &seat).await.unwrap();
    let files = seal::open_package(&fetched.bytes, program.identity(LEAKER)).unwrap();
    let copy = files.iter().find(|file| file.name.ends_with("write-up.md"));
    let copy = String::from_utf8(copy.unwrap().bytes.clone()).unwrap();
    assert!(copy.contains("# Larkspur Share: a render ticket that is read twice"));
    assert_eq!(shown, copy);
    copy
}

/// The seat's own entries of the log: the package, and two fetches.
async fn read_the_record(office: &Office) {
    let Office { program, other, .. } = office;
    let before = other.goto_beside(&format!("{}/record", program.url)).await;
    other.wait_for("the log has all 3 entries").await;
    other.click(".key-panel summary").await;
    other.paste("#keytext", program.identity(LEAKER)).await;
    other.press("Read the entries").await;
    other.wait_for("3 of 3 entries opened").await;
    other.close_for(&before).await;
}

/// Downloads the evidence, and runs the command that the page shows, away from the program's data.
async fn the_evidence_verifies(office: &Office, page: &str) {
    let desk = &office.desk;
    let saved = tempfile::tempdir().unwrap();
    desk.save_downloads(saved.path()).await;
    desk.press("Freeze the evidence and download it").await;
    let evidence = downloaded(saved.path()).await;
    let trace = page.rsplit('/').next().unwrap();
    let name = format!("evidence-{trace}.json");
    assert_eq!(evidence, saved.path().join(&name));

    let mut commands = desk.text().await;
    let from = commands.find("headstart verify ").expect("a command");
    commands.drain(..from);
    let words: Vec<&str> = commands.lines().next().unwrap().split(' ').collect();
    assert_eq!(&words[..3], ["headstart", "verify", &name]);
    let output = Command::new(headstart())
        .args(&words[1..])
        .arg("--json")
        .current_dir(saved.path())
        .env_remove("HEADSTART_DATA")
        .env("XDG_STATE_HOME", saved.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    let hint = "(is `headstart` of this checkout? `cargo build -p headstart`)";
    assert!(output.status.success(), "{said}\n{why}\n{hint}");
    let verified: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verified["verified"], true);
    assert_eq!(verified["log_key_expected"], true);
    assert_eq!(verified["case"], office.case.as_str());
    let accused = verified["accused"].as_array().unwrap();
    assert_eq!(accused.len(), 1, "{said}");
    assert_eq!(accused[0]["seat"], LEAKER);
}

/// The partner's page stays open, with the key in it; the next click gives nothing.
async fn suspend_while_the_page_is_open(office: &Office) {
    let Office {
        program,
        desk,
        other,
        ..
    } = office;
    let saved = tempfile::tempdir().unwrap();
    other.save_downloads(saved.path()).await;
    desk.follow("Suspend the partner while this is looked into")
        .await;
    desk.fill("#reason", "the readings of a leak are those of its copy")
        .await;
    desk.press("Suspend").await;
    desk.wait_for("Suspended. Nothing is given to it").await;

    other.press("Open here").await;
    other.wait_for("Nothing is open to your seat now").await;
    other.press("Download the package").await;
    other.wait_for("Not allowed").await;
    for path in ["/inbox", "/record"] {
        other.goto(&format!("{}{path}", program.url)).await;
        let text = other.text().await;
        assert!(!text.contains(office.case.as_str()), "{path}: {text}");
    }
    assert_eq!(std::fs::read_dir(saved.path()).unwrap().count(), 0);
}
