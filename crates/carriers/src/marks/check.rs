//! The command of a `check` directive: words kept together by quotes as a shell keeps them, and nothing else of a shell.

use super::error::{CHECK_BYTES_MAX, MarkErrorKind};

/// A command that every sampled copy must pass before a press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Line of the directive, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Program and arguments; `{}` in them stands for the path of the copy.
    pub words: Vec<String>,
}

impl Check {
    /// Program and arguments for the copy at `path`.
    pub fn command(&self, path: &str) -> Vec<String> {
        self.words.iter().map(|w| w.replace("{}", path)).collect()
    }
}

/// Cuts a command into words: `'…'` keeps everything, `"…"` and `\\` as in a POSIX shell; no variables, pipes or globs.
pub(super) fn words(text: &str) -> Result<Vec<String>, MarkErrorKind> {
    if text.len() > CHECK_BYTES_MAX {
        return Err(MarkErrorKind::CheckTooLong {
            bytes: text.len(),
            max: CHECK_BYTES_MAX,
        });
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            (Some('"'), '\\') if matches!(chars.peek(), Some('"' | '\\' | '$' | '`')) => {
                word.get_or_insert_default().extend(chars.next());
            }
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\') => match chars.next() {
                Some(next) => word.get_or_insert_default().push(next),
                None => return Err(MarkErrorKind::CheckQuote),
            },
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(MarkErrorKind::CheckQuote);
    }
    words.extend(word);
    let [program, arguments @ ..] = words.as_slice() else {
        return Err(usage());
    };
    if program.is_empty() {
        return Err(usage());
    }
    if !arguments.iter().any(|a| a.contains("{}")) {
        return Err(MarkErrorKind::CheckWithoutFile);
    }
    Ok(words)
}

fn usage() -> MarkErrorKind {
    MarkErrorKind::DirectiveUsage {
        directive: "check",
        usage: "check python3 -m py_compile {}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together_and_nothing_is_a_shell() {
        let found = words(r#"node --check "a b"'c' x\ y "q\"w" '' $HOME;|{} {}"#).unwrap();
        assert_eq!(
            found,
            [
                "node",
                "--check",
                "a bc",
                "x y",
                "q\"w",
                "",
                "$HOME;|{}",
                "{}"
            ]
        );
    }

    #[test]
    fn a_check_names_the_copy_and_closes_its_quotes() {
        assert_eq!(words("true"), Err(MarkErrorKind::CheckWithoutFile));
        assert_eq!(words("{}"), Err(MarkErrorKind::CheckWithoutFile));
        assert_eq!(words("a 'b {}"), Err(MarkErrorKind::CheckQuote));
        assert_eq!(words("a {} \\"), Err(MarkErrorKind::CheckQuote));
        assert!(matches!(
            words(""),
            Err(MarkErrorKind::DirectiveUsage { .. })
        ));
        assert!(matches!(
            words("'' {}"),
            Err(MarkErrorKind::DirectiveUsage { .. })
        ));
        let long = format!("a {{}} {}", "x".repeat(CHECK_BYTES_MAX));
        assert!(matches!(
            words(&long),
            Err(MarkErrorKind::CheckTooLong { .. })
        ));
    }
}
