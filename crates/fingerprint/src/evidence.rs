//! Readings brought into classes, and the integer weights of a model's score for each.

use std::collections::BTreeMap;

use crate::code::{Code, Layer};
use crate::collusion::{Model, Shown, View};
use crate::reading::{Clean, Unusable};
use crate::tail::{Term, UNIT};
use crate::{Alphabet, Key, Mass, Reading};

/// All that a score needs to know of the readings.
pub(crate) struct Ballot {
    pub classes: Vec<Class>,
    pub sites: Vec<Seen>,
    pub erased: usize,
    cells: usize,
}

/// One readable site.
pub(crate) struct Seen {
    pub site: usize,
    pub layer: Layer,
    pub class: usize,
    /// Place of the site's section among the layer's.
    pub section: usize,
    /// Sorted values; the value at place `v` belongs to cell `v + 1` of a soft class, to cell 1 of
    /// a hard one. All others belong to cell 0.
    values: Vec<u64>,
}

/// Sites whose outcomes have the same probabilities and mean the same under every model.
pub(crate) struct Class {
    pub layer: Layer,
    pub count: u32,
    pub noise: f64,
    pub kind: Kind,
    /// How many copies are taken to have contributed, and how many of them agree with the leak.
    known: u32,
    agree: u32,
    first_cell: usize,
}

/// What the leak shows at the sites of a class.
#[derive(Clone)]
pub(crate) enum Kind {
    /// A set of values of this mass; for two-valued sites, which value it is.
    /// Every other value has the weight `doubt`, where those of the set have one.
    Set {
        mass: Mass,
        bit: Option<bool>,
        doubt: f64,
    },
    /// Values with weights and masses.
    Soft {
        values: Vec<(f64, Mass, Option<bool>)>,
    },
}

/// What tells classes apart: layer, noise, and mass, value and weight of what is shown.
type ClassKey = (Layer, u64, Vec<(u128, Option<bool>, u64)>);

impl Kind {
    fn key(&self, layer: Layer, noise: f64) -> ClassKey {
        let shown = match self {
            Self::Set { mass, bit, doubt } => vec![(mass.count(), *bit, doubt.to_bits())],
            // A set of one value has another weight: 0 or what stands against it.
            Self::Soft { values } => values
                .iter()
                .map(|(weight, mass, bit)| (mass.count(), *bit, weight.to_bits()))
                .collect(),
        };
        (layer, noise.to_bits(), shown)
    }
}

impl Class {
    /// The outcomes' exact probabilities: cell 0 is "none of the values".
    pub fn cells(&self) -> Vec<Mass> {
        match &self.kind {
            Kind::Set { mass, .. } => vec![mass.complement(), *mass],
            Kind::Soft { values } => {
                let all = values.iter().fold(Mass::ZERO, |sum, s| sum.plus(s.1));
                let mut cells = vec![all.complement()];
                cells.extend(values.iter().map(|s| s.1));
                cells
            }
        }
    }

    /// Most bits that one such site can say against a copy.
    pub fn bits(&self) -> f64 {
        match &self.kind {
            Kind::Set {
                mass, doubt: 0.0, ..
            } => mass.bits(),
            Kind::Set { mass, doubt, .. } => {
                let p = mass.to_f64();
                -libm::log2(p + doubt * (1.0 - p))
            }
            // The greatest weight is one.
            Kind::Soft { values } => {
                let mean: f64 = values.iter().map(|v| v.0 * v.1.to_f64()).sum();
                -libm::log2(mean)
            }
        }
    }

    fn is_sure(&self) -> bool {
        matches!(self.kind, Kind::Set { doubt: 0.0, .. })
    }

