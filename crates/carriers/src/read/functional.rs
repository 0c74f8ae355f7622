//! Values that need no alignment: nonces, numbers and literals as requests and renamed programs show them.

use std::collections::{BTreeMap, BTreeSet};

use super::dag::{Dag, Element, Wild};
use crate::find::{Source, context_tokens};
use crate::leak::{Leak, View};
use crate::marks::values::ValueForm;
use crate::marks::{Carrier, Master, Part};
use crate::text::{self, Kind, hash_of, is_word_char};

/// Most values that one nonce may show and still say something.
const CANDIDATES_MAX: usize = 1024;
/// Most numbers that one integer may show: numbers are everywhere.
const NUMBERS_MAX: usize = 4;
/// Tokens between a key and its value.
const KEY_TOKENS_MAX: usize = 14;
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
        if let Ok(copy) = master.embed(&symbols) {
            let normal = text::normalise(&String::from_utf8_lossy(&copy));
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

    fn views(&self) -> [&View; 2] {
        [&self.wire, &self.text]
    }
}

/// What stands before a value in the master, so that the value is known by it.
struct Keys {
    hashes: BTreeSet<u64>,
    filler: Option<u8>,
}

/// Words of the language, and words that stand before any value.
const NO_KEY: [&str; 30] = [
    "in", "return", "and", "or", "is", "not", "print", "len", "str", "int", "if", "for", "data",
    "get", "post", "value", "bytes", "const", "let", "var", "def", "params", "json", "headers",
    "f", "b", "x", "format", "char", "hex",
];

/// What may stand at one element.
struct Flat {
    hashes: Vec<u64>,
    kind: Kind,
    begins_line: bool,
}

impl Flat {
    fn is(&self, hash: u64) -> bool {
        self.hashes.contains(&hash)
    }
}

fn flat(dag: &Dag) -> Vec<Flat> {
    dag.elements
        .iter()
        .map(|e| match e {
            Element::Fixed(node) => Flat {
                hashes: vec![node.hash],
                kind: node.kind,
                begins_line: node.begins_line,
            },
            Element::Group(branches) => Flat {
                hashes: branches
                    .iter()
                    .filter_map(|b| b.nodes.last().map(|n| n.hash))
                    .collect(),
                kind: Kind::Word,
                begins_line: false,
            },
            Element::Wild(_) => Flat {
                hashes: Vec::new(),
                kind: Kind::Word,
                begins_line: false,
            },
        })
        .collect()
}

/// One hash of the words that dashes join: `X-Request-Id` is another key than `Id`.
fn join(longer: u64, word: u64) -> u64 {
    longer.rotate_left(17).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ word
}

/// The key that a value at `element` is assigned to: the word before the nearest `=` or `:` of its line,
/// or the path segment just before it.
fn before(flat: &[Flat], element: usize) -> Vec<u64> {
    let [equals, colon, slash, comma, semicolon, dash] =
        ["=", ":", "/", ",", ";", "-"].map(hash_of);
    let mut assigned = false;
    let mut words = 0;
    let mut key: Option<Vec<u64>> = None;
    let mut dashed = false;
    if flat.get(element).is_some_and(|f| f.begins_line) {
        return Vec::new();
    }
    for step in flat
        .get(..element)
        .unwrap_or_default()
        .iter()
        .rev()
        .take(KEY_TOKENS_MAX)
    {
        let is_word = step.kind == Kind::Word;
        match &mut key {
            Some(key) if is_word && dashed => {
                if let Some(word) = step.hashes.first() {
                    key.iter_mut().for_each(|k| *k = join(*k, *word));
                }
                dashed = false;
            }
            Some(_) if !dashed && step.is(dash) => dashed = true,
            Some(_) => break,
            None if is_word && assigned => key = Some(step.hashes.clone()),
            None if is_word => words += 1,
            None if step.is(comma) || step.is(semicolon) => break,
            None => assigned |= step.is(equals) || step.is(colon) || (words == 0 && step.is(slash)),
        }
        if step.begins_line {
            break;
        }
    }
    key.unwrap_or_default()
}

fn keys(flat: &[Flat], element: usize) -> Keys {
    let excluded: Vec<u64> = NO_KEY.iter().map(|w| hash_of(w)).collect();
    let usable = |hashes: Vec<u64>| hashes.into_iter().filter(|h| !excluded.contains(h));
    let mut hashes: BTreeSet<u64> = usable(before(flat, element)).collect();
    let filler = filler(flat, element);
    let mut variables = hashes.clone();
    if let Some(byte) = filler {
        // `FILLER = "Q" * 263`: the variable stands before the filler.
        let from = flat[..element]
            .iter()
            .rposition(|f| f.is(hash_of(&char::from(byte).to_string())));
        variables.extend(from.map(|f| before(flat, f)).into_iter().flat_map(usable));
        hashes.extend(variables.iter().copied());
    }
    // Where the variable is used, the word before is the name on the wire; once more for a second variable.
    for _ in 0..2 {
        let mut next = BTreeSet::new();
        for (at, own) in flat.iter().enumerate() {
            if own.kind == Kind::Word && own.hashes.iter().any(|h| variables.contains(h)) {
                next.extend(usable(before(flat, at)).filter(|h| !hashes.contains(h)));
            }
        }
        hashes.extend(next.iter().copied());
        variables = next;
    }
    Keys { hashes, filler }
}

