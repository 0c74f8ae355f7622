//! How many words of a write-up come back, in order, from documents that stock programs made of it.
//!
//! Run it with `cargo run --release -p intake --example recall`.
//! It needs Debian's pandoc and poppler-utils, and uses what is there of libreoffice-writer-nogui, chromium, weasyprint,
//! wkhtmltopdf, groff with fonts-urw-base35 and ghostscript, texlive-latex-base with lmodern, and tesseract-ocr.
//! `--quick` leaves pictures out.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "an example prints its table, and ends when a tool fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use intake::{Found, Limits, Tools, take};

/// Share of the words, in order, that every document must give.
const GOAL: f64 = 0.99;
/// The same for a picture of 150 dots an inch.
const GOAL_OCR: f64 = 0.95;

const MASTER: &str = include_str!("../../carriers/vectors/larkspur/write-up.md");

/// One way to make a document: its name, and a script for `sh` that makes `$1` out of `w.md`, `w.html` or `w.docx`.
const WAYS: [(&str, &str, &str); 12] = [
    ("pandoc DOCX", "a.docx", "pandoc w.md -o a.docx"),
    ("pandoc ODT", "b.odt", "pandoc w.md -o b.odt"),
    (
        "pandoc EPUB",
        "c.epub",
        "pandoc w.md --metadata title=x -o c.epub",
    ),
    (
        "LibreOffice PDF",
        "w.pdf",
        "soffice -env:UserInstallation=file://$PWD/profile --headless --convert-to pdf w.docx",
    ),
    (
        "LibreOffice DOCX",
        "again/w.docx",
        "soffice -env:UserInstallation=file://$PWD/profile --headless --convert-to docx --outdir again w.odt",
    ),
    (
        "Chromium PDF",
        "e.pdf",
        "chromium --headless --no-sandbox --disable-gpu --print-to-pdf=e.pdf w.html",
    ),
    ("WeasyPrint PDF", "f.pdf", "weasyprint -q w.html f.pdf"),
    ("wkhtmltopdf PDF", "g.pdf", "wkhtmltopdf -q w.html g.pdf"),
    (
        "groff PDF",
        "h.pdf",
        "pandoc w.md -s -t ms | groff -K utf8 -ms -Tpdf > h.pdf",
    ),
    (
        "pdfTeX PDF",
        "i.pdf",
        "pdflatex -interaction=batchmode -jobname i one.tex",
    ),
    (
        "pdfTeX PDF, two columns",
        "j.pdf",
        "pdflatex -interaction=batchmode -jobname j two.tex",
    ),
    (
        "pdfTeX PDF, CM fonts",
        "k.pdf",
        "pdflatex -interaction=batchmode -jobname k cm.tex",
    ),
];

fn main() -> ExitCode {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let folder = tempfile::tempdir().unwrap();
    let source = prepare(folder.path());
    println!("{:<28}{:>8}{:>14}  how", "document", "intake", "pdftotext");
    let mut worst: Vec<(f64, String)> = Vec::new();
    let mut missing = Vec::new();
    for (name, file, script) in WAYS {
        run(folder.path(), script);
        let path = folder.path().join(file);
        if !path.is_file() {
            missing.push(name);
            continue;
        }
        let (recall, how) = recall(&path, &source);
        let peer = file
            .ends_with(".pdf")
            .then(|| pdftotext(&path))
            .flatten()
            .map_or_else(
                || "-".to_owned(),
                |text| format!("{:.4}", in_order(&source, &words(&text))),
            );
        println!("{name:<28}{recall:>8.4}{peer:>14}  {how}");
        worst.push((recall - GOAL, format!("{name} {recall:.4}")));
        if !is_quick && name == "LibreOffice PDF" {
            for dpi in [96, 150] {
                let script = format!("pdftoppm -r {dpi} -png {file} p{dpi}/p");
                fs::create_dir_all(folder.path().join(format!("p{dpi}"))).unwrap();
                run(folder.path(), &script);
                let pages = folder.path().join(format!("p{dpi}"));
                let (recall, how) = self::recall(&pages, &source);
                let name = format!("pictures, {dpi} dpi");
                println!("{name:<28}{recall:>8.4}{:>14}  {how}", "-");
                if dpi == 150 {
                    worst.push((recall - GOAL_OCR, format!("{name} {recall:.4}")));
                }
            }
        }
    }
    if !missing.is_empty() {
        println!(
            "not made, for want of their programs: {}",
            missing.join(", ")
        );
    }
    let Some((margin, what)) = worst.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)) else {
        println!(
            "falls short: no document could be made; apt-get install --no-install-recommends pandoc poppler-utils"
        );
        return ExitCode::FAILURE;
    };
    if margin >= 0.0 {
        println!(
            "holds: the worst is {what}; goal {GOAL} of the words in order, {GOAL_OCR} from pictures"
        );
        ExitCode::SUCCESS
    } else {
        println!(
            "falls short: {what}; goal {GOAL} of the words in order, {GOAL_OCR} from pictures"
        );
        ExitCode::FAILURE
    }
}

