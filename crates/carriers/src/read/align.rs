//! Banded local alignment of one chain, forward and backward, and the score of each way through each group.
//!
//! Smith and Waterman 1981 over a chain with branches: the backward rows at the end of each group are kept,
//! and the forward pass adds them to every way through the group.

use super::dag::{Branch, Dag, Element, Node};
use super::seed::Chain;
use crate::leak::View;
use crate::text::{Kind, Token};

/// Tokens to each side of the line between seeds.
const BAND: i64 = 28;
/// Elements that an alignment may reach past its chain.
const REACH: usize = 72;

const WORD: i32 = 10;
const SHORT_WORD: i32 = 6;
const WEAK: i32 = 2;
const MARK: i32 = 1;
const WORD_GAP: i32 = -8;
const WORD_MISS: i32 = -8;
const FAR: i32 = i32::MIN / 4;

/// Least score of a local alignment: about eight words.
const TOTAL_MIN: i32 = 72;
/// Least distance to the next value.
const MARGIN_MIN: i32 = 7;

/// Scores at the boundaries `low..low + cells.len()` of the leak's tokens.
///
/// With each score, the last sixteen words on its path: 1 for a match, 0 for a miss or a gap.
#[derive(Clone, Debug)]
struct Row {
    low: usize,
    cells: Vec<(i32, u16)>,
}

impl Row {
    fn at(&self, boundary: usize) -> (i32, u16) {
        boundary
            .checked_sub(self.low)
            .and_then(|i| self.cells.get(i))
            .copied()
            .unwrap_or((FAR, 0))
    }
}

/// What was read at one place of the master.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    pub(super) element: usize,
    pub(super) outcome: Outcome,
    /// Score of the best alignment through the place.
    pub(super) total: i32,
    /// Token of the leak.
    pub(super) token: usize,
}

/// A reading, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// (site, value) that are sure.
    Read(Vec<(usize, u64)>),
    /// These sites are covered, and cannot be told.
    Context(Vec<usize>),
    Ambiguous(Vec<usize>),
    NoValue(Vec<usize>),
}

/// One chain against the master.
struct Window<'a> {
    dag: &'a Dag,
    view: &'a View,
    /// Elements first..last.
    first: usize,
    last: usize,
    /// Allowed boundaries of the leak at each boundary between elements, `last - first + 1` of them.
    bands: Vec<(usize, usize)>,
}

/// Reads all places that the chain covers.
pub(super) fn align(dag: &Dag, view: &View, chain: &Chain) -> Vec<Sight> {
    let Some(window) = Window::of(dag, view, chain) else {
        return Vec::new();
    };
    let ends = window.backward();
    window.forward(&ends)
}

