//! What leaks look like, made here: every format, and structures that are meant to harm.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod archives;
mod documents;
mod folders;
mod hostile;
mod made;
mod pictures;
