//! `do not` and `don't`.

use super::Found;
use super::near::Here;
use super::rule::why;
use super::words::{Kind, Token};
use crate::suggest::{Class, Strength};

const NEGATED: [(&str, &str); 14] = [
    ("do", "don't"),
    ("does", "doesn't"),
    ("did", "didn't"),
    ("is", "isn't"),
    ("are", "aren't"),
    ("was", "wasn't"),
    ("were", "weren't"),
    ("has", "hasn't"),
    ("have", "haven't"),
    ("had", "hadn't"),
    ("would", "wouldn't"),
    ("could", "couldn't"),
    ("should", "shouldn't"),
    ("will", "won't"),
];

/// Pronoun and verb, and their short form.
const JOINED: [(&str, &str, &str); 17] = [
    ("it", "is", "it's"),
    ("that", "is", "that's"),
    ("there", "is", "there's"),
    ("we", "are", "we're"),
    ("you", "are", "you're"),
    ("they", "are", "they're"),
    ("i", "am", "I'm"),
    ("we", "have", "we've"),
    ("you", "have", "you've"),
    ("they", "have", "they've"),
    ("i", "have", "I've"),
    ("we", "will", "we'll"),
    ("you", "will", "you'll"),
    ("they", "will", "they'll"),
    ("i", "will", "I'll"),
    ("i", "would", "I'd"),
    ("we", "would", "we'd"),
];

/// Whether the text has short forms already: only then are `it's` and `we've` in its tone.
pub(super) fn is_informal(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| {
        token.kind == Kind::Word
            && (token.lower.ends_with("n't")
                || JOINED.iter().any(|j| j.2.to_lowercase() == token.lower))
    })
}

/// A short or a long form that begins here.
pub(super) fn find(here: &Here<'_>, is_informal: bool) -> Option<Found> {
    let token = here.before(0).or_else(|| here.tokens.get(here.at))?;
    let word = token.lower.as_str();
    if token.kind != Kind::Word {
        return None;
    }
    let (len, give) = negated(here, word)
        .or_else(|| expanded(here, word))
        .or_else(|| joined(here, word).filter(|_| is_informal))?;
    Some(Found {
        len,
        give: vec![give],
        class: Class::Contraction,
        strength: Strength::Robust,
        why: why(Class::Contraction).to_owned(),
    })
}

fn negated(here: &Here<'_>, word: &str) -> Option<(usize, String)> {
    let asks_later = |n: usize| here.next_n(n, &["only", "just", "END", "PRON", "yet", "merely"]);
    if word == "cannot" {
        return (!here.next(&["only", "just", "but", "END"])).then(|| (1, "can't".to_owned()));
    }
    let (_, short) = NEGATED.iter().find(|n| n.0 == word)?;
    // `is it not`, `whether or not`: the verb stands right before `not`.
    let is_verb = !here.prev(&["or", "why", "if", "MODAL"]) && !here.starts()
        || here.starts() && word == "do" && here.next_n(2, &["OPEN"]);
    (here.next(&["not"]) && !asks_later(2) && is_verb).then(|| (2, (*short).to_owned()))
}

/// The long form of a short one.
fn expanded(here: &Here<'_>, word: &str) -> Option<(usize, String)> {
    // `Don't you` and `isn't it` ask.
    if word == "can't" {
        return (!here.starts()).then(|| (1, "cannot".to_owned()));
    }
    if let Some((verb, _)) = NEGATED.iter().find(|n| n.1 == word) {
        let is_question = here.next(&["PRON", "there", "this", "that"])
            || here.starts() && !matches!(*verb, "do")
            || here.before_within(4, &["why"]);
        return (!is_question).then(|| (1, format!("{verb} not")));
    }
    let (pronoun, verb, _) = JOINED.iter().find(|j| j.2.to_lowercase() == word)?;
    let pronoun = if *pronoun == "i" { "I" } else { pronoun };
    let verb = match (*verb, word) {
        // `it's been` and `we'd been` are other verbs.
        ("is", _) if here.next(&["been", "got", "had", "ED"]) || here.next_n(2, &["been"]) => {
            return None;
        }
        ("would", _) if !here.next(&["like", "be", "prefer", "need", "have"]) => return None,
        (verb, _) => verb,
    };
    Some((1, format!("{pronoun} {verb}")))
}

fn joined(here: &Here<'_>, word: &str) -> Option<(usize, String)> {
    let next = here.after(1).filter(|t| t.kind == Kind::Word)?;
    let (_, verb, short) = JOINED.iter().find(|j| j.0 == word && j.1 == next.lower)?;
    let follows = |any: &[&str]| here.next_n(2, any);
    let fits = match *verb {
        "have" => follows(&[
            "ED", "been", "not", "already", "seen", "found", "written", "made", "put",
        ]),
        "would" => follows(&["like", "prefer", "be", "need"]),
        "will" => follows(&["OPEN", "be", "have", "need", "not"]),
        _ => {
            !follows(&[
                "END", "PUNCT", "to", "because", "and", "or", "only", "that", "which",
            ]) && !here.prev(&[
                "as", "what", "than", "how", "where", "whatever", "of", "who", "whether", "if",
            ])
        }
    };
    let is_clause = word != "that" && word != "there"
        || here.starts()
        || word == "there" && !here.prev(&["over", "out", "from"]);
    (fits && is_clause).then(|| (2, (*short).to_owned()))
}
