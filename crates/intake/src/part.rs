//! What comes out: texts with their origin, and what was left out.

use std::fmt;

use crate::Why;

/// What was found, as text that can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intake {
    /// What was read, in the order in which it was found: paths as they were given, folders by name, archives in
    /// their own order.
    pub parts: Vec<Part>,
    /// Every file that was found and could be opened, also those without text that can be read.
    pub originals: Vec<Original>,
    /// What was not read.
    pub skipped: Vec<Skipped>,
    /// How much more was not read, beyond [`crate::SKIPPED_MAX`].
    pub skipped_more: u64,
}

/// One text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it stands inside the leak, such as `mail.zip/notes/write-up.docx.txt`; text that was made from a document
    /// has `.txt` behind the document's name.
    pub name: String,
    /// The bytes that `carriers::Leak::parse` reads.
    pub bytes: Vec<u8>,
    /// Where it came from.
    pub source: Source,
}

/// Which original a text came from, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The original.
    pub original: Original,
    /// What was done to it, in order; nothing for text that was read as it is.
    pub steps: Vec<Step>,
}

/// A file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// Its name; for a file of a folder that was handed in, the path from that folder on.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// One thing that was done to get at a text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// A member was taken out of an archive.
    Member {
        /// The archive's format.
        archive: &'static str,
        /// The member's name.
        path: String,
    },
    /// Unpacked with gzip.
    Gunzip,
    /// The text of an office document; deleted text of tracked changes is left out.
    Office {
        /// Its format.
        format: &'static str,
    },
    /// The text layer of a PDF.
    Pdf,
    /// Text that was recognised in a picture.
    Ocr {
        /// The program and its version.
        program: String,
    },
    /// The texts of a mail, or an attachment.
    Mail {
        /// What of it.
        what: String,
    },
    /// A file of a Git repository's history.
    Blob {
        /// The object's id.
        id: String,
        /// Where it stood.
        path: String,
    },
    /// Messages of a Git repository's commits.
    Commits {
        /// How many.
        count: usize,
    },
    /// The printable strings of a binary file.
    Strings,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member { archive, path } => write!(f, "member `{path}` of a {archive} archive"),
            Self::Gunzip => write!(f, "unpacked with gzip"),
            Self::Office { format } => {
                let article = if format.starts_with('O') { "an" } else { "a" };
                write!(f, "text of {article} {format} document, reader 1")
            }
            Self::Pdf => write!(f, "text layer of a PDF, reader 1"),
            Self::Ocr { program } => write!(f, "text recognised by {program}"),
            Self::Mail { what } => write!(f, "{what} of a mail"),
            Self::Blob { id, path } => write!(f, "Git object {id}, once at `{path}`"),
            Self::Commits { count: 1 } => write!(f, "message of 1 Git commit"),
            Self::Commits { count } => write!(f, "messages of {count} Git commits"),
            Self::Strings => write!(f, "printable strings of a binary file"),
        }
    }
}

impl Source {
    /// What was done, as one sentence; `None` for text that was read as it is.
    pub fn how(&self) -> Option<String> {
        let steps: Vec<String> = self.steps.iter().map(ToString::to_string).collect();
        (!steps.is_empty()).then(|| steps.join("; "))
    }
}

/// Something that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it stands inside the leak.
    pub name: String,
    /// Why it was not read.
    pub why: Why,
}
