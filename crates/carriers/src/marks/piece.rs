//! A master as others may look at it: its pieces, and where its marks stand in the source.

use super::{Master, Part};

/// A piece of a master, in the order of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// What every copy shows.
    Text(&'a str),
    /// One of these wordings.
    Choice {
        /// Index into [`Master::sites`].
        site: usize,
        /// Index into [`Master::marks`].
        mark: usize,
        /// In order of the site's values.
        wordings: &'a [String],
    },
    /// A number or a nonce, of one site or several.
    Value {
        /// Index of its first site.
        site: usize,
        /// Index into [`Master::marks`].
        mark: usize,
    },
    /// Items that change places.
    Shuffle {
        /// Index into [`Master::sites`].
        site: usize,
        /// The items as written.
        items: Vec<Vec<Piece<'a>>>,
        /// What stands between them, one less than items.
        between: Vec<Vec<Piece<'a>>>,
    },
}

/// Where a mark stands in the source of its master: a wording, a literal, or one occurrence of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkSpan {
    /// Index of its (first) site.
    pub site: usize,
    /// First byte in the source.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Whether the author declared that its wordings state different facts (`{~#…~}`).
    pub declares_facts: bool,
}

impl Master {
    /// The pieces, none when the master is no text; of a capture none either.
    pub fn pieces(&self) -> Vec<Piece<'_>> {
        if self.capture().is_some() {
            return Vec::new();
        }
        let mut mark = 0;
        pieces(self.parts(), &mut mark)
    }
}

fn pieces<'a>(parts: &'a [Part], mark: &mut usize) -> Vec<Piece<'a>> {
    let next = |mark: &mut usize| {
        *mark += 1;
        *mark - 1
    };
    let mut out = Vec::with_capacity(parts.len());
    for part in parts {
        out.push(match part {
            Part::Text(text) => Piece::Text(text),
            Part::Choice { site, wordings } => Piece::Choice {
                site: *site,
                mark: next(mark),
                wordings,
            },
            Part::Value { site, .. } => Piece::Value {
                site: *site,
                mark: next(mark),
            },
            Part::Shuffle {
                site,
                items,
                between,
            } => {
                // Marks are numbered as the source has them: item, what follows it, the next item.
                let mut shown = Vec::with_capacity(items.len());
                let mut gaps = Vec::with_capacity(between.len());
                for (place, item) in items.iter().enumerate() {
                    shown.push(pieces(item, mark));
                    if let Some(gap) = between.get(place) {
                        gaps.push(pieces(gap, mark));
                    }
                }
                Piece::Shuffle {
                    site: *site,
                    items: shown,
                    between: gaps,
                }
            }
        });
    }
    out
}
