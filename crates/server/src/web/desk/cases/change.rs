//! Changes of a case: its release, its label, what it is about. Each says first what follows from it.

use axum::response::{IntoResponse, Redirect, Response};
use domain::advisory::{CVES_MAX, CaseDetails, SUMMARY_CHARS_MAX};
use domain::case::Case;
use domain::ids::CveId;
use domain::tlp::Tlp;
use maud::html;
use serde::Deserialize;

use super::{case_of, desk_of, moment, new, tabs};
use crate::extract::{Form, Path};
use crate::web::parts::{CheckAnswers, Field, error_summary, when};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// The forms.
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    Ok(form(&visit, &case, &[]))
}

fn form(visit: &Visit, case: &Case, errors: &[(&str, String)]) -> Page {
    let base = format!("/cases/{}", case.id());
    let of = |name: &str| {
        let found = errors.iter().find(|(field, _)| *field == name);
        found.map(|(_, error)| error.as_str())
    };
    let release = case.release().map(moment::local).unwrap_or_default();
    let details = visit.details(case).ok();
    let content = html! {
        (tabs(visit, case))
        (error_summary(errors))
        div class="columns" {
            section aria-labelledby="set-release" {
                h2 id="set-release" { "Release" }
                form method="post" action={ (base) "/release" } novalidate {
                    (moment::field(visit, "release", "Release", (&release, "UTC"), of("release"), true))
                    p class="buttons" { button type="submit" { "Continue" } }
                }
            }
            section aria-labelledby="set-label" {
                h2 id="set-label" { "Label" }
                form method="post" action={ (base) "/label" } {
                    (new::label_field(case.tlp().as_str(), of("tlp")))
                    p class="buttons" { button type="submit" { "Continue" } }
                }
            }
            section aria-labelledby="set-details" {
                h2 id="set-details" { "What it is about" }
                @match details {
                    Some(details) => form method="post" action={ (base) "/details" } {
                        (Field::new("title", "Title").hint("Packages that were pressed keep the title that they have.")
                            .error(of("title")).text(&details.title))
                        (Field::new("cves", "CVE ids").hint("One a line.").error(of("cves")).area(&cves(&details), 3))
                        (Field::new("summary", "Summary").error(of("summary")).area(details.summary.as_deref().unwrap_or_default(), 5))
                        p class="buttons" { button type="submit" { "Save" } }
                    },
                    None => p { "It is sealed. Unlock the program key under " a href="/settings" { "Settings" } "." },
                }
            }
        }
    };
    Sheet::new(visit, &format!("Change {}", case.id()))
        .tlp(case.tlp())
        .content(content)
}

/// What follows for the plan.
fn consequence(case: &Case) -> String {
    match (case.plan().is_some(), case.approvals().len()) {
        (false, _) => "The waves are not planned yet, so nothing else changes.".to_owned(),
        (true, 0) => "The plan of the waves is void: it must be made again.".to_owned(),
        (true, have) => format!(
            "The plan of the waves is void, and with it {have} of 2 approvals: both must be made again before anything more opens."
        ),
    }
}

/// What the form of the release sends.
#[derive(Deserialize)]
pub struct Release {
    release: String,
    #[serde(default)]
    release_zone: String,
    confirmed: Option<String>,
}

/// Sets the release, once both times were seen.
pub async fn release(
    visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Release>,
) -> Result<Response, Problem> {
    let case = case_of(&visit, &id)?;
    let at = match moment::read(&sent.release, &sent.release_zone) {
        Ok(at) => at,
        Err(error) => return Ok(form(&visit, &case, &[("release", error)]).into_response()),
    };
    if sent.confirmed.is_some() {
        let desk = desk_of(&visit)?;
        desk.set_case(case.id(), Some(at), None).await?;
        return Ok(Redirect::to(&format!("/cases/{}", case.id())).into_response());
    }
    if at <= visit.desk.now() {
        let error = "the release must be still to come".to_owned();
        return Ok(form(&visit, &case, &[("release", error)]).into_response());
    }
    let content = CheckAnswers {
        action: &format!("/cases/{}/release", case.id()),
        consequence: &consequence(&case),
        rows: &[
            ("Case", html! { (case.id()) }),
            ("Release now", super::about::release(&visit, &case)),
            ("Release then", html! { strong { (when(at, &visit.zone)) } }),
        ],
        hidden: &[
            ("release", sent.release.clone()),
            ("release_zone", sent.release_zone.clone()),
            ("confirmed", "yes".to_owned()),
        ],
        fields: html! {},
        button: "Set the release",
        back: &format!("/cases/{}/change", case.id()),
    };
    let sheet = Sheet::new(&visit, "Check the release").tlp(case.tlp());
    Ok(sheet.content(content.draw()).into_response())
}

