//! Text as a leak may have bent it: normalised, and cut into words and punctuation.

mod fold;
mod token;

pub(crate) use fold::normalise;
pub(crate) use token::{Kind, Token, hash_of, is_word_char, tokens};

/// The words and punctuation of `text`, one space between, case folded: what survives a leak of prose.
pub(crate) fn survives(text: &str) -> String {
    let normal = normalise(text);
    let mut out = String::new();
    for token in tokens(&normal) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&token.text(&normal).to_lowercase());
    }
    out
}
