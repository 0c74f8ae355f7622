//! `a` and `an` before words that a mark changes.

use carriers::Format;

use super::finding::{Finding, FindingKind, Places, Severity, short};
use super::flat::Flat;

/// Bytes of text beside a mark that are looked at.
const BESIDE_BYTES: usize = 80;
/// Pairs of neighbouring wordings that are tried for one mark.
const PAIRS_MAX: usize = 4096;

/// How a word begins when it is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sound {
    Vowel,
    Consonant,
    /// Both are said.
    Either,
}

pub(super) fn check(
    format: Format,
    flat: &[Flat<'_>],
    places: &Places<'_>,
    found: &mut Vec<Finding>,
) {
    // In a program `a` may be a variable.
    let severity = match format {
        Format::Code(_) => Severity::Warning,
        _ => Severity::Error,
    };
    for (at, piece) in flat.iter().enumerate() {
        let Flat::Choice {
            site,
            mark,
            wordings,
        } = *piece
        else {
            continue;
        };
        let mut said: Vec<String> = Vec::new();
        let mut tried = 0;
        for (own, wording) in wordings.iter().enumerate() {
            let before = beside(flat, at, site, own, true);
            let after = beside(flat, at, site, own, false);
            let next_is_mark = after.len() > 1;
            for left in &before {
                for right in &after {
                    tried += 1;
                    if tried > PAIRS_MAX {
                        break;
                    }
                    let text = format!("{left}{wording}{right}");
                    let end = left.len() + wording.len();
                    for (word_at, wrong) in mismatches(&text, left.len(), end) {
                        // Of two neighbouring marks, the one with the word tells.
                        if next_is_mark && word_at >= end && !wording.is_empty() {
                            continue;
                        }
                        if !said.contains(&wrong) {
                            said.push(wrong);
                        }
                    }
                }
            }
        }
        for said in said {
            let said = short(&said);
            found.push(places.mark(mark, severity, FindingKind::Article { said }));
        }
    }
}

/// What may stand before or after the mark at `at` when it shows its wording `own`.
fn beside(flat: &[Flat<'_>], at: usize, site: usize, own: usize, before: bool) -> Vec<String> {
    let mut text = String::new();
    let mut place = at;
    loop {
        let next = if before {
            place.checked_sub(1)
        } else {
            place.checked_add(1)
        };
        let Some(piece) = next.and_then(|n| flat.get(n)) else {
            return vec![text];
        };
        place = next.unwrap_or(place);
        match piece {
            Flat::Text(piece) => {
                let near = if before { tail(piece) } else { head(piece) };
                text = if before {
                    format!("{near}{text}")
                } else {
                    format!("{text}{near}")
                };
                let says_something = near.chars().any(char::is_alphanumeric);
                if says_something || near.len() < piece.len() {
                    return vec![text];
                }
            }
            Flat::Choice {
                site: other,
                wordings,
                ..
            } => {
                let join = |wording: &String| {
                    if before {
                        format!("{}{text}", tail(wording))
                    } else {
                        format!("{text}{}", head(wording))
                    }
                };
                if *other == site {
                    return wordings.get(own).map(join).into_iter().collect();
                }
                return wordings.iter().map(join).collect();
            }
            Flat::Value | Flat::Edge => return vec![text],
        }
    }
}

fn tail(text: &str) -> &str {
    let mut from = text.len().saturating_sub(BESIDE_BYTES);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text.get(from..).unwrap_or_default()
}

fn head(text: &str) -> &str {
    let mut to = text.len().min(BESIDE_BYTES);
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    text.get(..to).unwrap_or_default()
}

/// Articles of `text` that do not fit the word behind them, where article or word touches `from..to`.
fn mismatches(text: &str, from: usize, to: usize) -> Vec<(usize, String)> {
    let words = words(text);
    let mut out = Vec::new();
    for pair in words.windows(2) {
        let [(at, article), (word_at, word)] = pair else {
            continue;
        };
        let says_an = match *article {
            "a" | "A" => false,
            "an" | "An" => true,
            _ => continue,
        };
        let word_end = word_at + word.len();
        let touches = *at < to && word_end > from || (from == to && *at < from && *word_at >= to);
        let between = text.get(at + article.len()..*word_at).unwrap_or_default();
        if !touches || !joins(between) || !is_article(text, *at, article) {
            continue;
        }
        let fits = match sound(word) {
            Sound::Vowel => says_an,
            Sound::Consonant => !says_an,
            Sound::Either => true,
        };
        if !fits {
            let word = word.trim_end_matches(|c: char| !c.is_alphanumeric());
            out.push((*word_at, format!("{article} {word}")));
        }
    }
    out
}

/// Runs of letters, digits, apostrophes and inner hyphens.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut start: Option<usize> = None;
    for (at, c) in text.char_indices() {
        let inside = c.is_alphanumeric()
            || matches!(c, '_' | '\'' | '\u{2019}' | '-' | '.' | '/') && start.is_some();
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                out.extend(text.get(from..at).map(|w| (from, w)));
                start = None;
            }
            _ => {}
        }
    }
    out.extend(start.and_then(|from| text.get(from..).map(|w| (from, w))));
    out
}

/// Whether what stands between article and word lets them belong together: blanks, and what opens an emphasis.
fn joins(between: &str) -> bool {
    let breaks = between.matches('\n').count();
    between.starts_with(char::is_whitespace)
        && breaks < 2
        && between.chars().all(|c| {
            c.is_whitespace() || matches!(c, '*' | '_' | '`' | '"' | '\'' | '“' | '‘' | '(' | '[')
        })
}

