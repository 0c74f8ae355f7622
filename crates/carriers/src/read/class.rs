//! Classes of sites that a style guide, a grammar checker or a formatter flips all at once.
//!
//! A site is of a class when all its choices are the two forms of one rule, and each choice has its side: `don't` is
//! of *contractions*, side 1. If what a leak shows of a class is all on one side although copies would have shown
//! both, somebody unified it, and the class says nothing of the copy: it is erased.
//!
//! Sides depend on the master's choices alone, and what is seen on the leak alone: no codeword is asked.

use std::collections::BTreeMap;

use fingerprint::Reading;

use super::{Erasure, SiteReading};
use crate::marks::{Carrier, Master, Site};
use crate::text::{self, Kind};

/// What is unified at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// `don't` and `do not`.
    Contraction,
    /// `which` and `that`.
    ThatWhich,
    /// `10` and `ten`.
    Number,
    /// `colour` and `color`.
    Spelling,
    /// A comma or none, and nothing else.
    Comma,
    /// `e.g.` and `for example`.
    Abbreviation,
    /// The same letters and digits with other signs or spaces: `f()` and `f`, `e-mail` and `email`.
    Signs,
    /// A word that only says how: `really`, `also`, or nothing.
    Filler,
}

/// log2 of the chance that independent choices are all on this side, from which on the class was unified: five
/// readings of two forms, which a copy shows all on either side once in sixteen times, and a style guide always.
///
/// With a prior of one leak in ten that went through a style guide or a grammar checker, unifying is the likelier
/// reason from five on (Bayes: `0.1 / (0.9 * 2^(1-n)) > 1` for n > 4.2). Fewer readings are kept: erasing them too
/// would take more from ordinary fragments than a style guide does.
const CHANCE_MAX_LOG2: f64 = -5.0;

/// Side of each value of a site, and its class; `None` where the choices are not the forms of one rule.
pub(crate) fn class_of(site: &Site) -> Option<(Class, Vec<u8>)> {
    let is_wording = matches!(site.carrier, Carrier::Alternative | Carrier::Linked);
    if !is_wording || site.choices.len() < 2 {
        return None;
    }
    let forms: Vec<Form> = site.choices.iter().map(|c| Form::of(c)).collect();
    let rules: [(Class, Rule); 8] = [
        (Class::Comma, comma),
        (Class::Contraction, contraction),
        (Class::ThatWhich, that_which),
        (Class::Number, number),
        (Class::Spelling, spelling),
        (Class::Abbreviation, abbreviation),
        (Class::Signs, signs),
        (Class::Filler, filler),
    ];
    let [first, rest @ ..] = forms.as_slice() else {
        return None;
    };
    rules.into_iter().find_map(|(class, rule)| {
        // The side of the first against each other one; all others must be on the other side.
        let sides: Option<Vec<u8>> = rest.iter().map(|other| rule(first, other)).collect();
        let sides = sides?;
        let own = *sides.first()?;
        sides
            .iter()
            .all(|s| *s == own)
            .then(|| {
                std::iter::once(own)
                    .chain(rest.iter().map(|_| 1 - own))
                    .collect()
            })
            .map(|sides| (class, sides))
    })
}

/// The side of the first of two wordings, if they are the forms of one rule.
type Rule = fn(&Form, &Form) -> Option<u8>;

/// A wording as the rules see it.
struct Form {
    raw: String,
    words: Vec<String>,
}

impl Form {
    fn of(wording: &str) -> Form {
        let raw = text::normalise(wording).trim().to_lowercase();
        let words = text::tokens(&raw)
            .into_iter()
            .filter(|t| t.kind == Kind::Word)
            .map(|t| t.text(&raw).to_owned())
            .collect();
        Form { raw, words }
    }

    fn letters(&self) -> String {
        self.raw.chars().filter(|c| c.is_alphanumeric()).collect()
    }
}

/// Which of two is the form: 1 for the first, 0 for the second.
fn side(first: bool, second: bool) -> Option<u8> {
    (first != second).then_some(u8::from(first))
}

