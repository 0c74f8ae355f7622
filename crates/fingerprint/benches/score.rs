//! Speed, as ratios to reading the same memory in the same run.
//!
//! `cargo bench -p fingerprint --bench score [-- --quick]`. The last line says whether the goals are met.
// A program for people: it prints, may stop at an error, reads the clock and uses both cores. The crate does not.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use fingerprint::attacks::{Attack, Dice, Mix};
use fingerprint::packed::{Scan, Store, Suspect};
use fingerprint::{
    Alphabet, Bar, Code, Design, Entry, Key, Layer, Reading, SiteShape, Strategy, rank, trace,
};

const CORES: usize = 2;

fn main() -> ExitCode {
    let quick = std::env::args().any(|a| a == "--quick");
    let copies = if quick { 100_000 } else { 1_000_000 };
    let mut misses = Vec::new();
    let mut goal = |what: &str, measured: f64, limit: f64, unit: &str| {
        println!("{what:<58} {measured:>9.3} {unit:<8} goal {limit}");
        if measured > limit {
            misses.push(format!("{what} {measured:.3} {unit} against {limit}"));
        }
    };
    println!("{copies} copies of 4096 sites on {CORES} threads; best of 7");
    let (code, keys, readings) = many(copies);
    let scan = Scan::new(&code, &readings, Layer::Slot, Suspect::Fitted(3)).unwrap();
    let mut store = Store::new(&code, Layer::Slot, copies);
    let mut scratch = Vec::new();
    for key in &keys {
        store.push(key, &mut scratch);
    }
    let width = store.width();
    let share = copies.div_ceil(CORES);
    let reading = best_of(7, || in_parts(store.bits(), share * width, sum));
    let scoring = best_of(7, || {
        in_parts(store.bits(), share * width, |part| {
            scan.scores(part)
                .iter()
                .fold(0, |n, s| n + u64::from(*s > 20.0))
        })
    });
    println!(
        "reading {} MB: {reading:?}; scoring: {scoring:?}",
        (store.bits().len() * 8) >> 20
    );
    goal(
        "stored codewords, times only reading",
        scoring.as_secs_f64() / reading.as_secs_f64(),
        2.5,
        "x",
    );
    drop(store);
    // Short slices, so that the least of them is one that no other program disturbed.
    let slice = &keys[..10_000];
    let anew = best_of(60, || {
        let mut scratch = Vec::new();
        slice
            .iter()
            .filter(|key| scan.score_key(key, &mut scratch) > 20.0)
            .count() as u64
    });
    goal(
        "codewords made anew, 10^6 copies on two free cores",
        anew.as_secs_f64() * 1e6 / slice.len() as f64 / CORES as f64,
        1.0,
        "s",
    );
    let (code, entries, single, unrelated) = usual();
    let bar = Bar::default();
    let ranked = best_of(200, || {
        rank(&code, &single, &entries, &bar).unwrap().len() as u64
    });
    goal(
        "300 copies of 400 sites by the whole family",
        ranked.as_secs_f64() * 1e3,
        1.0,
        "ms",
    );
    for (what, readings) in [("one leaker", &single), ("unrelated text", &unrelated)] {
        let time = best_of(50, || {
            let found = trace(&code, readings, &entries, &bar).unwrap();
            black_box(found.accused.len() as u64)
        });
        println!(
            "the same with exact tails, pairs and triples, {what:<14} {:>9.3} ms",
            time.as_secs_f64() * 1e3
        );
    }
    if misses.is_empty() {
        println!("holds: every goal of speed");
        ExitCode::SUCCESS
    } else {
        println!("falls short: {}", misses.join("; "));
        ExitCode::FAILURE
    }
}

fn many(copies: usize) -> (Code, Vec<Key>, Vec<Reading>) {
    let biases = Design::Gl12.biases();
    let sites = (0..4096)
        .map(|i| {
            let ones = biases[i % biases.len()];
            (Layer::Slot, (i / 40) as u32, Alphabet::Binary { ones })
        })
        .collect();
    let code = Code::assemble(sites, copies as u64, 1e-6, Design::Gl12).unwrap();
    let mut dice = Dice::new(1);
    let keys: Vec<Key> = (0..copies).map(|_| Key::from_bytes(dice.bytes())).collect();
    let words: Vec<Vec<u64>> = keys[..3].iter().map(|k| code.codeword(k, k)).collect();
    let readings =
        Attack::new("", Mix::Strategy(Strategy::Interleave)).leak(&code, &words, &mut dice);
    (code, keys, readings)
}

fn usual() -> (Code, Vec<Entry>, Vec<Reading>, Vec<Reading>) {
    let shapes: Vec<SiteShape> = (0..400)
        .map(|i| SiteShape {
            values: 2,
            section: i / 20,
        })
        .collect();
    let code = Code::plan(&shapes, 300, 1e-6, &[1; 32]).unwrap();
    let mut dice = Dice::new(2);
    let groups: Vec<Key> = (0..60).map(|_| Key::from_bytes(dice.bytes())).collect();
    let entries: Vec<Entry> = (0..300)
        .map(|i| Entry {
            group: i / 5,
            group_key: groups[i as usize / 5].clone(),
            slot_key: Key::from_bytes(dice.bytes()),
        })
        .collect();
    let copy = code.codeword(&entries[7].group_key, &entries[7].slot_key);
    let single = Attack::new("", Mix::Splice).leak(&code, &[copy], &mut dice);
    let unrelated = fingerprint::attacks::unrelated(&code, 0.2, &mut dice);
    (code, entries, single, unrelated)
}

fn sum(part: &[u64]) -> u64 {
    part.iter().fold(0, |a, b| a.wrapping_add(*b))
}

fn in_parts<T: Sync>(all: &[T], size: usize, work: impl Fn(&[T]) -> u64 + Sync) -> u64 {
    thread::scope(|scope| {
        let parts: Vec<_> = all
            .chunks(size)
            .map(|part| scope.spawn(|| work(part)))
            .collect();
        parts.into_iter().map(|p| p.join().unwrap()).sum()
    })
}

fn best_of(turns: u32, work: impl Fn() -> u64) -> Duration {
    (0..turns)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed()
        })
        .min()
        .unwrap()
}
