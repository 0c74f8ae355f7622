//! From what was found to texts: walks folders and archives, and reads what is in them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::archive::{self, Budget, Member, safe_name, shown};
use crate::git;
use crate::kind::{Kind, kind};
use crate::limits::{FOLDER_DEPTH_MAX, Limits, SKIPPED_MAX, Tools};
use crate::mail::mail;
use crate::office::office;
use crate::part::{Intake, Original, Part, Skipped, Source, Step};
use crate::strings::strings;
use crate::{Why, pdf, picture};

/// Something that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A file or a folder.
    Path(PathBuf),
    /// Bytes under a name, such as standard input.
    Bytes {
        /// The name.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// Why nothing comes out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// A file that was named cannot be read.
    #[error("`{name}`: {why}")]
    Unreadable {
        /// The file.
        name: String,
        /// Why.
        why: Why,
    },
    /// Nothing of what was handed in can be read.
    #[error("nothing of it can be read: `{}`: {}{}", first.name, first.why, and_more(*more))]
    Nothing {
        /// The first reason.
        first: Skipped,
        /// How many more were not read.
        more: u64,
    },
    /// There is no file in it.
    #[error("there is no file in it")]
    Empty,
}

fn and_more(more: u64) -> String {
    match more {
        0 => String::new(),
        more => format!(", and {more} more"),
    }
}

impl IntakeError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self.why() {
            Some(why) => why.hint(),
            None => "hand in the leak's files, or the folder that holds them".into(),
        }
    }

    /// Whether this machine lacks something, rather than the input.
    pub fn is_of_the_machine(&self) -> bool {
        matches!(self.why(), Some(Why::NoProgram { .. }))
    }

    fn why(&self) -> Option<&Why> {
        match self {
            Self::Unreadable { why, .. } => Some(why),
            Self::Nothing { first, .. } => Some(&first.why),
            Self::Empty => None,
        }
    }
}

/// Reads what was found.
///
/// A file that is named and cannot be read is an error; inside folders and archives it is skipped with its reason.
///
/// # Errors
/// [`IntakeError`] when a named file cannot be read, or nothing can.
pub fn take(found: &[Found], tools: &Tools, limits: &Limits) -> Result<Intake, IntakeError> {
    let (mut out, unreadable) = walk(found, tools, limits);
    if let Some(Skipped { name, why }) = unreadable {
        return Err(IntakeError::Unreadable { name, why });
    }
    if !out.parts.is_empty() {
        return Ok(out);
    }
    if out.skipped.is_empty() {
        return Err(IntakeError::Empty);
    }
    let more = out.skipped.len() as u64 - 1 + out.skipped_more;
    Err(IntakeError::Nothing {
        first: out.skipped.swap_remove(0),
        more,
    })
}

/// Reads what was found, as [`take`] does, and skips what cannot be read also where it was named.
pub fn survey(found: &[Found], tools: &Tools, limits: &Limits) -> Intake {
    walk(found, tools, limits).0
}

/// What was read, and the first named file that was not.
fn walk(found: &[Found], tools: &Tools, limits: &Limits) -> (Intake, Option<Skipped>) {
    let mut unreadable = None;
    let mut taker = Taker {
        tools,
        limits,
        out: Intake::default(),
        members: 0,
        unpacked_bytes: 0,
        text_bytes: 0,
        pictures: 0,
        tesseract: None,
        digests: BTreeSet::new(),
    };
    for one in found {
        let (name, read) = match one {
            Found::Bytes { name, bytes } => {
                let read = taker.original(name, bytes.clone(), Vec::new());
                (name.clone(), read)
            }
            Found::Path(path) => {
                let name = name_of(path);
                let read = taker.path(path, &name);
                (name, read)
            }
        };
        if let Err(why) = read {
            taker.skip(name.clone(), why.clone());
            unreadable.get_or_insert(Skipped { name, why });
        }
    }
    (taker.out, unreadable)
}

