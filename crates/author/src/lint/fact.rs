//! Numbers, versions, dates, ids and addresses that differ between the wordings of one mark.

use std::collections::BTreeSet;

use carriers::{Format, Master};

use super::finding::{Finding, FindingKind, Places, Severity, short};
use super::flat::Flat;

/// What a wording states that can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Facts {
    /// Written in digits, or as an id or address.
    firm: BTreeSet<String>,
    /// Numbers in words: `one` may be no number at all.
    spelt: BTreeSet<String>,
}

pub(super) fn check(
    master: &Master,
    flat: &[Flat<'_>],
    places: &Places<'_>,
    found: &mut Vec<Finding>,
) {
    let is_prose = master.format() == Format::Prose;
    for piece in flat {
        let Flat::Choice { mark, wordings, .. } = *piece else {
            continue;
        };
        let span = master.marks().get(mark);
        let is_written = span.is_some_and(|s| {
            places
                .source
                .get(s.start..s.end)
                .is_some_and(|t| t.starts_with("{~"))
        });
        if !is_written || span.is_some_and(|s| s.declares_facts) {
            continue;
        }
        let facts: Vec<Facts> = wordings
            .iter()
            .map(|w| if is_prose { facts(w) } else { ids(w) })
            .collect();
        let differing = wordings
            .iter()
            .zip(&facts)
            .enumerate()
            .skip(1)
            .flat_map(|(second, theirs)| (0..second).map(move |first| (first, second, theirs)))
            .find_map(|(first, second, (other, theirs))| {
                let (one, own) = (wordings.get(first)?, facts.get(first)?);
                let (mine, yours) = differ(own, theirs)?;
                // What is left out altogether says nothing wrong.
                let _ = second;
                (!one.trim().is_empty() && !other.trim().is_empty()).then(|| FindingKind::Fact {
                    first: short(one),
                    first_fact: mine,
                    second: short(other),
                    second_fact: yours,
                })
            });
        if let Some(kind) = differing {
            found.push(places.mark(mark, Severity::Error, kind));
        }
    }
}

/// The first facts that only one of the two states, each in words; `None` if they state the same.
fn differ(one: &Facts, other: &Facts) -> Option<(String, String)> {
    let lacks = |of: &Facts, fact: &String| !of.firm.contains(fact) && !of.spelt.contains(fact);
    let mine = one.firm.iter().find(|f| lacks(other, f));
    let yours = other.firm.iter().find(|f| lacks(one, f));
    if mine.is_some() || yours.is_some() {
        let any = |of: &Facts| of.firm.iter().chain(&of.spelt).next().cloned();
        return Some((
            in_words(mine.cloned().or_else(|| any(one))),
            in_words(yours.cloned().or_else(|| any(other))),
        ));
    }
    let mine = one.spelt.iter().find(|f| lacks(other, f))?;
    let yours = other.spelt.iter().find(|f| lacks(one, f))?;
    Some((in_words(Some(mine.clone())), in_words(Some(yours.clone()))))
}

fn in_words(fact: Option<String>) -> String {
    match fact {
        Some(fact) => format!("`{}`", short(&fact)),
        None => "nothing of the kind".into(),
    }
}

/// Ids alone: in programs and rules a mark may declare other numbers and encodings, never another vulnerability.
fn ids(text: &str) -> Facts {
    let mut facts = Facts::default();
    let mut rest = text;
    while let Some(at) = rest.to_ascii_uppercase().find("CVE-") {
        let tail = rest.get(at..).unwrap_or_default();
        let id = vulnerability(tail);
        facts.firm.extend(id.clone());
        let skip = id.map_or(4, |i| i.len());
        rest = tail.get(skip..).unwrap_or_default();
    }
    facts
}

/// `CVE-2026-99001` at the beginning of `text`, in capitals.
fn vulnerability(text: &str) -> Option<String> {
    let upper: String = text
        .chars()
        .take(24)
        .collect::<String>()
        .to_ascii_uppercase();
    let rest = upper.strip_prefix("CVE-")?;
    let (year, number) = rest.split_once('-')?;
    let number: String = number.chars().take_while(char::is_ascii_digit).collect();
    (year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) && number.len() >= 4)
        .then(|| format!("CVE-{year}-{number}"))
}

