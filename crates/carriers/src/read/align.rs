//! Local alignment of a whole leak with a whole master, forward and backward, over the few cells that matter.
//!
//! Smith and Waterman 1981 over a chain with branches, with the worth of either side of a place limited to
//! [`score::SIDE_MAX`]. The answer is that of `plain`, which goes over every cell; here
//!
//! 1. a forward pass begins at anchors alone and keeps what is above zero: it meets every cell that any alignment
//!    of more than one word reaches ([`super::anchors`]), and notes where alignments reach [`score::RELEVANT`];
//! 2. a backward pass begins there alone, as every relevant alignment ends there;
//! 3. a forward pass over the cells of the second reads each place.
//!
//! INVARIANT: a cell on a relevant alignment is met by the second pass. What lies to its right is worth more
//! than nothing, and ends where the first pass reached `RELEVANT`; or it is itself such an end. So the sums of
//! the third pass are those of `plain` wherever they are relevant, and too low elsewhere.

use super::anchors::{Anchors, anchors, common_words};
use super::dag::{Dag, Element, Node, Wild};
use super::judge::{self, Alignment, Explained, Gate, Sight, Way};
use super::score::{self, Cell, INSIDE_MAX, RELEVANT, SIDE_MAX, Step, Tok, WILD_MATCH, WORD};
use crate::leak::View;
use crate::text::{Kind, Token};

/// Tokens of a leak that are aligned at once; a longer one is read in blocks of so many.
pub(super) const BLOCK_TOKENS: usize = 1 << 16;
/// Tokens that two blocks share: places near a border are read from the block that holds more around them.
const OVERLAP_TOKENS: usize = 1 << 10;
/// Most places where alignments begin, for each block.
const ANCHORS_MAX: usize = 1 << 22;
/// Most cells of one pass over a block; a block that takes more is left unread.
const CELLS_MAX: usize = 1 << 23;
/// Most cells of all first passes; blocks after that are left unread.
const CELLS_ALL_MAX: usize = 1 << 27;

/// Cells above zero (or noted), by rising boundary of the leak.
type Line = Vec<(u32, Cell)>;

pub(super) fn toks(tokens: &[Token]) -> Vec<Tok> {
    let tok = |t: &Token| Tok {
        hash: t.hash,
        kind: t.kind,
    };
    tokens.iter().map(tok).collect()
}

/// Whether a token is a literal that may stand at a wild place.
pub(super) fn fits(wild: &Wild, token: Option<&Token>, text: &str) -> bool {
    token.is_some_and(|t| t.kind == Kind::Word && wild.parse(t.text(text)).is_some())
}

/// Words that are common on both sides count as punctuation does.
pub(super) fn weaken(toks: &mut [Tok], common: &[u64]) {
    if common.is_empty() {
        return;
    }
    for tok in toks.iter_mut().filter(|t| t.kind == Kind::Word) {
        if common.binary_search(&tok.hash).is_ok() {
            tok.kind = Kind::Weak;
        }
    }
}

/// The node as the scores see it.
pub(super) fn weak_if_common(node: &Node, common: &[u64]) -> Node {
    let is_common =
        !common.is_empty() && node.kind == Kind::Word && common.binary_search(&node.hash).is_ok();
    Node {
        kind: if is_common { Kind::Weak } else { node.kind },
        ..*node
    }
}

/// Reads all places of the master that the view shows.
pub(super) fn align(dag: &Dag, view: &View) -> Alignment {
    let mut all = Alignment::default();
    let mut cells = 0;
    let mut start = 0;
    while start < view.tokens.len() && cells < CELLS_ALL_MAX {
        let end = (start + BLOCK_TOKENS).min(view.tokens.len());
        let tokens = view.tokens.get(start..end).unwrap_or_default();
        let (own, met) = Block::of(dag, tokens, &view.text).align();
        cells += met;
        all.best = all.best.max(own.best);
        all.coverage += own.coverage;
        all.sights.extend(own.sights.into_iter().map(|sight| Sight {
            token: sight.token + start,
            boundary: sight.boundary + start,
            ..sight
        }));
        if end == view.tokens.len() {
            break;
        }
        start = end - OVERLAP_TOKENS;
    }
    all
}

