//! The log as the desk sees it: checkpoint, positions, openings with their proofs.

use domain::commitment::{Commitment, Leaf};
use flow::evidence::OpenedLeaf;
use tlog::{Checkpoint, InclusionProof, leaf_hash};

use crate::{Desk, Failure};

impl Desk {
    /// The newest signed checkpoint, as a note.
    ///
    /// # Errors
    /// A log that has none yet, or a database that fails.
    pub async fn checkpoint(&self) -> Result<String, Failure> {
        self.store().checkpoint().await?.ok_or_else(|| {
            Failure::machine("no-checkpoint", "the log has no checkpoint yet")
                .hint("it is signed with the first entry; create a case")
        })
    }

    /// Where a leaf stands in the log.
    pub(crate) async fn position(&self, leaf: &Leaf) -> Result<u64, Failure> {
        let hash = leaf_hash(&leaf.entry_bytes());
        self.store().leaf_index(&hash).await?.ok_or_else(|| {
            Failure::machine("not-logged", format!("`{leaf}` is not in the log"))
                .hint("`headstart log audit` names the first difference")
        })
    }

    /// A leaf's inclusion proof under a signed checkpoint.
    pub(crate) async fn proof(
        &self,
        leaf: &Leaf,
        checkpoint: &str,
    ) -> Result<InclusionProof, Failure> {
        let size = Checkpoint::open(checkpoint, &self.log_key())
            .map_err(|error| {
                Failure::machine("checkpoint", error.to_string())
                    .hint("`headstart log audit` says more")
            })?
            .size();
        let index = self.position(leaf).await?;
        Ok(self.store().inclusion(index, size).await?)
    }

    /// A commitment opened for evidence.
    pub(crate) async fn opened(
        &self,
        commitment: &Commitment,
        checkpoint: &str,
    ) -> Result<OpenedLeaf, Failure> {
        let proof = self.proof(&commitment.leaf(), checkpoint).await?;
        Ok(OpenedLeaf {
            text: String::from_utf8_lossy(commitment.content()).into_owned(),
            salt: domain::sealed::Digest::from_bytes(*commitment.salt()).to_string(),
            index: proof.index,
            proof: proof.hashes.iter().map(|hash| hash.to_base64()).collect(),
        })
    }
}

/// What an audit read, and the first difference that it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// Entries of the log.
    pub entries: u64,
    /// Events.
    pub events: u64,
    /// The first thing that is not as it was written.
    pub difference: Option<String>,
}

impl Desk {
    /// Replays every event, blob, entry, hash and checkpoint, and names the first difference.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn audit(&self) -> Result<Audited, Failure> {
        match self.store().audit(&self.log_key()).await {
            Ok(audit) => Ok(Audited {
                entries: audit.entries,
                events: audit.events,
                difference: None,
            }),
            Err(store::AuditError::Difference { what }) => Ok(Audited {
                entries: 0,
                events: 0,
                difference: Some(what),
            }),
            Err(store::AuditError::Store(error)) => Err(error.into()),
        }
    }
}
