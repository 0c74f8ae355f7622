//! One file a verb: the only place where domain, marks and log meet.
//!
//! Everything here is pure: [`book`] and [`press`] turn masters and keys into copies and leaves,
//! [`sight`] and [`trace`] turn a leak into a verdict, [`testify`] and [`verify`] turn a verdict into
//! evidence and check it. Sealing, storing and the clock are elsewhere.

pub mod beacon;
pub mod book;
pub mod delivery;
pub mod detection;
pub mod evidence;
pub mod explanations;
pub mod holdings;
pub mod keys;
pub mod leaf;
pub mod manifest;
pub mod memory;
pub mod meter;
pub mod originals;
pub mod press;
pub mod receive;
pub mod record;
pub mod seats;
pub mod seeds;
pub mod sight;
pub mod testify;
pub mod trace;
pub mod verify;
pub mod watch;
