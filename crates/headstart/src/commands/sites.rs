//! `headstart sites`: the sites of a case and what they can prove, for each artifact and in all.

use desk::{Failure, Meter};
use fingerprint::plan::Prospect;
use serde_json::{Value, json};

use super::Context;
use super::context::id;
use crate::output::{Output, count, folded, table};

/// How many sites are listed for each artifact before the list is cut; `--json` has all.
const LISTED_MAX: usize = 12;

/// Prints the meter of a case.
pub async fn run(context: &Context, case: &str) -> Result<u8, Failure> {
    let (desk, key) = context.desk_and_key().await?;
    let known = desk.case(&id(case)?).await?;
    let meter = desk.meter(&known, &key).await?;
    context
        .output
        .result(&document(case, &meter), |out| describe(out, case, &meter));
    Ok(0)
}

fn document(case: &str, meter: &Meter) -> Value {
    let artifacts: Vec<Value> = meter
        .artifacts
        .iter()
        .map(|one| {
            let master = &one.master.master;
            let sites: Vec<Value> = master
                .sites()
                .iter()
                .map(|site| {
                    json!({
                        "line": site.line, "column": site.column,
                        "carrier": site.carrier.to_string(),
                        "values": site.values, "label": site.label,
                    })
                })
                .collect();
            json!({
                "artifact": one.master.artifact.as_str(),
                "kind": one.master.kind.as_str(),
                "file": master.file_name(),
                "sites": sites,
                "proves": prospect(&one.whole),
            })
        })
        .collect();
    let shares: Vec<Value> = meter
        .shares
        .iter()
        .map(|(share, whole)| json!({"share": share, "proves": prospect(whole)}))
        .collect();
    json!({
        "case": case,
        "partners": meter.counts.groups,
        "seats": meter.counts.slots,
        "innocent_risk": meter.bar.innocent_risk,
        "artifacts": artifacts,
        "proves": prospect(&meter.all),
        "shares": shares,
    })
}

fn prospect(whole: &Prospect) -> Value {
    json!({
        "partner_named": whole.group_catch,
        "seat_named": whole.slot_catch,
        "expected_bits": whole.expected_bits,
        "needed_bits": whole.needed_bits,
        "coalition_max": whole.coalition_max,
    })
}

fn describe(out: &Output, case: &str, meter: &Meter) -> String {
    let mut text = String::new();
    for one in &meter.artifacts {
        let master = &one.master.master;
        text += &format!(
            "{}  {}  {}\n",
            out.strong(master.file_name()),
            one.master.kind,
            count(master.sites().len(), "site")
        );
        for site in master.sites().iter().take(LISTED_MAX) {
            text += &format!(
                "  {:>4}:{:<4} {:<12} {}\n",
                site.line,
                site.column,
                site.carrier.to_string(),
                site.label
            );
        }
        if master.sites().len() > LISTED_MAX {
            text += &format!(
                "  and {} more (--json lists all)\n",
                master.sites().len() - LISTED_MAX
            );
        }
        text += &format!("  a leak of all of it {}\n\n", words(&one.whole));
    }
    text += &format!(
        "{}, at a risk to the innocent of {:e}, among {} with {}\n",
        out.strong(&format!("What the sites of {case} can prove")),
        meter.bar.innocent_risk,
        count(meter.counts.groups as usize, "partner"),
        count(meter.counts.slots as usize, "seat"),
    );
    let mut rows = vec![
        [
            "SHARE OF ALL SITES",
            "EXPECTED",
            "NEEDED",
            "PARTNER NAMED",
            "SEAT NAMED",
            "COLLUDERS",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    for (share, whole) in &meter.shares {
        rows.push(vec![
            format!("{:.0} %", share * 100.0),
            format!("{:.1} bits", whole.expected_bits),
            format!("{:.1} bits", whole.needed_bits),
            percent(whole.group_catch),
            percent(whole.slot_catch),
            match whole.coalition_max {
                0 => "nobody can be named".to_owned(),
                1 => "one leaker".to_owned(),
                more => format!("up to {more}"),
            },
        ]);
    }
    text += &table(&rows);
    text += &folded(&summary(meter), 96, "");
    text
}

/// What a leak proves, in words.
fn words(whole: &Prospect) -> String {
    let who = if whole.slot_catch >= 0.99 {
        "names its seat"
    } else if whole.group_catch >= 0.99 {
        "names its partner"
    } else if whole.group_catch >= 0.5 {
        "probably names its partner"
    } else {
        "is not enough to name anybody"
    };
    let chance = if whole.group_catch >= 0.99 {
        String::new()
    } else {
        format!(" (chance {})", percent(whole.group_catch))
    };
    format!("{who}{chance}")
}

fn summary(meter: &Meter) -> String {
    let first = meter
        .shares
        .iter()
        .find(|(_, whole)| whole.group_catch >= 0.99);
    match first {
        Some((share, _)) if *share >= 1.0 => {
            "One leaker is named by the whole, not by less.".to_owned()
        }
        Some((share, _)) => format!(
            "One leaker's partner is named by {:.0} % of the sites; all of them resolve up to {} who pool their copies.",
            share * 100.0,
            meter.all.coalition_max
        ),
        None => format!(
            "Even the whole is not enough: {:.1} bits are expected and {:.1} are needed. Declare more alternatives, or a nonce in a PoC.",
            meter.all.expected_bits, meter.all.needed_bits
        ),
    }
}

fn percent(share: f64) -> String {
    if share > 0.9995 && share < 1.0 {
        "over 99.9 %".to_owned()
    } else {
        format!("{:.1} %", share * 100.0)
    }
}
