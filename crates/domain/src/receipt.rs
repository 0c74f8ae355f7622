//! Receipts: the first and the last fetch of each seat, kept for ever.

use crate::commitment::Leaf;
use crate::ids::{BlobId, SeatId};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// One fetch of a package by a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// When.
    pub at: Timestamp,
    /// Which package.
    pub package: BlobId,
    /// Its entry in the log.
    pub leaf: Leaf,
}

/// What a seat fetched: the first one is never overwritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    first: Fetch,
    last: Fetch,
    fetches: u64,
}

impl Receipt {
    /// The first fetch.
    pub fn first(&self) -> &Fetch {
        &self.first
    }

    /// The last fetch; the first one when there was only one.
    pub fn last(&self) -> &Fetch {
        &self.last
    }

    /// How many fetches there were.
    pub fn fetches(&self) -> u64 {
        self.fetches
    }
}

/// The receipts of a case, by seat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipts(BTreeMap<SeatId, Receipt>);

impl Receipts {
    /// Folds one fetch in.
    pub(crate) fn add(&mut self, seat: &SeatId, fetch: Fetch) {
        match self.0.get_mut(seat) {
            Some(receipt) => {
                receipt.last = fetch;
                receipt.fetches = receipt.fetches.saturating_add(1);
            }
            None => {
                let receipt = Receipt {
                    first: fetch.clone(),
                    last: fetch,
                    fetches: 1,
                };
                self.0.insert(seat.clone(), receipt);
            }
        }
    }

    /// What one seat fetched.
    pub fn of(&self, seat: &SeatId) -> Option<&Receipt> {
        self.0.get(seat)
    }

    /// Every seat that fetched anything, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&SeatId, &Receipt)> {
        self.0.iter()
    }

    /// Whether nobody fetched anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
