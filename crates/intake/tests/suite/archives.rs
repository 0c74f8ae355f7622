//! Archives: what is in them is read, what is meant to harm is refused by name.

use intake::{Found, Limits, take};

use crate::made::{gzip, one, refused, skipped, small, tar, texts, tools, zip};

#[test]
fn members_are_read_in_the_order_of_the_archive_with_how_they_were_got() {
    let inner = zip(&[("deep/b.txt", b"two")]);
    let outer = zip(&[("z.md", b"one"), ("inner.zip", &inner), ("a.txt", b"three")]);
    let packed = gzip(&tar(&[
        ("leak/outer.zip", &outer),
        ("leak/eve.json", b"{}"),
    ]));
    let intake = one("found.tar.gz", packed).unwrap();
    let names: Vec<String> = texts(&intake).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(
        names,
        [
            "found.tar/leak/outer.zip/z.md",
            "found.tar/leak/outer.zip/inner.zip/deep/b.txt",
            "found.tar/leak/outer.zip/a.txt",
            "found.tar/leak/eve.json",
        ]
    );
    assert_eq!(
        texts(&intake)[1].2,
        "unpacked with gzip; member `leak/outer.zip` of a tar archive; member `inner.zip` of a zip archive; \
         member `deep/b.txt` of a zip archive"
    );
    assert!(
        intake
            .parts
            .iter()
            .all(|p| p.source.original.file == "found.tar.gz")
    );
    assert_eq!(intake.originals.len(), 1);
}

#[test]
fn a_zip_bomb_ends_at_the_ratio() {
    let bomb = zip(&[("a.txt", b"honest words"), ("b.txt", &vec![0; 12 << 20])]);
    let intake = one("bomb.zip", bomb).unwrap();
    assert_eq!(texts(&intake).len(), 1);
    assert!(
        skipped(&intake)[0].1.contains("RATIO_MAX"),
        "{:?}",
        skipped(&intake)
    );
}

#[test]
fn many_small_bombs_end_at_the_size_of_all_together() {
    let limits = Limits {
        unpacked_bytes_max: 3 << 20,
        ..small()
    };
    let line = b"The render worker reads the ticket twice. ".repeat(20_000);
    let one = zip(&[("a.txt", &line)]);
    let all = zip(&[
        ("1.zip", &one),
        ("2.zip", &one),
        ("3.zip", &one),
        ("4.zip", &one),
        ("5.zip", &one),
    ]);
    let found = Found::Bytes {
        name: "all.zip".into(),
        bytes: all,
    };
    let intake = take(&[found], &tools(), &limits).unwrap();
    let read: usize = intake.parts.iter().map(|part| part.bytes.len()).sum();
    assert!((1..=3 << 20).contains(&read), "{read}");
    assert!(
        skipped(&intake)
            .iter()
            .any(|(_, why)| why.contains("UNPACKED_BYTES_MAX"))
    );
}

#[test]
fn a_gzip_bomb_ends_at_the_ratio() {
    refused(one("a.gz", gzip(&vec![b'a'; 12 << 20])), "RATIO_MAX");
}

#[test]
fn names_that_lead_out_of_the_archive_are_refused() {
    let names = [
        "../../etc/passwd",
        "/etc/shadow",
        "C:\\boot.ini",
        "a/../../b",
        "new\nline",
    ];
    for name in names {
        let intake = one("slip.zip", zip(&[(name, b"x"), ("good.txt", b"good")])).unwrap();
        assert_eq!(intake.parts.len(), 1, "{name}");
        assert!(skipped(&intake)[0].1.starts_with("its name"), "{name}");
        let intake = one("slip.tar", tar(&[(name, b"x"), ("good.txt", b"good")])).unwrap();
        assert_eq!(intake.parts.len(), 1, "{name}");
        assert!(skipped(&intake)[0].1.starts_with("its name"), "{name}");
    }
}

#[test]
fn archives_inside_archives_end_at_a_named_depth() {
    let mut nested = zip(&[("words.txt", b"words")]);
    for _ in 0..intake::DEPTH_MAX - 1 {
        nested = zip(&[("inner.zip", &nested)]);
    }
    assert_eq!(one("a.zip", nested.clone()).unwrap().parts.len(), 1);
    for _ in 0..100 {
        nested = zip(&[("inner.zip", &nested), ("beside.txt", b"x")]);
    }
    let intake = one("a.zip", nested).unwrap();
    assert_eq!(intake.parts.len(), intake::DEPTH_MAX as usize);
    assert!(skipped(&intake)[0].1.contains("DEPTH_MAX"));
}

