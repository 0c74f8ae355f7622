//! Directives in comments: where they stand, what they say, and the literals that they mean.

use super::check;
use super::error::*;
use super::parse::{Atom, AtomBody, Draft, Gather};
use super::scan::Class;
use super::values::{Alphabet, ValueForm, integer};
use super::{Carrier, label_of};
use crate::format::Dialect;

/// One directive, understood.
pub(super) struct Directive {
    /// Of the directive within the source, for errors.
    pub(super) start: usize,
    pub(super) end: usize,
    /// The line that it speaks of: its own, or the next when it stands alone.
    pub(super) line: (usize, usize),
    pub(super) alone: bool,
    pub(super) order: Order,
}

pub(super) enum Order {
    Value(ValueForm, String),
    Name(String, Vec<String>),
    Shuffle(Option<String>),
    End,
    /// Nothing, or nothing of this class, is suggested for the line.
    Keep(Option<String>),
    /// The words of a command, one of which holds `{}`.
    Check(Vec<String>),
    /// A content of a rule in other letters: the one that holds this text.
    Encode(Option<String>),
}

const WORDS: [&str; 8] = [
    "int", "nonce", "name", "shuffle", "end", "keep", "check", "encode",
];
const OPENERS: [&str; 6] = ["<!--~", "#~", "//~", "/*~", "--~", ";~"];

/// A comment that holds a directive.
struct Comment {
    start: usize,
    end: usize,
    body: (usize, usize),
}

/// Finds all directives, and takes them out of every copy.
pub(super) fn find(gather: &mut Gather<'_>) -> Vec<Directive> {
    let source = gather.source;
    let fences = if gather.dialect == Dialect::Markdown {
        fences(source)
    } else {
        Vec::new()
    };
    let mut lines: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        lines.push((at, at + line.len()));
        at += line.len();
    }
    let mut pending: Vec<(Vec<Comment>, usize, bool)> = Vec::new();
    let mut is_alone = vec![false; lines.len()];
    for (index, (line_start, line_end)) in lines.iter().copied().enumerate() {
        let comments = comments(gather, &fences, line_start, line_end);
        if comments.is_empty() {
            continue;
        }
        let mut rest = String::new();
        let mut from = line_start;
        for comment in &comments {
            rest.push_str(source.get(from..comment.start).unwrap_or_default());
            from = comment.end;
        }
        rest.push_str(source.get(from..line_end).unwrap_or_default());
        let alone = rest
            .trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
            .is_empty();
        is_alone[index] = alone;
        let nothing = || AtomBody::Text(String::new());
        if alone {
            // A byte order mark stays.
            let bom = if source[line_start..].starts_with('\u{feff}') {
                3
            } else {
                0
            };
            gather.atoms.push(Atom {
                start: line_start + bom,
                end: line_end,
                body: nothing(),
            });
        } else {
            let mut from = line_start;
            for comment in &comments {
                let kept = source[from..comment.start].trim_end_matches([' ', '\t']);
                gather.atoms.push(Atom {
                    start: from + kept.len(),
                    end: comment.end,
                    body: nothing(),
                });
                from = comment.end;
            }
        }
        pending.push((comments, index, alone));
    }
    let mut out = Vec::new();
    for (comments, index, alone) in pending {
        let line = if alone {
            (index + 1..lines.len())
                .find(|i| !is_alone[*i])
                .map_or((source.len(), source.len()), |i| lines[i])
        } else {
            lines[index]
        };
        for comment in comments {
            let body = source
                .get(comment.body.0..comment.body.1)
                .unwrap_or_default();
            match understand(body) {
                Ok(order) => out.push(Directive {
                    start: comment.start,
                    end: comment.end,
                    line,
                    alone,
                    order,
                }),
                Err(kind) => gather.wrong(comment.start, comment.end, kind),
            }
        }
    }
    out
}

