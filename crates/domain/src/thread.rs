//! Threads: what one partner and the program write to each other about a case. Nobody else sees that they do.

use crate::ids::PartnerId;
use crate::letter::Letter;
use crate::person::Actor;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Messages of one thread.
pub const MESSAGES_MAX: usize = 500;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who wrote it: a seat of the partner, or somebody of the program.
    pub by: Actor,
    /// What, sealed.
    pub text: Letter,
    /// When.
    pub at: Timestamp,
}

impl Message {
    /// Whether the partner wrote it, and not the program.
    pub fn is_partners(&self) -> bool {
        matches!(self.by, Actor::Seat(_))
    }
}

/// The threads of a case, by partner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Threads(BTreeMap<PartnerId, Vec<Message>>);

impl Threads {
    /// Folds one message in.
    pub(crate) fn add(&mut self, partner: PartnerId, message: Message) {
        self.0.entry(partner).or_default().push(message);
    }

    /// A partner's thread, oldest message first.
    pub fn of(&self, partner: &PartnerId) -> &[Message] {
        self.0.get(partner).map_or(&[], Vec::as_slice)
    }

    /// Every thread.
    pub fn iter(&self) -> impl Iterator<Item = (&PartnerId, &[Message])> {
        self.0
            .iter()
            .map(|(partner, own)| (partner, own.as_slice()))
    }

    /// Whether the last word of a thread is the partner's.
    pub fn waits_for_program(&self, partner: &PartnerId) -> bool {
        self.of(partner).last().is_some_and(Message::is_partners)
    }
}
