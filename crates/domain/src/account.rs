//! Accounts: by what somebody of the program, or a seat, signs in.
//!
//! One stream for each account ([`stream`]). State + command + now → events, or a refusal.
//! Sessions and invitations are not here: they end by themselves, and no evidence rests on them.

mod command;
mod fact;
mod refusal;

pub use command::AccountCommand;
pub use fact::{AccountEvent, AccountFact};
pub use refusal::AccountRefusal;

use crate::event::Recorded;
use crate::ids::{BlobId, PersonName};
use crate::person::{Actor, Role};
use crate::program::{Program, ProgramEvent, ProgramFact};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Prefix of the accounts' streams.
pub const ACCOUNT_PREFIX: &str = "account/";
/// Passkeys that an account can have.
pub const PASSKEYS_MAX: usize = 20;
/// Tokens that an account can have at a time.
pub const TOKENS_MAX: usize = 50;
/// Days that a token can last.
pub const TOKEN_DAYS_MAX: u16 = 400;
/// Characters of a label.
pub const LABEL_CHARS_MAX: usize = 60;
/// Characters of a reason.
pub const REASON_CHARS_MAX: usize = 1_000;
/// Days after which a recovery that nobody approved must be asked for anew.
pub const RECOVERY_DAYS: i64 = 7;

/// The form in which accounts are compared: two actors with one key are one account; none for whoever cannot sign in.
pub fn key(account: &Actor) -> Option<String> {
    match account {
        Actor::Person(name) => Some(format!("person:{}", name.key())),
        Actor::Seat(seat) => Some(format!("seat:{seat}")),
        Actor::Desk | Actor::Timer => None,
    }
}

/// Name of an account's stream: a digest, because a name may hold what a stream's name may not.
pub fn stream(account: &Actor) -> Option<String> {
    let digest = BlobId::of(key(account)?.as_bytes()).digest().to_string();
    Some(format!("{ACCOUNT_PREFIX}{}", &digest[..32]))
}

/// A passkey of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Passkey {
    /// The credential's id, base64url.
    pub id: String,
    /// What its owner calls it.
    pub label: String,
    /// The public credential, as the room that checks signatures keeps it.
    pub credential: Value,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last shown.
    pub shown_at: Option<Timestamp>,
}

/// A token of an account, for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its name within the account.
    pub id: String,
    /// What its owner calls it.
    pub label: String,
    /// SHA-256 of the token in lower-case hex; the token itself is nowhere.
    pub digest: String,
    /// What it may do.
    pub scopes: BTreeSet<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it ends, by the machine's clock.
    pub ends_at: Timestamp,
}

/// A recovery that waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Who asked.
    pub asked_by: PersonName,
    /// When.
    pub asked_at: Timestamp,
    /// Why.
    pub reason: String,
}

/// One account as its events left it.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    actor: Actor,
    version: u64,
    epoch: u64,
    passkeys: BTreeMap<String, Passkey>,
    tokens: BTreeMap<String, Token>,
    recovery: Option<Recovery>,
}

impl Account {
    /// An account of which nothing was recorded yet.
    pub fn new(actor: Actor) -> Self {
        Self {
            actor,
            version: 0,
            epoch: 0,
            passkeys: BTreeMap::new(),
            tokens: BTreeMap::new(),
            recovery: None,
        }
    }

    /// Whose it is.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Events of its stream so far.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How often all its sessions were ended; a session of an earlier epoch is over.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Its passkeys, by id.
    pub fn passkeys(&self) -> impl Iterator<Item = &Passkey> {
        self.passkeys.values()
    }

    /// Whether it has a passkey.
    pub fn has_passkey(&self) -> bool {
        !self.passkeys.is_empty()
    }