/// `a` in the text of a sentence: not a letter that names something, nor a capital in its middle.
fn is_article(text: &str, at: usize, article: &str) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let near = before.trim_end_matches(['*', '_', '"', '(', '“', '\'']);
    if !near.is_empty() && !near.ends_with(char::is_whitespace) && near.len() == before.len() {
        return false;
    }
    if article.starts_with('A') {
        let said = before.trim_end();
        return said.is_empty() || said.ends_with(['.', '!', '?', ':', '-', '*', '#', '>', '"']);
    }
    true
}

/// Words whose first letter is not how they sound.
const SILENT_H: [&str; 6] = ["hour", "honest", "honor", "honour", "heir", "hors"];
const AS_YOU: [&str; 20] = [
    "uni", "use", "usa", "usu", "ute", "uti", "ubi", "eu", "ewe", "one", "once", "ura", "uro",
    "usi", "ufo", "ukr", "uk", "url", "uri", "uuid",
];
const NOT_AS_YOU: [&str; 9] = [
    "unid",
    "unim",
    "unin",
    "unint",
    "usher",
    "uninst",
    "unis",
    "unidentified",
    "euler",
];

fn sound(word: &str) -> Sound {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let Some(first) = word.chars().next() else {
        return Sound::Either;
    };
    if first.is_ascii_digit() {
        return number(word);
    }
    if !first.is_ascii_alphabetic() {
        return Sound::Either;
    }
    let stem: String = word.chars().take_while(char::is_ascii_alphabetic).collect();
    let capitals = stem.chars().filter(char::is_ascii_uppercase).count();
    let lower = stem.to_ascii_lowercase();
    // Letters spoken one by one, or as a word: who knows.
    if stem.len() == 1 || (capitals >= 2 && capitals + 1 >= stem.len()) {
        return acronym(first.to_ascii_uppercase(), &lower);
    }
    if capitals > 0 && !stem.chars().skip(1).all(|c| c.is_ascii_lowercase()) {
        return Sound::Either;
    }
    match first.to_ascii_lowercase() {
        'h' if SILENT_H.iter().any(|h| lower.starts_with(h)) => Sound::Vowel,
        'h' if lower.starts_with("herb") || lower.starts_with("histor") => Sound::Either,
        'u' | 'e' | 'o'
            if AS_YOU.iter().any(|y| lower.starts_with(y))
                && !NOT_AS_YOU.iter().any(|n| lower.starts_with(n)) =>
        {
            Sound::Consonant
        }
        'a' | 'e' | 'i' | 'o' | 'u' => Sound::Vowel,
        // Written without vowels, a name is spelt: `an nginx`, `a grpc`.
        _ if lower == "nginx" || !lower.contains(['a', 'e', 'i', 'o', 'u', 'y']) => Sound::Either,
        'x' => Sound::Either,
        _ => Sound::Consonant,
    }
}

fn acronym(first: char, lower: &str) -> Sound {
    match first {
        'A' | 'E' | 'I' | 'O' => Sound::Vowel,
        'U' => match lower {
            "unc" | "uac" | "url" | "uri" | "udp" | "uid" | "usb" | "utf" | "uuid" | "ui"
            | "ux" | "u" => Sound::Consonant,
            _ => Sound::Either,
        },
        'F' | 'H' | 'L' | 'M' | 'N' | 'R' | 'S' | 'X' => {
            // Without a vowel it can only be spelt.
            if lower == "sql" || lower.contains(['a', 'e', 'i', 'o', 'u', 'y']) {
                Sound::Either
            } else {
                Sound::Vowel
            }
        }
        _ => Sound::Consonant,
    }
}

/// `an 8`, `an 11`, `an 18-bit`, `an 80`; `a 1`, `a 100`.
fn number(word: &str) -> Sound {
    let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
    let leads = |n: &str| digits == n;
    if digits.starts_with('8') || leads("11") || leads("18") {
        return Sound::Vowel;
    }
    // `1100` is said as eleven hundred, or as one thousand.
    if digits.len() > 2 && (digits.starts_with("11") || digits.starts_with("18")) {
        return Sound::Either;
    }
    Sound::Consonant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_sound_as_people_say_them() {
        for word in [
            "issue",
            "hour",
            "honest",
            "HTTP",
            "API",
            "XML",
            "8-bit",
            "11",
            "18",
            "80",
            "unidentified",
            "uninitialised",
            "MD5",
            "SSH",
            "RPC",
            "unusual",
            "umbrella",
            "ISO",
            "unintended",
            "unimportant",
            "elf",
            "iOS",
            "IP",
        ] {
            assert_eq!(sound(word), Sound::Vowel, "{word}");
        }
        for word in [
            "flaw",
            "user",
            "unique",
            "union",
            "European",
            "one-time",
            "once",
            "URL",
            "UTF-8",
            "UUID",
            "house",
            "100",
            "7.4.0",
            "year",
            "unit",
            "use-after-free",
            "useful",
            "CVE",
            "TLS",
            "PoC",
            "DNS",
            "usual",
            "utility",
        ] {
            assert_eq!(sound(word), Sound::Consonant, "{word}");
        }
        for word in [
            "SQL", "HMAC", "LAN", "nginx", "NAT", "historic", "1100", "RAM",
        ] {
            assert_eq!(sound(word), Sound::Either, "{word}");
        }
    }
}
