//! Small readers: sizes of pictures, mails, strings of programs, and what a file is.
#![no_main]

use intake::readers::{kind, mail, size, strings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    kind("a", input);
    if let Some(size) = size(input) {
        assert!(size.width > 0 && size.height > 0 && size.pixels >= size.width.max(size.height));
    }
    if let Ok(one) = mail(input) {
        assert_eq!(mail(input), Ok(one));
    }
    assert!(strings(input).lines().all(|line| line.len() >= 6));
});
