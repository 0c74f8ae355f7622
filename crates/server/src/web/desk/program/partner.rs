//! One partner: facts, seats, agreement, what it may be given and by which rule not, what it has, its history.

use domain::artifact::ArtifactKind;
use domain::case::Case;
use domain::describe::describe_utc;
use domain::ids::PartnerId;
use domain::partner::{Partner, Status};
use domain::person::Role;
use domain::policy::Question;
use domain::program::{ProgramEvent, ProgramFact};
use domain::seat::Seat;
use domain::tlp::Tlp;
use domain::wave::WaveName;
use maud::{Markup, html};

use super::form::{Fields, field};
use super::{partners, standing};
use crate::extract::{Path, Query};
use crate::web::desk::cases::kind_name;
use crate::web::parts::{empty, facts, sentence, state, table, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// The partner that a path names.
///
/// # Errors
/// `nothing-here` when there is none.
pub fn known<'a>(visit: &'a Visit, id: &str) -> Result<&'a Partner, Problem> {
    let id = PartnerId::parse(id).map_err(|_| Problem::nothing_here())?;
    let partner = visit.state.program.partner(&id);
    partner.ok_or_else(Problem::nothing_here)
}

/// The page.
pub async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(query): Query<Fields>,
) -> Result<Page, Problem> {
    let partner = known(&visit, &id)?;
    let history = visit.desk.program_history().await?;
    let content = html! {
        p { a href="/partners" { "All partners" } }
        (standing::told(partner, field(&query, "done")))
        div class="columns" {
            section { (about(&visit, partner)) }
            section id="standing" { h2 { "Standing" } (standing::actions(&visit, partner)) }
        }
        h2 { "What it may be given" }
        (duties(partner))
        (entitlement(&visit, partner))
        h2 { "What it has" }
        (holdings(&visit, partner))
        h2 { "Seats" }
        (seats(&visit, partner))
        h2 { "History" }
        (told(&visit, partner, &history))
    };
    Ok(page(&visit, partner.name(), content))
}

fn about(visit: &Visit, partner: &Partner) -> Markup {
    let current = visit.state.program.current_agreement();
    let agreement = match current {
        Some(version) => match partner.accepted().get(version) {
            Some(how) => html! {
                "version " (version) ", accepted by " (how.signatory) " on " (when(how.at, &visit.zone))
            },
            None => html! { (state("wait", "not accepted")) ": version " (version) " is current" },
        },
        None => html! { "none is published" },
    };
    html! {
        h2 { "Facts" }
        (facts(&[
            ("Id", html! { (partner.id()) }),
            ("Tier", html! { (partner.tier()) }),
            ("Country", html! { (partner.country().as_str()) }),
            ("Status", html! {
                (partners::status(partner.status()))
                @if let Some(reason) = partner.reason() { ": " (reason) }
            }),
            ("Agreement", agreement),
        ]))
    }
}

fn duties(partner: &Partner) -> Markup {
    html! {
        @for duty in partner.duties() {
            @let row = duty.row();
            div class={ "notice" @if row.reports_to_state { " wait" } } {
                p {
                    strong { (row.name) } ", " (row.title) " (" (row.source) "): must " (row.obliges) " within "
                    (row.hours) " hours of learning of them."
                }
                @if row.reports_to_state {
                    p { "So it gets no proof of concept, ever, and the other artifacts at the release." }
                }
            }
        }
    }
}

/// What the policy answers for each kind of artifact, under the usual label and the most closed one.
fn entitlement(visit: &Visit, partner: &Partner) -> Markup {
    let program = &visit.state.program;
    let active = |seat: &&Seat| seat.retired_at().is_none();
    let Some(seat) = program.seats_of(partner.id()).find(active) else {
        return empty(
            "It has no seat, so nothing can be given to it.",
            html! { p { "Seats are added with an invitation, or with " code { "headstart seat add" } "." } },
        );
    };
    let answer = |kind, tlp| {
        let question = Question {
            kind,
            partner,
            seat,
            tlp,
            agreement: program.current_agreement(),
        };
        match visit.desk.policy().evaluate(&question) {
            Ok(grant) => {
                let tone = match grant.wave() {
                    WaveName::Release => "wait",
                    WaveName::Tier(_) => "good",
                };
                let words = match grant.wave() {
                    WaveName::Release => "at the release".to_owned(),
                    WaveName::Tier(tier) => format!("with the wave {tier}"),
                };
                html! { (state(tone, &words)) " " span class="fine" { "rule " code { (grant.rule()) } } }
            }
            Err(refusal) => html! {
                (state("bad", "not given")) ": " (sentence(&refusal.reason)) " " span class="fine" { "rule " code { (refusal.rule) } }
            },
        }
    };
    let rows: Vec<_> = ArtifactKind::ALL
        .into_iter()
        .map(|kind| {
            vec![
                html! { span class="keep" { (kind_name(kind)) } },
                answer(kind, Tlp::UNDER_EMBARGO),
                answer(kind, Tlp::Red),
            ]
        })
        .collect();
    let usual = format!("In a case of {}", Tlp::UNDER_EMBARGO);
    let closed = format!("In a case of {}", Tlp::Red);
    table("By the policy, now", &["Artifact", &usual, &closed], &rows)
}

fn holdings(visit: &Visit, partner: &Partner) -> Markup {
    let rows: Vec<_> = visit
        .state
        .cases
        .values()
        .filter_map(|case| holding(visit, case, partner))
        .collect();
    html! {
        @if rows.is_empty() {
            (empty("No package was pressed for it.", html! { a href="/cases" { "To the cases" } }))
        } @else {
            (table(
                "By case",
                &["Case", "Seats with a package", "Opened", "First fetch", "Last fetch", "Refused"],
                &rows,
            ))
        }
    }
}

