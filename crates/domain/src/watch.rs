//! Who watches the log: the witnesses that a program has named, and how many of them must have cosigned.
//!
//! What makes a quorum easier to reach takes two different people: fewer cosignatures, or one more witness while
//! there is a quorum. What makes it harder takes one.

use crate::explain::{Class, Explain};
use crate::ids::{PersonName, excerpt};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;
use tlog::{CosignerKey, Logged, Quorum};

/// Witnesses that a program can have.
pub const WITNESSES_MAX: usize = 32;
/// Longest address of a witness, in bytes.
pub const WITNESS_URL_BYTES_MAX: usize = 300;
/// People who must agree to what makes a quorum easier to reach.
pub const WATCH_APPROVALS_NEEDED: usize = 2;

/// A witness that the program has named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    key: CosignerKey,
    url: String,
    named_at: Timestamp,
}

impl Witness {
    /// Its key.
    pub fn key(&self) -> &CosignerKey {
        &self.key
    }

    /// Its name: that of its key.
    pub fn name(&self) -> &str {
        self.key.name()
    }

    /// Where it is asked.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Since when.
    pub fn named_at(&self) -> Timestamp {
        self.named_at
    }
}

/// A change of who watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum WatchChange {
    /// Name a witness.
    Name {
        /// Its verifier key, with the type byte of cosignatures.
        key: String,
        /// Where it is asked.
        url: String,
    },
    /// Take a witness out.
    Drop {
        /// Its name.
        name: String,
    },
    /// Set how many must have cosigned.
    Quorum {
        /// How many; 0 for none.
        needed: u32,
    },
}

impl fmt::Display for WatchChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { key, .. } => {
                let name = key.split('+').next().unwrap_or_default();
                write!(f, "naming the witness `{}`", excerpt(name))
            }
            Self::Drop { name } => write!(f, "taking out the witness `{}`", excerpt(name)),
            Self::Quorum { needed } => write!(f, "a quorum of {needed}"),
        }
    }
}

/// That a person agreed to a change that needs two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchApproval {
    /// To what.
    pub change: WatchChange,
    /// Who.
    pub person: PersonName,
    /// When.
    pub at: Timestamp,
}

/// Who watches a program's log, as its events left it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watch {
    witnesses: Vec<Witness>,
    needed: u32,
    approvals: Vec<WatchApproval>,
}

/// What follows from a change that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is so already.
    Nothing,
    /// It happens.
    Happens,
    /// One person's word is recorded; another's is needed.
    Waits,
}

impl Watch {
    /// The witnesses, in the order in which they were named.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// How many must have cosigned before anything opens; 0 unless the program has set it.
    pub fn needed(&self) -> u32 {
        self.needed
    }

    /// Who agreed to changes that wait for a second person.
    pub fn approvals(&self) -> &[WatchApproval] {
        &self.approvals
    }

    /// The quorum; `None` when the program needs none.
    pub fn quorum(&self) -> Option<Quorum> {
        let needed = usize::try_from(self.needed)
            .ok()
            .filter(|needed| *needed > 0)?;
        let keys = self.witnesses.iter().map(|witness| witness.key.clone());
        // INVARIANT: `decide` lets in neither two witnesses of one holder nor a quorum above their number.
        Quorum::new(keys.collect(), needed).ok()
    }

    /// Whether enough of the named witnesses have cosigned the checkpoint that covers a value.
    pub fn covers<T>(&self, logged: &Logged<T>) -> bool {
        let named = |name: &str| self.witnesses.iter().any(|witness| witness.name() == name);
        let cosigned = logged.cosignatures();
        let known = cosigned.iter().filter(|by| named(&by.witness)).count();
        known >= usize::try_from(self.needed).unwrap_or(usize::MAX)
    }

    /// Decides a change. Nothing is changed.
    pub(crate) fn decide(
        &self,
        change: &WatchChange,
        person: Option<&PersonName>,
    ) -> Result<Outcome, WatchRefusal> {
        let eases = match change {
            WatchChange::Name { key, url } => {
                if !self.check_new(key, url)? {
                    return Ok(Outcome::Nothing);
                }
                self.needed > 0
            }
            WatchChange::Drop { name } => {
                self.check_drop(name)?;
                false
            }
            WatchChange::Quorum { needed } => {
                self.check_quorum(*needed)?;
                if *needed == self.needed {
                    return Ok(Outcome::Nothing);
                }
                *needed < self.needed
            }
        };
        if !eases {
            return Ok(Outcome::Happens);
        }
        let person = person.ok_or_else(|| WatchRefusal::TwoPeople {
            change: change.to_string(),
        })?;
        let agreed = self
            .approvals
            .iter()
            .filter(|known| known.change == *change);
        if agreed.clone().any(|known| known.person == *person) {
            return Err(WatchRefusal::SamePerson {
                person: person.clone(),
            });
        }
        Ok(match agreed.count() + 1 >= WATCH_APPROVALS_NEEDED {
            true => Outcome::Happens,
            false => Outcome::Waits,
        })
    }

