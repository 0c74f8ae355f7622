//! A file system that forgets what was not synced: LazyFS, a program that is not ours, where it can be built.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How often, and how long, it is looked whether the file system is there.
const LOOKS_MAX: u32 = 500;
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A mounted LazyFS; it goes when this is dropped.
pub struct LazyFs {
    program: PathBuf,
    folder: tempfile::TempDir,
    process: Child,
    done: BufReader<File>,
}

impl LazyFs {
    /// Mounts one. `program` is the `lazyfs` binary.
    pub fn mount(program: &Path) -> LazyFs {
        // On the disk, where a folder for temporary files may be in memory.
        let folder = tempfile::tempdir_in(std::env::current_dir().unwrap()).unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("seen")).unwrap();
        fs::create_dir(path("kept")).unwrap();
        let config = format!(
            "[faults]\nfifo_path={:?}\nfifo_path_completed={:?}\n\
             [cache]\napply_eviction=false\n[cache.simple]\ncustom_size=\"0.5GB\"\nblocks_per_page=1\n\
             [filesystem]\nlog_all_operations=false\nlogfile={:?}\n",
            path("commands"),
            path("done"),
            path("log")
        );
        fs::write(path("config"), config).unwrap();
        let (process, done) = start(program, folder.path());
        LazyFs {
            program: program.to_owned(),
            folder,
            process,
            done,
        }
    }

    /// Where files are seen by whoever writes them.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("seen")
    }

    /// Cuts the power: what was not synced is gone.
    pub fn cut(&mut self) {
        let mut commands = File::options()
            .write(true)
            .open(self.folder.path().join("commands"))
            .unwrap();
        commands.write_all(b"lazyfs::clear-cache\n").unwrap();
        let mut answer = String::new();
        self.done.read_line(&mut answer).unwrap();
        assert_eq!(answer, "finished::clear-cache\n");
        // What was cut off is mounted anew, as after a start of the machine, and without SQLite's shared memory, which is
        // never synced. LazyFS itself cannot cut a file to length that it had in its cache before (`lfs_truncate`
        // returns -1), and SQLite then does not open its shared memory (code 4618).
        self.stop();
        for name in ["commands", "done"] {
            fs::remove_file(self.folder.path().join(name)).unwrap();
        }
        for file in fs::read_dir(self.folder.path().join("kept")).unwrap() {
            let file = file.unwrap().path();
            if file.to_string_lossy().ends_with("-shm") {
                fs::remove_file(file).unwrap();
            }
        }
        (self.process, self.done) = start(&self.program, self.folder.path());
    }

    fn stop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
        // Without its mount it ends by itself; if it is still mounted, it ends now.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts the program over a folder that has its configuration, and waits until it is mounted.
fn start(program: &Path, folder: &Path) -> (Child, BufReader<File>) {
    let path = |name: &str| folder.join(name);
    let process = Command::new(program)
        .arg(path("seen"))
        .arg("--config-path")
        .arg(path("config"))
        .args(["-o", "modules=subdir", "-o"])
        .arg(format!("subdir={}", path("kept").display()))
        .arg("-f")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let wait = |what: &dyn Fn() -> bool| {
        let found = (0..LOOKS_MAX).any(|_| {
            std::thread::sleep(LOOK_AGAIN);
            what()
        });
        assert!(found, "LazyFS does not start");
    };
    wait(&|| path("done").exists());
    // Returns once the other side has opened it too.
    let done = BufReader::new(File::open(path("done")).unwrap());
    let seen = path("seen").display().to_string();
    wait(&|| fs::read_to_string("/proc/mounts").unwrap().contains(&seen));
    (process, done)
}

impl Drop for LazyFs {
    fn drop(&mut self) {
        self.stop();
    }
}
