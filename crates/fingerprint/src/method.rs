//! What a judge needs besides the accused's keys to repeat a finding.

use crate::Key;

/// The decoder's version: a finding is recomputed by the same version alone.
pub const VERSION: u16 = 1;
/// Most slots of one group whose evidence is joined for a group's finding.
pub const SEATS_MAX: usize = 8;
/// Most copies that a finding is conditioned on.
pub const GIVEN_MAX: usize = 8;

/// Most listed copies that a finding is conditioned on: with the candidate, tuples of up to five.
pub const TUPLE_MAX: usize = 4;

/// At which stage of the decoder a finding was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Each candidate by itself.
    First,
    /// Given those that the first stage accused.
    Second,
    /// Given those that the first two stages accused.
    Third,
    /// Given one to [`TUPLE_MAX`] other candidates from the list: pairs, triples and more.
    Listed,
}

/// Which statistic decided a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Statistic {
    /// Exact tail of the score under one model of the family (its place in the family; 0 is the
    /// single leaker).
    Tail(u16),
    /// Exact tail of the single leaker's score over both layers, for a group through one slot.
    Joined,
    /// The e-value averaged over the family, by Markov's inequality.
    EValue,
    /// Exact tail of the score given other copies, under one model.
    Given(u16),
}

/// What a judge needs besides the accused's keys to repeat a finding.
///
/// It holds opened keys where the finding rests on other copies; those are of seats of the same group, or of
/// candidates that are accused or listed themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// Version of the decoder.
    pub version: u16,
    /// Group of the finding.
    pub group: u32,
    /// Slot of the finding.
    pub slot: Option<u32>,
    /// Stage of the decoder.
    pub stage: Stage,
    /// For a group at the first stage: keys of its slots whose evidence was joined.
    pub seats: Vec<Key>,
    /// At later stages: keys of the copies conditioned on, group keys for a group's finding and
    /// slot keys for a slot's.
    pub given: Vec<Key>,
}

/// Why a method's bytes cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MethodError {
    /// The bytes end early, go on too long, or hold an impossible value.
    #[error("the method's bytes are wrong at byte `{at}`")]
    Bytes {
        /// Where.
        at: usize,
    },
    /// More keys than [`SEATS_MAX`] or [`GIVEN_MAX`].
    #[error(
        "the method holds `{keys}` keys, more than the limits SEATS_MAX ({SEATS_MAX}) or GIVEN_MAX ({GIVEN_MAX})"
    )]
    Keys {
        /// How many.
        keys: usize,
    },
}

impl MethodError {
    /// What to do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        "take the finding from the evidence file again"
    }
}

impl Method {
    pub(crate) fn first(group: u32, slot: Option<u32>) -> Self {
        Self {
            version: VERSION,
            group,
            slot,
            stage: Stage::First,
            seats: Vec::new(),
            given: Vec::new(),
        }
    }

    /// Canonical bytes, with the opened keys in the clear: for an evidence file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.group.to_le_bytes());
        out.push(u8::from(self.slot.is_some()));
        out.extend_from_slice(&self.slot.unwrap_or(0).to_le_bytes());
        out.push(match self.stage {
            Stage::First => 0,
            Stage::Second => 1,
            Stage::Third => 2,
            Stage::Listed => 3,
        });
        for keys in [&self.seats, &self.given] {
            out.push(keys.len() as u8);
            for key in keys {
                out.extend_from_slice(key.expose());
            }
        }
        out
    }

    /// Reads what [`Method::to_bytes`] wrote; accepts nothing else.
    ///
    /// # Errors
    /// [`MethodError`] that says where the bytes are wrong, or which limit they break.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MethodError> {
        let mut at = 0;
        let version = u16::from_le_bytes(take(bytes, &mut at)?);
        let group = u32::from_le_bytes(take(bytes, &mut at)?);
        let [has_slot] = take::<1>(bytes, &mut at)?;
        let number = u32::from_le_bytes(take(bytes, &mut at)?);
        let slot = match (has_slot, number) {
            (0, 0) => None,
            (1, number) => Some(number),
            _ => return Err(MethodError::Bytes { at }),
        };
        let stage = match take::<1>(bytes, &mut at)? {
            [0] => Stage::First,
            [1] => Stage::Second,
            [2] => Stage::Third,
            [3] => Stage::Listed,
            _ => return Err(MethodError::Bytes { at }),
        };
        let seats = keys(bytes, &mut at, SEATS_MAX)?;
        let given = keys(bytes, &mut at, GIVEN_MAX)?;
        if at != bytes.len() {
            return Err(MethodError::Bytes { at });
        }
        Ok(Self {
            version,
            group,
            slot,
            stage,
            seats,
            given,
        })
    }
}

fn keys(bytes: &[u8], at: &mut usize, limit: usize) -> Result<Vec<Key>, MethodError> {
    let [count] = take::<1>(bytes, at)?;
    let count = usize::from(count);
    if count > limit {
        return Err(MethodError::Keys { keys: count });
    }
    (0..count)
        .map(|_| Ok(Key::from_bytes(take(bytes, at)?)))
        .collect()
}

fn take<const N: usize>(bytes: &[u8], at: &mut usize) -> Result<[u8; N], MethodError> {
    let end = at.saturating_add(N);
    let part = bytes
        .get(*at..end)
        .and_then(|part| part.try_into().ok())
        .ok_or(MethodError::Bytes { at: *at })?;
    *at = end;
    Ok(part)
}
