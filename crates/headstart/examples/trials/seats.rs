//! Leaks of copies that somebody has: who is named, and what the meter said before.

use fingerprint::Reading;
use fingerprint::plan::enough;
use flow::sight::LeakFile;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::leaks::{file, in_log, request, window};
use crate::program::{Program, Sighting, TRIALS, below, counts, files};
use crate::{Oops, in_parallel, percent};

/// What of a copy leaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Whole,
    Words(usize),
    Poc,
    Request,
    RequestInLog,
}

pub const KINDS: [Kind; 7] = [
    Kind::Whole,
    Kind::Words(700),
    Kind::Words(350),
    Kind::Words(150),
    Kind::Poc,
    Kind::Request,
    Kind::RequestInLog,
];

impl Kind {
    fn label(self) -> String {
        match self {
            Self::Whole => "whole write-up".to_owned(),
            Self::Words(words) => format!("{words} words of it"),
            Self::Poc => "PoC".to_owned(),
            Self::Request => "its request".to_owned(),
            Self::RequestInLog => "request in a log".to_owned(),
        }
    }

    /// The artifact that the leak is of, by its place.
    fn artifact(self) -> usize {
        match self {
            Self::Whole | Self::Words(_) => 0,
            _ => 1,
        }
    }
}

/// What the meter says before anyone is scored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Meter {
    /// The partner is named with a chance of at least 0.99.
    Enough,
    /// In between.
    Uncertain,
    /// Fewer bits are readable than naming anyone takes.
    NotEnough,
}

/// What the trace did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The right seat is named.
    Seat,
    /// The right partner is named, and no seat.
    Partner,
    /// Nobody is named.
    Withheld,
    /// The case was not found.
    NoCase,
    /// Somebody else is named: a false accusation.
    Wrong,
}

/// Sites of the artifact that leaked, as they were read.
#[derive(Clone, Copy, Default)]
pub struct Sites {
    pub right: u64,
    /// The right value among several.
    pub doubt: u64,
    pub wrong: u64,
    pub erased: u64,
    /// Read in artifacts that did not leak.
    pub stray: u64,
}

/// One leak and its trace.
pub struct Trial {
    pub kind: Kind,
    pub meter: Meter,
    /// The chance that the meter gave the naming of the partner.
    pub chance: f64,
    pub answer: Answer,
    pub sites: Sites,
}

/// Leaks of every kind from `count` random seats.
pub fn trials(program: &Program, count: usize, seed: u64) -> Result<Vec<Trial>, Oops> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x7365_6174);
    let mut order: Vec<usize> = (0..program.book()?.seatings().len()).collect();
    for place in (1..order.len()).rev() {
        order.swap(place, below(&mut rng, place + 1));
    }
    order.truncate(count);
    in_parallel(order.len() * KINDS.len(), |number| {
        let seat = order.get(number / KINDS.len()).ok_or("no such seat")?;
        let kind = KINDS.get(number % KINDS.len()).ok_or("no such kind")?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(1 + number as u64);
        trial(program, *seat, *kind, &mut rng)
    })
}

fn leak(
    program: &Program,
    seat: usize,
    kind: Kind,
    rng: &mut ChaCha8Rng,
) -> Result<LeakFile, Oops> {
    let files = files(program.book()?, seat)?;
    let copy = files
        .into_iter()
        .nth(kind.artifact())
        .ok_or("no such artifact")?;
    let text = || String::from_utf8_lossy(&copy.bytes).into_owned();
    Ok(match kind {
        Kind::Whole | Kind::Poc => copy,
        Kind::Words(words) => file("paste.txt", window(&text(), words, rng)),
        Kind::Request => file("eve.json", request(&text(), rng)?),
        Kind::RequestInLog => file("eve.json", in_log(&request(&text(), rng)?)),
    })
}

fn trial(program: &Program, seat: usize, kind: Kind, rng: &mut ChaCha8Rng) -> Result<Trial, Oops> {
    let leaked = [leak(program, seat, kind, rng)?];
    let sighting = match program.sight(&leaked, None)? {
        Some(sighting) if sighting.case == TRIALS => sighting,
        // Not found: the meter answers for the case that it is, and the trace has named nobody or somebody of another.
        other => return lost(program, seat, kind, &leaked, other),
    };
    let (meter, chance) = meter(program, &sighting)?;
    let verdict = program.trace(&sighting)?;
    let meter = match verdict.engine.refusal {
        Some(_) => Meter::NotEnough,
        None => meter,
    };
    let truth = program.book()?.seatings().get(seat).ok_or("no such seat")?;
    let is_wrong = |c: &flow::trace::Candidate| {
        c.partner != truth.partner || c.seat.as_ref().is_some_and(|s| *s != truth.seat)
    };
    let answer = if verdict.accused.iter().any(is_wrong) {
        Answer::Wrong
    } else if verdict.accused.iter().any(|c| c.seat.is_some()) {
        Answer::Seat
    } else if verdict.accused.is_empty() {
        Answer::Withheld
    } else {
        Answer::Partner
    };
    Ok(Trial {
        kind,
        meter,
        chance,
        answer,
        sites: sites(program, seat, kind, &sighting)?,
    })
}

