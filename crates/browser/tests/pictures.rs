//! The pictures of the manual: of the demo's program, at its own clock, each at a fixed size.
//!
//! In an ordinary run every page that has a picture is made again and asked for the words that its picture shows, and the
//! committed pictures are compared with the manual. `cargo xtask pictures` takes them anew.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::DraftText;
use desk::{DataDir, Desk};
use domain::advisory::CaseDetails;
use domain::case::VerdictWord;
use domain::decide::CaseCommand;
use domain::ids::{CaseId, PartnerId, PersonName, SeatId};
use domain::letter::Words;
use domain::person::Actor;
use domain::protection::{Coverage, ProtectionDetails};
use domain::tlp::Tlp;
use serde_json::json;
use support::program::{Keyed, Program};
use support::{Browser, headstart};

/// When it is set, pictures are taken.
const TAKE: &str = "HEADSTART_PICTURES";
/// All pictures together, in bytes.
const PICTURES_BYTES_MAX: u64 = 1_500_000;

/// A text that has no marks yet.
const NOTE: &str = "# How to look for it\n\n\
    We found that the gateway checks the ticket twice. An attacker needs no account to reach the server, and the old \
    parser keeps the last value. Please make sure that your rule sees the whole query.\n\n\
    Operators should look at their logs quickly, because the exploit is easy to write.\n";

/// One picture.
struct Picture {
    name: &'static str,
    /// Who looks.
    who: &'static str,
    page: &'static str,
    /// The element that stands at its top; nothing for the whole page.
    from: &'static str,
    theme: &'static str,
    width: u32,
    height: u32,
    /// Words that it shows.
    shows: &'static [&'static str],
}

const PICTURES: &[Picture] = &[
    Picture {
        name: "today",
        who: "Ada Lindqvist",
        page: "/today",
        from: "",
        theme: "light",
        width: 1200,
        height: 900,
        shows: &["waits for an answer", "What opens next", "HS-2026-0002"],
    },
    Picture {
        name: "case",
        who: "Ada Lindqvist",
        page: "/cases/HS-2026-0001",
        from: "",
        theme: "light",
        width: 1200,
        height: 1440,
        shows: &["Embargo", "How far partners are"],
    },
    Picture {
        name: "editor",
        who: "Ada Lindqvist",
        page: "/cases/HS-2026-0003/drafts/{draft}?view=suggest",
        from: "",
        theme: "light",
        width: 1200,
        height: 1000,
        shows: &["Suggestions", "Accept", "Refuse"],
    },
    Picture {
        name: "proves",
        who: "Ada Lindqvist",
        page: "/cases/HS-2026-0001/artifacts/{artifact}?view=strength",
        from: "",
        theme: "light",
        width: 1200,
        height: 1000,
        shows: &["What it proves"],
    },
    Picture {
        name: "exposure",
        who: "Ada Lindqvist",
        page: "/exposure",
        from: "",
        theme: "dark",
        width: 1200,
        height: 900,
        shows: &["Who had opened what", "HS-2026-0002"],
    },
    Picture {
        name: "approve",
        who: "Grace Okoye",
        page: "/cases/HS-2026-0003/waves/approve",
        from: "",
        theme: "light",
        width: 1200,
        height: 1340,
        shows: &["Who gets what when", "Approve this plan"],
    },
    Picture {
        name: "investigation",
        who: "Ines Moreau",
        page: "/investigations/{trace}",
        from: "",
        theme: "light",
        width: 1200,
        height: 1150,
        shows: &[
            "The readings are those of the copy of seat",
            "not enough evidence",
            "What was read",
        ],
    },
    Picture {
        name: "inbox",
        who: "p-04.s1",
        page: "/inbox",
        from: "",
        theme: "light",
        width: 390,
        height: 800,
        shows: &["HS-2026-0002"],
    },
    Picture {
        name: "opened",
        who: "p-04.s1",
        page: "/inbox/HS-2026-0002",
        from: "",
        theme: "light",
        width: 1200,
        height: 1250,
        shows: &["Opened and checked"],
    },
    Picture {
        name: "record",
        who: "p-04.s1",
        page: "/record",
        from: "",
        theme: "dark",
        width: 1200,
        height: 900,
        shows: &["Checked in this page"],
    },
];

