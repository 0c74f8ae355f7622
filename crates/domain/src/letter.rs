//! Words between a partner and the program about a case: sealed, and readable to some seats.

use crate::case::Case;
use crate::explain::Explain;
use crate::ids::{BlobId, PartnerId, SeatId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest text that a partner or the program writes, in bytes.
pub const WORDS_BYTES_MAX: usize = 16 * 1024;

/// A text as the events record it: where its ciphertext is, and who opens it beside the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The ciphertext, by its SHA-256.
    pub blob: BlobId,
    /// The seats that it is sealed to, all of one partner.
    pub readers: Vec<SeatId>,
}

impl Case {
    /// A letter that a seat may be given: of its own partner, and sealed to it. `None` for any other, as for none.
    pub fn letter_for(&self, partner: &PartnerId, seat: &SeatId, blob: &BlobId) -> Option<&Letter> {
        let reports = self.protections().of(partner).iter();
        let details = reports
            .flat_map(|own| own.versions())
            .map(|own| &own.details);
        let messages = self.threads().of(partner).iter().map(|own| &own.text);
        details
            .chain(messages)
            .find(|letter| letter.blob == *blob && letter.readers.contains(seat))
    }
}

/// A text that may be sealed as a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(String);

/// Why a text is not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WordsError {
    /// Nothing but white space.
    #[error("there is nothing in it")]
    Empty,
    /// Longer than [`WORDS_BYTES_MAX`].
    #[error("it has {bytes} bytes, and the limit is {max}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// A control character that is neither a tab nor the end of a line.
    #[error("it has the control character U+{code:04X}")]
    Control {
        /// Its code point.
        code: u32,
    },
}

impl Explain for WordsError {
    fn code(&self) -> &str {
        match self {
            Self::Empty => "empty-text",
            Self::TooLong { .. } => "long-text",
            Self::Control { .. } => "control-character",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Empty => "Write something.",
            Self::TooLong { .. } => "Write less, or send it in parts.",
            Self::Control { .. } => "Paste it as plain text.",
        }
        .to_owned()
    }
}

impl Words {
    /// Takes a text; line ends become `\n`, and white space around it is dropped.
    ///
    /// # Errors
    /// [`WordsError`].
    pub fn parse(text: &str) -> Result<Self, WordsError> {
        Self::within(text, WORDS_BYTES_MAX)
    }

    /// As [`Words::parse`], with a limit of its own, for one line: line ends are refused, too.
    ///
    /// # Errors
    /// [`WordsError`].
    pub fn line(text: &str, bytes_max: usize) -> Result<Self, WordsError> {
        let words = Self::within(text, bytes_max)?;
        match words.0.chars().find(|c| c.is_control()) {
            Some(c) => Err(WordsError::Control { code: c.into() }),
            None => Ok(words),
        }
    }

    fn within(text: &str, bytes_max: usize) -> Result<Self, WordsError> {
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        if text.is_empty() {
            return Err(WordsError::Empty);
        }
        if text.len() > bytes_max {
            return Err(WordsError::TooLong {
                bytes: text.len(),
                max: bytes_max,
            });
        }
        let refused = |c: &char| c.is_control() && !matches!(c, '\n' | '\t');
        if let Some(c) = text.chars().find(refused) {
            return Err(WordsError::Control { code: c.into() });
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_one_character_and_other_controls_are_refused() {
        assert_eq!(Words::parse(" a\r\nb\t\n").unwrap().as_str(), "a\nb");
        assert_eq!(
            Words::parse("a\u{1b}[2J"),
            Err(WordsError::Control { code: 0x1b })
        );
        assert_eq!(Words::parse(" \n"), Err(WordsError::Empty));
        let long = "x".repeat(WORDS_BYTES_MAX + 1);
        assert!(matches!(
            Words::parse(&long),
            Err(WordsError::TooLong { .. })
        ));
        assert_eq!(
            Words::line("a\nb", 9),
            Err(WordsError::Control { code: 10 })
        );
    }
}