    /// Its tokens that were not revoked, by id.
    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.tokens.values()
    }

    /// The recovery that waits, unless it has waited too long by `now`.
    pub fn recovery(&self, now: Timestamp) -> Option<&Recovery> {
        self.recovery.as_ref().filter(|asked| {
            now.duration_since(asked.asked_at) <= SignedDuration::from_hours(24 * RECOVERY_DAYS)
        })
    }

    /// Decides a command. Nothing is changed: the events say what would be.
    ///
    /// # Errors
    /// [`AccountRefusal`], and then nothing of the command happens.
    pub fn decide(
        &self,
        command: AccountCommand,
        by: &Actor,
        program: &Program,
        now: Timestamp,
    ) -> Result<Vec<AccountEvent>, AccountRefusal> {
        if !is_account(program, &self.actor) {
            return Err(AccountRefusal::NoAccount);
        }
        let fact = self.fact(command, by, program, now)?;
        Ok(vec![Recorded {
            at: now,
            by: by.clone(),
            fact,
        }])
    }

    fn fact(
        &self,
        command: AccountCommand,
        by: &Actor,
        program: &Program,
        now: Timestamp,
    ) -> Result<AccountFact, AccountRefusal> {
        use AccountCommand as Command;
        let account = self.actor.clone();
        Ok(match command {
            Command::AddPasskey {
                passkey,
                label,
                credential,
                only_first,
            } => {
                self.is_own(by)?;
                if only_first && self.has_passkey() {
                    return Err(AccountRefusal::HasPasskey);
                }
                if self.passkeys.len() >= PASSKEYS_MAX {
                    return Err(AccountRefusal::Full {
                        what: "passkeys",
                        max: PASSKEYS_MAX,
                    });
                }
                if self.passkeys.contains_key(&passkey) {
                    return Err(AccountRefusal::PasskeyTaken);
                }
                AccountFact::PasskeyAdded {
                    account,
                    passkey,
                    label: text("label", LABEL_CHARS_MAX, &label)?,
                    credential,
                }
            }
            Command::ShowPasskey {
                passkey,
                credential,
            } => {
                self.is_own(by)?;
                self.passkey(&passkey)?;
                AccountFact::PasskeyShown {
                    account,
                    passkey,
                    credential,
                }
            }
            Command::RemovePasskey(passkey) => {
                self.is_own(by)?;
                self.passkey(&passkey)?;
                if self.passkeys.len() == 1 {
                    return Err(AccountRefusal::LastPasskey);
                }
                AccountFact::PasskeyRemoved { account, passkey }
            }
            Command::MakeToken {
                label,
                digest,
                scopes,
                from,
                days,
            } => {
                self.is_own(by)?;
                self.new_token(label, digest, scopes, from, days)?
            }
            Command::RevokeToken(token) => {
                if self.is_own(by).is_err() {
                    keeps_account(program, by, &account)?;
                }
                if !self.tokens.contains_key(&token) {
                    return Err(AccountRefusal::UnknownToken);
                }
                AccountFact::TokenRevoked { account, token }
            }
            Command::AskRecovery { reason } => {
                self.is_other_person(by)?;
                keeps_account(program, by, &account)?;
                let reason = text("reason", REASON_CHARS_MAX, &reason)?;
                AccountFact::RecoveryAsked { account, reason }
            }
            Command::ApproveRecovery => {
                let approver = self.is_other_person(by)?;
                approves_recovery(program, by, &account)?;
                let asked = self.recovery(now).ok_or(AccountRefusal::NoRecovery)?;
                if asked.asked_by == *approver {
                    return Err(AccountRefusal::SamePerson);
                }
                AccountFact::RecoveryApproved { account }
            }
            Command::DropRecovery => {
                if self.is_own(by).is_err() {
                    approves_recovery(program, by, &account)?;
                }
                if self.recovery.is_none() {
                    return Err(AccountRefusal::NoRecovery);
                }
                AccountFact::RecoveryDropped { account }
            }
            Command::EndSessions => {
                if self.is_own(by).is_err() {
                    keeps_account(program, by, &account)?;
                }
                AccountFact::SessionsEnded { account }
            }
        })
    }

    fn new_token(
        &self,
        label: String,
        digest: String,
        scopes: BTreeSet<String>,
        from: Timestamp,
        days: u16,
    ) -> Result<AccountFact, AccountRefusal> {
        let is_word = |scope: &String| {
            (1..=30).contains(&scope.len())
                && scope
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        };
        if scopes.is_empty() || scopes.len() > 20 || !scopes.iter().all(is_word) {
            return Err(AccountRefusal::Scopes);
        }
        if !(1..=TOKEN_DAYS_MAX).contains(&days) {
            return Err(AccountRefusal::TokenLife);
        }
        let living = self.tokens.values().filter(|token| token.ends_at > from);
        if living.count() >= TOKENS_MAX {
            return Err(AccountRefusal::Full {
                what: "tokens",
                max: TOKENS_MAX,
            });
        }
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_digest || self.tokens.values().any(|token| token.digest == digest) {
            return Err(AccountRefusal::Digest);
        }
        Ok(AccountFact::TokenMade {
            account: self.actor.clone(),
            token: digest[..12].to_owned(),
            label: text("label", LABEL_CHARS_MAX, &label)?,
            ends_at: from + SignedDuration::from_hours(24 * i64::from(days)),
            digest,
            scopes,
        })
    }

    fn passkey(&self, id: &str) -> Result<&Passkey, AccountRefusal> {
        self.passkeys.get(id).ok_or(AccountRefusal::UnknownPasskey)
    }

    fn is_own(&self, by: &Actor) -> Result<(), AccountRefusal> {
        if key(by) == key(&self.actor) {
            Ok(())
        } else {
            Err(AccountRefusal::NotYours)
        }
    }

    fn is_other_person<'a>(&self, by: &'a Actor) -> Result<&'a PersonName, AccountRefusal> {
        match by {
            _ if self.is_own(by).is_ok() => Err(AccountRefusal::OwnRecovery),
            Actor::Person(name) => Ok(name),
            _ => Err(AccountRefusal::NotYours),
        }
    }

    /// Folds one event of its stream into the state. Never fails: what does not fit the state changes nothing.
    pub fn apply(&mut self, event: &AccountEvent) {
        self.version += 1;
        let at = event.at;
        match event.fact.clone() {
            AccountFact::PasskeyAdded {
                passkey,
                label,
                credential,
                ..
            } => {
                self.passkeys.entry(passkey.clone()).or_insert(Passkey {
                    id: passkey,
                    label,
                    credential,
                    added_at: at,
                    shown_at: None,
                });
            }
            AccountFact::PasskeyShown {
                passkey,
                credential,
                ..
            } => {
                if let Some(known) = self.passkeys.get_mut(&passkey) {
                    known.shown_at = Some(at);
                    if let Some(credential) = credential {
                        known.credential = credential;
                    }
                }
            }
            AccountFact::PasskeyRemoved { passkey, .. } => {
                self.passkeys.remove(&passkey);
            }
            AccountFact::TokenMade {
                token,
                label,
                digest,
                scopes,
                ends_at,
                ..
            } => {
                self.tokens.insert(
                    token.clone(),
                    Token {
                        id: token,
                        label,
                        digest,
                        scopes,
                        made_at: at,
                        ends_at,
                    },
                );
            }
            AccountFact::TokenRevoked { token, .. } => {
                self.tokens.remove(&token);
            }
            AccountFact::RecoveryAsked { reason, .. } => {
                if let Actor::Person(asked_by) = event.by.clone() {
                    self.recovery = Some(Recovery {
                        asked_by,
                        asked_at: at,
                        reason,
                    });
                }
            }
            AccountFact::RecoveryApproved { .. } => self.empty(),
            AccountFact::RecoveryDropped { .. } => self.recovery = None,
            AccountFact::SessionsEnded { .. } => self.epoch += 1,
        }
    }

    /// Nothing that opened the account before opens it any more.
    fn empty(&mut self) {
        self.passkeys.clear();
        self.tokens.clear();
        self.recovery = None;
        self.epoch += 1;
    }
}

