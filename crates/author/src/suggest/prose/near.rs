//! What the words near a place tell about it: a little of what a parser would know.

use super::words::{Kind, Token};

/// A place of one or more tokens, with its neighbours.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    pub(super) tokens: &'a [Token],
    /// The first token of the place.
    pub(super) at: usize,
    /// Number of its tokens.
    pub(super) len: usize,
}

impl<'a> Here<'a> {
    /// The `n`th token before the place, from 1.
    pub(super) fn before(&self, n: usize) -> Option<&'a Token> {
        self.at.checked_sub(n).and_then(|i| self.tokens.get(i))
    }

    /// The `n`th token after the place, from 1.
    pub(super) fn after(&self, n: usize) -> Option<&'a Token> {
        self.tokens.get(self.at + self.len + n - 1)
    }

    /// Whether the token before is one of these words, or of a class in capitals.
    pub(super) fn prev(&self, any: &[&str]) -> bool {
        is_any(self.before(1), any)
    }

    /// Whether the token after is one of these words, or of a class in capitals.
    pub(super) fn next(&self, any: &[&str]) -> bool {
        is_any(self.after(1), any)
    }

    /// The same for the `n`th token before.
    pub(super) fn prev_n(&self, n: usize, any: &[&str]) -> bool {
        is_any(self.before(n), any)
    }

    /// The same for the `n`th token after.
    pub(super) fn next_n(&self, n: usize, any: &[&str]) -> bool {
        is_any(self.after(n), any)
    }

    /// Whether a sentence begins here.
    pub(super) fn starts(&self) -> bool {
        self.before(1).is_none_or(ends_sentence)
    }

    /// Whether one of these stands among the `n` tokens before, within the sentence.
    pub(super) fn before_within(&self, n: usize, any: &[&str]) -> bool {
        (1..=n)
            .map_while(|i| self.before(i).filter(|t| !ends_sentence(t)))
            .any(|t| is_any(Some(t), any))
    }

    /// Whether one of these stands among the `n` tokens after, within the sentence.
    pub(super) fn after_within(&self, n: usize, any: &[&str]) -> bool {
        (1..=n)
            .map_while(|i| self.after(i).filter(|t| !ends_sentence(t)))
            .any(|t| is_any(Some(t), any))
    }

    /// The token before, adverbs and negations skipped.
    pub(super) fn head(&self) -> Option<&'a Token> {
        (1..=3)
            .map(|n| self.before(n))
            .find(|t| {
                !is_any(
                    *t,
                    &[
                        "LY", "not", "also", "never", "always", "often", "then", "already",
                        "still", "only", "just", "now", "soon", "even",
                    ],
                )
            })
            .flatten()
    }
}

/// Whether a sentence ends with this token.
pub(super) fn ends_sentence(token: &Token) -> bool {
    match token.kind {
        Kind::Break => true,
        Kind::Punct => matches!(token.lower.as_str(), "." | "!" | "?" | ":"),
        _ => false,
    }
}

/// Whether a token is one of these words, or of a class named in capitals; no token is `END`.
pub(super) fn is_any(token: Option<&Token>, any: &[&str]) -> bool {
    let Some(token) = token else {
        return any
            .iter()
            .any(|name| matches!(*name, "END" | "PUNCT" | "START"));
    };
    any.iter().any(|name| match *name {
        name if name.starts_with(|c: char| c.is_ascii_uppercase()) => is_class(token, name),
        word => token.kind != Kind::Opaque && token.lower == word,
    })
}

