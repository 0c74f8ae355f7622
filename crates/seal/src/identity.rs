//! The private keys with which a seat opens its packages.

use std::fmt;
use std::str::FromStr as _;

use age::secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::recipient::Recipient;

/// Largest identity file that is read, in bytes.
pub const IDENTITY_FILE_BYTES_MAX: usize = 64 << 10;
/// Most identities in one file.
pub const IDENTITIES_MAX: usize = 256;

/// The identities of one file: age X25519 (`AGE-SECRET-KEY-1…`, one a line) or one OpenSSH ed25519 private key.
/// `Debug` shows their number alone.
pub struct Identities(Vec<Kind>);

enum Kind {
    X25519(age::x25519::Identity),
    Ssh(age::ssh::Identity),
}

/// Why a text is not an identity file. No message repeats any of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Larger than [`IDENTITY_FILE_BYTES_MAX`].
    #[error("the identity file has {bytes} bytes, and the limit is {IDENTITY_FILE_BYTES_MAX}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// More than [`IDENTITIES_MAX`] identities.
    #[error("the identity file has more than {IDENTITIES_MAX} identities")]
    TooMany,
    /// Only comments and empty lines.
    #[error("the identity file contains no identity")]
    Empty,
    /// A line that is neither an identity nor a comment.
    #[error("line {line} of the identity file is not an age identity")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// An identity of an age plugin.
    #[error("line {line} of the identity file is for an age plugin, which is not supported here")]
    Plugin {
        /// Counted from 1.
        line: usize,
    },
    /// A recipient where an identity should be.
    #[error("line {line} of the identity file is a public recipient, not an identity")]
    Public {
        /// Counted from 1.
        line: usize,
    },
    /// An age file or SSH key that is itself under a passphrase.
    #[error("the identity file is under a passphrase")]
    Encrypted,
    /// An RSA key.
    #[error(
        "RSA keys are not accepted, because decryption with RSA can be timed (RUSTSEC-2023-0071)"
    )]
    Rsa,
    /// An SSH key that cannot be read, or of another type than ed25519.
    #[error("the ssh key cannot be read, or is not an ed25519 key")]
    Ssh,
}

impl IdentityError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Encrypted => {
                "decrypt it into a file that only you can read: `age -d` for an age file, `ssh-keygen -p` on a copy of an ssh key"
            }
            Self::Plugin { .. } => "open the package with `age -d -i KEYFILE FILE | tar x`",
            Self::Rsa | Self::Ssh => "use the key whose recipient was registered for the seat",
            Self::Public { .. } => "give the file that `age-keygen -o` wrote, not the public key",
            _ => {
                "an identity file has lines that begin with `AGE-SECRET-KEY-1`, or is an OpenSSH ed25519 key"
            }
        }
    }
}

