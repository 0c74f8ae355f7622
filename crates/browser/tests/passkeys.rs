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
    put_away(&browser, &device).await;
    browser.sign_out().await;

    // Noor has a device of her own, and the link open twice.
    let device = browser.add_authenticator().await;
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

    browser.touches(&device, false).await;
    browser.sign_out().await;
    browser.touches(&device, true).await;
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

/// The cookie of the session.
async fn session(browser: &Browser) -> Option<String> {
    let cookies = browser.driver.get_all_cookies().await.unwrap();
    let found = cookies
        .into_iter()
        .find(|own| own.name == server::door::COOKIE);
    found.map(|own| own.value)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_from_the_list_under_the_field_signs_in_without_the_button() {
    let program = Program::serve().await;
    let browser = Browser::start().await;
    browser.sign_in(&program.person("Ada").await).await;
    let device = browser.add_authenticator().await;
    browser.goto(&format!("{}/account", program.url)).await;
    browser.press("Add a passkey").await;
    browser.wait_for("the only one").await;
    let before = session(&browser).await;

    // Nobody chooses: the page waits, and offers its field.
    browser.touches(&device, false).await;
    browser.sign_out().await;
    browser.find("[data-autofill]:not([hidden])").await;
    let field = browser.find("#passkey-name").await;
    let list = field.attr("autocomplete").await.unwrap();
    assert_eq!(list.as_deref(), Some("username webauthn"));
    assert_eq!(session(&browser).await, None);

    // Somebody chooses; Chromium's own list is not drawn without a screen, so its choice is played.
    browser.touches(&device, true).await;
    browser.goto(&format!("{}/sign-in", program.url)).await;
    browser.wait_for("Today").await;
    assert_eq!(browser.who().await, "Ada");
    let after = session(&browser).await;
    assert!(after.is_some() && after != before);
    let complaints = browser.complaints(&[]).await;
    browser.quit().await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// What the browser keeps for a seat, as text.
async fn kept(browser: &Browser) -> String {
    let script = "return JSON.stringify({...localStorage});";
    browser.script(script).await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seat_keeps_its_key_under_its_passkey_and_opens_without_the_file_until_it_is_forgotten() {
    let program = Program::serve().await;
    let case = program.open_case().await;
    let (seat, url) = ("p-01.s1", &program.url);
    let page = format!("{url}/inbox/{case}");
    let browser = Browser::start().await;
    browser.sign_in(&program.seat(seat).await).await;
    browser.goto(&page).await;
    browser.press("I acknowledge label and embargo").await;
    browser.wait_for("Open your package").await;
    // Without a passkey there is nothing that could lock a key.
    assert!(
        !browser
            .text()
            .await
            .contains("Keep this key on this device")
    );
    let device = browser
        .add_authenticator_with(json!({"hasPrf": true}))
        .await;
    browser.goto(&format!("{url}/account")).await;
    browser.press("Add a passkey").await;
    browser.wait_for("the only one").await;

    // Opened with the file, and nothing is kept that nobody asked for.
    browser.goto(&page).await;
    browser.wait_for("Keep this key on this device").await;
    open_with_the_key(&browser, program.identity(seat)).await;
    assert_eq!(kept(&browser).await, "{}");
    // The key of another seat is not kept.
    browser.goto(&page).await;
    browser.click("#keep-key").await;
    browser.click("#key-given summary").await;
    browser.paste("#keytext", program.identity("p-02.s1")).await;
    browser.press("Open here").await;
    browser.wait_for("so it was not kept").await;
    assert_eq!(kept(&browser).await, "{}");
    browser.goto(&page).await;
    browser.click("#keep-key").await;
    open_with_the_key(&browser, program.identity(seat)).await;
    let stored = kept(&browser).await;
    assert!(stored.contains("sealed"), "{stored}");
    let secret = program.identity(seat).lines();
    for line in secret.filter(|line| line.starts_with("AGE-SECRET-KEY-")) {
        assert!(!stored.contains(line));
    }

    // From now on the passkey opens: the package, and the record.
    browser.goto(&page).await;
    browser.press("Open here with your passkey").await;
    browser.wait_for("Opened and checked").await;
    for theme in ["light", "dark"] {
        browser.theme(theme).await;
        let findings = browser.axe().await;
        assert!(findings.is_empty(), "{findings:#?}");
    }
    browser.goto(&format!("{url}/record")).await;
    browser.press("Read the entries with your passkey").await;
    browser.wait_for("entries opened").await;

    // What is stored opens nothing without the passkey, nor for another place of the storage.
    put_away(&browser, &device).await;
    let other = browser
        .add_authenticator_with(json!({"hasPrf": true}))
        .await;
    browser.goto(&page).await;
    browser.press("Open here with your passkey").await;
    browser.wait_for("The passkey was not shown").await;
    assert!(!browser.text().await.contains("Opened and checked"));
    put_away(&browser, &other).await;

    browser.press("Forget it on this device").await;
    browser.wait_for("This device keeps your key no more").await;
    assert_eq!(kept(&browser).await, "{}");
    browser.goto(&page).await;
    browser.wait_for("Your seat's key file").await;
    assert!(!browser.text().await.contains("Open here with your passkey"));

    // Another seat at the same browser is offered nothing of it.
    browser
        .script(&format!("localStorage.setItem('headstart-kept-key {seat}', JSON.parse({stored:?})['headstart-kept-key {seat}']); return null;"))
        .await;
    browser.sign_out().await;
    browser.sign_in(&program.seat("p-01.s2").await).await;
    browser.goto(&page).await;
    browser.press("I acknowledge label and embargo").await;
    browser.wait_for("Your seat's key file").await;
    assert!(!browser.text().await.contains("Open here with your passkey"));
    let complaints = browser.complaints(&[]).await;
    browser.quit().await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}

async fn open_with_the_key(browser: &Browser, key: &str) {
    browser.click("#key-given summary").await;
    browser.paste("#keytext", key).await;
    browser.press("Open here").await;
    browser.wait_for("Opened and checked").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_that_can_lock_no_key_keeps_none_and_says_so() {
    let program = Program::serve().await;
    let case = program.open_case().await;
    let browser = Browser::start().await;
    browser.sign_in(&program.seat("p-01.s1").await).await;
    browser.add_authenticator().await;
    browser.goto(&format!("{}/account", program.url)).await;
    browser.press("Add a passkey").await;
    browser.wait_for("the only one").await;
    browser.goto(&format!("{}/inbox/{case}", program.url)).await;
    browser.press("I acknowledge label and embargo").await;
    browser.wait_for("Keep this key on this device").await;
    browser.click("#keep-key").await;
    browser.click("#key-given summary").await;
    browser.paste("#keytext", program.identity("p-01.s1")).await;
    browser.press("Open here").await;
    browser
        .wait_for("cannot lock a key; nothing was kept")
        .await;
    assert_eq!(kept(&browser).await, "{}");
    browser.click("#keep-key").await;
    browser.press("Open here").await;
    browser.wait_for("Opened and checked").await;
    browser.quit().await;
}
