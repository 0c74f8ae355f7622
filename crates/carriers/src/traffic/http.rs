//! Raw requests and answers: where the head ends, and how long the body is.

use std::ops::Range;

/// A request or an answer within a text.
pub(super) struct Message {
    /// The digits of its only `Content-Length`, when no other coding decides the length.
    length: Option<Range<usize>>,
    /// From the empty line to the next message.
    body: Range<usize>,
}

/// Whether a line begins a message.
fn begins(line: &str) -> bool {
    let mut words = line.trim_end().split(' ');
    let (first, last) = (
        words.next().unwrap_or_default(),
        words.next_back().unwrap_or_default(),
    );
    let is_method =
        (3..=16).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_uppercase());
    first.starts_with("HTTP/") || is_method && last.starts_with("HTTP/")
}

/// The messages of a text, which may be parted by lines of `###`.
pub(super) fn messages(text: &str) -> Vec<Message> {
    let mut out: Vec<Message> = Vec::new();
    let mut in_head = false;
    let mut lengths = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\r', '\n']);
        let end = at + line.len();
        if !in_head
            && (begins(bare) || bare.starts_with("###"))
            && let Some(last) = out.last_mut()
        {
            last.body.end = last.body.end.min(at);
        }
        if !in_head && begins(bare) {
            out.push(Message {
                length: None,
                body: text.len()..text.len(),
            });
            (in_head, lengths) = (true, 0);
        } else if in_head && let Some(message) = out.last_mut() {
            let (name, value) = bare.split_once(':').unwrap_or((bare, ""));
            if bare.is_empty() {
                message.body.start = end;
                in_head = false;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                lengths += 2;
                message.length = None;
            } else if name.eq_ignore_ascii_case("content-length") {
                lengths += 1;
                let digits = value.trim();
                let start = at + name.len() + 1 + (value.len() - value.trim_start().len());
                let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                message.length = (lengths == 1 && is_number).then(|| start..start + digits.len());
            }
        }
        at = end;
    }
    out
}

/// Lengths that a body may be taken to have: all, without the last line break, without all at its end.
fn lengths(text: &str, body: &Range<usize>) -> [usize; 3] {
    let own = text.get(body.clone()).unwrap_or_default();
    let one = own
        .strip_suffix('\n')
        .map_or(own, |o| o.strip_suffix('\r').unwrap_or(o));
    [
        own.len(),
        one.len(),
        own.trim_end_matches(['\r', '\n']).len(),
    ]
}

/// Lengths that were right in the master as written are right again.
pub(super) fn settle(written: &str, copy: String) -> String {
    let (before, after) = (messages(written), messages(&copy));
    if before.len() != after.len() {
        return copy;
    }
    let mut out = String::with_capacity(copy.len());
    let mut at = 0;
    for (old, new) in before.iter().zip(&after) {
        let (Some(shown), Some(place)) = (&old.length, &new.length) else {
            continue;
        };
        let (shown, own) = (written.get(shown.clone()), copy.get(place.clone()));
        let number = shown.and_then(|s| s.parse::<usize>().ok());
        let rule = lengths(written, &old.body)
            .into_iter()
            .position(|l| Some(l) == number);
        // A length that the author marked is another in the copy: it is the author's.
        let (Some(rule), true) = (rule, shown == own) else {
            continue;
        };
        out.push_str(copy.get(at..place.start).unwrap_or_default());
        out.push_str(&lengths(&copy, &new.body)[rule].to_string());
        at = place.end;
    }
    out.push_str(copy.get(at..).unwrap_or_default());
    out
}

/// The first line of a head that is none, as line and column from 1.
pub(super) fn fault(text: &str) -> Option<(usize, &'static str)> {
    let mut in_head = false;
    let mut found = false;
    for (number, line) in text.split('\n').enumerate() {
        let bare = line.trim_end_matches('\r');
        if !in_head {
            in_head = begins(bare);
            found |= in_head;
            continue;
        }
        if bare.is_empty() {
            in_head = false;
            continue;
        }
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        let is_field = bare
            .split_once(':')
            .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(is_name));
        if !is_field || bare.bytes().any(|b| b < 0x20 && b != b'\t') {
            return Some((number + 1, "a header line is written `Name: value`"));
        }
    }
    (!found).then_some((1, "no request line"))
}
