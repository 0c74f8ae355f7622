//! What happened in a case, oldest first.

use axum::Json;
use domain::case::{CaseFact, VerdictWord};
use domain::describe::describe_utc;
use domain::person::Actor;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cases::known;
use super::extract::{Ask, At};
use super::page::{Slice, Window};
use crate::web::parts::count;
use crate::{Problem, Visit};

/// One thing that happened.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Happened {
    /// Its number in the case, from 1.
    pub number: u64,
    /// When, UTC.
    pub at: String,
    /// Who did it: `person:…`, `seat:…`, `desk` or `timer`.
    pub by: String,
    /// What, in words.
    pub what: String,
}

impl Happened {
    /// Events as what happened.
    pub fn all(history: &[(Timestamp, Actor, CaseFact)]) -> Vec<Self> {
        let rows = history.iter().zip(1u64..);
        rows.map(|((at, by, fact), number)| Self {
            number,
            at: at.to_string(),
            by: by.to_string(),
            what: sentence(fact),
        })
        .collect()
    }
}

/// What happened in a case, oldest first.
#[utoipa::path(get, path = "/api/v1/cases/{case}/history", tag = "cases",
    params(("case" = String, Path), Window), responses((status = 200, body = Slice<Happened>)))]
pub async fn list(
    visit: Visit,
    At(case): At<String>,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<Happened>>, Problem> {
    let id = known(&visit, &case)?.id().clone();
    let history = visit.desk.history(&id).await?;
    Ok(Json(window.cut(Happened::all(&history), |row| {
        format!("{:012}", row.number)
    })?))
}

fn sentence(fact: &CaseFact) -> String {
    match fact {
        CaseFact::CaseCreated { .. } => "case created, its secret committed to the log".to_owned(),
        CaseFact::DetailsSet { .. } => "details changed".to_owned(),
        CaseFact::TlpSet { tlp } => format!("label set to {tlp}"),
        CaseFact::ReleaseSet { release } => format!("release set to {}", describe_utc(*release)),
        CaseFact::ArtifactAdded { artifact } => {
            format!("artifact {} added ({})", artifact.artifact, artifact.kind)
        }
        CaseFact::WavesPlanned { plan, .. } => {
            format!("waves planned for {}", count(plan.seats.len(), "seat"))
        }
        CaseFact::PlanApproved { person, .. } => format!("plan approved by {person}"),
        CaseFact::CopiesPressed { packages, .. } => {
            format!(
                "{} pressed and committed to the log",
                count(packages.len(), "package")
            )
        }
        CaseFact::WaveOpened { wave, seats, .. } => {
            format!("wave {wave} opened for {}", count(seats.len(), "seat"))
        }
        CaseFact::PackageFetched { seat, .. } => format!("{seat} fetched its package"),
        CaseFact::FetchRefused { seat, rule } => format!("{seat} was refused its package: {rule}"),
        CaseFact::MasterReplaced { artifact } => {
            format!("artifact {} replaced", artifact.artifact)
        }
        CaseFact::EndingAsked { person, reason, .. } => {
            format!("{person} asked to end the embargo early: {reason}")
        }
        CaseFact::EndingWithdrawn { person } => {
            format!("{person} took back that the embargo should end early")
        }
        CaseFact::ExploitationRecorded { aware_at } => {
            format!(
                "actively exploited, known since {}",
                describe_utc(*aware_at)
            )
        }
        CaseFact::ReportMade { step } => format!("legal report made: {step}"),
        CaseFact::CaseEndedEarly { reason } => format!("embargo ended early: {reason}"),
        CaseFact::CaseReleased {} => "released".to_owned(),
        CaseFact::LeakSighted { sighting, .. } => {
            format!("its values were seen outside: {sighting}")
        }
        CaseFact::CaseAcknowledged { seat, tlp, .. } => format!("{seat} acknowledged {tlp}"),
        CaseFact::ProtectionReported {
            seat,
            number,
            coverage,
            ..
        } => format!("{seat} reported protection {number}: coverage {coverage}"),
        CaseFact::MessageWritten { partner, .. } => {
            format!("a message in the thread with {partner}")
        }
        CaseFact::LeakTraced { trace, verdict, .. } => {
            let word = match verdict {
                VerdictWord::Accuse => "accuse",
                VerdictWord::Withhold => "withhold",
            };
            format!("leak traced: {trace}, {word}")
        }
    }
}
