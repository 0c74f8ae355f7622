//! Partners and their seats.

use axum::Json;
use axum::http::StatusCode;
use domain::agreement::Means;
use domain::ids::{PartnerId, SeatId};
use domain::partner::Partner;
use domain::person::Actor;
use domain::program::{Program, ProgramCommand};
use domain::seat::{Seat, SeatRole};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Ask, At, Body};
use super::page::{Slice, Window};
use crate::{Problem, Visit};

/// A partner.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PartnerSummary {
    /// Its id.
    pub partner: String,
    /// Its name.
    pub name: String,
    /// `validate`, `advance` or `entry`.
    pub tier: String,
    /// Two letters.
    pub country: String,
    /// `applied`, `active`, `suspended` or `removed`.
    pub status: String,
    /// Why, when somebody gave a reason.
    pub reason: Option<String>,
    /// Its legal duties, such as `cn-rmsv`.
    pub duties: Vec<String>,
    /// The agreements that it accepted.
    pub accepted: Vec<AcceptedAgreement>,
    /// Its seats.
    pub seats: Vec<SeatSummary>,
}

/// An agreement that a partner accepted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AcceptedAgreement {
    /// Its version.
    pub version: String,
    /// Who accepted for the partner.
    pub by: String,
    /// When, UTC.
    pub at: String,
    /// Whether it is the version that is asked for now.
    pub current: bool,
}

/// A seat.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SeatSummary {
    /// Its id.
    pub seat: String,
    /// Its partner.
    pub partner: String,
    /// Where it is reached.
    pub email: String,
    /// What its packages are sealed to.
    pub recipient: String,
    /// `lead` or `analyst`.
    pub role: String,
    /// When it was added, UTC.
    pub added_at: String,
    /// When it was retired, UTC.
    pub retired_at: Option<String>,
}

/// Partners as CSV: `id,name,tier,country,obligations`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"csv": "id,name,tier,country,obligations\np-07,Harrowgate Sensors,validate,GB,\n"}))]
pub struct Roster {
    /// The whole table, all or nothing.
    pub csv: String,
}

/// Which partners were imported.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    /// Their ids.
    pub partners: Vec<String>,
}

/// A reason, which is recorded.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "an audit found a shared mailbox"}))]
pub struct Reason {
    /// In words.
    pub reason: String,
}

/// That a partner accepted an agreement on paper.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"version": "2026-11", "by": "R. Harrow"}))]
pub struct Acceptance {
    /// Its version; without it, the current one.
    pub version: Option<String>,
    /// Who accepted for the partner.
    pub by: String,
}

/// A new seat.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "analyst@p-07.example", "recipient": "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"}))]
pub struct NewSeat {
    /// Where it is reached.
    pub email: String,
    /// What its packages are sealed to: `age1…` or `ssh-ed25519 …`.
    pub recipient: String,
}

/// The seat that was added.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Added {
    /// Its id.
    pub seat: String,
}

impl PartnerSummary {
    /// What events tell of a partner.
    pub fn of(program: &Program, partner: &Partner) -> Self {
        let current = program.current_agreement();
        let accepted = partner.accepted().iter();
        Self {
            partner: partner.id().to_string(),
            name: partner.name().to_owned(),
            tier: partner.tier().to_string(),
            country: partner.country().to_string(),
            status: partner.status().to_string(),
            reason: partner.reason().map(ToOwned::to_owned),
            duties: partner
                .duties()
                .iter()
                .map(|duty| duty.row().name.to_owned())
                .collect(),
            accepted: accepted
                .map(|(version, how)| AcceptedAgreement {
                    version: version.to_string(),
                    by: how.signatory.clone(),
                    at: how.at.to_string(),
                    current: Some(version) == current,
                })
                .collect(),
            seats: program
                .seats_of(partner.id())
                .map(SeatSummary::of)
                .collect(),
        }
    }
}

impl SeatSummary {
    /// What events tell of a seat.
    pub fn of(seat: &Seat) -> Self {
        Self {
            seat: seat.id().to_string(),
            partner: seat.partner().to_string(),
            email: seat.email().to_string(),
            recipient: seat.recipient().as_str().to_owned(),
            role: seat.role().as_str().to_owned(),
            added_at: seat.added_at().to_string(),
            retired_at: seat.retired_at().map(|at| at.to_string()),
        }
    }
}

