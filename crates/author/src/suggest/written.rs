//! How a decision looks in the source: a mark in place, or a directive on a line.

use carriers::{MarkErrors, Master};

/// How a decision about a suggestion is written into the source.
///
/// Comments are given whole, in the comment form of the file's language, without indentation and line break.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// `{~one|two~}` in place of the original.
    Mark,
    /// `{~=original~}` in place of the original: kept as it is.
    Keep,
    /// A directive at the end of the line of the first byte.
    Trailing(String),
    /// A directive on a line of its own above the line of the first byte, indented like it.
    Above(String),
    /// Directives on lines of their own, above the line of the first byte and below the line of the last.
    Around {
        /// `<!--~ shuffle -->`.
        above: String,
        /// `<!--~ end -->`.
        below: String,
    },
    /// A value or an order marked where it stands: `before`, the original, `after`.
    Inline {
        /// `{~#nonce hex 8:`.
        before: String,
        /// `~}`.
        after: String,
    },
    /// Nothing is written: the format has no place for it.
    None,
    /// `name original: other|other` on a line of its own above the line of the first byte.
    Name {
        /// What begins the comment, such as `#~`.
        opener: String,
    },
}

/// The mark of these wordings, for a file of this name.
///
/// # Errors
/// What the mark parser says when no mark says exactly these wordings.
pub(crate) fn mark(file_name: &str, wordings: &[String]) -> Result<String, String> {
    if wordings.iter().any(|w| w.contains(['\n', '\r'])) {
        return Err("a line break".into());
    }
    let free = |c: &char| !wordings.iter().any(|w| w.contains(*c));
    let delimiter = ['|', '/', '!', ';', '^'].into_iter().find(free);
    let body = |separator: char| {
        let escaped = wordings.iter().map(|w| escaped(w, separator));
        escaped.collect::<Vec<_>>().join(&separator.to_string())
    };
    let text = match delimiter {
        None | Some('|') => format!("{{~{}~}}", body('|')),
        Some(other) => format!("{{~{other}{}{other}~}}", body(other)),
    };
    let told = |errors: MarkErrors| {
        errors
            .0
            .first()
            .map(|e| e.kind.to_string())
            .unwrap_or_default()
    };
    let master = Master::parse(file_name, text.as_bytes()).map_err(told)?;
    match master.sites() {
        [site] if site.choices == wordings => Ok(text),
        _ => Err("they cannot be written in one mark".into()),
    }
}

/// The mark that keeps a wording as it is, if there is one.
pub(crate) fn kept(file_name: &str, wording: &str) -> Option<String> {
    // Behind `=` no character is a delimiter.
    let text = escaped(&format!("={wording}"), '|');
    let text = format!("{{~{text}~}}");
    let master = Master::parse(file_name, text.as_bytes()).ok()?;
    let shown = master.embed(&[]).ok()?;
    (shown == wording.as_bytes()).then_some(text)
}

fn escaped(wording: &str, separator: char) -> String {
    let mut out = String::new();
    let mut rest = wording;
    while let Some(c) = rest.chars().next() {
        let starts_special = out.is_empty() && matches!(c, '/' | '!' | ';' | '^' | '@' | '#');
        let is_syntax = rest.starts_with("~}") || rest.starts_with("{~");
        if c == separator || c == '\\' || starts_special || is_syntax {
            out.push('\\');
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
        if is_syntax {
            // The second character belongs to the escape.
            if let Some(second) = rest.chars().next() {
                out.push(second);
                rest = &rest[second.len_utf8()..];
            }
        }
    }
    out
}
