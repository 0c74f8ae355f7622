//! What can be asked of a program.

use crate::agreement::Means;
use crate::ids::{AgreementVersion, PartnerId, PersonName, SeatId};
use crate::partner::Profile;
use crate::person::Role;
use crate::roster::RosterRow;
use crate::sealed::Digest;
use crate::seat::{Email, Recipient, SeatRole};
use crate::settings::Settings;
use crate::watch::WatchChange;
use std::collections::BTreeSet;

/// What can be asked of a program.
#[derive(Debug, Clone, PartialEq)]
pub enum ProgramCommand {
    /// Found the program; an agreement version `1`, as made on paper, is published with it.
    Found {
        /// Its name.
        name: String,
        /// Whether its clock is a test clock.
        test_clock: bool,
    },
    /// Replace the settings.
    ChangeSettings(Settings),
    /// Change who watches the log; what makes a quorum easier to reach happens when a second person asks for it.
    ChangeWatch {
        /// What.
        change: WatchChange,
        /// Who asks; it must be said where two people are needed.
        person: Option<PersonName>,
    },
    /// Add a person, or replace the person's roles.
    AddPerson {
        /// The person.
        person: PersonName,
        /// All of the person's roles.
        roles: BTreeSet<Role>,
    },
    /// Take a person out.
    RemovePerson(PersonName),
    /// Publish a version of the agreement, which becomes the current one.
    PublishAgreement {
        /// Its name, which no earlier version had.
        version: AgreementVersion,
        /// SHA-256 of its text.
        text: Option<Digest>,
    },
    /// Record that a partner accepted a version.
    AcceptAgreement {
        /// The partner.
        partner: PartnerId,
        /// The version.
        version: AgreementVersion,
        /// Who signed for the partner.
        signatory: String,
        /// On paper or on line.
        means: Means,
    },
    /// A partner applies; the only way back for one that was removed.
    Apply(Profile),
    /// Take over a whole roster, or nothing of it.
    Import(Vec<RosterRow>),
    /// Admit an applicant.
    Activate(PartnerId),
    /// Suspend an active partner.
    Suspend {
        /// The partner.
        partner: PartnerId,
        /// Why.
        reason: String,
    },
    /// Resume a suspended partner.
    Resume {
        /// The partner.
        partner: PartnerId,
        /// Why.
        reason: String,
    },
    /// Remove a partner.
    Remove {
        /// The partner.
        partner: PartnerId,
        /// Why.
        reason: String,
    },
    /// Add a seat.
    AddSeat {
        /// Its partner.
        partner: PartnerId,
        /// Where it is reached.
        email: Email,
        /// What its packages are sealed to.
        recipient: Recipient,
        /// Its id; none for the next `partner.sN`.
        seat: Option<SeatId>,
    },
    /// Retire a seat.
    RetireSeat {
        /// The seat.
        seat: SeatId,
        /// Why.
        reason: String,
    },
    /// Say whether a seat leads its partner's team.
    SetSeatRole {
        /// The seat.
        seat: SeatId,
        /// Its role.
        role: SeatRole,
    },
}
