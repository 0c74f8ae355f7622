//! Integers, as requests and renamed programs show them: numbers after a key, runs of a repeated character, and, in
//! programs, numbers alone.

use std::collections::{BTreeMap, BTreeSet};

use super::dag::Wild;
use super::evidence::Evidence;
use super::keys::{Keys, key_at};
use super::numbers::{Candidate, Choice, choose};
use crate::leak::View;
use crate::marks::values::{ValueForm, integer};
use crate::text::{Kind, Token};

/// Most numbers that one integer may show: numbers are everywhere.
const NUMBERS_MAX: usize = 4;
/// Shortest run of a repeated character that is a length.
const RUN_MIN: u64 = 16;

/// A number that a leak shows.
struct Shown {
    number: u64,
    at: usize,
    text: String,
    how: How,
}

/// How a number is shown.
enum How {
    /// As so many of one character, in lower case.
    Run(u8),
    /// In digits.
    Digits {
        key: Option<u64>,
        /// Characters that are repeated just before it, as `"Q" * 263` in a renamed program; of [`bit`].
        fillers: u64,
        /// It stands in a program, and is none of the small numbers that stand everywhere.
        telling: bool,
    },
}

/// Numbers and the first place of each, in order of the numbers.
type Firsts = BTreeMap<u64, usize>;

/// All numbers that may be integers of a master.
pub(super) struct Integers {
    shown: Vec<Shown>,
    by_key: BTreeMap<u64, Firsts>,
    /// Runs of a character, and numbers after it in quotes.
    by_filler: BTreeMap<u8, Firsts>,
    /// What no name gives to a site: by itself, and as runs of each character.
    free: Firsts,
    free_runs: BTreeMap<u8, Firsts>,
    looks: usize,
}

impl Integers {
    pub(super) fn of(wilds: &[(&Wild, Keys)], evidence: &Evidence) -> Self {
        let mut all = Self {
            shown: Vec::new(),
            by_key: BTreeMap::new(),
            by_filler: BTreeMap::new(),
            free: Firsts::new(),
            free_runs: BTreeMap::new(),
            looks: 0,
        };
        let (mut keys, mut fillers) = (BTreeMap::new(), BTreeMap::new());
        for (wild, own) in wilds {
            if let ValueForm::Integer { low, high, .. } = wild.form {
                for key in &own.hashes {
                    Ranges::add(&mut keys, *key, low, high);
                }
                if let Some(filler) = own.filler {
                    Ranges::add(&mut fillers, filler, low, high);
                }
            }
        }
        let is_wanted = wilds
            .iter()
            .any(|w| matches!(w.0.form, ValueForm::Integer { .. }));
        if !is_wanted {
            return all;
        }
        for (index, view) in evidence.views().into_iter().enumerate() {
            numbers(view, index == 1, &mut all.shown);
        }
        all.looks = all.shown.len();
        keys.values_mut().for_each(Ranges::close);
        fillers.values_mut().for_each(Ranges::close);
        all.index(&keys, &fillers);
        all
    }

    /// How many numbers were looked at.
    pub(super) fn looks(&self) -> usize {
        self.looks
    }

    /// `keys`, `fillers`: the ranges of the integers that are known by them.
    fn index(&mut self, keys: &BTreeMap<u64, Ranges>, fillers: &BTreeMap<u8, Ranges>) {
        let mut owned: BTreeSet<&str> = BTreeSet::new();
        let in_ranges = |ranges: Option<&Ranges>, number| ranges.is_some_and(|r| r.hold(number));
        for (index, shown) in self.shown.iter().enumerate() {
            let number = shown.number;
            let is_owned = match &shown.how {
                How::Run(byte) => {
                    first(self.by_filler.entry(*byte).or_default(), number, index);
                    in_ranges(fillers.get(byte), number)
                }
                How::Digits {
                    key,
                    fillers: before,
                    ..
                } => {
                    if let Some(key) = key {
                        first(self.by_key.entry(*key).or_default(), number, index);
                    }
                    let mut is_owned = in_ranges(key.as_ref().and_then(|k| keys.get(k)), number);
                    for byte in filler_bytes().filter(|b| before & bit(*b) != 0) {
                        first(self.by_filler.entry(byte).or_default(), number, index);
                        is_owned |= in_ranges(fillers.get(&byte), number);
                    }
                    is_owned
                }
            };
            if is_owned {
                owned.insert(&shown.text);
            }
        }
        // What a name gives to one site is no candidate of the others.
        for (index, shown) in self.shown.iter().enumerate() {
            if owned.contains(shown.text.as_str()) {
                continue;
            }
            match shown.how {
                How::Run(byte) => {
                    first(self.free_runs.entry(byte).or_default(), shown.number, index)
                }
                How::Digits { telling: true, .. } => first(&mut self.free, shown.number, index),
                How::Digits { .. } => {}
            }
        }
    }

    /// What the leak shows of an integer from `low` to `high`.
    pub(super) fn choice(&mut self, low: u64, high: u64, keys: &Keys) -> Option<Choice> {
        let filled = keys.filler.and_then(|f| self.by_filler.get(&f));
        let named = keys.hashes.iter().filter_map(|k| self.by_key.get(k));
        let mut used = some(filled.into_iter().chain(named), low, high, &mut self.looks);
        let keyed = !used.is_empty();
        if !keyed {
            used = match keys.filler {
                Some(filler) => {
                    let others = self.free_runs.iter().filter(|(byte, _)| **byte != filler);
                    some(others.map(|o| o.1), low, high, &mut self.looks)
                }
                None => some([&self.free].into_iter(), low, high, &mut self.looks),
            };
        }
        let mut places: Vec<usize> = used.into_values().collect();
        places.sort_unstable();
        let candidates: Vec<Candidate> = places
            .iter()
            .filter_map(|i| self.shown.get(*i))
            .map(|shown| Candidate {
                symbols: vec![shown.number - low],
                at: shown.at,
                text: shown.text.clone(),
            })
            .collect();
        let form = ValueForm::Integer {
            low,
            high,
            hex: false,
        };
        let candidates: Vec<&Candidate> = candidates.iter().collect();
        choose(&form, &candidates, keyed, NUMBERS_MAX)
    }
}

