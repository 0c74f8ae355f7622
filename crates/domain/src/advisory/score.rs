//! CVSS vectors, checked.

use crate::explain::Explain;
use crate::ids::{CveId, excerpt};
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// Longest vector, in bytes.
pub const VECTOR_BYTES_MAX: usize = 500;

/// A CVSS vector of version 2.0, 3.0, 3.1 or 4.0, and what it scores.
///
/// # Source
/// FIRST, CVSS v2.0, v3.0, v3.1 and v4.0 specification documents; parsed by the crate `cvss`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Score {
    vector: String,
    version: CvssVersion,
    tenths: u16,
    cve: Option<CveId>,
}

/// A version of CVSS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum CvssVersion {
    V20,
    V30,
    V31,
    V40,
}

impl CvssVersion {
    /// The metrics that every vector of this version has.
    fn base_metrics(self) -> &'static [&'static str] {
        match self {
            Self::V20 => &["AV", "AC", "Au", "C", "I", "A"],
            Self::V30 | Self::V31 => &["AV", "AC", "PR", "UI", "S", "C", "I", "A"],
            Self::V40 => &[
                "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA",
            ],
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    vector: String,
    #[serde(default)]
    cve: Option<CveId>,
}

/// A vector that is not one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{given}` is not a CVSS vector: {what}")]
pub struct ScoreError {
    /// What was given, shortened.
    pub given: String,
    /// What is wrong with it.
    pub what: String,
}

impl Explain for ScoreError {
    fn code(&self) -> &str {
        "malformed-cvss-vector"
    }

    fn hint(&self) -> String {
        "Vectors look like CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H; versions 2.0, 3.0, 3.1 and 4.0 are read.".to_owned()
    }
}

impl Score {
    /// Checks a vector, and computes its score: the base score for versions 2 and 3, and for 4.0 the
    /// one of all the metrics that it gives.
    ///
    /// # Errors
    /// [`ScoreError`] for a vector of no known version, with unknown, missing or repeated metrics,
    /// or of more than [`super::VECTOR_BYTES_MAX`] bytes.
    pub fn new(vector: &str, cve: Option<CveId>) -> Result<Self, ScoreError> {
        let refuse = |what: String| ScoreError {
            given: excerpt(vector),
            what: excerpt(&what.to_lowercase()),
        };
        if vector.len() > VECTOR_BYTES_MAX {
            return Err(refuse(format!("it has more than {VECTOR_BYTES_MAX} bytes")));
        }
        let parsed: cvss::Cvss = vector
            .parse()
            .map_err(|error: cvss::Error| refuse(error.to_string()))?;
        let version = match &parsed {
            cvss::Cvss::CvssV20(_) => CvssVersion::V20,
            cvss::Cvss::CvssV30(_) => CvssVersion::V30,
            cvss::Cvss::CvssV31(_) => CvssVersion::V31,
            cvss::Cvss::CvssV40(_) => CvssVersion::V40,
            _ => return Err(refuse("its version is not read".to_owned())),
        };
        // For 3.x the crate takes vectors that lack base metrics, and scores them as if they were low.
        let has = |metric: &str| {
            let mut names = vector.split('/').filter_map(|part| part.split_once(':'));
            names.any(|(name, _)| name == metric)
        };
        if let Some(missing) = version.base_metrics().iter().find(|metric| !has(metric)) {
            return Err(refuse(format!("it lacks the metric {missing}")));
        }
        Ok(Self {
            vector: vector.to_owned(),
            version,
            tenths: (parsed.score() * 10.0).round().clamp(0.0, 100.0) as u16,
            cve,
        })
    }

    /// The vector, as it was given.
    pub fn vector(&self) -> &str {
        &self.vector
    }

    /// The version of CVSS: `2.0`, `3.0`, `3.1` or `4.0`.
    pub fn version(&self) -> &'static str {
        match self.version {
            CvssVersion::V20 => "2.0",
            CvssVersion::V30 => "3.0",
            CvssVersion::V31 => "3.1",
            CvssVersion::V40 => "4.0",
        }
    }

    /// The score that the vector gives, 0 to 10 in steps of 0.1.
    pub fn value(&self) -> f64 {
        f64::from(self.tenths) / 10.0
    }

    /// The vulnerability that is scored, where the document says so.
    pub fn cve(&self) -> Option<&CveId> {
        self.cve.as_ref()
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CVSS {} {:.1} {}",
            self.version(),
            self.value(),
            self.vector
        )
    }
}

impl From<Score> for Wire {
    fn from(score: Score) -> Self {
        Self {
            vector: score.vector,
            cve: score.cve,
        }
    }
}

impl TryFrom<Wire> for Score {
    type Error = ScoreError;

    fn try_from(wire: Wire) -> Result<Self, ScoreError> {
        Self::new(&wire.vector, wire.cve)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vectors_of_all_versions_are_checked_and_scored() {
        for (vector, version, value) in [
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", "2.0", 7.5),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "3.0", 9.8),
            ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", "3.1", 8.8),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                "4.0",
                9.3,
            ),
        ] {
            let score = Score::new(vector, None).unwrap();
            assert_eq!(
                (score.version(), score.value()),
                (version, value),
                "{vector}"
            );
        }
    }

    #[test]
    fn vectors_with_unknown_missing_or_repeated_metrics_are_refused() {
        for bad in [
            "",
            "CVSS:3.1",
            "CVSS:3.1/AV:N",
            "CVSS:3.1/AV:X/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:3.1/AV:N/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:5.0/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:4.0/AV:N/AC:L/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
            &"A".repeat(501),
        ] {
            assert!(Score::new(bad, None).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn hostile_vectors_never_panic(
            text in ".{0,80}",
            metrics in proptest::collection::vec("[A-Z]{1,3}:[A-Z]{1,2}", 0..12),
        ) {
            let _ = Score::new(&text, None);
            for prefix in ["", "CVSS:3.1/", "CVSS:4.0/"] {
                let _ = Score::new(&format!("{prefix}{}", metrics.join("/")), None);
            }
        }
    }
}
