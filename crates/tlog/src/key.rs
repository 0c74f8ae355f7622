//! Ed25519 keys of signed notes: names, key ids, and their text forms.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{SIGNATURE_LENGTH, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::hash::preview;
use crate::note::{Note, NoteError};

/// Most bytes of a key's text form, public or private.
pub const KEY_TEXT_BYTES_MAX: usize = 2048;

/// Most bytes of a key's name.
pub const KEY_NAME_BYTES_MAX: usize = 1024;

/// What a key signs: the "signature type" byte of the signed-note specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum KeyType {
    /// The note's text itself.
    Note = 0x01,
    /// A cosignature/v1 message about the note's text.
    Cosignature = 0x04,
}

/// Signs notes with an Ed25519 key (signature type 0x01).
///
/// The secret is zeroised when dropped, and shown neither by `Debug` nor in any other way but [`Signer::secret`]:
///
/// ```compile_fail,E0599
/// fn show(signer: &tlog::Signer) -> String {
///     signer.to_string()
/// }
/// ```
pub struct Signer(SecretKey);

impl Signer {
    /// The key of this 32-byte Ed25519 seed, under this name.
    ///
    /// # Errors
    /// [`KeyError::Name`] for a name that no signature line can carry.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Signer, KeyError> {
        SecretKey::from_seed(name, Zeroizing::new(seed), KeyType::Note).map(Signer)
    }

    /// Reads the private form of Go's `sumdb/note`: `PRIVATE+KEY+name+id+base64`.
    ///
    /// # Errors
    /// [`KeyError`]; no error carries any of the secret.
    pub fn parse(secret: &str) -> Result<Signer, KeyError> {
        SecretKey::parse(secret, KeyType::Note).map(Signer)
    }

    /// The private form that [`Signer::parse`] reads. Keep it out of logs and flags.
    pub fn secret(&self) -> Zeroizing<String> {
        self.0.encode()
    }

    /// Name of the key, as signature lines carry it.
    pub fn name(&self) -> &str {
        &self.0.public.name
    }

    /// The public form, for those who verify: `name+id+base64`.
    pub fn vkey(&self) -> String {
        self.0.public.encode()
    }

    /// The public half.
    pub fn verifier(&self) -> Verifier {
        Verifier(self.0.public.clone())
    }

    /// Signs a text and returns the whole note, text and signature.
    ///
    /// # Errors
    /// [`NoteError`] for a text that no note can carry: it must end with a newline, have no other
    /// control characters, and fit in a note.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        Note::sign(text, self).map(|note| note.to_text())
    }

    pub(crate) fn sign_bytes(&self, message: &[u8]) -> [u8; SIGNATURE_LENGTH] {
        self.0.sign(message)
    }

    pub(crate) fn key_id(&self) -> u32 {
        self.0.public.key_id
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}, secret redacted)", self.vkey())
    }
}

/// Verifies notes signed with an Ed25519 key (signature type 0x01).
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier(PublicKey);

impl Verifier {
    /// Reads a verifier key: `name+id+base64`, the id being 8 lowercase hex digits.
    ///
    /// # Errors
    /// [`KeyError`], among them for an id that is not the key's, another signature type, and a weak point.
    ///
    /// # Source
    /// <https://c2sp.org/signed-note>, "Verifier keys".
    pub fn parse(vkey: &str) -> Result<Verifier, KeyError> {
        PublicKey::parse(vkey, KeyType::Note).map(Verifier)
    }

    /// The verifier of a bare 32-byte public key.
    ///
    /// # Errors
    /// [`KeyError::Name`] for an impossible name; [`KeyError::Point`] for bytes that are no sound public key.
    pub fn from_public_key(name: &str, key: &[u8; 32]) -> Result<Verifier, KeyError> {
        PublicKey::new(name, key, KeyType::Note).map(Verifier)
    }

    /// The text form that [`Verifier::parse`] reads.
    pub fn vkey(&self) -> String {
        self.0.encode()
    }

    /// Name of the key.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Short identifier of the key, as signature lines carry it. It tells keys apart, and proves nothing.
    pub fn key_id(&self) -> u32 {
        self.0.key_id
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verifies(message, signature)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({})", self.vkey())
    }
}

