//! Identifiers that are called differently in each copy.

use std::collections::BTreeSet;

use super::directive::{Directive, Order};
use super::error::{MarkErrorKind, NAMES_MAX};
use super::parse::{Atom, AtomBody, Draft, Gather};
use super::scan::Class;
use super::{Carrier, label_of};

/// Spans of the identifiers of `source`.
pub(crate) fn identifiers(source: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let is_part = |c: char| c == '_' || c.is_alphanumeric();
        let start = at + source.get(at..)?.find(is_part)?;
        let rest = &source[start..];
        let end = rest
            .find(|c| !is_part(c))
            .map_or(source.len(), |p| start + p);
        at = end;
        Some((start, &source[start..end]))
    })
}

/// Makes every occurrence of a declared name follow the choice: in code and comments, not in plain strings.
pub(super) fn follow(gather: &mut Gather<'_>, directives: &[Directive]) {
    let mut new_names: BTreeSet<String> = BTreeSet::new();
    for (count, directive) in directives
        .iter()
        .filter(|d| matches!(d.order, Order::Name(..)))
        .enumerate()
    {
        let Order::Name(name, others) = &directive.order else {
            continue;
        };
        if count >= NAMES_MAX {
            let kind = MarkErrorKind::TooManyNames { max: NAMES_MAX };
            gather.wrong(directive.start, directive.end, kind);
            return;
        }
        let (start, end) = (directive.start, directive.end);
        let in_marks = gather.atoms.iter().any(|a| match &a.body {
            AtomBody::Choice(_, wordings) => {
                gather.classes.get(a.start) != Some(&Class::Text)
                    && gather.dialect.format() != crate::Format::Prose
                    && wordings
                        .iter()
                        .any(|w| identifiers(w).any(|(_, i)| i == name))
            }
            _ => false,
        });
        if in_marks {
            gather.wrong(start, end, MarkErrorKind::NameInMark { name: name.clone() });
            continue;
        }
        let removed: Vec<(usize, usize)> = gather.atoms.iter().map(|a| (a.start, a.end)).collect();
        let is_free = |at: usize| {
            let after = removed.partition_point(|(s, _)| *s <= at);
            gather.classes.get(at) != Some(&Class::Text)
                && after.checked_sub(1).is_none_or(|i| removed[i].1 <= at)
        };
        let mut places = Vec::new();
        let mut taken = None;
        for (at, identifier) in identifiers(gather.source) {
            if identifier == name && is_free(at) {
                places.push(at);
            } else if is_free(at) && others.iter().any(|o| o == identifier) {
                taken = Some(identifier.to_owned());
            }
        }
        for other in others {
            if !new_names.insert(other.clone()) {
                taken = Some(other.clone());
            }
        }
        if let Some(name) = taken {
            gather.wrong(start, end, MarkErrorKind::NameTaken { name });
            continue;
        }
        let Some(first) = places.first() else {
            gather.wrong(
                start,
                end,
                MarkErrorKind::NameMissing { name: name.clone() },
            );
            continue;
        };
        let mut wordings = vec![name.clone()];
        wordings.extend(others.iter().cloned());
        let draft = gather.drafts.len();
        gather.drafts.push(Draft {
            at: *first,
            carrier: Carrier::Name,
            values: wordings.len() as u64,
            label: label_of(&format!("name {}", wordings.join("|"))),
            choices: wordings.clone(),
        });
        for at in places {
            gather.atoms.push(Atom {
                start: at,
                end: at + name.len(),
                body: AtomBody::Choice(draft, wordings.clone()),
            });
        }
        gather.atoms.sort_by_key(|a| (a.start, a.end));
    }
}
