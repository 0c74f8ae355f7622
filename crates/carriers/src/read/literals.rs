//! Alternatives and names of programs and rules, as requests and renamed programs show them.

use std::collections::{BTreeMap, BTreeSet};

use super::dag::{Dag, Element};
use super::evidence::{Evidence, Found, shorten};
use super::keys::{Names, key_at, token_at};
use crate::marks::{Carrier, Master, Part};
use crate::text::{self, is_word_char};

/// Alternatives and names of programs and rules that the evidence shows word for word.
pub(super) fn literals(
    master: &Master,
    dag: &Dag,
    evidence: &Evidence,
    names: &mut Names,
) -> Vec<Found> {
    let mut keys_of: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
    for (element, step) in dag.elements.iter().enumerate() {
        if let Element::Group(branches) = step {
            let own = names.keys(element).hashes;
            for (site, _) in branches.iter().flat_map(|b| &b.values) {
                keys_of.entry(*site).or_default().extend(&own);
            }
        }
    }
    let mut wordings: BTreeMap<usize, BTreeSet<(u64, String)>> = BTreeMap::new();
    collect(master.parts(), &mut wordings);
    let folded: Vec<String> = evidence
        .views()
        .iter()
        .map(|v| v.text.to_lowercase())
        .collect();
    let mut out = Vec::new();
    for (site, wordings) in wordings {
        let Some(shape) = master.sites().get(site) else {
            continue;
        };
        let is_name = shape.carrier == Carrier::Name;
        if !matches!(
            shape.carrier,
            Carrier::Name | Carrier::Literal | Carrier::Linked
        ) {
            continue;
        }
        let keys = keys_of.remove(&site).unwrap_or_default();
        let is_keyed = |view, index| key_at(view, index).is_some_and(|k| keys.contains(&k));
        // (start, end, value, keyed) in each view
        let mut sure: BTreeMap<u64, (usize, String)> = BTreeMap::new();
        let mut loose: BTreeMap<u64, (usize, String)> = BTreeMap::new();
        for (index, view) in evidence.views().into_iter().enumerate() {
            if is_name && index == 0 {
                // `x_lk_origin` may have become `X-Lk-Origin`.
                for (value, wording) in &wordings {
                    if let Some(at) = wire_key(&view.text, wording) {
                        sure.entry(*value).or_insert_with(|| (at, shorten(wording)));
                    }
                }
                continue;
            }
            let mut hits: Vec<(usize, usize, u64)> = Vec::new();
            for exact in [true, false] {
                for (value, wording) in &wordings {
                    let lower = wording.to_lowercase();
                    let (hay, needle) = if exact {
                        (view.text.as_str(), wording.as_str())
                    } else {
                        (folded.get(index).map_or("", String::as_str), lower.as_str())
                    };
                    hits.extend(occurrences(hay, needle).map(|s| (s, s + needle.len(), *value)));
                }
                if !hits.is_empty()
                    || is_name
                    || folded.get(index).is_none_or(|f| f.len() != view.text.len())
                {
                    break;
                }
            }
            for ((start, end, value), is_part) in hits.iter().zip(parts_of_others(&hits)) {
                // Inside a longer alternative it is part of that one.
                if is_part {
                    continue;
                }
                let shown = view.text.get(*start..*end).unwrap_or_default();
                if is_keyed(view, token_at(view, *start)) {
                    sure.entry(*value)
                        .or_insert_with(|| (*start, shorten(shown)));
                } else if is_telling(shown, index == 1) {
                    loose
                        .entry(*value)
                        .or_insert_with(|| (*start, shorten(shown)));
                }
            }
        }
        let (seen, noise) = if sure.is_empty() {
            (loose, 0.1)
        } else {
            (sure, 0.03)
        };
        let Some((_, (at, shown))) = seen.iter().next() else {
            continue;
        };
        if seen.len() as u64 >= shape.values {
            continue;
        }
        out.push(Found {
            site,
            values: seen.keys().copied().collect(),
            noise,
            seen: shown.clone(),
            at: *at,
        });
    }
    out
}

/// Whether each hit (start, end, value) lies within a longer one of another value.
///
/// One pass over the hits by place: a text may show thousands of hits for one site.
fn parts_of_others(hits: &[(usize, usize, u64)]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..hits.len()).collect();
    order.sort_unstable_by_key(|i| (hits[*i].0, std::cmp::Reverse(hits[*i].1)));
    let mut out = vec![false; hits.len()];
    // The furthest end so far, and the furthest of any other value: (end, value).
    let mut furthest: [Option<(usize, u64)>; 2] = [None, None];
    for same in order.chunk_by(|a, b| (hits[*a].0, hits[*a].1) == (hits[*b].0, hits[*b].1)) {
        for i in same {
            let (_, end, value) = hits[*i];
            out[*i] = furthest
                .iter()
                .flatten()
                .any(|(far, other)| *other != value && *far >= end);
        }
        for i in same {
            let (_, end, value) = hits[*i];
            match furthest {
                [Some((far, first)), _] if first == value => {
                    furthest[0] = Some((far.max(end), first));
                }
                [Some((far, _)), _] if far <= end => {
                    furthest = [Some((end, value)), furthest[0]];
                }
                [None, _] => furthest[0] = Some((end, value)),
                [_, second] => {
                    furthest[1] = Some(second.map_or((end, value), |s| s.max((end, value))));
                }
            }
        }
    }
    out
}

