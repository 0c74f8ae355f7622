//! Sigma: the order of lists and of fields, and names of selections.

use super::names::alternatives;
use super::{Class, Finder};
use crate::lint::Uses;
use crate::syntax::Language;
use crate::syntax::yaml::{Node, documents};
use crate::syntax::{Wrong, sigma};

/// Lists of a rule that are sets.
const SETS: [&str; 4] = ["tags", "fields", "falsepositives", "references"];

pub(super) fn suggest(finder: &mut Finder<'_>) {
    let mut unused = Wrong::new(finder.source);
    let documents = documents(finder.source, &mut unused);
    if !unused.is_empty() {
        return;
    }
    for document in documents {
        if document.value("detection").is_none() || document.value("logsource").is_none() {
            continue;
        }
        for key in SETS {
            if let Some(Node::List(items)) = document.value(key) {
                list(finder, items, "a list of a rule: its order means nothing");
            }
        }
        if let Some(Node::Map(detection)) = document.value("detection") {
            for (key, selection) in detection {
                if !matches!(key.text.as_str(), "condition" | "timeframe") {
                    fields(finder, selection);
                }
            }
            names(finder, detection);
        }
    }
}

/// Items on lines of their own; what is shuffled is what stands behind the dash.
fn list(finder: &mut Finder<'_>, items: &[Node], why: &str) {
    let mut spans = Vec::new();
    for item in items {
        let Node::Scalar(scalar) = item else { return };
        let (line, line_end) = finder.line(scalar.start);
        let lead = finder.text(line, scalar.start);
        let dash = lead.find('-').filter(|_| lead.trim() == "-");
        let (Some(dash), true) = (dash, scalar.end <= line_end) else {
            return;
        };
        spans.push((line + dash, scalar.end));
    }
    finder.lines(&spans, Class::Items, why);
}

fn fields(finder: &mut Finder<'_>, selection: &Node) {
    match selection {
        Node::Map(entries) => {
            let plain = entries.iter().all(|(_, v)| matches!(v, Node::Scalar(_)));
            if plain {
                let spans: Option<Vec<(usize, usize)>> = entries
                    .iter()
                    .map(|(key, value)| match value {
                        Node::Scalar(value) => Some((key.start, value.end.max(key.end))),
                        _ => None,
                    })
                    .collect();
                let spans = spans.unwrap_or_default();
                let why = "fields of a selection: all must match, in any order";
                if spans.iter().all(|s| finder.line(s.0) == finder.line(s.1)) {
                    finder.lines(&spans, Class::Items, why);
                }
            }
            for (_, value) in entries {
                if let Node::List(items) = value {
                    list(
                        finder,
                        items,
                        "values of a field: one must match, in any order",
                    );
                }
            }
        }
        Node::List(items) => list(finder, items, "values: one must match, in any order"),
        _ => {}
    }
}

fn names(finder: &mut Finder<'_>, detection: &[(crate::syntax::yaml::Scalar, Node)]) {
    let uses = Uses::of(Language::Sigma, finder.source);
    let mut taken = uses.all.clone();
    let asks_for_all = sigma::conditions(finder.source)
        .iter()
        .any(|c| c.contains("them"));
    for (key, _) in detection {
        let name = key.text.as_str();
        let is_matched = uses.wildcards.iter().any(|w| name.starts_with(w.as_str()));
        let is_plain = name.chars().all(|c| c == '_' || c.is_alphanumeric());
        if matches!(name, "condition" | "timeframe")
            || is_matched
            || !is_plain
            || asks_for_all && name.starts_with('_')
        {
            continue;
        }
        // The name follows wherever it stands: it must not be a word of the rule's texts.
        if tokens(finder.source, name) != 1 + in_conditions(finder.source, name) {
            continue;
        }
        let mut others = alternatives(name, Language::Sigma, &taken);
        if others.is_empty() {
            others = generic(name)
                .into_iter()
                .filter(|o| !taken.contains(o))
                .collect();
        }
        taken.extend(others.iter().cloned());
        finder.name(
            key.start,
            name,
            &others,
            "a name that only the condition uses",
        );
    }
}

fn generic(name: &str) -> Vec<String> {
    let (word, others) = match name {
        n if n.starts_with("selection") => ("selection", ["match", "seen"]),
        n if n.starts_with("filter") => ("filter", ["known", "expected"]),
        n if n.starts_with("keywords") => ("keywords", ["needles", "phrases"]),
        _ => return Vec::new(),
    };
    let rest = name.get(word.len()..).unwrap_or_default();
    others
        .iter()
        .map(|o| {
            if rest.is_empty() {
                format!("{o}_all")
            } else {
                format!("{o}{rest}")
            }
        })
        .collect()
}

fn tokens(text: &str, name: &str) -> usize {
    let is_part = |c: char| !(c == '_' || c.is_alphanumeric());
    text.split(is_part).filter(|t| *t == name).count()
}

fn in_conditions(text: &str, name: &str) -> usize {
    sigma::conditions(text)
        .iter()
        .map(|c| tokens(c, name))
        .sum()
}
