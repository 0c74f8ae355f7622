//! Models of what leakers do with their copies.

use crate::capacity::binomial;
use crate::{Design, Mass};

/// What a coalition does at a site where its copies differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strategy {
    /// Shows a copy chosen anew at each site.
    Interleave,
    /// Shows what most copies have; a tie by a coin.
    Majority,
    /// Shows what fewest copies have; a tie by a coin.
    Minority,
    /// Shows 1.
    AllOnes,
    /// Shows 0.
    AllZeros,
    /// Shows either by a coin.
    Coin,
    /// The attack that leaves a simple decoder the least.
    Worst,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Interleave,
        Self::Majority,
        Self::Minority,
        Self::AllOnes,
        Self::AllZeros,
        Self::Coin,
        Self::Worst,
    ];

    /// `rates[k]`: chance that the leak shows 1 where `k` of `coalition` copies have 1.
    /// The worst attack is known for 1, 2, 3, 5, 8 and 12; for others the next larger one of these is stretched.
    #[must_use]
    pub fn rates(self, coalition: u32, design: Design) -> Vec<f64> {
        let c = coalition.max(1);
        let tie = |k: u32, more: f64| match (2 * k).cmp(&c) {
            core::cmp::Ordering::Less => 1.0 - more,
            core::cmp::Ordering::Equal => 0.5,
            core::cmp::Ordering::Greater => more,
        };
        (0..=c)
            .map(|k| {
                if k == 0 {
                    return 0.0;
                }
                if k == c {
                    return 1.0;
                }
                match self {
                    Self::Interleave => f64::from(k) / f64::from(c),
                    Self::Majority => tie(k, 1.0),
                    Self::Minority => tie(k, 0.0),
                    Self::AllOnes => 1.0,
                    Self::AllZeros => 0.0,
                    Self::Coin => 0.5,
                    Self::Worst => worst(k, c, design),
                }
            })
            .collect()
    }
}

fn worst(k: u32, c: u32, design: Design) -> f64 {
    if 2 * k == c {
        return 0.5;
    }
    let known = [3, 5, 8, 12].into_iter().find(|known| *known >= c);
    let table = design.worst_rates(known.unwrap_or(12));
    let near = k.min(c - k);
    let rate = table
        .get((near as usize).saturating_sub(1))
        .or(table.last())
        .copied()
        .unwrap_or(0.5);
    if k < c - k { rate } else { 1.0 - rate }
}

/// How much more probable (factor) the leak's value is if a copy has it, and if not.
/// `p·hit + (1-p)·miss = 1` for a value of mass `p`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lift {
    pub hit: f64,
    pub miss: f64,
    /// Chance that a leak shows the value at all.
    pub shown: f64,
}

/// One site as a model sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct View {
    /// Probability of the values that the leak shows.
    pub mass: Mass,
    /// Which value it is, where the site has two.
    pub bit: Option<bool>,
    /// Chance that the reading is spurious.
    pub noise: f64,
    /// Weight of every other value, where that of these is one: 0 where the reading is sure.
    pub doubt: f64,
    /// Of `known` copies that are taken to have contributed, `agree` have the leak's value.
    pub known: u32,
    pub agree: u32,
}

/// A model: so many leakers, and what they do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    /// `coalition + 1` rates.
    rates: Vec<f64>,
}

impl Model {
    pub fn new(rates: Vec<f64>) -> Self {
        Self { rates }
    }

    pub fn single() -> Self {
        Self::new(vec![0.0, 1.0])
    }

    fn coalition(&self) -> u32 {
        self.rates.len().saturating_sub(1) as u32
    }

    /// log2 of the chance of what the leak shows.
    pub fn likelihood(&self, shown: &[Shown]) -> f64 {
        shown
            .iter()
            .map(|s| {
                let rest = binomial(self.coalition().saturating_sub(s.known), s.bias);
                let rates = self.rates.iter().skip(s.with_one as usize);
                let one: f64 = rest.iter().zip(rates).map(|(b, r)| b * r).sum();
                let one = one.clamp(1e-6, 1.0 - 1e-6);
                s.ones * libm::log2(one) + s.zeros * libm::log2(1.0 - one)
            })
            .sum()
    }

