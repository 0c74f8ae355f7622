//! Which of many cases a leak may come from: few hashes a case, votes weighted by rarity.
//!
//! Two searches joined. Winnowing as in Schleimer, Wilkerson, Aiken 2003 (SIGMOD), over words: of every four
//! consecutive three-word hashes the smallest is kept; that finds passages, and says little when every third word
//! was changed. BM25 as in Robertson and Zaragoza 2009 (Foundations and Trends in Information Retrieval 3(4),
//! equation 3.15) over single words; that survives noise, and confuses cases of one subject.
//! Programs and rules add what a request would show of them: path segments, parameter and header names.

mod grams;
mod names;
mod sketch;

use std::collections::BTreeMap;

use self::grams::{telling, winnow};
pub(crate) use self::names::{Source, context_tokens, is_plain};
pub use self::sketch::{SKETCH_HASHES_MAX, Sketch, SketchError};
use crate::leak::{Leak, View};

/// A case that a leak may come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Index into the sketches.
    pub index: usize,
    /// 0 to 1, for order and display; not a probability.
    pub score: f64,
    /// What was recognised, for people.
    pub reason: String,
}

/// Least weight of rare three-word runs within [`NEAR`] kept hashes of the leak.
const TEXT_WEIGHT_MIN: f64 = 2.6;
/// Kept hashes of the leak that count as one passage, about 75 words.
const NEAR: usize = 32;
/// Least number of different names of a program or rule in the requests.
const CONTEXT_MIN: usize = 3;
/// Least number of different words of the leak that a case must have to be found by words alone.
const WORDS_MIN: usize = 5;
/// Their least share of the leak's, weighted by rarity; and the same among fewer than [`CASES_FEW`] cases, where no
/// word is known to be rare.
const WORDS_SHARE_MIN: f64 = 0.3;
const WORDS_SHARE_MIN_OF_FEW: f64 = 0.5;
const CASES_FEW: usize = 100;
/// Most different words of a leak that are looked at: the first.
const WORDS_MAX: usize = 1 << 16;
/// BM25: how fast a word's repetition stops to count, and how much a case's length does.
const K1: f64 = 1.2;
const B: f64 = 0.75;
/// Weight of a rare word beside that of a rare run of three.
const WORD_WEIGHT: f64 = 0.5;
/// A candidate far below the best is none.
const SCORE_SHARE_MIN: f64 = 0.35;

/// What a leak asks of the sketches.
struct Question {
    /// Sorted by hash: hash, weight, place among the kept hashes.
    grams: Vec<(u32, f64, usize)>,
    context: BTreeMap<u32, String>,
    /// Sorted, no duplicates.
    words: Vec<u32>,
}

fn question(leak: &Leak) -> Question {
    let view_text = |v: &View| winnow(&v.text);
    let mut grams: Vec<(u32, f64, usize)> = view_text(&leak.text)
        .into_iter()
        .chain(view_text(&leak.wire))
        .enumerate()
        .map(|(place, g)| (g.hash, g.weight, place))
        .collect();
    grams.sort_by_key(|g| (g.0, g.2));
    grams.dedup_by_key(|g| g.0);
    let mut context = BTreeMap::new();
    for (view, source) in [(&leak.text, Source::Text), (&leak.wire, Source::Wire)] {
        context.extend(context_tokens(&view.text, source));
    }
    let (mut words, _) = telling(&leak.text.text);
    words.truncate(WORDS_MAX);
    words.sort_unstable();
    words.dedup();
    Question {
        grams,
        context,
        words,
    }
}

/// What one sketch shares with the question.
struct Shared<'a> {
    index: usize,
    /// Indices into the question's grams.
    grams: &'a [u32],
    context: &'a [u32],
    /// Indices into the question's words, and how often the case has each.
    words: &'a [(u32, u8)],
    length: u32,
}

/// What all sketches share with the question, one after the other; an allocation for each would take longer than
/// the search.
#[derive(Default)]
struct All {
    /// Index and length of each sketch that shares something, and where its part ends in the lists.
    ends: Vec<(usize, u32, [usize; 3])>,
    grams: Vec<u32>,
    context: Vec<u32>,
    words: Vec<(u32, u8)>,
}

