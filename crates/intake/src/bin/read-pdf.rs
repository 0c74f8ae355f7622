//! Reads a PDF from standard input, in a process of its own; the tests' stand-in for `headstart`, which does the same.

use std::process::ExitCode;

fn main() -> ExitCode {
    let pages_max = std::env::args().next_back().and_then(|n| n.parse().ok());
    match intake::serve_pdf(pages_max) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("read-pdf: {error}");
            ExitCode::FAILURE
        }
    }
}
