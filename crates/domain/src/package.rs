//! A package: one seat's sealed copies, and its delivery.

use crate::commitment::Leaf;
use crate::explain::{Class, Explain};
use crate::ids::{ArtifactId, BlobId, CaseId, PartnerId, SeatId};
use crate::open::Open;
use crate::sealed::Sealed;
use crate::wave::WaveName;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tlog::Logged;

/// A package as the press event records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PressedPackage {
    /// The seat's slot in the case's code.
    pub slot: u32,
    /// The seat.
    pub seat: SeatId,
    /// Its partner.
    pub partner: PartnerId,
    /// The wave that it comes with.
    pub wave: WaveName,
    /// The artifacts that copies of are in it.
    pub artifacts: Vec<ArtifactId>,
    /// The package's bytes, by their SHA-256.
    pub blob: BlobId,
    /// Its entry in the log.
    pub leaf: Leaf,
    /// The opening of the entry, sealed to the program, where it cannot be made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Sealed>,
}

/// A package that was pressed: whose it is, and the entry that was made of it.
///
/// Only a case gives one out ([`crate::case::Case::package`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub(crate) case: CaseId,
    pub(crate) seat: SeatId,
    pub(crate) slot: u32,
    pub(crate) blob: BlobId,
    pub(crate) leaf: Leaf,
}

impl Package {
    /// The case.
    pub fn case(&self) -> &CaseId {
        &self.case
    }

    /// The seat.
    pub fn seat(&self) -> &SeatId {
        &self.seat
    }

    /// The seat's slot in the case's code.
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// The package's bytes, by their SHA-256.
    pub fn blob(&self) -> BlobId {
        self.blob
    }

    /// Its entry in the log.
    pub fn leaf(&self) -> &Leaf {
        &self.leaf
    }
}

impl tlog::Entry for Package {
    fn entry_bytes(&self) -> Vec<u8> {
        self.leaf.entry_bytes()
    }
}

/// The permission to hand one package to one seat, now. Only [`deliver`] makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    case: CaseId,
    seat: SeatId,
    blob: BlobId,
}

impl Delivery {
    /// The case.
    pub fn case(&self) -> &CaseId {
        &self.case
    }

    /// The seat that it is handed to.
    pub fn seat(&self) -> &SeatId {
        &self.seat
    }

    /// The package's bytes, by their SHA-256.
    pub fn blob(&self) -> BlobId {
        self.blob
    }
}

/// Why a package is not delivered although its wave is open.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Undelivered {
    /// The package is not the one that was opened.
    #[error("this package is not the one that was opened")]
    Mismatch,
    /// Too few witnesses have cosigned a checkpoint that covers it.
    #[error("the package is not under a checkpoint that {needed} witnesses have cosigned")]
    NotCosigned {
        /// The program's quorum.
        needed: u32,
    },
}

impl Explain for Undelivered {
    fn code(&self) -> &str {
        match self {
            Self::Mismatch => "package-mismatch",
            Self::NotCosigned { .. } => "not-cosigned",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Mismatch => "Open the package's own seat and case.",
            Self::NotCosigned { .. } => {
                "`headstart log cosign` asks the witnesses, and says which do not answer."
            }
        }
        .to_owned()
    }

    fn class(&self) -> Class {
        Class::NotAllowed
    }
}

/// Lets a logged package go to the seat that it was opened for.
///
/// # Errors
/// [`Undelivered`] unless package and opening are of the same case, seat and bytes, and enough of the witnesses that
/// the program had named when it was opened have cosigned a checkpoint that covers the package.
pub fn deliver(package: &Logged<Package>, open: &Open) -> Result<Delivery, Undelivered> {
    if !open.watch().covers(package) {
        return Err(Undelivered::NotCosigned {
            needed: open.watch().needed(),
        });
    }
    let package = package.value();
    let same =
        package.case == *open.case() && package.seat == *open.seat() && package.blob == open.blob();
    if !same {
        return Err(Undelivered::Mismatch);
    }
    Ok(Delivery {
        case: package.case.clone(),
        seat: package.seat.clone(),
        blob: package.blob,
    })
}
