//! How many suggestions for prose are right, and how many robust sites an author has after vetting them.
//!
//! `cargo run --release -p carriers --example precision`
//!
//! Precision: suggestions are drawn with a seed from the texts in `held-out/`, which were written before the word
//! lists and never used to tune them; each was judged by reading the sentence with every alternative, strictly, and
//! the judgements stand in `judged.csv`. A drawn suggestion that nobody has judged counts as wrong.
//!
//! Density: the masters in `writeups/` are write-ups for the invented product with the author's decisions in them.
//!
//! `--draw` prints the drawn suggestions as rows for `judged.csv`; `--draw FILE…` all of other texts.
#![allow(clippy::unwrap_used, reason = "an example fails by panicking")]
#![allow(
    clippy::print_stdout,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "an example reads its texts and prints its table"
)]

mod density;
mod judged;
mod sample;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is promised.
const PRECISION_MIN: f64 = 0.90;
/// Suggestions that must have been judged.
const JUDGED_MIN: usize = 200;
/// Robust sites for each 1,000 words.
const DENSITY_MIN: f64 = 25.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, files): (Vec<_>, Vec<_>) = arguments.iter().partition(|a| a.starts_with("--"));
    if flags.iter().any(|f| *f == "--draw") {
        let drawn = if files.is_empty() {
            sample::drawn(&folder("held-out"))
        } else {
            sample::all(files.iter().map(|f| PathBuf::from(f.as_str())))
        };
        print!("{}", judged::rows(&drawn));
        return ExitCode::SUCCESS;
    }
    let drawn = sample::drawn(&folder("held-out"));
    let precision = judged::report(&drawn, &folder("judged.csv"));
    let densities = density::report(&folder("writeups"));
    let least = densities.iter().copied().fold(f64::INFINITY, f64::min);
    let holds = precision >= PRECISION_MIN
        && drawn.len() >= JUDGED_MIN
        && densities.len() >= 3
        && least >= DENSITY_MIN;
    println!(
        "{}: {:.1} % of {} suggestions are right (goal {:.0} % of at least {JUDGED_MIN}), and the write-ups have at least {least:.1} robust sites for each 1,000 words (goal {DENSITY_MIN:.0})",
        if holds { "holds" } else { "falls short" },
        precision * 100.0,
        drawn.len(),
        PRECISION_MIN * 100.0,
    );
    ExitCode::from(u8::from(!holds))
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/precision")
        .join(name)
}
