//! How much is read, and how long: every limit by its name.

use std::ffi::OsString;
use std::time::Duration;

/// Largest file that is taken in, in bytes.
pub const INPUT_BYTES_MAX: u64 = 256 << 20;
/// Most files, members of archives and messages in all.
pub const MEMBERS_MAX: u64 = 20_000;
/// Most bytes that all archives together may unpack to.
pub const UNPACKED_BYTES_MAX: u64 = 512 << 20;
/// An archive may unpack to this many times its own size; see [`RATIO_FREE_BYTES`].
pub const RATIO_MAX: u64 = 200;
/// Bytes that an archive may unpack to whatever its own size is.
pub const RATIO_FREE_BYTES: u64 = 4 << 20;
/// Archives inside archives: how deep.
pub const DEPTH_MAX: u32 = 4;
/// Folders inside folders: how deep.
pub const FOLDER_DEPTH_MAX: u32 = 64;
/// Longest name inside a leak, in bytes.
pub const NAME_BYTES_MAX: usize = 1024;
/// Most bytes of text that are handed on in all.
pub const TEXT_BYTES_MAX: u64 = 64 << 20;
/// Reasons that are listed one by one; what is skipped after that is counted.
pub const SKIPPED_MAX: usize = 1000;

/// Most pages of a PDF.
pub const PDF_PAGES_MAX: usize = 2_000;
/// Most characters of a PDF's text layer.
pub const PDF_GLYPHS_MAX: usize = 8_000_000;
/// Longest text that one document may give, in bytes.
pub const DOCUMENT_TEXT_BYTES_MAX: u64 = 16 << 20;
/// Time that the reading of one PDF may take, in seconds.
pub const PDF_SECONDS_MAX: u64 = 60;
/// Memory that the reading of one PDF may take, in bytes.
pub const PDF_MEMORY_BYTES_MAX: u64 = 1 << 30;

/// Most bytes that the parts of an office document may unpack to.
pub const OFFICE_BYTES_MAX: u64 = 64 << 20;
/// Elements inside elements of XML: how deep.
pub const XML_DEPTH_MAX: usize = 256;

/// Most pixels of a picture, over all its frames.
pub const PICTURE_PIXELS_MAX: u64 = 64_000_000;
/// Longest side of a picture, in pixels: what `tesseract` takes.
pub const PICTURE_SIDE_MAX: u64 = 32_767;
/// Most pixels of a picture that is enlarged before it is recognised: a page at 150 dpi, or a screen. At 200 dpi it is
/// recognised better as it is.
pub const ENLARGED_PIXELS_MAX: u64 = 2_500_000;
/// Memory that the decoder of a picture that is enlarged may take, in bytes.
pub const ENLARGED_MEMORY_BYTES_MAX: usize = 64 << 20;
/// Most passes over a JPEG that is enlarged.
pub const JPEG_SCANS_MAX: usize = 100;
/// Most pictures that are handed to `tesseract` from one leak.
pub const PICTURES_MAX: u64 = 200;
/// Time that `tesseract` may take for one picture, in seconds.
pub const OCR_SECONDS_MAX: u64 = 120;
/// Memory that `tesseract` may take, in bytes.
pub const OCR_MEMORY_BYTES_MAX: u64 = 2 << 30;

/// Most branches and tags of a repository that are followed.
pub const GIT_REFS_MAX: usize = 500;
/// Most commits of a repository whose files are read, the newest first.
pub const GIT_COMMITS_MAX: usize = 200;
/// Most different files that are read from a repository's history.
pub const GIT_BLOBS_MAX: usize = 5_000;
/// Largest file that is read from a repository's history, in bytes.
pub const GIT_BLOB_BYTES_MAX: u64 = 4 << 20;
/// Most bytes of a repository's history.
pub const GIT_BYTES_MAX: u64 = 128 << 20;
/// Time that each `git` command may take, in seconds.
pub const GIT_SECONDS_MAX: u64 = 60;
/// Memory that a `git` command may take, in bytes.
pub const GIT_MEMORY_BYTES_MAX: u64 = 2 << 30;

/// Most attachments and texts of one mail.
pub const MAIL_PARTS_MAX: usize = 200;

/// The limits of one taking-in; the defaults are the constants of the same names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// [`INPUT_BYTES_MAX`].
    pub input_bytes_max: u64,
    /// [`MEMBERS_MAX`].
    pub members_max: u64,
    /// [`UNPACKED_BYTES_MAX`].
    pub unpacked_bytes_max: u64,
    /// [`RATIO_MAX`].
    pub ratio_max: u64,
    /// [`RATIO_FREE_BYTES`].
    pub ratio_free_bytes: u64,
    /// [`DEPTH_MAX`].
    pub depth_max: u32,
    /// [`TEXT_BYTES_MAX`].
    pub text_bytes_max: u64,
    /// [`PDF_PAGES_MAX`].
    pub pdf_pages_max: usize,
    /// [`PDF_SECONDS_MAX`].
    pub pdf_time_max: Duration,
    /// [`PDF_MEMORY_BYTES_MAX`].
    pub pdf_memory_bytes_max: u64,
    /// [`OFFICE_BYTES_MAX`].
    pub office_bytes_max: u64,
    /// [`PICTURE_PIXELS_MAX`].
    pub picture_pixels_max: u64,
    /// [`PICTURES_MAX`].
    pub pictures_max: u64,
    /// [`OCR_SECONDS_MAX`].
    pub ocr_time_max: Duration,
    /// [`GIT_COMMITS_MAX`].
    pub git_commits_max: usize,
    /// [`GIT_BLOBS_MAX`].
    pub git_blobs_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            input_bytes_max: INPUT_BYTES_MAX,
            members_max: MEMBERS_MAX,
            unpacked_bytes_max: UNPACKED_BYTES_MAX,
            ratio_max: RATIO_MAX,
            ratio_free_bytes: RATIO_FREE_BYTES,
            depth_max: DEPTH_MAX,
            text_bytes_max: TEXT_BYTES_MAX,
            pdf_pages_max: PDF_PAGES_MAX,
            pdf_time_max: Duration::from_secs(PDF_SECONDS_MAX),
            pdf_memory_bytes_max: PDF_MEMORY_BYTES_MAX,
            office_bytes_max: OFFICE_BYTES_MAX,
            picture_pixels_max: PICTURE_PIXELS_MAX,
            pictures_max: PICTURES_MAX,
            ocr_time_max: Duration::from_secs(OCR_SECONDS_MAX),
            git_commits_max: GIT_COMMITS_MAX,
            git_blobs_max: GIT_BLOBS_MAX,
        }
    }
}

/// The programs that read what this crate does not read itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    /// The command that calls [`crate::serve_pdf`]: its program, then its arguments.
    pub pdf_reader: Vec<OsString>,
    /// Debian's `tesseract`.
    pub tesseract: OsString,
    /// The languages of pictures, as `tesseract` calls them.
    pub language: String,
    /// The `git` command.
    pub git: OsString,
}

impl Tools {
    /// The programs of the search path, and `pdf_reader` for PDFs.
    pub fn new(pdf_reader: Vec<OsString>) -> Self {
        Self {
            pdf_reader,
            tesseract: "tesseract".into(),
            language: "eng".into(),
            git: "git".into(),
        }
    }
}
