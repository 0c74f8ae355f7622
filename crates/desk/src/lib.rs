//! Performs the program's verbs: load, decide, commit. Used by the command line and by the server.
//!
//! Decisions are `domain`'s, copies and verdicts are `flow`'s, encryption is `seal`'s, durability is `store`'s.
//! What is here is their order, and what a process leaves behind when it dies between two of them.

mod accounts;
mod artifacts;
mod backup;
mod cases;
mod checks;
mod collect;
mod config;
mod desk;
mod evidence;
mod failure;
mod init;
mod invitations;
mod known;
mod leaks;
mod ledger;
mod meter;
mod packages;
mod press;
mod program;
mod prove;
mod publish;
mod record;
mod records;
mod sightings;
mod traces;
mod witnesses;

pub use accounts::digest_of_secret;
pub use artifacts::{Added, check_master, kind_of};
pub use backup::{BackedUp, BackedUpFile, Restored, key_beside, restore};
pub use checks::{
    CHECK_OUTPUT_BYTES_MAX, CHECK_TIME_MAX, Checked, commands, lint_file, run_checks,
};
pub use collect::Collected;
pub use config::{ClockKind, Config, DataDir, random};
pub use desk::Desk;
pub use failure::{Class, Failure};
pub use init::init;
pub use intake::{Found, Tools, serve_pdf};
pub use invitations::{INVITATION_LIFE_MAX, Invitation, Invited};
pub use known::State;
pub use leaks::{LEAK_INPUT_BYTES_MAX, ReadLeak, read_leak, read_originals};
pub use ledger::Audited;
pub use packages::Fetched;
pub use press::Pressed;
pub use prove::{LogEntry, Proved};
pub use publish::Published;
pub use record::Whose;
pub use sightings::Sighted;
pub use store::Address;
pub use traces::{Traced, TracedArtifact};
pub use witnesses::{Answer, DEADLINE, Round};
