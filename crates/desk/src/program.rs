//! Partners, seats, agreements, people and settings: commands of the program.

use domain::ids::{PartnerId, SeatId};
use domain::person::Actor;
use domain::program::{PROGRAM_STREAM, ProgramCommand, ProgramEvent, ProgramFact};
use domain::roster::{self, RosterRow};
use domain::seat::{Email, Recipient};

use crate::{Desk, Failure};

impl Desk {
    /// Imports partners from CSV: all of them, or none.
    ///
    /// # Errors
    /// Every wrong row at once, by line and column.
    pub async fn import_partners(&self, csv: &[u8]) -> Result<Vec<PartnerId>, Failure> {
        self.import_partners_as(csv, &Actor::Desk).await
    }

    /// As [`Desk::import_partners`], by somebody.
    ///
    /// # Errors
    /// As [`Desk::import_partners`].
    pub async fn import_partners_as(
        &self,
        csv: &[u8],
        by: &Actor,
    ) -> Result<Vec<PartnerId>, Failure> {
        let program = self.program().await?;
        let rows: Vec<RosterRow> =
            roster::read_roster(csv, &program).map_err(Failure::from_refusal)?;
        let ids = rows.iter().map(|row| row.profile.partner.clone()).collect();
        self.decide(ProgramCommand::Import(rows), by).await?;
        Ok(ids)
    }

    /// Every event of the program, from its first.
    ///
    /// # Errors
    /// A database that fails, or an event of a newer version.
    pub async fn program_history(&self) -> Result<Vec<ProgramEvent>, Failure> {
        self.events(PROGRAM_STREAM).await
    }

    /// Adds a seat with its own age recipient.
    ///
    /// # Errors
    /// An unknown partner, or a recipient that cannot be sealed to.
    pub async fn add_seat(
        &self,
        partner: &PartnerId,
        email: &str,
        recipient: &str,
    ) -> Result<SeatId, Failure> {
        self.add_seat_by(partner, email, recipient, &Actor::Desk)
            .await
    }

    /// The same, as asked for by somebody who signed in.
    ///
    /// # Errors
    /// As [`Desk::add_seat`], and somebody who does not keep the partner's seats.
    pub async fn add_seat_by(
        &self,
        partner: &PartnerId,
        email: &str,
        recipient: &str,
        by: &Actor,
    ) -> Result<SeatId, Failure> {
        let sealable = seal::Recipient::parse(recipient)
            .map_err(|error| Failure::usage("recipient", error.to_string()).hint(error.hint()))?;
        let command = ProgramCommand::AddSeat {
            partner: partner.clone(),
            email: Email::parse(email).map_err(Failure::from_refusal)?,
            recipient: Recipient::parse(sealable.as_str()).map_err(Failure::from_refusal)?,
            seat: None,
        };
        let events = self.decide(command, by).await?;
        let added = events.into_iter().find_map(|event| match event.fact {
            ProgramFact::SeatAdded { seat, .. } => Some(seat),
            _ => None,
        });
        added.ok_or_else(|| Failure::machine("seat", "no seat was added"))
    }
}
