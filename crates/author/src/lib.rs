//! What helps an author of masters: suggestions of marks, and what is wrong with a set of them.
//!
//! This crate is pure: no clock, disk, network or ambient randomness.
//! It keeps grammars and word lists out of `carriers`, so that whoever verifies evidence does not need them.

pub mod lint;
pub mod suggest;
pub mod syntax;
mod words;
