//! Contents of rules that mean the same bytes in other letters: text, hexadecimal, upper and lower case.

use super::directive::{Directive, Order};
use super::error::MarkErrorKind;
use super::parse::{Atom, AtomBody, Draft, Gather};
use super::{Carrier, label_of};
use crate::format::Dialect;

/// Longest content that is written in hexadecimal, in bytes.
const CONTENT_BYTES_MAX: usize = 256;

/// A content within a line: from its first quote or brace to its last, and the bytes that it means.
struct Content {
    start: usize,
    end: usize,
    bytes: Vec<u8>,
}

/// Gives each `encode` its content.
pub(super) fn contents(gather: &mut Gather<'_>, directives: &[Directive]) {
    for directive in directives {
        let Order::Encode(text) = &directive.order else {
            continue;
        };
        let (from, to) = directive.line;
        let mut found = match gather.dialect {
            Dialect::Suricata => suricata(gather.source, from, to),
            Dialect::Yara => yara(gather.source, from, to),
            _ => Vec::new(),
        };
        if let Some(text) = text {
            found.retain(|c| {
                gather
                    .source
                    .get(c.start..c.end)
                    .is_some_and(|own| own.contains(text.as_str()))
            });
        }
        found.retain(|c| !gather.is_taken(c.start, c.end));
        let label = match text {
            Some(text) => format!("encode {text}"),
            None => "encode".to_owned(),
        };
        let [content] = found.as_slice() else {
            let directive_text = label_of(&label);
            let kind = match found.len() {
                0 => MarkErrorKind::NoLiteral {
                    directive: directive_text,
                },
                found => MarkErrorKind::AmbiguousLiteral {
                    directive: directive_text,
                    found,
                },
            };
            gather.wrong(directive.start, directive.end, kind);
            continue;
        };
        let written = gather
            .source
            .get(content.start..content.end)
            .unwrap_or_default();
        let wordings = spellings(gather.dialect, written, &content.bytes);
        if wordings.len() < 2 {
            let kind = MarkErrorKind::TooFewAlternatives {
                found: wordings.len(),
            };
            gather.wrong(directive.start, directive.end, kind);
            continue;
        }
        let draft = gather.drafts.len();
        gather.drafts.push(Draft {
            at: content.start,
            carrier: Carrier::Encoding,
            values: wordings.len() as u64,
            label: label_of(&format!("encode {written}")),
            choices: wordings.clone(),
        });
        let atom = Atom {
            start: content.start,
            end: content.end,
            body: AtomBody::Choice(draft, wordings),
        };
        let place = gather.atoms.partition_point(|a| a.start < content.start);
        gather.atoms.insert(place, atom);
    }
}

/// The content as written, then its other spellings.
fn spellings(dialect: Dialect, written: &str, bytes: &[u8]) -> Vec<String> {
    let mut out = vec![written.to_owned()];
    if bytes.is_empty() || bytes.len() > CONTENT_BYTES_MAX {
        return out;
    }
    let plain = bytes
        .iter()
        .all(|b| (b.is_ascii_graphic() || *b == b' ') && !b"\"\\;:|".contains(b));
    let hex = |upper: bool| -> String {
        let one = |b: &u8| {
            if upper {
                format!("{b:02X}")
            } else {
                format!("{b:02x}")
            }
        };
        bytes.iter().map(one).collect::<Vec<_>>().join(" ")
    };
    let around = |hex: String| match dialect {
        Dialect::Yara => format!("{{ {hex} }}"),
        _ => format!("\"|{hex}|\""),
    };
    let text = plain.then(|| format!("\"{}\"", String::from_utf8_lossy(bytes)));
    for other in text
        .into_iter()
        .chain([around(hex(false)), around(hex(true))])
    {
        // Spaces do not survive a formatter.
        let bare = |t: &str| t.replace(' ', "");
        if !out.iter().any(|o| bare(o) == bare(&other)) {
            out.push(other);
        }
    }
    out
}

/// `content:"…"` of a rule, also negated ones.
fn suricata(source: &str, from: usize, to: usize) -> Vec<Content> {
    let mut out = Vec::new();
    let line = source.get(from..to).unwrap_or_default();
    for (at, name) in line.match_indices("content:") {
        let is_other = line.get(..at).and_then(|t| t.chars().next_back());
        if is_other.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = line.get(at + name.len()..).unwrap_or_default();
        let value = rest.trim_start_matches([' ', '!']);
        let Some(length) = value.strip_prefix('"').and_then(closing) else {
            continue;
        };
        let start = from + at + name.len() + (rest.len() - value.len());
        let inner = value.get(1..1 + length).unwrap_or_default();
        if let Some(bytes) = suricata_bytes(inner) {
            out.push(Content {
                start,
                end: start + length + 2,
                bytes,
            });
        }
    }
    out
}

/// Bytes before the quote that closes.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|b| {
        let closes = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        closes
    })
}

fn suricata_bytes(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for (index, piece) in text.split('|').enumerate() {
        if index % 2 == 1 {
            out.extend(hex_bytes(piece)?);
            continue;
        }
        let mut bytes = piece.bytes();
        while let Some(byte) = bytes.next() {
            out.push(if byte == b'\\' { bytes.next()? } else { byte });
        }
    }
    // An odd number of bars closes nothing.
    text.matches('|').count().is_multiple_of(2).then_some(out)
}

/// Bytes of `73 68` or `7368`.
fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let value = |b: u8| char::from(b).to_digit(16);
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some((value(*high)? * 16 + value(*low)?) as u8),
            _ => None,
        })
        .collect()
}

/// `$name = "…"` without modifiers, and `$name = { … }` without wildcards.
fn yara(source: &str, from: usize, to: usize) -> Vec<Content> {
    let line = source.get(from..to).unwrap_or_default();
    let trimmed = line.trim_start();
    let Some((name, rest)) = trimmed.split_once('=').filter(|_| trimmed.starts_with('$')) else {
        return Vec::new();
    };
    let value = rest.trim_start();
    let start = from + (line.len() - trimmed.len()) + name.len() + 1 + (rest.len() - value.len());
    let found = if let Some(inner) = value.strip_prefix('"') {
        closing(inner).and_then(|length| {
            let text = inner.get(..length)?;
            // Escapes and modifiers mean more than the bytes.
            let after = inner.get(length + 1..)?.trim();
            let is_alone = after.is_empty()
                || after.starts_with("//")
                || after.starts_with("/*")
                || after == "private";
            (is_alone && !text.contains('\\')).then(|| (length + 2, text.as_bytes().to_vec()))
        })
    } else if let Some(inner) = value.strip_prefix('{') {
        inner
            .find('}')
            .and_then(|length| Some((length + 2, hex_bytes(inner.get(..length)?)?)))
    } else {
        None
    };
    found
        .map(|(length, bytes)| Content {
            start,
            end: start + length,
            bytes,
        })
        .into_iter()
        .collect()
}
