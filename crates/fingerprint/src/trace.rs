//! Whose copies contributed to a leak, with the risk to the innocent.

use std::collections::BTreeMap;

use crate::code::{Code, Layer};
use crate::evidence::{Ballot, Lift, Sheet, Tally};
use crate::reading::Unusable;
use crate::tail::{UNIT, tail};
use crate::{Key, Mass, Reading};

/// One slot: its group's number and key, and its own key. The slot's index is its place in the list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Number of the group.
    pub group: u32,
    /// The group's key, the same in all entries of the group.
    pub group_key: Key,
    /// The slot's own key.
    pub slot_key: Key,
}

/// What it takes to accuse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Accepted chance, for the whole trace, that anyone innocent is accused. Default 1e-6.
    pub innocent_risk: f64,
    /// Accepted chance for a lead. Default 1e-3.
    pub lead_risk: f64,
    /// How many cases, alignments or other versions of the readings were tried: at least 1.
    pub alignments: u64,
}

impl Default for Bar {
    fn default() -> Self {
        Self {
            innocent_risk: 1e-6,
            lead_risk: 1e-3,
            alignments: 1,
        }
    }
}

/// How many could have been accused: what corrects a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Groups of the case.
    pub groups: u64,
    /// Slots of the case.
    pub slots: u64,
    /// Slots of the group in question.
    pub group_slots: u64,
}

/// One question's evidence: what is readable and what an accusation needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// Most bits that the readable sites can say of one copy.
    pub available_bits: f64,
    /// `log2(candidates × tests / innocent_risk)`.
    pub needed_bits: f64,
}

impl Question {
    /// Whether an accusation is possible at all.
    #[must_use]
    pub fn is_answerable(&self) -> bool {
        self.available_bits >= self.needed_bits
    }
}

/// Why nobody can be accused, found before anyone is scored.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// Nobody could be accused with what is readable, whoever it was.
    NotEnough {
        /// Bits that the readable sites can say of one copy.
        available_bits: f64,
        /// Bits that an accusation needs.
        needed_bits: f64,
    },
    /// There is no slot.
    NoSlots,
}

/// Which statistic decided a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statistic {
    /// Exact tail of the score under one model of the family (its place in the family; 0 is the
    /// single leaker).
    Tail(u16),
    /// Exact tail of the single leaker's score over both layers, for a group through one slot.
    Joined,
    /// The e-value averaged over the family, by Markov's inequality.
    EValue,
}

/// What a judge needs besides the accused's keys to repeat a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// Version of the decoder.
    pub version: u16,
    /// Group of the finding.
    pub group: u32,
    /// Slot of the finding.
    pub slot: Option<u32>,
    /// For a group: keys of its slots whose evidence was joined.
    pub seats: Vec<Key>,
}

/// The decoder's version: a finding is recomputed by the same version alone.
pub const VERSION: u16 = 1;

/// One candidate with its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Number of the group.
    pub group: u32,
    /// Index of the slot; `None` where only the group can be named.
    pub slot: Option<u32>,
    /// Chance, for the whole trace and after every correction, that anyone innocent would be
    /// accused on evidence as strong as this.
    pub innocent_risk: f64,
    /// Score of the deciding statistic in bits.
    pub evidence_bits: f64,
    /// log2 of the e-value: the evidence averaged over the family.
    pub e_value_bits: f64,
    /// Exact tail (or Markov's bound where [`Statistic::EValue`] decided) before any correction.
    pub tail_risk: f64,
    /// By what the tail is multiplied to give `innocent_risk`.
    pub tests: f64,
    /// Which statistic decided.
    pub statistic: Statistic,
    /// What a judge needs to repeat this.
    pub method: Method,
}

