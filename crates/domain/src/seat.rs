//! A seat: one person or mailbox of a partner, with the key that its packages are sealed to.

use crate::explain::Explain;
use crate::ids::{PartnerId, SeatId, excerpt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// A seat as the events left it. Changed only by the program's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    pub(crate) id: SeatId,
    pub(crate) partner: PartnerId,
    pub(crate) email: Email,
    pub(crate) recipient: Recipient,
    pub(crate) added_at: Timestamp,
    pub(crate) retired_at: Option<Timestamp>,
    pub(crate) role: Option<SeatRole>,
    pub(crate) is_lead: bool,
}

/// What a seat does in its partner's team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeatRole {
    /// Keeps the team: invites, retires and names others.
    Lead,
    /// Gets packages, and keeps nobody.
    Analyst,
}

impl SeatRole {
    /// The role's name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Analyst => "analyst",
        }
    }
}

impl Seat {
    /// The seat's id.
    pub fn id(&self) -> &SeatId {
        &self.id
    }

    /// The partner that it belongs to.
    pub fn partner(&self) -> &PartnerId {
        &self.partner
    }

    /// Where it is reached.
    pub fn email(&self) -> &Email {
        &self.email
    }

    /// The key that its packages are sealed to.
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// Whether it leads its partner's team. As long as nobody in use was named, the seat that was added first does,
    /// unless it was said that it does not.
    pub fn is_lead(&self) -> bool {
        self.is_lead
    }

    /// What it does in its team.
    pub fn role(&self) -> SeatRole {
        match self.is_lead {
            true => SeatRole::Lead,
            false => SeatRole::Analyst,
        }
    }

    /// When it was added.
    pub fn added_at(&self) -> Timestamp {
        self.added_at
    }

    /// Since when it gets nothing any more.
    pub fn retired_at(&self) -> Option<Timestamp> {
        self.retired_at
    }
}

/// Longest e-mail address, in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const EMAIL_BYTES_MAX: usize = 254;

/// An e-mail address, checked for its shape only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// Text that is not an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{given}` is not an e-mail address")]
pub struct EmailError {
    /// What was given, shortened.
    pub given: String,
}

impl Explain for EmailError {
    fn code(&self) -> &str {
        "malformed-email"
    }

    fn hint(&self) -> String {
        "An address has one `@`, a host after it, no spaces, and at most 254 bytes.".to_owned()
    }
}

impl Email {
    /// Reads an address.
    ///
    /// # Errors
    /// [`EmailError`] unless it has one `@` with something visible on both sides, no white space,
    /// control characters, angle brackets, commas or quotes, and at most [`EMAIL_BYTES_MAX`] bytes.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let refused = |c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '\\')
        };
        let shaped = text.len() <= EMAIL_BYTES_MAX
            && !text.chars().any(refused)
            && text.split_once('@').is_some_and(|(local, host)| {
                !local.is_empty()
                    && local.len() <= 64
                    && !host.contains('@')
                    && host.split('.').all(|label| !label.is_empty())
            });
        if shaped {
            Ok(Self(text.to_owned()))
        } else {
            Err(EmailError {
                given: excerpt(text),
            })
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::parse(&text)
    }
}

/// A public key that packages are sealed to: `age1…` (X25519) or `ssh-ed25519 …`.
///
/// The shape and the checksum are checked here; whether the key is a point that can be sealed to
/// is found by the room that seals.
///
/// # Source
/// C2SP age, section "X25519 recipient stanza"; BIP 173 for Bech32; RFC 8709, section 4.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipient(String);

/// A recipient that packages cannot be sealed to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecipientError {
    /// Neither `age1…` nor `ssh-ed25519 …`.
    #[error("`{given}` is not an age recipient")]
    Unknown {
        /// What was given, shortened.
        given: String,
    },
    /// `age1…` that was mistyped or cut.
    #[error("`{given}` is not a whole age recipient: its length or checksum is wrong")]
    Damaged {
        /// What was given, shortened.
        given: String,
    },
    /// `ssh-ed25519` whose key does not decode.
    #[error("`{given}` is not a whole ssh-ed25519 key")]
    DamagedSsh {
        /// What was given, shortened.
        given: String,
    },
    /// `ssh-rsa`, which is refused.
    #[error("ssh-rsa recipients are not accepted")]
    Rsa,
    /// A secret key where a public one belongs.
    #[error("this is a secret key, not a recipient")]
    Secret,
}

impl Explain for RecipientError {
    fn code(&self) -> &str {
        match self {
            Self::Unknown { .. } => "unknown-recipient",
            Self::Damaged { .. } | Self::DamagedSsh { .. } => "damaged-recipient",
            Self::Rsa => "rsa-recipient",
            Self::Secret => "secret-key-given",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Unknown { .. } => {
                "Give the public key of `age-keygen` (age1…) or an ssh-ed25519 public key."
            }
            Self::Damaged { .. } | Self::DamagedSsh { .. } => {
                "Copy the whole line of the public key once more."
            }
            Self::Rsa => {
                "RSA decryption leaks its key through timing (RUSTSEC-2023-0071): use `age-keygen` or an ssh-ed25519 key."
            }
            Self::Secret => {
                "Never send it to anyone; `age-keygen -y` prints the recipient that belongs to it."
            }
        }
        .to_owned()
    }
}

