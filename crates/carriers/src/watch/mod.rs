//! Known tokens in big feeds: the values of a case's marks, found wherever traffic or text shows them.
//!
//! A token of at least [`TOKEN_BYTES_MIN`] bytes holds, at whatever place it stands, one window that begins at a
//! multiple of the stride; so only every third to fifth place of a feed is looked at.
//! A window is hashed, with letters folded, into a bit table that fits the cache, then into a table of windows, and
//! what is left is compared byte by byte.
//! The idea is that of Wu and Manber 1994 (a fast algorithm for multi-pattern searching), with sampled windows of the
//! text instead of shifts.

mod table;
mod token;

pub use token::{TOKEN_BYTES_MAX, TOKEN_BYTES_MIN, TOKENS_MAX, Token, TokenError};

use table::Table;

/// A token in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Byte offset of its first byte, from the beginning of the feed.
    pub at: u64,
    /// Index of the token, as given to [`Watch::new`].
    pub token: u32,
}

/// Many tokens, ready to be looked for.
#[derive(Clone, Debug)]
pub struct Watch {
    tokens: Vec<Token>,
    table: Table,
    longest: usize,
}

impl Watch {
    /// Prepares tokens; time and memory grow with their number, not with their length.
    ///
    /// # Errors
    /// [`TokenError`] for none, too many, or one that is too short or too long to be told from chance.
    pub fn new(tokens: Vec<Token>) -> Result<Watch, TokenError> {
        if tokens.is_empty() {
            return Err(TokenError::None);
        }
        if tokens.len() > TOKENS_MAX {
            return Err(TokenError::TooMany {
                found: tokens.len(),
                max: TOKENS_MAX,
            });
        }
        let lengths = || tokens.iter().map(|token| token.bytes().len());
        let shortest = lengths().min().unwrap_or(TOKEN_BYTES_MIN);
        let longest = lengths().max().unwrap_or(TOKEN_BYTES_MIN);
        let table = Table::of(&tokens, shortest);
        Ok(Watch {
            tokens,
            table,
            longest,
        })
    }

    /// The tokens, as given.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Every place where a token stands, in order of place, then token.
    ///
    /// A token that is part of a longer run of its own characters is not counted unless it is long enough to be no
    /// chance: eight hexadecimal digits within a digest say nothing.
    pub fn scan(&self, feed: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        self.scan_part(feed, 0, 0, feed.len(), &mut hits);
        hits
    }

    /// Reads a feed in pieces.
    pub fn stream(&self) -> Stream<'_> {
        Stream {
            watch: self,
            kept: Vec::new(),
            base: 0,
            done: 0,
        }
    }

    /// Hits in `part` that begin in `from..to`, where `part` begins at `base` of the feed.
    fn scan_part(&self, part: &[u8], base: u64, from: usize, to: usize, hits: &mut Vec<Hit>) {
        let first = hits.len();
        // A token that begins in the range has its sampled window no later than this.
        let end = part.len().min(to.saturating_add(self.longest));
        self.table
            .candidates(part.get(..end).unwrap_or(part), from, |token, at| {
                let Some(known) = self.tokens.get(token as usize) else {
                    return;
                };
                if (from..to).contains(&at) && known.stands_at(part, at) {
                    hits.push(Hit {
                        at: base + at as u64,
                        token,
                    });
                }
            });
        if let Some(new) = hits.get_mut(first..) {
            new.sort_unstable();
        }
    }
}

/// A feed that comes in pieces; a token that is cut by the end of one is found with the next.
#[derive(Debug)]
pub struct Stream<'w> {
    watch: &'w Watch,
    /// The end of what came before, from `base` of the feed on.
    kept: Vec<u8>,
    base: u64,
    /// Bytes of `kept` in which beginnings were already looked for.
    done: usize,
}

