//! What may be done with a case: command + state + now → events, or a refusal.

use crate::artifact::{Artifact, ArtifactKind};
use crate::case::{Case, CaseEvent, CaseFact, EndReason, Stage, VerdictWord};
use crate::commitment::Leaf;
use crate::describe::describe_utc;
use crate::event::Recorded;
use crate::explain::{Class, Explain};
use crate::ids::{ArtifactId, BlobId, CaseId, PersonName, SeatId, TraceId};
use crate::open::{Denial, open};
use crate::package::PressedPackage;
use crate::person::Actor;
use crate::plan::{Entitlement, WavePlan, ask};
use crate::policy::{Policy, PolicyRefusal};
use crate::program::Program;
use crate::sealed::{Digest, Sealed};
use crate::tlp::Tlp;
use crate::wave::{Offsets, WaveName};
use jiff::Timestamp;
use std::collections::BTreeSet;
use thiserror::Error;

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

/// What can be asked of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseCommand {
    /// Write anew what it is about.
    SetDetails(Sealed),
    /// Change its label.
    SetTlp(Tlp),
    /// Set or move its release.
    SetRelease(Timestamp),
    /// Add an artifact; its id is [`Case::next_artifact`].
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
        /// [`Explain::code`] of the denial.
        rule: String,
    },
    /// End the case before its release.
    EndEarly(EndReason),
    /// Record a trace.
    Trace {
        /// The trace.
        trace: TraceId,
        /// What it answered.
        verdict: VerdictWord,
        /// The sealed report.
        report: BlobId,
    },
}

/// Why a case's command was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CaseRefusal {
    /// The release is not in the future.
    #[error("the release {} has passed", describe_utc(*release))]
    ReleasePassed {
        /// As it was given.
        release: Timestamp,
    },
    /// The case is over.
    #[error("the case is {stage}")]
    Over {
        /// Released, or ended early.
        stage: Stage,
    },
    /// The label would go down after copies were pressed with it.
    #[error("the label cannot go down from {from} to {to}: copies were pressed with it")]
    LabelDown {
        /// The label.
        from: Tlp,
        /// As it was given.
        to: Tlp,
    },
    /// Copies were pressed.
    #[error("the artifacts are frozen: copies of them were pressed")]
    Frozen,
    /// A named limit is reached.
    #[error("a case can have at most {max} artifacts")]
    Full {
        /// The limit.
        max: usize,
    },
    /// There is nothing to give.
    #[error("the case has no artifacts")]
    NoArtifacts,
    /// There is no plan that is still true.
    #[error("the waves of the case are not planned, or the plan is out of date")]
    NotPlanned,
    /// Another plan than the current one was approved.
    #[error("the plan has changed since it was shown")]
    PlanChanged,
    /// The person approved before.
    #[error("`{person}` approved this plan already")]
    ApprovedBefore {
        /// As it was given.
        person: PersonName,
    },
    /// Too few people approved.
    #[error("a wave is due, and the plan has {have} of 2 approvals")]
    NotApproved {
        /// How many did.
        have: usize,
    },
    /// Nothing was pressed.
    #[error("a wave is due, and no copies were pressed")]
    NotPressed,
    /// The code of a case never changes.
    #[error("the case was pressed with another code")]
    OtherCode,
    /// A package that cannot be recorded.
    #[error("the package for the seat `{seat}` {why}")]
    Package {
        /// Its seat.
        seat: SeatId,
        /// What is wrong with it.
        why: PackageFault,
    },
    /// No packages at all.
    #[error("nobody may have anything of this case")]
    NothingToPress,
    /// The seat may not have its package.
    #[error("{0}")]
    Denied(Denial),
}

/// What is wrong with a package.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PackageFault {
    /// The seat does not exist, or belongs to another partner.
    #[error("is for a seat that its partner does not have")]
    UnknownSeat,
    /// The seat has one already.
    #[error("is its second one")]
    Second,
    /// Another package has the slot, the bytes or the entry.
    #[error("has a slot, bytes or an entry that another one has")]
    Shared,
    /// The policy does not give this to the seat.
    #[error("holds what it may not have: {0}")]
    Policy(PolicyRefusal),
    /// It holds nothing, something twice, or something that the case does not have.
    #[error("does not hold artifacts of the case, each once")]
    Artifacts,
    /// It names another wave than the policy does.
    #[error("names another wave than `{wave}`")]
    Wave {
        /// The wave that the policy names.
        wave: WaveName,
    },
}

impl Explain for CaseRefusal {
    fn code(&self) -> &str {
        match self {
            Self::ReleasePassed { .. } => "release-passed",
            Self::Over { .. } => "case-over",
            Self::LabelDown { .. } => "label-down",
            Self::Frozen => "artifacts-frozen",
            Self::Full { .. } => "limit-reached",
            Self::NoArtifacts => "no-artifacts",
            Self::NotPlanned => "not-planned",
            Self::PlanChanged => "plan-changed",
            Self::ApprovedBefore { .. } => "approved-before",
            Self::NotApproved { .. } => "not-approved",
            Self::NotPressed => "not-pressed",
            Self::OtherCode => "other-code",
            Self::Package { why, .. } => match why {
                PackageFault::Policy(refusal) => &refusal.rule,
                _ => "package-fault",
            },
            Self::NothingToPress => "nothing-to-press",
            Self::Denied(denial) => denial.code(),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::ReleasePassed { .. } => "Give a time that is still to come, with its zone.",
            Self::Over { .. } => "What was decided stays on record; begin a new case.",
            Self::LabelDown { .. } => "Labels only go up from here.",
            Self::Frozen => {
                "Begin a new case for further artifacts: a copy once given cannot be changed."
            }
            Self::Full { .. } => "This is a limit of the software.",
            Self::NoArtifacts => "Add them with `headstart artifact add CASE FILE`.",
            Self::NotPlanned => "Plan them with `headstart wave plan CASE`.",
            Self::PlanChanged => "Look at the plan once more, then approve it.",
            Self::ApprovedBefore { .. } => "A second, different person has to approve.",
            Self::NotApproved { .. } => {
                "Two different people approve with `headstart wave approve CASE --as PERSON`."
            }
            Self::NotPressed => "Press with `headstart press CASE`.",
            Self::OtherCode => "Press again with the code of the first time.",
            Self::Package { why, .. } => match why {
                PackageFault::Policy(refusal) => &refusal.hint,
                _ => "Press again.",
            },
            Self::NothingToPress => {
                "Active partners need seats, and the policy must give them something."
            }
            Self::Denied(denial) => return denial.hint(),
        }
        .to_owned()
    }

    fn class(&self) -> Class {
        match self {
            Self::ReleasePassed { .. } | Self::Full { .. } | Self::NoArtifacts => Class::Usage,
            Self::Denied(denial) => denial.class(),
            _ => Class::NotAllowed,
        }
    }
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
            CaseCommand::Trace {
                trace,
                verdict,
                report,
            } => vec![CaseFact::LeakTraced {
                trace,
                verdict,
                report,
            }],
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
