//! The exact tail of a score under innocence.
//!
//! A score is a sum of independent integer weights. Its distribution is convolved directly: all
//! terms are positive, so the relative error stays near machine precision at any depth, where a
//! Fourier transform is useless below 1e-14 and a Gaussian is wrong by thousands in the unsafe
//! direction. States whose share of the answer is provably negligible are cut off at the edges,
//! and a bound on what was cut is added: the result is an upper bound.

/// One independent term: the outcomes' probabilities and weights (256ths of a bit), repeated.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    /// `(probability, weight)`.
    pub outcomes: Vec<(f64, i32)>,
    pub count: u32,
}

/// Units of a bit: scores are integers of `1/256` bit.
pub(crate) const UNIT: f64 = 256.0;
/// Below this the answer is only said to be at most this (2^-900).
const DEPTH_BITS: f64 = 900.0;
/// Greatest exponent tried for Chernoff's bound.
const TILT_MAX: f64 = 8.0;
/// Share of Chernoff's bound that may be cut off, in all.
const CUT: f64 = 1e-8;

/// An upper bound on the chance that the sum reaches `threshold`, exact but for rounding (below one
/// part in a million) and the cut (below 1e-8 of Chernoff's bound).
pub(crate) fn tail(terms: &[Term], threshold: i64) -> f64 {
    let (mut rest_min, mut rest_max) = (0_i64, 0_i64);
    let mut steps = 0_u64;
    for term in terms {
        let (low, high) = range(term);
        rest_min += low * i64::from(term.count);
        rest_max += high * i64::from(term.count);
        steps += u64::from(term.count);
    }
    if threshold <= rest_min {
        return 1.0;
    }
    if threshold > rest_max {
        // No outcome reaches it; callers ask for scores that were reached, so this is never used to accuse.
        return 0.0;
    }
    let (tilt, bound) = chernoff(terms, threshold);
    if bound < -DEPTH_BITS {
        return libm::exp2(-DEPTH_BITS);
    }
    let budget = CUT * libm::exp2(bound) / (2.0 * steps.max(1) as f64);
    let mut window = Window {
        low: 0,
        start: 0,
        mass: vec![1.0],
    };
    let mut rest_log = terms
        .iter()
        .map(|term| f64::from(term.count) * log_mean(term, tilt))
        .sum::<f64>();
    let mut reached = 0.0;
    let mut next = Vec::new();
    for term in terms {
        let (low, high) = range(term);
        let log = log_mean(term, tilt);
        for _ in 0..term.count {
            rest_min -= low;
            rest_max -= high;
            rest_log -= log;
            window.add(term, low, high, &mut next);
            reached += window.settle(threshold, rest_min, rest_max);
            reached += window.cut(threshold, tilt, rest_log, budget);
            if window.live().is_empty() {
                return outward(reached, steps);
            }
        }
    }
    outward(reached, steps)
}

/// log2 of Chernoff's bound on the tail: never below the tail's but for rounding.
pub(crate) fn bound_bits(terms: &[Term], threshold: i64) -> f64 {
    chernoff(terms, threshold).1
}

/// log2 of the mean of `2^(tilt·weight/256)`.
fn log_mean(term: &Term, tilt: f64) -> f64 {
    let mean: f64 = term
        .outcomes
        .iter()
        .map(|(p, w)| p * libm::exp2(tilt * f64::from(*w) / UNIT))
        .sum();
    libm::log2(mean)
}

/// Chernoff's bound on the tail: the exponent (0 to [`TILT_MAX`]) at which it is least, and its log2.
fn chernoff(terms: &[Term], threshold: i64) -> (f64, f64) {
    let bound = |tilt: f64| -> f64 {
        let logs = terms
            .iter()
            .map(|term| f64::from(term.count) * log_mean(term, tilt));
        logs.sum::<f64>() - tilt * threshold as f64 / UNIT
    };
    // Convex in the exponent; where exactly it is least does not matter.
    let (mut low, mut high) = (0.0, TILT_MAX);
    for _ in 0..24 {
        let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if bound(a) < bound(b) {
            high = b;
        } else {
            low = a;
        }
    }
    let tilt = (low + high) / 2.0;
    (tilt, bound(tilt).min(0.0))
}

/// Rounds up by more than the arithmetic can have lost, and never says zero.
fn outward(value: f64, steps: u64) -> f64 {
    (value * (1.0 + 1e-14 * (steps as f64 + 10.0) * 8.0) + 1e-290).min(1.0)
}

fn range(term: &Term) -> (i64, i64) {
    let weights = || term.outcomes.iter().map(|o| i64::from(o.1));
    (weights().min().unwrap_or(0), weights().max().unwrap_or(0))
}

