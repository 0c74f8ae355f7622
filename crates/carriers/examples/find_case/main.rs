//! Which of 10,000 cases a fragment is of: recall at the end of alignment, and the time of a query.
//!
//! `cargo run --release -p carriers --example find_case [-- --quick]`. The cases are invented, and resemble each
//! other: write-ups of a dozen kinds of bugs out of the same 64 sentences, each with its own components, functions,
//! fields, numbers and order. A query ranks all sketches, aligns each candidate's master, and takes the one that
//! explains most of the fragment. The last line says whether the goals are met.
// A program for people: it prints, and reads the clock. The crate does not.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods)]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for people; it may stop at an error"
)]

mod cases;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use carriers::find::{self, Sketch};
use carriers::{Leak, Master, read_covered};
use cases::{below, fragment, noise, write_up};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const CASES: u64 = 10_000;
const SEED: u64 = 1;
const SENTENCES: usize = 30;
const CANDIDATES: usize = 8;
const RECALL_MIN: f64 = 0.98;
const QUERY_MS_MAX: f64 = 100.0;

fn master(number: u64) -> Master {
    Master::parse("write-up.md", write_up(SEED, number, SENTENCES).as_bytes()).unwrap()
}

/// The case that a leak is of.
struct Answer {
    ranked: Vec<usize>,
    best: Option<usize>,
    ranking: Duration,
}

fn query(sketches: &[Sketch], sources: &[String], leak: &Leak) -> Answer {
    let start = on_core();
    let found = find::rank(sketches, leak, CANDIDATES);
    let ranking = on_core() - start;
    let ranked: Vec<usize> = found.iter().map(|c| c.index).collect();
    let mut best: Option<(u64, usize)> = None;
    for index in &ranked {
        let master = Master::parse("write-up.md", sources[*index].as_bytes()).unwrap();
        // As a trace does: the readings of each candidate, and how much of the leak it explains.
        let explains = black_box(read_covered(&master, leak)).coverage;
        if best.is_none_or(|b| explains > b.0) {
            best = Some((explains, *index));
        }
    }
    Answer {
        ranked,
        best: best.map(|b| b.1),
        ranking,
    }
}

fn main() -> ExitCode {
    let quick = std::env::args().any(|a| a == "--quick");
    let trials = if quick { 40 } else { 400 };
    let start = Instant::now();
    let sources: Vec<String> = (0..CASES).map(|n| write_up(SEED, n, SENTENCES)).collect();
    let sketches: Vec<Sketch> = sources
        .iter()
        .map(|s| Sketch::of(&[&Master::parse("write-up.md", s.as_bytes()).unwrap()]))
        .collect();
    let made = start.elapsed();
    let bytes: usize = sketches.iter().map(|s| s.to_bytes().len()).sum();
    let words: usize = sources.iter().map(|s| s.split_whitespace().count()).sum();
    println!(
        "{CASES} cases of {} words in the mean, {} sites; index of {:.1} MB made in {:.1} s",
        words / CASES as usize,
        master(0).sites().len(),
        bytes as f64 / 1e6,
        made.as_secs_f64()
    );
    println!(
        "recall of the right case in {trials} fragments a cell: among the {CANDIDATES} ranked / at the end of alignment"
    );
    print!("{:>8}", "noise");
    for words in [20, 40, 80] {
        print!("{:>18}", format!("{words} words"));
    }
    println!();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut times = Vec::new();
    let mut ranking = Vec::new();
    let mut goal = 0.0;
    for percent in [0, 10, 20, 30, 40, 50] {
        print!("{:>8}", format!("{percent} %"));
        for words in [20, 40, 80] {
            let (mut ranked, mut aligned) = (0, 0);
            for _ in 0..trials {
                let number = below(&mut rng, CASES as usize);
                let master = master(number as u64);
                let symbols: Vec<u64> = master
                    .sites()
                    .iter()
                    .map(|s| rng.next_u64() % s.values)
                    .collect();
                let text = String::from_utf8(master.embed(&symbols).unwrap()).unwrap();
                let text = noise(&fragment(&text, words, &mut rng), percent * 10, &mut rng);
                let leak = Leak::parse("found.txt", text.as_bytes()).unwrap();
                let start = on_core();
                let answer = query(&sketches, &sources, &leak);
                times.push(on_core() - start);
                ranking.push(answer.ranking);
                ranked += usize::from(answer.ranked.contains(&number));
                aligned += usize::from(answer.best == Some(number));
            }
            let share = |hits: usize| hits as f64 / trials as f64;
            print!(
                "{:>18}",
                format!("{:.3} / {:.3}", share(ranked), share(aligned))
            );
            if (words, percent) == (40, 20) {
                goal = share(aligned);
            }
        }
        println!();
    }
    let touch = touch(&sketches);
    ranking.sort();
    let ranking = ranking[ranking.len() / 2].as_secs_f64() * 1e3;
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let (median, late) = (at(0.5), at(0.99));
    println!(
        "a query with its alignments, time on one core: median {median:.1} ms ({ranking:.1} ms of it ranking), p99 {late:.1} ms; {:.0} times reading the index's bytes once ({:.2} ms)",
        median / touch,
        touch
    );
    let holds = goal >= RECALL_MIN && late < QUERY_MS_MAX;
    println!(
        "{}: recall {goal:.3} for 40 words with 20 % noise (goal {RECALL_MIN}), p99 of a query {late:.1} ms (goal {QUERY_MS_MAX})",
        if holds { "holds" } else { "falls short" }
    );
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Time that this thread had on its core: what others do on the machine does not count.
fn on_core() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Milliseconds to read all of the index's bytes once; the best of nine.
fn touch(sketches: &[Sketch]) -> f64 {
    let all: Vec<u64> = sketches
        .iter()
        .flat_map(|s| s.to_bytes())
        .collect::<Vec<u8>>()
        .chunks_exact(8)
        .map(|c| u64::from_le_bytes(c.try_into().unwrap()))
        .collect();
    let once = || -> Duration {
        let start = on_core();
        black_box(all.iter().fold(0u64, |sum, word| sum.wrapping_add(*word)));
        on_core() - start
    };
    (0..9).map(|_| once()).min().unwrap().as_secs_f64() * 1e3
}
