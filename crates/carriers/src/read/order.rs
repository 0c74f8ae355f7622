//! The order in which a leak shows the items of a shuffled list.

use super::dag::{Dag, Element, List, Node};
use super::items;
use crate::leak::View;
use crate::marks::permutation;
use crate::text::{self, Kind, hash_of};

/// Most orders that a partly seen list may leave open.
const OPEN_ORDERS_MAX: u64 = 5040;
/// Words by which an item is recognised; more of them where two items begin alike.
const ITEM_WORDS: usize = 4;
/// Most words by which an item is recognised.
const ITEM_WORDS_MAX: usize = 16;
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

/// First words of an item, each as the hashes that may stand there.
type Head = Vec<Vec<u64>>;

/// What a view shows of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) order: Option<Order>,
    /// An item stands there twice and another one not at all: the list was put together from several copies.
    pub(super) is_torn: bool,
}

/// First words of an item; on the wire, only its key.
fn head(dag: &Dag, list: &List, item: usize, on_wire: bool) -> Head {
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
        if words.len() >= ITEM_WORDS_MAX {
            break;
        }
    }
    words
}

/// Whether `short` may begin `long`.
fn begins(short: &[Vec<u64>], long: &[Vec<u64>]) -> bool {
    short.len() <= long.len()
        && short
            .iter()
            .zip(long)
            .all(|(x, y)| x.iter().any(|h| y.contains(h)))
}

/// The heads of all items, as short as tells each from the others; empty where nothing does.
fn heads(dag: &Dag, list: &List, on_wire: bool) -> Vec<Head> {
    let full: Vec<Head> = (0..list.items.len())
        .map(|item| head(dag, list, item, on_wire))
        .collect();
    let tells = |item: usize, length: usize| {
        let own = &full[item][..length];
        let mut others = full.iter().enumerate().filter(|o| o.0 != item);
        !others.any(|(_, other)| begins(own, other))
    };
    let shortest = |item: usize| {
        let most = full[item].len();
        (ITEM_WORDS.min(most)..=most)
            .find(|length| tells(item, *length))
            .unwrap_or(most)
    };
    let is_twin = |item: usize| {
        let mut others = full.iter().enumerate().filter(|o| o.0 != item);
        others.any(|(_, other)| other.len() == full[item].len() && begins(&full[item], other))
    };
    (0..full.len())
        .map(|item| {
            if is_twin(item) {
                return Vec::new();
            }
            full[item][..shortest(item)].to_vec()
        })
        .collect()
}

/// The longest part of a run whose items stand side by side: a client that puts headers of its own between them has
/// placed what is beyond, too.
fn side_by_side<'a>(
    dag: &Dag,
    list: &List,
    view: &View,
    on_wire: bool,
    words: &[(u64, usize)],
    run: &'a [(usize, usize)],
) -> Option<&'a [(usize, usize)]> {
    let start_of = |place: usize| {
        let token = words.get(place).map_or(0, |w| w.1);
        view.tokens.get(token).map_or(0, |t| t.start as usize)
    };
    let joins = |a: &(usize, usize), b: &(usize, usize)| {
        let own = list
            .items
            .get(a.1)
            .map(|range| items::words(dag, range.clone()))
            .unwrap_or_default();
        let between = view.text.get(start_of(a.0)..start_of(b.0));
        // An item may hide fields of its own, or go over several lines: it has their words.
        between.unwrap_or_default().lines().skip(1).all(|line| {
            let key = line.split(':').next().filter(|_| on_wire);
            let words = text::tokens(key.unwrap_or(line)).into_iter();
            let mut is_own = words
                .filter(|t| t.kind != Kind::Mark)
                .map(|t| own.contains(&t.hash));
            if on_wire {
                is_own.all(|own| own)
            } else {
                is_own.clone().next().is_none() || is_own.any(|own| own)
            }
        })
    };
    let parts: Vec<&[(usize, usize)]> = run.chunk_by(joins).collect();
    let most = parts.iter().map(|p| p.len()).max()?;
    let mut longest = parts.into_iter().filter(|p| p.len() == most);
    let part = longest.next()?;
    longest.next().is_none().then_some(part)
}

/// The order of a list in a view, if at least half of it, and two items, are found close together.
///
/// `on_wire`: the view holds requests, where a key is known but its value may be anything.
pub(super) fn read(dag: &Dag, list: &List, view: &View, on_wire: bool) -> Shown {
    let mut is_torn = false;
    Shown {
        order: order(dag, list, view, on_wire, &mut is_torn),
        is_torn,
    }
}

fn order(dag: &Dag, list: &List, view: &View, on_wire: bool, is_torn: &mut bool) -> Option<Order> {
    let items = list.items.len();
    let heads = heads(dag, list, on_wire);
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
    // Where a longer head stands, a shorter one that begins it does not.
    let longest: Vec<(usize, usize)> = places
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|same| same.iter().copied().max_by_key(|p| heads[p.1].len()))
        .collect();
    let places = longest;
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
    let whole = places.get(start..=end)?;
    let run = if on_wire || list.is_of_headers {
        side_by_side(dag, list, view, on_wire, &words, whole)?
    } else {
        whole
    };
    let near = |place: usize| place + span >= run[0].0 && place <= run[run.len() - 1].0 + span;
    let again = |item: usize| {
        let outside = places[..start].iter().chain(&places[end + 1..]);
        outside.filter(|p| p.1 == item && near(p.0)).count() > 0
    };
    *is_torn = !on_wire && run.len() < items && (0..items).any(again);
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
