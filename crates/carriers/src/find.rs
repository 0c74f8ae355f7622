//! Which of many cases a leak may come from: few hashes a case, votes weighted by rarity.
//!
//! Winnowing as in Schleimer, Wilkerson, Aiken 2003 (SIGMOD), over words: of every four consecutive
//! three-word hashes the smallest is kept. Programs and rules add what a request would show of them:
//! path segments, parameter and header names.

use std::collections::{BTreeMap, BTreeSet};

use crate::leak::{Leak, View};
use crate::marks::Master;
use crate::text::{self, Kind};

/// Words of one hash.
const GRAM_WORDS: usize = 3;
/// Consecutive hashes of which one is kept.
const WINDOW: usize = 4;
/// Renderings of a master, so that the first alternatives of each site are covered.
const VARIANTS_MAX: u64 = 6;
/// Most hashes of one kind in a sketch.
pub const SKETCH_HASHES_MAX: usize = 1 << 20;
const MAGIC: &[u8; 8] = b"hs-sk-1\n";

/// Hashes of one case's masters, by which a leak is recognised. It tells nothing in words,
/// but whoever guesses three words of a master can check the guess: keep it as secret as the master.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Sorted, no duplicates.
    grams: Vec<u32>,
    /// Sorted, no duplicates.
    context: Vec<u32>,
}

/// Why bytes are no sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SketchError {
    /// Not the bytes of a sketch, or of another version.
    #[error("these bytes are no sketch of a case")]
    Format,
    /// More hashes than [`SKETCH_HASHES_MAX`].
    #[error("a sketch of {found} hashes, and it may have {max}")]
    TooLarge {
        /// Hashes announced.
        found: usize,
        /// Most allowed.
        max: usize,
    },
    /// Shorter or longer than announced, or hashes out of order.
    #[error("a damaged sketch")]
    Damaged,
}

impl SketchError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        "make the sketch again from the case's masters".into()
    }
}

/// A case that a leak may come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Index into the sketches.
    pub index: usize,
    /// 0 to 1, for order and display; not a probability.
    pub score: f64,
    /// What was recognised, for people.
    pub reason: String,
}

impl Sketch {
    /// The sketch of one case, from all its masters.
    pub fn of(masters: &[&Master]) -> Sketch {
        let mut grams = BTreeSet::new();
        let mut context = BTreeSet::new();
        for master in masters {
            let choices = master.sites().iter().map(|s| s.choices.len() as u64).max();
            let variants = choices.unwrap_or(1).clamp(1, VARIANTS_MAX);
            for variant in 0..variants {
                let symbols: Vec<u64> = master
                    .sites()
                    .iter()
                    .map(|s| {
                        if s.choices.is_empty() {
                            0
                        } else {
                            variant % s.values
                        }
                    })
                    .collect();
                let Ok(copy) = master.shown(&symbols) else {
                    continue;
                };
                let normal = text::normalise(&copy);
                grams.extend(winnow(&normal).into_iter().map(|g| g.hash));
                if master.format().reaches_wire() {
                    context.extend(
                        context_tokens(&normal, Source::Master)
                            .into_iter()
                            .map(|t| t.0),
                    );
                }
            }
        }
        Sketch {
            grams: grams.into_iter().take(SKETCH_HASHES_MAX).collect(),
            context: context.into_iter().take(SKETCH_HASHES_MAX).collect(),
        }
    }

    /// Canonical bytes: `hs-sk-1\n`, two counts, then the hashes, all 32-bit little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for list in [&self.grams, &self.context] {
            out.extend_from_slice(&(list.len() as u32).to_le_bytes());
        }
        for hash in self.grams.iter().chain(&self.context) {
            out.extend_from_slice(&hash.to_le_bytes());
        }
        out
    }

    /// The sketch of [`Sketch::to_bytes`].
    ///
    /// # Errors
    /// [`SketchError`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Sketch, SketchError> {
        let rest = bytes
            .strip_prefix(MAGIC.as_slice())
            .ok_or(SketchError::Format)?;
        let mut numbers = rest
            .chunks_exact(4)
            .map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]]));
        let grams = numbers.next().ok_or(SketchError::Damaged)? as usize;
        let context = numbers.next().ok_or(SketchError::Damaged)? as usize;
        let found = grams.max(context);
        if found > SKETCH_HASHES_MAX {
            return Err(SketchError::TooLarge {
                found,
                max: SKETCH_HASHES_MAX,
            });
        }
        if rest.len() != 4 * (2 + grams + context) {
            return Err(SketchError::Damaged);
        }
        let sketch = Sketch {
            grams: numbers.by_ref().take(grams).collect(),
            context: numbers.take(context).collect(),
        };
        let sorted = |list: &[u32]| list.windows(2).all(|w| w[0] < w[1]);
        if !sorted(&sketch.grams) || !sorted(&sketch.context) {
            return Err(SketchError::Damaged);
        }
        Ok(sketch)
    }

    /// Number of hashes.
    pub fn len(&self) -> usize {
        self.grams.len() + self.context.len()
    }

    /// Whether there is nothing to recognise.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A kept hash, and how much its words say.
