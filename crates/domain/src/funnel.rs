//! The funnel: how far each partner is with a case, from the opening of its wave to a protection.

use crate::case::Case;
use crate::ids::{PartnerId, SeatId};
use crate::program::Program;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// How far one partner is. Each time is that of the partner's first seat to come so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The partner.
    pub partner: PartnerId,
    /// Seats that a package was pressed for.
    pub seats: usize,
    /// Of these, seats that fetched it.
    pub seats_opened: usize,
    /// When its wave was opened for it, which is when it is told.
    pub notified_at: Option<Timestamp>,
    /// When it acknowledged label and embargo.
    pub acknowledged_at: Option<Timestamp>,
    /// When it fetched its package.
    pub opened_at: Option<Timestamp>,
    /// When it first reported a protection, or that there will be none.
    pub responded_at: Option<Timestamp>,
}

/// What a seat has not done yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Acknowledge label and embargo, as they are now.
    Acknowledge,
    /// Open its package.
    Open,
    /// Report a protection; a colleague may have.
    Report,
}

impl Case {
    /// What a seat whose package is open does next; nothing when all is done.
    pub fn next_step(&self, seat: &SeatId, partner: &PartnerId) -> Option<Step> {
        let known = self.acknowledgements().of(seat);
        let terms = (self.tlp(), self.release());
        if known.is_none_or(|known| (known.tlp, known.release) != terms) {
            Some(Step::Acknowledge)
        } else if self.receipts().of(seat).is_none() {
            Some(Step::Open)
        } else if self.protections().of(partner).is_empty() {
            Some(Step::Report)
        } else {
            None
        }
    }

    /// How far each partner is that the plan names or that a package was pressed for, by id.
    ///
    /// Partners that the program does not know any more are left out.
    pub fn funnel(&self, program: &Program) -> Vec<Progress> {
        let planned = self.plan().into_iter().flat_map(|plan| &plan.seats);
        let planned = planned.map(|seat| &seat.partner);
        let pressed = self.packages().map(|package| &package.partner);
        let mut rows: BTreeMap<&PartnerId, Progress> = BTreeMap::new();
        for partner in planned.chain(pressed) {
            if program.partner(partner).is_some() && !rows.contains_key(partner) {
                rows.insert(partner, self.not_begun(partner));
            }
        }
        for package in self.packages() {
            let Some(row) = rows.get_mut(&package.partner) else {
                continue;
            };
            row.seats += 1;
            let opened = self.opened_for(&package.seat).map(|opened| opened.at);
            row.notified_at = first(row.notified_at, opened);
            if let Some(receipt) = self.receipts().of(&package.seat) {
                row.seats_opened += 1;
                row.opened_at = first(row.opened_at, Some(receipt.first().at));
            }
        }
        rows.into_values().collect()
    }

    fn not_begun(&self, partner: &PartnerId) -> Progress {
        let acknowledged = self.acknowledgements().first_of(partner);
        Progress {
            partner: partner.clone(),
            seats: 0,
            seats_opened: 0,
            notified_at: None,
            acknowledged_at: acknowledged.map(|first| first.at),
            opened_at: None,
            responded_at: self.protections().first_of(partner),
        }
    }
}

fn first(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
