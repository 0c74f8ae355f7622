//! The log, as the program sees it; a seat's inbox.

use desk::Failure;
use domain::ids::{BlobId, CaseId, SeatId};
use server::wire::{
    Audited, Entry, EntryPlace, LogReport, Me, NEWEST, OpenCase, ProvedEntry, WitnessRound,
};

use super::{Reach, answer_of};
use crate::output::Output;

/// What of the log is to be proved.
pub enum Wanted {
    /// An entry by its place.
    Index(u64),
    /// A package by its digest.
    Package(BlobId),
    /// The package of a seat.
    Of(CaseId, SeatId),
}

impl Reach<'_> {
    /// What is published, its witnesses, its entries by kind, and the newest ones.
    pub async fn log(&self) -> Result<LogReport, Failure> {
        match self {
            Self::Here(here) => LogReport::of(&here.desk, NEWEST).await,
            Self::There(server) => server.get("/api/v1/log/report").await,
        }
    }

    /// That an entry is in the log.
    pub async fn prove(&self, wanted: &Wanted) -> Result<ProvedEntry, Failure> {
        match self {
            Self::Here(here) => {
                let index = match wanted {
                    Wanted::Index(index) => *index,
                    Wanted::Package(blob) => here.desk.index_of_package(blob).await?,
                    Wanted::Of(case, seat) => here.desk.package_index(case, seat).await?,
                };
                let proved = here.desk.prove(index).await?;
                Ok(ProvedEntry {
                    about: Entry::of(&here.desk.log_entry(index).await?),
                    entry: String::from_utf8_lossy(&proved.entry).into_owned(),
                    proof: proved.proof.to_text(),
                })
            }
            Self::There(server) => {
                let path = match wanted {
                    Wanted::Index(index) => {
                        return server.get(&format!("/api/v1/log/{index}")).await;
                    }
                    Wanted::Package(blob) => format!("/api/v1/log/place?sha256={blob}"),
                    Wanted::Of(case, seat) => {
                        format!("/api/v1/log/place?case={case}&seat={seat}")
                    }
                };
                let place: EntryPlace = server.get(&path).await?;
                server.get(&format!("/api/v1/log/{}", place.index)).await
            }
        }
    }

    /// Replays every event, blob, entry, hash and checkpoint.
    pub async fn audit(&self, output: &Output) -> Result<Audited, Failure> {
        match self {
            Self::Here(here) => {
                let audited = here.desk.audit().await?;
                Ok(Audited {
                    intact: audited.difference.is_none(),
                    entries: audited.entries,
                    events: audited.events,
                    difference: audited.difference,
                })
            }
            Self::There(server) => {
                let nothing = serde_json::Value::Object(Default::default());
                answer_of(server.work("/api/v1/log/audit", &nothing, output).await?)
            }
        }
    }

    /// Has every witness asked to cosign the newest checkpoint.
    pub async fn ask_witnesses(&self) -> Result<WitnessRound, Failure> {
        match self {
            Self::Here(here) => {
                let needed = here.desk.program().await?.watch().needed();
                let round = here.desk.ask_witnesses().await?;
                Ok(WitnessRound::of(round.as_ref(), needed))
            }
            Self::There(server) => server.post_never_again("/api/v1/log/witnesses").await,
        }
    }

    /// What is open for a seat, and the seat: at a server, the token's.
    pub async fn inbox(&self, seat: Option<&SeatId>) -> Result<(String, Vec<OpenCase>), Failure> {
        match self {
            Self::Here(here) => {
                let seat = seat.ok_or_else(|| {
                    Failure::usage("which-seat", "whose inbox is it?")
                        .hint("give --seat SEAT; `headstart seat list` shows them")
                })?;
                let program = here.desk.program().await?;
                if program.seat(seat).is_none() {
                    return Err(Failure::usage(
                        "unknown-seat",
                        format!("there is no seat `{seat}`"),
                    )
                    .hint("`headstart seat list` shows them"));
                }
                let cases = here.desk.cases().await?;
                let open = cases
                    .iter()
                    .filter_map(|case| OpenCase::of(&here.desk, &program, case, seat));
                Ok((seat.to_string(), open.collect()))
            }
            Self::There(server) => {
                let me: Me = server.get("/api/v1/me").await?;
                let own = me.seat.or(me.person).unwrap_or_default();
                if seat.is_some_and(|seat| seat.as_str() != own) {
                    return Err(Failure::usage(
                        "other-seat",
                        format!("the token is `{own}`'s, and another seat was named"),
                    )
                    .hint("leave out --seat"));
                }
                Ok((own, server.all("/api/v1/inbox").await?))
            }
        }
    }
}
