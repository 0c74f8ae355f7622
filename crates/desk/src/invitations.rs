//! Invitations: a secret that makes somebody's first passkey, once.
//!
//! An invitation is a ticket: it ends by itself, can be revoked, and of several that try one is let in.
//! Who made it must still be allowed to when it is accepted.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::account::{self, AccountRefusal};
use domain::ids::{PartnerId, SeatId};
use domain::partner::Status;
use domain::person::Actor;
use domain::program::{Program, ProgramRefusal};
use domain::seat::Email;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Ticket;

use crate::{Desk, Failure, State, digest_of_secret, random};

const INVITATION: &str = "invitation";
/// Longest life of an invitation.
pub const INVITATION_LIFE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

/// Who is invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Invited {
    /// Somebody of whom the program knows, and who has no passkey.
    Account {
        /// Who.
        account: Actor,
    },
    /// A colleague at a partner, who becomes a seat by accepting.
    NewSeat {
        /// The partner.
        partner: PartnerId,
        /// Where the colleague is reached.
        email: Email,
    },
}

/// An invitation that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The digest of its secret, by which it is revoked.
    #[serde(skip)]
    pub id: String,
    /// Who is invited.
    pub to: Invited,
    /// Who invited.
    pub by: Actor,
    /// When, by the machine's clock.
    pub made_at: Timestamp,
    /// When it ends, by the machine's clock.
    pub ends_at: Timestamp,
}

impl Invited {
    /// Under whom invitations are listed: the program, or a partner.
    fn owner(&self, program: &Program) -> String {
        let partner = match self {
            Self::NewSeat { partner, .. } => Some(partner),
            Self::Account {
                account: Actor::Seat(seat),
            } => program.seat(seat).map(|seat| seat.partner()),
            Self::Account { .. } => None,
        };
        owner(partner)
    }
}

fn owner(partner: Option<&PartnerId>) -> String {
    partner.map_or_else(
        || "program".to_owned(),
        |partner| format!("partner:{partner}"),
    )
}

impl Desk {
    /// Invites somebody; the answer is the secret, which is stored nowhere.
    ///
    /// # Errors
    /// Somebody who may not invite, an account that has a passkey, a partner that is not active, or a database that
    /// fails.
    pub async fn invite(&self, to: Invited, by: &Actor, life: Duration) -> Result<String, Failure> {
        let state = self.state().await?;
        check(&state, &to, by)?;
        let secret = URL_SAFE_NO_PAD.encode(random()?);
        let made_at = Timestamp::now();
        let ends_at = made_at + life.min(INVITATION_LIFE_MAX);
        let owner = to.owner(&state.program);
        let invitation = Invitation {
            id: String::new(),
            to,
            by: by.clone(),
            made_at,
            ends_at,
        };
        let body = serde_json::to_string(&invitation)
            .map_err(|error| Failure::machine("invitation", error.to_string()))?;
        let ticket = Ticket {
            id: digest_of_secret(&secret),
            owner,
            body,
            ends_ms: ends_at.as_millisecond(),
        };
        self.store()
            .put_ticket(INVITATION, &ticket, made_at)
            .await?;
        Ok(secret)
    }

