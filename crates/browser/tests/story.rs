//! The story of one case as its people click it: made, marked, approved, pressed, opened, leaked, traced, closed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use domain::ids::{CaseId, SeatId};
use support::acts::downloaded;
use support::program::Program;
use support::{Browser, target};

/// The seat whose copy comes out.
const LEAKER: &str = "p-01.s1";

/// A text without marks, for the editor.
const NOTE: &str = "# How to look for it\n\n\
    We found that the gateway checks the ticket twice. An attacker needs no account to reach the server, and \
    the old parser keeps the last value. Please make sure that your rule sees the whole query.\n\n\
    Operators should look at their logs quickly, because the exploit is easy to write.\n";

/// Two browsers on one program: the desk's people share one, the partner and the second approver the other.
struct Office {
    program: Program,
    desk: Browser,
    other: Browser,
    case: CaseId,
}

impl Office {
    fn at(&self, path: &str) -> String {
        format!("{}/cases/{}{path}", self.program.url, self.case)
    }

    fn inbox(&self) -> String {
        format!("{}/inbox/{}", self.program.url, self.case)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_clicked_from_its_creation_to_evidence_that_verifies_and_a_partner_that_gets_nothing_more()
 {
    let program = Program::serve().await;
    let desk = Browser::start().await;
    let other = Browser::start().await;
    desk.sign_in(&program.person("Ada").await).await;
    let case = make_the_case(&program, &desk).await;
    let office = Office {
        program,
        desk,
        other,
        case,
    };
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

async fn make_the_case(program: &Program, desk: &Browser) -> CaseId {
    desk.goto(&format!("{}/cases/new", program.url)).await;
    desk.fill("#title", "Larkspur Share: a ticket that is read twice")
        .await;
    // Typing into such a field depends on the language of the machine.
    let choose = "document.getElementById('release').value = '2026-12-08T18:00'; return null;";
    desk.script(choose).await;
    desk.press("Continue").await;
    desk.wait_for("2026-12-08 18:00 UTC").await;
    desk.press("Begin the case").await;
    desk.wait_for("0 artifacts").await;
    let url = desk.driver.current_url().await.unwrap();
    CaseId::parse(url.path().trim_start_matches("/cases/")).unwrap()
}

/// The demo's write-up, with the marks that it has.
async fn upload_a_write_up(office: &Office) {
    let desk = &office.desk;
    let write_up = Path::new(env!("CARGO_MANIFEST_DIR")).join("../headstart/demo/write-up.md");
    let write_up = write_up.canonicalize().unwrap();
    desk.goto(&office.at("/artifacts")).await;
    desk.wait_for("No artifact yet").await;
    let field = desk.find("#files").await;
    field.send_keys(write_up.to_str().unwrap()).await.unwrap();
    desk.press("Add to the case").await;
    desk.wait_for("write-up.md").await;
}

/// A text without marks gets some in the editor.
async fn mark_a_note(office: &Office) {
    let desk = &office.desk;
    desk.follow("New draft").await;
    desk.fill("#file_name", "note.md").await;
    desk.paste("#source", NOTE).await;
    desk.press("Open in the editor").await;
    desk.wait_for("Draft of note.md").await;
    desk.follow("Suggestions").await;
    let before = desk.property("#waiting", "textContent").await;
    desk.click(".suggestion button[value=accept]").await;
    for _ in 0..100 {
        if desk.property("#waiting", "textContent").await != before {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    desk.follow("Source").await;
    let marked = desk.property("#source", "value").await;
    assert!(marked.contains("{~") && marked != NOTE, "{marked}");
    desk.follow("Two copies").await;
    desk.wait_for("Two copies with random values").await;
    desk.follow("What it proves").await;
    desk.press("Add to the case").await;
    desk.wait_for("2 artifacts").await;
}

async fn plan_and_approve(office: &Office) {
    let Office { desk, other, .. } = office;
    desk.follow("Waves").await;
    desk.press("Plan the waves").await;
    desk.wait_for("0 of 2").await;
    desk.follow("Look and approve").await;
    desk.wait_for("With your approval the plan has 1 of 2")
        .await;

    // The same person twice, from a page that was open before.
    let first = desk.goto_beside(&office.at("/waves/approve")).await;
    let second = desk.driver.window().await.unwrap();
    desk.switch_to(&first).await;
    desk.press("Approve this plan").await;
    desk.wait_for("A second, different person has to approve it too")
        .await;
    desk.switch_to(&second).await;
    desk.press("Approve this plan").await;
    desk.wait_for("Ada approved this plan already").await;
    desk.goto(&office.at("/waves/approve")).await;
    desk.wait_for("You approved this plan").await;
    assert!(!desk.text().await.contains("Approve this plan"));
    desk.close_for(&first).await;

    other.sign_in(&office.program.person("Grace").await).await;
    other.goto(&office.at("/waves")).await;
    other.wait_for("1 of 2").await;
    other.follow("Look and approve").await;
    other.press("Approve this plan").await;
    other.wait_for("2 of 2").await;
    other.sign_out().await;
}

async fn press(office: &Office) {
    let desk = &office.desk;
    desk.goto(&office.at("/waves")).await;
    desk.click("main a.button[href$='/press']").await;
    desk.wait_for("the artifacts are frozen").await;
    desk.press("Press").await;
    follow_the_work(desk).await;
    desk.wait_for("packages pressed").await;
    assert!(!desk.text().await.contains("to press"));
}

/// Stays on the page of long work, which loads itself again, until it has a result; goes there.
async fn follow_the_work(desk: &Browser) {
    desk.wait_for("Began").await;
    let url = desk.driver.current_url().await.unwrap();
    assert!(url.path().starts_with("/jobs/"), "{url}");
    for _ in 0..600 {
        // At the moment at which the page loads itself again, there is no text.
        let script = "return document.querySelector('main').innerText;";
        let answer = desk.driver.execute(script, vec![]).await;
        let said: String = answer.and_then(|said| said.convert()).unwrap_or_default();
        assert!(!said.contains("It did not finish"), "{said}");
        if said.contains("Done.") {
            return desk.follow("See the result").await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the work goes on and on:\n{}", desk.text().await);
}

async fn the_wave_opens(office: &Office) {
    let Office {
        program,
        desk,
        other,
        ..
    } = office;
    other.sign_in(&program.seat(LEAKER).await).await;
    other.wait_for("Nothing is open for you").await;
    other.goto(&office.inbox()).await;
    other.wait_for("There is nothing here for you").await;
    assert!(!desk.text().await.contains("✓ open"));
    program.at("2026-11-24T18:00:00Z").await;
    for _ in 0..100 {
        desk.goto(&office.at("/waves")).await;
        if desk.text().await.contains("✓ open") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the wave did not open:\n{}", desk.text().await);
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

/// Pastes the leak; answers the page of the trace.
async fn trace(office: &Office, leak: &str) -> String {
    let Office { program, desk, .. } = office;
    desk.sign_in(&program.person("Ines").await).await;
    desk.goto(&format!("{}/investigations/new", program.url))
        .await;
    desk.paste("#text", leak).await;
    desk.press("Trace").await;
    follow_the_work(desk).await;
    desk.wait_for(&format!(
        "The readings are those of the copy of seat {LEAKER}"
    ))
    .await;
    desk.driver.current_url().await.unwrap().to_string()
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

fn headstart() -> PathBuf {
    let path = target().join("debug/headstart");
    assert!(
        path.exists(),
        "`{}` is missing: `cargo build -p headstart`",
        path.display()
    );
    path
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
