//! Who is named when copies leak, and whether anyone innocent ever is.
//!
//! A program of 100 partners with 300 seats, the case of `crates/headstart/trials`, and a seed.
//! Copies, parts of copies and requests of 200 seats leak. Before anyone is scored, the meter says from the
//! readable sites alone whether they are enough; then the trace names or withholds.
//! After that come traces of text that is no copy of this program's: whoever is named there is innocent.
//!
//! `cargo run --release -p headstart --example trials -- [--quick] [--seed N] [--seats N] [--innocent N]`
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

mod interval;
mod leaks;
mod program;
mod seats;
mod strangers;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use interval::interval;
use program::{BAR, PARTNERS, Program, SEATS};

/// Whatever stops the program.
pub type Oops = Box<dyn std::error::Error + Send + Sync>;

/// Share of the traces with enough evidence that must name whose copy it was.
const NAMED_MIN: f64 = 0.99;

struct Options {
    seed: u64,
    seats: usize,
    innocent: usize,
}

fn options() -> Result<Options, Oops> {
    let mut options = Options {
        seed: 1,
        seats: 200,
        innocent: 10_000,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64, Oops> {
            let next = words
                .next()
                .ok_or_else(|| format!("{word} needs a number"))?;
            Ok(next.parse()?)
        };
        match word.as_str() {
            "--quick" => (options.seats, options.innocent) = (30, 1_000),
            "--seed" => options.seed = number()?,
            "--seats" => options.seats = number()? as usize,
            "--innocent" => options.innocent = number()? as usize,
            other => return Err(format!("unknown option `{other}`").into()),
        }
    }
    options.seats = options.seats.min(SEATS);
    Ok(options)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("trials: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, Oops> {
    let begin = Instant::now();
    let options = options()?;
    let program = Program::new(options.seed)?;
    println!(
        "{PARTNERS} partners, {SEATS} seats, {} cases; seed {}, bar {BAR:e}",
        program.cases.len(),
        options.seed
    );
    let guilty = seats::trials(&program, options.seats, options.seed)?;
    println!("\nLeaks of the copies of {} seats\n", options.seats);
    seats::print(&guilty);
    let innocent = strangers::trials(&program, options.innocent, options.seed)?;
    println!("\nTraces of what is no copy of this program\n");
    strangers::print(&innocent);
    println!("\n{:.0} s", begin.elapsed().as_secs_f64());
    Ok(judge(&guilty, &innocent))
}

fn judge(guilty: &[seats::Trial], innocent: &[strangers::Trial]) -> bool {
    use seats::{Answer, Meter};
    let count = |meter: Meter, wanted: &dyn Fn(Answer) -> bool| {
        let all = guilty.iter().filter(|t| t.meter == meter);
        let hits = all.clone().filter(|t| wanted(t.answer)).count() as u64;
        (hits, all.count() as u64)
    };
    let named = count(Meter::Enough, &|a| {
        matches!(a, Answer::Seat | Answer::Partner)
    });
    let withheld = count(Meter::NotEnough, &|a| {
        matches!(a, Answer::Withheld | Answer::NoCase)
    });
    let false_guilty = guilty.iter().filter(|t| t.answer == Answer::Wrong).count();
    let false_innocent = innocent.iter().filter(|t| t.accused).count();
    let share = named.0 as f64 / named.1.max(1) as f64;
    let figures = format!(
        "named {} of {} where the meter said enough ({}, goal at least {:.0} %), \
         withheld {} of {} where it said not enough (goal all), \
         false accusations {} in {} leaks and {} in {} other traces (goal 0)",
        named.0,
        named.1,
        percent(named.0, named.1),
        100.0 * NAMED_MIN,
        withheld.0,
        withheld.1,
        false_guilty,
        guilty.len(),
        false_innocent,
        innocent.len(),
    );
    let holds = named.1 > 0
        && share >= NAMED_MIN
        && withheld.0 == withheld.1
        && false_guilty == 0
        && false_innocent == 0;
    println!("{}: {figures}", if holds { "holds" } else { "falls short" });
    holds
}

/// A share with its interval.
pub fn percent(hits: u64, all: u64) -> String {
    if all == 0 {
        return "-".to_owned();
    }
    let (low, high) = interval(hits, all);
    format!(
        "{:.1} % [{:.2}, {:.2}]",
        100.0 * hits as f64 / all as f64,
        100.0 * low,
        100.0 * high
    )
}

/// Does `work` for every number below `count` on all cores; the answers are in order.
pub fn in_parallel<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, Oops> + Sync,
) -> Result<Vec<T>, Oops> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        break;
                    }
                    let answer = work(index);
                    if let Ok(mut done) = done.lock() {
                        done.push((index, answer));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().map_err(|_| "a worker panicked")?;
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, answer)| answer).collect()
}