/// The answer of [`trace`].
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Sites that say something.
    pub readable: usize,
    /// Sites that say nothing.
    pub erased: usize,
    /// Most bits that the readable sites can say of one copy, for the question easiest to answer.
    pub available_bits: f64,
    /// Bits that an accusation needs for that question.
    pub needed_bits: f64,
    /// The question which group, from all readable sites.
    pub group: Question,
    /// The question which slot, from the slot layer alone.
    pub slot: Question,
    /// Largest coalition that the readable sites resolve; 0 if nobody can be accused.
    pub coalition_max: u32,
    /// Set before anyone is scored; then nobody is accused. Leads may remain.
    pub refusal: Option<Refusal>,
    /// Who contributed, at the bar. Best first.
    pub accused: Vec<Finding>,
    /// Candidates between the bar and the lead risk. Never accused.
    pub leads: Vec<Finding>,
    /// Evidence bits of each slot, both layers together, for plots. Empty when nothing could be scored.
    pub scores: Vec<f64>,
}

/// Why a trace cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// Not one reading a site.
    #[error("`{readings}` readings do not fit a code of `{sites}` sites")]
    Length {
        /// Readings given.
        readings: usize,
        /// Sites of the code.
        sites: usize,
    },
    /// A reading has a value that its site does not have.
    #[error("site `{site}` has no value `{value}`")]
    Value {
        /// Index of the site.
        site: usize,
        /// The value.
        value: u64,
    },
    /// A reading's noise is outside (0, 0.5].
    #[error("the noise `{noise}` of site `{site}` is not in (0, 0.5]")]
    Noise {
        /// Index of the site.
        site: usize,
        /// The noise.
        noise: f64,
    },
    /// A soft reading's weight is not positive and finite.
    #[error("a weight `{weight}` of site `{site}` is not positive and finite")]
    Weight {
        /// Index of the site.
        site: usize,
        /// The weight.
        weight: f64,
    },
    /// A reading names no value.
    #[error("the reading of site `{site}` names no value")]
    Empty {
        /// Index of the site.
        site: usize,
    },
    /// Two entries of one group have different group keys.
    #[error("slot `{slot}` has another group key than group `{group}` before it")]
    GroupKey {
        /// Index of the slot.
        slot: usize,
        /// The group.
        group: u32,
    },
    /// More slots than a finding can number.
    #[error("`{slots}` slots are more than the limit of 2^32 - 1")]
    TooManySlots {
        /// Slots given.
        slots: usize,
    },
    /// The bar is not a pair of risks in order, or it has no alignment.
    #[error("the bar is not 0 < innocent risk ≤ lead risk < 1 with at least one alignment")]
    Bar,
    /// The counts cannot be those of one case.
    #[error(
        "the counts do not fit: `{groups}` groups, `{slots}` slots, `{group_slots}` of the group"
    )]
    Counts {
        /// Groups.
        groups: u64,
        /// Slots.
        slots: u64,
        /// Slots of the group.
        group_slots: u64,
    },
    /// The finding was made by another version of the decoder.
    #[error("the finding was made by decoder version `{version}`, this is version {VERSION}")]
    Version {
        /// Version of the finding.
        version: u16,
    },
    /// A slot's finding needs the slot's key.
    #[error("the finding names a slot, but no slot key was given")]
    SlotKey,
    /// The method joins more keys than the group has slots, or than any finding joins.
    #[error(
        "the method joins `{keys}` keys, more than the group has slots or the limit {SEATS_MAX}"
    )]
    Seats {
        /// Keys joined.
        keys: usize,
    },
}

impl TraceError {
    /// What to do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Length { .. }
            | Self::Value { .. }
            | Self::Noise { .. }
            | Self::Weight { .. }
            | Self::Empty { .. } => "read the leak again with the masters of this case",
            Self::GroupKey { .. } | Self::TooManySlots { .. } => {
                "derive the keys again from the case secret"
            }
            Self::Bar => "use the defaults, 1e-6 and 1e-3",
            Self::Counts { .. } | Self::SlotKey | Self::Seats { .. } => {
                "take the counts, keys and method from the same evidence"
            }
            Self::Version { .. } => "verify with the version that made the finding",
        }
    }
}

/// Most slots of one group whose evidence is joined for a group's finding.
pub const SEATS_MAX: usize = 8;

