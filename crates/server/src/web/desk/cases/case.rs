//! One case: one address for its whole life.

use domain::advisory::{AffectedProduct, CaseDetails};
use domain::case::Case;
use domain::person::Role;
use maud::{Markup, html};

use super::about::{is_running, release, stage};
use super::history::{is_decision, sentence, who};
use super::{case_of, tabs, timeline, today, work};
use crate::extract::Path;
use crate::web::parts::{count, facts, table, when};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// Products that are shown before the rest is only counted.
const PRODUCTS_SHOWN: usize = 6;
/// What seats did that is shown before the rest is only counted.
const DEEDS_SHOWN: usize = 200;

/// The page.
pub async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Problem> {
    let case = case_of(&visit, &id)?;
    let details = match visit.key() {
        Ok(_) => Some(visit.details(&case)?),
        Err(_) => None,
    };
    let history = visit.desk.history(case.id()).await?;
    let title = match &details {
        Some(about) => format!("{} {}", case.id(), about.title),
        None => case.id().to_string(),
    };
    let waiting = work::of_case(&visit, &case);
    let content = html! {
        (tabs(&visit, &case))
        @if !waiting.is_empty() { (today::list(&waiting)) }
        (facts(&summary(&visit, &case, details.as_deref())))
        (actions(&visit, &case))
        (timeline::draw(&visit, &case))
        (funnel(&visit, &case))
        (exploitation(&visit, &case))
        (decisions(&visit, &history))
    };
    Ok(Sheet::new(&visit, &title).tlp(case.tlp()).content(content))
}

fn summary<'a>(
    visit: &Visit,
    case: &Case,
    details: Option<&CaseDetails>,
) -> Vec<(&'a str, Markup)> {
    let mut rows = vec![
        ("Stage", stage(case)),
        ("Release", release(visit, case)),
        ("Began", html! { (when(case.created_at(), &visit.zone)) }),
    ];
    if let Some(ended) = case.ended() {
        rows.push((
            "Ended early",
            html! { (when(ended.at, &visit.zone)) ": " (work::reason(ended.reason)) },
        ));
    }
    if let Some(at) = case.released_at() {
        rows.push(("Released", html! { (when(at, &visit.zone)) }));
    }
    rows.push((
        "Artifacts",
        html! {
            a href={ "/cases/" (case.id()) "/artifacts" } { (count(case.artifacts().len(), "artifact")) }
            ", " (count(case.artifacts().iter().map(|one| one.sites as usize).sum(), "mark"))
        },
    ));
    let Some(details) = details else {
        rows.push((
            "About",
            html! { "sealed until the program key is unlocked" },
        ));
        return rows;
    };
    if !details.cves.is_empty() {
        let cves: Vec<&str> = details.cves.iter().map(|cve| cve.as_str()).collect();
        rows.push(("CVE", html! { (cves.join(", ")) }));
    }
    if !details.products.is_empty() {
        let more = details.products.len().saturating_sub(PRODUCTS_SHOWN);
        let products = details.products.iter().take(PRODUCTS_SHOWN);
        rows.push((
            "Affected",
            html! {
                @for product in products { (affected(product)) br; }
                @if more > 0 { "and " (more) " more" }
            },
        ));
    }
    if let Some(score) = details
        .scores
        .iter()
        .max_by(|a, b| a.value().total_cmp(&b.value()))
    {
        rows.push((
            "CVSS",
            html! { (score.value()) " " span class="fine mono" { (score.vector()) } },
        ));
    }
    if let Some(text) = &details.summary {
        rows.push(("Summary", html! { div class="prose" { (text) } }));
    }
    rows
}

/// A product with its versions, as people say them. A name that begins with its vendor's is not led by it again.
fn affected(product: &AffectedProduct) -> Markup {
    let vendor = product.vendor.as_deref();
    let vendor = vendor.filter(|vendor| !product.name.starts_with(*vendor));
    html! {
        @if let Some(vendor) = vendor { (vendor) " " }
        (product.name)
        @if let Some(version) = &product.version { " " (versions(version)) }
    }
}

/// One range of a `vers` specifier in words; whatever else it is, as it stands.
fn versions(text: &str) -> String {
    let range = text.strip_prefix("vers:").and_then(|text| {
        let (_, range) = text.split_once('/')?;
        match range.split_once('|') {
            Some((from, to)) => {
                let from = from.strip_prefix(">=")?;
                match to.strip_prefix("<=") {
                    Some(to) => Some(format!("{from} to {to}")),
                    None => Some(format!(
                        "{from} and later, before {}",
                        to.strip_prefix('<')?
                    )),
                }
            }
            None => match range.strip_prefix("<=") {
                Some(to) => Some(format!("up to {to}")),
                None => Some(format!("before {}", range.strip_prefix('<')?)),
            },
        }
    });
    match range {
        Some(range) if !range.contains(['<', '>', '=', '|', '!', '*']) => range,
        _ => text.to_owned(),
    }
}