/// Too many cells.
struct TooMuch;

/// Some tokens of a leak.
struct Block<'a> {
    dag: &'a Dag,
    tokens: &'a [Token],
    text: &'a str,
    toks: Vec<Tok>,
    common: Vec<u64>,
}

/// What the backward pass left at one boundary between elements: the right side's worth, and, for a group that
/// ends there, the boundaries of the leak that its inner rows met.
#[derive(Clone, Debug, Default)]
struct End {
    right: Line,
    inner: Vec<u32>,
}

impl<'a> Block<'a> {
    fn of(dag: &'a Dag, tokens: &'a [Token], text: &'a str) -> Block<'a> {
        let mut toks = toks(tokens);
        let common = common_words(dag, &toks);
        weaken(&mut toks, &common);
        Block {
            dag,
            tokens,
            text,
            toks,
            common,
        }
    }

    /// What was read, and cells of the first pass.
    fn align(&self) -> (Alignment, usize) {
        let Some(anchors) = anchors(self.dag, &self.toks, &self.common, ANCHORS_MAX) else {
            return (Alignment::default(), CELLS_MAX);
        };
        let mut met = 0;
        let alignment = self
            .reach(&anchors, &mut met)
            .and_then(|strong| self.backward(&strong))
            .map(|ends| self.forward(&ends));
        (alignment.unwrap_or_default(), met)
    }

    fn node(&self, node: &Node) -> Node {
        weak_if_common(node, &self.common)
    }

    fn fits(&self, wild: &Wild, token: usize) -> bool {
        fits(wild, self.tokens.get(token), self.text)
    }

    /// The boundaries of the leak where alignments reach [`RELEVANT`], by boundary between elements from the
    /// first on; for a group, those of its inner rows too.
    fn reach(&self, anchors: &Anchors, met: &mut usize) -> Result<Vec<Vec<u32>>, TooMuch> {
        let walk = Walk::forward(&self.toks);
        let mut strong = vec![Vec::new()];
        let mut rest = anchors.as_slice();
        let mut node_number = 0;
        let mut take = || {
            let own = rest.iter().take_while(|a| a.0 == node_number).count();
            let (starts, others) = rest.split_at(own);
            rest = others;
            node_number += 1;
            starts
        };
        let mut line: Line = Vec::new();
        for element in &self.dag.elements {
            let mut own = Vec::new();
            line = match element {
                Element::Fixed(node) => {
                    let starts = take();
                    let node = self.node(node);
                    walk.step(
                        &line,
                        node.kind,
                        SIDE_MAX,
                        |at, _| walk.worth(&node, at),
                        starts,
                        &[],
                    )
                }
                Element::Wild(wild) => walk.wild(&line, |at| self.fits(wild, at), &[]),
                Element::Group(branches) => {
                    let mut ends = Vec::new();
                    for branch in branches {
                        let mut inner = line.clone();
                        for node in &branch.nodes {
                            let starts = take();
                            let node = self.node(node);
                            inner = walk.step(
                                &inner,
                                node.kind,
                                INSIDE_MAX,
                                |at, _| walk.worth(&node, at),
                                starts,
                                &[],
                            );
                            *met += inner.len();
                            note(&inner, &mut own);
                        }
                        ends.push(inner);
                    }
                    merge(ends)
                }
            };
            note(&line, &mut own);
            own.sort_unstable();
            own.dedup();
            strong.push(own);
            *met += line.len();
            if *met > CELLS_MAX {
                return Err(TooMuch);
            }
        }
        Ok(strong)
    }

    /// What each boundary between elements is worth to its right, where that is more than nothing.
    fn backward(&self, strong: &[Vec<u32>]) -> Result<Vec<End>, TooMuch> {
        let walk = Walk::backward(&self.toks);
        let mirror =
            |columns: &[u32]| -> Vec<u32> { columns.iter().rev().map(|c| walk.last - c).collect() };
        let elements = &self.dag.elements;
        let mut ends = vec![End::default(); elements.len() + 1];
        let mut bases = mirror(strong.last().map_or(&[], Vec::as_slice));
        let mut line: Line = bases.iter().map(|c| (*c, 0)).collect();
        let mut met = 0;
        for (index, element) in elements.iter().enumerate().rev() {
            let inner_bases = bases;
            bases = mirror(&strong[index]);
            let mut columns = Vec::new();
            let before = match element {
                Element::Fixed(node) => {
                    let node = self.node(node);
                    walk.step(
                        &line,
                        node.kind,
                        SIDE_MAX,
                        |at, _| walk.worth(&node, at),
                        &[],
                        &bases,
                    )
                }
                Element::Wild(wild) => walk.wild(
                    &line,
                    |at| self.fits(wild, self.toks.len() - 1 - at),
                    &bases,
                ),
                Element::Group(branches) => {
                    let mut starts = vec![bases.iter().map(|c| (*c, 0)).collect()];
                    for branch in branches {
                        let mut inner = line.clone();
                        for (place, node) in branch.nodes.iter().enumerate().rev() {
                            let node = self.node(node);
                            let own = if place == 0 { &bases } else { &inner_bases };
                            inner = walk.step(
                                &inner,
                                node.kind,
                                INSIDE_MAX,
                                |at, _| walk.worth(&node, at),
                                &[],
                                own,
                            );
                            met += inner.len();
                            columns.extend(inner.iter().map(|c| walk.last - c.0));
                        }
                        starts.push(inner);
                    }
                    columns.extend(inner_bases.iter().map(|c| walk.last - c));
                    columns.sort_unstable();
                    columns.dedup();
                    merge(starts)
                }
            };
            met += before.len();
            if met > 2 * CELLS_MAX {
                return Err(TooMuch);
            }
            ends[index + 1] = End {
                right: walk.mirrored(line),
                inner: columns,
            };
            line = before;
        }
        ends[0].right = walk.mirrored(line);
        Ok(ends)
    }

    /// Reads each place, over the cells of the backward pass alone.
    fn forward(&self, ends: &[End]) -> Alignment {
        let walk = Walk::forward(&self.toks);
        let mut out = Alignment::default();
        let mut explained = Explained::new(self.toks.len() + 1);
        let mut line: Line = ends[0].right.iter().map(|c| (c.0, 0)).collect();
        for (index, element) in self.dag.elements.iter().enumerate() {
            let end = &ends[index + 1];
            if line.is_empty() && end.right.is_empty() && end.inner.is_empty() {
                continue;
            }
            let right = &end.right;
            line = match element {
                Element::Fixed(node) => {
                    let node = self.node(node);
                    walk.within(
                        &line,
                        node.kind,
                        SIDE_MAX,
                        |at, _| walk.worth(&node, at),
                        right.iter().map(|c| c.0),
                    )
                }
                Element::Wild(wild) => {
                    let gates = self.gates(&line, right);
                    out.sights
                        .extend(judge::wild(index, wild, self.tokens, self.text, gates));
                    let any = Wild::ANY;
                    let pair =
                        |at: usize, c: Cell| walk.wild_worth(at, c, |at| self.fits(wild, at));
                    walk.within(&line, any.kind, SIDE_MAX, pair, right.iter().map(|c| c.0))
                }
                Element::Group(branches) => {
                    let mut ways = Vec::new();
                    let mut best: Line = right.iter().map(|c| (c.0, 0)).collect();
                    for (branch, shape) in branches.iter().enumerate() {
                        let mut row = line.clone();
                        for (place, node) in shape.nodes.iter().enumerate() {
                            let node = self.node(node);
                            let pair = |at: usize, _: Cell| walk.worth(&node, at);
                            row = if place + 1 == shape.nodes.len() {
                                walk.within(
                                    &row,
                                    node.kind,
                                    INSIDE_MAX,
                                    pair,
                                    right.iter().map(|c| c.0),
                                )
                            } else {
                                walk.within(
                                    &row,
                                    node.kind,
                                    INSIDE_MAX,
                                    pair,
                                    end.inner.iter().copied(),
                                )
                            };
                        }
                        let mut rest = row.as_slice();
                        for (best, right) in best.iter_mut().zip(right) {
                            let skip = rest.partition_point(|c| c.0 < best.0);
                            rest = &rest[skip..];
                            let left = rest.first().filter(|c| c.0 == best.0).map_or(0, |c| c.1);
                            best.1 = best.1.max(left);
                            ways.push(Way {
                                branch,
                                boundary: best.0 as usize,
                                left,
                                right: right.1,
                            });
                        }
                    }
                    best.iter_mut().for_each(|c| c.1 = score::limited(c.1));
                    ways.retain(Way::is_relevant);
                    out.sights.extend(judge::group(index, branches, ways));
                    best
                }
            };
            for (left, right) in line.iter().zip(right) {
                out.best = out.best.max(score::score(left.1));
                explained.see(left.0 as usize, index + 1, left.1, right.1);
            }
        }
        explained.settle(&mut out.sights);
        out.coverage = explained.coverage();
        out
    }

    /// The words that may stand at a wild place, between what is to its left and to its right.
    fn gates(&self, left: &Line, right: &Line) -> Vec<Gate> {
        let mut gates = Vec::new();
        let mut rest = right.as_slice();
        for (boundary, cell) in left {
            let skip = rest.partition_point(|c| c.0 <= *boundary);
            rest = &rest[skip..];
            let after = rest
                .first()
                .filter(|c| c.0 == boundary + 1)
                .map_or(0, |c| c.1);
            let gate = Gate {
                token: *boundary as usize,
                left: *cell,
                right: after,
            };
            let is_word = self
                .toks
                .get(gate.token)
                .is_some_and(|t| t.kind == Kind::Word);
            if is_word && gate.is_relevant() {
                gates.push(gate);
            }
        }
        gates
    }
}

/// Adds the boundaries where alignments are strong, or would be with a literal after them: none ends in one.
fn note(line: &Line, strong: &mut Vec<u32>) {
    let reached = line.iter().filter(|c| score::score(c.1) >= RELEVANT - WORD);
    strong.extend(reached.map(|c| c.0));
}

/// The best of several lines, at the end of a group.
fn merge(lines: Vec<Line>) -> Line {
    let mut best = lines
        .into_iter()
        .reduce(|a, b| {
            if a.is_empty() {
                return b;
            }
            let mut out = Vec::with_capacity(a.len().max(b.len()));
            let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
            loop {
                let next = match (a.peek(), b.peek()) {
                    (Some(x), Some(y)) if x.0 == y.0 => {
                        let cell = x.1.max(y.1);
                        b.next();
                        a.next().map(|x| (x.0, cell))
                    }
                    (Some(x), Some(y)) if x.0 > y.0 => b.next(),
                    (Some(_), _) => a.next(),
                    (None, _) => b.next(),
                };
                match next {
                    Some(cell) => out.push(cell),
                    None => return out,
                }
            }
        })
        .unwrap_or_default();
    best.iter_mut().for_each(|c| c.1 = score::limited(c.1));
    best
}

/// A direction through the leak. Backward is forward over the leak in reverse, with boundaries counted from its end.
struct Walk {
    toks: Vec<Tok>,
    last: u32,
}

impl Walk {
    fn forward(toks: &[Tok]) -> Walk {
        Walk {
            last: toks.len() as u32,
            toks: toks.to_vec(),
        }
    }

