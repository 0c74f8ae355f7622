//! What a partner and the program may tell each other about a case: only while a seat may have its package.

use thiserror::Error;

use super::{CaseRefusal, Context};
use crate::case::{Case, CaseFact};
use crate::explain::{Class, Explain};
use crate::ids::{PartnerId, SeatId};
use crate::letter::Letter;
use crate::open::{Denial, open};
use crate::person::Actor;
use crate::protection::{Coverage, PROTECTIONS_MAX, VERSIONS_MAX};
use crate::seat::Seat;
use crate::thread::MESSAGES_MAX;
use crate::tlp::Tlp;
use jiff::Timestamp;

/// Why something between a partner and the program was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DealingRefusal {
    /// Label or hour are not those that the seat was shown.
    #[error("the label or the end of the embargo changed since they were shown")]
    TermsChanged,
    /// There is no such report to replace.
    #[error("there is no protection {number} to report anew")]
    UnknownProtection {
        /// As it was given.
        number: u32,
    },
    /// A protection that covers something has reached somebody at some time.
    #[error("coverage `{coverage}` needs the time at which it shipped")]
    ShippedWhen {
        /// The coverage.
        coverage: Coverage,
    },
    /// What shipped did so by now.
    #[error("coverage `{coverage}` cannot ship in the future")]
    NotYet {
        /// The coverage.
        coverage: Coverage,
    },
    /// Nothing ships at no time.
    #[error("coverage `none` ships nothing, so it has no time")]
    ShipsNothing,
    /// A plan is for a time to come.
    #[error("coverage `planned` cannot have shipped in the past")]
    PlannedPast,
    /// A named limit is reached.
    #[error("there can be at most {max} {what}")]
    Full {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// Nobody of the partner may read about the case now.
    #[error("no seat of `{partner}` may read about this case now")]
    NobodyReads {
        /// The partner.
        partner: PartnerId,
    },
    /// The text is sealed to a seat that may not read it.
    #[error("the seat `{seat}` may not read about this case now")]
    Reader {
        /// The seat.
        seat: SeatId,
    },
    /// Neither of the partner nor of the program.
    #[error("only the partner's seats and people of the program write here")]
    Writer,
}

impl Explain for DealingRefusal {
    fn code(&self) -> &str {
        match self {
            Self::TermsChanged => "terms-changed",
            Self::UnknownProtection { .. } => "unknown-protection",
            Self::ShippedWhen { .. } => "shipped-when",
            Self::NotYet { .. } => "not-shipped-yet",
            Self::ShipsNothing => "ships-nothing",
            Self::PlannedPast => "planned-past",
            Self::Full { .. } => "limit-reached",
            Self::NobodyReads { .. } => "nobody-reads",
            Self::Reader { .. } => "not-a-reader",
            Self::Writer => "not-a-writer",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::TermsChanged => "Look at them once more, then acknowledge them.",
            Self::UnknownProtection { .. } => "Report it as a new one.",
            Self::ShippedWhen { .. } => "Say when it reached your customers.",
            Self::NotYet { .. } => "Report it as `planned` until it has shipped.",
            Self::ShipsNothing => "Leave the time out.",
            Self::PlannedPast => "Say when it will ship, or report what it covers now.",
            Self::Full { .. } => "This is a limit of the software.",
            Self::NobodyReads { .. } => "Write when its wave has opened.",
            Self::Reader { .. } | Self::Writer => "Try again; seats may have changed meanwhile.",
        }
        .to_owned()
    }

    fn class(&self) -> Class {
        match self {
            Self::NobodyReads { .. } | Self::Reader { .. } | Self::Writer => Class::NotAllowed,
            _ => Class::Usage,
        }
    }
}

impl Case {
    /// The seats of a partner that may have their package now: who may read and write about the case.
    pub fn readers<'a>(&self, partner: &'a PartnerId, context: &Context<'a>) -> Vec<&'a Seat> {
        let may = |seat: &&Seat| {
            open(
                self,
                context.program,
                context.policy,
                seat.id(),
                context.now,
            )
            .is_ok()
        };
        context.program.seats_of(partner).filter(may).collect()
    }