fn comma(a: &Form, b: &Form) -> Option<u8> {
    let without = |f: &Form| f.raw.replace([',', ' '], "");
    if without(a) != without(b) {
        return None;
    }
    side(a.raw.contains(','), b.raw.contains(','))
}

fn contraction(a: &Form, b: &Form) -> Option<u8> {
    let expanded = |f: &Form| -> String {
        let whole = match f.raw.as_str() {
            "can't" => "can not".to_owned(),
            "won't" => "will not".to_owned(),
            raw => raw.replace("n't", " not").replace("cannot", "can not"),
        };
        let pairs = [
            ("'re", " are"),
            ("'ve", " have"),
            ("'ll", " will"),
            ("'m", " am"),
            ("'s", " is"),
            ("'d", " would"),
        ];
        pairs
            .into_iter()
            .fold(whole, |text, (short, long)| text.replace(short, long))
    };
    let (left, right) = (a.raw.contains('\''), b.raw.contains('\''));
    // `it's` may be `it has`, `I'd` `I had`.
    let same = |x: &str, y: &str| {
        x == y
            || x.replace(" is", " has") == y.replace(" is", " has")
            || x.replace(" would", " had") == y.replace(" would", " had")
    };
    if left == right || !same(&expanded(a), &expanded(b)) {
        return None;
    }
    side(left, right)
}

fn that_which(a: &Form, b: &Form) -> Option<u8> {
    let is = |f: &Form, word: &str| f.words.iter().any(|w| w == word);
    let rest = |f: &Form| -> Vec<String> {
        f.words
            .iter()
            .filter(|w| *w != "that" && *w != "which")
            .cloned()
            .collect()
    };
    if rest(a) != rest(b) {
        return None;
    }
    side(is(a, "that"), is(b, "that"))
        .filter(|_| is(a, "which") || is(b, "which") || a.words.is_empty() || b.words.is_empty())
}

/// Words for small numbers.
const NUMBERS: [&str; 21] = [
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
    "twenty",
];

fn number(a: &Form, b: &Form) -> Option<u8> {
    let digits = |f: &Form| -> Vec<String> {
        f.words
            .iter()
            .map(|w| {
                let place = NUMBERS.iter().position(|n| n == w);
                place.map_or_else(|| w.clone(), |p| p.to_string())
            })
            .collect()
    };
    if a.words == b.words || digits(a) != digits(b) {
        return None;
    }
    let spelled = |f: &Form| f.words.iter().any(|w| NUMBERS.contains(&w.as_str()));
    side(spelled(a), spelled(b))
}

/// British endings and their American forms.
const SPELLINGS: [(&str, &str); 9] = [
    ("our", "or"),
    ("isation", "ization"),
    ("ise", "ize"),
    ("ising", "izing"),
    ("yse", "yze"),
    ("tre", "ter"),
    ("ence", "ense"),
    ("lling", "ling"),
    ("lled", "led"),
];