/// Checks that a name can stand in a signature line: not empty, no space, no `+`, no control character.
///
/// # Errors
/// [`KeyError::Name`] when it cannot; [`KeyError::NameTooLong`] over [`KEY_NAME_BYTES_MAX`].
///
/// # Source
/// <https://c2sp.org/signed-note>, "Format".
pub fn check_key_name(name: &str) -> Result<(), KeyError> {
    let forbidden = |c: char| c.is_whitespace() || c == '+' || c < ' ';
    if name.is_empty() || name.contains(forbidden) {
        return Err(KeyError::Name {
            name: preview(name),
        });
    }
    if name.len() > KEY_NAME_BYTES_MAX {
        return Err(KeyError::NameTooLong);
    }
    Ok(())
}

/// A public key with its name and type.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PublicKey {
    pub(crate) name: String,
    pub(crate) key_id: u32,
    key_type: KeyType,
    key: VerifyingKey,
}

impl PublicKey {
    pub(crate) fn new(
        name: &str,
        key: &[u8; 32],
        key_type: KeyType,
    ) -> Result<PublicKey, KeyError> {
        check_key_name(name)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| KeyError::Point)?;
        if key.is_weak() {
            return Err(KeyError::Point);
        }
        Ok(PublicKey {
            key_id: key_id(name, key_type, &key),
            name: name.to_owned(),
            key_type,
            key,
        })
    }

    pub(crate) fn parse(vkey: &str, key_type: KeyType) -> Result<PublicKey, KeyError> {
        if vkey.len() > KEY_TEXT_BYTES_MAX {
            return Err(KeyError::TooLong);
        }
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::VerifierShape {
                found: preview(vkey),
            });
        };
        let claimed = parse_key_id(id)?;
        let bytes = STANDARD.decode(key).map_err(|_| KeyError::Base64)?;
        let public = PublicKey::new(name, &key_bytes(&bytes, key_type)?, key_type)?;
        public.check_id(claimed)?;
        Ok(public)
    }

    pub(crate) fn encode(&self) -> String {
        let mut bytes = vec![self.key_type as u8];
        bytes.extend_from_slice(self.key.as_bytes());
        format!(
            "{}+{:08x}+{}",
            self.name,
            self.key_id,
            STANDARD.encode(bytes)
        )
    }

    /// Strict verification: a signature is accepted in one form only, and never for a weak key.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }

    /// Whether two keys may be of one and the same holder.
    pub(crate) fn is_same_holder(&self, other: &PublicKey) -> bool {
        self.name == other.name || self.key == other.key
    }

    /// The name, fit for an error.
    pub(crate) fn shown_name(&self) -> String {
        preview(&self.name)
    }

    fn check_id(&self, claimed: u32) -> Result<(), KeyError> {
        if claimed != self.key_id {
            return Err(KeyError::IdMismatch {
                name: preview(&self.name),
                claimed,
                computed: self.key_id,
            });
        }
        Ok(())
    }
}

/// A secret key with its name and type. `SigningKey` zeroises itself.
pub(crate) struct SecretKey {
    pub(crate) public: PublicKey,
    key: SigningKey,
}

impl SecretKey {
    pub(crate) fn from_seed(
        name: &str,
        seed: Zeroizing<[u8; 32]>,
        key_type: KeyType,
    ) -> Result<SecretKey, KeyError> {
        let key = SigningKey::from_bytes(&seed);
        let public = PublicKey::new(name, key.verifying_key().as_bytes(), key_type)?;
        Ok(SecretKey { public, key })
    }

