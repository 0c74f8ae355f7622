//! Write-ups: documents, formatters, pictures, and what people do.

use std::path::Path;

use crate::documents::{self, Made};
use crate::edits;
use crate::material::{Sample, demo, leak, leak_of, neighbours, suggested};
use crate::matrix::{Matrix, column, decisive};
use crate::tools;

/// What is done to a copy, in a folder of its own.
type Make = fn(&Sample, &Path) -> Made;

pub fn matrix(quick: bool) -> Matrix {
    let columns = vec![
        decisive("paste"),
        decisive("HTML"),
        decisive("DOCX"),
        decisive("mdformat"),
        decisive("prettier"),
        decisive("PDF"),
        decisive("OCR 96 dpi"),
        column("retyped"),
        column("style guide"),
        column("30 % noise"),
        column("a third"),
        column("two merged"),
    ];
    let mut matrix = Matrix::new("Write-ups", columns);
    let (many, few) = if quick { (2, 1) } else { (12, 4) };
    let mut samples = demo("write-up.md", many);
    let own = suggested(many / 2 + 1);
    if own.is_empty() {
        matrix.lacks(
            "vetted suggestions",
            "no write-ups in examples/precision/writeups",
        );
    }
    samples.extend(own);
    for (at, sample) in samples.iter().enumerate() {
        let text = sample.text();
        let seed = at as u64;
        matrix.read(
            "paste",
            sample,
            None,
            &leak_of("pasted.txt", &edits::paste(&text)),
        );
        matrix.read(
            "retyped",
            sample,
            None,
            &leak_of("typed.txt", &edits::retyped(&text, seed)),
        );
        matrix.read(
            "style guide",
            sample,
            None,
            &leak_of("a.md", &edits::style_guide(&text)),
        );
        matrix.read(
            "30 % noise",
            sample,
            None,
            &leak_of("a.md", &edits::noise(&text, 0.3, seed)),
        );
        matrix.read(
            "a third",
            sample,
            None,
            &leak_of("a.md", &edits::truncated(&text)),
        );
    }
    for (one, other) in neighbours(&samples) {
        let merged = edits::merged(&one.text(), &other.text());
        matrix.read("two merged", one, Some(other), &leak_of("a.md", &merged));
    }
    let each: [(&str, Make, usize); 6] = [
        ("HTML", |s, folder| documents::html(&s.bytes, folder), many),
        ("DOCX", |s, folder| documents::docx(&s.bytes, folder), many),
        ("mdformat", mdformat, many),
        ("prettier", prettier, many),
        ("PDF", |s, folder| documents::pdf(&s.bytes, folder), few),
        (
            "OCR 96 dpi",
            |s, folder| documents::ocr(&s.bytes, folder),
            few,
        ),
    ];
    for (name, make, count) in each {
        let folder = tempfile::tempdir().unwrap();
        let mut taken = std::collections::BTreeMap::new();
        for sample in &samples {
            let done = taken
                .entry(sample.master.file_name().to_owned())
                .or_insert(0);
            *done += 1;
            if *done > count {
                continue;
            }
            match make(sample, folder.path()) {
                Ok(files) => matrix.read(name, sample, None, &leak(&files)),
                Err(why) => {
                    matrix.lacks(name, &why);
                    break;
                }
            }
        }
    }
    matrix
}

fn mdformat(sample: &Sample, _: &Path) -> Made {
    let text = tools::run("mdformat", &["--wrap", "72", "-"], &sample.bytes)?;
    Ok(vec![("a.md".to_owned(), text)])
}

fn prettier(sample: &Sample, _: &Path) -> Made {
    let text = tools::run(
        "prettier",
        &["--stdin-filepath", "a.md", "--prose-wrap", "always"],
        &sample.bytes,
    )?;
    Ok(vec![("a.md".to_owned(), text)])
}
