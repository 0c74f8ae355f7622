//! What the mark sites of a case can prove, before anything has leaked: in all, by section, in the weakest part.

use carriers::Places;
use fingerprint::plan::{Prospect, enough};
use fingerprint::{Alphabet, Bar, Code, Counts, TraceError};

use crate::book::BookMaster;

/// Words of the window of which the weakest is shown: a paragraph that somebody pastes.
pub const WINDOW_WORDS: usize = 100;
/// Words from one window to the next.
const WINDOW_STEP: usize = 10;
/// Chance from which on a meter says that somebody is named.
pub const SURE: f64 = 0.99;
/// The shares of a text, or of all sites, for which a meter says what they prove.
pub const SHARES: [f64; 8] = [0.05, 0.1, 0.2, 1.0 / 3.0, 0.5, 2.0 / 3.0, 0.75, 1.0];

/// A part of an artifact between two headings, or all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its heading; empty where there is none.
    pub title: String,
    /// Its words.
    pub words: usize,
    /// Sites that can be read from it alone.
    pub sites: usize,
    /// What a leak of it alone proves.
    pub proves: Prospect,
}

/// Some words of an artifact in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Index of its first word.
    pub first_word: usize,
    /// Its words.
    pub words: usize,
    /// How it begins.
    pub begins: String,
    /// Sites that can be read from it alone.
    pub sites: usize,
    /// What a leak of it alone proves.
    pub proves: Prospect,
}

/// What one artifact's sites can prove alone.
#[derive(Debug, Clone)]
pub struct ArtifactMeter {
    /// The artifact, parsed.
    pub master: BookMaster,
    /// Words of its default copy.
    pub words: usize,
    /// What a leak of the whole artifact proves.
    pub whole: Prospect,
    /// Mean evidence of the sites whose values do something when the artifact runs, in bits.
    pub functional_bits: f64,
    /// Sections; none when the artifact has no headings.
    pub sections: Vec<Section>,
    /// The weakest [`WINDOW_WORDS`] words, for text for people that is longer.
    pub weakest: Option<Window>,
    /// For text for people: share, and what its weakest part of that length proves.
    pub parts: Vec<(f64, Prospect)>,
}

/// What a case's sites can prove.
#[derive(Debug, Clone)]
pub struct Meter {
    /// For each artifact.
    pub artifacts: Vec<ArtifactMeter>,
    /// All artifacts together.
    pub all: Prospect,
    /// Share of all sites, in order of growing size, and what a leak of that share proves.
    pub shares: Vec<(f64, Prospect)>,
    /// How many partners and seats the figures are for.
    pub counts: Counts,
    /// The bar.
    pub bar: Bar,
}

/// What the sites of these masters prove under a code that was planned over all of them.
///
/// # Errors
/// [`TraceError`] for an impossible bar or impossible counts.
pub fn meter(
    masters: Vec<BookMaster>,
    code: &Code,
    counts: Counts,
    bar: Bar,
) -> Result<Meter, TraceError> {
    let gauge = Gauge { code, counts, bar };
    let mut artifacts = Vec::new();
    let mut first = 0;
    for master in masters {
        let sites = master.master.sites().len();
        artifacts.push(gauge.artifact(master, first)?);
        first += sites;
    }
    let all = gauge.proves(|_| true)?;
    let mut shares = Vec::new();
    for share in SHARES {
        // Every k-th site: a share of the whole, not of one artifact.
        let is_in =
            |site: usize| ((site + 1) as f64 * share).floor() > (site as f64 * share).floor();
        shares.push((share, gauge.proves(is_in)?));
    }
    Ok(Meter {
        artifacts,
        all,
        shares,
        counts,
        bar,
    })
}

struct Gauge<'a> {
    code: &'a Code,
    counts: Counts,
    bar: Bar,
}

