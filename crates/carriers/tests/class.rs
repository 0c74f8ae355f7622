//! A style guide that flips a kind of marks costs readings, and makes none wrong.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use carriers::{Erasure, Leak, Master, read};
use fingerprint::Reading;

/// Twenty sentences, each with a contraction and a choice of words.
fn source() -> String {
    let sentence = |n: usize| {
        format!(
            "On day{n} the office{n} of street{n} {{~doesn't|does not~}} reach desk{n} before room{n} and \
             clerk{n} {{~hands|passes~}} note{n} over to team{n} in house{n}. "
        )
    };
    (0..20).map(sentence).collect()
}

fn seen(symbols: impl Fn(usize) -> u64) -> Vec<(Reading, Option<Erasure>)> {
    let master = Master::parse("write-up.md", source().as_bytes()).unwrap();
    let symbols: Vec<u64> = (0..master.sites().len()).map(symbols).collect();
    let leak = Leak::parse("found.txt", &master.embed(&symbols).unwrap()).unwrap();
    read(&master, &leak)
        .into_iter()
        .map(|r| (r.reading, r.why_erased))
        .collect()
}

/// Contractions are at even sites.
fn mixed(site: usize) -> u64 {
    (site as u64 / 2 + site as u64) % 2
}

#[test]
fn a_kind_that_is_the_same_throughout_is_erased_and_nothing_else_is() {
    for side in [0, 1] {
        for (site, (reading, why)) in seen(|s| if s % 2 == 0 { side } else { mixed(s) })
            .into_iter()
            .enumerate()
        {
            if site % 2 == 0 {
                assert_eq!((reading, why), (Reading::Erased, Some(Erasure::Unified)));
            } else {
                assert!(
                    matches!(reading, Reading::Values { values, .. } if values == [mixed(site)])
                );
            }
        }
    }
}

#[test]
fn a_kind_that_shows_both_forms_is_read() {
    for (site, (reading, _)) in seen(|s| u64::from(s == 8 || s % 2 == 1))
        .into_iter()
        .enumerate()
    {
        assert_ne!(reading, Reading::Erased, "{site}");
    }
}
