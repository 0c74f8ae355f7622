//! Exact probabilities.

/// A probability as a count of `2^-64`: exact, between 0 and 1 inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mass(u128);

impl Mass {
    /// Certainty.
    pub const ONE: Self = Self(1 << 64);
    /// Impossibility.
    pub const ZERO: Self = Self(0);

    /// `count · 2^-64`, at most one.
    #[must_use]
    pub const fn from_count(count: u128) -> Self {
        if count > 1 << 64 {
            Self::ONE
        } else {
            Self(count)
        }
    }

    /// `weight / 256`.
    #[must_use]
    pub const fn of_256(weight: u16) -> Self {
        Self::from_count((weight as u128) << 56)
    }

    /// The count of `2^-64`.
    #[must_use]
    pub const fn count(self) -> u128 {
        self.0
    }

    /// The nearest `f64`, wrong by at most one part in 2^53.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 18_446_744_073_709_551_616.0
    }

    /// One minus this, exactly.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self((1 << 64) - self.0)
    }

    /// The sum, at most one.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self::from_count(self.0 + other.0)
    }

    /// `-log2` of it; infinite for zero.
    #[must_use]
    pub fn bits(self) -> f64 {
        if self == Self::ONE {
            0.0
        } else {
            -libm::log2(self.to_f64())
        }
    }
}
