//! What a partner and the program write to each other about a case: sealed to both, kept as blobs.

use domain::decide::CaseCommand;
use domain::ids::{BlobId, CaseId, PartnerId, SeatId};
use domain::letter::{Letter, Words};
use domain::person::Actor;
use domain::protection::{Coverage, ProtectionDetails};
use domain::seat::Seat;
use jiff::Timestamp;
use seal::{ProgramKey, Recipient};
use serde::{Deserialize, Serialize};

use crate::desk::{Beside, Loaded, too_busy};
use crate::{Desk, Failure};

/// What stands in a letter before it is sealed: JSON.
///
/// Case, partner, writer and time stand inside, because the encryption does not say them: a letter that was put in
/// another's place does not fit what stands around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterBody {
    /// The case.
    pub case: CaseId,
    /// The partner whose thread or protection it is.
    pub partner: PartnerId,
    /// Who wrote it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// What was written.
    #[serde(flatten)]
    pub written: Written,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Written {
    /// A report of a protection.
    Protection(ProtectionDetails),
    /// A message.
    Message {
        /// Its text.
        text: String,
    },
}

impl Desk {
    /// A seat acknowledges the terms that it was shown.
    ///
    /// # Errors
    /// A case that is not open to the seat; terms that changed.
    pub async fn acknowledge(
        &self,
        id: &CaseId,
        seat: &SeatId,
        shown: (domain::tlp::Tlp, Option<Timestamp>),
    ) -> Result<(), Failure> {
        let (tlp, release) = shown;
        let command = CaseCommand::Acknowledge {
            seat: seat.clone(),
            tlp,
            release,
        };
        self.command(id, command, &Actor::Seat(seat.clone()))
            .await?;
        Ok(())
    }

    /// A seat reports a protection, or reports one anew.
    ///
    /// # Errors
    /// A case that is not open to the seat; a coverage and a time that do not fit together; a limit.
    pub async fn report_protection(
        &self,
        id: &CaseId,
        seat: &SeatId,
        number: Option<u32>,
        what: (Coverage, Option<Timestamp>),
        details: &ProtectionDetails,
    ) -> Result<(), Failure> {
        let by = Actor::Seat(seat.clone());
        let (coverage, ships_at) = what;
        for _ in 0..CONFLICTS_MAX {
            let loaded = self.load(id).await?;
            let partner = partner_of(&loaded, seat)?;
            let written = Written::Protection(details.clone());
            let (letter, blob) = self.letter(&loaded, &partner, &by, written)?;
            let command = CaseCommand::ReportProtection {
                seat: seat.clone(),
                number,
                coverage,
                ships_at,
                details: letter,
            };
            if self.dealt(&loaded, command, &by, blob).await? {
                return Ok(());
            }
        }
        Err(too_busy())
    }

    /// Writes into a partner's thread, as a seat of it or as somebody of the program.
    ///
    /// # Errors
    /// A case that is open to no seat of the partner, or not to the seat that writes; a limit.
    pub async fn write_message(
        &self,
        id: &CaseId,
        partner: &PartnerId,
        by: &Actor,
        text: &Words,
    ) -> Result<(), Failure> {
        for _ in 0..CONFLICTS_MAX {
            let loaded = self.load(id).await?;
            let written = Written::Message {
                text: text.as_str().to_owned(),
            };
            let (letter, blob) = self.letter(&loaded, partner, by, written)?;
            let command = CaseCommand::WriteMessage {
                partner: partner.clone(),
                text: letter,
            };
            if self.dealt(&loaded, command, by, blob).await? {
                return Ok(());
            }
        }
        Err(too_busy())
    }

    /// A letter's ciphertext.
    ///
    /// # Errors
    /// A database that fails, or has lost it.
    pub async fn letter_bytes(&self, letter: &Letter) -> Result<Vec<u8>, Failure> {
        self.blob(&letter.blob).await
    }

    /// What a letter says, for the program.
    ///
    /// # Errors
    /// A letter that the key does not open, or that says another case or partner than where it lies.
    pub async fn read_letter(
        &self,
        key: &ProgramKey,
        case: &CaseId,
        partner: &PartnerId,
        letter: &Letter,
    ) -> Result<LetterBody, Failure> {
        let wrong = |what: String| {
            Failure::machine("letter", what)
                .hint("restore a backup; `headstart log audit` names what was changed")
        };
        let bytes = self.letter_bytes(letter).await?;
        let text = key
            .open_letter(&bytes)
            .map_err(|error| wrong(error.to_string()))?;
        let body: LetterBody = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("a letter cannot be read: {error}")))?;
        if body.case == *case && body.partner == *partner {
            Ok(body)
        } else {
            Err(wrong("a letter lies where it does not belong".to_owned()))
        }
    }

    /// Seals what is written to the program and to every seat of the partner that may read of the case now.
    fn letter(
        &self,
        loaded: &Loaded,
        partner: &PartnerId,
        by: &Actor,
        written: Written,
    ) -> Result<(Letter, Vec<u8>), Failure> {
        let context = self.context(&loaded.program, by);
        let seats: Vec<&Seat> = loaded.case.readers(partner, &context);
        let mut recipients = Vec::new();
        for seat in &seats {
            let recipient = Recipient::parse(seat.recipient().as_str())
                .map_err(|error| Failure::usage("recipient", error.to_string()))?;
            recipients.push(recipient);
        }
        let body = LetterBody {
            case: loaded.case.id().clone(),
            partner: partner.clone(),
            by: by.clone(),
            at: self.now(),
            written,
        };
        let text = zeroize::Zeroizing::new(
            serde_json::to_string(&body)
                .map_err(|error| Failure::machine("seal", error.to_string()))?,
        );
        let sealed = seal::seal_letter(self.recipient(), &recipients, &text)
            .map_err(|error| Failure::usage("seal", error.to_string()).hint(error.hint()))?;
        let letter = Letter {
            blob: BlobId::of(&sealed),
            readers: seats.iter().map(|seat| seat.id().clone()).collect(),
        };
        Ok((letter, sealed))
    }

    async fn dealt(
        &self,
        loaded: &Loaded,
        command: CaseCommand,
        by: &Actor,
        blob: Vec<u8>,
    ) -> Result<bool, Failure> {
        let beside = Beside {
            blobs: vec![blob],
            ..Beside::default()
        };
        // CRASH: the event and its ciphertext are one transaction: both are there, or neither is.
        let decided = self.decide_case(loaded, command, by, beside).await?;
        Ok(decided.is_some())
    }
}

const CONFLICTS_MAX: usize = 20;

fn partner_of(loaded: &Loaded, seat: &SeatId) -> Result<PartnerId, Failure> {
    let known = loaded.program.seat(seat);
    known.map(|seat| seat.partner().clone()).ok_or_else(|| {
        Failure::from_refusal(domain::open::Denial::UnknownSeat { seat: seat.clone() })
    })
}