    /// Weights in 256ths of a bit for the cells, rounded down so that
    /// `Σ probability · 2^(weight/256) ≤ 1`.
    pub fn weights(&self, model: &Model) -> Vec<i32> {
        let view = |mass: Mass, bit: Option<bool>, doubt: f64| View {
            mass,
            bit,
            noise: self.noise,
            doubt,
            known: self.known,
            agree: self.agree,
        };
        match &self.kind {
            Kind::Set { mass, bit, doubt } => {
                let hit = floor_units(model.lift(&view(*mass, *bit, *doubt)).hit);
                // The miss takes what rounding the hit has left over.
                let p = mass.to_f64();
                let left = 1.0 - p * libm::exp2(f64::from(hit) / UNIT);
                let miss = floor_units(left / mass.complement().to_f64());
                vec![miss, hit]
            }
            // `Σ w·P(v|x) / Σ w·P(v)`: a mean of the values' lifts, each in proportion to `w·P(v)`.
            Kind::Soft { values } => {
                let lifts: Vec<_> = values
                    .iter()
                    .map(|s| (s.0, model.lift(&view(s.1, s.2, 0.0))))
                    .collect();
                let all: f64 = lifts.iter().map(|(w, l)| w * l.shown).sum();
                let lifts: Vec<_> = lifts
                    .into_iter()
                    .map(|(w, l)| (w * l.shown / all, l))
                    .collect();
                let none: f64 = lifts.iter().map(|(q, l)| q * l.miss).sum();
                let mut weights = vec![floor_units(none)];
                for (q, l) in &lifts {
                    weights.push(floor_units(none - q * l.miss + q * l.hit));
                }
                weights
            }
        }
    }
}

/// `floor(256·log2(x))`, less a millionth so that an error of `x`'s last bits cannot round up.
fn floor_units(x: f64) -> i32 {
    let units = libm::floor(UNIT * libm::log2(x.max(1e-12)) - 1e-6);
    units.clamp(-20_000.0, 20_000.0) as i32
}

impl Ballot {
    /// Sorts the readings into classes. `readings` has one place a site of `code`.
    pub fn new(code: &Code, readings: &[Reading]) -> Result<Self, (usize, Unusable)> {
        let mut ballot = Self {
            classes: Vec::new(),
            sites: Vec::new(),
            erased: 0,
            cells: 0,
        };
        let mut known: BTreeMap<ClassKey, usize> = BTreeMap::new();
        for (site, (reading, shape)) in readings.iter().zip(code.sites()).enumerate() {
            let bit_of = |value: u64| {
                matches!(shape.alphabet, Alphabet::Binary { .. }).then_some(value == 1)
            };
            let clean = reading.clean(&shape.alphabet).map_err(|why| (site, why))?;
            let (kind, noise, values) = match clean {
                Clean::Erased => {
                    ballot.erased += 1;
                    continue;
                }
                Clean::Set {
                    values,
                    mass,
                    noise,
                    doubt,
                } => {
                    let bit = values.first().copied().and_then(bit_of);
                    (Kind::Set { mass, bit, doubt }, noise, values)
                }
                Clean::Soft { weights, noise } => {
                    let kind = Kind::Soft {
                        values: weights
                            .iter()
                            .map(|(v, w)| (*w, shape.alphabet.probability(*v), bit_of(*v)))
                            .collect(),
                    };
                    (kind, noise, weights.into_iter().map(|s| s.0).collect())
                }
            };
            let class = *known
                .entry(kind.key(shape.layer, noise))
                .or_insert_with(|| ballot.class(shape.layer, noise, kind));
            if let Some(known) = ballot.classes.get_mut(class) {
                known.count += 1;
            }
            ballot.sites.push(Seen {
                site,
                layer: shape.layer,
                class,
                section: 0,
                values,
            });
        }
        ballot.number_sections(code);
        Ok(ballot)
    }

    fn number_sections(&mut self, code: &Code) {
        let mut numbers: BTreeMap<(Layer, u32), usize> = BTreeMap::new();
        let mut next = [0; 2];
        for seen in &mut self.sites {
            let section = code.sites().get(seen.site).map_or(0, |s| s.section);
            let next = &mut next[usize::from(seen.layer == Layer::Slot)];
            seen.section = *numbers.entry((seen.layer, section)).or_insert_with(|| {
                *next += 1;
                *next - 1
            });
        }
    }

    fn class(&mut self, layer: Layer, noise: f64, kind: Kind) -> usize {
        let cells = match &kind {
            Kind::Set { .. } => 2,
            Kind::Soft { values } => values.len() + 1,
        };
        self.classes.push(Class {
            layer,
            count: 0,
            noise,
            kind,
            known: 0,
            agree: 0,
            first_cell: self.cells,
        });
        self.cells += cells;
        self.classes.len() - 1
    }

