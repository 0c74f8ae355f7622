//! The log as files: a C2SP tlog-tiles tree that any web server serves.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use tlog::{
    BundlePath, Checkpoint, Resource, TILE_WIDTH, Tile, encode_entries, tiles_after_growth,
};

use crate::config::{unreadable, unwritable};
use crate::{Desk, Failure};

/// Largest checkpoint that is read back from a published folder, in bytes.
const CHECKPOINT_BYTES_MAX: u64 = 1 << 20;

/// What a publication did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Entries that the folder holds now.
    pub size: u64,
    /// Entries that it held before.
    pub before: u64,
    /// Files that were written.
    pub files: usize,
}

impl Desk {
    /// Writes the log as files: entry bundles, tiles and partial tiles with their names to the letter, and at last the
    /// checkpoint that the program publishes. A folder that holds an earlier state is brought up to date.
    ///
    /// # Errors
    /// A folder that holds another log, or more of this one than there is here; a disk or database that fails.
    ///
    /// # Source
    /// <https://c2sp.org/tlog-tiles>.
    pub async fn publish(&self, out: &Path) -> Result<Published, Failure> {
        self.before_growth().await?;
        let note = self.checkpoint().await?;
        let size = self.size_of(&note)?;
        let _lock = lock(out)?;
        let before = self.published_size(out, size).await?;
        let mut files = 0;
        // CRASH: whatever is written before the checkpoint is already part of the log and never changes; the next
        // publication writes it once more. Whoever sees the checkpoint finds everything under it.
        for bundle in bundles(before, size) {
            let first = bundle.index() * u64::from(TILE_WIDTH);
            let bytes = self.bundle(first, &bundle).await?;
            put(&out.join(bundle.path()), &bytes)?;
            files += 1;
        }
        for tile in tiles_after_growth(before, size) {
            put(&out.join(tile.path()), &self.tile(tile).await?)?;
            files += 1;
        }
        put(&out.join("checkpoint"), note.as_bytes())?;
        Ok(Published {
            size,
            before,
            files: files + 1,
        })
    }

    /// One resource of the published log, for a server; `None` for what is not under the published checkpoint.
    ///
    /// # Errors
    /// A log without a checkpoint that may be published, or a database that fails.
    ///
    /// # Source
    /// <https://c2sp.org/tlog-tiles>.
    pub async fn resource(&self, resource: &Resource) -> Result<Option<Vec<u8>>, Failure> {
        let note = self.checkpoint().await?;
        let size = self.size_of(&note)?;
        let width = u64::from(TILE_WIDTH);
        match resource {
            Resource::Checkpoint => Ok(Some(note.into_bytes())),
            Resource::Tile(tile) => {
                // A narrower tile of the same place is the tile of a smaller log, and never changes.
                let known = Tile::at(tile.level(), tile.index(), size);
                match known.filter(|known| known.width() >= tile.width()) {
                    Some(_) => self.tile(*tile).await.map(Some),
                    None => Ok(None),
                }
            }
            Resource::Entries(bundle) => {
                let first = bundle.index().checked_mul(width);
                let end = first.and_then(|first| first.checked_add(bundle.width().into()));
                let (Some(first), Some(end)) = (first, end) else {
                    return Ok(None);
                };
                if end > size {
                    return Ok(None);
                }
                self.bundle(first, bundle).await.map(Some)
            }
        }
    }

    async fn bundle(&self, first: u64, bundle: &BundlePath) -> Result<Vec<u8>, Failure> {
        let entries = self.store().entries(first, bundle.width().into()).await?;
        if entries.len() != usize::from(bundle.width()) {
            return Err(missing(&bundle.path()));
        }
        encode_entries(&entries).map_err(|error| Failure::machine("publish", error.to_string()))
    }

    /// How much of this log a folder holds already; it must be the beginning of what is here.
    async fn published_size(&self, out: &Path, size: u64) -> Result<u64, Failure> {
        let path = out.join("checkpoint");
        let mut text = String::new();
        match File::open(&path) {
            Ok(file) => file
                .take(CHECKPOINT_BYTES_MAX)
                .read_to_string(&mut text)
                .map_err(|error| unreadable(&path, &error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(unreadable(&path, &error)),
        };
        let other = |reason: String| {
            Failure::usage(
                "other-log",
                format!("`{}` is not of this log: {reason}", path.display()),
            )
            .hint("name another folder; what was published is never overwritten by another log")
        };
        let published =
            Checkpoint::open(&text, &self.log_key()).map_err(|e| other(e.to_string()))?;
        if published.size() > size {
            return Err(other(format!(
                "it holds {} entries, and {size} may be published here",
                published.size()
            )));
        }
        if !self.has(&published, size).await? {
            return Err(other("its entries are others than here".into()));
        }
        Ok(published.size())
    }

    async fn tile(&self, tile: Tile) -> Result<Vec<u8>, Failure> {
        let first = tile.index() * u64::from(TILE_WIDTH);
        let hashes = self
            .store()
            .tree_hashes(tile.level() * 8, first, tile.width().into())
            .await?;
        if hashes.len() != usize::from(tile.width()) {
            return Err(missing(&tile.path()));
        }
        Ok(hashes.iter().flat_map(|hash| hash.to_bytes()).collect())
    }
}

/// The entry bundles that come into being when a log grows, in order.
fn bundles(before: u64, size: u64) -> impl Iterator<Item = BundlePath> {
    let width = u64::from(TILE_WIDTH);
    let end = if before == size {
        0
    } else {
        size.div_ceil(width)
    };
    (before / width..end).filter_map(move |index| BundlePath::of_entry(index * width, size))
}

/// One publication at a time: a slower one must not put an older checkpoint over a newer one.
fn lock(out: &Path) -> Result<File, Failure> {
    let path = out.join(".lock");
    fs::create_dir_all(out).map_err(|error| unwritable(out, &error))?;
    let file = File::create(&path).map_err(|error| unwritable(&path, &error))?;
    file.lock().map_err(|error| unwritable(&path, &error))?;
    Ok(file)
}

fn missing(path: &str) -> Failure {
    Failure::machine(
        "missing-entries",
        format!("the log has not all of `{path}`"),
    )
    .hint("`headstart log audit` names the first difference")
}

/// Writes a file whole or not at all, and durably; the folders above it are made.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let fail = |error: std::io::Error| unwritable(path, &error);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(fail)?;
    let mut draft: PathBuf = path.to_owned();
    draft.as_mut_os_string().push(".draft");
    let mut file = File::create(&draft).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.sync_all().map_err(fail)?;
    fs::rename(&draft, path).map_err(fail)?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(fail)
}