    fn backward(toks: &[Tok]) -> Walk {
        Walk {
            last: toks.len() as u32,
            toks: toks.iter().rev().copied().collect(),
        }
    }

    fn mirrored(&self, line: Line) -> Line {
        line.into_iter()
            .rev()
            .map(|(c, cell)| (self.last - c, cell))
            .collect()
    }

    fn worth(&self, node: &Node, at: usize) -> Step {
        self.toks
            .get(at)
            .map_or(score::gap(node.kind), |tok| score::pair(node, *tok))
    }

    /// A literal that fits goes on with an alignment, and begins none.
    fn wild_worth(&self, at: usize, cell: Cell, fits: impl Fn(usize) -> bool) -> Step {
        if cell > 0 && fits(at) {
            WILD_MATCH
        } else {
            self.worth(&Wild::ANY, at)
        }
    }

    /// The line after one node. `pair`: the cell after token and node are paired; `starts`: tokens where an alignment
    /// may begin; `bases`: boundaries that stay in the line even at zero.
    fn step(
        &self,
        line: &Line,
        kind: Kind,
        most: i32,
        pair: impl Fn(usize, Cell) -> Step,
        starts: &[(u32, u32)],
        bases: &[u32],
    ) -> Line {
        if line.is_empty() && starts.is_empty() {
            return bases.iter().map(|c| (*c, 0)).collect();
        }
        let mut out: Line = Vec::with_capacity(line.len() + starts.len() + bases.len());
        let gap = score::gap(kind);
        let (mut down, mut across) = (line.as_slice(), line.as_slice());
        let (mut starts, mut bases) = (starts, bases);
        // The cell that a token of the leak alone leads to.
        let mut along: Option<(u32, Cell)> = None;
        loop {
            let next = [
                down.first().map(|c| c.0),
                across.first().map(|c| c.0 + 1),
                starts.first().map(|s| s.1 + 1),
                bases.first().copied(),
                along.map(|c| c.0),
            ];
            let Some(column) = next.into_iter().flatten().min() else {
                return out;
            };
            if column > self.last {
                return out;
            }
            let mut cell = 0;
            let mut is_base = false;
            if let Some((first, rest)) = down.split_first()
                && first.0 == column
            {
                cell = gap.after(first.1, most);
                down = rest;
            }
            if let Some((first, rest)) = across.split_first()
                && first.0 + 1 == column
            {
                cell = cell.max(pair(first.0 as usize, first.1).after(first.1, most));
                across = rest;
            }
            if let Some((first, rest)) = starts.split_first()
                && first.1 + 1 == column
            {
                cell = cell.max(pair(first.1 as usize, 0).after(0, most));
                starts = rest;
            }
            if let Some((first, rest)) = bases.split_first()
                && *first == column
            {
                is_base = true;
                bases = rest;
            }
            if let Some(along) = along.filter(|a| a.0 == column) {
                cell = cell.max(along.1);
            }
            along = None;
            if cell > 0
                && let Some(tok) = self.toks.get(column as usize)
            {
                let after = score::gap(tok.kind).after(cell, most);
                along = (after > 0).then_some((column + 1, after));
            }
            if cell > 0 || is_base {
                out.push((column, cell));
            }
        }
    }

