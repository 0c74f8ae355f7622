//! Documents: Word, PDF, mail, and those that are meant to harm.

use std::time::Duration;

use intake::{Found, Limits, Tools, take};

use crate::made::{docx, one, page, page_of, pdf, refused, small, stream, texts, tools, zip, zlib};

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

#[test]
fn a_word_document_gives_its_text_with_changes_accepted_and_its_notes() {
    let document = docx(
        "<w:p><w:r><w:t xml:space=\"preserve\">The worker </w:t></w:r><w:del w:id=\"1\"><w:r><w:delText>reads</w:delText></w:r></w:del>\
         <w:ins w:id=\"2\"><w:r><w:t>parses</w:t></w:r></w:ins><w:r><w:t> it.</w:t></w:r></w:p>",
    );
    let intake = one("note.docx", document).unwrap();
    let (name, text, how) = texts(&intake).swap_remove(0);
    assert_eq!(name, "note.docx.txt");
    assert_eq!(
        words(&text),
        ["The", "worker", "parses", "it.", "A", "note."]
    );
    assert_eq!(how, "text of a DOCX document, reader 1");
    assert_eq!(intake.parts[0].source.original.file, "note.docx");
}

#[test]
fn slides_tables_and_open_documents_are_read() {
    let slides = zip(&[
        ("ppt/presentation.xml", b"<p/>"),
        (
            "ppt/slides/slide10.xml",
            b"<p:sld><a:p><a:r><a:t>ten</a:t></a:r></a:p></p:sld>",
        ),
        (
            "ppt/slides/slide2.xml",
            b"<p:sld><a:p><a:r><a:t>two</a:t></a:r></a:p></p:sld>",
        ),
    ]);
    assert_eq!(
        words(&texts(&one("a.pptx", slides).unwrap())[0].1),
        ["two", "ten"]
    );
    let sheet = zip(&[
        ("xl/workbook.xml", b"<w/>"),
        (
            "xl/sharedStrings.xml",
            b"<sst><si><t>ticket</t></si><si><t>worker</t></si></sst>",
        ),
    ]);
    assert_eq!(
        words(&texts(&one("a.xlsx", sheet).unwrap())[0].1),
        ["ticket", "worker"]
    );
    let open = zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        (
            "content.xml",
            b"<o><text:p>plain <text:span>words</text:span></text:p></o>",
        ),
    ]);
    assert_eq!(
        words(&texts(&one("a.odt", open).unwrap())[0].1),
        ["plain", "words"]
    );
}

#[test]
fn a_word_document_with_a_billion_laughs_is_refused() {
    let mut xml = "<!DOCTYPE w [<!ENTITY l0 \"lol\">".to_owned();
    for n in 1..10 {
        xml += &format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10));
    }
    xml += "]><w:document><w:body><w:p><w:t>&l9;</w:t></w:p></w:body></w:document>";
    refused(
        one("a.docx", zip(&[("word/document.xml", xml.as_bytes())])),
        "document type",
    );
}

#[test]
fn a_word_document_that_unpacks_to_too_much_is_refused() {
    let limits = Limits {
        office_bytes_max: 1 << 20,
        ..small()
    };
    let found = Found::Bytes {
        name: "a.docx".into(),
        bytes: docx(&"<w:p/>".repeat(400_000)),
    };
    refused(take(&[found], &tools(), &limits), "OFFICE_BYTES_MAX");
    refused(one("b.docx", docx(&"<w:p>".repeat(400))), "XML_DEPTH_MAX");
}

#[test]
fn a_page_gives_its_lines() {
    let intake = one(
        "a.pdf",
        page_of(&["The render worker reads it twice.", "No login is needed."]),
    )
    .unwrap();
    let (name, text, how) = texts(&intake).swap_remove(0);
    assert_eq!(name, "a.pdf.txt");
    assert_eq!(
        text.trim(),
        "The render worker reads it twice.\nNo login is needed."
    );
    assert_eq!(how, "text layer of a PDF, reader 1");
}

