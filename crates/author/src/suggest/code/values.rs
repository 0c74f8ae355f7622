//! Values that nobody else needs: nonces, lengths of fillers, names of files.

use tree_sitter::{Node, Tree};

use super::{Class, Finder, Strength};
use crate::syntax::Language;
use crate::syntax::tree::walk;

/// Shortest string that is taken for a nonce.
const NONCE_MIN: usize = 8;
/// Shortest filler whose length may grow.
const FILLER_MIN: u64 = 16;
/// Endings of files that a program writes.
const OUTPUTS: [&str; 14] = [
    "json", "txt", "log", "bin", "png", "csv", "dat", "tmp", "out", "html", "xml", "pcap", "jsonl",
    "md",
];
/// Last words of a file's name, and what may stand instead.
const FILE_WORDS: [(&str, &[&str]); 12] = [
    ("result", &["report", "outcome"]),
    ("results", &["report", "findings"]),
    ("report", &["result", "summary"]),
    ("output", &["result", "report"]),
    ("out", &["result", "output"]),
    ("dump", &["capture", "extract"]),
    ("capture", &["recording", "trace"]),
    ("log", &["journal", "record"]),
    ("response", &["answer", "reply"]),
    ("payload", &["body", "message"]),
    ("test", &["trial", "probe"]),
    ("probe", &["test", "trial"]),
];

pub(super) fn suggest(finder: &mut Finder<'_>, tree: &Tree) {
    walk(tree.root_node(), |node| {
        if let Some((start, end)) = text_of(finder, node) {
            nonce(finder, node, start, end);
            file(finder, start, end);
            return false;
        }
        filler(finder, node);
        true
    });
}

/// What stands between the quotes of a plain string.
pub(super) fn text_of(finder: &Finder<'_>, node: Node<'_>) -> Option<(usize, usize)> {
    let is_string = match finder.language {
        Language::Python | Language::JavaScript | Language::TypeScript | Language::Tsx => {
            node.kind() == "string"
        }
        Language::C => node.kind() == "string_literal",
        Language::PowerShell => matches!(
            node.kind(),
            "expandable_string_literal" | "verbatim_string_characters"
        ),
        Language::Shell => matches!(node.kind(), "string" | "raw_string"),
        _ => false,
    };
    if !is_string {
        return None;
    }
    let range = node.byte_range();
    let written = finder.text(range.start, range.end);
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let body = written.get(1..)?.strip_suffix(quote)?;
    let plain = !body.is_empty() && !body.contains(['\\', '\n', '"', '\'', '$', '{', '`']);
    plain.then_some((range.start + 1, range.end - 1))
}

fn nonce(finder: &mut Finder<'_>, node: Node<'_>, start: usize, end: usize) {
    // Keys and what is compared mean something.
    if node.parent().is_some_and(|p| is_read_elsewhere(p, node)) {
        return;
    }
    let text = finder.text(start, end);
    if let Some((directive, values, what)) = nonce_form(text) {
        let why = format!(
            "{what}; any other of this length does the same, unless somebody else knows this one"
        );
        finder.value(start, end, Class::Nonce, &directive, values, &why);
    }
}

fn is_read_elsewhere(parent: Node<'_>, node: Node<'_>) -> bool {
    match parent.kind() {
        "comparison_operator"
        | "subscript"
        | "binary_expression"
        | "case_item"
        | "import_statement"
        | "preproc_include" => true,
        "pair" => parent
            .child_by_field_name("key")
            .is_some_and(|k| k.id() == node.id()),
        _ => false,
    }
}

/// The directive for a string that looks as if it meant nothing, its values, and what it is.
pub(super) fn nonce_form(text: &str) -> Option<(String, u64, &'static str)> {
    let len = text.len();
    if !(NONCE_MIN..=carriers::error::NONCE_CHARS_MAX as usize).contains(&len) {
        return None;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let lower = text.bytes().filter(u8::is_ascii_lowercase).count();
    let upper = text.bytes().filter(u8::is_ascii_uppercase).count();
    let is_hex = text.bytes().all(|b| b.is_ascii_hexdigit()) && (lower == 0 || upper == 0);
    // A date or a count is not random: letters and figures change often.
    let kinds = text.bytes().zip(text.bytes().skip(1));
    let changes = kinds.filter(|(a, b)| class_of(*a) != class_of(*b)).count();
    let is_mixed = digits >= 2 && lower + upper >= 2 && changes * 4 >= len;
    if !is_mixed {
        return None;
    }
    let per_site = |base: u64, chars: u32| base.pow(chars.min(len as u32 - 1));
    if is_hex {
        return Some((
            format!("nonce hex {len}"),
            per_site(11, 8),
            "hexadecimal digits without a meaning",
        ));
    }
    if text.bytes().all(|b| b.is_ascii_alphanumeric()) && lower > 0 && upper > 0 {
        return Some((
            format!("nonce alnum {len}"),
            per_site(27, 6),
            "letters and figures without a meaning",
        ));
    }
    let is_base64 = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    if is_base64 && len.is_multiple_of(4) && lower > 0 && upper > 0 {
        return Some((
            format!("nonce base64 {len}"),
            per_site(27, 6),
            "base64 without a meaning",
        ));
    }
    None
}

fn class_of(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        _ => 2,
    }
}

