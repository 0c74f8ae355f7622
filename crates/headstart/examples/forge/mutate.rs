//! Evidence altered anywhere, and signed again by the program: refused, or it says the same as before.

use flow::beacon::Beacon;
use flow::evidence::{Accused, Body, Evidence};
use flow::leaf::WatchLeaf;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;
use tlog::Note;

use crate::log::signer;
use crate::world::signed;

/// What became of the alterations.
#[derive(Debug, Default)]
pub struct Counts {
    pub tries: u32,
    pub no_evidence: u32,
    pub refused: u32,
    pub same: u32,
    /// Accepted, and says something else: what was altered.
    pub other: Vec<String>,
}

/// One true piece of evidence, to be altered.
pub struct Subject<'a> {
    honest: &'a Body,
    claims: Value,
    document: Value,
    paths: Vec<Vec<String>>,
}

impl<'a> Subject<'a> {
    pub fn new(honest: &'a Body) -> Self {
        let document = serde_json::to_value(honest).unwrap();
        let mut paths = Vec::new();
        walk(&document, &mut Vec::new(), &mut paths);
        Self {
            honest,
            claims: claims(honest, honest).unwrap(),
            document,
            paths,
        }
    }

    /// One to three random alterations at once, `tries` times.
    pub fn anywhere(&self, tries: u32, seed: u64, counts: &mut Counts) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        for _ in 0..tries {
            let mut altered = self.document.clone();
            let mut what = String::new();
            for _ in 0..=(rng.next_u64() % 3) {
                what = format!("{what} {}", alter(&mut altered, &self.paths, &mut rng));
            }
            self.judge(altered, what, counts);
        }
    }

    /// Every list of records shortened, repeated and turned at every place, by itself and together with every other
    /// such change of the accused's own lists.
    pub fn lists(&self, counts: &mut Counts) {
        let changes = self.list_changes();
        let is_accused = |change: &&Change| change.path.starts_with("/accused");
        for one in &changes {
            let mut altered = self.document.clone();
            one.apply(&mut altered);
            self.judge(altered.clone(), one.to_string(), counts);
            for other in changes.iter().filter(is_accused) {
                let is_apart = !other.path.starts_with(&format!("{}/", one.path));
                if is_accused(&one) && one.path < other.path && is_apart {
                    let mut both = altered.clone();
                    other.apply(&mut both);
                    self.judge(both, format!("{one} {other}"), counts);
                }
            }
        }
    }

    fn list_changes(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for path in &self.paths {
            let path = pointer(path);
            let Some(Value::Array(list)) = self.document.pointer(&path) else {
                continue;
            };
            // The hashes of a proof, the readings and the sentences for people are no records.
            let is_records = list.first().is_some_and(Value::is_object);
            if !is_records || path == "/readings" {
                continue;
            }
            for at in 0..list.len() {
                let make = |kind| Change {
                    path: path.clone(),
                    at,
                    kind,
                };
                changes.extend([Kind::Removed, Kind::Repeated, Kind::AtTheEnd].map(make));
                if at > 0 {
                    changes.push(make(Kind::Turned));
                }
            }
        }
        changes
    }

    fn judge(&self, altered: Value, what: String, counts: &mut Counts) {
        if altered == self.document {
            return;
        }
        counts.tries += 1;
        let body: Option<Body> = serde_json::from_value(altered).ok();
        let read = body.map(|body| Evidence::parse(signed(body).to_text().as_bytes()));
        let Some(Ok(evidence)) = read else {
            counts.no_evidence += 1;
            return;
        };
        match flow::verify::verify(&evidence, Some(&signer().vkey())) {
            Err(_) => counts.refused += 1,
            Ok(_) if claims(&evidence.body, self.honest).as_ref() == Some(&self.claims) => {
                counts.same += 1;
            }
            Ok(_) => counts.other.push(what),
        }
    }
}

/// Everything that evidence accuses by. What is left out or put in one form here says nothing of the accused, each
/// for the reason that stands beside it; `None` where such a reason does not hold.
fn claims(body: &Body, honest: &Body) -> Option<Value> {
    let mut body = body.clone();
    // Names, times and sentences are the program's words, and stand under its signature alone.
    body.program.clear();
    body.made_at.clear();
    body.trace.clear();
    body.limits.clear();
    // An earlier checkpoint only adds to what can be compared. Fewer say less, and none may be new: each that is there
    // is one that the log really signed.
    let known: Vec<_> = honest
        .history
        .iter()
        .map(|own| stated(&own.checkpoint))
        .collect();
    if !body
        .history
        .iter()
        .all(|own| known.contains(&stated(&own.checkpoint)))
    {
        return None;
    }
    body.history.clear();
    // Of several accused one may be left out: the finding against each stands alone, and must be there whole. So may a
    // receipt, of which one is needed: the fewer are shown, the less is said of who had a copy.
    let mut known = honest.accused.iter();
    let is_known = |own: &Accused| {
        known.any(|honest| {
            let mut receipts = honest.receipts.iter();
            let all_known = own
                .receipts
                .iter()
                .all(|own| receipts.any(|known| known == own));
            let whole = Accused {
                receipts: honest.receipts.clone(),
                ..own.clone()
            };
            all_known && whole == *honest
        })
    };
    if body.accused.is_empty() || !body.accused.iter().all(is_known) {
        return None;
    }
    body.accused.clear();
    // One file twice is one, and neither their order nor their names say anything: what is read from them is compared.
    body.leak
        .sort_by(|one, other| one.sha256.cmp(&other.sha256));
    body.leak.dedup_by(|one, other| one.sha256 == other.sha256);
    for file in &mut body.leak {
        file.name.clear();
    }
    // Cosignatures count only for whoever names the witness, and then they must hold.
    body.checkpoint = stated(&body.checkpoint);
    // Of what was mixed in, the value is what counts: other lines under the checkpoint are no part of it.
    for press in &mut body.presses {
        let list = press
            .witnesses
            .as_ref()
            .map(|leaf| WatchLeaf::parse(&leaf.text));
        let list = list.transpose().ok()?;
        let note = Note::parse(&press.beacon.checkpoint).ok()?;
        let value = Beacon::of(&note, list.as_ref()).ok()?.value;
        press.beacon.checkpoint = value.to_string();
    }
    // Nobody is accused by the bar of leads; a bar that is stricter than the log fixed was kept all the same.
    body.bar.lead_risk = 0.0;
    if body.bar.innocent_risk < honest.bar.innocent_risk {
        body.bar.innocent_risk = honest.bar.innocent_risk;
    }
    serde_json::to_value(&body).ok()
}

/// What a note states, without the lines of those who signed it.
fn stated(note: &str) -> String {
    note.split("\n\n").next().unwrap_or_default().to_owned()
}

/// A change of one list.
struct Change {
    path: String,
    at: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Removed,
    /// At once after itself.
    Repeated,
    /// Once more, behind all others.
    AtTheEnd,
    /// Exchanged with the one before it.
    Turned,
}

impl Change {
    fn apply(&self, document: &mut Value) {
        let Some(Value::Array(list)) = document.pointer_mut(&self.path) else {
            return;
        };
        match self.kind {
            _ if self.at >= list.len() => {}
            Kind::Removed => {
                list.remove(self.at);
            }
            Kind::Repeated => list.insert(self.at, list[self.at].clone()),
            Kind::AtTheEnd => list.push(list[self.at].clone()),
            Kind::Turned => list.swap(self.at, self.at - 1),
        }
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{} {:?}", self.path, self.at, self.kind)
    }
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
