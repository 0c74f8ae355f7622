//! The order in which a leak shows the items of a shuffled list.

use std::cmp::Reverse;
use std::collections::BTreeMap;

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
/// Places and orders of all lists that are looked at in one view; lists that come later are not read.
const LOOKS_MAX: usize = 1 << 26;

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
    /// An item stands there twice and another one not at all, or not beside the others, or all are there in an order that
    /// no copy has: the list was put together from several copies.
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

/// One view, its words listed by what they are, for all lists of a master.
pub(super) struct Orders<'a> {
    dag: &'a Dag,
    view: &'a View,
    /// The view holds requests, where a key is known but its value may be anything.
    on_wire: bool,
    /// (hash, token) of each word.
    words: Vec<(u64, usize)>,
    /// Where the words stand that items of lists begin with.
    places: BTreeMap<u64, Vec<usize>>,
    /// What was answered for items in this order, of so many.
    fitting: BTreeMap<(Vec<usize>, usize), Option<Vec<u64>>>,
    /// Places and orders that were looked at.
    looks: usize,
}

impl<'a> Orders<'a> {
    pub(super) fn of(dag: &'a Dag, view: &'a View, on_wire: bool) -> Orders<'a> {
        let mut places: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for list in &dag.lists {
            for item in 0..list.items.len() {
                let words = head(dag, list, item, on_wire).into_iter().flatten();
                places.extend(words.map(|hash| (hash, Vec::new())));
            }
        }
        let words: Vec<(u64, usize)> = view
            .tokens
            .iter()
            .enumerate()
            .filter(|(_, t)| t.kind == Kind::Word)
            .map(|(i, t)| (t.hash, i))
            .collect();
        for (at, (hash, _)) in words.iter().enumerate() {
            if let Some(own) = places.get_mut(hash) {
                own.push(at);
            }
        }
        Orders {
            dag,
            view,
            on_wire,
            words,
            places,
            fitting: BTreeMap::new(),
            looks: 0,
        }
    }

    /// How many places and orders were looked at.
    #[cfg(test)]
    pub(super) fn looks(&self) -> usize {
        self.looks
    }

    /// What the view shows of a list: its order, if at least half of it, and two items, are found close together.
    pub(super) fn read(&mut self, list: &List) -> Shown {
        let mut is_torn = false;
        Shown {
            order: self.order(list, &mut is_torn),
            is_torn,
        }
    }

    fn order(&mut self, list: &List, is_torn: &mut bool) -> Option<Order> {
        let items = list.items.len();
        let heads = heads(self.dag, list, self.on_wire);
        // (word index, item)
        let mut places: Vec<(usize, usize)> = Vec::new();
        for (item, head) in heads.iter().enumerate() {
            places.extend(self.found(head).into_iter().map(|at| (at, item)));
        }
        places.sort_unstable();
        self.looks += places.len() * items;
        if self.looks > LOOKS_MAX {
            return None;
        }
        let places = of_longest_heads(&places, &heads);
        let length = list.items.iter().map(ExactSizeIterator::len).sum::<usize>();
        let span = length * 3 / 2 + 8;
        let (start, end) = closest(&places, span)?;
        let whole = places.get(start..=end)?;
        let run = if self.on_wire || list.is_of_headers {
            self.side_by_side(list, whole)?
        } else {
            whole
        };
        let (from, to) = (run.first()?.0.saturating_sub(span), run.last()?.0 + span);
        let near = |p: &&(usize, usize)| (from..=to).contains(&p.0);
        let before = places.get(..start).unwrap_or_default().iter().rev();
        let after = places.get(end + 1..).unwrap_or_default().iter();
        let again = before
            .take_while(near)
            .chain(after.take_while(near))
            .fold(0u32, |seen, p| seen | 1 << p.1);
        let is_torn_here = again != 0 && (run.len() < items || !is_dense(self.dag, list, run));
        *is_torn = !self.on_wire && is_torn_here;
        if *is_torn && run.len() == items {
            return None;
        }
        // In text an item that stands there twice has no place; requests repeat whole.
        let is_whole = run.len() == items && heads.iter().all(|h| h.len() > 1);
        let seen: Vec<usize> = run
            .iter()
            .map(|p| p.1)
            .filter(|i| self.on_wire || is_whole || again >> i & 1 == 0)
            .collect();
        // One word alone may be there by chance: then the whole list has to be.
        let chance = !self.on_wire && seen.iter().any(|i| heads[*i].len() < 2);
        if seen.len() < 2 || seen.len() * 2 < items || (chance && seen.len() < items) {
            return None;
        }
        let values = self.fitting(&seen, items);
        *is_torn |= !self.on_wire && seen.len() == items && values.is_none();
        Some(Order {
            values: values?,
            token: self.words.get(run.first()?.0)?.1,
            seen: seen.iter().map(|i| i + 1).collect(),
            items,
        })
    }

    /// [`side_by_side`], counted.
    fn side_by_side<'r>(
        &mut self,
        list: &List,
        run: &'r [(usize, usize)],
    ) -> Option<&'r [(usize, usize)]> {
        let (first, last) = (run.first()?.0, run.last()?.0);
        self.looks += start_of(self.view, &self.words, last).saturating_sub(start_of(
            self.view,
            &self.words,
            first,
        ));
        if self.looks > LOOKS_MAX {
            return None;
        }
        side_by_side(self.dag, list, self.view, self.on_wire, &self.words, run)
    }

    /// Where the words of an item's head stand one after the other, at most [`PLACES_MAX`] places.
    fn found(&mut self, head: &[Vec<u64>]) -> Vec<usize> {
        let places_of = |hash: &u64| self.places.get(hash).map_or(&[][..], Vec::as_slice);
        // The rarest word of the head leads to the others.
        let rarest = head
            .iter()
            .enumerate()
            .min_by_key(|(_, may)| may.iter().map(|h| places_of(h).len()).sum::<usize>());
        let Some((offset, may)) = rarest else {
            return Vec::new();
        };
        let mut starts: Vec<usize> = may
            .iter()
            .flat_map(places_of)
            .filter_map(|at| at.checked_sub(offset))
            .collect();
        self.looks += starts.len() * head.len();
        if self.looks > LOOKS_MAX {
            return Vec::new();
        }
        starts.sort_unstable();
        starts.dedup();
        starts
            .into_iter()
            .filter(|at| {
                let own = self.words.get(*at..at + head.len());
                own.is_some_and(|w| {
                    w.iter()
                        .zip(head)
                        .all(|((hash, _), may)| may.contains(hash))
                        && (!self.on_wire || self.is_key(w))
                })
            })
            .take(PLACES_MAX)
            .collect()
    }

    /// On the wire a key begins a line and ends with a colon.
    fn is_key(&self, words: &[(u64, usize)]) -> bool {
        let (Some(first), Some(last)) = (words.first(), words.last()) else {
            return false;
        };
        let tokens = &self.view.tokens;
        let start = tokens.get(first.1).map_or(0, |t| t.start as usize);
        let head = self.view.text.get(..start);
        let begins_line = head.is_none_or(|t| t.is_empty() || t.ends_with('\n'));
        let next = tokens.get(last.1 + 1).map(|t| t.text(&self.view.text));
        begins_line && next == Some(":")
    }

    fn fitting(&mut self, seen: &[usize], items: usize) -> Option<Vec<u64>> {
        let place = (seen.to_vec(), items);
        if let Some(known) = self.fitting.get(&place) {
            return known.clone();
        }
        let values = fitting(seen, items);
        self.looks += values.as_ref().map_or(0, Vec::len) * items;
        self.fitting.insert(place, values.clone());
        values
    }
}

