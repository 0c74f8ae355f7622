//! A leak as it was handed in, and the cases that it may be of.

use carriers::find::{Candidate, Sketch};
use carriers::{LEAK_TOKENS_MAX, Leak};
use domain::sealed::Digest;

/// How many cases are aligned when nobody said which one it is.
pub const CASES_ALIGNED_MAX: usize = 8;

/// One text of a leak, and which original it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeakFile {
    /// Where it stands inside the leak; for a file that was handed in by itself, its name without folders.
    pub name: String,
    /// The bytes that are read.
    pub bytes: Vec<u8>,
    /// What it was read from; `None` when these bytes are what was handed in.
    pub origin: Option<Origin>,
}

/// What a text of a leak was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The original's name.
    pub file: String,
    /// SHA-256 of the original's bytes.
    pub sha256: Digest,
    /// What was done to get the text, as a sentence for people that two readings of one original share;
    /// empty when the text is the original.
    pub how: String,
}

impl LeakFile {
    /// A file that is read as it was handed in.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            bytes,
            origin: None,
        }
    }
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
    let words: usize = leaks.iter().map(Leak::words).sum();
    let joined = Leak::join(leaks);
    // What passes the limit is left out by `join`: that must not pass unnoticed.
    if joined.words() != words {
        return Err(SightError {
            name: files
                .last()
                .map(|file| file.name.clone())
                .unwrap_or_default(),
            reason: format!(
                "all files together have more than {LEAK_TOKENS_MAX} words and punctuation marks"
            ),
        });
    }
    Ok(joined)
}

/// The digest that names a leak: of the names, bytes and origins of its files, in order.
pub fn digest(files: &[LeakFile]) -> Digest {
    let mut bytes = Vec::new();
    for file in files {
        bytes.extend_from_slice(Digest::of(file.name.as_bytes()).as_bytes());
        bytes.extend_from_slice(Digest::of(&file.bytes).as_bytes());
        if let Some(origin) = &file.origin {
            bytes.extend_from_slice(b"origin");
            bytes.extend_from_slice(Digest::of(origin.file.as_bytes()).as_bytes());
            bytes.extend_from_slice(origin.sha256.as_bytes());
            bytes.extend_from_slice(Digest::of(origin.how.as_bytes()).as_bytes());
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_that_was_read_from_another_original_has_another_name() {
        let plain = LeakFile::new("a.txt", b"words".to_vec());
        let read_from = |bytes: &[u8]| LeakFile {
            origin: Some(Origin {
                file: "a.pdf".into(),
                sha256: Digest::of(bytes),
                how: "text layer of a PDF".into(),
            }),
            ..plain.clone()
        };
        let names = [
            digest(std::slice::from_ref(&plain)),
            digest(&[read_from(b"one")]),
            digest(&[read_from(b"two")]),
        ];
        assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2]);
    }
}
