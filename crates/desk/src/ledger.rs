//! The log as the desk sees it: checkpoint, positions, openings with their proofs.

use std::collections::BTreeMap;

use domain::commitment::{Commitment, Leaf};
use domain::package::Package;
use domain::program::Program;
use flow::delivery::Grown;
use flow::evidence::{Earlier, OpenedLeaf};
use tlog::{
    Checkpoint, ConfirmError, Hash, InclusionError, InclusionProof, Logged, Note, Quorum, Trusted,
    leaf_hash, verify_inclusion,
};

use crate::desk::Loaded;
use crate::witnesses::no_checkpoint;
use crate::{Desk, Failure};

impl Desk {
    /// Where a leaf stands in the log.
    pub(crate) async fn position(&self, leaf: &Leaf) -> Result<u64, Failure> {
        let hash = leaf_hash(&leaf.entry_bytes());
        if let Some(index) = self.store().leaf_index(&hash).await? {
            return Ok(index);
        }
        // A receipt has its place before it is signed for.
        self.integrate().await?;
        let index = self.store().leaf_index(&hash).await?;
        index.ok_or_else(|| not_logged(leaf))
    }

    /// Whether the log holds a leaf.
    pub(crate) async fn is_logged(&self, leaf: &Leaf) -> Result<bool, Failure> {
        match self.position(leaf).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.code == NOT_LOGGED => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// A leaf's inclusion proof under a signed checkpoint.
    pub(crate) async fn proof(
        &self,
        leaf: &Leaf,
        checkpoint: &str,
    ) -> Result<InclusionProof, Failure> {
        let size = self.size_of(checkpoint)?;
        let mut proofs = self.proofs(std::slice::from_ref(leaf), size).await?;
        proofs.pop().ok_or_else(|| not_logged(leaf))
    }

    /// The inclusion proofs of leaves, in their order, in the tree of the first `size` entries.
    pub(crate) async fn proofs(
        &self,
        leaves: &[Leaf],
        size: u64,
    ) -> Result<Vec<InclusionProof>, Failure> {
        let proofs = self.store().inclusions(&hashes_of(leaves), size).await?;
        leaves
            .iter()
            .zip(proofs)
            .map(|(leaf, proof)| proof.ok_or_else(|| not_logged(leaf)))
            .collect()
    }

    /// A checkpoint under which packages may be confirmed: signed by the log, and cosigned by the program's quorum where
    /// it has one.
    pub(crate) fn trusted(
        &self,
        checkpoint: &str,
        quorum: Option<&Quorum>,
    ) -> Result<Trusted, Failure> {
        let log = self.log_key();
        let trusted = match quorum {
            Some(quorum) => Trusted::open_cosigned(checkpoint, &log, quorum),
            None => Trusted::open(checkpoint, &log),
        };
        trusted.map_err(unconfirmed)
    }

    /// Packages that are confirmed to be in the log, in their order.
    ///
    /// # Errors
    /// A checkpoint that does not cover one of them: nothing is given that the log does not hold.
    pub(crate) async fn confirmed(
        &self,
        packages: Vec<Package>,
        trusted: &Trusted,
    ) -> Result<Vec<Logged<Package>>, Failure> {
        let leaves: Vec<Leaf> = packages.iter().map(|package| *package.leaf()).collect();
        let proofs = self.proofs(&leaves, trusted.checkpoint().size()).await?;
        packages
            .into_iter()
            .zip(&proofs)
            .map(|(package, proof)| trusted.confirm(package, proof).map_err(unconfirmed))
            .collect()
    }

    /// Packages that are confirmed to be in the log as it is published now.
    ///
    /// # Errors
    /// As [`Desk::confirmed`]; cosignatures that are missing.
    pub(crate) async fn confirmed_now(
        &self,
        packages: Vec<Package>,
        program: &Program,
    ) -> Result<Vec<Logged<Package>>, Failure> {
        let leaves: Vec<Leaf> = packages.iter().map(|package| *package.leaf()).collect();
        if let Some(quorum) = program.watch().quorum() {
            // A package that was pressed while the witnesses were away is not under the published checkpoint yet.
            let checkpoint = self.published_over(&leaves).await?;
            let trusted = self.trusted(&checkpoint, Some(&quorum))?;
            return self.confirmed(packages, &trusted).await;
        }
        let found = self.store().inclusions_now(&hashes_of(&leaves)).await?;
        let (checkpoint, proofs) = found.ok_or_else(no_checkpoint)?;
        let trusted = self.trusted(&checkpoint, None)?;
        let confirm = |(package, proof): (Package, Option<InclusionProof>)| {
            let proof = proof.ok_or_else(|| not_logged(package.leaf()))?;
            trusted.confirm(package, &proof).map_err(unconfirmed)
        };
        packages.into_iter().zip(proofs).map(confirm).collect()
    }

    /// The published checkpoint, asked for anew when it does not cover these leaves yet.
    async fn published_over(&self, leaves: &[Leaf]) -> Result<String, Failure> {
        if let Ok(published) = self.checkpoint().await
            && self.proofs(leaves, self.size_of(&published)?).await.is_ok()
        {
            return Ok(published);
        }
        self.cosigned_now().await
    }

    /// What a decision about waves needs of the log: where the program has a quorum, every package of the waves that
    /// are due, confirmed under a checkpoint that the witnesses cosigned just now.
    ///
    /// Nothing is asked while something else is missing: the decision then says what.
    ///
    /// # Errors
    /// Exit class 4, naming the witnesses, when the quorum is not reached, or a witness knows another history.
    pub(crate) async fn logged_for_waves(
        &self,
        loaded: &Loaded,
    ) -> Result<Vec<Logged<Package>>, Failure> {
        let case = &loaded.case;
        let Some(quorum) = loaded.program.watch().quorum() else {
            return Ok(Vec::new());
        };
        let due = case.due(&loaded.program, self.policy(), self.now());
        if due.is_empty() || !case.is_approved() || !case.is_pressed() {
            return Ok(Vec::new());
        }
        self.integrate().await?;
        let checkpoint = self.cosigned_now().await?;
        let seats = due.iter().flat_map(|due| &due.seats);
        let packages = seats.filter_map(|seat| case.package(seat)).collect();
        let trusted = self.trusted(&checkpoint, Some(&quorum))?;
        self.confirmed(packages, &trusted).await
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
    /// that `checkpoint` grew from it; and those of these sizes.
    pub(crate) async fn earlier(
        &self,
        indexes: &[u64],
        sizes: &[u64],
        checkpoint: &str,
    ) -> Result<Vec<Earlier>, Failure> {
        let all = self.checkpoints().await?;
        let quorum = self.program().await?.watch().quorum();
        let is_cosigned = |note: &str| {
            Note::parse(note).is_ok_and(|note| match &quorum {
                Some(quorum) => quorum.verify(&note).is_ok(),
                None => note.signatures().len() > 1,
            })
        };
        let mut chosen: BTreeMap<u64, &str> = BTreeMap::new();
        for index in indexes {
            let covering = || all.iter().filter(|(size, _)| size > index);
            let first = covering().next();
            let cosigned = covering().find(|(_, note)| is_cosigned(note));
            for (size, note) in first.into_iter().chain(cosigned) {
                chosen.insert(*size, note);
            }
        }
        for wanted in sizes {
            let found = all.iter().find(|(size, _)| size == wanted);
            let (size, note) = found.ok_or_else(|| {
                Failure::no(
                    "no-such-checkpoint",
                    format!("this log never signed a checkpoint of {wanted} entries"),
                )
                .hint("whoever holds one holds the proof of a fork: ask for it")
            })?;
            chosen.insert(*size, note);
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

    /// How the log grew from its first `size` entries to a signed checkpoint; `None` when it has fewer.
    ///
    /// # Errors
    /// A checkpoint that is none of this log's, or a database that fails.
    pub async fn grown(&self, size: u64, checkpoint: &str) -> Result<Option<Grown>, Failure> {
        let newest = self.size_of(checkpoint)?;
        if size == 0 || size > newest {
            return Ok(None);
        }
        Ok(Some(Grown {
            size,
            root: self.root_at(size).await?,
            proof: self.store().consistency(size, newest).await?,
        }))
    }

    /// The root of the first `size` entries, from the entries' own tree and not from what was signed.
    async fn root_at(&self, size: u64) -> Result<Hash, Failure> {
        let damaged = |what: &str| {
            Failure::machine("log", what.to_owned()).hint("`headstart log audit` says more")
        };
        let first = self
            .store()
            .entry(0)
            .await?
            .ok_or_else(|| damaged("the log has no first entry"))?;
        let proof = self.store().inclusion(0, size).await?;
        // A proof leads from the entry to the root: verified against another root, it says where it leads.
        let nowhere = leaf_hash(b"");
        match verify_inclusion(&leaf_hash(&first), &proof, size, &nowhere) {
            Err(InclusionError::OtherRoot { found, .. }) => Ok(found),
            _ => Err(damaged("the proof of the first entry has the wrong length")),
        }
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

fn hashes_of(leaves: &[Leaf]) -> Vec<Hash> {
    leaves
        .iter()
        .map(|leaf| leaf_hash(&leaf.entry_bytes()))
        .collect()
}

const NOT_LOGGED: &str = "not-logged";

fn not_logged(leaf: &Leaf) -> Failure {
    Failure::machine(NOT_LOGGED, format!("`{leaf}` is not in the log"))
        .hint("`headstart log audit` names the first difference")
}

pub(crate) fn unconfirmed(error: ConfirmError) -> Failure {
    Failure::machine("not-logged", error.to_string())
        .hint("nothing is given that the log does not hold; run `headstart log audit`")
}

/// Reads a signed note of this log.
pub(crate) fn note(text: &str) -> Result<Note, Failure> {
    Note::parse(text).map_err(|error| {
        Failure::machine("checkpoint", error.to_string()).hint("`headstart log audit` says more")
    })
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
