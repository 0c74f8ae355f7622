//! Git repositories: files of the recent history, and what its commits say.
//!
//! The `git` command reads the objects, through an empty repository of our own that points at them.
//! So nothing of the found repository's configuration, hooks, filters or remotes is ever looked at.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::Why;
use crate::child::Run;
use crate::limits::{
    FOLDER_DEPTH_MAX, GIT_BLOB_BYTES_MAX, GIT_BYTES_MAX, GIT_MEMORY_BYTES_MAX, GIT_REFS_MAX,
    GIT_SECONDS_MAX, Limits, MEMBERS_MAX, Tools,
};

/// What a repository's history holds.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// What each commit says, the newest first.
    pub(crate) messages: Vec<String>,
    /// Id, path and bytes of each file that was ever there.
    pub(crate) blobs: Vec<(String, String, Vec<u8>)>,
    /// What was left out.
    pub(crate) skipped: Vec<(String, Why)>,
}

/// Whether a folder is a repository without a work tree.
pub(crate) fn is_bare(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir()
}

fn damaged(reason: impl ToString) -> Why {
    Why::damaged("a Git repository", reason)
}

fn disk(error: std::io::Error) -> Why {
    Why::Disk {
        reason: error.to_string(),
    }
}

/// Reads the history of the repository at `folder`, its `.git`.
pub(crate) fn read(folder: &Path, tools: &Tools, limits: &Limits) -> Result<History, Why> {
    let objects = folder.join("objects");
    check(folder, &objects)?;
    let tips = tips(folder)?;
    if tips.is_empty() {
        return Ok(History::default());
    }
    let ours = tempfile::tempdir().map_err(disk)?;
    let is_long = tips.iter().any(|tip| tip.len() == 64);
    make_empty(ours.path(), is_long).map_err(disk)?;
    let git = Git {
        tools,
        ours: ours.path(),
        objects: fs::canonicalize(&objects).map_err(disk)?.into(),
    };
    git.history(&tips, limits)
}

/// Refuses repositories that point elsewhere: their objects are not what was found.
fn check(folder: &Path, objects: &Path) -> Result<(), Why> {
    for place in [
        "commondir",
        "objects/info/alternates",
        "objects/info/http-alternates",
    ] {
        if fs::symlink_metadata(folder.join(place)).is_ok() {
            return Err(damaged(format!("`{place}` points to another repository")));
        }
    }
    let mut folders = vec![objects.to_owned()];
    let mut seen = 0u64;
    while let Some(folder) = folders.pop() {
        let about = fs::symlink_metadata(&folder).map_err(disk)?;
        if !about.is_dir() {
            return Err(damaged("its objects are somewhere else"));
        }
        for entry in fs::read_dir(&folder).map_err(disk)? {
            let entry = entry.map_err(disk)?;
            let kind = entry.file_type().map_err(disk)?;
            seen += 1;
            if seen > MEMBERS_MAX * 10 {
                return Err(Why::limit(
                    "the number of its files",
                    "MEMBERS_MAX * 10",
                    MEMBERS_MAX * 10,
                ));
            }
            if kind.is_dir() && folders.len() < 1000 {
                folders.push(entry.path());
            } else if !kind.is_file() {
                return Err(damaged("an object is a link or a device"));
            }
        }
    }
    Ok(())
}

fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The ids of branches, tags and `HEAD`.
fn tips(folder: &Path) -> Result<Vec<String>, Why> {
    let mut tips = BTreeSet::new();
    for file in ["HEAD", "packed-refs", "ORIG_HEAD"] {
        for line in small(&folder.join(file)).lines() {
            let id = line.split_ascii_whitespace().next().unwrap_or_default();
            let id = id.trim_start_matches('^');
            if is_id(id) {
                tips.insert(id.to_owned());
            }
        }
    }
    let mut folders = vec![(folder.join("refs"), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() && depth < FOLDER_DEPTH_MAX {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() {
                let id = small(&entry.path()).trim().to_owned();
                if is_id(&id) {
                    tips.insert(id);
                }
            }
            if tips.len() > GIT_REFS_MAX {
                return Err(Why::limit(
                    "the number of branches and tags",
                    "GIT_REFS_MAX",
                    GIT_REFS_MAX as u64,
                ));
            }
        }
    }
    Ok(tips.into_iter().collect())
}

/// The text of a small file that is a file; nothing otherwise.
fn small(path: &Path) -> String {
    let is_small =
        fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.len() < 1 << 20);
    if is_small {
        fs::read_to_string(path).unwrap_or_default()
    } else {
        String::new()
    }
}

/// An empty repository.
fn make_empty(folder: &Path, is_long: bool) -> std::io::Result<()> {
    fs::create_dir(folder.join("objects"))?;
    fs::create_dir(folder.join("refs"))?;
    fs::write(folder.join("HEAD"), "ref: refs/heads/none\n")?;
    let config = if is_long {
        "[core]\nrepositoryformatversion = 1\nbare = true\n[extensions]\nobjectformat = sha256\n"
    } else {
        "[core]\nrepositoryformatversion = 0\nbare = true\n"
    };
    fs::write(folder.join("config"), config)
}

struct Git<'a> {
    tools: &'a Tools,
    ours: &'a Path,
    objects: OsString,
}

