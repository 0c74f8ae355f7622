//! Why a program refuses.

use crate::explain::{Class, Explain};
use crate::ids::{AgreementVersion, PartnerId, PersonName, SeatId};
use crate::partner::Status;
use crate::person::Role;
use crate::watch::WatchRefusal;
use thiserror::Error;

/// Why a program's command was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProgramRefusal {
    /// There is a program already.
    #[error("the program is founded already")]
    Founded,
    /// There is no program yet.
    #[error("there is no program yet")]
    NotFounded,
    /// A text is empty, too long, or holds control characters.
    #[error("the {what} is empty, longer than {chars_max} characters, or holds control characters")]
    Text {
        /// Which text.
        what: &'static str,
        /// Its limit.
        chars_max: usize,
    },
    /// No such partner.
    #[error("there is no partner `{partner}`")]
    UnknownPartner {
        /// As it was given.
        partner: PartnerId,
    },
    /// The partner exists.
    #[error("there is a partner `{partner}` already")]
    PartnerExists {
        /// As it was given.
        partner: PartnerId,
    },
    /// The partner's status does not allow it.
    #[error("the partner `{partner}` is {status}, and cannot be {wanted}")]
    Status {
        /// The partner.
        partner: PartnerId,
        /// Where it stands.
        status: Status,
        /// What was asked: "activated", "suspended", …
        wanted: &'static str,
    },
    /// No such seat.
    #[error("there is no seat `{seat}`")]
    UnknownSeat {
        /// As it was given.
        seat: SeatId,
    },
    /// The seat exists, or existed.
    #[error("there is a seat `{seat}` already")]
    SeatExists {
        /// As it was given.
        seat: SeatId,
    },
    /// The seat is retired already.
    #[error("the seat `{seat}` is retired already")]
    SeatIsRetired {
        /// As it was given.
        seat: SeatId,
    },
    /// No such person.
    #[error("there is no person `{person}`")]
    UnknownPerson {
        /// As it was given.
        person: PersonName,
    },
    /// A person needs a role.
    #[error("`{person}` would have no role")]
    NoRole {
        /// As it was given.
        person: PersonName,
    },
    /// The version exists.
    #[error("the agreement has a version `{version}` already")]
    VersionExists {
        /// As it was given.
        version: AgreementVersion,
    },
    /// No such version.
    #[error("the agreement has no version `{version}`")]
    UnknownVersion {
        /// As it was given.
        version: AgreementVersion,
    },
    /// The version was accepted before; the first acceptance stays.
    #[error("the partner `{partner}` accepted version `{version}` already")]
    AcceptedBefore {
        /// The partner.
        partner: PartnerId,
        /// The version.
        version: AgreementVersion,
    },
    /// A named limit is reached.
    #[error("a {of} can have at most {max} {what}")]
    Full {
        /// Of what: "program", "partner".
        of: &'static str,
        /// What there would be too many of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// Somebody else may ask for this, and not this one.
    #[error("this needs a role that you do not have")]
    NotYou,
    /// Nobody changes roles of their own.
    #[error("nobody changes roles of their own")]
    OwnRole,
    /// A change of who watches the log.
    #[error(transparent)]
    Watch(#[from] WatchRefusal),
}

impl Explain for ProgramRefusal {
    fn code(&self) -> &str {
        match self {
            Self::Founded => "program-founded",
            Self::NotFounded => "program-not-founded",
            Self::Text { .. } => "text-out-of-range",
            Self::UnknownPartner { .. } => "unknown-partner",
            Self::PartnerExists { .. } => "partner-exists",
            Self::Status { .. } => "partner-status",
            Self::UnknownSeat { .. } => "unknown-seat",
            Self::SeatExists { .. } => "seat-exists",
            Self::SeatIsRetired { .. } => "seat-retired",
            Self::UnknownPerson { .. } => "unknown-person",
            Self::NoRole { .. } => "no-role",
            Self::VersionExists { .. } => "agreement-version-exists",
            Self::UnknownVersion { .. } => "unknown-agreement-version",
            Self::AcceptedBefore { .. } => "agreement-accepted-before",
            Self::Full { .. } => "limit-reached",
            Self::NotYou => "role",
            Self::OwnRole => "own-role",
            Self::Watch(refusal) => refusal.code(),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Founded => "Use another data directory for another program.".into(),
            Self::NotFounded => "Found it with `headstart init --program NAME`.".into(),
            Self::Text { .. } => "Say it in a sentence.".into(),
            Self::UnknownPartner { .. } => "Check the id against the roster.".into(),
            Self::PartnerExists { .. } => "Choose another id.".into(),
            Self::Status { status, .. } => match status {
                Status::Applicant => "An applicant has to be activated first.".into(),
                Status::Active => "An active partner can be suspended or removed.".into(),
                Status::Suspended => "A suspended partner can be resumed or removed.".into(),
                Status::Removed => {
                    "A removed partner comes back only by a fresh application.".into()
                }
            },
            Self::UnknownSeat { .. } => "Check the id against the partner's seats.".into(),
            Self::SeatExists { .. } | Self::SeatIsRetired { .. } => {
                "Seats are never used again: add a new one.".into()
            }
            Self::UnknownPerson { .. } => "Check the name, or add the person.".into(),
            Self::NoRole { .. } => {
                format!("Roles are {}.", Role::ALL.map(Role::as_str).join(", "))
            }
            Self::VersionExists { .. } => "Versions are never edited: give it a new name.".into(),
            Self::UnknownVersion { .. } => "Publish it first.".into(),
            Self::AcceptedBefore { .. } => "The first acceptance stays on record.".into(),
            Self::Full { .. } => "This is a limit of the software.".into(),
            Self::NotYou => "An administrator of the program can change roles.".into(),
            Self::OwnRole => "Ask another administrator.".into(),
            Self::Watch(refusal) => refusal.hint(),
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Status { .. } | Self::NotYou | Self::OwnRole => Class::NotAllowed,
            Self::Watch(refusal) => refusal.class(),
            _ => Class::Usage,
        }
    }
}
