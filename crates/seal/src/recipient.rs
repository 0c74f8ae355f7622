//! A seat's public key, to which its packages are sealed.

use std::fmt;

/// Longest recipient that is read, in bytes.
pub const RECIPIENT_BYTES_MAX: usize = 1024;

/// A seat's age recipient: X25519 (`age1…`) or `ssh-ed25519 …`.
///
/// The canonical text has no comment and no surrounding space, and is lower case for X25519;
/// two recipients are equal when their canonical texts are.
#[derive(Clone)]
pub struct Recipient {
    kind: Kind,
    canonical: String,
}

#[derive(Clone)]
enum Kind {
    X25519(age::x25519::Recipient),
    Ssh(age::ssh::Recipient),
}

/// Why a text is not a seat's recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// Nothing but white space.
    #[error("the recipient is empty")]
    Empty,
    /// Longer than [`RECIPIENT_BYTES_MAX`].
    #[error("the recipient has {bytes} bytes, and the limit is {RECIPIENT_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// More than one line.
    #[error("the recipient has more than one line")]
    SeveralLines,
    /// A private key was given; it is not repeated in the message.
    #[error("this is a private key, not a recipient")]
    PrivateKey,
    /// `ssh-rsa`.
    #[error(
        "ssh-rsa recipients are not accepted, because decryption with RSA can be timed (RUSTSEC-2023-0071)"
    )]
    SshRsa,
    /// A recipient that only a plugin of age understands.
    #[error("recipients of the age plugin `{plugin}` are not accepted")]
    Plugin {
        /// The name between `age1` and the second `1`.
        plugin: String,
    },
    /// An SSH key of another type.
    #[error("ssh keys of type `{key_type}` cannot be recipients")]
    SshType {
        /// The type as written.
        key_type: String,
    },
    /// A point of small order: what is sealed to it could be opened by anybody.
    #[error("the recipient `{text}` is a point of small order, to which nothing can be sealed")]
    SmallOrder {
        /// The start of what was given.
        text: String,
    },
    /// Anything else.
    #[error("`{text}` is not an age recipient")]
    Invalid {
        /// The start of what was given.
        text: String,
    },
}

impl RecipientError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::PrivateKey => {
                "keep it secret and make a new one if it was shown to anybody; `age-keygen -y KEYFILE` prints its recipient"
            }
            Self::SshRsa | Self::SshType { .. } | Self::Plugin { .. } => {
                "make a key with `age-keygen -o key.txt`, or use an ssh-ed25519 key"
            }
            Self::SeveralLines => "give one recipient for each seat",
            Self::Empty | Self::TooLong { .. } | Self::SmallOrder { .. } | Self::Invalid { .. } => {
                "a recipient is one line that begins with `age1` or `ssh-ed25519`"
            }
        }
    }
}

impl Recipient {
    /// Reads a recipient; white space around it and the comment of an SSH key are dropped.
    ///
    /// # Errors
    /// [`RecipientError`] with the reason; keys of other types are named.
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        if text.len() > RECIPIENT_BYTES_MAX {
            return Err(RecipientError::TooLong { bytes: text.len() });
        }
        let text = text.trim();
        if text.is_empty() {
            return Err(RecipientError::Empty);
        }
        if text.contains("PRIVATE KEY") || text.to_ascii_uppercase().contains("AGE-SECRET-KEY-") {
            return Err(RecipientError::PrivateKey);
        }
        if text.chars().any(|c| c == '\n' || c == '\r') {
            return Err(RecipientError::SeveralLines);
        }
        let first = text.split_ascii_whitespace().next().unwrap_or_default();
        let lower = first.to_ascii_lowercase();
        if lower.starts_with("age1") {
            Self::parse_age(text, &lower)
        } else {
            Self::parse_ssh(text, first)
        }
    }

    fn parse_age(text: &str, lower: &str) -> Result<Self, RecipientError> {
        // The data part of Bech32 never contains a `1`, so a second one ends a plugin's name.
        if let Some(end) = lower.rfind('1').filter(|&end| end > 3) {
            let plugin = lower.get(4..end).unwrap_or_default();
            return Err(RecipientError::Plugin {
                plugin: excerpt(plugin),
            });
        }
        let invalid = || RecipientError::Invalid {
            text: excerpt(text),
        };
        let recipient: age::x25519::Recipient = text.parse().map_err(|_| invalid())?;
        let canonical = recipient.to_string();
        let (_, bytes) = bech32::decode(&canonical).map_err(|_| invalid())?;
        let point: [u8; 32] = bytes.try_into().map_err(|_| invalid())?;
        // Any clamped scalar takes a point of small order to zero (RFC 7748, section 6.1).
        if x25519_dalek::x25519([0; 32], point) == [0; 32] {
            return Err(RecipientError::SmallOrder {
                text: excerpt(text),
            });
        }
        Ok(Self {
            kind: Kind::X25519(recipient),
            canonical,
        })
    }

    fn parse_ssh(text: &str, key_type: &str) -> Result<Self, RecipientError> {
        match key_type {
            "ssh-ed25519" => {}
            "ssh-rsa" => return Err(RecipientError::SshRsa),
            other
                if other.starts_with("ssh-")
                    || other.starts_with("ecdsa-")
                    || other.starts_with("sk-") =>
            {
                return Err(RecipientError::SshType {
                    key_type: excerpt(other),
                });
            }
            _ => {
                return Err(RecipientError::Invalid {
                    text: excerpt(text),
                });
            }
        }
        let invalid = || RecipientError::Invalid {
            text: excerpt(text),
        };
        let base64 = text.split_ascii_whitespace().nth(1).ok_or_else(invalid)?;
        // The comment is cut here, and the key must survive a round trip: nothing may hide behind it.
        let given = format!("ssh-ed25519 {base64}");
        let recipient: age::ssh::Recipient = given.parse().map_err(|_| invalid())?;
        let canonical = recipient.to_string();
        match &recipient {
            age::ssh::Recipient::SshEd25519(_, point) if point.is_small_order() => {
                Err(RecipientError::SmallOrder {
                    text: excerpt(text),
                })
            }
            age::ssh::Recipient::SshEd25519(..) if canonical == given => Ok(Self {
                kind: Kind::Ssh(recipient),
                canonical,
            }),
            _ => Err(invalid()),
        }
    }

    /// The canonical text, which [`Recipient::parse`] reads back.
    pub fn as_str(&self) -> &str {
        &self.canonical
    }

    pub(crate) fn as_age(&self) -> &dyn age::Recipient {
        match &self.kind {
            Kind::X25519(recipient) => recipient,
            Kind::Ssh(recipient) => recipient,
        }
    }
}

