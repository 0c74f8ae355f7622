//! The same readings site by site, with time in proportion to sites times words of the leak.
//!
//! They say what the readers that look everything up once have to answer; nothing else uses them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::dag::{Dag, Element, List, Wild};
use super::evidence::{Evidence, Found, shorten};
use super::integers::cuts;
use super::keys::{Flat, Keys, NO_KEY, before, filler, flat, key_at, token_at};
use super::nonces::in_uuid;
use super::order::{Order, Shown, fitting, heads, is_dense, of_longest_heads, side_by_side};
use crate::leak::View;
use crate::marks::values::ValueForm;
use crate::text::{Kind, hash_of};

fn keys(flat: &[Flat], element: usize) -> Keys {
    let excluded: Vec<u64> = NO_KEY.iter().map(|w| hash_of(w)).collect();
    let usable = |hashes: Vec<u64>| hashes.into_iter().filter(|h| !excluded.contains(h));
    let mut hashes: BTreeSet<u64> = usable(before(flat, element)).collect();
    let filler = filler(flat, element);
    let mut variables = hashes.clone();
    if let Some(byte) = filler {
        // `FILLER = "Q" * 263`: the variable stands before the filler.
        let from = flat[..element]
            .iter()
            .rposition(|f| f.is(hash_of(&char::from(byte).to_string())));
        variables.extend(from.map(|f| before(flat, f)).into_iter().flat_map(usable));
        hashes.extend(variables.iter().copied());
    }
    // Where the variable is used, the word before is the name on the wire; once more for a second variable.
    for _ in 0..2 {
        let mut next = BTreeSet::new();
        for (at, own) in flat.iter().enumerate() {
            if own.kind == Kind::Word && own.hashes.iter().any(|h| variables.contains(h)) {
                next.extend(usable(before(flat, at)).filter(|h| !hashes.contains(h)));
            }
        }
        hashes.extend(next.iter().copied());
        variables = next;
    }
    Keys { hashes, filler }
}

fn is_keyed(view: &View, index: usize, keys: &Keys) -> bool {
    key_at(view, index).is_some_and(|k| keys.hashes.contains(&k))
}

/// A possible value in a leak.
struct Candidate {
    symbols: Vec<u64>,
    at: usize,
    text: String,
    keyed: bool,
}

