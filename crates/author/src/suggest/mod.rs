//! Suggestions: places of a text that could carry a mark, each for the author to accept, change or refuse.
//!
//! [`suggest`] finds them, [`apply`] writes the author's decisions into the source as ordinary marks.
//! The source with its marks is the single truth: no list of decisions is kept beside it.
//! A refusal is written too, as `{~=word~}` or a `keep` directive, so that it is not asked again.

mod apply;
mod class;
mod code;
mod draft;
mod error;
mod prose;
mod written;

use carriers::{Format, layout};

pub use apply::{Decision, apply};
pub use class::{Class, Strength};
pub(crate) use draft::Draft;
pub use error::{ApplyError, SuggestError};
pub use prose::count_words;
pub use written::Edit;

/// Largest source for which anything is suggested, in bytes.
pub const SOURCE_BYTES_MAX: usize = carriers::error::MASTER_BYTES_MAX;
/// Most suggestions of one source: with them all, the master has no more sites than it may have.
pub const SUGGESTIONS_MAX: usize = carriers::error::SITES_MAX;

/// A place of a source that could carry a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Eight hexadecimal digits, unique within the source; the same again after other decisions were applied.
    pub id: String,
    /// What kind of difference it is.
    pub class: Class,
    /// First byte in the source.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The source between `start` and `end`.
    pub original: String,
    /// The wordings, the original first; empty where the values are numbers, nonces or orders.
    pub alternatives: Vec<String>,
    /// Number of values that the site would have, 2 to 2^32 for each site that is written.
    pub values: u64,
    /// One line for people: what it is and why it says the same.
    pub why: String,
    /// Whether the value does something when the artifact runs, and so shows on the wire.
    pub is_functional: bool,
    /// Whether it survives what happens to a leak.
    pub strength: Strength,
    /// How an acceptance is written.
    pub edit: Edit,
    /// How a refusal is written.
    pub refusal: Edit,
}

impl Suggestion {
    /// Bits that the site carries at most: the logarithm of its number of values.
    pub fn bits(&self) -> f64 {
        (self.values.max(1) as f64).log2()
    }
}

/// Finds the places of a source that could carry a mark, in order, none overlapping another mark of its kind.
///
/// The ending of `file_name` tells what the source is, as for [`carriers::Master::parse`].
/// A source that is no text has no suggestions.
/// Time grows with the length of the source, at most [`SOURCE_BYTES_MAX`]; at most [`SUGGESTIONS_MAX`] are found.
///
/// Of a program that does not parse, at most [`BROKEN_MAX`] are tried, and those are given that can be accepted.
///
/// # Errors
/// A source that is too large, or whose marks are wrong already.
pub fn suggest(file_name: &str, source: &[u8]) -> Result<Vec<Suggestion>, SuggestError> {
    if source.len() > SOURCE_BYTES_MAX {
        return Err(SuggestError::TooLarge {
            bytes: source.len(),
            max: SOURCE_BYTES_MAX,
        });
    }
    let layout = layout(file_name, source)?;
    let Ok(text) = std::str::from_utf8(source) else {
        return Ok(Vec::new());
    };
    let drafts = match Format::of(file_name) {
        Format::Prose => prose::suggest(file_name, text, &layout),
        Format::Code(_)
        | Format::Rule(_)
        | Format::Traffic(_)
        | Format::Data(_)
        | Format::Plain => code::suggest(file_name, text, &layout),
    };
    let mut found = draft::finish(file_name, text, &layout, drafts);
    if matches!(Format::of(file_name), Format::Code(_)) && !code::is_whole(file_name, text) {
        // Where a string or comment has no end, a directive may fall into it.
        found.truncate(BROKEN_MAX);
        found.retain(|suggestion| apply::can_be_written(file_name, text, suggestion));
    }
    Ok(found)
}

/// Suggestions that are tried in a program that does not parse.
pub const BROKEN_MAX: usize = 64;
