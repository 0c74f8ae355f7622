//! What a set of sites can prove, before anything has leaked.

use crate::code::{Code, Layer};
use crate::judge::Case;
use crate::reading::NOISE_MIN;
use crate::trace::{Bar, Counts, TraceError};
use crate::{Alphabet, Design, Reading};

/// The noise that a plan reckons with.
pub const NOISE_PLANNED: f64 = 0.01;
/// Planned scores are integers of `1/16` bit: a plan is no proof.
const UNIT: f64 = 16.0;
/// Probability that may be cut off at each edge in one step.
const CUT: f64 = 1e-13;

/// What can be expected for one question when one whole copy's readable sites leak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// Mean evidence of the true leaker, in bits.
    pub expected_bits: f64,
    /// Evidence that the true leaker has with probability 0.99.
    pub low_bits: f64,
    /// Evidence that an accusation needs.
    pub needed_bits: f64,
    /// Chance that the true leaker's evidence reaches what is needed.
    pub catch: f64,
}

/// What the readable sites can prove.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prospect {
    /// The question which group.
    pub group: Outlook,
    /// The question which slot, from the slot layer alone.
    pub slot: Outlook,
    /// Chance that a single leaker's group is named.
    pub group_catch: f64,
    /// Chance that a single leaker's slot is named.
    pub slot_catch: f64,
    /// Mean evidence for the group.
    pub expected_bits: f64,
    /// Evidence that naming a group needs.
    pub needed_bits: f64,
    /// Largest coalition that the readable sites resolve; 0 if nobody could be named.
    pub coalition_max: u32,
}

/// What the sites marked `readable` (one place a site; missing places count as unreadable) prove
/// of a single leaker at `bar`, with [`NOISE_PLANNED`] at every site.
///
/// The distribution of the true leaker's evidence over all codewords is convolved exactly, on a grid
/// of 1/16 bit. Evidence is held against Markov's bound, which the exact tail of a trace only
/// improves: the chances are lower bounds.
///
/// # Errors
/// [`TraceError::Bar`] for an impossible bar, [`TraceError::Counts`] for impossible counts.
pub fn enough(
    code: &Code,
    readable: &[bool],
    counts: &Counts,
    bar: &Bar,
) -> Result<Prospect, TraceError> {
    if counts.groups == 0 || counts.group_slots == 0 || counts.slots < counts.group_slots {
        return Err(TraceError::Counts {
            groups: counts.groups,
            slots: counts.slots,
            group_slots: counts.group_slots,
        });
    }
    let readings = typical(code, readable);
    let case = Case::new(code, &readings, bar)?;
    let alone = evidence(code, readable, &[Layer::Group]);
    let all = evidence(code, readable, &[Layer::Group, Layer::Slot]);
    let own = evidence(code, readable, &[Layer::Slot]);
    let (needed_alone, needed_joined) = case.needed_for_group(counts, bar.innocent_risk);
    let by_group = alone.outlook(needed_alone);
    let by_both = all.outlook(needed_joined);
    let group = if by_both.catch > by_group.catch {
        by_both
    } else {
        by_group
    };
    let slot = own.outlook(case.needed_for_slot(counts));
    let coalition_max = if group.catch < 0.5 && slot.catch < 0.5 {
        0
    } else {
        case.coalition_max(counts).max(1)
    };
    Ok(Prospect {
        group,
        slot,
        group_catch: group.catch,
        slot_catch: slot.catch,
        expected_bits: group.expected_bits,
        needed_bits: group.needed_bits,
        coalition_max,
    })
}

/// Readings in which every bias shows its ones as often as a single copy does.
fn typical(code: &Code, readable: &[bool]) -> Vec<Reading> {
    let mut sums = [0_u32; 256];
    let readable = readable.iter().copied().chain(core::iter::repeat(false));
    code.sites()
        .iter()
        .zip(readable)
        .map(|(site, readable)| {
            if !readable {
                return Reading::Erased;
            }
            let value = match &site.alphabet {
                Alphabet::Binary { ones } => {
                    let sum = &mut sums[usize::from(*ones)];
                    *sum += u32::from(*ones);
                    let one = *sum >= 256;
                    *sum %= 256;
                    u64::from(one)
                }
                _ => 0,
            };
            Reading::Values {
                values: vec![value],
                noise: NOISE_PLANNED,
            }
        })
        .collect()
}

/// A distribution of evidence: `mass[i]` is the chance of `(low + i) / UNIT` bits.
struct Evidence {
    low: i64,
    mass: Vec<f64>,
}

/// The evidence against the true leaker, over all codewords.
fn evidence(code: &Code, readable: &[bool], layers: &[Layer]) -> Evidence {
    let mut sum = Evidence {
        low: 0,
        mass: vec![1.0],
    };
    let sites = code.sites().iter().zip(readable);
    for (site, _) in sites.filter(|(s, r)| **r && layers.contains(&s.layer)) {
        sum.add(&outcomes(&site.alphabet));
    }
    sum
}

