//! Suggestions drawn from texts, in a form that a judgement can be matched to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use author::suggest::{Class, suggest};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// How many are drawn.
const DRAWN: usize = 220;
/// Of the drawing.
const SEED: u64 = 2026;
/// Characters of the line that are shown on each side.
const CONTEXT_CHARS: usize = 70;

/// One suggestion of one text.
pub struct Drawn {
    pub text: String,
    pub class: Class,
    /// The place with its alternatives, and the line around it.
    pub place: String,
}

/// The suggestions that are judged, in the order of the texts.
pub fn drawn(folder: &Path) -> Vec<Drawn> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let every = all(files.into_iter());
    // Each suggestion has a rank of its own, so that a list that grows redraws little.
    let mut ranked: Vec<(u64, usize)> = every
        .iter()
        .enumerate()
        .map(|(index, one)| (rank(one), index))
        .collect();
    ranked.sort_unstable();
    let chosen: BTreeSet<usize> = ranked.into_iter().take(DRAWN).map(|(_, i)| i).collect();
    let keep = every.into_iter().enumerate();
    keep.filter(|(index, _)| chosen.contains(index))
        .map(|(_, drawn)| drawn)
        .collect()
}

/// A number that the seed and the place fix: the first of a generator that is seeded with both.
fn rank(one: &Drawn) -> u64 {
    let mut hash = SEED;
    for byte in one.text.bytes().chain(one.place.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    ChaCha20Rng::seed_from_u64(hash).next_u64()
}

/// Every suggestion of these texts.
pub fn all(files: impl Iterator<Item = PathBuf>) -> Vec<Drawn> {
    let mut out = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let source = std::fs::read(&file).unwrap();
        let text = std::str::from_utf8(&source).unwrap();
        for suggestion in suggest(&name, &source).unwrap() {
            let line_start = text[..suggestion.start].rfind('\n').map_or(0, |p| p + 1);
            let line_end = text[suggestion.end..]
                .find('\n')
                .map_or(text.len(), |p| suggestion.end + p);
            let before = &text[line_start..suggestion.start];
            let skip = before.chars().count().saturating_sub(CONTEXT_CHARS);
            let before: String = before.chars().skip(skip).collect();
            let after: String = text[suggestion.end..line_end]
                .chars()
                .take(CONTEXT_CHARS)
                .collect();
            let middle = if suggestion.alternatives.is_empty() {
                format!("{{shuffle {}}}", suggestion.original.replace('\n', " / "))
            } else {
                format!("{{{}}}", suggestion.alternatives.join("|"))
            };
            out.push(Drawn {
                text: name.clone(),
                class: suggestion.class,
                place: format!("{before}{middle}{after}"),
            });
        }
    }
    out
}