impl Recipient {
    /// Reads a recipient; an SSH key's comment is dropped.
    ///
    /// # Errors
    /// [`RecipientError`], by what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        let text = text.trim();
        let given = || excerpt(text);
        if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-")
            || text.starts_with("-----BEGIN")
        {
            return Err(RecipientError::Secret);
        }
        if text == "ssh-rsa" || text.starts_with("ssh-rsa ") {
            return Err(RecipientError::Rsa);
        }
        if let Some(rest) = text.strip_prefix("ssh-ed25519 ") {
            let key = rest.split_whitespace().next().unwrap_or_default();
            return if is_ssh_ed25519(key) {
                Ok(Self(format!("ssh-ed25519 {key}")))
            } else {
                Err(RecipientError::DamagedSsh { given: given() })
            };
        }
        match text.strip_prefix("age1") {
            Some(data) if is_bech32_age(data) => Ok(Self(text.to_owned())),
            Some(_) => Err(RecipientError::Damaged { given: given() }),
            None => Err(RecipientError::Unknown { given: given() }),
        }
    }

    /// The recipient, as age reads it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An SSH key blob: the length-prefixed name of the algorithm, then 32 length-prefixed bytes.
fn is_ssh_ed25519(base64: &str) -> bool {
    const HEAD: &[u8] = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20";
    base64.len() <= 100
        && STANDARD
            .decode(base64)
            .is_ok_and(|blob| blob.len() == HEAD.len() + 32 && blob.starts_with(HEAD))
}

/// Bech32 data of 32 bytes for the prefix `age`: 52 symbols, then 6 of the checksum.
fn is_bech32_age(data: &str) -> bool {
    const SYMBOLS: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    if data.len() != 58 {
        return false;
    }
    let prefix = b"age";
    let high = prefix.iter().map(|c| u32::from(c >> 5));
    let low = prefix.iter().map(|c| u32::from(c & 31));
    let mut values: Vec<u32> = high.chain([0]).chain(low).collect();
    for byte in data.bytes() {
        let Some(value) = SYMBOLS.iter().position(|symbol| *symbol == byte) else {
            return false;
        };
        values.push(value as u32);
    }
    let checksum = values.iter().fold(1u32, |sum, value| {
        let top = sum >> 25;
        let shifted = ((sum & 0x01ff_ffff) << 5) ^ value;
        (0..5)
            .filter(|bit| (top >> bit) & 1 == 1)
            .fold(shifted, |sum, bit| sum ^ GENERATOR[bit])
    });
    checksum == 1
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.0
    }
}

impl TryFrom<String> for Recipient {
    type Error = RecipientError;

    fn try_from(text: String) -> Result<Self, RecipientError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AGE: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
    const SSH: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    #[test]
    fn age_and_ssh_ed25519_recipients_are_read() {
        assert_eq!(Recipient::parse(AGE).unwrap().as_str(), AGE);
        assert_eq!(
            Recipient::parse(&format!("{SSH} ada@example.org\n"))
                .unwrap()
                .as_str(),
            SSH
        );
    }

    #[test]
    fn a_mistyped_age_recipient_is_refused() {
        for at in 4..AGE.len() {
            let mut typo = AGE.as_bytes().to_vec();
            typo[at] = if typo[at] == b'q' { b'p' } else { b'q' };
            let typo = String::from_utf8(typo).unwrap();
            assert!(matches!(
                Recipient::parse(&typo),
                Err(RecipientError::Damaged { .. })
            ));
        }
        assert!(Recipient::parse(&AGE[..61]).is_err());
        assert!(Recipient::parse(&AGE.to_uppercase()).is_err());
    }

    #[test]
    fn ssh_rsa_and_secret_keys_are_refused_with_their_reason() {
        let rsa = Recipient::parse("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7").unwrap_err();
        assert_eq!(rsa, RecipientError::Rsa);
        assert!(rsa.hint().contains("timing"));
        assert_eq!(
            Recipient::parse("AGE-SECRET-KEY-1QQQ").unwrap_err(),
            RecipientError::Secret
        );
        assert!(Recipient::parse("ssh-ed25519 AAAA").is_err());
        assert!(Recipient::parse("hello").is_err());
    }

    #[test]
    fn addresses_have_one_at_sign_and_a_host() {
        assert!(Email::parse("ada@partner.example").is_ok());
        for bad in [
            "", "@", "a@", "@b", "a b@c", "a@b@c", "a@b..c", "a@b\n", "<a@b.c>",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn hostile_recipients_and_addresses_never_panic(text in ".{0,120}") {
            let _ = Recipient::parse(&text);
            let _ = Recipient::parse(&format!("age1{text}"));
            let _ = Recipient::parse(&format!("ssh-ed25519 {text}"));
            let _ = Email::parse(&text);
        }
    }
}
