//! What the best ways through a place say of its sites, and whether that may be believed.

use super::dag::{Branch, Node, Wild};
use super::integers::cuts;
use super::score::{self, Cell, MARGIN_MIN, RELEVANT, SIDE_MAX, TOTAL_MIN, WORD, WORD_MISS};
use crate::marks::values::ValueForm;
use crate::text::{Kind, Token};

/// Elements of the master within which two alignments of one place of the leak count as one.
const NEAR: usize = 64;

/// Tokens of the leak by which two places in one run are apart.
const PEAK_TOKENS: usize = 8;
/// Most places that one run shows.
const PEAKS_MAX: usize = 4;

/// What was read at one place of the master and of the leak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    pub(super) element: usize,
    pub(super) outcome: Outcome,
    /// Score of the best alignment through the place, with either side limited.
    pub(super) total: i32,
    /// What counts against other places of the master, by [`score::worth`].
    pub(super) worth: i32,
    /// How many of the nearest words match on either side, by [`score::near`].
    pub(super) near: [u32; 2],
    /// Token of the leak.
    pub(super) token: usize,
    /// Boundary between tokens of the leak at the end of the place.
    pub(super) boundary: usize,
}

/// A reading, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// (site, value) that are sure.
    Read(Vec<(usize, u64)>),
    /// (site, value) that are likelier than any other, and why they are not sure.
    Doubtful(Vec<(usize, u64)>, Doubt),
    /// These sites are covered, and cannot be told.
    Context(Vec<usize>),
    Ambiguous(Vec<usize>),
    NoValue(Vec<usize>),
}

/// Why a value is not sure. `near`: how many of the eight nearest words on either side match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// All words of the wording are there, but neither neighbour matches, or hardly a word on one side.
    Context { near: u32 },
    /// Everything around is there, but another value fits nearly as well: they differ in punctuation.
    Margin { margin: i32 },
    /// The wording is part of another one, and not everything around it is there.
    Part { near: u32 },
}

impl Outcome {
    fn sites(&self) -> Vec<usize> {
        match self {
            Outcome::Read(values) | Outcome::Doubtful(values, _) => {
                values.iter().map(|v| v.0).collect()
            }
            Outcome::Context(sites) | Outcome::Ambiguous(sites) | Outcome::NoValue(sites) => {
                sites.clone()
            }
        }
    }
}

/// All that aligning one view said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Alignment {
    pub(super) sights: Vec<Sight>,
    /// Most that one side of any place was worth.
    pub(super) best: i32,
    /// Sum of the best worths through each boundary of the leak's tokens.
    pub(super) coverage: u64,
}

/// One way through a group: the best alignment that ends the branch at this boundary, and what follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) branch: usize,
    pub(super) boundary: usize,
    pub(super) left: Cell,
    pub(super) right: Cell,
}

impl Way {
    pub(super) fn total(&self) -> i32 {
        score::score(self.left) + score::score(self.right)
    }

    pub(super) fn is_relevant(&self) -> bool {
        self.total() >= RELEVANT
    }

    /// The total with either side limited.
    fn limited(&self) -> i32 {
        score::score(score::limited(self.left)) + score::score(self.right)
    }
}

/// Runs of neighbouring boundaries: each is one place of the leak.
fn places<T>(ways: &mut [T], boundary: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    ways.sort_by_key(&boundary);
    ways.chunk_by(move |a, b| boundary(b) - boundary(a) <= 1)
}

/// What a group shows at each place of the leak. `ways`: the relevant ones.
pub(super) fn group(element: usize, branches: &[Branch], mut ways: Vec<Way>) -> Vec<Sight> {
    places(&mut ways, |w| w.boundary)
        .flat_map(peaks)
        .filter_map(|place| at_place(element, branches, place))
        .collect()
}

/// A run, and the parts of it around other boundaries where the words on both sides match.
///
/// Two lines that changed places are one run, as an alignment may go over either with the words of the other left
/// out: the better of both may be the wrong one, and what the other shows is told as well.
fn peaks(run: &[Way]) -> Vec<&[Way]> {
    let mut out = vec![run];
    let Some(best) = run.iter().max_by_key(|w| w.total()) else {
        return out;
    };
    let beside = |w: &&Way| score::register(w.left) & score::register(w.right) & 1 == 1;
    let mut sound: Vec<&Way> = run
        .iter()
        .filter(|w| w.boundary.abs_diff(best.boundary) > PEAK_TOKENS)
        .filter(beside)
        .collect();
    sound.sort_by_key(|w| (std::cmp::Reverse(w.total()), w.boundary));
    let mut taken: Vec<usize> = Vec::new();
    for way in sound {
        if out.len() >= PEAKS_MAX {
            break;
        }
        let at = way.boundary;
        if taken.iter().all(|t| t.abs_diff(at) > PEAK_TOKENS) {
            taken.push(at);
            let half = PEAK_TOKENS / 2;
            let from = run.partition_point(|w| w.boundary + half < at);
            let to = run.partition_point(|w| w.boundary <= at + half);
            out.push(&run[from..to]);
        }
    }
    out
}

