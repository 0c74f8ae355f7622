//! What is wrong with the marks of a master, told as a compiler tells it.

use std::fmt::Write as _;

/// Largest master, in bytes.
pub const MASTER_BYTES_MAX: usize = 4 << 20;
/// Most mark sites of one master.
pub const SITES_MAX: usize = 8192;
/// Most alternatives of one mark.
pub const ALTERNATIVES_MAX: usize = 64;
/// Longest wording of one alternative, in bytes.
pub const WORDING_BYTES_MAX: usize = 2048;
/// Longest nonce, in characters.
pub const NONCE_CHARS_MAX: u64 = 64;
/// Most items of one shuffle: 12! is the last factorial below 2^32.
pub const SHUFFLE_ITEMS_MAX: usize = 12;
/// Most `name` directives of one file.
pub const NAMES_MAX: usize = 256;
/// Most `check` directives of one file.
pub const CHECKS_MAX: usize = 16;
/// Longest command of a `check`, in bytes.
pub const CHECK_BYTES_MAX: usize = 2048;
/// Most errors told of one file.
pub const ERRORS_MAX: usize = 100;
/// Most values of one site.
pub const VALUES_MAX: u64 = 1 << 32;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Characters to underline, at least 1, within the line.
    pub length: u32,
    /// What is wrong.
    pub kind: MarkErrorKind,
}