/// Whether somebody can have an account now: a person of the program, or a seat in use of a partner that was not removed.
pub fn is_account(program: &Program, account: &Actor) -> bool {
    match account {
        Actor::Person(name) => program.person(name).is_some(),
        Actor::Seat(seat) => program
            .seat(seat)
            .is_some_and(|seat| seat.retired_at().is_none()),
        Actor::Desk | Actor::Timer => false,
    }
}

/// Whether somebody may invite to an account, ask for its recovery, and end what it opened.
///
/// People of the program: administrators. Seats: coordinators and administrators, and who leads the seat's team.
///
/// # Errors
/// [`AccountRefusal::NotYou`].
pub fn keeps_account(program: &Program, by: &Actor, account: &Actor) -> Result<(), AccountRefusal> {
    let keeps = match (by, account) {
        (Actor::Desk, _) => true,
        (Actor::Person(name), Actor::Person(_)) => has(program, name, &[Role::Administrator]),
        (Actor::Person(name), Actor::Seat(_)) => {
            has(program, name, &[Role::Administrator, Role::Coordinator])
        }
        (Actor::Seat(lead), Actor::Seat(seat)) => {
            let partner = program.seat(seat).map(|seat| seat.partner());
            partner.is_some_and(|partner| program.leads(lead, partner))
        }
        _ => false,
    };
    if keeps {
        Ok(())
    } else {
        Err(AccountRefusal::NotYou)
    }
}

