//! One candidate's evidence held against every statistic.

use crate::code::{Code, Layer};
use crate::collusion::{Model, Shown, Strategy, fit};
use crate::evidence::{Ballot, Sheet, Tally};
use crate::method::{Method, Stage, Statistic, TUPLE_MAX};
use crate::tail::{UNIT, bound_bits, tail};
use crate::trace::{Bar, Counts, Finding, Question, TraceError};
use crate::{Key, Reading};

// The shares of the risk. Half is the groups', half the slots'. Within a question every statistic
// has a share, and the shares sum to one (a test adds them up).
const QUESTIONS: f64 = 2.0;

/// The parts of one question's risk that its statistics may use.
#[derive(Clone, Copy)]
pub(crate) struct Shares {
    /// Tail of the single leaker's score.
    pub single: f64,
    /// Tail of the single leaker's score over both layers; groups only.
    pub joined: f64,
    /// Tails of the fitted models' scores.
    pub fitted: [f64; 3],
    /// The averaged e-value, by Markov.
    pub evalue: f64,
    /// Tails given the accepted, in each of two rounds.
    pub iterated: f64,
    /// Tails given listed copies, shared evenly by their numbers up to [`TUPLE_MAX`].
    pub listed: f64,
}

impl Shares {
    /// The greatest share of a statistic of the first stage by one layer.
    fn best(&self) -> f64 {
        self.fitted.iter().copied().fold(self.single, f64::max)
    }
}

const SLOT_SHARES: Shares = Shares {
    single: 6.0 / 16.0,
    joined: 0.0,
    fitted: [1.0 / 16.0, 1.0 / 16.0, 3.0 / 16.0],
    evalue: 1.0 / 16.0,
    iterated: 0.5 / 16.0,
    listed: 3.0 / 16.0,
};

/// Where what the leak shows is not what copies show: see [`shows_collusion`].
const SLOT_SHARES_COLLUDED: Shares = Shares {
    single: 0.5 / 16.0,
    joined: 0.0,
    fitted: [0.5 / 16.0, 1.0 / 16.0, 8.0 / 16.0],
    evalue: 1.0 / 16.0,
    iterated: 0.5 / 16.0,
    listed: 4.0 / 16.0,
};

const GROUP_SHARES: Shares = Shares {
    single: 4.0 / 16.0,
    joined: 4.0 / 16.0,
    fitted: [0.5 / 16.0, 0.5 / 16.0, 1.5 / 16.0],
    evalue: 2.0 / 16.0,
    iterated: 0.5 / 16.0,
    listed: 2.5 / 16.0,
};

const GROUP_SHARES_COLLUDED: Shares = Shares {
    single: 0.5 / 16.0,
    joined: 0.5 / 16.0,
    fitted: [0.5 / 16.0, 1.0 / 16.0, 5.0 / 16.0],
    evalue: 1.5 / 16.0,
    iterated: 0.5 / 16.0,
    listed: 6.0 / 16.0,
};

/// Evidence in bits, from the leak and the public biases alone, above which shares go to the fitted attacks.
const COLLUSION_BITS: f64 = 12.0;

/// Coalitions of the fitted members. Fits of other sizes would say nearly the same: how a fitted
/// attack's chance of a 1 changes with the bias fixes the score but for its scale.
const FITTED: [u32; 3] = [1, 3, 8];
/// Which of the family's members makes the list: the fitted attack of three.
const LISTING: usize = 2;
/// How many further leakers are tried beside known ones.
const MORE: [u32; 4] = [1, 2, 3, 5];
/// Coalitions of the fixed members.
const FIXED: [u32; 5] = [2, 3, 5, 8, 12];
/// Prior weights within the averaged e-value; they sum to one.
const PRIOR_SINGLE: f64 = 4.0 / 16.0;
const PRIOR_SEGMENTS: f64 = 3.0 / 16.0;
const PRIOR_FITTED: f64 = 5.0 / 16.0;
const PRIOR_FIXED: f64 = 4.0 / 16.0;
/// Chance that a section of a spliced leak is from one given copy.
const SPLICE: f64 = 0.2;
/// Innocents expected on the list of copies that tuples are sought in.
const LISTED: f64 = 2.0;
/// Contributors on that list for which the weights of all conditions sum to one at most.
const CONTRIBUTORS: u32 = 8;
/// A tail is computed only where Markov's bound leaves the candidate within this factor of the risk that
/// is asked for; elsewhere Markov's bound stands for it.
const PROMISING: f64 = 1e5;
/// The same for Chernoff's bound, which lies closer to the tail.
const NEAR: f64 = 1e3;
/// As far as a tail may lie below Markov's bound to be worth its computation beside a better one.
const GAIN_BITS_MAX: f64 = 12.0;

