//! `headstart wave …`: who gets what when; two people approve; what is due opens.

use std::collections::BTreeMap;

use desk::{Desk, Failure};
use domain::case::{APPROVALS_NEEDED, Case, CaseFact};
use domain::decide::CaseCommand;
use domain::describe::describe_utc;
use domain::ids::{CaseId, PersonName};
use domain::person::Actor;
use domain::plan::WavePlan;
use domain::wave::WaveName;
use serde_json::{Value, json};

use super::Context;
use super::context::id;
use crate::cli::Wave;
use crate::output::{Output, count, table};

/// Runs one of the wave commands.
pub async fn run(context: &Context, command: Wave) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    match command {
        Wave::Plan { case, tiers } => plan(context, &desk, &id(&case)?, &tiers).await?,
        Wave::Show { case } => {
            let known = desk.case(&id(&case)?).await?;
            show(context, &known)?;
        }
        Wave::Approve { case, person } => approve(context, &desk, &id(&case)?, &person).await?,
        Wave::Open { case } => open(context, &desk, &id(&case)?).await?,
    }
    Ok(0)
}

async fn plan(
    context: &Context,
    desk: &Desk,
    case: &CaseId,
    tiers: &[String],
) -> Result<(), Failure> {
    let program = desk.program().await?;
    let offsets = program
        .settings()
        .offsets()
        .with(tiers.iter().map(String::as_str))
        .map_err(Failure::from_refusal)?;
    desk.command(case, CaseCommand::PlanWaves(offsets), &Actor::Desk)
        .await?;
    show(context, &desk.case(case).await?)
}

fn show(context: &Context, case: &Case) -> Result<(), Failure> {
    let plan = case.plan().ok_or_else(|| {
        Failure::usage(
            "not-planned",
            format!("the waves of {} are not planned", case.id()),
        )
        .hint(format!("headstart wave plan {}", case.id()))
    })?;
    context
        .output
        .result(&document(case, plan), |out| describe(out, case, plan));
    Ok(())
}

fn document(case: &Case, plan: &WavePlan) -> Value {
    let waves: Vec<Value> = plan
        .rows()
        .iter()
        .map(|row| {
            json!({
                "wave": row.wave.as_str(),
                "opens_at": row.opens_at.map(|at| at.to_string()),
                "kinds": row.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
                "partners": row.partners.iter().map(|p| p.as_str()).collect::<Vec<_>>(),
                "seats": row.seats.iter().map(|s| s.as_str()).collect::<Vec<_>>(),
            })
        })
        .collect();
    let exceptions: Vec<Value> = plan
        .exceptions
        .iter()
        .map(|e| {
            json!({"seat": e.seat.as_str(), "partner": e.partner.as_str(), "kind": e.kind.as_str(), "rule": e.rule, "reason": e.reason})
        })
        .collect();
    json!({
        "case": case.id().as_str(),
        "release": plan.release.map(|release| release.to_string()),
        "tlp": plan.tlp.to_string(),
        "waves": waves,
        "exceptions": exceptions,
        "approvals": case.approvals().iter().map(|a| a.person.to_string()).collect::<Vec<_>>(),
        "approved": case.is_approved(),
        "pressed": case.is_pressed(),
        "digest": plan.digest().to_string(),
    })
}

