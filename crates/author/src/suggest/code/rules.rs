//! Suricata and Snort: the order of metadata and of modifiers, and how bytes are written.

use super::{Class, Finder, Strength};
use crate::syntax::suricata::{RuleOption, rules};

pub(super) fn suggest(finder: &mut Finder<'_>) {
    for rule in rules(finder.source) {
        for (place, option) in rule.options.iter().enumerate() {
            match option.name {
                "metadata" => {
                    let items = option
                        .value
                        .split(',')
                        .filter(|i| !i.trim().is_empty())
                        .count();
                    let span = (option.value_at, option.value_at + option.value.len());
                    let why = "metadata: an engine takes it in any order";
                    // One directive a line: a rule has one list of metadata.
                    let is_one = rule.options.iter().filter(|o| o.name == "metadata").count() == 1;
                    if is_one && finder.line(rule.start) == finder.line(option.start) {
                        finder.named_list(span, ("metadata", items), Class::Items, true, why);
                    }
                }
                "content" => content(finder, option),
                _ => {}
            }
            if let Some(next) = rule.options.get(place + 1) {
                modifiers(finder, option, next);
            }
        }
    }
}

/// Bytes as hexadecimal in the other case, or one character as its byte.
fn content(finder: &mut Finder<'_>, option: &RuleOption<'_>) {
    let Some(open) = option.value.find('"') else {
        return;
    };
    let body = option.value.get(open + 1..).unwrap_or_default();
    let Some(body) = body.strip_suffix('"') else {
        return;
    };
    let start = option.value_at + open + 1;
    let span = (start, start + body.len());
    if body.contains('\\') {
        return;
    }
    let mut hex = String::new();
    let mut in_hex = false;
    for c in body.chars() {
        if c == '|' {
            in_hex = !in_hex;
        } else if in_hex {
            hex.push(c);
        }
    }
    if hex.bytes().any(|b| b.is_ascii_alphabetic()) {
        let others = [recased(body, true), recased(body, false)];
        let why = "the case of hexadecimal digits means nothing";
        finder.wordings(span, Class::Literal, &others, Strength::Fragile, why);
        return;
    }
    let Some(first) = body
        .chars()
        .next()
        .filter(|c| c.is_ascii_graphic() && *c != '|')
    else {
        return;
    };
    if body.len() >= 4 {
        let rest = body.get(1..).unwrap_or_default();
        let others = [format!("|{:02x}|{rest}", u32::from(first))];
        let why = "the same bytes, the first as hexadecimal";
        finder.wordings(span, Class::Literal, &others, Strength::Robust, why);
    }
}

fn recased(body: &str, upper: bool) -> String {
    let mut in_hex = false;
    body.chars()
        .map(|c| {
            in_hex ^= c == '|';
            match (in_hex, upper) {
                (true, true) => c.to_ascii_uppercase(),
                (true, false) => c.to_ascii_lowercase(),
                _ => c,
            }
        })
        .collect()
}

/// `offset:0; depth:3;` and `depth:3; offset:0;`.
fn modifiers(finder: &mut Finder<'_>, first: &RuleOption<'_>, second: &RuleOption<'_>) {
    let pair = [first.name, second.name];
    let swaps = [
        ["offset", "depth"],
        ["depth", "offset"],
        ["distance", "within"],
        ["within", "distance"],
    ];
    if !swaps.contains(&pair) {
        return;
    }
    let one = finder.text(first.start, first.end).to_owned();
    let other = finder.text(second.start, second.end).to_owned();
    let between = finder.text(first.end, second.start).to_owned();
    let why = "both speak of the content before them, in either order";
    let swapped = [format!("{other}{between}{one}")];
    finder.wordings(
        (first.start, second.end),
        Class::Items,
        &swapped,
        Strength::Robust,
        why,
    );
}