/// A model of the family with its prior weights.
struct Member {
    /// log2 of the weight within the averaged e-value.
    prior: f64,
    /// Within the question's risk, for its exact tail; 0 for members that have none.
    share: f64,
    sheet: Sheet,
}

/// The readings of one leak, with all that depends on them and the public code alone.
pub(crate) struct Case<'a> {
    code: &'a Code,
    pub bar: &'a Bar,
    pub ballot: Ballot,
    /// Members for the group layer and for the slot layer; the first is the single leaker.
    families: [Vec<Member>; 2],
    shares: [Shares; 2],
}

/// One statistic's verdict: score in bits, tail, and by what it is multiplied.
struct Verdict {
    statistic: Statistic,
    bits: f64,
    tail: f64,
    tests: f64,
}

/// A layer's readings with some copies taken to have contributed.
pub(crate) struct Given {
    ballot: Ballot,
    members: Vec<Sheet>,
    layer: Layer,
    stage: Stage,
}

const fn place(layer: Layer) -> usize {
    match layer {
        Layer::Group => 0,
        Layer::Slot => 1,
    }
}

/// The shares of a layer's question. They depend on the leak and the public biases alone.
fn shares(layer: Layer, shown: &[Shown]) -> Shares {
    match (layer, shows_collusion(shown)) {
        (Layer::Group, false) => GROUP_SHARES,
        (Layer::Group, true) => GROUP_SHARES_COLLUDED,
        (Layer::Slot, false) => SLOT_SHARES,
        (Layer::Slot, true) => SLOT_SHARES_COLLUDED,
    }
}

/// Whether ones are as frequent at some bias as no single copy, read with whatever noise, would have them.
fn shows_collusion(shown: &[Shown]) -> bool {
    fit(6, shown).likelihood(shown) - fit(1, shown).likelihood(shown) > COLLUSION_BITS
}

/// Groups or slots that one question chooses among.
const fn candidates(layer: Layer, counts: &Counts) -> u64 {
    match layer {
        Layer::Group => counts.groups,
        Layer::Slot => counts.slots,
    }
}

impl<'a> Case<'a> {
    pub fn new(code: &'a Code, readings: &[Reading], bar: &'a Bar) -> Result<Self, TraceError> {
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
        let ballot = Ballot::new(code, readings).map_err(|(site, why)| why.at(site))?;
        let shown = [ballot.shown(Layer::Group), ballot.shown(Layer::Slot)];
        let [group, slot] = &shown;
        let shares = [shares(Layer::Group, group), shares(Layer::Slot, slot)];
        let [group_shares, slot_shares] = &shares;
        let families = [
            family(code, &ballot, group, Layer::Group, group_shares),
            family(code, &ballot, slot, Layer::Slot, slot_shares),
        ];
        Ok(Self {
            code,
            bar,
            ballot,
            families,
            shares,
        })
    }

    fn family(&self, layer: Layer) -> &[Member] {
        self.families.get(place(layer)).map_or(&[], Vec::as_slice)
    }

    fn shares(&self, layer: Layer) -> &Shares {
        let [group, slot] = &self.shares;
        match layer {
            Layer::Group => group,
            Layer::Slot => slot,
        }
    }

