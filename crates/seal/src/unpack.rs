//! Writing the files of a package: the only place of this crate that touches a disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore as _;

use crate::archive::{ArchiveError, ENTRIES_MAX, FileEntry, Names};

/// Why files were not written. Unless the process died, nothing was then left behind.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A name or number that packages cannot have.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Something of that name is in the folder already.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// What exists.
        path: PathBuf,
    },
    /// The target is not a folder.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder {
        /// The target.
        path: PathBuf,
    },
    /// The disk refused.
    #[error("`{}` could not be written: {source}", path.display())]
    Io {
        /// What was being written.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl WriteError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Archive(_) => "nothing was written",
            Self::Exists { .. } => "nothing was overwritten; choose another folder",
            Self::NotAFolder { .. } => "choose a folder, or a name that does not exist yet",
            Self::Io { .. } => "check the folder's permissions and the free space",
        }
    }
}

/// Writes files beneath `folder`, all or none.
///
/// They are first written into a new folder with a random name beside their place, where no link of anybody else's can
/// be, and then moved: the whole folder with one rename when `folder` does not exist yet or is empty, otherwise each
/// file or folder of the first level, never over something that exists.
/// On Unix, files are readable by their owner only.
///
/// # Errors
/// [`WriteError`].
pub fn write_into(folder: &Path, files: &[FileEntry]) -> Result<(), WriteError> {
    check_names(files)?;
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| WriteError::Io { path, source }
    };
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = match folder.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            fs::create_dir_all(parent).map_err(at(parent))?;
            let staged = Staged::new(parent).map_err(at(parent))?;
            staged.fill(files)?;
            // CRASH: before the rename, a folder `.headstart-…` is left and the target does not exist;
            // after it, everything is there.
            fs::rename(&staged.path, folder).map_err(at(folder))?;
            staged.keep();
            Ok(())
        }
        Err(error) => Err(at(folder)(error)),
        Ok(metadata) if !metadata.is_dir() => Err(WriteError::NotAFolder {
            path: folder.to_owned(),
        }),
        Ok(_) => {
            let staged = Staged::new(folder).map_err(at(folder))?;
            staged.fill(files)?;
            staged.place_into(folder)
        }
    }
}

fn check_names(files: &[FileEntry]) -> Result<(), ArchiveError> {
    if files.len() > ENTRIES_MAX {
        return Err(ArchiveError::TooManyEntries);
    }
    // Entries can be made by anybody, so the rules hold here once more.
    let mut names = Names::default();
    files.iter().try_for_each(|file| names.add(&file.name))?;
    Ok(())
}

/// A new folder with a random name, removed with its content unless it was kept.
struct Staged {
    path: PathBuf,
    kept: std::cell::Cell<bool>,
}

impl Staged {
    fn new(parent: &Path) -> io::Result<Self> {
        let path = parent.join(format!(".headstart-{:016x}", OsRng.next_u64()));
        create_folder(&path)?;
        Ok(Self {
            path,
            kept: std::cell::Cell::new(false),
        })
    }

    fn fill(&self, files: &[FileEntry]) -> Result<(), WriteError> {
        for file in files {
            let path = self.path.join(&file.name);
            write_new(&self.path, &path, &file.bytes).map_err(|source| WriteError::Io {
                path: PathBuf::from(&file.name),
                source,
            })?;
        }
        Ok(())
    }

    fn keep(&self) {
        self.kept.set(true);
    }

