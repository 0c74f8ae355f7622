//! A disk under SQLite that remembers what was synced, can fail, and can lose its power.
//!
//! It is a layer between SQLite and the file system: every file below a watched folder is written as always, and each
//! write, cut, sync and removal is noted in order. From the notes, [`Disk::image`] makes the folder as it would be
//! after a power cut at any moment: what was synced is there, and of the rest nothing, all, or a part.
//!
//! A sync can be made to fail as Linux does it: once, and what was to be synced is shown to readers, is on no disk, and
//! is not written by the next sync.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(
    unsafe_code,
    reason = "SQLite's interface for file systems is one of C; this is a test of what is above it"
)]

use std::collections::BTreeMap;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::SystemTime;

use libsqlite3_sys as sqlite;
use sqlite::{sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};

/// What happened, in order. Files are named by their last part.
#[derive(Debug, Clone)]
pub enum Note {
    Write(String, u64, Vec<u8>),
    Cut(String, u64),
    Sync(String),
    /// A sync that failed: what came before it is on no disk, and will never be.
    Lost(String),
    Remove(String, bool),
    /// Said by the test.
    Mark(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Write,
    Sync,
}

/// Operations that are to fail.
#[derive(Debug, Clone)]
pub struct Fault {
    pub kind: Kind,
    /// End of the name of the files that it is about.
    pub suffix: &'static str,
    /// So many succeed first.
    pub after: u64,
    /// So many fail.
    pub times: u64,
}

#[derive(Default)]
struct State {
    notes: Vec<Note>,
    fault: Option<Fault>,
    failed: u64,
    is_deaf: bool,
    /// When each file was last changed, as far as this layer knows.
    changed: BTreeMap<String, SystemTime>,
}

/// A watched folder.
#[derive(Clone)]
pub struct Disk {
    folder: PathBuf,
    state: Arc<Mutex<State>>,
}

/// What a power cut leaves of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Nothing,
    All,
    /// A part that depends on the number: some writes, some of them torn at 512 bytes.
    Some(u64),
}

static DISKS: Mutex<Vec<Disk>> = Mutex::new(Vec::new());

impl Disk {
    /// Watches a folder from now on; what is in it counts as synced.
    pub fn watch(folder: &Path) -> Disk {
        Self::watch_with(folder, folder)
    }

    /// Watches a folder of which only what is in `synced` is on the disk.
    pub fn watch_with(folder: &Path, synced: &Path) -> Disk {
        static ONCE: Once = Once::new();
        ONCE.call_once(register);
        let disk = Disk {
            folder: folder.canonicalize().unwrap(),
            state: Arc::default(),
        };
        for file in std::fs::read_dir(synced).unwrap() {
            let path = file.unwrap().path();
            let name = name_of(&path);
            if !name.ends_with("-shm") {
                let content = std::fs::read(&path).unwrap();
                let mut state = disk.state();
                state.note(Note::Write(name.clone(), 0, content));
                state.note(Note::Sync(name));
            }
        }
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            disk.state().look(&disk.folder, &name_of(&path));
        }
        DISKS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(disk.clone());
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets operations fail.
    pub fn fail(&self, fault: Fault) {
        let mut state = self.state();
        state.fault = Some(fault);
        state.failed = 0;
    }

    /// How many operations have failed.
    pub fn failed(&self) -> u64 {
        self.state().failed
    }

    /// Notes that something was acknowledged.
    pub fn mark(&self, what: u64) {
        self.state().notes.push(Note::Mark(what));
    }

    /// How many operations were noted.
    pub fn len(&self) -> usize {
        self.state().notes.len()
    }

    pub fn notes(&self) -> Vec<Note> {
        self.state().notes.clone()
    }

    /// Notes no more: what happens from now on is after the end of the test.
    pub fn stop(&self) {
        self.state().is_deaf = true;
        DISKS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|disk| !Arc::ptr_eq(&disk.state, &self.state));
    }

    /// Writes the folder as it is after a power cut behind the first `count` operations; returns what was marked.
    pub fn image(&self, count: usize, keep: Keep, to: &Path) -> Vec<u64> {
        image(&self.state().notes[..count], keep, to)
    }

    fn of(path: &Path) -> Option<Disk> {
        let disks = DISKS.lock().unwrap_or_else(PoisonError::into_inner);
        disks
            .iter()
            .find(|disk| path.starts_with(&disk.folder))
            .cloned()
    }
}

