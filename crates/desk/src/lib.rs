//! Performs the program's verbs: load, decide, commit. Used by the command line and by the server.

mod failure;

pub use failure::{Class, Failure};