    pub(super) fn acknowledge(
        &self,
        seat: SeatId,
        shown: (Tlp, Option<Timestamp>),
        context: &Context<'_>,
    ) -> Result<Vec<CaseFact>, CaseRefusal> {
        let partner = self.partner_of(&seat, context)?;
        if shown != (self.tlp(), self.release()) {
            return Err(DealingRefusal::TermsChanged.into());
        }
        let known = self.acknowledgements().of(&seat);
        if known.is_some_and(|known| (known.tlp, known.release) == shown) {
            return Ok(Vec::new());
        }
        let (tlp, release) = shown;
        Ok(vec![CaseFact::CaseAcknowledged {
            seat,
            partner,
            tlp,
            release,
        }])
    }

    pub(super) fn report_protection(
        &self,
        seat: SeatId,
        number: Option<u32>,
        (coverage, ships_at): (Coverage, Option<Timestamp>),
        details: Letter,
        context: &Context<'_>,
    ) -> Result<Vec<CaseFact>, CaseRefusal> {
        let partner = self.partner_of(&seat, context)?;
        let own = self.protections().of(&partner);
        let full = |what, max| DealingRefusal::Full { what, max };
        let number = match number {
            Some(number) => {
                let known = own.iter().find(|known| known.number() == number);
                let known = known.ok_or(DealingRefusal::UnknownProtection { number })?;
                if known.versions().len() >= VERSIONS_MAX {
                    return Err(full("reports of one protection", VERSIONS_MAX).into());
                }
                number
            }
            None if own.len() >= PROTECTIONS_MAX => {
                return Err(full("protections", PROTECTIONS_MAX).into());
            }
            None => self.protections().next_of(&partner),
        };
        match (coverage, ships_at) {
            (Coverage::Full | Coverage::Partial, None) => {
                return Err(DealingRefusal::ShippedWhen { coverage }.into());
            }
            (Coverage::Full | Coverage::Partial, Some(at)) if at > context.now => {
                return Err(DealingRefusal::NotYet { coverage }.into());
            }
            (Coverage::None, Some(_)) => return Err(DealingRefusal::ShipsNothing.into()),
            (Coverage::Planned, Some(at)) if at < context.now => {
                return Err(DealingRefusal::PlannedPast.into());
            }
            _ => {}
        }
        self.check_readers(&partner, &details, context)?;
        Ok(vec![CaseFact::ProtectionReported {
            seat,
            partner,
            number,
            coverage,
            ships_at,
            details,
        }])
    }

    pub(super) fn write_message(
        &self,
        partner: PartnerId,
        text: Letter,
        context: &Context<'_>,
    ) -> Result<Vec<CaseFact>, CaseRefusal> {
        match context.by {
            Actor::Seat(seat) => {
                if self.partner_of(seat, context)? != partner {
                    return Err(DealingRefusal::Writer.into());
                }
            }
            Actor::Person(_) | Actor::Desk => {}
            Actor::Timer => return Err(DealingRefusal::Writer.into()),
        }
        self.check_readers(&partner, &text, context)?;
        if self.threads().of(&partner).len() >= MESSAGES_MAX {
            let (what, max) = ("messages in one thread", MESSAGES_MAX);
            return Err(DealingRefusal::Full { what, max }.into());
        }
        Ok(vec![CaseFact::MessageWritten { partner, text }])
    }

    /// The partner of a seat that may have its package now.
    fn partner_of(&self, seat: &SeatId, context: &Context<'_>) -> Result<PartnerId, CaseRefusal> {
        open(self, context.program, context.policy, seat, context.now)
            .map_err(CaseRefusal::Denied)?;
        let known = context
            .program
            .seat(seat)
            .map(|seat| seat.partner().clone());
        known.ok_or_else(|| CaseRefusal::Denied(Denial::UnknownSeat { seat: seat.clone() }))
    }

    /// INVARIANT: what is written about a case is sealed to nobody who may not have the case's package now; so a
    /// message opens nothing early.
    fn check_readers(
        &self,
        partner: &PartnerId,
        letter: &Letter,
        context: &Context<'_>,
    ) -> Result<(), CaseRefusal> {
        let may = self.readers(partner, context);
        if may.is_empty() || letter.readers.is_empty() {
            let partner = partner.clone();
            return Err(DealingRefusal::NobodyReads { partner }.into());
        }
        for seat in &letter.readers {
            if !may.iter().any(|known| known.id() == seat) {
                return Err(DealingRefusal::Reader { seat: seat.clone() }.into());
            }
        }
        Ok(())
    }
}

impl From<DealingRefusal> for CaseRefusal {
    fn from(refusal: DealingRefusal) -> Self {
        Self::Dealing(refusal)
    }
}
