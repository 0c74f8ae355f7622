//! What requests show of a master that is a record of requests itself.
//!
//! The master, with a stand-in for each mark, goes through the same reader as a leak;
//! each line with stand-ins becomes a pattern, and a request that fits the master's is read line by line.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Found, shorten};
use crate::leak::{Leak, wire_of};
use crate::marks::values::ValueForm;
use crate::marks::{Master, Part, permutation};
use crate::pcap::MESSAGE_END;
use crate::text;
use crate::traffic::{curl, har};
use crate::{DataKind, Format, TrafficKind};

/// Steps that one comparison of a line may take.
const STEPS_MAX: usize = 4096;
/// Bytes of fixed text by which a line alone is recognised.
const TELLING_BYTES: usize = 12;
/// Most lines of requests with a known key that are compared.
const LINES_MAX: usize = 1 << 20;

/// What a stand-in stands for.
enum Slot<'a> {
    /// A site and its wordings, as each may be spelled.
    Choice(usize, Vec<Vec<String>>),
    Value(usize, &'a ValueForm),
}

/// A list whose items change places.
struct Order {
    site: usize,
    /// The key of each item.
    keys: Vec<String>,
    /// Each item in lower case.
    items: Vec<String>,
    /// Where the list ends in the marked text.
    end: usize,
    /// Keys of the header lines just before and just after, where sorting would have put them elsewhere.
    before: Option<String>,
    after: Option<String>,
}

/// The master with stand-ins.
#[derive(Default)]
struct Marked<'a> {
    text: String,
    slots: Vec<Slot<'a>>,
    orders: Vec<Order>,
}

/// A piece of a line.
enum Piece {
    /// In lower case.
    Text(String),
    Slot(usize),
}

/// A line of the master's requests.
struct Line {
    pieces: Vec<Piece>,
    /// Bytes of fixed text.
    fixed: usize,
    has_slot: bool,
}

/// The requests of a master.
struct Template<'a> {
    slots: Vec<Slot<'a>>,
    orders: Vec<Order>,
    /// First lines of records.
    first: Vec<Line>,
    lines: Vec<Line>,
    /// Indices of lines by their key.
    by_key: BTreeMap<String, Vec<usize>>,
    /// Lines whose key is marked, or that have none.
    without_key: Vec<usize>,
    /// Keys that few requests have.
    telling: BTreeSet<String>,
}

/// All that the requests of `leak` show of a master that is traffic, and the lists whose order nobody made by sorting.
pub(super) fn values(master: &Master, leak: &Leak) -> (Vec<Found>, BTreeSet<usize>) {
    // Data is read by people's tools as well as sent.
    let view = match master.format() {
        Format::Traffic(_) => &leak.wire,
        Format::Data(_) => &leak.text,
        _ => return Default::default(),
    };
    if view.text.is_empty() {
        return Default::default();
    }
    let template = Template::of(master);
    let mut seen: BTreeMap<usize, BTreeMap<u64, (usize, String)>> = BTreeMap::new();
    let mut not_sorted = BTreeSet::new();
    let mut compared = 0;
    let mut at = 0;
    for record in view.text.split("\n\n") {
        let start = at;
        at += record.len() + 2;
        if !template.concerns(record) {
            continue;
        }
        let mut line_at = start;
        for line in record.split('\n') {
            compared += 1;
            if compared > LINES_MAX {
                break;
            }
            for index in template.candidates(line) {
                let Some(pattern) = template.lines.get(index).filter(|p| p.has_slot) else {
                    continue;
                };
                for (site, value, shown) in template.matched(pattern, line) {
                    seen.entry(site)
                        .or_default()
                        .entry(value)
                        .or_insert((line_at, shown));
                }
            }
            line_at += line.len() + 1;
        }
        for order in &template.orders {
            if let Some((value, shown, is_sorted)) = order.read(record) {
                if !is_sorted {
                    not_sorted.insert(order.site);
                }
                seen.entry(order.site)
                    .or_default()
                    .entry(value)
                    .or_insert((start, shown));
            }
        }
    }
    let found = seen
        .into_iter()
        .filter_map(|(site, values)| {
            let shape = master.sites().get(site)?;
            let (_, (at, shown)) = values.first_key_value()?;
            let is_open = values.len() as u64 >= shape.values || values.len() > 64;
            (!is_open).then(|| Found {
                site,
                noise: if values.len() == 1 { 0.02 } else { 0.1 },
                seen: shorten(shown),
                at: *at,
                values: values.keys().copied().collect(),
            })
        })
        .collect();
    (found, not_sorted)
}

