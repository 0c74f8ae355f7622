//! The body of an add-checkpoint request.

use tlog::{ConsistencyProof, Hash, Note, NoteError};

/// Most bytes of a request: a checkpoint with a hundred Ed25519 signatures, or with twenty of ML-DSA-44, and a proof.
pub const REQUEST_BYTES_MAX: usize = 128 * 1024;

/// Most proof lines that a client may send.
///
/// # Source
/// <https://c2sp.org/tlog-witness>, "add-checkpoint".
pub const PROOF_LINES_MAX: usize = 63;

/// A checkpoint that a log wants to have cosigned, and the proof that it only grew. Nothing of it is verified.
///
/// # Source
/// <https://c2sp.org/tlog-witness>, "add-checkpoint".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the tree that the witness is thought to have cosigned last; 0 for none.
    pub old_size: u64,
    /// From that tree to the checkpoint's.
    pub proof: ConsistencyProof,
    /// The checkpoint, signed by the log.
    pub note: Note,
}

impl AddCheckpoint {
    /// Reads a request's body.
    ///
    /// # Errors
    /// [`RequestError`] for anything that the specification does not allow, and beyond the limits named there.
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        if body.len() > REQUEST_BYTES_MAX {
            return Err(RequestError::TooLarge);
        }
        let body = str::from_utf8(body).map_err(|_| RequestError::NotUtf8)?;
        let (head, note) = body.split_once("\n\n").ok_or(RequestError::NoEmptyLine)?;
        let mut lines = head.split('\n');
        let old_size = lines
            .next()
            .and_then(|line| line.strip_prefix("old "))
            .and_then(decimal)
            .ok_or(RequestError::OldSize)?;
        let mut hashes = Vec::new();
        for (line, number) in lines.zip(2..) {
            if hashes.len() == PROOF_LINES_MAX {
                return Err(RequestError::TooManyLines);
            }
            hashes.push(Hash::from_base64(line).map_err(|_| RequestError::ProofLine { number })?);
        }
        Ok(Self {
            old_size,
            proof: ConsistencyProof { hashes },
            note: Note::parse(note)?,
        })
    }

    /// The body that [`AddCheckpoint::parse`] reads.
    pub fn to_text(&self) -> String {
        let mut text = format!("old {}\n", self.old_size);
        for hash in &self.proof.hashes {
            text.push_str(&hash.to_base64());
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.note.to_text());
        text
    }
}

/// A decimal without sign or leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    is_plain.then(|| text.parse().ok()).flatten()
}

/// Why bytes are no add-checkpoint request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Longer than [`REQUEST_BYTES_MAX`].
    #[error("the request is larger than {REQUEST_BYTES_MAX} bytes")]
    TooLarge,
    /// Not text.
    #[error("the request is not UTF-8")]
    NotUtf8,
    /// Nothing parts the proof from the checkpoint.
    #[error("the request has no empty line before its checkpoint")]
    NoEmptyLine,
    /// The first line.
    #[error("the first line is not `old` and a size without leading zeros")]
    OldSize,
    /// More than [`PROOF_LINES_MAX`] lines.
    #[error("the request has more than {PROOF_LINES_MAX} proof lines")]
    TooManyLines,
    /// A line that is no hash.
    #[error("line {number} is not a hash in base64")]
    ProofLine {
        /// The line, from 1.
        number: usize,
    },
    /// What follows is no signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl RequestError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Note(error) => error.hint(),
            _ => {
                "send `old SIZE`, the proof's hashes in base64, an empty line and the checkpoint, as c2sp.org/tlog-witness says"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of <https://c2sp.org/tlog-witness>, "add-checkpoint".
    const EXAMPLE: &str = "old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";

    #[test]
    fn the_specifications_example_is_read_and_written_alike() {
        let request = AddCheckpoint::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(request.old_size, 20_852_014);
        assert_eq!(request.proof.hashes.len(), 4);
        assert_eq!(request.note.signatures().len(), 2);
        assert_eq!(request.to_text(), EXAMPLE);
    }

    #[test]
    fn malformed_requests_are_refused_with_the_reason() {
        let cases = [
            (EXAMPLE.replacen("old 2", "old 02", 1), "the first line"),
            (EXAMPLE.replacen("old 2", "old  2", 1), "the first line"),
            (EXAMPLE.replacen("old 2", "old +2", 1), "the first line"),
            (EXAMPLE.replacen("old 20852014", "old", 1), "the first line"),
            (
                EXAMPLE.replacen("old 2", "old 99999999999999999999", 1),
                "the first line",
            ),
            (EXAMPLE.replacen("old 20852014\n", "", 1), "the first line"),
            (EXAMPLE.replacen("jrJZ", "jrJ", 1), "line 3 is not a hash"),
            (EXAMPLE.replace("\n\n", "\n"), "no empty line"),
            (EXAMPLE.replace("— ", "- "), "not a signature line"),
            (
                EXAMPLE.replacen(
                    "\n\n",
                    &format!(
                        "\n{}\n",
                        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n".repeat(60)
                    ),
                    1,
                ),
                "more than 63 proof lines",
            ),
        ];
        for (body, reason) in cases {
            let error = AddCheckpoint::parse(body.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(reason), "{body}\n{error}");
            assert!(!error.hint().is_empty());
        }
        let large = vec![b'a'; REQUEST_BYTES_MAX + 1];
        assert_eq!(AddCheckpoint::parse(&large), Err(RequestError::TooLarge));
        assert_eq!(
            AddCheckpoint::parse(b"old 0\n\n\xff"),
            Err(RequestError::NotUtf8)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_request_that_is_read_is_written_alike(at in 0usize..600, byte in any::<u8>()) {
            let mut body = EXAMPLE.as_bytes().to_vec();
            let at = at % body.len();
            body[at] = byte;
            if let Ok(request) = AddCheckpoint::parse(&body) {
                prop_assert_eq!(request.to_text().into_bytes(), body);
            }
        }
    }
}
