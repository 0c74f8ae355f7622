//! When witnesses saw what evidence rests on: the hour, not only the order.

use tlog::{Cosignature, Quorum};

use crate::verify::{Failed, Point, Step, Verified, failed};

/// Something that evidence rests on, and who saw it when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hour {
    /// What it is, in words.
    pub what: String,
    /// Its entry in the log.
    pub index: u64,
    /// Entries under the first checkpoint that covers it and that the quorum has cosigned.
    pub size: u64,
    /// Who cosigned it, and when. It existed before the earliest of these times.
    pub cosignatures: Vec<Cosignature>,
}

impl Hour {
    /// The earliest time at which a witness had seen it, in POSIX seconds; none for a quorum of zero.
    pub fn before_s(&self) -> Option<u64> {
        self.cosignatures.iter().map(|by| by.time_s).min()
    }
}

/// The first cosigned checkpoint over each thing that verified evidence rests on: the committed secret, the code, the
/// packages and receipts of the accused.
///
/// # Errors
/// [`Failed`] when one of them is under no checkpoint with this quorum, or the evidence does not show what was mixed
/// into the secret.
pub fn hours(verified: &Verified, quorum: &Quorum) -> Result<Vec<Hour>, Failed> {
    let body = &verified.body;
    let beacon = verified.beacon.as_ref().ok_or_else(|| {
        failed(
            Step::Code,
            "the evidence does not show what was mixed into the case's secret",
        )
    })?;
    let secret = body.beacon.as_ref().map_or(0, |beacon| beacon.secret_leaf.index);
    // The beacon itself must be cosigned: without that the program alone could have drawn it until it suited.
    let mut hours = vec![first("the case's secret", secret, [beacon], quorum)?];
    let mut points: Vec<&Point> = verified.history.iter().collect();
    points.extend([beacon, &verified.newest]);
    points.sort_by_key(|point| point.checkpoint.size());
    let seen = |what: &str, index| first(what, index, points.iter().copied(), quorum);
    hours.push(seen("the code", body.code_leaf.index)?);
    for accused in &body.accused {
        for seat in &accused.seats {
            let what = format!("the package of {}", seat.seat);
            hours.push(seen(&what, seat.leaf.index)?);
        }
    }
    for given in &verified.given {
        let what = format!("the receipt of {}", given.seat);
        hours.push(seen(&what, given.index)?);
    }
    hours.sort_by_key(|hour| hour.index);
    hours.dedup_by_key(|hour| hour.index);
    Ok(hours)
}

/// The first of these checkpoints, smallest first, that covers an entry with the quorum.
fn first<'a>(
    what: &str,
    index: u64,
    points: impl IntoIterator<Item = &'a Point>,
    quorum: &Quorum,
) -> Result<Hour, Failed> {
    let mut why = "no checkpoint over it is shown".to_owned();
    for point in points {
        if point.checkpoint.size() <= index {
            continue;
        }
        match quorum.verify(&point.note) {
            Ok(cosignatures) => {
                return Ok(Hour {
                    what: what.to_owned(),
                    index,
                    size: point.checkpoint.size(),
                    cosignatures,
                });
            }
            Err(error) => why = error.to_string(),
        }
    }
    Err(failed(
        Step::Checkpoint,
        format!("{what} (entry {index}) is under no checkpoint with the quorum: {why}"),
    ))
}