/// What can be wrong with a mark.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MarkErrorKind {
    /// The file is larger than [`MASTER_BYTES_MAX`].
    #[error("the file has {bytes} bytes, and a master may have {max}")]
    FileTooLarge {
        /// Size found.
        bytes: usize,
        /// Largest allowed.
        max: usize,
    },
    /// A file with mark syntax that is not UTF-8.
    #[error("the file holds marks, but is not UTF-8 (byte {offset})")]
    NotUtf8 {
        /// First bad byte.
        offset: usize,
    },
    /// More sites than [`SITES_MAX`].
    #[error("more than {max} mark sites in one file")]
    TooManySites {
        /// Most allowed.
        max: usize,
    },
    /// `{~` without its `~}` on the same line.
    #[error("the mark is not closed on this line")]
    Unclosed,
    /// `~}` without `{~`.
    #[error("`~}}` closes no mark")]
    StrayClose,
    /// A mark within a mark.
    #[error("a mark inside a mark")]
    Nested,
    /// Fewer than two alternatives.
    #[error("a mark needs at least two alternatives, and this one has {found}")]
    TooFewAlternatives {
        /// Alternatives found.
        found: usize,
    },
    /// More than [`ALTERNATIVES_MAX`] alternatives.
    #[error("{found} alternatives, and a mark may have {max}")]
    TooManyAlternatives {
        /// Alternatives found.
        found: usize,
        /// Most allowed.
        max: usize,
    },
    /// A wording longer than [`WORDING_BYTES_MAX`].
    #[error("an alternative has {bytes} bytes, and it may have {max}")]
    WordingTooLong {
        /// Length found.
        bytes: usize,
        /// Longest allowed.
        max: usize,
    },
    /// Two alternatives that a reader of the leak cannot tell apart.
    #[error("the alternatives `{first}` and `{second}` are the same after normalisation")]
    SameAlternatives {
        /// The earlier one.
        first: String,
        /// The later one.
        second: String,
    },
    /// `{~/x/y~}` without the delimiter before `~}`.
    #[error("a mark that begins with `{delimiter}` ends with `{delimiter}~}}`")]
    DelimiterNotClosed {
        /// The delimiter chosen.
        delimiter: char,
    },
    /// `{~@` without a name and a space.
    #[error("a linked mark is written `{{~@name one|two~}}`")]
    LinkName,
    /// A linked mark with another number of alternatives than the first of its name.
    #[error("`@{name}` has {found} alternatives here, and {expected} on line {first_line}")]
    LinkCount {
        /// The link's name.
        name: String,
        /// Alternatives of the first occurrence.
        expected: usize,
        /// Alternatives here.
        found: usize,
        /// Line of the first occurrence.
        first_line: u32,
    },
    /// A directive with an unknown first word.
    #[error("unknown directive `{word}`")]
    UnknownDirective {
        /// The word found.
        word: String,
    },
    /// A directive whose arguments are wrong.
    #[error("`{directive}` is written `{usage}`")]
    DirectiveUsage {
        /// The directive's word.
        directive: &'static str,
        /// How it is written.
        usage: &'static str,
    },
    /// A mark that begins with `#` and an unknown word.
    #[error("unknown value mark `#{word}`")]
    UnknownValue {
        /// The word found.
        word: String,
    },
    /// The value that the master shows is none of those declared.
    #[error("`{text}` is no value of `{directive}`")]
    NotAValue {
        /// What is declared.
        directive: String,
        /// What stands there.
        text: String,
    },
    /// A link whose marks are of different kinds.
    #[error("`@{name}` is another kind of mark here than on line {first_line}")]
    LinkKind {
        /// The link's name.
        name: String,
        /// Line of the first occurrence.
        first_line: u32,
    },
    /// A linked value that the master shows differently in two places.
    #[error("`@{name}` shows another value here than on line {first_line}")]
    LinkDefault {
        /// The link's name.
        name: String,
        /// Line of the first occurrence.
        first_line: u32,
    },
    /// A directive comment that is not closed.
    #[error("the directive is not closed by `{close}`")]
    DirectiveUnclosed {
        /// What closes it.
        close: &'static str,
    },
    /// An integer range that holds fewer than two numbers, or more than 2^32.
    #[error("the range {low}..{high} holds {count} numbers")]
    RangeSize {
        /// Lower end, included.
        low: u64,
        /// Upper end, included.
        high: u64,
        /// Numbers in it.
        count: u64,
    },
    /// A nonce of no or too many characters.
    #[error("a nonce of {chars} characters, and 1 to {max} are allowed")]
    NonceLength {
        /// Length asked for.
        chars: u64,
        /// Longest allowed.
        max: u64,
    },
    /// A base64 nonce whose length is not a multiple of four.
    #[error("a base64 nonce has a multiple of 4 characters, not {chars}")]
    NonceBase64Length {
        /// Length asked for.
        chars: u64,
    },
    /// No literal on the line fits the directive.
    #[error("nothing on this line fits `{directive}`")]
    NoLiteral {
        /// The directive.
        directive: String,
    },
    /// More than one literal on the line fits the directive.
    #[error("{found} literals on this line fit `{directive}`")]
    AmbiguousLiteral {
        /// The directive.
        directive: String,
        /// How many fit.
        found: usize,
    },
    /// Two marks or directives want the same text.
    #[error("this text belongs to another mark already")]
    Overlap,
    /// The name is nowhere in the file.
    #[error("the name `{name}` does not occur in this file")]
    NameMissing {
        /// The name.
        name: String,
    },
    /// The name stands inside an alternative of a mark, where it cannot follow.
    #[error("the name `{name}` also stands inside a mark, where it cannot follow")]
    NameInMark {
        /// The name.
        name: String,
    },
    /// More than [`NAMES_MAX`] names.
    #[error("more than {max} names in one file")]
    TooManyNames {
        /// Most allowed.
        max: usize,
    },
    /// The new name is in the file already.
    #[error("the file already uses the name `{name}`")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// Not an identifier.
    #[error("`{name}` is not an identifier")]
    NotAnIdentifier {
        /// What was written.
        name: String,
    },
    /// `shuffle` without `end`.
    #[error("the shuffle is not ended")]
    ShuffleNotEnded,
    /// `end` without `shuffle`.
    #[error("`end` without a shuffle before it")]
    StrayEnd,
    /// A shuffle inside a shuffle.
    #[error("a shuffle inside a shuffle")]
    ShuffleNested,
    /// Fewer than two items.
    #[error("a shuffle needs at least two items, and this one has {found}")]
    TooFewItems {
        /// Items found.
        found: usize,
    },
    /// More than [`SHUFFLE_ITEMS_MAX`] items.
    #[error("{found} items, and a shuffle may have {max}")]
    TooManyItems {
        /// Items found.
        found: usize,
        /// Most allowed.
        max: usize,
    },
    /// Two items that a reader cannot tell apart.
    #[error("two items of the shuffle are the same: `{item}`")]
    SameItems {
        /// The item.
        item: String,
    },
    /// `shuffle NAME` found no such list.
    #[error("no list `{name}` on this line or the next")]
    NoList {
        /// The name.
        name: String,
    },
    /// A `check` whose command does not name the copy.
    #[error("the command of this check has no `{{}}`")]
    CheckWithoutFile,
    /// A quote of a `check` that is not closed, or a backslash at its end.
    #[error("the command of this check has a quote that is not closed")]
    CheckQuote,
    /// More than [`CHECKS_MAX`] checks.
    #[error("more than {max} checks in one file")]
    TooManyChecks {
        /// Most allowed.
        max: usize,
    },
    /// A command longer than [`CHECK_BYTES_MAX`].
    #[error("the command of this check has {bytes} bytes, and it may have {max}")]
    CheckTooLong {
        /// Length found.
        bytes: usize,
        /// Longest allowed.
        max: usize,
    },
    /// A capture that cannot carry what its section comment declares; line and column are the comment's.
    #[error(transparent)]
    Capture(crate::pcap::CaptureError),
    /// Text that looks like mark syntax and would stand in every copy.
    #[error("every copy would show the mark syntax `{syntax}`")]
    ShowsSyntax {
        /// The syntax.
        syntax: String,
    },
}

