//! One case: acknowledge it, then open its package here, by a command, or as a file.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use desk::Fetched;
use domain::describe::describe_utc;
use domain::funnel::Step;
use domain::ids::CaseId;
use domain::receipt::Receipt;
use domain::tlp::Tlp;
use flow::delivery::Delivery;
use jiff::Timestamp;
use maud::{Markup, html};
use seal::FileEntry;
use serde::Deserialize;

use super::own::{
    Own, attachment, command, honesty, key_panel, meaning, own, seated, told, without_script,
};
use super::{protections, questions};
use crate::extract::{Form, Path};
use crate::web::parts::{count, distance, facts, state, when};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// The page.
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let own = own(&visit, &id)?;
    let step = own.case.next_step(&own.seat, &own.partner);
    let receipt = match own.case.receipts().of(&own.seat) {
        Some(receipt) => receipts(&visit, receipt).await?,
        None => html! {},
    };
    let content = html! {
        (terms(&visit, &own))
        @if step == Some(Step::Acknowledge) {
            (acknowledge_form(&own))
        } @else {
            (opening(&visit, &own))
            (receipt)
        }
        (protections::section(&visit, &own))
        (questions::section(&visit, &own))
    };
    Ok(Sheet::new(&visit, &format!("Case {}", own.case.id()))
        .tlp(own.case.tlp())
        .scripts(&["open.js"])
        .content(content))
}

fn terms(visit: &Visit, own: &Own) -> Markup {
    let case = &own.case;
    let acknowledged = case.acknowledgements().of(&own.seat);
    let ends = match case.release() {
        Some(release) => html! {
            (when(release, &visit.zone)) " (" (distance(visit.desk.now(), release)) ") "
            a href={ (own.path()) "/embargo.ics" } { "Add to your calendar" }
        },
        None => html! { "not set yet: the embargo goes on until the program says otherwise" },
    };
    let wave = case
        .opened_at(&own.seat)
        .map_or_else(String::new, |(wave, _)| wave.to_string());
    let mut rows = vec![
        ("Label", html! { (case.tlp()) ". " (meaning(case.tlp())) }),
        ("Embargo ends", ends),
    ];
    if let Some(at) = case.opened_for_seat_at(&own.seat) {
        rows.push((
            "Opened for you",
            html! { (when(at, &visit.zone)) ", wave " (wave) },
        ));
    }
    if let Some(known) = acknowledged {
        rows.push((
            "Acknowledged by you",
            html! { (when(known.at, &visit.zone)) },
        ));
    }
    if case.ended().is_some() {
        rows.push((
            "State",
            state("bad", "The embargo ended before its release"),
        ));
    } else if case.released_at().is_some() {
        rows.push(("State", state("good", "Released")));
    }
    facts(&rows)
}

fn acknowledge_form(own: &Own) -> Markup {
    let case = &own.case;
    html! {
        section class="panel" {
            h2 { "Acknowledge first" }
            p { "By this you say that you have seen the label and the end of the embargo, and that:" }
            ul {
                li { (meaning(case.tlp())) " This holds for what you build from it, too." }
                li {
                    "Until the embargo ends, nothing of it goes to anybody who is not named by the label: "
                    "no test sample to a public service, no rule with its details, no talk."
                }
                li {
                    "Your copies are yours alone: their wording, names, numbers and order are marked for your seat. "
                    "If they are found outside, the copy can be traced."
                }
            }
            form method="post" action={ (own.path()) "/acknowledge" } {
                input type="hidden" name="tlp" value=(case.tlp());
                input type="hidden" name="release" value=(case.release().map(|at| at.to_string()).unwrap_or_default());
                p class="buttons" { button type="submit" class="primary" { "I acknowledge label and embargo" } }
            }
        }
    }
}

/// The terms that the seat was shown.
#[derive(Deserialize)]
pub struct Shown {
    #[serde(default)]
    tlp: String,
    #[serde(default)]
    release: String,
}

/// Records the acknowledgement.
pub async fn acknowledge(
    visit: Visit,
    Path(id): Path<String>,
    Form(shown): Form<Shown>,
) -> Result<Redirect, Problem> {
    let own = own(&visit, &id)?;
    let unreadable = || Problem::input("terms", "label and embargo were not sent as they were");
    let tlp = Tlp::parse(&shown.tlp).map_err(|_| unreadable())?;
    let release: Option<Timestamp> = match shown.release.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| unreadable())?),
    };
    let terms = (tlp, release);
    visit
        .desk
        .acknowledge(own.case.id(), &own.seat, terms)
        .await
        .map_err(told)?;
    Ok(Redirect::to(&own.path()))
}

