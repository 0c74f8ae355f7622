//! The values of one site and their exact probabilities.

use crate::Mass;

/// Most values that one site may have.
pub const VALUES_MAX: u64 = 1 << 32;
/// Most values of a site whose probabilities are chosen one by one.
pub(crate) const NARROW_MAX: u64 = 16;

/// How a site's value is drawn from a copy's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alphabet {
    /// Two values; value 1 has probability `ones / 256`, with `ones` in 1..=255.
    Binary {
        /// Probability of value 1, in 256ths.
        ones: u8,
    },
    /// 3 to 16 values with these probabilities in 256ths (each at least 1, sum 256).
    Weighted(Vec<u8>),
    /// 17 to 2^32 values, as even as 64 bits allow: value `v` is drawn by
    /// `ceil((v+1)·2^64/n) - ceil(v·2^64/n)` of 2^64 words.
    Uniform {
        /// Number of values.
        values: u64,
    },
}

impl Alphabet {
    /// Number of values.
    #[must_use]
    pub fn values(&self) -> u64 {
        match self {
            Self::Binary { .. } => 2,
            Self::Weighted(weights) => weights.len() as u64,
            Self::Uniform { values } => *values,
        }
    }

    /// Whether one byte of the stream decides.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        !matches!(self, Self::Uniform { .. })
    }

    /// The exact probability of `value`; zero when there is no such value.
    #[must_use]
    pub fn probability(&self, value: u64) -> Mass {
        match self {
            Self::Binary { ones } => match value {
                0 => Mass::of_256(256 - u16::from(*ones)),
                1 => Mass::of_256(u16::from(*ones)),
                _ => Mass::ZERO,
            },
            Self::Weighted(weights) => usize::try_from(value)
                .ok()
                .and_then(|v| weights.get(v))
                .map_or(Mass::ZERO, |w| Mass::of_256(u16::from(*w))),
            Self::Uniform { values } => {
                if value >= *values {
                    return Mass::ZERO;
                }
                let start = |v: u64| (u128::from(v) << 64).div_ceil(u128::from(*values));
                Mass::from_count(start(value + 1) - start(value))
            }
        }
    }

    /// The value that a byte of the stream gives: value 0 takes the lowest bytes last, so that
    /// for two values `byte < ones` is value 1.
    pub(crate) fn narrow(&self, byte: u8) -> u64 {
        match self {
            Self::Binary { ones } => u64::from(byte < *ones),
            Self::Weighted(weights) => {
                let mut end = 0_u16;
                for (value, weight) in weights.iter().enumerate() {
                    end += u16::from(*weight);
                    if u16::from(byte) < end {
                        return value as u64;
                    }
                }
                0
            }
            Self::Uniform { .. } => 0,
        }
    }

    /// The value that a word of the stream gives.
    pub(crate) fn wide(&self, word: u64) -> u64 {
        ((u128::from(word) * u128::from(self.values())) >> 64) as u64
    }

    /// Entropy of one value in bits: what a single whole copy shows on average.
    #[must_use]
    pub fn entropy_bits(&self) -> f64 {
        match self {
            Self::Uniform { values } => libm::log2(*values as f64),
            _ => (0..self.values())
                .map(|v| {
                    let p = self.probability(v);
                    p.to_f64() * p.bits()
                })
                .sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probabilities_of_every_alphabet_are_exact_and_sum_to_one() {
        let narrow = [
            Alphabet::Binary { ones: 9 },
            Alphabet::Weighted(vec![100, 100, 56]),
        ];
        for alphabet in &narrow {
            for value in 0..alphabet.values() {
                let drawn = (0..=255).filter(|b| alphabet.narrow(*b) == value).count();
                assert_eq!(alphabet.probability(value), Mass::of_256(drawn as u16));
            }
        }
        for values in [17_u64, 1000, 65_537, 4093] {
            let alphabet = Alphabet::Uniform { values };
            let sum = (0..values).fold(0, |s, v| s + alphabet.probability(v).count());
            assert_eq!(sum, Mass::ONE.count());
        }
        let nonce = Alphabet::Uniform { values: 1 << 32 };
        assert_eq!(nonce.probability(77).count(), 1 << 32);
    }

    #[test]
    fn the_first_and_last_word_of_a_uniform_value_lie_where_its_probability_says() {
        let values = 1_000_003;
        let alphabet = Alphabet::Uniform { values };
        for value in [0, 1, 77, 500_000, values - 1] {
            let start = (u128::from(value) << 64).div_ceil(u128::from(values));
            let end = start + alphabet.probability(value).count();
            assert_eq!(alphabet.wide(start as u64), value);
            assert_eq!(alphabet.wide((end - 1) as u64), value);
            if end < 1 << 64 {
                assert_eq!(alphabet.wide(end as u64), value + 1);
            }
        }
    }
}