fn at_place(element: usize, branches: &[Branch], place: &[Way]) -> Option<Sight> {
    let mut ways: Vec<Option<Way>> = vec![None; branches.len()];
    for way in place {
        let slot = ways.get_mut(way.branch)?;
        // Of equal ones the first stays.
        if slot.is_none_or(|best| way.total() > best.total()) {
            *slot = Some(*way);
        }
    }
    let ways: Vec<Way> = ways.into_iter().flatten().collect();
    let best = *ways
        .iter()
        .max_by_key(|w| (w.total(), std::cmp::Reverse(w.branch)))?;
    if best.total() < TOTAL_MIN {
        return None;
    }
    let chosen = branches.get(best.branch)?;
    Some(Sight {
        element,
        outcome: outcome(branches, &ways, &best, chosen),
        total: best.limited(),
        worth: score::worth(score::limited(best.left), best.right),
        near: score::near(best.left, best.right),
        token: best.boundary.saturating_sub(chosen.nodes.len()),
        boundary: best.boundary,
    })
}

fn outcome(branches: &[Branch], ways: &[Way], best: &Way, chosen: &Branch) -> Outcome {
    let sites: Vec<usize> = chosen.values.iter().map(|v| v.0).collect();
    let words = chosen.nodes.iter().filter(|n| n.kind == Kind::Word).count();
    let (left, right) = (score::register(best.left), score::register(best.right));
    let own = words.min(12) as u32;
    let inside = (left & low_bits(own)).count_ones();
    let before = left >> own;
    let sides = [before & 0xff, right & 0xff].map(u16::count_ones);
    let near = sides.iter().sum();
    let is_beside = before & 1 == 1 || right & 1 == 1;
    let rivals: Vec<Rival> = chosen
        .values
        .iter()
        .map(|(site, value)| Rival::of(*site, *value, branches, ways, best, chosen))
        .collect();
    let those = |wanted: &dyn Fn(&Rival) -> bool| -> Vec<(usize, u64)> {
        let both = chosen.values.iter().zip(&rivals);
        both.filter(|(_, r)| wanted(r)).map(|(v, _)| *v).collect()
    };
    let doubtful = |values: Vec<(usize, u64)>, doubt: Doubt, why: Outcome| match values.is_empty() {
        true => why,
        false => Outcome::Doubtful(values, doubt),
    };
    if !(is_beside && sides.iter().all(|s| *s >= 2)) {
        let stands_out = |r: &Rival| words > 0 && inside == own && !r.is_close() && !r.holds;
        let doubt = Doubt::Context { near };
        return doubtful(those(&stands_out), doubt, Outcome::Context(sites));
    }
    if words > 0 && inside * 5 < own * 3 {
        return Outcome::NoValue(sites);
    }
    // Words that are missing are believed only when everything around them is there.
    let all_there = inside == own && before & 1 == 1 && right & 1 == 1;
    let read = those(&|r| !r.is_close() && (!r.holds || all_there));
    if !read.is_empty() {
        return Outcome::Read(read);
    }
    let parts = those(&|r| !r.is_close());
    if !parts.is_empty() {
        return Outcome::Doubtful(parts, Doubt::Part { near });
    }
    let margin = rivals.iter().map(|r| r.margin).min().unwrap_or(0);
    let close = those(&|r| all_there && r.margin > 0);
    doubtful(close, Doubt::Margin { margin }, Outcome::Ambiguous(sites))
}

/// What stands against a value at one place.
struct Rival {
    /// By how much the best way with another value is worse; great where there is none.
    margin: i32,
    /// Another wording holds all words of this one.
    holds: bool,
}

impl Rival {
    fn of(
        site: usize,
        value: u64,
        branches: &[Branch],
        ways: &[Way],
        best: &Way,
        chosen: &Branch,
    ) -> Rival {
        let is_other =
            |branch: &Branch| branch.values.iter().any(|(s, v)| *s == site && *v != value);
        let other = ways
            .iter()
            .filter(|w| branches.get(w.branch).is_some_and(is_other))
            .map(Way::total)
            .max();
        Rival {
            margin: other.map_or(i32::MAX, |other| best.total() - other),
            holds: branches
                .iter()
                .any(|b| is_other(b) && is_part(&chosen.nodes, &b.nodes)),
        }
    }

    fn is_close(&self) -> bool {
        self.margin < MARGIN_MIN
    }
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

/// One token where any literal of a form may stand: cells before and after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    pub(super) token: usize,
    pub(super) left: Cell,
    pub(super) right: Cell,
}

impl Gate {
    fn total(&self) -> i32 {
        score::score(self.left) + score::score(self.right)
    }

    /// Whether the token may be a part of a number that was taken apart: a number stands beside it that the master has
    /// not there.
    fn is_cut(&self, wild: &Wild, tokens: &[Token], text: &str) -> bool {
        let sides = [self.left, self.right].map(|side| score::register(side) & 1 == 1);
        let cuts = cuts(tokens, text, self.token).into_iter().zip(sides);
        matches!(wild.form, ValueForm::Integer { .. })
            && cuts.into_iter().any(|(cut, matches)| cut && !matches)
    }

