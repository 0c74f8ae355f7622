//! A device with passkeys, in software: what a browser would answer to a challenge.
//!
//! # Source
//! W3C Web Authentication Level 3, sections 5.8.1, 6.1 and 8.7.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// One passkey on a device.
#[derive(Clone)]
pub struct Device {
    key: SigningKey,
    id: Vec<u8>,
    user: String,
    /// What the browser says its page's origin is.
    pub origin: String,
    /// Whether the device says that it knows its owner (a PIN, a finger).
    pub knows_owner: bool,
    /// How often the device says that it was used.
    pub counter: u32,
}

impl Device {
    /// A device whose key is made from a number.
    pub fn new(number: u8, origin: &str) -> Self {
        Self {
            key: SigningKey::from_slice(&[number.max(1); 32]).unwrap(),
            id: vec![number; 16],
            user: String::new(),
            origin: origin.to_owned(),
            knows_owner: true,
            counter: 1,
        }
    }

    /// Makes a passkey as it is asked to.
    pub fn make(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(
            options["authenticatorSelection"]["userVerification"],
            "required"
        );
        self.user = options["user"]["id"].as_str().unwrap().to_owned();
        let mut data = self.data(options["rp"]["id"].as_str().unwrap(), 0x40);
        data.extend([0; 16]);
        data.extend((self.id.len() as u16).to_be_bytes());
        data.extend(&self.id);
        let point = self.key.verifying_key().to_sec1_point(false);
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point.as_bytes()[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point.as_bytes()[33..65]);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(data.len() as u8);
        object.extend(data);
        self.answer(json!({
            "attestationObject": text(&object),
            "clientDataJSON": text(&self.client_data("webauthn.create", options)),
        }))
    }

    /// Shows its passkey as it is asked to.
    pub fn show(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        assert_eq!(options["userVerification"], "required");
        self.counter += 1;
        let data = self.data(options["rpId"].as_str().unwrap(), 0);
        let client_data = self.client_data("webauthn.get", options);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(&client_data));
        let signature: Signature = self.key.sign(&signed);
        self.answer(json!({
            "authenticatorData": text(&data),
            "clientDataJSON": text(&client_data),
            "signature": text(signature.to_der().as_bytes()),
            "userHandle": self.user,
        }))
    }

    fn data(&self, party: &str, flags: u8) -> Vec<u8> {
        let owner = if self.knows_owner { 0x04 } else { 0 };
        let mut data = Sha256::digest(party.as_bytes()).to_vec();
        data.push(0x01 | owner | flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        json!({"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false})
            .to_string()
            .into_bytes()
    }

    fn answer(&self, response: Value) -> Value {
        json!({"id": text(&self.id), "rawId": text(&self.id), "type": "public-key", "response": response, "extensions": {}})
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
