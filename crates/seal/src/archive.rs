//! A small, strict tar: what a package holds before it is encrypted.
//!
//! Written: POSIX ustar with regular files only, all metadata fixed, so that the same files give the same bytes.
//! Read: the same, and GNU's magic; every other kind of entry and every unsafe name is refused.
//! The format is small enough that an own reader is easier to judge than one that knows every extension.
//!
//! # Source
//! POSIX.1-2017, pax, "ustar Interchange Format".

use std::collections::BTreeSet;

use crate::recipient::excerpt;

/// Longest name of a file in a package, in bytes (the ustar name field).
pub const NAME_BYTES_MAX: usize = 100;
/// Most files in a package.
pub const ENTRIES_MAX: usize = 1000;
/// Largest package, in bytes, before encryption.
pub const PACKAGE_BYTES_MAX: u64 = 256 << 20;

const BLOCK: usize = 512;
/// Noon of the tar world: 1980-01-01, because GNU tar warns about 1970.
const MODIFIED_SECONDS: u64 = 315_532_800;

/// One file of a package.
#[derive(Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Relative, `/` between folders, at most [`NAME_BYTES_MAX`] bytes; see [`check_name`].
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for FileEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The content is what embargoes protect; it stays out of logs.
        write!(f, "FileEntry({:?}, {} bytes)", self.name, self.bytes.len())
    }
}

/// Why a name cannot be in a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, or with an empty part (`a//b`, `a/`).
    #[error("the name `{name}` has an empty part")]
    Empty {
        /// The start of the name.
        name: String,
    },
    /// More than [`NAME_BYTES_MAX`] bytes.
    #[error("the name `{name}` has {bytes} bytes, and the limit is {NAME_BYTES_MAX}")]
    TooLong {
        /// The start of the name.
        name: String,
        /// Its length.
        bytes: usize,
    },
    /// Begins with `/`, or with a drive letter.
    #[error("the name `{name}` is an absolute path")]
    Absolute {
        /// The start of the name.
        name: String,
    },
    /// Has a part `.` or `..`.
    #[error("the name `{name}` leaves its folder")]
    Traversal {
        /// The start of the name.
        name: String,
    },
    /// NUL, another control character, a backslash, a colon, or a character that turns the direction of text.
    #[error("the name `{name}` contains U+{code:04X}, which names may not contain")]
    Character {
        /// The start of the name, with the control characters replaced.
        name: String,
        /// The character's code point.
        code: u32,
    },
    /// Twice the same name, also when only upper and lower case differ.
    #[error("the name `{name}` is there twice")]
    Duplicate {
        /// The start of the name.
        name: String,
    },
    /// A file's name is also a folder's.
    #[error("the name `{name}` is both a file and a folder")]
    FileAndFolder {
        /// The start of the name.
        name: String,
    },
    /// Not UTF-8.
    #[error("a name is not UTF-8")]
    NotUtf8,
}

/// Why files cannot be packed, or bytes are not a package's tar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// A name that is refused.
    #[error(transparent)]
    Name(#[from] NameError),
    /// More than [`ENTRIES_MAX`] files.
    #[error("the package has more than {ENTRIES_MAX} files")]
    TooManyEntries,
    /// Larger than [`PACKAGE_BYTES_MAX`].
    #[error("the package has {bytes} bytes, and the limit is {PACKAGE_BYTES_MAX}")]
    TooLarge {
        /// Its length, as far as it was counted.
        bytes: u64,
    },
    /// A link, folder, device, or an extension of tar.
    #[error("`{name}` is a {kind}, and a package holds regular files only")]
    NotAFile {
        /// The start of its name.
        name: String,
        /// What it is.
        kind: &'static str,
    },
    /// A header that is not one, at this offset.
    #[error("there is no tar header at byte {offset}")]
    Header {
        /// Offset in the tar, in bytes.
        offset: u64,
    },
    /// A file that says it is longer than what is there.
    #[error("`{name}` claims {claimed} bytes, and {left} are left")]
    Truncated {
        /// The start of its name.
        name: String,
        /// Its length according to its header.
        claimed: u64,
        /// What is left of the tar.
        left: u64,
    },
    /// The end mark is missing, or followed by something else than zeros.
    #[error("the tar does not end with zeros")]
    End,
}

