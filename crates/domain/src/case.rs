//! A case: its life from draft to release, folded from its events.
//!
//! Stream `case/HS-2026-0001`. What a case is about is [`Sealed`] everywhere here.

mod fact;

pub use fact::{CaseEvent, CaseFact, EndReason, VerdictWord};

use crate::acknowledgement::{Acknowledgement, Acknowledgements};
use crate::artifact::{Artifact, ArtifactKind};
use crate::commitment::Leaf;
use crate::ids::{ArtifactId, BlobId, CaseId, PersonName, SeatId, SightingId, TraceId};
use crate::legal::ReportStep;
use crate::package::{Package, PressedPackage};
use crate::plan::WavePlan;
use crate::protection::{Protections, Version};
use crate::receipt::{Fetch, Receipts};
use crate::sealed::{Digest, Sealed};
use crate::thread::{Message, Threads};
use crate::tlp::Tlp;
use crate::wave::WaveName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// How many different people approve a plan before anything of it opens.
pub const APPROVALS_NEEDED: usize = 2;

/// Where a case is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Being written; nothing is planned, or the plan is out of date.
    Draft,
    /// The waves are planned, and wait for approval.
    Planned,
    /// Two people approved the plan.
    Approved,
    /// A wave has opened.
    Open,
    /// The release came.
    Released,
    /// It ended before the release.
    EndedEarly,
}

impl Stage {
    /// The stage's name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Planned => "planned",
            Self::Approved => "approved",
            Self::Open => "open",
            Self::Released => "released",
            Self::EndedEarly => "ended-early",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A person's approval of the current plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Who.
    pub person: PersonName,
    /// When.
    pub at: Timestamp,
}

/// What a seat's wave was opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenedSeat {
    pub(crate) wave: WaveName,
    pub(crate) opens_at: Timestamp,
    pub(crate) kinds: BTreeSet<ArtifactKind>,
    /// When it was opened for this seat, at `opens_at` or later.
    pub(crate) at: Timestamp,
}

/// When a wave was due, and when it was first opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedWave {
    /// When it was due.
    pub opens_at: Timestamp,
    /// When it was first opened.
    pub opened_at: Timestamp,
}

/// A fetch that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedFetch {
    /// The seat.
    pub seat: SeatId,
    /// The rule that refused.
    pub rule: String,
    /// When.
    pub at: Timestamp,
}

/// How a case ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub reason: EndReason,
    /// When.
    pub at: Timestamp,
}

/// That somebody asked to end a case early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedEnding {
    /// Who.
    pub person: PersonName,
    /// Why, as one word.
    pub reason: EndReason,
    /// Why, in the person's own words, sealed.
    pub why: Sealed,
    /// When.
    pub at: Timestamp,
}

/// Values of the case's copies, seen outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighted {
    /// The sighting.
    pub sighting: SightingId,
    /// What was seen, sealed.
    pub report: BlobId,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A trace of this case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// The trace.
    pub trace: TraceId,
    /// What it answered.
    pub verdict: VerdictWord,
    /// The sealed report.
    pub report: BlobId,
    /// When.
    pub at: Timestamp,
}

/// Events that are not the stream of one case.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// There are none.
    #[error("the stream of the case is empty")]
    Empty,
    /// The first one does not create a case.
    #[error("the stream does not begin with the creation of a case")]
    NotCreated,
}

/// A case as its events left it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    id: CaseId,
    created_at: Timestamp,
    tlp: Tlp,
    release: Option<Timestamp>,
    details: Sealed,
    secret: Sealed,
    artifacts: Vec<Artifact>,
    plan: Option<(WavePlan, Digest)>,
    approvals: Vec<Approval>,
    code: Option<Leaf>,
    /// Shared by the clones of a case: a press changes it, and nothing else does.
    packages: Arc<BTreeMap<SeatId, PressedPackage>>,
    opened: BTreeMap<SeatId, OpenedSeat>,
    waves: BTreeMap<WaveName, OpenedWave>,
    receipts: Receipts,
    refused: Vec<RefusedFetch>,
    ended: Option<Ended>,
    asked_ending: Option<AskedEnding>,
    exploited: Option<Timestamp>,
    reports: BTreeMap<ReportStep, Timestamp>,
    released_at: Option<Timestamp>,
    sightings: Vec<Sighted>,
    traces: Vec<Traced>,
    acknowledgements: Acknowledgements,
    protections: Protections,
    threads: Threads,
}

