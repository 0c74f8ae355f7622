//! What was read at one site of a leak.

use crate::{Alphabet, Mass, TraceError};

/// The least noise that any reading is given: nothing that people read is surer than this.
pub const NOISE_MIN: f64 = 0.001;

/// What was read at one site.
///
/// The proof holds wherever a reading came from, as long as it does not depend on codewords.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// Nothing can be read.
    Erased,
    /// The leak shows one of these values.
    Values {
        /// Values of the site's alphabet, in any order; several mean doubt.
        values: Vec<u64>,
        /// Chance in (0, 0.5] that the reading is spurious. It models a leaker, never an innocent:
        /// a wrong figure costs power and not validity.
        noise: f64,
    },
    /// The leak shows one of these values, some more probably than others.
    Soft {
        /// Values with positive weights, each in proportion to the chance that a leak with this value would look as
        /// it does. They are likelihoods: how probable the values are before anything is read is added here, from
        /// the code, and a reading with equal weights says no more than the set of its values.
        /// A value that is not listed has weight 0.
        weights: Vec<(u64, f64)>,
        /// As above.
        noise: f64,
    },
}

/// A reading brought into one form: sorted values, the greatest weight being one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Clean {
    Erased,
    Set {
        values: Vec<u64>,
        mass: Mass,
        noise: f64,
        /// Weight of every other value, from 0 to below 1.
        doubt: f64,
    },
    Soft {
        weights: Vec<(u64, f64)>,
        noise: f64,
    },
}

/// Why a reading cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unusable {
    Value(u64),
    Noise(f64),
    Weight(f64),
    Empty,
}

impl Unusable {
    pub(crate) const fn at(self, site: usize) -> TraceError {
        match self {
            Self::Value(value) => TraceError::Value { site, value },
            Self::Noise(noise) => TraceError::Noise { site, noise },
            Self::Weight(weight) => TraceError::Weight { site, weight },
            Self::Empty => TraceError::Empty { site },
        }
    }
}

impl Reading {
    pub(crate) fn clean(&self, alphabet: &Alphabet) -> Result<Clean, Unusable> {
        let check_noise = |noise: f64| {
            if noise > 0.0 && noise <= 0.5 {
                Ok(noise.max(NOISE_MIN))
            } else {
                Err(Unusable::Noise(noise))
            }
        };
        match self {
            Self::Erased => Ok(Clean::Erased),
            Self::Values { values, noise } => {
                let noise = check_noise(*noise)?;
                let mut values = values.clone();
                values.sort_unstable();
                values.dedup();
                let mut mass = Mass::ZERO;
                for value in &values {
                    let p = alphabet.probability(*value);
                    if p == Mass::ZERO {
                        return Err(Unusable::Value(*value));
                    }
                    mass = mass.plus(p);
                }
                if values.is_empty() {
                    return Err(Unusable::Empty);
                }
                if mass == Mass::ONE {
                    return Ok(Clean::Erased);
                }
                Ok(Clean::Set {
                    values,
                    mass,
                    noise,
                    doubt: 0.0,
                })
            }
            Self::Soft { weights, noise } => soft(weights, check_noise(*noise)?, alphabet),
        }
    }
}

fn soft(weights: &[(u64, f64)], noise: f64, alphabet: &Alphabet) -> Result<Clean, Unusable> {
    let mut weights = weights.to_vec();
    weights.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    weights.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            first.1 += later.1;
        }
        same
    });
    let (mut all, mut most) = (Mass::ZERO, 0.0_f64);
    for (value, weight) in &weights {
        let p = alphabet.probability(*value);
        if p == Mass::ZERO {
            return Err(Unusable::Value(*value));
        }
        if !(*weight > 0.0 && *weight <= 1e9) {
            return Err(Unusable::Weight(*weight));
        }
        all = all.plus(p);
        most = most.max(*weight);
    }
    if weights.is_empty() {
        return Err(Unusable::Empty);
    }
    for (_, weight) in &mut weights {
        *weight /= most;
    }
    // Two weights are a set and what stands against it.
    let is_most = |w: &(u64, f64)| w.1 >= 1.0;
    let set: Vec<_> = weights.iter().filter(|w| is_most(w)).collect();
    let others: Vec<_> = weights.iter().filter(|w| !is_most(w)).collect();
    let doubt = others.first().map_or(0.0, |w| w.1);
    let is_set = if all == Mass::ONE {
        others.iter().all(|w| w.1 == doubt)
    } else {
        others.is_empty()
    };
    if !is_set {
        return Ok(Clean::Soft { weights, noise });
    }
    let values: Vec<u64> = set.iter().map(|w| w.0).collect();
    let mass = values
        .iter()
        .fold(Mass::ZERO, |sum, v| sum.plus(alphabet.probability(*v)));
    if mass == Mass::ONE {
        return Ok(Clean::Erased);
    }
    Ok(Clean::Set {
        values,
        mass,
        noise,
        doubt,
    })
}
