//! Nonces, as requests and renamed programs show them.

use std::collections::{BTreeMap, BTreeSet};

use super::dag::Wild;
use super::evidence::Evidence;
use super::keys::{Keys, key_at, token_at};
use super::numbers::{Candidate, Choice, choose};
use crate::leak::View;
use crate::marks::values::{Alphabet, ValueForm};

/// Most values that one nonce may show and still say something.
const CANDIDATES_MAX: usize = 1024;
/// Comparisons of prefixes with what stands before runs; beyond it no further prefix names a value.
const PREFIX_LOOKS_MAX: usize = 1 << 26;

/// Characters of a nonce, and how many.
type Shape = (Alphabet, usize);

/// A run of characters that may be a nonce.
struct Run<'a> {
    candidate: Candidate,
    /// Number of its value among those of its shape.
    value: usize,
    key: Option<u64>,
    /// All that stands before it.
    before: &'a [u8],
    /// It may be a nonce though nothing names it.
    plausible: bool,
}

/// Runs of one shape.
#[derive(Default)]
struct Shaped<'a> {
    runs: Vec<Run<'a>>,
    /// Runs by key: the first of each value, and no more values than say something, and one.
    by_key: BTreeMap<u64, Vec<usize>>,
    /// Those that nothing names, the same way.
    unnamed: Vec<usize>,
    /// Sites of this shape whose value nothing names: they share those runs.
    sharing: BTreeSet<usize>,
}

/// All runs that may be nonces of a master.
pub(super) struct Nonces<'a> {
    shapes: BTreeMap<Shape, Shaped<'a>>,
    /// What runs with a prefix are: the first of each value.
    by_prefix: BTreeMap<(Shape, &'a str), Vec<usize>>,
    /// What was answered for a shape, a prefix and keys.
    answers: BTreeMap<(Shape, &'a str, BTreeSet<u64>), Option<Choice>>,
    looks: usize,
}

impl<'a> Nonces<'a> {
    pub(super) fn of(wilds: &[(&'a Wild, Keys)], evidence: &'a Evidence) -> Self {
        let mut shapes: BTreeMap<Shape, Shaped<'a>> = BTreeMap::new();
        let mut keys: BTreeMap<Shape, BTreeSet<u64>> = BTreeMap::new();
        let mut by_prefix: BTreeMap<(Shape, &str), Vec<usize>> = BTreeMap::new();
        for (wild, own) in wilds {
            let ValueForm::Nonce { alphabet, chars } = wild.form else {
                continue;
            };
            let shape = (alphabet, chars);
            shapes.entry(shape).or_default();
            keys.entry(shape).or_default().extend(&own.hashes);
            if !wild.prefix.is_empty() {
                by_prefix.insert((shape, wild.prefix.as_str()), Vec::new());
            }
        }
        for view in evidence.views() {
            runs(view, &mut shapes);
        }
        shapes.values_mut().for_each(Shaped::number);
        let mut looks = shapes.values().map(|s| s.runs.len()).sum();
        let mut owned: BTreeSet<String> = BTreeSet::new();
        for ((shape, prefix), own) in &mut by_prefix {
            let Some(shaped) = shapes.get(shape) else {
                continue;
            };
            looks += shaped.runs.len();
            if looks > PREFIX_LOOKS_MAX {
                break;
            }
            let hits = (0..shaped.runs.len()).filter(|i| shaped.runs[*i].follows(prefix));
            own.extend(hits);
            owned.extend(own.iter().map(|i| shaped.runs[*i].candidate.text.clone()));
            *own = firsts(&shaped.runs, own.iter().copied());
        }
        for (shape, shaped) in &shapes {
            let named = |run: &&Run| run.key.is_some_and(|k| keys[shape].contains(&k));
            owned.extend(
                shaped
                    .runs
                    .iter()
                    .filter(named)
                    .map(|r| r.candidate.text.clone()),
            );
        }
        for shaped in shapes.values_mut() {
            shaped.index(&owned);
        }
        for (wild, own) in wilds {
            let ValueForm::Nonce { alphabet, chars } = wild.form else {
                continue;
            };
            let shape = (alphabet, chars);
            let prefixed = by_prefix.get(&(shape, wild.prefix.as_str()));
            if let Some(shaped) = shapes.get_mut(&shape)
                && prefixed.is_none_or(Vec::is_empty)
                && !own.hashes.iter().any(|k| shaped.by_key.contains_key(k))
            {
                shaped.sharing.insert(wild.site);
            }
        }
        Self {
            shapes,
            by_prefix,
            answers: BTreeMap::new(),
            looks,
        }
    }

    /// How many candidates were looked at.
    pub(super) fn looks(&self) -> usize {
        self.looks
    }

    pub(super) fn choice(&mut self, wild: &'a Wild, keys: &Keys) -> Option<Choice> {
        let ValueForm::Nonce { alphabet, chars } = wild.form else {
            return None;
        };
        let shape = (alphabet, chars);
        let place = (shape, wild.prefix.as_str(), keys.hashes.clone());
        if let Some(known) = self.answers.get(&place) {
            return known.clone();
        }
        let shaped = self.shapes.get(&shape)?;
        let mut used: Vec<usize> = Vec::new();
        let prefixed = self.by_prefix.get(&(shape, wild.prefix.as_str()));
        let named = keys.hashes.iter().filter_map(|k| shaped.by_key.get(k));
        for list in prefixed.into_iter().chain(named) {
            used.extend(list);
            self.looks += list.len();
            if list.len() > CANDIDATES_MAX {
                break;
            }
        }
        used.sort_unstable();
        let keyed = !used.is_empty();
        let used = if keyed {
            firsts(&shaped.runs, used.into_iter())
        } else {
            self.looks += shaped.unnamed.len();
            shaped.unnamed.clone()
        };
        // With fewer runs than nonces that share them, something is missing, and nobody knows whose.
        if !keyed && used.len() < shaped.sharing.len() {
            self.answers.insert(place, None);
            return None;
        }
        let candidates: Vec<&Candidate> = used
            .iter()
            .filter_map(|i| shaped.runs.get(*i).map(|r| &r.candidate))
            .collect();
        let choice = choose(&wild.form, &candidates, keyed, CANDIDATES_MAX);
        self.answers.insert(place, choice.clone());
        choice
    }
}

/// The first run of each value, of runs in order; one more than say something is enough.
fn firsts(runs: &[Run<'_>], of: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut known = BTreeSet::new();
    of.filter(|i| runs.get(*i).is_some_and(|r| known.insert(r.value)))
        .take(CANDIDATES_MAX + 1)
        .collect()
}

impl Run<'_> {
    fn follows(&self, prefix: &str) -> bool {
        let from = self.before.len().saturating_sub(prefix.len());
        self.before[from..].eq_ignore_ascii_case(prefix.as_bytes())
    }
}

impl Shaped<'_> {
    /// Gives every run the number of its value.
    fn number(&mut self) {
        let mut numbers: BTreeMap<&[u64], usize> = BTreeMap::new();
        let values: Vec<usize> = self
            .runs
            .iter()
            .map(|run| {
                let next = numbers.len();
                *numbers.entry(&run.candidate.symbols).or_insert(next)
            })
            .collect();
        for (run, value) in self.runs.iter_mut().zip(values) {
            run.value = value;
        }
    }

    /// `owned`: what a name gives to one site is no candidate of the others.
    fn index(&mut self, owned: &BTreeSet<String>) {
        let mut by_key: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (index, run) in self.runs.iter().enumerate() {
            if let Some(key) = run.key {
                by_key.entry(key).or_default().push(index);
            }
        }
        for list in by_key.values_mut() {
            *list = firsts(&self.runs, list.iter().copied());
        }
        let free = |i: &usize| {
            let run = &self.runs[*i];
            run.plausible && !owned.contains(&run.candidate.text)
        };
        self.unnamed = firsts(&self.runs, (0..self.runs.len()).filter(free));
        self.by_key = by_key;
    }
}

/// Lists the runs of a view that have one of the shapes.
fn runs<'a>(view: &'a View, shapes: &mut BTreeMap<Shape, Shaped<'a>>) {
    let alphabets: Vec<Alphabet> = [
        Alphabet::HexLower,
        Alphabet::HexUpper,
        Alphabet::Base64,
        Alphabet::Base64Url,
        Alphabet::Alnum,
    ]
    .into_iter()
    .filter(|a| shapes.keys().any(|s| s.0 == *a))
    .collect();
    let bytes = view.text.as_bytes();
    for alphabet in alphabets {
        let in_run = |b: &u8| b.is_ascii_alphanumeric() || alphabet.holds(*b);
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            at += bytes[at..].iter().take_while(|b| in_run(b)).count();
            // A character that a picture showed twice makes a run longer by one.
            for chars in [at - start, (at - start).saturating_sub(1)] {
                if let Some(shaped) = shapes.get_mut(&(alphabet, chars))
                    && let Some(found) = view.text.get(start..at)
                {
                    let shape = (alphabet, chars);
                    shaped.runs.extend(run(view, shape, start, found));
                }
            }
            // The byte after a run is in none.
            at += 1;
        }
    }
}