impl<'a> Template<'a> {
    fn of(master: &'a Master) -> Template<'a> {
        let mut marked = Marked::default();
        marked.push(master.parts());
        marked.look_beside_lists();
        let text = match master.format() {
            Format::Traffic(TrafficKind::Har) => har::requests(&marked.text).unwrap_or_default(),
            Format::Traffic(TrafficKind::Curl) => curl::requests(&marked.text),
            Format::Data(DataKind::Json) => har::lines(&marked.text),
            _ => marked.text.clone(),
        };
        let wire: String = match master.format() {
            Format::Data(_) => text,
            _ => text.split(MESSAGE_END).map(wire_of).collect(),
        };
        // Rows have no keys.
        let is_table = master.format() == Format::Data(DataKind::Csv);
        let orders = if is_table { Vec::new() } else { marked.orders };
        let mut template = Template {
            slots: marked.slots,
            orders,
            first: Vec::new(),
            lines: Vec::new(),
            by_key: BTreeMap::new(),
            without_key: Vec::new(),
            telling: BTreeSet::new(),
        };
        for record in wire.split("\n\n") {
            for (index, line) in record.split('\n').enumerate() {
                template.push(line, index == 0 && !is_table, is_table);
            }
        }
        template
    }

    fn push(&mut self, line: &str, is_first: bool, is_row: bool) {
        if line.trim().is_empty() {
            return;
        }
        let pattern = pattern(line);
        if is_first {
            self.first.push(pattern);
            return;
        }
        let index = self.lines.len();
        match pattern.pieces.first() {
            Some(Piece::Text(head)) if head.contains(": ") && !is_row => {
                let key = head.split(": ").next().unwrap_or_default().to_owned();
                let bare = key.replace('-', "_");
                if bare.len() >= 4 && !crate::find::is_plain(&bare) {
                    self.telling.insert(key.clone());
                }
                self.by_key.entry(key).or_default().push(index);
            }
            _ => self.without_key.push(index),
        }
        self.lines.push(pattern);
    }

    fn candidates(&self, line: &str) -> Vec<usize> {
        let key = line
            .split(": ")
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let own = self.by_key.get(&key).into_iter().flatten();
        own.chain(&self.without_key).copied().collect()
    }

    /// Whether a request of the leak is one of the master's.
    fn concerns(&self, record: &str) -> bool {
        let mut lines = record.trim_start_matches('\n').split('\n');
        let first = lines.next().unwrap_or_default();
        let is_path = |line: &Line| line.fixed >= 8;
        if self.first.iter().any(|p| is_path(p) && self.fits(p, first)) {
            return true;
        }
        let mut keys = BTreeSet::new();
        for line in record.split('\n').take(4096) {
            let key = line
                .split(": ")
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            if self.telling.contains(&key) {
                keys.insert(key);
            }
            let tells = |i: &usize| {
                self.lines
                    .get(*i)
                    .is_some_and(|p| p.fixed >= TELLING_BYTES && self.fits(p, line))
            };
            if keys.len() >= 2 || self.without_key.iter().any(tells) {
                return true;
            }
        }
        false
    }

    fn fits(&self, pattern: &Line, line: &str) -> bool {
        let mut steps = 0;
        self.compare(&pattern.pieces, line, &mut Vec::new(), &mut steps)
    }

    /// The values that a line shows: site, value, text.
    fn matched(&self, pattern: &Line, line: &str) -> Vec<(usize, u64, String)> {
        let (mut found, mut steps) = (Vec::new(), 0);
        if self.compare(&pattern.pieces, line, &mut found, &mut steps) {
            return found;
        }
        Vec::new()
    }

    /// Compares the rest of a pattern with the rest of a line, the longest spellings first.
    fn compare(
        &self,
        pieces: &[Piece],
        line: &str,
        found: &mut Vec<(usize, u64, String)>,
        steps: &mut usize,
    ) -> bool {
        *steps += 1;
        if *steps > STEPS_MAX {
            return false;
        }
        let Some((piece, rest)) = pieces.split_first() else {
            return line.trim_end().is_empty();
        };
        match piece {
            Piece::Text(text) => line
                .get(..text.len())
                .filter(|head| head.eq_ignore_ascii_case(text))
                .is_some_and(|_| self.compare(rest, &line[text.len()..], found, steps)),
            Piece::Slot(index) => {
                let before = found.len();
                for (length, values) in self
                    .slots
                    .get(*index)
                    .map(|s| s.readings(line))
                    .unwrap_or_default()
                {
                    let Some((shown, after)) = line.split_at_checked(length) else {
                        continue;
                    };
                    // A site that stands twice in a line says the same twice.
                    let clash = values
                        .iter()
                        .any(|(site, value)| found.iter().any(|(s, v, _)| s == site && v != value));
                    if clash {
                        continue;
                    }
                    found.extend(values.into_iter().map(|(s, v)| (s, v, shown.to_owned())));
                    if self.compare(rest, after, found, steps) {
                        return true;
                    }
                    found.truncate(before);
                }
                false
            }
        }
    }
}

impl Slot<'_> {
    /// What may stand at the start of `line`: its length, and the sites' values.
    fn readings(&self, line: &str) -> Vec<(usize, Vec<(usize, u64)>)> {
        match self {
            Slot::Choice(site, wordings) => {
                let mut out: Vec<(usize, Vec<(usize, u64)>)> = wordings
                    .iter()
                    .enumerate()
                    .flat_map(|(value, spellings)| spellings.iter().map(move |s| (value, s)))
                    .filter(|(_, s)| {
                        line.get(..s.len())
                            .is_some_and(|h| h.eq_ignore_ascii_case(s))
                    })
                    .map(|(value, s)| (s.len(), vec![(*site, value as u64)]))
                    .collect();
                out.sort_by_key(|o| std::cmp::Reverse(o.0));
                out
            }
            Slot::Value(site, form) => {
                let lengths: Vec<usize> = match form {
                    ValueForm::Nonce { chars, .. } => vec![*chars],
                    ValueForm::Integer { .. } => {
                        let digits = line
                            .bytes()
                            .take_while(|b| b.is_ascii_alphanumeric())
                            .take(20)
                            .count();
                        (1..=digits).rev().collect()
                    }
                    ValueForm::Time(_) => (19..=35).rev().collect(),
                };
                lengths
                    .into_iter()
                    .filter_map(|length| {
                        let symbols = form.parse(line.get(..length)?)?;
                        let values = symbols.into_iter().enumerate().map(|(i, s)| (site + i, s));
                        Some((length, values.collect()))
                    })
                    .collect()
            }
        }
    }
}

