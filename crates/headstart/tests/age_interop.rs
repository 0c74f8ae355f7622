//! Stock `age` opens what headstart seals.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Command, Stdio};

use support::{CASE, Office, RELEASE, VALIDATE};

/// Runs the stock program; its absence is a failure that says what to do.
fn age(office: &Office, words: &[&str]) -> Vec<u8> {
    let output = Command::new("age")
        .args(words)
        .current_dir(office.path(""))
        .stdin(Stdio::null())
        .output()
        .expect("the program `age` is missing: `cargo xtask test` installs it, or `apt-get install age`");
    assert!(
        output.status.success(),
        "age {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// The files of a tar, as any tar program reads them: a header of 512 bytes, and content up to the next 512.
fn untar(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut rest = bytes;
    while let Some((header, after)) = rest.split_first_chunk::<512>() {
        if header.iter().all(|byte| *byte == 0) {
            assert!(
                after.iter().all(|byte| *byte == 0),
                "something follows the end"
            );
            break;
        }
        let field = |from: usize, len: usize| {
            let text = &header[from..from + len];
            let end = text.iter().position(|byte| *byte == 0).unwrap_or(len);
            std::str::from_utf8(&text[..end]).unwrap().trim().to_owned()
        };
        assert_eq!(&header[257..262], b"ustar");
        assert!(
            matches!(header[156], b'0' | 0),
            "`{}` is not a file",
            field(0, 100)
        );
        let size = usize::from_str_radix(&field(124, 12), 8).unwrap();
        files.insert(field(0, 100), after[..size].to_vec());
        rest = &after[size.next_multiple_of(512)..];
    }
    files
}

#[test]
fn stock_age_opens_a_package_to_the_same_files() {
    let office = Office::pressed();
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let opened = office.fetch_and_open(CASE, "p-01.s1");
    let tar = age(
        &office,
        &["-d", "-i", &office.key_file("p-01.s1"), "p-01.s1.age"],
    );
    let files = untar(&tar);
    assert_eq!(files, opened);
    assert!(files.contains_key("MANIFEST"));
    assert_eq!(files.len(), 6);

    // A partner without a PoC: the same, with fewer files.
    office.done(&format!("wave open {CASE} --now {RELEASE}"));
    let opened = office.fetch_and_open(CASE, "p-15.s1");
    let tar = age(
        &office,
        &["-d", "-i", &office.key_file("p-15.s1"), "p-15.s1.age"],
    );
    assert_eq!(untar(&tar), opened);
}

#[test]
fn the_stock_tar_program_lists_what_stock_age_opened() {
    let office = Office::small(&[("p-01", 1)]);
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    let opened = office.fetch_and_open(CASE, "p-01.s1");
    let key = office.key_file("p-01.s1");
    age(
        &office,
        &["-d", "-i", &key, "-o", "package.tar", "p-01.s1.age"],
    );
    let output = Command::new("tar")
        .args(["-tf", "package.tar"])
        .current_dir(office.path(""))
        .output()
        .unwrap();
    assert!(output.status.success());
    let mut listed: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    listed.sort();
    let names: Vec<String> = opened.keys().cloned().collect();
    assert_eq!(listed, names);
}

#[test]
fn stock_age_with_another_seats_key_opens_nothing() {
    let office = Office::small(&[("p-01", 2)]);
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    office.done(&format!("package fetch {CASE} --seat p-01.s1 --out p.age"));
    let output = Command::new("age")
        .args(["-d", "-i", &office.key_file("p-01.s2"), "p.age"])
        .current_dir(office.path(""))
        .output()
        .expect("the program `age` is missing: `cargo xtask test` installs it, or `apt-get install age`");
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
}

#[test]
fn a_key_of_the_stock_age_keygen_is_a_seats_key() {
    let mut office = Office::new();
    office.import(
        "partners.csv",
        b"id,name,tier,country,obligations\np-01,One,validate,GB,\n",
    );
    let missing = "the program `age-keygen` is missing: `cargo xtask test` installs it";
    let made = Command::new("age-keygen").output().expect(missing);
    let identity = String::from_utf8(made.stdout).unwrap();
    let public = identity
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    let seat = office.add_seat_with("p-01", "a@one.example", public.unwrap(), &identity);
    office
        .run(&["case", "create", "--title", "x", "--release", RELEASE])
        .exits(0);
    office.write("write-up.md", support::demo_file("write-up.md"));
    office.done(&format!("artifact add {CASE} write-up.md"));
    office.done(&format!("wave plan {CASE}"));
    office.done(&format!("wave approve {CASE} --as Ada"));
    office.done(&format!("wave approve {CASE} --as Grace"));
    office.done(&format!("press {CASE}"));
    office.done(&format!("wave open {CASE} --now {VALIDATE}"));
    assert_eq!(office.fetch_and_open(CASE, &seat).len(), 2);
}

#[test]
fn the_program_key_is_an_age_file_under_a_passphrase() {
    let office = Office::new();
    let mut file = Vec::new();
    std::fs::File::open(office.path("data/program.key.age"))
        .unwrap()
        .read_to_end(&mut file)
        .unwrap();
    let header = String::from_utf8_lossy(&file);
    assert!(header.starts_with("age-encryption.org/v1\n-> scrypt "));
    // Without a passphrase it opens nothing; stock age asks for it on a terminal alone.
    let output = Command::new("age")
        .args(["-d", "-i", "pass", "data/program.key.age"])
        .current_dir(office.path(""))
        .output()
        .expect("the program `age` is missing: `cargo xtask test` installs it, or `apt-get install age`");
    assert!(!output.status.success() && output.stdout.is_empty());
}
