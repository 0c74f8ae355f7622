//! A small program and case to decide upon.
#![allow(dead_code, reason = "each test file uses a part")]

use domain::artifact::ArtifactKind;
use domain::case::{Case, CaseEvent};
use domain::commitment::{Commitment, Leaf};
use domain::country::Country;
use domain::decide::{CaseCommand, CaseRefusal, Context, NewCase};
use domain::duty::DutyId;
use domain::ids::{BlobId, CaseId, PartnerId, PersonName, SeatId};
use domain::package::PressedPackage;
use domain::partner::{Profile, Status, Tier};
use domain::person::Actor;
use domain::policy::Policy;
use domain::program::{Program, ProgramCommand, ProgramEvent, ProgramRefusal};
use domain::roster::RosterRow;
use domain::sealed::Sealed;
use domain::seat::{Email, Recipient};
use domain::tlp::Tlp;
use domain::wave::Offsets;
use jiff::Timestamp;

pub const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn partner(id: &str) -> PartnerId {
    PartnerId::parse(id).unwrap()
}

pub fn seat(id: &str) -> SeatId {
    SeatId::parse(id).unwrap()
}

pub fn person(name: &str) -> PersonName {
    PersonName::parse(name).unwrap()
}

pub fn sealed(text: &str) -> Sealed {
    Sealed::from_ciphertext(text.as_bytes().to_vec())
}

pub fn leaf(text: &str) -> Leaf {
    Commitment::new(text.as_bytes().to_vec(), [0; 32]).leaf()
}

/// A program, a case, the events of both, and a clock.
pub struct World {
    pub program: Program,
    pub program_events: Vec<ProgramEvent>,
    pub case: Case,
    pub case_events: Vec<CaseEvent>,
    pub policy: Policy,
    pub now: Timestamp,
}

impl World {
    /// Release 2026-12-08 18:00 UTC, now 2026-11-01; one seat each of an active `val`, `adv`,
    /// `ent`, and of `cn`, which is of the tier `validate` and reports to a state; a write-up and
    /// a proof of concept; nothing planned.
    pub fn new() -> Self {
        let now = time("2026-11-01T12:00:00Z");
        let (program, program_events) = found(now);
        let policy = Policy::default();
        let context = Context {
            program: &program,
            policy: &policy,
            by: &Actor::Desk,
            now,
            logged: &[],
        };
        let new = NewCase {
            case: CaseId::parse("HS-2026-0001").unwrap(),
            tlp: Tlp::AmberStrict,
            release: Some(time("2026-12-08T18:00:00Z")),
            details: sealed("details"),
            secret: sealed("secret"),
        };
        let case_events = Case::create(new, &context).unwrap();
        let case = Case::replay(&case_events).unwrap();
        let mut world = Self {
            program,
            program_events,
            case,
            case_events,
            policy,
            now,
        };
        world
            .run(ProgramCommand::Import(vec![
                row("val", Tier::Validate, &[]),
                row("adv", Tier::Advance, &[DutyId::EuCra]),
                row("ent", Tier::Entry, &[]),
                row("cn", Tier::Validate, &[DutyId::CnRmsv]),
            ]))
            .unwrap();
        for id in ["val", "adv", "ent", "cn"] {
            world.add_seat(id).unwrap();
        }
        for kind in [ArtifactKind::Writeup, ArtifactKind::Poc] {
            world.add_artifact(kind).unwrap();
        }
        world
    }

    /// As [`World::new`], planned with the default offsets, approved by two, and pressed.
    pub fn ready() -> Self {
        let mut world = Self::new();
        world.plan().unwrap();
        world.approve("Ada").unwrap();
        world.approve("Grace").unwrap();
        world.press().unwrap();
        world
    }

    pub fn run(&mut self, command: ProgramCommand) -> Result<(), ProgramRefusal> {
        for event in self.program.decide(command, &Actor::Desk, self.now)? {
            self.program.apply(&event);
            self.program_events.push(event);
        }
        Ok(())
    }

