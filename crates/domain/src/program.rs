//! The program: settings, people, agreements, partners and seats.
//!
//! Stream `program`. State + command + now → events, or a refusal.

mod command;
mod fact;
mod refusal;

pub use command::ProgramCommand;
pub use fact::{ProgramEvent, ProgramFact};
pub use refusal::ProgramRefusal;

use crate::agreement::{Acceptance, Agreement, Means};
use crate::event::Recorded;
use crate::ids::{AgreementVersion, PartnerId, PersonName, SeatId};
use crate::partner::{PARTNER_NAME_CHARS_MAX, Partner, Profile, Status};
use crate::person::{Actor, Person, Role};
use crate::roster::RosterRow;
use crate::seat::{Seat, SeatRole};
use crate::settings::Settings;
use crate::watch::{Outcome, Watch, WatchChange};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Name of the program's event stream.
pub const PROGRAM_STREAM: &str = "program";

/// Partners that a program can have.
pub const PARTNERS_MAX: usize = 10_000;
/// Seats that a partner can have, retired ones included.
pub const SEATS_OF_PARTNER_MAX: usize = 1_000;
/// Characters of a reason.
pub const REASON_CHARS_MAX: usize = 1_000;
/// Characters of a program's name.
pub const PROGRAM_NAME_CHARS_MAX: usize = 200;

/// The program as its events left it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Program {
    name: Option<String>,
    founded_at: Option<Timestamp>,
    test_clock: bool,
    settings: Settings,
    watch: Watch,
    people: BTreeMap<PersonName, Person>,
    agreements: Vec<Agreement>,
    partners: BTreeMap<PartnerId, Partner>,
    seats: BTreeMap<SeatId, Seat>,
    /// Partners whose team somebody leads.
    led: BTreeSet<PartnerId>,
}

