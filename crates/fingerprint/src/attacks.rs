//! What leakers may do: the attack suite that tests and benchmarks share.
//!
//! An [`Attack`] turns the copies of a coalition into the readings of a leak. It may see the public code
//! (biases and layers), never another copy.

use crate::capacity::{Decoder, worst_attack};
use crate::{Alphabet, Code, Design, Reading, Strategy};

/// A seeded source of chances (SplitMix64; Steele, Lea, Flood 2014). For simulations only.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A source that repeats itself for the same seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Uniform in `0..bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.word()) * bound as u128) >> 64) as usize
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// 32 bytes for a key or a seed.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut out = [0; 32];
        for part in out.chunks_exact_mut(8) {
            part.copy_from_slice(&self.word().to_le_bytes());
        }
        out
    }
}

/// How a coalition makes one text of its copies.
#[derive(Clone, Debug, PartialEq)]
pub enum Mix {
    /// A strategy of the family, at sites of two values; elsewhere a copy chosen anew at each site.
    Strategy(Strategy),
    /// `rates[k]` is the chance to show 1 where `k` copies have it.
    Rates(Vec<f64>),
    /// Whole sections from one copy each.
    Splice,
    /// The least probable of the copies' values: forces rare symbols on an unlucky innocent.
    Rare,
    /// The most probable of the copies' values, knowing the code: says the least of anybody.
    Common,
}

/// An attack: how the copies are mixed, and what is then done to the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Attack {
    /// For tables.
    pub name: String,
    /// How the copies become one text.
    pub mix: Mix,
    /// Chance that a site is erased.
    pub erase: f64,
    /// Part of the text, from its end, that is cut off.
    pub truncate: f64,
    /// Erases every site where the copies differ.
    pub erase_differing: bool,
    /// Chance that a site then shows a random value instead.
    pub noise: f64,
}

impl Attack {
    /// Only mixes.
    #[must_use]
    pub fn new(name: &str, mix: Mix) -> Self {
        Self {
            name: name.to_owned(),
            mix,
            erase: 0.0,
            truncate: 0.0,
            erase_differing: false,
            noise: 0.0,
        }
    }

    /// The readings of a leak made from these copies (each of `code.len()` values, at least one copy).
    #[must_use]
    pub fn leak(&self, code: &Code, copies: &[Vec<u64>], dice: &mut Dice) -> Vec<Reading> {
        let rates = match &self.mix {
            Mix::Strategy(strategy) => strategy.rates(copies.len() as u32, code.design()),
            Mix::Rates(rates) => rates.clone(),
            _ => Vec::new(),
        };
        let kept = ((1.0 - self.truncate) * code.len() as f64).round() as usize;
        let mut section = None;
        let mut source = 0;
        let mut readings = Vec::with_capacity(code.len());
        for (i, site) in code.sites().iter().enumerate() {
            if section != Some(site.section) {
                section = Some(site.section);
                source = dice.below(copies.len());
            }
            let values: Vec<u64> = copies.iter().filter_map(|c| c.get(i)).copied().collect();
            let differ = values.iter().any(|v| Some(v) != values.first());
            let shown = self.show(&site.alphabet, &values, source, &rates, dice);
            let value = if dice.chance(self.noise) {
                dice.below(usize::try_from(site.alphabet.values()).unwrap_or(2)) as u64
            } else {
                shown
            };
            let gone = i >= kept || (self.erase_differing && differ) || dice.chance(self.erase);
            readings.push(if gone {
                Reading::Erased
            } else {
                Reading::Values {
                    values: vec![value],
                    noise: (self.noise / 2.0).clamp(0.001, 0.5),
                }
            });
        }
        readings
    }

