//! Copies from a codebook, and what the log must hold before they are given.

use domain::chain::Link;
use domain::ids::{ArtifactId, CaseId};
use domain::sealed::Digest;
use fingerprint::{Code, Key};

use crate::book::{Book, BookMaster};
use crate::keys::CaseSecret;
use crate::leaf::{CodeLeaf, PackageLeaf, RosterLeaf, SecretLeaf};
use crate::seats::{Seating, Seats};
use crate::seeds::Seeds;

/// Version of what turns a leak into a verdict: readers, scores, risks. It is fixed in the log before a copy is given.
///
/// INVARIANT: raise it whenever the readings of `carriers`, or the codes or findings of `fingerprint`, change for the
/// same input: whoever verifies makes all three again.
pub const DECODER: &str = "4";

/// One artifact as one seat gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The artifact.
    pub artifact: ArtifactId,
    /// The master's file name.
    pub file_name: String,
    /// The marked copy.
    pub bytes: Vec<u8>,
}

/// Why copies cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PressError {
    /// A master refused a codeword.
    #[error("artifact {artifact} cannot be rendered: {reason}")]
    Render {
        /// The artifact.
        artifact: ArtifactId,
        /// Why.
        reason: String,
    },
}

/// Renders every artifact that a seat may have.
///
/// # Errors
/// [`PressError::Render`] when a master refuses its part of the codeword.
pub fn copies(book: &Book, seating: &Seating) -> Result<Vec<Copy>, PressError> {
    let group = book.partner_key(&seating.partner);
    let slot = book.seat_key(seating);
    copies_from(
        book.masters(),
        book.code(),
        &group,
        &slot,
        &seating.artifacts,
    )
}

/// Renders copies from what evidence shows: masters, code, and the two keys of one seat.
///
/// # Errors
/// [`PressError::Render`] when a master refuses its part of the codeword.
pub fn copies_from(
    masters: &[BookMaster],
    code: &Code,
    partner_key: &Key,
    seat_key: &Key,
    artifacts: &[ArtifactId],
) -> Result<Vec<Copy>, PressError> {
    let codeword = code.codeword(partner_key, seat_key);
    let mut rest = codeword.as_slice();
    let mut copies = Vec::new();
    for entry in masters {
        let sites = entry.master.sites().len();
        let refused = |reason: String| PressError::Render {
            artifact: entry.artifact.clone(),
            reason,
        };
        let Some((symbols, others)) = rest.split_at_checked(sites) else {
            return Err(refused("the code has fewer sites than the masters".into()));
        };
        rest = others;
        if !artifacts.contains(&entry.artifact) {
            continue;
        }
        let bytes = entry
            .master
            .embed(symbols)
            .map_err(|error| refused(error.to_string()))?;
        copies.push(Copy {
            artifact: entry.artifact.clone(),
            file_name: entry.master.file_name().to_owned(),
            bytes,
        });
    }
    Ok(copies)
}

/// What the log holds of a case's secret before anything is derived from it.
pub fn secret_leaf(case: &CaseId, secret: &CaseSecret) -> SecretLeaf {
    SecretLeaf {
        case: case.clone(),
        secret: Digest::from_bytes(secret.commitment()),
    }
}

/// What the log holds of a press before anything is made for it: who gets copies of what, and the root of their seeds.
///
/// `text`: [`text_digest`](crate::leaf::text_digest) of masters and bar. `seats`: with the seats of this press, which is
/// the last. `previous`: digest of the entry of the roster before it. `witnesses`: digest of the entry that lists the
/// witnesses whose cosignatures will be mixed in.
pub fn roster_leaf(
    case: &CaseId,
    secret: &CaseSecret,
    text: Digest,
    seats: &Seats,
    previous: Option<Digest>,
    witnesses: Option<Digest>,
) -> RosterLeaf {
    let press = seats.presses().saturating_sub(1);
    RosterLeaf {
        case: case.clone(),
        press: Link {
            ordinal: press as u64 + 1,
            previous,
        },
        witnesses,
        text,
        seeds: Seeds::of(case, secret, seats, press).root(),
        sizes: seats.sizes(press),
    }
}

/// What the log holds of a case's code, from its first press on.
pub fn code_leaf(book: &Book, innocent_risk: f64) -> CodeLeaf {
    CodeLeaf {
        case: book.case().clone(),
        secret: Digest::from_bytes(book.secret().commitment()),
        beacon: *book
            .beacons()
            .first()
            .expect("a book is planned with its first press"),
        code: Digest::of(&book.code().to_bytes()),
        decoder: DECODER.to_owned(),
        innocent_risk,
        masters: book.master_digests(),
    }
}

/// What the log holds of one seat's package.
///
/// `link`: where it stands in the seat's chain. `roster`: digest of the roster's entry that is logged with it.
/// `package`: digest of the sealed package, as it will be given out.
pub fn package_leaf(
    book: &Book,
    seating: &Seating,
    copies: &[Copy],
    link: Link,
    roster: Digest,
    package: Digest,
) -> PackageLeaf {
    let group = book.partner_key(&seating.partner);
    let slot = book.seat_key(seating);
    PackageLeaf {
        case: book.case().clone(),
        partner: seating.partner.clone(),
        seat: seating.seat.clone(),
        link,
        roster,
        code: Digest::of(&book.code().to_bytes()),
        partner_key: Digest::from_bytes(group.commitment()),
        seat_key: Digest::from_bytes(slot.commitment()),
        copies: copies
            .iter()
            .map(|copy| (copy.artifact.clone(), Digest::of(&copy.bytes)))
            .collect(),
        package,
    }
}