impl MarkErrorKind {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Capture(error) => error.hint(),
            Self::FileTooLarge { .. } => "split the artifact into several files".into(),
            Self::NotUtf8 { .. } => "save the file as UTF-8".into(),
            Self::TooManySites { .. } => {
                "split the artifact, or remove marks: no leak needs so many".into()
            }
            Self::Unclosed => {
                "write `~}` on the same line, or `\\{~` for the two characters themselves".into()
            }
            Self::StrayClose => "write `\\~}` for the two characters themselves".into(),
            Self::Nested => {
                "close the outer mark first, or write `\\{~` for the two characters".into()
            }
            Self::TooFewAlternatives { .. } => {
                "write `{~one|two~}`, or `{~|optional ~}` for text that may be left out".into()
            }
            Self::TooManyAlternatives { .. } => {
                "keep the best ones, or use an `int` or a `nonce` directive".into()
            }
            Self::WordingTooLong { .. } => "mark the words that differ, not the passage".into(),
            Self::SameAlternatives { .. } => {
                "case, spaces, quotes and dashes do not survive a leak: choose other words".into()
            }
            Self::DelimiterNotClosed { delimiter } => format!(
                "add `{delimiter}` before `~}}`, or begin with `\\{delimiter}` if the text itself begins so"
            ),
            Self::LinkName => {
                "names have letters, digits, `-` and `_`; text that begins with `@` is written `\\@`"
                    .into()
            }
            Self::LinkCount { .. } => {
                "every occurrence of a link has the same number of alternatives".into()
            }
            Self::UnknownDirective { .. } => {
                "the directives are int, nonce, name, shuffle, end, keep, check and encode".into()
            }
            Self::DirectiveUsage { directive, .. } if directive.starts_with('#') => {
                "the value that the master shows stands after the colon".into()
            }
            Self::DirectiveUsage { .. } => "one directive, then the end of the comment".into(),
            Self::UnknownValue { .. } => {
                "the value marks are #int, #nonce, #uuid, #time, #shuffle and #end; a text that begins so is written `\\{~`".into()
            }
            Self::NotAValue { directive, .. } => match directive.as_str() {
                "uuid" => "write a UUID of version 4, in one case".into(),
                d if d.starts_with("time") => {
                    "write a moment as in 2026-03-01T10:20:30Z".into()
                }
                _ => "write a value of that length, alphabet or range after the colon".into(),
            },
            Self::LinkKind { .. } => "give one of them another name".into(),
            Self::LinkDefault { .. } => {
                "linked values are the same value everywhere: write one of them in both places".into()
            }
            Self::DirectiveUnclosed { close } => format!("add `{close}`"),
            Self::RangeSize { .. } => {
                "both ends are included; a range has 2 to 4294967296 numbers".into()
            }
            Self::NonceLength { .. } => "8 hex characters name one of 19487171 copies".into(),
            Self::NonceBase64Length { .. } => "use 8 or 12, or `nonce alnum`".into(),
            Self::NoLiteral { directive } => {
                if directive.starts_with("encode") {
                    "in Suricata a `content:\"…\"`, in YARA a string without modifiers or wildcards, on the line"
                        .into()
                } else if directive.starts_with("int") {
                    "write a number within the range on the same line as the directive".into()
                } else {
                    "write an example of that length and alphabet on the same line".into()
                }
            }
            Self::AmbiguousLiteral { .. } => {
                "put the literal that is meant on a line of its own".into()
            }
            Self::Overlap => "each piece of text can carry one mark".into(),
            Self::NameMissing { .. } => "write the name as the program writes it".into(),
            Self::NameInMark { .. } => "take the name out of the mark, or mark it alone".into(),
            Self::TooManyNames { .. } => "keep the names that a leak would show".into(),
            Self::NameTaken { .. } => {
                "choose a name that is new to the file, so that the program stays the same".into()
            }
            Self::NotAnIdentifier { .. } => "letters, digits and `_`, not a digit first".into(),
            Self::ShuffleNotEnded => "write an `end` directive after the last item".into(),
            Self::StrayEnd => "remove it, or write `shuffle` before the first item".into(),
            Self::ShuffleNested => "end the outer shuffle first".into(),
            Self::TooFewItems { .. } => {
                "items are list items, paragraphs or lines between `shuffle` and `end`".into()
            }
            Self::TooManyItems { .. } => "shuffle two shorter parts of the list".into(),
            Self::SameItems { .. } => "items that change places must differ".into(),
            Self::NoList { name } => {
                format!("write the directive just above, or at the end of, the line with `{name}`")
            }
            Self::CheckWithoutFile => {
                "write `{}` where the path of the copy belongs: `check python3 -m py_compile {}`"
                    .into()
            }
            Self::CheckQuote => {
                "close it; no shell runs the command, quotes only keep words together".into()
            }
            Self::TooManyChecks { .. } => "one script can run several tools".into(),
            Self::CheckTooLong { .. } => "put the command into a script, and name the script".into(),
            Self::ShowsSyntax { syntax } => {
                format!("directives stand in comments of the file's own language: move it, or break up `{syntax}`")
            }
        }
    }
}

