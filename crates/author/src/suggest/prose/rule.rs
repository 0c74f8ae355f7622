//! Rules of the lists, and how they find their places.

use std::collections::BTreeMap;

use super::inflect::{Form, verb};
use super::near::{Here, is_any};
use super::words::{Kind, Token};
use super::{Found, lists};
use crate::suggest::{Class, Strength};

/// A test of the neighbours.
pub(super) type Test = fn(&Here<'_>) -> bool;

/// Words that may stand for others as they are.
pub(super) struct Phrase {
    pub(super) find: &'static str,
    pub(super) give: &'static [&'static str],
    pub(super) class: Class,
    pub(super) strength: Strength,
    pub(super) when: Test,
}

/// A verb that may stand for another, in all its forms.
pub(super) struct Verb {
    /// The infinitive; of several words, the first is inflected.
    pub(super) base: &'static str,
    pub(super) give: &'static [&'static str],
    /// What must stand around its active forms.
    pub(super) active: Option<Test>,
    /// What must stand around `is …ed`.
    pub(super) passive: Option<Test>,
    /// Whether it may begin a sentence as a request.
    pub(super) imperative: bool,
}

#[derive(Clone, Copy)]
enum Rule {
    Phrase(&'static Phrase),
    Verb(&'static Verb, Form),
}

/// All rules, by the first word of what they find.
pub(super) struct Rules {
    by_first: BTreeMap<String, Vec<(Rule, String)>>,
}

impl Rules {
    /// Every rule of the lists.
    pub(super) fn new() -> Self {
        let mut by_first: BTreeMap<String, Vec<(Rule, String)>> = BTreeMap::new();
        let mut add = |text: String, rule: Rule| {
            let first = text.split(' ').next().unwrap_or_default().to_owned();
            by_first.entry(first).or_default().push((rule, text));
        };
        for phrase in lists::phrases() {
            add(phrase.find.to_owned(), Rule::Phrase(phrase));
        }
        for entry in lists::verbs() {
            for form in Form::ALL {
                add(verb(entry.base, form), Rule::Verb(entry, form));
            }
        }
        Self { by_first }
    }

    /// The places that begin at this token.
    pub(super) fn find(&self, source: &str, tokens: &[Token], at: usize) -> Vec<Found> {
        let mut out = Vec::new();
        let Some(first) = tokens.get(at) else {
            return out;
        };
        if !matches!(first.kind, Kind::Word) {
            return out;
        }
        for (rule, text) in self.by_first.get(&first.lower).into_iter().flatten() {
            let Some(len) = covers(source, tokens, at, text) else {
                continue;
            };
            let here = Here { tokens, at, len };
            match rule {
                Rule::Phrase(phrase) if (phrase.when)(&here) => out.push(Found {
                    len,
                    give: phrase.give.iter().map(|g| (*g).to_owned()).collect(),
                    class: phrase.class,
                    strength: phrase.strength,
                    why: why(phrase.class).to_owned(),
                }),
                Rule::Verb(entry, form) if fits(entry, *form, &here) => out.push(Found {
                    len,
                    give: entry.give.iter().map(|g| verb(g, *form)).collect(),
                    class: Class::Synonym,
                    strength: Strength::Robust,
                    why: why(Class::Synonym).to_owned(),
                }),
                _ => {}
            }
        }
        out
    }
}

/// What people read about a class.
pub(super) fn why(class: Class) -> &'static str {
    match class {
        Class::Synonym => "an everyday word with the same meaning here",
        Class::Phrase => "another way to say the same",
        Class::Optional => "the sentence says the same without it",
        Class::Contraction => "the short and the long form",
        Class::Apposition => "the name before or after what it is",
        Class::Relative => "either pronoun may join this clause",
        Class::Number => "the same number or date, written differently",
        Class::Order => "the order carries no meaning here",
        _ => "two spellings of one word",
    }
}

/// Number of tokens, if the text stands here with single spaces; ` ,` stands for a comma.
fn covers(source: &str, tokens: &[Token], at: usize, text: &str) -> Option<usize> {
    let mut len = 0;
    for word in text.split(' ') {
        let token = tokens.get(at + len)?;
        if token.lower != word || !matches!(token.kind, Kind::Word | Kind::Punct) {
            return None;
        }
        if len > 0 {
            let gap = source.get(tokens.get(at + len - 1)?.end..token.start)?;
            let is_joined = gap.is_empty() && token.kind == Kind::Punct;
            if gap != " " && !is_joined {
                return None;
            }
        }
        len += 1;
    }
    Some(len)
}

/// Whether the verb stands here in this form, as far as its neighbours tell.
fn fits(entry: &Verb, form: Form, here: &Here<'_>) -> bool {
    let head = here.head();
    let head_is = |any: &[&str]| head.is_some() && is_any(head, any);
    let active = entry.active.is_some_and(|test| test(here));
    let passive = entry.passive.is_some_and(|test| test(here));
    match form {
        Form::Base => {
            let asks = entry.imperative && here.starts();
            let after_plural = head_is(&["PLURAL"]) && here.next(&["ART", "POSS", "to"]);
            active
                && (asks
                    || head_is(&["MODAL", "to", "DO", "PLURAL_PRON", "please", "who"])
                    || after_plural)
        }
        Form::Third => {
            active
                && (head_is(&[
                    "it", "he", "she", "which", "that", "who", "this", "nobody", "somebody",
                ]) || head_is(&["OPEN", "NAME"]) && !head_is(&["PLURAL"]))
        }
        Form::Participle => {
            if head_is(&["BE"]) {
                passive
            } else {
                head_is(&["HAVE"]) && active
            }
        }
        Form::Past => {
            active
                && head_is(&[
                    "PRON",
                    "PLURAL_PRON",
                    "who",
                    "which",
                    "that",
                    "this",
                    "OPEN",
                    "NAME",
                ])
                && !head_is(&["LY"])
        }
        Form::Ing => {
            active
                && (head_is(&["BE"])
                    || here.prev(&[
                        "by", "for", "of", "without", "after", "before", "when", "while", "from",
                        "in", "about",
                    ]))
        }
    }
}