/// All values of nonces and integers that the evidence shows.
fn values(dag: &Dag, evidence: &Evidence) -> Vec<Found> {
    let flat = flat(dag);
    let mut all: Vec<(&Wild, Vec<Candidate>)> = Vec::new();
    for (element, step) in dag.elements.iter().enumerate() {
        let Element::Wild(wild) = step else { continue };
        let keys = keys(&flat, element);
        let mut own: Vec<Candidate> = Vec::new();
        for (index, view) in evidence.views().into_iter().enumerate() {
            let is_text = index == 1;
            match wild.form {
                ValueForm::Nonce { .. } => nonces(wild, &keys, view, &mut own),
                ValueForm::Integer { .. } => integers(wild, &keys, view, is_text, &mut own),
                // Moments are several words: `traffic` reads them.
                ValueForm::Time(_) => {}
            }
        }
        all.push((wild, own));
    }
    // What a key gives to one site is no candidate of the others.
    let owned: BTreeSet<(&'static str, String)> = all
        .iter()
        .flat_map(|(w, own)| {
            own.iter()
                .filter(|c| c.keyed)
                .map(|c| (family(&w.form), c.text.clone()))
        })
        .collect();
    for (wild, own) in &mut all {
        let family = family(&wild.form);
        own.retain(|c| c.keyed || !owned.contains(&(family, c.text.clone())));
    }
    // With fewer candidates than nonces of one form that nothing names, something is missing.
    let is_shared = |wild: &Wild, own: &[Candidate]| {
        matches!(wild.form, ValueForm::Nonce { .. }) && !own.iter().any(|c| c.keyed)
    };
    let is_short = |wild: &Wild, own: &[Candidate]| {
        let values: BTreeSet<&Vec<u64>> = own.iter().map(|c| &c.symbols).collect();
        let sharing: BTreeSet<usize> = all
            .iter()
            .filter(|(other, own)| other.form == wild.form && is_shared(other, own))
            .map(|(other, _)| other.site)
            .collect();
        values.len() < sharing.len()
    };
    all.iter()
        .filter(|(wild, own)| !(is_shared(wild, own) && is_short(wild, own)))
        .flat_map(|(wild, own)| choose(wild, own))
        .collect()
}

/// One value by its key, or the set of all.
fn choose(wild: &Wild, all: &[Candidate]) -> Vec<Found> {
    let keyed = all.iter().any(|c| c.keyed);
    let used: Vec<&Candidate> = all.iter().filter(|c| c.keyed == keyed).collect();
    let distinct: BTreeSet<&Vec<u64>> = used.iter().map(|c| &c.symbols).collect();
    let most = match wild.form {
        ValueForm::Nonce { .. } => 1024,
        ValueForm::Integer { .. } | ValueForm::Time(_) => 4,
    };
    let (Some(first), true) = (used.first(), distinct.len() <= most) else {
        return Vec::new();
    };
    let seen = match distinct.len() {
        1 => shorten(&first.text),
        n => format!("{} and {} more", shorten(&first.text), n - 1),
    };
    let noise = match (keyed, distinct.len()) {
        (true, 1) => 0.02,
        (true, _) => 0.1,
        (false, _) => 0.2,
    };
    let mut out = Vec::new();
    for (place, size) in wild.form.site_values().into_iter().enumerate() {
        let values: BTreeSet<u64> = distinct
            .iter()
            .filter_map(|s| s.get(place).copied())
            .collect();
        if values.len() as u64 > size / 4 {
            continue;
        }
        out.push(Found {
            site: wild.site + place,
            values: values.into_iter().collect(),
            noise,
            seen: seen.clone(),
            at: first.at,
        });
    }
    out
}

fn nonces(wild: &Wild, keys: &Keys, view: &View, all: &mut Vec<Candidate>) {
    let ValueForm::Nonce { alphabet, chars } = wild.form else {
        return;
    };
    let bytes = view.text.as_bytes();
    let hex = alphabet.is_hex();
    let in_run = |b: u8| b.is_ascii_alphanumeric() || alphabet.holds(b);
    let mut at = 0;
    while at < bytes.len() {
        if !in_run(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && in_run(bytes[at]) {
            at += 1;
        }
        if at - start != chars && at - start != chars + 1 {
            continue;
        }
        let Some(found) = view.text.get(start..at) else {
            continue;
        };
        let Some(symbols) = wild.form.parse(found) else {
            continue;
        };
        let head = view.text.get(..start).unwrap_or_default();
        let by_prefix = !wild.prefix.is_empty()
            && head
                .get(head.len().saturating_sub(wild.prefix.len())..)
                .is_some_and(|p| p.eq_ignore_ascii_case(&wild.prefix));
        let index = token_at(view, start);
        let keyed = by_prefix || is_keyed(view, index, keys);
        // Dates, words, and parts of longer identifiers are no nonces unless something says so.
        let plausible = alphabet.is_random(found) && !(hex && in_uuid(bytes, start, at));
        if keyed || plausible {
            all.push(Candidate {
                symbols,
                at: start,
                text: found.to_owned(),
                keyed,
            });
        }
    }
}

/// Numbers after a key, runs of a repeated character, and, in programs, numbers alone.
fn integers(wild: &Wild, keys: &Keys, view: &View, is_text: bool, all: &mut Vec<Candidate>) {
    let ValueForm::Integer { low, high, .. } = wild.form else {
        return;
    };
    let quotes = ["\"", "'"];
    for (index, token) in view.tokens.iter().enumerate() {
        if token.kind != Kind::Word {
            continue;
        }
        let shown = token.text(&view.text);
        if let Some(filler) = keys.filler {
            run_of(shown, low, high)
                .into_iter()
                .for_each(|(byte, length)| {
                    all.push(Candidate {
                        symbols: vec![length - low],
                        at: token.start as usize,
                        text: format!("{} × {length}", char::from(byte)),
                        keyed: byte.eq_ignore_ascii_case(&filler),
                    });
                });
        }
        let Some(symbols) = wild.form.parse(shown) else {
            continue;
        };
        if is_text && cuts(&view.tokens, &view.text, index).contains(&true) {
            continue;
        }
        // `"Q" * 263` in a renamed program: the filler tells the number.
        let by_filler = keys.filler.is_some_and(|f| {
            index >= 3
                && view.tokens[index.saturating_sub(7)..index]
                    .windows(3)
                    .any(|w| {
                        let is = |i: usize, t: &str| w[i].text(&view.text) == t;
                        w[1].text(&view.text)
                            .eq_ignore_ascii_case(&char::from(f).to_string())
                            && quotes.iter().any(|q| is(0, q) && is(2, q))
                    })
        });
        let keyed = by_filler || is_keyed(view, index, keys);
        if keyed
            || (is_text && keys.filler.is_none() && shown.len() >= 3 && !shown.starts_with('0'))
        {
            all.push(Candidate {
                symbols,
                at: token.start as usize,
                text: shown.to_owned(),
                keyed,
            });
        }
    }
}

/// The longest run of one character in a word, if its length is in the range and at least 16.
fn run_of(word: &str, low: u64, high: u64) -> Option<(u8, u64)> {
    let bytes = word.as_bytes();
    if (bytes.len() as u64) < low.max(16) {
        return None;
    }
    let mut best: Option<(u8, u64)> = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let length = bytes[at..].iter().take_while(|b| *b == byte).count();
        if best.is_none_or(|b| length as u64 > b.1) {
            best = Some((*byte, length as u64));
        }
        at += length;
    }
    best.filter(|(_, length)| (low.max(16)..=high).contains(length))
}

/// What a view shows of a list: its order, if at least half of it, and two items, are found close together.
///
/// `on_wire`: the view holds requests, where a key is known but its value may be anything.
fn shown(dag: &Dag, list: &List, view: &View, on_wire: bool) -> Shown {
    let mut is_torn = false;
    Shown {
        order: order(dag, list, view, on_wire, &mut is_torn),
        is_torn,
    }
}

fn order(dag: &Dag, list: &List, view: &View, on_wire: bool, is_torn: &mut bool) -> Option<Order> {
    let items = list.items.len();
    let heads = heads(dag, list, on_wire);
    let words: Vec<(u64, usize)> = view
        .tokens
        .iter()
        .enumerate()
        .filter(|(_, t)| t.kind == Kind::Word)
        .map(|(i, t)| (t.hash, i))
        .collect();
    // On the wire a key begins a line and ends with a colon.
    let is_key = |first: usize, last: usize| {
        let text = |i: usize| view.tokens.get(i).map(|t| t.text(&view.text));
        let start = view.tokens.get(first).map_or(0, |t| t.start as usize);
        let line = view
            .text
            .get(..start)
            .is_none_or(|t| t.is_empty() || t.ends_with('\n'));
        line && text(last + 1) == Some(":")
    };
    // (word index, item)
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (item, head) in heads.iter().enumerate() {
        if head.is_empty() {
            continue;
        }
        let found = words
            .windows(head.len())
            .enumerate()
            .filter(|(_, w)| {
                w.iter()
                    .zip(head)
                    .all(|((hash, _), may)| may.contains(hash))
            })
            .filter(|(_, w)| match (w.first(), w.last()) {
                (Some(first), Some(last)) => !on_wire || is_key(first.1, last.1),
                _ => false,
            })
            .map(|(at, _)| (at, item))
            .take(4096);
        places.extend(found);
    }
    places.sort_unstable();
    let places = of_longest_heads(&places, &heads);
    let length = list.items.iter().map(ExactSizeIterator::len).sum::<usize>();
    let span = length * 3 / 2 + 8;
    // The closest run of places with the most different items, each once.
    let mut best: Option<(usize, Reverse<usize>, usize, usize)> = None;
    for start in 0..places.len() {
        let mut seen = 0u32;
        for end in start..places.len() {
            let width = places[end].0 - places[start].0;
            if width > span || seen >> places[end].1 & 1 == 1 {
                break;
            }
            seen |= 1 << places[end].1;
            let key = (seen.count_ones() as usize, Reverse(width), start, end);
            if best.is_none_or(|b| (key.0, key.1) > (b.0, b.1)) {
                best = Some(key);
            }
        }
    }
    let (_, _, start, end) = best?;
    let whole = places.get(start..=end)?;
    let run = if on_wire || list.is_of_headers {
        side_by_side(dag, list, view, on_wire, &words, whole)?
    } else {
        whole
    };
    let near = |place: usize| place + span >= run[0].0 && place <= run[run.len() - 1].0 + span;
    let again = |item: usize| {
        let outside = places[..start].iter().chain(&places[end + 1..]);
        outside.filter(|p| p.1 == item && near(p.0)).count() > 0
    };
    let is_again = (0..items).any(again);
    *is_torn = !on_wire && is_again && (run.len() < items || !is_dense(dag, list, run));
    if *is_torn && run.len() == items {
        return None;
    }
    // In text an item that stands there twice has no place; requests repeat whole.
    let is_whole = run.len() == items && heads.iter().all(|h| h.len() > 1);
    let seen: Vec<usize> = run
        .iter()
        .map(|p| p.1)
        .filter(|i| on_wire || is_whole || !again(*i))
        .collect();
    // One word alone may be there by chance: then the whole list has to be.
    let chance = !on_wire && seen.iter().any(|i| heads[*i].len() < 2);
    if seen.len() < 2 || seen.len() * 2 < items || (chance && seen.len() < items) {
        return None;
    }
    let values = fitting(&seen, items);
    *is_torn |= !on_wire && seen.len() == items && values.is_none();
    Some(Order {
        values: values?,
        token: words.get(run.first()?.0)?.1,
        seen: seen.iter().map(|i| i + 1).collect(),
        items,
    })
}

/// Forms of one family may show the same text.
fn family(form: &ValueForm) -> &'static str {
    match form {
        ValueForm::Integer { .. } => "integer",
        ValueForm::Nonce { .. } => "nonce",
        ValueForm::Time(_) => "time",
    }
}

