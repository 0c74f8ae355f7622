//! What leaks look like: documents, archives, pictures and folders in, named texts and requests out.
//!
//! It keeps document formats and helper programs out of the rooms that read and judge a leak.
//!
//! [`take`] reads what was found, as it was found: files, folders, archives, Git repositories.
//! What comes out are [`Part`]s, each a file that `carriers::Leak::parse` reads, with its [`Source`]: which original it
//! came from, that original's SHA-256, and how the text was got.
//! What was not read stands under `skipped` with its reason, so nothing vanishes silently.
//!
//! Nothing that was found is run, and nothing of it is written to a disk: archives are unpacked in memory, and a Git
//! repository's configuration and hooks are never looked at.
//! Formats whose readers can be made to spin or to eat memory are read in a process of their own, with a limit of time
//! and of memory ([`Limits`]).

mod archive;
mod child;
mod enlarge;
mod git;
mod kind;
mod layout;
mod limits;
mod mail;
mod office;
mod part;
mod pdf;
mod picture;
mod strings;
mod take;
mod why;

pub use limits::*;
pub use part::{Intake, Original, Part, Skipped, Source, Step};
pub use pdf::{PdfError, serve_pdf};
pub use take::{Found, IntakeError, survey, take};
pub use why::Why;

/// The readers that are pure functions from bytes, for fuzzing and for tests.
pub mod readers {
    pub use crate::enlarge::enlarged;
    pub use crate::kind::{Kind, kind};
    pub use crate::mail::{Mail, mail};
    pub use crate::office::{OfficeKind, office};
    pub use crate::pdf::pdf_text;
    pub use crate::picture::{Size, size};
    pub use crate::strings::strings;
}