impl Gauge<'_> {
    fn proves(&self, is_readable: impl Fn(usize) -> bool) -> Result<Prospect, TraceError> {
        let readable: Vec<bool> = (0..self.code.len()).map(is_readable).collect();
        enough(self.code, &readable, &self.counts, &self.bar)
    }

    fn artifact(&self, master: BookMaster, first: usize) -> Result<ArtifactMeter, TraceError> {
        let sites = master.master.sites();
        let end = first + sites.len();
        let whole = self.proves(|site| (first..end).contains(&site))?;
        let bits: Vec<f64> = (first..end)
            .map(|site| mean_bits(&self.code.site(site).alphabet))
            .collect();
        let functional_bits = sites
            .iter()
            .zip(&bits)
            .filter(|(site, _)| site.carrier.is_functional())
            .map(|(_, bits)| bits)
            .sum();
        let text = Text {
            gauge: self,
            places: master.master.places(),
            first,
            bits,
        };
        let (mut sections, mut weakest, mut parts) = (Vec::new(), None, Vec::new());
        let words = text.places.words.len();
        if master.master.format().is_prose() && !sites.is_empty() {
            sections = text.sections()?;
            if words > WINDOW_WORDS {
                weakest = Some(text.weakest(WINDOW_WORDS)?);
            }
            for share in SHARES {
                let length = ((words as f64 * share).ceil() as usize).clamp(1, words.max(1));
                parts.push((share, text.weakest(length)?.proves));
            }
        }
        Ok(ArtifactMeter {
            words,
            whole,
            functional_bits,
            sections,
            weakest,
            parts,
            master,
        })
    }
}

/// One artifact's words and the sites among them.
struct Text<'a> {
    gauge: &'a Gauge<'a>,
    places: Places,
    /// Its first site in the code.
    first: usize,
    bits: Vec<f64>,
}

impl Text<'_> {
    fn part(&self, from: usize, to: usize) -> Result<(usize, Prospect), TraceError> {
        let is_in = |site: usize| {
            site.checked_sub(self.first)
                .is_some_and(|own| own < self.bits.len() && self.places.is_within(own, from, to))
        };
        let sites = (0..self.bits.len())
            .filter(|own| self.places.is_within(*own, from, to))
            .count();
        Ok((sites, self.gauge.proves(is_in)?))
    }

    fn sections(&self) -> Result<Vec<Section>, TraceError> {
        let headings = &self.places.headings;
        if headings.is_empty() {
            return Ok(Vec::new());
        }
        let words = self.places.words.len();
        let mut sections = Vec::new();
        for (index, (from, title)) in headings.iter().enumerate() {
            let to = headings.get(index + 1).map_or(words, |(next, title)| {
                // A heading's own words stand before the place that it names.
                next.saturating_sub(title.split_whitespace().count() + 1)
            });
            if to <= *from {
                continue;
            }
            let (sites, proves) = self.part(*from, to)?;
            sections.push(Section {
                title: title.clone(),
                words: to - from,
                sites,
                proves,
            });
        }
        Ok(sections)
    }

    /// The part of `length` words that says least, by the mean evidence of the sites in it.
    fn weakest(&self, length: usize) -> Result<Window, TraceError> {
        let words = self.places.words.len();
        let last = words.saturating_sub(length);
        let starts = (0..last).step_by(WINDOW_STEP).chain([last]);
        let bits_of = |from: usize| -> f64 {
            let own = self.bits.iter().enumerate();
            own.filter(|(site, _)| self.places.is_within(*site, from, from + length))
                .map(|(_, bits)| bits)
                .sum()
        };
        let from = starts
            .map(|from| (bits_of(from), from))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map_or(0, |(_, from)| from);
        let (sites, proves) = self.part(from, from + length)?;
        let shown = self.places.words.iter().skip(from).take(8);
        Ok(Window {
            first_word: from,
            words: length.min(words),
            begins: shown.cloned().collect::<Vec<_>>().join(" "),
            sites,
            proves,
        })
    }
}