    pub(crate) fn parse(secret: &str, key_type: KeyType) -> Result<SecretKey, KeyError> {
        if secret.len() > KEY_TEXT_BYTES_MAX {
            return Err(KeyError::TooLong);
        }
        let rest = secret
            .strip_prefix("PRIVATE+KEY+")
            .ok_or(KeyError::SecretShape)?;
        let mut parts = rest.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::SecretShape);
        };
        let claimed = parse_key_id(id).map_err(|_| KeyError::SecretShape)?;
        let bytes = Zeroizing::new(STANDARD.decode(key).map_err(|_| KeyError::Base64)?);
        let seed = Zeroizing::new(key_bytes(&bytes, key_type)?);
        let key = SecretKey::from_seed(name, seed, key_type)?;
        key.public.check_id(claimed)?;
        Ok(key)
    }

    pub(crate) fn encode(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; 33]);
        bytes[0] = self.public.key_type as u8;
        bytes[1..].copy_from_slice(self.key.as_bytes());
        // Large enough never to move, which would leave a copy behind.
        let mut text = Zeroizing::new(String::with_capacity(KEY_TEXT_BYTES_MAX));
        text.push_str("PRIVATE+KEY+");
        text.push_str(&self.public.name);
        text.push_str(&format!("+{:08x}+", self.public.key_id));
        STANDARD.encode_string(*bytes, &mut text);
        text
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LENGTH] {
        self.key.sign(message).to_bytes()
    }
}

/// First four bytes of SHA-256(name, newline, type, key), big-endian.
fn key_id(name: &str, key_type: KeyType, key: &VerifyingKey) -> u32 {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', key_type as u8])
        .chain_update(key.as_bytes())
        .finalize()
        .into();
    let [a, b, c, d, ..] = digest;
    u32::from_be_bytes([a, b, c, d])
}

fn parse_key_id(text: &str) -> Result<u32, KeyError> {
    let lowercase_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    if text.len() != 8 || !text.chars().all(lowercase_hex) {
        return Err(KeyError::Id {
            found: preview(text),
        });
    }
    u32::from_str_radix(text, 16).map_err(|_| KeyError::Id {
        found: preview(text),
    })
}

/// The 32 bytes after the type byte.
fn key_bytes(bytes: &[u8], key_type: KeyType) -> Result<[u8; 32], KeyError> {
    let (&found, key) = bytes.split_first().ok_or(KeyError::Length { found: 0 })?;
    if found != key_type as u8 {
        return Err(KeyError::Type {
            found,
            expected: key_type as u8,
        });
    }
    key.try_into()
        .map_err(|_| KeyError::Length { found: key.len() })
}

/// Why a text is not a key. No variant carries any of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Longer than any key.
    #[error("the key is longer than {KEY_TEXT_BYTES_MAX} bytes")]
    TooLong,
    /// A name longer than any that is read here.
    #[error("the key's name is longer than {KEY_NAME_BYTES_MAX} bytes")]
    NameTooLong,
    /// Not of the form `name+id+base64`.
    #[error("`{found}` is not a verifier key")]
    VerifierShape {
        /// The beginning of what was read.
        found: String,
    },
    /// Not of the form `PRIVATE+KEY+name+id+base64`; what was read is not shown.
    #[error("the text is not a private key")]
    SecretShape,
    /// A name that no signature line can carry.
    #[error("`{name}` is not a key name")]
    Name {
        /// The beginning of the name.
        name: String,
    },
    /// The id is not 8 lowercase hex digits.
    #[error("`{found}` is not a key id of 8 lowercase hex digits")]
    Id {
        /// The beginning of what was read.
        found: String,
    },
    /// The id belongs to another name or key.
    #[error("the key of `{name}` has the id {computed:08x}, not {claimed:08x}")]
    IdMismatch {
        /// Name of the key.
        name: String,
        /// The id in the text.
        claimed: u32,
        /// The id of this name and key.
        computed: u32,
    },
    /// The key is not base64.
    #[error("the key is not in base64")]
    Base64,
    /// The key is for another kind of signature.
    #[error("the key has the signature type {found}, not {expected}")]
    Type {
        /// The type byte in the text.
        found: u8,
        /// The type byte that is wanted here.
        expected: u8,
    },
    /// Not 32 bytes.
    #[error("the key has {found} bytes, not 32")]
    Length {
        /// Bytes after the type byte.
        found: usize,
    },
    /// Not a point of the curve, or one for which anybody can make signatures.
    #[error("the bytes are not a sound Ed25519 public key")]
    Point,
}

