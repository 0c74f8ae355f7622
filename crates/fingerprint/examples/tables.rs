#![allow(clippy::print_stdout)]
use fingerprint::capacity::*;
fn main() {
    for c in 1..=10 {
        let (j, rj) = capacity(Decoder::Joint, c);
        let (s, rs) = capacity(Decoder::Simple, c);
        println!("{c} {j:.5} {s:.5} {rj:.3?} {rs:.3?}");
    }
    for d in [2u32, 4, 8, 12, 0] {
        let b = if d == 0 {
            arcsine(4000)
        } else {
            gauss_legendre(d)
        };
        print!("{d} ");
        for c in [1, 2, 3, 4, 5, 6, 8, 10, 12, 16] {
            print!("{:.4} ", worst_attack(Decoder::Simple, c, &b).0);
        }
        println!();
        if d > 0 {
            println!("{b:.4?}");
        }
    }
    for d in fingerprint::Design::ALL {
        let b: Vec<_> = d
            .biases()
            .iter()
            .map(|a| (f64::from(*a) / 256.0, 1.0 / d.biases().len() as f64))
            .collect();
        println!("{d:?}");
        for c in 1..=16 {
            let (v, r) = worst_attack(Decoder::Simple, c, &b);
            println!("{c} {v:.5} {r:.4?}");
        }
    }
}
