//! One investigation: the verdict in careful words, what it rests on, what else could be, and the evidence.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use desk::{Examined, Failure};
use domain::case::VerdictWord;
use domain::ids::TraceId;
use domain::partner::Status;
use domain::person::Role;
use flow::explanations::Standing;
use flow::testify::LIMITS;
use flow::trace::{Candidate, Word};
use maud::{Markup, html};

use super::form::{Fields, field};
use super::{readings, suspicion};
use crate::extract::{Form, Path};
use crate::web::parts::{Field, one_in, sentence, size, table, when};
use crate::web::{Page, Sheet};
use crate::{Problem, Visit};

/// The page.
pub async fn show(visit: Visit, Path(trace): Path<String>) -> Result<Page, Problem> {
    let trace = known(&trace)?;
    let key = visit.key()?;
    let examined = visit.desk.examine(&key, &trace).await?;
    let tlp = visit.state.case(&examined.case).map(|case| case.tlp());
    let content = html! {
        p { a href="/investigations" { "All investigations" } " · case " a href={ "/cases/" (examined.case) } { (examined.case) } }
        (verdict(&visit, &examined))
        (figures(&examined))
        (suspicion::draw(&examined))
        h2 { "What was read" }
        (readings::draw(&examined))
        h2 { "What else could explain it" }
        (explanations(&examined))
        h2 { "Who had a copy by then" }
        (access(&visit, &examined))
        h2 { "What was handed in" }
        (files(&examined))
        @if examined.verdict.word == Word::Accuse {
            h2 { "What this does not prove" }
            ul { @for limit in LIMITS { li { (limit) } } }
            h2 { "Evidence" }
            (freeze(&visit, &examined))
        } @else {
            h2 { "What could prove more" }
            ul {
                li { "A longer part of the same leak." }
                li { "Another artifact of it: the PoC, a rule, the indicators." }
                li { "Requests or traffic that carry the PoC's values." }
            }
            @if visit.has(Role::Investigator) {
                p { a class="button" href="/investigations/new" { "Hand in more" } }
            }
        }
    };
    let title = format!("Trace {trace}");
    let mut sheet = Sheet::new(&visit, &title);
    if let Some(tlp) = tlp {
        sheet = sheet.tlp(tlp);
    }
    Ok(sheet.content(content))
}

/// The evidence as a file that anybody verifies.
pub async fn evidence(
    visit: Visit,
    Path(trace): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let trace = known(&trace)?;
    let key = visit.key()?;
    let mut since = Vec::new();
    for word in field(&fields, "since")
        .split([' ', ','])
        .filter(|w| !w.is_empty())
    {
        let size = word.parse().map_err(|_| {
            Problem::input("since", format!("`{word}` is no number of entries"))
                .hint("give the sizes of checkpoints that others keep, such as 64 120")
        })?;
        since.push(size);
    }
    let evidence = visit.desk.evidence(&key, &trace, &since).await?;
    tracing::info!(%trace, by = %visit.actor()?, "evidence was made");
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", file_name(&trace)),
        ),
    ];
    Ok((headers, evidence.to_text()).into_response())
}

fn known(trace: &str) -> Result<TraceId, Problem> {
    TraceId::parse(trace).map_err(|_| {
        Failure::usage("unknown-trace", "there is no such trace")
            .hint("the list of investigations has all that were recorded")
            .into()
    })
}

fn file_name(trace: &TraceId) -> String {
    format!("evidence-{trace}.json")
}

fn verdict(visit: &Visit, examined: &Examined) -> Markup {
    let verdict = &examined.verdict;
    let is_other = matches!(verdict.word, Word::Accuse)
        != matches!(examined.recorded.verdict, VerdictWord::Accuse);
    html! {
        @if verdict.word == Word::Accuse {
            section class="verdict named" aria-label="Verdict" {
                @for own in &verdict.accused { (named(visit, examined, own)) }
                p { "This is about a copy, not about a person: what it does not prove stands below." }
            }
        } @else {
            section class="verdict" aria-label="Verdict" {
                h2 { "Not enough evidence to name anybody" }
                @if let Some(reason) = &verdict.reason { p { (sentence(reason)) } }
            }
        }
        @if is_other {
            div class="notice wait" {
                p {
                    "On " (when(examined.recorded.at, &visit.zone)) " another answer was recorded: "
                    (super::investigations::word(examined.recorded.verdict))
                    ". Receipts or the program's bar have changed since."
                }
            }
        }
        @if !verdict.leads.is_empty() {
            div class="notice" {
                p { strong { "Leads, which nobody may call accused" } }
                ul {
                    @for lead in &verdict.leads {
                        li {
                            (copy_of(lead)) ": risk " (format!("{:.1e}", lead.finding.innocent_risk)) " ("
                            (one_in(lead.finding.innocent_risk)) "), above the bar of "
                            (format!("{:e}", verdict.bar.innocent_risk))
                        }
                    }
                }
            }
        }
    }
}

