//! Nonces and integers, as requests and renamed programs show them.

use std::collections::BTreeSet;

use super::dag::{Dag, Element, Wild};
use super::evidence::{Evidence, Found, shorten};
use super::keys::{Keys, flat, is_keyed, keys, token_at};
use crate::leak::View;
use crate::marks::values::ValueForm;
use crate::text::Kind;

/// Most values that one nonce may show and still say something.
const CANDIDATES_MAX: usize = 1024;

/// Most numbers that one integer may show: numbers are everywhere.
const NUMBERS_MAX: usize = 4;

/// A possible value in a leak.
struct Candidate {
    symbols: Vec<u64>,
    at: usize,
    text: String,
    keyed: bool,
}

/// All values of nonces and integers that the evidence shows.
pub(super) fn values(dag: &Dag, evidence: &Evidence) -> Vec<Found> {
    let flat = flat(dag);
    let mut all: Vec<(&Wild, Vec<Candidate>)> = Vec::new();
    for (element, step) in dag.elements.iter().enumerate() {
        let Element::Wild(wild) = step else { continue };
        let keys = keys(&flat, element);
        let mut own: Vec<Candidate> = Vec::new();
        for (index, view) in evidence.views().into_iter().enumerate() {
            let is_text = index == 1;
            match wild.form {
                ValueForm::Nonce { .. } => nonces(wild, &keys, view, &mut own),
                ValueForm::Integer { .. } => integers(wild, &keys, view, is_text, &mut own),
                // Moments are several words: `traffic` reads them.
                ValueForm::Time(_) => {}
            }
        }
        all.push((wild, own));
    }
    // What a key gives to one site is no candidate of the others.
    let owned: BTreeSet<(&'static str, String)> = all
        .iter()
        .flat_map(|(w, own)| {
            own.iter()
                .filter(|c| c.keyed)
                .map(|c| (w.form.family(), c.text.clone()))
        })
        .collect();
    for (wild, own) in &mut all {
        let family = wild.form.family();
        own.retain(|c| c.keyed || !owned.contains(&(family, c.text.clone())));
    }
    // Nonces of one form that no key tells apart share their candidates. With fewer of them than nonces, something is
    // missing, and nobody knows whose.
    let mut sharing: Vec<(&ValueForm, BTreeSet<usize>)> = Vec::new();
    let is_shared = |wild: &Wild, own: &[Candidate]| {
        matches!(wild.form, ValueForm::Nonce { .. }) && !own.iter().any(|c| c.keyed)
    };
    for (wild, _) in all.iter().filter(|(w, own)| is_shared(w, own)) {
        match sharing.iter_mut().find(|s| *s.0 == wild.form) {
            Some((_, sites)) => drop(sites.insert(wild.site)),
            None => sharing.push((&wild.form, BTreeSet::from([wild.site]))),
        }
    }
    let is_short = |wild: &Wild, own: &[Candidate]| {
        let texts: BTreeSet<&str> = own.iter().map(|c| c.text.as_str()).collect();
        let sites = sharing.iter().find(|s| *s.0 == wild.form);
        sites.is_some_and(|(_, sites)| texts.len() < sites.len())
    };
    all.iter()
        .filter(|(wild, own)| !(is_shared(wild, own) && is_short(wild, own)))
        .flat_map(|(wild, own)| choose(wild, own))
        .collect()
}

/// One value by its key, or the set of all.
fn choose(wild: &Wild, all: &[Candidate]) -> Vec<Found> {
    let keyed = all.iter().any(|c| c.keyed);
    let used: Vec<&Candidate> = all.iter().filter(|c| c.keyed == keyed).collect();
    let distinct: BTreeSet<&Vec<u64>> = used.iter().map(|c| &c.symbols).collect();
    let most = match wild.form {
        ValueForm::Nonce { .. } => CANDIDATES_MAX,
        ValueForm::Integer { .. } | ValueForm::Time(_) => NUMBERS_MAX,
    };
    let (Some(first), true) = (used.first(), distinct.len() <= most) else {
        return Vec::new();
    };
    let seen = match distinct.len() {
        1 => shorten(&first.text),
        n => format!("{} and {} more", shorten(&first.text), n - 1),
    };
    let noise = match (keyed, distinct.len()) {
        (true, 1) => 0.02,
        (true, _) => 0.1,
        (false, _) => 0.2,
    };
    let mut out = Vec::new();
    for (place, size) in wild.form.site_values().into_iter().enumerate() {
        let values: BTreeSet<u64> = distinct
            .iter()
            .filter_map(|s| s.get(place).copied())
            .collect();
        if values.len() as u64 > size / 4 {
            continue;
        }
        out.push(Found {
            site: wild.site + place,
            values: values.into_iter().collect(),
            noise,
            seen: seen.clone(),
            at: first.at,
        });
    }
    out
}

fn nonces(wild: &Wild, keys: &Keys, view: &View, all: &mut Vec<Candidate>) {
    let ValueForm::Nonce { alphabet, chars } = wild.form else {
        return;
    };
    let bytes = view.text.as_bytes();
    let hex = alphabet.is_hex();
    let in_run = |b: u8| b.is_ascii_alphanumeric() || alphabet.holds(b);
    let mut at = 0;
    while at < bytes.len() {
        if !in_run(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && in_run(bytes[at]) {
            at += 1;
        }
        if at - start != chars {
            continue;
        }
        let Some(found) = view.text.get(start..at) else {
            continue;
        };
        let Some(symbols) = wild.form.parse(found) else {
            continue;
        };
        let head = view.text.get(..start).unwrap_or_default();
        let by_prefix = !wild.prefix.is_empty()
            && head
                .get(head.len().saturating_sub(wild.prefix.len())..)
                .is_some_and(|p| p.eq_ignore_ascii_case(&wild.prefix));
        let index = token_at(view, start);
        let keyed = by_prefix || is_keyed(view, index, keys);
        let letters = found.bytes().any(|b| b.is_ascii_alphabetic());
        let digits = found.bytes().any(|b| b.is_ascii_digit());
        // Dates, words, and parts of longer identifiers are no nonces unless something says so.
        let plausible = if hex {
            letters && !in_uuid(bytes, start, at)
        } else {
            letters && digits
        };
        if keyed || plausible {
            all.push(Candidate {
                symbols,
                at: start,
                text: found.to_owned(),
                keyed,
            });
        }
    }
}

/// Whether a hex run is joined by `-` to another of at least four digits.
fn in_uuid(bytes: &[u8], start: usize, end: usize) -> bool {
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

/// Numbers after a key, runs of a repeated character, and, in programs, numbers alone.
fn integers(wild: &Wild, keys: &Keys, view: &View, is_text: bool, all: &mut Vec<Candidate>) {
    let ValueForm::Integer { low, high, .. } = wild.form else {
        return;
    };
    let quotes = ["\"", "'"];
    for (index, token) in view.tokens.iter().enumerate() {
        if token.kind != Kind::Word {
            continue;
        }
        let shown = token.text(&view.text);
        if let Some(filler) = keys.filler {
            run_of(shown, low, high)
                .into_iter()
                .for_each(|(byte, length)| {
                    all.push(Candidate {
                        symbols: vec![length - low],
                        at: token.start as usize,
                        text: format!("{} × {length}", char::from(byte)),
                        keyed: byte.eq_ignore_ascii_case(&filler),
                    });
                });
        }
        let Some(symbols) = wild.form.parse(shown) else {
            continue;
        };
        // `"Q" * 263` in a renamed program: the filler tells the number.
        let by_filler = keys.filler.is_some_and(|f| {
            index >= 3
                && view.tokens[index.saturating_sub(7)..index]
                    .windows(3)
                    .any(|w| {
                        let is = |i: usize, t: &str| w[i].text(&view.text) == t;
                        w[1].text(&view.text)
                            .eq_ignore_ascii_case(&char::from(f).to_string())
                            && quotes.iter().any(|q| is(0, q) && is(2, q))
                    })
        });
        let keyed = by_filler || is_keyed(view, index, keys);
        if keyed
            || (is_text && keys.filler.is_none() && shown.len() >= 3 && !shown.starts_with('0'))
        {
            all.push(Candidate {
                symbols,
                at: token.start as usize,
                text: shown.to_owned(),
                keyed,
            });
        }
    }
}

/// The longest run of one character in a word, if its length is in the range and at least 16.
fn run_of(word: &str, low: u64, high: u64) -> Option<(u8, u64)> {
    let bytes = word.as_bytes();
    if (bytes.len() as u64) < low.max(16) {
        return None;
    }
    let mut best: Option<(u8, u64)> = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let length = bytes[at..].iter().take_while(|b| *b == byte).count();
        if best.is_none_or(|b| length as u64 > b.1) {
            best = Some((*byte, length as u64));
        }
        at += length;
    }
    best.filter(|(_, length)| (low.max(16)..=high).contains(length))
}
