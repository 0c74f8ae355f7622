//! Sites needed to catch at least one leaker with probability 0.95, and how far that is from capacity.
//!
//! `cargo run --release -p fingerprint --example lengths [-- --quick]`
//!
//! One layer, 10⁴ candidates, risk 1e-6 for the question who of them (1e-10 each): all sharing among
//! statistics and stages is inside. A trial draws a code, a coalition and its worst attack; innocents
//! are not drawn, since they change nothing about the leakers' own findings.
// A program for people: it prints, may stop at an error, reads the clock and uses both cores. The crate does not.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::process::ExitCode;
use std::thread;

use fingerprint::attacks::{Attack, Dice, worst};
use fingerprint::capacity::{Decoder, capacity};
use fingerprint::{Alphabet, Bar, Code, Design, Entry, Key, Layer, trace_among};

const CANDIDATES: u64 = 10_000;
const WISH: f64 = 0.95;

struct Goal {
    coalition: u32,
    sites: usize,
    design: Design,
}

const fn goal(coalition: u32, sites: usize, design: Design) -> Goal {
    Goal {
        coalition,
        sites,
        design,
    }
}

const GOALS: [Goal; 9] = [
    goal(1, 75, Design::Gl12),
    goal(2, 304, Design::Gl12),
    goal(3, 664, Design::Gl12),
    goal(4, 913, Design::Gl12),
    goal(5, 1328, Design::Gl12),
    goal(6, 1665, Design::Gl12),
    goal(8, 2896, Design::Saddle8),
    goal(2, 140, Design::Half),
    goal(3, 300, Design::Gl4),
];

fn main() -> ExitCode {
    let quick = std::env::args().any(|a| a == "--quick");
    let trials: u32 = if quick { 40 } else { 200 };
    let steps: &[f64] = if quick {
        &[1.0]
    } else {
        &[0.8, 0.9, 1.0, 1.1, 1.2, 1.3]
    };
    let mut misses = Vec::new();
    println!("c  design  goal   sites  caught            accused  × limit log2(n)/C_joint");
    for goal in &GOALS {
        if quick && goal.coalition > 4 {
            continue;
        }
        let attack = worst(Decoder::Simple, goal.coalition, goal.design);
        let limit = (CANDIDATES as f64).log2() / capacity(Decoder::Joint, goal.coalition).0;
        let mut reached = None;
        for step in steps {
            let sites = (goal.sites as f64 * step).round() as usize;
            let (caught, accused) = on_both_cores(goal, sites, &attack, trials);
            let share = f64::from(caught) / f64::from(trials);
            let error = 1.96 * (share * (1.0 - share) / f64::from(trials)).sqrt();
            println!(
                "{}  {:<6}  {:>5}  {sites:>5}  {caught:>4} of {trials} ±{:>4.1} %  {:>6.2}  {:>7.2}",
                goal.coalition,
                format!("{:?}", goal.design),
                goal.sites,
                100.0 * error,
                f64::from(accused) / f64::from(trials),
                sites as f64 / limit,
            );
            // In a quick run a miss is one beyond the error of its few trials.
            let slack = if quick {
                2.0 * (WISH * (1.0 - WISH) / f64::from(trials)).sqrt()
            } else {
                0.0
            };
            if share + slack >= WISH {
                reached = Some(sites);
                break;
            }
        }
        if reached.is_none_or(|sites| sites > goal.sites) {
            let found = reached.map_or("more than tried".to_owned(), |s| s.to_string());
            misses.push(format!(
                "c={} needs {found}, goal {}",
                goal.coalition, goal.sites
            ));
        }
    }
    if misses.is_empty() {
        println!("holds: at least {WISH} at no more sites than the goal, for each coalition tried");
        ExitCode::SUCCESS
    } else {
        println!("falls short: {}", misses.join("; "));
        ExitCode::FAILURE
    }
}

/// In how many trials at least one leaker was named, and how many were named in all.
fn on_both_cores(goal: &Goal, sites: usize, attack: &Attack, trials: u32) -> (u32, u32) {
    thread::scope(|scope| {
        let other = scope.spawn(|| run(goal, sites, attack, 0..trials / 2));
        let mine = run(goal, sites, attack, trials / 2..trials);
        let other = other.join().unwrap();
        (mine.0 + other.0, mine.1 + other.1)
    })
}

fn run(goal: &Goal, sites: usize, attack: &Attack, trials: core::ops::Range<u32>) -> (u32, u32) {
    let biases = goal.design.biases();
    // Half of the bar is the slots': 1e-6 of it.
    let bar = Bar {
        innocent_risk: 2e-6,
        ..Bar::default()
    };
    let (mut caught, mut accused) = (0, 0);
    for trial in trials {
        let mut dice =
            Dice::new(u64::from(goal.coalition) << 40 | (sites as u64) << 16 | u64::from(trial));
        let places = (0..sites)
            .map(|i| {
                let ones = biases[i % biases.len()];
                (Layer::Slot, (i / 40) as u32, Alphabet::Binary { ones })
            })
            .collect();
        let code = Code::assemble(places, CANDIDATES, 1e-6, goal.design).unwrap();
        let entries: Vec<Entry> = (0..goal.coalition)
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
        let all = Some((CANDIDATES, CANDIDATES));
        let found = trace_among(&code, &readings, &entries, all, &bar).unwrap();
        let named = found.accused.iter().filter(|f| f.slot.is_some()).count();
        caught += u32::from(named > 0);
        accused += named as u32;
    }
    (caught, accused)
}
