//! YARA: the order of metadata and strings, names of strings, and the case of hexadecimal digits.

use std::collections::BTreeSet;

use yara_x_parser::ast::{AST, Pattern, WithSpan as _};

use super::names::alternatives;
use super::{Class, Finder, Strength};
use crate::lint::Uses;
use crate::syntax::{Language, too_deep};

pub(super) fn suggest(finder: &mut Finder<'_>) {
    if too_deep(finder.source).is_some() {
        return;
    }
    let ast = AST::from(finder.source);
    if !ast.errors().is_empty() {
        return;
    }
    let uses = Uses::of(Language::Yara, finder.source);
    let mut taken = uses.all.clone();
    let mut named = BTreeSet::new();
    for rule in ast.rules() {
        let of = |span: yara_x_parser::Span| (span.start(), span.end());
        let meta: Vec<(usize, usize)> = rule.meta.iter().flatten().map(|m| of(m.span())).collect();
        finder.lines(&meta, Class::Items, "metadata: its order means nothing");
        let strings: Vec<(usize, usize)> = rule
            .patterns
            .iter()
            .flatten()
            .map(|p| whole(finder, (p.identifier().span().start(), p.span().end())))
            .collect();
        finder.lines(&strings, Class::Items, "strings: their order means nothing");
        for pattern in rule.patterns.iter().flatten() {
            let identifier = pattern.identifier();
            let (at, _) = of(identifier.span());
            let name = identifier.name.get(1..).unwrap_or_default();
            let is_matched = uses.wildcards.iter().any(|w| name.starts_with(w.as_str()));
            if !is_matched && named.insert(name.to_owned()) && is_only_a_string(finder.source, name)
            {
                let others = alternatives(name, Language::Yara, &taken);
                taken.extend(others.iter().cloned());
                let first = first_token(finder.source, name).unwrap_or(at + 1);
                finder.name(
                    first,
                    name,
                    &others,
                    "a name of a string that only this file uses",
                );
            }
            if let Pattern::Hex(hex) = pattern {
                let (start, end) = of(hex.span());
                hexadecimal(finder, start, end);
            }
        }
    }
}

/// With its modifiers, up to the end of the line.
fn whole(finder: &Finder<'_>, (start, end): (usize, usize)) -> (usize, usize) {
    let (_, line_end) = finder.line(end);
    let rest = finder.text(end, line_end);
    let stop = rest.find("//").unwrap_or(rest.len());
    (
        start,
        end + rest.get(..stop).unwrap_or_default().trim_end().len(),
    )
}

/// Every token of the name outside quotes stands behind `$`, `#`, `@` or `!`: carriers rename every token.
fn is_only_a_string(source: &str, name: &str) -> bool {
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    source.match_indices(name).all(|(at, _)| {
        let before = source.get(..at).and_then(|t| t.chars().next_back());
        let after = source.get(at + name.len()..).and_then(|t| t.chars().next());
        let is_token = !before.is_some_and(is_part) && !after.is_some_and(is_part);
        !is_token
            || before.is_some_and(|b| matches!(b, '$' | '#' | '@' | '!'))
            || is_quoted(source, at)
    })
}

/// An odd number of quotes stands before it on its line.
fn is_quoted(source: &str, at: usize) -> bool {
    let before = source.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.matches('"').count() % 2 == 1
}

fn first_token(source: &str, name: &str) -> Option<usize> {
    let marked = source.match_indices(name).map(|(at, _)| at);
    let mut tokens = marked.filter(|at| {
        let before = source.get(..*at).and_then(|t| t.chars().next_back());
        before.is_some_and(|b| matches!(b, '$' | '#' | '@' | '!'))
    });
    tokens.next()
}

/// The whole `{ … }` with its digits in the other case.
fn hexadecimal(finder: &mut Finder<'_>, start: usize, end: usize) {
    let text = finder.text(start, end);
    let Some(open) = text.find('{') else { return };
    let Some(close) = text.rfind('}') else { return };
    let body = text.get(open + 1..close).unwrap_or_default();
    if body.contains(['\n', '/']) || !body.bytes().any(|b| b.is_ascii_alphabetic()) {
        return;
    }
    let others = [body.to_ascii_uppercase(), body.to_ascii_lowercase()];
    let why = "the case of hexadecimal digits means nothing";
    finder.wordings(
        (start + open + 1, start + close),
        Class::Literal,
        &others,
        Strength::Fragile,
        why,
    );
}
