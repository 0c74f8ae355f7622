//! The plain aligner: every word of the master against every word of the leak.
//!
//! It says what `align` has to answer, and how much faster that is; nothing else uses it.

use super::anchors::common_words;
use super::dag::{Dag, Element, Node, Wild};
use super::judge::{self, Alignment, Explained, Gate, Way};
use super::score::{self, Cell, INSIDE_MAX, SIDE_MAX, Tok, WILD_MATCH};
use crate::leak::{Leak, View};
use crate::marks::Master;
use crate::read::SiteReading;
use crate::text::Kind;

/// A master taken apart once, for many leaks.
pub struct Aligner<'a> {
    master: &'a Master,
    dag: Dag,
}

impl<'a> Aligner<'a> {
    /// Takes a master apart.
    pub fn of(master: &'a Master) -> Aligner<'a> {
        Aligner {
            master,
            dag: Dag::of(master),
        }
    }

    /// Elements of the master: words, punctuation, marks.
    pub fn tokens(&self) -> usize {
        self.dag.elements.len()
    }

    /// What [`crate::read()`] says.
    pub fn read(&self, leak: &Leak) -> Vec<SiteReading> {
        let alignment = super::align::align(&self.dag, &leak.text);
        super::read_aligned(self.master, leak, &self.dag, &alignment)
    }

    /// The same by the plain aligner.
    pub fn plain(&self, leak: &Leak) -> Vec<SiteReading> {
        let alignment = align(&self.dag, &leak.text);
        super::read_aligned(self.master, leak, &self.dag, &alignment)
    }
}

/// What [`crate::read()`] says, by the plain aligner.
pub fn read(master: &Master, leak: &Leak) -> Vec<SiteReading> {
    Aligner::of(master).plain(leak)
}

struct Plain<'a> {
    dag: &'a Dag,
    view: &'a View,
    toks: Vec<Tok>,
    common: Vec<u64>,
}

/// One cell for each boundary of the leak's tokens.
type Row = Vec<Cell>;

/// Aligns a whole view, with time and memory in proportion to master times leak.
pub(super) fn align(dag: &Dag, view: &View) -> Alignment {
    let mut toks = super::align::toks(&view.tokens);
    let common = common_words(dag, &toks);
    super::align::weaken(&mut toks, &common);
    let plain = Plain {
        dag,
        view,
        toks,
        common,
    };
    let right = plain.backward();
    plain.forward(&right)
}

impl Plain<'_> {
    fn node(&self, node: &Node) -> Node {
        super::align::weak_if_common(node, &self.common)
    }

    fn empty(&self) -> Row {
        vec![0; self.toks.len() + 1]
    }

    fn fits(&self, wild: &Wild, token: usize) -> bool {
        super::align::fits(wild, self.view.tokens.get(token), &self.view.text)
    }

    fn step(&self, row: &Row, node: &Node, most: i32, is_wild: impl Fn(usize) -> bool) -> Row {
        let node = self.node(node);
        let mut out = self.empty();
        out[0] = score::gap(node.kind).after(row[0], most);
        for at in 0..self.toks.len() {
            let tok = self.toks[at];
            let step = if row[at] > 0 && is_wild(at) {
                WILD_MATCH
            } else {
                score::pair(&node, tok)
            };
            out[at + 1] = step
                .after(row[at], most)
                .max(score::gap(node.kind).after(row[at + 1], most))
                .max(score::gap(tok.kind).after(out[at], most));
        }
        out
    }

    fn back(&self, row: &Row, node: &Node, most: i32, is_wild: impl Fn(usize) -> bool) -> Row {
        let node = self.node(node);
        let mut out = self.empty();
        let last = self.toks.len();
        out[last] = score::gap(node.kind).after(row[last], most);
        for at in (0..last).rev() {
            let tok = self.toks[at];
            let step = if row[at + 1] > 0 && is_wild(at) {
                WILD_MATCH
            } else {
                score::pair(&node, tok)
            };
            out[at] = step
                .after(row[at + 1], most)
                .max(score::gap(node.kind).after(row[at], most))
                .max(score::gap(tok.kind).after(out[at + 1], most));
        }
        out
    }

    /// What each boundary between elements is worth to its right.
    fn backward(&self) -> Vec<Row> {
        let mut rows = vec![self.empty()];
        for element in self.dag.elements.iter().rev() {
            let row = &rows[rows.len() - 1];
            let before = match element {
                Element::Fixed(node) => self.back(row, node, SIDE_MAX, |_| false),
                Element::Wild(wild) => {
                    self.back(row, &Wild::ANY, SIDE_MAX, |at| self.fits(wild, at))
                }
                Element::Group(branches) => best(branches.iter().map(|branch| {
                    let nodes = branch.nodes.iter().rev();
                    nodes.fold(row.clone(), |row, node| {
                        self.back(&row, node, INSIDE_MAX, |_| false)
                    })
                })),
            };
            rows.push(before);
        }
        rows.reverse();
        rows
    }

    fn forward(&self, right: &[Row]) -> Alignment {
        let mut out = Alignment::default();
        let mut explained = Explained::new(self.toks.len() + 1);
        let mut row = self.empty();
        for (index, element) in self.dag.elements.iter().enumerate() {
            let end = &right[index + 1];
            row = match element {
                Element::Fixed(node) => self.step(&row, node, SIDE_MAX, |_| false),
                Element::Wild(wild) => {
                    let gates = (0..self.toks.len())
                        .map(|token| Gate {
                            token,
                            left: row[token],
                            right: end[token + 1],
                        })
                        .filter(|g| self.toks[g.token].kind == Kind::Word && g.is_relevant());
                    out.sights.extend(judge::wild(
                        index,
                        wild,
                        &self.view.tokens,
                        &self.view.text,
                        gates.collect(),
                    ));
                    self.step(&row, &Wild::ANY, SIDE_MAX, |at| self.fits(wild, at))
                }
                Element::Group(branches) => {
                    let rows: Vec<Row> = branches
                        .iter()
                        .map(|branch| {
                            let nodes = branch.nodes.iter();
                            nodes.fold(row.clone(), |row, node| {
                                self.step(&row, node, INSIDE_MAX, |_| false)
                            })
                        })
                        .collect();
                    let ways = rows.iter().enumerate().flat_map(|(branch, row)| {
                        row.iter().zip(end).enumerate().map(move |(at, cells)| Way {
                            branch,
                            boundary: at,
                            left: *cells.0,
                            right: *cells.1,
                        })
                    });
                    let ways = ways.filter(Way::is_relevant).collect();
                    out.sights.extend(judge::group(index, branches, ways));
                    best(rows.into_iter())
                }
            };
            for (at, (left, right)) in row.iter().zip(end).enumerate() {
                out.best = out.best.max(score::score(*left));
                explained.see(at, index + 1, *left, *right);
            }
        }
        explained.settle(&mut out.sights);
        out.coverage = explained.coverage();
        out
    }
}

/// The best of several rows, cell by cell.
fn best(rows: impl Iterator<Item = Row>) -> Row {
    let mut best = rows
        .reduce(|mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a = (*a).max(b));
            a
        })
        .unwrap_or_default();
    best.iter_mut()
        .for_each(|cell| *cell = score::limited(*cell));
    best
}
