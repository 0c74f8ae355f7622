//! A seat's package, and the log that it came with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::{ClockKind, Failure};
use domain::ids::{CaseId, SeatId};
use domain::sealed::Digest;
use flow::delivery::{Delivery, Grown};
use jiff::Timestamp;
use server::wire::{DeliveredPackage, LogState, Me};
use tlog::Verifier;

use super::Reach;
use crate::client::Source;

/// The log as it stands, and how it grew from what the client knows.
pub struct NewestLog {
    /// The newest signed checkpoint.
    pub checkpoint: String,
    /// From the entries that were asked about.
    pub grown: Option<Grown>,
}

/// A package, and what shows that it was given.
pub struct Given {
    /// The age file.
    pub bytes: Vec<u8>,
    /// Its digest.
    pub sha256: Digest,
    /// When the fetch was granted.
    pub at: String,
    /// Where the receipt stands in the log.
    pub receipt_index: u64,
    /// That package and receipt are in the log.
    pub delivery: Delivery,
}

/// Whose log it is, before anything is asked of it.
pub struct LogOwner {
    /// The program's name.
    pub program: String,
    /// The log's key, as the program says it.
    pub key: Verifier,
    /// Whether its clock stands still.
    pub is_test: bool,
    /// Where it is.
    pub from: Source,
}

impl Reach<'_> {
    /// Whose log it is.
    pub async fn log_owner(&self) -> Result<LogOwner, Failure> {
        match self {
            Self::Here(here) => {
                let path = here.desk.dir().path();
                let config = here.desk.config();
                Ok(LogOwner {
                    program: config.program.clone(),
                    key: here.desk.log_key(),
                    is_test: config.clock == ClockKind::Test,
                    from: Source::Directory(std::path::absolute(path).unwrap_or(path.to_owned())),
                })
            }
            Self::There(server) => {
                let log: LogState = server.get("/api/v1/log").await?;
                let key = Verifier::parse(&log.key).map_err(|error| {
                    Failure::machine("log-key", format!("the server's log key: {error}"))
                        .hint("do not use what comes with it, and ask the program")
                })?;
                Ok(LogOwner {
                    program: log.program,
                    key,
                    // Whoever answers there must not say that nothing is to be remembered of him.
                    is_test: false,
                    from: Source::Server(server.url().to_owned()),
                })
            }
        }
    }

    /// The time at which a checkpoint is cosigned.
    ///
    /// A program with a test clock is cosigned in its own time: nobody else's time means anything there. A server's
    /// time is never believed.
    pub fn cosigning_time(&self) -> Timestamp {
        match self {
            Self::Here(here) if here.desk.config().clock == ClockKind::Test => here.desk.now(),
            _ => Timestamp::now(),
        }
    }

    /// The newest checkpoint, with the growth from so many entries.
    pub async fn newest_log(&self, known: u64) -> Result<NewestLog, Failure> {
        match self {
            Self::Here(here) => {
                let checkpoint = here.desk.newest().await?;
                Ok(NewestLog {
                    grown: here.desk.grown(known, &checkpoint).await?,
                    checkpoint,
                })
            }
            Self::There(server) => {
                let log: LogState = server.get(&format!("/api/v1/log?known={known}")).await?;
                Ok(NewestLog {
                    grown: log.grown.as_ref().and_then(|grown| grown.read()),
                    checkpoint: log.checkpoint,
                })
            }
        }
    }

    /// A seat's package, with the growth of the log from so many entries.
    ///
    /// # Errors
    /// Exit class 3 before its wave, when suspended, or against policy. A server does not say whether a case is not
    /// open yet or not there: that is class 3 too.
    pub async fn fetch(
        &self,
        case: &CaseId,
        seat: &SeatId,
        known: Option<u64>,
    ) -> Result<Given, Failure> {
        match self {
            Self::Here(here) => {
                let fetched = here.desk.fetch(case, seat).await?;
                let mut delivery = here.desk.delivery(&fetched).await?;
                if let Some(known) = known {
                    let note = delivery.checkpoint.to_text();
                    delivery.grown = here.desk.grown(known, &note).await?;
                }
                Ok(Given {
                    bytes: fetched.bytes,
                    sha256: fetched.sha256,
                    at: fetched.at.to_string(),
                    receipt_index: fetched.receipt_index,
                    delivery,
                })
            }
            Self::There(server) => {
                let me: Me = server.get("/api/v1/me").await?;
                if me.seat.as_deref() != Some(seat.as_str()) {
                    let own = me.seat.or(me.person).unwrap_or_default();
                    return Err(Failure::usage(
                        "other-seat",
                        format!("the token is `{own}`'s, and `{seat}` was named"),
                    )
                    .hint("a seat's package is fetched with a token of that seat"));
                }
                let known = known.unwrap_or(0);
                let path = format!("/api/v1/inbox/{case}/delivery?known={known}");
                let given = server.post_never_again(&path).await.map_err(not_open)?;
                read(given)
            }
        }
    }
}

fn not_open(failure: Failure) -> Failure {
    if failure.code != "nothing-here" {
        return failure;
    }
    Failure::not_allowed("nothing-here", "there is nothing here for this seat")
        .hint("it is not open for it yet, or not for it at all: the server says no more")
}

fn read(given: DeliveredPackage) -> Result<Given, Failure> {
    let wrong = |what: &str| {
        Failure::no("delivery", what.to_owned())
            .hint("do not use what came with it, and ask the program")
    };
    let bytes = STANDARD
        .decode(&given.package)
        .map_err(|_| wrong("the package is not base64"))?;
    let sha256 = Digest::of(&bytes);
    if sha256.to_string() != given.sha256 {
        return Err(wrong("the package is not the one that the server names"));
    }
    let delivery = Delivery::parse(&given.proof).map_err(|error| wrong(&error.to_string()))?;
    if delivery.receipt_inclusion.index != given.receipt_index {
        return Err(wrong(
            "the receipt is proved for another entry than the server names",
        ));
    }
    Ok(Given {
        bytes,
        sha256,
        at: given.at,
        receipt_index: given.receipt_index,
        delivery,
    })
}
