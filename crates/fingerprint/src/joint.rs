//! Later stages: evidence against one copy when others are taken to have contributed.
//!
//! An innocent copy's values are independent of the leak *and of all other copies*, so the score may be
//! conditioned on any of them, as long as the choice of them does not look at the candidate's own.
//! - Those that earlier stages accused are such a choice: each was judged by its own values.
//! - A list of likely copies is one too, if each set of conditions counts with a weight and the weights of
//!   all sum to one on average: a list is expected to hold two innocents, and eight contributors at most.
//!   With more contributors the share of risk of this stage, at most three eighths, grows as the sets of their list do.
//!
//! # Source
//! Meerwald and Furon 2012, "Toward practical joint decoding of binary Tardos fingerprinting codes",
//! arXiv 1104.5616; the weights are ours.

use crate::Key;
use crate::code::Layer;
use crate::evidence::Tally;
use crate::judge::{Case, Given};
use crate::method::{GIVEN_MAX, Method, Stage, TUPLE_MAX};
use crate::trace::{Counts, Finding, TraceError};

/// Copies that are scored again at later stages: those with the best scores.
const PRUNED: usize = 64;
/// Copies on the list.
const LIST_MAX: usize = 24;
/// Sets of each size that are kept while tuples grow.
const BEAM: usize = 48;
/// Conditions are extended while so many places are left.
const ACCEPTED_MAX: usize = GIVEN_MAX;

/// A candidate of one question: a group or a slot.
#[derive(Clone, Copy)]
pub(crate) struct Unit<'a> {
    pub key: &'a Key,
    pub tally: &'a Tally,
    /// Innocent risk at the first stage by this layer alone.
    pub first_risk: f64,
    pub group: u32,
    pub slot: Option<u32>,
}

impl Unit<'_> {
    fn method(&self, stage: Stage, given: &[Unit<'_>]) -> Method {
        let mut method = Method::first(self.group, self.slot);
        method.stage = stage;
        method.given = given.iter().map(|u| u.key.clone()).collect();
        method
    }

    fn is(&self, other: &Unit<'_>) -> bool {
        (self.group, self.slot) == (other.group, other.slot)
    }
}

