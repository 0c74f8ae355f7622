//! The plan of a case's waves: who gets what, when. It is what people approve.

use crate::artifact::{Artifact, ArtifactKind};
use crate::ids::{ArtifactId, BlobId, CaseId, PartnerId, SeatId};
use crate::policy::{Policy, PolicyRefusal, Question};
use crate::program::Program;
use crate::sealed::Digest;
use crate::seat::Seat;
use crate::tlp::Tlp;
use crate::wave::{Offsets, WaveName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Who gets what, when. Its digest covers all of it, and approvals are of that digest: whatever
/// changes here needs approving again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WavePlan {
    /// The case.
    pub case: CaseId,
    /// The case's label.
    pub tlp: Tlp,
    /// The release; without one nothing opens.
    pub release: Option<Timestamp>,
    /// How long before the release each tier is told.
    pub offsets: Offsets,
    /// Digest of the policy that the plan was made by.
    pub policy: Digest,
    /// What is given.
    pub artifacts: Vec<PlannedArtifact>,
    /// Seats that get something, by id.
    pub seats: Vec<PlannedSeat>,
    /// What seats do not get, and by which rule.
    pub exceptions: Vec<Exception>,
}

/// An artifact of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedArtifact {
    /// Its id.
    pub artifact: ArtifactId,
    /// What it is.
    pub kind: ArtifactKind,
    /// The sealed master, so that approvals are of these very bytes.
    pub master: BlobId,
}

/// A seat of a plan, and what it gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSeat {
    /// The seat.
    pub seat: SeatId,
    /// Its partner.
    pub partner: PartnerId,
    /// The wave that its package comes with.
    pub wave: WaveName,
    /// When that opens; none while there is no release.
    pub opens_at: Option<Timestamp>,
    /// The kinds that it gets, of those that the case has.
    pub kinds: BTreeSet<ArtifactKind>,
}

/// Something that a seat does not get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The seat.
    pub seat: SeatId,
    /// Its partner.
    pub partner: PartnerId,
    /// What it does not get.
    pub kind: ArtifactKind,
    /// The rule that says so.
    pub rule: String,
    /// Why.
    pub reason: String,
}

/// One row of the table that people read before they approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRow {
    /// The wave.
    pub wave: WaveName,
    /// When it opens; none while there is no release.
    pub opens_at: Option<Timestamp>,
    /// The kinds that its seats get.
    pub kinds: BTreeSet<ArtifactKind>,
    /// Whose seats.
    pub partners: BTreeSet<PartnerId>,
    /// The seats.
    pub seats: Vec<SeatId>,
}

/// What one seat may have of a case, by policy alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// The seat.
    pub seat: SeatId,
    /// Its partner.
    pub partner: PartnerId,
    /// The latest wave that any of its artifacts needs: a seat has one package, and it never
    /// opens before everything in it may.
    pub wave: WaveName,
    /// The artifacts that it may have, in the case's order.
    pub artifacts: Vec<ArtifactId>,
}

/// What policy says of one seat: the entitlement, if any, and the refusals.
pub(crate) struct Answer {
    pub(crate) entitlement: Option<Entitlement>,
    pub(crate) refused: BTreeMap<ArtifactKind, PolicyRefusal>,
}

/// Asks the policy about one seat and all of a case's artifacts.
pub(crate) fn ask(
    artifacts: &[Artifact],
    tlp: Tlp,
    program: &Program,
    policy: &Policy,
    seat: &Seat,
) -> Answer {
    let mut answer = Answer {
        entitlement: None,
        refused: BTreeMap::new(),
    };
    let Some(partner) = program.partner(seat.partner()) else {
        return answer;
    };
    for artifact in artifacts {
        let question = Question {
            kind: artifact.kind,
            partner,
            seat,
            tlp,
            agreement: program.current_agreement(),
        };
        match policy.evaluate(&question) {
            Ok(grant) => {
                let entitlement = answer.entitlement.get_or_insert_with(|| Entitlement {
                    seat: seat.id().clone(),
                    partner: partner.id().clone(),
                    wave: grant.wave(),
                    artifacts: Vec::new(),
                });
                // The tier's wave or the release: of the two, the release is the later one.
                entitlement.wave = entitlement.wave.max(grant.wave());
                entitlement.artifacts.push(artifact.artifact.clone());
            }
            Err(refusal) => {
                answer.refused.insert(artifact.kind, refusal);
            }
        }
    }
    answer
}

