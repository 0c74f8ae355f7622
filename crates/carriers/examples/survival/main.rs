//! What survives of every kind of mark, under what happens to copies: the real tools are run.
//!
//! `cargo run --release -p carriers --example survival [-- --quick]`
//!
//! Rows are carriers with their rank, columns are what happened to a copy; each cell says how many percent of the
//! sites were read right, wrong, and how many there were; the rest was erased or left in doubt.
//! A cell fails the gate when more than 0.5 % of at least 200 readings are wrong, or when a row of rank 1 to 3 is read
//! right at less than 95 % under paste, reformatting, PDF or OCR; it is marked `!` and named below its table.
//!
//! Readings with weights are doubt: they are never counted as right, and their likeliest value may be wrong as often as
//! the weights say; more often is a failure of the whole.
//!
//! `cargo xtask tools` installs the tools; without one of them its column says so, and the whole falls short.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a program for people: it prints, runs other programs, and may stop at an error"
)]

mod code;
mod documents;
mod edits;
mod material;
mod matrix;
#[path = "../../tests/packets/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod packets;
mod prose;
mod rules;
mod tools;
mod traffic;

use std::process::ExitCode;

use matrix::Matrix;

/// The word under which this program reads one PDF in a process of its own.
pub const READ_PDF: &str = "--read-pdf";

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(READ_PDF) {
        let pages_max = std::env::args()
            .next_back()
            .and_then(|word| word.parse().ok());
        return match intake::serve_pdf(pages_max) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let quick = std::env::args().any(|argument| argument == "--quick");
    let mut matrices: Vec<Matrix> = Vec::new();
    for make in [prose::matrix, code::matrix, traffic::matrix, rules::matrix] {
        let matrix = make(quick);
        println!("{matrix}");
        matrices.push(matrix);
    }
    for line in material::NOT_CARRIED {
        println!("{line}");
    }
    let failed: Vec<String> = matrices.iter().flat_map(Matrix::failures).collect();
    let missing: Vec<String> = matrices.iter().flat_map(|m| m.missing.clone()).collect();
    let cells: usize = matrices.iter().map(Matrix::cells).sum();
    let readings: u64 = matrices.iter().map(Matrix::readings).sum();
    let wrong: u64 = matrices.iter().map(Matrix::wrong).sum();
    println!(
        "\n{} of {cells} cells pass the gate, {readings} sites read, {wrong} of them wrong; {} not run",
        cells - failed.len(),
        missing.len()
    );
    let doubt = matrices
        .iter()
        .fold(matrix::Doubt::default(), |sum, m| sum.and(m.doubt));
    println!("{doubt}");
    if failed.is_empty() && missing.is_empty() && doubt.is_honest() {
        println!(
            "holds: no cell fails the gate (goal: at most 0.5 % wrong; ranks 1 to 3 at least 95 % right)"
        );
        return ExitCode::SUCCESS;
    }
    println!(
        "falls short: {} cells fail the gate and {} columns were not run (goal: none); {}",
        failed.len(),
        missing.len(),
        match doubt.is_honest() {
            true => "weights are honest",
            false => "doubtful readings are wrong more often than their weights say",
        }
    );
    ExitCode::FAILURE
}
