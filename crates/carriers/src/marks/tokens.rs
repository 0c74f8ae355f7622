//! What of a copy's marks can be looked for in a feed.

use std::collections::BTreeSet;

use super::values::ValueForm;
use super::{Carrier, Master, Part};
use crate::watch::{TOKEN_BYTES_MIN, Token};

/// How much one token says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// A nonce: nobody else writes it.
    Strong,
    /// A technical string that others may write too: it says something only beside another mark of the same case.
    Weak,
}

/// A mark's value as traffic or text may show it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MarkToken {
    /// Index of the site in its master.
    pub site: usize,
    /// The text.
    pub text: String,
    /// How much it says.
    pub strength: Strength,
}

impl Master {
    /// The tokens of the copy with these symbols: nonces, and technical strings of at least
    /// [`TOKEN_BYTES_MIN`] bytes, as they are and as URLs show them. Symbols that are missing count as 0.
    pub fn tokens(&self, symbols: &[u64]) -> Vec<MarkToken> {
        let mut found = BTreeSet::new();
        collect(self, self.parts(), symbols, &mut found);
        found.into_iter().collect()
    }
}

fn collect(master: &Master, parts: &[Part], symbols: &[u64], found: &mut BTreeSet<MarkToken>) {
    for part in parts {
        match part {
            Part::Value { site, count, form } if matches!(form, ValueForm::Nonce { .. }) => {
                let end = site.saturating_add(*count);
                let own = symbols.get(*site..end).unwrap_or_default();
                add(*site, &form.render(own), Strength::Strong, found);
            }
            Part::Choice { site, wordings } => {
                let is_literal = master
                    .sites()
                    .get(*site)
                    .is_some_and(|site| site.carrier == Carrier::Literal);
                let symbol = symbols.get(*site).copied().unwrap_or(0) as usize;
                if let Some(wording) = wordings.get(symbol).filter(|_| is_literal) {
                    let bare = wording.trim_matches(['"', '\'', '`', ',', ';', ' ']);
                    if is_technical(bare) {
                        add(*site, bare, Strength::Weak, found);
                    }
                }
            }
            Part::Shuffle { items, between, .. } => {
                for inner in items.iter().chain(between) {
                    collect(master, inner, symbols, found);
                }
            }
            Part::Text(_) | Part::Value { .. } => {}
        }
    }
}

/// A file name, a path, a header value: no ordinary word.
fn is_technical(text: &str) -> bool {
    text.bytes()
        .any(|byte| byte.is_ascii_digit() || b"-_./=".contains(&byte))
}

fn add(site: usize, text: &str, strength: Strength, found: &mut BTreeSet<MarkToken>) {
    let mut insert = |text: String| {
        if text.len() >= TOKEN_BYTES_MIN && Token::new(&text).is_ok() {
            found.insert(MarkToken {
                site,
                text,
                strength,
            });
        }
    };
    insert(text.to_owned());
    // What a URL's query shows instead of the three characters that base64 has beside letters and digits.
    let encoded = text
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    if strength == Strength::Strong && encoded != text {
        insert(encoded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_are_strong_names_of_files_weak_and_short_values_none() {
        let source = "T = \"c41d9e7a\"  #~ nonce hex 8\nF = \"{~tile-cache.png|tile-store.png~}\"\nN = 263  #~ int 240..320\nW = \"{~render|preview~}\"\n";
        let master = Master::parse("poc.py", source.as_bytes()).unwrap();
        let tokens = master.tokens(&[11u64.pow(7) - 1, 1, 0, 0]);
        let shown: Vec<(&str, Strength)> = tokens
            .iter()
            .map(|t| (t.text.as_str(), t.strength))
            .collect();
        assert_eq!(
            shown,
            [
                ("fffffff3", Strength::Strong),
                ("tile-store.png", Strength::Weak)
            ]
        );
    }
}
