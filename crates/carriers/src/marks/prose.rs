//! `{~one|two~}`: the alternatives of one mark, its delimiter, its link and its escapes; `{~=one~}`: no alternatives.

use super::error::{ALTERNATIVES_MAX, MarkErrorKind, WORDING_BYTES_MAX};
use super::inline::Inline;

/// A mark as written: where it stands, and what it says.
pub(crate) struct ProseMark {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) link: Option<String>,
    /// `{~#`: the wordings may state different facts.
    pub(crate) declares_facts: bool,
    pub(crate) wordings: Vec<String>,
}

/// What a scan over the text found, in order.
pub(crate) enum Found {
    Mark(ProseMark),
    /// `{~=wording~}`: the span, and the wording that every copy shows.
    Kept(usize, usize, String),
    /// `{~#word …~}`: a value or an order.
    Inline(Inline),
    /// Backslashes before `{~` or `~}`: the span, and what copies show instead.
    Escape(usize, usize, String),
    Wrong(usize, usize, MarkErrorKind),
}

/// All marks and escapes of `source`.
pub(crate) fn marks(source: &str) -> Vec<Found> {
    let bytes = source.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    let mut line_end = 0;
    while let Some(hit) = next_syntax(bytes, at) {
        if hit >= line_end {
            line_end = bytes[hit..]
                .iter()
                .position(|b| *b == b'\n' || *b == b'\r')
                .map_or(bytes.len(), |p| hit + p);
        }
        let slashes = bytes[at..hit]
            .iter()
            .rev()
            .take_while(|b| **b == b'\\')
            .count();
        let syntax = &source[hit..hit + 2];
        if slashes > 0 {
            let kept = "\\".repeat(slashes / 2);
            if slashes % 2 == 1 {
                out.push(Found::Escape(hit - slashes, hit + 2, kept + syntax));
                at = hit + 2;
                continue;
            }
            out.push(Found::Escape(hit - slashes, hit, kept));
        }
        if syntax == "~}" {
            out.push(Found::Wrong(hit, hit + 2, MarkErrorKind::StrayClose));
            at = hit + 2;
            continue;
        }
        at = mark(source, hit, line_end, &mut out);
    }
    out
}

/// Next `{~` or `~}` from `at` on.
fn next_syntax(bytes: &[u8], at: usize) -> Option<usize> {
    bytes
        .get(at..)?
        .windows(2)
        .position(|w| w == b"{~" || w == b"~}")
        .map(|p| at + p)
}

