//! What a leak shows at each site of a master.

mod align;
mod anchors;
mod class;
mod dag;
mod doubt;
mod evidence;
mod heads;
mod integers;
mod items;
mod judge;
mod keys;
mod literals;
mod moments;
mod nonces;
mod numbers;
#[cfg(test)]
mod one_by_one;
mod order;
pub mod plain;
mod score;
mod spelling;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use fingerprint::Reading;

use self::dag::{Dag, Element, List};
use self::evidence::Evidence;
use self::items::Items;
use self::judge::{Alignment, Doubt, Outcome};
use self::keys::Names;
use self::order::{Order, Orders};
use crate::Format;
use crate::leak::{Leak, View};
use crate::marks::{Carrier, Master, Site};

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
    /// All sites of its kind show one form, as after a style guide: they say nothing of the copy.
    Unified,
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
            Erasure::Unified => "its kind was unified throughout",
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

/// Chance that a value read from aligned text is not what the copy said.
const ALIGNED_NOISE: f64 = 0.01;

/// All that alignment says of one site.
#[derive(Default)]
struct Tally {
    /// value → (best total, times seen, token)
    values: BTreeMap<u64, (i32, u32, usize)>,
    /// Why the best covered place could not be read.
    erased: Option<(i32, Erasure)>,
    /// value → (best total, token, why it is not sure)
    doubtful: BTreeMap<u64, (i32, usize, Doubt)>,
}

/// What `leak` shows at each site of `master`, in order of the sites.
///
/// Deterministic, and independent of any codeword: the proof of the decoder needs nothing else of it.
pub fn read(master: &Master, leak: &Leak) -> Vec<SiteReading> {
    read_covered(master, leak).readings
}

/// What a leak shows of one master, and how much of the leak the master explains.
#[derive(Clone, Debug, PartialEq)]
pub struct Covered {
    /// One for each site, in order.
    pub readings: Vec<SiteReading>,
    /// What alignment explains of the leak: it decides among the candidates of [`crate::find::rank`]. A word or
    /// punctuation mark within a long passage that both have counts 640, one within a run of eight words in common
    /// about 150, and one that no alignment explains nothing.
    pub coverage: u64,
}

/// As [`read()`], with how much of the leak the master explains.
pub fn read_covered(master: &Master, leak: &Leak) -> Covered {
    let dag = Dag::of(master);
    let alignment = align::align(&dag, &leak.text);
    Covered {
        readings: read_aligned(master, leak, &dag, &alignment),
        coverage: alignment.coverage,
    }
}

fn read_aligned(
    master: &Master,
    leak: &Leak,
    dag: &Dag,
    alignment: &Alignment,
) -> Vec<SiteReading> {
    let view = &leak.text;
    let is_aligned = alignment.best >= ALIGNED_MIN;
    let tallies = tallies(master, alignment, &Items::of(dag), view);
    let mut out: Vec<SiteReading> = tallies
        .iter()
        .zip(master.sites())
        .map(|(tally, site)| aligned(tally, site, view))
        .collect();
    class::erase_unified(master, &mut out);
    let doubtful = doubt::readings(master, &tallies, &out, view);
    let is_program = master.format().reaches_wire();
    // Prose without numbers and nonces shows nothing but by alignment.
    let has_wild = dag.elements.iter().any(|e| matches!(e, Element::Wild(_)));
    let evidence = (is_program || has_wild)
        .then(|| Evidence::of(master, leak, is_aligned))
        .flatten();
    let in_text = is_aligned.then_some(view);
    let on_wire = evidence.as_ref().map(Evidence::wire).filter(|_| is_program);
    orders(master, dag, in_text, on_wire, &mut out);
    if let Some(evidence) = &evidence {
        let mut names = Names::of(dag);
        let mut found = numbers::values(dag, evidence, &mut names);
        if is_program {
            found.extend(literals::literals(master, dag, evidence, &mut names));
        }
        for found in found {
            let Some(slot) = out.get_mut(found.site) else {
                continue;
            };
            if slot.reading == Reading::Erased {
                *slot = SiteReading {
                    reading: Reading::Values {
                        values: found.values,
                        noise: found.noise,
                    },
                    seen: Some(found.seen),
                    at: Some(found.at),
                    why_erased: None,
                };
            }
        }
    }
    traffic(master, dag, leak, &mut out);
    // What is doubtful is told only where nothing else was found.
    for (site, reading) in doubtful {
        if let Some(slot) = out.get_mut(site).filter(|s| s.reading == Reading::Erased) {
            *slot = reading;
        }
    }
    out
}