/// The directives' comments of one line.
fn comments(
    gather: &mut Gather<'_>,
    fences: &[(usize, usize)],
    line_start: usize,
    line_end: usize,
) -> Vec<Comment> {
    let source = gather.source;
    let stop = line_start
        + source[line_start..line_end]
            .trim_end_matches(['\n', '\r'])
            .len();
    let after = fences.partition_point(|f| f.0 <= line_start);
    let in_fence = after > 0 && line_end <= fences[after - 1].1;
    let mut out: Vec<Comment> = Vec::new();
    let mut at = line_start;
    while at < stop {
        let rest = &source[at..stop];
        let own = gather
            .dialect
            .openers()
            .iter()
            .find(|(o, _)| rest.starts_with(o))
            .copied();
        let fenced = OPENERS[1..]
            .iter()
            .filter(|o| **o != "/*~" && in_fence && own.is_none())
            .find(|o| rest.starts_with(**o) && word_after(rest, o.len()).is_some())
            .map(|o| (*o, None));
        let Some((opener, close)) = own.or(fenced) else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        let after = at + opener.len();
        let spaced = at == line_start
            || source.as_bytes()[at - 1].is_ascii_whitespace()
            || source[line_start..at].ends_with('\u{feff}');
        let is_comment = match gather.classes.get(at) {
            Some(Class::Comment) => {
                spaced || at == 0 || gather.classes.get(at - 1) != Some(&Class::Comment)
            }
            Some(Class::Code) => {
                matches!(
                    gather.dialect,
                    Dialect::Markdown | Dialect::Html | Dialect::Text
                ) && (spaced || opener == "<!--~")
            }
            _ => false,
        };
        let begins = source[after..stop]
            .chars()
            .next()
            .is_none_or(|c| c.is_whitespace() || c.is_ascii_alphabetic());
        if !is_comment || !begins {
            at = after;
            continue;
        }
        let end = match close {
            None => next_directive(source, opener, after, stop),
            Some(close) => match source[after..stop].find(close) {
                Some(p) => after + p + close.len(),
                None => {
                    gather.wrong(at, stop, MarkErrorKind::DirectiveUnclosed { close });
                    return out;
                }
            },
        };
        let body_end = end - close.map_or(0, str::len);
        out.push(Comment {
            start: at,
            end,
            body: (after, body_end.max(after)),
        });
        at = end;
    }
    out
}

/// Where the next directive of the same comment begins, or its end.
fn next_directive(source: &str, opener: &str, after: usize, stop: usize) -> usize {
    let mut from = after;
    while let Some(p) = source[from..stop].find(opener) {
        let at = from + p;
        if source.as_bytes()[at - 1].is_ascii_whitespace() {
            return after + source[after..at].trim_end().len();
        }
        from = at + opener.len();
    }
    stop
}

/// Spans of the lines between fences.
fn fences(source: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut open: Option<(usize, &str)> = None;
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let fence = ["```", "~~~"].into_iter().find(|f| trimmed.starts_with(f));
        match (open, fence) {
            (None, Some(fence)) => open = Some((at + line.len(), fence)),
            (Some((start, with)), Some(fence)) if with == fence => {
                out.push((start, at));
                open = None;
            }
            _ => {}
        }
        at += line.len();
    }
    out
}

/// The directive's word at `skip`, if it is one.
fn word_after(rest: &str, skip: usize) -> Option<&'static str> {
    let body = rest.get(skip..)?.trim_start_matches([' ', '\t']);
    let len = body
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
        .count();
    WORDS.into_iter().find(|w| *w == &body[..len])
}

/// Directives where they do nothing: in strings, or in a file of another comment style.
pub(super) fn shows_syntax(gather: &mut Gather<'_>) {
    let source = gather.source;
    let mut found = Vec::new();
    let told: Vec<(usize, usize)> = gather
        .wrong
        .iter()
        .take(ERRORS_MAX)
        .map(|w| (w.0, w.1))
        .collect();
    for opener in OPENERS {
        for (at, _) in source.match_indices(opener) {
            if found.len() > ERRORS_MAX {
                break;
            }
            let tail = &source[at..];
            let end = at + opener.len();
            if word_after(tail, opener.len()).is_some()
                && !gather.is_taken(at, end)
                && !told.iter().any(|(s, e)| *s < end && at < *e)
                && !found.iter().any(|(s, e, _)| *s < end && at < *e)
            {
                let syntax = opener.to_owned();
                found.push((at, end, MarkErrorKind::ShowsSyntax { syntax }));
            }
        }
    }
    gather.wrong.append(&mut found);
}