    fn show(
        &self,
        alphabet: &Alphabet,
        values: &[u64],
        source: usize,
        rates: &[f64],
        dice: &mut Dice,
    ) -> u64 {
        let any = |dice: &mut Dice| values.get(dice.below(values.len())).copied().unwrap_or(0);
        let by_mass = |most: bool| {
            let key = |v: &u64| alphabet.probability(*v);
            let found = if most {
                values.iter().copied().max_by_key(key)
            } else {
                values.iter().copied().min_by_key(key)
            };
            found.unwrap_or(0)
        };
        match &self.mix {
            Mix::Strategy(_) | Mix::Rates(_) => {
                if !matches!(alphabet, Alphabet::Binary { .. }) {
                    return any(dice);
                }
                let ones = values.iter().filter(|v| **v == 1).count();
                u64::from(dice.chance(rates.get(ones).copied().unwrap_or(0.5)))
            }
            Mix::Splice => values.get(source).copied().unwrap_or(0),
            Mix::Rare => by_mass(false),
            Mix::Common => by_mass(true),
        }
    }
}

/// Pairs of bias and probability of a design, for [`worst_attack`].
#[must_use]
pub fn biases(design: Design) -> Vec<(f64, f64)> {
    let biases = design.biases();
    biases
        .iter()
        .map(|a| (f64::from(*a) / 256.0, 1.0 / biases.len() as f64))
        .collect()
}

/// The worst attack of `coalition` on a design's simple or joint decoder, computed.
#[must_use]
pub fn worst(decoder: Decoder, coalition: u32, design: Design) -> Attack {
    let name = match decoder {
        Decoder::Simple => "worst for a simple decoder",
        Decoder::Joint => "worst for a joint decoder",
    };
    let (_, rates) = worst_attack(decoder, coalition, &biases(design));
    Attack::new(name, Mix::Rates(rates))
}

/// Every attack of the suite for `coalition` leakers against a design.
#[must_use]
pub fn suite(coalition: u32, design: Design) -> Vec<Attack> {
    let name = |strategy: Strategy| match strategy {
        Strategy::Interleave => "interleaving",
        Strategy::Majority => "majority",
        Strategy::Minority => "minority",
        Strategy::AllOnes => "all ones",
        Strategy::AllZeros => "all zeros",
        Strategy::Coin => "coin",
        Strategy::Worst => "worst of the family",
    };
    let mut out: Vec<Attack> = Strategy::ALL
        .into_iter()
        .filter(|s| *s != Strategy::Worst)
        .map(|s| Attack::new(name(s), Mix::Strategy(s)))
        .collect();
    out.push(worst(Decoder::Simple, coalition, design));
    out.push(worst(Decoder::Joint, coalition, design));
    let mixed = |name: &str| Attack::new(name, Mix::Strategy(Strategy::Interleave));
    for erase in [0.3, 0.6, 0.9] {
        let mut attack = mixed(&format!("erasure of {:.0} %", 100.0 * erase));
        attack.erase = erase;
        out.push(attack);
    }
    for noise in [0.05, 0.1, 0.2] {
        let mut attack = mixed(&format!("noise of {:.0} %", 100.0 * noise));
        attack.noise = 2.0 * noise;
        out.push(attack);
    }
    let mut attack = mixed("truncation to a half");
    attack.truncate = 0.5;
    out.push(attack);
    let mut attack = mixed("erasure where copies differ");
    attack.erase_differing = true;
    out.push(attack);
    out.push(Attack::new("splice by sections", Mix::Splice));
    out.push(Attack::new("the rarest value", Mix::Rare));
    out.push(Attack::new("the commonest value", Mix::Common));
    out
}

/// Readings of a text that has nothing to do with the case: each site is unreadable with
/// probability `erase`, else shows any value.
#[must_use]
pub fn unrelated(code: &Code, erase: f64, dice: &mut Dice) -> Vec<Reading> {
    code.sites()
        .iter()
        .map(|site| {
            if dice.chance(erase) {
                return Reading::Erased;
            }
            let values = usize::try_from(site.alphabet.values()).unwrap_or(2);
            Reading::Values {
                values: vec![dice.below(values) as u64],
                noise: 0.01,
            }
        })
        .collect()
}
