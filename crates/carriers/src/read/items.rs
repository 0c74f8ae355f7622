//! Which item of a shuffled list a place of a leak shows.
//!
//! A master holds the items of a list in the order as written, and a copy in its own. So the place of one item lines
//! up with the place of another as well as with its own where both say nearly the same. The words that only one
//! of the items has decide.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::dag::{Dag, Element, List};
use crate::leak::View;
use crate::text::Kind;

/// Words to either side of a place that are compared: enough for items of any length.
const WINDOW_WORDS: usize = 512;

/// One item, and its elements.
struct Item {
    list: usize,
    elements: Range<usize>,
}

/// All items of a master, in its order.
pub(super) struct Items<'a> {
    dag: &'a Dag,
    items: Vec<Item>,
    /// (list, word) → the one item of the list that has it.
    owners: BTreeMap<(usize, u64), usize>,
}

/// The words that may stand at an element.
fn words_of(element: &Element) -> impl Iterator<Item = u64> + '_ {
    let (one, branches): (&[_], &[_]) = match element {
        Element::Fixed(node) => (std::slice::from_ref(node), &[]),
        Element::Group(branches) => (&[], branches),
        Element::Wild(_) => (&[], &[]),
    };
    one.iter()
        .chain(branches.iter().flat_map(|b| &b.nodes))
        .filter(|n| n.kind == Kind::Word)
        .map(|n| n.hash)
}

/// All words of a stretch of the master.
pub(super) fn words(dag: &Dag, elements: Range<usize>) -> BTreeSet<u64> {
    let elements = dag.elements.get(elements).unwrap_or_default();
    elements.iter().flat_map(words_of).collect()
}

/// Words that stand at one element, of the longest wording.
fn length(element: &Element) -> usize {
    match element {
        Element::Fixed(node) => usize::from(node.kind == Kind::Word),
        Element::Group(branches) => {
            let words = branches
                .iter()
                .map(|b| b.nodes.iter().filter(|n| n.kind == Kind::Word).count());
            words.max().unwrap_or(0)
        }
        Element::Wild(_) => 1,
    }
}

/// Words of elements that follow one another, and no more than are compared.
fn reach<'a>(mut elements: impl Iterator<Item = &'a Element>) -> usize {
    let words = elements.try_fold(0, |words, element| {
        let words = words + length(element);
        (words < WINDOW_WORDS).then_some(words)
    });
    words.unwrap_or(WINDOW_WORDS)
}

/// The elements around one, with about so many words to either side.
pub(super) fn around(dag: &Dag, at: usize, words: usize) -> Range<usize> {
    let reach = |elements: &mut dyn Iterator<Item = &Element>| {
        let mut seen = 0;
        let mut near = 0;
        for element in elements {
            if seen >= words {
                break;
            }
            seen += length(element);
            near += 1;
        }
        near
    };
    let (before, after) = dag.elements.split_at(at.min(dag.elements.len()));
    let (back, on) = (
        reach(&mut before.iter().rev()),
        reach(&mut after.iter().skip(1)),
    );
    at - back..(at + 1 + on).min(dag.elements.len())
}

impl<'a> Items<'a> {
    pub(super) fn of(dag: &'a Dag) -> Items<'a> {
        let (mut items, mut owners) = (Vec::new(), BTreeMap::new());
        let mut shared = BTreeSet::new();
        for (list, List { items: ranges, .. }) in dag.lists.iter().enumerate() {
            for elements in ranges {
                for word in words(dag, elements.clone()) {
                    if owners.insert((list, word), items.len()).is_some() {
                        shared.insert((list, word));
                    }
                }
                items.push(Item {
                    list,
                    elements: elements.clone(),
                });
            }
        }
        owners.retain(|word, _| !shared.contains(word));
        Items { dag, items, owners }
    }

    /// Whether the words around a place of the leak are at least as much those of another item of the list.
    ///
    /// `tokens`: the tokens of the leak at which the element lies.
    pub(super) fn is_of_another(&self, element: usize, tokens: Range<usize>, view: &View) -> bool {
        let at = self
            .items
            .partition_point(|item| item.elements.end <= element);
        let Some(item) = self
            .items
            .get(at)
            .filter(|item| item.elements.contains(&element))
        else {
            return false;
        };
        let part = |range: Range<usize>| self.dag.elements.get(range).unwrap_or_default();
        let before = reach(part(item.elements.start..element).iter().rev());
        let after = reach(part(element + 1..item.elements.end).iter());
        let is_word = |t: &&crate::text::Token| t.kind == Kind::Word;
        let head = view.tokens.get(..tokens.start).unwrap_or_default();
        let tail = view.tokens.get(tokens.end..).unwrap_or_default();
        let window: BTreeSet<u64> = head
            .iter()
            .rev()
            .filter(is_word)
            .take(before)
            .chain(tail.iter().filter(is_word).take(after))
            .map(|t| t.hash)
            .collect();
        let mut shown: BTreeMap<usize, usize> = BTreeMap::new();
        for word in window {
            if let Some(owner) = self.owners.get(&(item.list, word)) {
                *shown.entry(*owner).or_default() += 1;
            }
        }
        let own = shown.remove(&at).unwrap_or(0);
        shown.into_values().any(|other| other >= own)
    }
}