/// What the lists show: in the text, and in requests.
fn orders(
    master: &Master,
    dag: &Dag,
    text: Option<&View>,
    wire: Option<&View>,
    out: &mut [SiteReading],
) {
    if dag.lists.is_empty() {
        return;
    }
    let mut in_text = text.map(|v| Orders::of(dag, v, false));
    let mut on_wire = wire.map(|v| Orders::of(dag, v, true));
    let read = |orders: &mut Option<Orders<'_>>, list: &List| {
        let shown = orders.as_mut().map(|o| o.read(list));
        shown.unwrap_or_default()
    };
    let shown: Vec<(&List, order::Shown, order::Shown)> = dag
        .lists
        .iter()
        .map(|list| (list, read(&mut in_text, list), read(&mut on_wire, list)))
        .collect();
    // A rule is one block: whoever shows two values of one of its names, or half of a list twice, has put it
    // together line by line, and then an order of lines may be that of no copy.
    let shows_two = |site: usize| {
        let is_name = |s: &Site| matches!(s.carrier, Carrier::Name | Carrier::Linked);
        master.sites().get(site).is_some_and(is_name)
            && matches!(&out[site].reading, Reading::Values { values, .. } if values.len() > 1)
    };
    let is_merged = matches!(master.format(), Format::Rule(_))
        && (shown.iter().any(|s| s.1.is_torn) || (0..out.len()).any(shows_two));
    for (list, in_text, on_wire) in shown {
        let in_text = in_text.order.filter(|_| !(is_merged && list.is_of_lines));
        let order = [in_text.zip(text), on_wire.order.zip(wire)]
            .into_iter()
            .flatten()
            .min_by_key(|(order, _)| order.values.len());
        if let Some(slot) = out.get_mut(list.site) {
            *slot = match order {
                Some((order, view)) => ordered(&order, view),
                None => SiteReading::erased(Erasure::Order),
            };
        }
    }
}

/// What requests, packets and moments show: exact, and so told before what was aligned.
fn traffic(master: &Master, dag: &Dag, leak: &Leak, out: &mut [SiteReading]) {
    let (mut all, not_sorted) = wire::values(master, leak);
    all.extend(heads::values(master, leak));
    all.extend(moments::values(master, dag, leak));
    all.extend(spelling::values(master, leak));
    for found in all {
        if let Some(slot) = out.get_mut(found.site) {
            *slot = SiteReading {
                reading: Reading::Values {
                    values: found.values,
                    noise: found.noise,
                },
                seen: Some(found.seen),
                at: Some(found.at),
                why_erased: None,
            };
        }
    }
    // An order that any tool makes by sorting says nothing, unless what stands beside the list was not sorted.
    for (site, sorted) in wire::sorted_orders(master) {
        if !not_sorted.contains(&site)
            && let Some(slot) = out.get_mut(site)
            && matches!(&slot.reading, Reading::Values { values, .. } if values == &[sorted])
        {
            *slot = SiteReading::erased(Erasure::Order);
        }
    }
}

