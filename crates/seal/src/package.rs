//! A seat's package: its copies in a tar, encrypted to the seat alone.

use zeroize::Zeroizing;

use crate::age_file::{AGE_HEADER_BYTES_MAX, AgeError, decrypt, encrypt};
use crate::archive::{self, ArchiveError, FileEntry, PACKAGE_BYTES_MAX};
use crate::identity::{Identities, IdentityError};
use crate::padding::quarter_octave;
use crate::recipient::Recipient;

/// The smallest size class of a package before encryption, in bytes.
pub const PACKAGE_BYTES_MIN: u64 = 16 << 10;

/// Why files were not packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A name, a number or a size that packages cannot have.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The encryption itself failed.
    #[error("the package could not be encrypted to the seat's recipient")]
    Encrypt,
}

impl PackError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Archive(_) => "rename or shorten the artifact, or give it as several artifacts",
            Self::Encrypt => "check the seat's recipient, and the system's random numbers",
        }
    }
}

/// Why a package was not opened.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The identity file cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Larger than any package.
    #[error(
        "the file has {bytes} bytes, and a package has at most {PACKAGE_BYTES_MAX} and its header"
    )]
    TooLarge {
        /// Its length.
        bytes: u64,
    },
    /// A header of more than [`AGE_HEADER_BYTES_MAX`].
    #[error("the file's age header has more than {AGE_HEADER_BYTES_MAX} bytes")]
    HeaderTooLong,
    /// Not an age file of version 1.
    #[error("the file is not an age file of version 1")]
    NotAge,
    /// Sealed to other recipients.
    #[error("the file is not sealed to this identity")]
    NotForThisKey,
    /// Right key, but the bytes were changed or cut.
    #[error("the file is damaged or cut off")]
    Damaged,
    /// An age file that holds something else than a package.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl OpenError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Identity(error) => error.hint(),
            Self::TooLarge { .. } | Self::HeaderTooLong | Self::NotAge => {
                "give the file that `headstart package fetch` wrote"
            }
            Self::NotForThisKey => "use the identity whose recipient was registered for the seat",
            Self::Damaged => "fetch the package again and compare its digest with the manifest",
            Self::Archive(_) => {
                "nothing was written; a package made by the program never looks like this, so report it"
            }
        }
    }
}

impl From<AgeError> for OpenError {
    fn from(error: AgeError) -> Self {
        match error {
            AgeError::TooLarge { bytes } => Self::TooLarge { bytes },
            AgeError::HeaderTooLong => Self::HeaderTooLong,
            AgeError::NotAge => Self::NotAge,
            AgeError::NotForThisKey => Self::NotForThisKey,
            AgeError::Damaged | AgeError::ExcessiveWork { .. } => Self::Damaged,
        }
    }
}

/// The size class of a package: at least [`PACKAGE_BYTES_MIN`], then four classes an octave, so that at most a
/// quarter is added.
pub fn size_class(bytes: u64) -> u64 {
    quarter_octave(bytes, PACKAGE_BYTES_MIN)
}

/// The padded size, before encryption, of a package of these files.
///
/// Copies of one master differ by some bytes, and near the edge of a class that would show in the package's size.
/// Where several seats receive the same artifacts, give the largest of their sizes to [`pack`] for all of them.
pub fn packed_size(manifest: &FileEntry, files: &[FileEntry]) -> u64 {
    size_class(archive::tar_size(std::iter::once(manifest).chain(files)))
}

/// Packs files for one seat: a tar with `manifest` first, padded with zeros to [`size_class`] and to `bytes_min` at
/// least, encrypted with age (binary format). `age -d -i KEYFILE FILE | tar x` opens it.
///
/// The tar is the same for the same files; the encryption takes the operating system's randomness.
///
/// # Errors
/// [`PackError::Archive`] for an unsafe or repeated name or a limit.
pub fn pack(
    recipient: &Recipient,
    manifest: &FileEntry,
    files: &[FileEntry],
    bytes_min: u64,
) -> Result<Vec<u8>, PackError> {
    let padded = packed_size(manifest, files).max(size_class(bytes_min));
    let tar = archive::write_tar(std::iter::once(manifest).chain(files), padded)?;
    let tar = Zeroizing::new(tar);
    encrypt(recipient.as_age(), &tar).map_err(|_| PackError::Encrypt)
}

