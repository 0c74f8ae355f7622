//! The inner loops, compiled for what the processor has.
//!
//! The loops themselves are plain Rust. They are compiled three times, because without being told the
//! compiler may use neither population counts nor wide registers; which one runs is asked of the processor.

use super::Word;

/// `Σ over words of at_ones·popcount(x & ones) + at_zeros·popcount(x & zeros)`.
#[inline(always)]
fn score_plain(words: &[Word], bits: &[u64]) -> i64 {
    let mut sum = 0_i64;
    for (word, x) in words.iter().zip(bits) {
        sum += i64::from(word.at_ones) * i64::from((x & word.ones).count_ones())
            + i64::from(word.at_zeros) * i64::from((x & word.zeros).count_ones());
    }
    sum
}

/// The masks and weights apart, so that a wide register loads eight at once.
struct Columns {
    ones: Vec<u64>,
    zeros: Vec<u64>,
    at_ones: Vec<i64>,
    at_zeros: Vec<i64>,
}

impl Columns {
    fn new(words: &[Word]) -> Self {
        Self {
            ones: words.iter().map(|w| w.ones).collect(),
            zeros: words.iter().map(|w| w.zeros).collect(),
            at_ones: words.iter().map(|w| i64::from(w.at_ones)).collect(),
            at_zeros: words.iter().map(|w| i64::from(w.at_zeros)).collect(),
        }
    }
}

#[inline(always)]
fn scores_plain(columns: &Columns, part: &[u64], out: &mut dyn FnMut(i64)) {
    let width = columns.ones.len();
    for bits in part.chunks_exact(width.max(1)) {
        let mut sum = 0_i64;
        let masks = columns.ones.iter().zip(&columns.zeros);
        let weights = columns.at_ones.iter().zip(&columns.at_zeros);
        for ((x, (ones, zeros)), (a, b)) in bits.iter().zip(masks).zip(weights) {
            // Both factors fit 32 bits: one cheap multiplication each.
            sum += i64::from(*a as i32) * i64::from((x & ones).count_ones() as i32)
                + i64::from(*b as i32) * i64::from((x & zeros).count_ones() as i32);
        }
        out(sum);
    }
}

/// 64 comparisons to 64 bits.
#[inline(always)]
fn word_plain(threshold: u8, bytes: &[u8]) -> u64 {
    let mut word = 0;
    for (eight, part) in bytes.chunks_exact(8).take(8).enumerate() {
        let mut below = [0_u8; 8];
        for (to, from) in below.iter_mut().zip(part) {
            *to = u8::from(*from < threshold);
        }
        // Gathers the lowest bit of each byte into one byte.
        let gathered = u64::from_le_bytes(below).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word |= gathered << (8 * eight);
    }
    word
}

#[inline(always)]
fn score_stream_plain(words: &[Word], stream: &[u8]) -> i64 {
    let mut sum = 0;
    for (word, bytes) in words.iter().zip(stream.chunks_exact(64)) {
        let x = word_plain(word.threshold, bytes);
        sum += i64::from(word.at_ones) * i64::from((x & word.ones).count_ones())
            + i64::from(word.at_zeros) * i64::from((x & word.zeros).count_ones());
    }
    sum
}

/// Appends one copy's words.
pub(super) fn pack(words: &[Word], stream: &[u8], out: &mut Vec<u64>) {
    for (word, bytes) in words.iter().zip(stream.chunks_exact(64)) {
        out.push(word_plain(word.threshold, bytes));
    }
}

/// The score of one stored copy.
pub(super) fn score(words: &[Word], bits: &[u64]) -> i64 {
    score_plain(words, bits)
}

#[cfg(target_arch = "x86_64")]
mod wide {
    // The only unsafe code of the crate: calling a function compiled for more than the least processor, after
    // asking whether this one is. The functions themselves are safe.
    #![allow(unsafe_code)]

    use super::{Columns, Word, score_stream_plain, scores_plain};

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vpopcntdq,popcnt")]
    fn scores_512(columns: &Columns, part: &[u64], out: &mut dyn FnMut(i64)) {
        scores_plain(columns, part, out);
    }

