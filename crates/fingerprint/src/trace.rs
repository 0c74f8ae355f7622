//! Whose copies contributed to a leak, with the risk to the innocent.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::{Code, Layer};
use crate::evidence::Tally;
use crate::joint;
use crate::judge::Case;
use crate::method::{GIVEN_MAX, Method, SEATS_MAX, Stage, Statistic, VERSION};
use crate::{Key, Reading};

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

    /// The one with more to spare; this one when both have as much.
    pub(crate) fn easier(self, other: Self) -> Self {
        if other.available_bits - other.needed_bits > self.available_bits - self.needed_bits {
            other
        } else {
            self
        }
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
    /// log2 of the e-value of each slot by the slot layer alone, averaged over the family: what
    /// [`crate::join`] multiplies. Empty when nothing could be scored.
    pub slot_e_value_bits: Vec<f64>,
    /// log2 of the e-value of each group, its slots' evidence joined. Empty when nothing could be scored.
    pub group_e_value_bits: BTreeMap<u32, f64>,
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
    /// The copies that the finding is conditioned on may not be conditioned on: they are repeated, too many, the
    /// candidate's own, or neither accused nor listed.
    #[error("the finding rests on copies that it may not rest on")]
    Given,
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
            Self::Counts { .. } | Self::SlotKey | Self::Given | Self::Seats { .. } => {
                "take the counts, keys and method from the same evidence"
            }
            Self::Version { .. } => "verify with the version that made the finding",
        }
    }
}

/// Says whose copies contributed to the leak.
///
/// The risk is shared: half for the groups, half for the slots; within each among the statistics
/// (exact tails of the single leaker's and the fitted attacks' scores, the averaged e-value, and the later
/// stages), and then corrected for the number of groups or slots and of `bar.alignments`.
/// A slot is named by the slot layer alone, so the right group with the wrong slot is as improbable as any
/// other false accusation. A group finding is listed only where none of its slots is accused.
///
/// # Errors
/// [`TraceError`] for readings, entries or a bar that do not fit.
pub fn trace(
    code: &Code,
    readings: &[Reading],
    entries: &[Entry],
    bar: &Bar,
) -> Result<Trace, TraceError> {
    trace_among(code, readings, entries, None, bar)
}

/// As [`trace`], where `entries` are only the likely part of a case of `all` (groups, slots): those that
/// [`crate::packed`] left over, say. Every correction is for all; of a group's slots either all are
/// entries or none.
///
/// # Errors
/// As [`trace`]; [`TraceError::Counts`] if there are more entries than `all`.
pub fn trace_among(
    code: &Code,
    readings: &[Reading],
    entries: &[Entry],
    all: Option<(u64, u64)>,
    bar: &Bar,
) -> Result<Trace, TraceError> {
    let case = Case::new(code, readings, bar)?;
    let groups = group(entries)?;
    let here = (groups.len() as u64, entries.len() as u64);
    let (all_groups, all_slots) = all.unwrap_or(here);
    if all_groups < here.0 || all_slots < here.1 {
        return Err(TraceError::Counts {
            groups: all_groups,
            slots: all_slots,
            group_slots: 0,
        });
    }
    let counts_of = |group_slots: usize| Counts {
        groups: all_groups,
        slots: all_slots,
        group_slots: group_slots as u64,
    };
    let least = groups.values().map(|g| g.slots.len()).min();
    let counts = counts_of(least.unwrap_or(1));
    let group_question = case.group_question(&counts, bar.innocent_risk);
    let slot_question = case.slot_question(&counts, bar.innocent_risk);
    let easiest = group_question.easier(slot_question);
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
        slot_e_value_bits: Vec::new(),
        group_e_value_bits: BTreeMap::new(),
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
        let lead = case
            .group_question(&counts, bar.lead_risk)
            .easier(case.slot_question(&counts, bar.lead_risk));
        if !lead.is_answerable() {
            return Ok(answer);
        }
    }
    let mut scratch = Vec::new();
    let slot_tallies: Vec<Tally> = entries
        .iter()
        .map(|e| case.tally(Layer::Slot, &e.slot_key, &mut scratch))
        .collect();
    let group_tallies: Vec<Tally> = groups
        .values()
        .map(|g| case.tally(Layer::Group, g.key, &mut scratch))
        .collect();
    answer.scores = slot_tallies.iter().map(|t| case.single(t)).collect();
    let mut findings = Vec::new();
    for (tally, entry, index) in slot_tallies
        .iter()
        .zip(entries)
        .zip(0_u32..)
        .map(|((t, e), i)| (t, e, i))
    {
        let method = Method::first(entry.group, Some(index));
        findings.push(case.slot_finding(tally, &counts, method));
    }
    answer.slot_e_value_bits = findings.iter().map(|f: &Finding| f.e_value_bits).collect();
    for ((number, members), tally) in groups.iter().zip(&group_tallies) {
        let bits = case.single(tally);
        let mut seats = Vec::new();
        for &index in &members.slots {
            if let Some(score) = answer.scores.get_mut(index) {
                *score += bits;
            }
            if let (Some(seat), Some(entry)) = (slot_tallies.get(index), entries.get(index)) {
                let bits = findings.get(index).map_or(0.0, |f| f.e_value_bits);
                seats.push((bits, index, seat, &entry.slot_key));
            }
        }
        seats.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        seats.retain(|s| s.0 > 0.0);
        seats.truncate(SEATS_MAX);
        let mut method = Method::first(*number, None);
        method.seats = seats.iter().map(|s| s.3.clone()).collect();
        let tallies: Vec<Tally> = seats.iter().map(|s| s.2.clone()).collect();
        let counts = counts_of(members.slots.len());
        let finding = case.group_finding(tally, &tallies, &counts, method);
        answer
            .group_e_value_bits
            .insert(*number, finding.e_value_bits);
        findings.push(finding);
    }
    let slot_units: Vec<joint::Unit<'_>> = entries
        .iter()
        .zip(&slot_tallies)
        .zip(&findings)
        .zip(0_u32..)
        .map(|(((entry, tally), finding), index)| joint::Unit {
            key: &entry.slot_key,
            tally,
            first_risk: finding.innocent_risk,
            group: entry.group,
            slot: Some(index),
        })
        .collect();
    let group_units: Vec<joint::Unit<'_>> = groups
        .iter()
        .zip(&group_tallies)
        .map(|((number, group), tally)| joint::Unit {
            key: group.key,
            tally,
            first_risk: case.first_risk(Layer::Group, tally, &counts),
            group: *number,
            slot: None,
        })
        .collect();
    if slot_question.is_answerable() {
        findings.extend(joint::search(&case, Layer::Slot, &slot_units, &counts));
    }
    if group_question.is_answerable() {
        findings.extend(joint::search(&case, Layer::Group, &group_units, &counts));
    }
    sort_out(findings, bar, &mut answer);
    Ok(answer)
}