/// The last piece of a path, also of `.` and `..`.
fn name_of(path: &Path) -> String {
    let named = path.file_name().map(ToOwned::to_owned).or_else(|| {
        let whole = fs::canonicalize(path).ok()?;
        whole.file_name().map(ToOwned::to_owned)
    });
    named.map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn disk(error: std::io::Error) -> Why {
    Why::Disk {
        reason: error.to_string(),
    }
}

/// Where some bytes stand in the leak.
#[derive(Clone)]
struct Place {
    name: String,
    source: Source,
    depth: u32,
}

impl Place {
    /// The place of something inside this.
    fn inside(&self, name: &str, step: Step) -> Self {
        let mut inside = self.clone();
        inside.name = format!("{}/{name}", self.name);
        inside.source.steps.push(step);
        inside
    }

    /// The same place after one more step.
    fn after(&self, step: Step) -> Self {
        let mut after = self.clone();
        after.source.steps.push(step);
        after
    }
}

struct Taker<'a> {
    tools: &'a Tools,
    limits: &'a Limits,
    out: Intake,
    members: u64,
    unpacked_bytes: u64,
    text_bytes: u64,
    pictures: u64,
    /// The recognising program's name and version, once it was asked.
    tesseract: Option<Result<String, Why>>,
    /// Of every file that was read from a disk.
    digests: BTreeSet<[u8; 32]>,
}