    /// The line after a place where any literal of a form may stand.
    fn wild(&self, line: &Line, fits: impl Fn(usize) -> bool, bases: &[u32]) -> Line {
        let any = Wild::ANY;
        let pair = |at: usize, cell: Cell| self.wild_worth(at, cell, &fits);
        self.step(line, any.kind, SIDE_MAX, pair, &[], bases)
    }

    /// The line after one node at these boundaries alone, all of them.
    fn within(
        &self,
        line: &Line,
        kind: Kind,
        most: i32,
        pair: impl Fn(usize, Cell) -> Step,
        columns: impl Iterator<Item = u32>,
    ) -> Line {
        let gap = score::gap(kind);
        let mut out: Line = Vec::with_capacity(line.len());
        let mut at = 0;
        for column in columns {
            while line.get(at).is_some_and(|c| c.0 + 1 < column) {
                at += 1;
            }
            let mut cell = 0;
            let mut look = at;
            if let Some(before) = line.get(look).filter(|c| c.0 + 1 == column) {
                cell = pair(before.0 as usize, before.1).after(before.1, most);
                look += 1;
            }
            if let Some(same) = line.get(look).filter(|c| c.0 == column) {
                cell = cell.max(gap.after(same.1, most));
            }
            if let (Some(last), Some(tok)) =
                (out.last(), self.toks.get((column as usize).wrapping_sub(1)))
                && last.0 + 1 == column
            {
                cell = cell.max(score::gap(tok.kind).after(last.1, most));
            }
            out.push((column, cell));
        }
        out
    }
}
