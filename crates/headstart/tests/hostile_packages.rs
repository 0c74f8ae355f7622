//! `package open` on packages that anybody could have made: an age file does not say who sealed it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::PathBuf;

use age::secrecy::ExposeSecret;
use domain::sealed::Digest;
use support::{Answer, CASE, Office, VALIDATE, files_of};

/// A folder with a seat's key, in which packages are opened to `out`.
struct Seat {
    office: Office,
    recipient: age::x25519::Recipient,
}

impl Seat {
    fn new() -> Self {
        let identity = age::x25519::Identity::generate();
        let office = Office::empty();
        office.write("key", identity.to_string().expose_secret());
        Self {
            office,
            recipient: identity.to_public(),
        }
    }

    /// Seals a tar to the seat and opens it.
    fn open(&self, tar: &[u8]) -> Answer {
        self.office
            .write("package.age", age::encrypt(&self.recipient, tar).unwrap());
        self.office
            .say("package open package.age --identity key --out out")
    }

    /// The tar is refused, the message says all of this, and nothing was written anywhere.
    #[track_caller]
    fn refuses(&self, tar: &[u8], parts: &[&str]) {
        let before = self.everything();
        let answer = self.open(tar).exits(2);
        answer.complaint();
        answer.says(parts);
        assert_eq!(self.everything(), before, "something was written");
    }

    /// Every file in the folder and beside it that a traversal could have made.
    fn everything(&self) -> Vec<PathBuf> {
        let mut files = files_of(&self.office.path(""));
        files.retain(|path| path.file_name().unwrap() != "package.age");
        let above = self.office.path("").join("../headstart-escaped");
        assert!(!above.exists());
        assert!(!PathBuf::from("/tmp/headstart-escaped").exists());
        files
    }
}

/// One entry of a tar: ustar header with checksum, content, padding.
fn entry(name: &str, kind: u8, link: &str, claimed: u64, content: &[u8]) -> Vec<u8> {
    let mut header = [0u8; 512];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &name.as_bytes()[..name.len().min(100)]);
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{claimed:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, &[kind]);
    put(157, link.as_bytes());
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = header.to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn file(name: &str, content: &[u8]) -> Vec<u8> {
    entry(name, b'0', "", content.len() as u64, content)
}