/// The demo's program, served at its clock.
async fn demo() -> Program {
    let dir = tempfile::tempdir().unwrap();
    let told = dir.path().join("demo");
    let output = Command::new(headstart())
        .args(["demo", "--no-serve", "--dir"])
        .arg(&told)
        .output()
        .unwrap();
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{why}");
    let mut seats = Vec::new();
    for entry in std::fs::read_dir(told.join("seats")).unwrap() {
        let path = entry.unwrap().path();
        let seat = SeatId::parse(path.file_stem().unwrap().to_str().unwrap()).unwrap();
        let identity = std::fs::read_to_string(&path).unwrap();
        seats.push(Keyed { seat, identity });
    }
    let desk = Desk::open(DataDir::at(told.join("program")), None)
        .await
        .unwrap();
    let passphrase = std::fs::read_to_string(told.join("passphrase")).unwrap();
    Program::over(desk, passphrase.trim(), dir, "demo/program", seats).await
}

/// The demo's case as it ended, a second one that is open to its first wave, and a third that is being written and waits
/// for approval. Answers what paths call what is in them.
async fn stage(program: &Program) -> Vec<(&'static str, String)> {
    let desk = program.at("2026-12-09T09:00:00Z").await;
    let ada = Actor::Person(PersonName::parse("Ada Lindqvist").unwrap());
    let desk = desk.acting(ada.clone());
    let cases: Vec<CaseId> = ["HS-2026-0001", "HS-2026-0002", "HS-2026-0003"]
        .map(|id| CaseId::parse(id).unwrap())
        .into();
    for (title, release) in [
        (
            "Larkspur Share: previews that outlive their ticket",
            "2026-12-15T18:00:00Z",
        ),
        (
            "Larkspur Share: a cache that forgets who asked",
            "2027-01-12T18:00:00Z",
        ),
    ] {
        let details = CaseDetails {
            title: title.to_owned(),
            ..CaseDetails::default()
        };
        let release_day = release;
        let release = Some(release.parse().unwrap());
        let case = desk
            .create_case(&details, Tlp::UNDER_EMBARGO, release)
            .await
            .unwrap();
        let name = title.split_once(": ").unwrap().1;
        program
            .plan_with(&case, |text| {
                text.replace("a render ticket that is read twice", name)
                    .replace("CVE-2026-99001", "CVE-2026-99002")
                    .replace("2026-12-08", &release_day[..10])
            })
            .await;
    }
    program
        .approve(&cases[1], &["Ada Lindqvist", "Grace Okoye"])
        .await;
    program.approve(&cases[2], &["Ada Lindqvist"]).await;
    let key = program.app.key().unwrap();
    desk.press(&cases[1], &key).await.unwrap();
    for case in &cases[..2] {
        desk.command(case, CaseCommand::OpenWaves, &Actor::Timer)
            .await
            .unwrap();
    }
    partners_answer(program, &cases).await;
    let text = DraftText {
        file_name: "how-to-detect.md".to_owned(),
        kind: desk::kind_of("how-to-detect.md").unwrap(),
        source: NOTE.to_owned(),
        replaces: None,
    };
    let draft = desk.begin_draft(&cases[2], &text).await.unwrap();
    let demo = desk.case(&cases[0]).await.unwrap();
    let accused = demo
        .traces()
        .iter()
        .rfind(|own| own.verdict == VerdictWord::Accuse);
    vec![
        ("{draft}", draft),
        ("{artifact}", demo.artifacts()[0].artifact.to_string()),
        ("{trace}", accused.unwrap().trace.to_string()),
    ]
}