    #[target_feature(enable = "avx2,popcnt")]
    fn scores_256(columns: &Columns, part: &[u64], out: &mut dyn FnMut(i64)) {
        scores_plain(columns, part, out);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vpopcntdq,popcnt")]
    fn stream_512(words: &[Word], stream: &[u8]) -> i64 {
        use core::arch::x86_64::{_mm512_cmplt_epu8_mask, _mm512_loadu_si512, _mm512_set1_epi8};
        let mut sum = 0;
        for (word, bytes) in words.iter().zip(stream.as_chunks::<64>().0) {
            // SAFETY: `bytes` is 64 readable bytes, and the load needs no alignment.
            let loaded = unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
            let x = _mm512_cmplt_epu8_mask(loaded, _mm512_set1_epi8(word.threshold.cast_signed()));
            sum += i64::from(word.at_ones) * i64::from((x & word.ones).count_ones())
                + i64::from(word.at_zeros) * i64::from((x & word.zeros).count_ones());
        }
        sum
    }

    #[target_feature(enable = "avx2,popcnt")]
    fn stream_256(words: &[Word], stream: &[u8]) -> i64 {
        score_stream_plain(words, stream)
    }

    fn has_512() -> bool {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vpopcntdq")
            && is_x86_feature_detected!("popcnt")
    }

    fn has_256() -> bool {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt")
    }

    pub(super) fn scores(columns: &Columns, part: &[u64], out: &mut dyn FnMut(i64)) {
        if has_512() {
            // SAFETY: the processor has just said that it has these features.
            unsafe { scores_512(columns, part, out) }
        } else if has_256() {
            // SAFETY: as above.
            unsafe { scores_256(columns, part, out) }
        } else {
            scores_plain(columns, part, out);
        }
    }

    pub(super) fn score_stream(words: &[Word], stream: &[u8]) -> i64 {
        if has_512() {
            // SAFETY: the processor has just said that it has these features.
            unsafe { stream_512(words, stream) }
        } else if has_256() {
            // SAFETY: as above.
            unsafe { stream_256(words, stream) }
        } else {
            score_stream_plain(words, stream)
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod wide {
    pub(super) use super::{score_stream_plain as score_stream, scores_plain as scores};
}

/// The scores of the copies of a part of a store.
pub(super) fn scores(words: &[Word], part: &[u64], out: &mut dyn FnMut(i64)) {
    wide::scores(&Columns::new(words), part, out);
}

/// The score of a copy from its key's stream.
pub(super) fn score_stream(words: &[Word], stream: &[u8]) -> i64 {
    wide::score_stream(words, stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attacks::Dice;

    #[test]
    fn every_version_of_the_loops_gives_what_the_plain_one_gives() {
        let mut dice = Dice::new(11);
        let words: Vec<Word> = (0..37)
            .map(|_| {
                let (a, b) = (dice.word(), dice.word());
                Word {
                    threshold: dice.word() as u8,
                    ones: a & b,
                    zeros: !a & b,
                    at_ones: dice.word() as i16 as i32,
                    at_zeros: dice.word() as i16 as i32,
                }
            })
            .collect();
        let stream: Vec<u8> = (0..37 * 64).map(|_| dice.word() as u8).collect();
        let mut bits = Vec::new();
        pack(&words, &stream, &mut bits);
        for (i, byte) in stream.iter().enumerate() {
            let bit = bits[i / 64] >> (i % 64) & 1 == 1;
            assert_eq!(bit, *byte < words[i / 64].threshold);
        }
        let plain = score_plain(&words, &bits);
        assert_eq!(score_stream(&words, &stream), plain);
        assert_eq!(score_stream_plain(&words, &stream), plain);
        let mut found = Vec::new();
        scores(&words, &[bits.clone(), bits].concat(), &mut |s| {
            found.push(s)
        });
        assert_eq!(found, [plain, plain]);
    }
}
