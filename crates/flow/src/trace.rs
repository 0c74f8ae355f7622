//! Readings over a case's masters, and the decision whose copy it was.

use carriers::{Leak, SiteReading};
use domain::ids::{ArtifactId, CaseId, PartnerId, SeatId};
use fingerprint::{Bar, Finding, Reading};

use crate::book::Book;

/// What a leak shows of one case, site by site.
#[derive(Debug, Clone)]
pub struct Readings {
    /// One for each master, in the order of the code.
    pub artifacts: Vec<ArtifactReadings>,
}

/// What a leak shows of one artifact.
#[derive(Debug, Clone)]
pub struct ArtifactReadings {
    /// The artifact.
    pub artifact: ArtifactId,
    /// One for each site.
    pub sites: Vec<SiteReading>,
    /// How much of the leak this master explains by alignment, as [`carriers::Covered::coverage`].
    pub coverage: u64,
}

/// What a readable site weighs beside text that a master explains: about eight words.
const COVERAGE_OF_SITE: u64 = 8 * 640;

impl Readings {
    /// Sites that the leak shows without doubt.
    pub fn read(&self) -> usize {
        self.artifacts.iter().map(ArtifactReadings::read).sum()
    }

    /// How well the case fits the leak, to choose among candidates. It depends on masters and leak alone.
    pub fn fit(&self) -> u64 {
        let explained: u64 = self.artifacts.iter().map(|a| a.coverage).sum();
        explained + self.read() as u64 * COVERAGE_OF_SITE
    }

    /// All sites.
    pub fn total(&self) -> usize {
        self.artifacts.iter().map(|a| a.sites.len()).sum()
    }

    /// The readings in the order of the code.
    pub fn for_engine(&self) -> Vec<Reading> {
        self.artifacts
            .iter()
            .flat_map(|artifact| artifact.sites.iter().map(|site| site.reading.clone()))
            .collect()
    }
}

impl ArtifactReadings {
    /// Sites that the leak shows without doubt.
    pub fn read(&self) -> usize {
        let sure = |site: &&SiteReading| matches!(site.reading, Reading::Values { .. });
        self.sites.iter().filter(sure).count()
    }
}

/// The answer of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// At least one partner or seat is named.
    Accuse,
    /// Not enough evidence.
    Withhold,
    /// The leak is of no case that was given out.
    NoCase,
}

impl Word {
    /// The word that other programs read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accuse => "accuse",
            Self::Withhold => "withhold",
            Self::NoCase => "no_case",
        }
    }
}

/// A partner, or one of its seats, with the risk that naming it is false.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The partner.
    pub partner: PartnerId,
    /// The seat; `None` where only the partner can be named.
    pub seat: Option<SeatId>,
    /// The engine's finding.
    pub finding: Finding,
}

/// What a trace of one case found.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The case.
    pub case: CaseId,
    /// The answer.
    pub word: Word,
    /// Who is named. Empty unless the word is [`Word::Accuse`].
    pub accused: Vec<Candidate>,
    /// Candidates below the bar, whom nobody may call accused.
    pub leads: Vec<Candidate>,
    /// Why nobody is named; one sentence for people.
    pub reason: Option<String>,
    /// The bar that was used.
    pub bar: Bar,
    /// What was read.
    pub readings: Readings,
    /// The engine's answer.
    pub engine: fingerprint::Trace,
}

/// What is known of each slot beside its copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Whether the seat had fetched its package by the time that the leak was seen; ever, where nobody knows that time.
    pub fetched: bool,
    /// Whether it fetched it only later.
    pub later: bool,
}

/// Reads a leak over every master of a case.
pub fn read(book: &Book, leak: &Leak) -> Readings {
    let artifacts = book
        .masters()
        .iter()
        .map(|entry| {
            let covered = carriers::read_covered(&entry.master, leak);
            ArtifactReadings {
                artifact: entry.artifact.clone(),
                sites: covered.readings,
                coverage: covered.coverage,
            }
        })
        .collect();
    Readings { artifacts }
}

/// Why a trace has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the engine refused the readings: {reason}")]
pub struct TraceError {
    /// Why.
    pub reason: String,
}

