//! Which biases a code's two-valued sites have.

/// A set of equiprobable biases in 256ths: a dyadic discrete Gauss–Legendre distribution.
///
/// # Source
/// Nuida, Fujitsu, Hagiwara, Kitagawa, Watanabe, Ogawa, Imai 2009, Designs, Codes and
/// Cryptography 52: the roots of a Legendre polynomial, here with equal weights and rounded so that
/// every probability is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Design {
    /// p = 1/2 alone: the most bits for one leaker, nothing against three.
    Half,
    /// Two biases, for coalitions up to about four.
    Gl4,
    /// Three biases, for coalitions up to about six.
    Gl6,
    /// Six biases, for coalitions up to about twelve and more.
    Gl12,
}

impl Design {
    /// Every design, from the shortest codes to the longest.
    pub const ALL: [Self; 4] = [Self::Half, Self::Gl4, Self::Gl6, Self::Gl12];

    /// The biases in 256ths, ascending, symmetric, each as frequent as the others.
    #[must_use]
    pub const fn biases(self) -> &'static [u8] {
        match self {
            Self::Half => &[128],
            Self::Gl4 => &[54, 202],
            Self::Gl6 => &[29, 128, 227],
            Self::Gl12 => &[9, 43, 98, 158, 213, 247],
        }
    }

    /// Bits that a two-valued site is worth to a simple decoder against the worst attack of
    /// `coalition` leakers (0 beyond 16). Computed by [`crate::capacity`]; a test holds them equal.
    #[must_use]
    pub fn bits_per_site(self, coalition: u32) -> f64 {
        let table: &[f64] = match self {
            Self::Half => &[1.0, 0.1887],
            Self::Gl4 => &[0.744, 0.156, 0.055, 0.030, 0.006, 0.0004],
            Self::Gl6 => &[0.663, 0.140, 0.055, 0.032, 0.019, 0.011],
            Self::Gl12 => &[
                0.611, 0.129, 0.052, 0.031, 0.019, 0.0139, 0.010, 0.0080, 0.0064, 0.0052, 0.0044,
                0.0036, 0.003, 0.0026, 0.0022, 0.0019,
            ],
        };
        coalition
            .checked_sub(1)
            .and_then(|i| table.get(i as usize))
            .copied()
            .unwrap_or(0.0)
    }

    /// The design for `sites` two-valued sites of one layer when `bits` must be gathered: the one
    /// that still resolves the largest coalition with half as many bits again in hand, and among
    /// equals the one that says most about a coalition of that size.
    /// With `coalition`, the one that says most about exactly so many.
    #[must_use]
    pub fn choose(sites: u64, bits: f64, coalition: Option<u32>) -> Self {
        let worth = |design: Self, c: u32| sites as f64 * design.bits_per_site(c);
        let largest = |design: Self| {
            (1..=16)
                .take_while(|c| worth(design, *c) >= 1.5 * bits)
                .last()
                .unwrap_or(0)
        };
        let best = |c: u32| {
            let mut best = Self::Half;
            for design in Self::ALL {
                if design.bits_per_site(c) > best.bits_per_site(c) {
                    best = design;
                }
            }
            best
        };
        if let Some(c) = coalition {
            return best(c.clamp(1, 16));
        }
        let reach = Self::ALL.into_iter().map(largest).max().unwrap_or(0);
        let mut chosen = Self::Half;
        for design in Self::ALL {
            let better = largest(design) > largest(chosen)
                || (largest(design) == largest(chosen)
                    && worth(design, reach.max(1)) > worth(chosen, reach.max(1)));
            if better {
                chosen = design;
            }
        }
        chosen
    }

    pub(crate) const fn tag(self) -> u8 {
        match self {
            Self::Half => 1,
            Self::Gl4 => 4,
            Self::Gl6 => 6,
            Self::Gl12 => 12,
        }
    }

    pub(crate) const fn from_tag(tag: u8) -> Option<Self> {
        match tag {
            1 => Some(Self::Half),
            4 => Some(Self::Gl4),
            6 => Some(Self::Gl6),
            12 => Some(Self::Gl12),
            _ => None,
        }
    }
}