/// Entries with the end of a tar.
fn tar(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = entries.concat();
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

/// A manifest that lists these files, signed by the given key.
fn manifest(signer: &tlog::Signer, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut text =
        "headstart manifest v1\nprogram: P\ncase: HS-2026-0001\nseat: p-01.s1\n".to_owned();
    for (name, bytes) in files {
        text += &format!("file: {} {} {name}\n", Digest::of(bytes), bytes.len());
    }
    signer.sign(&text).unwrap().into_bytes()
}

fn signer() -> tlog::Signer {
    tlog::Signer::from_seed("headstart/example/00000000", [3; 32]).unwrap()
}

#[test]
fn an_honest_package_of_these_parts_opens() {
    let seat = Seat::new();
    let listed = manifest(&signer(), &[("write-up.md", b"text\n")]);
    let bytes = tar(&[file("MANIFEST", &listed), file("write-up.md", b"text\n")]);
    seat.open(&bytes).exits(0);
    assert_eq!(seat.office.read("out/write-up.md"), b"text\n");
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    let seat = Seat::new();
    for name in [
        "../headstart-escaped",
        "a/../../headstart-escaped",
        "./../headstart-escaped",
        "a/./b",
    ] {
        seat.refuses(&tar(&[file(name, b"x")]), &["leaves its folder", name]);
    }
    seat.refuses(
        &tar(&[file("/tmp/headstart-escaped", b"x")]),
        &["/tmp/headstart-escaped"],
    );
    seat.refuses(
        &tar(&[file("C:headstart-escaped", b"x")]),
        &["C:headstart-escaped"],
    );
    seat.refuses(&tar(&[file("..\\headstart-escaped", b"x")]), &["U+005C"]);
    seat.refuses(&tar(&[file("a\u{1b}[2Jb", b"x")]), &["U+001B"]);
    seat.refuses(&tar(&[file("txt.\u{202e}dm", b"x")]), &["U+202E"]);
    seat.refuses(&tar(&[file("", b"x")]), &["name"]);
}

#[test]
fn links_devices_and_folders_are_refused() {
    let seat = Seat::new();
    for (kind, word) in [
        (b'1', "hard link"),
        (b'2', "symbolic link"),
        (b'3', "device"),
        (b'4', "device"),
        (b'5', "folder"),
        (b'6', "named pipe"),
    ] {
        let hostile = entry("innocent.md", kind, "/etc/passwd", 0, b"");
        let answer = seat.open(&tar(&[hostile])).exits(2);
        answer.says(&["innocent.md", "a package holds regular files only"]);
        assert!(
            answer.err.to_lowercase().contains(&word.to_lowercase()),
            "{answer:?}"
        );
        assert!(!seat.office.path("out").exists());
    }
    // A link first, then a file through it.
    let through = tar(&[
        entry("dir", b'2', "..", 0, b""),
        file("dir/headstart-escaped", b"x"),
    ]);
    seat.refuses(&through, &["regular files only"]);
    // Long names and pax headers can change the name of what follows.
    for kind in [b'L', b'x', b'g'] {
        let hostile = tar(&[
            entry("././@LongLink", kind, "", 24, b"../../headstart-escaped\0"),
            file("innocent.md", b"x"),
        ]);
        seat.refuses(&hostile, &[]);
    }
}

#[test]
fn sizes_and_counts_over_a_limit_are_refused_with_the_limit() {
    let seat = Seat::new();
    let huge = entry("huge.bin", b'0', "", 0o77_777_777_777, b"x");
    seat.refuses(&tar(&[huge]), &["huge.bin", "8589934591"]);
    let more = entry("more.bin", b'0', "", 4096, b"x");
    seat.refuses(&tar(&[more]), &["more.bin", "4096"]);
    let many: Vec<Vec<u8>> = (0..=seal::ENTRIES_MAX)
        .map(|number| file(&format!("f{number}"), b""))
        .collect();
    seat.refuses(&tar(&many), &["more than 1000 files"]);
    // A file that is larger than any package is not read to its end.
    let large = fs::File::create(seat.office.path("large.age")).unwrap();
    large.set_len(seal::PACKAGE_BYTES_MAX + 1).unwrap();
    let answer = seat
        .office
        .refused(2, "package open large.age --identity key --out out");
    answer.says(&["268435456"]);
    let large = fs::File::create(seat.office.path("large.key")).unwrap();
    large.set_len(1 << 20).unwrap();
    let answer = seat
        .office
        .refused(2, "package open package.age --identity large.key --out out");
    answer.says(&["65536"]);
}

#[test]
fn two_files_of_one_name_are_refused() {
    let seat = Seat::new();
    let twice = [file("a.md", b"one"), file("a.md", b"two")];
    seat.refuses(&tar(&twice), &["a.md", "twice"]);
    let case = [file("A.md", b"one"), file("a.md", b"two")];
    seat.refuses(&tar(&case), &["twice"]);
    let both = [file("a", b"one"), file("a/b", b"two")];
    seat.refuses(&tar(&both), &["both a file and a folder"]);
}

#[test]
fn what_is_no_tar_or_no_age_file_is_refused() {
    let seat = Seat::new();
    seat.refuses(b"not a tar", &["tar"]);
    seat.refuses(b"", &["tar"]);
    let mut broken = tar(&[file("a.md", b"x")]);
    broken[150] ^= 1;
    seat.refuses(&broken, &["tar header"]);
    seat.refuses(&file("a.md", b"x"), &["tar"]);
    let mut after = tar(&[file("a.md", b"x")]);
    after.extend_from_slice(&file("../headstart-escaped", b"x"));
    seat.refuses(&after, &["does not end with zeros"]);
    for bytes in [
        &b""[..],
        b"age-encryption.org/v1\n",
        b"age-encryption.org/v1\n-> X25519 x\n",
        b"PK\x03\x04",
    ] {
        seat.office.write("other.age", bytes);
        seat.office
            .refused(2, "package open other.age --identity key --out out");
    }
    assert!(!seat.office.path("out").exists());
}

#[test]
fn a_package_whose_bits_were_altered_is_refused() {
    let office = Office::small(&[("p-01", 1)]);
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    office.done(&format!("package fetch {CASE} --seat p-01.s1 --out p.age"));
    let key = office.key_file("p-01.s1");
    let package = office.read("p.age");
    for at in (0..package.len()).step_by(package.len() / 24) {
        let mut altered = package.clone();
        altered[at] ^= 0x10;
        office.write("altered.age", altered);
        office.refused(
            2,
            &format!("package open altered.age --identity {key} --out out"),
        );
        assert!(!office.path("out").exists(), "byte {at}");
    }
    office.write("short.age", &package[..package.len() - 100]);
    office.refused(
        2,
        &format!("package open short.age --identity {key} --out out"),
    );
    assert!(!office.path("out").exists());
}

/// Whoever knows a seat's recipient can seal something to it; only the program signs manifests.
#[test]
fn a_package_that_the_program_did_not_sign_exits_1() {
    let seat = Seat::new();
    let refuses = |bytes: &[u8], parts: &[&str]| {
        let answer = seat.open(bytes).exits(1);
        answer.complaint();
        answer.says(parts);
        assert!(!seat.office.path("out").exists());
    };
    refuses(&tar(&[file("write-up.md", b"text\n")]), &["no manifest"]);
    let bare = b"headstart manifest v1\ncase: HS-2026-0001\n";
    refuses(&tar(&[file("MANIFEST", bare)]), &["not signed"]);
    let listed = manifest(&signer(), &[("write-up.md", b"text\n")]);
    refuses(
        &tar(&[file("MANIFEST", &listed), file("write-up.md", b"other\n")]),
        &["not those that the manifest lists"],
    );
    refuses(
        &tar(&[
            file("MANIFEST", &listed),
            file("write-up.md", b"text\n"),
            file("more.py", b"x"),
        ]),
        &["not those that the manifest lists"],
    );
    refuses(
        &tar(&[file("MANIFEST", &listed)]),
        &["not those that the manifest lists"],
    );

    // With the published key, a manifest by another key is refused, and by the right one accepted.
    let bytes = tar(&[file("MANIFEST", &listed), file("write-up.md", b"text\n")]);
    let sealed = age::encrypt(&seat.recipient, &bytes).unwrap();
    seat.office.write("package.age", sealed);
    let other = tlog::Signer::from_seed("headstart/example/00000000", [4; 32]).unwrap();
    let open = |key: &str| {
        seat.office.say(&format!(
            "package open package.age --identity key --out out --log-key {key}"
        ))
    };
    open(&other.vkey()).exits(1).says(&["signature"]);
    open("nonsense").exits(2).complaint();
    assert!(!seat.office.path("out").exists());
    let opened = open(&signer().vkey()).exits(0);
    assert!(
        opened.out.contains("signed by the given log key"),
        "{opened:?}"
    );
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links_or_over_files_that_are_there() {
    let seat = Seat::new();
    let listed = manifest(&signer(), &[("write-up.md", b"text\n")]);
    let bytes = tar(&[file("MANIFEST", &listed), file("write-up.md", b"text\n")]);
    let precious = seat.office.write("precious.md", "mine");
    fs::create_dir(seat.office.path("out")).unwrap();
    let link = seat.office.path("out/write-up.md");
    std::os::unix::fs::symlink(&precious, &link).unwrap();
    let answer = seat.open(&bytes).exits(2);
    answer.says(&["exists already", "nothing was overwritten"]);
    assert_eq!(seat.office.read("precious.md"), b"mine");
    assert!(!seat.office.path("out/MANIFEST").exists());
    fs::remove_file(link).unwrap();
    fs::remove_dir(seat.office.path("out")).unwrap();
    seat.office.write("out", "a file");
    seat.open(&bytes).exits(2).says(&["is not a folder"]);
    assert_eq!(seat.office.read("out"), b"a file");
}

#[test]
fn package_open_needs_no_data_directory() {
    let seat = Seat::new();
    let listed = manifest(&signer(), &[("write-up.md", b"text\n")]);
    let bytes = tar(&[file("MANIFEST", &listed), file("write-up.md", b"text\n")]);
    seat.open(&bytes).exits(0);
    assert!(!seat.office.data().exists());
    // Who has the key of another kind, or another key, learns what to do.
    seat.office.write(
        "wrong",
        "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\n",
    );
    seat.office
        .refused(2, "package open package.age --identity wrong --out again");
    seat.office
        .refused(2, "package open package.age --identity missing --out again");
    assert!(!seat.office.path("again").exists());
}
