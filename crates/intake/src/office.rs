//! Office documents: the text that their reader sees, tracked changes as if they were accepted.

use std::io::{Cursor, Read as _};

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use crate::Why;
use crate::limits::{DOCUMENT_TEXT_BYTES_MAX, XML_DEPTH_MAX};

/// The format of an office document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfficeKind {
    /// Word.
    Docx,
    /// PowerPoint.
    Pptx,
    /// Excel.
    Xlsx,
    /// OpenDocument text, slides or tables.
    OpenDocument,
}

impl OfficeKind {
    /// Tells which format the names of an archive's members make; `None` for any other archive.
    pub(crate) fn of<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<Self> {
        names.find_map(|name| match name {
            "word/document.xml" => Some(Self::Docx),
            "ppt/presentation.xml" => Some(Self::Pptx),
            "xl/workbook.xml" => Some(Self::Xlsx),
            "content.xml" => Some(Self::OpenDocument),
            _ => None,
        })
    }

    /// Its name for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docx => "DOCX",
            Self::Pptx => "PPTX",
            Self::Xlsx => "XLSX",
            Self::OpenDocument => "OpenDocument",
        }
    }

    /// Where a member's text stands in the document; `None` for members without text.
    fn place(self, name: &str) -> Option<u32> {
        let stem = name.strip_suffix(".xml");
        match self {
            Self::Docx => match stem?.strip_prefix("word/")? {
                "document" => Some(0),
                "footnotes" => Some(1),
                "endnotes" => Some(2),
                "comments" => Some(3),
                other if other.starts_with("header") => Some(4),
                other if other.starts_with("footer") => Some(5),
                _ => None,
            },
            Self::Pptx => {
                let number = |prefix| stem?.strip_prefix(prefix)?.parse::<u32>().ok();
                number("ppt/slides/slide")
                    .map(|n| n.saturating_mul(2))
                    .or_else(|| {
                        let notes = number("ppt/notesSlides/notesSlide")?;
                        Some(notes.saturating_mul(2).saturating_add(1))
                    })
            }
            Self::Xlsx => {
                if name == "xl/sharedStrings.xml" {
                    return Some(0);
                }
                stem?.strip_prefix("xl/worksheets/sheet")?.parse().ok()
            }
            Self::OpenDocument => (name == "content.xml").then_some(0),
        }
    }
}

/// Why an archive is no office document.
pub(crate) const NOT_ONE: &str = "it has no document inside";

/// Reads an office document.
///
/// `unpacked_bytes_max`: most bytes that its members may unpack to.
///
/// # Errors
/// [`Why`] it has no text that can be read.
pub fn office(bytes: &[u8], unpacked_bytes_max: u64) -> Result<(OfficeKind, String), Why> {
    let damaged = |error: zip::result::ZipError| Why::damaged("an office document", error);
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let names: Vec<String> = (0..archive.len())
        .filter_map(|at| Some(archive.name_for_index(at)?.ok()?.into_owned()))
        .collect();
    let kind = OfficeKind::of(names.iter().map(String::as_str))
        .ok_or_else(|| Why::damaged("an office document", NOT_ONE))?;
    let mut members: Vec<(u32, &String)> = names
        .iter()
        .filter_map(|name| Some((kind.place(name)?, name)))
        .collect();
    members.sort();
    members.dedup();
    let mut left = unpacked_bytes_max;
    let mut out = Text::default();
    for (_, name) in members {
        let mut xml = Vec::new();
        archive
            .by_name(name)
            .map_err(damaged)?
            .take(left.saturating_add(1))
            .read_to_end(&mut xml)
            .map_err(|error| Why::damaged("an office document", error))?;
        left = left.checked_sub(xml.len() as u64).ok_or_else(|| {
            Why::limit(
                "the unpacked size in bytes",
                "OFFICE_BYTES_MAX",
                unpacked_bytes_max,
            )
        })?;
        out.xml(kind, &decode(&xml))?;
        out.line();
    }
    if out.text.trim().is_empty() {
        return Err(Why::NoText {
            what: "an office document without words",
        });
    }
    Ok((kind, out.text))
}

