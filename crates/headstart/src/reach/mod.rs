//! How a command reaches the program: its data directory on this machine, or its server.
//!
//! Each verb that a command needs is one method with two arms, and both answer with the same type, the one of the API.
//! So a command neither knows nor says where the program is.

mod cases;
mod leaks;
mod log;
mod material;
mod package;
mod partners;
mod program;
mod record;
mod server;
mod waves;

use ::server::wire::{Job, Me};
use desk::{Desk, Failure};
use domain::ids::PersonName;
use domain::person::Actor;
use seal::ProgramKey;

use crate::commands::Context;
pub use cases::Change;
pub use log::Wanted;
pub use package::{Given, LogOwner};
pub use partners::Standing;
pub use server::Server;

/// How the program is reached.
pub enum Reach<'a> {
    /// By its data directory.
    Here(Here<'a>),
    /// By its server.
    There(Server),
}

/// A data directory, and what its commands need beside it.
pub struct Here<'a> {
    context: &'a Context,
    /// The program.
    pub desk: Desk,
}

impl Here<'_> {
    /// The program key, for what is sealed.
    ///
    /// # Errors
    /// As [`Context::passphrase`] and [`Desk::unlock`].
    pub fn key(&self) -> Result<ProgramKey, Failure> {
        self.desk.unlock(&self.context.passphrase()?)
    }
}

impl<'a> Reach<'a> {
    /// The data directory, opened, or the server that was named.
    ///
    /// # Errors
    /// As [`Desk::open`]; for a server, an address or a token that cannot be used.
    pub async fn open(context: &'a Context) -> Result<Self, Failure> {
        if let Some(server) = Server::named(context)? {
            return Ok(Self::There(server));
        }
        let desk = context.desk().await?;
        Ok(Self::Here(Here { context, desk }))
    }
}

/// The name that a person of `--as` acts under: at a server, the token says who acts.
///
/// # Errors
/// A name that cannot be one, or another than the token's.
fn person(named: &str) -> Result<PersonName, Failure> {
    PersonName::parse(named).map_err(Failure::from_refusal)
}

/// Whoever a local command acts for.
fn actor(named: &str) -> Result<Actor, Failure> {
    person(named).map(Actor::Person)
}

/// What came of a work.
fn answer_of<T: serde::de::DeserializeOwned>(job: Job) -> Result<T, Failure> {
    let answer = job.answer.unwrap_or_default();
    serde_json::from_value(answer).map_err(|_| {
        Failure::machine("answer", "the server does not say what came of the work")
            .hint("check that both sides are of the same version; somebody else may have begun it")
    })
}

impl Server {
    /// Checks that `--as` names whoever the token is of; nothing said is the token's own.
    async fn is_person(&self, named: Option<&str>) -> Result<String, Failure> {
        let me: Me = self.get("/api/v1/me").await?;
        let own = me.person.or(me.seat).unwrap_or_default();
        match named {
            Some(named) if named != own => Err(Failure::usage(
                "other-person",
                format!("the token is `{own}`'s, and `{named}` was named"),
            )
            .hint("at a server everybody acts with their own token")),
            _ => Ok(own),
        }
    }
}