/// Keeps the first place of a number; places come in order.
fn first(firsts: &mut Firsts, number: u64, index: usize) {
    firsts.entry(number).or_insert(index);
}

/// The numbers of a range and the first place of each; one more than say something is enough.
fn some<'a>(
    lists: impl Iterator<Item = &'a Firsts>,
    low: u64,
    high: u64,
    looks: &mut usize,
) -> Firsts {
    let mut out = Firsts::new();
    for list in lists {
        *looks += 1;
        for (number, index) in list.range(low..=high).take(NUMBERS_MAX + 1) {
            *looks += 1;
            let place = out.entry(*number).or_insert(*index);
            *place = (*place).min(*index);
        }
        if out.len() > NUMBERS_MAX {
            break;
        }
    }
    out
}

/// Ranges of numbers, apart from each other and in order once they are closed.
#[derive(Default)]
struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    fn add<K: Ord>(to: &mut BTreeMap<K, Ranges>, key: K, low: u64, high: u64) {
        to.entry(key).or_default().0.push((low, high));
    }

    fn close(&mut self) {
        self.0.sort_unstable();
        self.0.dedup_by(|next, before| {
            let joins = next.0 <= before.1;
            if joins {
                before.1 = before.1.max(next.1);
            }
            joins
        });
    }

    fn hold(&self, number: u64) -> bool {
        let after = self.0.partition_point(|r| r.0 <= number);
        after
            .checked_sub(1)
            .and_then(|i| self.0.get(i))
            .is_some_and(|r| number <= r.1)
    }
}

/// The characters that a filler may be.
fn filler_bytes() -> impl Iterator<Item = u8> {
    (b'0'..=b'9').chain(b'a'..=b'z')
}

/// The bit of a digit or a letter of either case; 0 for any other character.
fn bit(byte: u8) -> u64 {
    match byte.to_ascii_lowercase() {
        digit @ b'0'..=b'9' => 1 << (digit - b'0'),
        letter @ b'a'..=b'z' => 1 << (letter - b'a' + 10),
        _ => 0,
    }
}

/// On which sides of a token another number stands, with nothing between but blanks: a number that a picture's reader
/// took apart shows a part of itself.
pub(super) fn cuts(tokens: &[Token], text: &str, index: usize) -> [bool; 2] {
    let is_number = |t: &&Token| {
        let word = t.text(text);
        t.kind == Kind::Word && word.bytes().all(|b| b.is_ascii_digit())
    };
    let joins = |left: Option<usize>| -> Option<bool> {
        let [one, next] = tokens.get(left?..)?.first_chunk()?;
        let both = is_number(&one) && is_number(&next);
        let between = text.get((one.start + one.len) as usize..next.start as usize)?;
        Some(both && !between.is_empty() && between.bytes().all(|b| b == b' '))
    };
    [index.checked_sub(1), Some(index)].map(|left| joins(left).unwrap_or(false))
}

/// Lists the numbers of a view.
fn numbers(view: &View, is_text: bool, all: &mut Vec<Shown>) {
    for (index, token) in view.tokens.iter().enumerate() {
        if token.kind != Kind::Word {
            continue;
        }
        let word = token.text(&view.text);
        let at = token.start as usize;
        if let Some((byte, length)) = longest_run(word) {
            all.push(Shown {
                number: length,
                at,
                text: format!("{} × {length}", char::from(byte)),
                how: How::Run(byte.to_ascii_lowercase()),
            });
        }
        let Some(number) = integer(word) else {
            continue;
        };
        if is_text && cuts(&view.tokens, &view.text, index).contains(&true) {
            continue;
        }
        all.push(Shown {
            number,
            at,
            text: word.to_owned(),
            how: How::Digits {
                key: key_at(view, index),
                fillers: fillers(view, index),
                telling: is_text && word.len() >= 3 && !word.starts_with('0'),
            },
        });
    }
}

/// Single characters in quotes among the seven tokens before token `index`: `"Q" * 263`.
fn fillers(view: &View, index: usize) -> u64 {
    let tokens = view.tokens.get(index.saturating_sub(7)..index);
    let text = |at: usize| {
        tokens
            .and_then(|t| t.get(at))
            .map_or("", |t| t.text(&view.text))
    };
    let is_quote = |at: usize| matches!(text(at), "\"" | "'");
    let mut out = 0;
    for at in 1..tokens.map_or(0, <[_]>::len) {
        if let [byte] = text(at).as_bytes()
            && is_quote(at - 1)
            && is_quote(at + 1)
            && text(at - 1) == text(at + 1)
        {
            out |= bit(*byte);
        }
    }
    out
}

/// The longest run of one character in a word, if it is long enough for a length.
fn longest_run(word: &str) -> Option<(u8, u64)> {
    let bytes = word.as_bytes();
    if (bytes.len() as u64) < RUN_MIN {
        return None;
    }
    let mut best: Option<(u8, u64)> = None;
    for run in bytes.chunk_by(|a, b| a == b) {
        let length = run.len() as u64;
        if best.is_none_or(|b| length > b.1) {
            best = run.first().map(|byte| (*byte, length));
        }
    }
    best.filter(|b| b.1 >= RUN_MIN)
}
