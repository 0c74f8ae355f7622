//! Words and punctuation.

/// Strong or weak in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, digits and `_`.
    Word,
    /// Anything else that is not a space; weak.
    Mark,
    /// A word that formats drop: of a link's address, of a tag; weak.
    Weak,
}

/// One token of a normalised text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Of the token in lower case.
    pub(crate) hash: u64,
    /// First byte.
    pub(crate) start: u32,
    /// Bytes.
    pub(crate) len: u32,
    pub(crate) kind: Kind,
}

impl Token {
    pub(crate) fn text(self, of: &str) -> &str {
        of.get(self.start as usize..(self.start + self.len) as usize)
            .unwrap_or_default()
    }
}

/// FNV-1a of the lower-case text, with a finish that spreads it.
pub(crate) fn hash_of(text: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut push = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    if text.is_ascii() {
        for byte in text.bytes() {
            push(byte.to_ascii_lowercase());
        }
    } else {
        let mut buffer = [0; 4];
        for c in text.chars().flat_map(char::to_lowercase) {
            for byte in c.encode_utf8(&mut buffer).bytes() {
                push(byte);
            }
        }
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 29)
}

pub(crate) fn is_word_char(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Scripts without spaces: each character is a word.
fn stands_alone(c: char) -> bool {
    matches!(u32::from(c), 0x2E80..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// The tokens of a normalised text.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut end = start + c.len_utf8();
        let mut kind = Kind::Mark;
        if stands_alone(c) {
            kind = Kind::Word;
        } else if is_word_char(c) {
            kind = Kind::Word;
            while let Some((at, next)) = chars.peek().copied() {
                let joins = is_word_char(next) && !stands_alone(next)
                    || next == '\'' && contraction(text.get(at + 1..).unwrap_or_default());
                if !joins {
                    break;
                }
                end = at + next.len_utf8();
                chars.next();
            }
        }
        // Emphasis with underscores is punctuation, and so are the underscores around a name.
        let body = text.get(start..end).unwrap_or_default();
        let trimmed = body.trim_matches('_');
        let (start, len, kind) = if kind == Kind::Word && trimmed.is_empty() {
            (start, body.len(), Kind::Mark)
        } else if kind == Kind::Word {
            let lead = body.len() - body.trim_start_matches('_').len();
            (start + lead, trimmed.len(), kind)
        } else {
            (start, body.len(), kind)
        };
        let word = text.get(start..start + len).unwrap_or_default();
        out.push(Token {
            hash: hash_of(word),
            start: u32::try_from(start).unwrap_or(u32::MAX),
            len: u32::try_from(len).unwrap_or(u32::MAX),
            kind,
        });
    }
    out
}

/// Whether what follows an apostrophe ends an English contraction: 't, 's, 're, 've, 'll, 'd, 'm.
fn contraction(rest: &str) -> bool {
    let letters = rest
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
        .count();
    let word = rest.get(..letters).unwrap_or_default().to_ascii_lowercase();
    matches!(word.as_str(), "t" | "s" | "re" | "ve" | "ll" | "d" | "m")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|t| t.text(text)).collect()
    }

    #[test]
    fn words_keep_contractions_and_names_and_lose_emphasis() {
        assert_eq!(
            words("It doesn't _matter_: out_buf['x'], f'abc'"),
            [
                "It", "doesn't", "matter", ":", "out_buf", "[", "'", "x", "'", "]", ",", "f", "'",
                "abc", "'"
            ]
        );
        assert_eq!(words("漏洞 a"), ["漏", "洞", "a"]);
        assert_eq!(hash_of("Été"), hash_of("éTÉ"));
    }
}
