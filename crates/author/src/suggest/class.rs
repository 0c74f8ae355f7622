//! What kinds of differences are suggested.

use std::fmt;

/// What kind of difference a suggestion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Class {
    /// Prose: another everyday word; never a term of the subject.
    Synonym,
    /// Prose: a fixed phrase for another.
    Phrase,
    /// Prose: a word that may be left out.
    Optional,
    /// Prose: `do not` and `don't`.
    Contraction,
    /// Prose: how a name in code type is introduced.
    Apposition,
    /// Prose: `that` and `which`, or neither.
    Relative,
    /// Prose: a number or a date written differently.
    Number,
    /// Prose: the same words in another order, and lists whose items change places.
    Order,
    /// Prose: compounds written together or apart.
    Spelling,
    /// Code and rules: a value that nobody else needs.
    Nonce,
    /// Code and rules: how long a filler is.
    Filler,
    /// Code and rules: a name of a file or a folder.
    File,
    /// Code and rules: what a header says, and which comes first.
    Header,
    /// Code and rules: the order of keys, arguments, imports, options or metadata.
    Items,
    /// Code and rules: the name of a variable, a string or a selection.
    Name,
    /// Code and rules: one value written in another form.
    Literal,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 16] = [
        Class::Synonym,
        Class::Phrase,
        Class::Optional,
        Class::Contraction,
        Class::Apposition,
        Class::Relative,
        Class::Number,
        Class::Order,
        Class::Spelling,
        Class::Nonce,
        Class::Filler,
        Class::File,
        Class::Header,
        Class::Items,
        Class::Name,
        Class::Literal,
    ];

    /// Its word, as in `keep order` and `--class order`.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Synonym => "synonym",
            Class::Phrase => "phrase",
            Class::Optional => "optional",
            Class::Contraction => "contraction",
            Class::Apposition => "apposition",
            Class::Relative => "relative",
            Class::Number => "number",
            Class::Order => "order",
            Class::Spelling => "spelling",
            Class::Nonce => "nonce",
            Class::Filler => "filler",
            Class::File => "file",
            Class::Header => "header",
            Class::Items => "items",
            Class::Name => "name",
            Class::Literal => "literal",
        }
    }

    /// The class of this word.
    pub fn of(word: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.as_str() == word)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a site survives what happens to a leak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// The values differ by words, or by what runs: they survive a paste, HTML, a PDF and OCR.
    Robust,
    /// The values differ by punctuation, hyphens or layout: a converter or an editor may unify them.
    Fragile,
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Strength::Robust => "robust",
            Strength::Fragile => "fragile",
        })
    }
}