/// Everything that can be compared.
fn facts(text: &str) -> Facts {
    let mut facts = Facts::default();
    let mut words: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((fact, len)) = address(rest).or_else(|| date(rest)) {
            facts.firm.insert(fact);
            rest = rest.get(len..).unwrap_or_default();
            continue;
        }
        if c.is_alphanumeric() {
            let len = rest
                .find(|c: char| !c.is_alphanumeric())
                .unwrap_or(rest.len());
            let word = rest.get(..len).unwrap_or_default();
            if c.is_ascii_digit() {
                let (number, len) = number(rest);
                facts.firm.insert(number);
                rest = rest.get(len.max(1)..).unwrap_or_default();
                words.push(String::new());
                continue;
            }
            if is_hash(word) {
                facts.firm.insert(word.to_ascii_lowercase());
                rest = rest.get(len..).unwrap_or_default();
                continue;
            }
            // `TLS1.2` holds a number like `TLS 1.2`.
            let letters = word
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(word.len());
            let word = word.get(..letters).unwrap_or_default();
            words.push(word.to_lowercase());
            rest = rest.get(letters.max(c.len_utf8())..).unwrap_or_default();
            continue;
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    facts.spelt = spelt(&words);
    facts
}

/// A URL, a vulnerability or an IPv6 address at the beginning.
fn address(text: &str) -> Option<(String, usize)> {
    if let Some(id) = vulnerability(text) {
        let len = id.len();
        return Some((id, len));
    }
    let run_len = text
        .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | ')' | ']'))
        .unwrap_or(text.len());
    let run = text
        .get(..run_len)?
        .trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']);
    if let Some((scheme, place)) = run.split_once("://") {
        let is_scheme = !scheme.is_empty()
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        if is_scheme && !place.is_empty() {
            return Some((run.to_owned(), run.len()));
        }
    }
    let groups = run.split(':').count();
    let is_hex = run.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
    if groups >= 4 && is_hex && run.len() >= 6 {
        return Some((run.to_ascii_lowercase(), run.len()));
    }
    None
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn month(word: &str) -> Option<usize> {
    let lower = word.trim_end_matches('.').to_ascii_lowercase();
    let found = MONTHS
        .iter()
        .position(|m| *m == lower || (lower.len() >= 3 && m.starts_with(&lower)))?;
    Some(found + 1)
}

/// A date at the beginning, in any of the forms `2026-11-16`, `16 November 2026`, `November 16, 2026`, `16 November`.
fn date(text: &str) -> Option<(String, usize)> {
    let mut words: Vec<(&str, usize)> = Vec::new();
    let mut at = 0;
    while words.len() < 3 {
        let tail = text.get(at..)?;
        let lead = tail.len() - tail.trim_start_matches([' ', ',', '\u{a0}']).len();
        let tail = tail.get(lead..)?;
        let len = tail
            .find([' ', ',', '\u{a0}', '\n', ';', ')', ':', 'T'])
            .unwrap_or(tail.len());
        let len = if words.is_empty() || len > 0 {
            len
        } else {
            break;
        };
        if len == 0 {
            break;
        }
        words.push((tail.get(..len)?, at + lead + len));
        at += lead + len;
    }
    let clean = |word: &str| -> String {
        let word = word.trim_end_matches(['.', '!', '?']);
        let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
        let rest = word.get(digits.len()..).unwrap_or_default();
        if matches!(rest, "" | "st" | "nd" | "rd" | "th") {
            digits
        } else {
            String::new()
        }
    };
    let day = |word: &str| {
        clean(word)
            .parse::<u32>()
            .ok()
            .filter(|d| (1..=31).contains(d))
    };
    let year = |word: &str| {
        let digits = clean(word);
        digits.parse::<u32>().ok().filter(|_| digits.len() == 4)
    };
    let first = words.first()?;
    let iso: Vec<&str> = first.0.trim_end_matches('.').split('-').collect();
    if let [y, m, d] = iso.as_slice()
        && let (Some(y), Ok(m), Some(d)) = (year(y), m.parse::<u32>(), day(d))
        && (1..=12).contains(&m)
    {
        return Some((format!("{y:04}-{m:02}-{d:02}"), first.1));
    }
    let second = words.get(1)?;
    let (d, m) = match (day(first.0), month(second.0)) {
        (Some(d), Some(m)) => (d, m),
        _ => (day(second.0)?, month(first.0)?),
    };
    match words.get(2).and_then(|w| Some((year(w.0)?, w.1))) {
        Some((y, end)) => Some((format!("{y:04}-{m:02}-{d:02}"), end)),
        None => Some((format!("{m:02}-{d:02}"), second.1)),
    }
}

