//! Protections: what a partner reports to have built, for whom it reports anew, and the history.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::explain::Explain;
use domain::protection::{Coverage, Protection, ProtectionDetails, Version};
use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};
use maud::{Markup, html};
use serde::Deserialize;

use super::own::{Own, honesty, key_panel, own, sealed, told, without_script};
use crate::extract::{Form, Path};
use crate::web::parts::{Field, count, empty, error_summary, state, when};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// What was typed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    product: String,
    rules: String,
    coverage: String,
    ships: String,
    note: String,
}

/// A field and what is wrong with it.
type Wrong = (&'static str, String);

/// On the case's page.
pub fn section(visit: &Visit, own: &Own) -> Markup {
    let known = own.case.protections().of(&own.partner);
    let path = format!("{}/protections", own.path());
    html! {
        section {
            h2 { "Protections" }
            @if known.is_empty() {
                p { "Your organisation has reported none yet. Say also when there will be none: it counts as an answer." }
            } @else {
                ul { @for one in known {
                    li { "No. " (one.number()) ": " (coverage(one.newest().coverage)) " " (ships(visit, one.newest())) }
                } }
            }
            p { a class="button" href=(path) { "Report protections" } }
        }
    }
}

/// The page.
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let own = own(&visit, &id)?;
    Ok(listed(&visit, &own, &Typed::default(), &[]))
}

/// Takes a report.
pub async fn report(
    visit: Visit,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let own = own(&visit, &id)?;
    match take(&visit, &own, None, &typed).await? {
        Ok(()) => Ok(Redirect::to(&format!("{}/protections", own.path())).into_response()),
        Err(wrong) => Ok(unprocessable(listed(&visit, &own, &typed, &[wrong]))),
    }
}

/// One protection, to be reported anew.
pub async fn edit(visit: Visit, Path((id, number)): Path<(String, u32)>) -> Result<Page, Problem> {
    let own = own(&visit, &id)?;
    let one = numbered(&own, number)?;
    let typed = Typed {
        coverage: one.newest().coverage.as_str().to_owned(),
        ships: one.newest().ships_at.map(typed_time).unwrap_or_default(),
        ..Typed::default()
    };
    Ok(edited(&visit, &own, one, &typed, &[]))
}

/// Takes a report that follows an earlier one.
pub async fn report_anew(
    visit: Visit,
    Path((id, number)): Path<(String, u32)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let own = own(&visit, &id)?;
    let one = numbered(&own, number)?;
    match take(&visit, &own, Some(number), &typed).await? {
        Ok(()) => {
            let path = format!("{}/protections/{number}", own.path());
            Ok(Redirect::to(&path).into_response())
        }
        Err(wrong) => Ok(unprocessable(edited(&visit, &own, one, &typed, &[wrong]))),
    }
}

fn numbered(own: &Own, number: u32) -> Result<&Protection, Problem> {
    let known = own.case.protections().of(&own.partner);
    known
        .iter()
        .find(|one| one.number() == number)
        .ok_or_else(Problem::nothing_here)
}

fn unprocessable(page: Page) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

/// Reads what was typed and has it recorded; what is wrong with a field is for the form.
async fn take(
    visit: &Visit,
    own: &Own,
    number: Option<u32>,
    typed: &Typed,
) -> Result<Result<(), Wrong>, Problem> {
    let details = match ProtectionDetails::parse(&typed.product, &typed.rules, &typed.note) {
        Ok(details) => details,
        Err(error) => {
            let field = match error.code() {
                "product" => "product",
                "rules" => "rules",
                _ => "note",
            };
            return Ok(Err((field, error.to_string())));
        }
    };
    let Some(coverage) = Coverage::parse(&typed.coverage) else {
        return Ok(Err(("coverage", "choose how much it covers".to_owned())));
    };
    let ships = match read_time(&typed.ships) {
        Ok(ships) => ships,
        Err(()) => {
            return Ok(Err((
                "ships",
                "write the time as `2026-12-01 09:00`".to_owned(),
            )));
        }
    };
    let what = (coverage, ships);
    let reported = visit
        .desk
        .report_protection(own.case.id(), &own.seat, number, what, &details)
        .await;
    match reported {
        Ok(()) => Ok(Ok(())),
        Err(failure)
            if matches!(
                failure.code.as_str(),
                "shipped-when" | "not-shipped-yet" | "ships-nothing" | "planned-past"
            ) =>
        {
            Ok(Err(("ships", failure.message)))
        }
        Err(failure) => Err(told(failure)),
    }
}

/// A time without a zone; the form says that it is UTC.
fn read_time(text: &str) -> Result<Option<Timestamp>, ()> {
    let text = text.trim().trim_end_matches("UTC").trim_end();
    if text.is_empty() {
        return Ok(None);
    }
    let time: DateTime = text.parse().map_err(|_| ())?;
    let zoned = time.to_zoned(TimeZone::UTC).map_err(|_| ())?;
    Ok(Some(zoned.timestamp()))
}

fn typed_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

