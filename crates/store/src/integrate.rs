//! Putting committed entries under a signed checkpoint: integrate, sign, publish.
//!
//! Each step takes what the step before has given, so that they can have no other order, and what is signed is in the
//! database already:
//!
//! ```text
//! stage + commit   Store::commit    entries get their places, durable before it returns
//! integrate        Store::grow      tiles, durable before it returns; nobody is shown them
//! sign             Store::sign      entries and tiles are read back and hashed again, then the key is used
//! publish          Store::publish   the checkpoint, durable before it returns, if the lease is still ours
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use tlog::{Checkpoint, Hash, Signer, Tile, Verifier};

use crate::error::LogError;
use crate::{Backend, Store, ask, postgres, sqlite, tell};

/// How often a process that finds the lease taken looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// How often a growth is made anew when another process has published one meanwhile.
const OVERTAKEN_MAX: u32 = 100;
/// How often a growth is begun anew when the lease was lost.
const LOST_MAX: u32 = 100;

/// What a growth stores, made from one state of the database.
pub(crate) struct NewGrowth {
    pub(crate) old_size: u64,
    pub(crate) old_root: Hash,
    pub(crate) size: u64,
    pub(crate) root: Hash,
    /// The first bytes of leaf hashes, as a number, with their indexes.
    pub(crate) places: Vec<(i64, u64)>,
    /// Tiles that are new or wider.
    pub(crate) tiles: BTreeMap<Tile, Vec<u8>>,
}

/// What became of a try to grow the log.
#[derive(Debug)]
pub enum Growing {
    /// Every committed entry is under a checkpoint.
    Nothing,
    /// Another process has the lease.
    Held,
    /// Tiles are stored, and wait for a checkpoint.
    Grown(Grown),
}

/// Tiles that are durable and that no checkpoint covers yet. Only [`Store::grow`] makes one.
#[derive(Debug, Clone)]
pub struct Grown {
    pub(crate) old_size: u64,
    pub(crate) old_root: Hash,
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) token: u64,
}

impl Grown {
    /// Entries in the grown tree.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// A signed checkpoint that nobody has seen. Only [`Store::sign`] makes one.
#[derive(Debug, Clone)]
pub struct Signed {
    pub(crate) grown: Grown,
    pub(crate) note: String,
}

impl Store {
    /// Puts all staged entries into the tree, in the order of their commits, under a checkpoint signed with this key
    /// whose name is the log's origin. `None` when nothing was staged.
    ///
    /// Several processes may call this at any time: there is one tree. If another one is at it, this waits for it.
    ///
    /// # Errors
    /// [`LogError::OtherKey`]; [`LogError::Diverged`], [`LogError::Entry`] or [`LogError::Tile`] when what is stored
    /// does not hash to what was signed or acknowledged: nothing is signed then.
    pub async fn integrate(&self, signer: &Signer) -> Result<Option<Checkpoint>, LogError> {
        // One at a time within the process; the lease is for the others.
        let _turn = self.shared.integrating.lock().await;
        let log = signer.verifier();
        let mut lost = 0;
        loop {
            let grown = match self.grow(&log).await? {
                Growing::Nothing => return Ok(None),
                Growing::Held => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                    continue;
                }
                Growing::Grown(grown) => grown,
            };
            let signed = self.sign(grown, signer).await?;
            match self.publish(signed).await {
                // Somebody else went on while this process slept; there may be nothing left to do.
                Err(LogError::LeaseLost) if lost < LOST_MAX => lost += 1,
                result => return result.map(Some),
            }
        }
    }

    /// Integrates: makes the tiles of every committed entry, takes the lease, and stores them.
    ///
    /// # Errors
    /// As for [`Store::integrate`].
    pub async fn grow(&self, log: &Verifier) -> Result<Growing, LogError> {
        for _ in 0..OVERTAKEN_MAX {
            // Made while others write: entries have their places for good, so that nothing of it can become wrong.
            let Some(growth) = ask!(self, prepare_growth, log)? else {
                return Ok(Growing::Nothing);
            };
            let stored: Result<_, LogError> = tell!(self, store_growth, growth, log, &self.claim());
            if let Some(growing) = stored? {
                return Ok(growing);
            }
        }
        // Others are growing the log all the time.
        Ok(Growing::Held)
    }

    /// Signs, after everything that the signature speaks of was read back from the database and hashed again.
    ///
    /// # Errors
    /// As for [`Store::integrate`].
    // CRASH: before and after, the tiles are stored and no checkpoint covers them; a signature that was made is gone
    // with the process, and nobody has seen it.
    pub async fn sign(&self, grown: Grown, signer: &Signer) -> Result<Signed, LogError> {
        ask!(self, check_growth, &grown)?;
        let checkpoint =
            Checkpoint::new(signer.name(), grown.size, grown.root).map_err(LogError::refused)?;
        let note = checkpoint
            .sign(signer)
            .map_err(LogError::refused)?
            .to_text();
        Ok(Signed { grown, note })
    }

    /// Publishes: stores the checkpoint, if no other process has taken the lease since. From then on it is what
    /// [`Store::checkpoint`] shows.
    ///
    /// # Errors
    /// [`LogError::LeaseLost`]: the checkpoint is thrown away, and must be shown to nobody.
    pub async fn publish(&self, signed: Signed) -> Result<Checkpoint, LogError> {
        let done: Result<(), LogError> = tell!(self, publish, &signed, &self.claim());
        done?;
        let text = tlog::Note::parse(&signed.note).map_err(LogError::refused)?;
        Checkpoint::parse(text.text()).map_err(LogError::refused)
    }
}
