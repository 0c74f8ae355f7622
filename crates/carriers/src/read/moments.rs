//! Moments, which are several words: `2026-03-01T10:20:30Z`.
//!
//! A moment is known by the word before it. Several marks with one key, as the objects of a bundle have them, are told
//! apart by the words that stand around one of them alone, and by their order when none is missing.

use std::collections::{BTreeMap, BTreeSet};

use super::dag::{Dag, Element};
use super::evidence::Found;
use super::items;
use super::keys::token_at;
use crate::leak::{Leak, View};
use crate::marks::moment::{MOMENT_BYTES, TimeForm};
use crate::marks::values::ValueForm;
use crate::marks::{Master, Part};
use crate::text::Kind;

/// Bytes before a moment in which its key stands.
const KEY_BYTES: usize = 32;
/// Most moments that one site may show and still say something.
const VALUES_MAX: usize = 8;
/// Words without digits to either side of a moment by which marks with one key are told apart.
const AROUND_WORDS: usize = 16;
/// Words of the master to either side of a mark that count as words around it: more, as numbers are among them.
const AROUND_MARK_WORDS: usize = 24;
/// Most marks, and most moments of a leak, that are told apart.
const TOLD_APART_MAX: usize = 256;
/// Most moments of a leak.
const MOMENTS_MAX: usize = 1 << 16;

/// A moment of the master: its site, its form, and the word before it.
struct Mark<'a> {
    site: usize,
    form: &'a TimeForm,
    key: String,
    /// Words around it that stand around no mark of another site with the same key.
    own: BTreeSet<u64>,
}

/// A moment of a leak.
struct Moment<'a> {
    at: usize,
    text: &'a str,
    key: &'a str,
}

/// Each value, and whether its key stands before it: where it is, and what is there.
type Shown = BTreeMap<(u64, bool), (usize, String)>;

/// All moments of the master that the leak shows.
pub(super) fn values(master: &Master, dag: &Dag, leak: &Leak) -> Vec<Found> {
    let mut marks = Vec::new();
    let mut before = String::new();
    collect(master.parts(), &mut before, &mut marks);
    if marks.is_empty() {
        return Vec::new();
    }
    look_around(&mut marks, dag);
    // Moments that every copy shows are none of a mark.
    let mut fixed = BTreeSet::new();
    fixed_moments(master.parts(), &mut fixed);
    let mut seen: BTreeMap<usize, Shown> = BTreeMap::new();
    for view in [&leak.text, &leak.wire] {
        let found: Vec<Moment<'_>> = moments(&view.text)
            .into_iter()
            .filter(|(_, text)| !fixed.contains(*text))
            .map(|(at, text)| Moment {
                at,
                text,
                key: key_before(&view.text, at),
            })
            .collect();
        let of_key = |moment: &Moment<'_>| -> Vec<&Mark<'_>> {
            marks.iter().filter(|m| m.is_key_of(moment)).collect()
        };
        // Too much to compare: then all marks of a key are in doubt.
        let is_small = found.len() <= TOLD_APART_MAX && marks.len() <= TOLD_APART_MAX;
        // Objects that changed places show it by their words somewhere.
        let is_in_order = is_small
            && found.iter().all(|moment| {
                let own = by_words(&of_key(moment), moment, view);
                let placed = by_order(&of_key(moment), moment, &found);
                !is_one(&own) || placed.is_none_or(|p| own.iter().all(|o| o.site == p.site))
            });
        for moment in &found {
            let keyed = of_key(moment);
            let is_keyed = !keyed.is_empty();
            let mut may = if is_small {
                by_words(&keyed, moment, view)
            } else {
                keyed.clone()
            };
            if is_in_order
                && let Some(placed) = by_order(&keyed, moment, &found)
                && may.iter().any(|m| m.site == placed.site)
            {
                may = vec![placed];
            }
            if !is_keyed {
                may = marks.iter().collect();
            }
            for mark in may {
                if let Some(value) = mark.form.parse(moment.text) {
                    let own = seen.entry(mark.site).or_default();
                    own.entry((value, is_keyed))
                        .or_insert_with(|| (moment.at, moment.text.to_owned()));
                }
            }
        }
    }
    let mut out = Vec::new();
    for (site, own) in seen {
        let keyed = own.keys().any(|k| k.1);
        let values: BTreeSet<u64> = own.keys().filter(|k| k.1 == keyed).map(|k| k.0).collect();
        let shape = master.sites().get(site).map_or(0, |s| s.values);
        let first = own.iter().find(|o| o.0.1 == keyed);
        let (Some((_, (at, shown))), true) = (
            first,
            values.len() <= VALUES_MAX && (values.len() as u64) < shape,
        ) else {
            continue;
        };
        out.push(Found {
            site,
            noise: match (keyed, values.len()) {
                (true, 1) => 0.02,
                (true, _) => 0.1,
                (false, _) => 0.2,
            },
            values: values.into_iter().collect(),
            seen: shown.clone(),
            at: *at,
        });
    }
    out
}

impl Mark<'_> {
    fn is_key_of(&self, moment: &Moment<'_>) -> bool {
        !self.key.is_empty()
            && moment.key.eq_ignore_ascii_case(&self.key)
            && self.form.parse(moment.text).is_some()
    }
}

/// The nearest word before a place.
fn key_before(text: &str, at: usize) -> &str {
    let from = (at.saturating_sub(KEY_BYTES)..at).find(|f| text.is_char_boundary(*f));
    last_word(text.get(from.unwrap_or(at)..at).unwrap_or_default())
}