fn listed(visit: &Visit, own: &Own, typed: &Typed, wrong: &[Wrong]) -> Page {
    let known = own.case.protections().of(&own.partner);
    let content = html! {
        p { a href=(own.path()) { "Back to " (own.case.id()) } }
        (error_summary(wrong))
        @if known.is_empty() {
            (empty("Your organisation has reported none yet.", html! { p { "The form below takes the first." } }))
        } @else {
            (reader(visit))
            h2 { "What your organisation reported" }
            @for one in known { (shown(visit, own, one)) }
        }
        h2 { "Report a protection" }
        (form(&format!("{}/protections", own.path()), typed, wrong, "Report"))
        (who_reads())
    };
    let title = format!("Protections for {}", own.case.id());
    sheet(visit, own, &title).content(content)
}

fn edited(visit: &Visit, own: &Own, one: &Protection, typed: &Typed, wrong: &[Wrong]) -> Page {
    let path = format!("{}/protections/{}", own.path(), one.number());
    let content = html! {
        p { a href={ (own.path()) "/protections" } { "All protections for " (own.case.id()) } }
        (error_summary(wrong))
        (reader(visit))
        h2 { "What was reported" }
        @for version in one.versions().iter().rev() { (reported(visit, own, version)) }
        h2 { "Report it anew" }
        p { "What was reported before stays on record." }
        div data-prefill="" { (form(&path, typed, wrong, "Report anew")) }
        (who_reads())
    };
    let title = format!("Protection {} for {}", one.number(), own.case.id());
    sheet(visit, own, &title).content(content)
}

fn sheet<'a>(visit: &'a Visit, own: &Own, title: &'a str) -> Sheet<'a> {
    Sheet::new(visit, title)
        .tlp(own.case.tlp())
        .scripts(&["open.js"])
}

fn reader(visit: &Visit) -> Markup {
    html! {
        (without_script("Products and rules are sealed to your seats. Save the sealed text and open it with age, or allow JavaScript."))
        details class="panel" data-needs-script="" hidden {
            summary { "Read products and rules with your key" }
            (key_panel(visit, "Read here"))
            (honesty())
        }
    }
}

fn who_reads() -> Markup {
    html! {
        p class="fine" {
            "Product, rules and remarks are encrypted as they arrive: to the program, and to the seats of your "
            "organisation to which the case is open. Coverage and times are kept readable for the program's overview."
        }
    }
}

fn shown(visit: &Visit, own: &Own, one: &Protection) -> Markup {
    let path = format!("{}/protections/{}", own.path(), one.number());
    html! {
        article class="report" {
            h3 { "Protection " (one.number()) }
            (reported(visit, own, one.newest()))
            p {
                a href=(path) { "Report it anew" }
                @if one.versions().len() > 1 { " · " (count(one.versions().len(), "report")) }
            }
        }
    }
}

fn reported(visit: &Visit, own: &Own, version: &Version) -> Markup {
    html! {
        div class="said" {
            p {
                (coverage(version.coverage)) " " (ships(visit, version)) br;
                span class="fine" { "Reported by " (version.seat) ", " (when(version.at, &visit.zone)) }
            }
            (sealed(own, &version.details, &format!("seat:{}", version.seat)))
        }
    }
}

/// The word for a coverage, with its mark.
pub fn coverage(coverage: Coverage) -> Markup {
    match coverage {
        Coverage::Full => state("good", "Full coverage"),
        Coverage::Partial => state("wait", "Partial coverage"),
        Coverage::Planned => state("wait", "Planned"),
        Coverage::None => state("calm", "No protection"),
    }
}

/// When it shipped or will.
pub fn ships(visit: &Visit, version: &Version) -> Markup {
    let Some(at) = version.ships_at else {
        return html! {};
    };
    let word = match version.coverage {
        Coverage::Planned => "to ship ",
        _ => "shipped ",
    };
    html! { (word) (when(at, &visit.zone)) }
}

fn form(action: &str, typed: &Typed, wrong: &[Wrong], button: &str) -> Markup {
    let error = |field: &str| {
        let found = wrong.iter().find(|(known, _)| *known == field);
        found.map(|(_, error)| error.as_str())
    };
    let options = [
        ("", "Choose"),
        ("full", "Full: all that we know of"),
        ("partial", "Partial: some of it"),
        ("planned", "Planned: being built"),
        ("none", "None, and none is planned"),
    ];
    html! {
        form method="post" action=(action) {
            (Field::new("product", "Product").hint("As your customers know it.").error(error("product")).text(&typed.product))
            (Field::new("rules", "Ids of rules or signatures").hint("One a line; leave it empty when there are none.")
                .error(error("rules")).area(&typed.rules, 3))
            (Field::new("coverage", "Coverage").error(error("coverage")).choice(&options, &typed.coverage))
            (Field::new("ships", "Shipped, or planned to ship, at (UTC)")
                .hint("When it reaches customers, in UTC, such as 2026-12-01 09:00. Empty when nothing ships.")
                .error(error("ships")).input("text", &typed.ships, false))
            (Field::new("note", "Remarks").error(error("note")).area(&typed.note, 3))
            p class="buttons" { button type="submit" class="primary" { (button) } }
        }
    }
}
