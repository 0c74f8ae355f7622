//! Bullet lists whose items may change places.

use carriers::{Layout, Master};

use super::mask::{Byte, list_marker};
use super::rule::why;
use crate::suggest::{Class, Draft, Edit, Strength};

const SHUFFLE: &str = "<!--~ shuffle -->";
const END: &str = "<!--~ end -->";
const KEEP: &str = "<!--~ keep order -->";
/// Most items of a list that is offered.
const ITEMS_MAX: usize = carriers::error::SHUFFLE_ITEMS_MAX;

/// A line that begins with one of these belongs after another.
const AFTER_OTHERS: [&str; 24] = [
    "then",
    "next",
    "finally",
    "first",
    "firstly",
    "second",
    "secondly",
    "third",
    "afterwards",
    "after",
    "also",
    "otherwise",
    "lastly",
    "last",
    "and",
    "or",
    "but",
    "both",
    "these",
    "those",
    "likewise",
    "similarly",
    "other",
    "another",
];

/// A lead-in with one of these says that the order matters.
const ORDERED: [&str; 15] = [
    "step",
    "steps",
    "order",
    "sequence",
    "ordered",
    "timeline",
    "sorted",
    "ranked",
    "priority",
    "first",
    "following chain",
    "in turn",
    "chronological",
    "history",
    "schedule",
];

/// The unordered lists whose order carries no meaning, as far as their words tell.
pub(super) fn lists(file_name: &str, source: &str, bytes: &[Byte], layout: &Layout) -> Vec<Draft> {
    let mut out = Vec::new();
    let mut items: Vec<(usize, usize)> = Vec::new();
    let mut lead = "";
    let mut lead_of_list = "";
    let mut broken = false;
    let mut at = 0;
    let mut bullet = None;
    let lines = source.split_inclusive('\n').chain(["\n"]);
    for line in lines {
        let start = at;
        at = (at + line.len()).min(source.len());
        let end = start + line.trim_end().len();
        let text = line.trim();
        let marker = list_marker(line).filter(|_| !text.starts_with(|c: char| c.is_ascii_digit()));
        let first = text.chars().next();
        match marker {
            Some(marker) if start < source.len() => {
                let indent = line.len() - line.trim_start().len();
                if items.is_empty() {
                    (lead_of_list, bullet, broken) = (lead, first, indent > 0);
                }
                let is_prose = bytes.get(start + marker) != Some(&Byte::Break);
                broken |= indent > 0 || first != bullet || !is_prose;
                items.push((start, end));
            }
            _ if text.is_empty() || !line.starts_with([' ', '\t']) => {
                if !items.is_empty() {
                    // A line that goes on without indentation belongs to the last item.
                    broken |= !text.is_empty();
                    if !broken && is_free(source, lead_of_list, &items, layout) {
                        out.extend(draft(file_name, source, &items));
                    }
                    items.clear();
                }
            }
            _ => {
                if let Some(last) = items.last_mut() {
                    last.1 = end;
                }
            }
        }
        if marker.is_none() && !text.is_empty() {
            lead = text;
        }
    }
    out
}

/// Whether nothing in the words says that the order matters, and no mark or directive orders it already.
fn is_free(source: &str, lead: &str, items: &[(usize, usize)], layout: &Layout) -> bool {
    let (Some(first), Some(last)) = (items.first(), items.last()) else {
        return false;
    };
    if !(2..=ITEMS_MAX).contains(&items.len()) || lead.starts_with('#') {
        return false;
    }
    let lead = lead.to_lowercase();
    let words = |text: &str, list: &[&str]| {
        text.split(|c: char| !c.is_alphanumeric())
            .any(|word| list.contains(&word))
    };
    let after = layout.items.partition_point(|i| i.0 < last.1);
    let is_shuffled = after
        .checked_sub(1)
        .and_then(|i| layout.items.get(i))
        .is_some_and(|i| i.1 > first.0);
    let mut ends = std::collections::BTreeSet::new();
    let plain = items.iter().all(|(start, end)| {
        let item = source.get(*start..*end).unwrap_or_default();
        let text = item
            .get(list_marker(item).unwrap_or(0)..)
            .unwrap_or_default();
        let text = text.trim_start_matches(['*', '_']);
        let first: String = text
            .chars()
            .take_while(|c| c.is_alphanumeric())
            .collect::<String>()
            .to_lowercase();
        ends.insert(item.chars().last().filter(char::is_ascii_punctuation));
        !first.is_empty()
            && !first.starts_with(|c: char| c.is_ascii_digit())
            && !AFTER_OTHERS.contains(&first.as_str())
            && !item.ends_with(" and")
            && !item.ends_with(" or")
            && !words(
                &item.to_lowercase(),
                &[
                    "above",
                    "below",
                    "previous",
                    "former",
                    "latter",
                    "afterwards",
                ],
            )
            && !item.contains("<!--~")
    });
    plain && ends.len() == 1 && !is_shuffled && !words(&lead, &ORDERED)
}

/// The draft, if the mark parser finds just these items.
fn draft(file_name: &str, source: &str, items: &[(usize, usize)]) -> Option<Draft> {
    let (first, last) = (items.first()?, items.last()?);
    let text = source.get(first.0..last.1)?;
    let master = Master::parse(file_name, format!("{SHUFFLE}\n{text}\n{END}\n").as_bytes()).ok()?;
    let values = carriers::shuffle_values(items.len());
    let site = master
        .sites()
        .iter()
        .find(|s| s.carrier == carriers::Carrier::Shuffle)?;
    (site.values == values).then(|| Draft {
        class: Class::Order,
        start: first.0,
        end: last.1,
        alternatives: Vec::new(),
        values,
        why: format!("{} items of a list; {}", items.len(), why(Class::Order)),
        is_functional: false,
        strength: Strength::Robust,
        edit: Edit::Around {
            above: SHUFFLE.to_owned(),
            below: END.to_owned(),
        },
        refusal: Edit::Above(KEEP.to_owned()),
    })
}
