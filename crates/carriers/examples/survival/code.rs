//! Programs: formatters, minifiers, a compiler, documents and pictures that show them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::documents::{self, Made};
use crate::edits;
use crate::material::{Sample, demo, leak, leak_of, neighbours, own, trials};
use crate::matrix::{Matrix, column, decisive};
use crate::tools;

pub fn matrix(quick: bool) -> Matrix {
    let columns = vec![
        decisive("paste"),
        decisive("black"),
        decisive("prettier"),
        decisive("PDF"),
        decisive("OCR 96 dpi"),
        column("pyminify"),
        column("pyminify globals"),
        column("terser"),
        column("gcc -O2 strings"),
        column("two merged"),
    ];
    let mut matrix = Matrix::new("Programs", columns);
    let count = if quick { 6 } else { 60 };
    let mut samples = demo("poc.py", count);
    samples.extend(trials("poc.py", count));
    samples.extend(own("share_probe.js", count));
    samples.extend(own("share_probe.c", count));
    for sample in &samples {
        matrix.read(
            "paste",
            sample,
            None,
            &leak_of("pasted.txt", &sample.text()),
        );
    }
    for (one, other) in neighbours(&samples) {
        let merged = edits::merged(&one.text(), &other.text());
        matrix.read(
            "two merged",
            one,
            Some(other),
            &leak_of(one.master.file_name(), &merged),
        );
    }
    let few = if quick { 2 } else { 12 };
    shown(&mut matrix, &samples, "PDF", few, documents::pdf);
    shown(&mut matrix, &samples, "OCR 96 dpi", few, documents::ocr);
    each(&mut matrix, &samples, "black", ".py", |s| {
        tools::run("black", &["-q", "-"], &s.bytes)
    });
    each(&mut matrix, &samples, "pyminify", ".py", |s| {
        tools::run("pyminify", &["-"], &s.bytes)
    });
    each(&mut matrix, &samples, "pyminify globals", ".py", |s| {
        tools::run("pyminify", &["--rename-globals", "-"], &s.bytes)
    });
    each(&mut matrix, &samples, "prettier", ".js", |s| {
        tools::run("prettier", &["--stdin-filepath", "a.js"], &s.bytes)
    });
    each(&mut matrix, &samples, "terser", ".js", |s| {
        tools::run(
            "terser",
            &["--compress", "--mangle", "--toplevel"],
            &s.bytes,
        )
    });
    each(&mut matrix, &samples, "gcc -O2 strings", ".c", |s| {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program").display().to_string();
        tools::run(
            "gcc",
            &["-O2", "-w", "-s", "-x", "c", "-o", &program, "-"],
            &s.bytes,
        )?;
        tools::run("strings", &["-n", "4", &program], b"")
    });
    matrix
}

fn each(
    matrix: &mut Matrix,
    samples: &[Sample],
    name: &'static str,
    ending: &str,
    make: impl Fn(&Sample) -> Result<Vec<u8>, String>,
) {
    for sample in samples {
        if !sample.master.file_name().ends_with(ending) {
            continue;
        }
        match make(sample) {
            Ok(bytes) => {
                let file = if name.ends_with("strings") {
                    "strings.txt"
                } else {
                    "a"
                };
                let file = format!("{file}{}", if file == "a" { ending } else { "" });
                matrix.read(name, sample, None, &leak(&[(file, bytes)]));
            }
            Err(why) => {
                matrix.lacks(name, &why);
                break;
            }
        }
    }
}

/// Listings in a document: so many copies of each master.
fn shown(
    matrix: &mut Matrix,
    samples: &[Sample],
    name: &'static str,
    count: usize,
    make: fn(&[u8], &Path) -> Made,
) {
    let folder = tempfile::tempdir().unwrap();
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for sample in samples {
        let file = sample.master.file_name();
        let done = taken.entry(file).or_default();
        *done += 1;
        if *done > count {
            continue;
        }
        let language = match file.rsplit_once('.') {
            Some((_, "py")) => "python",
            Some((_, "js")) => "javascript",
            _ => "c",
        };
        match make(&documents::listing(language, &sample.bytes), folder.path()) {
            Ok(files) => matrix.read(name, sample, None, &leak(&files)),
            Err(why) => {
                matrix.lacks(name, &why);
                break;
            }
        }
    }
}