/// XML is UTF-8, or UTF-16 with its mark.
fn decode(bytes: &[u8]) -> String {
    let wide = |from: fn([u8; 2]) -> u16| {
        let pairs = bytes.get(2..).unwrap_or_default().chunks_exact(2);
        char::decode_utf16(pairs.map(|pair| from([pair[0], pair[1]])))
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Elements whose content nobody sees: deleted text, field codes, and what is there twice for old programs.
const HIDDEN: [&str; 9] = [
    "del",
    "moveFrom",
    "delText",
    "instrText",
    "delInstrText",
    "Fallback",
    "tracked-changes",
    "rPr",
    "pPr",
];

#[derive(Default)]
struct Text {
    text: String,
    /// Open elements that are hidden, and those inside them.
    hidden: usize,
    /// Open elements that hold text.
    shown: usize,
}

impl Text {
    /// Appends the words of one member.
    fn xml(&mut self, kind: OfficeKind, xml: &str) -> Result<(), Why> {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().check_end_names = false;
        let mut depth = 0usize;
        (self.hidden, self.shown) = (0, 0);
        loop {
            let event = reader
                .read_event()
                .map_err(|error| Why::damaged("an office document", error))?;
            match event {
                Event::Eof => return Ok(()),
                // No office program writes one; entities that swell are declared there.
                Event::DocType(_) => {
                    return Err(Why::damaged(
                        "an office document",
                        "its XML declares a document type",
                    ));
                }
                Event::Start(element) => {
                    depth += 1;
                    if depth > XML_DEPTH_MAX {
                        return Err(Why::limit(
                            "the depth of its XML",
                            "XML_DEPTH_MAX",
                            XML_DEPTH_MAX as u64,
                        ));
                    }
                    self.open(kind, &element);
                }
                Event::Empty(element) => {
                    self.open(kind, &element);
                    self.close(kind, element.local_name().as_ref());
                }
                Event::End(element) => {
                    depth = depth.saturating_sub(1);
                    self.close(kind, element.local_name().as_ref());
                }
                Event::Text(text) => self.push(&text.xml10_content()),
                Event::CData(text) => self.push(&text.xml10_content()),
                Event::GeneralRef(entity) => {
                    let name = entity.xml10_content();
                    match entity.resolve_char_ref() {
                        Ok(Some(c)) => self.push(c.encode_utf8(&mut [0; 4])),
                        _ => self.push(resolve_xml_entity(&name).unwrap_or_default()),
                    }
                }
                _ => {}
            }
            if self.text.len() as u64 > DOCUMENT_TEXT_BYTES_MAX {
                return Err(Why::limit(
                    "the text in bytes",
                    "DOCUMENT_TEXT_BYTES_MAX",
                    DOCUMENT_TEXT_BYTES_MAX,
                ));
            }
        }
    }

    fn open(&mut self, kind: OfficeKind, element: &BytesStart<'_>) {
        let local = element.local_name();
        let name: &str = local.as_ref();
        if self.hidden > 0 || HIDDEN.contains(&name) {
            self.hidden += 1;
            return;
        }
        if holds_text(kind, name) {
            self.shown += 1;
        }
        match name {
            "tab" => self.text.push('\t'),
            "br" | "cr" | "line-break" => self.text.push('\n'),
            "noBreakHyphen" => self.text.push('-'),
            // OpenDocument writes runs of spaces as one element.
            "s" if kind == OfficeKind::OpenDocument => self.text.push(' '),
            _ => {}
        }
    }

    fn close(&mut self, kind: OfficeKind, name: &str) {
        if self.hidden > 0 {
            self.hidden -= 1;
            return;
        }
        if holds_text(kind, name) {
            self.shown = self.shown.saturating_sub(1);
        }
        match name {
            "p" | "h" | "tr" | "table-row" | "si" | "row" => self.line(),
            "tc" | "c" | "table-cell" => self.text.push('\t'),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if self.hidden == 0 && self.shown > 0 {
            self.text.push_str(text);
        }
    }

    fn line(&mut self) {
        if !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }
}

/// Whether characters inside the element are words of the document.
fn holds_text(kind: OfficeKind, name: &str) -> bool {
    match kind {
        OfficeKind::OpenDocument => matches!(name, "p" | "h"),
        _ => name == "t",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: OfficeKind, xml: &str) -> String {
        let mut out = Text::default();
        out.xml(kind, xml).unwrap();
        out.text
    }

    #[test]
    fn tracked_changes_read_as_if_they_were_accepted() {
        let xml = "<w:p><w:r><w:t>It </w:t></w:r><w:del><w:r><w:delText>was</w:delText></w:r></w:del>\
                   <w:ins><w:r><w:t>is &lt;safe&gt; &#x26; sound</w:t></w:r></w:ins></w:p>";
        assert_eq!(text(OfficeKind::Docx, xml), "It is <safe> & sound\n");
    }

    #[test]
    fn tables_links_tabs_and_breaks_keep_words_apart() {
        let xml = "<w:tbl><w:tr><w:tc><w:p><w:hyperlink><w:r><w:t>a</w:t></w:r></w:hyperlink></w:p></w:tc>\
                   <w:tc><w:p><w:r><w:t>b</w:t><w:tab/><w:t>c</w:t><w:br/><w:t>d</w:t></w:r></w:p></w:tc></w:tr></w:tbl>";
        let words = text(OfficeKind::Docx, xml);
        assert_eq!(
            words.split_whitespace().collect::<Vec<_>>(),
            ["a", "b", "c", "d"]
        );
    }

    #[test]
    fn an_open_document_reads_without_its_deleted_text() {
        let xml = "<o><text:tracked-changes><text:p>gone</text:p></text:tracked-changes>\
                   <text:h>Head</text:h><text:p>one<text:s/>two <text:span>three</text:span></text:p></o>";
        assert_eq!(text(OfficeKind::OpenDocument, xml), "Head\none two three\n");
    }

    #[test]
    fn entities_that_swell_are_refused() {
        let xml = "<!DOCTYPE w [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><w:p><w:t>&b;</w:t></w:p>";
        let why = Text::default().xml(OfficeKind::Docx, xml).unwrap_err();
        assert!(why.to_string().contains("document type"), "{why}");
    }

    #[test]
    fn xml_too_deep_is_refused_by_its_limit() {
        let xml = "<a>".repeat(10_000);
        let why = Text::default().xml(OfficeKind::Docx, &xml).unwrap_err();
        assert!(why.to_string().contains("XML_DEPTH_MAX"), "{why}");
    }
}
