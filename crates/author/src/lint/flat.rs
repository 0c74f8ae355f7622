//! The pieces of a master in a row, so that what stands beside a mark can be looked at.

use carriers::Piece;

/// A piece without what it contains.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flat<'a> {
    Text(&'a str),
    Choice {
        site: usize,
        mark: usize,
        wordings: &'a [String],
    },
    Value,
    /// What follows may be any other item.
    Edge,
}

impl<'a> Flat<'a> {
    pub(super) fn of(pieces: &[Piece<'a>]) -> Vec<Flat<'a>> {
        let mut out = Vec::with_capacity(pieces.len());
        push(pieces, &mut out);
        out
    }
}

fn push<'a>(pieces: &[Piece<'a>], out: &mut Vec<Flat<'a>>) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push(Flat::Text(text)),
            Piece::Choice {
                site,
                mark,
                wordings,
            } => out.push(Flat::Choice {
                site: *site,
                mark: *mark,
                wordings,
            }),
            Piece::Value { .. } => out.push(Flat::Value),
            Piece::Shuffle { items, between, .. } => {
                for (place, item) in items.iter().enumerate() {
                    out.push(Flat::Edge);
                    push(item, out);
                    out.push(Flat::Edge);
                    if let Some(gap) = between.get(place) {
                        push(gap, out);
                    }
                }
            }
        }
    }
}
