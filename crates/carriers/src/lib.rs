//! Where marks live in a text, a program or a rule, and how they are read back.
//!
//! A [`Master`] is written once, with mark [`Site`]s; [`Master::embed`] renders the copy of one codeword;
//! [`read()`] says what a [`Leak`] shows at each site; [`find::rank`] says which masters a leak may come from.
//!
//! This crate is pure: no clock, disk, network or ambient randomness.

pub mod find;
mod format;
mod leak;
mod marks;
pub mod pcap;
mod read;
mod text;
mod traffic;
pub mod watch;

pub use format::{CommentStyle, DataKind, Format, RuleKind, TrafficKind};
pub use leak::{LEAK_BYTES_MAX, LEAK_TOKENS_MAX, Leak, LeakError};
pub use marks::error::{self, MarkError, MarkErrorKind, MarkErrors};
pub use marks::permutation::shuffle_values;
pub use marks::places::Places;
pub use marks::tokens::{MarkToken, Strength};
pub use marks::{
    Carrier, Check, EmbedError, KeptLine, Layout, MarkSpan, Master, Piece, Site, Written, layout,
};
#[doc(hidden)]
pub use read::plain;
pub use read::{Covered, Erasure, SiteReading, read, read_covered};
pub use traffic::CopyFault;