    fn single_sheet(&self) -> Option<&Sheet> {
        self.family(Layer::Slot).first().map(|m| &m.sheet)
    }

    pub fn tally(&self, layer: Layer, key: &Key, scratch: &mut Vec<u64>) -> Tally {
        self.ballot
            .tally(self.code, layer, key, self.single_sheet(), scratch)
    }

    /// Bits of the single leaker's score.
    pub fn single(&self, tally: &Tally) -> f64 {
        self.single_sheet()
            .map_or(0.0, |sheet| sheet.score(tally) as f64 / UNIT)
    }

    /// log2 of the e-value averaged over the family and the splices, rounded down.
    pub fn evidence(&self, layer: Layer, tally: &Tally) -> f64 {
        let mut terms: Vec<f64> = self
            .family(layer)
            .iter()
            .map(|m| m.prior + m.sheet.score(tally) as f64 / UNIT)
            .collect();
        terms.push(libm::log2(PRIOR_SEGMENTS) + spliced(&tally.parts));
        log2_sum(&terms)
    }

    /// What multiplies a tail: questions × candidates × alignments / share.
    fn tests(&self, candidates: u64, share: f64) -> f64 {
        QUESTIONS * candidates as f64 * self.bar.alignments as f64 / share
    }

    fn needed(&self, candidates: u64, share: f64, risk: f64) -> f64 {
        libm::log2(self.tests(candidates, share) / risk)
    }

    pub fn slot_question(&self, counts: &Counts, risk: f64) -> Question {
        Question {
            available_bits: self.ballot.bits(Layer::Slot),
            needed_bits: self.needed(counts.slots, self.shares(Layer::Slot).best(), risk),
        }
    }

    /// Bits that a slot's finding needs at the bar.
    pub fn needed_for_slot(&self, counts: &Counts) -> f64 {
        self.slot_question(counts, self.bar.innocent_risk)
            .needed_bits
    }

    /// Bits that a group's finding needs: from the group layer alone, and from both layers through one slot.
    pub fn needed_for_group(&self, counts: &Counts, risk: f64) -> (f64, f64) {
        let shares = self.shares(Layer::Group);
        let alone = self.needed(counts.groups, shares.best(), risk);
        let joined =
            self.needed(counts.groups, shares.joined, risk) + libm::log2(counts.group_slots as f64);
        (alone, joined)
    }

    pub fn group_question(&self, counts: &Counts, risk: f64) -> Question {
        let (needed_alone, needed_joined) = self.needed_for_group(counts, risk);
        let alone = Question {
            available_bits: self.ballot.bits(Layer::Group),
            needed_bits: needed_alone,
        };
        let joined = Question {
            available_bits: alone.available_bits + self.ballot.bits(Layer::Slot),
            needed_bits: needed_joined,
        };
        joined.easier(alone)
    }

    /// Largest coalition whose worst attack leaves enough bits on the sites of at most sixteen
    /// values; one leaker may use all sites.
    pub fn coalition_max(&self, counts: &Counts) -> u32 {
        let risk = self.bar.innocent_risk;
        let questions = [
            (Layer::Group, self.group_question(counts, risk)),
            (Layer::Slot, self.slot_question(counts, risk)),
        ];
        let mut largest = 0;
        for (layer, question) in questions {
            if question.is_answerable() {
                let sites = self.ballot.narrow(self.code, layer) as f64;
                let design = self.code.design();
                let resolved = (2..=16)
                    .take_while(|c| sites * design.bits_per_site(*c) >= question.needed_bits)
                    .last();
                largest = largest.max(resolved.unwrap_or(1));
            }
        }
        largest
    }

