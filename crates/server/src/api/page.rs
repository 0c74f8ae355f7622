//! Lists in pages: a cursor that is opaque, and the next one as long as there is more.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Problem;

/// Entries of one page when nothing is said.
const LIMIT_DEFAULT: usize = 50;
/// Entries of one page at most.
pub const LIMIT_MAX: usize = 200;

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Window {
    /// Where the last page ended, as its `next` said.
    pub cursor: Option<String>,
    /// Entries at most: 1 to 200; 50 when nothing is said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<usize>,
}

/// One page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Slice<T> {
    /// The entries.
    pub items: Vec<T>,
    /// The cursor of the next page; nothing at the end.
    pub next: Option<String>,
}

impl Window {
    /// The page of a list that is sorted by `key`: what comes after the cursor.
    ///
    /// # Errors
    /// A cursor that no page gave, or a limit outside 1 to 200.
    pub fn cut<T, I>(&self, items: I, key: impl Fn(&T) -> String) -> Result<Slice<T>, Problem>
    where
        I: IntoIterator<Item = T>,
    {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if limit == 0 || limit > LIMIT_MAX {
            return Err(Problem::input(
                "limit",
                format!("a limit is 1 to {LIMIT_MAX}, not {limit}"),
            ));
        }
        let after = self.cursor.as_deref().map(read_cursor).transpose()?;
        let mut rest = items
            .into_iter()
            .filter(|item| after.as_ref().is_none_or(|after| key(item) > *after));
        let items: Vec<T> = rest.by_ref().take(limit).collect();
        let next = match (rest.next(), items.last()) {
            (Some(_), Some(last)) => Some(URL_SAFE_NO_PAD.encode(key(last))),
            _ => None,
        };
        Ok(Slice { items, next })
    }
}

fn read_cursor(cursor: &str) -> Result<String, Problem> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            Problem::input("cursor", "this is no cursor that a page gave")
                .hint("begin without one, and take each next from the page before")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_give_every_entry_once_and_end() {
        let all: Vec<String> = (0..7).map(|number| format!("c{number}")).collect();
        let mut seen = Vec::new();
        let mut cursor = None;
        for _ in 0..10 {
            let window = Window {
                cursor,
                limit: Some(3),
            };
            let slice = window.cut(all.clone(), String::clone).unwrap();
            seen.extend(slice.items);
            cursor = slice.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_wrong_limit_or_cursor_is_refused_with_its_reason() {
        for (cursor, limit) in [
            (None, Some(0)),
            (None, Some(201)),
            (Some("%%".to_owned()), None),
        ] {
            let window = Window { cursor, limit };
            assert_eq!(
                window
                    .cut(vec![String::new()], String::clone)
                    .unwrap_err()
                    .status,
                422
            );
        }
    }
}
