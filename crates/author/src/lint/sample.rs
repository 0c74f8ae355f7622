//! Which copies are tried before a press: few, and every alternative among them.

use carriers::Master;
use std::collections::BTreeSet;

/// Copies that are tried of every master with marks.
pub const SAMPLES_MIN: usize = 8;
/// Copies that are tried at most: every alternative of a site with so many is among them.
pub const SAMPLES_MAX: usize = 16;

/// Symbols of the copies to try: the default copy first, then others that differ everywhere.
///
/// Each alternative of a site with at most [`SAMPLES_MAX`] of them is in one of the copies, and of wider sites the
/// lowest and the highest value. The same seed gives the same copies. A master without marks has one copy.
pub fn samples(master: &Master, seed: u64) -> Vec<Vec<u64>> {
    let sites = master.sites();
    if sites.is_empty() {
        return vec![Vec::new()];
    }
    let widest = sites
        .iter()
        .map(|s| s.values)
        .filter(|v| *v <= SAMPLES_MAX as u64)
        .max()
        .unwrap_or(0);
    let copies = (widest as usize).clamp(SAMPLES_MIN, SAMPLES_MAX);
    let mut random = Random(seed ^ 0x9e37_79b9_7f4a_7c15);
    let mut out = vec![vec![0; sites.len()]; copies];
    for (site, shape) in sites.iter().enumerate() {
        let values = shape.values.max(1);
        // A step without a common factor visits every value before it repeats one.
        let step = step(values, random.next());
        for (copy, symbols) in out.iter_mut().enumerate() {
            let symbol = match copy as u64 {
                0 => 0,
                1 if values > SAMPLES_MAX as u64 => values - 1,
                _ if values > SAMPLES_MAX as u64 => random.next() % values,
                copy => (copy % values) * step % values,
            };
            if let Some(place) = symbols.get_mut(site) {
                *place = symbol;
            }
        }
    }
    let mut seen = BTreeSet::new();
    out.retain(|symbols| seen.insert(symbols.clone()));
    out
}

fn step(values: u64, random: u64) -> u64 {
    let mut step = random % values;
    while gcd(step, values) != 1 {
        step = (step + 1) % values;
        if values == 1 {
            return 0;
        }
    }
    step
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Which sites of a failing copy make it fail: halves the places where it differs from the default copy, as long as
/// one half fails too. `fails` is asked at most `2 × log2` of their number; the answer is never empty for a copy that differs.
///
/// The default copy must not fail.
pub fn narrow(symbols: &[u64], mut fails: impl FnMut(&[u64]) -> bool) -> Vec<usize> {
    let differing = symbols.iter().enumerate().filter(|(_, s)| **s != 0);
    let mut suspects: Vec<usize> = differing.map(|(site, _)| site).collect();
    let with = |sites: &[usize]| {
        let mut copy = vec![0; symbols.len()];
        for site in sites {
            if let (Some(place), Some(symbol)) = (copy.get_mut(*site), symbols.get(*site)) {
                *place = *symbol;
            }
        }
        copy
    };
    while suspects.len() > 1 {
        let (first, second) = suspects.split_at(suspects.len() / 2);
        if fails(&with(first)) {
            suspects = first.to_vec();
        } else if fails(&with(second)) {
            suspects = second.to_vec();
        } else {
            break;
        }
    }
    suspects
}