impl<'a> Marked<'a> {
    fn push(&mut self, parts: &'a [Part]) {
        for part in parts {
            match part {
                Part::Text(text) => self.text.push_str(text),
                Part::Choice { site, wordings } => {
                    if wordings
                        .iter()
                        .any(|w| w.is_empty() || w.contains(['"', '{', '}', '\n']) || is_method(w))
                    {
                        // Part of the syntax: the first stands for all.
                        self.text
                            .push_str(wordings.first().map_or("", String::as_str));
                        continue;
                    }
                    let stand_in = stand_in(self.slots.len(), false);
                    self.text.push_str(&stand_in);
                    let spellings = wordings.iter().map(|w| spellings(w)).collect();
                    self.slots.push(Slot::Choice(*site, spellings));
                }
                Part::Value { site, form, .. } => {
                    let is_number = matches!(form, ValueForm::Integer { .. });
                    let stand_in = stand_in(self.slots.len(), is_number);
                    self.text.push_str(&stand_in);
                    self.slots.push(Slot::Value(*site, form));
                }
                Part::Shuffle {
                    site,
                    items,
                    between,
                } => {
                    let start = self.text.len();
                    let (mut keys, mut texts) = (Vec::new(), Vec::new());
                    for (place, item) in items.iter().enumerate() {
                        let from = self.text.len();
                        self.push(item);
                        let item = self.text.get(from..).unwrap_or_default();
                        keys.push(key_of(item));
                        texts.push(item.to_ascii_lowercase());
                        if let Some(piece) = between.get(place) {
                            self.push(piece);
                        }
                    }
                    let distinct: BTreeSet<&String> = keys.iter().collect();
                    let is_marked = |k: &String| k.is_empty() || slot_at(k).is_some();
                    if distinct.len() == keys.len() && !keys.iter().any(is_marked) {
                        let before = self.text.get(..start).unwrap_or_default();
                        self.orders.push(Order {
                            site: *site,
                            keys,
                            items: texts,
                            end: self.text.len(),
                            before: header_key(before.trim_end_matches(' ').lines().next_back()),
                            after: None,
                        });
                    }
                }
            }
        }
    }

