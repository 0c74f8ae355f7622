//! Sites needed to catch at least one leaker with probability 0.95.
#![allow(clippy::print_stdout)]
use fingerprint::attacks::*;
use fingerprint::capacity::*;
use fingerprint::*;
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let trials: usize = args.get(1).map_or(60, |a| a.parse().unwrap());
    let only: u32 = args.get(2).map_or(0, |a| a.parse().unwrap());
    for (c, m, design) in [
        (1u32, 75usize, Design::Gl12),
        (2, 304, Design::Gl12),
        (3, 664, Design::Gl12),
        (4, 913, Design::Gl12),
        (5, 1328, Design::Gl12),
        (6, 1665, Design::Gl12),
        (8, 2896, Design::Gl12),
        (2, 140, Design::Half),
        (2, 120, Design::Half),
        (3, 300, Design::Gl4),
        (3, 300, Design::Gl6),
    ] {
        for dec in [Decoder::Simple, Decoder::Joint] {
            if only != 0 && (only != c || dec == Decoder::Joint) {
                continue;
            }
            let attack = worst(dec, c, design);
            let t0 = Instant::now();
            let (mut caught, mut all, mut stages) = (0, 0, [0; 9]);
            for t in 0..trials {
                let mut dice = Dice::new(1000 * c as u64 + t as u64);
                let b = design.biases();
                let sites = (0..m)
                    .map(|i| {
                        (
                            Layer::Slot,
                            (i / 40) as u32,
                            Alphabet::Binary {
                                ones: b[i % b.len()],
                            },
                        )
                    })
                    .collect();
                let code = Code::assemble(sites, 10_000, 1e-6, design).unwrap();
                let entries: Vec<Entry> = (0..c)
                    .map(|i| Entry {
                        group: i,
                        group_key: Key::from_bytes(dice.bytes()),
                        slot_key: Key::from_bytes(dice.bytes()),
                    })
                    .collect();
                let copies: Vec<_> = entries
                    .iter()
                    .map(|e| code.codeword(&e.group_key, &e.slot_key))
                    .collect();
                let readings = attack.leak(&code, &copies, &mut dice);
                let bar = Bar {
                    innocent_risk: 2e-6,
                    ..Bar::default()
                };
                let found =
                    trace_among(&code, &readings, &entries, Some((10_000, 10_000)), &bar).unwrap();
                let slots: Vec<_> = found.accused.iter().filter(|f| f.slot.is_some()).collect();
                if !slots.is_empty() {
                    caught += 1;
                    stages[slots[0].method.stage as usize
                        + slots[0].method.given.len().min(4)
                            * usize::from(slots[0].method.stage == Stage::Listed)] += 1;
                }
                all += slots.len();
            }
            println!(
                "c={c} m={m} {design:?} {dec:?}: caught {caught}/{trials}, mean accused {:.2} stages {stages:?} {:.2?}/trial",
                all as f64 / trials as f64,
                t0.elapsed() / trials as u32
            );
        }
    }
}