pub(super) fn understand(body: &str) -> Result<Order, MarkErrorKind> {
    let body = body.trim();
    let (word, rest) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
    let rest = rest.trim();
    let usage = |directive, usage| MarkErrorKind::DirectiveUsage { directive, usage };
    match word {
        "int" => {
            let wrong = || usage("int", "int 240..320");
            let (low, high) = rest.split_once("..").ok_or_else(wrong)?;
            let low = integer(low.trim()).ok_or_else(wrong)?;
            let high = integer(high.trim_start_matches('=').trim()).ok_or_else(wrong)?;
            let count = high.checked_sub(low).map_or(0, |d| d + 1);
            if !(2..=VALUES_MAX).contains(&count) {
                return Err(MarkErrorKind::RangeSize { low, high, count });
            }
            let form = ValueForm::Integer {
                low,
                high,
                hex: false,
            };
            Ok(Order::Value(form, format!("int {low}..{high}")))
        }
        "nonce" => {
            let wrong = || usage("nonce", "nonce hex 8");
            let (kind, chars) = rest.split_once(char::is_whitespace).ok_or_else(wrong)?;
            let alphabet = match kind {
                "hex" => Alphabet::HexLower,
                "base64" => Alphabet::Base64,
                "alnum" => Alphabet::Alnum,
                _ => return Err(wrong()),
            };
            let chars = integer(chars.trim()).ok_or_else(wrong)?;
            if chars == 0 || chars > NONCE_CHARS_MAX {
                return Err(MarkErrorKind::NonceLength {
                    chars,
                    max: NONCE_CHARS_MAX,
                });
            }
            if alphabet == Alphabet::Base64 && chars % 4 != 0 {
                return Err(MarkErrorKind::NonceBase64Length { chars });
            }
            let form = ValueForm::Nonce {
                alphabet,
                chars: chars as usize,
            };
            Ok(Order::Value(form, format!("nonce {kind} {chars}")))
        }
        "name" => {
            let wrong = || usage("name", "name buf: out_buf|staging");
            let (name, others) = rest.split_once(':').ok_or_else(wrong)?;
            let name = name.trim().to_owned();
            let others: Vec<String> = others.split('|').map(|o| o.trim().to_owned()).collect();
            let mut all = vec![name.clone()];
            for other in &others {
                if all.contains(other) {
                    return Err(MarkErrorKind::SameAlternatives {
                        first: label_of(other),
                        second: label_of(other),
                    });
                }
                all.push(other.clone());
            }
            if all.len() > ALTERNATIVES_MAX {
                return Err(MarkErrorKind::TooManyAlternatives {
                    found: all.len(),
                    max: ALTERNATIVES_MAX,
                });
            }
            if let Some(bad) = all.iter().find(|n| !is_identifier(n)) {
                return Err(MarkErrorKind::NotAnIdentifier {
                    name: label_of(bad),
                });
            }
            Ok(Order::Name(name, others))
        }
        "shuffle" if rest.is_empty() => Ok(Order::Shuffle(None)),
        "shuffle" if rest.contains(char::is_whitespace) => {
            Err(usage("shuffle", "shuffle, or shuffle metadata"))
        }
        "shuffle" => Ok(Order::Shuffle(Some(rest.to_owned()))),
        "end" if rest.is_empty() => Ok(Order::End),
        "end" => Err(usage("end", "end")),
        "encode" => Ok(Order::Encode(
            Some(rest.to_owned()).filter(|r| !r.is_empty()),
        )),
        "keep" if rest.is_empty() => Ok(Order::Keep(None)),
        "keep" if rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') => {
            Ok(Order::Keep(Some(rest.to_owned())))
        }
        "keep" => Err(usage("keep", "keep, or keep order")),
        "check" => check::words(rest).map(Order::Check),
        _ => Err(MarkErrorKind::UnknownDirective {
            word: label_of(word),
        }),
    }
}

fn is_identifier(name: &str) -> bool {
    name.len() <= 128
        && name.chars().all(|c| c == '_' || c.is_alphanumeric())
        && name.chars().next().is_some_and(|c| !c.is_numeric())
}

