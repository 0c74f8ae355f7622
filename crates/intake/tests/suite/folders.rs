//! Folders and Git repositories: everything is read in one order, and nothing of them is run.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use intake::{Found, Intake, Limits, take};

use crate::made::{skipped, small, texts, tools};

fn of(path: &Path) -> Intake {
    take(&[Found::Path(path.to_owned())], &tools(), &small()).unwrap()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Runs the stock `git` in a repository of the test's own.
fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .current_dir(folder)
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(done.success(), "git {arguments:?}");
}

fn repository(folder: &Path) {
    git(folder, &["init", "-q", "-b", "main"]);
    write(folder, "poc.py", "TICKET = 'c41d9e7a'\n");
    write(folder, "docs/note.md", "the first wording\n");
    git(folder, &["add", "."]);
    git(folder, &["commit", "-q", "-m", "add the proof of concept"]);
    write(folder, "poc.py", "TICKET = 'redacted'\n");
    git(folder, &["commit", "-q", "-a", "-m", "take the ticket out"]);
    git(folder, &["checkout", "-q", "-b", "side"]);
    write(folder, "side.txt", "only on a branch\n");
    git(folder, &["add", "."]);
    git(folder, &["commit", "-q", "-m", "side work"]);
    git(folder, &["checkout", "-q", "main"]);
}

#[test]
fn a_folder_is_read_in_the_order_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let leak = folder.path().join("leak");
    for name in ["b.txt", "a/z.txt", "a/y.txt", "c.txt"] {
        write(&leak, name, name);
    }
    let intake = of(&leak);
    let names: Vec<String> = texts(&intake).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(
        names,
        ["leak/a/y.txt", "leak/a/z.txt", "leak/b.txt", "leak/c.txt"]
    );
    assert_eq!(intake.parts[0].source.original.file, "leak/a/y.txt");
    assert_eq!(of(&leak), intake);
}

#[cfg(unix)]
#[test]
fn links_and_pipes_of_a_folder_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let leak = folder.path().join("leak");
    write(&leak, "a.txt", "words");
    write(folder.path(), "secret.txt", "not part of the leak");
    std::os::unix::fs::symlink("../secret.txt", leak.join("link.txt")).unwrap();
    std::os::unix::fs::symlink("/", leak.join("root")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(leak.join("pipe"))
            .status()
            .unwrap()
            .success()
    );
    let intake = of(&leak);
    assert_eq!(texts(&intake).len(), 1);
    assert_eq!(
        skipped(&intake),
        [
            (
                "leak/link.txt".into(),
                "it is a symbolic link, not a file".into()
            ),
            (
                "leak/pipe".into(),
                "it is a device, pipe or socket, not a file".into()
            ),
            (
                "leak/root".into(),
                "it is a symbolic link, not a file".into()
            ),
        ]
    );
}

#[test]
fn a_repository_gives_its_files_its_history_and_its_messages() {
    let folder = tempfile::tempdir().unwrap();
    let leak = folder.path().join("leak");
    fs::create_dir(&leak).unwrap();
    repository(&leak);
    let all = texts(&of(&leak));
    let has = |name: &str, text: &str| {
        all.iter()
            .any(|(n, t, _)| n.ends_with(name) && t.contains(text))
    };
    assert!(has("leak/poc.py", "redacted"));
    assert!(has("/poc.py", "c41d9e7a"), "{all:?}");
    assert!(has("/side.txt", "only on a branch"));
    assert!(has("leak/.git/commits.txt", "take the ticket out"));
    // What lies in the work tree is read once.
    assert_eq!(
        all.iter()
            .filter(|(_, text, _)| text.contains("first wording"))
            .count(),
        1
    );
    let (_, _, how) = all
        .iter()
        .find(|(_, text, _)| text.contains("c41d9e7a"))
        .unwrap();
    assert!(
        how.starts_with("Git object ") && how.ends_with("once at `poc.py`"),
        "{how}"
    );
    assert_eq!(texts(&of(&leak)), all);
}