/// At how many words from their beginning two items may be the same.
fn alike(one: &[Vec<u64>], other: &[Vec<u64>]) -> usize {
    let may_be = |x: &[u64], y: &[u64]| x.iter().any(|h| y.contains(h));
    let both = one.iter().zip(other);
    both.take_while(|(x, y)| may_be(x, y)).count()
}

/// The heads of all items, as short as tells each from the others; empty where nothing does.
pub(super) fn heads(dag: &Dag, list: &List, on_wire: bool) -> Vec<Head> {
    let full: Vec<Head> = (0..list.items.len())
        .map(|item| head(dag, list, item, on_wire))
        .collect();
    let head_of = |(item, own): (usize, &Head)| {
        let others = full.iter().enumerate().filter(|o| o.0 != item);
        let mut most_alike = 0;
        for (_, other) in others {
            let words = alike(own, other);
            if words == own.len() && own.len() == other.len() {
                return Head::new();
            }
            most_alike = most_alike.max(words);
        }
        let most = own.len();
        own[..(most_alike + 1).clamp(ITEM_WORDS.min(most), most)].to_vec()
    };
    full.iter().enumerate().map(head_of).collect()
}

/// Where a longer head stands, a shorter one that begins it does not. `places`: sorted.
pub(super) fn of_longest_heads(places: &[(usize, usize)], heads: &[Head]) -> Vec<(usize, usize)> {
    places
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|same| same.iter().copied().max_by_key(|p| heads[p.1].len()))
        .collect()
}

