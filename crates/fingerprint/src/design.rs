//! Which biases a code's two-valued sites have.

/// A set of equiprobable biases in 256ths, so that every probability is exact.
///
/// # Source
/// The designs `Gl4`, `Gl6` and `Gl12`: Nuida, Fujitsu, Hagiwara, Kitagawa, Watanabe, Ogawa, Imai 2009,
/// Designs, Codes and Cryptography 52: the roots of a Legendre polynomial, here with equal weights and
/// rounded. `Saddle8`: the saddle point of Huang and Moulin, arXiv 1011.1261, for a simple decoder and
/// eight leakers, whose biases lie near 12.5 and 81 in 256ths; the equiprobable ones were found by search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Design {
    /// p = 1/2 alone: the most bits for one leaker, nothing against three.
    Half,
    /// Two biases, for coalitions up to about four.
    Gl4,
    /// Three biases, for coalitions up to about six.
    Gl6,
    /// Eight biases, within a hundredth of what any design says of eight leakers to a simple decoder; for
    /// coalitions from five to about nine.
    Saddle8,
    /// Six biases, for coalitions up to about twelve and more.
    Gl12,
}

impl Design {
    /// Every design, from the shortest codes to the longest.
    pub const ALL: [Self; 5] = [Self::Half, Self::Gl4, Self::Gl6, Self::Saddle8, Self::Gl12];

    /// The biases in 256ths, ascending, symmetric, each as frequent as the others.
    #[must_use]
    pub const fn biases(self) -> &'static [u8] {
        match self {
            Self::Half => &[128],
            Self::Gl4 => &[54, 202],
            Self::Gl6 => &[29, 128, 227],
            Self::Saddle8 => &[12, 13, 69, 92, 164, 187, 243, 244],
            Self::Gl12 => &[9, 43, 98, 158, 213, 247],
        }
    }

    /// Bits that a two-valued site is worth to a simple decoder against the worst attack of
    /// `coalition` leakers (0 beyond 16). Computed by [`crate::capacity`]; a test holds them equal.
    #[must_use]
    pub fn bits_per_site(self, coalition: u32) -> f64 {
        let table: &[f64] = match self {
            Self::Half => &[1.0, 0.18872],
            Self::Gl4 => &[0.74327, 0.15560, 0.05505, 0.03058, 0.00601, 0.00038],
            Self::Gl6 => &[
                0.67316, 0.14231, 0.05927, 0.03435, 0.01921, 0.01221, 0.00727, 0.00390, 0.00136,
                0.00022,
            ],
            Self::Saddle8 => &[
                0.58641, 0.12526, 0.05339, 0.03149, 0.02090, 0.01496, 0.01125, 0.00878, 0.00657,
                0.00482, 0.00340, 0.00278, 0.00206, 0.00144, 0.00093, 0.00060,
            ],
            Self::Gl12 => &[
                0.61089, 0.12922, 0.05262, 0.03087, 0.01958, 0.01401, 0.01029, 0.00793, 0.00625,
                0.00502, 0.00407, 0.00339, 0.00283, 0.00238, 0.00199, 0.00169,
            ],
        };
        coalition
            .checked_sub(1)
            .and_then(|i| table.get(i as usize))
            .copied()
            .unwrap_or(0.0)
    }

    /// The design for `sites` two-valued sites of one layer when `bits` must be gathered: the one
    /// that still resolves the largest coalition with a quarter as many bits again in hand, and among
    /// equals the one that says most about a coalition of one more, because a short design says nothing at all
    /// about more leakers than it is made for.
    /// With `coalition`, the one that says most about exactly so many.
    #[must_use]
    pub fn choose(sites: u64, bits: f64, coalition: Option<u32>) -> Self {
        let worth = |design: Self, c: u32| sites as f64 * design.bits_per_site(c);
        let largest = |design: Self| {
            (1..=16)
                .take_while(|c| worth(design, *c) >= 1.25 * bits)
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
                    && worth(design, reach + 1) > worth(chosen, reach + 1));
            if better {
                chosen = design;
            }
        }
        chosen
    }

    /// The worst attack against a simple decoder for 3, 5, 8 and 12 leakers: `rates[1..=(c-1)/2]`; the
    /// others follow by symmetry.
    pub(crate) const fn worst_rates(self, coalition: u32) -> &'static [f64] {
        match (self, coalition) {
            (Self::Half, 3) => &[1.0],
            (Self::Half, 5) => &[0.6154, 0.5769],
            (Self::Half, 8) => &[0.5070, 0.5164, 0.5164],
            (Self::Half, 12) => &[0.5001, 0.5004, 0.5009, 0.5014, 0.5011],
            (Self::Gl4, 3) => &[1.0],
            (Self::Gl4, 5) => &[1.0, 0.0],
            (Self::Gl4, 8) => &[0.8850, 0.4432, 0.2887],
            (Self::Gl4, 12) => &[0.6316, 0.5848, 0.4788, 0.4303, 0.4521],
            (Self::Gl6, 3) => &[0.5804],
            (Self::Gl6, 5) => &[0.6558, 0.0],
            (Self::Gl6, 8) => &[1.0, 0.0, 0.5789],
            (Self::Gl6, 12) => &[0.8439, 0.1703, 0.0409, 0.6657, 0.7630],
            (Self::Saddle8, 3) => &[0.5786],
            (Self::Saddle8, 5) => &[0.3784, 0.3182],
            (Self::Saddle8, 8) => &[0.2746, 0.1934, 0.5033],
            (Self::Saddle8, 12) => &[0.1576, 0.0, 0.8635, 0.1801, 0.0],
            (Self::Gl12, 3) => &[0.6306],
            (Self::Gl12, 5) => &[0.5569, 0.0444],
            (Self::Gl12, 8) => &[0.4181, 0.0, 0.7421],
            (Self::Gl12, 12) => &[0.4433, 0.0, 0.0, 0.6670, 1.0],
            _ => &[],
        }
    }

    pub(crate) const fn tag(self) -> u8 {
        match self {
            Self::Half => 1,
            Self::Gl4 => 4,
            Self::Gl6 => 6,
            Self::Saddle8 => 8,
            Self::Gl12 => 12,
        }
    }

    pub(crate) const fn from_tag(tag: u8) -> Option<Self> {
        match tag {
            1 => Some(Self::Half),
            4 => Some(Self::Gl4),
            6 => Some(Self::Gl6),
            8 => Some(Self::Saddle8),
            12 => Some(Self::Gl12),
            _ => None,
        }
    }
}