    /// How often each cell of each class occurs in the copy of `key` at the layer's sites, and
    /// the score of each section under `single`.
    pub fn tally(
        &self,
        code: &Code,
        layer: Layer,
        key: &Key,
        single: Option<&Sheet>,
        scratch: &mut Vec<u64>,
    ) -> Tally {
        scratch.clear();
        scratch.resize(code.len(), 0);
        code.fill(layer, key, scratch);
        let mut cells = vec![0; self.cells];
        let mut parts = Vec::new();
        for seen in self.sites.iter().filter(|s| s.layer == layer) {
            let symbol = scratch.get(seen.site).copied().unwrap_or(0);
            let (first, offset) = self.cell(seen, symbol);
            if let Some(cell) = cells.get_mut(first + offset) {
                *cell += 1;
            }
            let weight = single.and_then(|sheet| sheet.weights.get(first + offset));
            if let Some(weight) = weight {
                if parts.len() <= seen.section {
                    parts.resize(seen.section + 1, 0);
                }
                if let Some(part) = parts.get_mut(seen.section) {
                    *part += i64::from(*weight);
                }
            }
        }
        Tally { cells, parts }
    }

    /// First cell of the site's class, and which of its cells `symbol` falls into.
    fn cell(&self, seen: &Seen, symbol: u64) -> (usize, usize) {
        let Some(class) = self.classes.get(seen.class) else {
            return (0, 0);
        };
        let offset = match (&class.kind, seen.values.as_slice()) {
            (Kind::Set { .. }, [one]) => usize::from(*one == symbol),
            (Kind::Set { .. }, many) => usize::from(many.binary_search(&symbol).is_ok()),
            (Kind::Soft { .. }, many) => many.binary_search(&symbol).map_or(0, |place| place + 1),
        };
        (class.first_cell, offset)
    }

    /// Most bits that the readable sites of one layer can say: `Σ -log2 P(match)`.
    pub fn bits(&self, layer: Layer) -> f64 {
        self.classes
            .iter()
            .filter(|c| c.layer == layer)
            .map(|c| f64::from(c.count) * c.bits())
            .sum()
    }

    /// Sites of at most sixteen values in one layer that are read without doubt.
    pub fn narrow(&self, code: &Code, layer: Layer) -> u64 {
        self.sites
            .iter()
            .filter(|s| s.layer == layer)
            .filter(|s| self.classes.get(s.class).is_some_and(Class::is_sure))
            .filter(|s| {
                code.sites()
                    .get(s.site)
                    .is_some_and(|c| c.alphabet.is_narrow())
            })
            .count() as u64
    }

    /// The score's weights of every class of these layers under one model.
    pub fn sheet(&self, model: &Model, layers: &[Layer]) -> Sheet {
        let mut weights = Vec::with_capacity(self.cells);
        for class in &self.classes {
            if layers.contains(&class.layer) {
                weights.extend(class.weights(model));
            } else {
                weights.resize(weights.len() + class.cells().len(), 0);
            }
        }
        Sheet { weights }
    }

    /// What the two-valued sites of one layer show, by bias and by how many known copies have 1.
    pub fn shown(&self, layer: Layer) -> Vec<Shown> {
        let mut by_bias: BTreeMap<(u128, u32, u32), (f64, f64)> = BTreeMap::new();
        for class in self.classes.iter().filter(|c| c.layer == layer) {
            if let Kind::Set {
                mass,
                bit: Some(bit),
                doubt,
            } = &class.kind
            {
                // What is doubtful counts for less.
                let count = (1.0 - doubt) * f64::from(class.count);
                let (bias, with_one) = if *bit {
                    (*mass, class.agree)
                } else {
                    (mass.complement(), class.known - class.agree)
                };
                let sums = by_bias
                    .entry((bias.count(), class.known, with_one))
                    .or_default();
                if *bit {
                    sums.0 += count;
                } else {
                    sums.1 += count;
                }
            }
        }
        by_bias
            .into_iter()
            .map(|((bias, known, with_one), (ones, zeros))| Shown {
                bias: Mass::from_count(bias).to_f64(),
                ones,
                zeros,
                known,
                with_one,
            })
            .collect()
    }

