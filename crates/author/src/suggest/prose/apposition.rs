//! ``the function `foo` `` and ``the `foo` function``.

use super::Found;
use super::near::Here;
use super::rule::why;
use super::words::Kind;
use crate::suggest::{Class, Strength};

/// What a name in code type may be called.
const NOUNS: [&str; 62] = [
    "account",
    "alias",
    "argument",
    "attribute",
    "binary",
    "branch",
    "class",
    "column",
    "command",
    "component",
    "constant",
    "container",
    "cookie",
    "database",
    "device",
    "directory",
    "element",
    "endpoint",
    "event",
    "field",
    "file",
    "flag",
    "folder",
    "function",
    "group",
    "handler",
    "header",
    "helper",
    "host",
    "interface",
    "job",
    "key",
    "label",
    "library",
    "macro",
    "method",
    "module",
    "namespace",
    "node",
    "object",
    "option",
    "package",
    "parameter",
    "permission",
    "plugin",
    "process",
    "program",
    "property",
    "queue",
    "role",
    "route",
    "routine",
    "script",
    "section",
    "service",
    "setting",
    "struct",
    "table",
    "tag",
    "tool",
    "user",
    "variable",
];

/// A name with its noun that begins here.
pub(super) fn find(source: &str, here: &Here<'_>) -> Option<Found> {
    let first = here.tokens.get(here.at)?;
    let second = here.after(1)?;
    if !here.prev(&["the", "its", "our", "your", "their"]) {
        return None;
    }
    let is_noun =
        |t: &super::words::Token| t.kind == Kind::Word && NOUNS.contains(&t.lower.as_str());
    let is_code = |t: &super::words::Token| {
        source.get(t.start..t.end).is_some_and(|text| {
            t.kind == Kind::Opaque && text.starts_with('`') && text.ends_with('`') && text.len() > 2
        })
    };
    let name_first = is_code(first) && is_noun(second);
    let noun_first = is_noun(first) && is_code(second);
    // The name may not be the first of several, nor the noun a part of a longer one.
    let ends = here.next_n(
        2,
        &["PUNCT", "PREP", "BE", "HAVE", "MODAL", "CONJ", "DO", "LY"],
    ) && !(here.next_n(2, &["and", "or", ",", "/", "-"]) && here.next_n(3, &["CODE"]));
    if !(name_first || noun_first) || !ends || source.get(first.end..second.start)? != " " {
        return None;
    }
    let give = format!(
        "{} {}",
        source.get(second.start..second.end)?,
        source.get(first.start..first.end)?
    );
    Some(Found {
        len: 2,
        give: vec![give],
        class: Class::Apposition,
        strength: Strength::Robust,
        why: why(Class::Apposition).to_owned(),
    })
}
