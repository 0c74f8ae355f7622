//! Names by which a value is known: what it is assigned to in the master, and in a leak.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::dag::{Dag, Element};
use crate::leak::View;
use crate::text::{Kind, hash_of};

/// Tokens between a key and its value.
const KEY_TOKENS_MAX: usize = 14;
/// Names that are followed for all values of one master; beyond it a value is known by the name just before it.
const FOLLOWED_MAX: usize = 1 << 22;

/// What stands before a value in the master, so that the value is known by it.
pub(super) struct Keys {
    pub(super) hashes: BTreeSet<u64>,
    pub(super) filler: Option<u8>,
}

/// Words of the language, and words that stand before any value.
pub(super) const NO_KEY: [&str; 30] = [
    "in", "return", "and", "or", "is", "not", "print", "len", "str", "int", "if", "for", "data",
    "get", "post", "value", "bytes", "const", "let", "var", "def", "params", "json", "headers",
    "f", "b", "x", "format", "char", "hex",
];

/// What may stand at one element.
pub(super) struct Flat {
    pub(super) hashes: Vec<u64>,
    pub(super) kind: Kind,
    begins_line: bool,
}

impl Flat {
    pub(super) fn is(&self, hash: u64) -> bool {
        self.hashes.contains(&hash)
    }
}

pub(super) fn flat(dag: &Dag) -> Vec<Flat> {
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
pub(super) fn before(flat: &[Flat], element: usize) -> Vec<u64> {
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

/// All names of a master, looked up once for all of its values.
pub(super) struct Names {
    flat: Vec<Flat>,
    /// Words by what may stand there.
    uses: BTreeMap<u64, Vec<usize>>,
    /// What [`Names::assigned_to`] answered.
    assigned: BTreeMap<u64, Rc<BTreeSet<u64>>>,
    no_key: BTreeSet<u64>,
    /// Names that were followed.
    steps: usize,
}

impl Names {
    pub(super) fn of(dag: &Dag) -> Names {
        let flat = flat(dag);
        let mut uses: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (at, own) in flat.iter().enumerate() {
            for hash in own.hashes.iter().filter(|_| own.kind == Kind::Word) {
                uses.entry(*hash).or_default().push(at);
            }
        }
        Names {
            flat,
            uses,
            assigned: BTreeMap::new(),
            no_key: NO_KEY.iter().map(|w| hash_of(w)).collect(),
            steps: 0,
        }
    }

    /// By what a value at `element` is known.
    pub(super) fn keys(&mut self, element: usize) -> Keys {
        let mut hashes = self.before(element);
        let filler = filler(&self.flat, element);
        let mut variables = hashes.clone();
        if let Some(byte) = filler {
            // `FILLER = "Q" * 263`: the variable stands before the filler.
            let hash = hash_of(&char::from(byte).to_string());
            let head = self.flat.get(..element).unwrap_or_default();
            let from = head.iter().rposition(|f| f.is(hash));
            variables.extend(from.map(|f| self.before(f)).into_iter().flatten());
            hashes.extend(variables.iter().copied());
        }
        // Where the variable is used, the word before is the name on the wire; once more for a second variable.
        for _ in 0..2 {
            let mut next = BTreeSet::new();
            for variable in &variables {
                let names = self.assigned_to(*variable);
                self.steps += names.len();
                if self.steps > FOLLOWED_MAX {
                    break;
                }
                next.extend(names.iter().filter(|h| !hashes.contains(h)));
            }
            hashes.extend(next.iter().copied());
            variables = next;
        }
        Keys { hashes, filler }
    }

    /// How many names were followed.
    #[cfg(test)]
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    /// The usable names just before an element.
    fn before(&self, element: usize) -> BTreeSet<u64> {
        let names = before(&self.flat, element).into_iter();
        names.filter(|h| !self.no_key.contains(h)).collect()
    }

    /// The names that a variable is assigned to, wherever it stands.
    fn assigned_to(&mut self, variable: u64) -> Rc<BTreeSet<u64>> {
        if let Some(known) = self.assigned.get(&variable) {
            return Rc::clone(known);
        }
        let places = self.uses.get(&variable).map_or(&[][..], Vec::as_slice);
        let names: Rc<BTreeSet<u64>> =
            Rc::new(places.iter().flat_map(|at| self.before(*at)).collect());
        self.assigned.insert(variable, Rc::clone(&names));
        names
    }
}

/// The character that a length repeats: one character in quotes just before it.
pub(super) fn filler(flat: &[Flat], element: usize) -> Option<u8> {
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

/// Index of the token that holds byte `at`.
pub(super) fn token_at(view: &View, at: usize) -> usize {
    view.tokens
        .partition_point(|t| t.start as usize <= at)
        .saturating_sub(1)
}

/// The key that token `index` is assigned to; as [`before`], in a leak.
pub(super) fn key_at(view: &View, index: usize) -> Option<u64> {
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
        return None;
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
    key
}
