//! Feeds of sensors against the detection content of several cases: which records show enough.

use std::collections::{BTreeMap, BTreeSet};

use carriers::Strength;
use carriers::watch::{Token, TokenError, Watch as Scanner};

use crate::detection::Detection;

/// A record that is longer is cut around what was seen.
pub const RECORD_BYTES_MAX: usize = 64 << 10;
/// Bytes of records that one sighting keeps; what passes it is counted.
pub const KEPT_BYTES_MAX: usize = 1 << 20;

/// What is looked for.
pub struct Watchlist {
    scanner: Scanner,
    /// For each token: which detections have it, as which mark.
    owners: Vec<Vec<(usize, u32, Strength)>>,
}

/// One record of a feed that shows enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'f> {
    /// Its line in the feed, from 1.
    pub line: u64,
    /// The place of the first value in the feed, in bytes.
    pub byte: u64,
    /// Of which detection, by its place in the list.
    pub detection: usize,
    /// How many of its marks the record shows.
    pub marks: usize,
    /// The record, at most [`RECORD_BYTES_MAX`].
    pub bytes: &'f [u8],
}

impl Watchlist {
    /// What these detections look for.
    ///
    /// # Errors
    /// [`TokenError`] for a value that cannot be looked for.
    pub fn of<'a>(detections: impl IntoIterator<Item = &'a Detection>) -> Result<Self, TokenError> {
        let mut owners: BTreeMap<&str, Vec<(usize, u32, Strength)>> = BTreeMap::new();
        for (index, detection) in detections.into_iter().enumerate() {
            for known in &detection.known {
                let entry = owners.entry(&known.text).or_default();
                entry.push((index, known.mark, known.strength));
            }
        }
        let tokens: Result<Vec<Token>, _> = owners.keys().map(|text| Token::new(text)).collect();
        Ok(Self {
            scanner: Scanner::new(tokens?)?,
            owners: owners.into_values().collect(),
        })
    }

    /// How many values are looked for.
    pub fn values(&self) -> usize {
        self.scanner.tokens().len()
    }

    /// Every record of a whole feed that shows enough.
    pub fn look(&self, feed: &[u8], found: &mut dyn FnMut(Record<'_>)) {
        Place::default().look(self, feed, feed.len(), found);
    }

    /// The detections of which these tokens of one record show enough, with the number of their marks.
    fn enough(&self, tokens: &BTreeSet<u32>) -> Vec<(usize, usize)> {
        let mut marks: BTreeMap<usize, (BTreeSet<u32>, bool)> = BTreeMap::new();
        for token in tokens {
            for (detection, mark, strength) in
                self.owners.get(*token as usize).into_iter().flatten()
            {
                let (shown, strong) = marks.entry(*detection).or_default();
                shown.insert(*mark);
                *strong |= *strength == Strength::Strong;
            }
        }
        marks
            .into_iter()
            .filter(|(_, (shown, strong))| *strong || shown.len() >= 2)
            .map(|(detection, (shown, _))| (detection, shown.len()))
            .collect()
    }
}

/// Where in a feed a block begins, for feeds that come in pieces.
#[derive(Debug, Default, Clone, Copy)]
pub struct Place {
    /// Bytes before it.
    pub bytes: u64,
    /// Ends of lines before it.
    pub lines: u64,
}

impl Place {
    /// Looks at the first `end` bytes of a block and goes on behind them; what follows is only for values that stand
    /// across the end.
    pub fn look(
        &mut self,
        list: &Watchlist,
        block: &[u8],
        end: usize,
        found: &mut dyn FnMut(Record<'_>),
    ) {
        let hits = list.scanner.scan(block);
        let mut hits = hits.iter().filter(|hit| (hit.at as usize) < end).peekable();
        let mut counted = 0;
        while let Some(first) = hits.peek() {
            let at = first.at as usize;
            let (start, stop) = record_around(block, at);
            let mut tokens = BTreeSet::new();
            while let Some(hit) = hits.next_if(|hit| (hit.at as usize) < stop) {
                tokens.insert(hit.token);
            }
            let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            self.lines += lines(block.get(counted..start).unwrap_or_default());
            counted = start;
            for (detection, marks) in list.enough(&tokens) {
                found(Record {
                    line: self.lines + 1,
                    byte: self.bytes + at as u64,
                    detection,
                    marks,
                    bytes: block.get(start..stop).unwrap_or_default(),
                });
            }
        }
        let rest = block.get(counted..end).unwrap_or_default();
        self.lines += rest.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.bytes += end as u64;
    }
}

/// The line around a place, or a piece of it where it is too long.
fn record_around(block: &[u8], at: usize) -> (usize, usize) {
    let before = at.saturating_sub(RECORD_BYTES_MAX / 2);
    let start = block
        .get(before..at)
        .and_then(|bytes| bytes.iter().rposition(|byte| *byte == b'\n'))
        .map_or(before, |found| before + found + 1);
    let after = block.len().min(start + RECORD_BYTES_MAX).max(at + 1);
    let end = block
        .get(at..after)
        .and_then(|bytes| bytes.iter().position(|byte| *byte == b'\n'))
        .map_or(after, |found| at + found);
    (start, end.max(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::{Known, Reference};

    fn list() -> Watchlist {
        let known = |text: &str, mark, strength| Known {
            text: text.to_owned(),
            mark,
            strength,
        };
        let detection = Detection {
            reference: Reference::parse("W-0123456789ab").unwrap(),
            known: vec![
                known("c41d9e7a", 1, Strength::Strong),
                known("tile-cache.png", 2, Strength::Weak),
                known("page-cache.png", 3, Strength::Weak),
            ],
        };
        Watchlist::of([&detection]).unwrap()
    }

    fn seen(feed: &str) -> Vec<(u64, usize, String)> {
        let mut seen = Vec::new();
        list().look(feed.as_bytes(), &mut |record| {
            let text = String::from_utf8_lossy(record.bytes).into_owned();
            seen.push((record.line, record.marks, text));
        });
        seen
    }

    #[test]
    fn a_record_is_named_by_one_strong_value_or_by_two_weak_marks() {
        let feed = "GET /a\nGET /?t=c41d9e7a HTTP/1.1\nGET /tile-cache.png\nGET /tile-cache.png /page-cache.png\n";
        assert_eq!(
            seen(feed),
            [
                (2, 1, "GET /?t=c41d9e7a HTTP/1.1".to_owned()),
                (4, 2, "GET /tile-cache.png /page-cache.png".to_owned()),
            ]
        );
    }

    #[test]
    fn a_record_without_lines_is_cut_around_what_was_seen() {
        let feed = format!("{} c41d9e7a {}", "x".repeat(100_000), "y".repeat(100_000));
        let found = seen(&feed);
        assert_eq!(found.len(), 1);
        assert!(found[0].2.len() <= RECORD_BYTES_MAX);
        assert!(found[0].2.contains("c41d9e7a"));
    }
}