impl Taker<'_> {
    fn skip(&mut self, name: impl Into<String>, why: Why) {
        if self.out.skipped.len() < SKIPPED_MAX {
            let name = name.into();
            self.out.skipped.push(Skipped { name, why });
        } else {
            self.out.skipped_more += 1;
        }
    }

    fn count(&mut self) -> Result<(), Why> {
        self.members += 1;
        if self.members > self.limits.members_max {
            return Err(Why::limit(
                "the number of files and members",
                "MEMBERS_MAX",
                self.limits.members_max,
            ));
        }
        Ok(())
    }

    /// A path that was named: links are followed here, and nowhere else.
    fn path(&mut self, path: &Path, name: &str) -> Result<(), Why> {
        let about = fs::metadata(path).map_err(disk)?;
        if about.is_dir() {
            self.folder(path, name, 0);
            Ok(())
        } else {
            self.file(path, name)
        }
    }

    fn folder(&mut self, path: &Path, name: &str, depth: u32) {
        if depth > FOLDER_DEPTH_MAX {
            let max = FOLDER_DEPTH_MAX.into();
            self.skip(
                name,
                Why::limit("the depth of folders", "FOLDER_DEPTH_MAX", max),
            );
            return;
        }
        if git::is_bare(path) {
            self.repository(path, name);
            return;
        }
        let entries = match fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(entries) => entries,
            Err(error) => {
                self.skip(name, disk(error));
                return;
            }
        };
        let mut entries: Vec<_> = entries.iter().map(|e| (e.file_name(), e)).collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let mut repository = None;
        for (file_name, entry) in entries {
            let shown_name = format!("{name}/{}", shown(&file_name.to_string_lossy()));
            if self.members > self.limits.members_max {
                self.skip(shown_name, self.too_many());
                return;
            }
            let kind = match entry.file_type() {
                Ok(kind) => kind,
                Err(error) => {
                    self.skip(shown_name, disk(error));
                    continue;
                }
            };
            if file_name == ".git" && kind.is_dir() {
                repository = Some((entry.path(), shown_name));
            } else if file_name == ".git" {
                let what = "pointer to a Git repository somewhere else";
                self.skip(shown_name, Why::NotAFile { what });
            } else if kind.is_dir() {
                self.folder(&entry.path(), &shown_name, depth + 1);
            } else if !kind.is_file() {
                let what = if kind.is_symlink() {
                    "symbolic link"
                } else {
                    "device, pipe or socket"
                };
                self.skip(shown_name, Why::NotAFile { what });
            } else if let Err(why) = safe_name(&file_name.to_string_lossy())
                .and_then(|_| self.file(&entry.path(), &shown_name))
            {
                self.skip(shown_name, why);
            }
        }
        if let Some((path, name)) = repository {
            self.repository(&path, &name);
        }
    }

    fn too_many(&self) -> Why {
        let max = self.limits.members_max;
        Why::limit("the number of files and members", "MEMBERS_MAX", max)
    }

    fn file(&mut self, path: &Path, name: &str) -> Result<(), Why> {
        let about = fs::metadata(path).map_err(disk)?;
        if !about.is_file() {
            return Err(Why::NotAFile {
                what: "device, pipe or socket",
            });
        }
        let max = self.limits.input_bytes_max;
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(max.saturating_add(1)).read_to_end(&mut bytes))
            .map_err(disk)?;
        self.original(name, bytes, Vec::new())
    }

    /// A file as it was found.
    fn original(&mut self, name: &str, bytes: Vec<u8>, steps: Vec<Step>) -> Result<(), Why> {
        self.count()?;
        let max = self.limits.input_bytes_max;
        if bytes.len() as u64 > max {
            return Err(Why::limit("its size in bytes", "INPUT_BYTES_MAX", max));
        }
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        self.digests.insert(sha256);
        let original = Original {
            file: name.to_owned(),
            sha256,
        };
        self.out.originals.push(original.clone());
        let place = Place {
            name: name.to_owned(),
            source: Source { original, steps },
            depth: 0,
        };
        self.bytes(place, bytes)
    }

    fn bytes(&mut self, place: Place, bytes: Vec<u8>) -> Result<(), Why> {
        match kind(&place.name, &bytes) {
            Kind::Plain => self.part(place, bytes),
            Kind::Gzip => self.gzip(place, &bytes),
            Kind::Zip => self.zip(place, &bytes),
            Kind::Tar => self.members(&place, "tar", &bytes),
            Kind::Pdf => {
                let text = pdf::read(&bytes, self.tools, self.limits)?;
                self.text(place.after(Step::Pdf), text)
            }
            Kind::Picture => self.picture(place, &bytes),
            Kind::Mail => self.mail(place, &bytes),
            Kind::Packed("age") => Err(Why::Encrypted),
            Kind::Packed(with) => Err(Why::Packed { with: with.into() }),
            Kind::Wordless(what) => Err(Why::NoText { what }),
            Kind::Binary => {
                let text = strings(&bytes);
                if text.is_empty() {
                    return Err(Why::NoText {
                        what: "a binary file",
                    });
                }
                self.text(place.after(Step::Strings), text)
            }
        }
    }

    /// Text that was made from something else: its name says so.
    fn text(&mut self, mut place: Place, text: String) -> Result<(), Why> {
        place.name.push_str(".txt");
        self.part(place, text.into_bytes())
    }

    fn part(&mut self, place: Place, bytes: Vec<u8>) -> Result<(), Why> {
        if bytes.len() > carriers::LEAK_BYTES_MAX {
            return Err(Why::limit(
                "its size in bytes",
                "LEAK_BYTES_MAX",
                carriers::LEAK_BYTES_MAX as u64,
            ));
        }
        let after = self.text_bytes.saturating_add(bytes.len() as u64);
        if after > self.limits.text_bytes_max {
            return Err(Why::limit(
                "the text in all in bytes",
                "TEXT_BYTES_MAX",
                self.limits.text_bytes_max,
            ));
        }
        self.text_bytes = after;
        self.out.parts.push(Part {
            name: place.name,
            bytes,
            source: place.source,
        });
        Ok(())
    }

    fn deeper(&self, place: &Place) -> Result<u32, Why> {
        let depth = place.depth + 1;
        if depth > self.limits.depth_max {
            return Err(Why::limit(
                "the depth of archives inside archives",
                "DEPTH_MAX",
                self.limits.depth_max.into(),
            ));
        }
        Ok(depth)
    }

    fn gzip(&mut self, mut place: Place, packed: &[u8]) -> Result<(), Why> {
        place.depth = self.deeper(&place)?;
        let mut budget = Budget::new(self.limits, packed.len(), self.unpacked_bytes);
        let unpacked = archive::gunzip(packed, &mut budget);
        self.unpacked_bytes = self.unpacked_bytes.saturating_add(budget.spent());
        let mut after = place.after(Step::Gunzip);
        if let Some(stem) = after.name.strip_suffix(".gz") {
            after.name = stem.to_owned();
        } else if let Some(stem) = after.name.strip_suffix(".tgz") {
            after.name = format!("{stem}.tar");
        }
        // The tar inside is the same archive for people.
        let unpacked = unpacked?;
        if kind(&after.name, &unpacked) == Kind::Tar {
            after.depth -= 1;
        }
        self.bytes(after, unpacked)
    }

    fn zip(&mut self, place: Place, bytes: &[u8]) -> Result<(), Why> {
        // The names of an archive's members stand at its end, unpacked.
        let says = |name: &[u8]| crate::kind::find(bytes, name).is_some();
        let is_office = says(b"word/document.xml")
            || says(b"ppt/presentation.xml")
            || says(b"xl/workbook.xml")
            || says(b"mimetype") && says(b"content.xml");
        if is_office {
            // An archive that merely holds an office document has no document of its own.
            match office(bytes, self.limits.office_bytes_max) {
                Ok((kind, text)) => {
                    let format = kind.as_str();
                    return self.text(place.after(Step::Office { format }), text);
                }
                Err(Why::Damaged { reason, .. }) if reason == crate::office::NOT_ONE => {}
                Err(why) => return Err(why),
            }
        }
        self.members(&place, "zip", bytes)
    }

    /// Reads every member of an archive; what goes wrong with one is its own reason to be skipped.
    fn members(&mut self, place: &Place, format: &'static str, bytes: &[u8]) -> Result<(), Why> {
        let depth = self.deeper(place)?;
        let mut budget = Budget::new(self.limits, bytes.len(), self.unpacked_bytes);
        let limits = self.limits;
        let before = self.unpacked_bytes;
        let mut has_repository = false;
        let hand_on = |budget: &mut Budget, (path, unpacked): Member| {
            self.unpacked_bytes = before.saturating_add(budget.spent());
            self.count()?;
            if path.split('/').any(|piece| piece == ".git") {
                has_repository = true;
                return Ok(());
            }
            let mut inside = place.inside(
                &path,
                Step::Member {
                    archive: format,
                    path: path.clone(),
                },
            );
            inside.depth = depth;
            let name = inside.name.clone();
            if let Err(why) = unpacked.and_then(|bytes| self.bytes(inside, bytes)) {
                self.skip(name, why);
            }
            budget.charge_nested(self.unpacked_bytes.saturating_sub(before));
            Ok(())
        };
        let read = match format {
            "tar" => archive::untar(bytes, &mut budget, hand_on),
            _ => archive::unzip(bytes, limits, &mut budget, hand_on),
        };
        if has_repository {
            let with = "an archive: the history of a Git repository is read from a folder".into();
            self.skip(format!("{}/.git", place.name), Why::Packed { with });
        }
        match read {
            // What was read before the archive's limit or fault stays.
            Err(why) if self.out.parts.is_empty() && self.out.skipped.is_empty() => Err(why),
            Err(why) => {
                self.skip(format!("{} (the rest of it)", place.name), why);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn picture(&mut self, place: Place, bytes: &[u8]) -> Result<(), Why> {
        self.pictures += 1;
        if self.pictures > self.limits.pictures_max {
            return Err(Why::limit(
                "the number of pictures",
                "PICTURES_MAX",
                self.limits.pictures_max,
            ));
        }
        let mut program = match &self.tesseract {
            Some(program) => program.clone(),
            None => {
                let program = picture::version(self.tools, self.limits);
                self.tesseract = Some(program.clone());
                program
            }
        }?;
        let recognised = picture::recognise(bytes, self.tools, self.limits)?;
        if recognised.is_enlarged {
            program.push_str(picture::ENLARGED);
        }
        self.text(place.after(Step::Ocr { program }), recognised.text)
    }

    fn mail(&mut self, mut place: Place, bytes: &[u8]) -> Result<(), Why> {
        place.depth = self.deeper(&place)?;
        let mail = mail(bytes)?;
        let step = |what: &str| Step::Mail { what: what.into() };
        if !mail.text.trim().is_empty() {
            self.text(place.after(step("subject and texts")), mail.text)?;
        }
        for (at, page) in mail.pages.into_iter().enumerate() {
            let name = format!("page-{}.html", at + 1);
            self.part(place.inside(&name, step("a page")), page.into_bytes())?;
        }
        for (name, bytes) in mail.attachments {
            self.count()?;
            let name = safe_name(&name).unwrap_or_else(|_| "attachment".into());
            let inside = place.inside(&name, step(&format!("attachment `{name}`")));
            let shown_name = inside.name.clone();
            if let Err(why) = self.bytes(inside, bytes) {
                self.skip(shown_name, why);
            }
        }
        Ok(())
    }

    fn repository(&mut self, path: &Path, name: &str) {
        let history = match git::read(path, self.tools, self.limits) {
            Ok(history) => history,
            Err(why) => {
                self.skip(name, why);
                return;
            }
        };
        if !history.messages.is_empty() {
            let count = history.messages.len();
            let text = history.messages.join("\n\n");
            let of_commits = format!("{name}/commits.txt");
            let steps = vec![Step::Commits { count }];
            if let Err(why) = self.original(&of_commits, text.into_bytes(), steps) {
                self.skip(of_commits, why);
            }
        }
        for (id, path, bytes) in history.blobs {
            // What lies in the work tree was read there.
            let sha256: [u8; 32] = Sha256::digest(&bytes).into();
            if self.digests.contains(&sha256) {
                continue;
            }
            let short = id.get(..12).unwrap_or(&id);
            let inside = match safe_name(&path) {
                Ok(path) => format!("{name}/{short}/{path}"),
                Err(_) => format!("{name}/{short}/file"),
            };
            let steps = vec![Step::Blob {
                id: id.clone(),
                path: shown(&path),
            }];
            if let Err(why) = self.original(&inside, bytes, steps) {
                self.skip(inside, why);
            }
        }
        for (what, why) in history.skipped {
            self.skip(format!("{name}: {what}"), why);
        }
    }
}