    /// Whether the witness is new; the same key at the same address is not.
    fn check_new(&self, key: &str, url: &str) -> Result<bool, WatchRefusal> {
        let key = CosignerKey::parse(key).map_err(|error| WatchRefusal::Key {
            reason: error.to_string(),
            hint: error.hint(),
        })?;
        check_url(url)?;
        if self
            .witnesses
            .iter()
            .any(|known| known.key == key && known.url == url)
        {
            return Ok(false);
        }
        if self.witnesses.len() >= WITNESSES_MAX {
            return Err(WatchRefusal::Full);
        }
        let name = key.name().to_owned();
        let mut keys: Vec<CosignerKey> = self.witnesses.iter().map(|w| w.key.clone()).collect();
        keys.push(key);
        Quorum::new(keys, 0).map_err(|_| WatchRefusal::SameWitness { name })?;
        Ok(true)
    }

    fn check_drop(&self, name: &str) -> Result<(), WatchRefusal> {
        if !self.witnesses.iter().any(|known| known.name() == name) {
            return Err(WatchRefusal::Unknown {
                name: excerpt(name),
            });
        }
        let left = self.witnesses.len().saturating_sub(1);
        if usize::try_from(self.needed).is_ok_and(|needed| needed > left) {
            return Err(WatchRefusal::TooFew {
                needed: self.needed,
                known: left,
            });
        }
        Ok(())
    }

    fn check_quorum(&self, needed: u32) -> Result<(), WatchRefusal> {
        let known = self.witnesses.len();
        if usize::try_from(needed).map_or(true, |needed| needed > known) {
            return Err(WatchRefusal::TooFew { needed, known });
        }
        Ok(())
    }

    pub(crate) fn name(&mut self, key: &str, url: String, at: Timestamp) {
        // An event that this version cannot read names a witness that it could not ask or count either.
        if let Ok(key) = CosignerKey::parse(key) {
            self.witnesses.push(Witness {
                key,
                url,
                named_at: at,
            });
        }
        self.approvals.clear();
    }

    pub(crate) fn take_out(&mut self, name: &str) {
        self.witnesses.retain(|witness| witness.name() != name);
        self.approvals.clear();
    }

    pub(crate) fn need(&mut self, needed: u32) {
        self.needed = needed;
        // What was agreed to of the old quorum says nothing of the new one.
        self.approvals.clear();
    }

    pub(crate) fn agree(&mut self, change: WatchChange, person: PersonName, at: Timestamp) {
        self.approvals.push(WatchApproval { change, person, at });
    }
}

fn check_url(url: &str) -> Result<(), WatchRefusal> {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    let is_sound = url.len() <= WITNESS_URL_BYTES_MAX
        && url.bytes().all(|byte| byte.is_ascii_graphic())
        && rest.is_some_and(|rest| !rest.is_empty() && !rest.contains('@'));
    if is_sound {
        Ok(())
    } else {
        // What stands before an @ may be a password.
        let shown = url.rsplit('@').next().unwrap_or_default();
        Err(WatchRefusal::Url {
            url: excerpt(shown),
        })
    }
}

/// Why a change of who watches was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WatchRefusal {
    /// Not a witness's key.
    #[error("{reason}")]
    Key {
        /// What is wrong with it.
        reason: String,
        /// What to do.
        hint: &'static str,
    },
    /// Not an address.
    #[error("`{url}` is no address of a witness")]
    Url {
        /// What was given, shortened.
        url: String,
    },
    /// Another witness has this name or this key.
    #[error("there is a witness with the name or the key of `{name}` already")]
    SameWitness {
        /// The name.
        name: String,
    },
    /// No such witness.
    #[error("there is no witness `{name}`")]
    Unknown {
        /// As it was given, shortened.
        name: String,
    },
    /// A named limit is reached.
    #[error("a program can have at most {WITNESSES_MAX} witnesses")]
    Full,
    /// More would be needed than there are.
    #[error("{needed} cosignatures would be needed of {known} witnesses")]
    TooFew {
        /// The quorum.
        needed: u32,
        /// The witnesses.
        known: usize,
    },
    /// One person alone cannot make a quorum easier to reach.
    #[error("{change} makes the quorum easier to reach, which takes two people")]
    TwoPeople {
        /// The change.
        change: String,
    },
    /// The same person again.
    #[error("`{person}` agreed to this already")]
    SamePerson {
        /// As it was given.
        person: PersonName,
    },
}

impl Explain for WatchRefusal {
    fn code(&self) -> &str {
        match self {
            Self::Key { .. } => "witness-key",
            Self::Url { .. } => "witness-url",
            Self::SameWitness { .. } => "witness-exists",
            Self::Unknown { .. } => "unknown-witness",
            Self::Full => "limit-reached",
            Self::TooFew { .. } => "quorum-impossible",
            Self::TwoPeople { .. } => "two-people",
            Self::SamePerson { .. } => "approved-before",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Key { hint, .. } => hint,
            Self::Url { .. } => "Give its submission prefix, such as http://127.0.0.1:8090.",
            Self::SameWitness { .. } => "Name each witness once, with a key of its own.",
            Self::Unknown { .. } => "`headstart log witness list` shows the witnesses.",
            Self::Full => "This is a limit of the software.",
            Self::TooFew { .. } => {
                "Name more witnesses with `headstart log witness add`, or set a lower quorum."
            }
            Self::TwoPeople { .. } => {
                "Two different people give the same command, each with --as PERSON."
            }
            Self::SamePerson { .. } => "A second, different person has to agree.",
        }
        .to_owned()
    }

    fn class(&self) -> Class {
        match self {
            Self::TwoPeople { .. } | Self::SamePerson { .. } => Class::NotAllowed,
            _ => Class::Usage,
        }
    }
}