// The shares of the risk. Each statistic may use its share; the shares of a question sum to one.
// Half of the risk is the groups', half the slots'.
const QUESTIONS: f64 = 2.0;
const SLOT_EVALUE: f64 = 1.0 / 8.0;
const SLOT_TAILS: f64 = 7.0 / 8.0;
const GROUP_EVALUE: f64 = 1.0 / 8.0;
const GROUP_TAILS: f64 = 4.0 / 8.0;
const GROUP_JOINED: f64 = 3.0 / 8.0;
/// A tail is computed only where Markov's bound leaves the candidate within this factor of the
/// lead risk; elsewhere Markov's bound stands for it.
const PROMISING: f64 = 1e4;
/// Tails computed for one candidate: the members with the best scores.
const TAILS_MAX: usize = 3;

/// Says whose copies contributed to the leak.
///
/// The risk is shared: half for the groups, half for the slots; within each among the statistics
/// (the exact tails of the family's members, and the averaged e-value), and then corrected for the
/// number of groups or slots and of `bar.alignments`. A slot is named by the slot layer alone, so
/// the right group with the wrong slot is as improbable as any other false accusation.
/// A group finding is listed only where none of its slots is accused.
///
/// # Errors
/// [`TraceError`] for readings, entries or a bar that do not fit.
pub fn trace(
    code: &Code,
    readings: &[Reading],
    entries: &[Entry],
    bar: &Bar,
) -> Result<Trace, TraceError> {
    let case = Case::new(code, readings, bar)?;
    let groups = group(entries)?;
    let slots = entries.len() as u64;
    let least = groups.values().map(|g| g.slots.len() as u64).min();
    let counts_of = |group_slots: u64| Counts {
        groups: groups.len() as u64,
        slots,
        group_slots,
    };
    let counts = counts_of(least.unwrap_or(1));
    let group_question = case.group_question(&counts, bar.innocent_risk);
    let slot_question = case.slot_question(&counts, bar.innocent_risk);
    let easiest = easier(group_question, slot_question);
    let mut answer = Trace {
        readable: case.ballot.sites.len(),
        erased: case.ballot.erased,
        available_bits: easiest.available_bits,
        needed_bits: easiest.needed_bits,
        group: group_question,
        slot: slot_question,
        coalition_max: case.coalition_max(&counts),
        refusal: None,
        accused: Vec::new(),
        leads: Vec::new(),
        scores: Vec::new(),
    };
    if entries.is_empty() {
        answer.refusal = Some(Refusal::NoSlots);
        return Ok(answer);
    }
    if !easiest.is_answerable() {
        answer.refusal = Some(Refusal::NotEnough {
            available_bits: easiest.available_bits,
            needed_bits: easiest.needed_bits,
        });
        let lead = easier(
            case.group_question(&counts, bar.lead_risk),
            case.slot_question(&counts, bar.lead_risk),
        );
        if !lead.is_answerable() {
            return Ok(answer);
        }
    }
    let mut findings = Vec::new();
    answer.scores = vec![0.0; entries.len()];
    let mut scratch = Vec::new();
    for (number, members) in &groups {
        let counts = counts_of(members.slots.len() as u64);
        let group_tally = case.tally(Layer::Group, members.key, &mut scratch);
        let group_bits = case.single(&group_tally);
        let mut seats = Vec::new();
        for &index in &members.slots {
            let Some(entry) = entries.get(index) else {
                continue;
            };
            let tally = case.tally(Layer::Slot, &entry.slot_key, &mut scratch);
            let bits = case.single(&tally);
            if let Some(score) = answer.scores.get_mut(index) {
                *score = group_bits + bits;
            }
            let method = Method {
                version: VERSION,
                group: *number,
                slot: Some(index as u32),
                seats: Vec::new(),
            };
            findings.extend(case.judge_slot(&tally, &counts, method));
            seats.push((case.evidence(&tally), index, tally));
        }
        seats.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        seats.truncate(SEATS_MAX);
        let joined: Vec<_> = seats.into_iter().filter(|s| s.0 > 0.0).collect();
        let method = Method {
            version: VERSION,
            group: *number,
            slot: None,
            seats: joined
                .iter()
                .filter_map(|s| entries.get(s.1))
                .map(|e| e.slot_key.clone())
                .collect(),
        };
        let tallies: Vec<Tally> = joined.into_iter().map(|s| s.2).collect();
        findings.extend(case.judge_group(&group_tally, &tallies, &counts, method));
    }
    sort_out(findings, bar, &mut answer);
    Ok(answer)
}

