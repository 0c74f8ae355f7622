//! Words that speak of an order, in items that change places.

use carriers::Piece;

use super::finding::{Finding, FindingKind, Places, Severity};

/// They speak of an order wherever they stand.
const ANYWHERE: [&str; 12] = [
    "above",
    "below",
    "afterwards",
    "finally",
    "firstly",
    "secondly",
    "thirdly",
    "lastly",
    "former",
    "latter",
    "aforementioned",
    "subsequently",
];
/// They do so at the beginning of an item.
const AT_START: [&str; 10] = [
    "first",
    "second",
    "third",
    "then",
    "next",
    "last",
    "after",
    "before",
    "also",
    "following",
];

pub(super) fn check(pieces: &[Piece<'_>], places: &Places<'_>, found: &mut Vec<Finding>) {
    for piece in pieces {
        let Piece::Shuffle { site, items, .. } = piece else {
            continue;
        };
        let mut said: Vec<String> = Vec::new();
        for item in items {
            for text in wordings(item) {
                said.extend(order_word(&text));
            }
        }
        said.sort();
        said.dedup();
        for word in said {
            let kind = FindingKind::OrderWord { word };
            found.push(places.site(*site, Severity::Warning, kind));
        }
    }
}

/// The item with the first wordings, and with each other wording alone.
fn wordings(item: &[Piece<'_>]) -> Vec<String> {
    let mut default = String::new();
    let mut others = Vec::new();
    for piece in item {
        match piece {
            Piece::Text(text) => default.push_str(text),
            Piece::Choice { wordings, .. } => {
                for wording in wordings.iter().skip(1) {
                    others.push(format!(
                        "{} {wording}",
                        default.split_whitespace().next().unwrap_or_default()
                    ));
                }
                default.push_str(wordings.first().map_or("", String::as_str));
            }
            _ => default.push(' '),
        }
    }
    others.push(default);
    others
}

fn order_word(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    if words.first().is_some_and(|w| AT_START.contains(w)) {
        return words.first().map(|w| (*w).to_owned());
    }
    if lower.contains("the following") {
        return Some("the following".into());
    }
    let found = words.iter().find(|w| ANYWHERE.contains(w));
    found.map(|w| (*w).to_owned())
}
