//! The pages that are listed here, as those who may see them: no complaint of the browser, nothing that bars people, nothing sideways.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use support::Browser;
use support::program::Program;

/// Pages by who looks at them. `{case}` is the case of the fixture, `{trace}` a trace of a leak of it.
const PAGES: &[(&str, &[&str])] = &[
    ("", &["/sign-in"]),
    (
        "Ada",
        &[
            "/today",
            "/cases",
            "/cases/new",
            "/cases/{case}",
            "/cases/{case}/artifacts",
            "/cases/{case}/waves",
            "/cases/{case}/as",
            "/cases/{case}/change",
            "/cases/{case}/end",
            "/cases/{case}/legal",
            "/cases/{case}/questions",
            "/cases/{case}/protections",
            "/partners",
            "/partners/import",
            "/partners/p-01",
            "/partners/p-01/remove",
            "/exposure",
            "/sightings",
            "/log",
            "/log/0",
            "/settings",
            "/settings/people",
            "/settings/zone",
            "/account",
            "/jobs",
            "/learning",
            "/nothing-here",
        ],
    ),
    (
        "Ines",
        &[
            "/investigations",
            "/investigations/new",
            "/investigations/{trace}",
            "/sightings/new",
        ],
    ),
    (
        "Mei",
        &[
            "/settings/risk",
            "/settings/agreement",
            "/settings/people/Ada",
        ],
    ),
    (
        "p-01.s1",
        &[
            "/inbox",
            "/inbox/{case}",
            "/inbox/{case}/protections",
            "/inbox/{case}/questions",
            "/questions",
            "/team",
            "/record",
            "/settings/zone",
            "/account",
        ],
    ),
];

async fn look(browser: &Browser, url: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for theme in ["light", "dark"] {
        browser.theme(theme).await;
        browser.goto(url).await;
        for finding in browser.axe().await {
            faults.push(format!("{url}, {theme}: {finding}"));
        }
    }
    browser.width(320).await;
    browser.goto(url).await;
    let sideways = browser.sideways().await;
    if sideways > 0 {
        faults.push(format!("{url}: moves {sideways} px sideways at 320 px"));
    }
    browser.width(1280).await;
    // The browser notes every answer that is an error, also one that is wanted.
    let wanted: &[&str] = if url.ends_with("/nothing-here") {
        &["404"]
    } else {
        &[]
    };
    for line in browser.complaints(wanted).await {
        faults.push(format!("{url}: the console says {line}"));
    }
    faults
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_listed_pages_are_clean_in_both_themes_and_at_320_px() {
    let program = Program::serve().await;
    let case = program.open_case().await;
    let trace = program.trace(&case, "p-01.s1").await;
    let browser = Browser::start().await;
    let mut faults = Vec::new();
    for (who, pages) in PAGES {
        if !who.is_empty() {
            let link = match who.contains('.') {
                true => program.seat(who).await,
                false => program.person(who).await,
            };
            browser.goto(&link).await;
            browser.click("main button").await;
            browser.find(".who").await;
        }
        for page in *pages {
            let path = page
                .replace("{case}", case.as_str())
                .replace("{trace}", &trace);
            faults.extend(look(&browser, &format!("{}{path}", program.url)).await);
        }
        browser.driver.delete_all_cookies().await.unwrap();
    }
    browser.quit().await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The control: a page with planted faults is not clean.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planted_faults_are_found() {
    let program = Program::serve().await;
    let browser = Browser::start().await;
    browser.goto(&format!("{}/sign-in", program.url)).await;
    let plant = "document.querySelector('main').replaceChildren(...['img', 'input'].map(n => document.createElement(n))); \
        document.querySelector('main').style.minWidth = '3000px'; console.error('planted'); return null;";
    browser.script(plant).await;
    let axe = browser.axe().await.join("\n");
    let sideways = browser.sideways().await;
    browser.script("document.body.append(Object.assign(document.createElement('img'), {src: 'https://example.invalid/x.png'})); return null;").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let complaints = browser.complaints(&[]).await.join("\n");
    browser.quit().await;
    assert!(axe.contains("image-alt") && axe.contains("label"), "{axe}");
    assert!(sideways > 0);
    assert!(complaints.contains("planted"), "{complaints}");
    assert!(
        complaints.contains("Content Security Policy"),
        "{complaints}"
    );
}
