//! Whether a seat may have its package now: the check in front of every delivery.

use crate::artifact::ArtifactKind;
use crate::case::Case;
use crate::describe::describe_utc;
use crate::explain::{Class, Explain};
use crate::ids::{BlobId, CaseId, SeatId};
use crate::plan::ask;
use crate::policy::{Policy, PolicyRefusal, Question};
use crate::program::Program;
use crate::tlp::Tlp;
use crate::watch::Watch;
use crate::wave::WaveName;
use jiff::Timestamp;
use thiserror::Error;

/// That a seat may have its package of a case, at one moment. Only [`open`] makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    case: CaseId,
    seat: SeatId,
    blob: BlobId,
    at: Timestamp,
    watch: Watch,
}

impl Open {
    /// The case.
    pub fn case(&self) -> &CaseId {
        &self.case
    }

    /// The seat.
    pub fn seat(&self) -> &SeatId {
        &self.seat
    }

    /// The package's bytes, by their SHA-256.
    pub fn blob(&self) -> BlobId {
        self.blob
    }

    /// When it was checked.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Who must have cosigned before it is delivered.
    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }
}

/// Why a seat may not have its package.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Denial {
    /// The program has no such seat.
    #[error("there is no seat `{seat}`")]
    UnknownSeat {
        /// As it was given.
        seat: SeatId,
    },
    /// A rule of the policy.
    #[error("{0}")]
    Policy(PolicyRefusal),
    /// The case has no release time, so nothing of it opens.
    #[error("the case has no release time, so nothing of it opens")]
    NoRelease,
    /// There is no plan that is still true.
    #[error("the waves of the case are not planned, or the plan is out of date")]
    NotPlanned,
    /// The seat is in no approved plan.
    #[error("the seat `{seat}` is not in the plan of the case")]
    SeatNotPlanned {
        /// As it was given.
        seat: SeatId,
    },
    /// No package was pressed for the seat.
    #[error("no package was pressed for the seat `{seat}`")]
    NotPressed {
        /// As it was given.
        seat: SeatId,
    },
    /// The wave is not due.
    #[error("the wave `{wave}` opens at {}", describe_utc(*opens_at))]
    BeforeWave {
        /// The wave.
        wave: WaveName,
        /// When it is due.
        opens_at: Timestamp,
    },
    /// Two people have not approved.
    #[error("the plan has {have} of 2 approvals")]
    NotApproved {
        /// How many it has.
        have: usize,
    },
    /// The wave is due and was not opened.
    #[error("the wave `{wave}` has not been opened")]
    NotOpened {
        /// The wave.
        wave: WaveName,
    },
    /// The package holds something that the approved plan does not give to the seat.
    #[error("the package holds more than the approved plan gives to the seat `{seat}`")]
    MoreThanPlanned {
        /// As it was given.
        seat: SeatId,
    },
    /// The case ended before the wave opened.
    #[error("the case ended before the wave `{wave}` opened")]
    Ended {
        /// The wave.
        wave: WaveName,
    },
}

impl Explain for Denial {
    fn code(&self) -> &str {
        match self {
            Self::UnknownSeat { .. } => "unknown-seat",
            Self::Policy(refusal) => &refusal.rule,
            Self::NoRelease => "no-release",
            Self::NotPlanned => "not-planned",
            Self::SeatNotPlanned { .. } => "seat-not-planned",
            Self::NotPressed { .. } => "not-pressed",
            Self::BeforeWave { .. } => "before-wave",
            Self::NotApproved { .. } => "not-approved",
            Self::NotOpened { .. } => "not-opened",
            Self::MoreThanPlanned { .. } => "more-than-planned",
            Self::Ended { .. } => "ended-early",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::UnknownSeat { .. } => "Check the id against the partner's seats.",
            Self::Policy(refusal) => &refusal.hint,
            Self::NoRelease => "Set it with `headstart case set CASE --release TIME`.",
            Self::NotPlanned => "Plan them with `headstart wave plan CASE`, and approve the plan.",
            Self::SeatNotPlanned { .. } => {
                "Plan the waves again, and approve the plan, to take the seat in."
            }
            Self::NotPressed { .. } => "Press with `headstart press CASE`.",
            Self::BeforeWave { .. } => "Nothing opens before its wave.",
            Self::NotApproved { .. } => {
                "Two different people approve with `headstart wave approve CASE --as PERSON`."
            }
            Self::NotOpened { .. } => "Open what is due with `headstart wave open CASE`.",
            Self::MoreThanPlanned { .. } => "Plan the waves again, and approve the plan.",
            Self::Ended { .. } => "What had not opened by then stays closed.",
        }
        .to_owned()
    }

    fn class(&self) -> Class {
        match self {
            Self::UnknownSeat { .. } => Class::Usage,
            _ => Class::NotAllowed,
        }
    }
}

/// What a partner is told of a denial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerView {
    /// Stable code.
    pub code: String,
    /// One line.
    pub text: String,
}

