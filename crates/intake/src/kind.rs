//! What bytes are, told by how they begin and only then by their name.

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Text, or a capture of packets: `carriers` reads it as it is.
    Plain,
    /// A zip archive, or a document that is one.
    Zip,
    /// A tar archive.
    Tar,
    /// Packed with gzip.
    Gzip,
    /// A PDF.
    Pdf,
    /// A picture.
    Picture,
    /// A mail.
    Mail,
    /// Packed with something that is not read.
    Packed(&'static str),
    /// A sound, a film or a font.
    Wordless(&'static str),
    /// Any other binary file.
    Binary,
}

/// Bytes of the beginning that decide.
const HEAD_BYTES: usize = 4096;

const PACKED: [(&[u8], &str); 9] = [
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x1f\x9d", "compress"),
    (b"MSCF\0\0\0\0", "Cabinet"),
    (b"age-encryption.org/", "age"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "the binary Office format",
    ),
];

const CAPTURES: [&[u8]; 6] = [
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
    b"\x34\xcd\xb2\xa1",
];

const PICTURES: [&[u8]; 11] = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"P1\n",
    b"P2\n",
    b"P4\n",
    b"P5\n",
    b"P6\n",
];

const WORDLESS: [(&[u8], &str); 9] = [
    (b"OggS", "a sound"),
    (b"ID3", "a sound"),
    (b"fLaC", "a sound"),
    (b"\x1a\x45\xdf\xa3", "a film"),
    (b"\0\x01\0\0\0", "a font"),
    (b"OTTO", "a font"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"\0\0\x01\0", "an icon"),
];

/// What the bytes are.
pub fn kind(name: &str, bytes: &[u8]) -> Kind {
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    let starts = |magic: &[u8]| head.starts_with(magic);
    let lower = name.to_ascii_lowercase();
    if CAPTURES.iter().any(|magic| starts(magic)) {
        return Kind::Plain;
    }
    if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        return Kind::Zip;
    }
    if starts(b"\x1f\x8b") {
        return Kind::Gzip;
    }
    if head.get(257..262) == Some(b"ustar") {
        return Kind::Tar;
    }
    if let Some((_, with)) = PACKED.iter().find(|(magic, _)| starts(magic)) {
        return Kind::Packed(with);
    }
    let is_webp = starts(b"RIFF") && head.get(8..12) == Some(b"WEBP");
    let is_bitmap = starts(b"BM") && head.get(6..10) == Some(&[0; 4]);
    if is_webp || is_bitmap || PICTURES.iter().any(|magic| starts(magic)) {
        return Kind::Picture;
    }
    if find(head.get(..1024).unwrap_or(head), b"%PDF-").is_some() {
        return Kind::Pdf;
    }
    let is_film = head.get(4..8) == Some(b"ftyp");
    if is_film || starts(b"RIFF") {
        return Kind::Wordless("a film or a sound");
    }
    if let Some((_, what)) = WORDLESS.iter().find(|(magic, _)| starts(magic)) {
        return Kind::Wordless(what);
    }
    if lower.ends_with(".eml") || is_mail(head) {
        return Kind::Mail;
    }
    if is_text(head) {
        Kind::Plain
    } else {
        Kind::Binary
    }
}

/// A header of mail that nothing else begins with.
fn is_mail(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut names = Vec::new();
    for line in text.lines().take(60) {
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else {
            return false;
        };
        names.push(name.to_ascii_lowercase());
    }
    let has = |name: &str| names.iter().any(|n| n == name);
    has("from") && has("subject") && (has("mime-version") || has("message-id") || has("received"))
}

/// No byte that text has not; UTF-16 says so with its first two bytes.
fn is_text(head: &[u8]) -> bool {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return true;
    }
    let odd = head
        .iter()
        .filter(|b| **b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t' | 0x0b | 0x0c | 0x1b))
        .count();
    !head.contains(&0) && odd * 100 <= head.len()
}

/// The first place of `needle`.
pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say_and_not_what_it_is_called() {
        assert_eq!(kind("a.txt", b"PK\x03\x04"), Kind::Zip);
        assert_eq!(kind("a.txt", b"\xd4\xc3\xb2\xa1\0\0"), Kind::Plain);
        assert_eq!(kind("a.zip", b"plain words"), Kind::Plain);
        assert_eq!(kind("a", b"\n%PDF-1.7\n"), Kind::Pdf);
        assert_eq!(kind("a", b"\xfd7zXZ\0"), Kind::Packed("xz"));
        assert_eq!(kind("a", b"\x7fELF\0\0\x01\x02\x03\x04"), Kind::Binary);
        assert_eq!(
            kind("a", b"From: a@b\nSubject: c\nMIME-Version: 1.0\n\nx"),
            Kind::Mail
        );
        assert_eq!(
            kind("a", b"From: here it goes\n\nSubject: no mail"),
            Kind::Plain
        );
        assert_eq!(kind("a", b"\xff\xfea\0b\0"), Kind::Plain);
        assert_eq!(kind("", b""), Kind::Plain);
    }
}
