//! Archives, unpacked in memory and never further than their limits.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;
use tar::EntryType;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::Why;
use crate::limits::{Limits, NAME_BYTES_MAX};

/// One member of an archive, or why it was not unpacked.
pub(crate) type Member = (String, Result<Vec<u8>, Why>);

/// How much one archive may still unpack.
pub(crate) struct Budget {
    /// Left of [`crate::UNPACKED_BYTES_MAX`].
    all: u64,
    all_max: u64,
    /// Left of what the archive's own size allows.
    own: u64,
    ratio_max: u64,
    one_max: u64,
    spent: u64,
}

impl Budget {
    /// For an archive of `packed_bytes`, when all before it unpacked to `unpacked_bytes`.
    pub(crate) fn new(limits: &Limits, packed_bytes: usize, unpacked_bytes: u64) -> Self {
        let own = (packed_bytes as u64).saturating_mul(limits.ratio_max);
        Self {
            all: limits.unpacked_bytes_max.saturating_sub(unpacked_bytes),
            all_max: limits.unpacked_bytes_max,
            own: own.max(limits.ratio_free_bytes),
            ratio_max: limits.ratio_max,
            one_max: limits.input_bytes_max,
            spent: 0,
        }
    }

    /// Bytes that were unpacked.
    pub(crate) fn spent(&self) -> u64 {
        self.spent
    }

    /// Counts what was unpacked from archives inside this one, `unpacked_bytes` with this one's own.
    pub(crate) fn charge_nested(&mut self, unpacked_bytes: u64) {
        let nested = unpacked_bytes.saturating_sub(self.spent);
        self.spent = self.spent.saturating_add(nested);
        self.all = self.all.saturating_sub(nested);
    }

    /// Whether nothing more may be unpacked.
    fn is_used_up(&self) -> bool {
        self.all == 0 || self.own == 0
    }

    /// Unpacks one member, up to the nearest limit.
    fn read(&mut self, what: &'static str, from: impl Read) -> Result<Vec<u8>, Why> {
        let most = self.one_max.min(self.all).min(self.own);
        let mut out = Vec::new();
        let result = from.take(most.saturating_add(1)).read_to_end(&mut out);
        let read = out.len() as u64;
        self.spent = self.spent.saturating_add(read);
        let was = (self.all, self.own);
        self.all = self.all.saturating_sub(read);
        self.own = self.own.saturating_sub(read);
        if read > most {
            return Err(if most == was.1 {
                Why::limit("the compression ratio", "RATIO_MAX", self.ratio_max)
            } else if most == was.0 {
                Why::limit(
                    "the unpacked size of all archives in bytes",
                    "UNPACKED_BYTES_MAX",
                    self.all_max,
                )
            } else {
                Why::limit("its size in bytes", "INPUT_BYTES_MAX", self.one_max)
            });
        }
        result.map_err(|error| Why::damaged(what, error))?;
        Ok(out)
    }
}

/// A member's name that stays inside its archive; `\` counts as `/`, as some programs write it.
pub(crate) fn safe_name(raw: &str) -> Result<String, Why> {
    let problem = |problem| Err(Why::Name { problem });
    if raw.len() > NAME_BYTES_MAX {
        return Err(Why::limit(
            "the length of its name",
            "NAME_BYTES_MAX",
            NAME_BYTES_MAX as u64,
        ));
    }
    if raw.contains(|c: char| c.is_control()) {
        return problem("has control characters");
    }
    let name = raw.replace('\\', "/");
    let drive = name.as_bytes();
    let has_drive =
        drive.first().is_some_and(u8::is_ascii_alphabetic) && drive.get(1) == Some(&b':');
    if name.starts_with('/') || has_drive {
        return problem("is absolute");
    }
    if name.split('/').any(|piece| piece == "..") {
        return problem("leads out of the archive");
    }
    let pieces: Vec<&str> = name
        .split('/')
        .filter(|piece| !piece.is_empty() && *piece != ".")
        .collect();
    if pieces.is_empty() {
        return problem("is empty");
    }
    Ok(pieces.join("/"))
}

