//! Whoever allows no script does the same work by links and forms; only passkeys and opening in the page need one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;
use std::time::Duration;

use domain::ids::PersonName;
use domain::person::Actor;
use support::Browser;
use support::acts::downloaded;
use support::office::{
    LEAKER, Office, mark_a_note, plan_and_approve, press, the_wave_opens, trace, upload_a_write_up,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_led_from_its_creation_to_frozen_evidence_by_forms_alone() {
    let desk = Browser::start_without_script().await;
    let other = Browser::start_without_script().await;
    let office = Office::open(desk, other).await;
    no_script_runs(&office).await;
    upload_a_write_up(&office).await;
    mark_a_note(&office).await;
    edit_and_drop_a_draft(&office).await;
    plan_and_approve(&office).await;
    press(&office).await;
    watch_long_work(&office).await;
    the_wave_opens(&office).await;
    let copy = download(&office).await;
    ask_and_answer(&office).await;
    report_a_protection(&office).await;
    let page = trace(&office, &copy).await;
    freeze_the_evidence(&office, &page).await;
    suspend(&office).await;
    office.desk.quit().await;
    office.other.quit().await;
}

/// The control: a page whose first act is a script shows what it shows without one, and otherwise what the script does.
async fn no_script_runs(office: &Office) {
    let sign_in = format!("{}/sign-in", office.program.url);
    office.other.goto(&sign_in).await;
    office.other.wait_for("Passkeys need JavaScript").await;
    let button = office.other.find("[data-passkey]").await;
    assert!(!button.is_enabled().await.unwrap());

    let control = Browser::start().await;
    control.goto(&sign_in).await;
    control.wait_for("Sign in with a passkey").await;
    let button = control.find("[data-passkey]:enabled").await;
    assert!(button.is_enabled().await.unwrap());
    assert!(!control.text().await.contains("Passkeys need JavaScript"));
    control.quit().await;
}

/// The editor by its plain forms: a suggestion refused, another changed, the source typed over, and the draft dropped.
async fn edit_and_drop_a_draft(office: &Office) {
    let desk = &office.desk;
    desk.goto(&office.at("/artifacts/new")).await;
    desk.fill("#file_name", "second.md").await;
    let text = "# Second\n\nPlease make sure that the server is patched quickly, because an attack is easy.\n";
    desk.paste("#source", text).await;
    desk.press("Open in the editor").await;
    desk.wait_for("Draft of second.md").await;
    desk.follow("Suggestions").await;
    desk.click(".suggestion button[value=refuse]").await;
    desk.wait_for("Marks").await;
    desk.click(".suggestion details summary").await;
    desk.fill(
        ".suggestion input[name=wordings]",
        "one wording|another one",
    )
    .await;
    desk.click(".suggestion button[value=change]").await;
    desk.wait_for("1 mark").await;
    desk.follow("Source").await;
    let marked = desk.property("#source", "value").await;
    assert!(marked.contains("one wording|another one"), "{marked}");
    desk.fill("#source", "# Second\n\nNothing {~is|was} left.\n")
        .await;
    desk.press("Save the draft").await;
    let saved = desk.property("#source", "value").await;
    assert_eq!(saved, "# Second\n\nNothing {~is|was} left.\n");
    desk.click(".becomes summary").await;
    desk.click("[name=sure]").await;
    desk.press("Drop the draft").await;
    desk.wait_for("2 artifacts").await;
    assert!(!desk.text().await.contains("second.md"));
}

/// Work that takes its time: its page loads itself again until there is a result.
async fn watch_long_work(office: &Office) {
    let ada = Actor::Person(PersonName::parse("Ada").unwrap());
    let jobs = office.program.app.jobs();
    let job = jobs.begin("press", "an example", ada, |progress| async move {
        progress.at(0.3, "a third is done");
        tokio::time::sleep(Duration::from_secs(5)).await;
        Ok("/cases".to_owned())
    });
    let desk = &office.desk;
    desk.goto(&format!("{}/jobs/{job}", office.program.url))
        .await;
    desk.wait_for("You can leave this page and come back to it")
        .await;
    desk.wait_for("Done.").await;
    desk.follow("See the result").await;
}

/// Acknowledges, and saves the package with its proof; answers the text of the write-up.
async fn download(office: &Office) -> String {
    let Office { program, other, .. } = office;
    let saved = tempfile::tempdir().unwrap();
    other.save_downloads(saved.path()).await;
    other.goto(&format!("{}/inbox", program.url)).await;
    other.click("a.case-id").await;
    other.press("I acknowledge label and embargo").await;
    other.wait_for("Opening in the page needs JavaScript").await;
    other.press("Download the package").await;
    let package = std::fs::read(downloaded(saved.path()).await).unwrap();
    let files = seal::open_package(&package, program.identity(LEAKER)).unwrap();
    let copy = files.into_iter().find(|file| file.name == "write-up.md");
    other.goto(&office.inbox()).await;
    other.wait_for("Your receipts").await;
    String::from_utf8(copy.unwrap().bytes).unwrap()
}

/// A question of the partner, its answer, and both as they are sealed.
async fn ask_and_answer(office: &Office) {
    let Office {
        program,
        desk,
        other,
        ..
    } = office;
    other.follow("Ask or read").await;
    other
        .paste("#text", "Which versions read the ticket twice?")
        .await;
    other.press("Send").await;
    other.wait_for("Save the sealed text").await;
    desk.goto(&office.at("/questions")).await;
    desk.wait_for("Waits for an answer").await;
    desk.follow("Alder Security").await;
    desk.wait_for("Which versions read the ticket twice?").await;
    desk.paste("#text", "All before 4.2.1.").await;
    desk.press("Send to Alder Security").await;
    desk.wait_for("All before 4.2.1.").await;

    other.goto(&format!("{}/questions", office.inbox())).await;
    let saved = tempfile::tempdir().unwrap();
    other.save_downloads(saved.path()).await;
    other.click("li.theirs .sealed a").await;
    let sealed = downloaded(saved.path()).await;
    let opened = opened_letter(&sealed, program.identity(LEAKER));
    assert!(opened.contains("All before 4.2.1."), "{opened}");
}

fn opened_letter(path: &Path, key_file: &str) -> String {
    let secret = key_file.lines().find(|line| !line.starts_with('#'));
    let identity: age::x25519::Identity = secret.unwrap().parse().unwrap();
    let bytes = std::fs::read(path).unwrap();
    String::from_utf8(age::decrypt(&identity, &bytes).unwrap()).unwrap()
}

async fn report_a_protection(office: &Office) {
    let other = &office.other;
    other.goto(&office.inbox()).await;
    other.follow("Report protections").await;
    other.fill("#product", "Alder Shield").await;
    other.click("#coverage option[value=planned]").await;
    other.fill("#ships", "2026-12-01 09:00").await;
    other.click("main form button.primary").await;
    other.wait_for("2026-12-01 09:00 UTC").await;
    office.desk.goto(&office.at("/protections")).await;
    office.desk.wait_for("Alder Shield").await;
}

async fn freeze_the_evidence(office: &Office, page: &str) {
    let desk = &office.desk;
    let saved = tempfile::tempdir().unwrap();
    desk.save_downloads(saved.path()).await;
    desk.press("Freeze the evidence and download it").await;
    let evidence = std::fs::read(downloaded(saved.path()).await).unwrap();
    let evidence: serde_json::Value = serde_json::from_slice(&evidence).unwrap();
    assert!(evidence.to_string().contains(office.case.as_str()));
    desk.goto(page).await;
}

async fn suspend(office: &Office) {
    let Office { desk, other, .. } = office;
    desk.follow("Suspend the partner while this is looked into")
        .await;
    desk.fill("#reason", "the readings of a leak are those of its copy")
        .await;
    desk.press("Suspend").await;
    desk.wait_for("Suspended. Nothing is given to it").await;
    other.goto(&office.inbox()).await;
    other.wait_for("Not allowed").await;
}