struct Gram {
    hash: u32,
    weight: f64,
}

/// Words that any text about vulnerabilities has: three of them in a row say little.
const COMMON: &str = " a an and are as at be been before by can could do does for from had has have if in into is it its \
may more no not of on or other our out so some such than that the their them then there these they this to \
was we were when where which while who will with would you your \
affected allow allows an arbitrary attack attacker attackers authenticated code component could cve data denial discovered \
execute execution exists exploit exploitation exploited file fixed following found impact information issue \
issues malicious memory metrics network of patch product products remote remotely security server service software successful \
successfully system unauthenticated update upgrade use used user users using vendor version versions via \
vulnerabilities vulnerability vulnerable ";

fn is_common(word: &str) -> bool {
    word.len() < 2
        || COMMON.contains(&format!(" {} ", word.to_lowercase()))
        || word.bytes().all(|b| b.is_ascii_digit())
}

/// The kept hashes of a normalised text, in order of place.
fn winnow(normal: &str) -> Vec<Gram> {
    let words: Vec<(u64, bool)> = text::tokens(normal)
        .into_iter()
        .filter(|t| t.kind == Kind::Word)
        .map(|t| (t.hash, is_common(t.text(normal))))
        .collect();
    let grams: Vec<(u32, usize)> = words
        .windows(GRAM_WORDS)
        .map(|w| {
            let hash = w.iter().fold(0u64, |h, (word, _)| {
                (h.rotate_left(21) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            });
            (
                (hash >> 32) as u32,
                w.iter().filter(|(_, common)| *common).count(),
            )
        })
        .collect();
    let mut kept = Vec::new();
    let mut last = None;
    let windows = grams
        .len()
        .saturating_sub(WINDOW - 1)
        .max(usize::from(!grams.is_empty()));
    for start in 0..windows {
        let window = &grams[start..(start + WINDOW).min(grams.len())];
        let Some((offset, (hash, common))) = window.iter().enumerate().min_by_key(|(_, g)| g.0)
        else {
            continue;
        };
        if last != Some(start + offset) {
            last = Some(start + offset);
            let weight = [1.0, 0.8, 0.4, 0.1][(*common).min(3)];
            kept.push(Gram {
                hash: *hash,
                weight,
            });
        }
    }
    kept
}

/// Whether a word is one that any text, program or request has.
pub(crate) fn is_plain(word: &str) -> bool {
    is_common(word) || PLAIN_CONTEXT.contains(&format!(" {} ", word.to_lowercase()))
}

/// Words that any request has.
const PLAIN_CONTEXT: &str = " accept admin agent alert allow any api apache application array auth authorization base bearer bytes cache charset \
chrome class client close code config connection content control cookie data default deflate delete description \
encode encoding established false file files firefox flow form format frame from gecko gzip hash head header headers home host html http https image \
import index info item items json keep khtml length level linux local localhost login main message metadata method mozilla multipart name none \
null object options origin page param params parse pass password path phpsessid plain port post print print_function proto \
query read refer referer request requests response result return root safari script security self send server session \
sessionid sid source status string style system test text timeout title token true type update upload url urlencoded user user_agent username utf_8 \
value values version webkit windows with write www xhtml xml year python python3 import_ lambda while break continue except raise \
file_data to_server nocase classtype reference external_net home_net http_uri http_method distance within depth offset rev msg pcre detection selection condition logsource \
category product falsepositives webserver tags ";

/// Where names are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A program or a rule: a name in quotes, before `=`, or after `?` or `&` is a key.
    Master,
    /// Requests, one field a line: what stands before the first colon is a key.
    Wire,
    /// Text: only names that no sentence has.
    Text,
}

/// Names that a program or rule shows on the wire or in another copy of it, each with its hash:
/// pairs of path segments, names with `_`, names of headers, keys of parameters.
pub(crate) fn context_tokens(normal: &str, source: Source) -> Vec<(u32, String)> {
    let mut out = Vec::new();
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    for line in normal.lines() {
        for chunk in line.split(|c: char| !belongs(c)) {
            if (3..=256).contains(&chunk.len()) {
                push_chunk(chunk.trim_matches(['.', '-']), &mut out);
            }
        }
        push_keys(line, source, &mut out);
    }
    out
}

