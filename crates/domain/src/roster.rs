//! A roster of partners, from CSV: all of it, or nothing.

use crate::ids::AgreementVersion;
use crate::partner::{Profile, Status};

/// One partner of a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterRow {
    /// Who it is.
    pub profile: Profile,
    /// Where it stands; active unless the roster says otherwise.
    pub status: Status,
    /// The version of the agreement that it accepted on paper.
    pub agreement: Option<AgreementVersion>,
}
