//! Scores of very many copies: a scan that leaves the likely ones for [`crate::trace_among`].
//!
//! One layer's two-valued sites are kept as bits, in the order of the key stream, where every bias has its
//! own run of whole words. A score is then, for each word, two population counts and two
//! multiplications. Codewords are stored ([`Store`]) or made anew from the keys ([`Scan::score_key`]).
//!
//! A scan only ranks. What is proved of a candidate is proved by a trace.

use std::collections::BTreeMap;

use crate::code::{Code, Layer};
use crate::collusion::{Model, Strategy, fit};
use crate::evidence::Ballot;
use crate::key::{Key, Stream};
use crate::tail::{Term, UNIT, tail};
use crate::trace::TraceError;
use crate::{Alphabet, Mass, Reading};

mod kernel;

/// What a scan scores: the readings of one layer under one model.
pub struct Scan {
    words: Vec<Word>,
    base: i64,
    layer: Layer,
    terms: Vec<Term>,
}

/// 64 sites of one bias.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Word {
    /// Bytes of the stream below this are a 1.
    threshold: u8,
    /// Sites where the leak shows 1, and 0.
    ones: u64,
    zeros: u64,
    /// What a 1 adds at such a site, in 256ths of a bit.
    at_ones: i32,
    at_zeros: i32,
}

/// Which model a scan scores under.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Suspect {
    /// One leaker.
    Single,
    /// So many leakers with the attack that fits the leak best.
    Fitted(u32),
    /// So many leakers with a given strategy.
    Strategy(u32, Strategy),
}

impl Scan {
    /// Prepares the scores of one layer. Sites of more than two values are left out.
    ///
    /// # Errors
    /// [`TraceError`] for readings that do not fit the code.
    pub fn new(
        code: &Code,
        readings: &[Reading],
        layer: Layer,
        suspect: Suspect,
    ) -> Result<Self, TraceError> {
        if readings.len() != code.len() {
            return Err(TraceError::Length {
                readings: readings.len(),
                sites: code.len(),
            });
        }
        let ballot = Ballot::new(code, readings).map_err(|(site, why)| why.at(site))?;
        let model = match suspect {
            Suspect::Single => Model::single(),
            Suspect::Fitted(c) => fit(c, &ballot.shown(layer)),
            Suspect::Strategy(c, strategy) => Model::new(strategy.rates(c, code.design())),
        };
        let sheet = ballot.sheet(&model, &[layer]);
        let mut words = layout(code, layer);
        let mut base = 0;
        let mut terms: BTreeMap<[(u128, i32); 2], u32> = BTreeMap::new();
        for seen in ballot.sites.iter().filter(|s| s.layer == layer) {
            let (Some(site), Some((mass, shows_one, [miss, hit]))) =
                (code.sites().get(seen.site), ballot.two_valued(seen, &sheet))
            else {
                continue;
            };
            let lane = site.lane as usize;
            let Some(word) = words.get_mut(lane / 64) else {
                continue;
            };
            // One weight for a word: readings of one run differ at most in their noise, which a scan may blur.
            if shows_one {
                word.ones |= 1 << (lane % 64);
                word.at_ones = hit - miss;
                base += i64::from(miss);
            } else {
                word.zeros |= 1 << (lane % 64);
                word.at_zeros = miss - hit;
                base += i64::from(hit);
            }
            let term = [(mass.complement().count(), miss), (mass.count(), hit)];
            *terms.entry(term).or_default() += 1;
        }
        let terms = terms
            .into_iter()
            .map(|(outcomes, count)| Term {
                outcomes: outcomes
                    .iter()
                    .map(|(p, w)| (Mass::from_count(*p).to_f64(), *w))
                    .collect(),
                count,
            })
            .collect();
        Ok(Self {
            words,
            base,
            layer,
            terms,
        })
    }

    /// An upper bound, tight to a millionth, on the chance that an innocent copy scores this much (in 256ths
    /// of a bit), if all readings have the same noise.
    #[must_use]
    pub fn tail(&self, units: i64) -> f64 {
        tail(&self.terms, units)
    }

    /// What an innocent copy's score is a sum of: the outcomes' probabilities and weights in 256ths of a bit,
    /// and how many such sites there are.
    pub fn terms(&self) -> impl Iterator<Item = (&[(f64, i32)], u32)> {
        self.terms.iter().map(|t| (t.outcomes.as_slice(), t.count))
    }

    /// As [`Scan::score_key`], in 256ths of a bit.
    #[must_use]
    pub fn units_key(&self, key: &Key, scratch: &mut Vec<u8>) -> i64 {
        scratch.resize(self.words.len() * 64, 0);
        key.stream(Stream::Narrow, 0, scratch);
        self.base + kernel::score_stream(&self.words, scratch)
    }