fn push_chunk(chunk: &str, out: &mut Vec<(u32, String)>) {
    if chunk.contains('/') {
        let skip = usize::from(chunk.starts_with("//"));
        let segments: Vec<&str> = chunk
            .split('/')
            .filter(|s| !s.is_empty())
            .skip(skip)
            .collect();
        let is_path = chunk.starts_with('/') || segments.len() >= 3;
        for pair in segments.windows(2).filter(|_| is_path) {
            push_context(&format!("{}/{}", pair[0], pair[1]), out);
        }
        return;
    }
    let parts = chunk.split(['-', '_']).count();
    let header =
        chunk.contains('-') && (parts >= 3 || chunk.starts_with("x-") || chunk.starts_with("X-"));
    if chunk.trim_matches('_').contains('_') || header {
        push_context(chunk, out);
    }
}

/// Keys of one line, as the source writes them.
fn push_keys(line: &str, source: Source, out: &mut Vec<(u32, String)>) {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut push = |key: &str| {
        let bare = key.to_lowercase().replace('-', "_");
        if bare.len() >= 4
            && !is_plain(&bare)
            && bare.chars().all(|c| c == '_' || c.is_alphabetic())
        {
            out.push((text::hash_of(&format!("key {bare}")) as u32, bare));
        }
    };
    match source {
        Source::Text => {}
        Source::Wire => {
            if let Some((key, _)) = line.split_once(':') {
                push(key.trim());
            }
        }
        Source::Master => {
            let mut at = 0;
            while let Some(p) = line.get(at..).and_then(|r| r.find(is_part)) {
                let start = at + p;
                let rest = &line[start..];
                let end = start + rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                at = end;
                let before = line[..start].chars().next_back();
                let after = line[end..]
                    .trim_start_matches(['"', '\'', ' '])
                    .chars()
                    .next();
                let quoted = matches!(before, Some('"' | '\''))
                    && matches!(line[end..].chars().next(), Some('"' | '\''));
                let assigned = matches!(after, Some('=' | ':'));
                if matches!(before, Some('?' | '&'))
                    || (quoted && assigned)
                    || (assigned && matches!(before, Some('(' | ',')))
                {
                    push(&line[start..end]);
                }
            }
        }
    }
}

fn push_context(token: &str, out: &mut Vec<(u32, String)>) {
    let lower = token.to_lowercase().replace('-', "_");
    let bare = lower.trim_matches(['_', '.']);
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    let only_hex = bare.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_');
    let plain = bare
        .split(['_', '/', '.'])
        .all(|p| p.len() < 3 || is_plain(p));
    if bare.len() < 5 || plain || only_hex || 2 * digits > bare.len() {
        return;
    }
    out.push((
        text::hash_of(&format!("context {bare}")) as u32,
        bare.to_owned(),
    ));
}

/// Least weight of rare three-word runs within [`NEAR`] kept hashes of the leak.
const TEXT_WEIGHT_MIN: f64 = 2.6;
/// Kept hashes of the leak that count as one passage, about 75 words.
const NEAR: usize = 32;
/// Least number of different names of a program or rule in the requests.
const CONTEXT_MIN: usize = 3;

/// What a leak asks of the sketches.
struct Question {
    /// Sorted by hash: hash, weight, place among the kept hashes.
    grams: Vec<(u32, f64, usize)>,
    context: BTreeMap<u32, String>,
}

fn question(leak: &Leak) -> Question {
    let view_text = |v: &View| winnow(&v.text);
    let mut grams: Vec<(u32, f64, usize)> = view_text(&leak.text)
        .into_iter()
        .chain(view_text(&leak.wire))
        .enumerate()
        .map(|(place, g)| (g.hash, g.weight, place))
        .collect();
    grams.sort_by_key(|g| (g.0, g.2));
    grams.dedup_by_key(|g| g.0);
    let mut context = BTreeMap::new();
    for (view, source) in [(&leak.text, Source::Text), (&leak.wire, Source::Wire)] {
        context.extend(context_tokens(&view.text, source));
    }
    Question { grams, context }
}

/// What one sketch shares with the question.
struct Shared {
    index: usize,
    /// Indices into the question's grams.
    grams: Vec<usize>,
    context: Vec<u32>,
}

