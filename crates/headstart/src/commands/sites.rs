//! `headstart sites`: the sites of a case and what they can prove, for each artifact and in all.

use desk::Failure;
use fingerprint::plan::Prospect;
use flow::meter::{ArtifactMeter, Meter, in_words, percent};
use serde_json::{Value, json};

use super::Context;
use super::context::id;
use crate::output::{Output, count, folded, grouped, table};

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
                "words": one.words,
                "sites": sites,
                "proves": prospect(&one.whole),
                "functional_bits": one.functional_bits,
                "sections": one.sections.iter().map(|section| json!({
                    "title": section.title, "words": section.words, "sites": section.sites,
                    "proves": prospect(&section.proves),
                })).collect::<Vec<_>>(),
                "weakest_window": one.weakest.as_ref().map(|window| json!({
                    "first_word": window.first_word, "words": window.words, "begins": window.begins,
                    "sites": window.sites, "proves": prospect(&window.proves),
                })),
                "parts": one.parts.iter().map(|(share, part)| json!({"share": share, "proves": prospect(part)}))
                    .collect::<Vec<_>>(),
                "says": one.in_words(),
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
            "{}  {}  {} in {}\n",
            out.strong(master.file_name()),
            one.master.kind,
            count(master.sites().len(), "site"),
            words_of(one.words),
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
        text += &format!("  a leak of all of it {}\n", in_words(&one.whole));
        text += &parts(out, one);
        text.push('\n');
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
    text += &folded(&meter.in_words(), 96, "");
    text
}

/// What parts of an artifact prove: in words, the weakest words, the functional values, each section.
fn parts(out: &Output, one: &ArtifactMeter) -> String {
    let mut text = String::new();
    if let Some(says) = one.in_words() {
        text += &folded(&says, 92, "  ");
    }
    if one.functional_bits > 0.0 {
        text += &format!(
            "  values that do something when it runs: {:.1} bits\n",
            one.functional_bits
        );
    }
    if let Some(window) = &one.weakest {
        text += &format!(
            "  {} {}, {:.1} of {:.1} bits: a leak of them {}\n    from word {}: {}\n",
            out.careful(&format!("weakest {} words:", window.words)),
            count(window.sites, "site"),
            window.proves.expected_bits,
            window.proves.needed_bits,
            in_words(&window.proves),
            window.first_word + 1,
            out.quiet(&format!("{} …", window.begins)),
        );
    }
    if one.sections.len() > 1 {
        let mut rows = vec![
            ["  SECTION", "WORDS", "SITES", "EXPECTED", "PARTNER NAMED"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for section in &one.sections {
            let title: String = section.title.chars().take(40).collect();
            rows.push(vec![
                format!("  {title}"),
                section.words.to_string(),
                section.sites.to_string(),
                format!("{:.1} bits", section.proves.expected_bits),
                percent(section.proves.group_catch),
            ]);
        }
        text += &table(&rows);
    }
    text
}

fn words_of(number: usize) -> String {
    if number == 1 {
        "1 word".to_owned()
    } else {
        format!("{} words", grouped(number as u64))
    }
}
