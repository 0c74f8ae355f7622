//! Partners and their seats.

use desk::Failure;
use domain::agreement::Means;
use domain::ids::{PartnerId, SeatId};
use domain::partner::Partner;
use domain::person::Actor;
use domain::program::{Program, ProgramCommand};
use domain::seat::SeatRole;
use serde_json::Value;
use server::wire::{
    Acceptance, AcceptedAgreement, Added, Imported, NewSeat, PartnerSummary, Reason, Roster,
    SeatSummary,
};

use super::{Reach, actor};

/// A change of a partner's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// An applicant becomes active.
    Admit,
    /// Everything is closed to it.
    Suspend,
    /// It gets its access back.
    Resume,
    /// It is removed for good.
    Remove,
}

impl Standing {
    fn command(self, partner: PartnerId, reason: &str) -> ProgramCommand {
        let reason = reason.to_owned();
        match self {
            Self::Admit => ProgramCommand::Activate(partner),
            Self::Suspend => ProgramCommand::Suspend { partner, reason },
            Self::Resume => ProgramCommand::Resume { partner, reason },
            Self::Remove => ProgramCommand::Remove { partner, reason },
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Remove => "remove",
        }
    }
}

impl Reach<'_> {
    /// All partners, by id.
    pub async fn partners(&self) -> Result<Vec<PartnerSummary>, Failure> {
        match self {
            Self::Here(here) => {
                let program = here.desk.program().await?;
                let partners = program.partners();
                Ok(partners
                    .map(|partner| PartnerSummary::of(&program, partner))
                    .collect())
            }
            Self::There(server) => server.all("/api/v1/partners").await,
        }
    }

    /// One partner.
    pub async fn partner(&self, id: &PartnerId) -> Result<PartnerSummary, Failure> {
        match self {
            Self::Here(here) => {
                let program = here.desk.program().await?;
                Ok(PartnerSummary::of(&program, known(&program, id)?))
            }
            Self::There(server) => server.get(&format!("/api/v1/partners/{id}")).await,
        }
    }

    /// Imports partners from CSV, all or none.
    pub async fn import_partners(&self, csv: &[u8]) -> Result<Vec<String>, Failure> {
        match self {
            Self::Here(here) => {
                let ids = here.desk.import_partners(csv).await?;
                Ok(ids.iter().map(ToString::to_string).collect())
            }
            Self::There(server) => {
                let csv = std::str::from_utf8(csv)
                    .map_err(|_| {
                        Failure::usage("csv", "the table of partners is not UTF-8")
                            .hint("save it as UTF-8")
                    })?
                    .to_owned();
                let imported: Imported = server.post("/api/v1/partners", &Roster { csv }).await?;
                Ok(imported.partners)
            }
        }
    }

    /// Changes a partner's standing; the answer is its status now.
    pub async fn set_standing(
        &self,
        id: &PartnerId,
        standing: Standing,
        reason: &str,
        named: &str,
    ) -> Result<String, Failure> {
        match self {
            Self::Here(here) => {
                let by = actor(named)?;
                let command = standing.command(id.clone(), reason);
                here.desk.decide(command, &by).await?;
                let program = here.desk.program().await?;
                let status = program.partner(id).map(|partner| partner.status());
                Ok(status
                    .map_or("removed", |status| status.as_str())
                    .to_owned())
            }
            Self::There(server) => {
                // `operator` is what the command line says when nothing is said.
                server
                    .is_person(Some(named).filter(|named| *named != "operator"))
                    .await?;
                let path = format!("/api/v1/partners/{id}/{}", standing.verb());
                let partner: PartnerSummary = match standing {
                    Standing::Admit => {
                        server
                            .post(&path, &Value::Object(Default::default()))
                            .await?
                    }
                    _ => {
                        let reason = reason.to_owned();
                        server.post(&path, &Reason { reason }).await?
                    }
                };
                Ok(partner.status)
            }
        }
    }

    /// Records that a partner accepted an agreement on paper; the answer is its version.
    pub async fn accept_agreement(
        &self,
        partner: &PartnerId,
        version: Option<&str>,
        signatory: String,
    ) -> Result<String, Failure> {
        match self {
            Self::Here(here) => {
                let version = match version {
                    Some(version) => version.parse().map_err(Failure::from_refusal)?,
                    None => here
                        .desk
                        .program()
                        .await?
                        .current_agreement()
                        .cloned()
                        .ok_or_else(|| {
                            Failure::usage("no-agreement", "there is no agreement yet").hint(
                                "publish one with `headstart agreement publish VERSION --text FILE`",
                            )
                        })?,
                };
                let command = ProgramCommand::AcceptAgreement {
                    partner: partner.clone(),
                    version: version.clone(),
                    signatory,
                    means: Means::Paper,
                };
                here.desk.decide(command, &Actor::Desk).await?;
                Ok(version.to_string())
            }
            Self::There(server) => {
                let path = format!("/api/v1/partners/{partner}/accept");
                let accepted = Acceptance {
                    version: version.map(str::to_owned),
                    by: signatory,
                };
                let accepted: AcceptedAgreement = server.post(&path, &accepted).await?;
                Ok(accepted.version)
            }
        }
    }

    /// All seats, by id.
    pub async fn seats(&self) -> Result<Vec<SeatSummary>, Failure> {
        match self {
            Self::Here(here) => {
                let program = here.desk.program().await?;
                Ok(program.seats().map(SeatSummary::of).collect())
            }
            Self::There(server) => {
                let partners: Vec<PartnerSummary> = server.all("/api/v1/partners").await?;
                let seats = partners.into_iter().flat_map(|partner| partner.seats);
                let mut seats: Vec<SeatSummary> = seats.collect();
                seats.sort_by(|one, other| one.seat.cmp(&other.seat));
                Ok(seats)
            }
        }
    }

    /// Adds a seat.
    pub async fn add_seat(
        &self,
        partner: &PartnerId,
        email: &str,
        recipient: &str,
    ) -> Result<SeatId, Failure> {
        match self {
            Self::Here(here) => here.desk.add_seat(partner, email, recipient).await,
            Self::There(server) => {
                let new = NewSeat {
                    email: email.to_owned(),
                    recipient: recipient.to_owned(),
                };
                let path = format!("/api/v1/partners/{partner}/seats");
                let added: Added = server.post(&path, &new).await?;
                added.seat.parse().map_err(Failure::from_refusal)
            }
        }
    }

    /// Names the seat that leads its partner's team.
    pub async fn name_lead(&self, seat: &SeatId) -> Result<(), Failure> {
        match self {
            Self::Here(here) => {
                let command = ProgramCommand::SetSeatRole {
                    seat: seat.clone(),
                    role: SeatRole::Lead,
                };
                here.desk.decide(command, &Actor::Desk).await.map(drop)
            }
            Self::There(server) => {
                let path = format!("{}/lead", seat_path(seat));
                let _: SeatSummary = server
                    .post(&path, &Value::Object(Default::default()))
                    .await?;
                Ok(())
            }
        }
    }

    /// Retires a seat.
    pub async fn retire_seat(&self, seat: &SeatId, reason: &str) -> Result<(), Failure> {
        let reason = reason.to_owned();
        match self {
            Self::Here(here) => {
                let command = ProgramCommand::RetireSeat {
                    seat: seat.clone(),
                    reason,
                };
                here.desk.decide(command, &Actor::Desk).await.map(drop)
            }
            Self::There(server) => {
                let path = format!("{}/retire", seat_path(seat));
                let _: SeatSummary = server.post(&path, &Reason { reason }).await?;
                Ok(())
            }
        }
    }
}

/// Where a seat is: its id begins with its partner's.
fn seat_path(seat: &SeatId) -> String {
    let text = seat.as_str();
    let partner = text.rsplit_once('.').map_or(text, |(partner, _)| partner);
    format!("/api/v1/partners/{partner}/seats/{seat}")
}

fn known<'a>(program: &'a Program, id: &PartnerId) -> Result<&'a Partner, Failure> {
    program.partner(id).ok_or_else(|| {
        Failure::usage("unknown-partner", format!("there is no partner `{id}`"))
            .hint("`headstart partner list` shows them")
    })
}
