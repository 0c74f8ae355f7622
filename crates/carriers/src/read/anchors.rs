//! Where an alignment may begin: two consecutive words that master and leak have in common.
//!
//! By the scores of `score`, every alignment above [`super::score::WORD`] holds such a pair,
//! so that the sparse passes of `align` miss none that changes a reading.

use std::collections::BTreeMap;

use super::dag::{Dag, Element, Node};
use super::score::Tok;
use crate::text::Kind;

/// Words that may stand just before a place, through optional marks; with more, each begins alone.
const TAILS_MAX: usize = 64;

/// Places in the master times places in the leak from which on a word counts as punctuation does.
pub(super) const COMMON_PAIRS: u64 = 1 << 22;

/// (number of the node, token of the leak) where alignments begin, sorted.
pub(super) type Anchors = Vec<(u32, u32)>;

/// The nodes of a DAG in order: of elements, of branches, of words.
fn nodes(dag: &Dag) -> impl Iterator<Item = &Node> {
    dag.elements.iter().flat_map(|element| {
        let (one, branches): (&[Node], &[_]) = match element {
            Element::Fixed(node) => (std::slice::from_ref(node), &[]),
            Element::Group(branches) => (&[], branches),
            Element::Wild(_) => (&[], &[]),
        };
        one.iter().chain(branches.iter().flat_map(|b| &b.nodes))
    })
}

/// Hashes of words that both sides have so often that all their places could not be looked at, sorted.
pub(super) fn common_words(dag: &Dag, toks: &[Tok]) -> Vec<u64> {
    let mut leak: Vec<u64> = words(toks).map(|(_, hash)| hash).collect();
    leak.sort_unstable();
    let most = leak.chunk_by(|a, b| a == b).map(<[u64]>::len).max();
    let elements = nodes(dag).count() as u64;
    // The usual leak: nothing can be that common.
    if most.unwrap_or(0) as u64 * elements < COMMON_PAIRS {
        return Vec::new();
    }
    let mut master: BTreeMap<u64, u64> = BTreeMap::new();
    for node in nodes(dag).filter(|n| n.kind == Kind::Word) {
        *master.entry(node.hash).or_default() += 1;
    }
    leak.chunk_by(|a, b| a == b)
        .filter(|run| master.get(&run[0]).copied().unwrap_or(0) * run.len() as u64 >= COMMON_PAIRS)
        .map(|run| run[0])
        .collect()
}

fn words(toks: &[Tok]) -> impl Iterator<Item = (u32, u64)> + '_ {
    toks.iter()
        .enumerate()
        .filter(|(_, t)| t.kind == Kind::Word)
        .map(|(at, t)| (at as u32, t.hash))
}

fn pair_of(first: u64, second: u64) -> u64 {
    (first.rotate_left(23) ^ second).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Places of hashes, for many questions of which few are answered.
struct Places {
    sorted: Vec<(u64, u32)>,
    filter: Vec<u64>,
    shift: u32,
}

impl Places {
    fn of(mut sorted: Vec<(u64, u32)>) -> Places {
        sorted.sort_unstable();
        let bits = (sorted.len() * 16)
            .next_power_of_two()
            .clamp(1 << 12, 1 << 24);
        let shift = 64 - bits.trailing_zeros();
        let mut filter = vec![0u64; bits / 64];
        for (hash, _) in &sorted {
            let bit = (hash >> shift) as usize;
            filter[bit / 64] |= 1 << (bit % 64);
        }
        Places {
            sorted,
            filter,
            shift,
        }
    }

    fn of_hash(&self, hash: u64) -> &[(u64, u32)] {
        let bit = (hash >> self.shift) as usize;
        if self.filter[bit / 64] >> (bit % 64) & 1 == 0 {
            return &[];
        }
        let first = self.sorted.partition_point(|p| p.0 < hash);
        let rest = &self.sorted[first..];
        &rest[..rest.partition_point(|p| p.0 == hash)]
    }
}

/// Where a leak's words and pairs of words stand.
struct Index {
    pairs: Places,
    words: Places,
}

impl Index {
    fn of(toks: &[Tok]) -> Index {
        let words: Vec<(u32, u64)> = words(toks).collect();
        let pairs = words.windows(2).map(|w| (pair_of(w[0].1, w[1].1), w[0].0));
        Index {
            pairs: Places::of(pairs.collect()),
            words: Places::of(words.iter().map(|(at, hash)| (*hash, *at)).collect()),
        }
    }
}

struct Search<'a> {
    index: Index,
    common: &'a [u64],
    max: usize,
    /// (hash, node) of the words that may stand just before.
    tails: Vec<(u64, u32)>,
    next: u32,
    found: Anchors,
}

impl Search<'_> {
    fn push(&mut self, node: u32, places: impl Fn(&Index) -> &[(u64, u32)]) {
        let room = self.max.saturating_sub(self.found.len());
        let places = places(&self.index).iter().take(room);
        self.found.extend(places.map(|(_, token)| (node, *token)));
    }

    /// The words that may stand before something unknown begin wherever they stand.
    fn alone(&mut self, tails: &[(u64, u32)]) {
        for (hash, node) in tails {
            self.push(*node, |index| index.words.of_hash(*hash));
        }
    }

    /// Goes over nodes in a row; answers the words that may stand last.
    fn row(&mut self, nodes: &[Node], before: &[(u64, u32)]) -> Vec<(u64, u32)> {
        let mut tails = before.to_vec();
        for node in nodes {
            let own = self.next;
            self.next += 1;
            if node.kind == Kind::Weak {
                // It may pair with a word of the leak for nothing, so that what follows is not the next word.
                self.alone(&tails);
                tails.clear();
            }
            let is_word = node.kind == Kind::Word && self.common.binary_search(&node.hash).is_err();
            if is_word {
                for (hash, tail) in &tails {
                    let pair = pair_of(*hash, node.hash);
                    self.push(*tail, |index| index.pairs.of_hash(pair));
                }
                tails.clear();
                tails.push((node.hash, own));
            }
        }
        tails
    }

    fn element(&mut self, element: &Element) {
        let before = std::mem::take(&mut self.tails);
        match element {
            Element::Fixed(node) => self.tails = self.row(std::slice::from_ref(node), &before),
            Element::Group(branches) => {
                let mut after = Vec::new();
                for branch in branches {
                    after.extend(self.row(&branch.nodes, &before));
                }
                after.sort_unstable();
                after.dedup();
                if after.len() > TAILS_MAX {
                    self.alone(&after);
                    after.clear();
                }
                self.tails = after;
            }
            Element::Wild(_) => self.alone(&before),
        }
    }
}

/// All anchors; `None` when there are more than `max`.
///
/// `common`: from [`common_words`], and punctuation in `toks` already.
pub(super) fn anchors(dag: &Dag, toks: &[Tok], common: &[u64], max: usize) -> Option<Anchors> {
    let mut search = Search {
        index: Index::of(toks),
        common,
        max: max + 1,
        tails: Vec::new(),
        next: 0,
        found: Vec::new(),
    };
    for element in &dag.elements {
        search.element(element);
        if search.found.len() > max {
            return None;
        }
    }
    let mut found = search.found;
    found.sort_unstable();
    found.dedup();
    Some(found)
}