impl Program {
    /// Folds a stream, from its first event.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a ProgramEvent>) -> Self {
        let mut program = Self::default();
        for event in events {
            program.apply(event);
        }
        program
    }

    /// Its name; none before it is founded.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// When it was founded.
    pub fn founded_at(&self) -> Option<Timestamp> {
        self.founded_at
    }

    /// Whether its clock is a test clock.
    pub fn test_clock(&self) -> bool {
        self.test_clock
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Who watches its log.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Its people, by name.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// One person.
    pub fn person(&self, name: &PersonName) -> Option<&Person> {
        self.people.get(name)
    }

    /// The agreement's versions, oldest first.
    pub fn agreements(&self) -> &[Agreement] {
        &self.agreements
    }

    /// The agreement's current version.
    pub fn current_agreement(&self) -> Option<&AgreementVersion> {
        self.agreements.last().map(|agreement| &agreement.version)
    }

    /// Its partners, by id, removed ones included.
    pub fn partners(&self) -> impl Iterator<Item = &Partner> {
        self.partners.values()
    }

    /// One partner.
    pub fn partner(&self, id: &PartnerId) -> Option<&Partner> {
        self.partners.get(id)
    }

    /// All seats, by id, retired ones included.
    pub fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.seats.values()
    }

    /// One seat.
    pub fn seat(&self, id: &SeatId) -> Option<&Seat> {
        self.seats.get(id)
    }

    /// A partner's seats, by id, retired ones included.
    pub fn seats_of<'a>(&'a self, partner: &'a PartnerId) -> impl Iterator<Item = &'a Seat> {
        self.seats
            .values()
            .filter(move |seat| seat.partner == *partner)
    }

    /// Whether a seat leads a partner's team.
    pub fn leads(&self, seat: &SeatId, partner: &PartnerId) -> bool {
        self.seats
            .get(seat)
            .is_some_and(|seat| seat.partner == *partner && seat.is_lead())
    }

    /// Whether somebody may add and retire seats of a partner, and say who leads its team: the program's terminal,
    /// coordinators and administrators, and who leads the team.
    pub fn keeps_seats(&self, by: &Actor, partner: &PartnerId) -> bool {
        match by {
            Actor::Desk | Actor::Timer => true,
            Actor::Person(name) => self.people.get(name).is_some_and(|person| {
                [Role::Coordinator, Role::Administrator]
                    .iter()
                    .any(|role| person.roles.contains(role))
            }),
            Actor::Seat(seat) => self.leads(seat, partner),
        }
    }

    /// Decides a command. Nothing is changed: the events say what would be.
    ///
    /// # Errors
    /// [`ProgramRefusal`], and then nothing of the command happens.
    pub fn decide(
        &self,
        command: ProgramCommand,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<ProgramEvent>, ProgramRefusal> {
        self.may(&command, by)?;
        let facts = self.facts(command)?;
        let record = |fact| Recorded {
            at: now,
            by: by.clone(),
            fact,
        };
        Ok(facts.into_iter().map(record).collect())
    }

    /// Whether somebody may ask for this at all, where it is not the program's own terminal that asks.
    fn may(&self, command: &ProgramCommand, by: &Actor) -> Result<(), ProgramRefusal> {
        let partner = match command {
            ProgramCommand::AddPerson { person, .. } | ProgramCommand::RemovePerson(person) => {
                return self.keeps_person(by, person);
            }
            ProgramCommand::AddSeat { partner, .. } => Some(partner),
            ProgramCommand::RetireSeat { seat, .. } | ProgramCommand::SetSeatRole { seat, .. } => {
                self.seats.get(seat).map(|seat| &seat.partner)
            }
            _ => None,
        };
        match partner {
            Some(partner) if !self.keeps_seats(by, partner) => Err(ProgramRefusal::NotYou),
            _ => Ok(()),
        }
    }

    /// An administrator changes others: so a program does not lose its last one by that person's own slip.
    fn keeps_person(&self, by: &Actor, person: &PersonName) -> Result<(), ProgramRefusal> {
        match by {
            Actor::Desk | Actor::Timer => Ok(()),
            Actor::Person(name) if name == person => Err(ProgramRefusal::OwnRole),
            Actor::Person(name) => match self.people.get(name) {
                Some(known) if known.roles.contains(&Role::Administrator) => Ok(()),
                _ => Err(ProgramRefusal::NotYou),
            },
            Actor::Seat(_) => Err(ProgramRefusal::NotYou),
        }
    }

    fn facts(&self, command: ProgramCommand) -> Result<Vec<ProgramFact>, ProgramRefusal> {
        use ProgramCommand as Command;
        use ProgramFact as Fact;
        if self.name.is_none() && !matches!(command, Command::Found { .. }) {
            return Err(ProgramRefusal::NotFounded);
        }
        Ok(match command {
            Command::Found { name, test_clock } => {
                if self.name.is_some() {
                    return Err(ProgramRefusal::Founded);
                }
                let name = checked("program's name", PROGRAM_NAME_CHARS_MAX, name)?;
                vec![
                    Fact::ProgramFounded { name, test_clock },
                    Fact::AgreementPublished {
                        version: first_agreement(),
                        text: None,
                    },
                ]
            }
            Command::ChangeSettings(settings) => vec![Fact::SettingsChanged { settings }],
            Command::ChangeWatch { change, person } => self.change_watch(change, person)?,
            Command::AddPerson { person, roles } => {
                if roles.is_empty() {
                    return Err(ProgramRefusal::NoRole { person });
                }
                vec![Fact::PersonAdded { person, roles }]
            }
            Command::RemovePerson(person) => {
                if !self.people.contains_key(&person) {
                    return Err(ProgramRefusal::UnknownPerson { person });
                }
                vec![Fact::PersonRemoved { person }]
            }
            Command::PublishAgreement { version, text } => {
                if self.has_version(&version) {
                    return Err(ProgramRefusal::VersionExists { version });
                }
                vec![Fact::AgreementPublished { version, text }]
            }
            Command::AcceptAgreement {
                partner,
                version,
                signatory,
                means,
            } => {
                let known = self.known(&partner)?;
                if known.status == Status::Removed {
                    return Err(status_refusal(known, "bound by an agreement"));
                }
                if !self.has_version(&version) {
                    return Err(ProgramRefusal::UnknownVersion { version });
                }
                if known.accepted.contains_key(&version) {
                    return Err(ProgramRefusal::AcceptedBefore { partner, version });
                }
                let signatory = checked("signatory", PARTNER_NAME_CHARS_MAX, signatory)?;
                vec![Fact::AgreementAccepted {
                    partner,
                    version,
                    signatory,
                    means,
                }]
            }
            Command::Apply(profile) => vec![Fact::PartnerApplied {
                profile: self.applicant(profile)?,
            }],
            Command::Import(rows) => self.import(rows)?,
            Command::Activate(partner) => {
                self.standing(&partner, &[Status::Applicant], "activated")?;
                vec![Fact::PartnerActivated { partner }]
            }
            Command::Suspend { partner, reason } => {
                self.standing(&partner, &[Status::Active], "suspended")?;
                let reason = checked("reason", REASON_CHARS_MAX, reason)?;
                vec![Fact::PartnerSuspended { partner, reason }]
            }
            Command::Resume { partner, reason } => {
                self.standing(&partner, &[Status::Suspended], "resumed")?;
                let reason = checked("reason", REASON_CHARS_MAX, reason)?;
                vec![Fact::PartnerResumed { partner, reason }]
            }
            Command::Remove { partner, reason } => {
                let here = [Status::Applicant, Status::Active, Status::Suspended];
                self.standing(&partner, &here, "removed")?;
                let reason = checked("reason", REASON_CHARS_MAX, reason)?;
                vec![Fact::PartnerRemoved { partner, reason }]
            }
            Command::AddSeat {
                partner,
                email,
                recipient,
                seat,
            } => {
                let here = [Status::Applicant, Status::Active];
                self.standing(&partner, &here, "given a seat")?;
                let seat = self.free_seat(&partner, seat)?;
                vec![Fact::SeatAdded {
                    seat,
                    partner,
                    email,
                    recipient,
                }]
            }
            Command::RetireSeat { seat, reason } => {
                match self.seats.get(&seat) {
                    None => return Err(ProgramRefusal::UnknownSeat { seat }),
                    Some(known) if known.retired_at.is_some() => {
                        return Err(ProgramRefusal::SeatIsRetired { seat });
                    }
                    Some(_) => {}
                }
                let reason = checked("reason", REASON_CHARS_MAX, reason)?;
                vec![Fact::SeatRetired { seat, reason }]
            }
            Command::SetSeatRole { seat, role } => match self.seats.get(&seat) {
                None => return Err(ProgramRefusal::UnknownSeat { seat }),
                Some(known) if known.retired_at.is_some() => {
                    return Err(ProgramRefusal::SeatIsRetired { seat });
                }
                Some(known) if known.role == Some(role) => Vec::new(),
                Some(_) => vec![Fact::SeatRoleSet { seat, role }],
            },
        })
    }

    fn change_watch(
        &self,
        change: WatchChange,
        person: Option<PersonName>,
    ) -> Result<Vec<ProgramFact>, ProgramRefusal> {
        let outcome = self.watch.decide(&change, person.as_ref())?;
        Ok(match (outcome, change, person) {
            (Outcome::Nothing, _, _) => Vec::new(),
            (Outcome::Waits, change, Some(person)) => {
                vec![ProgramFact::WatchApproved { change, person }]
            }
            (_, WatchChange::Name { key, url }, _) => vec![ProgramFact::WitnessNamed { key, url }],
            (_, WatchChange::Drop { name }, _) => vec![ProgramFact::WitnessDropped { name }],
            (_, WatchChange::Quorum { needed }, _) => vec![ProgramFact::QuorumSet { needed }],
        })
    }

    fn known(&self, partner: &PartnerId) -> Result<&Partner, ProgramRefusal> {
        self.partners
            .get(partner)
            .ok_or_else(|| ProgramRefusal::UnknownPartner {
                partner: partner.clone(),
            })
    }

    fn standing(
        &self,
        partner: &PartnerId,
        allowed: &[Status],
        wanted: &'static str,
    ) -> Result<(), ProgramRefusal> {
        let known = self.known(partner)?;
        if allowed.contains(&known.status) {
            Ok(())
        } else {
            Err(status_refusal(known, wanted))
        }
    }

    fn has_version(&self, version: &AgreementVersion) -> bool {
        self.agreements
            .iter()
            .any(|known| known.version == *version)
    }

    fn applicant(&self, mut profile: Profile) -> Result<Profile, ProgramRefusal> {
        match self.partners.get(&profile.partner) {
            Some(known) if known.status != Status::Removed => {
                return Err(ProgramRefusal::PartnerExists {
                    partner: profile.partner,
                });
            }
            Some(_) => {}
            None => self.room_for(1)?,
        }
        profile.name = checked("partner's name", PARTNER_NAME_CHARS_MAX, profile.name)?;
        Ok(profile)
    }

    fn room_for(&self, more: usize) -> Result<(), ProgramRefusal> {
        if self.partners.len().saturating_add(more) > PARTNERS_MAX {
            return Err(ProgramRefusal::Full {
                of: "program",
                what: "partners",
                max: PARTNERS_MAX,
            });
        }
        Ok(())
    }

    fn import(&self, rows: Vec<RosterRow>) -> Result<Vec<ProgramFact>, ProgramRefusal> {
        self.room_for(rows.len())?;
        let mut seen = BTreeSet::new();
        let mut facts = Vec::new();
        for row in rows {
            let partner = row.profile.partner.clone();
            if self.partners.contains_key(&partner) || !seen.insert(partner.clone()) {
                return Err(ProgramRefusal::PartnerExists { partner });
            }
            let mut profile = row.profile;
            profile.name = checked("partner's name", PARTNER_NAME_CHARS_MAX, profile.name)?;
            if let Some(version) = &row.agreement
                && !self.has_version(version)
            {
                return Err(ProgramRefusal::UnknownVersion {
                    version: version.clone(),
                });
            }
            let signatory = profile.name.clone();
            facts.push(ProgramFact::PartnerImported {
                profile,
                status: row.status,
            });
            if let Some(version) = row.agreement {
                facts.push(ProgramFact::AgreementAccepted {
                    partner,
                    version,
                    signatory,
                    means: Means::Paper,
                });
            }
        }
        Ok(facts)
    }

    fn free_seat(
        &self,
        partner: &PartnerId,
        given: Option<SeatId>,
    ) -> Result<SeatId, ProgramRefusal> {
        let count = self.seats_of(partner).count();
        if count >= SEATS_OF_PARTNER_MAX {
            return Err(ProgramRefusal::Full {
                of: "partner",
                what: "seats",
                max: SEATS_OF_PARTNER_MAX,
            });
        }
        if let Some(seat) = given {
            if self.seats.contains_key(&seat) {
                return Err(ProgramRefusal::SeatExists { seat });
            }
            return Ok(seat);
        }
        // Given ids may have taken some of the numbers; as many tries as there are seats suffice.
        let mut number = count as u32 + 1;
        let mut seat = SeatId::numbered(partner, number);
        while self.seats.contains_key(&seat) {
            number += 1;
            seat = SeatId::numbered(partner, number);
        }
        Ok(seat)
    }

    /// Folds one event into the state. Never fails: what does not fit the state changes nothing.
    pub fn apply(&mut self, event: &ProgramEvent) {
        let at = event.at;
        match event.fact.clone() {
            ProgramFact::ProgramFounded { name, test_clock } => {
                self.name = Some(name);
                self.founded_at = Some(at);
                self.test_clock = test_clock;
            }
            ProgramFact::SettingsChanged { settings } => self.settings = settings,
            ProgramFact::WitnessNamed { key, url } => self.watch.name(&key, url, at),
            ProgramFact::WitnessDropped { name } => self.watch.take_out(&name),
            ProgramFact::QuorumSet { needed } => self.watch.need(needed),
            ProgramFact::WatchApproved { change, person } => self.watch.agree(change, person, at),
            ProgramFact::PersonAdded { person, roles } => {
                let name = person.clone();
                self.people.insert(person, Person { name, roles });
            }
            ProgramFact::PersonRemoved { person } => {
                self.people.remove(&person);
            }
            ProgramFact::AgreementPublished { version, text } => self.agreements.push(Agreement {
                version,
                text,
                published_at: at,
            }),
            ProgramFact::AgreementAccepted {
                partner,
                version,
                signatory,
                means,
            } => {
                if let Some(known) = self.partners.get_mut(&partner) {
                    known.accepted.entry(version).or_insert(Acceptance {
                        signatory,
                        means,
                        at,
                    });
                }
            }
            ProgramFact::PartnerApplied { profile } => self.enter(profile, Status::Applicant),
            ProgramFact::PartnerImported { profile, status } => self.enter(profile, status),
            ProgramFact::PartnerActivated { partner } => {
                self.stand(&partner, Status::Active, None);
            }
            ProgramFact::PartnerSuspended { partner, reason } => {
                self.stand(&partner, Status::Suspended, Some(reason));
            }
            ProgramFact::PartnerResumed { partner, reason } => {
                self.stand(&partner, Status::Active, Some(reason));
            }
            ProgramFact::PartnerRemoved { partner, reason } => {
                self.stand(&partner, Status::Removed, Some(reason));
                for seat in self
                    .seats
                    .values_mut()
                    .filter(|seat| seat.partner == partner)
                {
                    seat.retired_at.get_or_insert(at);
                    seat.is_lead = false;
                }
                self.led.remove(&partner);
            }
            ProgramFact::SeatAdded {
                seat,
                partner,
                email,
                recipient,
            } => {
                let of = partner.clone();
                self.seats.entry(seat.clone()).or_insert_with(|| Seat {
                    id: seat,
                    partner,
                    email,
                    recipient,
                    added_at: at,
                    retired_at: None,
                    role: None,
                    // Where nobody leads, no other seat in use is left that nothing was said of.
                    is_lead: self.led.insert(of),
                });
            }
            ProgramFact::SeatRetired { seat, .. } => {
                if let Some(seat) = self.seats.get_mut(&seat) {
                    seat.retired_at.get_or_insert(at);
                    let of = seat.partner.clone();
                    self.find_leads(&of);
                }
            }
            ProgramFact::SeatRoleSet { seat, role } => {
                if let Some(seat) = self.seats.get_mut(&seat) {
                    seat.role = Some(role);
                    let of = seat.partner.clone();
                    self.find_leads(&of);
                }
            }
        }
    }

    /// Who leads a partner's team: whoever is named; as long as nobody in use is, the seat that was added first.
    fn find_leads(&mut self, partner: &PartnerId) {
        let in_use = |seat: &&Seat| seat.partner == *partner && seat.retired_at.is_none();
        let is_named = self
            .seats
            .values()
            .filter(in_use)
            .any(|seat| seat.role == Some(SeatRole::Lead));
        let first = self
            .seats
            .values()
            .filter(in_use)
            .filter(|seat| seat.role.is_none())
            .min_by_key(|seat| (seat.added_at, seat.id.as_str().len(), seat.id.clone()))
            .map(|seat| seat.id.clone());
        match is_named || first.is_some() {
            true => self.led.insert(partner.clone()),
            false => self.led.remove(partner),
        };
        for seat in self
            .seats
            .values_mut()
            .filter(|seat| seat.partner == *partner)
        {
            seat.is_lead = seat.retired_at.is_none()
                && match is_named {
                    true => seat.role == Some(SeatRole::Lead),
                    false => first.as_ref() == Some(&seat.id),
                };
        }
    }

    /// A partner comes in with nothing from an earlier life: no acceptance, no seat.
    fn enter(&mut self, profile: Profile, status: Status) {
        let partner = Partner {
            profile,
            status,
            reason: None,
            accepted: BTreeMap::new(),
        };
        self.partners
            .insert(partner.profile.partner.clone(), partner);
    }

    fn stand(&mut self, partner: &PartnerId, status: Status, reason: Option<String>) {
        if let Some(known) = self.partners.get_mut(partner) {
            known.status = status;
            known.reason = reason;
        }
    }
}

fn first_agreement() -> AgreementVersion {
    AgreementVersion::parse("1").expect("`1` has the shape of a version")
}

fn status_refusal(partner: &Partner, wanted: &'static str) -> ProgramRefusal {
    ProgramRefusal::Status {
        partner: partner.id().clone(),
        status: partner.status,
        wanted,
    }
}

fn checked(what: &'static str, chars_max: usize, text: String) -> Result<String, ProgramRefusal> {
    let trimmed = text.trim();
    let sound = !trimmed.is_empty()
        && trimmed.chars().nth(chars_max).is_none()
        && !trimmed.chars().any(char::is_control);
    if sound {
        Ok(trimmed.to_owned())
    } else {
        Err(ProgramRefusal::Text { what, chars_max })
    }
}