/// Gives each `int` and `nonce` its literal.
pub(super) fn values(gather: &mut Gather<'_>, directives: &[Directive]) {
    for directive in directives {
        let Order::Value(form, label) = &directive.order else {
            continue;
        };
        let literals = literals(gather, directive.line, form);
        let [(start, end, form)] = literals.as_slice() else {
            let kind = match literals.len() {
                0 => MarkErrorKind::NoLiteral {
                    directive: label.clone(),
                },
                found => MarkErrorKind::AmbiguousLiteral {
                    directive: label.clone(),
                    found,
                },
            };
            gather.wrong(directive.start, directive.end, kind);
            continue;
        };
        let first = drafts(gather, *start, form, label);
        let atom = Atom {
            start: *start,
            end: *end,
            body: AtomBody::Value(first, form.clone()),
        };
        let place = gather.atoms.partition_point(|a| a.start < *start);
        gather.atoms.insert(place, atom);
    }
}

/// The sites of one literal; answers with the first.
pub(super) fn drafts(gather: &mut Gather<'_>, at: usize, form: &ValueForm, label: &str) -> usize {
    let first = gather.drafts.len();
    let counts = form.site_values();
    for (piece, values) in counts.iter().enumerate() {
        gather.drafts.push(Draft {
            at,
            carrier: match form {
                ValueForm::Integer { .. } | ValueForm::Time(_) => Carrier::Integer,
                ValueForm::Nonce { .. } => Carrier::Nonce,
            },
            values: *values,
            label: match counts.len() {
                1 => label.to_owned(),
                pieces => format!("{label} ({} of {pieces})", piece + 1),
            },
            choices: Vec::new(),
        });
    }
    first
}

/// The literals of the line that the form fits, strings before other code.
fn literals(
    gather: &Gather<'_>,
    line: (usize, usize),
    form: &ValueForm,
) -> Vec<(usize, usize, ValueForm)> {
    let bytes = gather.source.as_bytes();
    let belongs = |byte: u8| match form {
        ValueForm::Integer { .. } => byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.',
        ValueForm::Nonce {
            alphabet: Alphabet::Base64,
            ..
        } => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_'),
        ValueForm::Nonce { .. } => byte.is_ascii_alphanumeric(),
        // No directive has this form.
        ValueForm::Time(_) => false,
    };
    let mut found = Vec::new();
    let mut at = line.0;
    while at < line.1 {
        if !belongs(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < line.1 && belongs(bytes[at]) {
            at += 1;
        }
        let mut end = at;
        if matches!(form, ValueForm::Integer { .. }) {
            // `320.` ends a sentence; `3.20` is no integer.
            end = start + gather.source[start..end].trim_end_matches('.').len();
        }
        let text = &gather.source[start..end];
        if gather.classes.get(start) == Some(&Class::Comment) || gather.is_taken(start, end) {
            continue;
        }
        if let Some(form) = fitting(form, text) {
            found.push((start, end, form));
        }
    }
    if matches!(form, ValueForm::Nonce { .. }) {
        let in_text = |f: &(usize, usize, ValueForm)| gather.classes.get(f.0) == Some(&Class::Text);
        if found.iter().any(in_text) {
            found.retain(in_text);
        }
    }
    found
}

/// The form in the spelling of the literal, if it is one of its values.
pub(super) fn fitting(form: &ValueForm, text: &str) -> Option<ValueForm> {
    let form = match form {
        ValueForm::Time(_) => form.clone(),
        ValueForm::Integer { low, high, .. } => ValueForm::Integer {
            low: *low,
            high: *high,
            hex: text.starts_with("0x") || text.starts_with("0X"),
        },
        ValueForm::Nonce { alphabet, chars } => {
            let alphabet = match alphabet {
                Alphabet::HexLower if text.bytes().any(|b| b.is_ascii_uppercase()) => {
                    if text.bytes().any(|b| b.is_ascii_lowercase()) {
                        return None;
                    }
                    Alphabet::HexUpper
                }
                Alphabet::Base64 if text.contains(['-', '_']) => Alphabet::Base64Url,
                other => *other,
            };
            ValueForm::Nonce {
                alphabet,
                chars: *chars,
            }
        }
    };
    form.fits(text).then_some(form)
}