    /// The best of the members' exact tails.
    fn tails(&self, layer: Layer, tally: &Tally, counts: &Counts) -> Option<Verdict> {
        let mut scored: Vec<(f64, usize, &Member, i64)> = Vec::new();
        for (i, member) in self.family(layer).iter().enumerate() {
            if member.share > 0.0 {
                let score = member.sheet.score(tally);
                let tests = self.tests(candidates(layer, counts), member.share);
                scored.push((libm::log2(tests) - score as f64 / UNIT, i, member, score));
            }
        }
        scored.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut best: Option<Verdict> = None;
        for (bound, i, member, score) in scored {
            // A tail is seldom that much below Markov's bound; leaving it out only costs power.
            let hopeless = best
                .as_ref()
                .is_some_and(|b| bound > libm::log2(b.tail * b.tests) + GAIN_BITS_MAX);
            if hopeless {
                continue;
            }
            let tests = self.tests(candidates(layer, counts), member.share);
            let worth = self.bar.lead_risk;
            let verdict = Verdict {
                statistic: Statistic::Tail(i as u16),
                bits: score as f64 / UNIT,
                tail: self.tail(&self.ballot, &member.sheet, &[layer], (score, tests, worth)),
                tests,
            };
            best = Some(better(best, verdict));
        }
        best
    }

    /// The exact tail where that may bring the candidate to the risk `worth`, else Markov's bound.
    fn tail(
        &self,
        ballot: &Ballot,
        sheet: &Sheet,
        layers: &[Layer],
        (score, tests, worth): (i64, f64, f64),
    ) -> f64 {
        let markov = markov(score as f64 / UNIT);
        if markov * tests > PROMISING * worth {
            return markov;
        }
        let terms = ballot.terms(sheet, layers);
        if libm::exp2(bound_bits(&terms, score)) * tests > NEAR * worth {
            return markov;
        }
        tail(&terms, score).min(markov)
    }

    /// The finding of one slot by its own layer alone.
    pub fn slot_finding(&self, tally: &Tally, counts: &Counts, method: Method) -> Finding {
        let e_value_bits = self.evidence(Layer::Slot, tally);
        let mut best = self.by_evalue(Layer::Slot, e_value_bits, counts);
        if let Some(tail) = self.tails(Layer::Slot, tally, counts) {
            best = better(Some(best), tail);
        }
        finding(best, e_value_bits, method)
    }

    fn by_evalue(&self, layer: Layer, e_value_bits: f64, counts: &Counts) -> Verdict {
        Verdict {
            statistic: Statistic::EValue,
            bits: e_value_bits,
            tail: markov(e_value_bits),
            tests: self.tests(candidates(layer, counts), self.shares(layer).evalue),
        }
    }

    /// The finding of one group. `seats`: tallies of slots of the group, the best first; the others count
    /// as saying nothing.
    pub fn group_finding(
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
        let mut e_value_bits = self.evidence(Layer::Group, tally) + stay * unopened as f64;
        for seat in seats {
            let moved = libm::log2(part) + self.evidence(Layer::Slot, seat);
            e_value_bits += log2_sum(&[stay, moved]);
        }
        let mut best = self.by_evalue(Layer::Group, e_value_bits, counts);
        if let Some(alone) = self.tails(Layer::Group, tally, counts) {
            best = better(Some(best), alone);
        }
        if let (Some(sheet), Some(seat)) = (self.single_sheet(), seats.first()) {
            let score = sheet.score(tally) + sheet.score(seat);
            let tests = self.tests(counts.groups, GROUP_SHARES.joined) * counts.group_slots as f64;
            let layers = [Layer::Group, Layer::Slot];
            let joined = Verdict {
                statistic: Statistic::Joined,
                bits: score as f64 / UNIT,
                tail: self.tail(
                    &self.ballot,
                    sheet,
                    &layers,
                    (score, tests, self.bar.lead_risk),
                ),
                tests,
            };
            best = better(Some(best), joined);
        }
        finding(best, e_value_bits, method)
    }

    /// The finding of a group or slot at the first stage, by its own layer alone, for the list and for what
    /// may be conditioned on.
    pub fn first_risk(&self, layer: Layer, tally: &Tally, counts: &Counts) -> f64 {
        let by_evalue = self.by_evalue(layer, self.evidence(layer, tally), counts);
        let best = match self.tails(layer, tally, counts) {
            Some(tail) => better(Some(by_evalue), tail),
            None => by_evalue,
        };
        best.tail * best.tests
    }

