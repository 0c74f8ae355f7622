//! Sketches: what of a case's masters is kept to recognise its leaks.

use std::collections::{BTreeMap, BTreeSet};

use super::grams::{telling, winnow};
use super::names::{Source, context_tokens};
use crate::marks::Master;
use crate::text;

/// Renderings of a master, so that the first alternatives of each site are covered.
const VARIANTS_MAX: u64 = 6;
/// Most hashes of one kind in a sketch.
pub const SKETCH_HASHES_MAX: usize = 1 << 20;
const MAGIC: &[u8; 8] = b"hs-sk-2\n";
/// Sketches without words, as they were made before words were kept.
const MAGIC_WITHOUT_WORDS: &[u8; 8] = b"hs-sk-1\n";

/// Hashes of one case's masters, by which a leak is recognised. It tells nothing in words,
/// but whoever guesses words of a master can check the guess: keep it as secret as the master.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Winnowed runs of words. Sorted, no duplicates.
    pub(super) grams: Vec<u32>,
    /// Names. Sorted, no duplicates.
    pub(super) context: Vec<u32>,
    /// Words that say something. Sorted, no duplicates.
    pub(super) words: Vec<u32>,
    /// How often each of `words` stands in one copy, 1 to 255.
    pub(super) counts: Vec<u8>,
    /// Words of one copy.
    pub(super) length: u32,
}

/// Why bytes are no sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SketchError {
    /// Not the bytes of a sketch, or of another version.
    #[error("these bytes are no sketch of a case")]
    Format,
    /// More hashes than [`SKETCH_HASHES_MAX`].
    #[error("a sketch of {found} hashes, and it may have {max}")]
    TooLarge {
        /// Hashes announced.
        found: usize,
        /// Most allowed.
        max: usize,
    },
    /// Shorter or longer than announced, or hashes out of order.
    #[error("a damaged sketch")]
    Damaged,
}

impl SketchError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        "make the sketch again from the case's masters: press the case again, or restore a backup"
            .into()
    }
}

impl Sketch {
    /// The sketch of one case, from all its masters.
    pub fn of(masters: &[&Master]) -> Sketch {
        let mut grams = BTreeSet::new();
        let mut context = BTreeSet::new();
        let mut words: BTreeMap<u32, u8> = BTreeMap::new();
        let mut length = 0;
        for master in masters {
            let choices = master.sites().iter().map(|s| s.choices.len() as u64).max();
            let variants = choices.unwrap_or(1).clamp(1, VARIANTS_MAX);
            let mut own: BTreeMap<u32, u8> = BTreeMap::new();
            let mut longest = 0;
            for variant in 0..variants {
                let symbols: Vec<u64> = master
                    .sites()
                    .iter()
                    .map(|s| {
                        if s.choices.is_empty() {
                            0
                        } else {
                            variant % s.values
                        }
                    })
                    .collect();
                let Ok(copy) = master.shown(&symbols) else {
                    continue;
                };
                let normal = text::normalise(&copy);
                grams.extend(winnow(&normal).into_iter().map(|g| g.hash));
                let (mut shown, all) = telling(&normal);
                longest = longest.max(all);
                shown.sort_unstable();
                for run in shown.chunk_by(|a, b| a == b) {
                    let count = run.len().min(255) as u8;
                    let most = own.entry(run[0]).or_default();
                    *most = (*most).max(count);
                }
                if master.format().reaches_wire() {
                    context.extend(
                        context_tokens(&normal, Source::Master)
                            .into_iter()
                            .map(|t| t.0),
                    );
                }
            }
            for (word, count) in own {
                let sum = words.entry(word).or_default();
                *sum = sum.saturating_add(count);
            }
            length += longest;
        }
        if words.is_empty() {
            length = 0;
        }
        let (words, counts) = words.into_iter().take(SKETCH_HASHES_MAX).unzip();
        Sketch {
            grams: grams.into_iter().take(SKETCH_HASHES_MAX).collect(),
            context: context.into_iter().take(SKETCH_HASHES_MAX).collect(),
            words,
            counts,
            length: u32::try_from(length).unwrap_or(u32::MAX),
        }
    }

    /// Canonical bytes: `hs-sk-2\n`; how many grams, names and words there are, and the words of a copy; the hashes
    /// in that order, all 32-bit little-endian; then a byte for each word's count.
    ///
    /// A sketch without words is written as it was before there were any: `hs-sk-1\n`, two counts, the hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let has_words = !self.words.is_empty();
        let mut out = if has_words {
            MAGIC
        } else {
            MAGIC_WITHOUT_WORDS
        }
        .to_vec();
        let mut push = |number: u32| out.extend_from_slice(&number.to_le_bytes());
        push(self.grams.len() as u32);
        push(self.context.len() as u32);
        if has_words {
            push(self.words.len() as u32);
            push(self.length);
        }
        for hash in self.grams.iter().chain(&self.context).chain(&self.words) {
            push(*hash);
        }
        out.extend_from_slice(&self.counts);
        out
    }

    /// The sketch of [`Sketch::to_bytes`], of this version or the one before.
    ///
    /// # Errors
    /// [`SketchError`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Sketch, SketchError> {
        let (has_words, rest) = match bytes.split_at_checked(MAGIC.len()) {
            Some((magic, rest)) if magic == MAGIC => (true, rest),
            Some((magic, rest)) if magic == MAGIC_WITHOUT_WORDS => (false, rest),
            _ => return Err(SketchError::Format),
        };
        let mut numbers = rest
            .chunks_exact(4)
            .map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]]));
        let mut head = || numbers.next().ok_or(SketchError::Damaged);
        let limited = |found: u32| match found as usize {
            found if found > SKETCH_HASHES_MAX => Err(SketchError::TooLarge {
                found,
                max: SKETCH_HASHES_MAX,
            }),
            found => Ok(found),
        };
        let (grams, context) = (limited(head()?)?, limited(head()?)?);
        let (words, length) = if has_words {
            (limited(head()?)?, head()?)
        } else {
            (0, 0)
        };
        let heads = if has_words { 4 } else { 2 };
        let hashes = 4 * (heads + grams + context + words);
        if rest.len() != hashes + words {
            return Err(SketchError::Damaged);
        }
        let sketch = Sketch {
            grams: numbers.by_ref().take(grams).collect(),
            context: numbers.by_ref().take(context).collect(),
            words: numbers.take(words).collect(),
            counts: rest.get(hashes..).unwrap_or_default().to_vec(),
            length,
        };
        let sorted = |list: &[u32]| list.windows(2).all(|w| w[0] < w[1]);
        let is_whole = [&sketch.grams, &sketch.context, &sketch.words]
            .into_iter()
            .all(|list| sorted(list))
            && has_words != sketch.words.is_empty()
            && !sketch.counts.contains(&0);
        if !is_whole {
            return Err(SketchError::Damaged);
        }
        Ok(sketch)
    }

    /// Number of hashes.
    pub fn len(&self) -> usize {
        self.grams.len() + self.context.len() + self.words.len()
    }

    /// Whether there is nothing to recognise.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