/// Notes the words around each mark that tell it from the others with its key.
fn look_around(marks: &mut [Mark<'_>], dag: &Dag) {
    // The chain has the marks in the same order.
    let is_time =
        |e: &Element| matches!(e, Element::Wild(w) if matches!(w.form, ValueForm::Time(_)));
    let places = dag.elements.iter().enumerate().filter(|e| is_time(e.1));
    let around: Vec<BTreeSet<u64>> = places
        .map(|(at, _)| items::words(dag, items::around(dag, at, AROUND_MARK_WORDS)))
        .collect();
    // Words of a shuffled list may stand further off, or nearer, than in the master.
    let lists = dag.lists.iter().flat_map(|l| &l.items);
    let moving: BTreeSet<u64> = lists.flat_map(|i| items::words(dag, i.clone())).collect();
    let mut times: BTreeMap<(String, u64), BTreeSet<usize>> = BTreeMap::new();
    for (mark, words) in marks.iter().zip(&around) {
        for word in words {
            let sites = times.entry((mark.key.clone(), *word)).or_default();
            sites.insert(mark.site);
        }
    }
    for (mark, words) in marks.iter_mut().zip(around) {
        let is_own = |word: &u64| {
            let sites = times.get(&(mark.key.clone(), *word));
            !moving.contains(word) && sites.is_some_and(|s| s.len() == 1)
        };
        mark.own = words.into_iter().filter(is_own).collect();
    }
}

/// Whether these are marks of one site, and there is one.
fn is_one(marks: &[&Mark<'_>]) -> bool {
    !marks.is_empty() && marks.windows(2).all(|w| w[0].site == w[1].site)
}

/// Those of several marks with one key of which most words stand around a moment.
fn by_words<'a, 'b>(
    several: &[&'b Mark<'a>],
    moment: &Moment<'_>,
    view: &View,
) -> Vec<&'b Mark<'a>> {
    let token = token_at(view, moment.at);
    let (head, tail) = view.tokens.split_at(token.min(view.tokens.len()));
    let is_plain = |t: &&crate::text::Token| {
        let shown = t.text(&view.text);
        t.kind == Kind::Word && !shown.bytes().any(|b| b.is_ascii_digit())
    };
    let words: BTreeSet<u64> = head
        .iter()
        .rev()
        .filter(is_plain)
        .take(AROUND_WORDS)
        .chain(tail.iter().filter(is_plain).take(AROUND_WORDS))
        .map(|t| t.hash)
        .collect();
    let shown = |mark: &Mark<'_>| mark.own.iter().filter(|w| words.contains(w)).count();
    let most = several.iter().map(|m| shown(m)).max().unwrap_or(0);
    let best = several.iter().copied().filter(|m| shown(m) == most);
    best.collect()
}

/// The mark with the place that a moment has among all of its key, when none is missing.
fn by_order<'a, 'b>(
    several: &[&'b Mark<'a>],
    moment: &Moment<'_>,
    found: &[Moment<'_>],
) -> Option<&'b Mark<'a>> {
    let of_key: Vec<&Moment<'_>> = found
        .iter()
        .filter(|m| m.key.eq_ignore_ascii_case(moment.key))
        .collect();
    let place = of_key.iter().position(|m| m.at == moment.at)?;
    several
        .get(place)
        .copied()
        .filter(|_| of_key.len() == several.len())
}

/// The last word of a text.
fn last_word(text: &str) -> &str {
    let end = text.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let start = end
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .map_or(0, |p| p + 1);
    end.get(start..).unwrap_or_default()
}

fn collect<'a>(parts: &'a [Part], before: &mut String, out: &mut Vec<Mark<'a>>) {
    for part in parts {
        match part {
            Part::Text(text) => {
                before.clear();
                before.push_str(last_word(text));
            }
            Part::Value {
                site,
                form: ValueForm::Time(form),
                ..
            } => {
                out.push(Mark {
                    site: *site,
                    form,
                    key: before.clone(),
                    own: BTreeSet::new(),
                });
            }
            Part::Shuffle { items, between, .. } => {
                items
                    .iter()
                    .chain(between)
                    .for_each(|p| collect(p, before, out));
            }
            _ => before.clear(),
        }
    }
}

fn fixed_moments(parts: &[Part], out: &mut BTreeSet<String>) {
    for part in parts {
        match part {
            Part::Text(text) => out.extend(moments(text).into_iter().map(|m| m.1.to_owned())),
            Part::Shuffle { items, between, .. } => {
                items
                    .iter()
                    .chain(between)
                    .for_each(|p| fixed_moments(p, out));
            }
            _ => {}
        }
    }
}

/// Where moments stand in a text, and how they are written.
fn moments(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while out.len() < MOMENTS_MAX
        && let Some(dash) = bytes
            .get(at..)
            .and_then(|r| r.iter().position(|b| *b == b'-'))
    {
        at += dash + 1;
        let Some(start) = (at + 3 <= bytes.len()).then(|| at.checked_sub(5)).flatten() else {
            continue;
        };
        let is_shape = bytes.get(start + 7) == Some(&b'-') && bytes.get(start + 13) == Some(&b':');
        let own = text.get(start..start + MOMENT_BYTES);
        let (true, Some(_)) = (is_shape, own) else {
            continue;
        };
        let tail = bytes
            .get(start + MOMENT_BYTES..)
            .unwrap_or_default()
            .iter()
            .take(16)
            .take_while(|b| {
                b.is_ascii_digit() || matches!(b, b'.' | b':' | b'+' | b'-' | b'Z' | b'z')
            })
            .count();
        // What follows may belong to the sentence: `30Z.`
        let whole = (0..=tail).rev().find_map(|t| {
            let own = text.get(start..start + MOMENT_BYTES + t)?;
            TimeForm::around(own, 1).map(|_| own)
        });
        out.extend(whole.map(|own| (start, own)));
    }
    out
}
