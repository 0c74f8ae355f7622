//! PDF: the words of its text layer, in the order in which they are painted.
//!
//! The reader is a library for hostile files, but a page may still ask for work without end.
//! [`read`] therefore runs it in a process of its own, with limits of time and memory; [`serve_pdf`] is what runs there.

use std::io::{self, Read as _, Write as _};

use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, SoftMask, interpret_page,
};
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use kurbo::{Affine, BezPath, Point, Rect};

use crate::Why;
use crate::child::Run;
use crate::layout::join_hyphens;
use crate::limits::{
    DOCUMENT_TEXT_BYTES_MAX, INPUT_BYTES_MAX, Limits, PDF_GLYPHS_MAX, PDF_PAGES_MAX, Tools,
};

/// Why a PDF gives no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PdfError {
    /// No PDF, or one that is damaged.
    #[error("its structure cannot be read")]
    Damaged,
    /// It opens with a password only.
    #[error("it is encrypted")]
    Encrypted,
    /// More than [`PDF_PAGES_MAX`].
    #[error("it has more than {max} pages")]
    Pages {
        /// Most allowed.
        max: usize,
    },
    /// More than [`PDF_GLYPHS_MAX`].
    #[error("it has more than {max} characters")]
    Glyphs {
        /// Most allowed.
        max: usize,
    },
}

/// The words of the answer of [`serve_pdf`].
const ANSWERS: [&str; 5] = ["text", "damaged", "encrypted", "pages", "glyphs"];

/// Reads the text layer in a process of its own.
pub(crate) fn read(bytes: &[u8], tools: &Tools, limits: &Limits) -> Result<String, Why> {
    let missing = |program: &str| Why::Program {
        program: program.to_owned(),
        reason: "is not there: no reader of PDFs was set up".into(),
    };
    let (program, arguments) = tools
        .pdf_reader
        .split_first()
        .ok_or_else(|| missing("pdf reader"))?;
    let said = Run {
        program,
        missing: missing(&program.to_string_lossy()),
        arguments: [arguments, &[limits.pdf_pages_max.to_string().into()]].concat(),
        environment: Vec::new(),
        input: bytes,
        time_max: (limits.pdf_time_max, "PDF_SECONDS_MAX"),
        memory_bytes_max: (limits.pdf_memory_bytes_max, "PDF_MEMORY_BYTES_MAX"),
        output_bytes_max: (DOCUMENT_TEXT_BYTES_MAX, "DOCUMENT_TEXT_BYTES_MAX"),
    }
    .run()
    .map_err(|why| match why {
        // People know the program as the reader of PDFs.
        Why::Program { reason, .. } => Why::Program {
            program: "the reader of PDFs".into(),
            reason,
        },
        other => other,
    })?;
    let answer = String::from_utf8(said.output).map_err(|_| Why::damaged("a PDF", "no text"))?;
    let (word, text) = answer.split_once('\n').unwrap_or_default();
    match word {
        "text" if said.status.success() && text.trim().is_empty() => Err(Why::NoText {
            what: "a PDF without a text layer",
        }),
        "text" if said.status.success() => Ok(text.to_owned()),
        "encrypted" => Err(Why::Encrypted),
        "pages" => Err(Why::limit(
            "the number of pages",
            "PDF_PAGES_MAX",
            limits.pdf_pages_max as u64,
        )),
        "glyphs" => Err(Why::limit(
            "the number of characters",
            "PDF_GLYPHS_MAX",
            PDF_GLYPHS_MAX as u64,
        )),
        "damaged" => Err(Why::damaged("a PDF", PdfError::Damaged)),
        _ => Err(Why::damaged(
            "a PDF",
            format!("the reader failed: {}", said.complaint),
        )),
    }
}