fn is_class(token: &Token, class: &str) -> bool {
    let word = token.lower.as_str();
    let is_word = token.kind == Kind::Word;
    match class {
        "ART" => matches!(word, "the" | "a" | "an"),
        "DET" => DETERMINERS.contains(&word),
        "POSS" => {
            matches!(
                word,
                "my" | "your" | "his" | "her" | "its" | "our" | "their" | "whose"
            ) || word.ends_with("'s")
                && !matches!(
                    word,
                    "it's" | "that's" | "there's" | "he's" | "she's" | "what's"
                )
        }
        "BE" => {
            matches!(
                word,
                "am" | "is"
                    | "are"
                    | "was"
                    | "were"
                    | "be"
                    | "been"
                    | "being"
                    | "isn't"
                    | "aren't"
                    | "wasn't"
                    | "weren't"
                    | "it's"
                    | "that's"
                    | "he's"
                    | "she's"
            ) || word.ends_with("'re")
                || word == "i'm"
        }
        "HAVE" => {
            matches!(
                word,
                "have" | "has" | "had" | "having" | "haven't" | "hasn't" | "hadn't"
            ) || word.ends_with("'ve")
        }
        "DO" => matches!(word, "do" | "does" | "did" | "don't" | "doesn't" | "didn't"),
        "MODAL" => {
            matches!(
                word,
                "can"
                    | "could"
                    | "will"
                    | "would"
                    | "may"
                    | "might"
                    | "must"
                    | "shall"
                    | "should"
                    | "cannot"
                    | "can't"
                    | "couldn't"
                    | "won't"
                    | "wouldn't"
                    | "shouldn't"
            ) || word.ends_with("'ll")
                || word.ends_with("'d")
        }
        "PRON" => matches!(
            word,
            "i" | "you"
                | "he"
                | "she"
                | "it"
                | "we"
                | "they"
                | "there"
                | "nobody"
                | "somebody"
                | "anybody"
                | "everybody"
                | "someone"
                | "anyone"
                | "everyone"
        ),
        "PLURAL_PRON" => matches!(word, "i" | "you" | "we" | "they"),
        "OBJ" => matches!(
            word,
            "me" | "you"
                | "him"
                | "her"
                | "it"
                | "us"
                | "them"
                | "everything"
                | "something"
                | "anything"
                | "nothing"
                | "itself"
                | "themselves"
                | "everybody"
                | "anybody"
                | "somebody"
                | "nobody"
                | "everyone"
                | "anyone"
                | "someone"
        ),
        "PREP" => PREPOSITIONS.contains(&word),
        "CONJ" => matches!(
            word,
            "and"
                | "or"
                | "but"
                | "nor"
                | "so"
                | "because"
                | "although"
                | "though"
                | "if"
                | "when"
                | "while"
                | "whether"
                | "where"
                | "unless"
                | "once"
                | "that"
                | "which"
                | "who"
                | "whereas"
                | "until"
                | "how"
                | "what"
                | "why"
        ),
        "WH" => matches!(
            word,
            "what" | "how" | "why" | "which" | "who" | "whom" | "where" | "when" | "whether"
        ),
        "LY" => {
            is_word
                && word.len() > 4
                && word.ends_with("ly")
                && !matches!(
                    word,
                    "only"
                        | "early"
                        | "apply"
                        | "reply"
                        | "supply"
                        | "rely"
                        | "family"
                        | "daily"
                        | "weekly"
                        | "likely"
                        | "friendly"
                        | "imply"
                        | "comply"
                        | "multiply"
                        | "assembly"
                        | "anomaly"
                        | "monthly"
                )
        }
        "NUM" => token.kind == Kind::Number || number_word(word).is_some(),
        "DIGITS" => token.kind == Kind::Number,
        "NAME" => matches!(token.kind, Kind::Opaque) || is_word && token.is_capital,
        "CODE" => token.kind == Kind::Opaque,
        "PUNCT" => matches!(token.kind, Kind::Punct | Kind::Break),
        "END" => {
            token.kind == Kind::Break
                || token.kind == Kind::Punct
                    && matches!(word, "." | "," | ";" | ":" | "!" | "?" | ")")
        }
        "START" => ends_sentence(token),
        "ING" => {
            is_word
                && word.len() > 5
                && word.ends_with("ing")
                && !matches!(
                    word,
                    "nothing"
                        | "anything"
                        | "something"
                        | "everything"
                        | "during"
                        | "string"
                        | "bring"
                )
        }
        "ED" => {
            is_word
                && word.len() > 4
                && word.ends_with("ed")
                && !matches!(
                    word,
                    "need" | "exceed" | "speed" | "indeed" | "proceed" | "succeed" | "hundred"
                )
        }
        "PLURAL" => {
            is_open(token)
                && word.len() > 3
                && word.ends_with('s')
                && !word.ends_with("ss")
                && !word.ends_with("us")
                && !word.ends_with("is")
                && !word.contains('\'')
        }
        "OPEN" => is_open(token),
        "COMPARATIVE" => {
            matches!(word, "more" | "less" | "better" | "worse")
                || is_word && word.len() > 5 && word.ends_with("er") && COMPARATIVES.contains(&word)
        }
        "TIME" => matches!(
            word,
            "second"
                | "seconds"
                | "minute"
                | "minutes"
                | "hour"
                | "hours"
                | "day"
                | "days"
                | "week"
                | "weeks"
                | "month"
                | "months"
                | "year"
                | "years"
                | "night"
                | "nights"
        ),
        "PERSON" => is_person(word),
        _ => false,
    }
}

