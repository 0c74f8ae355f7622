//! The funnel: how far each partner is with a case, from the opening of its wave to a protection.

use crate::case::Case;
use crate::ids::PartnerId;
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

impl Case {
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
