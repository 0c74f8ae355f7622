//! The way of a case that its people click, from its creation to an open wave, and from a leak to its trace.

use std::path::Path;
use std::time::Duration;

use domain::ids::CaseId;

use super::Browser;
use super::program::Program;

/// The seat whose copy comes out.
pub const LEAKER: &str = "p-01.s1";

/// A text without marks, for the editor.
const NOTE: &str = "# How to look for it\n\n\
    We found that the gateway checks the ticket twice. An attacker needs no account to reach the server, and \
    the old parser keeps the last value. Please make sure that your rule sees the whole query.\n\n\
    Operators should look at their logs quickly, because the exploit is easy to write.\n";

/// Two browsers on one program: the desk's people share one, the partner and the second approver the other.
pub struct Office {
    pub program: Program,
    pub desk: Browser,
    pub other: Browser,
    pub case: CaseId,
}

impl Office {
    /// A program with a case that Ada has just made.
    pub async fn open(desk: Browser, other: Browser) -> Self {
        let program = Program::serve().await;
        desk.sign_in(&program.person("Ada").await).await;
        let case = make_the_case(&program, &desk).await;
        Self {
            program,
            desk,
            other,
            case,
        }
    }

    /// A page of the case at the desk.
    pub fn at(&self, path: &str) -> String {
        format!("{}/cases/{}{path}", self.program.url, self.case)
    }

    /// The partner's page of the case.
    pub fn inbox(&self) -> String {
        format!("{}/inbox/{}", self.program.url, self.case)
    }
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
pub async fn upload_a_write_up(office: &Office) {
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
pub async fn mark_a_note(office: &Office) {
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

pub async fn plan_and_approve(office: &Office) {
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

pub async fn press(office: &Office) {
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
pub async fn follow_the_work(desk: &Browser) {
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

pub async fn the_wave_opens(office: &Office) {
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

/// Pastes the leak; answers the page of the trace.
pub async fn trace(office: &Office, leak: &str) -> String {
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