/// Writes the folder as it is after a power cut at the end of these notes; returns what was marked.
pub fn image(notes: &[Note], keep: Keep, to: &Path) -> Vec<u64> {
    #[derive(Default)]
    struct File<'a> {
        synced: Option<Vec<u8>>,
        pending: Vec<&'a Note>,
    }
    let mut files: BTreeMap<&str, File> = BTreeMap::new();
    let mut marks = Vec::new();
    for note in notes {
        match note {
            Note::Write(name, ..) | Note::Cut(name, _) => {
                files.entry(name).or_default().pending.push(note);
            }
            Note::Sync(name) => {
                let file = files.entry(name).or_default();
                let mut bytes = file.synced.take().unwrap_or_default();
                for note in file.pending.drain(..) {
                    apply(&mut bytes, note, usize::MAX);
                }
                file.synced = Some(bytes);
            }
            Note::Lost(name) => files.entry(name).or_default().pending.clear(),
            Note::Remove(name, true) => {
                files.remove(name.as_str());
            }
            Note::Remove(name, false) => files.entry(name).or_default().pending.push(note),
            Note::Mark(what) => marks.push(*what),
        }
    }
    std::fs::create_dir_all(to).unwrap();
    let mut random = match keep {
        Keep::Some(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        _ => 1,
    };
    for (name, file) in files {
        let mut content = file.synced;
        for note in file.pending {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let is_kept = match keep {
                Keep::Nothing => false,
                Keep::All => true,
                Keep::Some(_) => random & 1 == 1,
            };
            if !is_kept {
                continue;
            }
            if matches!(note, Note::Remove(..)) {
                content = None;
                continue;
            }
            let torn = match keep {
                Keep::Some(_) if random & 6 == 6 => {
                    512 * usize::try_from(random >> 32 & 7).unwrap()
                }
                _ => usize::MAX,
            };
            apply(content.get_or_insert_with(Vec::new), note, torn);
        }
        if let Some(content) = content {
            std::fs::write(to.join(name), content).unwrap();
        }
    }
    marks
}

fn apply(bytes: &mut Vec<u8>, note: &Note, torn: usize) {
    match note {
        Note::Write(_, offset, written) => {
            let written = &written[..written.len().min(torn)];
            let offset = usize::try_from(*offset).unwrap();
            if bytes.len() < offset + written.len() {
                bytes.resize(offset + written.len(), 0);
            }
            bytes[offset..offset + written.len()].copy_from_slice(written);
        }
        Note::Cut(_, size) => bytes.truncate(usize::try_from(*size).unwrap()),
        _ => {}
    }
}

/// SQLite's view of an open file: its methods, then what belongs to us, then the file of the layer below.
#[repr(C)]
struct File {
    base: sqlite3_file,
    disk: *const (Disk, String),
}

/// The file of the layer below begins here, so that it is aligned for anything.
const HEAD: usize = size_of::<File>().next_multiple_of(16);

static mut BELOW: *mut sqlite3_vfs = std::ptr::null_mut();

fn register() {
    // SAFETY: runs once, before anything uses `BELOW`; SQLite keeps the pointers for as long as the process lives, and
    // so do the leaked boxes.
    unsafe {
        BELOW = sqlite::sqlite3_vfs_find(std::ptr::null());
        assert!(!BELOW.is_null());
        let mut layer = std::ptr::read(BELOW);
        layer.szOsFile += c_int::try_from(HEAD).unwrap();
        layer.pNext = std::ptr::null_mut();
        layer.zName = c"power-cut".as_ptr();
        layer.xOpen = Some(open);
        layer.xDelete = Some(delete);
        let layer = Box::leak(Box::new(layer));
        assert_eq!(sqlite::sqlite3_vfs_register(layer, 1), sqlite::SQLITE_OK);
    }
}

/// Calls a method of the file below.
macro_rules! call {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        let file = below($file);
        (*(*file).pMethods).$method.unwrap()(file $(, $argument)*)
    }};
}

unsafe fn below(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: SQLite gives `szOsFile` bytes for each file, and the lower one's begin after the head.
    unsafe { file.byte_add(HEAD) }
}

unsafe fn watched<'a>(file: *mut sqlite3_file) -> Option<&'a (Disk, String)> {
    // SAFETY: `open` wrote a `File` there; `close` takes the box away when SQLite is done with it.
    unsafe { (*file.cast::<File>()).disk.as_ref() }
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: as SQLite calls it: `file` has room for `szOsFile` bytes, `name` is null or ends with NUL.
    unsafe {
        (*file).pMethods = std::ptr::null();
        let open = (*BELOW).xOpen.unwrap();
        let code = open(BELOW, name, below(file), flags, out);
        if code != sqlite::SQLITE_OK {
            return code;
        }
        let disk = (!name.is_null())
            .then(|| path_of(name))
            .and_then(|path| Some((Disk::of(&path)?, name_of(&path))));
        let file = file.cast::<File>();
        (*file).disk = disk.map_or(std::ptr::null(), |disk| Box::into_raw(Box::new(disk)));
        (*file).base.pMethods = &raw const METHODS;
        code
    }
}