/// Repeats one finding from the opened keys of the accused alone: bit for bit what [`trace`] gave.
///
/// `slot_key` is needed where `method.slot` is set. `counts` are those of the published case.
/// The caller checks the keys against their commitments.
///
/// # Errors
/// [`TraceError`] for readings, counts, a bar or a method that do not fit.
pub fn recompute(
    code: &Code,
    readings: &[Reading],
    group_key: &Key,
    slot_key: Option<&Key>,
    counts: &Counts,
    bar: &Bar,
    method: &Method,
) -> Result<Finding, TraceError> {
    if method.version != VERSION {
        return Err(TraceError::Version {
            version: method.version,
        });
    }
    let fits = counts.groups >= 1
        && counts.group_slots >= 1
        && counts.slots >= counts.group_slots
        && counts.slots - counts.group_slots >= counts.groups - 1;
    if !fits {
        return Err(TraceError::Counts {
            groups: counts.groups,
            slots: counts.slots,
            group_slots: counts.group_slots,
        });
    }
    let keys = method.seats.len();
    if keys > SEATS_MAX || keys as u64 > counts.group_slots {
        return Err(TraceError::Seats { keys });
    }
    let case = Case::new(code, readings, bar)?;
    let mut scratch = Vec::new();
    if method.slot.is_some() {
        let key = slot_key.ok_or(TraceError::SlotKey)?;
        let tally = case.tally(Layer::Slot, key, &mut scratch);
        return Ok(case.slot_finding(&tally, counts, method.clone()));
    }
    let tally = case.tally(Layer::Group, group_key, &mut scratch);
    let mut seats: Vec<(f64, Tally)> = method
        .seats
        .iter()
        .map(|key| {
            let tally = case.tally(Layer::Slot, key, &mut scratch);
            (case.evidence(&tally), tally)
        })
        .collect();
    // INVARIANT: a judge gets the same sum in the same order as the trace.
    seats.sort_by(|a, b| b.0.total_cmp(&a.0));
    let seats: Vec<Tally> = seats.into_iter().map(|s| s.1).collect();
    Ok(case.group_finding(&tally, &seats, counts, method.clone()))
}

struct Group<'a> {
    key: &'a Key,
    slots: Vec<usize>,
}

fn group(entries: &[Entry]) -> Result<BTreeMap<u32, Group<'_>>, TraceError> {
    if u32::try_from(entries.len()).is_err() {
        return Err(TraceError::TooManySlots {
            slots: entries.len(),
        });
    }
    let mut groups: BTreeMap<u32, Group<'_>> = BTreeMap::new();
    for (slot, entry) in entries.iter().enumerate() {
        let known = groups.entry(entry.group).or_insert_with(|| Group {
            key: &entry.group_key,
            slots: Vec::new(),
        });
        if known.key != &entry.group_key {
            return Err(TraceError::GroupKey {
                slot,
                group: entry.group,
            });
        }
        known.slots.push(slot);
    }
    Ok(groups)
}

fn easier(a: Question, b: Question) -> Question {
    if b.available_bits - b.needed_bits > a.available_bits - a.needed_bits {
        b
    } else {
        a
    }
}