#[test]
fn a_repository_without_a_work_tree_and_a_packed_one_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let leak = folder.path().join("leak");
    fs::create_dir(&leak).unwrap();
    repository(&leak);
    git(&leak, &["gc", "-q"]);
    git(
        folder.path(),
        &["clone", "-q", "--bare", "--no-local", "leak", "bare.git"],
    );
    let intake = of(&folder.path().join("bare.git"));
    assert!(
        texts(&intake)
            .iter()
            .any(|(_, text, _)| text.contains("c41d9e7a"))
    );
    assert!(
        texts(&of(&leak))
            .iter()
            .any(|(_, text, _)| text.contains("c41d9e7a"))
    );
}

#[test]
fn nothing_of_a_repository_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let leak = folder.path().join("leak");
    fs::create_dir(&leak).unwrap();
    repository(&leak);
    let trap = folder.path().join("trap");
    let touch = format!("touch {}", trap.display());
    for key in [
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "diff.external",
        "filter.x.smudge",
        "filter.x.clean",
        "core.gitProxy",
        "credential.helper",
        "uploadpack.packObjectsHook",
        "gpg.program",
    ] {
        git(&leak, &["config", key, &touch]);
    }
    git(
        &leak,
        &[
            "config",
            "remote.origin.url",
            &format!("ext::sh -c \"{touch}\""),
        ],
    );
    git(&leak, &["config", "remote.origin.promisor", "true"]);
    git(&leak, &["config", "protocol.ext.allow", "always"]);
    git(&leak, &["config", "extensions.partialClone", "origin"]);
    git(&leak, &["config", "core.hooksPath", "hooks"]);
    write(&leak, ".gitattributes", "* filter=x diff=x\n");
    // An object that is missing would be fetched.
    let tip = fs::read_to_string(leak.join(".git/refs/heads/side")).unwrap();
    let (a, b) = tip.trim().split_at(2);
    fs::remove_file(leak.join(".git/objects").join(a).join(b)).unwrap();
    let intake = of(&leak);
    assert!(!trap.exists());
    assert!(
        texts(&intake)
            .iter()
            .any(|(_, text, _)| text.contains("c41d9e7a"))
    );
}

#[cfg(unix)]
#[test]
fn a_repository_that_points_elsewhere_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, leak) = (folder.path().join("ours"), folder.path().join("leak"));
    fs::create_dir(&ours).unwrap();
    repository(&ours);
    for (place, trick) in [("alternates", 0), ("link", 1), ("pointer", 2)] {
        let leak = leak.join(place);
        write(&leak, "a.txt", "words");
        match trick {
            0 => {
                git(&leak, &["init", "-q"]);
                fs::copy(ours.join(".git/refs/heads/main"), leak.join(".git/HEAD")).unwrap();
                let objects = ours.join(".git/objects");
                write(
                    &leak,
                    ".git/objects/info/alternates",
                    &objects.display().to_string(),
                );
            }
            1 => {
                git(&leak, &["init", "-q"]);
                fs::remove_dir_all(leak.join(".git/objects")).unwrap();
                std::os::unix::fs::symlink(ours.join(".git/objects"), leak.join(".git/objects"))
                    .unwrap();
            }
            _ => write(
                &leak,
                ".git",
                &format!("gitdir: {}", ours.join(".git").display()),
            ),
        }
        let intake = of(&leak);
        assert_eq!(texts(&intake).len(), 1, "{place}");
        assert_eq!(intake.skipped.len(), 1, "{place}");
    }
}

#[test]
fn a_long_history_ends_at_named_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let leak = folder.path().join("leak");
    fs::create_dir(&leak).unwrap();
    git(&leak, &["init", "-q"]);
    for n in 0..6 {
        write(&leak, "a.txt", &format!("wording {n}"));
        git(&leak, &["add", "."]);
        git(&leak, &["commit", "-q", "-m", &format!("message {n}")]);
    }
    let with = |limits: Limits| {
        let intake = take(&[Found::Path(leak.clone())], &tools(), &limits).unwrap();
        let wordings = texts(&intake)
            .iter()
            .filter(|(_, text, _)| text.starts_with("wording"))
            .count();
        (wordings, skipped(&intake))
    };
    let (wordings, _) = with(Limits {
        git_commits_max: 3,
        ..small()
    });
    assert_eq!(wordings, 3);
    let (wordings, left) = with(Limits {
        git_blobs_max: 2,
        ..small()
    });
    assert_eq!(wordings, 2);
    assert!(left[0].1.contains("GIT_BLOBS_MAX"), "{left:?}");
}