/// Writes the copy that has every first wording, in the forms that the programs read; its words as pandoc shows them.
fn prepare(folder: &Path) -> Vec<String> {
    let master = carriers::Master::parse("write-up.md", MASTER.as_bytes()).unwrap();
    let copy = master.embed(&vec![0; master.sites().len()]).unwrap();
    let ascii: Vec<u8> = copy.iter().copied().filter(u8::is_ascii).collect();
    fs::write(folder.join("w.md"), &ascii).unwrap();
    run(
        folder,
        "pandoc w.md -t plain --wrap=none -o w.txt; pandoc w.md -s --metadata title=x -o w.html; \
         pandoc w.md -o w.docx; pandoc w.md -o w.odt; pandoc w.md -t latex -o body.tex",
    );
    let body = fs::read_to_string(folder.join("body.tex")).unwrap_or_default();
    let fonts = "\\usepackage[T1]{fontenc}\\usepackage{lmodern}\\usepackage{longtable}\\usepackage{hyperref}";
    for (name, options, packages) in [
        ("one", "11pt", fonts),
        (
            "two",
            "11pt,twocolumn",
            &fonts.replace("\\usepackage{longtable}", ""),
        ),
        (
            "cm",
            "11pt",
            "\\usepackage{longtable}\\usepackage{hyperref}",
        ),
    ] {
        let text = format!(
            "\\documentclass[{options}]{{article}}{packages}\\providecommand{{\\tightlist}}{{}}\
             \\begin{{document}}\n{body}\n\\end{{document}}\n"
        );
        fs::write(folder.join(format!("{name}.tex")), text).unwrap();
    }
    words(&fs::read_to_string(folder.join("w.txt")).unwrap_or_default())
}

fn run(folder: &Path, script: &str) {
    // A program that is missing or fails leaves no file behind, and that is looked at.
    let _ = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder)
        .env("QT_QPA_PLATFORM", "offscreen")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

fn recall(path: &Path, source: &[String]) -> (f64, String) {
    // The reader of PDFs stands beside the examples' folder.
    let mut reader: PathBuf = std::env::current_exe().unwrap();
    reader.pop();
    reader.pop();
    reader.push("read-pdf");
    let found = [Found::Path(path.to_owned())];
    match take(&found, &Tools::new(vec![reader.into()]), &Limits::default()) {
        Ok(intake) => {
            let text: Vec<String> = intake
                .parts
                .iter()
                .flat_map(|part| words(&String::from_utf8_lossy(&part.bytes)))
                .collect();
            let how = intake.parts.first().and_then(|part| part.source.how());
            (in_order(source, &text), how.unwrap_or_default())
        }
        Err(error) => (0.0, error.to_string()),
    }
}

fn pdftotext(path: &Path) -> Option<String> {
    let output = Command::new("pdftotext").arg(path).arg("-").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).replace("-\n", ""))
}

fn words(text: &str) -> Vec<String> {
    text.replace('\u{fb01}', "fi")
        .replace('\u{fb02}', "fl")
        .replace('\u{fb00}', "ff")
        .replace('\u{fb03}', "ffi")
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Share of the words of `source` in the longest common subsequence with `text`.
fn in_order(source: &[String], text: &[String]) -> f64 {
    let mut row = vec![0usize; text.len() + 1];
    for word in source {
        let mut diagonal = 0;
        for (at, other) in text.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if word == other {
                diagonal + 1
            } else {
                above.max(row[at])
            };
            diagonal = above;
        }
    }
    row[text.len()] as f64 / source.len().max(1) as f64
}
