//! What may be done with a case: command + state + now → events, or a refusal.

mod command;
mod dealings;
mod ending;
mod refusal;

pub use command::CaseCommand;
pub use dealings::DealingRefusal;
pub use refusal::{CaseRefusal, PackageFault};

use crate::artifact::{Artifact, ArtifactKind};
use crate::case::{Case, CaseEvent, CaseFact, Stage};
use crate::commitment::Leaf;
use crate::event::Recorded;
use crate::ids::{ArtifactId, BlobId, CaseId, PersonName, SeatId};
use crate::open::{Denial, open};
use crate::package::{Package, PressedPackage};
use crate::person::Actor;
use crate::plan::{Entitlement, WavePlan, ask};
use crate::policy::Policy;
use crate::program::Program;
use crate::sealed::{Digest, Sealed};
use crate::tlp::Tlp;
use crate::wave::{Offsets, WaveName};
use jiff::Timestamp;
use std::collections::BTreeSet;
use tlog::Logged;

/// Artifacts that a case can have.
pub const ARTIFACTS_MAX: usize = 100;
/// Characters of a refusing rule's name that are recorded.
pub const REFUSED_RULE_CHARS_MAX: usize = 64;

/// What a case's commands are judged by, besides the case.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The program, as it stands now.
    pub program: &'a Program,
    /// The policy.
    pub policy: &'a Policy,
    /// Who asks.
    pub by: &'a Actor,
    /// Now.
    pub now: Timestamp,
    /// Packages that are known to be in the log, under which cosignatures; where the program has a quorum, a wave
    /// opens only for packages that stand here.
    pub logged: &'a [Logged<Package>],
}

/// A case that is to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCase {
    /// Its id ([`CaseId::after`]).
    pub case: CaseId,
    /// Its label.
    pub tlp: Tlp,
    /// Its release, when there is one yet.
    pub release: Option<Timestamp>,
    /// What it is about.
    pub details: Sealed,
    /// The secret that its codewords come from.
    pub secret: Sealed,
}

/// Seats whose wave is due and not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueWave {
    /// The wave.
    pub wave: WaveName,
    /// When it was due.
    pub opens_at: Timestamp,
    /// The pressed seats that it opens for.
    pub seats: Vec<SeatId>,
}

impl Case {
    /// Begins a case.
    ///
    /// # Errors
    /// [`CaseRefusal::ReleasePassed`] for a release that is not in the future.
    pub fn create(new: NewCase, context: &Context<'_>) -> Result<Vec<CaseEvent>, CaseRefusal> {
        if let Some(release) = new.release {
            to_come(release, context.now)?;
        }
        Ok(record(
            vec![CaseFact::CaseCreated {
                case: new.case,
                tlp: new.tlp,
                release: new.release,
                details: new.details,
                secret: new.secret,
            }],
            context,
        ))
    }