impl KeyError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            KeyError::Name { .. } | KeyError::NameTooLong => {
                "use a name like `log.example.com/cases`, without spaces or `+`"
            }
            KeyError::Type { expected: 0x04, .. } => {
                "use the witness's cosignature key (type 0x04)"
            }
            KeyError::Type { .. } => "use the log's own Ed25519 key (type 0x01)",
            KeyError::SecretShape => "a private key looks like `PRIVATE+KEY+name+id+base64`",
            KeyError::Point | KeyError::IdMismatch { .. } => {
                "ask the key's owner for it again, over a channel you trust"
            }
            _ => "a verifier key looks like `name+id+base64`; copy the whole line, without spaces",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn go_example_keys_are_read_and_written_alike() {
        let signer = Signer::parse(SECRET).unwrap();
        assert_eq!(signer.vkey(), VKEY);
        assert_eq!(signer.secret().as_str(), SECRET);
        assert_eq!(Verifier::parse(VKEY).unwrap().vkey(), VKEY);
        assert_eq!(Verifier::parse(VKEY).unwrap().key_id(), 0xc74f20a3);
    }

    #[test]
    fn debug_shows_no_secret() {
        let signer = Signer::parse(SECRET).unwrap();
        let shown = format!("{signer:?}");
        assert!(shown.contains("redacted"));
        assert!(!shown.contains("YEKFALVFGyNhPJEMzD1QIDr"));
    }

    #[test]
    fn errors_of_private_keys_show_nothing_of_them() {
        let seed_part = "YEKFALVFGyNhPJEMzD1QIDr";
        for broken in [
            SECRET.replacen("PRIVATE", "PUBLIC", 1),
            SECRET.replacen("c74f20a3", "c74f20a4", 1),
            SECRET.replacen("+c74f20a3", "", 1),
            SECRET.replacen("+c74f20a3+A", "+", 1),
            SECRET
                .replacen("+c74f20a3", "", 1)
                .replacen("PeterNeumann+", "", 1),
            format!("{SECRET}!"),
            format!("{SECRET}AAAA"),
        ] {
            let error = Signer::parse(&broken).unwrap_err();
            let shown = format!("{error} {error:?} {}", error.hint());
            assert!(!shown.contains(seed_part), "{shown}");
        }
    }

    #[test]
    fn a_key_id_of_another_key_is_refused() {
        let error = Verifier::parse(&VKEY.replacen("c74f20a3", "c74f20a4", 1)).unwrap_err();
        assert!(matches!(
            error,
            KeyError::IdMismatch {
                computed: 0xc74f20a3,
                ..
            }
        ));
        assert!(Verifier::parse(&VKEY.replacen("c74f20a3", "C74F20A3", 1)).is_err());
    }

    #[test]
    fn a_weak_public_key_is_refused() {
        // The neutral element of the curve, for which one signature fits many texts.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert_eq!(
            Verifier::from_public_key("log.example", &neutral),
            Err(KeyError::Point)
        );
    }

    #[test]
    fn names_that_break_signature_lines_are_refused() {
        for name in [
            "",
            " ",
            "a b",
            "a+b",
            "a\nb",
            "a\u{a0}b",
            "a\u{2003}b",
            "a\u{1}b",
            "\u{85}",
        ] {
            assert!(
                matches!(Signer::from_seed(name, [1; 32]), Err(KeyError::Name { .. })),
                "{name:?}"
            );
        }
        assert!(Signer::from_seed("log.example.com/ケース", [1; 32]).is_ok());
    }

    proptest! {
        #[test]
        fn keys_come_back_from_their_texts(seed: [u8; 32], name in "[a-z0-9./:-]{1,40}") {
            let signer = Signer::from_seed(&name, seed).unwrap();
            let again = Signer::parse(&signer.secret()).unwrap();
            prop_assert_eq!(again.vkey(), signer.vkey());
            prop_assert_eq!(Verifier::parse(&signer.vkey()), Ok(signer.verifier()));
        }

        #[test]
        fn hostile_keys_are_refused_without_a_panic(text in "(PRIVATE\\+KEY\\+)?.{0,30}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]{0,60}") {
            let _ = Signer::parse(&text);
            let _ = Verifier::parse(&text);
        }
    }
}