/// The character that a length repeats: one character in quotes just before it.
fn filler(flat: &[Flat], element: usize) -> Option<u8> {
    let quotes = [hash_of("\""), hash_of("'")];
    let from = element.saturating_sub(9);
    let window = flat.get(from..element)?;
    window.windows(3).rev().find_map(|w| {
        let is_quote = |i: usize| w[i].hashes.iter().any(|h| quotes.contains(h));
        if !is_quote(0) || !is_quote(2) {
            return None;
        }
        (b'0'..=b'9')
            .chain(b'a'..=b'z')
            .find(|b| w[1].is(hash_of(&char::from(*b).to_string())))
    })
}

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
    let mut out = Vec::new();
    for (wild, mut own) in all {
        let family = wild.form.family();
        own.retain(|c| c.keyed || !owned.contains(&(family, c.text.clone())));
        out.extend(choose(wild, own));
    }
    out
}

/// One value by its key, or the set of all.
fn choose(wild: &Wild, all: Vec<Candidate>) -> Vec<Found> {
    let keyed = all.iter().any(|c| c.keyed);
    let used: Vec<&Candidate> = all.iter().filter(|c| c.keyed == keyed).collect();
    let distinct: BTreeSet<&Vec<u64>> = used.iter().map(|c| &c.symbols).collect();
    let most = match wild.form {
        ValueForm::Nonce { .. } => CANDIDATES_MAX,
        ValueForm::Integer { .. } => NUMBERS_MAX,
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

fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(39).chain(['…']).collect()
}

/// Index of the token that holds byte `at`.
fn token_at(view: &View, at: usize) -> usize {
    view.tokens
        .partition_point(|t| t.start as usize <= at)
        .saturating_sub(1)
}

/// Whether the key that token `index` is assigned to is one of the keys; as [`before`], in a leak.
fn is_keyed(view: &View, index: usize, keys: &Keys) -> bool {
    let text = |i: usize| view.tokens.get(i).map_or("", |t| t.text(&view.text));
    let begins_line = |i: usize| {
        let start = view.tokens.get(i).map_or(0, |t| t.start as usize);
        let end = i
            .checked_sub(1)
            .and_then(|p| view.tokens.get(p))
            .map_or(0, |t| (t.start + t.len) as usize);
        view.text.get(end..start).is_none_or(|b| b.contains('\n'))
    };
    let (mut assigned, mut words, mut dashed) = (false, 0, false);
    let mut key: Option<u64> = None;
    if begins_line(index) {
        return false;
    }
    for at in (index.saturating_sub(KEY_TOKENS_MAX)..index).rev() {
        let Some(token) = view.tokens.get(at) else {
            break;
        };
        let is_word = token.kind != Kind::Mark;
        let shown = text(at);
        match key {
            Some(so_far) if is_word && dashed => {
                key = Some(join(so_far, token.hash));
                dashed = false;
            }
            Some(_) if !dashed && shown == "-" => dashed = true,
            Some(_) => break,
            None if is_word && assigned => key = Some(token.hash),
            None if is_word => words += 1,
            None if shown == "," || shown == ";" => break,
            None => assigned |= shown == "=" || shown == ":" || (words == 0 && shown == "/"),
        }
        if begins_line(at) {
            break;
        }
    }
    key.is_some_and(|k| keys.hashes.contains(&k))
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

/// Alternatives and names of programs and rules that the evidence shows word for word.
pub(super) fn literals(master: &Master, dag: &Dag, evidence: &Evidence) -> Vec<Found> {
    let flat = flat(dag);
    let mut keys_of: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
    for (element, step) in dag.elements.iter().enumerate() {
        if let Element::Group(branches) = step {
            let own = keys(&flat, element).hashes;
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
        let keys = Keys {
            hashes: keys_of.remove(&site).unwrap_or_default(),
            filler: None,
        };
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
            for (start, end, value) in &hits {
                // Inside a longer alternative it is part of that one.
                let inner = hits
                    .iter()
                    .any(|(s, e, v)| v != value && s <= start && end <= e && e - s > end - start);
                if inner {
                    continue;
                }
                let shown = view.text.get(*start..*end).unwrap_or_default();
                if is_keyed(view, token_at(view, *start), &keys) {
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