/// The files of a package, manifest first. Nothing is written; see [`crate::write_into`].
///
/// Armoured age files are accepted too.
///
/// # Errors
/// [`OpenError`]: the identity, the encryption, or a tar that breaks a rule or a named limit.
pub fn open_package(bytes: &[u8], identity_file: &str) -> Result<Vec<FileEntry>, OpenError> {
    let identities = Identities::parse(identity_file)?;
    let plaintext = decrypt(bytes, PACKAGE_BYTES_MAX, identities.as_age())?;
    Ok(archive::read_tar(&plaintext)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate_identity;
    use proptest::prelude::*;

    const SSH_KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACB7Ci6nqZYaVvrjm8+XbzII89TsXzP111AflR7WeorBjQAAAJCfEwtqnxML
agAAAAtzc2gtZWQyNTUxOQAAACB7Ci6nqZYaVvrjm8+XbzII89TsXzP111AflR7WeorBjQ
AAAEADBJvjZT8X6JRJI8xVq/1aU8nMVgOtVnmdwqWwrSlXG3sKLqeplhpW+uObz5dvMgjz
1OxfM/XXUB+VHtZ6isGNAAAADHN0cjRkQGNhcmJvbgE=
-----END OPENSSH PRIVATE KEY-----
";

    fn manifest() -> FileEntry {
        FileEntry {
            name: "manifest.json".into(),
            bytes: b"{}".to_vec(),
        }
    }

    fn files() -> Vec<FileEntry> {
        vec![FileEntry {
            name: "writeup.md".into(),
            bytes: b"the parser trusts a length".to_vec(),
        }]
    }

    #[test]
    fn a_package_opens_with_its_seats_identity_alone() {
        let (identity, recipient) = generate_identity();
        let package = pack(&recipient, &manifest(), &files(), 0).unwrap();
        let opened = open_package(&package, &identity).unwrap();
        assert_eq!(opened, [vec![manifest()], files()].concat());
        let (other, _) = generate_identity();
        assert_eq!(
            open_package(&package, &other),
            Err(OpenError::NotForThisKey)
        );
    }

    #[test]
    fn a_package_opens_with_an_ssh_key() {
        let identities = Identities::parse(SSH_KEY).unwrap();
        let package = pack(&identities.recipients()[0], &manifest(), &files(), 0).unwrap();
        assert_eq!(open_package(&package, SSH_KEY).unwrap().len(), 2);
    }

    #[test]
    fn a_package_is_a_version_one_age_file_with_one_recipient() {
        let (_, recipient) = generate_identity();
        let package = pack(&recipient, &manifest(), &files(), 0).unwrap();
        let end = package.windows(5).position(|w| w == b"\n--- ").unwrap();
        let header = std::str::from_utf8(&package[..end]).unwrap();
        let lines: Vec<&str> = header.lines().collect();
        assert_eq!(lines[0], "age-encryption.org/v1");
        assert!(lines[1].starts_with("-> X25519 "));
        // The crate adds a stanza of random length that everybody must ignore, named `…-grease`.
        let stanzas = lines.iter().filter(|l| l.starts_with("-> "));
        assert_eq!(stanzas.filter(|l| !l.contains("-grease")).count(), 1);
    }

    #[test]
    fn the_plaintext_of_a_package_is_a_tar() {
        let (identity, recipient) = generate_identity();
        let package = pack(&recipient, &manifest(), &files(), 0).unwrap();
        let identities = Identities::parse(&identity).unwrap();
        let plaintext = decrypt(&package, PACKAGE_BYTES_MAX, identities.as_age()).unwrap();
        let names: Vec<String> = tar::Archive::new(&plaintext[..])
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect();
        assert_eq!(names, ["manifest.json", "writeup.md"]);
    }

    /// Bytes after the header, whose length is random.
    fn payload_size(age_file: &[u8]) -> usize {
        let mac = age_file.windows(5).position(|w| w == b"\n--- ").unwrap();
        age_file.len() - mac
    }

    #[test]
    fn sizes_of_packages_do_not_tell_the_copy() {
        let (_, recipient) = generate_identity();
        let size = |length: usize| {
            let file = FileEntry {
                name: "w".into(),
                bytes: vec![b'x'; length],
            };
            payload_size(&pack(&recipient, &manifest(), &[file], 40_000).unwrap())
        };
        assert_eq!(size(1), size(5_000));
        assert_eq!(size(1), size(38_000));
    }

    #[test]
    fn an_armoured_package_opens_and_other_files_do_not() {
        let (identity, recipient) = generate_identity();
        let tar = archive::write_tar(files().iter(), 0).unwrap();
        let key: age::x25519::Recipient = recipient.as_str().parse().unwrap();
        let text = age::encrypt_and_armor(&key, &tar).unwrap();
        assert_eq!(open_package(text.as_bytes(), &identity).unwrap(), files());
        assert_eq!(
            open_package(b"PK\x03\x04", &identity),
            Err(OpenError::NotAge)
        );
        assert_eq!(open_package(b"", &identity), Err(OpenError::NotAge));
        let not_tar = age::encrypt(&key, b"hello").unwrap();
        assert_eq!(
            open_package(&not_tar, &identity),
            Err(ArchiveError::End.into())
        );
    }

    #[test]
    fn a_package_that_was_cut_is_damaged() {
        let (identity, recipient) = generate_identity();
        let package = pack(&recipient, &manifest(), &files(), 0).unwrap();
        assert_eq!(
            open_package(&package[..package.len() - 1], &identity),
            Err(OpenError::Damaged)
        );
    }

    #[test]
    fn a_header_without_end_is_refused_at_its_limit() {
        let (identity, _) = generate_identity();
        let line = "A".repeat(64) + "\n";
        // Without the limit, this takes minutes.
        let body = format!("age-encryption.org/v1\n-> X a\n{}", line.repeat(20_000));
        let stanzas = format!("age-encryption.org/v1\n{}", "-> X a\n\n".repeat(200_000));
        let late_end = format!("{stanzas}--- {}\n", "A".repeat(43));
        for text in [body, stanzas, late_end] {
            let error = open_package(text.as_bytes(), &identity).unwrap_err();
            assert_eq!(error, OpenError::HeaderTooLong);
            assert!(error.to_string().contains("16384"));
        }
        let endless = format!(
            "age-encryption.org/v1\n-> X25519 a\nAA\n--- {}",
            "A\n".repeat(200_000)
        );
        assert_eq!(
            open_package(endless.as_bytes(), &identity),
            Err(OpenError::NotAge)
        );
    }

    #[test]
    fn hostile_armour_is_refused() {
        let (identity, _) = generate_identity();
        let begin = "-----BEGIN AGE ENCRYPTED FILE-----\n";
        for text in [
            begin.repeat(10_000),
            format!("{begin}{}", "A".repeat(1_000_000)),
            format!("{begin}{}", ("A".repeat(64) + "\n").repeat(20_000)),
            format!("{begin}{}", "\n".repeat(1_000_000)),
        ] {
            assert_eq!(
                open_package(text.as_bytes(), &identity),
                Err(OpenError::NotAge)
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn any_changed_byte_is_refused(at in any::<prop::sample::Index>(), flip in 1u8..=255) {
            let (identity, recipient) = generate_identity();
            let mut package = pack(&recipient, &manifest(), &files(), 0).unwrap();
            let at = at.index(package.len());
            package[at] ^= flip;
            prop_assert!(open_package(&package, &identity).is_err());
        }

        #[test]
        fn hostile_files_never_panic(start in prop::sample::select(vec!["", "age-encryption.org/v1\n", "age-encryption.org/v1\n-> X25519 ", "-----BEGIN AGE ENCRYPTED FILE-----\n"]), tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (identity, _) = generate_identity();
            let bytes = [start.as_bytes(), &tail].concat();
            prop_assert!(open_package(&bytes, &identity).is_err());
        }
    }
}