impl ArtifactMeter {
    /// The smallest share of the text of which every part names one leaker's partner; `None` when even all of it does
    /// not, or for what is no text for people.
    pub fn share_for_one(&self) -> Option<f64> {
        let sure = |(_, proves): &&(f64, Prospect)| proves.group_catch >= SURE;
        self.parts.iter().find(sure).map(|(share, _)| *share)
    }

    /// The smallest share of the text of which every part resolves two who pool their copies.
    pub fn share_for_two(&self) -> Option<f64> {
        let two = |(_, proves): &&(f64, Prospect)| proves.coalition_max >= 2;
        self.parts.iter().find(two).map(|(share, _)| *share)
    }
}

impl Meter {
    /// What all sites together prove, in one or two sentences.
    pub fn in_words(&self) -> String {
        let sure = |(_, whole): &&(f64, Prospect)| whole.group_catch >= SURE;
        match self.shares.iter().find(sure) {
            Some((share, _)) if *share >= 1.0 => {
                "One leaker is named by the whole, not by less.".to_owned()
            }
            Some((share, _)) => format!(
                "One leaker's partner is named by {:.0} % of the sites; all of them resolve {}.",
                share * 100.0,
                match self.all.coalition_max {
                    0 | 1 => "no two who pool their copies".to_owned(),
                    more => format!("up to {more} who pool their copies"),
                }
            ),
            None => format!(
                "Even the whole is not enough: {:.1} bits are expected and {:.1} are needed. Declare more alternatives, or a nonce in a PoC.",
                self.all.expected_bits, self.all.needed_bits
            ),
        }
    }
}

impl ArtifactMeter {
    /// What shares of the text prove, as one says it; nothing for what is no text for people.
    pub fn in_words(&self) -> Option<String> {
        if self.parts.is_empty() {
            return None;
        }
        let two = match self.share_for_two() {
            Some(share) if share < 1.0 => {
                format!(
                    "two who pool their copies are resolved by any {}",
                    part(share)
                )
            }
            Some(_) => "two who pool their copies need the whole".to_owned(),
            None => "two who pool their copies are not resolved by it alone".to_owned(),
        };
        Some(match self.share_for_one() {
            Some(share) if share < 1.0 => {
                format!(
                    "Any {} of it names one leaker's partner; {two}.",
                    part(share)
                )
            }
            Some(_) => {
                format!("The whole names one leaker's partner, a part need not; {two}.")
            }
            None => "Even the whole does not name a leaker alone.".to_owned(),
        })
    }
}

/// A share as one says it.
fn part(share: f64) -> &'static str {
    match (share * 100.0).round() as u32 {
        0..=5 => "twentieth",
        6..=10 => "tenth",
        11..=20 => "fifth",
        21..=33 => "third",
        34..=50 => "half",
        51..=67 => "two thirds",
        68..=75 => "three quarters",
        _ => "whole",
    }
}

/// What a leak proves, in words: `names its seat`.
pub fn in_words(whole: &Prospect) -> String {
    let who = if whole.slot_catch >= SURE {
        "names its seat"
    } else if whole.group_catch >= SURE {
        "names its partner"
    } else if whole.group_catch >= 0.5 {
        "probably names its partner"
    } else {
        "is not enough to name anybody"
    };
    let chance = if whole.group_catch >= SURE {
        String::new()
    } else {
        format!(" (chance {})", percent(whole.group_catch))
    };
    format!("{who}{chance}")
}

/// A chance in per cent; what is nearly certain is not rounded up to certain.
pub fn percent(share: f64) -> String {
    if share > 0.9995 && share < 1.0 {
        "over 99.9 %".to_owned()
    } else {
        format!("{:.1} %", share * 100.0)
    }
}

/// Mean of what a site's value says of the one copy that has it: the entropy of its values, in bits.
fn mean_bits(alphabet: &Alphabet) -> f64 {
    match alphabet {
        Alphabet::Uniform { values } => (*values as f64).log2(),
        narrow => (0..narrow.values())
            .map(|value| narrow.probability(value).to_f64())
            .filter(|p| *p > 0.0)
            .map(|p| -p * p.log2())
            .sum(),
    }
}