fn sort_out(mut findings: Vec<Finding>, bar: &Bar, answer: &mut Trace) {
    findings.sort_by(|a, b| {
        a.innocent_risk
            .total_cmp(&b.innocent_risk)
            .then(b.evidence_bits.total_cmp(&a.evidence_bits))
            .then((a.group, a.slot).cmp(&(b.group, b.slot)))
    });
    let accused = |f: &Finding| answer.refusal.is_none() && f.innocent_risk <= bar.innocent_risk;
    let named: Vec<u32> = findings
        .iter()
        .filter(|f| f.slot.is_some() && accused(f))
        .map(|f| f.group)
        .collect();
    let hinted: Vec<u32> = findings
        .iter()
        .filter(|f| f.slot.is_some() && !accused(f))
        .map(|f| f.group)
        .collect();
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for finding in findings {
        let is_accused = accused(&finding);
        if finding.slot.is_none() {
            let known =
                named.contains(&finding.group) || (!is_accused && hinted.contains(&finding.group));
            if known {
                continue;
            }
        }
        if is_accused {
            above.push(finding);
        } else if finding.innocent_risk <= bar.lead_risk {
            below.push(finding);
        }
    }
    answer.accused = above;
    answer.leads = below;
}

/// A member of the family: one model of the leakers, and its part of the prior weight.
struct Member {
    prior: f64,
    sheet: Sheet,
}

/// The readings of one leak, with all that depends on them alone.
pub(crate) struct Case<'a> {
    code: &'a Code,
    bar: &'a Bar,
    ballot: Ballot,
    family: Vec<Member>,
}