#[test]
fn thousands_of_members_end_at_a_named_number() {
    let members: Vec<(String, Vec<u8>)> = (0..300)
        .map(|n| (format!("{n}.txt"), b"x".to_vec()))
        .collect();
    let members: Vec<(&str, &[u8])> = members
        .iter()
        .map(|(n, b)| (n.as_str(), b.as_slice()))
        .collect();
    let limits = Limits {
        members_max: 100,
        ..small()
    };
    for (name, bytes) in [("a.zip", zip(&members)), ("a.tar", tar(&members))] {
        let found = Found::Bytes {
            name: name.into(),
            bytes,
        };
        let intake = take(&[found], &tools(), &limits).unwrap();
        assert_eq!(intake.parts.len(), 99, "{name}");
        assert!(skipped(&intake)[0].1.contains("MEMBERS_MAX"));
    }
}

#[test]
fn a_directory_of_millions_of_members_is_refused_before_it_is_read() {
    let mut bytes = zip(&[("a.txt", b"x")]);
    let limits = Limits {
        members_max: 10,
        ..small()
    };
    for _ in 0..1000 {
        bytes.splice(0..0, *b"PK\x01\x02");
    }
    bytes.splice(0..0, *b"PK\x03\x04");
    let found = Found::Bytes {
        name: "a.zip".into(),
        bytes,
    };
    refused(take(&[found], &tools(), &limits), "MEMBERS_MAX");
}

#[test]
fn links_pipes_and_devices_of_a_tar_are_skipped_by_their_name() {
    use tar::{Builder, EntryType, Header};
    let mut builder = Builder::new(Vec::new());
    for (kind, name) in [
        (EntryType::Symlink, "link"),
        (EntryType::Link, "hard"),
        (EntryType::Fifo, "pipe"),
        (EntryType::Char, "device"),
        (EntryType::Block, "disk"),
    ] {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_link_name("/etc/passwd").unwrap();
        builder.append_data(&mut header, name, &b""[..]).unwrap();
    }
    let mut header = Header::new_gnu();
    header.set_size(5);
    builder
        .append_data(&mut header, "good.txt", &b"words"[..])
        .unwrap();
    let intake = one("a.tar", builder.into_inner().unwrap()).unwrap();
    assert_eq!(texts(&intake)[0].1, "words");
    let reasons: Vec<String> = skipped(&intake).into_iter().map(|(_, why)| why).collect();
    assert_eq!(
        reasons,
        [
            "it is a symbolic link, not a file",
            "it is a hard link, not a file",
            "it is a pipe, not a file",
            "it is a device, not a file",
            "it is a device, not a file",
        ]
    );
}

#[test]
fn a_sparse_tar_that_claims_a_terabyte_ends_at_the_ratio() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_path("huge.txt").unwrap();
    header.set_size(0);
    {
        let gnu = header.as_gnu_mut().unwrap();
        gnu.realsize.copy_from_slice(b"17777777777\0");
        gnu.sparse[0].offset.copy_from_slice(b"17777777777\0");
        gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
    }
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, &b""[..]).unwrap();
    refused(one("a.tar", builder.into_inner().unwrap()), "RATIO_MAX");
}

#[test]
fn a_tar_whose_long_name_claims_gigabytes_ends() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_path("././@LongLink").unwrap();
    header.set_size(7 << 30);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.resize(4096, b'a');
    assert!(one("a.tar", bytes).is_err());
}

#[test]
fn a_member_that_is_encrypted_or_packed_otherwise_is_skipped_with_what_to_do() {
    let mut bytes = zip(&[("a.txt", b"words that are packed"), ("b.txt", b"more")]);
    // The flag of encryption, in the member's own header and in the directory.
    let directory = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    bytes[6] |= 1;
    bytes[directory + 8] |= 1;
    let intake = one("a.zip", bytes).unwrap();
    assert_eq!(texts(&intake)[0].1, "more");
    assert_eq!(skipped(&intake)[0].1, "it is encrypted");
    refused(one("a.7z", b"7z\xbc\xaf\x27\x1c\0\0".to_vec()), "7-Zip");
    refused(one("a.xz", b"\xfd7zXZ\0\0\0".to_vec()), "xz");
}

#[test]
fn a_repository_inside_an_archive_is_named_and_not_taken_for_text() {
    let bytes = zip(&[
        (".git/config", b"[core]"),
        (".git/HEAD", b"x"),
        ("a.py", b"print(1)"),
    ]);
    let intake = one("a.zip", bytes).unwrap();
    assert_eq!(intake.parts.len(), 1);
    assert_eq!(skipped(&intake).len(), 1);
    assert!(skipped(&intake)[0].1.contains("from a folder"));
}

#[test]
fn an_archive_that_is_cut_off_gives_what_is_whole() {
    let bytes = tar(&[("a.txt", b"words"), ("b.txt", &[b'b'; 2000])]);
    let intake = one("a.tar", bytes[..2000].to_vec()).unwrap();
    assert_eq!(texts(&intake)[0].1, "words");
    assert_eq!(intake.skipped.len(), 1);
    refused(
        one("a.zip", b"PK\x03\x04 and no more".to_vec()),
        "zip archive",
    );
}
