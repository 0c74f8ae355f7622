//! The command line of headstart: one file a command.
//!
//! A library so that examples, benchmarks and tests drive the same code as the binary.
#![allow(
    clippy::print_stdout,
    reason = "a command line program prints its result"
)]

pub mod cli;
mod client;
mod commands;
mod demo;
pub mod output;
mod reach;

use std::process::ExitCode;

use clap::Parser;
use desk::Failure;

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` are answers and go to standard output with exit code 0.
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed pipe is the reader's choice, not a failure.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    // Only a server has more than one thing to do at a time.
    let mut builder = match cli.command.serves() {
        true => tokio::runtime::Builder::new_multi_thread(),
        false => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("headstart: the runtime did not start: {error}");
            return ExitCode::from(desk::Class::Machine as u8);
        }
    };
    match runtime.block_on(commands::run(cli)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            complain(&failure);
            ExitCode::from(failure.class as u8)
        }
    }
}

/// Says what went wrong and what to do next, on standard error.
fn complain(failure: &Failure) {
    eprintln!("headstart: {}", failure.message);
    if let Some(hint) = &failure.hint {
        eprintln!("  hint: {hint}");
    }
}
