//! JSON: the order of keys, and nonces, marked where they stand.

use super::values::nonce_form;
use super::{Class, Finder};
use crate::syntax::{Language, NESTING_MAX, check_as};

/// An object whose end has not been reached.
struct Open {
    is_object: bool,
    /// First byte of the member that is being read.
    member: Option<usize>,
    members: Vec<(usize, usize)>,
    holds_list: bool,
}

pub(super) fn suggest(finder: &mut Finder<'_>) {
    if check_as(Language::Json, finder.source).is_err() {
        return;
    }
    let bytes = finder.source.as_bytes();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    let mut last_end = 0;
    while let Some(byte) = bytes.get(at).copied() {
        match byte {
            b'"' => {
                let end = string_end(bytes, at);
                let is_key = finder.text(end, bytes.len()).trim_start().starts_with(':');
                if let Some(top) = open.last_mut() {
                    top.member.get_or_insert(at);
                }
                if !is_key {
                    value(finder, at + 1, end.saturating_sub(1));
                }
                at = end;
                last_end = end;
                continue;
            }
            b'{' | b'[' => {
                if let Some(top) = open.last_mut() {
                    top.member.get_or_insert(at);
                }
                if open.len() > NESTING_MAX {
                    return;
                }
                open.push(Open {
                    is_object: byte == b'{',
                    member: None,
                    members: Vec::new(),
                    holds_list: false,
                });
            }
            b',' => {
                if let Some(top) = open.last_mut()
                    && let Some(start) = top.member.take()
                {
                    top.members.push((start, last_end));
                }
            }
            b'}' | b']' => {
                if let Some(mut done) = open.pop() {
                    if let Some(start) = done.member.take() {
                        done.members.push((start, last_end));
                    }
                    let offers =
                        done.is_object && !done.holds_list && members(finder, &done.members);
                    if let Some(top) = open.last_mut() {
                        top.holds_list |= done.holds_list || offers;
                    }
                }
                last_end = at + 1;
            }
            b if b.is_ascii_whitespace() || b == b':' => {}
            _ => {
                if let Some(top) = open.last_mut() {
                    top.member.get_or_insert(at);
                }
                last_end = at + 1;
            }
        }
        at += 1;
    }
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn members(finder: &mut Finder<'_>, members: &[(usize, usize)]) -> bool {
    let (Some((start, _)), Some((_, end))) = (members.first(), members.last()) else {
        return false;
    };
    if !(2..=carriers::error::SHUFFLE_ITEMS_MAX).contains(&members.len())
        || finder.holds_list(*start, *end)
    {
        return false;
    }
    let why = "keys of an object: check that nothing reads them in order";
    let values = carriers::shuffle_values(members.len());
    finder.inline(
        (*start, *end),
        Class::Items,
        values,
        "{~#shuffle ,~}".into(),
        why,
    );
    true
}

fn value(finder: &mut Finder<'_>, start: usize, end: usize) {
    let text = finder.text(start, end);
    if let Some((directive, values, what)) = nonce_form(text) {
        let why = format!(
            "{what}; any other of this length does the same, unless somebody else knows this one"
        );
        let before = format!("{{~#{directive}:");
        finder.inline((start, end), Class::Nonce, values, before, &why);
    }
}
