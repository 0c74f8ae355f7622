//! Values that are likelier than others, and not sure: readings with weights.

use std::collections::BTreeSet;

use fingerprint::Reading;

use super::judge::{Doubt, Sight};
use super::{ALIGNED_NOISE, Erasure, SiteReading, Tally, class};
use crate::leak::View;
use crate::marks::Master;

/// Weights are counted in 256ths of the likeliest value's.
const UNIT: f64 = 256.0;

impl Doubt {
    fn why(self) -> Erasure {
        match self {
            Doubt::Context { .. } => Erasure::Context,
            Doubt::Margin { .. } | Doubt::Part { .. } => Erasure::Ambiguous,
        }
    }

    /// The weight of each other value, in [`UNIT`]s, as `--example doubt` measures it: the likelier value is wrong
    /// once in 80 times where the context fails, once in eleven where a wording may be part of another, and once in 60
    /// where wordings differ in punctuation. Weights are stated a little greater than they were measured.
    fn weight(self) -> u8 {
        match self {
            Doubt::Context { near: 4.. } => 4,
            Doubt::Context { .. } => 128,
            Doubt::Margin { .. } => 12,
            Doubt::Part { .. } => 24,
        }
    }
}

impl Tally {
    pub(super) fn doubt(&mut self, value: u64, sight: &Sight, doubt: Doubt) {
        if self.erased.is_none_or(|e| e.0 < sight.total) {
            self.erased = Some((sight.total, doubt.why()));
        }
        let own = self
            .doubtful
            .entry(value)
            .or_insert((sight.total, sight.token, doubt));
        if sight.total > own.0 {
            *own = (sight.total, sight.token, doubt);
        }
    }
}

/// A reading for each site of wordings that shows one value, in doubt, where `out` has none.
pub(super) fn readings(
    master: &Master,
    tallies: &[Tally],
    out: &[SiteReading],
    view: &View,
) -> Vec<(usize, SiteReading)> {
    let is_unified = |s: &SiteReading| s.why_erased == Some(Erasure::Unified);
    let class_of = |site: usize| {
        master
            .sites()
            .get(site)
            .and_then(class::class_of)
            .map(|c| c.0)
    };
    // A kind that was unified says nothing, not even in doubt.
    let unified: BTreeSet<class::Class> = (0..out.len())
        .filter(|site| out.get(*site).is_some_and(is_unified))
        .filter_map(class_of)
        .collect();
    let mut readings = Vec::new();
    for (site, ((tally, read), shape)) in tallies.iter().zip(out).zip(master.sites()).enumerate() {
        let values = tally.doubtful.iter();
        let is_open = matches!(read.why_erased, Some(Erasure::Context | Erasure::Ambiguous));
        let mut ranked: Vec<_> = values.collect();
        ranked.sort_by_key(|(value, own)| (std::cmp::Reverse(own.0), **value));
        let (true, [(value, (total, token, doubt)), rest @ ..]) = (is_open, ranked.as_slice())
        else {
            continue;
        };
        // Two places that show two values say nothing.
        let is_contested = rest.first().is_some_and(|(_, own)| own.0 * 2 > *total);
        let size = shape.choices.len() as u64;
        if is_contested
            || size != shape.values
            || class_of(site).is_some_and(|c| unified.contains(&c))
        {
            continue;
        }
        let other = f64::from(doubt.weight()) / UNIT;
        let token = view.tokens.get(*token);
        let shown = shape.choices.get(**value as usize).map_or("", |c| c.trim());
        readings.push((
            site,
            SiteReading {
                reading: Reading::Soft {
                    weights: (0..size)
                        .map(|v| (v, if v == **value { 1.0 } else { other }))
                        .collect(),
                    noise: ALIGNED_NOISE,
                },
                seen: Some(format!(
                    "{} (doubtful)",
                    if shown.is_empty() {
                        "(left out)"
                    } else {
                        shown
                    }
                )),
                at: token.map(|t| t.start as usize),
                why_erased: None,
            },
        ));
    }
    readings
}