fn summary(visit: &Visit, partner: &Partner) -> PartnerSummary {
    PartnerSummary::of(&visit.state.program, partner)
}

pub(super) fn id_of(visit: &Visit, text: &str) -> Result<PartnerId, Problem> {
    let id = PartnerId::parse(text).map_err(|_| Problem::nothing_here())?;
    match visit.state.program.partner(&id) {
        Some(_) => Ok(id),
        None => Err(Problem::nothing_here()),
    }
}

async fn decided(
    visit: &Visit,
    id: &PartnerId,
    command: ProgramCommand,
) -> Result<Json<PartnerSummary>, Problem> {
    visit.desk.decide(command, &visit.actor()?).await?;
    let state = visit.desk.state().await?;
    let visit = Visit {
        state,
        ..visit.clone()
    };
    let partner = visit
        .state
        .program
        .partner(id)
        .ok_or_else(Problem::nothing_here)?;
    Ok(Json(summary(&visit, partner)))
}

/// All partners, by id.
#[utoipa::path(get, path = "/api/v1/partners", tag = "partners", params(Window),
    responses((status = 200, body = Slice<PartnerSummary>)))]
pub async fn list(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<PartnerSummary>>, Problem> {
    let slice = window.cut(visit.state.program.partners(), |partner| {
        partner.id().to_string()
    })?;
    Ok(Json(Slice {
        items: slice
            .items
            .iter()
            .map(|partner| summary(&visit, partner))
            .collect(),
        next: slice.next,
    }))
}

/// One partner.
#[utoipa::path(get, path = "/api/v1/partners/{partner}", tag = "partners", params(("partner" = String, Path)),
    responses((status = 200, body = PartnerSummary)))]
pub async fn show(visit: Visit, At(partner): At<String>) -> Result<Json<PartnerSummary>, Problem> {
    let id = id_of(&visit, &partner)?;
    let partner = visit
        .state
        .program
        .partner(&id)
        .ok_or_else(Problem::nothing_here)?;
    Ok(Json(summary(&visit, partner)))
}

/// Imports partners, all or nothing.
#[utoipa::path(post, path = "/api/v1/partners", tag = "partners", request_body = Roster,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Imported)))]
pub async fn import(
    visit: Visit,
    Body(roster): Body<Roster>,
) -> Result<(StatusCode, Json<Imported>), Problem> {
    let partners = visit
        .desk
        .import_partners_as(roster.csv.as_bytes(), &visit.actor()?)
        .await?;
    let partners = partners.iter().map(ToString::to_string).collect();
    Ok((StatusCode::CREATED, Json(Imported { partners })))
}

/// Suspends a partner: everything is closed for all its seats at once.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/suspend", tag = "partners",
    params(("partner" = String, Path)), request_body = Reason, responses((status = 200, body = PartnerSummary)))]
pub async fn suspend(
    visit: Visit,
    At(partner): At<String>,
    Body(why): Body<Reason>,
) -> Result<Json<PartnerSummary>, Problem> {
    let id = id_of(&visit, &partner)?;
    let command = ProgramCommand::Suspend {
        partner: id.clone(),
        reason: why.reason,
    };
    decided(&visit, &id, command).await
}

/// Resumes a suspended partner.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/resume", tag = "partners",
    params(("partner" = String, Path)), request_body = Reason, responses((status = 200, body = PartnerSummary)))]
pub async fn resume(
    visit: Visit,
    At(partner): At<String>,
    Body(why): Body<Reason>,
) -> Result<Json<PartnerSummary>, Problem> {
    let id = id_of(&visit, &partner)?;
    let command = ProgramCommand::Resume {
        partner: id.clone(),
        reason: why.reason,
    };
    decided(&visit, &id, command).await
}

/// Removes a partner; it comes back only by applying anew.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/remove", tag = "partners",
    params(("partner" = String, Path)), request_body = Reason, responses((status = 200, body = PartnerSummary)))]
pub async fn remove(
    visit: Visit,
    At(partner): At<String>,
    Body(why): Body<Reason>,
) -> Result<Json<PartnerSummary>, Problem> {
    let id = id_of(&visit, &partner)?;
    let command = ProgramCommand::Remove {
        partner: id.clone(),
        reason: why.reason,
    };
    decided(&visit, &id, command).await
}

/// Adds a seat.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/seats", tag = "partners",
    params(("partner" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewSeat, responses((status = 201, body = Added)))]
