//! Leaks: any bytes under any name are read, the same every time, and joining loses no word.
//!
//! Fields: file name, leak.
#![no_main]

use carriers::{Leak, find};
use headstart_fuzz::fields::{fields, file_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [name, bytes] = fields(input);
    let name = file_name(name);
    let leak = Leak::parse(&name, bytes).expect("an input is below every limit");
    assert_eq!(leak, Leak::parse(&name, bytes).expect("it still is"));
    let twice = Leak::join(vec![leak.clone(), leak.clone()]);
    assert_eq!(twice.words(), 2 * leak.words());
    assert!(find::rank([], &leak, 3).is_empty());
});