#[test]
fn words_that_are_set_apart_by_movement_alone_are_apart() {
    let content = "BT /F 12 Tf 72 700 Td [(The) -300 (tic) 20 (ket) -300 (is)] TJ 0 -14 Td (parsed identi-) Tj 0 -14 Td (fier and) Tj 0 -14 Td (identifier) Tj ET";
    let intake = one("a.pdf", page(stream("", content.as_bytes()), "", &[])).unwrap();
    assert_eq!(
        words(&texts(&intake)[0].1),
        [
            "The",
            "ticket",
            "is",
            "parsed",
            "identifier",
            "and",
            "identifier"
        ]
    );
}

#[test]
fn a_pdf_of_pictures_alone_is_refused_with_what_to_do() {
    let error = one("scan.pdf", page(stream("", b"0 0 10 10 re f"), "", &[])).unwrap_err();
    assert!(
        error.to_string().contains("without a text layer"),
        "{error}"
    );
    assert!(error.hint().contains("pdftoppm"));
}

#[test]
fn a_loop_in_the_tree_of_pages_ends() {
    let round = pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [2 0 R 3 0 R 2 0 R] /Count 3 /Parent 3 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 9999999 /Parent 2 0 R >>".to_vec(),
    ]);
    refused(one("a.pdf", round), "PDF");
}

#[test]
fn a_loop_of_forms_that_paint_each_other_ends() {
    let form = |other: u32| {
        stream(
            &format!(
                "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X {other} 0 R /Y {other} 0 R >> /Font << /F 5 0 R >> >>"
            ),
            b"/X Do /Y Do BT /F 9 Tf (x) Tj ET /X Do /Y Do",
        )
    };
    let bytes = page(
        stream("", b"/X Do BT /F 9 Tf (words) Tj ET"),
        "/XObject << /X 6 0 R >>",
        &[form(7), form(6)],
    );
    let limits = Limits {
        pdf_time_max: Duration::from_secs(2),
        ..small()
    };
    let found = Found::Bytes {
        name: "a.pdf".into(),
        bytes,
    };
    // Read as far as the forms go, or stopped: in both cases it ends by a limit with a name.
    if let Err(error) = take(&[found], &tools(), &limits) {
        let text = error.to_string();
        assert!(
            text.contains("PDF_SECONDS_MAX") || text.contains("PDF_GLYPHS_MAX"),
            "{text}"
        );
    }
}

#[test]
fn a_stream_that_claims_gigabytes_is_read_to_where_it_ends() {
    let lie =
        b"<< /Length 9999999999 >>\nstream\nBT /F 12 Tf 72 700 Td (honest words) Tj ET\nendstream"
            .to_vec();
    match one("a.pdf", page(lie, "", &[])) {
        Ok(intake) => assert_eq!(texts(&intake)[0].1.trim(), "honest words"),
        Err(error) => assert!(error.to_string().contains("PDF"), "{error}"),
    }
}

#[test]
fn a_deflate_bomb_in_a_pdf_ends_at_the_memory_or_the_time_of_its_process() {
    // 1 MiB of zeros, deflated four times over: each layer unpacks a thousandfold.
    let mut bytes = vec![b' '; 64 << 20];
    for _ in 0..2 {
        bytes = zlib(&bytes);
    }
    let filters = "/Filter [/FlateDecode /FlateDecode]";
    let bombs: Vec<Vec<u8>> = (0..40).map(|_| stream(filters, &bytes)).collect();
    let contents: String = (6..46).map(|n| format!("{n} 0 R ")).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents [{contents}] >>")
            .into_bytes(),
        b"null".to_vec(),
        b"null".to_vec(),
    ];
    objects.extend(bombs);
    let limits = Limits {
        pdf_memory_bytes_max: 256 << 20,
        pdf_time_max: Duration::from_secs(30),
        ..small()
    };
    let found = Found::Bytes {
        name: "a.pdf".into(),
        bytes: pdf(&objects),
    };
    let error = take(&[found], &tools(), &limits).unwrap_err().to_string();
    assert!(
        error.contains("PDF_MEMORY_BYTES_MAX") || error.contains("PDF_SECONDS_MAX"),
        "{error}"
    );
}