impl Stream<'_> {
    /// Looks through the next piece. Hits come in order; those of the last bytes come with the next piece, or with
    /// [`Stream::finish`].
    pub fn feed(&mut self, piece: &[u8]) -> Vec<Hit> {
        self.kept.extend_from_slice(piece);
        // What follows a token must be seen too.
        let margin = self.watch.longest + 1;
        let to = self.kept.len().saturating_sub(margin).max(self.done);
        let mut hits = Vec::new();
        self.watch
            .scan_part(&self.kept, self.base, self.done, to, &mut hits);
        // What stands before a token decides too: three bytes, as in `%2F`.
        let keep_from = to.saturating_sub(token::BEFORE_BYTES);
        self.kept.drain(..keep_from);
        self.base += keep_from as u64;
        self.done = to - keep_from;
        hits
    }

    /// The hits in what was held back.
    pub fn finish(mut self) -> Vec<Hit> {
        let mut hits = Vec::new();
        let kept = std::mem::take(&mut self.kept);
        self.watch
            .scan_part(&kept, self.base, self.done, kept.len(), &mut hits);
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn watch(words: &[&str]) -> Watch {
        let tokens = words.iter().map(|word| Token::new(word).unwrap());
        Watch::new(tokens.collect()).unwrap()
    }

    fn plain(watch: &Watch, feed: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for at in 0..feed.len() {
            for (token, known) in watch.tokens().iter().enumerate() {
                if known.stands_at(feed, at) {
                    hits.push(Hit {
                        at: at as u64,
                        token: token as u32,
                    });
                }
            }
        }
        hits
    }

    #[test]
    fn a_token_is_found_wherever_it_stands() {
        let watch = watch(&["c41d9e7a", "Zq81-tile.bin"]);
        for shift in 0..20 {
            let feed = format!("{} c41d9e7a&f=Zq81-tile.bin", "-".repeat(shift));
            let hits = watch.scan(feed.as_bytes());
            assert_eq!(hits.len(), 2, "{feed}");
            assert_eq!(hits[0].at, shift as u64 + 1);
        }
    }

    #[test]
    fn hexadecimal_digits_are_found_in_either_case_and_other_tokens_only_as_they_are() {
        let watch = watch(&["c41d9e7a", "Zq81xTileBin"]);
        assert_eq!(watch.scan(b"id=C41D9E7A;").len(), 1);
        assert_eq!(watch.scan(b"id=zq81xtilebin;").len(), 0);
    }

    #[test]
    fn eight_digits_within_a_digest_say_nothing() {
        let watch = watch(&["c41d9e7a"]);
        assert_eq!(watch.scan(b"sha256:00c41d9e7a11").len(), 0);
        assert_eq!(watch.scan(b"/a%2Fc41d9e7a").len(), 1);
        assert_eq!(watch.scan(b"=c41d9e7a").len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn the_fast_way_finds_what_the_plain_way_finds(
            words in prop::collection::vec("[0-9a-f]{8,10}|[a-c]{9}|[A-Za-z]{12}", 1..40),
            picks in prop::collection::vec((0_usize..60, "[ =&/%0-9a-fA-F]{0,9}"), 0..60),
        ) {
            let known: Vec<&str> = words.iter().map(String::as_str).collect();
            let watch = watch(&known);
            let mut feed = String::new();
            for (pick, filler) in &picks {
                feed.push_str(filler);
                if let Some(word) = words.get(*pick) {
                    feed.push_str(word);
                }
            }
            prop_assert_eq!(watch.scan(feed.as_bytes()), plain(&watch, feed.as_bytes()));
        }

        #[test]
        fn pieces_of_any_size_give_the_same_hits(
            words in prop::collection::vec("[0-9a-f]{8,12}", 1..10),
            picks in prop::collection::vec((0_usize..14, "[ =&/]{0,5}"), 0..40),
            sizes in prop::collection::vec(1_usize..40, 1..30),
        ) {
            let known: Vec<&str> = words.iter().map(String::as_str).collect();
            let watch = watch(&known);
            let mut feed = String::new();
            for (pick, filler) in &picks {
                feed.push_str(filler);
                if let Some(word) = words.get(*pick) {
                    feed.push_str(word);
                }
            }
            let mut stream = watch.stream();
            let mut hits = Vec::new();
            let mut rest = feed.as_bytes();
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, others) = rest.split_at(rest.len().min(*size));
                hits.extend(stream.feed(piece));
                rest = others;
            }
            hits.extend(stream.finish());
            prop_assert_eq!(hits, watch.scan(feed.as_bytes()));
        }
    }
}