    /// Decides a command. Nothing is changed: the events say what would be.
    ///
    /// # Errors
    /// [`CaseRefusal`], and then nothing of the command happens.
    pub fn decide(
        &self,
        command: CaseCommand,
        context: &Context<'_>,
    ) -> Result<Vec<CaseEvent>, CaseRefusal> {
        let facts = match command {
            CaseCommand::SetDetails(details) => vec![CaseFact::DetailsSet { details }],
            CaseCommand::SetTlp(tlp) => self.set_tlp(tlp)?,
            CaseCommand::SetRelease(release) => self.set_release(release, context.now)?,
            CaseCommand::AddArtifact {
                kind,
                name,
                master,
                sites,
            } => self.add_artifact(kind, name, master, sites)?,
            CaseCommand::ReplaceMaster {
                artifact,
                name,
                master,
                sites,
            } => self.replace_master(&artifact, name, master, sites)?,
            CaseCommand::PlanWaves(offsets) => self.plan_waves(offsets, context)?,
            CaseCommand::Approve { person, plan } => self.approve(person, plan)?,
            CaseCommand::Press {
                code,
                code_opening,
                packages,
            } => self.press(code, code_opening, packages, context)?,
            CaseCommand::OpenWaves => self.open_waves(context)?,
            CaseCommand::Fetch {
                seat,
                receipt,
                opening,
            } => {
                let open = open(self, context.program, context.policy, &seat, context.now)
                    .map_err(CaseRefusal::Denied)?;
                vec![CaseFact::PackageFetched {
                    seat,
                    package: open.blob(),
                    receipt,
                    opening,
                }]
            }
            CaseCommand::RefuseFetch { seat, rule } => vec![CaseFact::FetchRefused {
                seat,
                rule: rule.chars().take(REFUSED_RULE_CHARS_MAX).collect(),
            }],
            CaseCommand::EndEarly(reason) => {
                self.still_running()?;
                vec![CaseFact::CaseEndedEarly { reason }]
            }
            CaseCommand::AskEnding {
                person,
                reason,
                why,
            } => self.ask_ending(person, reason, why)?,
            CaseCommand::ConfirmEnding { person, reason } => {
                self.confirm_ending(&person, reason, context)?
            }
            CaseCommand::WithdrawEnding { person } => {
                self.still_running()?;
                self.asked_ending().ok_or(CaseRefusal::NoEndingAsked)?;
                vec![CaseFact::EndingWithdrawn { person }]
            }
            CaseCommand::RecordExploitation { aware_at } => {
                self.record_exploitation(aware_at, context.now)?
            }
            CaseCommand::RecordReport(step) => {
                if self.exploited().is_none() {
                    return Err(CaseRefusal::NoClock);
                }
                match self.reported(step) {
                    Some(_) => Vec::new(),
                    None => vec![CaseFact::ReportMade { step }],
                }
            }
            CaseCommand::Sight { sighting, report } => {
                if self
                    .sightings()
                    .iter()
                    .any(|seen| seen.sighting == sighting)
                {
                    Vec::new()
                } else {
                    vec![CaseFact::LeakSighted { sighting, report }]
                }
            }
            CaseCommand::Trace {
                trace,
                verdict,
                report,
            } => vec![CaseFact::LeakTraced {
                trace,
                verdict,
                report,
            }],
            CaseCommand::Acknowledge { seat, tlp, release } => {
                self.acknowledge(seat, (tlp, release), context)?
            }
            CaseCommand::ReportProtection {
                seat,
                number,
                coverage,
                ships_at,
                details,
            } => {
                let what = (coverage, ships_at);
                self.report_protection(seat, number, what, details, context)?
            }
            CaseCommand::WriteMessage { partner, text } => {
                self.write_message(partner, text, context)?
            }
        };
        Ok(record(facts, context))
    }

    /// What each seat may have by policy, for seats without a package: whom to press for.
    pub fn entitlements(&self, program: &Program, policy: &Policy) -> Vec<Entitlement> {
        program
            .seats()
            .filter(|seat| self.pressed_for(seat.id()).is_none())
            .filter_map(|seat| ask(self.artifacts(), self.tlp(), program, policy, seat).entitlement)
            .collect()
    }

    /// The waves that are due now and open for somebody, or for the first time.
    ///
    /// Only seats that were pressed, and that the policy still gives everything in their package.
    pub fn due(&self, program: &Program, policy: &Policy, now: Timestamp) -> Vec<DueWave> {
        let Some(plan) = self.plan() else {
            return Vec::new();
        };
        let mut due = Vec::new();
        for wave in WaveName::ALL {
            let Some(opens_at) = plan.opens_at(wave).filter(|at| *at <= now) else {
                continue;
            };
            let seats: Vec<SeatId> = plan
                .seats
                .iter()
                .filter(|planned| planned.wave == wave && self.opened_for(&planned.seat).is_none())
                .filter(|planned| self.may_still(&planned.seat, program, policy, wave))
                .map(|planned| planned.seat.clone())
                .collect();
            if !seats.is_empty() || !self.waves().contains_key(&wave) {
                due.push(DueWave {
                    wave,
                    opens_at,
                    seats,
                });
            }
        }
        due
    }

    fn may_still(&self, seat: &SeatId, program: &Program, policy: &Policy, wave: WaveName) -> bool {
        let (Some(package), Some(known)) = (self.pressed_for(seat), program.seat(seat)) else {
            return false;
        };
        let answer = ask(self.artifacts(), self.tlp(), program, policy, known);
        answer.entitlement.is_some_and(|may| {
            may.wave <= wave
                && package
                    .artifacts
                    .iter()
                    .all(|held| may.artifacts.contains(held))
        })
    }

