//! A seat's chain: every entry of the log that was ever made for one seat, in one order, each naming the one before.
//!
//! Stream `seat/p-01.s1`. The stream's version is the number of entries, so two decisions that would give one ordinal
//! to two entries cannot both be stored. Whoever holds an entry of the chain sees a gap before it.

use crate::commitment::Leaf;
use crate::event::Recorded;
use crate::ids::{CaseId, SeatId};
use crate::person::Actor;
use crate::sealed::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What an entry of a seat's chain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Given {
    /// A package was pressed for the seat.
    Package,
    /// The seat fetched a package.
    Receipt,
}

impl Given {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Receipt => "receipt",
        }
    }
}

/// One fact of a seat's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ChainFact {
    /// An entry was made for the seat.
    EntryMade {
        /// The case.
        case: CaseId,
        /// What it is.
        given: Given,
        /// The entry.
        leaf: Leaf,
    },
}

/// An event of a seat's stream.
pub type ChainEvent = Recorded<ChainFact>;

/// The place of an entry in its seat's chain, as the entry itself commits to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its number, from 1.
    pub ordinal: u64,
    /// Digest of the entry before it, as it stands in the log; `None` exactly for the first.
    pub previous: Option<Digest>,
}

impl Link {
    /// The place of the first entry.
    pub const FIRST: Link = Link {
        ordinal: 1,
        previous: None,
    };

    /// The place after an entry at this one.
    pub fn next(&self, leaf: &Leaf) -> Link {
        Link {
            ordinal: self.ordinal.saturating_add(1),
            previous: Some(entry_digest(leaf)),
        }
    }
}

impl fmt::Display for Link {
    /// `3 after 5f1c…`, or `1 after nothing`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.previous {
            Some(previous) => write!(f, "{} after {previous}", self.ordinal),
            None => write!(f, "{} after nothing", self.ordinal),
        }
    }
}

/// A text that is no place in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a chain")]
pub struct NotALink;

impl FromStr for Link {
    type Err = NotALink;

    fn from_str(text: &str) -> Result<Self, NotALink> {
        let (ordinal, previous) = text.split_once(" after ").ok_or(NotALink)?;
        let ordinal: u64 = ordinal.parse().map_err(|_| NotALink)?;
        let previous = match previous {
            "nothing" => None,
            digest => Some(Digest::parse(digest).ok_or(NotALink)?),
        };
        if (ordinal == 1) == previous.is_none() && ordinal > 0 {
            Ok(Link { ordinal, previous })
        } else {
            Err(NotALink)
        }
    }
}

/// Digest of an entry's bytes, as the next entry of its chain names it.
pub fn entry_digest(leaf: &Leaf) -> Digest {
    Digest::of(&leaf.entry_bytes())
}

/// One entry of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The case.
    pub case: CaseId,
    /// What it is.
    pub given: Given,
    /// The entry.
    pub leaf: Leaf,
    /// When it was made.
    pub at: Timestamp,
}

/// A seat's chain, folded from its events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    entries: Vec<Entry>,
}

impl Chain {
    /// Folds a stream.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a ChainEvent>) -> Self {
        let mut chain = Self::default();
        for event in events {
            chain.apply(event);
        }
        chain
    }

    /// Adds what an event tells.
    pub fn apply(&mut self, event: &ChainEvent) {
        let ChainFact::EntryMade { case, given, leaf } = &event.fact;
        self.entries.push(Entry {
            case: case.clone(),
            given: *given,
            leaf: *leaf,
            at: event.at,
        });
    }

    /// The entries, from the first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many entries there are: the stream's version.
    pub fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Whether nothing was ever made for the seat.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The place of the next entry.
    pub fn next(&self) -> Link {
        match self.entries.last() {
            None => Link::FIRST,
            Some(last) => Link {
                ordinal: self.len().saturating_add(1),
                previous: Some(entry_digest(&last.leaf)),
            },
        }
    }

    /// The event that puts an entry at [`Chain::next`].
    pub fn made(case: &CaseId, given: Given, leaf: Leaf, by: &Actor, now: Timestamp) -> ChainEvent {
        Recorded {
            at: now,
            by: by.clone(),
            fact: ChainFact::EntryMade {
                case: case.clone(),
                given,
                leaf,
            },
        }
    }
}

/// The name of a seat's stream.
pub fn stream(seat: &SeatId) -> String {
    format!("seat/{seat}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commitment::Commitment;

    fn leaf(number: u8) -> Leaf {
        Commitment::new(vec![number], [7; 32]).leaf()
    }

    #[test]
    fn each_entry_names_the_one_before_it() {
        let case: CaseId = "HS-2026-0001".parse().unwrap();
        let now: Timestamp = "2026-11-24T18:00:00Z".parse().unwrap();
        let mut events = Vec::new();
        let mut link = Link::FIRST;
        for number in 0..4 {
            assert_eq!(Chain::replay(&events).next(), link);
            events.push(Chain::made(
                &case,
                Given::Receipt,
                leaf(number),
                &Actor::Desk,
                now,
            ));
            link = link.next(&leaf(number));
        }
        assert_eq!(link.ordinal, 5);
        assert_eq!(link.previous, Some(entry_digest(&leaf(3))));
    }

    #[test]
    fn a_place_reads_back_and_nothing_else_is_one() {
        for link in [Link::FIRST, Link::FIRST.next(&leaf(1))] {
            assert_eq!(link.to_string().parse(), Ok(link));
        }
        let digest = entry_digest(&leaf(1));
        for text in [
            "",
            "1",
            "0 after nothing",
            "2 after nothing",
            "2 after 00",
            &format!("1 after {digest}"),
            &format!("0 after {digest}"),
        ] {
            assert_eq!(text.parse::<Link>(), Err(NotALink), "{text}");
        }
    }
}