impl<'a> Window<'a> {
    fn of(dag: &'a Dag, view: &'a View, chain: &Chain) -> Option<Window<'a>> {
        let (head, tail) = (chain.seeds.first()?, chain.seeds.last()?);
        let first = (head.master as usize).saturating_sub(REACH);
        let last = (tail.master as usize + REACH).min(dag.elements.len());
        let tokens = view.tokens.len() as i64;
        let mut bands = Vec::with_capacity(last - first + 1);
        let mut next = 0;
        for boundary in first..=last {
            let at = boundary as i64;
            while chain
                .seeds
                .get(next)
                .is_some_and(|s| i64::from(s.master) <= at)
            {
                next += 1;
            }
            let before = next.checked_sub(1).and_then(|i| chain.seeds.get(i));
            let after = chain.seeds.get(next);
            let on = |leak: u32, master: u32| i64::from(leak) + at - i64::from(master);
            let (low, high) = match (before, after) {
                (Some(b), Some(a)) => {
                    let (x, y) = (on(b.leak, b.master), on(a.leak, a.master));
                    (x.min(y), x.max(y))
                }
                (Some(s), None) | (None, Some(s)) => (on(s.leak, s.master), on(s.leak, s.master)),
                (None, None) => return None,
            };
            // Further out, the line is less sure.
            let outside = (i64::from(head.master) - at)
                .max(at - i64::from(tail.master))
                .max(0)
                / 4;
            let low = (low - BAND - outside).clamp(0, tokens);
            let high = (high + BAND + outside).clamp(low, tokens);
            bands.push((low as usize, high as usize));
        }
        Some(Window {
            dag,
            view,
            first,
            last,
            bands,
        })
    }

    fn band(&self, boundary: usize) -> (usize, usize) {
        self.bands
            .get(boundary - self.first)
            .copied()
            .unwrap_or((0, 0))
    }

    fn empty_row(&self, boundary: usize) -> Row {
        let (low, high) = self.band(boundary);
        Row {
            low,
            cells: vec![(0, 0); high - low + 1],
        }
    }

    /// Rows at the end of each group and wild place, by element from `first` on.
    fn backward(&self) -> Vec<Option<Row>> {
        let mut ends = vec![None; self.last - self.first];
        let mut row = self.empty_row(self.last);
        for index in (self.first..self.last).rev() {
            let band = self.band(index);
            row = match &self.dag.elements[index] {
                Element::Fixed(node) => self.back(&row, node, band),
                Element::Group(branches) => {
                    let through = branches.iter().map(|b| {
                        b.nodes
                            .iter()
                            .rev()
                            .fold(self.fit(&row, band, false), |r, n| self.back(&r, n, band))
                    });
                    let best = merge(through.collect(), band);
                    ends[index - self.first] = Some(row);
                    best
                }
                Element::Wild(wild) => {
                    let any = self.wild_back(&row, band, &|t| wild.parse(t).is_some());
                    ends[index - self.first] = Some(row);
                    any
                }
            };
        }
        ends
    }

    fn forward(&self, ends: &[Option<Row>]) -> Vec<Sight> {
        let mut sights = Vec::new();
        let mut row = self.empty_row(self.first);
        for index in self.first..self.last {
            let band = self.band(index + 1);
            let end = ends.get(index - self.first).and_then(Option::as_ref);
            row = match (&self.dag.elements[index], end) {
                (Element::Group(branches), Some(end)) => {
                    let rows: Vec<Row> = branches
                        .iter()
                        .map(|b| {
                            b.nodes
                                .iter()
                                .fold(self.fit(&row, band, true), |r, n| self.step(&r, n, band))
                        })
                        .collect();
                    sights.extend(judge(index, branches, &rows, end));
                    merge(rows, band)
                }
                (Element::Wild(wild), Some(end)) => {
                    sights.extend(self.judge_wild(index, wild, &row, end));
                    self.wild_step(&row, band, &|t| wild.parse(t).is_some())
                }
                (Element::Fixed(node), _) => self.step(&row, node, band),
                _ => row,
            };
        }
        sights
    }

    /// The row in another band, with gaps of the leak carried along.
    fn fit(&self, row: &Row, band: (usize, usize), forward: bool) -> Row {
        let mut out = Row {
            low: band.0,
            cells: (band.0..=band.1).map(|j| floor(row.at(j))).collect(),
        };
        if forward {
            self.spread(&mut out);
        } else {
            self.spread_back(&mut out);
        }
        out
    }

    fn spread(&self, row: &mut Row) {
        for i in 1..row.cells.len() {
            let (score, register) = row.cells[i - 1];
            let gap = gap_of(self.view.tokens.get(row.low + i - 1));
            if score + gap.0 > row.cells[i].0 {
                row.cells[i] = (score + gap.0, shift(register, gap.1));
            }
        }
    }

    fn spread_back(&self, row: &mut Row) {
        for i in (1..row.cells.len()).rev() {
            let (score, register) = row.cells[i];
            let gap = gap_of(self.view.tokens.get(row.low + i - 1));
            if score + gap.0 > row.cells[i - 1].0 {
                row.cells[i - 1] = (score + gap.0, shift(register, gap.1));
            }
        }
    }

    fn step(&self, row: &Row, node: &Node, band: (usize, usize)) -> Row {
        let cost = node_gap(node);
        let mut out = Row {
            low: band.0,
            cells: Vec::with_capacity(band.1 - band.0 + 1),
        };
        for j in band.0..=band.1 {
            let (score, register) = row.at(j);
            let mut cell = (score + cost.0, shift(register, cost.1));
            if let Some(token) = j.checked_sub(1).and_then(|t| self.view.tokens.get(t)) {
                let (score, register) = row.at(j - 1);
                let pair = pair_of(node, token);
                if score + pair.0 > cell.0 {
                    cell = (score + pair.0, shift(register, pair.1));
                }
            }
            out.cells.push(floor(cell));
        }
        self.spread(&mut out);
        out
    }

    fn back(&self, row: &Row, node: &Node, band: (usize, usize)) -> Row {
        let cost = node_gap(node);
        let mut out = Row {
            low: band.0,
            cells: Vec::with_capacity(band.1 - band.0 + 1),
        };
        for j in band.0..=band.1 {
            let (score, register) = row.at(j);
            let mut cell = (score + cost.0, shift(register, cost.1));
            if let Some(token) = self.view.tokens.get(j) {
                let (score, register) = row.at(j + 1);
                let pair = pair_of(node, token);
                if score + pair.0 > cell.0 {
                    cell = (score + pair.0, shift(register, pair.1));
                }
            }
            out.cells.push(floor(cell));
        }
        self.spread_back(&mut out);
        out
    }

    /// A word that only has to have the right form.
    fn wild_step(&self, row: &Row, band: (usize, usize), fits: &dyn Fn(&str) -> bool) -> Row {
        let any = Node {
            hash: 0,
            kind: Kind::Word,
            short: false,
            begins_line: false,
        };
        let mut out = self.step(row, &any, band);
        for (i, cell) in out.cells.iter_mut().enumerate() {
            let j = band.0 + i;
            let token = j.checked_sub(1).and_then(|t| self.view.tokens.get(t));
            if let Some(token) = token
                && token.kind == Kind::Word
                && fits(token.text(&self.view.text))
            {
                let (score, register) = row.at(j - 1);
                if score + WORD > cell.0 {
                    *cell = (score + WORD, shift(register, Some(true)));
                }
            }
        }
        self.spread(&mut out);
        out
    }

    fn wild_back(&self, row: &Row, band: (usize, usize), fits: &dyn Fn(&str) -> bool) -> Row {
        let any = Node {
            hash: 0,
            kind: Kind::Word,
            short: false,
            begins_line: false,
        };
        let mut out = self.back(row, &any, band);
        for (i, cell) in out.cells.iter_mut().enumerate() {
            let j = band.0 + i;
            if let Some(token) = self.view.tokens.get(j)
                && token.kind == Kind::Word
                && fits(token.text(&self.view.text))
            {
                let (score, register) = row.at(j + 1);
                if score + WORD > cell.0 {
                    *cell = (score + WORD, shift(register, Some(true)));
                }
            }
        }
        self.spread_back(&mut out);
        out
    }

    fn judge_wild(
        &self,
        element: usize,
        wild: &super::dag::Wild,
        row: &Row,
        end: &Row,
    ) -> Option<Sight> {
        let sites: Vec<usize> = (0..wild.form.site_values().len())
            .map(|i| wild.site + i)
            .collect();
        let mut ways: Vec<(i32, usize, Vec<u64>)> = Vec::new();
        let mut other = FAR;
        for i in 0..row.cells.len() {
            let j = row.low + i;
            let (left, before) = row.cells[i];
            other = other.max(left + end.at(j).0 + WORD_GAP);
            let Some(token) = self.view.tokens.get(j) else {
                continue;
            };
            let (right, after) = end.at(j + 1);
            if right <= FAR || token.kind != Kind::Word {
                continue;
            }
            match wild.parse(token.text(&self.view.text)) {
                Some(symbols) => {
                    let total = left + right + WORD;
                    let near = before & 1 == 1 || after & 1 == 1;
                    if near && total >= TOTAL_MIN {
                        ways.push((total, j, symbols));
                    }
                }
                None => other = other.max(left + right + WORD_MISS),
            }
        }
        ways.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let best = ways.first()?;
        let rival = ways
            .iter()
            .find(|w| w.2 != best.2)
            .map_or(other, |w| w.0.max(other));
        let outcome = if best.0 - rival < MARGIN_MIN {
            Outcome::Ambiguous(sites)
        } else {
            Outcome::Read(sites.into_iter().zip(best.2.iter().copied()).collect())
        };
        Some(Sight {
            element,
            outcome,
            total: best.0,
            token: best.1,
        })
    }
}