fn named(visit: &Visit, examined: &Examined, own: &Candidate) -> Markup {
    let partner = visit.state.program.partner(&own.partner);
    let risk = own.finding.innocent_risk;
    html! {
        h2 { "The readings are those of " (copy_of(own)) }
        p {
            "Partner " a href={ "/partners/" (own.partner) } {
                @match partner { Some(partner) => (partner.name()), None => (own.partner) }
            }
            @if own.seat.is_none() { ". Which of its seats is not proved" }
            ". The risk that this names somebody innocent is " strong { (format!("{risk:.1e}")) }
            " (" (one_in(risk)) "), after every correction; the bar is "
            (format!("{:e}", examined.verdict.bar.innocent_risk)) ". Evidence: "
            (format!("{:.1}", own.finding.evidence_bits)) " bits."
        }
        @if let Some(partner) = partner {
            @match partner.status() {
                Status::Active => p {
                    a class="button" href={ "/partners/" (own.partner) "#standing" } { "Suspend the partner while this is looked into" }
                },
                status => p class="fine" { "The partner is " (status) " now." },
            }
        }
    }
}

fn copy_of(own: &Candidate) -> Markup {
    html! {
        @match &own.seat {
            Some(seat) => { "the copy of seat " (seat) },
            None => { "a copy of partner " (own.partner) },
        }
    }
}

fn figures(examined: &Examined) -> Markup {
    let engine = &examined.verdict.engine;
    let readings = &examined.verdict.readings;
    let resolves = match engine.coalition_max {
        0 => "nobody".to_owned(),
        1 => "one leaker".to_owned(),
        more => format!("up to {more} together"),
    };
    let bits = |have: f64, what: &str, need: f64| {
        html! {
            b { (format!("{:.1} bits", have + 0.0)) }
            span { "naming a " (what) " takes " (format!("{need:.1}")) }
        }
    };
    html! {
        ul class="figures" {
            li { b { (readings.read()) " of " (readings.total()) } span { "marks read" } }
            li { (bits(engine.group.available_bits, "partner", engine.group.needed_bits)) }
            li { (bits(engine.slot.available_bits, "seat", engine.slot.needed_bits)) }
            li { b { (resolves) } span { "can be told apart at a time" } }
            li {
                b { (examined.cases_tried) }
                span { @if examined.cases_tried == 1 { "case tried" } @else { "cases tried, and corrected for" } }
            }
        }
    }
}

fn explanations(examined: &Examined) -> Markup {
    let rows: Vec<_> = examined
        .explanations
        .iter()
        .map(|own| {
            let tone = match own.standing {
                Standing::Possible => "state",
                Standing::DoesNotExplain | Standing::TooEarly => "state calm",
            };
            vec![
                html! { (own.hypothesis.title()) },
                html! { span class=(tone) { (own.standing.as_str()) } },
                html! { (own.words) },
            ]
        })
        .collect();
    table(
        "Other explanations",
        &["Hypothesis", "Standing", "Why"],
        &rows,
    )
}

fn access(visit: &Visit, examined: &Examined) -> Markup {
    let by = examined.seen_at.unwrap_or(examined.recorded.at);
    let in_time = |own: &&desk::ExaminedCopy| own.first_fetched_at.is_some_and(|at| at <= by);
    let mut had: Vec<_> = examined.copies.iter().filter(in_time).collect();
    had.sort_by_key(|own| own.first_fetched_at);
    let rows: Vec<_> = had
        .iter()
        .map(|own| {
            vec![
                html! { (own.seat) },
                html! { a href={ "/partners/" (own.partner) } { (own.partner) } },
                html! { @if let Some(at) = own.first_fetched_at { (when(at, &visit.zone)) } },
            ]
        })
        .collect();
    html! {
        p {
            (had.len()) " of " (examined.copies.len()) " copies had been fetched by " (when(by, &visit.zone))
            @if examined.seen_at.is_some() {
                ", when the leak was first seen by the word of who handed it in."
            } @else {
                ", when the leak was handed in. When it was first seen was not said."
            }
        }
        @if !rows.is_empty() {
            details {
                summary { "Who, and since when" }
                (table("First fetched", &["Seat", "Partner", "First fetched"], &rows))
            }
        }
    }
}

fn files(examined: &Examined) -> Markup {
    let rows: Vec<_> = examined
        .files
        .iter()
        .map(|own| {
            vec![
                html! { (own.name) },
                html! { (size(own.size_bytes)) },
                html! {
                    @match &own.origin {
                        Some((file, _, how)) => { (how) ", from " (file) },
                        None => "as it is",
                    }
                },
                html! { code { (own.sha256) } },
            ]
        })
        .collect();
    table(
        "Texts that were read",
        &["Name", "Size", "How it was read", "SHA-256"],
        &rows,
    )
}

fn freeze(visit: &Visit, examined: &Examined) -> Markup {
    let trace = &examined.recorded.trace;
    let command = format!(
        "headstart verify {} --log-key {}",
        file_name(trace),
        visit.desk.config().log_key
    );
    html! {
        p {
            "One file with the leak, the readings, the named copy's opened commitments and the proofs of the log. Anybody "
            "verifies it without this program."
        }
        div class="notice wait" {
            p {
                "It holds the leak, the masters, and the keys of the named one's own copies: hand it only to those who must "
                "judge."
            }
        }
        form method="post" action={ "/investigations/" (trace) "/evidence" } {
            details {
                summary { "For readers who keep earlier checkpoints" }
                (Field::new("since", "Sizes of those checkpoints")
                    .hint("The file then shows that its log grew from each of them. Such as 64 120.")
                    .input("text", "", false))
            }
            p class="buttons" { button type="submit" class="primary" { "Freeze the evidence and download it" } }
        }
        p { "How it is verified:" }
        pre { (command) }
        @if !visit.has(Role::Investigator) { p class="fine" { "As an auditor you get the same file." } }
    }
}
