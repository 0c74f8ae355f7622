//! Append-only Merkle log: tiles, checkpoints, proofs, in the C2SP tlog formats.
