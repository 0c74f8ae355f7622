//! Lists whose items change places: between `shuffle` and `end`, or named on a line.

use super::directive::{Directive, Order};
use super::error::{MarkErrorKind, SHUFFLE_ITEMS_MAX, SITES_MAX};
use super::inline::{Marker, MarkerKind};
use super::parse::{Block, Draft, Gather};
use super::scan::Class;
use super::{Carrier, label_of, permutation};
use crate::format::Dialect;
use crate::text;

type Span = (usize, usize);

/// Finds the items of every shuffle.
pub(super) fn blocks(gather: &mut Gather<'_>, directives: &[Directive]) {
    let mut open: Option<&Directive> = None;
    for directive in directives {
        // That there are too many sites is told at the end.
        if gather.drafts.len() > SITES_MAX {
            return;
        }
        let (start, end) = (directive.start, directive.end);
        match &directive.order {
            Order::Shuffle(None) => {
                if !directive.alone {
                    let usage = "shuffle, or shuffle metadata";
                    let kind = MarkErrorKind::DirectiveUsage {
                        directive: "shuffle",
                        usage,
                    };
                    gather.wrong(start, end, kind);
                } else if open.is_some() {
                    gather.wrong(start, end, MarkErrorKind::ShuffleNested);
                } else {
                    open = Some(directive);
                }
            }
            Order::Shuffle(Some(name)) => {
                let (from, to) = directive.line;
                let items = match name.as_str() {
                    "and" | "or" if matches!(gather.dialect.format(), crate::Format::Rule(_)) => {
                        operands(gather, from, to, name)
                    }
                    "options" if gather.dialect == Dialect::Suricata => {
                        options(gather.source, from, to)
                    }
                    _ => named_list(gather.source, from, to, name),
                };
                match items {
                    Some(items) => add(gather, (start, end), items, &format!("shuffle {name}")),
                    None => {
                        let name = label_of(name);
                        gather.wrong(start, end, MarkErrorKind::NoList { name });
                    }
                }
            }
            Order::End => match open.take() {
                Some(first) => {
                    let from = line_after(gather.source, first.end);
                    let to = gather.source[..start].rfind('\n').map_or(0, |p| p + 1);
                    let items = block_items(gather, from, to.max(from));
                    add(gather, (first.start, first.end), items, "shuffle");
                }
                None => gather.wrong(start, end, MarkErrorKind::StrayEnd),
            },
            _ => {}
        }
    }
    if let Some(directive) = open {
        gather.wrong(
            directive.start,
            directive.end,
            MarkErrorKind::ShuffleNotEnded,
        );
    }
}

fn line_after(source: &str, at: usize) -> usize {
    source[at..].find('\n').map_or(source.len(), |p| at + p + 1)
}

/// Orders that are marked where they stand: `{~#shuffle ,~}` … `{~#end~}`.
pub(super) fn inline(gather: &mut Gather<'_>, markers: &[Marker]) {
    let mut open: Option<(&Marker, Option<&str>)> = None;
    for marker in markers {
        if gather.drafts.len() > SITES_MAX {
            return;
        }
        let (start, end) = (marker.start, marker.end);
        match &marker.what {
            MarkerKind::Shuffle(_) if open.is_some() => {
                gather.wrong(start, end, MarkErrorKind::ShuffleNested);
            }
            MarkerKind::Shuffle(None) if !marker.alone => {
                let usage = "{~#shuffle ,~}, or {~#shuffle~} on a line of its own";
                let directive = "#shuffle";
                gather.wrong(
                    start,
                    end,
                    MarkErrorKind::DirectiveUsage { directive, usage },
                );
            }
            MarkerKind::Shuffle(separator) => open = Some((marker, separator.as_deref())),
            MarkerKind::End => match open.take() {
                Some((first, separator)) => {
                    let (from, to) = (first.removed.1, marker.removed.0.max(first.removed.1));
                    let items = match separator {
                        Some(separator) => cut_at(gather.source, from, to, separator),
                        None if gather.dialect == Dialect::Csv => rows(gather, from, to),
                        None => block_items(gather, from, to),
                    };
                    let label = match separator {
                        Some(separator) => format!("shuffle {separator}"),
                        None => "shuffle".to_owned(),
                    };
                    add(gather, (first.start, first.end), items, &label);
                }
                None => gather.wrong(start, end, MarkErrorKind::StrayEnd),
            },
        }
    }
    if let Some((marker, _)) = open {
        gather.wrong(marker.start, marker.end, MarkErrorKind::ShuffleNotEnded);
    }
}

