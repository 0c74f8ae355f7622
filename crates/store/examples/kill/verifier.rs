//! The independent verifier: rows as they lie in the database, and the log's mathematics from entries up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sqlx::ConnectOptions as _;
use store::Store;
use tlog::{Checkpoint, Hash, MemoryTree, Tile, leaf_hash};

use crate::load::signer;

/// What the program has said.
#[derive(Default)]
pub struct Promises {
    pub entries: BTreeSet<String>,
    /// Notes by size.
    pub checkpoints: BTreeMap<u64, String>,
    /// Two checkpoints of one size.
    fork: Option<String>,
}

impl Promises {
    pub fn add(&mut self, line: &str) {
        if let Some(entry) = line.strip_prefix("entry ") {
            self.entries.insert(entry.to_owned());
        } else if let Some(note) = line.strip_prefix("checkpoint ") {
            self.add_checkpoint(note.replace('|', "\n"));
        }
    }

    fn add_checkpoint(&mut self, note: String) {
        let size = Checkpoint::open(&note, &signer().verifier())
            .unwrap()
            .size();
        if let Some(before) = self.checkpoints.insert(size, note.clone())
            && before != note
        {
            self.fork = Some(format!("two checkpoints of {size} entries were shown"));
        }
    }
}

/// The rows of the log.
struct Rows {
    entries: Vec<Vec<u8>>,
    tiles: BTreeMap<(u8, u64), Vec<u8>>,
    checkpoints: BTreeMap<u64, String>,
    bundles: u64,
}

impl Rows {
    async fn read(path: &Path) -> Result<Rows, String> {
        // A copy: reading would take up the write-ahead log, which the next process must be able to do.
        let copy = tempfile::tempdir().map_err(text)?;
        for end in ["", "-wal"] {
            let name = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
            if name(path).exists() {
                std::fs::copy(name(path), name(&copy.path().join("store.db"))).map_err(text)?;
            }
        }
        let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(copy.path().join("store.db"))
            .connect()
            .await
            .map_err(text)?;
        let bundles: Vec<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT idx, entries FROM log_bundles ORDER BY idx")
                .fetch_all(&mut connection)
                .await
                .map_err(text)?;
        let staged: Vec<(i64, i64, Vec<u8>)> =
            sqlx::query_as("SELECT first, count, entries FROM log_staged ORDER BY first")
                .fetch_all(&mut connection)
                .await
                .map_err(text)?;
        let tiles: Vec<(i64, i64, Vec<u8>)> =
            sqlx::query_as("SELECT level, idx, hashes FROM log_tiles")
                .fetch_all(&mut connection)
                .await
                .map_err(text)?;
        let checkpoints: Vec<(i64, String)> =
            sqlx::query_as("SELECT size, note FROM log_checkpoints")
                .fetch_all(&mut connection)
                .await
                .map_err(text)?;
        sqlx::Connection::close(connection).await.map_err(text)?;
        let mut entries: Vec<Vec<u8>> = Vec::new();
        for (index, bytes) in &bundles {
            let found = tlog::decode_entries(bytes, 256).map_err(text)?;
            if found.len() != 256 || usize::try_from(index * 256) != Ok(entries.len()) {
                return Err(format!("bundle {index} is out of place"));
            }
            entries.extend(found.iter().map(|entry| entry.to_vec()));
        }
        for (first, count, mut bytes) in staged.iter().map(|(a, b, c)| (*a, *b, c.as_slice())) {
            for index in first..first + count {
                let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
                    return Err(format!("row {first} is too short"));
                };
                let (entry, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)));
                bytes = rest;
                let index = usize::try_from(index).map_err(text)?;
                match entries.get(index) {
                    Some(known) if known != entry => {
                        return Err(format!("entry {index} differs from its bundle"));
                    }
                    Some(_) => {}
                    None if index == entries.len() => entries.push(entry.to_vec()),
                    None => return Err(format!("entry {} is missing", entries.len())),
                }
            }
        }
        Ok(Rows {
            entries,
            tiles: tiles
                .into_iter()
                .map(|(level, index, hashes)| {
                    (
                        (u8::try_from(level).unwrap(), index.cast_unsigned()),
                        hashes,
                    )
                })
                .collect(),
            checkpoints: checkpoints
                .into_iter()
                .map(|(size, note)| (size.cast_unsigned(), note))
                .collect(),
            bundles: bundles.len() as u64,
        })
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Nothing that was said is lost, and nothing is missing below any checkpoint.
pub async fn check(path: &Path, promises: &Promises) -> Result<(), String> {
    if let Some(fork) = &promises.fork {
        return Err(fork.clone());
    }
    let rows = Rows::read(path).await?;
    let found: BTreeSet<&[u8]> = rows.entries.iter().map(Vec::as_slice).collect();
    if let Some(lost) = promises
        .entries
        .iter()
        .find(|entry| !found.contains(entry.as_bytes()))
    {
        return Err(format!("the acknowledged entry {lost} is lost"));
    }
    let mut tree = MemoryTree::new();
    let mut roots: Vec<Hash> = vec![tree.root()];
    for entry in &rows.entries {
        tree.append(leaf_hash(entry));
        roots.push(tree.root());
    }
    // Each is a root of the one tree of these entries, so each is the beginning of every later one.
    for (size, note) in rows.checkpoints.iter().chain(&promises.checkpoints) {
        let checkpoint = Checkpoint::open(note, &signer().verifier()).map_err(text)?;
        let root = usize::try_from(*size).ok().and_then(|size| roots.get(size));
        if checkpoint.size() != *size || root != Some(&checkpoint.root()) {
            return Err(format!("the checkpoint of {size} entries has another root"));
        }
    }
    if let Some(size) = promises
        .checkpoints
        .keys()
        .find(|size| !rows.checkpoints.contains_key(size))
    {
        return Err(format!(
            "the published checkpoint of {size} entries is lost"
        ));
    }
    let size = rows.checkpoints.keys().last().copied().unwrap_or(0);
    if rows.bundles != size / 256 {
        return Err(format!("{} bundles for {size} entries", rows.bundles));
    }
    for tile in tlog::tiles_after_growth(0, size) {
        check_tile(&rows, &tree, tile)?;
    }
    Ok(())
}