unsafe fn path_of(name: *const c_char) -> PathBuf {
    // SAFETY: the caller's `name` ends with NUL.
    let name = unsafe { CStr::from_ptr(name) };
    PathBuf::from(OsStr::from_bytes(name.to_bytes()))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: as SQLite calls it.
    unsafe {
        let path = path_of(name);
        let delete = (*BELOW).xDelete.unwrap();
        let Some(disk) = Disk::of(&path) else {
            return delete(BELOW, name, sync);
        };
        let mut state = disk.state();
        let code = delete(BELOW, name, sync);
        if code == sqlite::SQLITE_OK {
            state.note(Note::Remove(name_of(&path), sync != 0));
        }
        code
    }
}

impl State {
    /// Remembers when a file was changed; says whether somebody else did that since.
    fn look(&mut self, folder: &Path, name: &str) -> bool {
        let changed = std::fs::metadata(folder.join(name)).and_then(|file| file.modified());
        let Ok(changed) = changed else {
            return false;
        };
        let before = self.changed.insert(name.to_owned(), changed);
        before.is_some_and(|before| before != changed)
    }

    fn note(&mut self, note: Note) {
        if !self.is_deaf {
            self.notes.push(note);
        }
    }

    fn fails(&mut self, kind: Kind, name: &str) -> bool {
        let Some(fault) = &mut self.fault else {
            return false;
        };
        if fault.kind != kind || !name.ends_with(fault.suffix) {
            return false;
        }
        if fault.after > 0 {
            fault.after -= 1;
            return false;
        }
        if fault.times == 0 {
            return false;
        }
        fault.times -= 1;
        self.failed += 1;
        true
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as SQLite calls it, once for each opened file.
    unsafe {
        let code = call!(file, xClose);
        let disk = (*file.cast::<File>()).disk;
        if !disk.is_null() {
            drop(Box::from_raw(disk.cast_mut()));
        }
        code
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: as SQLite calls it: `length` bytes can be read.
    unsafe {
        let Some((disk, name)) = watched(file) else {
            return call!(file, xWrite, bytes, length, offset);
        };
        let mut state = disk.state();
        if state.fails(Kind::Write, name) {
            return sqlite::SQLITE_IOERR_WRITE;
        }
        let code = call!(file, xWrite, bytes, length, offset);
        if code == sqlite::SQLITE_OK {
            let bytes =
                std::slice::from_raw_parts(bytes.cast::<u8>(), usize::try_from(length).unwrap());
            let offset = u64::try_from(offset).unwrap();
            state.note(Note::Write(name.clone(), offset, bytes.to_vec()));
            state.look(&disk.folder, name);
        }
        code
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: as SQLite calls it.
    unsafe {
        let Some((disk, name)) = watched(file) else {
            return call!(file, xTruncate, size);
        };
        let mut state = disk.state();
        let code = call!(file, xTruncate, size);
        if code == sqlite::SQLITE_OK {
            state.note(Note::Cut(name.clone(), u64::try_from(size).unwrap()));
            state.look(&disk.folder, name);
        }
        code
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: as SQLite calls it.
    unsafe {
        let Some((disk, name)) = watched(file) else {
            return call!(file, xSync, _flags);
        };
        let mut state = disk.state();
        if state.fails(Kind::Sync, name) {
            state.note(Note::Lost(name.clone()));
            return sqlite::SQLITE_IOERR_FSYNC;
        }
        if state.look(&disk.folder, name) {
            // The store has written the file past SQLite, and synced that itself.
            let content = std::fs::read(disk.folder.join(name)).unwrap();
            state.note(Note::Write(name.clone(), 0, content));
        }
        // The notes say what is on the disk; a real sync would only take time.
        state.note(Note::Sync(name.clone()));
        sqlite::SQLITE_OK
    }
}

/// A method that only passes on.
macro_rules! pass {
    ($name:ident, $method:ident $(, $argument:ident: $kind:ty)*) => {
        unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $argument: $kind)*) -> c_int {
            // SAFETY: as SQLite calls it.
            unsafe { call!(file, $method $(, $argument)*) }
        }
    };
}

pass!(read, xRead, bytes: *mut c_void, length: c_int, offset: sqlite3_int64);
pass!(file_size, xFileSize, size: *mut sqlite3_int64);
pass!(lock, xLock, level: c_int);
pass!(unlock, xUnlock, level: c_int);
pass!(check_reserved, xCheckReservedLock, out: *mut c_int);
pass!(file_control, xFileControl, op: c_int, argument: *mut c_void);
pass!(sector_size, xSectorSize);
pass!(characteristics, xDeviceCharacteristics);
pass!(shm_map, xShmMap, page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void);
pass!(shm_lock, xShmLock, offset: c_int, count: c_int, flags: c_int);
pass!(shm_unmap, xShmUnmap, delete: c_int);

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: as SQLite calls it.
    unsafe { call!(file, xShmBarrier) }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};
