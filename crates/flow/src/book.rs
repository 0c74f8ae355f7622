//! The codebook of one pressed case: masters, code, key, and which slot is whose.

use carriers::Master;
use domain::artifact::ArtifactKind;
use domain::ids::{ArtifactId, CaseId, PartnerId, SeatId};
use domain::sealed::Digest;
use fingerprint::{Code, Entry, SiteShape};

use crate::keys::{CaseKey, CaseSecret};

/// One master of a case.
#[derive(Debug, Clone)]
pub struct BookMaster {
    /// The artifact.
    pub artifact: ArtifactId,
    /// Its kind.
    pub kind: ArtifactKind,
    /// The master's bytes, as the author wrote them.
    pub source: Vec<u8>,
    /// The same, parsed.
    pub master: Master,
}

/// One seat's place in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seating {
    /// The number of the copy, from 0.
    pub slot: u32,
    /// The seat.
    pub seat: SeatId,
    /// Its partner.
    pub partner: PartnerId,
    /// The artifacts of which it has a copy.
    pub artifacts: Vec<ArtifactId>,
}

/// The codebook of one case. It holds every key: only the program has it.
#[derive(Debug, Clone)]
pub struct Book {
    case: CaseId,
    masters: Vec<BookMaster>,
    code: Code,
    secret: CaseSecret,
    key: CaseKey,
    beacon: Vec<u8>,
    seatings: Vec<Seating>,
    partners: Vec<PartnerId>,
}

/// Why a codebook cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BookError {
    /// There is nothing to mark.
    #[error("the case has no mark site in any artifact")]
    NoSites,
    /// The engine refused the sites.
    #[error("the sites cannot carry a code: {0}")]
    Code(String),
    /// The code is for other masters.
    #[error("the code has {code} sites, the masters have {masters}")]
    OtherMasters {
        /// Sites of the code.
        code: usize,
        /// Sites of the masters.
        masters: usize,
    },
    /// Slots must be 0, 1, 2, … in order.
    #[error("slot {found} stands where slot {expected} should")]
    Slots {
        /// The slot that should come next.
        expected: u32,
        /// The slot that came.
        found: u32,
    },
}

impl BookError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoSites => "write marks into at least one artifact, such as {~via|through~}",
            Self::Code(_) => "look at `headstart sites CASE` for what the marks can carry",
            Self::OtherMasters { .. } | Self::Slots { .. } => {
                "the stored codebook does not fit the case; run `headstart log audit`"
            }
        }
    }
}

impl Book {
    /// Plans the code of a case that was never pressed.
    ///
    /// `slots`: how many seats will have a copy. `innocent_risk`: the program's bar.
    /// `beacon`: the signed checkpoint that already holds the commitment to `secret`.
    ///
    /// # Errors
    /// [`BookError`] when there are no sites, or too many for the engine.
    pub fn plan(
        case: CaseId,
        masters: Vec<BookMaster>,
        secret: CaseSecret,
        beacon: Vec<u8>,
        slots: u32,
        innocent_risk: f64,
    ) -> Result<Self, BookError> {
        let code = plan_code(&masters, slots, innocent_risk, &beacon)?;
        Self::reopen(case, masters, code, secret, beacon, Vec::new())
    }

    /// Takes a codebook up again that was planned before.
    ///
    /// # Errors
    /// [`BookError`] when code, masters and seatings do not fit together.
    pub fn reopen(
        case: CaseId,
        masters: Vec<BookMaster>,
        code: Code,
        secret: CaseSecret,
        beacon: Vec<u8>,
        seatings: Vec<Seating>,
    ) -> Result<Self, BookError> {
        let sites = masters.iter().map(|m| m.master.sites().len()).sum();
        if code.len() != sites {
            return Err(BookError::OtherMasters {
                code: code.len(),
                masters: sites,
            });
        }
        let key = secret.mix(&beacon);
        let mut book = Self {
            case,
            masters,
            code,
            secret,
            key,
            beacon,
            seatings: Vec::new(),
            partners: Vec::new(),
        };
        for seating in seatings {
            book.seat(seating)?;
        }
        Ok(book)
    }

    /// Gives the next slot to a seat.
    ///
    /// # Errors
    /// [`BookError::Slots`] unless the seating's slot is the next one.
    pub fn seat(&mut self, seating: Seating) -> Result<(), BookError> {
        let expected = self.next_slot();
        if seating.slot != expected {
            return Err(BookError::Slots {
                expected,
                found: seating.slot,
            });
        }
        if !self.partners.contains(&seating.partner) {
            self.partners.push(seating.partner.clone());
        }
        self.seatings.push(seating);
        Ok(())
    }

    /// The slot that the next seat gets.
    pub fn next_slot(&self) -> u32 {
        u32::try_from(self.seatings.len()).expect("a case has far fewer than 2^32 seats")
    }

    /// The case.
    pub fn case(&self) -> &CaseId {
        &self.case
    }

    /// The masters, in the order of their sites.
    pub fn masters(&self) -> &[BookMaster] {
        &self.masters
    }

    /// The code.
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// The secret before the beacon.
    pub fn secret(&self) -> &CaseSecret {
        &self.secret
    }

    /// The case's key.
    pub fn key(&self) -> &CaseKey {
        &self.key
    }

    /// The signed checkpoint that was mixed into the key.
    pub fn beacon(&self) -> &[u8] {
        &self.beacon
    }

    /// Whose slot is whose.
    pub fn seatings(&self) -> &[Seating] {
        &self.seatings
    }

    /// The partners, in the order of the engine's group numbers.
    pub fn partners(&self) -> &[PartnerId] {
        &self.partners
    }

    /// The engine's group number of a partner.
    pub fn group_of(&self, partner: &PartnerId) -> Option<u32> {
        let position = self.partners.iter().position(|p| p == partner)?;
        u32::try_from(position).ok()
    }

    /// The digest of each master.
    pub fn master_digests(&self) -> Vec<(ArtifactId, Digest)> {
        self.masters
            .iter()
            .map(|m| (m.artifact.clone(), Digest::of(&m.source)))
            .collect()
    }

    /// Every slot with its keys, as the engine wants them.
    pub fn entries(&self) -> Vec<Entry> {
        self.seatings
            .iter()
            .map(|seating| Entry {
                group: self
                    .group_of(&seating.partner)
                    .expect("`seat` lists every partner"),
                group_key: self.key.of_partner(seating.partner.as_str()),
                slot_key: self.key.of_seat(seating.slot, seating.seat.as_str()),
            })
            .collect()
    }
}

/// The sites of these masters as the engine sees them.
pub fn shapes(masters: &[BookMaster]) -> Vec<SiteShape> {
    let mut shapes = Vec::new();
    let mut first_section = 0u32;
    for master in masters {
        let mut next_section = first_section;
        for site in master.master.sites() {
            let section = first_section.saturating_add(site.section);
            next_section = next_section.max(section.saturating_add(1));
            shapes.push(SiteShape {
                values: site.values,
                section,
            });
        }
        first_section = next_section;
    }
    shapes
}

/// The code for these masters.
///
/// # Errors
/// [`BookError`] when there are no sites, or too many for the engine.
pub fn plan_code(
    masters: &[BookMaster],
    slots: u32,
    innocent_risk: f64,
    beacon: &[u8],
) -> Result<Code, BookError> {
    let shapes = shapes(masters);
    if shapes.is_empty() {
        return Err(BookError::NoSites);
    }
    let seed = CaseKey::permutation_seed(beacon);
    Code::plan(&shapes, u64::from(slots.max(1)), innocent_risk, &seed)
        .map_err(|error| BookError::Code(error.to_string()))
}
