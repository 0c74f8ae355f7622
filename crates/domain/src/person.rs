//! People of the program, and who did something.

use crate::ids::{IdError, PersonName, SeatId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What a person of the program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Writes cases and deals with partners.
    Coordinator,
    /// Approves waves.
    Approver,
    /// Traces leaks.
    Investigator,
    /// Reads everything that is recorded, changes nothing.
    Auditor,
    /// Changes settings and people.
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::Coordinator,
        Self::Approver,
        Self::Investigator,
        Self::Auditor,
        Self::Administrator,
    ];

    /// The role's name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Approver => "approver",
            Self::Investigator => "investigator",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    /// Reads a role; `None` for a word that is not one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A person of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The person's name.
    pub name: PersonName,
    /// What the person does.
    pub roles: BTreeSet<Role>,
}

/// Who did something. In JSON one word: `desk`, `timer`, `person:Ada`, `seat:p-07.s1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// Whoever works at the program's own terminal, unnamed.
    Desk,
    /// The program's timer.
    Timer,
    /// A named person of the program.
    Person(PersonName),
    /// A seat of a partner.
    Seat(SeatId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Desk => f.write_str("desk"),
            Self::Timer => f.write_str("timer"),
            Self::Person(name) => write!(f, "person:{name}"),
            Self::Seat(seat) => write!(f, "seat:{seat}"),
        }
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.to_string()
    }
}

impl TryFrom<String> for Actor {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        match text.split_once(':') {
            Some(("person", name)) => PersonName::parse(name).map(Self::Person),
            Some(("seat", seat)) => SeatId::parse(seat).map(Self::Seat),
            None if text == "desk" => Ok(Self::Desk),
            None if text == "timer" => Ok(Self::Timer),
            _ => Err(IdError {
                kind: "actor",
                given: crate::ids::excerpt(&text),
                shape: "`desk`, `timer`, `person:` and a name, or `seat:` and a seat id",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actors_and_roles_survive_json() {
        for (actor, json) in [
            (Actor::Desk, "\"desk\""),
            (Actor::Timer, "\"timer\""),
            (
                Actor::Person(PersonName::parse("Ada: L").unwrap()),
                "\"person:Ada: L\"",
            ),
            (
                Actor::Seat(SeatId::parse("p-07.s1").unwrap()),
                "\"seat:p-07.s1\"",
            ),
        ] {
            assert_eq!(serde_json::to_string(&actor).unwrap(), json);
            assert_eq!(serde_json::from_str::<Actor>(json).unwrap(), actor);
        }
        assert!(serde_json::from_str::<Actor>("\"root\"").is_err());
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{role}\""));
        }
    }
}