mod tests {
    use proptest::prelude::*;

    use super::super::keys::Names;
    use super::super::numbers;
    use super::super::order::Orders;
    use super::*;
    use crate::marks::values::Alphabet;
    use crate::{Leak, Master};

    /// Small numbers, so that names, fillers and values meet often.
    struct Draw(u64);

    impl Draw {
        fn below(&mut self, n: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) % n.max(1)
        }

        fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
            all[self.below(all.len() as u64) as usize]
        }
    }

    const NAMES: [&str; 7] = [
        "ticket",
        "doc",
        "limit",
        "payload",
        "x_lk_origin",
        "visit",
        "size",
    ];
    const NONCES: [&str; 6] = [
        "a72d9e7b", "7F36B6D7", "b2e75da3", "feedbea2", "deadbeef", "12345678",
    ];

    fn master(draw: &mut Draw) -> Master {
        let mut source = String::new();
        for _ in 0..3 + draw.below(12) {
            let (name, other) = (draw.of(&NAMES), draw.of(&NAMES));
            let (nonce, number) = (draw.of(&NONCES), 10 + draw.below(40));
            let low = 1 + draw.below(number);
            let high = number + 20 + draw.below(300);
            source += &match draw.below(9) {
                0 | 1 => format!("{name} = \"{nonce}\"  #~ nonce hex 8\n"),
                2 => format!("{name} = \"lk_{{~#nonce hex 8:{nonce}~}}\"\n"),
                3 => format!("{name} = \"Ab3hR\"  #~ nonce alnum 5\n"),
                4 => format!("{name} = \"Q\" * {number}  #~ int {low}..{high}\n"),
                5 => format!("{name} = {number}  #~ int {low}..{high}\n"),
                6 => format!("{other} = {{\"{name}\": {other}, 'w': {name}}}\n"),
                7 => format!(
                    "#~ shuffle\n{name} = 1\n{other}.a = 2\nvisit.b.c = 3\nopen({name}, 4)\n#~ end\n"
                ),
                _ => format!("print({name}, {other}=\"{name}\")\n"),
            };
        }
        Master::parse("a.py", source.as_bytes()).unwrap_or_else(|_| {
            Master::parse("a.py", b"ticket = \"c41d9e7a\"  #~ nonce hex 8\n").expect("is a master")
        })
    }

    fn leak(master: &Master, draw: &mut Draw) -> Leak {
        let symbols: Vec<u64> = master
            .sites()
            .iter()
            .map(|s| draw.below(s.values))
            .collect();
        let copy = String::from_utf8(master.embed(&symbols).unwrap()).unwrap();
        let mut text = String::new();
        for line in copy.lines() {
            if draw.below(5) > 0 {
                text += line;
                text += "\n";
            }
        }
        for _ in 0..draw.below(30) {
            let (name, nonce) = (draw.of(&NAMES), draw.of(&NONCES));
            let number = draw.below(400);
            text += &match draw.below(8) {
                0 => format!("{name}={nonce}\n"),
                1 => format!("the value lk_{nonce} of 5a5a5a{:02x}\n", draw.below(256)),
                2 => format!("{name}: {number}\n"),
                3 => format!("a \"q\" * {number}, 0x{number:x}\n"),
                4 => format!("{} {}\n", "Q".repeat(number as usize), "z".repeat(20)),
                5 => format!("seen {number} times\n"),
                6 => format!(
                    "{nonce}-{nonce} Ab3hR {}1\n",
                    draw.of(&["Ab3d", "zz9Z", "aaaa"])
                ),
                _ => format!(
                    "GET /preview?{name}={nonce}&size={number} HTTP/1.1\nHost: a.example\n\n"
                ),
            };
        }
        let wire = Leak::parse("access.log", text.as_bytes()).unwrap();
        let plain = Leak::parse("a.txt", text.as_bytes()).unwrap();
        Leak::join(vec![plain, wire])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn values_and_orders_that_are_looked_up_are_those_that_are_sought_one_by_one(seed in 1u64..) {
            let mut draw = Draw(seed);
            let master = master(&mut draw);
            let leak = leak(&master, &mut draw);
            let dag = Dag::of(&master);
            let flat = flat(&dag);
            let mut names = Names::of(&dag);
            for element in 0..dag.elements.len() {
                let (own, alone) = (names.keys(element), keys(&flat, element));
                prop_assert_eq!((own.hashes, own.filler), (alone.hashes, alone.filler));
            }
            let Some(evidence) = Evidence::of(&master, &leak, true) else {
                return Ok(());
            };
            prop_assert_eq!(numbers::values(&dag, &evidence, &mut names), values(&dag, &evidence));
            for (view, on_wire) in [(&leak.text, false), (evidence.wire(), true)] {
                let mut orders = Orders::of(&dag, view, on_wire);
                for list in &dag.lists {
                    prop_assert_eq!(orders.read(list), shown(&dag, list, view, on_wire));
                }
            }
        }
    }

    #[test]
    fn the_comparison_sees_values_of_every_kind() {
        let (mut found, mut open, mut lists) = (0, 0, 0);
        for seed in 1..400 {
            let mut draw = Draw(seed * 7919);
            let master = master(&mut draw);
            let leak = leak(&master, &mut draw);
            let dag = Dag::of(&master);
            let Some(evidence) = Evidence::of(&master, &leak, true) else {
                continue;
            };
            let all = values(&dag, &evidence);
            found += all.iter().filter(|f| f.values.len() == 1).count();
            open += all.iter().filter(|f| f.values.len() > 1).count();
            let read = |list| shown(&dag, list, &leak.text, false).order;
            lists += dag.lists.iter().filter_map(read).count();
        }
        assert!(
            found > 200 && open > 50 && lists > 20,
            "{found} {open} {lists}"
        );
    }

    fn looks(source: &str, leaked: &str) -> (usize, usize) {
        let master = Master::parse("a.py", source.as_bytes()).unwrap();
        let leak = Leak::parse("a.txt", leaked.as_bytes()).unwrap();
        let dag = Dag::of(&master);
        let evidence = Evidence::of(&master, &leak, true).unwrap();
        let mut names = Names::of(&dag);
        let (_, values) = numbers::counted(&dag, &evidence, &mut names);
        let mut orders = Orders::of(&dag, &leak.text, false);
        for list in &dag.lists {
            orders.read(list);
        }
        let sizes = dag.elements.len() + leak.text.tokens.len();
        (values + names.steps() + orders.looks(), sizes)
    }

    #[test]
    fn thousands_of_values_were_sought_one_by_one() {
        let lines = |count: u32, line: fn(u32) -> String| (0..count).map(line).collect::<String>();
        let nonce = |i: u32| {
            format!(
                "t{i} = \"{:08x}\"  #~ nonce hex 8\n",
                i.wrapping_mul(2_654_435_761)
            )
        };
        let one_name = |i: u32| {
            format!(
                "t = \"{:08x}\"  #~ nonce hex 8\n",
                i.wrapping_mul(2_654_435_761)
            )
        };
        fn shown(i: u32) -> String {
            let alphabet = Alphabet::HexLower;
            let form = ValueForm::Nonce { alphabet, chars: 8 };
            form.render(&[u64::from(i.wrapping_mul(40_503_977)) % 11u64.pow(7)])
        }
        let number = |i: u32| format!("n{i} = {}  #~ int {}..{}\n", i + 100, i + 2, i + 9000);
        let filled = |i: u32| {
            format!(
                "n{i} = \"Q\" * {}  #~ int {}..{}\n",
                i + 100,
                i + 2,
                i + 9000
            )
        };
        let list = |i: u32| {
            let items: String = (0..12).map(|k| format!("a{k} = b{i} + c{k}\n")).collect();
            format!("#~ shuffle\n{items}#~ end\n")
        };
        let cases = [
            (
                lines(2000, nonce),
                lines(5000, |i| format!("u{i} = \"{}\"\n", shown(i))),
            ),
            (
                lines(2000, nonce),
                lines(5000, |i| format!("t{i} = \"{}\"\n", shown(i))),
            ),
            (
                lines(2000, one_name),
                lines(5000, |i| format!("t = \"{}\"\n", shown(i))),
            ),
            (
                lines(2000, number),
                lines(8000, |i| format!("m{i} = {}\n", i + 200)),
            ),
            (
                lines(2000, number),
                lines(8000, |i| format!("n{} = {}\n", i % 3, i + 200)),
            ),
            (
                lines(2000, filled),
                lines(8000, |i| format!("m{i} = \"Q\" * {}\n", i + 200)),
            ),
            (
                lines(300, list),
                lines(3600, |i| {
                    format!("a{} = b{} + c{}\n", i * 7 % 12, i / 12, i * 7 % 12)
                }),
            ),
        ];
        for (place, (source, leaked)) in cases.into_iter().enumerate() {
            let (looks, sizes) = looks(&source, &leaked);
            assert!(looks > 1000, "{place}: {looks} looks");
            // One by one it was thousands for each word.
            assert!(
                looks < 100 * sizes,
                "{place}: {looks} looks for {sizes} words"
            );
        }
    }
}
