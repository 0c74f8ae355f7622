//! What people do to a text, simulated with a seed.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Markdown's signs gone, lines joined: what a paste from a page shows.
pub fn paste(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| {
            if matches!(c, '#' | '*' | '`' | '|') {
                ' '
            } else {
                c
            }
        })
        .collect();
    plain
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Typed again by hand: one word in sixty mistyped, no quotes but straight ones, another width of lines.
pub fn retyped(text: &str, seed: u64) -> String {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let mut out = String::new();
    for (number, word) in paste(text).split_whitespace().enumerate() {
        if number > 0 {
            out.push(if number % 13 == 0 { '\n' } else { ' ' });
        }
        let word = word
            .replace(['“', '”'], "\"")
            .replace(['‘', '’'], "'")
            .replace('—', "-");
        let letters = word.chars().count();
        if rng.next_u32() % 60 == 0 && letters > 3 {
            let at = 1 + rng.next_u32() as usize % (letters - 2);
            let mut chars: Vec<char> = word.chars().collect();
            match rng.next_u32() % 3 {
                0 => chars.swap(at, at + 1),
                1 => {
                    chars.remove(at);
                }
                _ => chars.insert(at, chars[at]),
            }
            out.extend(chars);
        } else {
            out.push_str(&word);
        }
    }
    out
}

/// One house style over the whole: what checkers and style guides flip at once.
pub fn style_guide(text: &str) -> String {
    const FLIPS: [(&str, &str); 32] = [
        ("doesn't", "does not"),
        ("don't", "do not"),
        ("isn't", "is not"),
        ("aren't", "are not"),
        ("can't", "cannot"),
        ("won't", "will not"),
        ("wasn't", "was not"),
        ("weren't", "were not"),
        ("hasn't", "has not"),
        ("haven't", "have not"),
        ("didn't", "did not"),
        ("shouldn't", "should not"),
        ("couldn't", "could not"),
        ("it's", "it is"),
        ("that's", "that is"),
        ("there's", "there is"),
        ("we're", "we are"),
        ("they're", "they are"),
        ("you're", "you are"),
        ("we've", "we have"),
        (" in order to ", " to "),
        (" utilise", " use"),
        (" utilize", " use"),
        (" prior to ", " before "),
        (" such as ", " like "),
        (" e.g. ", " for example "),
        (", which ", " that "),
        (" whilst ", " while "),
        (" upon ", " on "),
        ("behaviour", "behavior"),
        ("colour", "color"),
        (", and ", " and "),
    ];
    let mut out = text.replace('’', "'");
    for (from, to) in FLIPS {
        out = out.replace(from, to);
    }
    out
}

/// This share of the words replaced by others of the same kind of text.
pub fn noise(text: &str, share: f64, seed: u64) -> String {
    const OTHERS: [&str; 24] = [
        "server", "value", "before", "client", "often", "which", "again", "handler", "reads",
        "when", "sent", "every", "older", "request", "state", "under", "shown", "between", "field",
        "stored", "then", "number", "small", "used",
    ];
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let words = text.split(' ').map(|word| {
        if f64::from(rng.next_u32()) / f64::from(u32::MAX) < share {
            OTHERS[rng.next_u32() as usize % OTHERS.len()]
        } else {
            word
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The middle third.
pub fn truncated(text: &str) -> String {
    let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
    words[words.len() / 3..words.len() * 2 / 3].concat()
}

/// Paragraphs, or lines where there are none, of two copies in turn.
pub fn merged(one: &str, other: &str) -> String {
    let between = if one.contains("\n\n") { "\n\n" } else { "\n" };
    let (a, b): (Vec<&str>, Vec<&str>) =
        (one.split(between).collect(), other.split(between).collect());
    let count = a.len().max(b.len());
    let pieces = (0..count).filter_map(|at| if at % 2 == 0 { a.get(at) } else { b.get(at) });
    pieces.copied().collect::<Vec<_>>().join(between)
}
