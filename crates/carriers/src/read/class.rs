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
/// reason from five on (Bayes: `0.1 / (0.9 * 2^(1-n)) > 1` for n > 4.2). Fewer readings of one side are doubtful:
/// [`weigh`] says how much.
const CHANCE_MAX_LOG2: f64 = -5.0;

/// Share of leaks in which one given class was unified and the others were not looked at.
const ONE_CLASS: f64 = 0.05;
/// Share of leaks that somebody went through for all classes, and the chance that he missed none of one class.
const ALL_CLASSES: f64 = 0.05;
const MISSES_NONE: f64 = 0.9;
/// The chance that a class was unified is told in so many parts, so that the same leak gives the same reading on
/// every machine.
const PARTS: f64 = 256.0;

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

/// What a leak shows of one class.
#[derive(Default)]
struct Shown {
    /// Sites, the value read, and how many values the site has.
    sites: Vec<(usize, u64, u64)>,
    /// Both sides were seen.
    is_mixed: bool,
    side: Option<u8>,
    /// log2 of the chance that independent choices show these sides.
    chance_log2: f64,
}

impl Shown {
    /// How much likelier unifying makes what is shown than independent choices do; a guide takes either side.
    fn ratio(&self) -> f64 {
        if self.is_mixed {
            return 0.0;
        }
        // Beyond 2^60 nothing changes.
        (-1.0 - self.chance_log2).min(60.0).exp2()
    }
}

/// The chance that each class was unified, in [`PARTS`].
///
/// Two priors: somebody unified this class alone, or all of them. Under the second the other classes tell, too: six
/// classes with two readings each, all of one side, are no chance.
fn weigh(classes: &[Shown]) -> Vec<u64> {
    let alone = |ratio: f64| 1.0 - ONE_CLASS + ONE_CLASS * ratio;
    let in_all = |ratio: f64| 1.0 - MISSES_NONE + MISSES_NONE * ratio;
    let log2 = |share: f64, of: &dyn Fn(f64) -> f64| -> f64 {
        let factors = classes.iter().map(|c| of(c.ratio()).log2());
        share.log2() + factors.sum::<f64>()
    };
    let one = log2(1.0 - ALL_CLASSES, &alone);
    let all = log2(ALL_CLASSES, &in_all);
    let share_of_all = 1.0 / (1.0 + (one - all).exp2());
    classes
        .iter()
        .map(|class| {
            let ratio = class.ratio();
            let by_one = ONE_CLASS * ratio / alone(ratio);
            let by_all = MISSES_NONE * ratio / in_all(ratio);
            let chance = (1.0 - share_of_all) * by_one + share_of_all * by_all;
            (chance * PARTS).round() as u64
        })
        .collect()
}

/// Erases the classes that somebody unified, and weighs the readings of those that somebody may have unified.
pub(super) fn erase_unified(master: &Master, readings: &mut [SiteReading]) {
    let mut seen: BTreeMap<Class, Shown> = BTreeMap::new();
    for (site, (shape, reading)) in master.sites().iter().zip(readings.iter()).enumerate() {
        let (Some((class, sides)), Reading::Values { values, .. }) =
            (class_of(shape), &reading.reading)
        else {
            continue;
        };
        let side_of = |value: &u64| sides.get(usize::try_from(*value).ok()?).copied();
        let own: Vec<u8> = values.iter().filter_map(side_of).collect();
        let is_one_sided = own.windows(2).all(|w| w[0] == w[1]);
        let (Some(own), Some(value), true) = (own.first(), values.first(), is_one_sided) else {
            continue;
        };
        let entry = seen.entry(class).or_default();
        entry.sites.push((site, *value, shape.values));
        // Each value is taken to be as likely as the others: what a copy has is no business of a reader.
        let share = sides.iter().filter(|s| *s == own).count() as f64 / sides.len() as f64;
        entry.chance_log2 += share.log2();
        entry.is_mixed |= entry.side.is_some_and(|side| side != *own);
        entry.side = Some(*own);
    }
    let classes: Vec<Shown> = seen.into_values().collect();
    for (class, parts) in classes.iter().zip(weigh(&classes)) {
        if class.is_mixed {
            continue;
        }
        let unified = class.chance_log2 <= CHANCE_MAX_LOG2 + 1e-9 || parts as f64 * 2.0 >= PARTS;
        for (site, value, values) in &class.sites {
            let Some(slot) = readings.get_mut(*site) else {
                continue;
            };
            if unified {
                *slot = SiteReading::erased(Erasure::Unified);
            } else if let Some(doubt) = doubtful(&slot.reading, *value, *values, parts) {
                slot.reading = doubt;
            }
        }
    }
}

/// A reading of one value that may be a guide's: then the copy had any of the site's values.
fn doubtful(reading: &Reading, value: u64, values: u64, parts: u64) -> Option<Reading> {
    let Reading::Values { values: own, noise } = reading else {
        return None;
    };
    if own.len() != 1 || parts == 0 {
        return None;
    }
    // In 256ths of the weight of the value that is seen.
    let seen = (PARTS as u64 - parts) * values + parts;
    let other = (parts as f64 * PARTS / seen as f64).round().max(1.0) / PARTS;
    let weight = |own: u64| (own, if own == value { 1.0 } else { other });
    Some(Reading::Soft {
        weights: (0..values).map(weight).collect(),
        noise: *noise,
    })
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
