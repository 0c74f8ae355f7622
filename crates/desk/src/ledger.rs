//! The log as the desk sees it: checkpoint, positions, openings with their proofs.

use std::collections::BTreeMap;

use domain::commitment::{Commitment, Leaf};
use flow::evidence::{Earlier, OpenedLeaf};
use tlog::{Checkpoint, InclusionProof, Note, leaf_hash};

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
        let size = self.size_of(checkpoint)?;
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

impl Desk {
    /// The checkpoints that first covered these entries, and the first cosigned ones that did, each with the proof
    /// that `checkpoint` grew from it.
    pub(crate) async fn earlier(
        &self,
        indexes: &[u64],
        checkpoint: &str,
    ) -> Result<Vec<Earlier>, Failure> {
        let all = self.store().checkpoints().await?;
        let is_cosigned =
            |note: &str| Note::parse(note).is_ok_and(|note| note.signatures().len() > 1);
        let mut chosen: BTreeMap<u64, &str> = BTreeMap::new();
        for index in indexes {
            let covering = || all.iter().filter(|(size, _)| size > index);
            let first = covering().next();
            let cosigned = covering().find(|(_, note)| is_cosigned(note));
            for (size, note) in first.into_iter().chain(cosigned) {
                chosen.insert(*size, note);
            }
        }
        let newest = self.size_of(checkpoint)?;
        let mut earlier = Vec::new();
        for (size, note) in chosen {
            if size > newest {
                continue;
            }
            let proof = self.store().consistency(size, newest).await?;
            earlier.push(Earlier {
                checkpoint: note.to_owned(),
                proof: proof.hashes.iter().map(|hash| hash.to_base64()).collect(),
            });
        }
        Ok(earlier)
    }

    /// Entries under a signed checkpoint of this log.
    pub(crate) fn size_of(&self, checkpoint: &str) -> Result<u64, Failure> {
        let opened = Checkpoint::open(checkpoint, &self.log_key()).map_err(|error| {
            Failure::machine("checkpoint", error.to_string())
                .hint("`headstart log audit` says more")
        })?;
        Ok(opened.size())
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