/// Reads a PDF from standard input and answers on standard output: the process that [`Tools::pdf_reader`] starts.
///
/// `pages_max`: the last argument that it was given.
/// The answer's first line is one word; text follows after `text`.
pub fn serve_pdf(pages_max: Option<usize>) -> io::Result<()> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(INPUT_BYTES_MAX)
        .read_to_end(&mut bytes)?;
    let (word, text) = match pdf_text(bytes, pages_max.unwrap_or(PDF_PAGES_MAX)) {
        Ok(text) => (ANSWERS[0], text),
        Err(PdfError::Damaged) => (ANSWERS[1], String::new()),
        Err(PdfError::Encrypted) => (ANSWERS[2], String::new()),
        Err(PdfError::Pages { .. }) => (ANSWERS[3], String::new()),
        Err(PdfError::Glyphs { .. }) => (ANSWERS[4], String::new()),
    };
    let mut out = io::stdout().lock();
    out.write_all(word.as_bytes())?;
    out.write_all(b"\n")?;
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// The text layer, read in this process: without a limit of time or memory.
///
/// # Errors
/// [`PdfError`].
pub fn pdf_text(bytes: Vec<u8>, pages_max: usize) -> Result<String, PdfError> {
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(
            DecryptionError::PasswordProtected | DecryptionError::UnsupportedAlgorithm,
        ) => PdfError::Encrypted,
        _ => PdfError::Damaged,
    })?;
    let pages = pdf.pages();
    if pages.len() > pages_max {
        return Err(PdfError::Pages { max: pages_max });
    }
    let cache = InterpreterCache::new();
    let mut writer = Writer::default();
    for page in pages.iter() {
        let settings = InterpreterSettings::default();
        let area = Rect::new(0.0, 0.0, 1.0, 1.0);
        let mut context = Context::new(Affine::IDENTITY, area, &cache, pdf.xref(), settings);
        interpret_page(page, &mut context, &mut writer);
        writer.end_page();
        if writer.glyphs > PDF_GLYPHS_MAX {
            return Err(PdfError::Glyphs {
                max: PDF_GLYPHS_MAX,
            });
        }
    }
    Ok(join_hyphens(&writer.text))
}

/// A gap of this share of the font's size is a space: half a space of most fonts.
const SPACE_SHARE: f64 = 0.15;
/// A step back of this share begins something new.
const BACK_SHARE: f64 = 0.5;
/// A step up or down of this share is a new line; less is a raised or lowered character.
const LINE_SHARE: f64 = 0.45;

/// Collects glyphs as text.
#[derive(Default)]
struct Writer {
    text: String,
    glyphs: usize,
    /// Where the last glyph ended: x, y.
    end: Option<Point>,
}

impl Writer {
    fn end_page(&mut self) {
        self.end = None;
        self.text.push_str("\n\n");
    }

    /// `start` and `end` are the glyph's, `em` is the direction and size of the font.
    fn glyph(&mut self, start: Point, end: Point, em: (f64, f64), shown: &str) {
        let size = em.0.hypot(em.1);
        if let Some(last) = self.end
            && size > 0.0
        {
            let (dx, dy) = (start.x - last.x, start.y - last.y);
            // Along the line of writing, and across it.
            let along = (dx * em.0 + dy * em.1) / (size * size);
            let across = (dx * em.1 - dy * em.0) / (size * size);
            let ends_with_space = self.text.ends_with(char::is_whitespace);
            if across.abs() > LINE_SHARE {
                self.text.push('\n');
            } else if !(-BACK_SHARE..=SPACE_SHARE).contains(&along) && !ends_with_space {
                self.text.push(' ');
            }
        }
        self.text.push_str(shown);
        self.end = Some(end);
    }
}

impl<'a> Device<'a> for Writer {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            self.glyphs = self.glyphs.saturating_add(1);
            if self.glyphs > PDF_GLYPHS_MAX {
                return;
            }
            let place = props.transform * glyph.transform();
            let width = match &**glyph {
                Glyph::Outline(outline) => outline.advance_width(),
                Glyph::Type3(drawn) => drawn.advance_width(),
            };
            let start = place * Point::ZERO;
            let end = place * Point::new(f64::from(width.unwrap_or(0.0)), 0.0);
            let em = place * Point::new(1000.0, 0.0);
            let shown = match glyph.as_unicode() {
                Some(hayro_cmap::BfString::Char(one)) => one.to_string(),
                Some(hayro_cmap::BfString::String(more)) => more,
                None => char::REPLACEMENT_CHARACTER.to_string(),
            };
            self.glyph(start, end, (em.x - start.x, em.y - start.y), &shown);
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
