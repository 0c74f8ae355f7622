//! Whether a file still reads as its language: programs through their grammars, rules through what their engines expect.

mod json;
mod kql;
pub(crate) mod sigma;
pub(crate) mod suricata;
pub(crate) mod tree;
pub(crate) mod yaml;
pub(crate) mod yara;

use std::fmt;

/// Largest file that is checked, in bytes.
pub const SYNTAX_BYTES_MAX: usize = carriers::error::MASTER_BYTES_MAX;
/// Most errors told of one file.
pub const SYNTAX_ERRORS_MAX: usize = 20;
/// Deepest nesting of brackets that is followed in rules and data.
pub const NESTING_MAX: usize = 200;

/// A language whose syntax is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Language {
    /// `.py`
    Python,
    /// `.js`, `.mjs`, `.cjs`, `.jsx`
    JavaScript,
    /// `.ts`
    TypeScript,
    /// `.tsx`
    Tsx,
    /// `.c`, `.h`
    C,
    /// `.ps1`, `.psm1`, `.psd1`
    PowerShell,
    /// `.sh`, `.bash`
    Shell,
    /// `.rules`: Suricata and Snort
    Suricata,
    /// `.yar`, `.yara`
    Yara,
    /// `.yml`, `.yaml`: any YAML, and Sigma rules where it is one
    Sigma,
    /// `.kql`, `.csl`
    Kql,
    /// `.json`, `.har`, `.stix`
    Json,
    /// `.jsonl`, `.ndjson`
    JsonLines,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 13] = [
        Language::Python,
        Language::JavaScript,
        Language::TypeScript,
        Language::Tsx,
        Language::C,
        Language::PowerShell,
        Language::Shell,
        Language::Suricata,
        Language::Yara,
        Language::Sigma,
        Language::Kql,
        Language::Json,
        Language::JsonLines,
    ];

    /// The language that the ending of `file_name` tells, whatever its case; `None` if its syntax is not known here.
    pub fn of(file_name: &str) -> Option<Language> {
        let base = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
        let ending = base.rsplit_once('.')?.1.to_ascii_lowercase();
        Some(match ending.as_str() {
            "py" | "pyw" | "pyi" => Language::Python,
            "js" | "mjs" | "cjs" | "jsx" => Language::JavaScript,
            "ts" => Language::TypeScript,
            "tsx" => Language::Tsx,
            "c" | "h" => Language::C,
            "ps1" | "psm1" | "psd1" => Language::PowerShell,
            "sh" | "bash" => Language::Shell,
            "rules" | "rule" | "snort" | "suricata" => Language::Suricata,
            "yar" | "yara" => Language::Yara,
            "yml" | "yaml" => Language::Sigma,
            "kql" | "csl" => Language::Kql,
            "json" | "har" | "stix" => Language::Json,
            "jsonl" | "ndjson" => Language::JsonLines,
            _ => return None,
        })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Language::Python => "Python",
            Language::JavaScript => "JavaScript",
            Language::TypeScript => "TypeScript",
            Language::Tsx => "TSX",
            Language::C => "C",
            Language::PowerShell => "PowerShell",
            Language::Shell => "shell",
            Language::Suricata => "Suricata or Snort rules",
            Language::Yara => "YARA",
            Language::Sigma => "YAML",
            Language::Kql => "KQL",
            Language::Json => "JSON",
            Language::JsonLines => "JSON lines",
        })
    }
}

/// A place where a file does not read as its language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SyntaxError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong: lower case, one line.
    pub what: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.what)
    }
}

/// Checks that `text` reads as the language that the ending of `file_name` tells.
///
/// A file of another kind passes: nothing is known of its syntax.
/// Time grows with the length of the text; a text that takes too long is an error that says so.
///
/// # Errors
/// What is wrong, in order of place, at most [`SYNTAX_ERRORS_MAX`]; never empty.
pub fn check(file_name: &str, text: &str) -> Result<(), Vec<SyntaxError>> {
    match Language::of(file_name) {
        Some(language) => check_as(language, text),
        None => Ok(()),
    }
}

/// Checks that `text` reads as `language`.
///
/// # Errors
/// As [`check`].
pub fn check_as(language: Language, text: &str) -> Result<(), Vec<SyntaxError>> {
    if text.len() > SYNTAX_BYTES_MAX {
        let what = format!(
            "the file has {} bytes, and at most {SYNTAX_BYTES_MAX} are checked",
            text.len()
        );
        return Err(vec![SyntaxError {
            line: 1,
            column: 1,
            what,
        }]);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut wrong = Wrong::new(text);
    match language {
        Language::Suricata => suricata::check(text, &mut wrong),
        Language::Yara => yara::check(text, &mut wrong),
        Language::Sigma => sigma::check(text, &mut wrong),
        Language::Kql => kql::check(text, &mut wrong),
        Language::Json => json::check(text, &mut wrong),
        Language::JsonLines => json::check_lines(text, &mut wrong),
        _ => tree::check(language, text, &mut wrong),
    }
    wrong.told()
}

/// What is wrong with a text, by byte offsets.
pub(crate) struct Wrong<'a> {
    text: &'a str,
    found: Vec<(usize, String)>,
}

impl<'a> Wrong<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    /// Notes an error at a byte offset; beyond [`SYNTAX_ERRORS_MAX`] nothing is noted.
    pub(crate) fn at(&mut self, offset: usize, what: impl Into<String>) {
        if !self.is_full() {
            self.found.push((offset.min(self.text.len()), what.into()));
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= SYNTAX_ERRORS_MAX
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    fn told(mut self) -> Result<(), Vec<SyntaxError>> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort();
        let text = self.text;
        Err(self
            .found
            .into_iter()
            .map(|(offset, what)| {
                let (line, column) = place(text, offset);
                SyntaxError { line, column, what }
            })
            .collect())
    }
}

/// Line and column in characters, both from 1, of a byte offset.
pub(crate) fn place(text: &str, offset: usize) -> (u32, u32) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = text.get(..offset).unwrap_or_default();
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |p| p + 1);
    let column = before
        .get(start..)
        .unwrap_or_default()
        .chars()
        .filter(|c| *c != '\u{feff}')
        .count()
        + 1;
    (
        u32::try_from(line).unwrap_or(u32::MAX),
        u32::try_from(column).unwrap_or(u32::MAX),
    )
}

/// The first characters of a piece of source, for a message: one line, at most 24 characters, in backticks.
pub(crate) fn shown(piece: &str) -> String {
    let line = piece.trim().lines().next().unwrap_or_default();
    let mut out: String = line
        .chars()
        .take(24)
        .map(|c| if c.is_control() || c == '`' { ' ' } else { c })
        .collect();
    if line.chars().count() > 24 {
        out.push('…');
    }
    format!("`{out}`")
}

/// Offset of the first bracket that is nested deeper than [`NESTING_MAX`], strings and comments not looked at.
pub(crate) fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > NESTING_MAX {
                    return Some(at);
                }
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}