/// The averaged evidence of every slot under the whole family, by the slot layer alone, in bits: a ranking
/// without proof.
///
/// # Errors
/// As [`trace`].
pub fn rank(
    code: &Code,
    readings: &[Reading],
    entries: &[Entry],
    bar: &Bar,
) -> Result<Vec<f64>, TraceError> {
    let case = Case::new(code, readings, bar)?;
    let mut scratch = Vec::new();
    let evidence = |entry: &Entry| {
        let tally = case.tally(Layer::Slot, &entry.slot_key, &mut scratch);
        case.evidence(Layer::Slot, &tally)
    };
    Ok(entries.iter().map(evidence).collect())
}

/// Repeats one finding from the opened keys of the accused alone (and of those that the method
/// conditions on): bit for bit what [`trace`] gave.
///
/// `slot_key` is needed where `method.slot` is set. `counts` are those of the published case.
/// The caller checks all keys against their commitments.
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
    check(counts, method)?;
    let case = Case::new(code, readings, bar)?;
    let mut scratch = Vec::new();
    let (layer, key) = match method.slot {
        Some(_) => (Layer::Slot, slot_key.ok_or(TraceError::SlotKey)?),
        None => (Layer::Group, group_key),
    };
    let tally = case.tally(layer, key, &mut scratch);
    if method.stage != Stage::First {
        if method.given.contains(key) {
            return Err(TraceError::Given);
        }
        return joint::repeat(&case, layer, key, counts, method);
    }
    if layer == Layer::Slot {
        return Ok(case.slot_finding(&tally, counts, method.clone()));
    }
    let seats: Vec<Tally> = method
        .seats
        .iter()
        .map(|key| case.tally(Layer::Slot, key, &mut scratch))
        .collect();
    Ok(case.group_finding(&tally, &seats, counts, method.clone()))
}

fn check(counts: &Counts, method: &Method) -> Result<(), TraceError> {
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
    let repeated = |keys: &[Key]| {
        keys.iter()
            .enumerate()
            .any(|(i, key)| keys.iter().skip(i + 1).any(|other| other == key))
    };
    if repeated(&method.seats) || repeated(&method.given) || method.given.len() > GIVEN_MAX {
        return Err(TraceError::Given);
    }
    Ok(())
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

fn sort_out(mut findings: Vec<Finding>, bar: &Bar, answer: &mut Trace) {
    findings.sort_by(|a, b| {
        a.innocent_risk
            .total_cmp(&b.innocent_risk)
            .then(b.evidence_bits.total_cmp(&a.evidence_bits))
            .then((a.group, a.slot).cmp(&(b.group, b.slot)))
    });
    // A candidate has findings of several stages, each with its own share of the risk: the best stands.
    let mut seen = BTreeSet::new();
    findings.retain(|f| seen.insert((f.group, f.slot)));
    let accused = |f: &Finding| answer.refusal.is_none() && f.innocent_risk <= bar.innocent_risk;
    let named: Vec<u32> = findings
        .iter()
        .filter(|f| f.slot.is_some() && accused(f))
        .map(|f| f.group)
        .collect();
    let hinted: Vec<u32> = findings
        .iter()
        .filter(|f| f.slot.is_some() && !accused(f) && f.innocent_risk <= bar.lead_risk)
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
