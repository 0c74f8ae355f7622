//! The parts of a leak that concern a program or a rule, and what is found in them without alignment.

use std::collections::BTreeSet;

use crate::find::{Source, context_tokens};
use crate::leak::{Leak, View};
use crate::marks::Master;
use crate::text;

/// Names in common with the master before a leak is taken to concern it.
const NAMES_MIN: usize = 2;

/// What was found for one site.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) site: usize,
    /// Sorted, no duplicates, not empty.
    pub(super) values: Vec<u64>,
    pub(super) noise: f64,
    pub(super) seen: String,
    pub(super) at: usize,
}

/// The parts of a leak that concern a master.
pub(super) struct Evidence {
    wire: View,
    text: View,
}

/// The names by which requests and copies of this master are known, of all its alternatives.
fn names(master: &Master) -> BTreeSet<u32> {
    let widest = master
        .sites()
        .iter()
        .map(|s| s.choices.len() as u64)
        .max()
        .unwrap_or(1);
    let mut out = BTreeSet::new();
    for variant in 0..widest.clamp(1, 8) {
        let symbols: Vec<u64> = master
            .sites()
            .iter()
            .map(|s| {
                if s.choices.is_empty() {
                    0
                } else {
                    variant % s.values
                }
            })
            .collect();
        if let Ok(copy) = master.shown(&symbols) {
            let normal = text::normalise(&copy);
            out.extend(
                context_tokens(&normal, Source::Master)
                    .into_iter()
                    .map(|t| t.0),
            );
        }
    }
    out
}

impl Evidence {
    /// `None` when nothing in the leak shows that it concerns the master.
    pub(super) fn of(master: &Master, leak: &Leak, is_aligned: bool) -> Option<Evidence> {
        let names = names(master);
        let known = |text: &str, source: Source| -> BTreeSet<u32> {
            context_tokens(text, source)
                .into_iter()
                .map(|t| t.0)
                .filter(|h| names.contains(h))
                .collect()
        };
        // Records of requests that share a name with the master.
        let mut wire = String::new();
        let mut shared = BTreeSet::new();
        let records: Vec<(&str, BTreeSet<u32>)> = leak
            .wire
            .text
            .split("\n\n")
            .map(|record| (record, known(record, Source::Wire)))
            .collect();
        // Ordinary traffic of the same product shares a name or two; the artifact's own shares many.
        let most = records.iter().map(|r| r.1.len()).max().unwrap_or(0);
        for (record, own) in records {
            if !own.is_empty() && own.len() * 2 > most {
                wire.push_str(record);
                wire.push_str("\n\n");
                shared.extend(own);
            }
        }
        if shared.len() < NAMES_MIN {
            wire.clear();
        }
        let in_text = is_aligned || known(&leak.text.text, Source::Text).len() >= NAMES_MIN;
        if wire.is_empty() && !in_text {
            return None;
        }
        Some(Evidence {
            wire: View {
                tokens: text::tokens(&wire),
                text: wire,
            },
            text: if in_text {
                leak.text.clone()
            } else {
                View::default()
            },
        })
    }

    /// The requests.
    pub(super) fn wire(&self) -> &View {
        &self.wire
    }

    pub(super) fn views(&self) -> [&View; 2] {
        [&self.wire, &self.text]
    }
}

pub(super) fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(39).chain(['…']).collect()
}
