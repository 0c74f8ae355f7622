//! Acknowledgements: a seat says that it saw the label and the hour of a case's embargo.

use crate::ids::{PartnerId, SeatId};
use crate::tlp::Tlp;
use jiff::Timestamp;

/// One acknowledgement, with the terms that the seat was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Who.
    pub seat: SeatId,
    /// Its partner.
    pub partner: PartnerId,
    /// The label that it was shown.
    pub tlp: Tlp,
    /// The end of the embargo that it was shown; none when there was none.
    pub release: Option<Timestamp>,
    /// When.
    pub at: Timestamp,
}

/// The acknowledgements of a case, oldest first: a changed label or hour is acknowledged anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acknowledgements(Vec<Acknowledgement>);

impl Acknowledgements {
    /// Folds one in.
    pub(crate) fn add(&mut self, acknowledgement: Acknowledgement) {
        self.0.push(acknowledgement);
    }

    /// What a seat acknowledged last.
    pub fn of(&self, seat: &SeatId) -> Option<&Acknowledgement> {
        self.0.iter().rev().find(|known| known.seat == *seat)
    }

    /// The first acknowledgement by any seat of a partner.
    pub fn first_of(&self, partner: &PartnerId) -> Option<&Acknowledgement> {
        self.0.iter().find(|known| known.partner == *partner)
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Acknowledgement> {
        self.0.iter()
    }
}