/// `(probability, weight)` of one site's evidence against a single leaker.
fn outcomes(alphabet: &Alphabet) -> Vec<(f64, i64)> {
    let noise = NOISE_PLANNED.max(NOISE_MIN);
    let round = |x: f64| libm::round(UNIT * libm::log2(x)) as i64;
    let miss = round(noise);
    let (values, times) = match alphabet {
        Alphabet::Uniform { values } => (1, *values as f64),
        _ => (alphabet.values(), 1.0),
    };
    let mut outcomes = Vec::new();
    for value in 0..values {
        let p = alphabet.probability(value).to_f64();
        let right = 1.0 - noise + noise * p;
        outcomes.push((times * p * right, round((1.0 - noise) / p + noise)));
        outcomes.push((times * p * (1.0 - right), miss));
    }
    outcomes
}

impl Evidence {
    fn add(&mut self, outcomes: &[(f64, i64)]) {
        let low = outcomes.iter().map(|o| o.1).min().unwrap_or(0);
        let high = outcomes.iter().map(|o| o.1).max().unwrap_or(0);
        let spread = usize::try_from(high - low).unwrap_or(0);
        let mut next = vec![0.0; self.mass.len() + spread];
        for (p, weight) in outcomes {
            let shift = usize::try_from(weight - low).unwrap_or(0);
            for (to, from) in next.iter_mut().skip(shift).zip(&self.mass) {
                *to += p * from;
            }
        }
        let cut = |masses: &mut dyn Iterator<Item = &f64>| {
            let mut sum = 0.0;
            masses
                .take_while(|m| {
                    sum += **m;
                    sum < CUT
                })
                .count()
        };
        let front = cut(&mut next.iter());
        let back = cut(&mut next.iter().rev());
        next.truncate(next.len().saturating_sub(back).max(front + 1));
        next.drain(..front.min(next.len()));
        self.mass = next;
        self.low += low + front as i64;
    }

    fn outlook(&self, needed_bits: f64) -> Outlook {
        let bits = |i: usize| (self.low + i as i64) as f64 / UNIT;
        let (mut mean, mut catch, mut below) = (0.0, 0.0, 0.0);
        let mut low_bits = bits(0);
        for (i, p) in self.mass.iter().enumerate() {
            mean += p * bits(i);
            if bits(i) >= needed_bits {
                catch += p;
            }
            if below < 0.01 {
                low_bits = bits(i);
            }
            below += p;
        }
        Outlook {
            expected_bits: mean,
            low_bits,
            needed_bits,
            catch: catch.min(1.0),
        }
    }
}

/// An estimate of the chance that at least one of `coalition` leakers is named by `sites` readable two-valued
/// sites of one layer, under the worst attack on a simple decoder.
///
/// A leaker's evidence is taken as normal with the mean that [`Design::bits_per_site`] gives and the
/// variance of a log-likelihood ratio of that mean, the leakers' as independent, and the exact tail as below
/// Markov's bound by what it is for a normal score. Later stages are not counted, so it is low rather than
/// high for coalitions of three and more.
#[must_use]
pub fn catch(design: Design, sites: u64, coalition: u32, slots: u64, innocent_risk: f64) -> f64 {
    let mean = sites as f64 * design.bits_per_site(coalition);
    if mean <= 0.0 || slots == 0 || innocent_risk <= 0.0 {
        return 0.0;
    }
    let deviation = if coalition == 1 {
        // One leaker's evidence is the surprise of its own values.
        libm::sqrt(sites as f64 * surprise_variance(design))
    } else {
        libm::sqrt(2.0 * core::f64::consts::LOG2_E * mean)
    };
    // Half of the risk is the slots', and 6/16 of that the statistic's.
    let needed = libm::log2(slots as f64 * 2.0 * 16.0 / 6.0 / innocent_risk);
    let gain = if coalition == 1 {
        0.0
    } else {
        libm::log2(1.0 + deviation * core::f64::consts::LN_2 * 2.5)
    };
    if deviation == 0.0 {
        return f64::from(u8::from(mean >= needed));
    }
    let one = normal((mean + gain - needed) / deviation);
    1.0 - libm::pow(1.0 - one, f64::from(coalition))
}

/// The sites of one layer for which [`catch`] is at least `wish`; `None` if a million do not suffice.
#[must_use]
pub fn sites_needed(
    design: Design,
    coalition: u32,
    slots: u64,
    innocent_risk: f64,
    wish: f64,
) -> Option<u64> {
    let enough = |sites: u64| catch(design, sites, coalition, slots, innocent_risk) >= wish;
    let mut high = 1;
    while !enough(high) {
        high *= 2;
        if high > 1 << 20 {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

/// Variance in bits² of `-log2 P(value)` of one site.
fn surprise_variance(design: Design) -> f64 {
    let count = design.biases().len() as f64;
    let moment = |power: i32| -> f64 {
        let of = |p: f64| p * libm::pow(-libm::log2(p), f64::from(power));
        let biases = design.biases().iter().map(|a| f64::from(*a) / 256.0);
        biases.map(|p| (of(p) + of(1.0 - p)) / count).sum()
    };
    (moment(2) - moment(1) * moment(1)).max(0.0)
}

/// Standard normal distribution function.
fn normal(z: f64) -> f64 {
    0.5 * libm::erfc(-z / core::f64::consts::SQRT_2)
}