/// Reads the mark at `start`; answers where the scan goes on.
fn mark(source: &str, start: usize, line_end: usize, out: &mut Vec<Found>) -> usize {
    let bytes = source.as_bytes();
    let close = match closing(bytes, start + 2, line_end) {
        Ok(close) => close,
        Err(nested) => {
            let (at, kind) = match nested {
                Some(at) => (at, MarkErrorKind::Nested),
                None => (start, MarkErrorKind::Unclosed),
            };
            let length = if nested.is_some() { at + 2 } else { line_end };
            out.push(Found::Wrong(at, length, kind));
            return line_end;
        }
    };
    let end = close + 2;
    let mut wrong = |kind| out.push(Found::Wrong(start, end, kind));
    let mut body = &source[start + 2..close];
    // Without a `|` it is no choice: `{~#int 240..320:263~}`.
    let is_inline = |body: &str| {
        let rest = body.strip_prefix('#');
        rest.is_some_and(|r| r.starts_with(|c: char| c.is_ascii_lowercase())) && !body.contains('|')
    };
    let mut declares_facts = false;
    if let Some(rest) = body.strip_prefix('#').filter(|_| !is_inline(body)) {
        declares_facts = true;
        body = rest;
    }
    let mut link = None;
    if let Some(rest) = body.strip_prefix('@') {
        let name_len = rest
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            .count();
        match rest[name_len..].strip_prefix(' ') {
            Some(after) if name_len > 0 => {
                link = Some(rest[..name_len].to_owned());
                body = after;
            }
            _ => {
                wrong(MarkErrorKind::LinkName);
                return end;
            }
        }
    }
    if is_inline(body) {
        let body = (close - body.len() + 1, close);
        out.push(Found::Inline(Inline {
            start,
            end,
            link,
            body,
        }));
        return end;
    }
    let delimiter = body
        .chars()
        .next()
        .filter(|c| matches!(c, '/' | '!' | ';' | '^'));
    let wordings = match delimiter {
        Some(delimiter) => match split(&body[1..], delimiter) {
            // The closing delimiter leaves one empty piece at the end.
            mut pieces if pieces.len() > 1 && pieces.last().is_some_and(String::is_empty) => {
                pieces.pop();
                pieces
            }
            _ => {
                wrong(MarkErrorKind::DelimiterNotClosed { delimiter });
                return end;
            }
        },
        None => split(body, '|'),
    };
    if let ([wording], None, None) = (wordings.as_slice(), &link, delimiter)
        && let Some(kept) = wording.strip_prefix('=').filter(|kept| !kept.is_empty())
    {
        out.push(Found::Kept(start, end, kept.to_owned()));
        return end;
    }
    match check(&wordings) {
        Some(kind) => wrong(kind),
        None => out.push(Found::Mark(ProseMark {
            start,
            end,
            link,
            declares_facts,
            wordings,
        })),
    }
    end
}

/// The `~}` that closes a mark; `Err(Some(at))` for a mark within, `Err(None)` for none on the line.
fn closing(bytes: &[u8], from: usize, line_end: usize) -> Result<usize, Option<usize>> {
    let mut at = from;
    while at + 1 < line_end {
        match (bytes[at], bytes[at + 1]) {
            (b'\\', b'~') if bytes.get(at + 2) == Some(&b'}') => at += 3,
            (b'\\', b'{') if bytes.get(at + 2) == Some(&b'~') => at += 3,
            (b'\\', _) => at += 2,
            (b'~', b'}') => return Ok(at),
            (b'{', b'~') => return Err(Some(at)),
            _ => at += 1,
        }
    }
    Err(None)
}

/// Cuts at the separator and takes the escapes away; another backslash stays as it is.
fn split(body: &str, separator: char) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut chars = body.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let first = at == 0;
        let mut push = |text: &str| {
            if let Some(piece) = pieces.last_mut() {
                piece.push_str(text);
            }
        };
        if c == separator {
            pieces.push(String::new());
            continue;
        }
        if c != '\\' {
            push(c.encode_utf8(&mut [0; 4]));
            continue;
        }
        let rest = &body[at + 1..];
        let next = rest.chars().next();
        if rest.starts_with("~}") || rest.starts_with("{~") {
            push(&rest[..2]);
            chars.next();
            chars.next();
        } else if let Some(next) = next.filter(|n| {
            *n == separator
                || *n == '\\'
                || (first && matches!(n, '/' | '!' | ';' | '^' | '@' | '#'))
        }) {
            push(next.encode_utf8(&mut [0; 4]));
            chars.next();
        } else {
            push("\\");
        }
    }
    pieces
}

fn check(wordings: &[String]) -> Option<MarkErrorKind> {
    if wordings.len() < 2 {
        return Some(MarkErrorKind::TooFewAlternatives {
            found: wordings.len(),
        });
    }
    if wordings.len() > ALTERNATIVES_MAX {
        return Some(MarkErrorKind::TooManyAlternatives {
            found: wordings.len(),
            max: ALTERNATIVES_MAX,
        });
    }
    wordings
        .iter()
        .find(|w| w.len() > WORDING_BYTES_MAX)
        .map(|w| MarkErrorKind::WordingTooLong {
            bytes: w.len(),
            max: WORDING_BYTES_MAX,
        })
}
