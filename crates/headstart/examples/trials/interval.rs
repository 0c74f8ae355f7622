//! Clopper–Pearson intervals: exact, whatever the true share is.

/// Shares below and above which `hits` of `all` would be seen in at most 2.5 % of experiments each.
///
/// # Source
/// Clopper, Pearson 1934, Biometrika 26(4).
pub fn interval(hits: u64, all: u64) -> (f64, f64) {
    if all == 0 {
        return (0.0, 1.0);
    }
    let low = match hits {
        0 => 0.0,
        _ => crossing(|share| 1.0 - at_most(hits - 1, all, share) < 0.025),
    };
    let high = match hits {
        _ if hits == all => 1.0,
        _ => crossing(|share| at_most(hits, all, share) > 0.025),
    };
    (low, high)
}

/// Where `is_below`, true at small shares, becomes false.
fn crossing(is_below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if is_below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Chance of at most `hits` of `all`.
fn at_most(hits: u64, all: u64, share: f64) -> f64 {
    let (ln_yes, ln_no) = (share.ln(), (-share).ln_1p());
    let mut ln_choose = 0.0;
    let mut sum = 0.0;
    for k in 0..=hits {
        if k > 0 {
            ln_choose += ((all - k + 1) as f64).ln() - (k as f64).ln();
        }
        sum += (ln_choose + k as f64 * ln_yes + (all - k) as f64 * ln_no).exp();
    }
    sum.min(1.0)
}