impl Identities {
    /// Reads an identity file.
    ///
    /// # Errors
    /// [`IdentityError`], with the line where that helps.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        if text.len() > IDENTITY_FILE_BYTES_MAX {
            return Err(IdentityError::TooLarge { bytes: text.len() });
        }
        let start = text.trim_start();
        if start.starts_with("age-encryption.org/")
            || start.starts_with("-----BEGIN AGE ENCRYPTED FILE-----")
        {
            return Err(IdentityError::Encrypted);
        }
        if start.starts_with("-----BEGIN ") {
            return Self::parse_ssh(start);
        }
        let mut found = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if found.len() == IDENTITIES_MAX {
                return Err(IdentityError::TooMany);
            }
            match age::x25519::Identity::from_str(line) {
                Ok(identity) => found.push(Kind::X25519(identity)),
                Err(_) if line.starts_with("AGE-PLUGIN-") => {
                    return Err(IdentityError::Plugin { line: line_number });
                }
                Err(_) if line.starts_with("age1") || line.starts_with("ssh-") => {
                    return Err(IdentityError::Public { line: line_number });
                }
                Err(_) => return Err(IdentityError::Line { line: line_number }),
            }
        }
        if found.is_empty() {
            return Err(IdentityError::Empty);
        }
        Ok(Self(found))
    }

    fn parse_ssh(text: &str) -> Result<Self, IdentityError> {
        if text.starts_with("-----BEGIN RSA PRIVATE KEY-----") {
            return Err(IdentityError::Rsa);
        }
        let identity = age::ssh::Identity::from_buffer(text.as_bytes(), None)
            .map_err(|_| IdentityError::Ssh)?;
        match &identity {
            age::ssh::Identity::Encrypted(_) => return Err(IdentityError::Encrypted),
            age::ssh::Identity::Unsupported(_) => return Err(IdentityError::Ssh),
            age::ssh::Identity::Unencrypted(_) => {}
        }
        match age::ssh::Recipient::try_from(identity.clone()) {
            Ok(age::ssh::Recipient::SshEd25519(..)) => Ok(Self(vec![Kind::Ssh(identity)])),
            Ok(age::ssh::Recipient::SshRsa(..)) => Err(IdentityError::Rsa),
            Err(_) => Err(IdentityError::Ssh),
        }
    }

    /// The recipients of these identities, in order.
    pub fn recipients(&self) -> Vec<Recipient> {
        self.0
            .iter()
            .filter_map(|kind| match kind {
                Kind::X25519(identity) => Some(identity.to_public().into()),
                Kind::Ssh(identity) => age::ssh::Recipient::try_from(identity.clone())
                    .ok()
                    .and_then(|recipient| Recipient::parse(&recipient.to_string()).ok()),
            })
            .collect()
    }

    pub(crate) fn as_age(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.0.iter().map(|kind| match kind {
            Kind::X25519(identity) => identity as &dyn age::Identity,
            Kind::Ssh(identity) => identity as &dyn age::Identity,
        })
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identities({}, redacted)", self.0.len())
    }
}

/// A new X25519 identity from the operating system's randomness: the text of its identity file, as `age-keygen`
/// writes it, and its recipient.
pub fn generate_identity() -> (Zeroizing<String>, Recipient) {
    let identity = age::x25519::Identity::generate();
    let recipient = Recipient::from(identity.to_public());
    let secret = identity.to_string();
    let text = format!("# public key: {recipient}\n{}\n", secret.expose_secret());
    (Zeroizing::new(text), recipient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_generated_identity_is_read_back_with_comments_and_other_lines() {
        let (first, recipient) = generate_identity();
        let (second, _) = generate_identity();
        let text = format!("# mine\n\n{}\n  {}", *first, *second);
        let identities = Identities::parse(&text).unwrap();
        assert_eq!(identities.recipients().len(), 2);
        assert_eq!(identities.recipients()[0], recipient);
        assert_eq!(format!("{identities:?}"), "Identities(2, redacted)");
    }

    #[test]
    fn refused_identity_files_say_why() {
        let (text, recipient) = generate_identity();
        let cases = [
            (String::new(), IdentityError::Empty),
            (
                format!("{}what is this", *text),
                IdentityError::Line { line: 3 },
            ),
            (recipient.to_string(), IdentityError::Public { line: 1 }),
            (
                "AGE-PLUGIN-YUBIKEY-1XXX".into(),
                IdentityError::Plugin { line: 1 },
            ),
            (
                "age-encryption.org/v1\n-> scrypt".into(),
                IdentityError::Encrypted,
            ),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n".into(),
                IdentityError::Rsa,
            ),
            (
                "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n".into(),
                IdentityError::Ssh,
            ),
            (
                "#".repeat(IDENTITY_FILE_BYTES_MAX + 1),
                IdentityError::TooLarge {
                    bytes: IDENTITY_FILE_BYTES_MAX + 1,
                },
            ),
            (text.repeat(IDENTITIES_MAX + 1), IdentityError::TooMany),
        ];
        for (text, expected) in cases {
            assert_eq!(Identities::parse(&text).unwrap_err(), expected);
        }
    }

    proptest! {
        #[test]
        fn hostile_identity_files_never_panic(text in "\\PC{0,60}|AGE-SECRET-KEY-1[A-Z0-9]{0,60}|-----BEGIN OPENSSH PRIVATE KEY-----\n[A-Za-z0-9+/=]{0,90}\n-----END OPENSSH PRIVATE KEY-----\n") {
            let _ = Identities::parse(&text);
        }
    }
}