/// Checks one name by the rules of a package.
///
/// # Errors
/// [`NameError`] with the rule.
pub fn check_name(name: &str) -> Result<(), NameError> {
    let short = || excerpt(name);
    if name.len() > NAME_BYTES_MAX {
        return Err(NameError::TooLong {
            name: short(),
            bytes: name.len(),
        });
    }
    if name.starts_with('/') || name.as_bytes().get(1) == Some(&b':') {
        return Err(NameError::Absolute { name: short() });
    }
    if let Some(c) = name.chars().find(|&c| is_unsafe(c)) {
        return Err(NameError::Character {
            name: short(),
            code: c.into(),
        });
    }
    for part in name.split('/') {
        match part {
            "" => return Err(NameError::Empty { name: short() }),
            "." | ".." => return Err(NameError::Traversal { name: short() }),
            _ => {}
        }
    }
    Ok(())
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\\' | ':')
        // Marks and overrides of text direction make a name look like another one.
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Names seen so far, so that no two files meet on any file system.
#[derive(Default)]
pub(crate) struct Names {
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl Names {
    pub(crate) fn add(&mut self, name: &str) -> Result<(), NameError> {
        check_name(name)?;
        let folded = name.to_lowercase();
        let clash = || NameError::FileAndFolder {
            name: excerpt(name),
        };
        if self.folders.contains(&folded) {
            return Err(clash());
        }
        for (end, _) in folded.match_indices('/') {
            let folder = folded.get(..end).unwrap_or_default();
            if self.files.contains(folder) {
                return Err(clash());
            }
            self.folders.insert(folder.to_owned());
        }
        if !self.files.insert(folded) {
            return Err(NameError::Duplicate {
                name: excerpt(name),
            });
        }
        Ok(())
    }
}

/// The length of the tar of these files, in bytes: headers, whole blocks, and the end mark.
pub(crate) fn tar_size<'a>(files: impl Iterator<Item = &'a FileEntry>) -> u64 {
    let block = BLOCK as u64;
    files.fold(2 * block, |sum, file| {
        let content = (file.bytes.len() as u64).div_ceil(block) * block;
        sum.saturating_add(block).saturating_add(content)
    })
}

/// The tar of these files in the given order, followed by zeros up to `padded` bytes.
///
/// # Errors
/// A refused or repeated name, [`ArchiveError::TooManyEntries`], [`ArchiveError::TooLarge`].
pub(crate) fn write_tar<'a>(
    files: impl Iterator<Item = &'a FileEntry> + Clone,
    padded: u64,
) -> Result<Vec<u8>, ArchiveError> {
    let size = tar_size(files.clone()).max(padded);
    if size > PACKAGE_BYTES_MAX {
        return Err(ArchiveError::TooLarge { bytes: size });
    }
    let mut names = Names::default();
    let mut tar = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    for (index, file) in files.enumerate() {
        if index == ENTRIES_MAX {
            return Err(ArchiveError::TooManyEntries);
        }
        names.add(&file.name)?;
        tar.extend_from_slice(&header(&file.name, file.bytes.len() as u64));
        tar.extend_from_slice(&file.bytes);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
    tar.resize(usize::try_from(size).unwrap_or(tar.len()), 0);
    Ok(tar)
}

/// The tar of these files, as packages have it, in the clear.
///
/// # Errors
/// A refused or repeated name, [`ArchiveError::TooManyEntries`], [`ArchiveError::TooLarge`].
pub fn tar_of(files: &[FileEntry]) -> Result<Vec<u8>, ArchiveError> {
    write_tar(files.iter(), 0)
}

/// A ustar header; the name was checked to fit its field, and the size is below 8 GiB by the package's limit.
fn header(name: &str, size: u64) -> [u8; BLOCK] {
    let mut block = [0u8; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        for (slot, byte) in block.iter_mut().skip(at).zip(bytes) {
            *slot = *byte;
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{MODIFIED_SECONDS:011o}\0").as_bytes());
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    put(329, b"0000000\0");
    put(337, b"0000000\0");
    let sum: u64 = block.iter().map(|&byte| u64::from(byte)).sum();
    for (slot, byte) in block
        .iter_mut()
        .skip(148)
        .zip(format!("{sum:06o}\0 ").as_bytes())
    {
        *slot = *byte;
    }
    block
}

/// The files of a tar, in its order.
///
/// # Errors
/// [`ArchiveError`], with the limit or the entry.
pub(crate) fn read_tar(tar: &[u8]) -> Result<Vec<FileEntry>, ArchiveError> {
    if tar.len() as u64 > PACKAGE_BYTES_MAX {
        return Err(ArchiveError::TooLarge {
            bytes: tar.len() as u64,
        });
    }
    let mut names = Names::default();
    let mut files = Vec::new();
    let mut rest = tar;
    loop {
        let offset = (tar.len() - rest.len()) as u64;
        let (block, after) = rest.split_first_chunk::<BLOCK>().ok_or(ArchiveError::End)?;
        if block.iter().all(|&byte| byte == 0) {
            let ends = after.len() >= BLOCK && after.iter().all(|&byte| byte == 0);
            return if ends {
                Ok(files)
            } else {
                Err(ArchiveError::End)
            };
        }
        if files.len() == ENTRIES_MAX {
            return Err(ArchiveError::TooManyEntries);
        }
        let (name, claimed) = read_header(block, offset)?;
        names.add(&name)?;
        let truncated = || ArchiveError::Truncated {
            name: excerpt(&name),
            claimed,
            left: after.len() as u64,
        };
        let length = usize::try_from(claimed).map_err(|_| truncated())?;
        let bytes = after.get(..length).ok_or_else(truncated)?;
        let blocks = length
            .checked_next_multiple_of(BLOCK)
            .ok_or_else(truncated)?;
        rest = after.get(blocks..).ok_or_else(truncated)?;
        files.push(FileEntry {
            name,
            bytes: bytes.to_vec(),
        });
    }
}

/// Name and size of a regular file's header.
fn read_header(block: &[u8; BLOCK], offset: u64) -> Result<(String, u64), ArchiveError> {
    let bad = ArchiveError::Header { offset };
    let field = |at: usize, length: usize| block.get(at..at + length).unwrap_or_default();
    let sum = block.iter().enumerate().fold(0u64, |sum, (at, &byte)| {
        sum + u64::from(if (148..156).contains(&at) { b' ' } else { byte })
    });
    let magic = field(257, 8);
    if octal(field(148, 8)) != Some(sum) || (magic != b"ustar\x0000" && magic != b"ustar  \0") {
        return Err(bad);
    }
    let name = text(field(0, 100))?;
    let prefix = match magic {
        b"ustar\x0000" => text(field(345, 155))?,
        _ => "",
    };
    let name = match prefix {
        "" => name.to_owned(),
        prefix => format!("{prefix}/{name}"),
    };
    let kind = match field(156, 1) {
        b"0" | b"\0" => {
            let size = octal(field(124, 12)).ok_or(bad)?;
            return Ok((name, size));
        }
        b"1" => "hard link",
        b"2" => "symbolic link",
        b"3" => "character device",
        b"4" => "block device",
        b"5" => "folder",
        b"6" => "named pipe",
        b"x" | b"g" | b"L" | b"K" | b"S" => "tar extension",
        _ => "unknown kind of entry",
    };
    Err(ArchiveError::NotAFile {
        name: excerpt(&name),
        kind,
    })
}

/// The text before the first NUL; what follows must be NULs, so that nothing hides behind it.
fn text(field: &[u8]) -> Result<&str, NameError> {
    let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
    let (text, nuls) = field.split_at(end);
    let text = std::str::from_utf8(text).map_err(|_| NameError::NotUtf8)?;
    if nuls.iter().any(|&byte| byte != 0) {
        return Err(NameError::Character {
            name: excerpt(text),
            code: 0,
        });
    }
    Ok(text)
}

/// Octal digits, ended by spaces or NULs. Other encodings of numbers are refused.
fn octal(field: &[u8]) -> Option<u64> {
    let end = field
        .iter()
        .position(|b| !(b'0'..=b'7').contains(b))
        .unwrap_or(field.len());
    let (digits, tail) = field.split_at(end);
    if digits.is_empty() || tail.iter().any(|&b| b != b' ' && b != 0) {
        return None;
    }
    // At most 12 digits of 3 bits.
    Some(
        digits
            .iter()
            .fold(0, |value, digit| value * 8 + u64::from(digit - b'0')),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Read as _;

    fn file(name: &str, bytes: &[u8]) -> FileEntry {
        FileEntry {
            name: name.into(),
            bytes: bytes.into(),
        }
    }

    fn written(files: &[FileEntry]) -> Vec<u8> {
        write_tar(files.iter(), 0).unwrap()
    }

    /// A tar made by another program's rules, for entries that we never write.
    fn foreign(kind: tar::EntryType, name: &[u8], size: u64) -> Vec<u8> {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_cksum();
        let mut bytes = header.as_bytes().to_vec();
        bytes.resize(4 * BLOCK, 0);
        bytes
    }

    #[test]
    fn another_reader_of_tar_reads_what_is_written() {
        let files = [
            file("manifest.json", b"{}"),
            file("rules/a.rules", &[7; 513]),
            file(&"n".repeat(100), b""),
        ];
        let bytes = write_tar(files.iter(), 65_536).unwrap();
        assert_eq!(bytes.len(), 65_536);
        let mut archive = tar::Archive::new(&bytes[..]);
        let mut read = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            assert_eq!(entry.header().mtime().unwrap(), MODIFIED_SECONDS);
            assert_eq!(entry.header().mode().unwrap(), 0o600);
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            read.push(FileEntry { name, bytes });
        }
        assert_eq!(read, files);
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let files = [file("a", b"1"), file("b", b"2")];
        assert_eq!(written(&files), written(&files));
        assert_eq!(written(&files).len() as u64, tar_size(files.iter()));
    }

    #[test]
    fn unsafe_names_are_refused_by_writer_and_reader() {
        for name in [
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a/./b",
            "a//b",
            "a/",
            "",
            "C:x",
            "a\\b",
            "a\nb",
            "a\u{202e}b",
        ] {
            assert!(check_name(name).is_err(), "{name:?}");
            assert!(write_tar([file(name, b"")].iter(), 0).is_err(), "{name:?}");
            let bytes = foreign(tar::EntryType::Regular, name.as_bytes(), 0);
            assert!(
                matches!(read_tar(&bytes), Err(ArchiveError::Name(_))),
                "{name:?}"
            );
        }
        let bytes = foreign(tar::EntryType::Regular, b"a\0b", 0);
        assert!(matches!(
            read_tar(&bytes),
            Err(ArchiveError::Name(NameError::Character { code: 0, .. }))
        ));
        let bytes = foreign(tar::EntryType::Regular, b"\xff", 0);
        assert_eq!(read_tar(&bytes), Err(NameError::NotUtf8.into()));
    }

    #[test]
    fn names_that_meet_on_some_file_system_are_refused() {
        let twice = [file("a.txt", b""), file("A.TXT", b"")];
        assert!(matches!(
            write_tar(twice.iter(), 0),
            Err(ArchiveError::Name(NameError::Duplicate { .. }))
        ));
        for pair in [["a", "a/b"], ["a/b", "A"]] {
            let files = pair.map(|name| file(name, b""));
            assert!(matches!(
                write_tar(files.iter(), 0),
                Err(ArchiveError::Name(NameError::FileAndFolder { .. }))
            ));
        }
    }

    #[test]
    fn links_devices_folders_and_extensions_are_refused_by_kind() {
        use tar::EntryType as T;
        for (entry, kind) in [
            (T::Link, "hard link"),
            (T::Symlink, "symbolic link"),
            (T::Char, "character device"),
            (T::Block, "block device"),
            (T::Directory, "folder"),
            (T::Fifo, "named pipe"),
            (T::XHeader, "tar extension"),
            (T::GNULongName, "tar extension"),
            (T::GNUSparse, "tar extension"),
        ] {
            let error = read_tar(&foreign(entry, b"x", 0)).unwrap_err();
            assert!(
                matches!(&error, ArchiveError::NotAFile { kind: found, .. } if *found == kind),
                "{error}"
            );
        }
    }

    #[test]
    fn sizes_that_are_not_there_are_refused() {
        let error = read_tar(&foreign(tar::EntryType::Regular, b"x", 1 << 32)).unwrap_err();
        assert!(matches!(error, ArchiveError::Truncated { claimed, .. } if claimed == 1 << 32));
        // Base-256 numbers.
        let error = read_tar(&foreign(tar::EntryType::Regular, b"x", 1 << 40)).unwrap_err();
        assert!(matches!(error, ArchiveError::Header { .. }), "{error}");
    }

    #[test]
    fn too_many_files_are_refused_with_the_limit() {
        let files: Vec<_> = (0..=ENTRIES_MAX)
            .map(|n| file(&n.to_string(), b""))
            .collect();
        let error = write_tar(files.iter(), 0).unwrap_err();
        assert!(error.to_string().contains("1000"));
        let mut bytes = written(&files[..ENTRIES_MAX]);
        bytes.truncate(bytes.len() - 2 * BLOCK);
        bytes.extend_from_slice(&written(&files[ENTRIES_MAX..]));
        assert_eq!(read_tar(&bytes), Err(ArchiveError::TooManyEntries));
    }

    #[test]
    fn nothing_may_follow_the_end() {
        let mut bytes = written(&[file("a", b"1")]);
        bytes.extend_from_slice(&written(&[file("b", b"2")]));
        assert_eq!(read_tar(&bytes), Err(ArchiveError::End));
        assert_eq!(read_tar(&[]), Err(ArchiveError::End));
        let whole = written(&[file("a", b"1")]);
        assert_eq!(read_tar(&whole[..2 * BLOCK]), Err(ArchiveError::End));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..1200), 0..6)) {
            let files: Vec<_> = contents.into_iter().enumerate().map(|(n, bytes)| FileEntry { name: format!("d{}/f{n}", n % 2), bytes }).collect();
            prop_assert_eq!(read_tar(&written(&files)).unwrap(), files);
        }

        #[test]
        fn a_damaged_tar_never_panics(at in 0usize..2048, byte in any::<u8>(), cut in 0usize..2100) {
            let mut bytes = written(&[file("a/b", b"1"), file("c", b"2")]);
            if let Some(slot) = bytes.get_mut(at) { *slot = byte; }
            bytes.truncate(cut);
            let _ = read_tar(&bytes);
        }
    }
}
