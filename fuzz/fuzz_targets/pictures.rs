//! Small readers: sizes of pictures, small pictures at twice their size, mails, strings of programs, and what a file is.
#![no_main]

use intake::readers::{enlarged, kind, mail, size, strings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    kind("a", input);
    if let Some(size) = size(input) {
        assert!(size.width > 0 && size.height > 0 && size.pixels >= size.width.max(size.height));
        if let Some(twice) = enlarged(input, size) {
            let head = format!("P5\n{} {}\n255\n", size.width * 2, size.height * 2);
            assert!(twice.starts_with(head.as_bytes()));
            assert_eq!(twice.len() as u64, head.len() as u64 + size.pixels * 4);
            assert_eq!(enlarged(input, size), Some(twice));
        }
    }
    if let Ok(one) = mail(input) {
        assert_eq!(mail(input), Ok(one));
    }
    assert!(strings(input).lines().all(|line| line.len() >= 6));
});