/// Local alignments begin anywhere.
fn floor(cell: (i32, u16)) -> (i32, u16) {
    if cell.0 <= 0 { (0, 0) } else { cell }
}

fn shift(register: u16, matched: Option<bool>) -> u16 {
    match matched {
        Some(matched) => register << 1 | u16::from(matched),
        None => register,
    }
}

/// A token of the leak that the master does not have.
fn gap_of(token: Option<&Token>) -> (i32, Option<bool>) {
    match token.map(|t| t.kind) {
        Some(Kind::Word) => (WORD_GAP, Some(false)),
        Some(_) => (-MARK, None),
        None => (FAR, None),
    }
}

/// A token of the master that the leak does not have.
fn node_gap(node: &Node) -> (i32, Option<bool>) {
    match node.kind {
        Kind::Word => (WORD_GAP, Some(false)),
        Kind::Weak | Kind::Mark => (-MARK, None),
    }
}

fn pair_of(node: &Node, token: &Token) -> (i32, Option<bool>) {
    let same = node.hash == token.hash;
    match (node.kind, token.kind) {
        (Kind::Word, Kind::Word) if same && node.short => (SHORT_WORD, Some(true)),
        (Kind::Word, Kind::Word) if same => (WORD, Some(true)),
        (Kind::Word, Kind::Word) => (WORD_MISS, Some(false)),
        (Kind::Mark, Kind::Mark) if same => (MARK, None),
        (Kind::Mark, Kind::Mark) => (-MARK, None),
        (Kind::Weak, _) | (_, Kind::Weak) if same => (WEAK, None),
        (Kind::Weak, Kind::Mark) | (Kind::Mark, Kind::Weak) => (-MARK, None),
        _ => (WORD_MISS - MARK, Some(false)),
    }
}

