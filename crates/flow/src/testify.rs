//! Evidence from a verdict: one file that names its copy and opens only what the accused's copies need.

use std::collections::BTreeMap;

use domain::chain::entry_digest;
use domain::ids::SeatId;
use domain::sealed::Digest;
use jiff::Timestamp;

use crate::book::{Book, Seating};
use crate::evidence::{
    Accused, Bar, Beacon, Body, Bytes, Earlier, FORMAT, File, Finding, MasterFile, OpenedLeaf,
    OpenedSeat, Reading,
};
use crate::leaf::PackageLeaf;
use crate::press::place;
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
    /// The opened leaf of the latest roster.
    pub roster: OpenedLeaf,
    /// The opened leaf of every roster of the case, from its first press on.
    pub rosters: Vec<OpenedLeaf>,
    /// Earlier checkpoints, with the proofs that this one grew from them.
    pub history: Vec<Earlier>,
    /// What was mixed into the case's secret.
    pub beacon: Option<Beacon>,
    /// The opened leaf that lists the witnesses at the time of the press.
    pub watch: Option<OpenedLeaf>,
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
    let mut accused = Vec::new();
    for candidate in &verdict.accused {
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
        roster_leaf: proofs.roster.clone(),
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
        beacon: proofs.beacon.clone(),
        watch: proofs.watch.clone(),
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
    let key_of = |seating: &Seating| book.key().of_seat(seating.slot, seating.seat.as_str());
    let mut seats = Vec::new();
    for seating in &seatings {
        let leaf = proofs.packages.get(&seating.seat);
        let place = place(book, seating);
        seats.push(OpenedSeat {
            seat: seating.seat.to_string(),
            key: key_hex(&key_of(seating)),
            group: place.group,
            slot: place.slot,
            place_salt: Digest::from_bytes(place.salt).to_string(),
            leaf: leaf
                .ok_or_else(|| TestifyError::NoLeaf {
                    seat: seating.seat.clone(),
                })?
                .clone(),
        });
    }
    let mut given = Vec::new();
    for key in &candidate.finding.method.given {
        let seating = book
            .seatings()
            .iter()
            .find(|s| {
                let partner = book.key().of_partner(s.partner.as_str());
                key_of(s).expose() == key.expose() || partner.expose() == key.expose()
            })
            .ok_or(TestifyError::UnknownKey)?;
        let leaf = proofs.packages.get(&seating.seat);
        given.push(
            leaf.ok_or_else(|| TestifyError::NoLeaf {
                seat: seating.seat.clone(),
            })?
            .clone(),
        );
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
        partner_key: key_hex(&book.key().of_partner(candidate.partner.as_str())),
        given,
        rosters: rosters_of(&seats, proofs),
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

/// The rosters that the leaves of these seats name.
fn rosters_of(seats: &[OpenedSeat], proofs: &Proofs<'_>) -> Vec<OpenedLeaf> {
    let named: Vec<Digest> = seats
        .iter()
        .filter_map(|seat| PackageLeaf::parse(&seat.leaf.text).ok())
        .map(|leaf| leaf.roster)
        .collect();
    let is_named = |leaf: &&OpenedLeaf| {
        leaf.commitment()
            .is_some_and(|commitment| named.contains(&entry_digest(&commitment.leaf())))
    };
    proofs.rosters.iter().filter(is_named).cloned().collect()
}

/// The accused's own keys are opened on purpose: without them nobody could make the copy again.
fn key_hex(key: &fingerprint::Key) -> String {
    Digest::from_bytes(*key.expose()).to_string()
}