/// A number or version at the beginning, which is a digit: its value, and its length.
fn number(text: &str) -> (String, usize) {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let digits: String = hex.chars().take_while(char::is_ascii_hexdigit).collect();
        if let Ok(value) = u128::from_str_radix(&digits, 16) {
            return (value.to_string(), digits.len() + 2);
        }
    }
    let alnum: String = text
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    if is_hash(&alnum) {
        let len = alnum.len();
        return (alnum.to_ascii_lowercase(), len);
    }
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut value = String::new();
    let mut at = 0;
    loop {
        match bytes.get(at) {
            Some(b) if b.is_ascii_digit() => value.push(char::from(*b)),
            Some(b'.') if is_digit(at + 1) => value.push('.'),
            // `1,000` and `1_000`: three digits, then no more.
            Some(b',' | b'_')
                if (1..=3).all(|n| is_digit(at + n))
                    && !is_digit(at + 4)
                    && !value.contains('.') => {}
            _ => break,
        }
        at += 1;
    }
    // The letter of a version: `1.1.1k`.
    if value.matches('.').count() >= 2
        && let Some(letter) = bytes.get(at).filter(|b| b.is_ascii_lowercase())
        && bytes.get(at + 1).is_none_or(|b| !b.is_ascii_alphanumeric())
    {
        value.push(char::from(*letter));
        at += 1;
    }
    if !value.contains('.') {
        let plain = value.trim_start_matches('0');
        value = if plain.is_empty() {
            "0".into()
        } else {
            plain.to_owned()
        };
    }
    (value, at)
}

/// At least eight hexadecimal digits, letters and figures among them.
fn is_hash(word: &str) -> bool {
    word.len() >= 8
        && word.bytes().all(|b| b.is_ascii_hexdigit())
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().any(|b| b.is_ascii_alphabetic())
}

const UNITS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

/// Numbers in words: `twenty five` is 25, `a dozen` 12, `twice` 2.
fn spelt(words: &[String]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut sum: Option<u64> = None;
    for word in words.iter().map(String::as_str).chain([""]) {
        let unit = UNITS.iter().position(|u| *u == word).map(|p| p as u64);
        let ten = TENS
            .iter()
            .position(|t| *t == word)
            .map(|p| (p as u64 + 2) * 10);
        match (unit, ten, word) {
            (Some(unit), _, _) => {
                sum = Some(match sum {
                    Some(before) if before % 10 == 0 && before > 0 && unit < 10 => before + unit,
                    Some(before) => {
                        out.insert(before.to_string());
                        unit
                    }
                    None => unit,
                });
            }
            (None, Some(ten), _) => sum = Some(sum.filter(|s| *s % 100 == 0).unwrap_or(0) + ten),
            (_, _, "hundred") => sum = Some(sum.unwrap_or(1).saturating_mul(100)),
            (_, _, "thousand") => sum = Some(sum.unwrap_or(1).saturating_mul(1000)),
            (_, _, "million") => sum = Some(sum.unwrap_or(1).saturating_mul(1_000_000)),
            (_, _, "dozen") => sum = Some(sum.unwrap_or(1).saturating_mul(12)),
            (_, _, "and") if sum.is_some_and(|s| s >= 100) => {}
            _ => {
                out.extend(sum.take().map(|s| s.to_string()));
                match word {
                    "single" | "once" | "a" | "an" => out.insert("1".into()),
                    "twice" | "both" | "pair" | "couple" => out.insert("2".into()),
                    "no" | "none" => out.insert("0".into()),
                    _ => false,
                };
            }
        }
    }
    // One and none are words as often as numbers.
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        differ(&facts(one), &facts(other)).is_none()
    }

    #[test]
    fn one_fact_in_two_forms_is_the_same() {
        for (one, other) in [
            ("3 servers", "three servers"),
            ("25 days", "twenty-five days"),
            ("2026-11-16", "16 November 2026"),
            ("November 16, 2026", "the 16th November 2026"),
            ("1,000 bytes", "1000 bytes"),
            ("0x10 bytes", "16 bytes"),
            ("CVE-2026-99001", "cve-2026-99001"),
            ("TLS 1.2", "TLS1.2"),
            ("of them", "one"),
            ("twice", "two times"),
            ("a dozen", "12"),
            ("both servers", "the two servers"),
            ("no use", "no sign of use"),
            ("second", "repeated"),
            ("two hundred and five", "205"),
            (
                "see https://psirt.larkspur.example/a.",
                "look at https://psirt.larkspur.example/a",
            ),
        ] {
            assert!(
                same(one, other),
                "{one} / {other}: {:?} {:?}",
                facts(one),
                facts(other)
            );
        }
    }

    #[test]
    fn another_fact_is_another() {
        for (one, other) in [
            ("3 servers", "four servers"),
            ("three servers", "four servers"),
            ("8.2.6", "8.2.7"),
            ("1.1.1k", "1.1.1l"),
            ("2026-11-16", "17 November 2026"),
            ("CVE-2026-99001", "CVE-2026-99002"),
            ("192.0.2.1", "192.0.2.2"),
            ("2001:db8::1:2", "2001:db8::1:3"),
            ("https://a.example/x", "https://a.example/y"),
            ("9b41c07e2d55", "9b41c07e2d56"),
            ("within 24 hours", "within a day"),
            ("TLS1.2", "TLS1.3"),
            ("10:30", "10:45"),
            ("since 7.4.0", "since that release"),
        ] {
            assert!(!same(one, other), "{one} / {other}: {:?}", facts(one));
        }
    }
}
