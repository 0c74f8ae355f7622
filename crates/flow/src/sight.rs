//! A leak as it was handed in, and the cases that it may be of.

use carriers::Leak;
use carriers::find::{Candidate, Sketch};
use domain::sealed::Digest;

/// How many cases are aligned when nobody said which one it is.
pub const CASES_ALIGNED_MAX: usize = 8;

/// One file of a leak, as it was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeakFile {
    /// Its name, without folders.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a leak cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}`: {reason}")]
pub struct SightError {
    /// The file.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Parses every file of a leak into one.
///
/// # Errors
/// [`SightError`] names the first file that is over a limit.
pub fn leak(files: &[LeakFile]) -> Result<Leak, SightError> {
    let mut leaks = Vec::new();
    for file in files {
        let parsed = Leak::parse(&file.name, &file.bytes).map_err(|error| SightError {
            name: file.name.clone(),
            reason: error.to_string(),
        })?;
        leaks.push(parsed);
    }
    Ok(Leak::join(leaks))
}

/// The digest that names a leak: of the names and bytes of its files, in order.
pub fn digest(files: &[LeakFile]) -> Digest {
    let mut bytes = Vec::new();
    for file in files {
        bytes.extend_from_slice(Digest::of(file.name.as_bytes()).as_bytes());
        bytes.extend_from_slice(Digest::of(&file.bytes).as_bytes());
    }
    Digest::of(&bytes)
}

/// The cases that a leak may be of, best first; none when it is like no case.
pub fn candidates<'a>(
    sketches: impl IntoIterator<Item = &'a Sketch>,
    leak: &Leak,
) -> Vec<Candidate> {
    carriers::find::rank(sketches, leak, CASES_ALIGNED_MAX)
}
