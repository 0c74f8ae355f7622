//! What is recorded of a case.

use crate::artifact::Artifact;
use crate::commitment::Leaf;
use crate::event::Recorded;
use crate::ids::{BlobId, CaseId, PartnerId, PersonName, SeatId, SightingId, TraceId};
use crate::legal::ReportStep;
use crate::letter::Letter;
use crate::package::PressedPackage;
use crate::plan::WavePlan;
use crate::protection::Coverage;
use crate::sealed::{Digest, Sealed};
use crate::tlp::Tlp;
use crate::wave::WaveName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a case ended before its release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// The details became public.
    DetailsPublic,
    /// The vulnerability is being exploited.
    ExploitationSeen,
}

impl EndReason {
    /// The reason's name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DetailsPublic => "details-public",
            Self::ExploitationSeen => "exploitation-seen",
        }
    }

    /// Reads a reason; `None` for a word that is not one.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::DetailsPublic, Self::ExploitationSeen]
            .into_iter()
            .find(|reason| reason.as_str() == text)
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a trace answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictWord {
    /// Somebody is named, with the risk.
    Accuse,
    /// Not enough evidence.
    Withhold,
}

/// One fact of a case's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum CaseFact {
    /// The case began.
    CaseCreated {
        /// Its id.
        case: CaseId,
        /// Its label.
        tlp: Tlp,
        /// Its release, when there is one yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release: Option<Timestamp>,
        /// What it is about.
        details: Sealed,
        /// The secret that its codewords come from.
        secret: Sealed,
    },
    /// What it is about was written anew.
    DetailsSet {
        /// What it is about.
        details: Sealed,
    },
    /// Its label was changed.
    TlpSet {
        /// The label.
        tlp: Tlp,
    },
    /// Its release was set or moved.
    ReleaseSet {
        /// The release.
        release: Timestamp,
    },
    /// An artifact was added.
    ArtifactAdded {
        /// The artifact.
        #[serde(flatten)]
        artifact: Artifact,
    },
    /// An artifact's master was replaced, before the press.
    MasterReplaced {
        /// The artifact as it is now.
        #[serde(flatten)]
        artifact: Artifact,
    },
    /// Its waves were planned.
    WavesPlanned {
        /// The plan, whole, as it was shown.
        plan: WavePlan,
        /// The plan's digest.
        digest: Digest,
    },
    /// A person approved a plan.
    PlanApproved {
        /// Who.
        person: PersonName,
        /// The digest of the plan.
        plan: Digest,
    },
    /// Packages were pressed.
    CopiesPressed {
        /// The entry that commits to the parameters of the case's code.
        code: Leaf,
        /// The opening of that entry, sealed to the program, where it cannot be made again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code_opening: Option<Sealed>,
        /// The packages.
        packages: Vec<PressedPackage>,
    },
    /// A wave was opened for some seats.
    WaveOpened {
        /// The wave.
        wave: WaveName,
        /// When it was due.
        opens_at: Timestamp,
        /// The digest of the approved plan.
        plan: Digest,
        /// The seats that it was opened for.
        seats: Vec<SeatId>,
    },
    /// A seat fetched its package.
    PackageFetched {
        /// The seat.
        seat: SeatId,
        /// The package.
        package: BlobId,
        /// The receipt's entry in the log.
        receipt: Leaf,
        /// The opening of that entry, sealed to the program, where it cannot be made again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opening: Option<Sealed>,
    },
    /// A seat asked for its package and was refused.
    FetchRefused {
        /// The seat.
        seat: SeatId,
        /// The rule that refused.
        rule: String,
    },
    /// Somebody asked to end the case before its release; it waits for another person.
    EndingAsked {
        /// Who.
        person: PersonName,
        /// Why, as one word.
        reason: EndReason,
        /// Why, in the person's own words.
        why: Sealed,
    },
    /// That was taken back.
    EndingWithdrawn {
        /// By whom.
        person: PersonName,
    },
    /// The vulnerability is actively exploited.
    ExploitationRecorded {
        /// Since when the program is aware of it.
        aware_at: Timestamp,
    },
    /// A report that the law asks for was made.
    ReportMade {
        /// Which one.
        step: ReportStep,
    },
    /// The case ended before its release.
    CaseEndedEarly {
        /// Why.
        reason: EndReason,
    },
    /// The release came.
    CaseReleased {},
    /// Values of its copies were seen outside, by a sensor.
    LeakSighted {
        /// The sighting.
        sighting: SightingId,
        /// What was seen, sealed.
        report: BlobId,
    },
    /// A leak was traced to this case.
    LeakTraced {
        /// The trace.
        trace: TraceId,
        /// What it answered.
        verdict: VerdictWord,
        /// The sealed report.
        report: BlobId,
    },
    /// A seat acknowledged label and embargo.
    CaseAcknowledged {
        /// The seat.
        seat: SeatId,
        /// Its partner.
        partner: PartnerId,
        /// The label that it was shown.
        tlp: Tlp,
        /// The end of the embargo that it was shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release: Option<Timestamp>,
    },
    /// A seat reported a protection, for the first time or anew.
    ProtectionReported {
        /// The seat.
        seat: SeatId,
        /// Its partner.
        partner: PartnerId,
        /// The protection's number among the partner's.
        number: u32,
        /// How much it covers.
        coverage: Coverage,
        /// When it shipped, or will.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ships_at: Option<Timestamp>,
        /// Product, rules and remarks.
        details: Letter,
    },
    /// A partner wrote to the program, or the program to a partner: who did says which.
    MessageWritten {
        /// The partner whose thread it is.
        partner: PartnerId,
        /// What was written.
        text: Letter,
    },
}

/// An event of a case's stream.
pub type CaseEvent = Recorded<CaseFact>;
