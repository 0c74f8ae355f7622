//! Captures: any bytes, and captures whose bytes were exchanged, are read or refused; copies are captures again.
//!
//! Fields: directives, one a line; capture.
#![no_main]

use carriers::{Leak, Master, pcap, read};
use headstart_fuzz::fields::{Numbers, fields};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [directives, capture] = fields(input);
    let Ok(said) = pcap::messages(capture) else {
        return;
    };
    let directives = String::from_utf8_lossy(directives);
    let lines: Vec<&str> = directives.lines().collect();
    let Ok(source) = pcap::declare(capture, &lines) else {
        return;
    };
    assert_eq!(pcap::messages(&source).expect("it was a capture"), said);
    let master = match Master::parse("a.pcapng", &source) {
        Ok(master) => master,
        Err(errors) => {
            assert!(!errors.0.is_empty() && errors.0.iter().all(|e| !e.kind.hint().is_empty()));
            return;
        }
    };
    let mut numbers = Numbers::of(capture);
    let symbols: Vec<u64> = master
        .sites()
        .iter()
        .map(|site| numbers.below(site.values))
        .collect();
    let copy = master
        .embed(&symbols)
        .expect("the symbols are of this master");
    if !symbols.is_empty() {
        assert!(pcap::messages(&copy).is_ok());
        assert_eq!(master.check_copy(&copy), Ok(()));
    }
    if let Ok(leak) = Leak::parse("leak.pcapng", &copy) {
        assert_eq!(read(&master, &leak).len(), symbols.len());
    }
});