pub fn describe(out: &Output, case: &Case, plan: &WavePlan) -> String {
    let release = plan.release.map_or("not set".to_owned(), describe_utc);
    let mut text = format!(
        "{}  {}  release {release}\n\n",
        out.strong(case.id().as_str()),
        plan.tlp
    );
    let mut rows = vec![
        ["WAVE", "OPENS", "PARTNERS", "SEATS", "GETS"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for row in plan.rows() {
        let kinds: Vec<&str> = row.kinds.iter().map(|kind| kind.as_str()).collect();
        rows.push(vec![
            row.wave.to_string(),
            row.opens_at.map_or("no release".to_owned(), describe_utc),
            row.partners.len().to_string(),
            row.seats.len().to_string(),
            if kinds.is_empty() {
                "-".to_owned()
            } else {
                kinds.join(" ")
            },
        ]);
    }
    text += &table(&rows);
    text += &exceptions(plan);
    let names: Vec<String> = case
        .approvals()
        .iter()
        .map(|a| a.person.to_string())
        .collect();
    text += &format!(
        "\napproved by {} of {APPROVALS_NEEDED}{}\n",
        names.len(),
        if names.is_empty() {
            String::new()
        } else {
            format!(": {}", names.join(", "))
        }
    );
    if !case.is_approved() {
        text += &format!("Next: headstart wave approve {} --as PERSON\n", case.id());
    } else if !case.is_pressed() {
        text += &format!("Next: headstart press {}\n", case.id());
    }
    text
}

/// Who does not get what, and by which rule: one line a rule and kind.
fn exceptions(plan: &WavePlan) -> String {
    let mut by_rule: BTreeMap<(&str, &str), (Vec<&str>, &str)> = BTreeMap::new();
    for exception in &plan.exceptions {
        let entry = by_rule
            .entry((&exception.rule, exception.kind.as_str()))
            .or_insert_with(|| (Vec::new(), &exception.reason));
        if !entry.0.contains(&exception.partner.as_str()) {
            entry.0.push(exception.partner.as_str());
        }
    }
    let mut text = String::new();
    for ((rule, kind), (partners, reason)) in by_rule {
        let mut who = partners[..partners.len().min(6)].join(", ");
        if partners.len() > 6 {
            who += &format!(" and {} more", partners.len() - 6);
        }
        text += &format!("\nno {kind} for {who}\n  rule {rule}: {reason}\n");
    }
    text
}

async fn approve(
    context: &Context,
    desk: &Desk,
    case: &CaseId,
    person: &str,
) -> Result<(), Failure> {
    let person = PersonName::parse(person).map_err(Failure::from_refusal)?;
    let plan = desk.case(case).await?.plan_digest();
    let command = CaseCommand::Approve {
        person: person.clone(),
        plan,
    };
    desk.command(case, command, &Actor::Person(person.clone()))
        .await?;
    let known = desk.case(case).await?;
    let names: Vec<String> = known
        .approvals()
        .iter()
        .map(|a| a.person.to_string())
        .collect();
    let document = json!({
        "case": case.as_str(),
        "approvals": names,
        "approved": known.is_approved(),
    });
    context.output.result(&document, |_| {
        let next = if !known.is_approved() {
            format!("Next: headstart wave approve {case} --as ANOTHER-PERSON\n")
        } else if !known.is_pressed() {
            format!("Next: headstart press {case}\n")
        } else {
            format!("Next: headstart wave open {case}\n")
        };
        format!(
            "{person} approved the waves of {case} ({} of {APPROVALS_NEEDED})\n{next}",
            names.len()
        )
    });
    Ok(())
}

async fn open(context: &Context, desk: &Desk, case: &CaseId) -> Result<(), Failure> {
    let events = desk
        .command(case, CaseCommand::OpenWaves, &Actor::Desk)
        .await?;
    let known = desk.case(case).await?;
    let opened: Vec<(WaveName, Vec<String>)> = events
        .iter()
        .filter_map(|event| match &event.fact {
            CaseFact::WaveOpened { wave, seats, .. } => {
                Some((*wave, seats.iter().map(ToString::to_string).collect()))
            }
            _ => None,
        })
        .collect();
    let next = known.plan().and_then(|plan| {
        let rows = plan.rows();
        let mut times: Vec<_> = rows
            .iter()
            .filter_map(|row| Some((row.opens_at?, row.wave)))
            .filter(|(at, _)| *at > desk.now())
            .collect();
        times.sort();
        times.first().copied()
    });
    let document = json!({
        "case": case.as_str(),
        "opened": opened.iter().map(|(wave, seats)| json!({"wave": wave.as_str(), "seats": seats})).collect::<Vec<_>>(),
        "next": next.map(|(at, wave)| json!({"wave": wave.as_str(), "opens_at": at.to_string()})),
        "state": known.stage().as_str(),
    });
    context.output.result(&document, |_| {
        let mut text = String::new();
        for (wave, seats) in &opened {
            text += &format!("wave {wave} is open for {}\n", count(seats.len(), "seat"));
        }
        if opened.is_empty() {
            text += "nothing is due\n";
        }
        if let Some((at, wave)) = next {
            text += &format!("next: {wave}, {}\n", describe_utc(at));
        }
        text
    });
    Ok(())
}