/// The cases that `leak` may come from, best first, at most `limit`; none when nothing plausible is found.
///
/// Every hash votes with the logarithm of its rarity among the sketches.
/// The answer only says where alignment is worth while: that decides.
pub fn rank<'a>(
    sketches: impl IntoIterator<Item = &'a Sketch>,
    leak: &Leak,
    limit: usize,
) -> Vec<Candidate> {
    let question = question(leak);
    let filter = Filter::of(
        question
            .grams
            .iter()
            .map(|g| g.0)
            .chain(question.context.keys().copied()),
    );
    let mut shared = Vec::new();
    let mut gram_cases = vec![0u32; question.grams.len()];
    let mut context_cases: BTreeMap<u32, u32> = BTreeMap::new();
    let mut cases = 0usize;
    for (index, sketch) in sketches.into_iter().enumerate() {
        cases += 1;
        let grams: Vec<usize> = sketch
            .grams
            .iter()
            .filter(|h| filter.may_hold(**h))
            .filter_map(|h| question.grams.binary_search_by_key(h, |g| g.0).ok())
            .collect();
        let context: Vec<u32> = sketch
            .context
            .iter()
            .copied()
            .filter(|h| filter.may_hold(*h) && question.context.contains_key(h))
            .collect();
        for gram in &grams {
            gram_cases[*gram] += 1;
        }
        for hash in &context {
            *context_cases.entry(*hash).or_default() += 1;
        }
        if !grams.is_empty() || !context.is_empty() {
            shared.push(Shared {
                index,
                grams,
                context,
            });
        }
    }
    // 1 for a hash of one case, less for one of many; nothing for one of a tenth of many cases.
    let rarity = |count: u32| {
        let share = f64::from(count.max(1));
        if cases < 2 {
            return 1.0;
        }
        (1.0 - (share.ln() / ((cases as f64) * 0.1 + 2.0).ln())).clamp(0.0, 1.0)
    };
    let mut found: Vec<Candidate> = shared
        .into_iter()
        .filter_map(|s| judge(&s, &question, &gram_cases, &context_cases, &rarity))
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.index.cmp(&b.index)));
    found.truncate(limit);
    found
}

fn judge(
    shared: &Shared,
    question: &Question,
    gram_cases: &[u32],
    context_cases: &BTreeMap<u32, u32>,
    rarity: &dyn Fn(u32) -> f64,
) -> Option<Candidate> {
    let mut places: Vec<(usize, f64)> = shared
        .grams
        .iter()
        .map(|g| {
            let (_, weight, place) = question.grams[*g];
            (place, weight * rarity(gram_cases[*g]))
        })
        .collect();
    places.sort_by_key(|p| p.0);
    let votes: f64 = places.iter().map(|p| p.1).sum();
    let mut passage: f64 = 0.0;
    let mut start = 0;
    let mut sum = 0.0;
    for (place, weight) in &places {
        sum += weight;
        while places.get(start).is_some_and(|p| p.0 + NEAR <= *place) {
            sum -= places[start].1;
            start += 1;
        }
        passage = passage.max(sum);
    }
    let mut names: Vec<(f64, &str)> = shared
        .context
        .iter()
        .map(|h| {
            let name = question.context.get(h).map_or("", String::as_str);
            (rarity(context_cases.get(h).copied().unwrap_or(1)), name)
        })
        .collect();
    names.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let context: f64 = names.iter().map(|n| n.0).sum();
    let by_text = passage >= TEXT_WEIGHT_MIN;
    let by_context = names.len() >= CONTEXT_MIN && context >= 0.7 * CONTEXT_MIN as f64;
    if !by_text && !by_context {
        return None;
    }
    let weight = if by_text { votes } else { 0.0 } + if by_context { 2.0 * context } else { 0.0 };
    let mut reasons = Vec::new();
    if by_text {
        reasons.push(format!("{} runs of words in common", places.len()));
    }
    if by_context {
        let shown: Vec<&str> = names.iter().take(3).map(|n| n.1).collect();
        reasons.push(format!(
            "{} names in common, such as `{}`",
            names.len(),
            shown.join("`, `")
        ));
    }
    Some(Candidate {
        index: shared.index,
        score: weight / (weight + 8.0),
        reason: reasons.join("; "),
    })
}

/// A bit for each hash, modulo its size: most hashes of other cases stop here.
struct Filter {
    bits: Vec<u64>,
    mask: u32,
}

impl Filter {
    fn of(hashes: impl Iterator<Item = u32> + Clone) -> Filter {
        let size = (hashes.clone().count() * 32)
            .next_power_of_two()
            .clamp(1 << 12, 1 << 24);
        let mut filter = Filter {
            bits: vec![0; size / 64],
            mask: (size - 1) as u32,
        };
        for hash in hashes {
            let bit = hash & filter.mask;
            filter.bits[(bit / 64) as usize] |= 1 << (bit % 64);
        }
        filter
    }

    fn may_hold(&self, hash: u32) -> bool {
        let bit = hash & self.mask;
        self.bits[(bit / 64) as usize] >> (bit % 64) & 1 == 1
    }
}