    /// Chance that the leak shows the value that `k` leakers have.
    fn rate(&self, bit: Option<bool>, k: u32) -> f64 {
        let c = self.coalition();
        let at = |k: u32| self.rates.get(k.min(c) as usize).copied().unwrap_or(0.5);
        match bit {
            Some(true) => at(k),
            Some(false) => 1.0 - at(c.saturating_sub(k)),
            // Sites of many values: each leaker's is shown as often.
            None => f64::from(k.min(c)) / f64::from(c.max(1)),
        }
    }

    /// The lift of one site. A model of no more leakers than are known says nothing.
    pub fn lift(&self, view: &View) -> Lift {
        let p = view.mass.to_f64();
        let none = Lift {
            hit: 1.0,
            miss: 1.0,
            shown: p,
        };
        let Some(rest) = self
            .coalition()
            .checked_sub(view.known + 1)
            .filter(|_| p > 0.0 && p < 1.0)
        else {
            return none;
        };
        let shown = |k: u32| {
            let own = (1.0 - view.noise) * self.rate(view.bit, k) + view.noise * p;
            own + view.doubt * (1.0 - own)
        };
        let (mut hit, mut miss) = (0.0, 0.0);
        for (k, b) in binomial(rest, p).into_iter().enumerate() {
            let k = k as u32 + view.agree;
            hit += b * shown(k + 1);
            miss += b * shown(k);
        }
        let either = p * hit + (1.0 - p) * miss;
        if either > 0.0 {
            Lift {
                hit: hit / either,
                miss: miss / either,
                shown: either,
            }
        } else {
            none
        }
    }
}

/// What a layer's two-valued sites of one bias show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shown {
    /// Probability of value 1.
    pub bias: f64,
    pub ones: f64,
    pub zeros: f64,
    /// So many copies are taken to have contributed, and so many of them have 1 here.
    pub known: u32,
    pub with_one: u32,
}

/// Most rounds of expectation maximisation.
const ROUNDS: u32 = 40;
/// A round that moves no rate by as much is the last.
const SETTLED: f64 = 1e-3;
/// Weight, in observations, of "what all have is what they show".
const MARKING: f64 = 30.0;
/// Weight of "each copy is shown as often" elsewhere.
const EVEN: f64 = 2.0;

/// The attack of `coalition` leakers under which what the leak shows is most probable. It depends on
/// the leak, the public biases and the copies conditioned on alone, so scores under it stay e-values.
/// `coalition` is at least the number of known copies.
pub(crate) fn fit(coalition: u32, shown: &[Shown]) -> Model {
    let c = coalition.max(1);
    let even = |k: usize| k as f64 / f64::from(c);
    let weight = |k: usize| {
        if k == 0 || k == c as usize {
            MARKING
        } else {
            EVEN
        }
    };
    let mut rates: Vec<f64> = (0..=c as usize)
        .map(|k| even(k).clamp(0.001, 0.999))
        .collect();
    let chances: Vec<Vec<f64>> = shown
        .iter()
        .map(|s| binomial(c.saturating_sub(s.known), s.bias))
        .collect();
    for _ in 0..ROUNDS {
        let mut sums: Vec<(f64, f64)> = (0..=c as usize)
            .map(|k| (weight(k) * even(k), weight(k)))
            .collect();
        for (seen, chance) in shown.iter().zip(&chances) {
            let from = seen.with_one as usize;
            let one: f64 = chance
                .iter()
                .zip(rates.iter().skip(from))
                .map(|(b, r)| b * r)
                .sum();
            let one = one.clamp(1e-9, 1.0 - 1e-9);
            let (by_one, by_zero) = (seen.ones / one, seen.zeros / (1.0 - one));
            let places = rates.iter().zip(&mut sums).skip(from);
            for (b, (r, sum)) in chance.iter().zip(places) {
                let ones = by_one * b * r;
                let zeros = by_zero * b * (1.0 - r);
                sum.0 += ones;
                sum.1 += ones + zeros;
            }
        }
        let mut moved = 0.0_f64;
        for (rate, (ones, all)) in rates.iter_mut().zip(sums) {
            let new = (ones / all).clamp(0.0, 1.0);
            moved = moved.max((new - *rate).abs());
            *rate = new;
        }
        if moved < SETTLED {
            break;
        }
    }
    Model::new(rates)
}
