//! The pages that are listed here, as those who may see them: no complaint of the browser, nothing that bars people, nothing sideways.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use support::Browser;
use support::program::Program;
use support::rich::Rich;

/// Pages by who looks at them; names between braces are those of [`support::rich`].
const PAGES: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "/sign-in",
            "/sign-in/link/{link}",
            "/invitation/{to-person}",
            "/invitation/{to-seat}",
        ],
    ),
    (
        "Ada",
        &[
            "/today",
            "/cases",
            "/cases/new",
            "/cases/{case}",
            "/cases/{empty}",
            "/cases/{case}/artifacts",
            "/cases/{empty}/artifacts",
            "/cases/{planned}/artifacts/new",
            "/cases/{case}/artifacts/{artifact}",
            "/cases/{planned}/drafts/{draft}",
            "/cases/{planned}/drafts/{draft}?view=source",
            "/cases/{planned}/drafts/{draft}?view=suggest",
            "/cases/{planned}/drafts/{draft}?view=copies",
            "/cases/{planned}/drafts/{draft}?view=strength",
            "/cases/{case}/waves",
            "/cases/{empty}/waves",
            "/cases/{planned}/waves/approve",
            "/cases/{approved}/press",
            "/cases/{case}/press",
            "/cases/{due}/waves/open",
            "/cases/{case}/waves/open",
            "/cases/{case}/as",
            "/cases/{case}/as?seat=p-01.s1",
            "/cases/{case}/change",
            "/cases/{case}/end",
            "/cases/{case}/legal",
            "/cases/{case}/questions",
            "/cases/{case}/questions/p-01",
            "/cases/{case}/protections",
            "/partners",
            "/partners/import",
            "/partners/p-01",
            "/partners/p-01/remove",
            "/partners/p-01/seats/p-01.s2/retire",
            "/exposure",
            "/sightings",
            "/sightings/{case}/{sighting}",
            "/log",
            "/log/0",
            "/settings",
            "/settings/people",
            "/settings/people/partners/p-01",
            "/settings/zone",
            "/account",
            "/jobs",
            "/jobs/{done}",
            "/jobs/{failed}",
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
            "/settings/people/Ada/remove",
        ],
    ),
    (
        "p-01.s1",
        &[
            "/inbox",
            "/inbox/{case}",
            "/inbox/{case}/protections",
            "/inbox/{case}/protections/1",
            "/inbox/{case}/questions",
            "/questions",
            "/team",
            "/team/p-01.s2/retire",
            "/record",
            "/settings/zone",
            "/account",
        ],
    ),
    // Has acknowledged nothing yet.
    ("p-01.s2", &["/inbox", "/inbox/{case}", "/record"]),
    (WITH_A_PASSKEY, &["/account", "/sign-in/again"]),
];

/// A person who has a passkey.
const WITH_A_PASSKEY: &str = "Jonas";

/// Routes that are read and have no page of their own, and why.
const NO_PAGES: &[(&str, &str)] = &[
    ("/", "leads to somebody's first page"),
    ("/healthz", "one word for programs"),
    ("/metrics", "figures for programs"),
    ("/assets/{name}", "style and scripts of the pages"),
    ("/api/v1/openapi.json", "for programs"),
    ("/log/tiles/{*path}", "the log's tiles, for programs"),
    ("/log/{index}/proof", "a file to save"),
    ("/detection/{case}/{form}", "a file to save"),
    ("/sightings/{case}/{sighting}/records", "a file to save"),
    ("/inbox/{case}/embargo.ics", "a file for calendars"),
    ("/inbox/{case}/letters/{blob}", "a sealed text to save"),
    ("/record/{ordinal}/entry", "a file to save"),
    ("/record/{ordinal}/opening", "a sealed text to save"),
    ("/record/{ordinal}/proof", "a file to save"),
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
    let rich = Rich::serve().await;
    let program = &rich.program;
    let browser = Browser::start().await;
    let mut faults = Vec::new();
    for (who, pages) in PAGES {
        if !who.is_empty() {
            let link = match who.contains('.') {
                true => program.seat(who).await,
                false => program.person(who).await,
            };
            browser.sign_in(&link).await;
        }
        if *who == WITH_A_PASSKEY {
            browser.add_authenticator().await;
            browser.goto(&format!("{}/account", program.url)).await;
            browser.press("Add a passkey").await;
            browser.wait_for("the only one").await;
        }
        for page in *pages {
            let path = rich.path(page);
            faults.extend(look(&browser, &format!("{}{path}", program.url)).await);
        }
        browser.driver.delete_all_cookies().await.unwrap();
    }
    browser.quit().await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// How much of a route's path is written out, when the page is one of this route; nothing otherwise.
fn fit(route: &str, page: &str) -> Option<usize> {
    let page = page.split('?').next().unwrap();
    let (route, page): (Vec<_>, Vec<_>) = (route.split('/').collect(), page.split('/').collect());
    let is_any = |part: &str| part.starts_with('{');
    let fits = route.len() == page.len()
        && route
            .iter()
            .zip(&page)
            .all(|(part, own)| part == own || is_any(part));
    fits.then(|| route.iter().filter(|part| !is_any(part)).count())
}

#[test]
fn every_route_that_is_read_is_listed_or_has_a_reason_why_not() {
    let read: Vec<&str> = server::access::routes()
        .filter(|route| route.method == "GET" && route.scope.is_none())
        .map(|route| route.path)
        .collect();
    let looked_at: Vec<&str> = PAGES
        .iter()
        .flat_map(|(_, pages)| *pages)
        .filter_map(|page| {
            let fitting = read.iter().filter(|route| fit(route, page).is_some());
            fitting.max_by_key(|route| fit(route, page)).copied()
        })
        .collect();
    let excepted: Vec<&str> = NO_PAGES.iter().map(|(route, _)| *route).collect();
    let forgotten: Vec<&&str> = read
        .iter()
        .filter(|route| !looked_at.contains(route) && !excepted.contains(route))
        .collect();
    assert!(forgotten.is_empty(), "nobody looks at {forgotten:?}");
    let stale: Vec<&&str> = excepted
        .iter()
        .filter(|route| !read.contains(route) || looked_at.contains(route))
        .collect();
    assert!(stale.is_empty(), "no exceptions: {stale:?}");
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
