//! Traitor-tracing codes, decoders and the risk to the innocent.
//!
//! The crate knows *sites* (places where a copy may differ), *slots* (copies, one a seat) and
//! *groups* of slots (one a partner). It never knows names.
//!
//! - [`Code::plan`] chooses for each site the exact probabilities of its values.
//! - [`Code::codeword`] gives the values of one copy, made from two secret keys.
//! - [`trace`] takes what was read in a leak and says whose copies contributed, each with the
//!   chance that an innocent would have been accused.
//! - [`recompute`] lets a judge repeat one finding from the opened keys of the accused alone.
//!
//! # What is proved
//! For a copy that did not contribute, its symbols are independent of the leak and follow the
//! published probabilities. Everything here rests on that alone: nothing is assumed of the attack or of
//! where the readings came from, and nothing of the number of leakers, but for one stage: tuples from a
//! list ([`Stage::Listed`]) are paid for as if at most eight leakers were on the list, and with more the
//! share of risk of that stage grows (by how much is said in `docs/fingerprint.md`).

pub mod attacks;
pub mod capacity;
pub mod join;
pub mod packed;
pub mod plan;

mod alphabet;
mod code;
mod collusion;
mod design;
mod evidence;
mod joint;
mod judge;
mod key;
mod mass;
mod method;
mod reading;
mod tail;
mod trace;

pub use alphabet::{Alphabet, VALUES_MAX};
pub use code::{Code, CodeError, Layer, SITES_MAX, SiteCode, SiteShape};
pub use collusion::Strategy;
pub use design::Design;
pub use key::Key;
pub use mass::Mass;
pub use method::{GIVEN_MAX, Method, MethodError, SEATS_MAX, Stage, Statistic, TUPLE_MAX, VERSION};
pub use reading::{NOISE_MIN, Reading};
pub use trace::{
    Bar, Counts, Entry, Finding, Question, Refusal, Trace, TraceError, rank, recompute, trace,
    trace_among,
};
