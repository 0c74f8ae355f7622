//! Witnesses of the log: the tlog-witness protocol, as the witness and as the log that asks.
//!
//! It keeps HTTP out of the rooms that decide and store.
//!
//! - [`StateDir`] is a witness's folder, [`Witness`] decides, [`serve`] answers over HTTP.
//! - [`Client`] is the log that asks.
//! - [`Http`] is the HTTP client below it, which the command line uses for its own server too.
//!
//! # Sources
//! <https://c2sp.org/tlog-witness>, <https://c2sp.org/tlog-cosignature> (the Ed25519 kind).

mod client;
mod fork;
mod http;
mod request;
mod server;
mod state;
mod witness;

pub use client::{
    ANSWER_BYTES_MAX, AskError, Asked, Client, Cosigned, URL_BYTES_MAX, UrlError, WitnessUrl,
};
pub use fork::Fork;
pub use http::{Http, HttpError, Reply, Sent};
pub use request::{AddCheckpoint, PROOF_LINES_MAX, REQUEST_BYTES_MAX, RequestError};
pub use server::{CONNECTIONS_MAX, Clock, SENDING_MAX, router, serve, system_clock};
pub use state::{
    FORKS_MAX, KEYS_OF_LOG_MAX, LOGS_MAX, StateDir, StateError, TrustedLog, origin_hash,
};
pub use witness::{Refusal, SAME_AGAIN_S, Witness};