impl All {
    fn push(&mut self, index: usize, sketch: &Sketch, [grams, context, words]: [&Filter; 3]) {
        let before = self.lengths();
        self.grams
            .extend(grams.within(&sketch.grams).map(|(_, own)| own));
        let named = context.within(&sketch.context);
        self.context
            .extend(named.filter_map(|(at, _)| sketch.context.get(at)));
        let counted = words.within(&sketch.words);
        self.words
            .extend(counted.map(|(at, own)| (own, sketch.counts.get(at).copied().unwrap_or(1))));
        if self.lengths() != before {
            self.ends.push((index, sketch.length, self.lengths()));
        }
    }

    fn lengths(&self) -> [usize; 3] {
        [self.grams.len(), self.context.len(), self.words.len()]
    }

    fn each(&self) -> impl Iterator<Item = Shared<'_>> {
        let mut start = [0; 3];
        self.ends.iter().map(move |(index, length, end)| {
            let [grams, context, words] = std::mem::replace(&mut start, *end);
            Shared {
                index: *index,
                grams: self.grams.get(grams..end[0]).unwrap_or_default(),
                context: self.context.get(context..end[1]).unwrap_or_default(),
                words: self.words.get(words..end[2]).unwrap_or_default(),
                length: *length,
            }
        })
    }
}

/// How many sketches have each hash of the question.
struct Rarity {
    grams: Vec<u32>,
    context: BTreeMap<u32, u32>,
    words: Vec<u32>,
    /// Of each word, once all sketches were seen.
    word_weights: Vec<f64>,
    cases: usize,
    /// Mean words of a case.
    length: f64,
}

impl Rarity {
    /// 1 for a hash of one case, less for one of many; nothing for one of a tenth of many cases.
    fn of(&self, count: u32) -> f64 {
        let share = f64::from(count.max(1));
        if self.cases < 2 {
            return 1.0;
        }
        (1.0 - (share.ln() / ((self.cases as f64) * 0.1 + 2.0).ln())).clamp(0.0, 1.0)
    }

    /// BM25's weight of a word that `count` cases have, 1 for one of no case.
    fn of_word(&self, count: u32) -> f64 {
        let cases = self.cases as f64;
        let weight = |count: f64| (1.0 + (cases - count + 0.5) / (count + 0.5)).ln();
        weight(f64::from(count)) / weight(0.0)
    }
}

/// The cases that `leak` may come from, best first, at most `limit`; none when nothing plausible is found.
///
/// Every hash votes with its rarity among the sketches.
/// The answer only says where alignment is worth while: that decides ([`crate::Covered::coverage`]).
pub fn rank<'a>(
    sketches: impl IntoIterator<Item = &'a Sketch>,
    leak: &Leak,
    limit: usize,
) -> Vec<Candidate> {
    let question = question(leak);
    let grams = Filter::of(question.grams.iter().map(|g| g.0).collect());
    let context = Filter::of(question.context.keys().copied().collect());
    let words = Filter::of(question.words.clone());
    let mut all = All::default();
    let mut rarity = Rarity {
        grams: vec![0; question.grams.len()],
        context: BTreeMap::new(),
        words: vec![0; question.words.len()],
        word_weights: Vec::new(),
        cases: 0,
        length: 0.0,
    };
    for (index, sketch) in sketches.into_iter().enumerate() {
        rarity.cases += 1;
        rarity.length += f64::from(sketch.length);
        all.push(index, sketch, [&grams, &context, &words]);
    }
    for gram in &all.grams {
        rarity.grams[*gram as usize] += 1;
    }
    for hash in &all.context {
        *rarity.context.entry(*hash).or_default() += 1;
    }
    for (word, _) in &all.words {
        rarity.words[*word as usize] += 1;
    }
    rarity.length /= (rarity.cases as f64).max(1.0);
    rarity.word_weights = rarity.words.iter().map(|n| rarity.of_word(*n)).collect();
    let asked: f64 = rarity.word_weights.iter().sum();
    let mut found: Vec<Candidate> = all
        .each()
        .filter_map(|s| judge(&s, &question, &rarity, asked))
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.index.cmp(&b.index)));
    let best = found.first().map_or(0.0, |c| weight_of(c.score));
    found.retain(|c| weight_of(c.score) >= SCORE_SHARE_MIN * best);
    found.truncate(limit);
    found
}

/// The score that people see is `weight / (weight + HALF)`.
const HALF: f64 = 8.0;

fn weight_of(score: f64) -> f64 {
    HALF * score / (1.0 - score).max(1e-9)
}