    /// The invitation that a secret opens, without taking it; none when it ended, was taken or revoked, or when
    /// whoever made it could not make it any more.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn invitation(&self, secret: &str) -> Result<Option<Invitation>, Failure> {
        let id = digest_of_secret(secret);
        let ticket = self
            .store()
            .ticket(INVITATION, &id, Timestamp::now())
            .await?;
        self.standing(ticket).await
    }

    /// Takes an invitation: of several that try, one gets it.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn take_invitation(&self, secret: &str) -> Result<Option<Invitation>, Failure> {
        let id = digest_of_secret(secret);
        let ticket = self
            .store()
            .take_ticket(INVITATION, &id, Timestamp::now())
            .await?;
        self.standing(ticket).await
    }

    /// The account that an invitation opens; a new seat is added now, by whoever invited.
    ///
    /// # Errors
    /// A recipient that cannot be sealed to, or that is missing or not asked for; a refusal of the program.
    pub async fn seat_of_invitation(
        &self,
        invitation: &Invitation,
        recipient: Option<&str>,
    ) -> Result<Actor, Failure> {
        match &invitation.to {
            Invited::Account { account } => Ok(account.clone()),
            Invited::NewSeat { partner, email } => {
                let recipient = recipient.ok_or_else(|| {
                    Failure::usage("recipient", "a key for your packages is missing")
                        .hint("make one in the page, or paste the public part of yours")
                })?;
                let seat: SeatId = self
                    .add_seat_by(partner, email.as_str(), recipient, &invitation.by)
                    .await?;
                Ok(Actor::Seat(seat))
            }
        }
    }

    /// The invitations that wait: of the program's people, or of a partner's seats. Newest first.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn invitations(
        &self,
        partner: Option<&PartnerId>,
    ) -> Result<Vec<Invitation>, Failure> {
        let tickets = self
            .store()
            .tickets_of(INVITATION, &owner(partner), Timestamp::now())
            .await?;
        let mut invitations: Vec<Invitation> = tickets.iter().filter_map(read).collect();
        invitations.sort_by_key(|invitation| std::cmp::Reverse(invitation.made_at));
        Ok(invitations)
    }

    /// Revokes an invitation that waits, found by its id among those of the program or a partner.
    ///
    /// # Errors
    /// No such invitation there, or a database that fails.
    pub async fn revoke_invitation(
        &self,
        partner: Option<&PartnerId>,
        id: &str,
    ) -> Result<(), Failure> {
        let is_there = self
            .invitations(partner)
            .await?
            .iter()
            .any(|invitation| invitation.id == id);
        if is_there {
            self.store()
                .take_ticket(INVITATION, id, Timestamp::now())
                .await?;
            return Ok(());
        }
        Err(
            Failure::usage("unknown-invitation", "there is no such invitation")
                .hint("it may have been accepted, or its time is over"),
        )
    }

    async fn standing(&self, ticket: Option<Ticket>) -> Result<Option<Invitation>, Failure> {
        let Some(invitation) = ticket.as_ref().and_then(read) else {
            return Ok(None);
        };
        let state = self.state().await?;
        let is_valid = check(&state, &invitation.to, &invitation.by).is_ok();
        Ok(is_valid.then_some(invitation))
    }
}

/// Whether somebody may invite, and somebody can be invited, at this moment.
fn check(state: &State, to: &Invited, by: &Actor) -> Result<(), Failure> {
    let program = &state.program;
    match to {
        Invited::Account { account } => {
            account::keeps_account(program, by, account).map_err(Failure::from_refusal)?;
            if !account::is_account(program, account) {
                return Err(Failure::from_refusal(AccountRefusal::NoAccount));
            }
            // Otherwise one administrator alone could take over an approver's account.
            if state.accounts.of(account).has_passkey() {
                return Err(Failure::from_refusal(AccountRefusal::HasPasskey));
            }
            Ok(())
        }
        Invited::NewSeat { partner, .. } => {
            if !program.keeps_seats(by, partner) {
                return Err(Failure::from_refusal(ProgramRefusal::NotYou));
            }
            let known = program.partner(partner).ok_or_else(|| {
                Failure::from_refusal(ProgramRefusal::UnknownPartner {
                    partner: partner.clone(),
                })
            })?;
            match known.status() {
                Status::Active | Status::Applicant => Ok(()),
                status => Err(Failure::from_refusal(ProgramRefusal::Status {
                    partner: partner.clone(),
                    status,
                    wanted: "given a seat",
                })),
            }
        }
    }
}

fn read(ticket: &Ticket) -> Option<Invitation> {
    let invitation: Invitation = serde_json::from_str(&ticket.body).ok()?;
    Some(Invitation {
        id: ticket.id.clone(),
        ..invitation
    })
}
