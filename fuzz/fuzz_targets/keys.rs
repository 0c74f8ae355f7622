//! Keys as text: recipients, identities, log keys, and records of the vault.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seal::{Identities, ProgramRecipient, Recipient, VaultKey, open_package};
use tlog::{Cosigner, CosignerKey, Signer, Verifier};

fuzz_target!(|input: &[u8]| {
    let vault = VaultKey::from_bytes([5; 32]);
    let _ = vault.open("place", input);
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(recipient) = Recipient::parse(text) {
        let again = Recipient::parse(recipient.as_str()).expect("a recipient is read back");
        assert_eq!(again.as_str(), recipient.as_str());
    }
    // The register of seats checks the shape alone; what the seal takes must pass there.
    if Recipient::parse(text).is_ok() && text.len() <= 200 {
        assert!(domain::seat::Recipient::parse(text).is_ok());
    }
    if let Ok(recipient) = ProgramRecipient::parse(text) {
        assert!(ProgramRecipient::parse(recipient.as_str()).is_ok());
    }
    if let Ok(identities) = Identities::parse(text) {
        identities.recipients();
        let _ = open_package(b"age-encryption.org/v1\n", text);
    }
    if let Ok(key) = Verifier::parse(text) {
        assert_eq!(key.vkey(), text);
    }
    if let Ok(key) = CosignerKey::parse(text) {
        assert_eq!(key.vkey(), text);
    }
    if let Ok(signer) = Signer::parse(text) {
        assert_eq!(signer.secret().as_str(), text);
        assert!(!format!("{signer:?}").contains(text.rsplit('+').next().unwrap_or("+")));
    }
    if let Ok(cosigner) = Cosigner::parse(text) {
        assert_eq!(cosigner.secret().as_str(), text);
    }
});
