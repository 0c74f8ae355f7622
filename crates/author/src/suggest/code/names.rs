//! Names that only the file itself uses, with names that an author could have written as well.

use std::collections::BTreeSet;

use super::Finder;
use crate::lint::Uses;
use crate::syntax::Language;
use crate::words::{ignores_case, is_reserved};

/// Words of names, and what may stand instead; no word of one row means something else in another.
const WORDS: [(&str, &[&str]); 58] = [
    ("answer", &["reply", "reaction"]),
    ("address", &["location", "base_url"]),
    ("arguments", &["options", "given"]),
    ("body", &["content", "message"]),
    ("buffer", &["scratch", "staging"]),
    ("buf", &["out_buf", "staging"]),
    ("client", &["requester", "caller"]),
    ("code", &["number", "outcome"]),
    ("connection", &["link", "channel"]),
    ("content", &["body", "material"]),
    ("controller", &["canceller", "stopper"]),
    ("cookie", &["jar", "crumb"]),
    ("count", &["total", "amount"]),
    ("data", &["blob", "content"]),
    ("deadline", &["limit", "cutoff"]),
    ("filler", &["padding", "stuffing"]),
    ("headers", &["fields", "head_lines"]),
    ("host", &["machine", "peer"]),
    ("index", &["position", "place"]),
    ("interval", &["pause", "period"]),
    ("item", &["entry", "element"]),
    ("items", &["entries", "elements"]),
    ("length", &["extent", "bytes_total"]),
    ("line", &["row", "text_line"]),
    ("lines", &["rows", "text_lines"]),
    ("lookback", &["window", "period"]),
    ("marker", &["sentinel", "needle"]),
    ("message", &["note", "text"]),
    ("name", &["label", "title"]),
    ("needle", &["marker", "pattern"]),
    ("offset", &["shift", "start_at"]),
    ("options", &["settings", "choices"]),
    ("output", &["printed", "outcome"]),
    ("parser", &["reader", "usage"]),
    ("path", &["route", "place"]),
    ("paths", &["routes", "places"]),
    ("payload", &["message", "sent_body"]),
    ("port", &["door", "service"]),
    ("preview", &["page_view", "thumbnail"]),
    ("probe", &["trial", "check"]),
    ("reply", &["answer", "reaction"]),
    ("request", &["query", "call"]),
    ("response", &["answer", "reply"]),
    ("result", &["outcome", "finding"]),
    ("server", &["service", "peer"]),
    ("session", &["visit", "login"]),
    ("sink", &["writer", "out_file"]),
    ("size", &["extent", "bytes_total"]),
    ("socket", &["channel", "wire"]),
    ("status", &["outcome", "state"]),
    ("target", &["goal", "endpoint"]),
    ("template", &["pattern", "layout"]),
    ("ticket", &["pass", "voucher"]),
    ("timeout", &["patience", "limit"]),
    ("timer", &["alarm", "countdown"]),
    ("token", &["voucher", "credential"]),
    ("url", &["link", "location"]),
    ("verdict", &["finding", "judgement"]),
];

/// Alternatives of a name in its own style, the last word that is known taking another.
pub(super) fn alternatives(
    name: &str,
    language: Language,
    taken: &BTreeSet<String>,
) -> Vec<String> {
    let words = split(name);
    let found = words.iter().enumerate().rev().find_map(|(at, word)| {
        let lower = word.to_lowercase();
        WORDS
            .iter()
            .find(|(known, _)| *known == lower)
            .map(|(_, others)| (at, *others))
    });
    let Some((at, others)) = found else {
        return Vec::new();
    };
    let mut out: Vec<String> = Vec::new();
    for other in others {
        let mut parts: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        if let Some(part) = parts.get_mut(at) {
            *part = (*other).to_owned();
        }
        let styled = join(&parts, name);
        let is_taken = taken.contains(&styled)
            || ignores_case(language) && taken.iter().any(|t| t.eq_ignore_ascii_case(&styled));
        if !is_taken && !is_reserved(language, &styled) && !out.contains(&styled) {
            out.push(styled);
        }
    }
    out
}