/// What the form of the label sends.
#[derive(Deserialize)]
pub struct Label {
    tlp: String,
    confirmed: Option<String>,
}

/// Sets the label.
pub async fn label(
    visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Label>,
) -> Result<Response, Problem> {
    let case = case_of(&visit, &id)?;
    let tlp = match Tlp::parse(&sent.tlp) {
        Ok(tlp) => tlp,
        Err(error) => {
            return Ok(form(&visit, &case, &[("tlp", error.to_string())]).into_response());
        }
    };
    if sent.confirmed.is_some() {
        let desk = desk_of(&visit)?;
        desk.set_case(case.id(), None, Some(tlp)).await?;
        return Ok(Redirect::to(&format!("/cases/{}", case.id())).into_response());
    }
    let consequence = match tlp < case.tlp() {
        true => consequence(&case),
        false => "A label that goes up closes things at once. After a press, labels only go up."
            .to_owned(),
    };
    let content = CheckAnswers {
        action: &format!("/cases/{}/label", case.id()),
        consequence: &consequence,
        rows: &[
            ("Case", html! { (case.id()) }),
            ("Label now", html! { (case.tlp()) }),
            ("Label then", html! { strong { (tlp) } }),
        ],
        hidden: &[
            ("tlp", tlp.as_str().to_owned()),
            ("confirmed", "yes".to_owned()),
        ],
        fields: html! {},
        button: "Set the label",
        back: &format!("/cases/{}/change", case.id()),
    };
    let sheet = Sheet::new(&visit, "Check the label").tlp(case.tlp());
    Ok(sheet.content(content.draw()).into_response())
}

/// CVE ids, one a line.
fn cves(details: &CaseDetails) -> String {
    let ids: Vec<&str> = details.cves.iter().map(|cve| cve.as_str()).collect();
    ids.join("\n")
}

/// What the form of the details sends.
#[derive(Deserialize)]
pub struct Details {
    title: String,
    #[serde(default)]
    cves: String,
    #[serde(default)]
    summary: String,
}

/// Writes anew what it is about. Products and scores stay as the advisory gave them.
pub async fn details(
    visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Details>,
) -> Result<Response, Problem> {
    let case = case_of(&visit, &id)?;
    let mut details = CaseDetails::clone(&*visit.details(&case)?);
    let mut errors = Vec::new();
    match new::checked_title(&sent.title) {
        Ok(title) => details.title = title,
        Err(error) => errors.push(("title", error)),
    }
    let lines = sent.cves.lines().map(str::trim);
    let read: Result<Vec<CveId>, _> = lines
        .filter(|line| !line.is_empty())
        .map(CveId::parse)
        .collect();
    match read {
        Ok(read) if read.len() <= CVES_MAX => details.cves = read,
        Ok(_) => errors.push(("cves", format!("at most {CVES_MAX} ids"))),
        Err(error) => errors.push(("cves", error.to_string())),
    }
    let summary = sent.summary.replace("\r\n", "\n").trim().to_owned();
    if summary.chars().count() > SUMMARY_CHARS_MAX {
        let error = format!("a summary has at most {SUMMARY_CHARS_MAX} characters");
        errors.push(("summary", error));
    }
    if !errors.is_empty() {
        return Ok(form(&visit, &case, &errors).into_response());
    }
    details.summary = (!summary.is_empty()).then_some(summary);
    desk_of(&visit)?.set_details(case.id(), &details).await?;
    Ok(Redirect::to(&format!("/cases/{}", case.id())).into_response())
}
