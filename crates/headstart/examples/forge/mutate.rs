//! Evidence altered anywhere, and signed again by the program: refused, or it says the same as before.

use flow::evidence::{Body, Evidence};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;

use crate::log::signer;
use crate::world::signed;

/// What became of the alterations.
#[derive(Debug, Default)]
pub struct Counts {
    pub no_evidence: u32,
    pub refused: u32,
    pub same: u32,
    /// Accepted, and says something else: the reason for the first.
    pub other: Vec<String>,
}

pub fn run(honest: &Body, tries: u32) -> Counts {
    let mut rng = ChaCha20Rng::seed_from_u64(0x00f0_49e0);
    let document = serde_json::to_value(honest).unwrap();
    let mut paths = Vec::new();
    walk(&document, &mut Vec::new(), &mut paths);
    let mut counts = Counts::default();
    for _ in 0..tries {
        let mut altered = document.clone();
        let mut last = String::new();
        for _ in 0..=(rng.next_u64() % 3) {
            last = format!("{last} {}", alter(&mut altered, &paths, &mut rng));
        }
        if altered == document {
            continue;
        }
        let body: Option<Body> = serde_json::from_value(altered).ok();
        let read = body.map(|body| Evidence::parse(signed(body).to_text().as_bytes()));
        let Some(Ok(evidence)) = read else {
            counts.no_evidence += 1;
            continue;
        };
        match flow::verify::verify(&evidence, Some(&signer().vkey())) {
            Err(_) => counts.refused += 1,
            Ok(_) if claims(&evidence) == claims(&signed(honest.clone())) => counts.same += 1,
            Ok(_) => counts.other.push(last),
        }
    }
    counts
}

/// Everything that evidence accuses by; names, times and sentences beside it are left out, and so are earlier
/// checkpoints, which only add.
fn claims(evidence: &Evidence) -> Body {
    let mut body = evidence.body.clone();
    body.program.clear();
    body.made_at.clear();
    body.trace.clear();
    body.limits.clear();
    body.history.clear();
    // One file twice is one, and their order means nothing: what is read from them is compared.
    body.leak
        .sort_by(|one, other| one.sha256.cmp(&other.sha256));
    body.leak.dedup_by(|one, other| one.sha256 == other.sha256);
    for file in &mut body.leak {
        file.name.clear();
    }
    for master in &mut body.masters {
        master.name.clear();
        master.kind.clear();
    }
    // Cosignatures count only for whoever names the witness, and then they must hold.
    body.beacon = None;
    body.watch = None;
    body.checkpoint = body
        .checkpoint
        .split("\n\n")
        .next()
        .unwrap_or_default()
        .to_owned();
    // A bar that no finding comes near, and one that is stricter than the log fixed.
    body.bar.lead_risk = 0.0;
    if body.bar.innocent_risk < 1e-6 {
        body.bar.innocent_risk = 1e-6;
    }
    body
}

/// The paths of every value.
fn walk(value: &Value, at: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    paths.push(at.clone());
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                at.push(name.clone());
                walk(inner, at, paths);
                at.pop();
            }
        }
        // Every reading is like the others: a few of a long list stand for all.
        Value::Array(list) => {
            let step = (list.len() / 8).max(1);
            for (index, inner) in list.iter().enumerate().step_by(step) {
                at.push(index.to_string());
                walk(inner, at, paths);
                at.pop();
            }
        }
        _ => {}
    }
}

fn pointer(path: &[String]) -> String {
    path.iter().map(|step| format!("/{step}")).collect()
}

/// Changes one value: another number, another character, one element more, fewer, or two swapped, or a value from
/// elsewhere in the document.
fn alter(document: &mut Value, paths: &[Vec<String>], rng: &mut ChaCha20Rng) -> String {
    let mut pick = |limit: usize| (rng.next_u64() % limit.max(1) as u64) as usize;
    let path = pointer(&paths[pick(paths.len())]);
    let from = pointer(&paths[pick(paths.len())]);
    let replacement = document.pointer(&from).cloned();
    let Some(value) = document.pointer_mut(&path) else {
        return path;
    };
    if pick(6) == 0
        && let Some(other) = replacement
        && std::mem::discriminant(&other) == std::mem::discriminant(value)
    {
        *value = other;
        return format!("{path} from {from}");
    }
    match value {
        Value::Null => *value = Value::from("p-02.s1"),
        Value::Bool(flag) => *flag = !*flag,
        Value::Number(number) => {
            let changed = match (number.as_u64(), number.as_f64(), pick(4)) {
                (Some(whole), _, 0) => Value::from(whole.wrapping_add(1)),
                (Some(whole), _, 1) => Value::from(whole.saturating_sub(1)),
                (_, Some(real), 2) => Value::from(real * 0.5),
                (_, Some(real), _) => Value::from(f64::from_bits(real.to_bits() ^ 1)),
                _ => Value::from(0),
            };
            *value = changed;
        }
        Value::String(text) if !text.is_empty() => {
            let mut letters: Vec<char> = text.chars().collect();
            let at = pick(letters.len());
            match pick(3) {
                0 => {
                    letters.remove(at);
                }
                1 => letters.swap(at, 0),
                _ => letters[at] = ['0', '1', 'a', 'A', '2', 'p'][pick(6)],
            }
            *text = letters.into_iter().collect();
        }
        Value::String(text) => text.push('1'),
        Value::Array(list) if !list.is_empty() => {
            let (one, other) = (pick(list.len()), pick(list.len()));
            match pick(3) {
                0 => {
                    list.remove(one);
                }
                1 => list.swap(one, other),
                _ => list.insert(one, list[other].clone()),
            }
        }
        _ => {}
    }
    path
}
