//! Passkeys, with an authenticator that Chromium plays: from an invitation to the next time somebody signs in.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;

use domain::ids::SeatId;
use serde_json::json;
use support::Browser;
use support::acts::downloaded;
use support::program::Program;

/// What the console notes of a link that was used before.
const NOT_THERE: &str = "the server responded with a status of 404";

/// The link of a page that shows it once.
async fn shown_link(browser: &Browser) -> String {
    browser.find("pre.secret").await.text().await.unwrap()
}

/// Puts the device away, as somebody does who goes to another machine.
async fn put_away(browser: &Browser, authenticator: &str) {
    let which = json!({"authenticatorId": authenticator});
    browser
        .command("WebAuthn.removeVirtualAuthenticator", which)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_becomes_a_passkey_once_and_the_passkey_signs_in() {
    let program = Program::serve().await;
    let browser = Browser::start().await;
    let people = format!("{}/settings/people", program.url);

    // An administrator came by a link, and adds a passkey: what is grave asks for one.
    browser.sign_in(&program.person("Mei").await).await;
    let device = browser.add_authenticator().await;
    browser.goto(&format!("{}/account", program.url)).await;
    browser.wait_for("This account has no passkey").await;
    browser.fill("#label", "laptop").await;
    browser.press("Add a passkey").await;
    browser.wait_for("the only one").await;

    browser.goto(&people).await;
    ask_for_noor(&browser).await;
    browser
        .wait_for("cannot be undone by an open browser")
        .await;
    browser.press("Show passkey").await;
    browser.wait_for("Add a person").await;
    ask_for_noor(&browser).await;
    browser.wait_for("It works once").await;
    let link = shown_link(&browser).await;
    browser.sign_out().await;
    put_away(&browser, &device).await;

    // Noor has a device of her own, and the link open twice.
    browser.add_authenticator().await;
    let first = browser.goto_beside(&link).await;
    let second = browser.driver.window().await.unwrap();
    browser.switch_to(&first).await;
    browser.goto(&link).await;
    browser.wait_for("Noor, of the program").await;
    browser.fill("#label", "phone").await;
    browser.press("Make a passkey and sign in").await;
    browser.wait_for("Today").await;
    assert_eq!(browser.who().await, "Noor");

    browser.switch_to(&second).await;
    browser.press("Make a passkey and sign in").await;
    browser.wait_for("This invitation was used already").await;
    browser.goto(&link).await;
    browser.wait_for("This invitation was used already").await;
    browser.close_for(&first).await;

    browser.sign_out().await;
    browser.press("Sign in with a passkey").await;
    browser.wait_for("Today").await;
    assert_eq!(browser.who().await, "Noor");
    browser.goto(&format!("{}/account", program.url)).await;
    let passkeys = browser.find("main table").await.text().await.unwrap();
    assert!(passkeys.contains("phone") && passkeys.contains("the only one"));
    assert!(!passkeys.contains("laptop"), "{passkeys}");

    let complaints = browser.complaints(&[NOT_THERE]).await;
    browser.quit().await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}

async fn ask_for_noor(browser: &Browser) {
    browser.fill("#name", "Noor").await;
    browser.click("[name=role-coordinator]").await;
    browser.press("Add and invite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_seat_keeps_the_secret_half_of_the_key_that_it_makes_in_the_page() {
    let program = Program::serve().await;
    let browser = Browser::start().await;
    let saved = tempfile::tempdir().unwrap();
    browser.save_downloads(saved.path()).await;

    browser.sign_in(&program.person("Ada").await).await;
    let seats = format!("{}/settings/people/partners/p-01", program.url);
    browser.goto(&seats).await;
    browser.fill("#email", "new@p-01.example").await;
    browser.press("Make an invitation").await;
    let link = shown_link(&browser).await;
    browser.sign_out().await;

    browser.add_authenticator().await;
    browser.goto(&link).await;
    browser.wait_for("a new seat at Alder Security").await;
    browser.press("Make a passkey and sign in").await;
    browser.wait_for("Make a key for your packages first").await;
    browser.press("Make a key in this page").await;
    browser.wait_for("only this page has it").await;
    browser.press("Make a passkey and sign in").await;
    browser.wait_for("Save the key file first").await;
    browser.follow("Save the key file").await;
    let file = std::fs::read_to_string(downloaded(saved.path()).await).unwrap();
    browser.fill("#label", "workstation").await;
    browser.press("Make a passkey and sign in").await;
    browser.wait_for("Nothing is open for you").await;
    assert_eq!(browser.who().await, "p-01.s3");

    let identities = seal::Identities::parse(&file).unwrap();
    let own = identities.recipients()[0].to_string();
    let (_, state) = program.app.now().await.unwrap();
    let seat = state.program.seat(&SeatId::parse("p-01.s3").unwrap());
    assert_eq!(seat.unwrap().recipient().as_str(), own);
    browser.goto(&format!("{}/team", program.url)).await;
    browser.wait_for(&own).await;
    let secret = file
        .lines()
        .find(|line| line.starts_with("AGE-SECRET-KEY-1"));
    let holds = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        let secret = secret.unwrap().as_bytes();
        bytes.windows(secret.len()).any(|part| part == secret)
    };
    let data = program.data();
    for entry in std::fs::read_dir(data.path()).unwrap() {
        let path = entry.unwrap().path();
        assert!(!path.is_file() || !holds(&path), "{}", path.display());
    }

    let complaints = browser.complaints(&[]).await;
    browser.quit().await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}