fn lost(
    program: &Program,
    seat: usize,
    kind: Kind,
    leaked: &[LeakFile],
    other: Option<Sighting>,
) -> Result<Trial, Oops> {
    let accused = match other {
        Some(sighting) => !program.trace(&sighting)?.accused.is_empty(),
        None => false,
    };
    let sighting = program.sight(leaked, Some(TRIALS))?.ok_or("no reading")?;
    let (meter, chance) = meter(program, &sighting)?;
    let refusal = program.trace(&sighting)?.engine.refusal;
    Ok(Trial {
        kind,
        meter: if refusal.is_some() {
            Meter::NotEnough
        } else {
            meter
        },
        chance,
        answer: if accused {
            Answer::Wrong
        } else {
            Answer::NoCase
        },
        sites: sites(program, seat, kind, &sighting)?,
    })
}

/// What the readable sites promise, whatever is read there.
fn meter(program: &Program, sighting: &Sighting) -> Result<(Meter, f64), Oops> {
    let readable: Vec<bool> = sighting
        .readings
        .for_engine()
        .iter()
        .map(|reading| *reading != Reading::Erased)
        .collect();
    let code = program.book()?.code();
    let prospect = enough(code, &readable, &counts(), &sighting.bar)?;
    let chance = prospect.group_catch.max(prospect.slot_catch);
    let meter = if chance >= 0.99 {
        Meter::Enough
    } else {
        Meter::Uncertain
    };
    Ok((meter, chance))
}

fn sites(program: &Program, seat: usize, kind: Kind, sighting: &Sighting) -> Result<Sites, Oops> {
    let book = program.book()?;
    let seating = book.seatings().get(seat).ok_or("no such seat")?;
    let partner = book.partner_key(&seating.partner);
    let own = book.seat_key(seating);
    let truth = book.code().codeword(&partner, &own);
    let mut truth = truth.iter();
    let mut sites = Sites::default();
    for (artifact, place) in sighting.readings.artifacts.iter().zip(0..) {
        for (site, truth) in artifact.sites.iter().zip(truth.by_ref()) {
            let is_erased = site.reading == Reading::Erased;
            if place != kind.artifact() {
                sites.stray += u64::from(!is_erased);
                continue;
            }
            match &site.reading {
                Reading::Erased => sites.erased += 1,
                Reading::Values { values, .. } if values == &[*truth] => sites.right += 1,
                Reading::Values { values, .. } if values.contains(truth) => sites.doubt += 1,
                Reading::Soft { weights, .. } if weights.iter().any(|w| w.0 == *truth) => {
                    sites.doubt += 1;
                }
                _ => sites.wrong += 1,
            }
        }
    }
    Ok(sites)
}

/// One row for each kind and each answer of the meter.
pub fn print(trials: &[Trial]) {
    println!(
        "{:<16} {:<10} {:>6} {:>5} {:>7} {:>8} {:>7} {:>5}  {:>6}  {:<24} {:>6} {:>5} {:>5} {:>6} {:>5}",
        "leak",
        "meter",
        "traces",
        "seat",
        "partner",
        "withheld",
        "no case",
        "wrong",
        "chance",
        "named",
        "right",
        "doubt",
        "wrong",
        "erased",
        "stray"
    );
    for kind in KINDS {
        for (meter, word) in [
            (Meter::Enough, "enough"),
            (Meter::Uncertain, "uncertain"),
            (Meter::NotEnough, "not enough"),
        ] {
            let rows: Vec<&Trial> = trials
                .iter()
                .filter(|t| t.kind == kind && t.meter == meter)
                .collect();
            if !rows.is_empty() {
                row(&kind.label(), word, &rows);
            }
        }
    }
    println!(
        "\n`chance` is the mean of the chances that the meter gave; the last five columns count sites of the artifact \
         that leaked,\nmean a trace: read rightly, as one of several values, wrongly, not read; and read in artifacts that did not leak."
    );
}

fn row(label: &str, meter: &str, rows: &[&Trial]) {
    let all = rows.len() as u64;
    let count = |answer: Answer| rows.iter().filter(|t| t.answer == answer).count() as u64;
    let mean = |of: &dyn Fn(&Sites) -> u64| {
        rows.iter().map(|t| of(&t.sites)).sum::<u64>() as f64 / all.max(1) as f64
    };
    let chance = rows.iter().map(|t| t.chance).sum::<f64>() / all.max(1) as f64;
    let named = count(Answer::Seat) + count(Answer::Partner);
    println!(
        "{label:<16} {meter:<10} {all:>6} {:>5} {:>7} {:>8} {:>7} {:>5}  {chance:>6.3}  {:<24} {:>6.1} {:>5.1} {:>5.2} {:>6.1} {:>5.2}",
        count(Answer::Seat),
        count(Answer::Partner),
        count(Answer::Withheld),
        count(Answer::NoCase),
        count(Answer::Wrong),
        percent(named, all),
        mean(&|s| s.right),
        mean(&|s| s.doubt),
        mean(&|s| s.wrong),
        mean(&|s| s.erased),
        mean(&|s| s.stray),
    );
}
