//! Values that make a copy which does not read as its language.

use carriers::{Master, Site};

use super::PARSED_BYTES_MAX;
use super::finding::{Finding, FindingKind, Places, Severity, short};
use super::sample::{narrow, samples};
use crate::syntax::{Language, check_as};

/// Findings of this kind that are worth telling.
const TOLD_MAX: usize = 20;
/// How many of the values that a combination needs are named.
const NAMED_MAX: usize = 3;

/// Parses copies within a budget.
struct Copies<'a> {
    master: &'a Master,
    language: Language,
    bytes_left: usize,
}

impl Copies<'_> {
    /// What is wrong with the copy first; `None` if it reads as its language.
    fn wrong(&mut self, symbols: &[u64]) -> Option<String> {
        let bytes = self.master.embed(symbols).ok()?;
        self.bytes_left = self.bytes_left.saturating_sub(bytes.len().max(1));
        let text = String::from_utf8_lossy(&bytes);
        let errors = check_as(self.language, &text).err()?;
        errors.first().map(ToString::to_string)
    }
}

pub(super) fn check(master: &Master, places: &Places<'_>, found: &mut Vec<Finding>) {
    let Some(language) = Language::of(master.file_name()) else {
        return;
    };
    let sites = master.sites();
    let mut copies = Copies {
        master,
        language,
        bytes_left: PARSED_BYTES_MAX,
    };
    if let Some(what) = copies.wrong(&vec![0; sites.len()]) {
        let kind = FindingKind::MasterDoesNotParse {
            language: language.to_string(),
            what,
        };
        found.push(places.span(0, 0, Severity::Warning, kind));
        return;
    }
    // Together first: a large file must not use up the budget before they were tried.
    let mut together = Vec::new();
    for symbols in samples(master, 0) {
        if copies.wrong(&symbols).is_some() {
            together.push(symbols);
        }
    }
    let mut told = 0;
    let mut left = 0;
    let mut alone = vec![false; sites.len()];
    for (site, shape) in sites.iter().enumerate() {
        for symbol in values_to_try(shape) {
            if copies.bytes_left == 0 || told >= TOLD_MAX {
                left += 1;
                continue;
            }
            let mut symbols = vec![0; sites.len()];
            if let Some(place) = symbols.get_mut(site) {
                *place = symbol;
            }
            let Some(what) = copies.wrong(&symbols) else {
                continue;
            };
            if let Some(is_wrong) = alone.get_mut(site) {
                *is_wrong = true;
            }
            told += 1;
            let kind = FindingKind::DoesNotParse {
                value: value(shape, symbol),
                language: language.to_string(),
                what,
            };
            found.push(places.site(site, Severity::Error, kind));
        }
    }
    if left > 0 && told < TOLD_MAX {
        let kind = FindingKind::NotAllParsed { left };
        found.push(places.span(0, 0, Severity::Warning, kind));
    }
    for mut symbols in together {
        // What fails alone has been told.
        for (site, is_wrong) in alone.iter().enumerate() {
            if let Some(symbol) = symbols.get_mut(site).filter(|_| *is_wrong) {
                *symbol = 0;
            }
        }
        let Some(what) = copies.wrong(&symbols) else {
            continue;
        };
        let culprits = narrow(&symbols, |tried| copies.wrong(tried).is_some());
        let named: Vec<String> = culprits
            .iter()
            .take(NAMED_MAX)
            .filter_map(|site| Some(value(sites.get(*site)?, *symbols.get(*site)?)))
            .collect();
        let kind = FindingKind::DoNotParseTogether {
            values: named.join(", "),
            language: language.to_string(),
            what,
        };
        let at = culprits.last().copied().unwrap_or(0);
        found.push(places.site(at, Severity::Error, kind));
        if found.len() > TOLD_MAX {
            return;
        }
    }
}

/// The values of a site that are tried alone: each wording; of numbers, nonces and orders the ends.
fn values_to_try(site: &Site) -> Vec<u64> {
    if site.choices.is_empty() {
        let mut ends = vec![1, site.values / 2, site.values.saturating_sub(1)];
        ends.sort_unstable();
        ends.dedup();
        ends.retain(|v| *v > 0 && *v < site.values);
        ends
    } else {
        (1..site.values).collect()
    }
}

/// A value of a site, in words.
pub fn value(site: &Site, symbol: u64) -> String {
    match usize::try_from(symbol)
        .ok()
        .and_then(|s| site.choices.get(s))
    {
        Some(wording) if wording.is_empty() => format!("nothing of `{}`", short(&site.label)),
        Some(wording) => format!("`{}`", short(wording)),
        None => format!("value {symbol} of `{}`", short(&site.label)),
    }
}
