//! How many robust sites the write-ups have, and what became of the suggestions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use author::suggest::{Suggestion, count_words, suggest};
use carriers::{Carrier, Master, Site, layout};

/// Prints one row a write-up; the answers are robust sites for each 1,000 words.
pub fn report(folder: &Path) -> Vec<f64> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    println!(
        "{:<28} {:>6} {:>8} {:>9} {:>8} {:>8} {:>6} {:>7} {:>10}",
        "write-up",
        "words",
        "offered",
        "accepted",
        "changed",
        "refused",
        "open",
        "robust",
        "per 1,000"
    );
    let densities = files.iter().map(|file| row(file)).collect();
    println!();
    densities
}

fn row(file: &Path) -> f64 {
    let name = file.file_name().unwrap().to_str().unwrap();
    let bytes = std::fs::read(file).unwrap();
    let master = Master::parse(name, &bytes).unwrap_or_else(|errors| {
        panic!("{}", errors.render(name, &String::from_utf8_lossy(&bytes)))
    });
    // The default copy is the text that the suggestions were made for.
    let plain = master.embed(&vec![0; master.sites().len()]).unwrap();
    let words = count_words(std::str::from_utf8(&plain).unwrap());
    assert!(words >= 2000, "{name} has {words} words");
    let offered = suggest(name, &plain).unwrap();
    let decided = decided(name, &bytes, &offered);
    let robust = master.sites().iter().filter(|site| is_robust(site)).count();
    let density = robust as f64 * 1000.0 / words as f64;
    println!(
        "{name:<28} {words:>6} {:>8} {:>9} {:>8} {:>8} {:>6} {robust:>7} {density:>10.1}",
        offered.len(),
        decided.accepted,
        decided.changed,
        decided.refused,
        offered.len() - decided.accepted - decided.changed - decided.refused,
    );
    density
}

/// Whether the values differ by words, in a text without punctuation and capitals, or by their order.
fn is_robust(site: &Site) -> bool {
    if site.carrier == Carrier::Shuffle {
        return true;
    }
    let mut seen = std::collections::BTreeSet::new();
    site.choices.iter().all(|choice| {
        let words: Vec<String> = choice
            .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
            .filter(|w| !w.is_empty())
            .map(str::to_lowercase)
            .collect();
        // A compound written apart is one word to a reader.
        let joined = words.concat();
        seen.insert(joined)
    })
}

#[derive(Default)]
struct Decided {
    accepted: usize,
    changed: usize,
    refused: usize,
}

/// What the master says about each suggestion for its default copy.
fn decided(name: &str, bytes: &[u8], offered: &[Suggestion]) -> Decided {
    let mut out = Decided::default();
    let found = layout(name, bytes).unwrap();
    let source = std::str::from_utf8(bytes).unwrap();
    let mut by_place: BTreeMap<usize, &str> = BTreeMap::new();
    let (mut shown, mut at) = (0, 0);
    for written in &found.written {
        shown += written.start - at;
        by_place.insert(shown, &source[written.start..written.end]);
        shown += written.shown.len();
        at = written.end;
    }
    for suggestion in offered {
        let written = by_place.get(&suggestion.start);
        let is_list = suggestion.alternatives.is_empty();
        match written {
            Some(text) if text.starts_with("{~=") => out.refused += 1,
            Some(text) if text.starts_with("<!--~ keep") => out.refused += 1,
            Some(_) if is_list => out.accepted += 1,
            Some(text) if *text == format!("{{~{}~}}", suggestion.alternatives.join("|")) => {
                out.accepted += 1;
            }
            Some(_) => out.changed += 1,
            None => {}
        }
    }
    out
}
