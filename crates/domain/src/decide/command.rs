//! What can be asked of a case.

use crate::artifact::ArtifactKind;
use crate::case::{EndReason, VerdictWord};
use crate::commitment::Leaf;
use crate::ids::{ArtifactId, BlobId, PartnerId, PersonName, SeatId, SightingId, TraceId};
use crate::legal::ReportStep;
use crate::letter::Letter;
use crate::package::PressedPackage;
use crate::protection::Coverage;
use crate::sealed::{Digest, Sealed};
use crate::tlp::Tlp;
use crate::wave::Offsets;
use jiff::Timestamp;

/// What can be asked of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseCommand {
    /// Write anew what it is about.
    SetDetails(Sealed),
    /// Change its label.
    SetTlp(Tlp),
    /// Set or move its release.
    SetRelease(Timestamp),
    /// Add an artifact; its id is [`crate::case::Case::next_artifact`].
    AddArtifact {
        /// What it is.
        kind: ArtifactKind,
        /// File name and whatever else describes it, sealed.
        name: Sealed,
        /// The sealed master.
        master: BlobId,
        /// How many mark sites the master has.
        sites: u32,
    },
    /// Replace an artifact's master, before the press; its kind stays.
    ReplaceMaster {
        /// The artifact.
        artifact: ArtifactId,
        /// File name and whatever else describes it, sealed.
        name: Sealed,
        /// The sealed master.
        master: BlobId,
        /// How many mark sites the master has.
        sites: u32,
    },
    /// Plan the waves.
    PlanWaves(Offsets),
    /// Approve the plan.
    Approve {
        /// Who.
        person: PersonName,
        /// The digest of the plan that the person saw; none for the current one.
        plan: Option<Digest>,
    },
    /// Record what was pressed, for seats that have no package yet.
    Press {
        /// The entry that commits to the parameters of the case's code.
        code: Leaf,
        /// Its opening, sealed, where it cannot be made again.
        code_opening: Option<Sealed>,
        /// The packages.
        packages: Vec<PressedPackage>,
    },
    /// Open the waves that are due.
    OpenWaves,
    /// Record that a seat fetches its package, now.
    Fetch {
        /// The seat.
        seat: SeatId,
        /// The receipt's entry in the log.
        receipt: Leaf,
        /// Its opening, sealed, where it cannot be made again.
        opening: Option<Sealed>,
    },
    /// Record that a seat was refused.
    RefuseFetch {
        /// The seat.
        seat: SeatId,
        /// [`crate::explain::Explain::code`] of the denial.
        rule: String,
    },
    /// End the case before its release, at once: for the program's own terminal.
    EndEarly(EndReason),
    /// Ask to end the case before its release; another person must confirm it.
    AskEnding {
        /// Who asks.
        person: PersonName,
        /// Why, as one word.
        reason: EndReason,
        /// Why, in the person's own words, sealed.
        why: Sealed,
    },
    /// Confirm what another person asked for: the case ends.
    ConfirmEnding {
        /// Who confirms.
        person: PersonName,
        /// The reason that the person saw.
        reason: EndReason,
    },
    /// Take back that somebody asked to end the case.
    WithdrawEnding {
        /// Who takes it back.
        person: PersonName,
    },
    /// Record that the vulnerability is actively exploited: legal clocks begin.
    RecordExploitation {
        /// Since when the program is aware of it.
        aware_at: Timestamp,
    },
    /// Record that a report which the law asks for was made.
    RecordReport(ReportStep),
    /// Record that values of its copies were seen outside.
    Sight {
        /// The sighting.
        sighting: SightingId,
        /// What was seen, sealed.
        report: BlobId,
    },
    /// Record a trace.
    Trace {
        /// The trace.
        trace: TraceId,
        /// What it answered.
        verdict: VerdictWord,
        /// The sealed report.
        report: BlobId,
    },
    /// A seat acknowledges the terms that it was shown.
    Acknowledge {
        /// The seat.
        seat: SeatId,
        /// The label that it was shown.
        tlp: Tlp,
        /// The end of the embargo that it was shown.
        release: Option<Timestamp>,
    },
    /// A seat reports a protection.
    ReportProtection {
        /// The seat.
        seat: SeatId,
        /// The protection that is reported anew; none for another one.
        number: Option<u32>,
        /// How much it covers.
        coverage: Coverage,
        /// When it shipped, or will.
        ships_at: Option<Timestamp>,
        /// Product, rules and remarks, sealed.
        details: Letter,
    },
    /// Whoever asks writes into a partner's thread.
    WriteMessage {
        /// The partner.
        partner: PartnerId,
        /// What is written, sealed.
        text: Letter,
    },
}
