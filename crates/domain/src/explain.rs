//! What every refusal of this room can say about itself.

/// How grave a refusal is for whoever asked; the command line maps it to its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The question or its input was wrong (exit code 2).
    Usage,
    /// The question was understood and the answer is no: embargo, policy, status (exit code 3).
    NotAllowed,
}

impl Class {
    /// The exit code of the command line: 2 or 3.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::NotAllowed => 3,
        }
    }
}

/// An error that names its rule and says what to do next.
///
/// `Display` is one lowercase line; [`Explain::hint`] is a separate sentence.
pub trait Explain: std::error::Error {
    /// Stable name of the rule or check that refused, in kebab case.
    fn code(&self) -> &str;
    /// What to do next.
    fn hint(&self) -> String;
    /// Wrong input, or not allowed.
    fn class(&self) -> Class {
        Class::Usage
    }
}
