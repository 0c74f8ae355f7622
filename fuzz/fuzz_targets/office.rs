//! Office documents: one member's XML, put into a document of each kind, and whole archives.
//!
//! Fields: kind, XML.
#![no_main]

use std::io::{Cursor, Write as _};

use headstart_fuzz::fields::fields;
use intake::readers::office;
use libfuzzer_sys::fuzz_target;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fuzz_target!(|input: &[u8]| {
    let _ = office(input, 1 << 20);
    let [kind, xml] = fields(input);
    let members: &[&str] = match kind.first().copied().unwrap_or(0) % 4 {
        0 => &["word/document.xml", "word/footnotes.xml"],
        1 => &["ppt/presentation.xml", "ppt/slides/slide1.xml"],
        2 => &["xl/workbook.xml", "xl/sharedStrings.xml"],
        _ => &["content.xml"],
    };
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for name in members {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .expect("a name is new");
        writer.write_all(xml).expect("memory does not fail");
    }
    let bytes = writer.finish().expect("memory does not fail").into_inner();
    if let Ok((_, text)) = office(&bytes, 1 << 20) {
        assert!(text.len() as u64 <= intake::DOCUMENT_TEXT_BYTES_MAX + (1 << 20));
        assert_eq!(office(&bytes, 1 << 20).expect("it was read").1, text);
    }
});
