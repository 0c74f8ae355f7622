//! A finding of a lint, told as a compiler tells it.

use std::fmt;

use carriers::Master;
use carriers::error::Told;

use crate::syntax::place;

/// Whether a finding blocks a press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It blocks.
    Error,
    /// It is shown.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// One finding, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Characters to underline, at least 1, within the line.
    pub length: u32,
    /// Whether it blocks a press.
    pub severity: Severity,
    /// What it is.
    pub kind: FindingKind,
}

/// What a lint can find.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindingKind {
    /// The file does not read as its language, marks or not.
    #[error(
        "without any mark this file is not {language} already ({what}), so that copies are not checked"
    )]
    MasterDoesNotParse {
        /// The language.
        language: String,
        /// The first error, with line and column in the default copy.
        what: String,
    },
    /// One value of a site makes a copy that does not read as its language.
    #[error("with {value} a copy is not {language}: {what}")]
    DoesNotParse {
        /// The value, in words.
        value: String,
        /// The language.
        language: String,
        /// The first error, with line and column in that copy.
        what: String,
    },
    /// Values that parse alone and not together.
    #[error("together, {values} make a copy that is not {language}: {what}")]
    DoNotParseTogether {
        /// The values, in words.
        values: String,
        /// The language.
        language: String,
        /// The first error, with line and column in that copy.
        what: String,
    },
    /// The file is so large that not every alternative was parsed alone.
    #[error("the file is large: {left} values were only parsed together with others")]
    NotAllParsed {
        /// Values that were not tried alone.
        left: usize,
    },
    /// `a` before a vowel, or `an` before a consonant.
    #[error("a copy would say `{said}`")]
    Article {
        /// Article and word.
        said: String,
    },
    /// Wordings that state different facts.
    #[error("`{first}` says {first_fact}, and `{second}` says {second_fact}")]
    Fact {
        /// The earlier wording.
        first: String,
        /// What it states: a number, a version, an id, an address, or nothing of the kind.
        first_fact: String,
        /// The later wording.
        second: String,
        /// What it states.
        second_fact: String,
    },
    /// A name that the language has taken.
    #[error("`{name}` means something in {language} already")]
    NameReserved {
        /// The new name.
        name: String,
        /// The language.
        language: String,
    },
    /// A name that differs only in case from one in the file, where case means nothing.
    #[error("`{name}` is `{other}` to {language}, and the file uses that")]
    NameSame {
        /// The new name.
        name: String,
        /// The name in the file.
        other: String,
        /// The language.
        language: String,
    },
    /// An occurrence of the name that somebody else gave, and that would be renamed too.
    #[error("`{name}` is also {role} on line {line}, which would be renamed too")]
    NameReaches {
        /// The name.
        name: String,
        /// What it is there.
        role: &'static str,
        /// Line of that occurrence in the default copy.
        line: u32,
    },
    /// The name in another case, where case means nothing: it is the same variable, and would not follow.
    #[error("to {language} line {line} has `{name}` in another case, which would not be renamed")]
    NameCase {
        /// The name as written.
        name: String,
        /// The language.
        language: String,
        /// Line of that occurrence in the default copy.
        line: u32,
    },
    /// A wildcard of the condition that the new name leaves.
    #[error("`{name}` is not matched by `{wildcard}`, and `{written}` is")]
    NameLeavesWildcard {
        /// The new name.
        name: String,
        /// The name as written.
        written: String,
        /// The wildcard.
        wildcard: String,
    },
    /// A word that speaks of the order of items that change places.
    #[error("the items change places, and this one says `{word}`")]
    OrderWord {
        /// The word.
        word: String,
    },
}

impl FindingKind {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::MasterDoesNotParse { .. } => {
                "if it is meant so, let a `check` directive run the language's own tool".into()
            }
            Self::DoesNotParse { .. } => "change or remove this value".into(),
            Self::DoNotParseTogether { .. } => {
                "link them, `{~@name …~}`, or make one mark of them".into()
            }
            Self::NotAllParsed { .. } => "split the file, or mark less of it".into(),
            Self::Article { .. } => "take the article into the mark: `{~an issue|a flaw~}`".into(),
            Self::Fact { .. } => {
                "if both are true, declare it: `{~#…|…~}`; else state the same in every wording"
                    .into()
            }
            Self::NameReserved { .. } | Self::NameSame { .. } => "choose another name".into(),
            Self::NameReaches { .. } => {
                "choose a name that only this file uses, or give this one another name first".into()
            }
            Self::NameCase { .. } => "write the name in one case everywhere".into(),
            Self::NameLeavesWildcard { wildcard, .. } => {
                format!("choose a name that begins as `{wildcard}` does")
            }
            Self::OrderWord { .. } => {
                "read it in another order; say it without the word, or do not shuffle".into()
            }
        }
    }
}

/// All findings of one file, in order of place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Whether one of them blocks a press.
    pub fn is_blocking(&self) -> bool {
        self.errors() > 0
    }

    /// How many block a press.
    pub fn errors(&self) -> usize {
        let errors = self.0.iter().filter(|f| f.severity == Severity::Error);
        errors.count()
    }

    /// The findings as a compiler shows them: place, message, the line with a caret, a hint.
    pub fn render(&self, file_name: &str, source: &str) -> String {
        let lines: Vec<&str> = source.split('\n').collect();
        let mut out = String::new();
        for finding in &self.0 {
            let told = Told {
                level: &finding.severity.to_string(),
                message: &finding.kind.to_string(),
                hint: &finding.kind.hint(),
                line: finding.line,
                column: finding.column,
                length: finding.length,
            };
            told.write(file_name, &lines, &mut out);
        }
        out
    }
}

/// Where the sites of a master stand in its source.
pub(super) struct Places<'a> {
    pub(super) master: &'a Master,
    pub(super) source: &'a str,
}

impl<'a> Places<'a> {
    pub(super) fn new(master: &'a Master, source: &'a str) -> Self {
        Self { master, source }
    }

    /// A finding at a span of the source.
    pub(super) fn span(
        &self,
        start: usize,
        end: usize,
        severity: Severity,
        kind: FindingKind,
    ) -> Finding {
        let (line, column) = place(self.source, start);
        let text = self.source.get(start..end).unwrap_or_default();
        let first_line = text.lines().next().unwrap_or_default();
        Finding {
            line,
            column,
            length: u32::try_from(first_line.chars().count())
                .unwrap_or(u32::MAX)
                .max(1),
            severity,
            kind,
        }
    }

    /// A finding at a mark of the source, by its index in [`Master::marks`].
    pub(super) fn mark(&self, mark: usize, severity: Severity, kind: FindingKind) -> Finding {
        let span = self.master.marks().get(mark);
        let (start, end) = span.map_or((0, 0), |s| (s.start, s.end));
        self.span(start, end, severity, kind)
    }

    /// A finding at a site: its first mark, or the first item of its list.
    pub(super) fn site(&self, site: usize, severity: Severity, kind: FindingKind) -> Finding {
        if let Some(mark) = self.master.marks().iter().position(|m| m.site == site) {
            return self.mark(mark, severity, kind);
        }
        let (line, column) = self
            .master
            .sites()
            .get(site)
            .map_or((1, 1), |s| (s.line, s.column));
        Finding {
            line,
            column,
            length: 1,
            severity,
            kind,
        }
    }
}

/// At most 48 characters, on one line.
pub(super) fn short(text: &str) -> String {
    let flat: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if flat.chars().count() <= 48 {
        return flat;
    }
    flat.chars().take(47).chain(['…']).collect()
}
