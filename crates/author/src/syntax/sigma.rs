//! Sigma rules: YAML whose detection names what its condition asks for.

use std::collections::BTreeSet;

use super::yaml::{Node, Scalar, documents};
use super::{Wrong, shown};

/// Words of a condition that name nothing.
const CONDITION_WORDS: [&str; 11] = [
    "and", "or", "not", "of", "them", "all", "any", "near", "by", "count", "1",
];
/// The levels of a rule.
const LEVELS: [&str; 5] = ["informational", "low", "medium", "high", "critical"];

pub(super) fn check(text: &str, wrong: &mut Wrong<'_>) {
    for document in documents(text, wrong) {
        if document.value("detection").is_some() && document.value("logsource").is_some() {
            rule(&document, wrong);
        }
    }
}

fn rule(document: &Node, wrong: &mut Wrong<'_>) {
    let Node::Map(entries) = document else { return };
    let at_key = |key: &str| {
        let found = entries.iter().find(|(k, _)| k.text == key);
        found.map_or(0, |(k, _)| k.start)
    };
    if document
        .value("title")
        .and_then(Node::text)
        .is_none_or(str::is_empty)
    {
        wrong.at(at_key("title"), "a Sigma rule needs a title");
    }
    if let Some(level) = document.value("level").and_then(Node::text)
        && !LEVELS.contains(&level)
    {
        wrong.at(
            at_key("level"),
            format!("{} is no level of Sigma", shown(level)),
        );
    }
    if let Some(id) = document.value("id").and_then(Node::text)
        && !is_uuid(id)
    {
        wrong.at(at_key("id"), format!("{} is no UUID", shown(id)));
    }
    let of_log = ["category", "product", "service"];
    if document
        .value("logsource")
        .is_none_or(|source| of_log.iter().all(|key| source.value(key).is_none()))
    {
        wrong.at(
            at_key("logsource"),
            "a log source has a category, a product or a service",
        );
    }
    let Some(Node::Map(detection)) = document.value("detection") else {
        wrong.at(
            at_key("detection"),
            "a detection holds selections and a condition",
        );
        return;
    };
    let named: BTreeSet<&str> = detection
        .iter()
        .map(|(key, _)| key.text.as_str())
        .filter(|key| !matches!(*key, "condition" | "timeframe"))
        .collect();
    match document
        .value("detection")
        .and_then(|d| d.value("condition"))
    {
        Some(Node::Scalar(text)) => condition(text, &named, wrong),
        Some(Node::List(many)) => {
            for one in many {
                if let Node::Scalar(text) = one {
                    condition(text, &named, wrong);
                }
            }
        }
        _ => wrong.at(at_key("detection"), "a detection needs a condition"),
    }
}

/// The conditions of the rules of a file.
pub(crate) fn conditions(text: &str) -> Vec<String> {
    let mut unused = Wrong::new(text);
    let mut out = Vec::new();
    for document in documents(text, &mut unused) {
        match document
            .value("detection")
            .and_then(|d| d.value("condition"))
        {
            Some(Node::Scalar(one)) => out.push(one.text.clone()),
            Some(Node::List(many)) => {
                out.extend(many.iter().filter_map(Node::text).map(str::to_owned))
            }
            _ => {}
        }
    }
    out
}

fn condition(text: &Scalar, named: &BTreeSet<&str>, wrong: &mut Wrong<'_>) {
    // What stands behind a pipe aggregates, and names fields.
    let asked = text.text.split('|').next().unwrap_or_default();
    let mut depth = 0usize;
    for c in asked.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => {
                wrong.at(
                    text.start,
                    "the condition closes a bracket that is not open",
                );
                return;
            }
            ')' => depth -= 1,
            _ => {}
        }
    }
    if depth > 0 {
        wrong.at(text.start, "the condition has a bracket that is not closed");
    }
    let mut any = false;
    for word in asked.split(|c: char| c.is_whitespace() || c == '(' || c == ')') {
        if word.is_empty() || word.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        any = true;
        if CONDITION_WORDS.contains(&word.to_ascii_lowercase().as_str()) {
            continue;
        }
        let is_named = match word.split_once('*') {
            Some((prefix, suffix)) => named.iter().any(|n| {
                let rest = n.strip_prefix(prefix);
                rest.is_some_and(|r| suffix.contains('*') || r.ends_with(suffix))
            }),
            None => named.contains(word),
        };
        if !is_named {
            wrong.at(text.start, format!("the detection has no {}", shown(word)));
        }
    }
    if !any {
        wrong.at(text.start, "the condition is empty");
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}