/// One statistic's verdict: which, score in bits, tail before correction, and its share.
struct Verdict {
    statistic: Statistic,
    bits: f64,
    tail: f64,
    tests: f64,
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        code: &'a Code,
        readings: &[Reading],
        bar: &'a Bar,
    ) -> Result<Self, TraceError> {
        let fits = bar.innocent_risk > 0.0
            && bar.innocent_risk <= bar.lead_risk
            && bar.lead_risk < 1.0
            && bar.alignments >= 1;
        if !fits {
            return Err(TraceError::Bar);
        }
        if readings.len() != code.len() {
            return Err(TraceError::Length {
                readings: readings.len(),
                sites: code.len(),
            });
        }
        let ballot = Ballot::new(code, readings).map_err(|(site, why)| match why {
            Unusable::Value(value) => TraceError::Value { site, value },
            Unusable::Noise(noise) => TraceError::Noise { site, noise },
            Unusable::Weight(weight) => TraceError::Weight { site, weight },
            Unusable::Empty => TraceError::Empty { site },
        })?;
        let family = vec![Member {
            prior: 1.0,
            sheet: ballot.sheet(&single_leaker),
        }];
        Ok(Self {
            code,
            bar,
            ballot,
            family,
        })
    }

    fn tally(&self, layer: Layer, key: &Key, scratch: &mut Vec<u64>) -> Tally {
        self.ballot.tally(self.code, layer, key, scratch)
    }

    /// Bits of the single leaker's score.
    fn single(&self, tally: &Tally) -> f64 {
        self.family
            .first()
            .map_or(0.0, |m| m.sheet.score(tally) as f64 / UNIT)
    }

    /// log2 of the e-value averaged over the family, rounded down.
    fn evidence(&self, tally: &Tally) -> f64 {
        log2_sum(
            self.family
                .iter()
                .map(|m| libm::log2(m.prior) + m.sheet.score(tally) as f64 / UNIT),
        )
    }

    /// What multiplies a tail of one question: questions × candidates × alignments / share.
    fn tests(&self, candidates: u64, share: f64) -> f64 {
        QUESTIONS * candidates as f64 * self.bar.alignments as f64 / share
    }

    fn needed(&self, candidates: u64, share: f64, risk: f64) -> f64 {
        libm::log2(self.tests(candidates, share) / risk)
    }

    fn best_prior(&self) -> f64 {
        self.family.iter().map(|m| m.prior).fold(0.0, f64::max)
    }

    /// Bits that a slot's finding needs at the bar.
    pub(crate) fn needed_for_slot(&self, counts: &Counts) -> f64 {
        self.slot_question(counts, self.bar.innocent_risk)
            .needed_bits
    }

    /// Bits that a group's finding needs at the bar: from the group layer alone, and from both layers
    /// through one slot.
    pub(crate) fn needed_for_group(&self, counts: &Counts) -> (f64, f64) {
        let risk = self.bar.innocent_risk;
        let alone = self.needed(counts.groups, GROUP_TAILS * self.best_prior(), risk);
        let joined =
            self.needed(counts.groups, GROUP_JOINED, risk) + libm::log2(counts.group_slots as f64);
        (alone, joined)
    }

    fn slot_question(&self, counts: &Counts, risk: f64) -> Question {
        Question {
            available_bits: self.ballot.bits(Layer::Slot),
            needed_bits: self.needed(counts.slots, SLOT_TAILS * self.best_prior(), risk),
        }
    }

    fn group_question(&self, counts: &Counts, risk: f64) -> Question {
        let alone = Question {
            available_bits: self.ballot.bits(Layer::Group),
            needed_bits: self.needed(counts.groups, GROUP_TAILS * self.best_prior(), risk),
        };
        let joined = Question {
            available_bits: alone.available_bits + self.ballot.bits(Layer::Slot),
            needed_bits: self.needed(counts.groups, GROUP_JOINED, risk)
                + libm::log2(counts.group_slots as f64),
        };
        easier(joined, alone)
    }

    /// Largest coalition whose worst attack leaves enough bits on the sites of at most sixteen
    /// values; one leaker may use all sites.
    pub(crate) fn coalition_max(&self, counts: &Counts) -> u32 {
        let risk = self.bar.innocent_risk;
        let questions = [
            (Layer::Group, self.group_question(counts, risk)),
            (Layer::Slot, self.slot_question(counts, risk)),
        ];
        let mut largest = 0;
        for (layer, question) in questions {
            if question.is_answerable() {
                largest = largest.max(1);
                let sites = self.ballot.narrow(self.code, layer) as f64;
                let design = self.code.design();
                let resolved = (2..=16)
                    .take_while(|c| sites * design.bits_per_site(*c) >= question.needed_bits)
                    .last();
                largest = largest.max(resolved.unwrap_or(0));
            }
        }
        largest
    }

    /// The best of the members' exact tails for one tally. `tests` is without the members' priors.
    fn tails(&self, tally: &Tally, layers: &[Layer], tests: f64) -> Option<Verdict> {
        let mut scored: Vec<(f64, usize, i64)> = self
            .family
            .iter()
            .enumerate()
            .map(|(i, m)| {
                let score = m.sheet.score(tally);
                (score as f64 / UNIT + libm::log2(m.prior), i, score)
            })
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scored.truncate(TAILS_MAX);
        let mut best: Option<Verdict> = None;
        for (_, i, score) in scored {
            let member = self.family.get(i)?;
            let tests = tests / member.prior;
            let bits = score as f64 / UNIT;
            let verdict = Verdict {
                statistic: Statistic::Tail(i as u16),
                bits,
                tail: self.tail(&member.sheet, layers, score, tests),
                tests,
            };
            best = Some(better(best, verdict));
        }
        best
    }

    /// The exact tail where the candidate is promising, else Markov's bound.
    fn tail(&self, sheet: &Sheet, layers: &[Layer], score: i64, tests: f64) -> f64 {
        let markov = markov(score as f64 / UNIT);
        if markov * tests > PROMISING * self.bar.lead_risk {
            return markov;
        }
        tail(&self.ballot.terms(sheet, layers), score).min(markov)
    }

    fn judge_slot(&self, tally: &Tally, counts: &Counts, method: Method) -> Option<Finding> {
        let finding = self.slot_finding(tally, counts, method);
        (finding.innocent_risk <= self.bar.lead_risk).then_some(finding)
    }

    fn slot_finding(&self, tally: &Tally, counts: &Counts, method: Method) -> Finding {
        let e_value_bits = self.evidence(tally);
        let by_evalue = Verdict {
            statistic: Statistic::EValue,
            bits: e_value_bits,
            tail: markov(e_value_bits),
            tests: self.tests(counts.slots, SLOT_EVALUE),
        };
        let tests = self.tests(counts.slots, SLOT_TAILS);
        let by_tail = self.tails(tally, &[Layer::Slot], tests);
        let best = by_tail.map_or_else(
            || Verdict { ..by_evalue },
            |tail| better(Some(tail), Verdict { ..by_evalue }),
        );
        finding(best, e_value_bits, method)
    }

    fn judge_group(
        &self,
        tally: &Tally,
        seats: &[Tally],
        counts: &Counts,
        method: Method,
    ) -> Option<Finding> {
        let finding = self.group_finding(tally, seats, counts, method);
        (finding.innocent_risk <= self.bar.lead_risk).then_some(finding)
    }

    /// `seats`: tallies of slots of the group, the best first. The others count as saying nothing.
    fn group_finding(
        &self,
        tally: &Tally,
        seats: &[Tally],
        counts: &Counts,
        method: Method,
    ) -> Finding {
        // Π over the group's slots of (1-π) + π·E_slot is an e-value, because innocent slots' values are
        // independent; a slot that is not opened gives at least 1-π.
        let part = 1.0 / (counts.group_slots as f64 + 1.0);
        let stay = libm::log2(1.0 - part);
        let unopened = counts.group_slots.saturating_sub(seats.len() as u64);
        let mut e_value_bits = self.evidence(tally) + stay * unopened as f64;
        for seat in seats {
            let move_ = libm::log2(part) + self.evidence(seat);
            e_value_bits += log2_sum([stay, move_].into_iter());
        }
        let mut best = Verdict {
            statistic: Statistic::EValue,
            bits: e_value_bits,
            tail: markov(e_value_bits),
            tests: self.tests(counts.groups, GROUP_EVALUE),
        };
        let tests = self.tests(counts.groups, GROUP_TAILS);
        if let Some(alone) = self.tails(tally, &[Layer::Group], tests) {
            best = better(Some(best), alone);
        }
        if let (Some(member), Some(seat)) = (self.family.first(), seats.first()) {
            let score = member.sheet.score(tally) + member.sheet.score(seat);
            let tests = self.tests(counts.groups, GROUP_JOINED) * counts.group_slots as f64;
            let joined = Verdict {
                statistic: Statistic::Joined,
                bits: score as f64 / UNIT,
                tail: self.tail(&member.sheet, &[Layer::Group, Layer::Slot], score, tests),
                tests,
            };
            best = better(Some(best), joined);
        }
        finding(best, e_value_bits, method)
    }
}