impl From<age::x25519::Recipient> for Recipient {
    fn from(recipient: age::x25519::Recipient) -> Self {
        Self {
            canonical: recipient.to_string(),
            kind: Kind::X25519(recipient),
        }
    }
}

impl std::str::FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.canonical)
    }
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Recipient {}

/// At most 40 characters of what was given, without control characters, for one line of an error.
pub(crate) fn excerpt(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(40)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SSH: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

    #[test]
    fn an_x25519_recipient_keeps_its_canonical_text() {
        let text = age::x25519::Identity::generate().to_public().to_string();
        let recipient = Recipient::parse(&format!("  {text}\n")).unwrap();
        assert_eq!(recipient.as_str(), text);
        assert_eq!(Recipient::parse(recipient.as_str()).unwrap(), recipient);
    }

    #[test]
    fn an_ssh_key_loses_its_comment() {
        let recipient = Recipient::parse(&format!("{SSH}  someone@example.org laptop")).unwrap();
        assert_eq!(recipient.as_str(), SSH);
    }

    #[test]
    fn refused_recipients_say_why() {
        let cases = [
            ("", RecipientError::Empty),
            (
                "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ me",
                RecipientError::SshRsa,
            ),
            (
                "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
                RecipientError::Plugin {
                    plugin: "yubikey".into(),
                },
            ),
            (
                "ecdsa-sha2-nistp256 AAAA",
                RecipientError::SshType {
                    key_type: "ecdsa-sha2-nistp256".into(),
                },
            ),
            (
                "sk-ssh-ed25519@openssh.com AAAA",
                RecipientError::SshType {
                    key_type: "sk-ssh-ed25519@openssh.com".into(),
                },
            ),
            ("age1\nage1", RecipientError::SeveralLines),
            (
                "hello",
                RecipientError::Invalid {
                    text: "hello".into(),
                },
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(Recipient::parse(text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn a_private_key_given_by_mistake_is_never_repeated() {
        let secret = age::x25519::Identity::generate().to_string();
        let secret = age::secrecy::ExposeSecret::expose_secret(&secret);
        for text in [
            secret.to_string(),
            secret.to_lowercase(),
            format!("# created\n{secret}"),
        ] {
            let error = Recipient::parse(&text).unwrap_err();
            assert_eq!(error, RecipientError::PrivateKey);
            assert!(!format!("{error} {error:?} {}", error.hint()).contains(secret));
        }
    }

    #[test]
    fn points_of_small_order_are_refused() {
        let zero =
            bech32::encode::<bech32::Bech32>(bech32::Hrp::parse("age").unwrap(), &[0; 32]).unwrap();
        assert!(matches!(
            Recipient::parse(&zero),
            Err(RecipientError::SmallOrder { .. })
        ));
        let mut one = [0; 32];
        one[0] = 1;
        let one =
            bech32::encode::<bech32::Bech32>(bech32::Hrp::parse("age").unwrap(), &one).unwrap();
        assert!(matches!(
            Recipient::parse(&one),
            Err(RecipientError::SmallOrder { .. })
        ));
        // The neutral element of edwards25519, in the encoding of RFC 8032.
        let neutral =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(matches!(
            Recipient::parse(neutral),
            Err(RecipientError::SmallOrder { .. })
        ));
    }

    #[test]
    fn the_length_limit_is_named() {
        let error = Recipient::parse(&"a".repeat(RECIPIENT_BYTES_MAX + 1)).unwrap_err();
        assert!(error.to_string().contains("1024"));
    }

    proptest! {
        #[test]
        fn hostile_text_never_panics(text in "\\PC{0,80}|age1[a-z0-9]{0,70}|ssh-ed25519 [A-Za-z0-9+/=]{0,90}") {
            if let Ok(recipient) = Recipient::parse(&text) {
                prop_assert_eq!(Recipient::parse(recipient.as_str()).unwrap(), recipient);
            }
        }
    }
}