/// Where a line of a request has this name, whatever its case and its dashes.
fn wire_key(wire: &str, name: &str) -> Option<usize> {
    let fold = |t: &str| t.to_lowercase().replace('-', "_");
    let name = fold(name);
    let mut at = 0;
    for line in wire.split_inclusive('\n') {
        if let Some((key, _)) = line.split_once(':')
            && key.len() == name.len()
            && fold(key) == name
        {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// A text that is no common word: letters with digits or signs of code within;
/// in requests also any word of seven letters that is not plain.
fn is_telling(shown: &str, in_text: bool) -> bool {
    let letters = shown.chars().any(char::is_alphabetic);
    let code = shown
        .trim_matches(|c: char| !c.is_alphanumeric())
        .chars()
        .any(|c| {
            c.is_numeric()
                || matches!(
                    c,
                    '_' | '/' | '=' | '|' | '\\' | ':' | '{' | '<' | '@' | '&'
                )
        });
    if in_text {
        return letters && code && shown.len() >= 4;
    }
    let compound = code || shown.contains(['-', '.']);
    (letters && compound && shown.len() >= 4)
        || (shown.chars().count() >= 7 && !crate::find::is_plain(shown))
}

/// Where `needle` stands in `hay` as a whole.
fn occurrences<'a>(hay: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    let joins = |outer: Option<char>, further: Option<char>| match outer {
        Some(c) if is_word_char(c) => true,
        Some('-' | '.') => further.is_some_and(is_word_char),
        _ => false,
    };
    let starts_word = needle.chars().next().is_some_and(is_word_char);
    let ends_word = needle.chars().next_back().is_some_and(is_word_char);
    let hits = if needle.is_empty() { "" } else { hay };
    hits.match_indices(needle)
        .filter(move |(start, found)| {
            let mut left = hay.get(..*start).unwrap_or_default().chars().rev();
            let mut right = hay.get(start + found.len()..).unwrap_or_default().chars();
            let (l1, l2) = (left.next(), left.next());
            let (r1, r2) = (right.next(), right.next());
            !(starts_word && joins(l1, l2) || ends_word && joins(r1, r2))
        })
        .map(|(start, _)| start)
        .take(4096)
}

/// Each choice with the letters that touch it.
fn collect(parts: &[Part], out: &mut BTreeMap<usize, BTreeSet<(u64, String)>>) {
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Choice { site, wordings } => {
                let glue = |part: Option<&Part>, tail: bool| match part {
                    Some(Part::Text(text)) => {
                        let is_glue = |c: &char| is_word_char(*c);
                        if tail {
                            let back: String = text.chars().rev().take_while(is_glue).collect();
                            back.chars().rev().collect()
                        } else {
                            text.chars().take_while(is_glue).collect()
                        }
                    }
                    _ => String::new(),
                };
                let head = glue(index.checked_sub(1).and_then(|i| parts.get(i)), true);
                let tail = glue(parts.get(index + 1), false);
                for (value, wording) in wordings.iter().enumerate() {
                    let whole = text::normalise(&format!("{head}{wording}{tail}"));
                    let whole = whole.trim();
                    if whole.len() >= 2 {
                        out.entry(*site)
                            .or_default()
                            .insert((value as u64, whole.to_owned()));
                    }
                }
            }
            Part::Shuffle { items, between, .. } => {
                items.iter().chain(between).for_each(|p| collect(p, out));
            }
            Part::Text(_) | Part::Value { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn thousands_of_hits_for_one_site_took_quadratic_time(
            spans in prop::collection::vec((0usize..12, 1usize..8, 0u64..4), 0..40),
        ) {
            let hits: Vec<(usize, usize, u64)> =
                spans.into_iter().map(|(start, length, value)| (start, start + length, value)).collect();
            let one_by_one: Vec<bool> = hits
                .iter()
                .map(|(start, end, value)| {
                    hits.iter().any(|(s, e, v)| {
                        v != value && s <= start && end <= e && e - s > end - start
                    })
                })
                .collect();
            prop_assert_eq!(parts_of_others(&hits), one_by_one);
        }
    }
}
