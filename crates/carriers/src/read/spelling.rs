//! In which letters a leak writes the contents of a rule: text or hexadecimal, upper or lower case.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::Found;
use crate::leak::Leak;
use crate::marks::{Carrier, Master, Part};
use crate::text;

/// Characters before a content that must be there too.
const BEFORE_CHARS: usize = 12;

/// The spellings of a rule's contents that the leak shows.
pub(super) fn values(master: &Master, leak: &Leak) -> Vec<Found> {
    let is_spelling = |site: usize| {
        master
            .sites()
            .get(site)
            .is_some_and(|s| s.carrier == Carrier::Encoding)
    };
    if !master
        .sites()
        .iter()
        .any(|s| s.carrier == Carrier::Encoding)
    {
        return Vec::new();
    }
    // Spaces do not survive a formatter.
    let shown: String = leak
        .text
        .text
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let mut seen: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
    let mut before = String::new();
    collect(
        master.parts(),
        &mut before,
        &mut |before, site, wordings| {
            if !is_spelling(site) {
                return;
            }
            for (value, wording) in wordings.iter().enumerate() {
                let needle = format!("{before}{}", bare(wording));
                if shown.contains(&needle) {
                    seen.entry(site).or_default().insert(value as u64);
                }
            }
        },
    );
    seen.into_iter()
        .filter_map(|(site, values)| {
            let shape = master.sites().get(site)?;
            let first = shape.choices.get(usize::try_from(*values.first()?).ok()?)?;
            ((values.len() as u64) < shape.values).then(|| Found {
                site,
                noise: if values.len() == 1 { 0.02 } else { 0.1 },
                seen: super::evidence::shorten(first),
                at: 0,
                values: values.into_iter().collect(),
            })
        })
        .collect()
}

fn bare(text: &str) -> String {
    text::normalise(text)
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect()
}

fn collect(parts: &[Part], before: &mut String, each: &mut impl FnMut(&str, usize, &[String])) {
    for part in parts {
        match part {
            Part::Text(own) => {
                let all = bare(own);
                let skip = all.chars().count().saturating_sub(BEFORE_CHARS);
                *before = all.chars().skip(skip).collect();
            }
            Part::Choice { site, wordings } => {
                each(before, *site, wordings);
                before.clear();
            }
            Part::Value { .. } => before.clear(),
            Part::Shuffle { items, between, .. } => {
                items.iter().chain(between).for_each(|p| {
                    before.clear();
                    collect(p, before, each);
                });
            }
        }
    }
}