/// Counts what each site shows.
fn tallies(master: &Master, alignment: &Alignment, items: &Items<'_>, view: &View) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = Vec::new();
    tallies.resize_with(master.sites().len(), Tally::default);
    // One place of the leak counts once, though two blocks may show it.
    let mut told: BTreeSet<(usize, usize, usize, u64)> = BTreeSet::new();
    for sight in &alignment.sights {
        let (sites, why) = match &sight.outcome {
            Outcome::Read(values) | Outcome::Doubtful(values, _)
                if items.is_of_another(sight.element, sight.token..sight.boundary, view) =>
            {
                let sites = values.iter().map(|v| v.0);
                (&sites.collect::<Vec<usize>>(), Erasure::Ambiguous)
            }
            Outcome::Read(values) => {
                for (site, value) in values {
                    let fresh = told.insert((*site, sight.element, sight.token, *value));
                    let Some(tally) = tallies.get_mut(*site).filter(|_| fresh) else {
                        continue;
                    };
                    let entry = tally.values.entry(*value).or_insert((0, 0, sight.token));
                    entry.1 += 1;
                    if sight.total > entry.0 {
                        (entry.0, entry.2) = (sight.total, sight.token);
                    }
                }
                continue;
            }
            Outcome::Doubtful(values, doubt) => {
                for (site, value) in values {
                    if let Some(tally) = tallies.get_mut(*site) {
                        tally.doubt(*value, sight, *doubt);
                    }
                }
                continue;
            }
            Outcome::Context(sites) => (sites, Erasure::Context),
            Outcome::Ambiguous(sites) => (sites, Erasure::Ambiguous),
            Outcome::NoValue(sites) => (sites, Erasure::NoValue),
        };
        for site in sites {
            if let Some(tally) = tallies.get_mut(*site)
                && tally.erased.is_none_or(|e| e.0 < sight.total)
            {
                tally.erased = Some((sight.total, why));
            }
        }
    }
    tallies
}

/// Worth of one side of a place that shows that the leak has a part of the master: about twelve words.
const ALIGNED_MIN: i32 = 120;

fn aligned(tally: &Tally, site: &Site, view: &View) -> SiteReading {
    let Some(best) = tally.values.values().map(|v| v.0).max() else {
        let why = tally.erased.map_or(Erasure::NotCovered, |e| e.1);
        return SiteReading::erased(why);
    };
    let times: u32 = tally.values.values().map(|v| v.1).max().unwrap_or(0);
    let several = matches!(site.carrier, Carrier::Linked | Carrier::Name);
    // A place that lines up far better outweighs another; so does a link seen far more often.
    let kept: Vec<(u64, usize)> = tally
        .values
        .iter()
        .filter(|(_, v)| {
            if several {
                v.1 * 4 > times
            } else {
                v.0 * 2 > best
            }
        })
        .map(|(value, v)| (*value, v.2))
        .collect();
    if kept.len() as u64 >= site.values {
        return SiteReading::erased(Erasure::Ambiguous);
    }
    let token = kept.first().and_then(|k| view.tokens.get(k.1));
    let shown = |value: u64| match site.choices.get(value as usize) {
        Some(choice) if choice.trim().is_empty() => "(left out)".to_owned(),
        Some(choice) => choice.trim().to_owned(),
        None => token.map_or_else(String::new, |t| t.text(&view.text).to_owned()),
    };
    SiteReading {
        seen: Some(
            kept.iter()
                .map(|k| shown(k.0))
                .collect::<Vec<_>>()
                .join(" / "),
        ),
        at: token.map(|t| t.start as usize),
        reading: Reading::Values {
            noise: if tally.values.len() == 1 {
                ALIGNED_NOISE
            } else {
                0.05
            },
            values: kept.iter().map(|k| k.0).collect(),
        },
        why_erased: None,
    }
}

fn ordered(order: &Order, view: &View) -> SiteReading {
    let shown: Vec<String> = order.seen.iter().map(usize::to_string).collect();
    SiteReading {
        reading: Reading::Values {
            values: order.values.clone(),
            noise: if order.seen.len() == order.items {
                0.02
            } else {
                0.05
            },
        },
        seen: Some(format!("order {} of {}", shown.join(" "), order.items)),
        at: view.tokens.get(order.token).map(|t| t.start as usize),
        why_erased: None,
    }
}
