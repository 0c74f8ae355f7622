//! Files that the tests make: archives, documents, pages.

use std::io::{Cursor, Write as _};
use std::time::Duration;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use intake::{Found, Intake, IntakeError, Limits, Tools, take};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// This crate's own program as the reader of PDFs.
pub fn tools() -> Tools {
    Tools::new(vec![env!("CARGO_BIN_EXE_read-pdf").into()])
}

/// Limits that are small enough to be reached in a test.
pub fn small() -> Limits {
    Limits {
        unpacked_bytes_max: 16 << 20,
        pdf_time_max: Duration::from_secs(20),
        ..Limits::default()
    }
}

pub fn one(name: &str, bytes: impl Into<Vec<u8>>) -> Result<Intake, IntakeError> {
    let found = Found::Bytes {
        name: name.to_owned(),
        bytes: bytes.into(),
    };
    take(&[found], &tools(), &small())
}

/// Name, text and how it was got, of each part.
pub fn texts(intake: &Intake) -> Vec<(String, String, String)> {
    let parts = intake.parts.iter();
    parts
        .map(|part| {
            let text = String::from_utf8(part.bytes.clone()).unwrap();
            (
                part.name.clone(),
                text,
                part.source.how().unwrap_or_default(),
            )
        })
        .collect()
}

/// Name and reason of everything that was skipped.
pub fn skipped(intake: &Intake) -> Vec<(String, String)> {
    let skipped = intake.skipped.iter();
    skipped
        .map(|skipped| (skipped.name.clone(), skipped.why.to_string()))
        .collect()
}

#[track_caller]
pub fn refused(result: Result<Intake, IntakeError>, with: &str) {
    let error = result.unwrap_err();
    assert!(
        error.to_string().contains(with),
        "`{with}` is not in: {error}"
    );
    assert!(!error.hint().is_empty());
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in members {
        writer.start_file(*name, packed).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // `append_data` would refuse the names that are tested.
        let raw = header.as_mut_bytes();
        raw[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A Word document with this body.
pub fn docx(body: &str) -> Vec<u8> {
    let xml = format!(
        "<?xml version=\"1.0\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">\
         <w:body>{body}</w:body></w:document>"
    );
    let notes = "<w:footnotes xmlns:w=\"w\"><w:footnote><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>";
    zip(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", xml.as_bytes()),
        ("word/footnotes.xml", notes.as_bytes()),
    ])
}

/// A PDF of these objects, numbered from 1; the first is the catalogue.
pub fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n", at + 1).bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let table = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        out.extend(format!("{place:010} 00000 n \n").bytes());
    }
    out.extend(
        format!(
            "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
            objects.len() + 1
        )
        .bytes(),
    );
    out
}

pub fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = format!("<< {dictionary} /Length {} >>\nstream\n", bytes.len()).into_bytes();
    out.extend(bytes);
    out.extend(b"\nendstream");
    out
}

/// A page whose content is `content`, with the font `/F` and what `resources` adds.
pub fn page(content: Vec<u8>, resources: &str, more: &[Vec<u8>]) -> Vec<u8> {
    let page = format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> {resources} >> >>"
    );
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        page.into_bytes(),
        content,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
    ];
    objects.extend(more.iter().cloned());
    pdf(&objects)
}

/// A page that shows these lines.
pub fn page_of(lines: &[&str]) -> Vec<u8> {
    let mut content = "BT /F 20 Tf 60 720 Td 26 TL".to_owned();
    for line in lines {
        content += &format!(" ({line}) Tj T*");
    }
    content += " ET";
    page(stream("", content.as_bytes()), "", &[])
}
