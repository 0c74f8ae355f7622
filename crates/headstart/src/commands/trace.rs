//! `headstart trace`: read a leak, and say whose copy it was, or that it does not prove enough.

use desk::Failure;
use flow::testify::LIMITS;
use serde_json::json;
use server::wire::{ArtifactRead, TraceAnswer, TraceCandidate, TraceQuestion};

use super::Context;
use super::context::{id, timestamp};
use super::leak;
use crate::cli::Trace;
use crate::output::{Output, count, folded, one_in, table};
use crate::reach::Reach;

/// The verdict that names somebody.
const ACCUSE: &str = "accuse";

/// Traces a leak: exit 0 when it names somebody, 1 when it withholds or is of no case.
pub async fn run(context: &Context, arguments: &Trace) -> Result<u8, Failure> {
    let case = arguments.case.as_deref().map(id).transpose()?;
    let seen_at = arguments.seen.as_deref().map(timestamp).transpose()?;
    let reach = Reach::open(context).await?;
    let files = &arguments.files;
    let traced = reach
        .trace(files, case.as_ref(), seen_at, &context.output)
        .await?;
    context
        .output
        .result(&json!(traced), |out| describe(out, &traced));
    Ok(u8::from(traced.verdict != ACCUSE))
}

/// The answer for people.
fn describe(out: &Output, traced: &TraceAnswer) -> String {
    let handed_in = leak::describe(out, &traced.files, &traced.skipped);
    let Some(case) = &traced.case else {
        return format!(
            "{}  no case\n\n{}{handed_in}",
            out.strong(&traced.trace),
            folded(
                &format!(
                    "The leak ({}) is like nothing that was given out in any case.",
                    count(traced.words as usize, "word")
                ),
                96,
                ""
            )
        );
    };
    let mut text = format!(
        "{}  case {case}  {}\n\n",
        out.strong(&traced.trace),
        heading(out, &traced.verdict)
    );
    for accused in &traced.accused {
        text += &named(out, accused);
    }
    if let Some(reason) = &traced.reason {
        text += &folded(&format!("{}.", sentence(reason)), 96, "");
    }
    text += &leads(traced);
    text += &handed_in;
    text += "\nWhat was read\n";
    text += &what_was_read(traced);
    text += &numbers(traced);
    text += &needed(traced);
    if traced.verdict == ACCUSE {
        text += "\nWhat it does not prove\n";
        for limit in LIMITS {
            let body = folded(limit, 92, "    ");
            text += &format!("  - {}", body.trim_start());
        }
        text += &format!(
            "\nNext: headstart evidence {} --out evidence.json\n",
            traced.trace
        );
    }
    text
}

fn heading(out: &Output, verdict: &str) -> String {
    match verdict {
        ACCUSE => out.bad("ACCUSE"),
        "withhold" => out.careful("WITHHOLD"),
        _ => out.quiet("NO CASE"),
    }
}

fn named(out: &Output, accused: &TraceCandidate) -> String {
    let who = accused.seat.as_ref().map_or_else(
        || {
            format!(
                "a copy of partner {} (which of its seats is not proved)",
                accused.partner
            )
        },
        |seat| format!("the copy of seat {seat}, partner {}", accused.partner),
    );
    format!(
        "  {}\n  risk that this names somebody innocent: {:.1e} ({}); evidence {:.1} bits\n",
        out.strong(&sentence(&who)),
        accused.innocent_risk,
        one_in(accused.innocent_risk),
        accused.evidence_bits,
    )
}

/// The bar for an accusation.
fn bar(traced: &TraceAnswer) -> f64 {
    traced.bar.as_ref().map_or(0.0, |bar| bar.innocent_risk)
}

fn leads(traced: &TraceAnswer) -> String {
    if traced.leads.is_empty() {
        return String::new();
    }
    let mut text = "\nLeads, which nobody may call accused\n".to_owned();
    for lead in &traced.leads {
        let who = lead.seat.as_ref().map_or_else(
            || lead.partner.clone(),
            |seat| format!("{} ({seat})", lead.partner),
        );
        text += &format!(
            "  {who}: risk {:.1e}, above the bar of {:e}\n",
            lead.innocent_risk,
            bar(traced)
        );
    }
    text
}

fn what_was_read(traced: &TraceAnswer) -> String {
    let mut rows = Vec::new();
    for artifact in &traced.artifacts {
        let seen: Vec<String> = artifact
            .readings
            .iter()
            .filter_map(|site| site.seen.clone())
            .take(4)
            .map(|seen| format!("`{seen}`"))
            .collect();
        rows.push(vec![
            format!("  {}", artifact.file),
            format!("{} of {} sites", artifact.read, artifact.total),
            lines_read(artifact),
            seen.join(" "),
        ]);
    }
    table(&rows)
}

/// Between which lines of the master the sites stand that were read.
fn lines_read(artifact: &ArtifactRead) -> String {
    let lines = artifact.readings.iter().map(|site| site.line);
    match (lines.clone().min(), lines.max()) {
        (Some(first), Some(last)) if first == last => format!("line {first}"),
        (Some(first), Some(last)) => format!("lines {first} to {last}"),
        _ => String::new(),
    }
}

fn numbers(traced: &TraceAnswer) -> String {
    let cases = if traced.cases_tried == 1 {
        String::new()
    } else {
        format!(
            ", corrected for {} cases that were tried",
            traced.cases_tried
        )
    };
    let bits = |question: &Option<TraceQuestion>| {
        let question = question.as_ref();
        (
            question
                .and_then(|own| own.needed_bits)
                .unwrap_or(f64::INFINITY),
            question.map_or(0.0, |own| own.available_bits),
        )
    };
    let (partner, seat) = (bits(&traced.partner_question), bits(&traced.seat_question));
    format!(
        "\nWhat that can prove\n  \
         naming a partner takes {:.1} bits, {:.1} can be read; naming a seat takes {:.1}, {:.1} can be read\n  \
         bar {:e}{cases}; resolves {}\n",
        partner.0,
        partner.1,
        seat.0,
        seat.1,
        bar(traced),
        match traced.coalition_max {
            0 => "nobody".to_owned(),
            1 => "one leaker, not several who pool their copies".to_owned(),
            more => format!("up to {more} who pool their copies"),
        }
    )
}

fn needed(traced: &TraceAnswer) -> String {
    let is_answerable = traced.partner_question.as_ref().is_some_and(|own| {
        let needed = own.needed_bits;
        needed.is_some_and(|needed| own.available_bits >= needed)
    });
    if traced.verdict == ACCUSE || is_answerable {
        return String::new();
    }
    "\nWhat would be needed\n  a longer part of the same leak, another artifact of it, or requests that carry the PoC's values\n"
        .to_owned()
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + characters.as_str()
    })
}
