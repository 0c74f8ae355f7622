//! Why a case refuses.

use super::DealingRefusal;
use crate::case::Stage;
use crate::describe::describe_utc;
use crate::explain::{Class, Explain};
use crate::ids::{ArtifactId, PersonName, SeatId};
use crate::open::Denial;
use crate::policy::PolicyRefusal;
use crate::tlp::Tlp;
use crate::wave::WaveName;
use jiff::Timestamp;
use thiserror::Error;

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
    /// No such artifact.
    #[error("the case has no artifact `{artifact}`")]
    UnknownArtifact {
        /// As it was given.
        artifact: ArtifactId,
    },
    /// Somebody asked to end the case already.
    #[error("`{person}` asked to end the case already")]
    EndingAsked {
        /// Who.
        person: PersonName,
    },
    /// Nobody asked to end the case.
    #[error("nobody has asked to end the case")]
    NoEndingAsked,
    /// What was asked for is not what the person saw, or whoever asked has left the program.
    #[error("what was asked for has changed since it was shown")]
    EndingChanged,
    /// One person alone cannot end a case.
    #[error("`{person}` asked for it, and another person must confirm it")]
    EndingOfOne {
        /// As it was given.
        person: PersonName,
    },
    /// Nobody can become aware of something in the future.
    #[error("{} is still to come", describe_utc(*aware_at))]
    AwareLater {
        /// As it was given.
        aware_at: Timestamp,
    },
    /// No legal clock runs.
    #[error("nobody has recorded that the vulnerability is exploited")]
    NoClock,
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
    /// Too few witnesses have cosigned a checkpoint that covers a package of the wave.
    #[error(
        "the package of the seat `{seat}` is not under a checkpoint that {needed} witnesses have cosigned"
    )]
    NotCosigned {
        /// Whose package.
        seat: SeatId,
        /// The program's quorum.
        needed: u32,
    },
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
    /// Something between a partner and the program.
    #[error("{0}")]
    Dealing(DealingRefusal),
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
            Self::UnknownArtifact { .. } => "unknown-artifact",
            Self::EndingAsked { .. } => "ending-asked",
            Self::NoEndingAsked => "no-ending-asked",
            Self::EndingChanged => "ending-changed",
            Self::EndingOfOne { .. } => "two-people",
            Self::AwareLater { .. } => "aware-later",
            Self::NoClock => "no-clock",
            Self::NoArtifacts => "no-artifacts",
            Self::NotPlanned => "not-planned",
            Self::PlanChanged => "plan-changed",
            Self::ApprovedBefore { .. } => "approved-before",
            Self::NotApproved { .. } => "not-approved",
            Self::NotPressed => "not-pressed",
            Self::NotCosigned { .. } => "not-cosigned",
            Self::OtherCode => "other-code",
            Self::Package { why, .. } => match why {
                PackageFault::Policy(refusal) => &refusal.rule,
                _ => "package-fault",
            },
            Self::NothingToPress => "nothing-to-press",
            Self::Denied(denial) => denial.code(),
            Self::Dealing(refusal) => refusal.code(),
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
            Self::UnknownArtifact { .. } => "Look at the case's artifacts.",
            Self::EndingAsked { .. } => "Confirm it, or take it back first.",
            Self::NoEndingAsked => "Somebody asks first; another person confirms.",
            Self::EndingChanged => "Look at it once more.",
            Self::EndingOfOne { .. } => "A second, different person has to confirm.",
            Self::AwareLater { .. } => "Give the time at which the program became aware.",
            Self::NoClock => "Record it with the time at which the program became aware.",
            Self::NoArtifacts => "Add them with `headstart artifact add CASE FILE`.",
            Self::NotPlanned => "Plan them with `headstart wave plan CASE`.",
            Self::PlanChanged => "Look at the plan once more, then approve it.",
            Self::ApprovedBefore { .. } => "A second, different person has to approve.",
            Self::NotApproved { .. } => {
                "Two different people approve with `headstart wave approve CASE --as PERSON`."
            }
            Self::NotPressed => "Press with `headstart press CASE`.",
            Self::NotCosigned { .. } => {
                "`headstart log cosign` asks the witnesses, and says which do not answer."
            }
            Self::OtherCode => "Press again with the code of the first time.",
            Self::Package { why, .. } => match why {
                PackageFault::Policy(refusal) => &refusal.hint,
                _ => "Press again.",
            },
            Self::NothingToPress => {
                "Active partners need seats, and the policy must give them something."
            }
            Self::Denied(denial) => return denial.hint(),
            Self::Dealing(refusal) => return refusal.hint(),
        }
        .to_owned()
    }

    fn class(&self) -> Class {
        match self {
            Self::ReleasePassed { .. }
            | Self::Full { .. }
            | Self::UnknownArtifact { .. }
            | Self::AwareLater { .. }
            | Self::NoArtifacts => Class::Usage,
            Self::Denied(denial) => denial.class(),
            Self::Dealing(refusal) => refusal.class(),
            _ => Class::NotAllowed,
        }
    }
}
