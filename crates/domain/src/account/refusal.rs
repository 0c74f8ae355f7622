//! Why an account refuses.

use crate::explain::{Class, Explain};
use thiserror::Error;

/// Why a command of an account was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccountRefusal {
    /// Nobody of this name can sign in.
    #[error("there is no such account")]
    NoAccount,
    /// Only its owner may.
    #[error("only the account's owner can do this")]
    NotYours,
    /// It needs another role.
    #[error("this needs a role that you do not have")]
    NotYou,
    /// A text is empty, too long, or holds control characters.
    #[error("the {what} is empty, longer than {chars_max} characters, or holds control characters")]
    Text {
        /// Which text.
        what: &'static str,
        /// Its limit.
        chars_max: usize,
    },
    /// The credential is known.
    #[error("this passkey is registered already")]
    PasskeyTaken,
    /// Another passkey came first.
    #[error("this account has a passkey already")]
    HasPasskey,
    /// No such passkey.
    #[error("there is no such passkey")]
    UnknownPasskey,
    /// Without it nobody could sign in.
    #[error("the last passkey cannot be removed")]
    LastPasskey,
    /// No such token.
    #[error("there is no such token")]
    UnknownToken,
    /// Scopes that are none.
    #[error("a token needs at least one scope, each a word of lower-case letters")]
    Scopes,
    /// A token that lasts too long, or not at all.
    #[error("a token lasts between 1 and {} days", super::TOKEN_DAYS_MAX)]
    TokenLife,
    /// A digest that is none, or that is taken.
    #[error("the token's digest cannot be used")]
    Digest,
    /// A named limit is reached.
    #[error("an account can have at most {max} {what}")]
    Full {
        /// What there would be too many of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// Nobody asked, or too long ago.
    #[error("no recovery of this account waits")]
    NoRecovery,
    /// Two people are needed.
    #[error("whoever asked for a recovery cannot approve it")]
    SamePerson,
    /// Nobody recovers an own account.
    #[error("nobody can recover an account of their own")]
    OwnRecovery,
}

impl Explain for AccountRefusal {
    fn code(&self) -> &str {
        match self {
            Self::NoAccount => "unknown-account",
            Self::NotYours => "not-yours",
            Self::NotYou => "role",
            Self::Text { .. } => "text-out-of-range",
            Self::PasskeyTaken => "passkey-taken",
            Self::HasPasskey => "has-passkey",
            Self::UnknownPasskey => "unknown-passkey",
            Self::LastPasskey => "last-passkey",
            Self::UnknownToken => "unknown-token",
            Self::Scopes => "token-scopes",
            Self::TokenLife => "token-life",
            Self::Digest => "token-digest",
            Self::Full { .. } => "limit-reached",
            Self::NoRecovery => "no-recovery",
            Self::SamePerson => "same-person",
            Self::OwnRecovery => "own-recovery",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::NoAccount => "Check the name against the people and seats.",
            Self::NotYours => "Sign in as its owner.",
            Self::NotYou => "An administrator of the program can change roles.",
            Self::Text { .. } => "Say it in a few words.",
            Self::PasskeyTaken => "Use another device or key.",
            Self::HasPasskey => {
                "When it is lost, ask for a recovery, which a second person approves."
            }
            Self::UnknownPasskey | Self::UnknownToken => "Load the page again; it may be gone.",
            Self::LastPasskey => "Add another one first.",
            Self::Scopes => "Choose what the token may do.",
            Self::TokenLife => "Choose another end.",
            Self::Digest => "Make another token.",
            Self::Full { .. } => "Remove one first.",
            Self::NoRecovery => "Ask for it again.",
            Self::SamePerson | Self::OwnRecovery => "Ask another person of the program.",
        }
        .to_owned()
    }

    fn class(&self) -> Class {
        match self {
            Self::NotYours
            | Self::NotYou
            | Self::HasPasskey
            | Self::SamePerson
            | Self::OwnRecovery => Class::NotAllowed,
            _ => Class::Usage,
        }
    }
}