/// All that is wrong with one file, in order of place. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} in the marks", count_of(.0.len()))]
pub struct MarkErrors(pub Vec<MarkError>);

fn count_of(errors: usize) -> String {
    match errors {
        1 => "1 error".into(),
        n => format!("{n} errors"),
    }
}

impl MarkErrors {
    /// The errors as a compiler shows them: place, message, the line with a caret, a hint.
    pub fn render(&self, file_name: &str, source: &str) -> String {
        let lines: Vec<&str> = source.split('\n').collect();
        let mut out = String::new();
        for error in &self.0 {
            if crate::format::Dialect::of(file_name) == crate::format::Dialect::Capture {
                // The lines are those of the section comment, which is no line of the file.
                let _ = writeln!(
                    out,
                    "error: {}\n --> {file_name}, section comment:{}:{}\n  = hint: {}",
                    error.kind,
                    error.line,
                    error.column,
                    error.kind.hint()
                );
                continue;
            }
            let told = Told {
                level: "error",
                message: &error.kind.to_string(),
                hint: &error.kind.hint(),
                line: error.line,
                column: error.column,
                length: error.length,
            };
            told.write(file_name, &lines, &mut out);
        }
        out
    }

    /// What to do about the first one.
    pub fn hint(&self) -> String {
        self.0.first().map(|e| e.kind.hint()).unwrap_or_default()
    }
}

/// A finding at a place of a source, told as a compiler tells it.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// `error` or `warning`.
    pub level: &'a str,
    /// What is wrong, one line.
    pub message: &'a str,
    /// What to do about it, one line.
    pub hint: &'a str,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Characters to underline.
    pub length: u32,
}

impl Told<'_> {
    /// Appends place, message, the line with a caret, and the hint; `lines` are those of the source.
    pub fn write(&self, file_name: &str, lines: &[&str], out: &mut String) {
        let line_text = lines
            .get(self.line.saturating_sub(1) as usize)
            .map_or("", |l| l.trim_end_matches('\r'));
        let line_text = line_text.trim_start_matches('\u{feff}');
        let gutter = self.line.to_string().len();
        // A very long line (minified code) is cut around the place.
        let column = self.column.saturating_sub(1) as usize;
        let from = column.saturating_sub(60);
        let shown: String = line_text
            .chars()
            .skip(from)
            .take(120)
            .map(|c| if c == '\t' || c.is_control() { ' ' } else { c })
            .collect();
        let width = (self.length as usize).clamp(
            1,
            shown.chars().count().saturating_sub(column - from).max(1),
        );
        let _ = writeln!(out, "{}: {}", self.level, self.message);
        let _ = writeln!(
            out,
            "{:gutter$}--> {file_name}:{}:{}",
            "", self.line, self.column
        );
        let _ = writeln!(out, "{:gutter$} |", "");
        let _ = writeln!(out, "{} | {shown}", self.line);
        let _ = writeln!(
            out,
            "{:gutter$} | {:pad$}{}",
            "",
            "",
            "^".repeat(width),
            pad = column - from
        );
        let _ = writeln!(out, "{:gutter$} = hint: {}", "", self.hint);
    }
}