/// Decides whose copy a leak came from.
///
/// `access`: one for each slot of the book. `bar.alignments`: how many cases were tried for this leak.
///
/// A slot that was never fetched cannot be the source: its package never left. When such a slot matches, the copy
/// came from inside the program, and nobody outside is named.
///
/// # Errors
/// [`TraceError`] when readings and code do not fit together.
pub fn trace(
    book: &Book,
    readings: Readings,
    access: &[Access],
    bar: &Bar,
) -> Result<Verdict, TraceError> {
    let refused = |reason: String| TraceError { reason };
    let engine = fingerprint::trace(book.code(), &readings.for_engine(), &book.entries(), bar)
        .map_err(|error| refused(error.to_string()))?;
    let mut accused = Vec::new();
    let mut never_fetched = None;
    for finding in &engine.accused {
        let candidate = named(book, finding).ok_or_else(|| refused("unknown slot".to_owned()))?;
        if was_fetched(book, &candidate, access) {
            accused.push(candidate);
        } else {
            never_fetched = Some(candidate);
        }
    }
    let mut leads = Vec::new();
    for finding in &engine.leads {
        let candidate = named(book, finding).ok_or_else(|| refused("unknown slot".to_owned()))?;
        if was_fetched(book, &candidate, access) {
            leads.push(candidate);
        }
    }
    let accused = without_repeats(accused);
    let leads: Vec<Candidate> = without_repeats(leads)
        .into_iter()
        .filter(|lead| !accused.iter().any(|a| a.partner == lead.partner))
        .collect();
    let word = if accused.is_empty() {
        Word::Withhold
    } else {
        Word::Accuse
    };
    let reason = match (word, &never_fetched) {
        (Word::Accuse, _) => None,
        (_, Some(candidate)) => Some(inside(candidate, was_given_later(book, candidate, access))),
        _ => Some(why_withheld(&engine, &leads)),
    };
    Ok(Verdict {
        case: book.case().clone(),
        word,
        accused,
        leads,
        reason,
        bar: *bar,
        readings,
        engine,
    })
}

fn named(book: &Book, finding: &Finding) -> Option<Candidate> {
    let partner = book.partners().get(usize::try_from(finding.group).ok()?)?;
    let seat = match finding.slot {
        Some(slot) => {
            let seating = book.seatings().get(usize::try_from(slot).ok()?)?;
            Some(seating.seat.clone())
        }
        None => None,
    };
    Some(Candidate {
        partner: partner.clone(),
        seat,
        finding: finding.clone(),
    })
}

fn was_fetched(book: &Book, candidate: &Candidate, access: &[Access]) -> bool {
    access_of(book, candidate, access).any(|access| access.fetched)
}

fn was_given_later(book: &Book, candidate: &Candidate, access: &[Access]) -> bool {
    access_of(book, candidate, access).any(|access| access.later)
}

/// What is known of each slot that a candidate stands for.
fn access_of<'a>(
    book: &'a Book,
    candidate: &'a Candidate,
    access: &'a [Access],
) -> impl Iterator<Item = &'a Access> {
    book.seatings()
        .iter()
        .zip(access)
        .filter(|(seating, _)| seating.partner == candidate.partner)
        .filter(|(seating, _)| candidate.seat.as_ref().is_none_or(|s| *s == seating.seat))
        .map(|(_, access)| access)
}

/// A partner that is named by one of its seats is not named a second time for itself.
fn without_repeats(candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates
        .iter()
        .filter(|candidate| {
            candidate.seat.is_some()
                || !candidates
                    .iter()
                    .any(|other| other.seat.is_some() && other.partner == candidate.partner)
        })
        .cloned()
        .collect()
}

fn inside(candidate: &Candidate, was_given_later: bool) -> String {
    let copy = candidate.seat.as_ref().map_or_else(
        || format!("the copies of partner {}", candidate.partner),
        |seat| format!("the copy of seat {seat}"),
    );
    let when = match was_given_later {
        true => "which was handed out only after the leak was seen",
        false => "which was never handed out",
    };
    format!(
        "the leak matches {copy}, {when}: it came from inside the program, not from that partner"
    )
}

fn why_withheld(engine: &fingerprint::Trace, leads: &[Candidate]) -> String {
    let (needed, available) = (engine.needed_bits, engine.available_bits);
    if engine.readable == 0 {
        return "the leak is of this case, but shows no mark site clearly enough to be read"
            .to_owned();
    }
    if available < needed {
        return format!(
            "what can be read carries {available:.1} bits and naming anyone takes {needed:.1}: too little, whoever it was; \
             about {} more readable sites would be needed",
            more_sites(engine.readable, available, needed)
        );
    }
    if leads.is_empty() {
        return format!(
            "{available:.1} bits can be read and {needed:.1} are needed, but no single copy explains the readings; \
             several copies may have been mixed, or the leak was edited"
        );
    }
    format!(
        "{available:.1} bits can be read, but no copy reaches the {needed:.1} bits that the program's bar asks for; \
         the leads below are not accusations"
    )
}

fn more_sites(readable: usize, available: f64, needed: f64) -> u64 {
    let per_site = available / readable as f64;
    ((needed - available) / per_site).ceil().max(1.0) as u64
}
