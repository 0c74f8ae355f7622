//! Witnesses of the log: the tlog-witness protocol, as the witness and as the log that asks.
//!
//! It keeps HTTP out of the rooms that decide and store.
