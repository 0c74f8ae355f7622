//! Why something that was found was not read.

/// Why a file, or a member of one, was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// Over a limit.
    #[error("{what} is over the limit of {max} ({limit})")]
    Limit {
        /// What was counted.
        what: &'static str,
        /// The limit's name: a constant of this crate.
        limit: &'static str,
        /// Its value.
        max: u64,
    },
    /// A name that leads out of its archive, or that no file has.
    #[error("its name {problem}")]
    Name {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A symbolic or hard link, a device, a pipe or a socket: only files are read.
    #[error("it is a {what}, not a file")]
    NotAFile {
        /// What it is.
        what: &'static str,
    },
    /// Encrypted.
    #[error("it is encrypted")]
    Encrypted,
    /// Packed with a method that is not read.
    #[error("it is packed with {with}, which is not read")]
    Packed {
        /// The method.
        with: String,
    },
    /// Not what it says that it is.
    #[error("it cannot be read as {what}: {reason}")]
    Damaged {
        /// What it looked like.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A format without words.
    #[error("it is {what}, in which there is no text to read")]
    NoText {
        /// What it is.
        what: &'static str,
    },
    /// A program that reads this is not installed.
    #[error("reading {what} takes `{program}`, which is not installed")]
    NoProgram {
        /// What would be read.
        what: &'static str,
        /// The program.
        program: String,
        /// The Debian packages that have it.
        packages: &'static str,
    },
    /// A program was stopped, or failed.
    #[error("`{program}` {reason}")]
    Program {
        /// The program.
        program: String,
        /// What happened.
        reason: String,
    },
    /// The disk refused.
    #[error("{reason}")]
    Disk {
        /// The system's reason.
        reason: String,
    },
}

impl Why {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Limit { .. } => {
                "hand in the part that matters, and keep the whole as evidence".into()
            }
            Self::Name { .. } | Self::NotAFile { .. } => {
                "look at it by hand; if it matters, hand in the file itself".into()
            }
            Self::Encrypted => "decrypt it, and hand in what comes out".into(),
            Self::Packed { .. } => "unpack it, and hand in what comes out".into(),
            Self::Damaged { .. } => {
                "open it with the program that it is for, save it as text, and hand that in".into()
            }
            Self::NoText { what } if *what == "a PDF without a text layer" => {
                "make pictures of its pages, as `pdftoppm -r 150 -png FILE page` does, and hand these in".into()
            }
            Self::NoText { .. } => "hand in the file that the text came from".into(),
            Self::NoProgram { packages, .. } => {
                format!("on Debian: apt-get install --no-install-recommends {packages}")
            }
            Self::Program { .. } => "convert it to text by hand, and hand that in".into(),
            Self::Disk { .. } => "check the path and its permissions".into(),
        }
    }

    pub(crate) fn damaged(what: &'static str, reason: impl ToString) -> Self {
        Self::Damaged {
            what,
            reason: one_line(&reason.to_string()),
        }
    }

    pub(crate) fn limit(what: &'static str, limit: &'static str, max: u64) -> Self {
        Self::Limit { what, limit, max }
    }
}

/// The first line of a message of somebody else's, without control characters, not too long.
pub(crate) fn one_line(text: &str) -> String {
    let line = text
        .lines()
        .find(|l| !l.trim().is_empty())
        .unwrap_or_default();
    line.trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(160)
        .collect()
}