fn better(best: Option<Verdict>, other: Verdict) -> Verdict {
    match best {
        Some(best) if best.tail * best.tests <= other.tail * other.tests => best,
        _ => other,
    }
}

fn finding(verdict: Verdict, e_value_bits: f64, method: Method) -> Finding {
    Finding {
        group: method.group,
        slot: method.slot,
        innocent_risk: (verdict.tail * verdict.tests).min(1.0),
        evidence_bits: verdict.bits,
        e_value_bits,
        tail_risk: verdict.tail,
        tests: verdict.tests,
        statistic: verdict.statistic,
        method,
    }
}

/// `2^-bits`, at most one and never zero.
fn markov(bits: f64) -> f64 {
    libm::exp2(-bits).clamp(1e-290, 1.0)
}

/// log2 of the sum of powers of two, rounded down by more than the arithmetic can have gained.
fn log2_sum(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let top = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return top;
    }
    let sum: f64 = terms.map(|t| libm::exp2(t - top)).sum();
    top + libm::log2(sum) - 1e-9
}

/// One leaker: its copy has the value that the leak shows.
fn single_leaker(mass: Mass, _bit: Option<bool>) -> Lift {
    Lift {
        hit: 1.0 / mass.to_f64(),
        miss: 0.0,
    }
}
