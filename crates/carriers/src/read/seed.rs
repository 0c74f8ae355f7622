//! Where a leak and a master share runs of words: seeds, and chains of seeds.

use super::dag::{Dag, Element, Node};
use crate::leak::View;
use crate::text::Kind;

/// Words of a seed.
const SEED_WORDS: usize = 3;
/// A run of words at more places of the master than this is no seed.
const PLACES_MAX: usize = 12;
/// Alternatives of each site that seeds run through.
const VARIANTS_MAX: usize = 6;
/// Tokens between two seeds of one chain.
const GAP_MAX: u32 = 160;
/// Seeds that a chain looks back over.
const LOOK_BACK: usize = 48;
/// Most seeds of one leak; later ones are left out.
const SEEDS_MAX: usize = 1 << 21;
/// Most chains that are aligned.
const CHAINS_MAX: usize = 1 << 12;

/// A shared run: token of the leak, element of the master.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seed {
    pub(super) leak: u32,
    pub(super) master: u32,
}

/// Seeds in rising order of both, and the words that they cover.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) seeds: Vec<Seed>,
    pub(super) score: f32,
}

fn gram(words: &[(u64, u32)]) -> u64 {
    words.iter().fold(0, |h: u64, (word, _)| {
        (h.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

/// All runs of words of the master with the element where they begin, sorted.
fn places(dag: &Dag) -> Vec<(u64, u32)> {
    let mut out = Vec::new();
    let widest = dag
        .elements
        .iter()
        .map(|e| match e {
            Element::Group(branches) => branches.len(),
            _ => 1,
        })
        .max()
        .unwrap_or(1);
    for variant in 0..widest.min(VARIANTS_MAX) {
        let mut words: Vec<(u64, u32)> = Vec::new();
        for (index, element) in dag.elements.iter().enumerate() {
            let nodes: &[Node] = match element {
                Element::Fixed(node) => std::slice::from_ref(node),
                Element::Group(branches) => branches
                    .get(variant % branches.len().max(1))
                    .map_or(&[], |b| &b.nodes),
                Element::Wild(_) => &[],
            };
            words.extend(
                nodes
                    .iter()
                    .filter(|n| n.kind == Kind::Word)
                    .map(|n| (n.hash, index as u32)),
            );
        }
        out.extend(words.windows(SEED_WORDS).map(|w| (gram(w), w[0].1)));
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// The seeds of a view, sorted by place in the leak.
fn seeds(dag: &Dag, view: &View) -> Vec<Seed> {
    let places = places(dag);
    if places.is_empty() {
        return Vec::new();
    }
    let words: Vec<(u64, u32)> = view
        .tokens
        .iter()
        .enumerate()
        .filter(|(_, t)| t.kind == Kind::Word)
        .map(|(i, t)| (t.hash, i as u32))
        .collect();
    let mut filter = vec![0u64; 1 << 12];
    for (hash, _) in &places {
        let bit = (hash >> 46) as usize;
        filter[bit / 64] |= 1 << (bit % 64);
    }
    let mut out = Vec::new();
    for run in words.windows(SEED_WORDS) {
        let hash = gram(run);
        let bit = (hash >> 46) as usize;
        if filter[bit / 64] >> (bit % 64) & 1 == 0 {
            continue;
        }
        let first = places.partition_point(|p| p.0 < hash);
        let found = places[first..].iter().take_while(|p| p.0 == hash).count();
        if found > PLACES_MAX {
            continue;
        }
        for (_, master) in &places[first..first + found] {
            out.push(Seed {
                leak: run[0].1,
                master: *master,
            });
        }
        if out.len() >= SEEDS_MAX {
            break;
        }
    }
    out
}

/// The chains of a view, best first; each seed is in one chain at most.
pub(super) fn chains(dag: &Dag, view: &View) -> Vec<Chain> {
    let seeds = seeds(dag, view);
    let mut score = vec![0f32; seeds.len()];
    let mut back: Vec<Option<u32>> = vec![None; seeds.len()];
    for (index, seed) in seeds.iter().enumerate() {
        let mut best = SEED_WORDS as f32;
        for before in (index.saturating_sub(LOOK_BACK)..index).rev() {
            let other = seeds[before];
            if other.leak >= seed.leak || other.master >= seed.master {
                continue;
            }
            let (leak, master) = (seed.leak - other.leak, seed.master - other.master);
            if leak > GAP_MAX {
                break;
            }
            if master > GAP_MAX {
                continue;
            }
            let new_words = leak.min(master).min(SEED_WORDS as u32) as f32;
            let total = score[before] + new_words
                - 0.05 * leak.abs_diff(master) as f32
                - 0.005 * leak.max(master) as f32;
            if total > best {
                best = total;
                back[index] = Some(before as u32);
            }
        }
        score[index] = best;
    }
    let mut order: Vec<usize> = (0..seeds.len()).collect();
    order.sort_by(|a, b| score[*b].total_cmp(&score[*a]).then(a.cmp(b)));
    let mut used = vec![false; seeds.len()];
    let mut out = Vec::new();
    for end in order {
        let mut chain = Vec::new();
        let mut at = Some(end);
        let mut rest = 0.0;
        while let Some(index) = at {
            if used[index] {
                rest = score[index];
                break;
            }
            used[index] = true;
            chain.push(seeds[index]);
            at = back[index].map(|b| b as usize);
        }
        if chain.len() < 2 {
            continue;
        }
        chain.reverse();
        out.push(Chain {
            seeds: chain,
            score: score[end] - rest,
        });
        if out.len() >= CHAINS_MAX {
            break;
        }
    }
    out
}