    /// Moves what is at the first level into an existing folder; on an error, what was placed is taken away again.
    fn place_into(&self, folder: &Path) -> Result<(), WriteError> {
        let io_error = |source| WriteError::Io {
            path: folder.to_owned(),
            source,
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(io_error)? {
            names.push(entry.map_err(io_error)?.file_name());
        }
        names.sort();
        let mut placed: Vec<PathBuf> = Vec::new();
        for name in names {
            let target = folder.join(&name);
            // CRASH: here some files are placed, each of them whole, and the rest is in `.headstart-…`.
            if let Err(source) = place(&self.path.join(&name), &target) {
                for path in placed {
                    let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
                }
                return Err(match source.kind() {
                    io::ErrorKind::AlreadyExists => WriteError::Exists { path: target },
                    _ => WriteError::Io {
                        path: target,
                        source,
                    },
                });
            }
            placed.push(target);
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.kept.get() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Moves a file or folder to a name that must not exist, also not as a link that leads nowhere.
fn place(from: &Path, to: &Path) -> io::Result<()> {
    let exists = || io::Error::from(io::ErrorKind::AlreadyExists);
    if fs::symlink_metadata(to).is_ok() {
        return Err(exists());
    }
    if fs::symlink_metadata(from)?.is_dir() {
        // A rename replaces at most an empty folder, which somebody made since the line above.
        return fs::rename(from, to);
    }
    match fs::hard_link(from, to) {
        // A hard link never replaces anything. Some file systems have none.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            let bytes = fs::read(from)?;
            create_new(to)?.write_all(&bytes)
        }
        result => result,
    }
}

fn write_new(root: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folders: Vec<&Path> = path
        .ancestors()
        .skip(1)
        .take_while(|folder| *folder != root)
        .collect();
    for folder in folders.into_iter().rev() {
        match create_folder(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    create_new(path)?.write_all(bytes)
}

fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn create_folder(path: &Path) -> io::Result<()> {
    #[allow(unused_mut, reason = "mutable on Unix only")]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: &[u8]) -> FileEntry {
        FileEntry {
            name: name.into(),
            bytes: bytes.into(),
        }
    }

    fn listed(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_are_written_into_a_new_folder() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("deep/out");
        write_into(&target, &[file("a", b"1"), file("d/e/f", b"2")]).unwrap();
        assert_eq!(fs::read(target.join("a")).unwrap(), b"1");
        assert_eq!(fs::read(target.join("d/e/f")).unwrap(), b"2");
        assert_eq!(listed(target.parent().unwrap()), ["out"]);
    }

    #[test]
    fn files_join_what_is_in_a_folder_and_never_replace_it() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("mine"), "kept").unwrap();
        write_into(home.path(), &[file("a", b"1"), file("d/b", b"2")]).unwrap();
        assert_eq!(listed(home.path()), ["a", "d", "mine"]);
        let error = write_into(home.path(), &[file("b", b"3"), file("mine", b"4")]).unwrap_err();
        assert!(matches!(error, WriteError::Exists { .. }));
        assert_eq!(listed(home.path()), ["a", "d", "mine"]);
        assert_eq!(fs::read(home.path().join("mine")).unwrap(), b"kept");
    }

    #[test]
    fn names_that_leave_the_folder_write_nothing() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("out");
        for name in ["../x", "/tmp/x", "a/../../x", "a\0b", ""] {
            let error = write_into(&target, &[file("fine", b"1"), file(name, b"2")]).unwrap_err();
            assert!(matches!(error, WriteError::Archive(_)), "{name:?}");
        }
        assert!(listed(home.path()).is_empty());
    }

    #[test]
    #[cfg(unix)]
    fn links_in_the_folder_are_not_followed() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let home = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        symlink(outside.path(), home.path().join("d")).unwrap();
        symlink(outside.path().join("new"), home.path().join("a")).unwrap();
        for name in ["d/b", "a"] {
            let error = write_into(home.path(), &[file(name, b"1")]).unwrap_err();
            assert!(matches!(error, WriteError::Exists { .. }), "{name}");
        }
        assert!(listed(outside.path()).is_empty());
        write_into(home.path(), &[file("private", b"1")]).unwrap();
        let mode = fs::metadata(home.path().join("private"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_in_the_folders_place_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("out");
        fs::write(&target, "").unwrap();
        let error = write_into(&target, &[file("a", b"1")]).unwrap_err();
        assert!(matches!(error, WriteError::NotAFolder { .. }));
    }
}
