//! What is recorded of an account.

use crate::event::Recorded;
use crate::person::Actor;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// One fact of an account's stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum AccountFact {
    /// A passkey was added.
    PasskeyAdded {
        /// Whose.
        account: Actor,
        /// The credential's id, base64url.
        passkey: String,
        /// What its owner calls it.
        label: String,
        /// The public credential.
        credential: Value,
    },
    /// A passkey was shown, to sign in or to confirm.
    PasskeyShown {
        /// Whose.
        account: Actor,
        /// Which.
        passkey: String,
        /// The credential, if showing it changed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credential: Option<Value>,
    },
    /// A passkey opens nothing any more.
    PasskeyRemoved {
        /// Whose.
        account: Actor,
        /// Which.
        passkey: String,
    },
    /// A token was made.
    TokenMade {
        /// Whose.
        account: Actor,
        /// Its id.
        token: String,
        /// What its owner calls it.
        label: String,
        /// SHA-256 of the token, lower-case hex.
        digest: String,
        /// What it may do.
        scopes: BTreeSet<String>,
        /// When it ends, by the machine's clock.
        ends_at: Timestamp,
    },
    /// A token opens nothing any more.
    TokenRevoked {
        /// Whose.
        account: Actor,
        /// Which.
        token: String,
    },
    /// Somebody asked for a recovery; it waits for another.
    RecoveryAsked {
        /// Whose account.
        account: Actor,
        /// Why.
        reason: String,
    },
    /// A second person agreed: passkeys, tokens and sessions ended.
    RecoveryApproved {
        /// Whose account.
        account: Actor,
    },
    /// A recovery was dropped.
    RecoveryDropped {
        /// Whose account.
        account: Actor,
    },
    /// All sessions ended.
    SessionsEnded {
        /// Whose.
        account: Actor,
    },
}

impl AccountFact {
    /// Whose account it is about.
    pub fn account(&self) -> &Actor {
        match self {
            Self::PasskeyAdded { account, .. }
            | Self::PasskeyShown { account, .. }
            | Self::PasskeyRemoved { account, .. }
            | Self::TokenMade { account, .. }
            | Self::TokenRevoked { account, .. }
            | Self::RecoveryAsked { account, .. }
            | Self::RecoveryApproved { account }
            | Self::RecoveryDropped { account }
            | Self::SessionsEnded { account } => account,
        }
    }
}

/// An event of an account's stream.
pub type AccountEvent = Recorded<AccountFact>;
