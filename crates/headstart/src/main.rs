//! The headstart binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    headstart::run()
}
