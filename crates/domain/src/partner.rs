//! A security partner: who it is, and where it stands.

use crate::agreement::Acceptance;
use crate::country::Country;
use crate::duty::DutyId;
use crate::ids::{AgreementVersion, PartnerId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How early a partner is told; earlier tiers do more in return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Tests the fix and the detections with the vendor; first to know.
    Validate,
    /// Builds protections ahead of the release.
    Advance,
    /// Hears shortly before the release.
    Entry,
}

impl Tier {
    /// Every tier, earliest first.
    pub const ALL: [Self; 3] = [Self::Validate, Self::Advance, Self::Entry];

    /// The tier's name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Advance => "advance",
            Self::Entry => "entry",
        }
    }

    /// Reads a tier; `None` for a word that is not one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == text)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a partner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Has asked to join; gets nothing yet.
    Applicant,
    /// Takes part.
    Active,
    /// Gets nothing until resumed.
    Suspended,
    /// Gets nothing, and comes back only by a fresh application.
    Removed,
}

impl Status {
    /// Every status, in the order of a partner's life.
    pub const ALL: [Self; 4] = [
        Self::Applicant,
        Self::Active,
        Self::Suspended,
        Self::Removed,
    ];

    /// The status' name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Removed => "removed",
        }
    }

    /// Reads a status; `None` for a word that is not one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Longest name of a partner, in characters.
pub const PARTNER_NAME_CHARS_MAX: usize = 200;

/// What is recorded of a partner when it applies or is imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The partner's id.
    pub partner: PartnerId,
    /// The partner's name, for people.
    pub name: String,
    /// How early it is told.
    pub tier: Tier,
    /// Where it is established.
    pub country: Country,
    /// Legal duties that bind it.
    pub duties: BTreeSet<DutyId>,
}

/// A partner as the events left it. Changed only by the program's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    pub(crate) profile: Profile,
    pub(crate) status: Status,
    pub(crate) reason: Option<String>,
    pub(crate) accepted: BTreeMap<AgreementVersion, Acceptance>,
}

impl Partner {
    /// The partner's id.
    pub fn id(&self) -> &PartnerId {
        &self.profile.partner
    }

    /// The partner's name, for people.
    pub fn name(&self) -> &str {
        &self.profile.name
    }

    /// How early it is told.
    pub fn tier(&self) -> Tier {
        self.profile.tier
    }

    /// Where it is established.
    pub fn country(&self) -> &Country {
        &self.profile.country
    }

    /// Legal duties that bind it.
    pub fn duties(&self) -> &BTreeSet<DutyId> {
        &self.profile.duties
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Why it was suspended, resumed or removed last.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The agreement's versions that it accepted, by whom and when.
    pub fn accepted(&self) -> &BTreeMap<AgreementVersion, Acceptance> {
        &self.accepted
    }

    /// Whether a law makes it report vulnerabilities to a state.
    pub fn reports_to_state(&self) -> bool {
        self.profile
            .duties
            .iter()
            .any(|duty| duty.reports_to_state())
    }
}