    /// The header lines beside each list that sorting would have moved.
    fn look_beside_lists(&mut self) {
        for order in &mut self.orders {
            let rest = self.text.get(order.end..).unwrap_or_default();
            let rest = rest.strip_prefix('\n').unwrap_or(rest);
            let (first, last) = (order.keys.iter().min(), order.keys.iter().max());
            order.before = order.before.take().filter(|key| Some(key) > first);
            order.after = header_key(rest.lines().next()).filter(|key| Some(key) < last);
        }
    }
}

/// The name of a header line, in lower case.
fn header_key(line: Option<&str>) -> Option<String> {
    let (key, _) = line?.split_once(": ")?;
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (!key.is_empty() && key.bytes().all(is_name)).then(|| key.to_ascii_lowercase())
}

fn is_method(word: &str) -> bool {
    word.len() >= 3 && word.bytes().all(|b| b.is_ascii_uppercase())
}

/// A wording as requests may show it: as it is, decoded, and without the escapes of JSON.
fn spellings(wording: &str) -> Vec<String> {
    let mut out = vec![text::normalise(wording)];
    let decoded = crate::leak::percent_decode(wording);
    let quoted = format!("\"{wording}\"");
    let unescaped = serde_json::from_str::<String>(&quoted).ok();
    for other in [Some(decoded), unescaped].into_iter().flatten() {
        let other = text::normalise(&other);
        if !out.contains(&other) {
            out.push(other);
        }
    }
    out
}

const LETTERS: [u8; 16] = *b"bcdfghjkmnpqrstv";

/// A word that no text has: letters, or digits where a number must stand.
fn stand_in(index: usize, is_number: bool) -> String {
    if is_number {
        return format!("90717{index:05}3");
    }
    let letters: String = (0..4)
        .rev()
        .map(|place| char::from(LETTERS[index >> (4 * place) & 15]))
        .collect();
    format!("zqx{letters}xqz")
}

/// The first stand-in of a text: place, length, index.
fn slot_at(text: &str) -> Option<(usize, usize, usize)> {
    let word = text.match_indices("zqx").find_map(|(at, _)| {
        let letters = text.get(at + 3..at + 7)?;
        (text.get(at + 7..at + 10)? == "xqz").then_some(())?;
        let index = letters.bytes().try_fold(0, |index, b| {
            Some(index << 4 | LETTERS.iter().position(|l| *l == b)?)
        })?;
        Some((at, 10, index))
    });
    let number = text.match_indices("90717").find_map(|(at, _)| {
        let digits = text.get(at + 5..at + 10)?;
        (text.get(at + 10..at + 11)? == "3").then_some(())?;
        Some((at, 11, digits.parse().ok()?))
    });
    [word, number].into_iter().flatten().min()
}

/// A line in pieces.
fn pattern(line: &str) -> Line {
    let mut pieces = Vec::new();
    let mut fixed = 0;
    let mut has_slot = false;
    let mut rest = line.trim_end();
    while let Some((at, length, index)) = slot_at(rest) {
        if at > 0 {
            pieces.push(Piece::Text(rest[..at].to_ascii_lowercase()));
            fixed += at;
        }
        pieces.push(Piece::Slot(index));
        has_slot = true;
        rest = &rest[at + length..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_ascii_lowercase()));
        fixed += rest.len();
    }
    Line {
        pieces,
        fixed,
        has_slot,
    }
}

