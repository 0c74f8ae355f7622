//! Everything that was ever given to a partner or a seat.

use std::collections::BTreeMap;
use std::path::Path;

use desk::{Failure, Whose};
use domain::commitment::Commitment;
use flow::record::Record;
use seal::Identities;
use server::wire::{Me, OpenedEntries, RecordEntry};

use super::{Reach, Server};
use crate::commands::{IDENTITY_BYTES_MAX, read_file};

impl Reach<'_> {
    /// The record, signed. At a server it is that of the token's seat, whose key opens its entries on this machine:
    /// there the program key is not asked for.
    pub async fn record(&self, whose: &Whose, identity: Option<&Path>) -> Result<Record, Failure> {
        match self {
            Self::Here(_) if identity.is_some() => Err(Failure::usage(
                "identity",
                "here the program key opens the entries, not the seat's",
            )
            .hint("leave out --identity, or name the program's server")),
            Self::Here(here) => here.desk.record_of(&here.key()?, whose).await,
            Self::There(server) => {
                let me: Me = server.get("/api/v1/me").await?;
                let own = me.seat.or(me.person).unwrap_or_default();
                let is_own = matches!(whose, Whose::Seat(seat) if seat.as_str() == own);
                if !is_own {
                    return Err(Failure::usage(
                        "other-seat",
                        format!("the token is `{own}`'s, and another record was asked for"),
                    )
                    .hint("a server gives each seat its own record, with --seat SEAT; the program's side writes the others where the data directory is"));
                }
                let identity = identity.ok_or_else(|| {
                    Failure::usage("no-identity", "the entries of a seat are sealed to its key")
                        .hint("give --identity KEYFILE: it stays on this machine")
                })?;
                server.own_record(&identities(identity)?).await
            }
        }
    }
}

impl Server {
    async fn own_record(&self, identities: &Identities) -> Result<Record, Failure> {
        let entries: Vec<RecordEntry> = self.all("/api/v1/record").await?;
        let mut openings: BTreeMap<u64, Commitment> = BTreeMap::new();
        for entry in entries {
            let path = format!("/api/v1/record/{}/opening", entry.ordinal);
            let sealed = self.bytes(&path).await?;
            let opened = identities.open_sealed(&sealed).map_err(|error| {
                Failure::usage("identity", format!("entry {}: {error}", entry.ordinal))
                    .hint("give the key that the seat had when the entry was made")
            })?;
            let opening = serde_json::from_slice(&opened).map_err(|_| unreadable())?;
            openings.insert(entry.ordinal, opening);
        }
        let opened = OpenedEntries { openings };
        let text = self
            .post_for_bytes("/api/v1/record/signed", &opened)
            .await?;
        Record::parse(&text).map_err(|_| unreadable())
    }
}

fn unreadable() -> Failure {
    Failure::machine("answer", "what the server gave cannot be read")
        .hint("check that both sides are of the same version")
}

fn identities(path: &Path) -> Result<Identities, Failure> {
    let text = zeroize::Zeroizing::new(read_file(path, IDENTITY_BYTES_MAX)?);
    let text = std::str::from_utf8(&text).unwrap_or_default();
    Identities::parse(text).map_err(|error| {
        Failure::usage("identity", format!("`{}`: {error}", path.display())).hint(error.hint())
    })
}
