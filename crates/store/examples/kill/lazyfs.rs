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
        LazyFs {
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
        // SQLite's shared memory is never synced, so nothing of it need be left either. LazyFS keeps the file's name and
        // forgets its size, and then often cannot cut it to length when the next process opens it (SQLite's code 4618).
        for file in fs::read_dir(self.path()).unwrap() {
            let file = file.unwrap().path();
            if file.to_string_lossy().ends_with("-shm") {
                fs::remove_file(file).unwrap();
            }
        }
    }
}

impl Drop for LazyFs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
        // Without its mount it ends by itself; if it is still mounted, it ends now.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
