//! Write-ups: documents, formatters, pictures, and what people do.

use std::path::Path;

use crate::edits;
use crate::material::{Sample, demo, leak, leak_of, neighbours, suggested};
use crate::matrix::{Matrix, column, decisive};
use crate::tools;

type Made = Result<Vec<(String, Vec<u8>)>, String>;
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
        ("HTML", html, many),
        ("DOCX", docx, many),
        ("mdformat", mdformat, many),
        ("prettier", prettier, many),
        ("PDF", pdf, few),
        ("OCR 96 dpi", ocr, few),
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

fn write(sample: &Sample, folder: &Path) -> String {
    let path = folder.join("copy.md");
    std::fs::write(&path, &sample.bytes).unwrap();
    path.display().to_string()
}

fn html(sample: &Sample, folder: &Path) -> Made {
    let page = tools::run(
        "pandoc",
        &[
            "-s",
            "-M",
            "title=copy",
            "-t",
            "html5",
            &write(sample, folder),
        ],
        b"",
    )?;
    Ok(vec![("page.html".to_owned(), page)])
}

/// Through the product's own reader.
fn taken(path: &Path) -> Made {
    let found = [intake::Found::Path(path.to_owned())];
    let own = std::env::current_exe().unwrap();
    let reader = vec![own.into_os_string(), crate::READ_PDF.into()];
    let intake = intake::take(
        &found,
        &intake::Tools::new(reader),
        &intake::Limits::default(),
    )
    .map_err(|error| format!("{error}; {}", error.hint()))?;
    Ok(intake
        .parts
        .into_iter()
        .map(|part| (part.name, part.bytes))
        .collect())
}

fn docx(sample: &Sample, folder: &Path) -> Made {
    let to = folder.join("copy.docx");
    tools::run(
        "pandoc",
        &["-o", &to.display().to_string(), &write(sample, folder)],
        b"",
    )?;
    taken(&to)
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

fn printed(sample: &Sample, folder: &Path) -> Result<std::path::PathBuf, String> {
    let page = folder.join("page.html");
    let made = tools::run(
        "pandoc",
        &[
            "-s",
            "-M",
            "title=copy",
            "-t",
            "html5",
            &write(sample, folder),
        ],
        b"",
    )?;
    std::fs::write(&page, made).unwrap();
    let to = folder.join("page.pdf");
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    tools::run(
        "chromium",
        &[
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--no-pdf-header-footer",
            &profile,
            &format!("--print-to-pdf={}", to.display()),
            &format!("file://{}", page.display()),
        ],
        b"",
    )?;
    Ok(to)
}

fn pdf(sample: &Sample, folder: &Path) -> Made {
    taken(&printed(sample, folder)?)
}

fn ocr(sample: &Sample, folder: &Path) -> Made {
    let from = printed(sample, folder)?;
    let shots = folder.join("shots");
    let _ = std::fs::remove_dir_all(&shots);
    std::fs::create_dir(&shots).unwrap();
    let prefix = shots.join("page").display().to_string();
    tools::run(
        "pdftoppm",
        &["-r", "96", "-png", &from.display().to_string(), &prefix],
        b"",
    )?;
    let mut pages: Vec<_> = std::fs::read_dir(&shots)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    pages.sort();
    let mut files = Vec::new();
    for page in pages {
        files.extend(taken(&page)?);
    }
    Ok(files)
}
