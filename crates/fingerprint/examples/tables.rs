//! Capacities and designs, to their digits, and what a case's sites can prove.
//!
//! `cargo run --release -p fingerprint --example tables [-- --quick]`
// A program for people: it prints, may stop at an error, reads the clock and uses both cores. The crate does not.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::process::ExitCode;

use fingerprint::attacks::{Attack, Dice, Mix, biases};
use fingerprint::capacity::{Decoder, arcsine, bits, capacity, gauss_legendre, worst_attack};
use fingerprint::{Bar, Code, Design, Entry, Key, Layer, SiteShape, Strategy, plan, trace};

const JOINT: [f64; 10] = [
    1.0, 0.25000, 0.09754, 0.05449, 0.03372, 0.02308, 0.01682, 0.01274, 0.00998, 0.00804,
];
const SIMPLE: [f64; 10] = [
    1.0, 0.18872, 0.06592, 0.03800, 0.02258, 0.01605, 0.01137, 0.00887, 0.00686, 0.00565,
];
const COALITIONS: [u32; 10] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16];
/// Rows: one half, Gauss–Legendre for 4, 8 and 12, arcsine. `(value, digits)`.
const DESIGNS: [(&str, u32, [f64; 10]); 5] = [
    (
        "p=1/2",
        2,
        [1.0, 0.189, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    ),
    (
        "GL4",
        4,
        [
            0.744, 0.156, 0.055, 0.030, 0.006, 0.0004, 0.0, 0.0, 0.0, 0.0,
        ],
    ),
    (
        "GL8",
        8,
        [
            0.641, 0.136, 0.055, 0.032, 0.020, 0.0139, 0.0074, 0.0040, 0.0019, 0.0,
        ],
    ),
    (
        "GL12",
        12,
        [
            0.611, 0.129, 0.052, 0.031, 0.019, 0.0139, 0.0080, 0.0051, 0.0036, 0.0019,
        ],
    ),
    (
        "arcsine",
        0,
        [
            0.557, 0.118, 0.047, 0.028, 0.017, 0.0123, 0.0070, 0.0046, 0.0033, 0.0019,
        ],
    ),
];

fn main() -> ExitCode {
    let quick = std::env::args().any(|a| a == "--quick");
    let mut misses = Vec::new();
    let mut check = |what: String, found: f64, known: f64, step: f64| {
        if (found - known).abs() > 0.51 * step {
            misses.push(format!("{what}: {found} against {known}"));
        }
    };
    println!("capacity, bits a site and copy\n c   joint    simple");
    let most = if quick { 6 } else { 10 };
    for (c, (joint, simple)) in (1..=most).zip(JOINT.iter().zip(SIMPLE)) {
        let found = (
            capacity(Decoder::Joint, c).0,
            capacity(Decoder::Simple, c).0,
        );
        println!("{c:>2}  {:.5}  {:.5}", found.0, found.1);
        check(format!("C_joint({c})"), found.0, *joint, 1e-5);
        check(format!("C_simple({c})"), found.1, simple, 1e-5);
    }
    println!("\nworst case of a design, bits a site, simple decoder");
    println!(
        "{:<8}{}",
        "c",
        COALITIONS.map(|c| format!("{c:>8}")).concat()
    );
    for (name, degree, known) in DESIGNS {
        let places = if degree == 0 {
            arcsine(if quick { 500 } else { 3000 })
        } else {
            gauss_legendre(degree)
        };
        let mut row = String::new();
        for (c, known) in COALITIONS.into_iter().zip(known) {
            let found = worst_attack(Decoder::Simple, c, &places).0;
            row += &format!("{found:>8.4}");
            let step = if known >= 0.0145 { 1e-3 } else { 1e-4 };
            check(format!("{name}, c={c}"), found, known, step);
        }
        println!("{name:<8}{row}");
    }
    println!("\nthe code's dyadic designs (256ths)");
    for design in Design::ALL {
        let mut row = String::new();
        for c in COALITIONS {
            let found = worst_attack(Decoder::Simple, c, &biases(design)).0;
            row += &format!("{found:>8.4}");
            check(
                format!("{design:?}, c={c}"),
                found,
                design.bits_per_site(c),
                1e-4,
            );
        }
        println!("{:<8}{row}  {:?}", format!("{design:?}"), design.biases());
    }
    println!("\nsimple capacity at c = 201, known attack");
    for (name, strategy, power, known) in [
        ("all ones,     c·C", Strategy::AllOnes, 1, 0.6937),
        ("majority,     c·C", Strategy::Majority, 1, 0.4606),
        ("coin,         c·C", Strategy::Coin, 1, 0.1736),
        ("interleaving, c²·C", Strategy::Interleave, 2, 0.7214),
    ] {
        let rates = strategy.rates(201, Design::Gl12);
        let found = most_bits(&rates) * 201_f64.powi(power);
        println!("{name:<20} {found:.4}");
        check(name.to_owned(), found, known, 1e-4);
    }
    println!(
        "\nchance that at least one of c is named, 200 slots, risk 1e-6, worst attack (estimate)"
    );
    for sites in [200_u64, 400, 800, 1600] {
        for share in [1.0, 0.5, 0.25] {
            let read = (sites as f64 * share) as u64;
            let row: String = (1..=6)
                .map(|c| {
                    let design = Design::choose(sites, 32.0, None);
                    format!("{:>7.3}", plan::catch(design, read, c, 200, 1e-6))
                })
                .collect();
            println!(
                "{sites:>5} sites of a layer, {:>3.0} % read {row}",
                100.0 * share
            );
        }
    }
    println!(
        "\nevidence against each of c leakers, bits a site of q values, interleaving, simulated (times q = 2)"
    );
    for c in 1..=3 {
        let found = [2, 3, 4].map(|values| wide_bits(values, c, if quick { 10 } else { 200 }));
        let row = found.map(|bits| format!("  {bits:.4} ({:.2})", bits / found[0]));
        println!("c={c}  q = 2, 3, 4:{}", row.concat());
        if found[1] <= found[0] || found[2] <= found[1] {
            misses.push(format!("c={c}: more values say no more"));
        }
    }
    if misses.is_empty() {
        println!("holds: every table to its digits");
        ExitCode::SUCCESS
    } else {
        println!("falls short: {}", misses.join("; "));
        ExitCode::FAILURE
    }
}

/// Mean bits of the averaged e-value of a leaker's slot, for each site of the slot layer.
fn wide_bits(values: u64, c: u32, trials: u64) -> f64 {
    let shapes: Vec<SiteShape> = (0..400 * c)
        .map(|i| SiteShape {
            values,
            section: i / 40,
        })
        .collect();
    let attack = Attack::new("", Mix::Strategy(Strategy::Interleave));
    let (mut bits, mut count) = (0.0, 0.0);
    for trial in 0..trials {
        let mut dice = Dice::new(trial << 8 | u64::from(c));
        let code = Code::plan_with(&shapes, 200, 1e-6, &dice.bytes(), Design::Gl12).unwrap();
        let entries: Vec<Entry> = (0..c)
            .map(|group| Entry {
                group,
                group_key: Key::from_bytes(dice.bytes()),
                slot_key: Key::from_bytes(dice.bytes()),
            })
            .collect();
        let copies: Vec<Vec<u64>> = entries
            .iter()
            .map(|e| code.codeword(&e.group_key, &e.slot_key))
            .collect();
        let readings = attack.leak(&code, &copies, &mut dice);
        let found = trace(&code, &readings, &entries, &Bar::default()).unwrap();
        let sites = code.sites().iter().filter(|s| s.layer == Layer::Slot);
        let sites = sites.count() as f64;
        for evidence in found.slot_e_value_bits {
            bits += evidence / sites;
            count += 1.0;
        }
    }
    bits / count
}

/// The most that one bias gives against a known attack.
fn most_bits(rates: &[f64]) -> f64 {
    let at = |x: f64| bits(Decoder::Simple, rates, x.exp() / (1.0 + x.exp())).0;
    let mut best = (f64::MIN, 0.0);
    for i in -1200..=1200 {
        let x = f64::from(i) / 100.0;
        if at(x) > best.0 {
            best = (at(x), x);
        }
    }
    let (mut low, mut high) = (best.1 - 0.01, best.1 + 0.01);
    for _ in 0..60 {
        let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if at(a) < at(b) {
            low = a;
        } else {
            high = b;
        }
    }
    at((low + high) / 2.0)
}