/// A dense distribution: `mass[start + i]` is the probability of the sum `low + i`.
struct Window {
    low: i64,
    start: usize,
    mass: Vec<f64>,
}

impl Window {
    fn live(&self) -> &[f64] {
        self.mass.get(self.start..).unwrap_or(&[])
    }

    fn add(&mut self, term: &Term, low: i64, high: i64, next: &mut Vec<f64>) {
        let spread = usize::try_from(high - low).unwrap_or(0);
        let live = self.live();
        next.clear();
        next.resize(live.len() + spread, 0.0);
        for (p, weight) in &term.outcomes {
            let shift = usize::try_from(i64::from(*weight) - low).unwrap_or(0);
            if let Some(part) = next.get_mut(shift..) {
                for (to, from) in part.iter_mut().zip(live) {
                    *to += p * from;
                }
            }
        }
        core::mem::swap(&mut self.mass, next);
        self.start = 0;
        self.low += low;
    }

    /// Takes out the states that must reach the goal (and returns their mass), and those that cannot.
    fn settle(&mut self, goal: i64, rest_min: i64, rest_max: i64) -> f64 {
        let sure = usize::try_from((goal - rest_min - self.low).max(0)).unwrap_or(usize::MAX);
        let mut taken = 0.0;
        if sure < self.live().len() {
            taken = self.live().iter().skip(sure).sum();
            self.mass.truncate(self.start + sure);
        }
        let hopeless = usize::try_from((goal - rest_max - self.low).max(0)).unwrap_or(usize::MAX);
        self.drop_front(hopeless.min(self.live().len()));
        taken
    }

    /// Cuts both edges while a bound on what they could still add stays within `budget` each,
    /// and returns that bound. What is left of the sum reaches the goal from state `s` with
    /// probability at most `2^(rest_log + tilt·(s-goal)/256)`, by Chernoff.
    fn cut(&mut self, goal: i64, tilt: f64, rest_log: f64, budget: f64) -> f64 {
        let step = libm::exp2(tilt / UNIT);
        let factor_at = |s: i64| {
            let log = rest_log + tilt * (s - goal) as f64 / UNIT;
            libm::exp2(log.min(1000.0))
        };
        let mut spent_low = 0.0;
        let mut front = 0;
        let mut factor = factor_at(self.low);
        for mass in self.live() {
            let bound = mass * factor.min(1.0);
            if spent_low + bound > budget {
                break;
            }
            spent_low += bound;
            front += 1;
            factor *= step;
        }
        self.drop_front(front);
        let mut spent_high = 0.0;
        let mut keep = self.live().len();
        let top = self.low + keep as i64 - 1;
        factor = factor_at(top);
        for mass in self.live().iter().rev() {
            let bound = mass * factor.min(1.0);
            if spent_high + bound > budget {
                break;
            }
            spent_high += bound;
            keep -= 1;
            factor /= step;
        }
        self.mass.truncate(self.start + keep);
        (spent_low + spent_high) * (1.0 + 1e-9)
    }

    fn drop_front(&mut self, count: usize) {
        self.start += count;
        self.low += count as i64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All outcomes, one by one.
    fn brute(terms: &[Term], threshold: i64) -> f64 {
        let mut states = vec![(0_i64, 1.0)];
        for term in terms {
            for _ in 0..term.count {
                states = states
                    .iter()
                    .flat_map(|(s, m)| {
                        term.outcomes
                            .iter()
                            .map(move |(p, w)| (s + i64::from(*w), m * p))
                    })
                    .collect();
            }
        }
        states
            .iter()
            .filter(|s| s.0 >= threshold)
            .map(|s| s.1)
            .sum()
    }

    #[test]
    fn the_tail_is_that_of_all_outcomes_enumerated() {
        let terms = [
            Term {
                outcomes: vec![(0.75, -300), (0.25, 400)],
                count: 7,
            },
            Term {
                outcomes: vec![(0.5, -100), (0.375, 20), (0.125, 250)],
                count: 4,
            },
            Term {
                outcomes: vec![
                    (1.0 - 1.0 / 4_294_967_296.0, -590),
                    (1.0 / 4_294_967_296.0, 8100),
                ],
                count: 1,
            },
        ];
        for threshold in (-3000..11_500).step_by(97) {
            let (found, all) = (tail(&terms, threshold), brute(&terms, threshold));
            assert!(found >= all * (1.0 - 1e-12), "{threshold}: {found} {all}");
            let slack = 1e-8 * libm::exp2(-(threshold as f64) / UNIT) + 1e-280;
            assert!(
                found <= all * (1.0 + 1e-9) + slack,
                "{threshold}: {found} {all}"
            );
        }
    }
}
