//! The codebook of one pressed case: masters, code, secret, and which slot is whose.

use carriers::Master;
use domain::artifact::ArtifactKind;
use domain::ids::{ArtifactId, CaseId, PartnerId};
use domain::sealed::Digest;
use fingerprint::{Code, Entry, Key, SiteShape};

use crate::keys::CaseSecret;
use crate::seats::{Seating, Seats};

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

impl BookMaster {
    /// What the log fixes of a master: SHA-256 of its kind, its name and its bytes. The name is part of it because it
    /// decides how marks are read.
    pub fn digest(&self) -> Digest {
        let text = format!(
            "headstart master v1\nkind {}\nname {}\nbytes {}\n",
            self.kind,
            Digest::of(self.master.file_name().as_bytes()),
            Digest::of(&self.source)
        );
        Digest::of(text.as_bytes())
    }
}

/// The codebook of one case. It holds every key: only the program has it.
#[derive(Debug, Clone)]
pub struct Book {
    case: CaseId,
    masters: Vec<BookMaster>,
    code: Code,
    secret: CaseSecret,
    seats: Seats,
    beacons: Vec<Digest>,
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
    /// Each press has its own beacon, and there is one at least.
    #[error("{presses} presses have {beacons} values mixed in")]
    Beacons {
        /// Presses.
        presses: usize,
        /// Beacons.
        beacons: usize,
    },
}

impl BookError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoSites => "write marks into at least one artifact, such as {~via|through~}",
            Self::Code(_) => "look at `headstart sites CASE` for what the marks can carry",
            Self::OtherMasters { .. } | Self::Beacons { .. } => {
                "the stored codebook does not fit the case; run `headstart log audit`"
            }
        }
    }
}

impl Book {
    /// Plans the code of a case, once its first seats have their slots.
    ///
    /// `innocent_risk`: the program's bar. `beacon`: [`Beacon::value`](crate::beacon::Beacon) of the signed checkpoint
    /// that already holds the roster of the first press.
    ///
    /// # Errors
    /// [`BookError`] when there are no sites, or too many for the engine.
    pub fn plan(
        case: CaseId,
        masters: Vec<BookMaster>,
        secret: CaseSecret,
        seats: Seats,
        beacon: Digest,
        innocent_risk: f64,
    ) -> Result<Self, BookError> {
        let code = plan_code(&masters, seats.next_slot(), innocent_risk, &beacon)?;
        Self::reopen(case, masters, code, secret, seats, vec![beacon])
    }

    /// Takes a codebook up again that was planned before.
    ///
    /// `beacons`: one for each press of `seats`, of which there is at least one.
    ///
    /// # Errors
    /// [`BookError`] when code, masters, seats and beacons do not fit together.
    pub fn reopen(
        case: CaseId,
        masters: Vec<BookMaster>,
        code: Code,
        secret: CaseSecret,
        seats: Seats,
        beacons: Vec<Digest>,
    ) -> Result<Self, BookError> {
        let sites = masters.iter().map(|m| m.master.sites().len()).sum();
        if code.len() != sites {
            return Err(BookError::OtherMasters {
                code: code.len(),
                masters: sites,
            });
        }
        if seats.presses() != beacons.len() || beacons.is_empty() {
            return Err(BookError::Beacons {
                presses: seats.presses(),
                beacons: beacons.len(),
            });
        }
        Ok(Self {
            case,
            masters,
            code,
            secret,
            seats,
            beacons,
        })
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

    /// The secret of the case.
    pub fn secret(&self) -> &CaseSecret {
        &self.secret
    }

    /// Who has which number.
    pub fn seats(&self) -> &Seats {
        &self.seats
    }

    /// What was mixed in at each press.
    pub fn beacons(&self) -> &[Digest] {
        &self.beacons
    }

    /// Whose slot is whose.
    pub fn seatings(&self) -> &[Seating] {
        self.seats.seatings()
    }

    /// The partners, in the order of the engine's group numbers.
    pub fn partners(&self) -> &[PartnerId] {
        self.seats.partners()
    }

    /// The engine's group number of a partner.
    pub fn group_of(&self, partner: &PartnerId) -> Option<u32> {
        self.seats.group_of(partner)
    }

    /// The key of the layer of a partner that has a copy.
    pub fn partner_key(&self, partner: &PartnerId) -> Key {
        let group = self
            .group_of(partner)
            .expect("a partner of this book has a number");
        let press = self.seats.press_of_group(group);
        let seed = self.secret.seed_of_partner(group, partner);
        seed.partner_key(self.beacon(press), &self.case, group, partner)
    }

    /// The key of the layer of a seat of this book.
    pub fn seat_key(&self, seating: &Seating) -> Key {
        let press = self.seats.press_of_slot(seating.slot);
        let seed = self.secret.seed_of_seat(seating.slot, &seating.seat);
        seed.seat_key(self.beacon(press), &self.case, seating.slot, &seating.seat)
    }

    fn beacon(&self, press: Option<usize>) -> &Digest {
        press
            .and_then(|press| self.beacons.get(press))
            .expect("`reopen` wants a beacon for each press")
    }

    /// What the code leaf says of each master.
    pub fn master_digests(&self) -> Vec<(ArtifactId, Digest)> {
        digests(&self.masters)
    }

    /// Every slot with its keys, as the engine wants them.
    pub fn entries(&self) -> Vec<Entry> {
        let partner_keys: Vec<Key> = self
            .partners()
            .iter()
            .map(|partner| self.partner_key(partner))
            .collect();
        self.seatings()
            .iter()
            .map(|seating| {
                let group = self
                    .group_of(&seating.partner)
                    .expect("`press` lists every partner");
                Entry {
                    group,
                    group_key: partner_keys[group as usize].clone(),
                    slot_key: self.seat_key(seating),
                }
            })
            .collect()
    }
}

/// What the log fixes of these masters.
pub fn digests(masters: &[BookMaster]) -> Vec<(ArtifactId, Digest)> {
    let of = |master: &BookMaster| (master.artifact.clone(), master.digest());
    masters.iter().map(of).collect()
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

/// The code for these masters: anybody who has them and the beacon makes the same.
///
/// `slots`: how many seats the first press gave copies. `innocent_risk`: the bar that the log fixed.
/// `beacon`: that of the first press.
///
/// # Errors
/// [`BookError`] when there are no sites, or too many for the engine.
pub fn plan_code(
    masters: &[BookMaster],
    slots: u32,
    innocent_risk: f64,
    beacon: &Digest,
) -> Result<Code, BookError> {
    let shapes = shapes(masters);
    if shapes.is_empty() {
        return Err(BookError::NoSites);
    }
    let seed = permutation_seed(beacon);
    Code::plan(&shapes, u64::from(slots.max(1)), innocent_risk, &seed)
        .map_err(|error| BookError::Code(error.to_string()))
}

/// The public seed that spreads the bias classes over the sites.
fn permutation_seed(beacon: &Digest) -> [u8; 32] {
    *Digest::of(format!("headstart site permutation v2\n{beacon}\n").as_bytes()).as_bytes()
}
