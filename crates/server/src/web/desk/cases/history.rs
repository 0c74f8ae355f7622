//! What happened to a case, as sentences.

use domain::case::{CaseFact, VerdictWord};
use domain::describe::describe_utc;
use domain::person::Actor;

use super::about::wave_name;
use super::work::reason;
use crate::web::parts::count;

/// One fact as a sentence without a full stop.
pub fn sentence(fact: &CaseFact) -> String {
    match fact {
        CaseFact::CaseCreated { .. } => {
            "the case began, and its secret was committed to the log".to_owned()
        }
        CaseFact::DetailsSet { .. } => "what it is about was written anew".to_owned(),
        CaseFact::TlpSet { tlp } => format!("the label was set to {tlp}"),
        CaseFact::ReleaseSet { release } => {
            format!("the release was set to {}", describe_utc(*release))
        }
        CaseFact::ArtifactAdded { artifact } => format!(
            "artifact {} was added ({}, {})",
            artifact.artifact,
            artifact.kind,
            count(artifact.sites as usize, "mark")
        ),
        CaseFact::MasterReplaced { artifact } => format!(
            "artifact {} was replaced ({})",
            artifact.artifact,
            count(artifact.sites as usize, "mark")
        ),
        CaseFact::WavesPlanned { plan, .. } => {
            format!("waves were planned for {}", count(plan.seats.len(), "seat"))
        }
        CaseFact::PlanApproved { person, .. } => format!("{person} approved the plan"),
        CaseFact::CopiesPressed { packages, .. } => format!(
            "{} pressed and committed to the log",
            match packages.len() {
                1 => "1 package was".to_owned(),
                many => format!("{many} packages were"),
            }
        ),
        CaseFact::WaveOpened { wave, seats, .. } => {
            format!(
                "{} opened for {}",
                wave_name(*wave),
                count(seats.len(), "seat")
            )
        }
        CaseFact::PackageFetched { seat, .. } => format!("seat {seat} fetched its package"),
        CaseFact::FetchRefused { seat, rule } => {
            format!("seat {seat} was refused its package: {rule}")
        }
        CaseFact::EndingAsked {
            person,
            reason: why,
            ..
        } => {
            format!("{person} asked to end the embargo early: {}", reason(*why))
        }
        CaseFact::EndingWithdrawn { person } => {
            format!("{person} took back the wish to end the embargo early")
        }
        CaseFact::ExploitationRecorded { aware_at } => format!(
            "recorded as actively exploited, known since {}",
            describe_utc(*aware_at)
        ),
        CaseFact::ReportMade { step } => {
            format!("recorded as reported: {}", step.row().title)
        }
        CaseFact::CaseEndedEarly { reason: why } => {
            format!("the embargo ended early: {}", reason(*why))
        }
        CaseFact::CaseReleased {} => "released".to_owned(),
        CaseFact::LeakSighted { sighting, .. } => {
            format!("its values were seen outside: {sighting}")
        }
        CaseFact::CaseAcknowledged { seat, tlp, .. } => {
            format!("seat {seat} acknowledged {tlp} and the end of the embargo")
        }
        CaseFact::ProtectionReported {
            seat,
            number,
            coverage,
            ..
        } => format!("seat {seat} reported protection {number}, coverage {coverage}"),
        CaseFact::MessageWritten { partner, .. } => {
            format!("a message was written in the thread with {partner}")
        }
        CaseFact::LeakTraced { trace, verdict, .. } => format!(
            "a leak was traced: {trace}, {}",
            match verdict {
                VerdictWord::Accuse => "somebody is named",
                VerdictWord::Withhold => "not enough evidence",
            }
        ),
    }
}

/// Whether a fact is a decision of the program, and not what seats did.
pub fn is_decision(fact: &CaseFact) -> bool {
    !matches!(
        fact,
        CaseFact::PackageFetched { .. }
            | CaseFact::FetchRefused { .. }
            | CaseFact::CaseAcknowledged { .. }
            | CaseFact::ProtectionReported { .. }
            | CaseFact::MessageWritten { .. }
    )
}

/// Who did it, for people.
pub fn who(by: &Actor) -> String {
    match by {
        Actor::Desk => "the program's terminal".to_owned(),
        Actor::Timer => "the timer".to_owned(),
        Actor::Person(name) => name.to_string(),
        Actor::Seat(seat) => format!("seat {seat}"),
    }
}