    /// The score of one stored copy in bits.
    #[must_use]
    pub fn score(&self, bits: &[u64]) -> f64 {
        (self.base + kernel::score(&self.words, bits)) as f64 / UNIT
    }

    /// The scores of all copies of a part of a store, in bits.
    #[must_use]
    pub fn scores(&self, part: &[u64]) -> Vec<f32> {
        let mut out = Vec::new();
        if self.words.is_empty() {
            return out;
        }
        out.reserve(part.len() / self.words.len());
        kernel::scores(&self.words, part, &mut |units| {
            out.push(((self.base + units) as f64 / UNIT) as f32);
        });
        out
    }

    /// The score of a copy whose codeword is made anew from its key, in bits. `scratch` is reused from copy to copy.
    #[must_use]
    pub fn score_key(&self, key: &Key, scratch: &mut Vec<u8>) -> f64 {
        self.units_key(key, scratch) as f64 / UNIT
    }

    /// The layer that is scored.
    #[must_use]
    pub const fn layer(&self) -> Layer {
        self.layer
    }
}

/// One layer's words with their thresholds, nothing read yet.
fn layout(code: &Code, layer: Layer) -> Vec<Word> {
    let mut words = Vec::new();
    for site in code.sites() {
        if let (Alphabet::Binary { ones }, true) = (&site.alphabet, site.layer == layer) {
            let at = site.lane as usize / 64;
            if words.len() <= at {
                words.resize(at + 1, Word::default());
            }
            if let Some(word) = words.get_mut(at) {
                word.threshold = *ones;
            }
        }
    }
    words
}

/// Stored codewords of one layer, one after the other.
pub struct Store {
    words: Vec<Word>,
    bits: Vec<u64>,
}

impl Store {
    /// An empty store for `copies` copies.
    #[must_use]
    pub fn new(code: &Code, layer: Layer, copies: usize) -> Self {
        let words = layout(code, layer);
        let bits = Vec::with_capacity(words.len() * copies);
        Self { words, bits }
    }

    /// Adds the codeword of one key.
    pub fn push(&mut self, key: &Key, scratch: &mut Vec<u8>) {
        scratch.resize(self.words.len() * 64, 0);
        key.stream(Stream::Narrow, 0, scratch);
        kernel::pack(&self.words, scratch, &mut self.bits);
    }

    /// Words of one copy.
    #[must_use]
    pub fn width(&self) -> usize {
        self.words.len()
    }

    /// All copies' bits, [`Store::width`] words each.
    #[must_use]
    pub fn bits(&self) -> &[u64] {
        &self.bits
    }
}

/// The indices of the `keep` best scores, best first; equal scores in order.
#[must_use]
pub fn best(scores: &[f32], keep: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    let by = |a: &usize, b: &usize| {
        let score = |i: &usize| scores.get(*i).copied().unwrap_or(f32::MIN);
        score(b).total_cmp(&score(a)).then(a.cmp(b))
    };
    if keep < order.len() {
        order.select_nth_unstable_by(keep, by);
        order.truncate(keep);
    }
    order.sort_by(by);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attacks::{Attack, Dice, Mix};
    use crate::{Design, SiteShape};

    #[test]
    fn a_scan_ranks_a_leaker_first_and_stored_and_renewed_scores_are_the_same() {
        let shapes: Vec<SiteShape> = (0..700)
            .map(|i| SiteShape {
                values: 2,
                section: i / 40,
            })
            .collect();
        let code = Code::plan_with(&shapes, 500, 1e-6, &[5; 32], Design::Gl12).unwrap();
        let mut dice = Dice::new(4);
        let keys: Vec<Key> = (0..500).map(|_| Key::from_bytes(dice.bytes())).collect();
        let copy = code.codeword(&keys[0], &keys[77]);
        let attack = Attack::new("", Mix::Splice);
        let readings = attack.leak(&code, &[copy], &mut dice);
        let scan = Scan::new(&code, &readings, Layer::Slot, Suspect::Single).unwrap();
        let mut store = Store::new(&code, Layer::Slot, keys.len());
        let mut scratch = Vec::new();
        for key in &keys {
            store.push(key, &mut scratch);
        }
        let scores = scan.scores(store.bits());
        for (key, score) in keys.iter().zip(&scores) {
            assert_eq!(scan.score_key(key, &mut scratch) as f32, *score);
        }
        assert_eq!(best(&scores, 3)[0], 77);
        assert_eq!(scores.len(), 500);
    }
}
