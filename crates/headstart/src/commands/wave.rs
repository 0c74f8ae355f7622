//! `headstart wave …`: who gets what when; two people approve; what is due opens.

use std::collections::BTreeMap;

use desk::Failure;
use domain::case::APPROVALS_NEEDED;
use serde_json::{Value, json};
use server::wire::{JustOpened, Waves};

use super::Context;
use super::context::id;
use crate::cli::Wave;
use crate::output::{Output, count, table, utc};
use crate::reach::Reach;

/// Runs one of the wave commands.
pub async fn run(context: &Context, command: Wave) -> Result<u8, Failure> {
    let reach = Reach::open(context).await?;
    match command {
        Wave::Plan { case, tiers } => {
            show(context, &reach.plan_waves(&id(&case)?, &tiers).await?);
        }
        Wave::Show { case } => show(context, &reach.waves(&id(&case)?).await?),
        Wave::Approve { case, person } => {
            let (person, waves) = reach.approve_waves(&id(&case)?, &person).await?;
            approved(context, &person, &waves);
        }
        Wave::Open { case } => opened(context, &reach.open_waves(&id(&case)?).await?),
    }
    Ok(0)
}

fn show(context: &Context, waves: &Waves) {
    context
        .output
        .result(&document(waves), |out| describe(out, waves));
}

fn document(waves: &Waves) -> Value {
    json!({
        "case": waves.case,
        "release": waves.release,
        "tlp": waves.tlp,
        "waves": waves.waves,
        "exceptions": waves.exceptions,
        "approvals": waves.approvals,
        "approved": waves.approved,
        "pressed": waves.pressed,
        "digest": waves.plan,
    })
}

pub fn describe(out: &Output, waves: &Waves) -> String {
    let release = waves.release.as_deref().map_or("not set".to_owned(), utc);
    let mut text = format!(
        "{}  {}  release {release}\n\n",
        out.strong(&waves.case),
        waves.tlp
    );
    let mut rows = vec![
        ["WAVE", "OPENS", "PARTNERS", "SEATS", "GETS"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for row in &waves.waves {
        rows.push(vec![
            row.wave.clone(),
            row.opens_at.as_deref().map_or("no release".to_owned(), utc),
            row.partners.len().to_string(),
            row.seats.len().to_string(),
            if row.kinds.is_empty() {
                "-".to_owned()
            } else {
                row.kinds.join(" ")
            },
        ]);
    }
    text += &table(&rows);
    text += &exceptions(waves);
    let names = &waves.approvals;
    text += &format!(
        "\napproved by {} of {APPROVALS_NEEDED}{}\n",
        names.len(),
        if names.is_empty() {
            String::new()
        } else {
            format!(": {}", names.join(", "))
        }
    );
    if !waves.approved {
        text += &format!("Next: headstart wave approve {} --as PERSON\n", waves.case);
    } else if !waves.pressed {
        text += &format!("Next: headstart press {}\n", waves.case);
    }
    text
}

/// Who does not get what, and by which rule: one line a rule and kind.
fn exceptions(waves: &Waves) -> String {
    let mut by_rule: BTreeMap<(&str, &str), (Vec<&str>, &str)> = BTreeMap::new();
    for exception in &waves.exceptions {
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

fn approved(context: &Context, person: &str, waves: &Waves) {
    let case = &waves.case;
    let document = json!({
        "case": case,
        "approvals": waves.approvals,
        "approved": waves.approved,
    });
    context.output.result(&document, |_| {
        let next = if !waves.approved {
            format!("Next: headstart wave approve {case} --as ANOTHER-PERSON\n")
        } else if !waves.pressed {
            format!("Next: headstart press {case}\n")
        } else {
            format!("Next: headstart wave open {case}\n")
        };
        format!(
            "{person} approved the waves of {case} ({} of {APPROVALS_NEEDED})\n{next}",
            waves.approvals.len()
        )
    });
}

fn opened(context: &Context, just: &JustOpened) {
    let document = json!({
        "case": just.case,
        "opened": just.opened,
        "next": just.next,
        "state": just.stage,
    });
    context.output.result(&document, |_| {
        let mut text = String::new();
        for one in &just.opened {
            text += &format!(
                "wave {} is open for {}\n",
                one.wave,
                count(one.seats.len(), "seat")
            );
        }
        if just.opened.is_empty() {
            text += "nothing is due\n";
        }
        if let Some(next) = &just.next {
            text += &format!("next: {}, {}\n", next.wave, utc(&next.opens_at));
        }
        text
    });
}
