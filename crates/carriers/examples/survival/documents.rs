//! Documents and pictures of a text in Markdown, by pandoc, Chromium, pdftoppm, and the product's own readers.

use std::path::Path;

use crate::tools;

/// The files of a leak, or why it could not be made.
pub type Made = Result<Vec<(String, Vec<u8>)>, String>;

/// A program as a report shows it: a block of code between two lines of prose.
pub fn listing(language: &str, text: &[u8]) -> Vec<u8> {
    let mut page = format!("The program, as it was sent to us:\n\n``` {language}\n").into_bytes();
    page.extend_from_slice(text);
    page.extend_from_slice(b"\n```\n\nThat is all of it.\n");
    page
}

fn write(text: &[u8], folder: &Path) -> String {
    let path = folder.join("copy.md");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

pub fn html(text: &[u8], folder: &Path) -> Made {
    let page = tools::run(
        "pandoc",
        &[
            "-s",
            "-M",
            "title=copy",
            "-t",
            "html5",
            &write(text, folder),
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

pub fn docx(text: &[u8], folder: &Path) -> Made {
    let to = folder.join("copy.docx");
    tools::run(
        "pandoc",
        &["-o", &to.display().to_string(), &write(text, folder)],
        b"",
    )?;
    taken(&to)
}

fn printed(text: &[u8], folder: &Path) -> Result<std::path::PathBuf, String> {
    let page = folder.join("page.html");
    let made = tools::run(
        "pandoc",
        &[
            "-s",
            "-M",
            "title=copy",
            "-t",
            "html5",
            &write(text, folder),
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

pub fn pdf(text: &[u8], folder: &Path) -> Made {
    taken(&printed(text, folder)?)
}

pub fn ocr(text: &[u8], folder: &Path) -> Made {
    let from = printed(text, folder)?;
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
