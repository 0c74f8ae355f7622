//! Append-only Merkle log: tiles, checkpoints, proofs, in the C2SP tlog formats.
//!
//! The crate is pure: it has no clock, disk, network or randomness of its own.
//! Times are given in POSIX seconds, keys are made from seeds, tiles are read through [`TileReader`].
//!
//! # A log in a few lines
//! ```
//! use std::collections::BTreeMap;
//! use tlog::{Checkpoint, Entry, Growth, Signer, VerifiedTiles, confirm, empty_root, inclusion_proof, leaf_hash};
//!
//! struct Parcel(&'static str);
//! impl Entry for Parcel {
//!     fn entry_bytes(&self) -> Vec<u8> {
//!         self.0.as_bytes().to_vec()
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The log's side: append, store the tiles, sign.
//! let signer = Signer::from_seed("log.example", [7; 32])?;
//! let mut growth = Growth::resume(BTreeMap::new(), 0, &empty_root())?;
//! for parcel in [Parcel("first"), Parcel("second"), Parcel("third")] {
//!     growth.append(leaf_hash(&parcel.entry_bytes()))?;
//! }
//! let checkpoint = Checkpoint::new("log.example", growth.size(), growth.root())?;
//! let tiles = growth.into_tiles();
//! let note = checkpoint.sign(&signer)?.to_text();
//!
//! // Anyone's side: make a proof from tiles that need not be trusted, and confirm.
//! let verified = VerifiedTiles::new(&tiles, checkpoint.size(), &checkpoint.root())?;
//! let proof = inclusion_proof(&verified, 1, checkpoint.size())?;
//! let logged = confirm(Parcel("second"), &proof, &note, &signer.verifier())?;
//! assert_eq!(logged.index(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Sources
//! <https://c2sp.org/tlog-tiles>, <https://c2sp.org/tlog-checkpoint>, <https://c2sp.org/signed-note>,
//! <https://c2sp.org/tlog-cosignature> (the Ed25519 kind), <https://c2sp.org/tlog-proof>,
//! and the hashing and proofs of RFC 6962 and RFC 9162.

mod bundle;
mod checkpoint;
mod cosign;
mod fork_report;
mod growth;
mod hash;
mod key;
mod logged;
mod monitor;
mod note;
mod proof;
mod tile;
mod tile_reader;
mod tlog_proof;
mod tree;

pub use bundle::{BundleError, BundlePath, ENTRY_BYTES_MAX, decode_entries, encode_entries};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use cosign::{
    Cosignature, CosignatureError, Cosigner, CosignerKey, Quorum, QuorumError, TIME_MAX_S,
};
pub use fork_report::{FORK_REPORT_BYTES_MAX, ForkReport, ForkReportError, ForkShown};
pub use growth::Growth;
pub use hash::{HASH_BYTES, Hash, HashParseError, empty_root, leaf_hash, node_hash};
pub use key::{KEY_NAME_BYTES_MAX, KEY_TEXT_BYTES_MAX, KeyError, Signer, Verifier, check_key_name};
pub use logged::{ConfirmError, Entry, Logged, Trusted, confirm, confirm_cosigned};
pub use monitor::{Fork, check_growth};
pub use note::{NOTE_BYTES_MAX, Note, NoteError, SIGNATURES_MAX, Signature, VerifyError};
pub use proof::{
    ConsistencyError, ConsistencyProof, InclusionError, InclusionProof, PROOF_HASHES_MAX,
    ProofParseError, ProveError, consistency_length, consistency_proof, inclusion_length,
    inclusion_proof, verify_consistency, verify_inclusion,
};
pub use tile::{Resource, TILE_WIDTH, Tile, TileError, tiles_after_growth};
pub use tile_reader::{
    TileReader, VerifiedTiles, tiles_for_consistency, tiles_for_inclusion, tiles_for_root,
};
pub use tlog_proof::{EXTRA_BYTES_MAX, TLOG_PROOF_BYTES_MAX, TlogProof, TlogProofError};
pub use tree::{Frontier, HashReader, MemoryTree, Node, TreeError, root};