    fn still_running(&self) -> Result<(), CaseRefusal> {
        match self.stage() {
            stage @ (Stage::Released | Stage::EndedEarly) => Err(CaseRefusal::Over { stage }),
            Stage::Draft | Stage::Planned | Stage::Approved | Stage::Open => Ok(()),
        }
    }

    fn set_tlp(&self, tlp: Tlp) -> Result<Vec<CaseFact>, CaseRefusal> {
        if tlp < self.tlp() && self.is_pressed() {
            return Err(CaseRefusal::LabelDown {
                from: self.tlp(),
                to: tlp,
            });
        }
        Ok(if tlp == self.tlp() {
            Vec::new()
        } else {
            vec![CaseFact::TlpSet { tlp }]
        })
    }

    fn set_release(
        &self,
        release: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<CaseFact>, CaseRefusal> {
        self.still_running()?;
        if self.release() == Some(release) {
            return Ok(Vec::new());
        }
        to_come(release, now)?;
        Ok(vec![CaseFact::ReleaseSet { release }])
    }

    fn add_artifact(
        &self,
        kind: ArtifactKind,
        name: Sealed,
        master: BlobId,
        sites: u32,
    ) -> Result<Vec<CaseFact>, CaseRefusal> {
        self.still_running()?;
        if self.is_pressed() {
            return Err(CaseRefusal::Frozen);
        }
        if self.artifacts().len() >= ARTIFACTS_MAX {
            return Err(CaseRefusal::Full { max: ARTIFACTS_MAX });
        }
        let artifact = Artifact {
            artifact: self.next_artifact(),
            kind,
            name,
            master,
            sites,
        };
        Ok(vec![CaseFact::ArtifactAdded { artifact }])
    }

    fn plan_waves(
        &self,
        offsets: Offsets,
        context: &Context<'_>,
    ) -> Result<Vec<CaseFact>, CaseRefusal> {
        self.still_running()?;
        if self.artifacts().is_empty() {
            return Err(CaseRefusal::NoArtifacts);
        }
        let plan = WavePlan::draw_up(
            self.id(),
            self.tlp(),
            self.release(),
            self.artifacts(),
            offsets,
            context.program,
            context.policy,
        );
        let digest = plan.digest();
        Ok(if self.plan_digest() == Some(digest) {
            Vec::new()
        } else {
            vec![CaseFact::WavesPlanned { plan, digest }]
        })
    }

    fn approve(
        &self,
        person: PersonName,
        shown: Option<Digest>,
    ) -> Result<Vec<CaseFact>, CaseRefusal> {
        self.still_running()?;
        let plan = self.plan_digest().ok_or(CaseRefusal::NotPlanned)?;
        if shown.is_some_and(|shown| shown != plan) {
            return Err(CaseRefusal::PlanChanged);
        }
        if self.approvals().iter().any(|known| known.person == person) {
            return Err(CaseRefusal::ApprovedBefore { person });
        }
        Ok(vec![CaseFact::PlanApproved { person, plan }])
    }

    fn press(
        &self,
        code: Leaf,
        code_opening: Option<Sealed>,
        packages: Vec<PressedPackage>,
        context: &Context<'_>,
    ) -> Result<Vec<CaseFact>, CaseRefusal> {
        self.still_running()?;
        if self.artifacts().is_empty() {
            return Err(CaseRefusal::NoArtifacts);
        }
        if self.code().is_some_and(|known| *known != code) {
            return Err(CaseRefusal::OtherCode);
        }
        if packages.is_empty() {
            return Err(CaseRefusal::NothingToPress);
        }
        let mut slots = BTreeSet::new();
        let mut blobs = BTreeSet::new();
        // The code's own entry cannot be a package's.
        let mut leaves = BTreeSet::from([code]);
        let mut own = |package: &PressedPackage| {
            let new_slot = slots.insert(package.slot);
            let new_blob = blobs.insert(package.blob);
            let new_leaf = leaves.insert(package.leaf);
            new_slot && new_blob && new_leaf
        };
        for package in self.packages() {
            own(package);
        }
        let mut seats = BTreeSet::new();
        for package in &packages {
            let fault = match self.check_package(package, context) {
                Err(why) => Some(why),
                Ok(()) if !seats.insert(&package.seat) => Some(PackageFault::Second),
                Ok(()) if !own(package) => Some(PackageFault::Shared),
                Ok(()) => None,
            };
            if let Some(why) = fault {
                let seat = package.seat.clone();
                return Err(CaseRefusal::Package { seat, why });
            }
        }
        Ok(vec![CaseFact::CopiesPressed {
            code,
            code_opening,
            packages,
        }])
    }

    fn check_package(
        &self,
        package: &PressedPackage,
        context: &Context<'_>,
    ) -> Result<(), PackageFault> {
        let seat = context
            .program
            .seat(&package.seat)
            .filter(|seat| *seat.partner() == package.partner)
            .ok_or(PackageFault::UnknownSeat)?;
        if self.pressed_for(&package.seat).is_some() {
            return Err(PackageFault::Second);
        }
        let held: BTreeSet<&ArtifactId> = package.artifacts.iter().collect();
        let known = |id: &&ArtifactId| self.artifacts().iter().any(|a| a.artifact == **id);
        if held.is_empty() || held.len() != package.artifacts.len() || !held.iter().all(known) {
            return Err(PackageFault::Artifacts);
        }
        let answer = ask(
            self.artifacts(),
            self.tlp(),
            context.program,
            context.policy,
            seat,
        );
        for artifact in self.artifacts() {
            if held.contains(&artifact.artifact)
                && let Some(refusal) = answer.refused.get(&artifact.kind)
            {
                return Err(PackageFault::Policy(refusal.clone()));
            }
        }
        let may = answer.entitlement.ok_or(PackageFault::UnknownSeat)?;
        if package.wave != may.wave {
            return Err(PackageFault::Wave { wave: may.wave });
        }
        Ok(())
    }

    /// Every package of the waves must be in the log under the program's quorum.
    fn watched(&self, due: &[DueWave], context: &Context<'_>) -> Result<(), CaseRefusal> {
        let watch = context.program.watch();
        if watch.needed() == 0 {
            return Ok(());
        }
        for seat in due.iter().flat_map(|due| &due.seats) {
            let is_covered = self.package(seat).is_some_and(|package| {
                let same = context
                    .logged
                    .iter()
                    .filter(|known| *known.value() == package);
                same.into_iter().any(|known| watch.covers(known))
            });
            if !is_covered {
                return Err(CaseRefusal::NotCosigned {
                    seat: seat.clone(),
                    needed: watch.needed(),
                });
            }
        }
        Ok(())
    }

    fn open_waves(&self, context: &Context<'_>) -> Result<Vec<CaseFact>, CaseRefusal> {
        if self.stage() == Stage::EndedEarly {
            return Err(CaseRefusal::Over {
                stage: self.stage(),
            });
        }
        if self.release().is_none() {
            return Err(CaseRefusal::Denied(Denial::NoRelease));
        }
        let plan = self.plan_digest().ok_or(CaseRefusal::NotPlanned)?;
        let due = self.due(context.program, context.policy, context.now);
        if due.is_empty() {
            return Ok(Vec::new());
        }
        if !self.is_approved() {
            return Err(CaseRefusal::NotApproved {
                have: self.approvals().len(),
            });
        }
        if !self.is_pressed() {
            return Err(CaseRefusal::NotPressed);
        }
        self.watched(&due, context)?;
        let released = due.iter().any(|due| due.wave == WaveName::Release);
        let mut facts: Vec<CaseFact> = due
            .into_iter()
            .map(|due| CaseFact::WaveOpened {
                wave: due.wave,
                opens_at: due.opens_at,
                plan,
                seats: due.seats,
            })
            .collect();
        if released && self.released_at().is_none() {
            facts.push(CaseFact::CaseReleased {});
        }
        Ok(facts)
    }
}

fn to_come(release: Timestamp, now: Timestamp) -> Result<(), CaseRefusal> {
    if release > now {
        Ok(())
    } else {
        Err(CaseRefusal::ReleasePassed { release })
    }
}

fn record(facts: Vec<CaseFact>, context: &Context<'_>) -> Vec<CaseEvent> {
    let record = |fact| Recorded {
        at: context.now,
        by: context.by.clone(),
        fact,
    };
    facts.into_iter().map(record).collect()
}