impl WavePlan {
    /// Draws up a plan from what is true now.
    #[allow(
        clippy::too_many_arguments,
        reason = "the whole of what a plan depends on"
    )]
    pub(crate) fn draw_up(
        case: &CaseId,
        tlp: Tlp,
        release: Option<Timestamp>,
        artifacts: &[Artifact],
        offsets: Offsets,
        program: &Program,
        policy: &Policy,
    ) -> Self {
        let mut seats = Vec::new();
        let mut exceptions = Vec::new();
        for seat in program.seats().filter(|seat| seat.retired_at().is_none()) {
            let answer = ask(artifacts, tlp, program, policy, seat);
            if let Some(given) = answer.entitlement {
                let kinds = artifacts
                    .iter()
                    .filter(|artifact| given.artifacts.contains(&artifact.artifact))
                    .map(|artifact| artifact.kind)
                    .collect();
                seats.push(PlannedSeat {
                    seat: given.seat,
                    partner: given.partner,
                    wave: given.wave,
                    opens_at: release.and_then(|release| offsets.opens_at(given.wave, release)),
                    kinds,
                });
            }
            for (kind, refusal) in answer.refused {
                exceptions.push(Exception {
                    seat: seat.id().clone(),
                    partner: seat.partner().clone(),
                    kind,
                    rule: refusal.rule,
                    reason: refusal.reason,
                });
            }
        }
        let artifacts = artifacts
            .iter()
            .map(|artifact| PlannedArtifact {
                artifact: artifact.artifact.clone(),
                kind: artifact.kind,
                master: artifact.master,
            })
            .collect();
        Self {
            case: case.clone(),
            tlp,
            release,
            offsets,
            policy: policy.digest(),
            artifacts,
            seats,
            exceptions,
        }
    }

    /// What approvals are of: SHA-256 of `headstart plan v1`, a zero byte, and the plan's JSON.
    pub fn digest(&self) -> Digest {
        let mut bytes = b"headstart plan v1\0".to_vec();
        let json = serde_json::to_vec(self).expect("a plan is plain data, which JSON can hold");
        bytes.extend(json);
        Digest::of(&bytes)
    }

    /// When a wave opens; none while there is no release.
    pub fn opens_at(&self, wave: WaveName) -> Option<Timestamp> {
        self.offsets.opens_at(wave, self.release?)
    }

    /// One seat of the plan.
    pub fn seat(&self, seat: &SeatId) -> Option<&PlannedSeat> {
        self.seats.iter().find(|planned| planned.seat == *seat)
    }

    /// The table: one row for each wave and set of kinds, in the order that they open in. Every
    /// wave has a row, also one that nobody is in.
    pub fn rows(&self) -> Vec<PlanRow> {
        let mut rows: BTreeMap<(WaveName, BTreeSet<ArtifactKind>), PlanRow> = BTreeMap::new();
        let row = |wave, kinds: BTreeSet<ArtifactKind>| PlanRow {
            wave,
            opens_at: self.opens_at(wave),
            kinds,
            partners: BTreeSet::new(),
            seats: Vec::new(),
        };
        for planned in &self.seats {
            let key = (planned.wave, planned.kinds.clone());
            let entry = rows
                .entry(key)
                .or_insert_with(|| row(planned.wave, planned.kinds.clone()));
            entry.partners.insert(planned.partner.clone());
            entry.seats.push(planned.seat.clone());
        }
        for wave in WaveName::ALL {
            if !rows.keys().any(|(of, _)| *of == wave) {
                rows.insert((wave, BTreeSet::new()), row(wave, BTreeSet::new()));
            }
        }
        let mut table: Vec<PlanRow> = rows.into_values().collect();
        // Stable: without a release, in the waves' own order.
        table.sort_by_key(|row| (row.opens_at, row.wave));
        table
    }
}