impl Git<'_> {
    fn history(&self, tips: &[String], limits: &Limits) -> Result<History, Why> {
        let count = format!("--max-count={}", limits.git_commits_max);
        let arguments = [
            "rev-list",
            "--ignore-missing",
            "--date-order",
            &count,
            "--objects",
            "--stdin",
        ];
        let listed = self.run(&arguments, &lines(tips.iter()))?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let objects: Vec<(&str, &str)> = listed
            .lines()
            .map(|line| line.split_once(' ').unwrap_or((line, "")))
            .filter(|(id, _)| is_id(id))
            .collect();
        let ids = lines(objects.iter().map(|(id, _)| id));
        let kinds = self.run(
            &["cat-file", "--batch-check=%(objecttype) %(objectsize)"],
            &ids,
        )?;
        let kinds = String::from_utf8_lossy(&kinds).into_owned();
        let mut history = History::default();
        let mut wanted: Vec<(&str, &str, bool)> = Vec::new();
        let (mut bytes, mut blobs, mut dropped) = (0u64, 0usize, 0u64);
        for ((id, path), about) in objects.iter().zip(kinds.lines()) {
            let (kind, size) = about.split_once(' ').unwrap_or_default();
            let size: u64 = size.parse().unwrap_or(u64::MAX);
            match kind {
                "commit" if size <= GIT_BLOB_BYTES_MAX => wanted.push((id, path, false)),
                "blob" if size > GIT_BLOB_BYTES_MAX => history.skipped.push((
                    crate::archive::shown(path),
                    Why::limit(
                        "its size in bytes",
                        "GIT_BLOB_BYTES_MAX",
                        GIT_BLOB_BYTES_MAX,
                    ),
                )),
                "blob"
                    if blobs >= limits.git_blobs_max
                        || bytes.saturating_add(size) > GIT_BYTES_MAX =>
                {
                    dropped += 1;
                }
                "blob" => {
                    blobs += 1;
                    bytes = bytes.saturating_add(size);
                    wanted.push((id, path, true));
                }
                _ => {}
            }
        }
        if dropped > 0 {
            history.skipped.push((
                format!("{dropped} files of the history"),
                Why::limit(
                    "the number of files",
                    "GIT_BLOBS_MAX",
                    limits.git_blobs_max as u64,
                ),
            ));
        }
        let contents = self.run(
            &["cat-file", "--batch"],
            &lines(wanted.iter().map(|(id, ..)| id)),
        )?;
        let mut rest = contents.as_slice();
        for (id, path, is_blob) in wanted {
            let Some(content) = next_content(&mut rest) else {
                return Err(damaged("an object cannot be read"));
            };
            if is_blob {
                history
                    .blobs
                    .push((id.to_owned(), path.to_owned(), content.to_vec()));
            } else {
                let text = String::from_utf8_lossy(content);
                let message = text.split_once("\n\n").map_or("", |(_, message)| message);
                history.messages.push(message.trim().to_owned());
            }
        }
        Ok(history)
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, Why> {
        let program = &self.tools.git;
        let said = Run {
            program,
            missing: Why::NoProgram {
                what: "a Git repository's history",
                program: program.to_string_lossy().into_owned(),
                packages: "git",
            },
            arguments: [
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.fsmonitor=false",
                "--no-pager",
            ]
            .iter()
            .chain(arguments)
            .map(OsString::from)
            .collect(),
            environment: vec![
                ("GIT_DIR", self.ours.into()),
                ("GIT_OBJECT_DIRECTORY", self.objects.clone()),
                ("GIT_CONFIG_NOSYSTEM", "1".into()),
                ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
                ("GIT_CONFIG_SYSTEM", "/dev/null".into()),
                ("GIT_NO_LAZY_FETCH", "1".into()),
                ("GIT_NO_REPLACE_OBJECTS", "1".into()),
                ("GIT_OPTIONAL_LOCKS", "0".into()),
                ("GIT_TERMINAL_PROMPT", "0".into()),
                ("HOME", self.ours.into()),
                ("LC_ALL", "C".into()),
            ],
            input,
            time_max: (Duration::from_secs(GIT_SECONDS_MAX), "GIT_SECONDS_MAX"),
            memory_bytes_max: (GIT_MEMORY_BYTES_MAX, "GIT_MEMORY_BYTES_MAX"),
            output_bytes_max: (GIT_BYTES_MAX * 2, "GIT_BYTES_MAX * 2"),
        }
        .run()?;
        if said.status.success() {
            Ok(said.output)
        } else {
            Err(damaged(said.complaint))
        }
    }
}

fn lines<T: AsRef<str>>(ids: impl Iterator<Item = T>) -> Vec<u8> {
    let mut out = Vec::new();
    for id in ids {
        out.extend_from_slice(id.as_ref().as_bytes());
        out.push(b'\n');
    }
    out
}

/// The next object of `git cat-file --batch`: `id type size`, a line break, the bytes, a line break.
fn next_content<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|b| *b == b'\n')?;
    let header = std::str::from_utf8(rest.get(..end)?).ok()?;
    let size: usize = header.rsplit(' ').next()?.parse().ok()?;
    let start = end.checked_add(1)?;
    let stop = start.checked_add(size)?;
    let content = rest.get(start..stop)?;
    *rest = rest.get(stop.checked_add(1)?..)?;
    Some(content)
}