    /// The same readings of one layer, seen with the copies of these keys taken to have contributed.
    /// Readings of more than two weights are left out.
    pub fn given(&self, code: &Code, layer: Layer, keys: &[Key]) -> Self {
        let words: Vec<Vec<u64>> = keys
            .iter()
            .map(|key| {
                let mut word = vec![0; code.len()];
                code.fill(layer, key, &mut word);
                word
            })
            .collect();
        let mut ballot = Self {
            classes: Vec::new(),
            sites: Vec::new(),
            erased: self.erased,
            cells: 0,
        };
        let mut known: BTreeMap<(usize, u32), usize> = BTreeMap::new();
        for seen in self.sites.iter().filter(|s| s.layer == layer) {
            let Some(class) = self.classes.get(seen.class) else {
                continue;
            };
            if matches!(class.kind, Kind::Soft { .. }) {
                continue;
            }
            let agree = words
                .iter()
                .filter_map(|word| word.get(seen.site))
                .filter(|symbol| seen.values.binary_search(symbol).is_ok())
                .count() as u32;
            let new = *known.entry((seen.class, agree)).or_insert_with(|| {
                let new = ballot.class(layer, class.noise, class.kind.clone());
                if let Some(place) = ballot.classes.get_mut(new) {
                    place.known = keys.len() as u32;
                    place.agree = agree;
                }
                new
            });
            if let Some(place) = ballot.classes.get_mut(new) {
                place.count += 1;
            }
            ballot.sites.push(Seen {
                site: seen.site,
                layer,
                class: new,
                section: seen.section,
                values: seen.values.clone(),
            });
        }
        ballot
    }

    /// For a site of two values: mass and value of what is shown, and the weights of a miss and a hit.
    pub fn two_valued(&self, seen: &Seen, sheet: &Sheet) -> Option<(Mass, bool, [i32; 2])> {
        let class = self.classes.get(seen.class)?;
        let Kind::Set {
            mass,
            bit: Some(bit),
            ..
        } = &class.kind
        else {
            return None;
        };
        let weight = |offset| sheet.weights.get(class.first_cell + offset).copied();
        Some((*mass, *bit, [weight(0)?, weight(1)?]))
    }

    /// The terms of the score of these layers' sites under innocence.
    pub fn terms(&self, sheet: &Sheet, layers: &[Layer]) -> Vec<Term> {
        let mut terms: BTreeMap<Vec<(u128, i32)>, u32> = BTreeMap::new();
        for class in &self.classes {
            if layers.contains(&class.layer) {
                let cells = class.cells();
                let weights = sheet.weights.iter().skip(class.first_cell);
                let mut outcomes: Vec<(u128, i32)> = cells
                    .iter()
                    .map(|p| p.count())
                    .zip(weights.copied())
                    .collect();
                outcomes.sort_unstable();
                *terms.entry(outcomes).or_default() += class.count;
            }
        }
        terms
            .into_iter()
            .map(|(outcomes, count)| Term {
                outcomes: outcomes
                    .into_iter()
                    .map(|(p, w)| (Mass::from_count(p).to_f64(), w))
                    .collect(),
                count,
            })
            .collect()
    }
}

/// Counts of cells in one copy's layer.
#[derive(Clone)]
pub(crate) struct Tally {
    cells: Vec<u32>,
    /// Score of each section of the layer under one leaker, in 256ths of a bit.
    pub parts: Vec<i64>,
}

/// The weights of one model, by class and cell.
pub(crate) struct Sheet {
    /// One a cell.
    weights: Vec<i32>,
}

