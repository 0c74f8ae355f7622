//! What is likely and not sure is read with weights.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use carriers::{Leak, Master, SiteReading, read};
use fingerprint::Reading;

const MASTER: &str = "When a visitor opens a shared folder the gateway of Larkspur Share hands every request {~through|via|by way of~} \
    the preview worker before it has looked at the ticket that came with the request of that visitor.\n";

fn site(leak: &str) -> SiteReading {
    let master = Master::parse("a.md", MASTER.as_bytes()).unwrap();
    let leak = Leak::parse("found.txt", leak.as_bytes()).unwrap();
    read(&master, &leak).remove(0)
}

fn copy(value: u64) -> String {
    let master = Master::parse("a.md", MASTER.as_bytes()).unwrap();
    String::from_utf8(master.embed(&[value]).unwrap()).unwrap()
}

#[test]
fn a_wording_whose_neighbours_are_damaged_is_likely_and_not_sure() {
    for value in 0..3 {
        let whole = copy(value);
        assert!(
            matches!(site(&whole).reading, Reading::Values { values, .. } if values == [value])
        );
        let damaged = whole
            .replace("request", "rcqucst")
            .replace("the preview", "thc preview");
        let read = site(&damaged);
        let Reading::Soft { weights, .. } = &read.reading else {
            panic!("{value}: {read:?}");
        };
        let values: Vec<u64> = weights.iter().map(|w| w.0).collect();
        assert_eq!(values, [0, 1, 2], "every value has a weight");
        for (other, weight) in weights {
            assert_eq!(*weight == 1.0, *other == value, "{weights:?}");
        }
        assert!(read.seen.unwrap().ends_with("(doubtful)") && read.why_erased.is_none());
    }
}

#[test]
fn a_wording_that_is_not_there_is_erased_and_not_doubtful() {
    let whole = copy(0);
    for gone in [
        whole.replace(" through ", " "),
        whole.replace(" through ", " past "),
        whole
            .replace(" through ", " past ")
            .replace("request", "rcqucst")
            .replace("the preview", "thc preview"),
    ] {
        let read = site(&gone);
        assert_eq!(read.reading, Reading::Erased, "{gone}");
        assert!(read.why_erased.is_some());
    }
}
