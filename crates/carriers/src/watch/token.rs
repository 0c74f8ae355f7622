//! One token: what is looked for, and when it counts.

/// Shortest token: fewer bytes stand somewhere by chance.
pub const TOKEN_BYTES_MIN: usize = 8;
/// Longest token.
pub const TOKEN_BYTES_MAX: usize = 256;
/// Most tokens of one watch.
pub const TOKENS_MAX: usize = 4_000_000;
/// From this length on a token counts also within a longer run of its own characters.
const LONG_BYTES: usize = 16;
/// Bytes before a token that can decide whether it counts.
pub(super) const BEFORE_BYTES: usize = 3;

/// Why tokens cannot be watched for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// None at all.
    #[error("there is no token to watch for")]
    None,
    /// More than [`TOKENS_MAX`].
    #[error("{found} tokens, and {max} can be watched for at once")]
    TooMany {
        /// Tokens given.
        found: usize,
        /// Most allowed.
        max: usize,
    },
    /// Outside [`TOKEN_BYTES_MIN`] to [`TOKEN_BYTES_MAX`].
    #[error("the token `{token}` has {bytes} bytes, and may have {min} to {max}", token = token.escape_debug())]
    Length {
        /// The token, shortened.
        token: String,
        /// Its length.
        bytes: usize,
        /// Shortest allowed.
        min: usize,
        /// Longest allowed.
        max: usize,
    },
    /// Space or control characters, which feeds encode in many ways.
    #[error("the token `{token}` has a space or a control character", token = token.escape_debug())]
    Space {
        /// The token.
        token: String,
    },
}

impl TokenError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            TokenError::None => "export the tokens of a pressed case that has functional marks",
            TokenError::TooMany { .. } => "split the tokens over several runs",
            TokenError::Length { .. } | TokenError::Space { .. } => {
                "leave the token out, or give one of the stated length without spaces"
            }
        }
        .into()
    }
}

/// Bytes that a feed may show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token {
    bytes: Box<[u8]>,
    is_hex: bool,
}

impl Token {
    /// A token as a feed shows it. One that consists of hexadecimal digits is found in either case.
    ///
    /// # Errors
    /// [`TokenError::Length`], [`TokenError::Space`].
    pub fn new(text: &str) -> Result<Token, TokenError> {
        let bytes = text.len();
        if !(TOKEN_BYTES_MIN..=TOKEN_BYTES_MAX).contains(&bytes) {
            return Err(TokenError::Length {
                token: text.chars().take(40).collect(),
                bytes,
                min: TOKEN_BYTES_MIN,
                max: TOKEN_BYTES_MAX,
            });
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(TokenError::Space {
                token: text.to_owned(),
            });
        }
        Ok(Token {
            is_hex: text.bytes().all(|byte| byte.is_ascii_hexdigit()),
            bytes: text.as_bytes().into(),
        })
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it stands at `at` of `feed`, by itself.
    pub(super) fn stands_at(&self, feed: &[u8], at: usize) -> bool {
        let end = at.saturating_add(self.bytes.len());
        let Some(there) = feed.get(at..end) else {
            return false;
        };
        let is_same = if self.is_hex {
            there.eq_ignore_ascii_case(&self.bytes)
        } else {
            *there == *self.bytes
        };
        is_same && (self.bytes.len() >= LONG_BYTES || self.is_alone(feed, at, end))
    }

    /// Whether the bytes around are not of the token's own kind. A percent-encoded byte before it is none of it.
    fn is_alone(&self, feed: &[u8], at: usize, end: usize) -> bool {
        let is_own = |byte: u8| {
            if self.is_hex {
                byte.is_ascii_hexdigit()
            } else {
                byte.is_ascii_alphanumeric()
            }
        };
        let before = feed
            .get(at.saturating_sub(BEFORE_BYTES)..at)
            .unwrap_or_default();
        let is_cut_before = match before {
            [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => true,
            [.., last] => !is_own(*last),
            [] => true,
        };
        is_cut_before && feed.get(end).is_none_or(|after| !is_own(*after))
    }
}
