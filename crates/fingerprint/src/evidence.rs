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
    Set { mass: Mass, bit: Option<bool> },
    /// Values with shares (sum one) and their masses.
    Soft {
        shares: Vec<(f64, Mass, Option<bool>)>,
    },
}

impl Class {
    /// The outcomes' exact probabilities: cell 0 is "none of the values".
    pub fn cells(&self) -> Vec<Mass> {
        match &self.kind {
            Kind::Set { mass, .. } => vec![mass.complement(), *mass],
            Kind::Soft { shares } => {
                let all = shares.iter().fold(Mass::ZERO, |sum, s| sum.plus(s.1));
                let mut cells = vec![all.complement()];
                cells.extend(shares.iter().map(|s| s.1));
                cells
            }
        }
    }

    /// Most bits that one such site can say against a copy.
    pub fn bits(&self) -> f64 {
        match &self.kind {
            Kind::Set { mass, .. } => mass.bits(),
            Kind::Soft { shares } => shares.iter().map(|s| s.1.bits()).fold(0.0, f64::max),
        }
    }

    /// Weights in 256ths of a bit for the cells, rounded down so that
    /// `Σ probability · 2^(weight/256) ≤ 1`.
    pub fn weights(&self, model: &Model) -> Vec<i32> {
        let view = |mass: Mass, bit: Option<bool>| View {
            mass,
            bit,
            noise: self.noise,
            known: self.known,
            agree: self.agree,
        };
        match &self.kind {
            Kind::Set { mass, bit } => {
                let hit = floor_units(model.lift(&view(*mass, *bit)).hit);
                // The miss takes what rounding the hit has left over.
                let p = mass.to_f64();
                let left = 1.0 - p * libm::exp2(f64::from(hit) / UNIT);
                let miss = floor_units(left / mass.complement().to_f64());
                vec![miss, hit]
            }
            Kind::Soft { shares } => {
                let lifts: Vec<_> = shares
                    .iter()
                    .map(|s| (s.0, model.lift(&view(s.1, s.2))))
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
        let mut known: BTreeMap<(Layer, u128, Option<bool>, u64), usize> = BTreeMap::new();
        for (site, (reading, shape)) in readings.iter().zip(code.sites()).enumerate() {
            let bit_of = |value: u64| {
                matches!(shape.alphabet, Alphabet::Binary { .. }).then_some(value == 1)
            };
            let clean = reading.clean(&shape.alphabet).map_err(|why| (site, why))?;
            let (class, values) = match clean {
                Clean::Erased => {
                    ballot.erased += 1;
                    continue;
                }
                Clean::Set {
                    values,
                    mass,
                    noise,
                } => {
                    let bit = values.first().copied().and_then(bit_of);
                    let key = (shape.layer, mass.count(), bit, noise.to_bits());
                    let kind = Kind::Set { mass, bit };
                    let class = *known
                        .entry(key)
                        .or_insert_with(|| ballot.class(shape.layer, noise, kind, 2));
                    (class, values)
                }
                Clean::Soft { shares, noise } => {
                    let kind = Kind::Soft {
                        shares: shares
                            .iter()
                            .map(|(v, q)| (*q, shape.alphabet.probability(*v), bit_of(*v)))
                            .collect(),
                    };
                    let class = ballot.class(shape.layer, noise, kind, shares.len() + 1);
                    (class, shares.into_iter().map(|s| s.0).collect())
                }
            };
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

    fn class(&mut self, layer: Layer, noise: f64, kind: Kind, cells: usize) -> usize {
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

    /// Readable sites of at most sixteen values in one layer.
    pub fn narrow(&self, code: &Code, layer: Layer) -> u64 {
        self.sites
            .iter()
            .filter(|s| s.layer == layer)
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
            } = &class.kind
            {
                let (bias, with_one) = if *bit {
                    (*mass, class.agree)
                } else {
                    (mass.complement(), class.known - class.agree)
                };
                let sums = by_bias
                    .entry((bias.count(), class.known, with_one))
                    .or_default();
                if *bit {
                    sums.0 += f64::from(class.count);
                } else {
                    sums.1 += f64::from(class.count);
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
    /// Soft readings are left out.
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
                let new = ballot.class(layer, class.noise, class.kind.clone(), 2);
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
                    for noise in [0.001, 0.01, 0.2, 0.5] {
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
                                },
                                known,
                                agree,
                                first_cell: 0,
                            };
                            for model in &models {
                                let weights = class.weights(model);
                                let a = mass.count() >> 56;
                                let sum = a * power(weights[1]) + (256 - a) * power(weights[0]);
                                assert!(sum <= 256 << 60, "{ones} {bit} {noise} {weights:?}");
                                checked += 1;
                            }
                        }
                    }
                }
            }
        }
        let biases: usize = Design::ALL.iter().map(|d| d.biases().len()).sum();
        assert_eq!(checked, biases * 2 * 4 * 4 * 36);
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
        assert_eq!(ballot.bits(Layer::Slot).floor(), 28.0);
    }
}
