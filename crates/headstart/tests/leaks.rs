//! Leaks as they are found, from the command line to evidence that is checked against the originals.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;
use support::{CASE, Office, VALIDATE};

fn office() -> Office {
    Office::small(&[("p-01", 2), ("p-02", 1), ("p-03", 2), ("p-04", 1)])
}

/// A Word document that says what the text says, one paragraph a line.
fn docx(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let paragraphs: String = escaped
        .lines()
        .map(|line| format!("<w:p><w:r><w:t xml:space=\"preserve\">{line}</w:t></w:r></w:p>"))
        .collect();
    let xml = format!("<w:document xmlns:w=\"w\"><w:body>{paragraphs}</w:body></w:document>");
    zip(&[("word/document.xml", xml.as_bytes())])
}

/// A zip archive whose members are stored as they are.
fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        let sum = bytes.iter().fold(!0u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                sum >> 1 ^ (sum & 1).wrapping_neg() & 0xedb8_8320
            })
        });
        let mut about = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        about.extend((!sum).to_le_bytes());
        about.extend((bytes.len() as u32).to_le_bytes().repeat(2));
        about.extend((name.len() as u16).to_le_bytes());
        about.extend([0, 0]);
        let place = out.len() as u32;
        out.extend(b"PK\x03\x04");
        out.extend(&about);
        out.extend(name.as_bytes());
        out.extend(*bytes);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&about);
        directory.extend([0; 10]);
        directory.extend(place.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, len) = (out.len() as u32, directory.len() as u32);
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend((members.len() as u16).to_le_bytes().repeat(2));
    out.extend(len.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

#[test]
fn evidence_of_an_archived_document_names_its_original_and_is_checked_against_it() {
    let office = office();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let files = office.fetch_and_open(CASE, "p-01.s2");
    let archive = zip(&[
        ("notes/write-up.docx", &docx(&files["write-up.md"])),
        ("logo.7z", b"7z\xbc\xaf\x27\x1c"),
    ]);
    office.write("found.zip", &archive);
    let trace = office.done("trace found.zip");
    assert_eq!(trace["accused"][0]["seat"], "p-01.s2");
    assert_eq!(
        trace["files"][0]["name"],
        "found.zip/notes/write-up.docx.txt"
    );
    assert_eq!(trace["skipped"]["listed"][0]["name"], "found.zip/logo.7z");
    let name = trace["trace"].as_str().unwrap();
    office.done(&format!("evidence {name} --out e.json"));

    let verified = office.done("verify e.json");
    let origin = &verified["leak"][0]["origin"];
    assert_eq!(origin["file"], "found.zip");
    assert_eq!(
        origin["sha256"],
        domain::sealed::Digest::of(&archive).to_string()
    );
    assert_eq!(
        origin["how"],
        "member `notes/write-up.docx` of a zip archive; text of a DOCX document, reader 1"
    );
    let verified = office.done("verify e.json --leak found.zip");
    assert_eq!(
        verified["leak"][0]["original"],
        "the original gives the same text again"
    );

    office.write(
        "other.zip",
        zip(&[("notes/write-up.docx", &docx(b"other words"))]),
    );
    let refused = office
        .say("verify e.json --leak other.zip --json")
        .exits(1)
        .json();
    assert_eq!(refused["verified"], false);
    assert_eq!(refused["step"], "found");
    let reason = refused["reason"].as_str().unwrap();
    assert!(
        reason.contains("no original with this digest was handed in"),
        "{reason}"
    );
    // In the folder where it was found it is found again.
    fs::create_dir(office.path("folder")).unwrap();
    office.write("folder/found.zip", &archive);
    office.done("verify e.json --leak folder");

    // The program's statement about the original is signed with the rest.
    let text = String::from_utf8(office.read("e.json")).unwrap();
    office.write(
        "altered.json",
        text.replace("\"found.zip\"", "\"other.zip\""),
    );
    let altered = office.say("verify altered.json --json").exits(1).json();
    assert_eq!(altered["step"], "signature");
}

#[test]
fn a_leak_comes_as_a_folder_or_from_standard_input() {
    let office = office();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let files = office.fetch_and_open(CASE, "p-01.s2");
    fs::create_dir(office.path("found")).unwrap();
    office.write("found/write-up.md", &files["write-up.md"]);
    office.write("found/readme.txt", "found on a forum");
    let folder = office.done("trace found");
    assert_eq!(folder["accused"][0]["seat"], "p-01.s2");
    assert_eq!(folder["files"].as_array().unwrap().len(), 2);
    let person = office.say("trace found").exits(0).out;
    assert!(person.contains("found/write-up.md"), "{person}");
    assert!(person.contains("as it is"), "{person}");
    office.refused(2, "trace nothing-there");
    fs::create_dir(office.path("empty")).unwrap();
    office
        .refused(2, "trace empty")
        .says(&["there is no file in it"]);

    let mut command = office.command(&["trace", "-", "--json"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&files["write-up.md"]).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let piped: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(piped["accused"][0]["seat"], "p-01.s2");
    assert_eq!(piped["files"][0]["name"], "standard-input");
}

/// A PDF that shows the words of a text, some to the line.
fn pdf(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let words: Vec<&str> = text.split_whitespace().filter(|w| w.is_ascii()).collect();
    let mut content = "BT /F 10 Tf 40 760 Td 11 TL".to_owned();
    for line in words.chunks(12) {
        let line = line
            .join(" ")
            .replace('\\', "\\\\")
            .replace('(', "\\(")
            .replace(')', "\\)");
        content += &format!(" ({line}) Tj T*");
    }
    content += " ET";
    format!(
        "%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n\
         3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>\nendobj\n\
         5 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>\nendobj\n4 0 obj\n<</Length {}>>\nstream\n{content}\nendstream\nendobj\n\
         trailer\n<</Size 6/Root 1 0 R>>\n%%EOF\n",
        content.len()
    )
    .into_bytes()
}

#[test]
fn a_pdf_is_read_by_a_process_of_the_same_program() {
    let office = office();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let files = office.fetch_and_open(CASE, "p-01.s2");
    let pdf = pdf(&files["write-up.md"]);
    office.write("found.pdf", &pdf);
    let trace = office.done("trace found.pdf");
    assert_eq!(trace["accused"][0]["seat"], "p-01.s2");
    assert_eq!(
        trace["files"][0]["origin"]["how"],
        "text layer of a PDF, reader 1"
    );
    let name = trace["trace"].as_str().unwrap();
    office.done(&format!("evidence {name} --out pdf.json"));
    let verified = office.done("verify pdf.json --leak found.pdf");
    assert_eq!(
        verified["leak"][0]["original"],
        "the original gives the same text again"
    );
    // Who judges without the original's reader reads the same text from the evidence.
    office.done("verify pdf.json");
}
