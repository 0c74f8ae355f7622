//! Innocent scores against the exact tail, and the exact tail against importance sampling.
//!
//! `cargo run --release -p fingerprint --example calibration [-- --quick]`
// A program for people: it prints, may stop at an error, reads the clock and uses both cores. The crate does not.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::process::ExitCode;
use std::thread;

use fingerprint::attacks::{Attack, Dice, Mix};
use fingerprint::packed::{Scan, Suspect};
use fingerprint::{Alphabet, Code, Design, Key, Layer, Strategy};

const SITES: usize = 300;

fn main() -> ExitCode {
    let quick = std::env::args().any(|a| a == "--quick");
    let innocents: u64 = if quick { 2_000_000 } else { 100_000_000 };
    let mut misses = Vec::new();
    for (suspect, c) in [(Suspect::Single, 1), (Suspect::Fitted(3), 3)] {
        let scan = scan(c, suspect);
        println!("\n{suspect:?}, {SITES} sites, {innocents} innocent copies");
        println!("stated tail   score   expected   observed   99.9 % interval of the observed");
        let levels: Vec<(i64, f64)> = [1e-4, 1e-5, 1e-6, 1e-7]
            .into_iter()
            .map(|level| threshold(&scan, level))
            .collect();
        let counts = count(&scan, &levels, innocents, u64::from(c));
        for ((units, tail), observed) in levels.iter().zip(counts) {
            let expected = tail * innocents as f64;
            let (low, high) = poisson_interval(observed, 0.001);
            let bits = *units as f64 / 256.0;
            println!("{tail:.4e}  {bits:7.2} {expected:10.1} {observed:10}   {low:.1} … {high:.1}");
            if expected < low || expected > high {
                misses.push(format!("{observed} seen, {expected:.1} expected"));
            }
        }
        println!("exact tail against importance sampling");
        for level in [1e-9, 1e-20] {
            let (units, tail) = threshold(&scan, level);
            let (estimate, error) = sample(&scan, units, if quick { 20_000 } else { 400_000 });
            println!("{tail:.6e}  {estimate:.6e} ± {:.1e} (3 σ)", 3.0 * error);
            if (tail - estimate).abs() > 3.3 * error {
                misses.push(format!("tail {tail:e} against {estimate:e}"));
            }
        }
    }
    if misses.is_empty() {
        println!(
            "holds: observed within the interval at every level, tails within 3.3 σ of sampling"
        );
        ExitCode::SUCCESS
    } else {
        println!("falls short: {}", misses.join("; "));
        ExitCode::FAILURE
    }
}

fn scan(c: u32, suspect: Suspect) -> Scan {
    let biases = Design::Gl12.biases();
    let sites = (0..SITES)
        .map(|i| {
            let ones = biases[i % biases.len()];
            (Layer::Slot, 0, Alphabet::Binary { ones })
        })
        .collect();
    let code = Code::assemble(sites, 1000, 1e-6, Design::Gl12).unwrap();
    let mut dice = Dice::new(u64::from(c) + 40);
    let copies: Vec<Vec<u64>> = (0..c)
        .map(|_| {
            let key = Key::from_bytes(dice.bytes());
            code.codeword(&key, &key)
        })
        .collect();
    let mut attack = Attack::new("", Mix::Strategy(Strategy::Interleave));
    attack.noise = 0.2;
    let readings = attack.leak(&code, &copies, &mut dice);
    Scan::new(&code, &readings, Layer::Slot, suspect).unwrap()
}

/// The least score whose tail is at most `level`, and that tail.
fn threshold(scan: &Scan, level: f64) -> (i64, f64) {
    let (mut low, mut high) = (-256 * 4000, 256 * 200);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if scan.tail(middle) <= level {
            high = middle;
        } else {
            low = middle;
        }
    }
    (high, scan.tail(high))
}