/// What stands between the `and`s, or the `or`s, of a condition; `None` when both are there.
fn operands(gather: &Gather<'_>, from: usize, to: usize, word: &str) -> Option<Vec<Span>> {
    let source = gather.source;
    // A comment at the end of the line is no operand.
    let stop = (from..to)
        .find(|at| gather.classes.get(*at) == Some(&Class::Comment))
        .unwrap_or(to);
    let line = source.get(from..stop)?;
    let start = ["condition:", "where "]
        .into_iter()
        .find_map(|head| line.find(head).map(|at| from + at + head.len()))
        .unwrap_or(from);
    let items = cut_at(source, start, stop, word);
    let other = if word == "and" { "or" } else { "and" };
    let is_mixed = cut_at(source, start, stop, other).len() > 1;
    (items.len() > 1 && !is_mixed).then_some(items)
}

/// The options of a Suricata rule that match nothing, and so may stand in any order.
fn options(source: &str, from: usize, to: usize) -> Option<Vec<Span>> {
    const FREE: [&str; 8] = [
        "classtype",
        "reference",
        "sid",
        "rev",
        "metadata",
        "priority",
        "gid",
        "target",
    ];
    let line = source.get(from..to)?;
    let open = from + line.find('(')? + 1;
    let close = from + line.rfind(')')?;
    let all = cut_at(source, open, close.max(open), ";");
    let items: Vec<Span> = all
        .into_iter()
        .filter(|span| {
            let own = source.get(span.0..span.1).unwrap_or_default();
            FREE.contains(&own.split(':').next().unwrap_or_default().trim())
        })
        .collect();
    (items.len() > 1).then_some(items)
}

/// The rows of a table, which may hold line breaks between quotes.
fn rows(gather: &Gather<'_>, from: usize, to: usize) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    let mut open = false;
    for (start, end) in lines(gather, from, to) {
        let line = &gather.source[start..end];
        let quotes = line.bytes().filter(|b| *b == b'"').count();
        match out.last_mut() {
            Some(last) if open => last.1 = end,
            _ if line.trim().is_empty() => continue,
            _ => out.push((start, end)),
        }
        open ^= quotes % 2 == 1;
    }
    out
}