fn opening(visit: &Visit, own: &Own) -> Markup {
    let case = own.case.id();
    let action = format!("{}/package", own.path());
    let log_key = &visit.desk.config().log_key;
    let file = format!("{case}.age");
    let headstart = format!(
        "headstart package open {file} --identity KEYFILE --out {case} --log-key '{log_key}'"
    );
    html! {
        section class="panel" {
            h2 { "Open your package" }
            p {
                "Whichever way you choose: that you fetched it is written into the log before the first byte leaves."
            }
            div id="opener" data-package=(action) data-case=(case) data-seat=(own.seat) data-partner=(own.partner)
                data-log-key=(log_key)
                data-manifest-heading=(flow::manifest::HEADING) data-leaf-heading=(flow::leaf::PACKAGE) {
                h3 { "In this page" }
                (without_script("Opening in the page needs JavaScript. Download the package and use a command instead."))
                (key_panel(visit, "Open here"))
                div id="opened" {}
                (honesty())
            }
            h3 { "As a file, with the command line" }
            form method="post" action=(action) class="inline" {
                p class="buttons" {
                    button type="submit" name="as" value="age" { "Download the package" }
                    button type="submit" name="as" value="tar" { "Download with its proof (.tar)" }
                }
            }
            p { "Then, with headstart, which also checks signature, commitment and proof:" }
            (command(&headstart))
            p { "Or with age alone:" }
            (command(&format!("age -d -i KEYFILE {file} | tar x")))
        }
    }
}

async fn receipts(visit: &Visit, receipt: &Receipt) -> Result<Markup, Problem> {
    let first = visit
        .desk
        .place_of(&receipt.first().leaf)
        .await
        .map_err(told)?;
    let last = visit
        .desk
        .place_of(&receipt.last().leaf)
        .await
        .map_err(told)?;
    let fetches = usize::try_from(receipt.fetches()).unwrap_or(usize::MAX);
    let mut rows = vec![(
        "First fetch",
        html! { (when(receipt.first().at, &visit.zone)) ", entry " (first) " of the log" },
    )];
    if fetches > 1 {
        rows.push((
            "Last fetch",
            html! { (when(receipt.last().at, &visit.zone)) ", entry " (last) " of the log" },
        ));
    }
    rows.push(("In all", html! { (count(fetches, "time")) }));
    rows.push((
        "Package",
        html! { "SHA-256 " code { (receipt.last().package) } },
    ));
    Ok(html! {
        section id="receipts" {
            h2 { "Your receipts" }
            (facts(&rows))
            p { a href="/record" { "Our record" } " shows that they are in the log." }
        }
    })
}

/// How the package is wanted.
#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default, rename = "as")]
    form: String,
}

/// Gives the package: its receipt is in the log before the answer begins.
pub async fn package(
    visit: Visit,
    Path(id): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    let own = match own(&visit, &id) {
        Ok(own) => own,
        Err(problem) => {
            record_refusal(&visit, &id);
            return Err(problem);
        }
    };
    let fetched = visit
        .desk
        .fetch(own.case.id(), &own.seat)
        .await
        .map_err(told)?;
    let name = format!("{}.age", own.case.id());
    let receipt = fetched.receipt_index;
    let digest = fetched.sha256.to_string();
    let mut response = match wanted.form.as_str() {
        "tar" => {
            let delivery = visit.desk.delivery(&fetched).await.map_err(told)?;
            let tar = with_proof(&name, fetched, &delivery)?;
            attachment(&format!("{}.tar", own.case.id()), tar)
        }
        _ => attachment(&name, fetched.bytes),
    };
    let headers = response.headers_mut();
    headers.insert("headstart-receipt", HeaderValue::from(receipt));
    if let Ok(digest) = HeaderValue::from_str(&digest) {
        headers.insert("headstart-package-sha256", digest);
    }
    Ok(response)
}

/// A tar of the package and its proof, as `headstart package fetch` writes them side by side.
fn with_proof(name: &str, fetched: Fetched, delivery: &Delivery) -> Result<Vec<u8>, Problem> {
    let failed = || Problem::machine("the package could not be put together with its proof");
    let proof = delivery.to_text().map_err(|_| failed())?;
    let files = [
        FileEntry {
            name: name.to_owned(),
            bytes: fetched.bytes,
        },
        FileEntry {
            name: format!("{name}.{}", flow::delivery::EXTENSION),
            bytes: proof.into_bytes(),
        },
    ];
    seal::tar_of(&files).map_err(|_| failed())
}

/// Has a refused fetch recorded, on its own time: how long the answer takes must not tell whether there is a case.
fn record_refusal(visit: &Visit, id: &str) {
    let Ok((seat, _)) = visit.seat() else {
        return;
    };
    let Ok(id) = CaseId::parse(id) else {
        return;
    };
    let (desk, seat) = (visit.desk.clone(), seat.clone());
    if visit.state.case(&id).is_some() {
        tokio::spawn(async move {
            if let Err(failure) = desk.refused_fetch(&id, &seat).await {
                tracing::warn!(code = %failure.code, "a refused fetch was not recorded");
            }
        });
    }
}

/// The end of the embargo, for calendars (RFC 5545).
pub async fn calendar(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    seated(&visit)?;
    let own = own(&visit, &id)?;
    let release = own.case.release().ok_or_else(Problem::nothing_here)?;
    let stamp = |at: Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//headstart//portal//EN\r\nBEGIN:VEVENT\r\nUID:{id}@headstart\r\n\
         DTSTAMP:{}\r\nDTSTART:{}\r\nSUMMARY:{id}: embargo ends\r\nDESCRIPTION:TLP:{}. The embargo of {id} ends at {}.\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n",
        stamp(visit.desk.now()),
        stamp(release),
        own.case.tlp().to_string().trim_start_matches("TLP:"),
        describe_utc(release),
        id = own.case.id(),
    );
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/calendar; charset=utf-8".to_owned(),
        ),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}.ics\"", own.case.id()),
        ),
    ];
    Ok((headers, text).into_response())
}
