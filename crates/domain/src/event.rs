//! One recorded fact: what, when, and by whom.

use crate::person::Actor;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A fact as it is stored: `{"at": …, "by": …, "type": …, …the fact's own fields}`.
///
/// Events are never edited. A fact whose meaning changes gets a new `type`; old ones stay readable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded<Fact> {
    /// When it was decided, UTC.
    pub at: Timestamp,
    /// Who did it.
    pub by: Actor,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}