impl Sheet {
    /// The score in 256ths of a bit.
    pub fn score(&self, tally: &Tally) -> i64 {
        self.weights
            .iter()
            .zip(&tally.cells)
            .map(|(w, n)| i64::from(*w) * i64::from(*n))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collusion::Strategy;
    use crate::{Design, Key};

    /// An integer at least `2^(k/256)·2^60`, for `k` in 0..256, checked by raising it to the 256th power with every
    /// rounding downwards.
    fn root_above(k: u32) -> u128 {
        let mut up = (libm::exp2(f64::from(k) / 256.0) * (1_u64 << 60) as f64) as u128;
        loop {
            let (mut mantissa, mut exponent) = (up << 3, 0_u32);
            for _ in 0..8 {
                // Mantissas have 63 bits after the point.
                mantissa = (mantissa * mantissa) >> 63;
                exponent *= 2;
                while mantissa >= 1 << 64 {
                    mantissa >>= 1;
                    exponent += 1;
                }
            }
            if exponent >= k {
                return up;
            }
            up += 1;
        }
    }

    #[test]
    fn every_class_and_symbol_gives_an_e_value_in_exact_arithmetic() {
        let roots: Vec<u128> = (0..256).map(root_above).collect();
        // At least 2^(w/256)·2^60.
        let power = |w: i32| -> u128 {
            let (whole, part) = (w.div_euclid(256), w.rem_euclid(256) as usize);
            let root = roots[part];
            if whole >= 0 {
                root << whole
            } else {
                let shift = (-whole).min(120) as u32;
                (root >> shift) + 1
            }
        };
        let mut checked = 0;
        for design in Design::ALL {
            let mut models = vec![Model::single()];
            for c in [2, 3, 5, 8, 12] {
                models.extend(Strategy::ALL.map(|s| Model::new(s.rates(c, design))));
            }
            for ones in design.biases() {
                for bit in [true, false] {
                    for (noise, doubt) in [
                        (0.001, 0.0),
                        (0.01, 0.0),
                        (0.2, 0.0),
                        (0.5, 0.0),
                        (0.01, 0.003),
                        (0.01, 0.4),
                        (0.2, 0.99),
                    ] {
                        for (known, agree) in [(0, 0), (1, 0), (1, 1), (2, 1)] {
                            let one = Mass::of_256(u16::from(*ones));
                            let mass = if bit { one } else { one.complement() };
                            let class = Class {
                                layer: Layer::Slot,
                                count: 1,
                                noise,
                                kind: Kind::Set {
                                    mass,
                                    bit: Some(bit),
                                    doubt,
                                },
                                known,
                                agree,
                                first_cell: 0,
                            };
                            for model in &models {
                                let weights = class.weights(model);
                                let a = mass.count() >> 56;
                                let sum = a * power(weights[1]) + (256 - a) * power(weights[0]);
                                assert!(
                                    sum <= 256 << 60,
                                    "{ones} {bit} {noise} {doubt} {weights:?}"
                                );
                                checked += 1;
                            }
                        }
                    }
                }
            }
        }
        let biases: usize = Design::ALL.iter().map(|d| d.biases().len()).sum();
        assert_eq!(checked, biases * 2 * 7 * 4 * 36);
    }

    #[test]
    fn a_nonce_a_set_and_a_soft_reading_give_e_values() {
        let sites = vec![
            (Layer::Slot, 0, Alphabet::Uniform { values: 1 << 32 }),
            (Layer::Slot, 0, Alphabet::Weighted(vec![100, 50, 60, 46])),
            (Layer::Slot, 0, Alphabet::Weighted(vec![100, 50, 60, 46])),
        ];
        let code = Code::assemble(sites, 10, 1e-6, Design::Gl6).unwrap();
        let readings = [
            Reading::Values {
                values: (0..200).collect(),
                noise: 0.2,
            },
            Reading::Values {
                values: vec![2, 1],
                noise: 0.01,
            },
            Reading::Soft {
                weights: vec![(3, 2.0), (0, 1.0)],
                noise: 0.05,
            },
        ];
        let ballot = Ballot::new(&code, &readings).unwrap();
        let single = ballot.sheet(&Model::single(), &[Layer::Slot]);
        for class in &ballot.classes {
            for model in [Model::single(), Model::new(vec![0.0, 0.4, 1.0])] {
                let sum: f64 = class
                    .cells()
                    .iter()
                    .zip(class.weights(&model))
                    .map(|(p, w)| p.to_f64() * libm::exp2(f64::from(w) / UNIT))
                    .sum();
                assert!(sum <= 1.0 && sum > 0.98, "{sum}");
            }
        }
        // A copy that has the three values is charged with about what they are worth.
        let key = Key::from_bytes([1; 32]);
        let tally = ballot.tally(&code, Layer::Slot, &key, Some(&single), &mut Vec::new());
        assert!(single.score(&tally) < 256 * 60);
        assert_eq!(ballot.bits(Layer::Slot).floor(), 26.0);
    }

    #[test]
    fn equal_weights_say_what_a_set_says_and_weights_of_all_values_what_is_likelier() {
        let sites = vec![
            (Layer::Slot, 0, Alphabet::Weighted(vec![100, 50, 60, 46])),
            (Layer::Slot, 0, Alphabet::Binary { ones: 9 }),
        ];
        let code = Code::assemble(sites, 10, 1e-6, Design::Gl12).unwrap();
        let weights_of = |readings: [Reading; 2]| -> Vec<Vec<i32>> {
            let ballot = Ballot::new(&code, &readings).unwrap();
            let classes = ballot.classes.iter();
            classes.map(|c| c.weights(&Model::single())).collect()
        };
        let noise = 0.01;
        let soft = |weights: &[(u64, f64)]| Reading::Soft {
            weights: weights.to_vec(),
            noise,
        };
        let set = Reading::Values {
            values: vec![1, 3],
            noise,
        };
        let equal = weights_of([soft(&[(3, 7.0), (1, 7.0)]), Reading::Erased]);
        assert_eq!(equal, weights_of([set, Reading::Erased]));
        // All values alike: nothing was read.
        let nothing = [
            soft(&[(0, 2.0), (1, 2.0), (2, 2.0), (3, 2.0)]),
            soft(&[(0, 0.5), (1, 0.5)]),
        ];
        assert!(weights_of(nothing).is_empty());
        // Four to one for the rare value, in 256ths: log2(1 / (p + (1-p)/4)) is 1.86 bits, and two bits less without it.
        let likely = weights_of([Reading::Erased, soft(&[(0, 1.0), (1, 4.0)])]);
        let [miss, hit] = likely[0][..] else {
            panic!("two outcomes")
        };
        assert!(
            (-45..=-35).contains(&miss) && (450..=478).contains(&hit),
            "{miss} {hit}"
        );
        // A value that is three times as likely among three.
        let three = weights_of([soft(&[(0, 1.0), (1, 3.0), (2, 1.0)]), Reading::Erased]);
        assert!(three[0][2] > three[0][1] && three[0][1] > three[0][0]);
        assert_eq!(three[0][1], three[0][3]);
    }

    #[test]
    fn innocents_score_with_doubtful_readings_as_often_as_the_tail_says() {
        const COPIES: u32 = 200_000;
        let biases = Design::Gl12.biases();
        let sites = (0..120)
            .map(|i| match i % 8 {
                7 => (Layer::Slot, 0, Alphabet::Weighted(vec![100, 50, 60, 46])),
                _ => {
                    let ones = biases[i % biases.len()];
                    (Layer::Slot, 0, Alphabet::Binary { ones })
                }
            })
            .collect();
        let code = Code::assemble(sites, 100, 1e-6, Design::Gl12).unwrap();
        let mut dice = crate::attacks::Dice::new(23);
        let key = Key::from_bytes(dice.bytes());
        let readings: Vec<Reading> = code
            .codeword(&key, &key)
            .into_iter()
            .enumerate()
            .map(|(i, value)| {
                let doubt = [0.0, 0.05, 0.3, 0.8][dice.below(4)];
                let other = if i % 8 == 7 {
                    (value + 1) % 4
                } else {
                    1 - value
                };
                let weights = match doubt {
                    0.0 => vec![(value, 1.0)],
                    doubt => vec![(value, 1.0), (other, doubt)],
                };
                Reading::Soft {
                    weights,
                    noise: 0.01,
                }
            })
            .collect();
        let ballot = Ballot::new(&code, &readings).unwrap();
        assert!(
            ballot
                .classes
                .iter()
                .any(|c| matches!(c.kind, Kind::Soft { .. }))
        );
        assert!(
            ballot.classes.len() < 60,
            "{} classes",
            ballot.classes.len()
        );
        let model = Model::new(Strategy::Interleave.rates(3, Design::Gl12));
        let sheet = ballot.sheet(&model, &[Layer::Slot]);
        let terms = ballot.terms(&sheet, &[Layer::Slot]);
        let mut scratch = Vec::new();
        let scores: Vec<i64> = (0..COPIES)
            .map(|_| {
                let key = Key::from_bytes(dice.bytes());
                sheet.score(&ballot.tally(&code, Layer::Slot, &key, None, &mut scratch))
            })
            .collect();
        for level in [1e-2, 1e-3, 1e-4] {
            let (mut low, mut threshold) = (-20_000, 20_000);
            while threshold - low > 1 {
                let middle = (low + threshold) / 2;
                if crate::tail::tail(&terms, middle) <= level {
                    threshold = middle;
                } else {
                    low = middle;
                }
            }
            let expected = crate::tail::tail(&terms, threshold) * f64::from(COPIES);
            let seen = scores.iter().filter(|s| **s >= threshold).count() as f64;
            let off = (seen - expected) / libm::sqrt(expected);
            assert!(
                off.abs() < 4.0,
                "{level}: {seen} seen, {expected:.1} expected"
            );
        }
        let mean: f64 = scores.iter().map(|s| libm::exp2(*s as f64 / UNIT)).sum();
        assert!(mean / f64::from(COPIES) < 1.05, "{mean}");
    }
}
