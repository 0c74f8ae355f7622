//! What may go to whom, as data in one place.

use crate::artifact::ArtifactKind;
use crate::ids::AgreementVersion;
use crate::partner::{Partner, Status, Tier};
use crate::sealed::Digest;
use crate::seat::Seat;
use crate::tlp::Tlp;
use crate::wave::{Offsets, WaveName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One condition of a rule. A rule matches when all of its conditions hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// The partner's status is not one of these.
    StatusNotIn(BTreeSet<Status>),
    /// The seat is retired.
    SeatRetired,
    /// The partner has not accepted the current version of the agreement.
    AgreementNotCurrent,
    /// A law makes the partner report vulnerabilities to a state.
    ReportsToState,
    /// The artifact's kind is one of these.
    KindIn(BTreeSet<ArtifactKind>),
    /// The partner's tier is not one of these.
    TierNotIn(BTreeSet<Tier>),
    /// The case's label is at least this closed.
    TlpAtLeast(Tlp),
}

/// What a matching rule does. Of several matching rules the most closed one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Given with the wave of the partner's tier.
    AtWave,
    /// Given at the release, not before.
    AtRelease,
    /// Never given.
    Deny,
}

/// One row of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Stable name, which refusals carry.
    pub id: String,
    /// When all of these hold, the rule matches.
    pub when: Vec<Condition>,
    /// What it does.
    pub effect: Effect,
    /// The reason, for whoever is refused: lowercase, no full stop, about the asker alone.
    pub reason: String,
    /// What can be done about it.
    pub hint: String,
}

/// The rules, in order. Where nothing matches, nothing is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Policy {
    /// Among denials, the first one is named.
    pub rules: Vec<Rule>,
}

/// The question that a policy answers: may this kind of artifact of a case go to this seat?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The artifact's kind.
    pub kind: ArtifactKind,
    /// The partner, as it stands now.
    pub partner: &'a Partner,
    /// The seat, as it stands now.
    pub seat: &'a Seat,
    /// The case's label.
    pub tlp: Tlp,
    /// The agreement's current version; none published means that none can have been accepted.
    pub agreement: Option<&'a AgreementVersion>,
}

/// A refusal by policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct PolicyRefusal {
    /// The rule that refused.
    pub rule: String,
    /// Why, for the asker.
    pub reason: String,
    /// What can be done about it.
    pub hint: String,
}

/// Permission by policy: which wave brings it. When that wave is due is the schedule's matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    wave: WaveName,
    rule: String,
}

impl Grant {
    /// The wave that brings it: the tier's own, or the release.
    pub fn wave(&self) -> WaveName {
        self.wave
    }

    /// The rule that decided.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// When it opens; none while the case has no release time, or when it would leave the
    /// calendar.
    pub fn opens_at(&self, release: Option<Timestamp>, offsets: &Offsets) -> Option<Timestamp> {
        offsets.opens_at(self.wave, release?)
    }
}

impl Policy {
    /// Answers a question.
    ///
    /// # Errors
    /// [`PolicyRefusal`] names the first denying rule, or `no-rule` when none matched.
    pub fn evaluate(&self, question: &Question<'_>) -> Result<Grant, PolicyRefusal> {
        let matching = || self.rules.iter().filter(|rule| matches(rule, question));
        if let Some(rule) = matching().find(|rule| rule.effect == Effect::Deny) {
            return Err(PolicyRefusal {
                rule: rule.id.clone(),
                reason: rule.reason.clone(),
                hint: rule.hint.clone(),
            });
        }
        let later = matching().find(|rule| rule.effect == Effect::AtRelease);
        match later.or_else(|| matching().next()) {
            Some(rule) => Ok(Grant {
                wave: match rule.effect {
                    Effect::AtWave => WaveName::Tier(question.partner.tier()),
                    Effect::AtRelease | Effect::Deny => WaveName::Release,
                },
                rule: rule.id.clone(),
            }),
            None => Err(PolicyRefusal {
                rule: "no-rule".to_owned(),
                reason: "no rule of the policy gives this".to_owned(),
                hint: "Add a rule that does, if it should.".to_owned(),
            }),
        }
    }

