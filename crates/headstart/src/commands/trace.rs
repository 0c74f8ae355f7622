//! `headstart trace`: read a leak, and say whose copy it was, or that it does not prove enough.

use desk::{Ask, Failure, Traced, TracedArtifact};
use domain::person::Actor;
use fingerprint::Reading;
use flow::testify::LIMITS;
use flow::trace::{ArtifactReadings, Candidate, Verdict, Word};

use super::Context;
use super::context::{id, timestamp};
use super::leak;
use crate::cli::Trace;
use crate::output::{Output, count, folded, one_in, table};

/// Traces a leak: exit 0 when it names somebody, 1 when it withholds or is of no case.
pub async fn run(context: &Context, arguments: &Trace) -> Result<u8, Failure> {
    let leak = leak::read(&arguments.files)?;
    let case = arguments.case.as_deref().map(id).transpose()?;
    let seen_at = arguments.seen.as_deref().map(timestamp).transpose()?;
    let (desk, key) = context.desk_and_key().await?;
    let ask = Ask {
        files: &leak.files,
        case: case.as_ref(),
        seen_at,
        by: &Actor::Desk,
    };
    let traced = desk.trace_watched(&key, &ask, &|_, _| {}).await?;
    let mut document = traced.to_json();
    let (files, skipped) = leak::to_json(&leak);
    document["files"] = files;
    document["skipped"] = skipped;
    context.output.result(&document, |out| {
        describe(out, &traced, &leak::describe(out, &leak))
    });
    let accuses = traced
        .verdict
        .as_ref()
        .is_some_and(|verdict| verdict.word == Word::Accuse);
    Ok(u8::from(!accuses))
}

/// The answer for people; `handed_in` says what the leak is.
fn describe(out: &Output, traced: &Traced, handed_in: &str) -> String {
    let Some(verdict) = &traced.verdict else {
        return format!(
            "{}  no case\n\n{}{handed_in}",
            out.strong(traced.trace.as_str()),
            folded(
                &format!(
                    "The leak ({}) is like nothing that was given out in any case.",
                    count(traced.words, "word")
                ),
                96,
                ""
            )
        );
    };
    let mut text = format!(
        "{}  case {}  {}\n\n",
        out.strong(traced.trace.as_str()),
        verdict.case,
        heading(out, verdict.word)
    );
    for accused in &verdict.accused {
        text += &named(out, accused);
    }
    if let Some(reason) = &verdict.reason {
        text += &folded(&format!("{}.", sentence(reason)), 96, "");
    }
    text += &leads(verdict);
    text += handed_in;
    text += "\nWhat was read\n";
    text += &what_was_read(traced, verdict);
    text += &numbers(traced, verdict);
    text += &needed(verdict);
    if verdict.word == Word::Accuse {
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

fn heading(out: &Output, word: Word) -> String {
    match word {
        Word::Accuse => out.bad("ACCUSE"),
        Word::Withhold => out.careful("WITHHOLD"),
        Word::NoCase => out.quiet("NO CASE"),
    }
}

fn named(out: &Output, accused: &Candidate) -> String {
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
        accused.finding.innocent_risk,
        one_in(accused.finding.innocent_risk),
        accused.finding.evidence_bits,
    )
}

fn leads(verdict: &Verdict) -> String {
    if verdict.leads.is_empty() {
        return String::new();
    }
    let mut text = "\nLeads, which nobody may call accused\n".to_owned();
    for lead in &verdict.leads {
        let who = lead.seat.as_ref().map_or_else(
            || lead.partner.to_string(),
            |seat| format!("{} ({seat})", lead.partner),
        );
        text += &format!(
            "  {who}: risk {:.1e}, above the bar of {:e}\n",
            lead.finding.innocent_risk, verdict.bar.innocent_risk
        );
    }
    text
}

fn what_was_read(traced: &Traced, verdict: &Verdict) -> String {
    let mut rows = Vec::new();
    for (artifact, master) in verdict.readings.artifacts.iter().zip(&traced.artifacts) {
        let seen: Vec<String> = artifact
            .sites
            .iter()
            .filter_map(|site| site.seen.clone())
            .take(4)
            .map(|seen| format!("`{seen}`"))
            .collect();
        rows.push(vec![
            format!("  {}", master.file_name),
            format!("{} of {} sites", artifact.read(), artifact.sites.len()),
            lines_read(artifact, master),
            seen.join(" "),
        ]);
    }
    table(&rows)
}

/// Between which lines of the master the sites stand that were read.
fn lines_read(artifact: &ArtifactReadings, master: &TracedArtifact) -> String {
    let lines = artifact
        .sites
        .iter()
        .zip(&master.places)
        .filter(|(site, _)| !matches!(site.reading, Reading::Erased))
        .map(|(_, place)| place.0);
    match (lines.clone().min(), lines.max()) {
        (Some(first), Some(last)) if first == last => format!("line {first}"),
        (Some(first), Some(last)) => format!("lines {first} to {last}"),
        _ => String::new(),
    }
}

fn numbers(traced: &Traced, verdict: &Verdict) -> String {
    let engine = &verdict.engine;
    let cases = if traced.cases_tried == 1 {
        String::new()
    } else {
        format!(
            ", corrected for {} cases that were tried",
            traced.cases_tried
        )
    };
    format!(
        "\nWhat that can prove\n  \
         naming a partner takes {:.1} bits, {:.1} can be read; naming a seat takes {:.1}, {:.1} can be read\n  \
         bar {:e}{cases}; resolves {}\n",
        engine.group.needed_bits,
        engine.group.available_bits,
        engine.slot.needed_bits,
        engine.slot.available_bits,
        verdict.bar.innocent_risk,
        match engine.coalition_max {
            0 => "nobody".to_owned(),
            1 => "one leaker, not several who pool their copies".to_owned(),
            more => format!("up to {more} who pool their copies"),
        }
    )
}

fn needed(verdict: &Verdict) -> String {
    let engine = &verdict.engine;
    if verdict.word == Word::Accuse || engine.group.is_answerable() {
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
