//! Codes and methods: canonical bytes alone are read, and every symbol is below its alphabet.
#![no_main]

use fingerprint::{Code, Key, Method};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(code) = Code::from_bytes(input) {
        assert_eq!(code.to_bytes(), input);
        let (group, slot) = (Key::from_bytes([1; 32]), Key::from_bytes([2; 32]));
        let codeword = code.codeword(&group, &slot);
        assert_eq!(codeword.len(), code.len());
        for (index, (symbol, site)) in codeword.iter().zip(code.sites()).enumerate() {
            assert!(*symbol < site.alphabet.values());
            if index < 64 {
                assert_eq!(*symbol, code.symbol(index, &group, &slot));
            }
        }
    }
    if let Ok(method) = Method::from_bytes(input) {
        assert_eq!(method.to_bytes(), input);
    }
});