#[test]
fn a_pdf_of_too_many_pages_is_refused_by_its_limit() {
    let kids: String = (3..53).map(|n| format!("{n} 0 R ")).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Kids [{kids}] /Count 50 >>").into_bytes(),
    ];
    let page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>".to_vec();
    objects.extend(std::iter::repeat_n(page, 50));
    let bytes = pdf(&objects);
    let limits = Limits {
        pdf_pages_max: 10,
        ..small()
    };
    let found = Found::Bytes {
        name: "a.pdf".into(),
        bytes,
    };
    refused(take(&[found], &tools(), &limits), "PDF_PAGES_MAX");
}

#[test]
fn a_reader_that_never_answers_is_stopped_at_its_time() {
    let sleeper = Tools::new(vec!["sleep".into(), "1000".into()]);
    let limits = Limits {
        pdf_time_max: Duration::from_secs(1),
        ..small()
    };
    let found = |name: &str| Found::Bytes {
        name: name.into(),
        bytes: page_of(&["words"]),
    };
    // `sleep` refuses the number of pages that follows its own argument only if it is no time.
    refused(
        take(&[found("a.pdf")], &sleeper, &limits),
        "PDF_SECONDS_MAX",
    );
    let none = Tools::new(Vec::new());
    refused(take(&[found("a.pdf")], &none, &limits), "no reader of PDFs");
}

#[test]
fn a_mail_gives_its_words_and_what_is_attached() {
    let document = base64(&docx("<w:p><w:r><w:t>attached words</w:t></w:r></w:p>"));
    let mail = format!(
        "From: a@example.org\r\nTo: b@example.org\r\nSubject: the ticket\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nsee below\r\n--x\r\n\
         Content-Type: application/octet-stream; name=\"../n.docx\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{document}\r\n--x--\r\n"
    );
    let intake = one("found", mail).unwrap();
    let all = texts(&intake);
    assert_eq!(words(&all[0].1), ["the", "ticket", "see", "below"]);
    assert_eq!(all[1].0, "found/attachment.txt");
    assert_eq!(words(&all[1].1)[..2], ["attached", "words"]);
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let packed =
            chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let value = packed >> (18 - 6 * digit) & 63;
            out.push(if digit > chunk.len() {
                '='
            } else {
                char::from(DIGITS[value as usize])
            });
        }
    }
    out
}

#[test]
fn a_capture_and_a_text_pass_untouched() {
    let capture = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0".to_vec();
    let found = [
        Found::Bytes {
            name: "a.pcap".into(),
            bytes: capture.clone(),
        },
        Found::Bytes {
            name: "a.md".into(),
            bytes: b"# words".to_vec(),
        },
    ];
    let intake = take(&found, &tools(), &small()).unwrap();
    assert_eq!(intake.parts[0].bytes, capture);
    assert_eq!(intake.parts[0].name, "a.pcap");
    assert_eq!(intake.parts[0].source.how(), None);
    assert_eq!(intake.parts[1].bytes, b"# words");
}

#[test]
fn a_program_that_was_built_gives_its_strings() {
    let intake = one(
        "a.out",
        b"\x7fELF\x02\x01\x01\0\0\0ticket=c41d9e7a\0\0".to_vec(),
    )
    .unwrap();
    assert_eq!(texts(&intake)[0].1, "ticket=c41d9e7a\n");
    refused(one("b", vec![0, 1, 2, 3]), "no text");
}

#[test]
fn nothing_and_too_much_are_said() {
    refused(take(&[], &tools(), &small()), "no file");
    let limits = Limits {
        input_bytes_max: 10,
        ..small()
    };
    let found = Found::Bytes {
        name: "a.txt".into(),
        bytes: vec![b'a'; 11],
    };
    refused(take(&[found], &tools(), &limits), "INPUT_BYTES_MAX");
    let limits = Limits {
        text_bytes_max: 10,
        ..small()
    };
    let found = Found::Bytes {
        name: "a.txt".into(),
        bytes: vec![b'a'; 11],
    };
    refused(take(&[found], &tools(), &limits), "TEXT_BYTES_MAX");
}