/// A run of about the right length, unless it is no value or neither named nor plausible.
fn run<'a>(view: &'a View, shape: Shape, start: usize, found: &str) -> Option<Run<'a>> {
    let (alphabet, chars) = shape;
    let symbols = ValueForm::Nonce { alphabet, chars }.parse(found)?;
    let bytes = view.text.as_bytes();
    // Dates, words, and parts of longer identifiers are no nonces unless something says so.
    let is_part = alphabet.is_hex() && in_uuid(bytes, start, start + found.len());
    let plausible = alphabet.is_random(found) && !is_part;
    Some(Run {
        key: key_at(view, token_at(view, start)),
        value: 0,
        before: bytes.get(..start).unwrap_or_default(),
        plausible,
        candidate: Candidate {
            symbols,
            at: start,
            text: found.to_owned(),
        },
    })
}

/// Whether a hex run is joined by `-` to another of at least four digits.
pub(super) fn in_uuid(bytes: &[u8], start: usize, end: usize) -> bool {
    let is_hex = |b: &u8| b.is_ascii_hexdigit();
    let after = bytes.get(end) == Some(&b'-')
        && bytes
            .get(end + 1..end + 5)
            .is_some_and(|w| w.iter().all(is_hex));
    let before = start >= 5
        && bytes.get(start - 1) == Some(&b'-')
        && bytes
            .get(start - 5..start - 1)
            .is_some_and(|w| w.iter().all(is_hex));
    after || before
}
