//! What a step of an alignment is worth.
//!
//! Only words that match add to a score, and a word that does not match takes away as much as one adds.
//! So a match that stands alone never lasts: every alignment that is worth more than one word holds two
//! consecutive words that match. `anchors` rests on that.

use super::dag::Node;
use crate::text::Kind;

/// A word that matches.
pub(super) const WORD: i32 = 10;
/// A word of at most three characters that matches.
pub(super) const SHORT_WORD: i32 = 6;
/// A word on one side alone, or another word.
///
/// INVARIANT: `WORD + WORD_MISS <= 0`, or an alignment could last without two consecutive matches.
pub(super) const WORD_MISS: i32 = -10;
/// A punctuation mark on one side alone, or another mark.
pub(super) const MARK_MISS: i32 = -1;
/// Most that either side of a place may be worth: what lies further off than about sixteen words says nothing.
///
/// Within a group the limit is [`INSIDE_MAX`], or a word that does not match would be made good by the next one.
pub(super) const SIDE_MAX: i32 = 160;
/// Most that an alignment may be worth within a group: more than any wording of words adds.
pub(super) const INSIDE_MAX: i32 = 60_000;
/// Least score of an alignment through a place that is read: about eight words.
pub(super) const TOTAL_MIN: i32 = 72;
/// Least distance to the next value, and to another place of the master.
pub(super) const MARGIN_MIN: i32 = 7;
/// Alignments below this change no reading.
///
/// INVARIANT: at most `TOTAL_MIN - MARGIN_MIN`.
pub(super) const RELEVANT: i32 = 64;

/// A score above sixteen bits that tell of the last words on its path: 1 a match, 0 a miss.
///
/// Of two paths with one score the greater register counts, so that no order of evaluation matters.
pub(super) type Cell = u32;

pub(super) fn score(cell: Cell) -> i32 {
    (cell >> 16) as i32
}

/// The cell, worth at most [`SIDE_MAX`].
pub(super) fn limited(cell: Cell) -> Cell {
    if score(cell) > SIDE_MAX {
        (SIDE_MAX as u32) << 16 | cell & 0xffff
    } else {
        cell
    }
}

pub(super) fn register(cell: Cell) -> u16 {
    cell as u16
}

/// What an alignment is worth beside another one of the same words of the leak: the scores of both sides, and ten
/// for each of the sixteen nearest words to either side that matches. Scores alone are limited, and of two lines
/// that differ in one word both would reach the limit.
pub(super) fn worth(left: Cell, right: Cell) -> i32 {
    let near = register(left).count_ones() + register(right).count_ones();
    score(left) + score(right) + WORD * near as i32
}

/// How many of the four nearest words match, to the left and to the right.
pub(super) fn near(left: Cell, right: Cell) -> [u32; 2] {
    [left, right].map(|cell| (register(cell) & 0xf).count_ones())
}

/// A step's worth, and what it adds to the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    worth: i32,
    shift: u32,
    bit: u32,
}

impl Step {
    const fn new(worth: i32, word: Option<bool>) -> Step {
        match word {
            Some(matches) => Step {
                worth,
                shift: 1,
                bit: matches as u32,
            },
            None => Step {
                worth,
                shift: 0,
                bit: 0,
            },
        }
    }

    /// The cell after the step, worth at most `most`; 0 where the alignment ends, as it may begin again anywhere.
    pub(super) fn after(self, cell: Cell, most: i32) -> Cell {
        let score = (score(cell) + self.worth).min(most);
        if score <= 0 {
            return 0;
        }
        let register = (cell << self.shift | self.bit) & 0xffff;
        (score as u32) << 16 | register
    }
}

/// A word or mark of a leak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tok {
    pub(super) hash: u64,
    pub(super) kind: Kind,
}

const MATCH: Step = Step::new(WORD, Some(true));
const SHORT_MATCH: Step = Step::new(SHORT_WORD, Some(true));
const MISS: Step = Step::new(WORD_MISS, Some(false));
const MISS_OF_MARK: Step = Step::new(WORD_MISS + MARK_MISS, Some(false));
const SAME_MARK: Step = Step::new(0, None);
const OTHER_MARK: Step = Step::new(MARK_MISS, None);

/// A literal of the right form, where any may stand.
pub(super) const WILD_MATCH: Step = MATCH;

/// A word or mark that only one side has.
pub(super) fn gap(kind: Kind) -> Step {
    match kind {
        Kind::Word => MISS,
        Kind::Weak | Kind::Mark => OTHER_MARK,
    }
}

/// A word or mark of the master against one of the leak.
pub(super) fn pair(node: &Node, tok: Tok) -> Step {
    let same = node.hash == tok.hash;
    match (node.kind, tok.kind) {
        (Kind::Word, Kind::Word) if same && node.short => SHORT_MATCH,
        (Kind::Word, Kind::Word) if same => MATCH,
        (Kind::Word, Kind::Word) => MISS,
        (Kind::Mark, Kind::Mark) | (Kind::Weak, _) | (_, Kind::Weak) if same => SAME_MARK,
        (Kind::Mark | Kind::Weak, Kind::Mark) | (Kind::Mark, Kind::Weak) => OTHER_MARK,
        _ => MISS_OF_MARK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_alone_does_not_last() {
        const { assert!(WORD + WORD_MISS <= 0 && RELEVANT <= TOTAL_MIN - MARGIN_MIN && WORD < RELEVANT) };
        for step in [MISS, MISS_OF_MARK] {
            assert_eq!(step.after(MATCH.after(0, SIDE_MAX), SIDE_MAX), 0);
        }
        assert_eq!(
            score(SAME_MARK.after(MATCH.after(0, SIDE_MAX), SIDE_MAX)),
            WORD
        );
        let many = (0..100).fold(0, |cell, _| MATCH.after(cell, SIDE_MAX));
        assert_eq!((score(many), register(many)), (SIDE_MAX, 0xffff));
    }
}