/// A name of a file that stands once in the program.
fn file(finder: &mut Finder<'_>, start: usize, end: usize) {
    let name = finder.text(start, end);
    let Some((base, ending)) = name.rsplit_once('.') else {
        return;
    };
    let is_name = base
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !is_name || !OUTPUTS.contains(&ending) || finder.source.matches(name).count() != 1 {
        return;
    }
    let cut = base.rfind(['-', '_']).map_or(0, |p| p + 1);
    let (lead, last) = base.split_at(cut);
    let Some((_, others)) = FILE_WORDS.iter().find(|(word, _)| *word == last) else {
        return;
    };
    let others: Vec<String> = others
        .iter()
        .map(|o| format!("{lead}{o}.{ending}"))
        .collect();
    let why = "a file that only this program names: check that nothing else looks for it";
    finder.wordings((start, end), Class::File, &others, Strength::Robust, why);
}

/// `"A" * 263`, `"A".repeat(263)`, `#define FILLER_LENGTH 263`, `head -c 263 /dev/zero`.
fn filler(finder: &mut Finder<'_>, node: Node<'_>) {
    let number = match (finder.language, node.kind()) {
        (Language::Python, "binary_operator") => {
            let left = node.child_by_field_name("left");
            let operator = node.child_by_field_name("operator").map(|o| o.kind());
            left.filter(|l| {
                operator == Some("*") && matches!(l.kind(), "string" | "concatenated_string")
            })
            .and_then(|_| node.child_by_field_name("right"))
        }
        (Language::JavaScript | Language::TypeScript | Language::Tsx, "call_expression") => {
            let function = node.child_by_field_name("function");
            let name = function
                .map(|f| finder.text(f.start_byte(), f.end_byte()))
                .unwrap_or_default();
            let of_string = name.ends_with(".repeat")
                || name.ends_with(".padEnd")
                || name.ends_with(".padStart");
            let arguments = node.child_by_field_name("arguments").filter(|_| of_string);
            arguments.and_then(|a| a.named_child(0))
        }
        (Language::PowerShell, "multiplicative_expression") => {
            let first = node
                .named_child(0)
                .map(|n| finder.text(n.start_byte(), n.end_byte()));
            node.named_child(1)
                .filter(|_| first.is_some_and(|f| f.starts_with(['"', '\''])))
        }
        (Language::C, "preproc_def") => {
            let name = node
                .child_by_field_name("name")
                .map(|n| finder.text(n.start_byte(), n.end_byte()));
            let lower = name.unwrap_or_default().to_ascii_lowercase();
            let is_filler = ["fill", "pad"].iter().any(|w| lower.contains(w));
            node.child_by_field_name("value").filter(|_| is_filler)
        }
        (Language::Shell, "command") => {
            let words = finder.text(node.start_byte(), node.end_byte());
            let is_filler = words.starts_with("head -c ") && words.contains("/dev/zero");
            if is_filler { node.named_child(2) } else { None }
        }
        _ => None,
    };
    let Some(number) = number else { return };
    let (start, end) = (number.start_byte(), number.end_byte());
    let written = finder.text(start, end).trim_end();
    let end = start + written.len();
    let Some(length) = written.parse::<u64>().ok().filter(|n| *n >= FILLER_MIN) else {
        return;
    };
    if length > 1 << 24 {
        return;
    }
    let most = length + (length / 4).max(16);
    let directive = format!("int {length}..{most}");
    let why = "the length of a filler: check that some more do no harm";
    finder.value(
        start,
        end,
        Class::Filler,
        &directive,
        most - length + 1,
        why,
    );
}
