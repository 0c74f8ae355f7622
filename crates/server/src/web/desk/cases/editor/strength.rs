//! What the marks can prove, in words: in all, by section, in the weakest hundred words.

use carriers::Master;
use desk::DraftText;
use domain::case::Case;
use flow::meter::{ArtifactMeter, Meter, in_words, percent};
use maud::{Markup, html};

use crate::web::parts::{count, facts, sentence, table};
use crate::{Problem, Visit};

/// The view.
pub async fn draw(
    visit: &Visit,
    case: &Case,
    text: &DraftText,
    master: &Master,
) -> Result<Markup, Problem> {
    if master.sites().is_empty() {
        return Ok(html! { p { "There is no mark yet, so a leak of it proves nothing." } });
    }
    let (desk, case, text, master, key) = (
        visit.desk.clone(),
        case.clone(),
        text.clone(),
        master.clone(),
        visit.key()?,
    );
    let artifact = text.replaces.clone();
    let artifact = artifact.unwrap_or_else(|| case.next_artifact());
    let meter = crate::jobs::apart(async move {
        Ok(match case.is_pressed() {
            true => desk.meter(&case, &key).await?,
            false => desk.meter_with(&case, &text, master, &key).await?,
        })
    })
    .await?;
    let own = meter
        .artifacts
        .iter()
        .find(|one| one.master.artifact == artifact);
    Ok(html! {
        p class="fine" {
            "For " (count(meter.counts.groups as usize, "partner")) " with " (count(meter.counts.slots as usize, "seat"))
            ", at a risk to the innocent of " (format!("{:e}", meter.bar.innocent_risk)) ". The chances are lower bounds."
        }
        @if let Some(own) = own { (alone(own)) }
        (whole(&meter))
    })
}

/// This artifact alone.
fn alone(own: &ArtifactMeter) -> Markup {
    let mut rows = vec![(
        "A leak of all of it",
        html! { (sentence(&in_words(&own.whole))) " "
        (format!("{:.1} bits are expected, {:.1} are needed.", own.whole.expected_bits, own.whole.needed_bits)) },
    )];
    if let Some(says) = own.in_words() {
        rows.push(("A part of it", html! { (says) }));
    }
    if let Some(window) = &own.weakest {
        rows.push((
            "Weakest hundred words",
            html! {
                "From word " (window.first_word + 1) ", “" (window.begins) " …”: "
                (count(window.sites, "mark")) ", " (format!("{:.1}", window.proves.expected_bits)) " of "
                (format!("{:.1}", window.proves.needed_bits)) " bits. A leak of them " (in_words(&window.proves)) "."
            },
        ));
    }
    rows.push((
        "Values that do something when it runs",
        html! { @if own.functional_bits > 0.0 { (format!("{:.1} bits", own.functional_bits)) } @else { "none" } },
    ));
    let sections: Vec<_> = own
        .sections
        .iter()
        .map(|section| {
            vec![
                html! { (section.title) },
                html! { (section.words) },
                html! { (section.sites) },
                html! { (format!("{:.1}", section.proves.expected_bits)) },
                html! { (percent(section.proves.group_catch)) },
            ]
        })
        .collect();
    html! {
        h2 { "This artifact alone" }
        (facts(&rows))
        @if sections.len() > 1 {
            (table("Each section alone", &["Section", "Words", "Marks", "Bits expected", "Chance that a partner is named"], &sections))
        }
    }
}

/// The case with it.
fn whole(meter: &Meter) -> Markup {
    let rows: Vec<_> = meter
        .shares
        .iter()
        .map(|(share, whole)| {
            vec![
                html! { (format!("{:.0} %", share * 100.0)) },
                html! { (format!("{:.1}", whole.expected_bits)) },
                html! { (format!("{:.1}", whole.needed_bits)) },
                html! { (percent(whole.group_catch)) },
                html! { (percent(whole.slot_catch)) },
                html! { @match whole.coalition_max {
                    0 => "nobody can be named",
                    1 => "one leaker",
                    more => { "up to " (more) },
                } },
            ]
        })
        .collect();
    html! {
        h2 { "The whole case" }
        p { (meter.in_words()) }
        (table(
            "What a leak of a share of all marks proves",
            &["Share of all marks", "Bits expected", "Bits needed", "Partner named", "Seat named", "Colluders resolved"],
            &rows,
        ))
    }
}
