//! What the API says and is told: the same types on both ends of the wire.

pub use super::Me;
pub use super::cases::{ArtifactSummary, CaseChange, CaseSummary, CvssScore, NewCase, OpenedWave};
pub use super::drafts::AddedArtifact;
pub use super::history::Happened;
pub use super::idempotency::HEADER as IDEMPOTENCY_KEY;
pub use super::inbox::{DeliveredPackage, NewMessage, NewProtection, OpenCase, Terms};
pub use super::invitations::InvitationLink;
pub use super::jobs::{Begun, Job};
pub use super::log::{
    Audited, Entry, EntryPlace, Growth, LogReport, LogState, NEWEST, Proof, ProvedEntry,
    WitnessRound,
};
pub use super::masters::{AddedArtifacts, NewArtifact, NewArtifacts};
pub use super::page::{LIMIT_MAX, Slice};
pub use super::partners::{
    Acceptance, AcceptedAgreement, Added, Imported, NewSeat, PartnerSummary, Reason, Roster,
    SeatSummary,
};
pub use super::people::PersonSummary;
pub use super::press::{Pressed, ReceiptRow, Receipts, Refusal};
pub use super::record::{OpenedEntries, RecordEntry};
pub use super::settings::{AgreementSummary, NewAgreement, ProgramSettings, SettingsChange};
pub use super::sightings::{DetectionContent, Looked, NewSighting, SightingSummary};
pub use super::sites::{ArtifactSites, CaseSites, Proves, Site};
pub use super::traces::{
    ArtifactRead, FileRead, LeakedFile, NewTrace, Skipped, SkippedFile, TraceAnswer,
    TraceCandidate, TraceQuestion, TraceSummary,
};
pub use super::waves::{
    JustOpened, NewApproval, NewPlan, NextWave, PlannedException, PlannedWave, WaveSeats, Waves,
};
