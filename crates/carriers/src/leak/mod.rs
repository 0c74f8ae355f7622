//! What was found outside: hostile bytes in, normalised text and requests out.

mod har;
mod html;
mod http;
mod json;
mod sort;
mod stix;
mod table;

use crate::pcap::{self, Head};
use crate::text::{self, Kind, Token};

/// Largest leak, in bytes.
pub const LEAK_BYTES_MAX: usize = 64 << 20;
/// Most words and punctuation marks of a leak.
pub const LEAK_TOKENS_MAX: usize = 16 << 20;

/// Why a leak cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeakError {
    /// More than [`LEAK_BYTES_MAX`].
    #[error("the leak `{file_name}` has {bytes} bytes, and {max} can be read")]
    TooLarge {
        /// Name of the file.
        file_name: String,
        /// Size found.
        bytes: usize,
        /// Largest allowed.
        max: usize,
    },
    /// More than [`LEAK_TOKENS_MAX`].
    #[error("the leak `{file_name}` has more than {max} words and punctuation marks")]
    TooManyTokens {
        /// Name of the file.
        file_name: String,
        /// Most allowed.
        max: usize,
    },
}

impl LeakError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        "cut out the part of the leak that matters, and keep the whole as evidence".into()
    }
}

/// Text that a leak shows, in one normal form, with its tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
}

impl View {
    fn of(raw: &str) -> View {
        let text = text::normalise(raw);
        let tokens = text::tokens(&text);
        View { text, tokens }
    }

    fn append(&mut self, other: &View) {
        if other.text.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        let offset = self.text.len() as u32;
        self.text.push_str(&other.text);
        self.tokens.extend(other.tokens.iter().map(|t| Token {
            start: t.start.saturating_add(offset),
            ..*t
        }));
    }
}

/// A leak, ready to be read.
///
/// Text, Markdown, HTML, programs, rules, raw HTTP requests, access logs, HAR, Suricata EVE, Zeek, STIX and other
/// JSON are told apart by what they look like; the file name is only a help.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leak {
    /// What people read: prose, programs, rules.
    pub(crate) text: View,
    /// What machines said: requests, one field a line, decoded.
    pub(crate) wire: View,
    /// What packet headers show, of a capture.
    pub(crate) heads: Vec<Head>,
}

impl Leak {
    /// Reads any bytes. What is not UTF-8 or UTF-16 is read as far as it makes sense.
    ///
    /// # Errors
    /// [`LeakError`] when the leak is too large.
    pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Leak, LeakError> {
        if bytes.len() > LEAK_BYTES_MAX {
            return Err(LeakError::TooLarge {
                file_name: file_name.to_owned(),
                bytes: bytes.len(),
                max: LEAK_BYTES_MAX,
            });
        }
        let packets = Some(bytes)
            .filter(|b| pcap::is_capture(b))
            .and_then(|b| pcap::requests(b).ok());
        let sorted = match packets {
            Some(requests) => sort::Sorted {
                wire: requests.iter().map(|r| wire_of(r)).collect(),
                ..sort::Sorted::default()
            },
            None => sort::sort(file_name, &decode(bytes)),
        };
        let leak = Leak {
            text: View::of(&sorted.text),
            wire: View::of(&sorted.wire),
            heads: pcap::heads(bytes).unwrap_or_default(),
        };
        if leak.text.tokens.len() + leak.wire.tokens.len() > LEAK_TOKENS_MAX {
            return Err(LeakError::TooManyTokens {
                file_name: file_name.to_owned(),
                max: LEAK_TOKENS_MAX,
            });
        }
        Ok(leak)
    }

    /// Several files of one leak as one, in order.
    ///
    /// What would pass [`LEAK_TOKENS_MAX`] in all is left out.
    pub fn join(leaks: Vec<Leak>) -> Leak {
        let mut all = Leak::default();
        for leak in &leaks {
            let tokens = |l: &Leak| l.text.tokens.len() + l.wire.tokens.len();
            if tokens(&all) + tokens(leak) > LEAK_TOKENS_MAX {
                continue;
            }
            all.text.append(&leak.text);
            all.wire.append(&leak.wire);
            all.heads.extend_from_slice(&leak.heads);
        }
        all
    }

    /// Words in it, of people and of machines.
    pub fn words(&self) -> usize {
        [&self.text, &self.wire]
            .into_iter()
            .flat_map(|v| &v.tokens)
            .filter(|t| t.kind == Kind::Word)
            .count()
    }
}

/// What a client sent, as records: requests, or else the text as one.
pub(crate) fn wire_of(sent: &str) -> String {
    let mut out = String::new();
    if !http::push_raw(sent, &mut out) {
        http::push_body(sent, &mut out);
        out.push('\n');
    }
    out
}

/// `%41` to `A`, and `+` to a space.
pub(crate) fn percent_decode(text: &str) -> String {
    http::percent_decode(text, true)
}

/// UTF-16 with a byte order mark, else UTF-8 with the wrong bytes replaced.
fn decode(bytes: &[u8]) -> String {
    let wide = |from_bytes: fn([u8; 2]) -> u16| {
        let units = bytes.get(2..).unwrap_or_default().chunks_exact(2);
        char::decode_utf16(units.map(|u| from_bytes([u[0], u[1]])))
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}
