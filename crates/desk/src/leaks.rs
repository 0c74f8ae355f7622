//! A leak as it was found, as texts that can be traced and put into evidence.

use std::path::PathBuf;

use domain::sealed::Digest;
use flow::sight::{LeakFile, Origin};
use intake::{Found, Intake, IntakeError, Limits, Part, Tools};

use crate::Failure;

/// Largest file of a leak that is taken in, in bytes.
pub const LEAK_INPUT_BYTES_MAX: u64 = intake::INPUT_BYTES_MAX;

/// The hidden command of this program that reads a PDF in a process of its own, as [`crate::serve_pdf`] does.
pub const READ_PDF: &str = "read-pdf";

/// The programs that read documents: this one again for PDFs.
pub fn tools() -> Tools {
    let this = std::env::current_exe().map(|path| vec![path.into(), READ_PDF.into()]);
    Tools::new(this.unwrap_or_default())
}

/// What was read of a leak, and what was not.
#[derive(Debug, Clone, Default)]
pub struct ReadLeak {
    /// The texts, each with its origin.
    pub files: Vec<LeakFile>,
    /// Name and digest of every file that was handed in and could be opened.
    pub originals: Vec<(String, Digest)>,
    /// Name and reason of what was not read.
    pub skipped: Vec<(String, String)>,
    /// How much more was not read.
    pub skipped_more: u64,
}

/// Reads a leak: files, folders, archives, documents, pictures, mails, Git repositories.
///
/// # Errors
/// A named file that cannot be read, or nothing that can; exit class 4 when a program is missing.
pub fn read_leak(found: &[Found], tools: &Tools) -> Result<ReadLeak, Failure> {
    let taken = intake::take(found, tools, &Limits::default());
    taken.map(ReadLeak::from).map_err(|error| failure(&error))
}

/// Reads what is left of a leak's originals: what cannot be read any more is skipped.
pub fn read_originals(paths: &[PathBuf], tools: &Tools) -> ReadLeak {
    let found: Vec<Found> = paths.iter().cloned().map(Found::Path).collect();
    ReadLeak::from(intake::survey(&found, tools, &Limits::default()))
}

fn failure(error: &IntakeError) -> Failure {
    let failure = if error.is_of_the_machine() {
        Failure::machine("leak", error.to_string())
    } else {
        Failure::usage("leak", error.to_string())
    };
    failure.hint(error.hint())
}

impl From<Intake> for ReadLeak {
    fn from(intake: Intake) -> Self {
        Self {
            files: intake.parts.into_iter().map(file).collect(),
            originals: intake
                .originals
                .into_iter()
                .map(|original| (original.file, Digest::from_bytes(original.sha256)))
                .collect(),
            skipped: intake
                .skipped
                .into_iter()
                .map(|skipped| (skipped.name, skipped.why.to_string()))
                .collect(),
            skipped_more: intake.skipped_more,
        }
    }
}

/// A text that is its own original needs no origin: name and digest stand in the evidence already.
fn file(part: Part) -> LeakFile {
    let origin = part.source.how().map(|how| Origin {
        file: part.source.original.file,
        sha256: Digest::from_bytes(part.source.original.sha256),
        how,
    });
    LeakFile {
        name: part.name,
        bytes: part.bytes,
        origin,
    }
}