fn actions(visit: &Visit, case: &Case) -> Markup {
    let base = format!("/cases/{}", case.id());
    let is_coordinator = visit.has(Role::Coordinator);
    let may_end = is_coordinator || visit.has(Role::Approver);
    html! {
        p class="buttons" {
            @if is_coordinator { a class="button" href={ (base) "/change" } { "Change release, label or details" } }
            a class="button" href={ (base) "/as" } { "View as partner" }
            @if may_end && is_running(case) { a class="button" href={ (base) "/end" } { "End early" } }
        }
    }
}

/// How far partners have come with it.
fn funnel(visit: &Visit, case: &Case) -> Markup {
    let rows = case.funnel(&visit.state.program);
    if rows.is_empty() {
        return html! {};
    }
    let seats: usize = rows.iter().map(|row| row.seats).sum();
    let opened: usize = rows.iter().map(|row| row.seats_opened).sum();
    let steps: [(&str, usize); 5] = [
        ("Planned", rows.len()),
        (
            "Notified: their wave is open",
            rows.iter().filter(|row| row.notified_at.is_some()).count(),
        ),
        (
            "Acknowledged label and embargo",
            rows.iter()
                .filter(|row| row.acknowledged_at.is_some())
                .count(),
        ),
        (
            "Seen: package fetched",
            rows.iter().filter(|row| row.opened_at.is_some()).count(),
        ),
        (
            "Responded: protections reported",
            rows.iter().filter(|row| row.responded_at.is_some()).count(),
        ),
    ];
    let shown: Vec<_> = steps
        .iter()
        .map(|(name, partners)| {
            vec![
                html! { (name) },
                html! { (partners) },
                share(*partners, rows.len()),
            ]
        })
        .collect();
    html! {
        (table("How far partners are", &["Step", "Partners", "Share"], &shown))
        @if seats > 0 {
            p class="fine" { "Packages were pressed for " (count(seats, "seat")) "; " (opened) " fetched theirs." }
        }
    }
}

/// A share as a bar and a number.
fn share(part: usize, whole: usize) -> Markup {
    let percent = part * 100 / whole.max(1);
    html! {
        svg class="share" viewBox="0 0 100 10" width="100" height="10" aria-hidden="true" {
            rect class="band" width="100" height="10" {}
            rect class="bar" width=(percent) height="10" {}
        }
        " " (percent) " %"
    }
}

fn exploitation(visit: &Visit, case: &Case) -> Markup {
    html! {
        p {
            @match case.exploited() {
                Some(at) => {
                    "Actively exploited, known since " (when(at, &visit.zone)) ". "
                    a href={ "/cases/" (case.id()) "/legal" } { "Legal clocks" }
                }
                None => {
                    "Nobody has recorded that it is exploited. "
                    a href={ "/cases/" (case.id()) "/legal" } { "Record it, and start the legal clocks" }
                }
            }
        }
    }
}

type Event = (
    jiff::Timestamp,
    domain::person::Actor,
    domain::case::CaseFact,
);

fn decisions(visit: &Visit, history: &[Event]) -> Markup {
    let row = |(at, by, fact): &Event| {
        vec![
            html! { (when(*at, &visit.zone)) },
            html! { (sentence(fact)) },
            html! { (who(by)) },
        ]
    };
    let of = |wanted: bool| {
        history
            .iter()
            .rev()
            .filter(move |(_, _, fact)| is_decision(fact) == wanted)
    };
    let decided: Vec<_> = of(true).map(row).collect();
    let done: Vec<_> = of(false).take(DEEDS_SHOWN).map(row).collect();
    let more = of(false).count().saturating_sub(DEEDS_SHOWN);
    let columns = ["When", "What", "By"];
    html! {
        h2 { "Decisions" }
        (table("Newest first", &columns, &decided))
        @if !done.is_empty() {
            details {
                summary { "What seats did: " (count(of(false).count(), "event")) }
                (table("Newest first", &columns, &done))
                @if more > 0 { p class="fine" { "And " (more) " earlier." } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::versions;

    #[test]
    fn one_range_of_versions_is_said_in_words_and_anything_else_as_it_stands() {
        for (vers, said) in [
            ("vers:semver/>=7.4.0|<=7.6.11", "7.4.0 to 7.6.11"),
            (
                "vers:semver/>=7.4.0|<7.6.12",
                "7.4.0 and later, before 7.6.12",
            ),
            ("vers:npm/<2.0.0", "before 2.0.0"),
            ("vers:npm/<=2.0.0", "up to 2.0.0"),
            ("7.4 and 7.5", "7.4 and 7.5"),
            ("vers:npm/*", "vers:npm/*"),
            ("vers:npm/>=1|!=1.2|<2", "vers:npm/>=1|!=1.2|<2"),
        ] {
            assert_eq!(versions(vers), said);
        }
    }
}