impl Case {
    /// Folds a stream, from its first event.
    ///
    /// # Errors
    /// [`ReplayError`] unless the first event creates the case.
    pub fn replay<'a>(
        events: impl IntoIterator<Item = &'a CaseEvent>,
    ) -> Result<Self, ReplayError> {
        let mut events = events.into_iter();
        let first = events.next().ok_or(ReplayError::Empty)?;
        let mut case = Self::begin(first).ok_or(ReplayError::NotCreated)?;
        for event in events {
            case.apply(event);
        }
        Ok(case)
    }

    /// The case that its first event makes; `None` for any other event.
    pub fn begin(event: &CaseEvent) -> Option<Self> {
        let CaseFact::CaseCreated {
            case,
            tlp,
            release,
            details,
            secret,
        } = &event.fact
        else {
            return None;
        };
        Some(Self {
            id: case.clone(),
            created_at: event.at,
            tlp: *tlp,
            release: *release,
            details: details.clone(),
            secret: secret.clone(),
            artifacts: Vec::new(),
            plan: None,
            approvals: Vec::new(),
            code: None,
            packages: Arc::default(),
            opened: BTreeMap::new(),
            waves: BTreeMap::new(),
            receipts: Receipts::default(),
            refused: Vec::new(),
            ended: None,
            asked_ending: None,
            exploited: None,
            reports: BTreeMap::new(),
            released_at: None,
            sightings: Vec::new(),
            traces: Vec::new(),
            acknowledgements: Acknowledgements::default(),
            protections: Protections::default(),
            threads: Threads::default(),
        })
    }

    /// Its id.
    pub fn id(&self) -> &CaseId {
        &self.id
    }

    /// When it was created.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Its label.
    pub fn tlp(&self) -> Tlp {
        self.tlp
    }

    /// Its release; none when it is not set.
    pub fn release(&self) -> Option<Timestamp> {
        self.release
    }

    /// What it is about.
    pub fn details(&self) -> &Sealed {
        &self.details
    }

    /// The secret that its codewords come from.
    pub fn secret(&self) -> &Sealed {
        &self.secret
    }

    /// Its artifacts, in the order in which they were added.
    pub fn artifacts(&self) -> &[Artifact] {
        &self.artifacts
    }

    /// The id of the artifact that would be added next.
    pub fn next_artifact(&self) -> ArtifactId {
        ArtifactId::numbered(self.artifacts.len() + 1)
    }

    /// The plan, while it is true: a change of the release, the label or the artifacts voids it.
    pub fn plan(&self) -> Option<&WavePlan> {
        self.plan.as_ref().map(|(plan, _)| plan)
    }

    /// The plan's digest, which approvals are of.
    pub fn plan_digest(&self) -> Option<Digest> {
        self.plan.as_ref().map(|(_, digest)| *digest)
    }

    /// Approvals of the current plan, each by another person.
    pub fn approvals(&self) -> &[Approval] {
        &self.approvals
    }

    /// Whether enough people approved the current plan.
    pub fn is_approved(&self) -> bool {
        self.plan.is_some() && self.approvals.len() >= APPROVALS_NEEDED
    }

    /// Whether copies were pressed; from then on the artifacts are frozen.
    pub fn is_pressed(&self) -> bool {
        self.code.is_some()
    }

    /// The entry that commits to the parameters of the case's code.
    pub fn code(&self) -> Option<&Leaf> {
        self.code.as_ref()
    }

    /// Pressed packages, by seat.
    pub fn packages(&self) -> impl Iterator<Item = &PressedPackage> {
        self.packages.values()
    }

    /// The package that was pressed for a seat.
    pub fn pressed_for(&self, seat: &SeatId) -> Option<&PressedPackage> {
        self.packages.get(seat)
    }

    /// A seat's package, as it goes through the log to its delivery.
    pub fn package(&self, seat: &SeatId) -> Option<Package> {
        self.packages.get(seat).map(|pressed| Package {
            case: self.id.clone(),
            seat: pressed.seat.clone(),
            slot: pressed.slot,
            blob: pressed.blob,
            leaf: pressed.leaf,
        })
    }

    pub(crate) fn opened_for(&self, seat: &SeatId) -> Option<&OpenedSeat> {
        self.opened.get(seat)
    }

    /// When the wave of a seat was due, if it was opened for that seat.
    pub fn opened_at(&self, seat: &SeatId) -> Option<(WaveName, Timestamp)> {
        self.opened
            .get(seat)
            .map(|opened| (opened.wave, opened.opens_at))
    }

    /// When the package of a seat became open to it: when its wave was due, or later.
    pub fn opened_for_seat_at(&self, seat: &SeatId) -> Option<Timestamp> {
        self.opened.get(seat).map(|opened| opened.at)
    }

    /// The waves that were opened.
    pub fn waves(&self) -> &BTreeMap<WaveName, OpenedWave> {
        &self.waves
    }

    /// Who fetched what, first and last.
    pub fn receipts(&self) -> &Receipts {
        &self.receipts
    }

    /// Fetches that were refused, oldest first.
    pub fn refused(&self) -> &[RefusedFetch] {
        &self.refused
    }

    /// How it ended early, if it did.
    pub fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// That somebody asked to end it early, while it waits for another person.
    pub fn asked_ending(&self) -> Option<&AskedEnding> {
        self.asked_ending.as_ref()
    }

    /// Since when the program is aware that the vulnerability is exploited; none while nobody recorded it.
    pub fn exploited(&self) -> Option<Timestamp> {
        self.exploited
    }

    /// When a report that the law asks for was recorded as made.
    pub fn reported(&self, step: ReportStep) -> Option<Timestamp> {
        self.reports.get(&step).copied()
    }

    /// When it was released, if it was.
    pub fn released_at(&self) -> Option<Timestamp> {
        self.released_at
    }

    /// Sightings, oldest first.
    pub fn sightings(&self) -> &[Sighted] {
        &self.sightings
    }

    /// Traces, oldest first.
    pub fn traces(&self) -> &[Traced] {
        &self.traces
    }

    /// Who acknowledged label and embargo.
    pub fn acknowledgements(&self) -> &Acknowledgements {
        &self.acknowledgements
    }

    /// What partners reported to have built.
    pub fn protections(&self) -> &Protections {
        &self.protections
    }

    /// What partners and the program wrote to each other.
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Where it is in its life.
    pub fn stage(&self) -> Stage {
        if self.ended.is_some() {
            Stage::EndedEarly
        } else if self.released_at.is_some() {
            Stage::Released
        } else if !self.waves.is_empty() {
            Stage::Open
        } else if self.is_approved() {
            Stage::Approved
        } else if self.plan.is_some() {
            Stage::Planned
        } else {
            Stage::Draft
        }
    }

    /// Folds one event into the state. Never fails: what does not fit the state changes nothing,
    /// so that no order of events opens more than the decisions would.
    pub fn apply(&mut self, event: &CaseEvent) {
        let at = event.at;
        match event.fact.clone() {
            CaseFact::CaseCreated { .. } => {}
            CaseFact::DetailsSet { details } => self.details = details,
            CaseFact::TlpSet { tlp } => {
                // A label that goes up closes things, which needs no new approval.
                if tlp < self.tlp {
                    self.void_plan();
                }
                self.tlp = tlp;
            }
            CaseFact::ReleaseSet { release } => {
                if self.release != Some(release) {
                    self.void_plan();
                }
                self.release = Some(release);
            }
            CaseFact::ArtifactAdded { artifact } => {
                if !self.is_pressed() {
                    self.artifacts.push(artifact);
                    self.void_plan();
                }
            }
            CaseFact::MasterReplaced { artifact } => {
                let is_pressed = self.is_pressed();
                let mut known = self.artifacts.iter_mut();
                let same = known.find(|known| known.artifact == artifact.artifact);
                if let Some(known) = same.filter(|_| !is_pressed) {
                    *known = artifact;
                    self.void_plan();
                }
            }
            CaseFact::WavesPlanned { plan, digest } => {
                if plan.digest() == digest && self.plan_digest() != Some(digest) {
                    self.plan = Some((plan, digest));
                    self.approvals.clear();
                }
            }
            CaseFact::PlanApproved { person, plan } => {
                let new = !self.approvals.iter().any(|known| known.person == person);
                if self.plan_digest() == Some(plan) && new {
                    self.approvals.push(Approval { person, at });
                }
            }
            CaseFact::CopiesPressed { code, packages, .. } => {
                self.code.get_or_insert(code);
                let pressed = Arc::make_mut(&mut self.packages);
                for package in packages {
                    pressed.entry(package.seat.clone()).or_insert(package);
                }
            }
            CaseFact::WaveOpened {
                wave, plan, seats, ..
            } => self.fold_opening(wave, plan, &seats, at),
            CaseFact::PackageFetched {
                seat,
                package,
                receipt,
                ..
            } => {
                let leaf = receipt;
                self.receipts.add(&seat, Fetch { at, package, leaf });
            }
            CaseFact::FetchRefused { seat, rule } => {
                self.refused.push(RefusedFetch { seat, rule, at });
            }
            CaseFact::EndingAsked {
                person,
                reason,
                why,
            } => {
                self.asked_ending = Some(AskedEnding {
                    person,
                    reason,
                    why,
                    at,
                });
            }
            CaseFact::EndingWithdrawn { .. } => self.asked_ending = None,
            CaseFact::ExploitationRecorded { aware_at } => {
                self.exploited.get_or_insert(aware_at);
            }
            CaseFact::ReportMade { step } => {
                self.reports.entry(step).or_insert(at);
            }
            CaseFact::CaseEndedEarly { reason } => {
                self.ended.get_or_insert(Ended { reason, at });
                self.asked_ending = None;
                if reason == EndReason::ExploitationSeen {
                    self.exploited.get_or_insert(at);
                }
            }
            CaseFact::CaseReleased {} => {
                self.released_at.get_or_insert(at);
            }
            CaseFact::LeakSighted { sighting, report } => self.sightings.push(Sighted {
                sighting,
                report,
                at,
            }),
            CaseFact::LeakTraced {
                trace,
                verdict,
                report,
            } => self.traces.push(Traced {
                trace,
                verdict,
                report,
                at,
            }),
            CaseFact::CaseAcknowledged {
                seat,
                partner,
                tlp,
                release,
            } => self.acknowledgements.add(Acknowledgement {
                seat,
                partner,
                tlp,
                release,
                at,
            }),
            CaseFact::ProtectionReported {
                seat,
                partner,
                number,
                coverage,
                ships_at,
                details,
            } => {
                let version = Version {
                    seat,
                    coverage,
                    ships_at,
                    details,
                    at,
                };
                self.protections.add(partner, number, version);
            }
            CaseFact::MessageWritten { partner, text } => {
                let by = event.by.clone();
                self.threads.add(partner, Message { by, text, at });
            }
        }
    }

    /// INVARIANT: a seat is opened only under an approved plan that names it, with the plan's own
    /// time and kinds; an opening is never taken back or moved by later events.
    fn fold_opening(&mut self, wave: WaveName, plan: Digest, seats: &[SeatId], at: Timestamp) {
        if !self.is_approved() {
            return;
        }
        let Some((approved, digest)) = &self.plan else {
            return;
        };
        let Some(due) = approved.opens_at(wave).filter(|due| *due <= at) else {
            return;
        };
        if *digest != plan {
            return;
        }
        for seat in seats {
            if let Some(planned) = approved.seat(seat)
                && planned.wave == wave
                && planned.opens_at == Some(due)
            {
                self.opened.entry(seat.clone()).or_insert(OpenedSeat {
                    wave,
                    opens_at: due,
                    kinds: planned.kinds.clone(),
                    at,
                });
            }
        }
        self.waves.entry(wave).or_insert(OpenedWave {
            opens_at: due,
            opened_at: at,
        });
    }

    fn void_plan(&mut self) {
        self.plan = None;
        self.approvals.clear();
    }
}
