//! Why a verb did not happen, in the four classes that the command line and HTTP both know.

/// Class of a failure; its number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The answer is no.
    No = 1,
    /// Wrong usage or input.
    Usage = 2,
    /// Not allowed: embargo, policy, suspended.
    NotAllowed = 3,
    /// The machine failed: disk, network, database.
    Machine = 4,
}

/// A failure with a stable code, one line for people, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The class, and so the exit code.
    pub class: Class,
    /// A stable word for programs, such as `embargo` or `unknown-case`.
    pub code: String,
    /// One line or more, lowercase, no full stop.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// Wrong usage or input.
    pub fn usage(code: &str, message: impl Into<String>) -> Self {
        Self::new(Class::Usage, code, message)
    }

    /// Not allowed.
    pub fn not_allowed(code: &str, message: impl Into<String>) -> Self {
        Self::new(Class::NotAllowed, code, message)
    }

    /// The machine failed.
    pub fn machine(code: &str, message: impl Into<String>) -> Self {
        Self::new(Class::Machine, code, message)
    }

    /// The answer is no.
    pub fn no(code: &str, message: impl Into<String>) -> Self {
        Self::new(Class::No, code, message)
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn new(class: Class, code: &str, message: impl Into<String>) -> Self {
        Self {
            class,
            code: code.to_owned(),
            message: message.into(),
            hint: None,
        }
    }
}