/// The key by which an item of a list is known in a request: a header, a parameter, a key of JSON.
fn key_of(item: &str) -> String {
    let item = item.trim();
    let key = match serde_json::from_str::<serde_json::Value>(item) {
        Ok(value) => value
            .get("name")
            .and_then(|n| n.as_str())
            .map(str::to_owned),
        Err(_) => item
            .split_once([':', '='])
            .map(|(k, _)| k.trim_matches(['"', '\'', ' ', '-', 'H']).to_owned()),
    };
    key.unwrap_or_default().to_ascii_lowercase()
}

impl Order {
    /// The order in which a request has the items, all of them side by side, and whether sorting may have made it.
    ///
    /// A client that puts headers of its own between them has placed the others, too.
    fn read(&self, record: &str) -> Option<(u64, String, bool)> {
        let keys: Vec<String> = record
            .split('\n')
            .map(|line| {
                let key = line.split(": ").next().unwrap_or_default();
                key.to_ascii_lowercase()
            })
            .collect();
        // (line, item)
        let mut places: Vec<(usize, usize)> = Vec::new();
        for (line, key) in keys.iter().enumerate() {
            if let Some(item) = self.keys.iter().position(|k| k == key)
                && places.iter().all(|p| p.1 != item)
            {
                places.push((line, item));
            }
        }
        // An item may hide fields of its own.
        let joins = |pair: &[(usize, usize)]| match pair {
            [(from, item), (to, _)] => keys
                .get(from + 1..*to)
                .unwrap_or_default()
                .iter()
                .all(|key| self.items.get(*item).is_some_and(|i| i.contains(key))),
            _ => false,
        };
        if places.len() != self.keys.len() || !places.windows(2).all(joins) {
            return None;
        }
        let order: Vec<usize> = places.iter().map(|p| p.1).collect();
        let value = permutation::value_of(&order)?;
        let beside = |line: Option<usize>| line.and_then(|l| keys.get(l));
        let (first, last) = (places.first()?.0, places.last()?.0);
        let stayed = |own: &Option<String>, line| own.is_some() && own.as_ref() == beside(line);
        let is_sorted = !stayed(&self.before, first.checked_sub(1))
            && !stayed(&self.after, last.checked_add(1));
        let shown: Vec<String> = order.iter().map(|i| (i + 1).to_string()).collect();
        let shown = format!("order {} of {}", shown.join(" "), order.len());
        Some((value, shown, is_sorted))
    }
}

/// The numbers of those orders that any tool makes by sorting: they say nothing of a copy.
pub(super) fn sorted_orders(master: &Master) -> Vec<(usize, u64)> {
    let mut out = Vec::new();
    if matches!(master.format(), Format::Traffic(_) | Format::Data(_)) {
        sorted(master.parts(), &mut out);
    }
    out
}

fn sorted(parts: &[Part], out: &mut Vec<(usize, u64)>) {
    for part in parts {
        let Part::Shuffle {
            site,
            items,
            between,
        } = part
        else {
            continue;
        };
        // Nobody sorts the operands of a pattern.
        let is_operator =
            |p: &Part| matches!(p, Part::Text(text) if text.contains(char::is_alphabetic));
        if between.iter().flatten().any(is_operator) {
            continue;
        }
        let texts: Vec<String> = items
            .iter()
            .map(|item| {
                let mut marked = Marked::default();
                marked.push(item);
                marked.text.to_lowercase()
            })
            .collect();
        let keys: Vec<String> = texts.iter().map(|text| key_of(text)).collect();
        let distinct: BTreeSet<&String> = keys.iter().filter(|k| !k.is_empty()).collect();
        // Headers and keys are sorted by their names, rows forwards or backwards.
        let has_keys = distinct.len() == keys.len();
        let sorted_by = if has_keys { &keys } else { &texts };
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|i| &sorted_by[*i]);
        out.extend(permutation::value_of(&order).map(|value| (*site, value)));
        if !has_keys {
            order.reverse();
            out.extend(permutation::value_of(&order).map(|value| (*site, value)));
        }
    }
}
