//! Moments, which are several words: `2026-03-01T10:20:30Z`.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::Found;
use crate::leak::Leak;
use crate::marks::moment::{MOMENT_BYTES, TimeForm};
use crate::marks::values::ValueForm;
use crate::marks::{Master, Part};

/// Bytes before a moment in which its key stands.
const KEY_BYTES: usize = 32;
/// Most moments that one site may show and still say something.
const VALUES_MAX: usize = 8;
/// Most moments of a leak.
const MOMENTS_MAX: usize = 1 << 16;

/// A moment of the master: its site, its form, and the word before it.
struct Mark<'a> {
    site: usize,
    form: &'a TimeForm,
    key: String,
}

/// Each value, and whether its key stands before it: where it is, and what is there.
type Shown = BTreeMap<(u64, bool), (usize, String)>;

/// All moments of the master that the leak shows.
pub(super) fn values(master: &Master, leak: &Leak) -> Vec<Found> {
    let mut marks = Vec::new();
    let mut before = String::new();
    collect(master.parts(), &mut before, &mut marks);
    if marks.is_empty() {
        return Vec::new();
    }
    // Moments that every copy shows are none of a mark.
    let mut fixed = BTreeSet::new();
    fixed_moments(master.parts(), &mut fixed);
    let mut seen: BTreeMap<usize, Shown> = BTreeMap::new();
    for view in [&leak.text, &leak.wire] {
        for (at, text) in moments(&view.text) {
            if fixed.contains(text) {
                continue;
            }
            let from = (at.saturating_sub(KEY_BYTES)..at).find(|f| view.text.is_char_boundary(*f));
            let head = view.text.get(from.unwrap_or(at)..at).unwrap_or_default();
            // The nearest word is the key.
            let key = last_word(head);
            for mark in &marks {
                if let Some(value) = mark.form.parse(text) {
                    let keyed = !mark.key.is_empty() && key.eq_ignore_ascii_case(&mark.key);
                    let own = seen.entry(mark.site).or_default();
                    own.entry((value, keyed))
                        .or_insert_with(|| (at, text.to_owned()));
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
