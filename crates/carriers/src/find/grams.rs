//! Winnowed runs of words, and words that say something.

use crate::text::{self, Kind};

/// Words of one hash.
const GRAM_WORDS: usize = 3;
/// Consecutive hashes of which one is kept.
const WINDOW: usize = 4;

/// A kept hash, and how much its words say.
pub(super) struct Gram {
    pub(super) hash: u32,
    pub(super) weight: f64,
}

/// Words that any text about vulnerabilities has: three of them in a row say little.
const COMMON: &str = " a an and are as at be been before by can could do does for from had has have if in into is it its \
may more no not of on or other our out so some such than that the their them then there these they this to \
was we were when where which while who will with would you your \
affected allow allows an arbitrary attack attacker attackers authenticated code component could cve data denial discovered \
execute execution exists exploit exploitation exploited file fixed following found impact information issue \
issues malicious memory metrics network of patch product products remote remotely security server service software successful \
successfully system unauthenticated update upgrade use used user users using vendor version versions via \
vulnerabilities vulnerability vulnerable ";

pub(super) fn is_common(word: &str) -> bool {
    word.len() < 2
        || COMMON.contains(&format!(" {} ", word.to_lowercase()))
        || word.bytes().all(|b| b.is_ascii_digit())
}

/// The kept hashes of a normalised text, in order of place.
pub(super) fn winnow(normal: &str) -> Vec<Gram> {
    let words: Vec<(u64, bool)> = text::tokens(normal)
        .into_iter()
        .filter(|t| t.kind == Kind::Word)
        .map(|t| (t.hash, is_common(t.text(normal))))
        .collect();
    let grams: Vec<(u32, usize)> = words
        .windows(GRAM_WORDS)
        .map(|w| {
            let hash = w.iter().fold(0u64, |h, (word, _)| {
                (h.rotate_left(21) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            });
            (
                (hash >> 32) as u32,
                w.iter().filter(|(_, common)| *common).count(),
            )
        })
        .collect();
    let mut kept = Vec::new();
    let mut last = None;
    let windows = grams
        .len()
        .saturating_sub(WINDOW - 1)
        .max(usize::from(!grams.is_empty()));
    for start in 0..windows {
        let window = &grams[start..(start + WINDOW).min(grams.len())];
        let Some((offset, (hash, common))) = window.iter().enumerate().min_by_key(|(_, g)| g.0)
        else {
            continue;
        };
        if last != Some(start + offset) {
            last = Some(start + offset);
            let weight = [1.0, 0.8, 0.4, 0.1][(*common).min(3)];
            kept.push(Gram {
                hash: *hash,
                weight,
            });
        }
    }
    kept
}

/// The words of a normalised text that say something, hashed, in order of place; and how many words it has.
pub(super) fn telling(normal: &str) -> (Vec<u32>, usize) {
    let tokens = text::tokens(normal);
    let words = tokens.iter().filter(|t| t.kind == Kind::Word);
    let says = |word: &str| {
        word.len() > 1 && (!is_common(word) || word.bytes().all(|b| b.is_ascii_digit()))
    };
    let telling = words
        .clone()
        .filter(|t| says(t.text(normal)))
        .map(|t| (t.hash >> 32) as u32);
    (telling.collect(), words.count())
}
