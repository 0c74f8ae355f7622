//! How much a site can say against the worst attack of a coalition.
//!
//! An *attack* of `c` leakers is a list of `c + 1` rates: `rates[k]` is the chance that the leak shows 1
//! where `k` of them have 1. What all have is what they show: `rates[0] = 0`, `rates[c] = 1`.
//!
//! # Source
//! Huang and Moulin, "On the saddle-point solution and the large-coalition asymptotics of
//! fingerprinting games", arXiv 1011.1261; Furon and Pérez-Freire 2009 for the worst case of a
//! given design.

/// Which information an attack wants to make small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoder {
    /// One copy alone against the leak: `I(X; Y)`.
    Simple,
    /// All copies of the coalition together, for each copy: `I(K; Y) / c`.
    Joint,
}

/// Entropy in bits of a coin with probability `p` of heads.
#[must_use]
pub fn entropy(p: f64) -> f64 {
    let part = |x: f64| if x > 0.0 { -x * libm::log2(x) } else { 0.0 };
    part(p) + part(1.0 - p)
}

/// The probabilities that `0..=n` of `n` copies have 1 where each has it with probability `p`.
#[must_use]
pub fn binomial(n: u32, p: f64) -> Vec<f64> {
    if p <= 0.0 || p >= 1.0 {
        let mut sure = vec![0.0; n as usize + 1];
        let place = if p <= 0.0 { 0 } else { n as usize };
        if let Some(one) = sure.get_mut(place) {
            *one = 1.0;
        }
        return sure;
    }
    if n <= 30 {
        let odds = p / (1.0 - p);
        let mut now = (0..n).fold(1.0, |power, _| power * (1.0 - p));
        let mut out = Vec::with_capacity(n as usize + 1);
        for k in 0..=n {
            out.push(now);
            now *= odds * f64::from(n - k) / f64::from(k + 1);
        }
        return out;
    }
    let odds = libm::log(p) - libm::log(1.0 - p);
    let mut log = f64::from(n) * libm::log(1.0 - p);
    let mut out = Vec::with_capacity(n as usize + 1);
    for k in 0..=n {
        out.push(libm::exp(log));
        log += odds + libm::log(f64::from(n - k) / f64::from(k + 1));
    }
    out
}

/// Bits that one site of bias `p` says against an attack, and their gradient by the rates.
#[must_use]
pub fn bits(decoder: Decoder, rates: &[f64], p: f64) -> (f64, Vec<f64>) {
    let c = rates.len().saturating_sub(1) as u32;
    let all = binomial(c, p);
    let mean: f64 = all.iter().zip(rates).map(|(b, r)| b * r).sum();
    match decoder {
        Decoder::Joint => {
            let scale = 1.0 / f64::from(c.max(1));
            let inner: f64 = all.iter().zip(rates).map(|(b, r)| b * entropy(*r)).sum();
            let slope = all
                .iter()
                .zip(rates)
                .map(|(b, r)| scale * b * (logit(mean) - logit(*r)))
                .collect();
            (scale * (entropy(mean) - inner), slope)
        }
        Decoder::Simple => {
            let rest = binomial(c.saturating_sub(1), p);
            let with = |x: usize| -> f64 {
                rest.iter()
                    .enumerate()
                    .map(|(k, b)| b * rates.get(k + x).copied().unwrap_or(0.0))
                    .sum()
            };
            let (zero, one) = (with(0), with(1));
            let value = entropy(mean) - p * entropy(one) - (1.0 - p) * entropy(zero);
            let slope = (0..rates.len())
                .map(|k| {
                    let above = k.checked_sub(1).and_then(|k| rest.get(k)).unwrap_or(&0.0);
                    let below = rest.get(k).unwrap_or(&0.0);
                    p * above * (logit(mean) - logit(one))
                        + (1.0 - p) * below * (logit(mean) - logit(zero))
                })
                .collect();
            (value, slope)
        }
    }
}

/// `d entropy / dp`, kept finite.
fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-15, 1.0 - 1e-15);
    libm::log2((1.0 - p) / p)
}

/// The attack that makes the mean bits of a design least, and those bits.
/// `biases`: pairs of bias and probability, symmetric about 1/2.
#[must_use]
pub fn worst_attack(decoder: Decoder, coalition: u32, biases: &[(f64, f64)]) -> (f64, Vec<f64>) {
    minimise(coalition, |rates| {
        let mut sum = (0.0, vec![0.0; rates.len()]);
        for (p, weight) in biases {
            let (value, slope) = bits(decoder, rates, *p);
            sum.0 += weight * value;
            for (to, from) in sum.1.iter_mut().zip(slope) {
                *to += weight * from;
            }
        }
        sum
    })
}

/// The capacity: least over attacks of the most over biases, in bits a site and copy.
#[must_use]
pub fn capacity(decoder: Decoder, coalition: u32) -> (f64, Vec<f64>) {
    minimise(coalition, |rates| {
        let at = |p: f64| bits(decoder, rates, p).0;
        // The grid is in the angle whose sine squared is p; by symmetry half is enough.
        let steps = 400_u32;
        let angle = |i: f64| {
            let sine = libm::sin(i * core::f64::consts::FRAC_PI_4 / f64::from(steps));
            sine * sine
        };
        let best = (1..=steps)
            .map(|i| (at(angle(f64::from(i))), i))
            .fold((f64::MIN, 1), |a, b| if b.0 > a.0 { b } else { a });
        let (mut low, mut high) = (f64::from(best.1) - 1.0, f64::from(best.1) + 1.0);
        high = high.min(f64::from(steps));
        for _ in 0..40 {
            let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
            if at(angle(a)) < at(angle(b)) {
                low = a;
            } else {
                high = b;
            }
        }
        bits(decoder, rates, angle((low + high) / 2.0))
    })
}

