//! `that` and `which`, or neither.

use super::Found;
use super::near::Here;
use super::rule::why;
use super::words::Kind;
use crate::suggest::{Class, Strength};

/// Verbs after which `that` begins what is said, known or thought.
const SAYING: [&str; 36] = [
    "think",
    "thinks",
    "thought",
    "believe",
    "believes",
    "believed",
    "know",
    "knows",
    "knew",
    "known",
    "hope",
    "hopes",
    "say",
    "says",
    "said",
    "feel",
    "feels",
    "suppose",
    "noticed",
    "notice",
    "found",
    "find",
    "sure",
    "certain",
    "aware",
    "glad",
    "afraid",
    "mean",
    "means",
    "suspect",
    "suspected",
    "remember",
    "assume",
    "assumed",
    "felt",
    "guess",
];

/// Nouns after which `that` tells what they are, not which one.
const CONTENT: [&str; 42] = [
    "fact",
    "idea",
    "belief",
    "claim",
    "report",
    "news",
    "hope",
    "fear",
    "view",
    "opinion",
    "impression",
    "sign",
    "evidence",
    "chance",
    "risk",
    "possibility",
    "condition",
    "conclusion",
    "assumption",
    "warning",
    "effect",
    "extent",
    "point",
    "doubt",
    "proof",
    "rule",
    "decision",
    "suggestion",
    "proposal",
    "reason",
    "way",
    "time",
    "times",
    "day",
    "moment",
    "case",
    "cases",
    "announcement",
    "suspicion",
    "confirmation",
    "guarantee",
    "signs",
];

/// A relative pronoun that begins here, or the noun before an absent one.
pub(super) fn find(here: &Here<'_>) -> Option<Found> {
    let token = here.tokens.get(here.at)?;
    if token.kind != Kind::Word {
        return None;
    }
    let (give, class): (Vec<&str>, Class) = match token.lower.as_str() {
        "that" if is_said(here) => (vec![""], Class::Optional),
        "that" if is_object(here) => {
            let person = here.prev(&["PERSON"]);
            (
                if person { vec![""] } else { vec!["which", ""] },
                Class::Relative,
            )
        }
        "that" if is_subject(here) && !here.prev(&["PERSON"]) => (vec!["which"], Class::Relative),
        "which" if is_object(here) => (vec!["that", ""], Class::Relative),
        "which" if is_subject(here) => (vec!["that"], Class::Relative),
        _ => return None,
    };
    Some(Found {
        len: 1,
        give: give.into_iter().map(str::to_owned).collect(),
        class,
        strength: Strength::Robust,
        why: why(class).to_owned(),
    })
}

/// `we think that it …`.
fn is_said(here: &Here<'_>) -> bool {
    let verb_before = here.prev(&SAYING);
    let means = here.prev(&["mean", "means"]);
    verb_before
        && (here.next(&["PRON"])
            || here.next(&["ART", "POSS", "this", "all", "most"])
                && !here.prev(&["found", "find", "said"]))
        && !here.prev_n(2, &["BE"]) | here.prev(&["sure", "certain", "aware", "glad", "afraid"])
        && !(means && here.prev_n(2, &["no", "by", "these", "other"]))
        && !here.next(&["that", "those"])
}

/// A noun, and a clause whose verb it is not the subject of: `the file that we read`.
fn is_object(here: &Here<'_>) -> bool {
    is_after_noun(here)
        && here.next(&["i", "you", "he", "she", "we", "they"])
        && !here.next_n(2, &["END"])
}

/// A noun, and a clause that it is the subject of: `the file that is read`.
fn is_subject(here: &Here<'_>) -> bool {
    is_after_noun(here)
        && here.next(&[
            "BE", "HAVE", "MODAL", "does", "do", "did", "doesn't", "don't", "didn't",
        ])
        && !here.next(&["having", "being"])
}

/// A noun with its article or an adjective before it, so that it is no verb.
fn is_after_noun(here: &Here<'_>) -> bool {
    let noun = here.prev(&["OPEN", "one", "ones"])
        && !here.prev(&CONTENT)
        && !here.prev(&SAYING)
        && !here.prev(&[
            "ING", "ED", "same", "such", "showed", "shows", "show", "sees", "see",
        ]);
    let framed = here.prev_n(2, &["ART", "POSS", "DET", "NUM", "PREP", "OPEN", "NAME"])
        && !here.prev_n(2, &["to", "LY"]);
    // `the one that`, not `one that`; and no verb such as `checks that`.
    let is_verb = here.prev(&["PLURAL"]) && here.prev_n(2, &["NAME"])
        || here.prev(&[
            "ensure",
            "ensures",
            "check",
            "checks",
            "requires",
            "require",
            "recommend",
            "suggest",
            "suggests",
            "prove",
            "proves",
            "indicate",
            "indicates",
            "reports",
            "report",
            "states",
            "claims",
            "note",
            "notes",
            "confirm",
            "confirms",
            "explains",
            "verify",
            "verifies",
            "assumes",
            "mention",
            "mentions",
            "tells",
            "told",
            "ask",
            "asks",
            "agree",
            "saw",
            "demand",
            "demands",
            "advise",
            "decide",
            "learn",
            "realise",
            "realize",
            "write",
        ]);
    noun && framed && !is_verb
}