/// Seats acknowledge and report, and one asks something.
async fn partners_answer(program: &Program, cases: &[CaseId]) {
    let desk = program.app.now().await.unwrap().0;
    let known = desk.case(&cases[0]).await.unwrap();
    for number in 1..12 {
        let seat = SeatId::parse(&format!("p-{number:02}.s1")).unwrap();
        let terms = (known.tlp(), known.release());
        // One partner is suspended, and may do nothing.
        if desk.acknowledge(&cases[0], &seat, terms).await.is_err() || number > 6 {
            continue;
        }
        let details = ProtectionDetails::parse("Larkspur rules", "LS-1", "").unwrap();
        let ships = Some("2026-12-08T12:00:00Z".parse().unwrap());
        desk.report_protection(&cases[0], &seat, None, (Coverage::Full, ships), &details)
            .await
            .unwrap();
    }
    let seat = Actor::Seat(SeatId::parse("p-04.s1").unwrap());
    let partner = PartnerId::parse("p-04").unwrap();
    let words = Words::parse("Which versions keep previews?").unwrap();
    desk.write_message(&cases[1], &partner, &seat, &words)
        .await
        .unwrap();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_picture_is_of_a_page_as_it_is() {
    let program = demo().await;
    let names = stage(&program).await;
    let mut last = "";
    let browser = Browser::start().await;
    for picture in PICTURES {
        if picture.who != last {
            browser.driver.delete_all_cookies().await.unwrap();
            let link = match picture.who.contains('.') {
                true => program.seat(picture.who).await,
                false => program.person(picture.who).await,
            };
            browser.sign_in(&link).await;
            last = picture.who;
        }
        browser.theme(picture.theme).await;
        browser.size(picture.width, picture.height).await;
        let mut path = picture.page.to_owned();
        for (word, name) in &names {
            path = path.replace(word, name);
        }
        browser.goto(&format!("{}{path}", program.url)).await;
        if picture.name == "opened" {
            open_the_package(&program, &browser, picture.who).await;
        }
        for words in picture.shows {
            browser.wait_for(words).await;
        }
        if std::env::var_os(TAKE).is_some() {
            take(&browser, picture).await;
        }
    }
    browser.quit().await;
}

/// A file of the manual, and the pictures that it names.
fn named(page: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let parts = text.split("pictures/").skip(1);
    parts
        .map(|rest| rest.split(".png").next().unwrap().to_owned())
        .collect()
}

/// Width and height of a PNG, as its header says (PNG, third edition, section 11.2.1).
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn the_manual_names_every_picture_and_every_picture_that_it_names_is_there() {
    let docs = folder().join("..");
    let mut pages: Vec<PathBuf> = std::fs::read_dir(&docs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    pages.push(docs.join("../README.md"));
    let named: BTreeSet<String> = pages.iter().flat_map(|page| named(page)).collect();
    let taken: BTreeSet<String> = PICTURES.iter().map(|one| one.name.to_owned()).collect();
    assert_eq!(named, taken);
    let mut bytes_all = 0;
    for picture in PICTURES {
        let path = folder().join(format!("{}.png", picture.name));
        let png = std::fs::read(&path).expect("`cargo xtask pictures` takes it");
        assert_eq!(
            size(&png),
            (picture.width, picture.height),
            "{}",
            picture.name
        );
        bytes_all += png.len() as u64;
    }
    let files = std::fs::read_dir(folder()).unwrap().count();
    assert_eq!(files, PICTURES.len(), "a picture of nothing");
    assert!(bytes_all <= PICTURES_BYTES_MAX, "{bytes_all} bytes");
}

/// Acknowledges, unless that is done, and opens the package in the page.
async fn open_the_package(program: &Program, browser: &Browser, seat: &str) {
    if browser.text().await.contains("Acknowledge first") {
        browser.press("I acknowledge label and embargo").await;
    }
    browser.click(".key-panel summary").await;
    browser.paste("#keytext", program.identity(seat)).await;
    browser.press("Open here").await;
}

async fn take(browser: &Browser, picture: &Picture) {
    let top = match picture.from {
        "" => 0.0,
        css => {
            let element = browser.find(css).await;
            element.rect().await.unwrap().y - 12.0
        }
    };
    let clip =
        json!({"x": 0, "y": top, "width": picture.width, "height": picture.height, "scale": 1});
    let wanted = json!({"format": "png", "clip": clip, "captureBeyondViewport": true});
    let answer = browser.command("Page.captureScreenshot", wanted).await;
    let bytes = STANDARD.decode(answer["data"].as_str().unwrap()).unwrap();
    std::fs::create_dir_all(folder()).unwrap();
    let path = folder().join(format!("{}.png", picture.name));
    std::fs::write(path, bytes).unwrap();
}
