//! The words of a text, in order, with what stands between them.

use super::mask::Byte;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, with apostrophes and hyphens inside.
    Word,
    /// Digits, with points and commas inside.
    Number,
    /// Code, an address, a quotation, an identifier: stands for a name.
    Opaque,
    /// A mark that is there already.
    Mark,
    /// One punctuation character.
    Punct,
    /// The end of a paragraph, a heading, a list marker.
    Break,
}

/// One token of the text.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// In lower case, with a straight apostrophe; the character of a punctuation.
    pub(super) lower: String,
    /// Whether the first letter is a capital.
    pub(super) is_capital: bool,
    /// Whether it is longer than a letter and all capitals.
    pub(super) is_shouted: bool,
}

impl Token {
    /// Whether it counts as a word between two marks.
    pub(super) fn counts(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Number | Kind::Opaque)
    }
}

/// The tokens of `source`; a break is one token, however long.
pub(super) fn tokens(source: &str, bytes: &[Byte]) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = source.get(at..).and_then(|s| s.chars().next()) {
        let class = bytes.get(at).copied().unwrap_or(Byte::Break);
        let next = at + c.len_utf8();
        match class {
            Byte::Break => {
                push(&mut out, Kind::Break, at, next, "");
                at = next;
            }
            _ if c.is_whitespace() && class == Byte::Prose => at = next,
            _ => {
                let end = run_end(source, bytes, at);
                run(source, bytes, at, end, &mut out);
                at = end.max(next);
            }
        }
    }
    out
}

/// Up to the next white space of prose, or a break.
fn run_end(source: &str, bytes: &[Byte], from: usize) -> usize {
    let mut end = from;
    for c in source.get(from..).unwrap_or_default().chars() {
        match bytes.get(end) {
            Some(Byte::Prose) if c.is_whitespace() => break,
            Some(Byte::Break) | None => break,
            _ => end += c.len_utf8(),
        }
    }
    end
}

/// A run without white space: punctuation, a core, punctuation.
fn run(source: &str, bytes: &[Byte], start: usize, end: usize, out: &mut Vec<Token>) {
    let is_prose = |at: usize| bytes.get(at) == Some(&Byte::Prose);
    let is_edge = |c: char| {
        matches!(
            c,
            '.' | ','
                | ';'
                | ':'
                | '!'
                | '?'
                | '('
                | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | '*'
                | '\''
                | '‘'
                | '’'
                | '"'
                | '…'
                | '—'
                | '–'
        ) || c == '_'
    };
    let mut from = start;
    for c in source.get(start..end).unwrap_or_default().chars() {
        if !is_prose(from) || !is_edge(c) {
            break;
        }
        let next = from + c.len_utf8();
        push(out, Kind::Punct, from, next, c.encode_utf8(&mut [0; 4]));
        from = next;
    }
    let mut to = end;
    let mut tail = Vec::new();
    for c in source.get(from..end).unwrap_or_default().chars().rev() {
        let before = to - c.len_utf8();
        if !is_prose(before) || !is_edge(c) {
            break;
        }
        tail.push((before, to, c));
        to = before;
    }
    let core = source.get(from..to).unwrap_or_default();
    // `e.g.` and `i.e.` keep their last point.
    if matches!(core, "e.g" | "i.e") && tail.last().is_some_and(|t| t.2 == '.') {
        tail.pop();
        to += 1;
    }
    if to > from {
        // Words joined by a long dash are apart.
        let mut piece = from;
        let core = source.get(from..to).unwrap_or_default();
        for (offset, c) in core.char_indices() {
            let at = from + offset;
            if matches!(c, '—' | '–') && is_prose(at) {
                core_token(source, bytes, piece, at, out);
                push(out, Kind::Punct, at, at + c.len_utf8(), "—");
                piece = at + c.len_utf8();
            }
        }
        core_token(source, bytes, piece, to, out);
    }
    for (start, end, c) in tail.into_iter().rev() {
        push(out, Kind::Punct, start, end, c.encode_utf8(&mut [0; 4]));
    }
}

fn core_token(source: &str, bytes: &[Byte], from: usize, to: usize, out: &mut Vec<Token>) {
    let Some(text) = source.get(from..to).filter(|t| !t.is_empty()) else {
        return;
    };
    let span = bytes.get(from..to).unwrap_or_default();
    let kind = if span.contains(&Byte::Mark) {
        Kind::Mark
    } else if span.contains(&Byte::Opaque) {
        Kind::Opaque
    } else if text
        .chars()
        .all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'))
        || matches!(text, "e.g." | "i.e.")
    {
        Kind::Word
    } else if text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ':' | '-'))
    {
        Kind::Number
    } else {
        Kind::Opaque
    };
    push(out, kind, from, to, text);
}

fn push(out: &mut Vec<Token>, kind: Kind, start: usize, end: usize, text: &str) {
    if kind == Kind::Break
        && let Some(last) = out.last_mut().filter(|t| t.kind == Kind::Break)
    {
        last.end = end;
        return;
    }
    let lower = match kind {
        Kind::Word | Kind::Number | Kind::Punct => text.to_lowercase().replace('’', "'"),
        _ => String::new(),
    };
    let letters = || text.chars().filter(|c| c.is_alphabetic());
    out.push(Token {
        kind,
        start,
        end,
        lower,
        is_capital: text.chars().next().is_some_and(char::is_uppercase),
        is_shouted: letters().count() > 1 && letters().all(char::is_uppercase),
    });
}