fn merge(rows: Vec<Row>, band: (usize, usize)) -> Row {
    let cells = (band.0..=band.1)
        .map(|j| {
            rows.iter()
                .map(|r| r.at(j))
                .max_by_key(|c| c.0)
                .unwrap_or((0, 0))
        })
        .collect();
    Row { low: band.0, cells }
}

/// The best way through a group for each value, and whether it may be believed.
fn judge(element: usize, branches: &[Branch], rows: &[Row], end: &Row) -> Option<Sight> {
    // (total, branch, boundary)
    let ways: Vec<(i32, usize, usize)> = rows
        .iter()
        .enumerate()
        .filter_map(|(branch, row)| {
            row.cells
                .iter()
                .enumerate()
                .map(|(i, c)| (c.0 + end.at(row.low + i).0, row.low + i))
                .max_by_key(|(total, j)| (*total, std::cmp::Reverse(*j)))
                .map(|(total, j)| (total, branch, j))
        })
        .collect();
    let best = *ways.iter().max_by_key(|w| (w.0, std::cmp::Reverse(w.1)))?;
    let (total, branch, boundary) = best;
    if total < TOTAL_MIN {
        return None;
    }
    let chosen = branches.get(branch)?;
    let sites: Vec<usize> = chosen.values.iter().map(|v| v.0).collect();
    let words = chosen.nodes.iter().filter(|n| n.kind == Kind::Word).count();
    let sight = |outcome| {
        Some(Sight {
            element,
            outcome,
            total,
            token: boundary.saturating_sub(chosen.nodes.len()),
        })
    };
    let left = rows.get(branch)?.at(boundary).1;
    let right = end.at(boundary).1;
    let own = words.min(12) as u32;
    let inside = (left & low_bits(own)).count_ones();
    let before = left >> own;
    let context = (before & 0xff).count_ones() >= 2
        && (right & 0xff).count_ones() >= 2
        && (before & 1 == 1 || right & 1 == 1);
    if !context {
        return sight(Outcome::Context(sites));
    }
    if words > 0 && inside * 5 < own * 3 {
        return sight(Outcome::NoValue(sites));
    }
    let mut read = Vec::new();
    for (site, value) in &chosen.values {
        let rival = ways
            .iter()
            .filter(|w| {
                branches
                    .get(w.1)
                    .is_some_and(|b| b.values.iter().any(|(s, v)| s == site && v != value))
            })
            .max_by_key(|w| w.0);
        let Some(rival) = rival else { continue };
        if total - rival.0 < MARGIN_MIN {
            continue;
        }
        // Words that are missing are believed only when everything around them is there.
        let all_there = inside == own && before & 1 == 1 && right & 1 == 1;
        let lesser = branches.iter().any(|b| {
            b.values.iter().any(|(s, v)| s == site && v != value)
                && is_part(&chosen.nodes, &b.nodes)
        });
        if lesser && !all_there {
            continue;
        }
        read.push((*site, *value));
    }
    if read.is_empty() {
        return sight(Outcome::Ambiguous(sites));
    }
    sight(Outcome::Read(read))
}

fn low_bits(count: u32) -> u16 {
    ((1u32 << count.min(16)) - 1) as u16
}

/// Whether the words of `short` stand in `long` in the same order.
fn is_part(short: &[Node], long: &[Node]) -> bool {
    let mut rest = long.iter().filter(|n| n.kind == Kind::Word);
    short
        .iter()
        .filter(|n| n.kind == Kind::Word)
        .all(|n| rest.any(|l| l.hash == n.hash))
}