fn holding(visit: &Visit, case: &Case, partner: &Partner) -> Option<Vec<Markup>> {
    let packages: Vec<_> = case
        .packages()
        .filter(|own| own.partner == *partner.id())
        .collect();
    if packages.is_empty() {
        return None;
    }
    let receipts: Vec<_> = packages
        .iter()
        .filter_map(|own| case.receipts().of(&own.seat))
        .collect();
    let first = receipts.iter().map(|own| own.first().at).min();
    let last = receipts.iter().map(|own| own.last().at).max();
    let refused = case
        .refused()
        .iter()
        .filter(|own| packages.iter().any(|package| package.seat == own.seat))
        .count();
    let at = |at: Option<jiff::Timestamp>| html! { @match at { Some(at) => (when(at, &visit.zone)), None => "–" } };
    Some(vec![
        html! { a href={ "/cases/" (case.id()) } { (case.id()) } },
        html! { (packages.len()) },
        html! { (receipts.len()) " of " (packages.len()) },
        at(first),
        at(last),
        html! { (refused) },
    ])
}

fn seats(visit: &Visit, partner: &Partner) -> Markup {
    let rows: Vec<_> = visit
        .state
        .program
        .seats_of(partner.id())
        .map(|seat| {
            vec![
                html! { span class="keep" { (seat.id()) } },
                html! { (seat.email().as_str()) },
                html! { @match seat.retired_at() {
                    Some(at) => { (state("calm", "retired")) " " (when(at, &visit.zone)) },
                    None => (state("good", "in use")),
                } },
                html! { (when(seat.added_at(), &visit.zone)) },
                html! { code class="keep" { (short(seat.recipient().as_str())) } },
                html! {
                    @if seat.retired_at().is_none() && visit.has(Role::Coordinator) {
                        a class="keep" href={ "/partners/" (partner.id()) "/seats/" (seat.id()) "/retire" } { "Retire" }
                    }
                },
            ]
        })
        .collect();
    html! {
        @if rows.is_empty() {
            (empty("No seat yet.", html! { p { "A seat is one person or mailbox with a key of its own." } }))
        } @else {
            (table("Each with its own copies", &["Seat", "E-mail", "State", "Added", "Sealed to", "Change"], &rows))
        }
    }
}

/// Beginning and end of a key, by which people tell it from others.
fn short(key: &str) -> String {
    let end = key.len().saturating_sub(8);
    match (key.get(..12), key.get(end..)) {
        (Some(first), Some(last)) if end > 12 => format!("{first}…{last}"),
        _ => key.to_owned(),
    }
}

/// What the program's events say of the partner and its seats, newest first.
fn told(visit: &Visit, partner: &Partner, history: &[ProgramEvent]) -> Markup {
    let rows: Vec<_> = history
        .iter()
        .rev()
        .filter_map(|event| {
            let words = story(visit, partner.id(), &event.fact)?;
            Some(vec![
                html! { (when(event.at, &visit.zone)) },
                html! { (words) },
                html! { (super::who(&event.by)) },
            ])
        })
        .collect();
    table("Newest first", &["When", "What", "By"], &rows)
}

fn story(visit: &Visit, id: &PartnerId, fact: &ProgramFact) -> Option<String> {
    let of_seat = |seat: &domain::ids::SeatId| {
        let own = visit.state.program.seat(seat);
        own.is_some_and(|own| own.partner() == id)
    };
    Some(match fact {
        ProgramFact::PartnerApplied { profile } if profile.partner == *id => "applied".to_owned(),
        ProgramFact::PartnerImported { profile, status } if profile.partner == *id => {
            format!("imported as {status}, tier {}", profile.tier)
        }
        ProgramFact::PartnerActivated { partner } if partner == id => "admitted".to_owned(),
        ProgramFact::PartnerSuspended { partner, reason } if partner == id => {
            format!("suspended: {reason}")
        }
        ProgramFact::PartnerResumed { partner, reason } if partner == id => {
            format!("resumed: {reason}")
        }
        ProgramFact::PartnerRemoved { partner, reason } if partner == id => {
            format!("removed: {reason}")
        }
        ProgramFact::AgreementAccepted {
            partner,
            version,
            signatory,
            ..
        } if partner == id => format!("agreement {version} accepted by {signatory}"),
        ProgramFact::SeatAdded { seat, partner, .. } if partner == id => {
            format!("seat {seat} added")
        }
        ProgramFact::SeatRetired { seat, reason } if of_seat(seat) => {
            format!("seat {seat} retired: {reason}")
        }
        _ => return None,
    })
}

/// One line on what a removal or suspension closes.
pub fn consequence(visit: &Visit, partner: &Partner) -> String {
    let program = &visit.state.program;
    let seats = program
        .seats_of(partner.id())
        .filter(|seat| seat.retired_at().is_none())
        .count();
    let open: Vec<String> = visit
        .state
        .cases
        .values()
        .filter(|case| {
            let mut own = case.packages().filter(|own| own.partner == *partner.id());
            case.released_at().is_none() && own.any(|own| case.opened_at(&own.seat).is_some())
        })
        .map(|case| case.id().to_string())
        .collect();
    let seats = crate::web::parts::count(seats, "seat");
    match open.is_empty() {
        true => format!(
            "{} loses {seats}; no case is open for it now.",
            partner.name()
        ),
        false => format!(
            "{} loses {seats} and what is open for it: {}. As of {} it keeps what it fetched before.",
            partner.name(),
            open.join(", "),
            describe_utc(visit.desk.now())
        ),
    }
}

/// Whether something can still change for it.
pub fn is_here(partner: &Partner) -> bool {
    partner.status() != Status::Removed
}
