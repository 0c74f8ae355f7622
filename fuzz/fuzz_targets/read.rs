//! A master and a leak of whatever form: one reading a site, its values below the alphabet, the same every time.
//!
//! Fields: the master's name, master, the leak's name, leak. A leak `=` is a copy of the master.
#![no_main]

use carriers::{Leak, Master, read};
use fingerprint::Reading;
use headstart_fuzz::fields::{Numbers, fields, file_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [name, source, leak_name, text] = fields(input);
    let Ok(master) = Master::parse(&file_name(name), source) else {
        return;
    };
    let mut numbers = Numbers::of(source);
    let sites = master.sites();
    let symbols: Vec<u64> = sites
        .iter()
        .map(|site| numbers.below(site.values))
        .collect();
    let copy = master
        .embed(&symbols)
        .expect("the symbols are of this master");
    let bytes = if text == b"=" { &copy } else { text };
    let Ok(leak) = Leak::parse(&file_name(leak_name), bytes) else {
        return;
    };
    let readings = read(&master, &leak);
    assert_eq!(readings.len(), sites.len());
    assert_eq!(readings, read(&master, &leak));
    for (reading, site) in readings.iter().zip(sites) {
        assert_eq!(
            matches!(reading.reading, Reading::Erased),
            reading.why_erased.is_some()
        );
        match &reading.reading {
            Reading::Erased => {}
            Reading::Values { values, noise } => {
                assert!(!values.is_empty() && values.windows(2).all(|pair| pair[0] < pair[1]));
                assert!(values.iter().all(|value| *value < site.values));
                assert!(*noise > 0.0 && *noise <= 0.5);
            }
            Reading::Soft { weights, noise } => {
                assert!(!weights.is_empty());
                assert!(weights.iter().all(|(value, _)| *value < site.values));
                assert!(*noise > 0.0 && *noise <= 0.5);
            }
        }
    }
});