    /// The score that the list is made by: under the fitted attack of three.
    pub fn list_score(&self, layer: Layer, tally: &Tally) -> i64 {
        self.list_sheet(layer).map_or(0, |s| s.score(tally))
    }

    fn list_sheet(&self, layer: Layer) -> Option<&Sheet> {
        self.family(layer).get(LISTING).map(|m| &m.sheet)
    }

    /// The bits of one more copy given others.
    pub fn given_bits(given: &Given, tally: &Tally) -> f64 {
        given
            .members
            .last()
            .map_or(0.0, |sheet| sheet.score(tally) as f64 / UNIT)
    }

    /// Whether a copy may be a condition for tuples: its list score's exact tail is at most
    /// [`LISTED`] in the number of candidates.
    pub fn is_listed(&self, layer: Layer, score: i64, counts: &Counts) -> bool {
        // A list of copies whose score is against them would be no list.
        if score <= 0 {
            return false;
        }
        let Some(sheet) = self.list_sheet(layer) else {
            return false;
        };
        let limit = LISTED / candidates(layer, counts) as f64;
        let markov = markov(score as f64 / UNIT);
        if markov <= limit {
            return true;
        }
        let terms = self.ballot.terms(sheet, &[layer]);
        // Nine tenths of the limit, because the bound's last bits are not rounded outwards.
        libm::exp2(bound_bits(&terms, score)) <= 0.9 * limit || tail(&terms, score) <= limit
    }

    /// The readings of one layer with these copies taken to have contributed.
    pub fn given(&self, layer: Layer, keys: &[Key], stage: Stage) -> Given {
        let ballot = self.ballot.given(self.code, layer, keys);
        let known = keys.len() as u32;
        // How many more there are, and what they do, is fitted to the leak and the known copies; the candidate's own
        // values are not looked at.
        let shown = ballot.shown(layer);
        let mut best: Option<(f64, Model)> = None;
        for more in MORE {
            let model = fit(known + more, &shown);
            let likelihood = model.likelihood(&shown);
            if best.as_ref().is_none_or(|b| likelihood > b.0) {
                best = Some((likelihood, model));
            }
        }
        let members = best
            .iter()
            .map(|(_, model)| ballot.sheet(model, &[layer]))
            .collect();
        Given {
            ballot,
            members,
            layer,
            stage,
        }
    }

    /// The tally of one more copy, for [`Case::given_finding`].
    pub fn given_tally(&self, given: &Given, key: &Key, scratch: &mut Vec<u64>) -> Tally {
        given
            .ballot
            .tally(self.code, given.layer, key, None, scratch)
    }

    /// The finding of one copy, given others.
    pub fn given_finding(
        &self,
        given: &Given,
        tally: &Tally,
        counts: &Counts,
        method: Method,
    ) -> Finding {
        let shares = self.shares(given.layer);
        let share = match given.stage {
            Stage::Listed => {
                shares.listed / TUPLE_MAX as f64 / sets_expected(method.given.len() as u32)
            }
            _ => shares.iterated,
        };
        let each = 1.0 / given.members.len() as f64;
        let tests = self.tests(candidates(given.layer, counts), share * each);
        let mut best: Option<Verdict> = None;
        let mut terms = Vec::new();
        for (i, sheet) in given.members.iter().enumerate() {
            let score = sheet.score(tally);
            let bits = score as f64 / UNIT;
            terms.push(libm::log2(each) + bits);
            let verdict = Verdict {
                statistic: Statistic::Given(i as u16),
                bits,
                tail: self.tail(
                    &given.ballot,
                    sheet,
                    &[given.layer],
                    (score, tests, self.bar.innocent_risk),
                ),
                tests,
            };
            best = Some(better(best, verdict));
        }
        let e_value_bits = log2_sum(&terms);
        let best = best.unwrap_or(Verdict {
            statistic: Statistic::EValue,
            bits: 0.0,
            tail: 1.0,
            tests,
        });
        finding(best, e_value_bits, method)
    }
}

