//! Suggestions for text that people read.
//!
//! The text is cut into words; lists of our own say which word or phrase may stand for another, and under which
//! neighbours. There is no grammar: a rule that cannot be sure from a few words nearby stays silent.

mod apposition;
mod contraction;
mod fit;
mod inflect;
mod list;
mod lists;
mod mask;
mod near;
mod number;
mod order;
mod relative;
mod rule;
mod words;

use carriers::Layout;

use super::{Class, Draft, Edit, Strength};
use near::Here;
use rule::Rules;
use words::{Kind, Token};

/// Unmarked words that stay between two marks, so that a leak can be aligned.
const WORDS_BETWEEN: usize = 2;

/// Words of a text as a person counts them.
pub fn count_words(text: &str) -> usize {
    text.split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .count()
}

/// A place that a finder found, in tokens.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Number of tokens from the place at which the finder looked.
    len: usize,
    /// What may stand there instead; an empty wording leaves it out.
    give: Vec<String>,
    class: Class,
    strength: Strength,
    why: String,
}

/// The places of a text that could carry a mark.
pub(super) fn suggest(file_name: &str, source: &str, layout: &Layout) -> Vec<Draft> {
    let bytes = mask::mask(file_name, source, layout);
    let tokens = words::tokens(source, &bytes);
    let rules = Rules::new();
    let is_informal = contraction::is_informal(&tokens);
    let mut drafts = list::lists(file_name, source, &bytes, layout);
    let mut unmarked = WORDS_BETWEEN;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if token.kind == Kind::Mark {
            unmarked = 0;
        } else if unmarked >= WORDS_BETWEEN
            && let Some((draft, len)) = best(source, &tokens, at, &rules, is_informal)
            && !near_mark(&tokens, at + len)
        {
            drafts.push(draft);
            unmarked = 0;
            at += len;
            continue;
        } else if token.counts() {
            unmarked += 1;
        }
        at += 1;
    }
    drafts
}

/// Whether a mark that is there already begins within the next words.
fn near_mark(tokens: &[Token], from: usize) -> bool {
    let mut words = 0;
    for token in tokens.iter().skip(from) {
        match token.kind {
            Kind::Mark => return true,
            _ if token.counts() => words += 1,
            _ => {}
        }
        if words >= WORDS_BETWEEN {
            break;
        }
    }
    false
}

/// The longest place that begins at a token, as a draft, with the number of its tokens.
fn best(
    source: &str,
    tokens: &[Token],
    at: usize,
    rules: &Rules,
    is_informal: bool,
) -> Option<(Draft, usize)> {
    let here = Here { tokens, at, len: 1 };
    let mut found = rules.find(source, tokens, at);
    found.extend(relative::find(&here));
    found.extend(contraction::find(&here, is_informal));
    found.extend(apposition::find(source, &here));
    found.extend(number::find(source, &here));
    found.extend(order::find(source, &here));
    // Stable: of two of one length, the first of the list stays.
    found.sort_by_key(|f| std::cmp::Reverse(f.len));
    found.into_iter().find_map(|f| {
        let len = f.len;
        fit::fit(source, tokens, at, f).map(|draft| (draft, len))
    })
}

/// A draft of a mark in place.
fn in_place(start: usize, end: usize, alternatives: Vec<String>, found: &Found) -> Draft {
    Draft {
        class: found.class,
        start,
        end,
        values: alternatives.len() as u64,
        alternatives,
        why: found.why.clone(),
        is_functional: false,
        strength: found.strength,
        edit: Edit::Mark,
        refusal: Edit::Keep,
    }
}
