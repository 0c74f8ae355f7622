//! The lists: which word or phrase may stand for which, and beside what.
//!
//! They are written for this project. What goes in is judged by reading sentences, not by a thesaurus:
//! words of the subject (vulnerability, attacker, patch, update, error, …) are never in them.

mod adverbs;
mod nouns;
mod phrases;
mod verbs;

use super::near::Here;
use super::rule::{Phrase, Test, Verb};
use crate::suggest::{Class, Strength};

/// Every phrase and word that may stand for another as it is.
pub(super) fn phrases() -> impl Iterator<Item = &'static Phrase> {
    phrases::PHRASES
        .iter()
        .chain(adverbs::WORDS)
        .chain(nouns::WORDS)
}

/// Every verb that may stand for another in all its forms.
pub(super) fn verbs() -> impl Iterator<Item = &'static Verb> {
    verbs::VERBS.iter()
}

/// A word for a word.
const fn word(find: &'static str, give: &'static [&'static str], when: Test) -> Phrase {
    of(Class::Synonym, find, give, when)
}

/// A phrase for a phrase.
const fn phrase(find: &'static str, give: &'static [&'static str], when: Test) -> Phrase {
    of(Class::Phrase, find, give, when)
}

/// A word that may be left out.
const fn optional(find: &'static str, when: Test) -> Phrase {
    of(Class::Optional, find, &[""], when)
}

/// Two spellings of a compound.
const fn spelling(find: &'static str, give: &'static [&'static str]) -> Phrase {
    Phrase {
        find,
        give,
        class: Class::Spelling,
        strength: Strength::Fragile,
        when: always,
    }
}

const fn of(class: Class, find: &'static str, give: &'static [&'static str], when: Test) -> Phrase {
    Phrase {
        find,
        give,
        class,
        strength: Strength::Robust,
        when,
    }
}

/// Whatever stands beside it.
fn always(_: &Here<'_>) -> bool {
    true
}

/// A sentence begins here.
fn first(here: &Here<'_>) -> bool {
    here.starts()
}

/// A sentence does not begin here.
fn inside(here: &Here<'_>) -> bool {
    !here.starts()
}

/// A clause or a sentence ends after it.
fn last(here: &Here<'_>) -> bool {
    here.next(&["END"])
}

/// A noun phrase follows that begins with a small word, a number or a name.
fn object(here: &Here<'_>) -> bool {
    here.next(&[
        "ART",
        "POSS",
        "NUM",
        "CODE",
        "this",
        "these",
        "those",
        "all",
        "any",
        "some",
        "each",
        "every",
        "no",
        "both",
        "another",
        "several",
        "many",
        "such",
        "more",
        "most",
        "anything",
        "everything",
        "something",
        "nothing",
    ])
}

/// A noun phrase follows, also one without an article.
fn object_wide(here: &Here<'_>) -> bool {
    object(here) || here.next(&["it", "them"]) || here.next(&["OPEN"]) && !here.next(&["ING", "ED"])
}