/// Minimises a convex function of the rates over symmetric attacks (`rates[c-k] = 1 - rates[k]`) by
/// the ellipsoid method; the function gives its value and gradient by all rates.
fn minimise(coalition: u32, f: impl Fn(&[f64]) -> (f64, Vec<f64>)) -> (f64, Vec<f64>) {
    let c = coalition.max(1) as usize;
    let free = (c - 1) / 2;
    let spread = |x: &[f64]| -> Vec<f64> {
        let mut rates = vec![0.5; c + 1];
        for (k, rate) in rates.iter_mut().enumerate() {
            let j = k.min(c - k);
            let low = if j == 0 {
                0.0
            } else {
                x.get(j - 1).copied().unwrap_or(0.5)
            };
            *rate = if 2 * k == c {
                0.5
            } else if k < c - k {
                low
            } else {
                1.0 - low
            };
        }
        rates
    };
    if free == 0 {
        let rates = spread(&[]);
        return (f(&rates).0, rates);
    }
    // In one dimension the ellipsoid is an interval: bisection by the slope's sign.
    let n = free as f64;
    let mut centre = vec![0.5; free];
    let mut shape = vec![vec![0.0; free]; free];
    for (i, row) in shape.iter_mut().enumerate() {
        if let Some(place) = row.get_mut(i) {
            *place = 0.25 * n;
        }
    }
    let mut best = (f64::MAX, spread(&centre));
    let turns = 40 * (free + 1) * (free + 1);
    for _ in 0..turns {
        let outside = centre.iter().position(|x| !(0.0..=1.0).contains(x));
        let mut slope = vec![0.0; free];
        if let Some(i) = outside {
            if let (Some(place), Some(x)) = (slope.get_mut(i), centre.get(i)) {
                *place = if *x < 0.0 { -1.0 } else { 1.0 };
            }
        } else {
            let rates = spread(&centre);
            let (value, full) = f(&rates);
            if value < best.0 {
                best = (value, rates);
            }
            for (j, place) in slope.iter_mut().enumerate() {
                let k = j + 1;
                *place = full.get(k).unwrap_or(&0.0) - full.get(c - k).unwrap_or(&0.0);
            }
        }
        let along: Vec<f64> = shape.iter().map(|row| dot(row, &slope)).collect();
        let length = dot(&along, &slope);
        if length <= 1e-24 {
            break;
        }
        let root = libm::sqrt(length);
        if free == 1 {
            for (x, a) in centre.iter_mut().zip(&along) {
                *x -= a / root / 2.0;
            }
            if let Some(place) = shape.first_mut().and_then(|r| r.first_mut()) {
                *place /= 4.0;
            }
            continue;
        }
        for (x, a) in centre.iter_mut().zip(&along) {
            *x -= a / root / (n + 1.0);
        }
        for (row, a) in shape.iter_mut().zip(&along) {
            for (cell, b) in row.iter_mut().zip(&along) {
                *cell = n * n / (n * n - 1.0) * (*cell - 2.0 / (n + 1.0) * a * b / length);
            }
        }
    }
    best
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The discrete Gauss–Legendre biases for coalitions of `coalition`: pairs of bias and probability.
///
/// The biases are the roots of the shifted Legendre polynomial of degree `ceil(coalition / 2)`.
///
/// # Source
/// Nuida et al. 2009, Designs, Codes and Cryptography 52, definition 3: the probability of a root
/// `p` is proportional to `(p (1-p))^(-3/2) / L'(2p-1)^2`.
#[must_use]
pub fn gauss_legendre(coalition: u32) -> Vec<(f64, f64)> {
    let degree = coalition.max(1).div_ceil(2);
    let mut out = Vec::new();
    for i in 1..=degree {
        let mut x =
            libm::cos(core::f64::consts::PI * (f64::from(i) - 0.25) / (f64::from(degree) + 0.5));
        let mut slope = 1.0;
        for _ in 0..100 {
            let (value, derivative) = legendre(degree, x);
            x -= value / derivative;
            slope = derivative;
        }
        let p = (1.0 - x) / 2.0;
        out.push((p, libm::pow(p * (1.0 - p), -1.5) / (slope * slope)));
    }
    let sum: f64 = out.iter().map(|o| o.1).sum();
    for place in &mut out {
        place.1 /= sum;
    }
    out
}

/// The Legendre polynomial and its derivative, `|x| < 1`.
fn legendre(degree: u32, x: f64) -> (f64, f64) {
    let (mut before, mut now) = (1.0, x);
    for k in 2..=degree {
        let k = f64::from(k);
        let next = ((2.0 * k - 1.0) * x * now - (k - 1.0) * before) / k;
        before = now;
        now = next;
    }
    let n = f64::from(degree);
    (now, n * (x * now - before) / (x * x - 1.0))
}

/// The arcsine distribution (Tardos without a cutoff) as `points` equiprobable biases.
#[must_use]
pub fn arcsine(points: u32) -> Vec<(f64, f64)> {
    (0..points)
        .map(|i| {
            let angle = core::f64::consts::FRAC_PI_2 * (f64::from(i) + 0.5) / f64::from(points);
            let sine = libm::sin(angle);
            (sine * sine, 1.0 / f64::from(points))
        })
        .collect()
}
