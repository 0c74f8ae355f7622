//! `a, b and c`: enumerations whose order carries no meaning.

use super::Found;
use super::near::Here;
use super::rule::why;
use super::words::{Kind, Token};
use crate::suggest::{Class, Strength};

/// Pairs that are said in one order, and pairs of which one comes first in time.
const FIXED: [&str; 40] = [
    "terms",
    "pros",
    "ups",
    "bits",
    "nuts",
    "goods",
    "odds",
    "ins",
    "strengths",
    "questions",
    "requests",
    "inputs",
    "causes",
    "hours",
    "minutes",
    "days",
    "weeks",
    "months",
    "years",
    "reads",
    "starts",
    "clients",
    "hits",
    "checks",
    "names",
    "ladies",
    "arts",
    "rules",
    "dos",
    "seconds",
    "rights",
    "trials",
    "steps",
    "tests",
    "phases",
    "beginnings",
    "errors",
    "errands",
    "others",
    "advantages",
];

/// An enumeration of plain nouns that begins here.
pub(super) fn find(source: &str, here: &Here<'_>) -> Option<Found> {
    let token = |n: usize| here.tokens.get(here.at + n);
    let is_item = |t: &Token| {
        let is_plural = super::near::is_any(Some(t), &["PLURAL"]);
        is_plural && !t.is_capital && !FIXED.contains(&t.lower.as_str())
    };
    let first = token(0).filter(|t| is_item(t))?;
    let is_before = here.prev(&[
        "of",
        "for",
        "by",
        "with",
        "from",
        "in",
        "between",
        "via",
        "through",
        "against",
        "all",
        "the",
        "its",
        "our",
        "their",
        "your",
        "as",
        "including",
        "on",
        "into",
    ]);
    if !is_before {
        return None;
    }
    let is = |n: usize, any: &[&str]| super::near::is_any(token(n), any);
    let (len, items, conjunction, comma) = if is(1, &["and", "or"]) {
        let second = token(2).filter(|t| is_item(t))?;
        (3, vec![first, second], token(1)?, "")
    } else if is(1, &[","]) && is(3, &["and", "or"]) {
        let (second, third) = (
            token(2).filter(|t| is_item(t))?,
            token(4).filter(|t| is_item(t))?,
        );
        (5, vec![first, second, third], token(3)?, "")
    } else if is(1, &[","]) && is(3, &[","]) && is(4, &["and", "or"]) {
        let (second, third) = (
            token(2).filter(|t| is_item(t))?,
            token(5).filter(|t| is_item(t))?,
        );
        (6, vec![first, second, third], token(4)?, ",")
    } else {
        return None;
    };
    // What follows may not belong to the last item alone, and the list may not go on.
    let whole = Here { len, ..*here };
    let ends = whole.next(&[".", ";", ")", "BE", "HAVE", "MODAL", "START"])
        || whole.next(&[","]) && whole.next_n(2, &["BE", "which", "so", "but", "because", "since"])
        || whole.next(&["of"]) && here.prev(&["the", "all", "its"]);
    if !ends
        || source
            .get(first.start..token(len - 1)?.end)
            .is_none_or(|t| t.contains('\n'))
    {
        return None;
    }
    let joined = |order: &[usize]| -> Option<String> {
        let mut words = Vec::new();
        for index in order {
            let item = items.get(*index)?;
            words.push(source.get(item.start..item.end)?);
        }
        let (last, lead) = words.split_last()?;
        Some(format!(
            "{}{comma} {} {last}",
            lead.join(", "),
            conjunction.lower
        ))
    };
    let orders: &[&[usize]] = match items.len() {
        2 => &[&[1, 0]],
        _ => &[&[1, 0, 2], &[2, 0, 1], &[1, 2, 0]],
    };
    let give: Option<Vec<String>> = orders.iter().map(|order| joined(order)).collect();
    let is_plain = items.iter().all(|t| t.kind == Kind::Word);
    give.filter(|_| is_plain).map(|give| Found {
        len,
        give,
        class: Class::Order,
        strength: Strength::Robust,
        why: why(Class::Order).to_owned(),
    })
}