    pub fn ask(&mut self, command: CaseCommand) -> Result<Vec<CaseEvent>, CaseRefusal> {
        let context = Context {
            program: &self.program,
            policy: &self.policy,
            by: &Actor::Desk,
            now: self.now,
            logged: &[],
        };
        let events = self.case.decide(command, &context)?;
        for event in &events {
            self.case.apply(event);
        }
        self.case_events.extend(events.iter().cloned());
        Ok(events)
    }

    pub fn add_seat(&mut self, id: &str) -> Result<(), ProgramRefusal> {
        self.run(ProgramCommand::AddSeat {
            partner: partner(id),
            email: Email::parse("ada@partner.example").unwrap(),
            recipient: Recipient::parse(RECIPIENT).unwrap(),
            seat: None,
        })
    }

    pub fn add_artifact(&mut self, kind: ArtifactKind) -> Result<Vec<CaseEvent>, CaseRefusal> {
        let master = format!("master {}", self.case.next_artifact());
        self.ask(CaseCommand::AddArtifact {
            kind,
            name: sealed("name"),
            master: BlobId::of(master.as_bytes()),
            sites: 40,
        })
    }

    pub fn plan(&mut self) -> Result<Vec<CaseEvent>, CaseRefusal> {
        self.ask(CaseCommand::PlanWaves(Offsets::default()))
    }

    pub fn approve(&mut self, name: &str) -> Result<Vec<CaseEvent>, CaseRefusal> {
        self.ask(CaseCommand::Approve {
            person: person(name),
            plan: None,
        })
    }

    /// The packages that a press would make now.
    pub fn packages(&self) -> Vec<PressedPackage> {
        let first = self.case.packages().count() as u32;
        let may = self.case.entitlements(&self.program, &self.policy);
        (first..)
            .zip(may)
            .map(|(slot, may)| PressedPackage {
                slot,
                blob: BlobId::of(may.seat.as_str().as_bytes()),
                leaf: leaf(may.seat.as_str()),
                seat: may.seat,
                partner: may.partner,
                wave: may.wave,
                artifacts: may.artifacts,
                opening: None,
            })
            .collect()
    }

    pub fn press(&mut self) -> Result<Vec<CaseEvent>, CaseRefusal> {
        let packages = self.packages();
        self.press_these(packages)
    }

    pub fn press_these(
        &mut self,
        packages: Vec<PressedPackage>,
    ) -> Result<Vec<CaseEvent>, CaseRefusal> {
        self.ask(CaseCommand::Press {
            code: leaf("code"),
            code_opening: None,
            packages,
        })
    }

    pub fn at(&mut self, now: &str) -> &mut Self {
        self.now = time(now);
        self
    }

    pub fn open_waves(&mut self) -> Result<Vec<CaseEvent>, CaseRefusal> {
        self.ask(CaseCommand::OpenWaves)
    }

    pub fn fetch(&mut self, id: &str) -> Result<Vec<CaseEvent>, CaseRefusal> {
        self.ask(CaseCommand::Fetch {
            seat: seat(id),
            receipt: leaf("receipt"),
            opening: None,
        })
    }

    /// Code of the refusal of a fetch; `given` when there was none.
    pub fn fetched(&mut self, id: &str) -> String {
        use domain::explain::Explain;
        match self.fetch(id) {
            Ok(_) => "given".to_owned(),
            Err(refusal) => refusal.code().to_owned(),
        }
    }
}

pub fn row(id: &str, tier: Tier, duties: &[DutyId]) -> RosterRow {
    RosterRow {
        profile: profile(id, tier, duties),
        status: Status::Active,
        agreement: Some(domain::ids::AgreementVersion::parse("1").unwrap()),
    }
}

pub fn profile(id: &str, tier: Tier, duties: &[DutyId]) -> Profile {
    Profile {
        partner: partner(id),
        name: format!("Partner {id}"),
        tier,
        country: Country::parse("DE").unwrap(),
        duties: duties.iter().copied().collect(),
    }
}

fn found(now: Timestamp) -> (Program, Vec<ProgramEvent>) {
    let command = ProgramCommand::Found {
        name: "Example PSIRT".to_owned(),
        test_clock: true,
    };
    let events = Program::default()
        .decide(command, &Actor::Desk, now)
        .unwrap();
    (Program::replay(&events), events)
}