/// Whether somebody may be the second person of a recovery.
fn approves_recovery(program: &Program, by: &Actor, account: &Actor) -> Result<(), AccountRefusal> {
    let allowed: &[Role] = match account {
        Actor::Person(_) => &[Role::Administrator, Role::Approver],
        _ => &[Role::Administrator, Role::Approver, Role::Coordinator],
    };
    match by {
        Actor::Person(name) if has(program, name, allowed) => Ok(()),
        _ => Err(AccountRefusal::NotYou),
    }
}

fn has(program: &Program, name: &PersonName, allowed: &[Role]) -> bool {
    program
        .person(name)
        .is_some_and(|person| allowed.iter().any(|role| person.roles.contains(role)))
}

fn text(what: &'static str, chars_max: usize, text: &str) -> Result<String, AccountRefusal> {
    let trimmed = text.trim();
    let is_sound = !trimmed.is_empty()
        && trimmed.chars().nth(chars_max).is_none()
        && !trimmed.chars().any(char::is_control);
    if is_sound {
        Ok(trimmed.to_owned())
    } else {
        Err(AccountRefusal::Text { what, chars_max })
    }
}

/// All accounts, with what finds one: a passkey's id, a token's digest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Accounts {
    accounts: BTreeMap<String, Account>,
}

impl Accounts {
    /// One account; an empty one when nothing was recorded of it.
    pub fn of(&self, actor: &Actor) -> Account {
        let known = key(actor).and_then(|key| self.accounts.get(&key));
        known
            .cloned()
            .unwrap_or_else(|| Account::new(actor.clone()))
    }

    /// How often all sessions of an account were ended.
    pub fn epoch(&self, actor: &Actor) -> u64 {
        key(actor)
            .and_then(|key| self.accounts.get(&key))
            .map_or(0, Account::epoch)
    }

    /// The account that a passkey opens, and the passkey.
    pub fn by_passkey(&self, id: &str) -> Option<(&Account, &Passkey)> {
        self.accounts
            .values()
            .find_map(|account| Some((account, account.passkeys.get(id)?)))
    }

    /// The account that a token opens, and the token, whether it has ended or not.
    pub fn by_token(&self, digest: &str) -> Option<(&Account, &Token)> {
        let id = digest.get(..12)?;
        self.accounts.values().find_map(|account| {
            let token = account.tokens.get(id)?;
            (token.digest == digest).then_some((account, token))
        })
    }

    /// Every account of which something was recorded.
    pub fn all(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// Folds one event of an account's stream.
    pub fn apply(&mut self, event: &AccountEvent) {
        let actor = event.fact.account();
        if let Some(key) = key(actor) {
            let account = self
                .accounts
                .entry(key)
                .or_insert_with(|| Account::new(actor.clone()));
            account.apply(event);
        }
    }

    /// Folds one event of the program: somebody who left, and comes back by the same name, begins with nothing.
    pub fn apply_program(&mut self, event: &ProgramEvent) {
        let gone: Vec<Actor> = match &event.fact {
            ProgramFact::PersonRemoved { person } => vec![Actor::Person(person.clone())],
            ProgramFact::SeatRetired { seat, .. } => vec![Actor::Seat(seat.clone())],
            _ => Vec::new(),
        };
        for actor in gone {
            if let Some(key) = key(&actor) {
                let account = self
                    .accounts
                    .entry(key)
                    .or_insert_with(|| Account::new(actor));
                account.empty();
            }
        }
    }
}