fn spelling(a: &Form, b: &Form) -> Option<u8> {
    let american = |word: &str| {
        SPELLINGS
            .iter()
            .fold(word.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let fold = |f: &Form| -> Vec<String> { f.words.iter().map(|w| american(w)).collect() };
    if a.words == b.words || fold(a) != fold(b) {
        return None;
    }
    side(fold(a) == a.words, fold(b) == b.words)
}

/// Abbreviations of style guides, and what stands for them.
const ABBREVIATIONS: [(&str, &str); 8] = [
    ("e.g.", "for example"),
    ("e.g.", "for instance"),
    ("i.e.", "that is"),
    ("etc.", "and so on"),
    ("via", "by way of"),
    ("vs.", "versus"),
    ("approx.", "approximately"),
    ("config", "configuration"),
];

fn abbreviation(a: &Form, b: &Form) -> Option<u8> {
    ABBREVIATIONS.iter().find_map(|(short, long)| {
        let is = |x: &Form, y: &Form| x.raw.contains(short) && x.raw.replace(short, long) == y.raw;
        side(is(a, b), is(b, a))
    })
}

fn signs(a: &Form, b: &Form) -> Option<u8> {
    let signs = |f: &Form| f.raw.chars().filter(|c| !c.is_alphanumeric()).count();
    if a.letters().is_empty() || a.letters() != b.letters() || signs(a) == signs(b) {
        return None;
    }
    side(signs(a) > signs(b), signs(b) > signs(a))
}

/// Adverbs that editors strike out, or put in.
const FILLERS: [&str; 16] = [
    "really",
    "also",
    "very",
    "just",
    "simply",
    "actually",
    "already",
    "quite",
    "even",
    "only",
    "then",
    "still",
    "basically",
    "clearly",
    "easily",
    "directly",
];

fn filler(a: &Form, b: &Form) -> Option<u8> {
    let is_filler =
        |f: &Form| matches!(f.words.as_slice(), [one] if FILLERS.contains(&one.as_str()));
    let is_nothing = |f: &Form| f.raw.is_empty();
    if (is_filler(a) && is_nothing(b)) || (is_nothing(a) && is_filler(b)) {
        return side(is_filler(a), is_filler(b));
    }
    None
}

/// Erases the classes that somebody unified.
pub(super) fn erase_unified(master: &Master, readings: &mut [SiteReading]) {
    // class → (sites, log2 of the chance that all are on side 0, and on side 1)
    let mut seen: BTreeMap<Class, (Vec<usize>, [f64; 2])> = BTreeMap::new();
    for (site, (shape, reading)) in master.sites().iter().zip(readings.iter()).enumerate() {
        let (Some((class, sides)), Reading::Values { values, .. }) =
            (class_of(shape), &reading.reading)
        else {
            continue;
        };
        let side_of = |value: &u64| sides.get(usize::try_from(*value).ok()?).copied();
        let own: Vec<u8> = values.iter().filter_map(side_of).collect();
        let is_one_sided = own.windows(2).all(|w| w[0] == w[1]);
        let (Some(own), true) = (own.first(), is_one_sided) else {
            continue;
        };
        let entry = seen.entry(class).or_default();
        entry.0.push(site);
        // Each value is taken to be as likely as the others: what a copy has is no business of a reader.
        let share = sides.iter().filter(|s| *s == own).count() as f64 / sides.len() as f64;
        let [zero, one] = &mut entry.1;
        let (same, other) = if *own == 0 { (zero, one) } else { (one, zero) };
        *same += share.log2();
        *other = f64::INFINITY;
    }
    for (sites, chances) in seen.into_values() {
        let unified = chances
            .iter()
            .any(|c| c.is_finite() && *c <= CHANCE_MAX_LOG2 + 1e-9);
        if unified {
            for site in sites {
                if let Some(slot) = readings.get_mut(site) {
                    *slot = SiteReading::erased(Erasure::Unified);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(choices: &str) -> Option<(Class, Vec<u8>)> {
        let master = Master::parse("a.md", format!("It {{~{choices}~}} so.").as_bytes()).unwrap();
        class_of(&master.sites()[0])
    }

    #[test]
    fn the_forms_of_one_rule_are_a_class_and_other_words_are_none() {
        for (choices, wanted, first) in [
            ("don't|do not", Class::Contraction, 1),
            ("cannot|can't", Class::Contraction, 0),
            ("it is|it's", Class::Contraction, 0),
            ("that|which", Class::ThatWhich, 1),
            ("ten|10", Class::Number, 1),
            ("two servers|2 servers", Class::Number, 1),
            ("colour|color", Class::Spelling, 0),
            ("organization|organisation", Class::Spelling, 1),
            ("e.g.|for example", Class::Abbreviation, 1),
            ("e-mail|email", Class::Signs, 1),
            ("`open()`|`open`", Class::Signs, 1),
            ("|really ", Class::Filler, 0),
        ] {
            assert_eq!(
                class(choices),
                Some((wanted, vec![first, 1 - first])),
                "{choices}"
            );
        }
        for choices in [
            "via|through|using",
            "reach|contact",
            "has to|must",
            "seen no|found no",
            "so they|and they",
        ] {
            assert_eq!(class(choices), None, "{choices}");
        }
    }
}
