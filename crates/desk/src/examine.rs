//! A recorded trace as somebody looks at it: masters with their readings, what each named copy has, who had what when.

use carriers::Master;
use domain::case::{Case, Traced};
use domain::ids::{ArtifactId, CaseId, PartnerId, SeatId, TraceId};
use domain::receipt::Receipts;
use domain::sealed::Digest;
use fingerprint::Entry;
use flow::book::Book;
use flow::explanations::{Dates, Explanation, explanations};
use flow::seats::Seating;
use flow::sight::LeakFile;
use flow::trace::{Candidate, Verdict};
use jiff::Timestamp;
use seal::ProgramKey;

use crate::traces::Retraced;
use crate::{Desk, Failure};

/// A recorded trace, decided again on what the case is now.
#[derive(Debug, Clone)]
pub struct Examined {
    /// What was recorded, the last time that it was asked.
    pub recorded: Traced,
    /// The case.
    pub case: CaseId,
    /// The answer now: receipts and the program's bar may have changed since.
    pub verdict: Verdict,
    /// The masters, in the order of the readings.
    pub masters: Vec<ExaminedMaster>,
    /// Every copy of the case, in the order of its scores.
    pub copies: Vec<ExaminedCopy>,
    /// What the copies of each one that is named or listed show, in the order of the verdict: accused, then leads.
    pub shown: Vec<ShownCopy>,
    /// The texts that were read.
    pub files: Vec<ExaminedFile>,
    /// When the leak was seen, by the word of who asked.
    pub seen_at: Option<Timestamp>,
    /// How many cases were tried.
    pub cases_tried: u64,
    /// What else could explain it.
    pub explanations: Vec<Explanation>,
}

/// One master.
#[derive(Debug, Clone)]
pub struct ExaminedMaster {
    /// The artifact.
    pub artifact: ArtifactId,
    /// The master's text, with its marks.
    pub source: Vec<u8>,
    /// The same, parsed.
    pub master: Master,
}

/// One copy of the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExaminedCopy {
    /// The seat.
    pub seat: SeatId,
    /// Its partner.
    pub partner: PartnerId,
    /// When it was first fetched.
    pub first_fetched_at: Option<Timestamp>,
}

/// What the copies of a candidate show: of a partner that is named without a seat, each of its seats' copies.
#[derive(Debug, Clone)]
pub struct ShownCopy {
    /// Who.
    pub candidate: Candidate,
    /// For each site of each master, the values that its copies have; none where it got no copy of the master.
    pub values: Vec<Vec<Vec<u64>>>,
}

/// One text of a leak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExaminedFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// The original that it was read from, that original's SHA-256, and how it was read.
    pub origin: Option<(String, Digest, String)>,
}

impl Desk {
    /// Looks at a recorded trace.
    ///
    /// # Errors
    /// An unknown trace, or a record that the key does not open.
    pub async fn examine(&self, key: &ProgramKey, trace: &TraceId) -> Result<Examined, Failure> {
        let Retraced {
            case,
            book,
            verdict,
            files,
            seen_at,
            cases_tried,
        } = self.retrace(key, trace).await?;
        let recorded = case
            .traces()
            .iter()
            .rev()
            .find(|own| own.trace == *trace)
            .cloned()
            .ok_or_else(|| Failure::machine("trace", "the trace is not of its case"))?;
        let dates = Dates {
            seen_at: seen_at.unwrap_or(recorded.at),
            public_at: public_at(&case),
        };
        let named = verdict.accused.iter().chain(&verdict.leads);
        Ok(Examined {
            explanations: explanations(&verdict, &dates),
            shown: named.map(|own| shown(&book, own)).collect(),
            masters: masters(&book),
            copies: copies(&book, case.receipts()),
            files: files.iter().map(file).collect(),
            case: case.id().clone(),
            recorded,
            verdict,
            seen_at,
            cases_tried,
        })
    }

    /// The case that a trace was recorded under.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn case_of_trace(&self, trace: &TraceId) -> Result<Option<CaseId>, Failure> {
        let known = self.store().meta(&crate::traces::meta_name(trace)).await?;
        Ok(known.and_then(|id| CaseId::parse(&id).ok()))
    }
}

/// When the details became public: at the release, or when the case ended because they were.
fn public_at(case: &Case) -> Option<Timestamp> {
    let ended = case
        .ended()
        .filter(|ended| ended.reason == domain::case::EndReason::DetailsPublic)
        .map(|ended| ended.at);
    case.released_at().into_iter().chain(ended).min()
}

fn masters(book: &Book) -> Vec<ExaminedMaster> {
    let masters = book.masters().iter().map(|own| ExaminedMaster {
        artifact: own.artifact.clone(),
        source: own.source.clone(),
        master: own.master.clone(),
    });
    masters.collect()
}

fn copies(book: &Book, receipts: &Receipts) -> Vec<ExaminedCopy> {
    let copies = book.seatings().iter().map(|seating| ExaminedCopy {
        seat: seating.seat.clone(),
        partner: seating.partner.clone(),
        first_fetched_at: receipts.of(&seating.seat).map(|own| own.first().at),
    });
    copies.collect()
}

fn shown(book: &Book, candidate: &Candidate) -> ShownCopy {
    let mut values: Vec<Vec<Vec<u64>>> = book
        .masters()
        .iter()
        .map(|own| vec![Vec::new(); own.master.sites().len()])
        .collect();
    let is_own = |seating: &Seating| {
        seating.partner == candidate.partner
            && candidate
                .seat
                .as_ref()
                .is_none_or(|seat| *seat == seating.seat)
    };
    for (seating, entry) in book.seatings().iter().zip(book.entries()) {
        if is_own(seating) {
            add_values(book, seating, &entry, &mut values);
        }
    }
    ShownCopy {
        candidate: candidate.clone(),
        values,
    }
}

fn add_values(book: &Book, seating: &Seating, entry: &Entry, values: &mut [Vec<Vec<u64>>]) {
    let codeword = book.code().codeword(&entry.group_key, &entry.slot_key);
    let mut symbols = codeword.into_iter();
    for (master, sites) in book.masters().iter().zip(values) {
        let has_copy = seating.artifacts.contains(&master.artifact);
        // The codeword runs over all masters, also those that the seat has no copy of.
        for (site, symbol) in sites.iter_mut().zip(symbols.by_ref()) {
            if has_copy && !site.contains(&symbol) {
                site.push(symbol);
            }
        }
    }
}

fn file(file: &LeakFile) -> ExaminedFile {
    ExaminedFile {
        name: file.name.clone(),
        size_bytes: file.bytes.len() as u64,
        sha256: Digest::of(&file.bytes),
        origin: file
            .origin
            .as_ref()
            .map(|own| (own.file.clone(), own.sha256, own.how.clone())),
    }
}
