//! Readings brought into classes, and the integer weights of a model's score for each.

use std::collections::BTreeMap;

use crate::code::{Code, Layer};
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

/// How much more probable (factor) a value is in a contributing copy, when the leak shows a value of mass
/// `p`: `hit` if the copy has that value, else `miss`; `p·hit + (1-p)·miss = 1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lift {
    pub hit: f64,
    pub miss: f64,
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
    pub fn weights(&self, lift: &dyn Fn(Mass, Option<bool>) -> Lift) -> Vec<i32> {
        match &self.kind {
            Kind::Set { mass, bit } => {
                let lift = lift(*mass, *bit);
                let hit = floor_units((1.0 - self.noise) * lift.hit + self.noise);
                // The miss takes what rounding the hit has left over.
                let p = mass.to_f64();
                let left = 1.0 - p * libm::exp2(f64::from(hit) / UNIT);
                let miss = floor_units(left / mass.complement().to_f64());
                vec![miss, hit]
            }
            Kind::Soft { shares } => {
                let lifts: Vec<(f64, Lift)> =
                    shares.iter().map(|s| (s.0, lift(s.1, s.2))).collect();
                let none: f64 = lifts.iter().map(|(q, l)| q * l.miss).sum();
                let mut weights = vec![floor_units((1.0 - self.noise) * none + self.noise)];
                for (q, l) in &lifts {
                    let lift = none - q * l.miss + q * l.hit;
                    weights.push(floor_units((1.0 - self.noise) * lift + self.noise));
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
                values,
            });
        }
        Ok(ballot)
    }

    fn class(&mut self, layer: Layer, noise: f64, kind: Kind, cells: usize) -> usize {
        self.classes.push(Class {
            layer,
            count: 0,
            noise,
            kind,
            first_cell: self.cells,
        });
        self.cells += cells;
        self.classes.len() - 1
    }

    /// How often each cell of each class occurs in the copy of `key` at the layer's sites.
    pub fn tally(&self, code: &Code, layer: Layer, key: &Key, scratch: &mut Vec<u64>) -> Tally {
        scratch.clear();
        scratch.resize(code.len(), 0);
        code.fill(layer, key, scratch);
        let mut cells = vec![0; self.cells];
        for seen in self.sites.iter().filter(|s| s.layer == layer) {
            let symbol = scratch.get(seen.site).copied().unwrap_or(0);
            if let Some(cell) = cells.get_mut(self.cell(seen, symbol)) {
                *cell += 1;
            }
        }
        Tally { cells }
    }

    /// Index of the cell that `symbol` falls into at one site.
    pub fn cell(&self, seen: &Seen, symbol: u64) -> usize {
        let Some(class) = self.classes.get(seen.class) else {
            return 0;
        };
        let offset = match (&class.kind, seen.values.binary_search(&symbol)) {
            (_, Err(_)) => 0,
            (Kind::Set { .. }, Ok(_)) => 1,
            (Kind::Soft { .. }, Ok(place)) => place + 1,
        };
        class.first_cell + offset
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

    /// The score's weights of every class under one model.
    pub fn sheet(&self, lift: &dyn Fn(Mass, Option<bool>) -> Lift) -> Sheet {
        Sheet {
            weights: self.classes.iter().map(|c| c.weights(lift)).collect(),
        }
    }

    /// The terms of the score of these layers' sites under innocence.
    pub fn terms(&self, sheet: &Sheet, layers: &[Layer]) -> Vec<Term> {
        let mut terms: BTreeMap<Vec<(u128, i32)>, u32> = BTreeMap::new();
        for (class, weights) in self.classes.iter().zip(&sheet.weights) {
            if layers.contains(&class.layer) {
                let cells = class.cells();
                let mut outcomes: Vec<(u128, i32)> = cells
                    .iter()
                    .map(|p| p.count())
                    .zip(weights.iter().copied())
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
}

/// The weights of one model, by class and cell.
pub(crate) struct Sheet {
    pub weights: Vec<Vec<i32>>,
}

impl Sheet {
    /// The score in 256ths of a bit.
    pub fn score(&self, tally: &Tally) -> i64 {
        self.weights
            .iter()
            .flatten()
            .zip(&tally.cells)
            .map(|(w, n)| i64::from(*w) * i64::from(*n))
            .sum()
    }
}
