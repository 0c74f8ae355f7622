//! Evidence from a verdict: one file that names its copy and opens only what the accused's copies need.

use std::collections::BTreeMap;

use domain::ids::{PartnerId, SeatId};
use fingerprint::Key;
use jiff::Timestamp;

use crate::book::Book;
use crate::evidence::{
    Accused, Bar, Body, Bytes, Earlier, FORMAT, File, Finding, MasterFile, OpenedLeaf, OpenedSeat,
    Press, Reading,
};
use crate::seats::Seating;
use crate::seeds;
use crate::sight::LeakFile;
use crate::trace::{Candidate, Verdict, Word};

/// What the program adds to a verdict so that outsiders can check it.
#[derive(Debug, Clone)]
pub struct Proofs<'a> {
    /// The program's name.
    pub program: &'a str,
    /// The published log key.
    pub log_key: &'a str,
    /// The signed checkpoint that every proof leads to.
    pub checkpoint: &'a str,
    /// The opened leaf of the code.
    pub code: OpenedLeaf,
    /// The opened leaf of the case's secret.
    pub secret: OpenedLeaf,
    /// Every press of the case, from the first to the latest.
    pub presses: Vec<Press>,
    /// Earlier checkpoints, with the proofs that this one grew from them.
    pub history: Vec<Earlier>,
    /// The opened leaf of each seat's package.
    pub packages: BTreeMap<SeatId, OpenedLeaf>,
    /// The first and last receipt of each seat.
    pub receipts: BTreeMap<SeatId, Vec<OpenedLeaf>>,
}

/// Why there is no evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TestifyError {
    /// The trace names nobody.
    #[error("this trace names nobody, so there is nothing to prove")]
    Withheld,
    /// The finding rests on a key that is not of this case.
    #[error("the finding rests on a copy that is not of this case")]
    UnknownKey,
    /// A leaf of an accused seat is missing.
    #[error("the log has no leaf of seat {seat}")]
    NoLeaf {
        /// The seat.
        seat: SeatId,
    },
}

/// What no evidence of this kind proves; stated in every file.
pub const LIMITS: [&str; 4] = [
    "It shows that this copy contributed to the leak. It does not show that a person meant it: an account or a machine may have been stolen.",
    "It does not show when or how the copy left, nor who published it.",
    "Whoever holds every copy, the program first of all, can leak one of them; that the commitments were logged before the release, and the receipts, bear on this and do not exclude it.",
    "The stated risk is the chance that somebody innocent would be named by such readings; it is not the chance that the accused is innocent.",
];

/// Puts the evidence of a verdict together; the caller signs [`Body::signed_text`].
///
/// # Errors
/// [`TestifyError`] when nobody is named, or a leaf is missing.
pub fn testify(
    book: &Book,
    verdict: &Verdict,
    leak: &[LeakFile],
    trace: &str,
    proofs: &Proofs<'_>,
    now: Timestamp,
) -> Result<Body, TestifyError> {
    if verdict.word != Word::Accuse {
        return Err(TestifyError::Withheld);
    }
    let mut named: Vec<&Candidate> = verdict.accused.iter().collect();
    named.sort_by_key(|candidate| (candidate.finding.group, candidate.finding.slot));
    let mut accused = Vec::new();
    for candidate in named {
        accused.push(accuse(book, candidate, proofs)?);
    }
    Ok(Body {
        format: FORMAT.to_owned(),
        program: proofs.program.to_owned(),
        log_key: proofs.log_key.to_owned(),
        trace: trace.to_owned(),
        made_at: now.to_string(),
        case: book.case().to_string(),
        verdict: verdict.word.as_str().to_owned(),
        leak: leak.iter().map(File::from).collect(),
        masters: book
            .masters()
            .iter()
            .map(|entry| MasterFile {
                artifact: entry.artifact.to_string(),
                kind: entry.kind.to_string(),
                name: entry.master.file_name().to_owned(),
                bytes: Bytes(entry.source.clone()),
            })
            .collect(),
        code: Bytes(book.code().to_bytes()),
        code_leaf: proofs.code.clone(),
        secret_leaf: proofs.secret.clone(),
        presses: proofs.presses.clone(),
        bar: Bar {
            innocent_risk: verdict.bar.innocent_risk,
            lead_risk: verdict.bar.lead_risk,
            alignments: verdict.bar.alignments,
        },
        readings: verdict
            .readings
            .for_engine()
            .iter()
            .map(Reading::from)
            .collect(),
        accused,
        checkpoint: proofs.checkpoint.to_owned(),
        history: proofs.history.clone(),
        limits: LIMITS.map(str::to_owned).to_vec(),
    })
}

fn accuse(
    book: &Book,
    candidate: &Candidate,
    proofs: &Proofs<'_>,
) -> Result<Accused, TestifyError> {
    let seatings: Vec<&Seating> = book
        .seatings()
        .iter()
        .filter(|seating| seating.partner == candidate.partner)
        .collect();
    let mut seats = Vec::new();
    for seating in &seatings {
        seats.push(opened(seating, proofs, seed_of_seat(book, seating)?)?);
    }
    let mut given = Vec::new();
    for key in &candidate.finding.method.given {
        let is_of = |own: &Key| own.expose() == key.expose();
        let seatings = book.seatings();
        let by_seat = seatings.iter().find(|own| is_of(&book.seat_key(own)));
        let by_partner = seatings
            .iter()
            .find(|own| is_of(&book.partner_key(&own.partner)));
        given.push(match (by_seat, by_partner) {
            (Some(own), _) => opened(own, proofs, seed_of_seat(book, own)?)?,
            (None, Some(own)) => opened(own, proofs, seed_of_partner(book, &own.partner)?)?,
            (None, None) => return Err(TestifyError::UnknownKey),
        });
    }
    let of_candidate = |seat: &SeatId| {
        candidate
            .seat
            .as_ref()
            .is_none_or(|accused| accused == seat)
    };
    Ok(Accused {
        partner: candidate.partner.to_string(),
        seat: candidate.seat.as_ref().map(ToString::to_string),
        finding: Finding::from(&candidate.finding),
        method: Bytes(candidate.finding.method.to_bytes()),
        partner_seed: seed_of_partner(book, &candidate.partner)?,
        given,
        receipts: seatings
            .iter()
            .filter(|seating| of_candidate(&seating.seat))
            .filter_map(|seating| proofs.receipts.get(&seating.seat))
            .flatten()
            .cloned()
            .collect(),
        seats,
    })
}

/// The accused's own seeds are opened on purpose: without them nobody could make the copy again.
fn opened(
    seating: &Seating,
    proofs: &Proofs<'_>,
    seed: OpenedLeaf,
) -> Result<OpenedSeat, TestifyError> {
    let leaf = proofs.packages.get(&seating.seat);
    Ok(OpenedSeat {
        seat: seating.seat.to_string(),
        leaf: leaf
            .ok_or_else(|| TestifyError::NoLeaf {
                seat: seating.seat.clone(),
            })?
            .clone(),
        seed,
    })
}

fn seed_of_seat(book: &Book, seating: &Seating) -> Result<OpenedLeaf, TestifyError> {
    seeds::of_seat(book.case(), book.secret(), book.seats(), seating.slot)
        .ok_or(TestifyError::UnknownKey)
}

fn seed_of_partner(book: &Book, partner: &PartnerId) -> Result<OpenedLeaf, TestifyError> {
    seeds::of_partner(book.case(), book.secret(), book.seats(), partner)
        .ok_or(TestifyError::UnknownKey)
}