fn count(scan: &Scan, levels: &[(i64, f64)], innocents: u64, seed: u64) -> Vec<u64> {
    let half = innocents / 2;
    let mut sums = vec![0; levels.len()];
    thread::scope(|scope| {
        let parts: Vec<_> = (0..2_u64)
            .map(|part| {
                scope.spawn(move || {
                    let mut dice = Dice::new(seed << 8 | part);
                    let mut scratch = Vec::new();
                    let mut counts = vec![0_u64; levels.len()];
                    for _ in 0..half {
                        let score = scan.units_key(&Key::from_bytes(dice.bytes()), &mut scratch);
                        for (count, (units, _)) in counts.iter_mut().zip(levels) {
                            *count += u64::from(score >= *units);
                        }
                    }
                    counts
                })
            })
            .collect();
        for part in parts {
            for (sum, count) in sums.iter_mut().zip(part.join().unwrap()) {
                *sum += count;
            }
        }
    });
    sums
}

/// Scores drawn as a leaker's would be (each outcome's probability times `2^weight`), weighed back.
fn sample(scan: &Scan, units: i64, draws: u32) -> (f64, f64) {
    let mut dice = Dice::new(77);
    let (mut sum, mut squares) = (0.0, 0.0);
    let tilted: Vec<_> = scan
        .terms()
        .map(|(outcomes, count)| {
            // The tilt that puts the mean at the threshold would be best; the natural one is near enough.
            let parts: Vec<f64> = outcomes
                .iter()
                .map(|(p, w)| p * (f64::from(*w) / 256.0 * tilt(scan, units)).exp2())
                .collect();
            let all: f64 = parts.iter().sum();
            let hit = parts[1] / all;
            (outcomes[0].1, outcomes[1].1, hit, all.log2(), count)
        })
        .collect();
    let tilt = tilt(scan, units);
    for _ in 0..draws {
        let (mut score, mut log) = (0_i64, 0.0);
        for (miss, hit, chance, all, count) in &tilted {
            for _ in 0..*count {
                score += i64::from(if dice.chance(*chance) { *hit } else { *miss });
            }
            log += all * f64::from(*count);
        }
        if score >= units {
            let weight = (log - score as f64 / 256.0 * tilt).exp2();
            sum += weight;
            squares += weight * weight;
        }
    }
    let n = f64::from(draws);
    let mean = sum / n;
    (mean, ((squares / n - mean * mean) / n).sqrt())
}

/// The exponent under which the mean score is the threshold.
fn tilt(scan: &Scan, units: i64) -> f64 {
    let mean = |t: f64| -> f64 {
        scan.terms()
            .map(|(outcomes, count)| {
                let parts: Vec<f64> = outcomes
                    .iter()
                    .map(|(p, w)| p * (f64::from(*w) / 256.0 * t).exp2())
                    .collect();
                let all: f64 = parts.iter().sum();
                let weighted = outcomes.iter().zip(&parts).map(|(o, q)| f64::from(o.1) * q);
                f64::from(count) * weighted.sum::<f64>() / all
            })
            .sum()
    };
    let (mut low, mut high) = (0.0, 8.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if mean(middle) < units as f64 {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// An exact interval for the mean of a Poisson count, by bisection.
fn poisson_interval(seen: u64, outside: f64) -> (f64, f64) {
    let below = |mean: f64, n: u64| -> f64 {
        let (mut term, mut sum) = ((-mean).exp(), 0.0);
        if mean > 700.0 {
            // Normal with a continuity correction.
            let z = (n as f64 + 0.5 - mean) / mean.sqrt();
            return normal(z);
        }
        for k in 0..=n {
            sum += term;
            term *= mean / (k as f64 + 1.0);
        }
        sum
    };
    let solve = |want: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0.0, 10.0 * seen as f64 + 50.0);
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if want(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    };
    let lower = if seen == 0 {
        0.0
    } else {
        solve(&|mean| 1.0 - below(mean, seen - 1) < outside / 2.0)
    };
    (lower, solve(&|mean| below(mean, seen) > outside / 2.0))
}

/// Standard normal distribution function (Abramowitz and Stegun 26.2.17).
fn normal(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let poly = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let upper = (-z * z / 2.0).exp() / (2.0 * core::f64::consts::PI).sqrt() * poly;
    if z > 0.0 { 1.0 - upper } else { upper }
}
