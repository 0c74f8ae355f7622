//! Kusto queries: strings, comments and brackets closed, and a stage after every pipe.

use super::{NESTING_MAX, Wrong, shown};

/// A token of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Number,
    Text,
    Sign,
}

/// Two-character operators.
const PAIRS: [&str; 9] = ["==", "!=", "=~", "!~", "<=", ">=", "<>", "..", "=>"];
/// What may not stand before the end of a stage, of a bracket or of the query.
const OPERATORS: [&str; 17] = [
    "==", "!=", "=~", "!~", "<=", ">=", "<>", "..", "=>", "=", "+", "/", "%", "<", ">", ",", "-",
];
/// Words that want something after them.
const WORD_OPERATORS: [&str; 14] = [
    "and",
    "or",
    "by",
    "in",
    "has",
    "contains",
    "startswith",
    "endswith",
    "matches",
    "has_any",
    "has_all",
    "hasprefix",
    "between",
    "on",
];

/// The tokens of a query, without comments; what is wrong with strings and characters is told.
pub(crate) fn tokens<'a>(text: &'a str, wrong: &mut Wrong<'_>) -> Vec<Token<'a>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let rest = text.get(at..).unwrap_or_default();
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let (kind, len) = if let Some(len) = string(rest) {
            match len {
                Some(len) => (Kind::Text, len),
                None => {
                    wrong.at(at, "a string that is not closed");
                    return out;
                }
            }
        } else if byte.is_ascii_digit() {
            let len = rest
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
                .count();
            let tail = rest.get(len..).unwrap_or_default();
            let fraction = tail.strip_prefix('.').map_or(0, |t| {
                t.bytes().take_while(u8::is_ascii_alphanumeric).count()
            });
            let more = if fraction > 0 { fraction + 1 } else { 0 };
            (Kind::Number, len + more)
        } else if byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$') {
            let len = rest
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$'))
                .count();
            (Kind::Word, len)
        } else if let Some(pair) = PAIRS.iter().find(|p| rest.starts_with(**p)) {
            (Kind::Sign, pair.len())
        } else if byte.is_ascii_punctuation() {
            if matches!(byte, b'`' | b'#' | b'^' | b'&' | b'\\') {
                wrong.at(
                    at,
                    format!("not KQL: {}", shown(rest.get(..1).unwrap_or_default())),
                );
            }
            (Kind::Sign, 1)
        } else {
            wrong.at(at, format!("not KQL: {}", shown(rest)));
            return out;
        };
        let piece = text.get(at..at + len).unwrap_or_default();
        out.push(Token {
            at,
            kind,
            text: piece,
        });
        at += len.max(1);
    }
    out
}

/// Length of the string that `rest` begins with: `None` if it is none, `Some(None)` if it is not closed.
fn string(rest: &str) -> Option<Option<usize>> {
    if let Some(body) = rest.strip_prefix("```") {
        return Some(body.find("```").map(|p| p + 6));
    }
    let prefix = rest
        .bytes()
        .take(2)
        .take_while(|b| matches!(b, b'@' | b'h' | b'H'))
        .count();
    let verbatim = rest.get(..prefix).unwrap_or_default().contains('@');
    let body = rest.get(prefix..).unwrap_or_default();
    let quote = body.bytes().next().filter(|b| matches!(b, b'"' | b'\''))?;
    let bytes = body.as_bytes();
    let mut at = 1;
    loop {
        match bytes.get(at) {
            None | Some(b'\n') => return Some(None),
            Some(b'\\') if !verbatim => at += 2,
            Some(b) if *b == quote => {
                // Doubled in a verbatim string, the quote is a character.
                if verbatim && bytes.get(at + 1) == Some(&quote) {
                    at += 2;
                    continue;
                }
                return Some(Some(prefix + at + 1));
            }
            Some(_) => at += 1,
        }
    }
}

pub(super) fn check(text: &str, wrong: &mut Wrong<'_>) {
    let tokens = tokens(text, wrong);
    if !wrong.is_empty() {
        return;
    }
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut last: Option<Token<'_>> = None;
    let dangling = |last: Token<'_>| match last.kind {
        Kind::Sign => OPERATORS.contains(&last.text) || last.text == "|",
        Kind::Word => WORD_OPERATORS.contains(&last.text),
        _ => false,
    };
    for token in &tokens {
        match token.text {
            "(" | "[" | "{" if token.kind == Kind::Sign => {
                open.push((token.at, token.text));
                if open.len() > NESTING_MAX {
                    wrong.at(token.at, "brackets are nested too deeply to be checked");
                    return;
                }
            }
            ")" | "]" | "}" | "|" | ";" if token.kind == Kind::Sign => {
                if let Some(before) = last.filter(|l| dangling(*l)) {
                    wrong.at(before.at, format!("nothing follows {}", shown(before.text)));
                }
                let opener = match token.text {
                    ")" => "(",
                    "]" => "[",
                    "}" => "{",
                    _ => "",
                };
                if !opener.is_empty() && open.pop().is_none_or(|(_, o)| o != opener) {
                    wrong.at(token.at, format!("{} closes nothing", shown(token.text)));
                    return;
                }
                if token.text == ";" && !open.is_empty() && open.iter().all(|(_, o)| *o != "{") {
                    wrong.at(token.at, "a statement ends inside a bracket");
                }
            }
            _ => {
                if last.is_some_and(|l| l.kind == Kind::Sign && l.text == "|")
                    && token.kind != Kind::Word
                {
                    wrong.at(
                        token.at,
                        format!("a stage begins with a word, not with {}", shown(token.text)),
                    );
                }
                let is_value = |k| matches!(k, Kind::Text | Kind::Number);
                if last.is_some_and(|l| is_value(l.kind)) && is_value(token.kind) {
                    wrong.at(
                        token.at,
                        format!("no operator before {}", shown(token.text)),
                    );
                }
            }
        }
        last = Some(*token);
    }
    if let Some((at, bracket)) = open.last() {
        wrong.at(*at, format!("{} is not closed", shown(bracket)));
    }
    if let Some(token) = last
        && token.kind == Kind::Sign
        && (OPERATORS.contains(&token.text) || token.text == "|")
    {
        wrong.at(token.at, format!("nothing follows {}", shown(token.text)));
    }
}