impl Denial {
    /// What the asking seat may be told.
    ///
    /// Its own standing with the program, which is the same for every case, and otherwise only that
    /// there is nothing for it, in the same words as for a case that does not exist.
    pub fn for_partner(&self) -> PartnerView {
        match self {
            Self::Policy(refusal)
                if matches!(
                    refusal.rule.as_str(),
                    "status" | "seat-retired" | "agreement"
                ) =>
            {
                PartnerView {
                    code: refusal.rule.clone(),
                    text: refusal.reason.clone(),
                }
            }
            _ => Self::nothing_here(),
        }
    }

    /// What a seat is told of a case that does not exist, or is not for it.
    pub fn nothing_here() -> PartnerView {
        PartnerView {
            code: "nothing-here".to_owned(),
            text: "there is nothing here for this seat".to_owned(),
        }
    }
}

/// Whether anything at all may be open to a seat: its partner's status, its own, and the agreement.
///
/// # Errors
/// What the seat may be told of its standing ([`Denial::for_partner`]).
pub fn standing(program: &Program, policy: &Policy, seat: &SeatId) -> Result<(), PartnerView> {
    let seat = program.seat(seat).ok_or_else(Denial::nothing_here)?;
    let partner = program
        .partner(seat.partner())
        .ok_or_else(Denial::nothing_here)?;
    // The mildest question: what refuses it for a reason that the seat may know, refuses everything.
    let question = Question {
        kind: ArtifactKind::Writeup,
        partner,
        seat,
        tlp: Tlp::Clear,
        agreement: program.current_agreement(),
    };
    let Err(refusal) = policy.evaluate(&question) else {
        return Ok(());
    };
    let view = Denial::Policy(refusal).for_partner();
    match view == Denial::nothing_here() {
        true => Ok(()),
        false => Err(view),
    }
}

/// Whether a seat may know that a case exists: its package is open now, or was fetched.
pub fn is_known(
    case: &Case,
    program: &Program,
    policy: &Policy,
    seat: &SeatId,
    now: Timestamp,
) -> bool {
    case.receipts().of(seat).is_some() || open(case, program, policy, seat, now).is_ok()
}

/// Decides whether a seat may have its package of a case now.
///
/// All of this must hold: the seat exists; the policy, asked *now*, gives the seat everything that
/// its package holds; the package was pressed; its wave was opened under a plan that two different
/// people approved and that named this seat and these kinds; and `now` is not before that wave.
///
/// # Errors
/// The first [`Denial`], in the order above.
pub fn open(
    case: &Case,
    program: &Program,
    policy: &Policy,
    seat: &SeatId,
    now: Timestamp,
) -> Result<Open, Denial> {
    let known = program
        .seat(seat)
        .ok_or_else(|| Denial::UnknownSeat { seat: seat.clone() })?;
    let answer = ask(case.artifacts(), case.tlp(), program, policy, known);
    let Some(may) = answer.entitlement else {
        let refusal = answer.refused.into_values().next();
        return Err(refusal.map_or(Denial::NotPlanned, Denial::Policy));
    };
    let pressed = case.pressed_for(seat);
    if let Some(package) = pressed {
        for artifact in case.artifacts() {
            if package.artifacts.contains(&artifact.artifact)
                && let Some(refusal) = answer.refused.get(&artifact.kind)
            {
                return Err(Denial::Policy(refusal.clone()));
            }
        }
    }
    let Some(opened) = case.opened_for(seat) else {
        return Err(why_not_opened(case, seat, now));
    };
    let package = pressed.ok_or_else(|| Denial::NotPressed { seat: seat.clone() })?;
    if now < opened.opens_at {
        return Err(Denial::BeforeWave {
            wave: opened.wave,
            opens_at: opened.opens_at,
        });
    }
    let planned = case.artifacts().iter().all(|artifact| {
        !package.artifacts.contains(&artifact.artifact) || opened.kinds.contains(&artifact.kind)
    });
    if !planned {
        return Err(Denial::MoreThanPlanned { seat: seat.clone() });
    }
    // INVARIANT: a partner that a rule moved to the release since its wave opened waits for it.
    if may.wave == WaveName::Release {
        let release = case.release().ok_or(Denial::NoRelease)?;
        if now < release {
            return Err(Denial::BeforeWave {
                wave: WaveName::Release,
                opens_at: release,
            });
        }
    }
    Ok(Open {
        case: case.id().clone(),
        seat: seat.clone(),
        blob: package.blob,
        at: now,
        watch: program.watch().clone(),
    })
}

/// The most useful reason why a seat's wave was not opened.
fn why_not_opened(case: &Case, seat: &SeatId, now: Timestamp) -> Denial {
    if case.release().is_none() {
        return Denial::NoRelease;
    }
    let Some(plan) = case.plan() else {
        return Denial::NotPlanned;
    };
    let Some(planned) = plan.seat(seat) else {
        return Denial::SeatNotPlanned { seat: seat.clone() };
    };
    let wave = planned.wave;
    if case.ended().is_some() {
        return Denial::Ended { wave };
    }
    match planned.opens_at {
        None => Denial::NoRelease,
        Some(opens_at) if now < opens_at => Denial::BeforeWave { wave, opens_at },
        Some(_) if !case.is_approved() => Denial::NotApproved {
            have: case.approvals().len(),
        },
        Some(_) if case.pressed_for(seat).is_none() => Denial::NotPressed { seat: seat.clone() },
        Some(_) => Denial::NotOpened { wave },
    }
}
