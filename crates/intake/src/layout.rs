//! Lines of pages into running text: words that were cut at the end of a line are whole again.

use std::collections::BTreeSet;

/// Joins words that a typesetter cut, and keeps the hyphen of words that have one.
///
/// A word of the language keeps its hyphen, a cut word loses it: which of the two stands at a line's end is told from
/// the rest of the same text. When it cannot be told, what the text does elsewhere decides.
pub(crate) fn join_hyphens(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let cuts: Vec<Option<Cut<'_>>> = lines
        .iter()
        .zip(lines.iter().skip(1).map(Some).chain([None]))
        .map(|(line, next)| Cut::at(line, next?))
        .collect();
    let words = vocabulary(&lines, &cuts);
    let verdicts: Vec<Option<Option<bool>>> = cuts
        .iter()
        .map(|cut| cut.as_ref().map(|cut| cut.is_soft(&words)))
        .collect();
    let soft = verdicts.iter().filter(|v| **v == Some(Some(true))).count();
    let hard = verdicts.iter().filter(|v| **v == Some(Some(false))).count();
    let cut_lines = verdicts.iter().flatten().count();
    // Typesetters that cut words do it on one line in ten; a hyphen of a word's own ends one line in fifty.
    let does_cut = soft > hard || soft == hard && cut_lines * 20 > lines.len();
    let mut out = String::with_capacity(text.len());
    for (line, verdict) in lines.iter().zip(&verdicts) {
        match verdict {
            None => {
                out.push_str(line);
                out.push('\n');
            }
            Some(told) if told.unwrap_or(does_cut) => {
                let whole = line.trim_end_matches(HYPHENS);
                out.push_str(whole);
            }
            Some(_) => out.push_str(line),
        }
    }
    out
}

const HYPHENS: [char; 3] = ['-', '\u{ad}', '\u{2010}'];

/// A line that ends inside a word, perhaps.
struct Cut<'a> {
    left: &'a str,
    right: &'a str,
    says_soft: bool,
}

impl<'a> Cut<'a> {
    fn at(line: &'a str, next: &'a str) -> Option<Self> {
        let head = line.strip_suffix(HYPHENS)?;
        let left = last_word(head);
        let right = first_word(next.trim_start());
        let fits = left.chars().next_back()?.is_alphabetic()
            && right.chars().next()?.is_lowercase()
            && left.chars().count() > 1
            && right.chars().count() > 1;
        fits.then_some(Self {
            left,
            right,
            says_soft: line.ends_with('\u{ad}'),
        })
    }

    /// Whether the hyphen is the typesetter's; `None` when the text does not tell.
    fn is_soft(&self, words: &BTreeSet<String>) -> Option<bool> {
        let has = |word: &str| words.contains(&word.to_lowercase());
        if self.says_soft || has(&format!("{}{}", self.left, self.right)) {
            return Some(true);
        }
        let is_compound =
            has(&format!("{}-{}", self.left, self.right)) || has(self.left) && has(self.right);
        is_compound.then_some(false)
    }
}

fn last_word(text: &str) -> &str {
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphabetic())
        .last()
        .map_or(text.len(), |(at, _)| at);
    text.get(start..).unwrap_or_default()
}

fn first_word(text: &str) -> &str {
    let end = text
        .char_indices()
        .find(|(_, c)| !c.is_alphabetic())
        .map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}

/// Words and compounds of the text that are whole on their line.
fn vocabulary(lines: &[&str], cuts: &[Option<Cut<'_>>]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut after_cut = false;
    for (line, cut) in lines.iter().zip(cuts) {
        let mut pieces: Vec<&str> = line
            .split(|c: char| !c.is_alphabetic() && c != '-')
            .filter(|piece| !piece.is_empty())
            .collect();
        if after_cut && !pieces.is_empty() {
            pieces.remove(0);
        }
        if cut.is_some() {
            pieces.pop();
        }
        for piece in pieces {
            words.insert(piece.to_lowercase());
            words.extend(
                piece
                    .split('-')
                    .filter(|word| !word.is_empty())
                    .map(str::to_lowercase),
            );
        }
        after_cut = cut.is_some();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_word_is_joined_and_a_compound_keeps_its_hyphen() {
        let text = "the identifier is short-lived\nand the identi-\nfier, a short-\nlived one\n";
        assert_eq!(
            join_hyphens(text),
            "the identifier is short-lived\nand the identifier, a short-lived one\n"
        );
    }

    #[test]
    fn two_words_that_stand_alone_elsewhere_make_a_compound() {
        let text = "a render of the ticket\nand then the render-\nticket\n";
        assert_eq!(
            join_hyphens(text),
            "a render of the ticket\nand then the render-ticket\n"
        );
    }

    #[test]
    fn a_dash_before_a_number_or_a_capital_stays_at_its_line() {
        let text = "CVE-\n2026 and Larkspur-\nShare\nx -\ny\n";
        assert_eq!(join_hyphens(text), text);
    }

    #[test]
    fn a_soft_hyphen_always_goes() {
        assert_eq!(join_hyphens("cata\u{ad}\nlogue"), "catalogue\n");
    }
}
