//! What is recorded of a program.

use crate::agreement::Means;
use crate::event::Recorded;
use crate::ids::{AgreementVersion, PartnerId, PersonName, SeatId};
use crate::partner::{Profile, Status};
use crate::person::Role;
use crate::sealed::Digest;
use crate::seat::{Email, Recipient, SeatRole};
use crate::settings::Settings;
use crate::watch::WatchChange;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One fact of the program's stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ProgramFact {
    /// The program was founded.
    ProgramFounded {
        /// Its name.
        name: String,
        /// Its clock stands still and moves only when it is told to.
        test_clock: bool,
    },
    /// Settings were changed.
    SettingsChanged {
        /// The new ones, whole.
        settings: Settings,
    },
    /// A witness of the log was named.
    WitnessNamed {
        /// Its verifier key.
        key: String,
        /// Where it is asked.
        url: String,
    },
    /// A witness was taken out.
    WitnessDropped {
        /// Its name.
        name: String,
    },
    /// How many witnesses must have cosigned before anything opens.
    QuorumSet {
        /// How many.
        needed: u32,
    },
    /// One person agreed to a change that makes a quorum easier to reach; it waits for another.
    WatchApproved {
        /// The change.
        #[serde(flatten)]
        change: WatchChange,
        /// Who.
        person: PersonName,
    },
    /// A person was added, or given other roles.
    PersonAdded {
        /// The person.
        person: PersonName,
        /// All of the person's roles.
        roles: BTreeSet<Role>,
    },
    /// A person left.
    PersonRemoved {
        /// The person.
        person: PersonName,
    },
    /// A version of the agreement became the current one.
    AgreementPublished {
        /// Its name.
        version: AgreementVersion,
        /// SHA-256 of its text, when the program keeps it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Digest>,
    },
    /// A partner accepted a version.
    AgreementAccepted {
        /// The partner.
        partner: PartnerId,
        /// The version.
        version: AgreementVersion,
        /// Who signed for the partner.
        signatory: String,
        /// On paper or on line.
        means: Means,
    },
    /// A partner asked to join, for the first time or after it was removed.
    PartnerApplied {
        /// Who it is.
        #[serde(flatten)]
        profile: Profile,
    },
    /// A partner was taken over from a roster.
    PartnerImported {
        /// Who it is.
        #[serde(flatten)]
        profile: Profile,
        /// Where it stands.
        status: Status,
    },
    /// An applicant was admitted.
    PartnerActivated {
        /// The partner.
        partner: PartnerId,
    },
    /// A partner was suspended: everything closes at once.
    PartnerSuspended {
        /// The partner.
        partner: PartnerId,
        /// Why.
        reason: String,
    },
    /// A suspended partner takes part again.
    PartnerResumed {
        /// The partner.
        partner: PartnerId,
        /// Why.
        reason: String,
    },
    /// A partner was removed; its seats retire with it.
    PartnerRemoved {
        /// The partner.
        partner: PartnerId,
        /// Why.
        reason: String,
    },
    /// A seat was added.
    SeatAdded {
        /// The seat.
        seat: SeatId,
        /// Its partner.
        partner: PartnerId,
        /// Where it is reached.
        email: Email,
        /// What its packages are sealed to.
        recipient: Recipient,
    },
    /// It was said whether a seat leads its partner's team.
    SeatRoleSet {
        /// The seat.
        seat: SeatId,
        /// Its role.
        role: SeatRole,
    },
    /// A seat gets nothing any more.
    SeatRetired {
        /// The seat.
        seat: SeatId,
        /// Why.
        reason: String,
    },
}

/// An event of the program's stream.
pub type ProgramEvent = Recorded<ProgramFact>;