fn family(
    code: &Code,
    ballot: &Ballot,
    shown: &[Shown],
    layer: Layer,
    shares: &Shares,
) -> Vec<Member> {
    let sheet = |model: &Model| ballot.sheet(model, &[layer]);
    let mut members = vec![Member {
        prior: libm::log2(PRIOR_SINGLE),
        share: shares.single,
        // Over both layers, for a group through one slot.
        sheet: ballot.sheet(&Model::single(), &[Layer::Group, Layer::Slot]),
    }];
    let each = 1.0 / FITTED.len() as f64;
    for (c, share) in FITTED.into_iter().zip(shares.fitted) {
        members.push(Member {
            prior: libm::log2(PRIOR_FITTED * each),
            share,
            sheet: sheet(&fit(c, shown)),
        });
    }
    let mut fixed: Vec<Vec<f64>> = Vec::new();
    for c in FIXED {
        for strategy in Strategy::ALL {
            let rates = strategy.rates(c, code.design());
            if !fixed.contains(&rates) {
                fixed.push(rates);
            }
        }
    }
    let each = 1.0 / fixed.len() as f64;
    for rates in fixed {
        members.push(Member {
            prior: libm::log2(PRIOR_FIXED * each),
            share: 0.0,
            sheet: sheet(&Model::new(rates)),
        });
    }
    members
}

/// Sets of `size` copies on a list of [`CONTRIBUTORS`] and a Poisson number of innocents with mean
/// [`LISTED`]: `Σ C(contributors, size - i)·LISTED^i / i!`.
fn sets_expected(size: u32) -> f64 {
    let mut sum = 0.0;
    let mut innocents = 1.0;
    for i in 0..=size {
        let rest = size - i;
        let chosen = (0..rest).fold(1.0, |ways, j| {
            ways * f64::from(CONTRIBUTORS.saturating_sub(j)) / f64::from(j + 1)
        });
        sum += chosen * innocents;
        innocents *= LISTED / f64::from(i + 1);
    }
    sum
}

/// log2 of the e-value of a splice: `Π over sections of (1-π) + π·2^score`.
fn spliced(parts: &[i64]) -> f64 {
    let stay = libm::log2(1.0 - SPLICE);
    let moved = libm::log2(SPLICE);
    parts
        .iter()
        .map(|score| log2_sum(&[stay, moved + *score as f64 / UNIT]))
        .sum()
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
fn log2_sum(terms: &[f64]) -> f64 {
    let top = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return top;
    }
    // Leaving out what is too small to matter lowers the sum, which is the safe side.
    let matter = terms.iter().map(|t| t - top).filter(|t| *t > -40.0);
    let sum: f64 = matter.map(libm::exp2).sum();
    top + libm::log2(sum) - 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_each_question_and_the_priors_sum_to_one() {
        for s in [
            SLOT_SHARES,
            SLOT_SHARES_COLLUDED,
            GROUP_SHARES,
            GROUP_SHARES_COLLUDED,
        ] {
            let sum = s.single + s.joined + s.evalue + 2.0 * s.iterated + s.listed;
            assert_eq!(sum + s.fitted.iter().sum::<f64>(), 1.0);
        }
        let priors = PRIOR_SINGLE + PRIOR_SEGMENTS + PRIOR_FITTED + PRIOR_FIXED;
        assert_eq!(priors, 1.0);
    }

    #[test]
    fn the_expected_sets_of_a_list_are_those_of_eight_contributors_and_two_innocents() {
        let found: Vec<f64> = (0..5).map(sets_expected).collect();
        let known = [1.0, 10.0, 28.0 + 16.0 + 2.0, 56.0 + 56.0 + 16.0 + 4.0 / 3.0];
        for (a, b) in found.iter().zip(known) {
            assert!((a - b).abs() < 1e-9);
        }
    }
}