/// Findings of the later stages, those at the lead bar or better.
pub(crate) fn search(
    case: &Case<'_>,
    layer: Layer,
    units: &[Unit<'_>],
    counts: &Counts,
) -> Vec<Finding> {
    let mut ranked: Vec<(i64, &Unit<'_>)> = units
        .iter()
        .map(|u| (case.list_score(layer, u.tally), u))
        .collect();
    ranked.sort_by_key(|r| (core::cmp::Reverse(r.0), r.1.group, r.1.slot));
    ranked.truncate(PRUNED);
    let accepted: Vec<Unit<'_>> = ranked
        .iter()
        .map(|r| *r.1)
        .filter(|u| u.first_risk <= case.bar.innocent_risk)
        .collect();
    let mut search = Search {
        case,
        layer,
        counts,
        found: Vec::new(),
        scratch: Vec::new(),
    };
    let others = |known: &[Unit<'_>]| -> Vec<Unit<'_>> {
        ranked
            .iter()
            .map(|r| *r.1)
            .filter(|u| !known.iter().any(|k| k.is(u)))
            .collect()
    };
    if accepted.is_empty() {
        // Who is listed falls with the score, so the end of the list is found by halving.
        let among = ranked.get(..ranked.len().min(LIST_MAX)).unwrap_or(&[]);
        let end = among.partition_point(|r| case.is_listed(layer, r.0, counts));
        let listed: Vec<Unit<'_>> = among.iter().take(end).map(|r| *r.1).collect();
        search.tuples(&listed);
    } else if accepted.len() <= ACCEPTED_MAX {
        let new = search.given(&accepted, &others(&accepted), Stage::Second);
        let mut all = accepted;
        all.extend(new.iter().copied());
        if !new.is_empty() && all.len() <= ACCEPTED_MAX {
            search.given(&all, &others(&all), Stage::Third);
        }
    }
    search.found
}

struct Search<'a, 'b> {
    case: &'a Case<'b>,
    layer: Layer,
    counts: &'a Counts,
    found: Vec<Finding>,
    scratch: Vec<u64>,
}

impl Search<'_, '_> {
    /// Scores `others` given `known`; keeps leads and better, and returns those at the bar.
    fn given<'c>(
        &mut self,
        known: &[Unit<'c>],
        others: &[Unit<'c>],
        stage: Stage,
    ) -> Vec<Unit<'c>> {
        let keys: Vec<Key> = known.iter().map(|u| u.key.clone()).collect();
        let given = self.case.given(self.layer, &keys, stage);
        let mut accused = Vec::new();
        for unit in others {
            let finding = self.finding(&given, unit, known, stage);
            if finding.innocent_risk <= self.case.bar.innocent_risk {
                accused.push(*unit);
            }
            if finding.innocent_risk <= self.case.bar.lead_risk {
                self.found.push(finding);
            }
        }
        accused
    }

    fn finding(
        &mut self,
        given: &Given,
        unit: &Unit<'_>,
        known: &[Unit<'_>],
        stage: Stage,
    ) -> Finding {
        let tally = self.case.given_tally(given, unit.key, &mut self.scratch);
        let method = unit.method(stage, known);
        self.case.given_finding(given, &tally, self.counts, method)
    }

    /// Grows sets of listed copies, the likeliest of each size, and scores every other listed copy given them.
    fn tuples(&mut self, listed: &[Unit<'_>]) {
        let mut beam: Vec<(f64, Vec<usize>)> = (0..listed.len()).map(|i| (0.0, vec![i])).collect();
        for unit in &mut beam {
            let first = unit.1.first().and_then(|i| listed.get(*i));
            unit.0 = first.map_or(0.0, |u| {
                self.case.list_score(self.layer, u.tally) as f64 / 256.0
            });
        }
        for _ in 0..TUPLE_MAX {
            let mut grown: Vec<(f64, Vec<usize>)> = Vec::new();
            // A set of all that are listed leaves nobody to score.
            for (bits, set) in beam.iter().filter(|(_, set)| set.len() < listed.len()) {
                let known: Vec<Unit<'_>> =
                    set.iter().filter_map(|i| listed.get(*i)).copied().collect();
                let keys: Vec<Key> = known.iter().map(|u| u.key.clone()).collect();
                let given = self.case.given(self.layer, &keys, Stage::Listed);
                for (i, unit) in listed.iter().enumerate().filter(|(i, _)| !set.contains(i)) {
                    let tally = self.case.given_tally(&given, unit.key, &mut self.scratch);
                    let method = unit.method(Stage::Listed, &known);
                    let finding = self.case.given_finding(&given, &tally, self.counts, method);
                    if finding.innocent_risk <= self.case.bar.lead_risk {
                        self.found.push(finding);
                    }
                    let mut larger = set.clone();
                    larger.push(i);
                    larger.sort_unstable();
                    grown.push((bits + Case::given_bits(&given, &tally), larger));
                }
            }
            grown.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            let mut sets = Vec::new();
            grown.retain(|(_, set)| {
                let new = !sets.contains(set);
                if new && sets.len() < 4 * BEAM {
                    sets.push(set.clone());
                }
                new
            });
            grown.truncate(BEAM);
            beam = grown;
        }
    }
}

/// Repeats a finding of a later stage, after checking that its conditions may be used.
pub(crate) fn repeat(
    case: &Case<'_>,
    layer: Layer,
    key: &Key,
    counts: &Counts,
    method: &Method,
) -> Result<Finding, TraceError> {
    let mut scratch = Vec::new();
    let keys = &method.given;
    let mut first_risk = |key: &Key| {
        let tally = case.tally(layer, key, &mut scratch);
        case.first_risk(layer, &tally, counts)
    };
    let bar = case.bar.innocent_risk;
    let allowed = match method.stage {
        Stage::First => keys.is_empty(),
        Stage::Second => !keys.is_empty() && keys.iter().all(|k| first_risk(k) <= bar),
        Stage::Third => {
            let (accepted, later): (Vec<&Key>, Vec<&Key>) =
                keys.iter().partition(|k| first_risk(k) <= bar);
            let accepted: Vec<Key> = accepted.into_iter().cloned().collect();
            let given = case.given(layer, &accepted, Stage::Second);
            !accepted.is_empty()
                && !later.is_empty()
                && later.into_iter().all(|k| {
                    let tally = case.given_tally(&given, k, &mut scratch);
                    let second = Method::first(method.group, method.slot);
                    case.given_finding(&given, &tally, counts, second)
                        .innocent_risk
                        <= bar
                })
        }
        Stage::Listed => {
            (1..=TUPLE_MAX).contains(&keys.len())
                && keys.iter().all(|key| {
                    let tally = case.tally(layer, key, &mut scratch);
                    case.is_listed(layer, case.list_score(layer, &tally), counts)
                })
        }
    };
    if !allowed {
        return Err(TraceError::Given);
    }
    let given = case.given(layer, keys, method.stage);
    let tally = case.given_tally(&given, key, &mut scratch);
    Ok(case.given_finding(&given, &tally, counts, method.clone()))
}