    /// The digest of the rules, which approvals cover.
    pub fn digest(&self) -> Digest {
        let json = serde_json::to_vec(self).expect("rules are plain data, which JSON can hold");
        Digest::of(&json)
    }
}

fn matches(rule: &Rule, question: &Question<'_>) -> bool {
    rule.when.iter().all(|condition| match condition {
        Condition::StatusNotIn(set) => !set.contains(&question.partner.status()),
        Condition::SeatRetired => question.seat.retired_at().is_some(),
        Condition::AgreementNotCurrent => !question
            .agreement
            .is_some_and(|version| question.partner.accepted().contains_key(version)),
        Condition::ReportsToState => question.partner.reports_to_state(),
        Condition::KindIn(set) => set.contains(&question.kind),
        Condition::TierNotIn(set) => !set.contains(&question.partner.tier()),
        Condition::TlpAtLeast(label) => question.tlp >= *label,
    })
}

impl Default for Policy {
    /// The program's rules, unless it has others.
    ///
    /// `TLP:AMBER+STRICT` and below need no rule: every package is sealed to one seat of one
    /// partner, which is as narrow as those labels ask for. `TLP:RED` is for named individuals:
    /// only the validating partners' seats are.
    fn default() -> Self {
        let rule = |id: &str, when: Vec<Condition>, effect, reason: &str, hint: &str| Rule {
            id: id.to_owned(),
            when,
            effect,
            reason: reason.to_owned(),
            hint: hint.to_owned(),
        };
        let poc = || Condition::KindIn(BTreeSet::from([ArtifactKind::Poc]));
        Self {
            rules: vec![
                rule(
                    "status",
                    vec![Condition::StatusNotIn(BTreeSet::from([Status::Active]))],
                    Effect::Deny,
                    "the partner is not active",
                    "The program activates or resumes a partner.",
                ),
                rule(
                    "seat-retired",
                    vec![Condition::SeatRetired],
                    Effect::Deny,
                    "the seat is retired",
                    "The program adds a new seat for the partner.",
                ),
                rule(
                    "agreement",
                    vec![Condition::AgreementNotCurrent],
                    Effect::Deny,
                    "the partner has not accepted the current agreement",
                    "Accept the current version of the agreement first.",
                ),
                rule(
                    "tlp-red",
                    vec![
                        Condition::TlpAtLeast(Tlp::Red),
                        Condition::TierNotIn(BTreeSet::from([Tier::Validate])),
                    ],
                    Effect::Deny,
                    "a case labelled TLP:RED goes to the tier `validate` only",
                    "Nothing can be done while the label is TLP:RED.",
                ),
                rule(
                    "state-report-poc",
                    vec![Condition::ReportsToState, poc()],
                    Effect::Deny,
                    "a partner with a duty to report vulnerabilities to a state gets no proof of concept",
                    "The other artifacts are given at the release.",
                ),
                rule(
                    "poc-tier",
                    vec![
                        poc(),
                        Condition::TierNotIn(BTreeSet::from([Tier::Validate, Tier::Advance])),
                    ],
                    Effect::Deny,
                    "proofs of concept go to the tiers `validate` and `advance` only",
                    "The other artifacts are given with the tier's wave.",
                ),
                rule(
                    "state-report",
                    vec![Condition::ReportsToState],
                    Effect::AtRelease,
                    "a partner with a duty to report vulnerabilities to a state is told at the release",
                    "Wait for the release.",
                ),
                rule(
                    "wave",
                    vec![],
                    Effect::AtWave,
                    "everything else is given with the wave of the partner's tier",
                    "Wait for the tier's wave.",
                ),
            ],
        }
    }
}
