//! Why nothing can be suggested, or decisions cannot be applied.

use carriers::MarkErrors;

/// Why nothing can be suggested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuggestError {
    /// Larger than [`super::SOURCE_BYTES_MAX`].
    #[error("the file has {bytes} bytes, and suggestions are made for at most {max}")]
    TooLarge {
        /// Size found.
        bytes: usize,
        /// Largest allowed.
        max: usize,
    },
    /// The marks that are there already are wrong.
    #[error(transparent)]
    Marks(#[from] MarkErrors),
}

impl SuggestError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::TooLarge { .. } => "split the artifact into several files".into(),
            Self::Marks(errors) => errors.hint(),
        }
    }
}

/// Why decisions cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// Nothing can be suggested for this source.
    #[error(transparent)]
    Suggest(#[from] SuggestError),
    /// No suggestion has this id.
    #[error("there is no suggestion `{id}` for this file")]
    Unknown {
        /// The id given.
        id: String,
    },
    /// Two decisions about one suggestion.
    #[error("two decisions about the suggestion `{id}`")]
    Twice {
        /// The id.
        id: String,
    },
    /// Alternatives for a suggestion whose values are not wordings.
    #[error("the suggestion `{id}` has no wordings that could be changed")]
    NoWordings {
        /// The id.
        id: String,
    },
    /// Alternatives that make no mark: fewer than two, equal after normalisation, or with a line break.
    #[error("the alternatives for `{id}` make no mark: {reason}")]
    Alternatives {
        /// The id.
        id: String,
        /// What is wrong with them, in the words of the mark parser.
        reason: String,
    },
    /// The master with the marks does not parse.
    #[error("with these decisions the master has wrong marks: {0}")]
    Marks(MarkErrors),
}

impl ApplyError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Suggest(error) => error.hint(),
            Self::Unknown { .. } => {
                "`headstart suggest FILE` lists the ids; they change when the text changes".into()
            }
            Self::Twice { .. } => "decide once: accept, change or refuse".into(),
            Self::NoWordings { .. } => "accept or refuse it".into(),
            Self::Alternatives { .. } => {
                "write them as `a|b|c`; each must differ by a word from the others".into()
            }
            Self::Marks(errors) => errors.hint(),
        }
    }
}