fn check_tile(rows: &Rows, tree: &MemoryTree, tile: Tile) -> Result<(), String> {
    let expected = tile.read(tree).map_err(text)?;
    let stored = rows.tiles.get(&(tile.level(), tile.index()));
    match stored.and_then(|stored| stored.get(..expected.len())) {
        Some(stored) if stored == expected => Ok(()),
        Some(_) => Err(format!("tile {tile} has other hashes")),
        None => Err(format!("tile {tile} is missing")),
    }
}

/// The same after the next process has integrated: everything is under a checkpoint then, with its proof.
pub async fn check_finished(path: &Path, promises: &mut Promises) -> Result<(), String> {
    let store = Store::open(path).await.map_err(text)?;
    store.integrate(&signer()).await.map_err(text)?;
    let note = store.checkpoint().await.map_err(text)?;
    if let Some(note) = &note {
        promises.add_checkpoint(note.clone());
        let checkpoint = Checkpoint::open(note, &signer().verifier()).map_err(text)?;
        let (size, root) = (checkpoint.size(), checkpoint.root());
        for old in promises.checkpoints.values() {
            let old = Checkpoint::open(old, &signer().verifier()).map_err(text)?;
            let proof = store.consistency(old.size(), size).await.map_err(text)?;
            tlog::verify_consistency(old.size(), &old.root(), size, &root, &proof).map_err(text)?;
        }
        for entry in promises.entries.iter().step_by(7) {
            let leaf = leaf_hash(entry.as_bytes());
            let index = store.leaf_index(&leaf).await.map_err(text)?;
            let index = index.ok_or_else(|| format!("the entry {entry} is under no checkpoint"))?;
            let proof = store.inclusion(index, size).await.map_err(text)?;
            tlog::verify_inclusion(&leaf, &proof, size, &root).map_err(text)?;
        }
    } else if !promises.entries.is_empty() {
        return Err("there is no checkpoint".into());
    }
    store.close().await;
    check(path, promises).await
}

/// How many acknowledged entries are not there.
pub async fn lost(path: &Path, promises: &Promises) -> u64 {
    let entries = match Rows::read(path).await {
        Ok(rows) => rows.entries,
        Err(_) => return promises.entries.len() as u64,
    };
    let found: BTreeSet<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    let lost = promises
        .entries
        .iter()
        .filter(|entry| !found.contains(entry.as_bytes()));
    lost.count() as u64
}
