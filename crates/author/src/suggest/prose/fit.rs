//! From a found place to a mark: capitals, articles, and text that is left out.

use super::inflect::begins_with_vowel;
use super::near::ends_sentence;
use super::words::{Kind, Token};
use super::{Draft, Found, in_place};

/// The draft for a place, unless it crosses a line or looks like a name.
pub(super) fn fit(source: &str, tokens: &[Token], at: usize, found: Found) -> Option<Draft> {
    let place = tokens.get(at..at + found.len)?;
    let (first, last) = (place.first()?, place.last()?);
    let before = at.checked_sub(1).and_then(|i| tokens.get(i));
    let starts = before.is_none_or(ends_sentence);
    let has_first_word = first.kind == Kind::Word;
    // A capital within a sentence is a name, and so is a word in capitals.
    let is_pronoun = first.lower == "i" || first.lower.starts_with("i'");
    if has_first_word && first.is_capital && !starts && !is_pronoun
        || place.iter().any(|t| t.is_shouted)
        || place
            .iter()
            .skip(1)
            .any(|t| t.kind == Kind::Word && t.is_capital && t.lower != "i")
            && !matches!(found.class, super::Class::Number)
    {
        return None;
    }
    let (mut start, mut end) = (first.start, last.end);
    let mut give = found.give.clone();
    if starts && first.is_capital {
        give = give.into_iter().map(|g| capital(&g)).collect();
    }
    let mut lead = String::new();
    if give.iter().any(String::is_empty) {
        // Left out with the space after it; a sentence does not lose its first word.
        if starts || !source.get(end..)?.starts_with(' ') || is_article(before) {
            return None;
        }
        end += 1;
        for wording in give.iter_mut().filter(|g| !g.is_empty()) {
            wording.push(' ');
        }
    } else if let Some(article) = before.filter(|_| is_article(before)) {
        let original = source.get(start..end)?;
        let vowel = begins_with_vowel(original);
        if (article.lower == "an") != vowel {
            return None;
        }
        if give.iter().any(|g| begins_with_vowel(g) != vowel) {
            if source.get(article.end..start) != Some(" ") {
                return None;
            }
            start = article.start;
            let is_capital = article.is_capital;
            lead = source.get(article.start..first.start)?.to_owned();
            give = give
                .into_iter()
                .map(|g| {
                    let article = if begins_with_vowel(&g) { "an " } else { "a " };
                    let text = format!("{article}{g}");
                    if is_capital { capital(&text) } else { text }
                })
                .collect();
        }
    }
    let original = source.get(start..end)?.to_owned();
    debug_assert!(original.starts_with(&lead), "the article stands first");
    if original.contains(['\n', '\r']) {
        return None;
    }
    let mut alternatives = vec![original];
    for wording in give {
        if !alternatives.contains(&wording) {
            alternatives.push(wording);
        }
    }
    (alternatives.len() >= 2).then(|| in_place(start, end, alternatives, &found))
}

fn is_article(token: Option<&Token>) -> bool {
    token.is_some_and(|t| t.kind == Kind::Word && matches!(t.lower.as_str(), "a" | "an"))
}

/// The text with a capital first letter.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + chars.as_str()
    })
}