/// A name that is safe to show, whatever was in it.
pub(crate) fn shown(raw: &str) -> String {
    raw.chars()
        .take(200)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// Unpacks one gzip file.
pub(crate) fn gunzip(bytes: &[u8], budget: &mut Budget) -> Result<Vec<u8>, Why> {
    budget.read("a gzip file", MultiGzDecoder::new(bytes))
}

/// The members of a zip archive, as long as `want` wants one more.
///
/// An `Err` is the archive's own: what came before it was handed on.
pub(crate) fn unzip(
    bytes: &[u8],
    limits: &Limits,
    budget: &mut Budget,
    mut hand_on: impl FnMut(&mut Budget, Member) -> Result<(), Why>,
) -> Result<(), Why> {
    // Directories of archives are read whole, so their length is checked before.
    let entries_max = limits.members_max.saturating_mul(10);
    let entries = bytes.windows(4).filter(|w| *w == b"PK\x01\x02");
    if entries.take(entries_max as usize + 1).count() as u64 > entries_max {
        return Err(Why::limit(
            "the number of members",
            "MEMBERS_MAX",
            limits.members_max,
        ));
    }
    let damaged = |error: ZipError| Why::damaged("a zip archive", error);
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    for at in 0..archive.len() {
        let (name, verdict) = {
            let entry = archive.by_index_raw(at).map_err(damaged)?;
            if entry.is_dir() {
                continue;
            }
            let raw = entry.name().map_or_else(
                |_| String::from_utf8_lossy(entry.name_raw()).into_owned(),
                std::borrow::Cow::into_owned,
            );
            let verdict = safe_name(&raw).and_then(|name| {
                if entry.is_symlink() {
                    return Err(Why::NotAFile {
                        what: "symbolic link",
                    });
                }
                if entry.encrypted() {
                    return Err(Why::Encrypted);
                }
                Ok(name)
            });
            (raw, verdict)
        };
        if budget.is_used_up() {
            return Err(Why::limit(
                "the compression ratio",
                "RATIO_MAX",
                limits.ratio_max,
            ));
        }
        let member = match verdict {
            Err(why) => (shown(&name), Err(why)),
            Ok(name) => {
                let unpacked = match archive.by_index(at) {
                    Ok(entry) => budget.read("a member of a zip archive", entry),
                    Err(ZipError::CompressionMethodNotSupported(number)) => Err(Why::Packed {
                        with: format!("method {number} of zip"),
                    }),
                    Err(ZipError::UnsupportedArchive(reason)) => Err(Why::Packed {
                        with: reason.to_owned(),
                    }),
                    Err(error) => Err(damaged(error)),
                };
                (name, unpacked)
            }
        };
        hand_on(budget, member)?;
    }
    Ok(())
}

/// The members of a tar archive.
pub(crate) fn untar(
    bytes: &[u8],
    budget: &mut Budget,
    mut hand_on: impl FnMut(&mut Budget, Member) -> Result<(), Why>,
) -> Result<(), Why> {
    let damaged = |error: std::io::Error| Why::damaged("a tar archive", error);
    let mut archive = tar::Archive::new(bytes);
    for entry in archive.entries().map_err(damaged)? {
        let entry = entry.map_err(damaged)?;
        let raw = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let what = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => None,
            EntryType::Directory | EntryType::XGlobalHeader | EntryType::XHeader => continue,
            EntryType::Symlink => Some("symbolic link"),
            EntryType::Link => Some("hard link"),
            EntryType::Fifo => Some("pipe"),
            EntryType::Char | EntryType::Block => Some("device"),
            _ => Some("member of an unknown type"),
        };
        let member = match (safe_name(&raw), what) {
            (Err(why), _) => (shown(&raw), Err(why)),
            (Ok(name), Some(what)) => (name, Err(Why::NotAFile { what })),
            (Ok(name), None) => {
                let unpacked = budget.read("a member of a tar archive", entry);
                (name, unpacked)
            }
        };
        hand_on(budget, member)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_out_of_its_archive_is_refused() {
        for name in [
            "../a",
            "a/../../b",
            "/etc/passwd",
            "C:\\a",
            "c:a",
            "\\\\host\\a",
            "a\0b",
            "a\nb",
            "",
            "./",
            "a\\..\\b",
        ] {
            assert!(safe_name(name).is_err(), "{name:?}");
        }
        assert_eq!(safe_name("a\\b/./c..d//e").unwrap(), "a/b/c..d/e");
    }
}
