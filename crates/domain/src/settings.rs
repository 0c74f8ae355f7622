//! The program's settings.

use crate::explain::Explain;
use crate::wave::Offsets;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What the program has chosen for all its cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Settings {
    accusation_risk: f64,
    lead_risk: f64,
    offsets: Offsets,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    accusation_risk: f64,
    lead_risk: f64,
    offsets: Offsets,
}

/// Settings that would accuse too easily, or mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum SettingsError {
    /// The accusation bar is not a small probability.
    #[error("an accusation bar of {given} is not above 0 and at most 0.001")]
    AccusationRisk {
        /// What was given.
        given: f64,
    },
    /// The lead bar is below the accusation bar, or not a small probability.
    #[error("a lead bar of {given} is not between the accusation bar and 0.05")]
    LeadRisk {
        /// What was given.
        given: f64,
    },
}

impl Explain for SettingsError {
    fn code(&self) -> &str {
        match self {
            Self::AccusationRisk { .. } => "accusation-bar-out-of-range",
            Self::LeadRisk { .. } => "lead-bar-out-of-range",
        }
    }

    fn hint(&self) -> String {
        "The defaults are 1e-6 for an accusation and 1e-3 for a lead.".to_owned()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            accusation_risk: 1e-6,
            lead_risk: 1e-3,
            offsets: Offsets::default(),
        }
    }
}

impl Settings {
    /// Settings with these bars and default offsets.
    ///
    /// # Errors
    /// [`SettingsError`] unless 0 < `accusation_risk` ≤ 1e-3 and
    /// `accusation_risk` ≤ `lead_risk` ≤ 0.05.
    pub fn new(
        accusation_risk: f64,
        lead_risk: f64,
        offsets: Offsets,
    ) -> Result<Self, SettingsError> {
        // Written so that NaN fails too.
        if !(accusation_risk > 0.0 && accusation_risk <= 1e-3) {
            return Err(SettingsError::AccusationRisk {
                given: accusation_risk,
            });
        }
        if !(lead_risk >= accusation_risk && lead_risk <= 0.05) {
            return Err(SettingsError::LeadRisk { given: lead_risk });
        }
        Ok(Self {
            accusation_risk,
            lead_risk,
            offsets,
        })
    }

    /// Accepted chance, for one whole trace, that anyone innocent is accused. Default 1e-6.
    pub fn accusation_risk(&self) -> f64 {
        self.accusation_risk
    }

    /// Up to this risk a candidate is listed as a lead. Default 1e-3.
    pub fn lead_risk(&self) -> f64 {
        self.lead_risk
    }

    /// How long before the release each tier is told, unless a case's plan says otherwise.
    pub fn offsets(&self) -> &Offsets {
        &self.offsets
    }
}

impl From<Settings> for Wire {
    fn from(settings: Settings) -> Self {
        Self {
            accusation_risk: settings.accusation_risk,
            lead_risk: settings.lead_risk,
            offsets: settings.offsets,
        }
    }
}

impl TryFrom<Wire> for Settings {
    type Error = SettingsError;

    fn try_from(wire: Wire) -> Result<Self, SettingsError> {
        Self::new(wire.accusation_risk, wire.lead_risk, wire.offsets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_would_accuse_too_easily_are_refused() {
        let new = |accuse, lead| Settings::new(accuse, lead, Offsets::default());
        assert!(new(1e-6, 1e-3).is_ok());
        for (accuse, lead) in [
            (0.0, 1e-3),
            (-1.0, 1e-3),
            (0.01, 0.02),
            (f64::NAN, 1e-3),
            (1e-6, 1e-7),
            (1e-6, 0.5),
            (1e-6, f64::NAN),
        ] {
            assert!(new(accuse, lead).is_err(), "{accuse} {lead}");
        }
        let json = serde_json::to_string(&Settings::default()).unwrap();
        assert_eq!(
            json,
            r#"{"accusation_risk":1e-6,"lead_risk":0.001,"offsets":{"validate":"14d","advance":"5d","entry":"24h"}}"#
        );
        assert_eq!(
            serde_json::from_str::<Settings>(&json).unwrap(),
            Settings::default()
        );
    }
}
