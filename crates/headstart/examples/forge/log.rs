//! A log in memory whose key the forger holds, and witnesses whose keys he does not hold.

use domain::chain::entry_digest;
use domain::commitment::Commitment;
use domain::sealed::Digest;
use flow::evidence::{Earlier, OpenedLeaf};
use tlog::{
    Checkpoint, ConsistencyProof, Cosigner, CosignerKey, InclusionProof, MemoryTree, Note, Signer,
    check_growth, consistency_proof, inclusion_proof, leaf_hash,
};

/// The log's name.
pub const ORIGIN: &str = "headstart/example-psirt/0badc0de";

/// The log's key: the program has it, and so has the forger.
pub fn signer() -> Signer {
    Signer::from_seed(ORIGIN, [41; 32]).unwrap()
}

/// Commitments and signed checkpoints.
#[derive(Clone, Default)]
pub struct Log {
    commitments: Vec<Commitment>,
    /// Signed checkpoints by size, with the cosignatures that they got.
    pub checkpoints: Vec<(u64, Note)>,
}

impl Log {
    /// Commits to a text; the answer is its place.
    pub fn commit(&mut self, text: String) -> u64 {
        let index = self.commitments.len() as u64;
        let salt = Digest::of(format!("salt {index} {}", text.len()).as_bytes());
        self.commitments
            .push(Commitment::new(text.into_bytes(), *salt.as_bytes()));
        index
    }

    pub fn size(&self) -> u64 {
        self.commitments.len() as u64
    }

    pub fn commitment(&self, index: u64) -> &Commitment {
        &self.commitments[index as usize]
    }

    /// The log as it was with fewer entries.
    pub fn prefix(&self, size: u64) -> Log {
        let mut log = self.clone();
        log.commitments.truncate(size as usize);
        log.checkpoints.retain(|(at, _)| *at <= size);
        log
    }

    pub fn tree(&self) -> MemoryTree {
        MemoryTree::from_leaves(
            self.commitments
                .iter()
                .map(|own| leaf_hash(&own.leaf().entry_bytes())),
        )
    }

    /// Signs what is there; once for each size.
    pub fn sign(&mut self) -> Note {
        let tree = self.tree();
        if let Some((_, note)) = self
            .checkpoints
            .last()
            .filter(|(size, _)| *size == tree.size())
        {
            return note.clone();
        }
        let note = Checkpoint::new(ORIGIN, tree.size(), tree.root())
            .unwrap()
            .sign(&signer())
            .unwrap();
        self.checkpoints.push((tree.size(), note.clone()));
        note
    }

    pub fn inclusion(&self, index: u64) -> InclusionProof {
        inclusion_proof(&self.tree(), index, self.size()).unwrap()
    }

    pub fn consistency(&self, size: u64) -> ConsistencyProof {
        consistency_proof(&self.tree(), size, self.size()).unwrap()
    }

    /// An entry opened under the whole log.
    pub fn open(&self, index: u64) -> OpenedLeaf {
        let commitment = self.commitment(index);
        OpenedLeaf {
            text: String::from_utf8(commitment.content().to_vec()).unwrap(),
            salt: Digest::from_bytes(*commitment.salt()).to_string(),
            index,
            proof: self
                .inclusion(index)
                .hashes
                .iter()
                .map(tlog::Hash::to_base64)
                .collect(),
        }
    }

    /// Digest of an entry, as others name it.
    pub fn entry(&self, index: u64) -> Digest {
        entry_digest(&self.commitment(index).leaf())
    }

    /// A checkpoint of the past, with the proof that this log grew from it.
    pub fn earlier(&self, note: &Note) -> Earlier {
        let checkpoint = Checkpoint::parse(note.text()).unwrap();
        let hashes = self.consistency(checkpoint.size()).hashes;
        Earlier {
            checkpoint: note.to_text(),
            proof: hashes.iter().map(tlog::Hash::to_base64).collect(),
        }
    }

    /// Every signed checkpoint of the past, with its proof.
    pub fn history(&self) -> Vec<Earlier> {
        let notes = self.checkpoints.iter();
        notes.map(|(_, note)| self.earlier(note)).collect()
    }
}

/// A witness that keeps its promise: it cosigns only what it has seen to grow.
pub struct Witness {
    key: Cosigner,
    last: Option<Checkpoint>,
}

impl Witness {
    pub fn new(number: u8) -> Self {
        let name = format!("witness.example/{number}");
        Self {
            key: Cosigner::from_seed(&name, [100 + number; 32]).unwrap(),
            last: None,
        }
    }

    pub fn key(&self) -> CosignerKey {
        self.key.key()
    }

    /// Cosigns the newest checkpoint of a log in place; `false` when it refuses.
    pub fn cosign(&mut self, log: &mut Log, time_s: u64) -> bool {
        let Some((_, note)) = log.checkpoints.last() else {
            return false;
        };
        let new = Checkpoint::open_note(note, &signer().verifier()).unwrap();
        if let Some(last) = &self.last {
            if last.size() > log.size() {
                return false;
            }
            let proof = log.consistency(last.size());
            if check_growth(last, &new, &proof).is_err() {
                return false;
            }
        }
        let line = self.key.cosign(note, time_s).unwrap();
        self.last = Some(new);
        log.checkpoints.last_mut().unwrap().1.add(line).unwrap();
        true
    }
}
