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
mod dealings;
mod desk;
mod drafts;
mod evidence;
mod examine;
mod failure;
mod init;
mod invitations;
mod known;
mod leaks;
mod ledger;
mod meter;
mod own_record;
mod packages;
mod press;
mod program;
mod prove;
mod publish;
mod record;
mod records;
mod sealers;
mod seen;
mod sightings;
mod signing;
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
pub use dealings::{LetterBody, Written};
pub use desk::Desk;
pub use drafts::{DRAFT_BYTES_MAX, DRAFT_LIFE, DRAFTS_MAX, Draft, DraftText, looked_at};
pub use examine::{Examined, ExaminedCopy, ExaminedFile, ExaminedMaster, ShownCopy};
pub use failure::{Class, Failure};
pub use init::init;
pub use intake::{Found, Tools, serve_pdf};
pub use invitations::{INVITATION_LIFE_MAX, Invitation, Invited};
pub use known::{Deed, State};
pub use leaks::{LEAK_INPUT_BYTES_MAX, READ_PDF, ReadLeak, read_leak, read_originals, tools};
pub use ledger::Audited;
pub use own_record::{OwnEntry, OwnRecord};
pub use packages::Fetched;
pub use press::{Pressed, Tell};
pub use prove::{LogEntry, Proved};
pub use publish::Published;
pub use record::Whose;
pub use sightings::{Seen, Sighted};
pub use store::Address;
pub use traces::{Ask, Traced, TracedArtifact, Watcher};
pub use witnesses::{Answer, DEADLINE, Round};