    /// Whether the token changes a reading even if it fits.
    pub(super) fn is_relevant(&self) -> bool {
        self.total() + WORD >= RELEVANT
    }
}

/// What a wild place shows at each place of the leak. `gates`: the relevant words.
pub(super) fn wild(
    element: usize,
    wild: &Wild,
    tokens: &[Token],
    text: &str,
    mut gates: Vec<Gate>,
) -> Vec<Sight> {
    let sites: Vec<usize> = (0..wild.form.site_values().len())
        .map(|i| wild.site + i)
        .collect();
    places(&mut gates, |g| g.token)
        .filter_map(|place| {
            let mut ways: Vec<(i32, usize, Vec<u64>, [Cell; 2])> = Vec::new();
            let mut other = 0;
            for gate in place {
                let token = tokens.get(gate.token)?;
                let shown = wild.parse(token.text(text));
                match shown.filter(|_| !gate.is_cut(wild, tokens, text)) {
                    Some(symbols) => {
                        let near = score::register(gate.left) & 1 == 1
                            || score::register(gate.right) & 1 == 1;
                        let total = gate.total() + WORD;
                        if near && total >= TOTAL_MIN {
                            let after = score::WILD_MATCH.after(gate.left, SIDE_MAX);
                            ways.push((total, gate.token, symbols, [after, gate.right]));
                        }
                    }
                    None => other = other.max(gate.total() + WORD_MISS),
                }
            }
            ways.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            let best = ways.first()?;
            let rival = ways
                .iter()
                .find(|w| w.2 != best.2)
                .map_or(other, |w| w.0.max(other));
            let outcome = if best.0 - rival < MARGIN_MIN {
                Outcome::Ambiguous(sites.clone())
            } else {
                Outcome::Read(sites.iter().copied().zip(best.2.iter().copied()).collect())
            };
            let [left, right] = best.3;
            Some(Sight {
                element,
                outcome,
                total: best.0.min(2 * SIDE_MAX),
                worth: score::worth(left, right),
                near: score::near(left, right),
                token: best.1,
                boundary: best.1 + 1,
            })
        })
        .collect()
}

/// The best alignments through one boundary of the leak.
#[derive(Clone, Copy, Debug, Default)]
struct Best {
    /// By [`score::worth`]; 0 where there is none.
    worth: i32,
    /// To the left and to the right.
    sides: [Cell; 2],
    /// Boundary between elements.
    row: u32,
}

impl Best {
    fn is_far_from(&self, row: u32) -> bool {
        self.worth > 0 && self.row.abs_diff(row) > NEAR as u32
    }
}

/// For each boundary of the leak, the best alignments through it at two places of the master.
pub(super) struct Explained {
    /// The best of all, and the best far from it.
    best: Vec<[Best; 2]>,
}

impl Explained {
    pub(super) fn new(boundaries: usize) -> Explained {
        Explained {
            best: vec![[Best::default(); 2]; boundaries],
        }
    }

    /// Takes an alignment in; only relevant ones are looked at. Rows come in rising order.
    pub(super) fn see(&mut self, boundary: usize, row: usize, left: Cell, right: Cell) {
        if score::score(left) + score::score(right) < RELEVANT {
            return;
        }
        let own = Best {
            worth: score::worth(left, right),
            sides: [left, right],
            row: row as u32,
        };
        let Some([first, second]) = self.best.get_mut(boundary) else {
            return;
        };
        if first.is_far_from(own.row) {
            if own.worth > first.worth {
                (*second, *first) = (*first, own);
            } else if own.worth > second.worth {
                *second = own;
            }
        } else if own.worth > first.worth {
            *first = own;
        }
    }

    /// Whether another place of the master explains the same words of the leak as well, or a neighbouring one better.
    ///
    /// A neighbouring line that says nearly the same differs in the words beside the place, or in what stands further
    /// off. Where its nearest words match less on one side, it may be one of lines that changed places, and nothing is
    /// decided.
    fn has_rival(&self, sight: &Sight) -> bool {
        let both = self.best.get(sight.boundary).copied().unwrap_or_default();
        let row = sight.element as u32 + 1;
        both.iter().any(|other| {
            if other.is_far_from(row) {
                return sight.worth - other.worth < MARGIN_MIN;
            }
            let [left, right] = score::near(other.sides[0], other.sides[1]);
            other.worth - sight.worth >= MARGIN_MIN
                && left >= sight.near[0]
                && right >= sight.near[1]
        })
    }

    /// Sum of the best worths.
    pub(super) fn coverage(&self) -> u64 {
        self.best
            .iter()
            .map(|[first, _]| first.worth.max(0) as u64)
            .sum()
    }

    /// Erases what another place of the master explains as well, or better.
    pub(super) fn settle(&self, sights: &mut [Sight]) {
        for sight in sights {
            if self.has_rival(sight) {
                sight.outcome = Outcome::Ambiguous(sight.outcome.sites());
            }
        }
    }
}
