//! The originals of a leak, compared with what the evidence says that was read from them.

use domain::sealed::Digest;

use crate::evidence::{Body, File};
use crate::sight::LeakFile;

/// What came of one text of the leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The original is there, and gives the same text again.
    SameText,
    /// The original is there, and is not read in this way here: by another version, or a program is missing.
    NotReadHere,
    /// The original is there, and gives another text.
    OtherText,
    /// No original with this digest was handed in.
    NotThere,
}

impl Outcome {
    /// Whether the text is shown to be the original's. What cannot be read here is not: a program can state any
    /// reader.
    pub fn holds(self) -> bool {
        self == Self::SameText
    }

    /// The outcome for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SameText => "the original gives the same text again",
            Self::NotReadHere => {
                "the original was handed in, and cannot be read here in the way that is stated"
            }
            Self::OtherText => "the original was handed in, and gives another text here",
            Self::NotThere => "no original with this digest was handed in",
        }
    }
}

/// Compares each text of the leak with what was read from the originals now.
///
/// `again`: the texts that were read from them; `originals`: the digests of all that were handed in.
/// The answer has one outcome for each file of `body.leak`, in order.
pub fn compare(body: &Body, again: &[LeakFile], originals: &[Digest]) -> Vec<Outcome> {
    body.leak
        .iter()
        .map(|file| outcome(file, again, originals))
        .collect()
}

fn outcome(file: &File, again: &[LeakFile], originals: &[Digest]) -> Outcome {
    let stated = file.origin.as_ref().map_or(&file.sha256, |o| &o.sha256);
    let Some(stated) = Digest::parse(stated).filter(|digest| originals.contains(digest)) else {
        return Outcome::NotThere;
    };
    let Some(origin) = &file.origin else {
        // The text is the original, and its digest was checked by itself.
        return Outcome::SameText;
    };
    let mut read_alike = again
        .iter()
        .filter(|other| {
            let theirs = other.origin.as_ref();
            theirs.is_some_and(|theirs| theirs.sha256 == stated && theirs.how == origin.how)
        })
        .peekable();
    if read_alike.peek().is_none() {
        return Outcome::NotReadHere;
    }
    if read_alike.any(|other| other.bytes == file.bytes.0) {
        return Outcome::SameText;
    }
    Outcome::OtherText
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sight::Origin;

    fn read_from(original: &[u8], how: &str, text: &str) -> LeakFile {
        LeakFile {
            origin: Some(Origin {
                file: "a.pdf".into(),
                sha256: Digest::of(original),
                how: how.into(),
            }),
            ..LeakFile::new("a.pdf.txt", text.as_bytes().to_vec())
        }
    }

    #[test]
    fn an_original_is_the_one_only_with_its_digest_and_its_text() {
        let stated = File::from(&read_from(b"one", "text layer", "words"));
        let one = [Digest::of(b"one")];
        let again = |file: LeakFile| outcome(&stated, &[file], &one);
        assert_eq!(
            again(read_from(b"one", "text layer", "words")),
            Outcome::SameText
        );
        assert_eq!(
            again(read_from(b"one", "text layer", "other")),
            Outcome::OtherText
        );
        assert_eq!(
            again(read_from(b"one", "strings", "words")),
            Outcome::NotReadHere
        );
        assert!(!Outcome::NotReadHere.holds());
        let other = [Digest::of(b"two")];
        assert_eq!(outcome(&stated, &[], &other), Outcome::NotThere);
    }

    #[test]
    fn a_text_that_is_its_own_original_is_told_by_its_digest() {
        let stated = File::from(&LeakFile::new("a.md", b"words".to_vec()));
        assert_eq!(
            outcome(&stated, &[], &[Digest::of(b"words")]),
            Outcome::SameText
        );
        assert_eq!(
            outcome(&stated, &[], &[Digest::of(b"other")]),
            Outcome::NotThere
        );
    }
}
