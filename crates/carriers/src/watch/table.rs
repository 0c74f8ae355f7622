//! Windows of all tokens, by hash.

use super::token::Token;

/// Bytes that are read at once.
const WORD_BYTES: usize = 8;
/// ASCII letters of either case become one; so do some other characters, which comparing tells apart.
const FOLD: u64 = 0x2020_2020_2020_2020;
/// Odd and without pattern: 2^64 divided by the golden ratio.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
/// Bits of the filter for each window, about: one in sixteen is set.
const FILTER_BITS_PER_WINDOW: usize = 16;
/// Smallest and largest filter, as powers of two of bits: 4 KiB, and 32 MiB.
const FILTER_LOG: (u32, u32) = (15, 28);

/// One window of one token.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    token: u32,
    /// Of the window in the token.
    offset: u32,
}

/// Which windows tokens have.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Places of a feed between two looks.
    stride: usize,
    /// Leaves the bytes of a window of a word, the first byte lowest.
    shift: u32,
    filter: Vec<u64>,
    filter_shift: u32,
    /// `buckets[b]..buckets[b + 1]` are the entries whose hash begins with `b`.
    buckets: Vec<u32>,
    bucket_shift: u32,
    entries: Vec<Entry>,
}

impl Table {
    /// For tokens of which the shortest has `shortest` bytes, at least eight.
    ///
    /// A window of `q` bytes and a stride of `s` find every token as long as `q + s - 1` is at most its length.
    pub(super) fn of(tokens: &[Token], shortest: usize) -> Table {
        let window = if shortest >= WORD_BYTES + 3 {
            WORD_BYTES
        } else {
            6
        };
        let stride = (shortest + 1).saturating_sub(window).clamp(1, 8);
        let shift = ((WORD_BYTES - window) * 8) as u32;
        let mut entries = Vec::with_capacity(tokens.len() * stride);
        for (token, known) in (0_u32..).zip(tokens) {
            for offset in 0..stride {
                let mut word = [0_u8; WORD_BYTES];
                let bytes = known.bytes().get(offset..).unwrap_or_default();
                for (to, from) in word.iter_mut().zip(bytes) {
                    *to = *from;
                }
                entries.push(Entry {
                    hash: hash(u64::from_le_bytes(word), shift),
                    token,
                    offset: offset as u32,
                });
            }
        }
        entries.sort_unstable_by_key(|entry| (entry.hash, entry.token, entry.offset));
        let filter_log = (entries.len() * FILTER_BITS_PER_WINDOW)
            .next_power_of_two()
            .trailing_zeros()
            .clamp(FILTER_LOG.0, FILTER_LOG.1);
        let filter_shift = 64 - filter_log;
        let mut filter = vec![0_u64; (1 << filter_log) / 64];
        let bucket_log = entries
            .len()
            .next_power_of_two()
            .trailing_zeros()
            .clamp(1, 24);
        let bucket_shift = 64 - bucket_log;
        let mut buckets = vec![0_u32; (1 << bucket_log) + 1];
        for entry in &entries {
            let bit = entry.hash >> filter_shift;
            if let Some(word) = filter.get_mut((bit / 64) as usize) {
                *word |= 1 << (bit % 64);
            }
            if let Some(end) = buckets.get_mut((entry.hash >> bucket_shift) as usize + 1) {
                *end += 1;
            }
        }
        let mut sum = 0;
        for end in &mut buckets {
            sum += *end;
            *end = sum;
        }
        Table {
            stride,
            shift,
            filter,
            filter_shift,
            buckets,
            bucket_shift,
            entries,
        }
    }

    /// Calls `found(token, at)` for every place of `part` from about `from` on where a token may stand.
    pub(super) fn candidates(&self, part: &[u8], from: usize, mut found: impl FnMut(u32, usize)) {
        let mut at = from;
        let mask = self.filter.len() - 1;
        // INVARIANT: the filter has a power of two of words, so the mask keeps every index inside.
        let is_known = |hash: u64| {
            let bit = hash >> self.filter_shift;
            self.filter[(bit / 64) as usize & mask] >> (bit % 64) & 1 == 1
        };
        // Four looks at once: they do not wait for each other.
        let span = 3 * self.stride + WORD_BYTES;
        while let Some(block) = part.get(at..at + span) {
            let look = |step: usize| hash(word_at(block, step * self.stride), self.shift);
            let hashes = [look(0), look(1), look(2), look(3)];
            let known = hashes.map(is_known);
            if known != [false; 4] {
                for (step, hash) in hashes.into_iter().enumerate() {
                    if known[step] {
                        self.of_hash(hash, at + step * self.stride, &mut found);
                    }
                }
            }
            at += 4 * self.stride;
        }
        // The end, where a word may pass it: zeros stand for what is not there.
        while at < part.len() {
            let mut word = [0_u8; WORD_BYTES];
            for (to, byte) in word.iter_mut().zip(part.get(at..).unwrap_or_default()) {
                *to = *byte;
            }
            let hash = hash(u64::from_le_bytes(word), self.shift);
            if is_known(hash) {
                self.of_hash(hash, at, &mut found);
            }
            at += self.stride;
        }
    }

    #[cold]
    fn of_hash(&self, hash: u64, at: usize, found: &mut impl FnMut(u32, usize)) {
        let bucket = (hash >> self.bucket_shift) as usize;
        let place = |bucket: usize| self.buckets.get(bucket).copied().unwrap_or(0) as usize;
        let range = place(bucket)..place(bucket + 1);
        for entry in self.entries.get(range).unwrap_or_default() {
            if entry.hash == hash
                && let Some(start) = at.checked_sub(entry.offset as usize)
            {
                found(entry.token, start);
            }
        }
    }
}

#[inline(always)]
fn word_at(block: &[u8], at: usize) -> u64 {
    match block.get(at..at + WORD_BYTES) {
        Some(bytes) => u64::from_le_bytes(bytes.try_into().expect("eight bytes")),
        None => 0,
    }
}

#[inline(always)]
fn hash(word: u64, shift: u32) -> u64 {
    ((word | FOLD) << shift).wrapping_mul(MIX)
}