/// The rare runs of words in common: their votes in all, the best passage's, and how many they are.
fn runs(shared: &Shared<'_>, question: &Question, rarity: &Rarity) -> (f64, f64, usize) {
    let mut places: Vec<(usize, f64)> = shared
        .grams
        .iter()
        .map(|g| {
            let (_, weight, place) = question.grams[*g as usize];
            (place, weight * rarity.of(rarity.grams[*g as usize]))
        })
        .collect();
    places.sort_by_key(|p| p.0);
    let votes: f64 = places.iter().map(|p| p.1).sum();
    let mut passage: f64 = 0.0;
    let mut start = 0;
    let mut sum = 0.0;
    for (place, weight) in &places {
        sum += weight;
        while places.get(start).is_some_and(|p| p.0 + NEAR <= *place) {
            sum -= places[start].1;
            start += 1;
        }
        passage = passage.max(sum);
    }
    (votes, passage, places.len())
}

/// BM25 in units of a word that only this case has, and the share of the question's words in common.
fn words(shared: &Shared<'_>, rarity: &Rarity, asked: f64) -> (f64, f64) {
    let length = f64::from(shared.length) / rarity.length.max(1.0);
    let (mut score, mut common) = (0.0, 0.0);
    for (word, count) in shared.words {
        let weight = rarity.word_weights[*word as usize];
        let count = f64::from(*count);
        score += weight * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length));
        common += weight;
    }
    (score, common / asked.max(1e-9))
}

fn judge(
    shared: &Shared<'_>,
    question: &Question,
    rarity: &Rarity,
    asked: f64,
) -> Option<Candidate> {
    let (votes, passage, run_count) = runs(shared, question, rarity);
    let (words, share) = words(shared, rarity, asked);
    let mut names: Vec<(f64, &str)> = shared
        .context
        .iter()
        .map(|h| {
            let name = question.context.get(h).map_or("", String::as_str);
            let count = rarity.context.get(h).copied().unwrap_or(1);
            (rarity.of(count), name)
        })
        .collect();
    names.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let context: f64 = names.iter().map(|n| n.0).sum();
    let by_text = passage >= TEXT_WEIGHT_MIN;
    let by_context = names.len() >= CONTEXT_MIN && context >= 0.7 * CONTEXT_MIN as f64;
    let share_min = if rarity.cases < CASES_FEW {
        WORDS_SHARE_MIN_OF_FEW
    } else {
        WORDS_SHARE_MIN
    };
    let by_words = shared.words.len() >= WORDS_MIN && share >= share_min;
    if !by_text && !by_context && !by_words {
        return None;
    }
    let mut weight = WORD_WEIGHT * words;
    let mut reasons = Vec::new();
    if by_text {
        weight += votes;
        reasons.push(format!("{run_count} runs of words in common"));
    }
    if by_context {
        weight += 2.0 * context;
        let shown: Vec<&str> = names.iter().take(3).map(|n| n.1).collect();
        reasons.push(format!(
            "{} names in common, such as `{}`",
            names.len(),
            shown.join("`, `")
        ));
    }
    if reasons.is_empty() {
        weight += votes;
        reasons.push(format!("{} words in common", shared.words.len()));
    }
    Some(Candidate {
        index: shared.index,
        score: weight / (weight + HALF),
        reason: reasons.join("; "),
    })
}

/// Sorted hashes, with a bit for each modulo the filter's size: most hashes of other cases stop there.
struct Filter {
    hashes: Vec<u32>,
    bits: Vec<u64>,
    mask: u32,
}

impl Filter {
    fn of(hashes: Vec<u32>) -> Filter {
        let size = (hashes.len() * 64)
            .next_power_of_two()
            .clamp(1 << 12, 1 << 24);
        let mut filter = Filter {
            hashes,
            bits: vec![0; size / 64],
            mask: (size - 1) as u32,
        };
        for hash in &filter.hashes {
            let bit = hash & filter.mask;
            filter.bits[(bit / 64) as usize] |= 1 << (bit % 64);
        }
        filter
    }

    /// Which of `others` are among the hashes: place in `others`, place in the hashes.
    fn within<'a>(&'a self, others: &'a [u32]) -> impl Iterator<Item = (usize, u32)> + 'a {
        let others = if self.hashes.is_empty() { &[] } else { others };
        let may_hold = |hash: u32| {
            let bit = hash & self.mask;
            self.bits[(bit / 64) as usize] >> (bit % 64) & 1 == 1
        };
        others
            .iter()
            .enumerate()
            .filter(move |(_, hash)| may_hold(**hash))
            .filter_map(|(at, hash)| Some((at, self.hashes.binary_search(hash).ok()? as u32)))
    }
}