/// An open-class word: none of the small words of the language, no adverb in `-ly`.
fn is_open(token: &Token) -> bool {
    let word = token.lower.as_str();
    token.kind == Kind::Word
        && ![
            "DET", "BE", "HAVE", "DO", "MODAL", "PRON", "OBJ", "PREP", "CONJ", "LY",
        ]
        .iter()
        .any(|class| is_class(token, class))
        && !SMALL.contains(&word)
        && number_word(word).is_none()
}

const DETERMINERS: [&str; 35] = [
    "the", "a", "an", "this", "that", "these", "those", "my", "your", "his", "her", "its", "our",
    "their", "whose", "each", "every", "any", "no", "some", "all", "both", "another", "either",
    "neither", "many", "several", "few", "most", "more", "fewer", "less", "such", "enough", "much",
];

const PREPOSITIONS: [&str; 47] = [
    "of", "in", "on", "at", "by", "for", "with", "from", "to", "into", "onto", "over", "under",
    "about", "after", "before", "between", "through", "during", "without", "within", "against",
    "among", "across", "behind", "beyond", "toward", "towards", "upon", "via", "per", "until",
    "since", "as", "than", "like", "near", "out", "off", "up", "down", "inside", "outside",
    "around", "above", "below", "along",
];

const SMALL: [&str; 34] = [
    "not",
    "also",
    "too",
    "again",
    "then",
    "now",
    "here",
    "there",
    "very",
    "quite",
    "rather",
    "just",
    "only",
    "even",
    "still",
    "already",
    "always",
    "never",
    "often",
    "soon",
    "ever",
    "almost",
    "please",
    "however",
    "therefore",
    "thus",
    "hence",
    "together",
    "well",
    "yet",
    "away",
    "back",
    "otherwise",
    "instead",
];

const COMPARATIVES: [&str; 18] = [
    "larger", "smaller", "higher", "lower", "faster", "slower", "bigger", "longer", "shorter",
    "easier", "harder", "newer", "older", "stronger", "weaker", "closer", "simpler", "cheaper",
];

/// Things whose names end like those of people.
const THINGS: [&str; 48] = [
    "server",
    "computer",
    "parser",
    "browser",
    "router",
    "header",
    "parameter",
    "error",
    "filter",
    "folder",
    "buffer",
    "number",
    "writer",
    "reader",
    "receiver",
    "controller",
    "container",
    "counter",
    "pointer",
    "register",
    "character",
    "identifier",
    "loader",
    "compiler",
    "scanner",
    "printer",
    "layer",
    "cluster",
    "adapter",
    "driver",
    "handler",
    "helper",
    "wrapper",
    "worker",
    "order",
    "paper",
    "letter",
    "timer",
    "trigger",
    "vector",
    "factor",
    "processor",
    "editor",
    "monitor",
    "mirror",
    "sector",
    "connector",
    "balancer",
];

/// Whether a noun may mean a person, so that `which` cannot stand for it.
fn is_person(word: &str) -> bool {
    let single = word.strip_suffix('s').unwrap_or(word);
    if THINGS.contains(&single) {
        return false;
    }
    single.ends_with("er")
        || single.ends_with("or")
        || single.ends_with("ist")
        || single.ends_with("ian")
        || matches!(
            single,
            "people"
                | "person"
                | "someone"
                | "anyone"
                | "everyone"
                | "somebody"
                | "anybody"
                | "everybody"
                | "nobody"
                | "colleague"
                | "client"
                | "staff"
                | "team"
                | "guest"
                | "man"
                | "woman"
                | "men"
                | "women"
                | "expert"
                | "analyst"
                | "vendor"
                | "partner"
                | "employee"
                | "tenant"
                | "those"
                | "one"
                | "he"
                | "she"
                | "they"
                | "we"
                | "who"
                | "recipient"
                | "applicant"
                | "assistant"
                | "child"
                | "parent"
                | "friend"
        )
}

/// The value of `two` to `twelve`, and of the tens.
pub(super) fn number_word(word: &str) -> Option<u32> {
    NUMBER_WORDS
        .iter()
        .find(|(_, name)| *name == word)
        .map(|(number, _)| *number)
}

/// Numbers that have a word of their own.
pub(super) const NUMBER_WORDS: [(u32, &str); 18] = [
    (1, "one"),
    (2, "two"),
    (3, "three"),
    (4, "four"),
    (5, "five"),
    (6, "six"),
    (7, "seven"),
    (8, "eight"),
    (9, "nine"),
    (10, "ten"),
    (11, "eleven"),
    (12, "twelve"),
    (15, "fifteen"),
    (20, "twenty"),
    (30, "thirty"),
    (40, "forty"),
    (50, "fifty"),
    (60, "sixty"),
];