/// The words of `snake_case`, `camelCase` and `CAPITALS`.
fn split(name: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, c) in name.char_indices() {
        let is_hump =
            c.is_uppercase() && before.is_some_and(|b| b.is_lowercase() || b.is_numeric());
        if c == '_' || is_hump {
            out.extend(name.get(start..at).filter(|w| !w.is_empty()));
            start = if c == '_' { at + 1 } else { at };
        }
        before = Some(c);
    }
    out.extend(name.get(start..).filter(|w| !w.is_empty()));
    out
}

/// The words in the style of `like`.
fn join(words: &[String], like: &str) -> String {
    let lead: String = like.chars().take_while(|c| *c == '_').collect();
    let words: Vec<String> = words
        .iter()
        .flat_map(|w| w.split('_').map(str::to_lowercase).collect::<Vec<_>>())
        .collect();
    let has_lower = like.chars().any(char::is_lowercase);
    let has_upper = like.chars().any(char::is_uppercase);
    if !has_lower && has_upper {
        return format!("{lead}{}", words.join("_").to_uppercase());
    }
    if !has_upper {
        return format!("{lead}{}", words.join("_"));
    }
    let starts_upper = like
        .trim_start_matches('_')
        .chars()
        .next()
        .is_some_and(char::is_uppercase);
    let mut out = lead;
    for (at, word) in words.iter().enumerate() {
        let mut chars = word.chars();
        match chars.next() {
            Some(first) if at > 0 || starts_upper => out.extend(first.to_uppercase()),
            Some(first) => out.push(first),
            None => {}
        }
        out.push_str(chars.as_str());
    }
    out
}

/// Variables that the file binds, and that nobody else sees.
pub(super) fn suggest(finder: &mut Finder<'_>) {
    let uses = Uses::of(finder.language, finder.source);
    let mut taken = uses.all.clone();
    for (name, at) in &uses.bound {
        if Uses::other_case(finder.language, finder.source, name).is_some()
            || uses.foreign.contains_key(name)
            || name.len() < 3
            || is_reserved(finder.language, name)
        {
            continue;
        }
        // The declared name follows from its first occurrence on; that may be before it is bound.
        let first = first_occurrence(finder, name).unwrap_or(*at);
        offer(finder, name, first, &mut taken);
    }
}

fn offer(finder: &mut Finder<'_>, name: &str, at: usize, taken: &mut BTreeSet<String>) {
    let others = alternatives(name, finder.language, taken);
    taken.extend(others.iter().cloned());
    finder.name(at, name, &others, "a name that only this file uses");
}

/// Where the name stands first outside text that no name follows.
fn first_occurrence(finder: &Finder<'_>, name: &str) -> Option<usize> {
    let probe = format!(
        "{} name {name}: {name}_0\n{}",
        finder.opener(),
        finder.source
    );
    let lead = probe.len() - finder.source.len();
    let master = carriers::Master::parse(finder.file_name, probe.as_bytes()).ok()?;
    let site = master
        .sites()
        .iter()
        .position(|s| s.choices.first().is_some_and(|c| c == name))?;
    let mark = master.marks().iter().find(|m| m.site == site)?;
    mark.start.checked_sub(lead)
}

/// `let name = …;` of a query.
pub(super) fn of_query(finder: &mut Finder<'_>) {
    let mut taken = Uses::of(finder.language, finder.source).all;
    let mut at = 0;
    for line in finder.source.split_inclusive('\n') {
        let body = line.trim_start();
        if let Some(rest) = body.strip_prefix("let ") {
            let start = at + line.len() - rest.trim_start().len();
            let rest = rest.trim_start();
            let len = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            let name = rest.get(..len).unwrap_or_default();
            let is_assigned = rest
                .get(len..)
                .is_some_and(|r| r.trim_start().starts_with('='));
            if is_assigned && name.len() >= 3 && first_occurrence(finder, name) == Some(start) {
                offer(finder, name, start, &mut taken);
            }
        }
        at += line.len();
    }
}
