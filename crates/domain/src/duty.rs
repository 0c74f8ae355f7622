//! Legal duties that decide what a partner may be given, as a table.

use crate::explain::Explain;
use crate::ids::excerpt;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// A legal duty of a partner, by its row in [`DUTIES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DutyId {
    /// China: report vulnerabilities to a ministry.
    #[serde(rename = "cn-rmsv")]
    CnRmsv,
    /// European Union: Cyber Resilience Act.
    #[serde(rename = "eu-cra")]
    EuCra,
    /// European Union: NIS 2 directive.
    #[serde(rename = "eu-nis2")]
    EuNis2,
}

/// One row of the table of duties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duty {
    /// The duty's id.
    pub id: DutyId,
    /// The id as written in a roster.
    pub name: &'static str,
    /// The law's short title.
    pub title: &'static str,
    /// What it obliges the partner to do.
    pub obliges: &'static str,
    /// Hours from learning to the first report.
    pub hours: u32,
    /// Where the law says so.
    pub source: &'static str,
    /// It makes the partner report vulnerabilities that it learns of, exploited or not, to a state.
    pub reports_to_state: bool,
}

/// Every duty that the program knows.
///
/// `eu-cra` and `eu-nis2` oblige to report what is *exploited* in one's own products, or
/// incidents at oneself; neither passes a program's unpatched vulnerabilities on as such.
pub const DUTIES: [Duty; 3] = [
    Duty {
        id: DutyId::CnRmsv,
        name: "cn-rmsv",
        title: "Regulations on the Management of Security Vulnerabilities of Network Products",
        obliges: "report vulnerabilities to the Ministry of Industry and Information Technology",
        hours: 48,
        source: "RMSV (2021), article 7(2)",
        reports_to_state: true,
    },
    Duty {
        id: DutyId::EuCra,
        name: "eu-cra",
        title: "Cyber Resilience Act",
        obliges: "report actively exploited vulnerabilities of one's own products to the CSIRT and ENISA",
        hours: 24,
        source: "Regulation (EU) 2024/2847, article 14(2)(a)",
        reports_to_state: false,
    },
    Duty {
        id: DutyId::EuNis2,
        name: "eu-nis2",
        title: "NIS 2 Directive",
        obliges: "report significant incidents at oneself to the CSIRT or the competent authority",
        hours: 24,
        source: "Directive (EU) 2022/2555, article 23(4)(a)",
        reports_to_state: false,
    },
];

/// A duty that the table does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{given}` is not a duty that the program knows ({known})")]
pub struct UnknownDuty {
    /// What was given, shortened.
    pub given: String,
    /// The ids that the table has, separated by commas.
    pub known: String,
}

impl Explain for UnknownDuty {
    fn code(&self) -> &str {
        "unknown-duty"
    }

    fn hint(&self) -> String {
        format!("Known duties: {}.", self.known)
    }
}

impl DutyId {
    /// Reads the id of a duty.
    ///
    /// # Errors
    /// [`UnknownDuty`], which lists the known ones.
    pub fn parse(text: &str) -> Result<Self, UnknownDuty> {
        DUTIES
            .iter()
            .find(|duty| duty.name == text)
            .map(|duty| duty.id)
            .ok_or_else(|| UnknownDuty {
                given: excerpt(text),
                known: DUTIES.map(|duty| duty.name).join(", "),
            })
    }

    /// The duty's row of the table.
    pub fn row(self) -> &'static Duty {
        match self {
            Self::CnRmsv => &DUTIES[0],
            Self::EuCra => &DUTIES[1],
            Self::EuNis2 => &DUTIES[2],
        }
    }

    /// Whether it makes the partner report vulnerabilities to a state.
    pub fn reports_to_state(self) -> bool {
        self.row().reports_to_state
    }
}

impl fmt::Display for DutyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duty_finds_its_own_row_and_only_cn_rmsv_reports_to_a_state() {
        for duty in &DUTIES {
            assert_eq!(duty.id.row(), duty);
            assert_eq!(DutyId::parse(duty.name).unwrap(), duty.id);
            assert_eq!(
                serde_json::to_string(&duty.id).unwrap(),
                format!("\"{}\"", duty.name)
            );
            assert_eq!(duty.reports_to_state, duty.name == "cn-rmsv");
        }
    }

    #[test]
    fn an_unknown_duty_is_refused_with_the_list() {
        let error = DutyId::parse("us-xyz").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`us-xyz` is not a duty that the program knows (cn-rmsv, eu-cra, eu-nis2)"
        );
    }
}
