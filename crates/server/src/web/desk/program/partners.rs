//! Partners: who takes part, and where each stands; a whole roster from CSV.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::ids::PartnerId;
use domain::partner::{Partner, Status, Tier};
use domain::person::Role;
use domain::roster::{RosterErrors, read_roster};
use jiff::Timestamp;
use maud::{Markup, html};

use super::form::{Fields, field, sent};
use crate::extract::{Multipart, Query};
use crate::web::parts::{Field, count, empty, error_summary, state, table, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// The list.
pub async fn list(visit: Visit, Query(query): Query<Fields>) -> Page {
    let program = &visit.state.program;
    let status = Status::parse(field(&query, "status"));
    let tier = Tier::parse(field(&query, "tier"));
    let last = last_fetches(&visit);
    let is_shown = |partner: &&Partner| {
        status.is_none_or(|status| partner.status() == status)
            && tier.is_none_or(|tier| partner.tier() == tier)
    };
    let shown: Vec<&Partner> = program.partners().filter(is_shown).collect();
    let rows: Vec<_> = shown
        .iter()
        .map(|partner| row(&visit, partner, last.get(partner.id()).copied()))
        .collect();
    let import = html! { a class="button" href="/partners/import" { "Import a roster" } };
    let content = html! {
        @if program.partners().next().is_none() {
            (empty(
                "No partner yet.",
                html! { @if visit.has(Role::Coordinator) { (import) } @else { p { "A coordinator imports the roster." } } },
            ))
        } @else {
            (filters(&visit, status, tier))
            @if rows.is_empty() {
                (empty("No partner is like that.", html! { a href="/partners" { "Show all" } }))
            } @else {
                (table(
                    &count(rows.len(), "partner"),
                    &["Partner", "Tier", "Country", "Duties", "Status", "Agreement", "Seats", "Last fetch"],
                    &rows,
                ))
            }
            @if visit.has(Role::Coordinator) { p class="buttons" { (import) } }
        }
    };
    page(&visit, "Partners", content)
}

/// The last fetch of each partner, over all cases.
fn last_fetches(visit: &Visit) -> BTreeMap<PartnerId, Timestamp> {
    let mut last = BTreeMap::new();
    for case in visit.state.cases.values() {
        for package in case.packages() {
            if let Some(receipt) = case.receipts().of(&package.seat) {
                let at = receipt.last().at;
                let known = last.entry(package.partner.clone()).or_insert(at);
                *known = at.max(*known);
            }
        }
    }
    last
}

fn row(visit: &Visit, partner: &Partner, last: Option<Timestamp>) -> Vec<Markup> {
    let program = &visit.state.program;
    let seats = program
        .seats_of(partner.id())
        .filter(|seat| seat.retired_at().is_none())
        .count();
    let is_current = program
        .current_agreement()
        .is_some_and(|version| partner.accepted().contains_key(version));
    vec![
        html! {
            a href={ "/partners/" (partner.id()) } { (partner.id()) }
            " " span class="fine" { (partner.name()) }
        },
        html! { (partner.tier()) },
        html! { (partner.country().as_str()) },
        html! {
            @for duty in partner.duties() { (duty) " " }
            @if partner.duties().is_empty() { "none" }
        },
        status(partner.status()),
        html! { @if is_current { "current" } @else { (state("wait", "not accepted")) } },
        html! { (seats) },
        html! { @match last { Some(at) => (when(at, &visit.zone)), None => "never" } },
    ]
}

/// A partner's status with its mark.
pub fn status(status: Status) -> Markup {
    match status {
        Status::Active => state("good", "active"),
        Status::Applicant => state("wait", "applicant"),
        Status::Suspended => state("bad", "suspended"),
        Status::Removed => state("calm", "removed"),
    }
}

fn filters(visit: &Visit, status: Option<Status>, tier: Option<Tier>) -> Markup {
    let program = &visit.state.program;
    let with = |status: Status| program.partners().filter(|p| p.status() == status).count();
    let here = |is: bool| is.then_some("page");
    html! {
        ul class="tabs" aria-label="Which partners" {
            li { a href="/partners" aria-current=[here(status.is_none() && tier.is_none())] {
                "All " (program.partners().count())
            } }
            @for own in Status::ALL {
                @if with(own) > 0 {
                    li { a href={ "/partners?status=" (own) } aria-current=[here(status == Some(own))] {
                        (own) " " (with(own))
                    } }
                }
            }
            @for own in Tier::ALL {
                li { a href={ "/partners?tier=" (own) } aria-current=[here(tier == Some(own))] { "tier " (own) } }
            }
        }
    }
}

/// The form for a roster.
pub async fn ask(visit: Visit) -> Page {
    asked(&visit, None, None)
}

/// Takes a whole roster over, or nothing of it.
pub async fn import(visit: Visit, form: Multipart) -> Result<Response, Problem> {
    let sent = sent(form).await?;
    let pasted = sent
        .fields
        .get("text")
        .filter(|text| !text.trim().is_empty());
    let bytes = match (sent.files.first(), pasted) {
        (Some(file), _) => file.bytes.clone(),
        (None, Some(text)) => text.clone().into_bytes(),
        (None, None) => {
            let page = asked(&visit, None, Some("choose a file, or paste the rows"));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    if let Err(errors) = read_roster(&bytes, &visit.state.program) {
        let page = asked(&visit, Some(&errors), None);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    visit
        .desk
        .import_partners_as(&bytes, &visit.actor()?)
        .await?;
    Ok(Redirect::to("/partners").into_response())
}

fn asked(visit: &Visit, faults: Option<&RosterErrors>, error: Option<&str>) -> Page {
    let errors: Vec<(&str, String)> = error.iter().map(|e| ("file", (*e).to_owned())).collect();
    let content = html! {
        (error_summary(&errors))
        @if let Some(faults) = faults { (fault_list(faults)) }
        p { "A CSV file. All of it is taken over, or nothing." }
        pre { "id,name,tier,country,obligations\np-01,Example Networks,validate,DE,eu-nis2\np-02,Sample Filters,entry,CN,cn-rmsv" }
        p class="fine" {
            "Tiers are validate, advance and entry. Obligations are ids of duties with ; between them: cn-rmsv, eu-cra, "
            "eu-nis2. The columns status and agreement may be added."
        }
        form method="post" enctype="multipart/form-data" {
            (Field::new("file", "The file").error(error).file(false, false))
            (Field::new("text", "Or paste its rows").area("", 6))
            p class="buttons" {
                button type="submit" class="primary" { "Import" }
                a href="/partners" { "Back" }
            }
        }
    };
    page(visit, "Import a roster", content)
}

fn fault_list(faults: &RosterErrors) -> Markup {
    let rows: Vec<_> = faults
        .faults()
        .iter()
        .map(|fault| {
            vec![
                html! { (fault.line) },
                html! {
                    @match (fault.name, fault.column) {
                        (Some(name), _) => (name),
                        (None, Some(column)) => (column),
                        (None, None) => "the whole row",
                    }
                },
                html! { (fault.what) },
            ]
        })
        .collect();
    html! {
        div class="notice bad" role="alert" tabindex="-1" {
            h2 { "Nothing was imported" }
            p { (count(faults.count(), "fault")) " in the file:" }
        }
        (table("Faults", &["Line", "Column", "What is wrong"], &rows))
    }
}
