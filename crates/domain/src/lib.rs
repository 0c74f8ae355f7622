//! The rules of an early-disclosure program, as pure decisions.
//!
//! State + command + `now` → events, or a refusal; `apply` folds events into state.
//! There are four kinds of streams: [`program::Program`] (`program`), [`account::Account`] (`account/…`), [`chain::Chain`] (`seat/p-01.s1`) and [`case::Case`]
//! (`case/HS-2026-0001`). No clock, disk, network or randomness; whatever says what a case is
//! about arrives as [`sealed::Sealed`] and is never looked into.

pub mod account;
pub mod acknowledgement;
pub mod advisory;
pub mod agreement;
pub mod artifact;
pub mod case;
pub mod chain;
pub mod clock;
pub mod commitment;
pub mod country;
pub mod decide;
pub mod describe;
pub mod duty;
pub mod event;
pub mod explain;
pub mod funnel;
pub mod ids;
pub mod legal;
pub mod letter;
pub mod open;
pub mod package;
pub mod partner;
pub mod person;
pub mod plan;
pub mod policy;
pub mod program;
pub mod protection;
pub mod receipt;
pub mod release;
pub mod roster;
pub mod sealed;
pub mod seat;
pub mod settings;
pub mod thread;
pub mod tlp;
pub mod watch;
pub mod wave;

pub use release::parse_release;