/// Items between the separators that stand outside brackets and quotes.
fn cut_at(source: &str, from: usize, to: usize, separator: &str) -> Vec<Span> {
    let bytes = source.as_bytes();
    let is_word = separator.chars().all(char::is_alphanumeric);
    let is_part = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let mut items = Vec::new();
    let (mut depth, mut start, mut at) = (0usize, from, from);
    // How far it is known that no quote of a kind is closed.
    let mut unclosed = [0usize; 2];
    while at < to {
        let byte = bytes[at];
        if let b'"' | b'\'' = byte {
            let known = &mut unclosed[usize::from(byte == b'"')];
            if at >= *known {
                match closing_quote(&bytes[..to], at) {
                    Some(close) => {
                        at = close + 1;
                        continue;
                    }
                    None => *known = to,
                }
            }
        }
        let begins = depth == 0
            && source.get(at..to).is_some_and(|r| r.starts_with(separator))
            && !(is_word
                && (is_part(at.checked_sub(1).and_then(|p| bytes.get(p)))
                    || is_part(bytes.get(at + separator.len()))));
        if begins {
            items.push((start, at));
            at += separator.len();
            start = at;
            continue;
        }
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    items.push((start, to));
    items.into_iter().filter_map(|i| trim(source, i)).collect()
}

fn closing_quote(bytes: &[u8], open: usize) -> Option<usize> {
    let quote = bytes[open];
    let mut at = open + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            byte if *byte == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

fn add(gather: &mut Gather<'_>, (start, end): Span, items: Vec<Span>, label: &str) {
    let kind = match items.len() {
        0 | 1 => Some(MarkErrorKind::TooFewItems { found: items.len() }),
        found if found > SHUFFLE_ITEMS_MAX => {
            let max = SHUFFLE_ITEMS_MAX;
            Some(MarkErrorKind::TooManyItems { found, max })
        }
        _ => None,
    };
    if let Some(kind) = kind {
        gather.wrong(start, end, kind);
        return;
    }
    let mut seen = std::collections::BTreeSet::new();
    for (from, to) in &items {
        let item = &gather.source[*from..*to];
        if !seen.insert(text::survives(item)) {
            let item = label_of(item.trim());
            gather.wrong(*from, *to, MarkErrorKind::SameItems { item });
            return;
        }
    }
    let draft = gather.drafts.len();
    gather.drafts.push(Draft {
        at: items.first().map_or(0, |i| i.0),
        carrier: Carrier::Shuffle,
        values: permutation::shuffle_values(items.len()),
        label: format!("{label} ({} items)", items.len()),
        choices: Vec::new(),
    });
    gather.blocks.push(Block { items, draft });
}

/// A line with its span, without the line break and without directives that stand alone.
fn lines(gather: &Gather<'_>, from: usize, to: usize) -> Vec<Span> {
    let mut out = Vec::new();
    let mut at = from;
    for line in gather.source[from..to].split_inclusive('\n') {
        let end = at + line.trim_end_matches(['\n', '\r']).len();
        let after = gather.atoms.partition_point(|a| a.start <= at);
        let removed = end > at
            && after
                .checked_sub(1)
                .and_then(|i| gather.atoms.get(i))
                .is_some_and(|a| a.end == at + line.len());
        if !removed {
            out.push((at, end));
        }
        at += line.len();
    }
    out
}

/// List items if the block is a list, else paragraphs, else lines.
fn block_items(gather: &Gather<'_>, from: usize, to: usize) -> Vec<Span> {
    let source = gather.source;
    let lines = lines(gather, from, to);
    let text = |span: &Span| &source[span.0..span.1];
    let is_blank = |span: &Span| text(span).trim().is_empty();
    let Some(first) = lines.iter().find(|l| !is_blank(l)) else {
        return Vec::new();
    };
    let indent_of = |span: &Span| text(span).len() - text(span).trim_start().len();
    let indent = indent_of(first);
    let in_prose = gather.dialect.format() == crate::Format::Prose;
    let marker =
        list_marker(text(first)).filter(|_| in_prose || text(first).trim().starts_with("- "));
    let mut items: Vec<Span> = Vec::new();
    if marker.is_some() || !in_prose {
        // Deeper lines belong to the item above them.
        for line in lines.iter().filter(|l| !is_blank(l)) {
            let skip = match marker {
                Some(_) => list_marker(text(line)).filter(|_| indent_of(line) <= indent),
                None => Some(indent_of(line)).filter(|i| *i <= indent && !closes(text(line))),
            };
            match (skip, items.last_mut()) {
                (Some(skip), _) => items.push((line.0 + skip, line.1)),
                (None, Some(last)) => last.1 = line.1,
                (None, None) => items.push(*line),
            }
        }
    } else {
        let mut after_blank = true;
        for line in &lines {
            if is_blank(line) {
                after_blank = true;
            } else if after_blank {
                items.push(*line);
                after_blank = false;
            } else if let Some(last) = items.last_mut() {
                last.1 = line.1;
            }
        }
        if items.len() < 2 {
            items = lines.iter().filter(|l| !is_blank(l)).copied().collect();
        }
    }
    comma_stays(gather, &mut items);
    items
}

/// A line that only closes brackets of the item above it.
fn closes(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty()
        && line
            .chars()
            .all(|c| matches!(c, ')' | ']' | '}' | ',' | ';'))
}

/// Bytes of indentation and marker: `- `, `* `, `+ `, `1. `, `1) `.
fn list_marker(line: &str) -> Option<usize> {
    let indent = line.len() - line.trim_start().len();
    let rest = &line[indent..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let marker = match rest.as_bytes().get(digits) {
        Some(b'-' | b'*' | b'+') if digits == 0 => 1,
        Some(b'.' | b')') if digits > 0 => digits + 1,
        _ => return None,
    };
    let space = rest[marker..].len() - rest[marker..].trim_start_matches([' ', '\t']).len();
    (space > 0).then_some(indent + marker + space)
}

/// When only the last item has no comma, commas stay in their places.
fn comma_stays(gather: &Gather<'_>, items: &mut [Span]) {
    let trimmed_end = |span: &Span| {
        // A directive at the end of the line is removed, and so is no part of the item.
        let cut = gather
            .atoms
            .iter()
            .find(|a| a.start > span.0 && a.start < span.1 && a.end >= span.1)
            .map_or(span.1, |a| a.start);
        span.0 + gather.source[span.0..cut].trim_end().len()
    };
    let ends_with_comma = |span: &Span| gather.source[span.0..trimmed_end(span)].ends_with(',');
    let Some((last, before)) = items.split_last_mut() else {
        return;
    };
    if ends_with_comma(last) || before.is_empty() || !before.iter().all(ends_with_comma) {
        return;
    }
    last.1 = trimmed_end(last);
    for item in before {
        item.1 = trimmed_end(item) - 1;
    }
}

/// The items of the list `name` that begins on the line `from..to`.
fn named_list(source: &str, from: usize, to: usize, name: &str) -> Option<Vec<Span>> {
    let line = &source[from..to];
    let mut search = 0;
    while let Some(p) = line.get(search..)?.find(name) {
        let start = from + search + p;
        let end = start + name.len();
        search += p + name.len();
        let is_part = |c: char| c == '_' || c.is_alphanumeric();
        if source[..start].chars().next_back().is_some_and(is_part)
            || source[end..].chars().next().is_some_and(is_part)
        {
            continue;
        }
        if let Some(items) = list_after(source, end, to) {
            return Some(items);
        }
    }
    None
}

fn list_after(source: &str, at: usize, line_end: usize) -> Option<Vec<Span>> {
    let rest = &source[at..];
    let mut rest = rest.trim_start_matches(['"', '\'', ' ', '\t']);
    let assigned = rest.starts_with([':', '=']);
    if assigned {
        rest = rest[1..].trim_start_matches([' ', '\t', '=']);
    }
    let open = source.len() - rest.len();
    match rest.chars().next()? {
        '[' | '{' => bracket_items(source, open, false),
        '(' => bracket_items(source, open, !assigned),
        '\n' | '\r' if assigned => yaml_items(source, at),
        _ if assigned => {
            // A rule's option: up to `;`, items between commas.
            let stop = source[open..line_end]
                .find(';')
                .map_or(open + source[open..line_end].trim_end().len(), |p| open + p);
            Some(cut_at_commas(source, open, stop))
        }
        _ => None,
    }
}

/// Items between top-level commas of the bracket at `open`.
fn bracket_items(source: &str, open: usize, keywords_only: bool) -> Option<Vec<Span>> {
    let bytes = source.as_bytes();
    let mut depth = 0usize;
    let mut quote: Option<u8> = None;
    let mut at = open;
    let mut start = open + 1;
    let mut items = Vec::new();
    while at < bytes.len() {
        let byte = bytes[at];
        match (quote, byte) {
            (Some(_), b'\\') => at += 1,
            (Some(q), b) if q == b => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    items.push((start, at));
                    let mut items: Vec<Span> =
                        items.iter().filter_map(|i| trim(source, *i)).collect();
                    if keywords_only {
                        items.retain(|i| is_keyword(&source[i.0..i.1]));
                    }
                    return Some(items);
                }
            }
            (None, b',') if depth == 1 => {
                items.push((start, at));
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

fn is_keyword(item: &str) -> bool {
    let name = item
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
        .count();
    let rest = item[name..].trim_start();
    name > 0 && rest.starts_with('=') && !rest.starts_with("==")
}

/// The lines deeper than the key's, each with what is deeper still.
fn yaml_items(source: &str, key: usize) -> Option<Vec<Span>> {
    let key_line = source[..key].rfind('\n').map_or(0, |p| p + 1);
    let key_indent = source[key_line..].len() - source[key_line..].trim_start_matches(' ').len();
    let mut at = line_after(source, key);
    let mut items: Vec<Span> = Vec::new();
    let mut indent = None;
    for line in source[at..].split_inclusive('\n') {
        let text = line.trim_end();
        let own = text.len() - text.trim_start_matches(' ').len();
        let is_item = text.trim_start().starts_with("- ");
        if text.is_empty() || own < key_indent || (own == key_indent && !is_item) {
            break;
        }
        let first = *indent.get_or_insert(own);
        let skip = list_marker(text).filter(|_| is_item).unwrap_or(own);
        match items.last_mut() {
            Some(last) if own > first => last.1 = at + text.len(),
            _ => items.push((at + skip, at + text.len())),
        }
        at += line.len();
    }
    Some(items)
}

fn cut_at_commas(source: &str, from: usize, to: usize) -> Vec<Span> {
    let mut items = Vec::new();
    let mut start = from;
    for (p, _) in source[from..to].match_indices(',') {
        items.push((start, from + p));
        start = from + p + 1;
    }
    items.push((start, to));
    items.into_iter().filter_map(|i| trim(source, i)).collect()
}

/// Without the white space around; `None` if nothing is left.
fn trim(source: &str, span: Span) -> Option<Span> {
    let text = &source[span.0..span.1];
    let start = span.0 + text.len() - text.trim_start().len();
    let end = start + text.trim().len();
    (end > start).then_some((start, end))
}
