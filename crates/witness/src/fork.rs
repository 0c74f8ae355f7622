//! A log that was caught: two checkpoints that it signed, and that do not go together.

use serde::{Deserialize, Serialize};

use crate::state::origin_hash;

/// Two checkpoints of one log, both signed by it, of which the later is not shown to be the growth of the earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fork {
    /// When it was seen, in POSIX seconds.
    pub seen_at_s: u64,
    /// What is wrong, in a line.
    pub reason: String,
    /// Whether the two checkpoints alone convince anyone: two trees of one size.
    /// Otherwise the proof that came with the later one does not hold, which may be the messenger's fault.
    pub is_evidence: bool,
    /// The checkpoint that the witness had cosigned, with its cosignature.
    pub known: String,
    /// The checkpoint that was refused.
    pub offered: String,
    /// The proof that came with it, each hash in base64.
    pub proof: Vec<String>,
}

impl Fork {
    /// A name for it that is the same whenever these two checkpoints meet.
    pub(crate) fn id(&self) -> String {
        let text = |note: &str| {
            note.split_once("\n\n")
                .map_or(note, |(text, _)| text)
                .to_owned()
        };
        let mut id = origin_hash(&format!("{}\n\n{}", text(&self.known), text(&self.offered)));
        id.truncate(32);
        id
    }

    pub(crate) fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("strings and numbers alone");
        text.push('\n');
        text
    }

    pub(crate) fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The fork for people: the reason, and both signed checkpoints as they were.
    pub fn to_text(&self) -> String {
        format!(
            "{}\n\n--- the checkpoint that was cosigned before ---\n{}\n--- the checkpoint that was refused ---\n{}",
            self.reason, self.known, self.offered
        )
    }
}