pub async fn add_seat(
    visit: Visit,
    At(partner): At<String>,
    Body(new): Body<NewSeat>,
) -> Result<(StatusCode, Json<Added>), Problem> {
    let id = id_of(&visit, &partner)?;
    let seat = visit
        .desk
        .add_seat_by(&id, &new.email, &new.recipient, &visit.actor()?)
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(Added {
            seat: seat.to_string(),
        }),
    ))
}

/// Admits an applicant as an active partner.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/admit", tag = "partners",
    params(("partner" = String, Path)), responses((status = 200, body = PartnerSummary)))]
pub async fn admit(visit: Visit, At(partner): At<String>) -> Result<Json<PartnerSummary>, Problem> {
    let id = id_of(&visit, &partner)?;
    decided(&visit, &id, ProgramCommand::Activate(id.clone())).await
}

/// Records that a partner accepted an agreement on paper.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/accept", tag = "partners",
    params(("partner" = String, Path)), request_body = Acceptance,
    responses((status = 200, body = AcceptedAgreement)))]
pub async fn accept(
    visit: Visit,
    At(partner): At<String>,
    Body(sent): Body<Acceptance>,
) -> Result<Json<AcceptedAgreement>, Problem> {
    let id = id_of(&visit, &partner)?;
    let version = match &sent.version {
        Some(version) => version.parse().map_err(desk::Failure::from_refusal)?,
        None => visit
            .state
            .program
            .current_agreement()
            .cloned()
            .ok_or_else(|| {
                Problem::new(409, "no-agreement", "there is no agreement yet")
                    .hint("publish one first")
            })?,
    };
    let command = ProgramCommand::AcceptAgreement {
        partner: id.clone(),
        version: version.clone(),
        signatory: sent.by,
        means: Means::Paper,
    };
    let Json(partner) = decided(&visit, &id, command).await?;
    let mut accepted = partner.accepted.into_iter();
    let found = accepted.find(|one| one.version == version.as_str());
    Ok(Json(found.ok_or_else(Problem::nothing_here)?))
}

pub(super) fn seat_of(visit: &Visit, partner: &PartnerId, text: &str) -> Result<SeatId, Problem> {
    let seat = SeatId::parse(text).map_err(|_| Problem::nothing_here())?;
    let known = visit.state.program.seat(&seat);
    known
        .filter(|known| known.partner() == partner)
        .map(|_| seat)
        .ok_or_else(Problem::nothing_here)
}

pub(super) async fn seat_now(visit: &Visit, seat: &SeatId) -> Result<Json<SeatSummary>, Problem> {
    let program = visit.desk.program().await?;
    let seat = program.seat(seat).ok_or_else(Problem::nothing_here)?;
    Ok(Json(SeatSummary::of(seat)))
}

/// Names the seat that leads its partner's team.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/seats/{seat}/lead", tag = "partners",
    params(("partner" = String, Path), ("seat" = String, Path)),
    responses((status = 200, body = SeatSummary)))]
pub async fn lead(
    visit: Visit,
    At((partner, seat)): At<(String, String)>,
) -> Result<Json<SeatSummary>, Problem> {
    let seat = seat_of(&visit, &id_of(&visit, &partner)?, &seat)?;
    let command = ProgramCommand::SetSeatRole {
        seat: seat.clone(),
        role: SeatRole::Lead,
    };
    visit.desk.decide(command, &visit.actor()?).await?;
    seat_now(&visit, &seat).await
}

/// Retires a seat: it gets nothing any more, and everybody who is signed in with it is signed out.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/seats/{seat}/retire", tag = "partners",
    params(("partner" = String, Path), ("seat" = String, Path)), request_body = Reason,
    responses((status = 200, body = SeatSummary)))]
pub async fn retire(
    visit: Visit,
    At((partner, seat)): At<(String, String)>,
    Body(why): Body<Reason>,
) -> Result<Json<SeatSummary>, Problem> {
    let seat = seat_of(&visit, &id_of(&visit, &partner)?, &seat)?;
    let command = ProgramCommand::RetireSeat {
        seat: seat.clone(),
        reason: why.reason,
    };
    visit.desk.decide(command, &visit.actor()?).await?;
    visit
        .app
        .sessions()
        .end_all(&Actor::Seat(seat.clone()))
        .await?;
    seat_now(&visit, &seat).await
}
