//! `headstart sites`: the sites of a case and what they can prove, for each artifact and in all.

use desk::Failure;
use flow::meter::percent;
use serde_json::json;
use server::wire::{ArtifactSites, CaseSites, Proves};

use super::Context;
use super::context::id;
use crate::output::{Output, count, folded, grouped, table};
use crate::reach::Reach;

/// How many sites are listed for each artifact before the list is cut; `--json` has all.
const LISTED_MAX: usize = 12;

/// Prints the meter of a case.
pub async fn run(context: &Context, case: &str) -> Result<u8, Failure> {
    let sites = Reach::open(context).await?.sites(&id(case)?).await?;
    context
        .output
        .result(&json!(sites), |out| describe(out, &sites));
    Ok(0)
}

fn describe(out: &Output, case: &CaseSites) -> String {
    let mut text = String::new();
    for one in &case.artifacts {
        text += &format!(
            "{}  {}  {} in {}\n",
            out.strong(&one.file),
            one.kind,
            count(one.sites.len(), "site"),
            words_of(one.words),
        );
        for site in one.sites.iter().take(LISTED_MAX) {
            text += &format!(
                "  {:>4}:{:<4} {:<12} {}\n",
                site.line, site.column, site.carrier, site.label
            );
        }
        if one.sites.len() > LISTED_MAX {
            text += &format!(
                "  and {} more (--json lists all)\n",
                one.sites.len() - LISTED_MAX
            );
        }
        text += &format!("  a leak of all of it {}\n", one.proves.says);
        text += &parts(out, one);
        text.push('\n');
    }
    text += &format!(
        "{}, at a risk to the innocent of {:e}, among {} with {}\n",
        out.strong(&format!("What the sites of {} can prove", case.case)),
        case.innocent_risk,
        count(case.partners as usize, "partner"),
        count(case.seats as usize, "seat"),
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
    for one in &case.shares {
        let whole = &one.proves;
        rows.push(vec![
            format!("{:.0} %", one.share * 100.0),
            format!("{:.1} bits", whole.expected_bits),
            format!("{:.1} bits", needed(whole)),
            percent(whole.partner_named),
            percent(whole.seat_named),
            match whole.coalition_max {
                0 => "nobody can be named".to_owned(),
                1 => "one leaker".to_owned(),
                more => format!("up to {more}"),
            },
        ]);
    }
    text += &table(&rows);
    text += &folded(&case.says, 96, "");
    text
}

/// Bits that naming a partner needs.
fn needed(whole: &Proves) -> f64 {
    whole.needed_bits.unwrap_or(f64::INFINITY)
}

/// What parts of an artifact prove: in words, the weakest words, the functional values, each section.
fn parts(out: &Output, one: &ArtifactSites) -> String {
    let mut text = String::new();
    if let Some(says) = &one.says {
        text += &folded(says, 92, "  ");
    }
    if one.functional_bits > 0.0 {
        text += &format!(
            "  values that do something when it runs: {:.1} bits\n",
            one.functional_bits
        );
    }
    if let Some(window) = &one.weakest_window {
        text += &format!(
            "  {} {}, {:.1} of {:.1} bits: a leak of them {}\n    from word {}: {}\n",
            out.careful(&format!("weakest {} words:", window.words)),
            count(window.sites, "site"),
            window.proves.expected_bits,
            needed(&window.proves),
            window.proves.says,
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
                percent(section.proves.partner_named),
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
