//! Git repositories: any references, and objects of any content, are read within limits; every name stays inside.
//!
//! Fields: `packed-refs`, a reference, a tree, a commit's message. The stock `git` reads the objects, so an input takes
//! some hundredths of a second.
#![no_main]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use headstart_fuzz::fields::fields;
use intake::{Found, Limits, Tools, survey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [packed, reference, tree, message] = fields(input);
    let place = tempfile::tempdir().expect("there is a disk");
    let repository = place.path().join("found.git");
    for folder in ["objects", "refs/heads"] {
        fs::create_dir_all(repository.join(folder)).expect("there is a disk");
    }
    fs::write(repository.join("HEAD"), "ref: refs/heads/main\n").expect("there is a disk");
    fs::write(repository.join("packed-refs"), packed).expect("there is a disk");
    let id = commit(&repository, tree, message);
    let reference = if reference.is_empty() { id.as_bytes() } else { reference };
    fs::write(repository.join("refs/heads/main"), reference).expect("there is a disk");
    let limits = Limits {
        pictures_max: 0,
        ..Limits::default()
    };
    let intake = survey(&[Found::Path(repository)], &Tools::new(Vec::new()), &limits);
    for part in &intake.parts {
        assert!(part.name.starts_with("found.git"));
        assert!(!part.name.split('/').any(|piece| piece == ".."));
        assert!(!part.name.chars().any(char::is_control));
    }
    for skipped in &intake.skipped {
        let text = skipped.why.to_string();
        assert!(!text.contains('\n') && !skipped.why.hint().is_empty());
    }
});

/// A commit of a tree of any bytes; nothing where the stock `git` refuses to write it.
fn commit(repository: &Path, tree: &[u8], message: &[u8]) -> String {
    let blob = object(repository, "blob", message);
    // The tree's bytes are entries: mode, name, 0, and the blob's id.
    let mut entries = Vec::new();
    for name in tree.split(|byte| *byte == b'\n').take(8) {
        entries.extend_from_slice(b"100644 ");
        entries.extend(name.iter().filter(|byte| **byte != 0));
        entries.push(0);
        entries.extend((0..20).filter_map(|i| u8::from_str_radix(blob.get(2 * i..2 * i + 2)?, 16).ok()));
    }
    let tree = object(repository, "tree", &entries);
    let mut text = format!("tree {tree}\nauthor a <a@example.org> 1 +0000\ncommitter a <a@example.org> 1 +0000\n\n").into_bytes();
    text.extend_from_slice(message);
    object(repository, "commit", &text)
}

fn object(repository: &Path, kind: &str, bytes: &[u8]) -> String {
    let mut git = Command::new("git")
        .args(["hash-object", "-w", "--literally", "--stdin", "-t", kind])
        .env("GIT_DIR", repository)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("`git` is installed");
    let mut stdin = git.stdin.take().expect("it was asked for");
    let _ = stdin.write_all(bytes);
    drop(stdin);
    let said = git.wait_with_output().expect("a child ends");
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}
