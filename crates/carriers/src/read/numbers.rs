//! Nonces and integers, as requests and renamed programs show them.
//!
//! What a leak shows is listed once, by the name that it is known by and by its size; each site then looks its own
//! values up. Time grows with sites plus words of the leak, not with their product.

use std::collections::BTreeSet;

use super::dag::{Dag, Element, Wild};
use super::evidence::{Evidence, Found, shorten};
use super::integers::Integers;
use super::keys::{Keys, Names};
use super::nonces::Nonces;
use crate::marks::values::ValueForm;

/// A value that a leak shows for a literal.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) symbols: Vec<u64>,
    pub(super) at: usize,
    pub(super) text: String,
}

/// What the candidates of one literal come to.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    /// (place of the site in the literal, its values)
    values: Vec<(usize, BTreeSet<u64>)>,
    noise: f64,
    seen: String,
    at: usize,
}

/// All values of nonces and integers that the evidence shows.
pub(super) fn values(dag: &Dag, evidence: &Evidence, names: &mut Names) -> Vec<Found> {
    counted(dag, evidence, names).0
}

/// The values, and how many candidates were looked at.
pub(super) fn counted(dag: &Dag, evidence: &Evidence, names: &mut Names) -> (Vec<Found>, usize) {
    let wilds: Vec<(&Wild, Keys)> = dag
        .elements
        .iter()
        .enumerate()
        .filter_map(|(element, step)| match step {
            // Moments are several words: `moments` reads them.
            Element::Wild(wild) if !matches!(wild.form, ValueForm::Time(_)) => {
                Some((wild, names.keys(element)))
            }
            _ => None,
        })
        .collect();
    if wilds.is_empty() {
        return (Vec::new(), 0);
    }
    let mut nonces = Nonces::of(&wilds, evidence);
    let mut integers = Integers::of(&wilds, evidence);
    let mut out = Vec::new();
    for (wild, keys) in &wilds {
        let choice = match wild.form {
            ValueForm::Nonce { .. } => nonces.choice(wild, keys),
            ValueForm::Integer { low, high, .. } => integers.choice(low, high, keys),
            ValueForm::Time(_) => None,
        };
        if let Some(choice) = choice {
            out.extend(choice.values.into_iter().map(|(place, values)| Found {
                site: wild.site + place,
                values: values.into_iter().collect(),
                noise: choice.noise,
                seen: choice.seen.clone(),
                at: choice.at,
            }));
        }
    }
    (out, nonces.looks() + integers.looks())
}

/// One value by its key, or the set of all. `used`: in the order of the leak, at most one for each value,
/// and more than `most` for too many.
pub(super) fn choose(
    form: &ValueForm,
    used: &[&Candidate],
    keyed: bool,
    most: usize,
) -> Option<Choice> {
    let first = used.first().filter(|_| used.len() <= most)?;
    let seen = match used.len() {
        1 => shorten(&first.text),
        n => format!("{} and {} more", shorten(&first.text), n - 1),
    };
    let noise = match (keyed, used.len()) {
        (true, 1) => 0.02,
        (true, _) => 0.1,
        (false, _) => 0.2,
    };
    let mut values = Vec::new();
    for (place, size) in form.site_values().into_iter().enumerate() {
        let own: BTreeSet<u64> = used
            .iter()
            .filter_map(|c| c.symbols.get(place).copied())
            .collect();
        if own.len() as u64 <= size / 4 {
            values.push((place, own));
        }
    }
    Some(Choice {
        values,
        noise,
        seen,
        at: first.at,
    })
}
