//! The desk and the portal over HTTP: JSON API, pages, sign-in, long work.
//!
//! Every route stands in a table, [`access::routes`], with what it needs; a route that is not there answers nobody.
//! A handler is given a [`visit::Visit`]: who asks, and the program at that moment. Rules are `domain`'s, the order of
//! things is `desk`'s; what is here is how they are asked and shown.

pub mod access;
pub mod api;
mod app;
mod around;
pub mod door;
mod extract;
mod jobs;
mod limits;
mod listen;
mod log;
mod problem;
mod routes;
mod timers;
#[cfg(feature = "tls")]
mod tls;
mod visit;
pub mod web;

pub use api::wire;
pub use app::{App, Options, Serving};
pub use jobs::{JobState, Jobs};
pub use limits::{Limits, Rate, Rates};
pub use listen::{Served, serve};
pub use log::start_log;
pub use problem::Problem;
pub use routes::router;
pub use timers::{run_timers, sign_staged};
#[cfg(feature = "tls")]
pub use tls::{TlsAcceptor, tls_acceptor};
pub use visit::{Visit, Who};
