//! What a header says, where several values mean the same to a server.

use tree_sitter::Tree;

use super::values::text_of;
use super::{Class, Finder, Strength};
use crate::syntax::tree::walk;

/// Headers of requests, in lower case, with values of which each does for the other.
const VALUES: [(&str, &[&str]); 6] = [
    ("cache-control", &["no-cache", "max-age=0", "no-store"]),
    ("accept-language", &["en", "en-GB", "en-US,en;q=0.9"]),
    (
        "accept",
        &["*/*", "application/json, */*", "text/html, */*;q=0.8"],
    ),
    ("pragma", &["no-cache"]),
    ("upgrade-insecure-requests", &["1"]),
    ("dnt", &["1", "0"]),
];
/// Names that tell that a list is one of headers.
pub(super) const NAMES: [&str; 18] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "if-none-match",
    "origin",
    "pragma",
    "range",
    "referer",
    "te",
    "upgrade-insecure-requests",
    "user-agent",
];

pub(super) fn is_header(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    NAMES.contains(&lower.as_str()) || lower.starts_with("x-")
}

pub(super) fn suggest(finder: &mut Finder<'_>, tree: &Tree) {
    let mut name: Option<(String, usize)> = None;
    walk(tree.root_node(), |node| {
        let Some((start, end)) = text_of(finder, node) else {
            return true;
        };
        let text = finder.text(start, end);
        // `"Name: value"` in one string, or `"Name"` and then `"value"` on one line.
        if let Some((header, value)) = text.split_once(": ") {
            let at = start + header.len() + 2;
            offer(finder, header, value, at);
        } else if let Some((header, at)) = name.take() {
            if finder.line(at) == finder.line(start) {
                offer(finder, &header, text, start);
            }
        } else if is_header(text) {
            name = Some((text.to_owned(), start));
        }
        false
    });
}

fn offer(finder: &mut Finder<'_>, header: &str, value: &str, at: usize) {
    let lower = header.to_ascii_lowercase();
    let Some((_, values)) = VALUES.iter().find(|(name, _)| *name == lower) else {
        return;
    };
    if !values.contains(&value) {
        return;
    }
    let others: Vec<String> = values.iter().map(|v| (*v).to_owned()).collect();
    let why = "a server answers the same to each of them";
    finder.wordings(
        (at, at + value.len()),
        Class::Header,
        &others,
        Strength::Robust,
        why,
    );
}
