//! The public value that is mixed into the keys of a press: a checkpoint, as its witnesses cosigned it.
//!
//! The program writes the checkpoint and holds its key, so neither its own signature, which it could make again and
//! again, nor any line that it may add is part of the value. What it cannot choose is what the witnesses sign.

use domain::sealed::Digest;
use tlog::{CosignerKey, Note, Quorum, QuorumError, Signature};

use crate::leaf::WatchLeaf;

const HEADING: &str = "headstart beacon v1";

/// A checkpoint with what is mixed in of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beacon {
    /// What is mixed in: SHA-256 of `HEADING`, the checkpoint's text, and the counted lines.
    pub value: Digest,
    /// The cosignatures that are part of it, in the order of their text.
    pub lines: Vec<Signature>,
}

/// Why a checkpoint is no value to mix in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BeaconError {
    /// A key in the list of witnesses is none.
    #[error("`{witness}` in the list of witnesses is no key of a witness")]
    Key {
        /// The key's text.
        witness: String,
    },
    /// Too few cosignatures, or a wrong one.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
    /// A witness signed twice: which of the two counts would be the program's choice.
    #[error("the witness `{name}` cosigned it twice")]
    Twice {
        /// The witness.
        name: String,
    },
}

impl Beacon {
    /// The value of a checkpoint's note.
    ///
    /// `watch`: the witnesses that the roster of the press names; without a list nothing but the checkpoint's text
    /// counts, and that is the program's to choose.
    ///
    /// # Errors
    /// [`BeaconError`] when too few of these witnesses cosigned, one of them twice or wrongly, or the list has no keys.
    pub fn of(note: &Note, watch: Option<&WatchLeaf>) -> Result<Self, BeaconError> {
        let mut keys = Vec::new();
        for witness in watch.iter().flat_map(|watch| &watch.witnesses) {
            let key = CosignerKey::parse(witness).map_err(|_| BeaconError::Key {
                witness: witness.chars().take(80).collect(),
            })?;
            keys.push(key);
        }
        let needed = watch.map_or(0, |watch| watch.needed);
        let needed = usize::try_from(needed).unwrap_or(usize::MAX);
        Quorum::new(keys.clone(), needed)?.verify(note)?;
        let mut lines: Vec<Signature> = Vec::new();
        for key in &keys {
            let is_by =
                |line: &&Signature| line.name() == key.name() && line.key_id() == key.key_id();
            let mut own = note.signatures().iter().filter(is_by);
            lines.extend(own.next().cloned());
            if own.next().is_some() {
                return Err(BeaconError::Twice {
                    name: key.name().to_owned(),
                });
            }
        }
        lines.sort_by_key(Signature::to_line);
        let mut text = format!("{HEADING}\n{}", note.text());
        for line in &lines {
            text.push_str(&line.to_line());
            text.push('\n');
        }
        Ok(Self {
            value: Digest::of(text.as_bytes()),
            lines,
        })
    }
}

#[cfg(test)]
mod tests {
    use tlog::{Checkpoint, Cosigner, Hash, Signer};

    use super::*;

    fn note() -> Note {
        let signer = Signer::from_seed("log.example", [7; 32]).unwrap();
        let checkpoint = Checkpoint::new("log.example", 3, Hash::from_bytes([5; 32])).unwrap();
        checkpoint.sign(&signer).unwrap()
    }

    fn witness(number: u8) -> Cosigner {
        Cosigner::from_seed(&format!("witness.example/{number}"), [100 + number; 32]).unwrap()
    }

    fn watch(needed: u32) -> WatchLeaf {
        WatchLeaf {
            change: 4,
            needed,
            witnesses: (1..=3).map(|number| witness(number).vkey()).collect(),
        }
    }

    fn cosigned(numbers: &[u8]) -> Note {
        let mut note = note();
        for number in numbers {
            let line = witness(*number).cosign(&note, 1_795_000_000).unwrap();
            note.add(line).unwrap();
        }
        note
    }

    #[test]
    fn lines_that_the_program_could_choose_do_not_change_the_value() {
        let known = Beacon::of(&cosigned(&[1, 2]), Some(&watch(2))).unwrap();
        // Another order.
        let turned = Beacon::of(&cosigned(&[2, 1]), Some(&watch(2))).unwrap();
        assert_eq!(turned, known);
        // A line of somebody who is not in the list, and another signature by the log itself.
        let mut more = cosigned(&[1, 2, 9]);
        more.add(Signature::new("log.example", 77, vec![1; 64]).unwrap())
            .unwrap();
        assert_eq!(Beacon::of(&more, Some(&watch(2))), Ok(known.clone()));
        // Without the log's own line, as bytes.
        let text = cosigned(&[1, 2]).to_text();
        let without: String = text
            .lines()
            .filter(|line| !line.starts_with("\u{2014} log.example "))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_ne!(text, without);
        let note = Note::parse(&without).unwrap();
        assert_eq!(Beacon::of(&note, Some(&watch(2))), Ok(known));
    }

    #[test]
    fn what_a_witness_signs_changes_the_value() {
        let one = Beacon::of(&cosigned(&[1, 2]), Some(&watch(2))).unwrap();
        let three = Beacon::of(&cosigned(&[1, 2, 3]), Some(&watch(2))).unwrap();
        let mut late = cosigned(&[1]);
        let line = witness(2).cosign(&late, 1_795_000_001).unwrap();
        late.add(line).unwrap();
        let late = Beacon::of(&late, Some(&watch(2))).unwrap();
        assert!(one.value != three.value && one.value != late.value && three.value != late.value);
        assert_eq!(one.lines.len(), 2);
    }

    #[test]
    fn too_few_cosignatures_or_two_of_one_witness_are_no_value() {
        let few = Beacon::of(&cosigned(&[1, 9]), Some(&watch(2)));
        assert!(matches!(few, Err(BeaconError::Quorum(_))), "{few:?}");
        let text = cosigned(&[1, 2]).to_text();
        let again = witness(2).cosign(&note(), 1_795_000_600).unwrap();
        let twice = Note::parse(&format!("{text}{}\n", again.to_line())).unwrap();
        let twice = Beacon::of(&twice, Some(&watch(2)));
        assert!(matches!(twice, Err(BeaconError::Twice { .. })), "{twice:?}");
        let no_key = WatchLeaf {
            witnesses: vec!["witness".to_owned()],
            ..watch(0)
        };
        let none = Beacon::of(&note(), Some(&no_key));
        assert!(matches!(none, Err(BeaconError::Key { .. })), "{none:?}");
    }

    /// SHA-256 of these bytes, made apart from this code.
    #[test]
    fn the_value_without_witnesses_is_that_of_the_checkpoints_text() {
        let text =
            "headstart beacon v1\nlog.example\n3\nBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=\n";
        assert_eq!(
            Beacon::of(&note(), None).unwrap().value.to_string(),
            "71aab3470345d33b5f5da99459d3d64ff71b93ce0b22ee495174a5d774873de6"
        );
        assert_eq!(
            Digest::of(text.as_bytes()).to_string(),
            "71aab3470345d33b5f5da99459d3d64ff71b93ce0b22ee495174a5d774873de6"
        );
    }
}
