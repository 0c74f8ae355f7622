//! `headstart demo`: a whole program with a leak, told step by step.

use desk::Failure;

use super::Context;
use crate::cli::Demo;

/// Tells the story.
pub async fn run(_context: &Context, _arguments: Demo) -> Result<u8, Failure> {
    Err(Failure::usage("demo", "not written yet"))
}