/// Where a word begins in the text.
fn start_of(view: &View, words: &[(u64, usize)], word: usize) -> usize {
    let token = words.get(word).map_or(0, |w| w.1);
    view.tokens.get(token).map_or(0, |t| t.start as usize)
}

/// The longest part of a run whose items stand side by side: a client that puts headers of its own between them has
/// placed what is beyond, too.
pub(super) fn side_by_side<'a>(
    dag: &Dag,
    list: &List,
    view: &View,
    on_wire: bool,
    words: &[(u64, usize)],
    run: &'a [(usize, usize)],
) -> Option<&'a [(usize, usize)]> {
    let joins = |a: &(usize, usize), b: &(usize, usize)| {
        let own = list
            .items
            .get(a.1)
            .map(|range| items::words(dag, range.clone()))
            .unwrap_or_default();
        let place = start_of(view, words, a.0)..start_of(view, words, b.0);
        let between = view.text.get(place);
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

/// Words that may stand between two items beside their own.
const BETWEEN_WORDS_MAX: usize = 2;
/// Most words that a moment is written with.
const MOMENT_WORDS_MAX: usize = 8;

/// Whether each item of a run ends where the next begins: else one of them may be words that stand elsewhere, as a
/// number of the rule that its description tells too.
pub(super) fn is_dense(dag: &Dag, list: &List, run: &[(usize, usize)]) -> bool {
    let count = |nodes: &[Node]| nodes.iter().filter(|n| n.kind == Kind::Word).count();
    let words = |item: usize| -> usize {
        let range = list.items.get(item).cloned().unwrap_or_default();
        let elements = dag.elements.get(range).unwrap_or_default().iter();
        elements
            .map(|element| match element {
                Element::Fixed(node) => usize::from(node.kind == Kind::Word),
                Element::Group(branches) => {
                    branches.iter().map(|b| count(&b.nodes)).max().unwrap_or(0)
                }
                Element::Wild(_) => MOMENT_WORDS_MAX,
            })
            .sum()
    };
    let mut pairs = run.iter().zip(run.iter().skip(1));
    pairs.all(|(one, next)| next.0 - one.0 <= words(one.1) + BETWEEN_WORDS_MAX)
}

/// The closest run of places with the most different items, each once.
fn closest(places: &[(usize, usize)], span: usize) -> Option<(usize, usize)> {
    let mut best: Option<(usize, Reverse<usize>, usize, usize)> = None;
    for start in 0..places.len() {
        let mut seen = 0u32;
        for end in start..places.len() {
            let width = places[end].0 - places[start].0;
            if width > span || seen >> places[end].1 & 1 == 1 {
                break;
            }
            seen |= 1 << places[end].1;
            let key = (seen.count_ones() as usize, Reverse(width), start, end);
            if best.is_none_or(|b| (key.0, key.1) > (b.0, b.1)) {
                best = Some(key);
            }
        }
    }
    best.map(|(_, _, start, end)| (start, end))
}

/// Numbers of all orders of `items` in which the items of `seen` stand in that order.
pub(super) fn fitting(seen: &[usize], items: usize) -> Option<Vec<u64>> {
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
        .filter_map(|o| permutation::value_of(o))
        .collect();
    values.sort_unstable();
    values.dedup();
    // An order that is no value is that of no copy.
    (!values.is_empty()).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_with_one_item_missing_leaves_half_as_many_orders_as_places() {
        assert_eq!(fitting(&[2, 0, 1], 4).unwrap().len(), 2);
        assert_eq!(fitting(&[2, 0, 1, 3], 4).unwrap().len(), 1);
        assert_eq!(fitting(&[2, 1, 0, 3], 4), None);
        assert_eq!(fitting(&[1, 0], 3).unwrap().len(), 3);
        assert_eq!(fitting(&[0, 1], 12), None);
    }
}
