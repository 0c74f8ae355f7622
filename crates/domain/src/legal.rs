//! Legal clocks of a case: by when the program itself must have reported an actively exploited vulnerability.

use crate::case::Case;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A report that the law asks of a manufacturer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportStep {
    /// That it is exploited.
    EarlyWarning,
    /// What is known of it, and of measures against it.
    Notification,
    /// What it was.
    FinalReport,
}

/// One row of the table of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportRow {
    /// The report.
    pub step: ReportStep,
    /// Its name for people.
    pub title: &'static str,
    /// Hours within which it is due.
    pub hours: u32,
    /// What they are counted from.
    pub from: CountedFrom,
    /// Where the law says so.
    pub source: &'static str,
}

/// What the hours of a report are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedFrom {
    /// When the program became aware that the vulnerability is exploited.
    Awareness,
    /// When a corrective or mitigating measure is available: the release, as this program knows it.
    Measure,
}

/// The reports of the European Union's Cyber Resilience Act, which apply from 11 September 2026 (article 71(2)).
///
/// Whether the act binds the program is not decided here; this table only counts hours.
pub const REPORTS: [ReportRow; 3] = [
    ReportRow {
        step: ReportStep::EarlyWarning,
        title: "EU CRA early warning",
        hours: 24,
        from: CountedFrom::Awareness,
        source: "Regulation (EU) 2024/2847, article 14(2)(a)",
    },
    ReportRow {
        step: ReportStep::Notification,
        title: "EU CRA notification",
        hours: 72,
        from: CountedFrom::Awareness,
        source: "Regulation (EU) 2024/2847, article 14(2)(b)",
    },
    ReportRow {
        step: ReportStep::FinalReport,
        title: "EU CRA final report",
        hours: 14 * 24,
        from: CountedFrom::Measure,
        source: "Regulation (EU) 2024/2847, article 14(2)(c)",
    },
];

impl ReportStep {
    /// The step's name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EarlyWarning => "early-warning",
            Self::Notification => "notification",
            Self::FinalReport => "final-report",
        }
    }

    /// Reads a step; `None` for a word that is not one.
    pub fn parse(text: &str) -> Option<Self> {
        REPORTS
            .iter()
            .map(|row| row.step)
            .find(|step| step.as_str() == text)
    }

    /// The step's row of the table.
    pub fn row(self) -> &'static ReportRow {
        match self {
            Self::EarlyWarning => &REPORTS[0],
            Self::Notification => &REPORTS[1],
            Self::FinalReport => &REPORTS[2],
        }
    }
}

impl fmt::Display for ReportStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A clock that runs, or ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegalClock {
    /// The report.
    pub row: &'static ReportRow,
    /// Since when it is counted.
    pub from: Timestamp,
    /// By when the report is due.
    pub due: Timestamp,
    /// When the report was recorded as made.
    pub reported_at: Option<Timestamp>,
}

impl Case {
    /// The clocks of a case: none until somebody records that the vulnerability is exploited.
    ///
    /// The final report is counted from the release that is set; without one its clock does not run yet.
    pub fn legal_clocks(&self) -> Vec<LegalClock> {
        let Some(aware_at) = self.exploited() else {
            return Vec::new();
        };
        let clock = |row: &'static ReportRow| {
            let from = match row.from {
                CountedFrom::Awareness => aware_at,
                // A measure that was there before anybody was aware leaves the law's days from awareness on.
                CountedFrom::Measure => self.release()?.max(aware_at),
            };
            let hours = SignedDuration::from_hours(i64::from(row.hours));
            Some(LegalClock {
                row,
                from,
                due: from.checked_add(hours).ok()?,
                reported_at: self.reported(row.step),
            })
        };
        REPORTS.iter().filter_map(clock).collect()
    }
}
