//! What can be asked of an account.

use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

/// What can be asked of an account.
#[derive(Debug, Clone, PartialEq)]
pub enum AccountCommand {
    /// Add a passkey; only its owner does.
    AddPasskey {
        /// The credential's id, base64url.
        passkey: String,
        /// What its owner calls it.
        label: String,
        /// The public credential.
        credential: Value,
        /// Whether it is added only to an account that has none: by whoever has no passkey to show for it.
        only_first: bool,
    },
    /// Record that a passkey was shown.
    ShowPasskey {
        /// Which.
        passkey: String,
        /// The credential, if showing it changed it (its counter).
        credential: Option<Value>,
    },
    /// Remove a passkey, but never the last one.
    RemovePasskey(String),
    /// Make a token.
    MakeToken {
        /// What its owner calls it.
        label: String,
        /// SHA-256 of the token, lower-case hex.
        digest: String,
        /// What it may do, in words of lower-case letters.
        scopes: BTreeSet<String>,
        /// From when its days count, by the machine's clock.
        from: Timestamp,
        /// How long it lasts: 1 to [`super::TOKEN_DAYS_MAX`].
        days: u16,
    },
    /// Revoke a token, by its id.
    RevokeToken(String),
    /// Ask that an account whose passkeys are lost be given a new invitation.
    AskRecovery {
        /// Why, and how it was made sure that it is the right person who asks.
        reason: String,
    },
    /// Agree to it as the second person: everything that opened the account ends.
    ApproveRecovery,
    /// Drop a recovery that waits.
    DropRecovery,
    /// End all sessions.
    EndSessions,
}
