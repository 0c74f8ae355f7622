//! The order in which a leak shows the items of a shuffled list.

use super::dag::{Dag, Element, List, Node};
use crate::leak::View;
use crate::marks::permutation;
use crate::text::{Kind, hash_of};

/// Most orders that a partly seen list may leave open.
const OPEN_ORDERS_MAX: u64 = 5040;
/// Words by which an item is recognised.
const ITEM_WORDS: usize = 4;
/// Places of one item that are looked at.
const PLACES_MAX: usize = 4096;

/// What was read of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// Numbers of the orders that fit, sorted.
    pub(super) values: Vec<u64>,
    /// Token of the leak where the list begins.
    pub(super) token: usize,
    /// Items in the order seen, from 1.
    pub(super) seen: Vec<usize>,
    pub(super) items: usize,
}

/// First words of an item, each as the hashes that may stand there; on the wire, only its key.
fn head(dag: &Dag, list: &List, item: usize, on_wire: bool) -> Vec<Vec<u64>> {
    let Some(range) = list.items.get(item) else {
        return Vec::new();
    };
    let assigns = [hash_of(":"), hash_of("=")];
    let mut words = Vec::new();
    for element in dag.elements.get(range.clone()).unwrap_or_default() {
        let is_word = |n: &&Node| n.kind == Kind::Word;
        match element {
            Element::Fixed(node) if node.kind == Kind::Word => words.push(vec![node.hash]),
            Element::Fixed(node)
                if on_wire && !words.is_empty() && assigns.contains(&node.hash) =>
            {
                break;
            }
            Element::Fixed(_) => {}
            Element::Group(branches) => {
                // Names and single words may vary; longer alternatives end the head.
                let single: Option<Vec<u64>> = branches
                    .iter()
                    .map(|b| {
                        let mut own = b.nodes.iter().filter(is_word);
                        let first = own.next()?;
                        own.next().is_none().then_some(first.hash)
                    })
                    .collect();
                match single {
                    Some(hashes) => words.push(hashes),
                    None => break,
                }
            }
            Element::Wild(_) => break,
        }
        if words.len() >= ITEM_WORDS {
            break;
        }
    }
    words
}

/// The order of a list in a view, if at least half of it, and two items, are found close together.
///
/// `on_wire`: the view holds requests, where a key is known but its value may be anything.
pub(super) fn read(dag: &Dag, list: &List, view: &View, on_wire: bool) -> Option<Order> {
    let items = list.items.len();
    let mut heads: Vec<Vec<Vec<u64>>> = (0..items).map(|i| head(dag, list, i, on_wire)).collect();
    // An item whose head begins another's cannot be told from it.
    for a in 0..items {
        let clash = (0..items).any(|b| {
            b != a && !heads[a].is_empty() && heads[b].len() >= heads[a].len() && {
                heads[a]
                    .iter()
                    .zip(&heads[b])
                    .all(|(x, y)| x.iter().any(|h| y.contains(h)))
            }
        });
        if clash {
            heads[a].clear();
        }
    }
    let words: Vec<(u64, usize)> = view
        .tokens
        .iter()
        .enumerate()
        .filter(|(_, t)| t.kind == Kind::Word)
        .map(|(i, t)| (t.hash, i))
        .collect();
    // On the wire a key begins a line and ends with a colon.
    let is_key = |first: usize, last: usize| {
        let text = |i: usize| view.tokens.get(i).map(|t| t.text(&view.text));
        let start = view.tokens.get(first).map_or(0, |t| t.start as usize);
        let line = view
            .text
            .get(..start)
            .is_none_or(|t| t.is_empty() || t.ends_with('\n'));
        line && text(last + 1) == Some(":")
    };
    // (word index, item)
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (item, head) in heads.iter().enumerate() {
        if head.is_empty() {
            continue;
        }
        let found = words
            .windows(head.len())
            .enumerate()
            .filter(|(_, w)| {
                w.iter()
                    .zip(head)
                    .all(|((hash, _), may)| may.contains(hash))
            })
            .filter(|(_, w)| match (w.first(), w.last()) {
                (Some(first), Some(last)) => !on_wire || is_key(first.1, last.1),
                _ => false,
            })
            .map(|(at, _)| (at, item))
            .take(PLACES_MAX);
        places.extend(found);
    }
    places.sort_unstable();
    let length = list.items.iter().map(ExactSizeIterator::len).sum::<usize>();
    let span = length * 3 / 2 + 8;
    // The closest run of places with the most different items, each once.
    let mut best: Option<(usize, std::cmp::Reverse<usize>, usize, usize)> = None;
    for start in 0..places.len() {
        let mut seen = 0u32;
        for end in start..places.len() {
            let width = places[end].0 - places[start].0;
            if width > span || seen >> places[end].1 & 1 == 1 {
                break;
            }
            seen |= 1 << places[end].1;
            let key = (
                seen.count_ones() as usize,
                std::cmp::Reverse(width),
                start,
                end,
            );
            if best.is_none_or(|b| (key.0, key.1) > (b.0, b.1)) {
                best = Some(key);
            }
        }
    }
    let (_, _, start, end) = best?;
    let run = places.get(start..=end)?;
    let near = |place: usize| place + span >= run[0].0 && place <= run[run.len() - 1].0 + span;
    let again = |item: usize| {
        let outside = places[..start].iter().chain(&places[end + 1..]);
        outside.filter(|p| p.1 == item && near(p.0)).count() > 0
    };
    // In text an item that stands there twice has no place; requests repeat whole.
    let is_whole = run.len() == items && heads.iter().all(|h| h.len() > 1);
    let seen: Vec<usize> = run
        .iter()
        .map(|p| p.1)
        .filter(|i| on_wire || is_whole || !again(*i))
        .collect();
    // One word alone may be there by chance: then the whole list has to be.
    let chance = !on_wire && seen.iter().any(|i| heads[*i].len() < 2);
    if seen.len() < 2 || seen.len() * 2 < items || (chance && seen.len() < items) {
        return None;
    }
    let values = fitting(&seen, items)?;
    Some(Order {
        values,
        token: words.get(run.first()?.0)?.1,
        seen: seen.iter().map(|i| i + 1).collect(),
        items,
    })
}

/// Numbers of all orders of `items` in which the items of `seen` stand in that order.
fn fitting(seen: &[usize], items: usize) -> Option<Vec<u64>> {
    let open = permutation::orders(items) / permutation::orders(seen.len());
    if open > OPEN_ORDERS_MAX {
        return None;
    }
    let mut orders = vec![seen.to_vec()];
    for item in (0..items).filter(|i| !seen.contains(i)) {
        orders = orders
            .iter()
            .flat_map(|order| {
                (0..=order.len()).map(move |at| {
                    let mut longer = order.clone();
                    longer.insert(at, item);
                    longer
                })
            })
            .collect();
    }
    let mut values: Vec<u64> = orders
        .iter()
        .filter_map(|o| permutation::index_of(o))
        .collect();
    values.sort_unstable();
    values.dedup();
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_with_one_item_missing_leaves_as_many_orders_as_places() {
        assert_eq!(fitting(&[2, 0, 1], 4).unwrap().len(), 4);
        assert_eq!(fitting(&[2, 0, 1, 3], 4).unwrap().len(), 1);
        assert_eq!(fitting(&[0, 1], 12), None);
    }
}
