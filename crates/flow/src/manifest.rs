//! The manifest of a package: what it holds, for whom, in lines that a person reads and a program checks.
//!
//! It travels as a C2SP signed note inside the package.
//! An age file alone says nothing of its author; the signature does.

use std::fmt::Write;

use domain::commitment::Commitment;
use domain::ids::{CaseId, PartnerId, SeatId};
use domain::sealed::Digest;
use domain::tlp::Tlp;
use jiff::Timestamp;

use crate::leaf::{LeafError, PackageLeaf};
use crate::press::Copy;

/// The manifest's name inside a package.
pub const MANIFEST_NAME: &str = "MANIFEST";

/// A manifest's first line.
pub const HEADING: &str = "headstart manifest v1";

/// What a manifest says beside the files.
#[derive(Debug, Clone)]
pub struct Manifest<'a> {
    /// The program's name.
    pub program: &'a str,
    /// The case.
    pub case: &'a CaseId,
    /// The case's title.
    pub title: &'a str,
    /// The label that every copy keeps.
    pub tlp: Tlp,
    /// For whom.
    pub partner: &'a PartnerId,
    /// For whom.
    pub seat: &'a SeatId,
    /// When the embargo ends; `None` while nobody has set it.
    pub release: Option<Timestamp>,
    /// The program's published log key.
    pub log_key: &'a str,
    /// Whether the program runs by a test clock, and so is none that matters.
    pub is_test: bool,
    /// The salt of the package's leaf.
    pub salt: &'a [u8; 32],
    /// The package's leaf but for the package's digest, so that the seat can find its own commitment in the log:
    /// [`PackageLeaf::manifest_lines`](crate::leaf::PackageLeaf::manifest_lines).
    pub leaf: &'a [String],
}

impl Manifest<'_> {
    /// The text to sign.
    pub fn to_text(&self, copies: &[Copy]) -> String {
        let mut text = format!(
            "{HEADING}\nprogram: {}\ncase: {}\ntitle: {}\ntlp: {}\npartner: {}\nseat: {}\nembargo-ends: {}\nclock: {}\nlog-key: {}\nleaf-salt: {}\n",
            one_line(self.program),
            self.case,
            one_line(self.title),
            self.tlp,
            self.partner,
            self.seat,
            self.release
                .map_or_else(|| "not set".to_owned(), |release| release.to_string()),
            if self.is_test { "test" } else { "system" },
            one_line(self.log_key),
            Digest::from_bytes(*self.salt)
        );
        for line in self.leaf {
            writeln!(text, "leaf: {line}").expect("writing to a string does not fail");
        }
        for copy in copies {
            writeln!(
                text,
                "file: {} {} {}",
                Digest::of(&copy.bytes),
                copy.bytes.len(),
                copy.file_name
            )
            .expect("writing to a string does not fail");
        }
        text
    }
}

/// One file as a manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// SHA-256 of the copy.
    pub digest: Digest,
    /// Its size.
    pub size_bytes: u64,
    /// Its name.
    pub name: String,
}

/// A manifest that was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// `word: value` lines before the files, in order.
    pub facts: Vec<(String, String)>,
    /// The files.
    pub files: Vec<Listed>,
}

impl Read {
    /// The value of a fact.
    pub fn fact(&self, word: &str) -> Option<&str> {
        let found = self.facts.iter().find(|(known, _)| known == word)?;
        Some(&found.1)
    }

    /// The package's own commitment, which the log must hold: from the lines that the manifest carries, its salt,
    /// and the package's digest. `None` when the manifest carries none.
    ///
    /// # Errors
    /// [`LeafError`] when the lines are no leaf.
    pub fn leaf(&self, package: Digest) -> Result<Option<(PackageLeaf, Commitment)>, LeafError> {
        let lines: Vec<&str> = self
            .facts
            .iter()
            .filter(|(word, _)| word == "leaf")
            .map(|(_, line)| line.as_str())
            .collect();
        let Some(salt) = self.fact("leaf-salt").and_then(Digest::parse) else {
            return Ok(None);
        };
        if lines.is_empty() {
            return Ok(None);
        }
        let leaf = PackageLeaf::from_manifest_lines(lines, package)?;
        let commitment = Commitment::new(leaf.to_text().into_bytes(), *salt.as_bytes());
        Ok(Some((leaf, commitment)))
    }
}

/// Reads a manifest's text; `None` when it is not one.
pub fn read(text: &str) -> Option<Read> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADING) {
        return None;
    }
    let mut manifest = Read {
        facts: Vec::new(),
        files: Vec::new(),
    };
    for line in lines {
        let (word, value) = line.split_once(": ")?;
        if word != "file" {
            manifest.facts.push((word.to_owned(), value.to_owned()));
            continue;
        }
        let mut parts = value.splitn(3, ' ');
        manifest.files.push(Listed {
            digest: Digest::parse(parts.next()?)?,
            size_bytes: parts.next()?.parse().ok()?,
            name: parts.next()?.to_owned(),
        });
    }
    Some(manifest)
}

/// A title may come from a hostile advisory: it must not make lines of its own.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(500)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_with_line_breaks_makes_no_line_of_its_own() {
        let manifest = Manifest {
            program: "Example PSIRT",
            case: &"HS-2026-0001".parse().unwrap(),
            title: "two\nseat: p-99.s1",
            tlp: Tlp::Amber,
            partner: &"p-07".parse().unwrap(),
            seat: &"p-07.s1".parse().unwrap(),
            release: Some("2026-12-08T18:00:00Z".parse().unwrap()),
            log_key: "log.example+00000000+AAAA",
            is_test: true,
            salt: &[7; 32],
            leaf: &[],
        };
        let copies = [Copy {
            artifact: "a1".parse().unwrap(),
            file_name: "write up.md".to_owned(),
            bytes: b"text".to_vec(),
        }];
        let read = read(&manifest.to_text(&copies)).unwrap();
        assert_eq!(read.fact("seat"), Some("p-07.s1"));
        assert_eq!(read.files[0].name, "write up.md");
        assert_eq!(read.files[0].size_bytes, 4);
    }
}
