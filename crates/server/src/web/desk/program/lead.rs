//! How much of a head start partners had: pure figures from the events of cases and the program.

use std::collections::BTreeMap;

use domain::case::{Case, VerdictWord};
use domain::ids::PartnerId;
use domain::program::{ProgramEvent, ProgramFact};
use jiff::Timestamp;

/// One partner in one case: how long before the details became public it had opened them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lead {
    /// Hours before the details became public, or are to be; nothing for a partner that had not opened them by then.
    pub hours: Option<f64>,
    /// Hours from the moment that its wave was opened to its first fetch.
    pub waited_hours: Option<f64>,
}

/// What became of leaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Leaks {
    /// Sightings.
    pub sightings: usize,
    /// Traces whose newest answer names a copy.
    pub named: usize,
    /// Traces whose newest answer names nobody.
    pub withheld: usize,
}

/// When the details of a case became public, or are to be.
fn public_at(case: &Case) -> Option<Timestamp> {
    let ended = case.ended().map(|ended| ended.at);
    let known = case.released_at().into_iter().chain(ended).min();
    known.or(case.release())
}

/// Every partner of every case that gave it something ahead: waves that were opened before the details were public.
pub fn leads<'a>(cases: impl Iterator<Item = &'a Case>) -> Vec<Lead> {
    let mut leads = Vec::new();
    for case in cases {
        let Some(public_at) = public_at(case) else {
            continue;
        };
        // Of a partner the first seat counts: it can begin to work then.
        let mut partners: BTreeMap<&PartnerId, (Timestamp, Option<Timestamp>)> = BTreeMap::new();
        for package in case.packages() {
            let Some((_, opened_at)) = case.opened_at(&package.seat) else {
                continue;
            };
            if opened_at >= public_at {
                continue;
            }
            let fetched = case.receipts().of(&package.seat).map(|own| own.first().at);
            let known = partners
                .entry(&package.partner)
                .or_insert((opened_at, fetched));
            known.0 = known.0.min(opened_at);
            known.1 = known.1.into_iter().chain(fetched).min();
        }
        for (opened_at, fetched) in partners.into_values() {
            let in_time = fetched.filter(|at| *at < public_at);
            leads.push(Lead {
                hours: in_time.map(|at| hours(at, public_at)),
                waited_hours: in_time.map(|at| hours(opened_at, at)),
            });
        }
    }
    leads
}

/// What became of the leaks of these cases.
pub fn leaks<'a>(cases: impl Iterator<Item = &'a Case>) -> Leaks {
    let mut leaks = Leaks::default();
    for case in cases {
        leaks.sightings += case.sightings().len();
        let mut newest = BTreeMap::new();
        for own in case.traces() {
            newest.insert(&own.trace, own.verdict);
        }
        let named = newest
            .values()
            .filter(|verdict| **verdict == VerdictWord::Accuse)
            .count();
        leaks.named += named;
        leaks.withheld += newest.len() - named;
    }
    leaks
}

/// Hours from each first trace that names a copy to the next suspension of a partner, whoever it is: the events do not
/// say whom a verdict names.
pub fn hours_to_suspension<'a>(
    cases: impl Iterator<Item = &'a Case>,
    history: &[ProgramEvent],
) -> Vec<f64> {
    let suspensions: Vec<Timestamp> = history
        .iter()
        .filter(|event| matches!(event.fact, ProgramFact::PartnerSuspended { .. }))
        .map(|event| event.at)
        .collect();
    let mut waited = Vec::new();
    for case in cases {
        let mut first = BTreeMap::new();
        for own in case.traces() {
            if own.verdict == VerdictWord::Accuse {
                first.entry(&own.trace).or_insert(own.at);
            }
        }
        for at in first.into_values() {
            let next = suspensions.iter().filter(|then| **then >= at).min();
            waited.extend(next.map(|then| hours(at, *then)));
        }
    }
    waited
}

fn hours(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() / 3_600.0
}

/// What at least this share (0 to 1) of all had: the value at that place among those with one, best first; nothing
/// when fewer had any.
pub fn at_least(values: &[f64], all: usize, share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let place = (share * all as f64).ceil().max(1.0) as usize;
    sorted.get(place - 1).copied()
}

/// The value in the middle: half of all have at most this; of two in the middle the lower one.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::{at_least, median};

    #[test]
    fn the_median_is_a_value_that_was_there() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0]), Some(1.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn who_never_opened_it_counts_among_all() {
        let values = [10.0, 40.0, 30.0, 20.0];
        assert_eq!(at_least(&values, 4, 0.5), Some(30.0));
        assert_eq!(at_least(&values, 4, 1.0), Some(10.0));
        assert_eq!(at_least(&values, 5, 0.9), None);
        assert_eq!(at_least(&[], 0, 0.5), None);
    }
}
