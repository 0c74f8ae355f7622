//! Cosignatures that clients give: taken in, so that evidence shows them to whoever trusts that client.

use tlog::{Checkpoint, CosignerKey};

use crate::ledger::note;
use crate::{Desk, Failure};

/// A cosignature that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// Entries under the checkpoint.
    pub size: u64,
    /// When the client cosigned, in POSIX seconds by its own clock.
    pub time_s: u64,
}

impl Desk {
    /// Keeps a client's cosignature of one of this log's checkpoints. It counts for no quorum of the program;
    /// a reader of evidence decides whom he counts.
    ///
    /// # Errors
    /// Exit class 1 for a checkpoint that is not of this log's history, or a cosignature that does not hold.
    pub async fn collect(&self, cosigned: &str, key: &CosignerKey) -> Result<Collected, Failure> {
        let no = |what: String| Failure::no("cosignature", what);
        let given = tlog::Note::parse(cosigned)
            .map_err(|error| no(error.to_string()).hint(error.hint()))?;
        let checkpoint = Checkpoint::open_note(&given, &self.log_key())
            .map_err(|error| no(error.to_string()).hint(error.hint()))?;
        let found = key
            .verify(&given)
            .map_err(|error| no(error.to_string()).hint(error.hint()))?;
        let size = checkpoint.size();
        let own = self
            .checkpoints()
            .await?
            .into_iter()
            .find(|(known, _)| *known == size)
            .map(|(_, own)| own)
            .ok_or_else(|| {
                no(format!("this log never signed a checkpoint of {size} entries"))
                    .hint("keep the file: a checkpoint that the log does not know of is the proof of a fork")
            })?;
        let mut kept = note(&own)?;
        if kept.text() != given.text() {
            return Err(no(format!(
                "this log has another tree of {size} entries than the client cosigned"
            ))
            .hint("keep the file: two signed trees of one size are the proof of a fork"));
        }
        for line in given.signatures() {
            if line.name() == key.name() && line.key_id() == key.key_id() {
                kept.add(line.clone())
                    .map_err(|error| no(error.to_string()).hint(error.hint()))?;
            }
        }
        self.keep(size, kept).await?;
        Ok(Collected {
            size,
            time_s: found.time_s,
        })
    }
}
